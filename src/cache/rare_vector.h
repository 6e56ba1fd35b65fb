// A vector that is mostly empty and then takes one word: a cache keeps some of them for
// each of its entries.
#ifndef CONGRUA_CACHE_RARE_VECTOR_H_
#define CONGRUA_CACHE_RARE_VECTOR_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace congrua::cache::internal {

template <typename T>
class RareVector {
 public:
  RareVector() = default;
  RareVector(std::vector<T> v)  // NOLINT: a vector, stored otherwise
      : at_(v.empty() ? nullptr : std::make_unique<std::vector<T>>(std::move(v))) {}

  size_t size() const { return at_ == nullptr ? 0 : at_->size(); }
  bool empty() const { return size() == 0; }
  const T* data() const { return at_ == nullptr ? nullptr : at_->data(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  const T& operator[](size_t i) const { return (*at_)[i]; }
  // To be filled.
  std::vector<T>& vector() {
    if (at_ == nullptr) at_ = std::make_unique<std::vector<T>>();
    return *at_;
  }
  void push_back(T v) { vector().push_back(std::move(v)); }

  // Beside the word.
  size_t bytes() const {
    return at_ == nullptr ? 0 : sizeof *at_ + at_->capacity() * sizeof(T);
  }

 private:
  std::unique_ptr<std::vector<T>> at_;
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_RARE_VECTOR_H_
