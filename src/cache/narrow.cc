#include "cache/narrow.h"

#include <algorithm>
#include <optional>

namespace congrua::cache::internal {

namespace {

struct Lane {
  uint16_t field = 0;
  uint8_t rot = 0;
  uint64_t lo = 0, span = 0;
};

std::vector<Lane> lanes_of(const LaneBlock& b) {
  std::vector<Lane> out;
  for (size_t n = 0; n < b.num_points; ++n) {
    const PointPlace& p = b.places()[n];
    for (size_t i = 0; i < kLanes; ++i) {
      if ((p.lanes >> i & 1) == 0) continue;
      out.push_back({static_cast<uint16_t>(p.base + i), 0,
                     static_cast<uint64_t>(b.point(n, i)), 0});
    }
  }
  for (const EqualGroup& g : std::span(b.equal(), b.num_equal)) {
    for (size_t i = 0; i < kLanes; ++i) {
      if (i != 0 && g.field[i] == g.field[0]) continue;  // repeats the first
      out.push_back({g.field[i], 0, static_cast<uint64_t>(int64_t{g.value[i]}), 0});
    }
  }
  for (const UnaryGroup& g : std::span(b.unary(), b.num_unary)) {
    for (size_t i = 0; i < kLanes; ++i) {
      if (g.span[i] == UINT64_MAX) continue;  // no test
      out.push_back({g.field[i], g.rot[i], g.lo[i], g.span[i]});
    }
  }
  return out;
}

enum class Form { kTest, kTrue, kFalse, kNone };

// The test for words of 32 bits that were extended by their sign.
Form narrow(const Lane& l, uint32_t* lo, uint32_t* span) {
  *lo = static_cast<uint32_t>(l.lo);
  if (l.rot != 0) {
    // Modulo 2^rot, which the low bits decide.
    if (l.rot >= 32 || l.span != UINT64_MAX >> l.rot) return Form::kNone;
    *span = UINT32_MAX >> l.rot;
    return Form::kTest;
  }
  const auto first = static_cast<int64_t>(l.lo);
  const auto last = static_cast<int64_t>(l.lo + l.span);
  if (first <= last) {
    const int64_t from = std::max<int64_t>(first, INT32_MIN);
    const int64_t to = std::min<int64_t>(last, INT32_MAX);
    if (from > to) return Form::kFalse;
    *lo = static_cast<uint32_t>(from);
    *span = static_cast<uint32_t>(to - from);
    return *span == UINT32_MAX ? Form::kTrue : Form::kTest;
  }
  // Everything but one word; other intervals do not wrap around.
  if (l.span != UINT64_MAX - 1) return Form::kNone;
  const int64_t hole = static_cast<int64_t>(l.lo - 1);
  if (hole < INT32_MIN || hole > INT32_MAX) return Form::kTrue;
  *span = UINT32_MAX - 1;
  return Form::kTest;
}

}  // namespace

void set_test(NarrowGroup& group, size_t lane, uint16_t field, int64_t lo, int64_t hi) {
  const Lane l{field, 0, static_cast<uint64_t>(lo),
               static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo)};
  uint32_t from = 0;
  uint32_t span = 0;
  if (narrow(l, &from, &span) != Form::kTest) return;
  group.field[lane] = static_cast<uint8_t>(field);
  group.lo[lane] = from;
  group.span[lane] = span;
}

Narrow make_narrow(std::span<const LaneBlock* const> blocks, size_t num_fields) {
  Narrow out;
  if (num_fields > kNarrowFields || blocks.size() > kNarrowLanes + 1) return {};
  const auto reads = [&out](uint16_t field) { out.used.add(field); };
  for (size_t n = 0; n < blocks.size(); ++n) {
    NarrowEntry e{blocks[n], static_cast<uint32_t>(out.groups.size()), 0};
    size_t count = 0;
    bool never = false;
    for (const Lane& l : lanes_of(*blocks[n])) {
      uint32_t lo = 0;
      uint32_t span = 0;
      const Form form = narrow(l, &lo, &span);
      if (form == Form::kNone) return {};
      // The rows for which this is so have no other words in the field.
      reads(l.field);
      if (form == Form::kFalse) never = true;
      if (form != Form::kTest) continue;
      const size_t lane = count++ % kNarrowLanes;
      if (lane == 0) out.groups.emplace_back();
      NarrowGroup& g = out.groups.back();
      g.lo[lane] = lo;
      g.span[lane] = span;
      g.field[lane] = static_cast<uint8_t>(l.field);
      g.rot[lane] = l.rot;
    }
    for (const PairGroup& g : std::span(blocks[n]->pairs(), blocks[n]->num_pairs)) {
      for (size_t i = 0; i < kLanes; ++i) {
        // A lane without a test is 0 >= 0 whatever it reads.
        const bool product = ((g.plus_product | g.minus_product) >> i & 1) != 0;
        if (!product && g.a[i] == 0 && g.b[i] == 0) continue;
        reads(g.x[i]);
        reads(g.y[i]);
      }
    }
    e.end = static_cast<uint32_t>(out.groups.size());
    out.entries.push_back(e);
    if (!never) out.alive |= 1u << n;
  }
  return out;
}

}  // namespace congrua::cache::internal
