// `congrua cases FILE...`: runs case files and judges the answers.
#ifndef CONGRUA_CLI_CASES_H_
#define CONGRUA_CLI_CASES_H_

#include <cstdio>
#include <string>
#include <vector>

#include "cli/cases_ask.h"
#include "cli/cases_input.h"
#include "cli/cases_judge.h"

namespace congrua::cli {

// Exit codes of `congrua cases`; of several the last one counts.
inline constexpr int kCasesOk = 0;
inline constexpr int kCasesInput = 2;  // wrong use, or a file or line that cannot be read
inline constexpr int kCasesUnsound = 1;  // a wrong answer
inline constexpr int kCasesOutput = 3;   // a row could not be written

struct CasesOptions {
  std::vector<std::string> paths;
  CaseEngine engine = CaseEngine::kNative;
  std::string jsonl;  // rows go there; empty or "-": to `out`, and the summary to `err`
};

// Asks and judges one case; a case that the library does not read is an error.
absl::StatusOr<CaseRow> run_case(const Case& c, CaseEngine engine);

// One line without its end.
std::string case_row_json(const CaseRow& row);
// A line for each suite and kind, and one for each suite of several kinds.
std::string case_summary(const std::vector<CaseRow>& rows);

int run_cases(const CasesOptions& options, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CASES_H_
