// The guard cache: which compiled version serves this call?
//
//   GuardCache<Kernel> cache(schema);
//   cache.insert(*GuardProgram::compile(schema, guards), std::move(kernel));
//   GuardCache<Kernel>::Reader reader(cache);          // one per thread
//   if (Hit<Kernel> hit = reader.lookup(row)) hit->launch();
//
// A look-up gives the first entry whose guards all hold on the row, by priority (greatest
// first), then by insertion, or the cheapest (CacheOptions::choice): the answer of
// testing them one after the other with exact arithmetic (guard_program.h).
// docs/guard_cache.md explains how it is found.
//
// Ownership: the cache owns its values. A Hit pins its entry: an erased or evicted value
// is destroyed by a write after the Hit is gone, at the latest by the first that follows
// another one a millisecond later, or by collect(), and the destructor of the cache waits
// for its hits. Readers go before their cache.
//
// Thread safety: lookup from any thread; insert and erase too, one at a time. Look-ups
// take no lock, do not wait for writers and allocate nothing; a write builds a new index
// beside the old one and publishes it. A Reader is used by one thread at a time; a Hit
// may be released on another.
//
// Cost: a look-up takes tens of nanoseconds for a few entries, hundreds for 10,000. A
// write copies the index: about 40 bytes an entry.
#ifndef CONGRUA_CACHE_H_
#define CONGRUA_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/cache_cost.h"
#include "congrua/cache_explain.h"
#include "congrua/guard_program.h"
#include "congrua/tensor_call.h"

namespace congrua::cache {

// What the guards cannot express. It is asked last, where all else holds, at most once a
// look-up for each pair of function and context, with the call given to lookup. It may be
// called from any thread that looks up, and must not look up in the same cache.
struct HostPredicate {
  bool (*holds)(const void* call, void* context) = nullptr;
  void* context = nullptr;
};

struct InsertOptions {
  int64_t priority = 0;  // the greatest is tried first
  HostPredicate host = {};
  Cost cost = {};  // read where the least cost is chosen
};

// Which of the entries that hold is found.
enum class Choice : uint8_t {
  kFirst,      // by priority (greatest first), then by insertion
  kLeastCost,  // by cost (cache_cost.h), among equals the first
};

// Which entry makes room for another. Among equals the oldest.
enum class Eviction : uint8_t {
  kLeastRecent,  // the one that was found longest ago, in numbers of writes
  kLeastHits,    // the one that was found least often; needs the counts
};

struct CacheOptions {
  Choice choice = Choice::kFirst;
  // An insertion beyond it evicts. 0: no limit.
  size_t capacity = 0;
  Eviction eviction = Eviction::kLeastRecent;
  // Counts the hits of each entry, and samples what look-ups compare: some nanoseconds a
  // look-up, 8 bytes for each pair of entry and reader. kLeastHits counts in any case.
  bool counts = false;
};

struct CacheStatistics {
  size_t entries = 0;
  size_t unreachable = 0;  // entries whose guards contradict each other
  size_t index_bytes = 0;  // of the version that is published
  size_t entry_bytes = 0;  // of guards, without the values
  size_t retired = 0;      // entries and versions that wait for readers
  uint64_t hits = 0, misses = 0;
  uint64_t evictions = 0;
  // Means of a look-up where CacheOptions::counts is set, from every 1,024th of each
  // thread: entries whose keys were compared, and those of which guards were evaluated.
  double compared = 0, evaluated = 0;
};

struct EntryHits {
  EntryId id = 0;
  uint64_t hits = 0;
};

namespace internal {

struct ValueBase {
  virtual ~ValueBase() = default;
};
template <typename V>
struct Value : ValueBase {
  explicit Value(V v) : value(std::move(v)) {}
  V value;
};

struct CacheFile;
struct Insertion {
  std::shared_ptr<const Program> program;
  uint64_t schema_hash;
  std::unique_ptr<ValueBase> value;
  InsertOptions options;
  // In place of a program.
  std::shared_ptr<CacheFile> file = nullptr;
  size_t at = 0;
};

// Of a file; see src/cache/cache_file.h.
struct LoadedEntry {
  int64_t priority;
  std::string value;
  Cost cost;
  std::shared_ptr<CacheFile> file;
  size_t at;  // of its entries
};

// What keeps one look-up's entry alive, 0 when free. See src/cache/store.h.
using Slot = std::atomic<uintptr_t>;
struct SlotLine;

struct Pin {
  ValueBase* value = nullptr;
  EntryId id = 0;
  Slot* slot = nullptr;
};

class Store {
 public:
  using FieldReader = Word (*)(size_t field, void* context);
  Store(Schema schema, const CacheOptions& options);
  ~Store();
  absl::StatusOr<std::vector<EntryId>> insert(std::vector<Insertion> insertions);
  bool erase(EntryId id);
  size_t collect();
  CacheStatistics statistics() const;
  std::vector<EntryHits> hits() const;
  Explanation explain(const Word* row, const ExplainOptions& options) const;
  absl::StatusOr<Review> review(EntryId id, const ReviewOptions& options) const;
  absl::StatusOr<size_t> save(
      const std::string& path,
      const std::function<std::string(const ValueBase&)>& write) const;
  absl::StatusOr<std::vector<LoadedEntry>> load(const std::string& path) const;
  const Schema& schema() const;

  Pin lookup(const Word* row, const void* call) const;
  Pin lookup(SlotLine& line, const Word* row, const void* call) const;
  // Without a line: as a look-up without a reader.
  Pin lookup_lazily(SlotLine* line, FieldReader read, void* context,
                    const void* call) const;
  SlotLine* open_line();
  void close_line(SlotLine* line);

 private:
  struct Impl;
  struct Search;
  std::unique_ptr<Impl> impl_;
};

// Calls f(field), which gives a Word.
template <typename F>
Word read_field(size_t field, void* f) {
  return (*static_cast<F*>(f))(field);
}

}  // namespace internal

// An entry that a look-up found, or none. Move-only; release by destruction.
template <typename V>
class [[nodiscard]] Hit {
 public:
  Hit() = default;
  Hit(Hit&& o) noexcept : pin_(std::exchange(o.pin_, {})) {}
  Hit& operator=(Hit&& o) noexcept {
    if (this != &o) {
      release();
      pin_ = std::exchange(o.pin_, {});
    }
    return *this;
  }
  ~Hit() { release(); }

  explicit operator bool() const { return pin_.value != nullptr; }
  // Require a hit.
  V& operator*() const { return static_cast<internal::Value<V>*>(pin_.value)->value; }
  V* operator->() const { return &**this; }
  EntryId id() const { return pin_.id; }

 private:
  template <typename>
  friend class GuardCache;
  explicit Hit(const internal::Pin& pin) : pin_(pin) {}
  void release() {
    if (pin_.slot != nullptr) pin_.slot->store(0, std::memory_order_release);
  }
  internal::Pin pin_;
};

template <typename V>
class GuardCache {
 public:
  explicit GuardCache(Schema schema, const CacheOptions& options = {})
      : store_(std::move(schema), options) {}

  struct Entry {
    GuardProgram program;
    V value;
    InsertOptions options = {};
  };

  // Errors: kInvalidArgument for a program of another schema, kResourceExhausted for more
  // than 1,000 different host predicates; then nothing is inserted.
  absl::StatusOr<EntryId> insert(GuardProgram program, V value,
                                 const InsertOptions& options = {}) {
    std::vector<internal::Insertion> one;
    one.push_back({program.impl(), program.schema().hash(),
                   std::make_unique<internal::Value<V>>(std::move(value)), options});
    auto ids = store_.insert(std::move(one));
    if (!ids.ok()) return ids.status();
    return (*ids)[0];
  }
  // As one write.
  absl::StatusOr<std::vector<EntryId>> insert_batch(std::vector<Entry> entries) {
    std::vector<internal::Insertion> all;
    all.reserve(entries.size());
    for (Entry& e : entries) {
      all.push_back({e.program.impl(), e.program.schema().hash(),
                     std::make_unique<internal::Value<V>>(std::move(e.value)),
                     e.options});
    }
    return store_.insert(std::move(all));
  }
  // False: there is no such entry (any more).
  bool erase(EntryId id) { return store_.erase(id); }
  // Destroys what was erased and is read no more; the number of entries that still wait.
  size_t collect() { return store_.collect(); }

  // The row has a word for each field of the schema; `call` is passed to predicates.
  Hit<V> lookup(std::span<const Word> row, const void* call = nullptr) const {
    return Hit<V>(store_.lookup(row.data(), call));
  }

  // Writes all entries to a file, in place of one that is there: what `write(value)`
  // gives as a std::string stands for a value. Entries with a host predicate are left
  // out; the number of the others. No entry is written meanwhile, and `write` must not
  // write the cache. Errors are those of the file system.
  template <typename F>
  absl::StatusOr<size_t> save(const std::string& path, F&& write) const {
    return store_.save(path, [&write](const internal::ValueBase& v) {
      return std::string(write(static_cast<const internal::Value<V>&>(v).value));
    });
  }
  // Inserts the entries of a file behind those of their priority that are there, as one
  // write, and gives their numbers; `read(std::string)` makes a value, V or
  // absl::StatusOr<V>. An empty cache takes a microsecond or two an entry and up to twice
  // the file in memory while it loads; all of a file's entries go together. Errors, with
  // nothing inserted: those of the file system, of `read`, kInvalidArgument for a file
  // that is truncated or corrupt, kFailedPrecondition for one of another schema, a newer
  // format or the other byte order.
  template <typename F>
  absl::StatusOr<std::vector<EntryId>> load(const std::string& path, F&& read) {
    auto entries = store_.load(path);
    if (!entries.ok()) return entries.status();
    std::vector<internal::Insertion> all;
    all.reserve(entries->size());
    for (internal::LoadedEntry& e : *entries) {
      absl::StatusOr<V> value = read(std::move(e.value));
      if (!value.ok()) return value.status();
      all.push_back({nullptr,
                     schema().hash(),
                     std::make_unique<internal::Value<V>>(*std::move(value)),
                     {.priority = e.priority, .cost = std::move(e.cost)},
                     std::move(e.file),
                     e.at});
    }
    return store_.insert(std::move(all));
  }

  // A call that is an array of DLTensors (tensor_call.h), and words beside them. The
  // layout is of this cache's schema; pointers and words are as many as it reads.
  template <typename T>
  Hit<V> lookup(const TensorLayout& layout, const T* const* tensors,
                std::span<const Word> words = {}, const void* call = nullptr) const {
    Word row[Schema::kMaxFields + 1];
    layout.fill(tensors, words, row);
    return Hit<V>(store_.lookup(row, call));
  }
  // Asks `read(field)` for words at their first use, each at most once: for fields that
  // are costly to read. It scans entries one by one, some nanoseconds each. `read` must
  // not look up in the same cache.
  template <typename F>
  Hit<V> lookup_lazily(F&& read, const void* call = nullptr) const {
    using Read = std::remove_reference_t<F>;
    return Hit<V>(store_.lookup_lazily(nullptr, &internal::read_field<Read>,
                                       const_cast<void*>(static_cast<const void*>(&read)),
                                       call));
  }

  CacheStatistics statistics() const { return store_.statistics(); }
  // Of each entry, in the order in which they are tried; all 0 unless counted.
  std::vector<EntryHits> hits() const { return store_.hits(); }
  // Why a row finds what it finds, and what an entry hides; see cache_explain.h. The
  // error of review is kNotFound.
  Explanation explain(std::span<const Word> row,
                      const ExplainOptions& options = {}) const {
    return store_.explain(row.data(), options);
  }
  absl::StatusOr<Review> review(EntryId id, const ReviewOptions& options = {}) const {
    return store_.review(id, options);
  }
  const Schema& schema() const { return store_.schema(); }

  // Look-ups of one thread, some nanoseconds faster. Of up to six hits at a time; more
  // are as slow as those without a reader. Remembers 16 rows where there are 256 entries
  // or more and no host predicate was ever inserted; a write makes it forget.
  class Reader {
   public:
    explicit Reader(GuardCache& cache)
        : store_(&cache.store_), line_(store_->open_line()) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { store_->close_line(line_); }

    Hit<V> lookup(std::span<const Word> row, const void* call = nullptr) {
      return Hit<V>(store_->lookup(*line_, row.data(), call));
    }
    template <typename T>
    Hit<V> lookup(const TensorLayout& layout, const T* const* tensors,
                  std::span<const Word> words = {}, const void* call = nullptr) {
      Word row[Schema::kMaxFields + 1];
      layout.fill(tensors, words, row);
      return Hit<V>(store_->lookup(*line_, row, call));
    }
    template <typename F>
    Hit<V> lookup_lazily(F&& read, const void* call = nullptr) {
      using Read = std::remove_reference_t<F>;
      return Hit<V>(store_->lookup_lazily(
          line_, &internal::read_field<Read>,
          const_cast<void*>(static_cast<const void*>(&read)), call));
    }

   private:
    internal::Store* store_;
    internal::SlotLine* line_;
  };

 private:
  internal::Store store_;
};

}  // namespace congrua::cache

#endif  // CONGRUA_CACHE_H_
