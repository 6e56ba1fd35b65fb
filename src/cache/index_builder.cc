#include "cache/index_builder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "cache/segment.h"

namespace congrua::cache::internal {

namespace {

constexpr uint64_t kTupleMinimum = 48;  // entries that pin the same fields

template <typename T>
void copy_with_room(const std::vector<T>& from, std::vector<T>& to) {
  if (from.empty()) return;
  to.reserve(from.size() + 1);
  to = from;
}

// All that a check of the block names, and whether a row of 32-bit words can pass it.
void note_fields(Index& index, const LaneBlock& b) {
  if (index.num_fields > kNarrowFields) index.narrow_checks = false;
  if (!index.narrow_checks) return;
  const auto names = [&index](const uint16_t(&fields)[kLanes]) {
    for (const uint16_t f : fields) index.narrow_fields.add(f);
  };
  for (const EqualGroup& g : std::span(b.equal(), b.num_equal)) names(g.field);
  for (const UnaryGroup& g : std::span(b.unary(), b.num_unary)) {
    if (g.dense == 0) names(g.field);
    for (size_t i = 0; i < kLanes; ++i) {
      const auto v = static_cast<int64_t>(g.lo[i]);
      if (g.span[i] == 0 && v != static_cast<int32_t>(v)) index.narrow_checks = false;
    }
  }
  for (const PairGroup& g : std::span(b.pairs(), b.num_pairs)) {
    names(g.x);
    names(g.y);
  }
}

}  // namespace

// The fields that tell most entries apart: one that all of them pin to one value, a dtype
// for instance, tells none.
void IndexBuilder::choose_slots(Index& index) const {
  index.num_fields = num_fields_;
  index.num_slots = std::min(num_fields_, kSlots);
  index.identity = num_fields_ <= kSlots;
  std::vector<uint16_t> fields(num_fields_);
  std::iota(fields.begin(), fields.end(), uint16_t{0});
  if (!index.identity) {
    const std::vector<double> telling = statistics.telling(num_fields_);
    std::ranges::stable_sort(fields, std::greater<>(),
                             [&](uint16_t f) { return telling[f]; });
  }
  std::copy_n(fields.begin(), index.num_slots, index.slot_field);
}

void IndexBuilder::choose_tuples(Index& index,
                                 std::span<const EntryBase* const> entries) const {
  absl::flat_hash_map<uint64_t, bool> seen;
  for (const EntryBase* e : entries) {
    if (e->pinned == 0 || statistics.with_pinned(e->pinned) < kTupleMinimum) continue;
    if (!seen.emplace(e->pinned, true).second) continue;
    index.tuples.push_back(make_tuple(*e, statistics.with_pinned(e->pinned)));
  }
}

void IndexBuilder::add_few(Index& index) const {
  index.few.clear();
  index.narrow = {};
  if (index.entries.size() > kFewEntries || !index.tuples.empty()) return;
  const ScanList& list = index.plain;
  const size_t rest = list.blocks.empty() ? 0 : list.blocks.size() - 1;
  index.few.resize(std::max<size_t>(1, (kFewTests * rest + kLanes - 1) / kLanes));
  index.narrow = make_narrow(list.blocks, num_fields_);
  for (size_t i = 0; i < rest; ++i) {
    const auto* e = static_cast<const EntryBase*>(list.blocks[i + 1]->owner);
    const std::vector<Candidate> from = candidates(index, *e);
    for (size_t k = 0; k < std::min(from.size(), kFewTests); ++k) {
      const size_t at = k * rest + i;
      UnaryGroup& g = index.few[at / kLanes];
      g.field[at % kLanes] = from[k].field;
      g.lo[at % kLanes] = static_cast<uint64_t>(from[k].lo);
      g.span[at % kLanes] =
          static_cast<uint64_t>(from[k].hi) - static_cast<uint64_t>(from[k].lo);
      if (index.narrow.entries.empty()) continue;
      set_test(index.narrow.tests[k], i, from[k].field, from[k].lo, from[k].hi);
    }
  }
}

void IndexBuilder::file(Index& index, const EntryBase* e, uint32_t rank) const {
  if (e->lanes.never()) return;
  for (Tuple& t : index.tuples) {
    if (file_in(t, *e, rank, index.entries)) return;
  }
  const bool summed = e->key.summed && index.entries.size() > kFewEntries;
  const bool scanned = index.summed.blocks.size() < kScanned;
  ScanList& list = !summed ? index.plain : scanned ? index.summed : index.tail;
  const size_t at = list.blocks.size();
  const size_t lane = at % kGroup;
  if (lane == 0) {
    list.groups.push_back({});
    for (IndexGroup::Column& c : list.groups.back().columns) {
      std::ranges::fill(c.code, 0);
      std::ranges::fill(c.lo, 0);
      std::ranges::fill(c.span, 255);
    }
    if (summed) {
      for (auto& sums : list.sums) sums.push_back({});
    }
  }
  const auto reads = [&index](uint8_t code) {
    const uint32_t bit = 1u << (code % 8);  // code_position: slot / 8
    (code < kSlots ? index.hash_blocks : index.monotone_blocks) |= bit;
  };
  IndexGroup& g = list.groups.back();
  for (size_t i = 0; i < kColumns; ++i) {
    g.columns[i].code[lane] = e->key.code[i];
    g.columns[i].lo[lane] = e->key.lo[i];
    g.columns[i].span[lane] = e->key.span[i];
    if (e->key.span[i] != 255) reads(e->key.code[i]);
  }
  const auto pair = [&](const uint8_t(&key)[2], uint8_t(&to)[2][kGroup]) {
    for (size_t k = 0; k < 2; ++k) {
      to[k][lane] = key[k];
      if (key[0] != key[1]) reads(key[k]);
    }
  };
  for (size_t i = 0; i < kPairs; ++i) pair(e->key.equal[i], g.equal[i]);
  pair(e->key.less, g.less);
  if (summed) {
    for (size_t k = 0; k < 2; ++k) {
      list.sums[k].back().first[lane] = e->key.sums[k].first;
      list.sums[k].back().second[lane] = e->key.sums[k].second;
      list.sums[k].back().sum[lane] = e->key.sums[k].sum;
      reads(e->key.sums[k].first);
      reads(e->key.sums[k].second);
    }
  }
  note_fields(index, *e->lanes.block());
  list.blocks.push_back(e->lanes.block());
  list.ranks.push_back(rank);
}

void IndexBuilder::file_tail(Index& index, size_t least) const {
  const size_t n = index.tail.blocks.size();
  if (n < least) return;
  const ScanList tail = std::exchange(index.tail, {});
  size_t from = 0;
  for (size_t size = kFirstSegment; n - from >= least; size *= 8) {
    const size_t count = std::min(size, n - from);
    index.segments.push_back(make_segment(tail, from, count));
    from += count;
  }
  for (; from < n; ++from) {
    const auto* e = static_cast<const EntryBase*>(tail.blocks[from]->owner);
    file(index, e, tail.ranks[from]);
  }
}

void IndexBuilder::file_all(Index& index) const {
  for (size_t i = 0; i < index.entries.size(); ++i) {
    file(index, index.entries[i], static_cast<uint32_t>(i));
  }
  file_tail(index, kLeastSegment);
  add_few(index);
}

std::unique_ptr<Index> IndexBuilder::rebuild(std::vector<EntryBase*> entries) {
  auto index = std::make_unique<Index>();
  choose_slots(*index);
  index->entries.assign(entries.begin(), entries.end());
  choose_tuples(*index, index->entries);
  for (EntryBase* e : entries) choose_key(*index, *e);
  file_all(*index);
  return index;
}

std::unique_ptr<Index> IndexBuilder::restore(std::span<const uint16_t> slots,
                                             std::vector<const EntryBase*> entries) {
  auto index = std::make_unique<Index>();
  index->num_fields = num_fields_;
  index->num_slots = slots.size();
  index->identity = num_fields_ <= kSlots;
  std::ranges::copy(slots, index->slot_field);
  index->entries = std::move(entries);
  choose_tuples(*index, index->entries);
  file_all(*index);
  return index;
}

std::unique_ptr<Index> IndexBuilder::refile(const Index& old,
                                            std::vector<const EntryBase*> entries) {
  auto index = std::make_unique<Index>();
  index->num_fields = old.num_fields;
  index->num_slots = old.num_slots;
  index->identity = old.identity;
  std::ranges::copy(old.slot_field, index->slot_field);
  for (const Tuple& t : old.tuples) {
    Tuple empty = t;
    empty.size = 0;
    std::ranges::fill(empty.table, Tuple::Slot{});
    index->tuples.push_back(std::move(empty));
  }
  index->entries = std::move(entries);
  file_all(*index);
  return index;
}

std::unique_ptr<Index> IndexBuilder::append(const Index& old, EntryBase* entry) {
  if (old.entries.size() <= kFewEntries) {
    std::vector<const EntryBase*> entries = old.entries;
    entries.push_back(entry);
    choose_key(old, *entry);
    return refile(old, std::move(entries));
  }
  auto index = std::make_unique<Index>();
  index->num_fields = old.num_fields;
  index->num_slots = old.num_slots;
  index->identity = old.identity;
  std::ranges::copy(old.slot_field, index->slot_field);
  index->hash_blocks = old.hash_blocks;
  index->monotone_blocks = old.monotone_blocks;
  index->narrow_checks = old.narrow_checks;
  index->narrow_fields = old.narrow_fields;
  index->tuples = old.tuples;
  copy_with_room(old.entries, index->entries);
  const auto copy = [](const ScanList& from, ScanList& to) {
    copy_with_room(from.blocks, to.blocks);
    copy_with_room(from.ranks, to.ranks);
    for (size_t k = 0; k < 2; ++k) copy_with_room(from.sums[k], to.sums[k]);
    copy_with_room(from.groups, to.groups);
  };
  copy(old.summed, index->summed);
  copy(old.tail, index->tail);
  index->segments = old.segments;
  copy(old.plain, index->plain);
  choose_key(*index, *entry);
  index->entries.push_back(entry);
  file(*index, entry, static_cast<uint32_t>(old.entries.size()));
  // Not at once: a segment costs some hundred insertions.
  file_tail(*index, 4 * kLeastSegment);
  return index;
}

}  // namespace congrua::cache::internal
