#include "cache/cover.h"

#include <algorithm>

namespace congrua::cache::internal {

namespace {

class Cover {
 public:
  Cover(std::span<const CoverSet> sets, std::span<const uint64_t> weights, size_t search)
      : sets_(sets), weights_(weights), left_(search), with_(weights.size()) {
    for (size_t s = 0; s < sets.size(); ++s) {
      for (const size_t e : sets[s]) with_[e].push_back(s);
    }
    for (auto& sets_with : with_) {
      std::ranges::stable_sort(sets_with, std::greater<>(),
                               [&](size_t s) { return sets_[s].size(); });
    }
  }

  std::vector<size_t> greedy(size_t limit) const {
    std::vector<char> covered(weights_.size());
    std::vector<size_t> chosen;
    while (chosen.size() < limit) {
      uint64_t most = 0;
      size_t best = 0;
      for (size_t s = 0; s < sets_.size(); ++s) {
        uint64_t gain = 0;
        for (const size_t e : sets_[s]) gain += covered[e] != 0 ? 0 : weights_[e];
        if (gain > most) {
          most = gain;
          best = s;
        }
      }
      if (most == 0) break;
      chosen.push_back(best);
      for (const size_t e : sets_[best]) covered[e] = 1;
    }
    return chosen;
  }

  // Leaves out what the others cover.
  void shrink(std::vector<size_t>& chosen) const {
    std::vector<size_t> times(weights_.size());
    for (const size_t s : chosen) {
      for (const size_t e : sets_[s]) ++times[e];
    }
    for (size_t i = chosen.size(); i-- > 0;) {
      const CoverSet& set = sets_[chosen[i]];
      if (!std::ranges::all_of(set, [&](size_t e) { return times[e] > 1; })) continue;
      for (const size_t e : set) --times[e];
      chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  std::vector<size_t> least(std::vector<size_t> start) {
    best_ = std::move(start);
    times_.assign(weights_.size(), 0);
    for (size_t e = 0; e < with_.size(); ++e) {
      if (with_[e].empty()) times_[e] = 1;  // nothing covers it
    }
    branch();
    return best_;
  }

 private:
  // One of the sets with the element that fewest have is chosen: depth is that of the
  // best answer, not of the input.
  void branch() {
    if (left_ == 0) return;
    --left_;
    size_t rarest = weights_.size();
    size_t uncovered = 0;
    for (size_t e = 0; e < weights_.size(); ++e) {
      if (times_[e] != 0) continue;
      ++uncovered;
      if (rarest == weights_.size() || with_[e].size() < with_[rarest].size()) rarest = e;
    }
    if (uncovered == 0) {
      if (chosen_.size() < best_.size()) best_ = chosen_;
      return;
    }
    if (chosen_.size() + 1 >= best_.size()) return;
    for (const size_t s : with_[rarest]) {
      for (const size_t e : sets_[s]) ++times_[e];
      chosen_.push_back(s);
      branch();
      chosen_.pop_back();
      for (const size_t e : sets_[s]) --times_[e];
    }
  }

  const std::span<const CoverSet> sets_;
  const std::span<const uint64_t> weights_;
  size_t left_;
  std::vector<std::vector<size_t>> with_;  // of each element the sets that have it
  std::vector<size_t> times_, chosen_, best_;
};

}  // namespace

std::vector<size_t> cover(std::span<const CoverSet> sets,
                          std::span<const uint64_t> weights, size_t limit,
                          size_t search) {
  Cover c(sets, weights, search);
  std::vector<size_t> all = c.greedy(SIZE_MAX);
  c.shrink(all);
  all = c.least(std::move(all));
  return all.size() <= limit ? all : c.greedy(limit);
}

}  // namespace congrua::cache::internal
