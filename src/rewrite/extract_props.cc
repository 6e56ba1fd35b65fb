// Propositions: comparisons with both sides, connectives.
#include <algorithm>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {

ViewOp mirrored(ViewOp op) {
  switch (op) {
    case ViewOp::kGe:
      return ViewOp::kLe;
    case ViewOp::kGt:
      return ViewOp::kLt;
    default:
      return op;
  }
}

}  // namespace

// p op 0 for op in >=, ==, !=: the positive terms against the others.
ViewId Extractor::comparison(const Node* p, ViewOp op) {
  std::optional<ViewId> best;
  for (const bool flip : {false, true}) {
    if (flip && op == ViewOp::kGe) break;
    Poly poly = poly_of(flip ? builder_.neg(p) : p);
    const Sum s = settle(std::move(poly));
    absl::InlinedVector<Item, 8> left, right;
    const absl::InlinedVector<Item, 8> all = items_of(s);
    for (Item i : all) {
      const bool negative = i.coef.sign() < 0;
      if (negative) i.coef = -i.coef;
      (negative ? right : left).push_back(std::move(i));
    }
    // left + constant op right
    Int constant = s.open.constant;
    ViewOp how = op;
    Int on_left, on_right;
    if (op == ViewOp::kGe && constant == Int(-1) && !left.empty() && !right.empty()) {
      how = ViewOp::kGt;
    } else if (left.empty()) {
      on_left = constant;
    } else if (right.empty() || constant.sign() < 0) {
      on_right = -constant;
    } else {
      on_left = constant;
    }
    const bool swap = left.empty();
    const ViewId x = finish(std::move(left), on_left);
    const ViewId y = finish(std::move(right), on_right);
    const ViewId args[] = {swap ? y : x, swap ? x : y};
    const ViewId v = app(swap ? mirrored(how) : how, args);
    if (!best || cost(v) < cost(*best)) best = v;
    // All terms on one side, as a product: x*(y - 2) <= 5.
    const bool both = std::ranges::any_of(all, [&](const Item& i) {
      return (i.coef.sign() < 0) != (all[0].coef.sign() < 0);
    });
    if (!both) continue;
    const Node* side = builder_.add_const(flip ? builder_.neg(p) : p,
                                          -LinearView(p).constant() * Int(flip ? -1 : 1));
    const Int rest = LinearView(p).constant() * Int(flip ? -1 : 1);
    for (const bool turned : {false, true}) {
      const ViewId one_side[] = {value(turned ? builder_.neg(side) : side),
                                 integer(turned ? rest : -rest)};
      const ViewId w = app(turned ? mirrored(op) : op, one_side);
      if (cost(w) < cost(*best)) best = w;
    }
  }
  return *best;
}

ViewId Extractor::connective(const Node* n, bool negated) {
  absl::InlinedVector<ViewId, 8> parts;
  for (const Node* a : args_of(n)) parts.push_back(proposition(a, negated));
  // or(and(c, a), and(not c, b)) is a selection.
  if (negated && args_of(n).size() == 2) {
    const auto inner = [](const Node* x) {
      return x->op == Op::kNot && args_of(x)[0]->op == Op::kAnd &&
                     args_of(args_of(x)[0]).size() == 2
                 ? args_of(args_of(x)[0])
                 : std::span<const Node* const>();
    };
    const auto first = inner(args_of(n)[0]);
    const auto second = inner(args_of(n)[1]);
    for (size_t i = 0; i < first.size() && !second.empty(); ++i) {
      for (size_t j = 0; j < second.size(); ++j) {
        if (builder_.logical_not(first[i]) != second[j]) continue;
        const bool plain = first[i]->op != Op::kNot;
        const Node* c = plain ? first[i] : second[j];
        const Node* then = plain ? first[1 - i] : second[1 - j];
        const Node* otherwise = plain ? second[1 - j] : first[1 - i];
        const ViewId args[] = {proposition(c, false), proposition(then, false),
                               proposition(otherwise, false)};
        return app(ViewOp::kSelect, args);
      }
    }
  }
  const ViewId list = app(negated ? ViewOp::kOr : ViewOp::kAnd, parts);
  if (!negated) return list;
  const ViewId whole[] = {proposition(n, false)};
  const ViewId denied = app(ViewOp::kNot, whole);
  return cost(denied) < cost(list) ? denied : list;
}

ViewId Extractor::proposition(const Node* n, bool negated) {
  auto& memo = negated ? negations_ : values_;
  if (const ViewId* v = memo.find(n)) return *v;
  ViewId result;
  switch (n->op) {
    case Op::kConst:
      result =
          leaf(internal::is_true(n) != negated ? ViewOp::kTrue : ViewOp::kFalse, nullptr);
      break;
    case Op::kNot:
      result = proposition(args_of(n)[0], !negated);
      break;
    case Op::kGe:
      result = negated ? proposition(builder_.logical_not(n), false)
                       : comparison(args_of(n)[0], ViewOp::kGe);
      break;
    case Op::kEq:
      result = comparison(args_of(n)[0], negated ? ViewOp::kNe : ViewOp::kEq);
      break;
    case Op::kAnd:
      result = connective(n, negated);
      break;
    case Op::kIff: {
      const ViewId args[] = {proposition(args_of(n)[0], false),
                             proposition(args_of(n)[1], false)};
      result = app(negated ? ViewOp::kNe : ViewOp::kEq, args);
      break;
    }
    default: {
      result = n->op == Op::kSymbol ? leaf(ViewOp::kSymbol, n) : atom(n);
      if (negated) {
        const ViewId args[] = {result};
        result = app(ViewOp::kNot, args);
      }
    }
  }
  return memo.put(n, result);
}

}  // namespace congrua::rewrite
