// One value for each of some nodes of a pool, found by node id.
//
// Pages are made when first written, so a column costs what is written to it and not the
// size of the pool (two kilobytes for a million nodes); clear() is O(1) and keeps the
// memory.
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
    shelves_.clear();  // once in 2^32 calls: old stamps would look new
    epoch_ = 1;
  }
  const T* find(const Node* n) const {
    const size_t shelf = n->id / (kPage * kShelf);
    if (shelf >= shelves_.size() || shelves_[shelf] == nullptr) return nullptr;
    const Page* page = (*shelves_[shelf])[n->id / kPage % kShelf].get();
    if (page == nullptr) return nullptr;
    const Page& p = *page;
    return p.stamp[n->id % kPage] == epoch_ ? &p.value[n->id % kPage] : nullptr;
  }
  T& put(const Node* n, T value) {
    const size_t shelf = n->id / (kPage * kShelf);
    if (shelf >= shelves_.size()) shelves_.resize(shelf + 1);
    if (shelves_[shelf] == nullptr) shelves_[shelf] = std::make_unique<Shelf>();
    std::unique_ptr<Page>& page = (*shelves_[shelf])[n->id / kPage % kShelf];
    if (page == nullptr) page = std::make_unique<Page>();
    Page& p = *page;
    p.stamp[n->id % kPage] = epoch_;
    return p.value[n->id % kPage] = std::move(value);
  }

 private:
  static constexpr size_t kPage = 64;
  static constexpr size_t kShelf = 64;  // pages
  struct Page {
    std::array<T, kPage> value{};
    std::array<uint32_t, kPage> stamp{};
  };
  using Shelf = std::array<std::unique_ptr<Page>, kShelf>;
  std::vector<std::unique_ptr<Shelf>> shelves_;
  uint32_t epoch_ = 1;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_COLUMN_H_
