// The bench's summary for a terminal.
#ifndef CONGRUA_CLI_REPORT_TEXT_H_
#define CONGRUA_CLI_REPORT_TEXT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/row.h"
#include "cli/stats.h"

namespace congrua::cli {

// Columns padded to their widest cell; the first `left` columns are flush left, others
// flush right. Empty without rows.
class TextTable {
 public:
  TextTable(std::vector<std::string> header, size_t left)
      : left_(left), rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;
  size_t left() const { return left_; }
  const std::vector<std::vector<std::string>>& rows() const {
    return rows_;
  }  // header first

 private:
  size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

// A duration or a ratio with three digits that count: "0.012", "1.35", "27.4", "1250".
std::string short_number(double value);

// The rows of one series by family, with a line for all where there is more than one
// family.
struct FamilyStats {
  std::string family, series;
  Stats stats;
};
// For all series of that mode, family by family. Families are those of paths.h.
std::vector<FamilyStats> family_stats(const std::vector<RunRow>& rows,
                                      std::string_view mode);

// Tables shared by the reports; each empty where it has nothing to tell.
TextTable solved_table(const std::vector<FamilyStats>& stats);
TextTable guards_table(const std::vector<FamilyStats>& stats);  // entail mode
TextTable layers_table(const std::vector<FamilyStats>& stats);
TextTable policy_table(const std::vector<RunRow>& rows, std::string_view mode);
// The other engines against the first one by family, on the files that both solved; in
// entail mode on those that both went through. A ratio above 1 says that the first one is
// faster.
TextTable ratio_table(const std::vector<RunRow>& rows, std::string_view mode);

std::string text_report(const std::vector<RunRow>& rows);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_REPORT_TEXT_H_
