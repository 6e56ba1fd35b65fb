// Construction, reduction, meet, join and inclusion against enumeration.
#include <map>

#include "tests/domain/oracle.h"

namespace congrua::domain_test {
namespace {

constexpr int64_t kWindow = 70;  // past all ends by more than twice the lcm of two moduli

std::vector<int64_t> members(const Domain& d) {
  std::vector<int64_t> v;
  for (int64_t x = -kWindow; x <= kWindow; ++x) {
    if (d.contains(x)) v.push_back(x);
  }
  return v;
}

// The invariants of the header.
void expect_canonical(const Domain& d) {
  if (d.empty()) {
    EXPECT_EQ(d, Domain::none());
    return;
  }
  SCOPED_TRACE(d.to_string());
  EXPECT_TRUE(d.lo() == kNegInf || d.contains(d.lo()));
  EXPECT_TRUE(d.hi() == kPosInf || d.contains(d.hi()));
  EXPECT_EQ(d.is_point(), d.lo() == d.hi());
  if (d.is_point()) {
    EXPECT_EQ(d.rem(), d.lo());
    EXPECT_EQ(d.num_holes(), 0);
    return;
  }
  EXPECT_TRUE(0 <= d.rem() && d.rem() < d.mod());
  for (int i = 0; i < d.num_holes(); ++i) {
    EXPECT_TRUE(d.lo() < d.hole(i) && d.hole(i) < d.hi());
    EXPECT_EQ(ref_floor_mod(d.hole(i), d.mod()), d.rem());
    EXPECT_TRUE(i == 0 || d.hole(i - 1) < d.hole(i));
  }
  int64_t g = 0;
  const std::vector<int64_t> m = members(d);
  for (int64_t x : m) g = std::gcd(g, x - m.front());
  EXPECT_EQ(d.mod(), g);
}

TEST(DomainExhaustive, ReductionIsExactAndCanonical) {
  std::map<std::vector<int64_t>, Domain> by_members;
  for_each_spec({.max_end = 5, .max_mod = 6, .max_holes = 4, .infinite = true},
                [&](const Spec& spec) {
                  Domain d = spec.build();
                  Domain other = Domain::make(spec.lo, spec.hi, 1, 0);
                  for (auto h = spec.holes.rbegin(); h != spec.holes.rend(); ++h) {
                    other = other.without(*h);
                  }
                  other = other.with_congruence(spec.mod, spec.rem);
                  ASSERT_EQ(d, other) << "another order of the same meets";
                  std::vector<int64_t> expected;
                  for (int64_t x = -kWindow; x <= kWindow; ++x) {
                    if (spec.has(x)) expected.push_back(x);
                  }
                  ASSERT_EQ(members(d), expected) << d.to_string();
                  const auto [at, is_new] = by_members.emplace(expected, d);
                  ASSERT_EQ(at->second, d);
                  if (is_new) expect_canonical(d);
                  ASSERT_FALSE(testing::Test::HasFailure());
                });
}

TEST(DomainExhaustive, EndsAndHoles) {
  for (const Sample& a : samples(
           {.max_end = 5, .max_mod = 4, .max_holes = 2, .infinite = true, .near = 20})) {
    for (int64_t v = -7; v <= 7; ++v) {
      const auto expect = [&](const Domain& d, auto keep) {
        expect_canonical(d);
        for (int64_t x = -20; x <= 20; ++x) {
          ASSERT_EQ(d.contains(x), a.domain.contains(x) && keep(x))
              << a.domain.to_string() << " at " << v << " gives " << d.to_string();
        }
      };
      expect(a.domain.with_lo(v), [v](int64_t x) { return x >= v; });
      expect(a.domain.with_hi(v), [v](int64_t x) { return x <= v; });
      expect(a.domain.without(v), [v](int64_t x) { return x != v; });
      ASSERT_FALSE(HasFailure());
    }
  }
}

// Two holes each: the meet has at most four and is exact.
TEST(DomainExhaustive, MeetIsExact) {
  const auto family = samples({.max_end = 4,
                               .max_mod = 5,
                               .max_holes = 2,
                               .infinite = true,
                               .near = 26,
                               .far = 26});
  for (const Sample& a : family) {
    for (const Sample& b : family) {
      const Domain d = a.domain.meet(b.domain);
      std::vector<int64_t> both;
      std::set_intersection(a.near.begin(), a.near.end(), b.near.begin(), b.near.end(),
                            std::back_inserter(both));
      std::vector<int64_t> found;
      for (int64_t x = -26; x <= 26; ++x) {
        if (d.contains(x)) found.push_back(x);
      }
      ASSERT_EQ(found, both) << a.domain.to_string() << " and " << b.domain.to_string()
                             << " gives " << d.to_string();
    }
  }
}

TEST(DomainExhaustive, MeetIsCanonical) {
  const auto family =
      samples({.max_end = 5, .max_mod = 6, .max_holes = 0, .infinite = true});
  for (const Sample& a : family) {
    for (const Sample& b : family) {
      const Domain d = a.domain.meet(b.domain);
      ASSERT_EQ(d, b.domain.meet(a.domain));
      expect_canonical(d);
      ASSERT_FALSE(HasFailure())
          << a.domain.to_string() << " and " << b.domain.to_string();
    }
  }
}

// Ends and class are the best. The holes make the union exact where at most four suffice;
// given up: holes beyond the operands' own where an end is infinite or the union is long.
TEST(DomainExhaustive, JoinIsTheBestHull) {
  for (const Family& family :
       {Family{.max_end = 5,
       .max_mod = 4,
       .max_holes = 0,
       .infinite = true,
       .near = 24,
       .far = 30},
        Family{.max_end = 3,
        .max_mod = 3,
        .max_holes = 2,
        .infinite = true,
        .near = 18,
        .far = 24},
        Family{.max_end = 3, .max_mod = 2, .max_holes = 4, .infinite = false}}) {
    const auto all = samples(family);
    for (const Sample& a : all) {
      for (const Sample& b : all) {
        const Domain d = a.domain.join(b.domain);
        Results r;
        for (const Sample* s : {&a, &b}) {
          for (int64_t x : s->near) r.add_near(x);
          for (int64_t x : s->far) r.add_far(x);
        }
        ASSERT_EQ(check(d, r, Want::kEndsAndClass), "")
            << a.domain.to_string() << " or " << b.domain.to_string();
        if (r.representable()) {
          ASSERT_EQ(d, r.best())
              << a.domain.to_string() << " or " << b.domain.to_string();
        }
      }
    }
  }
}

TEST(DomainExhaustive, SubsetIsExact) {
  const auto family = samples({.max_end = 4,
                               .max_mod = 4,
                               .max_holes = 1,
                               .infinite = true,
                               .near = 20,
                               .far = 20});
  for (const Sample& a : family) {
    EXPECT_TRUE(Domain::none().subset_of(a.domain));
    EXPECT_FALSE(a.domain.subset_of(Domain::none()));
    for (const Sample& b : family) {
      const bool expected =
          std::includes(b.near.begin(), b.near.end(), a.near.begin(), a.near.end());
      ASSERT_EQ(a.domain.subset_of(b.domain), expected)
          << a.domain.to_string() << " in " << b.domain.to_string();
    }
  }
}

TEST(Domain, Text) {
  EXPECT_EQ(Domain().to_string(), "[-inf, inf]");
  EXPECT_EQ(Domain::none().to_string(), "{}");
  EXPECT_EQ(Domain::point(-3).to_string(), "{-3}");
  EXPECT_EQ(Domain::make(1, 20, 4, 2).without(6).without(10).to_string(),
            "[2, 18] mod 4 = 2 except 6, 10");
}

TEST(Domain, HolesAtAnEndMoveIt) {
  EXPECT_EQ(Domain::interval(1, kPosInf).without(1), Domain::interval(2, kPosInf));
  EXPECT_EQ(Domain::interval(0, kPosInf).without(1).without(0),
            Domain::interval(2, kPosInf));
  EXPECT_EQ(Domain().without(0).without(1).with_lo(0), Domain::interval(2, kPosInf));
  EXPECT_EQ(Domain::interval(0, 2).without(1), Domain::make(0, 2, 2, 0));
  EXPECT_TRUE(Domain::point(3).without(3).empty());
}

// A fifth hole drops the one farthest from 0, whatever the order, so repeating settles.
TEST(Domain, HolesNearestToZeroStay) {
  Domain d;
  for (int64_t h : {9, 1, -7, 5, 3, -2}) d = d.without(h);
  Domain e;
  for (int64_t h : {-2, 3, 5, -7, 1, 9}) e = e.without(h);
  EXPECT_EQ(d, e);
  EXPECT_EQ(d.to_string(), "[-inf, inf] except -2, 1, 3, 5");
  EXPECT_EQ(d.without(9), d);
  EXPECT_EQ(d.without(-5), d) << "of two equally far the negative one goes";
}

TEST(Domain, EmptyBoundsHoldVacuously) {
  EXPECT_GT(Domain::none().lo(), Domain::none().hi());
  EXPECT_EQ(Domain::none().with_lo(3), Domain::none());
  EXPECT_EQ(Domain::none().with_hi(3), Domain::none());
  EXPECT_EQ(Domain::none().without(3), Domain::none());
  EXPECT_EQ(Domain::none().with_congruence(3, 1), Domain::none());
  EXPECT_EQ(Domain::none().meet(Domain()), Domain::none());
  EXPECT_EQ(Domain().meet(Domain::none()), Domain::none());
  EXPECT_EQ(Domain::none().join(Domain::point(1)), Domain::point(1));
  EXPECT_FALSE(Domain::none().is_point());
  EXPECT_FALSE(Domain::none().is_interval());
  EXPECT_FALSE(Domain::none().contains(INT64_MAX));
  EXPECT_FALSE(Domain::none().contains(INT64_MIN));
}

constexpr int64_t kPrime = (int64_t{1} << 31) - 1;

// The modulus is capped; its full value still moves the ends and may leave one point or
// none.
TEST(Domain, LargeModuli) {
  const Domain a = Domain::make(0, kPosInf, kPrime, 5).with_congruence(1000003, 7);
  EXPECT_EQ(a.mod(), kPrime);
  EXPECT_EQ(Domain::make(0, kPosInf, 1000003, 7).with_congruence(kPrime, 5), a);
  EXPECT_EQ(a.lo() % kPrime, 5);
  EXPECT_EQ(a.lo() % 1000003, 7);
  EXPECT_EQ(a.with_hi(a.lo() + kPrime - 1), Domain::point(a.lo()));
  EXPECT_TRUE(Domain::make(0, a.lo() - 1, kPrime, 5).with_congruence(1000003, 7).empty());

  const Domain b = Domain::make(1, kPosInf, int64_t{3} << 32, 0);  // twos are given up
  EXPECT_EQ(b.lo(), int64_t{3} << 32);
  EXPECT_EQ(b.mod(), int64_t{3} << 29);
  EXPECT_EQ(Domain::make(-5, 5, 5 * Domain::kMaxModulus, 0), Domain::point(0));
}

}  // namespace
}  // namespace congrua::domain_test
