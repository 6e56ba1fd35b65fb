#include "index/ranges.h"

#include "absl/container/inlined_vector.h"
#include "base/check.h"

namespace congrua::index {

using internal::Builder;
using internal::Node;

namespace {

// The signature of what the polynomial holds inside of its atoms.
uint64_t inside_atoms(const Node* n) {
  if (n->sort != Sort::kInt) return n->symbols();
  uint64_t symbols = 0;
  const internal::LinearView v(n);
  for (const internal::Term& t : v.terms()) {
    const internal::FactorView factors(t.mono);
    for (const internal::Factor& f : factors.factors()) {
      if (f.base->op != Op::kSymbol) symbols |= f.base->symbols();
    }
  }
  return symbols;
}

}  // namespace

LoopRanges::LoopRanges(Facts& facts, std::span<const LoopVariable> loops, const Node* n,
                       const SimplifyOptions& options)
    : facts_(facts.impl()) {
  const uint64_t inside = inside_atoms(n);
  // Sizes are simplified outside, where the answer is remembered: what the facts know of
  // a size they know of it in simple form.
  absl::InlinedVector<std::pair<const Node*, const Node*>, 8> ranges;
  for (const LoopVariable& loop : loops) {
    const Node* v = Builder::node(loop.variable);
    CONGRUA_CHECK(v->op == Op::kSymbol && v->sort == Sort::kInt,
                  "a loop variable is an integer symbol");
    if ((v->symbols() & n->symbols()) == 0) continue;
    const Expr size = simplify(facts, loop.size, options);
    if ((v->symbols() & inside) == 0 && size.as_const() != 1) continue;
    ranges.emplace_back(v, Builder::node(size));
  }
  any_ = !ranges.empty();
  if (!any_) return;
  facts_.push_scope();
  Builder& b = facts_.builder;
  for (const auto& [v, size] : ranges) {
    const Node* room = b.add_const(b.sub(size, v), Int(-1));
    facts_.add_without_models(b.ge0(v));
    facts_.add_without_models(b.ge0(room));
  }
}

}  // namespace congrua::index
