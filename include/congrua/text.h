// Expressions as text, in and out.
//
// Infix, for people:         "floor_div(2*s0 + 4, 2) >= s1 + 1"
// S-expressions, for tools:  "(ge (floordiv (add (mul 2 s0) 4) 2) (add s1 1))"
//
// Printing is deterministic: it depends on the term alone. parse(print(e)) == e in either
// language. Both printers give shared subterms names where the tree would be large (see
// PrintOptions), so a DAG of 2^1000 paths prints in linear size; parse_sexpr reads such
// text back.
//
// Errors: kInvalidArgument with line and column, e.g. "1:14: floordiv takes 2 arguments,
// 3 given". Cost: linear in the text and in the DAG; no recursion. Thread safety: that of
// the pool.
#ifndef CONGRUA_TEXT_H_
#define CONGRUA_TEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "congrua/expr.h"

namespace congrua {

enum class Division {
  kFloor,   // floordiv and floormod round to minus infinity
  kEuclid,  // remainder in [0, |divisor|), total: x / 0 == 0 and x mod 0 == 0
};

namespace internal {
class SpellingTable;
}

// How texts wrote the terms that they hold. Canonical terms are sums of quotients where
// the text has a remainder, a truncated quotient or a product of sums; simplest_form
// (simplify.h) goes back to the text where that is shorter. Must not outlive the pool,
// nor a rollback of what was read. Thread safety: that of a container.
class Spellings {
 public:
  Spellings();
  Spellings(Spellings&&) noexcept;
  Spellings& operator=(Spellings&&) noexcept;
  ~Spellings();
  // Does a text write truncdiv or truncmod?
  bool has_truncation() const;

 private:
  friend class internal::SpellingTable;
  std::unique_ptr<internal::SpellingTable> table_;
};

struct ParseOptions {
  Division division = Division::kFloor;
  // Unknown names become integer symbols; else they are errors.
  bool declare_symbols = true;
  // Where the reader notes what it reads; nothing where divisions are Euclidean.
  Spellings* spellings = nullptr;
};

struct PrintOptions {
  Division division = Division::kFloor;
  // A tree of more operators than this is printed with shared subterms bound by name:
  // "(let ((t0 ...) (t1 ...)) ...)" in s-expressions, "t0 = ...; t1 = ...; ..." in infix.
  size_t max_tree = 10'000;
};

std::string to_string(Expr e, const PrintOptions& options = {});  // infix
std::string to_sexpr(Expr e, const PrintOptions& options = {});

absl::StatusOr<Expr> parse_infix(ExprPool& pool, std::string_view text,
                                 const ParseOptions& options = {});
absl::StatusOr<Expr> parse_sexpr(ExprPool& pool, std::string_view text,
                                 const ParseOptions& options = {});

}  // namespace congrua

#endif  // CONGRUA_TEXT_H_
