// Backward transfer functions: what an operand may be, given the result and the other
// operand.
#include <algorithm>
#include <numeric>

#include "domain/domain.h"
#include "domain/wide.h"

namespace congrua {
namespace {

using internal::is_finite;
using internal::make_wide;
using internal::mod_floor;
using internal::mul_ends;

// The members x of d with c * x ≡ r (mod m), m >= 1: divide by g = gcd(c, m), which must
// divide r, and multiply by the inverse of c / g.
Domain solve_congruence(const Domain& d, int64_t c, int64_t r, int64_t m) {
  if (m == 1) return d;
  c = mod_floor(c, m);
  r = mod_floor(r, m);
  const int64_t g = std::gcd(c, m);
  if (r % g != 0) return Domain::none();
  const int64_t n = m / g;
  return d.with_congruence(
      n, mod_floor(int128{r / g} * internal::inverse(mod_floor(c / g, n), n), n));
}

int64_t ceil_ends(int64_t x, int64_t y) {
  return is_finite(x) ? -internal::div_ends(-x, y) : x;
}

// The integers x with x * y in [r.lo, r.hi] for some y in [b.lo, b.hi], b >= 1: r.lo / y
// is least where y is large if r.lo >= 0 and where y is small if not; r.hi / y the other
// way round.
Domain factors(const Domain& r, const Domain& b) {
  return Domain::interval(ceil_ends(r.lo(), r.lo() >= 0 ? b.hi() : b.lo()),
                          internal::div_ends(r.hi(), r.hi() >= 0 ? b.lo() : b.hi()));
}

// The members x of a with x * c in r.
Domain back_scale(const Domain& a, const Domain& r, int64_t c) {
  if (c == 0) return r.contains(0) ? a : Domain::none();
  if (r.is_point())
    return r.lo() % c == 0 ? a.meet(Domain::point(r.lo() / c)) : Domain::none();
  const Domain x =
      c > 0 ? factors(r, Domain::point(c)) : neg(factors(r, Domain::point(-c)));
  Domain d = solve_congruence(x, c, r.rem(), r.mod());
  for (int i = 0; i < r.num_holes(); ++i) {
    if (r.hole(i) % c == 0) d = d.without(r.hole(i) / c);
  }
  return a.meet(d);
}

constexpr int kMaxDivisorSteps = 16;

// x * y = k != 0 with y in b, x in a: moves the upper end of `a` to such an x. Between
// two divisors nothing is tried: next to x lies the quotient of k by the next y. Steps
// are capped, since divisors with a partner in b may be far apart.
Domain to_divisor_below(Domain a, int64_t k, const Domain& b) {
  for (int i = 0; i < kMaxDivisorSteps && is_finite(a.hi()); ++i) {
    const int64_t x = a.hi();
    if (x == 0) {
      a = a.with_hi(-1);
      continue;
    }
    const bool divides = k % x == 0;
    int64_t y = k / x;  // towards 0
    if (divides && b.contains(y)) break;
    if (x > 0) {  // |x| falls, so |y| grows
      y += k > 0 ? 1 : -1;
      a = a.with_hi(k / y);
    } else {
      if (divides) y -= y > 0 ? 1 : -1;
      if (y == 0) return Domain::none();
      a = a.with_hi(k / y - static_cast<int64_t>(k % y != 0));
    }
  }
  return a;
}

Domain to_divisors(const Domain& a, int64_t k, const Domain& b) {
  return neg(to_divisor_below(neg(to_divisor_below(a, k, b)), -k, b));
}

// The integers x with x // y in [q.lo, q.hi] for some y in [b.lo, b.hi], b >= 1: these
// are y * q.lo <= x <= y * (q.hi + 1) - 1.
Domain dividends(const Domain& q, const Domain& b) {
  const int64_t next = q.hi() == kPosInf ? kPosInf : q.hi() + 1;
  return make_wide(mul_ends(q.lo(), q.lo() >= 0 ? b.lo() : b.hi()),
                   mul_ends(next, next >= 1 ? b.hi() : b.lo()) - 1);
}

// f(positive part of b), joined with -f(-negative part).
template <typename F>
Domain split_sign(const Domain& b, F f) {
  const Domain pos = b.with_lo(1);
  const Domain minus = neg(b.with_hi(-1));
  const Domain d = pos.empty() ? Domain::none() : f(pos);
  return minus.empty() ? d : d.join(neg(f(minus)));
}

}  // namespace

Domain back_add(const Domain& r, const Domain& b) { return sub(r, b); }

Domain back_mul(const Domain& a, const Domain& r, const Domain& b) {
  if (a.empty() || r.empty() || b.empty()) return Domain::none();
  if (b.is_point()) return back_scale(a, r, b.lo());
  const bool zero = r.contains(0);
  if (zero && b.contains(0)) return a;
  // Either no factor is 0, or b has no 0.
  const Domain y = b.without(0);
  if (y.is_point()) return back_scale(a, r, y.lo());
  Domain d = zero ? a : a.without(0);
  d = d.meet(split_sign(y, [&r](const Domain& part) { return factors(r, part); }));
  // Modulo m = gcd(mod y, mod r), y is a constant.
  d = solve_congruence(d, y.rem(), r.rem(), std::gcd(y.mod(), r.mod()));
  if (r.mod() % 2 == 0 && r.rem() % 2 != 0) d = d.with_congruence(2, 1);  // odd * odd
  return r.is_point() && !zero ? to_divisors(d, r.lo(), y) : d;
}

Domain back_floor_div(const Domain& a, const Domain& r, const Domain& b) {
  if (b.is_point() && b.lo() == 1) return a.meet(r);
  if (b.is_point() && b.lo() == -1) return a.meet(neg(r));
  // Meeting with the forward result first moves the ends of r to its members near a // b.
  const Domain q = r.meet(floor_div(a, b));
  if (q.empty()) return q;
  return a.meet(split_sign(b, [&q](const Domain& part) { return dividends(q, part); }));
}

// The result is x, for a member x that some y in b is not below; or it is a member y of b
// in r, and then x is any member from there on.
Domain back_min(const Domain& a, const Domain& r, const Domain& b) {
  if (b.empty()) return b;
  const Domain y = b.meet(r);
  const Domain d = a.meet(r).with_hi(b.hi());
  return y.empty() ? d : a.meet(d.join(a.with_lo(y.lo())));
}

Domain back_max(const Domain& a, const Domain& r, const Domain& b) {
  if (b.empty()) return b;
  const Domain y = b.meet(r);
  const Domain d = a.meet(r).with_lo(b.lo());
  return y.empty() ? d : a.meet(d.join(a.with_hi(y.hi())));
}

}  // namespace congrua
