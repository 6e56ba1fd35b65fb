#include "cache/segment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cache/index_builder.h"
#include "congrua/cache.h"
#include "tests/base/soak.h"
#include "tests/cache/oracle.h"

namespace congrua::cache {
namespace {

using cache_test::World;

// Entries of which most have equalities. A third is of one family that a row of it cannot
// tell apart before lanes do, with more entries than are checked together.
struct Entries {
  World w;
  std::vector<GuardProgram> programs;
  std::vector<std::vector<Word>> points;

  Entries(size_t count, uint64_t seed) : w(seed % 2 == 0 ? 64 : 90, 1, seed) {
    const std::vector<Word> family = w.row();
    for (size_t i = 0; i < count; ++i) {
      const bool of_family = i % 3 == 0;
      points.push_back(of_family ? family
                       : w.below(4) == 0 || i < 2
                           ? w.row()
                           : points[static_cast<size_t>(w.below(std::ssize(points)))]);
      std::vector<Word>& point = points.back();
      Guards g;
      const auto pin = [&](size_t f) {
        g.conditions.push_back(eq(*w.pool().find_symbol("s" + std::to_string(f)),
                                  w.pool().constant(static_cast<int64_t>(point[f]))));
      };
      if (of_family) {
        for (size_t f = 0; f < 4; ++f) pin(f);
        // Twice: many that pin the same fields would be hashed.
        for (int n = 0; n < 2; ++n) pin(4 + static_cast<size_t>(w.below(40)));
        // Of no row but, now and then, the point of this entry.
        point[60] = to_word(static_cast<int64_t>(i));
        const Expr x = *w.pool().find_symbol("s60");
        g.conditions.push_back(
            logical_or(eq(x, w.pool().constant(static_cast<int64_t>(i))),
                       eq(floor_mod(x, 1001), w.pool().constant(1000))));
      } else {
        // Most pin what tells them from those before: what holds first is anywhere. A few
        // pin next to nothing and are scanned beside the segments.
        const bool telling = i % 61 != 7;
        for (int n = 0; n < 3; ++n) {
          const auto f = static_cast<size_t>(w.below(60));
          point[f] = to_word(w.value());
          if (telling) pin(f);
        }
        if (telling && w.below(4) != 0) {
          const auto f = static_cast<size_t>(w.below(60));
          point[f] = to_word(static_cast<int64_t>(i));
          pin(f);
        }
        for (int64_t n = w.below(3); n > 0; --n) pin(static_cast<size_t>(w.below(60)));
        for (int64_t n = telling ? w.below(6) : 6; n > 0; --n) {
          g.conditions.push_back(w.guard(1, &point));
        }
      }
      programs.push_back(*GuardProgram::compile(w.schema(), g));
    }
  }

  std::vector<Word> row(int n) {
    std::vector<Word> r =
        n % 9 == 0 ? w.row() : points[static_cast<size_t>(w.below(std::ssize(points)))];
    if (n % 3 == 0) r[static_cast<size_t>(w.below(std::ssize(r)))] = to_word(w.value());
    return r;
  }
};

// All look-ups of one index against one entry after the other: rebuilt, refiled, and with
// a tail that appending turned into a segment.
TEST(Segment, AgreesWithLinearEvaluationFuzz) {
  const Seeds seeds = soak_seeds(3, 300);
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    constexpr size_t kRebuilt = 3 * internal::kScanned;
    Entries made(kRebuilt + 9 * internal::kLeastSegment, seed + 77);
    const size_t width = made.w.schema().size();
    std::vector<uint8_t> ordered(width, 1);
    ordered.back() = 0;
    internal::IndexBuilder builder(width, ordered);
    std::vector<std::unique_ptr<internal::EntryBase>> owned;
    std::vector<internal::EntryBase*> entries;
    const auto add = [&](const GuardProgram& p) {
      owned.push_back(std::make_unique<internal::EntryBase>(p.impl(), width));
      owned.back()->pinned = internal::pinned_fields(owned.back()->lanes);
      owned.back()->sequence = owned.size();
      builder.statistics.add(*owned.back());
      entries.push_back(owned.back().get());
    };
    size_t in_segments = 0;
    const auto compare = [&](const internal::Index& index) {
      // What look-ups leave a segment out by.
      for (const auto& s : index.segments) {
        ASSERT_EQ(s->first_rank, *std::ranges::min_element(s->ranks));
        ASSERT_EQ(s->last_rank, *std::ranges::max_element(s->ranks));
      }
      for (int n = 0; n < 150; ++n) {
        const std::vector<Word> r = made.row(n);
        const internal::EntryBase* linear = nullptr;
        for (const auto* e : entries) {
          if (linear == nullptr && e->lanes.check_slowly(r.data())) linear = e;
        }
        ASSERT_EQ(internal::find_portable(index, r.data(), nullptr), linear) << seed;
        ASSERT_EQ(internal::find_least(index, r.data(), nullptr), linear) << seed;
        if (internal::has_avx512()) {
          ASSERT_EQ(internal::find_avx512(index, r.data(), nullptr), linear) << seed;
        }
        const auto read = [](size_t field, void* at) {
          return static_cast<const Word*>(at)[field];
        };
        auto* const words = const_cast<Word*>(r.data());
        ASSERT_EQ(internal::find_lazily(index, read, words, nullptr), linear) << seed;
        in_segments += std::ranges::any_of(index.segments, [&](const auto& s) {
          return std::ranges::any_of(s->blocks,
                                     [&](const auto* b) { return b->owner == linear; });
        });
        const internal::ScanCost cost = internal::scan_cost(index, r.data(), linear);
        ASSERT_GE(cost.compared, cost.evaluated);
      }
    };
    for (size_t i = 0; i < kRebuilt; ++i) add(made.programs[i]);
    std::unique_ptr<internal::Index> index = builder.rebuild(entries);
    ASSERT_EQ(index->segments.size(), 1u);
    compare(*index);
    for (size_t i = kRebuilt; i < made.programs.size(); ++i) {
      add(made.programs[i]);
      index = builder.append(*index, entries.back());
    }
    ASSERT_GE(index->segments.size(), 2u);
    compare(*index);
    for (int n = 0; n < 5; ++n) entries.erase(entries.begin() + made.w.below(3000));
    index = builder.refile(*index, {entries.begin(), entries.end()});
    ASSERT_EQ(index->segments.size(), 1u);
    compare(*index);
    ASSERT_GE(in_segments, 25u) << seed;
  }
}

// Of a file: codes that it does not hold are made anew.
TEST(Segment, AreRestored) {
  Entries made(3 * internal::kScanned, 5);
  GuardCache<size_t> cache(made.w.schema());
  std::vector<GuardCache<size_t>::Entry> batch;
  for (size_t i = 0; i < made.programs.size(); ++i) {
    batch.push_back({made.programs[i], i});
  }
  ASSERT_TRUE(cache.insert_batch(std::move(batch)).ok());
  const std::string path = testing::TempDir() + "congrua_segment_" +
                           std::to_string(static_cast<unsigned>(getpid()));
  ASSERT_TRUE(cache.save(path, [](size_t i) { return std::to_string(i); }).ok());
  GuardCache<size_t> again(made.w.schema());
  const auto ids = again.load(
      path, [](const std::string& s) { return static_cast<size_t>(std::stoul(s)); });
  std::filesystem::remove(path);
  ASSERT_TRUE(ids.ok());
  for (int n = 0; n < 300; ++n) {
    const std::vector<Word> r = made.row(n);
    std::optional<size_t> linear;
    for (size_t i = 0; i < made.programs.size() && !linear; ++i) {
      if (made.programs[i].check(r)) linear = i;
    }
    for (const auto* c : {&cache, &again}) {
      const Hit<size_t> hit = c->lookup(r);
      ASSERT_EQ(hit ? std::optional(*hit) : std::nullopt, linear);
    }
  }
}

}  // namespace
}  // namespace congrua::cache
