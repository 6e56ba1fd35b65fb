// A point of all constraints, kept at hand and repaired where a new constraint breaks it,
// and the search for another point near it: only what constraints tie to the question is
// decided anew.
#include <algorithm>

#include "guard/search_impl.h"

namespace congrua::guard {

using search::CellId;
using search::kInf;
using search::Tree;

namespace {
// Failures before the values of the base are given up, and the growth from round to
// round.
constexpr int64_t kNearFailures = 64;
constexpr int64_t kPatience = 8;
constexpr int64_t kRepairRounds = 2;
constexpr int64_t kQuestionRounds = 3;
// Of the second round of a question: how far the sum of sizes may be above the least one.
// Where bounds pull each other up without end, a bound on the sum is what stops them.
constexpr int64_t kNearSum = 64;

// A value of least magnitude.
int64_t least_value(const search::Dom& d) {
  if (d.contains(0)) return 0;
  if (d.lo >= 0) return d.lo;
  if (d.hi <= 0) return d.hi;
  // Of both signs: the least of the class above 0, and the greatest below.
  const int64_t above = d.rem == 0 ? d.mod : d.rem;
  const int64_t below = static_cast<int64_t>(d.rem) - d.mod;
  if (d.contains(above) && (above <= -below || !d.contains(below))) return above;
  if (d.contains(below)) return below;
  return d.lo > -kInf ? d.lo : d.hi;
}
}  // namespace

// Values for variables that are new: the least magnitude that is allowed.
bool Search::Impl::sync_base(Budget& budget) {
  if (base_holds == constraints.size() && base_holds != 0) return true;
  if (base_failed == constraints.size()) return false;
  if (!engine.propagate(budget)) return false;
  base.resize(engine.program().size(), 0);
  has_base.resize(engine.program().size(), kNoValue);
  for (const CellId c : engine.variables()) {
    if (has_base[c] == kKept) continue;
    base[c] = least_value(engine.dom(c));
    has_base[c] = kKept;
    base_point.set(engine.program().cell(c).node, Int(base[c]));
    ++base_version;
  }
  while (base_holds < constraints.size() &&
         holds_at_base(constraints[base_holds]).value_or(false)) {
    ++base_holds;
  }
  if (base_holds == constraints.size() || repair_base(budget)) return true;
  base_failed = constraints.size();
  return false;
}

std::optional<bool> Search::Impl::holds_at_base(const Node* proposition) {
  const std::optional<Int> v = evaluator.evaluate(proposition, base_point);
  if (!v) return std::nullopt;
  note_parts(proposition);
  if (!has_applications) {
    if (!admissible(std::span(&proposition, 1), base_point)) return std::nullopt;
  } else {
    std::vector<const Node*> all = constraints;
    all.push_back(proposition);
    if (!admissible(all, base_point)) return std::nullopt;
  }
  return v->is_one();
}

std::vector<std::pair<const Node*, Int>> Search::Impl::base_values() const {
  std::vector<std::pair<const Node*, Int>> values;
  for (CellId c = 0; c < has_base.size(); ++c) {
    if (has_base[c] == kNoValue) continue;
    const Node* n = engine.program().cell(c).node;
    // Of an earlier question alone, a variable may be at a clamped end.
    if (n->op == Op::kSymbol && n->sort == Sort::kInt &&
        (base[c] < internal::as_symbol(n)->lo || base[c] > internal::as_symbol(n)->hi)) {
      continue;
    }
    values.emplace_back(n, Int(base[c]));
  }
  return values;
}

// The constraints from base_holds on that do not hold, and what they are tied to, are
// solved again.
bool Search::Impl::repair_base(Budget& budget) {
  std::vector<CellId> cells;
  for (size_t i = base_holds; i < constraints.size(); ++i) {
    if (!holds_at_base(constraints[i]).value_or(false)) {
      cells.push_back(engine.cell_of(constraints[i]));
    }
  }
  std::vector<std::pair<CellId, int64_t>> found;
  if (search_component(std::move(cells), kRepairRounds, budget, &found) ==
      Outcome::kFound) {
    for (const auto& [c, v] : found) {
      base[c] = v;
      base_point.set(engine.program().cell(c).node, Int(v));
    }
  } else {
    if (find_any(budget) != Outcome::kFound) return false;
    for (const CellId c : engine.variables()) has_base[c] = kNoValue;
    for (const auto& [node, value] : model) {
      const CellId c = engine.cell_of(node);
      base[c] = *value.to_int64();
      has_base[c] = kKept;
      base_point.set(node, value);
    }
  }
  base_holds = constraints.size();
  ++base_version;
  return true;
}

// Another point for the variables that the cells are tied to; the others stay at the
// base.
Search::Outcome Search::Impl::search_component(
    std::vector<CellId> cells, int64_t rounds, Budget& budget,
    std::vector<std::pair<CellId, int64_t>>* found) {
  if (!engine.propagate(budget)) return Outcome::kNone;
  // Fixed by the constraints: where the base has another value, what is tied to them
  // moves too.
  uint64_t symbols = 0;
  std::vector<std::pair<CellId, int64_t>> fixed;
  for (const CellId c : engine.variables()) {
    if (engine.dom(c).fixed() && base[c] != engine.dom(c).lo) {
      fixed.emplace_back(c, engine.dom(c).lo);
      cells.push_back(c);
      symbols |= engine.program().cell(c).node->symbols();
      base_point.set(engine.program().cell(c).node, Int(engine.dom(c).lo));
    }
  }
  engine.component(cells);
  budget.charge(static_cast<int64_t>(cells.size()) + 1);
  for (const CellId c : cells) symbols |= engine.program().cell(c).node->symbols();
  std::vector<const Node*> touched;
  for (size_t i = 0; i < constraints.size(); ++i) {
    // Those from base_holds on may be false for want of a value that propagation has
    // fixed.
    if ((constraints[i]->symbols() & symbols) != 0 || i >= base_holds) {
      touched.push_back(constraints[i]);
    }
  }
  Budget part(0, budget.cancel_flag());  // of a round
  Tree tree(
      engine, part,
      [&](const std::vector<int64_t>& values) {
        for (size_t i = 0; i < values.size(); ++i) {
          base_point.set(engine.program().cell(cells[i]).node, Int(values[i]));
        }
        return holds_at(touched, base_point, has_applications ? constraints : touched,
                        part);
      },
      cells);
  std::vector<int64_t> preferred;
  preferred.reserve(cells.size());
  for (const CellId c : cells) preferred.push_back(base[c]);
  tree.prefer(std::move(preferred));
  refused = false;
  Outcome outcome = Outcome::kExhausted;
  int64_t failures = kNearFailures;
  for (int64_t round = 0; round < rounds && !budget.spent();
       ++round, failures *= kPatience) {
    // No round takes what the later ones need.
    const int64_t granted = budget.left() / (rounds - round);
    part = Budget(granted, budget.cancel_flag());
    const bool capped = round > 0 && round + 1 < rounds;
    const int64_t least = capped ? engine.least_sum(cells) : 0;
    const int64_t cap = capped && least < kInf - kNearSum ? least + kNearSum : kInf;
    const Tree::Probe probe = tree.probe(cap, failures);
    budget.charge(granted - std::max<int64_t>(part.left(), 0));
    if (probe == Tree::Probe::kFound) {
      outcome = Outcome::kFound;
      break;
    }
    if (probe == Tree::Probe::kExhausted) {
      outcome = tree.complete() && !refused ? Outcome::kNone : Outcome::kExhausted;
      if ((round > 0 && cap == kInf) || outcome == Outcome::kNone) break;
    }
    tree.prefer({});
  }
  if (outcome == Outcome::kFound) {
    *found = fixed;
    for (size_t i = 0; i < cells.size(); ++i)
      found->emplace_back(cells[i], tree.values()[i]);
  }
  // The base is as it was.
  for (const auto& [c, v] : fixed)
    base_point.set(engine.program().cell(c).node, Int(base[c]));
  for (const CellId c : cells)
    base_point.set(engine.program().cell(c).node, Int(base[c]));
  return outcome;
}

// The proposition is the last constraint.
Search::Outcome Search::Impl::find_near(const Node* proposition, Budget& budget) {
  if (!engine.propagate(budget)) return Outcome::kNone;
  base.resize(engine.program().size(), 0);
  has_base.resize(engine.program().size(), kNoValue);
  for (const CellId c : engine.variables()) {
    if (has_base[c] == kKept) continue;
    // Of this question alone: its value is forgotten with it.
    base[c] = least_value(engine.dom(c));
    has_base[c] = kLent;
    base_point.set(engine.program().cell(c).node, Int(base[c]));
  }
  std::vector<std::pair<CellId, int64_t>> found;
  const Outcome outcome =
      search_component({engine.cell_of(proposition)}, kQuestionRounds, budget, &found);
  // What functions tie to the question is not in its component.
  if (outcome != Outcome::kFound && refused) return find_any(budget);
  if (outcome != Outcome::kFound) return outcome;
  model.clear();
  std::ranges::sort(found);
  for (const CellId c : engine.variables()) {
    const auto it =
        std::ranges::lower_bound(found, c, {}, &std::pair<CellId, int64_t>::first);
    const bool changed = it != found.end() && it->first == c;
    model.emplace_back(engine.program().cell(c).node,
                       Int(changed ? it->second : base[c]));
  }
  return outcome;
}

}  // namespace congrua::guard
