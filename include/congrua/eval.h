// Values, symbols and substitution.
//
// Arithmetic is exact. Cost: linear in the DAG, times that of its largest values; no
// recursion. Thread safety: that of the pool (substitute builds).
#ifndef CONGRUA_EVAL_H_
#define CONGRUA_EVAL_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/expr.h"

namespace congrua {

// A symbol or opaque term and its value (booleans: 0 or 1).
using Binding = std::pair<Expr, int64_t>;

// The value of e (booleans: 0 or 1). Errors: kInvalidArgument for an unbound symbol or
// opaque term that is read (the branch of a select that is not taken is not read),
// kFailedPrecondition for a divisor that is 0, kOutOfRange for a result outside int64
// (intermediate results may be larger), kResourceExhausted where a product would have
// more than 2^20 bits.
absl::StatusOr<int64_t> evaluate(Expr e, std::span<const Binding> bindings);
// The same with a result outside int64 as well, in decimal digits.
absl::StatusOr<std::string> evaluate_text(Expr e, std::span<const Binding> bindings);

// e with every occurrence of the left sides replaced, all at once. A left side is any
// term but a constant, and occurs where it is an operand (a part of a sum or a product is
// not).
Expr substitute(Expr e, std::span<const std::pair<Expr, Expr>> replacements);

// Symbols occurring in e, in the order of their names.
std::vector<Expr> free_symbols(Expr e);

struct Size {
  uint64_t dag_nodes;  // distinct canonical nodes
  double tree_nodes;   // the same counted once per path; may be as large as 2^1000
  uint64_t depth;
};
Size measure(Expr e);

}  // namespace congrua

#endif  // CONGRUA_EVAL_H_
