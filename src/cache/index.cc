#include "cache/index.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace congrua::cache::internal {

namespace {

constexpr uint64_t kTupleMinimum = 48;  // entries that pin the same fields

uint64_t mixed(uint64_t v) {  // splitmix64
  v += 0x9e3779b97f4a7c15;
  v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
  v = (v ^ v >> 27) * 0x94d049bb133111eb;
  return v ^ v >> 31;
}

void insert(Tuple& t, uint64_t hash, uint32_t rank) {
  const size_t mask = t.table.size() - 1;
  size_t at = hash & mask;
  while (t.table[at].rank != UINT32_MAX) at = (at + 1) & mask;
  t.table[at] = {static_cast<uint32_t>(hash >> 32), rank};
  ++t.size;
}

// The pinned words of an entry, as a row that has no others.
std::vector<Word> pinned_words(const EntryBase& e, size_t num_fields) {
  std::vector<Word> row(num_fields);
  e.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (lo == hi) row[field] = static_cast<Word>(lo);
  });
  return row;
}

template <typename T>
void copy_with_room(const std::vector<T>& from, std::vector<T>& to) {
  if (from.empty()) return;
  to.reserve(from.size() + 1);
  to = from;
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

size_t Index::bytes() const {
  size_t n = sizeof *this + entries.capacity() * sizeof(void*) +
             blocks.capacity() * sizeof(void*) + ranks.capacity() * sizeof(uint32_t) +
             groups.capacity() * sizeof(IndexGroup);
  for (const Tuple& t : tuples) {
    n += sizeof t + t.factors.capacity() * 8 + t.table.capacity() * sizeof(Tuple::Slot);
  }
  return n;
}

// ---- Statistics

void IndexStatistics::add(const EntryBase& e, int64_t times) {
  const auto count = static_cast<uint64_t>(times);  // wraps around to a subtraction
  e.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (field >= fields_.size()) fields_.resize(field + size_t{1});
    PerField& f = fields_[field];
    f.uses += count;
    if (lo != hi) return;
    f.equalities += count;
    f.codes[monotone_code(lo)] += count;
    values_[{field, lo}] += count;
  });
  pinned_[e.pinned] += count;
}

uint64_t IndexStatistics::total(uint16_t field) const {
  return field < fields_.size() ? fields_[field].uses : 0;
}

uint64_t IndexStatistics::with_pinned(uint64_t pinned) const {
  const auto at = pinned_.find(pinned);
  return at == pinned_.end() ? 0 : at->second;
}

double IndexStatistics::pass(uint16_t field, int64_t lo, int64_t hi) const {
  const PerField& f = fields_[field];
  const auto all = static_cast<double>(f.equalities);
  if (lo == hi) {
    const auto at = values_.find({field, lo});
    const double same = at == values_.end() ? 0 : static_cast<double>(at->second);
    return (same + 0.5) / (all + 4);
  }
  uint64_t inside = 0;
  for (size_t c = monotone_code(lo); c <= monotone_code(hi); ++c) inside += f.codes[c];
  return (static_cast<double>(inside) + 2) / (all + 3);
}

// ---- Building

// The fields that most entries test.
void IndexBuilder::choose_slots(Index& index) const {
  index.num_fields = num_fields_;
  index.num_slots = std::min(num_fields_, kSlots);
  index.identity = num_fields_ <= kSlots;
  std::vector<uint16_t> fields(num_fields_);
  std::iota(fields.begin(), fields.end(), uint16_t{0});
  if (!index.identity) {
    std::ranges::stable_sort(fields, std::greater<>(),
                             [&](uint16_t f) { return statistics.total(f); });
  }
  std::copy_n(fields.begin(), index.num_slots, index.slot_field);
}

void IndexBuilder::choose_tuples(Index& index,
                                 std::span<const EntryBase* const> entries) const {
  absl::flat_hash_map<uint64_t, bool> seen;
  for (const EntryBase* e : entries) {
    if (e->pinned == 0 || statistics.with_pinned(e->pinned) < kTupleMinimum) continue;
    if (!seen.emplace(e->pinned, true).second) continue;
    Tuple t;
    t.pinned = e->pinned;
    t.factors.resize((num_fields_ + 7) / 8 * 8);
    e->lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
      if (lo != hi) return;
      t.factors[field] = mixed(field) | 1;
    });
    t.table.resize(std::bit_ceil(statistics.with_pinned(e->pinned) * 2 + 2));
    index.tuples.push_back(std::move(t));
  }
}

void IndexBuilder::choose_key(const Index& index, EntryBase& e) const {
  struct Candidate {
    double pass;
    uint8_t code, lo, span;
  };
  std::vector<Candidate> candidates;
  e.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    const uint16_t* end = index.slot_field + index.num_slots;
    const uint16_t* at = index.identity ? index.slot_field + field
                                        : std::find(index.slot_field, end, field);
    if (at == end) return;
    const size_t position = code_position(static_cast<size_t>(at - index.slot_field));
    const double pass = statistics.pass(field, lo, hi);
    if (lo == hi) {
      candidates.push_back(
          {pass, static_cast<uint8_t>(position), hash_code(static_cast<Word>(lo)), 0});
    } else if (ordered_[field] != 0) {
      const uint8_t low = monotone_code(lo);
      const auto span = static_cast<uint8_t>(monotone_code(hi) - low);
      if (span == 255) return;
      candidates.push_back({pass, static_cast<uint8_t>(position + kSlots), low, span});
    }
  });
  const size_t n = std::min(candidates.size(), kColumns);
  std::partial_sort(
      candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(n),
      candidates.end(),
      [](const Candidate& a, const Candidate& b) { return a.pass < b.pass; });
  e.key = {};
  for (size_t i = 0; i < n; ++i) {
    e.key.code[i] = candidates[i].code;
    e.key.lo[i] = candidates[i].lo;
    e.key.span[i] = candidates[i].span;
  }
}

void IndexBuilder::file(Index& index, const EntryBase* e, uint32_t rank) const {
  if (e->lanes.never()) return;
  for (Tuple& t : index.tuples) {
    if (t.pinned != e->pinned) continue;
    if (t.size * 2 >= t.table.size()) {
      Tuple grown = t;
      grown.table.assign(t.table.size() * 2, {});
      grown.size = 0;
      // Equal tags stay in the order of rank.
      std::vector<uint32_t> ranks;
      for (const Tuple::Slot& s : t.table) {
        if (s.rank != UINT32_MAX) ranks.push_back(s.rank);
      }
      std::ranges::sort(ranks);
      for (const uint32_t r : ranks) {
        const std::vector<Word> row = pinned_words(*index.entries[r], num_fields_);
        insert(grown, tuple_hash(t, row.data(), num_fields_), r);
      }
      t = std::move(grown);
    }
    const std::vector<Word> row = pinned_words(*e, num_fields_);
    insert(t, tuple_hash(t, row.data(), num_fields_), rank);
    return;
  }
  const size_t at = index.blocks.size();
  if (at % kGroup == 0) {
    index.groups.emplace_back();
    for (IndexGroup::Column& c : index.groups.back().columns) {
      std::ranges::fill(c.code, 0);
      std::ranges::fill(c.lo, 0);
      std::ranges::fill(c.span, 255);
    }
  }
  IndexGroup& g = index.groups.back();
  for (size_t i = 0; i < kColumns; ++i) {
    g.columns[i].code[at % kGroup] = e->key.code[i];
    g.columns[i].lo[at % kGroup] = e->key.lo[i];
    g.columns[i].span[at % kGroup] = e->key.span[i];
    if (e->key.span[i] == 255) continue;
    const uint32_t bit = 1u << (e->key.code[i] % 8);  // code_position: slot / 8
    (e->key.code[i] < kSlots ? index.hash_blocks : index.monotone_blocks) |= bit;
  }
  index.blocks.push_back(e->lanes.block());
  if (!index.tuples.empty()) index.ranks.push_back(rank);
}

std::unique_ptr<Index> IndexBuilder::rebuild(std::vector<EntryBase*> entries) {
  auto index = std::make_unique<Index>();
  choose_slots(*index);
  index->entries.assign(entries.begin(), entries.end());
  choose_tuples(*index, index->entries);
  for (EntryBase* e : entries) choose_key(*index, *e);
  for (size_t i = 0; i < entries.size(); ++i) {
    file(*index, entries[i], static_cast<uint32_t>(i));
  }
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
  for (size_t i = 0; i < index->entries.size(); ++i) {
    file(*index, index->entries[i], static_cast<uint32_t>(i));
  }
  return index;
}

std::unique_ptr<Index> IndexBuilder::append(const Index& old, EntryBase* entry) {
  auto index = std::make_unique<Index>();
  index->num_fields = old.num_fields;
  index->num_slots = old.num_slots;
  index->identity = old.identity;
  std::ranges::copy(old.slot_field, index->slot_field);
  index->hash_blocks = old.hash_blocks;
  index->monotone_blocks = old.monotone_blocks;
  index->tuples = old.tuples;
  copy_with_room(old.entries, index->entries);
  copy_with_room(old.blocks, index->blocks);
  copy_with_room(old.ranks, index->ranks);
  copy_with_room(old.groups, index->groups);
  choose_key(*index, *entry);
  index->entries.push_back(entry);
  file(*index, entry, static_cast<uint32_t>(old.entries.size()));
  return index;
}

// ---- Look-up without vector instructions

namespace {

void code_row(const Index& index, const Word* row, uint8_t* codes) {
  for (size_t s = 0; s < index.num_slots; ++s) {
    const Word w = row[index.slot_field[s]];
    codes[code_position(s)] = hash_code(w);
    codes[code_position(s) + kSlots] = monotone_code(static_cast<int64_t>(w));
  }
}

uint32_t find_in_tuples(const Index& index, const Word* row, Hosts& hosts) {
  uint32_t best = UINT32_MAX;
  for (const Tuple& t : index.tuples) {
    const uint64_t h = tuple_hash(t, row, index.num_fields);
    const auto tag = static_cast<uint32_t>(h >> 32);
    const size_t mask = t.table.size() - 1;
    for (size_t at = h & mask; t.table[at].rank < best; at = (at + 1) & mask) {
      if (t.table[at].tag != tag) continue;
      const LaneBlock& b = *index.entries[t.table[at].rank]->lanes.block();
      if (!check_lanes_portable(b, row) || !hosts.holds(b)) continue;
      best = t.table[at].rank;
      break;
    }
  }
  return best;
}

}  // namespace

const EntryBase* find_portable(const Index& index, const Word* row, const void* call) {
  Hosts hosts(call);
  const uint32_t best =
      index.tuples.empty() ? UINT32_MAX : find_in_tuples(index, row, hosts);
  const size_t n = index.blocks.size();
  uint8_t codes[2 * kSlots] = {};
  if (n > kFewEntries) code_row(index, row, codes);
  for (size_t i = 0; i < n; ++i) {
    if (!index.ranks.empty() && index.ranks[i] >= best) break;
    if (n > kFewEntries) {
      const auto passes = [&](size_t column) {
        const IndexGroup::Column& c = index.groups[i / kGroup].columns[column];
        const size_t lane = i % kGroup;
        return static_cast<uint8_t>(codes[c.code[lane]] - c.lo[lane]) <= c.span[lane];
      };
      if (!(passes(0) && passes(1) && passes(2) && passes(3))) continue;
    }
    const LaneBlock& b = *index.blocks[i];
    if (check_lanes_portable(b, row) && hosts.holds(b)) {
      return static_cast<const EntryBase*>(b.owner);
    }
  }
  return best == UINT32_MAX ? nullptr : index.entries[best];
}

}  // namespace congrua::cache::internal
