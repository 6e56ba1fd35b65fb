// Forward transfer functions against enumeration. Each test says what precision is given
// up.
#include <functional>

#include "domain/linear_range.h"
#include "domain/wide.h"
#include "tests/domain/oracle.h"

namespace congrua::domain_test {
namespace {

bool has_holes(const Sample& s) { return s.domain.num_holes() != 0; }
bool always(int64_t, int64_t) { return true; }
bool nonzero_divisor(int64_t, int64_t b) { return b != 0; }

// Wide enough for 12 members of each class on either side of the ends.
const std::vector<Sample>& operands() {
  static const auto* all = new std::vector<Sample>(samples({.max_end = 6,
                                                            .max_mod = 6,
                                                            .max_holes = 2,
                                                            .infinite = true,
                                                            .near = 80,
                                                            .far = 160}));
  return *all;
}
// For pairs: finite and infinite ends with classes, and short sets with holes.
const std::vector<Sample>& pair_operands() {
  static const auto* all = [] {
    const auto take = [](std::vector<Sample>* to, const Family& family, auto keep) {
      for (Sample& s : samples(family)) {
        if (keep(s.domain)) to->push_back(std::move(s));
      }
    };
    auto* v = new std::vector<Sample>;
    take(v, {.max_end = 3, .max_mod = 3, .infinite = true, .near = 25, .far = 50},
         [](const Domain&) { return true; });
    take(v,
         {.max_end = 2,
          .max_mod = 2,
          .max_holes = 2,
          .infinite = true,
          .near = 25,
          .far = 50},
         [](const Domain& d) { return d.num_holes() != 0; });
    take(v, {.max_end = 7, .max_mod = 6},
         [](const Domain& d) { return d.mod() > 3 || d.hi() > 6; });
    return v;
  }();
  return *all;
}

using Binary = Domain (*)(const Domain&, const Domain&);
using WantPair = std::function<Want(const Sample&, const Sample&)>;

template <typename F, typename D>
void check_pairs(const std::vector<Sample>& as, const std::vector<Sample>& bs, Binary op,
                 F f, D defined, const WantPair& want) {
  for (const Sample& a : as) {
    EXPECT_TRUE(op(a.domain, Domain::none()).empty());
    EXPECT_TRUE(op(Domain::none(), a.domain).empty());
    for (const Sample& b : bs) {
      const Domain d = op(a.domain, b.domain);
      ASSERT_EQ(check(d, results(a, b, f, defined), want(a, b)), "")
          << a.domain.to_string() << " op " << b.domain.to_string();
    }
  }
}

Want best(const Sample&, const Sample&) { return Want::kEndsAndClass; }

TEST(DomainExhaustive, NegIsExact) {
  for (const Sample& a : operands()) {
    const Domain d = neg(a.domain);
    for (int64_t x = -60; x <= 60; ++x) ASSERT_EQ(d.contains(x), a.domain.contains(-x));
    ASSERT_EQ(neg(d), a.domain);
  }
}

// One to one: holes go along, and nothing is lost.
TEST(DomainExhaustive, AddConstAndScaleAreExact) {
  for (const Sample& a : operands()) {
    for (int64_t c = -7; c <= 7; ++c) {
      const Domain d = add_const(a.domain, c);
      for (int64_t x = -50; x <= 50; ++x) {
        ASSERT_EQ(d.contains(x), a.domain.contains(x - c))
            << a.domain.to_string() << " + " << c;
      }
      ASSERT_EQ(add_const(d, -c), a.domain);
      ASSERT_EQ(add(a.domain, Domain::point(c)), d);
      ASSERT_EQ(add(Domain::point(c), a.domain), d);
      ASSERT_EQ(sub(a.domain, Domain::point(-c)), d);
      ASSERT_EQ(sub(Domain::point(c), a.domain), add_const(neg(a.domain), c));

      const Domain e = scale(a.domain, c);
      for (int64_t x = -60; x <= 60; ++x) {
        const bool expected = c == 0 ? x == 0 : x % c == 0 && a.domain.contains(x / c);
        ASSERT_EQ(e.contains(x), expected) << a.domain.to_string() << " * " << c;
      }
      ASSERT_EQ(mul(a.domain, Domain::point(c)), e);
      ASSERT_EQ(mul(Domain::point(c), a.domain), e);
    }
  }
}

// Given up: missing sums inside (holes of the operands, {0, 1} + {0, 10}).
TEST(DomainExhaustive, AddAndSub) {
  const auto& all = pair_operands();
  check_pairs(
      all, all, add, [](int64_t x, int64_t y) { return x + y; }, always, best);
  check_pairs(
      all, all, sub, [](int64_t x, int64_t y) { return x - y; }, always, best);
}

// Term by term the same as add and scale.
TEST(DomainExhaustive, LinearRangeIsTheSumOfItsTerms) {
  const auto& all = pair_operands();
  for (const Sample& a : all) {
    for (const Sample& b : all) {
      const int64_t i = a.domain.lo() + 3 * b.domain.hi();
      const int64_t k = internal::mod_floor(i, 9) - 4;
      const int64_t l = internal::mod_floor(i / 9, 7) - 3;
      LinearRange sum(Domain::point(k));
      sum.add(a.domain, l);
      ASSERT_EQ(sum.get(), add(Domain::point(k), scale(a.domain, l)));
      sum.add(b.domain, k);
      const Domain two =
          add(add(Domain::point(k), scale(a.domain, l)), scale(b.domain, k));
      ASSERT_EQ(sum.get(), two);
      sum.add(a.domain, 2);
      ASSERT_EQ(sum.get(), add(two, scale(a.domain, 2)));
      ASSERT_EQ(sum.is_all(), sum.get().is_all());
    }
  }
  LinearRange none(Domain::point(1));
  none.add(Domain::none(), 2);
  none.add(Domain(), 2);
  EXPECT_TRUE(none.get().empty());
}

// Given up: missing products inside, other than 0.
TEST(DomainExhaustive, Mul) {
  const auto& all = pair_operands();
  check_pairs(
      all, all, mul, [](int64_t x, int64_t y) { return x * y; }, always, best);
  for (const Sample& a : all) {
    for (const Sample& b : all) {
      ASSERT_EQ(mul(a.domain, b.domain).contains(0),
                a.domain.contains(0) || b.domain.contains(0));
    }
  }
}

// Given up: the class of powers of few members with holes among them.
TEST(DomainExhaustive, Pow) {
  for (const Sample& a : operands()) {
    for (uint32_t n = 1; n <= 5; ++n) {
      const auto f = [n](int64_t x) {
        int64_t p = 1;
        for (uint32_t i = 0; i < n; ++i) p *= x;
        return p;
      };
      ASSERT_EQ(check(pow(a.domain, n), results(a, f),
                      has_holes(a) ? Want::kEnds : Want::kEndsAndClass),
                "")
          << a.domain.to_string() << " ^ " << n;
    }
  }
}

TEST(Domain, PowOfLargeExponents) {
  EXPECT_EQ(pow(Domain::point(-1), 1000000001), Domain::point(-1));
  EXPECT_EQ(pow(Domain::point(-1), 1000000000), Domain::point(1));
  EXPECT_EQ(pow(Domain::interval(0, 1), 4000000000), Domain::interval(0, 1));
  EXPECT_EQ(pow(Domain::make(kNegInf, kPosInf, 4, 2), 2),
            Domain::make(4, kPosInf, 32, 4));
  EXPECT_EQ(pow(Domain::make(3, kPosInf, 10, 3), 9).mod(), 10);  // 3^9 = 19683
  EXPECT_EQ(pow(Domain::make(3, kPosInf, 10, 3), 9).rem(), 3);
}

// Ends are the best. The class is the best where c divides the modulus, and where a has
// enough members for two neighbouring quotients.
TEST(DomainExhaustive, FloorDivByConstant) {
  for (const Sample& a : operands()) {
    for (int64_t c = -6; c <= 6; ++c) {
      if (c == 0) continue;
      const auto f = [c](int64_t x) { return ref_floor_div(x, c); };
      const int64_t m = a.domain.mod();
      const bool endless = a.near.size() != a.far.size();
      const bool divides = m % c == 0;
      const Domain d = floor_div(a.domain, Domain::point(c));
      const Results r = results(a, f);
      ASSERT_EQ(check(d, r, divides || endless ? Want::kEndsAndClass : Want::kEnds), "")
          << a.domain.to_string() << " // " << c;
      if (divides) {
        ASSERT_EQ(d.num_holes(), a.domain.num_holes()) << "one to one";
      }
    }
  }
}

// Given up: any class, and missing quotients inside.
TEST(DomainExhaustive, FloorDivAndCeilDiv) {
  const auto& all = pair_operands();
  const auto ends = [](const Sample&, const Sample&) { return Want::kEnds; };
  check_pairs(all, all, floor_div, ref_floor_div, nonzero_divisor, ends);
  check_pairs(
      all, all, ceil_div, [](int64_t x, int64_t y) { return -ref_floor_div(-x, y); },
      nonzero_divisor, ends);
}

// Exact where a stays within a period. Elsewhere ends and class are the best if the
// modulus divides c or a has a member of every residue; given up: fewer members that
// cross a period.
TEST(DomainExhaustive, FloorModByConstant) {
  int best_checked = 0;
  for (const Sample& a : operands()) {
    for (int64_t c = -12; c <= 12; ++c) {
      if (c == 0) continue;
      const auto f = [c](int64_t x) { return ref_floor_mod(x, c); };
      const int64_t m = a.domain.mod();
      const Domain d = floor_mod(a.domain, Domain::point(c));
      const Results r = results(a, f);
      const bool endless = a.near.size() != a.far.size();
      const bool one_period =
          !endless && ref_floor_div(a.far.front(), c) == ref_floor_div(a.far.back(), c);
      Want want = Want::kSound;
      if (one_period) {
        if (r.representable()) {
          ASSERT_EQ(d, r.best()) << a.domain.to_string() << " % " << c;
        }
        want = Want::kEndsAndClass;
      } else if (!has_holes(a) && m != 0 && c % m == 0) {
        want = Want::kEnds;  // two members differ by more than m around the period's end
      }
      if (endless) want = Want::kEndsAndClass;
      best_checked += want != Want::kSound;
      ASSERT_EQ(check(d, r, want), "") << a.domain.to_string() << " % " << c;
    }
  }
  EXPECT_GT(best_checked, 1000);
}

// Sound, and exact where the quotient is the same for all pairs. Given up: the rest; but
// never beyond [0, min(max a, max b - 1)] for a >= 0 and b > 0.
TEST(DomainExhaustive, FloorMod) {
  const auto& all = pair_operands();
  const auto want = [](const Sample& a, const Sample& b) {
    const Results q = results(a, b, ref_floor_div, nonzero_divisor);
    if (q.empty() || q.lo() != q.hi() || b.domain.lo() <= 0) return Want::kSound;
    return Want::kEndsAndClass;
  };
  check_pairs(all, all, floor_mod, ref_floor_mod, nonzero_divisor, want);
  for (const Sample& a : all) {
    for (const Sample& b : all) {
      if (a.domain.lo() < 0 || b.domain.lo() < 1) continue;
      const Domain d = floor_mod(a.domain, b.domain);
      ASSERT_GE(d.lo(), 0);
      ASSERT_LE(d.hi(), a.domain.hi());
      ASSERT_TRUE(b.domain.hi() == kPosInf || d.hi() <= b.domain.hi() - 1);
    }
  }
}

TEST(Domain, FloorModKeepsDivisibility) {
  const Domain eights = Domain::make(0, kPosInf, 8, 0);
  EXPECT_EQ(floor_mod(eights, Domain::point(8)), Domain::point(0));
  EXPECT_EQ(floor_mod(eights, Domain::point(12)), Domain::make(0, 8, 4, 0));
  EXPECT_EQ(floor_mod(eights, Domain::make(4, kPosInf, 4, 0)),
            Domain::make(0, kPosInf, 4, 0));
  EXPECT_EQ(floor_mod(add_const(eights, 3), Domain::point(-12)),
            Domain::make(-9, -1, 4, 3));
}

TEST(Domain, DivisorZeroIsLeftOut) {
  const Domain a = Domain::interval(6, 12);
  EXPECT_TRUE(floor_div(a, Domain::point(0)).empty());
  EXPECT_TRUE(floor_mod(a, Domain::point(0)).empty());
  EXPECT_TRUE(ceil_div(a, Domain::point(0)).empty());
  EXPECT_EQ(floor_div(a, Domain::interval(0, 3)), Domain::interval(2, 12));
  // Quotients are at least 2 or at most -2, which the join records.
  EXPECT_EQ(floor_div(a, Domain::interval(-3, 3)).to_string(),
            "[-12, 12] except -1, 0, 1");
}

// Exact: a union of parts of the operands, so as good as join.
TEST(DomainExhaustive, MinMaxAbs) {
  const auto& all = pair_operands();
  check_pairs(
      all, all, min, [](int64_t x, int64_t y) { return std::min(x, y); }, always, best);
  check_pairs(
      all, all, max, [](int64_t x, int64_t y) { return std::max(x, y); }, always, best);
  for (const Sample& a : operands()) {
    const Results r = results(a, [](int64_t x) { return x < 0 ? -x : x; });
    ASSERT_EQ(check(abs(a.domain), r, Want::kEndsAndClass), "") << a.domain.to_string();
    if (r.representable()) {
      ASSERT_EQ(abs(a.domain), r.best()) << a.domain.to_string();
    }
  }
  EXPECT_TRUE(abs(Domain::none()).empty());
}

TEST(Domain, MaxWithAHole) {
  EXPECT_EQ(max(Domain().without(1), Domain::point(1)).to_string(), "[1, inf]");
  EXPECT_EQ(max(Domain().without(3), Domain::point(1)).to_string(), "[1, inf] except 3");
}

}  // namespace
}  // namespace congrua::domain_test
