#include "cli/cases_points.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/int.h"

namespace congrua::cli {
namespace {

constexpr int64_t kFew = 4096;    // assignments that are all tried
constexpr size_t kWanted = 1000;  // random points
constexpr size_t kEnough = 500;   // with fewer, points are moved towards the facts
constexpr int kRepairs = 400;
constexpr int64_t kFar = int64_t{1} << 62;

// SplitMix64.
class Random {
 public:
  explicit Random(std::string_view seed) {
    for (const char c : seed) state_ = (state_ ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [lo, hi].
  int64_t between(int64_t lo, int64_t hi) {
    const uint64_t span = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo) + 1;
    return static_cast<int64_t>(static_cast<uint64_t>(lo) +
                                (span == 0 ? next() : next() % span));
  }
  bool percent(int64_t share) { return between(0, 99) < share; }
  template <typename T>
  const T& of(const std::vector<T>& list) {
    return list[static_cast<size_t>(between(0, static_cast<int64_t>(list.size()) - 1))];
  }

 private:
  uint64_t state_ = 0xcbf29ce484222325;
};

int64_t clamped(int128 v) {
  return static_cast<int64_t>(std::clamp<int128>(v, -kFar, kFar));
}

// A fact, and for a comparison its sides: how far it is from holding.
struct Fact {
  TermFunction holds;
  bool equality = false;
  std::optional<TermFunction> left, right;
  std::vector<size_t> variables;
};

class Sampler {
 public:
  Sampler(const Case& c, std::vector<Fact> facts)
      : facts_(std::move(facts)), random_(c.id) {
    for (const CaseVariable& v : c.variables) {
      ranges_.push_back(v.is_bool ? Range{0, 1} : Range{v.lo, v.hi});
    }
    std::set<int64_t> constants = {-1, 0, 1, 2};
    const auto note = [&](const Term& t) {
      for (const Int& n : t.numbers()) {
        if (const auto v = n.to_int64()) constants.insert(clamped(*v));
      }
    };
    note(c.expr.term);
    if (c.form) note(c.form->term);
    for (const Fact& f : facts_) note(f.holds.term());
    for (const Range& r : ranges_) {
      if (r.lo) constants.insert(*r.lo);
      if (r.hi) constants.insert(*r.hi);
    }
    constants_.assign(constants.begin(), constants.end());
  }

  CasePoints sample() {
    if (few()) {
      product(windows(kFew), SIZE_MAX);
      return {std::move(points_), true};
    }
    corners();
    static constexpr std::array<int64_t, 6> kWidths = {1, 400, 24, 8, 5, 4};
    const size_t n = ranges_.size();
    product(windows(n < kWidths.size() ? kWidths[n] : 2), 800);
    if (n <= 3) at_constants();
    const size_t goal = points_.size() + kWanted;
    for (size_t i = 0; i < 3 * kWanted && points_.size() < goal; ++i) take(any_point());
    if (!facts_.empty() && points_.size() < kEnough) near_facts();
    return {std::move(points_), false};
  }

 private:
  struct Range {
    std::optional<int64_t> lo, hi;
    bool contains(int64_t x) const { return (!lo || *lo <= x) && (!hi || x <= *hi); }
  };
  using Window = std::pair<int64_t, int64_t>;

  bool few() const {
    int128 count = 1;
    for (const Range& r : ranges_) {
      if (!r.lo || !r.hi) return false;
      count *= std::max<int128>(int128{*r.hi} - *r.lo + 1, 0);
      if (count > kFew) return false;
    }
    return true;
  }

  bool admitted(const CasePoint& p) {
    for (size_t i = 0; i < p.size(); ++i) {
      if (!ranges_[i].contains(p[i])) return false;
    }
    return std::ranges::all_of(facts_, [&](Fact& f) { return f.holds.holds(p); });
  }

  bool take(const CasePoint& p) {
    if (!seen_.insert(p).second || !admitted(p)) return false;
    points_.push_back(p);
    return true;
  }

  // About `width` values of each variable, near 0 where they can be.
  std::vector<Window> windows(int64_t width) const {
    std::vector<Window> out;
    for (const Range& r : ranges_) {
      int64_t from = -(width / 2);
      if (r.lo) {
        from = *r.lo;
      } else if (r.hi && *r.hi < width / 2) {
        from = clamped(int128{*r.hi} - width + 1);
      }
      const int64_t to = clamped(int128{from} + width - 1);
      out.emplace_back(from, r.hi ? std::min(to, *r.hi) : to);
    }
    return out;
  }

  // Takes the assignments of the windows, the last variable first, up to a number.
  void product(const std::vector<Window>& windows, size_t limit) {
    CasePoint p;
    for (const auto& [from, to] : windows) {
      if (from > to) return;
      p.push_back(from);
    }
    for (size_t count = 0; count < limit; ++count) {
      take(p);
      size_t i = p.size();
      while (i > 0 && p[i - 1] == windows[i - 1].second) {
        p[i - 1] = windows[i - 1].first;
        --i;
      }
      if (i == 0) return;
      ++p[i - 1];
    }
  }

  void corners() {
    std::vector<std::vector<int64_t>> ends;
    for (const Range& r : ranges_) {
      std::set<int64_t> e;
      if (!r.lo && !r.hi) e = {-1, 0, 1};
      for (const auto& [end, next] : {std::pair(r.lo, 1), std::pair(r.hi, -1)}) {
        if (!end) continue;
        e.insert(*end);
        const int64_t inner = clamped(int128{*end} + next);
        if (r.contains(inner)) e.insert(inner);
      }
      if (e.empty()) return;
      ends.emplace_back(e.begin(), e.end());
    }
    std::vector<size_t> at(ends.size());
    for (int count = 0; count < 300; ++count) {
      CasePoint p;
      for (size_t i = 0; i < ends.size(); ++i) p.push_back(ends[i][at[i]]);
      take(p);
      size_t i = at.size();
      while (i > 0 && at[i - 1] + 1 == ends[i - 1].size()) at[--i] = 0;
      if (i == 0) return;
      ++at[i - 1];
    }
  }

  void at_constants() {
    const size_t count = std::min<size_t>(constants_.size(), 60);
    for (size_t i = 0; i < ranges_.size(); ++i) {
      for (size_t k = 0; k < count; ++k) {
        for (const int64_t d : {-1, 0, 1}) {
          CasePoint p = any_point();
          p[i] = clamped(int128{constants_[k]} + d);
          take(p);
        }
      }
    }
  }

  CasePoint any_point() {
    CasePoint p;
    for (size_t i = 0; i < ranges_.size(); ++i) p.push_back(any_value(i));
    return p;
  }

  int64_t any_value(size_t variable) {
    const Range& r = ranges_[variable];
    if (r.lo && r.hi && int128{*r.hi} - *r.lo < 12) {
      return *r.lo > *r.hi ? *r.lo : random_.between(*r.lo, *r.hi);
    }
    const int64_t kind = random_.between(0, 99);
    int128 x = 0;
    if (kind < 30) {
      x = int128{r.lo ? *r.lo : r.hi ? *r.hi - 12 : -6} + random_.between(0, 12);
    } else if (kind < 40 && r.hi) {
      x = int128{*r.hi} - random_.between(0, 12);
    } else if (kind < 65) {
      static constexpr std::array<int64_t, 6> kTimes = {1, 1, 1, -1, 2, 3};
      x = int128{random_.of(constants_)} *
              kTimes[static_cast<size_t>(random_.between(0, 5))] +
          random_.between(-1, 1);
    } else if (kind < 75) {
      x = int128{random_.of(constants_)} * random_.between(-20, 20) +
          random_.of(constants_) + random_.between(-1, 1);
    } else if (r.lo && r.hi) {
      x = random_.between(*r.lo, *r.hi);
    } else {
      const int128 size = static_cast<int64_t>(
          std::exp2(static_cast<double>(random_.between(0, 1699)) / 100));
      x = r.lo ? *r.lo + size : r.hi ? *r.hi - size : random_.percent(50) ? size : -size;
    }
    const int64_t value = clamped(x);
    if (r.contains(value)) return value;
    const int64_t step = std::abs(value % 64);
    if (r.lo && r.hi) return random_.between(*r.lo, *r.hi);
    return clamped(r.lo ? int128{*r.lo} + step : int128{*r.hi} - step);
  }

  // ---- Points of narrow facts

  void near_facts() {
    int misses = 0;
    for (int i = 0; i < kRepairs && misses < 120 && points_.size() < kEnough; ++i) {
      CasePoint p = any_point();
      ++misses;
      if (!repair(p)) continue;
      if (take(p)) misses = 0;
      for (int k = 0; k < 3; ++k) {  // its neighbours
        CasePoint q = p;
        const auto at =
            static_cast<size_t>(random_.between(0, static_cast<int64_t>(p.size()) - 1));
        q[at] = any_value(at);
        if (take(q)) misses = 0;
      }
    }
  }

  // Moves one variable at a time so that fewer facts are broken.
  bool repair(CasePoint& p) {
    if (p.empty()) return false;
    const size_t rounds = 4 * facts_.size() + 12;
    for (size_t round = 0; round < rounds; ++round) {
      std::vector<size_t> broken;
      for (size_t k = 0; k < facts_.size(); ++k) {
        if (!facts_[k].holds.holds(p)) broken.push_back(k);
      }
      if (broken.empty()) return true;
      Fact& f = facts_[random_.of(broken)];
      int64_t best = INT64_MAX;
      CasePoint best_point = p;
      for (const size_t i : f.variables) {
        for (const int64_t x : candidates(p, f, i)) {
          if (x == p[i] || !ranges_[i].contains(x)) continue;
          CasePoint q = p;
          q[i] = x;
          // The chosen fact counts most; chance decides between equals.
          int64_t bad = random_.between(0, 89);
          for (Fact& g : facts_) {
            if (!g.holds.holds(q)) bad += &g == &f ? 300 : 100;
          }
          if (bad < best) {
            best = bad;
            best_point = std::move(q);
          }
        }
      }
      if (best == INT64_MAX || random_.percent(8)) {
        const auto i =
            static_cast<size_t>(random_.between(0, static_cast<int64_t>(p.size()) - 1));
        best_point = p;
        best_point[i] = any_value(i);
      }
      p = std::move(best_point);
    }
    return std::ranges::all_of(facts_, [&](Fact& f) { return f.holds.holds(p); });
  }

  // Left side minus right side with variable i at x.
  std::optional<Int> gap(CasePoint p, Fact& f, size_t i, int64_t x) {
    p[i] = x;
    const Int* a = f.left->at(p);
    const Int* b = f.right->at(p);
    if (a == nullptr || b == nullptr) return std::nullopt;
    return *a - *b;
  }

  std::set<int64_t> candidates(const CasePoint& p, Fact& f, size_t i) {
    std::set<int64_t> out = {any_value(i)};
    const auto near = [&](int128 x, int64_t d) {
      for (int64_t k = -d; k <= d; ++k) out.insert(clamped(x + k));
    };
    near(p[i], f.equality ? 8 : 2);
    for (int k = 0; k < 4; ++k) out.insert(random_.of(constants_));
    if (!f.left) return out;
    for (const int64_t step : {1, 7, 64}) {  // the root of a secant
      int128 x = p[i];
      for (int k = 0; k < 3; ++k) {
        const auto here = gap(p, f, i, clamped(x));
        const auto there = gap(p, f, i, clamped(x + step));
        if (!here || !there || *here == *there) break;
        const auto move = floor_div(*here * Int(step), *there - *here).to_int64();
        if (!move) break;
        x = clamped(x - *move);
      }
      near(x, 2);
      if (!f.equality) {
        static constexpr std::array<int64_t, 4> kSlack = {0, 1, 5, 30};
        const int64_t slack = kSlack[static_cast<size_t>(random_.between(0, 3))];
        out.insert(clamped(x + slack));
        out.insert(clamped(x - slack));
      }
    }
    return out;
  }

  std::vector<Range> ranges_;
  std::vector<Fact> facts_;
  std::vector<int64_t> constants_;
  Random random_;
  absl::flat_hash_set<CasePoint> seen_;
  std::vector<CasePoint> points_;
};

absl::StatusOr<Fact> make_fact(const Term& term, const std::vector<std::string>& order,
                               bool euclid) {
  auto holds = TermFunction::make(term, order, euclid);
  if (!holds.ok()) return holds.status();
  Fact f{*std::move(holds), false, {}, {}, {}};
  for (const std::string& name : term.variables()) {
    f.variables.push_back(
        static_cast<size_t>(std::ranges::find(order, name) - order.begin()));
  }
  const Term::Node& root = term.root();
  if (root.op >= TermOp::kEq) {
    auto left = TermFunction::make(term.part(term.operands(root)[0]), order, euclid);
    auto right = TermFunction::make(term.part(term.operands(root)[1]), order, euclid);
    if (!left.ok()) return left.status();
    if (!right.ok()) return right.status();
    f.left = *std::move(left);
    f.right = *std::move(right);
    f.equality = root.op == TermOp::kEq;
  }
  return f;
}

}  // namespace

std::vector<std::string> variable_order(const Case& c) {
  std::vector<std::string> order;
  for (const CaseVariable& v : c.variables) order.push_back(v.name);
  return order;
}

absl::StatusOr<CasePoints> case_points(const Case& c, const Term* also) {
  const std::vector<std::string> order = variable_order(c);
  std::vector<Fact> facts;
  const auto add = [&](const Term& term) -> absl::Status {
    for (const Term& part : term.conjuncts()) {
      auto fact = make_fact(part, order, c.euclid);
      if (!fact.ok()) return fact.status();
      facts.push_back(*std::move(fact));
    }
    return absl::OkStatus();
  };
  for (const CaseText& a : c.assume) {
    if (absl::Status s = add(a.term); !s.ok()) return s;
  }
  if (also != nullptr) {
    if (absl::Status s = add(*also); !s.ok()) return s;
  }
  return Sampler(c, std::move(facts)).sample();
}

}  // namespace congrua::cli
