// Bytes that leave the process: numbers of variable length, and a checksum.
//
// All of it is little-endian whatever the machine, and read byte by byte. A ByteReader
// never reads beyond its end: what is missing reads as 0, and ok() tells.
#ifndef CONGRUA_CACHE_BYTES_H_
#define CONGRUA_CACHE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace congrua::cache::internal {

using Bytes = std::vector<uint8_t>;

// Seven bits a byte, the low ones first.
inline void put_number(Bytes& out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<uint8_t>(v | 0x80));
  out.push_back(static_cast<uint8_t>(v));
}
// With the sign in bit 0.
inline void put_signed(Bytes& out, int64_t v) {
  put_number(out, static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63));
}
inline int64_t signed_of(uint64_t v) {
  return static_cast<int64_t>(v >> 1 ^ (0 - (v & 1)));
}
inline void put_fixed(Bytes& out, uint64_t v, int size) {
  for (int i = 0; i < size; ++i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
}
inline void set_fixed(Bytes& out, size_t at, uint64_t v, int size) {
  for (int i = 0; i < size; ++i) {
    out[at + static_cast<size_t>(i)] = static_cast<uint8_t>(v >> (8 * i));
  }
}
inline void put_text(Bytes& out, std::string_view text) {
  put_number(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool done() const { return bytes_.empty(); }
  size_t left() const { return bytes_.size(); }
  void fail() {
    ok_ = false;
    bytes_ = {};
  }

  std::span<const uint8_t> take(uint64_t size) {
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    const auto out = bytes_.first(static_cast<size_t>(size));
    bytes_ = bytes_.subspan(static_cast<size_t>(size));
    return out;
  }
  uint64_t fixed(int size) {
    uint64_t v = 0;
    int shift = 0;
    for (const uint8_t b : take(static_cast<uint64_t>(size))) {
      v |= static_cast<uint64_t>(b) << shift;
      shift += 8;
    }
    return v;
  }
  uint8_t byte() { return static_cast<uint8_t>(fixed(1)); }
  uint64_t number() {
    uint64_t v = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (bytes_.empty()) break;
      const uint8_t b = byte();
      if (shift == 63 && b > 1) break;  // beyond 64 bits
      v |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return v;
    }
    fail();
    return 0;
  }
  // At most `limit`.
  uint64_t number(uint64_t limit) {
    const uint64_t v = number();
    if (v > limit) fail();
    return ok_ ? v : 0;
  }
  int64_t signed_number() { return signed_of(number()); }
  std::string_view text() {
    const auto bytes = take(number());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::span<const uint8_t> bytes_;
  bool ok_ = true;
};

// CRC-32C (Castagnoli), continued from the checksum of what came before.
uint32_t checksum(std::span<const uint8_t> bytes, uint32_t before = 0);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_BYTES_H_
