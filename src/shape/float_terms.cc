#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>

#include "congrua/float64.h"
#include "expr/builder.h"
#include "shape/floats.h"

namespace congrua {

namespace {

using internal::Builder;
using internal::Node;

constexpr int64_t kExact = int64_t{1} << 53;

// Integer constants that are doubles count as such.
std::optional<double> constant(const Node* n) {
  if (n->op == Op::kConst && n->sort == Sort::kInt) {
    const std::optional<int64_t> v = internal::const_value(n).to_int64();
    if (!v || *v > kExact || *v < -kExact) return std::nullopt;
    return static_cast<double>(*v);
  }
  if (n->op != Op::kOpaque || n->sort != Sort::kReal) return std::nullopt;
  return shape::evaluate_float(
      n, [](const Node*) { return std::optional<double>(); },
      [](const Node* i) -> std::optional<int64_t> {
        return i->op == Op::kConst ? internal::const_value(i).to_int64() : std::nullopt;
      });
}

Expr folded(Expr e) {
  const std::optional<double> v = constant(Builder::node(e));
  return v && *v == *v ? float_constant(e.pool(), *v) : e;
}

Expr apply(const char* name, Expr a) {
  return folded(a.pool().opaque(name, std::array{a}, Sort::kReal));
}
Expr apply(const char* name, Expr a, Expr b) {
  return folded(a.pool().opaque(name, std::array{a, b}, Sort::kReal));
}

Expr to_int(const char* name, Expr a) {
  if (a.is_int()) return a;
  if (const std::optional<double> v = constant(Builder::node(a))) {
    if (const std::optional<int64_t> i = shape::rounded(name, *v)) {
      return a.pool().constant(*i);
    }
  }
  return a.pool().opaque(name, std::array{a}, Sort::kInt);
}

Expr compare(const char* name, Expr a, Expr b) {
  const Expr e = a.pool().opaque(name, std::array{a, b}, Sort::kBool);
  const std::optional<double> x = constant(Builder::node(a)),
                              y = constant(Builder::node(b));
  if (!x || !y) return e;
  const uint8_t outcome = *x < *y    ? shape::kLess
                          : *x == *y ? shape::kEqual
                          : *x > *y  ? shape::kGreater
                                     : shape::kUnordered;
  return a.pool().boolean((shape::float_comparison(Builder::node(e))->set & outcome) !=
                          0);
}

}  // namespace

Expr float_constant(ExprPool& pool, double value) {
  std::string text = fmt::format("{}", value);
  if (std::isnan(value)) text = "nan";
  if (std::isinf(value)) text = value > 0 ? "oo" : "-oo";
  // The readers take a number without a point or an exponent for an integer.
  if (text.find_first_of(".en") == std::string::npos && !std::isinf(value)) text += ".0";
  return pool.opaque(text, {}, Sort::kReal);
}

std::optional<double> as_float(Expr e) {
  return e.sort() == Sort::kReal ? constant(Builder::node(e)) : std::nullopt;
}

Expr to_float(Expr a) { return a.sort() == Sort::kReal ? a : apply("tofloat", a); }
Expr float_add(Expr a, Expr b) { return apply("add", a, b); }
Expr float_sub(Expr a, Expr b) { return apply("sub", a, b); }
Expr float_mul(Expr a, Expr b) { return apply("mul", a, b); }
Expr float_div(Expr a, Expr b) { return apply("ftruediv", a, b); }
Expr float_neg(Expr a) { return apply("neg", a); }

Expr trunc_to_int(Expr a) { return to_int("trunctoint", a); }
Expr floor_to_int(Expr a) { return to_int("floortoint", a); }
Expr ceil_to_int(Expr a) { return to_int("ceiltoint", a); }
Expr round_to_int(Expr a) { return to_int("roundtoint", a); }

Expr float_eq(Expr a, Expr b) { return compare("eq", a, b); }
Expr float_ne(Expr a, Expr b) { return compare("ne", a, b); }
Expr float_lt(Expr a, Expr b) { return compare("lt", a, b); }
Expr float_le(Expr a, Expr b) { return compare("le", a, b); }
Expr float_gt(Expr a, Expr b) { return compare("gt", a, b); }
Expr float_ge(Expr a, Expr b) { return compare("ge", a, b); }

}  // namespace congrua
