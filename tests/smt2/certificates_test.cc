// Certificates of answers about recorded guards: does each assert of a script follow from
// those before it?
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "congrua/guard.h"
#include "congrua/proof.h"
#include "congrua/text.h"
#include "smt2/script.h"
#include "smt2/translate.h"
#include "tests/expr/reference.h"

namespace congrua {
namespace {

using Kind = smt2::ScriptCommand::Kind;

struct Coverage {
  size_t found = 0, all = 0, steps = 0;
  std::map<std::string, std::pair<size_t, size_t>> by_layer;
};

void walk(const std::string& text, const std::string& file, Coverage& coverage) {
  const smt2::Script script = smt2::read_script(text);
  ExprPool pool;
  Facts facts(pool);
  smt2::Translation translation(*script.env, pool, &facts);
  const auto side_facts = [&] {
    for (const Expr side : translation.take_side_facts()) facts.add(side).IgnoreError();
  };
  for (const smt2::ScriptCommand& c : script.commands) {
    if (c.kind == Kind::kResetAssertions) return;
    for (uint64_t i = 0; i < c.count && c.kind == Kind::kPush; ++i) {
      facts.push();
      translation.push();
    }
    for (uint64_t i = 0; i < c.count && c.kind == Kind::kPop; ++i) {
      translation.pop();
      facts.pop();
    }
    if (c.kind != Kind::kAssert) continue;
    const Expr guard = translation.expr(c.term);
    side_facts();
    Answer a = facts.decide(guard, {.explain = false});
    if (a.truth == Truth::kTrue || a.truth == Truth::kFalse) {
      a = facts.decide(guard, {.certificate = true});
      auto& [found, all] = coverage.by_layer[std::string(layer_name(a.layer))];
      ++all;
      ++coverage.all;
      if (a.certificate != nullptr) {
        ++found;
        ++coverage.found;
        coverage.steps += a.certificate->steps.size();
        std::vector<Expr> given;
        for (FactId i = 0; i < facts.size(); ++i) given.push_back(facts.fact(i));
        const absl::Status status =
            check(*a.certificate, given, a.truth == Truth::kTrue ? guard : !guard);
        EXPECT_TRUE(status.ok())
            << file << ": " << to_string(guard) << ": " << status.ToString();
      } else if (std::getenv("CONGRUA_MISSES") != nullptr) {
        std::printf("none by %s: %s: %s\n", std::string(layer_name(a.layer)).c_str(),
                    file.c_str(), to_string(guard).c_str());
        for (const FactId f : a.rests_on) {
          std::printf("    %s\n", to_string(facts.fact(f)).c_str());
        }
      }
    }
    facts.add(guard).IgnoreError();
    static_cast<void>(translation.assume(c.term));
    side_facts();
  }
}

TEST(Certificates, FuzzRecordedGuards) {
  const char* folder = std::getenv("CONGRUA_DATA");
  if (folder == nullptr) GTEST_SKIP() << "CONGRUA_DATA names no folder of recorded data";
  std::vector<std::filesystem::path> files;
  for (const char* family : {"pytorch_original", "torch"}) {
    for (const auto& f :
         std::filesystem::directory_iterator(std::string(folder) + "/smt2/" + family)) {
      if (f.path().extension() == ".smt2") files.push_back(f.path());
    }
  }
  std::ranges::sort(files);
  // Evenly over the files.
  const double share = std::min(1.0, 0.05 * expr_test::soak_percent());
  Coverage coverage;
  double due = 0;
  for (const auto& path : files) {
    due += share;
    if (due < 1) continue;
    due -= 1;
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    walk(text.str(), path.filename().string(), coverage);
  }
  std::printf("certificates: %zu of %zu, %zu steps;", coverage.found, coverage.all,
              coverage.steps);
  for (const auto& [layer, counts] : coverage.by_layer) {
    std::printf(" %s %zu/%zu", layer.c_str(), counts.first, counts.second);
  }
  std::printf("\n");
  EXPECT_GE(100 * coverage.found, 99 * coverage.all);
}

}  // namespace
}  // namespace congrua
