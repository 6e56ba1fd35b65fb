// Linear feasibility over the rationals with integers of any size, and Farkas
// multipliers.
//
// The method of guard/simplex.h, which is the fast one and gives up beyond 64 bits. This
// one serves proofs: off the hot path, and sizes near 2^62 are ordinary there.
#ifndef CONGRUA_GUARD_FARKAS_H_
#define CONGRUA_GUARD_FARKAS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/int.h"

namespace congrua::guard {

class Farkas {
 public:
  struct Row {  // sum + constant >= 0, or = 0
    std::vector<std::pair<uint32_t, Int>> terms;
    Int constant;
    bool equality;
  };
  enum class Result : uint8_t { kFeasible, kInfeasible, kUnknown };

  Result solve(std::span<const Row> rows, size_t variables, int max_pivots,
               Budget& budget);

  // After kInfeasible: the combination of rows that is a negative constant; multipliers
  // of inequalities are positive.
  const std::vector<std::pair<size_t, Int>>& multipliers() const { return multipliers_; }
  // After kFeasible: a variable whose value is no integer, and its value rounded down.
  std::optional<std::pair<uint32_t, Int>> fractional() const;

 private:
  struct Bound {
    Int value;
    size_t row;
    Int factor;  // of the row, in a combination: its sign
  };
  struct Bounds {
    std::optional<Bound> lo, hi;
  };
  // denominator * basic = sum of coefs[j] * nonbasic_[j]
  struct Basic {
    uint32_t var;
    Int denominator;
    std::vector<Int> coefs;
  };
  Int numerator(const Basic& b) const;
  void pivot(size_t row, size_t column);
  void use(uint32_t var, const Int& multiplier);

  std::vector<Bounds> bounds_;
  std::vector<uint32_t> nonbasic_;
  std::vector<Int> value_;
  std::vector<Basic> basics_;
  size_t variables_ = 0;
  std::vector<std::pair<size_t, Int>> multipliers_;
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_FARKAS_H_
