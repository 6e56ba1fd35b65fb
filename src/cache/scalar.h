// Look-up without vector instructions, over a row that is there or one that is asked for.
//
// A Row gives words by field, codes by position (index.h), and its words for a test after
// it made sure that those which the test reads are there.
#ifndef CONGRUA_CACHE_SCALAR_H_
#define CONGRUA_CACHE_SCALAR_H_

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <utility>

#include "cache/cost.h"
#include "cache/index.h"
#include "cache/lanes.h"
#include "cache/segment.h"

namespace congrua::cache::internal {

template <typename Row>
bool check_scalar(const LaneBlock& block, Row& row) {
  if ((block.flags & LaneBlock::kNever) != 0) return false;
  for (size_t n = 0; n < block.num_points; ++n) {
    const PointPlace& p = block.places()[n];
    for (size_t i = 0; i < kLanes; ++i) {
      if ((p.lanes >> i & 1) == 0) continue;
      if (static_cast<int64_t>(row[p.base + i]) != block.point(n, i)) return false;
    }
  }
  for (const EqualGroup& g : std::span(block.equal(), block.num_equal)) {
    for (size_t i = 0; i < kLanes; ++i) {
      if (static_cast<int64_t>(row[g.field[i]]) != g.value[i]) return false;
    }
  }
  for (const UnaryGroup& g : std::span(block.unary(), block.num_unary)) {
    for (size_t i = 0; i < kLanes; ++i) {
      if (g.span[i] == UINT64_MAX) continue;  // no test
      const uint64_t v = row[g.field[i]] - g.lo[i];
      if (std::rotr(v, g.rot[i]) > g.span[i]) return false;
    }
  }
  for (const PairGroup& g : std::span(block.pairs(), block.num_pairs)) {
    for (size_t i = 0; i < kLanes; ++i) {
      const uint32_t bit = 1u << i;
      const bool product = ((g.plus_product | g.minus_product) & bit) != 0;
      if (!product && g.a[i] == 0 && g.b[i] == 0 && g.c[i] == 0 && (g.ge & bit) != 0) {
        continue;
      }
      const auto x = static_cast<int64_t>(row[g.x[i]]);
      const auto y = static_cast<int64_t>(row[g.y[i]]);
      const auto ends = [&](auto v) {
        return (g.ge & bit) != 0 ? v >= 0 : (g.eq & bit) != 0 ? v == 0 : v != 0;
      };
      if (x != static_cast<int32_t>(x) || y != static_cast<int32_t>(y)) [[unlikely]] {
        // Factors of 15 bits and a product of two words: below 2^127.
        int128 v = int128{g.a[i]} * x + int128{g.b[i]} * y + g.c[i];
        if ((g.plus_product & bit) != 0) v = g.c[i] + int128{x} * y;
        if ((g.minus_product & bit) != 0) v = g.c[i] - int128{x} * y;
        if (!ends(v)) return false;
        continue;
      }
      int64_t v = g.a[i] * x + g.b[i] * y + g.c[i];
      if ((g.plus_product & bit) != 0) v = g.c[i] + x * y;
      if ((g.minus_product & bit) != 0) v = g.c[i] - x * y;
      if (!ends(v)) return false;
    }
  }
  if ((block.flags & LaneBlock::kRest) == 0) return true;
  const Program& program = block.lanes->program();
  return std::ranges::all_of(block.lanes->rest(), [&](const Test& t) {
    return holds(t, program, row.words_for(t, program));
  });
}

// Whether the keys of entry i of the list pass.
template <typename Row>
bool keys_pass(const Index& index, const ScanList& list, size_t i, Row& row) {
  const size_t lane = i % kGroup;
  const auto sum_fails = [&](const std::vector<SumGroup>& sums) {
    if (sums.empty()) return false;
    const SumGroup& g = sums[i / kGroup];
    const int sum = row.code(g.first[lane]) + row.code(g.second[lane]);
    return static_cast<uint8_t>(sum) != g.sum[lane];
  };
  if (std::ranges::any_of(list.sums, sum_fails)) return false;
  if (index.entries.size() <= kFewEntries) return true;
  const auto passes = [&](const IndexGroup::Column& c) {
    return c.span[lane] == 255 ||
           static_cast<uint8_t>(row.code(c.code[lane]) - c.lo[lane]) <= c.span[lane];
  };
  const IndexGroup& g = list.groups[i / kGroup];
  const auto pair = [&](const uint8_t(&p)[2][kGroup]) {
    return p[0][lane] == p[1][lane]
               ? std::pair<uint8_t, uint8_t>{}
               : std::pair(row.code(p[0][lane]), row.code(p[1][lane]));
  };
  if (!std::ranges::all_of(g.columns, passes)) return false;
  const auto [less, greater] = pair(g.less);
  if (less > greater) return false;
  return std::ranges::all_of(g.equal, [&](const auto& codes) {
    const auto [x, y] = pair(codes);
    return x == y;
  });
}

// What is looked for. Ranks from `limit` on are of no interest.
//
// The first that holds:
class First {
 public:
  uint32_t limit() const { return best_; }
  template <typename Row>
  void take(uint32_t rank, Row&) {
    best_ = rank;
  }
  uint32_t best() const { return best_; }

 private:
  uint32_t best_ = UINT32_MAX;
};

// The cheapest; among equals the first by priority, then by insertion. Ranks are in the
// order of tried_before: an entry costs its bound at least.
class Least {
 public:
  explicit Least(const Index& index) : index_(index) {}
  uint32_t limit() const { return limit_; }
  template <typename Row>
  void take(uint32_t rank, Row& row) {
    const EntryBase& e = *index_.entries[rank];
    std::optional<Int> cost = Int(e.bound);
    if (e.cost != nullptr) cost = cost_at(*e.cost, row.words_of(*e.cost));
    if (best_ != UINT32_MAX && !better(cost, e)) return;
    best_ = rank;
    cost_ = std::move(cost);
    if (!cost_) return;
    const auto all =
        std::span(index_.entries).first(std::min<size_t>(limit_, index_.entries.size()));
    limit_ =
        static_cast<uint32_t>(std::ranges::partition_point(
                                  all, [&](const EntryBase* o) { return may_win(*o); }) -
                              all.begin());
  }
  uint32_t best() const { return best_; }

 private:
  static bool comes_first(const EntryBase& a, const EntryBase& b) {
    if (a.priority != b.priority) return a.priority > b.priority;
    return a.sequence < b.sequence;
  }
  bool better(const std::optional<Int>& cost, const EntryBase& e) const {
    if (cost && cost_ && !(*cost == *cost_)) return *cost < *cost_;
    if (cost.has_value() != cost_.has_value()) return cost.has_value();
    return comes_first(e, *index_.entries[best_]);
  }
  // Against the best so far, by its bound alone: true up to some rank, then false.
  bool may_win(const EntryBase& e) const {
    if (e.bound == INT64_MIN) return true;  // nothing is known of it
    const Int bound(e.bound);
    if (!(bound == *cost_)) return bound < *cost_;
    return comes_first(e, *index_.entries[best_]);
  }

  const Index& index_;
  uint32_t best_ = UINT32_MAX, limit_ = UINT32_MAX;
  std::optional<Int> cost_;
};

template <typename Row, typename Wanted>
void find_in_tuples(const Index& index, Row& row, Hosts& hosts, Wanted& wanted) {
  for (const Tuple& t : index.tuples) {
    uint64_t h = 0;
    for (size_t i = 0; i < t.hash.places.size(); ++i) {
      const PointPlace& p = t.hash.places[i];
      for (size_t lane = 0; lane < kLanes; ++lane) {
        if ((p.lanes >> lane & 1) == 0) continue;
        h += fold(row[p.base + lane]) * t.hash.factors[i * kLanes + lane];
      }
    }
    h = mix(h);
    const uint32_t tag = Tuple::tag(h);
    const size_t mask = t.table.size() - 1;
    for (size_t at = h & mask; t.table[at].rank < wanted.limit(); at = (at + 1) & mask) {
      if ((t.table[at].tag ^ tag) >= Tuple::kKinds) continue;
      const LaneBlock& b = *t.table[at].entry->lanes.block();
      if (check_scalar(b, row) && hosts.holds(b)) wanted.take(t.table[at].rank, row);
    }
  }
}

// Calls f(i) for the entries of the segment that are filed by a code of the row; false:
// no more of this field.
template <typename Row, typename F>
void for_each_filed(const Segment& s, Row& row, F&& f) {
  const uint32_t* const heads = s.heads.data();
  for (size_t p = 0; p < kSlots; ++p) {
    if (heads[p * kCodes] == heads[(p + 1) * kCodes]) continue;
    const uint32_t* const head = heads + p * kCodes + row.code(p);
    for (uint32_t i = head[0]; i != head[1] && f(i); ++i) {
    }
  }
}

template <typename Row>
bool filed_passes(const Segment& s, size_t i, Row& row) {
  return sum_passes(s.sums[i], row) && rest_passes(s.rests[i], row);
}

template <typename Row, typename Wanted>
void find_in_list(const Index& index, const ScanList& list, Row& row, Hosts& hosts,
                  Wanted& wanted) {
  for (size_t i = 0; i < list.blocks.size() && list.ranks[i] < wanted.limit(); ++i) {
    if (!keys_pass(index, list, i, row)) continue;
    const LaneBlock& b = *list.blocks[i];
    if (check_scalar(b, row) && hosts.holds(b)) wanted.take(list.ranks[i], row);
  }
}

template <typename Row, typename Wanted>
const EntryBase* find_scalar(const Index& index, Row& row, const void* call,
                             Wanted wanted) {
  Hosts hosts(call);
  find_in_tuples(index, row, hosts, wanted);
  find_in_list(index, index.summed, row, hosts, wanted);
  for (const auto& segment : index.segments) {
    const Segment& s = *segment;
    if (s.first_rank >= wanted.limit()) break;
    for_each_filed(s, row, [&](size_t i) {
      if (s.ranks[i] >= wanted.limit()) return false;  // they ascend within a field
      const LaneBlock& b = *s.blocks[i];
      if (filed_passes(s, i, row) && check_scalar(b, row) && hosts.holds(b)) {
        wanted.take(s.ranks[i], row);
      }
      return true;
    });
  }
  find_in_list(index, index.tail, row, hosts, wanted);
  find_in_list(index, index.plain, row, hosts, wanted);
  return wanted.best() == UINT32_MAX ? nullptr : index.entries[wanted.best()];
}

// A row that is there.
class PlainRow {
 public:
  explicit PlainRow(const Word* words) : words_(words) {}
  // Codes all of it, for keys_pass.
  PlainRow(const Word* words, const Index& index) : words_(words) {
    if (index.entries.size() <= kFewEntries) return;
    for (size_t s = 0; s < index.num_slots; ++s) {
      const Word w = words[index.slot_field[s]];
      codes_[code_position(s)] = hash_code(w);
      codes_[code_position(s) + kSlots] = monotone_code(static_cast<int64_t>(w));
    }
  }
  Word operator[](size_t field) const { return words_[field]; }
  uint8_t code(size_t position) const { return codes_[position]; }
  const Word* words_for(const Test&, const Program&) const { return words_; }
  const Word* words_of(const Program&) const { return words_; }

 private:
  const Word* words_;
  uint8_t codes_[2 * kSlots] = {};
};

// A row whose fields are asked for at their first use, each once.
class LazyRow {
 public:
  LazyRow(FieldReader read, void* context, const Index& index)
      : read_(read), context_(context), index_(index) {
    for (size_t i = 0; i <= index.num_fields / 64; ++i) known_[i] = 0;
  }
  Word operator[](size_t field) {
    const uint64_t bit = uint64_t{1} << (field % 64);
    if ((known_[field / 64] & bit) == 0) {
      known_[field / 64] |= bit;
      words_[field] = read_(field, context_);
    }
    return words_[field];
  }
  uint8_t code(size_t position) {
    const size_t at = position % kSlots;
    const Word w = (*this)[index_.slot_field[code_position(at)]];
    return position < kSlots ? hash_code(w) : monotone_code(static_cast<int64_t>(w));
  }
  const Word* words_for(const Test& t, const Program& program) {
    if (t.kind == TestKind::kCode) {
      for (uint64_t i = 0; i < t.d; ++i) {
        const CodeStep& s = program.code[static_cast<size_t>(t.a) + i];
        if (s.op == CodeOp::kField || s.op == CodeOp::kBool) {
          (*this)[static_cast<size_t>(s.imm)];
        }
      }
    } else if (t.kind != TestKind::kFalse) {
      (*this)[t.x];
      if (t.kind == TestKind::kLinear || t.kind == TestKind::kProduct) (*this)[t.y];
    }
    return words_;
  }
  const Word* words_of(const Program& cost) {
    cost.all_of([&](const Test& t) { return words_for(t, cost), true; });
    return words_;
  }

 private:
  const FieldReader read_;
  void* const context_;
  const Index& index_;
  uint64_t known_[Schema::kMaxFields / 64 + 1];
  Word words_[Schema::kMaxFields];
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_SCALAR_H_
