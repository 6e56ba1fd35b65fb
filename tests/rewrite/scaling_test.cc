// The families of bench/families.h: what is built, the steps of simplify, the nodes it
// makes and the texts grow no faster than the DAG. Counts, not times.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/budget.h"
#include "bench/families.h"
#include "congrua/simplify.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "guard/facts_impl.h"
#include "rewrite/simplifier.h"

namespace congrua {
namespace {

using bench::dag_size;
using bench::FamilyOf;
using bench::Instance;
using internal::Builder;

struct Counts {
  double built, dag, steps, made, text, form;
};

Counts count(const FamilyOf& family, size_t size, bool simplified) {
  ExprPool pool;
  const Instance in = family.make(pool, size);
  const size_t built = pool.num_nodes();
  Facts facts(pool);
  for (const Expr f : in.facts) (void)facts.add(f);
  const size_t before = pool.num_nodes();
  Budget budget;
  Expr simple = in.term;
  if (simplified) {
    rewrite::Simplifier simplifier(facts.impl(), budget);
    simple = Builder::expr(simplifier.run(Builder::node(in.term)));
  }
  const size_t made = pool.num_nodes() - before;
  const Form form = extract(facts, simple);
  const auto number = [](auto n) { return static_cast<double>(n); };
  return {number(built),
          number(dag_size(in.term)),
          number(Budget::kUnlimited - budget.left()),
          number(made),
          number(to_string(simple).size()),
          number(form.to_string().size())};
}

struct Case {
  std::string_view family;
  size_t mid, large;
  // A ladder of selections is simplified within the budget, not in linear time.
  bool simplified;
};
constexpr Case kCases[] = {
    {"sum", 512, 4096, true},      {"difference", 512, 4096, true},
    {"atoms", 512, 4096, true},    {"halves", 250, 1000, true},
    {"clamped", 250, 1000, true},  {"thirds", 16, 64, false},
    {"extremes", 16, 48, true},    {"selects", 250, 1000, false},
    {"choices", 250, 1000, false},
};

TEST(Scaling, CountsAreLinearInTheDag) {
  // Symbols have longer names where there are more; what is there at any size.
  constexpr double kSlack = 1.3, kBase = 200;
  ASSERT_EQ(std::size(kCases), std::size(bench::kFamilies));
  for (const FamilyOf& family : bench::kFamilies) {
    const Case* c = std::ranges::find(kCases, family.name, &Case::family);
    ASSERT_NE(c, std::end(kCases));
    const Counts mid = count(family, c->mid, c->simplified);
    const Counts large = count(family, c->large, c->simplified);
    // Sums are flat: e//3 + e%4 has the terms of all e below it, so that its DAG is
    // quadratic in the depth.
    const double input = static_cast<double>(c->large) / static_cast<double>(c->mid);
    const double growth = std::max(input, large.dag / mid.dag) * kSlack;
    const auto expect = [&](const char* what, double a, double b) {
      EXPECT_LE(b, a * growth + kBase)
          << family.name << ", " << what << ": " << a << " at " << c->mid << ", " << b
          << " at " << c->large << "; DAG " << mid.dag << ", " << large.dag;
    };
    expect("nodes built", mid.built, large.built);
    expect("steps of simplify", mid.steps, large.steps);
    expect("nodes made by simplify", mid.made, large.made);
    expect("text", mid.text, large.text);
    expect("text of the shortest form", mid.form, large.form);
  }
}

TEST(Scaling, ABudgetEndsTheWork) {
  for (const FamilyOf& family : bench::kFamilies) {
    if (!family.deep) continue;
    ExprPool pool;
    const Instance in = family.make(pool, 64);
    Facts facts(pool);
    for (const Expr f : in.facts) (void)facts.add(f);
    const size_t before = pool.num_nodes();
    (void)simplify(facts, in.term, {.steps = 1'000});
    EXPECT_LT(pool.num_nodes() - before, 20'000u) << family.name;
  }
}

// A ladder of selections has rewritings without end.
TEST(Scaling, StepsAreGrantedByTheSizeOfTheTerm) {
  for (const FamilyOf& family : bench::kFamilies) {
    if (family.name != "selects" && family.name != "choices") continue;
    const auto made = [&](size_t depth, const SimplifyOptions& options) {
      ExprPool pool;
      const Instance in = family.make(pool, depth);
      Facts facts(pool);
      for (const Expr f : in.facts) (void)facts.add(f);
      const size_t before = pool.num_nodes();
      (void)simplify(facts, in.term, options);
      return pool.num_nodes() - before;
    };
    // All of the default budget, and what 16 levels are granted of it.
    EXPECT_GT(made(16, {.steps_per_node = 100'000}), 2 * made(16, {})) << family.name;
    EXPECT_LT(made(64, {}), 8 * made(16, {}) + 1000) << family.name;
  }
}

}  // namespace
}  // namespace congrua
