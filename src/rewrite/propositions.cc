// Comparisons and connectives under facts.
#include <algorithm>

#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::LinearView;
using internal::Term;

namespace {
constexpr size_t kMaxConjuncts = 12;
}  // namespace

// p = g*A + r with 0 <= r < g: p >= 0 exactly where A >= 0.
const Node* Simplifier::split_comparison(const Node* p) {
  const LinearView v(p);
  if (v.terms().size() < 2 || v.terms().size() > 12) return nullptr;
  const Parts parts = parts_of(v.terms());
  absl::InlinedVector<Int, 8> divisors;
  for (const Part& x : parts) {
    const Int g = abs(x.coef);
    if (g > Int(1) && std::ranges::find(divisors, g) == divisors.end())
      divisors.push_back(g);
    for (const Part& y : parts) {
      const Int d = gcd(g, y.coef);
      if (d > Int(1) && std::ranges::find(divisors, d) == divisors.end() &&
          divisors.size() < 16) {
        divisors.push_back(d);
      }
    }
  }
  std::ranges::sort(divisors, [](const Int& x, const Int& y) { return x > y; });
  for (const Int& g : divisors) {
    const Node* quotient;
    if (!fold(parts, v.constant(), g, &quotient)) continue;
    if (LinearView(quotient).terms().size() < v.terms().size()) return quotient;
  }
  return nullptr;
}

// select(c, a, b) + r >= 0 in the two cases of c, where one of them decides it.
const Node* Simplifier::comparison_of_select(const Node* n) {
  if (nesting_ > 2) return n;
  const Node* p = args_of(n)[0];
  const LinearView v(p);
  for (const Term& t : v.terms()) {
    if (t.mono->op != Op::kSelect) continue;
    const Node* c = args_of(t.mono)[0];
    const Node* cases[2];
    for (const size_t arm : {0, 1}) {
      const Node* change = builder_.sub(args_of(t.mono)[arm + 1], t.mono);
      const Node* q = builder_.add(p, builder_.scale(change, t.coef));
      const Node* here = n->op == Op::kGe ? builder_.ge0(q) : builder_.eq0(q);
      // simplify_under leaves what the condition does not speak of.
      cases[arm] = (here->symbols() & c->symbols()) == 0
                       ? run(here)
                       : simplify_under(c, arm == 0, here);
      if (cases[arm] == nullptr) cases[arm] = builder_.boolean(false);
    }
    if (cases[0]->op == Op::kConst || cases[1]->op == Op::kConst) {
      return builder_.select(c, cases[0], cases[1]);
    }
  }
  return n;
}

const Node* Simplifier::comparison_step(const Node* n) {
  if (const std::optional<bool> v = decided(n)) return builder_.boolean(*v);
  const Node* p = args_of(n)[0];
  if (p->sort != Sort::kInt) return n;
  if (const Node* r = comparison_of_select(n); r != n) return r;
  if (n->op == Op::kEq) {
    // At an end of its range: the inequality, where that is simpler.
    const Domain d = range(p);
    for (const Node* q : {p, builder_.neg(p)}) {
      if (q == p ? d.hi() != 0 : d.lo() != 0) continue;
      const Node* inequality = builder_.ge0(q);
      if (const Node* r = quotient_rules(inequality); r != inequality) return r;
    }
    return n;
  }
  if (const Node* r = quotient_rules(n); r != n) return r;
  if (const Node* q = split_comparison(p)) return builder_.ge0(q);
  const LinearView v(p);
  // Positive multiples of what is not negative: k*x + l*y >= c with k, l >= c > 0 is
  // x + y >= 1, and a coefficient above c is as good as c.
  if (v.constant().sign() < 0 && v.terms().size() <= 12) {
    const Int c = -v.constant();
    bool smaller = false;
    const bool all = std::ranges::all_of(v.terms(), [&](const Term& t) {
      smaller |= t.coef > c;
      return t.coef.sign() > 0 && range(t.mono).lo() >= 0;
    });
    if (all && smaller) {
      const Node* q = builder_.constant(v.constant());
      for (const Term& t : v.terms()) {
        q = builder_.add(q, builder_.scale(t.mono, t.coef > c ? c : t.coef));
      }
      return builder_.ge0(q);
    }
  }
  return comparison_rules(n);
}

const Node* Simplifier::and_step(const Node* n) {
  const auto args = args_of(n);
  if (args.size() > kMaxConjuncts || nesting_ > 2) return n;
  if (const Node* r = conjunction_rules(n); r != n) return r;
  Nodes parts(args.begin(), args.end());
  bool changed = false;
  // Each part where the others hold; what follows from them goes.
  for (size_t i = 0; i < parts.size() && !budget_.spent(); ++i) {
    bool linked = false;
    for (size_t j = 0; j < parts.size(); ++j) {
      linked |= j != i && (parts[j]->symbols() & parts[i]->symbols()) != 0;
    }
    if (!linked) continue;
    Nodes others(parts);
    others.erase(others.begin() + static_cast<ptrdiff_t>(i));
    Simplifier& inner = where(builder_.conjunction(others), true);
    const Node* simple = run_under(inner, parts[i]);
    if (inner.impossible_ || (simple != nullptr && internal::is_false(simple))) {
      return builder_.boolean(false);
    }
    if (simple == nullptr) continue;
    if (simple == parts[i] || !keeps_divisors(simple, parts[i])) continue;
    changed = true;
    if (internal::is_true(simple)) {
      parts.erase(parts.begin() + static_cast<ptrdiff_t>(i));
      --i;
    } else {
      parts[i] = simple;
    }
  }
  return changed ? builder_.conjunction(parts) : n;
}

}  // namespace congrua::rewrite
