// Runs printed guards: many functions in one compilation, and in one run of Python.
//
// Arguments and verdicts go through files of 8-byte words; each function is followed by
// its points.
#ifndef CONGRUA_TESTS_SHAPE_PRINTED_H_
#define CONGRUA_TESTS_SHAPE_PRINTED_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "congrua/guard_text.h"

namespace congrua::shape {

struct Arguments {
  std::vector<int64_t> ints;
  std::vector<double> floats;
  std::vector<uint8_t> bools;
};

inline bool succeeds(const std::string& command) {
  return std::system(command.c_str()) == 0;  // NOLINT: our own words
}
inline bool have_cpp() { return succeeds("c++ --version >/dev/null 2>&1"); }
inline bool have_python() { return succeeds("python3 --version >/dev/null 2>&1"); }

class PrintedBatch {
 public:
  PrintedBatch() {
    static int number = 0;
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("printed_" + std::to_string(::getpid()) + "_" + std::to_string(number++));
    std::filesystem::create_directories(folder_);
  }
  ~PrintedBatch() { std::filesystem::remove_all(folder_); }
  PrintedBatch(const PrintedBatch&) = delete;
  PrintedBatch& operator=(const PrintedBatch&) = delete;

  // The function to print next.
  std::string name() const { return "g" + std::to_string(cases_.size()); }
  void add(PrintedGuards cpp, std::string python, std::vector<Arguments> points) {
    cases_.push_back({std::move(cpp), std::move(python), std::move(points)});
  }
  size_t size() const { return cases_.size(); }
  const PrintedGuards& printed(size_t i) const { return cases_[i].cpp; }
  const std::vector<Arguments>& points(size_t i) const { return cases_[i].points; }

  // For each function what it answers at its points; nullopt: the compiler or the program
  // failed. `before` is code of the host.
  using Answers = std::vector<std::vector<int64_t>>;
  std::optional<Answers> run_cpp(const std::string& before = "",
                                 const std::string& flags = "-O1") {
    std::ofstream code(folder_ / "guards.cc");
    code << "#include <cstdint>\n#include <cstdio>\n#include <vector>\n" << before;
    for (const Case& c : cases_) code << c.cpp.code;
    code << "using F = int (*)(const int64_t*, const double*, const uint8_t*);\n"
            "struct Case { F f; bool (*all)(const int64_t*, const double*, const "
            "uint8_t*); int ints, floats, bools; };\nconst Case kCases[] = {\n";
    for (size_t i = 0; i < cases_.size(); ++i) {
      const PrintedGuards& g = cases_[i].cpp;
      const std::string f = "g" + std::to_string(i);
      code << "{" << f << "_first_failing, " << f << ", " << g.ints.size() << ", "
           << g.floats.size() << ", " << g.bools.size() << "},\n";
    }
    code << R"cpp(}
                  ;
                  int main(int, char** argv) {
                    std::FILE* in = std::fopen(argv[1], "rb");
                    std::FILE* out = std::fopen(argv[2], "wb");
                    for (const Case& c : kCases) {
                      int64_t count;
                      if (std::fread(&count, 8, 1, in) != 1) return 2;
                      for (int64_t i = 0; i < count; ++i) {
                        std::vector<int64_t> ints(c.ints), words(c.bools);
                        std::vector<double> floats(c.floats);
                        std::vector<uint8_t> bools(c.bools);
                        if (std::fread(ints.data(), 8, ints.size(), in) != ints.size()) return 2;
                        if (std::fread(floats.data(), 8, floats.size(), in) != floats.size()) return 2;
                        if (std::fread(words.data(), 8, words.size(), in) != words.size()) return 2;
                        for (size_t b = 0; b < words.size(); ++b) bools[b] = uint8_t(words[b]);
                        const int64_t answer = c.f(ints.data(), floats.data(), bools.data());
                        if ((answer < 0) != c.all(ints.data(), floats.data(), bools.data())) return 3;
                        std::fwrite(&answer, 8, 1, out);
                      }
                    }
                    return std::fclose(out);
                  }
    )cpp";
    code.close();
    write_points();
    const std::string at = folder_.string();
    if (!succeeds("c++ -std=c++17 -g0 " + flags +
                  " -fsanitize=undefined,float-cast-overflow,float-divide-by-zero"
                  " -fno-sanitize-recover=all -o " +
                  at + "/guards " + at + "/guards.cc") ||
        !succeeds(at + "/guards " + at + "/points " + at + "/answers")) {
      return std::nullopt;
    }
    return read_answers();
  }

  std::optional<Answers> run_python(const std::string& before = "") {
    std::ofstream code(folder_ / "guards.py");
    code << "import struct\nimport sys\n" << before;
    for (const Case& c : cases_) code << c.python;
    code << "cases = [\n";
    for (size_t i = 0; i < cases_.size(); ++i) {
      const PrintedGuards& g = cases_[i].cpp;
      code << "(g" << i << "_first_failing, g" << i << ", " << g.ints.size() << ", "
           << g.floats.size() << ", " << g.bools.size() << "),\n";
    }
    code << R"py(]
points = open(sys.argv[1], 'rb').read()
at, answers = 0, []
for f, holds, i, d, b in cases:
    (count,) = struct.unpack_from('<q', points, at)
    at += 8
    form = struct.Struct('<%dq%dd%dq' % (i, d, b))
    for _ in range(count):
        v = form.unpack_from(points, at)
        at += form.size
        bools = [x != 0 for x in v[i + d:]]
        answers.append(f(v[:i], v[i:i + d], bools))
        assert (answers[-1] < 0) == holds(v[:i], v[i:i + d], bools)
open(sys.argv[2], 'wb').write(struct.pack('<%dq' % len(answers), *answers))
)py";
    code.close();
    write_points();
    const std::string at = folder_.string();
    if (!succeeds("python3 " + at + "/guards.py " + at + "/points " + at + "/answers")) {
      return std::nullopt;
    }
    return read_answers();
  }

 private:
  struct Case {
    PrintedGuards cpp;
    std::string python;
    std::vector<Arguments> points;
  };

  void write_points() const {
    std::ofstream out(folder_ / "points", std::ios::binary);
    const auto word = [&](int64_t w) {
      out.write(reinterpret_cast<const char*>(&w), sizeof(w));
    };
    for (const Case& c : cases_) {
      word(static_cast<int64_t>(c.points.size()));
      for (const Arguments& a : c.points) {
        for (const int64_t v : a.ints) word(v);
        for (const double v : a.floats) word(std::bit_cast<int64_t>(v));
        for (const uint8_t v : a.bools) word(v);
      }
    }
  }

  Answers read_answers() const {
    std::ifstream in(folder_ / "answers", std::ios::binary);
    Answers out;
    for (const Case& c : cases_) {
      out.emplace_back();
      for (size_t i = 0; i < c.points.size(); ++i) {
        int64_t w = INT64_MIN;
        in.read(reinterpret_cast<char*>(&w), sizeof(w));
        out.back().push_back(w);
      }
    }
    return out;
  }

  std::filesystem::path folder_;
  std::vector<Case> cases_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_TESTS_SHAPE_PRINTED_H_
