// The kernel of lanes.h for AVX-512.
#include "cache/lanes.h"

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the undefined operands of its own intrinsics for an oversight (PR 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#define CONGRUA_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2")))

namespace congrua::cache::internal {

bool has_avx512() {
  __builtin_cpu_init();  // callers may be initializers of statics
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi2");
}

namespace {

CONGRUA_AVX512 inline __m512i gather(const Word* row, const uint16_t* fields) {
  const __m512i at =
      _mm512_cvtepu16_epi64(_mm_loadu_si128(reinterpret_cast<const __m128i*>(fields)));
  return _mm512_i64gather_epi64(at, row, 8);
}

CONGRUA_AVX512 inline bool check_unary(const UnaryGroup& g, const Word* row) {
  if (g.dense != 0) {
    const __m512i x = _mm512_loadu_si512(row + (g.dense - 1));
    return _mm512_cmpgt_epu64_mask(_mm512_sub_epi64(x, _mm512_loadu_si512(g.lo)),
                                   _mm512_loadu_si512(g.span)) == 0;
  }
  const __m512i v = _mm512_sub_epi64(gather(row, g.field), _mm512_loadu_si512(g.lo));
  const __m512i rot =
      _mm512_cvtepu8_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(g.rot)));
  return _mm512_cmpgt_epu64_mask(_mm512_rorv_epi64(v, rot), _mm512_loadu_si512(g.span)) ==
         0;
}

}  // namespace

CONGRUA_AVX512 bool check_lanes_avx512(const Lanes& lanes, const Word* row) {
  if (lanes.never()) return false;
  for (const UnaryGroup& g : lanes.unary()) {
    if (!check_unary(g, row)) return false;
  }
  for (const PairGroup& g : lanes.pairs()) {
    const __m512i x = gather(row, g.x);
    const __m512i y = gather(row, g.y);
    const __m512i half = _mm512_set1_epi64(int64_t{1} << 31);
    const __m512i large =
        _mm512_or_si512(_mm512_add_epi64(x, half), _mm512_add_epi64(y, half));
    if (_mm512_cmpgt_epu64_mask(large, _mm512_set1_epi64(UINT32_MAX)) != 0) [[unlikely]] {
      return lanes.check_slowly(row);
    }
    const __m512i a =
        _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(g.a)));
    const __m512i b =
        _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(g.b)));
    const __m512i c = _mm512_loadu_si512(g.c);
    __m512i v = _mm512_add_epi64(
        c, _mm512_add_epi64(_mm512_mul_epi32(a, x), _mm512_mul_epi32(b, y)));
    const __m512i p = _mm512_mul_epi32(x, y);
    v = _mm512_mask_add_epi64(v, g.plus_product, c, p);
    v = _mm512_mask_sub_epi64(v, g.minus_product, c, p);
    const unsigned ge = _mm512_cmpge_epi64_mask(v, _mm512_setzero_si512());
    const unsigned eq = _mm512_cmpeq_epi64_mask(v, _mm512_setzero_si512());
    if (((g.ge & ge) | (g.eq & eq) | (g.ne & ~eq)) != 0xff) return false;
  }
  return lanes.check_rest(row);
}

}  // namespace congrua::cache::internal

#else

namespace congrua::cache::internal {
bool has_avx512() { return false; }
bool check_lanes_avx512(const Lanes& lanes, const Word* row) {
  return check_lanes_portable(lanes, row);
}
}  // namespace congrua::cache::internal

#endif
