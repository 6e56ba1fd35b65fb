// What the subcommands of `congrua cache` share: cache files and calls written as text.
#ifndef CONGRUA_CLI_CACHE_CALL_H_
#define CONGRUA_CLI_CACHE_CALL_H_

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/cache.h"

namespace congrua::cli {

inline constexpr int kNoEntry = 1, kWrongInput = 2;  // exit codes
using NamedCache = cache::GuardCache<std::string>;

// Without blanks at either end.
std::string_view trimmed(std::string_view s);

int complain(std::FILE* err, std::string_view what);  // kWrongInput

// nullptr: it was complained.
std::unique_ptr<NamedCache> load_cache(const std::string& path, std::FILE* err);

// A call that is written as FIELD=VALUE ...
class Call {
 public:
  explicit Call(const cache::Schema& schema)
      : schema_(schema), row_(schema.size()), given_(schema.size()) {}

  // Empty: it was read. So for missing().
  std::string read(std::string_view value);
  std::string missing() const;
  const std::vector<cache::Word>& row() const { return row_; }

 private:
  const cache::Schema& schema_;
  std::vector<cache::Word> row_;
  std::vector<char> given_;
};

// The rows of a log: a line is a call, and fields that it does not name are those of the
// call before. '#' begins a comment. Errors begin with the position, PATH:LINE.
absl::StatusOr<std::vector<std::vector<cache::Word>>> read_calls(
    const cache::Schema& schema, const std::string& path);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CACHE_CALL_H_
