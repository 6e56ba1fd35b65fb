// W4, dispatch: which entry of a guard cache is the first that holds? One line for each
// method: ns is the mean over all queries in the best of REPS passes, each look-up
// waiting for the answer of the one before; hit_ns, miss_ns and worst_ns (one query, best
// pass) are apart. build_s: from guards as terms to a cache that answers; insert_us: for
// each entry the insertion of its program in a batch. wrong counts answers that differ
// from the file's.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "bench/workloads_formula.h"
#include "congrua/cache.h"

namespace congrua::bench {

namespace {

using cache::Word;

struct Query {
  int64_t expected;
  std::vector<Word> row;
};

struct Set {
  Symbols symbols;
  std::vector<std::vector<Formula>> entries;
  std::vector<std::vector<Word>> points;
  std::vector<Query> queries;
};

std::vector<Word> words(const std::vector<Sx>& items, size_t from) {
  std::vector<Word> row;
  for (size_t i = from; i < items.size(); ++i) {
    row.push_back(cache::to_word(*finite(items[i].text)));
  }
  return row;
}

Set read_set(std::string_view text, std::vector<std::string>& names) {
  Set set;
  for (const Sx& record : read_sx(text)) {
    const auto& items = record.items;
    if (items[0].text == "dims") {
      const int64_t dims = *finite(items[1].text);
      for (int64_t i = 0; i < dims; ++i) names.push_back("d" + std::to_string(i));
      for (const std::string& n : names) set.symbols.names.push_back(n);
      set.symbols.ranges.resize(names.size());
    } else if (items[0].text == "entry") {
      set.points.push_back(words(record.get("point")->items, 1));
      set.entries.emplace_back();
      const auto& guards = record.get("guards")->items;
      for (size_t i = 1; i < guards.size(); ++i) {
        set.entries.back().emplace_back(guards[i], set.symbols);
      }
    } else {
      set.queries.push_back({*finite(items[1].text), words(items, 2)});
    }
  }
  return set;
}

struct Timing {
  double ns = 0, hit_ns = 0, miss_ns = 0, worst_ns = 0;
  size_t wrong = 0;
};

// find(row) gives the index of the first match, -1: none.
template <typename F>
Timing measure(const Set& set, int reps, F&& find) {
  Timing t;
  std::vector<size_t> hits, misses;
  for (size_t i = 0; i < set.queries.size(); ++i) {
    const Query& q = set.queries[i];
    if (find(q.row.data()) != q.expected) ++t.wrong;
    (q.expected < 0 ? misses : hits).push_back(i);
  }
  // All rows in one block, as a host keeps them: the answer moves the next address by 0.
  const size_t width = set.symbols.names.size();
  std::vector<Word> rows;
  for (const Query& q : set.queries) rows.insert(rows.end(), q.row.begin(), q.row.end());
  const auto pass = [&](const std::vector<size_t>& which) {
    double best = 1e300;
    int64_t depends = 0;
    for (int r = 0; r < reps && !which.empty(); ++r) {
      const double start = now_seconds();
      for (const size_t i : which) {
        const int64_t found = find(rows.data() + i * width + depends);
        depends = found >> 62 & 0;
        __asm__ volatile("" : "+r"(depends) : "r"(found));
      }
      best = std::min(best, now_seconds() - start);
    }
    return which.empty() ? 0 : best * 1e9 / static_cast<double>(which.size());
  };
  std::vector<size_t> all(set.queries.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  t.ns = pass(all);
  t.hit_ns = pass(hits);
  t.miss_ns = pass(misses);
  for (const size_t i : hits) {
    t.worst_ns = std::max(t.worst_ns, pass(std::vector<size_t>(16, i)));
  }
  return t;
}

void print(const char* method, const Set& set, const Timing& t, double build_s,
           double insert_us, size_t bytes) {
  std::printf(
      "{\"method\":\"%s\",\"n\":%zu,\"ns\":%.1f,\"wrong\":%zu,\"queries\":%zu,"
      "\"build_s\":%.6f,\"bytes\":%zu,\"hit_ns\":%.1f,\"miss_ns\":%.1f,"
      "\"worst_ns\":%.1f,\"insert_us\":%.2f}\n",
      method, set.entries.size(), t.ns, t.wrong, set.queries.size(), build_s, bytes,
      t.hit_ns, t.miss_ns, t.worst_ns, insert_us);
  std::fflush(stdout);
}

struct RowHash {
  size_t width;
  size_t operator()(const Word* row) const {
    return absl::Hash<absl::Span<const Word>>()(absl::MakeConstSpan(row, width));
  }
};
struct RowEqual {
  size_t width;
  bool operator()(const Word* a, const Word* b) const {
    return std::equal(a, a + width, b);
  }
};
using RowMap = absl::flat_hash_map<const Word*, int64_t, RowHash, RowEqual>;

void run_exact(const Set& set, int reps, const cache::Schema& schema);

}  // namespace

int run_w4(const std::string& path, int reps) {
  const std::string text = read_file(path);
  std::vector<std::string> names;
  const Set set = read_set(text, names);
  std::vector<cache::Field> fields;
  for (const std::string& n : names) fields.push_back({n});
  const cache::Schema schema = *cache::Schema::make(fields);
  const size_t width = names.size();

  ExprPool pool;
  const std::vector<Expr> symbols = set.symbols.build(pool);
  std::vector<Expr> stack;
  std::vector<std::vector<Expr>> guards;
  for (const auto& entry : set.entries) {
    guards.emplace_back();
    for (const Formula& f : entry) {
      guards.back().push_back(f.build(pool, symbols, stack));
    }
  }

  const Timing read = measure(set, reps, [&](const Word* row) -> int64_t {
    Word sum = 0;
    for (size_t i = 0; i < width; ++i) sum += row[i];
    __asm__ volatile("" ::"r"(sum));
    return -1;
  });
  print("read", set, read, 0, 0, 0);

  double start = now_seconds();
  std::vector<cache::GuardProgram> programs;
  for (const auto& g : guards) {
    programs.push_back(*cache::GuardProgram::compile(schema, {.conditions = g}));
  }
  const double compiled = now_seconds() - start;
  using Cache = cache::GuardCache<int64_t>;
  double best_insert = 1e300;
  std::optional<Cache> cache;
  for (int r = 0; r < 3; ++r) {
    std::vector<Cache::Entry> batch;
    for (size_t i = 0; i < programs.size(); ++i) {
      batch.push_back({programs[i], static_cast<int64_t>(i)});
    }
    cache.reset();
    cache.emplace(schema);
    start = now_seconds();
    (void)*cache->insert_batch(std::move(batch));
    best_insert = std::min(best_insert, now_seconds() - start);
  }
  const double n = static_cast<double>(std::max<size_t>(programs.size(), 1));
  const cache::CacheStatistics s = cache->statistics();
  {
    Cache::Reader reader(*cache);
    const Timing t = measure(set, reps, [&](const Word* row) {
      const cache::Hit<int64_t> hit = reader.lookup({row, width});
      return hit ? *hit : -1;
    });
    // The same row again and again.
    Set one;
    one.symbols = set.symbols;
    one.entries = set.entries;
    one.queries.assign(64, set.queries.back());
    const Timing again = measure(one, reps, [&](const Word* row) {
      const cache::Hit<int64_t> hit = reader.lookup({row, width});
      return hit ? *hit : -1;
    });
    print("congrua reader, one row", one, again, 0, 0, 0);
    print("congrua reader", set, t, compiled + best_insert, best_insert * 1e6 / n,
          s.index_bytes + s.entry_bytes);
  }
  const Timing shared = measure(set, reps, [&](const Word* row) {
    const cache::Hit<int64_t> hit = cache->lookup({row, width});
    return hit ? *hit : -1;
  });
  print("congrua", set, shared, compiled + best_insert, best_insert * 1e6 / n,
        s.index_bytes + s.entry_bytes);

  const std::string file = path + ".cache";
  double save_s = 1e300;
  double load_s = 1e300;
  for (int r = 0; r < 5; ++r) {
    start = now_seconds();
    (void)*cache->save(file, [](int64_t v) { return std::to_string(v); });
    save_s = std::min(save_s, now_seconds() - start);
    Cache again(schema);
    start = now_seconds();
    (void)*again.load(file, [](const std::string& v) { return std::stoll(v); });
    load_s = std::min(load_s, now_seconds() - start);
  }
  std::printf("{\"save_ms\":%.2f,\"load_ms\":%.2f}\n", save_s * 1e3, load_s * 1e3);
  std::remove(file.c_str());

  double single = 1e300;
  for (int r = 0; r < 20; ++r) {
    start = now_seconds();
    const auto id = cache->insert(programs.back(), -2);
    single = std::min(single, now_seconds() - start);
    cache->erase(*id);
  }
  std::printf("{\"single_insert_us\":%.2f,\"compile_us\":%.2f}\n", single * 1e6,
              compiled * 1e6 / n);

  if (set.entries.size() <= 10'000) {
    const int few = set.entries.size() >= 1000 ? std::min(reps, 3) : reps;
    size_t bytes = 0;
    for (const auto& p : programs) bytes += p.bytes();
    const Timing t = measure(set, few, [&](const Word* row) -> int64_t {
      for (size_t i = 0; i < programs.size(); ++i) {
        if (programs[i].check({row, width})) return static_cast<int64_t>(i);
      }
      return -1;
    });
    print("linear programs", set, t, compiled, 0, bytes);
  }
  run_exact(set, reps, schema);
  return 0;
}

namespace {

// The same points as entries of exact sizes, looked up by the points themselves.
void run_exact(const Set& set, int reps, const cache::Schema& schema) {
  const size_t width = schema.size();
  RowMap map(0, RowHash{width}, RowEqual{width});
  ExprPool pool;
  std::vector<cache::GuardCache<int64_t>::Entry> batch;
  Set exact;
  exact.symbols = set.symbols;
  exact.entries = set.entries;
  const std::vector<Expr> symbols = set.symbols.build(pool);
  for (size_t i = 0; i < set.points.size(); ++i) {
    if (!map.emplace(set.points[i].data(), static_cast<int64_t>(i)).second) continue;
    cache::Guards g;
    for (size_t j = 0; j < width; ++j) {
      g.conditions.push_back(
          eq(symbols[j], pool.constant(static_cast<int64_t>(set.points[i][j]))));
    }
    batch.push_back({*cache::GuardProgram::compile(schema, g), static_cast<int64_t>(i)});
  }
  for (size_t i = 0; i < 1000; ++i) {
    const auto& row = set.points[i * 7919 % set.points.size()];
    exact.queries.push_back({map.find(row.data())->second, row});
  }
  cache::GuardCache<int64_t> cache(schema);
  (void)*cache.insert_batch(std::move(batch));
  cache::GuardCache<int64_t>::Reader reader(cache);
  const cache::CacheStatistics s = cache.statistics();
  const Timing hashed = measure(exact, reps, [&](const Word* row) {
    const auto at = map.find(row);
    return at == map.end() ? -1 : at->second;
  });
  print("exact: absl::flat_hash_map", exact, hashed, 0, 0, 0);
  const Timing t = measure(exact, reps, [&](const Word* row) {
    const cache::Hit<int64_t> hit = reader.lookup({row, width});
    return hit ? *hit : -1;
  });
  print("exact: congrua reader", exact, t, 0, 0, s.index_bytes + s.entry_bytes);
}

}  // namespace

}  // namespace congrua::bench
