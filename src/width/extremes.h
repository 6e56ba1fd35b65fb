// Bounds of a value over all values of the loop variables, as terms that are free of
// them.
//
// A loop variable i with lo <= i <= hi (by facts, lo and hi are terms) is replaced by an
// end. For a value v that grows with i at every point of the facts, v <= v[i := hi] at
// each; that [i := hi] may leave the facts where lo and hi read other loop variables does
// not matter. Where v is affine in i and the sign of the slope is not known, v is at most
// the larger of both ends. A part that is neither is replaced by its own bounds.
#ifndef CONGRUA_WIDTH_EXTREMES_H_
#define CONGRUA_WIDTH_EXTREMES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/width.h"
#include "expr/builder.h"

namespace congrua::width {

using internal::Builder;
using internal::Node;

class Extremes {
 public:
  Extremes(Facts& facts, std::span<const Expr> loops, const WidthOptions& options);

  // Terms of which v is at most the largest (not `low`), or at least the smallest, at
  // every point of the facts. nullopt: none is found, or too many are needed.
  std::optional<std::vector<const Node*>> of(const Node* v, bool low);
  // Whether each of the terms was attained, so far.
  bool exact() const { return exact_; }
  void give_up_exactness() { exact_ = false; }
  // That the ranges of the loop variables which were replaced are not empty: it follows
  // from the facts, which have no point elsewhere, but not from those about inputs.
  std::vector<const Node*> nonempty() const;
  // A loop variable that has no bound where one was needed.
  const Node* unbounded() const { return unbounded_; }

 private:
  // How v changes with a symbol while all others stay.
  enum class Trend : uint8_t {
    kNone,  // not at all
    kUp,    // not down
    kDown,  // not up
    kEnds,  // up at some points, down at others: extreme at the ends
    kUnknown,
  };
  static constexpr size_t kMaxTerms = 32;
  static constexpr int kMaxSteps = 64;

  struct Range {
    const Node* lo = nullptr;
    const Node* hi = nullptr;
  };
  const Range& range(const Node* loop);
  const Node* tightest(std::vector<const Node*> ends, bool low);
  bool reads(const Node* n, const Node* symbol) const;
  const Node* choose(const Node* v);  // a loop variable of v, inner ones first; or null
  Trend trend(const Node* v, const Node* loop, int depth);
  Trend affine(const Node* v, const Node* loop);
  bool holds(const Node* proposition);
  const Node* replace(const Node* v, const Node* loop, const Node* end);
  const Node* bound_parts(const Node* v, const Node* loop, bool low);
  const Node* constant_bound(const Node* v, bool low);

  Facts& facts_;
  Builder& builder_;
  const WidthOptions& options_;
  std::vector<const Node*> loops_;
  absl::flat_hash_map<const Node*, Range> ranges_;
  bool exact_ = true;
  const Node* unbounded_ = nullptr;
};

}  // namespace congrua::width

#endif  // CONGRUA_WIDTH_EXTREMES_H_
