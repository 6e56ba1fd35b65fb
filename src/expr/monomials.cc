#include "expr/monomials.h"

#include <algorithm>

#include "expr/builder.h"

namespace congrua::internal {

bool divide_factors(const Node* of, const Node* mono, std::vector<Factor>* rest) {
  const FactorView vo(of);
  const FactorView vm(mono);
  rest->clear();
  size_t j = 0;
  for (const Factor& f : vo.factors()) {
    uint32_t e = f.exponent;
    if (j < vm.factors().size() && vm.factors()[j].base == f.base) {
      if (vm.factors()[j].exponent > e) return false;
      e -= vm.factors()[j++].exponent;
    }
    if (e > 0) rest->push_back({f.base, e});
  }
  return j == vm.factors().size();
}

bool grlex_less(const Node* a, const Node* b) {
  if (a == b) return false;
  const FactorView va(a);
  const FactorView vb(b);
  uint64_t da = 0, db = 0;
  for (const Factor& f : va.factors()) da += f.exponent;
  for (const Factor& f : vb.factors()) db += f.exponent;
  if (da != db) return da < db;
  for (size_t i = 0; i < va.factors().size() && i < vb.factors().size(); ++i) {
    const Factor& x = va.factors()[i];
    const Factor& y = vb.factors()[i];
    if (x.base != y.base) return structural_less(y.base, x.base);
    if (x.exponent != y.exponent) return x.exponent < y.exponent;
  }
  return false;
}

std::vector<Factor> common_factors(const Node* p) {
  const LinearView v(p);
  if (!v.constant().is_zero() || v.terms().empty()) return {};
  std::vector<Factor> common;
  {
    const FactorView first(v.terms()[0].mono);
    common.assign(first.factors().begin(), first.factors().end());
  }
  for (size_t i = 1; i < v.terms().size() && !common.empty(); ++i) {
    const FactorView other(v.terms()[i].mono);
    std::erase_if(common, [&](Factor& f) {
      for (const Factor& g : other.factors()) {
        if (g.base != f.base) continue;
        f.exponent = std::min(f.exponent, g.exponent);
        return false;
      }
      return true;
    });
  }
  return common;
}

}  // namespace congrua::internal
