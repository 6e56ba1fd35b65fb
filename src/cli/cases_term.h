// Expressions of case files, as they are written.
//
// A Term is the parsed text and nothing else: no rule of the library has touched it, so
// that what is evaluated here tells when the canonical form is wrong. Arithmetic is
// exact; true and false are 1 and 0 and may stand where numbers do.
#ifndef CONGRUA_CLI_CASES_TERM_H_
#define CONGRUA_CLI_CASES_TERM_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/int.h"

namespace congrua::cli {

enum class TermOp : uint8_t {
  kInt,
  kTrue,
  kFalse,
  kVariable,
  kAdd,
  kMul,
  kMin,
  kMax,
  kAnd,
  kOr,
  kSub,
  kNeg,
  kNot,
  kSelect,
  kFloorDiv,
  kFloorMod,
  kTruncDiv,
  kTruncMod,
  kCeilDiv,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
};

class Term {
 public:
  struct Node {
    TermOp op;
    uint32_t first = 0, count = 0;  // kVariable: first is its index; kInt: in numbers
  };

  // Equal subterms are read as one node; no recursion. kInvalidArgument with the column.
  static absl::StatusOr<Term> parse(std::string_view text);

  // Operands come before the nodes that use them; the last one is the root.
  std::span<const Node> nodes() const { return nodes_; }
  std::span<const uint32_t> operands(const Node& n) const {
    return std::span(operands_).subspan(n.first, n.count);
  }
  const Int& number(const Node& n) const { return numbers_[n.first]; }
  const std::string& variable(const Node& n) const { return variables_[n.first]; }
  std::span<const std::string> variables() const { return variables_; }
  std::span<const Int> numbers() const { return numbers_; }
  const Node& root() const { return nodes_.back(); }

  // Operators, counted on the tree: n operands of add, mul, min, max, and, or are n - 1,
  // every other operator is one. Saturates.
  uint64_t operations() const;
  // The subterm that ends in this node.
  Term part(uint32_t node) const;
  // The parts of a conjunction of conjunctions; a term that is none is its only part.
  std::vector<Term> conjuncts() const;

  // The text with numbers and booleans told apart, as the library's reader wants it:
  // (select b 1 0) for a boolean among numbers, (ne x 0) for a number among booleans.
  // nullopt where nothing is mixed.
  std::optional<std::string> sorted_text(std::span<const std::string> booleans) const;

 private:
  friend class TermReader;
  std::vector<Node> nodes_;
  std::vector<uint32_t> operands_;
  std::vector<std::string> variables_;
  std::vector<Int> numbers_;
};

// A term as a function of the values of variables.
class TermFunction {
 public:
  // `euclid`: floordiv and floormod leave a remainder in [0, |b|), x/0 and x mod 0 are 0.
  // kInvalidArgument names a variable that is not in `order`.
  static absl::StatusOr<TermFunction> make(Term term, std::span<const std::string> order,
                                           bool euclid);

  // The value at a point, one number for each variable in order; null where it has none.
  // select, and, or need only the operands that decide them. Valid until the next call.
  const Int* at(std::span<const int64_t> point);
  // Whether a divisor was 0 in the last call, also where it did not matter.
  bool divided_by_zero() const { return divided_by_zero_; }
  // Whether it holds there.
  bool holds(std::span<const int64_t> point) {
    const Int* v = at(point);
    return v != nullptr && !divided_by_zero_ && !v->is_zero();
  }
  const Term& term() const { return term_; }

 private:
  TermFunction() = default;
  struct Value {
    Int number;
    bool defined = false;
  };
  void compute(const Term::Node& n, Value& out, std::span<const int64_t> point);
  void divide(TermOp op, const Int& a, const Int& b, Value& out);

  Term term_;
  std::vector<uint32_t> places_;  // in the point, by variable
  bool euclid_ = false;
  bool divided_by_zero_ = false;
  std::vector<Value> values_;
};

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CASES_TERM_H_
