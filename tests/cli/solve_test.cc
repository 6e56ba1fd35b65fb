#include "cli/solve.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "guard/z3.h"
#include "tests/cli/run.h"

namespace congrua::cli {
namespace {

namespace fs = std::filesystem;

Ran solve(const std::string& text, SolveOptions options = {}) {
  const fs::path file =
      fs::path(testing::TempDir()) / ("congrua_solve_" + std::to_string(getpid()));
  std::ofstream(file, std::ios::binary) << text;
  options.path = file.string();
  Ran ran = run(run_solve, options);
  fs::remove(file);
  return ran;
}

TEST(Solve, AnswersOnStandardOutputAndNothingElse) {
  const Ran r = solve(
      "(declare-const x Int)(assert (> x 3))(check-sat)(assert (< x 3))(check-sat)");
  EXPECT_EQ(r.code, kSolveOk);
  EXPECT_EQ(r.out, "sat\nunsat\n");
  EXPECT_EQ(r.err, "");
}

TEST(Solve, ExitCodes) {
  EXPECT_EQ(solve("").code, kSolveOk);
  const Ran errors = solve("(assert x)(check-sat)");
  EXPECT_EQ(errors.code, kSolveErrors);
  EXPECT_EQ(errors.out, "(error \"line 1 column 9: unknown constant 'x'\")\nsat\n");
  EXPECT_EQ(solve("(set-info :status sat)(check-sat)").code, kSolveOk);
  const Ran wrong = solve("(check-sat)(set-info :status unsat)(check-sat)");
  EXPECT_EQ(wrong.code, kSolveWrong);
  EXPECT_EQ(wrong.out, "sat\nsat\n");
  EXPECT_EQ(wrong.err, "congrua solve: check 2 answered sat, :status is unsat\n");
  SolveOptions missing;
  missing.path = "/no/such/file.smt2";
  const File err = temporary_file();
  EXPECT_EQ(run_solve(missing, err.get(), err.get()), kSolveInput);
  EXPECT_EQ(contents(err),
            "congrua solve: /no/such/file.smt2: No such file or directory\n");
  const File full(std::fopen("/dev/full", "w"), &std::fclose);
  SolveOptions any;
  const fs::path file = fs::path(testing::TempDir()) / "congrua_solve_full.smt2";
  std::ofstream(file) << "(check-sat)";
  any.path = file.string();
  EXPECT_EQ(run_solve(any, full.get(), err.get()), kSolveOutput);
  fs::remove(file);
}

TEST(Solve, ModelChecksAndStatisticsGoToStandardError) {
  SolveOptions options;
  options.check_model = true;
  options.stats = true;
  const Ran r =
      solve("(declare-const x Int)(assert (> x 3))(assert (< x 9))(check-sat)", options);
  EXPECT_EQ(r.out, "sat\n");
  EXPECT_TRUE(
      r.err.starts_with("check 1: the model satisfies all 2 asserts\n(:commands 4\n"))
      << r.err;
  EXPECT_NE(r.err.find("\n :sat 1\n"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("\n :models-refuted 0\n"), std::string::npos) << r.err;
}

TEST(Solve, OutputChannels) {
  const fs::path file =
      fs::path(testing::TempDir()) / ("congrua_channel_" + std::to_string(getpid()));
  const Ran r =
      solve("(set-option :regular-output-channel \"" + file.string() +
            "\")(check-sat)(set-option :regular-output-channel \"stderr\")(echo \"e\")");
  EXPECT_EQ(r.code, kSolveOk);
  EXPECT_EQ(r.out, "");
  EXPECT_EQ(r.err, "\"e\"\n");
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "sat");
  fs::remove(file);
}

// Fermat's equation for n = 3 over large numbers: no engine settles it.
TEST(Solve, TimeoutInterruptsEitherEngine) {
  for (const smt2::Engine engine :
       {smt2::Engine::kNative, smt2::Engine::kZ3, smt2::Engine::kAuto}) {
    SolveOptions options;
    options.engine = engine;
    options.timeout_s = 0.5;
    const auto start = std::chrono::steady_clock::now();
    const Ran r = solve(
        "(declare-const x Int)(declare-const y Int)(declare-const z Int)(assert (> x "
        "100000))"
        "(assert (> y 100000))(assert (> z 100000))"
        "(assert (= (+ (* x x x) (* y y y)) (* z z z)))(check-sat)(echo \"next\")",
        options);
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(r.out, "unknown\n\"next\"\n");
    EXPECT_LT(took, std::chrono::seconds(20));
  }
}

// The program itself (program.h): standard input, one command after the other.
using SolveProgram = Program;

TEST_F(SolveProgram, StandardInput) {
  const auto [code, out] =
      shell("printf '(check-sat)(echo \"(\")(assert false)\\n(check-sat' | " + bin_ +
            " solve - ");
  EXPECT_EQ(code, kSolveErrors);
  EXPECT_EQ(out,
            "sat\n\"(\"\n(error \"line 2 column 11: expected ')' at the end of the "
            "command, found the "
            "end of the text (the command starts in line 2)\")\n");
  EXPECT_EQ(shell("printf '(check-sat)' | gzip | " + bin_ + " solve -").second, "sat\n");
}

// A command is answered before the next one is written.
TEST_F(SolveProgram, AnswersEachCommandOfAStreamAtOnce) {
  std::array<int, 2> to{}, from{};
  ASSERT_EQ(pipe(to.data()), 0);
  ASSERT_EQ(pipe(from.data()), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    for (const int fd : {to[0], to[1], from[0], from[1]}) close(fd);
    execl(bin_.c_str(), bin_.c_str(), "solve", "-", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  for (const std::string command : {"(set-option :print-success true)\n",
                                    "(declare-const x Int)", "(assert (> x 1)) (chec"}) {
    ASSERT_EQ(write(to[1], command.data(), command.size()),
              static_cast<ssize_t>(command.size()));
    std::string answer(8, '\0');
    ASSERT_EQ(read(from[0], answer.data(), answer.size()), 8);
    EXPECT_EQ(answer, "success\n");
  }
  ASSERT_EQ(write(to[1], "k-sat)", 6), 6);
  std::string answer(4, '\0');
  ASSERT_EQ(read(from[0], answer.data(), answer.size()), 4);
  EXPECT_EQ(answer, "sat\n");
  close(to[1]);
  close(from[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(SolveProgram, Usage) {
  EXPECT_EQ(shell(bin_ + " 2>/dev/null").first, 2);
  EXPECT_EQ(shell(bin_ + " solve 2>/dev/null").first, 2);
  EXPECT_EQ(shell(bin_ + " solve --engine x - 2>/dev/null </dev/null").first, 2);
  EXPECT_EQ(shell(bin_ + " solve --no-such-option - 2>/dev/null </dev/null").first, 2);
  const std::string wrong = shell(bin_ + " solve --engine x - 2>&1 </dev/null").second;
  EXPECT_NE(wrong.find("--engine x: not auto, native or z3"), std::string::npos) << wrong;
  const std::string number =
      shell(bin_ + " solve --timeout abc - 2>&1 </dev/null").second;
  EXPECT_NE(number.find("--timeout: abc is not a number from 0 to 1000000"),
            std::string::npos)
      << number;
  const auto [code, help] = shell(bin_ + " solve --help");
  EXPECT_EQ(code, 0);
  EXPECT_NE(help.find("Exit codes:"), std::string::npos);
  EXPECT_TRUE(shell(bin_ + " --version").second.starts_with("congrua "));
}

}  // namespace
}  // namespace congrua::cli
