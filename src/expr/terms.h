// The terms of sums, packed: one word each.
//
// A word holds a coefficient of 18 bits, a flag and the address of the monomial, of which
// 45 bits are kept: nodes are aligned to 8 and lie below 2^48 (checked where their memory
// comes from, base/arena.cc). A term whose coefficient is larger lies in a box, which the
// word then points to. Most sums have two or three terms of small coefficients, so that
// this halves what they take.
//
// Terms reads packed words as values: `for (const Term& t : terms)` binds t to a copy, so
// no address of t outlives its turn.
#ifndef CONGRUA_EXPR_TERMS_H_
#define CONGRUA_EXPR_TERMS_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <ranges>

#include "base/int.h"

namespace congrua::internal {

struct Node;

struct Term {
  Int coef;          // never 0
  const Node* mono;  // an atom or a kMul
};

class PackedTerm {
 public:
  static bool fits(const Int& coef) {
    return coef.is_small() && coef.small() >= -kLimit && coef.small() < kLimit;
  }
  // Requires fits(coef).
  PackedTerm(const Int& coef, const Node* mono)
      : bits_(static_cast<uint64_t>(coef.small()) << (kAddressBits + 1) | address(mono)) {
  }
  // The box outlives the word.
  explicit PackedTerm(const Term* box)
      : bits_(uint64_t{1} << kAddressBits | address(box)) {}

  Term get() const {
    if (is_boxed()) [[unlikely]]
      return *box();
    return {Int(static_cast<int>(static_cast<int64_t>(bits_) >> (kAddressBits + 1))),
            reinterpret_cast<const Node*>((bits_ & kAddressMask) << 3)};
  }
  const Node* mono() const {
    if (is_boxed()) [[unlikely]]
      return box()->mono;
    return reinterpret_cast<const Node*>((bits_ & kAddressMask) << 3);
  }

 private:
  static constexpr int kAddressBits = 45;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << kAddressBits) - 1;
  static constexpr int64_t kLimit = int64_t{1} << 17;

  static uint64_t address(const void* p) { return reinterpret_cast<uintptr_t>(p) >> 3; }
  bool is_boxed() const { return (bits_ >> kAddressBits & 1) != 0; }
  const Term* box() const {
    return reinterpret_cast<const Term*>((bits_ & kAddressMask) << 3);
  }

  uint64_t bits_;
};
static_assert(sizeof(PackedTerm) == 8);

class Terms {
 public:
  class iterator {
   public:
    using iterator_concept = std::random_access_iterator_tag;
    using iterator_category = std::input_iterator_tag;  // *it is no reference
    using value_type = Term;
    using difference_type = std::ptrdiff_t;
    using reference = Term;
    struct pointer {
      Term term;
      const Term* operator->() const { return std::addressof(term); }
    };

    iterator() = default;
    explicit iterator(const PackedTerm* at) : at_(at) {}
    Term operator*() const { return at_->get(); }
    pointer operator->() const { return {at_->get()}; }
    Term operator[](difference_type i) const { return at_[i].get(); }
    iterator& operator++() { return ++at_, *this; }
    iterator operator++(int) { return iterator(at_++); }
    iterator& operator--() { return --at_, *this; }
    iterator operator--(int) { return iterator(at_--); }
    iterator& operator+=(difference_type i) { return at_ += i, *this; }
    iterator& operator-=(difference_type i) { return at_ -= i, *this; }
    friend iterator operator+(iterator a, difference_type i) { return a += i; }
    friend iterator operator+(difference_type i, iterator a) { return a += i; }
    friend iterator operator-(iterator a, difference_type i) { return a -= i; }
    friend difference_type operator-(iterator a, iterator b) { return a.at_ - b.at_; }
    friend bool operator==(iterator a, iterator b) = default;
    friend auto operator<=>(iterator a, iterator b) = default;

   private:
    const PackedTerm* at_ = nullptr;
  };
  using const_iterator = iterator;
  using value_type = Term;

  Terms() = default;
  Terms(const PackedTerm* first, size_t size) : first_(first), size_(size) {}
  iterator begin() const { return iterator(first_); }
  iterator end() const { return iterator(first_ + size_); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Term operator[](size_t i) const { return first_[i].get(); }
  const Node* mono(size_t i) const { return first_[i].mono(); }
  Term front() const { return first_[0].get(); }
  Term back() const { return first_[size_ - 1].get(); }
  // At the end of a list, which grows once.
  template <typename List>
  void append_to(List& list) const {
    list.reserve(list.size() + size_);
    for (const Term& t : *this) list.push_back(t);
  }
  // The coefficient of a monomial; 0 where it does not occur. Linear.
  Int coefficient_of(const Node* mono) const {
    for (size_t i = 0; i < size_; ++i) {
      if (first_[i].mono() == mono) return first_[i].get().coef;
    }
    return 0;
  }

 private:
  const PackedTerm* first_ = nullptr;
  size_t size_ = 0;
};

}  // namespace congrua::internal

// Its iterators point to the words, not to it.
template <>
inline constexpr bool std::ranges::enable_borrowed_range<congrua::internal::Terms> = true;

#endif  // CONGRUA_EXPR_TERMS_H_
