#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "congrua/float64.h"
#include "congrua/guard_text.h"
#include "congrua/text.h"
#include "tests/shape/printed.h"

namespace congrua::shape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class EmitTest : public ::testing::Test {
 protected:
  Expr size(std::string_view source, int64_t hint, SizeOptions o = {}) {
    o.policy = Policy::kDynamic;
    return *env.size(source, hint, o);
  }
  Expr any(std::string_view source, int64_t hint) {
    return size(source, hint, {.specialize_zero_one = false, .nonnegative = false});
  }
  Expr c(int64_t v) { return env.pool().constant(v); }
  void take(Expr e) { ASSERT_TRUE(env.guard(e).ok()) << to_string(e); }
  PrintedGuards cpp(const GuardTextOptions& o = {}) {
    auto p = print_cpp(env, env.guards(), o);
    EXPECT_TRUE(p.ok()) << p.status();
    return *std::move(p);
  }
  std::string python(const GuardTextOptions& o = {}) {
    auto p = print_python(env, env.guards(), o);
    EXPECT_TRUE(p.ok()) << p.status();
    return p->code;
  }
  // The answers of both languages at the points, which have to be the same.
  std::vector<int64_t> run(std::vector<Arguments> points, const GuardTextOptions& o = {},
                           const std::string& cpp_host = "",
                           const std::string& python_host = "") {
    PrintedBatch batch;
    GuardTextOptions named = o;
    named.function = batch.name();
    batch.add(cpp(named), python(named), std::move(points));
    const auto a = batch.run_cpp(cpp_host, "-O2 -Wall -Wextra -Werror");
    EXPECT_TRUE(a) << cpp(named).code;
    if (have_python()) {
      const auto b = batch.run_python(python_host);
      EXPECT_TRUE(b) << python(named);
      EXPECT_EQ(*a, *b);
    }
    return a->front();
  }
  Env env;
};

std::vector<std::string> texts(const PrintedGuards& g) {
  std::vector<std::string> out;
  for (const PrintedCondition& c : g.conditions) out.push_back(c.text);
  return out;
}

TEST_F(EmitTest, ConditionsSayWhatAskedForThem) {
  env.set_location("model.py:3");
  const Expr b = size("x.size(0)", 8), h = size("x.size(1)", 24);
  ASSERT_TRUE(env.unify("y.size(0)", b).ok());
  (void)env.size("y.size(1)", 1);
  env.set_location("model.py:31");
  take(eq(floor_mod(h, 8), c(0)));
  env.set_location("model.py:32");
  take(le(b, c(64)));
  const PrintedGuards g = cpp();
  EXPECT_THAT(g.ints, ElementsAre("x.size(0)", "x.size(1)", "y.size(0)", "y.size(1)"));
  EXPECT_THAT(texts(g), ElementsAre("y.size(0) == x.size(0)", "y.size(1) == 1",
                                    "2 <= x.size(0) <= 64", "x.size(1) >= 2",
                                    "floor_mod(x.size(1), 8) == 0"));
  EXPECT_EQ(g.conditions[2].location, "model.py:3, model.py:32");
  EXPECT_EQ(g.conditions[4].location, "model.py:31");
  EXPECT_EQ(env.record(*g.conditions[4].record).location, "model.py:31");
  EXPECT_THAT(g.code, HasSubstr("// 4: floor_mod(x.size(1), 8) == 0 (model.py:31)\n"
                                "  if (!(s1 % 8 == 0)) return 4;\n"));
  EXPECT_THAT(python(), HasSubstr("    # 4: floor_mod(x.size(1), 8) == 0 (model.py:31)\n"
                                  "    if not (s1 % 8 == 0):\n        return 4\n"));
  if (!have_cpp()) GTEST_SKIP() << "no C++ compiler";
  EXPECT_THAT(run({{{8, 24, 8, 1}, {}, {}},
                   {{8, 24, 9, 1}, {}, {}},
                   {{8, 24, 8, 0}, {}, {}},
                   {{65, 24, 65, 1}, {}, {}},
                   {{8, INT64_MIN, 8, 1}, {}, {}},
                   {{8, 25, 8, 1}, {}, {}}}),
              ElementsAre(-1, 0, 1, 2, 3, 4));
}

TEST_F(EmitTest, WidthsAreThoseThatAreNeeded) {
  const Expr a = size("a", 8, {.range = {.lo = 2, .hi = 1000}}), b = size("b", 9),
             d = size("d", 10);
  take(ne(a * a, c(100)));
  take(ne(a * b, c(100)));
  take(ne(b * d * b, c(100)));
  const std::string code = cpp().code;
  EXPECT_THAT(code, HasSubstr("s0 * s0 != 100"));
  EXPECT_THAT(code, HasSubstr("cg::int128(s0) * s1 != 100"));
  EXPECT_THAT(code, HasSubstr("cg::wide<3>("));
}

// What was tested bounds what is computed after.
TEST_F(EmitTest, EarlierConditionsNarrow) {
  const Expr a = size("a", 8), b = size("b", 9);
  take(le(a * b, c(1'000'000)));
  take(ne(floor_mod(a * b, 7), c(3)));
  const std::string code = cpp().code;
  EXPECT_THAT(code, HasSubstr("cg::int128(s0) * s1 <= 1000000"));
  EXPECT_THAT(code, HasSubstr("(s0 * s1) % 7 != 3"));
}

TEST_F(EmitTest, NegativeOperandsRoundDown) {
  const Expr a = any("a", 7), b = any("b", -2);
  take(eq(floor_div(a, b), c(-4)));
  take(eq(floor_mod(a, b), c(-1)));
  if (!have_cpp()) GTEST_SKIP() << "no C++ compiler";
  constexpr int64_t kMin = INT64_MIN;
  const std::vector<int64_t> r = run({{{7, -2}, {}, {}},
                                      {{-7, 2}, {}, {}},
                                      {{kMin, -1}, {}, {}},
                                      {{kMin, 0}, {}, {}},
                                      {{kMin + 1, kMin}, {}, {}},
                                      {{INT64_MAX, kMin / 4}, {}, {}}});
  EXPECT_EQ(r[0], -1);
  for (size_t i = 1; i < 5; ++i) EXPECT_GE(r[i], 0) << i;
  EXPECT_EQ(r[5], -1);  // 2^63 - 1 == -4 * -2^61 - 1
}

TEST_F(EmitTest, FloatsAreIeee) {
  const Expr f = *env.float64("f", 1.5), g = *env.float64("g", 0.1, {.may_be_nan = true});
  const Expr s = size("s", 100);
  take(float_lt(f, float_constant(env.pool(), 1.7976931348623157e308)));
  take(float_ne(float_add(g, float_constant(env.pool(), 0.2)),
                float_constant(env.pool(), 0.3)));
  take(eq(trunc_to_int(float_mul(f, to_float(s))), c(150)));
  take(float_gt(s, f));
  if (!have_cpp()) GTEST_SKIP() << "no C++ compiler";
  const double nan = std::nan(""), inf = INFINITY;
  EXPECT_THAT(run({{{100}, {1.5, 0.1}, {}},
                   {{100}, {1.5, nan}, {}},
                   {{100}, {nan, 0.1}, {}},
                   {{100}, {inf, 0.1}, {}},
                   {{100}, {1.5, 0.09999999999999999}, {}}})
                  .size(),
              5u);
}

TEST_F(EmitTest, FunctionsOfTheHost) {
  const Expr s = size("s", 100);
  const Expr arguments[] = {s};
  const Expr v = env.opaque("vscale", arguments, {.range = {.lo = 1, .hi = 16}});
  take(ge(s, 2 * v));
  const GuardSet set = env.guards();
  const auto no = print_cpp(env, set);
  EXPECT_EQ(no.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(no.status().message()), HasSubstr("vscale"));
  const GuardTextOptions o{.functions = {{"vscale", "vscale_of"}}};
  if (!have_cpp()) GTEST_SKIP() << "no C++ compiler";
  EXPECT_THAT(run({{{100}, {}, {}}, {{9}, {}, {}}, {{1}, {}, {}}}, o,
                  "static int64_t vscale_of(int64_t s) { return s > 50 ? 8 : 5; }\n",
                  "def vscale_of(s):\n    return 8 if s > 50 else 5\n"),
              ElementsAre(-1, 1, 0));
}

TEST_F(EmitTest, CommentsEndWithTheirLine) {
  env.set_location("evil\nreturn -1; // \\");
  const Expr s = size("x\\", 8);
  take(ne(s, c(9)));
  const PrintedGuards g = cpp();
  EXPECT_THAT(g.code, Not(HasSubstr("\nreturn -1; // ")));
  EXPECT_THAT(g.code, Not(HasSubstr("\\\n")));
  if (!have_cpp()) GTEST_SKIP() << "no C++ compiler";
  EXPECT_THAT(run({{{8}, {}, {}}, {{9}, {}, {}}, {{1}, {}, {}}}), ElementsAre(-1, 1, 0));
}

TEST_F(EmitTest, Errors) {
  const Expr s = size("x", 8), u = env.unbacked();
  GuardSet set = env.guards();
  EXPECT_EQ(print_cpp(env, set, {.function = "a b"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(print_cpp(env, set, {.functions = {{"f", "f("}}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  const GuardTextOptions keyword{.functions = {{"f", "std::class"}}};
  EXPECT_EQ(print_cpp(env, set, keyword).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(print_python(env, set, {.function = "None"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(print_cpp(env, set, {.function = "None"}).ok());
  set.domains.push_back(ge(s, u));
  EXPECT_EQ(print_python(env, set).status().code(),
            absl::StatusCode::kFailedPrecondition);
  set.domains.clear();
  set.guards.push_back(ge(s, c(3)));
  EXPECT_EQ(print_cpp(env, set).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace congrua::shape
