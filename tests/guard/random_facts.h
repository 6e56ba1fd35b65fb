// Random systems of facts with an oracle: terms as trees, their values over every point
// of a small box by definition (docs/semantics.md), and the reduction of a case that
// fails to a small one.
#ifndef CONGRUA_TESTS_GUARD_RANDOM_FACTS_H_
#define CONGRUA_TESTS_GUARD_RANDOM_FACTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "congrua/expr.h"

namespace congrua::guard_test {

// Values in the box never leave 128 bits unnoticed: where one would, the point has none.
__extension__ typedef __int128 Wide;

enum class Kind : uint8_t {
  // Integers.
  kNumber,
  kSymbol,
  kAdd,
  kSub,
  kMul,
  kFloorDiv,
  kFloorMod,
  kCeilDiv,
  kMin,
  kMax,
  kAbs,
  kSelect,
  kOpaque,  // g(x), the same function everywhere
  // Propositions.
  kTruth,
  kFlag,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kNot,
  kAnd,
  kOr,
  kImplies,
  kIff,
  kXor,
  kIf,
};
inline bool is_proposition(Kind k) { return k >= Kind::kTruth; }

struct Tree {
  Kind kind;
  int64_t number = 0;  // kNumber, kTruth: the value; kSymbol, kFlag: which
  std::vector<Tree> args = {};
};

struct SymbolSpec {
  int64_t lo, hi;  // the box
  bool flag;       // a boolean
  Range birth;     // holds the box; as wide as the box, or wider
};

enum class Act : uint8_t { kFact, kAsk, kPush, kPop };
struct Step {
  Act act;
  Tree tree = {Kind::kTruth, 1};
};

struct System {
  std::vector<SymbolSpec> symbols;
  // The first `bounds` steps, with the birth ranges, keep every symbol in its box:
  // enumeration then decides.
  bool boxed = true;
  size_t bounds = 0;
  int64_t steps = 200'000;  // budget of a question
  std::vector<Step> script;
};

// What a proposition is at each point of the box.
struct Table {
  std::vector<uint8_t> counts;  // no divisor in it is 0
  std::vector<uint8_t> holds;
  bool exact = true;  // no value was too large to be computed
};

inline std::string name_of(const System& s, int64_t symbol) {
  return std::string(
      1, (s.symbols[static_cast<size_t>(symbol)].flag ? "pqrt" : "xyzw")[symbol]);
}

// ---- Text

inline std::string text_of(const System& s, const Tree& t) {
  const auto arg = [&](size_t i) { return text_of(s, t.args[i]); };
  const auto infix = [&](const char* op) {
    return "(" + arg(0) + " " + op + " " + arg(1) + ")";
  };
  const auto call = [&](const char* name) {
    std::string out = std::string(name) + "(";
    for (size_t i = 0; i < t.args.size(); ++i) out += (i == 0 ? "" : ", ") + arg(i);
    return out + ")";
  };
  switch (t.kind) {
    case Kind::kNumber:
      return std::to_string(t.number);
    case Kind::kSymbol:
    case Kind::kFlag:
      return name_of(s, t.number);
    case Kind::kAdd:
      return infix("+");
    case Kind::kSub:
      return infix("-");
    case Kind::kMul:
      return infix("*");
    case Kind::kFloorDiv:
      return call("floor_div");
    case Kind::kFloorMod:
      return call("floor_mod");
    case Kind::kCeilDiv:
      return call("ceil_div");
    case Kind::kMin:
      return call("min");
    case Kind::kMax:
      return call("max");
    case Kind::kAbs:
      return call("abs");
    case Kind::kSelect:
    case Kind::kIf:
      return call("select");
    case Kind::kOpaque:
      return call("g:int");
    case Kind::kTruth:
      return t.number != 0 ? "true" : "false";
    case Kind::kEq:
      return infix("==");
    case Kind::kNe:
      return infix("!=");
    case Kind::kLt:
      return infix("<");
    case Kind::kLe:
      return infix("<=");
    case Kind::kGt:
      return infix(">");
    case Kind::kGe:
      return infix(">=");
    case Kind::kNot:
      return "(not " + arg(0) + ")";
    case Kind::kAnd:
      return infix("and");
    case Kind::kOr:
      return infix("or");
    case Kind::kImplies:
      return "((not " + arg(0) + ") or " + arg(1) + ")";
    case Kind::kIff:
      return infix("==");
    case Kind::kXor:
      return infix("!=");
  }
  return "?";
}

inline std::string text_of(const System& s) {
  std::string out;
  for (size_t i = 0; i < s.symbols.size(); ++i) {
    const SymbolSpec& x = s.symbols[i];
    out += name_of(s, static_cast<int64_t>(i));
    if (!x.flag) {
      const auto end = [](std::optional<int64_t> v) {
        return v ? std::to_string(*v) : "inf";
      };
      out += " in [" + end(x.birth.lo) + ", " + end(x.birth.hi) + "], box [" +
             std::to_string(x.lo) + ", " + std::to_string(x.hi) + "]";
    }
    out += "; ";
  }
  out += (s.boxed ? "boxed, " : "unbounded, ") + std::to_string(s.steps) + " steps\n";
  for (const Step& step : s.script) {
    switch (step.act) {
      case Act::kFact:
        out += "  fact " + text_of(s, step.tree) + "\n";
        break;
      case Act::kAsk:
        out += "  ask  " + text_of(s, step.tree) + "\n";
        break;
      case Act::kPush:
        out += "  push\n";
        break;
      case Act::kPop:
        out += "  pop\n";
        break;
    }
  }
  return out;
}

// ---- Terms of a pool

inline Expr symbol_of(ExprPool& pool, const System& s, int64_t i) {
  const SymbolSpec& x = s.symbols[static_cast<size_t>(i)];
  return pool.symbol(name_of(s, i),
                     {.sort = x.flag ? Sort::kBool : Sort::kInt, .range = x.birth});
}

inline Expr build(ExprPool& pool, const System& s, const Tree& t) {
  std::vector<Expr> a;
  for (const Tree& x : t.args) a.push_back(build(pool, s, x));
  switch (t.kind) {
    case Kind::kNumber:
      return pool.constant(t.number);
    case Kind::kSymbol:
    case Kind::kFlag:
      return symbol_of(pool, s, t.number);
    case Kind::kAdd:
      return a[0] + a[1];
    case Kind::kSub:
      return a[0] - a[1];
    case Kind::kMul:
      return a[0] * a[1];
    case Kind::kFloorDiv:
      return floor_div(a[0], a[1]);
    case Kind::kFloorMod:
      return floor_mod(a[0], a[1]);
    case Kind::kCeilDiv:
      return ceil_div(a[0], a[1]);
    case Kind::kMin:
      return min(a[0], a[1]);
    case Kind::kMax:
      return max(a[0], a[1]);
    case Kind::kAbs:
      return abs(a[0]);
    case Kind::kSelect:
    case Kind::kIf:
      return select(a[0], a[1], a[2]);
    case Kind::kOpaque:
      return pool.opaque("g", a);
    case Kind::kTruth:
      return pool.boolean(t.number != 0);
    case Kind::kEq:
    case Kind::kIff:
      return eq(a[0], a[1]);
    case Kind::kNe:
    case Kind::kXor:
      return ne(a[0], a[1]);
    case Kind::kLt:
      return lt(a[0], a[1]);
    case Kind::kLe:
      return le(a[0], a[1]);
    case Kind::kGt:
      return gt(a[0], a[1]);
    case Kind::kGe:
      return ge(a[0], a[1]);
    case Kind::kNot:
      return !a[0];
    case Kind::kAnd:
      return logical_and(a[0], a[1]);
    case Kind::kOr:
      return logical_or(a[0], a[1]);
    case Kind::kImplies:
      return implies(a[0], a[1]);
  }
  return pool.boolean(true);
}

// ---- Values

// Every point of the box; point i has the value `column(s)[i]` of symbol s.
class Box {
 public:
  explicit Box(const System& s) : columns_(s.symbols.size()) {
    size_t n = 1;
    for (size_t i = 0; i < s.symbols.size(); ++i) {
      const SymbolSpec& x = s.symbols[i];
      const auto width = static_cast<size_t>(x.hi - x.lo + 1);
      for (size_t j = 0; j < i; ++j) {
        std::vector<Wide> longer;
        for (size_t k = 0; k < width; ++k) {
          longer.insert(longer.end(), columns_[j].begin(), columns_[j].end());
        }
        columns_[j] = std::move(longer);
      }
      for (size_t k = 0; k < width; ++k) {
        columns_[i].insert(columns_[i].end(), n, Wide{x.lo} + static_cast<Wide>(k));
      }
      n *= width;
    }
    size_ = n;
  }
  size_t size() const { return size_; }
  int64_t at(size_t symbol, size_t point) const {
    return static_cast<int64_t>(columns_[symbol][point]);
  }

  // The values of t, with the points at which it has one.
  std::vector<Wide> column(const Tree& t, Table& out) const {
    out = {std::vector<uint8_t>(size_, 1), {}, true};
    return values(t, out);
  }

  Table table(const Tree& t) const {
    Table out{std::vector<uint8_t>(size_, 1), {}, true};
    const std::vector<Wide> v = values(t, out);
    for (const Wide& x : v) out.holds.push_back(x != 0);
    return out;
  }

 private:
  static Wide floor(Wide a, Wide b) {
    const Wide q = a / b;
    return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
  }
  // An arbitrary function for g.
  static Wide opaque(Wide a) { return floor(a * 7 + 3, 4) % 5; }

  std::vector<Wide> values(const Tree& t, Table& out) const {
    if (t.kind == Kind::kNumber || t.kind == Kind::kTruth) {
      return std::vector<Wide>(size_, t.number);
    }
    if (t.kind == Kind::kSymbol || t.kind == Kind::kFlag) {
      return columns_[static_cast<size_t>(t.number)];
    }
    std::vector<std::vector<Wide>> a;
    for (const Tree& x : t.args) a.push_back(values(x, out));
    std::vector<Wide> v(size_);
    for (size_t i = 0; i < size_; ++i) {
      if (out.counts[i] == 0) continue;
      const Wide x = a[0][i];
      const Wide y = a.size() > 1 ? a[1][i] : 0;
      if ((t.kind == Kind::kFloorDiv || t.kind == Kind::kFloorMod ||
           t.kind == Kind::kCeilDiv) &&
          y == 0) {
        out.counts[i] = 0;
        continue;
      }
      if (!apply(t.kind, x, y, a.size() > 2 ? a[2][i] : 0, &v[i])) {
        out.counts[i] = 0;
        out.exact = false;
      }
    }
    return v;
  }

  static bool apply(Kind kind, Wide x, Wide y, Wide z, Wide* v) {
    constexpr Wide kLarge = Wide{1} << 120;
    const auto set = [&](Wide w) {
      *v = w;
      return w < kLarge && w > -kLarge;
    };
    switch (kind) {
      case Kind::kAdd:
        return set(x + y);
      case Kind::kSub:
        return set(x - y);
      case Kind::kMul:
        return !__builtin_mul_overflow(x, y, v) && set(*v);
      case Kind::kFloorDiv:
        return set(floor(x, y));
      case Kind::kFloorMod:
        return set(x - y * floor(x, y));
      case Kind::kCeilDiv:
        return set(-floor(-x, y));
      case Kind::kMin:
        return set(x < y ? x : y);
      case Kind::kMax:
        return set(x > y ? x : y);
      case Kind::kAbs:
        return set(x < 0 ? -x : x);
      case Kind::kSelect:
      case Kind::kIf:
        return set(x != 0 ? y : z);
      case Kind::kOpaque:
        return set(opaque(x % 1000));
      case Kind::kEq:
      case Kind::kIff:
        return set(x == y);
      case Kind::kNe:
      case Kind::kXor:
        return set(x != y);
      case Kind::kLt:
        return set(x < y);
      case Kind::kLe:
        return set(x <= y);
      case Kind::kGt:
        return set(x > y);
      case Kind::kGe:
        return set(x >= y);
      case Kind::kNot:
        return set(x == 0);
      case Kind::kAnd:
        return set(x != 0 && y != 0);
      case Kind::kOr:
        return set(x != 0 || y != 0);
      case Kind::kImplies:
        return set(x == 0 || y != 0);
      default:
        return set(0);
    }
  }

  std::vector<std::vector<Wide>> columns_;
  size_t size_ = 0;
};

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
