#include "cache/print_c.h"

namespace congrua::cache::internal {

std::string_view c_arithmetic() {
  // A test compares it with embed/congrua_guard.c.
  return R"c(static inline int64_t cg_signed(uint64_t v) {
  return v <= (uint64_t)INT64_MAX ? (int64_t)v : -(int64_t)(UINT64_MAX - v) - 1;
}
/* These tell whether the result does not fit; then *r is not set. */
static inline int cg_add(int64_t a, int64_t b, int64_t* r) {
  if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return 1;
  *r = a + b;
  return 0;
}
static inline int cg_mul(int64_t a, int64_t b, int64_t* r) {
  const int64_t half = (int64_t)1 << 31;
  if (a < -half || a > half || b < -half || b > half) {
    if (a > 0 ? (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a)
              : (b > 0 ? a < INT64_MIN / b : (a != 0 && b < INT64_MAX / a))) {
      return 1;
    }
  }
  *r = a * b;
  return 0;
}
static inline int cg_div(int64_t a, int64_t b, int64_t* r) { /* floor; b != 0 */
  int64_t q;
  if (b == -1) {
    if (a == INT64_MIN) return 1;
    *r = -a;
    return 0;
  }
  q = a / b;
  if (a % b != 0 && (a < 0) != (b < 0)) --q;
  *r = q;
  return 0;
}
static inline int64_t cg_mod(int64_t x, int64_t m) { /* m > 0 */
  const int64_t r = x % m;
  return r < 0 ? r + m : r;
}
/* In the order of doubles; -0 as 0, NaN above infinity. */
static inline uint64_t cg_float_key(uint64_t bits) {
  const uint64_t magnitude = bits & (uint64_t)INT64_MAX;
  if (magnitude > UINT64_C(0x7ff0000000000000)) return (uint64_t)INT64_MAX;
  return bits == magnitude ? magnitude : 0 - magnitude;
}

/* Two's complement of n limbs, the lowest first; callers choose n so that all fits. */
static inline void cg_wset(uint32_t* r, int64_t v, size_t n) {
  size_t i;
  r[0] = (uint32_t)(uint64_t)v;
  if (n > 1) r[1] = (uint32_t)((uint64_t)v >> 32);
  for (i = 2; i < n; ++i) r[i] = v < 0 ? UINT32_MAX : 0;
}
static inline int cg_wnegative(const uint32_t* a, size_t n) {
  return (a[n - 1] >> 31) != 0;
}
static inline int cg_wsign(const uint32_t* a, size_t n) {
  size_t i;
  if (cg_wnegative(a, n)) return -1;
  for (i = 0; i < n; ++i) {
    if (a[i] != 0) return 1;
  }
  return 0;
}
static inline void cg_wadd(uint32_t* r, const uint32_t* a, const uint32_t* b, size_t n) {
  uint64_t carry = 0;
  size_t i;
  for (i = 0; i < n; ++i) {
    carry += (uint64_t)a[i] + b[i];
    r[i] = (uint32_t)carry;
    carry >>= 32;
  }
}
static inline void cg_wneg(uint32_t* r, const uint32_t* a, size_t n) {
  uint64_t carry = 1;
  size_t i;
  for (i = 0; i < n; ++i) {
    carry += (uint32_t)~a[i];
    r[i] = (uint32_t)carry;
    carry >>= 32;
  }
}
/* r is neither a nor b. */
static inline void cg_wmul(uint32_t* r, const uint32_t* a, const uint32_t* b, size_t n) {
  size_t i, k;
  for (i = 0; i < n; ++i) r[i] = 0;
  for (i = 0; i < n; ++i) {
    uint64_t carry = 0;
    if (a[i] == 0) continue;
    for (k = 0; i + k < n; ++k) {
      carry += (uint64_t)a[i] * b[k] + r[i + k];
      r[i + k] = (uint32_t)carry;
      carry >>= 32;
    }
  }
}
static inline int cg_wcmp(const uint32_t* a, const uint32_t* b, size_t n) {
  size_t i = n;
  if (cg_wnegative(a, n) != cg_wnegative(b, n)) return cg_wnegative(a, n) ? -1 : 1;
  while (i-- > 0) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}
/* q = floor(a / b), b != 0; q is neither a nor b, t has 2n limbs. */
static inline void cg_wdiv(uint32_t* q, const uint32_t* a, const uint32_t* b, uint32_t* t,
                           size_t n) {
  uint32_t* const rest = t;
  uint32_t* const divisor = t + n;
  const int negative = cg_wnegative(a, n) != cg_wnegative(b, n);
  size_t bit, i;
  for (i = 0; i < n; ++i) {
    q[i] = a[i];
    divisor[i] = b[i];
    rest[i] = 0;
  }
  if (cg_wnegative(a, n)) cg_wneg(q, a, n);
  if (cg_wnegative(b, n)) cg_wneg(divisor, b, n);
  for (bit = 0; bit < 32 * n; ++bit) {
    uint32_t in = q[n - 1] >> 31;
    int64_t borrow = 0;
    for (i = 0; i < n; ++i) { /* shifts the dividend into the rest */
      const uint32_t out = rest[i] >> 31;
      rest[i] = rest[i] << 1 | in;
      in = out;
    }
    for (i = n; i-- > 1;) q[i] = q[i] << 1 | q[i - 1] >> 31;
    q[0] <<= 1;
    if (cg_wcmp(rest, divisor, n) < 0) continue;
    q[0] |= 1;
    for (i = 0; i < n; ++i) {
      borrow += (int64_t)rest[i] - (int64_t)divisor[i];
      rest[i] = (uint32_t)((uint64_t)borrow & UINT32_MAX);
      borrow = borrow < 0 ? -1 : 0;
    }
  }
  if (negative) {
    if (cg_wsign(rest, n) != 0) {
      for (i = 0; i < n && ++q[i] == 0; ++i) {
      }
    }
    cg_wneg(q, q, n);
  }
}
/* The sign of a*x + b*y + c; |a|, |b| < 2^62. */
static inline int cg_linear(int64_t a, int64_t x, int64_t b, int64_t y, int64_t c) {
  const int64_t small = (int64_t)1 << 30;
  const int64_t large = (int64_t)1 << 61;
  uint32_t u[4], v[4], p[4], sum[4];
  if (a >= -small && a <= small && x >= -small && x <= small && b >= -small &&
      b <= small && y >= -small && y <= small && c >= -large && c <= large) {
    const int64_t s = a * x + b * y + c;
    return (s > 0) - (s < 0);
  }
  cg_wset(u, a, 4);
  cg_wset(v, x, 4);
  cg_wmul(sum, u, v, 4);
  cg_wset(u, b, 4);
  cg_wset(v, y, 4);
  cg_wmul(p, u, v, 4);
  cg_wadd(sum, sum, p, 4);
  cg_wset(u, c, 4);
  cg_wadd(sum, sum, u, 4);
  return cg_wsign(sum, 4);
}
/* The sign of a*x*y + c; a is 1 or -1. */
static inline int cg_product(int64_t a, int64_t x, int64_t y, int64_t c) {
  uint32_t u[4], v[4], p[4];
  int64_t s;
  if (cg_mul(x, y, &s) == 0 && s > INT64_MIN && cg_add(a < 0 ? -s : s, c, &s) == 0) {
    return (s > 0) - (s < 0);
  }
  cg_wset(u, x, 4);
  cg_wset(v, y, 4);
  cg_wmul(p, u, v, 4);
  if (a < 0) cg_wneg(p, p, 4);
  cg_wset(u, c, 4);
  cg_wadd(p, p, u, 4);
  return cg_wsign(p, 4);
}
)c";
}

}  // namespace congrua::cache::internal
