#include "cache/tuple.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cache/cache_file.h"
#include "cache/index_builder.h"
#include "cache/lanes.h"
#include "congrua/cache.h"
#include "tests/base/soak.h"

namespace congrua::cache {
namespace {

// At the ends of what 2, 4 and 8 bytes hold, and what is the same modulo 2^16 or 2^32.
constexpr int64_t kWords[] = {0,
                              1,
                              7,
                              -1,
                              INT16_MAX,
                              INT16_MIN,
                              65537,
                              INT32_MAX,
                              INT32_MIN,
                              1 - 65536,
                              INT64_MAX,
                              INT64_MIN,
                              int64_t{1} << 31,
                              65536,
                              int64_t{1} << 32,
                              (int64_t{1} << 32) + 1,
                              (int64_t{1} << 32) + 7};
constexpr size_t kWidths[] = {4, 4, 7, 11, 17};  // words of kWords that entries are of

// Sets of entries that pin the same fields, most of them nothing else: what is found is
// the first that holds, test by test, by every kernel, after rebuilding, appending and in
// a file.
TEST(Tuple, AgreesWithLinearEvaluationFuzz) {
  const Seeds seeds = soak_seeds(60, 10'000);
  size_t found = 0, alone = 0, by_values = 0, by_block = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    std::mt19937_64 generator(seed + 5);
    const auto below = [&](size_t n) { return static_cast<size_t>(generator() % n); };
    static constexpr size_t kFields[] = {2, 8, 13, 64, 91};
    const size_t width = kFields[seed % std::size(kFields)];
    const size_t words = kWidths[seed / 5 % std::size(kWidths)];
    std::vector<Field> fields;
    ExprPool pool;
    std::vector<Expr> symbols;
    for (size_t i = 0; i < width; ++i) {
      fields.push_back({"s" + std::to_string(i)});
      symbols.push_back(pool.symbol(fields.back().name));
    }
    const Schema schema = *Schema::make(fields);
    std::vector<std::vector<size_t>> sets(1 + below(3));
    for (auto& set : sets) {
      const size_t density = 1 + below(4);
      for (size_t i = 0; i < width; ++i) {
        if (below(4) < density) set.push_back(i);
      }
    }
    internal::IndexBuilder builder(width, std::vector<uint8_t>(width, 1));
    std::vector<std::unique_ptr<internal::EntryBase>> owned;
    std::vector<internal::EntryBase*> entries;
    std::vector<std::vector<Word>> points;
    const bool pure = below(2) == 0;
    const auto make_entry = [&] {
      if (points.empty() || below(3) != 0) {
        points.emplace_back();
        for (size_t i = 0; i < width; ++i) {
          points.back().push_back(to_word(kWords[below(words)]));
        }
      } else {
        points.push_back(points[below(points.size())]);
      }
      Guards g;
      for (const size_t i : sets[below(sets.size())]) {
        g.conditions.push_back(
            eq(symbols[i], pool.constant(static_cast<int64_t>(points.back()[i]))));
      }
      if (!pure && below(8) == 0) {
        const size_t i = below(width);
        const size_t j = below(width);
        g.conditions.push_back(below(2) == 0 ? le(symbols[i], symbols[j])
                                             : ne(symbols[i], pool.constant(7)));
      }
      const auto program = GuardProgram::compile(schema, g);
      owned.push_back(std::make_unique<internal::EntryBase>(program->impl(), width));
      owned.back()->pinned = internal::pinned_fields(owned.back()->lanes);
      owned.back()->sequence = owned.size();
      builder.statistics.add(*owned.back());
      entries.push_back(owned.back().get());
    };
    for (size_t i = 60 + below(200); i > 0; --i) make_entry();
    const auto compare = [&](const internal::Index& index) {
      if (!index.tuples.empty() && !index.scans()) ++alone;
      for (const internal::Tuple& t : index.tuples) {
        for (const auto& slot : t.table) {
          if (slot.entry == nullptr) continue;
          ++(slot.tag % internal::Tuple::kKinds == internal::Tuple::kByBlock ? by_block
                                                                             : by_values);
        }
      }
      for (int n = 0; n < 150; ++n) {
        std::vector<Word> r = points[below(points.size())];
        for (size_t k = below(3); k > 0; --k) {
          r[below(width)] = to_word(kWords[below(std::size(kWords))]);
        }
        const internal::EntryBase* linear = nullptr;
        for (const auto* e : entries) {
          if (linear == nullptr && e->lanes.check_slowly(r.data())) linear = e;
        }
        if (linear != nullptr) ++found;
        ASSERT_EQ(internal::find_portable(index, r.data(), nullptr), linear) << seed;
        const auto read = [](size_t field, void* from) {
          return static_cast<const Word*>(from)[field];
        };
        ASSERT_EQ(internal::find_lazily(index, read, r.data(), nullptr), linear) << seed;
        ASSERT_EQ(internal::choose_find(index)(index, r.data(), nullptr), linear) << seed;
        if (internal::has_avx512()) {
          ASSERT_EQ(internal::find_avx512(index, r.data(), nullptr), linear) << seed;
        }
      }
    };
    std::unique_ptr<internal::Index> index = builder.rebuild(entries);
    compare(*index);
    // Until tables grow.
    for (size_t i = 0; i < 150; ++i) {
      make_entry();
      index = builder.append(*index, entries.back());
    }
    compare(*index);
    if (HasFatalFailure()) return;
    if (seed % 8 != 0) continue;
    std::vector<internal::FileEntry> written;
    for (const auto* e : entries) {
      written.push_back({0, e->program, "", {}});
      written.back().lanes = &e->lanes;
      written.back().key = e->key;
    }
    const auto file = internal::parse_cache(internal::cache_bytes(
        schema, written, std::span(index->slot_field).first(index->num_slots)));
    ASSERT_TRUE(file.ok()) << file.status();
    for (size_t i = 0; i < entries.size(); ++i) {
      const internal::FileEntry& e = file->entries[i];
      ASSERT_NE(e.block, nullptr);
      const internal::Lanes lanes(e.block, e.rest);
      for (const auto& r : points) {
        ASSERT_EQ(lanes.check(r.data()), entries[i]->lanes.check_slowly(r.data()));
      }
    }
  }
  EXPECT_GT(found, 0u);
  EXPECT_GT(alone, 0u);
  EXPECT_GT(by_values, 0u);
  EXPECT_GT(by_block, 0u);
  soak_report("Tuple", seeds,
              {{"found", found},
               {"alone", alone},
               {"by_values", by_values},
               {"by_block", by_block},
               {"failures", 0}});
}

// Exact sizes take two bytes a field where all of them fit.
TEST(Tuple, ValuesAreAsWideAsTheyMustBe) {
  std::vector<Field> fields;
  ExprPool pool;
  for (int i = 0; i < 19; ++i) fields.push_back({"s" + std::to_string(i)});
  const Schema schema = *Schema::make(fields);
  for (const auto& [word, bytes] : {std::pair<int64_t, int>{INT16_MAX, 2},
                                    {INT16_MIN, 2},
                                    {INT16_MAX + 1, 4},
                                    {INT32_MIN, 4},
                                    {int64_t{INT32_MAX} + 1, 8}}) {
    Guards g;
    for (const Field& f : fields) {
      g.conditions.push_back(eq(pool.symbol(f.name), pool.constant(4)));
    }
    g.conditions.back() = eq(pool.symbol("s18"), pool.constant(word));
    const auto program = GuardProgram::compile(schema, g);
    ASSERT_TRUE(program.ok());
    const internal::Lanes lanes(*program->impl(), schema.size());
    EXPECT_EQ(lanes.block()->num_points, 3);
    EXPECT_EQ(lanes.block()->point_width, bytes);
    std::vector<Word> row(19, 4);
    row[18] = to_word(word);
    EXPECT_TRUE(lanes.check(row.data()));
    row[18] ^= 1;
    EXPECT_FALSE(lanes.check(row.data()));
  }
}

}  // namespace
}  // namespace congrua::cache
