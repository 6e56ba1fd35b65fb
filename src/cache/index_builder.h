// How an index is made: which fields are coded, which tests are keys, where entries are
// filed. Of writers; what is built is immutable (index.h).
#ifndef CONGRUA_CACHE_INDEX_BUILDER_H_
#define CONGRUA_CACHE_INDEX_BUILDER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "cache/index.h"

namespace congrua::cache::internal {

// IndexKey::filed of a key of a file; slots as there.
uint8_t filed_code(const IndexKey& key, std::span<const uint16_t> slots,
                   const Lanes& lanes);

// Counts what entries test, to tell which tests are likely to fail. Writers only.
class IndexStatistics {
 public:
  void add(const EntryBase& e, int64_t times = 1);
  // For an index that is restored: all that tuples need.
  void add_pinned(uint64_t pinned) { ++pinned_[pinned]; }
  // The likelihood that a row passes.
  double pass(uint16_t field, int64_t lo, int64_t hi) const;
  std::vector<double> telling(size_t num_fields) const;
  uint64_t with_pinned(uint64_t pinned) const;

 private:
  struct PerField {
    uint64_t equalities = 0, uses = 0;
    uint64_t codes[256] = {};  // of the constants of equalities
  };
  std::vector<PerField> fields_;
  absl::flat_hash_map<std::pair<uint16_t, int64_t>, uint64_t> values_;
  absl::flat_hash_map<uint64_t, uint64_t> pinned_;
  friend class IndexBuilder;
};

// Chooses slots and tuples for the entries and files them; `schema_tags` says which
// fields have no order.
class IndexBuilder {
 public:
  IndexBuilder(size_t num_fields, std::vector<uint8_t> ordered)
      : num_fields_(num_fields), ordered_(std::move(ordered)) {}

  IndexStatistics statistics;

  // Everything anew: slots, keys and tuples. Entries by rank.
  std::unique_ptr<Index> rebuild(std::vector<EntryBase*> entries);
  // Entries whose keys were chosen for these slots, as rebuild left them.
  std::unique_ptr<Index> restore(std::span<const uint16_t> slots,
                                 std::vector<const EntryBase*> entries);
  // The same slots and tuples; keys of entries that have none are chosen.
  std::unique_ptr<Index> refile(const Index& old, std::vector<const EntryBase*> entries);
  // One more entry, behind all others.
  std::unique_ptr<Index> append(const Index& old, EntryBase* entry);

  void choose_key(const Index& index, EntryBase& entry) const;

 private:
  struct Candidate {
    double pass;
    uint16_t field;
    int64_t lo, hi;
    uint8_t position;  // of the code of its slot
    bool equality() const { return lo == hi; }
  };
  std::vector<Candidate> candidates(const Index& index, const EntryBase& entry) const;
  void choose_slots(Index& index) const;
  // The exact tests of a small index, once all is filed.
  void add_few(Index& index) const;
  void choose_tuples(Index& index, std::span<const EntryBase* const> entries) const;
  void file(Index& index, const EntryBase* entry, uint32_t rank) const;
  void file_all(Index& index) const;
  // Makes segments of the tail, but for less than `least` of it.
  void file_tail(Index& index, size_t least) const;

  size_t num_fields_;
  std::vector<uint8_t> ordered_;
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_INDEX_BUILDER_H_
