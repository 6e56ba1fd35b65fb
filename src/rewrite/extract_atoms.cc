// Atoms: quotients, remainders, extremes and selections, each with what a sum around them
// may give to it or take from it.
#include <algorithm>

#include "rewrite/extractor.h"
#include "rewrite/polynomials.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;

namespace {

constexpr size_t kMaxOperands = 8;
constexpr size_t kMaxNumerator = 12;

using internal::poly_of;

bool occurs(const Poly& p, const Node* mono) {
  return std::ranges::find(p.terms, mono, &Term::mono) != p.terms.end();
}

// Coefficients modulo m, each nearest to 0.
Poly nearest(const Poly& a, const Int& m) {
  Poly out;
  for (const Term& t : a.terms) {
    Int k = floor_mod(t.coef, m);
    if (k + k > m) k -= m;
    add_term(out, t.mono, k);
  }
  out.constant = floor_mod(a.constant, m);
  return out;
}

}  // namespace

ViewId Extractor::atom(const Node* n) {
  if (const ViewId* v = values_.find(n)) return *v;
  switch (n->op) {
    case Op::kConst:
    case Op::kSymbol:
    case Op::kAdd:
    case Op::kMul:
      return value(n);
    case Op::kOpaque: {
      absl::InlinedVector<ViewId, 4> args;
      for (const Node* a : args_of(n)) args.push_back(value(a));
      return app(ViewOp::kOpaque, args, n);
    }
    case Op::kFloorDiv: {
      if (options_.division == Division::kFloor || constant_divisor(n) != nullptr) {
        const ViewId args[] = {value(args_of(n)[0]), value(args_of(n)[1])};
        return app(ViewOp::kFloorDiv, args);
      }
      // The reader's division is another one: floor_div(p, q) = -ceil_div(-p, q).
      const ViewId args[] = {poly_view(scaled(poly_of(args_of(n)[0]), Int(-1))),
                             value(args_of(n)[1])};
      const Item negated[] = {{Int(-1), {app(ViewOp::kCeilDiv, args)}}};
      return sum(negated, Int(0));
    }
    case Op::kMin:
    case Op::kMax:
    case Op::kSelect: {
      absl::InlinedVector<ViewId, 4> args;
      for (const Node* a : args_of(n)) args.push_back(value(a));
      return app(n->op == Op::kMin   ? ViewOp::kMin
                 : n->op == Op::kMax ? ViewOp::kMax
                                     : ViewOp::kSelect,
                 args);
    }
    default:
      return value(n);
  }
}

// a//m = ceil(a - m + 1, m) = (-a)//(-m), and with the other sign -ceil(-a, m),
// -((m - 1 - a)//m) and -((a - m + 1)//(-m)).
std::vector<Extractor::Signed> Extractor::quotients(const Poly& a, const Int& m) {
  std::vector<Signed> out;
  const Poly negated = scaled(a, Int(-1));
  const auto with = [&](ViewOp op, Poly p, const Int& shift, const Int& divisor,
                        bool negative) {
    p.constant += shift;
    const ViewId args[] = {poly_view(std::move(p)), integer(divisor)};
    out.push_back({app(op, args), negative});
  };
  const Int last = m - Int(1);
  with(ViewOp::kFloorDiv, a, Int(0), m, false);
  with(ViewOp::kCeilDiv, a, -last, m, false);
  with(ViewOp::kCeilDiv, negated, Int(0), m, true);
  with(ViewOp::kFloorDiv, negated, last, m, true);
  if (options_.division == Division::kFloor) {
    with(ViewOp::kFloorDiv, negated, Int(0), -m, false);
    with(ViewOp::kFloorDiv, a, -last, -m, true);
  }
  return out;
}

// a%m, and -((-a)%(-m)).
std::vector<Extractor::Signed> Extractor::remainders(const Poly& a, const Int& m) {
  std::vector<Signed> out;
  Poly near = nearest(a, m);
  // Adding multiples of m: the numerator as it was may be the shorter one.
  std::vector<Poly> ways = {near};
  Poly plain;
  for (const Term& t : a.terms) add_term(plain, t.mono, floor_mod(t.coef, m));
  plain.constant = near.constant;
  ways.push_back(plain);
  ways.push_back(a);
  for (Poly completed : {near, plain}) {
    Poly multiples;
    if (complete_remainders(completed, m, &multiples))
      ways.push_back(std::move(completed));
  }
  Poly less = near;
  less.constant -= m;
  if (!near.constant.is_zero()) ways.push_back(less);
  for (const Poly& p : ways) {
    if (p.terms.empty()) continue;
    const ViewId args[] = {poly_view(p), integer(m)};
    out.push_back({app(ViewOp::kFloorMod, args), false});
    if (options_.division != Division::kFloor) continue;
    const ViewId negated[] = {poly_view(scaled(p, Int(-1))), integer(-m)};
    out.push_back({app(ViewOp::kFloorMod, negated), true});
  }
  return out;
}

// k*m*(a//m) = k*a - k*(a%m)
bool Extractor::try_remainder(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const Node* quotient = nullptr;
  const FactorView view(t.mono);
  for (const Factor& f : view.factors()) {
    if (f.base->op == Op::kFloorDiv && f.exponent == 1) quotient = f.base;
  }
  if (quotient == nullptr) return false;
  const Node* divisor = args_of(quotient)[1];
  const LinearView vb(divisor);
  const uint64_t before = price(s);
  if (divisor->op == Op::kConst) {
    const Int& m = const_value(divisor);
    if (t.mono != quotient || m.sign() <= 0 || !floor_mod(t.coef, m).is_zero())
      return false;
    const Int k = floor_div(t.coef, m);
    const Poly a = poly_of(args_of(quotient)[0]);
    if (a.terms.size() > kMaxNumerator) return false;
    Sum without{s.open, s.items};
    without.open.terms.erase(without.open.terms.begin() + static_cast<ptrdiff_t>(i));
    std::optional<Sum> best;
    uint64_t best_price = before;
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
      for (const Signed& r : remainders(numerator, m)) {
        Sum next = base;
        next.items.push_back({r.negative ? k * sign : -k * sign, {r.view}});
        if (const uint64_t p = price(next); p < best_price) {
          best_price = p;
          best = std::move(next);
        }
      }
    }
    if (!best) return false;
    s = std::move(*best);
    return true;
  }
  // A symbolic divisor of one term: k*b*(a//b).
  if (options_.division != Division::kFloor) return false;
  if (vb.terms().size() != 1 || !vb.constant().is_zero()) return false;
  const Node* b = vb.terms()[0].mono;
  if (builder_.mul(b, quotient) != t.mono) return false;
  if (!floor_mod(t.coef, vb.terms()[0].coef).is_zero()) return false;
  const Int k = floor_div(t.coef, vb.terms()[0].coef);
  const Poly a = poly_of(args_of(quotient)[0]);
  if (a.terms.size() > kMaxNumerator) return false;
  Sum next{s.open, s.items};
  next.open.terms.erase(next.open.terms.begin() + static_cast<ptrdiff_t>(i));
  add_poly(next.open, a, k);
  const ViewId args[] = {value(args_of(quotient)[0]), value(divisor)};
  next.items.push_back({-k, {app(ViewOp::kFloorMod, args)}});
  if (price(next) >= before) return false;
  s = std::move(next);
  return true;
}

// k*(a//m) + k*x = k*((a + m*x)//m): terms of the sum go into the numerator, terms of the
// numerator come out of it, and the quotient is written in its shortest way.
bool Extractor::try_numerator(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const Int* m = constant_divisor(t.mono);
  if (m == nullptr) return false;
  const Poly a = poly_of(args_of(t.mono)[0]);
  if (a.terms.size() > kMaxNumerator) return false;
  Sum rest{s.open, s.items};
  rest.open.terms.erase(rest.open.terms.begin() + static_cast<ptrdiff_t>(i));
  const uint64_t before = price(s);
  std::optional<Sum> best;
  uint64_t best_price = before;
  const auto attempt = [&](const Poly& numerator, const Poly& outside) {
    if (trials_ <= 0) return;
    for (const Signed& q : quotients(numerator, *m)) {
      Sum next{outside, rest.items};
      next.items.push_back({q.negative ? -t.coef : t.coef, {q.view}});
      if (const uint64_t p = price(next); p < best_price) {
        best_price = p;
        best = std::move(next);
      }
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
  };
  std::vector<Move> moves;
  for (const Term& x : rest.open.terms) {
    if (floor_mod(x.coef, t.coef).is_zero())
      moves.push_back({x.mono, floor_div(x.coef, t.coef)});
  }
  if (!rest.open.constant.is_zero() && floor_mod(rest.open.constant, t.coef).is_zero()) {
    moves.push_back({nullptr, floor_div(rest.open.constant, t.coef)});
  }
  for (const Term& x : a.terms) {
    if (x.coef + x.coef > *m) moves.push_back({x.mono, Int(-1)});
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
      if ((known && !inside) || move.amount == Int(-1)) continue;
      apply(move, numerator, outside);
      ++count;
    }
    if (count > 1) attempt(numerator, outside);
  }
  if (!best) return false;
  s = std::move(*best);
  return true;
}

std::optional<ViewId> Extractor::common_quotient(ViewOp op, std::span<const Poly> args) {
  const Int* m = nullptr;
  for (const Poly& p : args) {
    for (const Term& t : p.terms) {
      if (t.mono->op != Op::kFloorDiv || !t.coef.is_one()) continue;
      const Int* c = constant_divisor(t.mono);
      if (c == nullptr) continue;
      if (m == nullptr) m = c;
      if (!(*c == *m)) return std::nullopt;
    }
  }
  if (m == nullptr) return std::nullopt;
  absl::InlinedVector<ViewId, 4> numerators;
  for (const Poly& p : args) {
    // (a//m) + x = (a + m*x)//m; without a quotient x = (m*x)//m.
    Poly numerator;
    bool one = false;
    for (const Term& t : p.terms) {
      if (!one && t.mono->op == Op::kFloorDiv && t.coef.is_one()) {
        add_poly(numerator, poly_of(args_of(t.mono)[0]), Int(1));
        one = true;
      } else {
        add_term(numerator, t.mono, *m * t.coef);
      }
    }
    numerator.constant += *m * p.constant;
    numerators.push_back(poly_view(numerator));
  }
  const ViewId parts[] = {app(op, numerators), integer(*m)};
  return app(ViewOp::kFloorDiv, parts);
}

// k*max(a, b) + x with parts of x inside, or with parts of a and b outside, and -max as
// min of the negated operands.
bool Extractor::try_extreme(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const auto args = args_of(t.mono);
  if (args.size() > kMaxOperands) return false;
  Sum rest{s.open, s.items};
  rest.open.terms.erase(rest.open.terms.begin() + static_cast<ptrdiff_t>(i));
  const uint64_t before = price(s);
  std::optional<Sum> best;
  uint64_t best_price = before;
  for (const bool flip : {false, true}) {
    // k*max(a..) = -k*min(-a..)
    const Int k = flip ? -t.coef : t.coef;
    const ViewOp op = (t.mono->op == Op::kMax) != flip ? ViewOp::kMax : ViewOp::kMin;
    std::vector<Poly> operands;
    for (const Node* a : args) operands.push_back(scaled(poly_of(a), Int(flip ? -1 : 1)));
    Poly outside = rest.open;
    // For each monomial the coefficient that is left outside: as it is, none, or that of
    // an operand; the fewest non-zero ones.
    absl::InlinedVector<const Node*, 8> monos;
    const auto note = [&](const Poly& p) {
      for (const Term& x : p.terms) {
        if (std::ranges::find(monos, x.mono) == monos.end()) monos.push_back(x.mono);
      }
    };
    for (const Poly& p : operands) note(p);
    const auto write = [&] {
      absl::InlinedVector<ViewId, 4> views;
      for (const Poly& p : operands) views.push_back(poly_view(p));
      std::optional<ViewId> quotient = common_quotient(op, operands);
      for (const ViewId v : {app(op, views), quotient.value_or(internal::kNoView)}) {
        if (v == internal::kNoView) continue;
        Sum next{outside, rest.items};
        next.items.push_back({k, {v}});
        if (const uint64_t p = price(next); p < best_price) {
          best_price = p;
          best = std::move(next);
        }
      }
    };
    write();
    const auto weigh = [&](const Int& out, std::span<const Int> inside, uint64_t each) {
      const auto one = [&](const Int& c) -> uint64_t {
        return c.is_zero() ? 0 : 1 + each + (c.is_one() || (-c).is_one() ? 0 : 1);
      };
      uint64_t total = one(out);
      for (const Int& c : inside) total += one(c);
      return total;
    };
    const auto choose = [&](Int& out, absl::InlinedVector<Int, 8>& inside,
                            uint64_t each) {
      absl::InlinedVector<Int, 8> shifts = {Int(0)};
      if (floor_mod(out, k).is_zero()) shifts.push_back(floor_div(out, k));
      for (const Int& c : inside) shifts.push_back(-c);
      Int best_shift;
      uint64_t least = UINT64_MAX;
      for (const Int& shift : shifts) {
        absl::InlinedVector<Int, 8> moved;
        for (const Int& c : inside) moved.push_back(c + shift);
        const uint64_t w = weigh(out - k * shift, moved, each);
        if (w < least) {
          least = w;
          best_shift = shift;
        }
      }
      out -= k * best_shift;
      for (Int& c : inside) c += best_shift;
      return !best_shift.is_zero();
    };
    bool changed = false;
    for (const Node* mono : monos) {
      Int out = coefficient(outside, mono);
      absl::InlinedVector<Int, 8> inside;
      for (const Poly& p : operands) inside.push_back(coefficient(p, mono));
      const Int old = out;
      if (!choose(out, inside, cost(value(mono)))) continue;
      changed = true;
      add_term(outside, mono, out - old);
      for (size_t j = 0; j < operands.size(); ++j) {
        add_term(operands[j], mono, inside[j] - coefficient(operands[j], mono));
      }
    }
    {
      absl::InlinedVector<Int, 8> inside;
      for (const Poly& p : operands) inside.push_back(p.constant);
      // A constant alone in an operand, or before another term, costs as much.
      Int out = outside.constant;
      absl::InlinedVector<Int, 8> shifts = {Int(0)};
      if (floor_mod(out, k).is_zero()) shifts.push_back(floor_div(out, k));
      for (const Int& c : inside) shifts.push_back(-c);
      Int best_shift;
      size_t least = SIZE_MAX;
      for (const Int& shift : shifts) {
        size_t w = !(out - k * shift).is_zero();
        for (size_t j = 0; j < inside.size(); ++j) {
          w += !operands[j].terms.empty() && !(inside[j] + shift).is_zero();
        }
        if (w < least) {
          least = w;
          best_shift = shift;
        }
      }
      if (!best_shift.is_zero()) {
        changed = true;
        outside.constant -= k * best_shift;
        for (Poly& p : operands) p.constant += best_shift;
      }
    }
    if (changed) write();
  }
  if (!best) return false;
  s = std::move(*best);
  return true;
}

// k*select(c, a, b) + x: what of x goes into the arms, and the sign.
bool Extractor::try_select(Sum& s, size_t i) {
  const Term t = s.open.terms[i];
  const auto args = args_of(t.mono);
  Sum rest{s.open, s.items};
  rest.open.terms.erase(rest.open.terms.begin() + static_cast<ptrdiff_t>(i));
  const uint64_t before = price(s);
  std::optional<Sum> best;
  uint64_t best_price = before;
  const Poly a = poly_of(args[1]);
  const Poly b = poly_of(args[2]);
  const Node* otherwise = builder_.logical_not(args[0]);
  const ViewId conditions[] = {proposition(args[0], false),
                               proposition(otherwise, false)};
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
    if (const uint64_t p = price(next); p < best_price) {
      best_price = p;
      best = std::move(next);
    }
  };
  for (const Int& outer : {t.coef, -t.coef, Int(1), abs(t.coef)}) {
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
    attempt(Int(1), scaled(*arm, Int(-1)), t.coef);
  }
  if (!best) return false;
  s = std::move(*best);
  return true;
}

// select(u >= 0, u//m, ceil(u, m)) rounds to 0. The arms may be shifted and negated.
std::optional<Extractor::Truncated> Extractor::as_truncated(const Node* select) {
  const auto args = args_of(select);
  if (args[0]->op != Op::kGe) return std::nullopt;
  // x as floor(p / m), for the quotient in it that has the coefficient 1 or -1.
  struct Quotient {
    Poly p;
    Int m;
  };
  const auto as_quotient = [](const Poly& x) -> std::optional<Quotient> {
    for (const Term& t : x.terms) {
      if (t.mono->op != Op::kFloorDiv) continue;
      const Int* m = constant_divisor(t.mono);
      const bool plus = t.coef.is_one();
      if (m == nullptr || (!plus && !(-t.coef).is_one())) continue;
      Poly p = poly_of(args_of(t.mono)[0]);
      if (!plus) {  // -(a//m) = (m - 1 - a)//m
        p = scaled(p, Int(-1));
        p.constant += *m - Int(1);
      }
      for (const Term& other : x.terms) {
        if (other.mono != t.mono) add_term(p, other.mono, *m * other.coef);
      }
      p.constant += *m * x.constant;
      return Quotient{std::move(p), *m};
    }
    return std::nullopt;
  };
  for (const bool negative : {false, true}) {
    const Int sign(negative ? -1 : 1);
    const auto then = as_quotient(scaled(poly_of(args[1]), sign));
    const auto otherwise = as_quotient(scaled(poly_of(args[2]), sign));
    if (!then || !otherwise || !(then->m == otherwise->m)) continue;
    const Int& m = then->m;
    for (const bool positive_first : {true, false}) {
      // The arm for u >= 0 has floor(u / m), the other floor((u + m - 1) / m).
      const Poly& low = positive_first ? then->p : otherwise->p;
      const Poly& high = positive_first ? otherwise->p : then->p;
      Poly difference = high;
      add_poly(difference, low, Int(-1));
      if (!difference.terms.empty() || !(difference.constant == m - Int(1))) continue;
      // u >= 0, but for a multiple of m that is added outside; at 0 both arms agree.
      Poly u = low;
      const LinearView p(args_of(args[0])[0]);
      for (const Int& j : {Int(0), Int(1)}) {
        Poly test = positive_first ? u : scaled(u, Int(-1));
        test.constant -= j;
        const Int have = test.constant;
        Poly copy = test;
        const Node* condition = builder_.ge0(builder_.from_poly(copy));
        if (condition == args[0]) return Truncated{u, m, Int(0), negative};
        // The same terms: the constants differ.
        if (condition->op != Op::kGe) continue;
        const Node* gap = builder_.sub(args_of(args[0])[0], args_of(condition)[0]);
        if (gap->op != Op::kConst) continue;
        Int shift = const_value(gap);
        if (!positive_first) shift = -shift;
        if (!floor_mod(shift, m).is_zero()) continue;
        Poly shifted = u;
        shifted.constant += shift;
        return Truncated{std::move(shifted), m, floor_div(-shift, m), negative};
      }
    }
  }
  return std::nullopt;
}

bool Extractor::try_truncated(Sum& s, size_t i) {
  if (!options_.truncation) return false;
  const Term t = s.open.terms[i];
  const std::optional<Truncated> q = as_truncated(t.mono);
  if (!q) return false;
  const uint64_t before = price(s);
  Sum rest{s.open, s.items};
  rest.open.terms.erase(rest.open.terms.begin() + static_cast<ptrdiff_t>(i));
  const Int k = q->negative ? -t.coef : t.coef;
  rest.open.constant += k * q->offset;
  std::optional<Sum> best;
  uint64_t best_price = before;
  for (const bool flip : {false, true}) {
    // trunc(-u, m) = -trunc(u, m)
    const Int sign(flip ? -1 : 1);
    const ViewId args[] = {poly_view(scaled(q->dividend, sign)), integer(q->divisor)};
    Sum quotient = rest;
    quotient.items.push_back({k * sign, {app(ViewOp::kTruncDiv, args)}});
    if (const uint64_t p = price(quotient); p < best_price) {
      best_price = p;
      best = std::move(quotient);
    }
    // k*m*trunc(u, m) = k*u - k*(u rem m)
    if (!floor_mod(k, q->divisor).is_zero()) continue;
    const Int times = floor_div(k, q->divisor);
    Sum remainder = rest;
    add_poly(remainder.open, q->dividend, times);
    remainder.items.push_back({-(times * sign), {app(ViewOp::kTruncMod, args)}});
    if (const uint64_t p = price(remainder); p < best_price) {
      best_price = p;
      best = std::move(remainder);
    }
  }
  if (!best) return false;
  s = std::move(*best);
  return true;
}

}  // namespace congrua::rewrite
