// Quotients by terms: a//b with b > 0 but not a constant; b < 0 by (-a)//(-b), since the
// canonical form may have turned both signs. The lemmas are those of
// docs/proofs.md: b*(a//b) <= a <= b*(a//b) + b - 1, and a//b grows with a.
//
// Quotients by numbers are variables of the linear layer, which takes sums of two dozen
// terms. Those of longer sums are bounded here by what they divide.
#include <algorithm>

#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;
using internal::LinearView;
using internal::Term;

namespace {
constexpr int kMaxDepth = 2;  // quotients taken apart inside each other
constexpr int kMaxUndivided = 4;

// k*p with c*a in place of k*c*(a//k), for terms of c < 0 and numbers k > 0: not more
// than k*p, since k*(a//k) <= a. Null where p has no such term, or too many.
const internal::Node* undivided(internal::Builder& builder, const internal::Node* p) {
  const internal::Node* sum = p;
  for (int i = 0; i <= kMaxUndivided; ++i) {
    const LinearView v(sum);
    const auto& terms = v.terms();
    const auto found = std::ranges::find_if(terms, [](const Term& t) {
      return t.coef.sign() < 0 && t.mono->op == Op::kFloorDiv &&
             args_of(t.mono)[1]->op == Op::kConst &&
             internal::const_value(args_of(t.mono)[1]).sign() > 0;
    });
    if (found == terms.end()) return sum == p ? nullptr : sum;
    const Term t = *found;
    const internal::Node* rest = builder.sub(sum, builder.scale(t.mono, t.coef));
    sum = builder.add(builder.scale(rest, internal::const_value(args_of(t.mono)[1])),
                      builder.scale(args_of(t.mono)[0], t.coef));
  }
  return nullptr;
}
}  // namespace

// What is known of a - b bounds a//b where the intervals of a and b do not: 0 <= a < b
// gives 0, and -b <= a gives at least -1.
Domain Facts::Impl::quotient_domain(const Node* quotient) {
  const Node* a = args_of(quotient)[0];
  const Node* b = args_of(quotient)[1];
  if (b->op == Op::kConst || (a->symbols() & b->symbols()) == b->symbols()) {
    return Domain::all();
  }
  const Domain divisor = domains_[b->id];
  if (divisor.contains(0) || (divisor.lo() < 0 && divisor.hi() > 0)) return Domain::all();
  if (divisor.hi() < 0) {
    a = builder.neg(a);
    b = builder.neg(b);
  }
  Domain d = Domain::all();
  if (known_nonnegative(builder.add_const(builder.sub(b, a), Int(-1))) == true) {
    d = d.with_hi(0);
  }
  if (known_nonnegative(builder.add(a, b)) == true) d = d.with_lo(-1);
  return d;
}

// p = q + r with q = a//b is not negative exactly where a + b*r is not; p = r - q exactly
// where b*r + b - 1 - a is not. p = k*(a//b) - k*(c//b) + r where a >= c and r >= 0.
bool Facts::Impl::quotient_nonnegative(const Node* p, Budget& budget, Layer* layer,
                                       int depth) {
  // Products on the way ask anew: what is open above counts, whatever the depth says.
  constexpr int kMaxOpen = 12;
  thread_local int open = 0;
  if (open >= kMaxOpen) return false;
  struct Nested {
    int& count;
    explicit Nested(int& c) : count(c) { ++count; }
    ~Nested() { --count; }
  } const nested(open);
  if (depth >= kMaxDepth || p->op == Op::kConst) return false;
  const LinearView v(p);
  if (depth == 0 && budget.charge(static_cast<int64_t>(v.terms().size()))) {
    const Node* u = undivided(builder, p);
    if (u != nullptr && shift_nonnegative(u)) return true;
  }
  for (const Term& t : v.terms()) {
    if (t.mono->op != Op::kFloorDiv) continue;
    const Node* b = args_of(t.mono)[1];
    if (b->op == Op::kConst || !budget.charge(16)) continue;
    const Domain divisor = domain_of(b);
    if (divisor.lo() <= 0 && divisor.hi() >= 0) continue;
    const Node* a = args_of(t.mono)[0];
    for (const Term& u : v.terms()) {
      if (u.mono->op != Op::kFloorDiv || args_of(u.mono)[1] != b || t.coef.sign() <= 0 ||
          !(u.coef == -t.coef)) {
        continue;
      }
      const Node* gap = builder.sub(u.mono, t.mono);
      const Node* rest = builder.add(p, builder.scale(gap, t.coef));
      const Node* rise = builder.sub(a, args_of(u.mono)[0]);
      if (divisor.hi() < 0) rise = builder.neg(rise);
      if (prove_ge(rise, budget, layer, depth + 1) &&
          prove_ge(rest, budget, layer, depth + 1)) {
        return true;
      }
    }
    const bool plus = t.coef.is_one();
    if (!plus && !(-t.coef).is_one()) continue;
    if (divisor.hi() < 0) {  // a//b = (-a)//(-b)
      a = builder.neg(a);
      b = builder.neg(b);
    }
    const Node* rest = builder.sub(p, builder.scale(t.mono, t.coef));
    const Node* scaled = builder.mul(b, rest);
    const Node* undivided =
        plus ? builder.add(a, scaled)
             : builder.add_const(builder.sub(builder.add(scaled, b), a), Int(-1));
    if (prove_ge(undivided, budget, layer, depth + 1)) return true;
  }
  return false;
}

}  // namespace congrua
