// Conditions as code: a plan that both languages share, and the writer of a function.
//
// A function is straight-line code: temporaries, and for each condition, in order, a
// return of its index where it fails. What was computed for one condition may be read by
// all that follow, and what was tested is a fact for all that follow.
//
// Divisions. Where a form divides, the divisor is not 0 at the points that come there:
// this follows from facts, all of which are conditions tested before. A question leaves
// out the points at which a divisor in it or in the facts is 0. Those of the facts are no
// loss (conditions before hold, so that their divisors are not 0); those of the question
// are shown to be not 0 before, inner ones first.
#ifndef CONGRUA_SHAPE_EMIT_H_
#define CONGRUA_SHAPE_EMIT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/int.h"
#include "congrua/guard_text.h"
#include "shape/env_impl.h"
#include "width/checker.h"
#include "width/program.h"

namespace congrua::shape::emit {

using internal::Node;

enum class Language : uint8_t { kCpp, kPython };

// ---- emit_plan.cc

// An argument of the function: an element of one of its arrays.
struct Input {
  std::string source;
  std::string location;
  Sort sort;
  size_t index;                // in the array of its sort
  std::optional<Expr> symbol;  // none: a source whose value is known
};

struct Planned {
  PrintedCondition shown;
  std::optional<Expr> condition = std::nullopt;  // kDivisor, kGuard, some kRange
  size_t input = 0;                              // kSource, kRange, kNumber
  std::optional<Expr> value = std::nullopt;      // kSource
  Range range = {};                              // kRange without condition
};

struct Plan {
  std::vector<Input> inputs;
  std::vector<Planned> conditions;
};
absl::StatusOr<Plan> make_plan(Env& env, const GuardSet& set);

// By the facts, does no divisor in n have the value 0? `divisor` is that of a quotient.
bool is_nonzero(Facts& facts, const Node* divisor);

// ---- emit_ranges.cc, emit_ints.cc, emit_terms.cc, emit.cc

// How strongly an expression binds, in both languages.
enum class Binding : uint8_t { kLoose, kAdditive, kMultiplicative, kTight };
// C++ types of integers, in the order of their widths; Python has one.
enum class Width : uint8_t { k64, k128, kLimbs };

struct Interval {
  Int lo, hi;
};
Width width_of(const Interval& v);

// An expression of the language.
struct Value {
  std::string text = {};
  Binding binding = Binding::kTight;
  Sort sort = Sort::kInt;
  Width width = Width::k64;
  bool literal = false;  // an int of C++, not an int64_t
  Interval range = {};   // of integers; C++
};

struct Ranges {  // of the steps of a program
  std::vector<Interval> of;
  Width widest = Width::k64;
  unsigned bits = 0;  // of the widest, with its sign
};

class Writer {
 public:
  Writer(Env& env, const Plan& plan, const GuardTextOptions& options, Language language);
  absl::StatusOr<std::string> run();

 private:
  using Step = width::Step;
  using StepId = width::StepId;

  // ---- emit.cc
  absl::Status name_inputs();
  absl::Status write(size_t index);
  std::string header() const;
  std::string footer() const;
  void line(std::string_view text);
  void fail_unless(std::string_view condition);
  Value declare(Value v);
  bool cpp() const { return language_ == Language::kCpp; }

  // ---- emit_ranges.cc: which form
  // The value of e; the opaque terms in it have been written.
  absl::StatusOr<Value> integer(Expr e);
  static std::vector<bool> read_steps(const width::Program& p);
  std::optional<Ranges> usable(const width::Program& p);
  Ranges ranges_of(const width::Program& p, width::Checker& checker);
  // ---- emit_ints.cc: integers and propositions
  absl::StatusOr<Value> steps(const width::Program& p, const Ranges& ranges);
  Value step_value(const Step& s, const std::vector<Value>& at, const Interval& range,
                   Sort sort);
  Value arithmetic(const Step& s, const Value& a, const Value& b, const Interval& range);
  Value division(const Step& s, const Value& a, const Value& b, const Interval& range);
  Value comparison(const Step& s, const Value& a, const Value& b);
  Value literal(const Int& v) const;
  std::string type(Width w) const;
  std::string as(Width w, const Value& v) const;  // converted, binding tightly
  Value from(Width op, Value v, const Interval& range) const;

  // ---- emit_terms.cc: what is opaque to the algebra
  absl::Status opaques(const Node* root);
  absl::Status opaque(const Node* n);
  absl::StatusOr<Value> operand(const Node* n);  // written before, or an integer
  absl::StatusOr<Value> int64_operand(const Node* n);
  absl::StatusOr<Value> double_operand(const Node* n);
  absl::StatusOr<Value> compare_floats(const Node* n);
  absl::StatusOr<Value> round(const Node* n);
  absl::StatusOr<Value> real(const Node* n);
  absl::StatusOr<Value> host_call(const Node* n);
  std::string number(double v) const;

  static constexpr size_t kMaxCode = 4'000'000;
  static constexpr size_t kMaxInline = 72;

  Env& env_;
  Env::Impl& m_;
  const Plan& plan_;
  const GuardTextOptions& options_;
  const Language language_;
  Facts facts_;
  std::string body_;
  size_t index_ = 0;                 // of the condition that is being written
  int next_ = 0;                     // temporary
  unsigned limbs_ = 0;               // of the condition
  std::vector<std::string> inputs_;  // their names
  absl::flat_hash_map<const Node*, Value> written_;  // symbols and opaque terms
};

std::string_view cpp_prelude();
std::string_view python_prelude();

// Text that cannot end a comment.
std::string comment(std::string_view text);
bool is_plain_name(std::string_view name);  // an identifier that neither language knows
bool is_callable_name(std::string_view name, Language language);

}  // namespace congrua::shape::emit

#endif  // CONGRUA_SHAPE_EMIT_H_
