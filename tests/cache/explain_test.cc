#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "congrua/cache.h"
#include "congrua/cache_explain.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/cache/programs.h"

namespace congrua::cache {
namespace {

using cache_test::World;
using testing::ElementsAre;
using testing::IsEmpty;

struct Shapes {
  ExprPool pool;
  Schema schema = *Schema::make({{"s0"},
                                 {"s1"},
                                 {"train", FieldKind::kBool},
                                 {"scale", FieldKind::kFloat},
                                 {"dtype", FieldKind::kTag}});
  GuardProgram program(std::initializer_list<const char*> conditions,
                       std::vector<FloatTest> floats = {}, std::vector<TagTest> tags = {},
                       std::vector<std::string> positions = {}) {
    std::ignore = pool.symbol("train", {.sort = Sort::kBool});
    Guards g{{}, std::move(floats), std::move(tags), std::move(positions)};
    for (const char* c : conditions) g.conditions.push_back(*parse_infix(pool, c));
    return *GuardProgram::compile(schema, g);
  }
};

std::vector<Word> row(int64_t s0, int64_t s1, bool train = false, double scale = 1,
                      uint64_t dtype = 0) {
  return {to_word(s0), to_word(s1), to_word(train), to_word(scale), dtype};
}

TEST(Explain, NamesGuardsValuesAndPositions) {
  Shapes s;
  GuardCache<int> cache(s.schema);
  EXPECT_EQ(cache.explain(row(1, 1)).to_string(), "no entry holds\n");
  const auto tag = [](size_t field, uint64_t v) {
    EXPECT_EQ(field, 4u);
    return std::string(v == 0 ? "f16" : v == 1 ? "f32" : "f64");
  };
  ASSERT_TRUE(
      cache.insert(s.program({"s0*s1 <= 4096", "s0 >= 2"}, {}, {}, {"model.py:31"}), 1)
          .ok());
  ASSERT_TRUE(cache.insert(s.program({"s0 == 8", "s1 != 3", "train"}), 2).ok());
  ASSERT_TRUE(
      cache.insert(s.program({}, {{3, Compare::kLt, 0.5}}, {{4, {1, 2}}}), 3).ok());
  EXPECT_EQ(
      cache.explain(row(100, 50), {.tag = tag}).to_string(),
      "no entry holds\n"
      "entry 1 (1 of 2 guards fail): model.py:31: s0*s1 <= 4096 fails: s0 = 100, "
      "s1 = 50\n"
      "entry 2 (2 of 3 guards fail): s0 == 8 fails: s0 = 100\n"
      "entry 3 (2 of 2 guards fail): scale <= 0.49999999999999994 fails: scale = 1\n");
  const Explanation e = cache.explain(row(8, 3, false, 0.25), {.nearest = 2, .tag = tag});
  EXPECT_EQ(e.to_string(),
            "entry 1 holds\n"
            "entry 3 (1 of 2 guards fail): dtype in {f32, f64} fails: dtype = f16\n"
            "entry 2 (2 of 3 guards fail): s1 != 3 fails: s1 = 3\n");
  EXPECT_EQ(e.found, 1u);
  EXPECT_EQ(e.nearest[0].guard, 1u);
}

TEST(Explain, EveryKindOfTestHasAText) {
  Shapes s;
  struct Case {
    const char* guard;
    const char* text;
  };
  static constexpr Case kCases[] = {
      {"s0 >= 9", "s0 >= 9"},
      {"s0 <= -9", "s0 <= -9"},
      {"s0 == 9", "s0 == 9"},
      {"s0 != 1", "s0 != 1"},
      {"train", "train"},
      {"floor_mod(s0, 8) == 3", "floor_mod(s0, 8) == 3"},
      {"2*s0 + 3*s1 == 77", "2*s0 + 3*s1 == 77"},
      {"s0*s1 == 77", "s0*s1 == 77"},
      {"floor_div(s0*s0, s1) == 77", "floor_div(s0**2, s1) == 77"},
  };
  for (const Case& c : kCases) {
    GuardCache<int> cache(s.schema);
    std::ignore = s.pool.symbol("train", {.sort = Sort::kBool});
    const auto e = parse_infix(s.pool, c.guard);
    ASSERT_TRUE(e.ok()) << c.guard;
    ASSERT_TRUE(
        cache.insert(*GuardProgram::compile(s.schema, {.conditions = {*e}}), 1).ok());
    const Explanation x = cache.explain(row(1, 2, false));
    ASSERT_FALSE(x.found) << c.guard;
    EXPECT_EQ(x.nearest[0].text, c.text) << c.guard;
  }
}

TEST(Explain, HostPredicatesAreNamed) {
  Shapes s;
  GuardCache<int> cache(s.schema);
  const HostPredicate never = {[](const void* call, void*) { return call != nullptr; },
                               nullptr};
  ASSERT_TRUE(cache.insert(s.program({"s0 >= 0"}), 1, {.host = never}).ok());
  EXPECT_EQ(cache.explain(row(1, 1)).to_string(),
            "no entry holds\nentry 1 (1 of 1 guards fail): the host's predicate fails\n");
  EXPECT_EQ(cache.explain(row(1, 1), {.call = &cache}).found, 1u);
}

TEST(Review, OneEntryCoversAnother) {
  Shapes s;
  GuardCache<int> cache(s.schema);
  const auto wide = cache.insert(s.program({"s0*s1 <= 64", "s0 >= 1", "s1 >= 1"}), 1);
  const auto inside = cache.insert(s.program({"s0 == 4", "s1 >= 2", "s1 <= 16"}), 2);
  const auto outside = cache.insert(s.program({"s0 == 4", "s1 >= 2", "s1 <= 17"}), 3);
  const auto never = cache.insert(s.program({"2*s0 == 2*s1 + 1"}), 4);
  const auto first = cache.insert(s.program({"s0 <= 9"}), 5, {.priority = 1});
  EXPECT_THAT(cache.review(*wide)->hides, ElementsAre(*inside));
  EXPECT_THAT(cache.review(*inside)->covered_by, testing::Not(IsEmpty()));
  EXPECT_THAT(cache.review(*never)->covered_by, ElementsAre(*never));
  EXPECT_THAT(cache.review(*first)->hides, ElementsAre(*inside, *outside));
  EXPECT_TRUE(cache.erase(*first));
  EXPECT_THAT(cache.review(*inside)->covered_by, ElementsAre(*wide));
  const Review r = *cache.review(*outside);
  EXPECT_FALSE(r.unreachable());
  ASSERT_FALSE(r.witness.empty());
  EXPECT_EQ(*cache.lookup(r.witness), 3);
  EXPECT_EQ(cache.review(999).status().code(), absl::StatusCode::kNotFound);
}

TEST(Review, SeveralEntriesCoverOne) {
  Shapes s;
  GuardCache<int> cache(s.schema);
  const auto low = cache.insert(s.program({"s0 <= 10"}), 1);
  const auto high = cache.insert(s.program({"s0 >= 8"}, {}, {{4, {1, 2}}}), 2);
  const auto all = cache.insert(s.program({"s1 == 3"}, {}, {{4, {1}}}), 3);
  const auto some = cache.insert(s.program({"s1 == 3"}, {}, {{4, {3}}}), 4);
  EXPECT_THAT(cache.review(*all)->covered_by, testing::UnorderedElementsAre(*low, *high));
  EXPECT_FALSE(cache.review(*some)->unreachable());
}

// A quotient by what may be 0 holds nowhere there: it covers nothing.
TEST(Review, PartialGuardsAndPredicatesCoverNothing) {
  Shapes s;
  GuardCache<int> cache(s.schema);
  const HostPredicate host = {[](const void*, void*) { return false; }, nullptr};
  ASSERT_TRUE(cache.insert(s.program({"s0 >= 0"}), 1, {.host = host}).ok());
  ASSERT_TRUE(cache.insert(s.program({"floor_div(s0, s1) >= 0"}), 2).ok());
  const auto id = cache.insert(s.program({"s0 >= 0", "s1 >= 0"}), 3);
  EXPECT_FALSE(cache.review(*id)->unreachable());
}

// What is said to be unreachable is never found, and a witness finds its entry.
TEST(Review, AgreesWithLookupsFuzz) {
  const Seeds seeds = soak_seeds(25, 5'000);
  uint64_t covered = 0, hidden = 0, witnesses = 0, reviews = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    cache_test::Programs p(seed);
    GuardCache<size_t> cache(p.schema());
    std::vector<EntryId> ids;
    std::vector<std::vector<Word>> points;
    for (size_t i = 0; i < 12; ++i) {
      if (i % 3 == 0) points.push_back(p.row());
      const auto id =
          cache.insert(p.program(1, points.back()), i, {.priority = p.world().below(2)});
      ASSERT_TRUE(id.ok());
      ids.push_back(*id);
    }
    std::vector<char> unreachable(ids.size() + 1, 0);
    for (const EntryId id : ids) {
      const auto r = cache.review(id, {.steps = 20'000});
      ASSERT_TRUE(r.ok());
      ++reviews;
      covered += r->unreachable() ? 1 : 0;
      hidden += r->hides.size();
      if (r->unreachable()) unreachable[id] = 1;
      for (const EntryId h : r->hides) unreachable[h] = 1;
      if (!r->witness.empty()) {
        ++witnesses;
        const Hit<size_t> hit = cache.lookup(r->witness);
        ASSERT_TRUE(hit && hit.id() == id) << "seed " << seed;
      }
    }
    for (int n = 0; n < 300; ++n) {
      std::vector<Word> r = p.row();
      if (n % 4 != 0) {
        const size_t at = static_cast<size_t>(n) % r.size();
        const Word w = r[at];
        r = points[static_cast<size_t>(n) % points.size()];
        r[at] = w;
      }
      const Hit<size_t> hit = cache.lookup(r);
      ASSERT_FALSE(hit && unreachable[hit.id()] != 0) << "seed " << seed;
      const Explanation e = cache.explain(r, {.nearest = 1});
      ASSERT_EQ(e.found, hit ? std::optional(hit.id()) : std::nullopt);
    }
  }
  soak_report("Review", seeds,
              {{"reviews", reviews},
               {"covered", covered},
               {"hidden", hidden},
               {"witnesses", witnesses},
               {"failures", 0}});
}

}  // namespace
}  // namespace congrua::cache
