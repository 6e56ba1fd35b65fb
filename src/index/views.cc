#include "index/views.h"

#include <utility>

#include "expr/node.h"
#include "rewrite/form.h"

namespace congrua::index {

using internal::View;
using internal::ViewDag;
using internal::ViewId;
using internal::ViewOp;

ViewDag ViewLinker::finish(const ViewDag& dag) {
  out_.root = add(dag);
  return std::move(out_);
}

ViewId ViewLinker::add(const ViewDag& dag) {
  std::vector<ViewId> to(dag.views.size());
  for (size_t i = 0; i < dag.views.size(); ++i) {
    const View& v = dag.views[i];
    if (v.op == ViewOp::kSymbol) {
      if (const auto it = defined_.find(v.node); it != defined_.end()) {
        to[i] = it->second;
        continue;
      }
    }
    to[i] = static_cast<ViewId>(out_.views.size());
    View w = v;
    switch (v.op) {
      case ViewOp::kInt:
        w.first = static_cast<uint32_t>(out_.ints.size());
        out_.ints.push_back(dag.ints[v.first]);
        break;
      case ViewOp::kSum:
        copy_sum(dag, v, to, w);
        break;
      case ViewOp::kProduct:
        copy_product(dag, v, to, w);
        break;
      default:
        w.first = static_cast<uint32_t>(out_.args.size());
        for (const ViewId a : dag.operands(v)) out_.args.push_back(to[a]);
    }
    out_.views.push_back(w);
  }
  return to[dag.root];
}

// x - (a + b) is one sum.
void ViewLinker::copy_sum(const ViewDag& dag, const View& v,
                          const std::vector<ViewId>& to, View& w) {
  std::vector<internal::SumItem> items;
  Int constant;
  for (const internal::SumItem& s : dag.sum(v)) {
    if (s.body == internal::kNoView) {
      constant += s.coef;
      continue;
    }
    const View& body = out_.views[to[s.body]];
    const bool unit = s.coef.is_one() || (-s.coef).is_one();
    if (!unit || body.op != ViewOp::kSum) {
      items.push_back({s.coef, to[s.body]});
      continue;
    }
    for (const internal::SumItem& x : out_.sum(body)) {
      if (x.body == internal::kNoView) {
        constant += s.coef * x.coef;
      } else {
        items.push_back({s.coef * x.coef, x.body});
      }
    }
  }
  if (!constant.is_zero()) items.push_back({constant, internal::kNoView});
  w.first = static_cast<uint32_t>(out_.sums.size());
  w.count = static_cast<uint32_t>(items.size());
  out_.sums.insert(out_.sums.end(), items.begin(), items.end());
}

void ViewLinker::copy_product(const ViewDag& dag, const View& v,
                              const std::vector<ViewId>& to, View& w) {
  std::vector<internal::ProductItem> items;
  for (const internal::ProductItem& p : dag.product(v)) {
    const View& base = out_.views[to[p.base]];
    if (p.exponent == 1 && base.op == ViewOp::kProduct) {
      const auto inner = out_.product(base);
      items.insert(items.end(), inner.begin(), inner.end());
    } else {
      items.push_back({to[p.base], p.exponent});
    }
  }
  w.first = static_cast<uint32_t>(out_.products.size());
  w.count = static_cast<uint32_t>(items.size());
  out_.products.insert(out_.products.end(), items.begin(), items.end());
}

namespace {

// f(view) for each quotient and remainder that the root reaches and that reads a variable
// of that signature.
template <typename F>
void for_each_division_in_loops(const ViewDag& dag, uint64_t loops, F&& f) {
  std::vector<bool> varies(dag.views.size()), needed(dag.views.size());
  const auto for_each_operand = [&](const View& v, auto&& visit) {
    switch (v.op) {
      case ViewOp::kInt:
        break;
      case ViewOp::kSum:
        for (const internal::SumItem& s : dag.sum(v)) {
          if (s.body != internal::kNoView) visit(s.body);
        }
        break;
      case ViewOp::kProduct:
        for (const internal::ProductItem& p : dag.product(v)) visit(p.base);
        break;
      default:
        for (const ViewId a : dag.operands(v)) visit(a);
    }
  };
  for (size_t i = 0; i < dag.views.size(); ++i) {
    const View& v = dag.views[i];
    varies[i] = v.op == ViewOp::kSymbol && (v.node->symbols() & loops) != 0;
    for_each_operand(v, [&](ViewId a) { varies[i] = varies[i] || varies[a]; });
  }
  needed[dag.root] = true;
  for (size_t i = dag.views.size(); i-- > 0;) {
    if (!needed[i]) continue;
    const View& v = dag.views[i];
    for_each_operand(v, [&](ViewId a) { needed[a] = true; });
    const bool division = v.op == ViewOp::kFloorDiv || v.op == ViewOp::kFloorMod ||
                          v.op == ViewOp::kCeilDiv;
    if (division && varies[i]) f(v);
  }
}

}  // namespace

uint64_t divisions_in_loops(const Form& form, uint64_t loops) {
  uint64_t count = 0;
  for_each_division_in_loops(internal::dag_of(form), loops,
                             [&](const View&) { ++count; });
  return count;
}

bool has_remainder_in_loops(const Form& form, uint64_t loops) {
  bool any = false;
  for_each_division_in_loops(internal::dag_of(form), loops, [&](const View& v) {
    any = any || v.op == ViewOp::kFloorMod;
  });
  return any;
}

}  // namespace congrua::index
