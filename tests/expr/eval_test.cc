#include "congrua/eval.h"

#include <gtest/gtest.h>

#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/eval.h"

namespace congrua {
namespace {

Expr parse(ExprPool& pool, std::string_view text) {
  absl::StatusOr<Expr> e = parse_sexpr(pool, text);
  if (!e.ok()) ADD_FAILURE() << text << ": " << e.status();
  return e.ok() ? *e : pool.constant(0);
}

std::vector<Binding> bind(ExprPool& pool, std::string_view names,
                          std::vector<int64_t> values) {
  std::vector<Binding> out;
  for (const int64_t v : values) {
    const size_t end = std::min(names.find(' '), names.size());
    out.emplace_back(pool.symbol(names.substr(0, end)), v);
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return out;
}

struct Case {
  std::string_view text;
  int64_t x, y;
  std::string_view value;  // "" where there is none: division by zero
};

constexpr Case kCases[] = {
    {"(add x y)", 3, 4, "7"},
    {"(sub x (mul 3 y))", 3, 4, "-9"},
    {"(mul x x y)", -3, 4, "36"},
    {"(floordiv x y)", 7, -2, "-4"},
    {"(floordiv x y)", -7, 2, "-4"},
    {"(floordiv x y)", -7, -2, "3"},
    {"(floormod x y)", 7, -2, "-1"},
    {"(floormod x y)", -7, 2, "1"},
    {"(floormod x y)", -7, -2, "-1"},
    {"(ceildiv x y)", 7, 2, "4"},
    {"(ceildiv x y)", -7, 2, "-3"},
    {"(truncdiv x y)", 7, -2, "-3"},
    {"(truncdiv x y)", -7, 2, "-3"},
    {"(truncdiv x y)", -7, -2, "3"},
    {"(truncmod x y)", -7, 2, "-1"},
    {"(truncmod x y)", 7, -2, "1"},
    {"(roundtoint (truediv x y))", 5, 2, "2"},
    {"(roundtoint (truediv x y))", 7, 2, "4"},
    {"(roundtoint (truediv x y))", -5, 2, "-2"},
    {"(roundtoint (truediv x y))", -7, 2, "-4"},
    {"(roundtoint (truediv x y))", 5, -2, "-2"},
    {"(roundtoint (truediv x y))", 7, 4, "2"},
    {"(roundtoint (truediv x y))", -7, -4, "2"},
    {"(trunctoint (truediv x y))", -7, 2, "-3"},
    {"(trunctoint (truediv x y))", 7, -2, "-3"},
    {"(floortoint (truediv x y))", -7, 2, "-4"},
    {"(ceiltoint (truediv x y))", -7, 2, "-3"},
    {"(ceiltoint (rat 7 2))", 0, 0, "4"},
    {"(abs x)", -7, 0, "7"},
    {"(min x y 3)", 7, 5, "3"},
    {"(max x y 3)", 7, 5, "7"},
    {"(select (lt x y) x y)", 7, 5, "5"},
    {"(mul x x x)", INT64_MAX, 0,
     "784637716923335095224261902710254454442933591094742482943"},
    {"(sub (mul x x) (mul y y))", INT64_MIN, INT64_MAX, "18446744073709551615"},
    {"(eq x y)", 4, 4, "1"},
    {"(ne x y)", 4, 4, "0"},
    {"(lt x y)", 4, 4, "0"},
    {"(or (lt x y) (gt x y))", 4, 5, "1"},
    {"(not (and (ge x 1) (ge y 1)))", 0, 1, "1"},
    {"(eq (ge x 1) (ge y 1))", 0, 0, "1"},
    {"(ne (ge x 1) (ge y 1))", 0, 1, "1"},
    {"(floordiv x y)", 1, 0, ""},
    {"(floormod x y)", 1, 0, ""},
    {"(add x (floordiv x y))", 1, 0, ""},
    {"(mul x (floordiv x y))", 0, 0, ""},
    // Only what is read can fail.
    {"(select (eq y 0) 5 (floordiv x y))", 1, 0, "5"},
    {"(select (ne y 0) (floordiv x y) 5)", 1, 0, "5"},
    {"(select (ne y 0) 5 (floordiv x y))", 1, 0, ""},
    // A part that decides, wherever it stands.
    {"(and (ne y 0) (ge (floordiv x y) 1))", 1, 0, "0"},
    {"(and (ge (floordiv x y) 1) (ne y 0))", 1, 0, "0"},
    {"(or (eq y 0) (ge (floordiv x y) 1))", 1, 0, "1"},
    {"(and (eq y 0) (ge (floordiv x y) 1))", 1, 0, ""},
    {"(or (ne y 0) (ge (floordiv x y) 1))", 1, 0, ""},
};

TEST(Evaluate, ByDefinition) {
  for (const Case& c : kCases) {
    ExprPool pool;
    const Expr e = parse(pool, c.text);
    const std::vector<Binding> at = bind(pool, "x y", {c.x, c.y});
    const absl::StatusOr<std::string> v = evaluate_text(e, at);
    if (c.value.empty()) {
      EXPECT_EQ(v.status().code(), absl::StatusCode::kFailedPrecondition)
          << c.text << " at " << c.x << ", " << c.y;
    } else {
      ASSERT_TRUE(v.ok()) << c.text << ": " << v.status();
      EXPECT_EQ(*v, c.value) << c.text << " at " << c.x << ", " << c.y;
    }
  }
}

TEST(Evaluate, Errors) {
  ExprPool pool;
  const Expr x = pool.symbol("x");
  const Expr b = pool.symbol("b", {.sort = Sort::kBool});
  const Expr r = pool.symbol("r", {.sort = Sort::kReal});
  const auto message = [](const auto& v) {
    return std::string(v.status().message().data(), v.status().message().size());
  };
  EXPECT_EQ(message(evaluate(x + 1, {})), "no value is given for x");
  const Binding point[] = {{x, 0}};
  EXPECT_EQ(message(evaluate(floor_div(pool.constant(7), x), point)),
            "division by zero: the divisor of floor_div(7, x) is 0");
  const Binding large[] = {{x, INT64_MAX}};
  EXPECT_EQ(evaluate(x * 2, large).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(message(evaluate(x * 2, large)), "the value, of 64 bits, is no int64");
  EXPECT_EQ(*evaluate_text(x * 2, large), "18446744073709551614");
  EXPECT_EQ(*evaluate(x * 2 - INT64_MAX, large), INT64_MAX);
  const Binding no_boolean[] = {{b, 2}};
  EXPECT_EQ(message(evaluate(b, no_boolean)), "the boolean b cannot be 2");
  const Binding real[] = {{r, 2}};
  EXPECT_EQ(message(evaluate(x, real)), "an integer value is given for the real r");
  const Binding sum[] = {{x + 1, 2}};
  EXPECT_EQ(message(evaluate(x, sum)),
            "a value is given for x + 1, which is no symbol and no opaque term");
}

TEST(Evaluate, OpaqueTermsAreVariables) {
  ExprPool pool;
  const Expr x = pool.symbol("x");
  const Expr args[] = {x};
  const Expr f = pool.opaque("f", args);
  const Binding point[] = {{f, 5}};
  EXPECT_EQ(*evaluate(f * f + 1, point), 26);  // x is not read
  EXPECT_EQ(evaluate(f + x, point).status().code(), absl::StatusCode::kInvalidArgument);
}

Expr squared(Expr e, int times) {
  for (int i = 0; i < times; ++i) e = e * e;
  return e;
}

// x^(2^40), and 3^(2^40) where the builder multiplies: no value is computed.
TEST(Evaluate, ValuesThatAreTooLarge) {
  ExprPool pool;
  const Expr x = pool.symbol("x");
  const Expr y = pool.symbol("y");
  const Expr power = squared(x, 40);
  const std::string text = to_string(power * y);  // factors that are powers themselves
  EXPECT_NE(text.find("x**"), std::string::npos) << text.substr(0, 100);
  const auto at = [&](const Expr& e, int64_t value) {
    const Binding point[] = {{x, value}};
    return evaluate_text(e, point);
  };
  for (const int64_t v : {-1, 0, 1}) EXPECT_EQ(*at(power, v), v == 0 ? "0" : "1");
  EXPECT_EQ(at(power, 2).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(at(power * 0 + x, 2).value(), "2");
  EXPECT_EQ(at(squared(x, 18), 2)->size(), 78'914u);  // 2^(2^18)
  EXPECT_EQ(at(squared(x, 19) * squared(x, 19), 4).status().code(),
            absl::StatusCode::kResourceExhausted);
  const Expr constant = squared(pool.constant(3), 40);
  EXPECT_EQ(at(constant, 0).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(at(squared(3 * x + 1, 40) * constant, 1).status().code(),
            absl::StatusCode::kResourceExhausted);
}

// Of a conjunction that has no value somewhere, what is false is told all the same.
TEST(Evaluate, AllTrueTellsWhatHasNoValue) {
  ExprPool pool;
  const Expr x = pool.symbol("x");
  const internal::Node* huge =
      internal::Builder::node(gt(squared(x, 40), pool.constant(5)));
  const internal::Node* fine = internal::Builder::node(gt(x, pool.constant(1)));
  const internal::Node* wrong = internal::Builder::node(gt(x, pool.constant(2)));
  internal::Assignment point;
  point.set(internal::Builder::node(x), Int(2));
  internal::Evaluator evaluator;
  EXPECT_FALSE(evaluator.all_true(std::vector{huge, fine}, point));
  EXPECT_EQ(evaluator.error(), internal::EvalError::kTooLarge);
  EXPECT_FALSE(evaluator.all_true(std::vector{huge, wrong}, point));
  EXPECT_EQ(evaluator.error(), internal::EvalError::kNone);
  EXPECT_TRUE(evaluator.all_true(std::vector{fine}, point));
  EXPECT_EQ(evaluator.error(), internal::EvalError::kNone);
}

// Buffers are reused: nothing of an earlier call shows.
TEST(Evaluate, EvaluatorIsReusable) {
  ExprPool pool;
  const internal::Node* x = internal::Builder::node(pool.symbol("x"));
  const internal::Node* e =
      internal::Builder::node(parse(pool, "(floordiv (mul x x 100) x)"));
  const internal::Node* d = internal::Builder::node(parse(pool, "(floordiv 100 x)"));
  internal::Evaluator evaluator;
  internal::Assignment point;
  for (int64_t i = -50; i <= 50; ++i) {
    point.clear();
    EXPECT_FALSE(evaluator.evaluate(d, point).has_value());
    EXPECT_EQ(evaluator.error(), internal::EvalError::kUnbound);
    EXPECT_EQ(evaluator.culprit(), x);
    point.set(x, Int(i));
    const std::optional<Int> v = evaluator.evaluate(d, point);
    if (i == 0) {
      EXPECT_FALSE(v.has_value());
      EXPECT_EQ(evaluator.error(), internal::EvalError::kDivisionByZero);
      EXPECT_EQ(evaluator.culprit(), d);
    } else {
      EXPECT_EQ(*v, floor_div(Int(100), Int(i)));
      EXPECT_EQ(*evaluator.evaluate(e, point), Int(100 * i));
      EXPECT_EQ(evaluator.error(), internal::EvalError::kNone);
    }
  }
}

TEST(Substitute, AllAtOnce) {
  ExprPool pool;
  const Expr x = pool.symbol("x"), y = pool.symbol("y"), z = pool.symbol("z");
  const Expr e = floor_div(x * y + 3, pool.constant(4)) + max(x, y);
  const std::pair<Expr, Expr> swap[] = {{x, y}, {y, x}};
  EXPECT_EQ(substitute(e, swap), e);
  const std::pair<Expr, Expr> numbers[] = {{x, pool.constant(5)}, {y, z + 1}};
  EXPECT_EQ(substitute(e, numbers),
            floor_div(5 * (z + 1) + 3, pool.constant(4)) + max(pool.constant(5), z + 1));
  EXPECT_EQ(substitute(e, {}), e);
  const std::pair<Expr, Expr> elsewhere[] = {{z, x}};
  EXPECT_EQ(substitute(e, elsewhere), e);
}

TEST(Substitute, OpaqueTermsAndBooleans) {
  ExprPool pool;
  const Expr x = pool.symbol("x"), y = pool.symbol("y");
  const Expr b = pool.symbol("b", {.sort = Sort::kBool});
  const Expr args[] = {x};
  const Expr f = pool.opaque("f", args);
  const Expr nothing = pool.opaque("g", {});
  const std::pair<Expr, Expr> replace[] = {{f, y * 2}, {nothing, x}};
  EXPECT_EQ(substitute(f + x + nothing, replace), y * 2 + x + x);
  // Arguments of an opaque term are replaced too.
  const std::pair<Expr, Expr> argument[] = {{x, y + 1}};
  const Expr replaced_args[] = {y + 1};
  EXPECT_EQ(substitute(f * 3, argument), pool.opaque("f", replaced_args) * 3);
  const std::pair<Expr, Expr> truth[] = {{b, pool.boolean(true)}};
  const std::pair<Expr, Expr> quotient[] = {{floor_div(x, 2), y + 5}};
  EXPECT_EQ(substitute(3 * floor_div(x, 2) + floor_div(x, 4) + x, quotient),
            3 * y + floor_div(x, 4) + x + 15);
  EXPECT_EQ(substitute(select(b, x, y), truth), x);
}

TEST(FreeSymbols, InTheOrderOfNames) {
  ExprPool pool;
  const Expr e = parse(pool, "(select (lt s10 s2) (add s1 (bitand a s10)) (mul 0 z))");
  std::string names;
  for (const Expr s : free_symbols(e)) names += std::string(s.name()) + " ";
  EXPECT_EQ(names, "a s1 s2 s10 ");
  EXPECT_TRUE(free_symbols(pool.constant(3)).empty());
}

TEST(Measure, CountsSharedNodesOnce) {
  ExprPool pool;
  const Expr x = pool.symbol("x");
  EXPECT_EQ(measure(x).dag_nodes, 1u);
  EXPECT_EQ(measure(x).depth, 0u);
  Expr e = x;
  for (int i = 0; i < 100; ++i) e = max(floor_div(e, 2), floor_div(e, 3));
  const Size s = measure(e);
  EXPECT_GE(s.dag_nodes, 100u);
  EXPECT_LE(s.dag_nodes, 1'000u);
  EXPECT_GE(s.tree_nodes, 1e30);  // 2^100 paths
  EXPECT_GE(s.depth, 100u);
}

// A chain of a million operators: nothing recurses.
TEST(Deep, ChainOfAMillion) {
  ExprPool pool;
  const Expr x = pool.symbol("x");
  const Expr y = pool.symbol("y");
  Expr e = x;
  for (int i = 0; i < 500'000; ++i) e = max(floor_div(e, y), x);
  const Binding point[] = {{x, 9}, {y, 2}};
  EXPECT_EQ(*evaluate(e, point), 9);
  EXPECT_GE(measure(e).depth, 1'000'000u);
  EXPECT_EQ(free_symbols(e).size(), 2u);
  const std::pair<Expr, Expr> replace[] = {{y, x + 1}};
  const Expr f = substitute(e, replace);
  EXPECT_EQ(*evaluate(f, point), 9);
}

}  // namespace
}  // namespace congrua
