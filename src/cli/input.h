// Input files, packed or not.
#ifndef CONGRUA_CLI_INPUT_H_
#define CONGRUA_CLI_INPUT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace congrua::cli {

inline constexpr size_t kMaxInputBytes = size_t{1} << 30;  // unpacked

// The contents of a file, or of standard input for "-". gzip and xz are told by their
// first bytes, whatever the name, and unpacked. Errors name the path: kNotFound,
// kPermissionDenied, kDataLoss for a broken archive, kResourceExhausted beyond
// kMaxInputBytes, kUnavailable for others.
absl::StatusOr<std::string> read_input(const std::string& path);

// What starts like a gzip or xz file.
bool is_packed(std::string_view first_bytes);
// Unpacks it; `name` is for messages.
absl::StatusOr<std::string> unpack(std::string_view packed, std::string_view name);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_INPUT_H_
