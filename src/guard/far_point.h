// Points beyond the int64 columns of the search: from a point at hand, a constraint that
// fails there is solved for one of its variables, with all others as they are, by the
// inverses of the operators on the way down to it.
#ifndef CONGRUA_GUARD_FAR_POINT_H_
#define CONGRUA_GUARD_FAR_POINT_H_

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/int.h"
#include "congrua/expr.h"
#include "expr/node.h"

namespace congrua::guard {

// Values of all variables of the asserts. A guess: the caller checks it.
std::optional<std::vector<std::pair<const internal::Node*, Int>>> far_point(
    std::span<const Expr> asserts, Budget& budget);

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_FAR_POINT_H_
