// Simplification under facts, and the cheapest form to show or to compute.
//
//   Facts facts(pool);
//   Expr n = pool.symbol("n");
//   (void)facts.add(eq(floor_mod(n, 4), pool.constant(0)));
//   Expr e = simplify(facts, 4 * floor_div(n, 4));
//   extract(facts, e).to_string() == "n"
//
// simplify answers with a canonical node, so that two terms that simplify alike are one
// handle; extract answers with a Form, which has operators that canonical terms do not
// have (floor_mod, ceil_div, products of sums) and its own order.
//
// Both are right at the points of the facts where every divisor of the expression and of
// the facts is not 0 (docs/semantics.md). Facts that contradict each other allow
// anything.
//
// Ownership: a Form shares what it is made of and copies cheaply; the pool must outlive
// it. Thread safety: simplify and extract as Facts; a Form is immutable.
#ifndef CONGRUA_SIMPLIFY_H_
#define CONGRUA_SIMPLIFY_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/text.h"

namespace congrua {

class Form;

namespace internal {
struct ViewDag;
Form make_form(ViewDag dag);
const ViewDag& dag_of(const Form& form);
}  // namespace internal

// An expression as it is shown.
class [[nodiscard]] Form {
 public:
  // Operators, counted on the tree; saturates at UINT64_MAX. n operands of add, mul, min,
  // max, and, or are n - 1 operators, a power counts as the product written out, and
  // every other operator is one. What to_sexpr writes, as long as it names no shared
  // terms.
  uint64_t operations() const { return operations_; }
  // The text in either language, as text.h prints expressions; the divisions are
  // floor_div and its kin. Linear in the form as a DAG.
  std::string to_string(size_t max_tree = PrintOptions().max_tree) const;
  std::string to_sexpr(size_t max_tree = PrintOptions().max_tree) const;

 private:
  friend Form internal::make_form(internal::ViewDag dag);
  friend const internal::ViewDag& internal::dag_of(const Form& form);
  Form(std::shared_ptr<const internal::ViewDag> dag, uint64_t operations)
      : dag_(std::move(dag)), operations_(operations) {}
  std::shared_ptr<const internal::ViewDag> dag_;
  uint64_t operations_;
};

struct SimplifyOptions {
  int64_t steps = 200'000;                    // budget in deterministic units
  const std::atomic<bool>* cancel = nullptr;  // looked at while working
};
// The expression under the facts. A spent budget leaves it less simple, never wrong.
Expr simplify(Facts& facts, Expr e, const SimplifyOptions& options = {});

struct ExtractOptions {
  // What floordiv and floormod of the form mean to who reads it.
  Division division = Division::kFloor;
  // Whether the reader knows truncdiv and truncmod, which round to 0 as C does. The
  // readers of text.h do not.
  bool truncation = false;
};
// The form of e with the fewest operations that is found. e is shown as it is given:
// simplify it first.
Form extract(Facts& facts, Expr e, const ExtractOptions& options = {});

}  // namespace congrua

#endif  // CONGRUA_SIMPLIFY_H_
