// Atoms: extremes and selections, each with what a sum around them may give to it or take
// from it.
#include <algorithm>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;

namespace {

constexpr size_t kMaxOperands = 8;

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
