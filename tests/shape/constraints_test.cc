#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "congrua/shape.h"
#include "congrua/text.h"

namespace congrua::shape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string message(const absl::Status& s) { return std::string(s.message()); }

class ConstraintsTest : public ::testing::Test {
 protected:
  Expr size(std::string_view source, int64_t hint, SizeOptions o = {}) {
    o.policy = Policy::kDynamic;
    return *env.size(source, hint, o);
  }
  Expr c(int64_t v) { return env.pool().constant(v); }
  Env env;
};

TEST_F(ConstraintsTest, StaticAssertsAreProvedOrRefuted) {
  const Expr s = size("x.size(0)", 8);
  EXPECT_TRUE(env.static_assert_(ge(s, c(2))).ok());
  env.set_location("model.py:7");
  const absl::Status open = env.static_assert_(le(s, c(64)));
  ASSERT_FALSE(open.ok());
  EXPECT_THAT(message(open), HasSubstr("x.size(0) <= 64 is not proved at model.py:7"));
  EXPECT_THAT(message(open), HasSubstr("it fails for x.size(0) = "));
  ASSERT_TRUE(env.guard(ge(s, c(10))).ok() || true);
  const absl::Status no = env.static_assert_(lt(s, c(10)));
  EXPECT_THAT(message(no),
              HasSubstr("it is false by x.size(0) >= 10 (guard, model.py:7)"));
  // What nobody enforces is no proof unless the caller says so.
  ASSERT_TRUE(env.assume(le(s, c(64))).ok());
  EXPECT_FALSE(env.static_assert_(le(s, c(64))).ok());
  EXPECT_TRUE(env.static_assert_(le(s, c(64)), {.classes = kAllClasses}).ok());
}

TEST_F(ConstraintsTest, RuntimeAsserts) {
  const Expr u = env.unbacked();
  env.set_location("model.py:4");
  ASSERT_TRUE(env.runtime_assert(le(u, c(10)), "too many").ok());
  const absl::Status no = env.runtime_assert(ge(u, c(11)), "too few");
  ASSERT_FALSE(no.ok());
  EXPECT_THAT(message(no), HasSubstr("u0 >= 11 (too few) always fails"));
  EXPECT_THAT(message(no), HasSubstr("u0 <= 10 (assert, model.py:4)"));
  const Expr s = size("x.size(0)", 8);
  EXPECT_THAT(message(env.runtime_assert(ge(s, c(9)))), HasSubstr("fails in this run"));
}

TEST_F(ConstraintsTest, ContradictingAssumptionsNameBoth) {
  const Expr s = size("x.size(0)", 8), t = size("y.size(0)", 9);
  env.set_location("model.py:2");
  ASSERT_TRUE(env.assume(lt(s, t)).ok());
  env.set_location("model.py:5");
  const absl::Status no = env.assume(gt(s, t));
  ASSERT_FALSE(no.ok());
  EXPECT_THAT(message(no), HasSubstr("x.size(0)"));
  EXPECT_THAT(message(no), HasSubstr("(assume, model.py:2)"));
  EXPECT_EQ(env.num_records(), 1u);  // it was not taken
  EXPECT_NE(env.is_known(gt(s, t)).truth, Truth::kTrue);
}

TEST_F(ConstraintsTest, OverSpecializedSizesSayWhy) {
  env.set_location("model.py:1");
  SizeOptions o;
  o.range = {.lo = 16, .hi = 64};
  o.dimension = "batch";
  const Expr b = size("batch", 32, o);
  EXPECT_TRUE(env.check_constraints().ok());
  env.set_location("model.py:8");
  ASSERT_TRUE(env.evaluate(eq(floor_mod(b, 8), c(0))).ok());
  const absl::Status s = env.check_constraints();
  ASSERT_FALSE(s.ok());
  EXPECT_THAT(message(s), HasSubstr("batch was declared general at model.py:1"));
  EXPECT_THAT(message(s), HasSubstr("(guard, model.py:8)"));
  EXPECT_THAT(message(s), HasSubstr("batch = 8*k, 16 <= batch <= 64"));
}

TEST_F(ConstraintsTest, SpecializedAndTiedSizesAreReported) {
  SizeOptions o;
  o.constrained = true;
  const Expr s = size("x.size(0)", 8, o), t = size("y.size(0)", 16, o);
  env.set_location("model.py:3");
  ASSERT_TRUE(env.evaluate(s).ok());
  EXPECT_THAT(message(env.check_constraints()), HasSubstr("would hold: x.size(0) = 8"));
  Env other;
  SizeOptions general;
  general.policy = Policy::kDynamic;
  general.constrained = true;
  const Expr a = *other.size("a", 8, general), b = *other.size("b", 16, general);
  ASSERT_TRUE(other.guard(eq(b, 2 * a)).ok());
  EXPECT_THAT(message(other.check_constraints()), HasSubstr("would hold: 2*a == b"));
  (void)t;
}

TEST_F(ConstraintsTest, AMultipleThatWasDeclaredIsNoSurprise) {
  SizeOptions o;
  o.multiple_of = 8;
  const Expr b = size("batch", 32, o);
  ASSERT_TRUE(env.evaluate(eq(floor_mod(b, 4), c(0))).ok());
  EXPECT_TRUE(env.check_constraints().ok()) << message(env.check_constraints());
}

// Nothing follows of a divisor from a fact that may hold without reading it.
TEST_F(ConstraintsTest, DivisorsThatAreNotReadMayBeZero) {
  const Expr u = env.unbacked();
  ASSERT_TRUE(
      env.runtime_assert(logical_or(eq(u, c(0)), ge(floor_div(c(8), u), c(2)))).ok());
  EXPECT_NE(env.is_known(ne(u, c(0))).truth, Truth::kTrue);
  ASSERT_TRUE(env.runtime_assert(ne(u, c(0))).ok());
  EXPECT_THAT(env.asserts().kept, ElementsAre(1, 2));  // 0: u >= 0
  const Expr v = env.unbacked();
  const Expr chosen = select(eq(v, c(3)), c(-1), floor_div(c(8) + v * v, v + 1));
  EXPECT_EQ(env.is_known(ge(chosen, c(-1))).truth, Truth::kTrue);  // v + 1 is never 0
  const Expr other = select(eq(v, c(3)), c(-1), floor_div(v, v - 3));
  EXPECT_NE(env.is_known(ne(other, c(-1))).truth, Truth::kTrue);
}

// A guard says how it was read in this run.
TEST_F(ConstraintsTest, GuardsAreTakenAsTheyWereRead) {
  const Expr s = size("x.size(0)", 3), t = size("y.size(0)", 7);
  const auto chosen = [&](Expr x) {
    return select(eq(x, c(3)), c(1), floor_div(c(8), x - 3));
  };
  const auto at = env.evaluate(ge(chosen(s), c(1)));
  ASSERT_TRUE(at.ok());
  EXPECT_EQ(at->value, 1);
  EXPECT_EQ(env.known_value(s), 3);
  ASSERT_TRUE(env.evaluate(ge(chosen(t), c(2))).ok());
  EXPECT_EQ(env.is_known(ne(t, c(3))).truth, Truth::kTrue);
  EXPECT_EQ(env.evaluate(ge(chosen(t), c(2)))->how, How::kStatic);
  const Expr r = size("z.size(0)", 5);
  ASSERT_TRUE(env.guard(logical_or(ge(r, c(4)), eq(floor_div(r, r - 5), c(0)))).ok());
  EXPECT_EQ(env.is_known(ge(r, c(4))).truth, Truth::kTrue);
  EXPECT_EQ(env.is_known(eq(r, c(5))).truth, Truth::kOpen);
}

TEST_F(ConstraintsTest, ContradictingGuardsAndPromises) {
  const Expr s = size("x.size(0)", 8), u = env.unbacked();
  ASSERT_TRUE(env.guard(ge(s, c(4))).ok());
  const absl::Status no = env.guard(le(s, c(3)));
  ASSERT_FALSE(no.ok());
  EXPECT_THAT(message(no), HasSubstr("x.size(0) >= 4"));
  Env other;
  const Expr v = other.unbacked();
  EXPECT_FALSE(other.promise(lt(v, other.pool().constant(0))).ok());
  (void)u;
}

}  // namespace
}  // namespace congrua::shape
