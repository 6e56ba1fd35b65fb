// What a term needs to have a value: divisors that are not 0, and numbers where a real
// becomes an integer. Facts and questions take all of it for granted (docs/semantics.md,
// float64.h); guards may not.
#ifndef CONGRUA_SHAPE_NEEDS_H_
#define CONGRUA_SHAPE_NEEDS_H_

#include <vector>

#include "congrua/expr.h"
#include "expr/node.h"

namespace congrua::shape {

struct Need {
  Expr condition;
  const internal::Node* finite = nullptr;  // this real is no NaN and no infinity
};

// Of all terms below n, each condition once, those of operands before those of what reads
// them; those that numbers and birth ranges answer are left out. Linear in the nodes.
std::vector<Need> needs(const internal::Node* n);
// Those of them that n may be evaluated without: of terms below a branch of a select or a
// part of a conjunction alone.
std::vector<Need> unread_needs(const internal::Node* n);

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_NEEDS_H_
