// Sums that are products (DESIGN.md, layer 4 in part): signs, zeros and ranges by their factors.
#include "guard/facts_impl.h"

namespace congrua {

using internal::Factorization;

const Factorization& Facts::Impl::factored(const Node* p) {
  static const Factorization none;
  if (p->op != Op::kAdd) return none;
  const auto [it, added] = factorizations.try_emplace(p);
  if (added) {
    Factorization f = internal::factorize(builder, p);
    if (!f.factors.empty()) it->second = std::make_unique<Factorization>(std::move(f));
  }
  return it->second == nullptr ? none : *it->second;
}

Domain Facts::Impl::product_domain(const Node* sum) {
  const Factorization& f = factored(sum);
  const std::optional<int64_t> content = f.content.to_int64();
  const std::optional<int64_t> rest = f.rest.to_int64();
  if (f.factors.empty() || !content || !rest) return Domain::all();
  Domain d = Domain::point(*content);
  for (size_t i = 0; i < f.factors.size();) {
    uint32_t exponent = 0;
    const Node* factor = f.factors[i];
    for (; i < f.factors.size() && f.factors[i] == factor; ++i) ++exponent;
    d = congrua::mul(d, congrua::pow(domain_of(factor), exponent));
  }
  return congrua::add_const(d, *rest);
}

// Splits a product into factors of known sign and the others. The product of those known is
// positive, or negative; where it may be 0, that is told.
Facts::Impl::Signs Facts::Impl::signs_of(const Factorization& f) {
  Signs s;
  s.negative = f.content.sign() < 0;
  for (const Node* x : f.factors) {
    const Domain d = domain_of(x);
    if (d.lo() >= 0) {
      s.may_be_zero |= d.contains(0);
    } else if (d.hi() <= 0) {
      s.may_be_zero |= d.contains(0);
      s.negative = !s.negative;
    } else {
      s.open.push_back(x);
      s.open_may_be_zero |= d.contains(0);
    }
  }
  return s;
}

bool Facts::Impl::product_nonnegative(const Node* p, Budget& budget, Layer* layer) {
  const Factorization& f = factored(p);
  if (f.factors.empty() || !f.rest.is_zero()) return false;
  const Signs s = signs_of(f);
  if (s.open.empty()) return !s.negative;
  if (s.open.size() == 2 && s.open[0] == s.open[1]) return !s.negative;
  if (s.open.size() != 1 || !budget.charge(8)) return false;
  return prove_ge(s.negative ? builder.neg(s.open[0]) : s.open[0], budget, layer);
}

std::optional<bool> Facts::Impl::product_zero(const Node* p, Budget& budget, Layer* layer) {
  const Factorization& f = factored(p);
  if (f.factors.empty() || !f.rest.is_zero()) return std::nullopt;
  bool none = true;
  for (const Node* x : f.factors) {
    if (!budget.charge(8)) return std::nullopt;
    const std::optional<bool> zero = prove_eq(x, budget, layer);
    if (zero == true) return true;
    none &= zero == false;
  }
  return none ? std::optional(false) : std::nullopt;
}

// A relation to 0 of a product, as one of its factors.
void Facts::Impl::learn_factors(const Node* p, Relation relation) {
  if (learn_depth >= kMaxLearnDepth) return;
  const Factorization& f = factored(p);
  if (f.factors.empty() || !f.rest.is_zero()) return;
  ++learn_depth;
  switch (relation) {
    case Relation::kNotZero:
      for (const Node* x : f.factors) {
        if (!contradictory) learn_ne(x);
      }
      break;
    case Relation::kZero: {
      const Node* product = builder.constant(Int(1));
      size_t open = 0;
      for (const Node* x : f.factors) {
        if (!domain_of(x).contains(0)) continue;
        product = builder.mul(product, x);
        ++open;
      }
      if (open < f.factors.size()) learn_eq(product);
      break;
    }
    case Relation::kNonNegative: {
      const Signs s = signs_of(f);
      // A factor that may be 0 says nothing of the others.
      if (s.may_be_zero || s.open.empty() || s.open.size() == f.factors.size()) break;
      const Node* product = builder.constant(Int(s.negative ? -1 : 1));
      for (const Node* x : s.open) product = builder.mul(product, x);
      learn_ge(product);
      break;
    }
  }
  --learn_depth;
}

}  // namespace congrua
