// What a sum will cost when it is written, told by its terms.
#include <algorithm>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {

// By how much a sum may become shorter than its terms tell: by rewritings inside them,
// and by factors taken out.
constexpr uint64_t kRewritten = 1;
constexpr uint64_t kRewrittenArms = 2;  // a sign and a constant go into a selection
constexpr uint64_t kSteps = 4;  // (x%5)//2 is 2*(x%5) + 2 by 5, and 2*(x//5) apart
constexpr uint64_t kFactored = 6;
constexpr uint64_t kRewrittenFactored = 3;
constexpr uint64_t kMaxSaved = uint64_t{1} << 40;

bool is_unit(const Int& n) { return n.is_one() || n == Int(-1); }

bool same_terms(const LinearView& a, const LinearView& b) {
  return std::ranges::equal(a.terms(), b.terms(), [](const Term& x, const Term& y) {
    return x.mono == y.mono && x.coef == y.coef;
  });
}

// k*((a*A + b)//m) - k*a*(A//m): a quotient of A%m, of which another may take the steps.
bool has_steps(const Poly& p) {
  for (const Term& x : p.terms) {
    if (x.mono->op != Op::kFloorDiv) continue;
    for (const Term& y : p.terms) {
      if (y.mono == x.mono || y.mono->op != Op::kFloorDiv ||
          args_of(x.mono)[1] != args_of(y.mono)[1] ||
          args_of(x.mono)[1]->op != Op::kConst) {
        continue;
      }
      const LinearView whole(args_of(x.mono)[0]);
      const LinearView multiple(args_of(y.mono)[0]);
      if (!floor_mod(x.coef, y.coef).is_zero()) continue;
      const Int a = -floor_div(x.coef, y.coef);
      if (std::ranges::equal(whole.terms(), multiple.terms(),
                             [&](const Term& t, const Term& u) {
                               return t.mono == u.mono && a * t.coef == u.coef;
                             })) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

uint64_t Extractor::estimate(const Poly& p) {
  if (p.terms.empty()) return 0;
  uint64_t total = p.terms.size() - 1 + !p.constant.is_zero();
  bool all_subtracted = p.constant.is_zero();
  for (const Term& t : p.terms) {
    const bool one = t.coef.is_one();
    const bool subtracted = !one && t.coef == Int(-1);
    all_subtracted &= subtracted;
    total = add_costs(total, cost(value(t.mono)) + (!one && !subtracted));
  }
  return add_costs(total, all_subtracted);
}

// The operators that go away where the term t of p, a multiple of a quotient, makes a
// remainder with others; *constant: what that takes of the constant of p.
int64_t Extractor::saved_by_remainder(const Poly& p, const Term& t, Int* constant) {
  const Int* c = constant_divisor(t.mono);
  if (c == nullptr) return 0;
  const LinearView dividend(args_of(t.mono)[0]);
  const auto price_of = [&](const Node* mono) {
    return static_cast<int64_t>(std::min(cost(value(mono)), kMaxSaved));
  };
  // k*A - k*c*(A//c)
  if (floor_mod(t.coef, *c).is_zero()) {
    const Int k = -floor_div(t.coef, *c);
    int64_t saved = !is_unit(t.coef) - !is_unit(k);
    for (const Term& x : dividend.terms()) {
      const Int taken = k * x.coef;
      const Int have = coefficient(p, x.mono);
      if (have.is_zero()) saved -= 1 + price_of(x.mono) + !is_unit(taken);
      if (have.is_zero()) continue;
      if (have == taken) {
        saved += 1 + price_of(x.mono) + !is_unit(have);
      } else {
        saved += !is_unit(have) - !is_unit(have - taken);
      }
    }
    *constant = k * dividend.constant();
    if (saved > 0) return saved;
  }
  // k*(A//d) - k*r*((A + n*d)//(d*r)), a remainder of A//d + n
  for (const Term& y : p.terms) {
    if (y.mono->op != Op::kFloorDiv || y.mono == t.mono) continue;
    const Int* d = constant_divisor(y.mono);
    if (d == nullptr || !(t.coef * *d == -(y.coef * *c))) continue;
    const LinearView other(args_of(y.mono)[0]);
    if (!floor_mod(*c, *d).is_zero() || !same_terms(dividend, other)) continue;
    const Int gap = dividend.constant() - other.constant();
    if (!floor_mod(gap, *d).is_zero()) continue;
    *constant = y.coef * floor_div(gap, *d);
    return price_of(t.mono) + !is_unit(t.coef);
  }
  return 0;
}

uint64_t Extractor::likely_terms(const Poly& p, Int& constant) {
  constant = p.constant;
  if (p.terms.empty()) return 0;
  uint64_t total = p.terms.size() - 1;
  for (const Term& t : p.terms)
    total = add_costs(total, cost(value(t.mono)) + !is_unit(t.coef));
  for (const Term& t : p.terms) {
    if (t.mono->op != Op::kFloorDiv) continue;
    Int taken;
    const int64_t saved = saved_by_remainder(p, t, &taken);
    if (saved <= 0) continue;
    constant -= taken;
    total -= std::min(total, static_cast<uint64_t>(saved));
  }
  return total;
}

uint64_t Extractor::likely(const Poly& p) {
  Int constant;
  const uint64_t total = likely_terms(p, constant);
  return add_costs(total, !p.terms.empty() && !constant.is_zero());
}

uint64_t Extractor::slack(const Poly& p) const {
  bool products = false;
  bool arms = false;
  Int g;
  for (const Term& t : p.terms) {
    products |= t.mono->op == Op::kMul;
    arms |= t.mono->op == Op::kSelect;
    if (!g.is_one()) g = gcd(g, t.coef);
  }
  if (can_settle(p)) {
    const uint64_t rewritten = products ? kRewrittenFactored
                               : arms   ? kRewrittenArms
                                        : kRewritten;
    return rewritten + (has_steps(p) ? kSteps : 0);
  }
  if (products) return kFactored;
  return g.is_one() || p.terms.empty() ? 0 : p.terms.size() - 1;
}

}  // namespace congrua::rewrite
