// Inputs that reach the end of what was traced.
#include <algorithm>
#include <cmath>

#include "base/budget.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "guard/solve.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;
using internal::Node;

namespace {

// A simple number of the hull: 0, an integer near it, or an end.
double simple_number(const FloatHull& h) {
  if (h.lo <= 0 && h.hi >= 0) return 0;
  const double end = h.lo > 0 ? h.lo : h.hi;
  const double whole = h.lo > 0 ? std::ceil(end) : std::floor(end);
  return whole >= h.lo && whole <= h.hi && std::isfinite(whole) ? whole : end;
}

}  // namespace

absl::StatusOr<Witness> Env::witness(int64_t steps) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  View& view = m.view(kAllClasses);
  const auto contradiction = [&] {
    std::string text = "no input satisfies all facts:";
    for (const RecordId id : view.conflict())
      append(text, " ", m.describe(m.records[id]), ";");
    return absl::FailedPreconditionError(text);
  };
  if (view.contradictory()) return contradiction();
  std::vector<Expr> facts, wanted;
  for (const Record& r : m.records) {
    if (!m.holds_here(r, kAllClasses)) continue;
    facts.push_back(r.fact);
    const Expr plain = view.plain(r.fact);
    if (!plain.is_const()) wanted.push_back(plain);
  }
  // Opaque terms and open comparisons of reals are held at their values at the hints: the
  // search would take them for free.
  std::vector<Expr> held = wanted;
  for (const Expr e : wanted) {
    for (const Node* o : m.terms.below(Builder::node(e))) {
      const std::optional<int64_t> v = at_hints(Builder::expr(o));
      if (!v) continue;
      const Expr term = Builder::expr(o);
      held.push_back(term.is_bool() ? (*v != 0 ? term : !term)
                                    : eq(term, m.pool.constant(*v)));
      for (const Node* arg : internal::args_of(o)) {
        if (arg->sort != Sort::kInt) continue;
        const std::optional<int64_t> a = at_hints(Builder::expr(arg));
        if (a) held.push_back(eq(Builder::expr(arg), m.pool.constant(*a)));
      }
    }
  }
  // Try floats as simple as their hulls allow, then at their hints.
  for (const bool at_hints_only : {false, true}) {
    Budget budget(steps);
    const guard::SolveResult r = guard::solve(m.pool, held, budget, false);
    if (r.status == guard::Status::kUnsat && held.size() == wanted.size()) {
      return contradiction();
    }
    internal::Assignment point;
    Witness w;
    if (r.status == guard::Status::kSat) {
      for (const auto& [term, value] : r.model) point.set(Builder::node(term), value);
    }
    absl::flat_hash_map<const Node*, double> floats;
    bool complete = true;
    for (const SymbolInfo& s : m.symbols) {
      const Node* n = Builder::node(s.symbol);
      if (s.kind == Kind::kFloat) {
        const double v = at_hints_only ? s.float_hint : simple_number(view.hull(n));
        floats[n] = v;
        w.floats.emplace_back(s.symbol, v);
        continue;
      }
      const Int* found = point.find(n);
      if (at_hints_only && r.status != guard::Status::kSat && s.has_hint) {
        point.set(n, Int(s.hint));
      } else if (found == nullptr) {
        point.set(n, Int(s.kind == Kind::kBool ? 0 : s.symbol.range().lo.value_or(0)));
      }
      const std::optional<int64_t> v = point.find(n)->to_int64();
      complete &= v.has_value();
      w.sizes.emplace_back(s.symbol, v.value_or(0));
    }
    const auto float_of = [&](const Node* n) -> std::optional<double> {
      const auto it = floats.find(n);
      return it == floats.end() ? std::nullopt : std::optional(it->second);
    };
    const bool right = complete && std::ranges::all_of(facts, [&](Expr fact) {
                         const Node* n = Builder::node(fact);
                         if (n->partial) {
                           for (const Node* o : m.terms.below(n))
                             m.bind_opaque(o, float_of, point);
                         }
                         const std::optional<Int> v = m.evaluator.evaluate(n, point);
                         return v && v->is_one();
                       });
    if (!right) continue;
    std::ranges::sort(w.sizes, {}, [](const auto& x) { return x.first.name(); });
    std::ranges::sort(w.floats, {}, [](const auto& x) { return x.first.name(); });
    return w;
  }
  return absl::NotFoundError("no point of all facts was found within the budget");
}

}  // namespace congrua::shape
