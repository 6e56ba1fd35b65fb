#include "cli/jsonl.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace congrua::cli {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)),
                     std::istreambuf_iterator<char>());
}

void spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

class Jsonl : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "congrua_jsonl_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/log.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_, path_;
};

RunRow sample_row(const std::string& file) {
  RunRow row;
  row.file = file;
  row.engine = "native";
  row.mode = "sat";
  row.status = "sat";
  row.answers = {"sat"};
  row.expected = {"sat"};
  row.correct = true;
  row.parse_ms = 0.1234;
  row.solve_ms = 12.5;
  row.layer = "search";
  row.layers = {{"search", 1}};
  row.model_max = "64";
  row.model_sum = "123";
  row.timeout_s = 10;
  return row;
}

TEST_F(Jsonl, RowHasTheFieldsOfTheContract) {
  const auto j = nlohmann::json::parse(row_to_json(sample_row("a.smt2")));
  EXPECT_EQ(j["file"], "a.smt2");
  EXPECT_EQ(j["engine"], "native");
  EXPECT_EQ(j["mode"], "sat");
  EXPECT_EQ(j["status"], "sat");
  EXPECT_EQ(j["expected"], "sat");
  EXPECT_EQ(j["correct"], true);
  EXPECT_EQ(j["parse_ms"], 0.123);
  EXPECT_EQ(j["solve_ms"], 12.5);
  EXPECT_EQ(j["layer"], "search");
  EXPECT_EQ(j["model_max"], 64);
  EXPECT_EQ(j["model_sum"], 123);
  EXPECT_EQ(j["answers"], nlohmann::json({"sat"}));
  EXPECT_TRUE(j["message"].is_null());
}

TEST_F(Jsonl, NullsAndBigNumbers) {
  RunRow row = sample_row("a.smt2");
  row.expected = {""};
  row.correct.reset();
  row.layer.clear();
  row.model_max = "123456789012345678901234567890";
  row.model_sum.clear();
  const auto j = nlohmann::json::parse(row_to_json(row));
  EXPECT_TRUE(j["expected"].is_null());
  EXPECT_TRUE(j["correct"].is_null());
  EXPECT_TRUE(j["layer"].is_null());
  EXPECT_EQ(j["model_max"], "123456789012345678901234567890");
  EXPECT_TRUE(j["model_sum"].is_null());
  row.expected = {"sat", "", "unsat"};
  EXPECT_EQ(nlohmann::json::parse(row_to_json(row))["expected"],
            nlohmann::json({"sat", nullptr, "unsat"}));
}

TEST_F(Jsonl, EntailFieldsAndRoundTrip) {
  RunRow row = sample_row("b.smt2");
  row.mode = "entail";
  row.answers.clear();
  row.specialize = "duck";
  row.verdicts = {{Verdict::kRedundant, "interval"}, {Verdict::kNeeded, "model"}};
  row.status.clear();
  finish_entail(row, {700, 1500}, 300);
  row.policy = PolicyFigures{1, 2, 3};
  row.truth = TruthFigures{1, 1, 1, 0, 0};
  row.version = "4.8.12";
  row.message = "line\nbreak \"quoted\"";
  const std::string line = row_to_json(row, /*with_verdicts=*/true);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto j = nlohmann::json::parse(line);
  for (const char* key : {"guards", "redundant", "needed", "unknown", "us_p50", "us_p99",
                          "us_total", "add_us_total"}) {
    EXPECT_TRUE(j[key].is_number()) << key;
  }
  const auto back = row_from_json(line);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(row_to_json(*back, true), line);
  EXPECT_EQ(back->verdicts, row.verdicts);
  EXPECT_EQ(back->entail->histogram, row.entail->histogram);
  EXPECT_EQ(row_to_json(*back).find("verdicts"), std::string::npos);
}

TEST_F(Jsonl, BytesThatAreNoUtf8AreReplaced) {
  RunRow row = sample_row("bad\xff\xfename.smt2");
  const auto back = row_from_json(row_to_json(row));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->file, valid_utf8(row.file));
  EXPECT_EQ(valid_utf8(back->file), back->file);
}

TEST_F(Jsonl, RefusesWhatIsNoRow) {
  for (const char* text :
       {"", "{", "[]", "3", "{\"file\":\"a\"}", "null",
        "{\"file\":1,\"engine\":\"e\",\"mode\":\"sat\",\"status\":\"sat\"}"}) {
    EXPECT_FALSE(row_from_json(text).ok()) << text;
  }
  // Members of another type are as if they were not there.
  const auto row = row_from_json(
      R"({"file":"a","engine":"e","mode":"sat","status":"sat","layers":[1],"parse_ms":"x",
          "expected":7,"policy":3,"truth":[],"guards":"x","ns_histogram":[[1]]})");
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->parse_ms, 0);
}

TEST_F(Jsonl, LogIsAppendedTo) {
  for (const char* file : {"a", "b"}) {
    RowLog log;
    LogContents earlier;
    ASSERT_TRUE(log.open(path_, &earlier).ok());
    EXPECT_EQ(earlier.rows.size(), std::string(file) == "a" ? 0u : 1u);
    ASSERT_TRUE(log.append(sample_row(file)).ok());
    EXPECT_TRUE(log.close().ok());
  }
  const auto log = read_log(path_);
  ASSERT_TRUE(log.ok());
  ASSERT_EQ(log->rows.size(), 2u);
  EXPECT_EQ(log->rows[1].file, "b");
  EXPECT_TRUE(log->torn.empty());
}

TEST_F(Jsonl, LaterRowOfTheSameQuestionCounts) {
  RunRow first = sample_row("a"), second = sample_row("a");
  second.status = "unknown";
  spill(path_, row_to_json(first) + "\n" + row_to_json(second) + "\n");
  const auto log = read_log(path_);
  ASSERT_TRUE(log.ok());
  ASSERT_EQ(log->rows.size(), 1u);
  EXPECT_EQ(log->rows[0].status, "unknown");
}

TEST_F(Jsonl, EveryTornTailIsCutOff) {
  const std::string whole = row_to_json(sample_row("a")) + "\n";
  const std::string last = row_to_json(sample_row("b"));
  for (size_t n = 1; n <= last.size(); ++n) {
    spill(path_, whole + last.substr(0, n));
    RowLog log;
    LogContents earlier;
    ASSERT_TRUE(log.open(path_, &earlier).ok()) << n;
    // A last line that lacks its end alone is whole.
    EXPECT_EQ(earlier.rows.size(), n == last.size() ? 2u : 1u) << n;
    ASSERT_TRUE(log.append(sample_row("c")).ok());
    ASSERT_TRUE(log.close().ok());
    const auto read = read_log(path_);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->rows.back().file, "c");
    EXPECT_EQ(read->rows.size(), n == last.size() ? 3u : 2u);
  }
}

TEST_F(Jsonl, AFileThatIsNoLogIsRefusedUntouched) {
  const std::string texts[] = {"hello", "hello\nworld\n",
                               row_to_json(sample_row("a")) + "\nnotes\n",
                               std::string("{\n}\n")};
  for (const std::string& text : texts) {
    spill(path_, text);
    RowLog log;
    LogContents earlier;
    const absl::Status status = log.open(path_, &earlier);
    EXPECT_FALSE(status.ok()) << text;
    EXPECT_NE(std::string(status.message()).find(path_ + ":"), std::string::npos);
    EXPECT_EQ(slurp(path_), text);
  }
}

TEST_F(Jsonl, FullDiskIsAnError) {
  RowLog log;
  LogContents earlier;
  ASSERT_TRUE(log.open("/dev/full", &earlier).ok());
  const absl::Status status = log.append(sample_row("a"));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message()).find("No space left"), std::string::npos)
      << status.message();
}

TEST_F(Jsonl, FolderOrMissingFolderIsAnError) {
  RowLog log;
  LogContents earlier;
  EXPECT_FALSE(log.open(folder_, &earlier).ok());
  EXPECT_FALSE(log.open(folder_ + "/none/log.jsonl", &earlier).ok());
}

TEST_F(Jsonl, WriteFileLeavesTheOldOneOnFailure) {
  const std::string target = folder_ + "/page.html";
  ASSERT_TRUE(write_file(target, "one").ok());
  ASSERT_TRUE(write_file(target, "two").ok());
  EXPECT_EQ(slurp(target), "two");
  EXPECT_FALSE(write_file("/dev/full", "text").ok());
  struct stat info;
  ASSERT_EQ(::stat("/dev/full", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
  EXPECT_FALSE(write_file(folder_ + "/none/x", "text").ok());
}

}  // namespace
}  // namespace congrua::cli
