#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
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

// A sum is looked up without its constant and with its sign turned; only where a fact
// spoke of such a sum a node is made of it.
TEST_F(BoundsTest, FormsOfSumsAreMadeWhereFactsKnowThem) {
  const QuestionOptions ranges_alone{.steps = 0, .explain = false};
  const Expr sum = read("5 - 2*x + 3*y");
  const size_t nodes = pool_.num_nodes();
  EXPECT_EQ(facts_.bounds(sum, ranges_alone), Bounds{});
  EXPECT_EQ(pool_.num_nodes(), nodes);
  ASSERT_TRUE(facts_.add(read("2*x - 3*y >= 9")).ok());
  EXPECT_EQ(facts_.bounds(sum, ranges_alone), Bounds{.hi = -4});
  facts_.push();
  ASSERT_TRUE(facts_.add(read("z - x <= 1")).ok());
  EXPECT_EQ(facts_.bounds(read("z - x + 3"), ranges_alone), Bounds{.hi = 4});
  facts_.pop();
  EXPECT_EQ(facts_.bounds(read("z - x + 3"), ranges_alone), Bounds{});
}

// The ends are attained, or there are none.
TEST_F(BoundsTest, EndsAreAttained) {
  struct Case {
    std::string_view facts, term;
    std::optional<int64_t> lo, hi;
  };
  constexpr std::nullopt_t kNone = std::nullopt;
  constexpr Case kCases[] = {
      // A term met twice.
      {"x >= 0, x <= 9", "x - floor_mod(x, 5)", 0, 5},
      {"x >= 0, x <= 124", "floor_div(floor_div(-x, 2) + 10, 2)", -26, 5},
      {"x >= -9, x <= 4, y >= 1, y <= 10", "floor_mod(x, y)", 0, 9},
      {"y >= 4, y <= 10", "floor_mod(x, y)", 0, 9},
      {"x >= 0, x <= 9", "x*x - 6*x", -9, 27},
      // Products: the ends of the box, not of the parts.
      {"x >= 1, x <= 15, y >= 1, y <= 15", "8*x + 8*y - x*y", 15, 113},
      {"x >= 1, y >= 1", "x + y - x*y + x*x*y", 2, kNone},
      // Quotients by unknown divisors.
      {"x >= 1", "floor_div(x, x + 4)", 0, 0},
      {"x >= 1", "floor_mod(11 - x, x + 4)", 0, 15},
      {"x >= 5", "floor_div(3*x, x - 1)", 3, 3},
      // Facts that tie symbols.
      {"x >= 0, y >= x, y <= 10, x + y <= 12", "x", 0, 6},
      {"x >= y + 3, y >= 2*x - 4", "x", kNone, 1},
      {"x >= 0, x <= 20, floor_mod(x, 3) == 2, floor_mod(x, 4) == 1", "x", 5, 17},
      {"x >= 1, y >= 1, x*y <= 12", "x", 1, 12},
      {"x == 4*y + z, z >= 1, z <= 3", "x - 4*y", 1, 3},
      // Cases.
      {"x >= 0, x <= 7", "select(x < 3, x, 1 - x)", -6, 2},
      {"x >= 0, x <= 9, y >= 0, y <= 9", "max(x, y) - min(x, y)", 0, 9},
      {"x != 0, x >= -1, x <= 1", "x*x", 1, 1},
      {"x >= 0 or x <= -10", "abs(x + 5)", 5, kNone},
      // No end.
      {"", "x - y", kNone, kNone},
      {"x >= 0", "x*y", kNone, kNone},
      {"y >= 1", "floor_div(x, y)", kNone, kNone},
  };
  for (const Case& c : kCases) {
    facts_.push();
    for (size_t at = 0; at < c.facts.size();) {
      const size_t comma = std::min(c.facts.find(", ", at), c.facts.size());
      // Commas inside calls belong to the fact.
      size_t end = comma;
      const auto open = [&] {
        const std::string_view part = c.facts.substr(at, end - at);
        return std::ranges::count(part, '(') != std::ranges::count(part, ')');
      };
      while (open()) end = std::min(c.facts.find(", ", end + 1), c.facts.size());
      ASSERT_TRUE(facts_.add(read(c.facts.substr(at, end - at))).ok()) << c.facts;
      at = end + 2;
    }
    const Bounds b = bounds(c.term);
    EXPECT_EQ(b.lo, c.lo) << c.facts << ": " << c.term;
    EXPECT_EQ(b.hi, c.hi) << c.facts << ": " << c.term;
    facts_.pop();
  }
}

TEST_F(BoundsTest, NoStepsNoSearch) {
  ASSERT_TRUE(facts_.add(read("x >= 0")).ok());
  ASSERT_TRUE(facts_.add(read("x <= 9")).ok());
  const Bounds b = facts_.bounds(read("x*x - 6*x"), {.steps = 0});
  EXPECT_LE(*b.lo, -9);
  EXPECT_GE(*b.hi, 27);
  EXPECT_GT(*b.hi - *b.lo, 36);  // the interval layer alone
  EXPECT_EQ(facts_.bounds(read("2*x + 1"), {.steps = 0}).hi, 19);
}

// p - b*(p//b) by the interval layer alone.
TEST_F(BoundsTest, RemaindersByTerms) {
  ASSERT_TRUE(facts_.add(read("y >= 4")).ok());
  ASSERT_TRUE(facts_.add(read("y <= 10")).ok());
  ASSERT_TRUE(facts_.add(read("z <= -2")).ok());
  ASSERT_TRUE(facts_.add(read("z >= -5")).ok());
  ASSERT_TRUE(facts_.add(read("w >= -3")).ok());
  ASSERT_TRUE(facts_.add(read("w <= 3")).ok());
  ASSERT_TRUE(facts_.add(read("w != 0")).ok());
  const auto interval = [&](std::string_view text) {
    return facts_.bounds(read(text), {.steps = 0});
  };
  EXPECT_EQ(interval("floor_mod(x, y)"), (Bounds{.lo = 0, .hi = 9}));
  EXPECT_EQ(interval("floor_mod(x - 3, 7*y)"), (Bounds{.lo = 0, .hi = 69}));
  EXPECT_EQ(interval("floor_mod(x, z)"), (Bounds{.lo = -4, .hi = 0}));
  EXPECT_EQ(interval("floor_mod(x + v, 2*y*z) + y"), (Bounds{.lo = -95, .hi = 10}));
  EXPECT_EQ(interval("1 - floor_mod(x, y)"), (Bounds{.lo = -8, .hi = 1}));
  EXPECT_EQ(interval("floor_mod(x, w)"), Bounds{});  // either sign
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

// A point is found, but no int64 holds the end.
TEST_F(BoundsTest, EndsAtTheEdge) {
  ASSERT_TRUE(facts_.add(read("x >= -9000000000000000000")).ok());
  ASSERT_TRUE(facts_.add(read("x <= 9000000000000000000")).ok());
  for (const std::string_view term :
       {"3*x - floor_mod(x, 2)", "x*x - x", "x*x*x - 2*x", "floor_div(x*x, x*x + 1) + x",
        "x + 9000000000000000000*floor_mod(x, 3)", "-4*x + min(x, 0)"}) {
    const Bounds b = bounds(term);
    EXPECT_LE(b.lo.value_or(INT64_MIN), 0) << term;
    EXPECT_GE(b.hi.value_or(INT64_MAX), 0) << term;
  }
}

TEST_F(BoundsTest, TermsOfOtherSorts) {
  const Expr r = pool_.opaque("r", {}, Sort::kReal);
  EXPECT_EQ(facts_.bounds(r), Bounds{});
  const Expr x = pool_.symbol("x");
  const Expr g = pool_.opaque("g", {&x, 1});
  ASSERT_TRUE(facts_.add(ge(g, x)).ok());
  EXPECT_EQ(facts_.bounds(g - x).lo, 0);
}

TEST_F(BoundsTest, NoValueAtAll) {
  ASSERT_TRUE(facts_.add(read("x >= 3")).ok());
  ASSERT_FALSE(facts_.add(read("x <= 2")).ok());
  EXPECT_EQ(bounds("x").lo, 1);
  EXPECT_EQ(bounds("x").hi, 0);
}

}  // namespace
}  // namespace congrua
