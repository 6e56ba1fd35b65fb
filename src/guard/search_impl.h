// What the files of the search share.
#ifndef CONGRUA_GUARD_SEARCH_IMPL_H_
#define CONGRUA_GUARD_SEARCH_IMPL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "expr/eval.h"
#include "guard/search.h"
#include "guard/search_engine.h"
#include "guard/search_tree.h"

namespace congrua::guard {

struct Search::Impl {
  struct Scope {
    search::Engine::Mark mark;
    size_t constraints;
  };

  // search.cc
  void add(const Node* proposition);
  void push();
  void pop();
  Outcome find(Budget& budget, Budget& smaller);
  Outcome find_any(Budget& budget);  // a model, not necessarily small
  // Variables that are searched together, and their smallest model so far.
  struct Piece {
    std::vector<search::CellId> cells;  // empty: all
    int64_t lower_bound;                // no model has a smaller sum
    int64_t best = search::kInf;        // sum of the model
    std::vector<int64_t> values = {};   // empty: none yet
  };
  std::optional<Outcome> find_pieces(std::vector<std::vector<search::CellId>> components,
                                     Budget& budget, Budget& smaller_sum);
  Outcome first_model(search::Tree& tree, Piece& piece, Budget& budget);
  void minimise(search::Tree& tree, Piece& piece, Budget& budget);
  size_t num_pieces = 0;
  static Budget for_minimising(int64_t spent, const Budget& budget);
  bool check(const std::vector<int64_t>& values, Budget& budget);
  // Do the propositions hold there, and does the point belong to a question about
  // `admitted`?
  bool holds_at(std::span<const Node* const> propositions, const internal::Assignment& at,
                std::span<const Node* const> admitted, Budget& budget);
  // Does the point belong to the question: no divisor in the propositions is 0, read or
  // not, and an opaque term has one value wherever its arguments have the same?
  bool admissible(std::span<const Node* const> propositions,
                  const internal::Assignment& point);
  void note_parts(const Node* proposition);
  bool admit(std::span<const Node* const> propositions, const internal::Assignment& at) {
    const bool fine = admissible(propositions, at);
    refused |= !fine;
    return fine;
  }
  void keep(const std::vector<int64_t>& values);

  // search_base.cc
  bool sync_base(Budget& budget);
  bool repair_base(Budget& budget);
  std::optional<bool> holds_at_base(const Node* proposition);
  std::vector<std::pair<const Node*, Int>> base_values() const;
  Outcome find_near(const Node* proposition, Budget& budget);
  Outcome search_component(std::vector<search::CellId> cells, int64_t rounds,
                           Budget& budget,
                           std::vector<std::pair<search::CellId, int64_t>>* found);

  search::Engine engine;
  std::vector<const Node*> constraints;
  std::vector<SearchBounds> bounds;
  std::vector<Scope> scopes;
  std::vector<std::pair<const Node*, Int>> model;
  internal::Assignment point;
  // Divisors that may be 0, symbols of far birth and opaque applications that occur in a
  // proposition; none for most.
  struct Parts {
    std::vector<const Node*> divisors;
    std::vector<const Node*> far_symbols;
    std::vector<const Node*> applications;
  };
  absl::flat_hash_map<const Node*, Parts> parts_of;
  bool has_applications =
      false;  // in anything that was seen: they tie all propositions together
  // A point was refused for what propagation does not know, or for values too large to
  // compute: to run out of points proves nothing.
  bool refused = false;
  internal::Evaluator evaluator;

  // The base: a point at which the first `base_holds` constraints hold, by cell of the
  // variable.
  std::vector<int64_t> base;
  enum HasBase : uint8_t {
    kNoValue,
    kKept,
    kLent
  };  // lent: of a question's own variable
  std::vector<HasBase> has_base;
  internal::Assignment base_point;
  size_t base_holds = 0;
  uint64_t base_version = 1;
  size_t base_failed = SIZE_MAX;  // number of constraints at which no base was found
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_SEARCH_IMPL_H_
