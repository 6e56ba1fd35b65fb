// Points of a small box, at which rows and propositions are evaluated: the oracle of the
// checker's tests.
#ifndef CONGRUA_TESTS_PROOF_POINTS_H_
#define CONGRUA_TESTS_PROOF_POINTS_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "congrua/eval.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "proof/checker.h"

namespace congrua::proof_test {

using internal::Builder;
using proof::Checker;
using proof::Row;

// A point and the values of terms there.
class Point {
 public:
  void set(Expr symbol, int64_t value) { at_->set(Builder::node(symbol), Int(value)); }
  std::optional<Int> value(Expr e) const {
    internal::Evaluator evaluator;
    return evaluator.evaluate(Builder::node(e), *at_);
  }
  bool holds(const Row& row, const Checker& checker) const {
    if (row.kind == Row::Kind::kTruth) {
      return !value(*row.proposition)->is_zero() == row.value;
    }
    Int sum;
    for (const proof::Poly::Term& t : row.p.terms()) {
      Int product = t.coef;
      for (const proof::Atom a : t.mono) product *= *value(checker.atom(a));
      sum += product;
    }
    switch (row.kind) {
      case Row::Kind::kGe:
        return sum.sign() >= 0;
      case Row::Kind::kEq:
        return sum.is_zero();
      default:
        return !sum.is_zero();
    }
  }

 private:
  std::shared_ptr<internal::Assignment> at_ = std::make_shared<internal::Assignment>();
};

inline void collect(Expr root, std::vector<Expr>& seen) {
  std::set<uint64_t> known;
  std::vector<Expr> stack = {root};
  while (!stack.empty()) {
    const Expr e = stack.back();
    stack.pop_back();
    if (!known.insert(e.hash()).second) continue;
    seen.push_back(e);
    for (size_t i = 0; i < e.num_args(); ++i) stack.push_back(e.arg(i));
  }
}

// Do all of these hold at the point, and is none of their divisors 0?
inline bool admits(const Point& p, std::span<const Expr> all,
                   std::span<const Expr> terms) {
  for (const Expr t : terms) {
    if (t.op() != Op::kFloorDiv) continue;
    const std::optional<Int> d = p.value(t.arg(1));
    if (!d || d->is_zero()) return false;
  }
  return std::ranges::all_of(all, [&](Expr e) {
    const std::optional<Int> v = p.value(e);
    return v && !v->is_zero();
  });
}

// The points of a box at which all of these have the value true and no divisor is 0.
inline std::vector<Point> points_of(const std::vector<Expr>& all, int64_t lo,
                                    int64_t hi) {
  std::vector<Expr> terms;
  std::set<uint64_t> known;
  std::vector<Expr> symbols;
  for (const Expr e : all) {
    collect(e, terms);
    for (const Expr s : free_symbols(e)) {
      if (known.insert(s.hash()).second) symbols.push_back(s);
    }
  }
  std::vector<Point> out;
  std::vector<int64_t> values;
  const auto first = [&](Expr s) { return s.is_bool() ? 0 : s.range().lo.value_or(lo); };
  const auto last = [&](Expr s) { return s.is_bool() ? 1 : s.range().hi.value_or(hi); };
  for (const Expr s : symbols) values.push_back(first(s));
  for (;;) {
    Point p;
    for (size_t i = 0; i < symbols.size(); ++i) p.set(symbols[i], values[i]);
    if (admits(p, all, terms)) out.push_back(p);
    size_t i = 0;
    for (; i < symbols.size() && values[i] == last(symbols[i]); ++i) {
      values[i] = first(symbols[i]);
    }
    if (i == symbols.size()) return out;
    ++values[i];
  }
}

}  // namespace congrua::proof_test

#endif  // CONGRUA_TESTS_PROOF_POINTS_H_
