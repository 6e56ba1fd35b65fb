// Layout predicates against the loops that compute them for numbers, and what they fold
// to.
#include "congrua/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

#include "congrua/eval.h"
#include "congrua/text.h"
#include "tests/base/soak.h"

namespace congrua {
namespace {

using Numbers = std::vector<int64_t>;

std::vector<int> channels_inside(size_t rank) {  // from the innermost
  return rank == 4 ? std::vector{1, 3, 2, 0} : std::vector{1, 4, 3, 2, 0};
}

bool contiguous(const Numbers& sizes, const Numbers& strides) {
  if (std::ranges::find(sizes, 0) != sizes.end()) return true;
  int64_t expected = 1;
  for (size_t d = sizes.size(); d-- > 0;) {
    if (sizes[d] == 1) continue;
    if (strides[d] != expected) return false;
    expected *= sizes[d];
  }
  return true;
}

bool channels_last(const Numbers& sizes, const Numbers& strides) {
  if (sizes.size() != 4 && sizes.size() != 5) return false;
  int64_t expected = 1;
  for (const int at : channels_inside(sizes.size())) {
    const auto d = static_cast<size_t>(at);
    if (sizes[d] == 1) continue;
    if (strides[d] != expected) return false;
    expected *= sizes[d];
  }
  return true;
}

bool channels_last_strided(const Numbers& sizes, const Numbers& strides) {
  if (sizes.size() != 4 && sizes.size() != 5) return false;
  if (strides[1] == 0) return false;
  int64_t least = 0;
  for (const int at : channels_inside(sizes.size())) {
    const auto d = static_cast<size_t>(at);
    if (sizes[d] == 0 || strides[d] < least) return false;
    if (d == 0 && least == strides[1]) return false;
    least = strides[d] * std::max<int64_t>(sizes[d], 1);
  }
  return true;
}

bool dense(const Numbers& sizes, const Numbers& strides) {
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::erase_if(order, [&](size_t d) { return sizes[d] < 2; });
  std::ranges::sort(order, {}, [&](size_t d) { return strides[d]; });
  int64_t expected = 1;
  for (const size_t d : order) {
    if (strides[d] != expected) return false;
    expected *= sizes[d];
  }
  return true;
}

int64_t storage(const Numbers& sizes, const Numbers& strides, int64_t offset) {
  if (std::ranges::find(sizes, 0) != sizes.end()) return 0;
  int64_t last = offset;
  for (size_t d = 0; d < sizes.size(); ++d) last += (sizes[d] - 1) * strides[d];
  return last + 1;
}

TEST(Layout, AgreesWithLoopsOverNumbers) {
  const Seeds seeds = soak_seeds(20'000, 5'000'000);
  size_t held[4] = {};
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](int64_t lo, int64_t hi) {
      return lo + static_cast<int64_t>(random() % static_cast<uint64_t>(hi - lo + 1));
    };
    ExprPool pool;
    const auto rank = static_cast<size_t>(pick(0, 5));
    Numbers sizes, strides(rank);
    for (size_t d = 0; d < rank; ++d) sizes.push_back(pick(pick(0, 3) == 0 ? 0 : 1, 3));
    // Dense in a random order, or in the order of channels-last; then disturbed or not.
    std::vector<size_t> order(rank);
    std::iota(order.begin(), order.end(), size_t{0});
    if (rank >= 4 && pick(0, 1) == 0) {
      for (size_t i = 0; i < rank; ++i)
        order[i] = static_cast<size_t>(channels_inside(rank)[i]);
    } else if (pick(0, 1) == 0) {
      std::ranges::shuffle(order, random);
    } else {
      std::ranges::reverse(order);
    }
    int64_t inside = 1;
    for (const size_t d : order) {
      strides[d] = inside;
      inside *= std::max<int64_t>(sizes[d], 1);
    }
    for (int64_t left = pick(0, 2); rank != 0 && left > 0; --left)
      strides[random() % rank] = pick(-1, 12);

    // Each number is written as such, or is a symbol with that value.
    std::vector<Binding> at;
    const auto term = [&](const char* name, size_t d, int64_t value) {
      if (pick(0, 2) == 0) return pool.constant(value);
      const Expr s = pool.symbol(name + std::to_string(d));
      at.emplace_back(s, value);
      return s;
    };
    std::vector<Expr> n, t;
    for (size_t d = 0; d < rank; ++d) {
      n.push_back(term("n", d, sizes[d]));
      t.push_back(term("t", d, strides[d]));
    }
    const int64_t offset = pick(0, 5);
    const Expr o = term("o", 0, offset);
    const Layout layout{n, t};
    const auto text = [&] {
      return testing::PrintToString(sizes) + " strides " +
             testing::PrintToString(strides);
    };
    const auto same = [&](Expr predicate, bool expected, size_t& count) {
      const auto value = evaluate(predicate, at);
      ASSERT_TRUE(value.ok()) << to_string(predicate);
      EXPECT_EQ(*value != 0, expected) << text() << ": " << to_string(predicate);
      count += expected ? 1 : 0;
    };
    same(is_contiguous(pool, layout), contiguous(sizes, strides), held[0]);
    same(is_channels_last(pool, layout), channels_last(sizes, strides), held[1]);
    same(has_channels_last_strides(pool, layout), channels_last_strided(sizes, strides),
         held[2]);
    same(is_non_overlapping_and_dense(pool, layout), dense(sizes, strides), held[3]);
    const auto needed = evaluate(storage_size(pool, layout, o), at);
    ASSERT_TRUE(needed.ok());
    EXPECT_EQ(*needed, storage(sizes, strides, offset)) << text();
  }
  for (const size_t count : held) EXPECT_GT(count, seeds.count() / 100);
  soak_report("Layout", seeds, {{"failures", 0}});
}

TEST(Layout, StridesThatWereMadeForItFold) {
  ExprPool pool;
  const std::vector<Expr> sizes = {pool.symbol("n"), pool.symbol("m"), pool.symbol("k")};
  const std::vector<Expr> strides = contiguous_strides(pool, sizes);
  EXPECT_EQ(to_string(strides[1]), "max(k, 1)");
  EXPECT_EQ(to_string(is_contiguous(pool, {sizes, strides})), "true");
  EXPECT_EQ(to_string(is_non_overlapping_and_dense(pool, {})), "true");
}

}  // namespace
}  // namespace congrua
