// Memory layouts of strided tensors: which strides make a tensor contiguous,
// channels-last, dense, as ordinary propositions over sizes and strides. Nothing in them
// is opaque: they are simplified, proved and guarded on as everything else.
//
//   const Layout pixels{sizes, channels_last_strides(pool, sizes)};  // sizes b c h w
//   env.simplify(is_channels_last(pool, pixels))  // true
//   env.is_known(is_contiguous(pool, pixels))     // kFalse, where all sizes are >= 2
//   is_contiguous(pool, {{{n}}, {{t}}})           // n == 0 or n == 1 or t == 1
//
// Element (i0, i1 ...) lies at offset + i0 * strides[0] + i1 * strides[1] + ..., counted
// in elements. The predicates are those that PyTorch computes of numbers
// (c10/core/TensorImpl.cpp, c10/core/MemoryFormat.h); sizes are meant to be at least 0.
//
// A layout has as many strides as sizes, all integers of the pool (checked). Cost: linear
// in the number of dimensions, quadratic for is_non_overlapping_and_dense.
#ifndef CONGRUA_LAYOUT_H_
#define CONGRUA_LAYOUT_H_

#include <span>
#include <vector>

#include "congrua/expr.h"

namespace congrua {

struct Layout {
  std::vector<Expr> sizes;
  std::vector<Expr> strides;
};

// Strides without gaps where dimensions lie from the outermost to the innermost as
// `order` lists them (a permutation of the dimensions, checked). A size of 0 counts as 1.
std::vector<Expr> dense_strides(ExprPool& pool, std::span<const Expr> sizes,
                                std::span<const int> order);
// The same in the order of the dimensions: row-major.
std::vector<Expr> contiguous_strides(ExprPool& pool, std::span<const Expr> sizes);
// Of 4 dimensions N C H W or 5, N C D H W (checked): channels innermost.
std::vector<Expr> channels_last_strides(ExprPool& pool, std::span<const Expr> sizes);

// No elements, or row-major without gaps. The stride of a size 1 does not matter.
Expr is_contiguous(ExprPool& pool, const Layout& layout);
// N H W C or N D H W C without gaps; false for other numbers of dimensions. The stride of
// a size 1 does not matter.
Expr is_channels_last(ExprPool& pool, const Layout& layout);
// Strides that are ordered as those of channels-last, gaps allowed: what the format of a
// result is taken from. False where a size is 0, and where the strides fit the default
// format as well (C H W all 1).
Expr has_channels_last_strides(ExprPool& pool, const Layout& layout);
// Some order of the dimensions leaves no gaps and no overlaps. Sizes of 0 and 1, with
// their strides, do not matter. At most 64 dimensions (checked).
Expr is_non_overlapping_and_dense(ExprPool& pool, const Layout& layout);

// Elements that a storage needs up to the last one that is addressed; 0 where there is
// none. Strides are meant to be at least 0.
Expr storage_size(ExprPool& pool, const Layout& layout, Expr offset);

}  // namespace congrua

#endif  // CONGRUA_LAYOUT_H_
