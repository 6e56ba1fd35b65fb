#include "expr/node.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "expr/builder.h"

namespace congrua::internal {

namespace {

int compare_ints(const Int& a, const Int& b) {
  const auto c = a <=> b;
  return c < 0 ? -1 : c > 0;
}

// Compares the nodes themselves; where only children differ, sets the first differing
// pair.
int compare_shallow(const Node* a, const Node* b, const Node** next_a,
                    const Node** next_b) {
  if (a->op != b->op) return a->op < b->op ? -1 : 1;
  if (a->sort != b->sort) return a->sort < b->sort ? -1 : 1;
  const auto descend = [&](const Node* x, const Node* y) {
    if (x == y) return false;
    *next_a = x;
    *next_b = y;
    return true;
  };
  switch (a->op) {
    case Op::kConst:
      return compare_ints(const_value(a), const_value(b));
    case Op::kSymbol:
      return as_symbol(a)->name.compare(as_symbol(b)->name);
    case Op::kAdd: {
      const auto ta = terms_of(a);
      const auto tb = terms_of(b);
      if (ta.size() != tb.size()) return ta.size() < tb.size() ? -1 : 1;
      if (int c = compare_ints(constant_of(a), constant_of(b)); c != 0) return c;
      for (size_t i = 0; i < ta.size(); ++i) {
        if (int c = compare_ints(ta[i].coef, tb[i].coef); c != 0) return c;
        if (descend(ta[i].mono, tb[i].mono)) return 0;
      }
      return 0;
    }
    case Op::kMul:
      if (arity(a) != arity(b)) return arity(a) < arity(b) ? -1 : 1;
      for (uint32_t i = 0; i < arity(a); ++i) {
        const Factor& x = factors_of(a)[i];
        const Factor& y = factors_of(b)[i];
        if (x.exponent != y.exponent) return x.exponent < y.exponent ? -1 : 1;
        if (descend(x.base, y.base)) return 0;
      }
      return 0;
    case Op::kOpaque: {
      const auto* oa = static_cast<const OpaqueNode*>(a);
      const auto* ob = static_cast<const OpaqueNode*>(b);
      if (int c = oa->name.compare(ob->name); c != 0) return c;
      [[fallthrough]];
    }
    default:
      if (arity(a) != arity(b)) return arity(a) < arity(b) ? -1 : 1;
      for (uint32_t i = 0; i < arity(a); ++i) {
        if (descend(args_of(a)[i], args_of(b)[i])) return 0;
      }
      return 0;
  }
}
}  // namespace

bool structural_less_slow(const Node* a, const Node* b) {
  // Descends to the first differing child: distinct nodes of one pool are distinct terms,
  // so the comparison of that pair decides, and no path is walked twice.
  while (a != b) {
    const Node* next_a = nullptr;
    const Node* next_b = nullptr;
    const int c = compare_shallow(a, b, &next_a, &next_b);
    if (c != 0 || next_a == nullptr) return c < 0;
    a = next_a;
    b = next_b;
  }
  return false;
}

Terms terms_of_long(const LongSum* s) {
  const PackedTerm* t = s->terms.load(std::memory_order_acquire);
  if (t == nullptr) {
    Builder::of(s).materialise(s);
    t = s->terms.load(std::memory_order_acquire);
  }
  return {t, s->num_terms.load(std::memory_order_relaxed)};
}

uint8_t exact_degree(const Node* n) {
  if (n->op != Op::kAdd || !n->is_long || n->degree <= 1) return n->degree;
  uint8_t degree = 0;
  for (const Term& t : terms_of(n)) degree = std::max<uint8_t>(degree, t.mono->degree);
  return degree;
}

bool deeper_than(const Node* root, uint32_t limit) {
  absl::flat_hash_map<const Node*, uint32_t> deepest;  // at which it was met
  std::vector<std::pair<const Node*, uint32_t>> stack = {{root, 0}};
  while (!stack.empty()) {
    const auto [n, depth] = stack.back();
    stack.pop_back();
    if (depth > limit) return true;
    const auto [it, first] = deepest.try_emplace(n, depth);
    if (!first && it->second >= depth) continue;
    it->second = depth;
    for_each_child(n, [&](const Node* c) { stack.emplace_back(c, depth + 1); });
  }
  return false;
}

uint32_t large_arity(const Node* n) {
  const size_t size = n->op == Op::kOpaque ? sizeof(OpaqueNode) : sizeof(Node);
  return *reinterpret_cast<const uint32_t*>(reinterpret_cast<const char*>(n) + size);
}

}  // namespace congrua::internal
