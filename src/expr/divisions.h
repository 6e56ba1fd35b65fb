// Divisions of other systems as floor divisions. Each is translated here, once.
#ifndef CONGRUA_EXPR_DIVISIONS_H_
#define CONGRUA_EXPR_DIVISIONS_H_

#include <optional>

#include "expr/builder.h"

namespace congrua::internal {

// Rounded to zero: C, MLIR.
const Node* trunc_div(Builder& b, const Node* x, const Node* y);
// Rounded to the nearest integer, a tie to the even one: Python's round(x / y).
const Node* round_div(Builder& b, const Node* x, const Node* y);
// Remainder in [0, |y|); x / 0 = 0 and x mod 0 = 0.
const Node* euclid_div(Builder& b, const Node* x, const Node* y);
const Node* euclid_mod(Builder& b, const Node* x, const Node* y);

// True where y > 0 is known from constants and birth ranges alone.
bool is_positive(const Node* y);

// The real term x / y of two integers; an integer x is x / 1 only where it is rounded.
struct Quotient {
  const Node* dividend;
  const Node* divisor;
};
std::optional<Quotient> quotient_of(const Node* n);

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_DIVISIONS_H_
