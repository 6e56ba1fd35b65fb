// Polynomials with exact integer coefficients over numbered atoms: all the arithmetic
// that certificates need.
#ifndef CONGRUA_PROOF_POLY_H_
#define CONGRUA_PROOF_POLY_H_

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "base/int.h"

namespace congrua::proof {

using Atom = uint32_t;
// Ascending; a power repeats its base; empty for the constant term.
using Monomial = absl::InlinedVector<Atom, 4>;

class Poly {
 public:
  struct Term {
    Monomial mono;
    Int coef;  // never 0
    friend bool operator==(const Term&, const Term&) = default;
  };

  Poly() = default;
  explicit Poly(const Int& constant) { add(Monomial(), constant); }
  static Poly atom(Atom a) {
    Poly p;
    p.terms_.push_back({Monomial{a}, Int(1)});
    return p;
  }

  // Terms ascend by their monomials: the constant is the first.
  std::span<const Term> terms() const { return terms_; }
  std::span<const Term> without_constant() const {
    return std::span(terms_).subspan(has_constant() ? 1 : 0);
  }
  Int constant() const { return has_constant() ? terms_[0].coef : Int(); }
  bool is_constant() const { return terms_.size() == (has_constant() ? 1 : 0); }
  bool is_zero() const { return terms_.empty(); }
  Int content() const;  // gcd of all coefficients but the constant; 0 for a constant

  void add(const Monomial& mono, const Int& coef);
  void add_scaled(const Poly& p, const Int& factor);
  friend Poly operator+(Poly a, const Poly& b) {
    a.add_scaled(b, Int(1));
    return a;
  }
  friend Poly operator-(Poly a, const Poly& b) {
    a.add_scaled(b, Int(-1));
    return a;
  }
  friend Poly operator-(const Poly& a) { return Poly() - a; }
  friend Poly operator+(Poly a, int64_t b) { return std::move(a) + Poly(Int(b)); }
  friend Poly operator-(Poly a, int64_t b) { return std::move(a) - Poly(Int(b)); }
  friend Poly operator*(const Poly& a, const Poly& b);
  friend bool operator==(const Poly&, const Poly&) = default;

  // All coefficients divided by g, which divides all but the constant; that is rounded
  // down.
  Poly divided(const Int& g) const;

 private:
  bool has_constant() const { return !terms_.empty() && terms_[0].mono.empty(); }
  std::vector<Term> terms_;
};

Monomial product(const Monomial& a, const Monomial& b);

}  // namespace congrua::proof

#endif  // CONGRUA_PROOF_POLY_H_
