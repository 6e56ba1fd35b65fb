// The canonical form: which different spellings are one node, and which must not be.
#include <gtest/gtest.h>

#include <vector>

#include "congrua/eval.h"
#include "congrua/expr.h"
#include "congrua/text.h"

namespace congrua {
namespace {

struct Pair {
  const char* a;
  const char* b;
};

constexpr Pair kSame[] = {
    {"(add s0 (add s1 2))", "(add (add 2 s1) s0)"},
    {"(floordiv (add (mul 2 s0) 4) 2)", "(add s0 2)"},
    {"(sub s0 s0)", "0"},
    {"(mul (add s0 1) (sub s0 1))", "(sub (mul s0 s0) 1)"},
    {"(floordiv (floordiv s0 3) 5)", "(floordiv s0 15)"},
    {"(floordiv (add (floordiv (add s0 1) 2) 1) 2)", "(floordiv (add s0 3) 4)"},
    {"(neg (floordiv (neg s0) 3))", "(ceildiv s0 3)"},
    {"(ceildiv s0 3)", "(floordiv (add s0 2) 3)"},
    {"(floordiv (floordiv (mul 3 s0) 4) 5)", "(floordiv (mul 3 s0) 20)"},
    {"(floordiv (mul s0 s1 6) (mul s1 3))", "(mul 2 s0)"},
    {"(floordiv (mul s0 s1) (mul s1 s2))", "(floordiv s0 s2)"},
    {"(floormod (mul s0 s1 s2) (mul s2 s0))", "0"},
    {"(floordiv (add (mul s0 s1) s2) s1)", "(add s0 (floordiv s2 s1))"},
    {"(floordiv (add (mul s0 s1) s0 s2) (add s1 1))",
     "(add s0 (floordiv s2 (add s1 1)))"},
    {"(floordiv (mul -4 s0) -6)", "(floordiv (mul 2 s0) 3)"},
    {"(floordiv s0 (neg s1))", "(floordiv (neg s0) s1)"},
    {"(add (mul 8 (floordiv s0 8)) (floormod s0 8))", "s0"},
    {"(floormod (add s0 16) 8)", "(floormod s0 8)"},
    {"(max s0 (add s1 1) (sub s0 3))", "(max (add s1 1) s0)"},
    {"(max (add s0 s2) (add s1 s2))", "(add s2 (max s0 s1))"},
    {"(neg (max (neg s0) (neg s1)))", "(min s0 s1)"},
    {"(max (max s0 s1) s2)", "(max s0 (max s2 s1))"},
    {"(select (lt s0 s1) s0 s1)", "(select (ge s0 s1) s1 s0)"},
    {"(select (eq s0 s1) (add s2 1) (add s2 3))", "(add s2 (select (eq s0 s1) 1 3))"},
    {"(not (lt s0 s1))", "(le s1 s0)"},
    {"(ge (mul 8 s0) (add (mul 8 s1) 5))", "(gt s0 s1)"},
    {"(eq (mul 2 s0) 7)", "false"},
    {"(eq (sub s0 s1) 0)", "(eq s1 s0)"},
    {"(or (not (and (lt s0 1) (gt s1 2))) false)", "(or (ge s0 1) (le s1 2))"},
    {"(and (ge s0 1) (or (lt s0 1) (eq s1 2)))", "(and (ge s0 1) (eq s1 2))"},
    {"(or (ge s0 1) (lt s0 1))", "true"},
    {"(mul 9223372036854775807 9223372036854775807)",
     "85070591730234615847396907784232501249"},
    {"(sub (mul 9223372036854775808 s0) (mul 9223372036854775807 s0))", "s0"},
};

constexpr Pair kDifferent[] = {
    {"(mul 4 (floordiv s0 4))", "s0"},
    {"(floordiv (add (floordiv s0 3) (floordiv s1 3)) 6)", "(floordiv (add s0 s1) 18)"},
    {"(floordiv (floordiv s0 2) -7)", "(floordiv s0 -14)"},
    {"(floordiv s0 (floordiv s0 7))", "7"},
    {"(max s0 s1)", "(min s0 s1)"},
    {"(ge s0 s1)", "(gt s0 s1)"},
};

TEST(NormalForm, EqualSpellingsAreOneNode) {
  ExprPool pool;
  for (const Pair& p : kSame) {
    const absl::StatusOr<Expr> a = parse_sexpr(pool, p.a);
    const absl::StatusOr<Expr> b = parse_sexpr(pool, p.b);
    ASSERT_TRUE(a.ok() && b.ok()) << p.a << " | " << p.b;
    EXPECT_TRUE(*a == *b) << p.a << " is " << to_string(*a) << "\n"
                          << p.b << " is " << to_string(*b);
  }
}

TEST(NormalForm, DifferentFunctionsAreNot) {
  ExprPool pool;
  for (const Pair& p : kDifferent) {
    EXPECT_FALSE(*parse_sexpr(pool, p.a) == *parse_sexpr(pool, p.b))
        << p.a << " | " << p.b;
  }
}

TEST(NormalForm, TextDoesNotDependOnTheOrderOfConstruction) {
  ExprPool one;
  ExprPool two;
  const char* text = "(add (mul s3 s1) (floordiv (add s2 s1) 5) (max s3 s0) s10 s9 4)";
  const Expr a = *parse_sexpr(one, text);
  for (int i = 20; i >= 0; --i) (void)two.symbol("s" + std::to_string(i));
  const Expr b = *parse_sexpr(two, text);
  EXPECT_EQ(to_string(a), to_string(b));
  EXPECT_EQ(a.hash(), b.hash());
}

TEST(NormalForm, AChainOfAMillionNodes) {
  ExprPool pool;
  Expr x = pool.symbol("x");
  const Expr y = pool.symbol("y");
  // The larger of two, halved: neither fuses with the next.
  for (int i = 0; i < 500'000; ++i) x = floor_div(max(x, y) + i, 3);
  EXPECT_GE(measure(x).depth, 1'000'000u);
  const Binding at[] = {{pool.symbol("x"), 5}, {y, 2}};
  EXPECT_TRUE(evaluate(x, at).ok());
}

TEST(NormalForm, ASharedDagOf2To1000Paths) {
  ExprPool pool;
  const Expr s = pool.symbol("s");
  Expr x = s;
  for (int i = 0; i < 1000; ++i) x = max(floor_div(x, 2), x - 1);
  EXPECT_GT(measure(x).tree_nodes, 1e100);
  EXPECT_LT(measure(x).dag_nodes, 10'000u);
  const Binding at[] = {{s, 4000}};
  const absl::StatusOr<int64_t> v = evaluate(x, at);
  ASSERT_TRUE(v.ok());
  EXPECT_EQ(*v, 3000);
}

TEST(NormalForm, PolynomialDoublingStaysLinear) {
  ExprPool pool;
  Expr x = pool.symbol("x");
  for (int i = 0; i < 200; ++i) x = (x + 1) * (x + 2);
  EXPECT_LT(pool.num_nodes(), 100'000u);
}

// Above the powers that are met in sizes nothing is expanded or fused any more.
TEST(NormalForm, SquaringCostsThreeNodesAStep) {
  ExprPool pool;
  const Expr s = pool.symbol("s");
  Expr x = s;
  int64_t value = 2;
  size_t before = 0;
  for (int i = 0; i < 1000; ++i) {
    x = x * x + floor_div(x, 2);
    if (i < 5) {
      value = value * value + value / 2;
      const Binding at[] = {{s, 2}};
      EXPECT_EQ(evaluate(x, at).value(), value);
    }
    if (i > 3) {
      EXPECT_LE(pool.num_nodes() - before, 4u) << i;
    }
    before = pool.num_nodes();
  }
}

// x <- (x + t)//2 with another t in each step: the numerator of a fused division holds
// them all, so that fusing without end would cost the square of the steps.
TEST(NormalForm, NestedDivisionsOfManyTermsStayLinear) {
  ExprPool pool;
  std::vector<Binding> at;
  Expr x = pool.constant(0);
  int64_t value = 0;
  const size_t before = pool.bytes();
  for (int i = 0; i < 2000; ++i) {
    const Expr t = pool.symbol("t" + std::to_string(i));
    at.push_back({t, i * 7});
    x = floor_div(x + t, 2);
    value = (value + i * 7) / 2;
  }
  EXPECT_EQ(evaluate(x, at).value(), value);
  EXPECT_LT(pool.bytes() - before, 2000u * 500);
}

TEST(NormalForm, ARunningSumOfAMillionSteps) {
  ExprPool pool;
  std::vector<Expr> s;
  for (int i = 0; i < 1000; ++i) s.push_back(pool.symbol("s" + std::to_string(i)));
  Expr sum = pool.constant(0);
  for (int i = 0; i < 1'000'000; ++i) {
    sum = sum + floor_div(s[static_cast<size_t>(i) % 1000] + i, 7 + i % 1013);
  }
  EXPECT_LT(pool.bytes(), size_t{600} << 20);
  // The same sum, back to front, is the same node.
  ExprPool small;
  Expr forth = small.constant(0);
  Expr back = small.constant(0);
  for (int i = 0; i < 300; ++i) forth = forth + small.symbol("s" + std::to_string(i));
  for (int i = 300; i-- > 0;) back = back + small.symbol("s" + std::to_string(i));
  EXPECT_TRUE(forth == back);
  EXPECT_TRUE(forth - back == small.constant(0));
}

}  // namespace
}  // namespace congrua
