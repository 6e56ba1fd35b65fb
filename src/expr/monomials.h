// Monomials of atoms: division, order, common factors.
#ifndef CONGRUA_EXPR_MONOMIALS_H_
#define CONGRUA_EXPR_MONOMIALS_H_

#include <vector>

#include "expr/node.h"

namespace congrua::internal {

// Does `mono` divide `of`? Then `rest` holds the factors of the quotient.
bool divide_factors(const Node* of, const Node* mono, std::vector<Factor>* rest);

// Graded lexicographic order, a monomial order: it survives multiplication, so polynomial
// division by it ends.
bool grlex_less(const Node* a, const Node* b);

// The factors that divide every term of p; none where p has a constant.
std::vector<Factor> common_factors(const Node* p);

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_MONOMIALS_H_
