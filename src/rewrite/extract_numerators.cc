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
// By how much a numerator may become shorter than its terms tell: by rewritings inside
// it, and by factors taken out of it.
constexpr uint64_t kRewritten = 1;
constexpr uint64_t kFactored = 6;
constexpr uint64_t kRewrittenFactored = 3;

bool is_unit(const Int& n) { return n.is_one() || n == Int(-1); }

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

// The operators of a numerator of a quotient by m, of either sign and with any of the
// constants that quotients() may give it, with its terms as they stand.
uint64_t Extractor::least_numerator(const Poly& a, const Int& m) {
  if (a.terms.empty()) return 0;
  const Int last = m - Int(1);
  uint64_t total = a.terms.size() - 1;
  total += !a.constant.is_zero() && a.constant != last;
  for (const Term& t : a.terms) {
    total = add_costs(total, cost(value(t.mono)) + !is_unit(t.coef));
  }
  // Whole remainders: k*A - k*c*(A//c).
  for (const Term& t : a.terms) {
    if (t.mono->op != Op::kFloorDiv) continue;
    const Int* c = constant_divisor(t.mono);
    if (c == nullptr || !floor_mod(t.coef, *c).is_zero()) continue;
    const Int k = -floor_div(t.coef, *c);
    const LinearView dividend(args_of(t.mono)[0]);
    uint64_t saved = 0;
    bool all = true;
    for (const Term& x : dividend.terms()) {
      const auto y = std::ranges::find(a.terms, x.mono, &Term::mono);
      all = y != a.terms.end() && y->coef == k * x.coef;
      if (!all) break;
      saved += 1 + cost(value(x.mono)) + !is_unit(y->coef);
    }
    if (!all) continue;
    total = add_costs(total, !is_unit(k));
    total -= std::min(total, saved + !is_unit(t.coef));
  }
  return total;
}

// How much shorter than that a numerator may become when it is written.
uint64_t Extractor::slack(const Poly& a) const {
  bool products = false;
  Int g;
  for (const Term& t : a.terms) {
    products |= t.mono->op == Op::kMul;
    if (!g.is_one()) g = gcd(g, t.coef);
  }
  if (can_settle(a)) return products ? kRewrittenFactored : kRewritten;
  if (products) return kFactored;
  return g.is_one() || a.terms.empty() ? 0 : a.terms.size() - 1;
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
  // x//m alone is as short as it gets.
  if (rest.open.terms.empty() && rest.open.constant.is_zero() && a.terms.size() == 1 &&
      a.terms[0].coef.is_one() && a.constant.is_zero() &&
      a.terms[0].mono->op != Op::kFloorDiv) {
    return;
  }
  // What is likely to be the shortest is written first, and what is likely to be longer
  // than the shortest so far is not written.
  struct Attempt {
    uint64_t least;
    Poly numerator, outside;
  };
  absl::InlinedVector<Attempt, 4> attempts;
  const auto attempt = [&](Poly numerator, Poly outside) {
    const uint64_t least =
        price_beside(outside, rest.items, t.coef) + 1 + least_numerator(numerator, *m);
    if (least < best.price + slack(numerator))
      attempts.push_back({least, std::move(numerator), std::move(outside)});
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
  std::ranges::stable_sort(attempts, {}, &Attempt::least);
  for (Attempt& x : attempts) {
    if (trials_ <= 0) break;
    if (x.least >= best.price + slack(x.numerator)) continue;
    for (const Signed& q : quotients(x.numerator, *m)) {
      Sum next{x.outside, rest.items};
      next.items.push_back({q.negative ? -t.coef : t.coef, {q.view}});
      keep(std::move(next), best);
    }
  }
}

}  // namespace congrua::rewrite
