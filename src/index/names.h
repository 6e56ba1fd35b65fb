// Sums that an index multiplies and divides by, as one term each.
//
// The canonical form multiplies (h//2 + 1)*(w//2 + 1)*x out, and r - (n - 1)*(r//(n - 1))
// shows no remainder any more. Given a sum such as h//2 + 1, its name takes the place of
// what it was multiplied into, all over the term; then the term is extracted, and the
// names become the sums again.
#ifndef CONGRUA_INDEX_NAMES_H_
#define CONGRUA_INDEX_NAMES_H_

#include <optional>
#include <span>
#include <vector>

#include "congrua/simplify.h"
#include "expr/builder.h"

namespace congrua::index {

// Sums that may be worth a name in n: divisors in it, `sizes`, and what pairs of terms of
// a sum in it have in common. Loop variables have the signature `loops`.
std::vector<const internal::Node*> sums_to_name(
    internal::Builder& builder, const internal::Node* n,
    std::span<const internal::Node* const> sizes, uint64_t loops);

// n shown by names for these sums, and, unless `loops` is 0, for the quotients that hold
// loop variables of that signature: they stay quotients then, where the shortest form has
// a remainder beside the quotient. nullopt where nothing of that occurs.
std::optional<Form> form_by_names(Facts& facts, const internal::Node* n,
                                  std::span<const internal::Node* const> sums,
                                  uint64_t loops);

}  // namespace congrua::index

#endif  // CONGRUA_INDEX_NAMES_H_
