#include "cli/cases_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "cli/cases_points.h"

namespace congrua::cli {
namespace {

Case read(std::string_view line) {
  absl::StatusOr<Case> c = parse_case(line, "suite");
  EXPECT_TRUE(c.ok()) << c.status() << " " << line;
  return *std::move(c);
}
Case simplify_case(std::string_view expr, std::string_view expected,
                   std::string_view rest = "") {
  return read(
      std::string(R"({"id":"1","kind":"simplify","vars":{"x":{"lo":null,"hi":null},)") +
      R"("y":{"lo":0,"hi":7}},"assume":[],"expr":")" + std::string(expr) +
      R"(","expected":")" + std::string(expected) + "\"" + std::string(rest) + "}");
}
CaseRow judged(const Case& c, std::string_view text) {
  CaseAnswer a;
  a.text = text;
  a.expected_text = text;
  return judge_case(c, a);
}

TEST(Judge, Forms) {
  const Case c =
      simplify_case("(floordiv (add (mul 4 x) y 4) 4)", "(add x (floordiv y 4) 1)");
  EXPECT_EQ(judged(c, "(add x 1 (floordiv y 4))").verdict, CaseVerdict::kOk);
  EXPECT_EQ(judged(c, "(add x 1 (floordiv y 4))").cost_out, 3u);
  EXPECT_EQ(judged(c, "(add x 1 (floordiv y 4) 0 0 0)").verdict, CaseVerdict::kMiss);
  EXPECT_EQ(judged(c, "(add x (floordiv y 4))").verdict, CaseVerdict::kUnsound);
  EXPECT_EQ(judged(c, "(add x z)").verdict, CaseVerdict::kUnsound);
  EXPECT_EQ(judged(c, "(add x 1 (floordiv y (sub y y)))").verdict, CaseVerdict::kUnsound);
  EXPECT_EQ(judged(c, "(let ((t x)) t)").verdict, CaseVerdict::kMiss);
  const Case d = simplify_case("(add x 1 2 3)", "x");
  EXPECT_EQ(judged(d, "(add x 6)").verdict, CaseVerdict::kPartial);
}

// Wrong at few points: at a constant of the case, far away, in a corner, where a fact is
// tight.
TEST(Judge, FindsRareErrors) {
  const auto refuted = [](const Case& c, std::string_view answer) {
    return judged(c, answer).verdict == CaseVerdict::kUnsound;
  };
  EXPECT_TRUE(refuted(simplify_case("(select (eq x 123456) 1 0)", "0"), "0"));
  EXPECT_TRUE(refuted(simplify_case("(select (gt x 20000) 1 0)", "0"), "0"));
  EXPECT_TRUE(refuted(simplify_case("(floordiv x 4)", "x"), "(truncdiv x 4)"));
  EXPECT_TRUE(refuted(simplify_case("(add x (floordiv y 7))", "x"), "x"));
  const Case tied = read(
      R"({"id":"2","kind":"simplify","vars":{"x":{"lo":0},"y":{"lo":0},"z":{"lo":0}},)"
      R"~("assume":["(eq (add (mul 7 x) (mul -5 y)) 3)","(eq (floormod z 64) 63)"],)~"
      R"~("expr":"(mul x z)","expected":"0"})~");
  EXPECT_TRUE(refuted(tied, "(mul x (add z (floordiv z 63)))"));
  EXPECT_GT(judged(tied, "(mul x z)").points, 50u);
  EXPECT_EQ(judged(tied, "(mul x z)").verdict, CaseVerdict::kMiss);
}

TEST(Judge, Propositions) {
  const auto verdict = [](std::string_view expected, std::string_view expr,
                          std::string_view answer) {
    const Case c =
        read(std::string(R"({"id":"3","kind":"prove","vars":{"x":{"lo":1}},)") +
             R"("expr":")" + std::string(expr) + R"(","expected":")" +
             std::string(expected) + "\"}");
    return judged(c, answer).verdict;
  };
  EXPECT_EQ(verdict("true", "(gt x 0)", "true"), CaseVerdict::kOk);
  EXPECT_EQ(verdict("true", "(gt x 0)", "unknown"), CaseVerdict::kMiss);
  EXPECT_EQ(verdict("true", "(gt x 0)", "false"), CaseVerdict::kUnsound);
  EXPECT_EQ(verdict("false", "(lt x 0)", "false"), CaseVerdict::kOk);
  EXPECT_EQ(verdict("unprovable", "(gt x 1)", "unknown"), CaseVerdict::kOk);
  EXPECT_EQ(verdict("unprovable", "(gt x 1)", "true"), CaseVerdict::kUnsound);
  EXPECT_EQ(verdict("unknown", "(gt x 1)", "unknown"), CaseVerdict::kOk);
  EXPECT_EQ(verdict("unknown", "(gt x 1)", "false"), CaseVerdict::kUnsound);
  // Known to fail, wherever that is.
  EXPECT_EQ(verdict("unprovable", "(ne (mul x 3) 3000000000000000003)", "true"),
            CaseVerdict::kUnsound);
}

TEST(Judge, BoundsAndCongruences) {
  const Case c = read(
      R"~({"id":"4","kind":"bound","vars":{"x":{"lo":0,"hi":9}},"expr":"(mul 2 x)",)~"
      R"("expected":"[0, 20]","tight":"[0, 18]","attained":"lo"})");
  const auto judged_bounds = [&](std::optional<int64_t> lo, std::optional<int64_t> hi) {
    CaseAnswer a;
    a.bounds = {.lo = lo, .hi = hi};
    return judge_case(c, a);
  };
  EXPECT_EQ(judged_bounds(0, 20).verdict, CaseVerdict::kOk);
  EXPECT_EQ(judged_bounds(0, 20).tight, false);
  EXPECT_EQ(judged_bounds(0, 18).verdict, CaseVerdict::kOk);
  EXPECT_EQ(judged_bounds(0, 18).tight, true);
  EXPECT_EQ(judged_bounds(0, 17).verdict, CaseVerdict::kUnsound);
  EXPECT_EQ(judged_bounds(1, 18).verdict, CaseVerdict::kUnsound);
  EXPECT_EQ(judged_bounds(-1, 18).verdict, CaseVerdict::kPartial);
  EXPECT_EQ(judged_bounds({}, {}).verdict, CaseVerdict::kMiss);

  const Case m = read(
      R"~({"id":"5","kind":"modular","vars":{"x":{"lo":null}},"expr":"(add (mul 12 x) 5)",)~"
      R"("expected":{"coeff":6,"base":5}})");
  const auto modular = [&](int64_t modulus, int64_t residue) {
    CaseAnswer a;
    a.bounds = {.modulus = modulus, .residue = residue};
    return judge_case(m, a).verdict;
  };
  EXPECT_EQ(modular(12, 5), CaseVerdict::kOk);
  EXPECT_EQ(modular(6, 5), CaseVerdict::kOk);
  EXPECT_EQ(modular(4, 1), CaseVerdict::kPartial);
  EXPECT_EQ(modular(1, 0), CaseVerdict::kMiss);
  EXPECT_EQ(modular(12, 4), CaseVerdict::kUnsound);
  EXPECT_EQ(modular(0, 5), CaseVerdict::kUnsound);
}

TEST(Judge, Emptiness) {
  const Case c = read(
      R"({"id":"6","kind":"emptiness","vars":{"x":{"lo":0},"y":{"lo":0}},"assume":[],)"
      R"~("expr":"(and (eq (mul 3 x) (add y 40)) (lt y 3))","expected":"nonempty"})~");
  EXPECT_EQ(judged(c, "nonempty").verdict, CaseVerdict::kOk);
  EXPECT_EQ(judged(c, "unknown").verdict, CaseVerdict::kMiss);
  EXPECT_EQ(judged(c, "empty").verdict, CaseVerdict::kUnsound);
}

TEST(Points, RespectRangesAndFacts) {
  const Case c = read(
      R"({"id":"7","kind":"simplify","vars":{"x":{"lo":-3,"hi":3},"y":{"lo":0,"hi":5},)"
      R"~("b":{"type":"bool"}},"assume":["(and (ne x 0) (gt (floordiv y x) 0))"],)~"
      R"("expr":"x","expected":"x"})");
  const CasePoints p = case_points(c).value();
  EXPECT_TRUE(p.all);
  EXPECT_EQ(p.points.size(), 2u * (5 + 4 + 3));
  const Case far = read(
      R"({"id":"8","kind":"simplify","vars":{"x":{"lo":5,"hi":null},"y":{"lo":null,"hi":-5}},)"
      R"~("assume":["(lt (add x y) 3)"],"expr":"x","expected":"x"})~");
  const CasePoints q = case_points(far).value();
  EXPECT_FALSE(q.all);
  EXPECT_GT(q.points.size(), 500u);
  for (const CasePoint& at : q.points) {
    EXPECT_TRUE(at[0] >= 5 && at[1] <= -5 && at[0] + at[1] < 3);
  }
  EXPECT_EQ(case_points(far)->points, q.points);  // the same in every run
  const Case none =
      read(R"({"id":"9","kind":"simplify","vars":{"x":{"lo":10,"hi":0}},"assume":[],)"
           R"("expr":"x","expected":"x"})");
  EXPECT_TRUE(case_points(none)->points.empty());
}

}  // namespace
}  // namespace congrua::cli
