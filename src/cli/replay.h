// `congrua replay`: a recorded trace, asked again.
#ifndef CONGRUA_CLI_REPLAY_H_
#define CONGRUA_CLI_REPLAY_H_

#include <cstdio>
#include <string>
#include <vector>

namespace congrua::cli {

struct ReplayOptions {
  std::vector<std::string> traces;
  std::string engine = "native";  // or auto
  std::string json;               // where the counts go as JSON; empty: nowhere
  std::string questions;          // where a line for each question goes; empty: nowhere
};

// Exit codes: 0 without conflicts, 1 with, 2 for input that cannot be read, 3 where the
// answer could not be written.
int run_replay(const ReplayOptions& options, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_REPLAY_H_
