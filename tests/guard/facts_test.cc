#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "congrua/eval.h"
#include "congrua/guard.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/guard/fact_tables.h"

namespace congrua {
namespace {

using guard_test::Case;
using guard_test::kCases;
using guard_test::kLayerCases;
using guard_test::LayerCase;

Expr read(ExprPool& pool, std::string_view text) {
  const absl::StatusOr<Expr> e = parse_infix(pool, text);
  EXPECT_TRUE(e.ok()) << text << ": " << e.status().message();
  return e.ok() ? *e : pool.boolean(true);
}

void add_all(Facts& facts, ExprPool& pool, std::string_view list) {
  for (absl::string_view f : absl::StrSplit(absl::string_view(list.data(), list.size()),
                                            ';', absl::SkipWhitespace())) {
    EXPECT_TRUE(facts.add(read(pool, std::string(f))).ok()) << std::string(f);
  }
}

// Sums that are too long for the linear layer, with a quotient of half of their terms.
TEST(Facts, QuotientsOfLongSums) {
  for (const int terms : {3, 14, 23}) {
    for (const int64_t lo : {1, 2}) {
      ExprPool pool;
      const Expr w = pool.symbol("w", {.range = {.lo = lo}});
      Expr once = pool.constant(0), twice = once;
      for (int i = 0; i < terms; ++i) {
        const Expr s = pool.symbol("s" + std::to_string(i), {.range = {.lo = 2}});
        (i % 5 < 2 ? twice : once) = (i % 5 < 2 ? twice : once) + s;
      }
      const Expr all = (2 * twice + once) * w;
      Facts facts(pool);
      const QuestionOptions options{.steps = 5'000};
      const auto ask = [&](Expr e) { return facts.decide(e, options).truth; };
      EXPECT_EQ(ask(ge(all, 2 * twice + 2 * floor_div(once, 2))), Truth::kTrue) << terms;
      const Expr up = 2 * twice + 2 * floor_div(once + 1, 2);
      if (lo == 2) {
        EXPECT_EQ(ask(ge(all, up)), Truth::kTrue) << terms;
      } else {
        EXPECT_NE(ask(ge(all, up)), Truth::kTrue) << terms;  // w = 1, an odd sum
      }
      EXPECT_NE(ask(ge(all, 2 * twice + 3 * lo * floor_div(once, 2))), Truth::kTrue);
    }
  }
}

// (a + b)*w >= c*((a + 2*b + e)//k) + d*(b//m) + f over small boxes, against enumeration.
TEST(Facts, BoundsOfQuotientsHoldEverywhere) {
  std::mt19937_64 random(1);
  const auto number = [&](int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(random() % static_cast<uint64_t>(hi - lo + 1));
  };
  int proved = 0;
  for (int i = 0; i < 700; ++i) {
    ExprPool pool;
    const int64_t lo = number(-2, 2), lo_w = number(0, 2);
    const Expr a = pool.symbol("a", {.range = {.lo = lo, .hi = lo + 7}}),
               b = pool.symbol("b", {.range = {.lo = lo, .hi = lo + 7}}),
               w = pool.symbol("w", {.range = {.lo = lo_w, .hi = lo_w + 2}});
    const Expr right = number(1, 4) * floor_div(a + 2 * b + number(-3, 3), number(2, 5)) +
                       number(-2, 3) * floor_div(b, number(2, 4)) + number(-3, 3);
    const Expr question = ge((a + b) * w, right);
    Facts facts(pool);
    const Truth answer = facts.decide(question).truth;
    proved += answer == Truth::kTrue ? 1 : 0;
    for (int64_t x = lo; x <= lo + 7; ++x) {
      for (int64_t y = lo; y <= lo + 7; ++y) {
        for (int64_t z = lo_w; z <= lo_w + 2; ++z) {
          const std::vector<std::pair<Expr, int64_t>> point = {{a, x}, {b, y}, {w, z}};
          const bool holds = *evaluate(question, point) == 1;
          ASSERT_NE(answer, holds ? Truth::kFalse : Truth::kTrue)
              << to_string(question) << " at " << x << " " << y << " " << z;
        }
      }
    }
  }
  EXPECT_GT(proved, 100);
}

// r*a*b = k*(a//c)*(b//d)*r over small boxes, against enumeration: what is learnt of it
// holds at every point, whichever of a, b, r may be 0 or negative.
TEST(Facts, ExactPartsOfEqualProductsHoldEverywhere) {
  constexpr int64_t kWidth = 9;
  for (const int64_t c : {2, 3}) {
    for (const int64_t d : {2, 4}) {
      for (const int64_t k : {int64_t{1}, c, c * d, 2 * c * d}) {
        for (const int64_t lo : {-3, 0, 1, 2}) {
          for (const int64_t lo_r : {-1, 0, 1}) {
            ExprPool pool;
            const Expr a = pool.symbol("a"), b = pool.symbol("b"), r = pool.symbol("r");
            const auto number = [&](int64_t v) { return pool.constant(v); };
            const std::vector<Expr> all = {
                ge(a, number(lo)),
                le(a, number(lo + kWidth)),
                ge(b, number(lo)),
                le(b, number(lo + kWidth)),
                ge(r, number(lo_r)),
                le(r, number(lo_r + 1)),
                eq(r * a * b, k * floor_div(a, c) * floor_div(b, d) * r)};
            const std::vector<Expr> asked = {eq(floor_mod(a, c), number(0)),
                                             eq(floor_mod(b, d), number(0)),
                                             ge(floor_div(a, c) * floor_div(b, d), a)};
            Facts facts(pool);
            for (const Expr e : all) (void)facts.add(e);
            std::vector<Truth> answers;
            for (const Expr e : asked) answers.push_back(facts.decide(e).truth);
            for (int64_t x = lo; x <= lo + kWidth; ++x) {
              for (int64_t y = lo; y <= lo + kWidth; ++y) {
                for (int64_t z = lo_r; z <= lo_r + 1; ++z) {
                  const std::vector<std::pair<Expr, int64_t>> point = {
                      {a, x}, {b, y}, {r, z}};
                  if (*evaluate(all.back(), point) == 0) continue;
                  for (size_t i = 0; i < asked.size(); ++i) {
                    const bool holds = *evaluate(asked[i], point) == 1;
                    EXPECT_NE(answers[i], holds ? Truth::kFalse : Truth::kTrue)
                        << to_string(all.back()) << " |- " << to_string(asked[i])
                        << " at " << x << " " << y << " " << z;
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

TEST(Facts, EachLayerDecidesWhatNeedsIt) {
  for (const LayerCase& c : kLayerCases) {
    ExprPool pool;
    Facts facts(pool);
    add_all(facts, pool, c.facts);
    const Answer a = facts.decide(read(pool, c.guard));
    EXPECT_EQ(truth_name(a.truth), truth_name(Truth::kTrue))
        << c.facts << " |- " << c.guard;
    EXPECT_EQ(layer_name(a.layer), layer_name(c.layer)) << c.facts << " |- " << c.guard;
  }
}

TEST(Facts, Table) {
  for (const Case& c : kCases) {
    ExprPool pool;
    Facts facts(pool);
    add_all(facts, pool, c.facts);
    const Answer a = facts.decide(read(pool, c.guard));
    EXPECT_EQ(truth_name(a.truth), truth_name(c.truth)) << c.facts << " |- " << c.guard;
    EXPECT_NE(layer_name(a.layer), "none");
  }
}

TEST(Facts, WhatAnAnswerRestsOnSuffices) {
  ExprPool pool;
  Facts facts(pool);
  add_all(facts, pool, "s9 >= 7; s0 == s1; s8 >= 1; s1 >= 4; s7 == s6");
  const Answer a = facts.decide(read(pool, "s0 >= 3"));
  EXPECT_EQ(a.truth, Truth::kTrue);
  EXPECT_EQ(a.rests_on, (std::vector<FactId>{1, 3}));
}

TEST(Facts, ContradictionIsReportedByTheCallThatAddsIt) {
  ExprPool pool;
  Facts facts(pool);
  EXPECT_TRUE(facts.add(read(pool, "s0 >= 5")).ok());
  EXPECT_TRUE(facts.add(read(pool, "s2 >= 5")).ok());
  const absl::Status s = facts.add(read(pool, "s0 == 4"));
  EXPECT_EQ(s.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(facts.conflict(), (std::vector<FactId>{0, 2}));
}

TEST(Facts, PopTakesEverythingBack) {
  ExprPool pool;
  Facts facts(pool);
  add_all(facts, pool, "s0 >= 2");
  const Expr guard = read(pool, "s0 >= 6");
  EXPECT_EQ(facts.decide(guard).truth, Truth::kOpen);
  facts.push();
  add_all(facts, pool, "s0 == s1; s1 >= 6");
  EXPECT_EQ(facts.decide(guard).truth, Truth::kTrue);
  facts.push();
  EXPECT_FALSE(facts.add(read(pool, "s0 == 1")).ok());
  facts.pop();
  EXPECT_FALSE(facts.contradictory());
  facts.pop();
  EXPECT_EQ(facts.decide(guard).truth, Truth::kOpen);
  EXPECT_EQ(facts.decide(read(pool, "s0 >= 2")).truth, Truth::kTrue);
}

// A question that divides by the constant 0 is about no point.
TEST(Facts, NoCounterexampleDividesByZero) {
  ExprPool pool;
  Facts facts(pool);
  EXPECT_EQ(facts.decide(read(pool, "x != y")).truth, Truth::kOpen);
  const Answer a = facts.decide(read(pool, "0 < x and floor_div(x, 0) >= y"));
  EXPECT_TRUE(a.counterexample.empty());
  EXPECT_NE(truth_name(a.truth), "open");
}

TEST(Facts, CounterexamplesStayInFarBirthRanges) {
  constexpr int64_t kFar = int64_t{1} << 62;
  ExprPool pool;
  const Expr y = pool.symbol("y", {.range = {.lo = kFar}});
  Facts facts(pool);
  EXPECT_TRUE(facts.add(le(y, pool.constant(kFar))).ok());
  for (const auto& [symbol, value] : facts.decide(read(pool, "0 < x")).counterexample) {
    if (symbol == y) {
      EXPECT_EQ(value, kFar);
    }
  }
}

// Two clauses that push each other's bounds by one.
TEST(Facts, ClausesThatTeachEachOtherEnd) {
  ExprPool pool;
  (void)pool.symbol("q", {.sort = Sort::kBool});
  Facts facts(pool);
  add_all(facts, pool, "x >= -2; x <= 0; z >= 0; z <= 2; w >= 1048577; w <= 1048581");
  (void)facts.add(read(pool,
                       "(not q or w - z + min(z, 2305843009213693955) < floor_div(w, z))"
                       " and floor_div(w + 3, x*z) == w"));
  facts.push();
  (void)facts.add(read(pool, "w <= z"));
  const Answer a = facts.decide(
      read(pool,
           "(not q or w - z + min(z, 2305843009213693955) < floor_div(w, 3*w))"
           " and floor_div(w + 3, x*z) == w"));
  EXPECT_EQ(truth_name(a.truth), "true");
}

// An equation that rewriting brings back in another form each time.
TEST(Facts, EquationsThatComeBackEnd) {
  ExprPool pool;
  (void)pool.symbol("y", {.range = {.lo = -2}});
  Facts facts(pool);
  add_all(facts, pool, "x >= -1; x <= 3; y <= 2");
  EXPECT_FALSE(facts.add(read(pool, "abs(floor_div(x, -4)) >= 1099511627775 - y")).ok());
  (void)facts.add(
      read(pool,
           "select(select(floor_mod(select(floor_mod(2*x, -5) <= x, floor_div(y, 3), "
           "abs(y)), 4) == 1,"
           " select(x - 3 <= x, x, y), max(9007199254740994, y)) <= y, -3, y) - (x + y)"
           " == floor_div(floor_div(y, 2), -2)"));
  EXPECT_FALSE(facts.conflict().empty());
}

// What is too far out for the engine may stay open, and must not be wrong.
void expect_never_wrong(std::span<const Case> cases) {
  for (const Case& c : cases) {
    ExprPool pool;
    Facts facts(pool);
    add_all(facts, pool, c.facts);
    const Truth t = facts.decide(read(pool, c.guard)).truth;
    EXPECT_TRUE(t == c.truth || t == Truth::kUnknown)
        << c.facts << " |- " << c.guard << ": " << truth_name(t);
  }
}

// Where the columns of the search end, "nothing is known" is no value, and no value is
// left out.
TEST(Facts, SearchIsExactAtTheEndOfItsColumns) {
  constexpr Case cases[] = {
      {"floor_mod(z, -4611686018427387904) == 0", "y == w", Truth::kOpen},
      {"x <= -3; y <= 2; floor_div(floor_mod(x, y), 2305843009213693952) < y",
       "floor_mod(-1, y) == 0", Truth::kOpen},
      {"z >= 0; z <= 1",
       "floor_mod(2*select(t >= 0, 2305843009213693951, -2305843009213693953), z) == 1",
       Truth::kOpen},
      {"y >= 1; y <= 1", "4294967295*2147483649*x < y", Truth::kOpen},
  };
  expect_never_wrong(cases);
}

// A product that the builder does not compute has no known sign: as an atom of a shifted
// sum it was taken for a variable that is not below 0.
TEST(Facts, ProductsThatAreNotComputedHaveNoSign) {
  ExprPool pool;
  Expr large = pool.constant(-1);  // with y's bound it is too large to be multiplied
  for (int i = 0; i < 2'148; ++i) large = large * (int64_t{1} << 61);
  const Expr y = pool.symbol("y", {.range = {INT64_MAX - 1, std::nullopt}});
  Facts facts(pool);
  const Expr t = pool.symbol("t", {.range = {0, std::nullopt}});
  EXPECT_NE(facts.decide(ge(large * y + t, pool.constant(0))).truth, Truth::kTrue);
}

TEST(Facts, TheLeastCoefficientIsNotDivided) {
  ExprPool pool;
  Facts facts(pool);
  (void)facts.add(
      read(pool, "floor_div(z, 3)*select(w >= abs(z), y, -1) <= -9223372036854775808*x"));
  (void)facts.decide(read(pool, "y >= x"));
}

// Arguments of a function are tied to its other applications: no component of its own is
// all.
TEST(Facts, FunctionsMayHaveAnyValueSomewhere) {
  constexpr Case cases[] = {
      {"g:int(x) != 0", "g:int(w) != 2", Truth::kOpen},
      {"", "g:int(g:int(y)) != 2", Truth::kOpen},
      {"", "g:int(floor_div(x, w + x)) != 0", Truth::kOpen},
      {"g:int(0) != -1", "g:int(x) != -1", Truth::kOpen},
      {"g:int(x) != z", "z + g:int(z) != z", Truth::kOpen},
  };
  expect_never_wrong(cases);
}

TEST(Facts, CounterexamplesNameTheVariablesOfLargeCoefficients) {
  ExprPool pool;
  Facts facts(pool);
  EXPECT_EQ(facts.decide(read(pool, "x == z")).truth, Truth::kOpen);
  add_all(facts, pool, "2*(z*-4611686018427387904) == w");
  const Answer a = facts.decide(read(pool, "w != x - 1"));
  if (a.truth == Truth::kOpen) {
    EXPECT_EQ(a.counterexample.size(), 3u);
  }
}

// Random facts and guards against enumeration over a box that the facts themselves state.
class Random {
 public:
  explicit Random(uint64_t seed) : rng_(seed) {}
  int upto(int n) { return static_cast<int>(rng_() % static_cast<uint64_t>(n)); }
  std::string term(int depth) {
    if (depth == 0 || upto(4) == 0) {
      return upto(3) == 0 ? std::to_string(upto(7) - 2) : std::string(1, "xyz"[upto(3)]);
    }
    const std::string a = term(depth - 1);
    const std::string b = term(depth - 1);
    const std::string c = std::to_string(upto(4) + 2);
    switch (upto(8)) {
      case 0:
        return "(" + a + " - " + b + ")";
      case 1:
        return "(" + a + " * " + b + ")";
      case 2:
        return "floor_div(" + a + ", " + c + ")";
      case 3:
        return "floor_mod(" + a + ", " + c + ")";
      case 4:
        return "max(" + a + ", " + b + ")";
      case 5:
        return "min(" + a + ", " + b + ")";
      default:
        return "(" + a + " + " + b + ")";
    }
  }
  std::string guard() {
    static constexpr const char* kOps[] = {" >= ", " == ", " != ", " <= ", " < "};
    std::string g = term(2) + kOps[upto(5)] + term(2);
    if (upto(5) == 0) g = "(" + g + ") or (" + term(1) + kOps[upto(5)] + term(1) + ")";
    return g;
  }

 private:
  std::mt19937_64 rng_;
};

TEST(FactsFuzz, AgreesWithEnumeration) {
  const Seeds seeds = soak_seeds(400, 40'000);
  constexpr int kBox = 5;
  int decided = 0;
  uint64_t asked = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    Random random(seed);
    ExprPool pool;
    Facts facts(pool);
    std::string script;
    std::vector<Expr> all;
    for (const char* v : {"x", "y", "z"}) {
      all.push_back(read(pool, std::string(v) + " >= -1"));
      all.push_back(read(pool, std::string(v) + " <= 4"));
    }
    for (int i = random.upto(4); i >= 0; --i) {
      const std::string g = random.guard();
      script += g + "; ";
      all.push_back(read(pool, g));
    }
    for (Expr f : all) (void)facts.add(f);
    // The points of the facts.
    std::vector<std::vector<Binding>> points;
    for (int x = -1; x < kBox; ++x) {
      for (int y = -1; y < kBox; ++y) {
        for (int z = -1; z < kBox; ++z) {
          std::vector<Binding> p = {
              {pool.symbol("x"), x}, {pool.symbol("y"), y}, {pool.symbol("z"), z}};
          bool ok = true;
          for (Expr f : all) {
            const absl::StatusOr<int64_t> v = evaluate(f, p);
            ok = ok && v.ok() && *v == 1;
          }
          if (ok) points.push_back(std::move(p));
        }
      }
    }
    if (facts.contradictory()) {
      EXPECT_TRUE(points.empty()) << "seed " << seed << ": " << script;
      continue;
    }
    for (int q = 0; q < 6; ++q) {
      const std::string text = random.guard();
      const Expr guard = read(pool, text);
      const Answer a = facts.decide(guard);
      ++asked;
      int holds = 0;
      int fails = 0;
      for (const auto& p : points) {
        const absl::StatusOr<int64_t> v = evaluate(guard, p);
        if (v.ok()) ++(*v == 1 ? holds : fails);
      }
      const std::string where =
          "seed " + std::to_string(seed) + ": " + script + " |- " + text;
      if (a.truth == Truth::kTrue) {
        EXPECT_EQ(fails, 0) << where << layer_name(a.layer);
      }
      if (a.truth == Truth::kFalse) {
        EXPECT_EQ(holds, 0) << where << layer_name(a.layer);
      }
      if (a.truth == Truth::kOpen) {
        EXPECT_GT(fails, 0) << where << layer_name(a.layer);
        const absl::StatusOr<int64_t> v = evaluate(guard, a.counterexample);
        if (!a.counterexample.empty() && v.ok()) {
          std::string at;
          for (const auto& [s, value] : a.counterexample) {
            at += " " + to_string(s) + "=" + std::to_string(value);
          }
          EXPECT_EQ(*v, 0) << where << " " << layer_name(a.layer) << at;
        }
      }
      decided += a.truth != Truth::kUnknown;
    }
  }
  EXPECT_GT(decided, 0);
  soak_report("FactsFuzz, infix", seeds, {{"questions", asked}, {"failures", 0}});
}

// A point that was found for another question in between is none of this one.
TEST(FactsPoints, AreThoseOfTheQuestion) {
  ExprPool pool;
  const Expr y = pool.symbol("y", {.range = {.lo = -4}});
  Facts facts(pool);
  ASSERT_TRUE(facts.add(gt(y, pool.constant(-5))).ok());
  const Expr a = parse_infix(pool, "floor_mod(x, 6)*x + 5*floor_mod(x, 6) <= 14").value();
  ASSERT_EQ(facts.decide(a, {.explain = false}).truth, Truth::kOpen);
  (void)facts.bounds(
      parse_infix(pool, "3*(z*z) - (x*z)*x + 2*(floor_mod(x, 6)*z)").value());
  const Answer again = facts.decide(a);
  ASSERT_EQ(again.truth, Truth::kOpen);
  ASSERT_FALSE(again.counterexample.empty());
  EXPECT_EQ(*evaluate(a, again.counterexample), 0);
}

}  // namespace
}  // namespace congrua
