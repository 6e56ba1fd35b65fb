#include "expr/order.h"

#include <algorithm>

namespace congrua::internal {

namespace {

// Below this many levels the order of fingerprints takes over: chains that differ only at
// their far ends would otherwise be walked to the end by every comparison.
constexpr int kLevels = 16;
constexpr size_t kTermsBeforeSize = 16;  // of sums

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int sign_of(std::strong_ordering c) { return c < 0 ? -1 : c > 0; }

// Symbols first, constants last.
int rank(Op op) {
  switch (op) {
    case Op::kSymbol:
      return 0;
    case Op::kMul:
      return 1;
    case Op::kAdd:
      return 2;
    case Op::kOpaque:
      return 3;
    case Op::kConst:
      return 100;
    default:
      return 4 + static_cast<int>(op);
  }
}

int compare_natural(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const auto run = [](std::string_view s, size_t& from) {
        const size_t begin = from;
        while (from < s.size() && is_digit(s[from])) ++from;
        std::string_view digits = s.substr(begin, from - begin);
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
        return digits;
      };
      const std::string_view x = run(a, i);
      const std::string_view y = run(b, j);
      if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
      if (const int c = x.compare(y); c != 0) return c;
    } else {
      if (a[i] != b[j])
        return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]) ? -1
                                                                                   : 1;
      ++i, ++j;
    }
  }
  if (i < a.size() || j < b.size()) return i < a.size() ? 1 : -1;
  return a.compare(b);  // they differ in leading zeros, if at all
}

struct Difference {
  int sign = 0;  // 0: the first differing children decide
  const Node* a = nullptr;
  const Node* b = nullptr;
};

Difference compare_args(std::span<const Node* const> x, std::span<const Node* const> y) {
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x[i] != y[i]) return {0, x[i], y[i]};
  }
  return {x.size() < y.size() ? -1 : x.size() > y.size()};
}

Difference compare_sums(const Node* a, const Node* b) {
  const auto x = terms_of(a);
  const auto y = terms_of(b);
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x.mono(i) != y.mono(i)) return {0, x.mono(i), y.mono(i)};
    // Running sums have most of their terms in common: their sizes tell them apart.
    if (i == kTermsBeforeSize && x.size() != y.size()) break;
  }
  if (x.size() != y.size()) return {x.size() < y.size() ? -1 : 1};
  for (size_t i = 0; i < x.size(); ++i) {
    if (const int c = sign_of(x[i].coef <=> y[i].coef); c != 0) return {c};
  }
  return {sign_of(constant_of(a) <=> constant_of(b))};
}

Difference compare_products(const Node* a, const Node* b) {
  const auto x = factors_of(a);
  const auto y = factors_of(b);
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x[i].base != y[i].base) return {0, x[i].base, y[i].base};
    if (x[i].exponent != y[i].exponent) return {x[i].exponent > y[i].exponent ? -1 : 1};
  }
  return {x.size() < y.size() ? -1 : x.size() > y.size()};
}

Difference compare_level(const Node* a, const Node* b) {
  if (const int c = rank(a->op) - rank(b->op); c != 0) return {c};
  const int degrees = exact_degree(b) - exact_degree(a);
  if (degrees != 0) return {degrees};
  switch (a->op) {
    case Op::kConst:
      if (a->sort != b->sort) return {a->sort < b->sort ? -1 : 1};
      return {sign_of(const_value(a) <=> const_value(b))};
    case Op::kSymbol:
      return {compare_natural(as_symbol(a)->name, as_symbol(b)->name)};
    case Op::kAdd:
      return compare_sums(a, b);
    case Op::kMul:
      return compare_products(a, b);
    case Op::kOpaque: {
      const auto& x = static_cast<const OpaqueNode*>(a)->name;
      const auto& y = static_cast<const OpaqueNode*>(b)->name;
      if (const int c = compare_natural(x, y); c != 0) return {c};
      const Difference d = compare_args(args_of(a), args_of(b));
      if (d.sign == 0 && d.a == nullptr) return {a->sort < b->sort ? -1 : 1};
      return d;
    }
    default:
      return compare_args(args_of(a), args_of(b));
  }
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  return compare_natural(a, b) < 0;
}

// Distinct nodes of one pool are distinct terms, so the first pair of differing children
// decides and no path is walked twice.
int reading_compare(const Node* a, const Node* b) {
  for (int level = 0; a != b; ++level) {
    if (level == kLevels) return structural_less(a, b) ? -1 : 1;
    const Difference d = compare_level(a, b);
    if (d.sign != 0) return d.sign;
    a = d.a;
    b = d.b;
  }
  return 0;
}

}  // namespace congrua::internal
