// What a store is made of, for its three parts: lookup.cc reads, store.cc writes,
// reports.cc tells, counts, saves and loads.
#ifndef CONGRUA_CACHE_STORE_IMPL_H_
#define CONGRUA_CACHE_STORE_IMPL_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "cache/cache_file.h"
#include "cache/cost.h"
#include "cache/explain.h"
#include "cache/index_builder.h"
#include "cache/membarrier.h"
#include "cache/store.h"

namespace congrua::cache::internal {

inline constexpr size_t kSharedLines = 64;  // for look-ups without a reader

// When a write frees what was replaced: this long after the last time, or where so much
// waits for it.
inline constexpr std::chrono::milliseconds kReclaimEvery{1};
inline constexpr size_t kMostRetired = 64;
inline constexpr size_t kMostRetiredBytes = size_t{1} << 20;

// What keeps the lanes of an entry, and has its program until that is asked for.
struct FromFile {
  std::shared_ptr<const uint64_t[]> image;
  std::span<const uint8_t> payload;
};

struct StoredEntry : EntryBase {
  using EntryBase::EntryBase;
  std::unique_ptr<ValueBase> value;
  std::unique_ptr<const FromFile> from_file = nullptr;
  std::unique_ptr<const Cost> given_cost = nullptr;  // none: 0
  size_t accounted = 0;                              // bytes
};

struct RetiredEntry {
  uint64_t epoch;  // searches of earlier epochs may find it
  std::unique_ptr<StoredEntry> entry;
};
struct RetiredIndex {
  uint64_t epoch;
  std::unique_ptr<const Index> index;
};

struct Store::Impl {
  Impl(Schema s, const CacheOptions& o);

  // ---- Readers
  const Schema schema;
  const CacheOptions options;
  const bool light = light_announcements();
  const bool counting = options.counts || options.eviction == Eviction::kLeastHits;
  alignas(64) std::atomic<const Index*> current{nullptr};
  std::atomic<uint64_t> epoch{1};
  mutable SlotLine shared[kSharedLines];

  // ---- Writers
  mutable std::mutex mutex;
  IndexBuilder builder;
  std::unique_ptr<const Index> live;
  size_t rebuilt_at = 0;  // entries when keys were chosen last
  uint64_t last_id = 0, last_version = 0;
  std::vector<std::unique_ptr<StoredEntry>> entries;  // by rank
  absl::flat_hash_map<std::pair<uintptr_t, void*>, uint32_t> hosts;
  std::vector<RetiredIndex> old_indexes;
  std::vector<RetiredEntry> old_entries;
  std::vector<std::unique_ptr<SlotLine>> lines;  // of readers
  std::vector<SlotLine*> free_lines;
  std::vector<uint32_t> free_numbers;
  uint32_t num_numbers = 0;
  uint64_t evictions = 0;
  size_t entry_bytes = 0, unreachable = 0;
  size_t varying = 0;  // entries with a term as their cost

  // Makes the index the live one and frees, when that is due, what nobody can read.
  void publish(std::unique_ptr<Index> index,
               std::vector<std::unique_ptr<StoredEntry>> gone);

  template <typename F>
  void for_each_slot(F&& f) const {
    const auto visit = [&](const SlotLine& line) {
      for (const Slot& s : line.slots) f(s.load(std::memory_order_seq_cst));
    };
    for (const SlotLine& line : shared) visit(line);
    for (const auto& line : lines) visit(*line);
  }

  // Frees what no reader holds or may still find. The barrier interrupts every thread of
  // the process for microseconds (ten of them in a virtual machine), so that writes that
  // follow each other closely share one.
  void reclaim();
  bool reclaim_is_due() const;
  std::chrono::steady_clock::time_point reclaimed_at = {};
  size_t retired_bytes = 0;  // of indexes

  std::vector<const EntryBase*> all() const;
  std::unique_ptr<StoredEntry> take(size_t rank);
  // Those inserted by this write stay as long as there are others.
  std::vector<std::unique_ptr<StoredEntry>> evict();
  static void set_cost(StoredEntry& e);
  absl::Status bind_host(const HostPredicate& h, StoredEntry& e);
  // Adds to what statistics say of all entries, or takes away.
  void account(StoredEntry& e, int sign);
  // What keys are chosen by is counted by the first write after a warm start.
  bool uncounted = false;
  void count_again();

  // ---- Reports
  const std::shared_ptr<const Program>& program(StoredEntry& e) const;
  std::vector<EntryView> views() const;
  uint64_t counted(uint32_t number) const;
  uint64_t hits_of(const StoredEntry& e) const;
  void make_room(SlotLine& line) const;
  void number(StoredEntry& e);
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_STORE_IMPL_H_
