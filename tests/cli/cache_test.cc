#include "cli/cache.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cli/run.h"

namespace congrua::cli {
namespace {

class CacheCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "congrua_cli_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::current_path(folder_);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }
  static Ran build(const char* text) {
    std::ofstream("entries") << text;
    return run(run_cache_build, {{"entries"}, "cache"});
  }
  static Ran ask(std::vector<std::string> values, bool explain = false) {
    return run(run_cache_ask, {"cache", std::move(values), explain});
  }

  std::filesystem::path before_ = std::filesystem::current_path();
  std::filesystem::path folder_;
};

TEST_F(CacheCommand, BuildLookupExplainStats) {
  const Ran built = build(
      "# versions of a kernel\n"
      "vector: floor_mod(n, 8) == 0, max(m, n) <= 4096\n"
      "\n"
      "small:  m*n <= 64\n"
      "never:  m == 2, n == 3\n");
  EXPECT_EQ(built.err, "");
  EXPECT_EQ(built.out, "3 entries over 2 fields\n");
  EXPECT_EQ(ask({"m=3", "n=16"}).out, "vector\n");
  EXPECT_EQ(ask({"m=3", "n=5"}).out, "small\n");
  const Ran miss = ask({"m=100", "n=5"});
  EXPECT_EQ(miss.out, "no entry holds\n");
  EXPECT_EQ(miss.code, 1);
  EXPECT_EQ(ask({"m=100", "n=5"}, true).out,
            "no entry holds\n"
            "entry 1 (1 of 2 guards fail): entries:2: floor_mod(n, 8) == 0 fails: n = 5\n"
            "entry 2 (1 of 1 guards fail): entries:4: m*n <= 64 fails: m = 100, n = 5\n"
            "entry 3 (2 of 2 guards fail): entries:5: m == 2 fails: m = 100\n");
  const Ran stats = run(run_cache_stats, {"cache", true});
  EXPECT_EQ(stats.out.substr(0, 10), "entries: 3");
  EXPECT_NE(stats.out.find("entry 3 is never found: entries 2 hold wherever it holds\n"),
            std::string::npos);
}

// Two versions of one function: sources are the fields, whatever the symbols are called.
TEST_F(CacheCommand, TracesAreEntries) {
  std::ofstream("a.jsonl") << R"json({"t":"program","name":"f"}
{"t":"env","env":0}
{"t":"sym","env":0,"s":"s5","kind":"size","hint":8,"range":[2,"oo"],"src":"x.size(0)"}
{"t":"spec01","env":0,"val":1,"src":"x.size(1)"}
{"t":"eval","env":0,"e":"(eq (mod s5 4) 0)","r":"true","how":"guard","us":1,"i":1}
{"t":"guards","env":0,"list":[]}
{"t":"env","env":1}
{"t":"sym","env":1,"s":"s0","kind":"size","hint":9,"range":[2,"oo"],"src":"x.size(1)"}
{"t":"sym","env":1,"s":"s5","kind":"float","hint":"0.5","range":["-oo","oo"],"src":"p"}
{"t":"duck","env":1,"s":"s0","src":"x.size(0)"}
{"t":"eval","env":1,"e":"(lt s5 1.0)","r":"true","how":"guard","us":1,"i":2}
{"t":"guards","env":1,"list":[]}
)json";
  const Ran built = run(run_cache_build, {{"a.jsonl"}, "cache"});
  EXPECT_EQ(built.err, "");
  EXPECT_EQ(built.out, "2 entries over 3 fields\n");
  EXPECT_EQ(ask({"x.size(0)=8", "x.size(1)=1", "p=0"}).out, "f:0\n");
  EXPECT_EQ(ask({"x.size(0)=9", "x.size(1)=9", "p=0"}).out, "f:1\n");
  EXPECT_EQ(
      ask({"x.size(0)=9", "x.size(1)=9", "p=2"}, true).out,
      "no entry holds\n"
      "entry 2 (1 of 4 guards fail): line 11: p <= 0.9999999999999999 fails: p = 2\n"
      "entry 1 (2 of 3 guards fail): line 3: x.size(1) == 1 fails: x.size(1) = 9\n");
}

TEST_F(CacheCommand, Advise) {
  EXPECT_EQ(build("a: n == 16, m >= 2, floor_mod(m, 2) == 0\n"
                  "b: n == 32, m >= 2, floor_mod(m, 2) == 0\n"
                  "b: n == 64, m >= 2, floor_mod(m, 2) == 0\n"
                  "c: n == 64, m == 4\n")
                .code,
            0);
  std::ofstream("log") << "n=16 m=8\nn=32\nn=64 # now and then\nm=10\nn=64 m=3\n";
  EXPECT_EQ(run(run_cache_advise, {"cache", "log"}).out,
            "1 version serves 4 of 5 calls; 3 entries did\n"
            "version 1, as entry 1, 4 calls\n"
            "  m: dynamic in [8, 10], a multiple of 2\n"
            "  n: dynamic in [16, 64], a multiple of 16\n"
            "call 5 has no entry\n"
            "call 2 forced entry 2: entry 1: entries:1: n == 16 fails: n = 32\n"
            "call 3 forced entry 3: entry 1: entries:1: n == 16 fails: n = 64\n"
            "entry 4 is subsumed by entry 3\n");
  std::ofstream("log") << "n=16\n";
  EXPECT_EQ(run(run_cache_advise, {"cache", "log"}).err,
            "congrua cache: log:1: the field m has no value\n");
}

TEST_F(CacheCommand, Bench) {
  EXPECT_EQ(build("a: n == 16, m >= 2\nb: n == 32, m == n\n").code, 0);
  std::ofstream("log") << "n=16 m=8\nm=1\n";
  for (const std::string log : {"log", ""}) {
    const Ran ran = run(run_cache_bench, {"cache", log, 1e-6});
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    EXPECT_TRUE(ran.out.starts_with(log.empty() ? "2 entries over 2 fields, 4 calls\n"
                                                : "2 entries over 2 fields, 2 calls\n"))
        << ran.out;
    for (const char* figure : {"hits ", "misses ", "seen before", "batch", "of one",
                               "load", "bytes an entry"}) {
      EXPECT_NE(ran.out.find(figure), std::string::npos) << figure;
    }
    EXPECT_EQ(ran.out.find(" -\n"), std::string::npos) << ran.out;
  }
  std::ofstream("log") << "n=16 m=8\n";
  const Ran hit = run(run_cache_bench, {"cache", "log", 1e-6});
  EXPECT_NE(hit.out.find("look-up that misses                    -\n"), std::string::npos)
      << hit.out;
}

TEST_F(CacheCommand, BenchErrors) {
  EXPECT_EQ(run(run_cache_bench, {"nothing", ""}).err,
            "congrua cache: opening nothing: No such file or directory\n");
  EXPECT_EQ(build("# nothing\n").code, 0);
  EXPECT_EQ(run(run_cache_bench, {"cache", ""}).err,
            "congrua cache: cache: it has no entries\n");
  EXPECT_EQ(build("a: n == 16, m >= 2\n").code, 0);
  EXPECT_EQ(run(run_cache_bench, {"cache", "", 0}).err,
            "congrua cache: --seconds must be above 0\n");
  std::ofstream("log") << "# quiet\n";
  EXPECT_EQ(run(run_cache_bench, {"cache", "log"}).err, "congrua cache: log: no calls\n");
  std::ofstream("log") << "n=16\n";
  const Ran missing = run(run_cache_bench, {"cache", "log"});
  EXPECT_EQ(missing.err, "congrua cache: log:1: the field m has no value\n");
  EXPECT_EQ(missing.code, 2);
}

TEST_F(CacheCommand, Errors) {
  EXPECT_EQ(build("no colon\n").err,
            "congrua cache: entries:1: an entry is NAME: guard, guard, ...\n");
  EXPECT_EQ(build("a: n + 1\n").err,
            "congrua cache: entries:1: n + 1 is no proposition\n");
  EXPECT_EQ(build("a: n >= \n").code, 2);
  EXPECT_EQ(run(run_cache_build, {{"nothing"}, "cache"}).err,
            "congrua cache: nothing: No such file or directory\n");
  EXPECT_EQ(ask({"n=1"}).code, 2);
  EXPECT_EQ(build("a: n >= 1\n").code, 0);
  EXPECT_EQ(ask({}).err, "congrua cache: the field n has no value\n");
  EXPECT_EQ(ask({"m=1"}).err, "congrua cache: m=1: a value is FIELD=VALUE\n");
  EXPECT_EQ(ask({"n=x"}).err, "congrua cache: n=x: no value of this field\n");
  std::ofstream("cache") << "garbage";
  EXPECT_EQ(ask({"n=1"}).err, "congrua cache: cache: cache file: these bytes are none\n");
}

}  // namespace
}  // namespace congrua::cli
