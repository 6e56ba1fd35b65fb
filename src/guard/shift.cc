// Signs of coefficients after shifting (the trivial case of Handelman 1988): with s = lo
// + t, t >= 0, a polynomial all of whose coefficients are non-negative is at least its
// constant.
#include <algorithm>
#include <functional>

#include "guard/facts_impl.h"

namespace congrua {

using internal::constant_of;
using internal::FactorView;
using internal::LinearView;

namespace {
constexpr size_t kMaxTerms = 48;
constexpr size_t kMaxDominating = 16;
}  // namespace

// p with each atom x replaced by x + lo (then x >= 0) or hi - x; null where an atom has
// no bound or the expansion is too large.
const internal::Node* Facts::Impl::shifted(const Node* p) {
  const LinearView v(p);
  if (v.terms().size() > kMaxTerms) return nullptr;
  const Node* sum = builder.constant(v.constant());
  for (const internal::Term& t : v.terms()) {
    const Node* product = builder.constant(t.coef);
    for (const FactorView view(t.mono); const internal::Factor& f : view.factors()) {
      const Domain d = domain_of(f.base);
      const Node* x = nullptr;
      if (d.lo() != kNegInf) {
        x = builder.add_const(f.base, Int(d.lo()));
      } else if (d.hi() != kPosInf) {
        x = builder.add_const(builder.neg(f.base), Int(d.hi()));
      } else {
        return nullptr;
      }
      for (uint32_t e = 0; e < f.exponent; ++e) {
        if (e > 8) return nullptr;
        product = builder.mul(product, x);
      }
    }
    sum = builder.add(sum, product);
    if (LinearView(sum).terms().size() > 4 * kMaxTerms) return nullptr;
  }
  return sum;
}

bool Facts::Impl::shift_nonnegative(const Node* p) {
  const Node* s = shifted(p);
  if (s == nullptr) return false;
  const LinearView v(s);
  if (v.constant().sign() < 0) return false;
  for (const internal::Term& t : v.terms()) {
    if (t.coef.sign() < 0) return false;
    // A product that was too large to expand or to compute holds sums as atoms, or is
    // one, whose sign is not known here.
    for (const FactorView view(t.mono); const internal::Factor& f : view.factors()) {
      if (f.base->op == Op::kAdd || is_huge_product(f.base)) return false;
    }
  }
  return true;
}

// p >= q for a fact q >= 0 that shares a term with p, by the signs of p - q.
bool Facts::Impl::dominated(const Node* p, Budget& budget) {
  std::vector<uint32_t> candidates;
  {
    const LinearView v(p);
    for (const internal::Term& t : v.terms()) {
      if (!facts_of_term_.has(t.mono->id)) continue;
      const auto& list = facts_of_term_[t.mono->id];
      const size_t from = list.size() > kMaxDominating ? list.size() - kMaxDominating : 0;
      candidates.insert(candidates.end(),
                        list.begin() + static_cast<std::ptrdiff_t>(from), list.end());
    }
  }
  std::ranges::sort(candidates, std::greater<>{});
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  if (candidates.size() > kMaxDominating) candidates.resize(kMaxDominating);
  for (const uint32_t i : candidates) {
    const Node* q = rewrite(ge_facts[i]);
    if (q->op == Op::kConst) continue;
    if (!budget.charge(16)) return false;
    const Node* difference = builder.sub(p, q);
    if (domain_of(difference).lo() >= 0 || shift_nonnegative(difference)) return true;
  }
  return false;
}

}  // namespace congrua
