// The table of verdicts: file,assert_index,verdict,layer.
#ifndef CONGRUA_CLI_VERDICTS_H_
#define CONGRUA_CLI_VERDICTS_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "cli/row.h"

namespace congrua::cli {

class VerdictTable {
 public:
  // Takes over what an earlier run wrote. A file that is not there is an empty table; one
  // that is no such table is kInvalidArgument.
  absl::Status load(const std::string& path);
  bool has(const std::string& file) const { return lines_.contains(file); }
  void set(const std::string& file, const RunRow& row);
  // Writes the files in that order; files without verdicts are left out.
  absl::Status write(const std::string& path,
                     const std::vector<std::string>& files) const;

 private:
  std::unordered_map<std::string, std::string> lines_;  // by file
};

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_VERDICTS_H_
