#include "guard/farkas.h"

#include <algorithm>

namespace congrua::guard {

namespace {
constexpr unsigned kMaxBits = 1024;  // of a denominator
}

Farkas::Result Farkas::solve(std::span<const Row> rows, size_t variables, int max_pivots,
                             Budget& budget) {
  bounds_.assign(variables, {});
  nonbasic_.clear();
  value_.assign(variables, Int());
  basics_.clear();
  multipliers_.clear();
  variables_ = variables;
  for (uint32_t v = 0; v < variables; ++v) nonbasic_.push_back(v);
  const auto raise = [](std::optional<Bound>& b, Bound with, bool lower) {
    if (!b || (lower ? with.value > b->value : with.value < b->value)) b = with;
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& r = rows[i];
    if (r.terms.size() == 1 && abs(r.terms[0].second).is_one()) {
      const auto& [v, c] = r.terms[0];
      const Int at = -r.constant * c;
      if (c.sign() > 0 || r.equality) raise(bounds_[v].lo, {at, i, c}, true);
      if (c.sign() < 0 || r.equality) raise(bounds_[v].hi, {at, i, -c}, false);
      continue;
    }
    Basic b{static_cast<uint32_t>(bounds_.size()), Int(1), {}};
    b.coefs.resize(variables);
    for (const auto& [v, c] : r.terms) b.coefs[v] = c;
    basics_.push_back(std::move(b));
    Bounds of_row;
    of_row.lo = Bound{-r.constant, i, Int(1)};
    if (r.equality) of_row.hi = Bound{-r.constant, i, Int(-1)};
    bounds_.push_back(std::move(of_row));
  }
  for (uint32_t v = 0; v < variables; ++v) {
    const Bounds& b = bounds_[v];
    if (b.lo && b.hi && b.lo->value > b.hi->value) {
      use(v, Int(1));
      use(v, Int(-1));
      return Result::kInfeasible;
    }
    value_[v] = b.lo ? b.lo->value : b.hi ? b.hi->value : Int();
  }
  const auto cost = static_cast<int64_t>(basics_.size() * variables / 8 + 1);
  for (int n = 0; n < max_pivots; ++n) {
    if (!budget.charge(cost)) return Result::kUnknown;
    // Bland's rule: the smallest basic variable that is out of its bounds.
    Basic* out = nullptr;
    bool below = false;
    for (Basic& b : basics_) {
      if (out != nullptr && b.var > out->var) continue;
      const Bounds& limits = bounds_[b.var];
      if (!limits.lo && !limits.hi) continue;
      const Int value = numerator(b);
      if (limits.lo && value < limits.lo->value * b.denominator) {
        out = &b;
        below = true;
      } else if (limits.hi && value > limits.hi->value * b.denominator) {
        out = &b;
        below = false;
      }
    }
    if (out == nullptr) return Result::kFeasible;
    size_t column = variables;
    for (size_t j = 0; j < variables; ++j) {
      const int sign = out->coefs[j].sign();
      if (sign == 0) continue;
      const Bounds& b = bounds_[nonbasic_[j]];
      const bool can = (sign > 0) == below ? !b.hi || value_[j] < b.hi->value
                                           : !b.lo || value_[j] > b.lo->value;
      if (can && (column == variables || nonbasic_[j] < nonbasic_[column])) column = j;
    }
    if (column == variables) {
      // denominator * basic = sum, and every part is at the bound that helps most.
      use(out->var, below ? out->denominator : -out->denominator);
      for (size_t j = 0; j < variables; ++j) {
        if (out->coefs[j].is_zero()) continue;
        use(nonbasic_[j], below ? -out->coefs[j] : out->coefs[j]);
      }
      return Result::kInfeasible;
    }
    const Int target = below ? bounds_[out->var].lo->value : bounds_[out->var].hi->value;
    pivot(static_cast<size_t>(out - basics_.data()), column);
    // Long integers cost more, and soon too much: each pivot divides by common factors,
    // which takes the square of the length.
    unsigned bits = 0;
    for (const Basic& b : basics_) bits = std::max(bits, b.denominator.bit_length());
    const int64_t words = bits / 64;
    if (bits > kMaxBits || !budget.charge(cost * words * words * 4)) {
      return Result::kUnknown;
    }
    value_[column] = target;
  }
  return Result::kUnknown;
}

// Of a lower bound (positive) or an upper one (negative), by the row that gives it.
void Farkas::use(uint32_t var, const Int& multiplier) {
  const Bound& b = multiplier.sign() > 0 ? *bounds_[var].lo : *bounds_[var].hi;
  const Int m = abs(multiplier) * b.factor;
  for (auto& [row, sum] : multipliers_) {
    if (row == b.row) {
      sum += m;
      return;
    }
  }
  multipliers_.emplace_back(b.row, m);
}

Int Farkas::numerator(const Basic& b) const {
  Int sum;
  for (size_t j = 0; j < b.coefs.size(); ++j) {
    if (!b.coefs[j].is_zero() && !value_[j].is_zero()) sum += b.coefs[j] * value_[j];
  }
  return sum;
}

std::optional<std::pair<uint32_t, Int>> Farkas::fractional() const {
  std::optional<std::pair<uint32_t, Int>> first;
  for (const Basic& b : basics_) {
    if (b.var >= variables_ || (first && first->first < b.var)) continue;
    const Int value = numerator(b);
    if (congrua::floor_mod(value, b.denominator).is_zero()) continue;
    first = {b.var, congrua::floor_div(value, b.denominator)};
  }
  return first;
}

// Swaps the basic variable of the row with the nonbasic one of the column.
void Farkas::pivot(size_t row, size_t column) {
  Basic& p = basics_[row];
  // d*b = a*x + rest becomes a*x = d*b - rest.
  const Int a = p.coefs[column];
  const Int d = p.denominator;
  const bool flip = a.sign() > 0;
  for (Int& c : p.coefs) {
    if (flip && !c.is_zero()) c = -c;
  }
  p.coefs[column] = flip ? d : -d;
  p.denominator = abs(a);
  std::swap(p.var, nonbasic_[column]);
  for (size_t i = 0; i < basics_.size(); ++i) {
    Basic& r = basics_[i];
    if (i == row || r.coefs[column].is_zero()) continue;
    // e*y = k*x + rest, x = (sum of p)/p.denominator.
    const Int k = r.coefs[column];
    r.coefs[column] = Int();
    const Int g = gcd(k, p.denominator);
    const Int mine = congrua::floor_div(p.denominator, g);
    const Int theirs = congrua::floor_div(k, g);
    r.denominator *= mine;
    Int common = r.denominator;
    for (size_t j = 0; j < r.coefs.size(); ++j) {
      Int& c = r.coefs[j];
      if (!mine.is_one() && !c.is_zero()) c *= mine;
      if (!p.coefs[j].is_zero()) c += p.coefs[j] * theirs;
      if (!common.is_one() && !c.is_zero()) common = gcd(common, c);
    }
    if (common.is_one()) continue;
    for (Int& c : r.coefs) {
      if (!c.is_zero()) c = congrua::floor_div(c, common);
    }
    r.denominator = congrua::floor_div(r.denominator, common);
  }
}

}  // namespace congrua::guard
