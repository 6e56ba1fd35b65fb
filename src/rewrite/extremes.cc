// min and max under facts.
#include <algorithm>

#include "expr/divisions.h"
#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {
constexpr size_t kMaxCompared = 12;  // operands compared with each other
}  // namespace

// min(max(a, y), z) = max(min(a, z), y) where y <= z: of the two, which are each other's
// negation as often as not, the one whose fingerprint is smaller.
const Node* Simplifier::order_clamp(const Node* n) {
  if (n->short_size != 2) return n;
  const Op inner = n->op == Op::kMin ? Op::kMax : Op::kMin;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const std::optional<Extreme> x = as_extreme(args_of(n)[i]);
    const Node* z = args_of(n)[1 - i];
    if (!x || x->op != inner || x->wholes.size() != 2) continue;
    for (const size_t j : {size_t{0}, size_t{1}}) {
      const Node* y = x->wholes[j];
      if (!(inner == Op::kMax ? at_least(z, y) : at_least(y, z))) continue;
      const Node* low[] = {x->wholes[1 - j], z};
      const Node* high[] = {builder_.minmax(n->op, low), y};
      const Node* other = builder_.minmax(inner, high);
      const LinearView v(other);
      if (v.terms().size() != 1 || v.terms()[0].mono->short_size != 2) continue;
      if (v.terms()[0].mono->hash < n->hash) return other;
    }
  }
  return n;
}

// max(select(c, a, b), d) = select(c, max(a, d), max(b, d)) where that is simpler.
const Node* Simplifier::hoist_select(const Node* n) {
  if (nesting_ > 2) return n;
  for (const Node* a : args_of(n)) {
    const LinearView v(a);
    for (const internal::Term& t : v.terms()) {
      if (t.mono->op != Op::kSelect) continue;
      const Node* arms[2];
      for (size_t i = 0; i < 2; ++i) {
        const Node* change = builder_.sub(args_of(t.mono)[i + 1], t.mono);
        Nodes args(args_of(n).begin(), args_of(n).end());
        *std::ranges::find(args, a) = builder_.add(a, builder_.scale(change, t.coef));
        arms[i] = builder_.minmax(n->op, args);
      }
      const Node* simple = run(builder_.select(args_of(t.mono)[0], arms[0], arms[1]));
      return cost(simple) < cost(n) ? simple : n;
    }
  }
  return n;
}

// min(a//c, b//c) = min(a, b)//c for c > 0, x counting as (c*x)//c.
const Node* Simplifier::common_quotient(const Node* n) {
  const Node* divisor = nullptr;
  for (const Node* a : args_of(n)) {
    const LinearView v(a);
    for (const internal::Term& t : v.terms()) {
      if (t.mono->op != Op::kFloorDiv || !t.coef.is_one()) continue;
      const Node* c = args_of(t.mono)[1];
      if (c->op != Op::kConst) continue;
      if (divisor == nullptr) divisor = c;
      if (c != divisor) return n;
    }
  }
  if (divisor == nullptr || internal::const_value(divisor).sign() <= 0) return n;
  const Int& c = internal::const_value(divisor);
  Nodes numerators;
  for (const Node* a : args_of(n)) {
    const LinearView v(a);
    const Node* quotient = nullptr;
    for (const internal::Term& t : v.terms()) {
      if (t.mono->op == Op::kFloorDiv && t.coef.is_one() && args_of(t.mono)[1] == divisor)
        quotient = t.mono;
    }
    if (quotient == nullptr) {
      numerators.push_back(builder_.scale(a, c));
    } else {
      numerators.push_back(builder_.add(args_of(quotient)[0],
                                        builder_.scale(builder_.sub(a, quotient), c)));
    }
    // A rule that only reshapes: without this the extremes of a chain of quotients would
    // go in through all of it, one after the other.
    if (!LinearView(numerators.back()).constant().to_int64()) return n;
  }
  return builder_.floor_div(builder_.minmax(n->op, numerators), divisor);
}

// max(trunc(x/c), trunc(y/c)) = trunc(max(x, y)/c) for c > 0, and for min: rounding to 0
// is monotone.
const Node* Simplifier::common_truncation(const Node* n) {
  const Node* divisor = nullptr;
  Nodes dividends;
  for (const Node* a : args_of(n)) {
    if (a->op != Op::kSelect) return n;
    const Node* found = nullptr;
    for (const size_t arm : {1, 2}) {
      // The quotient of the first arm is floor(x/c), that of the second -floor(-x/c).
      const LinearView v(args_of(a)[arm]);
      for (const internal::Term& t : v.terms()) {
        if (found != nullptr || t.mono->op != Op::kFloorDiv) continue;
        const Node* c = args_of(t.mono)[1];
        if (c->op != Op::kConst || (divisor != nullptr && c != divisor)) continue;
        const Node* x = args_of(t.mono)[0];
        if (arm == 2) x = builder_.neg(x);
        if (internal::trunc_div(builder_, x, c) != a) continue;
        found = x;
        divisor = c;
      }
    }
    if (found == nullptr) return n;
    dividends.push_back(found);
  }
  return internal::trunc_div(builder_, builder_.minmax(n->op, dividends), divisor);
}

const Node* Simplifier::extreme_step(const Node* n) {
  if (n->short_size <= kMaxCompared) {
    if (const Node* r = extreme_rules(n); r != n) return r;
    if (const Node* r = common_quotient(n); r != n) return r;
    if (const Node* r = common_truncation(n); r != n) return r;
    if (const Node* r = order_clamp(n); r != n) return r;
  }
  return hoist_select(n);
}

}  // namespace congrua::rewrite
