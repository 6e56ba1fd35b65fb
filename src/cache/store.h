// Versions, readers and reclamation.
//
// A version is an immutable index. Readers announce themselves in a slot of their own:
// first the epoch in which they search, then, by one store in its place, the entry that
// they found. A writer publishes a version, then raises the epoch; what it replaced may
// be read only by searches of earlier epochs, and an erased entry also by those who hold
// it. It reads every slot once: a slot that turns from the epoch into the entry meanwhile
// protects it either way. So searches never wait, and a hit that is held for long keeps
// its entry alive, not the version.
//
// An announcement must be visible before the version is read. The writer pays for that
// where it can (membarrier.h); elsewhere the reader exchanges instead of storing.
//
// Sources: Fraser, "Practical lock-freedom", 2004 (epochs); Michael, TPDS 2004 (hazard
// pointers); Desnoyers et al., TPDS 2012 (user-level RCU with membarrier).
#ifndef CONGRUA_CACHE_STORE_H_
#define CONGRUA_CACHE_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "cache/memo.h"
#include "congrua/cache.h"

namespace congrua::cache::internal {

inline constexpr size_t kLineSlots = 6;

// Hits of entries by their number. A writer that needs more room puts a larger one before
// those that are in use, so that no count is lost or copied: a number's hits are the sum.
struct HitCounts {
  explicit HitCounts(size_t n)
      : size(n), at(std::make_unique<std::atomic<uint64_t>[]>(n)) {}
  uint64_t total(uint32_t number) const {
    const uint64_t mine =
        number < size ? at[number].load(std::memory_order_relaxed) : uint64_t{0};
    return mine + (older == nullptr ? 0 : older->total(number));
  }
  const size_t size;
  const std::unique_ptr<std::atomic<uint64_t>[]> at;
  std::unique_ptr<HitCounts> older = nullptr;
};

// Written by one thread, or by the thread that claimed its slot. The size of two cache
// lines: prefetching pairs them.
struct alignas(128) SlotLine {
  Slot slots[kLineSlots] = {};
  std::atomic<uint64_t> hits{0}, misses{0};
  std::unique_ptr<Memo> memo = nullptr;     // of a reader
  std::atomic<HitCounts*> counts{nullptr};  // of a reader, where hits are counted
  std::atomic<uint64_t> samples{0}, compared{0}, evaluated{0};
  std::unique_ptr<HitCounts> owned_counts = nullptr;
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_STORE_H_
