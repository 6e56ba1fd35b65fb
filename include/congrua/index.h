// Index expressions of loop nests: the cheapest form under the ranges of loop variables,
// divisibility, strides, and loops that are one.
//
//   Facts facts(pool);
//   const LoopVariable loops[] = {{i, n}, {j, pool.constant(4)}};  // 0 <= i < n ...
//   simplify_index(facts, floor_div(4 * i + j, 4), loops) == i
//   merge_loops(facts, loops, {{4 * i + j}}).loops  // one: j, of size 4*n
//
// Answers hold where the facts hold, every loop variable is in its range, and every
// divisor of the question and of the facts is not 0 (docs/semantics.md). Sizes are at
// least 0; where one is 0 the nest runs at no point, and nothing is said of its indices.
//
// Ownership and thread safety: those of Facts. The facts are unchanged afterwards; sizes
// and variables are terms of their pool. A variable is an integer symbol (checked),
// listed once, that occurs in no size. Cost: some microseconds for polynomials, tens to
// hundreds where there are quotients; the terms that were tried stay in the pool.
#ifndef CONGRUA_INDEX_H_
#define CONGRUA_INDEX_H_

#include <optional>
#include <span>
#include <vector>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/simplify.h"

namespace congrua {

// 0 <= variable < size.
struct LoopVariable {
  Expr variable;
  Expr size;
};

// The canonical term that is simplest within the ranges of the loops. Variables that e
// does not hold cost nothing; a spent budget leaves the term less simple, never wrong.
Expr simplify_index(Facts& facts, Expr e, std::span<const LoopVariable> loops,
                    const SimplifyOptions& options = {});
// The same as it is shown, with the fewest operators that were found, where a quotient or
// remainder that reads a loop variable counts as three the first time: never more
// operators than e has as it stands. Sums that the index multiplies and divides by, and
// the sizes of the loops, are kept together where that is shorter.
Form index_form(Facts& facts, Expr e, std::span<const LoopVariable> loops,
                const SimplifyOptions& options = {});

// Is e a multiple of d at every point of the facts (kTrue), at none (kFalse), or is a
// point known where it is not (kOpen)? Integers; asked about the points where d is not 0.
Truth is_multiple_of(Facts& facts, Expr e, Expr d, const QuestionOptions& options = {});

// e = stride * variable + rest, where neither holds the variable: the stride (0 where e
// does not hold it). nullopt where e is not written so: an index that is affine only
// under facts is to be simplified first.
std::optional<Expr> stride_of(Expr e, Expr variable);

struct MergedLoops {
  // What is left, in the given order; variables keep their names.
  std::vector<LoopVariable> loops;
  // Of each given loop: does its variable live on?
  std::vector<bool> kept;
  // Of each given loop, the value of its variable in terms of those of `loops`.
  std::vector<Expr> values;
  // The given indices in terms of the variables of `loops`.
  std::vector<Expr> indices;
};
// Drops loops of size 1 and joins two loops, outer and inner, wherever all indices read
// them as inner + size(inner) * outer. Integers or propositions as indices. The nest
// of what is left visits the same points of the given one, each once, and gives the same
// indices there; an outer loop need not be the neighbour of its inner one, so the order
// in which points are visited may change. Quadratic in the number of loops.
MergedLoops merge_loops(Facts& facts, std::span<const LoopVariable> loops,
                        std::span<const Expr> indices,
                        const SimplifyOptions& options = {});

}  // namespace congrua

#endif  // CONGRUA_INDEX_H_
