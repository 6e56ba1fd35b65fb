// Runs commands of the program for tests: in this process, or the program itself.
#ifndef CONGRUA_TESTS_CLI_RUN_H_
#define CONGRUA_TESTS_CLI_RUN_H_

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

namespace congrua::cli {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

inline File temporary_file() { return {std::tmpfile(), &std::fclose}; }

// What is left to read, to the end.
inline std::string rest(std::FILE* f) {
  std::string s;
  std::array<char, 4096> buffer;
  for (size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), f)) > 0;)
    s.append(buffer.data(), n);
  return s;
}

inline std::string contents(const File& f) {
  std::rewind(f.get());
  return rest(f.get());
}

struct Ran {
  int code;
  std::string out, err;
};

template <typename Options>
Ran run(int (*command)(const Options&, std::FILE*, std::FILE*), const Options& options) {
  const File out = temporary_file();
  const File err = temporary_file();
  const int code = command(options, out.get(), err.get());
  return {code, contents(out), contents(err)};
}

// Tests of the program, which CONGRUA_BIN names; skipped where it names none.
class Program : public testing::Test {
 protected:
  void SetUp() override {
    const char* bin = std::getenv("CONGRUA_BIN");
    if (bin == nullptr || *bin == '\0') GTEST_SKIP() << "CONGRUA_BIN names no program";
    bin_ = bin;
  }
  // Exit code and standard output of a command of the shell.
  static std::pair<int, std::string> shell(const std::string& command) {
    std::FILE* p = popen(command.c_str(), "r");
    std::string out = rest(p);
    const int status = pclose(p);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, std::move(out)};
  }
  // Exit code and everything that `congrua ARGUMENTS` writes.
  std::pair<int, std::string> call(const std::string& arguments) const {
    return shell(bin_ + " " + arguments + " 2>&1");
  }
  std::string bin_;
};

}  // namespace congrua::cli

#endif  // CONGRUA_TESTS_CLI_RUN_H_
