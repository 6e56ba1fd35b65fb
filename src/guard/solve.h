// Satisfiability of a conjunction of canonical propositions, by the native engine.
#ifndef CONGRUA_GUARD_SOLVE_H_
#define CONGRUA_GUARD_SOLVE_H_

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/budget.h"
#include "base/int.h"
#include "congrua/expr.h"
#include "congrua/guard.h"

namespace congrua::guard {

enum class Status { kSat, kUnsat, kUnknown };

// Values of symbols and opaque terms (booleans: 0 or 1). Symbols that do not occur may
// have any value.
using Model = std::vector<std::pair<Expr, Int>>;

struct SolveResult {
  Status status = Status::kUnknown;
  Model model;               // kSat: checked by exact evaluation of every assert
  std::vector<size_t> core;  // kUnsat: indices of asserts that contradict each other
  Layer layer = Layer::kNone;
  std::string_view reason;  // kUnknown: why
};

// Sizes as small as can be found soon. Never wrong; kUnknown when the budget is spent.
// `small_core`: kUnsat comes with a core made small by trials that cost several times the
// proof; otherwise the core is all asserts.
SolveResult solve(ExprPool& pool, std::span<const Expr> asserts, Budget& budget,
                  bool small_core);

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_SOLVE_H_
