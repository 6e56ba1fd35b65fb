#include "guard/solve.h"

#include <algorithm>

#include "expr/eval.h"
#include "guard/facts_impl.h"
#include "guard/search.h"

namespace congrua::guard {

namespace {

// Exact, on the asserts themselves: whatever found the model, this is what is believed.
bool check_model(std::span<const Expr> asserts, const Model& model) {
  internal::Assignment point;
  for (const auto& [variable, value] : model) point.set(Builder::node(variable), value);
  std::vector<const Node*> nodes;
  for (Expr a : asserts) nodes.push_back(Builder::node(a));
  internal::Evaluator evaluator;
  return evaluator.all_true(nodes, point);
}

constexpr int64_t kShortSearch = 20'000;
constexpr int64_t kCaseSteps = 400'000;

}  // namespace

SolveResult solve(ExprPool& pool, std::span<const Expr> asserts, Budget& budget) {
  SolveResult result;
  Facts facts(pool);
  Facts::Impl& impl = facts.impl();
  for (Expr a : asserts) {
    if (!budget.charge(10)) {
      result.reason = "budget spent";
      return result;
    }
    impl.add_without_models(Builder::node(a));
    if (impl.contradictory) {
      result.status = Status::kUnsat;
      result.layer = Layer::kLinear;
      for (FactId id : facts.conflict()) result.core.push_back(id);
      return result;
    }
  }
  Search search;
  for (Expr a : asserts) search.add(Builder::node(a));
  // A short search, a proof by cases, then a search as long as the budget lasts.
  Search::Outcome outcome = Search::Outcome::kExhausted;
  {
    Budget part(std::min(budget.left(), kShortSearch), budget.cancel_flag());
    outcome = search.find(part);
  }
  if (outcome == Search::Outcome::kExhausted) {
    budget.charge(std::min(budget.left(), kShortSearch));
    Budget part(std::min(budget.left(), kCaseSteps), budget.cancel_flag());
    bool split = false;
    if (impl.refute(part, 0, Facts::Impl::kMaxCaseDepth, &split)) {
      result.status = Status::kUnsat;
      result.layer = split ? Layer::kSplit : Layer::kLinear;
      for (FactId id : impl.minimal_reason(impl.builder.boolean(false))) result.core.push_back(id);
      return result;
    }
    outcome = search.find(budget);
  }
  switch (outcome) {
    case Search::Outcome::kFound: {
      for (const auto& [node, value] : search.model()) {
        result.model.emplace_back(Builder::expr(node), value);
      }
      if (!check_model(asserts, result.model)) {
        result.model.clear();
        result.reason = "internal error: the model found does not satisfy the asserts";
        return result;
      }
      result.status = Status::kSat;
      result.layer = Layer::kSearch;
      return result;
    }
    case Search::Outcome::kNone:
      result.status = Status::kUnsat;
      result.layer = Layer::kSearch;
      for (size_t i = 0; i < asserts.size(); ++i) result.core.push_back(i);
      return result;
    case Search::Outcome::kExhausted:
      result.reason = budget.spent() ? "budget spent" : "no small model found, none excluded";
      return result;
  }
  return result;
}

}  // namespace congrua::guard
