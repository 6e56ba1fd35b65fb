// Guard programs and small caches beside what hosts do today, in one run: a scan of
// lambdas, a hash of exact sizes. The sizes are those of 32 tensors of rank 2.
//
//   build/release/bin/congrua_cache_bench --benchmark_repetitions=9
//
// Larger sets: congrua_workloads w4 (docs/guard_cache.md).
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/cache.h"

namespace congrua::cache {
namespace {

constexpr size_t kFields = 64;
constexpr size_t kRows = 1024;

struct Data {
  ExprPool pool;
  std::vector<Expr> symbols;
  Schema schema;
  std::vector<std::vector<Expr>> guards;
  std::vector<std::vector<std::function<bool(const Word*)>>> lambdas;
  std::vector<std::vector<Word>> points;
  std::vector<Word> rows;  // kRows of kFields

  explicit Data(size_t entries) {
    std::vector<Field> fields;
    for (size_t i = 0; i < kFields; ++i) {
      fields.push_back({"d" + std::to_string(i)});
      symbols.push_back(pool.symbol(fields.back().name));
    }
    schema = *Schema::make(fields);
    std::minstd_rand generator(1);
    const auto random = [&] { return static_cast<uint32_t>(generator()); };
    static constexpr int64_t kSizes[] = {1, 2, 3, 7, 8, 16, 32, 64, 128, 224, 512, 1024};
    const auto size = [&] { return kSizes[random() % std::size(kSizes)]; };
    for (size_t n = 0; n < entries; ++n) {
      std::vector<Word> point;
      for (size_t i = 0; i < kFields; ++i) point.push_back(to_word(size()));
      guards.emplace_back();
      lambdas.emplace_back();
      for (int g = 0; g < 10; ++g) add_guard(point, random());
      points.push_back(std::move(point));
    }
    for (size_t r = 0; r < kRows; ++r) {
      const auto& p = points[random() % points.size()];
      rows.insert(rows.end(), p.begin(), p.end());
    }
  }

  void add_guard(const std::vector<Word>& point, uint32_t seed) {
    const size_t i = seed % kFields;
    const size_t j = seed / kFields % kFields;
    const auto v = static_cast<int64_t>(point[i]);
    const auto w = static_cast<int64_t>(point[j]);
    const auto at = [](const Word* row, size_t k) {
      return static_cast<int64_t>(row[k]);
    };
    auto& g = guards.back();
    auto& l = lambdas.back();
    switch (seed >> 20 & 3) {
      case 0:
      case 1:
        g.push_back(eq(symbols[i], pool.constant(v)));
        l.emplace_back([=](const Word* row) { return at(row, i) == v; });
        return;
      case 2:
        g.push_back(le(symbols[i], pool.constant(2 * v)));
        l.emplace_back([=](const Word* row) { return at(row, i) <= 2 * v; });
        return;
      default:
        g.push_back(le(symbols[i] * symbols[j], pool.constant(2 * v * w)));
        l.emplace_back(
            [=](const Word* row) { return at(row, i) * at(row, j) <= 2 * v * w; });
    }
  }
};

Data& data(size_t entries) {
  static absl::flat_hash_map<size_t, std::unique_ptr<Data>> all;
  auto& d = all[entries];
  if (d == nullptr) d = std::make_unique<Data>(entries);
  return *d;
}

template <typename F>
void run(benchmark::State& state, const Data& d, F&& find) {
  size_t r = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(find(d.rows.data() + r * kFields));
    r = (r + 1) % kRows;
  }
}

void read_row(benchmark::State& state) {
  run(state, data(1), [](const Word* row) {
    Word sum = 0;
    for (size_t i = 0; i < kFields; ++i) sum += row[i];
    return sum;
  });
}
BENCHMARK(read_row);

void program_check(benchmark::State& state) {
  const Data& d = data(1);
  const GuardProgram p = *GuardProgram::compile(d.schema, {.conditions = d.guards[0]});
  run(state, d, [&](const Word* row) { return p.check({row, kFields}); });
}
BENCHMARK(program_check);

void program_compile(benchmark::State& state) {
  const Data& d = data(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        GuardProgram::compile(d.schema, {.conditions = d.guards[0]}));
  }
}
BENCHMARK(program_compile);

void lambdas(benchmark::State& state) {
  const Data& d = data(static_cast<size_t>(state.range(0)));
  run(state, d, [&](const Word* row) {
    for (size_t n = 0; n < d.lambdas.size(); ++n) {
      bool all = true;
      for (const auto& l : d.lambdas[n]) {
        if (!l(row)) {
          all = false;
          break;
        }
      }
      if (all) return n;
    }
    return d.lambdas.size();
  });
}
BENCHMARK(lambdas)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

void sizes_hashed(benchmark::State& state) {
  const Data& d = data(static_cast<size_t>(state.range(0)));
  absl::flat_hash_map<std::vector<Word>, size_t> map;
  for (const auto& p : d.points) map.emplace(p, map.size());
  run(state, d, [&](const Word* row) {
    return map.find(std::vector<Word>(row, row + kFields)) != map.end();
  });
}
BENCHMARK(sizes_hashed)->Arg(1)->Arg(10)->Arg(100)->Arg(1000);

// An entry for each point, as one write.
void fill(GuardCache<size_t>& cache, const Data& d) {
  std::vector<GuardCache<size_t>::Entry> batch;
  for (size_t n = 0; n < d.guards.size(); ++n) {
    batch.push_back({*GuardProgram::compile(d.schema, {.conditions = d.guards[n]}), n});
  }
  (void)*cache.insert_batch(std::move(batch));
}

template <bool kReader>
void cache_lookup(benchmark::State& state) {
  const Data& d = data(static_cast<size_t>(state.range(0)));
  GuardCache<size_t> cache(d.schema);
  fill(cache, d);
  GuardCache<size_t>::Reader reader(cache);
  run(state, d, [&](const Word* row) {
    const Hit<size_t> hit =
        kReader ? reader.lookup({row, kFields}) : cache.lookup({row, kFields});
    return hit ? *hit : d.guards.size();
  });
}
BENCHMARK(cache_lookup<true>)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000);
BENCHMARK(cache_lookup<false>)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Arg(10000);

// A reader beside a writer that inserts and erases one entry in turn, so many changes a
// second (kAlways: without a pause). Nanoseconds of single look-ups, each with the clock
// that times it: clock_alone says what that takes. kMemory is the control: a thread that
// allocates, copies and frees a version as often as kAlways makes one, computes for the
// rest of the time, and leaves the cache alone; what a reader loses beside it is the
// machine's.
constexpr int64_t kAlways = -1, kMemory = -2;

class Percentiles {
 public:
  void add(std::chrono::steady_clock::duration d) {
    const auto ns = static_cast<size_t>(std::chrono::nanoseconds(d).count());
    ++counts_[std::min(ns, counts_.size() - 1)];
    ++total_;
  }
  void report(benchmark::State& state) const {
    state.counters["p50"] = at(0.5);
    state.counters["p90"] = at(0.9);
    state.counters["p99"] = at(0.99);
    state.counters["p99.9"] = at(0.999);
  }

 private:
  double at(double share) const {
    size_t seen = 0;
    for (size_t ns = 0; ns < counts_.size(); ++ns) {
      seen += counts_[ns];
      if (static_cast<double>(seen) >= share * static_cast<double>(total_)) {
        return static_cast<double>(ns);
      }
    }
    return 0;
  }
  std::vector<size_t> counts_ = std::vector<size_t>(1 << 16);  // by nanoseconds
  size_t total_ = 0;
};

void beside_writer(benchmark::State& state) {
  const Data& d = data(static_cast<size_t>(state.range(0)));
  const int64_t rate = state.range(1);
  GuardCache<size_t> cache(d.schema);
  fill(cache, d);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> changes{0};
  std::thread writer([&] {
    using Clock = std::chrono::steady_clock;
    const GuardProgram p = *GuardProgram::compile(d.schema, {.conditions = d.guards[0]});
    std::optional<EntryId> extra;
    Clock::time_point next = Clock::now();
    if (rate == kMemory) {
      Clock::duration change = Clock::duration::max();
      for (int i = 0; i < 50; ++i) {
        next = Clock::now();
        cache.erase(*cache.insert(p, 0));
        change = std::min(change, (Clock::now() - next) / 2);
      }
      const std::vector<unsigned char> version(cache.statistics().index_bytes);
      std::deque<std::vector<unsigned char>> kept;  // as many as wait for readers
      while (!stop.load(std::memory_order_relaxed)) {
        next = Clock::now() + change;
        kept.push_back(version);
        benchmark::DoNotOptimize(kept.back().data());
        if (kept.size() == 64 || kept.size() * version.size() > (size_t{1} << 20)) {
          kept.clear();
        }
        changes.fetch_add(1, std::memory_order_relaxed);
        while (Clock::now() < next) {
        }
      }
      return;
    }
    while (rate != 0 && !stop.load(std::memory_order_relaxed)) {
      if (extra) {
        cache.erase(*std::exchange(extra, std::nullopt));
      } else {
        extra = *cache.insert(p, d.guards.size());
      }
      changes.fetch_add(1, std::memory_order_relaxed);
      if (rate != kAlways) {
        next += std::chrono::nanoseconds(1'000'000'000 / rate);
        std::this_thread::sleep_until(next);
      }
    }
  });
  {
    GuardCache<size_t>::Reader reader(cache);
    Percentiles ns;
    size_t r = 0;
    auto last = std::chrono::steady_clock::now();
    for (auto _ : state) {
      const Hit<size_t> hit = reader.lookup({d.rows.data() + r * kFields, kFields});
      benchmark::DoNotOptimize(hit ? *hit : 0);
      r = (r + 1) % kRows;
      const auto now = std::chrono::steady_clock::now();
      ns.add(now - last);
      last = now;
    }
    ns.report(state);
  }
  stop = true;
  writer.join();
  state.counters["changes_per_s"] =
      benchmark::Counter(static_cast<double>(changes), benchmark::Counter::kIsRate);
}
void clock_alone(benchmark::State& state) {
  Percentiles ns;
  auto last = std::chrono::steady_clock::now();
  for (auto _ : state) {
    const auto now = std::chrono::steady_clock::now();
    ns.add(now - last);
    last = now;
  }
  ns.report(state);
}
BENCHMARK(clock_alone);
BENCHMARK(beside_writer)
    ->ArgNames({"entries", "rate"})
    ->ArgsProduct({{10, 1000, 10000}, {0, 1000, kAlways, kMemory}})
    ->UseRealTime();

// A warm start: from a file to a cache that answers.
void load_file(benchmark::State& state) {
  const Data& d = data(static_cast<size_t>(state.range(0)));
  GuardCache<size_t> cache(d.schema);
  fill(cache, d);
  std::string path = (std::filesystem::temp_directory_path() / "congrua_XXXXXX").string();
  const int file = mkstemp(path.data());
  if (file < 0 || close(file) != 0) return state.SkipWithError("no temporary file");
  (void)*cache.save(path, [](size_t n) { return std::to_string(n); });
  for (auto _ : state) {
    GuardCache<size_t> again(d.schema);
    (void)*again.load(path, [](const std::string& s) { return size_t{std::stoul(s)}; });
    const Hit<size_t> hit = again.lookup({d.rows.data(), kFields});
    benchmark::DoNotOptimize(hit ? *hit : 0);
  }
  std::filesystem::remove(path);
}
BENCHMARK(load_file)->Arg(100)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

// Calls of 32 tensors of rank 2 with sizes, dtype, device and rank, read in place
// (kInPlace) or as rows of 160 fields that are there. Entries test all tags of all
// tensors and the sizes that Data's guards test.
struct TensorCalls {
  static constexpr size_t kTensors = kFields / 2, kPerTensor = 5;
  Schema schema;
  TensorLayout layout;
  GuardCache<size_t> cache;
  std::vector<Word> rows;
  std::vector<internal::TensorLike> tensors;
  std::vector<const internal::TensorLike*> calls;
  std::vector<int64_t> shapes;

  static Schema make_schema() {
    std::vector<Field> fields;
    for (size_t t = 0; t < kTensors; ++t) {
      fields.push_back({"d" + std::to_string(2 * t)});
      fields.push_back({"d" + std::to_string(2 * t + 1)});
      for (const char* tag : {"rank", "dtype", "device"}) {
        fields.push_back({tag + std::to_string(t), FieldKind::kTag});
      }
    }
    return *Schema::make(std::move(fields));
  }
  static TensorLayout make_layout(const Schema& schema) {
    std::vector<TensorField> fields;
    for (size_t t = 0; t < kTensors; ++t) {
      fields.push_back({t, TensorPart::kSize, 0});
      fields.push_back({t, TensorPart::kSize, 1});
      fields.push_back({t, TensorPart::kRank});
      fields.push_back({t, TensorPart::kDtype});
      fields.push_back({t, TensorPart::kDevice});
    }
    return *TensorLayout::make(schema, fields);
  }

  explicit TensorCalls(const Data& d)
      : schema(make_schema()), layout(make_layout(schema)), cache(schema) {
    std::vector<GuardCache<size_t>::Entry> batch;
    for (size_t n = 0; n < d.guards.size(); ++n) {
      Guards g{.conditions = d.guards[n]};
      for (size_t t = 0; t < kTensors; ++t) {
        g.tags.push_back({kPerTensor * t + 2, {2}});
        g.tags.push_back({kPerTensor * t + 3, {dtype_tag(2, 16)}});
        g.tags.push_back({kPerTensor * t + 4, {device_tag(2)}});
      }
      batch.push_back({*GuardProgram::compile(schema, g), n});
    }
    (void)*cache.insert_batch(std::move(batch));
    shapes.reserve(kRows * kFields);
    tensors.reserve(kRows * kTensors);
    for (size_t i = 0; i < kRows * kFields; ++i) {
      shapes.push_back(static_cast<int64_t>(d.rows[i]));
    }
    for (size_t i = 0; i < kRows * kTensors; ++i) {
      tensors.push_back({nullptr, {2, 0}, 2, {2, 16, 1}, &shapes[2 * i], nullptr, 0});
      calls.push_back(&tensors.back());
    }
    rows.resize(kRows * schema.size() + 1);
    for (size_t r = 0; r < kRows; ++r) {
      layout.fill(calls.data() + r * kTensors, {}, rows.data() + r * schema.size());
    }
  }
};

template <bool kInPlace>
void tensors(benchmark::State& state) {
  const Data& d = data(static_cast<size_t>(state.range(0)));
  TensorCalls t(d);
  GuardCache<size_t>::Reader reader(t.cache);
  const size_t width = t.schema.size();
  size_t r = 0;
  for (auto _ : state) {
    const Hit<size_t> hit =
        kInPlace ? reader.lookup(t.layout, t.calls.data() + r * TensorCalls::kTensors)
                 : reader.lookup({t.rows.data() + r * width, width});
    benchmark::DoNotOptimize(hit ? *hit : d.guards.size());
    r = (r + 1) % kRows;
  }
}
// Of these nanoseconds the part that makes the row.
void tensors_filled(benchmark::State& state) {
  const TensorCalls t(data(1));
  std::vector<Word> row(t.schema.size() + 1);
  size_t r = 0;
  for (auto _ : state) {
    t.layout.fill(t.calls.data() + r * TensorCalls::kTensors, {}, row.data());
    benchmark::DoNotOptimize(row.data());
    benchmark::ClobberMemory();
    r = (r + 1) % kRows;
  }
}
BENCHMARK(tensors_filled);
BENCHMARK(tensors<false>)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(tensors<true>)->Arg(1)->Arg(10)->Arg(100);

}  // namespace
}  // namespace congrua::cache
