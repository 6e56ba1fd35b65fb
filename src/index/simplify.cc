#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "congrua/eval.h"
#include "congrua/index.h"
#include "expr/view.h"
#include "index/names.h"
#include "index/ranges.h"
#include "index/views.h"
#include "rewrite/form.h"

namespace congrua {

using internal::Builder;
using internal::Node;

namespace {

using internal::args_of;

// What the simplifier spends on a sign is little; that an index stays below the divisor
// it was multiplied by is worth more.
constexpr int64_t kProofSteps = 6400;
constexpr int64_t kSearchSteps = 4000;
constexpr size_t kMaxQuotients = 4;

// A quotient by a term in n that is 0 within the ranges; null where none is found. `last`
// puts size - 1 in the place of each variable: where a quotient is not 0 at the end of
// the loops and the point of the facts at hand, no proof need be looked for.
const Node* zero_quotient(Facts::Impl& facts, const Node* n,
                          std::span<const std::pair<Expr, Expr>> last,
                          const SimplifyOptions& options) {
  Builder& b = facts.builder;
  absl::flat_hash_set<const Node*> seen;
  std::vector<const Node*> stack{n};
  size_t asked = 0;
  while (!stack.empty()) {
    const Node* x = stack.back();
    stack.pop_back();
    if (!seen.insert(x).second) continue;
    internal::for_each_child(x, [&](const Node* c) { stack.push_back(c); });
    if (x->op != Op::kFloorDiv || args_of(x)[1]->op == Op::kConst) continue;
    const Node* dividend = facts.rewrite(args_of(x)[0]);
    const Node* divisor = facts.rewrite(args_of(x)[1]);
    const Domain d = facts.domain_of(divisor);
    if (d.lo() <= 0 && d.hi() >= 0) continue;
    if (d.hi() < 0) {
      dividend = b.neg(dividend);
      divisor = b.neg(divisor);
    }
    if (facts.domain_of(dividend).lo() < 0 || ++asked > kMaxQuotients) continue;
    Budget budget(std::min(kProofSteps, options.steps), options.cancel);
    Layer layer;
    const Node* room = b.add_const(b.sub(divisor, dividend), Int(-1));
    const Expr at_last = substitute(Builder::expr(room), last);
    Budget for_base(std::min(kSearchSteps, options.steps), options.cancel);
    if (facts.search.holds_at_base(b.ge0(Builder::node(at_last)), for_base) == false)
      continue;
    if (facts.prove_ge(room, budget, &layer)) return x;
  }
  return nullptr;
}

}  // namespace

Expr simplify_index(Facts& facts, Expr e, std::span<const LoopVariable> loops,
                    const SimplifyOptions& options) {
  const internal::UseChild use(facts.impl().builder);
  const Node* n = Builder::node(e);
  if (n->op == Op::kConst || facts.contradictory()) return e;
  const index::LoopRanges ranges(facts, loops, n, options);
  Expr simple = simplify(facts, e, options);
  std::vector<std::pair<Expr, Expr>> last;
  for (const LoopVariable& loop : loops) last.emplace_back(loop.variable, loop.size - 1);
  for (size_t i = 0; i < kMaxQuotients; ++i) {
    const Node* zero = zero_quotient(facts.impl(), Builder::node(simple), last, options);
    if (zero == nullptr) break;
    const std::pair<Expr, Expr> exchange[] = {
        {Builder::expr(zero), e.pool().constant(0)}};
    simple = simplify(facts, substitute(simple, exchange), options);
  }
  return simple;
}

namespace {

// Two operators more for each quotient and remainder: r - 4*q is less to compute than
// floor_mod(r, 4) where q = floor_div(r, 4) is known.
uint64_t cost_of(const Form& form, uint64_t variables) {
  return form.operations() + 2 * index::divisions_in_loops(form, variables);
}

}  // namespace

Form index_form(Facts& facts, Expr e, std::span<const LoopVariable> loops,
                const SimplifyOptions& options) {
  const internal::UseChild use(facts.impl().builder);
  const Expr simple = simplify_index(facts, e, loops, options);
  uint64_t variables = 0;
  for (const LoopVariable& loop : loops)
    variables |= Builder::node(loop.variable)->symbols();
  const uint64_t most =
      internal::make_form(internal::view_of(Builder::node(e), internal::Language::kSexpr,
                                            Division::kFloor))
          .operations();
  std::optional<Form> best;
  uint64_t best_cost = UINT64_MAX;
  const auto keep = [&](Form form) {
    const uint64_t cost = cost_of(form, variables);
    if (form.operations() > most || cost > best_cost) return;
    best_cost = cost;
    best = std::move(form);
  };
  // By names where there is something to name: then the plain form is rarely shorter.
  const auto try_ways = [&](Expr x, bool simplified) {
    std::vector<const Node*> sizes;
    for (const LoopVariable& loop : loops) {
      const Expr size = simplified ? simplify(facts, loop.size, options) : loop.size;
      sizes.push_back(Builder::node(size));
    }
    const Node* n = Builder::node(x);
    const auto sums = index::sums_to_name(facts.impl().builder, n, sizes, variables);
    std::optional<Form> named = index::form_by_names(facts, n, sums, 0);
    keep(named ? *std::move(named) : extract(facts, x));
    if (!best || !index::has_remainder_in_loops(*best, variables)) return;
    if (std::optional<Form> kept = index::form_by_names(facts, n, sums, variables))
      keep(*std::move(kept));
  };
  try_ways(simple, true);
  // What simplification knows nothing about may be shorter as it was: sizes that were
  // simplified are no longer what indices were multiplied by.
  if (!best || (simple != e && best->operations() > 2)) try_ways(e, false);
  return best ? *best : extract(facts, e);
}

Truth is_multiple_of(Facts& facts, Expr e, Expr d, const QuestionOptions& options) {
  const internal::UseChild use(facts.impl().builder);
  QuestionOptions plain = options;
  plain.explain = plain.certificate = false;
  // Simplified, a remainder often is a number.
  const Expr rest = simplify(facts, floor_mod(e, d),
                             {.steps = options.steps, .cancel = options.cancel});
  return facts.decide(eq(rest, e.pool().constant(0)), plain).truth;
}

}  // namespace congrua
