// A check of command line numbers. CLI11's own says of "abc" that it is not in range.
#ifndef CONGRUA_CLI_BETWEEN_H_
#define CONGRUA_CLI_BETWEEN_H_

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <concepts>
#include <string>

namespace congrua::cli {

template <typename T>
CLI::Validator between(T lo, T hi) {
  return {[lo, hi](std::string& text) {
            T v{};
            if (CLI::detail::lexical_cast(text, v) && v >= lo && v <= hi)
              return std::string();
            return fmt::format("{} is not {} from {} to {}", text,
                               std::integral<T> ? "a whole number" : "a number", lo, hi);
          },
          ""};
}

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_BETWEEN_H_
