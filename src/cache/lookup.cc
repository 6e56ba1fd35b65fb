#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "cache/index.h"
#include "cache/memo.h"
#include "cache/store_impl.h"

namespace congrua::cache::internal {

namespace {

constexpr uint64_t kSampleEvery = 1024;

uintptr_t announcement(uint64_t epoch) { return static_cast<uintptr_t>(epoch) << 1 | 1; }

void count(std::atomic<uint64_t>& counter, uint64_t by = 1) {  // of one writer
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// A slot that was announced, and its line.
struct Claim {
  Slot* slot;
  SlotLine* line;
};

}  // namespace

// Inlined into each kind of look-up: one translation unit.
struct Store::Search {
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

  static Pin first(const Impl& m, const Claim& c, const Word* row, const void* call) {
    SlotLine& line = *c.line;
    // After the announcement, in the one order of seq_cst: a writer that did not see it
    // has published before.
    const Index* index = m.current.load(std::memory_order_seq_cst);
    const EntryBase* e = nullptr;
    if (index->remembers != Remembers::kNothing && line.memo != nullptr &&
        (index->remembers == Remembers::kAll || line.memo->repeats(row))) {
      bool known = false;
      Memo::Place& place = line.memo->place(row, index->version, &known);
      if (!known) {
        line.memo->put(place, row, index->version, index->find(*index, row, call));
      }
      e = place.entry;
    } else {
      e = index->find(*index, row, call);
    }
    if (m.counting) [[unlikely]]
      count_look_up(*index, line, row, e);
    return settle(c, *index, e);
  }

  // As first; the counts know its hits, no samples are taken.
  static Pin first_lazily(const Impl& m, const Claim& c, FieldReader read, void* context,
                          const void* call) {
    const Index* index = m.current.load(std::memory_order_seq_cst);
    const EntryBase* e = find_lazily(*index, read, context, call);
    if (m.counting) count_look_up(*index, *c.line, nullptr, e);
    return settle(c, *index, e);
  }

  static Pin settle(const Claim& c, const Index& index, const EntryBase* e) {
    if (e == nullptr) {
      count(c.line->misses);
      c.slot->store(0, std::memory_order_release);
      return {};
    }
    if (e->used.load(std::memory_order_relaxed) != index.version) {
      e->used.store(index.version, std::memory_order_relaxed);
    }
    c.slot->store(reinterpret_cast<uintptr_t>(e), std::memory_order_release);
    count(c.line->hits);
    return {static_cast<const StoredEntry*>(e)->value.get(), e->sequence, c.slot};
  }
};

Pin Store::lookup(SlotLine& line, const Word* row, const void* call) const {
  Claim c;
  if (!Search::own(*impl_, line, &c)) return lookup(row, call);
  return Search::first(*impl_, c, row, call);
}

Pin Store::lookup(const Word* row, const void* call) const {
  const Claim c = Search::shared(*impl_);
  return Search::first(*impl_, c, row, call);
}

Pin Store::lookup_lazily(SlotLine* line, FieldReader read, void* context,
                         const void* call) const {
  Claim c;
  if (line == nullptr || !Search::own(*impl_, *line, &c)) c = Search::shared(*impl_);
  return Search::first_lazily(*impl_, c, read, context, call);
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
