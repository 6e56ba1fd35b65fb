#include "cli/expected.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace congrua::cli {
namespace {

using Texts = std::vector<std::string>;

TEST(Csv, QuotesCommasAndLineEnds) {
  EXPECT_EQ(parse_csv("a,b\r\n\"x,\"\"y\"\"\nz\",2\n\nlast"),
            (std::vector<Texts>{{"a", "b"}, {"x,\"y\"\nz", "2"}, {"last"}}));
  EXPECT_TRUE(parse_csv("").empty());
  EXPECT_EQ(parse_csv(",\n"), (std::vector<Texts>{{"", ""}}));
  for (const std::string field :
       {"plain", "with,comma", "with\"quote", "two\nlines", ""}) {
    EXPECT_EQ(parse_csv(csv_field(field) + ",end")[0][0], field);
  }
}

class Expected : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "congrua_expected_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ + "/EXPECTED.csv")
        << "file,origin,check_sat_results\none.smt2,own,unsat\n"
           "three.smt2,\"own, too\",sat sat unsat\n";
    std::ofstream(folder_ + "/REDUNDANT.csv")
        << "file,index,assert,verdict\nr.smt2,0,g,needed\nr.smt2,1,g_1,redundant\n"
           "r.smt2,2,g_2,unknown\nr.smt2,9,g_9,redundant\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  RunRow judged(const std::string& file, Texts answers, Texts statuses,
                std::string policy = "") {
    RunRow row;
    row.mode = "sat";
    row.answers = std::move(answers);
    row.specialize = std::move(policy);
    expectations_.judge(row, folder_ + "/" + file, std::move(statuses));
    return row;
  }
  RunRow judged(std::vector<std::pair<Verdict, std::string>> verdicts,
                std::string policy = "") {
    RunRow row;
    row.mode = "entail";
    row.verdicts = std::move(verdicts);
    row.specialize = std::move(policy);
    expectations_.judge(row, folder_ + "/r.smt2", {"sat"});
    return row;
  }

  std::string folder_;
  Expectations expectations_;
};

TEST_F(Expected, StatusFirst) {
  EXPECT_EQ(judged("x.smt2", {"sat"}, {"sat"}).correct, true);
  EXPECT_EQ(judged("x.smt2", {"unsat"}, {"sat"}).correct, false);
  EXPECT_EQ(judged("x.smt2", {"unknown"}, {"sat"}).correct, true);
  EXPECT_EQ(judged("x.smt2", {"sat"}, {""}).correct, std::nullopt);
  EXPECT_EQ(judged("x.smt2", {}, {"sat"}).correct, std::nullopt);  // nothing to judge
  // The file's own status wins over the table.
  EXPECT_EQ(judged("one.smt2", {"sat"}, {"sat"}).correct, true);
}

TEST_F(Expected, TableWhereTheFileIsSilent) {
  const RunRow row = judged("one.smt2", {"sat"}, {""});
  EXPECT_EQ(row.correct, false);
  EXPECT_EQ(row.expected, Texts{"unsat"});
  EXPECT_EQ(judged("one.smt2.xz", {"unsat"}, {""}).correct, true);
  EXPECT_EQ(judged("three.smt2", {"sat", "sat", "unsat"}, {"", "", ""}).correct, true);
  EXPECT_EQ(judged("three.smt2", {"sat", "unsat", "unsat"}, {"", "", ""}).correct, false);
  EXPECT_EQ(judged("three.smt2", {"sat", "unknown", "unsat"}, {"", "unsat", ""}).correct,
            true);
  // A table for another number of checks says nothing.
  EXPECT_EQ(judged("three.smt2", {"unsat"}, {""}).correct, std::nullopt);
}

TEST_F(Expected, AnyContradictionCounts) {
  EXPECT_EQ(judged("x.smt2", {"sat", "sat", "sat"}, {"sat", "unsat", "sat"}).correct,
            false);
  EXPECT_EQ(judged("x.smt2", {"unsat", "sat"}, {"sat", "sat"}).correct, false);
  EXPECT_EQ(judged("x.smt2", {"sat"}, {"sat", "unsat"}).correct,
            true);  // stopped after one
}

TEST_F(Expected, UnderAPolicySatSaysNothing) {
  EXPECT_EQ(judged("x.smt2", {"unsat"}, {"sat"}, "duck").correct, std::nullopt);
  EXPECT_EQ(judged("x.smt2", {"sat"}, {"unsat"}, "duck").correct, false);
  EXPECT_EQ(judged("x.smt2", {"unsat"}, {"sat"}, "none").correct, false);
}

TEST_F(Expected, VerdictsAgainstTheTable) {
  const RunRow good = judged({{Verdict::kNeeded, "model"},
                              {Verdict::kRedundant, "interval"},
                              {Verdict::kNeeded, "model"}});
  EXPECT_EQ(good.correct, true);
  ASSERT_TRUE(good.truth.has_value());
  EXPECT_EQ(good.truth->redundant, 1u);
  EXPECT_EQ(good.truth->redundant_found, 1u);
  EXPECT_EQ(good.truth->needed_found, 1u);

  const RunRow weak = judged({{Verdict::kUnknown, ""}, {Verdict::kUnknown, ""}});
  EXPECT_EQ(weak.correct, true);
  EXPECT_EQ(weak.truth->redundant_found, 0u);

  EXPECT_EQ(judged({{Verdict::kRedundant, "interval"}}).correct, false);
  EXPECT_EQ(judged({{Verdict::kNeeded, "model"}, {Verdict::kNeeded, "model"}}).correct,
            false);
  // More facts make more guards redundant, never fewer.
  EXPECT_EQ(judged({{Verdict::kRedundant, "interval"}}, "duck").correct, std::nullopt);
  EXPECT_EQ(judged({{Verdict::kRedundant, ""}, {Verdict::kNeeded, ""}}, "duck").correct,
            false);
  EXPECT_EQ(judged(std::vector<std::pair<Verdict, std::string>>{}).correct, std::nullopt);
}

TEST_F(Expected, FoldersWithoutOrWithOtherTables) {
  EXPECT_EQ(judged("none/x.smt2", {"sat"}, {""}).correct, std::nullopt);
  std::filesystem::create_directories(folder_ + "/odd");
  std::ofstream(folder_ + "/odd/EXPECTED.csv") << "name,answer\nx.smt2,unsat\n";
  std::ofstream(folder_ + "/odd/REDUNDANT.csv") << "\"";
  EXPECT_EQ(judged("odd/x.smt2", {"sat"}, {""}).correct, std::nullopt);
}

}  // namespace
}  // namespace congrua::cli
