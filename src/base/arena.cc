#include "base/arena.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace congrua::internal {

namespace {
constexpr size_t kHeader = 16;  // the owner, and room that keeps 16-byte alignment
constexpr size_t kMaxSlabBlocks = 256;
}  // namespace

Arena::~Arena() {
  for (void* slab : slabs_) std::free(slab);
}

void* Arena::own_slab(size_t bytes) {
  const size_t size = (bytes + kAlignment - 1) & ~(kAlignment - 1);
  void* slab = std::aligned_alloc(kAlignment, size);
  if (slab == nullptr) throw std::bad_alloc();
  slabs_.push_back(slab);
  bytes_ += size;
  return slab;
}

void* Arena::allocate_slow(size_t bytes) {
  if (bytes > kAlignment - kHeader) {
    char* block = static_cast<char*>(own_slab(bytes + kHeader));
    *reinterpret_cast<void**>(block) = owner_;
    return block + kHeader;
  }
  if (slab_next_ == slab_end_) {
    // Doubling keeps a small pool small and the number of slabs logarithmic, then linear.
    slab_blocks_ = std::clamp(slab_blocks_ * 2, size_t{1}, kMaxSlabBlocks);
    slab_next_ = static_cast<char*>(own_slab(slab_blocks_ * kAlignment));
    slab_end_ = slab_next_ + slab_blocks_ * kAlignment;
  }
  char* block = slab_next_;
  slab_next_ += kAlignment;
  *reinterpret_cast<void**>(block) = owner_;
  next_ = block + kHeader + bytes;
  end_ = block + kAlignment;
  return block + kHeader;
}

}  // namespace congrua::internal
