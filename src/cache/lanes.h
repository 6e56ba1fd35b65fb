// Lanes: the tests of one program, simplified and laid out for eight at a time.
//
// What a program asks of one field is merged to one interval and what it does not imply;
// tests of two fields of which one is pinned to a constant become tests of the other. A
// program's tests are then groups of eight lanes that one vector instruction computes,
// and a rest that is evaluated one by one (odd moduli, floats, sets, register programs).
//
//   point group   x == value, of neighbouring fields; values of 2, 4 or 8 bytes
//   equal group   x == value, of any fields, values of 32 bits
//   unary group   rotate_right(x - lo, rot) <= span, unsigned: exact for intervals of
//                 any words, and for x = r modulo 2^k with lo = r, rot = k
//   pair group    a*x + b*y + c, or +-x*y + c, REL 0: computed in 64 bits where all x and
//                 y are of 32, else the program is checked test by test
//
// The block of a program is one allocation of some hundred bytes. Checking it by lanes
// and by holds() gives the same answer for every row.
#ifndef CONGRUA_CACHE_LANES_H_
#define CONGRUA_CACHE_LANES_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cache/rare_vector.h"
#include "cache/test.h"

namespace congrua::cache::internal {

inline constexpr size_t kLanes = 8;

struct PointPlace {
  uint16_t base = 0;  // lane i is field base + i
  uint8_t lanes = 0;  // a bit for each that is tested
  uint8_t unused = 0;
  friend bool operator==(const PointPlace&, const PointPlace&) = default;
};

struct alignas(8) EqualGroup {  // lanes without a test repeat another
  int32_t value[kLanes] = {};
  uint16_t field[kLanes] = {};
};

struct alignas(8) UnaryGroup {
  uint64_t lo[kLanes] = {};
  uint64_t span[kLanes];  // UINT64_MAX: always true
  uint16_t field[kLanes] = {};
  uint8_t rot[kLanes] = {};
  // Not 0: the lanes read the fields dense - 1 to dense + 6, and rot is 0.
  uint32_t dense = 0;
  uint32_t unused = 0;
  UnaryGroup() {
    for (uint64_t& s : span) s = UINT64_MAX;
  }
};

struct alignas(8) PairGroup {
  int64_t c[kLanes] = {};
  int16_t a[kLanes] = {}, b[kLanes] = {};
  uint16_t x[kLanes] = {}, y[kLanes] = {};
  // A bit per lane: the product, added or subtracted, in place of a*x + b*y.
  uint8_t plus_product = 0, minus_product = 0;
  uint8_t ge = 0xff, eq = 0, ne = 0;
  uint8_t unused[3] = {};
};

// Below these, no lane of a pair group overflows for fields of 32 bits.
inline constexpr int64_t kMaxLaneFactor = INT16_MAX;
inline constexpr int64_t kMaxLaneConstant = int64_t{1} << 61;

// A set of the first 64 fields. Bytes: they are loaded as masks.
struct NarrowFields {
  uint8_t at[8] = {};
  void add(uint16_t field) {
    at[field / 8] = static_cast<uint8_t>(at[field / 8] | 1u << field % 8);
  }
};

class Lanes;

// The head of a block; its groups follow.
struct alignas(8) LaneBlock {
  static constexpr uint32_t kNever = 1, kRest = 2, kHost = 4;
  uint16_t num_points = 0, num_equal = 0, num_unary = 0, num_pairs = 0;
  uint32_t flags = 0;
  uint8_t point_width = 0;  // bytes of each of their values: 2, 4 or 8
  uint8_t unused = 0;
  uint16_t point_words = 0;  // of 8 bytes, that point groups take: what follows is read
                             // where most entries fail, and waits for no more than this
  const Lanes* lanes = nullptr;
  const void* owner = nullptr;  // the entry of a cache

  // Of all point groups first the places, then the values, kLanes of each.
  const PointPlace* places() const {
    return reinterpret_cast<const PointPlace*>(this + 1);
  }
  const void* values() const { return values(num_points); }
  const void* values(size_t n) const {  // for those who know that there are n groups
    return reinterpret_cast<const char*>(this + 1) + place_bytes(n);
  }
  static size_t place_bytes(size_t n) { return (n * sizeof(PointPlace) + 7) / 8 * 8; }
  int64_t point(size_t group, size_t lane) const {
    const size_t i = group * kLanes + lane;
    return point_width == 2   ? static_cast<const int16_t*>(values())[i]
           : point_width == 4 ? static_cast<const int32_t*>(values())[i]
                              : static_cast<const int64_t*>(values())[i];
  }
  size_t point_bytes() const {
    return place_bytes(num_points) + num_points * kLanes * point_width;
  }
  const EqualGroup* equal() const {
    return reinterpret_cast<const EqualGroup*>(
        reinterpret_cast<const uint64_t*>(this + 1) + point_words);
  }
  const UnaryGroup* unary() const {
    return reinterpret_cast<const UnaryGroup*>(equal() + num_equal);
  }
  const PairGroup* pairs() const {
    return reinterpret_cast<const PairGroup*>(unary() + num_unary);
  }
};

class Lanes {
 public:
  // The program must outlive the lanes.
  Lanes(const Program& program, size_t num_fields);
  // From a block that sound_block() accepted, which must outlive the lanes, and tests
  // that read no sets and no code.
  Lanes(LaneBlock* block, std::vector<Test> rest);
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  // The answer of the fastest kernel of this machine.
  bool check(const Word* row) const { return kernel_(*block(), row); }

  // No row holds.
  bool never() const { return (block()->flags & LaneBlock::kNever) != 0; }
  size_t bytes() const;

  const Program& program() const { return *program_; }
  const LaneBlock* block() const { return at_; }
  LaneBlock* block() { return at_; }
  size_t block_bytes() const;
  std::span<const Test> rest() const { return {rest_.data(), rest_.size()}; }
  bool check_rest(const Word* row) const {
    for (const Test& t : rest_) {
      if (!holds(t, *program_, row)) return false;
    }
    return true;
  }
  // Test by test, of a program: what all kernels are held to.
  bool check_slowly(const Word* row) const;

  // Calls f(field, lo, span) for each interval of words that a row that holds lies in and
  // that does not wrap around as int64: of each field one at most.
  template <typename F>
  void for_each_interval(F&& f) const {
    for (size_t i = 0; i < block()->num_points; ++i) {
      const PointPlace& p = block()->places()[i];
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const int64_t v = block()->point(i, lane);
        if ((p.lanes >> lane & 1) != 0) f(static_cast<uint16_t>(p.base + lane), v, v);
      }
    }
    for (size_t i = 0; i < block()->num_equal; ++i) {
      const EqualGroup& g = block()->equal()[i];
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const bool repeats = lane != 0 && g.field[lane] == g.field[0];
        if (!repeats) f(g.field[lane], int64_t{g.value[lane]}, int64_t{g.value[lane]});
      }
    }
    for (size_t i = 0; i < block()->num_unary; ++i) {
      const UnaryGroup& g = block()->unary()[i];
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const auto lo = static_cast<int64_t>(g.lo[lane]);
        const auto hi = static_cast<int64_t>(g.lo[lane] + g.span[lane]);
        if (g.rot[lane] == 0 && g.span[lane] != UINT64_MAX && lo <= hi) {
          f(g.field[lane], lo, hi);
        }
      }
    }
  }

  // Calls f(x, y, equal) for each test x == y of two fields and, where equal is false,
  // each that implies x <= y.
  template <typename F>
  void for_each_order(F&& f) const {
    for (size_t i = 0; i < block()->num_pairs; ++i) {
      const PairGroup& g = block()->pairs()[i];
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const uint32_t bit = 1u << lane;
        if (((g.plus_product | g.minus_product) & bit) != 0) continue;
        if (g.a[lane] != -g.b[lane] || g.a[lane] == 0) continue;
        if ((g.eq & bit) != 0 && g.c[lane] == 0) f(g.x[lane], g.y[lane], true);
        if ((g.ge & bit) == 0 || g.c[lane] > 0) continue;
        // a*(x - y) >= -c >= 0
        const bool falls = g.a[lane] < 0;
        f(falls ? g.x[lane] : g.y[lane], falls ? g.y[lane] : g.x[lane], false);
      }
    }
  }

 private:
  using Kernel = bool (*)(const LaneBlock&, const Word*);

  std::unique_ptr<unsigned char[]> owned_;
  LaneBlock* at_ = nullptr;
  Kernel kernel_ = nullptr;
  const Program* program_ = nullptr;
  RareVector<Test> rest_;
};

// Whether bytes, aligned to 8, are a block that kernels may read rows of so many fields
// with; whoever wrote them.
bool sound_block(std::span<const unsigned char> bytes, size_t num_fields);

// The kernels. check_lanes_avx512 needs has_avx512().
bool check_lanes_portable(const LaneBlock& block, const Word* row);
bool check_lanes_avx512(const LaneBlock& block, const Word* row);
// AVX-512 F, BW, DQ, VL and VBMI.
bool has_avx512();

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_LANES_H_
