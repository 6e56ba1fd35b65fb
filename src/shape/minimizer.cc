// A question is asked about the points where the facts have values (needs.h). That a
// divisor is not 0 may therefore never follow from a fact that divides by it: such a fact
// is left out while the question is asked (`rests_on`).
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
#include "shape/needs.h"

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
  std::vector<Expr> needs;                  // that were not known before it
  std::optional<Need> need = std::nullopt;  // that the condition is, of others
  bool proposed = false;                    // not said so by the program
  size_t place;  // in the whole set: among symbols or conjuncts
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
  bool follows(View& view, const Conjunct& c) {
    return c.need ? view.meets(*c.need, steps_) : follows(view, c.condition);
  }

  // The conjuncts of birth facts and entry guards, in program order, each after what it
  // needs to have a value.
  void collect() {
    const std::unique_ptr<View> known = fresh();
    absl::flat_hash_set<const Node*> seen;
    absl::flat_hash_set<Expr> used;  // what conjuncts so far need
    for (const auto& [part, id, place] : parts_) {
      std::vector<Expr> open;
      for (const Need& need : needs(part)) {
        const Expr c = need.condition;
        // Asked about points where facts before this one have a value: not where one
        // rests on it without having been shown to be right.
        if (known->meets(need, steps_) && !used.contains(c)) continue;
        open.push_back(c);
        if (seen.insert(Builder::node(c)).second) {
          conjuncts_.push_back({.condition = c,
                                .record = id,
                                .cost = cost_of(Builder::node(c)),
                                .needs = {},
                                .need = need,
                                .place = place});
          known->add(c, id);
        }
      }
      if (!seen.insert(part).second) continue;
      used.insert(open.begin(), open.end());
      conjuncts_.push_back({.condition = Builder::expr(part),
                            .record = id,
                            .cost = cost_of(part),
                            .needs = std::move(open),
                            .place = place});
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
    conjuncts_.push_back({.condition = condition,
                          .record = from.empty() ? 0 : from.back(),
                          .cost = cost_of(Builder::node(condition)),
                          .needs = {},
                          .proposed = true,
                          .place = symbol});
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
    absl::flat_hash_set<Expr> used;
    for (Conjunct& c : conjuncts_) {
      const bool blind = c.need && used.contains(c.condition);
      if (!blind && follows(*known, c)) {
        drop(std::move(c), false);
        continue;
      }
      known->add(c.condition, c.record);
      used.insert(c.needs.begin(), c.needs.end());
      kept.push_back(std::move(c));
    }
    conjuncts_ = std::move(kept);
  }

  static bool rests_on(const Conjunct& c, const Conjunct& need) {
    return need.need && std::ranges::find(c.needs, need.condition) != c.needs.end();
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
        if (but < conjuncts_.size() && rests_on(conjuncts_[j], conjuncts_[but])) continue;
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
      // A view that has facts that rest on it may not be asked.
      if (order.size() < conjuncts_.size() && is_needed(c)) continue;
      view.push();
      add(order, i);
      gone_[i] = follows(view, c);
      view.pop();
    }
  }

  bool is_needed(const Conjunct& need) const {
    for (size_t j = 0; j < conjuncts_.size(); ++j) {
      if (!gone_[j] && rests_on(conjuncts_[j], need)) return true;
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
  // stays unless the other domains and the guards that need nothing say the same of all
  // needs.
  void drop_domains() {
    absl::flat_hash_set<const Node*> read;
    for (const Conjunct& c : conjuncts_) {
      for (const Expr s : free_symbols(c.condition)) read.insert(Builder::node(s));
    }
    const std::vector<Need> met = needs_met(*without_needs(domains_.size()));
    size_t added = 0;
    for (size_t i = domains_.size(); i-- > 0 && added < kMaxAdded;) {
      const std::vector<Expr> symbols = free_symbols(domains_[i].second);
      if (symbols.empty() || !read.contains(Builder::node(symbols[0]))) continue;
      added += domains_.size() + conjuncts_.size() + met.size();
      const std::unique_ptr<View> others = without_needs(i);
      const bool safe = std::ranges::all_of(
          met, [&](const Need& n) { return others->meets(n, steps_); });
      if (!safe) continue;
      for (const Conjunct& c : conjuncts_) {
        if (needs_any(c)) others->add(c.condition, c.record);
      }
      if (follows(*others, domains_[i].second)) {
        domains_.erase(domains_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  static bool needs_any(const Conjunct& c) {
    return !needs(Builder::node(c.condition)).empty();
  }

  // The domains but one, and the guards that have a value everywhere.
  std::unique_ptr<View> without_needs(size_t without) {
    std::unique_ptr<View> view = fresh();
    for (size_t j = 0; j < domains_.size(); ++j) {
      if (j != without) view->add(domains_[j].second, kDerived);
    }
    for (const Conjunct& c : conjuncts_) {
      if (!needs_any(c)) view->add(c.condition, c.record);
    }
    return view;
  }

  // What conjuncts need and is known to be met.
  std::vector<Need> needs_met(View& known) {
    std::vector<Need> out;
    absl::flat_hash_set<Expr> seen;
    for (const std::vector<Conjunct>* list : {&conjuncts_, &dropped_}) {
      for (const Conjunct& c : *list) {
        for (const Need& n : needs(Builder::node(c.condition))) {
          if (seen.insert(n.condition).second && known.meets(n, steps_)) out.push_back(n);
        }
      }
    }
    return out;
  }

  // In an order in which every divisor is known not to be 0 before it is used, and so on.
  // Where the guards do not say so themselves, conditions that do are put before them;
  // needs of dropped guards have to be met as well, or those would have no value.
  void result() {
    kept_.domains = domains_;
    const std::unique_ptr<View> known = with_domains();
    const auto emit = [&](Expr condition, const Conjunct& c) {
      kept_.guards.push_back({c.proposed, c.place, condition, c.record});
      known->add(condition, c.record);
    };
    const auto not_known = [&](Expr condition) {
      std::vector<Expr> open;
      for (const Need& n : needs(Builder::node(condition))) {
        if (!known->meets(n, steps_)) open.push_back(n.condition);
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
      for (const Expr need : not_known(c.condition)) emit(need, c);
      // Simpler by what was tested before it; without a need that is not known.
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
      for (const Expr need : not_known(c.condition)) {
        kept_.guards.push_back({false, SIZE_MAX, need, c.record});
        known->add(need, c.record);
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
