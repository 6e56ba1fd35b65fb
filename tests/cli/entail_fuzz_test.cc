// Entail mode's verdicts on random scripts: the native engine against Z3.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cli/engine.h"
#include "guard/z3.h"
#include "tests/base/soak.h"
#include "tests/smt2/random_script.h"

namespace congrua::cli {
namespace {

using smt2::ScriptLine;
using Lines = std::vector<ScriptLine>;

RunRow run(const std::string& text, const std::string& engine) {
  RunRequest request;
  request.path = "random.smt2";
  request.text = text;
  request.mode = RunMode::kEntail;
  request.engine = engine;
  request.timeout_s = 2;  // of which a guard gets a tenth
  return run_file(request);
}

// What is wrong with the native verdicts; empty if nothing is. *decided counts those that
// both engines gave.
std::string wrong(const Lines& lines, uint64_t* decided = nullptr) {
  const std::string text = smt2::script_text(lines);
  const RunRow native = run(text, "native");
  if (!native.message.empty()) return "";  // a reduced script that is none
  const RunRow z3 = run(text, "z3");
  for (size_t i = 0; i < native.verdicts.size() && i < z3.verdicts.size(); ++i) {
    const auto& [ours, layer] = native.verdicts[i];
    const Verdict theirs = z3.verdicts[i].first;
    if (ours == Verdict::kUnknown || theirs == Verdict::kUnknown) continue;
    if (decided != nullptr) ++*decided;
    if (ours == theirs) continue;
    return "assert " + std::to_string(i) + " by " + layer + ": " +
           std::string(verdict_name(ours)) + ", Z3: " + std::string(verdict_name(theirs));
  }
  return "";
}

TEST(EntailFuzz, NativeVerdictsAgreeWithZ3) {
  if (!guard::z3_available()) GTEST_SKIP() << "built without Z3";
  const Seeds seeds = soak_seeds(100, 10'000);
  uint64_t decided = 0, failures = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end && failures < 20; ++seed) {
    const Lines lines = smt2::RandomScript(seed).make();
    const std::string what = wrong(lines, &decided);
    if (what.empty()) continue;
    ++failures;
    const Lines small =
        smt2::reduce(lines, [](const Lines& l) { return !wrong(l).empty(); });
    ADD_FAILURE() << "seed " << seed << ": " << what << "\nreduced: " << wrong(small)
                  << "\n"
                  << smt2::script_text(small);
  }
  soak_report("EntailFuzz", seeds, {{"by Z3", decided}, {"failures", failures}});
}

}  // namespace
}  // namespace congrua::cli
