#include "domain/domain.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "domain/wide.h"

namespace congrua {
namespace {

using internal::cap_modulus;
using internal::is_finite;
using internal::mod_floor;

constexpr int kFewSteps = 16;  // of the modulus, that join enumerates

// The value of h farthest from 0 is the least useful hole: sizes are small, and ends move
// from their side of 0. A fixed order makes repeated `without` settle instead of cycling.
bool drop_first(const int64_t* h, int n) { return -h[0] >= h[n - 1]; }

// mod and rem of the meet of two classes, unbounded in size; rem < 0: they do not meet.
struct WideClass {
  int128 mod, rem;
};

// Chinese remainders; 1 <= m1 <= kMaxModulus, 1 <= m2, residues reduced. x = r1 + m1 * t
// with m1 * t ≡ r2 - r1 (mod m2): divide by the gcd, multiply by the inverse. m1 * m2 <
// 2^95.
WideClass meet_classes(int64_t m1, int64_t r1, int64_t m2, int64_t r2) {
  const int64_t g = std::gcd(m1, m2);
  if ((r2 - r1) % g != 0) return {1, -1};
  const int64_t n2 = m2 / g;
  const int64_t inv = internal::inverse(mod_floor(m1 / g, n2), n2);
  const int64_t t = mod_floor(int128{mod_floor((r2 - r1) / g, n2)} * inv, n2);
  return {int128{m1} * n2, r1 + int128{m1} * t};
}

}  // namespace

Domain Domain::none() {
  Domain d;
  d.lo_ = kPosInf;
  d.hi_ = kNegInf;
  d.mod_ = 0;
  d.empty_ = true;
  return d;
}

// An infinity on the wrong side is a value beyond all finite ends: [kPosInf, kPosInf] is
// the interval above kMaxFinite, widened to one that has a finite end.
Domain Domain::interval_slow(int64_t lo, int64_t hi) {
  if (lo > hi) return none();
  if (lo == kPosInf) return Domain(kMaxFinite, kPosInf);
  if (hi == kNegInf) return Domain(kNegInf, kMinFinite);
  return point(lo);
}

Domain Domain::make(int64_t lo, int64_t hi, int64_t mod, int64_t rem) {
  Domain d = interval(lo, hi);
  return mod == 1 ? d : d.with_congruence(mod, rem);
}

bool Domain::in_class_and_no_hole(int64_t v) const {
  if (mod_ > 1 && mod_floor(v, mod_) != rem_) return false;
  return std::find(holes_.begin(), holes_.begin() + num_holes_, v) ==
         holes_.begin() + num_holes_;
}

Domain Domain::meet_ends(int64_t lo, int64_t hi) const {
  if (lo > hi || empty_) return none();
  if (mod_ == 0) return lo <= lo_ && lo_ <= hi ? *this : none();
  if (is_interval()) return interval(lo, hi);
  Domain d = *this;
  d.lo_ = std::min(lo, kMaxFinite);
  d.hi_ = std::max(hi, kMinFinite);
  d.reduce(holes_.data(), num_holes_);
  return d;
}

Domain Domain::with_congruence(int64_t mod, int64_t rem) const {
  if (empty_ || mod == 1) return *this;
  if (mod == 0) return contains(rem) ? point(rem) : none();
  rem = mod_floor(rem, mod);
  if (mod_ == 0) return mod_floor(lo_, mod) == rem ? *this : none();
  if (mod_ % mod == 0) return mod_floor(rem_, mod) == rem ? *this : none();
  const WideClass c =
      mod_ == 1 ? WideClass{mod, rem} : meet_classes(mod_, rem_, mod, rem);
  if (c.rem < 0) return none();
  Domain d = *this;
  d.mod_ = std::max({mod_, cap_modulus(mod), cap_modulus(c.mod)});
  d.rem_ = mod_floor(c.rem, d.mod_);
  if (c.mod > d.mod_) {  // the full class still bounds the ends
    if (is_finite(lo_)) {
      const int128 step = (c.rem - lo_) % c.mod;
      const int128 lo = lo_ + (step < 0 ? step + c.mod : step);
      if (lo > kMaxFinite && hi_ != kPosInf) return none();
      d.lo_ = internal::narrow_lo(lo);
    }
    if (is_finite(hi_)) {
      const int128 step = (hi_ - c.rem) % c.mod;
      const int128 hi = hi_ - (step < 0 ? step + c.mod : step);
      if (hi < kMinFinite && lo_ != kNegInf) return none();
      d.hi_ = internal::narrow_hi(hi);
    }
  }
  d.reduce(holes_.data(), num_holes_);
  return d;
}

Domain Domain::without(int64_t v) const {
  if (!contains(v) || !is_finite(v)) return *this;
  if (mod_ == 0) return none();
  std::array<int64_t, kMaxHoles + 1> h{};
  const auto begin = holes_.begin();
  const auto end = begin + num_holes_;
  const auto at = std::lower_bound(begin, end, v);
  auto out = std::copy(begin, at, h.begin());
  *out++ = v;
  std::copy(at, end, out);
  Domain d = *this;
  d.reduce(h.data(), num_holes_ + 1);
  return d;
}

Domain Domain::meet(const Domain& o) const {
  if (is_interval() && o.is_interval()) {
    return interval(std::max(lo_, o.lo_), std::min(hi_, o.hi_));
  }
  if (mod_ == 0) return !empty_ && o.contains(lo_) ? *this : none();
  if (o.mod_ == 0) return o.meet(*this);
  // The class first: meet_ends rounds to it.
  Domain d = o.mod_ == 1 ? *this : with_congruence(o.mod_, o.rem_);
  if (o.lo_ > d.lo_ || o.hi_ < d.hi_) {
    d = d.meet_ends(std::max(d.lo_, o.lo_), std::min(d.hi_, o.hi_));
  }
  if (d.mod_ == 0) return !d.empty_ && o.contains(d.lo_) ? d : none();
  if (o.num_holes_ == 0) return d;
  std::array<int64_t, size_t{2} * kMaxHoles> h{};
  const auto last =
      std::set_union(d.holes_.begin(), d.holes_.begin() + d.num_holes_, o.holes_.begin(),
                     o.holes_.begin() + o.num_holes_, h.begin());
  d.reduce(h.data(), static_cast<int>(last - h.begin()));
  return d;
}

Domain Domain::join(const Domain& o) const {
  if (empty_) return o;
  if (o.empty_) return *this;
  const bool overlap = lo_ <= o.hi_ && o.lo_ <= hi_;
  if (overlap && is_interval() && o.is_interval()) {
    return Domain(std::min(lo_, o.lo_), std::max(hi_, o.hi_));
  }
  const int128 apart = int128{rem_} - o.rem_;
  const int64_t g_mod = std::gcd(mod_, o.mod_);
  const uint64_t g = std::gcd(static_cast<uint64_t>(g_mod),
                              static_cast<uint64_t>(apart < 0 ? -apart : apart));
  if (g == 0) return *this;  // the same point
  Domain d(std::min(lo_, o.lo_), std::max(hi_, o.hi_));
  d.mod_ = cap_modulus(int128{g});
  d.rem_ = mod_floor(rem_, d.mod_);

  std::array<int64_t, size_t{3} * kMaxHoles> h{};
  int n = 0;
  const int128 width = int128{d.hi_} - d.lo_;
  if (is_finite(d.lo_) && is_finite(d.hi_) && width < int128{kFewSteps} * d.mod_) {
    for (int64_t step = 0; step <= width && n <= kMaxHoles; step += d.mod_) {
      const int64_t v = d.lo_ + step;
      if (!contains(v) && !o.contains(v)) h[static_cast<size_t>(n++)] = v;
    }
    if (n <= kMaxHoles) {
      d.set_holes(h.data(), n);
      return d;
    }
  }
  const auto copy_holes = [](const Domain& from, auto to) {
    return std::copy(from.holes_.begin(), from.holes_.begin() + from.num_holes_, to);
  };
  if (num_holes_ + o.num_holes_ == 0 && overlap) return d;
  if (overlap) {
    auto last =
        std::set_union(holes_.begin(), holes_.begin() + num_holes_, o.holes_.begin(),
                       o.holes_.begin() + o.num_holes_, h.begin());
    last = std::remove_if(h.begin(), last,
                          [&](int64_t v) { return contains(v) || o.contains(v); });
    n = static_cast<int>(last - h.begin());
  } else {
    const Domain& below = hi_ < o.lo_ ? *this : o;
    const Domain& above = hi_ < o.lo_ ? o : *this;
    n = static_cast<int>(copy_holes(below, h.begin()) - h.begin());
    // A gap counts only if it can be excluded as a whole: a part of it would move no end.
    const int128 first = int128{below.hi_} + d.mod_;
    if (above.lo_ - first <= int128{d.mod_} * kMaxHoles) {
      for (int128 v = first; v < above.lo_; v += d.mod_) {
        h[static_cast<size_t>(n++)] = static_cast<int64_t>(v);
      }
    }
    n = static_cast<int>(copy_holes(above, h.begin() + n) - h.begin());
  }
  d.set_holes(h.data(), n);
  return d;
}

bool Domain::subset_of(const Domain& o) const {
  if (empty_) return true;
  if (o.lo_ > lo_ || o.hi_ < hi_) return false;  // o empty: always
  if (o.is_interval()) return true;
  if (mod_ == 0) return o.contains(lo_);
  if (o.mod_ == 0 || mod_ % o.mod_ != 0 || mod_floor(rem_, o.mod_) != o.rem_) {
    return false;
  }
  return std::none_of(o.holes_.begin(), o.holes_.begin() + o.num_holes_,
                      [this](int64_t h) { return contains(h); });
}

std::string Domain::to_string() const {
  if (empty_) return "{}";
  if (mod_ == 0) return fmt::format("{{{}}}", lo_);
  std::string s = lo_ == kNegInf ? "[-inf, " : fmt::format("[{}, ", lo_);
  s += hi_ == kPosInf ? "inf]" : fmt::format("{}]", hi_);
  if (mod_ != 1) s += fmt::format(" mod {} = {}", mod_, rem_);
  for (int i = 0; i < num_holes_; ++i) {
    s += fmt::format("{}{}", i == 0 ? " except " : ", ", hole(i));
  }
  return s;
}

// Moves a finite lower end up to the class (G1: x >= l gives x >= l + (r - l) mod m).
// Where the next member passes kMaxFinite and hi is infinite, the last member that fits
// is taken.
bool Domain::round_lo() {
  if (mod_ == 1 || !is_finite(lo_)) return lo_ <= hi_;
  const int64_t below = mod_floor(lo_, mod_) - rem_;
  if (below == 0) return lo_ <= hi_;
  const int64_t step = below > 0 ? mod_ - below : -below;
  if (lo_ > kMaxFinite - step) {
    lo_ -= mod_ - step;
    return hi_ == kPosInf;
  }
  lo_ += step;
  return lo_ <= hi_;
}

bool Domain::round_hi() {
  if (mod_ == 1 || !is_finite(hi_)) return lo_ <= hi_;
  const int64_t above = mod_floor(hi_, mod_) - rem_;
  if (above == 0) return lo_ <= hi_;
  const int64_t step = above < 0 ? mod_ + above : above;
  if (hi_ < kMinFinite + step) {
    hi_ += mod_ - step;
    return lo_ == kNegInf;
  }
  hi_ -= step;
  return lo_ <= hi_;
}

void Domain::reduce(const int64_t* holes, int num_holes) {
  if (!round_lo() || !round_hi()) {
    *this = none();
    return;
  }
  std::array<int64_t, size_t{2} * kMaxHoles> h{};
  int n = 0;
  for (int i = 0; i < num_holes; ++i) {
    const int64_t v = holes[i];
    if (v < lo_ || v > hi_ || (mod_ > 1 && mod_floor(v, mod_) != rem_)) continue;
    h[static_cast<size_t>(n++)] = v;
  }
  int first = 0;
  for (; first < n && h[static_cast<size_t>(first)] == lo_; ++first) {
    if (lo_ > kMaxFinite - mod_) {  // no member above fits: lo stays, a sound bound
      if (hi_ == kPosInf) continue;
      *this = none();
      return;
    }
    lo_ += mod_;
  }
  for (; first < n && h[static_cast<size_t>(n - 1)] == hi_; --n) {
    if (hi_ < kMinFinite + mod_) {
      if (lo_ == kNegInf) continue;
      *this = none();
      return;
    }
    hi_ -= mod_;
  }
  if (lo_ > hi_) {
    *this = none();
    return;
  }
  if (lo_ == hi_) {
    *this = point(lo_);
    return;
  }
  n -= first;
  if (n > 0) strengthen(h.data() + first, &n);
  set_holes(h.data() + first, n);
}

// {0, 4} is written as 0..4 without 1, 2, 3, or as 0 mod 4: the latter is canonical. With
// every g-th of the steps left, g >= 2, at least half of them are holes.
void Domain::strengthen(int64_t* holes, int* num_holes) {
  if (!is_finite(lo_) || !is_finite(hi_)) return;
  const int128 steps = (int128{hi_} - lo_) / mod_;
  if (steps > int128{2} * *num_holes) return;
  int64_t g = 0;
  int next = 0;
  for (int64_t i = 0; i <= static_cast<int64_t>(steps); ++i) {
    if (next < *num_holes && holes[next] == lo_ + i * mod_) {
      ++next;
    } else {
      g = std::gcd(g, i);
    }
  }
  if (g <= 1 || g > kMaxModulus / mod_) return;
  mod_ *= g;
  rem_ = mod_floor(lo_, mod_);
  *num_holes = static_cast<int>(
      std::remove_if(holes, holes + *num_holes,
                     [this](int64_t v) { return mod_floor(v, mod_) != rem_; }) -
      holes);
}

void Domain::set_holes(const int64_t* holes, int num_holes) {
  while (num_holes > kMaxHoles) {
    if (drop_first(holes, num_holes)) ++holes;
    --num_holes;
  }
  holes_.fill(0);
  std::copy(holes, holes + num_holes, holes_.begin());
  num_holes_ = static_cast<uint8_t>(num_holes);
}

}  // namespace congrua
