// A small model of a conjunction: backtracking over small values with interval and
// congruence propagation, and repair of a given start point.
//
// Constraints are canonical propositions over integer and boolean symbols and opaque
// terms (each distinct opaque term is one more variable; equal arguments need not be
// related here: equal canonical arguments are the same node). They are compiled once into
// a flat program over int64 columns; every model found is re-evaluated with exact
// integers on the nodes themselves before it is returned.
#ifndef CONGRUA_GUARD_SEARCH_H_
#define CONGRUA_GUARD_SEARCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/int.h"
#include "expr/node.h"

namespace congrua::guard {

using internal::Node;

struct SearchBounds {  // what is known of a variable beyond its birth range
  const Node* var;
  int64_t lo, hi;  // inclusive; INT64_MIN and INT64_MAX: unbounded
};

class Search {
 public:
  Search();
  ~Search();
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;

  // Adds a constraint; push and pop scope them (constraints only, compiled nodes are
  // kept).
  void add(const Node* proposition);
  void bound(const SearchBounds& b);
  void push();
  void pop();

  // How large the constraints are: cells of the program that they were compiled to.
  size_t size();
  // Sets of open variables that no constraint ties to others; of the last find.
  size_t num_pieces() const;

  enum class Outcome {
    kFound,      // `model()` satisfies all constraints
    kNone,       // proved: no model (propagation alone, or every domain was finite and
                 // searched)
    kExhausted,  // budget spent, or nothing found in the values that were tried
  };
  // Looks for a model with values as small as can be found soon. Each search node,
  // propagation step and evaluation charges the budget.
  // Making a model smaller is charged to `smaller`; null: to the same budget.
  Outcome find(Budget& budget, Budget* smaller = nullptr);
  // As find, with one more constraint for this call only.
  Outcome find_with(const Node* proposition, Budget& budget);
  // Do all constraints hold at that point, exactly? It may be beyond what find tries, and
  // gives a value to every variable.
  bool holds_at(std::span<const std::pair<const Node*, Int>> point);
  // Does the proposition hold at a point of all constraints that is kept at hand?
  // nullopt: no such point was found within the budget, or the proposition has no value
  // there.
  std::optional<bool> holds_at_base(const Node* proposition, Budget& budget);
  // Values of all variables that occur, by node; valid after kFound until the next call.
  std::span<const std::pair<const Node*, Int>> model() const;
  // The value of an integer term at that point, which the last holds_at_base must have
  // found. `lend` gives a variable of the caller's own a value there; base_version()
  // changes with the point, and what was lent is then to be lent again.
  std::optional<Int> value_at_base(const Node* term);
  void lend(const Node* variable, const Int& value);
  uint64_t base_version() const;
  // The point of holds_at_base.
  std::vector<std::pair<const Node*, Int>> base() const;

  struct Impl;

 private:
  // What was added and pushed since the last question: facts are often never searched.
  // Null: push.
  Impl& applied();
  std::vector<const Node*> log_;
  std::unique_ptr<Impl> impl_;  // null until the first question
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_SEARCH_H_
