#include "shape/floats.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "expr/text_ops.h"

namespace congrua::shape {

using internal::args_of;
using internal::Node;
using internal::OpaqueNode;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMaxDepth = 32;
constexpr int kMaxRounds = 4;  // of narrowing: two pairs may narrow each other for ever
constexpr double kTwo63 = 9223372036854775808.0;

std::string_view name_of(const Node* n) {
  return n->op == Op::kOpaque ? static_cast<const OpaqueNode*>(n)->name
                              : std::string_view();
}

uint8_t mirrored(uint8_t set) {
  return static_cast<uint8_t>((set & (kEqual | kUnordered)) |
                              ((set & kLess) != 0 ? kGreater : 0) |
                              ((set & kGreater) != 0 ? kLess : 0));
}

// The outcomes that two hulls allow.
uint8_t outcomes_of(const FloatHull& a, const FloatHull& b) {
  uint8_t set = 0;
  if (a.lo < b.hi) set |= kLess;
  if (a.hi > b.lo) set |= kGreater;
  if (std::max(a.lo, b.lo) <= std::min(a.hi, b.hi)) set |= kEqual;
  if (a.nan || b.nan) set |= kUnordered;
  return set;
}

double round_to_nearest_even(double v) {
  const double down = std::floor(v);
  const double rest = v - down;
  if (rest != 0.5) return rest < 0.5 ? down : down + 1;
  return std::fmod(down, 2.0) == 0 ? down : down + 1;
}

double rounded_double(std::string_view operation, double v) {
  if (operation == "trunctoint") return std::trunc(v);
  if (operation == "floortoint") return std::floor(v);
  if (operation == "ceiltoint") return std::ceil(v);
  return round_to_nearest_even(v);
}

// int / int of Python: the exact quotient, rounded once. Exact operands give the same by
// one division of doubles.
std::optional<double> int_quotient(double a, double b) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (b == 0 || std::abs(a) > kExact || std::abs(b) > kExact) return std::nullopt;
  return a / b;
}

std::optional<double> apply(std::string_view op, double a, double b) {
  if (op == "add") return a + b;
  if (op == "sub") return a - b;
  if (op == "mul") return a * b;
  if (op == "min") return a != a || b != b ? std::nullopt : std::optional(std::min(a, b));
  if (op == "max") return a != a || b != b ? std::nullopt : std::optional(std::max(a, b));
  if (op == "ftruediv") return b == 0 ? std::nullopt : std::optional(a / b);
  if (op == "truediv") return int_quotient(a, b);
  return std::nullopt;
}

// Integers are compared exactly: what is between two doubles lies beyond the one and
// before the other.
double rounded_down(int64_t v) {
  const auto d = static_cast<double>(v);
  return static_cast<long double>(v) < d ? std::nextafter(d, -kInfinity) : d;
}
double rounded_up(int64_t v) {
  const auto d = static_cast<double>(v);
  return static_cast<long double>(v) > d ? std::nextafter(d, kInfinity) : d;
}

// x may be 0 where y is infinite.
bool meet_as_factors(const FloatHull& x, const FloatHull& y) {
  return x.lo <= 0 && x.hi >= 0 && (std::isinf(y.lo) || std::isinf(y.hi));
}

bool monotone_in_corners(std::string_view op) {
  return op == "add" || op == "sub" || op == "mul" || op == "min" || op == "max";
}

}  // namespace

std::optional<double> float_literal(std::string_view text) {
  if (text == "oo") return kInfinity;
  if (text == "-oo") return -kInfinity;
  if (!internal::is_real_literal(text)) return std::nullopt;
  double v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

std::optional<FloatComparison> float_comparison(const Node* n) {
  if (n->op != Op::kOpaque || n->sort != Sort::kBool) return std::nullopt;
  const auto args = args_of(n);
  if (args.size() != 2 || args[0]->sort == Sort::kBool || args[1]->sort == Sort::kBool) {
    return std::nullopt;
  }
  static constexpr std::pair<std::string_view, uint8_t> kNames[] = {
      {"lt", kLess},    {"le", kLess | kEqual},
      {"gt", kGreater}, {"ge", kGreater | kEqual},
      {"eq", kEqual},   {"ne", kLess | kGreater | kUnordered}};
  const std::string_view name = name_of(n);
  for (const auto& [known, set] : kNames) {
    if (known == name) return FloatComparison{args[0], args[1], set};
  }
  return std::nullopt;
}

bool is_rounding(const Node* n) {
  if (n->op != Op::kOpaque || n->sort != Sort::kInt || args_of(n).size() != 1 ||
      args_of(n)[0]->sort != Sort::kReal) {
    return false;
  }
  const std::string_view name = name_of(n);
  return name == "trunctoint" || name == "floortoint" || name == "ceiltoint" ||
         name == "roundtoint";
}

std::optional<int64_t> rounded(std::string_view operation, double value) {
  const double v = rounded_double(operation, value);
  if (!(v >= -kTwo63 && v < kTwo63)) return std::nullopt;
  return static_cast<int64_t>(v);
}

std::optional<double> evaluate_float(
    const Node* n, const std::function<std::optional<double>(const Node*)>& symbol,
    const std::function<std::optional<int64_t>(const Node*)>& integer) {
  if (n->sort == Sort::kInt) {
    const std::optional<int64_t> v = integer(n);
    if (!v) return std::nullopt;
    return static_cast<double>(*v);  // to nearest, as Python's float()
  }
  if (n->sort != Sort::kReal) return std::nullopt;
  if (n->op == Op::kSymbol) return symbol(n);
  const std::string_view name = name_of(n);
  const auto args = args_of(n);
  if (args.empty()) return float_literal(name);
  std::array<double, 2> v{};
  if (args.size() > v.size()) return std::nullopt;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::optional<double> a = evaluate_float(args[i], symbol, integer);
    if (!a) return std::nullopt;
    v[i] = *a;
  }
  if (args.size() == 2) return apply(name, v[0], v[1]);
  if (name == "tofloat") return v[0];
  if (name == "neg") return -v[0];
  return std::nullopt;
}

FloatHull FloatFacts::hull(const Node* n, const IntBounds& ints, int depth) {
  if (depth > kMaxDepth) return {};
  if (n->sort == Sort::kInt) {
    const Bounds b = ints(n);
    return {b.lo ? rounded_down(*b.lo) : -kInfinity, b.hi ? rounded_up(*b.hi) : kInfinity,
            false};
  }
  if (n->sort != Sort::kReal) return {};
  FloatHull h;
  const std::string_view name = name_of(n);
  if (n->op == Op::kOpaque) {
    const auto args = args_of(n);
    if (args.empty()) {
      if (const std::optional<double> v = float_literal(name)) return FloatHull::of(*v);
    } else if (args.size() == 1 && name == "tofloat") {
      h = hull(args[0], ints, depth + 1);
    } else if (args.size() == 1 && name == "neg") {
      const FloatHull a = hull(args[0], ints, depth + 1);
      h = {-a.hi, -a.lo, a.nan};
    } else if (args.size() == 2) {
      const FloatHull a = hull(args[0], ints, depth + 1);
      const FloatHull b = hull(args[1], ints, depth + 1);
      // A quotient is monotone in each operand where the divisor keeps its sign.
      const bool corners =
          monotone_in_corners(name) ||
          ((name == "truediv" || name == "ftruediv") && (b.lo > 0 || b.hi < 0));
      if (corners) {
        FloatHull hull_of{kInfinity, -kInfinity, a.nan || b.nan};
        // 0 times an infinity, of which neither need be an end.
        if (name == "mul") hull_of.nan |= meet_as_factors(a, b) || meet_as_factors(b, a);
        for (const double x : {a.lo, a.hi}) {
          for (const double y : {b.lo, b.hi}) {
            const std::optional<double> v = apply(name, x, y);
            if (!v || *v != *v) {
              hull_of = {};
              break;
            }
            hull_of.lo = std::min(hull_of.lo, *v);
            hull_of.hi = std::max(hull_of.hi, *v);
          }
          if (hull_of == FloatHull{}) break;
        }
        h = hull_of;
      }
    }
  }
  const auto it = hulls_.find(n);
  if (it == hulls_.end()) return h;
  return {std::max(h.lo, it->second.lo), std::min(h.hi, it->second.hi),
          h.nan && it->second.nan};
}

const uint8_t* FloatFacts::known(const Node* a, const Node* b) const {
  const auto it = pairs_.find({a, b});
  return it == pairs_.end() ? nullptr : &it->second;
}

uint8_t FloatFacts::outcomes(const FloatComparison& c, const IntBounds& ints) {
  const FloatHull a = hull(c.left, ints);
  if (c.left == c.right) {
    return static_cast<uint8_t>(kEqual | (a.nan ? kUnordered : 0));
  }
  uint8_t set = outcomes_of(a, hull(c.right, ints));
  if (const uint8_t* k = known(c.left, c.right)) set &= *k;
  if (const uint8_t* k = known(c.right, c.left)) set &= mirrored(*k);
  return set;
}

std::optional<bool> FloatFacts::decide(const FloatComparison& c, const IntBounds& ints) {
  // An integer beside a real is compared exactly, not as a double.
  const auto inexact = [&](const Node* n) {
    if (n->sort != Sort::kInt) return false;
    constexpr int64_t kExact = int64_t{1} << 53;
    const Bounds b = ints(n);
    return !b.lo || !b.hi || *b.lo < -kExact || *b.hi > kExact;
  };
  if (inexact(c.left) || inexact(c.right)) return std::nullopt;
  const uint8_t set = outcomes(c, ints);
  if ((set & ~c.set) == 0) return true;
  if ((set & c.set) == 0) return false;
  return std::nullopt;
}

bool FloatFacts::meet(const Node* n, const FloatHull& by) {
  const auto it = hulls_.find(n);
  const bool had = it != hulls_.end();
  const FloatHull old = had ? it->second : FloatHull{};
  const FloatHull met{std::max(old.lo, by.lo), std::min(old.hi, by.hi),
                      old.nan && by.nan};
  if (met == old) return true;
  trail_.push_back({{n, nullptr}, had, 0, old, false});
  hulls_[n] = met;
  return met.lo <= met.hi || met.nan;
}

bool FloatFacts::learn_hull(const Node* n, const FloatHull& h) { return meet(n, h); }

bool FloatFacts::learn(const FloatComparison& c, bool holds, const IntBounds& ints) {
  uint8_t set = holds ? c.set : static_cast<uint8_t>(kAnyOutcome & ~c.set);
  set &= outcomes(c, ints);
  if (set == 0) return false;
  if (c.left == c.right) {
    return (set & kUnordered) != 0 || meet(c.left, {-kInfinity, kInfinity, false});
  }
  const Pair key{c.left, c.right};
  const auto it = pairs_.find(key);
  trail_.push_back({key, it != pairs_.end(),
                    it != pairs_.end() ? it->second : kAnyOutcome, FloatHull{},
                    (set & kUnordered) == 0});
  pairs_[key] = set;
  if ((set & kUnordered) != 0) return true;
  ordered_.push_back(key);
  // What one pair says may narrow the sides of another.
  for (int round = 0; round < kMaxRounds; ++round) {
    const size_t before = trail_.size();
    for (const Pair& pair : ordered_) {
      if (!bound_sides(pair, pairs_[pair], ints)) return false;
    }
    if (trail_.size() == before) break;
  }
  return true;
}

// Without NaN the sides of a comparison bound each other.
bool FloatFacts::bound_sides(const Pair& pair, uint8_t set, const IntBounds& ints) {
  const auto bounded = [](const FloatHull& by, uint8_t outcome) {
    FloatHull h{-kInfinity, kInfinity, false};
    if ((outcome & kGreater) == 0) {
      h.hi = (outcome & kEqual) != 0 ? by.hi : std::nextafter(by.hi, -kInfinity);
    }
    if ((outcome & kLess) == 0) {
      h.lo = (outcome & kEqual) != 0 ? by.lo : std::nextafter(by.lo, kInfinity);
    }
    return h;
  };
  const auto [left, right] = pair;
  if (left->sort == Sort::kReal && !meet(left, bounded(hull(right, ints), set))) {
    return false;
  }
  return right->sort != Sort::kReal ||
         meet(right, bounded(hull(left, ints), mirrored(set)));
}

void FloatFacts::undo(size_t mark) {
  while (trail_.size() > mark) {
    const Undo& u = trail_.back();
    if (u.pair.second != nullptr && !ordered_.empty() && ordered_.back() == u.pair &&
        u.ordered) {
      ordered_.pop_back();
    }
    if (u.pair.second == nullptr) {
      if (u.had) {
        hulls_[u.pair.first] = u.hull;
      } else {
        hulls_.erase(u.pair.first);
      }
    } else if (u.had) {
      pairs_[u.pair] = u.outcomes;
    } else {
      pairs_.erase(u.pair);
    }
    trail_.pop_back();
  }
}

}  // namespace congrua::shape
