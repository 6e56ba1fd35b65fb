// Forward transfer functions. Two patterns: the ends of a monotone operator are its
// values at ends, which are members, so they are attained; a residue is computed from the
// classes alone and make() rounds the ends to it.
#include <algorithm>
#include <numeric>

#include "domain/domain.h"
#include "domain/wide.h"

namespace congrua {
namespace {

using internal::div_ends;
using internal::div_floor;
using internal::is_finite;
using internal::kWideInf;
using internal::make_wide;
using internal::mod_floor;
using internal::mul_ends;
using internal::widen;

// Excludes from d the images of a's holes; f is injective on the members of a.
template <typename F>
Domain without_images(Domain d, const Domain& a, F f) {
  for (int i = 0; i < a.num_holes(); ++i) {
    const int128 v = f(a.hole(i));
    if (v >= Domain::kMinFinite && v <= Domain::kMaxFinite) {
      d = d.without(static_cast<int64_t>(v));
    }
  }
  return d;
}

// Sums of lower and of upper ends. A finite sum that does not fit becomes the infinity or
// the last finite value, whichever is the sound side; one that equals a sentinel is left
// to Domain::interval, which reads it in the same way.
int64_t add_lo(int64_t x, int64_t y) {
  int64_t s;
  if (x == kNegInf || y == kNegInf) return kNegInf;
  if (__builtin_add_overflow(x, y, &s)) return x < 0 ? kNegInf : Domain::kMaxFinite;
  return s;
}
int64_t add_hi(int64_t x, int64_t y) {
  int64_t s;
  if (x == kPosInf || y == kPosInf) return kPosInf;
  if (__builtin_add_overflow(x, y, &s)) return x > 0 ? kPosInf : Domain::kMinFinite;
  return s;
}

// -kMinFinite reads as kPosInf: right as an upper end, and add_lo takes it for the
// number.
int64_t neg_end(int64_t x) {
  if (x == kPosInf) return kNegInf;
  return x == kNegInf ? kPosInf : -x;
}

struct Ends {
  int64_t lo, hi;
};

// For b >= 1, a // b grows with a; with b it falls where a >= 0 and grows where a < 0.
Ends quotient_ends(const Domain& a, const Domain& b) {
  return {div_ends(a.lo(), a.lo() >= 0 ? b.hi() : b.lo()),
          div_ends(a.hi(), a.hi() >= 0 ? b.lo() : b.hi())};
}

// a // c for the class r + m*k and c | m: r // c + (m / c) * k, one to one. For other c
// the quotients of neighbours differ by two consecutive numbers: no congruence.
Domain div_by_const(const Domain& a, int64_t c) {
  if (c == 1) return a;
  const int64_t lo = div_ends(a.lo(), c);
  const int64_t hi = div_ends(a.hi(), c);
  if (a.mod() <= 1 || a.mod() % c != 0) return Domain::interval(lo, hi);
  return without_images(Domain::make(lo, hi, a.mod() / c, div_floor(a.rem(), c)), a,
                        [c](int64_t h) -> int128 { return div_floor(h, c); });
}

Domain div_by_positive(const Domain& a, const Domain& b) {
  if (b.is_point()) return div_by_const(a, b.lo());
  const Ends q = quotient_ends(a, b);
  return Domain::interval(q.lo, q.hi);
}

// b >= 1. Where the quotient is the same for all pairs, a % b = a - q*b exactly, but for
// overflow. Elsewhere a multiple of b is subtracted, and those are multiples of
// gcd(mod b, rem b).
Domain mod_by_positive(const Domain& a, const Domain& b) {
  const Ends q = quotient_ends(a, b);
  if (q.lo == 0 && q.hi == 0) return a;
  const int64_t hi = b.hi() == kPosInf ? kPosInf : b.hi() - 1;
  if (q.lo == q.hi && is_finite(q.lo)) {
    return sub(a, scale(b, q.lo)).with_lo(0).with_hi(hi);
  }
  // The quotient varies, so not both are points, and g is in [1, kMaxModulus].
  const int64_t g = std::gcd(a.mod(), std::gcd(b.mod(), b.rem()));
  return Domain::make(0, a.lo() >= 0 ? std::min(hi, a.hi()) : hi, g,
                      mod_floor(a.rem(), g));
}

// f(a, b) for the positive part of b, joined with g(a, -b) for the negative one.
template <typename F, typename G>
Domain split_divisor(const Domain& a, const Domain& b, F f, G g) {
  if (a.empty() || b.empty()) return Domain::none();
  if (b.lo() >= 1) return f(a, b);
  const Domain pos = b.with_lo(1);
  const Domain minus = neg(b.with_hi(-1));
  Domain d = pos.empty() ? Domain::none() : f(a, pos);
  return minus.empty() ? d : d.join(g(neg(a), minus));
}

// x^n, n >= 1, cut off at kWideInf.
int128 pow_end(int64_t x, uint32_t n) {
  if (!is_finite(x)) return x > 0 || n % 2 == 0 ? kWideInf : -kWideInf;
  if (x >= -1 && x <= 1) return x == -1 && n % 2 == 0 ? 1 : x;
  int128 p = 1;
  for (uint32_t i = 0; i < n; ++i) {  // leaves after at most 63 doublings
    p *= x;
    if (p > kPosInf || p < kNegInf) return x > 0 || n % 2 == 0 ? kWideInf : -kWideInf;
  }
  return p;
}

struct PowerClass {
  int64_t mod, rem;
};

constexpr uint32_t kMaxDegree = 8;  // of the powers whose class is computed exactly

// The class of x^n over the members of a (two or more). P(k) = (s + m*k)^n has degree n,
// so its differences are combinations of n consecutive ones (Newton): their gcd is the
// best modulus. Where numbers get large, x ≡ r (mod m) gives x^n ≡ r^n (mod m).
PowerClass pow_class(const Domain& a, uint32_t n) {
  const int64_t m = a.mod();
  const bool finite = is_finite(a.lo()) && is_finite(a.hi());
  const bool few = finite && (int128{a.hi()} - a.lo()) / m < n;
  if (m == 1 && !few) return {1, 0};
  if (n <= kMaxDegree) {
    const int64_t steps = few ? (a.hi() - a.lo()) / m : n;
    const int64_t start = few ? a.lo() : a.rem() - m * (n / 2);
    int128 first = 0, g = 0;
    bool fits = true;
    for (int64_t k = 0; k <= steps && fits && g != 1; ++k) {
      int128 p = 1;
      for (uint32_t i = 0; i < n && fits; ++i) {
        fits = !__builtin_mul_overflow(p, int128{m} * k + start, &p);
      }
      if (k == 0) first = p;
      int128 apart;
      fits = fits && !__builtin_sub_overflow(p, first, &apart);
      for (int128 x = fits ? apart : 0; x != 0;) {
        const int128 r = g % x;
        g = x;
        x = r;
      }
    }
    // g = 0: all powers are equal (x = 1, -1); no class, the ends meet.
    if (g < 0) g = -g;
    if (fits && g != 0) {
      const int64_t capped = internal::cap_modulus(g);
      return {capped, mod_floor(first, capped)};
    }
  }
  int64_t p = 1, base = a.rem();
  for (uint32_t e = n; e != 0; e >>= 1) {
    if (e % 2 != 0) p = mod_floor(p * base, m);
    base = mod_floor(base * base, m);
  }
  return {m, p};
}

}  // namespace

Domain add(const Domain& a, const Domain& b) {
  if (a.is_interval() && b.is_interval()) {
    return Domain::interval(add_lo(a.lo(), b.lo()), add_hi(a.hi(), b.hi()));
  }
  if (a.empty() || b.empty()) return Domain::none();
  if (a.is_point()) return add_const(b, a.lo());
  if (b.is_point()) return add_const(a, b.lo());
  return Domain::make(add_lo(a.lo(), b.lo()), add_hi(a.hi(), b.hi()),
                      std::gcd(a.mod(), b.mod()), a.rem() + b.rem());
}

Domain sub(const Domain& a, const Domain& b) {
  if (a.is_interval() && b.is_interval()) {
    return Domain::interval(add_lo(a.lo(), neg_end(b.hi())),
                            add_hi(a.hi(), neg_end(b.lo())));
  }
  return b.is_point() ? add_const(a, -b.lo()) : add(a, neg(b));
}

// neg, add_const and scale by c != 0 are one to one, so the result is reduced as it
// stands. Each builds one named result: g++ then makes it in place, without a copy.
Domain neg(const Domain& a) {
  Domain d = a;
  if (a.empty_) return d;
  if (a.hi_ == Domain::kMinFinite) {  // the one finite value whose negation is none
    const int64_t mod = a.mod_ == 0 ? 1 : a.mod_;
    d = Domain::make(Domain::kMaxFinite, kPosInf, mod, mod_floor(-a.rem_, mod));
    return d;
  }
  d.lo_ = neg_end(a.hi_);
  d.hi_ = neg_end(a.lo_);
  if (a.is_interval()) return d;
  if (a.mod_ == 0) {
    d.rem_ = d.lo_;
    return d;
  }
  d.rem_ = a.rem_ == 0 ? 0 : a.mod_ - a.rem_;
  d.holes_.fill(0);
  d.num_holes_ = 0;
  for (size_t i = a.num_holes_; i-- > 0;) {
    const int64_t h = a.holes_[i];
    if (h != Domain::kMinFinite) d.holes_[d.num_holes_++] = -h;
  }
  return d;
}

Domain add_const(const Domain& a, int64_t c) {
  Domain d = a;
  if (a.empty_ || c == 0) return d;
  const bool fits = (!is_finite(a.lo_) ||
                     (!__builtin_add_overflow(a.lo_, c, &d.lo_) && is_finite(d.lo_))) &&
                    (!is_finite(a.hi_) ||
                     (!__builtin_add_overflow(a.hi_, c, &d.hi_) && is_finite(d.hi_)));
  if (!fits) {
    const auto plus = [c](int64_t x) { return int128{x} + c; };
    const int64_t mod = a.mod_ == 0 ? 1 : a.mod_;
    d = without_images(
        make_wide(widen(a.lo_) + c, widen(a.hi_) + c, mod, mod_floor(plus(a.rem_), mod)),
        a, plus);
    return d;
  }
  if (a.is_interval()) return d;
  d.rem_ = a.mod_ == 0 ? d.lo_ : mod_floor(int128{a.rem_} + c, a.mod_);
  d.holes_.fill(0);
  d.num_holes_ = 0;
  for (size_t i = 0; i < a.num_holes_; ++i) {
    int64_t h;
    if (__builtin_add_overflow(a.holes_[i], c, &h) || !is_finite(h)) continue;
    d.holes_[d.num_holes_++] = h;
  }
  return d;
}

Domain scale(const Domain& a, int64_t c) {
  if (c < 0) {
    return c == INT64_MIN ? scale(scale(neg(a), 2), int64_t{1} << 62) : scale(neg(a), -c);
  }
  Domain d = a;
  if (a.empty_) return d;
  if (c == 0) {
    d = Domain::point(0);
    return d;
  }
  const bool fits = (!is_finite(a.lo_) ||
                     (!__builtin_mul_overflow(a.lo_, c, &d.lo_) && is_finite(d.lo_))) &&
                    (!is_finite(a.hi_) ||
                     (!__builtin_mul_overflow(a.hi_, c, &d.hi_) && is_finite(d.hi_))) &&
                    !__builtin_mul_overflow(a.mod_, c, &d.mod_) &&
                    d.mod_ <= Domain::kMaxModulus;
  if (!fits) {
    const auto times = [c](int64_t x) { return int128{x} * c; };
    // mod | mod * c and c | mod * c: the largest that a Domain can hold.
    const int64_t m = a.mod_ == 0 ? 1
                                  : std::max({a.mod_, internal::cap_modulus(c),
                                              internal::cap_modulus(times(a.mod_))});
    d = without_images(
        make_wide(mul_ends(a.lo_, c), mul_ends(a.hi_, c), m, mod_floor(times(a.rem_), m)),
        a, times);
    return d;
  }
  d.rem_ = a.mod_ == 0 ? d.lo_ : a.rem_ * c;  // < mod * c
  if (a.num_holes_ == 0) return d;
  d.holes_.fill(0);
  d.num_holes_ = 0;
  for (size_t i = 0; i < a.num_holes_; ++i) {
    int64_t h;
    if (__builtin_mul_overflow(a.holes_[i], c, &h) || !is_finite(h)) continue;
    d.holes_[d.num_holes_++] = h;
  }
  return d;
}

Domain mul(const Domain& a, const Domain& b) {
  if (a.is_point()) return scale(b, a.lo());
  if (b.is_point()) return scale(a, b.lo());
  if (a.empty() || b.empty()) return Domain::none();
  int128 lo, hi;
  if (a.lo() >= 0 && b.lo() >= 0) {  // sizes
    lo = mul_ends(a.lo(), b.lo());
    hi = mul_ends(a.hi(), b.hi());
  } else {
    const auto [least, most] =
        std::minmax({mul_ends(a.lo(), b.lo()), mul_ends(a.lo(), b.hi()),
                     mul_ends(a.hi(), b.lo()), mul_ends(a.hi(), b.hi())});
    lo = least;
    hi = most;
  }
  if (a.mod() == 1 && b.mod() == 1 && lo >= 0) return make_wide(lo, hi);
  // (r1 + m1*i) * (r2 + m2*j): residues are below 2^31, so nothing overflows. The gcd is
  // also the best for finite operands: two members of each already differ by combinations
  // of these.
  const int64_t m =
      std::gcd(a.mod() * b.mod(), std::gcd(a.mod() * b.rem(), b.mod() * a.rem()));
  const int64_t mod = internal::cap_modulus(m);
  const Domain d = make_wide(lo, hi, mod, mod_floor(a.rem() * b.rem(), mod));
  return a.contains(0) || b.contains(0) ? d : d.without(0);
}

Domain pow(const Domain& a, uint32_t n) {
  if (a.empty() || n == 1) return a;
  if (a.is_point()) return make_wide(pow_end(a.lo(), n), pow_end(a.lo(), n));
  const PowerClass c = pow_class(a, n);
  const auto power = [n](int64_t x) { return pow_end(x, n); };
  const int128 at_lo = power(a.lo());
  const int128 at_hi = power(a.hi());
  if (n % 2 != 0 || a.lo() >= 0) {
    return without_images(make_wide(at_lo, at_hi, c.mod, c.rem), a, power);
  }
  if (a.hi() <= 0) return without_images(make_wide(at_hi, at_lo, c.mod, c.rem), a, power);
  int128 lo = 0;
  if (!a.contains(0)) lo = std::min(power(a.with_lo(1).lo()), power(a.with_hi(-1).hi()));
  return make_wide(lo, std::max(at_lo, at_hi), c.mod, c.rem);
}

Domain floor_div(const Domain& a, const Domain& b) {
  return split_divisor(a, b, div_by_positive, div_by_positive);
}

Domain floor_mod(const Domain& a, const Domain& b) {
  return split_divisor(a, b, mod_by_positive, [](const Domain& x, const Domain& y) {
    return neg(mod_by_positive(x, y));  // a % b = -((-a) % (-b))
  });
}

Domain ceil_div(const Domain& a, const Domain& b) { return neg(floor_div(neg(a), b)); }

// The values of min(a, b) are the members of a that some member of b is not below, and
// the other way round.
Domain min(const Domain& a, const Domain& b) {
  if (a.is_interval() && b.is_interval()) {
    return Domain::interval(std::min(a.lo(), b.lo()), std::min(a.hi(), b.hi()));
  }
  if (a.empty() || b.empty()) return Domain::none();
  return a.with_hi(b.hi()).join(b.with_hi(a.hi()));
}

Domain max(const Domain& a, const Domain& b) {
  if (a.is_interval() && b.is_interval()) {
    return Domain::interval(std::max(a.lo(), b.lo()), std::max(a.hi(), b.hi()));
  }
  if (a.empty() || b.empty()) return Domain::none();
  return a.with_lo(b.lo()).join(b.with_lo(a.lo()));
}

Domain abs(const Domain& a) {
  if (a.lo() >= 0) return a;
  return a.with_lo(0).join(neg(a.with_hi(0)));
}

}  // namespace congrua
