#include "cli/verdicts.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include "cli/expected.h"
#include "cli/jsonl.h"

namespace congrua::cli {
namespace {
constexpr std::string_view kHeader = "file,assert_index,verdict,layer\n";
}  // namespace

absl::Status VerdictTable::load(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return absl::OkStatus();
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return absl::UnavailableError(
        fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  const std::string text((std::istreambuf_iterator<char>(in)),
                         std::istreambuf_iterator<char>());
  if (!text.empty() && !text.starts_with(kHeader)) {
    return absl::InvalidArgumentError(fmt::format("{} is no table of verdicts", path));
  }
  const auto rows = parse_csv(text);
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() != 4) {
      return absl::InvalidArgumentError(
          fmt::format("{}: row {} has not 4 fields", path, i));
    }
    lines_[rows[i][0]] +=
        fmt::format("{},{},{},{}\n", csv_field(rows[i][0]), csv_field(rows[i][1]),
                    rows[i][2], csv_field(rows[i][3]));
  }
  return absl::OkStatus();
}

void VerdictTable::set(const std::string& file, const RunRow& row) {
  std::string& lines = lines_[file];
  lines.clear();
  for (size_t i = 0; i < row.verdicts.size(); ++i) {
    const auto& [verdict, layer] = row.verdicts[i];
    lines += fmt::format("{},{},{},{}\n", csv_field(file), i, verdict_name(verdict),
                         csv_field(layer));
  }
}

absl::Status VerdictTable::write(const std::string& path,
                                 const std::vector<std::string>& files) const {
  std::string text(kHeader);
  for (const std::string& file : files) {
    if (const auto it = lines_.find(file); it != lines_.end()) text += it->second;
  }
  return write_file(path, text);
}

}  // namespace congrua::cli
