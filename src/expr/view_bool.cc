// Propositions as they are shown: the six comparisons with terms on both sides, and, or,
// not.
#include <algorithm>
#include <array>
#include <utility>

#include "expr/order.h"
#include "expr/view_builder.h"

namespace congrua::internal {

namespace {

// The terms of p on the side where their coefficients are positive.
struct Sides {
  ShownSum plus, minus;
};
Sides sides_of(ShownSum& p) {
  Sides s;
  for (ShownTerm& t : p.terms) {
    const bool positive = t.coef.sign() > 0;
    if (!positive) t.coef = -t.coef;
    (positive ? s.plus : s.minus).terms.push_back(std::move(t));
  }
  return s;
}
void negate(ShownSum& s) {
  for (ShownTerm& t : s.terms) t.coef = -t.coef;
  s.constant = -s.constant;
}

}  // namespace

ViewId ViewBuilder::show_boolean(const Node* n, bool negated) {
  const auto args = args_of(n);
  switch (n->op) {
    case Op::kConst:
      return node_view(is_true(n) != negated ? ViewOp::kTrue : ViewOp::kFalse, {});
    case Op::kGe:
      return show_order(args[0], negated);
    case Op::kEq:
      return show_equality(args[0], negated);
    case Op::kNot:
      return operand(args[0], !negated);
    case Op::kAnd:
      return show_connective(n, negated);
    case Op::kIff: {
      std::array sorted = {args[0], args[1]};
      std::ranges::sort(sorted, reading_less);
      const ViewId operands[] = {operand(sorted[0]), operand(sorted[1])};
      return node_view(negated ? ViewOp::kNe : ViewOp::kEq, operands);
    }
    default: {
      const ViewId v = show_atom(n);
      return negated ? node_view(ViewOp::kNot, std::array{v}) : v;
    }
  }
}

ViewId ViewBuilder::show_connective(const Node* n, bool negated) {
  const auto nodes = args_of(n);
  std::vector<const Node*> sorted(nodes.begin(), nodes.end());
  const auto stripped = [](const Node* a) {
    return a->op == Op::kNot ? args_of(a)[0] : a;
  };
  std::ranges::sort(sorted, reading_less, stripped);
  std::vector<ViewId> args;
  for (const Node* a : sorted) args.push_back(operand(a, negated));
  return node_view(negated ? ViewOp::kOr : ViewOp::kAnd, args);
}

// p >= 0, or p < 0: the side of the first term in reading order is written left.
ViewId ViewBuilder::show_order(const Node* p, bool negated) {
  ShownSum sum = shown(poly_of(p), Freedom::kComparison);
  if (negated) {
    negate(sum);
    sum.constant -= Int(1);
  }
  const bool plus_first = !sum.terms.empty() && sum.terms[0].coef.sign() > 0;
  Sides s = sides_of(sum);
  bool strict = false;
  if (s.minus.terms.empty()) {
    s.minus.constant = -sum.constant;
  } else if (s.plus.terms.empty() || sum.constant.sign() > 0) {
    s.plus.constant = sum.constant;
  } else if (sum.constant == Int(-1)) {
    strict = true;  // a - b - 1 >= 0
  } else {
    s.minus.constant = -sum.constant;
  }
  const ViewId plus = sum_view(s.plus);
  const ViewId minus = sum_view(s.minus);
  if (plus_first) {
    return node_view(strict ? ViewOp::kGt : ViewOp::kGe, std::array{plus, minus});
  }
  return node_view(strict ? ViewOp::kLt : ViewOp::kLe, std::array{minus, plus});
}

ViewId ViewBuilder::show_equality(const Node* p, bool negated) {
  ShownSum sum = shown(poly_of(p), Freedom::kComparison);
  if (!sum.terms.empty() && sum.terms[0].coef.sign() < 0) negate(sum);
  Sides s = sides_of(sum);
  if (s.minus.terms.empty() || sum.constant.sign() < 0) {
    s.minus.constant = -sum.constant;
  } else {
    s.plus.constant = sum.constant;
  }
  const ViewId left = sum_view(s.plus);
  const ViewId right = sum_view(s.minus);
  return node_view(negated ? ViewOp::kNe : ViewOp::kEq, std::array{left, right});
}

}  // namespace congrua::internal
