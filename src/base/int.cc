#include "base/int.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <numeric>

namespace congrua {

using Big = boost::multiprecision::cpp_int;

// The one place that knows what a tagged word points to.
struct IntAccess {
  static Big& big(uint64_t w) { return *reinterpret_cast<Big*>(w & ~uint64_t{1}); }
  static Big to_big(const Int& v) { return v.is_small() ? Big(v.small()) : big(v.word_); }
  static uint64_t word(Big b) {
    return reinterpret_cast<uint64_t>(new Big(std::move(b))) | 1;
  }
  static Int make(Big b) {
    if (b >= Int::kMinInline && b <= Int::kMaxInline) return Int(static_cast<int64_t>(b));
    return Int::from_word(word(std::move(b)));
  }
  static const Big& big(const Int& v) { return big(v.word_); }
};

namespace {
using A = IntAccess;
}

uint64_t Int::make_big(int64_t v) { return A::word(Big(v)); }
uint64_t Int::clone(uint64_t w) { return A::word(A::big(w)); }
void Int::destroy(uint64_t w) { delete &A::big(w); }

Int Int::from_i128(int128 v) {
  if (v >= INT64_MIN && v <= INT64_MAX) return Int(static_cast<int64_t>(v));
  Big b = static_cast<int64_t>(v >> 64);
  b <<= 64;
  b += static_cast<uint64_t>(v);
  return A::make(std::move(b));
}

std::optional<Int> Int::parse(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() ||
      !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  if (digits.size() <= 18) {
    int64_t v = 0;
    for (char c : digits) v = v * 10 + (c - '0');
    return Int(negative ? -v : v);
  }
  // Divide and conquer: linear-size leaves, so 10,000 digits stay cheap.
  const auto convert = [](auto&& self, std::string_view s) -> Big {
    if (s.size() <= 18) {
      int64_t v = 0;
      for (char c : s) v = v * 10 + (c - '0');
      return Big(v);
    }
    const size_t low = s.size() / 2;
    Big high = self(self, s.substr(0, s.size() - low));
    high *= boost::multiprecision::pow(Big(10), static_cast<unsigned>(low));
    high += self(self, s.substr(s.size() - low));
    return high;
  };
  Big b = convert(convert, digits);
  if (negative) b = -b;
  return A::make(std::move(b));
}

int Int::big_sign() const { return A::big(*this).sign(); }
bool Int::big_is_even() const { return !bit_test(abs(A::big(*this)), 0); }

std::optional<int64_t> Int::big_to_int64() const {
  const Big& b = A::big(*this);
  if (b < INT64_MIN || b > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(b);
}

uint64_t Int::big_low64() const {
  const Big magnitude = abs(A::big(*this));
  const uint64_t low = static_cast<uint64_t>(magnitude & Big(UINT64_MAX));
  return sign() < 0 ? ~low + 1 : low;
}

uint64_t Int::big_hash64() const {
  const Big& b = A::big(*this);
  uint64_t h = b.backend().size() * 2 + (b.sign() < 0 ? 1 : 0);
  for (unsigned i = 0; i < b.backend().size(); ++i) {
    h = (h ^ b.backend().limbs()[i]) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
  }
  return h;
}

double Int::to_double() const {
  return is_small() ? static_cast<double>(small()) : A::big(*this).convert_to<double>();
}

std::string Int::to_string() const {
  return is_small() ? std::to_string(small()) : A::big(*this).str();
}

unsigned Int::bit_length() const {
  if (is_zero()) return 0;
  return static_cast<unsigned>(msb(abs(A::to_big(*this)))) + 1;
}

bool Int::big_equal(const Int& a, const Int& b) { return A::big(a) == A::big(b); }
std::strong_ordering Int::big_compare(const Int& a, const Int& b) {
  const int c = A::to_big(a).compare(A::to_big(b));
  return c <=> 0;
}
Int Int::slow_add(const Int& a, const Int& b) {
  return A::make(A::to_big(a) + A::to_big(b));
}
Int Int::slow_sub(const Int& a, const Int& b) {
  return A::make(A::to_big(a) - A::to_big(b));
}
Int Int::slow_mul(const Int& a, const Int& b) {
  return A::make(A::to_big(a) * A::to_big(b));
}

Int Int::slow_floor_div(const Int& a, const Int& b) {
  const Big n = A::to_big(a);
  const Big d = A::to_big(b);
  Big q, r;
  divide_qr(n, d, q, r);  // truncates
  if (r != 0 && (r.sign() < 0) != (d.sign() < 0)) q -= 1;
  return A::make(std::move(q));
}
Int Int::slow_floor_mod(const Int& a, const Int& b) {
  return a - slow_floor_div(a, b) * b;
}

Int gcd(const Int& a, const Int& b) {
  if (a.is_small() && b.is_small()) return Int(std::gcd(a.small(), b.small()));
  return A::make(boost::multiprecision::gcd(A::to_big(a), A::to_big(b)));
}
Int lcm(const Int& a, const Int& b) {
  if (a.is_zero() || b.is_zero()) return Int();
  return abs(floor_div(a, gcd(a, b)) * b);
}

}  // namespace congrua
