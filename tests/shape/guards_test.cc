#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "congrua/eval.h"
#include "congrua/shape.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/shape/random_programs.h"

namespace congrua::shape {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> texts(const std::vector<Expr>& es) {
  std::vector<std::string> out;
  for (const Expr e : es) out.push_back(to_string(e));
  return out;
}

class GuardsTest : public ::testing::Test {
 protected:
  Expr size(std::string_view source, int64_t hint) {
    return *env.size(source, hint, {.policy = Policy::kDynamic});
  }
  Expr c(int64_t v) { return env.pool().constant(v); }
  void take(Expr e) { ASSERT_TRUE(env.guard(e).ok()) << to_string(e); }
  Env env;
};

TEST_F(GuardsTest, WhatFollowsIsDropped) {
  const Expr s = size("x", 20), t = size("y", 30);
  take(ge(s, c(4)));
  take(ge(s, c(7)));
  take(ne(s, c(5)));
  take(le(s, t));
  take(le(s, t + 3));
  const GuardSet g = env.guards();
  EXPECT_THAT(texts(g.domains), UnorderedElementsAre("s0 >= 7"));  // t's follows
  EXPECT_THAT(texts(g.guards), ElementsAre("s0 <= s1"));
  EXPECT_EQ(g.origins[0], 3u);
  EXPECT_EQ(g.dropped.size(), 4u);
  for (size_t i = 0; i < g.dropped.size(); ++i) {
    EXPECT_FALSE(env.why_dropped(g, i).empty()) << to_string(g.dropped[i].condition);
  }
}

TEST_F(GuardsTest, CongruencesInStepsAreOne) {
  const Expr s = size("x", 48);
  for (const int64_t d : {2, 4, 8}) {
    take(eq(floor_mod(floor_div(s, d / 2), 2), c(0)));
    take(ne(floor_div(s, d), c(1)));
  }
  const GuardSet g = env.guards();
  EXPECT_THAT(texts(g.domains), ElementsAre("s0 >= 16"));
  EXPECT_THAT(texts(g.guards), ElementsAre("floor_mod(s0, 8) == 0"));
}

TEST_F(GuardsTest, DivisorsAreTestedFirst) {
  const Expr s = size("x", 24), t = size("y", 8);
  const Expr d = t - 3;
  take(eq(floor_mod(s, d), c(4)));
  const GuardSet g = env.guards();
  ASSERT_EQ(g.guards.size(), 2u);
  EXPECT_EQ(g.guards[0], ne(d, c(0)));
}

// One that holds for every integer is dropped, but not that there is one.
TEST_F(GuardsTest, RealsThatBecomeIntegersAreTestedToBeNumbers) {
  const Expr s = size("x", 24);
  const Expr f = *env.float64("f", 1.5, {.may_be_nan = true});
  const Expr square = float_mul(f, f);
  take(gt(s, floor_mod(floor_to_int(square), s)));
  const GuardSet g = env.guards();
  EXPECT_THAT(texts(g.guards),
              ElementsAre("gt(mul(f0, f0), -oo) and lt(mul(f0, f0), oo)"));
  EXPECT_EQ(g.dropped.size(), 1u);
}

TEST_F(GuardsTest, ProductsOfSizesAreNumbers) {
  const Expr s = size("x", 24);
  take(gt(s,
          floor_mod(floor_to_int(float_mul(to_float(s), float_constant(env.pool(), 0.7))),
                    s)));
  EXPECT_TRUE(env.guards().guards.empty());
}

// A conversion that this run does not read may be one of no number.
TEST_F(GuardsTest, ConversionsThatAreNotReadNeedNoNumber) {
  const Expr s = size("x", 24);
  const Expr f = *env.float64("f", std::nan(""), {.may_be_nan = true});
  take(gt(select(ge(s, c(20)), s, trunc_to_int(f)), c(7)));
  const GuardSet g = env.guards();
  EXPECT_THAT(texts(g.domains), ElementsAre("s0 >= 20"));
  EXPECT_TRUE(g.guards.empty());
}

// What is read of it folds to 1 > x, and needed a divisor.
TEST_F(GuardsTest, DivisorsOfWhatWasReadAreTested) {
  const Expr s = *env.size(
      "x", -3,
      {.policy = Policy::kDynamic, .specialize_zero_one = false, .nonnegative = false});
  const Expr t =
      *env.size("y", 3, {.policy = Policy::kDynamic, .specialize_zero_one = false});
  const Expr f = *env.float64("f", std::nan(""), {.may_be_nan = true});
  const Expr part =
      select(float_gt(f, float_constant(env.pool(), 0)), round_to_int(f), t * s);
  take(gt(floor_div(part, t * s), s));
  const GuardSet g = env.guards();
  std::vector<Expr> all = g.domains;
  all.insert(all.end(), g.guards.begin(), g.guards.end());
  const auto accepts = [&](int64_t x, int64_t y) {
    return std::ranges::all_of(all, [&](Expr e) {
      const std::vector<Binding> at = {{s, x}, {t, y}};
      const auto v = evaluate(e, at);
      return !v.ok() || *v == 1;  // what reads the float has no value here
    });
  };
  EXPECT_TRUE(accepts(-3, 3));
  EXPECT_FALSE(accepts(-1, 0));
}

// A bound that follows from a guard which divides goes; one by which its divisor is known
// not to be 0 stays.
TEST_F(GuardsTest, DomainsGoForGuardsThatDivide) {
  const Expr s = size("x", 24), t = size("y", 8);
  take(ge(t, c(5)));
  take(ge(floor_mod(s, t - 3), c(4)));  // s >= 4
  const GuardSet g = env.guards();
  EXPECT_THAT(texts(g.domains), ElementsAre("s1 >= 5"));
  EXPECT_THAT(texts(g.guards), ElementsAre("floor_mod(s0, s1 - 3) >= 4"));
}

TEST_F(GuardsTest, OrderIsThatOfTheProgram) {
  const Expr s = size("x", 20), t = size("y", 30);
  take(ne(s, t));
  take(ne(s + t, c(7)));
  take(ne(s, 2 * t));
  EXPECT_THAT(env.guards().origins, ElementsAre(0, 1, 2));
}

// ---- Facts of other classes never make an entry guard go.

// Tangents of a parabola, each touched at one integer, and as many that the others imply,
// ahead of them: more than are held against each other in turn.
TEST_F(GuardsTest, OfManyThatAreTiedTheOnesNeededAreKept) {
  const Expr x = size("x", 50), y = size("y", 100'000);
  constexpr int64_t kTangents = 40;
  std::vector<Expr> needed;
  for (int64_t k = 1; k <= kTangents; ++k) {
    take(ge(y, 2 * k * x - (k * k + 1)));
    needed.push_back(ge(y, 2 * k * x - k * k));
  }
  for (const Expr e : needed) take(e);
  const GuardSet set = env.guards();
  EXPECT_EQ(set.guards.size() + set.dropped.size(), 2 * needed.size());
  for (const Expr e : set.guards) {
    EXPECT_NE(std::ranges::find(needed, e), needed.end()) << to_string(e);
  }
  // Sizes are at least 2: the tangent at 1 touches nothing there, and that at 2 gives way
  // to a bound of y.
  EXPECT_EQ(set.guards.size(), needed.size() - 2);
}

// Each guard is looked at with those it is tied to.
TEST_F(GuardsTest, InputsThatAreNotTiedAreLookedAtApart) {
  constexpr size_t kPairs = 300;
  std::vector<Expr> pairs;
  for (size_t i = 0; i < kPairs; ++i) {
    const auto own = [&](const char* source, int64_t hint) {
      return *env.size(source + std::to_string(i), hint, {.policy = Policy::kOwn});
    };
    const Expr a = own("a", 10), b = own("b", 12);
    take(le(a, b + 1));
    take(le(a, b));
    take(eq(floor_mod(a + b, 2), c(0)));
    pairs.push_back(le(a, b));
  }
  const GuardSet set = env.guards();
  ASSERT_EQ(set.guards.size(), 2 * kPairs);
  EXPECT_EQ(set.dropped.size(), kPairs);
  for (size_t i = 0; i < kPairs; ++i) {
    EXPECT_EQ(set.guards[2 * i], pairs[i]);
    EXPECT_EQ(set.origins[2 * i], 3 * i + 1);
    EXPECT_EQ(set.dropped[i].record, 3 * i);
  }
}

TEST_F(GuardsTest, SourcesHaveValuesAtEntry) {
  const Expr s = size("x", 20);
  env.set_location("model.py:7");
  const Expr u = env.unbacked();
  const auto refused = [&](Expr value) {
    const absl::Status status = env.unify("y", value);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(
      refused(s + u),
      "y cannot be x + u0: u0 comes from data (born at model.py:7) and is not known "
      "at entry");
  EXPECT_EQ(refused(floor_div(s, c(0)) + 1),
            "y cannot be floor_div(x, 0) + 1: it divides by 0");
  EXPECT_EQ(refused(env.pool().symbol("n")), "y cannot be n: n is no input");
  // Nothing was taken, and what has a value is.
  EXPECT_TRUE(env.unify("y", floor_div(c(40), s)).ok());
  EXPECT_TRUE(env.unify("z", ge(s, c(4))).ok());
  EXPECT_EQ(env.guards().sources.size(), 2u);
}

TEST_F(GuardsTest, NoGuardIsDroppedForARuntimeAssert) {
  const Expr s = size("x", 20);
  ASSERT_TRUE(env.runtime_assert(ge(s, c(10))).ok());
  take(ge(s, c(5)));
  EXPECT_THAT(texts(env.guards().domains), ElementsAre("s0 >= 5"));
  EXPECT_THAT(env.asserts().kept, ElementsAre(0));
}

TEST_F(GuardsTest, NoGuardIsDroppedForAnAssumption) {
  const Expr s = size("x", 20);
  ASSERT_TRUE(env.assume(ge(s, c(10))).ok());
  take(ge(s, c(5)));
  EXPECT_THAT(texts(env.guards().domains), ElementsAre("s0 >= 5"));
}

TEST_F(GuardsTest, NoGuardIsDroppedForAFactOfABranch) {
  const Expr s = size("x", 20), u = env.unbacked();
  env.enter_branch(ge(s, u));
  ASSERT_TRUE(env.runtime_assert(ge(u, c(10))).ok());
  take(ge(s, c(5)));
  env.leave_branch();
  EXPECT_THAT(texts(env.guards().domains), ElementsAre("s0 >= 5"));
}

// torch PR 152125: an assert that was seen before, in this phase or an earlier one, does
// not prove itself.
TEST_F(GuardsTest, AnAssertDoesNotProveItself) {
  const Expr u = env.unbacked();  // record 0: u >= 0
  ASSERT_TRUE(env.runtime_assert(le(u, c(4))).ok());
  EXPECT_THAT(env.asserts().kept, ElementsAre(1));
  EXPECT_THAT(env.asserts().kept, ElementsAre(1));    // asked again
  ASSERT_TRUE(env.runtime_assert(le(u, c(4))).ok());  // stated again: once is enough
  EXPECT_THAT(env.asserts().kept, ElementsAre(1));
  EXPECT_THAT(env.asserts(true).kept, ElementsAre(1, 2));
}

// An assert is not dropped for one that runs after it.
TEST_F(GuardsTest, AnAssertIsNotDroppedForALaterOne) {
  const Expr u = env.unbacked();
  ASSERT_TRUE(env.runtime_assert(le(u, c(10))).ok());
  ASSERT_TRUE(env.runtime_assert(le(u, c(4))).ok());
  EXPECT_THAT(env.asserts().kept, ElementsAre(1, 2));
}

// Nor for one of a branch that may not be taken; inside the branch it is.
TEST_F(GuardsTest, AssertsOfABranchHoldInside) {
  const Expr u = env.unbacked(), v = env.unbacked();
  env.enter_branch(ge(v, c(3)));                      // 2
  ASSERT_TRUE(env.runtime_assert(le(u, c(4))).ok());  // 3
  ASSERT_TRUE(env.runtime_assert(le(u, c(9))).ok());  // 4: follows
  env.leave_branch();
  ASSERT_TRUE(env.runtime_assert(le(u, c(9))).ok());  // 5
  EXPECT_THAT(env.asserts().kept, ElementsAre(3, 5));
}

// torch #165912: x is worked on in chunks of two, each on one of two ways; what is
// asserted on the way for an empty chunk says nothing of the others, nor after them.
TEST_F(GuardsTest, AssertsOfABranchAreNotLifted) {
  const Expr n = env.unbacked();
  ASSERT_TRUE(env.runtime_assert(le(n, c(8))).ok());  // 1
  for (const int64_t k : {0, 2, 4, 6}) {
    const Expr chunk = min(n, c(k + 2)) - min(n, c(k));
    env.enter_branch(gt(n, c(k)));
    EXPECT_EQ(env.is_known(ge(chunk, c(1))).truth, Truth::kTrue) << k;
    env.leave_branch();
    env.enter_branch(le(n, c(k)));
    ASSERT_TRUE(env.runtime_assert(eq(chunk, c(0))).ok());  // follows here
    ASSERT_TRUE(env.runtime_assert(eq(n, c(k))).ok());      // does not
    EXPECT_EQ(env.known_value(n), k);
    env.leave_branch();
    EXPECT_EQ(env.known_value(n), std::nullopt);
    EXPECT_NE(env.is_known(eq(chunk, c(0))).truth, Truth::kTrue);
  }
  EXPECT_EQ(env.asserts().dropped.size(), 5u);  // n == 0 follows from n >= 0 as well
  EXPECT_THAT(env.asserts().kept, ElementsAre(1, 9, 13, 17));
  EXPECT_TRUE(env.guards().guards.empty());
}

// torch #119689, #141248: an assert by which a symbol is a number or another term stays,
// and so do those on a symbol that was replaced.
TEST_F(GuardsTest, AssertsThatReplaceSymbolsStay) {
  const Expr u = env.unbacked();
  ASSERT_TRUE(env.runtime_assert(eq(u, c(3))).ok());
  EXPECT_EQ(to_string(env.simplify(u + 1)), "4");
  ASSERT_TRUE(env.runtime_assert(le(u, c(5))).ok());  // 2: follows
  EXPECT_THAT(env.asserts().kept, ElementsAre(1));
}

TEST_F(GuardsTest, AssertsOfReplacedSymbolsStay) {
  const Expr u = env.unbacked(), v = env.unbacked();
  ASSERT_TRUE(env.runtime_assert(eq(u, 2 * v)).ok());
  EXPECT_THAT(env.asserts().kept, ElementsAre(2));
  ASSERT_TRUE(env.runtime_assert(le(u, c(9))).ok());
  EXPECT_THAT(env.asserts().kept, ElementsAre(2, 3));
}

// An entry guard taken later runs before: it may make an assert go.
TEST_F(GuardsTest, AssertsGoForEntryGuards) {
  const Expr s = size("x", 20);
  ASSERT_TRUE(env.runtime_assert(ge(s, c(5))).ok());
  take(ge(s, c(10)));
  EXPECT_THAT(env.asserts().kept, IsEmpty());
}

// ---- Random programs: what the guards accept satisfies every condition that was taken,
// and nothing else is refused.

bool holds(Expr e, std::span<const Binding> p) {
  const auto v = evaluate(e, p);
  return v.ok() && *v == 1;
}

TEST(GuardsFuzz, GuardsAreThePathCondition) {
  const Seeds seeds = soak_seeds(150, 50'000);
  size_t taken = 0, kept = 0, accepted = 0, refused = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    Programs program(seed);
    for (int i = 0; i < 12; ++i) {
      const Expr e = program.terms.condition();
      const std::optional<int64_t> at = program.env.at_hints(e);
      if (!at) continue;  // divides by 0 in this run
      const auto d = program.env.evaluate(e);
      ASSERT_TRUE(d.ok());
      ASSERT_EQ(d->value, *at) << seed << " " << to_string(e);
    }
    const GuardSet g = program.env.guards();
    std::vector<Expr> path;
    for (RecordId id = 0; id < program.env.num_records(); ++id) {
      path.push_back(program.env.record(id).fact);
    }
    taken += path.size();
    kept += g.guards.size();
    for (int i = 0; i < 200; ++i) {
      const std::vector<Binding> p = program.point();
      const auto all = [&](const std::vector<Expr>& es) {
        return std::ranges::all_of(es, [&](Expr e) { return holds(e, p); });
      };
      const bool in = all(g.domains) && all(g.guards);
      const bool right = all(path);
      (right ? accepted : refused) += 1;
      std::string at;
      for (const Binding& b : p)
        at += to_string(b.first) + "=" + std::to_string(b.second) + " ";
      ASSERT_EQ(in, right) << "seed " << seed << " at " << at;
      // No divisor is 0 where what was tested before holds.
      for (const Expr e : g.guards) {
        const auto v = evaluate(e, p);
        if (!all(g.domains)) break;
        ASSERT_TRUE(v.ok()) << "seed " << seed << " " << to_string(e) << " at " << at;
        if (*v == 0) break;
      }
    }
  }
  EXPECT_LT(kept, taken);
  EXPECT_GT(accepted, 0u);
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace congrua::shape
