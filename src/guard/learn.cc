// Adding facts: every proposition is split, rewritten and handed to each layer that can
// use it.
#include <algorithm>
#include <array>

#include "absl/container/inlined_vector.h"
#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;
using internal::const_value;
using internal::constant_of;
using internal::factors_of;
using internal::terms_of;

namespace {
// Parts of disjunctions that one addition may learn, and more where there are many. Two
// of them may push each other's bounds by one for ever.
constexpr size_t kClauseQuota = 64;
constexpr size_t kClauseRounds = 4;
// Where there are more, those of which no symbol is known better than at the last look
// are left: what facts over other symbols say of them by transitivity is not worth a look
// at all clauses for each fact.
constexpr size_t kManyClauses = 64;
}  // namespace

void Facts::Impl::contradict() { contradictory = true; }

void Facts::Impl::add(const Node* fact) {
  // What was just found to follow holds at every point of the facts: it restricts
  // nothing.
  const bool follows = fact == implied || internal::is_true(fact);
  implied = nullptr;
  if (!follows) search.add(fact);
  add_without_models(fact);
}

void Facts::Impl::add_without_models(const Node* fact, int64_t clause_steps) {
  facts.push_back(fact);
  states.add();
  if (contradictory) return;
  learn_depth = 0;
  learn_quota = kLearnQuota + 2 * static_cast<int64_t>(facts.size());
  learn(rewrite(fact), true);
  if (!contradictory) revisit_clauses(clause_steps);
}

void Facts::Impl::learn(const Node* proposition, bool truth) {
  // Connectives by a work list: conjunctions may be nested as deep as terms.
  absl::InlinedVector<std::pair<const Node*, bool>, 8> work{{proposition, truth}};
  while (!work.empty() && !contradictory) {
    const bool value = work.back().second;
    if (learn_depth == 0) propagated = 0;
    // Rewritten when its turn comes: what came before may have been solved for.
    const Node* p = rewrite(work.back().first);
    work.pop_back();
    switch (p->op) {
      case Op::kConst:
        if (internal::is_true(p) != value) contradict();
        break;
      case Op::kNot:
        work.emplace_back(args_of(p)[0], !value);
        break;
      case Op::kAnd:
        if (value) {
          for (const Node* x : args_of(p)) work.emplace_back(x, true);
        } else {
          clauses.push_back(p);
        }
        break;
      case Op::kGe:
        learn_ge(args_of(value ? p : builder.logical_not(p))[0]);
        break;
      case Op::kEq:
        value ? learn_eq(args_of(p)[0]) : learn_ne(args_of(p)[0]);
        break;
      default:
        learn_atom(p, value);
    }
  }
}

// Boolean symbols, opaque propositions, equivalences.
void Facts::Impl::learn_atom(const Node* p, bool value) {
  truth_.reserve(p->id);
  const int8_t t = value ? int8_t{1} : int8_t{-1};
  if (truth_[p->id] == -t) return contradict();
  if (truth_[p->id] == t) return;
  trail.push_back({p, Undo::kTruth, {}, nullptr, truth_[p->id]});
  truth_[p->id] = t;
  range_versions.touch(p->symbols());
  if (p->op != Op::kIff) {
    // Propositions over p become decided: p is replaced by its value.
    substitute(p, builder.boolean(value));
  }
}

void Facts::Impl::meet_known(const Node* n, const Domain& d) {
  known_.reserve(n->id);
  const Domain old = known_[n->id];
  // The intersection with the computed range lets holes and congruences move the ends.
  const Domain now = old.meet(d).meet(domain_of(n));
  if (now.empty()) return contradict();
  if (now == old) return;
  trail.push_back({n, Undo::kKnown, old, nullptr, 0});
  known_[n->id] = now;
  if (n->op == Op::kAdd) known_sums_ |= n->symbols();
  range_versions.touch(n->symbols());
  if (learn_depth < kMaxLearnDepth && propagated < kMaxPropagated) {
    ++learn_depth;
    ++propagated;
    ++total_propagated;
    propagate(n);
    --learn_depth;
  }
}

// What a better range of n says about its operands.
namespace {

constexpr size_t kMaxEliminated = 4;

Domain point_of(const Int& v) {
  const std::optional<int64_t> i = v.to_int64();
  return i ? Domain::point(*i) : Domain::all();
}

// Is a term of p one of the sum's too?
bool shares_term(const internal::Node* p, const internal::Node* sum) {
  const internal::LinearView view(p);
  return std::ranges::any_of(view.terms(), [&](const internal::Term& t) {
    return std::ranges::any_of(terms_of(sum),
                               [&](const internal::Term& x) { return x.mono == t.mono; });
  });
}

}  // namespace

void Facts::Impl::propagate(const Node* n) {
  const Domain d = known_[n->id];
  const auto improve = [&](const Node* x, const Domain& better) {
    if (contradictory) return;
    const Domain old = domain_of(x);
    const Domain now = old.meet(better);
    if (now == old) return;
    if (x->op == Op::kConst) return;
    const guard::LinearForm f = linear_form(x);
    if (!f.valid) return;
    const Domain shifted = congrua::add_const(now, -f.constant);
    meet_known(f.form, f.negated ? neg(shifted) : shifted);
  };
  switch (n->op) {
    case Op::kAdd: {
      const auto terms = terms_of(n);
      const std::optional<int64_t> c = constant_of(n).to_int64();
      if (terms.size() > 16 || !c) return;
      // after[i]: the sum of the parts behind i; before: of those ahead of it.
      std::array<Domain, 16> part, after;
      for (size_t i = 0; i < terms.size(); ++i) {
        part[i] = guard::scaled(domain_of(terms[i].mono), terms[i].coef);
      }
      after[terms.size() - 1] = Domain::point(0);
      for (size_t i = terms.size() - 1; i-- > 0;) {
        after[i] = congrua::add(part[i + 1], after[i + 1]);
      }
      const Domain whole = congrua::add_const(d, -*c);
      Domain before = Domain::point(0);
      for (size_t i = 0; i < terms.size() && !contradictory; ++i) {
        // coef * mono is in whole - (before + after).
        const Domain room = congrua::sub(whole, congrua::add(before, after[i]));
        if (const std::optional<int64_t> k = terms[i].coef.to_int64()) {
          improve(terms[i].mono,
                  congrua::back_mul(Domain::all(), room, Domain::point(*k)));
        }
        before =
            congrua::add(before, guard::scaled(domain_of(terms[i].mono), terms[i].coef));
      }
      // A quotient that cancels with its numerator: s - s//2 in [20, oo) is s in [39,
      // oo).
      for (size_t i = 0, tried = 0; i < terms.size() && tried < kMaxEliminated; ++i) {
        const Node* q = terms[i].mono;
        if (q->op != Op::kFloorDiv || args_of(q)[1]->op != Op::kConst) continue;
        const Int& divisor = const_value(args_of(q)[1]);
        if (divisor.sign() <= 0 || !divisor.is_small() || contradictory) continue;
        if (!shares_term(args_of(q)[0], n)) continue;
        ++tried;
        // c*n = c*A + k*p - k*r for n = A + k*(p//c) with the remainder r.
        const Int k = terms[i].coef;
        const Node* without = builder.sub(builder.mul(n, builder.constant(divisor)),
                                          builder.mul(q, builder.constant(divisor * k)));
        const Node* eliminated =
            builder.add(without, builder.mul(args_of(q)[0], builder.constant(k)));
        const Domain r = congrua::floor_mod(domain_of(args_of(q)[0]), point_of(divisor));
        improve(eliminated, congrua::add(guard::scaled(d, divisor), guard::scaled(r, k)));
      }
      return;
    }
    case Op::kMul: {
      const auto factors = factors_of(n);
      for (const internal::Factor& f : factors) {
        if (f.exponent != 1) continue;
        Domain rest = Domain::point(1);
        for (const internal::Factor& g : factors) {
          if (&g != &f)
            rest = congrua::mul(rest, congrua::pow(domain_of(g.base), g.exponent));
        }
        improve(f.base, congrua::back_mul(domain_of(f.base), d, rest));
      }
      return;
    }
    case Op::kFloorDiv:
      improve(args_of(n)[0], congrua::back_floor_div(domain_of(args_of(n)[0]), d,
                                                     domain_of(args_of(n)[1])));
      return;
    case Op::kMax:
      for (const Node* a : args_of(n)) improve(a, Domain::interval(kNegInf, d.hi()));
      return;
    case Op::kMin:
      for (const Node* a : args_of(n)) improve(a, Domain::interval(d.lo(), kPosInf));
      return;
    default:
      return;
  }
}

void Facts::Impl::learn_ge(const Node* p) {
  if (p->op == Op::kConst) {
    if (const_value(p).sign() < 0) contradict();
    return;
  }
  ge_facts.push_back(p);
  index_ge(ge_facts.size() - 1);
  const guard::LinearForm f = linear_form(p);
  if (!f.valid) return;
  // +-form + constant >= 0
  const Domain d = f.negated ? Domain::interval(kNegInf, f.constant)
                             : Domain::interval(-f.constant, kPosInf);
  meet_known(f.form, d);
  if (!contradictory) learn_factors(p, Relation::kNonNegative);
}

void Facts::Impl::learn_ne(const Node* p) {
  if (p->op == Op::kConst) {
    if (const_value(p).is_zero()) contradict();
    return;
  }
  const guard::LinearForm f = linear_form(p);
  if (!f.valid) return;
  meet_known(f.form, Domain::all().without(f.negated ? f.constant : -f.constant));
  if (contradictory) return;
  if (const Domain d = domain_of(p); d.lo() < 0 && d.hi() > 0) ne_facts.push_back(p);
  learn_factors(p, Relation::kNotZero);
}

void Facts::Impl::revisit_clauses(int64_t steps) {
  size_t quota = kClauseQuota + kClauseRounds * clauses.size();
  const bool many = clauses.size() > kManyClauses;
  clause_visits.resize(clauses.size());
  bool ascending = false;
  for (bool again = true; again && !contradictory;) {
    again = false;
    // Forth and back: what a chain of clauses says comes in two rounds.
    ascending = !ascending || !many;
    for (size_t k = 0; k < clauses.size() && !contradictory; ++k) {
      const size_t i = ascending ? k : clauses.size() - 1 - k;
      const Node* c = rewrite(clauses[i]);
      if (i >= clause_visits.size()) clause_visits.resize(clauses.size());
      ClauseVisit& visit = clause_visits[i];
      if (many && visit.rewritten == c && visit.ranges != 0 &&
          range_versions.valid(visit.ranges, c->symbols())) {
        continue;
      }
      visit = {range_versions.now(), c};
      add_steps += 1 + static_cast<int64_t>(args_of(c).size());
      if (c->op != Op::kAnd) {
        if (internal::is_false(c)) continue;
        // One part is left, or none.
        if (quota == 0) return;
        --quota;
        const uint64_t before = range_versions.now();
        learn(c, false);
        again |= range_versions.now() != before;
        continue;
      }
      const Node* open = nullptr;
      int num_open = 0;
      bool done = false;
      Budget budget(steps);
      Layer layer = Layer::kNone;
      for (const Node* part : args_of(c)) {
        const Truth t = prove(part, budget, &layer);
        if (t == Truth::kFalse) done = true;
        if (t == Truth::kTrue || done) continue;
        open = part;
        if (++num_open > 1) break;
      }
      add_steps += steps - std::max<int64_t>(budget.left(), 0);
      if (done || num_open > 1) continue;
      if (num_open == 0) return contradict();
      if (quota == 0) return;
      --quota;
      const uint64_t before = range_versions.now();
      learn(rewrite(open), false);
      again |= range_versions.now() != before;
    }
  }
}

}  // namespace congrua
