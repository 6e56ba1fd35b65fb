// Simplification of canonical nodes under facts: rules applied bottom-up until none
// applies.
//
// Each rule takes a node whose operands are simple and gives a node of the same value at
// every point of the facts, or the node itself. What a rule gives is simplified in its
// turn, so that rules need not know of each other. Termination: a node that is met again
// while it is being simplified is left as it is, and every step is charged to the budget.
//
// Rules that a pattern can say are lines of the tables rules_*.inc, run by matcher.h;
// what reads a whole sum is a procedure, whose laws are lines of laws_*.inc.
// docs/rules.md shows both. Files: rules.cc, sums.cc, divisions.cc, radices.cc,
// extremes.cc, selections.cc, propositions.cc.
#ifndef CONGRUA_REWRITE_SIMPLIFIER_H_
#define CONGRUA_REWRITE_SIMPLIFIER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "base/budget.h"
#include "base/int.h"
#include "domain/domain.h"
#include "expr/builder.h"
#include "expr/column.h"
#include "guard/facts_impl.h"
#include "rewrite/points.h"
#include "rewrite/polynomials.h"

namespace congrua::rewrite {

using internal::Builder;
using internal::Node;

class Simplifier {
 public:
  // The facts stay as they are while it lives.
  Simplifier(Facts::Impl& facts, Budget& budget) : Simplifier(facts, budget, nullptr) {}

  const Node* run(const Node* root);
  // Of two simple nodes of one value; the first of equal ones.
  const Node* cheaper(const Node* a, const Node* b) {
    return a == b || cost(a) <= cost(b) ? a : b;
  }
  // n with what the facts say terms equal put in place of these, where that is cheaper.
  const Node* by_equal_terms(const Node* n);

 private:
  Simplifier(Facts::Impl& facts, Budget& budget, Simplifier* outer)
      : facts_(facts),
        builder_(facts.builder),
        budget_(budget),
        outer_(outer),
        root_(outer == nullptr ? *this : outer->root_),
        nesting_(outer == nullptr ? 0 : outer->nesting_ + 1) {}

  friend class ExtremeView;
  friend class Matcher;

  // A linear term over what is seen as one value: a monomial or a remainder.
  struct Part {
    Int coef;
    const Node* node;
    Domain domain;
  };
  using Parts = absl::InlinedVector<Part, 8>;
  using Nodes = absl::InlinedVector<const Node*, 8>;
  // A sum seen as scale * extremum(args) + rest; whole args are scale * arg + rest.
  struct Extreme {
    Op op;  // of the whole args
    Nodes wholes;
    const Node* atom;
  };

  const Node* step(const Node* n);

  // ---- What the facts say, by layers that cost little
  Domain range(const Node* n) { return facts_.domain_of(facts_.rewrite(n)); }
  bool nonnegative(const Node* p);  // p >= 0 is proved
  // The same, looking into the extremes of p, too.
  bool nonnegative_by_cases(const Node* p, int depth = 0);
  bool at_least(const Node* a, const Node* b);
  // A point is known at which p < 0.
  bool refuted(const Node* p);
  // A sum of symbols that facts about sums do not speak of: each symbol once and free of
  // the others, so that the interval is exact and no layer knows more.
  bool is_settled(const Node* p);
  uint64_t tied_symbols();  // of facts p >= 0 that are no bounds of one symbol
  // What is simplified where the condition has that value, on top of these facts. Rules
  // ask about the same conditions again and again, and adding facts is what costs most:
  // it is kept with all that was found there.
  Simplifier& where(const Node* condition, bool value);
  void assume(const Node* fact);  // in the innermost scope
  // Runs f with the condition of `inner` among the facts; f is not called where the facts
  // then contradict each other: false. No `auto` results that refer to memos.
  template <typename F>
  bool under(Simplifier& inner, F&& f);
  // n simplified by `inner`, with its condition among the facts; nullptr where that is
  // impossible, or where a divisor is 0 wherever it holds: there nothing is asked.
  const Node* run_under(Simplifier& inner, const Node* n);
  // p >= 0 is proved where the condition, a comparison, has that value.
  bool nonnegative_where(const Node* condition, bool value, const Node* p);
  // n simplified where the condition has that value; nullptr where it never has, or where
  // a divisor is 0 wherever it has: there nothing is asked.
  const Node* simplify_under(const Node* condition, bool value, const Node* n);
  bool keeps_divisors(const Node* simple, const Node* original);
  // No divisor of n can be 0 where the condition has that value.
  bool has_value_where(const Node* condition, bool value, const Node* n);
  // Operators of n as it would be shown, roughly: for rules that weigh two forms.
  uint64_t cost(const Node* n);

  // ---- rules.cc: the tables, in their order; n where no rule applies
  const Node* division_rules(const Node* n);
  const Node* extreme_rules(const Node* n);
  const Node* term_rules(const Node* n);
  const Node* sum_rules(const Node* n);
  const Node* product_rules(const Node* n);
  const Node* select_rules(const Node* n);
  const Node* quotient_rules(const Node* n);
  const Node* comparison_rules(const Node* n);
  const Node* conjunction_rules(const Node* n);

  // ---- sums.cc
  const Node* sum_step(const Node* n);
  const Node* distribute(const Node* n, bool selection);
  const Node* align_selects(const Node* n);
  // The selection with the condition instead of its own; null where they differ.
  const Node* with_condition(const Node* select, const Node* condition);
  const Node* join_halves(const Node* n);
  std::optional<Extreme> as_extreme(const Node* n);

  // ---- divisions.cc
  const Node* division_step(const Node* n);
  const Node* divide_by_constant(const Node* n, const Node* a, const Int& c);
  const Node* divide_by_term(const Node* n, const Node* a, const Node* b);
  template <typename Terms>
  Parts parts_of(const Terms& terms) {
    Parts parts;
    for (const internal::Term& t : terms)
      parts.push_back({t.coef, t.mono, range(t.mono)});
    return parts;
  }
  // The parts of p with its remainders as one part each; what these hold of the constant
  // is taken from p.constant. *any: there were some.
  Parts parts_with_remainders(Poly& p, bool* any);
  // sum(parts) + constant = g * sum(quotients) + r with 0 <= r < g: then *quotient is the
  // first sum. The coefficients of the parts may be taken modulo g. With `gap`, r may
  // reach over a few periods of g: *gap more than one.
  bool fold(const Parts& parts, const Int& constant, const Int& g, const Node** quotient,
            int64_t* gap = nullptr);
  absl::InlinedVector<Int, 8> candidate_divisors(const Parts& parts, const Int& c);

  // ---- radices.cc
  class Radices;
  // (a + c*more)//c; null where no rule applies.
  const Node* divide_radices(const Node* a, const Int& c, const Poly& more);
  void nearly(Poly& p, Parts& parts);
  const Node* join_radices(const Node* n);

  // ---- extremes.cc
  const Node* extreme_step(const Node* n);
  const Node* hoist_select(const Node* n);
  const Node* order_clamp(const Node* n);
  const Node* common_quotient(const Node* n);
  const Node* common_truncation(const Node* n);

  // ---- selections.cc
  const Node* select_step(const Node* n);
  const Node* split_condition(const Node* n);
  const Node* common_factor(const Node* c, const Node* a, const Node* b);

  // ---- propositions.cc
  const Node* comparison_step(const Node* n);
  const Node* split_comparison(const Node* p);
  const Node* comparison_of_select(const Node* n);
  const Node* and_step(const Node* n);
  std::optional<bool> decided(const Node* proposition);

  const Node* divided(const Node* n, const Int& c) {
    return builder_.floor_div(n, builder_.constant(c));
  }

  Facts::Impl& facts_;
  Builder& builder_;
  Budget& budget_;
  // That of the facts without the condition; null: none was assumed.
  Simplifier* const outer_;
  Simplifier& root_;
  std::unique_ptr<Points> points_;  // of the root, made when first asked
  const Node* assumed_ = nullptr;   // the condition, or its negation
  uint64_t reach_ = 0;              // symbols that the condition may say something about
  uint64_t tied_ = 0;               // tied_symbols() at the state tied_at_
  uint64_t tied_at_ = UINT64_MAX;
  bool impossible_ = false;  // where the condition has its value
  const int nesting_;        // how many conditions were assumed
  bool no_value_ = false;    // a divisor became 0
  internal::NodeColumn<const Node*> memo_;
  internal::NodeColumn<uint64_t> costs_;
  // Of what was asked where a condition has a value.
  using Answers = absl::InlinedVector<std::pair<const Node*, bool>, 4>;
  static const bool* find_answer(const Answers& answers, const Node* question);
  Answers nonnegative_;                                // nonnegative_where
  Answers has_value_;                                  // has_value_where
  absl::InlinedVector<const Node*, 1> without_value_;  // run_under
  absl::flat_hash_map<std::pair<const Node*, bool>, std::unique_ptr<Simplifier>> inner_;
  absl::InlinedVector<const Node*, 64> stack_;
};

template <typename F>
bool Simplifier::under(Simplifier& inner, F&& f) {
  if (inner.impossible_) return false;
  facts_.push_scope();
  assume(inner.assumed_);
  inner.impossible_ = facts_.contradictory;
  if (!inner.impossible_) f();
  facts_.pop_scope();
  return !inner.impossible_;
}

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_SIMPLIFIER_H_
