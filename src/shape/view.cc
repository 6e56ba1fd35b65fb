#include "shape/view.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "congrua/eval.h"
#include "congrua/simplify.h"
#include "expr/builder.h"
#include "expr/walk.h"

namespace congrua::shape {

using internal::args_of;
using internal::Builder;
using internal::Node;

namespace {

constexpr int64_t kDivisorSteps = 5'000;  // to show that one is not 0
constexpr size_t kMaxGivenAnswers = 8;    // of one question

// A comparison of reals, or its negation.
bool is_float_literal(const Node* n) {
  return float_comparison(n->op == Op::kNot ? args_of(n)[0] : n).has_value();
}

bool settled(Truth t) { return t == Truth::kTrue || t == Truth::kFalse; }

}  // namespace

std::span<const Node* const> OpaqueTerms::below(const Node* root) {
  if (const auto it = terms_.find(root); it != terms_.end()) return it->second;
  return terms_[root] = internal::nodes_below(
             root, [](const Node* n) { return n->partial; },
             [](const Node* n) {
               return n->op == Op::kOpaque && n->sort != Sort::kReal;
             });
}

std::span<const Node* const> OpaqueTerms::open_divisors(const Node* n) {
  const auto [it, fresh] = divisors_.try_emplace(n);
  if (fresh) it->second = internal::open_divisors(n);
  return it->second;
}

View::View(ExprPool& pool, const OpaqueTable& opaques, OpaqueTerms& terms)
    : pool_(pool),
      opaques_(opaques),
      terms_(terms),
      facts_(pool),
      rollbacks_(Builder::of(pool).rollbacks()) {}

// Facts check it of themselves; an answer that is remembered here never goes there.
void View::check_pool() const {
  CONGRUA_CHECK(rollbacks_ == Builder::of(pool_).rollbacks(),
                "the pool took back terms that this environment may hold");
}

void View::check_own(const Node* n) const {
  CONGRUA_CHECK(Builder::of(pool_).holds(n), "a term of another pool");
}

Bounds View::int_bounds(const Node* n) {
  if (!reads_all(n)) return {};
  return facts_.bounds(Builder::expr(n), {.steps = 0, .explain = false});
}

FloatFacts::IntBounds View::ints() {
  return [this](const Node* n) { return int_bounds(n); };
}

bool View::add(Expr fact, RecordId owner) {
  const Node* n = Builder::node(fact);
  check_own(n);
  // Before each step: what is asked on the way is remembered by what was stated before.
  note(n);
  if (n->partial) {
    for (const Node* o : terms_.below(n)) describe(o);
    learn_floats(n, true);
    if (!terms_.below(n).empty()) float_facts_.emplace_back(fact, owner);
    if (is_float_literal(n)) return !contradictory();  // nothing that Facts could use
    // A threshold says more than the comparison that it replaces.
    const Node* p = prepare(n);
    if (p != n && !internal::is_const(p)) learn(Builder::expr(p), owner);
  }
  learn(fact, owner);
  return !contradictory();
}

void View::learn(Expr fact, RecordId owner) {
  const Node* n = Builder::node(fact);
  if (n->op == Op::kAnd && !internal::unread_divisors(n).empty()) {
    // Where it is true all its parts are read.
    for (const Node* part : args_of(n)) learn(Builder::expr(part), owner);
    return;
  }
  if (!reads_all(n)) return;
  (void)facts_.add(fact);
  owner_of_.push_back(owner);
  note(n);
}

void View::note(const Node* fact) {
  states_.add();
  ties_.add(fact, states_.current().facts);
}

// Is every divisor below n read where n is, or known not to be 0?
bool View::reads_all(const Node* n) {
  if (!n->partial) return true;
  const auto divisors = internal::unread_divisors(n);
  return std::ranges::all_of(divisors, [&](const Node* d) {
    const Expr nonzero = ne(Builder::expr(d), pool_.constant(0));
    return decide(nonzero, kDivisorSteps).truth == Truth::kTrue;
  });
}

bool View::add_hull(const Node* real, const FloatHull& hull) {
  if (!floats_.learn_hull(real, hull)) float_conflict_ = true;
  note(real);
  return !float_conflict_;
}

// Parts of a fact that are comparisons of reals.
void View::learn_floats(const Node* n, bool holds) {
  if (n->op == Op::kNot) return learn_floats(args_of(n)[0], !holds);
  if (n->op == Op::kAnd && holds) {
    for (const Node* part : args_of(n)) {
      if (part->partial) learn_floats(part, true);
    }
    return;
  }
  if (const auto c = float_comparison(n)) {
    if (!floats_.learn(*c, holds, ints())) float_conflict_ = true;
  }
}

void View::push() {
  facts_.push();
  scopes_.push_back({owner_of_.size(), floats_.mark(), float_facts_.size(),
                     stated_trail_.size(), states_.current().facts, ties_.mark(),
                     float_conflict_});
  ties_.push();
}

void View::pop() {
  const Scope s = scopes_.back();
  scopes_.pop_back();
  facts_.pop();
  owner_of_.resize(s.owners);
  floats_.undo(s.floats);
  float_facts_.erase(float_facts_.begin() + static_cast<std::ptrdiff_t>(s.float_facts),
                     float_facts_.end());
  while (stated_trail_.size() > s.stated) {
    stated_[stated_trail_.back().first] = stated_trail_.back().second;
    stated_trail_.pop_back();
  }
  states_.truncate(s.states);
  ties_.pop(s.ties);
  float_conflict_ = s.float_conflict;
}

// Comparisons of reals that are decided, and thresholds, in place.
const Node* View::prepare(const Node* n) {
  const auto opaque = terms_.below(n);
  if (opaque.empty()) return n;
  std::vector<std::pair<Expr, Expr>> replaced;
  for (const Node* o : opaque) {
    describe(o);
    const auto c = float_comparison(o);
    if (!c) continue;
    const std::optional<bool> known = floats_.decide(*c, ints());
    if (!known) continue;
    const Node* value = Builder::of(pool_).boolean(*known);
    if (o == n) return value;
    replaced.emplace_back(Builder::expr(o), Builder::expr(value));
  }
  if (!replaced.empty()) n = Builder::node(substitute(Builder::expr(n), replaced));
  return resolved(n);
}

// Comparisons with numbers on top of the proposition.
const Node* View::resolved(const Node* n) {
  if (!n->partial) return n;
  if (n->op == Op::kNot) {
    const Node* arg = resolved(args_of(n)[0]);
    return arg == args_of(n)[0] ? n : Builder::of(pool_).logical_not(arg);
  }
  if (n->op == Op::kAnd) {
    std::vector<const Node*> parts;
    bool changed = false;
    for (const Node* part : args_of(n)) {
      parts.push_back(resolved(part));
      changed |= parts.back() != part;
    }
    return changed ? Builder::of(pool_).conjunction(parts) : n;
  }
  if (n->op == Op::kGe || n->op == Op::kEq) {
    if (const Node* t = threshold(n)) return t;
  }
  return n;
}

// Facts answer kOpen as soon as they know a point where it fails. Here it is asked
// whether it fails everywhere.
Known View::both_ways(Expr proposition, const QuestionOptions& options) {
  const Answer a = facts_.decide(proposition, options);
  Known known{a.truth, a.layer};
  if (!settled(a.truth)) {
    const Answer negated = facts_.decide(!proposition, options);
    if (negated.truth == Truth::kTrue) known = {Truth::kFalse, negated.layer};
  }
  if (settled(known.truth)) return known;
  // Minima, maxima and selections that the facts decide are in the way of the layers.
  const Expr simple = congrua::simplify(facts_, proposition, {.steps = options.steps});
  if (simple == proposition) return known;
  if (simple.is_const()) {
    return {simple.is_true() ? Truth::kTrue : Truth::kFalse, Layer::kSplit};
  }
  const bool negate = known.truth == Truth::kOpen;
  const Answer b = facts_.decide(negate ? !simple : simple, options);
  if (!settled(b.truth)) return known;
  return {(b.truth == Truth::kTrue) != negate ? Truth::kTrue : Truth::kFalse, b.layer};
}

Known View::decide(Expr proposition, int64_t steps) {
  const Node* n = Builder::node(proposition);
  if (float_conflict_) return {Truth::kTrue, Layer::kInterval};
  check_pool();
  if (const auto* e = answers_.find(n, states_, steps, thorough_))
    return {e->truth, e->layer};
  check_own(n);
  if (const auto* e = answers_.unknown_before(n, states_, steps, thorough_)) {
    if (!contradictory() && ties_.last(n) <= e->state.facts) {
      const Known known{e->truth, e->layer};
      // A state in a scope will be left before those that this one came from.
      if (scopes_.empty())
        answers_.put(n, states_.current(), e->steps, e->searched, known.truth,
                     known.layer);
      return known;
    }
  }
  const QuestionOptions options{.steps = steps, .explain = false, .search = thorough_};
  const Node* p = n->partial ? prepare(n) : n;
  Known known;
  if (!n->partial) {
    known = both_ways(proposition, options);
  } else if (internal::is_const(p)) {
    known = {internal::is_true(p) ? Truth::kTrue : Truth::kFalse, Layer::kInterval};
  } else if (!is_float_literal(p) && reads_all(p)) {  // else: Facts know nothing of it
    known = both_ways(Builder::expr(p), options);
    // A point of the facts may give opaque terms values that they do not have, also one
    // at which a comparison fails that was made of theirs.
    if (known.truth == Truth::kOpen && !terms_.below(n).empty()) {
      known = {Truth::kUnknown, Layer::kNone};
    }
  }
  answers_.put(n, states_.current(), steps, thorough_, known.truth, known.layer);
  return known;
}

bool View::meets(const Need& need, int64_t steps) {
  if (need.finite != nullptr) {
    const FloatHull h = floats_.hull(need.finite, [this](const Node* n) {
      Bounds b = int_bounds(n);
      if (!b.lo) b.lo = INT64_MIN;
      if (!b.hi) b.hi = INT64_MAX;
      return b;
    });
    if (!h.nan && std::isfinite(h.lo) && std::isfinite(h.hi)) return true;
  }
  return decide(need.condition, steps).truth == Truth::kTrue;
}

Known View::decide_given(Expr proposition, std::span<const Expr> given, int64_t steps) {
  if (given.empty()) return decide(proposition, steps);
  const Node* n = Builder::node(proposition);
  std::vector<GivenAnswer>& answers = given_answers_[n];
  for (const GivenAnswer& a : answers) {
    if (!std::ranges::equal(a.given, given)) continue;
    const bool holds =
        settled(a.known.truth) ? states_.holds(a.state) : states_.is_current(a.state);
    if (holds && (a.known.truth != Truth::kUnknown || steps <= a.steps)) return a.known;
  }
  const guard::State state = states_.current();
  // Much is decided without them.
  Known known = decide(proposition, steps);
  if (!settled(known.truth)) {
    push();
    bool possible = true;
    for (const Expr g : given) possible = possible && add(g, kGiven);
    known = possible ? decide(proposition, steps) : Known{Truth::kTrue, Layer::kSplit};
    pop();
  }
  std::erase_if(answers,
                [&](const GivenAnswer& a) { return std::ranges::equal(a.given, given); });
  if (answers.size() >= kMaxGivenAnswers) answers.erase(answers.begin());
  answers.push_back({{given.begin(), given.end()}, state, steps, known});
  return known;
}

Bounds View::bounds(Expr e, int64_t steps) {
  const Node* n = Builder::node(e);
  check_own(n);
  if (n->partial) {
    for (const Node* o : terms_.below(n)) describe(o);
    if (!reads_all(n)) return {};
  }
  return facts_.bounds(e, {.steps = steps, .explain = false});
}

FloatHull View::hull(const Node* real) { return floats_.hull(real, ints()); }

Expr View::plain(Expr proposition) {
  const Node* n = Builder::node(proposition);
  return n->partial ? Builder::expr(prepare(n)) : proposition;
}

Expr View::simplify(Expr e) {
  const Node* n = Builder::node(e);
  check_own(n);
  if (n->partial) n = prepare(n);
  // Facts would take it for granted, and what is simple may read what n does not.
  for (const Need& need : unread_needs(n)) {
    if (!meets(need, kDivisorSteps)) return Builder::expr(n);
  }
  return congrua::simplify(facts_, Builder::expr(n));
}

}  // namespace congrua::shape
