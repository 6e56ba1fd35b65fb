// Look-up with AVX-512.
#include "cache/index.h"
#include "cache/lanes_avx512.h"

namespace congrua::cache::internal {

#if defined(__x86_64__)

namespace {

struct Codes {
  __m512i hash, monotone;
};

CONGRUA_AVX512 inline __m512i load_slots(const Index& index, const Word* row, size_t j) {
  const size_t left = index.num_slots - 8 * j;
  const auto lanes = static_cast<__mmask8>(left >= 8 ? 0xffu : (1u << left) - 1);
  if (index.identity) return _mm512_maskz_loadu_epi64(lanes, row + 8 * j);
  const __m512i at = _mm512_cvtepu16_epi64(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(index.slot_field + 8 * j)));
  return _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), lanes, at, row, 8);
}

// The codes of index.h for eight slots at a time; theirs become byte j of each word.
CONGRUA_AVX512 inline Codes code_row(const Index& index, const Word* row) {
  const __m512i factor = _mm512_set1_epi64(static_cast<int64_t>(kCodeFactor));
  Codes codes = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  const uint32_t used = index.hash_blocks | index.monotone_blocks;
  for (size_t j = 0; (used >> j) != 0; ++j) {
    if ((used >> j & 1) == 0) continue;
    const __m512i x = load_slots(index, row, j);
    const __m512i shift = _mm512_set1_epi64(static_cast<int64_t>(8 * j));
    if ((index.hash_blocks >> j & 1) != 0) {
      const __m512i top = _mm512_srli_epi64(_mm512_mullo_epi64(x, factor), 56);
      codes.hash = _mm512_or_si512(codes.hash, _mm512_sllv_epi64(top, shift));
    }
    if ((index.monotone_blocks >> j & 1) != 0) {
      // Exact below 2^53; above, rounding does not matter, the code is 255.
      const __m512d d =
          _mm512_cvt_roundepi64_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
      __m512i c = _mm512_srai_epi64(_mm512_castpd_si512(d), 49);
      c = _mm512_sub_epi64(c, _mm512_set1_epi64(1022 * 8));
      c = _mm512_max_epi64(c, _mm512_setzero_si512());
      c = _mm512_min_epi64(c, _mm512_set1_epi64(255));
      codes.monotone = _mm512_or_si512(codes.monotone, _mm512_sllv_epi64(c, shift));
    }
  }
  return codes;
}

CONGRUA_AVX512 inline __mmask64 passes(const IndexGroup::Column& c, const Codes& codes) {
  const __m512i v =
      _mm512_permutex2var_epi8(codes.hash, _mm512_load_si512(c.code), codes.monotone);
  return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_load_si512(c.lo)),
                                _mm512_load_si512(c.span));
}

// Modulo 2^64. The intrinsic of g++ 12 adds signed integers.
CONGRUA_AVX512 inline uint64_t sum_of_lanes(__m512i v) {
  const __m256i four =
      _mm256_add_epi64(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
  const __m128i two =
      _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(two)) +
         static_cast<uint64_t>(_mm_extract_epi64(two, 1));
}

CONGRUA_AVX512 inline uint64_t hash_tuple(const Tuple& t, const Word* row,
                                          size_t num_fields) {
  __m512i sum = _mm512_setzero_si512();
  for (size_t i = 0; i < num_fields; i += 8) {
    const size_t left = num_fields - i;
    const auto lanes = static_cast<__mmask8>(left >= 8 ? 0xffu : (1u << left) - 1);
    const __m512i x = _mm512_maskz_loadu_epi64(lanes, row + i);
    sum = _mm512_add_epi64(
        sum, _mm512_mullo_epi64(x, _mm512_loadu_si512(t.factors.data() + i)));
  }
  const uint64_t h = sum_of_lanes(sum);
  return (h ^ h >> 32) * kCodeFactor;
}

CONGRUA_AVX512 uint32_t find_in_tuples(const Index& index, const Word* row,
                                       Hosts& hosts) {
  uint32_t best = UINT32_MAX;
  for (const Tuple& t : index.tuples) {
    const uint64_t h = hash_tuple(t, row, index.num_fields);
    const auto tag = static_cast<uint32_t>(h >> 32);
    const size_t mask = t.table.size() - 1;
    const Tuple::Slot* const table = t.table.data();
    for (size_t at = h & mask; table[at].rank < best; at = (at + 1) & mask) {
      if (table[at].tag != tag) continue;
      const LaneBlock& b = *table[at].block;
      __builtin_prefetch(b.owner);
      if (!check_block(b, row) || !hosts.holds(b)) continue;
      best = table[at].rank;
      break;
    }
  }
  return best;
}

// The entries of `list` at base + the bits of m, in order: the rank of the first that
// holds, UINT32_MAX for none.
CONGRUA_AVX512 inline uint32_t first_of(const ScanList& list, size_t base, __mmask64 m,
                                        const Word* row, Hosts& hosts) {
  for (; m != 0; m &= m - 1) {
    const size_t at = base + static_cast<size_t>(__builtin_ctzll(m));
    const LaneBlock& b = *list.blocks.data()[at];
    __builtin_prefetch(b.owner);
    if (check_block(b, row) && hosts.holds(b)) return list.ranks.data()[at];
  }
  return UINT32_MAX;
}

CONGRUA_AVX512 inline __mmask64 passes_all(const IndexGroup& g, const Codes& codes,
                                           __mmask64 m) {
  // No mask waits for another: latency counts here.
  for (const IndexGroup::Column& c : g.columns) m &= passes(c, codes);
  for (const auto& pair : g.equal) {
    m &= _mm512_cmpeq_epi8_mask(
        _mm512_permutexvar_epi8(_mm512_load_si512(pair[0]), codes.hash),
        _mm512_permutexvar_epi8(_mm512_load_si512(pair[1]), codes.hash));
  }
  // Positions of monotone codes: the bit that tells them from hashes is not read.
  return m & _mm512_cmple_epu8_mask(
                 _mm512_permutexvar_epi8(_mm512_load_si512(g.less[0]), codes.monotone),
                 _mm512_permutexvar_epi8(_mm512_load_si512(g.less[1]), codes.monotone));
}

CONGRUA_AVX512 inline __mmask64 passes_sum(const SumGroup& g, const Codes& codes) {
  const __m512i sum =
      _mm512_add_epi8(_mm512_permutexvar_epi8(_mm512_load_si512(g.first), codes.hash),
                      _mm512_permutexvar_epi8(_mm512_load_si512(g.second), codes.hash));
  return _mm512_cmpeq_epi8_mask(sum, _mm512_load_si512(g.sum));
}

// A few groups at a time, first their sums, then what is left: a branch for each group
// would be mispredicted for many.
CONGRUA_AVX512 uint32_t find_summed(const ScanList& list, const Codes& codes,
                                    uint32_t best, const Word* row, Hosts& hosts) {
  constexpr size_t kAtOnce = 8;
  const size_t n = list.blocks.size();
  const size_t num_groups = list.sums[0].size();
  for (size_t from = 0; from < num_groups; from += kAtOnce) {
    if (list.ranks.data()[from * kGroup] >= best) break;
    const size_t count = num_groups - from < kAtOnce ? num_groups - from : kAtOnce;
    __mmask64 masks[kAtOnce];
    uint32_t any = 0;
    for (size_t k = 0; k < count; ++k) {
      masks[k] = passes_sum(list.sums[0].data()[from + k], codes);
      any |= (masks[k] != 0 ? 1u : 0u) << k;
      // Read next where a bit is set; else the line at hand once more.
      const SumGroup* next = list.sums[masks[k] != 0].data() + from + k;
      __builtin_prefetch(next->first);
      __builtin_prefetch(next->second);
      __builtin_prefetch(next->sum);
    }
    if (from + count == num_groups && n % kGroup != 0) {
      masks[count - 1] &= (__mmask64{1} << n % kGroup) - 1;
    }
    for (; any != 0; any &= any - 1) {
      const auto k = static_cast<size_t>(__builtin_ctz(any));
      __mmask64 m = masks[k] & passes_sum(list.sums[1].data()[from + k], codes);
      if (m == 0) continue;
      m = passes_all(list.groups.data()[from + k], codes, m);
      const uint32_t rank = first_of(list, (from + k) * kGroup, m, row, hosts);
      if (rank != UINT32_MAX) return rank < best ? rank : best;
    }
  }
  return best;
}

CONGRUA_AVX512 uint32_t find_plain(const ScanList& list, const Codes& codes,
                                   uint32_t best, const Word* row, Hosts& hosts) {
  const size_t n = list.blocks.size();
  for (size_t i = 0; i < n; i += kGroup) {
    if (list.ranks.data()[i] >= best) break;
    const size_t left = n - i;
    const __mmask64 all = left >= kGroup ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __mmask64 m = passes_all(list.groups.data()[i / kGroup], codes, all);
    if (m == 0) continue;
    const uint32_t rank = first_of(list, i, m, row, hosts);
    if (rank != UINT32_MAX) return rank < best ? rank : best;
  }
  return best;
}

CONGRUA_AVX512 inline uint32_t find_few(const Index& index, const Word* row,
                                        Hosts& hosts) {
  const ScanList& list = index.plain;
  const size_t n = list.blocks.size();
  // The first is the most likely one where entries overlap.
  const uint32_t first = first_of(list, 0, 1, row, hosts);
  if (first != UINT32_MAX || n == 1) return first;
  for (size_t i = 0; i < n; i += kLanes) {
    unsigned m = n - i >= kLanes ? 0xffu : (1u << (n - i)) - 1;
    if (i == 0) m &= ~1u;
    const UnaryGroup* tests = index.few.data() + i / kLanes * kFewTests;
    for (size_t k = 0; k < kFewTests; ++k) m &= ~unsigned{failing(tests[k], row)};
    const uint32_t rank = first_of(list, i, m, row, hosts);
    if (rank != UINT32_MAX) return rank;
  }
  return UINT32_MAX;
}

}  // namespace

CONGRUA_AVX512 uint64_t tuple_hash_avx512(const Tuple& tuple, const Word* row,
                                          size_t num_fields) {
  return hash_tuple(tuple, row, num_fields);
}

CONGRUA_AVX512 const EntryBase* find_avx512(const Index& index, const Word* row,
                                            const void* call) {
  Hosts hosts(call);
  uint32_t best = UINT32_MAX;
  if (!index.tuples.empty()) best = find_in_tuples(index, row, hosts);
  if (!index.few.empty()) {
    best = find_few(index, row, hosts);
  } else if (!index.summed.blocks.empty() || !index.plain.blocks.empty()) {
    const Codes codes = code_row(index, row);
    best = find_summed(index.summed, codes, best, row, hosts);
    best = find_plain(index.plain, codes, best, row, hosts);
  }
  return best == UINT32_MAX ? nullptr : index.entries.data()[best];
}

#else

uint64_t tuple_hash_avx512(const Tuple& tuple, const Word* row, size_t num_fields) {
  return tuple_hash(tuple, row, num_fields);
}

const EntryBase* find_avx512(const Index& index, const Word* row, const void* call) {
  return find_portable(index, row, call);
}

#endif

}  // namespace congrua::cache::internal
