// Random programs over sizes: terms and conditions over symbols, and what to ask of them.
#ifndef CONGRUA_TESTS_SHAPE_RANDOM_PROGRAMS_H_
#define CONGRUA_TESTS_SHAPE_RANDOM_PROGRAMS_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/float64.h"
#include "congrua/shape.h"

namespace congrua::shape {

class RandomTerms {
 public:
  RandomTerms(ExprPool& pool, uint64_t seed) : pool_(pool), random_(seed) {}

  uint64_t below(uint64_t n) { return random_() % n; }
  uint64_t any() { return random_(); }
  Expr constant(int64_t v) { return pool_.constant(v); }

  Expr real(int depth) {
    if (depth <= 0 || below(3) == 0) {
      if (floats.empty() || below(3) == 0) {
        return below(3) == 0
                   ? to_float(term(depth - 1))
                   : float_constant(pool_, static_cast<double>(small()) / 4 + 0.05);
      }
      return floats[below(floats.size())];
    }
    const Expr a = real(depth - 1), b = real(depth - 1);
    switch (below(6)) {
      case 0:
        return float_add(a, b);
      case 1:
        return float_sub(a, b);
      case 2:
        return float_div(a, b);
      case 3:
        return float_neg(a);
      default:
        return float_mul(a, b);
    }
  }

  Expr term(int depth) {
    if (depth <= 0 || below(5) == 0) {
      return below(4) == 0 ? constant(small()) : ints[below(ints.size())];
    }
    const Expr a = term(depth - 1);
    switch (below(13)) {
      case 0:
        return a + term(depth - 1);
      case 1:
        return a - 3 * term(depth - 1);
      case 2:
        return a * term(depth - 1);
      case 3:
        return floor_div(a, static_cast<int64_t>(below(7)) + 2);
      case 4:
        return floor_mod(a, static_cast<int64_t>(below(7)) + 2);
      case 5:
        return floor_div(a, term(depth - 1));
      case 6:
        return floor_mod(a, term(depth - 1));
      case 7:
        return max(a, term(depth - 1));
      case 8:
        return min(a, term(depth - 1));
      case 9:
        return select(condition(depth - 2), a, term(depth - 1));
      case 10:
        return ceil_div(a, term(depth - 1) - 1);
      case 11:
        if (!reals) return a - 1;
        return below(2) == 0 ? trunc_to_int(real(depth)) : round_to_int(real(depth - 1));
      default:
        return below(2) == 0 ? abs(a) : -a;
    }
  }

  Expr condition(int depth = 3) {
    const uint64_t which = below(12);
    if (which == 0 && !bools.empty()) {
      return logical_or(bools[0], condition(depth - 1));
    }
    if (which == 1 && depth > 0)
      return logical_or(condition(depth - 1), condition(depth - 1));
    if (reals && (which == 2 || which == 3)) {
      const Expr a = real(depth - 1);
      // Integers are compared exactly, also those that no double is.
      const Expr b = below(3) != 0   ? real(depth - 2)
                     : below(4) != 0 ? term(depth - 2)
                                     : constant((int64_t{1} << 53) + small());
      switch (below(4)) {
        case 0:
          return float_lt(a, b);
        case 1:
          return float_ge(a, b);
        case 2:
          return float_ne(a, b);
        default:
          return float_eq(a, b);
      }
    }
    const Expr a = term(depth), b = term(std::max(depth - 1, 0));
    switch (below(5)) {
      case 0:
        return eq(a, b);
      case 1:
        return ne(a, b);
      case 2:
        return ge(a, b);
      case 3:
        return eq(floor_mod(a, static_cast<int64_t>(below(5)) + 2), constant(0));
      default:
        return lt(a, b);
    }
  }

  // What terms are made of: at least one integer.
  std::vector<Expr> ints, floats, bools;
  bool reals = false;  // terms and comparisons of floats as well

 private:
  int64_t small() { return static_cast<int64_t>(below(11)) - 3; }

  ExprPool& pool_;
  std::mt19937_64 random_;
};

// Sizes of at least 2, with hints.
class Programs {
 public:
  explicit Programs(uint64_t seed) : terms(env.pool(), seed) {
    const int sizes = 2 + static_cast<int>(terms.below(3));
    for (int i = 0; i < sizes; ++i) {
      hints_.push_back(2 + static_cast<int64_t>(terms.below(40)));
      terms.ints.push_back(*env.size("x" + std::to_string(i), hints_.back(),
                                     {.policy = Policy::kDynamic}));
    }
  }

  std::vector<Binding> point() {
    std::vector<Binding> p;
    for (size_t i = 0; i < terms.ints.size(); ++i) {
      const uint64_t how = terms.below(8);
      int64_t v = 2 + static_cast<int64_t>(terms.below(30));
      if (how == 0) v = hints_[i];
      if (how == 1) v = hints_[i] + static_cast<int64_t>(terms.below(5)) - 2;
      if (how == 2) v = static_cast<int64_t>(terms.below(2'000'000));
      p.emplace_back(terms.ints[i], std::max<int64_t>(v, 2));
    }
    return p;
  }

  Env env;
  RandomTerms terms;

 private:
  std::vector<int64_t> hints_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_TESTS_SHAPE_RANDOM_PROGRAMS_H_
