#include "congrua/simplify.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "congrua/eval.h"
#include "expr/builder.h"
#include "expr/walk.h"
#include "guard/facts_impl.h"
#include "rewrite/extract_dag.h"
#include "rewrite/extractor.h"
#include "rewrite/form.h"
#include "rewrite/simplifier.h"

namespace congrua {

using internal::Builder;
using internal::Node;

namespace {

// The equalities made symbols for quotients (guard/equalities.cc); nobody else knows
// these. Later ones may stand for quotients that hold earlier ones.
Expr without_quotient_symbols(const Facts::Impl& impl, Expr e) {
  for (size_t i = impl.quotients.size(); i-- > 0;) {
    const auto& [symbol, quotient] = impl.quotients[i];
    const std::pair<Expr, Expr> back[] = {
        {Builder::expr(symbol), Builder::expr(quotient)}};
    e = substitute(e, back);
  }
  return e;
}

// Comparisons of sums of symbols, alone or in a conjunction or its negation: without
// facts the rules have decided what can be decided.
bool is_plain(const Node* n) {
  switch (n->op) {
    case Op::kNot:
      return is_plain(internal::args_of(n)[0]);
    case Op::kAnd:
      return std::ranges::all_of(internal::args_of(n), [](const Node* a) {
        return a->op != Op::kAnd && is_plain(a);
      });
    case Op::kGe:
    case Op::kEq: {
      const Node* p = internal::args_of(n)[0];
      if (p->sort != Sort::kInt) return false;
      const internal::LinearView v(p);
      return std::ranges::all_of(
          v.terms(), [](const internal::Term& t) { return t.mono->op == Op::kSymbol; });
    }
    default:
      return n->op == Op::kSymbol;
  }
}

}  // namespace

namespace {

// Nodes and operands of the tree, or, where these are many, of the DAG; at most `limit`.
int64_t size_up_to(const Node* root, int64_t limit) {
  constexpr int64_t kSmallTree = 128;
  int64_t size = 1;
  absl::InlinedVector<const Node*, 64> stack{root};
  while (!stack.empty() && size <= kSmallTree) {
    const Node* n = stack.back();
    stack.pop_back();
    internal::for_each_child(n, [&](const Node* c) {
      ++size;
      if (c->op != Op::kSymbol && c->op != Op::kConst) stack.push_back(c);
    });
  }
  if (size <= kSmallTree) return size;
  size = 1;
  (void)internal::nodes_below(
      root, [&](const Node*) { return ++size <= limit; },
      [](const Node*) { return false; });
  return size;
}

int64_t granted(const Node* n, const SimplifyOptions& options) {
  constexpr int64_t kFree = 10'000;
  if (options.steps <= kFree) return options.steps;
  const int64_t each = std::max<int64_t>(options.steps_per_node, 0);
  const int64_t most = (options.steps - kFree) / std::max<int64_t>(each, 1);
  const int64_t size = size_up_to(n, most);
  return size >= most ? options.steps : kFree + size * each;
}

Expr simplified(Facts& facts, Expr e, int64_t steps, const SimplifyOptions& options) {
  Facts::Impl& impl = facts.impl();
  Budget budget(steps, options.cancel);
  rewrite::Simplifier simplifier(impl, budget);
  const Node* plain = simplifier.run(Builder::node(e));
  const Expr rewritten =
      without_quotient_symbols(impl, Builder::expr(impl.rewrite(Builder::node(e))));
  // Solving for a term may leave something longer.
  const Expr simple = Builder::expr(simplifier.by_equal_terms(
      simplifier.cheaper(simplifier.run(Builder::node(rewritten)), plain)));
  if (!simple.is_bool() || simple.is_const()) return simple;
  if (facts.size() == 0 && is_plain(Builder::node(simple))) return simple;
  const Answer answer = facts.decide(
      simple, {.steps = budget.left(), .cancel = options.cancel, .explain = false});
  if (answer.truth == Truth::kTrue) return e.pool().boolean(true);
  if (answer.truth == Truth::kFalse) return e.pool().boolean(false);
  return simple;
}

}  // namespace

Expr simplify(Facts& facts, Expr e, const SimplifyOptions& options) {
  const internal::UseChild use(facts.impl().builder);
  Facts::Impl& impl = facts.impl();
  if (impl.contradictory) return e;
  const Node* n = Builder::node(e);
  if (n->op == Op::kConst) return e;
  if (const auto it = impl.simplified.find(n); it != impl.simplified.end()) {
    const Facts::Impl::Simplified& known = it->second;
    if (impl.states.is_current(known.state) && known.steps >= options.steps &&
        known.steps_per_node >= options.steps_per_node)
      return Builder::expr(known.simple);
  }
  const Expr simple = simplified(facts, e, granted(n, options), options);
  if (Budget(0, options.cancel).cancelled()) return simple;
  if (impl.simplified.size() >= Facts::Impl::kMaxSimplified) impl.simplified.clear();
  impl.simplified.insert_or_assign(
      n, Facts::Impl::Simplified{impl.states.current(), options.steps,
                                 options.steps_per_node, Builder::node(simple)});
  return simple;
}

Form extract(Facts& facts, Expr e, const ExtractOptions& options) {
  const internal::UseChild use(facts.impl().builder);
  if (options.cost == Cost::kWeightOnDag)
    return extract(facts, std::span(&e, 1), options).form(0);
  const Node* n = Builder::node(e);
  return internal::make_form(rewrite::shortest_view(facts.impl().builder, options, n));
}

Forms extract(Facts& facts, std::span<const Expr> expressions,
              const ExtractOptions& options) {
  const internal::UseChild use(facts.impl().builder);
  std::vector<const Node*> nodes;
  for (const Expr e : expressions) nodes.push_back(Builder::node(e));
  const auto forms = [](const rewrite::Terms& terms,
                        std::span<const rewrite::TermId> roots) {
    auto [dag, views] = terms.to_views(roots);
    return internal::make_forms(std::move(dag), std::move(views), terms.weight(roots));
  };
  if (options.cost == Cost::kWeightOnDag) {
    rewrite::DagExtractor extractor(facts.impl().builder, options);
    const std::vector<rewrite::TermId> roots = extractor.extract(nodes);
    return forms(extractor.terms(), roots);
  }
  rewrite::Terms terms;
  std::vector<rewrite::TermId> roots;
  for (const Expr e : expressions) {
    const Form form = extract(facts, e, options);
    const internal::ViewDag& dag = internal::dag_of(form);
    roots.push_back(terms.import(dag, std::span(&dag.root, 1))[0]);
  }
  return forms(terms, roots);
}

}  // namespace congrua
