// `congrua guards` and `congrua witness`: what a traced program has to test at entry, and
// small inputs that reach its end.
#ifndef CONGRUA_CLI_GUARDS_H_
#define CONGRUA_CLI_GUARDS_H_

#include <cstdio>
#include <string>

namespace congrua::cli {

struct GuardsOptions {
  std::string file;  // a trace (.jsonl) or an SMT-LIB script; "-" is standard input
  bool json = false;
  bool dropped = true;  // say which guards were dropped, and for what
};

// Exit codes: 0 answered, 1 nothing satisfies all facts, or no such input was found
// (witness), 2 for input that cannot be read, 3 where the answer could not be written.
int run_guards(const GuardsOptions& options, std::FILE* out, std::FILE* err);
int run_witness(const GuardsOptions& options, std::FILE* out, std::FILE* err);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_GUARDS_H_
