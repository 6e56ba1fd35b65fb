// Strides, and loops that are one. Two loops, inner i of size n and outer o, are one loop
// m = i + n*o of size n*size(o) where every index f has f(i, o) = f(m, 0).
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "congrua/eval.h"
#include "congrua/index.h"
#include "expr/builder.h"
#include "expr/node.h"
#include "guard/facts_impl.h"

namespace congrua {

using internal::Builder;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;
using internal::Node;
using internal::Term;

namespace {

bool contains(const Node* n, const Node* symbol) {
  const auto may = [&](const Node* x) {
    return (x->symbols() & symbol->symbols()) == symbol->symbols();
  };
  if (!may(n)) return false;
  absl::InlinedVector<const Node*, 32> stack{n};
  absl::flat_hash_set<const Node*> seen;
  while (!stack.empty()) {
    const Node* x = stack.back();
    stack.pop_back();
    if (x == symbol) return true;
    if (!seen.insert(x).second) continue;
    internal::for_each_child(x, [&](const Node* c) {
      if (may(c)) stack.push_back(c);
    });
  }
  return false;
}

// The coefficient of v in the monomial, which holds v; null where that is not linear.
const Node* cofactor(Builder& b, const Node* mono, const Node* v) {
  const FactorView view(mono);
  std::vector<Factor> others;
  bool found = false;
  for (const Factor& f : view.factors()) {
    if (f.base == v && f.exponent == 1) {
      found = true;
    } else if (contains(f.base, v)) {
      return nullptr;
    } else {
      others.push_back(f);
    }
  }
  return found ? b.monomial(others) : nullptr;
}

class Merger {
 public:
  Merger(Facts& facts, std::span<const LoopVariable> loops, std::span<const Expr> indices,
         const SimplifyOptions& options)
      : facts_(facts), options_(options), loops_(loops.begin(), loops.end()) {
    out_.kept.assign(loops.size(), true);
    out_.indices.assign(indices.begin(), indices.end());
    for (LoopVariable& loop : loops_) {
      loop.size = simplify(facts_, loop.size, options_);
      out_.values.push_back(loop.variable);
    }
    strides_.resize(indices.size());
    for (size_t k = 0; k < indices.size(); ++k) {
      for (const LoopVariable& loop : loops_)
        strides_[k].push_back(stride_of(indices[k], loop.variable));
    }
  }

  MergedLoops run() {
    for (size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i].size.as_const() == 1) drop(i);
    }
    while (join_two()) {
    }
    for (size_t i = 0; i < loops_.size(); ++i) {
      if (out_.kept[i]) out_.loops.push_back(loops_[i]);
    }
    return std::move(out_);
  }

 private:
  // Innermost loops first.
  bool join_two() {
    for (size_t i = loops_.size(); i-- > 0;) {
      for (size_t o = loops_.size(); o-- > 0;) {
        if (i == o || !out_.kept[i] || !out_.kept[o] || !are_one(i, o)) continue;
        join(i, o);
        return true;
      }
    }
    return false;
  }

  bool are_one(size_t inner, size_t outer) {
    for (size_t k = 0; k < out_.indices.size(); ++k) {
      const auto& in = strides_[k][inner];
      const auto& out = strides_[k][outer];
      if (in && out ? !equal(*in * loops_[inner].size, *out)
                    : !agrees(out_.indices[k], inner, outer)) {
        return false;
      }
    }
    return true;
  }

  // Strides read less than the indices: an equality under facts brings no new divisor.
  bool equal(Expr a, Expr b) {
    if (a == b) return true;
    const Expr difference = a - b;
    if (difference.is_const()) return false;
    const Bounds range = facts_.bounds(difference, {.steps = 0});
    if ((range.lo && *range.lo > 0) || (range.hi && *range.hi < 0)) return false;
    return simplify(facts_, difference, options_).as_const() == 0;
  }

  // f(i, o) and f(m, 0) are one node, so that they have the same divisors, too.
  bool agrees(Expr index, size_t inner, size_t outer) {
    const LoopVariable& in = loops_[inner];
    const LoopVariable& out = loops_[outer];
    const Expr zero = index.pool().constant(0);
    return with(with(index, out.variable, zero), in.variable,
                in.variable + in.size * out.variable) == index;
  }

  static Expr with(Expr e, Expr variable, Expr value) {
    const std::pair<Expr, Expr> exchange[] = {{variable, value}};
    return substitute(e, exchange);
  }

  // The loop runs at 0 alone.
  void drop(size_t i) {
    const Expr zero = loops_[i].variable.pool().constant(0);
    out_.kept[i] = false;
    for (Expr& index : out_.indices) index = with(index, loops_[i].variable, zero);
    for (Expr& value : out_.values) value = with(value, loops_[i].variable, zero);
    for (size_t k = 0; k < strides_.size(); ++k) {
      for (size_t j = 0; j < loops_.size(); ++j) {
        std::optional<Expr>& stride = strides_[k][j];
        stride = stride ? with(*stride, loops_[i].variable, zero)
                        : stride_of(out_.indices[k], loops_[j].variable);
      }
    }
  }

  void join(size_t inner, size_t outer) {
    LoopVariable& in = loops_[inner];
    const LoopVariable& out = loops_[outer];
    const std::pair<Expr, Expr> split[] = {
        {in.variable, floor_mod(in.variable, in.size)},
        {out.variable, floor_div(in.variable, in.size)}};
    const std::vector<Expr> values = out_.values;
    drop(outer);
    for (size_t i = 0; i < values.size(); ++i)
      out_.values[i] = substitute(values[i], split);
    in.size = in.size * out.size;
  }

  Facts& facts_;
  const SimplifyOptions& options_;
  std::vector<LoopVariable> loops_;
  MergedLoops out_;
  std::vector<std::vector<std::optional<Expr>>> strides_;  // by index, by loop
};

}  // namespace

std::optional<Expr> stride_of(Expr e, Expr variable) {
  if (!e.is_int()) return std::nullopt;
  Builder& b = Builder::building(Builder::node(e));
  const Node* v = Builder::node(variable);
  const Node* stride = b.constant(Int(0));
  if (!contains(Builder::node(e), v)) return Builder::expr(stride);
  const LinearView view(Builder::node(e));
  for (const Term& t : view.terms()) {
    if (!contains(t.mono, v)) continue;
    const Node* c = cofactor(b, t.mono, v);
    if (c == nullptr) return std::nullopt;
    stride = b.add(stride, b.scale(c, t.coef));
  }
  return Builder::expr(stride);
}

MergedLoops merge_loops(Facts& facts, std::span<const LoopVariable> loops,
                        std::span<const Expr> indices, const SimplifyOptions& options) {
  const internal::UseChild use(facts.impl().builder);
  return Merger(facts, loops, indices, options).run();
}

}  // namespace congrua
