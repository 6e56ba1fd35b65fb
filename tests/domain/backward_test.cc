// Backward transfer functions against enumeration: x is a possible operand if some y in b
// gives f(x, y) in r. Each test says what precision is given up.
#include <cstdlib>
#include <functional>
#include <optional>

#include "tests/domain/oracle.h"

namespace congrua::domain_test {
namespace {

// x is enumerated in two windows, y in one that holds a partner of every x there.
constexpr int64_t kNear = 22, kFar = 44, kPartners = 140;

std::vector<Sample> family(Family f, int64_t near, int64_t far) {
  f.near = near;
  f.far = far;
  return samples(f);
}

std::vector<Sample> with_and_without_holes(int64_t near, int64_t far) {
  auto all = family({.max_end = 3, .max_mod = 3, .infinite = true}, near, far);
  for (Sample& s : family({.max_end = 2, .max_mod = 2, .max_holes = 1, .infinite = true},
                          near, far)) {
    if (s.domain.num_holes() != 0) all.push_back(std::move(s));
  }
  return all;
}

using Operator = std::optional<int64_t> (*)(int64_t, int64_t);  // nullopt: undefined
using Backward = Domain (*)(const Domain& a, const Domain& r, const Domain& b);
using WantTriple = std::function<Want(const Domain& a, const Domain& r, const Domain& b)>;

void check_triples(Operator f, Backward back, const WantTriple& want) {
  const auto as = with_and_without_holes(kNear, kFar);
  const auto bs = with_and_without_holes(kPartners, kPartners);
  const Domain none = Domain::none();
  std::vector<std::vector<bool>> possible(bs.size());
  for (const Sample& r : bs) {
    ASSERT_TRUE(back(none, r.domain, r.domain).empty());
    ASSERT_TRUE(back(r.domain, none, r.domain).empty());
    ASSERT_TRUE(back(r.domain, r.domain, none).empty());
    for (const Sample& b : bs) {
      std::vector<bool> possible_x;
      for (int64_t x = -kFar; x <= kFar; ++x) {
        possible_x.push_back(std::any_of(b.near.begin(), b.near.end(), [&](int64_t y) {
          const std::optional<int64_t> v = f(x, y);
          return v && r.domain.contains(*v);
        }));
      }
      for (const Sample& a : as) {
        Results expected;
        const auto is_possible = [&](int64_t x) {
          return possible_x[static_cast<size_t>(x + kFar)];
        };
        for (int64_t x : a.near) {
          if (is_possible(x)) expected.add_near(x);
        }
        for (int64_t x : a.far) {
          if (is_possible(x)) expected.add_far(x);
        }
        const Domain d = back(a.domain, r.domain, b.domain);
        ASSERT_EQ(check(d, expected, want(a.domain, r.domain, b.domain)), "")
            << "a = " << a.domain.to_string() << ", r = " << r.domain.to_string()
            << ", b = " << b.domain.to_string();
        if (d.subset_of(a.domain)) continue;
        for (int64_t x = -kFar; x <= kFar; ++x) {
          if (a.domain.contains(x) || !d.contains(x)) continue;
          // Of five holes and more the one farthest from 0 goes.
          const bool dropped = d.num_holes() == Domain::kMaxHoles &&
                               std::abs(x) >= std::abs(d.hole(0)) &&
                               std::abs(x) >= std::abs(d.hole(3));
          ASSERT_TRUE(dropped) << a.domain.to_string() << " grows to " << d.to_string()
                               << ": r = " << r.domain.to_string()
                               << ", b = " << b.domain.to_string();
        }
      }
    }
  }
}

// Given up: missing values inside. There is no `a` to meet with.
TEST(DomainExhaustive, BackAdd) {
  check_triples([](int64_t x, int64_t y) -> std::optional<int64_t> { return x + y; },
                [](const Domain& a, const Domain& r, const Domain& b) {
                  return a.meet(back_add(r, b));
                },
                [](const Domain& a, const Domain&, const Domain&) {
                  return a.is_all() ? Want::kEndsAndClass : Want::kSound;
                });
}

// The best for a constant b. Ends are the best for a constant r != 0. Given up: the rest
// (7 = x*y has no x in 3..6; ends of x in [3, 6] stay where r is a longer interval).
TEST(DomainExhaustive, BackMul) {
  check_triples([](int64_t x, int64_t y) -> std::optional<int64_t> { return x * y; },
                back_mul,
                [](const Domain&, const Domain& r, const Domain& b) {
                  if (b.is_point()) return Want::kEndsAndClass;
                  return r.is_point() && r.lo() != 0 ? Want::kEnds : Want::kSound;
                });
}

// Ends are the best for a constant b and an `a` without congruence. Given up: other
// operands.
TEST(DomainExhaustive, BackFloorDiv) {
  check_triples(
      [](int64_t x, int64_t y) -> std::optional<int64_t> {
        if (y == 0) return std::nullopt;
        return ref_floor_div(x, y);
      },
      back_floor_div,
      [](const Domain& a, const Domain&, const Domain& b) {
        return b.is_point() && a.is_interval() ? Want::kEnds : Want::kSound;
      });
}

// As good as join.
TEST(DomainExhaustive, BackMinAndMax) {
  const auto want = [](const Domain&, const Domain&, const Domain&) {
    return Want::kEndsAndClass;
  };
  check_triples(
      [](int64_t x, int64_t y) -> std::optional<int64_t> { return std::min(x, y); },
      back_min, want);
  check_triples(
      [](int64_t x, int64_t y) -> std::optional<int64_t> { return std::max(x, y); },
      back_max, want);
}

TEST(Domain, BackMulExamples) {
  const Domain sizes = Domain::interval(1, kPosInf);
  // A factor of a constant is at most the constant, and a divisor at both ends.
  EXPECT_EQ(back_mul(Domain::interval(5, kPosInf), Domain::point(12), sizes),
            Domain::interval(6, 12));
  EXPECT_TRUE(back_mul(Domain::interval(7, 11), Domain::point(12), sizes).empty());
  EXPECT_EQ(back_mul(Domain(), Domain::point(1), Domain()), Domain::make(-1, 1, 2, 1));
  // x * y != 0 puts a hole at 0.
  EXPECT_EQ(back_mul(Domain::interval(0, kPosInf), Domain().without(0), Domain()), sizes);
  // 6 * x ≡ 2 (mod 4): x is odd; 6 * x ≡ 1 (mod 4): no x.
  EXPECT_EQ(back_mul(sizes, Domain::make(kNegInf, kPosInf, 4, 2), Domain::point(6)),
            Domain::make(1, kPosInf, 2, 1));
  EXPECT_TRUE(
      back_mul(sizes, Domain::make(kNegInf, kPosInf, 4, 1), Domain::point(6)).empty());
  // Modulo 4, y is 3: x ≡ 3 * 1.
  EXPECT_EQ(
      back_mul(sizes, Domain::make(0, kPosInf, 4, 1), Domain::make(0, kPosInf, 8, 3)),
      Domain::make(3, kPosInf, 4, 3));
  EXPECT_EQ(back_mul(sizes, Domain::make(kNegInf, kPosInf, 2, 1), sizes),
            Domain::make(1, kPosInf, 2, 1));
  EXPECT_EQ(back_mul(Domain(), Domain().without(12), Domain::point(-4)),
            Domain().without(-3));
  // int32 limits: 256 * d * e <= 2^31 - 1.
  EXPECT_EQ(back_mul(sizes, Domain::interval(kNegInf, 2147483647), Domain::point(256)),
            Domain::interval(1, 8388607));
}

TEST(Domain, BackFloorDivExamples) {
  const Domain sizes = Domain::interval(1, kPosInf);
  EXPECT_EQ(back_floor_div(sizes, Domain::interval(2, 3), Domain::point(4)),
            Domain::interval(8, 15));
  EXPECT_EQ(back_floor_div(sizes, Domain().without(0), Domain::point(4)),
            Domain::interval(4, kPosInf));
  EXPECT_EQ(back_floor_div(Domain(), Domain::interval(2, 3), Domain::point(-4)),
            Domain::interval(-15, -8));
  // The next even quotient.
  EXPECT_EQ(back_floor_div(Domain::interval(6, kPosInf), Domain::make(0, kPosInf, 2, 0),
                           Domain::point(4)),
            Domain::interval(8, kPosInf));
  EXPECT_EQ(back_floor_div(sizes, Domain::interval(3, kPosInf), sizes),
            Domain::interval(3, kPosInf));
  const Domain odd = Domain::make(0, kPosInf, 2, 1);
  EXPECT_EQ(back_floor_div(sizes, odd, Domain::point(1)), odd);
  EXPECT_EQ(back_floor_div(Domain(), odd, Domain::point(-1)), neg(odd));
}

TEST(Domain, BackMinExamples) {
  const Domain all;
  // min(x, 5) >= 3; min(x, 5) = 5; min(x, 5) = 6.
  EXPECT_EQ(back_min(all, Domain::interval(3, kPosInf), Domain::point(5)),
            Domain::interval(3, kPosInf));
  EXPECT_EQ(back_min(all, Domain::point(5), Domain::point(5)),
            Domain::interval(5, kPosInf));
  EXPECT_TRUE(back_min(all, Domain::point(6), Domain::point(5)).empty());
  EXPECT_EQ(back_max(all, Domain::point(4), Domain::interval(0, 3)), Domain::point(4));
}

}  // namespace
}  // namespace congrua::domain_test
