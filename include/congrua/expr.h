// Symbolic integer and boolean expressions.
//
// An Expr is a handle to an immutable node of a hash-consed DAG owned by an ExprPool.
// Building is canonicalizing: within one pool two handles are equal exactly when they are
// the same canonical term, so == and hashing cost one pointer operation and never walk
// the term. Equal handles imply equal values under every assignment that makes no divisor
// zero; unequal handles imply nothing (ask guard.h).
//
//   ExprPool pool;
//   Expr s0 = pool.symbol("s0", {.range = {.lo = 2}, .hint = 8});
//   Expr n = floor_div(2 * s0 + 4, 2);  // to_string(n) == "s0 + 2"
//
// Values are unbounded integers; docs/semantics.md defines every operator. The canonical
// form is context-free: it reads constants and birth ranges, never facts.
//
// Ownership: handles are trivially copyable and live as long as their pool. Operands of
// one operation must come from one pool or from its parents. Thread safety: a pool is
// confined to one thread at a time; const methods of Expr are safe from any thread while
// no other thread builds in the pool. A frozen pool may be read by any number of threads,
// each of which may build children on top of it (ExprPool::freeze). Cost: an operation is
// linear in the terms of its operands (a long running sum is kept as difference to its
// predecessor and costs O(1)); a product expands only within a fixed budget.
#ifndef CONGRUA_EXPR_H_
#define CONGRUA_EXPR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace congrua {

class ExprPool;

namespace internal {
struct Node;
class Builder;
}  // namespace internal

// kReal terms are uninterpreted: nothing but congruence (equal arguments, equal values)
// is known of them.
enum class Sort : uint8_t { kInt, kBool, kReal };

// The operators of canonical terms. Subtraction, negation, floor_mod, ceil_div, abs, the
// other comparisons and `or` are views of these; text.h prints them back.
enum class Op : uint8_t {
  kConst,   // an integer, true or false
  kSymbol,  // a named unknown
  kAdd,     // constant() + sum of coefficient(i) * arg(i); arg(i) is no sum, no constant
  kMul,     // product of at least two factors; a power repeats its base
  kFloorDiv,  // arg(0) / arg(1), rounded to minus infinity
  kMin,       // least of at least two arguments
  kMax,       // greatest of at least two arguments
  kSelect,    // arg(1) where arg(0) holds, else arg(2)
  kGe,        // arg(0) >= 0
  kEq,        // arg(0) == 0
  kNot,       // negation of a boolean that is no kGe
  kAnd,     // conjunction of at least two booleans; `or` is the negation of a conjunction
  kIff,     // arg(0) == arg(1), booleans
  kOpaque,  // the host's function name() of its arguments, known by congruence only
};

// Inclusive; an absent end is unbounded.
struct Range {
  std::optional<int64_t> lo = std::nullopt;
  std::optional<int64_t> hi = std::nullopt;
  friend bool operator==(const Range&, const Range&) = default;
};

struct SymbolOptions {
  Sort sort = Sort::kInt;
  Range range = {};  // at birth; part of the symbol, immutable
  std::optional<int64_t> hint =
      std::nullopt;  // an example value; never read by a decision
};

class [[nodiscard]] Expr {
 public:
  Op op() const;
  Sort sort() const;
  bool is_bool() const { return sort() == Sort::kBool; }
  bool is_int() const { return sort() == Sort::kInt; }

  // The value, if this is an integer constant that fits; booleans answer is_true and
  // is_false.
  std::optional<int64_t> as_const() const;
  bool is_const() const { return op() == Op::kConst; }
  bool is_true() const;
  bool is_false() const;

  // Name of a kSymbol or kOpaque; empty for others.
  std::string_view name() const;
  // Birth range of a kSymbol; unbounded for others.
  Range range() const;
  std::optional<int64_t> hint() const;

  // Operands: terms of a kAdd (see coefficient), factors of a kMul (a power repeats its
  // base).
  size_t num_args() const;
  Expr arg(size_t i) const;
  // kAdd: multiplier of arg(i), and the constant term. nullopt where an int64 does not
  // hold it; text.h prints it exactly.
  std::optional<int64_t> coefficient(size_t i) const;
  std::optional<int64_t> constant_term() const;

  // A fingerprint of the structure: the same in every process, whatever the order of
  // construction.
  uint64_t hash() const;
  // Where operations on this handle are built: its pool, or the child of it that is in
  // use where that is frozen.
  ExprPool& pool() const;

  friend bool operator==(Expr a, Expr b) { return a.node_ == b.node_; }
  template <typename H>
  friend H AbslHashValue(H h, Expr e) {
    return H::combine(std::move(h), e.node_);
  }

 private:
  friend class ExprPool;
  friend class internal::Builder;
  explicit Expr(const internal::Node* node) : node_(node) {}
  const internal::Node* node_;  // never null, owned by the pool
};

class ExprPool {
 public:
  ExprPool();
  ~ExprPool();
  ExprPool(const ExprPool&) = delete;
  ExprPool& operator=(const ExprPool&) = delete;

  // The symbol of that name, made at its first use. Asking again with another sort or
  // range is a program error (checked); options of a second call are otherwise ignored.
  Expr symbol(std::string_view name, const SymbolOptions& options = {});
  std::optional<Expr> find_symbol(std::string_view name) const;

  Expr constant(int64_t value);
  // Decimal digits of any length with an optional leading '-'; nullopt for other text.
  std::optional<Expr> integer(std::string_view digits);
  Expr boolean(bool value);

  // A term of which nothing but congruence is assumed: equal name, sort and arguments are
  // one node. Arguments may be of any sort.
  Expr opaque(std::string_view name, std::span<const Expr> args, Sort sort = Sort::kInt);

  // n-ary forms; the empty sum is 0, the empty product 1, the empty conjunction true.
  Expr sum(std::span<const Expr> terms);
  Expr product(std::span<const Expr> factors);
  Expr conjunction(std::span<const Expr> parts);
  Expr disjunction(std::span<const Expr> parts);
  Expr minimum(std::span<const Expr> args);  // not empty
  Expr maximum(std::span<const Expr> args);  // not empty

  // ---- Children. From freeze() on a pool makes no terms (checked), and any number of
  // threads may read it and build a child each:
  //
  //   pool.freeze();
  //   ExprPool child(ExprPool::ChildOf{pool});      // < 1 us, copies nothing
  //   Expr e = s + child.constant(1);               // s of the pool, e of the child
  //   const ExprPool::Use use(child);
  //   Expr twice = s + s;                           // both operands are of the pool
  //
  // What the parent has is found there: equal terms are one handle in both. A child may
  // be frozen and have children; each level costs building one more look-up. The parent
  // outlives its children (checked).
  void freeze();
  bool frozen() const;
  struct ChildOf {
    const ExprPool& parent;
  };
  explicit ExprPool(ChildOf of);

  // While one lives, operations of this thread whose operands are all of frozen parents
  // of the pool build there. Properly nested.
  class [[nodiscard]] Use {
   public:
    explicit Use(ExprPool& pool);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    internal::Builder* before_;
  };

  // The term of another pool, built here; handles of this pool and its parents are
  // returned as they are. Nobody may build in the other pool meanwhile. nullopt where a
  // symbol of its name has another sort or birth range here. Linear in the DAG.
  std::optional<Expr> import(Expr e);

  // ---- Taking back. rollback gives back the memory of all terms made since the
  // checkpoint, which ends with those after it. Handles of such terms dangle; Facts and
  // environments that were there at the checkpoint may not be asked any more (checked).
  // Not while there are children. Cost: linear in the terms made since; while there is a
  // checkpoint a new term takes eight bytes more.
  class Checkpoint {
    friend class ExprPool;
    explicit Checkpoint(uint64_t number) : number_(number) {}
    uint64_t number_;
  };
  Checkpoint checkpoint();
  void rollback(Checkpoint to);
  void keep(Checkpoint from);  // ends it and those after it; what was made stays

  size_t num_nodes() const;  // parents' included
  size_t bytes() const;      // held by its own nodes and intern table

 private:
  friend class Expr;
  friend class internal::Builder;
  std::vector<const internal::Node*> operands(std::span<const Expr> list,
                                              bool bools) const;
  std::unique_ptr<internal::Builder> builder_;
};

Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator-(Expr a);
Expr operator+(Expr a, int64_t b);
Expr operator+(int64_t a, Expr b);
Expr operator-(Expr a, int64_t b);
Expr operator-(int64_t a, Expr b);
Expr operator*(Expr a, int64_t b);
Expr operator*(int64_t a, Expr b);

// `/` and `%` are not overloaded, since a C++ reader takes them for truncation. A divisor
// that is the constant 0 leaves a term that has no value at any point (see
// docs/semantics.md).
Expr floor_div(Expr a, Expr b);
Expr floor_div(Expr a, int64_t b);
Expr floor_mod(Expr a, Expr b);  // a - b * floor_div(a, b): the divisor's sign
Expr floor_mod(Expr a, int64_t b);
Expr ceil_div(Expr a, Expr b);  // -floor_div(-a, b)
Expr ceil_div(Expr a, int64_t b);
Expr min(Expr a, Expr b);
Expr max(Expr a, Expr b);
Expr abs(Expr a);
// Both branches integers or both booleans.
Expr select(Expr condition, Expr then, Expr otherwise);

// Propositions. eq and ne take two terms of one sort.
Expr eq(Expr a, Expr b);
Expr ne(Expr a, Expr b);
Expr lt(Expr a, Expr b);
Expr le(Expr a, Expr b);
Expr gt(Expr a, Expr b);
Expr ge(Expr a, Expr b);
Expr operator!(Expr a);
Expr operator&&(Expr a,
                Expr b) = delete;  // C++ would not short-circuit: write logical_and
Expr logical_and(Expr a, Expr b);
Expr logical_or(Expr a, Expr b);
Expr logical_xor(Expr a, Expr b);
Expr implies(Expr a, Expr b);

}  // namespace congrua

template <>
struct std::hash<congrua::Expr> {
  size_t operator()(congrua::Expr e) const noexcept {
    return static_cast<size_t>(e.hash());
  }
};

#endif  // CONGRUA_EXPR_H_
