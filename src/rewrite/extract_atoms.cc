// Atoms: extremes and selections, each with what a sum around them may give to it or take
// from it.
#include <algorithm>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;

namespace {

constexpr size_t kMaxOperands = 8;
constexpr size_t kMaxMoved = 4;    // terms of an arm that are moved one by one
constexpr size_t kMaxWritten = 4;  // ways of an extreme
// Operands of an extreme are quotients more often than not: these may get shorter.
constexpr uint64_t kExtremeSlack = 2;

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

bool Extractor::keep(Sum&& next, Best& best) {
  const uint64_t p = price(next);
  if (p < best.price) {
    best.price = p;
    best.sum = std::move(next);
  }
  return p < best.plain;
}

// k*max(a, b) + x with parts of x inside, or with parts of a and b outside, and -max as
// min of the negated operands.
void Extractor::try_extreme(const Sum& s, size_t i, Best& best) {
  const Term t = s.open.terms[i];
  const auto args = args_of(t.mono);
  if (args.size() > kMaxOperands) return;
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
  // The estimates of the best are close; what is written tells.
  absl::InlinedVector<std::pair<uint64_t, Way>, kMaxWritten + 1> ways;
  const auto consider = [&](const Way& w) {
    const uint64_t estimated = price_of(w);
    const auto at = std::ranges::upper_bound(ways, estimated, {},
                                             [](const auto& x) { return x.first; });
    if (at == ways.end() && ways.size() == kMaxWritten) return;
    ways.emplace(at, estimated, w);
    if (ways.size() > kMaxWritten) ways.pop_back();
  };
  // k*max(a..) = -k*min(-a..), and the number may stand inside.
  absl::InlinedVector<Int, 4> scales = {t.coef, -t.coef};
  if (!t.coef.is_one() && !(-t.coef).is_one()) {
    scales.push_back(Int(1));
    scales.push_back(Int(-1));
  }
  for (const Int& k : scales) {
    const Int inner = floor_div(t.coef, k);
    Way w;
    w.k = k;
    w.op = (t.mono->op == Op::kMax) == (inner.sign() > 0) ? ViewOp::kMax : ViewOp::kMin;
    for (const Node* a : args) w.operands.push_back(scaled(poly_of(a), inner));
    w.outside = s.open;
    erase_term(w.outside, i);
    consider(w);
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
    if (changed) consider(w);
    // What an operand holds may take a constant in.
    if (!w.outside.constant.is_zero() && floor_mod(w.outside.constant, w.k).is_zero()) {
      for (Poly& p : w.operands) p.constant += floor_div(w.outside.constant, w.k);
      w.outside.constant = Int(0);
      consider(w);
    }
  }
  for (const auto& [estimated, w] : ways) {
    if (trials_ <= 0 || best.is_fewest()) break;
    uint64_t bound = price_beside(w.outside, s.items, {w.k, {}}) + 1;
    for (const Poly& p : w.operands) bound = add_costs(bound, least(p));
    if (w.operands.size() < 3 && bound >= best.price + kExtremeSlack) continue;
    Sum next{w.outside, s.items};
    next.items.push_back({w.k, {extreme(w.op, w.operands)}});
    keep(std::move(next), best);
  }
}

// max(a..) of these operands, with a term that several of them share taken out of these:
// max(x + a, x + b, c) = max(x + max(a, b), c).
ViewId Extractor::extreme(ViewOp op, std::span<const Poly> operands) {
  absl::InlinedVector<ViewId, 4> views;
  for (const Poly& p : operands) views.push_back(poly_view(p));
  const ViewId plain = app(op, views);
  if (operands.size() < 3) return plain;
  std::optional<Term> shared;
  size_t most = 1;
  for (const Poly& p : operands) {
    for (const Term& t : p.terms) {
      const auto users = static_cast<size_t>(std::ranges::count_if(
          operands, [&](const Poly& q) { return coefficient(q, t.mono) == t.coef; }));
      if (users <= most) continue;
      most = users;
      shared = t;
    }
  }
  if (!shared || most == operands.size()) return plain;
  absl::InlinedVector<Poly, 4> with;
  absl::InlinedVector<ViewId, 4> others;
  for (size_t j = 0; j < operands.size(); ++j) {
    if (coefficient(operands[j], shared->mono) == shared->coef) {
      with.push_back(operands[j]);
      add_term(with.back(), shared->mono, -shared->coef);
    } else {
      others.push_back(views[j]);
    }
  }
  const Item parts[] = {{Int(1), {extreme(op, with)}},
                        {shared->coef, {value(shared->mono)}}};
  others.push_back(sum(parts, Int(0)));
  const ViewId grouped = app(op, others);
  return cost(grouped) < cost(plain) ? grouped : plain;
}

// max(a, b)//m = max(a//m, b//m), select(c, a, b)//m = select(c, a//m, b//m).
void Extractor::try_distributed(const Sum& s, size_t i, Best& best) {
  const Term t = s.open.terms[i];
  if (constant_divisor(t.mono) == nullptr) return;
  const Poly a = poly_of(args_of(t.mono)[0]);
  for (const Term& x : a.terms) {
    const Op op = x.mono->op;
    if ((op != Op::kMin && op != Op::kMax && op != Op::kSelect) ||
        x.mono->short_size > kMaxOperands || trials_ <= 0) {
      continue;
    }
    const auto args = args_of(x.mono);
    absl::InlinedVector<Poly, 4> operands;
    // More divisions than before are no gain where none goes away.
    bool shorter = false;
    for (const Node* o : args.subspan(op == Op::kSelect ? 1 : 0)) {
      Poly numerator = a;
      add_term(numerator, x.mono, -x.coef);
      add_poly(numerator, poly_of(o), x.coef);
      const Node* dividend = node_of(builder_, numerator);
      operands.push_back(poly_of(builder_.floor_div(dividend, args_of(t.mono)[1])));
      const auto& terms = operands.back().terms;
      shorter |= o->op == Op::kMin || o->op == Op::kMax || o->op == Op::kSelect;
      shorter |=
          !terms.empty() && (terms.size() > 1 || terms[0].mono->op != Op::kFloorDiv ||
                             args_of(terms[0].mono)[0] != dividend);
    }
    if (!shorter) continue;
    Sum next = s;
    erase_term(next.open, i);
    uint64_t bound = price_beside(next.open, next.items, {t.coef, {}}) + 1;
    for (const Poly& p : operands) bound = add_costs(bound, least(p));
    if (operands.size() < 3 && bound >= best.price) continue;
    ViewId whole;
    if (op == Op::kSelect) {
      const ViewId parts[] = {proposition(args[0], false), poly_view(operands[0]),
                              poly_view(operands[1])};
      whole = app(ViewOp::kSelect, parts);
    } else {
      whole =
          extreme((op == Op::kMax) == (x.coef.sign() > 0) ? ViewOp::kMax : ViewOp::kMin,
                  operands);
    }
    next.items.push_back({t.coef, {whole}});
    keep(std::move(next), best);
  }
}

// k*select(c, a, b) + x: what of x goes into the arms, and the sign.
void Extractor::try_select(const Sum& s, size_t i, Best& best) {
  const Term t = s.open.terms[i];
  const auto args = args_of(t.mono);
  Sum rest = s;
  erase_term(rest.open, i);
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
    Sum next{rest.open, rest.items};
    add_poly(next.open, moved, -outer);
    const uint64_t beside = price_beside(next.open, next.items, {outer, {}}) + 1 +
                            cost(conditions[turned ? 1 : 0]);
    if (add_costs(beside, least(x) + least(y)) >= best.price) return;
    const ViewId then = poly_view(x);
    const ViewId other = poly_view(y);
    const ViewId parts[] = {conditions[turned ? 1 : 0], turned ? other : then,
                            turned ? then : other};
    next.items.push_back({outer, {app(ViewOp::kSelect, parts)}});
    keep(std::move(next), best);
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
  // One term alone into the arms: x - 2*select(c, x//2, 0) is select(c, x%2, x).
  for (const Term& x : rest.open.terms) {
    if (rest.open.terms.size() > kMaxMoved) break;
    for (const Int& outer : scales) {
      if (!floor_mod(t.coef, outer).is_zero() || !floor_mod(x.coef, outer).is_zero())
        continue;
      Poly moved;
      moved.terms.push_back({floor_div(x.coef, outer), x.mono});
      attempt(floor_div(t.coef, outer), moved, outer);
    }
  }
  // Out of an arm, so that it becomes 0 or one term: a selection between s + x and s.
  for (const Poly* arm : {&a, &b}) {
    if (!arm->terms.empty()) attempt(Int(1), scaled(*arm, Int(-1)), t.coef);
    if (arm->terms.size() + !arm->constant.is_zero() > kMaxMoved) continue;
    for (const Term& x : arm->terms) {
      if (!occurs(arm == &a ? b : a, x.mono)) continue;
      Poly moved;
      moved.terms.push_back({-x.coef, x.mono});
      attempt(Int(1), moved, t.coef);
    }
  }
}

}  // namespace congrua::rewrite
