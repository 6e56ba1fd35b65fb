// The lane kernel for AVX-512, to be inlined into functions of that target.
#ifndef CONGRUA_CACHE_LANES_AVX512_H_
#define CONGRUA_CACHE_LANES_AVX512_H_

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the undefined operands of its own intrinsics for an oversight (PR 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include "cache/lanes.h"

#define CONGRUA_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2")))

namespace congrua::cache::internal {

// Fields of a row by their numbers. As it is:
struct WideRow {
  const Word* words;
};
CONGRUA_AVX512 inline __m512i gather(const WideRow& row, const uint16_t* fields) {
  const __m512i at =
      _mm512_cvtepu16_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(fields)));
  return _mm512_i64gather_epi64(at, row.words, 8);
}
// Up to 64 fields whose words are of 32 bits, extended by their sign: a gather takes
// several times as long as permutations of all there is.
struct NarrowRow {
  const Word* words;
  __m512i at[4];  // field i is lane i % 16 of vector i / 16
};
CONGRUA_AVX512 inline __m512i fields(const NarrowRow& row, __m512i field) {
  const __m512i low = _mm512_permutex2var_epi32(row.at[0], field, row.at[1]);
  const __m512i high = _mm512_permutex2var_epi32(row.at[2], field, row.at[3]);
  const __mmask16 is_high = _mm512_test_epi32_mask(field, _mm512_set1_epi32(32));
  return _mm512_mask_mov_epi32(low, is_high, high);
}
// The fields in `used` of a row, a bit for each; false: some are wider.
CONGRUA_AVX512 inline bool narrow_row(const Word* words, const NarrowFields& used,
                                      NarrowRow* row) {
  const __m512i half = _mm512_set1_epi64(int64_t{1} << 31);
  const __m512i even =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  __m512i large = _mm512_setzero_si512();
  row->words = words;
  for (size_t j = 0; j < 4; ++j) {
    const __m512i a = _mm512_maskz_loadu_epi64(used.at[2 * j], words + 16 * j);
    const __m512i b = _mm512_maskz_loadu_epi64(used.at[2 * j + 1], words + 16 * j + 8);
    large = _mm512_ternarylogic_epi64(large, _mm512_add_epi64(a, half),
                                      _mm512_add_epi64(b, half), 0xfe);
    row->at[j] = _mm512_permutex2var_epi32(a, even, b);
  }
  return _mm512_cmpgt_epu64_mask(large, _mm512_set1_epi64(UINT32_MAX)) == 0;
}

// What the kernel reads of either: words of 64 bits; those of which the low half is read;
// whether lanes equal values.
CONGRUA_AVX512 inline __m512i words(const WideRow& row, const uint16_t* at) {
  return gather(row, at);
}
CONGRUA_AVX512 inline __m512i words(const NarrowRow& row, const uint16_t* at) {
  const __m256i eight =
      _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  return _mm512_cvtepi32_epi64(
      _mm512_castsi512_si256(fields(row, _mm512_zextsi256_si512(eight))));
}
CONGRUA_AVX512 inline __m512i halves(const WideRow& row, const uint16_t* at) {
  return gather(row, at);
}
CONGRUA_AVX512 inline __m512i halves(const NarrowRow& row, const uint16_t* at) {
  return fields(
      row, _mm512_cvtepu16_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
}
CONGRUA_AVX512 inline bool equal_holds(const EqualGroup& g, const WideRow& row) {
  const __m512i value = _mm512_cvtepi32_epi64(
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(g.value)));
  return _mm512_cmpneq_epu64_mask(gather(row, g.field), value) == 0;
}
CONGRUA_AVX512 inline bool equal_holds(const EqualGroup& g, const NarrowRow& row) {
  const __m256i value = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(g.value));
  const __m256i at =
      _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(g.field)));
  const __m256i x = _mm512_castsi512_si256(fields(row, _mm512_zextsi256_si512(at)));
  return _mm256_cmpneq_epi32_mask(x, value) == 0;
}

// A bit for each lane that fails.
template <typename Row>
CONGRUA_AVX512 inline __mmask8 failing(const UnaryGroup& g, const Row& row) {
  if (g.dense != 0) {
    const __m512i x = _mm512_loadu_si512(row.words + (g.dense - 1));
    return _mm512_cmpgt_epu64_mask(_mm512_sub_epi64(x, _mm512_loadu_si512(g.lo)),
                                   _mm512_loadu_si512(g.span));
  }
  const __m512i v = _mm512_sub_epi64(words(row, g.field), _mm512_loadu_si512(g.lo));
  const __m512i rot =
      _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(g.rot)));
  return _mm512_cmpgt_epu64_mask(_mm512_rorv_epi64(v, rot), _mm512_loadu_si512(g.span));
}

// Whether all lanes hold for x and y of 32 bits; the low half of each lane is read.
CONGRUA_AVX512 inline bool pairs_hold(const PairGroup& g, __m512i x, __m512i y) {
  const __m512i a =
      _mm512_cvtepi16_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(g.a)));
  const __m512i b =
      _mm512_cvtepi16_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(g.b)));
  const __m512i c = _mm512_loadu_si512(g.c);
  __m512i v = _mm512_add_epi64(
      c, _mm512_add_epi64(_mm512_mul_epi32(a, x), _mm512_mul_epi32(b, y)));
  const __m512i p = _mm512_mul_epi32(x, y);
  v = _mm512_mask_add_epi64(v, g.plus_product, c, p);
  v = _mm512_mask_sub_epi64(v, g.minus_product, c, p);
  const unsigned ge = _mm512_cmpge_epi64_mask(v, _mm512_setzero_si512());
  const unsigned eq = _mm512_cmpeq_epi64_mask(v, _mm512_setzero_si512());
  return ((g.ge & ge) | (g.eq & eq) | (g.ne & ~eq)) == 0xff;
}

// Eight values of a point group.
CONGRUA_AVX512 inline __m512i extended(const int16_t* v) {
  return _mm512_cvtepi16_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(v)));
}
CONGRUA_AVX512 inline __m512i extended(const int32_t* v) {
  return _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(v)));
}
CONGRUA_AVX512 inline __m512i extended(const int64_t* v) { return _mm512_loadu_si512(v); }

CONGRUA_AVX512 inline __m512i words_at(const PointPlace& p, const Word* row) {
  return _mm512_maskz_loadu_epi64(p.lanes, row + p.base);
}

// Whether the words at all places are the values. No branch for each group: where there
// are many of them, a hash has found this entry, and they hold.
template <typename T>
CONGRUA_AVX512 inline bool words_are(const T* values, const PointPlace* places, size_t n,
                                     const Word* row) {
  __m512i differ = _mm512_setzero_si512();
  for (size_t i = 0; i < n; ++i) {
    differ = _mm512_ternarylogic_epi64(differ, words_at(places[i], row),
                                       extended(values + i * kLanes), 0xf6);
  }
  return _mm512_test_epi64_mask(differ, differ) == 0;
}

// Whether the point groups hold. Out of line: many blocks have none, and what is here is
// in every look-up.
CONGRUA_AVX512 bool points_hold(const LaneBlock& block, const Word* row);

// Large fields of pairs are computed exactly elsewhere.
CONGRUA_AVX512 inline bool overflows(const NarrowRow&, __m512i, __m512i) { return false; }
CONGRUA_AVX512 inline bool overflows(const WideRow&, __m512i x, __m512i y) {
  const __m512i half = _mm512_set1_epi64(int64_t{1} << 31);
  const __m512i large =
      _mm512_or_si512(_mm512_add_epi64(x, half), _mm512_add_epi64(y, half));
  return _mm512_cmpgt_epu64_mask(large, _mm512_set1_epi64(UINT32_MAX)) != 0;
}

template <typename Row>
CONGRUA_AVX512 inline bool check_block(const LaneBlock& block, const Row& row) {
  if ((block.flags & LaneBlock::kNever) != 0) return false;
  if (block.num_points != 0 && !points_hold(block, row.words)) return false;
  const EqualGroup* const equal = block.equal();
  for (size_t i = 0; i < block.num_equal; ++i) {
    if (!equal_holds(equal[i], row)) return false;
  }
  const UnaryGroup* const unary = block.unary();
  for (size_t i = 0; i < block.num_unary; ++i) {
    if (failing(unary[i], row) != 0) return false;
  }
  const PairGroup* const pairs = block.pairs();
  for (size_t i = 0; i < block.num_pairs; ++i) {
    const PairGroup& g = pairs[i];
    const __m512i x = halves(row, g.x);
    const __m512i y = halves(row, g.y);
    if (overflows(row, x, y)) [[unlikely]]
      return check_lanes_portable(block, row.words);
    if (!pairs_hold(g, x, y)) return false;
  }
  return (block.flags & LaneBlock::kRest) == 0 || block.lanes->check_rest(row.words);
}

}  // namespace congrua::cache::internal

#endif
#endif  // CONGRUA_CACHE_LANES_AVX512_H_
