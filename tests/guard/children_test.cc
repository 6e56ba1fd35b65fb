// Facts over pools with parents, and over pools that take terms back.
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <string>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/text.h"

namespace congrua {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPlainHeap = false;
#else
constexpr bool kPlainHeap = true;
#endif

// What a question costs does not depend on how large the parent is.
TEST(ChildFacts, FirstQuestionOfASmallChildOfALargePool) {
  ExprPool parent;
  const Expr s = parent.symbol("s", {.range = {.lo = 2}}), t = parent.symbol("t");
  const int count = kPlainHeap ? 500'000 : 5'000;
  for (int i = 0; i < count; ++i) (void)floor_div(s * 3 + i, 7);
  const Expr late = parent.symbol("late", {.range = {.lo = 4}});
  parent.freeze();
  const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  const auto start = std::chrono::steady_clock::now();
  ExprPool child(ExprPool::ChildOf{parent});
  const ExprPool::Use use(child);
  Facts facts(child);
  ASSERT_TRUE(facts.add(ge(s, t + late)).ok());
  ASSERT_TRUE(facts.add(eq(floor_mod(t, 2), child.constant(0))).ok());
  EXPECT_EQ(facts.decide(ge(s, t + 1)).truth, Truth::kTrue);
  EXPECT_EQ(facts.decide(eq(2 * floor_div(t, 2), t)).truth, Truth::kTrue);
  EXPECT_EQ(facts.decide(ge(s, 2 * t)).truth, Truth::kOpen);
  const std::chrono::duration<double, std::micro> took =
      std::chrono::steady_clock::now() - start;
  const size_t grown = mallinfo2().uordblks + mallinfo2().hblkhd - before;
  RecordProperty("bytes", static_cast<int>(grown));
  RecordProperty("microseconds", static_cast<int>(took.count()));
  if (kPlainHeap) {
    EXPECT_LT(grown, size_t{1} << 19);
  }
}

// Facts of a child say what facts of a pool of its own do.
TEST(ChildFacts, AnswerAsWithoutAParent) {
  const auto ask = [](ExprPool& pool) {
    const ExprPool::Use use(pool);
    const Expr s = pool.symbol("s", {.range = {.lo = 2}}), t = pool.symbol("t");
    Facts facts(pool);
    EXPECT_TRUE(facts.add(eq(s, 4 * t)).ok());
    facts.push();
    EXPECT_TRUE(facts.add(le(t, pool.constant(9))).ok());
    std::string out;
    for (const char* q :
         {"s >= 4", "s <= 36", "floor_mod(s, 8) == 0", "floor_div(s, 4) == t", "s >= t",
          "min(s, 5*t) == s", "s*t >= 4", "s == 20", "t == 0"}) {
      const Answer a = facts.decide(*parse_infix(pool, q));
      out += std::string(truth_name(a.truth)) + " ";
    }
    facts.pop();
    out += truth_name(facts.decide(*parse_infix(pool, "s <= 36")).truth);
    return out;
  };
  ExprPool alone;
  const std::string expected = ask(alone);
  alone.freeze();
  ExprPool child(ExprPool::ChildOf{alone});  // everything is there already
  EXPECT_EQ(ask(child), expected);
  ExprPool empty;
  empty.freeze();
  ExprPool other(ExprPool::ChildOf{empty});
  EXPECT_EQ(ask(other), expected);
}

TEST(ChildFactsDeathTest, RefuseWhenThePoolTookTermsBack) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ExprPool pool;
  const Expr s = pool.symbol("s");
  Facts facts(pool);
  const auto before = pool.checkpoint();
  {
    Facts short_lived(pool);
    EXPECT_TRUE(short_lived.add(ge(s, pool.constant(77))).ok());
  }
  pool.rollback(before);
  EXPECT_DEATH((void)facts.add(ge(s, pool.constant(3))), "took back terms");
  Facts after(pool);
  EXPECT_EQ(after.decide(ge(s, pool.constant(77))).truth, Truth::kOpen);
}

}  // namespace
}  // namespace congrua
