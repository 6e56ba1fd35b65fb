#include "rewrite/polynomials.h"

#include <algorithm>

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::LinearView;

Poly poly_of(const Node* n) {
  Poly p;
  const LinearView v(n);
  p.constant = v.constant();
  v.terms().append_to(p.terms);
  return p;
}

const Node* node_of(internal::Builder& builder, const Poly& p) {
  internal::Poly copy;
  copy.constant = p.constant;
  copy.terms.assign(p.terms.begin(), p.terms.end());
  return builder.from_poly(copy);
}

Int coefficient(const Poly& p, const Node* mono) {
  const auto t = std::ranges::find(p.terms, mono, &Term::mono);
  return t == p.terms.end() ? Int(0) : t->coef;
}

bool occurs(const Poly& p, const Node* mono) {
  return std::ranges::find(p.terms, mono, &Term::mono) != p.terms.end();
}

void erase_term(Poly& p, size_t i) {
  p.terms.erase(p.terms.begin() + static_cast<ptrdiff_t>(i));
}

void add_term(Poly& p, const Node* mono, const Int& coef) {
  if (coef.is_zero()) return;
  const auto t = std::ranges::find(p.terms, mono, &Term::mono);
  if (t == p.terms.end()) {
    p.terms.push_back({coef, mono});
    return;
  }
  t->coef += coef;
  if (t->coef.is_zero()) p.terms.erase(t);
}

void add_poly(Poly& p, const Poly& q, const Int& k) {
  p.constant += k * q.constant;
  for (const Term& t : q.terms) add_term(p, t.mono, k * t.coef);
}

Poly scaled(const Poly& p, const Int& k) {
  Poly out;
  add_poly(out, p, k);
  return out;
}

const Int* constant_divisor(const Node* quotient) {
  const Node* q = args_of(quotient)[1];
  return q->op == Op::kConst && const_value(q).sign() > 0 ? &const_value(q) : nullptr;
}

bool complete_remainders(Poly& p, const Int& m, Poly* whole) {
  bool changed = false;
  const auto set = [&](const Node* mono, const Int& wanted) {
    const Int gap = coefficient(p, mono) - wanted;
    if (gap.is_zero()) return;
    add_term(p, mono, -gap);
    add_term(*whole, mono, floor_div(gap, m));
    changed = true;
  };
  std::vector<const Node*> quotients;
  for (const Term& t : p.terms) {
    if (t.mono->op == Op::kFloorDiv && constant_divisor(t.mono) != nullptr)
      quotients.push_back(t.mono);
  }
  for (const Node* q : quotients) {
    const Int& c = *constant_divisor(q);
    const LinearView t(args_of(q)[0]);
    if (t.terms().empty()) continue;
    const Int have = coefficient(p, t.terms()[0].mono);
    if (have.is_zero()) continue;
    const Int near = floor_mod(have, m);
    for (const Int& first : {have, near, near - m}) {
      const Int& unit = t.terms()[0].coef;
      if (first.is_zero() || !floor_mod(first, unit).is_zero()) continue;
      const Int k = floor_div(first, unit);
      const auto fits = [&](const Node* mono, const Int& wanted) {
        return floor_mod(coefficient(p, mono) - wanted, m).is_zero();
      };
      const bool all = std::ranges::all_of(t.terms(), [&](const Term& x) {
        return !coefficient(p, x.mono).is_zero() && fits(x.mono, k * x.coef);
      });
      if (!all || !fits(q, -(c * k))) continue;
      for (const Term& x : t.terms()) set(x.mono, k * x.coef);
      set(q, -(c * k));
      break;
    }
  }
  return changed;
}

}  // namespace congrua::rewrite
