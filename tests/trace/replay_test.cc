#include "trace/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "congrua/text.h"
#include "guard/z3.h"

namespace congrua::trace {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> traces_of(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  if (!std::filesystem::is_directory(folder)) return out;
  for (const auto& f : std::filesystem::directory_iterator(folder)) {
    if (f.path().extension() == ".jsonl") out.push_back(f.path().string());
  }
  std::ranges::sort(out);
  return out;
}

Trace read(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto trace = read_trace(text.str());
  EXPECT_TRUE(trace.ok()) << path;
  return *std::move(trace);
}

// What a front end got and what it would emit.
std::string summary(const Replayed& r) {
  std::string text;
  const Counts& c = r.counts;
  for (const uint64_t n :
       {c.questions, c.agree, c.stronger, c.weaker, c.conflict, c.guards_taken,
        c.guards_kept, c.idx_modidx_gone, c.axes_left}) {
    text += std::to_string(n) + " ";
  }
  for (const auto& [env, set] : r.guards) {
    for (const Expr e : set.domains) text += to_string(e) + "\n";
    for (const Expr e : set.guards) text += to_string(e) + "\n";
  }
  return text;
}

void expect_no_worse(const std::string& path) {
  const Trace trace = read(path);
  const auto r = replay(trace);
  ASSERT_TRUE(r.ok()) << path << ": " << std::string(r.status().message());
  const Counts& c = r->counts;
  EXPECT_EQ(c.conflict, 0u) << path;
  EXPECT_EQ(c.weaker, 0u) << path;
  EXPECT_EQ(c.unread, 0u) << path;
  EXPECT_EQ(c.agree + c.stronger, c.questions) << path;
  EXPECT_EQ(c.idx_longer, 0u) << path;
  EXPECT_LE(c.axes_left, c.axes_torch) << path;
  const auto again = replay(trace);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(summary(*r), summary(*again)) << path;
  // Small inputs that satisfy the guards exist, and the guards accept them.
  for (const auto& [number, env] : r->environments) {
    EXPECT_TRUE(env->witness().ok()) << path << " environment " << number;
  }
}

TEST(ReplayTest, RecordedProgramsAreAnsweredNoWorse) {
  const auto paths = traces_of("tests/data/torch_traces");
  ASSERT_GE(paths.size(), 12u);
  for (const std::string& path : paths) expect_no_worse(path);
}

TEST(ReplayTest, AllRecordedPrograms) {
  const char* data = std::getenv("CONGRUA_DATA");
  const auto paths =
      traces_of(std::filesystem::path(data != nullptr ? data : "") / "torch_traces");
  if (paths.empty()) GTEST_SKIP() << "CONGRUA_DATA holds no torch_traces";
  for (const std::string& path : paths) expect_no_worse(path);
}

// Z3 is asked what is open, and about native answers; nothing else changes.
void expect_z3_agrees(const std::string& path, uint64_t check_every) {
  const Trace trace = read(path);
  const auto native = replay(trace);
  const auto with_z3 = replay(trace, {.z3 = true, .check_every = check_every});
  ASSERT_TRUE(native.ok() && with_z3.ok()) << path;
  EXPECT_EQ(with_z3->counts.conflict_z3, 0u) << path;
  EXPECT_LE(with_z3->counts.settled_z3, with_z3->counts.asked_z3) << path;
  EXPECT_EQ(summary(*native), summary(*with_z3)) << path;
}

TEST(ReplayTest, Z3AgreesOnRecordedPrograms) {
  if (!guard::z3_available()) GTEST_SKIP() << "built without Z3";
  // One in fifteen: a dozen questions of each program.
  for (const std::string& path : traces_of("tests/data/torch_traces")) {
    expect_z3_agrees(path, 15);
  }
}

TEST(ReplayTest, Z3IsAskedWhatIsOpen) {
  const auto trace = read_trace(R"x({"t":"program","name":"p"}
{"t":"env","env":0,"i":0}
{"t":"sym","env":0,"s":"s0","kind":"size","hint":8,"range":[2,"oo"],"dyn":"DYNAMIC","src":"x","i":1}
{"t":"eval","env":0,"e":"(ge s0 5)","r":"true","how":"guard","g":["(ge s0 5)"],"i":2,"us":10}
{"t":"stat","env":0,"e":"(ge s0 4)","r":"true","i":3,"us":10}
{"t":"again","of":3,"n":2}
{"t":"stat","env":0,"e":"(ge s0 6)","r":null,"i":4,"us":10}
)x");
  ASSERT_TRUE(trace.ok());
  const auto r = replay(*trace, {.z3 = true, .check_every = 1});
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->counts.asked_z3, 2u);  // not the repeats
  EXPECT_EQ(r->counts.settled_z3, 0u);
  EXPECT_EQ(r->counts.checked_z3, 1u);
  EXPECT_EQ(r->counts.confirmed_z3, guard::z3_available() ? 1u : 0u);
  EXPECT_EQ(r->counts.conflict_z3, 0u);
}

TEST(ReplayTest, AnswersAgainstTheRecordAreConflicts) {
  const auto trace = read_trace(R"x({"t":"program","name":"p"}
{"t":"env","env":0,"i":0}
{"t":"sym","env":0,"s":"s0","kind":"size","hint":8,"range":[2,"oo"],"dyn":"DYNAMIC","src":"x","i":1}
{"t":"eval","env":0,"e":"(ge s0 2)","r":"false","how":"static","i":2,"us":10}
{"t":"eval","env":0,"e":"(ge s0 5)","r":"true","how":"static","i":3,"us":10}
{"t":"eval","env":0,"e":"(ge s0 6)","r":"true","how":"guard","g":["(ge s0 6)"],"i":4,"us":10}
{"t":"eval","env":0,"e":"(ge s0 5)","r":null,"how":"static","i":5,"us":10}
{"t":"again","of":4,"n":2}
{"t":"mult","env":0,"e":"(mul 4 s0)","d":"8","r":false,"i":6,"us":1}
{"t":"mult","env":0,"e":"(mul 8 s0)","d":"4","r":false,"i":7,"us":1}
{"t":"guards","env":0,"list":[{"g":"(ge s0 6)","kept":true}],"i":8}
)x");
  ASSERT_TRUE(trace.ok());
  const auto r = replay(*trace);
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->counts.questions, 8u);
  EXPECT_EQ(r->counts.conflict, 1u);
  EXPECT_EQ(r->counts.weaker, 1u);
  EXPECT_EQ(r->counts.stronger, 2u);
  EXPECT_EQ(r->counts.agree, 4u);
  EXPECT_EQ(r->counts.guards_taken, 1u);
  EXPECT_EQ(r->counts.guards_torch, 1u);
  EXPECT_EQ(r->counts.guards_kept, 0u);  // a bound of one size is a domain
  EXPECT_EQ(r->counts.domains_kept, 1u);
}

TEST(ReplayTest, LinesThatContradictEachOtherAreErrors) {
  const auto trace = read_trace(
      "{\"t\":\"env\",\"env\":0}\n{\"t\":\"range\",\"env\":0,\"s\":\"s0\",\"range\":[1,2]"
      "}\n");
  ASSERT_TRUE(trace.ok());
  const auto r = replay(*trace);
  ASSERT_FALSE(r.ok());
  EXPECT_THAT(std::string(r.status().message()),
              HasSubstr("line 2: a range of no symbol"));
}

}  // namespace
}  // namespace congrua::trace
