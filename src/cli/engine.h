// One question about one file.
//
// run_file is what a child process of the bench runs; tests put a function of their own
// in its place (Runner).
#ifndef CONGRUA_CLI_ENGINE_H_
#define CONGRUA_CLI_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/row.h"

namespace congrua::cli {

struct RunRequest {
  std::string path;  // as the user named it
  std::string text;  // the script, unpacked and, under a policy, rewritten
  // The file holds exactly `text`: an external command can be given the path itself.
  bool plain_file = true;
  RunMode mode = RunMode::kSat;
  std::string engine = "auto";  // auto, native, z3, or cmd:COMMAND
  double timeout_s = 10;
  // Asserts (counted from 0 in file order) that a policy put into the text: entail mode
  // adds them and neither asks nor counts them. Ascending.
  std::vector<size_t> assumed;
  std::string scratch;  // an existing folder for files of an external command
};

// Runs the engine that the request names on its text. Fills what an engine can know: not
// the names, expected, correct, truth, policy, nor what the parent process measures. A
// script that cannot be read is status `error` with a message. Prints nothing.
RunRow run_file(const RunRequest& request);

using Runner = RunRow (*)(const RunRequest& request);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_ENGINE_H_
