// Linear combinations: of bounds, and by Farkas multipliers over all rows.
#include <algorithm>
#include <map>

#include "guard/certifier.h"

namespace congrua::guard {

using proof::Monomial;

namespace {
constexpr size_t kMaxRows = 220;
constexpr size_t kMaxMonomials = 160;
constexpr int kMaxPivots = 400;
constexpr size_t kMaxColumns = 16;       // of two rows that are combined to be divided
constexpr int64_t kMaxMultiplier = 256;  // that is tried for it
constexpr int kMaxImproved = 6;  // of one bound by propagation: it may climb for ever
}  // namespace

// p = least + nonnegative multiples of bounds: each term's from its own bound.
std::optional<Certifier::Summands> Certifier::below(const State& s, const Poly& p,
                                                    Int* least) {
  Summands used;
  *least = p.constant();
  for (const Poly::Term& t : p.without_constant()) {
    const auto it = s.bounds.find(t.mono);
    if (it == s.bounds.end()) return std::nullopt;
    const RowId r = t.coef.sign() > 0 ? it->second.lo : it->second.hi;
    if (r == kNoRow) return std::nullopt;
    // c*mono + k >= 0 with c of the sign of t.coef.
    const Int factor = abs(t.coef);
    *least -= factor * row(r).p.constant();
    used.emplace_back(Poly(factor), r);
  }
  return used;
}

RowId Certifier::derive(const State& s, const Poly& wanted, bool hard) {
  Summands back;
  const Poly p = reduce(s, wanted, &back);
  const auto finish = [&](Summands sum, Int of_p, const Int& slack) {
    // sum + slack = of_p * p, and p + back = wanted.
    if (back.empty() && slack.is_zero() && sum.size() == 1 &&
        row(sum[0].second).p == wanted) {
      return sum[0].second;
    }
    for (const auto& [factor, r] : back) {
      Poly scaled;
      scaled.add_scaled(factor, of_p);
      sum.emplace_back(std::move(scaled), r);
    }
    if (sum.empty()) {  // a constant: any row will do
      for (const auto* rows : {&s.ge, &s.eq}) {
        if (sum.empty() && !rows->empty()) sum.emplace_back(Poly(), rows->front());
      }
      if (sum.empty()) return kNoRow;
    }
    RowId r = combine(sum, slack);
    if (r == kNoRow) return kNoRow;
    if (!of_p.is_one()) {
      r = emit({.kind = StepKind::kDivide, .rows = {r}, .terms = {constant(of_p)}});
      if (r == kNoRow) return kNoRow;
    }
    const Row& x = row(r);
    return x.kind == Row::Kind::kGe && x.p == wanted ? r : kNoRow;
  };
  if (p.is_constant()) {
    if (p.constant().sign() < 0) return kNoRow;
    return finish({}, Int(1), p.constant());
  }
  Int least;
  if (const auto bounds = below(s, p, &least); bounds && least.sign() >= 0) {
    return finish(*bounds, Int(1), least);
  }
  const Int content = p.content();
  for (const RowId r : s.ge) {
    const Poly& q = row(r).p;
    if (q.without_constant().size() != p.without_constant().size()) continue;
    Poly rest = p;
    rest.add_scaled(q, -content);
    if (!rest.is_constant()) continue;
    if (rest.constant().sign() >= 0) {
      return finish({{Poly(content), r}}, Int(1), rest.constant());
    }
  }
  if (!hard) return kNoRow;
  Int of_p;
  const std::optional<Summands> sum = farkas(s, &p, &of_p, nullptr);
  if (!sum || of_p.is_zero()) return kNoRow;  // or the rows are contradictory
  // sum + of_p * (-p - 1) = -c, so sum = of_p * p + of_p - c.
  Poly total;
  for (const auto& [factor, r] : *sum) total.add_scaled(row(r).p, factor.constant());
  total.add_scaled(p, -of_p);
  if (!total.is_constant()) return kNoRow;
  const Int extra = total.constant();  // < of_p
  return finish(*sum, of_p, extra.sign() < 0 ? -extra : Int());
}

bool Certifier::propagate(State& s, bool* changed) {
  for (int pass = 0; pass < 3; ++pass) {
    bool any = false;
    std::vector<std::pair<RowId, int>> rows;
    for (const RowId r : s.ge) rows.emplace_back(r, 1);
    for (const RowId r : s.eq) rows.insert(rows.end(), {{r, 1}, {r, -1}});
    for (const auto& [r, sign] : rows) {
      if (budget_.spent()) return false;
      const Poly p = sign > 0 ? row(r).p : -row(r).p;
      const auto terms = p.without_constant();
      if (terms.size() < 2 || terms.size() > 12) continue;
      spend(terms.size());
      size_t open = 0;
      for (const Poly::Term& t : terms) {
        const auto it = s.bounds.find(t.mono);
        open += it == s.bounds.end() ||
                (t.coef.sign() > 0 ? it->second.hi : it->second.lo) == kNoRow;
      }
      if (open > 1) continue;
      for (const Poly::Term& t : terms) {
        Poly others = p;
        others.add(t.mono, -t.coef);
        Int least;
        const auto sum = below(s, -others, &least);
        if (!sum) continue;
        // t.coef*mono + most of others >= 0.
        const bool lower = t.coef.sign() > 0;
        State::Bounds& b = s.bounds[t.mono];
        const RowId known = lower ? b.lo : b.hi;
        const Int size = abs(t.coef);
        const Int at = congrua::floor_div(-least, size);
        if (known != kNoRow && row(known).p.constant() <= at) continue;
        if (b.improved >= kMaxImproved) continue;
        Summands all = *sum;
        all.emplace_back(Poly(Int(sign)), r);
        RowId made = combine(all, Int());
        if (made == kNoRow) continue;
        made = divide(made);
        ++b.improved;
        any = *changed = true;
        s.pending.push_back(made);
        if (settle(s)) return true;
      }
    }
    if (!any) break;
  }
  return false;
}

std::optional<Certifier::Summands> Certifier::farkas(const State& s, const Poly* negated,
                                                     Int* of_negated,
                                                     std::optional<Cut>* fractional) {
  std::map<Monomial, uint32_t> index;
  std::vector<Monomial> monos;
  std::vector<Farkas::Row> rows;
  std::vector<RowId> ids;
  const auto add = [&](const Poly& p, bool equality, RowId id) {
    if (rows.size() >= kMaxRows) return;
    Farkas::Row r{{}, p.constant(), equality};
    for (const Poly::Term& t : p.without_constant()) {
      const auto [it, fresh] =
          index.try_emplace(t.mono, static_cast<uint32_t>(monos.size()));
      if (fresh) monos.push_back(t.mono);
      r.terms.emplace_back(it->second, t.coef);
    }
    rows.push_back(std::move(r));
    ids.push_back(id);
  };
  if (negated != nullptr) add(-*negated - 1, false, kNoRow);
  for (const RowId r : s.eq) add(row(r).p, true, r);
  for (const RowId r : s.ge) add(row(r).p, false, r);
  if (monos.size() > kMaxMonomials || rows.empty()) return std::nullopt;
  const auto result = farkas_.solve(rows, monos.size(), kMaxPivots, budget_);
  if (result == Farkas::Result::kFeasible && fractional != nullptr) {
    if (const auto cut = farkas_.fractional()) {
      *fractional = Cut{monos[cut->first], cut->second};
    }
  }
  if (result != Farkas::Result::kInfeasible) return std::nullopt;
  Int common;
  for (const auto& [i, factor] : farkas_.multipliers()) common = gcd(common, factor);
  Summands sum;
  if (of_negated != nullptr) *of_negated = Int();
  for (const auto& [i, factor] : farkas_.multipliers()) {
    const Int f = congrua::floor_div(factor, common);
    if (ids[i] == kNoRow) {
      *of_negated = f;
    } else if (!f.is_zero()) {
      sum.emplace_back(Poly(f), ids[i]);
    }
  }
  return sum;
}

bool Certifier::close_linear(State& s, std::optional<Cut>* fractional) {
  const std::optional<Summands> sum = farkas(s, nullptr, nullptr, fractional);
  if (!sum) return false;
  const RowId r = combine(*sum);
  if (r == kNoRow || !row(r).absurd()) return false;
  close(r);
  return true;
}

// A row p >= 0 may be divided by more once a multiple of an equality e = 0 is added: the
// coefficients of p + m*e share g exactly where g divides all 2x2 minors of p and e.
void Certifier::tighten_by_equalities(State& s) {
  for (const RowId e : std::vector<RowId>(s.eq)) {
    for (const RowId r : std::vector<RowId>(s.ge)) {
      const Poly& p = row(r).p;
      const Poly& q = row(e).p;
      std::map<Monomial, std::pair<Int, Int>> both;
      for (const Poly::Term& t : p.without_constant()) both[t.mono].first = t.coef;
      for (const Poly::Term& t : q.without_constant()) both[t.mono].second = t.coef;
      if (both.size() > kMaxColumns) continue;
      if (!spend(8 * both.size() * both.size())) return;
      Int g;
      for (auto a = both.begin(); a != both.end() && !g.is_one(); ++a) {
        for (auto b = both.begin(); b != a && !g.is_one(); ++b) {
          g = gcd(
              g, a->second.first * b->second.second - b->second.first * a->second.second);
        }
      }
      if (g.is_zero() || g.is_one()) continue;
      // m*q_i = -p_i (mod g) for all i; small g are tried out.
      const std::optional<int64_t> limit = g.to_int64();
      if (!limit || *limit > kMaxMultiplier) continue;
      if (!spend(static_cast<size_t>(*limit) * 4)) return;
      for (int64_t m = 0; m < *limit; ++m) {
        const bool all = std::ranges::all_of(both, [&](const auto& x) {
          return congrua::floor_mod(x.second.first + Int(m) * x.second.second, g)
              .is_zero();
        });
        if (!all) continue;
        const RowId sum = combine({{Poly(Int(1)), r}, {Poly(Int(m)), e}});
        if (sum == kNoRow) break;
        const RowId made = divide(sum);
        if (made != sum) s.pending.push_back(made);
        break;
      }
    }
  }
}

}  // namespace congrua::guard
