#include "guard/simplex.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace congrua::guard {

namespace {

bool fits(int128 v) {
  constexpr int128 kMax = std::numeric_limits<int64_t>::max();
  return v <= kMax && v >= -kMax;
}

int128 gcd128(int128 a, int128 b) {
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  while (b != 0) {
    if (fits(a) && fits(b)) {
      return std::gcd(static_cast<int64_t>(a), static_cast<int64_t>(b));
    }
    a %= b;
    std::swap(a, b);
  }
  return a;
}

}  // namespace

void Simplex::clear() {
  bounds_.clear();
  nonbasic_.clear();
  value_.clear();
  rows_.clear();
  certificate_.clear();
}

Simplex::Var Simplex::add_variable(int64_t lo, int64_t hi) {
  CONGRUA_DCHECK(rows_.empty(), "variables come before constraints");
  if (lo < -kMaxBound) lo = -kNone;
  if (hi > kMaxBound) hi = kNone;
  // A bound too far out on the wrong side is pulled in, which weakens it.
  lo = std::min(lo, kMaxBound);
  hi = std::max(hi, -kMaxBound);
  const auto v = static_cast<Var>(bounds_.size());
  bounds_.push_back({lo, hi});
  nonbasic_.push_back(v);
  value_.push_back(lo != -kNone ? lo : hi != kNone ? hi : 0);
  return v;
}

Simplex::Var Simplex::add_constraint(std::span<const std::pair<Var, int64_t>> terms,
                                     int64_t lo) {
  const auto v = static_cast<Var>(bounds_.size());
  bounds_.push_back({lo < -kMaxBound ? -kNone : std::min(lo, kMaxBound), kNone});
  Row r{v, 1, std::vector<int64_t>(nonbasic_.size(), 0)};
  for (const auto& [x, coef] : terms) r.coefs[x] = coef;
  rows_.push_back(std::move(r));
  return v;
}

int128 Simplex::numerator(const Row& r) const {
  int128 sum = 0;
  for (size_t j = 0; j < r.coefs.size(); ++j) {
    // |coef| < 2^63 and |value| <= 2^48: 2^16 columns fit.
    if (r.coefs[j] != 0) sum += static_cast<int128>(r.coefs[j]) * value_[j];
  }
  return sum;
}

Simplex::Result Simplex::check(int max_pivots) {
  for (const Bounds& b : bounds_) {
    if (b.lo > b.hi)
      return Result::kUnknown;  // of the caller's making: told where it is made
  }
  for (int n = 0; n < max_pivots; ++n) {
    // Bland's rule: the smallest basic variable that is out of its bounds.
    Row* out = nullptr;
    bool below = false;
    for (Row& r : rows_) {
      if (out != nullptr && r.basic > out->basic) continue;
      const Bounds& b = bounds_[r.basic];
      const int128 value = numerator(r);
      if (b.lo != -kNone && value < static_cast<int128>(b.lo) * r.denominator) {
        out = &r;
        below = true;
      } else if (b.hi != kNone && value > static_cast<int128>(b.hi) * r.denominator) {
        out = &r;
        below = false;
      }
    }
    if (out == nullptr) return Result::kFeasible;
    // The smallest nonbasic variable that can move it the right way.
    size_t column = out->coefs.size();
    for (size_t j = 0; j < out->coefs.size(); ++j) {
      const int64_t a = out->coefs[j];
      if (a == 0) continue;
      const Bounds& b = bounds_[nonbasic_[j]];
      const bool up = (a > 0) == below;
      const bool can =
          up ? b.hi == kNone || value_[j] < b.hi : b.lo == -kNone || value_[j] > b.lo;
      if (can && (column == out->coefs.size() || nonbasic_[j] < nonbasic_[column]))
        column = j;
    }
    if (column == out->coefs.size()) {
      // denominator * basic = sum, and every part is at the bound that helps most.
      certificate_.clear();
      certificate_.emplace_back(out->basic, below ? out->denominator : -out->denominator);
      for (size_t j = 0; j < out->coefs.size(); ++j) {
        if (out->coefs[j] != 0) {
          certificate_.emplace_back(nonbasic_[j], below ? -out->coefs[j] : out->coefs[j]);
        }
      }
      return Result::kInfeasible;
    }
    const int64_t target = below ? bounds_[out->basic].lo : bounds_[out->basic].hi;
    if (!pivot(static_cast<size_t>(out - rows_.data()), column)) return Result::kUnknown;
    value_[column] = target;
  }
  return Result::kUnknown;
}

std::optional<std::pair<Simplex::Var, int64_t>> Simplex::fractional(size_t count) const {
  std::optional<std::pair<Var, int64_t>> first;
  for (const Row& r : rows_) {
    if (r.basic >= count || r.denominator == 1 || (first && first->first < r.basic))
      continue;
    const int128 value = numerator(r);
    if (value % r.denominator == 0) continue;
    int128 below = value / r.denominator;
    if (value < 0) --below;
    if (!fits(below)) continue;
    first = {r.basic, static_cast<int64_t>(below)};
  }
  return first;
}

void Simplex::set_bounds(Var v, int64_t lo, int64_t hi) {
  bounds_[v] = {lo, hi};
  for (size_t j = 0; j < nonbasic_.size(); ++j) {
    if (nonbasic_[j] != v) continue;
    if (lo != -kNone && value_[j] < lo) value_[j] = lo;
    if (hi != kNone && value_[j] > hi) value_[j] = hi;
  }
}

// Swaps the basic variable of the row with the nonbasic one of the column.
bool Simplex::pivot(size_t row, size_t column) {
  Row& p = rows_[row];
  // d*b = a*x + rest becomes a*x = d*b - rest.
  const int64_t a = p.coefs[column];
  const int64_t d = p.denominator;
  const int64_t sign = a > 0 ? 1 : -1;
  for (int64_t& c : p.coefs) c = -c * sign;
  p.coefs[column] = d * sign;
  p.denominator = a * sign;
  std::swap(p.basic, nonbasic_[column]);
  for (size_t i = 0; i < rows_.size(); ++i) {
    Row& r = rows_[i];
    const int64_t k = r.coefs[column];
    if (i == row || k == 0) continue;
    // e*y = k*x + rest, x = (sum of p)/p.denominator.
    const int64_t g = std::gcd(k, p.denominator);
    const int64_t mine = p.denominator / g;
    const int64_t theirs = k / g;
    const int128 denominator = static_cast<int128>(r.denominator) * mine;
    int128 common = denominator;
    bool small = fits(denominator);
    // Twice over the row: for the common divisor, then to store.
    const auto entry = [&](size_t j) {
      const int128 own = j == column ? 0 : static_cast<int128>(r.coefs[j]) * mine;
      return own + static_cast<int128>(p.coefs[j]) * theirs;
    };
    for (size_t j = 0; j < r.coefs.size(); ++j) {
      const int128 v = entry(j);
      small &= fits(v);
      if (common != 1 && v != 0) common = gcd128(common, v);
    }
    if (!small && !fits(denominator / common)) return false;
    for (size_t j = 0; j < r.coefs.size(); ++j) {
      const int128 v = entry(j) / common;
      if (!fits(v)) return false;
      r.coefs[j] = static_cast<int64_t>(v);
    }
    r.denominator = static_cast<int64_t>(denominator / common);
  }
  return true;
}

}  // namespace congrua::guard
