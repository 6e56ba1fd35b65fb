// Contradictions among differences: asserts x - y >= c form a graph, and a cycle of it
// whose constants add up to more than 0 is a contradiction, however long it is. Bounds
// alone climb along such a cycle for ever, and a linear program of its length is dear.
#ifndef CONGRUA_GUARD_DIFFERENCES_H_
#define CONGRUA_GUARD_DIFFERENCES_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/budget.h"
#include "congrua/expr.h"

namespace congrua::guard {

// Indices, ascending, of asserts that contradict each other; nullopt: none were found.
// Cost: asserts times rounds, of which there are few where the asserts follow each other
// in the order in which their terms were made.
std::optional<std::vector<size_t>> contradicting_differences(
    std::span<const Expr> asserts, Budget& budget);

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_DIFFERENCES_H_
