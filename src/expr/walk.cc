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

bool for_each_always_read(const Node* root, absl::FunctionRef<void(const Node*)> visit) {
  absl::flat_hash_set<const Node*> seen;
  std::vector<const Node*> stack{root};
  bool all = true;
  while (!stack.empty()) {
    const Node* n = stack.back();
    stack.pop_back();
    if (!n->partial || !seen.insert(n).second) continue;
    visit(n);
    if (n->op == Op::kSelect) {
      stack.push_back(args_of(n)[0]);
      all = false;
    } else if (n->op == Op::kAnd) {
      all = false;
    } else {
      for_each_child(n, [&](const Node* c) { stack.push_back(c); });
    }
  }
  return all;
}

std::vector<const Node*> unread_divisors(const Node* root) {
  absl::flat_hash_set<const Node*> read;
  const bool all = for_each_always_read(root, [&](const Node* n) {
    if (n->op == Op::kFloorDiv) read.insert(args_of(n)[1]);
  });
  if (all) return {};
  std::vector<const Node*> divisors = open_divisors(root);
  std::erase_if(divisors, [&](const Node* d) { return read.contains(d); });
  return divisors;
}

std::vector<const Node*> symbols_below(const Node* root) {
  return nodes_below(
      root, [](const Node* n) { return n->symbols() != 0; },
      [](const Node* n) { return n->op == Op::kSymbol; });
}

}  // namespace congrua::internal
