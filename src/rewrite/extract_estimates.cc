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
constexpr uint64_t kFactored = 6;
constexpr uint64_t kRewrittenFactored = 3;

bool is_unit(const Int& n) { return n.is_one() || n == Int(-1); }

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
  // Whole remainders: k*A - k*c*(A//c).
  for (const Term& t : p.terms) {
    if (t.mono->op != Op::kFloorDiv) continue;
    const Int* c = constant_divisor(t.mono);
    if (c == nullptr || !floor_mod(t.coef, *c).is_zero()) continue;
    const Int k = -floor_div(t.coef, *c);
    const LinearView dividend(args_of(t.mono)[0]);
    uint64_t saved = 0;
    bool all = true;
    for (const Term& x : dividend.terms()) {
      const auto y = std::ranges::find(p.terms, x.mono, &Term::mono);
      all = y != p.terms.end() && y->coef == k * x.coef;
      if (!all) break;
      saved = add_costs(saved, 1 + cost(value(x.mono)) + !is_unit(y->coef));
    }
    if (!all) continue;
    constant -= k * dividend.constant();
    total = add_costs(total, !is_unit(k));
    total -= std::min(total, add_costs(saved, !is_unit(t.coef)));
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
  Int g;
  for (const Term& t : p.terms) {
    products |= t.mono->op == Op::kMul;
    if (!g.is_one()) g = gcd(g, t.coef);
  }
  if (can_settle(p)) return products ? kRewrittenFactored : kRewritten;
  if (products) return kFactored;
  return g.is_one() || p.terms.empty() ? 0 : p.terms.size() - 1;
}

}  // namespace congrua::rewrite
