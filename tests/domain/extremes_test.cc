// Ends near the limits of int64: nothing wraps, and what does not fit widens outward.
#include <optional>
#include <random>

#include "base/int.h"
#include "domain/linear_range.h"
#include "tests/domain/oracle.h"

namespace congrua::domain_test {
namespace {

constexpr int64_t kMax = Domain::kMaxFinite;
constexpr int64_t kMin = Domain::kMinFinite;

TEST(DomainExtremes, InfinitiesAsValues) {
  // A literal equal to a sentinel is a value beyond the last finite one.
  EXPECT_EQ(Domain::point(kPosInf), Domain::interval(kMax, kPosInf));
  EXPECT_EQ(Domain::point(kNegInf), Domain::interval(kNegInf, kMin));
  EXPECT_EQ(Domain().with_lo(kPosInf), Domain::interval(kMax, kPosInf));
  EXPECT_EQ(Domain().with_hi(kNegInf), Domain::interval(kNegInf, kMin));
  EXPECT_TRUE(Domain::interval(0, kMax).with_lo(kPosInf).empty());
  EXPECT_EQ(Domain().without(kPosInf), Domain());
  EXPECT_TRUE(Domain::interval(0, kPosInf).contains(INT64_MAX));
  EXPECT_FALSE(Domain::interval(0, kMax).contains(INT64_MAX));
  EXPECT_EQ(Domain::interval(kNegInf, kPosInf), Domain());
}

TEST(DomainExtremes, ClassesWithoutAMemberThatFits) {
  // The next multiple of 4 above is 2^63: the last one that fits bounds from below.
  const Domain d = Domain::make(kMax, kPosInf, 4, 0);
  EXPECT_EQ(d.lo(), kMax - 2);
  EXPECT_EQ(d.hi(), kPosInf);
  EXPECT_TRUE(Domain::make(kMax - 1, kMax, 4, 0).empty());
  EXPECT_EQ(Domain::make(kNegInf, kMin, 4, 0).hi(), kMin + 3);
  EXPECT_TRUE(Domain::make(kMin, kMin + 2, 4, 0).empty());
  EXPECT_EQ(Domain::make(kMax - 2, kPosInf, 4, 0).without(kMax - 2), d);
  EXPECT_TRUE(Domain::make(kMax - 2, kMax, 4, 0).without(kMax - 2).empty());
  EXPECT_EQ(Domain::make(kMin, kMax, Domain::kMaxModulus, 0).lo(),
            kNegInf + Domain::kMaxModulus);
}

TEST(DomainExtremes, Transfer) {
  const Domain top = Domain::point(kMax);
  const Domain bottom = Domain::point(kMin);
  const Domain above = Domain::interval(kMax, kPosInf);
  const Domain below = Domain::interval(kNegInf, kMin);
  EXPECT_EQ(add(top, top), above);
  EXPECT_EQ(sub(bottom, top), below);
  EXPECT_EQ(add(top, bottom), Domain::point(-1));
  EXPECT_EQ(neg(top), Domain::point(kMin + 1));
  EXPECT_EQ(neg(bottom), above);
  EXPECT_EQ(neg(below), above);
  EXPECT_EQ(neg(Domain::make(kNegInf, kMin, 4, 1)), Domain::make(kMax, kPosInf, 4, 3));
  EXPECT_EQ(neg(Domain::interval(kMin, 5)), Domain::interval(-5, kPosInf));
  EXPECT_EQ(neg(Domain().without(kMin)), Domain());
  EXPECT_EQ(abs(bottom), above);
  EXPECT_EQ(add_const(top, 1), above);
  EXPECT_EQ(add_const(Domain::point(-1), INT64_MIN), below);
  EXPECT_EQ(add_const(Domain::point(2), INT64_MIN), Domain::point(INT64_MIN + 2));
  EXPECT_EQ(add_const(Domain::point(-2), INT64_MAX), Domain::point(INT64_MAX - 2));
  EXPECT_EQ(scale(top, 2), above);
  EXPECT_EQ(scale(Domain::point(-1), INT64_MIN), above);
  EXPECT_EQ(scale(Domain::interval(0, 1), INT64_MIN).hi(), 0);
  EXPECT_EQ(scale(Domain::interval(0, 1), INT64_MIN).lo(), kNegInf);
  EXPECT_EQ(mul(top, top), above);
  EXPECT_EQ(mul(top, bottom), below);
  EXPECT_EQ(mul(Domain::interval(kMin, kMax), Domain::interval(kMin, kMax)), Domain());
  EXPECT_EQ(pow(Domain::point(3), 39), Domain::point(4052555153018976267));
  EXPECT_EQ(pow(Domain::point(3), 40), above);
  EXPECT_EQ(pow(Domain::point(-3), 41), below);
  EXPECT_EQ(pow(Domain::interval(kMin, kMax), 2), Domain::interval(0, kPosInf));
  EXPECT_EQ(floor_div(bottom, Domain::point(-1)), above);
  EXPECT_EQ(floor_div(top, Domain::point(-1)), Domain::point(-kMax));
  EXPECT_EQ(floor_div(Domain(), Domain::point(-1)), Domain());
  EXPECT_EQ(floor_mod(bottom, top), Domain::interval(0, kMax - 1));
  EXPECT_EQ(floor_mod(Domain::point(-kMax + 1), top), Domain::point(1));
  EXPECT_EQ(floor_mod(Domain(), Domain()), Domain());
  EXPECT_EQ(floor_mod(Domain(), top), Domain::interval(0, kMax - 1));
  EXPECT_EQ(back_mul(Domain(), Domain::point(-kMax), Domain::point(-1)), top);
  EXPECT_EQ(back_floor_div(Domain(), top, Domain::point(2)), above);
}

// Members are drawn near the ends of random domains; the operator is computed in 128
// bits.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  int64_t below(int64_t n) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(n));
  }
  int64_t value() {
    const int64_t small = below(41) - 20;
    switch (below(6)) {
      case 0:
        return kMax - below(20);
      case 1:
        return kMin + below(20);
      case 2:
        return (below(2) == 0 ? 1 : -1) * ((int64_t{1} << below(62)) + small);
      case 3:
        return small * (int64_t{1} << 31) + below(7);
      default:
        return small;
    }
  }
  Domain domain() {
    int64_t lo = below(4) == 0 ? kNegInf : value();
    int64_t hi = below(4) == 0                    ? kPosInf
                 : below(3) == 0 && lo < kMax - 9 ? lo + below(9)
                                                  : value();
    if (lo > hi) std::swap(lo, hi);
    const int64_t mod = below(2) == 0   ? 1
                        : below(4) == 0 ? Domain::kMaxModulus - below(9)
                                        : 1 + below(12);
    Domain d = Domain::make(lo, hi, mod, value());
    for (int64_t n = below(3); n > 0 && !d.empty(); --n)
      d = d.without(member(d).value_or(0));
    return d;
  }
  std::optional<int64_t> member(const Domain& d) {
    const int64_t step = std::max<int64_t>(d.mod(), 1);
    for (int i = 0; i < 20; ++i) {
      int128 v = below(3) == 0 ? value() : below(2) == 0 ? d.lo() : d.hi();
      if (v == kNegInf || v == kPosInf) v = value();
      v += int128{step} * (below(7) - 3);
      v += ((d.rem() - v) % step + step) % step;
      if (v >= kMin && v <= kMax && d.contains(static_cast<int64_t>(v))) {
        return static_cast<int64_t>(v);
      }
    }
    return std::nullopt;
  }

 private:
  std::mt19937_64 engine_;
};

// Unbounded integers: a value that does not fit lies beyond the last finite one.
bool holds(const Domain& d, int128 v) {
  if (v >= kMin && v <= kMax) return d.contains(static_cast<int64_t>(v));
  const bool in_class = d.mod() == 1 || (d.mod() > 1 && (v - d.rem()) % d.mod() == 0);
  return !d.empty() && in_class && (v > 0 ? d.hi() == kPosInf : d.lo() == kNegInf);
}

int128 wide_floor_div(int128 a, int128 b) {
  return a / b - static_cast<int128>(a % b != 0 && (a < 0) != (b < 0));
}

constexpr int128 kCubeLimit = int128{1} << 41;

struct WideOperator {
  const char* name;
  bool divides;
  Domain (*forward)(const Domain&, const Domain&);
  Domain (*backward)(const Domain& a, const Domain& r, const Domain& b);  // may be null
  int128 (*value)(int128, int128);
};

const WideOperator kOperators[] = {
    {"add", false, add,
     [](const Domain& a, const Domain& r, const Domain& b) {
       return a.meet(back_add(r, b));
     },
     [](int128 x, int128 y) { return x + y; }},
    {"sub", false, sub, nullptr, [](int128 x, int128 y) { return x - y; }},
    {"mul", false, mul, back_mul, [](int128 x, int128 y) { return x * y; }},
    {"floor_div", true, floor_div, back_floor_div, wide_floor_div},
    {"floor_mod", true, floor_mod, nullptr,
     [](int128 x, int128 y) { return x - y * wide_floor_div(x, y); }},
    {"ceil_div", true, ceil_div, nullptr,
     [](int128 x, int128 y) { return -wide_floor_div(-x, y); }},
    {"min", false, min, back_min, [](int128 x, int128 y) { return std::min(x, y); }},
    {"max", false, max, back_max, [](int128 x, int128 y) { return std::max(x, y); }},
    {"meet x", false,
     [](const Domain& a, const Domain&) { return a.meet(a).meet(Domain()); }, nullptr,
     [](int128 x, int128) { return x; }},
    {"join x", false, [](const Domain& a, const Domain& b) { return a.join(b); }, nullptr,
     [](int128 x, int128) { return x; }},
    {"join y", false, [](const Domain& a, const Domain& b) { return a.join(b); }, nullptr,
     [](int128, int128 y) { return y; }},
    {"pow 3", false, [](const Domain& a, const Domain&) { return pow(a, 3); }, nullptr,
     [](int128 x, int128) {
       return x > kCubeLimit    ? int128{kPosInf}
              : x < -kCubeLimit ? int128{kNegInf}
                                : x * x * x;
     }},
    {"pow 2", false, [](const Domain& a, const Domain&) { return pow(a, 2); }, nullptr,
     [](int128 x, int128) { return x * x; }},
    {"abs", false, [](const Domain& a, const Domain&) { return abs(a); }, nullptr,
     [](int128 x, int128) { return x < 0 ? -x : x; }},
};

TEST(DomainFuzz, SoundAtTheLimits) {
  Random random(20240607);
  for (int round = 0; round < 60000; ++round) {
    const Domain a = random.domain();
    const Domain b = random.domain();
    {
      const int64_t c = random.value();
      const int64_t k = round % 2 == 0 ? c : c % 1000;
      const int64_t l = round % 3 == 0 ? random.value() : round % 100 - 50;
      LinearRange sum(a);
      sum.add(b, k);
      ASSERT_EQ(sum.get(), add(a, scale(b, k)));
      sum.add(a, l);
      ASSERT_EQ(sum.get(), add(add(a, scale(b, k)), scale(a, l)))
          << a.to_string() << " + " << k << " * " << b.to_string() << " + " << l;
    }
    for (int i = 0; i < 4; ++i) {
      const std::optional<int64_t> x = random.member(a);
      const std::optional<int64_t> y = random.member(b);
      if (!x || !y) break;
      const int64_t c = random.value();
      ASSERT_TRUE(holds(add_const(a, c), int128{*x} + c))
          << a.to_string() << " + " << c << " at " << *x;
      ASSERT_TRUE(holds(scale(a, c), int128{*x} * c))
          << a.to_string() << " * " << c << " at " << *x;
      for (const WideOperator& op : kOperators) {
        if (op.divides && *y == 0) continue;
        const int128 v = op.value(*x, *y);
        const Domain d = op.forward(a, b);
        // The class of a cube that was cut off is not checked.
        const bool cut =
            op.name == std::string("pow 3") && (v == kPosInf || v == kNegInf);
        ASSERT_TRUE(cut ? (v > 0 ? d.hi() : d.lo()) == v : holds(d, v))
            << a.to_string() << " " << op.name << " " << b.to_string() << " = "
            << d.to_string() << " at " << *x << ", " << *y;
        if (op.backward == nullptr) continue;
        Domain r = random.domain();
        if (v >= kMin && v <= kMax) {
          const int64_t w = static_cast<int64_t>(v);
          switch (random.below(3)) {
            case 0:
              r = Domain::point(w);
              break;
            case 1:
              r = Domain::make(kNegInf, kPosInf, 1 + random.below(12), 0);
              r = Domain::make(kNegInf, kPosInf, r.mod(), w % r.mod());
              break;
            default:
              r = r.join(Domain::point(w));
          }
        }
        if (!holds(r, v)) continue;
        ASSERT_TRUE(op.backward(a, r, b).contains(*x))
            << "back_" << op.name << ": a = " << a.to_string()
            << ", r = " << r.to_string() << ", b = " << b.to_string() << " at " << *x
            << ", " << *y;
      }
      const Domain m = a.meet(b);
      if (b.contains(*x)) {
        ASSERT_TRUE(m.contains(*x)) << a.to_string() << " and " << b.to_string();
      }
      if (m.contains(*x)) {
        ASSERT_TRUE(m.mod() != Domain::kMaxModulus || a.contains(*x));
      }
      if (a.subset_of(b)) {
        ASSERT_TRUE(b.contains(*x)) << a.to_string() << " in " << b.to_string();
      }
    }
  }
}

}  // namespace
}  // namespace congrua::domain_test
