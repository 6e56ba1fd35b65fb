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
// For code generation extract minimises what is computed instead, several expressions at
// once:
//
//   const Expr indices[] = {floor_div(x, 12), floor_mod(x, 12)};
//   Forms f = extract(facts, indices, {.cost = Cost::kWeightOnDag});
//   f.to_string() == "t0 = floor_div(x, 12); t0; x - 12*t0"
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
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/text.h"

namespace congrua {

class Form;
class Forms;

namespace internal {
struct ViewDag;
Form make_form(ViewDag dag);
Forms make_forms(ViewDag dag, std::vector<uint32_t> roots, uint64_t weight);
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
  // What the form costs to compute, about in cycles of latency of 64-bit integers on
  // current CPUs (A. Fog, "Instruction tables"); terms that occur several times are
  // computed once. Saturates at UINT64_MAX; linear in the form as a DAG.
  //
  //   20  division or remainder by a term
  //   10  remainder by another number than a power of 2 (quotient, product, difference)
  //    6  division by such a number (high word of a product, shift, corrections)
  //    3  multiplication, also by a number
  //    1  division, remainder, or multiplication by a power of 2; every other operator,
  //       n operands being n - 1 of them; the rounding of a ceil_div
  uint64_t weight() const;

 private:
  friend Form internal::make_form(internal::ViewDag dag);
  friend const internal::ViewDag& internal::dag_of(const Form& form);
  Form(std::shared_ptr<const internal::ViewDag> dag, uint64_t operations)
      : dag_(std::move(dag)), operations_(operations) {}
  std::shared_ptr<const internal::ViewDag> dag_;
  uint64_t operations_;
};

// Several expressions written so that they share what they compute.
class [[nodiscard]] Forms {
 public:
  // One text in both languages.
  struct Text {
    std::string infix, sexpr;
  };
  struct Temporary {
    std::string name;  // t0, t1 ..., or with underscores where a symbol is called so
    Text value;        // reads symbols and earlier temporaries
    // The value may divide by 0 where no result reads it: it has a divisor that is no
    // number, and is read only in branches of selections or parts of connectives. Then
    // compute it where it is read.
    bool conditional;
  };

  // How many expressions there are, and what computing all of them weighs; see
  // Form::weight.
  size_t size() const { return roots_.size(); }
  uint64_t weight() const { return weight_; }
  // Expression number i alone.
  Form form(size_t i) const;
  // The terms that are read more than once, in an order in which they can be computed;
  // and the expressions by them. Linear in the forms.
  struct Listing {
    std::vector<Temporary> temporaries;
    std::vector<Text> results;
  };
  Listing listing() const;
  // The listing on one line: "t0 = ...; t1 = ...; result; result".
  std::string to_string() const;

 private:
  friend Forms internal::make_forms(internal::ViewDag dag, std::vector<uint32_t> roots,
                                    uint64_t weight);
  Forms(std::shared_ptr<const internal::ViewDag> dag, std::vector<uint32_t> roots,
        uint64_t weight)
      : dag_(std::move(dag)), roots_(std::move(roots)), weight_(weight) {}
  std::shared_ptr<const internal::ViewDag> dag_;
  std::vector<uint32_t> roots_;
  uint64_t weight_;
};

struct SimplifyOptions {
  // Budget in deterministic units. Of it 10,000 are granted to any expression, and so
  // many for each node and operand of its DAG: a ladder of selections, each in the arms
  // of the next, has more to try than anyone can wait for.
  int64_t steps = 200'000;
  int64_t steps_per_node = 100;
  const std::atomic<bool>* cancel = nullptr;  // looked at while working
};
// The expression under the facts. A spent budget leaves it less simple, never wrong.
Expr simplify(Facts& facts, Expr e, const SimplifyOptions& options = {});

// What extract minimises.
enum class Cost : uint8_t {
  kOperationsOnTree,  // Form::operations, for who reads the form
  kWeightOnDag,       // Form::weight, for who computes it
};

struct ExtractOptions {
  // What floordiv and floormod of the form mean to who reads it.
  Division division = Division::kFloor;
  // Whether the reader knows truncdiv and truncmod, which round to 0 as C does.
  bool truncation = false;
  Cost cost = Cost::kOperationsOnTree;
};
// The form of e with the lowest cost that is found; by weight, one that is no heavier
// than the plain text of e nor than the form with the fewest operations. e is shown as it
// is given: simplify it first. Linear in e as a DAG; by weight it takes some ten times as
// long.
Form extract(Facts& facts, Expr e, const ExtractOptions& options = {});
// The shortest form of a term that was read (ParseOptions::spellings) under the facts: of
// what extract makes of the simplified term, and of the text's own way to write it, term
// by term. It has no more operators than the text, but for those that forms do not have
// (powers, modidx, bitwise ones). As written, parts may hold truncdiv and truncmod
// whatever `extraction` says. Counts operators on the tree. Cost: simplify and extract;
// where the text is shorter, once more for up to 64 of its parts.
Form simplest_form(Facts& facts, Expr e, const Spellings& spellings,
                   const ExtractOptions& extraction = {},
                   const SimplifyOptions& simplification = {});
// The forms of several expressions of one pool, by weight with what they share counted
// once: the indices of one loop nest. Together they are no heavier than the plain texts,
// nor than the forms with the fewest operations. Equal expressions and parts are shared
// under kOperationsOnTree as well. Linear in each expression as a DAG.
Forms extract(Facts& facts, std::span<const Expr> expressions,
              const ExtractOptions& options = {});

}  // namespace congrua

#endif  // CONGRUA_SIMPLIFY_H_
