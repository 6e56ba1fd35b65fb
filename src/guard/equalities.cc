// Equalities: solved for a term where they can be, and what a term that was solved for
// says of its value.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "guard/facts_impl.h"

namespace congrua {

using guard::occurs;
using internal::args_of;
using internal::const_value;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;
using internal::Term;

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

// a - m*(a//m) + k = 0 where a holds a symbol s as 1*s or -1*s and nowhere else: a = m*q
// - k for a new symbol q in the place of a//m. Then a//m and all that divides by a part
// of m is free of quotients: from h mod 28 = 0, h = 28*q and h//7 = 4*q.
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
        if (x.mono->op != Op::kSymbol || !(x.coef.is_one() || (-x.coef).is_one()))
          continue;
        if (occurs(x.mono, m) ||
            std::ranges::any_of(va.terms(), [&](const internal::Term& y) {
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
      const Node* q =
          builder.symbol(absl::StrCat("\x01quotient", f.base->id), SymbolOptions{});
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

// a = m*q for q = a//m: then the product is a, and a//q = m wherever that has a value (q
// != 0).
void Facts::Impl::learn_exact_quotient(const Node* a, const Node* m, const Node* q) {
  const auto solved = [&](const Node* n) {
    return substitution_.has(n->id) && substitution_[n->id] != nullptr;
  };
  const Node* product = builder.mul(m, q);
  if (product->op == Op::kMul && !solved(product) && !occurs(product, a))
    substitute(product, a);
  const Node* other = builder.floor_div(a, q);
  if (other->op != Op::kFloorDiv || args_of(other)[0] != a || args_of(other)[1] != q)
    return;
  if (other != m && !occurs(other, m) && !solved(other)) substitute(other, m);
}

// r*a*b = r*c*(a//c)*d*(b//d) for positive a, b, c, d and r says that c divides a and d
// divides b: each part of the left side is at least its part of the right side, and no
// factor is 0. What a layout asks of sizes that are split into blocks.
bool Facts::Impl::learn_exact_parts(const Node* p) {
  const LinearView v(p);
  if (v.terms().size() != 2 || !v.constant().is_zero()) return false;
  for (const size_t large : {0, 1}) {
    const Term& whole = v.terms()[large];
    const Term& parts = v.terms()[1 - large];
    if (whole.mono->op != Op::kMul || whole.coef.sign() == parts.coef.sign()) continue;
    const Int left = whole.coef.sign() > 0 ? whole.coef : -whole.coef;
    Int right = parts.coef.sign() > 0 ? parts.coef : -parts.coef;
    // What has no partner on either side, and the exact parts.
    const Node* rest = whole.mono;
    std::vector<Factor> others;
    std::vector<const Node*> exact;
    bool positive = true;
    for (const FactorView view(parts.mono); const Factor& f : view.factors()) {
      const Node* q = f.base;
      const Node* a = q->op == Op::kFloorDiv ? args_of(q)[0] : nullptr;
      const Node* c = q->op == Op::kFloorDiv ? args_of(q)[1] : nullptr;
      const FactorView remaining(rest);
      const bool pair = a != nullptr && f.exponent == 1 && c->op == Op::kConst &&
                        const_value(c).sign() > 0 &&
                        floor_mod(right, const_value(c)).is_zero() &&
                        std::ranges::any_of(remaining.factors(),
                                            [&](const Factor& g) { return g.base == a; });
      if (!pair) {
        others.push_back(f);
        positive = positive && domain_of(q).lo() >= 1;
        continue;
      }
      right = floor_div(right, const_value(c));
      std::vector<Factor> without;
      for (const Factor& g : remaining.factors()) {
        const uint32_t e = g.base == a ? g.exponent - 1 : g.exponent;
        if (e > 0) without.push_back({g.base, e});
      }
      rest = without.empty() ? builder.constant(Int(1)) : builder.monomial(without);
      positive = positive && domain_of(a).lo() >= 1;
      exact.push_back(builder.sub(a, builder.mul(c, q)));
    }
    if (exact.empty() || !positive || !(left == right)) continue;
    const Node* one = builder.constant(Int(1));
    if (rest != (others.empty() ? one : builder.monomial(others))) continue;
    if (learn_depth >= kMaxLearnDepth) return false;
    ++learn_depth;
    for (const Node* e : exact) {
      if (!contradictory) learn(rewrite(builder.eq(e, builder.constant(Int(0)))), true);
    }
    --learn_depth;
    return true;
  }
  return false;
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
        learn_rewritten(n->op == Op::kMin ? builder.sub(a, value)
                                          : builder.sub(value, a));
        cases.push_back(builder.eq(value, a));
      }
      if (!contradictory) learn(rewrite(builder.disjunction(cases)), true);
      break;
    }
    case Op::kSelect: {
      const Node* c = args_of(n)[0];
      const std::array then = {c, builder.eq(value, args_of(n)[1])};
      const std::array otherwise = {builder.logical_not(c),
                                    builder.eq(value, args_of(n)[2])};
      const std::array cases = {builder.conjunction(then),
                                builder.conjunction(otherwise)};
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
  if (substitution_.has(best->id) && substitution_[best->id] == by) return;
  const Domain d = domain_of(best);
  substitute(best, by);
  // What was known of the atom is known of its value, and facts over it are said again.
  if (by->op == Op::kConst) {
    if (const std::optional<int64_t> c = const_value(by).to_int64();
        c && !d.contains(*c)) {
      return contradict();
    }
  } else if (const guard::LinearForm f = linear_form(by); f.valid) {
    const Domain shifted = congrua::add_const(d, -f.constant);
    meet_known(f.form, f.negated ? neg(shifted) : shifted);
  }
  learn_definition(best, by);
  if (contradictory) return;
  const uint64_t symbols = best->symbols();
  // A product that was replaced is met no more once one of its factors is replaced: what
  // it equals is said of the product that is met instead.
  const size_t substituted = trail.size();
  for (size_t i = 0; i < substituted && !contradictory; ++i) {
    const Node* product = trail[i].node;
    if (trail[i].kind != Undo::kSubstitution || product->op != Op::kMul ||
        (product->symbols() & symbols) != symbols || !occurs(best, product)) {
      continue;
    }
    const Node* value = substitution_[product->id];
    if (value == nullptr || learn_depth >= kMaxLearnDepth || learn_quota <= 0) continue;
    const Node* met = builder.constant(Int(1));
    for (const internal::Factor& f : factors_of(product)) {
      for (uint32_t k = 0; k < f.exponent; ++k) met = builder.mul(met, rewrite(f.base));
    }
    const Node* same = builder.eq(met, rewrite(value));
    if (met == product || internal::is_true(same)) continue;
    --learn_quota;
    ++learn_depth;
    learn(rewrite(same), true);
    --learn_depth;
  }
  const size_t count = facts.size();
  for (size_t i = 0; i < count && !contradictory; ++i) {
    if ((facts[i]->symbols() & symbols) != symbols) continue;
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
    if (!m || *m == kNegInf || (*m >= -1 && *m <= 1) || t.mono->op != Op::kFloorDiv)
      continue;
    const Node* rest = builder.sub(p, builder.scale(t.mono, t.coef));
    const guard::LinearForm g = linear_form(rest);
    if (!g.valid || g.form->op == Op::kConst) continue;
    const int64_t modulus = *m < 0 ? -*m : *m;
    if (modulus > Domain::kMaxModulus) continue;
    const Int residue =
        floor_mod(g.negated ? Int(g.constant) : -Int(g.constant), Int(modulus));
    meet_known(g.form, Domain::all().with_congruence(modulus, *residue.to_int64()));
    if (contradictory) return;
  }
  learn_factors(p, Relation::kZero);
  if (contradictory || learn_exact_parts(p) || orient(p) || parametrize(p)) return;
  // Neither solved: for the linear layer, two inequalities.
  for (const Node* side : {p, builder.neg(p)}) {
    ge_facts.push_back(side);
    index_ge(ge_facts.size() - 1);
  }
}

}  // namespace congrua
