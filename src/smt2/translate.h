// Terms as canonical expressions, under the asserts in scope.
//
// div and mod are SMT-LIB's. By a constant they are floor divisions at once. By a
// symbolic divisor they are where the asserts in scope give the divisor a sign (or
// exclude 0); elsewhere they are opaque terms div(a, b), mod(a, b) of which the
// standard's axiom for b != 0 is told:
//   b > 0 => 0 <= a - b*q < b,   b < 0 => 0 <= a - b*q < -b,   b != 0 => r = a - b*q
// It is told without a division, so that the point b = 0 stays in the question. When the
// sign becomes known later, the opaque term is equated with the floor division. Each sign
// that a translation relies on is told as well: it follows from the asserts, and their
// translations need no longer imply it.
//
// A Real is a quotient of integer expressions with a positive denominator; rounding it is
// a floor division, comparing two is comparing cross products. What is truly real (a Real
// constant, a quotient by what may be 0) has no translation: the proposition around it is
// an opaque one, so that the translation says less than the original. Unsatisfiability
// carries over, a model must be checked against the original.
#ifndef CONGRUA_SMT2_TRANSLATE_H_
#define CONGRUA_SMT2_TRANSLATE_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "congrua/guard.h"
#include "guard/solve.h"
#include "smt2/env.h"
#include "smt2/model.h"
#include "smt2/signs.h"

namespace congrua::smt2 {

class Translation {
 public:
  // With `facts`, those hold the asserts in scope (the caller adds and scopes them) and
  // are asked for signs; without, facts of the translation's own are made when they are
  // first needed.
  Translation(const Env& env, ExprPool& pool, Facts* facts = nullptr);
  Translation(const Translation&) = delete;
  Translation& operator=(const Translation&) = delete;

  // The canonical form of a term of sort Bool or Int without parameters.
  Expr expr(TermId term);
  // The same, and from now on it holds. Side facts may become due.
  Expr assume(TermId term);
  // All of them at once: what one says about a divisor is used for the others. Aligned
  // with terms.
  std::vector<Expr> assume_all(std::span<const TermId> terms);
  // Constraints that go with what was translated since the last call; they belong to the
  // current scope.
  std::vector<Expr> take_side_facts();

  void push();
  void pop();

  // Some translated term said less than its original.
  bool approximate() const { return approximate_; }
  // Some translation relied on what the asserts in scope say about a divisor.
  bool relied_on_scope() const { return relied_on_scope_; }

  // The values of a native model, by the constants and applications they belong to.
  Model model(const guard::Model& values) const;

  ExprPool& pool() { return pool_; }

 private:
  // A translated term. Real terms are num / den with den > 0.
  struct Memo {
    const Node* num = nullptr;  // null: a Real without translation
    const Node* den = nullptr;  // null: 1
    bool done = false;
    bool opened = false;      // its arguments were asked for
    bool unresolved = false;  // rests on an opaque division
  };
  // A division whose divisor may be 0.
  struct Free {
    const Node* a;
    const Node* b;
    const Node* quotient;
    const Node* remainder;
    bool used = false;    // by a translation that was handed out
    bool told = false;    // the axiom is
    bool linked = false;  // the floor division is
  };
  struct Undo {
    enum class Kind : uint8_t { kMemo, kTold, kFreeUsed, kFreeTold, kFreeLinked } kind;
    uint32_t index;
    const Node* node;
  };

  // translate.cc
  const Node* translate(TermId root);
  void step(TermId t);
  bool ask(std::initializer_list<TermId> terms);
  void finish(TermId t, Memo memo, std::initializer_list<TermId> used);
  void step_select(TermId t);
  Memo apply(TermId t);
  Memo constant(TermId t);
  Memo application(TermId t);
  Memo opaque_of(TermId t);
  Memo comparison(TermId t);
  Memo connective(TermId t);
  const Node* equal(Memo x, Memo y);
  Memo distinct(TermId t);
  const Memo& of(TermId t) const { return memo_[t]; }
  const Node* node(TermId t) const { return memo_[t].num; }
  void forget_unresolved();
  void learn(const Node* fact);
  void tell(const Node* fact);
  void settle();

  // translate_div.cc
  Memo division(TermId t);
  struct PythonDivision {
    TermId sign_of, a, b, minus_a, minus_b;
    bool remainder;
  };
  std::optional<PythonDivision> python_division(TermId t) const;
  struct Ceiling {
    TermId a, b;  // of integers; b is kNoTerm for the Real a
  };
  std::optional<Ceiling> ceiling(TermId t) const;
  const Node* euclid_quotient(const Node* a, const Node* b, unsigned signs);
  unsigned signs(const Node* b);
  unsigned relied_signs(const Node* b);
  unsigned deep_signs(const Node* b, unsigned mask);
  uint32_t free_division(const Node* a, const Node* b);
  void tell_axiom(const Free& f);
  void link(const Free& f, unsigned signs);

  // translate_real.cc
  Memo arithmetic(TermId t);
  Memo product(const Memo& x, const Memo& y);
  Memo ratio(const Memo& x, const Memo& y);
  Memo power(TermId t);
  const Node* square_root(const Node* n);
  Memo real(const Node* num, const Node* den);
  const Node* den(const Memo& m) const { return m.den == nullptr ? one_ : m.den; }
  void to_common(Memo* x, Memo* y);

  const Env& env_;
  ExprPool& pool_;
  internal::Builder& builder_;
  Signs signs_;

  // Facts for what bounds do not tell. Those of our own hold learned_[0 .. given_).
  Facts* const facts_;
  std::unique_ptr<Facts> own_facts_;
  std::vector<const Node*> learned_;
  std::vector<size_t> learned_marks_;  // by scope
  size_t given_ = 0;
  size_t given_scopes_ = 0;
  uint64_t knowledge_ = 0;  // counts changes of what is known
  bool deep_ = true;        // ask facts at all

  std::vector<Memo> memo_;  // by term
  std::vector<TermId> stack_;
  std::vector<TermId> unresolved_;  // memos to drop when more is known
  uint64_t unresolved_at_ = 0;      // knowledge_ when they were made
  std::vector<Free> free_;
  absl::flat_hash_map<std::pair<const Node*, const Node*>, uint32_t> free_index_;
  bool trying_ = false;  // what is translated will be translated again
  struct Asked {
    unsigned mask;
    uint64_t knowledge;
    bool deep;
  };
  absl::flat_hash_map<const Node*, Asked> asked_;
  absl::flat_hash_set<const Node*> told_;
  std::vector<Expr> side_;
  std::vector<Undo> trail_;
  std::vector<size_t> scopes_;
  bool approximate_ = false;
  bool relied_on_scope_ = false;

  // The symbol or opaque term that stands for a constant, an application, a free
  // division.
  absl::flat_hash_map<TermId, const Node*> origin_;
  const Node* zero_;
  const Node* one_;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_TRANSLATE_H_
