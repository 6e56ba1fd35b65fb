#include "cache/segment.h"

#include <algorithm>

namespace congrua::cache::internal {

std::shared_ptr<const Segment> make_segment(const ScanList& list, size_t from,
                                            size_t count) {
  auto s = std::make_shared<Segment>();
  s->first_rank = list.ranks[from];
  s->last_rank = list.ranks[from + count - 1];
  s->heads.resize(kSlots * kCodes + 1);
  s->sums.resize(count);
  s->rests.resize(count);
  s->ranks.resize(count);
  s->blocks.resize(count);
  // Copied once: entries lie far apart.
  std::vector<IndexKey> keys;
  keys.reserve(count);
  const auto head_of = [](const IndexKey& key) {
    return key.sums[0].first * kCodes + key.filed;
  };
  for (size_t i = 0; i < count; ++i) {
    keys.push_back(static_cast<const EntryBase*>(list.blocks[from + i]->owner)->key);
    ++s->heads[head_of(keys.back()) + 1];
  }
  for (size_t h = 1; h < s->heads.size(); ++h) s->heads[h] += s->heads[h - 1];
  std::vector<uint32_t> next = s->heads;
  for (size_t i = 0; i < count; ++i) {
    const IndexKey& key = keys[i];
    const uint32_t at = next[head_of(key)]++;
    // Of the four equalities of both sums the one that files the entry is known. Where
    // there are fewer, the second sum is the first, which is true as well.
    s->sums[at] = {{key.sums[0].second, key.sums[1].first, key.sums[1].second},
                   static_cast<uint8_t>(key.sums[0].sum - key.filed + key.sums[1].sum)};
    Segment::Rest& rest = s->rests[at];
    std::ranges::copy(key.code, rest.code);
    std::ranges::copy(key.lo, rest.lo);
    std::ranges::copy(key.span, rest.span);
    for (size_t k = 0; k < kPairs; ++k) std::ranges::copy(key.equal[k], rest.equal[k]);
    std::ranges::copy(key.less, rest.less);
    s->ranks[at] = list.ranks[from + i];
    s->blocks[at] = list.blocks[from + i];
  }
  return s;
}

}  // namespace congrua::cache::internal
