// How views are made; see view.h.
#ifndef CONGRUA_EXPR_VIEW_BUILDER_H_
#define CONGRUA_EXPR_VIEW_BUILDER_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "expr/builder.h"
#include "expr/column.h"
#include "expr/view.h"

namespace congrua::internal {

// A sum as it will be written.
struct ShownFactor {
  const Node* key;  // for the reading order
  ViewId view;
  uint32_t exponent;
  bool remainder;  // key is the quotient of this floor_mod
};
struct ShownTerm {
  Int coef;
  std::vector<ShownFactor> factors;
};
struct ShownSum {
  Int constant;
  std::vector<ShownTerm> terms;  // in reading order
};

// How freely a sum may be rewritten.
enum class Freedom : uint8_t {
  kValue,       // a value of its own
  kComparison,  // its constant will be moved to the other side
  kNumerator,   // made while another sum is: rewrites nothing that was not shown before
};

class ViewBuilder {
 public:
  ViewBuilder(Language language, Division division)
      : language_(language), division_(division) {}
  ViewDag build(const Node* root);

  // ---- For SumShape. Atoms below were shown before.
  ViewId integer(Int value);
  ViewId node_view(ViewOp op, std::span<const ViewId> args, const Node* node = nullptr);
  ViewId atom_view(const Node* n) const { return *atoms_.find(n); }
  ViewId value_view(const Node* n) const { return *values_.find(n); }
  // floor_mod of the operands of the kFloorDiv n.
  ViewId remainder_view(const Node* n);
  // floor_mod(c - 1 - p, c) for the kFloorDiv n = floor_div(p, c): it is c - 1 - p + c *
  // n. kNoView where c is no positive constant or p is long.
  ViewId mirrored_remainder_view(const Node* n) const {
    const ViewId* v = mirrored_.find(n);
    return v == nullptr ? kNoView : *v;
  }
  ViewId numerator_view(const Poly& p);
  // The operands of kMin and kMax as people read them; those of others as they stand.
  static std::vector<const Node*> reading_order(const Node* n);
  // True where the text's floordiv and floormod by this divisor round to minus infinity.
  bool rounds_down(const Node* divisor) const;

 private:
  // A value, or a boolean or its negation, that is to be shown.
  struct Task {
    const Node* node;
    bool negated;
    bool opened;
  };
  bool is_shown(const Task& t) const;
  void push_operands(const Task& t);
  void push_atoms(const Node* n);
  void push(const Node* n, bool negated = false);
  void show(const Task& t);

  void show_integer(const Node* n);
  ViewId show_atom(const Node* n);
  ViewId show_quotient(const Node* n);
  ViewId show_extremum(const Node* n);
  ViewId show_boolean(const Node* n, bool negated);
  ViewId show_connective(const Node* n, bool negated);
  ViewId show_order(const Node* p, bool negated);
  ViewId show_equality(const Node* p, bool negated);
  ViewId operand(const Node* n, bool negated = false) const;

  ShownSum shown(const Poly& p, Freedom freedom);
  ViewId sum_view(ShownSum& s);
  ViewId product_view(const ShownTerm& t);
  ViewId power_view(ViewId base, uint64_t exponent);
  ViewId product_of(std::span<const ProductItem> items);

  static size_t term_count(const Node* n) { return LinearView(n).terms().size(); }

  const Language language_;
  const Division division_;
  ViewDag dag_;
  NodeColumn<ViewId> values_;      // integers as values, booleans
  NodeColumn<ViewId> negations_;   // of booleans
  NodeColumn<ViewId> atoms_;       // integers as factors
  NodeColumn<ViewId> mirrored_;    // the same, by mirrored_remainder_view
  NodeColumn<ViewId> remainders_;  // of kFloorDiv nodes
  std::vector<Task> tasks_;
};

// Sorts the terms and their factors.
void sort_for_reading(ShownSum& s);

// p in reading order, rewritten by remainders and by quotients whose operands have
// smaller coefficients.
ShownSum shape_sum(ViewBuilder& views, const Poly& p, Freedom freedom);

Poly mirrored_dividend(const Node* quotient);

// n as constant and terms, copied.
Poly poly_of(const Node* n);

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_VIEW_BUILDER_H_
