// Arithmetic on ends and residues, for the domain module only.
//
// A wide end is an int128: a finite value, or at least kWideInf in size for an infinity.
// Sums and products of two int64 stay below kWideInf, so no step overflows; narrowing to
// int64 happens once, in make_wide.
#ifndef CONGRUA_DOMAIN_WIDE_H_
#define CONGRUA_DOMAIN_WIDE_H_

#include <cstdint>

#include "base/int.h"
#include "domain/domain.h"

namespace congrua::internal {

inline constexpr int128 kWideInf = int128{1} << 126;

inline bool is_finite(int64_t end) { return end != kNegInf && end != kPosInf; }

inline int128 widen(int64_t end) {
  if (end == kPosInf) return kWideInf;
  return end == kNegInf ? -kWideInf : int128{end};
}

inline int64_t narrow_lo(int128 v) {
  if (v < Domain::kMinFinite) return kNegInf;
  return v > Domain::kMaxFinite ? Domain::kMaxFinite : static_cast<int64_t>(v);
}
inline int64_t narrow_hi(int128 v) {
  if (v > Domain::kMaxFinite) return kPosInf;
  return v < Domain::kMinFinite ? Domain::kMinFinite : static_cast<int64_t>(v);
}

// lo <= hi. A point that does not fit loses its class.
inline Domain make_wide(int128 lo, int128 hi, int64_t mod = 1, int64_t rem = 0) {
  if (mod == 1) return Domain::interval(narrow_lo(lo), narrow_hi(hi));
  return Domain::make(narrow_lo(lo), narrow_hi(hi), mod, rem);
}

// 0 * infinity = 0: the other operand's members are finite, the end is only not attained.
inline int128 mul_ends(int64_t a, int64_t b) {
  if (a == 0 || b == 0) return 0;
  if (is_finite(a) && is_finite(b)) return int128{a} * b;
  return (a < 0) == (b < 0) ? kWideInf : -kWideInf;
}

// b != 0, and not kNegInf // -1.
inline int64_t div_floor(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return q - static_cast<int64_t>(a % b != 0 && (a < 0) != (b < 0));
}

// End // positive end, in the limit where infinite; not both infinite.
inline int64_t div_ends(int64_t a, int64_t b) {
  if (!is_finite(a)) return a;
  if (b == kPosInf) return a < 0 ? -1 : 0;
  return div_floor(a, b);
}

// In [0, m); m >= 1.
inline int64_t mod_floor(int64_t a, int64_t m) {
  const int64_t r = a % m;
  return r < 0 ? r + m : r;
}
inline int64_t mod_floor(int128 a, int64_t m) {
  if (a == static_cast<int64_t>(a)) return mod_floor(static_cast<int64_t>(a), m);
  const int64_t r = static_cast<int64_t>(a % m);
  return r < 0 ? r + m : r;
}

// A divisor of m >= 1 that is at most kMaxModulus: m without some of its twos, else 1.
inline int64_t cap_modulus(int128 m) {
  while (m > Domain::kMaxModulus && m % 2 == 0) m /= 2;
  return m > Domain::kMaxModulus ? 1 : static_cast<int64_t>(m);
}

// x with a * x ≡ 1 (mod m), in [0, m); gcd(a, m) = 1, 0 <= a < m or m = 1.
inline int64_t inverse(int64_t a, int64_t m) {
  int64_t r0 = m, r1 = a, t0 = 0, t1 = 1;  // t_i * a ≡ r_i (mod m), |t_i| <= m
  while (r1 != 0) {
    const int64_t q = r0 / r1;
    const int64_t r2 = r0 - q * r1, t2 = t0 - q * t1;
    r0 = r1, r1 = r2, t0 = t1, t1 = t2;
  }
  return mod_floor(t0, m);
}

}  // namespace congrua::internal

#endif  // CONGRUA_DOMAIN_WIDE_H_
