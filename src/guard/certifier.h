// The search for a certificate; see certify.h.
//
// Every row is made by a step that the checker accepted, and is named by the number of
// that step; polynomials are the checker's. A State is what is known in one case: it
// holds numbers of rows only, so that a case begins with a copy.
//
// Functions that return bool for a State return true when they closed its case; else the
// case is still open and the state is as strong as before.
#ifndef CONGRUA_GUARD_CERTIFIER_H_
#define CONGRUA_GUARD_CERTIFIER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/budget.h"
#include "expr/builder.h"
#include "guard/certify.h"
#include "guard/farkas.h"
#include "proof/checker.h"

namespace congrua::guard {

using RowId = uint32_t;
inline constexpr RowId kNoRow = UINT32_MAX;

struct CertifyState {
  std::vector<RowId> pending;  // not yet looked at
  std::vector<RowId> ge, eq, ne, truth;
  std::vector<RowId> settled;  // of all these, as they were before they were reduced
  // What is replaced by the p = 0 beside it, p = c*(lead - rest), c = 1 or -1: an atom
  // that is not in the rest, or a product that is its greatest monomial.
  std::vector<std::pair<proof::Monomial, RowId>> solved;
  struct Bounds {
    RowId lo = kNoRow, hi = kNoRow;  // rows c*mono + constant >= 0, c = 1 or -1
    int improved = 0;
  };
  std::map<proof::Monomial, Bounds> bounds;
  std::set<Expr, bool (*)(Expr, Expr)> defined{
      [](Expr a, Expr b) { return a.hash() < b.hash(); }};
  size_t degree = 0;               // of products: that of the rows before the first
  std::vector<Expr> quotients;     // the sign of the divisor is not known
  std::vector<Expr> choices;       // select, min, max: not decided
  std::vector<Expr> applications;  // for congruence
};

class Certifier {
 public:
  Certifier(ExprPool& pool, std::span<const Expr> facts, Expr goal, Budget& budget)
      : builder_(internal::Builder::of(pool)),
        facts_(facts),
        goal_(goal),
        budget_(budget),
        checker_(facts, goal) {}

  std::optional<Certificate> run(std::span<const FactId> use);

 private:
  using Poly = proof::Poly;
  using Row = proof::Row;
  using State = CertifyState;
  using Summands = std::vector<std::pair<Poly, RowId>>;
  struct Mark {
    proof::Checker::Mark checker;
    size_t steps;
  };
  // How hard to try.
  struct Effort {
    int depth;        // of splits
    int products;     // depth to which products are formed
    bool enumerate;   // values of symbols
    bool remainders;  // of small divisors, before bounds of the linear relaxation
    bool bound;       // at the top: bounds of symbols that have none
    size_t degree;    // of products, above that of the rows
  };

  // ---- certify.cc: steps
  const Row& row(RowId r) const { return *checker_.row(r); }
  // The step's number; kNoRow where the checker refuses it.
  RowId emit(Step s);
  // With a constant, of which p = 0 becomes an inequality.
  RowId combine(const Summands& summands,
                const std::optional<Int>& constant = std::nullopt);
  RowId divide(RowId r);  // by the content
  void close(RowId r) { emit({.kind = StepKind::kClose, .rows = {r}}); }
  Mark mark() const { return {checker_.mark(), steps_.size()}; }
  void rewind(const Mark& m);
  std::optional<Expr> expr_of(const Poly& p);
  Expr constant(const Int& value) {
    return internal::Builder::expr(builder_.constant(value));
  }
  bool spend(size_t work) { return budget_.charge(static_cast<int64_t>(work)); }

  // ---- certify_rows.cc
  bool settle(State& s);
  bool settle_row(State& s, RowId r);
  void prefer_constant(State& s, RowId r);
  bool settle_ge(State& s, RowId r);
  bool settle_eq(State& s, RowId r);
  bool settle_ne(State& s, RowId r);
  bool settle_truth(State& s, RowId r);
  // p less multiples of solved rows, which are appended: p = result + their sum.
  Poly reduce(const State& s, Poly p, Summands* used);
  bool replace_atom(proof::Atom atom, const Poly& given, Poly& p, Poly* factor);
  bool replace_lead(const proof::Monomial& lead, const Poly& given, Poly& p,
                    Poly* factor);
  RowId reduced(const State& s, RowId r);
  void define_atoms(State& s, const Poly& p);
  void define(State& s, Expr atom);
  bool congruences(State& s, bool* changed);

  // ---- certify_linear.cc
  // A row p >= 0 for this p from bounds and rows alike; `hard`: by any linear
  // combination.
  RowId derive(const State& s, const Poly& p, bool hard);
  // Bound rows whose sum is p - least; nullopt: p has no known least value.
  std::optional<Summands> below(const State& s, const Poly& p, Int* least);
  bool propagate(State& s, bool* changed);
  struct Cut {
    proof::Monomial mono;
    Int value;
  };
  bool close_linear(State& s, std::optional<Cut>* fractional);
  std::optional<Summands> farkas(const State& s, const Poly* negated, Int* of_negated,
                                 std::optional<Cut>* fractional);
  void tighten_by_equalities(State& s);

  // ---- certify_product.cc
  bool products(State& s, int round, size_t more_degree);

  // ---- certify_round.cc: rows divided by terms whose sign is known
  bool divide_rows(State& s, bool* changed);
  bool divide_ge(State& s, RowId r, const Poly& b, bool* changed);
  bool divide_eq(State& s, RowId r, const Poly& b, bool* changed);
  bool divide_ne(State& s, RowId r, proof::Atom atom, bool* changed);
  RowId round(const State& s, RowId r, const Poly& b, const Poly& z);

  // ---- certify_cases.cc
  struct Split {
    Step step;
    size_t count;
  };
  bool refute(State s, Effort effort);
  bool contradiction(State& s, int nesting = 0);
  bool simple_consequences(State& s, bool look_ahead, bool* changed);
  // A split of which at most one case is not closed at once: that one goes on, and its
  // assumption is the survivor.
  bool free_split(State& s, const Step& step, size_t count, RowId* survivor);
  bool split(State s, const Step& step, size_t count, Effort effort);
  std::optional<Split> choose_split(State& s, Effort effort,
                                    const std::optional<Cut>& fractional);
  std::optional<Split> enumeration(State& s);
  std::optional<Split> factor_split(State& s);
  std::optional<Split> remainder_split(State& s);
  bool bound_symbols(State& s);
  std::optional<bool> guess(const State& s, Expr proposition, int nesting = 0);
  std::optional<bool> parts_say(const State& s, Expr proposition, int nesting = 0);

  internal::Builder& builder_;
  std::span<const Expr> facts_;
  Expr goal_;
  Budget& budget_;
  proof::Checker checker_;
  std::vector<Step> steps_;
  std::vector<uint32_t> counts_;  // of cases, by step
  std::vector<Expr> symbols_;     // of the facts in use and the goal
  Farkas farkas_;
  // Symbols are replaced by values alone: their bounds are to be seen, and enumerated.
  bool keep_symbols_ = false;
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_CERTIFIER_H_
