#include "cache/tuple.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "cache/index.h"

namespace congrua::cache::internal {

namespace {

uint64_t mixed(uint64_t v) {  // splitmix64
  v += 0x9e3779b97f4a7c15;
  v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
  v = (v ^ v >> 27) * 0x94d049bb133111eb;
  return v ^ v >> 31;
}

// The pinned words of an entry by place, kLanes for each.
using Words = std::vector<std::pair<PointPlace, std::array<Word, kLanes>>>;
Words pinned_words(const EntryBase& e) {
  Words words;
  std::vector<std::pair<uint16_t, Word>> pinned;
  e.lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    if (lo == hi) pinned.emplace_back(field, static_cast<Word>(lo));
  });
  std::ranges::sort(pinned);
  for (const auto& [field, word] : pinned) {
    const size_t lane = field % kLanes;
    const auto base = static_cast<uint16_t>(field - lane);
    if (words.empty() || words.back().first.base != base)
      words.push_back({{base, 0, 0}, {}});
    auto& [place, at] = words.back();
    place.lanes = static_cast<uint8_t>(place.lanes | 1u << lane);
    at[lane] = word;
  }
  return words;
}

bool are_places_of(const Words& words, const FieldHash& hash) {
  return std::ranges::equal(words, hash.places, {}, &Words::value_type::first);
}

uint64_t hash_of(const Words& words, const FieldHash& hash) {
  uint64_t h = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      h += fold(words[i].second[lane]) * hash.factors[i * kLanes + lane];
    }
  }
  return mix(h);
}

// What kByValues needs: nothing but points, at the places of the tuple.
uint32_t kind_of(const LaneBlock& b, const Tuple& t) {
  if (b.flags != 0 || b.num_equal != 0 || b.num_unary != 0 || b.num_pairs != 0 ||
      !std::ranges::equal(std::span(b.places(), b.num_points), t.hash.places)) {
    return Tuple::kByBlock;
  }
  return static_cast<uint32_t>(std::countr_zero(b.point_width));
}

void insert(Tuple& t, const Words& words, uint32_t rank, const EntryBase& e) {
  const uint64_t hash = hash_of(words, t.hash);
  const size_t mask = t.table.size() - 1;
  size_t at = hash & mask;
  while (t.table[at].rank != UINT32_MAX) at = (at + 1) & mask;
  t.table[at] = {Tuple::tag(hash) | kind_of(*e.lanes.block(), t), rank, &e};
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

FieldHash::FieldHash(std::vector<PointPlace> of) : places(std::move(of)) {
  for (const PointPlace& p : places) {
    for (size_t i = 0; i < kLanes; ++i) {
      const bool is_read = (p.lanes >> i & 1) != 0;
      factors.push_back(is_read ? (mixed(p.base + i) & UINT32_MAX) | 1 : 0);
    }
  }
}

FieldHash::FieldHash(size_t num_fields)
    : FieldHash([num_fields] {
        std::vector<PointPlace> all;
        for (size_t i = 0; i < num_fields; i += kLanes) {
          const size_t left = std::min(num_fields - i, kLanes);
          all.push_back(
              {static_cast<uint16_t>(i), static_cast<uint8_t>((1u << left) - 1), 0});
        }
        return all;
      }()) {}

uint64_t FieldHash::operator()(const Word* row) const {
  uint64_t h = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      if ((places[i].lanes >> lane & 1) == 0) continue;
      h += fold(row[places[i].base + lane]) * factors[i * kLanes + lane];
    }
  }
  return mix(h);
}

Tuple make_tuple(const EntryBase& entry, size_t count) {
  std::vector<PointPlace> places;
  for (const auto& [place, words] : pinned_words(entry)) places.push_back(place);
  Tuple t{entry.pinned, 0, FieldHash(std::move(places)), {}};
  t.table.resize(std::bit_ceil(count * 2 + 2));
  return t;
}

bool file_in(Tuple& t, const EntryBase& entry, uint32_t rank,
             std::span<const EntryBase* const> entries) {
  if (t.pinned != entry.pinned) return false;
  // Whether it pins the fields of the tuple, and no other: numbers of sets are hashes.
  const Words words = pinned_words(entry);
  if (!are_places_of(words, t.hash)) return false;
  if (t.size * 2 >= t.table.size()) {
    // Equal tags stay in the order of rank.
    std::vector<uint32_t> ranks;
    for (const Tuple::Slot& s : t.table) {
      if (s.rank != UINT32_MAX) ranks.push_back(s.rank);
    }
    std::ranges::sort(ranks);
    t.table.assign(t.table.size() * 2, {});
    t.size = 0;
    for (const uint32_t r : ranks) insert(t, pinned_words(*entries[r]), r, *entries[r]);
  }
  insert(t, words, rank, entry);
  return true;
}

}  // namespace congrua::cache::internal
