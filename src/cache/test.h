// Canonical tests: what a guard is taken apart into.
//
// Each reads one or two fields in a fixed form that the index and the lanes understand;
// all else is a register program (code.h). holds() is the reference: every faster form is
// tested against it.
#ifndef CONGRUA_CACHE_TEST_H_
#define CONGRUA_CACHE_TEST_H_

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/int.h"
#include "cache/rare_vector.h"
#include "congrua/guard_program.h"

namespace congrua::cache::internal {

enum class TestKind : uint8_t {
  kFalse,    // never
  kRange,    // x - a <= d, both unsigned: an interval of words, which may wrap around
  kMod,      // x mod d == a, 0 <= a < d, d >= 2
  kLinear,   // a*x + b*y + c REL 0; |a|, |b| < 2^62
  kProduct,  // a*x*y + c REL 0; a is 1 or -1
  kFloat,    // float_key(x) - a <= d, both unsigned
  kSet,      // x is among sets[a .. a + d); b != 0: is not
  kCode,     // code[a .. a + d) holds
};
enum class Relation : uint8_t { kGe, kEq, kNe };

struct Test {
  TestKind kind = TestKind::kFalse;
  Relation relation = Relation::kGe;
  uint16_t x = 0, y = 0;  // fields
  uint32_t guard = 0;     // of which this is a part
  int64_t a = 0, b = 0, c = 0;
  uint64_t d = 0;

  bool is_equality() const { return kind == TestKind::kRange && d == 0; }
};

// [lo, hi] as a range test; lo > hi is false.
inline Test range_test(uint16_t field, int64_t lo, int64_t hi) {
  if (lo > hi) return {};
  return {TestKind::kRange,
          Relation::kGe,
          field,
          0,
          0,
          lo,
          0,
          0,
          static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo)};
}
// Everything but v: the interval that begins after it and wraps around to before it.
inline Test hole_test(uint16_t field, int64_t v) {
  return {TestKind::kRange,
          Relation::kGe,
          field,
          0,
          0,
          static_cast<int64_t>(static_cast<uint64_t>(v) + 1),
          0,
          0,
          UINT64_MAX - 1};
}

// Registers are numbered as the operations that fill them. The numbers of operations and
// of kinds of tests are part of the format of bytes (program_bytes.h).
enum class CodeOp : uint8_t {
  kConst,     // imm
  kBigConst,  // bigs[imm]
  kField,     // field imm
  kBool,      // field imm != 0
  kAdd,
  kAddConst,  // a + imm
  kMul,
  kMulConst,  // a * imm
  kFloorDiv,
  kMin,
  kMax,
  kSelect,  // a ? b : c
  kGe,      // a >= 0
  kEq,      // a == 0; the negation of a proposition
  kAnd,
  kIff,
};
struct CodeStep {
  CodeOp op;
  uint16_t a = 0, b = 0, c = 0;
  int64_t imm = 0;
};

struct Program {
  std::vector<uint8_t> packed;  // the tests in the order of the guards; see append
  RareVector<CodeStep> code;
  RareVector<Int> bigs;
  RareVector<uint64_t> sets;          // each set ascending
  RareVector<std::string> positions;  // of guards, as far as they were given
  uint32_t num_guards = 0;
  uint32_t num_tests = 0;
  uint32_t last_guard = 0;

  // Tests are packed to some six bytes each: a program is read whole where it is made and
  // where lanes cannot decide, so that a cache keeps the short form alone.
  void append(const Test& test);
  // Unpacks one test and moves `at` behind it.
  Test next(const uint8_t** at, uint32_t* guard) const;
  // Whether f(test) holds for all of them, in order, up to the first for which it fails.
  template <typename F>
  bool all_of(F&& f) const {
    uint32_t guard = 0;
    const uint8_t* const end = packed.data() + packed.size();
    for (const uint8_t* at = packed.data(); at != end;) {
      if (!f(next(&at, &guard))) return false;
    }
    return true;
  }

  size_t bytes() const {
    return sizeof *this + packed.capacity() + code.bytes() + bigs.bytes() + sets.bytes() +
           positions.bytes();
  }
};

// Order-preserving: a < b exactly where float_key(a) < float_key(b); equal for -0 and 0.
// NaN lies above infinity.
inline constexpr int64_t kNanKey = INT64_MAX;
inline int64_t float_key(double v) {
  if (v != v) return kNanKey;
  const auto bits = std::bit_cast<int64_t>(v);
  return bits >= 0 ? bits : -(bits & INT64_MAX);
}

inline constexpr size_t kMaxTests = size_t{1} << 15;  // of a program
// Of the magnitude of a register: what is wider takes too long to compute.
inline constexpr unsigned kMaxBits = 1u << 14;
// A bound of the bits of the last step, from those of the steps before it.
unsigned step_bits(const CodeStep& step, std::span<const Int> bigs,
                   std::span<const uint16_t> bits);

// Whether a register program of at most kMaxSteps steps is defined and true.
inline constexpr size_t kMaxSteps = 1024;
bool run_code(std::span<const CodeStep> code, std::span<const Int> bigs, const Word* row);

// The value of the last step; nullopt: it has none.
std::optional<Int> code_value(std::span<const CodeStep> code, std::span<const Int> bigs,
                              const Word* row);

bool holds(const Test& test, const Program& program, const Word* row);

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_TEST_H_
