// The finder: constraints and scopes, the order of attempts, and the exact check.
#include "guard/search.h"

#include <algorithm>

#include "base/check.h"
#include "expr/eval.h"
#include "guard/search_impl.h"

namespace congrua::guard {

namespace {

using search::CellId;
using search::Engine;
using search::kInf;
using search::Tree;

// Failures before a bound on the sum is left for a larger one; times kPatience in each
// round.
constexpr int64_t kFirstFailures = 256;
constexpr int64_t kPatience = 8;
// Minimising a model may cost as much as finding it, and at least this.
constexpr int64_t kMinimiseSteps = 20'000;
constexpr int64_t kMinimiseFailures = 4'000;
// A first attempt at each of several pieces.
constexpr int64_t kPieceSteps = 4'000;
// Where a bound on the sum ties so many variables, what it narrows in each step costs
// more than it saves: a model without one comes first.
constexpr size_t kManyVariables = 64;
// A point at which values are too large: as many as computing them takes.
constexpr int64_t kLargeSteps = 10'000;

}  // namespace

Search::Search() = default;
Search::~Search() = default;

void Search::add(const Node* proposition) { log_.push_back(proposition); }
void Search::push() { log_.push_back(nullptr); }

void Search::pop() {
  // To the push where that is in the log; else what is there belongs to the scope that
  // ends.
  while (!log_.empty()) {
    const bool was_push = log_.back() == nullptr;
    log_.pop_back();
    if (was_push) return;
  }
  CONGRUA_CHECK(impl_ != nullptr, "pop without push");
  impl_->pop();
}

Search::Impl& Search::applied() {
  if (impl_ == nullptr) impl_ = std::make_unique<Impl>();
  for (const Node* n : log_) n == nullptr ? impl_->push() : impl_->add(n);
  log_.clear();
  return *impl_;
}

void Search::bound(const SearchBounds& b) {
  applied().engine.require_range(b.var, b.lo, b.hi);
}

size_t Search::size() { return applied().engine.program().size(); }

size_t Search::num_pieces() const { return impl_ == nullptr ? 0 : impl_->num_pieces; }

void Search::Impl::add(const Node* proposition) {
  constraints.push_back(proposition);
  note_parts(proposition);
  engine.require(proposition, true);
}

void Search::Impl::push() {
  // What the outer scope implies is found in the outer scope, or pop would forget it.
  Budget unlimited;
  engine.propagate(unlimited);
  scopes.push_back({engine.mark(), constraints.size()});
}

void Search::Impl::pop() {
  CONGRUA_CHECK(!scopes.empty(), "pop without push");
  engine.undo(scopes.back().mark);
  constraints.resize(scopes.back().constraints);
  base_holds = std::min(base_holds, constraints.size());
  if (base_failed > constraints.size()) base_failed = SIZE_MAX;
  scopes.pop_back();
}

std::span<const std::pair<const Node*, Int>> Search::model() const {
  if (impl_ == nullptr) return {};
  return impl_->model;
}

Search::Outcome Search::find(Budget& budget, Budget* smaller) {
  return applied().find(budget, smaller == nullptr ? budget : *smaller);
}

Search::Outcome Search::find_with(const Node* proposition, Budget& budget) {
  Impl& impl = applied();
  const bool has_base = impl.sync_base(budget);
  impl.push();
  impl.add(proposition);
  const Outcome outcome =
      has_base ? impl.find_near(proposition, budget) : impl.find_any(budget);
  impl.pop();
  return outcome;
}

bool Search::holds_at(std::span<const std::pair<const Node*, Int>> point) {
  Impl& impl = applied();
  internal::Assignment at;
  for (const auto& [variable, value] : point) at.set(variable, value);
  return impl.evaluator.all_true(impl.constraints, at) &&
         impl.admissible(impl.constraints, at);
}

std::optional<bool> Search::holds_at_base(const Node* proposition, Budget& budget) {
  Impl& impl = applied();
  if (!impl.sync_base(budget)) return std::nullopt;
  return impl.holds_at_base(proposition);
}

std::optional<Int> Search::value_at_base(const Node* term) {
  Impl& impl = applied();
  return impl.evaluator.evaluate(term, impl.base_point);
}
void Search::lend(const Node* variable, const Int& value) {
  applied().base_point.set(variable, value);
}
uint64_t Search::base_version() const {
  return impl_ == nullptr ? 0 : impl_->base_version;
}

std::vector<std::pair<const Node*, Int>> Search::base() const {
  if (impl_ == nullptr) return {};
  return impl_->base_values();
}

// A model of all constraints at once, not necessarily small.
Search::Outcome Search::Impl::find_any(Budget& budget) {
  if (!engine.propagate(budget)) return Outcome::kNone;
  refused = false;
  const std::vector<CellId>& variables = engine.variables();
  Tree tree(engine, budget,
            [&](const std::vector<int64_t>& v) { return check(v, budget); });
  Piece piece{.cells = {}, .lower_bound = engine.least_sum(variables)};
  const Outcome outcome = first_model(tree, piece, budget);
  if (outcome == Outcome::kFound) keep(piece.values);
  return outcome;
}

Search::Outcome Search::Impl::find(Budget& budget, Budget& smaller) {
  if (!engine.propagate(budget)) return Outcome::kNone;
  // Functions tie what no constraint does.
  if (!has_applications) {
    std::vector<std::vector<CellId>> components = engine.components();
    num_pieces = components.size();
    if (components.size() > 1) {
      const std::optional<Outcome> found =
          find_pieces(std::move(components), budget, smaller);
      if (found) return *found;
    }
  }
  refused = false;
  Tree tree(engine, budget,
            [&](const std::vector<int64_t>& v) { return check(v, budget); });
  Piece piece{.cells = {}, .lower_bound = engine.least_sum(engine.variables())};
  const int64_t before = budget.left();
  const Outcome outcome = first_model(tree, piece, budget);
  if (outcome != Outcome::kFound) return outcome;
  Budget rest = for_minimising(before - budget.left(), smaller);
  const int64_t granted = rest.left();
  Tree again(engine, rest, [&](const std::vector<int64_t>& v) { return check(v, rest); });
  minimise(again, piece, rest);
  keep(piece.values);
  smaller.charge(granted - std::max<int64_t>(rest.left(), 0));
  return Outcome::kFound;
}

// What no constraint ties together is searched apart: the efforts add up instead of
// multiplying, and so do the smallest sums. nullopt: all pieces have models, and the
// point that they make is refused by what propagation does not know.
std::optional<Search::Outcome> Search::Impl::find_pieces(
    std::vector<std::vector<CellId>> components, Budget& budget, Budget& smaller_sum) {
  const auto accept = [](const std::vector<int64_t>&) { return true; };
  const int64_t before = budget.left();
  refused = false;
  std::vector<Piece> pieces;
  for (auto& c : components) {
    pieces.push_back({.cells = std::move(c), .lower_bound = 0});
    pieces.back().lower_bound = engine.least_sum(pieces.back().cells);
  }
  // A piece without a model may come behind one that takes long.
  for (const int64_t limit : {kPieceSteps, Budget::kUnlimited}) {
    for (Piece& p : pieces) {
      if (!p.values.empty()) continue;
      const int64_t granted = std::min(budget.left(), limit);
      Budget part(granted, budget.cancel_flag());
      Tree tree(engine, part, accept, p.cells);
      const Outcome outcome = first_model(tree, p, part);
      budget.charge(part.spent_of(granted));
      if (outcome == Outcome::kNone) return outcome;
      if (outcome == Outcome::kExhausted && limit == Budget::kUnlimited) return outcome;
    }
  }
  std::vector<size_t> position(engine.program().size());
  const std::vector<CellId>& variables = engine.variables();
  for (size_t i = 0; i < variables.size(); ++i) position[variables[i]] = i;
  std::vector<int64_t> values(variables.size());
  for (size_t i = 0; i < variables.size(); ++i) values[i] = engine.dom(variables[i]).lo;
  const auto join = [&](const Piece& p, std::vector<int64_t>& to) {
    for (size_t i = 0; i < p.cells.size(); ++i) to[position[p.cells[i]]] = p.values[i];
  };
  for (const Piece& p : pieces) join(p, values);
  if (!check(values, budget)) return std::nullopt;
  Budget rest = for_minimising(before - budget.left(), smaller_sum);
  const int64_t granted = rest.left();
  std::vector<int64_t> smaller = values;
  for (Piece& p : pieces) {
    Tree tree(engine, rest, accept, p.cells);
    minimise(tree, p, rest);
    join(p, smaller);
  }
  keep(smaller != values && check(smaller, rest) ? smaller : values);
  smaller_sum.charge(granted - std::max<int64_t>(rest.left(), 0));
  return Outcome::kFound;
}

Budget Search::Impl::for_minimising(int64_t spent, const Budget& budget) {
  return Budget(std::min(budget.left(), std::max(kMinimiseSteps, spent)),
                budget.cancel_flag());
}

// Bounds on the sum that double, in rounds of growing patience.
Search::Outcome Search::Impl::first_model(Tree& tree, Piece& piece, Budget& budget) {
  const int64_t start = piece.lower_bound;
  const auto none = [&] { return refused ? Outcome::kExhausted : Outcome::kNone; };
  const auto found = [&] {
    piece.best = tree.sum();
    piece.values = tree.values();
    return Outcome::kFound;
  };
  if (tree.variables().size() > kManyVariables) {
    const Tree::Probe probe = tree.probe(kInf, kFirstFailures);
    if (probe == Tree::Probe::kFound) return found();
    if (probe == Tree::Probe::kExhausted && tree.complete()) return none();
  }
  const auto doubled = [](int64_t v) { return v > kInf / 4 ? kInf : v * 2 + 1; };
  for (int64_t patience = kFirstFailures; !budget.spent(); patience *= kPatience) {
    bool all_exhausted = true;
    for (int64_t slack = 0; !budget.spent();) {
      const bool widest = start >= kInf - slack;
      const int64_t cap = widest ? kInf : start + slack;
      if (cap >= piece.lower_bound) {
        const Tree::Probe probe = tree.probe(cap, patience);
        if (probe == Tree::Probe::kFound) return found();
        if (probe == Tree::Probe::kExhausted) {
          if (tree.complete()) return none();
          if (!widest) piece.lower_bound = cap + 1;
        } else {
          all_exhausted = false;
          slack = doubled(slack);
        }
      }
      if (widest) break;
      slack = std::max(doubled(slack), start / 32);
    }
    // Everything that a column can hold was searched.
    if (all_exhausted) return Outcome::kExhausted;
  }
  return Outcome::kExhausted;
}

// Halves the gap between the proved lower bound and the best sum.
void Search::Impl::minimise(Tree& tree, Piece& piece, Budget& budget) {
  // Within 2 % of what no model is below, more effort is not worth it.
  while (piece.lower_bound < piece.best - piece.best / 50 && !budget.spent()) {
    const int64_t cap = piece.lower_bound + (piece.best - 1 - piece.lower_bound) / 2;
    const Tree::Probe probe = tree.probe(cap, kMinimiseFailures);
    if (probe == Tree::Probe::kFound) {
      piece.best = tree.sum();
      piece.values = tree.values();
    } else if (probe == Tree::Probe::kExhausted) {
      piece.lower_bound = cap + 1;
    } else {
      break;
    }
  }
}

// The model: values of all variables.
void Search::Impl::keep(const std::vector<int64_t>& values) {
  model.clear();
  for (size_t i = 0; i < values.size(); ++i) {
    model.emplace_back(engine.program().cell(engine.variables()[i]).node, Int(values[i]));
  }
}

bool Search::Impl::holds_at(std::span<const Node* const> propositions,
                            const internal::Assignment& at,
                            std::span<const Node* const> admitted, Budget& budget) {
  if (evaluator.all_true(propositions, at)) return admit(admitted, at);
  switch (evaluator.error()) {
    case internal::EvalError::kTooLarge:
      refused = true;
      budget.charge(kLargeSteps);
      break;
    case internal::EvalError::kUnbound:
      refused = true;  // the program has no variable for it, and says nothing of it
      break;
    default:
      break;
  }
  return false;
}

bool Search::Impl::check(const std::vector<int64_t>& values, Budget& budget) {
  // Charged by the tree: one step for each variable; the terms between are as many as the
  // runs of propagators that fixed them.
  point.clear();
  for (size_t i = 0; i < values.size(); ++i) {
    point.set(engine.program().cell(engine.variables()[i]).node, Int(values[i]));
  }
  return holds_at(constraints, point, constraints, budget);
}

}  // namespace congrua::guard
