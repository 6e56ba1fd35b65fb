#include <gtest/gtest.h>

#include <string_view>

#include "congrua/guard.h"
#include "congrua/text.h"

namespace congrua {
namespace {

class BoundsTest : public testing::Test {
 protected:
  Expr read(std::string_view text) { return parse_infix(pool_, text).value(); }
  Bounds bounds(std::string_view text) { return facts_.bounds(read(text)); }
  ExprPool pool_;
  Facts facts_{pool_};
};

TEST_F(BoundsTest, IntervalAndCongruence) {
  ASSERT_TRUE(facts_.add(read("x >= 3")).ok());
  ASSERT_TRUE(facts_.add(read("x <= 10")).ok());
  EXPECT_EQ(bounds("x"), (Bounds{.lo = 3, .hi = 10}));
  EXPECT_EQ(bounds("4*x + 1"), (Bounds{.lo = 13, .hi = 41, .modulus = 4, .residue = 1}));
  EXPECT_EQ(bounds("y"), Bounds{});
  EXPECT_EQ(bounds("6*y - 1"), (Bounds{.modulus = 6, .residue = 5}));
  EXPECT_EQ(bounds("7"), (Bounds{.lo = 7, .hi = 7, .modulus = 0, .residue = 7}));
  EXPECT_EQ(bounds("-7"), (Bounds{.lo = -7, .hi = -7, .modulus = 0, .residue = -7}));
  EXPECT_EQ(bounds("floor_mod(y, 8)"), (Bounds{.lo = 0, .hi = 7}));
}

TEST_F(BoundsTest, KnownEqualitiesAreFollowed) {
  ASSERT_TRUE(facts_.add(read("a == 8*b")).ok());
  EXPECT_EQ(bounds("a - 8*b"), (Bounds{.lo = 0, .hi = 0, .modulus = 0, .residue = 0}));
  EXPECT_EQ(bounds("a").modulus, 8);
}

TEST_F(BoundsTest, PropositionsAreZeroOrOne) {
  ASSERT_TRUE(facts_.add(read("x >= 3")).ok());
  EXPECT_EQ(bounds("x >= 2").lo, 1);
  EXPECT_EQ(bounds("x < 3").hi, 0);
  EXPECT_EQ(bounds("x > 5"), (Bounds{.lo = 0, .hi = 1}));
}

TEST_F(BoundsTest, EndsBeyondAWordAreAbsent) {
  ASSERT_TRUE(facts_.add(read("x >= 9000000000000000000")).ok());
  const Bounds b = bounds("4*x");
  EXPECT_FALSE(b.hi.has_value());
  EXPECT_GE(*b.lo, 9'000'000'000'000'000'000);
}

TEST_F(BoundsTest, NoValueAtAll) {
  ASSERT_TRUE(facts_.add(read("x >= 3")).ok());
  ASSERT_FALSE(facts_.add(read("x <= 2")).ok());
  EXPECT_EQ(bounds("x").lo, 1);
  EXPECT_EQ(bounds("x").hi, 0);
}

}  // namespace
}  // namespace congrua
