#include "cache/merge.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "cache/lanes.h"

namespace congrua::cache::internal {

namespace {

// Merges the tests of one program.
class Merger {
 public:
  Merger(const Program& program, size_t num_fields)
      : program_(program), state_of_(num_fields, -1) {
    fields_.reserve(std::min<size_t>(program.num_tests, num_fields));
    unary_.reserve(program.num_tests);
    pairs_.reserve(program.num_tests);
  }

  MergedTests run() {
    program_.all_of([this](const Test& t) { return take(t), true; });
    reduce_pairs();
    for (FieldState& f : fields_) settle(f);
    if (never_) return {true, {}, {}, {}};
    order();
    return {false, std::move(unary_), std::move(pairs_), std::move(rest_)};
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

  const Program& program_;
  bool never_ = false;
  std::vector<int32_t> state_of_;
  std::vector<FieldState> fields_;
  std::vector<Test> unary_, pairs_, rest_;
};

}  // namespace

MergedTests merge_tests(const Program& program, size_t num_fields) {
  return Merger(program, num_fields).run();
}

}  // namespace congrua::cache::internal
