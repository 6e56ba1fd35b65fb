// The bench: every file, engine, mode and policy in a child process of its own.
#ifndef CONGRUA_CLI_BENCH_RUN_H_
#define CONGRUA_CLI_BENCH_RUN_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/engine.h"
#include "cli/scan.h"

namespace congrua::cli {

struct BenchOptions {
  std::vector<std::string> paths;
  std::vector<RunMode> modes = {RunMode::kSat};
  std::vector<std::string> engines = {"auto"};
  std::vector<Policy> policies;  // empty: example values are not read
  size_t jobs = 1;
  double timeout_s = 10;
  uint64_t memory_bytes = uint64_t{4} << 30;  // 0: no limit
  size_t sample = 1;
  std::string jsonl, verdicts, html;  // where to write; empty: nowhere
  bool resume = false;
  std::string command_line;  // for the HTML page
};

// Exit codes of `congrua bench`.
inline constexpr int kExitOk = 0;
inline constexpr int kExitWrong = 1;     // an answer contradicts what is expected
inline constexpr int kExitNothing = 2;   // wrong use, or no question could be asked
inline constexpr int kExitOutput = 3;    // a result could not be written (disk full)
inline constexpr int kExitSignal = 128;  // plus the signal: 130 for SIGINT

// Runs all questions, prints the summary to `out`, messages and the progress bar to
// `err`, and returns the exit code. SIGINT, SIGTERM and SIGHUP end the run early; what
// was measured is kept and reported. The process must not have other threads.
int run_bench(const BenchOptions& options, Runner runner, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_BENCH_RUN_H_
