// Entries that pin the same fields, hashed by the words of those (tuple space search).
#ifndef CONGRUA_CACHE_TUPLE_H_
#define CONGRUA_CACHE_TUPLE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "cache/lanes.h"

namespace congrua::cache::internal {

struct EntryBase;

struct Tuple {
  uint64_t pinned = 0;
  uint32_t size = 0;
  // One for each field, 0 where it is not of the tuple; rounded up to blocks of eight.
  std::vector<uint64_t> factors;
  struct Slot {
    uint32_t tag = 0, rank = UINT32_MAX;
    const EntryBase* entry = nullptr;  // and not its block, which no answer waits for
  };
  std::vector<Slot> table;  // linear probing; equal tags in the order of rank
};

// A number of the set of fields that have one value; 0 for fewer than two.
uint64_t pinned_fields(const Lanes& lanes);
// Without entries, with room for `count`, for those that pin what this one pins.
Tuple make_tuple(const EntryBase& entry, size_t count, size_t num_fields);
// Files the entry behind those that are there; false: it pins other fields. `entries` are
// those of the tuple and others, by rank.
bool file_in(Tuple& tuple, const EntryBase& entry, uint32_t rank,
             std::span<const EntryBase* const> entries, size_t num_fields);
// sum of word * factor, mixed.
uint64_t tuple_hash(const Tuple& tuple, const Word* row, size_t num_fields);
uint64_t tuple_hash_avx512(const Tuple& tuple, const Word* row, size_t num_fields);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_TUPLE_H_
