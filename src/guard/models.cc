// Points of the facts (DESIGN.md, layer 6): a guard that fails at one does not follow.
#include "guard/facts_impl.h"

namespace congrua {

bool Facts::Impl::negative_at_base(const Node* p) {
  if (!base_prunes) return false;
  if (quotients_lent_at != search.base_version()) quotients_lent = 0;
  quotients_lent_at = search.base_version();
  for (; quotients_lent < quotients.size(); ++quotients_lent) {
    const auto& [symbol, quotient] = quotients[quotients_lent];
    if (const std::optional<Int> v = search.value_at_base(quotient))
      search.lend(symbol, *v);
  }
  const std::optional<Int> v = search.value_at_base(p);
  return v && v->sign() < 0;
}

bool Facts::Impl::find_counterexample(const Node* g, Budget& budget, int64_t steps,
                                      bool* none) {
  const int64_t granted = std::min(budget.left(), steps);
  Budget part(granted, budget.cancel_flag());
  const auto outcome = search.find_with(builder.logical_not(g), part);
  budget.charge(part.spent_of(granted));
  *none = outcome == guard::Search::Outcome::kNone;
  return outcome == guard::Search::Outcome::kFound;
}

}  // namespace congrua
