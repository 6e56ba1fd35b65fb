#include "congrua/layout.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "expr/builder.h"

namespace congrua {

namespace {

using Dimensions = std::span<const Expr>;

constexpr std::array kChannelsLast4 = {0, 2, 3, 1};
constexpr std::array kChannelsLast5 = {0, 2, 3, 4, 1};

std::span<const int> channels_last_order(size_t rank) {
  if (rank == kChannelsLast4.size()) return kChannelsLast4;
  if (rank == kChannelsLast5.size()) return kChannelsLast5;
  return {};
}

std::vector<int> row_major(size_t rank) {
  std::vector<int> order(rank);
  for (size_t d = 0; d < rank; ++d) order[d] = static_cast<int>(d);
  return order;
}

void check(const Layout& l) {
  CONGRUA_CHECK(l.sizes.size() == l.strides.size(), "as many strides as sizes");
}

// Builds in one pool.
class Predicates {
 public:
  explicit Predicates(ExprPool& pool)
      : pool_(pool),
        use_(internal::Builder::of(pool)),
        zero_(pool.constant(0)),
        one_(pool.constant(1)) {}

  Expr at_least_one(Expr size) const { return max(size, one_); }

  Expr empty(Dimensions sizes) const {
    std::vector<Expr> parts;
    for (const Expr size : sizes) parts.push_back(eq(size, zero_));
    return pool_.disjunction(parts);
  }

  // What step by step from the innermost dimension of `order` outwards makes of strides:
  // each is the product of the sizes inside, as `factor` counts them.
  template <typename Factor>
  std::vector<Expr> strides(Dimensions sizes, std::span<const int> order,
                            Factor&& factor) const {
    std::vector<Expr> out(sizes.size(), one_);
    Expr inside = one_;
    for (const int d : std::vector<int>(order.rbegin(), order.rend())) {
      const auto dim = static_cast<size_t>(d);
      out[dim] = inside;
      inside = inside * factor(sizes[dim]);
    }
    return out;
  }

  // Each stride is as expected but where the size is excused.
  template <typename Excused>
  Expr all_equal(const Layout& l, Dimensions expected, Excused&& excused) const {
    std::vector<Expr> parts;
    for (size_t d = 0; d < l.sizes.size(); ++d) {
      parts.push_back(logical_or(excused(l.sizes[d]), eq(l.strides[d], expected[d])));
    }
    return pool_.conjunction(parts);
  }

  Expr is_one(Expr size) const { return eq(size, one_); }

  Expr zero() const { return zero_; }
  Expr one() const { return one_; }

 private:
  ExprPool& pool_;
  internal::UseChild use_;
  Expr zero_, one_;
};

}  // namespace

std::vector<Expr> dense_strides(ExprPool& pool, std::span<const Expr> sizes,
                                std::span<const int> order) {
  std::vector<bool> seen(sizes.size());
  for (const int d : order) {
    CONGRUA_CHECK(
        d >= 0 && static_cast<size_t>(d) < seen.size() && !seen[static_cast<size_t>(d)],
        "a permutation of the dimensions");
    seen[static_cast<size_t>(d)] = true;
  }
  CONGRUA_CHECK(order.size() == sizes.size(), "a permutation of the dimensions");
  const Predicates p(pool);
  return p.strides(sizes, order, [&](Expr size) { return p.at_least_one(size); });
}

std::vector<Expr> contiguous_strides(ExprPool& pool, std::span<const Expr> sizes) {
  return dense_strides(pool, sizes, row_major(sizes.size()));
}

std::vector<Expr> channels_last_strides(ExprPool& pool, std::span<const Expr> sizes) {
  return dense_strides(pool, sizes, channels_last_order(sizes.size()));
}

Expr is_contiguous(ExprPool& pool, const Layout& l) {
  check(l);
  const Predicates p(pool);
  // Where no size is 0, max(size, 1) is the size: the form of contiguous_strides.
  return logical_or(p.empty(l.sizes),
                    p.all_equal(l, contiguous_strides(pool, l.sizes),
                                [&](Expr size) { return p.is_one(size); }));
}

Expr is_channels_last(ExprPool& pool, const Layout& l) {
  check(l);
  const std::span<const int> order = channels_last_order(l.sizes.size());
  if (order.empty()) return pool.boolean(false);
  const Predicates p(pool);
  // A size of 0 is not excused, and makes what lies outside of it 0: as PyTorch computes.
  return p.all_equal(l, p.strides(l.sizes, order, [](Expr size) { return size; }),
                     [&](Expr size) { return p.is_one(size); });
}

Expr has_channels_last_strides(ExprPool& pool, const Layout& l) {
  check(l);
  const std::span<const int> order = channels_last_order(l.sizes.size());
  if (order.empty()) return pool.boolean(false);
  const Predicates p(pool);
  const size_t channel = 1;
  std::vector<Expr> parts = {ne(l.strides[channel], p.zero()), !p.empty(l.sizes)};
  Expr least = p.zero();
  for (size_t i = order.size(); i-- > 0;) {
    const auto d = static_cast<size_t>(order[i]);
    parts.push_back(ge(l.strides[d], least));
    // N 1 1 1 fits both formats: it is taken for the default one.
    if (d == 0) parts.push_back(ne(least, l.strides[channel]));
    least = l.strides[d] * p.at_least_one(l.sizes[d]);
  }
  return pool.conjunction(parts);
}

Expr is_non_overlapping_and_dense(ExprPool& pool, const Layout& l) {
  check(l);
  CONGRUA_CHECK(l.sizes.size() <= 64, "at most 64 dimensions");
  const Predicates p(pool);
  const size_t rank = l.sizes.size();
  const Expr two = pool.constant(2);
  const auto counts = [&](size_t d) { return ge(l.sizes[d], two); };
  // The stride of each dimension that counts is the product of the sizes that count and
  // lie inside of it, by stride. Of equal strides the later one is inside: then the other
  // is larger than it by a factor of 2 at least, and they are not equal.
  std::vector<Expr> parts;
  for (size_t d = 0; d < rank; ++d) {
    std::vector<Expr> inside;
    for (size_t e = 0; e < rank; ++e) {
      if (e == d) continue;
      const Expr before =
          e > d ? le(l.strides[e], l.strides[d]) : lt(l.strides[e], l.strides[d]);
      inside.push_back(select(logical_and(counts(e), before), l.sizes[e], p.one()));
    }
    parts.push_back(logical_or(!counts(d), eq(l.strides[d], pool.product(inside))));
  }
  return pool.conjunction(parts);
}

Expr storage_size(ExprPool& pool, const Layout& l, Expr offset) {
  check(l);
  const Predicates p(pool);
  std::vector<Expr> last = {offset, p.one()};
  for (size_t d = 0; d < l.sizes.size(); ++d) {
    last.push_back((l.sizes[d] - 1) * l.strides[d]);
  }
  return select(p.empty(l.sizes), p.zero(), pool.sum(last));
}

}  // namespace congrua
