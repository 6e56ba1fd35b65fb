#include "proof/poly.h"

#include <algorithm>
#include <map>

namespace congrua::proof {

Monomial product(const Monomial& a, const Monomial& b) {
  Monomial m(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), m.begin());
  return m;
}

Int Poly::content() const {
  Int g;
  for (const Term& t : without_constant()) g = gcd(g, t.coef);
  return g;
}

void Poly::add(const Monomial& mono, const Int& coef) {
  if (coef.is_zero()) return;
  const auto at = std::ranges::lower_bound(terms_, mono, {}, &Term::mono);
  if (at == terms_.end() || at->mono != mono) {
    terms_.insert(at, {mono, coef});
  } else if ((at->coef += coef).is_zero()) {
    terms_.erase(at);
  }
}

void Poly::add_scaled(const Poly& p, const Int& factor) {
  if (factor.is_zero()) return;
  std::vector<Term> merged;
  merged.reserve(terms_.size() + p.terms_.size());
  auto a = terms_.begin();
  auto b = p.terms_.begin();
  while (a != terms_.end() || b != p.terms_.end()) {
    if (b == p.terms_.end() || (a != terms_.end() && a->mono < b->mono)) {
      merged.push_back(std::move(*a++));
    } else if (a == terms_.end() || b->mono < a->mono) {
      merged.push_back({b->mono, b->coef * factor});
      ++b;
    } else {
      Int sum = a->coef + b->coef * factor;
      if (!sum.is_zero()) merged.push_back({std::move(a->mono), std::move(sum)});
      ++a;
      ++b;
    }
  }
  terms_ = std::move(merged);
}

Poly operator*(const Poly& a, const Poly& b) {
  std::map<Monomial, Int> sums;
  for (const Poly::Term& x : a.terms_) {
    for (const Poly::Term& y : b.terms_) {
      sums[product(x.mono, y.mono)] += x.coef * y.coef;
    }
  }
  Poly p;
  for (auto& [mono, coef] : sums) {
    if (!coef.is_zero()) p.terms_.push_back({mono, std::move(coef)});
  }
  return p;
}

Poly Poly::divided(const Int& g) const {
  Poly p;
  for (const Term& t : terms_) {
    Int c = congrua::floor_div(t.coef, g);
    if (!c.is_zero()) p.terms_.push_back({t.mono, std::move(c)});
  }
  return p;
}

}  // namespace congrua::proof
