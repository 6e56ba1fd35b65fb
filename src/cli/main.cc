// The program `congrua`.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/command.h"
#include "guard/z3.h"

namespace {

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
