#include "guard/search_order.h"

#include <bit>

namespace congrua::guard::search {

namespace {
// More changes than one in so many leaves: all inner nodes anew.
constexpr size_t kRebuildShare = 8;
}  // namespace

Rank rank_of(const Engine& engine, CellId variable, uint32_t refutations) {
  const Dom& d = engine.dom(variable);
  return {!d.fixed(), engine.is_defined(variable),
          static_cast<uint64_t>(d.hi - d.lo) / d.mod + 1, uint64_t{1} + refutations};
}

void Order::start(std::span<const CellId> variables,
                  std::span<const uint32_t> refutations) {
  variables_ = variables;
  refutations_ = refutations;
  if (position_.size() < engine_.program().size()) {
    position_.assign(engine_.program().size(), kNone);
    for (size_t i = 0; i < variables.size(); ++i) {
      position_[variables[i]] = static_cast<uint32_t>(i);
    }
  }
  leaves_ = std::bit_ceil(variables.size());
  rank_.resize(variables.size());
  node_.resize(2 * leaves_);
  for (size_t i = 0; i < leaves_; ++i) {
    node_[leaves_ + i] = i < variables.size() ? static_cast<uint32_t>(i) : kNone;
  }
  engine_.follow_changes(true);
  rebuild();
}

void Order::stop() { engine_.follow_changes(false); }

size_t Order::winner(size_t a, size_t b) const {
  if (a == kNone || b == kNone) return a == kNone ? b : a;
  return rank_[b].before(rank_[a]) ? b : a;  // the first of equal ones
}

void Order::rebuild() {
  for (size_t i = 0; i < variables_.size(); ++i) {
    rank_[i] = rank_of(engine_, variables_[i], refutations_[i]);
  }
  for (size_t k = leaves_; k-- > 1;) {
    node_[k] = static_cast<uint32_t>(winner(node_[2 * k], node_[2 * k + 1]));
  }
}

void Order::update(size_t variable) {
  rank_[variable] = rank_of(engine_, variables_[variable], refutations_[variable]);
  for (size_t k = (leaves_ + variable) / 2; k > 0; k /= 2) {
    node_[k] = static_cast<uint32_t>(winner(node_[2 * k], node_[2 * k + 1]));
  }
}

size_t Order::best() {
  std::vector<CellId>& cells = engine_.changes();
  if (cells.size() > leaves_ / kRebuildShare) {
    rebuild();
  } else {
    for (const CellId c : cells) {
      if (position_[c] != kNone) update(position_[c]);
    }
  }
  cells.clear();
  const size_t v = node_[1];
  return v == kNone || !rank_[v].open ? SIZE_MAX : v;
}

}  // namespace congrua::guard::search
