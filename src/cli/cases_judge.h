// Is the answer to a case right, and is it good?
#ifndef CONGRUA_CLI_CASES_JUDGE_H_
#define CONGRUA_CLI_CASES_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/cases_ask.h"
#include "cli/cases_input.h"

namespace congrua::cli {

enum class CaseVerdict : uint8_t {
  kOk,           // full credit
  kPartial,      // better than nothing
  kMiss,         // right, and no better than no answer
  kUnsound,      // wrong
  kUnsupported,  // a kind that is not built yet
};
std::string_view verdict_name(CaseVerdict v);

struct CaseRow {
  std::string id, suite, kind_name;
  CaseKind kind = CaseKind::kOther;
  CaseVerdict verdict = CaseVerdict::kUnsupported;
  CaseAnswer answer;
  bool has_answer = false;
  std::string why;    // what refutes the answer, or why there is none
  size_t points = 0;  // at which it was checked
  // Operators of the forms: expr, the answer, expected. kSimplify and kConfluence.
  std::optional<uint64_t> cost_in, cost_out, expected_cost;
  std::optional<bool> tight;  // kBound: as tight as the narrower interval of the case

  bool sound() const { return verdict != CaseVerdict::kUnsound; }
};

// The rules of tests/data/peer_suites:
//   simplify    ok: at most as many operators as `expected`; partial: fewer than `expr`
//   confluence  ok: one node
//   prove       ok: the expected verdict; `unknown` where a counterexample is known
//   bound       ok: within `expected`; partial: one end is
//   modular     ok: implies `expected`; partial: some congruence
//   emptiness   ok: the expected verdict
// Right is what agrees with an evaluation of the case's own text at the points of
// case_points, with expected verdicts, and with ends that are known to be reached.
CaseRow judge_case(const Case& c, const CaseAnswer& answer);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CASES_JUDGE_H_
