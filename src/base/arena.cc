#include "base/arena.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/check.h"

namespace congrua::internal {

namespace {
constexpr size_t kHeader = 16;  // the header, and room that keeps 16-byte alignment
constexpr size_t kMaxSlabBlocks = 256;
}  // namespace

Arena::~Arena() {
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
    // A quarter of what there is: little is reserved in vain, and the number of slabs is
    // logarithmic, then linear.
    const size_t blocks = std::clamp(bytes_ / kAlignment / 4, size_t{1}, kMaxSlabBlocks);
    slab_next_ = own_slab(blocks * kAlignment);
    slab_end_ = slab_next_ + blocks * kAlignment;
  }
  char* block = slab_next_;
  slab_next_ += kAlignment;
  open_block(block);
  next_ = block + kHeader + bytes;
  end_ = block + kAlignment;
  return block + kHeader;
}

}  // namespace congrua::internal
