// Reals, comparisons of reals, roundings and functions of the host as code.
//
// Each opaque term of a condition becomes a temporary, operands first, even where the
// form of the condition does not read it: a term without a value fails the condition
// wherever it stands. Terms that were written for an earlier condition have a value.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "expr/builder.h"
#include "expr/walk.h"
#include "shape/emit.h"
#include "shape/floats.h"

namespace congrua::shape::emit {

using internal::args_of;
using internal::Builder;
using internal::OpaqueNode;

namespace {

const Int kExactLow(-(int64_t{1} << 53)), kExactHigh(int64_t{1} << 53);

bool is_opaque(const Node* n) { return n->op == Op::kOpaque; }

std::string_view name_of(const Node* n) {
  return static_cast<const OpaqueNode*>(n)->name;
}

// The comparison that holds for a set of outcomes; kAnyOutcome has none.
std::string_view sign_of(uint8_t set) {
  switch (set) {
    case kLess:
      return "<";
    case kLess | kEqual:
      return "<=";
    case kGreater:
      return ">";
    case kGreater | kEqual:
      return ">=";
    case kEqual:
      return "==";
    default:
      return "!=";
  }
}

}  // namespace

absl::Status Writer::opaques(const Node* root) {
  for (const Node* n : internal::nodes_below(
           root, [](const Node*) { return true; }, is_opaque)) {
    if (absl::Status s = opaque(n); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status Writer::opaque(const Node* n) {
  if (written_.contains(n)) return absl::OkStatus();
  absl::StatusOr<Value> v = float_comparison(n) ? compare_floats(n)
                            : is_rounding(n)    ? round(n)
                            : n->sort == Sort::kReal && !internal::is_huge_product(n)
                                ? real(n)
                                : host_call(n);
  if (!v.ok()) return v.status();
  const bool leaf = args_of(n).empty() && n->sort == Sort::kReal;
  Value value = leaf ? *std::move(v) : declare(*std::move(v));
  if (n->sort == Sort::kInt && (cpp() || is_rounding(n))) {
    const Expr e = Builder::expr(n);
    (void)facts_.add(ge(e, env_.pool().constant(INT64_MIN)));
    (void)facts_.add(le(e, env_.pool().constant(INT64_MAX)));
  }
  written_.emplace(n, std::move(value));
  return absl::OkStatus();
}

absl::StatusOr<Value> Writer::operand(const Node* n) {
  if (const auto it = written_.find(n); it != written_.end()) return it->second;
  return integer(Builder::expr(n));
}

// An integer as an int64_t; the condition fails where it is none.
absl::StatusOr<Value> Writer::int64_operand(const Node* n) {
  absl::StatusOr<Value> v = operand(n);
  if (!v.ok() || v->literal) return v;
  if (cpp() && v->width == Width::k64) return v;
  Value named = declare(*std::move(v));
  if (!cpp()) {
    fail_unless(cat("-2**63 <= ", named.text, " < 2**63"));
    return named;
  }
  fail_unless(cat(named.text, " >= INT64_MIN && ", named.text, " <= INT64_MAX"));
  Value narrow{.text = cat("int64_t(", named.text, ")")};
  narrow.range = {std::max(named.range.lo, Int(INT64_MIN)),
                  std::min(named.range.hi, Int(INT64_MAX))};
  return narrow;
}

absl::StatusOr<Value> Writer::double_operand(const Node* n) {
  if (n->sort == Sort::kReal) return operand(n);
  absl::StatusOr<Value> v = int64_operand(n);
  if (!v.ok()) return v;
  return Value{.text = cat(cpp() ? "double(" : "float(", v->text, ")"),
               .sort = Sort::kReal};
}

absl::StatusOr<Value> Writer::compare_floats(const Node* n) {
  const FloatComparison c = *float_comparison(n);
  const bool ints[] = {c.left->sort == Sort::kInt, c.right->sort == Sort::kInt};
  std::string texts[2];
  bool exact = true;
  for (const size_t i : {0, 1}) {
    const Node* side = i == 0 ? c.left : c.right;
    absl::StatusOr<Value> v = ints[i] ? int64_operand(side) : double_operand(side);
    if (!v.ok()) return v;
    exact &= !ints[i] || (v->range.lo >= kExactLow && v->range.hi <= kExactHigh);
    texts[i] = v->binding == Binding::kTight ? v->text : "(" + v->text + ")";
  }
  Value v{.binding = Binding::kLoose, .sort = Sort::kBool};
  if (!cpp() || ints[0] == ints[1]) {
    v.text = cat(texts[0], " ", sign_of(c.set), " ", texts[1]);
  } else if (exact) {
    v.text = cat(ints[0] ? cat("double(", texts[0], ")") : texts[0], " ", sign_of(c.set),
                 " ", ints[1] ? cat("double(", texts[1], ")") : texts[1]);
  } else {
    v.text = cat("(cg::order(", texts[0], ", ", texts[1], ") & ", int{c.set}, ") != 0");
  }
  return v;
}

absl::StatusOr<Value> Writer::round(const Node* n) {
  absl::StatusOr<Value> v = operand(args_of(n)[0]);
  if (!v.ok()) return v;
  // A double at or beyond 2^52 is an integer, so that rounding does not leave the range.
  const std::string x = v->binding == Binding::kTight ? v->text : "(" + v->text + ")";
  fail_unless(cpp() ? cat(x, " >= -0x1p63 && ", x, " < 0x1p63")
                    : cat("-2.0**63 <= ", x, " < 2.0**63"));
  const std::string_view name = name_of(n);
  const std::string_view what = name == "trunctoint"   ? "trunc"
                                : name == "floortoint" ? "floor"
                                : name == "ceiltoint"  ? "ceil"
                                                       : "round";
  Value r;
  r.range = {Int(INT64_MIN), Int(INT64_MAX)};
  if (!cpp()) {
    r.text = cat(what == "round" ? "" : "math.", what, "(", x, ")");
  } else {
    r.text = cat("int64_t(", what == "round" ? "cg::round_even" : cat("std::", what), "(",
                 x, "))");
  }
  return r;
}

std::string Writer::number(double v) const {
  if (std::isnan(v)) return cpp() ? "cg::kNaN" : "math.nan";
  if (std::isinf(v)) {
    return cat(v < 0 ? "(-" : "", cpp() ? "cg::kInfinity" : "math.inf", v < 0 ? ")" : "");
  }
  std::string text = fmt::format("{}", v);  // the shortest that reads back
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return v < 0 || std::signbit(v) ? "(" + text + ")" : text;
}

absl::StatusOr<Value> Writer::real(const Node* n) {
  const std::string_view name = name_of(n);
  const auto args = args_of(n);
  const auto of = [&](std::string text, Binding binding) {
    return Value{.text = std::move(text), .binding = binding, .sort = Sort::kReal};
  };
  if (args.empty()) {
    if (const std::optional<double> v = float_literal(name)) {
      return of(number(*v), Binding::kTight);
    }
    if (name == "nan") {
      return of(number(std::numeric_limits<double>::quiet_NaN()), Binding::kTight);
    }
    return host_call(n);
  }
  const bool one = name == "tofloat" || name == "neg";
  const bool two = name == "add" || name == "sub" || name == "mul" || name == "min" ||
                   name == "max" || name == "ftruediv" || name == "truediv";
  if (args.size() != (one ? 1 : 2) || !(one || two)) return host_call(n);
  std::string x[2];
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i]->sort == Sort::kBool) return host_call(n);
    absl::StatusOr<Value> v = double_operand(args[i]);
    if (!v.ok()) return v;
    if (v->binding != Binding::kTight) *v = declare(*std::move(v));
    x[i] = v->text;
  }
  if (name == "tofloat") return of(x[0], Binding::kTight);
  if (name == "neg") return of("-" + x[0], Binding::kMultiplicative);
  if (name == "add" || name == "sub") {
    return of(cat(x[0], name == "add" ? " + " : " - ", x[1]), Binding::kAdditive);
  }
  if (name == "mul") {
    // Not to be fused with an addition that follows.
    if (cpp()) return of(cat("cg::mul(", x[0], ", ", x[1], ")"), Binding::kTight);
    return of(cat(x[0], " * ", x[1]), Binding::kMultiplicative);
  }
  if (name == "min" || name == "max") {
    fail_unless(cpp() ? cat(x[0], " == ", x[0], " && ", x[1], " == ", x[1])
                      : cat(x[0], " == ", x[0], " and ", x[1], " == ", x[1]));
    return of(cat(cpp() ? "std::" : "", name, "(", x[0], ", ", x[1], ")"),
              Binding::kTight);
  }
  fail_unless(cat(x[1], " != 0"));
  if (name == "truediv") {
    // Of integers: those that are doubles have the exact quotient, rounded once.
    for (const std::string& v : x) {
      fail_unless(cpp() ? cat("!(std::fabs(", v, ") > 0x1p53)")
                        : cat("not abs(", v, ") > 2.0**53"));
    }
  }
  return of(cat(x[0], " / ", x[1]), Binding::kMultiplicative);
}

absl::StatusOr<Value> Writer::host_call(const Node* n) {
  const std::string_view name = name_of(n);
  const auto it = std::ranges::find(
      options_.functions, name, [](const auto& f) { return std::string_view(f.first); });
  if (it == options_.functions.end() || internal::is_huge_product(n)) {
    std::string why = cat("guard_text: ", m_.with_sources(Builder::expr(n)),
                          " has no code; name a function of the host for \"", name, "\"");
    const std::string& at = plan_.conditions[index_].shown.location;
    if (!at.empty()) append(why, " (", at, ")");
    return absl::UnimplementedError(why);
  }
  std::string text = cat(it->second, "(");
  bool first = true;
  for (const Node* a : args_of(n)) {
    absl::StatusOr<Value> v = a->sort == Sort::kInt ? int64_operand(a) : operand(a);
    if (!v.ok()) return v;
    append(text, first ? "" : ", ",
           v->literal && cpp() ? cat("int64_t(", v->text, ")") : v->text);
    first = false;
  }
  Value v{.text = text + ")", .sort = n->sort};
  if (n->sort == Sort::kInt) v.range = {Int(INT64_MIN), Int(INT64_MAX)};
  return v;
}

}  // namespace congrua::shape::emit
