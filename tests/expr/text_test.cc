#include "congrua/text.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <tuple>

#include "congrua/eval.h"

namespace congrua {
namespace {

std::string message(const absl::Status& s) {
  return std::string(s.message().data(), s.message().size());
}

Expr checked(const absl::StatusOr<Expr>& e, ExprPool& pool, std::string_view text) {
  if (!e.ok()) ADD_FAILURE() << text.substr(0, 1'000) << ": " << message(e.status());
  return e.ok() ? *e : pool.constant(0);
}
Expr sexpr(ExprPool& pool, std::string_view text, const ParseOptions& options = {}) {
  return checked(parse_sexpr(pool, text, options), pool, text);
}
Expr infix(ExprPool& pool, std::string_view text) {
  return checked(parse_infix(pool, text), pool, text);
}

// s0, s1 ... are integers, b and c booleans, r a real.
void declare(ExprPool& pool) {
  std::ignore = pool.symbol("b", {.sort = Sort::kBool});
  std::ignore = pool.symbol("c", {.sort = Sort::kBool});
  std::ignore = pool.symbol("r", {.sort = Sort::kReal});
}

struct Shown {
  std::string_view in, infix, sexpr;
};

constexpr Shown kShown[] = {
    {"5", "5", "5"},
    {"-5", "-5", "-5"},
    {"true", "true", "true"},
    {"s0", "s0", "s0"},
    {"12345678901234567890123", "12345678901234567890123", "12345678901234567890123"},
    {"(add s1 (mul 2 s0) 3)", "2*s0 + s1 + 3", "(add (mul 2 s0) s1 3)"},
    {"(sub s0 s1)", "s0 - s1", "(sub s0 s1)"},
    {"(sub s1 s0)", "s1 - s0", "(sub s1 s0)"},
    {"(neg s0)", "-s0", "(neg s0)"},
    {"(sub 3 s0)", "3 - s0", "(sub 3 s0)"},
    {"(sub -3 s0)", "-s0 - 3", "(sub -3 s0)"},
    {"(neg (add s0 s1))", "-s0 - s1", "(neg (add s0 s1))"},
    {"(sub (sub s0 s1) s2)", "s0 - s1 - s2", "(sub s0 (add s1 s2))"},
    {"(sub s0 (mul 2 s1))", "s0 - 2*s1", "(add s0 (mul -2 s1))"},
    {"(add s10 s2 s1)", "s1 + s2 + s10", "(add s1 s2 s10)"},
    {"(add s0 (mul s1 s0) (mul s2 s2 s2))", "s2**3 + s0*s1 + s0",
     "(add (mul s2 s2 s2) (mul s0 s1) s0)"},
    {"(mul -3 s1 s0)", "-3*s0*s1", "(mul -3 s0 s1)"},
    {"(mul s0 s0 s0 s0 s0)", "s0**5", "(mul (mul s0 s0) (mul s0 s0) s0)"},
    {"(floordiv s0 4)", "floor_div(s0, 4)", "(floordiv s0 4)"},
    {"(floormod s0 4)", "floor_mod(s0, 4)", "(floormod s0 4)"},
    {"(ceildiv s0 4)", "ceil_div(s0, 4)", "(ceildiv s0 4)"},
    {"(floordiv s0 s1)", "floor_div(s0, s1)", "(floordiv s0 s1)"},
    {"(floormod s0 s1)", "floor_mod(s0, s1)", "(floormod s0 s1)"},
    {"(ceildiv s0 s1)", "ceil_div(s0, s1)", "(ceildiv s0 s1)"},
    {"(add s1 (mul 3 (floormod s0 4)))", "s1 + 3*floor_mod(s0, 4)",
     "(add s1 (mul 3 (floormod s0 4)))"},
    {"(mul s1 (floormod s0 4))", "s1*floor_mod(s0, 4)", "(mul s1 (floormod s0 4))"},
    {"(sub s1 (floormod s0 s2))", "s1 - floor_mod(s0, s2)", "(sub s1 (floormod s0 s2))"},
    {"(floormod s0 (add s1 1))", "floor_mod(s0, s1 + 1)", "(floormod s0 (add s1 1))"},
    {"(floormod (floordiv s0 4) 8)", "floor_mod(floor_div(s0, 4), 8)",
     "(floormod (floordiv s0 4) 8)"},
    {"(floormod (neg s0) 8)", "floor_mod(-s0, 8)", "(floormod (neg s0) 8)"},
    {"(floordiv (sub s0 3) 2)", "ceil_div(s0, 2) - 2", "(add (ceildiv s0 2) -2)"},
    {"(add s0 (floormod (neg s0) 8))", "8*ceil_div(s0, 8)", "(mul 8 (ceildiv s0 8))"},
    {"(min s10 s2 3)", "min(s2, s10, 3)", "(min s2 s10 3)"},
    {"(abs s0)", "abs(s0)", "(max s0 (neg s0))"},
    {"(select b s0 s1)", "select(b, s0, s1)", "(select b s0 s1)"},
    {"(ge (add s0 2) s1)", "s0 + 2 >= s1", "(ge (add s0 2) s1)"},
    {"(le s1 s0)", "s0 >= s1", "(ge s0 s1)"},
    {"(gt s0 s1)", "s0 > s1", "(gt s0 s1)"},
    {"(lt s0 s1)", "s0 < s1", "(lt s0 s1)"},
    {"(ge s0 1)", "s0 >= 1", "(ge s0 1)"},
    {"(gt s0 1)", "s0 >= 2", "(ge s0 2)"},
    {"(lt s0 5)", "s0 <= 4", "(le s0 4)"},
    {"(ge s0 -3)", "s0 >= -3", "(ge s0 -3)"},
    {"(eq s0 (add s1 2))", "s0 == s1 + 2", "(eq s0 (add s1 2))"},
    {"(eq 5 s0)", "s0 == 5", "(eq s0 5)"},
    {"(ne s0 s1)", "s0 != s1", "(ne s0 s1)"},
    {"(eq (floormod s0 8) 0)", "floor_mod(s0, 8) == 0", "(eq (floormod s0 8) 0)"},
    {"(not b)", "not b", "(not b)"},
    {"(and b c)", "b and c", "(and b c)"},
    {"(or b (not c))", "b or not c", "(or b (not c))"},
    {"(or (lt s0 1) (ne s1 2))", "s0 <= 0 or s1 != 2", "(or (le s0 0) (ne s1 2))"},
    {"(eq b c)", "b == c", "(eq b c)"},
    {"(ne b c)", "b != c", "(ne b c)"},
    {"(eq b (ge s0 1))", "b == (s0 >= 1)", "(eq b (ge s0 1))"},
    // Uninterpreted terms, by their own names.
    {"(bitand s0 s1)", "bitand(s0, s1)", "(bitand s0 s1)"},
    {"(trunctoint (mul 1.5 (tofloat s0)))", "trunctoint(mul(1.5, tofloat(s0)))",
     "(trunctoint (mul 1.5 (tofloat s0)))"},
    {"(le s0 oo)", "le(s0, oo)", "(le s0 oo)"},
    {"(lt -oo s0)", "lt(-oo, s0)", "(lt -oo s0)"},
    {"(eq r 1e-05)", "eq(r, 1e-05)", "(eq r 1e-05)"},
    {"(not (eq r -2.5))", "not eq(r, -2.5)", "(not (eq r -2.5))"},
    {"(pow s0 -1)", "pow(s0, -1)", "(pow s0 -1)"},
    {"(opaque_sqrt s0)", "opaque_sqrt(s0)", "(opaque_sqrt s0)"},
    {"((as f int) s0 b)", "f:int(s0, b)", "((as f int) s0 b)"},
    {"(as f bool)", "f:bool()", "(as f bool)"},
    {"((as lt bool) s0 s1)", "|lt|:bool(s0, s1)", "((as |lt| bool) s0 s1)"},
    {"(pownat 2 s0)", "pownat(2, s0)", "(pownat 2 s0)"},
    // Names that need quotes.
    {"|a b|", "|a b|", "|a b|"},
    {"|a\\|b\\\\|", "|a\\|b\\\\|", "|a\\|b\\\\|"},
    {"(add |add| |true|)", "|add| + |true|", "(add |add| |true|)"},
    {"|5|", "|5|", "|5|"},
};

TEST(Text, ShowsAndReadsBack) {
  for (const Shown& c : kShown) {
    ExprPool pool;
    declare(pool);
    const absl::StatusOr<Expr> e = parse_sexpr(pool, c.in);
    ASSERT_TRUE(e.ok()) << c.in << ": " << message(e.status());
    EXPECT_EQ(to_string(*e), c.infix) << c.in;
    EXPECT_EQ(to_sexpr(*e), c.sexpr) << c.in;
    const absl::StatusOr<Expr> infix =
        parse_infix(pool, to_string(*e), {.declare_symbols = false});
    ASSERT_TRUE(infix.ok()) << to_string(*e) << ": " << message(infix.status());
    EXPECT_EQ(*infix, *e) << to_string(*e);
    const absl::StatusOr<Expr> sexpr =
        parse_sexpr(pool, to_sexpr(*e), {.declare_symbols = false});
    ASSERT_TRUE(sexpr.ok()) << to_sexpr(*e) << ": " << message(sexpr.status());
    EXPECT_EQ(*sexpr, *e) << to_sexpr(*e);
  }
}

struct Same {
  std::string_view a, b;  // one node
};

constexpr Same kSame[] = {
    {"(where b s0 s1)", "(select b s0 s1)"},
    {"(mod s0 4)", "(floormod s0 4)"},
    {"(pymod s0 s1)", "(floormod s0 s1)"},
    {"(cleandiv s0 s1)", "(floordiv s0 s1)"},
    {"(modidx s0 3 4)", "(floormod (floordiv s0 3) 4)"},
    {"(identity (add s0 1))", "(add 1 s0)"},
    {"(and (lt s0 1))", "(lt s0 1)"},
    {"(add r)", "r"},
    {"(min b c)", "(and b c)"},
    {"(max b c (lt s0 1))", "(or b c (lt s0 1))"},
    {"(pow s0 3)", "(mul s0 s0 s0)"},
    {"(pownat (add s0 1) 2)", "(mul (add s0 1) (add s0 1))"},
    {"(pow s0 0)", "1"},
    {"(pow 0 0)", "1"},
    {"(pow -1 1000000000001)", "-1"},
    {"(pow 2 100)", "1267650600228229401496703205376"},
    {"(piecewise ((lt s0 1) s1) (b s2) (true s3))",
     "(select (lt s0 1) s1 (select b s2 s3))"},
    {"(floortoint (truediv s0 s1))", "(floordiv s0 s1)"},
    {"(ceiltoint (truediv s0 2))", "(ceildiv s0 2)"},
    {"(trunctoint (truediv s0 s1))", "(truncdiv s0 s1)"},
    {"(trunctoint s0)", "s0"},
    {"(trunctoint (truediv -7 2))", "-3"},
    {"(roundtoint (rat 5 2))", "2"},
    {"(let ((x (add s0 1)) (y (mul x x))) (add x y))",
     "(add (add s0 1) (mul (add s0 1) (add s0 1)))"},
    {"(let ((s0 (add s0 1))) (let ((s0 (mul s0 2))) s0))", "(mul 2 (add s0 1))"},
    {"(add (let ((s0 1)) s0) s0)", "(add 1 s0)"},
    {" ( add s0\n\t1 ) ; a remark", "(add s0 1)"},
    {"2*s0 + 4 // 2", "(add (mul 2 s0) 2)"},
    {"s0 % 4 == 0", "(eq (floormod s0 4) 0)"},
    {"-s0**2 + 1", "(sub 1 (mul s0 s0))"},
    {"s0 - s1 - s2", "(sub (sub s0 s1) s2)"},
    {"s0 // s1 // s2", "(floordiv (floordiv s0 s1) s2)"},
    {"2**3**2 + 0", "512"},
    {"2 * -s0", "(mul -2 s0)"},
    {"b and not c or s0 < 1", "(or (and b (not c)) (lt s0 1))"},
    {"b && !c || s0 < 1", "(or (and b (not c)) (lt s0 1))"},
    {"not s0 == s1", "(ne s0 s1)"},
    {"not not b", "b"},
    {"(s0 < 1) == (s1 < 1)", "(eq (lt s0 1) (lt s1 1))"},
    {"x = s0 + 1; y = x*x; x + y", "(add (add s0 1) (mul (add s0 1) (add s0 1)))"},
    {"floordiv(s0, 2) + mod(s1, 3)", "(add (floordiv s0 2) (floormod s1 3))"},
    {"select(b, s0, s1) + 0", "(select b s0 s1)"},
};

TEST(Text, OneNodeForBoth) {
  for (const Same& c : kSame) {
    ExprPool pool;
    declare(pool);
    // Infix has blanks and does not begin with a bracket and an operator.
    const auto read = [&](std::string_view text) {
      absl::StatusOr<Expr> e = parse_sexpr(pool, text);
      if (!e.ok()) e = parse_infix(pool, text);
      return e;
    };
    const absl::StatusOr<Expr> a = read(c.a);
    const absl::StatusOr<Expr> b = read(c.b);
    ASSERT_TRUE(a.ok()) << c.a << ": " << message(a.status());
    ASSERT_TRUE(b.ok()) << c.b << ": " << message(b.status());
    EXPECT_EQ(*a, *b) << c.a << " is " << to_string(*a) << ", " << c.b << " is "
                      << to_string(*b);
  }
}

struct Bad {
  std::string_view text, message;
};

constexpr Bad kBadSexpr[] = {
    {"", "1:1: an expression is missing"},
    {" \n ; nothing\n", "3:1: an expression is missing"},
    {"(add s0", "1:8: ')' is missing: the list opened at 1:1 is not closed"},
    {"(add s0\n (mul 2", "2:8: ')' is missing: the list opened at 2:2 is not closed"},
    {")", "1:1: unexpected ')'"},
    {"(add s0 1))", "1:11: unexpected ')' after the expression"},
    {"s0 s1", "1:4: unexpected 's' after the expression"},
    {"()", "1:2: an operator expected, not ')'"},
    {"(5 s0)", "1:2: an operator expected, not '5'"},
    {"(frob s0)", "1:2: unknown operator frob"},
    {"(ge (floordiv s0 s1 2) 1)", "1:6: floordiv takes 2 arguments, 3 given"},
    {"(add)", "1:2: add takes at least 1 argument, 0 given"},
    {"(neg)", "1:2: neg takes 1 argument, 0 given"},
    {"(select b s0)", "1:2: select takes 3 arguments, 2 given"},
    {"(nonoverlapdense s0 s1 s2)", "1:2: nonoverlapdense takes as many strides as sizes"},
    {"(add b 1)", "1:2: add takes numbers"},
    {"(neg b)", "1:2: neg takes a number"},
    {"(lt b c)", "1:2: lt takes numbers"},
    {"(min b 1)", "1:2: min takes numbers or booleans"},
    {"(not s0)", "1:2: not takes a boolean"},
    {"(and b s0)", "1:2: and takes booleans"},
    {"(and b r)", "1:2: and takes booleans"},
    {"(eq b 1)", "1:2: eq takes two numbers or two booleans"},
    {"(select s0 1 2)", "1:2: select takes a boolean condition"},
    {"(select b 1 c)", "1:2: select takes two numbers or two booleans as branches"},
    {"(bitor s0 b)", "1:2: bitor takes integers or booleans"},
    {"12x", "1:1: bad numeral 12x"},
    {"(add 1 --2)", "1:8: bad numeral -"},
    {"(add 1.2.3 1)", "1:6: bad numeral 1.2.3"},
    {"(add 1 +2)", "1:8: unexpected '+'"},
    {"(add \x01 1)", "1:6: unexpected the byte 0x01"},
    {"(add \xff 1)", "1:6: unexpected the byte 0xff"},
    {"|abc", "1:1: the quoted name has no closing '|'"},
    {"(pownat s0 -1)", "1:2: pownat takes an exponent >= 0"},
    {"(pow s0 99999999999999999999)",
     "1:2: the exponent 99999999999999999999 is too large"},
    {"(piecewise ((lt s0 1) 2) (b 3))",
     "1:1: the last condition of piecewise has to be true"},
    {"(piecewise s0)", "1:12: piecewise takes pairs (condition value)"},
    {"(piecewise (true))", "1:12: piecewise takes pairs (condition value)"},
    {"(let (x 1) x)", "1:7: let takes a list of (name value)"},
    {"(let ((x)) x)", "1:7: let takes a list of (name value)"},
    {"(let ((x 1)))", "1:1: let takes a list of (name value) and one term"},
    {"(let)", "1:1: let takes a list of (name value) and one term"},
    {"((as f number) s0)", "1:8: int, bool or real expected"},
    {"((f s0) s1)", "1:2: an operator or ((as NAME SORT) ...) expected"},
};

constexpr Bad kBadInfix[] = {
    {"", "1:1: an operand is missing before the end of the text"},
    {"s0 +", "1:5: an operand is missing before the end of the text"},
    {"s0 + * s1", "1:6: an operand is missing before '*'"},
    {"(s0", "1:4: ')' is missing: the '(' at 1:1 is not closed"},
    {"trunc_div(s0", "1:13: ')' is missing: the '(' at 1:10 is not closed"},
    {"f:int (s0", "1:10: ')' is missing: the '(' at 1:7 is not closed"},
    {"s0)", "1:3: unexpected ')'"},
    {"s0 s1", "1:4: an operator is expected, not 's'"},
    {"s0 / s1", "1:4: '/' is no operator: write a // b or floor_div(a, b)"},
    {"s0 ^ 2", "1:4: '^' is no operator: write a**n"},
    {"s0 + 1 = s1", "1:8: '=' compares nothing: write =="},
    {"s0 < s1 < s2", "1:9: comparisons do not chain: join them by 'and'"},
    {"frob(s0)", "1:1: unknown function frob"},
    {"floor_div(s0)", "1:1: floor_div takes 2 arguments, 1 given"},
    {"min(s0, )", "1:9: an operand is missing before ')'"},
    {"min()", "1:1: min takes at least 1 argument, 0 given"},
    {"s0, s1", "1:3: unexpected ','"},
    {"(s0, s1)", "1:4: unexpected ','"},
    {"b + 1", "1:3: add takes numbers"},
    {"s0 and b", "1:4: and takes booleans"},
    {"not s0", "1:1: not takes a boolean"},
    {"s0; s1", "1:3: ';' ends a definition: name = expression;"},
    {"x = s0", "1:7: ';' expected after the definition of x"},
    {"x = s0;", "1:8: an operand is missing before the end of the text"},
    {"min = s0; 1", "1:1: min cannot be defined: the name has a meaning"},
    {"s0 +\n 12x", "2:2: bad numeral 12x"},
    {"f:number(s0)", "1:3: int, bool or real expected"},
    {"f:int s0", "1:7: '(' expected, not 's'"},
    {"s0 + \x01", "1:6: an operand is missing before the byte 0x01"},
    {"and s0", "1:1: an operand is missing before and"},
};

TEST(Text, Errors) {
  ExprPool pool;
  declare(pool);
  for (const Bad& c : kBadSexpr) {
    const absl::StatusOr<Expr> e = parse_sexpr(pool, c.text);
    ASSERT_FALSE(e.ok()) << c.text;
    EXPECT_EQ(e.status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_EQ(message(e.status()), c.message) << c.text;
  }
  for (const Bad& c : kBadInfix) {
    const absl::StatusOr<Expr> e = parse_infix(pool, c.text);
    ASSERT_FALSE(e.ok()) << c.text;
    EXPECT_EQ(e.status().code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_EQ(message(e.status()), c.message) << c.text;
  }
  const ParseOptions known{.declare_symbols = false};
  EXPECT_EQ(message(parse_sexpr(pool, "(add b9 1)", known).status()),
            "1:6: unknown symbol b9");
  EXPECT_EQ(message(parse_infix(pool, "1 + b9", known).status()),
            "1:5: unknown symbol b9");
  EXPECT_FALSE(pool.find_symbol("b9").has_value());
}

// Every prefix of every text, and every text with one byte changed, is read or refused.
TEST(Text, DamagedTextIsReadOrRefused) {
  for (const Shown& c : kShown) {
    for (const std::string_view text : {c.infix, c.sexpr}) {
      ExprPool pool;
      declare(pool);
      for (size_t i = 0; i < text.size(); ++i) {
        std::ignore = parse_sexpr(pool, text.substr(0, i));
        std::ignore = parse_infix(pool, text.substr(0, i));
        for (const char replacement :
             {'(', ')', '|', ' ', ',', ':', '-', '\0', '9', ';', '='}) {
          std::string damaged(text);
          damaged[i] = replacement;
          std::ignore = parse_sexpr(pool, damaged);
          std::ignore = parse_infix(pool, damaged);
        }
      }
    }
  }
}

// ---- Euclidean texts

TEST(Text, EuclideanDivisionIsTotal) {
  const ParseOptions euclid{.division = Division::kEuclid};
  for (int64_t x = -9; x <= 9; ++x) {
    for (int64_t y = -4; y <= 4; ++y) {
      const int64_t r = y == 0 ? 0 : ((x % y) + std::abs(y)) % std::abs(y);
      const int64_t q = y == 0 ? 0 : (x - r) / y;
      ExprPool pool;
      const std::string ys = std::to_string(y);
      for (const std::string& divisor : {std::string("y"), ys}) {
        const Expr div = sexpr(pool, "(floordiv x " + divisor + ")", euclid);
        const Expr mod = sexpr(pool, "(floormod x " + divisor + ")", euclid);
        const Binding point[] = {{pool.symbol("x"), x}, {pool.symbol("y"), y}};
        EXPECT_EQ(evaluate(div, point).value_or(-99), q)
            << x << " / " << divisor << " = " << y;
        EXPECT_EQ(evaluate(mod, point).value_or(-99), r)
            << x << " mod " << divisor << " = " << y;
      }
    }
  }
}

TEST(Text, FloorDivisionWithinEuclideanText) {
  ExprPool pool;
  const Expr s = pool.symbol("s"), n = pool.symbol("n");
  const Expr positive = pool.symbol("p", {.range = {.lo = 1}});
  const PrintOptions euclid{.division = Division::kEuclid};
  EXPECT_EQ(to_sexpr(floor_div(s, n), euclid), "(neg (ceildiv (neg s) n))");
  EXPECT_EQ(to_sexpr(floor_div(s, positive), euclid), "(floordiv s p)");
  EXPECT_EQ(to_sexpr(floor_mod(s, positive), euclid), "(floormod s p)");
  EXPECT_EQ(to_sexpr(floor_mod(s, 8), euclid), "(floormod s 8)");
  EXPECT_EQ(
      sexpr(pool, to_sexpr(floor_mod(s, n), euclid), {.division = Division::kEuclid}),
      floor_mod(s, n));
}

// ---- Large texts

TEST(Text, SharedTermsGetNames) {
  ExprPool pool;
  const Expr s = pool.symbol("s"), n = pool.symbol("n");
  const Expr e = max(floor_div(s, n), s) * max(floor_div(s, n), n);
  EXPECT_EQ(to_string(e, {.max_tree = 3}), "t0 = floor_div(s, n); max(n, t0)*max(s, t0)");
  EXPECT_EQ(to_sexpr(e, {.max_tree = 3}),
            "(let ((t0 (floordiv s n))) (mul (max n t0) (max s t0)))");
  // The names of temporaries are no symbols of the term.
  const Expr taken = e + pool.symbol("t7") + pool.symbol("t_1");
  EXPECT_EQ(to_string(taken, {.max_tree = 3}),
            "t__0 = floor_div(s, n); max(n, t__0)*max(s, t__0) + t7 + t_1");
}

TEST(Text, ADagOfTwoToTheThousandPathsIsWrittenInLinearSize) {
  ExprPool pool;
  Expr e = pool.symbol("x");
  for (int i = 0; i < 1'000; ++i) e = max(floor_div(e, 2), floor_div(e, 3));
  const std::string text = to_sexpr(e);
  EXPECT_LE(text.size(), 100'000u);
  EXPECT_EQ(sexpr(pool, text), e);
  const std::string formula = to_string(e);
  EXPECT_LE(formula.size(), 100'000u);
  EXPECT_EQ(infix(pool, formula), e);
}

TEST(Text, NestingAMillionDeep) {
  constexpr int kDepth = 1'000'000;
  ExprPool pool;
  std::string text, formula;
  for (int i = 0; i < kDepth; ++i) {
    text += i % 2 == 0 ? "(max s1 " : "(floordiv ";
    formula += i % 2 == 0 ? "max(s1, " : "floor_div(";
  }
  text += "s0";
  formula += "s0";
  for (int i = kDepth; i-- > 0;) {
    text += i % 2 == 0 ? ")" : " s2)";
    formula += i % 2 == 0 ? ")" : ", s2)";
  }
  const Expr e = sexpr(pool, text);
  EXPECT_EQ(infix(pool, formula), e);
  EXPECT_GE(measure(e).depth, 900'000u);
  EXPECT_EQ(sexpr(pool, to_sexpr(e)), e);
  EXPECT_EQ(infix(pool, to_string(e)), e);
  // Brackets alone.
  EXPECT_EQ(
      infix(pool, std::string(kDepth, '(') + "1 + s0" + std::string(kDepth, ')')).op(),
      Op::kAdd);
  EXPECT_EQ(message(parse_infix(pool, std::string(kDepth, '(')).status()),
            "1:1000001: an operand is missing before the end of the text");
}

std::string repeated(std::string_view s, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += s;
  return out;
}

TEST(Text, ChainsOfAMillion) {
  constexpr int kDepth = 1'000'000;
  ExprPool pool;
  declare(pool);
  const std::string close = repeated(")", kDepth);
  // Each let adds 1 to the name it hides; then a let in the binding of each let.
  const Expr sum =
      sexpr(pool, repeated("(let ((s0 (add s0 1))) ", kDepth) + "s0" + close);
  EXPECT_EQ(sum, pool.symbol("s0") + kDepth);
  EXPECT_EQ(sexpr(pool, repeated("(let ((t ", kDepth) + "s1" + repeated(")) t)", kDepth)),
            pool.symbol("s1"));
  const Expr b = *pool.find_symbol("b");
  EXPECT_EQ(sexpr(pool, repeated("(not ", kDepth) + "b" + close), b);
  EXPECT_EQ(infix(pool, repeated("-", kDepth) + "s0"), pool.symbol("s0"));
  EXPECT_EQ(infix(pool, repeated("not ", kDepth + 1) + "b"), !b);
  EXPECT_EQ(infix(pool, "s0" + repeated("**1", kDepth)), pool.symbol("s0"));
  EXPECT_EQ(message(parse_sexpr(pool, repeated("(add ", kDepth)).status()),
            "1:5000001: ')' is missing: the list opened at 1:4999996 is not closed");
  EXPECT_EQ(message(parse_infix(pool, repeated("min(", kDepth)).status()),
            "1:4000001: an operand is missing before the end of the text");
}

TEST(Text, BinaryBytes) {
  std::string bytes;
  for (uint32_t i = 0; i < 4096; ++i) bytes += static_cast<char>((i * 2654435761u) >> 13);
  ExprPool pool;
  for (size_t i = 0; i < bytes.size(); i += 7) {
    const std::string_view text = std::string_view(bytes).substr(i);
    for (const auto& e : {parse_sexpr(pool, text), parse_infix(pool, text)}) {
      ASSERT_FALSE(e.ok()) << i;
      // "line:column: ..."
      EXPECT_NE(message(e.status()).find(": "), std::string::npos) << message(e.status());
      EXPECT_TRUE(std::isdigit(static_cast<unsigned char>(message(e.status())[0])));
    }
  }
}

TEST(Text, NumeralsOfTenThousandDigits) {
  ExprPool pool;
  const std::string digits(10'000, '7');
  EXPECT_EQ(infix(pool, digits), sexpr(pool, digits));
  EXPECT_EQ(message(parse_infix(pool, "s0 + " + digits + "x").status()),
            "1:6: bad numeral " + digits.substr(0, 40));  // a message stays short
  const Expr e = sexpr(pool, digits);
  EXPECT_EQ(to_sexpr(e), digits);
  EXPECT_EQ(to_sexpr(sexpr(pool, "(add s0 -" + digits + ")")),
            "(add s0 -" + digits + ")");
}

// The order of construction leaves no trace.
TEST(Text, TheSameTextWhateverWasBuiltBefore) {
  const std::string_view text =
      "(add (mul s3 (floordiv s1 s2)) (min s1 (max s4 7)) (floormod s3 5))";
  ExprPool a;
  const std::string first = to_string(sexpr(a, text));
  ExprPool b;
  for (const char* name : {"s4", "s3", "zz", "s2", "s1"})
    std::ignore = b.symbol(name) * 3 + 1;
  std::ignore = sexpr(b, "(floormod s3 5)");
  EXPECT_EQ(to_string(sexpr(b, text)), first);
}

}  // namespace
}  // namespace congrua
