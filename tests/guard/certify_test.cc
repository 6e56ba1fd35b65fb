// Certificates of answers: each is checked, and few answers are without.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "congrua/guard.h"
#include "congrua/proof.h"
#include "congrua/text.h"
#include "tests/expr/reference.h"
#include "tests/guard/coverage.h"
#include "tests/guard/fact_tables.h"
#include "tests/guard/random_facts.h"

namespace congrua {
namespace {

using guard_test::Coverage;

Expr read(ExprPool& pool, std::string_view text) {
  const absl::StatusOr<Expr> e = parse_infix(pool, text);
  EXPECT_TRUE(e.ok()) << text << ": " << e.status().message();
  return e.ok() ? *e : pool.boolean(true);
}

void ask_text(Coverage& coverage, std::string_view list, std::string_view guard) {
  ExprPool pool;
  Facts facts(pool);
  for (absl::string_view f : absl::StrSplit(absl::string_view(list.data(), list.size()),
                                            ';', absl::SkipWhitespace())) {
    facts.add(read(pool, std::string(f))).IgnoreError();
  }
  coverage.ask(facts, read(pool, guard), {},
               absl::StrCat(std::string(list), " |- ", std::string(guard)));
}

TEST(Certify, Tables) {
  Coverage coverage;
  for (const guard_test::Case& c : guard_test::kCases) {
    ask_text(coverage, c.facts, c.guard);
  }
  for (const guard_test::LayerCase& c : guard_test::kLayerCases) {
    ask_text(coverage, c.facts, c.guard);
  }
  coverage.expect(100);
}

TEST(Certify, TheExampleOfTheDocument) {
  ExprPool pool;
  Facts facts(pool);
  const std::vector<Expr> given = {read(pool, "floor_mod(n, 8) == 0"),
                                   read(pool, "n >= 1")};
  for (const Expr f : given) EXPECT_TRUE(facts.add(f).ok());
  const Expr goal = read(pool, "n >= 8");
  const Answer a = facts.decide(goal, {.certificate = true});
  ASSERT_NE(a.certificate, nullptr);
  std::ifstream in("docs/proofs.md");
  std::string text;
  for (std::string line; std::getline(in, line);) {
    if (line.size() > 4 && line.starts_with("    ") && line[4] >= '0' && line[4] <= '9') {
      text += line.substr(4) + "\n";
    }
  }
  EXPECT_EQ(text, to_string(*a.certificate, given, goal));
}

// A step about a divisor of an unknown sign was refused, and its row read.
TEST(Certify, RefusedStepsArePassedOver) {
  ExprPool pool;
  Facts facts(pool);
  (void)pool.symbol("x", {.range = {.lo = 1}});
  for (const char* text :
       {"floor_mod(floor_div(y, -2), -2) == 0",
        "floor_mod(x, select(floor_mod(floor_mod(x, floor_mod(y, 3)), 6) < x, x, -1)) == "
        "1",
        "floor_div(y, floor_mod(x, -2)) - x*2 >= y"}) {
    facts.add(read(pool, text)).IgnoreError();
  }
  (void)facts.decide(read(pool, "floor_mod(4, y)*y == x"), {.certificate = true});
}

TEST(Certify, FuzzRandomSystems) {
  Coverage coverage;
  const char* first = std::getenv("CONGRUA_SEED");
  const uint64_t start = first == nullptr ? 0 : std::strtoull(first, nullptr, 10);
  const auto rounds = static_cast<uint64_t>(300 * expr_test::soak_percent());
  for (uint64_t seed = start; seed < start + rounds; ++seed) {
    const guard_test::System system = guard_test::RandomSystem(seed).make();
    ExprPool pool;
    Facts facts(pool);
    size_t depth = 0;
    for (const guard_test::Step& step : system.script) {
      switch (step.act) {
        case guard_test::Act::kPush:
          facts.push();
          ++depth;
          break;
        case guard_test::Act::kPop:
          if (depth == 0) break;
          facts.pop();
          --depth;
          break;
        case guard_test::Act::kFact:
          facts.add(guard_test::build(pool, system, step.tree)).IgnoreError();
          break;
        case guard_test::Act::kAsk:
          coverage.ask(facts, guard_test::build(pool, system, step.tree),
                       {.steps = system.steps}, absl::StrCat("seed ", seed));
          break;
      }
    }
  }
  coverage.expect(99);
}

// ---- Recorded questions

// What follows `"key": ` in a line of JSON, up to the end of that value.
std::string value_of(const std::string& line, const std::string& key) {
  const size_t at = line.find("\"" + key + "\": ");
  if (at == std::string::npos) return "";
  const size_t from = at + key.size() + 4;
  int depth = 0;
  bool quoted = false;
  for (size_t i = from; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth < 0 || (depth == 0 && c == ',')) return line.substr(from, i - from);
  }
  return line.substr(from);
}

std::vector<std::string> strings_of(const std::string& list) {
  std::vector<std::string> parts = absl::StrSplit(list, '"');
  std::vector<std::string> out;
  for (size_t i = 1; i < parts.size(); i += 2) out.push_back(parts[i]);
  return out;
}

// {"n": {"lo": 1, "hi": null}, ...}
void declare(ExprPool& pool, const std::string& vars) {
  for (size_t at = vars.find('"'); at != std::string::npos;) {
    const size_t end = vars.find('"', at + 1);
    const std::string name = vars.substr(at + 1, end - at - 1);
    const size_t close = vars.find('}', end);
    const std::string body = vars.substr(end, close - end);
    SymbolOptions options;
    if (body.find("bool") != std::string::npos) options.sort = Sort::kBool;
    const std::string lo = value_of(body + "}", "lo");
    const std::string hi = value_of(body + "}", "hi");
    if (!lo.empty() && lo != "null") options.range.lo = std::stoll(lo);
    if (!hi.empty() && hi != "null") options.range.hi = std::stoll(hi);
    std::ignore = pool.symbol(name, options);
    at = vars.find('"', close);
  }
}

TEST(Certify, RecordedQuestions) {
  const char* folder = std::getenv("CONGRUA_DATA");
  if (folder == nullptr) GTEST_SKIP() << "CONGRUA_DATA names no folder of recorded data";
  Coverage coverage;
  for (const auto& file : std::filesystem::recursive_directory_iterator(
           std::string(folder) + "/peer_suites")) {
    if (file.path().extension() != ".jsonl") continue;
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      const std::string kind = value_of(line, "kind");
      const bool prove = kind == "\"prove\"";
      const bool simplify = kind == "\"simplify\"";
      if (!prove && !simplify) continue;
      ExprPool pool;
      const ParseOptions options = {.division = value_of(line, "div") == "\"euclid\""
                                                    ? Division::kEuclid
                                                    : Division::kFloor};
      declare(pool, value_of(line, "vars"));
      Facts facts(pool);
      bool readable = true;
      for (const std::string& text : strings_of(value_of(line, "assume"))) {
        const auto e = parse_sexpr(pool, text, options);
        readable &= e.ok() && e->is_bool();
        if (readable) facts.add(*e).IgnoreError();
      }
      const std::vector<std::string> text = strings_of(value_of(line, "expr"));
      if (text.empty()) continue;
      auto goal = parse_sexpr(pool, text[0], options);
      readable &= goal.ok();
      if (simplify && readable) {
        const std::vector<std::string> expected = strings_of(value_of(line, "expected"));
        if (expected.empty()) continue;
        const auto other = parse_sexpr(pool, expected[0], options);
        readable &= other.ok() && other->sort() == goal->sort();
        if (readable) goal = eq(*goal, *other);
      }
      if (!readable || !goal->is_bool()) continue;
      coverage.ask(facts, *goal, {}, value_of(line, "id") + text[0]);
    }
  }
  coverage.expect(99);
}

}  // namespace
}  // namespace congrua
