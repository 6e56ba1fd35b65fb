// The header of bytes that leave the process, little-endian:
//
//   0   8  what it is: "congruaG", "congruaC"
//   8   4  0x01020304
//   12  2  version of the format that wrote it
//   14  2  least version that reads it
//   16  8  hash of the schema
//   24  8  length of all of it
//   32  4  CRC-32C of all but these four bytes
//   36  4  0
#ifndef CONGRUA_CACHE_SEAL_H_
#define CONGRUA_CACHE_SEAL_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "cache/bytes.h"

namespace congrua::cache::internal {

struct Seal {
  const char* magic;  // of eight characters
  const char* noun;   // begins messages
  uint16_t format, reader;
};

inline constexpr size_t kSealSize = 40;

Bytes sealed(const Seal& seal, uint64_t schema_hash, std::span<const uint8_t> payload);

struct Opened {
  uint64_t schema_hash = 0;
  std::span<const uint8_t> payload;
};
// kInvalidArgument for bytes that are truncated, corrupt or something else,
// kFailedPrecondition for those of a newer format or the other byte order.
absl::StatusOr<Opened> open_sealed(const Seal& seal, std::span<const uint8_t> bytes);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_SEAL_H_
