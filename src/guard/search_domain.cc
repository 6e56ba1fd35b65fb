#include "guard/search_domain.h"

#include <cmath>

namespace congrua::guard::search {

namespace {

// Steps spent on one divisor bound. A bound that is not tight is still a bound.
constexpr int kDivisorSteps = 64;

int64_t sat_pow(int64_t a, uint32_t exponent) {
  if (a == 0 || a == 1) return a;
  if (a == -1) return exponent % 2 == 0 ? 1 : -1;
  int64_t r = 1;
  for (uint32_t i = 0; i < exponent && r < kInf && r > -kInf; ++i) r = sat_mul(r, a);
  // A clamped power of a negative number has the sign of the parity.
  if (r <= -kInf || r >= kInf) return a > 0 || exponent % 2 == 0 ? kInf : -kInf;
  return r;
}

// Greatest x >= 0 with x^exponent <= t, for 0 <= t < kInf.
int64_t floor_root(int64_t t, uint32_t exponent) {
  auto x = static_cast<int64_t>(std::pow(static_cast<double>(t), 1.0 / exponent));
  while (x > 0 && sat_pow(x, exponent) > t) --x;
  while (sat_pow(x + 1, exponent) <= t) ++x;
  return x;
}

}  // namespace

Itv pow_itv(Itv a, uint32_t exponent) {
  if (exponent == 1) return a;
  const int64_t l = sat_pow(a.lo, exponent), h = sat_pow(a.hi, exponent);
  if (exponent % 2 == 1 || a.lo >= 0) return {l, h};
  if (a.hi <= 0) return {h, l};
  return {0, std::max(l, h)};
}

Itv quotient_itv(Itv r, Itv o) {
  const bool r_has_zero = r.lo <= 0 && r.hi >= 0;
  if (o.lo <= 0 && o.hi >= 0) {
    if (r_has_zero) return {-kInf, kInf};
    if (o.lo == 0 && o.hi == 0) return {1, 0};
    if (o.lo == 0) {
      o.lo = 1;
    } else if (o.hi == 0) {
      o.hi = -1;
    } else {
      const int64_t m = std::max(-r.lo, r.hi);  // |t| <= |r| as |o| >= 1
      return {-m, m};
    }
  }
  if (o.hi < 0) {
    r = r.negated();
    o = o.negated();
  }
  Itv t{-kInf, kInf};
  if (r.lo > -kInf) {
    if (r.lo >= 0) {
      t.lo = o.hi >= kInf ? (r.lo > 0 ? 1 : 0) : ceil_div64(r.lo, o.hi);
    } else {
      t.lo = ceil_div64(r.lo, o.lo);
    }
  }
  if (r.hi < kInf) {
    if (r.hi >= 0) {
      t.hi = r.hi / o.lo;
    } else {
      t.hi = o.hi >= kInf ? -1 : floor_div64(r.hi, o.hi);
    }
  }
  return t;
}

Itv root_itv(Itv t, uint32_t exponent, int64_t x_lo) {
  if (exponent == 1) return t;
  Itv x{-kInf, kInf};
  if (t.hi < 0 && exponent % 2 == 0) return {1, 0};
  if (t.hi >= 0 && t.hi < kInf) {
    x.hi = floor_root(t.hi, exponent);
    if (exponent % 2 == 0) x.lo = -x.hi;
  } else if (t.hi < 0) {
    x.hi = -1;
  }
  if (t.lo >= 0 && (exponent % 2 == 1 || x_lo >= 0)) {
    if (t.lo >= kInf) {
      x.lo = floor_root(kInf - 1, exponent);
    } else {
      x.lo = floor_root(t.lo, exponent);
      if (sat_pow(x.lo, exponent) < t.lo) ++x.lo;
    }
  } else if (exponent % 2 == 1 && t.lo < 0 && t.lo > -kInf) {
    x.lo = -floor_root(-t.lo, exponent);
  }
  return x;
}

void narrow_floor_div(Itv& a, Itv& b, Itv& d) {
  // d from a and b.
  if (a.lo > -kInf) {
    const int64_t q =
        a.lo >= 0 ? (b.hi >= kInf ? 0 : a.lo / b.hi) : floor_div64(a.lo, b.lo);
    d.lo = std::max(d.lo, q);
  }
  if (a.hi < kInf) {
    const int64_t q =
        a.hi >= 0 ? a.hi / b.lo : (b.hi >= kInf ? -1 : floor_div64(a.hi, b.hi));
    d.hi = std::min(d.hi, q);
  }
  if (d.empty()) return;
  // a from b * d <= a <= b * (d + 1) - 1.
  if (d.lo >= 0) {
    a.lo = std::max(a.lo, sat_mul(b.lo, d.lo));
  } else if (d.lo > -kInf && b.hi < kInf) {
    a.lo = std::max(a.lo, sat_mul(b.hi, d.lo));
  }
  if (d.hi < kInf) {
    const int64_t e = d.hi + 1;
    if (e <= 0) {
      a.hi = std::min(a.hi, std::max(sat_mul(b.lo, e) - 1, -kInf));
    } else if (b.hi < kInf) {
      const int64_t top = sat_mul(b.hi, e);
      if (top < kInf) a.hi = std::min(a.hi, top - 1);
    }
  }
  if (a.empty()) return;
  // b from the same two inequalities.
  if (d.lo >= 1 && a.hi < kInf) b.hi = std::min(b.hi, floor_div64(a.hi, d.lo));
  if (d.hi <= -2 && a.lo > -kInf)
    b.hi = std::min(b.hi, floor_div64(-a.lo - 1, -(d.hi + 1)));
  if (a.lo > 0 && d.hi >= 0 && d.hi < kInf)
    b.lo = std::max(b.lo, std::min(a.lo / (d.hi + 1) + 1, kInf));
  if (a.hi < 0 && d.lo < 0 && d.lo > -kInf)
    b.lo = std::max(b.lo, ceil_div64(-a.hi, -d.lo));
}

int64_t divisor_up(int64_t q, int64_t lo, int64_t hi) {
  q = std::abs(q);
  if (lo > q) return lo;  // beyond every divisor: the caller sees an empty range
  int64_t cofactor = q / lo;
  if (lo <= cofactor) {
    for (int i = 0; i < kDivisorSteps && lo <= hi && q % lo != 0; ++i) ++lo;
    return lo;
  }
  // d >= lo divides q exactly when d = q / k with k <= q / lo dividing q.
  for (int i = 0; i < kDivisorSteps && cofactor > 1 && q % cofactor != 0; ++i) --cofactor;
  return std::max(lo, q % cofactor == 0 ? q / cofactor : q / (cofactor + 1));
}

int64_t divisor_down(int64_t q, int64_t lo, int64_t hi) {
  q = std::abs(q);
  if (hi >= q) return q;
  int64_t cofactor = ceil_div64(q, hi);
  if (hi <= cofactor) {
    for (int i = 0; i < kDivisorSteps && hi >= lo && q % hi != 0; ++i) --hi;
    return hi;
  }
  for (int i = 0; i < kDivisorSteps && q % cofactor != 0; ++i) ++cofactor;
  return std::min(hi, q / cofactor);
}

Cong cong_mul(Cong a, Cong b) {
  if (a.mod == 0) std::swap(a, b);
  if (a.mod == 0) {
    const int128 p = static_cast<int128>(a.rem) * b.rem;
    return p > -kInf && p < kInf ? Cong{0, static_cast<int64_t>(p)} : Cong{1, 0};
  }
  if (b.mod == 0 && b.rem == 0) return {0, 0};
  if (a.mod == 1 && (b.mod == 1 || (b.mod == 0 && magnitude(b.rem) == 1))) return {1, 0};
  // Granger: products of members are ≡ r1*r2 modulo gcd(m1*m2, m1*r2, m2*r1).
  uint64_t g;
  if (b.mod == 0) {
    const int128 m = static_cast<int128>(a.mod) * static_cast<int128>(magnitude(b.rem));
    g = m > kMaxModulus ? gcd64(static_cast<uint64_t>(kMaxModulus), magnitude(b.rem))
                        : static_cast<uint64_t>(m);
  } else {
    const auto m1 = static_cast<uint64_t>(a.mod), m2 = static_cast<uint64_t>(b.mod);
    g = gcd64(gcd64(m1 * m2, m1 * magnitude(b.rem)), m2 * magnitude(a.rem));
    if (g == 0) g = 1;
    if (g > static_cast<uint64_t>(kMaxModulus)) g = gcd64(g, m1);  // any divisor will do
  }
  if (g <= 1) return {1, 0};
  const auto m = static_cast<int64_t>(g);
  const int64_t ra = floor_mod64(a.rem, m), rb = floor_mod64(b.rem, m);
  return {m, ra * rb % m};
}

bool solve_congruence(int64_t coef, int64_t rem, int64_t mod, Cong* x) {
  const int64_t c = floor_mod64(coef, mod);
  const int64_t r = floor_mod64(rem, mod);
  // Extended gcd of c and mod.
  int64_t g = mod, h = c, s = 0, t = 1;
  while (h != 0) {
    const int64_t q = g / h;
    g -= q * h;
    std::swap(g, h);
    s -= q * t;
    std::swap(s, t);
  }
  if (r % g != 0) return false;
  const int64_t m = mod / g;
  const int128 v = static_cast<int128>(r / g) * floor_mod64(s, m);
  *x = {m, static_cast<int64_t>(v % m)};
  return true;
}

}  // namespace congrua::guard::search
