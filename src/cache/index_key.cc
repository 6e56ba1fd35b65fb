// Which tests of an entry the index reads: those that are least likely to pass.
#include <algorithm>
#include <utility>

#include "cache/index_builder.h"

namespace congrua::cache::internal {

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

}  // namespace congrua::cache::internal
