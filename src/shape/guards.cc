// Minimal guards: what has to be tested before compiled code is reused.
//
// The path condition is the conjunction of all entry guards, and that no divisor in them
// is 0. It is split into conjuncts; what they say of single symbols goes into domains,
// and a conjunct that follows from the domains and the other conjuncts is dropped, until
// none does. Every step is an entailment, so that what is left is equivalent to the path
// condition.
//
// A question is asked about the points where no divisor of the facts is 0. That a divisor
// is not 0 may therefore never follow from a fact that divides by it: such a fact is left
// out while the question is asked (`divides`).
#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "congrua/eval.h"
#include "congrua/float64.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "expr/walk.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::args_of;
using internal::Builder;
using internal::Node;

namespace {

constexpr int64_t kSteps = 50'000;      // of one entailment
constexpr int64_t kBoundSteps = 5'000;  // of the bounds of one symbol

struct Conjunct {
  Expr condition;
  RecordId record;
  uint64_t cost;
  std::vector<const Node*> divisors;  // that may be 0, by their form
  const Node* nonzero = nullptr;      // "this divisor is not 0"
  bool proposed = false;              // not said so by the program
};

// What it costs to compute (Form::weight).
uint64_t cost_of(const Node* n) { return form_of(Builder::expr(n)).weight(); }

void split(const Node* n, std::vector<const Node*>& out) {
  if (n->op != Op::kAnd) {
    out.push_back(n);
    return;
  }
  for (const Node* part : args_of(n)) split(part, out);
}

// Does it divide by something that is not known not to be 0?
bool divides_openly(View& known, ExprPool& pool, Expr e) {
  return std::ranges::any_of(
      internal::open_divisors(Builder::node(e)), [&](const Node* d) {
        return known.decide(ne(Builder::expr(d), pool.constant(0)), kSteps).truth !=
               Truth::kTrue;
      });
}

class Minimizer {
 public:
  explicit Minimizer(Env::Impl& m) : m_(m) {}

  GuardSet run() {
    collect();
    make_domains();
    drop_forward();
    drop_backward();
    drop_domains();
    return result();
  }

 private:
  // A fresh view that knows the symbols.
  std::unique_ptr<View> fresh() {
    auto view = std::make_unique<View>(m_.pool, m_.opaques, m_.terms);
    view->set_thorough(true);
    for (const SymbolInfo& s : m_.symbols) {
      if (s.kind != Kind::kFloat || s.may_be_nan) continue;
      FloatHull number;
      number.nan = false;
      view->add_hull(Builder::node(s.symbol), number);
    }
    return view;
  }

  bool follows(View& view, Expr condition) {
    return view.decide(condition, kSteps).truth == Truth::kTrue;
  }

  // The conjuncts of birth facts and entry guards, in program order, each after the
  // conditions that its divisors are not 0.
  void collect() {
    const std::unique_ptr<View> known = fresh();
    absl::flat_hash_set<const Node*> seen;
    for (RecordId id = 0; id < m_.records.size(); ++id) {
      const Record& r = m_.records[id];
      if ((only(r.fact_class) & kAtEntry) == 0) continue;
      std::vector<const Node*> parts;
      split(Builder::node(r.fact), parts);
      for (const Node* part : parts) {
        std::vector<const Node*> open;
        for (const Node* d : internal::open_divisors(part)) {
          const Expr nonzero = ne(Builder::expr(d), m_.pool.constant(0));
          // Asked about points where facts before this one have a value.
          if (known->decide(nonzero, kSteps).truth == Truth::kTrue && !uses(d)) continue;
          open.push_back(d);
          if (seen.insert(Builder::node(nonzero)).second) {
            conjuncts_.push_back(
                {nonzero, id, cost_of(Builder::node(nonzero)), {}, d, false});
            known->add(nonzero, id);
          }
        }
        if (!seen.insert(part).second) continue;
        conjuncts_.push_back(
            {Builder::expr(part), id, cost_of(part), open, nullptr, false});
        known->add(Builder::expr(part), id);
      }
    }
  }

  // Does a conjunct collected so far divide by d, without having been shown to be right?
  bool uses(const Node* d) const {
    return std::ranges::any_of(conjuncts_, [&](const Conjunct& c) {
      return std::ranges::find(c.divisors, d) != c.divisors.end();
    });
  }

  void make_domains() {
    const std::unique_ptr<View> all = fresh();
    for (const Conjunct& c : conjuncts_) all->add(c.condition, c.record);
    std::vector<Conjunct> given = std::move(conjuncts_);
    conjuncts_.clear();
    for (const SymbolInfo& s : m_.symbols) {
      const Expr e = s.symbol;
      if (s.kind == Kind::kSize) {
        const Bounds b = all->bounds(e, kBoundSteps);
        const Range birth = e.range();
        if (b.lo && b.lo == b.hi) {
          domains_.push_back(eq(e, m_.pool.constant(*b.lo)));
          continue;
        }
        if (b.lo && (!birth.lo || *b.lo > *birth.lo)) {
          domains_.push_back(ge(e, m_.pool.constant(*b.lo)));
        }
        if (b.hi && (!birth.hi || *b.hi < *birth.hi)) {
          domains_.push_back(le(e, m_.pool.constant(*b.hi)));
        }
        if (b.modulus > 1)
          propose(*all, eq(floor_mod(e, b.modulus), m_.pool.constant(b.residue)));
      } else if (s.kind == Kind::kFloat) {
        const FloatHull h = all->hull(Builder::node(e));
        if (h.nan) continue;
        if (h.lo == h.hi) {
          domains_.push_back(float_eq(e, float_constant(m_.pool, h.lo)));
          continue;
        }
        if (h.lo > -std::numeric_limits<double>::infinity()) {
          domains_.push_back(float_ge(e, float_constant(m_.pool, h.lo)));
        }
        if (h.hi < std::numeric_limits<double>::infinity()) {
          domains_.push_back(float_le(e, float_constant(m_.pool, h.hi)));
        }
      }
    }
    conjuncts_.insert(conjuncts_.end(), std::make_move_iterator(given.begin()),
                      std::make_move_iterator(given.end()));
  }

  // What several conjuncts say in steps (s even, s//2 even ...) may be said at once: such
  // conditions follow from all, come first, and are dropped again where they save
  // nothing.
  void propose(View& all, Expr condition) {
    const std::vector<RecordId> from = all.explain(condition, kSteps, false).rests_on;
    conjuncts_.push_back({condition,
                          from.empty() ? 0 : from.back(),
                          cost_of(Builder::node(condition)),
                          {},
                          nullptr,
                          true});
  }

  std::unique_ptr<View> with_domains() {
    std::unique_ptr<View> view = fresh();
    for (const Expr d : domains_) view->add(d, kDerived);
    return view;
  }

  // What follows from conjuncts before it: most do, and one view that grows tells.
  void drop_forward() {
    const std::unique_ptr<View> known = with_domains();
    std::vector<Conjunct> kept;
    for (Conjunct& c : conjuncts_) {
      const bool blind =
          c.nonzero != nullptr && std::ranges::any_of(kept, [&](const Conjunct& k) {
            return divides(k, c.nonzero);
          });
      if (!blind && follows(*known, c.condition)) {
        dropped_.push_back(std::move(c));
        continue;
      }
      known->add(c.condition, c.record);
      kept.push_back(std::move(c));
    }
    conjuncts_ = std::move(kept);
  }

  static bool divides(const Conjunct& c, const Node* d) {
    return std::ranges::find(c.divisors, d) != c.divisors.end();
  }

  // What follows from all others: the costliest first, among equals the latest.
  void drop_backward() {
    std::vector<size_t> order(conjuncts_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, [&](size_t a, size_t b) {
      if (conjuncts_[a].cost != conjuncts_[b].cost) {
        return conjuncts_[a].cost > conjuncts_[b].cost;
      }
      return a > b;
    });
    std::vector<bool> gone(conjuncts_.size());
    const std::unique_ptr<View> view = with_domains();
    for (const size_t i : order) {
      const Conjunct& c = conjuncts_[i];
      view->push();
      for (size_t j = 0; j < conjuncts_.size(); ++j) {
        if (j == i || gone[j]) continue;
        if (c.nonzero != nullptr && divides(conjuncts_[j], c.nonzero)) continue;
        view->add(conjuncts_[j].condition, conjuncts_[j].record);
      }
      gone[i] = follows(*view, c.condition);
      view->pop();
    }
    std::vector<Conjunct> kept;
    for (size_t i = 0; i < conjuncts_.size(); ++i) {
      (gone[i] ? dropped_ : kept).push_back(std::move(conjuncts_[i]));
    }
    conjuncts_ = std::move(kept);
  }

  // Domains that follow from the rest: those alone of symbols that guards read.
  //
  // A domain may follow from a guard that divides: where the guard is evaluated its
  // divisors are not 0 (result()), and there the domain holds. But the domain may be by
  // what a divisor is known not to be 0, and another condition would take its place: it
  // stays unless the other domains and the guards that do not divide say the same of all
  // divisors.
  void drop_domains() {
    absl::flat_hash_set<const Node*> read;
    for (const Conjunct& c : conjuncts_) {
      for (const Expr s : free_symbols(c.condition)) read.insert(Builder::node(s));
    }
    const std::vector<Expr> nonzero = divisors_known(*undivided(domains_.size()));
    for (size_t i = domains_.size(); i-- > 0;) {
      const std::vector<Expr> symbols = free_symbols(domains_[i]);
      if (symbols.empty() || !read.contains(Builder::node(symbols[0]))) continue;
      const std::unique_ptr<View> others = undivided(i);
      const bool safe =
          std::ranges::all_of(nonzero, [&](Expr n) { return follows(*others, n); });
      if (!safe) continue;
      for (const Conjunct& c : conjuncts_) {
        if (divides_by_form(c)) others->add(c.condition, c.record);
      }
      if (follows(*others, domains_[i])) {
        domains_.erase(domains_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  static bool divides_by_form(const Conjunct& c) {
    return !internal::open_divisors(Builder::node(c.condition)).empty();
  }

  // The domains but one, and the guards that have a value everywhere.
  std::unique_ptr<View> undivided(size_t without) {
    std::unique_ptr<View> view = fresh();
    for (size_t j = 0; j < domains_.size(); ++j) {
      if (j != without) view->add(domains_[j], kDerived);
    }
    for (const Conjunct& c : conjuncts_) {
      if (!divides_by_form(c)) view->add(c.condition, c.record);
    }
    return view;
  }

  // "d is not 0", of the divisors of which that is known.
  std::vector<Expr> divisors_known(View& known) {
    std::vector<Expr> out;
    absl::flat_hash_set<const Node*> seen;
    for (const std::vector<Conjunct>* list : {&conjuncts_, &dropped_}) {
      for (const Conjunct& c : *list) {
        for (const Node* d : internal::open_divisors(Builder::node(c.condition))) {
          const Expr nonzero = ne(Builder::expr(d), m_.pool.constant(0));
          if (seen.insert(d).second && follows(known, nonzero)) out.push_back(nonzero);
        }
      }
    }
    return out;
  }

  // In an order in which every divisor is known not to be 0 before it is used. Where the
  // guards do not say so themselves, conditions that do are put before them; divisors of
  // dropped guards have to be known as well, or those would have no value.
  GuardSet result() {
    GuardSet set;
    set.sources = m_.sources.to_vector();
    set.domains = domains_;
    const std::unique_ptr<View> known = with_domains();
    const auto emit = [&](Expr condition, RecordId record) {
      set.guards.push_back(condition);
      set.origins.push_back(record);
      known->add(condition, record);
    };
    const auto not_known = [&](Expr condition) {
      std::vector<Expr> open;
      for (const Node* d : internal::open_divisors(Builder::node(condition))) {
        const Expr nonzero = ne(Builder::expr(d), m_.pool.constant(0));
        if (!follows(*known, nonzero)) open.push_back(nonzero);
      }
      return open;
    };
    std::vector<const Conjunct*> waiting;
    for (const Conjunct& c : conjuncts_) waiting.push_back(&c);
    while (!waiting.empty()) {
      const auto it = std::ranges::find_if(
          waiting, [&](const Conjunct* c) { return not_known(c->condition).empty(); });
      const Conjunct* next = it != waiting.end() ? *it : waiting.front();
      for (const Expr nonzero : not_known(next->condition)) {
        emit(nonzero, next->record);
      }
      // Simpler by what was tested before it; without a divisor that is not known.
      const Expr simple = known->simplify(next->condition);
      const bool better = !simple.is_const() &&
                          cost_of(Builder::node(simple)) < next->cost &&
                          not_known(simple).empty();
      emit(better ? simple : next->condition, next->record);
      std::erase(waiting, next);
    }
    for (const Conjunct& c : dropped_) {
      if (c.proposed) continue;
      for (const Expr nonzero : not_known(c.condition)) emit(nonzero, c.record);
      set.dropped.push_back({c.record, c.condition});
    }
    return set;
  }

  Env::Impl& m_;
  std::vector<Conjunct> conjuncts_;
  std::vector<Conjunct> dropped_;
  std::vector<Expr> domains_;
};

}  // namespace

GuardSet Env::guards() {
  const internal::UseChild use(Builder::of(impl_->pool));
  return Minimizer(*impl_).run();
}

std::vector<Expr> Env::why_dropped(const GuardSet& set, size_t which) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  CONGRUA_CHECK(which < set.dropped.size(), "no such dropped guard");
  View view(m.pool, m.opaques, m.terms);
  std::vector<Expr> tested = set.domains;
  tested.insert(tested.end(), set.guards.begin(), set.guards.end());
  for (size_t i = 0; i < tested.size(); ++i)
    view.add(tested[i], static_cast<RecordId>(i));
  const Explanation e = view.explain(set.dropped[which].condition, kSteps, false);
  // All of them imply it, even where that is not seen in the forms that are shown.
  if (e.known.truth != Truth::kTrue) return tested;
  std::vector<Expr> because;
  for (const RecordId i : e.rests_on) because.push_back(tested[i]);
  return because;
}

AssertSet Env::asserts(bool keep_all) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  AssertSet set;
  View known(m.pool, m.opaques, m.terms);
  for (RecordId id = 0; id < m.records.size(); ++id) {
    if ((only(m.records[id].fact_class) & kAtEntry) != 0)
      known.add(m.records[id].fact, id);
  }
  std::vector<uint32_t> open;  // branches around the record, outermost first
  for (RecordId id = 0; id < m.records.size(); ++id) {
    const Record& r = m.records[id];
    if (r.fact_class != FactClass::kPromise && r.fact_class != FactClass::kAssert)
      continue;
    std::vector<uint32_t> path;
    for (uint32_t b = r.branch; b != 0; b = m.branch_parents[b - 1]) path.push_back(b);
    std::ranges::reverse(path);
    size_t common = 0;
    while (common < open.size() && common < path.size() && open[common] == path[common]) {
      ++common;
    }
    while (open.size() > common) {
      known.pop();
      open.pop_back();
    }
    for (; open.size() < path.size(); open.push_back(path[open.size()])) known.push();
    if (r.fact_class == FactClass::kAssert &&
        known.decide(r.fact, kSteps).truth == Truth::kTrue &&
        !divides_openly(known, m.pool, r.fact)) {
      set.dropped.push_back(id);
      if (keep_all) set.kept.push_back(id);
      continue;
    }
    if (r.fact_class == FactClass::kAssert) set.kept.push_back(id);
    known.add(r.fact, id);
  }
  return set;
}

}  // namespace congrua::shape
