#include "cache/index.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "cache/scalar.h"
#include "cache/segment.h"

namespace congrua::cache::internal {

namespace {

constexpr uint64_t kTupleMinimum = 48;  // entries that pin the same fields

uint64_t mixed(uint64_t v) {  // splitmix64
  v += 0x9e3779b97f4a7c15;
  v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
  v = (v ^ v >> 27) * 0x94d049bb133111eb;
  return v ^ v >> 31;
}

void insert(Tuple& t, uint64_t hash, uint32_t rank, const EntryBase& e) {
  const size_t mask = t.table.size() - 1;
  size_t at = hash & mask;
  while (t.table[at].rank != UINT32_MAX) at = (at + 1) & mask;
  t.table[at] = {static_cast<uint32_t>(hash >> 32), rank, &e};
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

uint8_t filed_code(const IndexKey& key, std::span<const uint16_t> slots,
                   const Lanes& lanes) {
  const size_t slot = code_position(key.sums[0].first);  // its own inverse
  if (slot >= slots.size()) return 0;                    // of a file that no index wrote
  uint8_t code = 0;
  lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (field == slots[slot] && lo == hi) code = hash_code(static_cast<Word>(lo));
  });
  return code;
}

uint64_t tuple_hash(const Tuple& tuple, const Word* row, size_t num_fields) {
  uint64_t h = 0;
  for (size_t i = 0; i < num_fields; ++i) h += row[i] * tuple.factors[i];
  return (h ^ h >> 32) * kCodeFactor;
}

size_t Index::bytes() const {
  size_t n = sizeof *this + entries.capacity() * sizeof(void*) +
             few.capacity() * sizeof(UnaryGroup) + narrow.bytes();
  for (const auto& s : segments) n += s->bytes();
  for (const ScanList* l : {&summed, &tail, &plain}) {
    n += l->blocks.capacity() * sizeof(void*) + l->ranks.capacity() * sizeof(uint32_t) +
         (l->sums[0].capacity() + l->sums[1].capacity()) * sizeof(SumGroup) +
         l->groups.capacity() * sizeof(IndexGroup);
  }
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

// Entries that fail on a field where another one, taken by chance, holds: all that pin
// it but those of the same value, and of ranges a fourth.
std::vector<double> IndexStatistics::telling(size_t num_fields) const {
  std::vector<double> out(num_fields);
  for (size_t i = 0; i < std::min(num_fields, fields_.size()); ++i) {
    const auto ranges = static_cast<double>(fields_[i].uses - fields_[i].equalities);
    out[i] = static_cast<double>(fields_[i].equalities) + ranges / 4;
  }
  for (const auto& [at, count] : values_) {
    const auto all = static_cast<double>(fields_[at.first].equalities);
    const auto same = static_cast<double>(count);
    if (all > 0) out[at.first] -= same * same / all;
  }
  return out;
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

struct IndexBuilder::Candidate {
  double pass;
  uint16_t field;
  int64_t lo, hi;
  uint8_t position;  // of the code of its slot
  bool equality() const { return lo == hi; }
};

// The intervals of an entry whose fields are coded, likely to fail first.
std::vector<IndexBuilder::Candidate> IndexBuilder::candidates(
    const Index& index, const EntryBase& entry) const {
  std::vector<Candidate> found;
  entry.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (lo != hi && ordered_[field] == 0) return;
    const uint16_t* end = index.slot_field + index.num_slots;
    const uint16_t* at = index.identity ? index.slot_field + field
                                        : std::find(index.slot_field, end, field);
    if (at == end) return;
    const size_t position = code_position(static_cast<size_t>(at - index.slot_field));
    found.push_back(
        {statistics.pass(field, lo, hi), field, lo, hi, static_cast<uint8_t>(position)});
  });
  std::ranges::sort(found, [](const Candidate& a, const Candidate& b) {
    return a.pass != b.pass ? a.pass < b.pass : a.field < b.field;
  });
  return found;
}

void IndexBuilder::choose_key(const Index& index, EntryBase& e) const {
  std::vector<Candidate> from = candidates(index, e);
  e.key = {};
  for (IndexKey::Sum& sum : e.key.sums) {
    const auto first = std::ranges::find_if(from, &Candidate::equality);
    if (first == from.end()) break;
    const auto second = std::find_if(first + 1, from.end(),
                                     [](const Candidate& c) { return c.equality(); });
    if (second == from.end()) break;
    sum = {first->position, second->position,
           static_cast<uint8_t>(hash_code(static_cast<Word>(first->lo)) +
                                hash_code(static_cast<Word>(second->lo)))};
    if (!e.key.summed) {
      e.key.sums[1] = sum;
      e.key.filed = hash_code(static_cast<Word>(first->lo));
    }
    e.key.summed = true;
    from.erase(second);
    from.erase(first);
  }
  size_t i = 0;
  for (const Candidate& c : from) {
    if (i == kColumns) break;
    if (c.equality()) {
      e.key.code[i] = c.position;
      e.key.lo[i] = hash_code(static_cast<Word>(c.lo));
      e.key.span[i++] = 0;
      continue;
    }
    const uint8_t low = monotone_code(c.lo);
    const auto span = static_cast<uint8_t>(monotone_code(c.hi) - low);
    if (span == 255) continue;
    e.key.code[i] = static_cast<uint8_t>(c.position + kSlots);
    e.key.lo[i] = low;
    e.key.span[i++] = span;
  }
  size_t pairs = 0;
  e.lanes.for_each_order([&](uint16_t x, uint16_t y, bool equal) {
    const auto position = [&](uint16_t field) {
      const uint16_t* end = index.slot_field + index.num_slots;
      const uint16_t* at = index.identity ? index.slot_field + field
                                          : std::find(index.slot_field, end, field);
      return at == end ? kSlots
                       : code_position(static_cast<size_t>(at - index.slot_field));
    };
    const size_t p = position(x);
    const size_t q = position(y);
    if (p == kSlots || q == kSlots || (equal && pairs == kPairs)) return;
    uint8_t* to = equal ? e.key.equal[pairs++] : e.key.less;
    to[0] = static_cast<uint8_t>(equal ? p : p + kSlots);
    to[1] = static_cast<uint8_t>(equal ? q : q + kSlots);
  });
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
    if (t.pinned != e->pinned || !pins_fields_of(*e, t)) continue;
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
        insert(grown, tuple_hash(t, row.data(), num_fields_), r, *index.entries[r]);
      }
      t = std::move(grown);
    }
    const std::vector<Word> row = pinned_words(*e, num_fields_);
    insert(t, tuple_hash(t, row.data(), num_fields_), rank, *e);
    return;
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

// ---- Look-up without vector instructions

Find choose_find(const Index& index) {
  static const bool wide = has_avx512();
  if (index.varying) return &find_least;
  if (!wide) return &find_portable;
  if (!index.narrow.entries.empty()) return &find_narrow_avx512;
  return index.few.empty() ? &find_avx512 : &find_few_avx512;
}

const EntryBase* find_portable(const Index& index, const Word* row, const void* call) {
  const PlainRow plain(row, index);
  return find_scalar(index, plain, call, First());
}

const EntryBase* find_least(const Index& index, const Word* row, const void* call) {
  const PlainRow plain(row, index);
  return find_scalar(index, plain, call, Least(index));
}

const EntryBase* find_lazily(const Index& index, FieldReader read, void* context,
                             const void* call) {
  LazyRow row(read, context, index);
  if (index.varying) return find_scalar(index, row, call, Least(index));
  return find_scalar(index, row, call, First());
}

ScanCost scan_cost(const Index& index, const Word* row, const EntryBase* found) {
  const PlainRow plain(row, index);
  ScanCost cost;
  const auto scan = [&](const ScanList& list) {
    for (size_t i = 0; i < list.blocks.size(); ++i) {
      ++cost.compared;
      if (keys_pass(index, list, i, plain)) ++cost.evaluated;
      if (list.blocks[i]->owner == found) return true;
    }
    return false;
  };
  const auto filed = [&](const Segment& s) {
    bool here = false;
    for_each_filed(s, plain, [&](size_t i) {
      ++cost.compared;
      if (filed_passes(s, i, plain)) ++cost.evaluated;
      here |= s.blocks[i]->owner == found;
      return true;
    });
    return here;
  };
  if (!scan(index.summed)) {
    const bool here =
        std::ranges::any_of(index.segments, [&](const auto& s) { return filed(*s); });
    if (!here) scan(index.tail);
  }
  scan(index.plain);
  return cost;
}

}  // namespace congrua::cache::internal
