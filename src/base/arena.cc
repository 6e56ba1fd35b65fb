#include "base/arena.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace congrua::internal {

namespace {
constexpr size_t kHeader = 16;  // the header, and room that keeps 16-byte alignment
constexpr size_t kMaxSlabBlocks = 256;

// What was given back is overwritten where assertions are on, and may not be read under
// AddressSanitizer.
void poison([[maybe_unused]] char* from, [[maybe_unused]] char* to) {
#ifndef NDEBUG
  std::memset(from, 0xdb, static_cast<size_t>(to - from));
#endif
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(from, static_cast<size_t>(to - from));
#endif
}
void unpoison([[maybe_unused]] char* from, [[maybe_unused]] char* to) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(from, static_cast<size_t>(to - from));
#endif
}
}  // namespace

Arena::~Arena() {
  unpoison(next_, end_);
  unpoison(slab_next_, slab_end_);
  for (void* slab : slabs_) std::free(slab);
}

char* Arena::own_slab(size_t bytes) {
  const size_t size = (bytes + kAlignment - 1) & ~(kAlignment - 1);
  void* slab = std::aligned_alloc(kAlignment, size);
  if (slab == nullptr) throw std::bad_alloc();
  // What packs an address beside other bits relies on it (expr/terms.h).
  CONGRUA_CHECK((reinterpret_cast<uintptr_t>(slab) + size) >> 48 == 0,
                "memory beyond 2^48");
  slabs_.push_back(slab);
  bytes_ += size;
  return static_cast<char*>(slab);
}

void Arena::open_block(char* block) {
  static_assert(sizeof(Header) <= kHeader);
  CONGRUA_CHECK(blocks_.size() < size_t{1} << (32 - kOffsetBits),
                "a pool holds 32 GiB of terms at most");
  new (block) Header{owner_, static_cast<uint32_t>(blocks_.size())};
  blocks_.push_back(block);
}

void* Arena::allocate_slow(size_t bytes) {
  if (bytes > kAlignment - kHeader) {
    char* block = own_slab(bytes + kHeader);
    open_block(block);
    return block + kHeader;
  }
  if (slab_next_ == slab_end_) {
    // A sixteenth of what there is: little is reserved in vain, and the number of slabs
    // is logarithmic, then linear.
    const size_t blocks = std::clamp(bytes_ / kAlignment / 16, size_t{1}, kMaxSlabBlocks);
    slab_next_ = own_slab(blocks * kAlignment);
    slab_end_ = slab_next_ + blocks * kAlignment;
  }
  char* block = slab_next_;
  slab_next_ += kAlignment;
  unpoison(block, slab_next_);
  open_block(block);
  next_ = block + kHeader + bytes;
  end_ = block + kAlignment;
  return block + kHeader;
}

void Arena::rollback(const Mark& to) {
  unpoison(next_, end_);
  unpoison(slab_next_, slab_end_);
  for (size_t i = to.slabs; i < slabs_.size(); ++i) std::free(slabs_[i]);
  slabs_.resize(to.slabs);
  blocks_.resize(to.blocks);
  next_ = to.next;
  end_ = to.end;
  slab_next_ = to.slab_next;
  slab_end_ = to.slab_end;
  bytes_ = to.bytes;
  poison(slab_next_, slab_end_);
  if (next_ != nullptr) {
#ifndef NDEBUG
    std::memset(next_, 0xdb, static_cast<size_t>(end_ - next_));
#endif
  }
}

}  // namespace congrua::internal
