// Floor division in canonical form. Notation below: a//b is floor_div, c > 0 a constant.
#include <algorithm>

#include "expr/builder.h"
#include "expr/monomials.h"

namespace congrua::internal {

namespace {

// Divisors stay below 2^62 when nested divisions are fused.
const Int kMaxFusedDivisor(Int::kMaxInline);
constexpr size_t kMaxFusedTerms = 16;

// Polynomial division is tried up to this many pairs of terms.
constexpr size_t kMaxDivisionPairs = 256;
constexpr int kMaxDivisionSteps = 32;

bool has_const_divisor(const Node* mono) {
  return mono->op == Op::kFloorDiv && args_of(mono)[1]->op == Op::kConst &&
         const_value(args_of(mono)[1]).sign() > 0;
}

}  // namespace

const Node* Builder::intern_floor_div(const Node* a, const Node* b) {
  const Node* args[] = {a, b};
  return intern_app(Op::kFloorDiv, Sort::kInt, args);
}

const Node* Builder::floor_div(const Node* a, const Node* b) {
  if (b->op != Op::kConst) return floor_div_symbolic(a, b);
  const Int c = const_value(b);
  if (c.is_zero())
    return intern_floor_div(a, b);  // no value anywhere; nothing is assumed
  return c.sign() > 0 ? floor_div_const(a, c) : floor_div_const(neg(a), -c);
}

// The result is `whole` + r//c with
//   * coefficients and constant of r in [0, c):    (c*t*x + y)//c = t*x + y//c,
//   * no common factor of c and r's coefficients:  (g*p + k)//(g*c) = (p + k//g)//c, g >
//   0,
//   * no nested division where it can be fused:    (p//C + y)//c = (p + C*y)//(C*c), C >
//   0,
//                                       and with   -(p//C) + y = (C*y - p + C - 1)//C,
//   * the first coefficient other than c/2 below c/2, by
//       r//c = -((-r + c - 1)//c) = sum(x_i) - (sum((c - k_i)*x_i) + c - 1 - k)//c
//     for r = sum(k_i*x_i) + k, so that ceil_div(x, c), -((-x)//c) and (x + c - 1)//c are
//     one node.
const Node* Builder::floor_div_const(const Node* a, const Int& divisor) {
  if (divisor.is_one()) return a;
  if (a->op == Op::kConst) return constant(congrua::floor_div(const_value(a), divisor));
  Int c = divisor;
  Poly whole;
  Poly r;
  {
    const LinearView v(a);
    r.constant = v.constant();
    v.terms().append_to(r.terms);
  }
  for (;;) {
    Int g = c;
    size_t kept = 0;
    for (Term& t : r.terms) {
      if (t.coef.sign() < 0 || t.coef >= c) {
        Int q = congrua::floor_div(t.coef, c);
        t.coef -= q * c;
        whole.terms.push_back({std::move(q), t.mono});
      }
      if (t.coef.is_zero()) continue;
      if (!g.is_one()) g = gcd(g, t.coef);
      r.terms[kept++] = std::move(t);
    }
    r.terms.erase(r.terms.begin() + static_cast<std::ptrdiff_t>(kept), r.terms.end());
    const Int q = congrua::floor_div(r.constant, c);
    whole.constant += q;
    r.constant -= q * c;
    if (r.terms.empty()) return from_poly(whole);
    if (!g.is_one()) {
      for (Term& t : r.terms) t.coef = congrua::floor_div(t.coef, g);
      r.constant = congrua::floor_div(r.constant, g);
      c = congrua::floor_div(c, g);
    }
    // Exactly one nested division with coefficient +-1 is fused; of two neither is
    // privileged.
    const Int minus_one = c - Int(1);
    const Node* mono = nullptr;
    bool positive = false;
    int candidates = 0;
    for (const Term& t : r.terms) {
      if (has_const_divisor(t.mono) && (t.coef.is_one() || t.coef == minus_one)) {
        mono = t.mono;
        positive = t.coef.is_one();
        ++candidates;
      }
    }
    if (candidates != 1) break;
    const Int inner_c = const_value(args_of(mono)[1]);
    if (inner_c * c > kMaxFusedDivisor) break;
    const LinearView p(args_of(mono)[0]);
    if (exact_degree(args_of(mono)[0]) > kMaxPower ||
        p.terms().size() + r.terms.size() > kMaxFusedTerms) {
      break;
    }
    if (positive && c == Int(2)) {
      // 1 and -1 are the same modulo 2: of C*y + p and C*y - p the one that leaves
      // nothing of p//C outside, so that (h - h//2 + 1)//2 is (h + 3)//4 and (h +
      // h//2)//2 is 3*h//4; else the one that will not be turned over below.
      Int outside;
      for (const Term& t : whole.terms) {
        if (t.mono == mono) outside += t.coef;
      }
      positive = !(outside == Int(-1));
      const bool either = !outside.is_zero() && positive;
      for (const Term& t : p.terms()) {
        if (!either) break;
        Int k = t.coef;
        for (const Term& y : r.terms) {
          if (y.mono == t.mono) k += inner_c * y.coef;
        }
        k = congrua::floor_mod(k, c * inner_c);
        if (k.is_zero() || k == inner_c) continue;
        positive = k < inner_c;
        break;
      }
    }
    Poly fused;
    fused.constant = r.constant * inner_c;
    for (const Term& t : r.terms) {
      if (t.mono != mono) fused.terms.push_back({t.coef * inner_c, t.mono});
    }
    if (positive) {
      fused.constant += p.constant();
      p.terms().append_to(fused.terms);
    } else {
      // r holds (c - 1)*(p//C) = c*(p//C) - p//C: the multiple of c comes out.
      whole.terms.push_back({Int(1), mono});
      fused.constant += inner_c - Int(1) - p.constant();
      for (const Term& t : p.terms()) fused.terms.push_back({-t.coef, t.mono});
    }
    c *= inner_c;
    // Sorts and merges; the node itself is not needed.
    const LinearView merged(from_poly(fused));
    r.constant = merged.constant();
    r.terms.clear();
    merged.terms().append_to(r.terms);
  }
  // Where all coefficients are c/2 the constant decides.
  bool flip = r.constant + r.constant > c - Int(1);
  for (const Term& t : r.terms) {
    const Int twice = t.coef + t.coef;
    if (twice == c) continue;
    flip = twice > c;
    break;
  }
  if (flip) {
    for (Term& t : r.terms) {
      whole.terms.push_back({Int(1), t.mono});
      t.coef = c - t.coef;
    }
    r.constant = c - Int(1) - r.constant;
  }
  const Node* quotient = intern_floor_div(from_poly(r), constant(c));
  whole.terms.push_back({Int(flip ? -1 : 1), quotient});
  return from_poly(whole);
}

// a = quotient * b + rest where every step removes a leading term; accepted only when the
// rest has fewer terms than a, so that plain quotients such as s0//(s0 + s1) stay as they
// are.
bool Builder::divide_polynomial(const Node* a, const Node* b, const Node** quotient,
                                const Node** rest) {
  const LinearView vb(b);
  const LinearView va(a);
  if (va.terms().size() * vb.terms().size() > kMaxDivisionPairs) return false;
  const auto lead = std::ranges::max_element(vb.terms(), grlex_less, &Term::mono);
  const auto weight = [](const Node* n) {
    const LinearView v(n);
    return v.terms().size() + !v.constant().is_zero();
  };
  const Int lead_coef = lead->coef;
  const Int magnitude = abs(lead_coef);
  const Node* q = zero_;
  const Node* r = a;
  std::vector<Factor> factors;
  for (int step = 0; step < kMaxDivisionSteps; ++step) {
    const Node* best = nullptr;
    Int best_coef;
    {
      const LinearView vr(r);
      for (const Term& t : vr.terms()) {
        if (abs(t.coef) < magnitude || !divide_factors(t.mono, lead->mono, &factors))
          continue;
        if (best == nullptr || grlex_less(best, t.mono)) {
          best = t.mono;
          best_coef = t.coef;
        }
      }
    }
    if (best == nullptr) {
      if (weight(r) >= weight(a)) return false;
      *quotient = q;
      *rest = r;
      return true;
    }
    divide_factors(best, lead->mono, &factors);
    // Rounded to zero: |remainder| < |lead|, so the same monomial is not met again.
    Int k = congrua::floor_div(abs(best_coef), magnitude);
    if ((best_coef.sign() < 0) != (lead_coef.sign() < 0)) k = -k;
    const Node* step_quotient = scale(monomial(factors), k);
    q = add(q, step_quotient);
    r = sub(r, mul(step_quotient, b));
  }
  return false;
}

// a/b in lower terms as a fraction: true where factors other than integers went out. b is
// not 0 by the question's obligation, so no factor of it is, whatever its sign.
bool Builder::cancel_common(const Node** a, const Node** b) {
  const auto content = [](const Node* n) {
    const LinearView v(n);
    Int g = abs(v.constant());
    for (const Term& t : v.terms()) g = gcd(g, t.coef);
    return g;
  };
  const Int g = gcd(content(*a), content(*b));
  if (!g.is_zero()) {
    *a = divide_exact(*a, g);
    *b = divide_exact(*b, g);
  }
  if ((*a)->op == Op::kConst || (*b)->op == Op::kConst) return false;
  const LinearView va(*a);
  const LinearView vb(*b);
  if (!va.constant().is_zero() || !vb.constant().is_zero()) return false;
  std::vector<Factor> common;
  for (const FactorView first(vb.terms()[0].mono); const Factor& f : first.factors()) {
    uint32_t e = f.exponent;
    for (const auto& terms : {va.terms(), vb.terms()}) {
      for (const Term& t : terms) {
        uint32_t have = 0;
        for (const FactorView other(t.mono); const Factor& x : other.factors()) {
          if (x.base == f.base) have = x.exponent;
        }
        e = std::min(e, have);
      }
    }
    if (e > 0) common.push_back({f.base, e});
  }
  if (common.empty()) return false;
  const Node* factor = monomial(common);
  const auto cancel = [&](const LinearView& v) {
    std::vector<Factor> left;
    const Node* sum = zero_;
    for (const Term& t : v.terms()) {
      divide_factors(t.mono, factor, &left);
      sum = add(sum, scale(monomial(left), t.coef));
    }
    return sum;
  };
  *a = cancel(va);
  *b = cancel(vb);
  return true;
}

const Node* Builder::floor_div_symbolic(const Node* a, const Node* b) {
  if (a->op == Op::kConst && const_value(a).is_zero()) return zero_;
  if (a == b) return one_;
  {
    const LinearView vb(b);
    if (vb.terms()[0].coef.sign() < 0) return floor_div_symbolic(neg(a), neg(b));
  }
  const Node* whole = zero_;
  // Whole multiples: (b*x + r)//b = x + r//b for any b != 0.
  const bool single =
      LinearView(b).terms().size() == 1 && LinearView(b).constant().is_zero();
  if (single) {
    const LinearView vb(b);
    const LinearView va(a);
    const Int k = vb.terms()[0].coef;
    const Node* mono = vb.terms()[0].mono;
    Poly rest;
    rest.constant = va.constant();
    std::vector<Factor> factors;
    bool any = false;
    for (const Term& t : va.terms()) {
      const Int q = congrua::floor_div(t.coef, k);
      if (q.is_zero() || !divide_factors(t.mono, mono, &factors)) {
        rest.terms.push_back(t);
        continue;
      }
      any = true;
      whole = add(whole, scale(monomial(factors), q));
      if (const Int m = t.coef - q * k; !m.is_zero()) rest.terms.push_back({m, t.mono});
    }
    if (any) a = from_poly(rest);
  } else {
    const Node* q = nullptr;
    const Node* r = nullptr;
    if (divide_polynomial(a, b, &q, &r)) {
      whole = q;
      a = r;
    }
  }
  if (a->op == Op::kConst && const_value(a).is_zero()) return whole;
  if (cancel_common(&a, &b)) return add(whole, floor_div(a, b));
  if (a->op != Op::kConst) {
    const LinearView va(a);
    // A factor of every term that is the divisor itself, kept as an atom (a frozen sum).
    if (va.constant().is_zero() && b->op == Op::kAdd) {
      std::vector<Factor> left;
      const bool all = std::ranges::all_of(va.terms(), [&](const Term& t) {
        return t.mono->op == Op::kMul &&
               std::ranges::any_of(factors_of(t.mono),
                                   [&](const Factor& f) { return f.base == b; });
      });
      if (all) {
        const Node* sum = zero_;
        for (const Term& t : va.terms()) {
          left.clear();
          for (Factor f : factors_of(t.mono)) {
            if (f.base == b) --f.exponent;
            if (f.exponent > 0) left.push_back(f);
          }
          sum = add(sum, scale(monomial(left), t.coef));
        }
        return add(whole, sum);
      }
    }
  }
  if (b->op == Op::kConst) return add(whole, floor_div(a, b));
  return add(whole, intern_floor_div(a, b));
}

const Node* Builder::floor_mod(const Node* a, const Node* b) {
  return sub(a, mul(b, floor_div(a, b)));
}

}  // namespace congrua::internal
