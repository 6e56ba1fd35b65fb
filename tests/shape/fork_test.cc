// Forks of frozen environments: what they know, threads, merging.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "congrua/eval.h"
#include "congrua/shape.h"
#include "congrua/text.h"

namespace congrua::shape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Expr c(Env& env, int64_t v) { return env.pool().constant(v); }

// s even, t >= 5, u <= s.
struct Base {
  Env env;
  Expr s = *env.size("x.size(0)", 8);
  Expr t = *env.size("x.size(1)", 31);
  Expr u = env.unbacked();
  Expr f = *env.float64("f", 0.5);
  Base() {
    env.set_location("model.py:1");
    EXPECT_TRUE(env.guard(eq(floor_mod(s, 2), c(env, 0))).ok());
    EXPECT_TRUE(env.guard(ge(t, c(env, 5))).ok());
    EXPECT_TRUE(env.runtime_assert(le(u, s)).ok());
    env.freeze();
  }
};

std::string guards_of(Env& env) {
  std::string out;
  const GuardSet g = env.guards();
  for (const SourceValue& s : g.sources)
    out += s.source + " = " + env.text(s.value) + "; ";
  for (const Expr e : g.domains) out += env.text(e) + "; ";
  for (const Expr e : g.guards) out += env.text(e) + "; ";
  return out;
}

TEST(Fork, KnowsWhatTheParentKnows) {
  Base b;
  Env fork = b.env.fork();
  const ExprPool::Use use(fork.pool());
  EXPECT_EQ(fork.is_known(ge(b.t, c(fork, 5))).truth, Truth::kTrue);
  EXPECT_EQ(fork.is_known(eq(2 * floor_div(b.s, 2), b.s)).truth, Truth::kTrue);
  EXPECT_EQ(fork.is_known(le(b.u, b.s + 1)).truth, Truth::kTrue);
  EXPECT_EQ(fork.num_records(), b.env.num_records());
  EXPECT_EQ(fork.at_hints(b.s * b.t), 248);
  EXPECT_TRUE(fork.is_unbacked(b.u));
  EXPECT_FALSE(fork.size("x.size(0)", 8).ok());
  EXPECT_EQ(*fork.size("y.size(0)", 8), b.s);
  EXPECT_EQ(*fork.size("y.size(1)", 9), *fork.size("z", 9));
  EXPECT_EQ(fork.optimization_hint(b.s + b.t, -1), 39);
  const Explanation e = fork.explain(ge(b.t, c(fork, 4)));
  EXPECT_THAT(e.rests_on, ElementsAre(2));
  EXPECT_EQ(fork.record(2).location, "model.py:1");
  EXPECT_THAT(guards_of(fork), HasSubstr("x.size(1) >= 5"));
}

TEST(Fork, IsKnownThereAlone) {
  Base b;
  Env one = b.env.fork(), two = b.env.fork();
  {
    const ExprPool::Use use(one.pool());
    EXPECT_EQ(one.evaluate(ge(b.s, c(one, 6)))->how, How::kGuard);
    EXPECT_EQ(one.is_known(ge(b.s, c(one, 5))).truth, Truth::kTrue);
    one.push();
    EXPECT_TRUE(one.guard(ge(b.t, c(one, 9))).ok());
    EXPECT_EQ(one.is_known(ge(b.t, c(one, 9))).truth, Truth::kTrue);
    one.pop();
    EXPECT_NE(one.is_known(ge(b.t, c(one, 9))).truth, Truth::kTrue);
    EXPECT_EQ(one.is_known(ge(b.t, c(one, 5))).truth, Truth::kTrue);
  }
  const ExprPool::Use use(two.pool());
  EXPECT_NE(two.is_known(ge(b.s, c(two, 5))).truth, Truth::kTrue);
  EXPECT_EQ(two.num_records(), b.env.num_records());
}

// A fork and an environment that did the same say the same.
TEST(Fork, AnswersAsItsParentWould) {
  const auto head = [](Env& env) {
    const Expr s = *env.size("x.size(0)", 8);
    (void)env.size("x.size(1)", 31);
    (void)env.evaluate(eq(floor_mod(s, 4), c(env, 0)));
    env.enter_branch(ge(s, c(env, 3)));
  };
  const auto tail = [](Env& env) {
    const ExprPool::Use use(env.pool());
    const Expr s = *env.pool().find_symbol("s0"), t = *env.pool().find_symbol("s1");
    (void)env.evaluate(ge(s * t, c(env, 100)));
    env.leave_branch();
    const Expr w = *env.size("w", 77);
    (void)env.evaluate(eq(floor_div(w, 7) + s, c(env, 19)));
    (void)env.runtime_assert(ge(env.unbacked(), t));
    return *env.to_json() + guards_of(env);
  };
  Env plain;
  head(plain);
  Env parent;
  head(parent);
  parent.freeze();
  Env fork = parent.fork();
  EXPECT_EQ(tail(fork), tail(plain));
}

TEST(Fork, OfAFork) {
  Base b;
  Env one = b.env.fork();
  const Expr six = c(one, 6);
  EXPECT_TRUE(one.guard(ge(b.s, six)).ok());
  const Expr v = *one.size("v", 12);
  one.freeze();
  Env two = one.fork();
  const ExprPool::Use use(two.pool());
  EXPECT_EQ(two.is_known(ge(b.s + v, c(two, 8))).truth, Truth::kTrue);
  EXPECT_EQ(two.at_hints(v + b.s), 20);
  EXPECT_EQ(to_string(two.unbacked()), "u1");
}

TEST(ForkDeathTest, Misuse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Base b;
  Env fork = b.env.fork();
  const Expr p = ge(b.s, c(fork, 77));
  EXPECT_DEATH((void)b.env.is_known(p), "the environment is frozen");
  EXPECT_DEATH((void)b.env.size("new", 99), "frozen");
  EXPECT_DEATH((void)fork.fork(), "frozen");
  EXPECT_DEATH(
      {
        auto early = std::make_unique<Env>();
        early->freeze();
        const Env late = early->fork();
        early.reset();
      },
      "outlives its");
}

TEST(Fork, TextOfAFrozenOne) {
  Base b;
  const auto text = b.env.to_json();
  ASSERT_TRUE(text.ok());
  Env fork = b.env.fork();
  EXPECT_EQ(*fork.to_json(), *text);
  EXPECT_EQ(*Env::from_json(*text)->to_json(), *text);
}

TEST(Fork, Threads) {
  Base b;
  std::vector<std::string> texts(4);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < texts.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        Env env = b.env.fork();
        const ExprPool::Use use(env.pool());
        const Expr w = *env.size("w", 12 + round % 3);
        EXPECT_TRUE(env.evaluate(ge(b.s * w, c(env, 40))).ok());
        EXPECT_TRUE(env.evaluate(eq(floor_mod(b.t + w, 3), c(env, 1))).ok());
        EXPECT_EQ(env.is_known(ge(b.t, c(env, 5))).truth, Truth::kTrue);
        EXPECT_EQ(env.is_known(le(b.u, b.s)).truth, Truth::kTrue);
        EXPECT_GT(env.optimization_hint(b.s + w, -1), 0);
        texts[i] += guards_of(env) + env.text(b.s) + *b.env.to_json();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const std::string& t : texts) EXPECT_EQ(t, texts[0]);
}

TEST(Fork, TakesLessThanAMicrosecond) {
  Env env;
  for (int i = 0; i < 1000; ++i) {
    const Expr s = *env.size("x" + std::to_string(i), 8 + i);
    if (i % 10 == 0) {
      EXPECT_TRUE(env.guard(ge(s, c(env, 5))).ok());
    }
  }
  env.freeze();
  double best = 1e9;
  for (int round = 0; round < 20; ++round) {
    constexpr int kCount = 500;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCount; ++i) {
      const Env fork = env.fork();
      EXPECT_EQ(fork.num_records(), 100u);
    }
    const std::chrono::duration<double, std::nano> took =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kCount);
  }
  RecordProperty("nanoseconds", static_cast<int>(best));
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
  EXPECT_LT(best, 1000);
#endif
}

TEST(Merge, WhatHoldsInBoth) {
  Base b;
  Env one = b.env.fork(), two = b.env.fork();
  {
    const ExprPool::Use use(one.pool());
    EXPECT_TRUE(one.guard(ge(b.s, c(one, 4))).ok());
    EXPECT_TRUE(one.runtime_assert(ge(b.u, c(one, 3))).ok());
    EXPECT_TRUE(one.runtime_assert(le(b.u, c(one, 50))).ok());
    EXPECT_TRUE(one.assume(le(b.t, c(one, 100))).ok());
    EXPECT_TRUE(one.runtime_assert(ge(one.unbacked(), b.u)).ok());
  }
  {
    const ExprPool::Use use(two.pool());
    EXPECT_TRUE(two.guard(le(b.s, c(two, 10))).ok());
    EXPECT_TRUE(two.runtime_assert(ge(b.u, c(two, 5))).ok());
    EXPECT_TRUE(two.assume(le(b.t, c(two, 90))).ok());
    EXPECT_TRUE(two.runtime_assert(le(two.unbacked(), b.u)).ok());
  }
  absl::StatusOr<Env> merged = Env::merge(one, two);
  ASSERT_TRUE(merged.ok()) << merged.status().message();
  Env& m = *merged;
  const ExprPool::Use use(m.pool());
  const auto ask = [&](Expr e, Classes k = kAllClasses) {
    return m.is_known(e, {.classes = k}).truth == Truth::kTrue;
  };
  EXPECT_TRUE(ask(ge(b.s, c(m, 4)), kAtEntry));
  EXPECT_TRUE(ask(le(b.s, c(m, 10)), kAtEntry));
  EXPECT_TRUE(ask(ge(b.u, c(m, 3)), kEnforced));
  EXPECT_FALSE(ask(ge(b.u, c(m, 4))));
  EXPECT_FALSE(ask(le(b.u, c(m, 9)), kAtEntry));
  EXPECT_TRUE(ask(le(b.u, c(m, 50)), kEnforced));  // u <= s <= 10 in the other
  EXPECT_FALSE(ask(le(b.t, c(m, 100)), kEnforced));
  EXPECT_TRUE(ask(le(b.t, c(m, 100))));
  EXPECT_FALSE(ask(le(b.t, c(m, 90))));
  for (RecordId id = 0; id < m.num_records(); ++id) {
    EXPECT_EQ(free_symbols(m.record(id).fact).size() <= 2, true);
  }
}

TEST(Merge, WhatCannotBe) {
  Base b;
  {
    Env one = b.env.fork(), two = b.env.fork();
    const auto guard = [&](Env& env, int64_t lo, int64_t hi) {
      const ExprPool::Use use(env.pool());
      EXPECT_TRUE(env.guard(ge(b.s, c(env, lo))).ok());
      EXPECT_TRUE(env.guard(le(b.s, c(env, hi))).ok());
    };
    guard(one, 20, 40);
    guard(two, 3, 10);
    const auto merged = Env::merge(one, two);
    EXPECT_THAT(std::string(merged.status().message()), HasSubstr("contradicts those"));
  }
  {
    Env one = b.env.fork(), two = b.env.fork();
    EXPECT_TRUE(one.unify("y", b.s).ok());
    EXPECT_TRUE(two.unify("y", b.t).ok());
    const auto merged = Env::merge(one, two);
    EXPECT_THAT(std::string(merged.status().message()),
                HasSubstr("y has another value in each fork"));
  }
  {
    Env one = b.env.fork(), two = b.env.fork();
    EXPECT_TRUE(one.size("fresh", 99).ok());
    const auto merged = Env::merge(one, two);
    EXPECT_THAT(std::string(merged.status().message()),
                HasSubstr("fresh became a symbol"));
  }
  {
    Env one = b.env.fork(), two = b.env.fork();
    const ExprPool::Use use(one.pool());
    one.enter_branch(ge(b.u, c(one, 3)));
    EXPECT_FALSE(Env::merge(one, two).ok());
  }
  Env one = b.env.fork(), two = b.env.fork();
  EXPECT_TRUE(one.unify("y", b.s).ok());
  EXPECT_TRUE(two.unify("y", b.s).ok());
  auto merged = Env::merge(one, two);
  ASSERT_TRUE(merged.ok());
  EXPECT_THAT(guards_of(*merged), HasSubstr("y = x.size(0)"));
}

}  // namespace
}  // namespace congrua::shape
