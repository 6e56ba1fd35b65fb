#include "cli/external.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace congrua::cli {
namespace {

constexpr int kExited0 = 0;
constexpr int exited(int code) { return code << 8; }

RunRequest request(RunMode mode, std::string command = "x") {
  RunRequest r;
  r.path = "a b.smt2";
  r.mode = mode;
  r.engine = "cmd:" + command;
  r.timeout_s = 2.5;
  return r;
}

TEST(External, CommandLines) {
  EXPECT_EQ(external_command(request(RunMode::kSat, "python3 x.py"), "a b.smt2"),
            "python3 x.py sat 'a b.smt2' 2.5");
  EXPECT_EQ(external_command(request(RunMode::kEntail, "x"), "it's"),
            "x entail 'it'\\''s' 2.5");
  EXPECT_EQ(
      external_command(request(RunMode::kSat, "z3 -T:{timeout} {file} {mode}"), "{mode}"),
      "z3 -T:3 '{mode}' sat");
}

TEST(External, SolverLines) {
  const RunRow row =
      row_from_output(request(RunMode::kSat), "sat\n((x 1))\nunsat\n", kExited0);
  EXPECT_EQ(row.status, "ok");
  EXPECT_EQ(row.answers, (std::vector<std::string>{"sat", "unsat"}));
  EXPECT_EQ(row.layers.at("external"), 2u);
  // Solvers end with code 1 after an error in a later command.
  EXPECT_EQ(row_from_output(request(RunMode::kSat), "unknown\n", exited(1)).status,
            "unknown");
}

TEST(External, JsonRow) {
  const RunRow row = row_from_output(
      request(RunMode::kSat),
      "warning\n{\"engine\":\"z3\",\"version\":\"5.4\",\"status\":\"sat\",\"parse_ms\":3,"
      "\"solve_ms\":1.5,\"model\":{\"a\":-7,\"b\":3,\"c\":\"123456789012345678901\","
      "\"d\":true}}\n",
      kExited0);
  EXPECT_EQ(row.status, "sat");
  EXPECT_EQ(row.version, "5.4");
  EXPECT_EQ(row.layer, "z3");
  EXPECT_EQ(row.parse_ms, 3);
  EXPECT_EQ(row.solve_ms, 1.5);
  EXPECT_EQ(row.model_max, "123456789012345678901");
  EXPECT_EQ(row.model_sum, "123456789012345678897");
}

TEST(External, SeveralAnswersAndTimeouts) {
  const RunRow several =
      row_from_output(request(RunMode::kSat),
                      R"({"status":"unknown","answers":["sat","unknown"]})", kExited0);
  EXPECT_EQ(several.status, "unknown");
  EXPECT_EQ(several.answers.size(), 2u);
  const RunRow late = row_from_output(
      request(RunMode::kSat), R"({"status":"unknown","reason":"timeout"})", kExited0);
  EXPECT_EQ(late.status, "timeout");
  const RunRow memory =
      row_from_output(request(RunMode::kSat),
                      R"({"status":"error","message":"out of memory"})", exited(1));
  EXPECT_EQ(memory.status, "memory");
}

TEST(External, EntailRowWithoutTheAssertsOfAPolicy) {
  RunRequest r = request(RunMode::kEntail);
  r.assumed = {1};
  const RunRow row = row_from_output(
      r,
      R"({"engine":"sympy","verdicts":["redundant","needed","needed","unknown"],)"
      R"("us":[1.5,1000,2.5,9],"add_us_total":4})",
      kExited0);
  ASSERT_TRUE(row.entail.has_value());
  EXPECT_EQ(row.status, "unknown");
  EXPECT_EQ(row.entail->guards, 3u);
  EXPECT_EQ(row.entail->redundant, 1u);
  EXPECT_EQ(row.entail->needed, 1u);
  EXPECT_DOUBLE_EQ(row.entail->us_p50, 2.5);
  EXPECT_DOUBLE_EQ(row.entail->us_total, 13);
  EXPECT_DOUBLE_EQ(row.entail->add_us_total, 4);
  EXPECT_EQ(row.verdicts[0].second, "sympy");
}

TEST(External, EntailRowWithoutSingleTimes) {
  const RunRow row = row_from_output(
      request(RunMode::kEntail),
      R"({"verdicts":["redundant"],"us_p50":3,"us_p99":4,"us_total":5,"reason":"timeout"})",
      kExited0);
  EXPECT_EQ(row.status, "timeout");
  EXPECT_EQ(row.entail->us_p99, 4);
  EXPECT_TRUE(row.entail->histogram.empty());
}

TEST(External, Failures) {
  const struct {
    RunMode mode;
    const char* output;
    int wait_status;
    const char* status;
    const char* part;
  } cases[] = {
      {RunMode::kSat, "", kExited0, "error", "exit code 0 and printed no row"},
      {RunMode::kSat, "sh: x: not found\n", exited(127), "error",
       "127 and printed no row: sh: x"},
      {RunMode::kSat, "sat\n", SIGSEGV, "crash", "signal 11"},
      {RunMode::kSat, "", exited(128 + SIGABRT), "crash", "signal 6"},
      {RunMode::kSat, "{\"status\":3}", kExited0, "error", "neither"},
      {RunMode::kSat, "{\"status\":\"error\",\"message\":\"no file\"}", exited(1),
       "error", "no file"},
      {RunMode::kSat, "{broken", kExited0, "error", "{broken"},
      {RunMode::kEntail, "sat\n", kExited0, "error", "no row"},
      {RunMode::kEntail, "{\"status\":\"ok\"}", kExited0, "error", "verdicts"},
      {RunMode::kEntail, "{\"verdicts\":[\"maybe\"]}", kExited0, "error", "assert 0"},
  };
  for (const auto& c : cases) {
    const RunRow row = row_from_output(request(c.mode), c.output, c.wait_status);
    EXPECT_EQ(row.status, c.status) << c.output;
    EXPECT_NE(row.message.find(c.part), std::string::npos) << row.message;
  }
}

TEST(External, RunsACommandOnACopyUnderTheInstancesName) {
  const std::string folder = testing::TempDir() + "congrua_external";
  std::filesystem::create_directories(folder);
  RunRequest r = request(RunMode::kSat,
                         "f() { echo \"$1 $3\"; cat \"$2\"; basename \"$2\"; "
                         "echo $CONGRUA_ENGINE_TIMES; echo sat; }; f");
  r.path = "some/pa ck'ed.smt2.xz";
  r.plain_file = false;
  r.text = "(check-sat)";
  r.scratch = folder;
  const RunRow row = run_external(r);
  EXPECT_EQ(row.status, "sat") << row.message;
  EXPECT_GT(row.solve_ms, 0);
  std::ifstream copy(folder + "/pa ck'ed.smt2");
  std::string line;
  ASSERT_TRUE(std::getline(copy, line));
  EXPECT_EQ(line, r.text);
  r.scratch = folder + "/none";
  EXPECT_EQ(run_external(r).status, "error");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace congrua::cli
