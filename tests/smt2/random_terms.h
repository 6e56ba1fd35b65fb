// Random terms over Int, Bool and Real, for tests with an oracle.
#ifndef CONGRUA_TESTS_SMT2_RANDOM_TERMS_H_
#define CONGRUA_TESTS_SMT2_RANDOM_TERMS_H_

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "smt2/env.h"
#include "smt2/theory.h"

namespace congrua::smt2 {

struct RandomOptions {
  bool symbolic_division = false;
  bool reals = false;      // Real constants and quotients by symbols
  bool quotients = false;  // Reals as quotients of integers by constants
};

// Constants x0..x2 (Int), p0 p1 (Bool) and, with reals, r0 (Real) are declared in this
// order.
class RandomTerms {
 public:
  RandomTerms(Env& env, std::mt19937& rng, RandomOptions options)
      : env_(env), rng_(rng), options_(options) {
    for (const char* name : {"x0", "x1", "x2"}) declare(name, Sort::kInt, ints_);
    for (const char* name : {"p0", "p1"}) declare(name, Sort::kBool, bools_);
    if (options.reals) declare("r0", Sort::kReal, reals_);
  }

  Value value(Sort sort) {
    if (sort == Sort::kBool) return Value::of(below(2) == 0);
    const int64_t n = static_cast<int64_t>(below(13)) - 6;
    return sort == Sort::kInt ? Value{n, 1}
                              : Value::ratio(n, static_cast<int64_t>(below(4)) + 1);
  }

  TermId boolean(int depth) {
    if (depth == 0)
      return below(4) == 0 ? env_.terms.boolean(below(2) == 0) : pick(bools_);
    switch (below(10)) {
      case 0:
        return make(Word::kNot, {boolean(depth - 1)});
      case 1:
        return make(Word::kAnd,
                    {boolean(depth - 1), boolean(depth - 1), boolean(depth - 1)});
      case 2:
        return make(Word::kOr, {boolean(depth - 1), boolean(depth - 1)});
      case 3:
        return make(below(2) == 0 ? Word::kXor : Word::kImplies,
                    {boolean(depth - 1), boolean(depth - 1), boolean(depth - 1)});
      case 4:
        return make(Word::kIte,
                    {boolean(depth - 1), boolean(depth - 1), boolean(depth - 1)});
      case 5:
        return make(below(2) == 0 ? Word::kEq : Word::kDistinct,
                    {integer(depth - 1), integer(depth - 1), integer(depth - 1)});
      case 6:
        if (has_reals()) {
          return below(4) == 0 ? make(Word::kIsInt, {real(depth - 1)})
                               : make(below(2) == 0 ? Word::kLt : Word::kEq,
                                      {real(depth - 1), real(depth - 1)});
        }
        [[fallthrough]];
      default:
        return make(
            std::vector{Word::kLe, Word::kLt, Word::kGe, Word::kGt, Word::kEq}[below(5)],
            {integer(depth - 1), integer(depth - 1)});
    }
  }

  TermId integer(int depth) {
    if (depth == 0) return below(3) == 0 ? literal() : pick(ints_);
    switch (below(9)) {
      case 0:
      case 1:
        return make(Word::kAdd, {integer(depth - 1), integer(depth - 1)});
      case 2:
        return below(3) == 0 ? make(Word::kSub, {integer(depth - 1)})
                             : make(Word::kSub,
                                    {integer(depth - 1), integer(depth - 1), literal()});
      case 3:
        return make(Word::kMul,
                    {integer(depth - 1), below(2) == 0 ? literal() : integer(0)});
      case 4:
      case 5: {
        TermId divisor = options_.symbolic_division && below(2) == 0
                             ? integer(static_cast<int>(below(2)))
                             : literal();
        if (!options_.symbolic_division && divisor == env_.terms.integer(0)) {
          divisor = env_.terms.integer(-3);
        }
        return make(below(2) == 0 ? Word::kDiv : Word::kMod,
                    {integer(depth - 1), divisor});
      }
      case 6:
        return make(Word::kIte,
                    {boolean(depth - 1), integer(depth - 1), integer(depth - 1)});
      case 7:
        if (has_reals()) return make(Word::kToInt, {real(depth - 1)});
        [[fallthrough]];
      default:
        return make(Word::kAbs, {integer(depth - 1)});
    }
  }

  TermId real(int depth) {
    if (depth == 0) {
      if (options_.reals && below(2) == 0) return pick(reals_);
      return env_.terms.rational(value(Sort::kReal));
    }
    switch (below(5)) {
      case 0:
        return make(below(2) == 0 ? Word::kAdd : Word::kSub,
                    {real(depth - 1), real(depth - 1)});
      case 1:
        return make(Word::kMul, {real(depth - 1), real(0)});
      case 2:
        return make(Word::kIte, {boolean(depth - 1), real(depth - 1), real(depth - 1)});
      default: {
        const bool symbolic =
            options_.reals && options_.symbolic_division && below(2) == 0;
        TermId divisor = symbolic ? integer(depth - 1) : literal();
        if (!symbolic && divisor == env_.terms.integer(0))
          divisor = env_.terms.integer(2);
        return make(Word::kRatio, {integer(depth - 1), divisor});
      }
    }
  }

 private:
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(rng_); }
  bool has_reals() const { return options_.reals || options_.quotients; }
  TermId literal() { return env_.terms.integer(Int(static_cast<int64_t>(below(9)) - 4)); }
  TermId pick(const std::vector<TermId>& from) { return from[below(from.size())]; }
  TermId make(Word op, std::vector<TermId> args) {
    std::string error;
    return apply_theory(env_.terms, op, args, &error);
  }
  void declare(const char* name, Sort sort, std::vector<TermId>& to) {
    const SymbolId s = env_.symbols.intern(name);
    env_.declare_constant(s, sort);
    to.push_back(env_.symbols[s].value);
  }

  Env& env_;
  std::mt19937& rng_;
  RandomOptions options_;
  std::vector<TermId> ints_, bools_, reals_;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_TESTS_SMT2_RANDOM_TERMS_H_
