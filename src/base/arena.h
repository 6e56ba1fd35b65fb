// A bump allocator whose blocks are aligned, so that any pointer into the first
// Arena::kAlignment bytes of a block finds the block's owner by masking, and what lies
// there can be named by 32 bits.
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
  size_t bytes() const { return bytes_ + blocks_.capacity() * sizeof(blocks_[0]); }

  // How much there was. rollback gives back what was allocated since; what lies there
  // may not be read again (checked under AddressSanitizer).
  struct Mark {
    char *next, *end, *slab_next, *slab_end;
    size_t bytes, slabs, blocks;
  };
  Mark mark() const {
    return {next_, end_, slab_next_, slab_end_, bytes_, slabs_.size(), blocks_.size()};
  }
  void rollback(const Mark& to);

  static void* owner_of(const void* p) { return header_of(p)->owner; }

  // What allocate returned as a number, which is never 0, and back. 32 bits name 32 GiB.
  static uint32_t ref_of(const void* p) {
    const auto offset = reinterpret_cast<uintptr_t>(p) & (kAlignment - 1);
    return header_of(p)->index << kOffsetBits | static_cast<uint32_t>(offset / 8);
  }
  void* at(uint32_t ref) const {
    return blocks_[ref >> kOffsetBits] + size_t{ref & ((1u << kOffsetBits) - 1)} * 8;
  }

 private:
  static constexpr int kOffsetBits = 9;  // of an offset in words
  struct Header {                        // at the start of each block
    void* owner;
    uint32_t index;
  };

  static const Header* header_of(const void* p) {
    return reinterpret_cast<const Header*>(reinterpret_cast<uintptr_t>(p) &
                                           ~(kAlignment - 1));
  }
  void* allocate_slow(size_t bytes);
  char* own_slab(size_t bytes);
  void open_block(char* block);

  void* owner_;
  char* next_ = nullptr;
  char* end_ = nullptr;
  char* slab_next_ = nullptr;  // blocks of the current slab not yet opened
  char* slab_end_ = nullptr;
  size_t bytes_ = 0;
  std::vector<void*> slabs_;
  std::vector<char*> blocks_;  // by index
};

}  // namespace congrua::internal

#endif  // CONGRUA_BASE_ARENA_H_
