#ifndef CONGRUA_REWRITE_EXTREME_VIEW_H_
#define CONGRUA_REWRITE_EXTREME_VIEW_H_

#include <cstddef>
#include <span>

#include "absl/container/inlined_vector.h"
#include "expr/builder.h"

namespace congrua::rewrite {

using internal::Builder;
using internal::Node;

// A sum n with a term k*max(a, ...) (or min), seen as the extreme of k*a + r, ...
class ExtremeView {
 public:
  ExtremeView(Builder& builder, const Node* n, const internal::Term& t);
  static bool is_extreme(const Node* n) { return n->op == Op::kMin || n->op == Op::kMax; }
  // Of n seen so: the other one where the term is negative.
  static Op seen(const internal::Term& t) {
    return (t.mono->op == Op::kMin) == (t.coef.sign() > 0) ? Op::kMin : Op::kMax;
  }
  size_t size() const { return args_.size(); }
  const Node* whole(size_t i);
  const Node* without(size_t i);  // the extreme of the others

 private:
  Builder& builder_;
  std::span<const Node* const> args_;
  const Op op_;
  const Int* coef_ = nullptr;  // null: n is the extreme itself
  const Node* rest_ = nullptr;
  absl::InlinedVector<const Node*, 4> wholes_;
};

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_EXTREME_VIEW_H_
