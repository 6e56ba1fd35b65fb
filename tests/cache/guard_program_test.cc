#include "congrua/guard_program.h"

#include <gtest/gtest.h>

#include <limits>

#include "cache/lanes.h"
#include "cache/test.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/cache/oracle.h"

namespace congrua::cache {
namespace {

using cache_test::World;

TEST(GuardProgram, Table) {
  struct Case {
    const char* guard;
    int64_t x, y;
    bool holds;
  };
  static constexpr Case kCases[] = {
      {"(eq x 7)", 7, 0, true},
      {"(ge x 3)", 2, 0, false},
      {"(ne x 3)", INT64_MIN, 0, true},
      {"(eq (floormod x 8) 3)", -5, 0, true},
      {"(eq (floormod x 12) 7)", -5, 0, true},
      {"(eq (floormod (add x 3) 8) 0)", 13, 0, true},
      {"(le (mul x y) 9223372036854775807)", INT64_MAX, INT64_MAX, false},
      {"(ge (mul x y) 9223372036854775807)", INT64_MIN, INT64_MIN, true},
      {"(lt (mul (mul x y) x) 0)", INT64_MIN, INT64_MIN, true},
      {"(ge (add x y) 9223372036854775808)", INT64_MAX, 1, true},
      {"(eq (floordiv x y) 2)", 5, 0, false},
      {"(ne (floordiv x y) 2)", 5, 0, false},  // no value: not true
      {"(eq (floordiv x y) 9223372036854775808)", INT64_MIN, -1, true},
      {"(or (eq (floordiv x y) 2) (eq x 5))", 5, 0, true},
      {"(and (eq (floordiv x y) 2) (eq x 5))", 5, 0, false},
      {"(ge (select (eq y 0) 1 (floordiv x y)) 1)", 5, 0, true},
      {"(ge (add (floordiv (sub x 3) 2) y) 10)", 7, 8, true},
      {"(ge (add (floordiv (sub x 3) 2) y) 10)", 7, 7, false},
      {"(le (floordiv x 4) y)", -1, -1, true},
      {"(le (floordiv x 4) y)", 0, -1, false},
      {"(ge x 100000000000000000000)", INT64_MAX, 0, false},
      {"(le x 100000000000000000000)", INT64_MAX, 0, true},
  };
  const Schema schema = *Schema::make({{"x"}, {"y"}});
  for (const Case& c : kCases) {
    ExprPool pool;
    const auto program =
        GuardProgram::compile(schema, {.conditions = {*parse_sexpr(pool, c.guard)}});
    ASSERT_TRUE(program.ok()) << c.guard << program.status();
    const Word row[] = {to_word(c.x), to_word(c.y)};
    EXPECT_EQ(program->check(row), c.holds) << c.guard;
    EXPECT_EQ(program->first_failure(row).has_value(), !c.holds) << c.guard;
  }
}

TEST(GuardProgram, FirstFailureIsTheFirstInOrder) {
  const Schema schema = *Schema::make({{"x"}, {"d", FieldKind::kTag}});
  ExprPool pool;
  const auto program = GuardProgram::compile(
      schema, {.conditions = {*parse_sexpr(pool, "(and (ge x 1) (le x 9))"),
                              *parse_sexpr(pool, "(ne x 5)")},
               .tags = {{1, {3, 4}}}});
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(program->num_guards(), 3u);
  const auto failure = [&](int64_t x, uint64_t d) {
    const Word row[] = {to_word(x), d};
    EXPECT_EQ(program->check(row), !program->first_failure(row).has_value());
    return program->first_failure(row);
  };
  EXPECT_EQ(failure(4, 3), std::nullopt);
  EXPECT_EQ(failure(10, 0), 0u);
  EXPECT_EQ(failure(5, 0), 1u);
  EXPECT_EQ(failure(6, 5), 2u);
}

TEST(GuardProgram, BirthRangesAreTested) {
  const Schema schema = *Schema::make({{"x"}, {"y"}});
  ExprPool pool;
  const Expr x = pool.symbol("x", {.range = {.lo = 2}});
  const Expr y = pool.symbol("y");
  const auto program = GuardProgram::compile(schema, {.conditions = {ge(x * y, y)}});
  ASSERT_TRUE(program.ok());
  const Word row[] = {to_word(int64_t{1}), to_word(int64_t{3})};
  EXPECT_FALSE(program->check(row));
}

TEST(GuardProgram, Floats) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kValues[] = {kNan,
                                -kNan,
                                -kInfinity,
                                -1.5,
                                -0.0,
                                0.0,
                                5e-324,
                                1.5,
                                kInfinity,
                                -5e-324,
                                1.7976931348623157e308};
  constexpr Compare kCompares[] = {Compare::kEq, Compare::kNe, Compare::kLt,
                                   Compare::kLe, Compare::kGt, Compare::kGe};
  for (const bool bits : {false, true}) {
    const Schema schema = *Schema::make(
        {{"f", FieldKind::kFloat, bits ? FloatEquality::kBits : FloatEquality::kIeee}});
    for (const double b : kValues) {
      for (const Compare c : kCompares) {
        const auto program = GuardProgram::compile(schema, {.floats = {{0, c, b}}});
        ASSERT_TRUE(program.ok());
        for (const double a : kValues) {
          const bool same = bits ? to_word(a) == to_word(b) : a == b;
          const bool expected = c == Compare::kEq   ? same
                                : c == Compare::kNe ? !same
                                : c == Compare::kLt ? a < b
                                : c == Compare::kLe ? a <= b
                                : c == Compare::kGt ? a > b
                                                    : a >= b;
          const Word row[] = {to_word(a)};
          EXPECT_EQ(program->check(row), expected)
              << a << " " << static_cast<int>(c) << " " << b << (bits ? " bits" : "");
        }
      }
    }
  }
}

TEST(GuardProgram, Errors) {
  const Schema schema = *Schema::make({{"x"}, {"p", FieldKind::kBool}});
  ExprPool pool;
  const auto code = [&](const Guards& g) {
    return GuardProgram::compile(schema, g).status().code();
  };
  const Expr x = pool.symbol("x");
  const Expr z = pool.symbol("z");
  const Expr p = pool.symbol("p");
  EXPECT_EQ(code({.conditions = {ge(z, x)}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.conditions = {ge(p, x)}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.conditions = {x}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.floats = {{0, Compare::kEq, 1.0}}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.tags = {{7, {1}}}}), absl::StatusCode::kInvalidArgument);
  const Expr args[] = {x};
  EXPECT_EQ(code({.conditions = {ge(pool.opaque("f", args), x)}}),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(Schema::make({{"x"}, {"x"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// All three evaluations against the evaluator of expressions.
TEST(GuardProgram, AgreesWithExactEvaluationFuzz) {
  const Seeds seeds = soak_seeds(30, 100'000);
  uint64_t rows = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    World w(6 + seed % 5, 2, seed);
    for (int n = 0; n < 20; ++n) {
      const std::vector<Word> point = w.row();
      Guards guards;
      for (int64_t i = 1 + w.below(12); i > 0; --i) {
        guards.conditions.push_back(w.guard(2, &point));
      }
      const auto program = GuardProgram::compile(w.schema(), guards);
      ASSERT_TRUE(program.ok()) << program.status();
      const internal::Lanes lanes(*program->impl(), w.schema().size());
      for (int i = 0; i < 40; ++i) {
        std::vector<Word> row = i == 0 ? point : w.row();
        if (i % 2 == 0) {
          row = point;
          row[static_cast<size_t>(w.below(std::ssize(row)))] = cache::to_word(w.value());
        }
        std::optional<size_t> failure;
        for (size_t g = 0; g < guards.conditions.size() && !failure; ++g) {
          if (!w.truth(guards.conditions[g], row)) failure = g;
        }
        std::string text = "seed " + std::to_string(seed) + ":";
        for (const Expr e : guards.conditions) text += " " + to_sexpr(e);
        ASSERT_EQ(program->first_failure(row), failure) << text;
        ASSERT_EQ(program->check(row), !failure) << text;
        ASSERT_EQ(internal::check_lanes_portable(*lanes.block(), row.data()), !failure)
            << text;
        ++rows;
      }
    }
  }
  soak_report("GuardProgram", seeds, {{"rows", rows}, {"failures", 0}});
}

}  // namespace
}  // namespace congrua::cache
