// The index of a cache: which entry is the first that holds?
//
// A row is coded once: for each of up to 64 fields a hash of eight bits, which an
// equality test reads, and a monotone code of eight bits (exponent and leading bits),
// which a range test reads. Every entry names the tests of it that are most likely to
// fail, as (code, low, span) bytes. They are necessary conditions, laid out by columns in
// groups of 64 entries, so that one permutation and one comparison decide a test of 64
// entries at a time, each of a field of its own. What survives is checked by its lanes,
// in order.
//
// Entries that pin the same fields, many enough, are hashed by the words of those fields
// instead (tuple space search): exact sizes cost one probe.
//
// Sources: Srinivasan et al., SIGCOMM 1999 (tuple space search); Le Subscribe, SIGMOD
// 2001 (an entry is filed under its rarest predicate); Polychroniou et al., SIGMOD 2015
// (selective vector scans).
#ifndef CONGRUA_CACHE_INDEX_H_
#define CONGRUA_CACHE_INDEX_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cache/lanes.h"
#include "cache/narrow.h"
#include "cache/tuple.h"

namespace congrua::cache::internal {

inline constexpr size_t kSlots = 64;       // coded fields
inline constexpr size_t kColumns = 3;      // tests of an entry in the index, one by one
inline constexpr size_t kPairs = 2;        // tests x == y of an entry in the index
inline constexpr size_t kGroup = 64;       // entries of a group
inline constexpr size_t kFewEntries = 16;  // so few are not coded
inline constexpr size_t kFewTests = 2;     // of each of these few

inline constexpr uint32_t kHashFactor = 0x9e3779b1;
inline uint8_t hash_code(Word x) {
  return static_cast<uint8_t>((fold(x) * kHashFactor) >> 24);
}
// 0 for x <= 0, else its exponent and the three bits below the leading one; 255 from
// 2^31.
inline uint8_t monotone_code(int64_t x) {
  if (x <= 0) return 0;
  const int e = 63 - std::countl_zero(static_cast<uint64_t>(x));
  if (e >= 31) return 255;
  const auto u = static_cast<uint64_t>(x);
  return static_cast<uint8_t>(
      (e + 1) * 8 + static_cast<int>((e >= 3 ? u >> (e - 3) : u << (3 - e)) & 7));
}
// Where the codes of a slot lie: eight slots are coded at a time, byte j of their words.
inline size_t code_position(size_t slot) { return (slot % 8) * 8 + slot / 8; }

// The tests of an entry that the index reads, most likely to fail first. A code at 64 and
// above is monotone. The two best equalities are one test where there are two: the sum of
// their codes, which takes half the memory, and memory is what a scan waits for.
struct IndexKey {
  struct Sum {
    uint8_t first = 0, second = 0, sum = 0;
  };
  Sum sums[2];  // the second of the next two equalities; without them the first again
  bool summed = false;
  uint8_t filed = 0;  // the code of the first equality of the first sum
  uint8_t code[kColumns] = {}, lo[kColumns] = {}, span[kColumns] = {255, 255, 255};
  // Codes that are equal, and one that is at most the other: what follows from x == y and
  // x <= y.
  uint8_t equal[kPairs][2] = {}, less[2] = {};
};

struct HostTest {
  bool (*holds)(const void* call, void* context);
  void* context;
  uint32_t id;  // the same for the same predicate and context
};

// An entry as the index sees it. Immutable once it is indexed.
struct EntryBase {
  EntryBase(std::shared_ptr<const Program> p, size_t num_fields)
      : program(std::move(p)), lanes(*program, num_fields) {
    lanes.block()->owner = this;
  }
  // From a file: the program is read where it is asked for.
  EntryBase(LaneBlock* block, std::vector<Test> rest) : lanes(block, std::move(rest)) {
    lanes.block()->owner = this;
  }
  virtual ~EntryBase() = default;

  std::shared_ptr<const Program> program;  // of writers
  int64_t priority = 0;
  // Where the least cost is chosen: what it costs at least, and a term that says what it
  // does; without one, the bound.
  int64_t bound = 0;
  const Program* cost = nullptr;
  std::unique_ptr<const HostTest> host = nullptr;  // most have none
  IndexKey key;
  uint64_t pinned = 0;  // a hash of the set of fields with one value; 0: none
  // Where hits are counted: hits without a place in the counts of readers, less those
  // that others had there (modulo 2^64), and that place.
  mutable std::atomic<uint64_t> unread_hits{0};
  uint32_t number = 0;
  // What a look-up that finds it reads, beside the value of a stored entry.
  Lanes lanes;
  uint64_t sequence = 0;                  // of insertion, from 1
  mutable std::atomic<uint64_t> used{0};  // the version that found it last
};

// The order of ranks: a look-up stops at the first that nothing behind it can beat.
inline bool tried_before(const EntryBase& a, const EntryBase& b) {
  if (a.bound != b.bound) return a.bound < b.bound;
  if (a.priority != b.priority) return a.priority > b.priority;
  return a.sequence < b.sequence;
}

inline constexpr size_t kMaxHosts = 1024;

// kGroup entries by columns.
struct alignas(64) IndexGroup {
  struct Column {
    uint8_t code[kGroup], lo[kGroup], span[kGroup];
  };
  Column columns[kColumns];
  uint8_t equal[kPairs][2][kGroup], less[2][kGroup];
};
struct alignas(64) SumGroup {
  uint8_t first[kGroup], second[kGroup], sum[kGroup];
};

// Entries that are scanned in the order of rank.
struct ScanList {
  std::vector<const LaneBlock*> blocks;
  std::vector<uint32_t> ranks;
  std::vector<SumGroup> sums[2];  // none: not summed
  std::vector<IndexGroup> groups;
};

struct Segment;  // segment.h

// Of the entries with sums so many are scanned: half of the matches are among them, and
// a scan is faster than a segment where there are few.
inline constexpr size_t kScanned = 2048;
inline constexpr size_t kLeastSegment = 1024;  // what is less is scanned, behind them
// The first segment, beside kScanned; each has eight times the entries of the one before.
inline constexpr size_t kFirstSegment = 7 * kScanned;

// Which rows a reader keeps with their answers, where these depend on the row alone.
enum class Remembers : uint8_t {
  kNothing,
  kRepeated,  // one that is much like the row before it
  kAll,
};

struct Index;
// The entry to be found; nullptr: none. The host's predicates are asked once each.
using Find = const EntryBase* (*)(const Index& index, const Word* row, const void* call);

struct Index {
  Find find = nullptr;   // chosen where it is published
  uint64_t version = 0;  // the number of its publication
  bool varying = false;  // some costs depend on the row: the first need not be the least
  Remembers remembers = Remembers::kNothing;
  bool identity = true;  // slot i is field i
  // Whether what passes is checked by permutations of a row of 32-bit words, and the
  // fields of which such a check reads them.
  bool narrow_checks = true;
  NarrowFields narrow_fields;
  size_t num_fields = 0;
  size_t num_slots = 0;
  uint16_t slot_field[kSlots] = {};
  uint32_t hash_blocks = 0, monotone_blocks = 0;  // a bit per eight slots that are read
  std::vector<const EntryBase*> entries;          // by rank
  // With sums: the first, the segments behind them, the tail behind those.
  ScanList summed, tail;
  std::vector<std::shared_ptr<const Segment>> segments;
  ScanList plain;
  std::vector<Tuple> tuples;
  // At most kFewEntries: all are in `plain`, and these are exact tests of them, a lane
  // each: one of every entry but the first, then a second one of every entry but the
  // first, without a gap.
  std::vector<UnaryGroup> few;
  Narrow narrow;

  // Whether entries are filed outside of tuples: segments and the tail lie behind
  // `summed`.
  bool scans() const { return !summed.blocks.empty() || !plain.blocks.empty(); }
  size_t bytes() const;
};

// The fastest of the following that serve the index, on this machine.
Find choose_find(const Index& index);
// The first entry that holds.
const EntryBase* find_portable(const Index& index, const Word* row, const void* call);
const EntryBase* find_avx512(const Index& index, const Word* row, const void* call);
// Of an index with `few`.
const EntryBase* find_few_avx512(const Index& index, const Word* row, const void* call);
// Of an index that has nothing but tuples.
const EntryBase* find_in_tuples_avx512(const Index& index, const Word* row,
                                       const void* call);
// Of an index with a narrow form.
const EntryBase* find_narrow_avx512(const Index& index, const Word* row,
                                    const void* call);
// The cheapest that holds, for an index that is `varying`.
const EntryBase* find_least(const Index& index, const Word* row, const void* call);
// Asks for a field at its first use, once.
using FieldReader = Word (*)(size_t field, void* context);
const EntryBase* find_lazily(const Index& index, FieldReader read, void* context,
                             const void* call);

// What a look-up that found `found` compared.
struct ScanCost {
  uint64_t compared = 0;   // entries by their keys
  uint64_t evaluated = 0;  // of these by their guards
};
ScanCost scan_cost(const Index& index, const Word* row, const EntryBase* found);

// Asks predicates, each at most once.
class Hosts {
 public:
  explicit Hosts(const void* call) : call_(call) {}
  bool holds(const LaneBlock& block) {
    if ((block.flags & LaneBlock::kHost) == 0) [[likely]]
      return true;
    return ask(*static_cast<const EntryBase*>(block.owner));
  }

 private:
  bool ask(const EntryBase& e) {
    if (!started_) {
      started_ = true;
      for (uint64_t& w : asked_) w = 0;
    }
    const uint64_t bit = uint64_t{1} << (e.host->id % 64);
    const size_t word = e.host->id / 64;
    if ((asked_[word] & bit) == 0) {
      asked_[word] |= bit;
      answers_[word] &= ~bit;
      if (e.host->holds(call_, e.host->context)) answers_[word] |= bit;
    }
    return (answers_[word] & bit) != 0;
  }

  const void* call_;
  bool started_ = false;
  uint64_t asked_[kMaxHosts / 64], answers_[kMaxHosts / 64];
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_INDEX_H_
