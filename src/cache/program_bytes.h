// Guard programs as bytes, read back by the library and by embed/congrua_guard.c.
//
// Little-endian:
//
//   0   8  "congruaG"
//   8   4  0x01020304
//   12  2  version of the format that wrote it
//   14  2  least version that reads it
//   16  8  hash of the schema
//   24  8  length of all of it
//   32  4  CRC-32C of all but these four bytes
//   36  4  0
//   40     numbers of variable length: fields, guards, tests, length of the tests
//          the tests
//          number of positions, and each as length and text: for people, C does not read
//
// A test is a byte (its kind, its relation << 4, flags), the distance of its guard from
// that of the test before it, and by kind: kRange and kFloat the field and both ends (no
// first end: 64, no last end: 128); kMod field, modulus, residue; kLinear x, y, a, b, c;
// kProduct x, y, c (64: subtracted); kSet the field, the number of words and the words in
// ascending order, eight bytes each (64: is not in it); kCode the number of steps and the
// steps: an operation, its registers, then its constant. The registers of a step come
// before it. A large constant is 2 * size + sign and `size` bytes.
//
// What is read is checked so that no evaluation leaves its bounds, whoever wrote it.
#ifndef CONGRUA_CACHE_PROGRAM_BYTES_H_
#define CONGRUA_CACHE_PROGRAM_BYTES_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "cache/bytes.h"
#include "cache/test.h"

namespace congrua::cache::internal {

inline constexpr uint16_t kProgramFormat = 1;
inline constexpr size_t kProgramHeader = 40;

Bytes program_bytes(const Program& program, const Schema& schema);
absl::StatusOr<std::shared_ptr<const Program>> read_program(
    const Schema& schema, std::span<const uint8_t> bytes);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_PROGRAM_BYTES_H_
