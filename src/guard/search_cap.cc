// The objective: the sum of |size|, and its bound.
#include "guard/search_engine.h"

namespace congrua::guard::search {

namespace {

// Sizes that one step of the budget bounds.
constexpr size_t kSizesPerStep = 16;

int64_t least_magnitude(const Dom& d) {
  return d.lo >= 0 ? d.lo : d.hi <= 0 ? -d.hi : d.nonzero ? 1 : 0;
}

}  // namespace

int64_t Engine::least_sum(std::span<const CellId> variables) const {
  int128 sum = 0;
  for (const CellId c : variables) {
    if (is_size(c)) sum += least_magnitude(doms_[c]);
  }
  return clamp128(sum);
}

void Engine::set_cap(int64_t cap, std::span<const CellId> variables) {
  cap_ = cap;
  capped_ = false;
  sizes_dirty_ = true;
  open_sizes_.clear();
  fixed_sum_ = 0;
  if (cap >= kInf) return;
  for (const CellId c : variables) {
    if (!is_size(c)) continue;
    if (doms_[c].fixed()) {
      fixed_sum_ += least_magnitude(doms_[c]);
    } else {
      open_sizes_.push_back(c);
    }
  }
}

bool Engine::cap_sizes(Budget& budget) {
  budget.charge(static_cast<int64_t>(open_sizes_.size() / kSizesPerStep));
  int128 sum = fixed_sum_;
  for (const CellId c : open_sizes_) sum += least_magnitude(doms_[c]);
  const int64_t least = clamp128(sum);
  if (least > cap_) {
    capped_ = true;
    return false;
  }
  const int64_t slack = cap_ - least;
  for (const CellId c : open_sizes_) {
    const Dom& d = doms_[c];
    const int64_t top = least_magnitude(d) + slack;
    if (d.hi > top) {
      capped_ = true;
      if (!set_hi(c, top)) return false;
    }
    if (d.lo < -top) {
      capped_ = true;
      if (!set_lo(c, -top)) return false;
    }
  }
  sizes_dirty_ = false;
  return true;
}

}  // namespace congrua::guard::search
