// What a store tells: its statistics, explanations and files.
#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "cache/store_impl.h"

namespace congrua::cache::internal {

constexpr size_t kMinCounts = 64;

uint64_t Store::Impl::counted(uint32_t number) const {
  uint64_t sum = 0;
  for (const auto& line : lines) {
    if (line->owned_counts != nullptr) sum += line->owned_counts->total(number);
  }
  return sum;
}

uint64_t Store::Impl::hits_of(const StoredEntry& e) const {
  return counted(e.number) + e.unread_hits.load(std::memory_order_relaxed);
}

void Store::Impl::make_room(SlotLine& line) const {
  const size_t size = line.owned_counts == nullptr ? 0 : line.owned_counts->size;
  if (!counting || size >= std::max<size_t>(num_numbers, 1)) return;
  auto larger =
      std::make_unique<HitCounts>(std::max<size_t>({kMinCounts, num_numbers, 2 * size}));
  larger->older = std::move(line.owned_counts);
  line.owned_counts = std::move(larger);
  line.counts.store(line.owned_counts.get(), std::memory_order_release);
}

void Store::Impl::number(StoredEntry& e) {
  if (!counting) return;
  if (free_numbers.empty()) {
    e.number = num_numbers++;
    for (const auto& line : lines) make_room(*line);
  } else {
    e.number = free_numbers.back();
    free_numbers.pop_back();
  }
  e.unread_hits.store(0 - counted(e.number), std::memory_order_relaxed);
}

const std::shared_ptr<const Program>& Store::Impl::program(StoredEntry& e) const {
  if (e.program == nullptr) {
    FileEntry of;
    of.payload = e.from_file->payload;
    e.program = program_of(schema, of);
  }
  return e.program;
}

std::vector<EntryView> Store::Impl::views() const {
  const std::lock_guard lock(mutex);
  std::vector<EntryView> out;
  out.reserve(entries.size());
  for (const auto& e : entries) {
    const HostTest* host = e->host.get();
    out.push_back({e->sequence, program(*e), host == nullptr ? nullptr : host->holds,
                   host == nullptr ? nullptr : host->context, e->priority, e->bound,
                   e->cost == nullptr ? nullptr : e->given_cost->impl()});
  }
  return out;
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

}  // namespace congrua::cache::internal
