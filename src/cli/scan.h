// The commands of an SMT-LIB script as text, without a reading of their terms: what the
// bench has to know before any engine runs, and how it rewrites a script for all engines
// alike.
#ifndef CONGRUA_CLI_SCAN_H_
#define CONGRUA_CLI_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/row.h"

namespace congrua::cli {

struct Command {
  std::string_view text;  // with its parentheses
  std::string_view name;  // "assert"; empty where the list does not start with a symbol
};

// Iterates over the top-level lists of a script; comments, strings and quoted symbols are
// seen as such. Text between lists is skipped, a list without an end is the last one.
class CommandScanner {
 public:
  explicit CommandScanner(std::string_view text) : text_(text) {}
  std::optional<Command> next();

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// The elements directly within a command, e.g. {"set-info", ":status", "sat"}; at most
// `limit`.
std::vector<std::string_view> elements(std::string_view command, size_t limit);

// The :status that stands before each check-sat and check-sat-assuming, up to (exit);
// empty text where a check has none, or where it is `unknown`. A status counts for the
// next check alone.
std::vector<std::string> expected_statuses(std::string_view script);

// How sizes are specialized by the example values of a script.
enum class Policy : uint8_t {
  kNone,
  k01,    // examples 0 and 1 become constants, a symbol with a larger one is >= 2
  kDuck,  // symbols of equal examples become one
  kBoth,  // both
};
std::string_view policy_name(Policy policy);  // "none", "01", "duck", "both"
std::optional<Policy> policy_from_name(std::string_view name);

struct Specialized {
  std::string text;
  std::vector<size_t> assumed;  // asserts of the policy, numbered as in `text`
  PolicyFigures figures;
};
// Rewrites the declarations of integer constants at the outermost level that have an
// integer (set-info :example-NAME VALUE); all else stays as it is. Negative examples take
// part in duck sizing alone.
Specialized specialize(std::string_view script, Policy policy);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_SCAN_H_
