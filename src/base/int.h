// Exact integers.
//
// Int is a value type of eight bytes. Values in [-2^62, 2^62) are stored inline; all
// others in one heap cell behind the word. Arithmetic never wraps and never loses digits:
// the inline operators take the machine path and fall into the exact slow path where it
// overflows.
//
// The representation is canonical (a value that fits inline is inline), so the equality
// of two inline values is the equality of their words.
//
// Memory: the slow path allocates; the inline path does not. Thread safety: as for
// int64_t. The big integers are Boost.Multiprecision's cpp_int, seen by int.cc alone.
#ifndef CONGRUA_BASE_INT_H_
#define CONGRUA_BASE_INT_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace congrua {

__extension__ typedef __int128 int128;

class Int {
 public:
  static constexpr int64_t kMaxInline = (int64_t{1} << 62) - 1;
  static constexpr int64_t kMinInline = -(int64_t{1} << 62);

  constexpr Int() noexcept : word_(0) {}
  Int(int64_t v) : word_(0) {  // NOLINT: an int64_t is an Int
    if (v >= kMinInline && v <= kMaxInline) {
      word_ = static_cast<uint64_t>(v) << 1;
    } else {
      word_ = make_big(v);
    }
  }
  Int(int v) noexcept
      : word_(static_cast<uint64_t>(static_cast<int64_t>(v)) << 1) {}  // NOLINT
  static Int from_i128(int128 v);

  // Decimal digits with an optional leading '-'; nothing else is accepted.
  static std::optional<Int> parse(std::string_view text);

  Int(const Int& o) : word_(o.is_small() ? o.word_ : clone(o.word_)) {}
  Int(Int&& o) noexcept : word_(std::exchange(o.word_, 0)) {}
  Int& operator=(const Int& o) {
    if (this != &o) {
      const uint64_t w = o.is_small() ? o.word_ : clone(o.word_);
      if (!is_small()) destroy(word_);
      word_ = w;
    }
    return *this;
  }
  Int& operator=(Int&& o) noexcept {
    std::swap(word_, o.word_);
    return *this;
  }
  ~Int() {
    if (!is_small()) destroy(word_);
  }

  bool is_small() const { return (word_ & 1) == 0; }
  // The value; requires is_small().
  int64_t small() const { return static_cast<int64_t>(word_) >> 1; }
  bool is_zero() const { return word_ == 0; }
  bool is_one() const { return word_ == 2; }
  int sign() const { return is_small() ? (small() > 0) - (small() < 0) : big_sign(); }
  bool is_even() const { return is_small() ? (word_ & 2) == 0 : big_is_even(); }

  // The value where it fits; nullopt elsewhere.
  std::optional<int64_t> to_int64() const {
    return is_small() ? std::optional<int64_t>(small()) : big_to_int64();
  }
  // The value modulo 2^64: a ring homomorphism, used by linear hashes.
  uint64_t low64() const {
    return is_small() ? static_cast<uint64_t>(small()) : big_low64();
  }
  // A hash that reads every bit: multiples of 2^64 have the same low64.
  uint64_t hash64() const {
    return is_small() ? static_cast<uint64_t>(small()) : big_hash64();
  }
  double to_double() const;
  std::string to_string() const;
  // Number of bits of |value|; 0 for 0.
  unsigned bit_length() const;

  friend bool operator==(const Int& a, const Int& b) {
    if (a.is_small() || b.is_small()) return a.word_ == b.word_;
    return big_equal(a, b);
  }
  friend std::strong_ordering operator<=>(const Int& a, const Int& b) {
    if (a.is_small() && b.is_small()) return a.small() <=> b.small();
    return big_compare(a, b);
  }

  friend Int operator+(const Int& a, const Int& b) {
    int64_t r;
    if (((a.word_ | b.word_) & 1) == 0 &&
        !__builtin_add_overflow(static_cast<int64_t>(a.word_),
                                static_cast<int64_t>(b.word_), &r)) {
      return from_word(static_cast<uint64_t>(r));
    }
    return slow_add(a, b);
  }
  friend Int operator-(const Int& a, const Int& b) {
    int64_t r;
    if (((a.word_ | b.word_) & 1) == 0 &&
        !__builtin_sub_overflow(static_cast<int64_t>(a.word_),
                                static_cast<int64_t>(b.word_), &r)) {
      return from_word(static_cast<uint64_t>(r));
    }
    return slow_sub(a, b);
  }
  friend Int operator*(const Int& a, const Int& b) {
    int64_t r;
    if (((a.word_ | b.word_) & 1) == 0 &&
        !__builtin_mul_overflow(a.small(), static_cast<int64_t>(b.word_), &r)) {
      return from_word(static_cast<uint64_t>(r));
    }
    return slow_mul(a, b);
  }
  friend Int operator-(const Int& a) { return Int() - a; }
  Int& operator+=(const Int& b) { return *this = *this + b; }
  Int& operator-=(const Int& b) { return *this = *this - b; }
  Int& operator*=(const Int& b) { return *this = *this * b; }

  // Rounded to minus infinity, and its remainder (the divisor's sign). Require b != 0.
  friend Int floor_div(const Int& a, const Int& b) {
    if (((a.word_ | b.word_) & 1) == 0) return Int(small_floor_div(a.small(), b.small()));
    return slow_floor_div(a, b);
  }
  friend Int floor_mod(const Int& a, const Int& b) {
    if (((a.word_ | b.word_) & 1) == 0) {
      return Int(a.small() - small_floor_div(a.small(), b.small()) * b.small());
    }
    return slow_floor_mod(a, b);
  }
  friend Int ceil_div(const Int& a, const Int& b) { return -floor_div(-a, b); }
  // Non-negative; gcd(0, 0) = 0, lcm(x, 0) = 0.
  friend Int gcd(const Int& a, const Int& b);
  friend Int lcm(const Int& a, const Int& b);
  friend Int abs(const Int& a) { return a.sign() < 0 ? -a : a; }

  template <typename H>
  friend H AbslHashValue(H h, const Int& v) {
    return H::combine(std::move(h), v.hash64());
  }

 private:
  static Int from_word(uint64_t w) {
    Int r;
    r.word_ = w;
    return r;
  }
  static int64_t small_floor_div(int64_t a, int64_t b) {
    const int64_t q = a / b;  // |a|, |b| <= 2^62: no overflow
    return q - ((a % b != 0) && ((a < 0) != (b < 0)));
  }
  static uint64_t make_big(int64_t v);
  static uint64_t clone(uint64_t w);
  static void destroy(uint64_t w);
  int big_sign() const;
  bool big_is_even() const;
  std::optional<int64_t> big_to_int64() const;
  uint64_t big_low64() const;
  uint64_t big_hash64() const;
  static bool big_equal(const Int& a, const Int& b);
  static std::strong_ordering big_compare(const Int& a, const Int& b);
  static Int slow_add(const Int& a, const Int& b);
  static Int slow_sub(const Int& a, const Int& b);
  static Int slow_mul(const Int& a, const Int& b);
  static Int slow_floor_div(const Int& a, const Int& b);
  static Int slow_floor_mod(const Int& a, const Int& b);

  friend struct IntAccess;  // int.cc

  uint64_t word_;
};

// Declared here too, so that qualified calls find them.
Int floor_div(const Int& a, const Int& b);
Int floor_mod(const Int& a, const Int& b);
Int ceil_div(const Int& a, const Int& b);
Int abs(const Int& a);
Int gcd(const Int& a, const Int& b);
Int lcm(const Int& a, const Int& b);

}  // namespace congrua

#endif  // CONGRUA_BASE_INT_H_
