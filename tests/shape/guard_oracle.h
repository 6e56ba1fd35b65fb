// What guards mean, by exact evaluation: an oracle that shares nothing with the printer.
#ifndef CONGRUA_TESTS_SHAPE_GUARD_ORACLE_H_
#define CONGRUA_TESTS_SHAPE_GUARD_ORACLE_H_

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "congrua/eval.h"
#include "congrua/float64.h"
#include "congrua/shape.h"

namespace congrua::shape {

// Holds every int64_t and every double.
static_assert(std::numeric_limits<long double>::digits >= 64);

class GuardOracle {
 public:
  // `host`: values of opaque functions.
  using Host = std::optional<int64_t> (*)(std::string_view name,
                                          const std::vector<int64_t>& args);
  explicit GuardOracle(Host host = nullptr) : host_(host) {}

  void set(Expr symbol, int64_t v) { ints_[symbol] = v; }
  void set_float(Expr symbol, double v) { floats_[symbol] = v; }

  // Every term in e has a value, and e is true.
  bool holds(Expr e) {
    const std::optional<int64_t> v = value(e);
    return v && *v == 1;
  }

  // Of an integer or a proposition, as far as it fits int64.
  std::optional<int64_t> value(Expr e) {
    std::vector<Binding> bindings(ints_.begin(), ints_.end());
    absl::flat_hash_set<Expr> seen;
    if (!bind(e, seen, bindings)) return std::nullopt;
    const auto v = evaluate(e, bindings);
    too_large_ |= v.status().code() == absl::StatusCode::kOutOfRange;
    return v.ok() ? std::optional<int64_t>(*v) : std::nullopt;
  }

  // Whether some value so far did not fit int64.
  bool too_large() const { return too_large_; }

  std::optional<double> real(Expr e) {
    if (e.is_int()) {
      const std::optional<int64_t> v = value(e);
      return v ? std::optional(static_cast<double>(*v)) : std::nullopt;
    }
    if (e.op() == Op::kSymbol) return floats_.at(e);
    if (e.num_args() == 0) {
      if (e.name() == "oo") return INFINITY;
      if (e.name() == "-oo") return -INFINITY;
      return std::strtod(std::string(e.name()).c_str(), nullptr);
    }
    const std::optional<double> a = real(e.arg(0));
    const std::optional<double> b = e.num_args() > 1 ? real(e.arg(1)) : a;
    if (!a || !b) return std::nullopt;
    const double x = *a, y = *b;
    if (e.name() == "tofloat") return x;
    if (e.name() == "neg") return -x;
    if (e.name() == "add") return x + y;
    if (e.name() == "sub") return x - y;
    if (e.name() == "mul") return x * y;
    if (e.name() == "ftruediv" && y != 0) return x / y;
    if (e.name() == "truediv" && y != 0 && !(std::abs(x) > 0x1p53) &&
        !(std::abs(y) > 0x1p53)) {
      return x / y;
    }
    if (std::isnan(x) || std::isnan(y)) return std::nullopt;
    if (e.name() == "min") return y < x ? y : x;
    if (e.name() == "max") return x < y ? y : x;
    return std::nullopt;
  }

 private:
  // Binds the opaque terms below e; false where one has no value.
  bool bind(Expr e, absl::flat_hash_set<Expr>& seen, std::vector<Binding>& bindings) {
    if (!seen.insert(e).second) return true;
    if (e.op() == Op::kOpaque && e.sort() != Sort::kReal) {
      const std::optional<int64_t> v = opaque(e);
      if (v) bindings.emplace_back(e, *v);
      return v.has_value();
    }
    for (size_t i = 0; i < e.num_args(); ++i) {
      if (!bind(e.arg(i), seen, bindings)) return false;
    }
    return true;
  }

  std::optional<int64_t> opaque(Expr e) {
    const std::string_view name = e.name();
    if (name.ends_with("toint")) {
      const std::optional<double> v = real(e.arg(0));
      if (!v) return std::nullopt;
      const double r = name == "trunctoint"   ? std::trunc(*v)
                       : name == "floortoint" ? std::floor(*v)
                       : name == "ceiltoint"  ? std::ceil(*v)
                                              : std::nearbyint(*v);
      if (!(r >= -0x1p63 && r < 0x1p63)) {
        too_large_ |= std::isfinite(r);
        return std::nullopt;
      }
      return static_cast<int64_t>(r);
    }
    if (e.is_bool() && e.num_args() == 2) {
      const auto side = [&](Expr a) -> std::optional<long double> {
        if (a.is_int()) {
          const std::optional<int64_t> v = value(a);
          return v ? std::optional<long double>(*v) : std::nullopt;
        }
        const std::optional<double> v = real(a);
        return v ? std::optional<long double>(*v) : std::nullopt;
      };
      const std::optional<long double> a = side(e.arg(0)), b = side(e.arg(1));
      if (!a || !b) return std::nullopt;
      if (name == "lt") return *a < *b;
      if (name == "le") return *a <= *b;
      if (name == "gt") return *a > *b;
      if (name == "ge") return *a >= *b;
      if (name == "eq") return *a == *b;
      if (name == "ne") return *a != *b;
    }
    std::vector<int64_t> args;
    for (size_t i = 0; i < e.num_args(); ++i) {
      const std::optional<int64_t> v = value(e.arg(i));
      if (!v) return std::nullopt;
      args.push_back(*v);
    }
    return host_ == nullptr ? std::nullopt : host_(name, args);
  }

  Host host_;
  bool too_large_ = false;
  absl::flat_hash_map<Expr, int64_t> ints_;
  absl::flat_hash_map<Expr, double> floats_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_TESTS_SHAPE_GUARD_ORACLE_H_
