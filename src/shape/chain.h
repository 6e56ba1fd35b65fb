// Lists and maps that stand on those of a frozen environment: what is below is read where
// it lies, by any number of threads, and what is added lies here.
#ifndef CONGRUA_SHAPE_CHAIN_H_
#define CONGRUA_SHAPE_CHAIN_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/check.h"

namespace congrua::shape {

template <typename T>
class ChainList {
 public:
  ChainList() = default;
  explicit ChainList(const ChainList* below) : below_(below), base_(below->size()) {}

  size_t size() const { return base_ + own_.size(); }
  bool empty() const { return size() == 0; }
  size_t base() const { return base_; }  // how many are below
  const T& operator[](size_t i) const {
    const ChainList* at = this;
    while (i < at->base_) at = at->below_;
    return at->own_[i - at->base_];
  }
  template <typename... Args>
  T& emplace_back(Args&&... args) {
    return own_.emplace_back(std::forward<Args>(args)...);
  }
  T& push_back(T value) { return own_.emplace_back(std::move(value)); }
  // Requires size >= base(): what is below stays.
  void shorten(size_t size) {
    CONGRUA_CHECK(size >= base_, "what a fork stands on stays");
    own_.erase(own_.begin() + static_cast<std::ptrdiff_t>(size - base_), own_.end());
  }
  std::vector<T> to_vector() const {
    std::vector<T> all;
    all.reserve(size());
    for (const T& v : *this) all.push_back(v);
    return all;
  }

  class iterator {
   public:
    iterator(const ChainList& list, size_t at) : list_(&list), at_(at) {}
    const T& operator*() const { return (*list_)[at_]; }
    iterator& operator++() { return ++at_, *this; }
    friend bool operator==(const iterator& a, const iterator& b) {
      return a.at_ == b.at_;
    }

   private:
    const ChainList* list_;
    size_t at_;
  };
  iterator begin() const { return {*this, 0}; }
  iterator end() const { return {*this, size()}; }

 private:
  const ChainList* below_ = nullptr;
  size_t base_ = 0;
  std::vector<T> own_;
};

template <typename Key, typename Value>
class ChainMap {
 public:
  ChainMap() = default;
  explicit ChainMap(const ChainMap* below) : below_(below) {}

  const Value* find(const Key& key) const {
    for (const ChainMap* at = this; at != nullptr; at = at->below_) {
      if (const auto it = at->own_.find(key); it != at->own_.end()) return &it->second;
    }
    return nullptr;
  }
  bool contains(const Key& key) const { return find(key) != nullptr; }
  // False where the key is known.
  bool insert(Key key, Value value) {
    if (below_ != nullptr && below_->contains(key)) return false;
    return own_.try_emplace(std::move(key), std::move(value)).second;
  }
  // In place of what was there, here and below.
  void replace(Key key, Value value) {
    own_.insert_or_assign(std::move(key), std::move(value));
  }
  void erase(const Key& key) {  // of what was inserted here
    own_.erase(key);
  }
  template <typename F>
  void for_each(F&& f) const {
    for (const ChainMap* at = this; at != nullptr; at = at->below_) {
      for (const auto& [key, value] : at->own_) {
        if (find(key) == &value) f(key, value);
      }
    }
  }

 private:
  const ChainMap* below_ = nullptr;
  absl::flat_hash_map<Key, Value> own_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_CHAIN_H_
