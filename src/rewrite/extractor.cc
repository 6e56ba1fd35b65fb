#include "rewrite/extractor.h"

#include <algorithm>

#include "expr/order.h"
#include "rewrite/form.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::LinearView;
using internal::ProductItem;
using internal::SumItem;

namespace {

uint64_t add_costs(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * 0x9e3779b97f4a7c15u + (v >> 29); }

constexpr int kMaxCompared = 4;  // levels that decide an order

}  // namespace

// ---- Views

int Extractor::compare(ViewId a, ViewId b, int depth) const {
  if (a == b) return 0;
  const View& x = dag_.views[a];
  const View& y = dag_.views[b];
  const auto rank = [](const View& v) {
    return v.op == ViewOp::kSymbol ? 0 : v.op == ViewOp::kInt ? 2 : 1;
  };
  if (rank(x) != rank(y)) return rank(x) - rank(y);
  if (x.op == ViewOp::kSymbol) return internal::reading_compare(x.node, y.node);
  if (depth < kMaxCompared) {
    const auto operand = [&](const View& v, uint32_t i) {
      switch (v.op) {
        case ViewOp::kSum:
          return dag_.sum(v)[i].body;
        case ViewOp::kProduct:
          return dag_.product(v)[i].base;
        case ViewOp::kInt:
          return internal::kNoView;
        default:
          return dag_.operands(v)[i];
      }
    };
    for (uint32_t i = 0; i < std::min(x.count, y.count); ++i) {
      const ViewId p = operand(x, i);
      const ViewId q = operand(y, i);
      if (p == internal::kNoView || q == internal::kNoView) break;
      if (const int c = compare(p, q, depth + 1); c != 0) return c;
    }
  }
  if (x.op != y.op) return static_cast<int>(x.op) - static_cast<int>(y.op);
  return a < b ? -1 : 1;
}

bool Extractor::less(const Item& a, const Item& b) const {
  if (a.factors.size() != b.factors.size()) return a.factors.size() > b.factors.size();
  for (size_t i = 0; i < a.factors.size(); ++i) {
    if (const int c = compare(a.factors[i], b.factors[i]); c != 0) return c < 0;
  }
  return false;
}

ViewId Extractor::intern(View v, uint64_t cost) {
  dag_.views.push_back(v);
  cost_.push_back(cost);
  return static_cast<ViewId>(dag_.views.size() - 1);
}

ViewId Extractor::leaf(ViewOp op, const Node* n) {
  uint64_t h = mix(static_cast<uint64_t>(op), reinterpret_cast<uintptr_t>(n));
  for (const ViewId v : interned_[h]) {
    if (dag_.views[v].op == op && dag_.views[v].node == n && dag_.views[v].count == 0)
      return v;
  }
  const ViewId v = intern({op, 0, 0, n}, 0);
  interned_[h].push_back(v);
  return v;
}

ViewId Extractor::integer(const Int& value) {
  const auto small = value.to_int64();
  const uint64_t h = mix(0x696e74, small ? static_cast<uint64_t>(*small) : 0x626967);
  for (const ViewId v : interned_[h]) {
    const View& x = dag_.views[v];
    if (x.op == ViewOp::kInt && dag_.ints[x.first] == value) return v;
  }
  View x{ViewOp::kInt};
  x.first = static_cast<uint32_t>(dag_.ints.size());
  x.count = 1;
  dag_.ints.push_back(value);
  const ViewId v = intern(x, 0);
  interned_[h].push_back(v);
  return v;
}

ViewId Extractor::app(ViewOp op, std::span<const ViewId> input, const Node* n) {
  absl::InlinedVector<ViewId, 8> args(input.begin(), input.end());
  if (op == ViewOp::kMin || op == ViewOp::kMax || op == ViewOp::kAnd ||
      op == ViewOp::kOr) {
    std::ranges::sort(args, [&](ViewId a, ViewId b) { return compare(a, b) < 0; });
  }
  uint64_t h = mix(static_cast<uint64_t>(op) + 0x617070, reinterpret_cast<uintptr_t>(n));
  for (const ViewId a : args) h = mix(h, a);
  for (const ViewId v : interned_[h]) {
    const View& x = dag_.views[v];
    if (x.op == op && x.node == n && std::ranges::equal(dag_.operands(x), args)) return v;
  }
  uint64_t total = 1;
  switch (op) {
    case ViewOp::kMin:
    case ViewOp::kMax:
    case ViewOp::kAnd:
    case ViewOp::kOr:
      total = std::max<uint64_t>(args.size(), 2) - 1;
      break;
    case ViewOp::kOpaque:
      total = args.empty() ? 0 : 1;
      break;
    default:
      break;
  }
  View x{op};
  x.node = n;
  x.first = static_cast<uint32_t>(dag_.args.size());
  x.count = static_cast<uint32_t>(args.size());
  for (const ViewId a : args) {
    dag_.args.push_back(a);
    total = add_costs(total, cost_[a]);
  }
  const ViewId v = intern(x, total);
  interned_[h].push_back(v);
  return v;
}

ViewId Extractor::product(std::span<const ViewId> input) {
  if (input.size() == 1) return input[0];
  absl::InlinedVector<ViewId, 4> factors(input.begin(), input.end());
  std::ranges::sort(factors, [&](ViewId a, ViewId b) { return compare(a, b) < 0; });
  uint64_t h = 0x6d756c;
  for (const ViewId f : factors) h = mix(h, f);
  absl::InlinedVector<ProductItem, 4> items;
  uint64_t total = factors.size() - 1;
  for (const ViewId f : factors) {
    total = add_costs(total, cost_[f]);
    if (!items.empty() && items.back().base == f) {
      ++items.back().exponent;
    } else {
      items.push_back({f, 1});
    }
  }
  const auto same = [](const ProductItem& a, const ProductItem& b) {
    return a.base == b.base && a.exponent == b.exponent;
  };
  for (const ViewId v : interned_[h]) {
    const View& x = dag_.views[v];
    if (x.op == ViewOp::kProduct && std::ranges::equal(dag_.product(x), items, same))
      return v;
  }
  View x{ViewOp::kProduct};
  x.first = static_cast<uint32_t>(dag_.products.size());
  x.count = static_cast<uint32_t>(items.size());
  dag_.products.insert(dag_.products.end(), items.begin(), items.end());
  const ViewId v = intern(x, total);
  interned_[h].push_back(v);
  return v;
}

// Terms in their order, the first positive one ahead; the constant last.
ViewId Extractor::sum(std::span<const Item> items, const Int& constant) {
  if (items.empty()) return integer(constant);
  if (items.size() == 1 && constant.is_zero() && items[0].coef.is_one()) {
    return product(items[0].factors);
  }
  absl::InlinedVector<const Item*, 8> sorted;
  for (const Item& i : items) sorted.push_back(&i);
  std::ranges::stable_sort(sorted,
                           [&](const Item* a, const Item* b) { return less(*a, *b); });
  std::vector<SumItem> list;
  for (const Item* i : sorted) list.push_back({i->coef, product(i->factors)});
  const auto positive =
      std::ranges::find_if(list, [](const SumItem& s) { return s.coef.sign() > 0; });
  const bool constant_first = positive == list.end() && constant.sign() > 0;
  if (positive != list.end()) std::rotate(list.begin(), positive, positive + 1);
  if (constant_first) list.insert(list.begin(), {constant, internal::kNoView});
  if (!constant_first && !constant.is_zero())
    list.push_back({constant, internal::kNoView});
  uint64_t h = 0x73756d;
  for (const SumItem& s : list) {
    h = mix(h, s.body);
    h = mix(h, static_cast<uint64_t>(s.coef.to_int64().value_or(0)));
  }
  const auto same = [](const SumItem& a, const SumItem& b) {
    return a.body == b.body && a.coef == b.coef;
  };
  for (const ViewId v : interned_[h]) {
    const View& x = dag_.views[v];
    if (x.op == ViewOp::kSum && std::ranges::equal(dag_.sum(x), list, same)) return v;
  }
  uint64_t total = list.size() - 1;
  bool all_subtracted = true;
  for (const SumItem& s : list) {
    const bool subtracted = s.body != internal::kNoView && s.coef == Int(-1);
    all_subtracted &= subtracted;
    if (s.body == internal::kNoView) continue;
    total = add_costs(total, cost_[s.body]);
    if (!subtracted && !s.coef.is_one()) total = add_costs(total, 1);
  }
  View x{ViewOp::kSum};
  x.first = static_cast<uint32_t>(dag_.sums.size());
  x.count = static_cast<uint32_t>(list.size());
  std::ranges::move(list, std::back_inserter(dag_.sums));
  const ViewId v = intern(x, add_costs(total, all_subtracted));
  interned_[h].push_back(v);
  return v;
}

// ---- Nodes

ViewDag Extractor::extract(const Node* root) {
  // Operands first: chains may be a million nodes deep.
  stack_.assign(1, root);
  absl::InlinedVector<const Node*, 16> open;
  while (!stack_.empty()) {
    const Node* n = stack_.back();
    if (values_.find(n) != nullptr) {
      stack_.pop_back();
      continue;
    }
    const size_t before = stack_.size();
    internal::for_each_child(n, [&](const Node* c) {
      if (values_.find(c) == nullptr) stack_.push_back(c);
    });
    if (stack_.size() > before) continue;
    stack_.pop_back();
    values_.put(n, show(n));
  }
  dag_.root = *values_.find(root);
  return std::move(dag_);
}

ViewId Extractor::value(const Node* n) {
  if (const ViewId* v = values_.find(n)) return *v;
  const ViewId v = show(n);
  return values_.put(n, v);
}

ViewId Extractor::show(const Node* n) {
  if (n->sort == Sort::kBool) return proposition(n, false);
  switch (n->op) {
    case Op::kConst:
      return integer(const_value(n));
    case Op::kSymbol:
      return leaf(ViewOp::kSymbol, n);
    default:
      break;
  }
  if (n->sort != Sort::kInt) return atom(n);
  Poly p;
  const LinearView v(n);
  p.constant = v.constant();
  p.terms.assign(v.terms().begin(), v.terms().end());
  return poly_view(std::move(p));
}

ViewId Extractor::poly_view(Poly p) {
  const Sum s = settle(std::move(p));
  return finish(items_of(s), s.open.constant);
}

}  // namespace congrua::rewrite
