#include "expr/text_ops.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "congrua/layout.h"
#include "expr/divisions.h"

namespace congrua::internal {

namespace {

using Nodes = std::span<const Node* const>;
using Result = absl::StatusOr<const Node*>;

// Sorted by name.
constexpr TextOpInfo kOps[] = {
    {"abs", "abs", TextOp::kAbs, 1, 1},
    {"add", "add", TextOp::kAdd, 1, kAnyNumber},
    {"and", "and", TextOp::kAnd, 1, kAnyNumber},
    {"bitand", "bitand", TextOp::kBitwise, 2, kAnyNumber},
    {"bitor", "bitor", TextOp::kBitwise, 2, kAnyNumber},
    {"bitxor", "bitxor", TextOp::kBitwise, 2, kAnyNumber},
    {"ceil_div", "ceildiv", TextOp::kCeilDiv, 2, 2},
    {"ceildiv", "ceildiv", TextOp::kCeilDiv, 2, 2},
    {"ceiltoint", "ceiltoint", TextOp::kCeilToInt, 1, 1},
    {"cleandiv", "floordiv", TextOp::kFloorDiv, 2, 2},
    {"eq", "eq", TextOp::kEq, 2, 2},
    {"floor_div", "floordiv", TextOp::kFloorDiv, 2, 2},
    {"floor_mod", "floormod", TextOp::kFloorMod, 2, 2},
    {"floordiv", "floordiv", TextOp::kFloorDiv, 2, 2},
    {"floormod", "floormod", TextOp::kFloorMod, 2, 2},
    {"floortoint", "floortoint", TextOp::kFloorToInt, 1, 1},
    {"ftruediv", "ftruediv", TextOp::kReal, 2, 2},
    {"ge", "ge", TextOp::kGe, 2, 2},
    {"gt", "gt", TextOp::kGt, 2, 2},
    {"identity", "identity", TextOp::kIdentity, 1, 1},
    {"le", "le", TextOp::kLe, 2, 2},
    {"lt", "lt", TextOp::kLt, 2, 2},
    {"max", "max", TextOp::kMax, 1, kAnyNumber},
    {"min", "min", TextOp::kMin, 1, kAnyNumber},
    {"mod", "floormod", TextOp::kFloorMod, 2, 2},
    {"modidx", "modidx", TextOp::kModIdx, 3, 3},
    {"mul", "mul", TextOp::kMul, 1, kAnyNumber},
    {"ne", "ne", TextOp::kNe, 2, 2},
    {"neg", "neg", TextOp::kNeg, 1, 1},
    {"nonoverlapdense", "nonoverlapdense", TextOp::kNonOverlapDense, 0, 128},
    {"not", "not", TextOp::kNot, 1, 1},
    {"or", "or", TextOp::kOr, 1, kAnyNumber},
    {"pow", "pow", TextOp::kPow, 2, 2},
    {"pownat", "pownat", TextOp::kPowNat, 2, 2},
    {"pymod", "floormod", TextOp::kFloorMod, 2, 2},
    {"rat", "rat", TextOp::kReal, 2, 2},
    {"roundtoint", "roundtoint", TextOp::kRoundToInt, 1, 1},
    {"select", "select", TextOp::kSelect, 3, 3},
    {"sub", "sub", TextOp::kSub, 2, 2},
    {"tofloat", "tofloat", TextOp::kReal, 1, 1},
    {"truediv", "truediv", TextOp::kReal, 2, 2},
    {"trunc_div", "truncdiv", TextOp::kTruncDiv, 2, 2},
    {"trunc_mod", "truncmod", TextOp::kTruncMod, 2, 2},
    {"truncdiv", "truncdiv", TextOp::kTruncDiv, 2, 2},
    {"truncmod", "truncmod", TextOp::kTruncMod, 2, 2},
    {"trunctoint", "trunctoint", TextOp::kTruncToInt, 1, 1},
    {"where", "select", TextOp::kSelect, 3, 3},
};
static_assert(std::ranges::is_sorted(kOps, {}, &TextOpInfo::name));

constexpr TextOpInfo kOpaqueFamily = {"opaque_", "", TextOp::kOpaque, 0, kAnyNumber};
constexpr std::string_view kOpaquePrefix = "opaque_";

// Words with a meaning of their own in one of the languages.
constexpr std::string_view kReserved[] = {"as", "false",     "let",
                                          "oo", "piecewise", "true"};

constexpr int64_t kMaxExponent = 1 << 16;
constexpr uint64_t kMaxPowerBits = 1 << 20;

bool any_of_sort(Nodes args, Sort sort) {
  return std::ranges::any_of(args, [&](const Node* n) { return n->sort == sort; });
}

bool is_comparison(TextOp op) {
  return op == TextOp::kEq || op == TextOp::kNe || op == TextOp::kLt ||
         op == TextOp::kLe || op == TextOp::kGt || op == TextOp::kGe;
}

absl::Status sort_error(const TextOpInfo& info, std::string_view wanted) {
  return absl::InvalidArgumentError(std::string(info.name) + " takes " +
                                    std::string(wanted));
}

// The sorts that an operator takes; OkStatus where it has a meaning, interpreted or not.
absl::Status check_sorts(const TextOpInfo& info, Nodes args) {
  const bool has_bool = any_of_sort(args, Sort::kBool);
  switch (info.op) {
    case TextOp::kAnd:
    case TextOp::kOr:
    case TextOp::kNot:
      if (any_of_sort(args, Sort::kInt) || any_of_sort(args, Sort::kReal)) {
        return sort_error(info, args.size() == 1 ? "a boolean" : "booleans");
      }
      return absl::OkStatus();
    case TextOp::kMin:
    case TextOp::kMax:
      if (has_bool && !std::ranges::all_of(
                          args, [](const Node* n) { return n->sort == Sort::kBool; })) {
        return sort_error(info, "numbers or booleans");
      }
      return absl::OkStatus();
    case TextOp::kEq:
    case TextOp::kNe:
      if (has_bool && (args[0]->sort != args[1]->sort)) {
        return sort_error(info, "two numbers or two booleans");
      }
      return absl::OkStatus();
    case TextOp::kSelect:
      if (args[0]->sort != Sort::kBool) return sort_error(info, "a boolean condition");
      if ((args[1]->sort == Sort::kBool) != (args[2]->sort == Sort::kBool)) {
        return sort_error(info, "two numbers or two booleans as branches");
      }
      return absl::OkStatus();
    case TextOp::kBitwise:
      if (any_of_sort(args, Sort::kReal) || (has_bool && any_of_sort(args, Sort::kInt))) {
        return sort_error(info, "integers or booleans");
      }
      return absl::OkStatus();
    case TextOp::kNonOverlapDense:
      if (has_bool || any_of_sort(args, Sort::kReal)) return sort_error(info, "integers");
      return absl::OkStatus();
    case TextOp::kIdentity:
    case TextOp::kOpaque:
      return absl::OkStatus();
    default:
      if (has_bool) return sort_error(info, args.size() == 1 ? "a number" : "numbers");
      return absl::OkStatus();
  }
}

absl::Status check_count(const TextOpInfo& info, size_t given) {
  if (given >= info.min_args && (info.max_args == kAnyNumber || given <= info.max_args)) {
    if (info.op != TextOp::kNonOverlapDense || given % 2 == 0) return absl::OkStatus();
    return absl::InvalidArgumentError("nonoverlapdense takes as many strides as sizes");
  }
  const std::string wanted = (info.max_args == kAnyNumber ? "at least " : "") +
                             std::to_string(info.min_args) +
                             (info.min_args == 1 ? " argument" : " arguments");
  return absl::InvalidArgumentError(std::string(info.name) + " takes " + wanted + ", " +
                                    std::to_string(given) + " given");
}

// The exponent, where it is a constant integer.
const Int* constant_exponent(Nodes args) {
  return is_const(args[1]) && args[1]->sort == Sort::kInt ? &const_value(args[1])
                                                          : nullptr;
}

// The sort of the uninterpreted term that these arguments of the right sorts make;
// nullopt where the operator has a meaning on them.
std::optional<Sort> uninterpreted_sort(const TextOpInfo& info, Nodes args) {
  const bool has_real = any_of_sort(args, Sort::kReal);
  switch (info.op) {
    case TextOp::kBitwise:
      return args[0]->sort;
    case TextOp::kOpaque:
    case TextOp::kReal:
      return Sort::kReal;
    case TextOp::kIdentity:
      return std::nullopt;
    case TextOp::kFloorToInt:
    case TextOp::kCeilToInt:
    case TextOp::kTruncToInt:
    case TextOp::kRoundToInt:
      if (has_real && !quotient_of(args[0])) return Sort::kInt;
      return std::nullopt;
    case TextOp::kPow:
    case TextOp::kPowNat: {
      if (has_real) return Sort::kReal;
      const Int* e = constant_exponent(args);
      if (info.op == TextOp::kPowNat) return e ? std::nullopt : std::optional(Sort::kInt);
      return e && e->sign() >= 0 ? std::nullopt : std::optional(Sort::kReal);
    }
    default:
      if (!has_real) return std::nullopt;
      return is_comparison(info.op) ? Sort::kBool : Sort::kReal;
  }
}

Result power(Builder& b, const Node* base, const Int& exponent) {
  const std::optional<int64_t> e = exponent.to_int64();
  if (e && *e < 0) return absl::InvalidArgumentError("pownat takes an exponent >= 0");
  if (base->op == Op::kConst && (const_value(base).bit_length() <= 1)) {
    if (exponent.is_zero()) return b.constant(Int(1));
    return exponent.is_even() ? b.constant(abs(const_value(base))) : base;
  }
  if (!e || *e > kMaxExponent ||
      (base->op == Op::kConst &&
       const_value(base).bit_length() * static_cast<uint64_t>(*e) > kMaxPowerBits)) {
    return absl::InvalidArgumentError(
        "the exponent " + exponent.to_string().substr(0, 40) + " is too large");
  }
  // A small power of a sum is the product written out, so that both are one node.
  constexpr int64_t kStepByStep = 32;
  const Node* result = b.constant(Int(1));
  if (*e <= kStepByStep) {
    for (int64_t i = 0; i < *e; ++i) result = b.mul(result, base);
    return result;
  }
  for (int64_t left = *e; left != 0; left >>= 1) {
    if (left & 1) result = b.mul(result, base);
    if (left > 1) base = b.mul(base, base);
  }
  return result;
}

const Node* product(Builder& b, Nodes args) {
  const Node* result = args[0];
  for (const Node* a : args.subspan(1)) result = b.mul(result, a);
  return result;
}

// 1 where sizes with their strides (the second half) leave no gaps and no overlaps.
const Node* non_overlapping_and_dense(Builder& b, Nodes a) {
  Layout layout;
  for (size_t i = 0; i < a.size(); ++i)
    (2 * i < a.size() ? layout.sizes : layout.strides).push_back(Builder::expr(a[i]));
  const Expr dense = is_non_overlapping_and_dense(b.pool(), layout);
  return b.select(Builder::node(dense), b.constant(Int(1)), b.constant(Int(0)));
}

Result rounded(Builder& b, TextOp op, const Node* arg) {
  const std::optional<Quotient> q = quotient_of(arg);  // checked before
  switch (op) {
    case TextOp::kFloorToInt:
      return b.floor_div(q->dividend, q->divisor);
    case TextOp::kCeilToInt:
      return b.ceil_div(q->dividend, q->divisor);
    case TextOp::kTruncToInt:
      return trunc_div(b, q->dividend, q->divisor);
    default:
      return round_div(b, q->dividend, q->divisor);
  }
}

Result build(Builder& b, const TextOpInfo& info, Nodes a, Division division) {
  const bool euclid = division == Division::kEuclid;
  const auto quotient = [&](const Node* x, const Node* y) {
    return euclid ? euclid_div(b, x, y) : b.floor_div(x, y);
  };
  const auto remainder = [&](const Node* x, const Node* y) {
    return euclid ? euclid_mod(b, x, y) : b.floor_mod(x, y);
  };
  switch (info.op) {
    case TextOp::kAbs:
      return b.minmax(Op::kMax, std::array{a[0], b.neg(a[0])});
    case TextOp::kAdd:
      return b.sum(a);
    case TextOp::kAnd:
      return b.conjunction(a);
    case TextOp::kOr:
      return b.disjunction(a);
    case TextOp::kNot:
      return b.logical_not(a[0]);
    case TextOp::kSub:
      return b.sub(a[0], a[1]);
    case TextOp::kNeg:
      return b.neg(a[0]);
    case TextOp::kMul:
      return product(b, a);
    case TextOp::kFloorDiv:
      return quotient(a[0], a[1]);
    case TextOp::kFloorMod:
      return remainder(a[0], a[1]);
    case TextOp::kModIdx:
      return remainder(quotient(a[0], a[1]), a[2]);
    case TextOp::kCeilDiv:
      return b.ceil_div(a[0], a[1]);
    case TextOp::kTruncDiv:
      return trunc_div(b, a[0], a[1]);
    case TextOp::kTruncMod:
      return b.sub(a[0], b.mul(a[1], trunc_div(b, a[0], a[1])));
    case TextOp::kMin:  // false < true
      return a[0]->sort == Sort::kBool ? b.conjunction(a) : b.minmax(Op::kMin, a);
    case TextOp::kMax:
      return a[0]->sort == Sort::kBool ? b.disjunction(a) : b.minmax(Op::kMax, a);
    case TextOp::kSelect:
      return b.select(a[0], a[1], a[2]);
    case TextOp::kEq:
      return b.eq(a[0], a[1]);
    case TextOp::kNe:
      return b.logical_not(b.eq(a[0], a[1]));
    case TextOp::kNonOverlapDense:
      return non_overlapping_and_dense(b, a);
    case TextOp::kGe:
      return b.ge(a[0], a[1]);
    case TextOp::kLe:
      return b.ge(a[1], a[0]);
    case TextOp::kGt:
      return b.ge0(b.add_const(b.sub(a[0], a[1]), Int(-1)));
    case TextOp::kLt:
      return b.ge0(b.add_const(b.sub(a[1], a[0]), Int(-1)));
    case TextOp::kPow:
    case TextOp::kPowNat:
      return power(b, a[0], *constant_exponent(a));
    case TextOp::kFloorToInt:
    case TextOp::kCeilToInt:
    case TextOp::kTruncToInt:
    case TextOp::kRoundToInt:
      return a[0]->sort == Sort::kInt ? a[0] : rounded(b, info.op, a[0]);
    case TextOp::kIdentity:
    case TextOp::kBitwise:
    case TextOp::kOpaque:
    case TextOp::kReal:
      break;
  }
  return a[0];  // identity: the others are never interpreted
}

}  // namespace

const TextOpInfo* find_text_op(std::string_view name) {
  const auto* it = std::ranges::lower_bound(kOps, name, {}, &TextOpInfo::name);
  if (it != std::end(kOps) && it->name == name) return it;
  const bool family =
      name.starts_with(kOpaquePrefix) && name.size() > kOpaquePrefix.size();
  return family ? &kOpaqueFamily : nullptr;
}

Result apply_text_op(Builder& b, const TextOpInfo& info, std::string_view name,
                     Nodes args, Division division) {
  if (absl::Status s = check_count(info, args.size()); !s.ok()) return s;
  if (absl::Status s = check_sorts(info, args); !s.ok()) return s;
  if (args.size() == 1 && info.max_args == kAnyNumber && info.op != TextOp::kOpaque) {
    return args[0];  // a sum, product, minimum ... of one
  }
  if (const std::optional<Sort> sort = uninterpreted_sort(info, args)) {
    return b.opaque(info.op == TextOp::kOpaque ? name : info.canonical, args, *sort);
  }
  return build(b, info, args, division);
}

bool reads_as_opaque(std::string_view name, Nodes args, Sort sort) {
  const TextOpInfo* info = find_text_op(name);
  const bool of_one = args.size() == 1 && info != nullptr &&
                      info->max_args == kAnyNumber && info->op != TextOp::kOpaque;
  if (info == nullptr || of_one || !check_count(*info, args.size()).ok() ||
      !check_sorts(*info, args).ok()) {
    return false;
  }
  if (info->op != TextOp::kOpaque && info->canonical != name) return false;
  return uninterpreted_sort(*info, args) == sort;
}

bool is_real_literal(std::string_view s) {
  if (s.starts_with('-')) s.remove_prefix(1);
  if (s == "oo") return true;
  const auto digits = [&] {
    const size_t n = std::min(s.find_first_not_of("0123456789"), s.size());
    s.remove_prefix(n);
    return n != 0;
  };
  if (!digits()) return false;
  bool real = false;
  if (s.starts_with('.')) {
    s.remove_prefix(1);
    digits();
    real = true;
  }
  if (s.starts_with('e') || s.starts_with('E')) {
    s.remove_prefix(1);
    if (s.starts_with('-') || s.starts_with('+')) s.remove_prefix(1);
    real = digits();
    if (!real) return false;
  }
  return real && s.empty();
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name_char(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') ||
         std::string_view(".$@[]").find(c) != std::string_view::npos;
}

bool is_plain_name(std::string_view s) {
  return !s.empty() && is_name_start(s[0]) && std::ranges::all_of(s, is_name_char) &&
         !std::ranges::binary_search(kReserved, s) && find_text_op(s) == nullptr;
}

std::string_view sort_name(Sort sort) {
  return sort == Sort::kInt ? "int" : sort == Sort::kBool ? "bool" : "real";
}
std::optional<Sort> sort_of_name(std::string_view s) {
  for (const Sort sort : {Sort::kInt, Sort::kBool, Sort::kReal}) {
    if (s == sort_name(sort)) return sort;
  }
  return std::nullopt;
}

}  // namespace congrua::internal
