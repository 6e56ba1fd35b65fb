// Quotients and remainders rounded to 0, as C has them: selections between floor and
// ceiling.
#include <algorithm>

#include "expr/divisions.h"
#include "expr/walk.h"
#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {

constexpr size_t kMaxTruncations = 4;  // ways to take one out of a selection

size_t quotients_below(const Node* n) {
  return internal::nodes_below(
             n, [](const Node*) { return true; },
             [](const Node* x) { return x->op == Op::kFloorDiv; })
      .size();
}

}  // namespace

// trunc(u, m) is floor(u / m) where u >= 0 and ceil(u / m) elsewhere; where m divides u
// they agree. So select(c, a, b) with a - b = k*(floor(u/m) - ceil(u/m)) and c between
// u > 0 and u >= 0 is k*trunc(u, m) + (a - k*floor(u/m)).
std::optional<Extractor::Truncated> Extractor::find_truncated(const Node* select) {
  const auto args = args_of(select);
  if (args[0]->op == Op::kIff) {
    // A divisor of unknown sign: trunc_div is what it was built by.
    for (const Node* arm : {args[1], args[2]}) {
      for (const LinearView v(arm); const Term& t : v.terms()) {
        if (t.mono->op != Op::kFloorDiv) continue;
        const auto quotient = args_of(t.mono);
        const Node* built = internal::trunc_div(builder_, quotient[0], quotient[1]);
        for (const int sign : {1, -1}) {
          if (builder_.scale(built, sign) == select)
            return Truncated{quotient[0], quotient[1], sign, builder_.constant(0)};
        }
      }
    }
    return std::nullopt;
  }
  if (args[0]->op != Op::kGe) return std::nullopt;
  const Node* p = args_of(args[0])[0];
  const Node* gap = builder_.sub(args[1], args[2]);
  // Divisors are those of the arms' quotients; dividends are the condition's side or a
  // quotient's numerator that differs from it by a multiple of m.
  absl::InlinedVector<const Int*, 4> divisors;
  absl::InlinedVector<const Node*, 8> dividends = {
      p, builder_.add_const(p, Int(1)), builder_.neg(p),
      builder_.add_const(builder_.neg(p), Int(-1))};
  for (const Node* arm : {args[1], args[2]}) {
    const LinearView v(arm);
    for (const Term& t : v.terms()) {
      if (t.mono->op != Op::kFloorDiv) continue;
      const Int* m = constant_divisor(t.mono);
      if (m == nullptr) continue;
      const bool known =
          std::ranges::any_of(divisors, [&](const Int* d) { return *d == *m; });
      if (!known) divisors.push_back(m);
      // u = k*p + c for the coefficient k that the numerator has.
      const LinearView numerator(args_of(t.mono)[0]);
      const LinearView side(p);
      if (numerator.terms().empty() || side.terms().empty()) continue;
      const Int& have = numerator.terms()[0].coef;
      const Int& unit = side.terms()[0].coef;
      if (!floor_mod(have, unit).is_zero()) continue;
      const Int k = floor_div(have, unit);
      for (const Int& scale : {k, -k}) {
        for (const Int& shift : {Int(0), Int(1)}) {
          dividends.push_back(builder_.scale(builder_.add_const(p, shift), scale));
        }
      }
      if (dividends.size() > 16) return std::nullopt;
    }
  }
  for (const Int* m : divisors) {
    const Node* divisor = builder_.constant(*m);
    for (const Node* u : dividends) {
      // The condition is u >= 0 or u >= 1, or their negations with the arms exchanged.
      const bool plain = builder_.ge0(u) == args[0] ||
                         builder_.ge0(builder_.add_const(u, Int(-1))) == args[0];
      const Node* mirrored = builder_.neg(u);
      const bool turned = builder_.ge0(mirrored) == args[0] ||
                          builder_.ge0(builder_.add_const(mirrored, Int(-1))) == args[0];
      if (!plain && !turned) continue;
      const Node* low = builder_.floor_div(u, divisor);
      const Node* unit = builder_.sub(low, builder_.ceil_div(u, divisor));
      const LinearView have(gap);
      const LinearView want(unit);
      if (have.terms().empty() || want.terms().size() != have.terms().size()) continue;
      if (!floor_mod(have.terms()[0].coef, want.terms()[0].coef).is_zero()) continue;
      Int k = floor_div(have.terms()[0].coef, want.terms()[0].coef);
      if (builder_.scale(unit, k) != gap) continue;
      // Where the condition says u <= 0 the first arm is the one with the ceiling.
      if (!plain) k = -k;
      const Node* rest = builder_.sub(plain ? args[1] : args[2], builder_.scale(low, k));
      return Truncated{u, divisor, k, rest};
    }
  }
  return std::nullopt;
}

// The arms may be sums of several, or of those of a dividend that is rounded itself
// (trunc_div of expr/divisions.h gives all of them the condition of the innermost): one
// for each quotient of the first arm, with what the dividend is below in the other one.
void Extractor::find_nested(const Node* select, Truncations& found) {
  const auto args = args_of(select);
  if (args[0]->op != Op::kGe) return;
  const LinearView first(args[1]);
  const LinearView second(args[2]);
  const auto consider = [&](const Node* a, const Node* b, const Int& m, const Int& k) {
    if (m <= Int(1) || found.size() == kMaxTruncations) return;
    const Node* divisor = builder_.constant(m);
    const Node* dividend = builder_.select(args[0], a, b);
    const Node* low = builder_.floor_div(a, divisor);
    const Node* high = builder_.ceil_div(b, divisor);
    const Node* quotient = builder_.select(args[0], low, high);
    if (quotient == dividend || (quotient == select && dividend == select)) return;
    if (internal::trunc_div(builder_, dividend, divisor) != quotient) return;
    const Node* rest =
        builder_.select(args[0], builder_.sub(args[1], builder_.scale(low, k)),
                        builder_.sub(args[2], builder_.scale(high, k)));
    // Each takes a quotient away.
    if (quotients_below(rest) >= quotients_below(select)) return;
    found.push_back({dividend, divisor, k, rest});
  };
  for (const Term& x : first.terms()) {
    const Int* m = x.mono->op == Op::kFloorDiv ? constant_divisor(x.mono) : nullptr;
    if (m == nullptr) continue;
    const Node* a = args_of(x.mono)[0];
    for (const Term& y : second.terms()) {
      if (y.mono->op != Op::kFloorDiv || constant_divisor(y.mono) == nullptr ||
          *constant_divisor(y.mono) != *m) {
        continue;
      }
      const Node* d = args_of(y.mono)[0];
      // The dividend of the ceiling that y is: of -(d//m) it is -d, of d//m d - (m - 1).
      const Node* b;
      if (y.coef == x.coef) {
        b = builder_.add_const(d, Int(1) - *m);
      } else if (y.coef == -x.coef) {
        // The ceiling of d/2 is d - d//2.
        const bool half = *m == Int(2) && a == d;
        b = half ? d : builder_.neg(d);
      } else {
        continue;
      }
      // The quotient of a quotient that is there as well.
      for (const Term& z : first.terms()) {
        const Int* c = z.mono->op == Op::kFloorDiv ? constant_divisor(z.mono) : nullptr;
        if (c == nullptr || z.mono == x.mono || args_of(z.mono)[0] != a ||
            !floor_mod(*m, *c).is_zero()) {
          continue;
        }
        const Node* by = builder_.constant(*c);
        consider(z.mono, builder_.ceil_div(b, by), floor_div(*m, *c), x.coef);
      }
      consider(a, b, *m, x.coef);
      // With what stands beside the quotients moved in: a multiple of m was taken out.
      const auto whole = [&](const Node* arm, const Term& quotient, const Int& k,
                             const Node* numerator) -> const Node* {
        Poly beside = poly_of(arm);
        add_term(beside, quotient.mono, -quotient.coef);
        Poly inside = poly_of(numerator);
        bool exact = !beside.terms.empty() && floor_mod(beside.constant, k).is_zero();
        for (const Term& t : beside.terms) exact &= floor_mod(t.coef, k).is_zero();
        if (!exact) return nullptr;
        inside.constant += floor_div(beside.constant, k) * *m;
        for (const Term& t : beside.terms) {
          add_term(inside, t.mono, floor_div(t.coef, k) * *m);
        }
        return node_of(builder_, inside);
      };
      const Node* all = whole(args[1], x, x.coef, a);
      const Node* other = whole(args[2], y, x.coef, b);
      if (all != nullptr && other != nullptr) consider(all, other, *m, x.coef);
    }
  }
}

const Extractor::Truncations& Extractor::truncations(const Node* select) {
  std::unique_ptr<Truncations>& found = truncated_[select];
  if (found != nullptr) return *found;
  auto fresh = std::make_unique<Truncations>();
  if (const std::optional<Truncated> q = find_truncated(select)) {
    fresh->push_back(*q);
  } else {
    find_nested(select, *fresh);
  }
  return *(truncated_[select] = std::move(fresh));
}

void Extractor::try_truncated(const Sum& s, size_t i, Best& best) {
  if (!options_.truncation) return;
  for (const Truncated& q : truncations(s.open.terms[i].mono)) {
    try_truncation(s, i, q, best);
  }
}

void Extractor::try_truncation(const Sum& s, size_t i, const Truncated& q, Best& best) {
  const Term t = s.open.terms[i];
  Sum rest = s;
  rest.open.terms.erase(rest.open.terms.begin() + static_cast<ptrdiff_t>(i));
  add_poly(rest.open, poly_of(q.rest), t.coef);
  const Poly dividend = poly_of(q.dividend);
  const Int k = t.coef * q.scale;
  const auto quotient_by = [&](const ViewId(&args)[2], const Int& sign) {
    Sum quotient = rest;
    quotient.items.push_back({k * sign, {app(ViewOp::kTruncDiv, args)}});
    keep(std::move(quotient), best);
  };
  // trunc(-u, m) = trunc(u, -m) = -trunc(u, m)
  const ViewId numerators[] = {poly_view(dividend), poly_view(scaled(dividend, Int(-1)))};
  const Int signs[] = {Int(1), Int(-1)};
  for (const int flip : {0, 1}) {
    const ViewId args[] = {numerators[flip], poly_view(poly_of(q.divisor))};
    quotient_by(args, signs[flip]);
    if (q.divisor->op != Op::kConst) continue;
    const Int& m = internal::const_value(q.divisor);
    // k*m*trunc(u, m) = k*u - k*(u rem m)
    if (!floor_mod(k, m).is_zero()) continue;
    const Int times = floor_div(k, m);
    Sum remainder = rest;
    add_poly(remainder.open, dividend, times);
    const Int coef = -(times * signs[flip]);
    remainder.items.push_back({coef, {app(ViewOp::kTruncMod, args)}});
    keep(std::move(remainder), best);
  }
  if (q.divisor->op != Op::kConst) return;
  const ViewId negative = integer(-internal::const_value(q.divisor));
  for (const int flip : {0, 1}) quotient_by({numerators[flip], negative}, -signs[flip]);
}

void Extractor::try_truncated_product(const Sum& s, size_t i, Best& best) {
  if (!options_.truncation) return;
  const Term t = s.open.terms[i];
  const auto factors = internal::factors_of(t.mono);
  const auto select = std::ranges::find_if(
      factors, [](const internal::Factor& f) { return f.base->op == Op::kSelect; });
  if (select == factors.end()) return;
  for (const Truncated& q : truncations(select->base)) {
    if (q.divisor->op == Op::kConst || q.rest != builder_.constant(0)) continue;
    const Node* product = builder_.mul(q.divisor, select->base);
    const LinearView whole(product);
    // Of a divisor of several terms each stands in the sum; the first of them is asked.
    if (whole.terms().empty() || whole.terms()[0].mono != t.mono ||
        !floor_mod(t.coef, whole.terms()[0].coef).is_zero()) {
      continue;
    }
    const Int k = floor_div(t.coef, whole.terms()[0].coef);
    const bool all = std::ranges::all_of(whole.terms(), [&](const Term& x) {
      return coefficient(s.open, x.mono) == k * x.coef;
    });
    if (!all) continue;
    Sum next = s;
    add_poly(next.open, poly_of(product), -k);
    add_poly(next.open, poly_of(q.dividend), k * q.scale);
    const ViewId args[] = {value(q.dividend), value(q.divisor)};
    next.items.push_back({-(k * q.scale), {app(ViewOp::kTruncMod, args)}});
    keep(std::move(next), best);
  }
}

std::optional<ViewId> Extractor::turned(ViewId truncation) {
  const View v = dag_.views[truncation];
  if (v.op != ViewOp::kTruncDiv && v.op != ViewOp::kTruncMod) return std::nullopt;
  ViewId args[] = {dag_.operands(v)[0], dag_.operands(v)[1]};
  if (v.op == ViewOp::kTruncMod) {  // the sign is that of the dividend
    const std::optional<ViewId> dividend = turned(args[0]);
    if (!dividend) return std::nullopt;
    args[0] = *dividend;
    return app(v.op, args);
  }
  const View divisor = dag_.views[args[1]];
  if (divisor.op != ViewOp::kInt) return std::nullopt;
  const Int m = dag_.ints[divisor.first];
  if (m.sign() >= 0) return std::nullopt;
  args[1] = integer(-m);
  return app(v.op, args);
}

}  // namespace congrua::rewrite
