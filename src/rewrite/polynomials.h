// Sums as lists of terms that are changed in place.
#ifndef CONGRUA_REWRITE_POLYNOMIALS_H_
#define CONGRUA_REWRITE_POLYNOMIALS_H_

#include "absl/container/inlined_vector.h"
#include "base/int.h"
#include "expr/builder.h"
#include "expr/node.h"

namespace congrua::rewrite {

using internal::Node;
using internal::Term;

// A constant and terms, in any order; coefficients are not 0.
struct Poly {
  Int constant;
  absl::InlinedVector<Term, 4> terms;
};

Poly poly_of(const Node* n);
const Node* node_of(internal::Builder& builder, const Poly& p);

// The coefficient of mono, 0 where it does not occur.
Int coefficient(const Poly& p, const Node* mono);
bool occurs(const Poly& p, const Node* mono);
void add_term(Poly& p, const Node* mono, const Int& coef);
void erase_term(Poly& p, size_t i);
void add_poly(Poly& p, const Poly& q, const Int& k);  // p += k * q
Poly scaled(const Poly& p, const Int& k);

// The constant divisor of a kFloorDiv, if it is positive; else null.
const Int* constant_divisor(const Node* quotient);

// Changes coefficients of p by multiples of m so that quotients in it make remainders
// with other terms: x + 4*(x//8) becomes x - 8*(x//8) for m = 6 (or 2, 3, 4, 12). What
// was taken off, divided by m, is added to *whole: p = p' + m * whole. False where
// nothing changed.
bool complete_remainders(Poly& p, const Int& m, Poly* whole);

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_POLYNOMIALS_H_
