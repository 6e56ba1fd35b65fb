// Feasibility of linear constraints over the rationals, exactly.
//
// The general simplex of Dutertre & de Moura, "A fast linear-arithmetic solver for
// DPLL(T)" (CAV 2006), with Bland's rule. All bounds are integers, so the values of
// nonbasic variables are too; a row keeps integer coefficients and one positive
// denominator, and no fraction is ever stored. What does not fit 64 bits ends the attempt
// as kUnknown.
#ifndef CONGRUA_GUARD_SIMPLEX_H_
#define CONGRUA_GUARD_SIMPLEX_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/int.h"

namespace congrua::guard {

class Simplex {
 public:
  using Var = uint32_t;
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();  // no bound
  // Bounds beyond this are taken for none: a weaker problem.
  static constexpr int64_t kMaxBound = int64_t{1} << 48;

  void clear();
  // lo and hi are inclusive; kNone and -kNone: unbounded. Variables come before
  // constraints, and constraints before the first check.
  Var add_variable(int64_t lo, int64_t hi);
  // sum of coefficient * variable >= lo; variables distinct, coefficients not 0. The row
  // becomes a variable of its own.
  Var add_constraint(std::span<const std::pair<Var, int64_t>> terms, int64_t lo);

  enum class Result { kFeasible, kInfeasible, kUnknown };
  Result check(int max_pivots);

  // After kFeasible: the first variable before `count` whose value is no integer, and its
  // value rounded down; nullopt where all are integers.
  std::optional<std::pair<Var, int64_t>> fractional(size_t count) const;
  // Tightens a bound; another check goes on from where the last one was.
  void set_bounds(Var v, int64_t lo, int64_t hi);
  std::pair<int64_t, int64_t> bounds(Var v) const {
    return {bounds_[v].lo, bounds_[v].hi};
  }

  // After kInfeasible: multipliers of lower (positive) and upper (negative) bounds of
  // variables and rows whose combination is 0 >= a positive number (Farkas 1902).
  std::span<const std::pair<Var, int64_t>> certificate() const { return certificate_; }
  size_t num_rows() const { return rows_.size(); }
  size_t num_variables() const { return bounds_.size(); }

 private:
  struct Bounds {
    int64_t lo, hi;
  };
  // denominator * basic = sum of coefs[j] * nonbasic_[j]
  struct Row {
    Var basic;
    int64_t denominator;
    std::vector<int64_t> coefs;
  };
  bool pivot(size_t row, size_t column);
  int128 numerator(const Row& r) const;

  std::vector<Bounds> bounds_;
  std::vector<Var> nonbasic_;
  std::vector<int64_t> value_;  // of nonbasic variables, by column
  std::vector<Row> rows_;
  std::vector<std::pair<Var, int64_t>> certificate_;
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_SIMPLEX_H_
