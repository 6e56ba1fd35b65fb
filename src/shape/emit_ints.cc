// Integers and propositions as code.
//
// A form is computed step by step (width/program.h). Each step has an interval: what its
// operands' intervals give, narrowed by what the facts say of its value where that is
// needed. Intervals have ends of any size, so each step has a width that holds all its
// values; it is computed in the widest of its own width and its operands', in which
// nothing wraps:
//   * sums, products, quotients and remainders lie in the interval of their step;
//   * -1 as divisor is the one case where a quotient is larger than its dividend: then
//     the interval of the quotient says so; a remainder is computed as widely as that
//     quotient would be, INT64_MIN % -1 being undefined though its value is 0;
//   * helpers that round down compute with quotients and remainders of smaller size than
//     their operands, and correct them by 1 towards their result.
// No interval of 128 bits holds -2^127, so that the same is true there; limbs have a bit
// to spare.
#include <algorithm>
#include <array>

#include "expr/builder.h"
#include "shape/emit.h"

namespace congrua::shape::emit {

using width::Program;
using width::StepOp;

namespace {

const Int kLow64(INT64_MIN);

constexpr std::array<std::string_view, 6> kComparisons = {"==", "!=", "<",
                                                          "<=", ">",  ">="};

std::string tight(const Value& v) {
  return v.binding == Binding::kTight ? v.text : "(" + v.text + ")";
}
std::string at_least(const Value& v, Binding b) {
  return v.binding >= b ? v.text : "(" + v.text + ")";
}

}  // namespace

std::string Writer::type(Width w) const {
  switch (w) {
    case Width::k64:
      return "int64_t";
    case Width::k128:
      return "cg::int128";
    case Width::kLimbs:
      break;
  }
  return cat("cg::wide<", limbs_, ">");
}

Value Writer::literal(const Int& v) const {
  Value r;
  r.range = {v, v};
  r.width = width_of(r.range);
  const std::string digits = abs(v).to_string();
  if (!cpp() || (r.width == Width::k64 && v.bit_length() <= 31)) {
    r.literal = true;
    r.text = v.sign() < 0 ? cat("(-", digits, ")") : digits;
    return r;
  }
  if (v == kLow64) {
    r.text = "INT64_MIN";
    return r;
  }
  if (r.width == Width::k64) {
    r.text = v.sign() < 0 ? cat("int64_t{-", digits, "}") : cat("int64_t{", digits, "}");
    return r;
  }
  // Limbs of two's complement, the least one first.
  const unsigned count = r.width == Width::k128 ? 2 : limbs_;
  r.text = r.width == Width::k128 ? "cg::int128_of(" : cat(type(r.width), "::of({");
  const Int two64 = Int(int64_t{1} << 32) * Int(int64_t{1} << 32);
  Int rest = v;
  for (unsigned i = 0; i < count; ++i) {
    append(r.text, i == 0 ? "" : ", ", rest.low64(), "u");
    rest = floor_div(rest, two64);
  }
  r.text += r.width == Width::k128 ? ")" : "})";
  return r;
}

std::string Writer::as(Width w, const Value& v) const {
  if (!cpp() || (v.width == w && !v.literal)) return tight(v);
  return cat(type(w), "(", v.text, ")");
}

// A value that was computed in width op.
Value Writer::from(Width op, Value v, const Interval& range) const {
  v.range = range;
  v.width = width_of(range);
  if (!cpp() || v.width == op) return v;
  v.text = cat(type(v.width), "(", v.text, ")");
  v.binding = Binding::kTight;
  return v;
}

Value Writer::arithmetic(const Step& s, const Value& a, const Value& b,
                         const Interval& range) {
  const Width op = std::max({width_of(range), a.width, b.width});
  const bool product = s.op == StepOp::kMul;
  const Binding binding = product ? Binding::kMultiplicative : Binding::kAdditive;
  const std::string_view sign = product ? "*" : s.op == StepOp::kAdd ? "+" : "-";
  // One operand of the width is enough, the other one is converted.
  const bool wide_a = a.width == op && !a.literal, wide_b = b.width == op && !b.literal;
  const std::string left = !cpp() || wide_a || wide_b ? at_least(a, binding) : as(op, a);
  // a + (b - c) keeps its parentheses: a + b need not fit.
  const std::string right =
      at_least(b, product ? Binding::kTight : Binding::kMultiplicative);
  return from(op, {.text = cat(left, " ", sign, " ", right), .binding = binding}, range);
}

Value Writer::division(const Step& s, const Value& a, const Value& b,
                       const Interval& range) {
  const bool mod = s.op == StepOp::kFloorMod;
  if (!cpp()) {
    const std::string divisor = tight(b);
    if (s.op == StepOp::kCeilDiv) {
      return {.text = cat("(-(-", tight(a), " // ", divisor, "))")};
    }
    return {
        .text = cat(at_least(a, Binding::kMultiplicative), mod ? " % " : " // ", divisor),
        .binding = Binding::kMultiplicative};
  }
  Width op = std::max({width_of(range), a.width, b.width});
  if (mod && b.range.lo <= Int(-1) && b.range.hi >= Int(-1)) {
    op = std::max(op, width_of({-a.range.hi, -a.range.lo}));
  }
  const bool plain =
      s.op != StepOp::kCeilDiv && a.range.lo.sign() >= 0 && b.range.lo.sign() > 0;
  if (plain) {
    return from(op,
                {.text = cat(as(op, a), mod ? " % " : " / ",
                             op == Width::kLimbs ? as(op, b) : tight(b)),
                 .binding = Binding::kMultiplicative},
                range);
  }
  const std::string_view name = mod                         ? "floor_mod"
                                : s.op == StepOp::kFloorDiv ? "floor_div"
                                                            : "ceil_div";
  return from(op,
              {.text = cat("cg::", name, "<", type(op), ">(", a.text, ", ", b.text, ")")},
              range);
}

Value Writer::comparison(const Step& s, const Value& a, const Value& b) {
  const std::string_view sign =
      kComparisons[static_cast<size_t>(s.op) - static_cast<size_t>(StepOp::kEq)];
  const bool ints = a.sort == Sort::kInt;
  const Binding need = ints ? Binding::kAdditive : Binding::kTight;
  return {.text = cat(at_least(a, need), " ", sign, " ", at_least(b, need)),
          .binding = Binding::kLoose,
          .sort = Sort::kBool};
}

Value Writer::step_value(const Step& s, const std::vector<Value>& at,
                         const Interval& range, Sort sort) {
  const auto extreme = [&](std::string_view name) {
    const Width op = std::max(at[s.a].width, at[s.b].width);
    if (!cpp()) {
      return Value{.text = cat(name, "(", at[s.a].text, ", ", at[s.b].text, ")")};
    }
    return from(op,
                {.text = cat("cg::", name, "<", type(op), ">(", at[s.a].text, ", ",
                             at[s.b].text, ")")},
                range);
  };
  const auto logic = [&](std::string_view word, std::string_view sign) {
    return Value{
        .text = cat(tight(at[s.a]), " ", cpp() ? sign : word, " ", tight(at[s.b])),
        .binding = Binding::kLoose,
        .sort = Sort::kBool};
  };
  switch (s.op) {
    case StepOp::kConst:
      return literal(*s.number);
    case StepOp::kTruth:
      return {
          .text = cpp() ? (s.a != 0 ? "true" : "false") : (s.a != 0 ? "True" : "False"),
          .sort = Sort::kBool};
    case StepOp::kSymbol:
    case StepOp::kOpaque: {
      Value v = written_.at(s.node);
      if (v.sort == Sort::kInt && !v.literal) v.range = range;
      return v;
    }
    case StepOp::kNeg: {
      const Width op = std::max(width_of(range), at[s.a].width);
      return from(
          op, {.text = cat("-", as(op, at[s.a])), .binding = Binding::kMultiplicative},
          range);
    }
    case StepOp::kAdd:
    case StepOp::kSub:
    case StepOp::kMul:
      return arithmetic(s, at[s.a], at[s.b], range);
    case StepOp::kFloorDiv:
    case StepOp::kFloorMod:
    case StepOp::kCeilDiv:
      return division(s, at[s.a], at[s.b], range);
    case StepOp::kMin:
      return extreme("min");
    case StepOp::kMax:
      return extreme("max");
    case StepOp::kAbs: {
      const Width op = std::max(width_of(range), at[s.a].width);
      if (!cpp()) return {.text = cat("abs(", at[s.a].text, ")")};
      return from(op, {.text = cat("cg::abs<", type(op), ">(", at[s.a].text, ")")},
                  range);
    }
    case StepOp::kNot:
      return {
          .text = cpp() ? cat("!", tight(at[s.a])) : cat("(not ", tight(at[s.a]), ")"),
          .sort = Sort::kBool};
    case StepOp::kAnd:
      return logic("and", "&&");
    case StepOp::kOr:
      return logic("or", "||");
    case StepOp::kSelect: {
      const Value& b = at[s.b];
      const Value& c = at[s.c];
      if (!cpp()) {
        return {.text = cat(tight(b), " if ", tight(at[s.a]), " else ", tight(c)),
                .binding = Binding::kLoose,
                .sort = sort};
      }
      const Width op = std::max(b.width, c.width);
      const bool ints = sort == Sort::kInt;
      Value v{.text = cat(tight(at[s.a]), " ? ", ints ? as(op, b) : tight(b), " : ",
                          ints ? as(op, c) : tight(c)),
              .binding = Binding::kLoose,
              .sort = sort};
      return ints ? from(op, std::move(v), range) : v;
    }
    default:
      return comparison(s, at[s.a], at[s.b]);
  }
}

absl::StatusOr<Value> Writer::steps(const Program& p, const Ranges& ranges) {
  limbs_ = (ranges.bits + 1 + 63) / 64;  // long division doubles remainders
  const std::vector<bool> read = read_steps(p);
  std::vector<uint32_t> uses(p.steps.size());
  for (StepId i = 0; i < p.steps.size(); ++i) {
    const Step& s = p.steps[i];
    if (!read[i]) continue;
    const StepId args[] = {s.a, s.b, s.c};
    for (int k = 0; k < width::arity(s.op); ++k) ++uses[args[k]];
  }
  std::vector<Value> at(p.steps.size());
  for (StepId i = 0; i < p.steps.size(); ++i) {
    if (!read[i]) continue;
    const Step& s = p.steps[i];
    Value v = step_value(s, at, ranges.of[i], s.sort);
    const bool leaf = s.op == StepOp::kSymbol || s.op == StepOp::kOpaque ||
                      s.op == StepOp::kConst || s.op == StepOp::kTruth;
    if (!leaf && i != p.root && (uses[i] > 1 || v.text.size() > kMaxInline)) {
      v = declare(std::move(v));
    }
    at[i] = std::move(v);
    if (body_.size() > kMaxCode) {
      return absl::ResourceExhaustedError("guard_text: the code is too long");
    }
  }
  return at[p.root];
}

}  // namespace congrua::shape::emit
