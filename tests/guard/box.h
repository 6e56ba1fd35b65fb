// What trees are at every point of a small box, by definition (docs/semantics.md): the
// oracle of random systems.
#ifndef CONGRUA_TESTS_GUARD_BOX_H_
#define CONGRUA_TESTS_GUARD_BOX_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "tests/guard/systems.h"

namespace congrua::guard_test {

// Values in the box never leave 128 bits unnoticed: where one would, the point has none.
__extension__ typedef __int128 Wide;

// What a proposition is at each point of the box.
struct Table {
  std::vector<uint8_t> counts;  // no divisor in it is 0
  std::vector<uint8_t> holds;
  bool exact = true;  // no value was too large to be computed
};

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

}  // namespace congrua::guard_test

#endif  // CONGRUA_TESTS_GUARD_BOX_H_
