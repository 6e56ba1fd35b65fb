// Random programs over sizes: symbols with hints, and conditions to ask about.
#ifndef CONGRUA_TESTS_SHAPE_RANDOM_PROGRAMS_H_
#define CONGRUA_TESTS_SHAPE_RANDOM_PROGRAMS_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/shape.h"

namespace congrua::shape {

class Programs {
 public:
  explicit Programs(uint64_t seed) : random_(seed) {
    const int sizes = 2 + static_cast<int>(random_() % 3);
    for (int i = 0; i < sizes; ++i) {
      const int64_t hint = 2 + static_cast<int64_t>(random_() % 40);
      hints_.push_back(hint);
      symbols_.push_back(
          *env.size("x" + std::to_string(i), hint, {.policy = Policy::kDynamic}));
    }
  }

  uint64_t below(uint64_t n) { return random_() % n; }
  Expr constant(int64_t v) { return env.pool().constant(v); }

  Expr term(int depth) {
    if (depth == 0 || below(4) == 0) {
      return below(4) == 0 ? constant(static_cast<int64_t>(below(9)) - 2)
                           : symbols_[below(symbols_.size())];
    }
    const Expr a = term(depth - 1);
    switch (below(9)) {
      case 0:
        return a + term(depth - 1);
      case 1:
        return a - term(depth - 1);
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
      default:
        return min(a, term(depth - 1));
    }
  }

  Expr condition() {
    const Expr a = term(3), b = term(2);
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

  std::vector<Binding> point() {
    std::vector<Binding> p;
    for (size_t i = 0; i < symbols_.size(); ++i) {
      const uint64_t how = below(8);
      int64_t v = 2 + static_cast<int64_t>(below(30));
      if (how == 0) v = hints_[i];
      if (how == 1) v = hints_[i] + static_cast<int64_t>(below(5)) - 2;
      if (how == 2) v = static_cast<int64_t>(below(2'000'000));
      p.emplace_back(symbols_[i], std::max<int64_t>(v, 2));
    }
    return p;
  }

  Env env;

 protected:
  std::mt19937_64 random_;
  std::vector<int64_t> hints_;
  std::vector<Expr> symbols_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_TESTS_SHAPE_RANDOM_PROGRAMS_H_
