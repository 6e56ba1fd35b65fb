#include "rewrite/needs.h"

namespace congrua::rewrite {

uint8_t operators_below(const Node* n) {
  uint8_t seen = 0;
  const auto look = [&](const Node* operand) {
    if (operand->sort != Sort::kInt) return;
    const internal::LinearView v(operand);
    for (size_t i = 0; i < v.terms().size(); ++i) {
      const Op op = v.terms().mono(i)->op;
      seen |= op == Op::kFloorDiv                ? kQuotientBelow
              : op == Op::kMin || op == Op::kMax ? kExtremeBelow
              : op == Op::kSelect                ? kSelectBelow
                                                 : uint8_t{0};
    }
  };
  if (n->op == Op::kAdd) {
    look(n);
  } else {
    internal::for_each_child(n, look);
  }
  return seen;
}

}  // namespace congrua::rewrite
