#include "cache/lanes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "cache/merge.h"
#include "cache/scalar.h"

namespace congrua::cache::internal {

namespace {

size_t bytes_of(const LaneBlock& b) {
  return sizeof b + b.point_bytes() + b.num_equal * sizeof(EqualGroup) +
         b.num_unary * sizeof(UnaryGroup) + b.num_pairs * sizeof(PairGroup);
}

void set_lane(UnaryGroup& g, size_t lane, const Test& t) {
  g.field[lane] = t.x;
  g.lo[lane] = static_cast<uint64_t>(t.a);
  if (t.kind == TestKind::kMod) {
    // 2^k divides x - r where the k low bits, rotated to the top, are 0.
    const int k = std::countr_zero(t.d);
    g.rot[lane] = static_cast<uint8_t>(k);
    g.span[lane] = UINT64_MAX >> k;
  } else {
    g.span[lane] = t.d;
  }
}

void set_lane(PairGroup& g, size_t lane, const Test& t) {
  const auto bit = static_cast<uint8_t>(1u << lane);
  g.x[lane] = t.x;
  g.y[lane] = t.y;
  g.c[lane] = t.c;
  if (t.kind == TestKind::kProduct) {
    (t.a < 0 ? g.minus_product : g.plus_product) |= bit;
  } else {
    g.a[lane] = static_cast<int16_t>(t.a);
    g.b[lane] = static_cast<int16_t>(t.b);
  }
  g.ge = static_cast<uint8_t>(g.ge & ~bit);
  (t.relation == Relation::kGe ? g.ge : t.relation == Relation::kEq ? g.eq : g.ne) |= bit;
}

// The words that neighbouring fields are pinned to.
struct Points {
  PointPlace place;
  int64_t value[kLanes] = {};
};

// Tests as groups of lanes.
class Layout {
 public:
  Layout(MergedTests tests, size_t num_fields)
      : tests_(std::move(tests)), num_fields_(num_fields) {
    make_dense();
    make_equal();
    for (size_t i = 0; i < tests_.unary.size(); ++i) {
      if (i % kLanes == 0) unary_.emplace_back();
      set_lane(unary_.back(), i % kLanes, tests_.unary[i]);
    }
    for (size_t i = 0; i < tests_.pairs.size(); ++i) {
      if (i % kLanes == 0) pairs_.emplace_back();
      set_lane(pairs_.back(), i % kLanes, tests_.pairs[i]);
    }
  }

  std::unique_ptr<unsigned char[]> write() const {
    LaneBlock head;
    head.num_points = static_cast<uint16_t>(points_.size());
    head.point_width = point_width();
    head.point_words = static_cast<uint16_t>(head.point_bytes() / 8);
    head.num_equal = static_cast<uint16_t>(equal_.size());
    head.num_unary = static_cast<uint16_t>(unary_.size());
    head.num_pairs = static_cast<uint16_t>(pairs_.size());
    head.flags = (tests_.never ? LaneBlock::kNever : 0u) |
                 (tests_.rest.empty() ? 0u : LaneBlock::kRest);
    std::unique_ptr<unsigned char[]> out(new unsigned char[bytes_of(head)]);
    unsigned char* at = out.get();
    const auto put = [&at](const void* from, size_t bytes) {
      if (bytes != 0) std::memcpy(at, from, bytes);
      at += bytes;
    };
    const auto put_groups = [&](const auto& groups) {
      put(groups.data(), groups.size() * sizeof(groups[0]));
    };
    put(&head, sizeof head);
    for (const Points& p : points_) put(&p.place, sizeof p.place);
    for (size_t i = points_.size() * sizeof(PointPlace); i % 8 != 0; ++i) *at++ = 0;
    for (const Points& p : points_) {
      for (const int64_t v : p.value) {
        const auto v16 = static_cast<int16_t>(v);
        const auto v32 = static_cast<int32_t>(v);
        put(head.point_width == 2   ? static_cast<const void*>(&v16)
            : head.point_width == 4 ? static_cast<const void*>(&v32)
                                    : static_cast<const void*>(&v),
            head.point_width);
      }
    }
    put_groups(equal_);
    put_groups(unary_);
    put_groups(pairs_);
    return out;
  }

 private:
  uint8_t point_width() const {
    uint8_t width = points_.empty() ? uint8_t{0} : uint8_t{2};
    for (const Points& p : points_) {
      for (const int64_t v : p.value) {
        if (v != static_cast<int32_t>(v)) return 8;
        if (v != static_cast<int16_t>(v)) width = 4;
      }
    }
    return width;
  }

  // Eight neighbouring fields most of which are tested are loaded, not gathered. Where
  // there is nothing but equalities, blocks of fewer are: which of them are depends on
  // the pinned fields alone, so that hashed entries that pin the same are compared alike
  // (tuple.h).
  void make_dense() {
    constexpr int kFewPoints = 5, kFewRanges = 7, kFewAlone = 2;
    // The lanes of each block that have an equality, and those that have an interval.
    std::vector<std::pair<uint8_t, uint8_t>> tested((num_fields_ + kLanes - 1) / kLanes);
    bool alone = tests_.pairs.empty() && tests_.rest.empty();
    for (const Test& t : tests_.unary) {
      if (!t.is_equality()) alone = false;
      if (t.kind != TestKind::kRange) continue;
      auto& [points_here, ranges_here] = tested[t.x / kLanes];
      const auto bit = static_cast<uint8_t>(1u << t.x % kLanes);
      if (t.is_equality()) points_here |= bit;
      ranges_here |= bit;
    }
    if (alone) {
      const auto blocks = std::ranges::count_if(
          tested, [](const auto& lanes) { return lanes.first != 0; });
      alone = std::ssize(tests_.unary) >= kFewAlone * blocks;
    }
    for (size_t block = 0; block < tested.size(); ++block) {
      const int points = std::popcount(tested[block].first);
      if (points >= (alone ? 1 : kFewPoints)) take_points(block);
      // A group of ranges is loaded whole.
      if (std::popcount(tested[block].second) >= kFewRanges &&
          (block + 1) * kLanes <= num_fields_) {
        take_ranges(block, kFewRanges);
      }
    }
  }

  static bool is_in(const Test& t, size_t block) {
    return t.kind == TestKind::kRange && t.x / kLanes == block;
  }

  void take_points(size_t block) {
    Points p{{static_cast<uint16_t>(block * kLanes), 0, 0}};
    std::erase_if(tests_.unary, [&](const Test& t) {
      if (!is_in(t, block) || !t.is_equality()) return false;
      p.place.lanes = static_cast<uint8_t>(p.place.lanes | 1u << t.x % kLanes);
      p.value[t.x % kLanes] = t.a;
      return true;
    });
    points_.push_back(p);
  }

  void take_ranges(size_t block, int least) {
    uint32_t lanes = 0;
    for (const Test& t : tests_.unary) {
      if (is_in(t, block)) lanes |= 1u << t.x % kLanes;
    }
    if (std::popcount(lanes) < least) return;
    UnaryGroup g;
    g.dense = static_cast<uint32_t>(block * kLanes) + 1;
    for (size_t k = 0; k < kLanes; ++k) {
      g.field[k] = static_cast<uint16_t>(block * kLanes + k);
    }
    uint32_t taken = 0;
    std::erase_if(tests_.unary, [&](const Test& t) {
      if (!is_in(t, block) || (taken >> t.x % kLanes & 1) != 0) return false;
      taken |= 1u << t.x % kLanes;
      set_lane(g, t.x % kLanes, t);
      return true;
    });
    unary_.push_back(g);
  }

  void make_equal() {
    size_t count = 0;
    std::erase_if(tests_.unary, [&](const Test& t) {
      if (!t.is_equality() || t.a != static_cast<int32_t>(t.a)) return false;
      const size_t lane = count++ % kLanes;
      if (lane == 0) equal_.emplace_back();
      // The first lane of a group fills all of it.
      for (size_t i = lane; i < (lane == 0 ? kLanes : lane + 1); ++i) {
        equal_.back().field[i] = t.x;
        equal_.back().value[i] = static_cast<int32_t>(t.a);
      }
      return true;
    });
  }

  MergedTests tests_;
  const size_t num_fields_;
  std::vector<Points> points_;
  std::vector<EqualGroup> equal_;
  std::vector<UnaryGroup> unary_;
  std::vector<PairGroup> pairs_;
};

}  // namespace

Lanes::Lanes(const Program& program, size_t num_fields) : program_(&program) {
  static const bool wide = has_avx512();
  kernel_ = wide ? &check_lanes_avx512 : &check_lanes_portable;
  MergedTests tests = merge_tests(program, num_fields);
  rest_ = std::vector<Test>(tests.rest.begin(), tests.rest.end());
  owned_ = Layout(std::move(tests), num_fields).write();
  at_ = reinterpret_cast<LaneBlock*>(owned_.get());
  at_->lanes = this;
}

Lanes::Lanes(LaneBlock* block, std::vector<Test> rest)
    : at_(block), rest_(std::move(rest)) {
  static const Program none;
  static const bool wide = has_avx512();
  kernel_ = wide ? &check_lanes_avx512 : &check_lanes_portable;
  program_ = &none;
  at_->lanes = this;
}

size_t Lanes::block_bytes() const { return bytes_of(*block()); }

size_t Lanes::bytes() const { return sizeof *this + block_bytes() + rest_.bytes(); }

bool sound_block(std::span<const unsigned char> bytes, size_t num_fields) {
  if (bytes.size() < sizeof(LaneBlock)) return false;
  const auto& b = *reinterpret_cast<const LaneBlock*>(bytes.data());
  const bool known_width =
      b.num_points == 0 || b.point_width == 2 || b.point_width == 4 || b.point_width == 8;
  if (!known_width || b.point_bytes() != size_t{8} * b.point_words ||
      bytes_of(b) != bytes.size() ||
      (b.flags & ~(LaneBlock::kNever | LaneBlock::kRest)) != 0) {
    return false;
  }
  uint32_t most = 0;  // field that is read
  const auto read = [&most](const uint16_t(&fields)[kLanes]) {
    for (const uint16_t f : fields) most = std::max<uint32_t>(most, f);
  };
  for (size_t i = 0; i < b.num_points; ++i) {
    const PointPlace& p = b.places()[i];
    if (p.lanes == 0) return false;
    most = std::max(most, p.base + static_cast<uint32_t>(std::bit_width(p.lanes)) - 1);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      // A vector compares lanes without a test as well.
      if ((p.lanes >> lane & 1) == 0 && b.point(i, lane) != 0) return false;
    }
  }
  for (const EqualGroup& g : std::span(b.equal(), b.num_equal)) read(g.field);
  for (const UnaryGroup& g : std::span(b.unary(), b.num_unary)) {
    read(g.field);
    for (size_t i = 0; i < kLanes; ++i) {
      if (g.rot[i] > 63) return false;
      // A dense group is read by neighbours and by names.
      if (g.dense != 0 && (g.rot[i] != 0 || g.field[i] != g.dense - 1 + i)) return false;
    }
  }
  for (const PairGroup& g : std::span(b.pairs(), b.num_pairs)) {
    read(g.x);
    read(g.y);
    for (const int64_t c : g.c) {
      if (c >= kMaxLaneConstant || c <= -kMaxLaneConstant) return false;
    }
    if ((g.plus_product & g.minus_product) != 0 || (g.ge ^ g.eq ^ g.ne) != 0xff ||
        (g.ge | g.eq | g.ne) != 0xff) {
      return false;
    }
  }
  const bool reads_any =
      b.num_points != 0 || b.num_equal != 0 || b.num_unary != 0 || b.num_pairs != 0;
  return !reads_any || most < num_fields;
}

bool Lanes::check_slowly(const Word* row) const {
  return program_->all_of([&](const Test& t) { return holds(t, *program_, row); });
}

bool check_lanes_portable(const LaneBlock& block, const Word* row) {
  const PlainRow plain(row);
  return check_scalar(block, plain);
}

}  // namespace congrua::cache::internal
