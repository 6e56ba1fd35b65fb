// The library's answer to a case.
#ifndef CONGRUA_CLI_CASES_ASK_H_
#define CONGRUA_CLI_CASES_ASK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cli/cases_input.h"
#include "congrua/guard.h"

namespace congrua::cli {

enum class CaseEngine : uint8_t {
  kNative,
  kAuto,  // native, then Z3 for verdicts that are left open
  kZ3,    // verdicts by Z3 alone; all other kinds are native in each engine
};

struct CaseAnswer {
  // An s-expression for forms; true, false or unknown; empty, nonempty or unknown.
  std::string text;
  std::string expected_text;      // kConfluence: the simplified `expected`
  uint64_t operations = 0;        // of the form, as the library counts them
  std::optional<bool> same_node;  // expr and expected were simplified to one node
  Bounds bounds;                  // kBound, kModular
  Layer layer = Layer::kNone;     // what gave a verdict
  double us = 0;                  // the question alone, with cold memos
  double simplify_us = 0;         // simplify without extract
  double read_us = 0;             // parsing and interning expr: its canonical form
  double facts_us = 0;            // adding the facts before it
};

// Asks in a pool and facts of its own. The times are the best of a few repetitions, each
// with a pool of its own; they leave out reading and interning. kInvalidArgument where
// the library does not read an expression of the case.
absl::StatusOr<CaseAnswer> ask_case(const Case& c, CaseEngine engine);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CASES_ASK_H_
