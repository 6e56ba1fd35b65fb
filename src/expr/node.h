// Nodes of the expression DAG, as the modules of this library see them.
//
// A node is immutable after interning (but for the term list of a lazy sum, which is
// materialised once, at its first reading) and never moves. Its header is followed by the
// payload of its kind. Nodes are kept small: building is bound by what the caches hold.
// Terms, factors and commutative arguments are sorted by structural_less, which depends
// on the structure alone: never on an address or on the order of construction.
#ifndef CONGRUA_EXPR_NODE_H_
#define CONGRUA_EXPR_NODE_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/int.h"
#include "congrua/expr.h"
#include "expr/terms.h"

namespace congrua::internal {

struct SumNode;

struct Node {
  uint64_t hash;  // of the structure
  union {
    uint64_t own_symbols;
    const SumNode* lender;  // which borrows nothing
  };
  uint32_t id;  // dense, in order of construction: index of side tables, never an order
  Op op : 6;
  bool is_long : 1;  // a LongSum
  bool borrows : 1;  // a SumNode that has a lender
  Sort sort : 2;
  bool partial : 1;    // a divisor that may be 0, an opaque application or a far symbol
                       // occurs
  uint8_t degree : 4;  // of the polynomial over atoms with its kept sums expanded, at
                       // most kMaxDegree; 1 for atoms, 0 for constants; of a LongSum an
                       // upper bound, see exact_degree
  uint8_t short_size;  // arity(), at most kManyOperands; 0 for a LongSum
  int8_t short_constant;  // of a sum, or kWideConstant

  // One bit per symbol or opaque term occurring below, which others share where a pool
  // has more than 64: what has no bit in common has no symbol in common. 0 for constants.
  inline uint64_t symbols() const;
};
static_assert(sizeof(Node) == 24);

inline constexpr uint8_t kMaxDegree = 15;
// Higher powers of an atom are not met in sizes. Where a polynomial holds one, products
// are not expanded and divisions of divisions not fused, so that x <- x*x + x//2 costs
// three nodes a step.
inline constexpr uint8_t kMaxPower = 7;
// From so many operands on the first word of the payload counts them.
inline constexpr uint8_t kManyOperands = UINT8_MAX;
// A constant that is not in [-127, 127] follows the header of its sum.
inline constexpr int8_t kWideConstant = INT8_MIN;

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

// A wide constant follows, then the terms, which a sum that differs from an older one in
// its constant alone borrows from that: most sums of shape arithmetic are x + 1 beside x
// + 2.
struct SumNode : Node {
  bool has_wide_constant() const { return short_constant == kWideConstant; }
  Int constant() const {
    return has_wide_constant() ? wide_constant() : Int(int{short_constant});
  }
  const Int& wide_constant() const { return *reinterpret_cast<const Int*>(this + 1); }
  // Unless it is long.
  const PackedTerm* terms() const {
    const SumNode* owner = borrows ? lender : this;
    const char* p = reinterpret_cast<const char*>(owner + 1);
    return reinterpret_cast<const PackedTerm*>(
        owner->has_wide_constant() ? p + sizeof(Int) : p);
  }
};
inline uint64_t Node::symbols() const {
  return borrows ? lender->own_symbols : own_symbols;
}

// A sum of more than kMaxShortSum terms, or one that is prev + diff until its terms are
// read.
struct LongSum : SumNode {
  Int wide;                                      // the constant: always wide here
  mutable std::atomic<const PackedTerm*> terms;  // null while lazy
  mutable std::atomic<uint32_t> num_terms;       // a lower bound while lazy
  const Node* prev;                              // null unless it was built lazily
  const Node* diff;
};
inline constexpr uint32_t kMaxShortSum = 254;

// Products, applications and opaque terms: the operands follow the node.
template <typename T>
const T* payload_of(const Node* n, size_t node_size) {
  const char* p = reinterpret_cast<const char*>(n) + node_size;
  return reinterpret_cast<const T*>(n->short_size == kManyOperands ? p + 8 : p);
}

struct MulNode : Node {
  const Factor* factors() const { return payload_of<Factor>(this, sizeof(MulNode)); }
};

struct AppNode : Node {  // kFloorDiv kMin kMax kSelect kGe kEq kNot kAnd kIff
  const Node* const* args() const {
    return payload_of<const Node*>(this, sizeof(AppNode));
  }
};

struct OpaqueNode : Node {
  std::string_view name;  // owned by the arena
  const Node* const* args() const {
    return payload_of<const Node*>(this, sizeof(OpaqueNode));
  }
};

// The number of factors or arguments.
uint32_t large_arity(const Node* n);
inline uint32_t arity(const Node* n) {
  return n->short_size != kManyOperands ? n->short_size : large_arity(n);
}

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
      return {static_cast<const OpaqueNode*>(n)->args(), arity(n)};
    case Op::kConst:
    case Op::kSymbol:
    case Op::kAdd:
    case Op::kMul:
      return {};
    default:
      return {static_cast<const AppNode*>(n)->args(), arity(n)};
  }
}
inline std::span<const Factor> factors_of(const Node* n) {
  return {static_cast<const MulNode*>(n)->factors(), arity(n)};
}

// The terms of a kAdd; materialises a long sum at its first reading.
Terms terms_of_long(const LongSum* sum);
inline Terms terms_of(const Node* sum) {
  const auto* s = static_cast<const SumNode*>(sum);
  if (s->is_long) return terms_of_long(static_cast<const LongSum*>(s));
  return {s->terms(), s->short_size};
}
inline Int constant_of(const Node* sum) {
  return static_cast<const SumNode*>(sum)->constant();
}

// The degree, which node->degree is at least: what has it may have cancelled in a sum
// that was built lazily. O(1) but for long sums of products.
uint8_t exact_degree(const Node* n);

// Is the longest way down to a leaf longer than this? At most `limit` visits a node.
bool deeper_than(const Node* root, uint32_t limit);

// A total order on the nodes of a pool that reads the structure alone. O(1) but for
// colliding fingerprints.
bool structural_less_slow(const Node* a, const Node* b);
inline bool structural_less(const Node* a, const Node* b) {
  return a->hash != b->hash ? a->hash < b->hash : a != b && structural_less_slow(a, b);
}

// Any integer node seen as constant + sum of terms, without copying the terms of a sum.
class LinearView {
 public:
  explicit LinearView(const Node* n) : single_(Int(1), n) {
    switch (n->op) {
      case Op::kConst:
        constant_ = const_value(n);
        break;
      case Op::kAdd:
        constant_ = constant_of(n);
        terms_ = terms_of(n);
        break;
      default:
        terms_ = {&single_, 1};
    }
  }
  LinearView(const LinearView&) = delete;
  LinearView& operator=(const LinearView&) = delete;
  Terms terms() const { return terms_; }
  const Int& constant() const { return constant_; }

 private:
  PackedTerm single_;
  Int constant_;
  Terms terms_;
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
