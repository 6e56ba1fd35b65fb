#include "expr/view_names.h"

#include <algorithm>

namespace congrua::internal {

namespace {

// Calls f(operand, how often it is written).
template <typename F>
void for_each_operand(const ViewDag& dag, const View& v, Language language, F&& f) {
  switch (v.op) {
    case ViewOp::kInt:
    case ViewOp::kSymbol:
      return;
    case ViewOp::kSum:
      for (const SumItem& s : dag.sum(v)) {
        if (s.body != kNoView) f(s.body, 1u);
      }
      return;
    case ViewOp::kProduct:
      for (const ProductItem& p : dag.product(v)) {
        f(p.base, language == Language::kSexpr ? p.exponent : 1u);
      }
      return;
    default:
      for (const ViewId a : dag.operands(v)) f(a, 1u);
  }
}

bool is_leaf(const View& v) {
  return v.op == ViewOp::kInt || v.op == ViewOp::kSymbol || v.count == 0;
}

}  // namespace

ViewNames::ViewNames(const ViewDag& dag, Language language, size_t max_tree) {
  const size_t size = dag.views.size();
  std::vector<bool> reached(size);
  std::vector<uint32_t> uses(size);
  reached[dag.root] = true;
  for (size_t i = size; i-- > 0;) {  // users stand after what they use
    if (!reached[i]) continue;
    for_each_operand(dag, dag.views[i], language, [&](ViewId v, uint32_t times) {
      reached[v] = true;
      uses[v] += std::min(times, UINT32_MAX - uses[v]);
    });
  }
  std::vector<double> tree(size);  // operators below, once for each path
  for (size_t i = 0; i < size; ++i) {
    const View& v = dag.views[i];
    if (!reached[i] || is_leaf(v)) continue;
    tree[i] = std::max<double>(v.count - 1, 1);
    for_each_operand(dag, v, language,
                     [&](ViewId o, uint32_t times) { tree[i] += tree[o] * times; });
  }
  numbers_.assign(size, kNone);
  if (tree[dag.root] <= static_cast<double>(max_tree)) return;
  for (size_t i = 0; i < size; ++i) {
    if (i != dag.root && uses[i] > 1 && !is_leaf(dag.views[i])) numbers_[i] = count_++;
  }
  choose_prefix(dag);
}

// "t", or as many underscores behind it as it takes to be no symbol's name before a
// digit.
void ViewNames::choose_prefix(const ViewDag& dag) {
  for (const View& v : dag.views) {
    if (v.op != ViewOp::kSymbol) continue;
    const std::string_view name = as_symbol(v.node)->name;
    if (!name.starts_with('t')) continue;
    const size_t end = std::min(name.find_first_not_of('_', 1), name.size());
    if (end < name.size() && name[end] >= '0' && name[end] <= '9') {
      prefix_.resize(std::max(prefix_.size(), end + 1), '_');
    }
  }
}

}  // namespace congrua::internal
