// IEEE double terms: what the uninterpreted real terms of the readers mean to a shape
// environment (docs/semantics.md).
//
// A real term is a literal ("1e-05"), a symbol of sort kReal, or an operation by the name
// that text.h gives it: add and mul of two operands, sub, neg, truediv, ftruediv,
// tofloat, min, max. Every operation rounds to the nearest double, as Python and C do.
// Rounding is monotone, so that the hull of a rounded operation is attained at corners of
// its operands' hulls: no ends have to be rounded outward. Operations with another name,
// and sums and products of more operands (whose order is not known), may have any value.
//
// Comparisons lt le gt ge eq ne of reals are uninterpreted propositions; here they are
// answered from what is known of their two sides: a hull each, and which of the four
// outcomes (less, equal, greater, unordered) earlier facts left open.
#ifndef CONGRUA_SHAPE_FLOATS_H_
#define CONGRUA_SHAPE_FLOATS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/guard.h"
#include "expr/node.h"

namespace congrua::shape {

// Every value that is a number is in [lo, hi]; it may be NaN where nan is set.
struct FloatHull {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();
  bool nan = true;
  static FloatHull of(double v) { return v != v ? FloatHull{} : FloatHull{v, v, false}; }
  friend bool operator==(const FloatHull&, const FloatHull&) = default;
};

// The outcomes of comparing two doubles, as a set.
enum Outcome : uint8_t { kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8 };
inline constexpr uint8_t kAnyOutcome = 15;

// A comparison of reals, or of a real and an integer: it holds for the outcomes in `set`.
struct FloatComparison {
  const internal::Node* left;
  const internal::Node* right;
  uint8_t set;
};
std::optional<FloatComparison> float_comparison(const internal::Node* n);

// The operations that take a real to an integer: trunctoint, floortoint, ceiltoint,
// roundtoint (half to even).
bool is_rounding(const internal::Node* n);
// The value that such an operation gives; nullopt outside of int64 and for NaN.
std::optional<int64_t> rounded(std::string_view operation, double value);

std::optional<double> float_literal(std::string_view text);

// The value of a real or integer term as a double where `value_of` knows its symbols and
// integer operands; nullopt where it has none.
std::optional<double> evaluate_float(
    const internal::Node* n,
    const std::function<std::optional<double>(const internal::Node* symbol)>& symbol,
    const std::function<std::optional<int64_t>(const internal::Node* integer)>& integer);

class FloatFacts {
 public:
  // Ranges of integers inside real terms.
  using IntBounds = std::function<Bounds(const internal::Node*)>;

  // False where it contradicts what is known.
  bool learn(const FloatComparison& c, bool holds, const IntBounds& ints);
  bool learn_hull(const internal::Node* n, const FloatHull& hull);
  std::optional<bool> decide(const FloatComparison& c, const IntBounds& ints);
  FloatHull hull(const internal::Node* n, const IntBounds& ints, int depth = 0);

  size_t mark() const { return trail_.size(); }
  void undo(size_t mark);

 private:
  using Pair = std::pair<const internal::Node*, const internal::Node*>;
  uint8_t outcomes(const FloatComparison& c, const IntBounds& ints);
  bool meet(const internal::Node* n, const FloatHull& hull);
  bool bound_sides(const Pair& pair, uint8_t set, const IntBounds& ints);
  const uint8_t* known(const internal::Node* a, const internal::Node* b) const;

  struct Undo {
    Pair pair;  // second null: the hull of first
    bool had;
    uint8_t outcomes;
    FloatHull hull;
    bool ordered;  // the pair was put at the end of ordered_
  };
  absl::flat_hash_map<const internal::Node*, FloatHull> hulls_;  // what facts say
  absl::flat_hash_map<Pair, uint8_t> pairs_;
  std::vector<Pair> ordered_;  // those whose sides are no NaN, as they were learnt
  std::vector<Undo> trail_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_FLOATS_H_
