#include "cache/cache_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "cache/lanes.h"
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
    EXPECT_EQ(get(path("a")), get(path("b")));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
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
            ": cache file: it has format 2 and needs a reader of format 7; this library "
            "reads 2");
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
  const Seeds seeds = soak_seeds(60, 100'000);
  uint64_t accepted = 0, refused = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    Programs p(seed % 50);
    std::mt19937_64 random(seed);
    const std::vector<Word> row = p.row();
    std::vector<internal::FileEntry> entries;
    for (int i = 0; i < 3; ++i) {
      entries.push_back({i, p.program(static_cast<int>(seed % 3), row).impl(), "value"});
    }
    const Bytes good = internal::cache_bytes(p.schema(), entries);
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
      const auto file = internal::parse_cache(
          internal::sealed(internal::kCacheSeal, p.schema().hash(), payload));
      if (!file.ok()) {
        ++refused;
        continue;
      }
      ++accepted;
      ASSERT_EQ(file->schema.hash(), p.schema().hash());
      for (const internal::FileEntry& e : file->entries) {
        const internal::Lanes lanes(*e.program, p.schema().size());
        ASSERT_EQ(lanes.check(row.data()), lanes.check_slowly(row.data()));
      }
    }
  }
  soak_report("CacheFile", seeds,
              {{"accepted", accepted}, {"refused", refused}, {"failures", 0}});
}

}  // namespace
}  // namespace congrua::cache
