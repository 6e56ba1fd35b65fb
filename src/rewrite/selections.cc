// Selections under facts.
#include <algorithm>

#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

// select(c, a, b) where c says which is larger: max(a, b) or min(a, b). Where a >= b
// under c and b >= a under not c it is the maximum.
const Node* Simplifier::select_as_extreme(const Node* c, const Node* a, const Node* b) {
  if (c->op != Op::kGe || (c->symbols & (a->symbols | b->symbols)) == 0) return nullptr;
  const Node* p = args_of(c)[0];
  const Node* d = builder_.sub(a, b);
  const Node* pair[] = {a, b};
  // a - b = k*p + e with 0 <= e <= k: its sign is that of the condition.
  const LinearView vp(p);
  const LinearView vd(d);
  if (!vp.terms().empty() && vd.terms().size() == vp.terms().size()) {
    Int k = floor_div(vd.terms()[0].coef, vp.terms()[0].coef);
    const bool negative = k.sign() < 0;
    const Node* e = builder_.sub(d, builder_.scale(p, k));
    if (e->op == Op::kConst && !k.is_zero()) {
      Int rest = internal::const_value(e);
      if (negative) {
        rest = -rest;
        k = -k;
      }
      if (rest.sign() >= 0 && rest <= k) {
        return builder_.minmax(negative ? Op::kMin : Op::kMax, pair);
      }
    }
  }
  if (nesting_ > 1) return nullptr;
  bool max_then = false, min_then = false, max_else = false, min_else = false;
  under(c, true, [&] {
    max_then = nonnegative(d);
    min_then = !max_then && nonnegative(builder_.neg(d));
  });
  if (!max_then && !min_then) return nullptr;
  under(c, false, [&] {
    max_else = max_then && nonnegative(builder_.neg(d));
    min_else = min_then && nonnegative(d);
  });
  if (max_else) return builder_.minmax(Op::kMax, pair);
  if (min_else) return builder_.minmax(Op::kMin, pair);
  return nullptr;
}

// A condition about a selection: the outer one is asked in each of its cases.
const Node* Simplifier::split_condition(const Node* n) {
  const Node* c = args_of(n)[0];
  if ((c->op != Op::kGe && c->op != Op::kEq) || nesting_ > 2) return n;
  const LinearView v(args_of(c)[0]);
  for (const internal::Term& t : v.terms()) {
    if (t.mono->op != Op::kSelect) continue;
    const Node* inner = args_of(t.mono)[0];
    const Node* then = simplify_under(inner, true, n);
    const Node* otherwise = simplify_under(inner, false, n);
    if (then == nullptr || otherwise == nullptr) continue;
    // The condition must be gone from both.
    const Node* split = builder_.select(inner, then, otherwise);
    if (cost(split) <= cost(n)) return split;
  }
  return n;
}

// select(c, f*a, f*b) = f * select(c, a, b)
const Node* Simplifier::common_factor(const Node* c, const Node* a, const Node* b) {
  const LinearView va(a);
  const LinearView vb(b);
  if (va.terms().empty() || vb.terms().empty() || !va.constant().is_zero() ||
      !vb.constant().is_zero()) {
    return nullptr;
  }
  const internal::FactorView first(va.terms()[0].mono);
  for (const internal::Factor& f : first.factors()) {
    bool everywhere = true;
    const Node* arms[2];
    size_t k = 0;
    for (const LinearView* v : {&va, &vb}) {
      const Node* sum = builder_.constant(Int(0));
      for (const internal::Term& t : v->terms()) {
        std::vector<internal::Factor> rest;
        bool found = false;
        const internal::FactorView view(t.mono);
        for (internal::Factor x : view.factors()) {
          if (x.base == f.base) {
            found = true;
            --x.exponent;
          }
          if (x.exponent > 0) rest.push_back(x);
        }
        everywhere &= found;
        sum = builder_.add(sum, builder_.scale(builder_.monomial(rest), t.coef));
      }
      arms[k++] = sum;
    }
    if (everywhere) return builder_.mul(f.base, builder_.select(c, arms[0], arms[1]));
  }
  return nullptr;
}

const Node* Simplifier::select_step(const Node* n) {
  const Node* c = args_of(n)[0];
  const Node* a = args_of(n)[1];
  const Node* b = args_of(n)[2];
  if (const std::optional<bool> v = decided(c)) return *v ? a : b;
  if (n->sort != Sort::kInt) return n;
  // The arms where they are read.
  const Node* then = simplify_under(c, true, a);
  if (then == nullptr) return b;
  const Node* otherwise = simplify_under(c, false, b);
  if (otherwise == nullptr) return then;
  if (then != a || otherwise != b) return builder_.select(c, then, otherwise);
  // One arm may serve for both: select(x = 0, 0, x).
  if (c->op == Op::kEq || (c->op == Op::kNot && args_of(c)[0]->op == Op::kEq)) {
    const bool equal_then = c->op == Op::kEq;
    const Node* at_equal = equal_then ? a : b;
    const Node* general = equal_then ? b : a;
    if (simplify_under(c, equal_then, builder_.sub(general, at_equal)) ==
        builder_.constant(Int(0))) {
      return general;
    }
    // p is 0 or positive everywhere: the comparison orders the arms.
    const Node* p = args_of(equal_then ? c : args_of(c)[0])[0];
    for (const Node* q : {p, builder_.neg(p)}) {
      if (range(q).lo() != 0) continue;
      const Node* above = builder_.ge0(builder_.add_const(q, Int(-1)));
      if (const Node* r = select_as_extreme(above, general, at_equal)) return r;
    }
  }
  if (const Node* r = select_as_extreme(c, a, b)) return r;
  if (const Node* r = common_factor(c, a, b)) return r;
  if (const Node* r = split_condition(n); r != n) return r;
  // select(c, a, select(d, a, b)) = select(c or d, a, b), and its kin.
  const auto join = [&](const Node* x, const Node* y) {
    const Node* parts[] = {x, y};
    return builder_.disjunction(parts);
  };
  const auto meet = [&](const Node* x, const Node* y) {
    const Node* parts[] = {x, y};
    return builder_.conjunction(parts);
  };
  if (b->op == Op::kSelect) {
    const auto inner = args_of(b);
    if (inner[1] == a) return builder_.select(join(c, inner[0]), a, inner[2]);
    if (inner[2] == a) {
      return builder_.select(join(c, builder_.logical_not(inner[0])), a, inner[1]);
    }
  }
  if (a->op == Op::kSelect) {
    const auto inner = args_of(a);
    if (inner[2] == b) return builder_.select(meet(c, inner[0]), inner[1], b);
    if (inner[1] == b) {
      return builder_.select(meet(c, builder_.logical_not(inner[0])), inner[2], b);
    }
  }
  return n;
}

}  // namespace congrua::rewrite
