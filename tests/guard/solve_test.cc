// Families of simple problems, large: what the engine spends on them must grow with their
// size and not with its square. Steps of the budget are counted, never time.
#include "guard/solve.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/eval.h"

namespace congrua::guard {
namespace {

using internal::Builder;

struct Outcome {
  SolveResult result;
  int64_t steps;
};

constexpr int64_t kSteps = 50'000'000;
constexpr int64_t kStepsOfAny = 40'000;  // a short search, and as much for smaller sizes

// Every model is evaluated here once more.
Outcome ask(ExprPool& pool, const std::vector<Expr>& asserts, bool small_core = false) {
  Budget budget(kSteps);
  Outcome o{solve(pool, asserts, budget, small_core), 0};
  o.steps = kSteps - budget.left();
  if (o.result.status != Status::kSat) return o;
  internal::Assignment point;
  for (const auto& [e, v] : o.result.model) point.set(Builder::node(e), v);
  internal::Evaluator evaluator;
  for (const Expr& a : asserts) {
    const auto v = evaluator.evaluate(Builder::node(a), point);
    EXPECT_TRUE(v && v->is_one()) << to_string(a);
  }
  return o;
}

Expr parse(ExprPool& pool, const std::string& text) {
  auto e = parse_infix(pool, text);
  EXPECT_TRUE(e.ok()) << text << ": " << e.status().ToString();
  return *e;
}

std::vector<Expr> symbols(ExprPool& pool, const std::string& prefix, int n) {
  std::vector<Expr> all;
  for (int i = 0; i < n; ++i) {
    all.push_back(pool.symbol(fmt::format("{}{}", prefix, i), {}));
  }
  return all;
}

struct Family {
  const char* name;
  Status expected;
  int64_t steps_each;  // at most, for each of its members
  std::function<std::vector<Expr>(ExprPool&, int)> make;
};

void PrintTo(const Family& f, std::ostream* os) { *os << f.name; }

Expr sum_of(const std::vector<Expr>& x) {
  Expr sum = x[0];
  for (size_t i = 1; i < x.size(); ++i) sum = sum + x[i];
  return sum;
}

std::vector<Expr> chain(ExprPool& pool, int n, bool cyclic) {
  const std::vector<Expr> x = symbols(pool, "x", n);
  std::vector<Expr> asserts;
  for (size_t i = 0; i + 1 < x.size(); ++i) asserts.push_back(lt(x[i], x[i + 1]));
  if (cyclic) asserts.push_back(lt(x.back(), x[0]));
  return asserts;
}

const Family kFamilies[] = {
    {"sum above a constant", Status::kSat, 120,
     [](ExprPool& pool, int n) {
       return std::vector{gt(sum_of(symbols(pool, "x", n)), pool.constant(5))};
     }},
    {"sum equal to a constant", Status::kSat, 120,
     [](ExprPool& pool, int n) {
       return std::vector{eq(sum_of(symbols(pool, "x", n)), pool.constant(5))};
     }},
    {"independent disjunctions", Status::kSat, 120,
     [](ExprPool& pool, int n) {
       const auto x = symbols(pool, "x", n), y = symbols(pool, "y", n);
       std::vector<Expr> asserts;
       for (int i = 0; i < n; ++i) {
         const auto k = static_cast<size_t>(i);
         asserts.push_back(
             logical_or(lt(x[k], pool.constant(i)), gt(y[k], pool.constant(i))));
       }
       return asserts;
     }},
    {"disjunctions that exclude small values", Status::kSat, 1'000,
     [](ExprPool& pool, int n) {
       const auto x = symbols(pool, "x", n), y = symbols(pool, "y", n);
       std::vector<Expr> asserts;
       for (int i = 0; i < n; ++i) {
         const auto k = static_cast<size_t>(i);
         asserts.push_back(
             logical_or(eq(x[k], pool.constant(i + 3)),
                        logical_and(gt(y[k], pool.constant(i)), gt(x[k], y[k]))));
       }
       return asserts;
     }},
    {"independent products", Status::kSat, 400,
     [](ExprPool& pool, int n) {
       const auto x = symbols(pool, "x", n), y = symbols(pool, "y", n);
       std::vector<Expr> asserts;
       for (int i = 0; i < n; ++i) {
         const auto k = static_cast<size_t>(i);
         asserts.push_back(eq(x[k] * y[k], pool.constant(i + 1)));
       }
       return asserts;
     }},
    {"ascending chain", Status::kSat, 200,
     [](ExprPool& pool, int n) { return chain(pool, n, false); }},
    {"ascending cycle", Status::kUnsat, 200,
     [](ExprPool& pool, int n) { return chain(pool, n, true); }},
    {"chain of equalities", Status::kSat, 200,
     [](ExprPool& pool, int n) {
       const auto x = symbols(pool, "x", n);
       std::vector<Expr> asserts;
       for (size_t i = 0; i + 1 < x.size(); ++i) {
         asserts.push_back(eq(x[i], x[i + 1] + pool.constant(1)));
       }
       return asserts;
     }},
    {"chain of selections that are minima", Status::kSat, 200,
     [](ExprPool& pool, int n) {
       const auto x = symbols(pool, "x", n), y = symbols(pool, "y", n);
       std::vector<Expr> asserts;
       for (size_t i = 0; i + 1 < x.size(); ++i) {
         asserts.push_back(eq(x[i + 1], select(lt(x[i], y[i]), x[i], y[i])));
       }
       asserts.push_back(gt(x.back(), pool.constant(5)));
       return asserts;
     }},
};

class SolveFamily : public ::testing::TestWithParam<Family> {};

TEST_P(SolveFamily, CostsStepsInProportionToItsSize) {
  const Family& family = GetParam();
  for (const int n : {100, 400, 1'600}) {
    ExprPool pool;
    const Outcome o = ask(pool, family.make(pool, n));
    EXPECT_EQ(o.result.status, family.expected) << n << ": " << o.result.reason;
    EXPECT_LE(o.steps, kStepsOfAny + family.steps_each * n) << n;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SolveFamily, ::testing::ValuesIn(kFamilies));

// ---- Cycles of differences

TEST(Solve, TheCoreOfACycleIsTheCycle) {
  ExprPool pool;
  std::vector<Expr> asserts;
  for (const char* text : {"a <= b", "p <= q", "2*b + 1 <= 2*c", "c == d + 3", "q <= r",
                           "d + 2 >= t", "d <= e", "x*y <= d"}) {
    asserts.push_back(parse(pool, text));
  }
  // a <= b < c = d + 3: consistent.
  EXPECT_EQ(ask(pool, asserts, true).result.status, Status::kSat);
  asserts.push_back(parse(pool, "d + 5 <= a + 1"));
  // d + 4 <= a <= b <= c - 1 = d + 2.
  const SolveResult r = ask(pool, asserts, true).result;
  ASSERT_EQ(r.status, Status::kUnsat);
  EXPECT_EQ(r.core, (std::vector<size_t>{0, 2, 3, 8}));
}

TEST(Solve, ACycleOfProductsIsOneToo) {
  ExprPool pool;
  const std::vector<Expr> asserts = {parse(pool, "x*y < z*w"), parse(pool, "z*w < t"),
                                     parse(pool, "t <= x*y + 1")};
  EXPECT_EQ(ask(pool, asserts).result.status, Status::kUnsat);
}

// ---- Values that no column holds

TEST(Solve, InvertsNestedQuotients) {
  for (const int depth : {20, 50, 200}) {
    ExprPool pool;
    Expr e = pool.symbol("x", {});
    for (int i = 0; i < depth; ++i) {
      e = floor_div(e + pool.constant(1), pool.constant(3));
    }
    for (const Expr& a :
         {eq(e, pool.constant(7)), gt(e, pool.constant(5)), lt(e, pool.constant(-2))}) {
      const Outcome o = ask(pool, {a});
      EXPECT_EQ(o.result.status, Status::kSat) << depth << ": " << o.result.reason;
      EXPECT_LE(o.steps, 200'000) << depth;
    }
  }
}

}  // namespace
}  // namespace congrua::guard
