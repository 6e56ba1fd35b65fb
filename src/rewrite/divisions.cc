// floor_div under facts. Notation: a//b is floor_div, a%b floor_mod.
//
// The one idea: where a sum a = g*A + r with 0 <= r < g is seen, a//g = A, and
// a//(g*c) = A//c for c > 0. A coefficient may be taken as k or as k - g, so that r stays
// within one period of g (laws_div.inc).
#include <algorithm>

#include "rewrite/polynomials.h"
#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::LinearView;
using internal::Term;

namespace {

constexpr size_t kMaxParts = 12;
constexpr int64_t kMaxGap = 3;  // of a quotient that is nearly another term

}  // namespace

bool Simplifier::fold(const Parts& parts, const Int& constant, const Int& g,
                      const Node** quotient, int64_t* gap) {
  if (!g.is_small()) return false;
  const size_t n = parts.size();
  // Nothing but the facts bounds a multiple of what is not bounded.
  if (facts_.ge_facts.empty() && std::ranges::any_of(parts, [&](const Part& x) {
        return (x.domain.lo() == kNegInf || x.domain.hi() == kPosInf) &&
               !floor_mod(x.coef, g).is_zero();
      })) {
    return false;
  }
  // Remainders of the coefficients, and where only one representative can be right.
  absl::InlinedVector<Int, 8> low(n);
  absl::InlinedVector<size_t, 8> open;
  for (size_t i = 0; i < n; ++i) {
    low[i] = floor_mod(parts[i].coef, g);
    if (!low[i].is_zero()) open.push_back(i);
  }
  const Int k = floor_mod(constant, g);
  const Domain start = Domain::point(*k.to_int64());
  // residual in [q*g, q*g + g - 1], or up to so many periods more: q.
  const int64_t most = gap == nullptr ? 0 : kMaxGap;
  const auto within = [&](const Domain& d) -> std::optional<Int> {
    if (d.empty() || d.lo() == kNegInf || d.hi() == kPosInf) return std::nullopt;
    const Int lo = floor_div(Int(d.lo()), g);
    const Int more = floor_div(Int(d.hi()), g) - lo;
    if (more > Int(most)) return std::nullopt;
    if (gap != nullptr) *gap = *more.to_int64();
    return lo;
  };
  const auto period =
      [&](const absl::InlinedVector<Int, 8>& coefs) -> std::optional<Int> {
    LinearRange sum(start);
    for (const size_t i : open) guard::add_scaled(sum, parts[i].domain, coefs[i]);
    return within(sum.get());
  };
  absl::InlinedVector<Int, 8> coefs = low;
  std::optional<Int> q = period(coefs);
  if (!q && !open.empty()) {
    for (const size_t i : open) {
      if (low[i] + low[i] > g) coefs[i] = low[i] - g;
    }
    q = period(coefs);
    for (size_t j = 0; !q && j < open.size() && open.size() <= kMaxParts; ++j) {
      const size_t i = open[j];
      const Int old = coefs[i];
      coefs[i] = old.sign() < 0 ? low[i] : low[i] - g;
      q = period(coefs);
      if (!q) coefs[i] = old;
    }
  }
  // What the facts say of all together.
  if (!q && open.size() > 1 && open.size() < n && !facts_.ge_facts.empty()) {
    const auto joint = [&] {
      const Node* rest = builder_.constant(k);
      for (const size_t i : open)
        rest = builder_.add(rest, builder_.scale(parts[i].node, coefs[i]));
      q = within(range(rest));
    };
    coefs = low;
    joint();
    if (!q) {
      for (const size_t i : open) {
        if (low[i] + low[i] > g) coefs[i] = low[i] - g;
      }
      joint();
    }
  }
  if (!q) return false;
  const Node* sum = builder_.constant(floor_div(constant, g) + *q);
  for (size_t i = 0; i < n; ++i) {
    const Int whole = floor_div(parts[i].coef - coefs[i], g);
    sum = builder_.add(sum, builder_.scale(parts[i].node, whole));
  }
  *quotient = sum;
  return true;
}

// k*(p - c*(p//c)) among the terms is k*(p mod c), which lies in [0, c) whatever p does.
Simplifier::Parts Simplifier::parts_with_remainders(Poly& p, bool* any) {
  Parts parts;
  *any = false;
  const auto take = [&](const Node* quotient) {
    const Int& c = *constant_divisor(quotient);
    const Int have = coefficient(p, quotient);
    const Node* dividend = args_of(quotient)[0];
    const LinearView d(dividend);
    const Int k = -floor_div(have, c);
    if (have.is_zero() || !floor_mod(have, c).is_zero()) return;
    const bool whole = std::ranges::all_of(
        d.terms(), [&](const Term& t) { return coefficient(p, t.mono) == k * t.coef; });
    if (!whole) return;
    for (const Term& t : d.terms()) add_term(p, t.mono, -(k * t.coef));
    add_term(p, quotient, -have);
    p.constant -= k * d.constant();
    const Node* remainder = builder_.sub(dividend, builder_.scale(quotient, c));
    parts.push_back({k, remainder, range(remainder)});
    *any = true;
  };
  absl::InlinedVector<const Node*, 4> quotients;
  for (const Term& t : p.terms) {
    if (t.mono->op == Op::kFloorDiv && constant_divisor(t.mono) != nullptr)
      quotients.push_back(t.mono);
  }
  for (const Node* q : quotients) take(q);
  for (const Term& t : p.terms) parts.push_back({t.coef, t.mono, range(t.mono)});
  return parts;
}

// Common divisors of c and the coefficients, the largest first.
absl::InlinedVector<Int, 8> Simplifier::candidate_divisors(const Parts& parts,
                                                           const Int& c) {
  absl::InlinedVector<Int, 8> out;
  const auto consider = [&](const Int& g) {
    if (g > Int(1) && g < c && std::ranges::find(out, g) == out.end() && out.size() < 8) {
      out.push_back(g);
    }
  };
  for (size_t i = 0; i < parts.size() && i < kMaxParts; ++i) {
    const Int g = gcd(parts[i].coef, c);
    consider(g);
    for (size_t j = 0; j < i; ++j) consider(gcd(g, parts[j].coef));
  }
  std::ranges::sort(out, [](const Int& x, const Int& y) { return x > y; });
  return out;
}

const Node* Simplifier::divide_by_constant(const Node* n, const Node* a, const Int& c) {
  if (a->op == Op::kFloorDiv && args_of(a)[1]->op != Op::kConst)
    return builder_.floor_div(args_of(a)[0], builder_.scale(args_of(a)[1], c));
  const LinearView v(a);
  // a = t + k with t = r mod g, g a divisor of c: the constant goes as far as it does not
  // matter, so that x//3 + 1 and (x + 2)//3 are one where x = 1 mod 3.
  if (!v.constant().is_zero()) {
    const Node* t = builder_.add_const(a, -v.constant());
    const Domain d = range(t);
    if (d.mod() > 1 && !d.is_point()) {
      const Int g = gcd(Int(d.mod()), c);
      if (g > Int(1)) {
        // t + k and t + k' lie in one class of multiples of g for k, k' in one period.
        const Int r = floor_mod(Int(d.rem()), g);
        const Int k = floor_div(r + v.constant(), g) * g - floor_div(r, g) * g;
        if (!(k == v.constant())) return divided(builder_.add_const(t, k), c);
      }
    }
  }
  // Into the arms of a selection where that is shorter.
  if (v.terms().size() == 1 && v.terms()[0].mono->op == Op::kSelect && nesting_ <= 2) {
    const Node* select = v.terms()[0].mono;
    const auto whole = [&](size_t arm) {
      const Node* x = builder_.scale(args_of(select)[arm], v.terms()[0].coef);
      return run(divided(builder_.add_const(x, v.constant()), c));
    };
    const Node* then = whole(1);
    const Node* otherwise = whole(2);
    const Node* distributed = builder_.select(args_of(select)[0], then, otherwise);
    if (then == otherwise || cost(distributed) < cost(n)) return distributed;
  }
  if (v.terms().size() > kMaxParts) return n;
  budget_.charge(8);
  const auto attempt = [&](const Parts& parts, const Int& constant,
                           const Node* whole) -> const Node* {
    const Node* quotient;
    if (fold(parts, constant, c, &quotient)) return builder_.add(quotient, whole);
    for (const Int& g : candidate_divisors(parts, c)) {
      if (fold(parts, constant, g, &quotient)) {
        const Node* rest = builder_.constant(floor_div(c, g));
        return builder_.add(builder_.floor_div(quotient, rest), whole);
      }
    }
    return nullptr;
  };
  if (const Node* r =
          attempt(parts_of(v.terms()), v.constant(), builder_.constant(Int(0)))) {
    return r;
  }
  // (x//b + r)//c = (x + b*r)//(b*c): of several quotients the builder fuses none, here
  // it is the one with the least divisor.
  const Node* inner = nullptr;
  for (const Term& t : v.terms()) {
    if (t.mono->op != Op::kFloorDiv || !t.coef.is_one()) continue;
    const Int* b = constant_divisor(t.mono);
    if (b == nullptr || !(*b * c).is_small()) continue;
    const Int* least = inner == nullptr ? nullptr : constant_divisor(inner);
    if (least == nullptr || *b < *least || (*b == *least && t.mono->hash < inner->hash)) {
      inner = t.mono;
    }
  }
  if (inner != nullptr) {
    const Int& b = *constant_divisor(inner);
    const Node* rest = builder_.scale(builder_.sub(a, inner), b);
    const Node* fused = builder_.add(args_of(inner)[0], rest);
    return divided(fused, b * c);
  }
  // Quotients that make remainders with other terms, if need be after multiples of c were
  // added.
  const bool quotients = std::ranges::any_of(
      v.terms(), [](const Term& t) { return t.mono->op == Op::kFloorDiv; });
  if (!quotients) return n;
  Poly completed = poly_of(a);
  Poly whole;
  const bool changed = complete_remainders(completed, c, &whole);
  bool any;
  const Parts parts = parts_with_remainders(completed, &any);
  if (changed || any) {
    const Node* outside = node_of(builder_, whole);
    if (const Node* r = attempt(parts, completed.constant, outside)) return r;
  }
  const Node* r = divide_radices(a, c, {});
  return r != nullptr ? r : n;
}

const Node* Simplifier::divide_by_term(const Node* n, const Node* a, const Node* b) {
  const Domain divisor = range(b);
  if (divisor.contains(0)) return n;
  if (const Node* r = division_rules(n); r != n) return r;
  if (divisor.hi() < 0) {
    // The canonical form may have turned both signs.
    const Node* turned = builder_.neg(a);
    if (turned->op != Op::kFloorDiv) return n;
    return builder_.floor_div(args_of(turned)[0],
                              builder_.mul(args_of(turned)[1], builder_.neg(b)));
  }
  if (divisor.lo() <= 0) return n;
  // b = f*c: where a = f*A + r with 0 <= r < f it is A//c.
  const LinearView vb(b);
  if (vb.terms().size() != 1 || !vb.constant().is_zero()) return n;
  const Node* mono = vb.terms()[0].mono;
  const LinearView va(a);
  if (mono->op == Op::kMul) {
    for (const internal::Factor& f : internal::factors_of(mono)) {
      if (range(f.base).lo() <= 0) continue;
      const Node* whole = builder_.floor_div(a, f.base);
      // Every multiple of f came out, and what is left is a quotient that is constant.
      const Node* quotient = run(whole);
      if (cost(quotient) >= cost(a)) continue;
      return builder_.floor_div(quotient, builder_.floor_div(b, f.base));
    }
  }
  return n;
}

const Node* Simplifier::division_step(const Node* n) {
  const Node* a = args_of(n)[0];
  const Node* b = args_of(n)[1];
  if (b->op == Op::kConst) {
    const Int& c = const_value(b);
    return c.sign() > 0 ? divide_by_constant(n, a, c) : n;
  }
  return divide_by_term(n, a, b);
}

}  // namespace congrua::rewrite
