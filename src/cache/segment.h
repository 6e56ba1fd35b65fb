// Entries of a large index behind those that are scanned, filed by one equality of each.
//
// A row has one value a field, so it can hold only the entries that are filed by one of
// its fields and the code of that: some twentieth of them where an equality has twenty
// values. These are runs of neighbours, one for each field, and the sum of three more
// equalities of each entry is read before anything else of it. Within a run ranks ascend,
// across runs they do not: all candidates of a segment are found, then checked by rank.
// Segments follow each other by rank, each several times as large as all before it, so
// that a match that comes early costs no more than its own segment.
//
// Immutable: versions of an index share segments.
#ifndef CONGRUA_CACHE_SEGMENT_H_
#define CONGRUA_CACHE_SEGMENT_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "cache/index.h"

namespace congrua::cache::internal {

inline constexpr size_t kCodes = 256;  // values of a code

struct Segment {
  // Of three equalities: the positions of their codes, and what these add up to.
  struct Sum {
    uint8_t at[3] = {}, sum = 0;
  };
  // Of IndexKey, what sums do not say.
  struct Rest {
    uint8_t code[kColumns] = {}, lo[kColumns] = {}, span[kColumns] = {};
    uint8_t equal[kPairs][2] = {}, less[2] = {};
  };

  // The entries that are filed by a position p and a code c are heads[p * kCodes + c] up
  // to the head that follows.
  std::vector<uint32_t> heads;
  std::vector<Sum> sums;
  std::vector<Rest> rests;
  std::vector<uint32_t> ranks;
  std::vector<const LaneBlock*> blocks;
  uint32_t first_rank = 0, last_rank = 0;  // the least and the greatest

  size_t bytes() const {
    return sizeof *this + heads.capacity() * sizeof(uint32_t) +
           sums.capacity() * sizeof(Sum) + rests.capacity() * sizeof(Rest) +
           ranks.capacity() * sizeof(uint32_t) + blocks.capacity() * sizeof(void*);
  }
};

// Of the entries from `from` on, `count` of them, of a list whose keys are sums.
std::shared_ptr<const Segment> make_segment(const ScanList& list, size_t from,
                                            size_t count);

template <typename Row>
bool sum_passes(const Segment::Sum& s, Row& row) {
  const int sum = row.code(s.at[0]) + row.code(s.at[1]) + row.code(s.at[2]);
  return static_cast<uint8_t>(sum) == s.sum;
}

// Reads no code that no test names: those of a call may have to be asked for.
template <typename Row>
bool rest_passes(const Segment::Rest& r, Row& row) {
  for (size_t i = 0; i < kColumns; ++i) {
    if (r.span[i] == 255) continue;
    if (static_cast<uint8_t>(row.code(r.code[i]) - r.lo[i]) > r.span[i]) return false;
  }
  for (const auto& [x, y] : r.equal) {
    if (x != y && row.code(x) != row.code(y)) return false;
  }
  return r.less[0] == r.less[1] || row.code(r.less[0]) <= row.code(r.less[1]);
}

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_SEGMENT_H_
