// The answer to one question about one file: a row of the bench.
#ifndef CONGRUA_CLI_ROW_H_
#define CONGRUA_CLI_ROW_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace congrua::cli {

enum class RunMode : uint8_t {
  kSat,     // run the script as it stands
  kEntail,  // skip its checks; ask each assert under the asserts in scope, then add it
};
std::string_view mode_name(RunMode mode);  // "sat", "entail"

enum class Verdict : uint8_t { kRedundant, kNeeded, kUnknown };
std::string_view verdict_name(Verdict verdict);
std::optional<Verdict> verdict_from_name(std::string_view name);

// Entail mode's figures. Times in microseconds, from the interned assert to its verdict.
struct EntailFigures {
  uint64_t guards = 0, redundant = 0, needed = 0, unknown = 0;
  double us_p50 = 0, us_p99 = 0, us_total = 0, add_us_total = 0;
  // Guards by time_bucket: what is needed to merge percentiles over files.
  std::map<uint64_t, uint64_t> histogram;
};

// What a specialization policy did to the file: each symbol below is a guard.
struct PolicyFigures {
  uint64_t constants = 0;     // symbols set to 0 or 1
  uint64_t shared = 0;        // symbols replaced by an earlier one
  uint64_t at_least_two = 0;  // symbols bounded below
  uint64_t guards() const { return constants + shared + at_least_two; }
};

// Entail mode against REDUNDANT.csv: the guards it settles, those of them found,
// contradictions.
struct TruthFigures {
  uint64_t redundant = 0, redundant_found = 0, needed = 0, needed_found = 0, wrong = 0;
};

struct RunRow {
  std::string file, engine, mode, specialize;  // specialize is empty without a policy
  // sat, unsat, unknown, ok, error, timeout, memory or crash.
  std::string status;
  std::vector<std::string> answers;   // sat mode: one for each check that was reached
  std::vector<std::string> expected;  // one for each check; empty text: nothing expected
  std::optional<bool> correct;  // absent: nothing was expected, or there is no answer
  double parse_ms = 0, solve_ms = 0;
  std::string layer;                       // the costliest layer that gave an answer
  std::map<std::string, uint64_t> layers;  // answers by layer
  // Largest absolute value and sum of the values of the last model, in decimal digits.
  std::string model_max, model_sum;
  std::string message, version;
  std::optional<EntailFigures> entail;
  std::optional<PolicyFigures> policy;
  std::optional<TruthFigures> truth;
  double timeout_s = 0, wall_ms = 0, peak_mb = 0;
  uint64_t bytes = 0;  // of the text, unpacked

  // By assert in file order, with the layer; not part of the JSON line.
  std::vector<std::pair<Verdict, std::string>> verdicts;

  bool solved() const { return status == "sat" || status == "unsat" || status == "ok"; }
  bool failed() const { return !solved() && status != "unknown"; }
};

// Lower end of the bucket of a time in nanoseconds: 32 buckets to each power of two, so
// it is at most 3.1 % below the time.
uint64_t time_bucket(uint64_t ns);

// The value at the nearest rank: the smallest one that at least `share` (0 to 1) of the
// values do not exceed. Requires a non-empty vector, which it reorders.
uint64_t percentile(std::vector<uint64_t>& values, double share);

// Fills the counts, percentiles and histogram of a row in entail mode from its verdicts
// and their times in nanoseconds (empty where unknown), the layers from the verdicts, and
// sets the status to ok, or to unknown if a verdict is unknown. An earlier status
// (timeout, error) stays.
void finish_entail(RunRow& row, std::vector<uint64_t> ns, uint64_t add_ns);

// Sets the status from the answers: the only one; with none or several `ok`, or `unknown`
// if one of them is neither sat nor unsat. An earlier status stays.
void finish_sat(RunRow& row);

// "FIRST (and 2 more errors)".
std::string and_more_errors(std::string_view first, size_t more);

// Sets `layer` from `layers`: the last one in the order of Layer; names that are not ours
// (of an external engine) come after ours.
void finish_layer(RunRow& row);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_ROW_H_
