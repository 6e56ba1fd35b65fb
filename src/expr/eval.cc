#include "expr/eval.h"

#include <algorithm>

namespace congrua::internal {

// Each returns false where the result would be too large.
bool Evaluator::multiply(Int& product, const Int& by) const {
  if (!product.is_small() && !by.is_small() &&
      product.bit_length() + by.bit_length() > max_bits_) {
    return false;
  }
  product *= by;
  return true;
}

bool Evaluator::multiply_power(Int& product, Int base, uint32_t exponent) const {
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && !multiply(product, base)) return false;
    // Read by a later step: the power is as large as this square.
    if (exponent > 1 && !multiply(base, Int(base))) return false;
  }
  return true;
}

bool Evaluator::too_large(const Node* n) {
  slots_.put(n, {Int(), fail(EvalError::kTooLarge, n)});
  return true;
}

uint32_t Evaluator::fail(EvalError error, const Node* culprit) {
  failures_.emplace_back(error, culprit);
  return static_cast<uint32_t>(failures_.size());
}

// The slot of n, if it is computed or is a leaf.
const Evaluator::Slot* Evaluator::ready(const Node* n, const Assignment& point) {
  if (const Slot* s = slots_.find(n)) return s;
  switch (n->op) {
    case Op::kConst:
      return &slots_.put(n, {const_value(n), 0});
    case Op::kSymbol:
    case Op::kOpaque:
      if (is_huge_product(n)) {
        return &slots_.put(n, {Int(), fail(EvalError::kTooLarge, n)});
      }
      if (const Int* v = point.find(n)) return &slots_.put(n, {*v, 0});
      return &slots_.put(n, {Int(), fail(EvalError::kUnbound, n)});
    default:
      return nullptr;
  }
}

void Evaluator::clear() {
  slots_.clear();
  stack_.clear();
  failures_.clear();
}

const Evaluator::Slot& Evaluator::compute(const Node* n, const Assignment& point) {
  if (ready(n, point) == nullptr) stack_.push_back({n, 0});
  while (!stack_.empty()) {
    const Node* wanted = nullptr;
    if (step(stack_.back(), point, &wanted)) {
      stack_.pop_back();
    } else {
      stack_.push_back({wanted, 0});
    }
  }
  return *slots_.find(n);
}

bool Evaluator::all_true(std::span<const Node* const> propositions,
                         const Assignment& point) {
  clear();
  error_ = EvalError::kNone;
  for (const Node* n : propositions) {
    const Slot& result = compute(n, point);
    if (result.error == 0 && !result.value.is_zero()) continue;
    error_ = result.error == 0 ? EvalError::kNone : failures_[result.error - 1].first;
    culprit_ = result.error == 0 ? nullptr : failures_[result.error - 1].second;
    if (error_ != EvalError::kTooLarge) return false;
  }
  return error_ == EvalError::kNone;
}

std::optional<Int> Evaluator::evaluate(const Node* n, const Assignment& point) {
  clear();
  const Slot& result = compute(n, point);
  if (result.error != 0) {
    error_ = failures_[result.error - 1].first;
    culprit_ = failures_[result.error - 1].second;
    return std::nullopt;
  }
  error_ = EvalError::kNone;
  culprit_ = nullptr;
  return result.value;
}

// Each step either stores the value of its node and returns true, or names an operand
// that is wanted first.
bool Evaluator::step(Frame& frame, const Assignment& point, const Node** wanted) {
  const Node* n = frame.node;
  switch (n->op) {
    case Op::kAdd:
      return step_sum(frame, point, wanted);
    case Op::kMul:
      return step_product(frame, point, wanted);
    case Op::kSelect:
      return step_select(n, point, wanted);
    case Op::kAnd:
      return step_and(frame, point, wanted);
    default: {
      const auto args = args_of(n);
      for (; frame.next < args.size(); ++frame.next) {
        const Slot* s = ready(args[frame.next], point);
        if (s == nullptr) {
          *wanted = args[frame.next];
          return false;
        }
        if (s->error != 0) {
          slots_.put(n, {Int(), s->error});
          return true;
        }
      }
      apply(n, point);
      return true;
    }
  }
}

bool Evaluator::step_sum(Frame& frame, const Assignment& point, const Node** wanted) {
  const auto terms = terms_of(frame.node);
  for (; frame.next < terms.size(); ++frame.next) {
    const Slot* s = ready(terms[frame.next].mono, point);
    if (s == nullptr) {
      *wanted = terms[frame.next].mono;
      return false;
    }
    if (s->error != 0) {
      slots_.put(frame.node, {Int(), s->error});
      return true;
    }
  }
  Int sum = constant_of(frame.node);
  for (const Term& t : terms) {
    Int product = slots_.find(t.mono)->value;
    if (!multiply(product, t.coef)) return too_large(frame.node);
    sum += product;
  }
  slots_.put(frame.node, {std::move(sum), 0});
  return true;
}

bool Evaluator::step_product(Frame& frame, const Assignment& point, const Node** wanted) {
  const auto factors = factors_of(frame.node);
  for (; frame.next < factors.size(); ++frame.next) {
    const Slot* s = ready(factors[frame.next].base, point);
    if (s == nullptr) {
      *wanted = factors[frame.next].base;
      return false;
    }
    if (s->error != 0) {
      slots_.put(frame.node, {Int(), s->error});
      return true;
    }
  }
  const bool zero = std::ranges::any_of(
      factors, [&](const Factor& f) { return slots_.find(f.base)->value.is_zero(); });
  Int product(zero ? 0 : 1);
  for (const Factor& f : factors) {
    if (zero) break;
    if (!multiply_power(product, slots_.find(f.base)->value, f.exponent))
      return too_large(frame.node);
  }
  slots_.put(frame.node, {std::move(product), 0});
  return true;
}

bool Evaluator::step_select(const Node* n, const Assignment& point, const Node** wanted) {
  const auto args = args_of(n);
  const Slot* condition = ready(args[0], point);
  if (condition == nullptr) {
    *wanted = args[0];
    return false;
  }
  if (condition->error != 0) {
    slots_.put(n, {Int(), condition->error});
    return true;
  }
  const Node* branch = args[condition->value.is_zero() ? 2 : 1];
  const Slot* taken = ready(branch, point);
  if (taken == nullptr) {
    *wanted = branch;
    return false;
  }
  slots_.put(n, Slot(*taken));
  return true;
}

// A false part decides, wherever it stands: the order of parts means nothing.
bool Evaluator::step_and(Frame& frame, const Assignment& point, const Node** wanted) {
  const auto args = args_of(frame.node);
  for (; frame.next < args.size(); ++frame.next) {
    const Slot* s = ready(args[frame.next], point);
    if (s == nullptr) {
      *wanted = args[frame.next];
      return false;
    }
    if (s->error == 0 && s->value.is_zero()) {
      slots_.put(frame.node, {Int(0), 0});
      return true;
    }
  }
  Slot result{Int(1), 0};
  for (const Node* a : args) {
    if (const uint32_t error = slots_.find(a)->error; error != 0) {
      result = {Int(), error};
      break;
    }
  }
  slots_.put(frame.node, std::move(result));
  return true;
}

// All operands have values.
void Evaluator::apply(const Node* n, const Assignment& point) {
  const auto args = args_of(n);
  const auto value = [&](size_t i) -> const Int& { return ready(args[i], point)->value; };
  switch (n->op) {
    case Op::kFloorDiv:
      if (value(1).is_zero()) {
        slots_.put(n, {Int(), fail(EvalError::kDivisionByZero, n)});
      } else {
        slots_.put(n, {floor_div(value(0), value(1)), 0});
      }
      return;
    case Op::kMin:
    case Op::kMax: {
      Int best = value(0);
      for (size_t i = 1; i < args.size(); ++i) {
        if (n->op == Op::kMin ? value(i) < best : value(i) > best) best = value(i);
      }
      slots_.put(n, {std::move(best), 0});
      return;
    }
    case Op::kGe:
      slots_.put(n, {Int(value(0).sign() >= 0 ? 1 : 0), 0});
      return;
    case Op::kEq:
    case Op::kNot:
      slots_.put(n, {Int(value(0).is_zero() ? 1 : 0), 0});
      return;
    case Op::kIff:
      slots_.put(n, {Int(value(0) == value(1) ? 1 : 0), 0});
      return;
    case Op::kConst:
    case Op::kSymbol:
    case Op::kAdd:
    case Op::kMul:
    case Op::kSelect:
    case Op::kAnd:
    case Op::kOpaque:
      return;  // leaves, and operators with a step of their own
  }
}

}  // namespace congrua::internal
