#include "cache/tuple.h"

#include <algorithm>
#include <bit>

#include "cache/index.h"

namespace congrua::cache::internal {

namespace {

uint64_t mixed(uint64_t v) {  // splitmix64
  v += 0x9e3779b97f4a7c15;
  v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
  v = (v ^ v >> 27) * 0x94d049bb133111eb;
  return v ^ v >> 31;
}

// The pinned words of an entry, as a row that has no others.
std::vector<Word> pinned_words(const EntryBase& e, size_t num_fields) {
  std::vector<Word> row(num_fields);
  e.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (lo == hi) row[field] = static_cast<Word>(lo);
  });
  return row;
}

// Whether the entry pins the fields of the tuple, and no other: the numbers of the sets
// are hashes.
bool pins_fields_of(const EntryBase& e, const Tuple& t) {
  const auto absent = std::ranges::count(t.factors, uint64_t{0});
  std::ptrdiff_t missing = std::ssize(t.factors) - absent;
  e.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (lo == hi) missing = t.factors[field] == 0 ? PTRDIFF_MAX / 2 : missing - 1;
  });
  return missing == 0;
}

void insert(Tuple& t, uint64_t hash, uint32_t rank, const EntryBase& e) {
  const size_t mask = t.table.size() - 1;
  size_t at = hash & mask;
  while (t.table[at].rank != UINT32_MAX) at = (at + 1) & mask;
  t.table[at] = {static_cast<uint32_t>(hash >> 32), rank, &e};
  ++t.size;
}

}  // namespace

uint64_t pinned_fields(const Lanes& lanes) {
  uint64_t set = 0;
  size_t count = 0;
  lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (lo != hi) return;
    set += mixed(field);  // of a set: the order is that of the lanes
    ++count;
  });
  return count < 2 ? 0 : set | 1;
}

uint64_t tuple_hash(const Tuple& tuple, const Word* row, size_t num_fields) {
  uint64_t h = 0;
  for (size_t i = 0; i < num_fields; ++i) h += row[i] * tuple.factors[i];
  return (h ^ h >> 32) * kCodeFactor;
}

Tuple make_tuple(const EntryBase& entry, size_t count, size_t num_fields) {
  Tuple t;
  t.pinned = entry.pinned;
  t.factors.resize((num_fields + 7) / 8 * 8);
  entry.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (lo == hi) t.factors[field] = mixed(field) | 1;
  });
  t.table.resize(std::bit_ceil(count * 2 + 2));
  return t;
}

bool file_in(Tuple& t, const EntryBase& entry, uint32_t rank,
             std::span<const EntryBase* const> entries, size_t num_fields) {
  if (t.pinned != entry.pinned || !pins_fields_of(entry, t)) return false;
  const auto add = [&](uint32_t r) {
    const std::vector<Word> row = pinned_words(*entries[r], num_fields);
    insert(t, tuple_hash(t, row.data(), num_fields), r, *entries[r]);
  };
  if (t.size * 2 >= t.table.size()) {
    // Equal tags stay in the order of rank.
    std::vector<uint32_t> ranks;
    for (const Tuple::Slot& s : t.table) {
      if (s.rank != UINT32_MAX) ranks.push_back(s.rank);
    }
    std::ranges::sort(ranks);
    t.table.assign(t.table.size() * 2, {});
    t.size = 0;
    for (const uint32_t r : ranks) add(r);
  }
  add(rank);
  return true;
}

}  // namespace congrua::cache::internal
