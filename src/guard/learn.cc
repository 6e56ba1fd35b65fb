// Adding facts: every proposition is split, rewritten and handed to each layer that can use it.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;
using internal::const_value;
using internal::constant_of;
using internal::factors_of;
using internal::FactorView;
using guard::occurs;
using internal::LinearView;
using internal::terms_of;

namespace {
template <typename V>
void reserve_id(V& column, uint32_t id) {
  if (id >= column.size()) column.resize(std::max<size_t>(id + 1, column.size() * 2));
}

// Parts of disjunctions that one addition may learn, and more where there are many. Two of them may
// push each other's bounds by one for ever.
constexpr size_t kClauseQuota = 64;
constexpr size_t kClauseRounds = 4;
}  // namespace

void Facts::Impl::contradict() { contradictory = true; }

void Facts::Impl::add(const Node* fact) {
  // What was just found to follow holds at every point of the facts: it restricts nothing.
  const bool follows = fact == implied || internal::is_true(fact);
  implied = nullptr;
  if (!follows) search.add(fact);
  add_without_models(fact);
}

void Facts::Impl::add_without_models(const Node* fact) {
  facts.push_back(fact);
  if (contradictory) return;
  learn_depth = 0;
  learn_quota = kLearnQuota + 2 * static_cast<int64_t>(facts.size());
  learn(rewrite(fact), true);
  if (!contradictory) revisit_clauses();
}

void Facts::Impl::learn(const Node* proposition, bool truth) {
  // Connectives by a work list: conjunctions may be nested as deep as terms.
  std::vector<std::pair<const Node*, bool>> work{{proposition, truth}};
  while (!work.empty() && !contradictory) {
    const bool value = work.back().second;
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
  reserve_id(truth_, p->id);
  const int8_t t = value ? int8_t{1} : int8_t{-1};
  if (truth_[p->id] == -t) return contradict();
  if (truth_[p->id] == t) return;
  trail.push_back({p, Undo::kTruth, {}, nullptr, truth_[p->id]});
  truth_[p->id] = t;
  range_versions.touch(p->symbols);
  if (p->op != Op::kIff) {
    // Propositions over p become decided: p is replaced by its value.
    substitute(p, builder.boolean(value));
  }
}

void Facts::Impl::meet_known(const Node* n, const Domain& d) {
  reserve_id(known_, n->id);
  const Domain old = known_[n->id];
  // The intersection with the computed range lets holes and congruences move the ends.
  const Domain now = old.meet(d).meet(domain_of(n));
  if (now.empty()) return contradict();
  if (now == old) return;
  trail.push_back({n, Undo::kKnown, old, nullptr, 0});
  known_[n->id] = now;
  range_versions.touch(n->symbols);
  if (learn_depth < kMaxLearnDepth) {
    ++learn_depth;
    propagate(n);
    --learn_depth;
  }
}

// What a better range of n says about its operands.
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
      if (terms.size() > 16) return;
      for (size_t i = 0; i < terms.size() && !contradictory; ++i) {
        Domain rest = Domain::point(0);
        for (size_t j = 0; j < terms.size(); ++j) {
          if (j != i) rest = congrua::add(rest, domain_of(builder.scale(terms[j].mono, terms[j].coef)));
        }
        // coef * mono is in (d - constant) - rest.
        const std::optional<int64_t> c = constant_of(n).to_int64();
        if (!c) return;
        const Domain part = congrua::sub(congrua::add_const(d, -*c), rest);
        const std::optional<int64_t> k = terms[i].coef.to_int64();
        if (!k) continue;
        improve(terms[i].mono, congrua::back_mul(Domain::all(), part, Domain::point(*k)));
      }
      return;
    }
    case Op::kMul: {
      const auto factors = factors_of(n);
      for (const internal::Factor& f : factors) {
        if (f.exponent != 1) continue;
        Domain rest = Domain::point(1);
        for (const internal::Factor& g : factors) {
          if (&g != &f) rest = congrua::mul(rest, congrua::pow(domain_of(g.base), g.exponent));
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

// p = 0 as a substitution of an atom that occurs once, with coefficient 1 or -1.
bool Facts::Impl::orient(const Node* p) {
  const Node* best = nullptr;
  bool best_positive = true;
  const auto rank = [](const Node* m) { return m->op == Op::kSymbol ? 1 : 0; };
  const LinearView v(p);
  for (const internal::Term& t : v.terms()) {
    if (t.mono->op == Op::kMul || !(t.coef.is_one() || (-t.coef).is_one())) continue;
    const bool elsewhere = std::ranges::any_of(v.terms(), [&](const internal::Term& u) {
      return u.mono != t.mono && occurs(t.mono, u.mono);
    });
    if (elsewhere) continue;
    // The symbol made last is most often computed from the others.
    if (best == nullptr || rank(t.mono) > rank(best) ||
        (rank(t.mono) == rank(best) && t.mono->id > best->id)) {
      best = t.mono;
      best_positive = t.coef.is_one();
    }
  }
  if (best == nullptr) return false;
  const Node* rest = builder.sub(p, best_positive ? best : builder.neg(best));
  solve_for(best, best_positive ? builder.neg(rest) : rest);
  return true;
}

// a - m*(a//m) + k = 0 where a holds a symbol s as 1*s or -1*s and nowhere else: a = m*q - k for a
// new symbol q in the place of a//m. Then a//m and all that divides by a part of m is free of
// quotients: from h mod 28 = 0, h = 28*q and h//7 = 4*q.
bool Facts::Impl::parametrize(const Node* p) {
  const LinearView v(p);
  for (const internal::Term& t : v.terms()) {
    const FactorView factors(t.mono);
    for (const internal::Factor& f : factors.factors()) {
      if (f.base->op != Op::kFloorDiv || f.exponent != 1) continue;
      const Node* a = args_of(f.base)[0];
      const Node* m = args_of(f.base)[1];
      const Node* multiple = builder.mul(m, f.base);
      const Node* remainder = builder.sub(a, multiple);
      const Node* k = builder.sub(p, remainder);
      bool positive = true;
      if (k->op != Op::kConst) {
        k = builder.add(p, remainder);
        positive = false;
      }
      if (k->op != Op::kConst) continue;
      if (!positive) k = builder.neg(k);
      const LinearView va(a);
      const Node* best = nullptr;
      bool best_positive = true;
      for (const internal::Term& x : va.terms()) {
        if (x.mono->op != Op::kSymbol || !(x.coef.is_one() || (-x.coef).is_one())) continue;
        if (occurs(x.mono, m) || std::ranges::any_of(va.terms(), [&](const internal::Term& y) {
              return y.mono != x.mono && occurs(x.mono, y.mono);
            })) {
          continue;
        }
        if (best == nullptr || x.mono->id > best->id) {
          best = x.mono;
          best_positive = x.coef.is_one();
        }
      }
      if (best == nullptr) {
        if (const_value(k).is_zero()) learn_exact_quotient(a, m, f.base);
        continue;
      }
      // One symbol for each quotient, whatever fact it comes from.
      const Node* q = builder.symbol(absl::StrCat("\x01quotient", f.base->id), SymbolOptions{});
      if (std::ranges::find(quotients, q, &std::pair<const Node*, const Node*>::first) ==
          quotients.end()) {
        quotients.emplace_back(q, f.base);
      }
      meet_known(q, domain_of(f.base));
      if (contradictory) return true;
      // a = best + others = m*q - k
      const Node* others = builder.sub(a, best_positive ? best : builder.neg(best));
      const Node* value = builder.sub(builder.sub(builder.mul(m, q), k), others);
      solve_for(best, best_positive ? value : builder.neg(value));
      return true;
    }
  }
  return false;
}

// a = m*q for q = a//m: then the product is a, and a//q = m wherever that has a value (q != 0).
void Facts::Impl::learn_exact_quotient(const Node* a, const Node* m, const Node* q) {
  const auto solved = [&](const Node* n) {
    return n->id < substitution_.size() && substitution_[n->id] != nullptr;
  };
  const Node* product = builder.mul(m, q);
  if (product->op == Op::kMul && !solved(product) && !occurs(product, a)) substitute(product, a);
  const Node* other = builder.floor_div(a, q);
  if (other->op != Op::kFloorDiv || args_of(other)[0] != a || args_of(other)[1] != q) return;
  if (other != m && !occurs(other, m) && !solved(other)) substitute(other, m);
}

// What the definition of a replaced term says of its value.
void Facts::Impl::learn_definition(const Node* n, const Node* value) {
  if (learn_depth >= kMaxLearnDepth) return;
  ++learn_depth;
  const auto learn_rewritten = [&](const Node* p) {
    if (!contradictory) learn_ge(rewrite(p));
  };
  switch (n->op) {
    case Op::kFloorDiv: {
      const Node* b = args_of(n)[1];
      if (domain_of(b).lo() < 1) break;
      const Node* rest = builder.sub(args_of(n)[0], builder.mul(b, value));
      learn_rewritten(rest);
      learn_rewritten(builder.add_const(builder.sub(b, rest), Int(-1)));
      break;
    }
    case Op::kMin:
    case Op::kMax: {
      std::vector<const Node*> cases;
      for (const Node* a : args_of(n)) {
        learn_rewritten(n->op == Op::kMin ? builder.sub(a, value) : builder.sub(value, a));
        cases.push_back(builder.eq(value, a));
      }
      if (!contradictory) learn(rewrite(builder.disjunction(cases)), true);
      break;
    }
    case Op::kSelect: {
      const Node* c = args_of(n)[0];
      const std::array then = {c, builder.eq(value, args_of(n)[1])};
      const std::array otherwise = {builder.logical_not(c), builder.eq(value, args_of(n)[2])};
      const std::array cases = {builder.conjunction(then), builder.conjunction(otherwise)};
      learn(rewrite(builder.disjunction(cases)), true);
      break;
    }
    default:
      break;
  }
  --learn_depth;
}

void Facts::Impl::solve_for(const Node* best, const Node* by) {
  // A rewriting that comes back to the same equation has no more to say.
  if (best->id < substitution_.size() && substitution_[best->id] == by) return;
  const Domain d = domain_of(best);
  substitute(best, by);
  // What was known of the atom is known of its value, and facts over it are said again.
  if (by->op == Op::kConst) {
    if (const std::optional<int64_t> c = const_value(by).to_int64(); c && !d.contains(*c)) {
      return contradict();
    }
  } else if (const guard::LinearForm f = linear_form(by); f.valid) {
    const Domain shifted = congrua::add_const(d, -f.constant);
    meet_known(f.form, f.negated ? neg(shifted) : shifted);
  }
  learn_definition(best, by);
  if (contradictory) return;
  const uint64_t symbols = best->symbols;
  const size_t count = facts.size();
  for (size_t i = 0; i < count && !contradictory; ++i) {
    if ((facts[i]->symbols & symbols) != symbols) continue;
    const Node* again = rewrite(facts[i]);
    if (again == facts[i] || internal::is_true(again)) continue;
    if (learn_depth < kMaxLearnDepth && learn_quota > 0) {
      --learn_quota;
      ++learn_depth;
      learn(again, true);
      --learn_depth;
    }
  }
}

void Facts::Impl::learn_eq(const Node* p) {
  if (p->op == Op::kConst) {
    if (!const_value(p).is_zero()) contradict();
    return;
  }
  const guard::LinearForm f = linear_form(p);
  if (f.valid) meet_known(f.form, Domain::point(f.negated ? f.constant : -f.constant));
  if (contradictory) return;
  // a - c*(a//c) = k says a ≡ k (mod c).
  for (const LinearView view(p); const internal::Term& t : view.terms()) {
    const std::optional<int64_t> m = t.coef.to_int64();
    if (!m || *m == kNegInf || (*m >= -1 && *m <= 1) || t.mono->op != Op::kFloorDiv) continue;
    const Node* rest = builder.sub(p, builder.scale(t.mono, t.coef));
    const guard::LinearForm g = linear_form(rest);
    if (!g.valid || g.form->op == Op::kConst) continue;
    const int64_t modulus = *m < 0 ? -*m : *m;
    if (modulus > Domain::kMaxModulus) continue;
    const Int residue = floor_mod(g.negated ? Int(g.constant) : -Int(g.constant), Int(modulus));
    meet_known(g.form, Domain::all().with_congruence(modulus, *residue.to_int64()));
    if (contradictory) return;
  }
  learn_factors(p, Relation::kZero);
  if (contradictory || orient(p) || parametrize(p)) return;
  // Neither solved: for the linear layer, two inequalities.
  for (const Node* side : {p, builder.neg(p)}) {
    ge_facts.push_back(side);
    index_ge(ge_facts.size() - 1);
  }
}

void Facts::Impl::revisit_clauses() {
  size_t quota = kClauseQuota + kClauseRounds * clauses.size();
  for (bool again = true; again && !contradictory;) {
    again = false;
    for (size_t i = 0; i < clauses.size() && !contradictory; ++i) {
      const Node* c = rewrite(clauses[i]);
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
      Budget budget(2000);
      Layer layer = Layer::kNone;
      for (const Node* part : args_of(c)) {
        const Truth t = prove(part, budget, &layer);
        if (t == Truth::kFalse) done = true;
        if (t == Truth::kTrue || done) continue;
        open = part;
        if (++num_open > 1) break;
      }
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
