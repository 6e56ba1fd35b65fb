#include "expr/walk.h"

#include <algorithm>

namespace congrua::internal {

std::vector<const Node*> open_divisors(const Node* root) {
  // Only terms that may have no value hold one.
  std::vector<const Node*> divisors = nodes_below(
      root, [](const Node* n) { return n->partial; },
      [](const Node* n) {
        if (n->op != Op::kFloorDiv) return false;
        const Node* d = args_of(n)[1];
        return !is_const(d) || const_value(d).is_zero();
      });
  absl::flat_hash_set<const Node*> seen;
  std::erase_if(divisors, [&](const Node*& n) {
    n = args_of(n)[1];
    return !seen.insert(n).second;
  });
  return divisors;
}

std::vector<const Node*> symbols_below(const Node* root) {
  return nodes_below(
      root, [](const Node* n) { return n->symbols != 0; },
      [](const Node* n) { return n->op == Op::kSymbol; });
}

}  // namespace congrua::internal
