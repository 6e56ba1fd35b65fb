#include "cli/cases_term.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "congrua/eval.h"
#include "congrua/text.h"

namespace congrua::cli {
namespace {

const std::vector<std::string> kOrder = {"x", "y"};

// The value at x, y; "-" where there is none, and a star where some divisor was 0.
std::string value(std::string_view text, int64_t x = 0, int64_t y = 0,
                  bool euclid = false) {
  auto f = TermFunction::make(Term::parse(text).value(), kOrder, euclid).value();
  const int64_t point[] = {x, y};
  const Int* v = f.at(point);
  return (v == nullptr ? "-" : v->to_string()) + (f.divided_by_zero() ? "*" : "");
}

TEST(Term, Values) {
  EXPECT_EQ(value("(add 1 2 3)"), "6");
  EXPECT_EQ(value("(mul 2 x x)", 5), "50");
  EXPECT_EQ(value("(sub x y)", 5, 7), "-2");
  EXPECT_EQ(value("(neg x)", 5), "-5");
  EXPECT_EQ(value("(min 4 x 9)", 5), "4");
  EXPECT_EQ(value("(max 4 x 9)", 5), "9");
  EXPECT_EQ(value("(select (lt x y) 10 20)", 1, 2), "10");
  EXPECT_EQ(value("(select (lt x y) 10 20)", 2, 2), "20");
  EXPECT_EQ(value("(and (le x y) (ge x y) (eq x y) (not (ne x y)))", 3, 3), "1");
  EXPECT_EQ(value("(or (gt x y) false)", 3, 3), "0");
  EXPECT_EQ(value("(add true (mul 2 (gt x y)))", 4, 3), "3");
  EXPECT_EQ(value("(mul 9000000000000000000 9000000000000000000)"),
            "81000000000000000000000000000000000000");
  EXPECT_EQ(value("+5"), "5");
  EXPECT_EQ(value(" ( add\tx -3 ) \r\n", 1), "-2");
}

TEST(Term, EveryDivision) {
  struct Row {
    int64_t a, b;
    const char *floor_div, *floor_mod, *trunc_div, *trunc_mod, *ceil_div, *euclid_div,
        *euclid_mod;
  };
  constexpr Row kRows[] = {
      {7, 2, "3", "1", "3", "1", "4", "3", "1"},
      {-7, 2, "-4", "1", "-3", "-1", "-3", "-4", "1"},
      {7, -2, "-4", "-1", "-3", "1", "-3", "-3", "1"},
      {-7, -2, "3", "-1", "3", "-1", "4", "4", "1"},
      {6, -3, "-2", "0", "-2", "0", "-2", "-2", "0"},
      {0, 5, "0", "0", "0", "0", "0", "0", "0"},
  };
  for (const Row& r : kRows) {
    EXPECT_EQ(value("(floordiv x y)", r.a, r.b), r.floor_div);
    EXPECT_EQ(value("(floormod x y)", r.a, r.b), r.floor_mod);
    EXPECT_EQ(value("(truncdiv x y)", r.a, r.b), r.trunc_div);
    EXPECT_EQ(value("(truncmod x y)", r.a, r.b), r.trunc_mod);
    EXPECT_EQ(value("(ceildiv x y)", r.a, r.b), r.ceil_div);
    EXPECT_EQ(value("(floordiv x y)", r.a, r.b, true), r.euclid_div);
    EXPECT_EQ(value("(floormod x y)", r.a, r.b, true), r.euclid_mod);
  }
}

TEST(Term, DivisionByZero) {
  EXPECT_EQ(value("(mul 0 (floordiv 1 x))"), "-*");
  EXPECT_EQ(value("(select true 3 (floormod 1 x))"), "3*");
  EXPECT_EQ(value("(select (eq (truncdiv 1 x) 0) 3 4)"), "-*");
  EXPECT_EQ(value("(and (gt (ceildiv 1 x) 0) false)"), "0*");
  EXPECT_EQ(value("(or (gt (truncmod 1 x) 0) true)"), "1*");
  EXPECT_EQ(value("(and (gt (floordiv 1 x) 0) true)"), "-*");
  EXPECT_EQ(value("(floordiv 7 x)", 0, 0, true), "0");
  EXPECT_EQ(value("(floormod 7 x)", 0, 0, true), "0");
  EXPECT_EQ(value("(truncdiv 7 x)", 0, 0, true), "-*");
}

TEST(Term, CountsOperatorsOnTheTree) {
  const auto count = [](std::string_view text) {
    return Term::parse(text)->operations();
  };
  EXPECT_EQ(count("x"), 0u);
  EXPECT_EQ(count("(add x y 1)"), 2u);
  EXPECT_EQ(count("(add x)"), 1u);
  EXPECT_EQ(count("(select (not (lt x y)) (neg x) (sub x y))"), 5u);
  EXPECT_EQ(count("(mul (add x y) (add x y))"), 3u);  // shared, counted twice
}

TEST(Term, DeepAndShared) {
  std::string deep;
  for (int i = 0; i < 50'000; ++i) deep += "(neg ";
  deep += "x" + std::string(50'000, ')');
  EXPECT_EQ(Term::parse(deep)->operations(), 50'000u);
  std::string tree = "x";
  for (int i = 0; i < 12; ++i) tree = "(max (add " + tree + " 1) " + tree + ")";
  const Term t = Term::parse(tree).value();
  EXPECT_LT(t.nodes().size(), 30u);
  EXPECT_EQ(t.operations(), 2 * 4095u);
}

TEST(Term, WhatIsNoTerm) {
  const auto error = [](std::string_view text) {
    return std::string(Term::parse(text).status().message());
  };
  EXPECT_EQ(error(""), "column 1: an expression is missing");
  EXPECT_EQ(error("(add x"), "column 7: ')' is missing");
  EXPECT_EQ(error("(add x 1))"), "column 10: text after the expression");
  EXPECT_EQ(error("x y"), "column 3: text after the expression");
  EXPECT_EQ(error(")"), "column 1: unexpected ')'");
  EXPECT_EQ(error("()"), "column 2: an operator is missing");
  EXPECT_EQ(error("((add x) 1)"), "column 2: an operator is missing");
  EXPECT_EQ(error("(pow x 2)"), "column 2: unknown operator pow");
  EXPECT_EQ(error("(sub x)"), "column 7: sub with 1 operands");
  EXPECT_EQ(error("(add)"), "column 5: add with 0 operands");
}

TEST(Term, UnknownVariable) {
  EXPECT_EQ(TermFunction::make(Term::parse("(add x z)").value(), kOrder, false)
                .status()
                .message(),
            "z is no variable of the case");
}

TEST(Term, Conjuncts) {
  const auto parts =
      Term::parse("(and (lt x 1) (and (gt y 2) (or (eq x 1) (eq y 1))))")->conjuncts();
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].variables().size(), 1u);
  EXPECT_EQ(parts[1].variables()[0], "y");
  EXPECT_EQ(parts[2].operations(), 3u);
  EXPECT_EQ(Term::parse("(lt x 1)")->conjuncts().size(), 1u);
}

// What mixes numbers and booleans is read by the library with the same values.
TEST(Term, SortedTextHasTheSameValues) {
  constexpr std::string_view kTexts[] = {
      "(add (lt x y) 3)",  "(eq (lt x y) 1)",       "(and x (lt y 2))",
      "(not x)",           "(select x (lt x y) 5)", "(max (lt x y) y)",
      "(mul b (add x b))", "(eq b (lt x y))",       "(lt b true)",
      "(min b (eq x y))",  "(select b x (neg b))",
  };
  const std::string booleans[] = {"b"};
  const std::vector<std::string> order = {"x", "y", "b"};
  for (const std::string_view text : kTexts) {
    const Term term = Term::parse(text).value();
    const std::string sorted = term.sorted_text(booleans).value_or(std::string(text));
    ExprPool pool;
    const Expr b = pool.symbol("b", {.sort = Sort::kBool});
    auto e = parse_sexpr(pool, sorted);
    ASSERT_TRUE(e.ok()) << sorted << ": " << e.status();
    auto f = TermFunction::make(term, order, false).value();
    for (int64_t x = -2; x <= 2; ++x) {
      for (int64_t y = -2; y <= 2; ++y) {
        for (int64_t z = 0; z <= 1; ++z) {
          const Binding values[] = {{pool.symbol("x"), x}, {pool.symbol("y"), y}, {b, z}};
          const int64_t point[] = {x, y, z};
          EXPECT_EQ(evaluate(*e, values).value(), f.at(point)->to_int64()) << sorted;
        }
      }
    }
  }
  EXPECT_EQ(Term::parse("(select b (lt x y) (eq x y))")->sorted_text(booleans),
            std::nullopt);
}

}  // namespace
}  // namespace congrua::cli
