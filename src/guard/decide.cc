// The layers, cheapest first. Each either answers or passes on.
#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;
using internal::const_value;
using internal::FactorView;
using internal::LinearView;

namespace {
constexpr int64_t kShortSearch = 4'000;
constexpr int64_t kCaseSteps = 8'000;
constexpr int64_t kLongSearch = 30'000;
constexpr int kMaxNesting = 64;  // of connectives: the recursion of prove
}  // namespace

// What the table of facts says by itself of p >= 0, and of p = 0.
std::optional<bool> Facts::Impl::known_nonnegative(const Node* p) {
  // Of a term alone the form is no sum.
  if (p->op == Op::kAdd && p->short_size > 1 && !may_be_known(p)) return std::nullopt;
  const guard::LinearForm f = linear_form(p);
  if (!f.valid) return std::nullopt;
  const Domain k = known(f.form);
  const int64_t at = f.negated ? f.constant : -f.constant;
  if (f.negated ? k.hi() <= at : k.lo() >= at) return true;
  if (f.negated ? k.lo() > at : k.hi() < at) return false;
  return std::nullopt;
}

std::optional<bool> Facts::Impl::known_zero(const Node* p) {
  const guard::LinearForm f = linear_form(p);
  if (!f.valid) return std::nullopt;
  const Domain k = known(f.form);
  if (!k.contains(f.negated ? f.constant : -f.constant)) return false;
  if (k.is_point()) return true;
  return std::nullopt;
}

bool Facts::Impl::prove_ge(const Node* p, Budget& budget, Layer* layer, int depth) {
  const auto answer = [&](Layer l) {
    *layer = l;
    return true;
  };
  if (p->op == Op::kConst)
    return const_value(p).sign() >= 0 && answer(Layer::kEqualities);
  if (known_nonnegative(p) == true) return answer(Layer::kFactTable);
  if (!budget.charge(8)) return false;
  if (domain_of(p).lo() >= 0) return answer(Layer::kInterval);
  if (!budget.charge(16) || negative_at_base(p)) return false;
  if (shift_nonnegative(p)) return answer(Layer::kShift);
  if (product_nonnegative(p, budget, layer)) return answer(Layer::kProduct);
  if (products_ordered(p, budget) || product_dominated(p, budget))
    return answer(Layer::kProduct);
  if (quotient_nonnegative(p, budget, layer, depth)) return answer(Layer::kProduct);
  if (dominated(p, budget) || linear_nonnegative(p, budget))
    return answer(Layer::kLinear);
  return false;
}

// true: p = 0 everywhere, false: nowhere.
std::optional<bool> Facts::Impl::prove_eq(const Node* p, Budget& budget, Layer* layer) {
  if (p->op == Op::kConst) {
    *layer = Layer::kEqualities;
    return const_value(p).is_zero();
  }
  if (const std::optional<bool> zero = known_zero(p)) {
    *layer = Layer::kFactTable;
    return zero;
  }
  if (!budget.charge(8)) return std::nullopt;
  const Domain d = domain_of(p);
  if (d.empty() || !d.contains(0)) {
    *layer = Layer::kInterval;
    return false;
  }
  if (d.is_point()) {
    *layer = Layer::kInterval;
    return true;
  }
  // A product is 0 exactly when a factor is.
  const LinearView v(p);
  if (v.terms().size() == 1 && v.constant().is_zero()) {
    bool all_nonzero = true;
    for (const FactorView view(v.terms()[0].mono);
         const internal::Factor& x : view.factors()) {
      all_nonzero &= !domain_of(x.base).contains(0);
    }
    if (all_nonzero) {
      *layer = Layer::kInterval;
      return false;
    }
  }
  if (const std::optional<bool> zero = product_zero(p, budget, layer)) {
    *layer = Layer::kProduct;
    return zero;
  }
  // p <= -1 or p >= 1 everywhere.
  const Node* above = builder.add_const(p, Int(-1));
  const Node* below = builder.add_const(builder.neg(p), Int(-1));
  if (prove_ge(above, budget, layer) || prove_ge(below, budget, layer)) return false;
  const bool both = prove_ge(p, budget, layer) && prove_ge(builder.neg(p), budget, layer);
  if (both) return true;
  return std::nullopt;
}

// kTrue or kFalse if proved, else kUnknown; g is rewritten.
Truth Facts::Impl::prove(const Node* g, Budget& budget, Layer* layer, int nesting) {
  if (nesting > kMaxNesting) return Truth::kUnknown;
  switch (g->op) {
    case Op::kConst:
      *layer = Layer::kEqualities;
      return internal::is_true(g) ? Truth::kTrue : Truth::kFalse;
    case Op::kNot: {
      const Truth t = prove(args_of(g)[0], budget, layer, nesting + 1);
      return t == Truth::kTrue ? Truth::kFalse : t == Truth::kFalse ? Truth::kTrue : t;
    }
    case Op::kAnd: {
      bool all = true;
      for (const Node* x : args_of(g)) {
        const Truth t = prove(x, budget, layer, nesting + 1);
        if (t == Truth::kFalse) return Truth::kFalse;
        all &= t == Truth::kTrue;
      }
      return all ? Truth::kTrue : Truth::kUnknown;
    }
    case Op::kGe: {
      if (prove_ge(args_of(g)[0], budget, layer)) return Truth::kTrue;
      const Node* negated = builder.logical_not(g);
      if (negated->op == Op::kGe && prove_ge(args_of(negated)[0], budget, layer)) {
        return Truth::kFalse;
      }
      return Truth::kUnknown;
    }
    case Op::kEq: {
      const std::optional<bool> r = prove_eq(args_of(g)[0], budget, layer);
      if (!r) return Truth::kUnknown;
      return *r ? Truth::kTrue : Truth::kFalse;
    }
    case Op::kIff: {
      const Truth a = prove(args_of(g)[0], budget, layer, nesting + 1);
      if (a == Truth::kUnknown) break;
      const Truth b = prove(args_of(g)[1], budget, layer, nesting + 1);
      if (b == Truth::kUnknown) break;
      return a == b ? Truth::kTrue : Truth::kFalse;
    }
    default:
      break;
  }
  const int8_t t = truth_.has(g->id) ? truth_[g->id] : int8_t{0};
  if (t == 0) return Truth::kUnknown;
  *layer = Layer::kFactTable;
  return t > 0 ? Truth::kTrue : Truth::kFalse;
}

// A comparison that the table of facts answers by itself.
std::optional<Truth> Facts::Impl::look_up(const Node* g, Layer* layer) {
  const bool negated = g->op == Op::kNot;
  const Node* x = negated ? args_of(g)[0] : g;
  std::optional<bool> holds;
  if (x->op == Op::kGe) {
    holds = known_nonnegative(args_of(x)[0]);
  } else if (x->op == Op::kEq) {
    holds = known_zero(args_of(x)[0]);
  } else if (truth_.has(x->id) && truth_[x->id] != 0) {
    holds = truth_[x->id] > 0;
  }
  if (!holds) return std::nullopt;
  *layer = Layer::kFactTable;
  return *holds != negated ? Truth::kTrue : Truth::kFalse;
}

Truth Facts::Impl::decide(const Node* g, Budget& budget, bool search_point,
                          Layer* layer) {
  if (contradictory) {
    *layer = Layer::kFactTable;
    return Truth::kTrue;
  }
  if (g->op == Op::kConst) {
    *layer = Layer::kNormalForm;
    return internal::is_true(g) ? Truth::kTrue : Truth::kFalse;
  }
  const Node* rewritten = rewrite(g);
  if (rewritten->op == Op::kConst) {
    *layer = Layer::kEqualities;
    return internal::is_true(rewritten) ? Truth::kTrue : Truth::kFalse;
  }
  if (const std::optional<Truth> t = look_up(rewritten, layer)) return *t;
  // At a point where it fails no proof need be looked for.
  Budget for_base(std::min(budget.left(), kShortSearch), budget.cancel_flag());
  const std::optional<bool> at_base = search.holds_at_base(g, for_base);
  if (at_base == false) {
    *layer = Layer::kModel;
    return Truth::kOpen;
  }
  base_prunes = at_base.has_value();
  const Truth t = prove(rewritten, budget, layer);
  base_prunes = false;
  if (t != Truth::kUnknown || budget.spent()) return t;
  // A short search before a proof by cases, a longer one after it.
  bool none = false;
  if (search_point && find_counterexample(g, budget, kShortSearch, &none)) {
    *layer = Layer::kSearch;
    return Truth::kOpen;
  }
  if (!none) {
    const int64_t granted = std::min(budget.left(), kCaseSteps);
    Budget part(granted, budget.cancel_flag());
    const bool refuted = refute_with(builder.logical_not(g), part, layer);
    budget.charge(part.spent_of(granted));
    if (refuted) return Truth::kTrue;
    if (search_point && find_counterexample(g, budget, kLongSearch, &none)) {
      *layer = Layer::kSearch;
      return Truth::kOpen;
    }
  }
  if (none) *layer = Layer::kSearch;
  return none ? Truth::kTrue : Truth::kUnknown;
}

}  // namespace congrua
