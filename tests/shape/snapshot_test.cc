// push and pop, and memory that stays flat.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "congrua/float64.h"
#include "congrua/shape.h"
#include "congrua/text.h"

namespace congrua::shape {
namespace {

TEST(Snapshots, PointsToOptimiseForAreForgotten) {
  Env env;
  const Expr s = *env.size("x.size(0)", 8);
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  env.push();
  ASSERT_TRUE(env.assume(eq(s, c(100))).ok());
  EXPECT_EQ(env.optimization_hint(s, -1), 100);
  env.pop();
  EXPECT_EQ(env.optimization_hint(s, -1), 8);
  env.push();
  ASSERT_TRUE(env.assume(eq(s, c(200))).ok());
  EXPECT_EQ(env.optimization_hint(s, -1), 200);
  env.pop();
}

TEST(Snapshots, BranchesThatWereEnteredAreLeft) {
  Env env;
  const Expr u = env.unbacked();
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  env.enter_branch(ge(u, c(3)));
  env.push();
  env.enter_branch(ge(u, c(10)));
  env.enter_branch(le(u, c(20)));
  EXPECT_EQ(env.is_known(ge(u, c(9))).truth, Truth::kTrue);
  env.pop();
  EXPECT_NE(env.is_known(ge(u, c(9))).truth, Truth::kTrue);
  EXPECT_EQ(env.is_known(ge(u, c(3))).truth, Truth::kTrue);
  env.leave_branch();
  EXPECT_NE(env.is_known(ge(u, c(3))).truth, Truth::kTrue);
  env.push();
  env.enter_branch(le(u, c(5)));
  EXPECT_EQ(env.record(static_cast<RecordId>(env.num_records() - 1)).branch, 2u);
  env.pop();
}

TEST(SnapshotsDeathTest, BranchesNest) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Env env;
  const Expr u = env.unbacked();
  env.enter_branch(ge(u, env.pool().constant(3)));
  env.push();
  EXPECT_DEATH(env.leave_branch(), "entered before push");
  Env other;
  EXPECT_DEATH(other.pop(), "pop without push");
}

// Answers are remembered: what was open is asked again when facts come, and what a scope
// proved is forgotten with it.
TEST(Snapshots, RememberedAnswersAreOfTheFactsThatHold) {
  Env env;
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  const Expr s = *env.size("x.size(0)", 8), t = *env.size("y.size(0)", 9);
  const Expr f = *env.float64("f", 2.5);
  const std::array given = {ge(s, c(3)), le(t, c(40))};
  for (const Expr question : {ge(s, c(5)), float_gt(f, float_constant(env.pool(), 2))}) {
    const Expr weaker = logical_or(question, eq(t, c(7)));
    const auto ask = [&](Expr e) { return env.is_known(e).truth; };
    const auto expect_open = [&] {
      for (int i = 0; i < 2; ++i) {
        EXPECT_NE(ask(question), Truth::kTrue) << to_string(question);
        EXPECT_NE(ask(weaker), Truth::kTrue) << to_string(question);
        EXPECT_NE(ask(!question), Truth::kTrue) << to_string(question);
        EXPECT_NE(env.is_known(question, {.given = given}).truth, Truth::kTrue);
      }
    };
    expect_open();
    env.push();
    expect_open();
    ASSERT_TRUE(env.assume(question).ok());
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(ask(question), Truth::kTrue) << to_string(question);
      EXPECT_EQ(ask(!question), Truth::kFalse) << to_string(question);
      EXPECT_EQ(env.is_known(question, {.given = given}).truth, Truth::kTrue);
      EXPECT_NE(env.is_known(question, {.classes = kEnforced}).truth, Truth::kTrue);
    }
    env.pop();
    expect_open();
    env.push();
    ASSERT_TRUE(env.assume(!question).ok());
    EXPECT_EQ(ask(question), Truth::kFalse) << to_string(question);
    env.pop();
    expect_open();
  }
}

TEST(SnapshotsDeathTest, NoAnswerIsRememberedOfTermsThatWereTakenBack) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ExprPool pool;
  Env env(pool);
  const Expr s = *env.size("x.size(0)", 8), question = ge(s, pool.constant(1));
  EXPECT_EQ(env.is_known(question).truth, Truth::kTrue);
  const auto before = pool.checkpoint();
  (void)ge(s, pool.constant(77));
  pool.rollback(before);
  EXPECT_DEATH((void)env.is_known(question), "took back terms");
}

// What is done between push and pop leaves no trace in what is said after.
TEST(Snapshots, LeaveNoTrace) {
  const auto program = [](bool excursion) {
    Env env;
    const auto c = [&](int64_t v) { return env.pool().constant(v); };
    env.set_location("a.py:1");
    const Expr s = *env.size("x.size(0)", 8);
    EXPECT_TRUE(env.evaluate(eq(floor_mod(s, 2), c(0))).ok());
    if (excursion) {
      env.push();
      env.set_location("b.py:1");
      const Expr k = *env.size("k", 12, {.dimension = "d", .name = "k"});
      const Expr d = *env.size("y.size(0)", 16), u = env.unbacked();
      const Expr f = *env.float64("f", 2.5);
      (void)f;
      EXPECT_TRUE(env.evaluate(ge(s + d * k, c(5))).ok());
      EXPECT_TRUE(env.runtime_assert(le(u, d)).ok());
      EXPECT_TRUE(env.evaluate(eq(floor_div(s, 4), c(2))).ok());
      env.enter_branch(ge(u, c(1)));
      env.pop();
      EXPECT_EQ(env.at_hints(d), std::nullopt);
    }
    const Expr d = *env.size("y.size(0)", 16), u = env.unbacked();
    const Expr k = *env.size("k", 6, {.dimension = "d", .name = "k"});
    EXPECT_TRUE(env.evaluate(ge(s + d * k, c(5))).ok());
    EXPECT_TRUE(env.runtime_assert(le(u, d)).ok());
    EXPECT_TRUE(env.evaluate(eq(floor_div(s, 4), c(2))).ok());
    return *env.to_json();
  };
  EXPECT_EQ(program(true), program(false));
}

// A symbol that is born again in another role has nothing of the old one.
TEST(Snapshots, NamesAreFreeAgain) {
  Env env;
  env.push();
  const SizeOptions options{.policy = Policy::kDynamic,
                            .specialize_zero_one = false,
                            .nonnegative = false,
                            .name = "k"};
  const Expr k = *env.size("x.size(0)", 12, options);
  EXPECT_EQ(env.at_hints(k + 1), 13);
  EXPECT_FALSE(env.size("x.size(1)", 12, options).ok());
  env.pop();
  EXPECT_EQ(env.unbacked({.range = {}, .name = "k"}), k);
  EXPECT_EQ(env.at_hints(k + 1), std::nullopt);
  EXPECT_FALSE(env.evaluate(ge(k, env.pool().constant(0))).ok());
}

TEST(Snapshots, WhatIsDeclaredIsStatedAgain) {
  Env env;
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  env.push();
  const Expr v = env.opaque("vscale", {}, {.range = {.lo = 1, .hi = 16}});
  EXPECT_EQ(env.is_known(le(v, c(16))).truth, Truth::kTrue);
  env.pop();
  EXPECT_EQ(env.opaque("vscale", {}), v);
  EXPECT_EQ(env.is_known(le(v, c(16))).truth, Truth::kTrue);
}

int64_t resident_bytes() {
  std::FILE* f = std::fopen("/proc/self/statm", "r");
  if (f == nullptr) return 0;
  long long size = 0, resident = 0;
  const int n = std::fscanf(f, "%lld %lld", &size, &resident);
  std::fclose(f);
  return n == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

void use_once(int round) {
  Env env;
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  const Expr s = *env.size("x.size(0)", 8 + round % 7), t = *env.size("x.size(1)", 31);
  EXPECT_TRUE(env.evaluate(ge(s * t + round, c(5))).ok());
  EXPECT_TRUE(env.evaluate(ge(s, c(4))).ok());
  env.push();
  EXPECT_TRUE(env.is_known(ge(t, c(1))).truth == Truth::kTrue);
  env.pop();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPlainHeap = false;  // what is freed is kept for a while
#else
constexpr bool kPlainHeap = true;
#endif

TEST(Memory, StaysFlatOverEnvironments) {
  const int count = kPlainHeap ? 100'000 : 1'000;
  for (int i = 0; i < count / 20; ++i) use_once(i);
  const int64_t before = resident_bytes();
  for (int i = 0; i < count; ++i) use_once(i);
  const int64_t grown = resident_bytes() - before;
  RecordProperty("grown_bytes", static_cast<int>(grown));
  if (kPlainHeap) {
    EXPECT_LT(grown, int64_t{1} << 20);
  }
}

TEST(Memory, StaysFlatOverForks) {
  Env parent;
  const Expr s = *parent.size("x.size(0)", 8), t = *parent.size("x.size(1)", 31);
  EXPECT_TRUE(parent.guard(ge(s, parent.pool().constant(4))).ok());
  parent.freeze();
  const auto once = [&](int round) {
    Env env = parent.fork();
    const ExprPool::Use use(env.pool());
    const Expr limit = env.pool().constant(5 + round % 64);
    EXPECT_TRUE(env.evaluate(ge(s * t + round, limit)).ok());
    EXPECT_EQ(env.is_known(ge(s, env.pool().constant(3))).truth, Truth::kTrue);
  };
  const int count = kPlainHeap ? 100'000 : 500;
  for (int i = 0; i < count / 20; ++i) once(i);
  const int64_t before = resident_bytes();
  for (int i = 0; i < count; ++i) once(i);
  if (kPlainHeap) {
    EXPECT_LT(resident_bytes() - before, int64_t{1} << 20);
  }
}

TEST(Memory, StaysFlatOverPushAndPop) {
  Env env;
  const Expr s = *env.size("x.size(0)", 8);
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  const auto once = [&](int round) {
    env.push();
    const Expr t = *env.size("x.size(1)", 30);
    EXPECT_TRUE(env.evaluate(ge(s + t, c(5 + round % 64))).ok());
    env.pop();
  };
  const int count = kPlainHeap ? 20'000 : 500;
  for (int i = 0; i < count / 10; ++i) once(i);
  const int64_t before = resident_bytes();
  for (int i = 0; i < count; ++i) once(i);
  if (kPlainHeap) {
    EXPECT_LT(resident_bytes() - before, int64_t{1} << 20);
  }
}

}  // namespace
}  // namespace congrua::shape
