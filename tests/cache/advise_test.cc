#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cache/cover.h"
#include "congrua/cache_advise.h"
#include "congrua/text.h"

namespace congrua::cache {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct World {
  ExprPool pool;
  Schema schema = *Schema::make({{"n"}, {"m"}});
  std::vector<AdviseEntry> entries;
  void add(std::initializer_list<const char*> guards, std::string code = {}) {
    Guards g;
    for (const char* text : guards) {
      g.conditions.push_back(*parse_infix(pool, text));
      g.positions.push_back("m.py:" + std::to_string(g.conditions.size()));
    }
    entries.push_back(
        {entries.size() + 1, GuardProgram::compile(schema, g)->impl(), std::move(code)});
  }
  Advice ask(std::initializer_list<std::pair<int64_t, int64_t>> calls,
             AdviseOptions options = {}) {
    std::vector<std::vector<Word>> rows;
    for (const auto& [n, m] : calls) rows.push_back({to_word(n), to_word(m)});
    return advise(schema, entries, rows, options);
  }
};

TEST(Advise, PinsAreLeftOutAndDecisionsKept) {
  World w;
  w.add({"n == 8", "m <= 100"});
  w.add({"n == 24", "m <= 100"});
  w.add({"n == 8", "m > 100"});
  const Advice a = w.ask({{8, 5}, {24, 5}, {8, 200}, {24, 7}, {24, 300}});
  EXPECT_EQ(a.served, 5u);
  EXPECT_EQ(a.entries_used, 3u);
  ASSERT_EQ(a.versions.size(), 2u);
  EXPECT_THAT(a.versions[0].calls, ElementsAre(0, 1, 3));
  EXPECT_THAT(a.versions[1].calls, ElementsAre(2, 4));
  EXPECT_FALSE(a.versions[0].fields[0].is_static);
  EXPECT_EQ(a.versions[0].fields[0].modulus, 16);
  EXPECT_EQ(a.versions[0].fields[0].residue, 8);
  // At most one: the one that serves most.
  const Advice one = w.ask({{8, 5}, {24, 5}, {8, 200}}, {.versions = 1});
  ASSERT_EQ(one.versions.size(), 1u);
  EXPECT_EQ(one.served, 2u);
}

TEST(Advise, FieldsThatDoNotChangeAreStaticAndThoseThatAgreeAreEqual) {
  World w;
  w.add({"n == 4"});
  w.add({"n == 5"});
  const Advice same = w.ask({{4, 4}, {5, 5}, {-INT64_MAX, -INT64_MAX}});
  ASSERT_EQ(same.versions.size(), 1u);
  EXPECT_EQ(same.versions[0].fields[1].equal_to, 0u);
  const Advice fixed = w.ask({{4, 9}, {5, 9}});
  EXPECT_TRUE(fixed.versions[0].fields[1].is_static);
  EXPECT_EQ(fixed.versions[0].fields[1].lowest, 9u);
}

TEST(Advise, WeakerGuardsAreProvedForOneCode) {
  World w;
  w.add({"n <= 16", "m >= 2"}, "f");
  w.add({"n >= 10", "n <= 99", "m >= 2"}, "f");
  w.add({"n >= 200", "n <= 300", "m >= 2"}, "f");
  w.add({"n >= 1000", "m >= 5"}, "f");
  w.add({"n >= 500", "n <= 600", "m >= 2"}, "g");
  const Advice a = w.ask({{9, 2}, {90, 2}, {250, 2}, {1000, 7}, {550, 2}});
  ASSERT_EQ(a.recompilations.size(), 4u);
  EXPECT_EQ(a.recompilations[0].nearest.position, "m.py:1");
  EXPECT_EQ(a.recompilations[0].weaker, "n <= 99");
  // Between 99 and 200 neither holds: no hull.
  EXPECT_NE(a.recompilations[1].weaker, "n <= 300");
  // m >= 5 is more than the entry asks for.
  EXPECT_NE(a.recompilations[2].weaker, "true");
  EXPECT_EQ(a.recompilations[3].weaker, "");  // another code
  EXPECT_EQ(a.recompilations[3].entry, 5u);
}

TEST(Advise, SubsumedEntries) {
  World w;
  w.add({"n == 8", "m <= 4"});
  w.add({"floor_mod(n, 4) == 0", "m <= 10"});
  w.add({"floor_div(n, m) >= 1", "n == 3"});  // may divide by zero
  w.add({"n <= 5"});
  const Advice a = w.ask({});
  EXPECT_THAT(a.subsumed, ElementsAre(Pair(1, 2), Pair(3, 4)));
  EXPECT_THAT(a.versions, IsEmpty());
  World twins;
  twins.add({"n == 8"});
  twins.add({"n == 8"});
  EXPECT_THAT(twins.ask({}).subsumed, ElementsAre(Pair(2, 1)));
}

TEST(Cover, IsLeastByEnumerationFuzz) {
  std::mt19937_64 random(3);
  for (int run = 0; run < 400; ++run) {
    const size_t n = 1 + random() % 9;
    const size_t elements = 1 + random() % 9;
    std::vector<internal::CoverSet> sets(n);
    std::vector<unsigned> masks(n);
    unsigned all = 0;
    for (size_t s = 0; s < n; ++s) {
      for (size_t e = 0; e < elements; ++e) {
        if (random() % 3 != 0) continue;
        sets[s].push_back(e);
        masks[s] |= 1u << e;
      }
      all |= masks[s];
    }
    size_t least = n;
    for (unsigned some = 0; some < 1u << n; ++some) {
      unsigned covered = 0;
      for (size_t s = 0; s < n; ++s) covered |= (some >> s & 1) != 0 ? masks[s] : 0;
      if (covered == all) {
        least = std::min(least, static_cast<size_t>(std::popcount(some)));
      }
    }
    const std::vector<uint64_t> weights(elements, 1);
    const std::vector<size_t> chosen = internal::cover(sets, weights, SIZE_MAX, 100'000);
    EXPECT_EQ(chosen.size(), least);
    unsigned covered = 0;
    for (const size_t s : chosen) covered |= masks[s];
    EXPECT_EQ(covered, all);
  }
}

}  // namespace
}  // namespace congrua::cache
