#include "trace/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace congrua::trace {
namespace {

using ::testing::HasSubstr;

std::string message(std::string_view text) {
  const auto t = read_trace(text);
  return t.ok() ? "" : std::string(t.status().message());
}

TEST(TraceTest, ReadsLinesOfAllKinds) {
  const auto t = read_trace(R"x({"t":"program","name":"p","mode":"export"}
{"t":"env","env":0,"i":0}
{"t":"sym","env":0,"s":"s0","kind":"size","hint":8,"range":[2,"oo"],"dyn":"DUCK","src":"x.size(0)","i":1}

{"t":"stat","env":0,"e":"(lt i s0)","r":null,"vars":{"i":[0,"oo"]},"ax":["(lt i 4)"],"i":2,"us":7}
{"t":"again","of":2,"n":3}
{"t":"idx","env":0,"e":"i","vars":{"i":"s0"},"r":"i","i":3}
{"t":"a kind of the future","x":1}
{"t":"guards","env":0,"list":[{"g":"(ge s0 4)","kept":true},{"g":"(ge s0 3)","kept":false}],"i":4}
)x");
  ASSERT_TRUE(t.ok()) << std::string(t.status().message());
  EXPECT_EQ(t->name, "p");
  ASSERT_EQ(t->lines.size(), 7u);
  EXPECT_EQ(t->lines[2].hint, "8");
  EXPECT_EQ(t->lines[2].range.hi, "oo");
  EXPECT_EQ(t->lines[3].ranges[0].first, "i");
  EXPECT_FALSE(t->lines[3].result.has_value());
  EXPECT_EQ(t->lines[3].number, 5u);
  EXPECT_EQ(t->lines[4].times, 3);
  EXPECT_EQ(t->lines[5].sizes[0].second, "s0");
  EXPECT_EQ(t->lines[6].kept, 1u);
}

TEST(TraceTest, ErrorsNameTheLine) {
  EXPECT_THAT(message("{\"t\":\"env\"}\nno json\n"), HasSubstr("line 2: no JSON object"));
  EXPECT_THAT(message("[1]"), HasSubstr("line 1: no JSON object"));
  EXPECT_THAT(message("{\"t\":\"sym\",\"s\":\"s0\",\"kind\":\"size\"}"),
              HasSubstr("line 1 (sym): \"range\" is not a pair of ends"));
  EXPECT_THAT(message("{\"t\":\"eval\",\"r\":\"true\"}"),
              HasSubstr("\"e\" is not there"));
  EXPECT_THAT(message("{\"t\":\"again\",\"of\":7}"),
              HasSubstr("no earlier line has \"i\" 7"));
  EXPECT_THAT(message("{\"t\":\"eval\",\"e\":\"s0\",\"ax\":3}"),
              HasSubstr("\"ax\" is not a list"));
}

TEST(TraceTest, NothingIsATrace) {
  const auto t = read_trace("");
  ASSERT_TRUE(t.ok());
  EXPECT_TRUE(t->lines.empty());
}

}  // namespace
}  // namespace congrua::trace
