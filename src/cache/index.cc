#include "cache/index.h"

#include <algorithm>

#include "cache/scalar.h"
#include "cache/segment.h"

namespace congrua::cache::internal {

size_t Index::bytes() const {
  size_t n = sizeof *this + entries.capacity() * sizeof(void*) +
             few.capacity() * sizeof(UnaryGroup) + narrow.bytes();
  for (const auto& s : segments) n += s->bytes();
  for (const ScanList* l : {&summed, &tail, &plain}) {
    n += l->blocks.capacity() * sizeof(void*) + l->ranks.capacity() * sizeof(uint32_t) +
         (l->sums[0].capacity() + l->sums[1].capacity()) * sizeof(SumGroup) +
         l->groups.capacity() * sizeof(IndexGroup);
  }
  for (const Tuple& t : tuples) {
    n += sizeof t + t.hash.factors.capacity() * 8 +
         t.hash.places.capacity() * sizeof(PointPlace) +
         t.table.capacity() * sizeof(Tuple::Slot);
  }
  return n;
}

Find choose_find(const Index& index) {
  static const bool wide = has_avx512();
  if (index.varying) return &find_least;
  if (!wide) return &find_portable;
  if (!index.narrow.entries.empty()) return &find_narrow_avx512;
  if (!index.tuples.empty() && !index.scans()) return &find_in_tuples_avx512;
  return index.few.empty() ? &find_avx512 : &find_few_avx512;
}

const EntryBase* find_portable(const Index& index, const Word* row, const void* call) {
  const PlainRow plain(row, index);
  return find_scalar(index, plain, call, First());
}

const EntryBase* find_least(const Index& index, const Word* row, const void* call) {
  const PlainRow plain(row, index);
  return find_scalar(index, plain, call, Least(index));
}

const EntryBase* find_lazily(const Index& index, FieldReader read, void* context,
                             const void* call) {
  LazyRow row(read, context, index);
  if (index.varying) return find_scalar(index, row, call, Least(index));
  return find_scalar(index, row, call, First());
}

ScanCost scan_cost(const Index& index, const Word* row, const EntryBase* found) {
  const PlainRow plain(row, index);
  ScanCost cost;
  const auto scan = [&](const ScanList& list) {
    for (size_t i = 0; i < list.blocks.size(); ++i) {
      ++cost.compared;
      if (keys_pass(index, list, i, plain)) ++cost.evaluated;
      if (list.blocks[i]->owner == found) return true;
    }
    return false;
  };
  const auto filed = [&](const Segment& s) {
    bool here = false;
    for_each_filed(s, plain, [&](size_t i) {
      ++cost.compared;
      if (filed_passes(s, i, plain)) ++cost.evaluated;
      here |= s.blocks[i]->owner == found;
      return true;
    });
    return here;
  };
  if (!scan(index.summed)) {
    const bool here =
        std::ranges::any_of(index.segments, [&](const auto& s) { return filed(*s); });
    if (!here) scan(index.tail);
  }
  scan(index.plain);
  return cost;
}

}  // namespace congrua::cache::internal
