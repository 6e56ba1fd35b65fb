#include "guard/simplex.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "base/int.h"

namespace congrua::guard {
namespace {

using Var = Simplex::Var;
constexpr int64_t kNone = Simplex::kNone;

TEST(Simplex, TwoHalvesOfAPlane) {
  for (const bool both : {false, true}) {
    Simplex s;
    const Var x = s.add_variable(-kNone, kNone);
    const Var y = s.add_variable(-kNone, kNone);
    s.add_constraint(std::vector<std::pair<Var, int64_t>>{{x, 1}, {y, -1}}, 1);
    if (both) s.add_constraint(std::vector<std::pair<Var, int64_t>>{{x, -1}, {y, 1}}, 0);
    EXPECT_EQ(s.check(100),
              both ? Simplex::Result::kInfeasible : Simplex::Result::kFeasible);
  }
}

TEST(Simplex, FractionsAreFoundAndCutOff) {
  Simplex s;
  const Var x = s.add_variable(0, kNone);
  const Var y = s.add_variable(0, 10);
  // 2x = y and y = 3 has only x = 3/2.
  s.add_constraint(std::vector<std::pair<Var, int64_t>>{{x, 2}, {y, -1}}, 0);
  s.add_constraint(std::vector<std::pair<Var, int64_t>>{{x, -2}, {y, 1}}, 0);
  s.set_bounds(y, 3, 3);
  ASSERT_EQ(s.check(100), Simplex::Result::kFeasible);
  ASSERT_TRUE(s.fractional(2).has_value());
  EXPECT_EQ(*s.fractional(2), (std::pair<Var, int64_t>{x, 1}));
  s.set_bounds(x, 0, 1);
  EXPECT_EQ(s.check(100), Simplex::Result::kInfeasible);
  s.set_bounds(x, 2, kNone);
  EXPECT_EQ(s.check(100), Simplex::Result::kInfeasible);
}

TEST(Simplex, WhatDoesNotFitIsUnknown) {
  Simplex s;
  std::vector<Var> x;
  for (int i = 0; i < 6; ++i) x.push_back(s.add_variable(-kNone, kNone));
  std::mt19937_64 rng(1);
  std::vector<int64_t> row(6);
  for (int i = 0; i < 12; ++i) {
    std::vector<std::pair<Var, int64_t>> terms;
    for (const Var v : x) {
      terms.emplace_back(v, static_cast<int64_t>(rng() >> 3) | 1);
    }
    s.add_constraint(terms, i % 2 == 0 ? 1 : -1);
  }
  // Any answer is sound; none may overflow on the way.
  static_cast<void>(s.check(200));
}

struct Problem {
  std::vector<std::pair<int64_t, int64_t>> bounds;
  std::vector<std::vector<std::pair<Var, int64_t>>> rows;
  std::vector<int64_t> lows;
};

Problem random_problem(std::mt19937_64& rng) {
  const auto upto = [&](int n) {
    return static_cast<int>(rng() % static_cast<uint64_t>(n));
  };
  Problem p;
  const int variables = 2 + upto(3);
  for (int i = 0; i < variables; ++i) {
    const int64_t lo = upto(7) - 3;
    p.bounds.emplace_back(lo, lo + upto(6));
  }
  for (int r = 1 + upto(5); r > 0; --r) {
    std::vector<std::pair<Var, int64_t>> row;
    for (int i = 0; i < variables; ++i) {
      if (const int c = upto(9) - 4; c != 0) row.emplace_back(static_cast<Var>(i), c);
    }
    if (row.empty()) continue;
    p.rows.push_back(row);
    p.lows.push_back(upto(13) - 4);
  }
  return p;
}

bool has_integer_point(const Problem& p, std::vector<int64_t>& point) {
  if (point.size() == p.bounds.size()) {
    for (size_t r = 0; r < p.rows.size(); ++r) {
      int64_t sum = 0;
      for (const auto& [v, c] : p.rows[r]) sum += c * point[v];
      if (sum < p.lows[r]) return false;
    }
    return true;
  }
  const auto [lo, hi] = p.bounds[point.size()];
  for (int64_t v = lo; v <= hi; ++v) {
    point.push_back(v);
    if (has_integer_point(p, point)) return true;
    point.pop_back();
  }
  return false;
}

// The combination must be 0 >= a positive number.
void expect_certificate(const Simplex& s, const Problem& p) {
  std::map<Var, Int> sum;
  Int bound;
  for (const auto& [v, k] : s.certificate()) {
    ASSERT_NE(k, 0);
    const auto [lo, hi] = s.bounds(v);
    const int64_t at = k > 0 ? lo : hi;
    ASSERT_NE(at, k > 0 ? -kNone : kNone) << "a bound that is none";
    bound += Int(k) * Int(at);
    if (v < p.bounds.size()) {
      sum[v] += Int(k);
    } else {
      for (const auto& [x, c] : p.rows[v - p.bounds.size()]) sum[x] += Int(k) * Int(c);
    }
  }
  for (const auto& [v, c] : sum) EXPECT_TRUE(c.is_zero()) << "variable " << v;
  EXPECT_GT(bound.sign(), 0);
}

TEST(SimplexFuzz, InfeasibleProblemsHaveNoPointAndACertificate) {
  int infeasible = 0, feasible = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    std::mt19937_64 rng(seed);
    const Problem p = random_problem(rng);
    Simplex s;
    for (const auto& [lo, hi] : p.bounds) s.add_variable(lo, hi);
    for (size_t r = 0; r < p.rows.size(); ++r) s.add_constraint(p.rows[r], p.lows[r]);
    std::vector<int64_t> point;
    const bool some = has_integer_point(p, point);
    const Simplex::Result result = s.check(1000);
    ASSERT_NE(result, Simplex::Result::kUnknown) << "seed " << seed;
    if (result == Simplex::Result::kInfeasible) {
      ++infeasible;
      ASSERT_FALSE(some) << "seed " << seed;
      expect_certificate(s, p);
    } else {
      ++feasible;
      // Feasible at an integer vertex: it is a point.
      if (!s.fractional(p.bounds.size())) {
        EXPECT_TRUE(some) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(infeasible, 2000);
  EXPECT_GT(feasible, 2000);
}

}  // namespace
}  // namespace congrua::guard
