// Linear combinations of facts (DESIGN.md, layer 5): does p >= 0 follow from the linear
// facts that share terms with p, the definitions of its quotients, minima, maxima and
// products, and the ranges of all of them? Monomials are the variables; what is found is
// a Farkas combination.
#include <algorithm>
#include <numeric>

#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;
using internal::const_value;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;
using internal::Term;

namespace {
// Of a first attempt; where these cut something off, a proof by cases tries kGrowth times
// more.
constexpr size_t kMaxVariables = 28;
constexpr size_t kMaxRows = 40;
constexpr size_t kGrowth = 5;
constexpr size_t kMaxFactsOfTerm = 8;
constexpr int kMaxPivots = 120;
constexpr int kMaxBranches = 3;  // nested
constexpr int64_t kMaxCoefficient = int64_t{1} << 40;
}  // namespace

void Facts::Impl::index_ge(size_t fact) {
  note_product(fact);
  const LinearView v(ge_facts[fact]);
  for (const Term& t : v.terms()) {
    const uint32_t id = t.mono->id;
    facts_of_term_.reserve(id);
    facts_of_term_[id].push_back(static_cast<uint32_t>(fact));
  }
}

void Facts::Impl::forget_ge(size_t count) {
  while (!product_facts.empty() && product_facts.back().fact >= count)
    product_facts.pop_back();
  for (; ge_facts.size() > count; ge_facts.pop_back()) {
    const LinearView v(ge_facts.back());
    for (const Term& t : v.terms()) facts_of_term_[t.mono->id].pop_back();
  }
}

// p >= 0 as a row over `linear_.monos`; terms that are new are added. False where it does
// not fit.
bool Facts::Impl::linear_row(const Node* p) {
  const LinearView v(p);
  LinearProblem& l = linear_;
  if (v.terms().size() < 2 || v.terms().size() > l.max_variables ||
      l.rows.size() >= l.max_rows) {
    l.cut |= v.terms().size() >= 2;
    return false;
  }
  size_t fresh = 0;
  int64_t g = 0;
  for (const Term& t : v.terms()) {
    const std::optional<int64_t> c = t.coef.to_int64();
    if (!c || *c > kMaxCoefficient || *c < -kMaxCoefficient) return false;
    g = std::gcd(g, *c);
    fresh += l.index.find(t.mono) == l.index.end();
  }
  const std::optional<int64_t> k = v.constant().to_int64();
  if (!k || *k == INT64_MIN) return false;
  if (l.monos.size() + fresh > l.max_variables) {
    l.cut = true;
    return false;
  }
  LinearProblem::Row row;
  for (const Term& t : v.terms()) {
    const auto [it, added] =
        l.index.try_emplace(t.mono, static_cast<uint32_t>(l.monos.size()));
    if (added) l.monos.push_back(t.mono);
    row.terms.emplace_back(it->second, *t.coef.to_int64() / g);
  }
  // sum >= -k in integers: sum/g >= ceil(-k/g).
  row.lo = -static_cast<int64_t>(*congrua::floor_div(Int(*k), Int(g)).to_int64());
  if (std::ranges::find(l.rows, row) != l.rows.end()) return false;
  l.rows.push_back(std::move(row));
  return true;
}

// y times what a quotient a//c is, for each way to write a product as y*(a//c) with a
// number c and y >= 0: y*(a - c*(a//c)) is in [0, (c - 1)*y]. Only over monomials that
// are there already: rows that bring more cost a fifth of all questions of a trace, and
// prove no more of them.
void Facts::Impl::linear_quotients(const FactorView& view) {
  for (const Factor& f : view.factors()) {
    if (f.base->op != Op::kFloorDiv || f.exponent != 1) continue;
    const Node* a = args_of(f.base)[0];
    const Node* c = args_of(f.base)[1];
    if (c->op != Op::kConst || const_value(c).sign() <= 0) continue;
    std::vector<Factor> others;
    for (const Factor& g : view.factors()) {
      if (g.base != f.base) others.push_back(g);
    }
    const Node* y = builder.monomial(others);
    if (!linear_.index.contains(y) || domain_of(y).lo() < 0) continue;
    const Node* rest = builder.mul(y, builder.sub(a, builder.mul(c, f.base)));
    const LinearView v(rest);
    if (!std::ranges::all_of(
            v.terms(), [&](const Term& t) { return linear_.index.contains(t.mono); })) {
      continue;
    }
    linear_row(rest);
    const Node* most = builder.mul(y, builder.add_const(c, Int(-1)));
    linear_row(builder.sub(most, rest));
  }
}

// What a term is by definition, in rows.
void Facts::Impl::linear_definition(const Node* n) {
  switch (n->op) {
    case Op::kFloorDiv: {
      const Node* a = args_of(n)[0];
      const Node* b = args_of(n)[1];
      // 0 <= a - b*n <= b - 1 for b >= 1.
      if (domain_of(b).lo() < 1) return;
      const Node* rest = builder.sub(a, builder.mul(b, n));
      linear_row(rest);
      linear_row(builder.add_const(builder.sub(b, rest), Int(-1)));
      return;
    }
    case Op::kMin:
      for (const Node* a : args_of(n)) linear_row(builder.sub(a, n));
      return;
    case Op::kMax:
      for (const Node* a : args_of(n)) linear_row(builder.sub(n, a));
      return;
    case Op::kMul: {
      // (x - lo)*(y - lo') >= 0 for each way to write n as x*y with an atom x.
      const FactorView view(n);
      if (view.factors().size() > 3) return;
      for (const Factor& f : view.factors()) {
        std::vector<Factor> others;
        for (const Factor& g : view.factors()) {
          const uint32_t e = g.base == f.base ? g.exponent - 1 : g.exponent;
          if (e > 0) others.push_back({g.base, e});
        }
        if (others.empty()) continue;
        const Node* y = builder.monomial(others);
        const Domain dx = domain_of(f.base);
        const Domain dy = domain_of(y);
        if (dx.lo() == kNegInf || dy.lo() == kNegInf) continue;
        linear_row(builder.mul(builder.add_const(f.base, -Int(dx.lo())),
                               builder.add_const(y, -Int(dy.lo()))));
      }
      // b*(a//b) stands in what a//b is.
      for (const Factor& f : view.factors()) {
        if (f.base->op == Op::kFloorDiv) linear_definition(f.base);
      }
      linear_quotients(view);
      return;
    }
    default:
      return;
  }
}

bool Facts::Impl::linear_nonnegative(const Node* p, Budget& budget, bool large) {
  LinearProblem& l = linear_;
  l.max_variables = kMaxVariables;
  l.max_rows = kMaxRows;
  if (linear_attempt(p, budget)) return true;
  if (!large || !l.cut || budget.spent()) return false;
  l.max_variables *= kGrowth;
  l.max_rows *= kGrowth;
  return linear_attempt(p, budget);
}

bool Facts::Impl::linear_attempt(const Node* p, Budget& budget) {
  LinearProblem& l = linear_;
  l.clear();
  if (!linear_row(builder.add_const(builder.neg(p), Int(-1)))) return false;
  // Breadth first: what a term is, then facts over it.
  for (size_t i = 0; i < l.monos.size() && l.rows.size() < l.max_rows; ++i) {
    const Node* mono = l.monos[i];
    linear_definition(mono);
    if (facts_of_term_.has(mono->id)) {
      const auto& list = facts_of_term_[mono->id];
      const size_t from =
          list.size() > kMaxFactsOfTerm ? list.size() - kMaxFactsOfTerm : 0;
      for (size_t k = list.size(); k-- > from;) linear_row(rewrite(ge_facts[list[k]]));
    }
    if (!budget.charge(8)) return false;
  }
  if (l.rows.size() < 2) return false;
  guard::Simplex& s = l.simplex;
  s.clear();
  for (const Node* mono : l.monos) {
    const Domain d = domain_of(mono);
    if (d.empty()) return true;
    s.add_variable(d.lo() == kNegInf ? -guard::Simplex::kNone : d.lo(),
                   d.hi() == kPosInf ? guard::Simplex::kNone : d.hi());
  }
  for (const LinearProblem::Row& r : l.rows) s.add_constraint(r.terms, r.lo);
  return integer_infeasible(budget, kMaxBranches);
}

// No integer point: the relaxation has none, or each side of a fractional value has none.
bool Facts::Impl::integer_infeasible(Budget& budget, int branches) {
  guard::Simplex& s = linear_.simplex;
  const auto cost = static_cast<int64_t>(s.num_rows() * linear_.monos.size() / 4 + 1);
  if (!budget.charge(2 * cost)) return false;
  const int64_t pivots = std::min<int64_t>(kMaxPivots, budget.left() / cost);
  const auto result = s.check(static_cast<int>(pivots));
  if (result != guard::Simplex::Result::kFeasible || branches == 0) {
    return result == guard::Simplex::Result::kInfeasible;
  }
  const auto cut = s.fractional(linear_.monos.size());
  if (!cut) return false;
  const auto [v, below] = *cut;
  if (below >= guard::Simplex::kMaxBound || below <= -guard::Simplex::kMaxBound)
    return false;
  const auto [lo, hi] = s.bounds(v);
  s.set_bounds(v, lo, below);
  bool infeasible = (lo != -guard::Simplex::kNone && lo > below) ||
                    integer_infeasible(budget, branches - 1);
  if (infeasible) {
    s.set_bounds(v, below + 1, hi);
    infeasible = (hi != guard::Simplex::kNone && hi < below + 1) ||
                 integer_infeasible(budget, branches - 1);
  }
  s.set_bounds(v, lo, hi);
  return infeasible;
}

}  // namespace congrua
