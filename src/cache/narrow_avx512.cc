// Look-up in a narrow index, with AVX-512.
#include "cache/index.h"
#include "cache/lanes_avx512.h"
#include "cache/narrow.h"

namespace congrua::cache::internal {

#if defined(__x86_64__)

namespace {

CONGRUA_AVX512 inline __mmask16 failing(const NarrowGroup& g, const NarrowRow& row) {
  const __m512i field =
      _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(g.field)));
  const __m512i rot =
      _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(g.rot)));
  const __m512i v = _mm512_sub_epi32(fields(row, field), _mm512_load_si512(g.lo));
  return _mm512_cmpgt_epu32_mask(_mm512_rorv_epi32(v, rot), _mm512_load_si512(g.span));
}

CONGRUA_AVX512 inline bool check(const Narrow& narrow, const NarrowEntry& e,
                                 const NarrowRow& row) {
  unsigned fail = 0;
  for (uint32_t i = e.first; i < e.end; ++i)
    fail |= failing(narrow.groups.data()[i], row);
  if (fail != 0) return false;
  const LaneBlock& block = *e.block;
  const PairGroup* const pairs = block.pairs();
  for (size_t i = 0; i < block.num_pairs; ++i) {
    const __m512i x = halves(row, pairs[i].x);
    const __m512i y = halves(row, pairs[i].y);
    if (!pairs_hold(pairs[i], x, y)) return false;
  }
  return (block.flags & LaneBlock::kRest) == 0 || block.lanes->check_rest(row.words);
}

}  // namespace

CONGRUA_AVX512 const EntryBase* find_narrow_avx512(const Index& index, const Word* row,
                                                   const void* call) {
  const Narrow& narrow = index.narrow;
  NarrowRow r;
  if (!narrow_row(row, narrow.used, &r)) [[unlikely]]
    return find_few_avx512(index, row, call);
  Hosts hosts(call);
  const NarrowEntry* const entries = narrow.entries.data();
  // The first is the most likely one where entries overlap.
  if ((narrow.alive & 1) != 0 && check(narrow, entries[0], r) &&
      hosts.holds(*entries[0].block)) {
    return static_cast<const EntryBase*>(entries[0].block->owner);
  }
  uint32_t m = narrow.alive & ~1u;
  if (m == 0) return nullptr;
  m &= ~((uint32_t{failing(narrow.tests[0], r)} | uint32_t{failing(narrow.tests[1], r)})
         << 1);
  for (; m != 0; m &= m - 1) {
    const NarrowEntry& e = entries[__builtin_ctz(m)];
    __builtin_prefetch(e.block->owner);
    if (check(narrow, e, r) && hosts.holds(*e.block)) {
      return static_cast<const EntryBase*>(e.block->owner);
    }
  }
  return nullptr;
}

#else

const EntryBase* find_narrow_avx512(const Index& index, const Word* row,
                                    const void* call) {
  return find_portable(index, row, call);
}

#endif

}  // namespace congrua::cache::internal
