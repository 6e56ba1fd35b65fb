// Pools on frozen pools, import, and taking terms back.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "congrua/expr.h"
#include "congrua/text.h"
#include "expr/builder.h"

namespace congrua {
namespace {

using internal::Builder;

// Random terms, each over earlier ones.
class Terms {
 public:
  Terms(ExprPool& pool, uint32_t seed) : pool_(pool), random_(seed) {
    for (const char* name : {"s0", "s1", "s2", "u0"}) terms_.push_back(pool.symbol(name));
    terms_.push_back(pool.constant(3));
  }
  void make(int count) {
    const ExprPool::Use use(pool_);
    for (int i = 0; i < count; ++i) terms_.push_back(next());
  }
  const std::vector<Expr>& all() const { return terms_; }

 private:
  Expr pick() { return terms_[random_() % terms_.size()]; }
  Expr next() {
    const Expr a = pick(), b = pick();
    const auto c = static_cast<int64_t>(random_() % 9) + 2;
    switch (random_() % 9) {
      case 0:
        return a + b;
      case 1:
        return a - c * b;
      case 2:
        return floor_div(a, c);
      case 3:
        return floor_mod(a + 1, c);
      case 4:
        return min(a, b);
      case 5:
        return select(logical_and(ge(a, b), ne(b, pool_.constant(c))), a, b + c);
      case 6: {
        const Expr args[] = {a, b};
        return pool_.opaque("f", args);
      }
      case 7:
        return a.num_args() < 4 ? a * pick() : a + c;
      default:
        return max(a + c, b);
    }
  }
  ExprPool& pool_;
  std::mt19937 random_;
  std::vector<Expr> terms_;
};

Expr running_sum(ExprPool& pool, std::string_view prefix, int count) {
  const ExprPool::Use use(pool);
  Expr sum = pool.constant(0);
  for (int i = 0; i < count; ++i) {
    sum = sum + pool.symbol(std::string(prefix) + std::to_string(i));
  }
  return sum;
}

TEST(Children, EqualTermsAreOneHandle) {
  ExprPool parent;
  const Expr s = parent.symbol("s", {.range = {.lo = 2}}), t = parent.symbol("t");
  const Expr sum = s + 2 * t;
  parent.freeze();
  ExprPool child(ExprPool::ChildOf{parent});
  EXPECT_EQ(child.symbol("s", {.range = {.lo = 2}}), s);
  EXPECT_EQ(child.find_symbol("t"), t);
  EXPECT_EQ(child.find_symbol("u"), std::nullopt);
  const ExprPool::Use use(child);
  EXPECT_EQ(child.constant(0), child.constant(1) - 1);
  EXPECT_EQ(child.boolean(true), !child.boolean(false));
  const Expr two = child.constant(2);
  EXPECT_EQ(s + t * two, sum);
  const Expr fresh = s * t;
  EXPECT_EQ(&fresh.pool(), &child);
  EXPECT_EQ(&s.pool(), &child);
  EXPECT_EQ(fresh, t * s);
  EXPECT_EQ(to_string(fresh + sum - s), "s*t + 2*t");
}

TEST(Children, WithoutUseOneOperandOfTheChildIsEnough) {
  ExprPool parent;
  const Expr s = parent.symbol("s");
  parent.freeze();
  ExprPool child(ExprPool::ChildOf{parent});
  const Expr five = child.constant(5);
  EXPECT_EQ(&(s + five).pool(), &child);
  EXPECT_EQ(to_string(floor_div(s + five, five)), to_string(floor_div(five + s, 5)));
  const Expr parts[] = {ge(s, five), ge(five + five, s)};
  EXPECT_EQ(child.conjunction(parts), logical_and(parts[0], parts[1]));
}

TEST(ChildrenDeathTest, Misuse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ExprPool parent, stranger;
  const Expr s = parent.symbol("s"), t = parent.symbol("t");
  EXPECT_DEATH(ExprPool(ExprPool::ChildOf{parent}), "a pool that is frozen");
  parent.freeze();
  EXPECT_DEATH((void)(s + t), "the pool is frozen");
  EXPECT_DEATH((void)parent.symbol("new"), "makes no terms");
  EXPECT_EQ(parent.symbol("s"), s);
  ExprPool a(ExprPool::ChildOf{parent}), b(ExprPool::ChildOf{parent});
  const Expr in_a = s + a.constant(7), in_b = t + b.constant(7);
  EXPECT_DEATH((void)(in_a + in_b), "or from its parents");
  EXPECT_DEATH((void)(in_a + stranger.symbol("s")), "or from its parents");
  EXPECT_DEATH(
      {
        auto early = std::make_unique<ExprPool>();
        early->freeze();
        const ExprPool late(ExprPool::ChildOf{*early});
        early.reset();
      },
      "a pool outlives its children");
}

TEST(Children, IdsGoOnAlongTheChain) {
  ExprPool parent;
  Terms below(parent, 1);
  below.make(200);
  parent.freeze();
  ExprPool child(ExprPool::ChildOf{parent});
  Terms middle(child, 2);
  middle.make(200);
  child.freeze();
  ExprPool grandchild(ExprPool::ChildOf{child});
  Terms top(grandchild, 3);
  top.make(200);
  std::vector<const internal::Node*> nodes;
  for (ExprPool* p : {&parent, &child, &grandchild}) {
    for (const internal::Node* n : Builder::of(*p).all_nodes()) nodes.push_back(n);
  }
  ASSERT_EQ(nodes.size(), grandchild.num_nodes());
  std::unordered_set<std::string> texts;
  for (size_t i = 0; i < nodes.size(); ++i) {
    EXPECT_EQ(nodes[i]->id, i);
    EXPECT_TRUE(texts.insert(to_sexpr(Builder::expr(nodes[i]))).second);
  }
}

// What a child builds is what a pool of its own would.
TEST(Children, BuildTheSameTermsFuzz) {
  for (uint32_t seed = 0; seed < 6; ++seed) {
    ExprPool alone, parent;
    Terms of_alone(alone, seed), of_parent(parent, seed);
    of_alone.make(300);
    of_parent.make(100);
    parent.freeze();
    ExprPool child(ExprPool::ChildOf{parent});
    Terms of_child(child, seed);
    of_child.make(300);
    for (size_t i = 0; i < of_alone.all().size(); ++i) {
      const Expr a = of_alone.all()[i], c = of_child.all()[i];
      ASSERT_EQ(a.hash(), c.hash()) << "seed " << seed;
      ASSERT_EQ(to_sexpr(a), to_sexpr(c)) << "seed " << seed;
      if (i < of_parent.all().size()) {
        ASSERT_EQ(c, of_parent.all()[i]);
      }
    }
  }
}

TEST(Children, ImportIsTheTermItselfFuzz) {
  for (uint32_t seed = 0; seed < 6; ++seed) {
    ExprPool parent;
    Terms below(parent, seed);
    below.make(50);
    parent.freeze();
    ExprPool a(ExprPool::ChildOf{parent}), b(ExprPool::ChildOf{parent}), apart;
    Terms of_a(a, seed);
    of_a.make(200);
    for (const Expr e : of_a.all()) {
      for (ExprPool* to : {&b, &apart}) {
        const std::optional<Expr> moved = to->import(e);
        ASSERT_TRUE(moved.has_value());
        ASSERT_EQ(moved->hash(), e.hash());
        const ExprPool::Use use(*to);
        const auto parsed = parse_sexpr(*to, to_sexpr(e));
        ASSERT_TRUE(parsed.ok());
        ASSERT_EQ(*moved, *parsed) << to_sexpr(e) << ", seed " << seed;
      }
      ASSERT_EQ(a.import(e), e);
      ASSERT_EQ(a.import(*b.import(e)), e);
    }
  }
}

TEST(Children, ImportIsLinear) {
  ExprPool from, to;
  Expr e = from.symbol("x");
  for (int i = 0; i < 300; ++i) e = max(floor_div(e, 3) + e, e - i);  // 2^2000 paths
  const Expr sum = running_sum(from, "y", 20'000);
  Expr all = from.constant(0);
  for (int i = 0; i < 5000; ++i) all = from.symbol("y" + std::to_string(i)) + all;
  ASSERT_TRUE(to.import(e).has_value());
  ASSERT_TRUE(to.import(sum).has_value());
  EXPECT_LT(to.bytes(), 2 * from.bytes());
  EXPECT_EQ(to.import(sum), running_sum(to, "y", 20'000));
}

TEST(Children, ImportRefusesAnotherSymbolOfTheName) {
  ExprPool a, b;
  const Expr s = a.symbol("s", {.range = {.lo = 2}});
  (void)b.symbol("s", {.range = {.lo = 3}});
  EXPECT_EQ(b.import(s + 1), std::nullopt);
}

TEST(Children, MaterialiseSumsOfTheParentLate) {
  ExprPool parent;
  const Expr sum = running_sum(parent, "x", 500);
  parent.freeze();
  std::vector<std::thread> threads;
  std::vector<std::string> texts(4);
  for (size_t i = 0; i < texts.size(); ++i) {
    threads.emplace_back([&, i] {
      ExprPool child(ExprPool::ChildOf{parent});
      const ExprPool::Use use(child);
      Expr mine = sum;
      for (int k = 0; k < 200; ++k) {
        mine = mine + child.symbol("z" + std::to_string(k)) * (int64_t{1} << 40);
        if (k % 50 == 0) texts[i] += to_string(floor_div(mine, 7));
      }
      texts[i] += to_string(mine);
    });
  }
  for (std::thread& t : threads) t.join();
  for (const std::string& t : texts) EXPECT_EQ(t, texts[0]);
}

TEST(Children, ThreadsBuildOnOnePool) {
  ExprPool parent;
  Terms below(parent, 7);
  below.make(500);
  parent.freeze();
  std::vector<std::thread> threads;
  std::vector<uint64_t> sums(4);
  for (size_t i = 0; i < sums.size(); ++i) {
    threads.emplace_back([&, i] {
      for (uint32_t seed = 0; seed < 8; ++seed) {
        ExprPool child(ExprPool::ChildOf{parent});
        Terms mine(child, seed);
        mine.make(300);
        for (const Expr e : mine.all()) sums[i] += e.hash();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const uint64_t s : sums) EXPECT_EQ(s, sums[0]);
}

TEST(Children, AreMadeInLessThanAMicrosecond) {
  ExprPool parent;
  (void)running_sum(parent, "x", 100'000);
  parent.freeze();
  double best = 1e9;
  for (int round = 0; round < 20; ++round) {
    constexpr int kCount = 1000;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCount; ++i) {
      const ExprPool child(ExprPool::ChildOf{parent});
      EXPECT_EQ(child.num_nodes(), parent.num_nodes());
    }
    const std::chrono::duration<double, std::nano> took =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kCount);
  }
  RecordProperty("nanoseconds", static_cast<int>(best));
#ifndef __SANITIZE_THREAD__
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(best, 1000);
#endif
#endif
}

TEST(Checkpoints, GiveMemoryBack) {
  ExprPool pool;
  (void)running_sum(pool, "x", 300);
  const auto before = pool.checkpoint();
  const size_t bytes = pool.bytes(), nodes = pool.num_nodes();
  Terms made(pool, 1);
  made.make(5000);
  EXPECT_GT(pool.bytes(), 2 * bytes);
  pool.rollback(before);
  EXPECT_EQ(pool.num_nodes(), nodes);
  EXPECT_LE(pool.bytes(), bytes + 4096);
  EXPECT_EQ(running_sum(pool, "x", 300).num_args(), 300u);
  EXPECT_EQ(pool.num_nodes(), nodes);
}

// A pool after any checkpoints and rollbacks is as if nothing had been.
TEST(Checkpoints, LeaveNoTraceFuzz) {
  for (uint32_t seed = 0; seed < 8; ++seed) {
    std::mt19937 random(seed);
    ExprPool pool, alone;
    Terms kept(pool, seed), expected(alone, seed);
    const auto excursion = [&](auto&& self, int depth) -> void {
      const auto start = pool.checkpoint();
      {
        Terms made(pool, static_cast<uint32_t>(random()));
        made.make(static_cast<int>(random() % 300));
        const Expr huge = *pool.integer(std::string(60, '7'));
        Expr sum = running_sum(pool, "y", static_cast<int>(random() % 200)) * huge;
        (void)floor_div(sum, 9);
        if (depth < 3) self(self, depth + 1);
        // Sums from before are read: their terms outlive the checkpoint.
        for (const Expr e : kept.all()) (void)to_string(e + 1);
      }
      pool.rollback(start);
    };
    Expr sum = running_sum(pool, "k", 100), same = running_sum(alone, "k", 100);
    for (int round = 0; round < 5; ++round) {
      kept.make(30);
      expected.make(30);
      for (int i = 0; i < 30; ++i) {
        sum = sum + pool.symbol("r" + std::to_string(100 * round + i));
        same = same + alone.symbol("r" + std::to_string(100 * round + i));
      }
      excursion(excursion, 0);
      ASSERT_EQ(pool.num_nodes(), alone.num_nodes());
      ASSERT_EQ(to_string(sum), to_string(same));
      ASSERT_EQ(to_string(sum * 3), to_string(same * 3));
    }
    for (size_t i = 0; i < kept.all().size(); ++i) {
      ASSERT_EQ(to_sexpr(kept.all()[i]), to_sexpr(expected.all()[i]));
      ASSERT_EQ(kept.all()[i], *parse_sexpr(pool, to_sexpr(expected.all()[i])));
    }
  }
}

TEST(Checkpoints, Keep) {
  ExprPool pool;
  const auto outer = pool.checkpoint();
  const size_t nodes = pool.num_nodes();
  const auto inner = pool.checkpoint();
  const Expr x = pool.symbol("x");
  pool.keep(inner);
  EXPECT_EQ(pool.find_symbol("x"), x);
  pool.rollback(outer);
  EXPECT_EQ(pool.find_symbol("x"), std::nullopt);
  EXPECT_EQ(pool.num_nodes(), nodes);
  pool.freeze();
}

TEST(CheckpointsDeathTest, EndInOrder) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ExprPool pool;
  const auto outer = pool.checkpoint();
  const auto inner = pool.checkpoint();
  EXPECT_DEATH(pool.freeze(), "checkpoint");
  pool.rollback(outer);
  EXPECT_DEATH(pool.rollback(inner), "the checkpoint has ended");
}

}  // namespace
}  // namespace congrua
