// Refutation by cases (DESIGN.md, layer 6): are the facts contradictory? Linear
// combinations around the newest facts first, then a disjunction, a selection, a minimum
// or a maximum is split, and each case must be contradictory.
#include <algorithm>

#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;

namespace {
constexpr size_t kMaxCenters = 8;  // facts around which combinations are looked for
constexpr size_t kMaxFactsForCases = 48;
constexpr size_t kMaxNodesForCases = 400;
constexpr int64_t kNodeCost = 100;
}  // namespace

// Does a linear combination around one of the facts from `first` on contradict?
bool Facts::Impl::linear_contradiction(size_t first, Budget& budget) {
  size_t tried = 0;
  for (size_t i = ge_facts.size(); i-- > first && tried < kMaxCenters;) {
    const Node* q = rewrite(ge_facts[i]);
    if (q->op == Op::kConst) {
      if (internal::const_value(q).sign() < 0) return true;
      continue;
    }
    ++tried;
    if (!budget.charge(8)) return false;
    const Node* below = builder.add_const(builder.neg(q), Int(-1));
    if (domain_of(below).lo() >= 0 || linear_nonnegative(below, budget, true))
      return true;
  }
  return false;
}

// The cases of a disjunction: parts not yet excluded. A clause And(parts) is known to be
// false.
Facts::Impl::Cases Facts::Impl::cases_of_clause(Budget& budget) {
  Cases best;
  for (size_t i = clauses.size(); i-- > 0;) {
    const Node* c = rewrite(clauses[i]);
    if (internal::is_const(c)) continue;
    Cases cases;
    if (c->op != Op::kAnd) {
      cases.assumptions = {builder.logical_not(c)};
      return cases;
    }
    bool done = false;
    Layer layer = Layer::kNone;
    for (const Node* part : args_of(c)) {
      Budget small(std::min<int64_t>(budget.left(), 600), budget.cancel_flag());
      const int64_t before = small.left();
      const Truth t = prove(part, small, &layer);
      budget.charge(before - std::max<int64_t>(small.left(), 0));
      done |= t == Truth::kFalse;
      if (t != Truth::kTrue) cases.assumptions.push_back(builder.logical_not(part));
    }
    if (done) continue;
    if (cases.assumptions.empty()) {
      contradict();
      return {};
    }
    if (best.assumptions.empty() || cases.assumptions.size() < best.assumptions.size()) {
      best = std::move(cases);
    }
    if (best.assumptions.size() == 1 || budget.spent()) break;
  }
  return best;
}

// A selection, minimum or maximum in the goal, or else in the newest facts, and what it
// is in each case.
Facts::Impl::Cases Facts::Impl::cases_of_choice(const Node* goal, Budget& budget) {
  std::vector<const Node*> stack;
  std::vector<const Node*> seen;
  const auto visit = [&](const Node* n) {
    if (n->symbols() == 0 || seen.size() >= kMaxNodesForCases) return;
    if (std::ranges::find(seen, n) != seen.end()) return;
    seen.push_back(n);
    stack.push_back(n);
  };
  if (goal != nullptr) {
    visit(rewrite(goal));
  } else {
    size_t count = 0;
    for (size_t i = ge_facts.size(); i-- > 0 && count < kMaxFactsForCases; ++count) {
      visit(rewrite(ge_facts[i]));
    }
    for (size_t i = clauses.size(); i-- > 0 && count < 2 * kMaxFactsForCases; ++count) {
      visit(rewrite(clauses[i]));
    }
    for (size_t i = ne_facts.size(); i-- > 0 && count < 3 * kMaxFactsForCases; ++count) {
      visit(rewrite(ne_facts[i]));
    }
  }
  const Node* choice = nullptr;
  while (!stack.empty()) {
    const Node* n = stack.back();
    stack.pop_back();
    if (n->op == Op::kSelect || n->op == Op::kMin || n->op == Op::kMax) {
      // The innermost: its condition holds no other choice.
      choice = n;
    }
    internal::for_each_child(n, visit);
  }
  Cases cases;
  if (choice == nullptr || !budget.charge(static_cast<int64_t>(seen.size())))
    return cases;
  cases.choice = choice;
  const auto args = args_of(choice);
  if (choice->op == Op::kSelect) {
    Layer layer = Layer::kNone;
    const std::optional<Truth> known = look_up(args[0], &layer);
    if (known != Truth::kFalse) {
      cases.assumptions.push_back(args[0]);
      cases.values.push_back(args[1]);
    }
    if (known != Truth::kTrue) {
      cases.assumptions.push_back(builder.logical_not(args[0]));
      cases.values.push_back(args[2]);
    }
    return cases;
  }
  for (const Node* a : args) {
    std::vector<const Node*> parts;
    for (const Node* b : args) {
      if (b == a) continue;
      parts.push_back(choice->op == Op::kMin ? builder.ge(b, a) : builder.ge(a, b));
    }
    cases.assumptions.push_back(builder.conjunction(parts));
    cases.values.push_back(a);
  }
  return cases;
}

// p != 0 as p >= 1 or p <= -1, the newest first.
Facts::Impl::Cases Facts::Impl::cases_of_difference() {
  Cases cases;
  for (size_t i = ne_facts.size(); i-- > 0;) {
    const Node* p = rewrite(ne_facts[i]);
    const Domain d = domain_of(p);
    if (d.lo() >= 0 || d.hi() <= 0) continue;
    cases.assumptions = {builder.ge0(builder.add_const(p, Int(-1))),
                         builder.ge0(builder.add_const(builder.neg(p), Int(-1)))};
    break;
  }
  return cases;
}

bool Facts::Impl::refute(Budget& budget, bool* split) {
  return refute_cases(facts.empty() ? nullptr : facts.back(), budget, 0, kMaxCaseDepth,
                      split);
}

bool Facts::Impl::refute_cases(const Node* goal, Budget& budget, size_t first, int depth,
                               bool* split) {
  if (contradictory) return true;
  if (!budget.charge(kNodeCost)) return false;
  if (linear_contradiction(first, budget)) return true;
  if (depth == 0) return false;
  // Choices of the goal first: what else is undecided may have nothing to do with it.
  Cases cases;
  if (goal != nullptr) cases = cases_of_choice(goal, budget);
  if (cases.assumptions.empty()) cases = cases_of_clause(budget);
  if (contradictory) return true;
  if (cases.assumptions.empty()) cases = cases_of_choice(nullptr, budget);
  if (cases.assumptions.empty()) cases = cases_of_difference();
  if (cases.assumptions.empty() || budget.spent()) return false;
  *split |= cases.assumptions.size() > 1;
  for (size_t i = 0; i < cases.assumptions.size(); ++i) {
    const size_t from = ge_facts.size();
    push_scope();
    add_without_models(cases.assumptions[i]);
    if (!contradictory && cases.choice != nullptr) {
      learn(rewrite(builder.eq(cases.choice, cases.values[i])), true);
    }
    // What was said again has its price.
    budget.charge(8 *
                  (kLearnQuota + 2 * static_cast<int64_t>(facts.size()) - learn_quota));
    const bool closed = refute_cases(goal, budget, from, depth - 1, split);
    pop_scope();
    if (!closed) return false;
  }
  return true;
}

bool Facts::Impl::refute_with(const Node* g, Budget& budget, Layer* layer) {
  const size_t from = ge_facts.size();
  bool split = false;
  push_scope();
  add_without_models(g);
  revisit_products();
  const bool refuted = refute_cases(g, budget, from, kMaxCaseDepth, &split);
  pop_scope();
  if (refuted) *layer = split ? Layer::kSplit : Layer::kLinear;
  return refuted;
}

}  // namespace congrua
