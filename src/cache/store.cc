#include "cache/store.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <tuple>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "cache/store_impl.h"

namespace congrua::cache::internal {

namespace {

std::vector<uint8_t> ordered_fields(const Schema& schema) {
  std::vector<uint8_t> ordered;
  for (size_t i = 0; i < schema.size(); ++i) {
    ordered.push_back(schema.field(i).kind == FieldKind::kSize ? 1 : 0);
  }
  return ordered;
}

}  // namespace

Store::Impl::Impl(Schema s, const CacheOptions& o)
    : schema(std::move(s)), options(o), builder(schema.size(), ordered_fields(schema)) {
  std::unique_ptr<Index> empty = builder.rebuild({});
  empty->find = choose_find(*empty);
  live = std::move(empty);
  current.store(live.get(), std::memory_order_release);
}

void Store::Impl::publish(std::unique_ptr<Index> index,
                          std::vector<std::unique_ptr<StoredEntry>> gone) {
  index->version = ++last_version;
  index->varying = varying != 0;
  index->find = choose_find(*index);
  // Hashing a row once more would be all that hash tables need.
  index->remembers = !index->scans() || !hosts.empty()        ? Remembers::kNothing
                     : entries.size() >= kMemoEntries         ? Remembers::kAll
                     : entries.size() >= kMemoRepeatedEntries ? Remembers::kRepeated
                                                              : Remembers::kNothing;
  current.store(index.get(), std::memory_order_seq_cst);
  const uint64_t now = epoch.fetch_add(1, std::memory_order_acq_rel) + 1;
  retired_bytes += live->bytes();
  old_indexes.push_back({now, std::move(live)});
  live = std::move(index);
  for (auto& e : gone) old_entries.push_back({now, std::move(e)});
  if (reclaim_is_due()) reclaim();
}

bool Store::Impl::reclaim_is_due() const {
  return old_indexes.size() + old_entries.size() >= kMostRetired ||
         retired_bytes >= kMostRetiredBytes ||
         std::chrono::steady_clock::now() - reclaimed_at >= kReclaimEvery;
}

void Store::Impl::reclaim() {
  // Without readers all announcements are exchanges, which are seen anyway.
  if (lines.size() != free_lines.size()) heavy_barrier();
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
  retired_bytes = 0;
  for (const RetiredIndex& r : old_indexes) retired_bytes += r.index->bytes();
  reclaimed_at = std::chrono::steady_clock::now();
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

std::vector<const EntryBase*> Store::Impl::all() const {
  std::vector<const EntryBase*> out;
  out.reserve(entries.size());
  for (const auto& e : entries) out.push_back(e.get());
  return out;
}

void Store::Impl::count_again() {
  if (!std::exchange(uncounted, false)) return;
  builder.statistics = {};
  for (const auto& e : entries) builder.statistics.add(*e);
}

void Store::Impl::account(StoredEntry& e, int sign) {
  if (!uncounted) builder.statistics.add(e, sign);
  if (sign > 0) {
    e.accounted =
        sizeof e - sizeof(Lanes) + e.lanes.bytes() +
        (e.host != nullptr ? sizeof(HostTest) : 0) +
        (e.program != nullptr ? e.program->bytes() : e.from_file->payload.size());
  }
  entry_bytes = sign > 0 ? entry_bytes + e.accounted : entry_bytes - e.accounted;
  unreachable += e.lanes.never() ? static_cast<size_t>(sign) : 0;
  varying += e.cost != nullptr ? static_cast<size_t>(sign) : 0;
}

std::unique_ptr<StoredEntry> Store::Impl::take(size_t rank) {
  std::unique_ptr<StoredEntry> e = std::move(entries[rank]);
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(rank));
  account(*e, -1);
  return e;
}

std::vector<std::unique_ptr<StoredEntry>> Store::Impl::evict() {
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

void Store::Impl::set_cost(StoredEntry& e) {
  if (e.given_cost == nullptr) return;
  const Cost& c = *e.given_cost;
  e.cost = c.impl().get();
  e.bound = e.cost == nullptr ? c.constant() : cost_bound(*e.cost, e.lanes);
}

absl::Status Store::Impl::bind_host(const HostPredicate& h, StoredEntry& e) {
  if (h.holds == nullptr) return absl::OkStatus();
  const auto [at, is_new] =
      hosts.emplace(std::pair(reinterpret_cast<uintptr_t>(h.holds), h.context),
                    static_cast<uint32_t>(hosts.size()));
  if (is_new && hosts.size() > kMaxHosts) {
    hosts.erase(at);
    return absl::ResourceExhaustedError(
        absl::StrCat("a cache has at most ", kMaxHosts, " different host predicates"));
  }
  e.host = std::make_unique<const HostTest>(HostTest{h.holds, h.context, at->second});
  e.lanes.block()->flags |= LaneBlock::kHost;
  return absl::OkStatus();
}

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

}  // namespace congrua::cache::internal
