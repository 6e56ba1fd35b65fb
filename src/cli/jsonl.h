// Rows as JSON lines: the bench's log, and what a child process sends to its parent.
#ifndef CONGRUA_CLI_JSONL_H_
#define CONGRUA_CLI_JSONL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/row.h"

namespace congrua::cli {

// One line without its end. Bytes that are no UTF-8 are replaced (U+FFFD).
std::string row_to_json(const RunRow& row, bool with_verdicts = false);
// kInvalidArgument unless the text is an object with the texts file, engine, mode and
// status. Unknown members are ignored.
absl::StatusOr<RunRow> row_from_json(std::string_view text);

// The text with every byte that is no UTF-8 replaced: what a row's `file` looks like once
// read back.
std::string valid_utf8(std::string_view text);

struct LogContents {
  std::vector<RunRow>
      rows;          // in file order; a later row of the same key replaces an earlier one
  std::string torn;  // an unfinished last line, dropped; else empty
  uint64_t whole_bytes = 0;  // up to the end of the last whole line
  bool ends_with_newline = true;
};
// Reads a log. A last line that does not parse and has no end is what an interrupted run
// left: it is told in `torn`. Any other line that is no row is kInvalidArgument with its
// number.
absl::StatusOr<LogContents> read_log(const std::string& path);

// Appends rows. Each is one write of a whole line, on the disk (fdatasync) before append
// returns.
class RowLog {
 public:
  RowLog() = default;
  ~RowLog();
  RowLog(const RowLog&) = delete;
  RowLog& operator=(const RowLog&) = delete;

  // Opens or creates the file. Where it holds rows already they stay and are returned in
  // `earlier`; a torn last line is cut off. A file that is no log is refused untouched.
  absl::Status open(const std::string& path, LogContents* earlier);
  bool is_open() const { return fd_ >= 0; }
  // After an error (disk full) the file ends with the last whole line.
  absl::Status append(const RunRow& row);
  absl::Status close();

 private:
  std::string path_;
  int fd_ = -1;
};

// The whole text into the file descriptor, or errno's message.
absl::Status write_all(int fd, std::string_view text);
// Writes a file at once by way of a temporary one beside it, so that a failure leaves no
// half.
absl::Status write_file(const std::string& path, std::string_view text);

// What tells one question from another: file, engine, mode and policy.
std::string row_key(const RunRow& row);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_JSONL_H_
