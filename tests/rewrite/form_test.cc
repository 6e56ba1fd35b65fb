#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "congrua/eval.h"
#include "congrua/simplify.h"
#include "congrua/text.h"

namespace congrua {
namespace {

Form shown(ExprPool& pool, std::string_view infix) {
  Facts facts(pool);
  return extract(facts, parse_infix(pool, infix).value());
}

struct Case {
  std::string_view in, sexpr;
  uint64_t operations;
};
constexpr Case kCases[] = {
    {"7", "7", 0},
    {"x", "x", 0},
    {"-x", "(neg x)", 1},
    {"-3*x", "(mul -3 x)", 1},
    {"2*x*y", "(mul 2 x y)", 2},
    {"x*x*x", "(mul x x x)", 2},
    {"x + y + 3", "(add x y 3)", 2},
    {"x - y - z", "(sub x (add y z))", 2},
    {"-x - y", "(neg (add x y))", 2},
    {"3*x - 2*y", "(add (mul 3 x) (mul -2 y))", 3},
    {"floor_div(x, 4)", "(floordiv x 4)", 1},
    {"floor_mod(x, 4)", "(floormod x 4)", 1},
    {"ceil_div(x, 4)", "(ceildiv x 4)", 1},
    {"min(x, y, z)", "(min x y z)", 2},
    {"select(x < 3, y, z)", "(select (ge x 3) z y)", 2},
    {"x < 3 and y < 3", "(and (le x 2) (le y 2))", 3},
    {"x != y", "(ne x y)", 1},
    {"x < x + 1", "true", 0},
};

TEST(Form, CountsWhatTheTextShows) {
  for (const Case& c : kCases) {
    ExprPool pool;
    const Form form = shown(pool, c.in);
    EXPECT_EQ(form.to_sexpr(), c.sexpr) << c.in;
    EXPECT_EQ(form.operations(), c.operations) << c.in;
    EXPECT_EQ(parse_infix(pool, form.to_string()).value(),
              parse_infix(pool, c.in).value())
        << form.to_string();
  }
}

// Not always one node: what takes the same steps may have another canonical form.
void expect_equal_values(ExprPool& pool, std::string_view a, std::string_view b) {
  std::mt19937_64 rng(1);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::pair<Expr, Expr>> at;
    for (const std::string_view name : {"x", "y", "z", "w", "b", "c"}) {
      const auto value = static_cast<int64_t>(rng() % 121) - 60;
      at.emplace_back(pool.symbol(name), pool.constant(value));
    }
    EXPECT_EQ(substitute(parse_infix(pool, a).value(), at),
              substitute(parse_infix(pool, b).value(), at))
        << a << " is " << b;
  }
}

// The canonical form fuses, multiplies out and reduces; the form is as short as what it
// was made of.
struct Written {
  std::string_view in;
  uint64_t operations;
};
constexpr Written kWritten[] = {
    // A quotient of a remainder that the canonical form fused into the one around it.
    {"floor_mod(x + floor_div(floor_mod(y, 5), 2), 6)", 4},
    {"floor_mod(x + floor_div(floor_mod(y, 7), 3), 6)", 4},
    // Negative divisors.
    {"floor_div(x, -2)", 1},
    {"floor_div(x, -3)", 1},
    {"ceil_div(x, -5)", 1},
    {"floor_mod(x, -2)", 1},
    {"ceil_div(x + y, -2)", 2},
    // Divisors of several terms.
    {"floor_mod(x, z - 3)", 2},
    {"select(floor_mod(x, z - 3) == 0, z, x*y)", 5},
    {"ceil_div(x, max(x, y))", 2},
    {"ceil_div(x, y) <= 0", 2},
    {"floor_div(x, 2)*floor_mod(y, 3) < y", 4},
    // Remainders of quotients, of either sign and with a constant between.
    {"floor_mod(floor_div(x, 7), 5)", 2},
    {"floor_mod(floor_div(x, -7) + 1, 5)", 3},
    {"floor_mod(floor_div(x, -3), -2) - 2*floor_div(x, 6)", 5},
    {"4*floor_mod(floor_div(x, -6), 2) + 4", 4},
    {"floor_mod(floor_mod(floor_div(x, 7), 2) + 3, 4)", 4},
    {"floor_mod(floor_div(floor_mod(x, 30) + y, 3), 10)", 4},
    // Quotients of remainders of remainders.
    {"floor_div(floor_mod(floor_mod(x, 8) + 3, 6), 4)", 4},
    {"floor_div(floor_mod(floor_mod(select(x >= 1, x, y), 8) + 3, 6), 4)", 7},
    {"floor_div(floor_mod(floor_mod(3*x, 16) + y, 10), 4)", 5},
    {"floor_div(floor_mod(2*x, 3) + floor_mod(x, 8) + y, 6)", 6},
    // Products with a remainder among their factors.
    {"y*(floor_mod(x, 5) + z)", 3},
    {"(floor_mod(x, 6) - 4)*(y - 2) + floor_mod(x, 6)", 6},
    {"x*floor_mod(x, 2) + 3", 3},
    {"floor_mod(x*floor_mod(x, 2), 7)", 3},
    {"y*y*floor_mod(floor_div(x, 8), 2)", 4},
    {"floor_mod(x, 7)*floor_mod(x, 7)", 3},
    // Remainders of remainders, of which no quotient by the smaller one is left.
    {"floor_mod(floor_mod(x, 5), 4)", 2},
    {"floor_div(floor_mod(x, 5), 4)", 2},
    {"4*floor_div(floor_mod(x + y, 9), 2)", 4},
    {"floor_div(floor_mod(x + 1, 9), 8)", 3},
    // Extremes and selections under a division, and numbers ahead of them.
    {"max(floor_div(x, 5), floor_mod(y, 2))", 3},
    {"select(x < y, max(floor_div(x, 2), z), max(floor_div(z, 2), w))", 6},
    {"max(4*floor_div(x, 8), 2)", 3},
    {"min(z, min(w, y) - x)", 3},
    {"max(0, min(c, b) - min(c, 2))", 4},
    {"y + select(y < z, y, x)", 3},
    {"floor_div(select(y*x < z, x*x, -1 - floor_div(y, 8)), 5)", 7},
    // All of a comparison on one side.
    {"x*(y - 5) < -4", 3},
    {"select(x*floor_div(y, -2) < -5, z, 5)", 4},
    {"select(y < z, floor_mod(x, 2), x)", 3},
};

TEST(Form, IsAsShortAsItWasBuilt) {
  for (const Written& c : kWritten) {
    ExprPool pool;
    const Form form = shown(pool, c.in);
    EXPECT_LE(form.operations(), c.operations) << c.in << " is " << form.to_string();
    expect_equal_values(pool, c.in, form.to_string());
  }
}

// What is written with two operators at first cannot be written with one, but for
// quotients, selections and extremes in a sum: the extractor looks for nothing shorter.
TEST(Form, SingleOperatorsAreWrittenAsTheyStand) {
  ExprPool pool;
  Facts facts(pool);
  std::vector<Expr> leaves = {pool.symbol("x"), pool.symbol("y")};
  for (int c = -3; c <= 3; ++c) leaves.push_back(pool.constant(c));
  const Expr p = pool.symbol("p", {.sort = Sort::kBool});
  for (const Expr a : leaves) {
    for (const Expr b : leaves) {
      for (const Expr e : {a + b, a - b, a * b, min(a, b), max(a, b), -a, select(p, a, b),
                           ge(a, b), eq(a, b), ne(a, b), lt(a, b)}) {
        EXPECT_LE(extract(facts, e).operations(), 1u) << to_string(e);
      }
    }
  }
  const Expr x = leaves[0], y = leaves[1], zero = pool.constant(0);
  const Expr q = pool.symbol("q", {.sort = Sort::kBool}), z = pool.symbol("z");
  EXPECT_EQ(extract(facts, y - min(y, zero)).to_sexpr(), "(max y 0)");
  EXPECT_EQ(extract(facts, x + max(-x, zero)).to_sexpr(), "(max x 0)");
  EXPECT_EQ(extract(facts, min(x, y - min(y, zero))).operations(), 2u);
  EXPECT_EQ(extract(facts, z + select(p, select(q, x, y) - z, zero)).operations(), 2u);
}

// A quotient of one remainder takes few steps: the shortest that takes the same.
TEST(Form, TakesTheShortestQuotientOfARemainder) {
  constexpr Written cases[] = {
      {"floor_div(floor_mod(x, 6) + 9, 12)", 2},
      {"floor_div(8*floor_mod(x, 6) + 3, 9)", 4},
      {"floor_div(40 - 7*floor_mod(x, 5), 20)", 5},
      {"floor_div(-2*floor_mod(x + 3, 5) - 20, 25)", 5},
  };
  for (const Written& c : cases) {
    ExprPool pool;
    const Form form = shown(pool, c.in);
    EXPECT_LE(form.operations(), c.operations) << c.in << " is " << form.to_string();
    expect_equal_values(pool, c.in, form.to_string());
  }
}

TEST(Form, WritesPowersOutInBothLanguages) {
  ExprPool pool;
  const Form form = shown(pool, "x**9");
  EXPECT_EQ(form.operations(), 8u);
  EXPECT_EQ(parse_infix(pool, form.to_string()).value(),
            parse_infix(pool, "x**9").value());
  EXPECT_EQ(parse_sexpr(pool, form.to_sexpr()).value(),
            parse_infix(pool, "x**9").value());
}

TEST(Form, WritesEveryPower) {
  for (const std::string_view text : {"x**64", "x**65", "3*x**100*y**1000 + 1"}) {
    ExprPool pool;
    const Form form = shown(pool, text);
    EXPECT_EQ(parse_infix(pool, form.to_string()).value(),
              parse_infix(pool, text).value());
    EXPECT_EQ(parse_sexpr(pool, form.to_sexpr()).value(),
              parse_infix(pool, text).value());
  }
}

TEST(Form, IsLinearInTheDagAndSaturates) {
  ExprPool pool;
  Facts facts(pool);
  Expr e = pool.symbol("x");
  for (int i = 0; i < 1000; ++i) e = max(floor_div(e, 3), e * e);
  const Form form = extract(facts, e);
  EXPECT_EQ(form.operations(), UINT64_MAX);
  EXPECT_EQ(parse_sexpr(pool, form.to_sexpr()).value(), e);
}

TEST(Simplify, TakesOverWhatTheFactsEquate) {
  ExprPool pool;
  Facts facts(pool);
  const auto read = [&](std::string_view text) {
    return parse_infix(pool, text).value();
  };
  ASSERT_TRUE(facts.add(read("n == 4*m")).ok());
  ASSERT_TRUE(facts.add(read("m >= 1")).ok());
  EXPECT_EQ(simplify(facts, read("floor_div(n, 4) - m")), pool.constant(0));
  EXPECT_TRUE(simplify(facts, read("n >= 4")).is_true());
  EXPECT_TRUE(simplify(facts, read("n < 4")).is_false());
  const Expr open = read("k > 5");
  EXPECT_EQ(simplify(facts, open), open);
}

// x = 4*q for a symbol q that the facts made: it stays inside.
TEST(Simplify, ShowsNoSymbolOfItsOwn) {
  ExprPool pool;
  Facts facts(pool);
  const auto read = [&](std::string_view text) {
    return parse_infix(pool, text).value();
  };
  ASSERT_TRUE(facts.add(read("floor_mod(x, 4) == 0")).ok());
  for (const std::string_view text : {"x", "floor_div(x, 2)", "x + y", "x >= 3"}) {
    for (const Expr s : free_symbols(simplify(facts, read(text)))) {
      EXPECT_TRUE(s.name() == "x" || s.name() == "y") << s.name();
    }
  }
}

TEST(Form, WritesTheDivisionOfItsReader) {
  ExprPool pool;
  Facts facts(pool);
  const Expr e = parse_infix(pool, "floor_div(x, y)").value();
  const Form form = extract(facts, e, {.division = Division::kEuclid});
  EXPECT_EQ(parse_sexpr(pool, form.to_sexpr(), {.division = Division::kEuclid}).value(),
            e);
  EXPECT_NE(form.to_sexpr(), extract(facts, e).to_sexpr());
}

}  // namespace
}  // namespace congrua
