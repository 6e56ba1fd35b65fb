// Families of terms whose size is a parameter: what a simplifier should answer in time
// linear in the DAG. Peers need n^3 or 2^depth somewhere here.
//
// An instance counts the nodes that its maker asked for, operators and leaves, each
// shared one once: the size of the input as a DAG.
#ifndef CONGRUA_BENCH_FAMILIES_H_
#define CONGRUA_BENCH_FAMILIES_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "congrua/expr.h"

namespace congrua::bench {

struct Instance {
  Expr term;
  std::vector<Expr> facts;
  size_t nodes;
};

struct FamilyOf {
  std::string_view name;
  std::string_view text;  // one level, or the whole
  bool deep;              // the size is a depth
  Instance (*make)(ExprPool& pool, size_t size);
};

// Nodes and operands of the canonical DAG.
inline size_t dag_size(Expr root) {
  absl::flat_hash_set<Expr> seen{root};
  std::vector<Expr> open{root};
  size_t size = 1;
  while (!open.empty()) {
    const Expr e = open.back();
    open.pop_back();
    for (size_t i = 0; i < e.num_args(); ++i) {
      ++size;
      if (seen.insert(e.arg(i)).second) open.push_back(e.arg(i));
    }
  }
  return size;
}

inline Expr numbered(ExprPool& pool, char letter, size_t i) {
  return pool.symbol(letter + std::to_string(i));
}

// s0 .. s(n-1), each at least 1.
inline std::vector<Expr> sizes(ExprPool& pool, size_t n, std::vector<Expr>& facts) {
  std::vector<Expr> out;
  for (size_t i = 0; i < n; ++i) {
    out.push_back(numbered(pool, 's', i));
    facts.push_back(ge(out.back(), pool.constant(1)));
  }
  return out;
}

// Plain remainders: std::shuffle differs between libraries.
inline void shuffle(std::vector<Expr>& v) {
  std::mt19937_64 random(1);
  for (size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[random() % i]);
}

inline Expr running_sum(const std::vector<Expr>& terms) {
  Expr sum = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) sum = sum + terms[i];
  return sum;
}

// x, at least 1, and `level` applied to it `depth` times.
template <typename F>
Instance ladder(ExprPool& pool, size_t depth, size_t nodes_per_level, F level) {
  Expr e = pool.symbol("x");
  Instance out{e, {ge(e, pool.constant(1))}, 1 + depth * nodes_per_level};
  for (size_t i = 0; i < depth; ++i) out.term = level(out.term, i);
  return out;
}

inline constexpr FamilyOf kFamilies[] = {
    {"sum", "s0 + s1 + ...", false,
     [](ExprPool& pool, size_t n) {
       std::vector<Expr> facts;
       const std::vector<Expr> s = sizes(pool, n, facts);
       return Instance{running_sum(s), facts, 2 * n};
     }},
    {"difference", "(s0 + s1 + ...) - (the same, shuffled)", false,
     [](ExprPool& pool, size_t n) {
       std::vector<Expr> facts;
       std::vector<Expr> s = sizes(pool, n, facts);
       const Expr sum = running_sum(s);
       shuffle(s);
       return Instance{sum - running_sum(s), facts, 3 * n};
     }},
    {"atoms", "max(s0, 2)//3 + max(s1, 2)//3 + ...", false,
     [](ExprPool& pool, size_t n) {
       std::vector<Expr> facts;
       std::vector<Expr> s = sizes(pool, n, facts);
       for (Expr& x : s) x = floor_div(max(x, pool.constant(2)), 3);
       return Instance{running_sum(s), facts, 4 * n};
     }},
    {"halves", "(e + 1)//2", true,
     [](ExprPool& pool, size_t depth) {
       return ladder(pool, depth, 2, [](Expr e, size_t) { return floor_div(e + 1, 2); });
     }},
    {"clamped", "max(e, 1)//2", true,
     [](ExprPool& pool, size_t depth) {
       return ladder(pool, depth, 2, [&](Expr e, size_t) {
         return floor_div(max(e, pool.constant(1)), 2);
       });
     }},
    {"thirds", "e//3 + e%4", true,
     [](ExprPool& pool, size_t depth) {
       return ladder(pool, depth, 3,
                     [](Expr e, size_t) { return floor_div(e, 3) + floor_mod(e, 4); });
     }},
    {"extremes", "max(min(e, a), min(e + 1, b))", true,
     [](ExprPool& pool, size_t depth) {
       return ladder(pool, depth, 6, [&](Expr e, size_t i) {
         return max(min(e, numbered(pool, 'a', i)), min(e + 1, numbered(pool, 'b', i)));
       });
     }},
    {"selects", "select(c >= 0, min(e, a), max(e, b))", true,
     [](ExprPool& pool, size_t depth) {
       return ladder(pool, depth, 7, [&](Expr e, size_t i) {
         return select(ge(numbered(pool, 'c', i), pool.constant(0)),
                       min(e, numbered(pool, 'a', i)), max(e, numbered(pool, 'b', i)));
       });
     }},
    {"choices", "select(e >= a, min(e, b), max(e, c))", true,
     [](ExprPool& pool, size_t depth) {
       return ladder(pool, depth, 7, [&](Expr e, size_t i) {
         return select(ge(e, numbered(pool, 'a', i)), min(e, numbered(pool, 'b', i)),
                       max(e, numbered(pool, 'c', i)));
       });
     }},
};

}  // namespace congrua::bench

#endif  // CONGRUA_BENCH_FAMILIES_H_
