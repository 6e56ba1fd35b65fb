// Propagation of products, quotients and remainders.
#include "guard/search_engine.h"

namespace congrua::guard::search {

bool Engine::run_product(CellId c) {
  const Cell& x = program_.cell(c);
  const CellId* const a = program_.args(c).data();
  const int64_t* const exponent = program_.weights(c).data();
  powers_.resize(x.n);
  prefix_.resize(x.n + 1);
  prefix_[0] = {1, 1};
  uint32_t open = 0, maybe_zero = 0, zero_at = 0;
  bool classes = false;
  for (uint32_t i = 0; i < x.n; ++i) {
    const Dom& d = doms_[a[i]];
    powers_[i] = pow_itv({d.lo, d.hi}, static_cast<uint32_t>(exponent[i]));
    prefix_[i + 1] = mul_itv(prefix_[i], powers_[i]);
    const bool fixed = d.fixed();
    open += !fixed;
    classes |= fixed ? magnitude(d.lo) > 1 : d.mod > 1;
    if (!d.excludes_zero()) {
      ++maybe_zero;
      zero_at = i;
    }
  }
  const Itv all = prefix_[x.n];
  if (!set_range(c, all)) return false;
  if (maybe_zero == 0) {
    if (!set_nonzero(c)) return false;
  } else if (doms_[c].excludes_zero()) {
    for (uint32_t i = 0; i < x.n; ++i) {
      if (!set_nonzero(a[i])) return false;
    }
  } else if (maybe_zero == 1 && doms_[c].fixed() && doms_[c].lo == 0) {
    return set_point(a[zero_at], 0);
  }
  const Itv r = range(c);
  if (open > 0 && (r.lo != all.lo || r.hi != all.hi)) {
    Itv suffix{1, 1};
    for (uint32_t i = x.n; i-- > 0;) {
      if (!doms_[a[i]].fixed()) {
        const Itv power = quotient_itv(r, mul_itv(prefix_[i], suffix));
        const Itv root =
            root_itv(power, static_cast<uint32_t>(exponent[i]), doms_[a[i]].lo);
        if (root.empty() || !set_range(a[i], root)) return false;
      }
      suffix = mul_itv(suffix, powers_[i]);
    }
    if (doms_[c].fixed() && doms_[c].lo != 0 && !product_divisors(c)) return false;
  }
  if (open > 0 && (classes || doms_[c].mod > 1)) return product_congruences(c);
  return true;
}

// The product is a known number: what is left of it after the fixed factors is divisible
// by each of the others.
bool Engine::product_divisors(CellId c) {
  const Cell& x = program_.cell(c);
  const auto a = program_.args(c);
  const auto exponent = program_.weights(c);
  int64_t left = doms_[c].lo;
  for (uint32_t i = 0; i < x.n; ++i) {
    const Dom& d = doms_[a[i]];
    if (!d.fixed() || d.lo == 1) continue;
    if (d.lo == 0) return false;
    if (d.lo == -1) continue;  // divides all
    for (int64_t k = 0; k < exponent[i]; ++k) {
      if (left % d.lo != 0) return false;
      left /= d.lo;
    }
  }
  for (uint32_t i = 0; i < x.n; ++i) {
    const Dom& d = doms_[a[i]];
    if (d.fixed() || d.lo < 1) continue;
    const int64_t lo = divisor_up(left, d.lo, d.hi);
    if (lo > d.hi || !set_lo(a[i], lo)) return false;
    const int64_t hi = divisor_down(left, d.lo, d.hi);
    if (hi < d.lo || !set_hi(a[i], hi)) return false;
  }
  return true;
}

bool Engine::product_congruences(CellId c) {
  const Cell& x = program_.cell(c);
  const auto a = program_.args(c);
  const auto exponent = program_.weights(c);
  Cong all{0, 1}, fixed{0, 1};
  uint32_t open = 0, open_at = 0;
  for (uint32_t i = 0; i < x.n; ++i) {
    const Cong one = cong_of(doms_[a[i]]);
    if (one.mod != 0) {
      ++open;
      open_at = i;
    }
    // Of a high power only the first factors say anything new.
    for (int64_t k = 0; k < exponent[i] && !(all.mod == 1); ++k) all = cong_mul(all, one);
    if (one.mod == 0) {
      for (int64_t k = 0; k < exponent[i] && fixed.mod == 0; ++k)
        fixed = cong_mul(fixed, one);
    }
  }
  if (all.mod > 1 && !set_congruence(c, all)) return false;
  const Dom& r = doms_[c];
  if (open != 1 || exponent[open_at] != 1 || fixed.mod != 0 || r.mod == 1 || r.fixed()) {
    return true;
  }
  Cong wanted{};
  return solve_congruence(fixed.rem, r.rem, r.mod, &wanted) &&
         set_congruence(a[open_at], wanted);
}

bool Engine::run_div(CellId c) {
  const CellId dividend = program_.args(c)[0], divisor = program_.args(c)[1];
  Itv a = range(dividend), b = range(divisor), d = range(c);
  if (b.lo >= 1) {
    narrow_floor_div(a, b, d);
  } else if (b.hi <= -1) {
    Itv na = a.negated(), nb = b.negated();
    narrow_floor_div(na, nb, d);
    a = na.negated();
    b = nb.negated();
  } else if (a.lo > -kInf && a.hi < kInf) {
    // |floor(a / b)| <= max(|a|, 1) for |b| >= 1.
    const int64_t m = std::max({-a.lo, a.hi, int64_t{1}});
    d = {std::max(d.lo, -m), std::min(d.hi, m)};
  }
  if (a.empty() || b.empty() || d.empty()) return false;
  if (!set_range(c, d) || !set_range(dividend, a) || !set_range(divisor, b)) return false;
  const Dom& p = doms_[dividend];
  const Dom& q = doms_[divisor];
  if (q.fixed() && q.lo > 0 && !p.fixed() && p.mod > 1 && p.mod % q.lo == 0) {
    const int64_t m = p.mod / q.lo;
    return set_congruence(c, {m, p.rem / q.lo % m});
  }
  return true;
}

// m = a - b * d with d = floor(a / b).
bool Engine::run_mod(CellId m) {
  const CellId a = program_.args(m)[0], b = program_.args(m)[1], d = program_.args(m)[2];
  const Dom& divisor = doms_[b];
  if (divisor.lo >= 1) {
    if (!set_lo(m, 0)) return false;
    if (divisor.hi < kInf && !set_hi(m, divisor.hi - 1)) return false;
    if (doms_[a].lo >= 0 && !set_hi(m, doms_[a].hi)) return false;
    if (!set_lo(b, doms_[m].lo + 1)) return false;
  } else if (divisor.hi <= -1) {
    if (!set_hi(m, 0)) return false;
    if (divisor.lo > -kInf && !set_lo(m, divisor.lo + 1)) return false;
    if (!set_hi(b, doms_[m].hi - 1)) return false;
  } else if (divisor.lo > -kInf && divisor.hi < kInf) {
    const int64_t top = std::max(-divisor.lo, divisor.hi) - 1;
    if (!set_range(m, {-top, top})) return false;
  }
  // b * d = a - m, in all directions.
  const auto minus = [](Itv x, Itv y) {
    return Itv{x.lo <= -kInf || y.hi >= kInf ? -kInf : clamp128(int128{x.lo} - y.hi),
               x.hi >= kInf || y.lo <= -kInf ? kInf : clamp128(int128{x.hi} - y.lo)};
  };
  Itv whole = mul_itv(range(b), range(d));
  const Itv difference = minus(range(a), range(m));
  whole = {std::max(whole.lo, difference.lo), std::min(whole.hi, difference.hi)};
  if (whole.empty()) return false;
  if (!set_range(a, minus(whole, range(m).negated()))) return false;
  if (!set_range(m, minus(range(a), whole))) return false;
  const Itv for_b = quotient_itv(whole, range(d));
  if (for_b.empty() || !set_range(b, for_b)) return false;
  const Itv for_d = quotient_itv(whole, range(b));
  if (for_d.empty() || !set_range(d, for_d)) return false;
  if (doms_[a].fixed() && doms_[m].fixed() && !doms_[b].fixed() && doms_[b].lo >= 1) {
    const int64_t product = doms_[a].lo - doms_[m].lo;
    if (product != 0) {
      const int64_t lo = divisor_up(product, doms_[b].lo, doms_[b].hi);
      if (lo > doms_[b].hi || !set_lo(b, lo)) return false;
      const int64_t hi = divisor_down(product, doms_[b].lo, doms_[b].hi);
      if (hi < doms_[b].lo || !set_hi(b, hi)) return false;
    }
  }
  if (!doms_[b].fixed()) return true;
  const auto modulus = static_cast<int64_t>(magnitude(doms_[b].lo));
  if (modulus <= 1 || modulus > kMaxModulus) return true;
  // a ≡ m (mod b), for whatever is known of either modulo a divisor of b.
  for (const auto& [from, to] : {std::pair{a, m}, std::pair{m, a}}) {
    const Cong x = cong_of(doms_[from]);
    const auto g = x.mod == 0
                       ? modulus
                       : static_cast<int64_t>(gcd64(static_cast<uint64_t>(x.mod),
                                                    static_cast<uint64_t>(modulus)));
    if (g > 1 && !set_congruence(to, {g, floor_mod64(x.rem, g)})) return false;
  }
  return true;
}

}  // namespace congrua::guard::search
