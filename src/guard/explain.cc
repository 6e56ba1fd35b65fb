// Which facts an answer rests on: facts are left out in halves, then one by one, as long
// as the rest still gives the answer (QuickXplain's idea, Junker 2004, on a fresh Facts
// each time). It is paid only when asked for, and what is named is checked to suffice.
#include <algorithm>

#include "expr/eval.h"
#include "guard/certify.h"
#include "guard/facts_impl.h"

namespace congrua {

namespace {
constexpr int kMaxTrials = 200;
constexpr int64_t kTrialSteps = 20'000;
constexpr int64_t kAllSteps = 10 * kTrialSteps;
constexpr int64_t kFactSteps = 4;  // of saying a fact again
constexpr size_t kMaxFactsForProof = 40;
}  // namespace

std::vector<FactId> Facts::Impl::minimal_reason(const Node* g) {
  std::vector<FactId> kept;
  for (size_t i = 0; i < facts.size(); ++i) kept.push_back(static_cast<FactId>(i));
  int trials = 0;
  int64_t left = kAllSteps;
  const auto suffices = [&](std::span<const FactId> ids) {
    Impl fresh(pool);
    left -= kFactSteps * static_cast<int64_t>(ids.size());
    for (FactId id : ids) fresh.add_without_models(facts[id]);
    if (fresh.contradictory) return true;
    const int64_t granted = std::clamp<int64_t>(left, 0, kTrialSteps);
    Budget budget(granted);
    Layer layer = Layer::kNone;
    bool follows = false;
    if (internal::is_false(g)) {
      bool split = false;
      follows = fresh.refute(budget, &split);
    } else {
      follows = fresh.prove(fresh.rewrite(g), budget, &layer) == Truth::kTrue ||
                fresh.refute_with(fresh.builder.logical_not(g), budget, &layer);
    }
    left -= granted - std::max<int64_t>(budget.left(), 0);
    return follows;
  };
  if (!suffices(kept)) return kept;
  for (size_t chunk = std::max<size_t>(1, kept.size() / 2);
       trials < kMaxTrials && left > 0;) {
    for (size_t at = 0; at < kept.size() && trials < kMaxTrials && left > 0;) {
      std::vector<FactId> rest(kept.begin(),
                               kept.begin() + static_cast<std::ptrdiff_t>(at));
      const size_t end = std::min(kept.size(), at + chunk);
      rest.insert(rest.end(), kept.begin() + static_cast<std::ptrdiff_t>(end),
                  kept.end());
      ++trials;
      if (suffices(rest)) {
        kept = std::move(rest);
      } else {
        at = end;
      }
    }
    if (chunk == 1) break;
    chunk = (chunk + 1) / 2;
  }
  return kept;
}

void Facts::Impl::explain(const Node* g, Answer* answer) {
  switch (answer->truth) {
    case Truth::kTrue:
      if (answer->layer != Layer::kNormalForm) answer->rests_on = minimal_reason(g);
      return;
    case Truth::kFalse:
      if (answer->layer != Layer::kNormalForm) {
        answer->rests_on = minimal_reason(builder.logical_not(g));
      }
      return;
    case Truth::kOpen: {
      const auto add = [&](const auto& point) {
        internal::Assignment at;
        for (const auto& [node, value] : point) at.set(node, value);
        internal::Evaluator evaluator;
        const std::optional<Int> there = evaluator.evaluate(g, at);
        if (!there || !there->is_zero() || !evaluator.all_true(facts, at)) return;
        for (const auto& [node, value] : point) {
          if (const std::optional<int64_t> v = value.to_int64()) {
            answer->counterexample.emplace_back(Builder::expr(node), *v);
          }
        }
      };
      answer->layer == Layer::kModel ? add(search.base()) : add(search.model());
      return;
    }
    case Truth::kUnknown:
      return;
  }
}

void Facts::Impl::certify(const Node* g, const std::atomic<bool>* cancel,
                          Answer* answer) {
  if (answer->truth != Truth::kTrue && answer->truth != Truth::kFalse) return;
  const bool holds = answer->truth == Truth::kTrue;
  const Expr goal = Builder::expr(holds ? g : builder.logical_not(g));
  std::vector<Expr> all;
  for (const Node* f : facts) all.push_back(Builder::expr(f));
  std::vector<FactId> ids = answer->rests_on;
  for (;;) {
    Budget budget(guard::kCertifySteps, cancel);
    std::optional<Certificate> c = guard::certify(pool, all, ids, goal, budget);
    if (c) {
      answer->certificate = std::make_shared<const Certificate>(*std::move(c));
      return;
    }
    // The engine may have needed fewer facts than a proof does.
    if (ids.size() == all.size() || all.size() > kMaxFactsForProof) return;
    ids.clear();
    for (size_t i = 0; i < all.size(); ++i) ids.push_back(static_cast<FactId>(i));
  }
}

}  // namespace congrua
