// Atoms: quotients, remainders, extremes and selections, each with what a sum around them
// may give to it or take from it.
#include <algorithm>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;

namespace {

constexpr size_t kMaxOperands = 8;
constexpr size_t kMaxNumerator = 12;

bool occurs(const Poly& p, const Node* mono) {
  return std::ranges::find(p.terms, mono, &Term::mono) != p.terms.end();
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

void erase_term(Poly& p, size_t i) {
  p.terms.erase(p.terms.begin() + static_cast<ptrdiff_t>(i));
}

}  // namespace

ViewId Extractor::atom(const Node* n) {
  if (const ViewId* v = values_.find(n)) return *v;
  absl::InlinedVector<ViewId, 4> args;
  switch (n->op) {
    case Op::kOpaque:
      for (const Node* a : args_of(n)) args.push_back(value(a));
      return app(ViewOp::kOpaque, args, n);
    case Op::kFloorDiv: {
      if (options_.division == Division::kFloor || constant_divisor(n) != nullptr) {
        args = {value(args_of(n)[0]), value(args_of(n)[1])};
        return app(ViewOp::kFloorDiv, args);
      }
      // The reader's division is another one: floor_div(p, q) = -ceil_div(-p, q).
      args = {poly_view(scaled(poly_of(args_of(n)[0]), Int(-1))), value(args_of(n)[1])};
      const Item negated[] = {{Int(-1), {app(ViewOp::kCeilDiv, args)}}};
      return sum(negated, Int(0));
    }
    case Op::kMin:
    case Op::kMax:
    case Op::kSelect:
      for (const Node* a : args_of(n)) args.push_back(value(a));
      return app(n->op == Op::kMin   ? ViewOp::kMin
                 : n->op == Op::kMax ? ViewOp::kMax
                                     : ViewOp::kSelect,
                 args);
    default:
      return value(n);
  }
}

uint64_t Extractor::estimate(const Poly& p) {
  absl::InlinedVector<Item, 8> items;
  for (const Term& t : p.terms) items.push_back({t.coef, {value(t.mono)}});
  return price_items(items, p.constant, cost_);
}

void Extractor::keep(Sum&& next, std::optional<Sum>& best, uint64_t& best_price) {
  const uint64_t p = price(next);
  if (p >= best_price) return;
  best_price = p;
  best = std::move(next);
}

// a//m = ceil(a - m + 1, m) = (-a)//(-m), and with the other sign -ceil(-a, m),
// -((m - 1 - a)//m) and -((a - m + 1)//(-m)).
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
  };
  const Poly negated = scaled(a, Int(-1));
  absl::InlinedVector<Signed, 4> out;
  for (const bool negative : {false, true}) {
    const Way* best = nullptr;
    uint64_t least = UINT64_MAX;
    for (const Way& w : ways) {
      if (w.negative != negative || (w.negative_divisor && !floor)) continue;
      Poly p = w.mirrored ? negated : a;
      p.constant += w.shift;
      if (const uint64_t e = estimate(p); best == nullptr || e < least) {
        least = e;
        best = &w;
      }
    }
    Poly p = best->mirrored ? negated : a;
    p.constant += best->shift;
    const ViewId args[] = {poly_view(std::move(p)),
                           integer(best->negative_divisor ? -m : m)};
    out.push_back({app(best->op, args), negative});
  }
  return out;
}

// a%m, and -((-a)%(-m)).
absl::InlinedVector<Extractor::Signed, 4> Extractor::remainders(const Poly& a,
                                                                const Int& m) {
  // Multiples of m may be added to the numerator.
  absl::InlinedVector<Poly, 6> ways;
  const Poly near = nearest(a, m);
  Poly plain;
  for (const Term& t : a.terms) add_term(plain, t.mono, floor_mod(t.coef, m));
  plain.constant = near.constant;
  for (const Poly* p : {&near, &std::as_const(plain)}) {
    Poly completed = *p, multiples;
    if (complete_remainders(completed, m, &multiples))
      ways.push_back(std::move(completed));
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
    const ViewId args[] = {poly_view(p), integer(m)};
    out.push_back({app(ViewOp::kFloorMod, args), false});
  }
  if (options_.division == Division::kFloor) {
    best = nullptr;
    least = UINT64_MAX;
    const Poly mirrors[] = {scaled(near, Int(-1)), scaled(plain, Int(-1)),
                            scaled(a, Int(-1))};
    for (const Poly& p : mirrors) {
      if (p.terms.empty()) continue;
      if (const uint64_t e = estimate(p); best == nullptr || e < least) {
        least = e;
        best = &p;
      }
    }
    if (best != nullptr) {
      const ViewId args[] = {poly_view(*best), integer(-m)};
      out.push_back({app(ViewOp::kFloorMod, args), true});
    }
  }
  return out;
}

// k*m*(a//m) = k*a - k*(a%m)
bool Extractor::try_remainder(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const Node* quotient = nullptr;
  const FactorView view(t.mono);
  for (const Factor& f : view.factors()) {
    if (f.base->op != Op::kFloorDiv || f.exponent != 1) continue;
    // The divisor may be a quotient, too.
    const LinearView d(args_of(f.base)[1]);
    if (quotient == nullptr ||
        (d.terms().size() == 1 && builder_.mul(d.terms()[0].mono, f.base) == t.mono)) {
      quotient = f.base;
    }
  }
  if (quotient == nullptr) return false;
  const Node* divisor = args_of(quotient)[1];
  const Poly a = poly_of(args_of(quotient)[0]);
  if (a.terms.size() > kMaxNumerator) return false;
  uint64_t best_price = price(s);
  std::optional<Sum> best;
  if (divisor->op == Op::kConst) {
    const Int& m = const_value(divisor);
    if (t.mono != quotient || m.sign() <= 0 || !floor_mod(t.coef, m).is_zero())
      return false;
    const Int k = floor_div(t.coef, m);
    Sum without = s;
    erase_term(without.open, i);
    for (const bool mirrored : {false, true}) {
      // a//m = -((m - 1 - a)//m): the mirrored remainder is m - 1 - a%m.
      Poly numerator = a;
      if (mirrored) {
        numerator = scaled(a, Int(-1));
        numerator.constant += m - Int(1);
      }
      const Int sign(mirrored ? -1 : 1);
      Sum base = without;
      add_poly(base.open, numerator, k * sign);
      // What is left beside the remainder costs this much at least.
      if (!base.open.terms.empty() && estimate(base.open) + 1 >= best_price) continue;
      for (const Signed& r : remainders(numerator, m)) {
        Sum next = base;
        next.items.push_back({r.negative ? k * sign : -(k * sign), {r.view}});
        keep(std::move(next), best, best_price);
      }
    }
    try_nested_remainder(s, i, best, best_price);
  } else {
    // A symbolic divisor of one term: k*b*(a//b).
    const LinearView vb(divisor);
    if (options_.division != Division::kFloor || vb.terms().size() != 1 ||
        !vb.constant().is_zero() ||
        builder_.mul(vb.terms()[0].mono, quotient) != t.mono ||
        !floor_mod(t.coef, vb.terms()[0].coef).is_zero()) {
      return false;
    }
    const Int k = floor_div(t.coef, vb.terms()[0].coef);
    Sum next = s;
    erase_term(next.open, i);
    add_poly(next.open, a, k);
    const ViewId args[] = {value(args_of(quotient)[0]), value(divisor)};
    next.items.push_back({-k, {app(ViewOp::kFloorMod, args)}});
    keep(std::move(next), best, best_price);
  }
  if (!best) return false;
  s = std::move(*best);
  return true;
}

// (a//b)%c in a sum with k*(a//b) - k*c*(a//(b*c)), where the canonical form has fused
// the two divisions: the numerator is the other quotient, of either sign.
void Extractor::try_nested_remainder(const Sum& s, size_t i, std::optional<Sum>& best,
                                     uint64_t& best_price) {
  const Term t = s.open.terms[i];
  const Int& m = *constant_divisor(t.mono);
  for (const Term& other : s.open.terms) {
    if (other.mono == t.mono || other.mono->op != Op::kFloorDiv) continue;
    const Int* b = constant_divisor(other.mono);
    if (b == nullptr || !floor_mod(m, *b).is_zero()) continue;
    const Int c = floor_div(m, *b);
    if (c.is_one() || !floor_mod(t.coef, c).is_zero()) continue;
    for (const bool negative : {false, true}) {
      const Node* x = negative ? builder_.neg(other.mono) : other.mono;
      const Node* divisor = builder_.constant(c);
      // x + j with (x + j)//c = +-t + constant.
      const Node* base = builder_.floor_div(x, divisor);
      const LinearView vb(base);
      const LinearView own(args_of(t.mono)[0]);
      for (const Term& q : vb.terms()) {
        if (q.mono->op != Op::kFloorDiv || constant_divisor(q.mono) == nullptr) continue;
        if (!(*constant_divisor(q.mono) == m)) continue;
        const LinearView have(args_of(q.mono)[0]);
        const Int gap = own.constant() - have.constant();
        if (!floor_mod(gap, *b).is_zero()) continue;
        const Int step = floor_div(gap, *b);
        for (const Int& j : {step, -step}) {
          const Node* numerator = builder_.add_const(x, j);
          const Node* whole = builder_.floor_div(numerator, divisor);
          // whole = sign * t + rest
          const Int sign = coefficient(poly_of(whole), t.mono);
          if (!sign.is_one() && !(-sign).is_one()) continue;
          const Node* rest = builder_.sub(whole, builder_.scale(t.mono, sign));
          if (!std::ranges::all_of(poly_of(rest).terms,
                                   [&](const Term& r) { return r.mono == other.mono; })) {
            continue;
          }
          // k*t = k*sign*(whole - rest), c*whole = numerator - numerator%c
          const Int k = floor_div(t.coef, c) * sign;
          Sum next = s;
          erase_term(next.open, i);
          add_poly(next.open, poly_of(numerator), k);
          add_poly(next.open, poly_of(rest), -(t.coef * sign));
          for (const Signed& r : remainders(poly_of(numerator), c)) {
            Sum way = next;
            way.items.push_back({r.negative ? k : -k, {r.view}});
            keep(std::move(way), best, best_price);
          }
        }
      }
    }
  }
}

// k*(a//m) + k*x = k*((a + m*x)//m): terms of the sum go into the numerator, terms of the
// numerator come out of it, and the quotient is written in its shortest way.
bool Extractor::try_numerator(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const Int* m = constant_divisor(t.mono);
  if (m == nullptr) return false;
  const Poly a = poly_of(args_of(t.mono)[0]);
  if (a.terms.size() > kMaxNumerator) return false;
  Sum rest = s;
  erase_term(rest.open, i);
  uint64_t best_price = price(s);
  std::optional<Sum> best;
  const auto attempt = [&](const Poly& numerator, const Poly& outside) {
    if (trials_ <= 0) return;
    for (const Signed& q : quotients(numerator, *m)) {
      Sum next{outside, rest.items};
      next.items.push_back({q.negative ? -t.coef : t.coef, {q.view}});
      keep(std::move(next), best, best_price);
    }
  };
  attempt(a, rest.open);
  {
    Poly completed = a, multiples, outside = rest.open;
    if (complete_remainders(completed, *m, &multiples)) {
      add_poly(outside, multiples, t.coef);
      attempt(completed, outside);
    }
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
    attempt(numerator, outside);
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
    if (count > 1) attempt(numerator, outside);
  }
  if (!best) return false;
  s = std::move(*best);
  return true;
}

// k*max(a, b) + x with parts of x inside, or with parts of a and b outside, and -max as
// min of the negated operands.
bool Extractor::try_extreme(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const auto args = args_of(t.mono);
  if (args.size() > kMaxOperands) return false;
  struct Way {
    Int k;
    ViewOp op;
    absl::InlinedVector<Poly, 4> operands;
    Poly outside;
  };
  const auto price_of = [&](const Way& w) {
    uint64_t total = w.outside.terms.size() + !w.outside.constant.is_zero();
    total += estimate(w.outside) + !(w.k.is_one() || (-w.k).is_one());
    // Nothing to subtract from: a sign of its own.
    total += (-w.k).is_one() && w.outside.terms.empty() && w.outside.constant.sign() <= 0;
    for (const Poly& p : w.operands) total += estimate(p);
    return total;
  };
  std::optional<Way> best_way;
  uint64_t least = UINT64_MAX;
  for (const bool flip : {false, true}) {
    // k*max(a..) = -k*min(-a..)
    Way w;
    w.k = flip ? -t.coef : t.coef;
    w.op = (t.mono->op == Op::kMax) != flip ? ViewOp::kMax : ViewOp::kMin;
    for (const Node* a : args) {
      w.operands.push_back(scaled(poly_of(a), Int(flip ? -1 : 1)));
    }
    w.outside = s.open;
    erase_term(w.outside, i);
    if (const uint64_t e = price_of(w); !best_way || e < least) {
      least = e;
      best_way = w;
    }
    // For each monomial the shift of the operands that leaves the fewest non-zero
    // coefficients inside and outside; and for the constants.
    absl::InlinedVector<const Node*, 8> monos = {nullptr};
    for (const Poly& p : w.operands) {
      for (const Term& x : p.terms) {
        if (std::ranges::find(monos, x.mono) == monos.end()) monos.push_back(x.mono);
      }
    }
    bool changed = false;
    for (const Node* mono : monos) {
      const auto get = [&](const Poly& p) {
        return mono == nullptr ? p.constant : coefficient(p, mono);
      };
      const Int out = get(w.outside);
      absl::InlinedVector<Int, 6> shifts = {Int(0)};
      if (floor_mod(out, w.k).is_zero()) shifts.push_back(floor_div(out, w.k));
      for (const Poly& p : w.operands) shifts.push_back(-get(p));
      const uint64_t each = mono == nullptr ? 1 : 1 + cost(value(mono));
      const auto weight = [&](const Int& c) -> uint64_t {
        if (c.is_zero()) return 0;
        return mono == nullptr || c.is_one() || (-c).is_one() ? each : each + 1;
      };
      Int best_shift;
      uint64_t lightest = UINT64_MAX;
      for (const Int& shift : shifts) {
        uint64_t total = weight(out - w.k * shift);
        for (const Poly& p : w.operands) {
          // A constant alone in its operand costs nothing.
          if (mono != nullptr || !p.terms.empty()) total += weight(get(p) + shift);
        }
        if (total < lightest) {
          lightest = total;
          best_shift = shift;
        }
      }
      if (best_shift.is_zero()) continue;
      changed = true;
      if (mono == nullptr) {
        w.outside.constant -= w.k * best_shift;
        for (Poly& p : w.operands) p.constant += best_shift;
      } else {
        add_term(w.outside, mono, -(w.k * best_shift));
        for (Poly& p : w.operands) add_term(p, mono, best_shift);
      }
    }
    if (!changed) continue;
    if (const uint64_t e = price_of(w); e < least) {
      least = e;
      best_way = std::move(w);
    }
  }
  absl::InlinedVector<ViewId, 4> views;
  for (const Poly& p : best_way->operands) views.push_back(poly_view(p));
  uint64_t best_price = price(s);
  std::optional<Sum> best;
  Sum next{best_way->outside, s.items};
  next.items.push_back({best_way->k, {app(best_way->op, views)}});
  keep(std::move(next), best, best_price);
  if (!best) return false;
  s = std::move(*best);
  return true;
}

// k*select(c, a, b) + x: what of x goes into the arms, and the sign.
bool Extractor::try_select(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const auto args = args_of(t.mono);
  Sum rest = s;
  erase_term(rest.open, i);
  uint64_t best_price = price(s);
  std::optional<Sum> best;
  const Poly a = poly_of(args[1]);
  const Poly b = poly_of(args[2]);
  const ViewId conditions[] = {proposition(args[0], false),
                               proposition(builder_.logical_not(args[0]), false)};
  const bool turned = cost(conditions[1]) < cost(conditions[0]);
  const auto attempt = [&](const Int& inner, const Poly& moved, const Int& outer) {
    if (trials_ <= 0) return;
    Poly x = scaled(a, inner), y = scaled(b, inner);
    add_poly(x, moved, Int(1));
    add_poly(y, moved, Int(1));
    const ViewId then = poly_view(x);
    const ViewId other = poly_view(y);
    const ViewId parts[] = {conditions[turned ? 1 : 0], turned ? other : then,
                            turned ? then : other};
    Sum next{rest.open, rest.items};
    add_poly(next.open, moved, -outer);
    next.items.push_back({outer, {app(ViewOp::kSelect, parts)}});
    keep(std::move(next), best, best_price);
  };
  absl::InlinedVector<Int, 4> scales = {t.coef};
  for (const Int& k : {-t.coef, Int(1), abs(t.coef)}) {
    if (std::ranges::find(scales, k) == scales.end()) scales.push_back(k);
  }
  for (const Int& outer : scales) {
    if (!floor_mod(t.coef, outer).is_zero()) continue;
    const Int inner = floor_div(t.coef, outer);
    attempt(inner, Poly(), outer);
    // The constant, what the arms have, and everything.
    Poly constant, shared, all;
    if (floor_mod(rest.open.constant, outer).is_zero()) {
      constant.constant = floor_div(rest.open.constant, outer);
      shared.constant = all.constant = constant.constant;
    }
    for (const Term& x : rest.open.terms) {
      if (!floor_mod(x.coef, outer).is_zero()) continue;
      all.terms.push_back({floor_div(x.coef, outer), x.mono});
      if (occurs(a, x.mono) || occurs(b, x.mono)) {
        shared.terms.push_back(all.terms.back());
      }
    }
    if (!constant.constant.is_zero()) attempt(inner, constant, outer);
    if (!shared.terms.empty()) {
      attempt(inner, shared, outer);
      if (!shared.constant.is_zero()) {
        shared.constant = Int(0);
        attempt(inner, shared, outer);
      }
    }
    if (all.terms.size() > shared.terms.size()) attempt(inner, all, outer);
  }
  // Out of an arm, so that it becomes 0 or one term: a selection between s + x and s.
  for (const Poly* arm : {&a, &b}) {
    if (!arm->terms.empty()) attempt(Int(1), scaled(*arm, Int(-1)), t.coef);
  }
  if (!best) return false;
  s = std::move(*best);
  return true;
}

}  // namespace congrua::rewrite
