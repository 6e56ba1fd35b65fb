// Sums and products under facts.
#include <algorithm>

#include "rewrite/polynomials.h"
#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;
using internal::Term;

namespace {

constexpr size_t kMaxDistributed = 8;  // operands of an extreme
constexpr size_t kMaxTerms = 24;

bool is_extreme(const Node* n) { return n->op == Op::kMin || n->op == Op::kMax; }

Int coefficient_in(const Node* n, const Node* mono) {
  return LinearView(n).terms().coefficient_of(mono);
}

}  // namespace

std::optional<Simplifier::Extreme> Simplifier::as_extreme(const Node* n) {
  const LinearView v(n);
  std::optional<Term> only;
  for (const Term& t : v.terms()) {
    if (!is_extreme(t.mono)) continue;
    if (only) return std::nullopt;
    only = t;
  }
  if (!only || only->mono->short_size > kMaxDistributed) return std::nullopt;
  const Node* rest = builder_.sub(n, builder_.scale(only->mono, only->coef));
  Extreme x;
  x.atom = only->mono;
  const bool flip = only->coef.sign() < 0;
  x.op = (only->mono->op == Op::kMin) != flip ? Op::kMin : Op::kMax;
  for (const Node* a : args_of(only->mono)) {
    x.wholes.push_back(builder_.add(builder_.scale(a, only->coef), rest));
  }
  return x;
}

// k*max(a, b) + r = k*max(a + r/k, b + r/k): the part of r that the operands do not share
// goes in, so that min(x, y) - x and min(0, y - x) are one node. The same for the arms of
// a selection.
const Node* Simplifier::distribute(const Node* n, bool selection) {
  const LinearView v(n);
  if (v.terms().size() > kMaxTerms) return n;
  std::optional<Term> only;
  for (const Term& t : v.terms()) {
    if (selection ? t.mono->op != Op::kSelect : !is_extreme(t.mono)) continue;
    if (only) return n;
    only = t;
  }
  if (!only || only->mono->short_size > kMaxDistributed || v.terms().size() < 2) return n;
  const auto args = args_of(only->mono).subspan(selection ? 1 : 0);
  const Int& k = only->coef;
  const Node* moved = builder_.constant(Int(0));
  for (const Term& t : v.terms()) {
    if (t.mono == only->mono || !floor_mod(t.coef, k).is_zero()) continue;
    const bool inside = std::ranges::any_of(
        args, [&](const Node* a) { return !coefficient_in(a, t.mono).is_zero(); });
    if (inside) moved = builder_.add(moved, builder_.scale(t.mono, floor_div(t.coef, k)));
  }
  if (moved->op == Op::kConst) return n;
  Nodes wholes;
  for (const Node* a : args) wholes.push_back(builder_.add(a, moved));
  const Node* whole = selection
                          ? builder_.select(args_of(only->mono)[0], wholes[0], wholes[1])
                          : builder_.minmax(only->mono->op, wholes);
  const Node* rest = builder_.sub(n, builder_.scale(builder_.add(only->mono, moved), k));
  return builder_.add(builder_.scale(whole, k), rest);
}

// The condition of a selection may be exchanged for another one where both arms agree on
// what lies between them.
const Node* Simplifier::with_condition(const Node* select, const Node* condition) {
  const auto args = args_of(select);
  if (nesting_ > 1) return nullptr;
  const Node* own = args[0];
  // Points where own holds and condition does not, and the other way round.
  for (const bool first : {true, false}) {
    Simplifier& outer = where(first ? own : condition, true);
    Simplifier& inner = outer.where(first ? condition : own, false);
    const Node* gap = builder_.sub(args[1], args[2]);
    const Node* simple = nullptr;
    const bool possible = under(outer, [&] { simple = outer.run_under(inner, gap); });
    if (!possible || inner.impossible_) continue;
    if (simple != builder_.constant(Int(0))) return nullptr;
  }
  return builder_.select(condition, args[1], args[2]);
}

// k*(a//c) - k*(a//2c) = k*((a + c)//2c), and with a - c in place of a (Hermite); and for
// c = 2, where (a + 1)//2 is seen as a - a//2, k*(a//2) + k*((a + 1)//4) =
// k*(a - (a + 3)//4), and with a + 3 and a + 1 exchanged.
const Node* Simplifier::join_halves(const Node* n) {
  const LinearView v(n);
  if (std::ranges::count_if(
          v.terms(), [](const Term& t) { return t.mono->op == Op::kFloorDiv; }) < 2) {
    return n;
  }
  // Does n hold factor * part, as far as its quotient goes? In canonical form a part may
  // be a sum.
  const auto holds = [&](const Node* part, const Int& factor) {
    const LinearView vp(part);
    std::optional<Term> quotient;
    for (const Term& t : vp.terms()) {
      if (t.mono->op == Op::kFloorDiv) quotient = t;
    }
    if (!quotient) return false;
    const Int y = v.terms().coefficient_of(quotient->mono);
    return !y.is_zero() && y == factor * quotient->coef;
  };
  for (const Term& x : v.terms()) {
    if (x.mono->op != Op::kFloorDiv || args_of(x.mono)[1]->op != Op::kConst) continue;
    const Int& c = internal::const_value(args_of(x.mono)[1]);
    if (c.sign() <= 0) continue;
    const Node* twice = builder_.constant(c + c);
    const Node* a = args_of(x.mono)[0];
    const Node* low = builder_.floor_div(a, twice);
    const Node* high = builder_.floor_div(builder_.add_const(a, c), twice);
    for (const Node* part : {low, high}) {
      if (!holds(part, -x.coef)) continue;
      // n = k*x - k*part + rest = k*other + rest.
      const Node* other = part == low ? high : low;
      const Node* gap = builder_.sub(builder_.add(other, part), x.mono);
      return builder_.add(n, builder_.scale(gap, x.coef));
    }
    if (c != Int(2)) continue;
    for (const int odd : {1, 3}) {
      const Node* part = builder_.floor_div(builder_.add_const(a, odd), twice);
      if (!holds(part, x.coef)) continue;
      const Node* other = builder_.floor_div(builder_.add_const(a, 4 - odd), twice);
      const Node* gap = builder_.sub(builder_.sub(builder_.sub(a, other), part), x.mono);
      return builder_.add(n, builder_.scale(gap, x.coef));
    }
  }
  return n;
}

// Selections of conditions that differ only where the arms agree: one condition for both.
const Node* Simplifier::align_selects(const Node* n) {
  const LinearView v(n);
  for (size_t i = 0; i < v.terms().size(); ++i) {
    const Term& x = v.terms()[i];
    if (x.mono->op != Op::kSelect) continue;
    for (size_t j = i + 1; j < v.terms().size(); ++j) {
      const Term& y = v.terms()[j];
      if (y.mono->op != Op::kSelect || args_of(y.mono)[0] == args_of(x.mono)[0]) continue;
      if ((args_of(y.mono)[0]->symbols() & args_of(x.mono)[0]->symbols()) == 0) continue;
      for (const bool first : {true, false}) {
        const Term& from = first ? y : x;
        const Node* c = args_of((first ? x : y).mono)[0];
        const Node* changed = with_condition(from.mono, c);
        if (changed == nullptr) continue;
        const Node* gap = builder_.sub(changed, from.mono);
        return builder_.add(n, builder_.scale(gap, from.coef));
      }
    }
  }
  return n;
}

const Node* Simplifier::sum_step(const Node* n) {
  size_t extremes = 0;
  size_t selects = 0;
  size_t quotients = 0;
  {
    const LinearView v(n);
    for (const Term& t : v.terms()) {
      extremes += is_extreme(t.mono);
      selects += t.mono->op == Op::kSelect;
      quotients += t.mono->op == Op::kFloorDiv;
    }
  }
  if (quotients >= kMaxTerms) quotients = 0;
  if (quotients > 0) {
    if (const Node* r = term_rules(n); r != n) return r;
  }
  if (extremes > 1 || selects > 1) {
    if (const Node* r = sum_rules(n); r != n) return r;
  }
  if (quotients > 1) {
    if (const Node* r = join_halves(n); r != n) return r;
    if (const Node* r = join_radices(n); r != n) return r;
  }
  if (extremes > 0) {
    if (const Node* r = distribute(n, false); r != n) return r;
  }
  if (selects > 0) {
    if (const Node* r = align_selects(n); r != n) return r;
    if (const Node* r = distribute(n, true); r != n) return r;
  }
  return n;
}

}  // namespace congrua::rewrite
