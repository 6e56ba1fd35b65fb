#include "smt2/value.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace congrua::smt2 {
namespace {

TEST(Value, EuclideanDivisionByEnumeration) {
  for (int64_t a = -30; a <= 30; ++a) {
    for (int64_t b = -7; b <= 7; ++b) {
      if (b == 0) continue;
      const Int q = euclid_div(a, b);
      const Int r = euclid_mod(a, b);
      EXPECT_EQ(Int(b) * q + r, Int(a)) << a << " " << b;
      EXPECT_TRUE(r >= Int(0) && r < abs(Int(b))) << a << " " << b;
    }
  }
}

TEST(Value, RationalArithmeticByCrossMultiplication) {
  for (int64_t a = -4; a <= 4; ++a) {
    for (int64_t b = 1; b <= 4; ++b) {
      const Value x = Value::ratio(a, b);
      for (int64_t c = -4; c <= 4; ++c) {
        for (int64_t d = 1; d <= 4; ++d) {
          const Value y = Value::ratio(c, -d);  // -c / d
          const auto same = [](const Value& v, int64_t num, int64_t den) {
            return v.num * Int(den) == Int(num) * v.den && v.den > Int(0) &&
                   gcd(v.num, v.den) == Int(1);
          };
          EXPECT_TRUE(same(x + y, a * d - c * b, b * d));
          EXPECT_TRUE(same(x - y, a * d + c * b, b * d));
          EXPECT_TRUE(same(x * y, -a * c, b * d));
          if (c != 0) {
            EXPECT_TRUE(same(x / y, -a * d, b * c));
          }
          EXPECT_EQ(less(x, y), a * d < -c * b);
        }
      }
    }
  }
}

TEST(Value, ExactSquareRoots) {
  for (int64_t n = 0; n <= 200; ++n) {
    const auto root = exact_sqrt(Value{Int(n), 1});
    int64_t r = 0;
    while (r * r < n) ++r;
    EXPECT_EQ(root.has_value(), r * r == n) << n;
    if (root) {
      EXPECT_EQ(root->num, Int(r));
    }
  }
  const Int big = *Int::parse("123456789012345678901234567890");
  EXPECT_EQ(exact_sqrt(Value{big * big, 1})->num, big);
  EXPECT_FALSE(exact_sqrt(Value{big * big + Int(1), 1}));
  EXPECT_EQ(exact_sqrt(Value::ratio(4, 9)), Value::ratio(2, 3));
  EXPECT_FALSE(exact_sqrt(Value::ratio(-4, 9)));
}

TEST(Value, Text) {
  struct Case {
    Value value;
    Sort sort;
    std::string_view text;
  };
  const Case cases[] = {
      {{0, 1}, Sort::kInt, "0"},
      {{-3, 1}, Sort::kInt, "(- 3)"},
      {{2, 1}, Sort::kReal, "2.0"},
      {{-2, 1}, Sort::kReal, "(- 2.0)"},
      {{1, 3}, Sort::kReal, "(/ 1.0 3.0)"},
      {{-1, 3}, Sort::kReal, "(- (/ 1.0 3.0))"},
      {{1, 1}, Sort::kBool, "true"},
      {{0, 1}, Sort::kBool, "false"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(to_smtlib(c.value, c.sort), c.text);
    EXPECT_EQ(parse_value(c.text), c.value) << c.text;
  }
}

TEST(Value, ParsesWhatSolversPrintAndNothingElse) {
  EXPECT_EQ(parse_value("(/ (- 1) 3)"), Value::ratio(-1, 3));
  EXPECT_EQ(parse_value("(- (/ 1 3))"), Value::ratio(-1, 3));
  EXPECT_EQ(parse_value("-7"), (Value{-7, 1}));
  EXPECT_EQ(parse_value("2.50"), Value::ratio(5, 2));
  EXPECT_EQ(parse_value("18446744073709551616")->num.to_string(), "18446744073709551616");
  for (const std::string_view bad :
       {"", "x", "(", ")", "1 2", "(+ 1 2)", "(/ 1 0)", "(- 1 2)",
        "(root-obj (+ (^ x 2) 1) 1)", "1.", "(- )", "\"1\"", "-", "-x"}) {
    EXPECT_FALSE(parse_value(bad)) << bad;
  }
}

}  // namespace
}  // namespace congrua::smt2
