// Quotients and remainders by constants, with what a sum around them may give to them or
// take from them.
#include <algorithm>
#include <optional>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;

namespace {

constexpr size_t kMaxNumerator = 12;
constexpr uint32_t kMaxFactors = 8;  // equal ones beside a quotient

// Are the factors beside the quotient its divisor, but for a number?
bool beside_divisor(const FactorView& view, const Node* quotient) {
  const LinearView b(args_of(quotient)[1]);
  if (b.terms().size() != 1 || !b.constant().is_zero()) return false;
  const FactorView divisor(b.terms()[0].mono);
  if (divisor.factors().size() + 1 != view.factors().size()) return false;
  return std::ranges::all_of(divisor.factors(), [&](const Factor& x) {
    return std::ranges::any_of(view.factors(), [&](const Factor& f) {
      return f.base == x.base && f.exponent == x.exponent;
    });
  });
}

// A quotient among the factors: of several, since divisors may be quotients, too, the one
// that stands beside its divisor.
const Node* quotient_of(const Node* mono) {
  const Node* quotient = nullptr;
  const FactorView view(mono);
  for (const Factor& f : view.factors()) {
    if (f.base->op != Op::kFloorDiv || f.exponent != 1) continue;
    if (quotient == nullptr || !beside_divisor(view, quotient)) quotient = f.base;
  }
  return quotient;
}

// Coefficients modulo m, each nearest to 0.
Poly nearest(const Poly& a, const Int& m) {
  Poly out;
  for (const Term& t : a.terms) {
    Int k = floor_mod(t.coef, m);
    if (k + k > m) k -= m;
    if (!k.is_zero()) out.terms.push_back({k, t.mono});
  }
  out.constant = floor_mod(a.constant, m);
  return out;
}

// Has a term into whose operands a sign may go.
bool takes_signs(const Poly& p) {
  return std::ranges::any_of(p.terms, [](const Term& t) {
    return t.mono->op == Op::kMin || t.mono->op == Op::kMax || t.mono->op == Op::kSelect;
  });
}

// A sum of subtractions alone is written with a sign ahead of it.
bool has_sign(const Poly& p) {
  return p.constant.is_zero() && !p.terms.empty() &&
         std::ranges::all_of(p.terms, [](const Term& t) { return t.coef == Int(-1); });
}

}  // namespace

// a//m = ceil(a - m + 1, m) = (-a)//(-m), and with the other sign -ceil(-a, m),
// -((m - 1 - a)//m), -((a - m + 1)//(-m)) and -ceil(a, -m).
absl::InlinedVector<Extractor::Signed, 4> Extractor::quotients(const Poly& a,
                                                               const Int& m) {
  struct Way {
    ViewOp op;
    bool mirrored;  // the numerator is -a + shift
    Int shift;
    bool negative_divisor;
    bool negative;
  };
  const Int last = m - Int(1);
  const bool floor = options_.division == Division::kFloor;
  const Way ways[] = {
      {ViewOp::kFloorDiv, false, Int(0), false, false},
      {ViewOp::kCeilDiv, false, -last, false, false},
      {ViewOp::kFloorDiv, true, Int(0), true, false},
      {ViewOp::kCeilDiv, true, Int(0), false, true},
      {ViewOp::kFloorDiv, true, last, false, true},
      {ViewOp::kFloorDiv, false, -last, true, true},
      {ViewOp::kCeilDiv, true, last, true, false},
      {ViewOp::kCeilDiv, false, Int(0), true, true},
  };
  const Poly negated = scaled(a, Int(-1));
  // The sign of an extreme or a selection goes into its operands: what comes of it is
  // seen when it is written.
  const bool written = can_settle(a) && takes_signs(a);
  absl::InlinedVector<Signed, 4> out;
  for (const bool negative : {false, true}) {
    Poly best;
    const Way* best_way = nullptr;
    uint64_t least = UINT64_MAX;
    for (const Way& w : ways) {
      if (w.negative != negative || (w.negative_divisor && !floor)) continue;
      Poly p = w.mirrored ? negated : a;
      p.constant += w.shift;
      if (written && best_way != nullptr && this->least(p) > least) continue;
      const uint64_t e = written ? cost(poly_view(p)) : likely(p) + has_sign(p);
      if (best_way != nullptr && e >= least) continue;
      least = e;
      best_way = &w;
      best = std::move(p);
    }
    const ViewId args[] = {poly_view(std::move(best)),
                           integer(best_way->negative_divisor ? -m : m)};
    out.push_back({app(best_way->op, args), negative});
  }
  return out;
}

// a%m, and -((-a)%(-m)).
absl::InlinedVector<Extractor::Signed, 4> Extractor::remainders(const Poly& a,
                                                                const Int& m,
                                                                uint64_t limit) {
  // Multiples of m may be added to the numerator.
  absl::InlinedVector<Poly, 6> ways;
  const Poly near = nearest(a, m);
  Poly plain;
  for (const Term& t : a.terms) add_term(plain, t.mono, floor_mod(t.coef, m));
  plain.constant = near.constant;
  for (const Poly* p : {&near, &std::as_const(plain)}) {
    for (Completed& c : completions(*p, m)) ways.push_back(std::move(c.numerator));
  }
  // Of the others the shortest.
  const Poly* best = nullptr;
  uint64_t least = UINT64_MAX;
  Poly less = near;
  if (!near.constant.is_zero()) less.constant -= m;
  for (const Poly* p : {&near, &std::as_const(plain), &a, &std::as_const(less)}) {
    if (p->terms.empty()) continue;
    if (const uint64_t e = estimate(*p); best == nullptr || e < least) {
      least = e;
      best = p;
    }
  }
  if (best != nullptr) ways.push_back(*best);
  absl::InlinedVector<Signed, 4> out;
  for (const Poly& p : ways) {
    if (this->least(p) >= limit) continue;
    const ViewId args[] = {poly_view(p), integer(m)};
    out.push_back({app(ViewOp::kFloorMod, args), false});
  }
  if (options_.division == Division::kFloor) {
    best = nullptr;
    least = UINT64_MAX;
    const Poly turned = scaled(a, Int(-1));
    const Poly mirrors[] = {scaled(near, Int(-1)), scaled(plain, Int(-1)), turned,
                            takes_signs(a) ? turned : nearest(turned, m)};
    for (const Poly& p : mirrors) {
      if (p.terms.empty()) continue;
      if (const uint64_t e = estimate(p); best == nullptr || e < least) {
        least = e;
        best = &p;
      }
    }
    if (best != nullptr && this->least(*best) < limit) {
      const ViewId args[] = {poly_view(*best), integer(-m)};
      out.push_back({app(ViewOp::kFloorMod, args), true});
    }
  }
  return out;
}

// Ways to see the quotient q of p as floor_div(A, c): as it stands, and with a division
// that the canonical form has fused taken apart again, a//(b*c) = (a//b)//c for a b that
// another quotient of p has.
absl::InlinedVector<Extractor::Divided, 4> Extractor::divided_ways(const Poly& p,
                                                                   const Node* q) {
  const Node* a = args_of(q)[0];
  const Int& m = *constant_divisor(q);
  absl::InlinedVector<Divided, 4> ways = {{poly_of(a), m}};
  if (!m.is_small()) return ways;
  absl::InlinedVector<Int, 4> inner;
  for (const Term& t : p.terms) {
    const Node* other = quotient_of(t.mono);
    if (other == nullptr || other == q) continue;
    const Int* b = constant_divisor(other);
    if (b == nullptr || *b == m || !floor_mod(m, *b).is_zero()) continue;
    if (std::ranges::find(inner, *b) == inner.end()) inner.push_back(*b);
  }
  for (const Int& b : inner) {
    const Node* whole = builder_.floor_div(a, builder_.constant(b));
    ways.push_back({poly_of(whole), floor_div(m, b)});
  }
  return ways;
}

// k*m*(a//m) = k*a - k*(a%m), and the same times a factor.
absl::InlinedVector<Extractor::Conversion, 4> Extractor::conversions(const Poly& p,
                                                                     size_t i) {
  absl::InlinedVector<Conversion, 4> out;
  const Term& t = p.terms[i];
  const Node* quotient = quotient_of(t.mono);
  if (quotient == nullptr || constant_divisor(quotient) == nullptr ||
      poly_of(args_of(quotient)[0]).terms.size() > kMaxNumerator) {
    return out;
  }
  // The other factors of the term.
  const Node* factor = builder_.constant(Int(1));
  Item item;
  const FactorView view(t.mono);
  for (const Factor& f : view.factors()) {
    if (f.base == quotient) continue;
    if (f.exponent > kMaxFactors) return out;
    for (uint32_t e = 0; e < f.exponent; ++e) {
      factor = builder_.mul(factor, f.base);
      item.factors.push_back(atom(f.base));
    }
  }
  for (Divided& way : divided_ways(p, quotient)) {
    const Int& m = way.divisor;
    if (!floor_mod(t.coef, m).is_zero()) continue;
    const Int k = floor_div(t.coef, m);
    // a//m = -((m - 1 - a)//m): the mirrored remainder is m - 1 - a%m.
    Poly mirrored = scaled(way.dividend, Int(-1));
    mirrored.constant += m - Int(1);
    for (const Int& times : {k, -k}) {
      Conversion c{std::move(times == k ? way.dividend : mirrored), m, {}, item};
      c.item.coef = -times;
      if (t.mono == quotient) {
        add_poly(c.beside, c.numerator, times);
      } else {
        const Node* product = builder_.mul(node_of(builder_, c.numerator), factor);
        add_poly(c.beside, poly_of(product), times);
      }
      out.push_back(std::move(c));
    }
  }
  return out;
}

void Extractor::try_remainder(const Sum& s, size_t i, Best& best) {
  const Node* quotient = quotient_of(s.open.terms[i].mono);
  if (quotient == nullptr) return;
  if (args_of(quotient)[1]->op != Op::kConst) {
    try_symbolic_remainder(s, i, best);
    return;
  }
  bool shorter = false;
  const auto with = [](Sum sum, const Conversion& c, const Signed& r) {
    sum.items.push_back(c.item);
    if (r.negative) sum.items.back().coef = -c.item.coef;
    sum.items.back().factors.push_back(r.view);
    return sum;
  };
  const absl::InlinedVector<Conversion, 4> own = conversions(s.open, i);
  for (const Conversion& c : own) {
    Sum base = s;
    erase_term(base.open, i);
    add_poly(base.open, c.beside, Int(1));
    // What is left beside the remainder's numerator costs this much.
    const uint64_t beside = price_beside(base.open, base.items, c.item) + 1;
    if (beside >= best.price) continue;
    for (const Signed& r : remainders(c.numerator, c.divisor, best.price - beside))
      shorter |= keep(with(base, c, r), best);
  }
  // Two at once: what the one leaves beside it the other may take.
  for (size_t j = i + 1; j < s.open.terms.size() && !shorter && !own.empty(); ++j) {
    const absl::InlinedVector<Conversion, 4> others = conversions(s.open, j);
    for (const Conversion& c : own) {
      for (const Conversion& d : others) {
        if (trials_ <= 0) return;
        Sum base = s;
        erase_term(base.open, j);
        erase_term(base.open, i);
        const size_t before = base.open.terms.size();
        add_poly(base.open, c.beside, Int(1));
        const size_t between = base.open.terms.size();
        add_poly(base.open, d.beside, Int(1));
        const size_t after = base.open.terms.size();
        if (between - before + d.beside.terms.size() <= after - before) continue;
        const uint64_t beside = price_beside(base.open, base.items, c.item) + 1;
        if (beside >= best.price) continue;
        for (const Signed& r : remainders(c.numerator, c.divisor, best.price - beside)) {
          const Sum one = with(base, c, r);
          const uint64_t rest = price_beside(one.open, one.items, d.item) + 1;
          if (rest >= best.price) continue;
          for (const Signed& q : remainders(d.numerator, d.divisor, best.price - rest))
            shorter |= keep(with(one, d, q), best);
        }
      }
    }
  }
}

// A symbolic divisor: k*b*(a//b) = k*a - k*(a%b), and (-a)//b = -ceil(a, b).
void Extractor::try_symbolic_remainder(const Sum& s, size_t i, Best& best) {
  const Term t = s.open.terms[i];
  const Node* quotient = quotient_of(t.mono);
  if (quotient == nullptr || options_.division != Division::kFloor) return;
  const Node* divisor = args_of(quotient)[1];
  const Poly a = poly_of(args_of(quotient)[0]);
  if (a.terms.size() > kMaxNumerator) return;
  if (t.mono == quotient) {
    const Poly turned = scaled(a, Int(-1));
    if (estimate(turned) >= add_costs(estimate(a), 1)) return;
    Sum next = s;
    erase_term(next.open, i);
    const ViewId args[] = {poly_view(turned), value(divisor)};
    next.items.push_back({-t.coef, {app(ViewOp::kCeilDiv, args)}});
    keep(std::move(next), best);
    return;
  }
  const Node* product = builder_.mul(divisor, quotient);
  const LinearView whole(product);
  // Of a divisor of several terms each stands in the sum; the first of them is asked.
  if (whole.terms().empty() || whole.terms()[0].mono != t.mono ||
      whole.terms().size() > s.open.terms.size() ||
      !floor_mod(t.coef, whole.terms()[0].coef).is_zero()) {
    return;
  }
  const Int k = floor_div(t.coef, whole.terms()[0].coef);
  const bool all = std::ranges::all_of(whole.terms(), [&](const Term& x) {
    return coefficient(s.open, x.mono) == k * x.coef;
  });
  if (!all) return;
  Sum next = s;
  add_poly(next.open, poly_of(product), -k);
  add_poly(next.open, a, k);
  const ViewId args[] = {value(args_of(quotient)[0]), value(divisor)};
  next.items.push_back({-k, {app(ViewOp::kFloorMod, args)}});
  keep(std::move(next), best);
}

}  // namespace congrua::rewrite
