#include "expr/divisions.h"

#include <algorithm>
#include <array>
#include <utility>

namespace congrua::internal {

namespace {

const Node* positive(Builder& b, const Node* y) { return b.ge0(b.add_const(y, Int(-1))); }

constexpr int kMaxDepth = 8;          // of quotients in a dividend
constexpr uint32_t kMaxOperands = 8;  // of a sum in it

struct Ends {
  std::optional<Int> lo, hi;
};
Ends operator+(const Ends& x, const Ends& y) {
  Ends e;
  if (x.lo && y.lo) e.lo = *x.lo + *y.lo;
  if (x.hi && y.hi) e.hi = *x.hi + *y.hi;
  return e;
}
Ends operator*(const Ends& x, const Int& k) {
  Ends e;
  if (x.lo) e.lo = *x.lo * k;
  if (x.hi) e.hi = *x.hi * k;
  if (k.sign() < 0) std::swap(e.lo, e.hi);
  return k.is_zero() ? Ends{Int(0), Int(0)} : e;
}

// Ends of terms by those of a term p, from quotients and remainders by constants alone.
class EndsBy {
 public:
  EndsBy(Builder& b, const Node* p, Ends ends) : b_(b), p_(p), ends_(std::move(ends)) {}

  Ends of(const Node* n, int depth = 0) {
    if (n->op == Op::kConst) return {const_value(n), const_value(n)};
    if (n == p_) return ends_;
    const LinearView v(n);
    if (depth > kMaxDepth || v.terms().size() > kMaxOperands) return {};
    if (v.terms().size() == 1 && v.constant().is_zero() && v.terms()[0].coef.is_one()) {
      return of_atom(n, depth);
    }
    // k*(a - c*(a//c)) is k*(a mod c), and k*(a - a//2) is k*((a + 1)//2).
    for (const Term& t : v.terms()) {
      const Int* c = divisor_of(t.mono);
      if (c == nullptr) continue;
      const bool remainder = floor_mod(t.coef, *c).is_zero();
      if (!remainder && *c != Int(2)) continue;
      const Int k = remainder ? -floor_div(t.coef, *c) : -t.coef;
      const Node* a = args_of(t.mono)[0];
      const LinearView va(a);
      const bool whole = std::ranges::all_of(va.terms(), [&](const Term& x) {
        return v.terms().coefficient_of(x.mono) == k * x.coef;
      });
      if (!whole) continue;
      const Node* part = b_.sub(a, remainder ? b_.scale(t.mono, *c) : t.mono);
      Ends e{Int(0), *c - Int(1)};
      if (!remainder) {
        e = of(a, depth + 1);
        if (e.lo) e.lo = ceil_div(*e.lo, *c);
        if (e.hi) e.hi = ceil_div(*e.hi, *c);
      }
      return e * k + of(b_.sub(n, b_.scale(part, k)), depth + 1);
    }
    if (const std::optional<Ends> e = of_digits(n, v, depth)) return *e;
    const LinearView vp(p_);
    const Term& leading = vp.terms()[0];
    const Int have = v.terms().coefficient_of(leading.mono);
    if (!have.is_zero() && floor_mod(have, leading.coef).is_zero()) {
      const Int k = floor_div(have, leading.coef);
      const Node* rest = b_.sub(n, b_.scale(p_, k));
      if (LinearView(rest).terms().size() < v.terms().size()) {
        return ends_ * k + of(rest, depth + 1);
      }
    }
    Ends sum{v.constant(), v.constant()};
    for (const Term& t : v.terms()) sum = sum + of_atom(t.mono, depth + 1) * t.coef;
    return sum;
  }

 private:
  static const Int* divisor_of(const Node* n) {
    if (n->op != Op::kFloorDiv || args_of(n)[1]->op != Op::kConst) return nullptr;
    const Int& c = const_value(args_of(n)[1]);
    return c.sign() > 0 ? &c : nullptr;
  }
  // k*(q - d*((q + e)//d)) is k*((q + e) mod d - e), for a quotient q = a//c whose own
  // quotient is (a + c*e)//(c*d) in canonical form, as (a + 1)//2 is a - a//2.
  std::optional<Ends> of_digits(const Node* n, const LinearView& v, int depth) {
    for (const Term& outer : v.terms()) {
      const Int* whole = divisor_of(outer.mono);
      if (whole == nullptr) continue;
      for (const Term& inner : v.terms()) {
        const Int* c = divisor_of(inner.mono);
        if (c == nullptr || inner.mono == outer.mono ||
            !floor_mod(*whole, *c).is_zero()) {
          continue;
        }
        const Int d = floor_div(*whole, *c);
        if (d.is_one() || !floor_mod(outer.coef, d).is_zero()) continue;
        const Int k = -floor_div(outer.coef, d);
        for (const int up : {0, 1}) {
          if (up == 1 && *c != Int(2)) continue;
          const Node* a = b_.add_const(args_of(inner.mono)[0], Int(up));
          const Node* apart = b_.sub(args_of(outer.mono)[0], a);
          if (apart->op != Op::kConst || !floor_mod(const_value(apart), *c).is_zero()) {
            continue;
          }
          const Node* q = up == 0 ? inner.mono : b_.floor_div(a, b_.constant(*c));
          const Node* digit = b_.sub(q, b_.scale(outer.mono, d));
          const Node* rest = b_.sub(n, b_.scale(digit, k));
          if (LinearView(rest).terms().size() + 2 > v.terms().size()) continue;
          const Int e = floor_div(const_value(apart), *c);
          return Ends{-e, d - Int(1) - e} * k + of(rest, depth + 1);
        }
      }
    }
    return std::nullopt;
  }
  Ends of_atom(const Node* n, int depth) {
    const Int* c = divisor_of(n);
    if (c == nullptr) return {};
    Ends e = of(args_of(n)[0], depth + 1);
    if (e.lo) e.lo = floor_div(*e.lo, *c);
    if (e.hi) e.hi = floor_div(*e.hi, *c);
    return e;
  }

  Builder& b_;
  const Node* const p_;
  const Ends ends_;
};

// x = select(condition, nonnegative, nonpositive)
struct SignedArms {
  const Node* condition;
  const Node* nonnegative;
  const Node* nonpositive;
};
std::optional<SignedArms> signed_arms(Builder& b, const Node* x) {
  const LinearView v(x);
  if (v.terms().size() > kMaxOperands) return std::nullopt;
  std::optional<Term> select;
  for (const Term& t : v.terms()) {
    if (t.mono->op != Op::kSelect) continue;
    if (select) return std::nullopt;
    select = t;
  }
  if (!select || args_of(select->mono)[0]->op != Op::kGe) return std::nullopt;
  const auto args = args_of(select->mono);
  const Node* p = args_of(args[0])[0];
  if (LinearView(p).terms().empty()) return std::nullopt;
  const Node* rest = b.sub(x, b.scale(select->mono, select->coef));
  const Node* then = b.add(b.scale(args[1], select->coef), rest);
  const Node* otherwise = b.add(b.scale(args[2], select->coef), rest);
  const Ends a = EndsBy(b, p, {Int(0), std::nullopt}).of(then);
  const Ends e = EndsBy(b, p, {std::nullopt, Int(-1)}).of(otherwise);
  const auto is_nonnegative = [](const Ends& d) { return d.lo && d.lo->sign() >= 0; };
  const auto is_nonpositive = [](const Ends& d) { return d.hi && d.hi->sign() <= 0; };
  if (is_nonnegative(a) && is_nonpositive(e)) return SignedArms{args[0], then, otherwise};
  if (is_nonpositive(a) && is_nonnegative(e)) {
    return SignedArms{b.logical_not(args[0]), otherwise, then};
  }
  return std::nullopt;
}

}  // namespace

// Where the signs of x and y agree x / y >= 0 and the floor is the truncation; where they
// differ the ceiling is. For x = 0 both are 0.
//
// A truncation of p that is truncated again keeps the condition on p: x has the sign of p
// or is 0. The cases of nested ones would multiply otherwise.
const Node* trunc_div(Builder& b, const Node* x, const Node* y) {
  if (y->op != Op::kConst) b.cancel_common(&x, &y);
  if (y->op == Op::kConst && !const_value(y).is_zero()) {
    if (const std::optional<SignedArms> s = signed_arms(b, x)) {
      const bool flip = const_value(y).sign() < 0;
      const Node* m = flip ? b.neg(y) : y;
      const Node* q = b.select(s->condition, b.floor_div(s->nonnegative, m),
                               b.ceil_div(s->nonpositive, m));
      return flip ? b.neg(q) : q;
    }
  }
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
