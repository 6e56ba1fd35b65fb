// The options of `congrua bench` as text.
#ifndef CONGRUA_CLI_BENCH_OPTIONS_H_
#define CONGRUA_CLI_BENCH_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/engine.h"
#include "cli/scan.h"

namespace congrua::cli {

// "4G", "512M", "1.5g", "65536"; "0" is no limit. nullopt for other text.
std::optional<uint64_t> parse_bytes(std::string_view text);

// "native,z3" and repeated values, each once, in order; from "cmd:" on, the rest of a
// value is one command, commas included. kInvalidArgument names what is no engine.
absl::StatusOr<std::vector<std::string>> parse_engines(
    const std::vector<std::string>& values);

// "none,duck"; "all" is none,01,duck,both.
absl::StatusOr<std::vector<Policy>> parse_policies(
    const std::vector<std::string>& values);

// "sat", "entail" or "both".
absl::StatusOr<std::vector<RunMode>> parse_modes(std::string_view value);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_BENCH_OPTIONS_H_
