// Products in canonical form: expanded while that is short, with powers of sums as atoms
// beyond.
#include <algorithm>

#include "expr/builder.h"
#include "expr/hash.h"

namespace congrua::internal {

namespace {
// A product of sums is expanded while the term counts multiply to at most this, and the
// highest powers of its atoms do not exceed kMaxPower; above it the factors stay atoms.
// The decision reads the operands' normal forms only.
constexpr size_t kMaxExpansion = 64;
// A monomial times a sum is expanded up to this many terms.
constexpr size_t kMaxDistribution = 1024;
// Exponents above this freeze the power as an atom, so that they never overflow.
constexpr uint32_t kMaxExponent = 1u << 20;
// Constants beyond 62 bits are multiplied up to this many bits: squaring 3 forty times
// would fill the memory. Above it the product is an opaque term. (Constants as factors
// would break what reads factors as variables.)
constexpr size_t kMaxProductBits = 1u << 17;

// A kept sum counts as it would expanded.
uint32_t power_of(const Factor& f) {
  return std::min<uint32_t>(f.exponent, kMaxDegree) *
         (f.base->op == Op::kAdd ? exact_degree(f.base) : 1u);
}

// The highest power of an atom.
uint32_t highest_power(const Node* n) {
  uint32_t highest = 0;
  for (const LinearView v(n); const Term& t : v.terms()) {
    for (const FactorView m(t.mono); const Factor& f : m.factors()) {
      highest = std::max(highest, power_of(f));
    }
  }
  return highest;
}
}  // namespace

const Node* Builder::monomial(std::vector<Factor>& factors) {
  if (!std::ranges::is_sorted(factors, structural_less, &Factor::base)) {
    std::ranges::sort(factors, structural_less, &Factor::base);
  }
  size_t out = 0;
  for (size_t i = 0; i < factors.size();) {
    size_t j = i + 1;
    uint64_t e = factors[i].exponent;
    while (j < factors.size() && factors[j].base == factors[i].base)
      e += factors[j++].exponent;
    factors[out++] = {factors[i].base, static_cast<uint32_t>(e)};
    i = j;
  }
  factors.resize(out);
  if (factors.empty()) return one_;
  if (factors.size() == 1 && factors[0].exponent == 1) return factors[0].base;
  uint64_t hash = 0;
  uint32_t degree = 0;
  for (const Factor& f : factors) {
    hash += mix64(f.base->hash ^ 0x6d756c) * f.exponent;
    degree = std::min(degree + power_of(f), uint32_t{kMaxDegree});
  }
  return intern(
      mix64(hash ^ 0x70726f64756374),
      [&](const Node* n) {
        return n->op == Op::kMul && arity(n) == factors.size() &&
               std::ranges::equal(factors_of(n), factors,
                                  [](const Factor& x, const Factor& y) {
                                    return x.base == y.base && x.exponent == y.exponent;
                                  });
      },
      [&] {
        Factor* to;
        auto* n = make_with<MulNode>(factors.size(), &to);
        n->op = Op::kMul;
        n->sort = Sort::kInt;
        n->degree = degree & kMaxDegree;
        for (const Factor& f : factors) {
          *to++ = f;
          n->own_symbols |= f.base->symbols();
          n->partial = n->partial || f.base->partial;
        }
        return n;
      });
}

const Node* Builder::mul_monomials(const Node* a, const Node* b) {
  std::vector<Factor>& f = factor_scratch_;
  f.clear();
  for (const Node* m : {a, b}) {
    const FactorView v(m);
    // A huge power is an atom of its own: its exponent would not fit.
    const bool huge =
        m->op == Op::kMul && std::ranges::any_of(v.factors(), [](const Factor& x) {
          return x.exponent > kMaxExponent;
        });
    if (huge) {
      f.push_back({m, 1});
    } else {
      f.insert(f.end(), v.factors().begin(), v.factors().end());
    }
  }
  return monomial(f);
}

// S as content * primitive part, the first coefficient of which is positive.
const Node* Builder::freeze(const Node* s, Int& content) {
  if (s->op != Op::kAdd) {
    content = Int(1);
    return s;
  }
  const auto terms = terms_of(s);
  Int g = abs(constant_of(s));
  for (const Term& t : terms) g = gcd(g, t.coef);
  if (terms[0].coef.sign() < 0) g = -g;
  content = g;
  return divide_exact(s, g);
}

const Node* Builder::divide_exact(const Node* n, const Int& g) {
  if (g.is_one()) return n;
  const LinearView v(n);
  TermList& out = scratch_;
  out.clear();
  for (const Term& t : v.terms()) out.push_back({congrua::floor_div(t.coef, g), t.mono});
  return intern_sum(congrua::floor_div(v.constant(), g), out);
}

namespace {
// The bits of the largest constant of a sum or constant; 0 where all are inline.
size_t big_bits(const Node* n) {
  size_t bits = 0;
  const auto look_at = [&](const Int& v) {
    if (!v.is_small()) bits = std::max<size_t>(bits, v.bit_length());
  };
  if (n->op == Op::kConst) look_at(const_value(n));
  if (n->op != Op::kAdd) return bits;
  look_at(constant_of(n));
  for (const Term& t : terms_of(n)) look_at(t.coef);
  return bits;
}

bool too_large_to_multiply(const Node* a, const Node* b) {
  const size_t bits = big_bits(a);
  if (bits == 0) return false;
  const size_t others = big_bits(b);
  return others != 0 && bits + others > kMaxProductBits;
}
}  // namespace

const Node* Builder::mul_frozen(const Node* a, const Node* b) {
  Int ca, cb;
  const Node* fa = freeze(a, ca);
  const Node* fb = freeze(b, cb);
  return scale(mul_monomials(fa, fb), ca * cb);
}

const Node* Builder::mul(const Node* a, const Node* b) {
  if (too_large_to_multiply(a, b)) {
    const Node* const args[] = {structural_less(a, b) ? a : b,
                                structural_less(a, b) ? b : a};
    return opaque(kHugeProduct, args, Sort::kInt);
  }
  if (a->op == Op::kConst) return scale(b, const_value(a));
  if (b->op == Op::kConst) return scale(a, const_value(b));
  const bool mono_a = a->op != Op::kAdd;
  const bool mono_b = b->op != Op::kAdd;
  if (mono_a && mono_b) return mul_monomials(a, b);
  const auto count = [](const Node* n) -> size_t {  // the constant counts as a term
    return n->op == Op::kAdd ? terms_of(n).size() + !constant_of(n).is_zero() : 1;
  };
  // A lower bound first: a long lazy sum is not read just to be refused.
  if (size_t{term_count(a)} * term_count(b) > kMaxDistribution) return mul_frozen(a, b);
  const size_t na = count(a);
  const size_t nb = count(b);
  if (na == 1 || nb == 1) {
    if (na * nb > kMaxDistribution) return mul_frozen(a, b);
  } else if (na * nb > kMaxExpansion ||
             (uint32_t{exact_degree(a)} + exact_degree(b) > kMaxPower &&
              highest_power(a) + highest_power(b) > kMaxPower)) {
    return mul_frozen(a, b);
  }
  const LinearView va(a);
  const LinearView vb(b);
  Poly p;
  p.constant = va.constant() * vb.constant();
  p.terms.reserve(na * nb);
  for (const Term& x : va.terms()) {
    for (const Term& y : vb.terms()) {
      p.terms.push_back({x.coef * y.coef, mul_monomials(x.mono, y.mono)});
    }
    if (!vb.constant().is_zero()) p.terms.push_back({x.coef * vb.constant(), x.mono});
  }
  if (!va.constant().is_zero()) {
    for (const Term& y : vb.terms()) p.terms.push_back({va.constant() * y.coef, y.mono});
  }
  return from_poly(p);
}

}  // namespace congrua::internal
