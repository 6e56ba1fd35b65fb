// Every script of the conformance folder: the sequence of its answers against
// EXPECTED.csv, and the responses of our own ones against their .expect patterns.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "congrua/smt2.h"
#include "guard/z3.h"

namespace congrua::smt2 {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string w; in >> w;) out.push_back(w);
  return out;
}

// Fields of a CSV line; a field may stand between quotes.
std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// Responses, one to an element: words and whole S-expressions, with single blanks.
std::vector<std::string> split_responses(const std::string& text) {
  std::vector<std::string> out;
  std::string current;
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted) {
      depth += c == '(';
      depth -= c == ')';
    }
    const bool blank = !quoted && (c == ' ' || c == '\n');
    if (!blank) {
      current += c;
    } else if (depth > 0) {
      if (!current.empty() && current.back() != ' ') current += ' ';
    } else if (!current.empty()) {
      out.push_back(current);
      current.clear();
    }
  }
  if (!current.empty()) out.push_back(current);
  return out;
}

// The shipped part of the folder, and the whole of it where CONGRUA_DATA tells where it
// is.
std::vector<fs::path> folders() {
  std::vector<fs::path> out = {"smt2/conformance"};
  if (const char* data = std::getenv("CONGRUA_DATA"); data != nullptr && *data != '\0') {
    out.push_back(fs::path(data) / "smt2" / "conformance");
  }
  return out;
}

void check_folder(const fs::path& folder, Engine engine) {
  SessionOptions options;
  options.engine = engine;
  // Neither engine may refuse what the other decides within these.
  options.native_steps = 5'000'000;
  options.z3_rlimit = 20'000'000;
  std::ifstream csv(folder / "EXPECTED.csv");
  ASSERT_TRUE(csv.good()) << folder;
  std::string line;
  std::getline(csv, line);
  size_t files = 0;
  while (std::getline(csv, line)) {
    const std::vector<std::string> row = fields(line);
    ASSERT_GE(row.size(), 4u) << line;
    ++files;
    std::string out;
    Session session([&](std::string_view s) { out += s; }, options);
    session.run(read(folder / row[0]));
    const std::vector<std::string> expected = words(row[3]);
    const std::vector<Check>& checks = session.stats().checks;
    ASSERT_EQ(checks.size(), expected.size()) << row[0];
    const bool complete = engine != Engine::kNative && guard::z3_available();
    for (size_t i = 0; i < checks.size(); ++i) {
      const std::string_view answer = answer_name(checks[i].answer);
      if (answer == "unknown" && !complete) continue;
      EXPECT_EQ(answer, expected[i])
          << row[0] << " check " << i + 1 << " " << checks[i].reason;
    }
    EXPECT_EQ(session.stats().models_refuted, 0u) << row[0];
    const fs::path pattern_file =
        folder / (row[0].substr(0, row[0].size() - 5) + ".expect");
    if (!fs::exists(pattern_file)) continue;
    const bool unknown = std::any_of(checks.begin(), checks.end(), [](const Check& c) {
      return c.answer == CheckAnswer::kUnknown;
    });
    if (unknown) continue;
    std::ifstream patterns(pattern_file);
    const std::vector<std::string> found = split_responses(out);
    size_t i = 0;
    for (std::string p; std::getline(patterns, p); ++i) {
      ASSERT_LT(i, found.size()) << row[0] << "\n" << out;
      EXPECT_TRUE(std::regex_match(found[i], std::regex(p)))
          << row[0] << ": " << found[i] << " / " << p;
    }
    EXPECT_EQ(i, found.size()) << row[0] << "\n" << out;
  }
  EXPECT_GE(files, 24u);
}

TEST(Conformance, EveryLineWithBothEngines) {
  for (const fs::path& f : folders()) check_folder(f, Engine::kAuto);
}
TEST(Conformance, NothingContradictsNatively) {
  for (const fs::path& f : folders()) check_folder(f, Engine::kNative);
}
TEST(Conformance, EveryLineWithZ3Alone) {
  for (const fs::path& f : folders()) check_folder(f, Engine::kZ3);
}

}  // namespace
}  // namespace congrua::smt2
