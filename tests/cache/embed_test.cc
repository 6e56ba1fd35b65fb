// The C reader and printed C, compiled by the system's C compiler alone, under the
// undefined-behaviour sanitizer, against the library.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cache/bytes.h"
#include "cache/print_c.h"
#include "congrua/guard_program.h"
#include "tests/cache/programs.h"

namespace congrua::cache {
namespace {

using cache_test::Programs;
using internal::Bytes;

constexpr char kFolder[] = "src/cache/embed";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Embed : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("cc --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no C compiler";
    std::string name = testing::TempDir() + "congrua_embed_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void write(const char* name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  // Compiles C99 without a warning and runs it with the file `in`; what it prints.
  std::string run(std::string_view sources, std::string_view flags = "") const {
    const std::string at = folder_.string();
    std::string command = "cc -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 ";
    // A library of the sanitizer may be missing; trapping needs none.
    command += "-fsanitize=undefined -fsanitize-undefined-trap-on-error ";
    command += std::string(flags) + " -I" + kFolder + " -o " + at + "/program " +
               std::string(sources) + " && " + at + "/program < " + at + "/in > " + at +
               "/out";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return read_file(folder_ / "out");
  }

  std::filesystem::path folder_;
};

constexpr char kReader[] = R"c(
#include <stdio.h>
#include <stdlib.h>
#include "congrua_guard.h"
static uint64_t number(void) {
  uint64_t v = 0;
  int i;
  for (i = 0; i < 8; ++i) {
    const int c = getchar();
    if (c == EOF) exit(0);
    v |= (uint64_t)c << (8 * i);
  }
  return v;
}
int main(void) {
  for (;;) {
    const uint64_t size = number();
    unsigned char* const bytes = (unsigned char*)malloc((size_t)size + 1);
    congrua_guard guard;
    uint64_t rows;
    int code;
    void* scratch;
    if (fread(bytes, 1, (size_t)size, stdin) != size) return 1;
    code = congrua_guard_open(bytes, (size_t)size, &guard);
    printf("%d ", code);
    scratch = malloc(guard.scratch_size + 1);
    for (rows = number(); rows > 0; --rows) {
      uint64_t row[64];
      uint64_t width = number(), i;
      for (i = 0; i < width; ++i) row[i] = number();
      if (code != CONGRUA_GUARD_OK) continue;
      printf("%d%d ", congrua_guard_check(&guard, row, scratch),
             (int)congrua_guard_first_failure(&guard, row, scratch));
    }
    free(scratch);
    free(bytes);
  }
}
)c";

// All values of interest in one field after another, and random rows.
std::vector<std::vector<Word>> hostile_rows(Programs& p, const std::vector<Word>& point) {
  std::vector<std::vector<Word>> rows = {point};
  for (int i = 0; i < 60; ++i) {
    rows.push_back(p.row());
    std::vector<Word> near = point;
    near[static_cast<size_t>(i) % near.size()] =
        rows.back()[static_cast<size_t>(i) % near.size()];
    rows.push_back(std::move(near));
  }
  static constexpr int64_t kAll[] = {0,         1,         -1,           2,
                                     -2,        INT64_MAX, INT64_MIN,    INT64_MAX - 1,
                                     INT32_MAX, INT32_MIN, INT64_MIN + 1};
  for (const int64_t v : kAll) {
    std::vector<Word> row = point;
    for (size_t i = 0; i < 5; ++i) row[i] = to_word(v);
    rows.push_back(row);
    row[0] = to_word(int64_t{-1});
    rows.push_back(row);
  }
  return rows;
}

TEST_F(Embed, TheReaderAgreesWithTheLibrary) {
  Bytes in;
  std::ostringstream expected;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    Programs p(seed);
    const std::vector<Word> point = p.row();
    const GuardProgram program = p.program(static_cast<int>(seed % 5), point);
    const Bytes bytes = program.serialize();
    const auto rows = hostile_rows(p, point);
    internal::put_fixed(in, bytes.size(), 8);
    in.insert(in.end(), bytes.begin(), bytes.end());
    internal::put_fixed(in, rows.size(), 8);
    expected << "0 ";
    for (const auto& row : rows) {
      internal::put_fixed(in, row.size(), 8);
      for (const Word w : row) internal::put_fixed(in, w, 8);
      const auto failure = program.first_failure(row);
      expected << (failure ? 0 : 1) << (failure ? static_cast<int>(*failure) : -1) << ' ';
    }
  }
  write("in", {reinterpret_cast<const char*>(in.data()), in.size()});
  write("main.c", kReader);
  EXPECT_EQ(run((folder_ / "main.c").string() + " src/cache/embed/congrua_guard.c",
                "-Wconversion -Wshadow"),
            expected.str());
}

// Both readers refuse the same bytes, and neither leaves its bounds.
TEST_F(Embed, TheReaderRefusesHostileBytesFuzz) {
  Bytes in;
  std::string expected;
  std::mt19937_64 random(7);
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Programs p(seed % 100);
    const std::vector<Word> row = p.row();
    Bytes bytes = p.program(static_cast<int>(seed % 4), row).serialize();
    const size_t at =
        random() % 9 == 0 ? random() % 40 : 40 + random() % (bytes.size() - 40);
    bytes[at] = static_cast<uint8_t>(random() % 2 == 0 ? random() : bytes[at] + 1);
    if (random() % 20 == 0) bytes.resize(random() % bytes.size());
    if (bytes.size() >= 40 && random() % 10 != 0) {
      internal::set_fixed(bytes, 24, bytes.size(), 8);
      const std::span<const uint8_t> all = bytes;
      internal::set_fixed(
          bytes, 32,
          internal::checksum(all.subspan(36), internal::checksum(all.first(32))), 4);
    }
    internal::put_fixed(in, bytes.size(), 8);
    in.insert(in.end(), bytes.begin(), bytes.end());
    internal::put_fixed(in, 1, 8);
    internal::put_fixed(in, row.size(), 8);
    for (const Word w : row) internal::put_fixed(in, w, 8);
    const auto program = GuardProgram::deserialize(p.schema(), bytes);
    // C knows no schema but its hash, and reads no positions.
    expected += program.ok() ? (program->check(row) ? "0 1 " : "0 0 ") : "x ";
  }
  write("in", {reinterpret_cast<const char*>(in.data()), in.size()});
  write("main.c", kReader);
  std::istringstream out(
      run((folder_ / "main.c").string() + " src/cache/embed/congrua_guard.c"));
  std::istringstream library(expected);
  for (std::string theirs, ours; library >> theirs;) {
    ASSERT_TRUE(out >> ours);
    if (ours == "0") {
      ASSERT_TRUE(out >> ours);
      if (theirs != "0") continue;
      ASSERT_TRUE(library >> theirs);
      ASSERT_EQ(ours.substr(0, 1), theirs);
    } else {
      ASSERT_EQ(theirs, "x");
    }
  }
}

TEST_F(Embed, PrintedSourceAgreesWithTheLibrary) {
  std::string source;
  std::string calls;
  std::ostringstream expected;
  Bytes in;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Programs p(seed + 1000);
    const std::vector<Word> point = p.row();
    const GuardProgram program = p.program(static_cast<int>(seed % 5), point);
    const std::string name = "guard" + std::to_string(seed);
    const auto text = program.to_c(name);
    if (text.status().code() == absl::StatusCode::kResourceExhausted) continue;
    ASSERT_TRUE(text.ok()) << text.status();
    source += *text;
    const auto rows = hostile_rows(p, point);
    calls += "  rows(" + name + ", " + std::to_string(rows.size()) + ", " +
             std::to_string(point.size()) + ");\n";
    for (const auto& row : rows) {
      for (const Word w : row) internal::put_fixed(in, w, 8);
      expected << (program.check(row) ? '1' : '0');
    }
  }
  source += R"c(
#include <stdio.h>
static void rows(int (*guard)(const uint64_t*), int count, int width) {
  uint64_t row[64];
  int i, k;
  for (; count > 0; --count) {
    for (i = 0; i < width; ++i) {
      row[i] = 0;
      for (k = 0; k < 8; ++k) row[i] |= (uint64_t)getchar() << (8 * k);
    }
    putchar('0' + guard(row));
  }
}
int main(void) {
)c" + calls +
            "  return 0;\n}\n";
  write("in", {reinterpret_cast<const char*>(in.data()), in.size()});
  write("main.c", source);
  EXPECT_EQ(run((folder_ / "main.c").string(), "-Wno-unused-function"), expected.str());
}

TEST(PrintC, RefusesWhatIsNoIdentifier) {
  Programs p(1);
  const GuardProgram program = p.program(1, p.row());
  for (const char* name : {"", "1x", "a b", "a;", "\xc3\xa9"}) {
    EXPECT_EQ(program.to_c(name).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(PrintC, TheArithmeticIsThatOfTheReader) {
  const std::string reader = read_file(std::string(kFolder) + "/congrua_guard.c");
  ASSERT_NE(reader.find(internal::c_arithmetic()), std::string::npos);
}

}  // namespace
}  // namespace congrua::cache
