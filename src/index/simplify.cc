#include <algorithm>

#include "congrua/index.h"
#include "expr/view.h"
#include "index/names.h"
#include "index/ranges.h"
#include "rewrite/form.h"

namespace congrua {

using internal::Builder;
using internal::Node;

Expr simplify_index(Facts& facts, Expr e, std::span<const LoopVariable> loops,
                    const SimplifyOptions& options) {
  const Node* n = Builder::node(e);
  if (n->op == Op::kConst || facts.contradictory()) return e;
  const index::LoopRanges ranges(facts, loops, n->symbols, options);
  return simplify(facts, e, options);
}

Form index_form(Facts& facts, Expr e, std::span<const LoopVariable> loops,
                const SimplifyOptions& options) {
  const Expr simple = simplify_index(facts, e, loops, options);
  Form best = extract(facts, simple);
  const auto keep = [&](Form form) {
    if (form.operations() < best.operations()) best = std::move(form);
  };
  const auto by_names = [&](Expr x, bool simplified) {
    std::vector<const Node*> sizes;
    uint64_t variables = 0;
    for (const LoopVariable& loop : loops) {
      variables |= Builder::node(loop.variable)->symbols;
      const Expr size = simplified ? simplify(facts, loop.size, options) : loop.size;
      sizes.push_back(Builder::node(size));
    }
    Builder& builder = facts.impl().builder;
    const Node* n = Builder::node(x);
    const auto sums = index::sums_to_name(builder, n, sizes, variables);
    if (std::optional<Form> form = index::form_by_names(facts, n, sums))
      keep(*std::move(form));
  };
  by_names(simple, true);
  if (simple == e) return best;
  // What simplification knows nothing about may be shorter as it was.
  keep(extract(facts, e));
  by_names(e, false);
  return best;
}

Truth is_multiple_of(Facts& facts, Expr e, Expr d, const QuestionOptions& options) {
  QuestionOptions plain = options;
  plain.explain = plain.certificate = false;
  // Simplified, a remainder often is a number.
  const Expr rest = simplify(facts, floor_mod(e, d),
                             {.steps = options.steps, .cancel = options.cancel});
  return facts.decide(eq(rest, e.pool().constant(0)), plain).truth;
}

}  // namespace congrua
