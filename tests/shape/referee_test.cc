#include "shape/referee.h"

#include <gtest/gtest.h>

#include <array>

#include "congrua/float64.h"
#include "congrua/text.h"

namespace congrua::shape {
namespace {

class RefereeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!guard::z3_available()) GTEST_SKIP() << "built without Z3";
  }
  Expr size(std::string_view source, int64_t hint) {
    return *env.size(source, hint, {.policy = Policy::kDynamic});
  }
  Expr c(int64_t v) { return env.pool().constant(v); }
  std::optional<int64_t> known(Expr e, const Question& q = {}) {
    return Referee(env).known_value(e, q);
  }
  Env env;
};

TEST_F(RefereeTest, PropositionsFollowOrAreContradicted) {
  const Expr s = size("s", 8), t = size("t", 4);
  EXPECT_EQ(known(ge(s, c(2))), 1);
  EXPECT_EQ(known(lt(s * t, c(4))), 0);
  EXPECT_EQ(known(lt(s, t)), std::nullopt);
  ASSERT_TRUE(env.guard(eq(s, 2 * t)).ok());
  EXPECT_EQ(known(lt(s, t)), 0);
}

TEST_F(RefereeTest, DivisionsRoundDownAndDivisorsAreNotZero) {
  const Expr a = env.unbacked({.range = {}}), b = env.unbacked({.range = {}});
  const Expr q = floor_div(a, b);
  ASSERT_TRUE(env.assume(eq(a, c(-7))).ok());
  const std::array positive = {eq(b, c(2))}, negative = {eq(b, c(-2))};
  EXPECT_EQ(known(q, {.given = positive}), -4);
  EXPECT_EQ(known(q, {.given = negative}), 3);
  EXPECT_EQ(known(floor_mod(a, b), {.given = positive}), 1);
  EXPECT_EQ(known(floor_mod(a, b), {.given = negative}), -1);
  // A question has a value where its divisors are not 0.
  const Expr one = floor_div(b, b);
  EXPECT_EQ(known(one), 1);
  const std::array zero = {eq(b, c(0))};
  EXPECT_EQ(known(eq(q, q + 1), {.given = zero}), 0);  // by its form
  EXPECT_EQ(known(eq(q, c(3)), {.given = zero}), std::nullopt);
}

TEST_F(RefereeTest, ValuesOfIntegers) {
  const Expr s = size("s", 8), t = size("t", 4);
  EXPECT_EQ(known(s * t), std::nullopt);
  ASSERT_TRUE(env.guard(le(s * t, c(4))).ok());
  EXPECT_EQ(known(s * t), 4);
  EXPECT_EQ(known(s + 7 * t), 16);
}

TEST_F(RefereeTest, QuestionsSayWhatTheyRestOn) {
  const Expr u = env.unbacked();
  EXPECT_EQ(known(eq(u, c(1))), std::nullopt);
  EXPECT_EQ(known(eq(u, c(1)), {.size_oblivious = true}), 0);
  ASSERT_TRUE(env.assume(ge(u, c(5))).ok());
  EXPECT_EQ(known(ge(u, c(5))), 1);
  EXPECT_EQ(known(ge(u, c(5)), {.classes = kEnforced}), std::nullopt);
}

TEST_F(RefereeTest, OpaqueTermsHaveWhatIsDeclaredOfThem) {
  const Expr s = size("s", 8);
  const std::array args = {s};
  const Expr o = env.opaque("f", args, {.range = {.lo = 4, .hi = 9}, .multiple_of = 4});
  EXPECT_EQ(known(ge(o, c(4))), 1);
  EXPECT_EQ(known(le(o, c(8))), 1);
  EXPECT_EQ(known(eq(o, c(4))), std::nullopt);
  const Expr half = trunc_to_int(float_mul(float_constant(env.pool(), 0.5), to_float(s)));
  EXPECT_EQ(known(ge(half, c(1))), 1);
}

TEST_F(RefereeTest, WrongAnswersAreFound) {
  const Expr s = size("s", 8), t = size("t", 4);
  Referee referee(env);
  EXPECT_EQ(referee.check(ge(s + t, c(4)), 1), Truth::kTrue);
  EXPECT_EQ(referee.check(ge(s + t, c(5)), 1), Truth::kOpen);
  EXPECT_EQ(referee.check(s + t, 4), Truth::kOpen);
  EXPECT_EQ(referee.check(lt(s + t, c(4)), 0), Truth::kTrue);
  // A point may give opaque terms values that they never have.
  const std::array args = {s};
  EXPECT_EQ(referee.check(ge(env.opaque("g", args), c(0)), 1), Truth::kUnknown);
}

TEST_F(RefereeTest, ChangesNothing) {
  const Expr s = size("s", 8), t = size("t", 4);
  ASSERT_TRUE(env.guard(le(s * t, c(40))).ok());
  const auto before = env.to_json();
  const std::array given = {ge(s, c(5))};
  const Expr asked = le(t, c(8)), sum = s + t;
  const size_t terms = env.pool().num_nodes();
  EXPECT_EQ(known(asked, {.given = given}), 1);
  EXPECT_EQ(known(sum), std::nullopt);
  EXPECT_EQ(env.pool().num_nodes(), terms);
  EXPECT_EQ(env.known_value(le(t, c(8))), std::nullopt);
  EXPECT_EQ(*env.to_json(), *before);
}

TEST_F(RefereeTest, ContradictoryFactsDecideNothing) {
  const Expr s = size("s", 8);
  const std::array given = {ge(s, c(5)), le(s, c(4))};
  EXPECT_EQ(known(le(s, c(8)), {.given = given}), std::nullopt);
}

TEST(RefereeWithoutZ3Test, NothingIsDecided) {
  if (guard::z3_available()) GTEST_SKIP() << "built with Z3";
  Env env;
  const Expr s = *env.size("s", 8);
  EXPECT_EQ(Referee(env).known_value(ge(s, env.pool().constant(2))), std::nullopt);
  EXPECT_EQ(Referee(env).check(ge(s, env.pool().constant(3)), 0), Truth::kUnknown);
}

}  // namespace
}  // namespace congrua::shape
