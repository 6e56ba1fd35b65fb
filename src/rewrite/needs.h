// What a rule needs below the root of a node, by the shape of its left side.
#ifndef CONGRUA_REWRITE_NEEDS_H_
#define CONGRUA_REWRITE_NEEDS_H_

#include <cstdint>

#include "expr/node.h"
#include "rewrite/pattern.h"

namespace congrua::rewrite {

using internal::Node;

// Operators below the root, seen through sums: most rules fail for want of one, which is
// seen at once for all of a table.
inline constexpr uint8_t kQuotientBelow = 1;
inline constexpr uint8_t kExtremeBelow = 2;
inline constexpr uint8_t kSelectBelow = 4;
uint8_t operators_below(const Node* n);
// Without which a left side matches nothing, as an operand and at the root.
template <typename T>
inline constexpr uint8_t kNeededInside = 0;
template <pattern::Kind kKind, typename A, typename B, typename C>
inline constexpr uint8_t kNeededInside<pattern::Pat<kKind, A, B, C>> =
    kKind == pattern::Kind::kFloorDiv                              ? kQuotientBelow
    : kKind == pattern::Kind::kMin || kKind == pattern::Kind::kMax ? kExtremeBelow
    : kKind == pattern::Kind::kSelect                              ? kSelectBelow
    : kKind == pattern::Kind::kAdd || kKind == pattern::Kind::kSub ||
            kKind == pattern::Kind::kMul
        ? uint8_t{kNeededInside<A> | kNeededInside<B>}
        : uint8_t{0};
template <typename T>
inline constexpr uint8_t kNeeded = 0;
template <pattern::Kind kKind, typename A, typename B, typename C>
inline constexpr uint8_t kNeeded<pattern::Pat<kKind, A, B, C>> =
    kNeededInside<A> | kNeededInside<B> | kNeededInside<C>;

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_NEEDS_H_
