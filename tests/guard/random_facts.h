// Random systems of facts, and the reduction of one that fails to a small one.
#ifndef CONGRUA_TESTS_GUARD_RANDOM_FACTS_H_
#define CONGRUA_TESTS_GUARD_RANDOM_FACTS_H_

#include <cstdint>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "tests/guard/box.h"
#include "tests/guard/systems.h"

namespace congrua::guard_test {

// ---- Random cases

class RandomSystem {
 public:
  // Plain remainders: the distributions of <random> differ between libraries.
  explicit RandomSystem(uint64_t seed) : rng_(seed * 0x9E3779B97F4A7C15u + 1) {}

  System make() {
    System s;
    system_ = &s;
    wild_ = one_in(6);
    opaque_ = one_in(8);
    divides_ = one_in(2);
    s.boxed = !one_in(3);
    if (one_in(8)) s.steps = below(2) == 0 ? 50 : 1'000;
    const size_t n = 2 + below(3);
    const int64_t widths[] = {0, 0, 12, 7, 4};
    for (size_t i = 0; i < n; ++i) {
      SymbolSpec x{
          .lo = -2 + pick(0, 3), .hi = 0, .flag = i > 0 && one_in(6), .birth = {}};
      if (wild_ && one_in(3)) x.lo = far();
      x.hi = x.lo + pick(1, widths[n]);
      if (x.flag) {
        x.lo = 0;
        x.hi = 1;
      } else if (one_in(3)) {
        x.birth = {.lo = x.lo};
        if (one_in(2)) x.birth.hi = x.hi;
      }
      s.symbols.push_back(x);
    }
    if (s.boxed) bound_all(s);
    s.bounds = s.script.size();
    twins_.clear();
    if (one_in(6)) twins_ = {integer(1), integer(1)};
    int depth = 0;
    for (size_t i = 3 + below(10); i > 0; --i) {
      switch (below(8)) {
        case 0:
          s.script.push_back({Act::kPush});
          ++depth;
          break;
        case 1:
          if (depth > 0) {
            s.script.push_back({Act::kPop});
            --depth;
          }
          break;
        case 2:
        case 3:
        case 4: {
          s.script.push_back({Act::kFact, fresh_or_similar()});
          facts_.push_back(s.script.back().tree);
          break;
        }
        default:
          s.script.push_back({Act::kAsk, fresh_or_similar()});
          break;
      }
    }
    s.script.push_back({Act::kAsk, fresh_or_similar()});
    system_ = nullptr;
    return s;
  }

 private:
  size_t below(size_t n) { return rng_() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  int64_t pick(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(below(static_cast<size_t>(hi - lo) + 1));
  }
  // Where int64 and the engine's own limits end.
  int64_t far() {
    const int64_t powers[] = {int64_t{1} << 20, int64_t{1} << 31, int64_t{1} << 40,
                              int64_t{1} << 53, int64_t{1} << 61, int64_t{1} << 62};
    const int64_t v = powers[below(6)] + pick(-3, 3);
    return one_in(2) ? v : -v;
  }

  void bound_all(System& s) {
    for (size_t i = 0; i < s.symbols.size(); ++i) {
      const SymbolSpec& x = s.symbols[i];
      if (x.flag) continue;
      const Tree symbol{Kind::kSymbol, static_cast<int64_t>(i)};
      const Tree low{Kind::kGe, 0, {symbol, {Kind::kNumber, x.lo}}};
      const Tree high{Kind::kLe, 0, {symbol, {Kind::kNumber, x.hi}}};
      if (one_in(4)) {
        s.script.push_back({Act::kFact, {Kind::kAnd, 0, {low, high}}});
        continue;
      }
      if (!x.birth.lo || one_in(2)) s.script.push_back({Act::kFact, low});
      if (!x.birth.hi || one_in(2)) s.script.push_back({Act::kFact, high});
    }
  }

  // Guards near the facts are the ones that follow from them.
  Tree fresh_or_similar() {
    if (facts_.empty() || below(3) != 0) return proposition(one_in(3) ? 2 : 1);
    Tree t = facts_[below(facts_.size())];
    mutate(t);
    return t;
  }
  void mutate(Tree& t) {
    if (!t.args.empty() && !one_in(4)) return mutate(t.args[below(t.args.size())]);
    switch (t.kind) {
      case Kind::kNumber:
        t.number += pick(-2, 2);
        break;
      case Kind::kEq:
      case Kind::kNe:
      case Kind::kLt:
      case Kind::kLe:
      case Kind::kGt:
      case Kind::kGe:
        t.kind = comparison();
        break;
      default:
        t = is_proposition(t.kind)
                ? (one_in(2) ? proposition(1) : Tree{Kind::kNot, 0, {t}})
                : integer(1);
    }
  }

  Kind comparison() {
    static constexpr Kind kKinds[] = {Kind::kEq, Kind::kEq, Kind::kNe, Kind::kLt,
                                      Kind::kLe, Kind::kGt, Kind::kGe};
    return kKinds[below(std::size(kKinds))];
  }

  Tree proposition(int depth) {
    if (depth == 0 || !one_in(3)) {
      if (one_in(10)) {
        for (size_t i = 0; i < system_->symbols.size(); ++i) {
          if (system_->symbols[i].flag) return {Kind::kFlag, static_cast<int64_t>(i)};
        }
      }
      if (one_in(5)) {  // divides
        return {
            Kind::kEq,
            0,
            {{Kind::kFloorMod, 0, {integer(2), divisor()}}, {Kind::kNumber, pick(0, 1)}}};
      }
      return {comparison(), 0, {integer(2), integer(one_in(3) ? 2 : 0)}};
    }
    const auto part = [&] { return proposition(depth - 1); };
    switch (below(9)) {
      case 0:
      case 1:
        return {Kind::kAnd, 0, {part(), part()}};
      case 2:
      case 3:
        return {Kind::kOr, 0, {part(), part()}};
      case 4:
        return {Kind::kNot, 0, {part()}};
      case 5:
        return {Kind::kImplies, 0, {part(), part()}};
      case 6:
        return {Kind::kIff, 0, {part(), part()}};
      case 7:
        return {Kind::kXor, 0, {part(), part()}};
      default:
        return {Kind::kIf, 0, {part(), part(), part()}};
    }
  }

  Tree number() {
    if (wild_ && one_in(3)) return {Kind::kNumber, far()};
    return {Kind::kNumber, one_in(4) ? pick(-20, 20) : pick(-3, 6)};
  }
  Tree divisor() {
    if (divides_ && one_in(2)) return integer(static_cast<int>(below(2)));
    if (wild_ && one_in(4)) return {Kind::kNumber, far()};
    return {Kind::kNumber, one_in(4) ? pick(-5, -1) : pick(2, 6)};
  }
  Tree atom() {
    for (int tries = 0; tries < 3; ++tries) {
      const size_t i = below(system_->symbols.size());
      if (!system_->symbols[i].flag) return {Kind::kSymbol, static_cast<int64_t>(i)};
    }
    return number();
  }

  Tree integer(int depth) {
    if (!twins_.empty() && one_in(3)) return twin();
    if (depth == 0 || one_in(4)) return one_in(4) ? number() : atom();
    const auto sub = [&] { return integer(depth - 1); };
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        return {Kind::kAdd, 0, {sub(), sub()}};
      case 3:
      case 4:
        return {Kind::kSub, 0, {sub(), sub()}};
      case 5:
        return {Kind::kMul, 0, {sub(), sub()}};
      case 6:
      case 7:
        return {Kind::kMul, 0, {number(), sub()}};
      case 8:
      case 9:
        return {Kind::kFloorDiv, 0, {sub(), divisor()}};
      case 10:
      case 11:
        return {Kind::kFloorMod, 0, {sub(), divisor()}};
      case 12:
        return {Kind::kCeilDiv, 0, {sub(), divisor()}};
      case 13:
        return {one_in(2) ? Kind::kMin : Kind::kMax, 0, {sub(), sub()}};
      case 14:
        if (opaque_) return {Kind::kOpaque, 0, {sub()}};
        return {Kind::kAbs, 0, {sub()}};
      default:
        return {Kind::kSelect, 0, {proposition(0), sub(), sub()}};
    }
  }

  // Different forms of one value, which cancel.
  Tree twin() {
    Tree a = twins_[0], b = twins_[1];
    if (one_in(2)) std::swap(a, b);
    switch (below(8)) {
      case 0:
        return a;
      case 1:
        return {Kind::kMax, 0, {a, b}};
      case 2:
        return {Kind::kMin, 0, {a, b}};
      case 3:
        return {Kind::kAbs, 0, {{Kind::kSub, 0, {a, b}}}};
      default:
        return {Kind::kSelect, 0, {{comparison(), 0, {a, b}}, a, b}};
    }
  }

  std::mt19937_64 rng_;
  const System* system_ = nullptr;
  std::vector<Tree> twins_;  // two, or none
  std::vector<Tree> facts_;
  bool wild_ = false, opaque_ = false, divides_ = false;
};

// ---- Reduction

// Trees one step smaller than `t`, in its place.
inline void smaller(const Tree& t, const std::function<void(Tree)>& use) {
  for (const Tree& a : t.args) {
    if (is_proposition(a.kind) == is_proposition(t.kind)) use(a);
  }
  if (!t.args.empty()) {
    if (is_proposition(t.kind)) {
      use({Kind::kTruth, 1});
      use({Kind::kTruth, 0});
    } else {
      use({Kind::kNumber, 0});
      use({Kind::kNumber, 1});
    }
  }
  if (t.kind == Kind::kNumber && t.number != 0) {
    use({Kind::kNumber, t.number / 2});
    use({Kind::kNumber, t.number - (t.number > 0 ? 1 : -1)});
  }
  for (size_t i = 0; i < t.args.size(); ++i) {
    smaller(t.args[i], [&](Tree a) {
      Tree copy = t;
      copy.args[i] = std::move(a);
      use(std::move(copy));
    });
  }
}

// The smallest case found that still fails.
inline System reduce(System s, const std::function<bool(const System&)>& fails) {
  // What is wrong without a box is wrong for any choice of bounds.
  System unbounded = s;
  unbounded.boxed = false;
  unbounded.bounds = 0;
  if (fails(unbounded)) s = std::move(unbounded);
  for (bool changed = true; changed;) {
    changed = false;
    const auto attempt = [&](System candidate) {
      if (changed || !fails(candidate)) return;
      s = std::move(candidate);
      changed = true;
    };
    for (size_t i = 0; i < s.symbols.size() && !s.boxed && !changed; ++i) {
      if (s.symbols[i].birth == Range{}) continue;
      System candidate = s;
      candidate.symbols[i].birth = {};
      attempt(std::move(candidate));
    }
    for (size_t i = s.bounds; i < s.script.size() && !changed; ++i) {
      System candidate = s;
      candidate.script.erase(candidate.script.begin() + static_cast<std::ptrdiff_t>(i));
      attempt(std::move(candidate));
    }
    for (size_t i = s.bounds; i < s.script.size() && !changed; ++i) {
      if (s.script[i].act != Act::kFact && s.script[i].act != Act::kAsk) continue;
      const Tree tree = s.script[i].tree;
      smaller(tree, [&](Tree t) {
        if (changed) return;
        System candidate = s;
        candidate.script[i].tree = std::move(t);
        attempt(std::move(candidate));
      });
    }
  }
  return s;
}

}  // namespace congrua::guard_test

#endif  // CONGRUA_TESTS_GUARD_RANDOM_FACTS_H_
