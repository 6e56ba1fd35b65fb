#include "cache/program_bytes.h"

#include <gtest/gtest.h>

#include <random>

#include "congrua/guard_program.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/cache/programs.h"

namespace congrua::cache {
namespace {

using cache_test::Programs;
using internal::Bytes;

void mend_checksum(Bytes& bytes) {
  internal::set_fixed(bytes, 24, bytes.size(), 8);
  const std::span<const uint8_t> all = bytes;
  internal::set_fixed(
      bytes, 32, internal::checksum(all.subspan(36), internal::checksum(all.first(32))),
      4);
}

TEST(ProgramBytes, Checksum) {
  const std::string_view text = "123456789";
  EXPECT_EQ(internal::checksum({reinterpret_cast<const uint8_t*>(text.data()), 9}),
            0xe3069283u);
}

TEST(ProgramBytes, ARoundTripKeepsAnswersAndBytes) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Programs p(seed);
    const std::vector<Word> point = p.row();
    const GuardProgram program = p.program(static_cast<int>(seed % 4), point);
    const Bytes bytes = program.serialize();
    const auto again = GuardProgram::deserialize(p.schema(), bytes);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->serialize(), bytes);
    EXPECT_EQ(again->num_guards(), program.num_guards());
    EXPECT_EQ(again->position(0), "a.py:1");
    for (int i = 0; i < 100; ++i) {
      std::vector<Word> row = p.row();
      if (i % 2 == 0) {
        const size_t at = static_cast<size_t>(i / 2) % row.size();
        const Word w = row[at];
        row = point;
        row[at] = w;
      }
      ASSERT_EQ(again->check(row), program.check(row));
      ASSERT_EQ(again->first_failure(row), program.first_failure(row));
    }
  }
}

TEST(ProgramBytes, RefusalsSayWhy) {
  const Schema schema = *Schema::make({{"x"}, {"y"}});
  ExprPool pool;
  const Bytes good =
      GuardProgram::compile(schema, {.conditions = {*parse_sexpr(pool, "(ge x 3)")}})
          ->serialize();
  const auto error = [&](const Bytes& bytes, const Schema& s) {
    const auto program = GuardProgram::deserialize(s, bytes);
    return std::string(program.status().message());
  };
  const auto with = [&](size_t at, uint8_t value, bool mend) {
    Bytes bytes = good;
    bytes[at] = value;
    if (mend) mend_checksum(bytes);
    return error(bytes, schema);
  };
  EXPECT_EQ(error(good, schema), "");
  EXPECT_EQ(error({}, schema), "guard program: 0 bytes are too few for its header");
  EXPECT_EQ(with(0, 'x', true), "guard program: these bytes are none");
  EXPECT_EQ(with(8, 1, true), "guard program: its header is corrupt");
  EXPECT_EQ(with(14, 9, true),
            "guard program: it has format 1 and needs a reader of format 9; this library "
            "reads 1");
  EXPECT_EQ(with(45, 77, false), "guard program: its checksum is wrong");
  EXPECT_EQ(with(40, 3, true), "guard program: its contents make no sense");
  EXPECT_EQ(error(good, *Schema::make({{"x"}, {"z"}})),
            "guard program: it is of another schema");
  Bytes foreign = good;
  std::reverse(foreign.begin() + 8, foreign.begin() + 12);
  EXPECT_EQ(error(foreign, schema),
            "guard program: it was written in the other byte order");
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_NE(
        error(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n)), schema),
        "");
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(error(longer, schema), "");
}

TEST(ProgramBytes, NumbersThatGrowTooWideAreRefused) {
  const Schema schema = *Schema::make({{"x"}});
  ExprPool pool;
  Expr e = pool.symbol("x");
  for (int i = 0; i < 7; ++i) e = floor_div(e * e, 3);
  EXPECT_TRUE(GuardProgram::compile(schema, {.conditions = {ge(e, e - e)}}).ok());
  const Expr small = pool.constant(5);
  EXPECT_TRUE(GuardProgram::compile(schema, {.conditions = {ge(e, small)}}).ok());
  e = floor_div(e * e, 3);
  EXPECT_EQ(GuardProgram::compile(schema, {.conditions = {ge(e, small)}}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

// Flipped, cut and inserted bytes under a checksum that is right: what is accepted can be
// evaluated and written again.
TEST(ProgramBytes, HostileBytesFuzz) {
  const Seeds seeds = soak_seeds(150, 200'000);
  uint64_t accepted = 0, refused = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    Programs p(seed % 50);
    std::mt19937_64 random(seed);
    const Bytes good = p.program(static_cast<int>(seed % 4), p.row()).serialize();
    const std::vector<Word> row = p.row();
    for (int n = 0; n < 40; ++n) {
      Bytes bytes = good;
      for (uint64_t k = 1 + random() % 3; k > 0; --k) {
        const auto at = static_cast<std::ptrdiff_t>(
            random() % 8 == 0 ? random() % bytes.size()
                              : 40 + random() % (bytes.size() - 40));
        switch (random() % 5) {
          case 0:
            bytes.insert(bytes.begin() + at, static_cast<uint8_t>(random()));
            break;
          case 1:
            if (bytes.size() > 41) bytes.erase(bytes.begin() + at);
            break;
          case 2:
            bytes[static_cast<size_t>(at)] = 0xff;
            break;
          default:
            bytes[static_cast<size_t>(at)] ^= static_cast<uint8_t>(1u << random() % 8);
        }
      }
      if (n % 8 != 0) mend_checksum(bytes);
      const auto program = GuardProgram::deserialize(p.schema(), bytes);
      if (!program.ok()) {
        EXPECT_FALSE(program.status().message().empty());
        ++refused;
        continue;
      }
      ++accepted;
      ASSERT_EQ(program->check(row), !program->first_failure(row).has_value());
      const Bytes again = program->serialize();
      const auto copy = GuardProgram::deserialize(p.schema(), again);
      ASSERT_TRUE(copy.ok()) << copy.status();
      ASSERT_EQ(copy->check(row), program->check(row));
    }
  }
  soak_report("ProgramBytes", seeds,
              {{"accepted", accepted}, {"refused", refused}, {"failures", 0}});
}

}  // namespace
}  // namespace congrua::cache
