// congrua cache bench: what a cache file costs on this machine.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cache/cache_file.h"
#include "cache/lanes.h"
#include "cli/cache.h"
#include "cli/cache_call.h"

namespace congrua::cli {
namespace {

using cache::Word;
using cache::internal::CacheFile;
using Clock = std::chrono::steady_clock;
using Rows = std::vector<std::vector<Word>>;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds of the fastest of several calls of f, which take `limit` together. The fastest:
// what else the machine does only adds to a time.
template <typename F>
double best_of(double limit, F&& f) {
  double best = std::numeric_limits<double>::infinity();
  const auto start = Clock::now();
  do {
    const auto from = Clock::now();
    f();
    best = std::min(best, seconds_since(from));
  } while (seconds_since(start) < limit);
  return best;
}

// Calls that entries ask for: the lower end of each interval, and equal fields alike. An
// entry that asks for more than that misses its own call; every second call is wild.
Rows suggested_rows(const CacheFile& file) {
  constexpr size_t kMost = 1000;
  constexpr Word kFree = 8;  // of fields that nothing is said of
  Rows rows;
  std::minstd_rand random(1);
  const size_t step = (file.entries.size() + kMost - 1) / kMost;
  for (size_t i = 0; i < file.entries.size(); i += step) {
    const auto program = cache::internal::program_of(file.schema, file.entries[i]);
    const cache::internal::Lanes lanes(*program, file.schema.size());
    std::vector<Word> row(file.schema.size(), kFree);
    lanes.for_each_order([&](uint16_t x, uint16_t y, bool equal) {
      if (equal) row[y] = row[x];
    });
    lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
      row[field] = static_cast<Word>(lo != INT64_MIN ? lo : hi);
    });
    rows.push_back(row);
    for (Word& w : row) w = random() % 4096 + 1;
    rows.push_back(std::move(row));
  }
  return rows;
}

// Nanoseconds of a look-up, each waiting for the answer of the one before it, as a host
// that launches what it found.
template <typename F>
double look_up_ns(double limit, const Rows& rows, size_t width, F&& find) {
  std::vector<Word> all;  // in one block, as a host keeps them
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  constexpr size_t kLeast =
      256;  // look-ups of a pass: reading the clock costs some 30 ns
  const size_t times = (kLeast + rows.size() - 1) / rows.size();
  size_t depends = 0;
  const double s = best_of(limit, [&] {
    for (size_t k = 0; k < times; ++k) {
      for (size_t i = 0; i < rows.size(); ++i) {
        const bool found = find(all.data() + i * width + depends);
        __asm__ volatile("" : "+r"(depends) : "r"(found));
      }
    }
  });
  return s * 1e9 / static_cast<double>(times * rows.size());
}

}  // namespace

int run_cache_bench(const CacheBenchOptions& options, std::FILE* out, std::FILE* err) {
  if (!(options.seconds > 0)) return complain(err, "--seconds must be above 0");
  const auto file = cache::internal::read_cache_file(options.file);
  if (!file.ok()) return complain(err, std::string(file.status().message()));
  if (file->entries.empty()) {
    return complain(err, fmt::format("{}: it has no entries", options.file));
  }
  const cache::Schema& schema = file->schema;
  Rows rows;
  if (options.log.empty()) {
    rows = suggested_rows(*file);
  } else {
    auto read = read_calls(schema, options.log);
    if (!read.ok()) return complain(err, std::string(read.status().message()));
    if (read->empty()) return complain(err, fmt::format("{}: no calls", options.log));
    rows = *std::move(read);
  }

  // The programs of entries whose cost is a term are inserted without it: look-ups are of
  // the first that holds.
  const auto name = [](std::string s) { return s; };
  std::unique_ptr<NamedCache> cache;
  absl::Status failed;
  const double load = best_of(options.seconds, [&] {
    cache = std::make_unique<NamedCache>(schema);
    const auto ids = cache->load(options.file, name);
    if (!ids.ok()) failed = ids.status();
    (void)cache->lookup(rows[0]);
  });
  if (!failed.ok()) return complain(err, std::string(failed.message()));
  std::vector<std::shared_ptr<const cache::internal::Program>> programs;
  for (const auto& e : file->entries) {
    programs.push_back(cache::internal::program_of(schema, e));
  }
  const auto insertion = [&](size_t i) {
    cache::internal::Insertion one{
        programs[i],
        schema.hash(),
        std::make_unique<cache::internal::Value<std::string>>(file->entries[i].value),
        {.priority = file->entries[i].priority}};
    return one;
  };
  double batch = std::numeric_limits<double>::infinity();
  double single = batch;
  size_t bytes = 0;
  const auto start = Clock::now();
  do {
    cache::internal::Store store(schema, {});
    std::vector<cache::internal::Insertion> all;
    for (size_t i = 0; i < programs.size(); ++i) all.push_back(insertion(i));
    auto from = Clock::now();
    (void)store.insert(std::move(all));
    batch = std::min(batch, seconds_since(from));
    const cache::CacheStatistics s = store.statistics();
    bytes = s.index_bytes + s.entry_bytes;
    // A second version of the entry behind all others.
    std::vector<cache::internal::Insertion> one;
    one.push_back(insertion(programs.size() - 1));
    from = Clock::now();
    (void)store.insert(std::move(one));
    single = std::min(single, seconds_since(from));
  } while (seconds_since(start) < options.seconds);

  Rows hits, misses;
  for (const auto& row : rows) (cache->lookup(row) ? hits : misses).push_back(row);
  NamedCache::Reader reader(*cache);
  const size_t width = schema.size();
  fmt::print(out, "{} entries over {} fields, {} calls\n", programs.size(), width,
             rows.size());
  const auto look_ups = [&](const char* what, const Rows& of, auto&& find) {
    if (of.empty()) return fmt::print(out, "{:<28}{:>12}\n", what, "-");
    fmt::print(out, "{:<28}{:>12.1f} ns\n", what,
               look_up_ns(options.seconds, of, width, find));
  };
  const auto find = [&](const Word* row) { return bool(cache->lookup({row, width})); };
  look_ups("look-up that hits", hits, find);
  look_ups("look-up that misses", misses, find);
  look_ups("row seen before, by a reader", {rows[0]}, [&](const Word* row) {
    return bool(reader.lookup({row, width}));
  });
  const double n = static_cast<double>(programs.size());
  fmt::print(out, "{:<28}{:>12.2f} us an entry\n", "insertion in a batch",
             batch * 1e6 / n);
  fmt::print(out, "{:<28}{:>12.2f} us\n", "insertion of one", single * 1e6);
  fmt::print(out, "{:<28}{:>12.3f} ms\n", "load", load * 1e3);
  fmt::print(out, "{:<28}{:>12.0f}\n", "bytes an entry", static_cast<double>(bytes) / n);
  return 0;
}

}  // namespace congrua::cli
