#include "cache/test.h"

#include <algorithm>

#include "cache/bytes.h"

namespace congrua::cache::internal {

namespace {

__extension__ typedef unsigned __int128 uint128;

bool related(int128 v, Relation relation) {
  switch (relation) {
    case Relation::kGe:
      return v >= 0;
    case Relation::kEq:
      return v == 0;
    case Relation::kNe:
      break;
  }
  return v != 0;
}

// Arithmetic of one width; false: the result does not fit.
struct Narrow {
  using T = int64_t;
  static bool add(T a, T b, T* r) { return !__builtin_add_overflow(a, b, r); }
  static bool mul(T a, T b, T* r) { return !__builtin_mul_overflow(a, b, r); }
  static bool div(T a, T b, T* r) {
    if (b == -1) return !__builtin_sub_overflow(T{0}, a, r);
    const T q = a / b;
    *r = q - ((a % b != 0) && ((a < 0) != (b < 0)));
    return true;
  }
  static bool big(const Int& v, T* r) {
    const std::optional<int64_t> small = v.to_int64();
    if (small) *r = *small;
    return small.has_value();
  }
};

struct Wide {
  using T = int128;
  static constexpr T kLimit = T{1} << 126;
  static bool fits(T v) { return v > -kLimit && v < kLimit; }
  static bool add(T a, T b, T* r) {
    *r = a + b;  // both below 2^126
    return fits(*r);
  }
  static int bits(T v) {
    const auto u = static_cast<uint128>(v < 0 ? -v : v);
    const auto high = static_cast<uint64_t>(u >> 64);
    return high != 0 ? 128 - std::countl_zero(high)
                     : 64 - std::countl_zero(static_cast<uint64_t>(u));
  }
  static bool mul(T a, T b, T* r) {
    if (bits(a) + bits(b) > 126) return false;
    *r = a * b;
    return fits(*r);
  }
  static bool div(T a, T b, T* r) {
    const T q = a / b;
    *r = q - ((a % b != 0) && ((a < 0) != (b < 0)));
    return true;
  }
  static bool big(const Int& v, T* r) {
    const std::optional<int64_t> small = v.to_int64();
    if (small) *r = *small;
    return small.has_value();
  }
};

struct Exact {
  using T = Int;
  static bool add(const T& a, const T& b, T* r) { return *r = a + b, true; }
  static bool mul(const T& a, const T& b, T* r) { return *r = a * b, true; }
  static bool div(const T& a, const T& b, T* r) { return *r = floor_div(a, b), true; }
  static bool big(const Int& v, T* r) { return *r = v, true; }
};

enum class Verdict : uint8_t { kFalse, kTrue, kOverflow };

// Both arms of a selection are computed; what the other arm lacks is not missed.
template <typename A>
Verdict run(std::span<const CodeStep> code, std::span<const Int> bigs, const Word* row,
            typename A::T* v, uint8_t* undefined) {
  using T = typename A::T;
  for (size_t i = 0; i < code.size(); ++i) {
    const CodeStep& s = code[i];
    T& r = v[i];
    undefined[i] = 0;
    bool fits = true;
    switch (s.op) {
      case CodeOp::kConst:
        r = T(s.imm);
        break;
      case CodeOp::kBigConst:
        fits = A::big(bigs[static_cast<size_t>(s.imm)], &r);
        break;
      case CodeOp::kField:
        r = T(static_cast<int64_t>(row[s.imm]));
        break;
      case CodeOp::kBool:
        r = T(row[s.imm] != 0 ? 1 : 0);
        break;
      case CodeOp::kAddConst:
        undefined[i] = undefined[s.a];
        if (undefined[i] == 0) fits = A::add(v[s.a], T(s.imm), &r);
        break;
      case CodeOp::kMulConst:
        undefined[i] = undefined[s.a];
        if (undefined[i] == 0) fits = A::mul(v[s.a], T(s.imm), &r);
        break;
      case CodeOp::kAdd:
        undefined[i] = undefined[s.a] | undefined[s.b];
        if (undefined[i] == 0) fits = A::add(v[s.a], v[s.b], &r);
        break;
      case CodeOp::kMul:
        undefined[i] = undefined[s.a] | undefined[s.b];
        if (undefined[i] == 0) fits = A::mul(v[s.a], v[s.b], &r);
        break;
      case CodeOp::kFloorDiv:
        undefined[i] = undefined[s.a] | undefined[s.b];
        if (undefined[i] == 0 && v[s.b] == T(0)) undefined[i] = 1;
        if (undefined[i] == 0) fits = A::div(v[s.a], v[s.b], &r);
        break;
      case CodeOp::kMin:
        undefined[i] = undefined[s.a] | undefined[s.b];
        if (undefined[i] == 0) r = v[s.b] < v[s.a] ? v[s.b] : v[s.a];
        break;
      case CodeOp::kMax:
        undefined[i] = undefined[s.a] | undefined[s.b];
        if (undefined[i] == 0) r = v[s.a] < v[s.b] ? v[s.b] : v[s.a];
        break;
      case CodeOp::kSelect: {
        undefined[i] = undefined[s.a];
        if (undefined[i] != 0) break;
        const uint16_t taken = v[s.a] == T(0) ? s.c : s.b;
        undefined[i] = undefined[taken];
        if (undefined[i] == 0) r = v[taken];
        break;
      }
      case CodeOp::kGe:
        undefined[i] = undefined[s.a];
        if (undefined[i] == 0) r = T(v[s.a] < T(0) ? 0 : 1);
        break;
      case CodeOp::kEq:
        undefined[i] = undefined[s.a];
        if (undefined[i] == 0) r = T(v[s.a] == T(0) ? 1 : 0);
        break;
      case CodeOp::kAnd: {
        const bool false_a = undefined[s.a] == 0 && v[s.a] == T(0);
        const bool false_b = undefined[s.b] == 0 && v[s.b] == T(0);
        const bool known = false_a || false_b;
        undefined[i] = known ? 0 : undefined[s.a] | undefined[s.b];
        r = T(known ? 0 : 1);
        break;
      }
      case CodeOp::kIff:
        undefined[i] = undefined[s.a] | undefined[s.b];
        if (undefined[i] == 0) r = T(v[s.a] == v[s.b] ? 1 : 0);
        break;
    }
    if (!fits) return Verdict::kOverflow;
  }
  const size_t last = code.size() - 1;
  return undefined[last] == 0 && !(v[last] == T(0)) ? Verdict::kTrue : Verdict::kFalse;
}

// The frames are functions of their own: the common one is small.
[[gnu::noinline]] Verdict run_wide(std::span<const CodeStep> code,
                                   std::span<const Int> bigs, const Word* row) {
  int128 values[kMaxSteps];
  uint8_t undefined[kMaxSteps];
  return run<Wide>(code, bigs, row, values, undefined);
}
[[gnu::noinline]] bool run_exact(std::span<const CodeStep> code,
                                 std::span<const Int> bigs, const Word* row) {
  std::vector<Int> values(code.size());
  std::vector<uint8_t> undefined(code.size());
  return run<Exact>(code, bigs, row, values.data(), undefined.data()) == Verdict::kTrue;
}

constexpr unsigned kNoFirst = 64, kNoLast = 128;  // beside the kind of a range

// Of bytes that append wrote.
uint64_t get(const uint8_t** at) {
  uint64_t v = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = *(*at)++;
    v |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return v;
  }
}
int64_t get_signed(const uint8_t** at) { return signed_of(get(at)); }

}  // namespace

// The last word of a range is packed in place of its length, and ends of int64 not at
// all.
void Program::append(const Test& t) {
  const bool range = t.kind == TestKind::kRange || t.kind == TestKind::kFloat;
  const auto last = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
  const bool no_first = range && t.a == INT64_MIN;
  const bool no_last = range && last == INT64_MAX;
  packed.push_back(static_cast<uint8_t>(
      static_cast<unsigned>(t.kind) | static_cast<unsigned>(t.relation) << 4 |
      (no_first ? kNoFirst : 0u) | (no_last ? kNoLast : 0u)));
  put_number(packed, t.guard - last_guard);
  last_guard = t.guard;
  ++num_tests;
  if (t.kind == TestKind::kFalse) return;
  put_number(packed, t.x);
  if (!no_first) put_signed(packed, t.a);
  if (range) {
    if (!no_last) put_signed(packed, last);
    return;
  }
  put_number(packed, t.y);
  put_signed(packed, t.b);
  put_signed(packed, t.c);
  put_number(packed, t.d);
}

Test Program::next(const uint8_t** at, uint32_t* guard) const {
  const uint8_t head = *(*at)++;
  Test t;
  t.kind = static_cast<TestKind>(head & 15);
  t.relation = static_cast<Relation>(head >> 4 & 3);
  *guard += static_cast<uint32_t>(get(at));
  t.guard = *guard;
  if (t.kind == TestKind::kFalse) return t;
  t.x = static_cast<uint16_t>(get(at));
  t.a = (head & kNoFirst) != 0 ? INT64_MIN : get_signed(at);
  if (t.kind == TestKind::kRange || t.kind == TestKind::kFloat) {
    const int64_t last = (head & kNoLast) != 0 ? INT64_MAX : get_signed(at);
    t.d = static_cast<uint64_t>(last) - static_cast<uint64_t>(t.a);
    return t;
  }
  t.y = static_cast<uint16_t>(get(at));
  t.b = get_signed(at);
  t.c = get_signed(at);
  t.d = get(at);
  return t;
}

unsigned step_bits(const CodeStep& s, std::span<const Int> bigs,
                   std::span<const uint16_t> bits) {
  const auto of = [bits](uint16_t i) { return unsigned{bits[i]}; };
  switch (s.op) {
    case CodeOp::kConst:
    case CodeOp::kField:
      return 64;
    case CodeOp::kBigConst:
      return (bigs[static_cast<size_t>(s.imm)].bit_length() + 7) / 8 * 8;
    case CodeOp::kAdd:
      return std::max(of(s.a), of(s.b)) + 1;
    case CodeOp::kAddConst:
      return std::max(of(s.a), 64u) + 1;
    case CodeOp::kMul:
      return of(s.a) + of(s.b);
    case CodeOp::kMulConst:
      return of(s.a) + 64;
    case CodeOp::kFloorDiv:
      return of(s.a);
    case CodeOp::kMin:
    case CodeOp::kMax:
      return std::max(of(s.a), of(s.b));
    case CodeOp::kSelect:
      return std::max(of(s.b), of(s.c));
    case CodeOp::kBool:
    case CodeOp::kGe:
    case CodeOp::kEq:
    case CodeOp::kAnd:
    case CodeOp::kIff:
      break;
  }
  return 1;
}

bool run_code(std::span<const CodeStep> code, std::span<const Int> bigs,
              const Word* row) {
  int64_t values[kMaxSteps];
  uint8_t undefined[kMaxSteps];
  Verdict v = run<Narrow>(code, bigs, row, values, undefined);
  if (v == Verdict::kOverflow) v = run_wide(code, bigs, row);
  if (v == Verdict::kOverflow) return run_exact(code, bigs, row);
  return v == Verdict::kTrue;
}

std::optional<Int> code_value(std::span<const CodeStep> code, std::span<const Int> bigs,
                              const Word* row) {
  const size_t last = code.size() - 1;
  {
    int64_t values[kMaxSteps];
    uint8_t undefined[kMaxSteps];
    if (run<Narrow>(code, bigs, row, values, undefined) != Verdict::kOverflow) {
      return undefined[last] != 0 ? std::nullopt : std::optional<Int>(values[last]);
    }
  }
  std::vector<Int> values(code.size());
  std::vector<uint8_t> undefined(code.size());
  (void)run<Exact>(code, bigs, row, values.data(), undefined.data());
  if (undefined[last] != 0) return std::nullopt;
  return std::move(values[last]);
}

bool holds(const Test& t, const Program& program, const Word* row) {
  if (t.kind == TestKind::kFalse) return false;
  if (t.kind == TestKind::kCode) {
    return run_code(std::span(program.code).subspan(static_cast<size_t>(t.a), t.d),
                    program.bigs, row);
  }
  const Word word = row[t.x];
  const auto x = static_cast<int64_t>(word);
  switch (t.kind) {
    case TestKind::kRange:
      return word - static_cast<uint64_t>(t.a) <= t.d;
    case TestKind::kMod: {
      const auto m = static_cast<int64_t>(t.d);
      const int64_t r = x % m;
      return (r < 0 ? r + m : r) == t.a;
    }
    case TestKind::kLinear:  // below 2^125 each
      return related(int128{t.a} * x + int128{t.b} * static_cast<int64_t>(row[t.y]) + t.c,
                     t.relation);
    case TestKind::kProduct: {
      const int128 p = int128{x} * static_cast<int64_t>(row[t.y]);  // at most 2^126
      return related((t.a < 0 ? -p : p) + t.c, t.relation);
    }
    case TestKind::kFloat:
      return static_cast<uint64_t>(float_key(std::bit_cast<double>(word))) -
                 static_cast<uint64_t>(t.a) <=
             t.d;
    case TestKind::kSet: {
      const auto set = std::span(program.sets).subspan(static_cast<size_t>(t.a), t.d);
      return std::ranges::binary_search(set, word) == (t.b == 0);
    }
    case TestKind::kFalse:
    case TestKind::kCode:
      break;
  }
  return false;
}

}  // namespace congrua::cache::internal
