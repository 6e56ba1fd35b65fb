#include "width/span.h"

namespace congrua::width {

namespace {

constexpr int128 kInf = Span::kInf;
// An end on the wrong side of this is moved to it: it stays a bound, and arithmetic does
// not take it for the infinity of that side.
constexpr int128 kFar = int128{1} << 125;

Span make(int128 lo, int128 hi) {
  if (lo < -kFar) lo = -kInf;
  if (lo > kFar) lo = kFar;
  if (hi > kFar) hi = kInf;
  if (hi < -kFar) hi = -kFar;
  return {lo, hi};
}

// 0 * infinity = 0: the other operand's members are finite.
int128 mul_ends(int128 a, int128 b) {
  const auto small = [](int128 v) { return v == static_cast<int64_t>(v); };
  if (small(a) && small(b)) return a * b;
  if (a == 0 || b == 0) return 0;
  int128 product = 0;
  if (!__builtin_mul_overflow(a, b, &product) && product <= kInf && product >= -kInf) {
    return product;
  }
  return (a < 0) == (b < 0) ? kInf : -kInf;
}

int128 floor_ends(int128 a, int128 b) {  // b != 0
  if (a == static_cast<int64_t>(a) && b == static_cast<int64_t>(b) && b != -1) {
    const auto x = static_cast<int64_t>(a);
    const auto y = static_cast<int64_t>(b);
    return x / y - static_cast<int64_t>(x % y != 0 && (x < 0) != (y < 0));
  }
  const bool far_a = a >= kInf || a <= -kInf;
  const bool far_b = b >= kInf || b <= -kInf;
  if (far_a) return (a < 0) == (b < 0) ? kInf : -kInf;
  if (far_b) return (a < 0) == (b < 0) || a == 0 ? 0 : -1;
  return a / b - static_cast<int>(a % b != 0 && (a < 0) != (b < 0));
}

// The same for divisors of one sign: the extremes are at the ends. What lies between an
// end and an infinity gives values between those of the two.
Span divide_one_sign(const Span& a, const Span& b) {
  const int128 q[] = {floor_ends(a.lo, b.lo), floor_ends(a.lo, b.hi),
                      floor_ends(a.hi, b.lo), floor_ends(a.hi, b.hi)};
  return make(std::ranges::min(q), std::ranges::max(q));
}

// The members of b that are positive and negative; empty where lo > hi.
Span above_zero(const Span& b) { return {std::max<int128>(b.lo, 1), b.hi}; }
Span below_zero(const Span& b) { return {b.lo, std::min<int128>(b.hi, -1)}; }

}  // namespace

Span span_of(const Domain& d) {
  if (d.empty()) return {0, 0};
  return {d.lo() == kNegInf ? -kInf : int128{d.lo()},
          d.hi() == kPosInf ? kInf : int128{d.hi()}};
}

Span span_of(const Int& v) {
  if (const auto x = v.to_int64()) return {*x, *x};
  // In halves of 62 bits, while it is that small.
  const Int unit = Int(Int::kMaxInline) + Int(1);
  const auto high = floor_div(v, unit).to_int64();
  if (!high || *high < Int::kMinInline || *high > Int::kMaxInline) {
    return v.sign() > 0 ? Span{kFar, kInf} : Span{-kInf, -kFar};
  }
  const int128 x = int128{*high} * (int128{1} << 62) + *floor_mod(v, unit).to_int64();
  return make(x, x);
}

Span add(const Span& a, const Span& b) {
  // Ends are below 2^126 in size: no sum leaves 128 bits.
  const int128 lo = a.lo <= -kInf || b.lo <= -kInf ? -kInf : a.lo + b.lo;
  const int128 hi = a.hi >= kInf || b.hi >= kInf ? kInf : a.hi + b.hi;
  return make(lo, hi);
}

Span neg(const Span& a) { return {-a.hi, -a.lo}; }

Span mul(const Span& a, const Span& b) {
  if (a.lo >= 0 && b.lo >= 0) return make(mul_ends(a.lo, b.lo), mul_ends(a.hi, b.hi));
  const int128 p[] = {mul_ends(a.lo, b.lo), mul_ends(a.lo, b.hi), mul_ends(a.hi, b.lo),
                      mul_ends(a.hi, b.hi)};
  return make(std::ranges::min(p), std::ranges::max(p));
}

Span floor_div(const Span& a, const Span& b) {
  const Span up = above_zero(b);
  const Span down = below_zero(b);
  if (up.lo > up.hi && down.lo > down.hi) return {};
  if (down.lo > down.hi) return divide_one_sign(a, up);
  if (up.lo > up.hi) return divide_one_sign(a, down);
  return divide_one_sign(a, up).join(divide_one_sign(a, down));
}

Span floor_mod(const Span& a, const Span& b) {
  const Span up = above_zero(b);
  const Span down = below_zero(b);
  if (up.lo > up.hi && down.lo > down.hi) return {};
  if (down.lo > down.hi) {
    if (a.lo >= 0 && a.hi < b.lo) return a;
    const int128 top = up.hi >= kInf ? kInf : up.hi - 1;
    return {0, a.lo >= 0 ? std::min(top, a.hi) : top};
  }
  if (up.lo > up.hi) {
    if (a.hi <= 0 && a.lo > b.hi) return a;
    const int128 low = down.lo <= -kInf ? -kInf : down.lo + 1;
    return {a.hi <= 0 ? std::max(low, a.lo) : low, 0};
  }
  return floor_mod(a, up).join(floor_mod(a, down));
}

Span trunc_div(const Span& a, const Span& b) {
  return floor_div(a, b).join(ceil_div(a, b));
}

Span trunc_mod(const Span& a, const Span& b) {
  const Span m = abs(b);
  const int128 top = m.hi >= kInf ? kInf : std::max<int128>(m.hi - 1, 0);
  return {a.lo >= 0 ? 0 : std::max(-top, a.lo), a.hi <= 0 ? 0 : std::min(top, a.hi)};
}

}  // namespace congrua::width
