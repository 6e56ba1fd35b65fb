// Sums to cells: remainders recognised, polynomials factored.
#include <algorithm>

#include "guard/search_domain.h"
#include "guard/search_program.h"

namespace congrua::guard::search {

using internal::Factor;
using internal::FactorView;
using internal::LinearView;
using internal::Term;

namespace {

// Factoring looks at all pairs of terms and atoms: longer polynomials stay sums.
constexpr size_t kMaxFactoredTerms = 48;
constexpr int kMaxFactorDepth = 24;

bool has_term(const std::vector<Term>& terms, const Int& coef, const Node* mono) {
  return std::ranges::any_of(
      terms, [&](const Term& t) { return t.mono == mono && t.coef == coef; });
}

// The floor division whose remainder the term could be part of: mono = divisor *
// quotient.
const Node* quotient_in(const Node* mono) {
  const Node* found = nullptr;
  const FactorView view(mono);
  for (const Factor& f : view.factors()) {
    if (f.base->op == Op::kFloorDiv && f.exponent == 1) found = f.base;
  }
  return found;
}

// Whether mono = divisor * quotient up to the constant factor of the divisor, *scale.
bool is_divisor_times(const Node* mono, const Node* quotient, const Node* divisor,
                      Int* scale) {
  const LinearView view(divisor);
  const FactorView have(mono);
  if (view.terms().empty()) {
    *scale = view.constant();
    return mono == quotient;
  }
  if (view.terms().size() != 1 || !view.constant().is_zero()) return false;
  *scale = view.terms()[0].coef;
  const FactorView want(view.terms()[0].mono);
  if (have.factors().size() != want.factors().size() + 1) return false;
  size_t k = 0;
  for (const Factor& f : have.factors()) {
    if (f.base == quotient) continue;
    if (k == want.factors().size() || want.factors()[k].base != f.base ||
        want.factors()[k].exponent != f.exponent) {
      return false;
    }
    ++k;
  }
  return k == want.factors().size();
}

template <typename Factors>
void divide_by(Factors& factors, CellId atom) {
  for (size_t i = 0; i < factors.size(); ++i) {
    if (factors[i].first != atom) continue;
    if (--factors[i].second == 0)
      factors.erase(factors.begin() + static_cast<ptrdiff_t>(i));
    return;
  }
}

template <typename Factors>
bool has_atom(const Factors& factors, CellId atom) {
  return std::ranges::find(factors, atom, &Factors::value_type::first) != factors.end();
}

}  // namespace

// Finds k * (p - q * floor_div(p, q)) among the terms and replaces it by k * (p mod q).
bool Program::take_mod(std::vector<Term>& terms, Int& constant, Monomial* mod) {
  for (const Term& t : terms) {
    const Node* quotient = quotient_in(t.mono);
    if (quotient == nullptr) continue;
    const Node* dividend = internal::args_of(quotient)[0];
    const Node* divisor = internal::args_of(quotient)[1];
    Int scale;
    if (!is_divisor_times(t.mono, quotient, divisor, &scale) || scale.is_zero()) continue;
    const Int k = -floor_div(t.coef, scale);
    if (!(t.coef == -k * scale) || !k.to_int64().has_value()) continue;
    const LinearView p(dividend);
    const bool complete = std::ranges::all_of(
        p.terms(), [&](const Term& x) { return has_term(terms, k * x.coef, x.mono); });
    if (!complete) continue;
    std::vector<Term> rest;
    for (const Term& x : terms) {
      if (x.mono == t.mono) continue;
      if (std::ranges::find(p.terms(), x.mono, &Term::mono) == p.terms().end()) {
        rest.push_back(x);
      }
    }
    constant -= k * p.constant();
    const CellId cells[] = {*by_node_.find(dividend), *by_node_.find(divisor),
                            *by_node_.find(quotient)};
    *mod = {*k.to_int64(), {{intern(Kind::kMod, false, false, cells, {}, 0), 1}}};
    terms = std::move(rest);
    return true;
  }
  return false;
}

// Terms and factors of different nodes may be of one cell (a selection that is an
// extreme): here each is there once.
void Program::Poly::add(Monomial m) {
  std::ranges::sort(m.factors);
  size_t n = 0;
  for (size_t i = 0; i < m.factors.size(); ++i) {
    if (n > 0 && m.factors[n - 1].first == m.factors[i].first) {
      uint32_t& exponent = m.factors[n - 1].second;
      exponent = tame(uint64_t{exponent} + m.factors[i].second);
    } else {
      m.factors[n++] = m.factors[i];
    }
  }
  m.factors.resize(n);
  const auto same = std::ranges::find(terms, m.factors, &Monomial::factors);
  if (same == terms.end()) {
    terms.push_back(std::move(m));
    return;
  }
  // Of what cancels nothing would be read.
  opaque |= __builtin_add_overflow(same->coef, m.coef, &same->coef);
  opaque |= same->coef == 0;
}

Program::Poly Program::to_poly(internal::Terms terms, const Int& constant) {
  Poly p;
  std::vector<Term> left(terms.begin(), terms.end());
  Int rest = constant;
  Monomial mod;
  if (left.size() <= kMaxFactoredTerms) {
    while (take_mod(left, rest, &mod)) p.add(std::move(mod));
  }
  for (const Term& t : left) {
    const auto coef = t.coef.to_int64();
    if (!coef.has_value()) p.opaque = true;
    Monomial m{coef.value_or(0), {}};
    const FactorView view(t.mono);
    for (const Factor& f : view.factors()) {
      m.factors.emplace_back(*by_node_.find(f.base), f.exponent);
    }
    p.add(std::move(m));
  }
  const auto c = rest.to_int64();
  if (!c.has_value()) p.opaque = true;
  p.constant = c.value_or(0);
  return p;
}

// p as a cell. Recursion is bounded by kMaxFactorDepth, not by the depth of the term.
CellId Program::poly_cell(Poly p, int depth) {
  Summands sum;
  if (!p.opaque && p.terms.size() <= kMaxFactoredTerms && depth < kMaxFactorDepth) {
    while (extract(p, depth, sum)) {
    }
  }
  for (Monomial& m : p.terms)
    sum.emplace_back(m.coef, product_cell(std::move(m.factors)));
  return sum_cell(std::move(sum), p.constant, p.opaque);
}

// Takes the terms that share an atom a out of p: a*q goes to `sum`. Where the rest of p
// is k*q up to its constant, all of p is (a + k)*q + constant.
bool Program::extract(Poly& p, int depth, Summands& sum) {
  CellId best = kNone;
  size_t best_count = 1;
  for (const Monomial& m : p.terms) {
    for (const auto& f : m.factors) {
      const auto count = static_cast<size_t>(std::ranges::count_if(
          p.terms, [&](const Monomial& x) { return has_atom(x.factors, f.first); }));
      if (count > best_count) {
        best = f.first;
        best_count = count;
      }
    }
  }
  if (best == kNone) return false;
  Poly q, r;
  for (Monomial& m : p.terms) {
    if (!has_atom(m.factors, best)) {
      r.terms.push_back(std::move(m));
      continue;
    }
    divide_by(m.factors, best);
    if (m.factors.empty()) {
      q.constant = m.coef;  // of one: no two are alike (Poly::add)
    } else {
      q.terms.push_back(std::move(m));
    }
  }
  r.constant = p.constant;
  // k with r = k * q but for the constants.
  int64_t k = 0;
  bool proportional = r.terms.empty();
  if (!proportional && r.terms.size() == q.terms.size() &&
      magnitude(r.terms[0].coef) < (1u << 30) && r.terms[0].coef % q.terms[0].coef == 0) {
    k = r.terms[0].coef / q.terms[0].coef;
    proportional = true;
    for (const Monomial& x : r.terms) {
      const auto y = std::ranges::find(q.terms, x.factors, &Monomial::factors);
      int64_t product;
      if (y == q.terms.end() || __builtin_mul_overflow(k, y->coef, &product) ||
          product != x.coef) {
        proportional = false;
        break;
      }
    }
  }
  int64_t shift = 0;
  if (proportional && (__builtin_mul_overflow(k, q.constant, &shift) ||
                       __builtin_sub_overflow(p.constant, shift, &shift))) {
    proportional = false;
  }
  const CellId quotient = poly_cell(std::move(q), depth + 1);
  if (proportional) {
    const CellId left = sum_cell({{1, best}}, k, false);
    sum.emplace_back(1, product_cell({{left, 1}, {quotient, 1}}));
    p.terms.clear();
    p.constant = shift;
    return true;
  }
  sum.emplace_back(1, product_cell({{best, 1}, {quotient, 1}}));
  p = std::move(r);
  return true;
}

}  // namespace congrua::guard::search
