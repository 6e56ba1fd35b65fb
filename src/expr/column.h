// One value for each of some nodes of a pool, found by node id.
//
// Pages are made when first written, so a column costs what is written to it and not the
// size of the pool; clear() is O(1) and keeps the memory.
#ifndef CONGRUA_EXPR_COLUMN_H_
#define CONGRUA_EXPR_COLUMN_H_

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "expr/node.h"

namespace congrua::internal {

template <typename T>
class NodeColumn {
 public:
  void clear() {
    if (++epoch_ != 0) return;
    pages_.clear();  // once in 2^32 calls: old stamps would look new
    epoch_ = 1;
  }
  const T* find(const Node* n) const {
    const size_t page = n->id / kPage;
    if (page >= pages_.size() || pages_[page] == nullptr) return nullptr;
    const Page& p = *pages_[page];
    return p.stamp[n->id % kPage] == epoch_ ? &p.value[n->id % kPage] : nullptr;
  }
  T& put(const Node* n, T value) {
    const size_t page = n->id / kPage;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (pages_[page] == nullptr) pages_[page] = std::make_unique<Page>();
    Page& p = *pages_[page];
    p.stamp[n->id % kPage] = epoch_;
    return p.value[n->id % kPage] = std::move(value);
  }

 private:
  static constexpr size_t kPage = 64;
  struct Page {
    std::array<T, kPage> value{};
    std::array<uint32_t, kPage> stamp{};
  };
  std::vector<std::unique_ptr<Page>> pages_;
  uint32_t epoch_ = 1;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_COLUMN_H_
