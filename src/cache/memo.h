// The rows that a reader looked up lately, and what was found: a look-up of a large cache
// costs more than comparing a row.
//
// An answer is kept with the number of the index that gave it and believed for that index
// alone. Each row has one place, by a hash of its words.
#ifndef CONGRUA_CACHE_MEMO_H_
#define CONGRUA_CACHE_MEMO_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "cache/index.h"
#include "cache/tuple.h"

namespace congrua::cache::internal {

// From so many entries on each row is kept, and with fewer down to so many one that seems
// to repeat the row before it: to hash and to keep a row costs a quarter of a look-up
// there.
inline constexpr size_t kMemoEntries = 256;
inline constexpr size_t kMemoRepeatedEntries = 32;

class Memo {
 public:
  explicit Memo(size_t num_fields)
      : num_fields_(num_fields),
        stride_(num_fields / kSampled + 1),
        hash_(num_fields),
        rows_(kRows * num_fields) {}

  // Whether the words that are looked at are those of the row that this was asked about
  // last.
  bool repeats(const Word* row) {
    uint64_t sum = 0;
    for (size_t i = 0; i < num_fields_; i += stride_) sum += row[i] * (2 * i + 1);
    const bool same = sum == last_;
    last_ = sum;
    return same;
  }

  struct Place {
    uint64_t version = 0;  // of an index; 0: empty
    const EntryBase* entry = nullptr;
    Word* row = nullptr;
  };
  // Where the row is or would be; *known: it is there, for this version.
  Place& place(const Word* row, uint64_t version, bool* known) {
    const uint64_t h = wide_ ? hash_avx512(hash_, row) : hash_(row);
    Place& p = places_[h >> 60];
    if (p.row == nullptr) p.row = rows_.data() + (h >> 60) * num_fields_;
    *known =
        p.version == version && std::memcmp(p.row, row, num_fields_ * sizeof(Word)) == 0;
    return p;
  }
  void put(Place& p, const Word* row, uint64_t version, const EntryBase* entry) {
    std::memcpy(p.row, row, num_fields_ * sizeof(Word));
    p.version = version;
    p.entry = entry;
  }

 private:
  static constexpr size_t kRows = 16;
  static constexpr size_t kSampled = 8;  // words, about
  size_t num_fields_;
  size_t stride_;
  uint64_t last_ = 0;  // of repeats()
  const FieldHash hash_;
  const bool wide_ = has_avx512();
  std::vector<Word> rows_;
  Place places_[kRows];
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_MEMO_H_
