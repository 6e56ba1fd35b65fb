#include "smt2/model.h"

#include <algorithm>

namespace congrua::smt2 {
namespace {

constexpr unsigned kMaxBits = 1u << 20;
constexpr unsigned kMaxRatioBits = 1u << 16;  // common divisors cost more than products
constexpr int kMaxPasses = 8;

Value undefined() { return {Int(0), Int(0)}; }
bool defined(const Value& v) { return !v.den.is_zero(); }

unsigned bits(const Value& v) { return v.num.bit_length() + v.den.bit_length(); }

// Whether an operation on these may make numbers that are too large. What is written down
// is not: it is as large as the text. Sums of integers grow by a bit.
bool too_large(const Value& a, const Value& b) {
  const unsigned sum = bits(a) + bits(b);
  if (!a.is_integer() || !b.is_integer()) return sum > kMaxRatioBits;
  return !a.num.is_small() && !b.num.is_small() && sum > kMaxBits;
}

Value times(const Value& a, const Value& b) {
  return too_large(a, b) ? undefined() : a * b;
}

Value plus(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) return {a.num + b.num, 1};
  return too_large(a, b) ? undefined() : a + b;
}

Value negated(const Value& a) { return {-a.num, a.den}; }

// b is not 0.
Value over(const Value& a, const Value& b) {
  if (too_large(a, b) || bits(a) + bits(b) > kMaxRatioBits) return undefined();
  return a / b;
}

Value power(const Value& base, const Value& exponent) {
  if (exponent == Value{1, 2}) return exact_sqrt(base).value_or(undefined());
  const auto e = exponent.num.to_int64();
  if (!exponent.is_integer() || !e || (*e < 0 && base.is_zero())) return undefined();
  Value square = base;
  Value result{1, 1};
  for (uint64_t n = static_cast<uint64_t>(*e < 0 ? -*e : *e); n != 0; n >>= 1) {
    if ((n & 1) != 0) result = times(result, square);
    if (!defined(result)) return result;
    if (n > 1) square = times(square, square);
    if (!defined(square)) return square;
  }
  return *e < 0 ? over({1, 1}, result) : result;
}

}  // namespace

const Value& Interpretation::chosen(uint32_t function, std::vector<Value> args,
                                    TermId term) {
  auto [it, added] = functions_.try_emplace({function, std::move(args)});
  const auto p = model_.proposals.find(term);
  const bool proposed = p != model_.proposals.end();
  if (added) {
    const auto late = late_.find(it->first);
    if (late != late_.end()) {
      it->second = late->second;
    } else if (proposed) {
      it->second = p->second;
    } else if (!settled_) {
      defaults_.insert(&it->second);
    }
  } else if (proposed && defaults_.erase(&it->second) != 0 && it->second != p->second) {
    late_.emplace(it->first, p->second);
  }
  return it->second;
}

void Interpretation::evaluate_all(const TermTable& terms, std::span<const TermId> roots) {
  const std::vector<TermId> order = terms.reachable(roots);
  if (!order.empty() && rank_.size() <= order.back()) rank_.resize(order.back() + 1);
  apply_all(terms, order);
  if (!settled_) {
    size_t known = 0;
    for (int pass = 1; pass < kMaxPasses && late_.size() > known; ++pass) {
      known = late_.size();
      functions_.clear();
      defaults_.clear();
      apply_all(terms, order);
    }
    settled_ = true;
    late_.clear();
    defaults_.clear();
  }
}

Verdict Interpretation::judge(const TermTable& terms, std::span<const TermId> roots) {
  evaluate_all(terms, roots);
  Verdict verdict = Verdict::kHolds;
  for (const TermId r : roots) {
    if (!defined(of(r))) {
      verdict = Verdict::kNoValue;
    } else if (!of(r).is_true()) {
      return Verdict::kRefuted;
    }
  }
  return verdict;
}

std::vector<std::optional<Value>> Interpretation::evaluate(
    const TermTable& terms, std::span<const TermId> roots) {
  evaluate_all(terms, roots);
  std::vector<std::optional<Value>> out;
  out.reserve(roots.size());
  for (const TermId r : roots) {
    out.push_back(defined(of(r)) ? std::optional<Value>(of(r)) : std::nullopt);
  }
  return out;
}

void Interpretation::apply_all(const TermTable& terms, std::span<const TermId> order) {
  values_.clear();
  values_.reserve(order.size());
  for (const TermId t : order) {
    Value v = apply(terms, t);
    rank_[t] = static_cast<uint32_t>(values_.size());
    values_.push_back(std::move(v));
  }
}

Value Interpretation::apply(const TermTable& terms, TermId t) {
  const Term& x = terms[t];
  const std::span<const TermId> args = terms.args(t);
  const auto arg = [&](size_t i) -> const Value& { return of(args[i]); };
  // Operators that may have a value although an argument has none.
  switch (x.op) {
    case TermOp::kIte:
      return defined(arg(0)) ? arg(arg(0).is_true() ? 1 : 2) : undefined();
    case TermOp::kAnd:
    case TermOp::kOr: {
      const bool decides = x.op == TermOp::kOr;
      bool all = true;
      for (const TermId a : args) {
        if (!defined(of(a))) {
          all = false;
        } else if (of(a).is_true() == decides) {
          return Value::of(decides);
        }
      }
      return all ? Value::of(!decides) : undefined();
    }
    default:
      break;
  }
  for (const TermId a : args) {
    if (!defined(of(a))) return undefined();
  }
  switch (x.op) {
    case TermOp::kBool:
    case TermOp::kInt:
    case TermOp::kRational:
      return terms.literal(t);
    case TermOp::kConst:
      return constant(x.a);
    case TermOp::kApply: {
      std::vector<Value> values;
      for (const TermId a : args) values.push_back(of(a));
      return chosen(x.b, std::move(values), t);
    }
    case TermOp::kNot:
      return Value::of(!arg(0).is_true());
    case TermOp::kXor: {
      bool v = false;
      for (const TermId a : args) v ^= of(a).is_true();
      return Value::of(v);
    }
    case TermOp::kImplies: {  // false only where all but the last hold and the last does
                              // not
      for (size_t i = 0; i + 1 < args.size(); ++i) {
        if (!arg(i).is_true()) return Value::of(true);
      }
      return Value::of(arg(args.size() - 1).is_true());
    }
    case TermOp::kEq:
      return Value::of(arg(0) == arg(1));
    case TermOp::kDistinct: {
      std::vector<const Value*> sorted;
      for (const TermId a : args) sorted.push_back(&of(a));
      std::sort(sorted.begin(), sorted.end(),
                [](const Value* a, const Value* b) { return less(*a, *b); });
      const auto twin =
          std::adjacent_find(sorted.begin(), sorted.end(),
                             [](const Value* a, const Value* b) { return *a == *b; });
      return Value::of(twin == sorted.end());
    }
    case TermOp::kLe:
      return Value::of(!less(arg(1), arg(0)));
    case TermOp::kLt:
      return Value::of(less(arg(0), arg(1)));
    case TermOp::kAdd: {
      Value v = arg(0);
      for (size_t i = 1; i < args.size() && defined(v); ++i) v = plus(v, arg(i));
      return v;
    }
    case TermOp::kSub: {
      Value v = arg(0);
      for (size_t i = 1; i < args.size() && defined(v); ++i) v = plus(v, negated(arg(i)));
      return v;
    }
    case TermOp::kNeg:
      return negated(arg(0));
    case TermOp::kMul: {
      Value v = arg(0);
      for (size_t i = 1; i < args.size() && defined(v); ++i) v = times(v, arg(i));
      return v;
    }
    case TermOp::kDiv:
      if (arg(1).is_zero()) return chosen(kDivByZero, {arg(0)}, t);
      return {euclid_div(arg(0).num, arg(1).num), 1};
    case TermOp::kMod:
      if (arg(1).is_zero()) return chosen(kModByZero, {arg(0)}, t);
      return {euclid_mod(arg(0).num, arg(1).num), 1};
    case TermOp::kAbs:
      return {abs(arg(0).num), 1};
    case TermOp::kRatio:
      if (arg(1).is_zero()) return chosen(kRatioByZero, {arg(0)}, t);
      return over(arg(0), arg(1));
    case TermOp::kToReal:
      return arg(0);
    case TermOp::kToInt:
      return {floor_div(arg(0).num, arg(0).den), 1};
    case TermOp::kIsInt:
      return Value::of(arg(0).is_integer());
    case TermOp::kPow:
      return power(arg(0), arg(1));
    default:  // kParam stands in bodies only
      return undefined();
  }
}

}  // namespace congrua::smt2
