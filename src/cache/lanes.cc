#include "cache/lanes.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "cache/scalar.h"

namespace congrua::cache::internal {

// Merges the tests of one program.
class Merger {
 public:
  Merger(const Program& program, size_t num_fields)
      : program_(program), state_of_(num_fields, -1) {
    fields_.reserve(std::min<size_t>(program.num_tests, num_fields));
    unary_.reserve(program.num_tests);
    pairs_.reserve(program.num_tests);
  }

  void run(Lanes& out) {
    program_.all_of([this](const Test& t) { return take(t), true; });
    reduce_pairs();
    for (FieldState& f : fields_) settle(f);
    if (never_) {
      unary_.clear();
      pairs_.clear();
      rest_.clear();
    }
    order();
    lay_out(out);
  }

 private:
  struct FieldState {
    uint16_t field;
    int64_t lo = INT64_MIN, hi = INT64_MAX;
    bool tested = false;  // lo, hi say something
    std::vector<int64_t> holes = {};
    std::vector<Test> mods = {};
  };

  FieldState& state(uint16_t field) {
    int32_t& at = state_of_[field];
    if (at < 0) {
      at = static_cast<int32_t>(fields_.size());
      fields_.push_back({field});
    }
    return fields_[static_cast<size_t>(at)];
  }
  bool pinned(uint16_t field, int64_t* v) const {
    const int32_t at = state_of_[field];
    if (at < 0) return false;
    const FieldState& f = fields_[static_cast<size_t>(at)];
    *v = f.lo;
    return f.lo == f.hi;
  }

  void take(const Test& t) {
    switch (t.kind) {
      case TestKind::kFalse:
        never_ = true;
        return;
      case TestKind::kRange: {
        FieldState& f = state(t.x);
        const auto hi = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
        if (hi >= t.a) {
          f.lo = std::max(f.lo, t.a);
          f.hi = std::min(f.hi, hi);
          f.tested = true;
          if (f.lo > f.hi) never_ = true;
        } else {
          f.holes.push_back(t.a - 1);  // the only ranges that wrap around
        }
        return;
      }
      case TestKind::kMod:
        state(t.x).mods.push_back(t);
        return;
      case TestKind::kLinear:
      case TestKind::kProduct:
        pairs_.push_back(t);
        return;
      default:
        rest_.push_back(t);
    }
  }

  // A test of two fields of which one or both have one value.
  void reduce_pairs() {
    for (bool changed = true; changed && !never_;) {
      changed = std::erase_if(pairs_, [this](const Test& t) { return reduce(t); }) != 0;
    }
  }

  bool reduce(const Test& t) {
    int64_t x = 0;
    int64_t y = 0;
    const bool has_x = pinned(t.x, &x);
    const bool has_y = pinned(t.y, &y);
    if (!has_x && !has_y) return false;
    // coefficient * field + constant REL 0.
    int128 coefficient = 0;
    int128 constant = t.c;
    uint16_t field = t.x;
    const bool product = t.kind == TestKind::kProduct;
    if (product) {
      if (has_x && has_y) {
        constant += int128{t.a} * x * y;
      } else {
        coefficient = int128{t.a} * (has_x ? x : y);
        field = has_x ? t.y : t.x;
      }
    } else {
      if (has_x) constant += int128{t.a} * x;
      if (has_y) constant += int128{t.b} * y;
      if (!has_x) coefficient = t.a;
      if (!has_y) coefficient = t.b, field = t.y;
    }
    if (coefficient == 0) {
      const bool holds = t.relation == Relation::kGe   ? constant >= 0
                         : t.relation == Relation::kEq ? constant == 0
                                                       : constant != 0;
      if (!holds) never_ = true;
      return true;
    }
    const auto floor = [](int128 a, int128 b) {
      const int128 q = a / b;
      return q - ((a % b != 0) && ((a < 0) != (b < 0)));
    };
    if (t.relation == Relation::kGe) {
      // coefficient * v >= -constant
      const int128 bound =
          coefficient > 0 ? -floor(constant, coefficient) : floor(constant, -coefficient);
      if (coefficient > 0) {
        if (bound > INT64_MAX) {
          never_ = true;
        } else if (bound > INT64_MIN) {
          take(range_test(field, static_cast<int64_t>(bound), INT64_MAX));
        }
      } else if (bound < INT64_MIN) {
        never_ = true;
      } else if (bound < INT64_MAX) {
        take(range_test(field, INT64_MIN, static_cast<int64_t>(bound)));
      }
      return true;
    }
    const int128 v = floor(-constant, coefficient);
    const bool possible =
        v * coefficient == -constant && v >= INT64_MIN && v <= INT64_MAX;
    if (t.relation == Relation::kEq) {
      take(possible ? range_test(field, static_cast<int64_t>(v), static_cast<int64_t>(v))
                    : Test{});
    } else if (possible) {
      take(hole_test(field, static_cast<int64_t>(v)));
    }
    return true;
  }

  // The lanes of a field: what the interval implies is dropped.
  void settle(FieldState& f) {
    if (never_) return;
    std::ranges::sort(f.holes);
    f.holes.erase(std::unique(f.holes.begin(), f.holes.end()), f.holes.end());
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = 0; i < f.holes.size(); ++i) {
        const int64_t h = f.holes[i];
        if (h > f.lo && h < f.hi) continue;
        f.holes.erase(f.holes.begin() + static_cast<std::ptrdiff_t>(i));
        changed = true;
        if (h < f.lo || h > f.hi) break;
        if (f.lo == f.hi) {
          never_ = true;
          return;
        }
        (h == f.lo ? f.lo += 1 : f.hi -= 1);
        f.tested = true;
        break;
      }
    }
    if (f.lo == f.hi) {
      const Word word = static_cast<Word>(f.lo);
      for (Test m : f.mods) {
        m.x = 0;
        if (!holds(m, program_, &word)) never_ = true;
      }
      f.mods.clear();
    }
    if (f.tested) {
      unary_.push_back(range_test(f.field, f.lo, f.hi));
    }
    for (const int64_t h : f.holes) unary_.push_back(hole_test(f.field, h));
    for (const Test& m : f.mods) {
      if (std::ranges::any_of(f.mods, [&](const Test& o) {
            return o.d > m.d && o.d % m.d == 0 && o.a % static_cast<int64_t>(m.d) == m.a;
          })) {
        continue;
      }
      (std::has_single_bit(m.d) ? unary_ : rest_).push_back(m);
    }
  }

  // Stable. A stable_sort allocates, which takes longer than sorting a few tests.
  template <typename Key>
  static void sort_few(std::vector<Test>& tests, Key key) {
    constexpr size_t kFew = 64;
    if (tests.size() > kFew) return std::ranges::stable_sort(tests, {}, key), void();
    for (size_t i = 1; i < tests.size(); ++i) {
      const Test t = tests[i];
      size_t at = i;
      for (; at > 0 && key(t) < key(tests[at - 1]); --at) tests[at] = tests[at - 1];
      tests[at] = t;
    }
  }

  // What fails most often comes first: points, then narrow intervals.
  void order() {
    sort_few(unary_, [](const Test& t) {
      return t.kind == TestKind::kMod ? uint64_t{1} << 32 : t.d;
    });
    for (size_t i = 0; i < pairs_.size();) {
      const Test& t = pairs_[i];
      const bool fits = std::abs(t.a) <= kMaxLaneFactor &&
                        std::abs(t.b) <= kMaxLaneFactor && t.c < kMaxLaneConstant &&
                        t.c > -kMaxLaneConstant;
      if (fits) {
        ++i;
      } else {
        rest_.push_back(t);
        pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    sort_few(pairs_, [](const Test& t) {
      return t.relation == Relation::kEq ? 0 : t.kind == TestKind::kLinear ? 1 : 2;
    });
  }

  static void set_lane(UnaryGroup& g, size_t lane, const Test& t) {
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

  // Eight neighbouring fields most of which are tested are loaded, not gathered.
  void make_dense(std::vector<PointGroup>& points, std::vector<UnaryGroup>& unary) {
    constexpr int kFewPoints = 5, kFewRanges = 7;
    // The lanes of each block that have an equality, and those that have an interval.
    std::vector<std::pair<uint8_t, uint8_t>> tested(state_of_.size() / kLanes);
    for (const Test& t : unary_) {
      if (t.kind != TestKind::kRange || t.x / kLanes >= tested.size()) continue;
      auto& [points_here, ranges_here] = tested[t.x / kLanes];
      const auto bit = static_cast<uint8_t>(1u << t.x % kLanes);
      if (t.is_equality()) points_here |= bit;
      ranges_here |= bit;
    }
    for (size_t block = 0; block < tested.size(); ++block) {
      if (std::popcount(tested[block].first) < kFewPoints &&
          std::popcount(tested[block].second) < kFewRanges) {
        continue;
      }
      const size_t base = block * kLanes;
      const auto take = [&](bool equality, auto&& set) {
        const auto here = [&](const Test& t) {
          return (equality ? t.is_equality() : t.kind == TestKind::kRange) &&
                 t.x >= base && t.x < base + kLanes;
        };
        uint32_t lanes = 0;
        for (const Test& t : unary_) {
          if (here(t)) lanes |= 1u << (t.x - base);
        }
        if (std::popcount(lanes) < (equality ? kFewPoints : kFewRanges)) return;
        uint32_t taken = 0;
        set(nullptr, lanes);
        std::erase_if(unary_, [&](const Test& t) {
          if (!here(t) || (taken >> (t.x - base) & 1) != 0) return false;
          taken |= 1u << (t.x - base);
          set(&t, lanes);
          return true;
        });
      };
      take(true, [&](const Test* t, uint32_t lanes) {
        if (t == nullptr) {
          points.push_back(
              {{}, static_cast<uint32_t>(base), static_cast<uint8_t>(lanes)});
        } else {
          points.back().value[t->x - base] = static_cast<uint64_t>(t->a);
        }
      });
      take(false, [&](const Test* t, uint32_t) {
        if (t != nullptr) return set_lane(unary.back(), t->x - base, *t);
        UnaryGroup g;
        g.dense = static_cast<uint32_t>(base) + 1;
        for (size_t k = 0; k < kLanes; ++k) g.field[k] = static_cast<uint16_t>(base + k);
        unary.push_back(g);
      });
    }
  }

  void lay_out(Lanes& out) {
    std::vector<PointGroup> points;
    std::vector<UnaryGroup> unary;
    make_dense(points, unary);
    std::vector<EqualGroup> equal;
    size_t num_equal = 0;
    std::erase_if(unary_, [&](const Test& t) {
      if (!t.is_equality() || t.a != static_cast<int32_t>(t.a)) return false;
      const size_t lane = num_equal++ % kLanes;
      if (lane == 0) equal.emplace_back();
      // The first lane of a group fills all of it.
      for (size_t i = lane; i < (lane == 0 ? kLanes : lane + 1); ++i) {
        equal.back().field[i] = t.x;
        equal.back().value[i] = static_cast<int32_t>(t.a);
      }
      return true;
    });
    for (size_t i = 0; i < unary_.size(); ++i) {
      if (i % kLanes == 0) unary.emplace_back();
      set_lane(unary.back(), i % kLanes, unary_[i]);
    }
    std::vector<PairGroup> pairs;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      if (i % kLanes == 0) pairs.emplace_back();
      set_lane(pairs.back(), i % kLanes, pairs_[i]);
    }
    LaneBlock head;
    head.num_points = static_cast<uint16_t>(points.size());
    head.num_equal = static_cast<uint16_t>(equal.size());
    head.num_unary = static_cast<uint32_t>(unary.size());
    head.num_pairs = static_cast<uint32_t>(pairs.size());
    head.flags =
        (never_ ? LaneBlock::kNever : 0u) | (rest_.empty() ? 0u : LaneBlock::kRest);
    head.lanes = &out;
    const auto bytes = [](const auto& groups) {
      return groups.size() * sizeof(groups[0]);
    };
    out.owned_.reset(new unsigned char[sizeof head + bytes(points) + bytes(equal) +
                                       bytes(unary) + bytes(pairs)]);
    unsigned char* at = out.owned_.get();
    out.at_ = reinterpret_cast<LaneBlock*>(at);
    std::memcpy(at, &head, sizeof head);
    at += sizeof head;
    const auto copy = [&](const auto& groups) {
      if (!groups.empty()) std::memcpy(at, groups.data(), bytes(groups));
      at += bytes(groups);
    };
    copy(points);
    copy(equal);
    copy(unary);
    copy(pairs);
    out.rest_ = std::vector<Test>(rest_.begin(), rest_.end());
  }

  static void set_lane(PairGroup& g, size_t lane, const Test& t) {
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
    (t.relation == Relation::kGe   ? g.ge
     : t.relation == Relation::kEq ? g.eq
                                   : g.ne) |= bit;
  }

  const Program& program_;
  bool never_ = false;
  std::vector<int32_t> state_of_;
  std::vector<FieldState> fields_;
  std::vector<Test> unary_, pairs_, rest_;
};

Lanes::Lanes(const Program& program, size_t num_fields) : program_(&program) {
  static const bool wide = has_avx512();
  kernel_ = wide ? &check_lanes_avx512 : &check_lanes_portable;
  Merger(program, num_fields).run(*this);
}

namespace {

size_t bytes_of(const LaneBlock& b) {
  return sizeof b + b.num_points * sizeof(PointGroup) + b.num_equal * sizeof(EqualGroup) +
         b.num_unary * sizeof(UnaryGroup) + b.num_pairs * sizeof(PairGroup);
}

}  // namespace

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
  if (b.num_unary > kMaxTests || b.num_pairs > kMaxTests || bytes_of(b) != bytes.size() ||
      (b.flags & ~(LaneBlock::kNever | LaneBlock::kRest)) != 0) {
    return false;
  }
  uint32_t most = 0;  // field that is read
  const auto read = [&most](const uint16_t(&fields)[kLanes]) {
    for (const uint16_t f : fields) most = std::max<uint32_t>(most, f);
  };
  for (const PointGroup& g : std::span(b.points(), b.num_points)) {
    if (g.base >= num_fields) return false;
    most = std::max<uint32_t>(most, g.base + kLanes - 1);
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
