#include "guard/solve.h"

#include <algorithm>

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
  switch (search.find(budget)) {
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
