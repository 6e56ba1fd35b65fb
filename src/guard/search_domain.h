// The domain of one cell of the model finder: an interval, a congruence and at most one
// hole (0).
//
// Leaner than congrua::Domain (32 bytes, no holes but 0, no canonical empty set), because
// the finder saves and restores millions of them. Ends are inside (-kInf, kInf); an end
// at -kInf or kInf says that nothing is known on that side, or that the true end does not
// fit: bounds are clamped outward, so a domain is always a superset of the values that
// the cell can take.
#ifndef CONGRUA_GUARD_SEARCH_DOMAIN_H_
#define CONGRUA_GUARD_SEARCH_DOMAIN_H_

#include <algorithm>
#include <cstdint>

#include "base/int.h"

namespace congrua::guard::search {

// Sums and differences of two ends fit an int64.
inline constexpr int64_t kInf = (int64_t{1} << 62) - 1;
inline constexpr int64_t kMaxModulus = int64_t{1} << 31;

struct Dom {
  int64_t lo = -kInf;
  int64_t hi = kInf;
  uint32_t mod = 1;  // members are ≡ rem (mod mod)
  uint32_t rem = 0;
  bool nonzero = false;  // 0 is no member

  // A clamped end is no value: [kInf, kInf] means "at least kInf".
  bool fixed() const { return lo == hi && lo < kInf && lo > -kInf; }
  bool contains(int64_t v) const;
  bool excludes_zero() const {
    return nonzero || lo > 0 || hi < 0 || (mod > 1 && rem != 0);
  }
};

struct Itv {
  int64_t lo;
  int64_t hi;
  bool empty() const { return lo > hi; }
  Itv negated() const { return {-hi, -lo}; }
};

inline int64_t clamp128(int128 v) {
  return v >= kInf ? kInf : v <= -kInf ? -kInf : static_cast<int64_t>(v);
}
inline int64_t sat_mul(int64_t a, int64_t b) {
  int64_t r;
  if (__builtin_mul_overflow(a, b, &r)) return (a < 0) == (b < 0) ? kInf : -kInf;
  return std::clamp(r, -kInf, kInf);
}
inline int64_t floor_div64(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}
inline int64_t ceil_div64(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return q + ((a % b != 0) && ((a < 0) == (b < 0)));
}
inline int64_t floor_mod64(int64_t a, int64_t b) {
  const int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
inline uint64_t gcd64(uint64_t a, uint64_t b) {
  while (b != 0) {
    const uint64_t t = a % b;
    a = b;
    b = t;
  }
  return a;
}
inline uint64_t magnitude(int64_t v) {
  return v < 0 ? uint64_t{0} - static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
}

inline bool Dom::contains(int64_t v) const {
  return v >= lo && v <= hi && !(nonzero && v == 0) &&
         (mod == 1 || floor_mod64(v, mod) == static_cast<int64_t>(rem));
}

// Hull of the products; clamped ends stay clamped outward.
inline Itv mul_itv(Itv a, Itv b) {
  if (a.lo >= 0 && b.lo >= 0) return {sat_mul(a.lo, b.lo), sat_mul(a.hi, b.hi)};
  const int64_t p = sat_mul(a.lo, b.lo), q = sat_mul(a.lo, b.hi);
  const int64_t r = sat_mul(a.hi, b.lo), s = sat_mul(a.hi, b.hi);
  return {std::min({p, q, r, s}), std::max({p, q, r, s})};
}
Itv pow_itv(Itv a, uint32_t exponent);
// Hull of { t : t * o in r for some o in `o` other than 0 }.
Itv quotient_itv(Itv r, Itv o);
// Hull of { x : x^exponent in t }, which knows that x is at least x_lo.
Itv root_itv(Itv t, uint32_t exponent, int64_t x_lo);
// Narrows a, b and d to what floor(a / b) = d leaves of their hulls; requires b.lo >= 1.
void narrow_floor_div(Itv& a, Itv& b, Itv& d);
// Least divisor of q in [lo, hi], greatest one; gives up after a few steps with a bound
// that is not tight. Require q != 0, 1 <= lo <= hi.
int64_t divisor_up(int64_t q, int64_t lo, int64_t hi);
int64_t divisor_down(int64_t q, int64_t lo, int64_t hi);

// x ≡ rem (mod mod); mod == 0 means x == rem.
struct Cong {
  int64_t mod;
  int64_t rem;
};
inline Cong cong_of(const Dom& d) {
  return d.fixed() ? Cong{0, d.lo} : Cong{d.mod, static_cast<int64_t>(d.rem)};
}
Cong cong_mul(Cong a, Cong b);
// The class of x where coef * x ≡ rem (mod mod), mod >= 1. False: there is none.
bool solve_congruence(int64_t coef, int64_t rem, int64_t mod, Cong* x);

}  // namespace congrua::guard::search

#endif  // CONGRUA_GUARD_SEARCH_DOMAIN_H_
