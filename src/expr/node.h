// Nodes of the expression DAG, as the modules of this library see them.
//
// A node is immutable after interning (but for the term list of a long sum, which is
// materialised once, at its first reading) and never moves. Its header is followed by the
// payload of its kind. Terms, factors and commutative arguments are sorted by
// structural_less, which depends on the structure alone: never on an address or on the
// order of construction.
#ifndef CONGRUA_EXPR_NODE_H_
#define CONGRUA_EXPR_NODE_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/int.h"
#include "congrua/expr.h"

namespace congrua::internal {

struct Node {
  uint64_t hash;  // of the structure
  uint64_t
      symbols;  // Bloom signature: one bit per symbol occurring below; 0 for constants
  uint32_t id;  // dense, in order of construction: index of side tables, never an order
  uint32_t n;   // terms, factors or arguments (lower bound for a lazy sum)
  Op op;
  Sort sort;
  uint16_t
      degree;  // of the polynomial over atoms, saturating; 1 for atoms, 0 for constants
  uint32_t depth : 31;  // longest way down to a leaf, saturating
  bool partial : 1;     // a divisor that may be 0, an opaque application or a far symbol
                        // occurs
};

struct Term {
  Int coef;          // never 0
  const Node* mono;  // an atom or a kMul
};

struct Factor {
  const Node*
      base;  // an atom: any integer node but kConst, kMul and (within budget) kAdd
  uint32_t exponent;
};

struct ConstNode : Node {
  Int value;  // booleans: 0 or 1
};

struct SymbolNode : Node {
  std::string_view name;  // owned by the arena
  int64_t lo, hi;         // INT64_MIN, INT64_MAX: unbounded
  int64_t hint;
  bool has_hint;
};

struct SumNode : Node {
  uint64_t linear_hash;
  Int constant;
  // Null while lazy: then the sum is prev + diff.
  mutable std::atomic<const Term*> terms;
  mutable std::atomic<uint32_t> num_terms;  // valid when terms is not null
  const Node* prev;
  const Node* diff;
};

struct MulNode : Node {
  const Factor* factors() const { return reinterpret_cast<const Factor*>(this + 1); }
};

struct AppNode : Node {  // kFloorDiv kMin kMax kSelect kGe kEq kNot kAnd kIff
  const Node* const* args() const {
    return reinterpret_cast<const Node* const*>(this + 1);
  }
};

struct OpaqueNode : Node {
  std::string_view name;  // owned by the arena
  const Node* const* args() const {
    return reinterpret_cast<const Node* const*>(this + 1);
  }
};

inline const Int& const_value(const Node* n) {
  return static_cast<const ConstNode*>(n)->value;
}
inline bool is_const(const Node* n) { return n->op == Op::kConst; }
inline bool is_true(const Node* n) {
  return n->op == Op::kConst && n->sort == Sort::kBool && const_value(n).is_one();
}
inline bool is_false(const Node* n) {
  return n->op == Op::kConst && n->sort == Sort::kBool && const_value(n).is_zero();
}
inline const SymbolNode* as_symbol(const Node* n) {
  return static_cast<const SymbolNode*>(n);
}

// A product of constants that are too large to be multiplied (builder.cc). It has a value
// that nobody computes: no assignment can give it another one.
inline constexpr std::string_view kHugeProduct = "huge_product";
inline bool is_huge_product(const Node* n) {
  return n->op == Op::kOpaque && static_cast<const OpaqueNode*>(n)->name == kHugeProduct;
}

// Arguments of an application or an opaque term; factors' bases are not arguments.
inline std::span<const Node* const> args_of(const Node* n) {
  switch (n->op) {
    case Op::kOpaque:
      return {static_cast<const OpaqueNode*>(n)->args(), n->n};
    case Op::kConst:
    case Op::kSymbol:
    case Op::kAdd:
    case Op::kMul:
      return {};
    default:
      return {static_cast<const AppNode*>(n)->args(), n->n};
  }
}
inline std::span<const Factor> factors_of(const Node* n) {
  return {static_cast<const MulNode*>(n)->factors(), n->n};
}

// The terms of a kAdd; materialises a long sum at its first reading.
std::span<const Term> terms_of(const Node* sum);
inline const Int& constant_of(const Node* sum) {
  return static_cast<const SumNode*>(sum)->constant;
}

// A total order on the nodes of a pool that reads the structure alone. O(1) but for
// colliding fingerprints.
bool structural_less_slow(const Node* a, const Node* b);
inline bool structural_less(const Node* a, const Node* b) {
  return a->hash != b->hash ? a->hash < b->hash : a != b && structural_less_slow(a, b);
}

// Any integer node seen as constant + sum of terms, without copying the terms of a sum.
class LinearView {
 public:
  explicit LinearView(const Node* n);
  LinearView(const LinearView&) = delete;
  LinearView& operator=(const LinearView&) = delete;
  std::span<const Term> terms() const { return terms_; }
  const Int& constant() const { return *constant_; }

 private:
  Term single_;
  const Int* constant_;
  std::span<const Term> terms_;
};

// A monomial (an atom or a kMul) seen as a list of factors.
class FactorView {
 public:
  explicit FactorView(const Node* mono) : single_{mono, 1} {
    factors_ =
        mono->op == Op::kMul ? factors_of(mono) : std::span<const Factor>(&single_, 1);
  }
  FactorView(const FactorView&) = delete;
  FactorView& operator=(const FactorView&) = delete;
  std::span<const Factor> factors() const { return factors_; }

 private:
  Factor single_;
  std::span<const Factor> factors_;
};

// Calls f(child) for each direct child node; children of a sum are its monomials, of a
// product its bases.
template <typename F>
void for_each_child(const Node* n, F&& f) {
  switch (n->op) {
    case Op::kConst:
    case Op::kSymbol:
      return;
    case Op::kAdd:
      for (const Term& t : terms_of(n)) f(t.mono);
      return;
    case Op::kMul:
      for (const Factor& x : factors_of(n)) f(x.base);
      return;
    default:
      for (const Node* a : args_of(n)) f(a);
  }
}

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_NODE_H_
