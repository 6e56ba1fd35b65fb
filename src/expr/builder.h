// The constructor of canonical terms: one function per operator over nodes. Expr's
// operators are thin wrappers of these; other modules of the library use them directly.
#ifndef CONGRUA_EXPR_BUILDER_H_
#define CONGRUA_EXPR_BUILDER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/int.h"
#include "congrua/expr.h"
#include "expr/intern_table.h"
#include "expr/node.h"

namespace congrua::internal {

// A polynomial under construction: terms sorted by structural_less, coefficients not 0.
using TermList = absl::InlinedVector<Term, 8>;
struct Poly {
  Int constant;
  TermList terms;
  void clear() {
    constant = Int();
    terms.clear();
  }
};

//
// A builder may stand on a frozen one: it finds what is interned there and below, and
// interns the rest by itself, with ids that go on. A frozen builder is read by any number
// of threads: nothing is interned, and the terms of lazy sums that are read late go to an
// arena of their own under a lock. (What the intern table reads is the first arena, whose
// list of blocks no longer moves.)
class Builder {
 public:
  explicit Builder(ExprPool* pool);
  Builder(ExprPool* pool, Builder& frozen);
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  // The builder that owns a node.
  static Builder& of(const Node* n);
  static const Node* node(Expr e) { return e.node_; }
  static Expr expr(const Node* n) { return Expr(n); }
  static Builder& of(ExprPool& pool) { return *pool.builder_; }
  ExprPool& pool() const { return *pool_; }
  // Where operations on this node alone are built: its owner, or where that is frozen the
  // child that this thread uses (ExprPool::Use); the owner where there is none.
  static Builder& building(const Node* n) {
    Builder& b = of(n);
    return b.frozen() ? child_in_use(b) : b;
  }
  // The same for operations on both; null: they have no common child.
  static Builder* common(Builder& a, Builder& b);

  bool has_parent() const { return parent_ != nullptr; }
  // Whether the node is one of this builder or of its parents.
  bool holds(const Node* n) const {
    const Builder* owner = &of(n);
    const Builder* b = this;
    while (b != nullptr && b != owner) b = b->parent_;
    return b != nullptr;
  }
  bool frozen() const { return (mode_ & kFrozen) != 0; }
  void freeze();
  bool stands_on(const Builder& b) const;  // or is it
  // The first id that is not a parent's.
  uint32_t first_id() const { return first_id_; }

  // The term of another builder, here; null where a symbol is another one here.
  const Node* import(const Node* n);

  struct Mark {
    uint32_t count;  // of own nodes
    uint32_t unknowns;
    Arena::Mark arena;
    InternTable::Extent table;
    size_t big, log;
    uint64_t number;
  };
  uint64_t checkpoint();
  void rollback(uint64_t number);
  void keep(uint64_t number);
  // How often terms were taken back: what holds nodes compares it.
  uint64_t rollbacks() const { return rollbacks_; }

  // Leaves.
  const Node* constant(const Int& value);
  const Node* boolean(bool value) const { return value ? true_ : false_; }
  const Node* symbol(std::string_view name, const SymbolOptions& options);
  const Node* find_symbol(std::string_view name) const;
  const Node* opaque(std::string_view name, std::span<const Node* const> args, Sort sort);

  // Integers.
  const Node* add(const Node* a, const Node* b);
  const Node* sub(const Node* a, const Node* b);
  const Node* neg(const Node* a) { return scale(a, Int(-1)); }
  const Node* scale(const Node* a, const Int& c);
  const Node* add_const(const Node* a, const Int& c);
  const Node* mul(const Node* a, const Node* b);
  const Node* sum(std::span<const Node* const> terms);
  const Node* floor_div(const Node* a, const Node* b);
  const Node* floor_mod(const Node* a, const Node* b);
  bool cancel_common(const Node** a, const Node** b);  // of a fraction a/b
  const Node* ceil_div(const Node* a, const Node* b) { return neg(floor_div(neg(a), b)); }
  const Node* minmax(Op op, std::span<const Node* const> args);
  const Node* select(const Node* c, const Node* a, const Node* b);
  // The canonical node of sorted or unsorted terms; sorts, merges and consumes p.
  const Node* from_poly(Poly& p);
  // The monomial with these factors (sorted and merged here).
  const Node* monomial(std::vector<Factor>& factors);

  // Booleans.
  const Node* ge0(const Node* p);  // p >= 0
  const Node* eq0(const Node* p);  // p == 0
  const Node* ge(const Node* a, const Node* b) { return ge0(sub(a, b)); }
  const Node* eq(const Node* a, const Node* b);  // any one sort
  const Node* logical_not(const Node* a);
  const Node* conjunction(std::span<const Node* const> parts);
  const Node* disjunction(std::span<const Node* const> parts);
  const Node* iff(const Node* a, const Node* b);

  // The same operator over other arguments (arguments of applications and opaque terms,
  // monomials of sums, bases of products): for substitution and rewriting.
  const Node* rebuild(const Node* n, std::span<const Node* const> children);

  size_t num_nodes() const { return first_id_ + table_.count(); }  // parents' included
  size_t bytes() const;
  // Its own in order of construction. Sorts them: for tests and statistics.
  std::vector<const Node*> all_nodes() const;

  // Used by terms_of.
  void materialise(const LongSum* s);

 private:
  friend class congrua::ExprPool;
  static constexpr uint8_t kFrozen = 1;
  static constexpr uint8_t kLogged = 2;  // there is a checkpoint
  static Builder& child_in_use(Builder& frozen);
  size_t find_mark(uint64_t number) const;
  const Node* copy(const Node* n, absl::flat_hash_map<const Node*, const Node*>& copies);
  template <typename Same>
  const Node* find_below(uint64_t hash, Same&& same) const;

  static uint32_t fingerprint_of(uint64_t hash) {
    return static_cast<uint32_t>(hash >> 32);
  }
  const Node* node_at(uint32_t number) const {
    return static_cast<const Node*>(arena_.at(number));
  }
  // A zeroed T with payload behind it.
  template <typename T>
  T* make(size_t payload_bytes) {
    void* p = arena_.allocate(sizeof(T) + payload_bytes);
    std::memset(p, 0, sizeof(T));
    return static_cast<T*>(p);
  }
  // The same with room for operands, which are counted, and for more bytes.
  template <typename T, typename Operand>
  T* make_with(size_t count, Operand** operands, size_t more = 0);
  // Memory, and the integers in it that own heap cells.
  struct Store {
    Arena arena;
    std::vector<Int*> big;
    explicit Store(Builder* owner) : arena(owner) {}
    ~Store() {
      for (Int* i : big) i->~Int();
    }
  };
  static void store_constant(Int* to, const Int& value, std::vector<Int*>& big);
  void store_constant(Int* to, const Int& value) { store_constant(to, value, big_); }
  void pack(const Term& t, PackedTerm* to) { pack(t, to, arena_, big_); }
  static void pack(const Term& t, PackedTerm* to, Arena& arena, std::vector<Int*>& big) {
    if (PackedTerm::fits(t.coef)) {
      new (to) PackedTerm(t.coef, t.mono);
    } else {
      pack_boxed(t, to, arena, big);
    }
  }
  static void pack_boxed(const Term& t, PackedTerm* to, Arena& arena,
                         std::vector<Int*>& big);
  // Calls same(node) for interned nodes of this hash; inserts make() if none is the same.
  template <typename Same, typename Make>
  const Node* intern(uint64_t hash, Same&& same, Make&& make);
  const Node* intern_app(Op op, Sort sort, std::span<const Node* const> args);
  const Node* intern_sum(const Int& constant, std::span<const Term> terms);
  // `of_terms`: the hash of the terms.
  SumNode* make_sum(const Int& constant, std::span<const Term> terms, uint64_t of_terms);
  SumNode* make_long_sum(const Int& constant, std::span<const Term> terms);
  // The sum in recent_ at the place of these terms, if it has them.
  const SumNode* lender_of(uint32_t recent, std::span<const Term> terms) const;
  // Into the payload of n, with what n tells about them.
  void pack_terms(std::span<const Term> terms, PackedTerm* to, Node* n);
  // Signatures of up to 64 unknowns are exact.
  uint64_t next_symbol_bit() { return uint64_t{1} << (num_unknowns_++ % 64); }
  void start_long(LongSum* n, const Int& constant);
  // A node's number of terms, or a lower bound of it, without materialising.
  static uint32_t term_count(const Node* n);
  const Node* add_lazy(const Node* longer, const Node* shorter);
  const Node* add_scaled(const Node* a, const Node* b, const Int& cb);  // a + cb * b
  const Node* mul_monomials(const Node* a, const Node* b);
  const Node* freeze(const Node* sum, Int& content);
  const Node* mul_frozen(const Node* a, const Node* b);
  // n / g where the integer g divides the constant and every coefficient.
  const Node* divide_exact(const Node* n, const Int& g);
  const Node* floor_div_const(const Node* a, const Int& c);
  const Node* floor_div_symbolic(const Node* a, const Node* b);
  void flatten(const Node* n, Op op, std::vector<const Node*>& out);
  const Node* intern_floor_div(const Node* a, const Node* b);
  static bool term_pattern_equal(const Node* a, const Node* b);  // but for the constant
  bool divide_polynomial(const Node* a, const Node* b, const Node** quotient,
                         const Node** rest);

  ExprPool* pool_;
  Builder* parent_ = nullptr;
  uint32_t first_id_ = 0;
  uint32_t num_unknowns_ = 0;  // symbols and opaque terms, those of parents included
  uint8_t mode_ = 0;
  Arena arena_;
  InternTable table_;
  std::vector<Int*> big_;  // integers in the arena that own heap cells
  // The last sums that have terms of their own, by the hash of these; 0: none.
  static constexpr int kRecentBits = 6;
  std::array<uint32_t, size_t{1} << kRecentBits> recent_{};
  TermList scratch_;
  std::vector<Factor> factor_scratch_;
  std::mutex materialise_mutex_;
  // Terms of sums that were made before it froze or before a checkpoint, read after.
  std::unique_ptr<Store> late_;
  std::vector<Mark> marks_;
  std::vector<std::pair<uint32_t, uint32_t>> log_;  // fingerprints and numbers since
  uint64_t last_mark_ = 0;
  uint64_t rollbacks_ = 0;
  std::atomic<uint32_t> children_ = 0;
  const Node* true_ = nullptr;
  const Node* false_ = nullptr;
  const Node* zero_ = nullptr;
  const Node* one_ = nullptr;
  const Node* minus_one_ = nullptr;
};

template <typename T, typename Operand>
T* Builder::make_with(size_t count, Operand** operands, size_t more) {
  const bool many = count >= kManyOperands;
  T* n = make<T>((many ? 8 : 0) + count * sizeof(Operand) + more);
  auto* payload = reinterpret_cast<char*>(n + 1);
  n->short_size = kManyOperands;
  if (many) {
    new (payload) uint32_t(static_cast<uint32_t>(count));
    payload += 8;
  } else {
    n->short_size = static_cast<uint8_t>(count);
  }
  *operands = reinterpret_cast<Operand*>(payload);
  return n;
}

template <typename Same, typename Make>
const Node* Builder::intern(uint64_t hash, Same&& same, Make&& make_node) {
  if (parent_ != nullptr) [[unlikely]] {
    if (const Node* n = parent_->find_below(hash, same)) return n;
  }
  size_t place;
  const uint32_t found = table_.find(
      fingerprint_of(hash),
      [&](uint32_t number) {
        const Node* n = node_at(number);
        return n->hash == hash && same(n);
      },
      &place);
  if (found != 0) return node_at(found);
  if (mode_ != 0) [[unlikely]]
    CONGRUA_CHECK(!frozen(), "a frozen pool makes no terms: build in a child of it");
  Node* n = make_node();
  n->hash = hash;
  n->id = first_id_ + static_cast<uint32_t>(table_.count());
  // `same` may have materialised terms, which interns nothing: the place is still right.
  table_.insert(place, fingerprint_of(hash), Arena::ref_of(n));
  if (mode_ != 0) [[unlikely]]
    log_.emplace_back(fingerprint_of(hash), Arena::ref_of(n));
  return n;
}

template <typename Same>
const Node* Builder::find_below(uint64_t hash, Same&& same) const {
  for (const Builder* b = this; b != nullptr; b = b->parent_) {
    size_t place;
    const uint32_t found = b->table_.find(
        fingerprint_of(hash),
        [&](uint32_t number) {
          const Node* n = b->node_at(number);
          return n->hash == hash && same(n);
        },
        &place);
    if (found != 0) return b->node_at(found);
  }
  return nullptr;
}

// While one lives, terms of the parents that this thread joins are built in the child.
// Costs nothing for a pool without a parent.
class UseChild {
 public:
  explicit UseChild(Builder& b) {
    if (b.has_parent()) [[unlikely]]
      use_.emplace(b.pool());
  }

 private:
  std::optional<ExprPool::Use> use_;
};

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_BUILDER_H_
