// Exact evaluation of canonical terms.
//
// Meaning: docs/semantics.md. A select reads its condition and the branch taken; a
// conjunction is false where one part is, even if others have no value; all else reads
// every operand.
//
// Products grow fast: x^(2^40) takes a line of text. A product of two numbers beyond 62
// bits each whose bits sum up to more than a limit has no value here (kTooLarge), nor has
// a product that the builder left alone. Everything else grows by a few bits at a time.
//
// An Evaluator keeps its buffers between calls, so that many small terms, or one term at
// many points, are evaluated without allocation. Cost: linear in the part of the DAG that
// is read; no recursion.
#ifndef CONGRUA_EXPR_EVAL_H_
#define CONGRUA_EXPR_EVAL_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/int.h"
#include "expr/column.h"
#include "expr/node.h"

namespace congrua::internal {

// Values of symbols and opaque terms (booleans: 0 or 1).
class Assignment {
 public:
  Assignment() = default;
  // What has no value here has the one below, which outlives this.
  explicit Assignment(const Assignment* below) : below_(below) {}
  void set(const Node* variable, Int value) { values_.put(variable, std::move(value)); }
  const Int* find(const Node* variable) const {
    const Int* v = values_.find(variable);
    return v != nullptr || below_ == nullptr ? v : below_->find(variable);
  }
  void clear() { values_.clear(); }  // not what is below

 private:
  const Assignment* below_ = nullptr;
  NodeColumn<Int> values_;
};

enum class EvalError : uint8_t { kNone, kUnbound, kDivisionByZero, kTooLarge };

class Evaluator {
 public:
  // Multiplying numbers of 2^15 bits takes 0.1 ms: a search asks at thousands of points.
  static constexpr unsigned kFewBits = 1u << 16;
  static constexpr unsigned kManyBits = 1u << 20;
  explicit Evaluator(unsigned max_bits = kFewBits) : max_bits_(max_bits) {}

  // The value of an integer or a proposition (0 or 1); nullopt where it has none at this
  // point.
  std::optional<Int> evaluate(const Node* n, const Assignment& point);

  // Whether all these propositions hold; terms that they share are evaluated once. False
  // with error() == kTooLarge: none is known not to hold, but some have no value.
  bool all_true(std::span<const Node* const> propositions, const Assignment& point);

  // Why the last evaluate answered nullopt: the unbound symbol or opaque term, the
  // kFloorDiv whose divisor is 0, or the product or sum that is too large.
  EvalError error() const { return error_; }
  const Node* culprit() const { return culprit_; }

 private:
  // error > 0: no value; the reason is failures_[error - 1].
  struct Slot {
    Int value;
    uint32_t error = 0;
  };
  struct Frame {
    const Node* node;
    uint32_t next;  // operands before this one are in the column
  };
  void clear();
  const Slot& compute(const Node* n, const Assignment& point);
  const Slot* ready(const Node* n, const Assignment& point);
  bool step(Frame& frame, const Assignment& point, const Node** wanted);
  bool step_sum(Frame& frame, const Assignment& point, const Node** wanted);
  bool step_product(Frame& frame, const Assignment& point, const Node** wanted);
  bool step_select(const Node* n, const Assignment& point, const Node** wanted);
  bool step_and(Frame& frame, const Assignment& point, const Node** wanted);
  void apply(const Node* n, const Assignment& point);
  uint32_t fail(EvalError error, const Node* culprit);
  bool multiply(Int& product, const Int& by) const;
  bool multiply_power(Int& product, Int base, uint32_t exponent) const;
  bool too_large(const Node* n);

  unsigned max_bits_;
  NodeColumn<Slot> slots_;
  std::vector<Frame> stack_;
  std::vector<std::pair<EvalError, const Node*>> failures_;
  EvalError error_ = EvalError::kNone;
  const Node* culprit_ = nullptr;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_EVAL_H_
