// Sums, products and roundings. A Real is a quotient of integer expressions, denominator
// above 0.
#include <array>

#include "smt2/translate.h"

namespace congrua::smt2 {

Translation::Memo Translation::real(const Node* num, const Node* den) {
  return {.num = num, .den = den == one_ ? nullptr : den};
}

void Translation::to_common(Memo* x, Memo* y) {
  if (x->den == y->den) return;
  const Node* dx = den(*x);
  const Node* dy = den(*y);
  x->num = builder_.mul(x->num, dy);
  y->num = builder_.mul(y->num, dx);
  x->den = y->den = builder_.mul(dx, dy);
}

Translation::Memo Translation::product(const Memo& x, const Memo& y) {
  return real(builder_.mul(x.num, y.num), builder_.mul(den(x), den(y)));
}

// (n/d) / (m/e) = (n*e) / (d*m), where m is above 0, or both negated where it is below.
Translation::Memo Translation::ratio(const Memo& x, const Memo& y) {
  const unsigned mask = relied_signs(y.num);
  if (mask != Signs::kPositive && mask != Signs::kNegative) return {};
  const bool negate = mask == Signs::kNegative;
  const Node* num = builder_.mul(x.num, den(y));
  const Node* below = builder_.mul(den(x), y.num);
  return real(negate ? builder_.neg(num) : num, negate ? builder_.neg(below) : below);
}

Translation::Memo Translation::arithmetic(TermId t) {
  const std::span<const TermId> args = env_.terms.args(t);
  const TermOp op = env_.terms.op(t);
  for (const TermId a : args) {
    if (of(a).num == nullptr) return opaque_of(t);
  }
  Memo m = of(args[0]);
  m.unresolved = false;
  switch (op) {
    case TermOp::kAdd:
    case TermOp::kSub: {
      if (env_.terms.sort(t) == Sort::kInt && op == TermOp::kAdd && args.size() > 2) {
        std::vector<const Node*> terms;
        for (const TermId a : args) terms.push_back(node(a));
        return {.num = builder_.sum(terms)};
      }
      for (size_t i = 1; i < args.size(); ++i) {
        Memo y = of(args[i]);
        to_common(&m, &y);
        m.num =
            op == TermOp::kAdd ? builder_.add(m.num, y.num) : builder_.sub(m.num, y.num);
      }
      return {.num = m.num, .den = m.den};
    }
    case TermOp::kNeg:
      return {.num = builder_.neg(m.num), .den = m.den};
    case TermOp::kMul:
      for (size_t i = 1; i < args.size(); ++i) m = product(m, of(args[i]));
      return {.num = m.num, .den = m.den};
    case TermOp::kRatio: {
      Memo q = ratio(m, of(args[1]));
      if (q.num == nullptr) {
        approximate_ = true;
        q.unresolved = true;  // the sign may become known
      }
      return q;
    }
    case TermOp::kToReal:
      return {.num = m.num};
    case TermOp::kToInt:
      return {.num = m.den == nullptr ? m.num : builder_.floor_div(m.num, m.den)};
    case TermOp::kIsInt:
      return {.num = m.den == nullptr ? builder_.boolean(true)
                                      : builder_.eq0(builder_.floor_mod(m.num, m.den))};
    case TermOp::kPow:
      return power(t);
    default:
      return opaque_of(t);
  }
}

Translation::Memo Translation::power(TermId t) {
  const Memo base = of(env_.terms.arg(t, 0));
  const Value e = env_.terms.literal(env_.terms.arg(t, 1));
  if (e == Value{1, 2}) {
    const Node* num = square_root(base.num);
    const Node* below = square_root(den(base));
    if (num != nullptr && below != nullptr) return real(num, below);
    return opaque_of(t);
  }
  constexpr int64_t kMaxExponent = 64;
  const auto n = e.num.to_int64();
  if (!e.is_integer() || !n || *n < 0 || *n > kMaxExponent) return opaque_of(t);
  Memo m{.num = one_};
  for (int64_t i = 0; i < *n; ++i) m = product(m, base);
  return {.num = m.num, .den = m.den};
}

// |x*y| for the monomial k^2 * x^2 * y^2; null for others.
const Node* Translation::square_root(const Node* n) {
  const internal::LinearView v(n);
  if (v.terms().empty()) {
    const auto root = exact_sqrt(Value{v.constant(), 1});
    return root ? builder_.constant(root->num) : nullptr;
  }
  if (!v.constant().is_zero() || v.terms().size() != 1) return nullptr;
  const auto k = exact_sqrt(Value{v.terms()[0].coef, 1});
  if (!k) return nullptr;
  std::vector<internal::Factor> half;
  const internal::FactorView factors(v.terms()[0].mono);
  for (const internal::Factor& f : factors.factors()) {
    if (f.exponent % 2 != 0) return nullptr;
    half.push_back({f.base, f.exponent / 2});
  }
  const Node* root = builder_.scale(builder_.monomial(half), k->num);
  // Context-free: the sign is read off birth ranges alone.
  return internal::Builder::node(congrua::abs(internal::Builder::expr(root)));
}

}  // namespace congrua::smt2
