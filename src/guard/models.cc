// Points at which all facts hold (DESIGN.md, layer 6): most guards that do not follow are refuted
// by evaluating them there.
#include "guard/facts_impl.h"

namespace congrua {

namespace {
constexpr size_t kMaxModels = 16;
}  // namespace

void Facts::Impl::remember_model() {
  auto point = std::make_unique<Point>();
  for (const auto& [node, value] : search.model()) {
    point->values.emplace_back(node, value);
    point->assignment.set(node, value);
  }
  if (models.size() == kMaxModels) models.erase(models.begin() + 1);
  models.push_back(std::move(point));
}

std::optional<bool> Facts::Impl::holds_at(const Node* g, size_t model) {
  const std::optional<Int> v = evaluator.evaluate(g, models[model]->assignment);
  if (!v) return std::nullopt;  // a variable without value there, or a divisor that is 0
  return v->is_one();
}

void Facts::Impl::filter_models(const Node* fact) {
  for (size_t i = 0; i < models.size();) {
    const std::optional<bool> h = holds_at(fact, i);
    if (h && *h) {
      ++i;
    } else {
      models.erase(models.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

bool Facts::Impl::find_counterexample(const Node* g, Budget& budget, int64_t steps) {
  const int64_t granted = std::min(budget.left(), steps);
  Budget part(granted, budget.cancel_flag());
  const bool found =
      search.find_with(builder.logical_not(g), part) == guard::Search::Outcome::kFound;
  budget.charge(granted - std::clamp<int64_t>(part.left(), 0, granted));
  if (found) remember_model();
  return found;
}

}  // namespace congrua
