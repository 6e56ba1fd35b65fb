#include "expr/divisions.h"

#include <array>

namespace congrua::internal {

namespace {

const Node* positive(Builder& b, const Node* y) { return b.ge0(b.add_const(y, Int(-1))); }

}  // namespace

// Where the signs of x and y agree x / y >= 0 and the floor is the truncation; where they
// differ the ceiling is. For x = 0 both are 0.
const Node* trunc_div(Builder& b, const Node* x, const Node* y) {
  if (y->op != Op::kConst) b.cancel_common(&x, &y);
  const Node* agree = b.iff(b.ge0(x), positive(b, y));
  return b.select(agree, b.floor_div(x, y), b.ceil_div(x, y));
}

// floor(x/y + 1/2) = floor((2x + y) / 2y) rounds ties up. A tie is where that quotient is
// exact; then an odd result is one too large.
const Node* round_div(Builder& b, const Node* x, const Node* y) {
  const Node* dividend = b.add(b.scale(x, Int(2)), y);
  const Node* divisor = b.scale(y, Int(2));
  const Node* up = b.floor_div(dividend, divisor);
  const Node* tie = b.eq(dividend, b.mul(divisor, up));
  const Node* odd = b.eq(b.floor_mod(up, b.constant(Int(2))), b.constant(Int(1)));
  return b.select(b.conjunction(std::array{tie, odd}), b.add_const(up, Int(-1)), up);
}

bool is_positive(const Node* y) {
  if (y->op == Op::kConst) return const_value(y).sign() > 0;
  return y->op == Op::kSymbol && as_symbol(y)->lo >= 1;
}

// x = y*q + r with 0 <= r < |y|: for y < 0, r = x mod -y and q = -((x - r) / -y).
const Node* euclid_div(Builder& b, const Node* x, const Node* y) {
  if (is_positive(y)) return b.floor_div(x, y);
  const Node* zero = b.constant(Int(0));
  if (y == zero) return zero;
  const Node* negative = b.neg(b.floor_div(x, b.neg(y)));
  if (y->op == Op::kConst) return negative;
  return b.select(positive(b, y), b.floor_div(x, y),
                  b.select(b.eq(y, zero), zero, negative));
}

const Node* euclid_mod(Builder& b, const Node* x, const Node* y) {
  if (is_positive(y)) return b.floor_mod(x, y);
  const Node* zero = b.constant(Int(0));
  if (y == zero) return zero;
  const Node* negative = b.floor_mod(x, b.neg(y));
  if (y->op == Op::kConst) return negative;
  return b.select(positive(b, y), b.floor_mod(x, y),
                  b.select(b.eq(y, zero), zero, negative));
}

std::optional<Quotient> quotient_of(const Node* n) {
  if (n->op != Op::kOpaque || n->sort != Sort::kReal || arity(n) != 2)
    return std::nullopt;
  const std::string_view name = static_cast<const OpaqueNode*>(n)->name;
  const auto args = args_of(n);
  if (name != "truediv" && name != "rat") return std::nullopt;
  if (args[0]->sort != Sort::kInt || args[1]->sort != Sort::kInt) return std::nullopt;
  return Quotient{args[0], args[1]};
}

}  // namespace congrua::internal
