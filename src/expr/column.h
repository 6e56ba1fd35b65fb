// One value for each of some nodes of a pool, found by node id.
//
// Pages are made when first written, so a column costs what is written to it and not the
// size of the pool (two kilobytes for a million nodes); clear() is O(1) and keeps the
// memory.
#ifndef CONGRUA_EXPR_COLUMN_H_
#define CONGRUA_EXPR_COLUMN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "expr/node.h"

namespace congrua::internal {

template <typename T>
class NodeColumn {
 public:
  void clear() {
    if (++epoch_ != 0) return;
    first_.reset();  // once in 2^32 calls: old stamps would look new
    first_index_ = kNone;
    shelves_.clear();
    epoch_ = 1;
  }
  const T* find(const Node* n) const {
    const size_t index = n->id / kPage;
    const Page* page = index == first_index_ ? first_.get() : shelved(index);
    if (page == nullptr) return nullptr;
    return page->stamp[n->id % kPage] == epoch_ ? &page->value[n->id % kPage] : nullptr;
  }
  T& put(const Node* n, T value) {
    const size_t index = n->id / kPage;
    Page& page = index == first_index_ ? *first_ : page_for(index);
    page.stamp[n->id % kPage] = epoch_;
    return page.value[n->id % kPage] = std::move(value);
  }

 private:
  static constexpr size_t kPage = 64;
  static constexpr size_t kShelf = 64;  // pages
  static constexpr size_t kNone = SIZE_MAX;
  struct Page {
    std::array<T, kPage> value;  // those that are stamped
    std::array<uint32_t, kPage> stamp{};
  };
  using Shelf = std::array<std::unique_ptr<Page>, kShelf>;

  const Page* shelved(size_t index) const {
    const size_t shelf = index / kShelf;
    if (shelf >= shelves_.size() || shelves_[shelf] == nullptr) return nullptr;
    return (*shelves_[shelf])[index % kShelf].get();
  }
  Page& page_for(size_t index) {
    if (first_index_ == kNone) {
      first_ = std::make_unique_for_overwrite<Page>();
      first_index_ = index;
      return *first_;
    }
    const size_t shelf = index / kShelf;
    if (shelf >= shelves_.size()) shelves_.resize(shelf + 1);
    if (shelves_[shelf] == nullptr) shelves_[shelf] = std::make_unique<Shelf>();
    std::unique_ptr<Page>& page = (*shelves_[shelf])[index % kShelf];
    if (page == nullptr) page = std::make_unique_for_overwrite<Page>();
    return *page;
  }

  // The page that was made first, beside the shelves: a question about few nodes needs no
  // other, and finds it without them.
  std::unique_ptr<Page> first_;
  size_t first_index_ = kNone;
  std::vector<std::unique_ptr<Shelf>> shelves_;
  uint32_t epoch_ = 1;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_COLUMN_H_
