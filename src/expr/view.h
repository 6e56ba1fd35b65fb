// Terms as they are shown: operators that the canonical form has no node for come back
// here.
//
// A View is one operator of the text: floor_mod, ceil_div, abs, the six comparisons, or,
// and sums and products in the order in which people read them. Views form a DAG of their
// own, written out by print.cc. Reading a view back gives the canonical term it was made
// of: each is built from operators whose canonical forms combine to that term again.
#ifndef CONGRUA_EXPR_VIEW_H_
#define CONGRUA_EXPR_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/int.h"
#include "congrua/text.h"
#include "expr/node.h"

namespace congrua::internal {

enum class ViewOp : uint8_t {
  kInt,
  kTrue,
  kFalse,
  kSymbol,
  kOpaque,  // leaves, but for the arguments of kOpaque
  kSum,
  kProduct,
  kFloorDiv,
  kFloorMod,
  kCeilDiv,
  kTruncDiv,  // rounded to 0, and what is left: made by the extractor alone
  kTruncMod,
  kMin,
  kMax,
  kAbs,
  kSelect,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAnd,
  kOr,
  kNot,
};

using ViewId = uint32_t;
inline constexpr ViewId kNoView = UINT32_MAX;

struct View {
  ViewOp op;
  uint32_t first = 0;  // of its items, in the array of its operator
  uint32_t count = 0;
  const Node* node = nullptr;  // kSymbol, kOpaque
};
struct SumItem {  // coef * body; kNoView: the constant coef
  Int coef;
  ViewId body;
};
struct ProductItem {  // base ** exponent
  ViewId base;
  uint32_t exponent;
};

// Operands come before the views that use them. Not all views need be reachable from the
// root.
struct ViewDag {
  std::vector<View> views;
  std::vector<SumItem> sums;
  std::vector<ProductItem> products;
  std::vector<ViewId> args;
  std::vector<Int> ints;  // of kInt, by View::first
  ViewId root = kNoView;

  std::span<const SumItem> sum(const View& v) const {
    return std::span(sums).subspan(v.first, v.count);
  }
  std::span<const ProductItem> product(const View& v) const {
    return std::span(products).subspan(v.first, v.count);
  }
  std::span<const ViewId> operands(const View& v) const {
    return std::span(args).subspan(v.first, v.count);
  }
};

enum class Language : uint8_t { kInfix, kSexpr };

// Cost: linear in the DAG of the term (remainders are looked for within a fixed budget
// for each sum).
ViewDag view_of(const Node* root, Language language, Division division);

// Views as text, shared ones named in a tree of more than max_tree operators. Views made
// for one language can be written in the other; s-expressions then have `abs`.
std::string print_view(const ViewDag& dag, Language language, size_t max_tree);

// Operators of the s-expression, counted on the tree; saturates. n operands of add, mul,
// min, max, and, or are n - 1 operators, every other list is one. Linear in the views.
uint64_t count_operations(const ViewDag& dag);

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_VIEW_H_
