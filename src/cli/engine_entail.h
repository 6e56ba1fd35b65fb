// Entail mode: each assert is asked under the asserts in scope, then added.
#ifndef CONGRUA_CLI_ENGINE_ENTAIL_H_
#define CONGRUA_CLI_ENGINE_ENTAIL_H_

#include "cli/engine.h"
#include "congrua/smt2.h"

namespace congrua::cli {

// Clocks: parse_ms is reading and interning (the translation into canonical expressions;
// for Z3 alone, its reading of the text); us_* is Facts::decide, and in `auto` also what
// Z3 costs from the first byte it is sent; add_us_total is telling Facts (Z3) the assert.
RunRow run_entail(const RunRequest& request, smt2::Engine engine);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_ENGINE_ENTAIL_H_
