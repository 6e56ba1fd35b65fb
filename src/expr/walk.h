// Walks over the DAG below a term, each node once, without recursion.
#ifndef CONGRUA_EXPR_WALK_H_
#define CONGRUA_EXPR_WALK_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "expr/node.h"

namespace congrua::internal {

// Those of the nodes below `root`, itself included, that are wanted: operands before what
// reads them, else in the order of the operands. `enter(n)`: whether to look at n and
// below it. Linear in what is entered.
template <typename Enter, typename Wanted>
std::vector<const Node*> nodes_below(const Node* root, Enter&& enter, Wanted&& wanted) {
  std::vector<const Node*> out;
  absl::flat_hash_set<const Node*> seen;
  std::vector<std::pair<const Node*, bool>> stack{{root, false}};
  while (!stack.empty()) {
    const auto [n, done] = stack.back();
    stack.pop_back();
    if (done) {
      if (wanted(n)) out.push_back(n);
      continue;
    }
    if (!enter(n) || !seen.insert(n).second) continue;
    stack.emplace_back(n, true);
    const size_t first = stack.size();
    for_each_child(n, [&](const Node* c) { stack.emplace_back(c, false); });
    std::reverse(stack.begin() + static_cast<std::ptrdiff_t>(first), stack.end());
  }
  return out;
}

// The terms below root that may have no value and are read wherever it is: not those that
// are only below a branch of a select or a part of a conjunction. Whether there are no
// others.
bool for_each_always_read(const Node* root, absl::FunctionRef<void(const Node*)> visit);

// Divisors below n that may be 0 for all that numbers and birth ranges say, each once;
// inner ones before those that divide by them.
std::vector<const Node*> open_divisors(const Node* n);
// Those of them that n may be evaluated without.
std::vector<const Node*> unread_divisors(const Node* n);
// Symbols below n, each once.
std::vector<const Node*> symbols_below(const Node* n);

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_WALK_H_
