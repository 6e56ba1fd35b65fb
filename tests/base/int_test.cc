#include "base/int.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace congrua {
namespace {

int128 wide(int64_t v) { return v; }

// Values around every boundary of the representation.
std::vector<int64_t> edges() {
  std::vector<int64_t> out;
  for (int64_t base : {int64_t{0}, int64_t{1} << 31, Int::kMaxInline, Int::kMinInline,
                       INT64_MAX - 3, INT64_MIN + 3}) {
    for (int64_t d = -3; d <= 3; ++d) out.push_back(base + d);
  }
  return out;
}

int128 floor_div_wide(int128 a, int128 b) {
  const int128 q = a / b;
  return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

TEST(Int, AgreesWith128BitsAtEveryEdge) {
  for (int64_t a : edges()) {
    for (int64_t b : edges()) {
      const Int x(a);
      const Int y(b);
      EXPECT_EQ(x + y, Int::from_i128(wide(a) + b)) << a << " + " << b;
      EXPECT_EQ(x - y, Int::from_i128(wide(a) - b)) << a << " - " << b;
      EXPECT_EQ(x * y, Int::from_i128(wide(a) * b)) << a << " * " << b;
      EXPECT_EQ(x < y, a < b);
      EXPECT_EQ(x == y, a == b);
      if (b != 0) {
        const int128 q = floor_div_wide(a, b);
        EXPECT_EQ(floor_div(x, y), Int::from_i128(q)) << a << " // " << b;
        EXPECT_EQ(floor_mod(x, y), Int::from_i128(wide(a) - q * b)) << a << " % " << b;
      }
    }
  }
}

TEST(Int, ReadsAndPrintsAnyLength) {
  for (int64_t a : edges()) EXPECT_EQ(Int::parse(std::to_string(a)), Int(a));
  const std::string digits = "1" + std::string(9'999, '7');
  const std::optional<Int> v = Int::parse(digits);
  ASSERT_TRUE(v.has_value());
  EXPECT_EQ(v->to_string(), digits);
  EXPECT_EQ(Int::parse("-" + digits)->to_string(), "-" + digits);
  EXPECT_EQ(Int::parse("000"), Int(0));
  for (const char* bad : {"", "-", "+1", "1 ", "0x1", "1e3", "--1"}) {
    EXPECT_FALSE(Int::parse(bad).has_value()) << bad;
  }
}

TEST(Int, FactorialsDivideBack) {
  Int f(1);
  for (int i = 1; i <= 300; ++i) f *= Int(i);
  for (int i = 300; i >= 1; --i) {
    EXPECT_TRUE(floor_mod(f, Int(i)).is_zero());
    f = floor_div(f, Int(i));
  }
  EXPECT_TRUE(f.is_one());
}

TEST(Int, GcdLcmBits) {
  EXPECT_EQ(gcd(Int(-12), Int(18)), Int(6));
  EXPECT_EQ(gcd(Int(0), Int(0)), Int(0));
  EXPECT_EQ(lcm(Int(4), Int(6)), Int(12));
  EXPECT_EQ(lcm(Int(0), Int(6)), Int(0));
  EXPECT_EQ(Int(0).bit_length(), 0u);
  EXPECT_EQ(Int(-8).bit_length(), 4u);
  const Int big = *Int::parse("36893488147419103232");  // 2^65
  EXPECT_EQ(big.bit_length(), 66u);
  EXPECT_EQ(gcd(big, Int(24)), Int(8));
  EXPECT_FALSE(big.to_int64().has_value());
  EXPECT_EQ(Int(INT64_MIN).to_int64(), INT64_MIN);
  EXPECT_TRUE(big.is_even());
}

TEST(Int, Low64IsARingHomomorphism) {
  std::mt19937_64 rng(7);
  for (int i = 0; i < 1000; ++i) {
    Int a(static_cast<int64_t>(rng()));
    Int b(static_cast<int64_t>(rng()));
    a = a * a * b;
    EXPECT_EQ((a * b).low64(), a.low64() * b.low64());
    EXPECT_EQ((a - b).low64(), a.low64() - b.low64());
  }
}

}  // namespace
}  // namespace congrua
