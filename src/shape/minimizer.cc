// A question is asked about the points where no divisor of the facts is 0. That a divisor
// is not 0 may therefore never follow from a fact that divides by it: such a fact is left
// out while the question is asked (`divides`).
#include "shape/minimizer.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <span>

#include "absl/container/flat_hash_set.h"
#include "congrua/eval.h"
#include "congrua/float64.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "expr/walk.h"

namespace congrua::shape {

using internal::Builder;
using internal::Node;

namespace {

constexpr int64_t kSteps = kGuardSteps;
constexpr int64_t kLeastSteps = 500;      // of one entailment of many
constexpr int64_t kAllSteps = 5'000'000;  // about, of all conjuncts that are tied
constexpr size_t kFew = 64;   // conjuncts that are held against each other in turn
constexpr size_t kBlock = 8;  // of many: those that are
constexpr size_t kMaxAdded = 500'000;   // facts in all, to drop domains
constexpr int64_t kBoundSteps = 5'000;  // of the bounds of one symbol

struct Conjunct {
  Expr condition;
  RecordId record;
  uint64_t cost;
  std::vector<const Node*> divisors;  // that may be 0, by their form
  const Node* nonzero = nullptr;      // "this divisor is not 0"
  bool proposed = false;              // not said so by the program
  size_t place;                       // in the whole set: among symbols or conjuncts
};

// What it costs to compute (Form::weight).
uint64_t cost_of(const Node* n) { return form_of(Builder::expr(n)).weight(); }

class Minimizer {
 public:
  // Parts in program order, and the numbers of the symbols they read, ascending.
  Minimizer(Env::Impl& m, std::vector<Part> parts, std::vector<size_t> symbols)
      : m_(m),
        parts_(std::move(parts)),
        symbols_(std::move(symbols)),
        steps_(std::clamp(kAllSteps / static_cast<int64_t>(parts_.size() + 1),
                          kLeastSteps, kSteps)) {}

  Kept run() && {
    collect();
    make_domains();
    drop_forward();
    drop_backward();
    drop_domains();
    result();
    return std::move(kept_);
  }

 private:
  // A fresh view that knows the symbols.
  std::unique_ptr<View> fresh() {
    auto view = std::make_unique<View>(m_.pool, m_.opaques, m_.terms);
    view->set_thorough(true);
    for (const size_t i : symbols_) {
      const SymbolInfo& s = m_.symbols[i];
      if (s.kind != Kind::kFloat || s.may_be_nan) continue;
      FloatHull number;
      number.nan = false;
      view->add_hull(Builder::node(s.symbol), number);
    }
    return view;
  }

  bool follows(View& view, Expr condition) {
    return view.decide(condition, steps_).truth == Truth::kTrue;
  }

  // The conjuncts of birth facts and entry guards, in program order, each after the
  // conditions that its divisors are not 0.
  void collect() {
    const std::unique_ptr<View> known = fresh();
    absl::flat_hash_set<const Node*> seen;
    absl::flat_hash_set<const Node*> used;  // divisors of conjuncts so far
    for (const auto& [part, id, place] : parts_) {
      std::vector<const Node*> open;
      for (const Node* d : internal::open_divisors(part)) {
        const Expr nonzero = ne(Builder::expr(d), m_.pool.constant(0));
        // Asked about points where facts before this one have a value: not where one
        // divides by it without having been shown to be right.
        if (follows(*known, nonzero) && !used.contains(d)) continue;
        open.push_back(d);
        if (seen.insert(Builder::node(nonzero)).second) {
          conjuncts_.push_back(
              {nonzero, id, cost_of(Builder::node(nonzero)), {}, d, false, place});
          known->add(nonzero, id);
        }
      }
      if (!seen.insert(part).second) continue;
      used.insert(open.begin(), open.end());
      conjuncts_.push_back(
          {Builder::expr(part), id, cost_of(part), open, nullptr, false, place});
      known->add(Builder::expr(part), id);
    }
  }

  void make_domains() {
    const std::unique_ptr<View> all = fresh();
    for (const Conjunct& c : conjuncts_) all->add(c.condition, c.record);
    std::vector<Conjunct> given = std::move(conjuncts_);
    conjuncts_.clear();
    for (const size_t i : symbols_) {
      const SymbolInfo& s = m_.symbols[i];
      const Expr e = s.symbol;
      const auto domain = [&](Expr d) { domains_.emplace_back(i, d); };
      if (s.kind == Kind::kSize) {
        const Bounds b = all->bounds(e, kBoundSteps);
        const Range birth = e.range();
        if (b.lo && b.lo == b.hi) {
          domain(eq(e, m_.pool.constant(*b.lo)));
          continue;
        }
        if (b.lo && (!birth.lo || *b.lo > *birth.lo)) {
          domain(ge(e, m_.pool.constant(*b.lo)));
        }
        if (b.hi && (!birth.hi || *b.hi < *birth.hi)) {
          domain(le(e, m_.pool.constant(*b.hi)));
        }
        if (b.modulus > 1)
          propose(*all, eq(floor_mod(e, b.modulus), m_.pool.constant(b.residue)), i);
      } else if (s.kind == Kind::kFloat) {
        const FloatHull h = all->hull(Builder::node(e));
        if (h.nan) continue;
        if (h.lo == h.hi) {
          domain(float_eq(e, float_constant(m_.pool, h.lo)));
          continue;
        }
        if (h.lo > -std::numeric_limits<double>::infinity()) {
          domain(float_ge(e, float_constant(m_.pool, h.lo)));
        }
        if (h.hi < std::numeric_limits<double>::infinity()) {
          domain(float_le(e, float_constant(m_.pool, h.hi)));
        }
      }
    }
    conjuncts_.insert(conjuncts_.end(), std::make_move_iterator(given.begin()),
                      std::make_move_iterator(given.end()));
  }

  // What several conjuncts say in steps (s even, s//2 even ...) may be said at once: such
  // conditions follow from all, come first, and are dropped again where they save
  // nothing.
  void propose(View& all, Expr condition, size_t symbol) {
    const std::vector<RecordId> from = all.explain(condition, steps_, false).rests_on;
    conjuncts_.push_back({condition,
                          from.empty() ? 0 : from.back(),
                          cost_of(Builder::node(condition)),
                          {},
                          nullptr,
                          true,
                          symbol});
  }

  std::unique_ptr<View> with_domains() {
    std::unique_ptr<View> view = fresh();
    for (const auto& [symbol, d] : domains_) view->add(d, kDerived);
    return view;
  }

  // What follows from conjuncts before it: most do, and one view that grows tells.
  void drop_forward() {
    const std::unique_ptr<View> known = with_domains();
    std::vector<Conjunct> kept;
    absl::flat_hash_set<const Node*> used;
    for (Conjunct& c : conjuncts_) {
      const bool blind = c.nonzero != nullptr && used.contains(c.nonzero);
      if (!blind && follows(*known, c.condition)) {
        drop(std::move(c), false);
        continue;
      }
      known->add(c.condition, c.record);
      used.insert(c.divisors.begin(), c.divisors.end());
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
    gone_.assign(conjuncts_.size(), false);
    drop_backward(order, *with_domains());
    std::vector<Conjunct> kept;
    for (size_t i = 0; i < conjuncts_.size(); ++i) {
      if (gone_[i]) {
        drop(std::move(conjuncts_[i]), true);
      } else {
        kept.push_back(std::move(conjuncts_[i]));
      }
    }
    conjuncts_ = std::move(kept);
  }

  // The view has all others that are not gone. Halves, so that of n conjuncts n*log n are
  // added in place of n*n.
  void drop_backward(std::span<const size_t> order, View& view) {
    const auto add = [&](std::span<const size_t> which, size_t but) {
      std::vector<size_t> others(which.begin(), which.end());
      std::ranges::sort(others);
      for (const size_t j : others) {
        if (j == but || gone_[j]) continue;
        if (but < conjuncts_.size() && conjuncts_[but].nonzero != nullptr &&
            divides(conjuncts_[j], conjuncts_[but].nonzero)) {
          continue;
        }
        view.add(conjuncts_[j].condition, conjuncts_[j].record);
      }
    };
    if (order.size() > (conjuncts_.size() <= kFew ? kFew : kBlock)) {
      const size_t half = order.size() / 2;
      for (const bool first : {true, false}) {
        view.push();
        add(first ? order.subspan(half) : order.first(half), SIZE_MAX);
        drop_backward(first ? order.first(half) : order.subspan(half), view);
        view.pop();
      }
      return;
    }
    for (const size_t i : order) {
      const Conjunct& c = conjuncts_[i];
      // A view that has facts that divide by it may not be asked.
      if (order.size() < conjuncts_.size() && c.nonzero != nullptr && is_divided_by(c)) {
        continue;
      }
      view.push();
      add(order, i);
      gone_[i] = follows(view, c.condition);
      view.pop();
    }
  }

  bool is_divided_by(const Conjunct& nonzero) const {
    for (size_t j = 0; j < conjuncts_.size(); ++j) {
      if (!gone_[j] && divides(conjuncts_[j], nonzero.nonzero)) return true;
    }
    return false;
  }

  void drop(Conjunct c, bool late) {
    dropped_.push_back(std::move(c));
    if (late) late_.insert(dropped_.size() - 1);
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
    size_t added = 0;
    for (size_t i = domains_.size(); i-- > 0 && added < kMaxAdded;) {
      const std::vector<Expr> symbols = free_symbols(domains_[i].second);
      if (symbols.empty() || !read.contains(Builder::node(symbols[0]))) continue;
      added += domains_.size() + conjuncts_.size() + nonzero.size();
      const std::unique_ptr<View> others = undivided(i);
      const bool safe =
          std::ranges::all_of(nonzero, [&](Expr n) { return follows(*others, n); });
      if (!safe) continue;
      for (const Conjunct& c : conjuncts_) {
        if (divides_by_form(c)) others->add(c.condition, c.record);
      }
      if (follows(*others, domains_[i].second)) {
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
      if (j != without) view->add(domains_[j].second, kDerived);
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
  void result() {
    kept_.domains = domains_;
    const std::unique_ptr<View> known = with_domains();
    const auto emit = [&](Expr condition, const Conjunct& c) {
      kept_.guards.push_back({c.proposed, c.place, condition, c.record});
      known->add(condition, c.record);
    };
    const auto not_known = [&](Expr condition) {
      std::vector<Expr> open;
      for (const Node* d : internal::open_divisors(Builder::node(condition))) {
        const Expr nonzero = ne(Builder::expr(d), m_.pool.constant(0));
        if (!follows(*known, nonzero)) open.push_back(nonzero);
      }
      return open;
    };
    std::vector<bool> done(conjuncts_.size());
    for (size_t first = 0; first < conjuncts_.size();) {
      size_t next = first;
      while (next < conjuncts_.size() &&
             (done[next] || !not_known(conjuncts_[next].condition).empty())) {
        ++next;
      }
      if (next == conjuncts_.size()) next = first;
      const Conjunct& c = conjuncts_[next];
      for (const Expr nonzero : not_known(c.condition)) emit(nonzero, c);
      // Simpler by what was tested before it; without a divisor that is not known.
      const Expr simple = known->simplify(c.condition);
      const bool better = !simple.is_const() && cost_of(Builder::node(simple)) < c.cost &&
                          not_known(simple).empty();
      emit(better ? simple : c.condition, c);
      done[next] = true;
      while (first < conjuncts_.size() && done[first]) ++first;
    }
    for (size_t i = 0; i < dropped_.size(); ++i) {
      const Conjunct& c = dropped_[i];
      if (c.proposed) continue;
      for (const Expr nonzero : not_known(c.condition)) {
        kept_.guards.push_back({false, SIZE_MAX, nonzero, c.record});
        known->add(nonzero, c.record);
      }
      kept_.dropped.push_back({late_.contains(i), c.place, {c.record, c.condition}});
    }
  }

  Env::Impl& m_;
  std::vector<Part> parts_;
  std::vector<size_t> symbols_;
  int64_t steps_;  // of one entailment
  std::vector<Conjunct> conjuncts_;
  std::vector<bool> gone_;
  std::vector<Conjunct> dropped_;
  absl::flat_hash_set<size_t> late_;              // of dropped_
  std::vector<std::pair<size_t, Expr>> domains_;  // with the number of the symbol
  Kept kept_;
};

}  // namespace

Kept minimize(Env::Impl& m, std::vector<Part> parts, std::vector<size_t> symbols) {
  return Minimizer(m, std::move(parts), std::move(symbols)).run();
}

}  // namespace congrua::shape
