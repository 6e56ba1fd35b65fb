// What printed C++ needs of arithmetic.
#include "shape/emit.h"

namespace congrua::shape::emit {

// A text of C++17 that may stand several times in one file.
std::string_view cpp_prelude() {
  return R"prelude(#ifndef CONGRUA_GUARDS_PRELUDE_
#define CONGRUA_GUARDS_PRELUDE_
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#ifdef __FAST_MATH__
#error "guards compare IEEE doubles: compile them without -ffast-math"
#endif
namespace congrua_guards {
__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;
static_assert(FLT_EVAL_METHOD == 0, "doubles have to be rounded to 64 bits");
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline int128 int128_of(uint64_t low, uint64_t high) {
  return int128(uint128(high) << 64 | low);
}

// Two's complement of 64 * N bits, N > 2. Values are known to fit.
template <int N>
struct wide {
  uint64_t limb[N];
  wide() = default;
  wide(int128 v) {
    for (int i = 0; i < N; ++i) limb[i] = uint64_t(i < 2 ? v >> (64 * i) : v >> 127);
  }
  static wide of(const uint64_t (&limbs)[N]) {
    wide r;
    for (int i = 0; i < N; ++i) r.limb[i] = limbs[i];
    return r;
  }
  explicit operator int64_t() const { return int64_t(limb[0]); }
  explicit operator int128() const { return int128_of(limb[0], limb[1]); }
  bool negative() const { return limb[N - 1] >> 63 != 0; }
  friend wide operator+(const wide& a, const wide& b) {
    wide r;
    uint128 carry = 0;
    for (int i = 0; i < N; ++i) {
      carry += uint128(a.limb[i]) + b.limb[i];
      r.limb[i] = uint64_t(carry);
      carry >>= 64;
    }
    return r;
  }
  friend wide operator-(const wide& a) {
    wide r;
    uint128 carry = 1;
    for (int i = 0; i < N; ++i) {
      carry += uint64_t(~a.limb[i]);
      r.limb[i] = uint64_t(carry);
      carry >>= 64;
    }
    return r;
  }
  friend wide operator-(const wide& a, const wide& b) { return a + -b; }
  friend wide operator*(const wide& a, const wide& b) {
    wide r = 0;
    for (int i = 0; i < N; ++i) {
      uint128 carry = 0;
      for (int j = 0; i + j < N; ++j) {
        carry += uint128(a.limb[i]) * b.limb[j] + r.limb[i + j];
        r.limb[i + j] = uint64_t(carry);
        carry >>= 64;
      }
    }
    return r;
  }
  friend bool operator==(const wide& a, const wide& b) {
    for (int i = 0; i < N; ++i) {
      if (a.limb[i] != b.limb[i]) return false;
    }
    return true;
  }
  friend bool operator<(const wide& a, const wide& b) {
    if (a.negative() != b.negative()) return a.negative();
    for (int i = N - 1; i >= 0; --i) {
      if (a.limb[i] != b.limb[i]) return a.limb[i] < b.limb[i];
    }
    return false;
  }
  friend bool operator!=(const wide& a, const wide& b) { return !(a == b); }
  friend bool operator>(const wide& a, const wide& b) { return b < a; }
  friend bool operator<=(const wide& a, const wide& b) { return !(b < a); }
  friend bool operator>=(const wide& a, const wide& b) { return !(a < b); }
  // Rounded to 0, bit by bit.
  friend wide operator/(const wide& a, const wide& b) {
    const wide x = a.negative() ? -a : a, y = b.negative() ? -b : b;
    wide q = 0, r = 0;
    for (int i = 64 * N - 1; i >= 0; --i) {
      r = r + r;
      r.limb[0] |= x.limb[i / 64] >> (i % 64) & 1;
      if (!(r < y)) {
        r = r - y;
        q.limb[i / 64] |= uint64_t(1) << (i % 64);
      }
    }
    return a.negative() != b.negative() ? -q : q;
  }
  friend wide operator%(const wide& a, const wide& b) { return a - a / b * b; }
};

template <class T>
T floor_div(T a, T b) {
  const T q = a / b;
  return a - q * b != T(0) && (a < T(0)) != (b < T(0)) ? q - T(1) : q;
}
template <class T>
T ceil_div(T a, T b) {
  const T q = a / b;
  return a - q * b != T(0) && (a < T(0)) == (b < T(0)) ? q + T(1) : q;
}
template <class T>
T floor_mod(T a, T b) {
  const T r = a % b;
  return r != T(0) && (r < T(0)) != (b < T(0)) ? r + b : r;
}
template <class T>
T min(T a, T b) {
  return b < a ? b : a;
}
template <class T>
T max(T a, T b) {
  return a < b ? b : a;
}
template <class T>
T abs(T a) {
  return a < T(0) ? -a : a;
}

// Rounded by itself: volatile keeps compilers from fusing it with an
// addition.
inline double mul(double a, double b) {
  const volatile double r = a * b;
  return r;
}
// To nearest, half to even.
inline double round_even(double v) {
  const double down = std::floor(v), rest = v - down;
  if (rest != 0.5) return rest < 0.5 ? down : down + 1;
  return std::fmod(down, 2.0) == 0 ? down : down + 1;
}
// The exact order: 1 less, 2 equal, 4 greater, 8 unordered.
inline int order(int64_t a, double b) {
  if (b != b) return 8;
  if (b >= 0x1p63) return 1;
  if (b < -0x1p63) return 4;
  const int64_t t = int64_t(b);
  if (a != t) return a < t ? 1 : 4;
  const double rest = b - double(t);
  return rest > 0 ? 1 : rest < 0 ? 4 : 2;
}
inline int order(double a, int64_t b) {
  const int o = order(b, a);
  return o == 1 ? 4 : o == 4 ? 1 : o;
}
}  // namespace congrua_guards
#endif
)prelude";
}

std::string_view python_prelude() { return "import math\n"; }

}  // namespace congrua::shape::emit
