// `congrua replay`: a recorded trace, asked again.
#ifndef CONGRUA_CLI_REPLAY_H_
#define CONGRUA_CLI_REPLAY_H_

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace congrua::cli {

struct ReplayOptions {
  std::vector<std::string> traces;
  std::string engine = "native";  // or auto
  uint64_t check_every = 0;       // of native answers: Z3 is asked about one of so many
  bool fewest_guards = false;     // also count what Z3 leaves of the guards
  std::string json;               // where the counts go as JSON; empty: nowhere
  std::string questions;          // where a line for each question goes; empty: nowhere
};

// Exit codes: 0 without conflicts (of Z3 neither), 1 with, 2 for input that cannot be
// read, 3 where the answer could not be written.
int run_replay(const ReplayOptions& options, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_REPLAY_H_
