#include "guard/solve.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "guard/facts_impl.h"
#include "guard/search.h"

namespace congrua::guard {

namespace {

constexpr int64_t kShortSearch = 20'000;
constexpr int64_t kCaseSteps = 400'000;

// Where the facts' equalities leave one value to every variable of the asserts: those
// values, which may be beyond what a search tries.
std::optional<std::vector<std::pair<const Node*, Int>>> only_point(
    Facts::Impl& facts, std::span<const Expr> asserts) {
  std::vector<std::pair<const Node*, Int>> point;
  absl::flat_hash_set<const Node*> seen;
  std::vector<const Node*> stack;
  const auto visit = [&](const Node* n) {
    if (seen.insert(n).second) stack.push_back(n);
  };
  for (const Expr a : asserts) visit(Builder::node(a));
  while (!stack.empty()) {
    const Node* n = stack.back();
    stack.pop_back();
    if (n->op == Op::kSymbol || n->op == Op::kOpaque) {
      const Node* value = facts.rewrite(n);
      if (value->op != Op::kConst) return std::nullopt;
      const Int& v = internal::const_value(value);
      if (n->op == Op::kSymbol) {  // not outside its birth range
        const auto* s = internal::as_symbol(n);
        if ((s->lo != INT64_MIN && v < Int(s->lo)) ||
            (s->hi != INT64_MAX && v > Int(s->hi))) {
          return std::nullopt;
        }
      }
      point.emplace_back(n, v);
    }
    internal::for_each_child(n, visit);
  }
  return point;
}

}  // namespace

SolveResult solve(ExprPool& pool, std::span<const Expr> asserts, Budget& budget,
                  bool small_core) {
  SolveResult result;
  const auto unsat = [&](Layer layer) {
    result.status = Status::kUnsat;
    result.layer = layer;
    result.core.resize(asserts.size());
    std::iota(result.core.begin(), result.core.end(), size_t{0});
  };
  const auto sat = [&](std::span<const std::pair<const Node*, Int>> model) {
    for (const auto& [node, value] : model)
      result.model.emplace_back(Builder::expr(node), value);
    result.status = Status::kSat;
    result.layer = Layer::kSearch;
    return std::move(result);
  };
  // A short search finds most models; what has none is refuted by the facts where they
  // can, for their cores; then a search as long as the budget lasts.
  Search search;
  for (Expr a : asserts) search.add(Builder::node(a));
  Search::Outcome outcome;
  {
    const int64_t granted = std::min(budget.left(), kShortSearch);
    Budget part(granted, budget.cancel_flag());
    outcome = search.find(part);
    budget.charge(granted - std::clamp<int64_t>(part.left(), 0, granted));
  }
  if (outcome != Search::Outcome::kFound) {
    Facts facts(pool);
    Facts::Impl& impl = facts.impl();
    for (Expr a : asserts) {
      if (impl.contradictory || !budget.charge(10)) break;
      impl.add_without_models(Builder::node(a));
    }
    bool split = false;
    const int64_t granted = std::min(budget.left(), kCaseSteps);
    Budget part(granted, budget.cancel_flag());
    if (impl.contradictory || impl.refute(part, &split)) {
      unsat(split ? Layer::kSplit : Layer::kLinear);
      if (small_core) {
        const std::vector<FactId> core = impl.minimal_reason(impl.builder.boolean(false));
        result.core.assign(core.begin(), core.end());
      }
      return result;
    }
    budget.charge(granted - std::clamp<int64_t>(part.left(), 0, granted));
    if (outcome == Search::Outcome::kExhausted) {
      const auto point = only_point(impl, asserts);
      if (point && search.holds_at(*point)) return sat(*point);
      outcome = search.find(budget);
    }
  }
  switch (outcome) {
    case Search::Outcome::kFound:
      return sat(search.model());
    case Search::Outcome::kNone:
      unsat(Layer::kSearch);
      return result;
    case Search::Outcome::kExhausted:
      result.reason =
          budget.spent() ? "budget spent" : "no small model found, none excluded";
      return result;
  }
  return result;
}

}  // namespace congrua::guard
