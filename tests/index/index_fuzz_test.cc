// Generated loop nests against enumeration: what is answered agrees with evaluation at
// every point of the ranges.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/index.h"
#include "congrua/text.h"
#include "tests/base/soak.h"

namespace congrua {
namespace {

using Random = std::mt19937_64;

// Sizes with facts, loops over them, and indices as frameworks make them: flattened,
// taken apart at other places, padded, seen through windows, transposed.
class Nest {
 public:
  explicit Nest(uint64_t seed) : random_(seed), facts_(pool_) {
    for (const char* name : {"a", "b", "c"})
      sizes_.push_back(pool_.symbol(name, {.range = {.lo = pick(0, 2), .hi = 6}}));
    if (chance(3)) fact(eq(floor_mod(sizes_[0], 2), pool_.constant(0)));
    if (chance(4)) fact(eq(floor_mod(sizes_[1], 3), pool_.constant(pick(0, 2))));
    if (chance(4)) fact(eq(sizes_[2], 2 * sizes_[1]));
    if (chance(4)) fact(ge(sizes_[0], sizes_[1]));
    const auto count = static_cast<size_t>(pick(1, 4));
    for (size_t i = 0; i < count; ++i) {
      loops_.push_back({pool_.symbol("i" + std::to_string(i)), size()});
    }
    const auto indices = static_cast<size_t>(pick(1, 3));
    for (size_t i = 0; i < indices; ++i) indices_.push_back(index());
  }

  std::string text() const {
    std::string out;
    for (FactId i = 0; i < facts_.size(); ++i) out += to_string(facts_.fact(i)) + ", ";
    out += "for";
    for (const LoopVariable& l : loops_)
      out += " " + to_string(l.variable) + " < " + to_string(l.size) + ";";
    for (const Expr e : indices_) out += " " + to_string(e) + ";";
    return out;
  }

  void check() {
    if (facts_.contradictory()) return;
    std::vector<Expr> simple, shown;
    for (const Expr e : indices_) {
      simple.push_back(simplify_index(facts_, e, loops_));
      const Form form = index_form(facts_, e, loops_);
      const absl::StatusOr<Expr> back = parse_sexpr(pool_, form.to_sexpr());
      ASSERT_TRUE(back.ok()) << form.to_sexpr();
      shown.push_back(*back);
      changed += simple.back() != e;
    }
    const MergedLoops merged = merge_loops(facts_, loops_, indices_);
    fewer += merged.loops.size() < loops_.size();
    const Truth multiple = is_multiple_of(facts_, indices_[0], loops_[0].size);
    bool always = true, never = true;
    for_each_point([&](std::vector<Binding> at) {
      ++points;
      for (size_t i = 0; i < indices_.size(); ++i) {
        const absl::StatusOr<int64_t> value = evaluate(indices_[i], at);
        if (!value.ok()) continue;
        expect_value(simple[i], at, *value, "simplified");
        expect_value(shown[i], at, *value, "shown");
      }
    });
    // Of the facts alone: the variables are free, within a box.
    if (multiple == Truth::kTrue || multiple == Truth::kFalse) {
      for_each_point([&](const std::vector<Binding>& at) {
        const auto v =
            evaluate(eq(floor_mod(indices_[0], loops_[0].size), pool_.constant(0)), at);
        if (!v.ok()) return;
        (*v != 0 ? never : always) = false;
      });
      EXPECT_TRUE(multiple == Truth::kTrue ? always : never) << text();
    }
    check_loops(merged);
  }

  uint64_t changed = 0, fewer = 0, points = 0;

 private:
  int64_t pick(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(random_() % static_cast<uint64_t>(hi - lo + 1));
  }
  bool chance(int64_t n) { return pick(1, n) == 1; }
  template <typename T>
  const T& any(const std::vector<T>& v) {
    return v[static_cast<size_t>(pick(0, static_cast<int64_t>(v.size()) - 1))];
  }
  void fact(Expr e) { (void)facts_.add(e); }

  Expr size() {
    switch (pick(0, 7)) {
      case 0:
        return pool_.constant(pick(1, 4));
      case 1:
        return any(sizes_) - 1;
      case 2:
        return floor_div(any(sizes_) + pick(0, 1), 2);
      case 3:
        return any(sizes_) * any(sizes_);
      case 4:
        return any(sizes_) * pick(2, 3);
      default:
        return any(sizes_);
    }
  }
  // A size that loops have, so that things meet.
  Expr known_size() { return chance(4) ? size() : any(loops_).size; }

  Expr flattened() {
    Expr e = pool_.constant(0);
    for (const LoopVariable& l : loops_) {
      if (!chance(5)) e = e * l.size + l.variable;
    }
    return e;
  }
  Expr taken_apart(Expr e) {
    const Expr inner = known_size(), outer = known_size();
    switch (pick(0, 4)) {
      case 0:
        return inner * floor_div(e, inner) + floor_mod(e, inner);
      case 1:
        return floor_mod(floor_div(e, inner), outer);
      case 2:  // transposed
        return outer * floor_mod(e, inner) + floor_div(e, inner);
      case 3:
        return floor_mod(e, inner) + inner * floor_mod(floor_div(e, inner), outer) +
               inner * outer * floor_div(floor_div(e, inner), outer);
      default:
        return pick(1, 3) * floor_div(e, pool_.constant(pick(1, 4))) +
               floor_mod(e, pool_.constant(pick(2, 6)));
    }
  }
  Expr index() {
    Expr e = chance(2) ? flattened() : any(loops_).variable;
    for (int64_t depth = pick(0, 2); depth > 0; --depth) {
      switch (pick(0, 5)) {
        case 0:
          e = select(lt(e, known_size()), e, e - known_size());
          break;
        case 1:
          e = min(max(e - pick(0, 2), pool_.constant(0)), known_size() - 1);
          break;
        case 2:
          e = pick(1, 3) * e + any(loops_).variable - pick(0, 2);
          break;
        default:
          e = taken_apart(e);
      }
    }
    return e;
  }

  void expect_value(Expr e, std::span<const Binding> at, int64_t want,
                    std::string_view what) {
    const absl::StatusOr<int64_t> have = evaluate(e, at);
    EXPECT_TRUE(have.ok() && *have == want) << what << " " << to_string(e) << "\n"
                                            << text();
  }

  // All points of the facts and ranges, a few hundred of each nest.
  template <typename F>
  void for_each_point(F&& f) {
    for (int trial = 0; trial < 24; ++trial) {
      std::vector<Binding> at;
      for (const Expr s : sizes_) at.emplace_back(s, pick(s.range().lo.value_or(0), 6));
      if (!holds(at)) continue;
      for_each_value(loops_, 0, at, f);
    }
  }
  bool holds(std::span<const Binding> at) {
    for (FactId i = 0; i < facts_.size(); ++i) {
      const auto v = evaluate(facts_.fact(i), at);
      if (!v.ok() || *v == 0) return false;
    }
    return true;
  }
  template <typename F>
  void for_each_value(std::span<const LoopVariable> loops, size_t i,
                      std::vector<Binding>& at, F&& f) {
    if (i == loops.size()) return f(at);
    const auto n = evaluate(loops[i].size, at);
    ASSERT_TRUE(n.ok());
    for (int64_t v = 0; v < *n; v += 1 + (*n > 12 ? pick(0, *n / 6) : 0)) {
      at.emplace_back(loops[i].variable, v);
      for_each_value(loops, i + 1, at, f);
      at.pop_back();
    }
  }

  // The merged nest visits the points of the given one, each once, with its indices.
  void check_loops(const MergedLoops& merged) {
    for (int trial = 0; trial < 3; ++trial) {
      std::vector<Binding> at;
      for (const Expr s : sizes_) at.emplace_back(s, pick(s.range().lo.value_or(0), 4));
      if (!holds(at)) continue;
      std::map<std::vector<int64_t>, int> count;
      int64_t total = 1;
      for (const LoopVariable& l : loops_)
        total *= std::max<int64_t>(evaluate(l.size, at).value_or(0), 0);
      if (total == 0 || total > 2000) continue;
      visit(merged.loops, 0, at, [&](const std::vector<Binding>& point) {
        std::vector<Binding> old(point.begin(),
                                 point.begin() + static_cast<ptrdiff_t>(sizes_.size()));
        std::vector<int64_t> values;
        for (size_t i = 0; i < loops_.size(); ++i) {
          const auto v = evaluate(merged.values[i], point);
          ASSERT_TRUE(v.ok()) << text();
          const auto n = evaluate(loops_[i].size, old);
          EXPECT_TRUE(*v >= 0 && *v < *n) << text();
          values.push_back(*v);
        }
        for (size_t i = 0; i < loops_.size(); ++i)
          old.emplace_back(loops_[i].variable, values[i]);
        EXPECT_EQ(++count[values], 1) << text();
        for (size_t i = 0; i < indices_.size(); ++i) {
          const auto want = evaluate(indices_[i], old);
          if (want.ok()) expect_value(merged.indices[i], point, *want, "merged");
        }
      });
      EXPECT_EQ(static_cast<int64_t>(count.size()), total) << text();
    }
  }
  template <typename F>
  void visit(std::span<const LoopVariable> loops, size_t i, std::vector<Binding>& at,
             F&& f) {
    if (i == loops.size()) return f(at);
    const auto n = evaluate(loops[i].size, at);
    ASSERT_TRUE(n.ok());
    for (int64_t v = 0; v < *n; ++v) {
      at.emplace_back(loops[i].variable, v);
      visit(loops, i + 1, at, f);
      at.pop_back();
    }
  }

  Random random_;
  ExprPool pool_;
  Facts facts_;
  std::vector<Expr> sizes_;
  std::vector<LoopVariable> loops_;
  std::vector<Expr> indices_;
};

TEST(IndexFuzz, NestsAgreeWithEnumeration) {
  const Seeds seeds = soak_seeds(400, 100'000);
  uint64_t changed = 0, fewer = 0, points = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Nest nest(seed);
    nest.check();
    changed += nest.changed;
    fewer += nest.fewer;
    points += nest.points;
  }
  EXPECT_GT(changed, 0);
  EXPECT_GT(fewer, 0);
  soak_report("index_fuzz", seeds,
              {{"points", points}, {"changed", changed}, {"fewer loops", fewer}});
}

}  // namespace
}  // namespace congrua
