// A bump allocator whose blocks are aligned, so that any pointer into the first
// Arena::kAlignment bytes of a block finds the block's owner by masking.
#ifndef CONGRUA_BASE_ARENA_H_
#define CONGRUA_BASE_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace congrua::internal {

class Arena {
 public:
  static constexpr size_t kAlignment = 4096;

  explicit Arena(void* owner) : owner_(owner) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` of memory aligned to 8. What is larger than a block gets a block of its own.
  // The returned address lies in the first kAlignment bytes of a block, so owner_of
  // accepts it.
  void* allocate(size_t bytes) {
    bytes = (bytes + 7) & ~size_t{7};
    if (bytes > static_cast<size_t>(end_ - next_)) return allocate_slow(bytes);
    char* p = next_;
    next_ += bytes;
    return p;
  }
  size_t bytes() const { return bytes_; }

  static void* owner_of(const void* p) {
    return *reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(p) & ~(kAlignment - 1));
  }

 private:
  void* allocate_slow(size_t bytes);
  void* own_slab(size_t bytes);

  void* owner_;
  char* next_ = nullptr;
  char* end_ = nullptr;
  char* slab_next_ = nullptr;  // blocks of the current slab not yet opened
  char* slab_end_ = nullptr;
  size_t slab_blocks_ = 0;
  size_t bytes_ = 0;
  std::vector<void*> slabs_;
};

}  // namespace congrua::internal

#endif  // CONGRUA_BASE_ARENA_H_
