// Constraints as a flat program: cells, each a variable, a constant or an operator over
// earlier cells.
//
// Compiled once per node and never removed. Beyond a translation, compilation undoes what
// the normal form does to intervals: p - c*floor_div(p, c) becomes one kMod cell, and an
// expanded polynomial is factored again ((x + 1)*(y + 1) instead of x*y + x + y + 1), so
// that a symbol occurs in fewer places of one constraint.
#ifndef CONGRUA_GUARD_SEARCH_PROGRAM_H_
#define CONGRUA_GUARD_SEARCH_PROGRAM_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "base/int.h"
#include "expr/column.h"
#include "expr/factorize.h"
#include "expr/node.h"

namespace congrua::guard::search {

using internal::Node;
using CellId = uint32_t;
using SlotId = uint32_t;  // one operand position of one cell
inline constexpr uint32_t kNone = UINT32_MAX;

enum class Kind : uint8_t {
  kConst,
  kVar,      // a symbol or an opaque term
  kSum,      // constant + sum of weight(i) * arg(i)
  kProduct,  // product of arg(i)^weight(i)
  kDiv,      // floor(arg 0 / arg 1)
  kMod,      // arg(0) - arg(1) * arg(2), where arg(2) = floor(arg 0 / arg 1)
  kMin,
  kMax,
  kSelect,
  kGe,  // arg(0) >= 0
  kEq,  // arg(0) == 0
  kNot,
  kAnd,
  kIff,
};

struct Cell {
  Kind kind;
  bool boolean;
  // Some constant does not fit: the cell is not propagated, only checked in the final
  // model.
  bool opaque;
  uint32_t n;  // operands
  SlotId first;
  int64_t constant;  // kConst, kSum
  const Node* node;  // kVar
};

// Exponents above 2^20 are all the same to an int64 column, but for their parity.
inline uint32_t tame(uint64_t exponent) {
  constexpr uint64_t kTop = uint64_t{1} << 20;
  return static_cast<uint32_t>(exponent <= kTop ? exponent : kTop + exponent % 2);
}

class Program {
 public:
  Program();

  // The cell of an integer node or a proposition.
  CellId compile(const Node* n);

  const Cell& cell(CellId c) const { return cells_[c]; }
  size_t size() const { return cells_.size(); }
  size_t num_slots() const { return args_.size(); }
  std::span<const CellId> args(CellId c) const {
    return {args_.data() + cells_[c].first, cells_[c].n};
  }
  std::span<const int64_t> weights(CellId c) const {
    return {weights_.data() + cells_[c].first, cells_[c].n};
  }
  CellId owner(SlotId s) const { return owner_[s]; }

 private:
  using Factors = absl::InlinedVector<std::pair<CellId, uint32_t>, 4>;
  using Summands = absl::InlinedVector<std::pair<int64_t, CellId>, 8>;
  struct Monomial {
    int64_t coef;
    Factors factors;  // ascending by cell
  };
  struct Poly {
    std::vector<Monomial> terms;
    int64_t constant = 0;
    bool opaque = false;
    void add(Monomial m);
  };

  const internal::Factorization* factored(const Node* sum);
  bool push_operands(const Node* n);
  const Node* for_each_step(const Node* sum,
                            absl::FunctionRef<void(const Node*)> visit) const;
  CellId build(const Node* n);
  CellId build_sum(const Node* n);
  CellId build_app(const Node* n);
  Poly to_poly(internal::Terms terms, const Int& constant);
  bool take_mod(std::vector<internal::Term>& terms, Int& constant, Monomial* mod);
  CellId poly_cell(Poly p, int depth);
  bool extract(Poly& p, int depth, Summands& sum);
  CellId product_cell(Factors factors);
  CellId sum_cell(Summands terms, int64_t constant, bool opaque);
  CellId constant_cell(int64_t v);
  CellId variable_cell(const Node* n);
  // The cell with this content; one cell per content, but for variables.
  CellId intern(Kind kind, bool boolean, bool opaque, std::span<const CellId> args,
                std::span<const int64_t> weights, int64_t constant);
  void grow_table();

  std::vector<Cell> cells_;
  std::vector<CellId> args_;
  std::vector<int64_t> weights_;
  std::vector<CellId> owner_;
  std::vector<uint32_t> table_;   // open addressing: cell + 1
  std::vector<uint32_t> hashes_;  // by cell
  internal::NodeColumn<CellId> by_node_;
  std::vector<const Node*> stack_;
  absl::flat_hash_map<const Node*, internal::Factorization> factored_;
};

}  // namespace congrua::guard::search

#endif  // CONGRUA_GUARD_SEARCH_PROGRAM_H_
