// `congrua solve FILE|-`: an SMT-LIB session.
#ifndef CONGRUA_CLI_SOLVE_H_
#define CONGRUA_CLI_SOLVE_H_

#include <cstdio>
#include <string>

#include "congrua/smt2.h"

namespace congrua::cli {

// Exit codes of `congrua solve`.
inline constexpr int kSolveOk = 0;
inline constexpr int kSolveErrors = 1;  // some command was answered by (error ...)
inline constexpr int kSolveInput = 2;   // wrong use, or the input cannot be read
inline constexpr int kSolveOutput = 3;  // a response could not be written
inline constexpr int kSolveWrong =
    4;  // an answer contradicts :status, or a model its asserts

struct SolveOptions {
  std::string path = "-";
  smt2::Engine engine = smt2::Engine::kAuto;
  double timeout_s = 0;  // for a check; 0: none
  bool check_model = false;
  bool stats = false;
};

// Runs the session; responses go to `out`, everything else to `err`.
int run_solve(const SolveOptions& options, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_SOLVE_H_
