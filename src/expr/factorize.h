// Polynomials as products: the canonical form multiplies out, and what was a product of
// sums (ceil(h/2)*ceil(w/2), a size minus 1 times a stride) is found again here.
#ifndef CONGRUA_EXPR_FACTORIZE_H_
#define CONGRUA_EXPR_FACTORIZE_H_

#include <vector>

#include "expr/builder.h"

namespace congrua::internal {

// p = content * (product of the factors) + rest. No factor is constant; each is an atom
// or a sum whose coefficients have no common divisor.
struct Factorization {
  Int content = Int(1);
  std::vector<const Node*> factors;
  Int rest;
};

// Finds factors that are linear in an atom (a polynomial that factors has such a factor
// in all but exotic cases), and squares. `factors` is empty where p is no sum, too long,
// or nothing was found. Every answer is exact as an identity of polynomials. Cost: a few
// polynomial divisions of at most kMaxFactorTerms terms.
inline constexpr size_t kMaxFactorTerms = 48;
Factorization factorize(Builder& builder, const Node* p);

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_FACTORIZE_H_
