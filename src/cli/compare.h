// Two logs of the bench side by side.
#ifndef CONGRUA_CLI_COMPARE_H_
#define CONGRUA_CLI_COMPARE_H_

#include <string>
#include <string_view>
#include <vector>

#include "cli/row.h"

namespace congrua::cli {

struct Comparison {
  std::string text;
  size_t contradictions = 0;  // one log says sat where the other says unsat
  size_t wrong = 0;           // rows of either log that contradict what is expected
};

// Pairs the rows of the same file and mode: those of the same engine and policy where
// both logs have it; the rows of an engine that only one log has are compared with those
// of the only engine that is left in the other.
Comparison compare(const std::vector<RunRow>& a, const std::vector<RunRow>& b,
                   std::string_view name_a, std::string_view name_b);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_COMPARE_H_
