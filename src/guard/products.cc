// Sums that are products (DESIGN.md, layer 4 in part): signs, zeros and ranges by their
// factors.
#include "guard/facts_impl.h"

namespace congrua {

using internal::Factorization;

const Factorization& Facts::Impl::factored(const Node* p) {
  static const Factorization none;
  if (p->op != Op::kAdd || p->degree < 2) return none;
  const auto [it, added] = factorizations.try_emplace(p);
  if (added) {
    Factorization f = internal::factorize(builder, p);
    if (!f.factors.empty()) it->second = std::make_unique<Factorization>(std::move(f));
  }
  return it->second == nullptr ? none : *it->second;
}

Domain Facts::Impl::product_domain(const Node* sum) {
  // Where nothing is known of any factor, nothing is known of their products, but that
  // squares are not negative.
  const bool open =
      std::ranges::all_of(internal::terms_of(sum), [&](const internal::Term& t) {
        const internal::FactorView view(t.mono);
        return std::ranges::all_of(view.factors(), [&](const internal::Factor& f) {
          return f.exponent == 1 && domain_of(f.base).is_all();
        });
      });
  if (open) return Domain::all();
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

// Splits a product into factors of known sign and the others. The product of those known
// is positive, or negative; where it may be 0, that is told.
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
  if (f.factors.empty() || f.rest.sign() > 0) return false;
  const Signs s = signs_of(f);
  if (!f.rest.is_zero()) {
    // content * product >= -rest > 0: one factor of unknown sign that is at least 1 in
    // size, and the others by their intervals.
    const auto content = f.content.to_int64(), rest = f.rest.to_int64();
    if (s.open.size() != 1 || s.may_be_zero || !content || !rest || !budget.charge(8))
      return false;
    const Node* open = s.open[0];
    Domain d = Domain::point(*content);
    bool once = false;
    for (const Node* x : f.factors) {
      const bool here = x == open;
      once |= here;
      d = congrua::mul(d, !here        ? domain_of(x)
                          : s.negative ? Domain::interval(kNegInf, -1)
                                       : Domain::interval(1, kPosInf));
    }
    if (!once || congrua::add_const(d, *rest).lo() < 0) return false;
    const Node* size = s.negative ? builder.neg(open) : open;
    return prove_ge(builder.add_const(size, Int(-1)), budget, layer);
  }
  if (s.open.empty()) return !s.negative;
  if (s.open.size() == 2 && s.open[0] == s.open[1]) return !s.negative;
  if (s.open.size() != 1 || !budget.charge(8)) return false;
  return prove_ge(s.negative ? builder.neg(s.open[0]) : s.open[0], budget, layer);
}

std::optional<bool> Facts::Impl::product_zero(const Node* p, Budget& budget,
                                              Layer* layer) {
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
  if (f.factors.empty()) return;
  if (!f.rest.is_zero()) {
    // content * product >= -rest > 0: no factor is 0, and their signs agree.
    if (relation != Relation::kNonNegative || f.rest.sign() > 0) return;
    ++learn_depth;
    for (const Node* x : f.factors) {
      if (!contradictory) learn_ne(x);
    }
    if (!contradictory) {
      const Signs s = signs_of(f);
      if (s.open.size() == 1) {
        const Node* size = s.negative ? builder.neg(s.open[0]) : s.open[0];
        learn_ge(builder.add_const(size, Int(-1)));
      }
    }
    --learn_depth;
    return;
  }
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

// A factor's sign may have become known after the product.
void Facts::Impl::revisit_products() {
  const size_t count = std::min(product_facts.size(), kMaxProductFacts);
  for (size_t i = product_facts.size() - count; i < product_facts.size(); ++i) {
    if (contradictory) return;
    const Node* p = ge_facts[product_facts[i].fact];  // learning may add facts
    learn_factors(p, Relation::kNonNegative);
  }
}

// content * product + rest with factors of any number, also of a single term.
std::optional<Factorization> Facts::Impl::as_product(const Node* p) {
  const Factorization& f = factored(p);
  if (!f.factors.empty()) return f;
  const internal::LinearView v(p);
  if (v.terms().size() != 1) return std::nullopt;
  Factorization one;
  one.content = v.terms()[0].coef;
  one.rest = v.constant();
  const internal::FactorView view(v.terms()[0].mono);
  for (const internal::Factor& x : view.factors()) {
    if (x.exponent > kMaxMatched) return std::nullopt;
    one.factors.insert(one.factors.end(), x.exponent, x.base);
  }
  if (one.factors.size() < 2) return std::nullopt;
  return one;
}

void Facts::Impl::note_product(size_t fact) {
  std::optional<Factorization> f = as_product(ge_facts[fact]);
  if (f && f->factors.size() <= kMaxMatched)
    product_facts.push_back({fact, *std::move(f)});
}

// 0 <= small[i] <= large[j] for each i and a j of its own, and the other large ones >= 1:
// the product of the small is at most that of the large.
std::optional<Facts::Impl::Matching> Facts::Impl::match_factors(
    std::span<const Node* const> small, std::span<const Node* const> large,
    Budget& budget, bool related) {
  if (small.size() > large.size()) return std::nullopt;
  Matching m;
  uint32_t used = 0;
  const auto pick = [&](const Node* g, bool same) {
    for (size_t j = 0; j < large.size(); ++j) {
      if ((used >> j & 1) != 0 || (large[j] == g) != same) continue;
      Layer layer = Layer::kNone;
      if (!same && !budget.charge(8)) continue;
      if (!same && related && (g->symbols() & large[j]->symbols()) == 0) {
        // Without a symbol in common only a fact can compare them.
        if (known_nonnegative(builder.sub(large[j], g)) != true) continue;
      } else if (!same && !prove_ge(builder.sub(large[j], g), budget, &layer)) {
        continue;
      }
      used |= 1u << j;
      if (!same) m.pairs.emplace_back(g, large[j]);
      return true;
    }
    return false;
  };
  std::vector<const Node*> open;
  for (const Node* g : small) {
    if (domain_of(g).lo() < 0) return std::nullopt;
    if (!pick(g, true)) open.push_back(g);
  }
  for (const Node* g : open) {
    if (!pick(g, false)) return std::nullopt;
  }
  for (size_t j = 0; j < large.size(); ++j) {
    if ((used >> j & 1) != 0) continue;
    if (domain_of(large[j]).lo() < 1) return std::nullopt;
    m.extra.push_back(large[j]);
  }
  return m;
}

// k*large - l*small + c >= 0 for k >= l > 0 and c >= 0 where the factors of the small
// product are one by one at most those of the large one.
bool Facts::Impl::products_ordered(const Node* p, Budget& budget) {
  const internal::LinearView v(p);
  if (v.terms().size() != 2 || v.constant().sign() < 0) return false;
  const size_t positive = v.terms()[0].coef.sign() > 0 ? 0 : 1;
  const internal::Term large = v.terms()[positive];
  const internal::Term small = v.terms()[1 - positive];
  if (small.coef.sign() > 0 || large.coef < -small.coef) return false;
  if (large.mono->op != Op::kMul || large.mono->degree > kMaxMatched ||
      small.mono->degree > large.mono->degree) {
    return false;
  }
  const auto list = [](const Node* mono) {
    std::vector<const Node*> out;
    for (const internal::FactorView view(mono);
         const internal::Factor& x : view.factors())
      out.insert(out.end(), x.exponent, x.base);
    return out;
  };
  return match_factors(list(small.mono), list(large.mono), budget, false).has_value();
}

// An upper bound of the small product where the large one is at most `limit`: divided by
// the least values of the extra factors; where that is not below `wanted`, one pair may
// be a distance apart, or each pair may shrink by a ratio.
std::optional<Int> Facts::Impl::product_at_most(std::span<const Node* const> small,
                                                std::span<const Node* const> large,
                                                const Int& limit, const Int& wanted,
                                                Budget& budget) {
  const std::optional<Matching> m = match_factors(small, large, budget);
  if (!m || limit.sign() < 0) return std::nullopt;
  Int numerator = limit;
  Int denominator(1);
  for (const Node* x : m->extra) denominator = denominator * Int(domain_of(x).lo());
  const auto bound = [&] { return congrua::floor_div(numerator, denominator); };
  // g <= f - d and 0 <= G <= F give g*G <= (f - d)*F = f*F - d*F. Where F is 0 so is G,
  // and 0 is no more than wanted; elsewhere F is at least 1, and at least what its
  // factors say.
  for (size_t i = 0; i < m->pairs.size() && wanted < bound() && wanted.sign() >= 0; ++i) {
    Int least(1);
    bool once = false;
    for (const Node* f : large) {
      const bool here = !once && f == m->pairs[i].second;
      once |= here;
      const Int lo(domain_of(f).lo());
      if (!here && lo > Int(1)) least = least * lo;
    }
    for (const Node* x : m->extra) {
      const Int lo(domain_of(x).lo());
      least = congrua::floor_div(least, lo);
    }
    const Int gap = congrua::ceil_div(bound() - wanted, least);
    const auto& [g, f] = m->pairs[i];
    Layer layer = Layer::kNone;
    const Node* apart = builder.add_const(builder.sub(f, g), -gap);
    if (!budget.charge(8)) return std::nullopt;
    if (prove_ge(apart, budget, &layer)) return wanted;
  }
  static constexpr std::pair<int, int> kRatios[] = {{1, 2}, {2, 3}, {3, 4}};
  for (const auto& [g, f] : m->pairs) {
    if (bound() <= wanted) break;
    for (const auto& [above, below] : kRatios) {
      Layer layer = Layer::kNone;
      const Node* gap =
          builder.sub(builder.scale(f, Int(above)), builder.scale(g, Int(below)));
      if (!budget.charge(16) || !prove_ge(gap, budget, &layer)) continue;
      numerator = numerator * Int(above);
      denominator = denominator * Int(below);
      break;
    }
  }
  return bound();
}

// A lower bound of the large product where the small one is at least `limit`.
std::optional<Int> Facts::Impl::product_at_least(std::span<const Node* const> large,
                                                 std::span<const Node* const> small,
                                                 const Int& limit, Budget& budget) {
  const std::optional<Matching> m = match_factors(small, large, budget);
  if (!m || limit.sign() < 0) return std::nullopt;
  Int bound = limit;
  for (const Node* x : m->extra) bound = bound * Int(domain_of(x).lo());
  return bound;
}

// Factors that are negative change their sign, so that factors of two products can be
// compared.
void Facts::Impl::make_positive(Factorization& f) {
  for (const Node*& x : f.factors) {
    if (domain_of(x).hi() > 0) continue;
    x = builder.neg(x);
    f.content = -f.content;
  }
}

// A bound on a product by a bound on another whose factors are one by one larger, or
// smaller.
bool Facts::Impl::product_dominated(const Node* p, Budget& budget) {
  if (product_facts.empty()) return false;
  std::optional<Factorization> goal = as_product(p);
  if (!goal || goal->factors.size() > kMaxMatched) return false;
  make_positive(*goal);
  const bool upper = goal->content.sign() < 0;
  // Upper: product <= limit; lower: product >= limit.
  const auto limit = [&](const Factorization& f) {
    return upper ? congrua::floor_div(f.rest, -f.content)
                 : -congrua::floor_div(f.rest, f.content);
  };
  const Int wanted = limit(*goal);
  size_t tried = 0;
  for (size_t i = product_facts.size(); i-- > 0 && tried < kMaxProductFacts;) {
    Factorization f = product_facts[i].product;  // a copy: a proof may add to the list
    make_positive(f);
    if ((f.content.sign() < 0) != upper) continue;
    ++tried;
    if (!budget.charge(8)) return false;
    if (upper) {
      const auto bound =
          product_at_most(goal->factors, f.factors, limit(f), wanted, budget);
      if (bound && *bound <= wanted) return true;
    } else {
      const auto bound = product_at_least(goal->factors, f.factors, limit(f), budget);
      if (bound && *bound >= wanted) return true;
    }
  }
  return false;
}

}  // namespace congrua
