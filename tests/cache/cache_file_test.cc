#include "cache/cache_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <numeric>
#include <random>

#include "cache/index_builder.h"
#include "cache/lanes.h"
#include "cache/program_bytes.h"
#include "congrua/cache.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/cache/programs.h"

namespace congrua::cache {
namespace {

using cache_test::Programs;
using internal::Bytes;

class CacheFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "congrua_cache_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const char* name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
};

void put(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}
Bytes get(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
int read_int(const std::string& text) { return std::stoi(text); }
std::string write_int(int v) { return std::to_string(v); }

TEST_F(CacheFileTest, ALoadedCacheAnswersAlike) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Programs p(seed);
    GuardCache<int> cache(p.schema());
    std::vector<std::vector<Word>> points;
    for (int i = 0; i < 30; ++i) {
      points.push_back(p.row());
      ASSERT_TRUE(cache
                      .insert(p.program(1, points.back()), i,
                              {.priority = p.world().below(3) - 1})
                      .ok());
    }
    const auto saved = cache.save(path("a"), write_int);
    ASSERT_TRUE(saved.ok()) << saved.status();
    EXPECT_EQ(*saved, 30u);
    GuardCache<int> again(p.schema());
    const auto loaded = again.load(path("a"), read_int);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(loaded->size(), 30u);
    for (int n = 0; n < 300; ++n) {
      std::vector<Word> row = n % 4 == 0 ? p.row() : points[static_cast<size_t>(n) % 30];
      if (n % 4 > 1) row[static_cast<size_t>(n) % row.size()] = p.row()[0];
      const Hit<int> a = cache.lookup(row);
      const Hit<int> b = again.lookup(row);
      ASSERT_EQ(bool{a}, bool{b});
      if (a) {
        ASSERT_EQ(*a, *b);
      }
    }
    ASSERT_TRUE(again.save(path("b"), write_int).ok());
    const auto first = internal::parse_cache(get(path("a")));
    const auto second = internal::parse_cache(get(path("b")));
    ASSERT_TRUE(first.ok() && second.ok());
    ASSERT_EQ(first->entries.size(), second->entries.size());
    for (size_t i = 0; i < first->entries.size(); ++i) {
      const internal::FileEntry& x = first->entries[i];
      const internal::FileEntry& y = second->entries[i];
      EXPECT_EQ(x.value, y.value);
      EXPECT_EQ(
          internal::program_payload(*internal::program_of(p.schema(), x), p.schema()),
          internal::program_payload(*internal::program_of(p.schema(), y), p.schema()));
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
  }
}

// Lanes and keys come from the file; what keys are chosen by is counted later.
TEST_F(CacheFileTest, AWarmStartAnswersAndGrowsAlike) {
  for (const size_t width : {size_t{8}, size_t{80}}) {
    ExprPool pool;
    std::vector<Field> fields;
    for (size_t i = 0; i < width; ++i) fields.push_back({"x" + std::to_string(i)});
    const Schema schema = *Schema::make(std::move(fields));
    std::mt19937_64 random(width);
    const auto number = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
    const auto program = [&] {
      Guards g;
      for (int k = 0; k < 6; ++k) {
        const auto x = pool.symbol("x" + std::to_string(number(width)));
        const auto y = pool.symbol("x" + std::to_string(number(width)));
        const Expr c = pool.constant(number(6));
        g.conditions.push_back(k < 3    ? eq(x, c)
                               : k == 3 ? le(x + y, c + 4)
                               : k == 4 ? eq(floor_mod(x, 3), pool.constant(0))
                                        : le(x * y, c + 6));
      }
      if (number(4) == 0) {  // a register program: its lanes are made anew
        g.conditions.push_back(
            le(floor_div(pool.symbol("x0") * pool.symbol("x2"), pool.symbol("x1") + 1),
               pool.constant(5)));
      }
      if (width == 8) {  // many of one set of fields
        g.conditions.erase(g.conditions.begin() + 2, g.conditions.begin() + 6);
        g.conditions[0] = eq(pool.symbol("x0"), pool.constant(number(30)));
        g.conditions[1] = eq(pool.symbol("x1"), pool.constant(number(30)));
      }
      return *GuardProgram::compile(schema, g);
    };
    GuardCache<int> cache(schema);
    std::vector<GuardCache<int>::Entry> batch;
    for (int i = 0; i < 300; ++i) batch.push_back({program(), i, {number(2)}});
    ASSERT_TRUE(cache.insert_batch(std::move(batch)).ok());
    ASSERT_TRUE(cache.save(path("a"), write_int).ok());
    GuardCache<int> warm(schema);
    ASSERT_TRUE(warm.load(path("a"), read_int).ok());
    EXPECT_EQ(warm.statistics().entries, 300u);
    uint64_t hits = 0;
    const auto compare = [&] {
      for (int n = 0; n < 3000; ++n) {
        std::vector<Word> row(width);
        for (Word& w : row) w = to_word(number(width == 8 ? 30 : 3));
        if (n % 50 == 0) row[0] = to_word(INT64_MIN + number(5));
        const Hit<int> a = cache.lookup(row);
        const Hit<int> b = warm.lookup(row);
        ASSERT_EQ(bool{a}, bool{b});
        if (a) {
          ASSERT_EQ(*a, *b);
          ++hits;
        }
      }
    };
    compare();
    EXPECT_GT(hits, 50u);
    for (int i = 0; i < 20; ++i) {
      const GuardProgram p = program();
      ASSERT_TRUE(cache.insert(p, 1000 + i, {.priority = i % 3}).ok());
      ASSERT_TRUE(warm.insert(p, 1000 + i, {.priority = i % 3}).ok());
      const size_t victim = static_cast<size_t>(number(cache.hits().size()));
      ASSERT_TRUE(cache.erase(cache.hits()[victim].id));
      ASSERT_TRUE(warm.erase(warm.hits()[victim].id));
    }
    compare();
    ASSERT_TRUE(warm.save(path("b"), write_int).ok());
    // Programs are read by now.
    const std::vector<Word> row(width);
    EXPECT_EQ(warm.explain(row).found.has_value(), bool{cache.lookup(row)});
  }
}

TEST_F(CacheFileTest, PositionsAreKept) {
  const Schema schema = *Schema::make({{"x"}});
  ExprPool pool;
  GuardCache<int> cache(schema);
  ASSERT_TRUE(cache
                  .insert(*GuardProgram::compile(
                              schema, {.conditions = {*parse_infix(pool, "x >= 3")},
                                       .positions = {"model.py:31"}}),
                          7)
                  .ok());
  ASSERT_TRUE(cache.save(path("a"), write_int).ok());
  GuardCache<int> again(schema);
  ASSERT_TRUE(again.load(path("a"), read_int).ok());
  const Word row[] = {1};
  EXPECT_EQ(
      again.explain(row).to_string(),
      "no entry holds\nentry 1 (1 of 1 guards fail): model.py:31: x >= 3 fails: x = "
      "1\n");
}

TEST_F(CacheFileTest, HostPredicatesAreLeftOut) {
  const Schema schema = *Schema::make({{"x"}});
  const GuardProgram all = *GuardProgram::compile(schema, {});
  GuardCache<int> cache(schema);
  const HostPredicate host = {[](const void*, void*) { return true; }, nullptr};
  ASSERT_TRUE(cache.insert(all, 1, {.host = host}).ok());
  ASSERT_TRUE(cache.insert(all, 2).ok());
  EXPECT_EQ(*cache.save(path("a"), write_int), 1u);
}

TEST_F(CacheFileTest, RefusalsSayWhyAndInsertNothing) {
  const Schema schema = *Schema::make({{"x"}, {"y"}});
  const GuardProgram all = *GuardProgram::compile(schema, {});
  GuardCache<int> cache(schema);
  ASSERT_TRUE(cache.insert(all, 12).ok());
  ASSERT_TRUE(cache.save(path("good"), write_int).ok());
  const Bytes good = get(path("good"));
  const std::string bad = path("bad");
  const auto error = [&](const Bytes& bytes) {
    put(bad, bytes);
    GuardCache<int> into(schema);
    const auto loaded = into.load(bad, read_int);
    EXPECT_EQ(into.statistics().entries, loaded.ok() ? 1u : 0u);
    const std::string text(loaded.status().message());
    return text.substr(std::min(text.size(), bad.size()));
  };
  EXPECT_EQ(error(good), "");
  EXPECT_EQ(error({}), ": cache file: 0 bytes are too few for its header");
  EXPECT_EQ(error(all.serialize()), ": cache file: these bytes are none");
  Bytes bytes = good;
  bytes.pop_back();
  EXPECT_EQ(error(bytes),
            ": cache file: it is truncated: " + std::to_string(bytes.size()) +
                " bytes of " + std::to_string(good.size()));
  bytes = good;
  bytes.back() ^= 1;
  EXPECT_EQ(error(bytes), ": cache file: its checksum is wrong");
  bytes = good;
  bytes[14] = 7;
  EXPECT_EQ(error(bytes),
            ": cache file: it has format 3 and needs a reader of format 7; this library "
            "reads 3");
  bytes = good;
  std::reverse(bytes.begin() + 8, bytes.begin() + 12);
  EXPECT_EQ(error(bytes), ": cache file: it was written in the other byte order");
  EXPECT_EQ(error(internal::sealed(internal::kCacheSeal, schema.hash(), {})),
            ": cache file: its schema makes no sense");

  GuardCache<int> other(*Schema::make({{"x"}, {"z"}}));
  EXPECT_EQ(other.load(path("good"), read_int).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(other.load(path("none"), read_int).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(other.load(folder_.string(), read_int).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(cache.save(path("no/folder"), write_int).ok());
  GuardCache<int> picky(schema);
  EXPECT_EQ(picky
                .load(path("good"),
                      [](const std::string&) -> absl::StatusOr<int> {
                        return absl::AbortedError("no");
                      })
                .status()
                .code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(picky.statistics().entries, 0u);
}

TEST(CacheFile, HostileBytesFuzz) {
  const Seeds seeds = soak_seeds(2'000, 100'000);
  uint64_t accepted = 0, refused = 0, restored = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    Programs p(seed % 50);
    std::mt19937_64 random(seed);
    const std::vector<Word> row = p.row();
    std::vector<internal::FileEntry> entries;
    std::vector<std::unique_ptr<internal::EntryBase>> bases;
    for (int i = 0; i < 3; ++i) {
      entries.push_back({i, p.program(static_cast<int>(seed % 3), row).impl(), "value"});
      bases.push_back(std::make_unique<internal::EntryBase>(entries.back().program,
                                                            p.schema().size()));
      if (seed % 2 == 0) entries.back().lanes = &bases.back()->lanes;
    }
    std::vector<uint16_t> slots(std::min(p.schema().size(), internal::kSlots));
    std::iota(slots.begin(), slots.end(), uint16_t{0});
    const Bytes good = internal::cache_bytes(p.schema(), entries, slots);
    ASSERT_TRUE(internal::parse_cache(good).ok());
    for (int n = 0; n < 40; ++n) {
      Bytes payload(good.begin() + internal::kSealSize, good.end());
      for (uint64_t k = 1 + random() % 2; k > 0 && !payload.empty(); --k) {
        const size_t at = random() % payload.size();
        switch (random() % 4) {
          case 0:
            payload.resize(at);
            break;
          case 1:
            payload.insert(payload.begin() + static_cast<std::ptrdiff_t>(at), 0xff);
            break;
          default:
            payload[at] = static_cast<uint8_t>(random());
        }
      }
      auto file = internal::parse_cache(
          internal::sealed(internal::kCacheSeal, p.schema().hash(), payload));
      if (!file.ok()) {
        ++refused;
        continue;
      }
      ++accepted;
      ASSERT_EQ(file->schema.hash(), p.schema().hash());
      std::vector<std::unique_ptr<internal::EntryBase>> read;
      std::vector<const internal::EntryBase*> all;
      for (internal::FileEntry& e : file->entries) {
        const auto program = internal::program_of(p.schema(), e);
        const internal::Lanes lanes(*program, p.schema().size());
        ASSERT_EQ(lanes.check(row.data()), lanes.check_slowly(row.data()));
        if (e.block == nullptr) continue;
        read.push_back(std::make_unique<internal::EntryBase>(e.block, e.rest));
        read.back()->key = e.key;
        read.back()->pinned = internal::pinned_fields(read.back()->lanes);
        // Whatever lanes say, both kernels say it within their bounds.
        ASSERT_EQ(read.back()->lanes.check(row.data()),
                  internal::check_lanes_portable(*e.block, row.data()));
      }
      // More than a few: keys are read.
      while (!read.empty() && all.size() <= internal::kFewEntries) {
        for (const auto& e : read) all.push_back(e.get());
      }
      if (all.empty() || file->slots.size() != slots.size()) continue;
      internal::IndexBuilder builder(p.schema().size(),
                                     std::vector<uint8_t>(p.schema().size()));
      const auto index = builder.restore(file->slots, all);
      const auto* found = internal::find_portable(*index, row.data(), nullptr);
      if (internal::has_avx512()) {
        ASSERT_EQ(internal::find_avx512(*index, row.data(), nullptr) != nullptr,
                  found != nullptr);
      }
      ++restored;
    }
  }
  soak_report("CacheFile", seeds,
              {{"accepted", accepted},
               {"refused", refused},
               {"restored", restored},
               {"failures", 0}});
}

}  // namespace
}  // namespace congrua::cache
