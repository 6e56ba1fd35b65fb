// The steps of a program held against the range of a type.
//
// Spans come first: one pass over the steps, without a node. Where a span does not lie in
// the range, the canonical node of the step is built and its range under the facts taken;
// what is still open is a question to the facts. A step that was shown to fit has a span
// within the range, so the steps after it profit.
#ifndef CONGRUA_WIDTH_CHECKER_H_
#define CONGRUA_WIDTH_CHECKER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "base/budget.h"
#include "congrua/guard.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "width/program.h"
#include "width/span.h"

namespace congrua::width {

class Checker {
 public:
  Checker(Facts& facts, const Program& program, IntType type,
          const WidthOptions& options);

  // Does every step fit?
  FitsAnswer run();
  // The sides of the range at which steps are not known to fit. Each answer is used for
  // those after it, as if it fitted.
  struct Open {
    StepId step;
    bool low, high;
  };
  std::vector<Open> open_sides();
  // The span of each step by intervals alone, clamped to the range: what holds wherever
  // all steps fit.
  void assume_fitting();

  const Span& span(StepId s) const { return spans_[s]; }
  // The canonical node of a step's value.
  const Node* value(StepId s);
  // Where a step is run: the conjunction of its block's conditions; true for block 0.
  const Node* path(uint32_t block);
  // Is the proposition true at the points at which the block is run, and no divisor of
  // the program is 0? Fills `answer` where that is not null.
  Truth ask(const Node* proposition, uint32_t block, Answer* answer = nullptr);
  // The same at all points at which the block is run.
  bool always(const Node* proposition, uint32_t block);

 private:
  static constexpr int kMaxUndecided = 4;    // steps that are asked about after the first
  static constexpr uint32_t kMaxDepth = 64;  // of a term that is asked about
  static constexpr size_t kMaxReplaced = 5;
  static constexpr size_t kMaxCornerSymbols = 6;
  Span compute(const Step& s) const;
  // The span of a leaf, or of any step by its node.
  Span by_node(const Node* n);
  FitsAnswer decide(StepId s);
  bool bounded(const Node* v, const Span& known);
  std::optional<Answer> try_corners(const Node* v, uint32_t block);
  // `proposition` where the condition holds.
  const Node* implied(const Node* condition, const Node* proposition);
  const Node* in_range(const Node* v, const Span& known);
  const std::vector<const Node*>& zero_divisors();

  Facts& facts_;
  internal::Builder& builder_;
  const Program& program_;
  const Span range_;
  const WidthOptions& options_;
  absl::InlinedVector<Span, 32> spans_;
  absl::InlinedVector<const Node*, 32> values_;  // null: not built yet
  std::optional<std::vector<const Node*>> zero_divisors_;
};

}  // namespace congrua::width

#endif  // CONGRUA_WIDTH_CHECKER_H_
