#include "expr/intern_table.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace congrua::internal {

namespace {
constexpr size_t kFirstSize = 256;
constexpr size_t kFirstOverflow = 32;
}  // namespace

void InternTable::Free::operator()(Slot* slots) const { std::free(slots); }

// From the system large blocks come zeroed and untouched, so calloc.
std::unique_ptr<InternTable::Slot[], InternTable::Free> InternTable::empty_slots(
    size_t count) {
  auto* slots = static_cast<Slot*>(std::calloc(count, sizeof(Slot)));
  if (slots == nullptr) throw std::bad_alloc();
  return std::unique_ptr<Slot[], Free>(slots);
}

InternTable::InternTable()
    : size_(kFirstSize),
      overflow_(kFirstOverflow),
      slots_(empty_slots(kFirstSize + kFirstOverflow)) {}

// Into a table of the size that was set.
void InternTable::rebuild(size_t old_end) {
  const auto old = std::move(slots_);
  for (bool done = false; !done;) {
    slots_ = empty_slots(slots_end());
    done = true;
    // In order: each goes to its home or behind what went before.
    size_t next = 0;
    for (size_t i = 0; i < old_end; ++i) {
      if (old[i].number == 0) continue;
      next = std::max(next, home(old[i].fingerprint));
      if (next + 2 >= slots_end()) {
        overflow_ *= 2;
        done = false;
        break;
      }
      slots_[next++] = old[i];
    }
  }
}

void InternTable::insert(size_t place, uint32_t fingerprint, uint32_t number) {
  Slot moved{fingerprint, number};
  for (size_t i = place; moved.number != 0; ++i) std::swap(slots_[i], moved);
  const size_t end = slots_end();
  if (++count_ * 8 > size_ * 7) {
    size_ += size_ / 4;  // doubling would copy less often and reserve more
    rebuild(end);
  } else if (slots_[end - 2].number != 0) {
    overflow_ *= 2;
    rebuild(end);
  }
}

// What follows moves up, but for what is at home.
void InternTable::erase(uint32_t fingerprint, uint32_t number) {
  size_t i = home(fingerprint);
  while (slots_[i].fingerprint != fingerprint || slots_[i].number != number) ++i;
  for (; slots_[i + 1].number != 0 && home(slots_[i + 1].fingerprint) <= i; ++i) {
    slots_[i] = slots_[i + 1];
  }
  slots_[i] = {};
  --count_;
}

void InternTable::shrink(const Extent& to) {
  if (to.size == size_ && to.overflow == overflow_) return;
  const size_t end = slots_end();
  size_ = to.size;
  overflow_ = to.overflow;
  rebuild(end);
}

}  // namespace congrua::internal
