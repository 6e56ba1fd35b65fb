#include "congrua/entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "congrua/eval.h"
#include "congrua/float64.h"
#include "congrua/text.h"
#include "tests/base/soak.h"

namespace congrua::entry {
namespace {

using cache::Field;
using cache::FieldKind;
using cache::GuardProgram;
using cache::Schema;
using cache::to_word;
using cache::Word;
using ::testing::HasSubstr;

std::vector<std::string> names(const std::vector<Field>& fields) {
  std::vector<std::string> out;
  for (const Field& f : fields) out.push_back(f.name);
  return out;
}

TEST(Entry, SourcesAreFieldsInTheOrderOfTheSet) {
  shape::Env env;
  env.set_location("model.py:1");
  const Expr b = *env.size("x.size(0)", 8);
  const Expr f = *env.float64("scale", 0.5);
  const Expr flag = *env.boolean("flag", true);
  (void)*env.size("y.size(0)", 8);  // the same symbol
  (void)*env.size("y.size(1)", 1);  // a constant
  env.set_location("model.py:7");
  EXPECT_EQ(env.evaluate(eq(floor_mod(b, 4), env.pool().constant(0)))->value, 1);
  env.set_location("model.py:9");
  EXPECT_EQ(env.evaluate(float_lt(f, float_constant(env.pool(), 1.0)))->value, 1);
  EXPECT_EQ(env.evaluate(flag)->value, 1);
  const shape::GuardSet set = env.guards();
  const std::vector<Field> fields = fields_of(env, set);
  EXPECT_THAT(names(fields), ::testing::ElementsAre("x.size(0)", "scale", "flag",
                                                    "y.size(0)", "y.size(1)"));
  const Schema schema = *Schema::make(fields);
  const auto program = compile(schema, env, set);
  ASSERT_TRUE(program.ok()) << program.status();
  const auto row = [](int64_t b0, double scale, bool set_flag, int64_t b1, int64_t one) {
    return std::vector<Word>{to_word(b0), to_word(scale), to_word(set_flag), to_word(b1),
                             to_word(one)};
  };
  EXPECT_TRUE(program->check(row(12, -3.0, true, 12, 1)));
  EXPECT_FALSE(program->check(row(12, 1.0, true, 12, 1)));
  EXPECT_FALSE(
      program->check(row(12, std::numeric_limits<double>::quiet_NaN(), true, 12, 1)));
  EXPECT_FALSE(program->check(row(12, 0.5, false, 12, 1)));
  EXPECT_FALSE(program->check(row(12, 0.5, true, 16, 1)));
  EXPECT_FALSE(program->check(row(12, 0.5, true, 12, 2)));
  EXPECT_FALSE(program->check(row(0, 0.5, true, 0, 1)));  // 0 and 1 are specialized
  const auto where = program->first_failure(row(13, 0.5, true, 13, 1));
  ASSERT_TRUE(where);
  EXPECT_EQ(program->position(*where), "model.py:7");
  const auto scale = program->first_failure(row(12, 2.0, true, 12, 1));
  ASSERT_TRUE(scale);
  EXPECT_EQ(program->position(*scale), "model.py:9");
  EXPECT_EQ(guards_of(env, set).size(), program->num_guards());
}

// A symbol that no guard reads was still taken for at least 2 and no NaN.
TEST(Entry, BirthIsTestedWithoutGuards) {
  shape::Env env;
  (void)*env.size("n", 8);
  (void)*env.float64("f", 1.0);
  (void)*env.float64("g", 1.0, {.may_be_nan = true});
  const shape::GuardSet set = env.guards();
  const Schema schema = *Schema::make(fields_of(env, set));
  const auto program = compile(schema, env, set);
  ASSERT_TRUE(program.ok()) << program.status();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(program->check(std::vector<Word>{to_word(int64_t{2}), 0, to_word(nan)}));
  EXPECT_FALSE(program->check(std::vector<Word>{to_word(int64_t{1}), 0, 0}));
  EXPECT_FALSE(program->check(std::vector<Word>{to_word(int64_t{2}), to_word(nan), 0}));
}

TEST(Entry, SecondSourcesMayBeTerms) {
  shape::Env env;
  const Expr n = *env.size("n", 8);
  const Expr m = *env.size("m", 2);
  ASSERT_TRUE(env.unify("k", floor_div(n, m) + 3).ok());
  ASSERT_TRUE(env.unify("wide", ge(n, m)).ok());
  const shape::GuardSet set = env.guards();
  const Schema schema = *Schema::make(fields_of(env, set));
  EXPECT_EQ(schema.field(*schema.find("wide")).kind, FieldKind::kBool);
  const auto program = compile(schema, env, set);
  ASSERT_TRUE(program.ok()) << program.status();
  const auto row = [](int64_t a, int64_t b, int64_t k, bool wide) {
    return std::vector<Word>{to_word(a), to_word(b), to_word(k), to_word(wide)};
  };
  EXPECT_TRUE(program->check(row(9, 2, 7, true)));
  EXPECT_FALSE(program->check(row(9, 2, 8, true)));
  EXPECT_FALSE(program->check(row(9, 2, 7, false)));
  EXPECT_TRUE(program->check(row(2, 9, 3, false)));
  EXPECT_FALSE(program->check(row(9, INT64_MIN, 7, true)));
}

// A name that is a symbol's in one environment may be a source in another.
TEST(Entry, SymbolsAreNotTakenForSourcesOfTheirName) {
  shape::Env env;
  (void)*env.size("s1", 8, {.policy = shape::Policy::kDynamic, .name = "s0"});
  (void)*env.size("s0", 9, {.policy = shape::Policy::kDynamic, .name = "s1"});
  ASSERT_TRUE(env.guard(eq(*env.pool().find_symbol("s0"), env.pool().constant(8))).ok());
  const shape::GuardSet set = env.guards();
  const Schema schema = *Schema::make(fields_of(env, set));
  const auto program = compile(schema, env, set);
  ASSERT_TRUE(program.ok()) << program.status();
  std::vector<Word> row(2);
  row[*schema.find("s1")] = 8;
  row[*schema.find("s0")] = 100;
  EXPECT_TRUE(program->check(row));
  std::swap(row[0], row[1]);
  EXPECT_FALSE(program->check(row));
}

TEST(Entry, WhatAProgramCannotSayIsAnError) {
  shape::Env env;
  const Expr f = *env.float64("f", 1.0);
  const Expr n = *env.size("n", 8);
  ASSERT_TRUE(
      env.evaluate(float_lt(float_mul(f, to_float(n)), float_constant(env.pool(), 9)))
          .ok());
  const shape::GuardSet set = env.guards();
  const Schema schema = *Schema::make(fields_of(env, set));
  EXPECT_EQ(compile(schema, env, set).status().code(), absl::StatusCode::kUnimplemented);
  const auto other = compile(*Schema::make({{"n"}}), env, {});
  EXPECT_EQ(other.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("no field f"));
}

TEST(Entry, FieldsOfVersionsAreMerged) {
  std::vector<Field> fields = {{"a"}, {"f", FieldKind::kFloat}};
  ASSERT_TRUE(merge_fields(fields, std::vector<Field>{{"b"}, {"a"}}).ok());
  EXPECT_THAT(names(fields), ::testing::ElementsAre("a", "f", "b"));
  EXPECT_FALSE(merge_fields(fields, std::vector<Field>{{"c"}, {"f"}}).ok());
  EXPECT_EQ(fields.size(), 3u);
}

// The program is true exactly where all that was stated at entry is.
TEST(Entry, HoldsWhereThePathConditionDoesFuzz) {
  uint64_t held = 0;
  const Seeds seeds = soak_seeds(150, 50'000);
  for (uint64_t run = seeds.begin; run < seeds.end; ++run) {
    std::mt19937_64 random(run);
    const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
    shape::Env env;
    std::vector<Expr> sizes;
    for (int i = 0; i < 3; ++i) {
      sizes.push_back(*env.size("x" + std::to_string(i), 1 + below(6)));
    }
    (void)*env.size("y", 1 + below(6));
    for (int g = 0; g < 4; ++g) {
      const Expr a = sizes[static_cast<size_t>(below(3))];
      const Expr b = sizes[static_cast<size_t>(below(3))];
      const Expr c = env.pool().constant(1 + below(4));
      const Expr terms[] = {floor_mod(a, c), a + 2 * b, floor_div(a * 3, b), a * b,
                            a - b};
      (void)env.evaluate(le(terms[below(5)], c + below(5)));
    }
    const shape::GuardSet set = env.guards();
    const Schema schema = *Schema::make(fields_of(env, set));
    const auto program = compile(schema, env, set);
    ASSERT_TRUE(program.ok()) << program.status();
    for (int r = 0; r < 40; ++r) {
      std::vector<Word> row;
      for (size_t i = 0; i < schema.size(); ++i) row.push_back(to_word(below(7)));
      std::vector<Binding> point;
      bool expected = true;
      for (const shape::Input& i : env.inputs()) {
        const auto v = static_cast<int64_t>(row[*schema.find(i.source)]);
        point.emplace_back(i.symbol, v);
        expected &= i.symbol.range().lo.value_or(INT64_MIN) <= v;
      }
      if (expected) {
        for (const shape::SourceValue& s : set.sources) {
          const auto v = evaluate(s.value, point);
          expected &= v.ok() && *v == static_cast<int64_t>(row[*schema.find(s.source)]);
        }
        for (uint32_t id = 0; id < env.num_records(); ++id) {
          const auto v = evaluate(env.record(id).fact, point);
          expected &= v.ok() && *v == 1;
        }
      }
      ASSERT_EQ(program->check(row), expected) << "run " << run;
      held += expected ? 1 : 0;
    }
  }
  soak_report("entries of environments", seeds, {{"rows that hold", held}});
  EXPECT_GT(held, seeds.count() / 20);
}

}  // namespace
}  // namespace congrua::entry
