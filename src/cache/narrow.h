// A cache of few entries over few fields, for rows of 32-bit words.
//
// A gather of eight fields takes as long as reading eight rows of them. Where a schema
// has 64 fields at most and the words that are read are sizes of 32 bits, a row is four
// vectors of 32-bit lanes, and sixteen fields of any place are three permutations. Rows
// with other words take the form that is always there.
#ifndef CONGRUA_CACHE_NARROW_H_
#define CONGRUA_CACHE_NARROW_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cache/lanes.h"

namespace congrua::cache::internal {

inline constexpr size_t kNarrowFields = 64;
inline constexpr size_t kNarrowLanes = 16;

// rotate_right(x - lo, rot) <= span, unsigned, as in a UnaryGroup.
struct alignas(64) NarrowGroup {
  uint32_t lo[kNarrowLanes] = {};
  uint32_t span[kNarrowLanes];  // UINT32_MAX: always true
  uint8_t field[kNarrowLanes] = {}, rot[kNarrowLanes] = {};
  NarrowGroup() {
    for (uint32_t& s : span) s = UINT32_MAX;
  }
};

struct NarrowEntry {
  const LaneBlock* block = nullptr;  // for its pairs and its rest
  uint32_t first = 0, end = 0;       // of the groups
};

struct Narrow {
  std::vector<NarrowEntry> entries;  // none: the index has no narrow form
  std::vector<NarrowGroup> groups;
  // Two tests of each entry but the first: its lane of two groups.
  NarrowGroup tests[2];
  uint32_t alive = 0;  // a bit for each entry that some row of 32-bit words holds at
  NarrowFields used;   // that are read

  size_t bytes() const {
    return entries.capacity() * sizeof(NarrowEntry) +
           groups.capacity() * sizeof(NarrowGroup);
  }
};

// A lane for the interval; what no word of 32 bits is in was found out by make_narrow.
void set_test(NarrowGroup& group, size_t lane, uint16_t field, int64_t lo, int64_t hi);

// Of blocks by rank; at most kNarrowLanes + 1.
Narrow make_narrow(std::span<const LaneBlock* const> blocks, size_t num_fields);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_NARROW_H_
