// Points of the facts (DESIGN.md, layer 6): a guard that fails at one does not follow.
#include "guard/facts_impl.h"

namespace congrua {

bool Facts::Impl::find_counterexample(const Node* g, Budget& budget, int64_t steps, bool* none) {
  const int64_t granted = std::min(budget.left(), steps);
  Budget part(granted, budget.cancel_flag());
  const auto outcome = search.find_with(builder.logical_not(g), part);
  budget.charge(granted - std::clamp<int64_t>(part.left(), 0, granted));
  *none = outcome == guard::Search::Outcome::kNone;
  return outcome == guard::Search::Outcome::kFound;
}

}  // namespace congrua
