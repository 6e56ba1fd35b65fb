// floor_mod comes back where a sum holds p - q*floor_div(p, q).
#include <algorithm>
#include <utility>

#include "expr/sum_shape.h"

namespace congrua::internal {

namespace {

// Quotients of one sum that are looked at pairwise.
constexpr size_t kMaxNested = 16;
// A remainder times a monomial is written only while reading it expands the product
// again.
constexpr size_t kMaxFactoredRemainder = 256;

void merge(Poly& p) {
  std::ranges::stable_sort(p.terms, structural_less, &Term::mono);
  size_t out = 0;
  for (size_t i = 0; i < p.terms.size();) {
    Term t = p.terms[i];
    for (++i; i < p.terms.size() && p.terms[i].mono == t.mono; ++i)
      t.coef += p.terms[i].coef;
    if (!t.coef.is_zero()) p.terms[out++] = std::move(t);
  }
  p.terms.resize(out, Term{});
}

}  // namespace

void SumShape::find_remainders() {
  for (size_t i = 0; i < works_.size() && budget_ != 0; ++i) {
    if (works_[i].coef.is_zero() || !works_[i].shown.empty()) continue;
    const Mono mono = works_[i].mono;  // works_ grows
    for (const auto& [base, exponent] : mono) {
      if (base->op != Op::kFloorDiv || exponent != 1) continue;
      if (!views_.rounds_down(divisor_of(base))) continue;
      const Mono rest = *divide(mono, {{base, 1}});
      const Int coef = works_[i].coef;
      if (try_remainder(coef, rest, base) || try_nested(coef, rest, base)) break;
    }
  }
}

// What writing k * m * remainder for k * m * p and the multiple of the quotient gains:
// terms of p that go less those that come. The quotient's term goes too, the
// remainder's comes. nullopt: it does not pay.
std::optional<int64_t> SumShape::gain(const Poly& p, const Mono& m, const Int& k) const {
  if (!m.empty() && p.terms.size() > kMaxFactoredRemainder) return std::nullopt;
  int64_t gone = 0, come = 0;
  const auto count = [&](const Mono& mono, const Int& c) {
    const Int have = coefficient(mono);
    gone += have == k * c;
    come += have.is_zero();
  };
  for (const Term& t : p.terms) count(times(m, mono_of(t.mono)), t.coef);
  if (gone == 0 && !p.terms.empty()) return std::nullopt;
  if (!p.constant.is_zero()) count(m, p.constant);
  return gone >= come ? std::optional(gone - come) : std::nullopt;
}

void SumShape::take(const Poly& p, const Mono& m, const Int& k) {
  for (const Term& t : p.terms) change(times(m, mono_of(t.mono)), -(k * t.coef));
  if (!p.constant.is_zero()) change(m, -(k * p.constant));
}

void SumShape::put_remainder(const Int& k, const Mono& m, const Node* quotient,
                             ViewId view) {
  works_.push_back({k, m, {{quotient, view, 1, true}}});
}

// The sum holds coef * rest * floor_div(p, q). Is that -k * m * q * floor_div(p, q),
// beside k * m * p?
bool SumShape::try_remainder(const Int& coef, const Mono& rest, const Node* quotient) {
  const LinearView q(divisor_of(quotient));
  const LinearView dividend(dividend_of(quotient));
  if (!charge(q.terms().size() + dividend.terms().size())) return false;
  const Mono lead = q.terms().empty() ? Mono() : mono_of(q.terms()[0].mono);
  const std::optional<Mono> m = divide(rest, lead);
  const std::optional<Int> k =
      exact_quotient(-coef, q.terms().empty() ? q.constant() : q.terms()[0].coef);
  if (!m || !k) return false;
  const Mono times_quotient = times(*m, {{quotient, 1}});
  for (const Term& t : q.terms()) {
    if (!(coefficient(times(times_quotient, mono_of(t.mono))) == -(*k * t.coef)))
      return false;
  }
  if (!q.constant().is_zero() && !(coefficient(times_quotient) == -(*k * q.constant()))) {
    return false;
  }
  const Poly p = poly_of(dividend_of(quotient));
  const std::optional<int64_t> plain = gain(p, *m, *k);
  std::optional<int64_t> other;
  Poly mirrored;
  if (views_.mirrored_remainder_view(quotient) != kNoView) {
    mirrored = mirrored_dividend(quotient);
    other = gain(mirrored, *m, -*k);
  }
  if (!plain && !other) return false;
  for (const Term& t : q.terms()) {
    change(times(times_quotient, mono_of(t.mono)), *k * t.coef);
  }
  if (!q.constant().is_zero()) change(times_quotient, *k * q.constant());
  if (!plain || (other && *other > *plain)) {
    take(mirrored, *m, -*k);
    put_remainder(-*k, *m, quotient, views_.mirrored_remainder_view(quotient));
  } else {
    take(p, *m, *k);
    put_remainder(*k, *m, quotient, views_.remainder_view(quotient));
  }
  return true;
}

// floor_div(p, d*e) = floor_div(floor_div(g, e) + r, d) where p = g + e*r: beside the
// inner quotient it may be a remainder by d.
bool SumShape::try_nested(const Int& coef, const Mono& rest, const Node* outer) {
  const Int* c = constant_divisor(outer);
  if (c == nullptr || freedom_ == Freedom::kNumerator) return false;
  if (!c->is_small()) return false;  // larger divisors are not fused
  size_t looked_at = 0;
  for (size_t j = 0; j < works_.size() && looked_at < kMaxNested; ++j) {
    if (pairs_left_ == 0) return false;
    --pairs_left_;
    if (works_[j].coef.is_zero() || !works_[j].shown.empty()) continue;
    for (const auto& [inner, exponent] : works_[j].mono) {
      if (inner->op != Op::kFloorDiv || inner == outer || exponent != 1) continue;
      const Int* e = constant_divisor(inner);
      if (e == nullptr || !(*e < *c) || !floor_mod(*c, *e).is_zero()) continue;
      ++looked_at;
      const Int d = floor_div(*c, *e);
      const Int k = works_[j].coef;
      if (!(coef == -(k * d)) || !(works_[j].mono == times(rest, {{inner, 1}}))) continue;
      if (nested_remainder(coef, rest, outer, inner, d, k)) return true;
    }
  }
  return false;
}

bool SumShape::nested_remainder(const Int& coef, const Mono& rest, const Node* outer,
                                const Node* inner, const Int& d, const Int& k) {
  Poly p = poly_of(dividend_of(outer));
  const Poly g = poly_of(dividend_of(inner));
  if (!charge(p.terms.size() + g.terms.size())) return false;
  for (const Term& t : g.terms) p.terms.push_back({-t.coef, t.mono});
  p.constant -= g.constant;
  merge(p);
  for (Term& t : p.terms) {
    const std::optional<Int> r = exact_quotient(t.coef, *constant_divisor(inner));
    if (!r) return false;
    t.coef = *r;
  }
  // A reader fuses the two divisions again only where no other quotient could be fused.
  for (const Term& t : p.terms) {
    const Int residue = floor_mod(t.coef, d);
    if (t.mono->op == Op::kFloorDiv && constant_divisor(t.mono) != nullptr &&
        (t.mono == inner || residue.is_one() || residue == d - Int(1))) {
      return false;
    }
  }
  const std::optional<Int> r = exact_quotient(p.constant, *constant_divisor(inner));
  if (!r) return false;
  p.constant = *r;
  p.terms.push_back({Int(1), inner});
  merge(p);
  if (!gain(p, rest, k)) return false;
  change(times(rest, {{outer, 1}}), -coef);
  take(p, rest, k);
  const ViewId operands[] = {views_.numerator_view(p), views_.integer(d)};
  put_remainder(k, rest, outer, views_.node_view(ViewOp::kFloorMod, operands));
  return true;
}

}  // namespace congrua::internal
