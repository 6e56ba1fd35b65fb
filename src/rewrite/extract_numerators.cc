// Numerators of quotients by constants: which multiples of the divisor a sum gives to
// them or takes out of them.
#include <algorithm>
#include <optional>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {

constexpr size_t kMaxNumerator = 12;

}  // namespace

// Numerators that differ from p by multiples of m, whose quotients make remainders:
// p = numerator + m * whole.
absl::InlinedVector<Extractor::Completed, 4> Extractor::completions(const Poly& p,
                                                                    const Int& m) {
  absl::InlinedVector<Completed, 4> out;
  absl::InlinedVector<const Node*, 4> quotients;
  for (const Term& t : p.terms) {
    if (t.mono->op == Op::kFloorDiv && constant_divisor(t.mono) != nullptr)
      quotients.push_back(t.mono);
  }
  if (quotients.empty()) return out;
  const auto set = [&](Completed& c, const Node* mono, const Int& wanted) {
    const Int gap = coefficient(c.numerator, mono) - wanted;
    add_term(c.numerator, mono, -gap);
    add_term(c.whole, mono, floor_div(gap, m));
  };
  // Whole remainders: k*(A - c*q) for some k.
  Completed exact{p, {}};
  for (const Node* q : quotients) {
    const auto matches = [&](const Divided& way) {
      Poly remainder = way.dividend;
      add_term(remainder, q, -way.divisor);
      const auto lead = std::ranges::find_if(remainder.terms, [&](const Term& x) {
        return x.mono != q && occurs(exact.numerator, x.mono);
      });
      if (lead == remainder.terms.end()) return false;
      const Int have = coefficient(exact.numerator, lead->mono);
      const Int near = floor_mod(have, m);
      for (const Int& first : {have, near, near - m}) {
        if (first.is_zero() || !floor_mod(first, lead->coef).is_zero()) continue;
        const Int k = floor_div(first, lead->coef);
        const bool all = std::ranges::all_of(remainder.terms, [&](const Term& x) {
          return floor_mod(coefficient(exact.numerator, x.mono) - k * x.coef, m)
              .is_zero();
        });
        if (!all) continue;
        for (const Term& x : remainder.terms) set(exact, x.mono, k * x.coef);
        return true;
      }
      return false;
    };
    for (const Divided& way : divided_ways(p, q)) {
      if (matches(way)) break;
    }
  }
  const auto changed = [](const Completed& c) {
    return !c.whole.terms.empty() || !c.whole.constant.is_zero();
  };
  if (changed(exact)) out.push_back(std::move(exact));
  // Multiples of the divisor alone: what is left over stays beside the remainder.
  Completed loose{p, {}};
  for (const Node* q : quotients) {
    const Int& c = *constant_divisor(q);
    const Int have = floor_mod(coefficient(p, q), m);
    for (const int j : {0, -1, 1, -2, 2}) {
      const Int k = have + m * Int(j);
      if (k.is_zero() || !floor_mod(k, c).is_zero()) continue;
      set(loose, q, k);
      break;
    }
  }
  if (changed(loose)) out.push_back(std::move(loose));
  return out;
}

// With any of the constants that quotients() may give it.
uint64_t Extractor::likely_numerator(const Poly& a, const Int& m) {
  Int constant;
  const uint64_t total = likely_terms(a, constant);
  return add_costs(total,
                   !a.terms.empty() && !constant.is_zero() && constant != m - Int(1));
}

// k*(a//m) + k*x = k*((a + m*x)//m): terms of the sum go into the numerator, terms of the
// numerator come out of it, and the quotient is written in its shortest way.
void Extractor::try_numerator(const Sum& s, size_t i, Best& best) {
  const Term t = s.open.terms[i];
  const Int* m = constant_divisor(t.mono);
  if (m == nullptr) return;
  const Poly a = poly_of(args_of(t.mono)[0]);
  if (a.terms.size() > kMaxNumerator) return;
  Sum rest = s;
  erase_term(rest.open, i);
  // x//m alone is as short as it gets, and -(x//m) is ceil(x, -m).
  const bool turns = t.coef == Int(-1) && options_.division == Division::kFloor;
  if (!turns && rest.open.terms.empty() && rest.open.constant.is_zero() &&
      a.terms.size() == 1 && a.terms[0].coef.is_one() && a.constant.is_zero() &&
      a.terms[0].mono->op != Op::kFloorDiv) {
    return;
  }
  // What is likely to be the shortest is written first, and what is likely to be longer
  // than the shortest so far is not written.
  struct Attempt {
    uint64_t likely;
    Poly numerator, outside;
  };
  absl::InlinedVector<Attempt, 4> attempts;
  const auto attempt = [&](Poly numerator, Poly outside) {
    const uint64_t likely = price_beside(outside, rest.items, {t.coef, {}}) + 1 +
                            likely_numerator(numerator, *m);
    if (likely < best.price + slack(numerator))
      attempts.push_back({likely, std::move(numerator), std::move(outside)});
  };
  attempt(a, rest.open);
  for (const Completed& c : completions(a, *m)) {
    Poly outside = rest.open;
    add_poly(outside, c.whole, t.coef);
    attempt(c.numerator, outside);
    // Of one remainder: the shortest quotient that takes the same steps.
    const std::optional<Stepped> short_one = shortest_steps(c.numerator, *m);
    if (!short_one) continue;
    Sum next{std::move(outside), rest.items};
    next.open.constant += t.coef * short_one->base;
    const ViewId args[] = {poly_view(short_one->numerator), integer(short_one->divisor)};
    next.items.push_back({t.coef, {app(ViewOp::kFloorDiv, args)}});
    keep(std::move(next), best);
  }
  // Which multiples of m go in: for each part of the sum, all of it.
  struct Move {
    const Node* mono;  // null: the constant
    Int amount;
    bool into;
  };
  absl::InlinedVector<Move, 8> moves;
  for (const Term& x : rest.open.terms) {
    if (floor_mod(x.coef, t.coef).is_zero())
      moves.push_back({x.mono, floor_div(x.coef, t.coef), true});
  }
  if (!rest.open.constant.is_zero() && floor_mod(rest.open.constant, t.coef).is_zero()) {
    moves.push_back({nullptr, floor_div(rest.open.constant, t.coef), true});
  }
  for (const Term& x : a.terms) {
    if (x.coef + x.coef > *m) moves.push_back({x.mono, Int(-1), false});
  }
  const auto apply = [&](const Move& move, Poly& numerator, Poly& outside) {
    if (move.mono == nullptr) {
      numerator.constant += *m * move.amount;
      outside.constant -= t.coef * move.amount;
    } else {
      add_term(numerator, move.mono, *m * move.amount);
      add_term(outside, move.mono, -(t.coef * move.amount));
    }
  };
  if (moves.size() > kMaxNumerator) moves.clear();
  for (const Move& move : moves) {
    Poly numerator = a, outside = rest.open;
    apply(move, numerator, outside);
    attempt(std::move(numerator), std::move(outside));
  }
  // All that occur in the numerator, and all there are.
  for (const bool known : {true, false}) {
    Poly numerator = a, outside = rest.open;
    size_t count = 0;
    for (const Move& move : moves) {
      const bool inside = move.mono == nullptr || occurs(a, move.mono);
      if ((known && !inside) || !move.into) continue;
      apply(move, numerator, outside);
      ++count;
    }
    if (count > 1) attempt(std::move(numerator), std::move(outside));
  }
  std::ranges::stable_sort(attempts, {}, &Attempt::likely);
  for (Attempt& x : attempts) {
    if (trials_ <= 0) break;
    if (x.likely >= best.price + slack(x.numerator)) continue;
    for (const Signed& q : quotients(x.numerator, *m)) {
      Sum next{x.outside, rest.items};
      next.items.push_back({q.negative ? -t.coef : t.coef, {q.view}});
      keep(std::move(next), best);
    }
  }
}

}  // namespace congrua::rewrite
