// Quotients and remainders rounded to 0, as C has them: selections between floor and
// ceiling.
#include <algorithm>

#include "expr/divisions.h"
#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

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

std::optional<Extractor::Truncated> Extractor::as_truncated(const Node* select) {
  if (const auto it = truncated_.find(select); it != truncated_.end()) return it->second;
  return truncated_.emplace(select, find_truncated(select)).first->second;
}

void Extractor::try_truncated(const Sum& s, size_t i, Best& best) {
  if (!options_.truncation) return;
  const Term t = s.open.terms[i];
  const std::optional<Truncated> q = as_truncated(t.mono);
  if (!q) return;
  Sum rest = s;
  rest.open.terms.erase(rest.open.terms.begin() + static_cast<ptrdiff_t>(i));
  add_poly(rest.open, poly_of(q->rest), t.coef);
  const Poly dividend = poly_of(q->dividend);
  const Int k = t.coef * q->scale;
  const auto quotient_by = [&](const ViewId(&args)[2], const Int& sign) {
    Sum quotient = rest;
    quotient.items.push_back({k * sign, {app(ViewOp::kTruncDiv, args)}});
    keep(std::move(quotient), best);
  };
  for (const bool flip : {false, true}) {
    // trunc(-u, m) = trunc(u, -m) = -trunc(u, m)
    const Int sign(flip ? -1 : 1);
    const ViewId numerator = poly_view(scaled(dividend, sign));
    const ViewId args[] = {numerator, poly_view(poly_of(q->divisor))};
    quotient_by(args, sign);
    if (q->divisor->op != Op::kConst) continue;
    const Int& m = internal::const_value(q->divisor);
    quotient_by({numerator, integer(-m)}, -sign);
    // k*m*trunc(u, m) = k*u - k*(u rem m)
    if (!floor_mod(k, m).is_zero()) continue;
    const Int times = floor_div(k, m);
    Sum remainder = rest;
    add_poly(remainder.open, dividend, times);
    remainder.items.push_back({-(times * sign), {app(ViewOp::kTruncMod, args)}});
    keep(std::move(remainder), best);
  }
}

}  // namespace congrua::rewrite
