// `congrua bench` as it is typed.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/jsonl.h"

namespace congrua::cli {
namespace {

class BenchCommand : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "congrua_command_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/in");
    std::ofstream(root_ + "/in/a_sat.smt2")
        << "(set-info :status sat)(declare-const x Int)(set-info :example-x 1)"
           "(assert (> x 0))(assert (>= x 0))(check-sat)";
    std::ofstream(root_ + "/in/b_unsat.smt2")
        << "(set-info :status unsat)(declare-const x Int)(assert (> x 0))(assert (< x "
           "0))(check-sat)";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  int run(std::vector<std::string> arguments) {
    CLI::App app("test", "congrua");
    int exit_code = -1;
    add_bench(app, exit_code);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    arguments.push_back("bench");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError&) {
      exit_code = -2;
    }
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  std::string root_, out_, err_;
};

TEST_F(BenchCommand, Defaults) {
  const std::string log = root_ + "/log.jsonl";
  EXPECT_EQ(run({root_ + "/in", "--jsonl", log}), 0) << err_;
  const auto rows = read_log(log);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->rows.size(), 2u);
  for (const RunRow& row : rows->rows) {
    EXPECT_EQ(row.engine, "auto");
    EXPECT_EQ(row.mode, "sat");
    EXPECT_EQ(row.timeout_s, 10);
    EXPECT_EQ(row.correct, true);
  }
  EXPECT_NE(out_.find("PAR-2"), std::string::npos);
}

TEST_F(BenchCommand, EverythingAtOnce) {
  const std::string verdicts = root_ + "/v.csv", page = root_ + "/p.html";
  EXPECT_EQ(run({root_ + "/in/*.smt2", "--mode", "both", "--engine", "native", "-j", "2",
                 "--memory", "2G", "--timeout", "5", "--specialize", "both", "--verdicts",
                 verdicts, "--html", page}),
            0)
      << err_;
  EXPECT_TRUE(std::filesystem::exists(page));
  std::ifstream in(verdicts);
  std::string header, first;
  ASSERT_TRUE(std::getline(in, header) && std::getline(in, first));
  EXPECT_EQ(header, "file,assert_index,verdict,layer");
  // x is the constant 1 under the policy.
  EXPECT_TRUE(first.starts_with(root_ + "/in/a_sat.smt2,0,redundant,")) << first;
}

TEST_F(BenchCommand, Compare) {
  const std::string a = root_ + "/a.jsonl", b = root_ + "/b.jsonl";
  ASSERT_EQ(run({root_ + "/in", "--jsonl", a}), 0);
  ASSERT_EQ(run({root_ + "/in", "--jsonl", b}), 0);
  EXPECT_EQ(run({"--compare", a, b}), 0) << err_;
  EXPECT_NE(out_.find("2 files in both"), std::string::npos) << out_;
  std::ofstream(b, std::ios::app)
      << R"({"file":")" << root_ << R"(/in/a_sat.smt2","engine":"auto","mode":"sat",)"
      << R"("status":"unsat","answers":["unsat"]})"
      << "\n";
  EXPECT_EQ(run({"--compare", a, b}), 1);
  EXPECT_NE(out_.find("CONTRADICTIONS"), std::string::npos) << out_;
  EXPECT_EQ(run({"--compare", a, root_ + "/none"}), 2);
  EXPECT_NE(err_.find("cannot read"), std::string::npos);
}

TEST_F(BenchCommand, WrongUse) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"x", "--engine", "cvc5"},
      {"x", "--mode", "prove"},
      {"x", "--specialize", "ducks"},
      {"x", "--memory", "much"},
      {"x", "--resume"},
      {"x", "--verdicts", "v.csv"},
      {"x", "--mode", "entail", "--engine", "native,z3", "--verdicts", "v.csv"},
  };
  for (const auto& arguments : cases) {
    EXPECT_EQ(run(arguments), 2) << testing::PrintToString(arguments);
    EXPECT_FALSE(err_.empty());
  }
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"x", "-j", "0"},
                                             {"x", "--timeout", "0"},
                                             {"x", "--compare", "a"},
                                             {"x", "--none"}}) {
    EXPECT_EQ(run(arguments), -2) << testing::PrintToString(arguments);
  }
}

TEST_F(BenchCommand, NoFiles) {
  std::filesystem::create_directories(root_ + "/empty");
  EXPECT_EQ(run({root_ + "/empty"}), 2);
  EXPECT_EQ(run({root_ + "/none.smt2"}), 2);
  EXPECT_EQ(out_, "");  // what is wrong goes to standard error
}

}  // namespace
}  // namespace congrua::cli
