// Structural fingerprints: the same in every process, whatever the order of construction.
#ifndef CONGRUA_EXPR_HASH_H_
#define CONGRUA_EXPR_HASH_H_

#include <cstdint>
#include <string_view>

namespace congrua::internal {

// Finaliser of MurmurHash3 (Appleby, public domain): a bijection of 64-bit words.
constexpr uint64_t mix64(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}

constexpr uint64_t unmix64(uint64_t x) {
  x ^= x >> 33;
  x *= 0x9cb4b2f8129337dbULL;
  x ^= x >> 33;
  x *= 0x4f74430c22a54005ULL;
  x ^= x >> 33;
  return x;
}
static_assert(unmix64(mix64(0x0123456789abcdefULL)) == 0x0123456789abcdefULL);

constexpr uint64_t hash_combine(uint64_t seed, uint64_t value) {
  return mix64(seed * 0x9e3779b97f4a7c15ULL + value);
}

// FNV-1a, then mixed: names are short.
constexpr uint64_t hash_text(std::string_view s) {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (char c : s) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix64(h);
}

// The hash of a sum is linear in its coefficients (modulo 2^64), so that the hash of a
// sum of two sums is the sum of theirs and a running sum need not be walked at each step.
inline constexpr uint64_t kConstantWeight = 0x8cb92ba72f3d8dd7ULL;
constexpr uint64_t term_weight(uint64_t mono_hash) {
  return mix64(mono_hash ^ 0x2545f4914f6cdd1dULL);
}
constexpr uint64_t sum_hash(uint64_t linear) {
  return mix64(linear ^ 0x51afd7ed558cceb9ULL);
}
constexpr uint64_t linear_of_sum_hash(uint64_t hash) {
  return unmix64(hash) ^ 0x51afd7ed558cceb9ULL;
}

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_HASH_H_
