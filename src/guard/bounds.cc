#include "guard/facts_impl.h"

namespace congrua {

using internal::Builder;

namespace {

Bounds bounds_of(const Domain& d) {
  if (d.empty()) return {.lo = 1, .hi = 0};
  Bounds b{.modulus = d.mod(), .residue = d.rem()};
  if (d.lo() != kNegInf) b.lo = d.lo();
  if (d.hi() != kPosInf) b.hi = d.hi();
  return b;
}

}  // namespace

Bounds Facts::bounds(Expr e, const QuestionOptions& options) {
  if (impl_->contradictory) return bounds_of(Domain::none());
  if (!e.is_bool()) {
    const internal::Node* n = Builder::node(e);
    return bounds_of(impl_->domain_of(n).meet(impl_->domain_of(impl_->rewrite(n))));
  }
  switch (decide(e, options).truth) {
    case Truth::kTrue:
      return bounds_of(Domain::point(1));
    case Truth::kFalse:
      return bounds_of(Domain::point(0));
    default:
      return bounds_of(Domain::interval(0, 1));
  }
}

}  // namespace congrua
