// docs/rules.md is written from the rule tables. `./dev rules` writes it
// (CONGRUA_WRITE_RULES=1); this test compares what is committed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/strings/str_replace.h"
#include "fmt/format.h"
#include "tests/rewrite/columns.h"
#include "tests/rewrite/tables.h"

namespace congrua::rules_test {
namespace {

constexpr std::string_view kFile = "docs/rules.md";
constexpr std::string_view kHead =
#include "tests/rewrite/rules_head.inc"
    ;
constexpr std::string_view kOpen[] = {
#define OPEN_FIXED(name) #name,
#define OPEN_SYMBOLIC(name)
#include "tests/rewrite/rules_open.inc"
#undef OPEN_FIXED
#undef OPEN_SYMBOLIC
    "",  // never empty
};
constexpr std::string_view kOpenSymbolic[] = {
#define OPEN_FIXED(name)
#define OPEN_SYMBOLIC(name) #name,
#include "tests/rewrite/rules_open.inc"
#undef OPEN_FIXED
#undef OPEN_SYMBOLIC
    "",
};

// As the infix language writes it.
std::string shown(std::string_view column) {
  std::string text(column);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '!' && text[i + 1] != '=') text.replace(i, 1, "not ");
  }
  text = absl::StrReplaceAll(text, {{"&&", "and"}, {"||", "or"}});
  return "`" + text + "`";
}

std::string document() {
  constexpr std::string_view kChapters[] = {
      "\n## Rules under facts\n",
      "\n## Laws on construction\n",
      "\n## Laws under facts\n",
  };
  std::string chapters[3];
  std::string_view file;
  for_each_line([&](const Line& line, auto left, auto right, auto condition) {
    std::string& text = chapters[static_cast<size_t>(line.table)];
    if (line.file != file) {
      file = line.file;
      text += fmt::format(
          "\n### {}\n[{}](../{})\n\n| name | left | right | where | Z3 |\n"
          "|---|---|---|---|---|\n",
          line.title, line.file, line.file);
    }
    const bool constants = (Uses::of(left, right, condition) >> 6) != 0;
    const bool open = std::ranges::count(kOpen, line.name) > 0;
    const bool open_symbolic = std::ranges::count(kOpenSymbolic, line.name) > 0;
    std::string_view proof = "proved";
    if (open) {
      proof = "open";
    } else if (constants && open_symbolic) {
      proof = "proved for constants in [-8, 8]";
    }
    text += fmt::format("| {} | {} | {} | {} | {} |\n", line.name, shown(line.left),
                        shown(line.right),
                        line.conditional() ? shown(line.condition) : "", proof);
  });
  std::string text(kHead.substr(1));
  for (const Table table : {Table::kRules, Table::kLaws, Table::kConstruction}) {
    const auto i = static_cast<size_t>(table);
    text += kChapters[i];
    text += chapters[i];
  }
  return text;
}

TEST(Rules, TheDocumentSaysWhatTheTablesSay) {
  const std::string wanted = document();
  if (std::getenv("CONGRUA_WRITE_RULES") != nullptr) {
    std::ofstream(std::string(kFile)) << wanted;
  }
  std::ifstream in{std::string(kFile)};
  const std::string committed{std::istreambuf_iterator<char>(in), {}};
  EXPECT_TRUE(committed == wanted) << kFile << " is not what the tables say: ./dev rules";
}

}  // namespace
}  // namespace congrua::rules_test
