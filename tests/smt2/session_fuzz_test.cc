// Random sessions: the native engine against Z3, and its cores on their own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "congrua/smt2.h"
#include "guard/z3.h"
#include "tests/base/soak.h"
#include "tests/smt2/random_script.h"

namespace congrua::smt2 {
namespace {

using Kind = ScriptLine::Kind;
using Lines = std::vector<ScriptLine>;

struct Responses {
  std::vector<std::string> lines;
  uint64_t errors;
};

Responses run(const std::string& text, Engine engine) {
  Responses out;
  SessionOptions options;
  options.engine = engine;
  options.native_steps = 2'000'000;
  options.z3_rlimit = 500'000;
  Session session(
      [&](std::string_view s) { out.lines.emplace_back(s.substr(0, s.size() - 1)); },
      options);
  session.run(text);
  out.errors = session.stats().errors;
  return out;
}

bool contradict(const std::string& a, const std::string& b) {
  return (a == "sat" && b == "unsat") || (a == "unsat" && b == "sat");
}

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> out;
  size_t at = 1;
  while (at + 1 < list.size()) {
    const size_t end = term_end(list, at);
    const size_t last = std::min(end, list.size() - 1);
    out.push_back(list.substr(at, last - at));
    at = last + 1;
  }
  return out;
}

// What is wrong with the native engine's answers; empty if nothing is. *decided counts
// the checks that both engines answered.
std::string wrong(const Lines& lines, uint64_t* decided = nullptr) {
  // After each check its core; without an unsat answer that is an error, so all are read
  // alike.
  std::string text =
      "(set-option :produce-unsat-cores true)"
      "(set-option :produce-unsat-assumptions true)" +
      std::string(kRandomDeclarations);
  std::string plain(kRandomDeclarations);
  int depth = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].kind == Kind::kPush) ++depth;
    if (lines[i].kind == Kind::kPop && --depth < 0) return "";  // a reduced script
    const std::string line =
        script_text(
            Lines(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(i) + 1))
            .substr(script_text(Lines(lines.begin(),
                                      lines.begin() + static_cast<std::ptrdiff_t>(i)))
                        .size());
    text += line;
    plain += line;
    if (lines[i].kind == Kind::kCheck) text += "(get-unsat-core)";
    if (lines[i].kind == Kind::kCheckAssuming)
      text += "(get-unsat-core)(get-unsat-assumptions)";
  }
  const Responses theirs = run(plain, Engine::kZ3);
  if (theirs.errors != 0) return "";  // a reduced script that is none
  const Responses found = run(text, Engine::kNative);
  const std::vector<std::string>& native = found.lines;
  const std::vector<std::string>& z3 = theirs.lines;
  size_t at = 0, check = 0;
  for (const ScriptLine& l : lines) {
    if (l.kind != Kind::kCheck && l.kind != Kind::kCheckAssuming) continue;
    const size_t extra = l.kind == Kind::kCheck ? 1 : 2;
    if (at + extra >= native.size() || check >= z3.size()) return "responses are missing";
    const std::string& ours = native[at];
    if (contradict(ours, z3[check])) {
      return "check " + std::to_string(check) + ": native " + ours + ", Z3 " + z3[check];
    }
    if (decided != nullptr) *decided += ours != "unknown" && z3[check] != "unknown";
    if (ours == "unsat") {
      std::string core(kRandomDeclarations);
      for (const std::string& name : names_in(native[at + 1])) {
        if (name[0] != 'a') return "core " + native[at + 1];
        core += "(assert " + lines[std::stoul(name.substr(1))].term + ")";
      }
      if (extra == 2) {
        for (const std::string& t : names_in(native[at + 2]))
          core += "(assert " + t + ")";
      }
      const std::vector<std::string> again = run(core + "(check-sat)", Engine::kZ3).lines;
      if (again.size() != 1 || again[0] == "sat") {
        return "check " + std::to_string(check) + ": no core: " + core;
      }
    }
    at += 1 + extra;
    ++check;
  }
  return "";
}

TEST(SessionFuzz, NativeEngineAgreesWithZ3) {
  if (!guard::z3_available()) GTEST_SKIP() << "built without Z3";
  const Seeds seeds = soak_seeds(200, 20'000);
  uint64_t decided = 0, failures = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end && failures < 20; ++seed) {
    const Lines lines = RandomScript(seed).make();
    const std::string what = wrong(lines, &decided);
    if (what.empty()) continue;
    ++failures;
    const Lines small = reduce(lines, [](const Lines& l) { return !wrong(l).empty(); });
    ADD_FAILURE() << "seed " << seed << ": " << what << "\nreduced: " << wrong(small)
                  << "\n"
                  << script_text(small);
  }
  soak_report("SessionFuzz", seeds, {{"by Z3", decided}, {"failures", failures}});
}

}  // namespace
}  // namespace congrua::smt2
