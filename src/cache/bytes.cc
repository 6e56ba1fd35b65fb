#include "cache/bytes.h"

#include <array>
#include <bit>
#include <cstring>

namespace congrua::cache::internal {

namespace {

// Eight bytes a step: table k is of a byte that k more bytes follow.
constexpr auto kTables = [] {
  std::array<std::array<uint32_t, 256>, 8> t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? c >> 1 ^ 0x82f63b78u : c >> 1;
    t[0][i] = c;
  }
  for (uint32_t i = 0; i < 256; ++i) {
    for (size_t k = 1; k < 8; ++k) {
      t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 0xff];
    }
  }
  return t;
}();

}  // namespace

uint32_t checksum(std::span<const uint8_t> bytes, uint32_t before) {
  uint32_t c = ~before;
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    uint64_t w = 0;
    for (size_t k = 0; k < 8; ++k) w |= static_cast<uint64_t>(bytes[i + k]) << (8 * k);
    w ^= c;
    c = 0;
    for (size_t k = 0; k < 8; ++k) c ^= kTables[7 - k][w >> (8 * k) & 0xff];
  }
  for (; i < bytes.size(); ++i) c = c >> 8 ^ kTables[0][(c ^ bytes[i]) & 0xff];
  return ~c;
}

}  // namespace congrua::cache::internal
