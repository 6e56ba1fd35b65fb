// What is known about the right answers, and the comparison with a row.
#ifndef CONGRUA_CLI_EXPECTED_H_
#define CONGRUA_CLI_EXPECTED_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli/row.h"

namespace congrua::cli {

// Rows of comma-separated text by the usual rules: "quoted" fields may hold commas, line
// ends and doubled quotes.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);
// A field as such text.
std::string csv_field(std::string_view field);

// Reads EXPECTED.csv (columns file, check_sat_results: answers separated by blanks) and
// REDUNDANT.csv (columns file, index, verdict) beside the instances; each folder once. A
// folder without them, or with tables that lack these columns, tells nothing.
class Expectations {
 public:
  // Sets expected and correct of a row in sat mode: for each check its own :status, else
  // the table's answer, if the table has as many as the script has checks. Under a policy
  // a `sat` says nothing: the policy may exclude every model. In entail mode sets truth
  // and correct from REDUNDANT.csv, by the row's verdicts; again a policy leaves only
  // what stays true with more facts: redundant.
  void judge(RunRow& row, const std::string& path, std::vector<std::string> statuses);

 private:
  struct Folder {
    std::unordered_map<std::string, std::vector<std::string>> answers;
    std::unordered_map<std::string, std::vector<std::pair<size_t, Verdict>>> verdicts;
  };
  const Folder& folder(std::string_view path);
  void judge_checks(RunRow& row, const std::string& path,
                    std::vector<std::string> statuses);
  void judge_verdicts(RunRow& row, const std::string& path);

  std::unordered_map<std::string, Folder> folders_;
};

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_EXPECTED_H_
