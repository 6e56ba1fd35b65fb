// Layout predicates against the loops that compute them for numbers, and what they fold
// to.
#include "congrua/layout.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "congrua/eval.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/expr/layout_numbers.h"

namespace congrua {
namespace {

TEST(Layout, AgreesWithLoopsOverNumbers) {
  const Seeds seeds = soak_seeds(20'000, 5'000'000);
  size_t held[4] = {};
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    std::mt19937_64 random(seed);
    ExprPool pool;
    const auto rank = static_cast<size_t>(pick(random, 0, 5));
    const NumberLayout numbers = random_layout(random, rank, -1);

    // Each number is written as such, or is a symbol with that value.
    std::vector<Binding> at;
    const auto term = [&](const char* name, size_t d, int64_t value) {
      if (pick(random, 0, 2) == 0) return pool.constant(value);
      const Expr s = pool.symbol(name + std::to_string(d));
      at.emplace_back(s, value);
      return s;
    };
    std::vector<Expr> n, t;
    for (size_t d = 0; d < rank; ++d) {
      n.push_back(term("n", d, numbers.sizes[d]));
      t.push_back(term("t", d, numbers.strides[d]));
    }
    const int64_t offset = pick(random, 0, 5);
    const Expr o = term("o", 0, offset);
    const Layout layout{n, t};
    const auto same = [&](Expr predicate, bool expected, size_t& count) {
      const auto value = evaluate(predicate, at);
      ASSERT_TRUE(value.ok()) << to_string(predicate);
      EXPECT_EQ(*value != 0, expected) << numbers << ": " << to_string(predicate);
      count += expected ? 1 : 0;
    };
    same(is_contiguous(pool, layout), numbers.contiguous(), held[0]);
    same(is_channels_last(pool, layout), numbers.channels_last(), held[1]);
    same(has_channels_last_strides(pool, layout), numbers.channels_last_strides(),
         held[2]);
    same(is_non_overlapping_and_dense(pool, layout), numbers.dense(), held[3]);
    const auto needed = evaluate(storage_size(pool, layout, o), at);
    ASSERT_TRUE(needed.ok());
    EXPECT_EQ(*needed, numbers.storage(offset)) << numbers;
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
