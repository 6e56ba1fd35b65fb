// Selections under facts.
#include <algorithm>

#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

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
  if (const Node* r = select_rules(n); r != n) return r;
  if (const Node* r = common_factor(c, a, b)) return r;
  return split_condition(n);
}

}  // namespace congrua::rewrite
