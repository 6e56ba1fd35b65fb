// What answers and explanations rest on, and that questions leave nothing behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "congrua/eval.h"
#include "congrua/float64.h"
#include "congrua/shape.h"

namespace congrua::shape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AnswersTest : public ::testing::Test {
 protected:
  Expr size(std::string_view source, int64_t hint) {
    return *env.size(source, hint,
                     {.policy = Policy::kOwn, .specialize_zero_one = false});
  }
  Expr c(int64_t v) { return env.pool().constant(v); }
  Truth ask(Expr e, const Question& q = {}) { return env.is_known(e, q).truth; }
  Env env;
};

// To speak of a quotient is not to say that its divisor is not 0: what is declared of the
// term was stated as a fact, and its divisor with it.
TEST_F(AnswersTest, QuestionsAboutOpaqueTermsLeaveNoDivisorBehind) {
  const Expr a = size("a", 8), s = size("s", 5);
  const std::array args = {floor_div(a, s)};
  const Expr h = env.opaque("h", args, {.multiple_of = 3});
  (void)ask(ge(h, a));
  EXPECT_NE(ask(ne(s, c(0))), Truth::kTrue);
  const auto d = env.evaluate(ne(s, c(0)));
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->how, How::kGuard);
  EXPECT_EQ(ask(eq(floor_mod(h, 3), c(0))), Truth::kTrue);  // now that s != 0 is a fact
}

TEST_F(AnswersTest, QuestionsAboutRoundedFloatsLeaveNoDivisorBehind) {
  const Expr a = size("a", 8), s = size("s", 5);
  const Expr half = float_mul(float_constant(env.pool(), 0.5), to_float(floor_mod(a, s)));
  (void)ask(ge(trunc_to_int(half), c(7)));
  EXPECT_NE(ask(ne(s, c(0))), Truth::kTrue);
}

TEST_F(AnswersTest, RelatedTermsKeepTheirDivisorsToThemselves) {
  const Expr a = size("a", 8), s = size("s", 5);
  const OpaqueOptions declared{.monotone_in = 0, .injective = true};
  const std::array quotient = {floor_div(a, s)}, plain = {a};
  (void)ask(ge(env.opaque("h", quotient, declared), a));
  (void)ask(ge(env.opaque("h", plain), a));
  EXPECT_NE(ask(ne(s, c(0))), Truth::kTrue);
}

TEST_F(AnswersTest, ExplanationsUseWhatIsGiven) {
  const Expr s = size("s", 5), t = size("t", 6);
  const std::array given = {eq(s, c(0))};
  const Question q{.given = given};
  EXPECT_EQ(ask(le(s, c(10)), q), Truth::kTrue);
  EXPECT_EQ(env.explain(le(s, c(10)), q).known.truth, Truth::kTrue);
  const Explanation open = env.explain(ge(s, t), q);
  EXPECT_EQ(open.known.truth, Truth::kOpen);
  for (const auto& [symbol, value] : open.counterexample) {
    EXPECT_TRUE(symbol != s || value == 0);
  }
  // Nothing of it stays.
  EXPECT_EQ(env.explain(le(s, c(10))).known.truth, Truth::kOpen);
  const absl::Status failed = env.static_assert_(ge(s, t), q);
  EXPECT_THAT(std::string(failed.message()), HasSubstr("t = "));
  EXPECT_THAT(std::string(failed.message()), ::testing::Not(HasSubstr("s = 1")));
}

// h(a) >= 6 became a >= 2, whose counter-example says nothing of h(a), or a value that
// facts about it left.
TEST_F(AnswersTest, OpaqueTermsHaveNoCounterexamples) {
  const Expr a = env.unbacked({.range = {.lo = 0, .hi = 9}});
  const std::array args = {a};
  const Expr h = env.opaque(
      "h", args,
      {.multiple_of = 3, .monotone_in = 0, .eval = [](std::span<const int64_t> v) {
         return std::optional<int64_t>(3 * v[0]);
       }});
  EXPECT_EQ(ask(ge(h, c(0))), Truth::kTrue);
  const Explanation e = env.explain(ge(h, c(6)));
  EXPECT_EQ(e.known.truth, Truth::kUnknown);
  EXPECT_THAT(e.counterexample, IsEmpty());
}

TEST_F(AnswersTest, WhatFollowsFromAContradictionRestsOnIt) {
  const Expr s = size("s", 5);
  ASSERT_TRUE(env.guard(ge(s, c(2))).ok());
  ASSERT_TRUE(env.guard(ge(s, c(5))).ok());
  EXPECT_FALSE(env.guard(le(s, c(4))).ok());
  for (const Expr e : {env.pool().boolean(false), ge(s, c(9))}) {
    const Explanation x = env.explain(e, {.certificate = true});
    EXPECT_EQ(x.known.truth, Truth::kTrue);
    EXPECT_THAT(x.rests_on, ElementsAre(1, 2));
  }
}

// An answer that the simplifier alone finds has reasons too.
TEST_F(AnswersTest, EveryAnswerNamesFactsThatSuffice) {
  const Expr s0 = size("a", 6), s1 = size("b", 7);
  const Expr u = env.unbacked();
  const Expr least = min(s0, u);
  ASSERT_TRUE(env.assume(le(least, c(0))).ok());
  const std::array questions = {
      le(floor_mod(select(le(least, c(0)), c(4), s1), 2), c(0)),
      eq(max(least, c(0)), c(0)),
      gt(max(s0, s1), select(ge(2 * s1 + u, c(-4)), max(s1, c(3)), c(-1))),
      ge(select(ge(least, c(1)), s1, c(7)), c(7)),
  };
  for (const Expr q : questions) {
    const Explanation x = env.explain(q);
    if (x.known.truth != Truth::kTrue && x.known.truth != Truth::kFalse) continue;
    Env alone(env.pool());
    for (const RecordId id : x.rests_on) {
      (void)alone.assume(env.record(id).fact);
    }
    EXPECT_EQ(alone.is_known(q).truth, x.known.truth) << env.text(q);
  }
}

TEST_F(AnswersTest, CertificatesComeWithTheFactsTheyNumber) {
  const Expr s = size("s", 5), t = size("t", 9);
  ASSERT_TRUE(env.guard(ge(t, s + 2)).ok());
  const Expr in = env.pool().symbol("i");
  const std::array given = {ge(in, t)};
  const Question q{.given = given, .certificate = true};
  const Explanation yes = env.explain(gt(in, s), q);
  ASSERT_EQ(yes.known.truth, Truth::kTrue);
  ASSERT_NE(yes.certificate, nullptr);
  EXPECT_TRUE(check(*yes.certificate, yes.certificate_facts, gt(in, s)).ok());
  EXPECT_THAT(yes.rests_on, ElementsAre(0));
  const Explanation no = env.explain(le(in, s), q);
  ASSERT_EQ(no.known.truth, Truth::kFalse);
  ASSERT_NE(no.certificate, nullptr);
  EXPECT_TRUE(check(*no.certificate, no.certificate_facts, !le(in, s)).ok());
  EXPECT_THAT(env.explain(ge(s, c(0))).certificate_facts, IsEmpty());
}

// A divisor that is not read says nothing, also where a term is simplified.
TEST(Simplify, DoesNotTakeUnreadDivisorsForGranted) {
  Env env;
  const Expr s =
      *env.size("x", 3, {.policy = Policy::kDynamic, .specialize_zero_one = false});
  const Expr t = *env.size("y", 7, {.policy = Policy::kDynamic});
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  const Expr e =
      select(gt(s, c(1)), t, select(gt(t, c(9)), c(7), floor_div(c(5), floor_div(s, 2))));
  const Expr simple = env.simplify(e);
  const std::vector<Binding> at = {{s, 1}, {t, 12}};
  EXPECT_EQ(*evaluate(simple, at), 7);
  ASSERT_TRUE(env.guard(gt(s, c(3))).ok());
  EXPECT_EQ(env.simplify(e), t);
}

// Nor a number where a float becomes an integer: min(floor_mod(int(f), s), 0) would read
// it.
TEST(Simplify, DoesNotReadConversionsThatWereNotRead) {
  Env env;
  const Expr s = *env.size(
      "x", -3,
      {.policy = Policy::kDynamic, .specialize_zero_one = false, .nonnegative = false});
  const Expr f = *env.float64("f", 2, {.may_be_nan = true});
  const Expr zero = env.pool().constant(0);
  ASSERT_TRUE(env.guard(ne(s, zero)).ok());
  const Expr e = select(lt(s, zero), floor_mod(trunc_to_int(f), s), min(zero, s));
  EXPECT_EQ(env.simplify(e).op(), Op::kSelect);
  ASSERT_TRUE(env.guard(float_lt(f, float_constant(env.pool(), 9))).ok());
  ASSERT_TRUE(env.guard(float_gt(f, float_constant(env.pool(), -9))).ok());
  EXPECT_NE(env.simplify(e).op(), Op::kSelect);
}

}  // namespace
}  // namespace congrua::shape
