#include "index/ranges.h"

#include "absl/container/inlined_vector.h"
#include "base/check.h"

namespace congrua::index {

using internal::Builder;
using internal::Node;

LoopRanges::LoopRanges(Facts& facts, std::span<const LoopVariable> loops,
                       uint64_t symbols, const SimplifyOptions& options)
    : facts_(facts.impl()) {
  // Sizes are simplified outside, where the answer is remembered: what the facts know of
  // a size they know of it in simple form.
  absl::InlinedVector<std::pair<const Node*, const Node*>, 8> ranges;
  for (const LoopVariable& loop : loops) {
    const Node* v = Builder::node(loop.variable);
    CONGRUA_CHECK(v->op == Op::kSymbol && v->sort == Sort::kInt,
                  "a loop variable is an integer symbol");
    if ((v->symbols & symbols) == 0) continue;
    ranges.emplace_back(v, Builder::node(simplify(facts, loop.size, options)));
  }
  facts_.push_scope();
  Builder& b = facts_.builder;
  for (const auto& [v, size] : ranges) {
    const Node* room = b.add_const(b.sub(size, v), Int(-1));
    facts_.add_without_models(b.ge0(v));
    facts_.add_without_models(b.ge0(room));
  }
}

}  // namespace congrua::index
