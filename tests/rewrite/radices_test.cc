// Divided sums of quotients of one index: tiles in tiles. Each is made of its answer.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/guard.h"
#include "congrua/simplify.h"
#include "congrua/text.h"
#include "tests/base/soak.h"

namespace congrua {
namespace {

Expr parsed(ExprPool& pool, const std::string& text) { return *parse_infix(pool, text); }

class RadicesTest : public ::testing::Test {
 protected:
  std::string simple(const std::string& text) {
    Facts facts(pool);
    (void)facts.add(parsed(pool, "i >= 0"));
    (void)facts.add(parsed(pool, "i <= 100000"));
    return to_string(simplify(facts, parsed(pool, text)));
  }
  ExprPool pool;
};

TEST_F(RadicesTest, QuotientsOfQuotients) {
  EXPECT_EQ(simple("(256*(i//23) + 112*(i//184) + i%256 + 96)//2160"),
            "floor_div(i, 184)");
}

// 17*i is 16*i + i, of which each makes a remainder.
TEST_F(RadicesTest, SharedMultiples) {
  EXPECT_EQ(simple("(17*i - 16*(i//16) + 6*(i//23))//374"), "floor_div(i, 23)");
}

// With 7 more it is i//23 or one more.
TEST_F(RadicesTest, QuotientsThatAreNearlyShorterOnes) {
  const std::string nearly = "((17*i - 16*(i//16) + 6*(i//23) + 7)//374)";
  EXPECT_NE(simple(nearly), "floor_div(i, 23)");
  EXPECT_EQ(simple("(16*" + nearly + " + 240*(i//23) + 112*(i//184) + i%256 + 96)//2160"),
            "floor_div(i, 184)");
  EXPECT_NE(simple("(16*" + nearly + " + 240*(i//23) + 112*(i//184) + i%256 + 97)//2160"),
            "floor_div(i, 184)");
}

TEST(RadicesFuzz, DigitsAreTakenOff) {
  const Seeds seeds = soak_seeds(400, 200'000);
  uint64_t shortest = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t n) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
    };
    ExprPool pool;
    const Expr i = pool.symbol("i", {.range = {.lo = 0, .hi = 100'000}});
    // A tower of divisors, of which each divides the next, and one beside it.
    std::vector<int64_t> tower = {1};
    for (int k = 0; k < 3; ++k) tower.push_back(tower.back() * (2 + below(12)));
    const int64_t aside = 2 + below(40);
    // Digits, each below what stands before it.
    Expr rest = pool.constant(below(5));
    int64_t largest = *rest.as_const();
    const auto digit = [&](Expr value, int64_t size) {
      const int64_t k = largest + 1 + below(4);
      rest = rest + k * value;
      largest += k * (size - 1);
    };
    if (below(2) == 0) digit(floor_mod(i, aside), aside);
    for (size_t k = 0; k + 1 < tower.size(); ++k) {
      if (below(3) == 0) continue;
      digit(floor_mod(floor_div(i, tower[k]), tower[k + 1] / tower[k]),
            tower[k + 1] / tower[k]);
    }
    const int64_t m = largest + 1 + below(4);
    const Expr whole = below(3) * floor_div(i, tower[1 + static_cast<size_t>(below(3))]) +
                       (1 + below(3)) * floor_div(i, aside);
    const Expr given = floor_div(rest + m * whole, m);
    Facts facts(pool);
    const Expr simple = simplify(facts, given);
    shortest += simple == simplify(facts, whole) ? 1 : 0;
    for (int k = 0; k < 40; ++k) {
      const std::vector<Binding> at = {{i, below(100'001)}};
      ASSERT_EQ(*evaluate(simple, at), *evaluate(given, at))
          << "seed " << seed << " " << to_string(given) << " at " << at[0].second;
    }
  }
  EXPECT_GE(shortest, seeds.count() * 19 / 20);
  soak_report("Radices", seeds, {{"shortest", shortest}});
}

// Sums of quotients that have no such answer.
TEST(RadicesFuzz, AnswersHaveTheValuesOfTheSum) {
  const Seeds seeds = soak_seeds(1'500, 500'000);
  uint64_t shorter = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    std::mt19937_64 random(seed + 1'000'000'007);
    const auto below = [&](int64_t n) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(n));
    };
    ExprPool pool;
    const Expr x = pool.symbol("x", {.range = {.lo = -below(40), .hi = below(60)}});
    const Expr y = pool.symbol("y");
    const auto sum = [&](auto& self, int depth) -> Expr {
      Expr s = pool.constant(below(13) - 6) + (below(7) - 2) * x;
      if (below(4) == 0) s = s + (below(3) - 1) * y;
      for (int k = 0; k < 3; ++k) {
        const Expr inner = depth > 0 && below(3) == 0 ? self(self, depth - 1)
                           : below(4) == 0            ? x + below(5)
                                                      : x;
        s = s + (below(25) - 12) * floor_div(inner, 2 + below(11));
      }
      return s;
    };
    const Expr given = floor_div(sum(sum, 1), 2 + below(30));
    Facts facts(pool);
    const Expr simple = simplify(facts, given);
    shorter += simple == given ? 0 : 1;
    for (int64_t v = *x.range().lo; v <= *x.range().hi; ++v) {
      const std::vector<Binding> at = {{x, v}, {y, below(100) - 50}};
      ASSERT_EQ(*evaluate(simple, at), *evaluate(given, at))
          << "seed " << seed << " " << to_string(given) << " at " << v << " "
          << at[1].second << ": " << to_string(simple);
    }
  }
  EXPECT_GT(shorter, 0u);
  soak_report("Radices, any", seeds, {{"changed", shorter}});
}

}  // namespace
}  // namespace congrua
