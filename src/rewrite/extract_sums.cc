// Sums: which of their terms are rewritten, and what is taken out of them.
#include <algorithm>
#include <array>
#include <bit>

#include "absl/container/flat_hash_map.h"
#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;

namespace {

constexpr size_t kMaxTerms = 24;  // longer sums are written as they are
constexpr int kMaxRounds = 24;
constexpr uint32_t kMaxWritten = 64;  // equal factors side by side

bool may_be_rewritten(const Node* mono) {
  switch (mono->op) {
    case Op::kFloorDiv:
    case Op::kMin:
    case Op::kMax:
    case Op::kSelect:
      return true;
    case Op::kMul:
      return std::ranges::any_of(internal::factors_of(mono), [](const Factor& f) {
        return f.base->op == Op::kFloorDiv;
      });
    default:
      return false;
  }
}

// Which operators are below the monomials of a sum.
struct Below {
  bool quotients = false, wide = false;  // wide: operators of three operands and more
};
Below look_below(const Poly& p) {
  constexpr size_t kMost = 64;  // nodes, on the tree; with more there may be anything
  Below below;
  absl::InlinedVector<const Node*, 32> open;
  for (const Term& t : p.terms) open.push_back(t.mono);
  for (size_t seen = 0; !open.empty(); ++seen) {
    if (seen == kMost) return {true, true};
    const Node* n = open.back();
    open.pop_back();
    below.quotients |= n->op == Op::kFloorDiv;
    below.wide |= n->op == Op::kSelect || n->op == Op::kOpaque;
    internal::for_each_child(n, [&](const Node* c) { open.push_back(c); });
  }
  return below;
}

}  // namespace

uint64_t Extractor::price_items(std::span<const Item> items, const Int& constant,
                                const std::vector<uint64_t>& cost) {
  if (items.empty()) return 0;
  uint64_t total = items.size() - 1 + !constant.is_zero();
  bool all_subtracted = constant.is_zero();
  for (const Item& i : items) {
    const bool subtracted = i.coef == Int(-1);
    all_subtracted &= subtracted;
    total = add_costs(total, i.factors.size() - 1);
    for (const ViewId f : i.factors) total = add_costs(total, cost[f]);
    if (!subtracted && !i.coef.is_one()) total = add_costs(total, 1);
  }
  return add_costs(total, all_subtracted);
}

// By repeated squaring: no factor is written more than twice in a product.
ViewId Extractor::power(ViewId base, uint32_t exponent) {
  ViewId result = base;
  for (int bit = std::bit_width(exponent) - 2; bit >= 0; --bit) {
    result = product(std::array{result, result});
    if ((exponent >> bit & 1) != 0) result = product(std::array{result, base});
  }
  return result;
}

absl::InlinedVector<Extractor::Item, 8> Extractor::items_of(const Sum& s) {
  absl::InlinedVector<Item, 8> items;
  for (const Term& t : s.open.terms) {
    Item item{t.coef, {}};
    const FactorView view(t.mono);
    for (const Factor& f : view.factors()) {
      if (f.exponent > kMaxWritten) {
        item.factors.push_back(power(atom(f.base), f.exponent));
        continue;
      }
      for (uint32_t i = 0; i < f.exponent; ++i) item.factors.push_back(atom(f.base));
    }
    items.push_back(std::move(item));
  }
  items.insert(items.end(), s.items.begin(), s.items.end());
  for (Item& i : items) std::ranges::sort(i.factors);
  // Like items are one; a sum that nothing was rewritten in has none.
  if (s.items.empty()) return items;
  absl::InlinedVector<Item, 8> merged;
  absl::flat_hash_map<absl::InlinedVector<ViewId, 4>, size_t> places;
  const bool is_long = items.size() > kMaxTerms;
  for (Item& i : items) {
    size_t at;  // of the twin
    if (is_long) {
      at = places.try_emplace(i.factors, merged.size()).first->second;
    } else {
      at = static_cast<size_t>(std::ranges::find(merged, i.factors, &Item::factors) -
                               merged.begin());
    }
    if (at == merged.size()) {
      merged.push_back(std::move(i));
    } else {
      merged[at].coef += i.coef;
    }
  }
  merged.erase(std::remove_if(merged.begin(), merged.end(),
                              [](const Item& i) { return i.coef.is_zero(); }),
               merged.end());
  return merged;
}

// What finish() will write, roughly: like items are not looked for, and of common factors
// only a number that divides everything.
uint64_t Extractor::price(const Poly& open, std::span<const Item> items,
                          const Item* beside) {
  const size_t count = open.terms.size() + items.size() + (beside != nullptr);
  // What is tried of a sum is tried of each term, and of pairs.
  trials_ -= 1 + static_cast<int64_t>(count * count) / 4;
  if (count == 0) return 0;
  const Int unsigned_beside = beside == nullptr ? Int(0) : abs(beside->coef);
  uint64_t bodies = count - 1 + !open.constant.is_zero();
  Int g = open.constant;
  bool all_negative = open.constant.sign() <= 0;
  const auto take = [&](const Int& coef) {
    if (!g.is_one()) g = gcd(g, coef);
    all_negative &= coef.sign() < 0;
  };
  for (const Term& t : open.terms) {
    const FactorView view(t.mono);
    uint64_t factors = 0;
    for (const Factor& f : view.factors()) {
      factors = add_costs(factors, f.exponent);
      for (uint32_t i = 0; i < std::min(f.exponent, kMaxWritten); ++i) {
        bodies = add_costs(bodies, cost_[atom(f.base)]);
      }
    }
    bodies = add_costs(bodies, factors - 1);
    take(t.coef);
  }
  if (beside != nullptr) {
    for (const ViewId f : beside->factors) bodies = add_costs(bodies, cost_[f]);
    bodies = add_costs(bodies, beside->factors.size());
    g = gcd(g, unsigned_beside);
  }
  for (const Item& i : items) {
    for (const ViewId f : i.factors) bodies = add_costs(bodies, cost_[f]);
    bodies = add_costs(bodies, i.factors.size() - 1);
    take(i.coef);
  }
  // Multiplications by coefficients, and the sign of a sum of subtractions alone.
  const auto multiplications = [&](const Int& divisor) {
    uint64_t n = 0;
    bool all_subtracted = open.constant.is_zero();
    const auto one = [&](const Int& coef) {
      const Int k = divisor.is_one() ? coef : floor_div(coef, divisor);
      const bool subtracted = k == Int(-1);
      all_subtracted &= subtracted;
      n += !subtracted && !k.is_one();
    };
    for (const Term& t : open.terms) one(t.coef);
    for (const Item& i : items) one(i.coef);
    if (beside != nullptr) one(unsigned_beside);
    return n + all_subtracted;
  };
  const uint64_t plain = multiplications(Int(1));
  if (count < 2 || g.is_one() || g.is_zero()) return add_costs(bodies, plain);
  const uint64_t divided = 1 + multiplications(all_negative ? -g : g);
  return add_costs(bodies, std::min(plain, divided));
}

uint64_t Extractor::fewest_operators(uint64_t operations, const Poly& p) {
  if (operations < 2) return 1;  // none that could be spared
  const Below below = look_below(p);
  if (below.wide) return 1;
  uint64_t symbols = 0;
  for (const Term& t : p.terms) symbols |= t.mono->symbols();
  const auto least = static_cast<uint64_t>(std::max(std::popcount(symbols) - 1, 1));
  if (least > 1 || below.quotients || p.terms[0].mono->sort == Sort::kBool) return least;
  // y - min(y, 0) is max(y, 0).
  const bool beside = p.terms.size() + !p.constant.is_zero() > 1;
  const bool extremes = std::ranges::any_of(p.terms, [](const Term& t) {
    return t.mono->op == Op::kMin || t.mono->op == Op::kMax;
  });
  return beside && extremes ? 1 : 2;
}

bool Extractor::can_settle(const Poly& p) const {
  return p.terms.size() <= kMaxTerms && depth_ <= kMaxDepth &&
         std::ranges::any_of(p.terms,
                             [](const Term& t) { return may_be_rewritten(t.mono); });
}

// Rewrites the sum as long as it gets shorter. What is done first decides what can be
// done later: on the outside a second order is tried.
Extractor::Sum Extractor::settle(Poly p) {
  Sum s{std::move(p), {}};
  if (!can_settle(s.open)) return s;
  const auto open = static_cast<size_t>(std::ranges::count_if(
      s.open.terms, [](const Term& t) { return may_be_rewritten(t.mono); }));
  const uint64_t plain = price(s);
  const uint64_t fewest = fewest_operators(plain, s.open);
  if (plain <= fewest) return s;
  ++depth_;
  Sum best = s;
  uint64_t best_price = plain;
  for (const Order order : {Order::kBest, Order::kFirst}) {
    Sum next = s;
    bool changed = false;
    for (int round = 0; round < kMaxRounds && trials_ > 0 && improve(next, order, fewest);
         ++round) {
      changed = true;
    }
    // With nothing to gain in one order there is nothing in the others.
    if (!changed) break;
    if (const uint64_t now = price(next); now < best_price) {
      best_price = now;
      best = std::move(next);
    }
    if (open < 2 || best_price <= fewest || depth_ > 1) break;
  }
  --depth_;
  return best;
}

bool Extractor::improve(Sum& s, Order order, uint64_t fewest) {
  using Way = void (Extractor::*)(const Sum&, size_t, Best&);
  const auto ways = [](const Node* mono) -> std::array<Way, 4> {
    switch (mono->op) {
      case Op::kFloorDiv:
        return {&Extractor::try_remainder, &Extractor::try_numerator,
                &Extractor::try_distributed, &Extractor::try_steps};
      case Op::kMul:
        return {&Extractor::try_remainder, &Extractor::try_truncated_product, nullptr,
                nullptr};
      case Op::kMin:
      case Op::kMax:
        return {&Extractor::try_extreme, nullptr, nullptr, nullptr};
      case Op::kSelect:
        return {&Extractor::try_truncated, &Extractor::try_select, nullptr, nullptr};
      default:
        return {nullptr, nullptr, nullptr, nullptr};
    }
  };
  Best best(price(s), fewest);
  if (best.is_fewest()) return false;
  for (size_t i = 0; i < s.open.terms.size(); ++i) {
    for (const Way way : ways(s.open.terms[i].mono)) {
      if (way == nullptr) continue;
      if (trials_ <= 0) return false;
      (this->*way)(s, i, best);
      if (best.is_fewest() || (order == Order::kFirst && best.sum)) break;
    }
    if (best.is_fewest() || (order == Order::kFirst && best.sum)) break;
  }
  if (!best.sum) return false;
  s = std::move(*best.sum);
  return true;
}

// Takes a factor that several items share out of them, if that is shorter.
bool Extractor::factor_out(absl::InlinedVector<Item, 8>& items, Int& constant) {
  const uint64_t before = price_items(items, constant, cost_);
  std::optional<ViewId> best_factor;
  Int best_number;
  size_t best_count = 1;
  // A view that most items have.
  for (const Item& i : items) {
    for (const ViewId f : i.factors) {
      const auto count = static_cast<size_t>(std::ranges::count_if(
          items, [&](const Item& x) { return std::ranges::count(x.factors, f) > 0; }));
      if (count > best_count) {
        best_count = count;
        best_factor = f;
      }
    }
  }
  const auto attempt = [&](auto&& takes, auto&& take, Item outer, bool with_constant) {
    absl::InlinedVector<Item, 8> inside, outside;
    Int inner_constant;
    for (const Item& i : items) {
      if (!takes(i)) {
        outside.push_back(i);
        continue;
      }
      Item rest = i;
      take(rest);
      if (rest.factors.empty()) {
        inner_constant += rest.coef;
      } else {
        inside.push_back(std::move(rest));
      }
    }
    Int outer_constant = constant;
    if (with_constant) {
      inner_constant += floor_div(constant, outer.coef);
      outer_constant = Int(0);
    }
    outer.factors.push_back(finish(inside, inner_constant));
    std::ranges::sort(outer.factors);
    outside.push_back(std::move(outer));
    if (price_items(outside, outer_constant, cost_) >= before) return false;
    items = std::move(outside);
    constant = outer_constant;
    return true;
  };
  if (best_factor) {
    const ViewId f = *best_factor;
    const bool done =
        attempt([&](const Item& i) { return std::ranges::count(i.factors, f) > 0; },
                [&](Item& i) { i.factors.erase(std::ranges::find(i.factors, f)); },
                Item{Int(1), {f}}, false);
    if (done) return true;
  }
  // A number that divides several coefficients.
  absl::InlinedVector<Int, 8> numbers;
  const auto consider = [&](const Int& g) {
    if (g > Int(1) && std::ranges::find(numbers, g) == numbers.end())
      numbers.push_back(g);
  };
  for (const Item& i : items) {
    consider(abs(i.coef));
    for (const Item& j : items) consider(gcd(i.coef, j.coef));
    if (numbers.size() > 8) break;
  }
  for (const Int& g : numbers) {
    const auto divides = [&](const Item& i) { return floor_mod(i.coef, g).is_zero(); };
    if (std::ranges::count_if(items, divides) < 2) continue;
    size_t negative = 0;
    size_t positive = 0;
    for (const Item& i : items) {
      if (divides(i)) ++(i.coef.sign() < 0 ? negative : positive);
    }
    const Int signed_g = negative > positive ? -g : g;
    const auto take = [&](Item& i) { i.coef = floor_div(i.coef, signed_g); };
    for (const bool with_constant : {true, false}) {
      if (with_constant && (constant.is_zero() || !floor_mod(constant, g).is_zero()))
        continue;
      if (attempt(divides, take, Item{signed_g, {}}, with_constant)) return true;
    }
  }
  return false;
}

namespace {
// Whether two of the items have a factor or a number other than 1 in common.
template <typename Items>
bool may_share(const Items& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t j = i + 1; j < items.size(); ++j) {
      if (!gcd(items[i].coef, items[j].coef).is_one()) return true;
      for (const ViewId f : items[i].factors) {
        if (std::ranges::find(items[j].factors, f) != items[j].factors.end()) return true;
      }
    }
  }
  return false;
}
}  // namespace

ViewId Extractor::finish(absl::InlinedVector<Item, 8> items, Int constant) {
  for (Item& i : items) {
    for (ViewId& f : i.factors) {
      if (i.coef.sign() >= 0) break;
      const std::optional<ViewId> positive = turned(f);
      if (!positive) continue;
      f = *positive;
      i.coef = -i.coef;
    }
    std::ranges::sort(i.factors);
  }
  if (items.size() <= kMaxTerms && may_share(items)) {
    for (int round = 0; round < kMaxRounds && items.size() > 1; ++round) {
      if (trials_ <= 0 || !factor_out(items, constant)) break;
      --trials_;
    }
  }
  // All terms negative: a constant ahead is cheaper than a sign (3 - x).
  return sum(items, constant);
}

}  // namespace congrua::rewrite
