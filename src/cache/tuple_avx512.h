// Look-up in hash tables with AVX-512, to be inlined.
#ifndef CONGRUA_CACHE_TUPLE_AVX512_H_
#define CONGRUA_CACHE_TUPLE_AVX512_H_

#include "cache/index.h"
#include "cache/lanes_avx512.h"
#include "cache/tuple.h"

#if defined(__x86_64__)

namespace congrua::cache::internal {

// Modulo 2^64. The intrinsic of g++ 12 adds signed integers.
CONGRUA_AVX512 inline uint64_t sum_of_lanes(__m512i v) {
  const __m256i four =
      _mm256_add_epi64(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
  const __m128i two =
      _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(two)) +
         static_cast<uint64_t>(_mm_extract_epi64(two, 1));
}

CONGRUA_AVX512 inline uint64_t hash_fields(const FieldHash& hash, const Word* row) {
  __m512i sum = _mm512_setzero_si512();
  const PointPlace* const places = hash.places.data();
  const uint64_t* const factors = hash.factors.data();
  const size_t n = hash.places.size();
  for (size_t i = 0; i < n; ++i) {
    const __m512i x = words_at(places[i], row);
    const __m512i folded = _mm512_xor_si512(x, _mm512_srli_epi64(x, 32));
    sum = _mm512_add_epi64(
        sum, _mm512_mul_epu32(folded, _mm512_loadu_si512(factors + i * kLanes)));
  }
  return mix(sum_of_lanes(sum));
}

CONGRUA_AVX512 inline bool check_in_tuple(const Tuple& t, uint32_t kind,
                                          const LaneBlock& b, const Word* row,
                                          Hosts& hosts) {
  const size_t n = t.hash.places.size();
  const void* const values = b.values(n);
  const auto are = [&](const auto* of) CONGRUA_AVX512 {
    return words_are(of, t.hash.places.data(), n, row);
  };
  switch (kind) {
    case 1:
      return are(static_cast<const int16_t*>(values));
    case 2:
      return are(static_cast<const int32_t*>(values));
    case 3:
      return are(static_cast<const int64_t*>(values));
    default:
      return check_block(b, WideRow{row}) && hosts.holds(b);
  }
}

// The first that holds; *rank is that of the best so far.
CONGRUA_AVX512 inline const EntryBase* find_in_tuples(const Index& index, const Word* row,
                                                      Hosts& hosts, uint32_t* rank) {
  uint32_t best = *rank;
  const EntryBase* found = nullptr;
  for (const Tuple& t : index.tuples) {
    const uint64_t h = hash_fields(t.hash, row);
    const uint32_t tag = Tuple::tag(h);
    const size_t mask = t.table.size() - 1;
    const Tuple::Slot* const table = t.table.data();
    for (size_t at = h & mask; table[at].rank < best; at = (at + 1) & mask) {
      const uint32_t kind = table[at].tag ^ tag;
      if (kind >= Tuple::kKinds) continue;
      const EntryBase* const e = table[at].entry;
      if (!check_in_tuple(t, kind, *e->lanes.block(), row, hosts)) continue;
      best = table[at].rank;
      found = e;
      break;
    }
  }
  *rank = best;
  return found;
}

}  // namespace congrua::cache::internal

#endif
#endif  // CONGRUA_CACHE_TUPLE_AVX512_H_
