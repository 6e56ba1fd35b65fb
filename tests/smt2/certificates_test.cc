// Certificates of answers about recorded guards: does each assert of a script follow from
// those before it?
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "congrua/guard.h"
#include "smt2/script.h"
#include "smt2/translate.h"
#include "tests/expr/reference.h"
#include "tests/guard/coverage.h"

namespace congrua {
namespace {

using guard_test::Coverage;

using Kind = smt2::ScriptCommand::Kind;

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
    coverage.ask(facts, guard, {}, file);
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
  coverage.expect(99);
}

}  // namespace
}  // namespace congrua
