#include "cli/bench_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "cli/external.h"

namespace congrua::cli {
namespace {

template <typename T>
void add_once(std::vector<T>& list, T value) {
  if (std::find(list.begin(), list.end(), value) == list.end())
    list.push_back(std::move(value));
}

}  // namespace

std::optional<uint64_t> parse_bytes(std::string_view text) {
  double scale = 1;
  if (!text.empty()) {
    constexpr std::string_view kUnits = "KMGT";
    const char last = static_cast<char>(text.back() & ~0x20);
    if (const size_t unit = kUnits.find(last); unit != std::string_view::npos) {
      scale = std::ldexp(1.0, 10 * (static_cast<int>(unit) + 1));
      text.remove_suffix(1);
    }
  }
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0))
    return std::nullopt;
  const double bytes = value * scale;
  if (bytes >= std::ldexp(1.0, 63)) return std::nullopt;
  return static_cast<uint64_t>(bytes);
}

absl::StatusOr<std::vector<std::string>> parse_engines(
    const std::vector<std::string>& values) {
  std::vector<std::string> out;
  for (const std::string& value : values) {
    for (size_t at = 0; at <= value.size();) {
      const std::string_view rest = std::string_view(value).substr(at);
      const size_t end =
          is_external(rest) ? value.size() : std::min(value.find(',', at), value.size());
      const std::string name = value.substr(at, end - at);
      const bool command = is_external(name) && name.size() > 4;
      if (!command && name != "auto" && name != "native" && name != "z3") {
        return absl::InvalidArgumentError(
            fmt::format("--engine {}: not auto, native, z3 or cmd:COMMAND", name));
      }
      add_once(out, name);
      at = end + 1;
    }
  }
  return out;
}

absl::StatusOr<std::vector<Policy>> parse_policies(
    const std::vector<std::string>& values) {
  std::vector<Policy> out;
  for (const std::string& value : values) {
    for (size_t at = 0; at <= value.size();) {
      const size_t end = std::min(value.find(',', at), value.size());
      const std::string name = value.substr(at, end - at);
      at = end + 1;
      if (name == "all") {
        for (const Policy p :
             {Policy::kNone, Policy::k01, Policy::kDuck, Policy::kBoth}) {
          add_once(out, p);
        }
      } else if (const std::optional<Policy> p = policy_from_name(name)) {
        add_once(out, *p);
      } else {
        return absl::InvalidArgumentError(
            fmt::format("--specialize {}: not none, 01, duck, both or all", name));
      }
    }
  }
  return out;
}

absl::StatusOr<std::vector<RunMode>> parse_modes(std::string_view value) {
  if (value == "sat") return std::vector<RunMode>{RunMode::kSat};
  if (value == "entail") return std::vector<RunMode>{RunMode::kEntail};
  if (value == "both") return std::vector<RunMode>{RunMode::kSat, RunMode::kEntail};
  return absl::InvalidArgumentError(
      fmt::format("--mode {}: not sat, entail or both", value));
}

}  // namespace congrua::cli
