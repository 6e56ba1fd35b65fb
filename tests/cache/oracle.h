// Random guards over random rows, and their exact truth by the evaluator of expressions.
#ifndef CONGRUA_TESTS_CACHE_ORACLE_H_
#define CONGRUA_TESTS_CACHE_ORACLE_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/int.h"
#include "congrua/expr.h"
#include "congrua/guard_program.h"
#include "expr/builder.h"
#include "expr/eval.h"

namespace congrua::cache_test {

using cache::Word;

class World {
 public:
  World(size_t num_sizes, size_t num_bools, uint64_t seed) : random_(seed) {
    std::vector<cache::Field> fields;
    for (size_t i = 0; i < num_sizes; ++i) {
      fields.push_back({"s" + std::to_string(i)});
      sizes_.push_back(pool_.symbol(fields.back().name));
    }
    for (size_t i = 0; i < num_bools; ++i) {
      fields.push_back({"p" + std::to_string(i), cache::FieldKind::kBool});
      bools_.push_back(pool_.symbol(fields.back().name, {.sort = Sort::kBool}));
    }
    schema_ = *cache::Schema::make(fields);
  }

  const cache::Schema& schema() const { return schema_; }
  ExprPool& pool() { return pool_; }
  int64_t below(int64_t n) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(n));
  }
  Expr size() { return sizes_[static_cast<size_t>(below(std::ssize(sizes_)))]; }

  int64_t value() {
    static constexpr int64_t kEdges[] = {0,
                                         1,
                                         -1,
                                         2,
                                         -2,
                                         INT64_MAX,
                                         INT64_MIN,
                                         INT64_MAX - 1,
                                         INT64_MIN + 1,
                                         INT32_MAX,
                                         INT32_MIN,
                                         int64_t{1} << 31,
                                         int64_t{1} << 32,
                                         int64_t{3} << 61,
                                         int64_t{1} << 62};
    switch (below(8)) {
      case 0:
        return kEdges[below(std::ssize(kEdges))];
      case 1:
        return static_cast<int64_t>(random_()) >> below(64);
      case 2:
        return -below(20);
      default:
        return int64_t{1} << below(12);
    }
  }
  std::vector<Word> row() {
    std::vector<Word> r;
    for (size_t i = 0; i < sizes_.size(); ++i) r.push_back(cache::to_word(value()));
    for (size_t i = 0; i < bools_.size(); ++i) {
      r.push_back(static_cast<Word>(below(3)));
    }
    return r;
  }

  Expr term(int depth) {
    if (depth == 0) return below(3) == 0 ? pool_.constant(value()) : size();
    switch (below(9)) {
      case 0:
      case 1:
        return term(depth - 1) + term(depth - 1);
      case 2:
        return term(depth - 1) * value();
      case 3:
        return term(depth - 1) * term(depth - 1);
      case 4:
        return floor_div(term(depth - 1), term(depth - 1));
      case 5:
        return floor_mod(term(depth - 1), 1 + below(16));
      case 6:
        return max(term(depth - 1), term(depth - 1));
      case 7:
        return select(guard(depth - 1), term(depth - 1), term(depth - 1));
      default:
        return floor_div(term(depth - 1), 1 + below(9));
    }
  }

  // A guard that tends to hold where the sizes are those of the point.
  Expr guard(int depth = 1, const std::vector<Word>* point = nullptr) {
    const size_t i = static_cast<size_t>(below(std::ssize(sizes_)));
    const size_t j = static_cast<size_t>(below(std::ssize(sizes_)));
    const Expr x = sizes_[i];
    const Expr y = sizes_[j];
    const int64_t v = point != nullptr ? static_cast<int64_t>((*point)[i]) : value();
    const int64_t w = point != nullptr ? static_cast<int64_t>((*point)[j]) : value();
    const Expr c = pool_.constant(v);
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
        return eq(x, c);
      case 3:
        return le(x, c);
      case 4:
        return ge(x, c);
      case 5:
        return ne(x, pool_.constant(value()));
      case 6: {
        const int64_t m = 2 + below(14);
        return eq(floor_mod(x + below(5), m), pool_.constant(below(m)));
      }
      case 7:
        return v == w ? eq(x, y) : v < w ? lt(x, y) : ge(x, y);
      case 8:
        return le(x * y, c * pool_.constant(w));
      case 9:
        return ge(floor_div(x - 3, 1 + below(4)) + y, pool_.constant(value()));
      case 10:
        return le(x * (1 + below(5)) - y * below(7), pool_.constant(value()));
      case 11:
        if (!bools_.empty()) {
          const Expr b = bools_[static_cast<size_t>(below(std::ssize(bools_)))];
          return below(2) == 0 ? b : !b;
        }
        [[fallthrough]];
      case 12:
        return below(2) == 0 ? logical_or(eq(x, c), le(y, c))
                             : logical_and(ge(x, c), eq(y, c));
      default:
        return depth == 0      ? ge(x, y)
               : below(2) == 0 ? ge(term(depth), term(depth))
                               : ne(term(depth), term(depth));
    }
  }

  // Defined and true.
  bool truth(Expr e, const std::vector<Word>& row) {
    const std::optional<Int> v = value_of(e, row);
    return v.has_value() && !v->is_zero();
  }
  std::optional<Int> value_of(Expr e, const std::vector<Word>& row) {
    point_.clear();
    for (size_t i = 0; i < sizes_.size(); ++i) {
      point_.set(internal::Builder::node(sizes_[i]), Int(static_cast<int64_t>(row[i])));
    }
    for (size_t i = 0; i < bools_.size(); ++i) {
      point_.set(internal::Builder::node(bools_[i]),
                 Int(row[sizes_.size() + i] != 0 ? 1 : 0));
    }
    return evaluator_.evaluate(internal::Builder::node(e), point_);
  }

 private:
  std::mt19937_64 random_;
  ExprPool pool_;
  std::vector<Expr> sizes_, bools_;
  cache::Schema schema_;
  internal::Evaluator evaluator_{internal::Evaluator::kManyBits};
  internal::Assignment point_;
};

}  // namespace congrua::cache_test

#endif  // CONGRUA_TESTS_CACHE_ORACLE_H_
