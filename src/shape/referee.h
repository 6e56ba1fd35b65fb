// Z3 on the facts of an environment, beside the native engine: what is left open natively
// is asked there, and native answers are held against it.
//
// A question is decided on the facts that the environment may rest on for it. The
// environment and its pool are left as they are. Terms are what guard/z3.h makes of them:
// divisions exact and asked about where no divisor is 0, opaque integers and comparisons
// of floats symbols that have the properties that were stated of them. Values that a
// float comparison or a rounding has by its operands' hulls are taken from View, as the
// native engine does.
//
// Without Z3 in the build nothing is decided.
#ifndef CONGRUA_SHAPE_REFEREE_H_
#define CONGRUA_SHAPE_REFEREE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "congrua/shape.h"
#include "guard/z3.h"

namespace congrua::shape {

// Z3's own steps decide, so that answers seldom depend on the machine; the watchdog is
// for what it does not count.
inline constexpr guard::Z3Limits kRefereeLimits{.rlimit = 2'000'000,
                                                .watchdog_ms = 4'000};

class Referee {
 public:
  // Both outlive this.
  explicit Referee(Env& env, const guard::Z3Limits& limits = kRefereeLimits)
      : env_(env), limits_(limits) {}

  // The value at every point of the facts, as far as Z3 can tell; propositions: 0 or 1.
  std::optional<int64_t> known_value(Expr e, const Question& question = {});
  // Whether e has that value (propositions: 0 or 1) at every point of the facts. kTrue:
  // yes. kOpen: no, at some point where all facts hold it has another (evaluated exactly;
  // never where opaque terms are about, to which the point may give values that they do
  // not have). kUnknown otherwise.
  Truth check(Expr e, int64_t value, const Question& question = {});

  // How many guards are left beside the domains of the set, when Z3 may drop each that
  // the domains and the guards left imply, the costliest first, among equals the latest.
  // Begun with the conjuncts of the path condition and with the guards of the set; the
  // smaller number. Conditions that divisors are not 0 do not count: this is what to
  // compare guards() with, not a set to be used.
  size_t fewest_guards(const GuardSet& set);

 private:
  size_t left_of(std::vector<Expr> conditions, const GuardSet& set);

  Env& env_;
  guard::Z3Limits limits_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_REFEREE_H_
