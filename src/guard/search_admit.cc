// Which points a question is about (docs/semantics.md): none where a divisor is 0, and opaque terms
// are functions.
#include <algorithm>

#include "guard/search_impl.h"

namespace congrua::guard {

using internal::args_of;

namespace {

bool is_symbolic_division(const Node* n) {
  return n->op == Op::kFloorDiv && args_of(n)[1]->op != Op::kConst;
}
bool is_application(const Node* n) { return n->op == Op::kOpaque && !args_of(n).empty(); }

}  // namespace

// Fills parts_of[proposition], and marks what is plain. Cost: linear in what was not seen before
// and in what is not plain.
void Search::Impl::note_parts(const Node* proposition) {
  if (plain.find(proposition) != nullptr || parts_of.contains(proposition)) return;
  Parts parts;
  std::vector<std::pair<const Node*, bool>> stack{{proposition, false}};
  absl::flat_hash_map<const Node*, bool> done;  // plain?
  while (!stack.empty()) {
    const auto [n, children_done] = stack.back();
    if (plain.find(n) != nullptr || done.contains(n)) {
      stack.pop_back();
      continue;
    }
    if (!children_done) {
      stack.back().second = true;
      internal::for_each_child(n, [&](const Node* c) {
        if (plain.find(c) == nullptr && !done.contains(c)) stack.emplace_back(c, false);
      });
      continue;
    }
    stack.pop_back();
    bool simple = true;
    if (is_symbolic_division(n)) {
      parts.divisors.push_back(args_of(n)[1]);
      simple = false;
    }
    if (is_application(n)) {
      parts.applications.push_back(n);
      has_applications = true;
      simple = false;
    }
    internal::for_each_child(n, [&](const Node* c) { simple &= plain.find(c) != nullptr; });
    if (simple) {
      plain.put(n, 1);
    } else {
      done.emplace(n, true);
    }
  }
  if (plain.find(proposition) == nullptr) parts_of.emplace(proposition, std::move(parts));
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
    note_parts(p);
    const auto it = parts_of.find(p);
    if (it == parts_of.end()) continue;
    for (const Node* d : it->second.divisors) {
      const std::optional<Int> v = evaluator.evaluate(d, at);
      if (!v || v->is_zero()) return false;
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
      // With real arguments, whose values are not known, only what differs by the others counts.
      if (a.arguments.size() == b.arguments.size() && a.arguments == b.arguments) return false;
    }
  }
  return true;
}

}  // namespace congrua::guard
