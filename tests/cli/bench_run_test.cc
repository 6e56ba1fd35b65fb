// The bench with an engine that does what the file tells it to.
#include "cli/bench_run.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/expected.h"
#include "cli/external.h"
#include "cli/jsonl.h"

namespace congrua::cli {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)),
                     std::istreambuf_iterator<char>());
}

// Each line "; do: WORD" of a file is an instruction.
RunRow fake_engine(const RunRequest& request) {
  RunRow row;
  row.parse_ms = 0.5;
  row.solve_ms = 2;
  const auto told = [&](std::string_view word) {
    return request.text.find("; do: " + std::string(word) + "\n") != std::string::npos;
  };
  if (told("crash")) {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer has a handler of its own
    ::raise(SIGSEGV);
  }
  if (told("throw")) throw std::runtime_error("engine threw");
  if (told("exit")) ::_exit(0);
  if (told("hang")) {
    for (;;) ::sleep(1);
  }
  if (told("sleep")) ::usleep(150'000);
  if (told("memory")) {
    for (;;) {
      auto* block = new std::vector<char>(1 << 20, 'x');
      asm volatile("" : : "r"(block->data()) : "memory");
    }
  }
  if (request.mode == RunMode::kEntail) {
    for (size_t i = 0; i < 3; ++i) {
      row.verdicts.emplace_back(i == 1 ? Verdict::kNeeded : Verdict::kRedundant,
                                i == 1 ? "model" : "interval");
    }
    if (told("unknown")) row.verdicts[2] = {Verdict::kUnknown, "none"};
    finish_entail(row, {100, 200, 300}, 50);
    return row;
  }
  row.answers.emplace_back(told("unsat") ? "unsat" : told("unknown") ? "unknown" : "sat");
  if (request.engine == "z3") row.solve_ms = 100;
  row.layers["search"] = 1;
  finish_sat(row);
  return row;
}

class BenchRun : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "congrua_bench_" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/in");
    options_.paths = {root_ + "/in"};
    options_.jsonl = root_ + "/log.jsonl";
    options_.timeout_s = 5;
    options_.memory_bytes = uint64_t{512} << 20;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void file(const std::string& name, const std::string& does,
            const std::string& status = "") {
    std::ofstream out(root_ + "/in/" + name);
    if (!status.empty()) out << "(set-info :status " << status << ")\n";
    out << "; do: " << does << "\n(declare-const x Int)(set-info :example-x 4)\n"
        << "(assert (> x 0))\n(check-sat)\n";
  }

  int run(Runner runner = fake_engine) {
    const std::string out_path = root_ + "/out", err_path = root_ + "/err";
    std::FILE* out = std::fopen(out_path.c_str(), "we");
    std::FILE* err = std::fopen(err_path.c_str(), "we");
    const int code = run_bench(options_, runner, out, err);
    std::fclose(out);
    std::fclose(err);
    out_ = slurp(out_path);
    err_ = slurp(err_path);
    return code;
  }

  // By file name, mode, engine and policy.
  std::map<std::string, RunRow> rows() const {
    std::map<std::string, RunRow> out;
    const auto log = read_log(options_.jsonl);
    EXPECT_TRUE(log.ok()) << log.status();
    if (!log.ok()) return out;
    for (const RunRow& row : log->rows) {
      std::string key = row.file.substr(row.file.rfind('/') + 1);
      for (const std::string& part : {row.mode, row.engine, row.specialize}) {
        if (part != "sat" && part != "auto" && !part.empty()) key += " " + part;
      }
      out[key] = row;
    }
    return out;
  }

  std::string root_, out_, err_;
  BenchOptions options_;
};

TEST_F(BenchRun, EveryEndIsARow) {
  file("sat.smt2", "sat", "sat");
  file("unsat.smt2", "unsat");
  file("unknown.smt2", "unknown", "unsat");
  file("crash.smt2", "crash", "sat");
  file("throw.smt2", "throw");
  file("exit.smt2", "exit");
  file("hang.smt2", "hang");
  file("memory.smt2", "memory");
  options_.paths.push_back(root_ + "/in/missing.smt2");
  options_.jobs = 4;
  options_.timeout_s = 2;
  options_.memory_bytes = uint64_t{128} << 20;  // reached well before the time limit
  EXPECT_EQ(run(), kExitOk) << err_;
  auto r = rows();
  ASSERT_EQ(r.size(), 9u);
  EXPECT_EQ(r["sat.smt2"].status, "sat");
  EXPECT_EQ(r["sat.smt2"].correct, true);
  EXPECT_EQ(r["unsat.smt2"].status, "unsat");
  EXPECT_EQ(r["unsat.smt2"].correct, std::nullopt);
  EXPECT_EQ(r["unknown.smt2"].status, "unknown");
  EXPECT_EQ(r["crash.smt2"].status, "crash");
  EXPECT_NE(r["crash.smt2"].message.find("signal 11"), std::string::npos)
      << r["crash.smt2"].message;
  // What is expected is known even where the engine took the process with it.
  EXPECT_EQ(r["crash.smt2"].expected, std::vector<std::string>{"sat"});
  EXPECT_EQ(r["crash.smt2"].correct, std::nullopt);
  EXPECT_EQ(r["throw.smt2"].status, "crash");
  EXPECT_NE(r["throw.smt2"].message.find("engine threw"), std::string::npos);
  EXPECT_EQ(r["exit.smt2"].status, "crash");
  EXPECT_EQ(r["exit.smt2"].message, "the process ended without an answer");
  EXPECT_EQ(r["hang.smt2"].status, "timeout");
  EXPECT_EQ(r["memory.smt2"].status, "memory");
  EXPECT_EQ(r["missing.smt2"].status, "error");
  EXPECT_NE(r["missing.smt2"].message.find("No such file"), std::string::npos)
      << r["missing.smt2"].message;
  EXPECT_NE(out_.find("crashes"), std::string::npos);
  EXPECT_EQ(err_, "");
}

TEST_F(BenchRun, WrongAnswerFails) {
  file("a.smt2", "sat", "sat");
  file("b.smt2", "sat", "unsat");
  EXPECT_EQ(run(), kExitWrong);
  EXPECT_EQ(rows()["b.smt2"].correct, false);
  EXPECT_NE(out_.find("WRONG ANSWERS"), std::string::npos);
  EXPECT_NE(out_.find("answered sat, expected unsat"), std::string::npos) << out_;
  // A wrong row that was taken over still counts.
  options_.resume = true;
  EXPECT_EQ(run(), kExitWrong);
}

TEST_F(BenchRun, WrongAnswerByTable) {
  file("a.smt2", "sat");
  std::ofstream(root_ + "/in/EXPECTED.csv") << "file,check_sat_results\na.smt2,unsat\n";
  EXPECT_EQ(run(), kExitWrong);
  EXPECT_EQ(rows()["a.smt2"].expected, std::vector<std::string>{"unsat"});
}

TEST_F(BenchRun, WrongVerdictByTable) {
  file("a.smt2", "sat");
  std::ofstream(root_ + "/in/REDUNDANT.csv")
      << "file,index,assert,verdict\na.smt2,0,g,redundant\na.smt2,1,h,redundant\n";
  options_.modes = {RunMode::kEntail};
  EXPECT_EQ(run(), kExitWrong);
  EXPECT_EQ(rows()["a.smt2 entail"].truth->wrong, 1u);
}

TEST_F(BenchRun, NothingToRun) {
  EXPECT_EQ(run(), kExitNothing);
  EXPECT_NE(err_.find("no .smt2 files"), std::string::npos);
  options_.paths = {root_ + "/in/missing.smt2"};
  EXPECT_EQ(run(), kExitNothing);
  EXPECT_EQ(rows()["missing.smt2"].status, "error");
  EXPECT_EQ(out_, "");  // no table of nothing
  EXPECT_NE(err_.find("missing.smt2: No such file or directory\n"), std::string::npos);
}

TEST_F(BenchRun, BothModesSeveralEnginesAndVerdicts) {
  file("a.smt2", "sat");
  file("b,c.smt2", "unknown");
  options_.modes = {RunMode::kSat, RunMode::kEntail};
  options_.engines = {"native", "z3"};
  EXPECT_EQ(run(), kExitOk);
  auto r = rows();
  EXPECT_EQ(r.size(), 8u);
  EXPECT_EQ(r["a.smt2 entail native"].entail->guards, 3u);
  EXPECT_EQ(r["a.smt2 entail native"].status, "ok");
  EXPECT_EQ(r["b,c.smt2 entail z3"].status, "unknown");
  EXPECT_NE(out_.find("ratio in sat mode"), std::string::npos) << out_;

  options_.engines = {"native"};
  options_.verdicts = root_ + "/verdicts.csv";
  options_.jsonl.clear();
  EXPECT_EQ(run(), kExitOk);
  const auto table = parse_csv(slurp(options_.verdicts));
  ASSERT_EQ(table.size(), 7u);
  EXPECT_EQ(table[0],
            (std::vector<std::string>{"file", "assert_index", "verdict", "layer"}));
  EXPECT_EQ(table[2],
            (std::vector<std::string>{root_ + "/in/a.smt2", "1", "needed", "model"}));
  EXPECT_EQ(table[6],
            (std::vector<std::string>{root_ + "/in/b,c.smt2", "2", "unknown", "none"}));
}

TEST_F(BenchRun, PoliciesSideBySide) {
  file("a.smt2", "sat", "sat");
  options_.policies = {Policy::kNone, Policy::kBoth};
  options_.modes = {RunMode::kEntail};
  EXPECT_EQ(run(), kExitOk);
  auto r = rows();
  EXPECT_EQ(r["a.smt2 entail none"].policy->guards(), 0u);
  EXPECT_EQ(r["a.smt2 entail both"].policy->at_least_two, 1u);
  EXPECT_NE(out_.find("specialization"), std::string::npos) << out_;
}

TEST_F(BenchRun, ExamplesAreNotReadWithoutAPolicy) {
  file("a.smt2", "sat");
  const Runner echo = [](const RunRequest& request) {
    RunRow row;
    row.answers = {"sat"};
    row.message = request.text;
    finish_sat(row);
    return row;
  };
  EXPECT_EQ(run(echo), kExitOk);
  EXPECT_EQ(rows()["a.smt2"].message, slurp(root_ + "/in/a.smt2"));
}

TEST_F(BenchRun, ResumeSkipsWhatIsDone) {
  for (const char* name : {"a.smt2", "b.smt2", "c.smt2"}) file(name, "sat", "sat");
  EXPECT_EQ(run(), kExitOk);
  const std::string whole = slurp(options_.jsonl);
  const size_t first = whole.find('\n') + 1;
  // The run was cut within the second line.
  std::ofstream(options_.jsonl) << whole.substr(0, first + 40);
  file("a.smt2", "unsat", "sat");  // would be wrong now, but it is done
  options_.resume = true;
  EXPECT_EQ(run(), kExitOk);
  EXPECT_NE(err_.find("unfinished last line"), std::string::npos) << err_;
  EXPECT_EQ(rows().size(), 3u);
  EXPECT_EQ(rows()["a.smt2"].status, "sat");
  const std::string after = slurp(options_.jsonl);
  EXPECT_EQ(std::count(after.begin(), after.end(), '\n'), 3);
  EXPECT_NE(out_.find("3"), std::string::npos);
  // All done: nothing is added.
  EXPECT_EQ(run(), kExitOk);
  EXPECT_EQ(slurp(options_.jsonl), after);
  // Another engine or mode is another question.
  options_.engines = {"native"};
  EXPECT_EQ(run(), kExitWrong);
  EXPECT_EQ(rows().size(), 6u);
}

TEST_F(BenchRun, ResumeAsksAgainWhereVerdictsWereLost) {
  file("a.smt2", "sat");
  file("b.smt2", "sat");
  options_.modes = {RunMode::kEntail};
  options_.verdicts = root_ + "/v.csv";
  EXPECT_EQ(run(), kExitOk);
  const std::string table = slurp(options_.verdicts);
  std::ofstream(options_.verdicts) << table.substr(0, table.find("/in/b.smt2"));
  std::filesystem::resize_file(options_.verdicts,
                               table.find('\n', table.find(",2,")) + 1);
  options_.resume = true;
  EXPECT_EQ(run(), kExitOk);
  EXPECT_EQ(slurp(options_.verdicts), table);
  std::filesystem::remove(options_.verdicts);
  EXPECT_EQ(run(), kExitOk);
  EXPECT_EQ(slurp(options_.verdicts), table);
  std::ofstream(options_.verdicts) << "something else\n";
  EXPECT_EQ(run(), kExitOutput);
  EXPECT_EQ(slurp(options_.verdicts), "something else\n");
}

TEST_F(BenchRun, FullDisk) {
  file("a.smt2", "sat");
  options_.jsonl = "/dev/full";
  EXPECT_EQ(run(), kExitOutput);
  EXPECT_NE(err_.find("cannot write /dev/full: No space left on device"),
            std::string::npos)
      << err_;
  options_.jsonl.clear();
  options_.html = "/dev/full";
  EXPECT_EQ(run(), kExitOutput);
  options_.html.clear();
  options_.modes = {RunMode::kEntail};
  options_.verdicts = "/dev/full";
  EXPECT_EQ(run(), kExitOutput);
}

TEST_F(BenchRun, FullDiskForTheSummary) {
  file("a.smt2", "sat");
  std::FILE* out = std::fopen("/dev/full", "we");
  std::FILE* err = std::fopen((root_ + "/err").c_str(), "we");
  EXPECT_EQ(run_bench(options_, fake_engine, out, err), kExitOutput);
  std::fclose(out);
  std::fclose(err);
}

TEST_F(BenchRun, ForeignFileIsNotTouched) {
  file("a.smt2", "sat");
  std::ofstream(options_.jsonl) << "my notes\n";
  EXPECT_EQ(run(), kExitOutput);
  EXPECT_NE(err_.find("not a row of the bench"), std::string::npos);
  EXPECT_EQ(slurp(options_.jsonl), "my notes\n");
}

TEST_F(BenchRun, HtmlPage) {
  file("a.smt2", "sat", "sat");
  file("<b&>.smt2", "crash");
  options_.html = root_ + "/page.html";
  options_.command_line = "congrua bench <x>";
  EXPECT_EQ(run(), kExitOk);
  const std::string page = slurp(options_.html);
  EXPECT_NE(page.find("<svg"), std::string::npos);
  EXPECT_NE(page.find("&lt;b&amp;&gt;.smt2"), std::string::npos);
  EXPECT_EQ(page.find("<b&>"), std::string::npos);
  for (const char* part :
       {"http:", "https:", "<script", "<link", "<img", "url(", "@import"}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
}

TEST_F(BenchRun, ExternalCommand) {
  file("a.smt2", "sat", "sat");
  file("b.smt2", "sat", "unsat");
  options_.engines = {"cmd:echo sat; : {file}", "cmd:kill -SEGV $$; : {file}",
                      "cmd:false"};
  options_.sample = 2;
  options_.jobs = 4;
  EXPECT_EQ(run(run_external), kExitOk) << out_;
  auto r = rows();
  EXPECT_EQ(r.size(), 3u);
  EXPECT_EQ(r["a.smt2 " + options_.engines[0]].status, "sat");
  EXPECT_EQ(r["a.smt2 " + options_.engines[1]].status, "crash");
  EXPECT_EQ(r["a.smt2 " + options_.engines[2]].status, "error");
}

// A run in a process of its own that gets the signal once three rows are there.
int signalled_run(const BenchOptions& options, int signal, const std::string& err_path) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::FILE* out = std::fopen("/dev/null", "we");
    std::FILE* err = std::fopen(err_path.c_str(), "we");
    const int code = run_bench(options, fake_engine, out, err);
    std::fclose(err);
    ::_exit(code);
  }
  for (int i = 0; i < 1000; ++i) {
    const std::string log = slurp(options.jsonl);
    if (std::count(log.begin(), log.end(), '\n') >= 3) break;
    ::usleep(10'000);
  }
  ::kill(pid, signal);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_F(BenchRun, InterruptKeepsWhatWasMeasuredAndResumeGoesOn) {
  for (int i = 0; i < 20; ++i)
    file("f" + std::to_string(10 + i) + ".smt2", "sleep", "sat");
  options_.jobs = 2;
  options_.html = root_ + "/page.html";
  EXPECT_EQ(signalled_run(options_, SIGINT, root_ + "/err"), 130);
  const size_t done = rows().size();
  EXPECT_GE(done, 3u);
  EXPECT_LT(done, 20u);
  EXPECT_NE(slurp(root_ + "/err").find("--resume goes on"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(options_.html));

  // Ended by force: nobody could tidy up.
  options_.resume = true;
  EXPECT_EQ(signalled_run(options_, SIGKILL, root_ + "/err"), -SIGKILL);
  EXPECT_EQ(run(), kExitOk) << err_;
  const auto all = rows();
  EXPECT_EQ(all.size(), 20u);
  for (const auto& [name, row] : all) EXPECT_EQ(row.status, "sat") << name;
}

TEST_F(BenchRun, TerminationIsLikeAnInterrupt) {
  for (int i = 0; i < 8; ++i) file("f" + std::to_string(i) + ".smt2", "sleep", "sat");
  EXPECT_EQ(signalled_run(options_, SIGTERM, root_ + "/err"), 128 + SIGTERM);
}

}  // namespace
}  // namespace congrua::cli
