// The program `congrua`.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/command.h"
#include "guard/z3.h"

namespace {

// What was written where the name of a command belongs, and the names there are; empty
// where that is not what is wrong. (CLI11 only says that a command is missing.)
std::string no_such_command(const CLI::App& app) {
  if (const auto chosen = app.get_subcommands(); !chosen.empty())
    return no_such_command(*chosen.front());
  const std::vector<std::string> rest = app.remaining();
  if (rest.empty() || app.get_require_subcommand_min() == 0) return {};
  if (rest.front().starts_with('-'))
    return fmt::format("congrua: no option '{}': --help lists them", rest.front());
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({}))
    names.push_back(command->get_name());
  return fmt::format("congrua: no command '{}': there are {}", rest.front(),
                     fmt::join(names, ", "));
}

int run(int argc, char** argv) {
  CLI::App app("Exact answers about sizes that are not known yet", "congrua");
  const std::string z3 = congrua::guard::z3_version();
  app.set_version_flag(
      "--version",
      "congrua " CONGRUA_VERSION + (z3.empty() ? " (without Z3)" : " (Z3 " + z3 + ")"));
  app.require_subcommand(1);
  int exit_code = 0;
  congrua::cli::add_solve(app, exit_code);
  congrua::cli::add_ask(app, exit_code);
  congrua::cli::add_fits(app, exit_code);
  congrua::cli::add_cache(app, exit_code);
  congrua::cli::add_bench(app, exit_code);
  congrua::cli::add_cases(app, exit_code);
  congrua::cli::add_guards(app, exit_code);
  congrua::cli::add_replay(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    constexpr int kWrongUse = 2;
    if (const std::string wrong = no_such_command(app);
        e.get_exit_code() != 0 && !wrong.empty()) {
      std::fprintf(stderr, "%s\n", wrong.c_str());
      return kWrongUse;
    }
    return app.exit(e) == 0 ? 0 : kWrongUse;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "congrua: %s\n", e.what());
  } catch (...) {
    std::fprintf(stderr, "congrua: an unknown exception\n");
  }
  constexpr int kInternal = 70;  // EX_SOFTWARE of sysexits.h
  return kInternal;
}
