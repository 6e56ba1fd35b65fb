// Entries that pin the same fields, hashed by the words of those (tuple space search).
#ifndef CONGRUA_CACHE_TUPLE_H_
#define CONGRUA_CACHE_TUPLE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cache/lanes.h"

namespace congrua::cache::internal {

struct EntryBase;

// A hash of some fields of a row: the sum of their words, folded to 32 bits, times a
// factor of each, mixed. Sums of products with factors that are random tell rows apart as
// well as any hash and take an instruction for eight fields; what is left to chance is
// time, not answers.
struct FieldHash {
  std::vector<PointPlace> places;  // ascending
  std::vector<uint64_t> factors;   // kLanes for each place, of 32 bits

  explicit FieldHash(size_t num_fields);  // of all fields
  explicit FieldHash(std::vector<PointPlace> of);
  uint64_t operator()(const Word* row) const;
};
inline uint32_t fold(Word w) { return static_cast<uint32_t>(w ^ w >> 32); }
inline uint64_t mix(uint64_t sum) { return (sum ^ sum >> 32) * 0x9e3779b97f4a7c15; }

// An entry that tests nothing but the fields of its tuple is compared by what the tuple
// knows of their places: only values are read of it.
struct Tuple {
  uint64_t pinned = 0;
  uint32_t size = 0;
  FieldHash hash;
  // How an entry is checked, by the last bits of its tag.
  static constexpr uint32_t kByBlock = 0, kByValues = 1, kKinds = 4;  // log2 of the width
  struct Slot {
    uint32_t tag = 0, rank = UINT32_MAX;
    const EntryBase* entry = nullptr;  // and not its block, which no answer waits for
  };
  std::vector<Slot> table;  // linear probing; equal tags in the order of rank

  static uint32_t tag(uint64_t h) {
    return static_cast<uint32_t>(h >> 32) & ~(kKinds - 1);
  }
};

// A number of the set of fields that have one value; 0 for fewer than two.
uint64_t pinned_fields(const Lanes& lanes);
// Without entries, with room for `count`, for those that pin what this one pins.
Tuple make_tuple(const EntryBase& entry, size_t count);
// Files the entry behind those that are there; false: it pins other fields. `entries` are
// those of the tuple and others, by rank.
bool file_in(Tuple& tuple, const EntryBase& entry, uint32_t rank,
             std::span<const EntryBase* const> entries);

// The same, with AVX-512.
uint64_t hash_avx512(const FieldHash& hash, const Word* row);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_TUPLE_H_
