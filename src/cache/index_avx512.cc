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

CONGRUA_AVX512 inline __mmask64 passes(const IndexGroup::Column& c, const Codes& codes,
                                       __mmask64 among) {
  const __m512i v =
      _mm512_permutex2var_epi8(codes.hash, _mm512_load_si512(c.code), codes.monotone);
  return _mm512_mask_cmple_epu8_mask(among, _mm512_sub_epi8(v, _mm512_load_si512(c.lo)),
                                     _mm512_load_si512(c.span));
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
  const auto h = static_cast<uint64_t>(_mm512_reduce_add_epi64(sum));
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
      const LaneBlock& b = *index.entries[table[at].rank]->lanes.block();
      if (!check_block(b, row) || !hosts.holds(b)) continue;
      best = table[at].rank;
      break;
    }
  }
  return best;
}

}  // namespace

CONGRUA_AVX512 const EntryBase* find_avx512(const Index& index, const Word* row,
                                            const void* call) {
  Hosts hosts(call);
  const uint32_t best =
      index.tuples.empty() ? UINT32_MAX : find_in_tuples(index, row, hosts);
  const size_t n = index.blocks.size();
  const LaneBlock* const* const blocks = index.blocks.data();
  const uint32_t* const ranks = index.ranks.empty() ? nullptr : index.ranks.data();
  const auto holds = [&](size_t i) CONGRUA_AVX512 {
    return check_block(*blocks[i], row) && hosts.holds(*blocks[i]);
  };
  if (n <= kFewEntries) {
    for (size_t i = 0; i < n; ++i) {
      if (ranks != nullptr && ranks[i] >= best) break;
      if (holds(i)) return static_cast<const EntryBase*>(blocks[i]->owner);
    }
  } else {
    const Codes codes = code_row(index, row);
    for (size_t i = 0; i < n; i += kGroup) {
      if (ranks != nullptr && ranks[i] >= best) break;
      const IndexGroup& g = index.groups.data()[i / kGroup];
      const size_t left = n - i;
      __mmask64 m = left >= kGroup ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
      m = passes(g.columns[0], codes, m);
      m = passes(g.columns[1], codes, m);
      if (m == 0) continue;
      m = passes(g.columns[2], codes, m);
      m = passes(g.columns[3], codes, m);
      for (; m != 0; m &= m - 1) {
        const size_t at = i + static_cast<size_t>(__builtin_ctzll(m));
        if (!holds(at)) continue;
        if (ranks != nullptr && ranks[at] >= best) break;
        return static_cast<const EntryBase*>(blocks[at]->owner);
      }
    }
  }
  return best == UINT32_MAX ? nullptr : index.entries[best];
}

#else

const EntryBase* find_avx512(const Index& index, const Word* row, const void* call) {
  return find_portable(index, row, call);
}

#endif

}  // namespace congrua::cache::internal
