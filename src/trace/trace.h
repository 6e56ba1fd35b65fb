// Recorded traces of shape questions (.jsonl), one program a file.
//
// The format is that of PyTorch's recorder: one JSON object a line, `t` says what it is;
// expressions are s-expressions (text.h). docs/cli.md describes the lines that are read.
#ifndef CONGRUA_TRACE_TRACE_H_
#define CONGRUA_TRACE_TRACE_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace congrua::trace {

enum class LineKind : uint8_t {
  kProgram,
  kEnv,
  kSymbol,
  kDuck,
  kConstant,  // spec01
  kEval,
  kStat,
  kAssert,
  kSimplify,
  kReplace,
  kRange,
  kDivisible,
  kGuards,
  kIndex,
  kLoops,
  kMultiple,
  kAgain,
  kSummary,
};

// Ends as written: digits, "oo", "-oo" or a decimal fraction.
struct TextRange {
  std::string lo, hi;
};

struct Line {
  LineKind kind = LineKind::kSummary;
  size_t number = 0;  // in the file, from 1
  int env = 0;
  int64_t i = -1;         // its number as an event
  std::string expr = {};  // e
  std::string name = {};  // symbol (s); program name; divisor (d) of kMultiple
  std::optional<std::string> result = {};  // r, e's answer; absent: null
  std::string how = {};
  std::optional<bool> otherwise = {};  // fb
  bool hints_allowed = false;          // hint of kStat
  bool size_oblivious = false;
  double us = 0;
  // kSymbol
  std::string symbol_kind = {}, hint = {}, source = {}, policy = {};
  TextRange range = {};
  // kStat, kIndex: ranges or sizes of variables; kLoops: sizes
  std::vector<std::pair<std::string, TextRange>> ranges = {};
  std::vector<std::pair<std::string, std::string>> sizes = {};
  std::vector<std::string> axioms = {};   // kStat
  std::vector<std::string> indices = {};  // kLoops
  std::vector<std::string> out = {};      // kLoops: sizes after
  int64_t of = -1, times = 1;             // kAgain
  size_t kept = 0;                        // kGuards: guards kept
};

struct Trace {
  std::string name;
  std::vector<Line> lines;  // of kinds that are known, in order
};

// kInvalidArgument with the line's number for text that is no JSON, an object without the
// members of its kind, and an `again` of no earlier question.
absl::StatusOr<Trace> read_trace(std::string_view text);

}  // namespace congrua::trace

#endif  // CONGRUA_TRACE_TRACE_H_
