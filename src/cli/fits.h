// `congrua fits`: does an expression fit a machine integer, and what to do if not?
#ifndef CONGRUA_CLI_FITS_H_
#define CONGRUA_CLI_FITS_H_

#include <cstdio>
#include <string>
#include <vector>

#include "cli/ask.h"

namespace congrua::cli {

struct FitsOptions {
  AskOptions ask = {};
  std::string type = "i32";
  std::vector<std::string> loops = {};  // names of loop variables
  bool taken = false;                   // arms of a select only where they are taken
  bool guard = false;
  bool narrow = false;
  bool lower = false;
};

// Exit codes as those of the sibling commands (ask.h).
int run_fits(const FitsOptions& options, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_FITS_H_
