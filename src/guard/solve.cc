#include "guard/solve.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "guard/differences.h"
#include "guard/facts_impl.h"
#include "guard/far_point.h"
#include "guard/search.h"
#include "guard/search_domain.h"

namespace congrua::guard {

namespace {

using Point = std::vector<std::pair<const Node*, Int>>;

constexpr int64_t kShortSearch = 20'000;
// Of many constraints a search of few steps reaches only some. Where most have nothing to
// do with each other, facts say little that a search of each piece does not.
constexpr int64_t kManyCells = 2'000;
constexpr size_t kManyPieces = 64;
constexpr int64_t kStepsPerCell = 32;
constexpr int64_t kStepsPerPiecesCell = 512;
constexpr int64_t kCaseSteps = 400'000;
constexpr int64_t kDifferenceSteps = 2'000'000;
constexpr int64_t kFarSteps = 100'000;
constexpr int64_t kAddSteps = 2'000'000;

bool beyond_columns(const std::pair<const Node*, Int>& value) {
  return value.second >= Int(search::kInf) || value.second <= Int(-search::kInf);
}

// Lets `attempt` spend that much of the budget.
template <typename Attempt>
auto spend(int64_t steps, Budget& budget, Attempt attempt) {
  const int64_t granted = std::min(budget.left(), steps);
  Budget part(granted, budget.cancel_flag());
  auto result = attempt(part);
  budget.charge(part.spent_of(granted));
  return result;
}

// Where the facts' equalities leave one value to every variable of the asserts: those
// values, which may be beyond what a search tries.
std::optional<Point> only_point(Facts::Impl& facts, std::span<const Expr> asserts) {
  Point point;
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
  using Outcome = Search::Outcome;
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
  // A short search finds most models; what has none is refuted by the facts, for their
  // cores; then a search as long as the budget lasts.
  Search search;
  for (Expr a : asserts) search.add(Builder::node(a));
  const auto find_within = [&](int64_t steps) {
    return spend(steps, budget, [&](Budget& part) { return search.find(part, &budget); });
  };
  Outcome outcome = find_within(kShortSearch);
  const bool refute =
      outcome == Outcome::kExhausted || (outcome == Outcome::kNone && small_core);
  if (refute) {
    auto core = spend(kDifferenceSteps, budget, [&](Budget& part) {
      return contradicting_differences(asserts, part);
    });
    if (core) {
      unsat(Layer::kLinear);
      result.core = *std::move(core);
      return result;
    }
  }
  std::optional<Point> far;
  if (outcome == Outcome::kExhausted) {
    far =
        spend(kFarSteps, budget, [&](Budget& part) { return far_point(asserts, part); });
    if (far && !search.holds_at(*far)) far.reset();
    // No search finds values that no column holds.
    if (far && std::ranges::any_of(*far, beyond_columns)) return sat(*far);
    const auto cells = static_cast<int64_t>(search.size());
    if (search.num_pieces() > kManyPieces) {
      outcome = find_within(cells * kStepsPerPiecesCell);
    } else if (cells > kManyCells) {
      outcome = find_within(cells * kStepsPerCell);
    }
  }
  if (refute && outcome != Outcome::kFound) {
    Facts facts(pool);
    Facts::Impl& impl = facts.impl();
    int64_t adding = std::min(budget.left(), kAddSteps);
    for (Expr a : asserts) {
      // What follows from a part of the asserts follows.
      if (impl.contradictory || adding < 0 || budget.spent()) break;
      const int64_t before = impl.add_steps;
      impl.add_without_models(Builder::node(a));
      const int64_t steps = 10 + impl.add_steps - before;
      adding -= steps;
      budget.charge(steps);
    }
    bool split = false;
    const auto by_facts = [&](Budget& part) { return impl.refute(part, &split); };
    if (impl.contradictory || spend(kCaseSteps, budget, by_facts)) {
      unsat(split ? Layer::kSplit : Layer::kLinear);
      if (small_core) {
        const std::vector<FactId> core = impl.minimal_reason(impl.builder.boolean(false));
        result.core.assign(core.begin(), core.end());
      }
      return result;
    }
    if (outcome == Outcome::kExhausted) {
      const std::optional<Point> point = only_point(impl, asserts);
      if (point && search.holds_at(*point)) return sat(*point);
      outcome = search.find(budget);
    }
  }
  switch (outcome) {
    case Outcome::kFound:
      return sat(search.model());
    case Outcome::kNone:
      unsat(Layer::kSearch);
      return result;
    case Outcome::kExhausted:
      if (far) return sat(*far);
      result.reason =
          budget.spent() ? "budget spent" : "no small model found, none excluded";
      return result;
  }
  return result;
}

}  // namespace congrua::guard
