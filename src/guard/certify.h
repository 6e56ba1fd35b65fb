// Certificates for answers, found anew.
//
// No layer keeps a log. What the engine found to follow is proved once more from the
// facts that the answer rests on, by refutation: rows from facts and definitions, bounds,
// Farkas combinations of monomials with integer tightening, products of rows, and cases.
// Every step is made by the checker itself (proof/checker.h), so a certificate that is
// returned has been accepted.
#ifndef CONGRUA_GUARD_CERTIFY_H_
#define CONGRUA_GUARD_CERTIFY_H_

#include <optional>
#include <span>

#include "base/budget.h"
#include "congrua/guard.h"
#include "congrua/proof.h"

namespace congrua::guard {

// Units of work; about 10 ns each.
inline constexpr int64_t kCertifySteps = 40'000'000;

// A certificate of the goal from facts[i], i in `use`; its steps name facts by i.
std::optional<Certificate> certify(ExprPool& pool, std::span<const Expr> facts,
                                   std::span<const FactId> use, Expr goal,
                                   Budget& budget);

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_CERTIFY_H_
