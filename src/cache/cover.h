// Few sets that cover much: which entries serve a log.
#ifndef CONGRUA_CACHE_COVER_H_
#define CONGRUA_CACHE_COVER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace congrua::cache::internal {

using CoverSet = std::vector<size_t>;  // elements, ascending

// The least number of sets that cover what all of them do, found by branch and bound from
// the greedy answer within `search` steps; the greedy one without what it has too many
// where those do not suffice. Where it is more than `limit`, `limit` sets that cover much
// of the weight, greedily. In the order in which they were chosen.
std::vector<size_t> cover(std::span<const CoverSet> sets,
                          std::span<const uint64_t> weights, size_t limit, size_t search);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_COVER_H_
