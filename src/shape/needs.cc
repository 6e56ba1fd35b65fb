#include "shape/needs.h"

#include <limits>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "congrua/float64.h"
#include "expr/builder.h"
#include "expr/walk.h"
#include "shape/floats.h"

namespace congrua::shape {

using internal::args_of;
using internal::Builder;
using internal::Node;

namespace {

bool divides_reals(const Node* n) {
  if (n->op != Op::kOpaque || n->sort != Sort::kReal || args_of(n).size() != 2) {
    return false;
  }
  const std::string_view name = static_cast<const internal::OpaqueNode*>(n)->name;
  return name == "truediv" || name == "ftruediv";
}

Expr nonzero(const Node* divisor) {
  const Expr d = Builder::expr(divisor);
  return d.is_int() ? ne(d, d.pool().constant(0))
                    : float_ne(d, float_constant(d.pool(), 0));
}

// An integer is finite as a double: no input has so many digits.
bool is_converted(const Node* real) {
  return real->op == Op::kOpaque &&
         static_cast<const internal::OpaqueNode*>(real)->name == "tofloat";
}

Expr finite(const Node* real) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Expr x = Builder::expr(real);
  return logical_and(float_gt(x, float_constant(x.pool(), -kInfinity)),
                     float_lt(x, float_constant(x.pool(), kInfinity)));
}

// What n needs that its operands do not.
std::optional<Need> need_of(const Node* n) {
  if (n->op == Op::kFloorDiv || divides_reals(n)) return Need{nonzero(args_of(n)[1])};
  if (is_rounding(n) && !is_converted(args_of(n)[0])) {
    return Need{finite(args_of(n)[0]), args_of(n)[0]};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Need> needs(const Node* root) {
  std::vector<Need> out;
  if (!root->partial) return out;
  absl::flat_hash_set<Expr> seen;
  // Only terms that may have no value need anything.
  for (const Node* n : internal::nodes_below(
           root, [](const Node* m) { return m->partial; },
           [](const Node* m) {
             return m->op == Op::kFloorDiv || m->op == Op::kOpaque;
           })) {
    const std::optional<Need> need = need_of(n);
    if (!need || need->condition.is_true()) continue;
    if (seen.insert(need->condition).second) out.push_back(*need);
  }
  return out;
}

std::vector<Need> unread_needs(const Node* root) {
  absl::flat_hash_set<Expr> met;
  const bool all = internal::for_each_always_read(root, [&](const Node* n) {
    if (const std::optional<Need> need = need_of(n)) met.insert(need->condition);
  });
  if (all) return {};
  std::vector<Need> out = needs(root);
  std::erase_if(out, [&](const Need& need) { return met.contains(need.condition); });
  return out;
}

}  // namespace congrua::shape
