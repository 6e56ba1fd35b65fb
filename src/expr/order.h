// The order in which people read terms: higher degree first, then by name.
//
// Names compare naturally (s2 before s10), symbols come before operators. The order reads
// the structure alone, so a text depends on its term and on nothing else. To keep it
// cheap on deep terms it looks a few levels down, and below that it is the order of
// fingerprints.
#ifndef CONGRUA_EXPR_ORDER_H_
#define CONGRUA_EXPR_ORDER_H_

#include <string_view>

#include "expr/node.h"

namespace congrua::internal {

// Digit runs compare as numbers: "s2" < "s10". A total order.
bool natural_less(std::string_view a, std::string_view b);

// Order of factors and arguments; negative, 0 (the same node) or positive. Nodes of one
// pool.
int reading_compare(const Node* a, const Node* b);
inline bool reading_less(const Node* a, const Node* b) {
  return reading_compare(a, b) < 0;
}

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_ORDER_H_
