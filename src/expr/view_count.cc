#include <algorithm>

#include "base/saturating.h"
#include "expr/view.h"

namespace congrua::internal {

namespace {

// Operators of the view itself: how print.cc writes it.
uint64_t own_operations(const ViewDag& dag, const View& v) {
  switch (v.op) {
    case ViewOp::kInt:
    case ViewOp::kTrue:
    case ViewOp::kFalse:
    case ViewOp::kSymbol:
      return 0;
    case ViewOp::kSum: {
      uint64_t count = v.count - 1;  // of n items n - 1 add or sub
      bool all_subtracted = true;
      for (const SumItem& s : dag.sum(v)) {
        const bool subtracted = s.body != kNoView && s.coef == Int(-1);
        all_subtracted &= subtracted;
        count += s.body != kNoView && !subtracted && !s.coef.is_one();
      }
      return count + all_subtracted;  // neg
    }
    case ViewOp::kProduct: {
      uint64_t factors = 0;
      for (const ProductItem& p : dag.product(v)) {
        factors = add_saturating(factors, p.exponent);
      }
      return std::max<uint64_t>(factors, 1) - 1;
    }
    case ViewOp::kMin:
    case ViewOp::kMax:
    case ViewOp::kAnd:
    case ViewOp::kOr:
      return std::max<uint64_t>(v.count, 2) - 1;
    case ViewOp::kOpaque:
      return v.count == 0 ? 0 : 1;
    default:
      return 1;
  }
}

}  // namespace

uint64_t count_operations(const ViewDag& dag) {
  std::vector<uint64_t> below(dag.views.size());
  for (size_t i = 0; i < dag.views.size(); ++i) {  // operands stand before their users
    const View& v = dag.views[i];
    uint64_t count = own_operations(dag, v);
    switch (v.op) {
      case ViewOp::kInt:
      case ViewOp::kSymbol:
        break;
      case ViewOp::kSum:
        for (const SumItem& s : dag.sum(v)) {
          if (s.body != kNoView) count = add_saturating(count, below[s.body]);
        }
        break;
      case ViewOp::kProduct:
        for (const ProductItem& p : dag.product(v)) {
          count = add_saturating(count, mul_saturating(below[p.base], p.exponent));
        }
        break;
      default:
        for (const ViewId a : dag.operands(v)) count = add_saturating(count, below[a]);
    }
    below[i] = count;
  }
  return below[dag.root];
}

}  // namespace congrua::internal
