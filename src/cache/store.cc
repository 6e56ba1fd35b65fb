#include "cache/store.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "cache/cache_file.h"
#include "cache/cost.h"
#include "cache/explain.h"
#include "cache/index.h"

#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace congrua::cache::internal {

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
#else
constexpr bool kThreadSanitizer = false;
#endif

bool register_membarrier() {
#if defined(__linux__)
  return !kThreadSanitizer &&
         syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}

constexpr size_t kSharedLines = 64;  // for look-ups without a reader

uintptr_t announcement(uint64_t epoch) { return static_cast<uintptr_t>(epoch) << 1 | 1; }

}  // namespace

bool light_announcements() {
  static const bool light = register_membarrier();
  return light;
}

void heavy_barrier() {
#if defined(__linux__)
  if (light_announcements()) {
    const long failed = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    CONGRUA_CHECK(failed == 0, "membarrier was registered");
  }
#endif
  // ThreadSanitizer does not know fences; there the exchanges of the readers suffice.
  if constexpr (!kThreadSanitizer) std::atomic_thread_fence(std::memory_order_seq_cst);
}

namespace {

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
  uint64_t counted_before = 0;                       // hits of others that had its number
};

struct RetiredEntry {
  uint64_t epoch;  // searches of earlier epochs may find it
  std::unique_ptr<StoredEntry> entry;
};
struct RetiredIndex {
  uint64_t epoch;
  std::unique_ptr<const Index> index;
};

std::vector<uint8_t> ordered_fields(const Schema& schema) {
  std::vector<uint8_t> ordered;
  for (size_t i = 0; i < schema.size(); ++i) {
    ordered.push_back(schema.field(i).kind == FieldKind::kSize ? 1 : 0);
  }
  return ordered;
}

void count(std::atomic<uint64_t>& counter, uint64_t by = 1) {  // of one writer
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

constexpr uint64_t kSampleEvery = 1024;
constexpr size_t kMinCounts = 64;

}  // namespace

struct Store::Impl {
  Impl(Schema s, const CacheOptions& o)
      : schema(std::move(s)), options(o), builder(schema.size(), ordered_fields(schema)) {
    live = builder.rebuild({});
    current.store(live.get(), std::memory_order_release);
  }

  // ---- Readers
  const Schema schema;
  const CacheOptions options;
  const bool light = light_announcements();
  const bool counting = options.counts || options.eviction == Eviction::kLeastHits;
  const EntryBase* search_index(const Index& index, const Word* row,
                                const void* call) const {
    return index.varying ? find_least(index, row, call) : find(index, row, call);
  }
  const EntryBase* (*const find)(const Index&, const Word*,
                                 const void*) = has_avx512() ? &find_avx512
                                                             : &find_portable;
  alignas(64) std::atomic<const Index*> current{nullptr};
  std::atomic<uint64_t> epoch{1};
  mutable SlotLine shared[kSharedLines];

  [[gnu::noinline]] static void count_look_up(const Index& index, SlotLine& line,
                                              const Word* row, const EntryBase* e) {
    if (e != nullptr) {
      HitCounts* counts = line.counts.load(std::memory_order_acquire);
      if (counts == nullptr) {
        e->unread_hits.fetch_add(1, std::memory_order_relaxed);
      } else {
        count(counts->at[e->number]);
      }
    }
    if (row == nullptr || (line.hits.load(std::memory_order_relaxed) +
                           line.misses.load(std::memory_order_relaxed)) %
                                  kSampleEvery !=
                              0) {
      return;
    }
    const ScanCost cost = scan_cost(index, row, e);
    count(line.samples);
    count(line.compared, cost.compared);
    count(line.evaluated, cost.evaluated);
  }

  Pin search(Slot& slot, SlotLine& line, const Word* row, const void* call) const {
    // After the announcement, in the one order of seq_cst: a writer that did not see it
    // has published before.
    const Index* index = current.load(std::memory_order_seq_cst);
    const EntryBase* e = nullptr;
    if (index->repeats && line.memo != nullptr) {
      bool known = false;
      Memo::Place& place = line.memo->place(row, index->version, &known);
      if (!known) {
        line.memo->put(place, row, index->version, search_index(*index, row, call));
      }
      e = place.entry;
    } else {
      e = search_index(*index, row, call);
    }
    if (counting) [[unlikely]]
      count_look_up(*index, line, row, e);
    return settle(slot, line, *index, e);
  }

  // As search; the counts know its hits, no samples are taken.
  Pin search_lazily(Slot& slot, SlotLine& line, FieldReader read, void* context,
                    const void* call) const {
    const Index* index = current.load(std::memory_order_seq_cst);
    const EntryBase* e = find_lazily(*index, read, context, call);
    if (counting) count_look_up(*index, line, nullptr, e);
    return settle(slot, line, *index, e);
  }

  static Pin settle(Slot& slot, SlotLine& line, const Index& index, const EntryBase* e) {
    if (e == nullptr) {
      count(line.misses);
      slot.store(0, std::memory_order_release);
      return {};
    }
    if (e->used.load(std::memory_order_relaxed) != index.version) {
      e->used.store(index.version, std::memory_order_relaxed);
    }
    slot.store(reinterpret_cast<uintptr_t>(e), std::memory_order_release);
    count(line.hits);
    return {static_cast<const StoredEntry*>(e)->value.get(), e->sequence, &slot};
  }

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

  void publish(std::unique_ptr<Index> index,
               std::vector<std::unique_ptr<StoredEntry>> gone) {
    index->version = ++last_version;
    index->varying = varying != 0;
    // Hashing a row once more would be all that hash tables need.
    const bool scanned = index->summed.blocks.size() + index->plain.blocks.size() != 0;
    index->repeats = scanned && entries.size() >= kMemoEntries && hosts.empty();
    current.store(index.get(), std::memory_order_seq_cst);
    const uint64_t now = epoch.fetch_add(1, std::memory_order_acq_rel) + 1;
    old_indexes.push_back({now, std::move(live)});
    live = std::move(index);
    for (auto& e : gone) old_entries.push_back({now, std::move(e)});
    reclaim();
  }

  template <typename F>
  void for_each_slot(F&& f) const {
    const auto visit = [&](const SlotLine& line) {
      for (const Slot& s : line.slots) f(s.load(std::memory_order_seq_cst));
    };
    for (const SlotLine& line : shared) visit(line);
    for (const auto& line : lines) visit(*line);
  }

  void reclaim() {
    heavy_barrier();
    uint64_t oldest = UINT64_MAX;
    absl::flat_hash_set<uintptr_t> held;
    for_each_slot([&](uintptr_t word) {
      if ((word & 1) != 0) {
        oldest = std::min<uint64_t>(oldest, word >> 1);
      } else if (word != 0) {
        held.insert(word);
      }
    });
    std::erase_if(old_indexes, [&](const RetiredIndex& r) { return r.epoch <= oldest; });
    // Values are destroyed last: a destructor of the user's sees a consistent store.
    std::vector<RetiredEntry> dead;
    for (RetiredEntry& r : old_entries) {
      const auto address =
          reinterpret_cast<uintptr_t>(static_cast<EntryBase*>(r.entry.get()));
      if (r.epoch <= oldest && !held.contains(address)) dead.push_back(std::move(r));
    }
    std::erase_if(old_entries, [](const RetiredEntry& r) { return r.entry == nullptr; });
    if (counting) {
      for (const RetiredEntry& r : dead) free_numbers.push_back(r.entry->number);
    }
  }

  // ---- Counts
  uint64_t counted(uint32_t number) const {
    uint64_t sum = 0;
    for (const auto& line : lines) {
      if (line->owned_counts != nullptr) sum += line->owned_counts->total(number);
    }
    return sum;
  }
  uint64_t hits_of(const StoredEntry& e) const {
    return counted(e.number) - e.counted_before +
           e.unread_hits.load(std::memory_order_relaxed);
  }
  void make_room(SlotLine& line) const {
    const size_t size = line.owned_counts == nullptr ? 0 : line.owned_counts->size;
    if (!counting || size >= std::max<size_t>(num_numbers, 1)) return;
    auto larger = std::make_unique<HitCounts>(
        std::max<size_t>({kMinCounts, num_numbers, 2 * size}));
    larger->older = std::move(line.owned_counts);
    line.owned_counts = std::move(larger);
    line.counts.store(line.owned_counts.get(), std::memory_order_release);
  }
  void number(StoredEntry& e) {
    if (!counting) return;
    if (free_numbers.empty()) {
      e.number = num_numbers++;
      for (const auto& line : lines) make_room(*line);
    } else {
      e.number = free_numbers.back();
      free_numbers.pop_back();
    }
    e.counted_before = counted(e.number);
  }

  std::vector<const EntryBase*> all() const {
    std::vector<const EntryBase*> out;
    out.reserve(entries.size());
    for (const auto& e : entries) out.push_back(e.get());
    return out;
  }

  // What keys are chosen by is counted by the first write after a warm start.
  bool uncounted = false;
  void count_again() {
    if (!std::exchange(uncounted, false)) return;
    builder.statistics = {};
    for (const auto& e : entries) builder.statistics.add(*e);
  }

  const std::shared_ptr<const Program>& program(StoredEntry& e) const {
    if (e.program == nullptr) {
      FileEntry of;
      of.payload = e.from_file->payload;
      e.program = program_of(schema, of);
    }
    return e.program;
  }

  void account(StoredEntry& e, int sign) {
    if (!uncounted) builder.statistics.add(e, sign);
    if (sign > 0) {
      e.accounted =
          sizeof e - sizeof(Lanes) + e.lanes.bytes() +
          (e.program != nullptr ? e.program->bytes() : e.from_file->payload.size());
    }
    entry_bytes = sign > 0 ? entry_bytes + e.accounted : entry_bytes - e.accounted;
    unreachable += e.lanes.never() ? static_cast<size_t>(sign) : 0;
    varying += e.cost != nullptr ? static_cast<size_t>(sign) : 0;
  }

  std::vector<EntryView> views() const {
    const std::lock_guard lock(mutex);
    std::vector<EntryView> out;
    out.reserve(entries.size());
    for (const auto& e : entries) {
      out.push_back({e->sequence, program(*e), e->host, e->host_context, e->priority,
                     e->bound, e->cost == nullptr ? nullptr : e->given_cost->impl()});
    }
    return out;
  }

  std::unique_ptr<StoredEntry> take(size_t rank) {
    std::unique_ptr<StoredEntry> e = std::move(entries[rank]);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(rank));
    account(*e, -1);
    return e;
  }

  // Those inserted by this write stay as long as there are others.
  std::vector<std::unique_ptr<StoredEntry>> evict() {
    std::vector<std::unique_ptr<StoredEntry>> gone;
    if (options.capacity == 0 || entries.size() <= options.capacity) return gone;
    struct Rank {
      bool is_new;
      uint64_t key, sequence;
      size_t at;
    };
    std::vector<Rank> order;
    for (size_t i = 0; i < entries.size(); ++i) {
      const StoredEntry& e = *entries[i];
      const uint64_t used = e.used.load(std::memory_order_relaxed);
      order.push_back({used > last_version,
                       options.eviction == Eviction::kLeastHits ? hits_of(e) : used,
                       e.sequence, i});
    }
    const size_t excess = entries.size() - options.capacity;
    std::ranges::nth_element(
        order, order.begin() + static_cast<std::ptrdiff_t>(excess), {},
        [](const Rank& r) { return std::tuple(r.is_new, r.key, r.sequence); });
    order.resize(excess);
    for (const Rank& r : order) {
      account(*entries[r.at], -1);
      gone.push_back(std::move(entries[r.at]));
      ++evictions;
    }
    std::erase_if(entries, [](const auto& e) { return e == nullptr; });
    return gone;
  }

  static void set_cost(StoredEntry& e) {
    if (e.given_cost == nullptr) return;
    const Cost& c = *e.given_cost;
    e.cost = c.impl().get();
    e.bound = e.cost == nullptr ? c.constant() : cost_bound(*e.cost, e.lanes);
  }

  absl::Status bind_host(const HostPredicate& h, StoredEntry& e) {
    if (h.holds == nullptr) return absl::OkStatus();
    const auto [at, is_new] =
        hosts.emplace(std::pair(reinterpret_cast<uintptr_t>(h.holds), h.context),
                      static_cast<uint32_t>(hosts.size()));
    if (is_new && hosts.size() > kMaxHosts) {
      hosts.erase(at);
      return absl::ResourceExhaustedError(
          absl::StrCat("a cache has at most ", kMaxHosts, " different host predicates"));
    }
    e.host = h.holds;
    e.host_context = h.context;
    e.host_id = at->second;
    e.lanes.block()->flags |= LaneBlock::kHost;
    return absl::OkStatus();
  }
};

Store::Store(Schema schema, const CacheOptions& options)
    : impl_(std::make_unique<Impl>(std::move(schema), options)) {}

Store::~Store() {
  for (bool busy = true; busy;) {
    busy = false;
    impl_->for_each_slot([&](uintptr_t word) { busy |= word != 0; });
    if (busy) std::this_thread::yield();
  }
}

const Schema& Store::schema() const { return impl_->schema; }

absl::StatusOr<std::vector<EntryId>> Store::insert(std::vector<Insertion> insertions) {
  Impl& m = *impl_;
  const std::lock_guard lock(m.mutex);
  std::vector<std::unique_ptr<StoredEntry>> fresh;
  fresh.reserve(insertions.size());
  // All of one file, with lanes and keys, and room for all: an index as it was.
  const std::shared_ptr<CacheFile> file =
      insertions.empty() ? nullptr : insertions[0].file;
  const bool warm =
      file != nullptr && m.entries.empty() && insertions.size() > kFewEntries &&
      insertions.size() == file->entries.size() &&
      file->slots.size() == std::min(m.schema.size(), kSlots) &&
      (m.options.capacity == 0 || insertions.size() <= m.options.capacity) &&
      std::ranges::all_of(insertions, [&](const Insertion& i) {
        return i.file == file && file->entries[i.at].keyed;
      });
  for (Insertion& i : insertions) {
    if (i.schema_hash != m.schema.hash()) {
      return absl::InvalidArgumentError(
          "a guard program was compiled for another schema");
    }
    const Cost& cost = i.options.cost;
    if (cost.impl() != nullptr && cost.schema_hash() != m.schema.hash()) {
      return absl::InvalidArgumentError("a cost was compiled for another schema");
    }
    std::unique_ptr<StoredEntry> e;
    FileEntry* const from = i.file == nullptr ? nullptr : &i.file->entries[i.at];
    if (from != nullptr && from->block != nullptr) {
      e = std::make_unique<StoredEntry>(from->block, std::move(from->rest));
      e->from_file =
          std::make_unique<const FromFile>(FromFile{i.file->image, from->payload});
    } else {
      e = std::make_unique<StoredEntry>(
          from != nullptr ? std::move(from->program) : std::move(i.program),
          m.schema.size());
    }
    if (from != nullptr) {
      e->key = from->key;
      e->key.filed = filed_code(e->key, i.file->slots, e->lanes);
    }
    if (absl::Status s = m.bind_host(i.options.host, *e); !s.ok()) return s;
    e->priority = i.options.priority;
    if (cost.impl() != nullptr || cost.constant() != 0) {
      e->given_cost = std::make_unique<const Cost>(cost);
    }
    if (m.options.choice == Choice::kLeastCost) m.set_cost(*e);
    e->pinned = pinned_fields(e->lanes);
    e->value = std::move(i.value);
    e->used.store(m.last_version + 1, std::memory_order_relaxed);
    fresh.push_back(std::move(e));
  }
  if (warm) {
    m.uncounted = true;
    m.builder.statistics = {};
    for (const auto& e : fresh) m.builder.statistics.add_pinned(e->pinned);
  } else {
    m.count_again();
  }
  std::vector<EntryId> ids;
  std::vector<EntryBase*> added;
  bool behind_all = true;
  for (auto& e : fresh) {
    e->sequence = ++m.last_id;
    m.number(*e);
    ids.push_back(e->sequence);
    m.account(*e, 1);
    added.push_back(e.get());
    behind_all &= m.entries.empty() || tried_before(*m.entries.back(), *e);
    m.entries.push_back(std::move(e));
  }
  if (!behind_all) {
    std::ranges::sort(m.entries,
                      [](const auto& a, const auto& b) { return tried_before(*a, *b); });
  }
  std::vector<std::unique_ptr<StoredEntry>> gone = m.evict();
  std::unique_ptr<Index> index;
  if (warm) {
    index = m.builder.restore(file->slots, m.all());
    m.rebuilt_at = m.entries.size();
  } else if (m.entries.size() > m.rebuilt_at + m.rebuilt_at / 2) {
    std::vector<EntryBase*> all;
    for (const auto& e : m.entries) all.push_back(e.get());
    index = m.builder.rebuild(std::move(all));
    m.rebuilt_at = m.entries.size();
  } else if (added.size() == 1 && behind_all && gone.empty()) {
    index = m.builder.append(*m.live, added[0]);
  } else {
    for (EntryBase* e : added) m.builder.choose_key(*m.live, *e);
    index = m.builder.refile(*m.live, m.all());
  }
  m.publish(std::move(index), std::move(gone));
  return ids;
}

bool Store::erase(EntryId id) {
  Impl& m = *impl_;
  const std::lock_guard lock(m.mutex);
  const auto at =
      std::ranges::find(m.entries, id, [](const auto& e) { return e->sequence; });
  if (at == m.entries.end()) return false;
  m.count_again();
  std::vector<std::unique_ptr<StoredEntry>> gone;
  gone.push_back(m.take(static_cast<size_t>(at - m.entries.begin())));
  m.publish(m.builder.refile(*m.live, m.all()), std::move(gone));
  return true;
}

size_t Store::collect() {
  const std::lock_guard lock(impl_->mutex);
  impl_->reclaim();
  return impl_->old_entries.size();
}

CacheStatistics Store::statistics() const {
  const Impl& m = *impl_;
  const std::lock_guard lock(m.mutex);
  CacheStatistics s;
  s.entries = m.entries.size();
  s.unreachable = m.unreachable;
  s.index_bytes = m.live->bytes();
  s.entry_bytes = m.entry_bytes;
  s.retired = m.old_entries.size() + m.old_indexes.size();
  s.evictions = m.evictions;
  uint64_t samples = 0, compared = 0, evaluated = 0;
  const auto add = [&](const SlotLine& line) {
    s.hits += line.hits.load(std::memory_order_relaxed);
    s.misses += line.misses.load(std::memory_order_relaxed);
    samples += line.samples.load(std::memory_order_relaxed);
    compared += line.compared.load(std::memory_order_relaxed);
    evaluated += line.evaluated.load(std::memory_order_relaxed);
  };
  for (const SlotLine& line : m.shared) add(line);
  for (const auto& line : m.lines) add(*line);
  if (samples != 0) {
    s.compared = static_cast<double>(compared) / static_cast<double>(samples);
    s.evaluated = static_cast<double>(evaluated) / static_cast<double>(samples);
  }
  return s;
}

std::vector<EntryHits> Store::hits() const {
  const Impl& m = *impl_;
  const std::lock_guard lock(m.mutex);
  std::vector<EntryHits> out;
  out.reserve(m.entries.size());
  for (const auto& e : m.entries) {
    out.push_back({e->sequence, m.counting ? m.hits_of(*e) : 0});
  }
  return out;
}

Explanation Store::explain(const Word* row, const ExplainOptions& options) const {
  return internal::explain(impl_->schema, impl_->views(), row, options);
}

absl::StatusOr<Review> Store::review(EntryId id, const ReviewOptions& options) const {
  const std::vector<EntryView> views = impl_->views();
  const auto at = std::ranges::find(views, id, &EntryView::id);
  if (at == views.end()) {
    return absl::NotFoundError(absl::StrCat("the cache has no entry ", id));
  }
  return internal::review(impl_->schema, views, static_cast<size_t>(at - views.begin()),
                          options);
}

absl::StatusOr<size_t> Store::save(
    const std::string& path,
    const std::function<std::string(const ValueBase&)>& write) const {
  std::vector<FileEntry> entries;
  Bytes bytes;
  {
    // Lanes are written: nothing may be erased meanwhile.
    const std::lock_guard lock(impl_->mutex);
    for (const auto& e : impl_->entries) {
      if (e->host != nullptr) continue;
      FileEntry f{e->priority, impl_->program(*e), write(*e->value),
                  e->given_cost == nullptr ? Cost() : *e->given_cost};
      f.lanes = &e->lanes;
      f.key = e->key;
      entries.push_back(std::move(f));
    }
    const Index& index = *impl_->live;
    bytes = cache_bytes(impl_->schema, entries,
                        std::span(index.slot_field).first(index.num_slots));
  }
  absl::Status s = write_file(path, bytes);
  if (!s.ok()) return s;
  return entries.size();
}

absl::StatusOr<std::vector<LoadedEntry>> Store::load(const std::string& path) const {
  absl::StatusOr<CacheFile> file = read_cache_file(path);
  if (!file.ok()) return file.status();
  if (file->schema.hash() != impl_->schema.hash()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": cache file: it is of another schema"));
  }
  auto kept = std::make_shared<CacheFile>(*std::move(file));
  std::vector<LoadedEntry> out;
  out.reserve(kept->entries.size());
  for (size_t i = 0; i < kept->entries.size(); ++i) {
    FileEntry& e = kept->entries[i];
    out.push_back({e.priority, std::move(e.value), std::move(e.cost), kept, i});
  }
  return out;
}

// ---- Look-up

namespace {

// A slot that was announced, and its line.
struct Claim {
  Slot* slot;
  SlotLine* line;
};

}  // namespace

struct Store::Claims {
  static bool own(const Impl& m, SlotLine& line, Claim* out) {
    for (Slot& slot : line.slots) {
      if (slot.load(std::memory_order_relaxed) != 0) continue;
      const uintptr_t word = announcement(m.epoch.load(std::memory_order_acquire));
      if (m.light) [[likely]] {
        slot.store(word, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
      } else {
        slot.exchange(word, std::memory_order_seq_cst);
      }
      *out = {&slot, &line};
      return true;
    }
    return false;
  }

  static Claim shared(const Impl& m) {
    static std::atomic<unsigned> threads{0};
    thread_local const unsigned stripe = threads.fetch_add(1, std::memory_order_relaxed);
    for (;;) {
      for (size_t i = 0; i < kSharedLines; ++i) {
        SlotLine& line = m.shared[(stripe + i) % kSharedLines];
        for (Slot& slot : line.slots) {
          uintptr_t free = 0;
          if (slot.load(std::memory_order_relaxed) != 0) continue;
          const uintptr_t word = announcement(m.epoch.load(std::memory_order_acquire));
          if (slot.compare_exchange_strong(free, word, std::memory_order_seq_cst)) {
            return {&slot, &line};
          }
        }
      }
      std::this_thread::yield();  // all of some hundred hits are held
    }
  }
};

Pin Store::lookup(SlotLine& line, const Word* row, const void* call) const {
  Claim c;
  if (!Claims::own(*impl_, line, &c)) return lookup(row, call);
  return impl_->search(*c.slot, *c.line, row, call);
}

Pin Store::lookup(const Word* row, const void* call) const {
  const Claim c = Claims::shared(*impl_);
  return impl_->search(*c.slot, *c.line, row, call);
}

Pin Store::lookup_lazily(SlotLine* line, FieldReader read, void* context,
                         const void* call) const {
  Claim c;
  if (line == nullptr || !Claims::own(*impl_, *line, &c)) c = Claims::shared(*impl_);
  return impl_->search_lazily(*c.slot, *c.line, read, context, call);
}

SlotLine* Store::open_line() {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->free_lines.empty()) {
    impl_->lines.push_back(std::make_unique<SlotLine>());
    impl_->lines.back()->memo = std::make_unique<Memo>(impl_->schema.size());
    impl_->make_room(*impl_->lines.back());
    return impl_->lines.back().get();
  }
  SlotLine* line = impl_->free_lines.back();
  impl_->free_lines.pop_back();
  return line;
}

void Store::close_line(SlotLine* line) {
  const std::lock_guard lock(impl_->mutex);
  impl_->free_lines.push_back(line);
}

}  // namespace congrua::cache::internal
