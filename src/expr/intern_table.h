// The table of interned nodes: fingerprints and the numbers of nodes in their arena.
//
// Open addressing with linear probing over slots that stay sorted by fingerprint, whose
// home slots are in the order of the fingerprints. So a search for what is absent ends as
// soon as one for what is present, also in a table that is seven eighths full; and the
// table grows by a sequential copy that reads no node. (Amble and Knuth, "Ordered hash
// tables", 1974.)
#ifndef CONGRUA_EXPR_INTERN_TABLE_H_
#define CONGRUA_EXPR_INTERN_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace congrua::internal {

class InternTable {
 public:
  InternTable();

  // The first number under this fingerprint for which same(number) holds; 0 if there is
  // none. Then *place is where insert() puts it, until the table changes.
  template <typename Same>
  uint32_t find(uint32_t fingerprint, Same&& same, size_t* place) const {
    size_t i = home(fingerprint);
    while (slots_[i].number != 0 && slots_[i].fingerprint < fingerprint) ++i;
    for (; slots_[i].number != 0 && slots_[i].fingerprint == fingerprint; ++i) {
      if (same(slots_[i].number)) break;
    }
    *place = i;
    const Slot& slot = slots_[i];
    return slot.fingerprint == fingerprint ? slot.number : 0;
  }
  void insert(size_t place, uint32_t fingerprint, uint32_t number);
  void erase(uint32_t fingerprint, uint32_t number);  // which is there

  // How large the table is; shrink returns to it once what was inserted since is erased.
  struct Extent {
    size_t size, overflow;
  };
  Extent extent() const { return {size_, overflow_}; }
  void shrink(const Extent& to);

  template <typename F>
  void for_each(F&& f) const {
    for (size_t i = 0; i < slots_end(); ++i) {
      if (slots_[i].number != 0) f(slots_[i].number);
    }
  }
  size_t count() const { return count_; }
  size_t bytes() const { return slots_end() * sizeof(Slot); }

 private:
  struct Slot {
    uint32_t fingerprint;
    uint32_t number;  // 0: empty
  };
  struct Free {
    void operator()(Slot* slots) const;
  };

  size_t slots_end() const { return size_ + overflow_; }
  size_t home(uint32_t fingerprint) const {
    return static_cast<size_t>(uint64_t{fingerprint} * size_ >> 32);
  }
  static std::unique_ptr<Slot[], Free> empty_slots(size_t count);
  void rebuild(size_t old_end);

  size_t size_;
  // Clusters at the end run on into so many more slots, of which the last two stay empty,
  // so that no search wraps around.
  size_t overflow_;
  size_t count_ = 0;
  std::unique_ptr<Slot[], Free> slots_;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_INTERN_TABLE_H_
