#include "index/names.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "expr/monomials.h"
#include "guard/facts_impl.h"
#include "index/views.h"
#include "rewrite/form.h"
#include "rewrite/polynomials.h"

namespace congrua::index {

using internal::args_of;
using internal::Builder;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;
using internal::Node;
using internal::Term;
using rewrite::Poly;

namespace {

constexpr size_t kMaxTerms = 48;  // of sums in which names are put
constexpr size_t kMaxNamed = 8;   // terms of sums that get one
constexpr size_t kMaxNames = 8;
constexpr size_t kMaxSums = 64;  // looked at for pairs

size_t size_of(const Node* sum) {
  const LinearView v(sum);
  return v.terms().size() + !v.constant().is_zero();
}

// Without the common divisor of all coefficients.
const Node* primitive(Builder& builder, const Node* sum) {
  Poly p = rewrite::poly_of(sum);
  Int g = abs(p.constant);
  for (const Term& t : p.terms) g = gcd(g, t.coef);
  if (g.is_one()) return sum;
  for (Term& t : p.terms) t.coef = floor_div(t.coef, g);
  p.constant = floor_div(p.constant, g);
  return rewrite::node_of(builder, p);
}

// How often `quotient + other` is multiplied out in the sums that were looked at.
struct Pair {
  const Node* quotient;
  const Node* other;  // null: a constant
  Int scale;
  int count;
};

class PairFinder {
 public:
  PairFinder(Builder& builder, uint64_t loops) : builder_(builder), loops_(loops) {}

  void look_at(const Node* sum) {
    const LinearView v(sum);
    if (v.terms().size() > kMaxTerms) return;
    for (const Term& t : v.terms()) {
      const FactorView factors(t.mono);
      for (const Factor& f : factors.factors()) {
        if (f.base->op != Op::kFloorDiv || f.exponent != 1) continue;
        if ((f.base->symbols() & loops_) == 0) partners(v, t, f.base);
      }
    }
  }

  std::vector<const Node*> found() {
    std::vector<const Node*> sums;
    std::ranges::stable_sort(
        pairs_, [](const Pair& a, const Pair& b) { return a.count > b.count; });
    for (const Pair& p : pairs_) {
      if (p.count < 2) break;
      // One for each quotient.
      if (std::ranges::any_of(sums, [&](const Node* s) {
            return !LinearView(s).terms().coefficient_of(p.quotient).is_zero();
          })) {
        continue;
      }
      sums.push_back(p.other == nullptr
                         ? builder_.add_const(p.quotient, p.scale)
                         : builder_.add(p.quotient, builder_.scale(p.other, p.scale)));
    }
    return sums;
  }

 private:
  // c*q*u and c*k*x*u: q + k*x times c*u.
  void partners(const LinearView& v, const Term t, const Node* quotient) {
    std::vector<Factor> u, x;
    internal::divide_factors(t.mono, quotient, &u);
    const bool alone = u.empty();
    if (alone) return;
    const Node* rest = builder_.monomial(u);
    for (const Term& other : v.terms()) {
      if (other.mono == t.mono || !floor_mod(other.coef, t.coef).is_zero()) continue;
      if (!internal::divide_factors(other.mono, rest, &x) || x.size() > 1) continue;
      const Node* atom = x.empty() ? nullptr : x[0].base;
      if (atom != nullptr && (x[0].exponent != 1 || (atom->symbols() & loops_) != 0))
        continue;
      count(quotient, atom, floor_div(other.coef, t.coef));
    }
  }

  void count(const Node* quotient, const Node* other, const Int& scale) {
    for (Pair& p : pairs_) {
      if (p.quotient == quotient && p.other == other && p.scale == scale) {
        ++p.count;
        return;
      }
    }
    pairs_.push_back({quotient, other, scale, 1});
  }

  Builder& builder_;
  uint64_t loops_;
  std::vector<Pair> pairs_;
};

// What takes the place of a sum: a symbol, or a product of symbols of earlier names.
struct Name {
  const Node* sum;
  Term by;
};
// What a symbol stands for, by symbols of earlier names.
struct Definition {
  const Node* symbol;
  const Node* term;
};

class Namer {
 public:
  explicit Namer(Builder& builder) : builder_(builder) {}

  const std::vector<Definition>& definitions() const { return definitions_; }

  // Longer sums after shorter ones.
  void add(const Node* sum) {
    if (names_.size() >= kMaxNames) return;
    const Node* shorter = named(sum);
    Term by{Int(1), shorter};
    if (const LinearView v(shorter); v.terms().size() == 1 && v.constant().is_zero()) {
      by = v.terms()[0];
    } else {
      by.mono = define(shorter);
    }
    // What was multiplied out twice is found by the longer sum: there the rest of the
    // terms may hide the shorter ones.
    names_.insert(names_.begin(), {sum, by});
    memo_.clear();
  }

  // n with the names in place of the sums.
  const Node* named(const Node* root) {
    if (names_.empty()) return root;
    std::vector<const Node*> stack{root};
    absl::InlinedVector<const Node*, 16> children;
    while (!stack.empty()) {
      const Node* n = stack.back();
      if (memo_.contains(n)) {
        stack.pop_back();
        continue;
      }
      bool ready = true;
      bool changed = false;
      children.clear();
      internal::for_each_child(n, [&](const Node* c) {
        const auto done = memo_.find(c);
        if (done == memo_.end()) {
          stack.push_back(c);
          ready = false;
          return;
        }
        changed |= done->second != c;
        children.push_back(done->second);
      });
      if (!ready) continue;
      stack.pop_back();
      const Node* next = changed ? builder_.rebuild(n, children) : n;
      memo_[n] = next->op == Op::kAdd ? folded(next) : next;
    }
    return memo_[root];
  }

  // n with names in place of its quotients that hold variables of that signature.
  const Node* keep_quotients(const Node* n, uint64_t loops) {
    Poly p = rewrite::poly_of(n);
    absl::flat_hash_map<const Node*, const Node*> names;
    std::vector<Factor> factors;
    for (Term& t : p.terms) {
      const FactorView view(t.mono);
      factors.assign(view.factors().begin(), view.factors().end());
      bool changed = false;
      for (Factor& f : factors) {
        if (f.base->op != Op::kFloorDiv || (f.base->symbols() & loops) == 0) continue;
        const Node*& name = names[f.base];
        if (name == nullptr) name = define(f.base);
        f.base = name;
        changed = true;
      }
      if (changed) t.mono = builder_.monomial(factors);
    }
    return names.empty() ? n : rewrite::node_of(builder_, p);
  }

 private:
  const Node* define(const Node* term) {
    const std::string name = absl::StrCat("\x01term", definitions_.size());
    const Node* symbol = builder_.symbol(name, SymbolOptions{});
    definitions_.push_back({symbol, term});
    return symbol;
  }

  const Node* folded(const Node* sum) {
    Poly p = rewrite::poly_of(sum);
    if (p.terms.size() > kMaxTerms) return sum;
    bool any = false;
    for (bool again = true; again;) {
      again = false;
      for (const Name& name : names_) {
        while (fold(p, name)) again = true;
      }
      any |= again;
    }
    return any ? rewrite::node_of(builder_, p) : sum;
  }

  // c*u*(terms of the sum) as c*u*name where that leaves fewer terms.
  bool fold(Poly& p, const Name& name) {
    const LinearView sum(name.sum);
    size_t lead_at = 0;
    for (size_t i = 1; i < sum.terms().size(); ++i) {
      if (internal::grlex_less(sum.terms()[lead_at].mono, sum.terms()[i].mono))
        lead_at = i;
    }
    const Term lead = sum.terms()[lead_at];
    std::vector<Factor> factors;
    for (size_t i = 0; i < p.terms.size(); ++i) {
      const Term t = p.terms[i];
      if (!floor_mod(t.coef, lead.coef).is_zero()) continue;
      if (!internal::divide_factors(t.mono, lead.mono, &factors)) continue;
      const Int k = floor_div(t.coef, lead.coef);
      const bool alone = factors.empty();
      const Node* u = builder_.monomial(factors);
      Poly change;  // without the lead and the name
      for (size_t j = 0; j < sum.terms().size(); ++j) {
        const Term x = sum.terms()[j];
        if (j != lead_at)
          change.terms.push_back({-(k * x.coef), builder_.mul(x.mono, u)});
      }
      if (alone) {
        change.constant = -(k * sum.constant());
      } else if (!sum.constant().is_zero()) {
        change.terms.push_back({-(k * sum.constant()), u});
      }
      int gain = 1;
      const auto weigh = [&](const Int& have, const Int& added) {
        if (added.is_zero()) return;
        if (have.is_zero()) --gain;
        if (have == -added) ++gain;
      };
      for (const Term& x : change.terms) weigh(coefficient(p, x.mono), x.coef);
      weigh(p.constant, change.constant);
      const Node* named_term = builder_.mul(name.by.mono, u);
      if (coefficient(p, named_term).is_zero()) --gain;
      if (gain <= 0) continue;
      add_poly(p, change, Int(1));
      add_term(p, t.mono, -t.coef);
      add_term(p, named_term, k * name.by.coef);
      return true;
    }
    return false;
  }

  Builder& builder_;
  std::vector<Name> names_;
  std::vector<Definition> definitions_;
  absl::flat_hash_map<const Node*, const Node*> memo_;
};

}  // namespace

std::vector<const Node*> sums_to_name(Builder& builder, const Node* n,
                                      std::span<const Node* const> sizes,
                                      uint64_t loops) {
  PairFinder pairs(builder, loops);
  std::vector<const Node*> sums;
  const auto consider = [&](const Node* s) {
    if (s->op != Op::kAdd || size_of(s) < 2 || size_of(s) > kMaxNamed) return;
    s = primitive(builder, s);
    const Node* negated = builder.neg(s);
    if (std::ranges::none_of(sums,
                             [&](const Node* x) { return x == s || x == negated; })) {
      sums.push_back(s);
    }
  };
  // With the sign that sizes have.
  for (const Node* s : sizes) consider(s);
  absl::flat_hash_set<const Node*> seen;
  std::vector<const Node*> stack{n};
  size_t looked_at = 0;
  while (!stack.empty()) {
    const Node* x = stack.back();
    stack.pop_back();
    if (!seen.insert(x).second) continue;
    if (x->op == Op::kFloorDiv) consider(args_of(x)[1]);
    if (x->op == Op::kAdd && ++looked_at <= kMaxSums) pairs.look_at(x);
    internal::for_each_child(x, [&](const Node* c) { stack.push_back(c); });
  }
  for (const Node* s : pairs.found()) consider(s);
  // Short ones first: long ones are made of them.
  std::ranges::stable_sort(
      sums, [](const Node* a, const Node* b) { return size_of(a) < size_of(b); });
  return sums;
}

std::optional<Form> form_by_names(Facts& facts, const Node* n,
                                  std::span<const Node* const> sums, uint64_t loops) {
  if (sums.empty() && loops == 0) return std::nullopt;
  Namer namer(facts.impl().builder);
  for (const Node* s : sums) namer.add(s);
  const Node* named = namer.named(n);
  if (loops != 0) {
    const Node* kept = namer.keep_quotients(named, loops);
    if (kept == named) return std::nullopt;
    named = kept;
  }
  if (named == n) return std::nullopt;
  ViewLinker linker;
  for (const auto& [symbol, term] : namer.definitions())
    linker.define(symbol, internal::dag_of(extract(facts, Builder::expr(term))));
  return internal::make_form(
      linker.finish(internal::dag_of(extract(facts, Builder::expr(named)))));
}

}  // namespace congrua::index
