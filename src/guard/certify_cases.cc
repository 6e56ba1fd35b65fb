// Cases: what decides itself, then splits.
#include <algorithm>

#include "guard/certifier.h"

namespace congrua::guard {

namespace {
constexpr int kMaxNesting = 32;
constexpr int64_t kMaxRemainder = 12;
constexpr int64_t kMaxValues = 64;  // of one symbol that is enumerated
constexpr size_t kMaxDepth = 400;   // of open splits: the recursion of refute
constexpr size_t kMaxRowsForProducts = 160;
}  // namespace

// A cheap opinion, no proof.
std::optional<bool> Certifier::guess(const State& s, Expr e, int nesting) {
  for (const RowId r : s.truth) {
    if (row(r).proposition == e) return row(r).value;
  }
  return parts_say(s, e, nesting);
}

// The same without what is known of e itself.
std::optional<bool> Certifier::parts_say(const State& s, Expr e, int nesting) {
  bool flip = false;
  for (; e.op() == Op::kNot; e = e.arg(0)) flip = !flip;
  const auto answer = [&](bool b) { return std::optional<bool>(b != flip); };
  if (e.is_true()) return answer(true);
  if (e.is_false()) return answer(false);
  if (nesting > kMaxNesting || !spend(8)) return std::nullopt;
  if (e.op() == Op::kGe || e.op() == Op::kEq) {
    Summands ignored;
    const Poly p = reduce(s, checker_.poly(e.arg(0)), &ignored);
    if (p.is_constant()) {
      return answer(e.op() == Op::kGe ? p.constant().sign() >= 0 : p.is_zero());
    }
    Int least;
    const bool has_least = below(s, p, &least).has_value();
    Int most;
    const bool has_most = below(s, -p, &most).has_value();  // p <= -most
    if (e.op() == Op::kGe) {
      if (has_least && least.sign() >= 0) return answer(true);
      if (has_most && most.sign() > 0) return answer(false);
      for (const RowId r : s.ge) {
        const Poly above = p - row(r).p;
        if (above.is_constant() && above.constant().sign() >= 0) return answer(true);
        const Poly sum = -p - 1 - row(r).p;
        if (sum.is_constant() && sum.constant().sign() >= 0) return answer(false);
      }
      return std::nullopt;
    }
    if ((has_least && least.sign() > 0) || (has_most && most.sign() > 0)) {
      return answer(false);
    }
    for (const RowId r : s.ne) {
      if (row(r).p == p || row(r).p == -p) return answer(false);
    }
    for (const RowId r : s.eq) {
      if (row(r).p == p || row(r).p == -p) return answer(true);
    }
    return std::nullopt;
  }
  if (flip) {
    if (const auto inner = guess(s, e, nesting + 1)) return answer(*inner);
    return std::nullopt;
  }
  if (e.op() == Op::kAnd) {
    bool all = true;
    for (size_t i = 0; i < e.num_args(); ++i) {
      const std::optional<bool> part = guess(s, e.arg(i), nesting + 1);
      if (part == false) return answer(false);
      all &= part == true;
    }
    return all ? answer(true) : std::nullopt;
  }
  if (e.op() == Op::kIff) {
    const auto a = guess(s, e.arg(0), nesting + 1);
    const auto b = guess(s, e.arg(1), nesting + 1);
    if (a && b) return answer(*a == *b);
  }
  return std::nullopt;
}

// Closed at once: by its rows, or by a proposition that its parts decide otherwise.
bool Certifier::contradiction(State& s, int nesting) {
  if (settle(s)) return true;
  if (nesting > kMaxNesting) return false;
  for (const RowId r : s.ne) {
    const Poly p = row(r).p;
    const RowId above = derive(s, p, false);
    if (above == kNoRow) continue;
    const RowId under = derive(s, -p, false);
    if (under == kNoRow) continue;
    const RowId zero = emit({.kind = StepKind::kEqual, .rows = {above, under}});
    if (zero == kNoRow) continue;
    emit({.kind = StepKind::kClose, .rows = {zero, r}});
    return true;
  }
  for (const RowId r : std::vector<RowId>(s.truth)) {
    const Expr e = *row(r).proposition;
    if (parts_say(s, e) != !row(r).value) continue;
    const Mark before = mark();
    bool all = true;
    const auto cases = [&](const Step& step, size_t count, auto&& row_of_case) {
      all = emit(step) != kNoRow;
      for (uint32_t i = 0; all && i < count; ++i) {
        State t = s;
        std::erase(t.truth, r);
        const RowId assumed = emit({.kind = StepKind::kCase, .index = i});
        t.pending.push_back(assumed);
        const RowId more = row_of_case(assumed);
        if (more != kNoRow) t.pending.push_back(more);
        all = contradiction(t, nesting + 1);
      }
    };
    if (e.op() == Op::kAnd) {
      cases({.kind = StepKind::kCases, .rows = {r}}, e.num_args(),
            [](RowId) { return kNoRow; });
    } else if (e.op() == Op::kIff) {
      cases({.kind = StepKind::kSplit, .terms = {e.arg(0)}}, 2, [&](RowId c) {
        return emit({.kind = StepKind::kIff, .index = 0, .rows = {r, c}});
      });
    } else {
      continue;
    }
    if (all) return true;
    rewind(before);
  }
  return false;
}

bool Certifier::free_split(State& s, const Step& step, size_t count, RowId* survivor) {
  *survivor = kNoRow;
  const Mark before = mark();
  if (checker_.depth() > kMaxDepth || emit(step) == kNoRow) return false;
  std::optional<uint32_t> open;
  for (uint32_t i = 0; i < count; ++i) {
    const Mark here = mark();
    State t = s;
    t.pending.push_back(emit({.kind = StepKind::kCase, .index = i}));
    if (contradiction(t)) continue;
    if (open || budget_.spent()) {
      rewind(before);
      return false;
    }
    rewind(here);
    open = i;
  }
  if (!open) return true;
  *survivor = emit({.kind = StepKind::kCase, .index = *open});
  s.pending.push_back(*survivor);
  return settle(s);
}

bool Certifier::simple_consequences(State& s, bool look_ahead, bool* changed) {
  RowId survivor = kNoRow;
  if (contradiction(s)) return true;
  for (const RowId r : std::vector<RowId>(s.ne)) {
    if (free_split(s, {.kind = StepKind::kCases, .rows = {r}}, 2, &survivor)) return true;
    if (survivor == kNoRow) continue;
    std::erase(s.ne, r);
    *changed = true;
  }
  // Quotients by a divisor whose sign is known.
  for (const Expr t : std::vector<Expr>(s.quotients)) {
    const Poly b = checker_.poly(t.arg(1));
    RowId sign = derive(s, b - 1, look_ahead);
    if (sign == kNoRow) sign = derive(s, -b - 1, look_ahead);
    if (sign == kNoRow) continue;
    std::erase(s.quotients, t);
    *changed = true;
    for (const uint32_t i : {0u, 1u}) {
      s.pending.push_back(
          emit({.kind = StepKind::kQuotient, .index = i, .rows = {sign}, .terms = {t}}));
    }
    if (settle(s)) return true;
  }
  // Selections whose condition is known, minima whose order is.
  for (const Expr t : std::vector<Expr>(s.choices)) {
    const bool condition = t.op() == Op::kSelect;
    if (condition && !look_ahead && !guess(s, t.arg(0))) continue;
    const Step step = condition ? Step{.kind = StepKind::kSplit, .terms = {t.arg(0)}}
                                : Step{.kind = StepKind::kAttained, .terms = {t}};
    if (free_split(s, step, condition ? 2 : t.num_args(), &survivor)) return true;
    if (survivor == kNoRow) continue;
    *changed = true;
    std::erase(s.choices, t);
    if (!condition) continue;
    const RowId r = emit({.kind = StepKind::kBranch, .rows = {survivor}, .terms = {t}});
    if (r == kNoRow) continue;
    s.pending.push_back(r);
    if (settle(s)) return true;
  }
  for (const RowId r : std::vector<RowId>(s.truth)) {
    const Expr e = *row(r).proposition;
    if (e.op() == Op::kAnd) {
      size_t undecided = 0;
      for (size_t i = 0; i < e.num_args(); ++i) undecided += guess(s, e.arg(i)) != true;
      if (undecided > 1 && !look_ahead) continue;
      const Step step{.kind = StepKind::kCases, .rows = {r}};
      if (free_split(s, step, e.num_args(), &survivor)) return true;
      if (survivor == kNoRow) continue;
      *changed = true;
      std::erase(s.truth, r);
    } else if (e.op() == Op::kIff) {
      for (const uint32_t side : {0u, 1u}) {
        if (!look_ahead && !guess(s, e.arg(side))) continue;
        const Step step{.kind = StepKind::kSplit, .terms = {e.arg(side)}};
        if (free_split(s, step, 2, &survivor)) return true;
        if (survivor == kNoRow) continue;
        *changed = true;
        std::erase(s.truth, r);
        const RowId more =
            emit({.kind = StepKind::kIff, .index = side, .rows = {r, survivor}});
        if (more != kNoRow) s.pending.push_back(more);
        if (settle(s)) return true;
        break;
      }
    }
  }
  return false;
}

bool Certifier::split(State s, const Step& step, size_t count, Effort effort) {
  --effort.depth;
  --effort.products;
  effort.bound = false;
  // What a case says of them is all that they say.
  if (step.kind == StepKind::kAttained) std::erase(s.choices, step.terms[0]);
  if (step.kind == StepKind::kCases) {
    std::erase(s.truth, step.rows[0]);
    std::erase(s.ne, step.rows[0]);
  }
  if (checker_.depth() > kMaxDepth || emit(step) == kNoRow) return false;
  for (uint32_t i = 0; i < count; ++i) {
    State t = s;
    const RowId r = emit({.kind = StepKind::kCase, .index = i});
    t.pending.push_back(r);
    if (!refute(std::move(t), effort)) return false;
  }
  return true;
}

// The symbol of fewest values, each a case.
std::optional<Certifier::Split> Certifier::enumeration(State& s) {
  std::optional<Split> best;
  Int fewest(kMaxValues);
  for (const Expr x : symbols_) {
    if (x.is_bool()) {
      if (guess(s, x)) continue;
      return Split{{.kind = StepKind::kSplit, .terms = {x}}, 2};
    }
    if (!x.is_int()) continue;
    const Poly& p = checker_.poly(x);
    const auto it = s.bounds.find(p.terms()[0].mono);
    if (it == s.bounds.end() || it->second.lo == kNoRow || it->second.hi == kNoRow) {
      continue;
    }
    const auto& [lo, hi, improved] = it->second;
    const Int width = row(lo).p.constant() + row(hi).p.constant();
    if (width >= fewest) continue;
    fewest = width;
    best = Split{{.kind = StepKind::kValues, .rows = {lo, hi}},
                 static_cast<size_t>(*width.to_int64()) + 1};
  }
  return best;
}

// p = f*q + rest for an atom f: the sign of q, or of f.
std::optional<Certifier::Split> Certifier::factor_split(State& s) {
  const auto open = [&](const Poly& p) -> std::optional<Split> {
    if (p.is_constant() || !spend(8)) return std::nullopt;
    const std::optional<Expr> e = expr_of(p);
    if (!e || guess(s, ge(*e, constant(Int())))) return std::nullopt;
    return Split{{.kind = StepKind::kSplit, .terms = {*e}}, 2};
  };
  std::optional<Split> second;
  std::vector<RowId> solved;
  for (const auto& [lead, r] : s.solved) solved.push_back(r);
  for (const auto* rows :
       std::initializer_list<const std::vector<RowId>*>{&s.eq, &solved, &s.ge}) {
    for (const RowId r : *rows) {
      const Poly p = row(r).p;
      std::vector<proof::Atom> atoms;
      for (const Poly::Term& t : p.terms()) {
        if (t.mono.size() < 2) continue;
        for (const proof::Atom a : t.mono) {
          if (std::ranges::find(atoms, a) == atoms.end()) atoms.push_back(a);
        }
      }
      for (const proof::Atom a : atoms) {
        Poly q;
        for (const Poly::Term& t : p.terms()) {
          const auto at = std::ranges::find(t.mono, a);
          if (at == t.mono.end()) continue;
          proof::Monomial rest = t.mono;
          rest.erase(rest.begin() + (at - t.mono.begin()));
          q.add(rest, t.coef);
        }
        const Int content = q.content();
        if (content.sign() > 0) q = q.divided(content);
        if (auto found = open(Poly::atom(a))) return found;
        if (second) continue;
        second = open(q);
        if (!second) second = open(-q);
        // a*b in this row and a*c in one that was solved for it: b - c.
        for (const auto& [lead, by] : s.solved) {
          const auto at = std::ranges::find(lead, a);
          if (second || lead.size() != 2 || at == lead.end()) continue;
          const Poly other = Poly::atom(at == lead.begin() ? lead[1] : lead[0]);
          if (q.terms().size() == 1)
            second = open((q.terms()[0].coef.sign() < 0 ? -q : q) - other);
        }
      }
    }
  }
  return second;
}

// Two rows that bound one sum closely: a remainder by a small divisor.
std::optional<Certifier::Split> Certifier::remainder_split(State& s) {
  std::optional<Split> best;
  for (size_t i = 0; i < s.ge.size(); ++i) {
    const Poly& p = row(s.ge[i]).p;
    for (size_t j = 0; j < i; ++j) {
      const Poly& q = row(s.ge[j]).p;
      if (p.terms().size() > q.terms().size() + 1 || !spend(1)) continue;
      const Poly width = p + q;
      if (!width.is_constant()) continue;
      const std::optional<int64_t> n = width.constant().to_int64();
      if (!n || *n < 0 || *n > kMaxRemainder) continue;
      const auto count = static_cast<size_t>(*n) + 1;
      if (best && best->count <= count) continue;
      best = Split{{.kind = StepKind::kValues, .rows = {s.ge[i], s.ge[j]}}, count};
    }
  }
  return best;
}

// Bounds of symbols that have none, so that their values can be enumerated: is a value
// beyond a guess absurd?
bool Certifier::bound_symbols(State& s) {
  constexpr Effort kLittle = {.depth = 2,
                              .products = 1,
                              .enumerate = false,
                              .remainders = false,
                              .bound = false,
                              .degree = 0};
  for (const Expr x : symbols_) {
    if (!x.is_int()) continue;
    for (const bool upper : {false, true}) {
      for (const int64_t guessed : {0, 1, 3, 10, 40}) {
        const auto it = s.bounds.find(checker_.poly(x).terms()[0].mono);
        Summands used;
        if (reduce(s, checker_.poly(x), &used) != checker_.poly(x)) break;
        if (it != s.bounds.end() && (upper ? it->second.hi : it->second.lo) != kNoRow) {
          break;
        }
        if (!spend(200)) return false;
        const Mark before = mark();
        const Expr beyond = upper ? x - guessed : -x - guessed;
        if (emit({.kind = StepKind::kSplit, .terms = {beyond}}) == kNoRow) break;
        State t = s;
        t.pending.push_back(emit({.kind = StepKind::kCase, .index = 0}));
        if (!refute(std::move(t), kLittle)) {
          rewind(before);
          continue;
        }
        s.pending.push_back(emit({.kind = StepKind::kCase, .index = 1}));
        if (settle(s)) return true;
        break;
      }
    }
  }
  return false;
}

std::optional<Certifier::Split> Certifier::choose_split(
    State& s, Effort effort, const std::optional<Cut>& fractional) {
  std::optional<Split> best;
  const auto offer = [&](Step step, size_t count) {
    if (!best || count < best->count) best = Split{std::move(step), count};
  };
  for (const RowId r : s.truth) {
    const Expr e = *row(r).proposition;
    if (e.op() == Op::kAnd) {
      offer({.kind = StepKind::kCases, .rows = {r}}, e.num_args());
    } else if (e.op() == Op::kIff) {
      offer({.kind = StepKind::kSplit, .terms = {e.arg(0)}}, 2);
    }
  }
  for (const Expr t : s.choices) {
    if (t.op() == Op::kSelect) {
      offer({.kind = StepKind::kSplit, .terms = {t.arg(0)}}, 2);
    } else {
      offer({.kind = StepKind::kAttained, .terms = {t}}, t.num_args());
    }
  }
  if (effort.enumerate) {
    if (std::optional<Split> values = enumeration(s)) return values;
  }
  if (best) return best;
  for (const RowId r : s.ne) offer({.kind = StepKind::kCases, .rows = {r}}, 2);
  if (best) return best;
  if (effort.products >= 0) {
    if (std::optional<Split> factors = factor_split(s)) return factors;
  }
  if (effort.remainders) {
    if (std::optional<Split> values = remainder_split(s)) return values;
  }
  if (fractional) {
    Poly p;
    p.add(fractional->mono, Int(1));
    p.add({}, -fractional->value - Int(1));
    if (const auto e = expr_of(p)) offer({.kind = StepKind::kSplit, .terms = {*e}}, 2);
  }
  return best;
}

bool Certifier::refute(State s, Effort effort) {
  if (!spend(200)) return false;
  if (settle(s)) return true;
  for (int round = 0; round < 8; ++round) {
    bool changed = false;
    if (propagate(s, &changed)) return true;
    if (congruences(s, &changed)) return true;
    if (divide_rows(s, &changed)) return true;
    if (simple_consequences(s, !effort.enumerate, &changed)) return true;
    if (budget_.spent()) return false;
    if (!changed) break;
  }
  tighten_by_equalities(s);
  if (settle(s)) return true;
  std::optional<Cut> fractional;
  if (close_linear(s, &fractional)) return true;
  for (int round = 0; round < 3 && effort.products > 0; ++round) {
    if (s.ge.size() > kMaxRowsForProducts || budget_.spent()) break;
    const size_t rows = s.ge.size();
    bool changed = false;
    if (products(s, round, effort.degree) || propagate(s, &changed)) return true;
    if (close_linear(s, &fractional)) return true;
    if (s.ge.size() == rows && round > 0) break;
  }
  if (effort.depth <= 0) return false;
  if (effort.bound && bound_symbols(s)) return true;
  const std::optional<Split> next = choose_split(s, effort, fractional);
  return next && split(s, next->step, next->count, effort);
}

}  // namespace congrua::guard
