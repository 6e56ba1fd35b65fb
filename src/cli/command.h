// The subcommands of `congrua`.
#ifndef CONGRUA_CLI_COMMAND_H_
#define CONGRUA_CLI_COMMAND_H_

namespace CLI {
class App;
}

namespace congrua::cli {

// Each adds its subcommand; when that was chosen on the command line, parsing runs it and
// sets exit_code.
void add_solve(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_cases(CLI::App& app, int& exit_code);
void add_ask(CLI::App& app, int& exit_code);  // simplify, prove, bounds
void add_fits(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_guards(CLI::App& app, int& exit_code);  // guards, witness
void add_cache(CLI::App& app, int& exit_code);  // guard caches in files

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_COMMAND_H_
