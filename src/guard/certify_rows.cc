// Rows in reduced form: solved equalities substituted, coefficients divided by their
// content, the definitions of every atom at hand.
#include <algorithm>

#include "guard/certifier.h"

namespace congrua::guard {

using proof::Atom;
using proof::Monomial;

namespace {
constexpr size_t kMaxTerms = 150;  // of a row that is worked with
constexpr size_t kMaxAtoms = 300;
constexpr int kMaxPasses = 4;
constexpr size_t kMaxWidth = 24;  // arguments of a minimum or maximum

// The coefficient of the atom alone, where it occurs in no other term.
Int alone(const proof::Poly& p, Atom atom) {
  Int coef;
  for (const proof::Poly::Term& t : p.terms()) {
    if (std::ranges::find(t.mono, atom) == t.mono.end()) continue;
    if (t.mono.size() > 1) return Int();
    coef = t.coef;
  }
  return coef;
}

bool mentions(const proof::Poly& p, Atom atom) {
  return std::ranges::any_of(p.terms(), [&](const proof::Poly::Term& t) {
    return std::ranges::find(t.mono, atom) != t.mono.end();
  });
}

bool same_but_constant(const proof::Poly& a, const proof::Poly& b) {
  return std::ranges::equal(a.without_constant(), b.without_constant());
}
bool opposite_but_constant(const proof::Poly& a, const proof::Poly& b) {
  return std::ranges::equal(a.without_constant(), b.without_constant(),
                            [](const auto& x, const auto& y) {
                              return x.mono == y.mono && (x.coef + y.coef).is_zero();
                            });
}
}  // namespace

// p in which an atom is replaced. With p = sum of a^k * p_k and a = R modulo the row,
// p(a) - p(R) = (a - R)*Q, where Q comes of Horner's rule.
bool Certifier::replace_atom(Atom atom, const Poly& given, Poly& p, Poly* factor) {
  if (!mentions(p, atom)) return false;
  const Int c = alone(given, atom);
  Poly rest = Poly::atom(atom);
  rest.add_scaled(given, -c);  // given = c*(atom - rest)
  std::vector<Poly> by_power;
  for (const Poly::Term& t : p.terms()) {
    Monomial mono;
    size_t power = 0;
    for (const Atom a : t.mono) {
      a == atom ? void(++power) : mono.push_back(a);
    }
    if (by_power.size() <= power) by_power.resize(power + 1);
    by_power[power].add(mono, t.coef);
  }
  Poly quotient;
  Poly horner = by_power.back();
  for (size_t k = by_power.size() - 1; k-- > 0;) {
    quotient = quotient * Poly::atom(atom) + horner;
    horner = horner * rest + by_power[k];
  }
  spend((p.terms().size() + horner.terms().size()) * 4);
  if (horner.terms().size() > kMaxTerms) return false;
  factor->add_scaled(quotient, c);
  p = std::move(horner);
  return true;
}

// p in which multiples of the leading monomial are replaced once.
bool Certifier::replace_lead(const Monomial& lead, const Poly& given, Poly& p,
                             Poly* factor) {
  for (const Poly::Term& t : p.terms()) {
    if (t.mono.size() < lead.size() || !std::ranges::includes(t.mono, lead)) continue;
    Monomial rest;
    std::ranges::set_difference(t.mono, lead, std::back_inserter(rest));
    factor->add(rest, t.coef);
  }
  if (factor->is_zero()) return false;
  for (const Poly::Term& t : given.terms()) {
    if (t.mono != lead) continue;
    Poly signed_factor;
    signed_factor.add_scaled(*factor, t.coef);  // 1 or -1
    *factor = std::move(signed_factor);
  }
  Poly result = p - *factor * given;
  spend((p.terms().size() + result.terms().size()) * 4);
  if (result.terms().size() > kMaxTerms) return false;
  p = std::move(result);
  return true;
}

proof::Poly Certifier::reduce(const State& s, Poly p, Summands* used) {
  bool again = true;
  for (int pass = 0; again && pass < kMaxPasses; ++pass) {
    again = false;
    for (const auto& [lead, r] : s.solved) {
      Poly factor;
      if (lead.size() == 1 ? !replace_atom(lead[0], row(r).p, p, &factor)
                           : !replace_lead(lead, row(r).p, p, &factor)) {
        continue;
      }
      again = true;
      const auto known = std::ranges::find(*used, r, &Summands::value_type::second);
      if (known == used->end()) {
        used->emplace_back(std::move(factor), r);
      } else {
        known->first.add_scaled(factor, Int(1));
      }
    }
  }
  return p;
}

RowId Certifier::reduced(const State& s, RowId r) {
  Summands used;
  const Poly p = reduce(s, row(r).p, &used);
  if (used.empty()) return r;
  for (auto& [factor, from] : used) factor = -factor;
  used.insert(used.begin(), {Poly(Int(1)), r});
  const RowId made = combine(used);
  return made == kNoRow ? r : made;
}

void Certifier::define_atoms(State& s, const Poly& p) {
  for (const Poly::Term& t : p.terms()) {
    for (const Atom a : t.mono) define(s, checker_.atom(a));
  }
}

void Certifier::define(State& s, Expr e) {
  if (s.defined.size() >= kMaxAtoms || !s.defined.insert(e).second) return;
  const auto add = [&](Step step) {
    const RowId r = emit(std::move(step));
    if (r != kNoRow) s.pending.push_back(r);
  };
  switch (e.op()) {
    case Op::kSymbol:
      if (e.range().lo) add({.kind = StepKind::kRange, .index = 0, .terms = {e}});
      if (e.range().hi) add({.kind = StepKind::kRange, .index = 1, .terms = {e}});
      return;
    case Op::kFloorDiv:
      s.applications.push_back(e);
      if (!e.arg(1).is_const()) {
        s.quotients.push_back(e);
        define_atoms(s, checker_.poly(e.arg(1)));
        return;
      }
      add({.kind = StepKind::kQuotient, .index = 0, .terms = {e}});
      add({.kind = StepKind::kQuotient, .index = 1, .terms = {e}});
      return;
    case Op::kMin:
    case Op::kMax:
      s.applications.push_back(e);
      s.choices.push_back(e);
      for (uint32_t i = 0; i < std::min(e.num_args(), kMaxWidth); ++i) {
        add({.kind = StepKind::kExtreme, .index = i, .terms = {e}});
      }
      return;
    case Op::kSelect:
      s.choices.push_back(e);
      return;
    case Op::kOpaque:
      s.applications.push_back(e);
      for (size_t i = 0; i < e.num_args(); ++i) {
        if (e.arg(i).is_int()) define_atoms(s, checker_.poly(e.arg(i)));
      }
      return;
    default:
      return;
  }
}

bool Certifier::settle(State& s) {
  while (!s.pending.empty()) {
    if (budget_.spent()) return false;
    const RowId r = s.pending.back();
    s.pending.pop_back();
    if (r == kNoRow) continue;  // the checker refused the step: it is too large for it
    if (row(r).absurd()) {
      close(r);
      return true;
    }
    if (settle_row(s, r)) return true;
  }
  return false;
}

bool Certifier::settle_row(State& s, RowId r) {
  if (row(r).kind == Row::Kind::kTruth) return settle_truth(s, r);
  if (row(r).p.terms().size() > kMaxTerms) return false;
  define_atoms(s, row(r).p);
  if (row(r).kind == Row::Kind::kEq) prefer_constant(s, r);
  s.settled.push_back(r);
  r = reduced(s, r);
  if (row(r).kind != Row::Kind::kNe) r = divide(r);
  if (row(r).absurd()) {
    close(r);
    return true;
  }
  if (row(r).p.is_constant()) return false;
  switch (row(r).kind) {
    case Row::Kind::kGe:
      return settle_ge(s, r);
    case Row::Kind::kEq:
      return settle_eq(s, r);
    case Row::Kind::kNe:
      return settle_ne(s, r);
    case Row::Kind::kTruth:
      break;
  }
  return false;
}

// An atom that has a value is replaced by nothing else: products of it become linear.
void Certifier::prefer_constant(State& s, RowId r) {
  const auto terms = row(r).p.without_constant();
  if (terms.size() != 1 || terms[0].mono.size() != 1) return;
  const auto known =
      std::ranges::find(s.solved, terms[0].mono, &decltype(s.solved)::value_type::first);
  if (known == s.solved.end() || row(known->second).p.without_constant().size() == 1) {
    return;
  }
  // From the beginning, with this row before the others.
  s.pending.insert(s.pending.end(), s.settled.begin(), s.settled.end());
  s.settled.clear();
  s.ge.clear();
  s.eq.clear();
  s.ne.clear();
  s.bounds.clear();
  std::erase_if(s.solved, [&](const auto& x) {
    return row(x.second).p.without_constant().size() > 1;
  });
}

bool Certifier::settle_ge(State& s, RowId r) {
  const Poly& p = row(r).p;
  spend(s.ge.size());
  for (RowId& other : s.ge) {
    const Poly& q = row(other).p;
    if (q.without_constant().size() != p.without_constant().size()) continue;
    if (same_but_constant(p, q)) {
      if (q.constant() <= p.constant()) return false;
      other = s.ge.back();
      s.ge.pop_back();
      break;
    }
  }
  for (const RowId other : s.ge) {
    const Poly& q = row(other).p;
    if (q.without_constant().size() != p.without_constant().size() ||
        !opposite_but_constant(p, q)) {
      continue;
    }
    const int sum = (p.constant() + q.constant()).sign();
    if (sum < 0) {
      const RowId absurd = combine({{Poly(Int(1)), r}, {Poly(Int(1)), other}});
      if (absurd == kNoRow) continue;
      close(absurd);
      return true;
    }
    if (sum == 0) {
      s.pending.push_back(emit({.kind = StepKind::kEqual, .rows = {r, other}}));
      return false;
    }
  }
  // Where it can hold at all.
  Int least;
  if (std::optional<Summands> bounds = below(s, -p, &least); bounds && least.sign() > 0) {
    bounds->emplace_back(Poly(Int(1)), r);
    const RowId sum = combine(*bounds);
    if (sum != kNoRow && row(sum).absurd()) {
      close(sum);
      return true;
    }
  }
  s.ge.push_back(r);
  if (p.without_constant().size() == 1) {
    State::Bounds& b = s.bounds[p.without_constant()[0].mono];
    (p.without_constant()[0].coef.sign() > 0 ? b.lo : b.hi) = r;
  }
  return false;
}

// Solves for the youngest atom with coefficient 1 or -1 (younger atoms are definitions of
// older); where there is none, for the greatest monomial, if its coefficient is one.
bool Certifier::settle_eq(State& s, RowId r) {
  const Poly& p = row(r).p;
  Monomial lead;
  for (const Poly::Term& t : p.without_constant()) {
    if (t.mono.size() != 1 || !abs(t.coef).is_one()) continue;
    if (keep_symbols_ && p.without_constant().size() > 1 &&
        checker_.atom(t.mono[0]).op() == Op::kSymbol) {
      continue;
    }
    if (!alone(p, t.mono[0]).is_zero() && (lead.empty() || lead < t.mono)) lead = t.mono;
  }
  if (lead.empty()) {
    const Poly::Term* greatest = &p.without_constant()[0];
    for (const Poly::Term& t : p.without_constant()) {
      // Graded, then by the first atom that differs: it survives multiplication.
      if (t.mono.size() != greatest->mono.size() ? t.mono.size() > greatest->mono.size()
                                                 : t.mono > greatest->mono) {
        greatest = &t;
      }
    }
    if (greatest->mono.size() < 2 || !abs(greatest->coef).is_one()) {
      s.eq.push_back(r);
      return false;
    }
    lead = greatest->mono;
  }
  const auto changes = [&](const Poly& q) {
    if (lead.size() == 1) return mentions(q, lead[0]);
    return std::ranges::any_of(q.terms(), [&](const Poly::Term& t) {
      return t.mono.size() >= lead.size() && std::ranges::includes(t.mono, lead);
    });
  };
  const auto take = [&](std::vector<RowId>& rows) {
    const auto moved =
        std::ranges::partition(rows, [&](RowId x) { return !changes(row(x).p); });
    s.pending.insert(s.pending.end(), moved.begin(), moved.end());
    rows.erase(moved.begin(), moved.end());
  };
  take(s.ge);
  take(s.eq);
  take(s.ne);
  std::erase_if(s.solved, [&](const auto& solved) {
    if (solved.first.size() < 2 || !changes(row(solved.second).p)) return false;
    s.pending.push_back(solved.second);
    return true;
  });
  s.solved.emplace_back(lead, r);
  std::erase_if(s.bounds, [&](const auto& b) {
    return b.first.size() >= lead.size() && std::ranges::includes(b.first, lead);
  });
  return false;
}

bool Certifier::settle_ne(State& s, RowId r) {
  s.ne.push_back(r);
  return false;
}

bool Certifier::settle_truth(State& s, RowId r) {
  const Row& x = row(r);
  for (const RowId other : s.truth) {
    const Row& y = row(other);
    if (x.proposition != y.proposition) continue;
    if (x.value == y.value) return false;
    emit({.kind = StepKind::kClose, .rows = {r, other}});
    return true;
  }
  const Expr e = *x.proposition;
  if (e.is_const()) return false;
  if (e.op() == Op::kAnd && x.value) {
    const auto n = static_cast<uint32_t>(e.num_args());
    for (uint32_t i = 0; i < n; ++i) {
      s.pending.push_back(emit({.kind = StepKind::kPart, .index = i, .rows = {r}}));
    }
    return false;
  }
  if (e.op() == Op::kOpaque) define(s, e);
  s.truth.push_back(r);
  return false;
}

// Terms of one operator whose arguments are equal modulo the solved rows.
bool Certifier::congruences(State& s, bool* changed) {
  const auto& list = s.applications;
  for (size_t i = 0; i < list.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Expr t = list[i];
      const Expr u = list[j];
      if (t.op() != u.op() || t.sort() != u.sort() || t.name() != u.name() ||
          t.num_args() != u.num_args()) {
        continue;
      }
      spend(8);
      Summands ignored;
      if (t.is_int() &&
          reduce(s, checker_.poly(t) - checker_.poly(u), &ignored).is_zero()) {
        continue;
      }
      bool alike = true;
      std::vector<Summands> reasons;
      for (size_t k = 0; alike && k < t.num_args(); ++k) {
        if (t.arg(k) == u.arg(k)) continue;
        alike = t.arg(k).is_int() && u.arg(k).is_int();
        if (!alike) break;
        reasons.emplace_back();
        alike =
            reduce(s, checker_.poly(t.arg(k)) - checker_.poly(u.arg(k)), &reasons.back())
                .is_zero() &&
            !reasons.back().empty();
      }
      if (!alike) continue;
      Step step{.kind = StepKind::kCongruence, .rows = {}, .terms = {t, u}};
      if (t.is_bool()) {
        RowId of_t = kNoRow;
        bool known = false;
        for (const RowId r : s.truth) {
          if (row(r).proposition == t) of_t = r;
          known |= row(r).proposition == u;
        }
        if (of_t == kNoRow || known) continue;
        step.rows.push_back(of_t);
      }
      for (const Summands& reason : reasons) {
        const RowId equal = combine(reason);
        alike &= equal != kNoRow;
        step.rows.push_back(equal);
      }
      if (!alike) continue;
      const RowId r = emit(std::move(step));
      if (r == kNoRow) continue;
      *changed = true;
      s.pending.push_back(r);
      if (settle(s)) return true;
    }
  }
  return false;
}

}  // namespace congrua::guard
