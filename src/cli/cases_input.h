// Case files: one JSON object per line; tests/data/peer_suites/README.md defines the
// format.
#ifndef CONGRUA_CLI_CASES_INPUT_H_
#define CONGRUA_CLI_CASES_INPUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/int.h"
#include "cli/cases_term.h"

namespace congrua::cli {

enum class CaseKind : uint8_t {
  kSimplify,
  kConfluence,
  kProve,
  kBound,
  kModular,
  kEmptiness,
  kOther,  // not built yet: nothing but the id and the kind is read
};

struct CaseVariable {
  std::string name;
  bool is_bool = false;
  std::optional<int64_t> lo, hi;  // inclusive
};

// An interval with absent ends unbounded.
struct CaseInterval {
  std::optional<Int> lo, hi;
  // Lies within o.
  bool within(const CaseInterval& o) const {
    return (!o.lo || (lo && *lo >= *o.lo)) && (!o.hi || (hi && *hi <= *o.hi));
  }
};

struct CaseText {
  std::string text;
  Term term;
};

struct Case {
  std::string id, suite, kind_name;
  CaseKind kind = CaseKind::kOther;
  bool euclid = false;  // "div": "euclid"
  std::vector<CaseVariable> variables;
  std::vector<CaseText> assume;
  CaseText expr;

  // What is expected; the member that the kind has.
  std::optional<CaseText> form;       // kSimplify, kConfluence
  std::string word;                   // kProve, kEmptiness, kModular asked as kProve
  std::optional<CaseInterval> bound;  // kBound
  std::optional<CaseInterval> tight;  // kBound: a narrower one that is reached
  bool reaches_lo = false, reaches_hi = false;  // kBound: ends known to be taken
  std::optional<Int> coeff, base;               // kModular: value = base modulo coeff
};

// One line. kInvalidArgument says what is wrong with it.
absl::StatusOr<Case> parse_case(std::string_view line, std::string_view suite);

struct CaseFile {
  std::vector<Case> cases;
  std::vector<std::string> errors;  // "path:line: what is wrong"
};
// All lines that can be read. The suite is the name of the file's folder, or of the file
// where it has none. An error where there is no such file.
absl::StatusOr<CaseFile> read_cases(const std::string& path);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CASES_INPUT_H_
