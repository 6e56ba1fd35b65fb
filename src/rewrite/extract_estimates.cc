// What a sum will cost when it is written, told by its terms.
#include <algorithm>
#include <optional>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {

// By how much a sum may become shorter than its terms tell: by rewritings inside them,
// and by factors taken out.
constexpr uint64_t kRewritten = 1;
constexpr uint64_t kRewrittenArms = 2;  // a sign and a constant go into a selection
constexpr uint64_t kFactored = 6;
constexpr uint64_t kRewrittenFactored = 3;

bool is_unit(const Int& n) { return n.is_one() || n == Int(-1); }

bool same_terms(const LinearView& a, const LinearView& b) {
  return std::ranges::equal(a.terms(), b.terms(), [](const Term& x, const Term& y) {
    return x.mono == y.mono && x.coef == y.coef;
  });
}

// A remainder that the term t of p, a multiple of a quotient by c, makes with others.
struct Whole {
  Int k;                 // k * remainder
  Int constant;          // of p, taken by it
  const Node* quotient;  // whose remainder it is; null: of the dividend
};

std::optional<Whole> whole_remainder(const Poly& p, const Term& t, const Int& c,
                                     const LinearView& dividend) {
  // k*A - k*c*(A//c)
  if (floor_mod(t.coef, c).is_zero()) {
    const Int k = -floor_div(t.coef, c);
    const bool all = std::ranges::all_of(dividend.terms(), [&](const Term& x) {
      const auto y = std::ranges::find(p.terms, x.mono, &Term::mono);
      return y != p.terms.end() && y->coef == k * x.coef;
    });
    if (all) return Whole{k, k * dividend.constant(), nullptr};
  }
  // k*(A//d) - k*r*((A + n*d)//(d*r)), a remainder of A//d + n
  for (const Term& y : p.terms) {
    if (y.mono->op != Op::kFloorDiv || y.mono == t.mono) continue;
    const Int* d = constant_divisor(y.mono);
    if (d == nullptr || !(t.coef * *d == -(y.coef * c))) continue;
    const LinearView other(args_of(y.mono)[0]);
    if (!floor_mod(c, *d).is_zero() || !same_terms(dividend, other)) continue;
    const Int gap = dividend.constant() - other.constant();
    if (!floor_mod(gap, *d).is_zero()) continue;
    return Whole{y.coef, y.coef * floor_div(gap, *d), y.mono};
  }
  return std::nullopt;
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

uint64_t Extractor::likely_terms(const Poly& p, Int& constant) {
  constant = p.constant;
  if (p.terms.empty()) return 0;
  uint64_t total = p.terms.size() - 1;
  for (const Term& t : p.terms)
    total = add_costs(total, cost(value(t.mono)) + !is_unit(t.coef));
  for (const Term& t : p.terms) {
    if (t.mono->op != Op::kFloorDiv) continue;
    const Int* c = constant_divisor(t.mono);
    if (c == nullptr) continue;
    const LinearView dividend(args_of(t.mono)[0]);
    const std::optional<Whole> w = whole_remainder(p, t, *c, dividend);
    if (!w) continue;
    uint64_t saved = !is_unit(t.coef);
    if (w->quotient != nullptr) {
      saved = add_costs(saved, cost(value(t.mono)));
    } else {
      for (const Term& x : dividend.terms()) {
        saved = add_costs(saved, 1 + cost(value(x.mono)) + !is_unit(x.coef * w->k));
      }
      total = add_costs(total, !is_unit(w->k));
    }
    constant -= w->constant;
    total -= std::min(total, saved);
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
    return products ? kRewrittenFactored : arms ? kRewrittenArms : kRewritten;
  }
  if (products) return kFactored;
  return g.is_one() || p.terms.empty() ? 0 : p.terms.size() - 1;
}

}  // namespace congrua::rewrite
