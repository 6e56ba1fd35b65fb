// Layouts of numbers: their predicates by the loops that frameworks run, an oracle for
// layout.h, and random ones.
#ifndef CONGRUA_TESTS_EXPR_LAYOUT_NUMBERS_H_
#define CONGRUA_TESTS_EXPR_LAYOUT_NUMBERS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <ostream>
#include <random>
#include <vector>

namespace congrua {

struct NumberLayout {
  std::vector<int64_t> sizes, strides;

  size_t rank() const { return sizes.size(); }
  bool empty() const { return std::ranges::find(sizes, 0) != sizes.end(); }
  // Dimensions of channels-last from the innermost to the outermost; rank 4 or 5.
  std::vector<size_t> channels_inside() const {
    return rank() == 4 ? std::vector<size_t>{1, 3, 2, 0}
                       : std::vector<size_t>{1, 4, 3, 2, 0};
  }

  bool contiguous() const {
    if (empty()) return true;
    int64_t expected = 1;
    for (size_t d = rank(); d-- > 0;) {
      if (sizes[d] == 1) continue;
      if (strides[d] != expected) return false;
      expected *= sizes[d];
    }
    return true;
  }

  bool channels_last() const {
    if (rank() != 4 && rank() != 5) return false;
    int64_t expected = 1;
    for (const size_t d : channels_inside()) {
      if (sizes[d] == 1) continue;
      if (strides[d] != expected) return false;
      expected *= sizes[d];
    }
    return true;
  }

  bool channels_last_strides() const {
    if (rank() != 4 && rank() != 5) return false;
    if (strides[1] == 0) return false;
    int64_t least = 0;
    for (const size_t d : channels_inside()) {
      if (sizes[d] == 0 || strides[d] < least) return false;
      if (d == 0 && least == strides[1]) return false;
      least = strides[d] * std::max<int64_t>(sizes[d], 1);
    }
    return true;
  }

  bool dense() const {
    std::vector<size_t> order(rank());
    std::iota(order.begin(), order.end(), size_t{0});
    std::erase_if(order, [&](size_t d) { return sizes[d] < 2; });
    std::ranges::sort(order, {}, [&](size_t d) { return strides[d]; });
    int64_t expected = 1;
    for (const size_t d : order) {
      if (strides[d] != expected) return false;
      expected *= sizes[d];
    }
    return true;
  }

  int64_t storage(int64_t offset) const {
    if (empty()) return 0;
    int64_t last = offset;
    for (size_t d = 0; d < rank(); ++d) last += (sizes[d] - 1) * strides[d];
    return last + 1;
  }

  friend std::ostream& operator<<(std::ostream& out, const NumberLayout& l) {
    return out << testing::PrintToString(l.sizes) << " strides "
               << testing::PrintToString(l.strides);
  }
};

inline int64_t pick(std::mt19937_64& random, int64_t lo, int64_t hi) {
  return lo + static_cast<int64_t>(random() % static_cast<uint64_t>(hi - lo + 1));
}

// Sizes up to 3, some 0; dense in a random order of dimensions or in that of
// channels-last, then up to two strides disturbed to at least `least_stride`.
inline NumberLayout random_layout(std::mt19937_64& random, size_t rank,
                                  int64_t least_stride) {
  NumberLayout l{{}, std::vector<int64_t>(rank)};
  for (size_t d = 0; d < rank; ++d)
    l.sizes.push_back(pick(random, pick(random, 0, 3) == 0 ? 0 : 1, 3));
  std::vector<size_t> order(rank);
  std::iota(order.begin(), order.end(), size_t{0});
  if (rank >= 4 && rank <= 5 && pick(random, 0, 1) == 0) {
    order = l.channels_inside();
  } else if (pick(random, 0, 1) == 0) {
    std::ranges::shuffle(order, random);
  } else {
    std::ranges::reverse(order);
  }
  int64_t inside = 1;
  for (const size_t d : order) {
    l.strides[d] = inside;
    inside *= std::max<int64_t>(l.sizes[d], 1);
  }
  for (int64_t left = pick(random, 0, 2); rank != 0 && left > 0; --left)
    l.strides[random() % rank] = pick(random, least_stride, 12);
  return l;
}

}  // namespace congrua

#endif  // CONGRUA_TESTS_EXPR_LAYOUT_NUMBERS_H_
