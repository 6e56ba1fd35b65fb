// Products of two rows (Handelman 1988): those whose monomials are at hand already, or
// divide one that is.
#include <algorithm>
#include <set>

#include "guard/certifier.h"

namespace congrua::guard {

using proof::Atom;
using proof::Monomial;

namespace {
constexpr size_t kMaxFactors = 60;
constexpr size_t kMaxProducts = 120;
constexpr size_t kMaxTermsOfFactor = 8;
constexpr size_t kMaxDegree = 4;
constexpr size_t kTooMany = 1000;

// With all its divisors of degree 2 and more.
void note(const Monomial& mono, std::set<Monomial>& known) {
  if (mono.size() < 2 || mono.size() > kMaxDegree + 1 || !known.insert(mono).second) {
    return;
  }
  for (size_t i = 0; i < mono.size(); ++i) {
    Monomial rest = mono;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    note(rest, known);
  }
}
}  // namespace

bool Certifier::products(State& s, int round, size_t more_degree) {
  std::set<Monomial> known;
  for (const auto* rows : {&s.ge, &s.eq, &s.ne}) {
    for (const RowId r : *rows) {
      for (const Poly::Term& t : row(r).p.terms()) note(t.mono, known);
    }
  }
  for (const auto& [lead, r] : s.solved) {
    for (const Poly::Term& t : row(r).p.terms()) note(t.mono, known);
  }
  if (known.empty()) return false;
  if (s.degree == 0) {
    for (const Monomial& m : known) s.degree = std::max(s.degree, m.size());
  }
  const size_t degree = std::max<size_t>(s.degree, 2) + more_degree;
  std::erase_if(known, [&](const Monomial& m) { return m.size() > degree; });
  const auto fresh = [&](const Poly& p) {
    size_t n = 0;
    for (const Poly::Term& t : p.terms())
      n += t.mono.size() > 1 && !known.contains(t.mono);
    return n;
  };
  // Do two rows have a pair of atoms that is a known monomial?
  const size_t allowed = round == 0 ? 0 : static_cast<size_t>(round);
  std::vector<RowId> factors;
  for (size_t i = s.ge.size(); i-- > 0 && factors.size() < kMaxFactors;) {
    if (row(s.ge[i]).p.terms().size() <= kMaxTermsOfFactor) factors.push_back(s.ge[i]);
  }
  std::vector<std::pair<size_t, std::pair<RowId, RowId>>> pairs;
  for (size_t i = 0; i < factors.size(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      const Poly& a = row(factors[i]).p;
      const Poly& b = row(factors[j]).p;
      if (!spend(a.terms().size() * b.terms().size() * 2)) return false;
      size_t unknown = 0;
      size_t nonlinear = 0;
      for (const Poly::Term& x : a.without_constant()) {
        for (const Poly::Term& y : b.without_constant()) {
          const Monomial mono = proof::product(x.mono, y.mono);
          ++(known.contains(mono) ? nonlinear : unknown);
          if (mono.size() > degree) unknown = kTooMany;
        }
      }
      if (nonlinear == 0 || unknown > allowed) continue;
      pairs.push_back({unknown, {factors[i], factors[j]}});
    }
  }
  std::ranges::stable_sort(pairs, {}, [](const auto& x) { return x.first; });
  size_t made = 0;
  for (const auto& [unknown, pair] : pairs) {
    if (made >= kMaxProducts || budget_.spent()) break;
    const RowId r = emit({.kind = StepKind::kProduct, .rows = {pair.first, pair.second}});
    if (r == kNoRow) continue;
    s.pending.push_back(r);
    ++made;
  }
  // Equalities that could not be solved, times atoms.
  std::set<Atom> atoms;
  for (const Monomial& m : known) atoms.insert(m.begin(), m.end());
  for (const RowId e : std::vector<RowId>(s.eq)) {
    for (const Atom a : atoms) {
      const Poly p = row(e).p * Poly::atom(a);
      if (p.terms().size() > kMaxTermsOfFactor || fresh(p) > allowed) continue;
      const RowId r = combine({{Poly::atom(a), e}});
      if (r != kNoRow) s.pending.push_back(r);
    }
  }
  return settle(s);
}

}  // namespace congrua::guard
