#include "cache/cost.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "congrua/cache.h"
#include "congrua/cache_cost.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "tests/base/soak.h"
#include "tests/cache/oracle.h"

namespace congrua::cache {
namespace {

using cache_test::World;

struct Buckets {
  ExprPool pool;
  Schema schema = *Schema::make({{"n"}, {"m"}});
  Expr read(const std::string& text) { return *parse_infix(pool, text); }
  GuardProgram program(const std::string& guard) {
    return *GuardProgram::compile(schema, {.conditions = {read(guard)}});
  }
  Cost cost(const std::string& text) { return *Cost::of(schema, read(text)); }
};

std::vector<Word> row(int64_t n, int64_t m) { return {to_word(n), to_word(m)}; }

TEST(Cost, TheSmallestBucketThatHoldsTheCall) {
  Buckets b;
  GuardCache<int> cache(b.schema, {.choice = Choice::kLeastCost});
  for (const int size : {512, 64, 4096, 128, 1024}) {
    ASSERT_TRUE(cache
                    .insert(b.program("n <= " + std::to_string(size)), size,
                            {.priority = size, .cost = size})
                    .ok());
  }
  for (const auto& [n, bucket] :
       {std::pair<int64_t, int>{1, 64}, {64, 64}, {65, 128}, {500, 512}, {4096, 4096}}) {
    EXPECT_EQ(*cache.lookup(row(n, 0)), bucket);
    EXPECT_EQ(cache.explain(row(n, 0)).found, cache.lookup(row(n, 0)).id());
  }
  EXPECT_FALSE(cache.lookup(row(4097, 0)));
}

TEST(Cost, TermsAreComparedAtTheRow) {
  Buckets b;
  GuardCache<std::string> cache(b.schema, {.choice = Choice::kLeastCost});
  const auto add = [&](const char* guard, const char* name, Cost cost, int64_t priority) {
    const auto id =
        cache.insert(b.program(guard), name, {.priority = priority, .cost = cost});
    ASSERT_TRUE(id.ok());
  };
  add("n >= 1", "by 128", b.cost("-128*floor_div(-n, 128)"), 0);
  add("n >= 1", "by 96", b.cost("-96*floor_div(-n, 96)"), 0);
  add("n >= 1", "as many", b.cost("n + 1"), 0);
  add("n >= 1", "fixed", 200, 0);
  add("n >= 1", "also 200", 200, 1);
  add("n >= 1", "none", b.cost("floor_div(n, m)"), 9);  // m may be 0
  EXPECT_EQ(*cache.lookup(row(96, 0)), "by 96");
  EXPECT_EQ(*cache.lookup(row(95, 0)), "by 96");  // equal costs: by insertion
  EXPECT_EQ(*cache.lookup(row(94, 0)), "as many");
  EXPECT_EQ(*cache.lookup(row(128, 0)), "by 128");
  EXPECT_EQ(*cache.lookup(row(1000, 0)), "also 200");
  EXPECT_EQ(*cache.lookup(row(1000, 100)), "none");
  EXPECT_EQ(cache.explain(row(1000, 100)).found, std::optional<EntryId>(6));
}

TEST(Cost, OtherSchemasAndSortsAreRefused) {
  Buckets b;
  GuardCache<int> cache(*Schema::make({{"n"}}), {.choice = Choice::kLeastCost});
  const Expr n = b.read("n");
  const auto program = *GuardProgram::compile(cache.schema(), {.conditions = {ge(n, n)}});
  EXPECT_FALSE(cache.insert(program, 1, {.cost = b.cost("n + m")}).ok());
  EXPECT_FALSE(Cost::of(b.schema, b.read("n <= m")).ok());
  EXPECT_FALSE(Cost::of(b.schema, b.read("n + q")).ok());
  EXPECT_EQ(Cost::of(b.schema, b.read("7"))->constant(), 7);
}

TEST(Cost, ReviewKnowsThatCostsChoose) {
  Buckets b;
  GuardCache<int> cache(b.schema, {.choice = Choice::kLeastCost});
  const EntryId wide = *cache.insert(b.program("n <= 100"), 0, {.cost = 5});
  const EntryId narrow = *cache.insert(b.program("n <= 10"), 1, {.cost = 3});
  const EntryId dear = *cache.insert(b.program("n <= 10"), 2, {.cost = 7});
  const EntryId term = *cache.insert(b.program("n <= 10"), 3, {.cost = b.cost("n*n")});
  EXPECT_FALSE(cache.review(wide)->unreachable());
  EXPECT_FALSE(cache.review(narrow)->unreachable());
  EXPECT_TRUE(cache.review(dear)->unreachable());
  EXPECT_FALSE(cache.review(term)->unreachable());
  for (const EntryId id : {wide, narrow, term}) {
    const std::vector<Word> witness = cache.review(id)->witness;
    if (witness.empty()) continue;
    EXPECT_EQ(cache.lookup(witness).id(), id);
  }
}

TEST(Cost, IsSavedAndLoaded) {
  Buckets b;
  const std::string path = testing::TempDir() + "congrua_cost_cache";
  GuardCache<std::string> cache(b.schema, {.choice = Choice::kLeastCost});
  ASSERT_TRUE(cache.insert(b.program("n >= 0"), "m", {.cost = b.cost("m*m - n")}).ok());
  ASSERT_TRUE(cache.insert(b.program("n >= 0"), "nine", {.cost = 9}).ok());
  ASSERT_TRUE(cache.save(path, [](const std::string& s) { return s; }).ok());
  GuardCache<std::string> again(b.schema, {.choice = Choice::kLeastCost});
  ASSERT_TRUE(again.load(path, [](std::string s) { return s; }).ok());
  std::filesystem::remove(path);
  EXPECT_EQ(*again.lookup(row(0, 2)), "m");
  EXPECT_EQ(*again.lookup(row(0, 4)), "nine");
}

// Bounds are below, and what is found is what a linear evaluation finds.
TEST(Cost, AgreesWithLinearEvaluationFuzz) {
  const Seeds seeds = soak_seeds(60, 100'000);
  uint64_t lookups = 0;
  uint64_t found = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    World w(4, 1, seed);
    GuardCache<size_t> cache(w.schema(), {.choice = Choice::kLeastCost});
    GuardCache<size_t>::Reader reader(cache);
    struct Entry {
      std::vector<Expr> guards;
      Expr cost;
      int64_t priority;
    };
    std::vector<Entry> entries;
    std::vector<GuardCache<size_t>::Entry> batch;
    const bool terms = seed % 3 != 0;
    const std::vector<Word> point = w.row();
    for (int64_t i = 0, n = 1 + w.below(seed % 5 == 0 ? 90 : 12); i < n; ++i) {
      Entry e{{}, w.pool().constant(w.below(9)), w.below(2)};
      if (terms && w.below(2) == 0) e.cost = w.term(2);
      for (int64_t g = w.below(3); g >= 0; --g) e.guards.push_back(w.guard(1, &point));
      const auto program = GuardProgram::compile(w.schema(), {.conditions = e.guards});
      const auto cost = Cost::of(w.schema(), e.cost);
      ASSERT_TRUE(program.ok() && cost.ok());
      if (w.below(2) == 0) {
        batch.push_back({*program, entries.size(), {e.priority, {}, *cost}});
      } else {
        // In order: what waits goes first.
        ASSERT_TRUE(cache.insert_batch(std::move(batch)).ok());
        batch.clear();
        ASSERT_TRUE(cache.insert(*program, entries.size(), {e.priority, {}, *cost}).ok());
      }
      entries.push_back(e);
    }
    ASSERT_TRUE(cache.insert_batch(std::move(batch)).ok());
    for (int n = 0; n < 60; ++n) {
      std::vector<Word> r = point;
      for (int64_t k = w.below(4); k > 0; --k) {
        r[static_cast<size_t>(w.below(std::ssize(r)))] = to_word(w.value());
      }
      std::optional<size_t> best;
      std::optional<Int> least;
      for (size_t i = 0; i < entries.size(); ++i) {
        const Entry& e = entries[i];
        bool all = true;
        for (const Expr g : e.guards) all = all && w.truth(g, r);
        if (!all) continue;
        const std::optional<Int> cost = w.value_of(e.cost, r);
        const bool better =
            !best || (cost && !least) || (cost && least && *cost < *least) ||
            (cost.has_value() == least.has_value() && (!cost || *cost == *least) &&
             e.priority > entries[*best].priority);
        if (!better) continue;
        best = i;
        least = cost;
      }
      found += best ? 1 : 0;
      const auto read = [&](size_t field) { return r[field]; };
      for (const Hit<size_t>& hit : {cache.lookup(r), reader.lookup(r), reader.lookup(r),
                                     reader.lookup_lazily(read)}) {
        ASSERT_EQ(hit ? std::optional(*hit) : std::nullopt, best) << "seed " << seed;
        ++lookups;
      }
      const Hit<size_t> hit = cache.lookup(r);
      ASSERT_EQ(cache.explain(r).found, hit ? std::optional(hit.id()) : std::nullopt);
    }
  }
  soak_report("Cost", seeds, {{"look-ups", lookups}, {"found", found}, {"failures", 0}});
}

}  // namespace
}  // namespace congrua::cache
