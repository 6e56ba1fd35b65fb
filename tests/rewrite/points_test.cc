// Points refute nothing that follows from the facts.
#include "rewrite/points.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "congrua/text.h"
#include "expr/builder.h"
#include "tests/base/soak.h"
#include "tests/guard/random_facts.h"

namespace congrua {
namespace {

using internal::Builder;

class PointsTest : public testing::Test {
 protected:
  Expr parse(std::string_view text) { return parse_infix(pool_, text).value(); }
  bool refuted(rewrite::Points& points, std::string_view sum) {
    return points.refute_nonnegative(Builder::node(parse(sum)));
  }
  ExprPool pool_;
  Facts facts_{pool_};
};

TEST_F(PointsTest, FollowsFactsAsTheyComeAndGo) {
  (void)pool_.symbol("x", {.range = {0, 7}});
  rewrite::Points points(facts_.impl());
  EXPECT_TRUE(refuted(points, "x - 4"));
  EXPECT_TRUE(refuted(points, "3 - x"));
  EXPECT_FALSE(refuted(points, "7 - x"));
  EXPECT_TRUE(refuted(points, "y - x"));
  facts_.push();
  ASSERT_TRUE(facts_.add(parse("y >= x + 2")).ok());
  EXPECT_FALSE(refuted(points, "y - x - 2"));
  EXPECT_TRUE(refuted(points, "x - y"));
  facts_.push();
  ASSERT_TRUE(facts_.add(parse("x >= 4")).ok());
  EXPECT_FALSE(refuted(points, "x - 4"));
  facts_.pop();
  EXPECT_TRUE(refuted(points, "x - 4"));
  facts_.pop();
  EXPECT_TRUE(refuted(points, "y - x - 2"));
}

TEST_F(PointsTest, HasNoOpinionWhereThereIsNoValue) {
  rewrite::Points points(facts_.impl());
  EXPECT_FALSE(
      refuted(points, "floor_div(-5, x - x*x*x*x*x*x*x*x*x*x*x*x*x*x + f:int(x))"));
  // What is 0 or more wherever it has a value.
  EXPECT_FALSE(refuted(points, "floor_div(x, x) - 1"));
  // A symbol that stands for a quotient has the quotient's value, or none.
  ASSERT_TRUE(facts_.add(parse("x == 28*floor_div(x, 28)")).ok());
  const internal::Node* n = Builder::node(parse("floor_mod(x, 28)"));
  EXPECT_FALSE(points.refute_nonnegative(n));
  EXPECT_FALSE(points.refute_nonnegative(facts_.impl().rewrite(n)));
}

// Every fact p >= 0 holds where the facts do, rewritten or not.
TEST(PointsFuzz, RefutesNoFact) {
  uint64_t asked = 0;
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    const guard_test::System system = guard_test::RandomSystem(seed).make();
    ExprPool pool;
    Facts facts(pool);
    rewrite::Points points(facts.impl());
    for (const guard_test::Step& step : system.script) {
      if (step.act != guard_test::Act::kFact) continue;
      const Expr fact = guard_test::build(pool, system, step.tree);
      (void)facts.add(fact);
      if (facts.contradictory()) break;
      for (const internal::Node* f : facts.impl().facts) {
        if (f->op != Op::kGe) continue;
        const internal::Node* p = internal::args_of(f)[0];
        ++asked;
        ASSERT_FALSE(points.refute_nonnegative(p)) << "seed " << seed;
        ASSERT_FALSE(points.refute_nonnegative(facts.impl().rewrite(p)))
            << "seed " << seed;
      }
    }
  }
  EXPECT_GT(asked, 1'000u);
}

}  // namespace
}  // namespace congrua
