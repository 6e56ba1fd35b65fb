// IEEE double terms: values of sort kReal that shape environments understand (shape.h).
//
//   Expr scale = *env.float64("scale", 1.5);
//   Expr n = trunc_to_int(float_mul(scale, to_float(s)));   // int(scale * s)
//   Expr p = float_lt(scale, float_constant(pool, 2.0));
//
// Operations round to the nearest double, ties to even, as C and Python do. To the
// algebra they are uninterpreted (equal operands, equal value); an environment answers
// comparisons of them by constants, hulls and identity: `x == x` holds where x is known
// to be no NaN.
//
// Operands are of one pool. Integers are allowed wherever a float is, and are compared
// exactly with floats. Operations of constants are folded. Thread safety and cost: as
// expr.h.
#ifndef CONGRUA_FLOAT64_H_
#define CONGRUA_FLOAT64_H_

#include <optional>

#include "congrua/expr.h"

namespace congrua {

// NaN is a term that compares unequal to everything.
Expr float_constant(ExprPool& pool, double value);
// The value of a constant; nullopt for other terms.
std::optional<double> as_float(Expr e);

Expr to_float(Expr integer);
Expr float_add(Expr a, Expr b);
Expr float_sub(Expr a, Expr b);
Expr float_mul(Expr a, Expr b);
Expr float_div(Expr a, Expr b);  // a divisor of 0 leaves no value, as in Python
Expr float_neg(Expr a);

// To the integer; NaN and infinities leave no value. round: half to even.
Expr trunc_to_int(Expr a);
Expr floor_to_int(Expr a);
Expr ceil_to_int(Expr a);
Expr round_to_int(Expr a);

// False where an operand is NaN, but float_ne, which is true.
Expr float_eq(Expr a, Expr b);
Expr float_ne(Expr a, Expr b);
Expr float_lt(Expr a, Expr b);
Expr float_le(Expr a, Expr b);
Expr float_gt(Expr a, Expr b);
Expr float_ge(Expr a, Expr b);

}  // namespace congrua

#endif  // CONGRUA_FLOAT64_H_
