// The state of an environment.
#ifndef CONGRUA_SHAPE_ENV_IMPL_H_
#define CONGRUA_SHAPE_ENV_IMPL_H_

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "congrua/shape.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "shape/chain.h"
#include "shape/view.h"

namespace congrua::shape {

// The parts as one text.
template <typename... Parts>
void append(std::string& text, const Parts&... parts) {
  (fmt::format_to(std::back_inserter(text), "{}", parts), ...);
}
template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::string text;
  append(text, parts...);
  return text;
}

enum class Kind : uint8_t { kSize, kUnbacked, kBool, kFloat, kNested };

struct SymbolInfo {
  Expr symbol;
  Kind kind;
  std::string source;    // empty for unbacked ones
  std::string location;  // where it was born
  bool has_hint = false;
  int64_t hint = 0;
  double float_hint = 0;
  bool may_guard = true;
  bool at_least_two = false;  // in size-oblivious questions
  bool may_be_nan = false;
  std::optional<int64_t> typical = std::nullopt;
  // What the user wants kept general.
  bool constrained = false;
  Range declared = {};
  int64_t multiple_of = 1;
};

struct Env::Impl {
  using Node = internal::Node;

  explicit Impl(ExprPool* given);
  struct ForkOf {
    const Impl& parent;
  };
  explicit Impl(ForkOf of);
  ~Impl();

  // ---- env.cc: symbols and facts
  std::string fresh_name(std::string_view prefix, std::string_view wanted,
                         const SymbolOptions& options);
  bool name_is_taken(std::string_view name, const SymbolOptions& options) const;
  bool may_be_reborn(Expr symbol, const SymbolOptions& options) const;
  SymbolInfo& born(SymbolInfo info);
  SymbolInfo& born_again(SymbolInfo info);  // where its location says
  void bind_hint(const SymbolInfo& info);
  const SymbolInfo* info_of(const Node* symbol) const;
  const SymbolInfo* info_of(Expr symbol) const;
  absl::Status new_source(std::string_view source);
  absl::Status check_read_at_entry(std::string_view source, Expr value) const;
  absl::Status check_declared(std::string_view source, int64_t hint,
                              const SizeOptions& o);
  RecordId put(Expr fact, FactClass c, uint32_t in_branch);
  bool state(Expr fact, FactClass c);  // false: contradicts
  // A size-oblivious question whose assumptions contradict the facts does without them.
  View& view(const Question& q) {
    View& v = view(q.classes, q.size_oblivious);
    return q.size_oblivious && v.contradictory() ? view(q.classes) : v;
  }
  View& view(Classes classes, bool oblivious = false);
  void push_views();
  void pop_views();

  // ---- snapshots.cc
  void forget_points();

  // ---- hints.cc
  const SymbolInfo* without_hint(Expr e);  // the first symbol that has none to decide by
  std::optional<Int> value_at_hints(Expr e);
  std::optional<int64_t> int64_at_hints(Expr e);
  std::optional<double> float_value_at_hints(Expr e);
  std::vector<Expr> as_read(Expr fact);
  using FloatOf = std::function<std::optional<double>(const Node*)>;
  FloatOf float_hints() const;
  void bind_opaque(const Node* opaque, const FloatOf& floats,
                   internal::Assignment& point);
  bool only_inputs(Expr e);                          // reads no unbacked symbol
  const internal::Assignment* point(Typical which);  // null: none was found

  // ---- messages.cc
  std::string describe(const Record& r) const;
  std::string undecided_message(Expr e, const SymbolInfo& culprit);
  std::string with_sources(Expr e) const;

  // The frozen environment that this is a fork of: what lists and maps stand on.
  const Impl* parent = nullptr;
  bool frozen = false;
  mutable std::atomic<uint32_t> forks = 0;

  std::unique_ptr<ExprPool> owned;
  ExprPool& pool;
  OpaqueTable opaques;
  ChainMap<std::string, bool> awaits_eval;  // true: text does not hold functions
  // Without arguments: what is declared of them was stated.
  ChainMap<std::string, bool> promised;
  ChainList<std::string> promised_log;
  OpaqueTerms terms;

  ChainList<SymbolInfo> symbols;  // in order of birth
  ChainMap<const Node*, uint32_t> symbol_index;
  absl::flat_hash_map<std::string, size_t> first_numbers;  // that names may have
  ChainList<SourceValue> sources;                          // constants and second sources
  ChainList<std::string> source_names;
  ChainMap<std::string, bool> known_sources;
  ChainList<std::pair<int64_t, Expr>> duck_log;  // in order; the map is made of it
  ChainMap<int64_t, Expr> duck;
  ChainMap<std::string, Expr> dimensions;
  ChainList<std::pair<std::string, Expr>> dimension_log;

  ChainList<Record> records;
  std::string location;
  uint32_t position = 0;
  int suppressed = 0;

  struct Branch {
    uint32_t number;
    size_t scope;  // its index in scopes
  };
  std::vector<Branch> branches;
  std::vector<uint32_t> branch_parents;  // of branch i + 1; 0: none

  struct Mark {  // how much there was
    size_t symbols, sources, source_names, duck, dimensions, promised, records;
  };
  Mark mark() const;
  struct Snapshot {
    Mark mark;
    size_t scopes, branches, branch_parents;
    uint32_t position;
    std::string location;
  };
  std::vector<Snapshot> snapshots;

  // A view for each set of classes that was asked for, by itself or as size-oblivious.
  // Facts are taken in when a question needs them.
  struct Lens {
    Classes classes;
    bool oblivious;
    std::unique_ptr<View> view;
    size_t records = 0, symbols = 0;  // that were looked at
  };
  std::vector<std::unique_ptr<Lens>> lenses;
  std::vector<Mark> scopes;  // of the views: snapshots and branches
  bool holds_here(const Record& r, Classes classes) const;
  void bring(Lens& lens, size_t records, size_t symbols);

  struct Point {
    bool made = false, found = false;
    size_t records = 0, symbols = 0;
    uint32_t position = 0;
    internal::Assignment values;
  };
  std::array<Point, 3> points;  // by Typical

  // Hints, and room for evaluation.
  internal::Assignment hints;
  internal::Evaluator evaluator{internal::Evaluator::kManyBits};
};

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_ENV_IMPL_H_
