// Look-up in a narrow index, with AVX-512.
#include "cache/index.h"
#include "cache/lanes_avx512.h"
#include "cache/narrow.h"

namespace congrua::cache::internal {

#if defined(__x86_64__)

namespace {

struct NarrowRow {
  __m512i at[4];  // field i is lane i % 16 of vector i / 16
};

// The fields of 32-bit lanes.
CONGRUA_AVX512 inline __m512i fields(const NarrowRow& row, __m512i field) {
  const __m512i low = _mm512_permutex2var_epi32(row.at[0], field, row.at[1]);
  const __m512i high = _mm512_permutex2var_epi32(row.at[2], field, row.at[3]);
  const __mmask16 is_high = _mm512_test_epi32_mask(field, _mm512_set1_epi32(32));
  return _mm512_mask_mov_epi32(low, is_high, high);
}

CONGRUA_AVX512 inline __mmask16 failing(const NarrowGroup& g, const NarrowRow& row) {
  const __m512i field =
      _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(g.field)));
  const __m512i rot =
      _mm512_cvtepu8_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(g.rot)));
  const __m512i v = _mm512_sub_epi32(fields(row, field), _mm512_load_si512(g.lo));
  return _mm512_cmpgt_epu32_mask(_mm512_rorv_epi32(v, rot), _mm512_load_si512(g.span));
}

CONGRUA_AVX512 inline bool check(const Narrow& narrow, const NarrowEntry& e,
                                 const NarrowRow& row, const Word* words) {
  unsigned fail = 0;
  for (uint32_t i = e.first; i < e.end; ++i)
    fail |= failing(narrow.groups.data()[i], row);
  if (fail != 0) return false;
  const LaneBlock& block = *e.block;
  const PairGroup* const pairs = block.pairs();
  for (size_t i = 0; i < block.num_pairs; ++i) {
    // Of each 64-bit lane the low half is read.
    const __m512i x = fields(row, _mm512_cvtepu16_epi64(_mm_loadu_si128(
                                      reinterpret_cast<const __m128i*>(pairs[i].x))));
    const __m512i y = fields(row, _mm512_cvtepu16_epi64(_mm_loadu_si128(
                                      reinterpret_cast<const __m128i*>(pairs[i].y))));
    if (!pairs_hold(pairs[i], x, y)) return false;
  }
  return (block.flags & LaneBlock::kRest) == 0 || block.lanes->check_rest(words);
}

}  // namespace

CONGRUA_AVX512 const EntryBase* find_narrow_avx512(const Index& index, const Word* row,
                                                   const void* call) {
  const Narrow& narrow = index.narrow;
  const __m512i half = _mm512_set1_epi64(int64_t{1} << 31);
  const __m512i even =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  NarrowRow r;
  __m512i large = _mm512_setzero_si512();
  for (size_t j = 0; j < 4; ++j) {
    const __m512i a = _mm512_maskz_loadu_epi64(narrow.used[2 * j], row + 16 * j);
    const __m512i b = _mm512_maskz_loadu_epi64(narrow.used[2 * j + 1], row + 16 * j + 8);
    large = _mm512_ternarylogic_epi64(large, _mm512_add_epi64(a, half),
                                      _mm512_add_epi64(b, half), 0xfe);
    r.at[j] = _mm512_permutex2var_epi32(a, even, b);
  }
  if (_mm512_cmpgt_epu64_mask(large, _mm512_set1_epi64(UINT32_MAX)) != 0) [[unlikely]] {
    return find_few_avx512(index, row, call);
  }
  Hosts hosts(call);
  const NarrowEntry* const entries = narrow.entries.data();
  // The first is the most likely one where entries overlap.
  if ((narrow.alive & 1) != 0 && check(narrow, entries[0], r, row) &&
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
    if (check(narrow, e, r, row) && hosts.holds(*e.block)) {
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
