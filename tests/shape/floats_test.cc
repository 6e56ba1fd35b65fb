#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "congrua/float64.h"
#include "congrua/shape.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/shape/guard_oracle.h"

namespace congrua::shape {
namespace {

class FloatTest : public ::testing::Test {
 protected:
  Expr f(double v) { return float_constant(env.pool(), v); }
  Truth ask(Expr e) { return env.is_known(e).truth; }
  Expr c(int64_t v) { return env.pool().constant(v); }
  Env env;
};

TEST_F(FloatTest, ConstantsFold) {
  EXPECT_EQ(as_float(float_add(f(0.1), f(0.2))), 0.1 + 0.2);
  EXPECT_EQ(as_float(float_div(f(1), f(3))), 1.0 / 3);
  EXPECT_TRUE(float_lt(f(0.1), f(0.2)).is_true());
  EXPECT_TRUE(float_eq(f(0.0), f(-0.0)).is_true());
  EXPECT_EQ(trunc_to_int(f(-2.5)).as_const(), -2);
  EXPECT_EQ(floor_to_int(f(-2.5)).as_const(), -3);
  EXPECT_EQ(round_to_int(f(2.5)).as_const(), 2);
  EXPECT_EQ(round_to_int(f(-3.5)).as_const(), -4);
  EXPECT_EQ(ceil_to_int(f(2.1)).as_const(), 3);
  EXPECT_EQ(to_string(f(1e-5)), to_string(*parse_sexpr(env.pool(), "1e-05")));
}

TEST_F(FloatTest, NaNIsNotEqualToItself) {
  const Expr x = *env.float64("eps", 1e-5);
  EXPECT_EQ(ask(float_eq(x, x)), Truth::kTrue);
  EXPECT_EQ(ask(float_lt(x, x)), Truth::kFalse);
  const Expr y = *env.float64("scale", std::nan(""), {.may_be_nan = true});
  EXPECT_EQ(ask(float_eq(y, y)), Truth::kUnknown);
  EXPECT_EQ(ask(float_lt(y, y)), Truth::kFalse);
  const auto d = env.evaluate(float_lt(y, f(0)));
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->value, 0);  // NaN < 0 is false
  // not (y < 0) says nothing of y >= 0.
  EXPECT_EQ(ask(float_ge(y, f(0))), Truth::kUnknown);
  EXPECT_FALSE(env.float64("bad", std::nan("")).ok());
}

TEST_F(FloatTest, GuardsNarrow) {
  const Expr x = *env.float64("p", 0.5), y = *env.float64("q", 0.25);
  EXPECT_EQ(ask(float_lt(x, f(1))), Truth::kUnknown);
  ASSERT_TRUE(env.evaluate(float_lt(x, f(1))).ok());
  ASSERT_TRUE(env.evaluate(float_ge(x, f(0))).ok());
  EXPECT_EQ(ask(float_le(x, f(1))), Truth::kTrue);
  EXPECT_EQ(ask(float_gt(x, f(1))), Truth::kFalse);
  EXPECT_EQ(ask(float_eq(x, f(2))), Truth::kFalse);
  EXPECT_EQ(ask(float_lt(float_mul(x, f(2)), f(2))), Truth::kTrue);  // doubling is exact
  EXPECT_EQ(ask(float_lt(float_add(x, f(1)), f(2))), Truth::kUnknown);  // rounds to 2
  EXPECT_EQ(ask(float_le(float_mul(x, f(2)), f(2))), Truth::kTrue);
  ASSERT_TRUE(env.evaluate(float_lt(y, x)).ok());
  EXPECT_EQ(ask(float_gt(x, y)), Truth::kTrue);
  EXPECT_EQ(ask(float_eq(x, y)), Truth::kFalse);
  EXPECT_EQ(*env.evaluate_float(x), 0.5);
  EXPECT_EQ(env.known_float(float_mul(x, f(4))), 2.0);
  const GuardSet g = env.guards();
  // Of q < p only its bound is left, since p is one number.
  ASSERT_EQ(g.domains.size(), 2u);
  EXPECT_EQ(g.domains[0], float_eq(x, f(0.5)));
  EXPECT_EQ(g.domains[1], float_le(y, f(std::nextafter(0.5, 0))));
  EXPECT_TRUE(g.guards.empty());
}

TEST_F(FloatTest, RoundedProductsAreDecidedExactly) {
  const Expr s = *env.size("x.size(0)", 5);
  const Expr t = trunc_to_int(float_mul(f(1.5), to_float(s)));
  EXPECT_EQ(ask(ge(t, c(3))), Truth::kTrue);
  EXPECT_EQ(ask(ne(t, c(1))), Truth::kTrue);
  EXPECT_EQ(ask(eq(max(c(1), t), t)), Truth::kTrue);
  EXPECT_EQ(ask(eq(t, c(5))), Truth::kFalse);  // 3, 4, 6, 7, 9 ...
  const auto d = env.evaluate(t);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d->value, 7);
  EXPECT_EQ(env.known_value(s), 5);  // 1.5*s truncates to 7 for 5 alone
}

// Comparisons of rounded products with numbers, against IEEE arithmetic at all points.
// 0 times an infinity is no number.
TEST_F(FloatTest, ProductsMayBeNoNumber) {
  const Expr f = *env.float64("f", 1), g = *env.float64("g", 2);
  const Expr p = float_mul(f, g);
  EXPECT_NE(env.is_known(float_ne(p, p)).truth, Truth::kFalse);
  for (const Expr e : {!float_lt(p, float_constant(env.pool(), 1.5)),
                       !float_gt(p, float_constant(env.pool(), 10)),
                       ge(trunc_to_int(p), env.pool().constant(1))}) {
    ASSERT_TRUE(env.guard(e).ok());
  }
  // Two that a product without a value satisfies, and one that needs a value.
  EXPECT_GE(env.guards().guards.size(), 2u);
  const GuardSet set = env.guards();
  const bool needs_number = std::ranges::any_of(set.guards, [&](Expr e) {
    GuardOracle at;
    at.set_float(f, 0);
    at.set_float(g, INFINITY);
    return !at.holds(e);
  });
  EXPECT_TRUE(needs_number);
}

// Integers that no double is are compared exactly.
TEST_F(FloatTest, IntegersBetweenDoubles) {
  constexpr int64_t kBig = int64_t{1} << 53;
  const auto integer = [&](int64_t v) { return env.pool().constant(v); };
  const auto real = [&](double v) { return float_constant(env.pool(), v); };
  EXPECT_FALSE(float_eq(real(0x1p53), integer(kBig + 1)).is_true());
  EXPECT_FALSE(float_lt(real(0x1p53), integer(kBig + 1)).is_false());
  const Expr f = *env.float64("f", 1);
  ASSERT_TRUE(env.guard(float_lt(f, integer(kBig + 1))).ok());
  EXPECT_NE(env.is_known(float_lt(f, real(0x1p53))).truth, Truth::kTrue);
  const Expr h = *env.float64("h", 0x1p53 + 4);
  ASSERT_TRUE(env.guard(float_gt(h, integer(kBig + 3))).ok());
  EXPECT_NE(env.is_known(float_gt(h, real(0x1p53 + 4))).truth, Truth::kTrue);
  const Expr k = *env.float64("k", 0x1p63);
  ASSERT_TRUE(env.guard(float_gt(k, integer(INT64_MAX))).ok());
  EXPECT_NE(env.is_known(float_eq(k, real(0x1p63))).truth, Truth::kFalse);
  const Expr s = *env.size("s", kBig, {.policy = Policy::kDynamic});
  EXPECT_NE(env.is_known(ne(floor_to_int(to_float(s)), integer(kBig))).truth,
            Truth::kTrue);
}

TEST(FloatFuzz, ThresholdsAgreeWithEvaluation) {
  const Seeds seeds = soak_seeds(4'000, 1'000'000);
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    std::mt19937_64 random(seed);
    Env env;
    const auto lo = static_cast<int64_t>(random() % 20),
               hi = lo + static_cast<int64_t>(random() % 30);
    SizeOptions o{.policy = Policy::kDynamic};
    o.specialize_zero_one = false;
    o.range = {.lo = lo, .hi = hi};
    const Expr s = *env.size("x", lo, o);
    const double scale =
        static_cast<double>(static_cast<int64_t>(random() % 4001) - 2000) / 640.0;
    const double shift =
        static_cast<double>(static_cast<int64_t>(random() % 401) - 200) / 10.0;
    const Expr real = float_add(float_mul(float_constant(env.pool(), scale), to_float(s)),
                                float_constant(env.pool(), shift));
    const int which = static_cast<int>(random() % 4);
    const Expr t = which == 0   ? trunc_to_int(real)
                   : which == 1 ? floor_to_int(real)
                   : which == 2 ? ceil_to_int(real)
                                : round_to_int(real);
    const auto k = static_cast<int64_t>(random() % 120) - 60;
    const auto m = static_cast<int64_t>(random() % 7) - 3;
    const Expr p = m * t + k;
    const bool equal = random() % 2 == 0;
    const Expr question =
        equal ? eq(p, env.pool().constant(0)) : ge(p, env.pool().constant(0));
    const Truth truth = env.is_known(question).truth;
    bool any = false, all = true;
    for (int64_t v = lo; v <= hi; ++v) {
      const double x = scale * static_cast<double>(v) + shift;
      const double r = which == 0   ? std::trunc(x)
                       : which == 1 ? std::floor(x)
                       : which == 2 ? std::ceil(x)
                                    : std::nearbyint(x);
      const int64_t value = m * static_cast<int64_t>(r) + k;
      const bool holds = equal ? value == 0 : value >= 0;
      any |= holds;
      all &= holds;
    }
    if (question.is_const()) continue;
    if (truth == Truth::kTrue) {
      ASSERT_TRUE(all) << to_string(question) << " " << lo << " " << hi;
    } else if (truth == Truth::kFalse) {
      ASSERT_FALSE(any) << to_string(question) << " " << lo << " " << hi;
    } else if (m != 0) {
      ASSERT_TRUE(any && !all) << to_string(question) << " is decided: " << lo << " "
                               << hi;
    }
  }
}

// Hulls contain what IEEE arithmetic gives.
TEST(FloatFuzz, ComparisonsAgreeWithEvaluation) {
  std::mt19937_64 random(0);
  const auto number = [&] {
    const int64_t n = static_cast<int64_t>(random() % 41) - 20;
    return random() % 8 == 0 ? static_cast<double>(n) * 1e300
                             : static_cast<double>(n) / 8;
  };
  const Seeds seeds = soak_seeds(2'000, 500'000);
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    random.seed(seed);
    Env env;
    std::vector<Expr> symbols;
    std::vector<double> hints;
    for (int i = 0; i < 3; ++i) {
      hints.push_back(number());
      symbols.push_back(*env.float64("f" + std::to_string(i), hints.back()));
    }
    const auto term = [&] {
      Expr e = symbols[random() % 3];
      for (uint64_t n = random() % 3; n > 0; --n) {
        const Expr other = random() % 2 == 0 ? symbols[random() % 3]
                                             : float_constant(env.pool(), number());
        switch (random() % 4) {
          case 0:
            e = float_add(e, other);
            break;
          case 1:
            e = float_mul(e, other);
            break;
          case 2:
            e = float_sub(e, other);
            break;
          default:
            e = float_neg(e);
        }
      }
      return e;
    };
    const auto comparison = [&] {
      const Expr a = term(),
                 b = random() % 2 == 0 ? term() : float_constant(env.pool(), number());
      switch (random() % 4) {
        case 0:
          return float_lt(a, b);
        case 1:
          return float_le(a, b);
        case 2:
          return float_eq(a, b);
        default:
          return float_ne(a, b);
      }
    };
    for (int i = 0; i < 6; ++i) {
      const Expr q = comparison();
      const std::optional<int64_t> at = env.at_hints(q);
      const Truth truth = env.is_known(q).truth;
      if (!at) continue;
      if (truth == Truth::kTrue || truth == Truth::kFalse) {
        ASSERT_EQ(*at, truth == Truth::kTrue ? 1 : 0) << to_string(q);
      }
      ASSERT_TRUE(env.evaluate(q).ok());
    }
  }
}

}  // namespace
}  // namespace congrua::shape
