// Guard programs as bytes, read back by the library and by embed/congrua_guard.c.
//
// Behind the header (seal.h, "congruaG") little-endian:
//
//   numbers of variable length: fields, guards, tests, length of the tests
//   the tests
//   number of positions, and each as length and text: for people, C does not read them
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
#include "cache/seal.h"
#include "cache/test.h"

namespace congrua::cache::internal {

inline constexpr Seal kProgramSeal = {"congruaG", "guard program", 1, 1};

// What is behind the header; nullptr: it makes no sense.
Bytes program_payload(const Program& program, const Schema& schema);
std::shared_ptr<const Program> read_payload(const Schema& schema,
                                            std::span<const uint8_t> payload);

Bytes program_bytes(const Program& program, const Schema& schema);
absl::StatusOr<std::shared_ptr<const Program>> read_program(
    const Schema& schema, std::span<const uint8_t> bytes);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_PROGRAM_BYTES_H_
