#include "cache/narrow.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "cache/index_builder.h"
#include "tests/base/soak.h"
#include "tests/cache/oracle.h"

namespace congrua::cache {
namespace {

using cache_test::World;

// At, beside and beyond the ends of 32 bits, where words that differ have equal low
// halves.
constexpr int64_t kEdges[] = {0,
                              1,
                              -1,
                              INT32_MAX,
                              INT32_MIN,
                              int64_t{INT32_MAX} + 1,
                              int64_t{INT32_MIN} - 1,
                              int64_t{1} << 32,
                              (int64_t{1} << 32) + 1,
                              -(int64_t{1} << 32),
                              int64_t{1} << 40,
                              INT64_MAX,
                              INT64_MIN};

// Guards whose constants are at those ends too: what a row of 32-bit words decides, never
// or always passes, and what only other rows do.
Expr edge_guard(World& w) {
  const Expr x = w.size();
  const Expr c = w.pool().constant(kEdges[w.below(std::ssize(kEdges))]);
  switch (w.below(6)) {
    case 0:
      return eq(x, c);
    case 1:
      return ne(x, c);
    case 2:
      return le(x, c);
    case 3:
      return le(c, x);
    default: {
      const int64_t modulus = int64_t{1} << w.below(40);
      return eq(floor_mod(x, modulus), w.pool().constant(w.below(4) % modulus));
    }
  }
}

// Of words of 32 bits.
std::vector<Word> narrow_row(World& w) {
  std::vector<Word> r = w.row();
  for (Word& word : r) word = to_word(int64_t{static_cast<int32_t>(word)});
  return r;
}

TEST(Narrow, AgreesWithLinearEvaluationFuzz) {
  const Seeds seeds = soak_seeds(120, 20'000);
  size_t narrow = 0;
  size_t found = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    constexpr size_t kWidths[] = {3, 7, 21, 40, 63};
    World w(kWidths[seed % std::size(kWidths)], 1, seed + 31);
    const size_t width = w.schema().size();
    ASSERT_LE(width, internal::kNarrowFields);
    std::vector<uint8_t> ordered(width, 1);
    ordered.back() = 0;
    internal::IndexBuilder builder(width, ordered);
    std::vector<std::unique_ptr<internal::EntryBase>> owned;
    std::vector<internal::EntryBase*> entries;
    std::vector<std::vector<Word>> points;
    for (int64_t i = 1 + w.below(int64_t{internal::kFewEntries}); i > 0; --i) {
      points.push_back(narrow_row(w));
      Guards g;
      for (int64_t k = 1 + w.below(30); k > 0; --k) {
        g.conditions.push_back(w.guard(1, &points.back()));
      }
      if (w.below(2) == 0) g.conditions.push_back(edge_guard(w));
      const auto program = GuardProgram::compile(w.schema(), g);
      ASSERT_TRUE(program.ok());
      owned.push_back(std::make_unique<internal::EntryBase>(program->impl(), width));
      builder.statistics.add(*owned.back());
      entries.push_back(owned.back().get());
    }
    const auto index = builder.rebuild(entries);
    if (!index->narrow.entries.empty()) ++narrow;
    for (int n = 0; n < 300; ++n) {
      std::vector<Word> r =
          n % 7 == 0 ? narrow_row(w)
                     : points[static_cast<size_t>(w.below(std::ssize(points)))];
      for (int64_t k = w.below(3); k > 0; --k) {
        Word& word = r[static_cast<size_t>(w.below(std::ssize(r) - 1))];
        word = w.below(3) == 0 ? word + (static_cast<Word>(1 + w.below(3))
                                         << 32)  // the same low half
                               : to_word(kEdges[w.below(std::ssize(kEdges))]);
      }
      const internal::EntryBase* linear = nullptr;
      for (const auto* e : entries) {
        if (linear == nullptr && e->lanes.check_slowly(r.data())) linear = e;
      }
      if (linear != nullptr) ++found;
      ASSERT_EQ(internal::find_portable(*index, r.data(), nullptr), linear) << seed;
      if (!internal::has_avx512()) continue;
      ASSERT_EQ(internal::find_few_avx512(*index, r.data(), nullptr), linear) << seed;
      ASSERT_EQ(internal::choose_find(*index)(*index, r.data(), nullptr), linear) << seed;
    }
  }
  EXPECT_GT(narrow, 0u);
  EXPECT_GT(found, 0u);
  soak_report("Narrow", seeds, {{"narrow", narrow}, {"found", found}, {"failures", 0}});
}

// A tag of 64 bits that no guard reads leaves the narrow form in use, and one that is
// read is compared whole.
TEST(Narrow, TagsAreComparedWhole) {
  const auto schema =
      Schema::make({{"x"}, {"t", FieldKind::kTag}, {"u", FieldKind::kTag}});
  ASSERT_TRUE(schema.ok());
  const uint64_t tag = 0xfeed'face'0000'0007;
  ExprPool pool;
  const Expr x = pool.symbol("x");
  const auto program = GuardProgram::compile(
      *schema, {.conditions = {le(pool.constant(2), x)}, .tags = {{1, {tag}}}});
  ASSERT_TRUE(program.ok());
  internal::EntryBase e(program->impl(), schema->size());
  internal::IndexBuilder builder(schema->size(), {1, 0, 0});
  builder.statistics.add(e);
  const auto index = builder.rebuild({&e});
  const auto find = [&](Word t) {
    const Word row[] = {9, t, 0x1234'5678'9abc'def0};
    return internal::choose_find(*index)(*index, row, nullptr);
  };
  EXPECT_EQ(find(tag), &e);
  EXPECT_EQ(find(7), nullptr);
  EXPECT_EQ(find(tag + (uint64_t{1} << 32)), nullptr);
}

}  // namespace
}  // namespace congrua::cache
