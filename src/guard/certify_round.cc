// Rows divided by atoms and divisors whose sign is known: b*z + r >= 0 and r <= b - 1
// give z >= 0, so b*z = 0 gives z = 0; and a product that is not 0 has no factor 0.
#include <algorithm>

#include "guard/certifier.h"

namespace congrua::guard {

using proof::Atom;
using proof::Monomial;

namespace {
constexpr size_t kMaxTerms = 40;

const proof::Poly::Term& leading(const proof::Poly& p) {
  const auto terms = p.without_constant();
  const proof::Poly::Term* best = &terms[0];
  for (const proof::Poly::Term& t : terms) {
    if (t.mono.size() != best->mono.size() ? t.mono.size() > best->mono.size()
                                           : t.mono > best->mono) {
      best = &t;
    }
  }
  return *best;
}

// p = b*z + what is left; z is 0 where nothing is divided.
proof::Poly quotient_of(proof::Poly p, const proof::Poly& b) {
  const proof::Poly::Term& lead = leading(b);
  proof::Poly z;
  for (bool again = true; again && p.terms().size() <= kMaxTerms;) {
    again = false;
    for (const proof::Poly::Term& t : p.terms()) {
      if (t.mono.size() < lead.mono.size() || !std::ranges::includes(t.mono, lead.mono) ||
          !congrua::floor_mod(t.coef, lead.coef).is_zero()) {
        continue;
      }
      Monomial rest;
      std::ranges::set_difference(t.mono, lead.mono, std::back_inserter(rest));
      proof::Poly part;
      part.add(rest, congrua::floor_div(t.coef, lead.coef));
      p = p - part * b;
      z = z + part;
      again = true;
      break;
    }
  }
  return z;
}
}  // namespace

// z >= 0 from row r, p >= 0 with p = b*z + rest.
RowId Certifier::round(const State& s, RowId r, const Poly& b, const Poly& z) {
  const Poly rest = row(r).p - b * z;
  const RowId fits = derive(s, b - 1 - rest, false);
  if (fits == kNoRow) return kNoRow;
  const RowId positive = derive(s, b - 1, false);
  if (positive == kNoRow) return kNoRow;
  const auto b_term = expr_of(b);
  const auto z_term = expr_of(z);
  if (!b_term || !z_term) return kNoRow;
  return emit({.kind = StepKind::kRound,
               .rows = {r, positive, fits},
               .terms = {*b_term, *z_term}});
}

bool Certifier::divide_ge(State& s, RowId r, const Poly& b, bool* changed) {
  const Poly z = quotient_of(row(r).p, b);
  if (z.is_constant()) return false;
  // b*z + r as b*(z - 1) + (r + b), too, which says more.
  for (const Poly& wanted : {z - 1, z}) {
    const RowId made = round(s, r, b, wanted);
    if (made == kNoRow) continue;
    *changed = true;
    s.pending.push_back(made);
    return settle(s);
  }
  return false;
}

bool Certifier::divide_eq(State& s, RowId r, const Poly& b, bool* changed) {
  const Poly z = quotient_of(row(r).p, b);
  if (z.is_constant() || row(r).p != b * z) return false;
  const RowId up = combine({{Poly(Int(1)), r}}, Int());
  const RowId down = combine({{Poly(Int(-1)), r}}, Int());
  if (up == kNoRow || down == kNoRow) return false;
  const RowId above = round(s, up, b, z);
  const RowId under = above == kNoRow ? kNoRow : round(s, down, b, -z);
  if (under == kNoRow) return false;
  const RowId zero = emit({.kind = StepKind::kEqual, .rows = {above, under}});
  if (zero == kNoRow) return false;
  *changed = true;
  s.pending.push_back(zero);
  return settle(s);
}

// a*z != 0: neither is 0.
bool Certifier::divide_ne(State& s, RowId r, Atom atom, bool* changed) {
  const Poly a = Poly::atom(atom);
  const Poly z = quotient_of(row(r).p, a);
  if (z.is_zero() || row(r).p != a * z) return false;
  for (const auto& [factor, other] : {std::pair(&a, &z), std::pair(&z, &a)}) {
    const auto e = expr_of(*factor);
    if (!e || e->is_const()) continue;
    const Expr is_zero = congrua::eq(*e, constant(Int()));
    const Row nonzero = checker_.assume(is_zero, false);
    if (nonzero.kind != Row::Kind::kNe || guess(s, is_zero) == false) continue;
    const Mark before = mark();
    if (emit({.kind = StepKind::kSplit, .terms = {is_zero}}) == kNoRow) continue;
    const RowId zero = emit({.kind = StepKind::kCase, .index = 0});
    // The proposition is canonical: its polynomial may be divided by a constant.
    Poly scale;
    scale.add_scaled(*other, congrua::floor_div(factor->terms().back().coef,
                                                row(zero).p.terms().back().coef));
    const RowId product = combine({{scale, zero}});
    if (product == kNoRow ||
        emit({.kind = StepKind::kClose, .rows = {product, r}}) == kNoRow) {
      rewind(before);
      continue;
    }
    *changed = true;
    s.pending.push_back(emit({.kind = StepKind::kCase, .index = 1}));
    if (settle(s)) return true;
  }
  return false;
}

bool Certifier::divide_rows(State& s, bool* changed) {
  std::vector<Poly> divisors;
  const auto offer = [&](const Poly& b) {
    if (b.is_constant() || std::ranges::find(divisors, b) != divisors.end()) return;
    divisors.push_back(b);
  };
  std::vector<RowId> equal = s.eq;
  for (const auto& [lead, r] : s.solved) {
    if (lead.size() > 1) equal.push_back(r);
  }
  const auto atoms_of = [&](RowId r) {
    std::vector<Atom> atoms;
    for (const Poly::Term& t : row(r).p.terms()) {
      if (t.mono.size() < 2) continue;
      for (const Atom a : t.mono) {
        if (std::ranges::find(atoms, a) == atoms.end()) atoms.push_back(a);
      }
    }
    return atoms;
  };
  for (const RowId r : std::vector<RowId>(s.ne)) {
    for (const Atom a : atoms_of(r)) {
      if (divide_ne(s, r, a, changed)) return true;
    }
  }
  for (const auto* rows : {&s.ge, &equal}) {
    for (const RowId r : *rows) {
      for (const Atom a : atoms_of(r)) offer(Poly::atom(a));
    }
  }
  for (const Expr t : s.applications) {
    if (t.op() != Op::kFloorDiv || t.arg(1).is_const()) continue;
    Summands ignored;
    offer(reduce(s, checker_.poly(t.arg(1)), &ignored));
  }
  for (const Poly& atom : divisors) {
    if (budget_.spent()) return false;
    Poly b = atom;
    const auto e = expr_of(b);
    if (!e) continue;
    if (guess(s, congrua::ge(*e, constant(Int(1)))) != true) {
      if (guess(s, congrua::ge(-*e, constant(Int(1)))) != true) continue;
      b = -b;
    }
    for (const RowId r : std::vector<RowId>(equal)) {
      if (row(r).p.terms().size() > kMaxTerms) continue;
      if (divide_eq(s, r, b, changed)) return true;
    }
    for (const RowId r : std::vector<RowId>(s.ge)) {
      if (row(r).p.terms().size() > kMaxTerms) continue;
      spend(row(r).p.terms().size());
      if (divide_ge(s, r, b, changed)) return true;
    }
  }
  return false;
}

}  // namespace congrua::guard
