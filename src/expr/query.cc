// evaluate, substitute, free_symbols and measure: what eval.h offers over expressions.
#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/check.h"
#include "congrua/eval.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "expr/order.h"

namespace congrua {

using internal::Builder;
using internal::Node;

namespace {

// The beginning of a term's text, for messages.
std::string excerpt(const Node* n) {
  constexpr size_t kLength = 160;
  std::string text = to_string(Builder::expr(n));
  if (text.size() > kLength) {
    text.resize(kLength);
    text += "...";
  }
  return text;
}

bool is_variable(const Node* n) { return n->op == Op::kSymbol || n->op == Op::kOpaque; }

absl::Status bind(std::span<const Binding> bindings, internal::Assignment& point) {
  for (const auto& [e, value] : bindings) {
    const Node* n = Builder::node(e);
    if (!is_variable(n)) {
      return absl::InvalidArgumentError("a value is given for " + excerpt(n) +
                                        ", which is no symbol and no opaque term");
    }
    if (n->sort == Sort::kReal) {
      return absl::InvalidArgumentError("an integer value is given for the real " +
                                        excerpt(n));
    }
    if (n->sort == Sort::kBool && value != 0 && value != 1) {
      return absl::InvalidArgumentError("the boolean " + excerpt(n) + " cannot be " +
                                        std::to_string(value));
    }
    point.set(n, Int(value));
  }
  return absl::OkStatus();
}

absl::StatusOr<Int> value_of(Expr e, std::span<const Binding> bindings) {
  internal::Assignment point;
  if (absl::Status s = bind(bindings, point); !s.ok()) return s;
  internal::Evaluator evaluator(internal::Evaluator::kManyBits);
  if (std::optional<Int> v = evaluator.evaluate(Builder::node(e), point))
    return *std::move(v);
  const std::string where = excerpt(evaluator.culprit());
  if (evaluator.error() == internal::EvalError::kDivisionByZero) {
    return absl::FailedPreconditionError("division by zero: the divisor of " + where +
                                         " is 0");
  }
  if (evaluator.error() == internal::EvalError::kTooLarge) {
    return absl::ResourceExhaustedError("the value of " + where +
                                        " has more than 1,048,576 bits");
  }
  return absl::InvalidArgumentError("no value is given for " + where);
}

size_t num_children(const Node* n) {
  switch (n->op) {
    case Op::kAdd:
      return internal::terms_of(n).size();
    case Op::kMul:
      return internal::factors_of(n).size();
    default:
      return internal::args_of(n).size();
  }
}

const Node* child(const Node* n, size_t i) {
  switch (n->op) {
    case Op::kAdd:
      return internal::terms_of(n)[i].mono;
    case Op::kMul:
      return internal::factors_of(n)[i].base;
    default:
      return internal::args_of(n)[i];
  }
}

struct Frame {
  const Node* node;
  size_t next;
};

// Calls leave(n) for each node below and at root that enter(n) accepts, operands first.
template <typename Enter, typename Leave>
void post_order(const Node* root, Enter&& enter, Leave&& leave) {
  if (!enter(root)) return;
  std::vector<Frame> stack = {{root, 0}};
  while (!stack.empty()) {
    Frame& f = stack.back();
    if (f.next == num_children(f.node)) {
      leave(f.node);
      stack.pop_back();
      continue;
    }
    const Node* c = child(f.node, f.next++);
    if (enter(c)) stack.push_back({c, 0});
  }
}

}  // namespace

absl::StatusOr<int64_t> evaluate(Expr e, std::span<const Binding> bindings) {
  const absl::StatusOr<Int> v = value_of(e, bindings);
  if (!v.ok()) return v.status();
  if (const std::optional<int64_t> small = v->to_int64()) return *small;
  return absl::OutOfRangeError("the value, of " + std::to_string(v->bit_length()) +
                               " bits, is no int64");
}

absl::StatusOr<std::string> evaluate_text(Expr e, std::span<const Binding> bindings) {
  const absl::StatusOr<Int> v = value_of(e, bindings);
  if (!v.ok()) return v.status();
  return v->to_string();
}

Expr substitute(Expr e, std::span<const std::pair<Expr, Expr>> replacements) {
  const Node* root = Builder::node(e);
  Builder* in = &Builder::building(root);
  for (const auto& [from, to] : replacements) {
    in = Builder::common(*in, Builder::of(Builder::node(to)));
    CONGRUA_CHECK(in != nullptr, "replacements come from one pool, or from its parents");
  }
  Builder& builder = *in;
  absl::flat_hash_map<const Node*, const Node*> image;
  // A term can hold another only if it has all bits of the other's signature.
  std::vector<uint64_t> signatures;
  for (const auto& [from, to] : replacements) {
    const Node* n = Builder::node(from);
    CONGRUA_CHECK(n->op != Op::kConst, "substitute replaces no constant");
    CONGRUA_CHECK(from.sort() == to.sort(),
                  "a replacement has the sort of what it replaces");
    signatures.push_back(n->symbols());
    image[n] = Builder::node(to);
  }
  const auto untouched = [&](const Node* n) {
    return std::ranges::none_of(
        signatures, [&](uint64_t bits) { return (n->symbols() & bits) == bits; });
  };
  std::vector<const Node*> children;
  post_order(
      root, [&](const Node* n) { return !untouched(n) && !image.contains(n); },
      [&](const Node* n) {
        children.clear();
        bool changed = false;
        for (size_t i = 0; i < num_children(n); ++i) {
          const Node* c = child(n, i);
          children.push_back(untouched(c) ? c : image.at(c));
          changed |= children.back() != c;
        }
        image[n] = changed ? builder.rebuild(n, children) : n;
      });
  return untouched(root) ? e : Builder::expr(image.at(root));
}

std::vector<Expr> free_symbols(Expr e) {
  absl::flat_hash_set<const Node*> seen;
  std::vector<const internal::SymbolNode*> symbols;
  post_order(
      Builder::node(e), [&](const Node* n) { return seen.insert(n).second; },
      [&](const Node* n) {
        if (n->op == Op::kSymbol) symbols.push_back(internal::as_symbol(n));
      });
  std::ranges::sort(symbols, internal::natural_less, &internal::SymbolNode::name);
  std::vector<Expr> out;
  for (const auto* s : symbols) out.push_back(Builder::expr(s));
  return out;
}

Size measure(Expr e) {
  struct Below {
    double tree = 0;
    uint64_t depth = 0;
  };
  absl::flat_hash_map<const Node*, Below> below;
  const Node* root = Builder::node(e);
  post_order(
      root, [&](const Node* n) { return below.emplace(n, Below()).second; },
      [&](const Node* n) {
        Below sum{1, 0};
        for (size_t i = 0; i < num_children(n); ++i) {
          const Below& x = below.at(child(n, i));
          sum.tree += x.tree;
          sum.depth = std::max(sum.depth, x.depth + 1);
        }
        below[n] = sum;
      });
  return {below.size(), below.at(root).tree, below.at(root).depth};
}

}  // namespace congrua
