// Propagation of sums: bounds consistency in both directions, and congruences.
#include <array>

#include "guard/search_engine.h"

namespace congrua::guard::search {

namespace {

// Congruences are propagated among at most this many terms that are not fixed.
constexpr size_t kMaxClasses = 12;

int64_t floor_quotient(int128 t, int64_t w, bool* rounded) {
  if (w == 1) return clamp128(t);
  if (w == -1) return clamp128(-t);
  int128 q, r;
  if (t >= INT64_MIN / 2 && t <= INT64_MAX / 2) {
    const auto small = static_cast<int64_t>(t);
    q = small / w;
    r = small % w;
  } else {
    q = t / w;
    r = t % w;
  }
  if (r != 0) {
    *rounded = true;
    if ((r < 0) != (w < 0)) --q;
  }
  return clamp128(q);
}
int64_t ceil_quotient(int128 t, int64_t w, bool* rounded) {
  bool inexact = false;
  const int64_t q = floor_quotient(t, w, &inexact);
  *rounded |= inexact;
  return inexact && q > -kInf && q < kInf ? q + 1 : q;
}

}  // namespace

bool Engine::run_sum(CellId c) {
  const Cell& x = program_.cell(c);
  if (x.opaque) return true;
  const CellId* const a = program_.args(c).data();
  const int64_t* const weight = program_.weights(c).data();
  // Least and greatest value of the sum over the terms whose end is known; the number of
  // those whose end is not, and the last of them.
  int128 least = x.constant, most = x.constant, fixed_part = x.constant;
  uint32_t below = 0, above = 0, open = 0;
  uint32_t last_below = 0, last_above = 0, last_open = 0;
  int classes = 0;  // terms that no congruence is known of
  for (uint32_t i = 0; i < x.n; ++i) {
    const Dom& d = doms_[a[i]];
    const int64_t w = weight[i];
    if (d.fixed()) {
      const int128 v = static_cast<int128>(w) * d.lo;
      least += v;
      most += v;
      fixed_part += v;
      continue;
    }
    ++open;
    last_open = i;
    classes += d.mod == 1 && (w == 1 || w == -1);
    const int64_t small = w > 0 ? d.lo : d.hi, great = w > 0 ? d.hi : d.lo;
    if (small == (w > 0 ? -kInf : kInf)) {
      ++below;
      last_below = i;
    } else {
      least += static_cast<int128>(w) * small;
    }
    if (great == (w > 0 ? kInf : -kInf)) {
      ++above;
      last_above = i;
    } else {
      most += static_cast<int128>(w) * great;
    }
  }
  if (below == 0 && !set_lo(c, clamp128(least))) return false;
  if (above == 0 && !set_hi(c, clamp128(most))) return false;
  if (open == 0) return true;
  const int64_t lo = doms_[c].lo, hi = doms_[c].hi;
  // hi - (least of the others) bounds each term from above.
  if (hi < kInf && below <= 1) {
    const int128 slack = hi - least;
    for (uint32_t i = below == 1 ? last_below : 0; i < x.n; ++i) {
      const Dom& d = doms_[a[i]];
      if (!d.fixed()) {
        const int64_t w = weight[i];
        const int128 t =
            below == 1 ? slack : slack + static_cast<int128>(w) * (w > 0 ? d.lo : d.hi);
        if (w > 0 ? !set_hi(a[i], floor_quotient(t, w, &rounded_))
                  : !set_lo(a[i], ceil_quotient(t, w, &rounded_))) {
          return false;
        }
      }
      if (below == 1) break;
    }
  }
  if (lo > -kInf && above <= 1) {
    const int128 slack = lo - most;
    for (uint32_t i = above == 1 ? last_above : 0; i < x.n; ++i) {
      const Dom& d = doms_[a[i]];
      if (!d.fixed()) {
        const int64_t w = weight[i];
        const int128 t =
            above == 1 ? slack : slack + static_cast<int128>(w) * (w > 0 ? d.hi : d.lo);
        if (w > 0 ? !set_lo(a[i], ceil_quotient(t, w, &rounded_))
                  : !set_hi(a[i], floor_quotient(t, w, &rounded_))) {
          return false;
        }
      }
      if (above == 1) break;
    }
  }
  const Dom& d = doms_[c];
  if (open == 1 && d.nonzero && d.lo <= 0 && d.hi >= 0) {
    const int64_t w = weight[last_open];
    if (fixed_part % w == 0 && !remove_end(a[last_open], clamp128(-fixed_part / w)))
      return false;
  }
  if (d.mod == 1 && !d.fixed()) ++classes;
  if (classes >= 2 || open > kMaxClasses) return true;
  return sum_congruences(c);
}

// v is no value of c: where it is an end, the end moves.
bool Engine::remove_end(CellId c, int64_t v) {
  if (v <= -kInf || v >= kInf) return true;
  if (doms_[c].lo == v && !set_lo(c, v + 1)) return false;
  return doms_[c].hi != v || set_hi(c, v - 1);
}

// result - sum of weight * term = constant: the class of each element, where the classes
// of all others are known modulo g > 1.
bool Engine::sum_congruences(CellId c) {
  const Cell& x = program_.cell(c);
  struct Element {
    CellId cell;
    int64_t coef;
    uint64_t stride;
  };
  std::array<Element, kMaxClasses + 1> elements;
  size_t n = 0;
  int128 fixed_part = x.constant;
  const auto add = [&](CellId cell, int64_t coef) {
    const Dom& d = doms_[cell];
    if (d.fixed()) {
      fixed_part += static_cast<int128>(coef) * d.lo;
      return;
    }
    const uint64_t m = magnitude(coef);
    // Any divisor of coef * mod is a stride: the coefficient alone where 64 bits do not
    // do.
    uint64_t stride;
    if (__builtin_mul_overflow(m, uint64_t{d.mod}, &stride)) stride = m;
    elements[n++] = {cell, coef, stride};
  };
  for (uint32_t i = 0; i < x.n; ++i) add(program_.args(c)[i], program_.weights(c)[i]);
  add(c, -1);
  for (size_t i = 0; i < n; ++i) {
    uint64_t g = 0;
    for (size_t j = 0; j < n && g != 1; ++j) {
      if (j != i) g = gcd64(elements[j].stride, g);
    }
    if (g <= 1 || g > static_cast<uint64_t>(kMaxModulus)) continue;
    const auto m = static_cast<int64_t>(g);
    int128 rest = fixed_part;
    for (size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      rest += static_cast<int128>(floor_mod64(elements[j].coef, m)) *
              doms_[elements[j].cell].rem;
    }
    Cong wanted{};
    if (!solve_congruence(elements[i].coef, static_cast<int64_t>(-rest % m), m,
                          &wanted) ||
        !set_congruence(elements[i].cell, wanted)) {
      return false;
    }
  }
  return true;
}

}  // namespace congrua::guard::search
