// External engines: cmd:COMMAND.
//
// COMMAND is a shell command. It is run as `COMMAND MODE FILE TIMEOUT` (sat or entail, a
// plain .smt2 file, seconds), or, where it contains {file}, with {file}, {mode} and
// {timeout} replaced and nothing appended: `cmd:z3 -T:{timeout} {file}`. It answers on
// stdout with
//   - one JSON object (protocol: bench/baselines/README.md), on the last line that starts
//   with
//     '{': status, answers, parse_ms, solve_ms, model, verdicts, us, add_us_total,
//     version, message or reason; or
//   - one line sat, unsat or unknown for each check, as SMT solvers do (sat mode only).
// It gets CONGRUA_ENGINE_TIMES=1 in its environment, which asks for `us`, the time of
// each guard.
#ifndef CONGRUA_CLI_EXTERNAL_H_
#define CONGRUA_CLI_EXTERNAL_H_

#include <string>
#include <string_view>

#include "cli/engine.h"

namespace congrua::cli {

bool is_external(std::string_view engine);  // starts with "cmd:"

// How long after its own limit an external engine may live on: time to print its row.
inline constexpr double kExternalGrace = 3;

// Blocks until the command has ended; the caller limits time and memory (child.h).
RunRow run_external(const RunRequest& request);

// The row that a command's output and exit status (as of waitpid) make.
RunRow row_from_output(const RunRequest& request, std::string_view output,
                       int wait_status);

// The shell command that run_external runs on a file.
std::string external_command(const RunRequest& request, const std::string& file);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_EXTERNAL_H_
