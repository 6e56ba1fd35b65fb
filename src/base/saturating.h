// Counts that stay at their largest value where they would overflow.
#ifndef CONGRUA_BASE_SATURATING_H_
#define CONGRUA_BASE_SATURATING_H_

#include <cstdint>

namespace congrua {

inline uint64_t add_saturating(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

inline uint64_t mul_saturating(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

}  // namespace congrua

#endif  // CONGRUA_BASE_SATURATING_H_
