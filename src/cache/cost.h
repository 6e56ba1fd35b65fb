// Costs of entries: the register program of a term, its value at a row, and a bound of
// it.
#ifndef CONGRUA_CACHE_COST_IMPL_H_
#define CONGRUA_CACHE_COST_IMPL_H_

#include <cstdint>
#include <optional>

#include "cache/lanes.h"
#include "cache/test.h"

namespace congrua::cache::internal {

// A program with one test, a kCode, is a cost: its value, not its truth.
bool is_cost(const Program& program);

// nullopt: it divides by zero.
std::optional<Int> cost_at(const Program& cost, const Word* row);

// What no row that holds costs less than; INT64_MIN: nothing is known.
int64_t cost_bound(const Program& cost, const Lanes& lanes);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_COST_IMPL_H_
