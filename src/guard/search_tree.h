// Depth-first search over the variables of an engine, for a model of small sum.
//
// Decisions are x = v with v the value of least magnitude (or a preferred one), refuted
// into x != v, so that propagation sees every refutation; after a few refuted values of
// one variable, ranges that double are refuted as a whole. The sum of |size| is bounded
// from the start: the bound doubles until there is a model, then the gap between the best
// sum and the proved lower bound is halved. A bound that leaves nothing and never pruned
// anything proves that there is no model.
#ifndef CONGRUA_GUARD_SEARCH_TREE_H_
#define CONGRUA_GUARD_SEARCH_TREE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "base/budget.h"
#include "guard/search_engine.h"
#include "guard/search_order.h"

namespace congrua::guard::search {

class Tree {
 public:
  enum class Probe {
    kFound,      // values() is a point that passed the check
    kExhausted,  // no model with a sum within the cap
    kStopped,    // too many failures, or the budget is spent
  };
  // The check is exact, on the constraints themselves.
  using Check = std::function<bool(const std::vector<int64_t>& values)>;

  // Decides all active variables.
  Tree(Engine& engine, Budget& budget, Check check);
  // Decides these alone: no constraint may tie them to other open ones. Probes without a
  // cap.
  Tree(Engine& engine, Budget& budget, Check check, std::vector<CellId> variables);

  // One search with the sum of sizes at most cap, giving up after that many failures.
  Probe probe(int64_t cap, int64_t failures);
  // Values to try first, in the order of variables(); empty: the smallest.
  void prefer(std::vector<int64_t> values) { preferred_ = std::move(values); }

  const std::vector<CellId>& variables() const { return vars_; }
  // Of the last kFound, in the order of variables().
  const std::vector<int64_t>& values() const { return values_; }
  int64_t sum() const { return sum_; }
  // After kExhausted: the bound on the sum pruned nothing, so there is no model at all.
  bool complete() const { return complete_; }
  // Of the last probe.
  int64_t failures() const { return failures_; }

 private:
  enum class Side : uint8_t { kPoint, kAbove, kBelow };
  struct Decision {
    size_t variable;
    Side side;
    int64_t value;
    Engine::Mark mark;
  };

  size_t pick();
  bool decide(size_t variable);
  bool take(size_t variable, Side side, int64_t value);
  bool backtrack(size_t base);
  bool leaf();

  Engine& engine_;
  Budget& budget_;
  Check check_;
  std::vector<CellId> vars_;
  Order order_;               // where the variables are many
  std::vector<size_t> open_;  // by position: those that the probe may decide; else
  std::vector<Decision> decisions_;
  std::vector<uint32_t> weight_;  // refutations by variable
  std::vector<int64_t> preferred_;
  std::vector<int64_t> values_;
  size_t last_failed_ = SIZE_MAX;
  int streak_ = 0;  // refutations in a row of values of last_failed_
  int64_t sum_ = 0;
  int64_t failures_ = 0;
  bool complete_ = false;
};

}  // namespace congrua::guard::search

#endif  // CONGRUA_GUARD_SEARCH_TREE_H_
