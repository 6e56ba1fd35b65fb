// Look-up with AVX-512.
#include "cache/index.h"
#include "cache/lanes_avx512.h"
#include "cache/segment.h"
#include "cache/tuple_avx512.h"

namespace congrua::cache::internal {

#if defined(__x86_64__)

namespace {

struct Codes {
  __m512i hash, monotone;
};

constexpr size_t kCandidates = 64;  // of a segment that are checked together

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
  const __m512i factor = _mm512_set1_epi64(kHashFactor);
  // Not of Codes: what is passed on by its address would be read and written in memory.
  __m512i hash = _mm512_setzero_si512();
  __m512i monotone = _mm512_setzero_si512();
  const uint32_t used = index.hash_blocks | index.monotone_blocks;
  for (size_t j = 0; (used >> j) != 0; ++j) {
    if ((used >> j & 1) == 0) continue;
    const __m512i x = load_slots(index, row, j);
    const __m512i shift = _mm512_set1_epi64(static_cast<int64_t>(8 * j));
    if ((index.hash_blocks >> j & 1) != 0) {
      // The bits 24 to 31 of a product of 32 bits, turned to byte j.
      const __m512i folded = _mm512_xor_si512(x, _mm512_srli_epi64(x, 32));
      const __m512i turned =
          _mm512_rolv_epi64(_mm512_mul_epu32(folded, factor),
                            _mm512_sub_epi64(shift, _mm512_set1_epi64(24)));
      const __m512i byte_j =
          _mm512_set1_epi64(static_cast<int64_t>(uint64_t{0xff} << 8 * j));
      hash =
          _mm512_ternarylogic_epi64(hash, turned, byte_j, 0xf8);  // hash | turned & byte
    }
    if ((index.monotone_blocks >> j & 1) != 0) {
      // Exact below 2^53; above, rounding does not matter, the code is 255.
      const __m512d d =
          _mm512_cvt_roundepi64_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
      __m512i c = _mm512_srai_epi64(_mm512_castpd_si512(d), 49);
      c = _mm512_sub_epi64(c, _mm512_set1_epi64(1022 * 8));
      c = _mm512_max_epi64(c, _mm512_setzero_si512());
      c = _mm512_min_epi64(c, _mm512_set1_epi64(255));
      monotone = _mm512_or_si512(monotone, _mm512_sllv_epi64(c, shift));
    }
  }
  return {hash, monotone};
}

CONGRUA_AVX512 inline __mmask64 passes(const IndexGroup::Column& c, const Codes& codes) {
  const __m512i v =
      _mm512_permutex2var_epi8(codes.hash, _mm512_load_si512(c.code), codes.monotone);
  return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_load_si512(c.lo)),
                                _mm512_load_si512(c.span));
}

// A row to be checked. It is narrowed by the first check: many look-ups end before.
class CheckedRow {
 public:
  CheckedRow(const Index& index, const Word* row) : index_(index), words_(row) {}
  CONGRUA_AVX512 bool passes(const LaneBlock& b) {
    if (form_ == Form::kUnknown) {
      const bool narrow =
          index_.narrow_checks && narrow_row(words_, index_.narrow_fields, &narrow_);
      form_ = narrow ? Form::kNarrow : Form::kWide;
    }
    if (form_ == Form::kNarrow) [[likely]]
      return check_block(b, narrow_);
    return check_lanes_avx512(b, words_);
  }

 private:
  enum class Form : uint8_t { kUnknown, kNarrow, kWide };
  const Index& index_;
  const Word* const words_;
  Form form_ = Form::kUnknown;
  NarrowRow narrow_;
};

// The entries of `list` at base + the bits of m, in order: the rank of the first that
// holds, UINT32_MAX for none.
CONGRUA_AVX512 inline uint32_t first_of(const ScanList& list, size_t base, __mmask64 m,
                                        CheckedRow& row, Hosts& hosts) {
  for (; m != 0; m &= m - 1) {
    const size_t at = base + static_cast<size_t>(__builtin_ctzll(m));
    const LaneBlock& b = *list.blocks.data()[at];
    __builtin_prefetch(b.owner);
    if (row.passes(b) && hosts.holds(b)) return list.ranks.data()[at];
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
                                    uint32_t best, CheckedRow& row, Hosts& hosts) {
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

// The groups from *group on that begin before `until`. What is found may lie behind that.
CONGRUA_AVX512 inline uint32_t find_plain(const ScanList& list, size_t* group,
                                          uint32_t until, const Codes& codes,
                                          uint32_t best, CheckedRow& row, Hosts& hosts) {
  const size_t n = list.blocks.size();
  for (size_t i = *group * kGroup; i < n; i = ++*group * kGroup) {
    if (list.ranks.data()[i] >= until || list.ranks.data()[i] >= best) break;
    const size_t left = n - i;
    const __mmask64 all = left >= kGroup ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
    const __mmask64 m = passes_all(list.groups.data()[i / kGroup], codes, all);
    if (m == 0) continue;
    const uint32_t rank = first_of(list, i, m, row, hosts);
    if (rank == UINT32_MAX) continue;
    ++*group;
    return rank < best ? rank : best;
  }
  return best;
}

// The codes of a row, one by one.
struct CodeBytes {
  alignas(64) uint8_t at[2 * kSlots];
  uint8_t code(size_t position) const { return at[position]; }
};

// The first of the candidates that holds and is before `best`.
CONGRUA_AVX512 uint32_t first_of_segment(const Segment& s, const uint32_t* from, size_t n,
                                         const CodeBytes& codes, uint32_t best,
                                         CheckedRow& row, Hosts& hosts) {
  uint32_t sorted[kCandidates];
  size_t count = 0;
  for (size_t k = 0; k < n; ++k) {
    const uint32_t i = from[k];
    if (s.ranks.data()[i] >= best || !rest_passes(s.rests.data()[i], codes)) continue;
    const LaneBlock* block = s.blocks.data()[i];
    for (size_t line = 0; line < 8; ++line) {
      __builtin_prefetch(reinterpret_cast<const char*>(block) + 64 * line);
    }
    size_t at = count++;
    for (; at > 0 && s.ranks.data()[sorted[at - 1]] > s.ranks.data()[i]; --at) {
      sorted[at] = sorted[at - 1];
    }
    sorted[at] = i;
  }
  for (size_t k = 0; k < count; ++k) {
    const LaneBlock& b = *s.blocks.data()[sorted[k]];
    if (row.passes(b) && hosts.holds(b)) return s.ranks.data()[sorted[k]];
  }
  return best;
}

// No branch depends on an entry before its sum has passed: there are some ten runs for
// each entry that does.
CONGRUA_AVX512 uint32_t find_in_segment(const Segment& s, const Codes& codes,
                                        uint32_t best, CheckedRow& row, Hosts& hosts) {
  CodeBytes bytes;
  _mm512_store_si512(bytes.at, codes.hash);
  _mm512_store_si512(bytes.at + kSlots, codes.monotone);
  // Where the run of each field begins, and where it ends; those that are not empty.
  uint64_t runs[kSlots + 8];
  size_t num_runs = 0;
  const __m512i low = _mm512_set1_epi64(UINT32_MAX);
  __m512i head = _mm512_setr_epi64(0, kCodes, 2 * kCodes, 3 * kCodes, 4 * kCodes,
                                   5 * kCodes, 6 * kCodes, 7 * kCodes);
  for (size_t p = 0; p < kSlots; p += 8) {
    const __m512i code = _mm512_cvtepu8_epi64(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes.at + p)));
    const __m512i run =
        _mm512_i64gather_epi64(_mm512_add_epi64(head, code), s.heads.data(), 4);
    const __mmask8 any =
        _mm512_cmpneq_epu64_mask(_mm512_srli_epi64(run, 32), _mm512_and_si512(run, low));
    _mm512_storeu_si512(runs + num_runs, _mm512_maskz_compress_epi64(any, run));
    num_runs += static_cast<size_t>(__builtin_popcount(any));
    head = _mm512_add_epi64(head, _mm512_set1_epi64(8 * kCodes));
  }
  const __m512i ones = _mm512_set1_epi32(0x00010101);
  const __m512i lanes =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  uint32_t candidates[kCandidates + 16];
  size_t count = 0;
  for (size_t r = 0; r < num_runs; ++r) {
    const auto end = static_cast<uint32_t>(runs[r] >> 32);
    for (auto i = static_cast<uint32_t>(runs[r]); i < end; i += 16) {
      const uint32_t left = end - i;
      const auto valid = static_cast<__mmask16>(left >= 16 ? 0xffffu : (1u << left) - 1);
      const __m512i sums = _mm512_maskz_loadu_epi32(valid, s.sums.data() + i);
      const __m512i three = _mm512_madd_epi16(
          _mm512_maddubs_epi16(_mm512_permutexvar_epi8(sums, codes.hash), ones),
          _mm512_set1_epi16(1));
      const __m512i differ = _mm512_sub_epi32(three, _mm512_srli_epi32(sums, 24));
      const __mmask16 pass =
          valid & _mm512_testn_epi32_mask(differ, _mm512_set1_epi32(0xff));
      const __m512i at = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(i)), lanes);
      _mm512_storeu_si512(candidates + count, _mm512_maskz_compress_epi32(pass, at));
      count += static_cast<size_t>(__builtin_popcount(pass));
      if (count > kCandidates - 16) [[unlikely]] {
        best = first_of_segment(s, candidates, count, bytes, best, row, hosts);
        count = 0;
      }
    }
  }
  return first_of_segment(s, candidates, count, bytes, best, row, hosts);
}

// What is not scanned first. Entries without sums are few, and hold most often: they cut
// short what costs more. Out of line: the registers and the stack of all this would cost
// small caches some nanoseconds.
[[gnu::noinline]] CONGRUA_AVX512 uint32_t find_behind(const Index& index,
                                                      const Codes& codes, uint32_t best,
                                                      CheckedRow& row, Hosts& hosts) {
  size_t group = 0;
  for (const auto& s : index.segments) {
    best = find_plain(index.plain, &group, s->last_rank, codes, best, row, hosts);
    if (s->first_rank >= best) break;
    best = find_in_segment(*s, codes, best, row, hosts);
  }
  best = find_summed(index.tail, codes, best, row, hosts);
  return find_plain(index.plain, &group, UINT32_MAX, codes, best, row, hosts);
}

}  // namespace

CONGRUA_AVX512 const EntryBase* find_few_avx512(const Index& index, const Word* row,
                                                const void* call) {
  const LaneBlock* const* const blocks = index.plain.blocks.data();
  const size_t n = index.plain.blocks.size();
  if (n == 0) return nullptr;
  Hosts hosts(call);
  const auto holds = [&](const LaneBlock& b) CONGRUA_AVX512 {
    __builtin_prefetch(b.owner);
    return check_block(b, WideRow{row}) && hosts.holds(b);
  };
  // The first is the most likely one where entries overlap.
  if (holds(*blocks[0])) return static_cast<const EntryBase*>(blocks[0]->owner);
  if (n == 1) return nullptr;
  const UnaryGroup* const few = index.few.data();
  uint64_t fail = 0;
  for (size_t i = 0; i * kLanes < kFewTests * (n - 1); ++i) {
    fail |= uint64_t{failing(few[i], WideRow{row})} << (i * kLanes);
  }
  uint64_t m = ~(fail | fail >> (n - 1)) & ((uint64_t{1} << (n - 1)) - 1);
  for (; m != 0; m &= m - 1) {
    const LaneBlock& b = *blocks[1 + __builtin_ctzll(m)];
    if (holds(b)) return static_cast<const EntryBase*>(b.owner);
  }
  return nullptr;
}

CONGRUA_AVX512 const EntryBase* find_avx512(const Index& index, const Word* row,
                                            const void* call) {
  Hosts hosts(call);
  uint32_t best = UINT32_MAX;
  if (!index.tuples.empty()) {
    find_in_tuples(index, row, hosts, &best);
  }
  if (index.scans()) {
    const Codes codes = code_row(index, row);
    CheckedRow checked(index, row);
    best = find_summed(index.summed, codes, best, checked, hosts);
    if (index.segments.empty()) {
      size_t group = 0;
      best = find_plain(index.plain, &group, UINT32_MAX, codes, best, checked, hosts);
    } else {
      best = find_behind(index, codes, best, checked, hosts);
    }
  }
  return best == UINT32_MAX ? nullptr : index.entries.data()[best];
}

#else

const EntryBase* find_avx512(const Index& index, const Word* row, const void* call) {
  return find_portable(index, row, call);
}
const EntryBase* find_few_avx512(const Index& index, const Word* row, const void* call) {
  return find_portable(index, row, call);
}

#endif

}  // namespace congrua::cache::internal
