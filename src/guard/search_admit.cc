// Which points a question is about (docs/semantics.md): none where a divisor is 0 or a
// symbol is outside its birth range, and opaque terms are functions.
#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "guard/search_impl.h"

namespace congrua::guard {

using internal::args_of;

namespace {

// A divisor that may be 0; the constant 0 is at every point.
bool may_divide_by_zero(const Node* n) {
  if (n->op != Op::kFloorDiv) return false;
  const Node* divisor = args_of(n)[1];
  return divisor->op != Op::kConst || internal::const_value(divisor).is_zero();
}
bool is_application(const Node* n) { return n->op == Op::kOpaque && !args_of(n).empty(); }

}  // namespace

// Fills parts_of[proposition] where anything occurs. Cost: linear in the part of the DAG
// that holds such terms.
void Search::Impl::note_parts(const Node* proposition) {
  if (!proposition->partial || parts_of.contains(proposition)) return;
  Parts parts;
  absl::flat_hash_set<const Node*> seen{proposition};
  std::vector<const Node*> stack{proposition};
  while (!stack.empty()) {
    const Node* n = stack.back();
    stack.pop_back();
    if (may_divide_by_zero(n)) parts.divisors.push_back(args_of(n)[1]);
    if (n->op == Op::kSymbol) parts.far_symbols.push_back(n);
    if (is_application(n)) {
      parts.applications.push_back(n);
      has_applications = true;
    }
    internal::for_each_child(n, [&](const Node* c) {
      if (c->partial && seen.insert(c).second) stack.push_back(c);
    });
  }
  parts_of.emplace(proposition, std::move(parts));
}

bool Search::Impl::admissible(std::span<const Node* const> propositions,
                              const internal::Assignment& at) {
  struct Application {
    const Node* node;
    Int value;
    std::vector<Int> arguments;
  };
  std::vector<Application> applications;
  for (const Node* p : propositions) {
    if (!p->partial) continue;
    note_parts(p);
    const auto it = parts_of.find(p);
    if (it == parts_of.end()) continue;
    for (const Node* d : it->second.divisors) {
      const std::optional<Int> v = evaluator.evaluate(d, at);
      if (!v || v->is_zero()) return false;
    }
    for (const Node* n : it->second.far_symbols) {
      const Int* v = at.find(n);
      const auto* s = internal::as_symbol(n);
      if (v == nullptr || *v < Int(s->lo) || *v > Int(s->hi)) return false;
    }
    for (const Node* n : it->second.applications) {
      const auto seen = [&](const Application& a) { return a.node == n; };
      if (std::ranges::any_of(applications, seen)) continue;
      const Int* value = at.find(n);
      if (value == nullptr) return false;
      Application a{n, *value, {}};
      for (const Node* x : args_of(n)) {
        if (x->sort == Sort::kReal) break;  // compared by the terms below
        const std::optional<Int> v = evaluator.evaluate(x, at);
        if (!v) return false;
        a.arguments.push_back(*v);
      }
      applications.push_back(std::move(a));
    }
  }
  const auto same_function = [](const Node* a, const Node* b) {
    return static_cast<const internal::OpaqueNode*>(a)->name ==
               static_cast<const internal::OpaqueNode*>(b)->name &&
           a->sort == b->sort && args_of(a).size() == args_of(b).size();
  };
  for (size_t i = 0; i < applications.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Application& a = applications[i];
      const Application& b = applications[j];
      if (!same_function(a.node, b.node) || a.value == b.value) continue;
      // With real arguments, whose values are not known, only what differs by the others
      // counts.
      if (a.arguments.size() == b.arguments.size() && a.arguments == b.arguments)
        return false;
    }
  }
  return true;
}

}  // namespace congrua::guard
