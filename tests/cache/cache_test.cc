#include "congrua/cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "cache/index_builder.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/cache/oracle.h"

namespace congrua::cache {
namespace {

using cache_test::World;

// Poisons itself, and counts those that live.
struct Poisoned {
  static inline std::atomic<int> alive{0};
  explicit Poisoned(int v) : value(v), check(~v) { ++alive; }
  Poisoned(Poisoned&& o) noexcept : value(o.value), check(o.check) { ++alive; }
  ~Poisoned() {
    value = check = 0x5a5a5a5a;
    --alive;
  }
  bool intact() const { return value == ~check; }
  int value, check;
};

struct Sizes {
  ExprPool pool;
  Schema schema = *Schema::make({{"x"}, {"y"}});
  GuardProgram program(const char* guard) {
    return *GuardProgram::compile(schema, {.conditions = {*parse_sexpr(pool, guard)}});
  }
};

std::vector<Word> row(int64_t x, int64_t y) { return {to_word(x), to_word(y)}; }

TEST(GuardCache, FirstByPriorityThenInsertion) {
  Sizes s;
  GuardCache<int> cache(s.schema);
  GuardCache<int>::Reader reader(cache);
  EXPECT_FALSE(cache.lookup(row(1, 1)));
  ASSERT_TRUE(cache.insert(s.program("(ge x 0)"), 1).ok());
  ASSERT_TRUE(cache.insert(s.program("(ge x 5)"), 2).ok());
  const auto first = cache.insert(s.program("(ge x 7)"), 3, {.priority = 1});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*cache.lookup(row(6, 0)), 1);
  EXPECT_EQ(*cache.lookup(row(7, 0)), 3);
  EXPECT_EQ(*reader.lookup(row(7, 0)), 3);
  EXPECT_EQ(reader.lookup(row(7, 0)).id(), *first);
  EXPECT_FALSE(reader.lookup(row(-1, 0)));
  EXPECT_TRUE(cache.erase(*first));
  EXPECT_FALSE(cache.erase(*first));
  EXPECT_EQ(*reader.lookup(row(7, 0)), 1);
  const CacheStatistics t = cache.statistics();
  EXPECT_EQ(t.entries, 2u);
  EXPECT_EQ(t.hits, 5u);
  EXPECT_EQ(t.misses, 2u);
}

TEST(GuardCache, HitsPinTheirEntries) {
  {
    Sizes s;
    GuardCache<Poisoned> cache(s.schema);
    GuardCache<Poisoned>::Reader reader(cache);
    const auto id = cache.insert(s.program("(ge x 0)"), Poisoned(7));
    {
      std::vector<Hit<Poisoned>> hits;  // more than a reader has slots
      for (int i = 0; i < 20; ++i) hits.push_back(reader.lookup(row(1, 1)));
      ASSERT_TRUE(cache.erase(*id));
      EXPECT_FALSE(reader.lookup(row(1, 1)));
      EXPECT_EQ(cache.collect(), 1u);
      for (const auto& h : hits) EXPECT_TRUE(h->intact());
      std::thread([moved = std::move(hits[3])] { EXPECT_EQ(moved->value, 7); }).join();
      EXPECT_EQ(Poisoned::alive, 1);
    }
    EXPECT_EQ(cache.collect(), 0u);
    EXPECT_EQ(Poisoned::alive, 0);
    ASSERT_TRUE(cache.insert(s.program("(ge x 0)"), Poisoned(8)).ok());
  }
  EXPECT_EQ(Poisoned::alive, 0);
}

// Writes that follow each other closely share a barrier: what waits for it is bounded.
TEST(GuardCache, QuickWritesFreeWhatTheyReplaced) {
  {
    Sizes s;
    GuardCache<Poisoned> cache(s.schema);
    GuardCache<Poisoned>::Reader reader(cache);
    const GuardProgram program = s.program("(ge x 0)");
    for (int i = 0; i < 1000; ++i) {
      const auto id = cache.insert(program, Poisoned(i));
      ASSERT_TRUE(reader.lookup(row(1, 1))->intact());
      ASSERT_TRUE(cache.erase(*id));
      ASSERT_LE(cache.statistics().retired, 64u);
      ASSERT_LE(Poisoned::alive, 64);
    }
    EXPECT_EQ(cache.collect(), 0u);
    EXPECT_EQ(cache.statistics().retired, 0u);
    EXPECT_EQ(Poisoned::alive, 0);
  }
  EXPECT_EQ(Poisoned::alive, 0);
}

TEST(GuardCache, DestructionWaitsForHits) {
  Sizes s;
  auto cache = std::make_unique<GuardCache<Poisoned>>(s.schema);
  ASSERT_TRUE(cache->insert(s.program("(ge x 0)"), Poisoned(7)).ok());
  Hit<Poisoned> hit = cache->lookup(row(1, 1));
  std::atomic<bool> gone{false};
  std::thread destroyer([&] {
    cache.reset();
    gone = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(gone);
  EXPECT_TRUE(hit->intact());
  hit = {};
  destroyer.join();
  EXPECT_EQ(Poisoned::alive, 0);
}

TEST(GuardCache, HostPredicatesAreAskedLastAndOnce) {
  Sizes s;
  GuardCache<int> cache(s.schema);
  struct Context {
    int calls = 0;
  } context;
  const HostPredicate host = {[](const void* call, void* c) {
                                ++static_cast<Context*>(c)->calls;
                                return *static_cast<const bool*>(call);
                              },
                              &context};
  ASSERT_TRUE(cache.insert(s.program("(ge x 9)"), 1, {.host = host}).ok());
  ASSERT_TRUE(cache.insert(s.program("(ge x 5)"), 2, {.host = host}).ok());
  ASSERT_TRUE(cache.insert(s.program("(ge x 0)"), 3).ok());
  const bool yes = true;
  const bool no = false;
  EXPECT_EQ(*cache.lookup(row(9, 0), &yes), 1);
  EXPECT_EQ(*cache.lookup(row(9, 0), &no), 3);
  EXPECT_EQ(context.calls, 2);
  EXPECT_EQ(*cache.lookup(row(1, 0), &yes), 3);
  EXPECT_EQ(context.calls, 2);
}

TEST(GuardCache, FieldsAreAskedForWhenTheyAreRead) {
  Sizes s;
  GuardCache<int> cache(s.schema);
  ASSERT_TRUE(cache.insert(s.program("(eq x 3)"), 1).ok());
  ASSERT_TRUE(cache.insert(s.program("(and (eq x 4) (ge y 0))"), 2).ok());
  std::vector<size_t> asked;
  int64_t x = 3;
  const auto read = [&](size_t field) {
    asked.push_back(field);
    return to_word(x);
  };
  EXPECT_EQ(*cache.lookup_lazily(read), 1);
  EXPECT_EQ(asked, std::vector<size_t>{0});
  x = 4;
  asked.clear();
  EXPECT_EQ(*cache.lookup_lazily(read), 2);
  EXPECT_EQ(asked, (std::vector<size_t>{0, 1}));
  x = 5;
  EXPECT_FALSE(cache.lookup_lazily(read));
}

TEST(GuardCache, CapacityEvictsWhatWasNotLookedUp) {
  Sizes s;
  GuardCache<int> cache(s.schema, {.capacity = 3});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        cache.insert(s.program(("(eq x " + std::to_string(i) + ")").c_str()), i).ok());
  }
  for (int i = 3; i < 10; ++i) {
    EXPECT_EQ(*cache.lookup(row(1, 0)), 1);
    ASSERT_TRUE(
        cache.insert(s.program(("(eq x " + std::to_string(i) + ")").c_str()), i).ok());
    EXPECT_EQ(*cache.lookup(row(i, 0)), i);
  }
  EXPECT_EQ(cache.statistics().entries, 3u);
  EXPECT_EQ(cache.statistics().evictions, 7u);
}

TEST(GuardCache, TheLeastRecentIsEvicted) {
  Sizes s;
  GuardCache<int> cache(s.schema, {.capacity = 3});
  GuardCache<int>::Reader reader(cache);
  const auto add = [&](int i) {
    return *cache.insert(s.program(("(eq x " + std::to_string(i) + ")").c_str()), i);
  };
  const auto found = [&](int64_t x) { return bool{reader.lookup(row(x, 0))}; };
  for (int i = 0; i < 3; ++i) add(i);
  EXPECT_TRUE(found(0));
  add(3);  // 1 is the oldest that was not found
  EXPECT_TRUE(found(0));
  EXPECT_FALSE(found(1));
  EXPECT_TRUE(found(2));
  EXPECT_TRUE(found(3));
  add(4);  // all were found since the last write: the oldest
  EXPECT_FALSE(found(0));
  EXPECT_TRUE(found(3));
  add(5);
  EXPECT_FALSE(found(2));
  std::vector<GuardCache<int>::Entry> batch;
  for (int i = 6; i < 11; ++i) {
    batch.push_back({s.program(("(eq x " + std::to_string(i) + ")").c_str()), i});
  }
  ASSERT_TRUE(cache.insert_batch(std::move(batch)).ok());
  for (int i = 0; i < 11; ++i) EXPECT_EQ(found(i), i >= 8) << i;
}

TEST(GuardCache, TheLeastHitIsEvicted) {
  Sizes s;
  GuardCache<int> cache(s.schema, {.capacity = 3, .eviction = Eviction::kLeastHits});
  GuardCache<int>::Reader reader(cache);
  const auto add = [&](int i) {
    return *cache.insert(s.program(("(eq x " + std::to_string(i) + ")").c_str()), i);
  };
  for (int i = 0; i < 3; ++i) add(i);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(reader.lookup(row(0, 0)));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(cache.lookup(row(1, 0)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(reader.lookup(row(2, 0)));
  const EntryId fourth = add(3);
  EXPECT_FALSE(cache.lookup(row(1, 0)));
  for (const EntryHits& h : cache.hits()) {
    EXPECT_EQ(h.hits, h.id == fourth ? 0u : h.id == 1 ? 5u : 3u);
  }
  add(4);  // the new one is not evicted by its own insertion
  EXPECT_FALSE(cache.lookup(row(3, 0)));
  EXPECT_TRUE(cache.lookup(row(4, 0)));
}

TEST(GuardCache, CountsHitsOfEachEntry) {
  Sizes s;
  GuardCache<int> cache(s.schema, {.counts = true});
  std::vector<uint64_t> expected;
  std::vector<EntryId> ids;
  auto reader = std::make_unique<GuardCache<int>::Reader>(cache);
  for (int i = 0; i < 300; ++i) {
    if (i % 50 == 49) reader = std::make_unique<GuardCache<int>::Reader>(cache);
    if (i % 3 == 2) {  // its number is used again
      EXPECT_TRUE(cache.erase(ids.back()));
      ids.pop_back();
      expected.pop_back();
    }
    const std::string guard = "(eq x " + std::to_string(i) + ")";
    ids.push_back(*cache.insert(s.program(guard.c_str()), i));
    expected.push_back(0);
    for (int k = 0; k < i % 5; ++k) {
      ASSERT_TRUE(k % 2 == 0 ? reader->lookup(row(i, 0)) : cache.lookup(row(i, 0)));
      ++expected.back();
    }
  }
  const std::vector<EntryHits> hits = cache.hits();
  ASSERT_EQ(hits.size(), ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(hits[i].id, ids[i]);
    EXPECT_EQ(hits[i].hits, expected[i]) << i;
  }
  for (int i = 0; i < 5000; ++i) EXPECT_FALSE(reader->lookup(row(-1, i)));
  EXPECT_GT(cache.statistics().compared, 0);
}

// Of few entries a reader remembers the row that repeats the one before, of many every
// row.
class RememberedRows : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Entries, RememberedRows, ::testing::Values(10, 40, 255, 400));

TEST_P(RememberedRows, AreForgottenWithWhatWasReplaced) {
  Sizes s;
  GuardCache<int> cache(s.schema);
  GuardCache<int>::Reader reader(cache);
  std::vector<EntryId> ids;
  for (int i = 0; i < GetParam(); ++i) {
    ids.push_back(
        *cache.insert(s.program(("(eq x " + std::to_string(i) + ")").c_str()), i));
  }
  for (int i = 0; i < 500; ++i) {
    for (int k = 0; k < 3; ++k) {
      const Hit<int> hit = reader.lookup(row(i % 7, i));
      ASSERT_TRUE(hit);
      EXPECT_EQ(*hit, i % 7);
    }
  }
  EXPECT_EQ(*reader.lookup(row(3, 499)), 3);
  EXPECT_TRUE(cache.erase(ids[3]));
  EXPECT_FALSE(reader.lookup(row(3, 499)));
  EXPECT_FALSE(reader.lookup(row(3, 499)));
  ASSERT_TRUE(cache.insert(s.program("(ge x 0)"), -1, {.priority = 1}).ok());
  EXPECT_EQ(*reader.lookup(row(3, 499)), -1);
}

TEST(GuardCache, RefusesProgramsOfOtherSchemas) {
  Sizes s;
  GuardCache<int> cache(*Schema::make({{"x"}, {"z"}}));
  EXPECT_EQ(cache.insert(s.program("(ge x 0)"), 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(GuardCache, ContradictionsAreCountedAndNeverFound) {
  Sizes s;
  GuardCache<int> cache(s.schema);
  ASSERT_TRUE(cache.insert(s.program("(and (ge x 5) (le x 4))"), 1).ok());
  EXPECT_FALSE(cache.lookup(row(5, 0)));
  EXPECT_EQ(cache.statistics().unreachable, 1u);
}

TEST(GuardCache, CodesAreMonotone) {
  int last = 0;
  for (int64_t x = -5; x < 100'000; ++x) {
    const int code = internal::monotone_code(x);
    ASSERT_GE(code, last) << x;
    last = code;
  }
  for (int bit = 17; bit < 63; ++bit) {
    for (const int64_t d : {-1, 0, 1}) {
      const int code = internal::monotone_code((int64_t{1} << bit) + d);
      ASSERT_GE(code, last);
      last = code;
    }
  }
  EXPECT_EQ(last, 255);
}

// Random sets against exact evaluation of one entry after the other, both kernels, in
// batches and one by one, with priorities, erased entries and shared pinned fields.
TEST(GuardCache, AgreesWithLinearEvaluationFuzz) {
  const Seeds seeds = soak_seeds(40, 230'000);
  uint64_t lookups = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    static constexpr size_t kWidths[] = {3, 8, 20, 64, 90};
    World w(kWidths[seed % 5], seed % 2, seed);
    const size_t width = w.schema().size();
    GuardCache<size_t> cache(w.schema());
    GuardCache<size_t>::Reader reader(cache);
    struct Entry {
      std::vector<Expr> guards;
      int64_t priority;
      EntryId id = 0;
      std::unique_ptr<internal::EntryBase> base = nullptr;
    };
    std::vector<Entry> entries;
    std::vector<std::vector<Word>> points;
    const int64_t count = 1 + w.below(seed % 4 == 0 ? 300 : 60);
    const bool exact = seed % 3 == 0;
    for (int64_t i = 0; i < count; ++i) {
      if (points.empty() || w.below(3) == 0) {
        points.push_back(w.row());
      } else {
        points.push_back(points[static_cast<size_t>(w.below(std::ssize(points)))]);
        points.back()[static_cast<size_t>(w.below(std::ssize(points.back())))] =
            to_word(w.value());
      }
      Entry e{{}, w.below(3)};
      if (exact && w.below(4) != 0) {
        for (size_t f = 0; f < std::min<size_t>(width, 3); ++f) {
          e.guards.push_back(
              eq(*w.pool().find_symbol("s" + std::to_string(f)),
                 w.pool().constant(static_cast<int64_t>(points.back()[f]))));
        }
      } else {
        for (int64_t g = 1 + w.below(12); g > 0; --g) {
          e.guards.push_back(w.guard(2, &points.back()));
        }
      }
      entries.push_back(std::move(e));
    }
    std::vector<GuardCache<size_t>::Entry> batch;
    const size_t singles = entries.size() / 2;
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto program =
          GuardProgram::compile(w.schema(), {.conditions = entries[i].guards});
      ASSERT_TRUE(program.ok());
      if (i < singles) {
        const auto id = cache.insert(*program, i, {.priority = entries[i].priority});
        ASSERT_TRUE(id.ok());
        entries[i].id = *id;
      } else {
        batch.push_back({*program, i, {.priority = entries[i].priority}});
      }
    }
    const auto ids = cache.insert_batch(std::move(batch));
    ASSERT_TRUE(ids.ok());
    for (size_t i = singles; i < entries.size(); ++i) entries[i].id = (*ids)[i - singles];

    for (int n = 0; n < 150; ++n) {
      if (n % 30 == 29 && entries.size() > 1) {
        const size_t victim = static_cast<size_t>(w.below(std::ssize(entries)));
        ASSERT_EQ(cache.erase(entries[victim].id), entries[victim].id != 0);
        entries[victim].id = 0;
      }
      std::vector<Word> r =
          n % 7 == 0 ? w.row() : points[static_cast<size_t>(w.below(std::ssize(points)))];
      if (n % 3 == 0) {
        r[static_cast<size_t>(w.below(std::ssize(r)))] = to_word(w.value());
      }
      std::optional<size_t> expected;
      for (size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].id == 0) continue;
        if (expected && entries[*expected].priority >= entries[i].priority) continue;
        bool all = true;
        for (const Expr g : entries[i].guards) all = all && w.truth(g, r);
        if (all) expected = i;
      }
      std::vector<int> asked(width + 1);
      const auto read = [&](size_t field) {
        ++asked[field];
        return r[field];
      };
      for (const Hit<size_t>& hit : {cache.lookup(r), reader.lookup(r), reader.lookup(r),
                                     reader.lookup_lazily(read)}) {
        ASSERT_EQ(hit ? std::optional(*hit) : std::nullopt, expected) << "seed " << seed;
        ++lookups;
      }
      ASSERT_LE(*std::ranges::max_element(asked), 1);
    }
  }
  soak_report("GuardCache", seeds, {{"look-ups", lookups}, {"failures", 0}});
}

// The index alone: the portable look-up and that of this machine give one answer.
TEST(GuardCache, KernelsAgreeFuzz) {
  const Seeds seeds = soak_seeds(30, 10'000);
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    World w(seed % 2 == 0 ? 64 : 90, 1, seed + 1000);
    const size_t width = w.schema().size();
    std::vector<uint8_t> ordered(width, 1);
    ordered.back() = 0;
    internal::IndexBuilder builder(width, ordered);
    std::vector<std::unique_ptr<internal::EntryBase>> owned;
    std::vector<internal::EntryBase*> entries;
    std::vector<std::vector<Word>> points;
    const int64_t count = seed % 3 == 0 ? 700 : 1 + w.below(40);
    for (int64_t i = 0; i < count; ++i) {
      points.push_back(points.empty() || w.below(4) == 0
                           ? w.row()
                           : points[static_cast<size_t>(w.below(std::ssize(points)))]);
      Guards g;
      for (int64_t k = 2 + w.below(14); k > 0; --k) {
        g.conditions.push_back(w.guard(1, &points.back()));
      }
      if (i % 4 == 0) {
        g.conditions.clear();
        for (size_t f = 0; f < 5; ++f) {
          g.conditions.push_back(
              eq(*w.pool().find_symbol("s" + std::to_string(f)),
                 w.pool().constant(static_cast<int64_t>(points.back()[f]))));
        }
        points.back()[9] = to_word(w.value());
      }
      const auto program = GuardProgram::compile(w.schema(), g);
      ASSERT_TRUE(program.ok());
      owned.push_back(std::make_unique<internal::EntryBase>(program->impl(), width));
      owned.back()->pinned = internal::pinned_fields(owned.back()->lanes);
      builder.statistics.add(*owned.back());
      entries.push_back(owned.back().get());
    }
    const auto index = builder.rebuild(entries);
    for (int n = 0; n < 400; ++n) {
      std::vector<Word> r =
          n % 7 == 0 ? w.row() : points[static_cast<size_t>(w.below(std::ssize(points)))];
      if (n % 3 == 0) {
        r[static_cast<size_t>(w.below(std::ssize(r)))] = to_word(w.value());
      }
      const internal::EntryBase* linear = nullptr;
      for (const auto* e : entries) {
        if (linear == nullptr && e->lanes.check_slowly(r.data())) linear = e;
      }
      ASSERT_EQ(internal::find_portable(*index, r.data(), nullptr), linear) << seed;
      if (internal::has_avx512()) {
        ASSERT_EQ(internal::find_avx512(*index, r.data(), nullptr), linear) << seed;
        ASSERT_EQ(internal::choose_find(*index)(*index, r.data(), nullptr), linear)
            << seed;
      }
    }
  }
}

// Readers beside a writer that inserts, erases and evicts: each answer is an entry that
// holds, and its value is alive.
TEST(GuardCache, ReadersBesideAWriterFuzz) {
  {
    Sizes s;
    GuardCache<Poisoned> cache(s.schema, {.capacity = 100, .counts = true});
    std::vector<GuardProgram> programs;
    for (int i = 0; i < 200; ++i) {
      programs.push_back(s.program(("(eq x " + std::to_string(i) + ")").c_str()));
    }
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> found{0}, wrong{0};
    std::vector<std::thread> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&, t] {
        GuardCache<Poisoned>::Reader reader(cache);
        Hit<Poisoned> kept;
        uint64_t mine = 0;
        for (int64_t i = 0; !stop; ++i) {
          const std::vector<Word> r = row((i * 7 + t) % 200, 0);
          Hit<Poisoned> hit = t == 0 ? cache.lookup(r) : reader.lookup(r);
          if (kept && !kept->intact()) ++wrong;
          if (!hit) continue;
          ++mine;
          if (!hit->intact() || hit->value != static_cast<int>(r[0])) ++wrong;
          if (i % 3 == 0) kept = std::move(hit);
        }
        found += mine;
      });
    }
    std::vector<EntryId> ids;
    const auto writes = static_cast<int>(soak_seeds(2'000, 1'000'000).count());
    for (int i = 0; i < writes; ++i) {
      const auto id =
          cache.insert(programs[static_cast<size_t>(i % 200)], Poisoned(i % 200));
      ASSERT_TRUE(id.ok());
      ids.push_back(*id);
      if (i % 3 == 0) cache.erase(ids[static_cast<size_t>(i / 2)]);
    }
    while (found == 0 && wrong == 0 && ids.empty()) std::this_thread::yield();
    stop = true;
    for (std::thread& t : readers) t.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(cache.collect(), 0u);
    EXPECT_EQ(static_cast<size_t>(Poisoned::alive), cache.statistics().entries);
  }
  EXPECT_EQ(Poisoned::alive, 0);
}

}  // namespace
}  // namespace congrua::cache
