// Facts of some classes, with what real and opaque terms mean: the engine of an
// environment's questions.
//
// A View wraps Facts. Before a proposition goes there, comparisons of reals in it are
// answered where floats.h can, comparisons of a monotone opaque integer with a number
// become ones of its argument, and what is known of opaque integers (ranges, multiples,
// values at the ends of their arguments) is stated. All of that follows from the facts,
// so that stating it changes no answer but from unknown.
//
// Facts take all divisors of facts and questions for not 0 (docs/semantics.md). Of one
// that is not read at a point of the program, in the branch of a select that is not taken
// or in `d = 0 or n // d > 1`, nothing says so: a fact that may do without a divisor is
// learnt where that is known not to be 0, and a question of that kind is answered there.
#ifndef CONGRUA_SHAPE_VIEW_H_
#define CONGRUA_SHAPE_VIEW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "congrua/guard.h"
#include "congrua/shape.h"
#include "expr/node.h"
#include "guard/answers.h"
#include "shape/chain.h"
#include "shape/floats.h"
#include "shape/needs.h"
#include "shape/ties.h"

namespace congrua::shape {

// What hosts declared of opaque functions, by name.
using OpaqueTable = ChainMap<std::string, OpaqueOptions>;

// Opaque terms that occur in each node, innermost first; shared by the views of a pool.
class OpaqueTerms {
 public:
  std::span<const internal::Node* const> below(const internal::Node* n);
  // Divisors in n that no range keeps from being 0.
  std::span<const internal::Node* const> open_divisors(const internal::Node* n);

 private:
  absl::flat_hash_map<const internal::Node*, std::vector<const internal::Node*>>
      divisors_;
  absl::flat_hash_map<const internal::Node*, std::vector<const internal::Node*>> terms_;
};

inline constexpr RecordId kDerived = UINT32_MAX;    // stated by the view itself
inline constexpr RecordId kGiven = UINT32_MAX - 1;  // of one question alone

class View {
 public:
  View(ExprPool& pool, const OpaqueTable& opaques, OpaqueTerms& terms);

  // Whether points are searched for at which open questions fail: what an exhausted
  // search proves is then found as well, at several times the cost.
  void set_thorough(bool thorough) { thorough_ = thorough; }

  // False when that is found to contradict the facts before.
  bool add(Expr fact, RecordId owner);
  bool add_hull(const internal::Node* real, const FloatHull& hull);
  void push();
  void pop();

  Known decide(Expr proposition, int64_t steps);
  // Is that known, where integers inside reals fit int64?
  bool meets(const Need& need, int64_t steps);
  // With facts that hold for this question alone.
  Known decide_given(Expr proposition, std::span<const Expr> given, int64_t steps);
  Explanation explain(Expr proposition, int64_t steps, bool certificate);
  Explanation explain_given(Expr proposition, std::span<const Expr> given, int64_t steps,
                            bool certificate);
  Bounds bounds(Expr e, int64_t steps);
  FloatHull hull(const internal::Node* real);
  Expr simplify(Expr e);
  // The proposition without comparisons of reals that are decided and thresholds.
  Expr plain(Expr proposition);
  bool contradictory() const { return facts_.contradictory() || float_conflict_; }
  // Facts that clash, by their owners.
  std::vector<RecordId> conflict();
  Facts& facts() { return facts_; }

 private:
  using Node = internal::Node;
  void check_pool() const;
  void check_own(const Node* n) const;
  bool reads_all(const Node* n);
  void learn(Expr fact, RecordId owner);
  void note(const Node* fact);  // a new state, after it
  Known both_ways(Expr proposition, const QuestionOptions& options);
  const Node* prepare(const Node* n);
  const Node* resolved(const Node* n);
  void learn_floats(const Node* n, bool holds);
  bool may_describe(const Node* opaque);
  void describe(const Node* opaque);
  void describe_rounding(const Node* opaque);
  void describe_declared(const Node* opaque, const OpaqueOptions& options);
  void relate(const Node* opaque, const OpaqueOptions& options);
  void state(const Node* opaque, std::optional<int64_t> lo, std::optional<int64_t> hi);
  void derive(Expr fact);
  const Node* threshold(const Node* comparison);
  Bounds int_bounds(const Node* n);
  FloatFacts::IntBounds ints();
  std::vector<RecordId> owners(std::span<const FactId> ids);
  std::vector<RecordId> all_owners() const;
  void certify(Expr proposition, int64_t steps, Explanation& e);
  void keep_certificate(std::shared_ptr<const Certificate> certificate,
                        Explanation& e) const;
  std::vector<RecordId> float_reasons(const Node* n);

  ExprPool& pool_;
  const OpaqueTable& opaques_;
  OpaqueTerms& terms_;
  Facts facts_;
  uint64_t rollbacks_;  // of the pool
  FloatFacts floats_;
  bool float_conflict_ = false;
  bool thorough_ = false;
  std::vector<RecordId> owner_of_;  // by FactId
  std::vector<std::pair<Expr, RecordId>> float_facts_;
  // What was stated of opaque terms.
  struct Stated {
    std::optional<int64_t> lo, hi;
    bool declared = false;
  };
  absl::flat_hash_map<const Node*, Stated> stated_;
  std::vector<std::pair<const Node*, Stated>> stated_trail_;
  absl::flat_hash_map<std::string, std::vector<const Node*>> applications_;  // by name
  struct Scope {
    size_t owners, floats, float_facts, stated, states, ties;
    bool float_conflict;
  };
  std::vector<Scope> scopes_;

  guard::StatePath states_;
  Ties ties_;
  // Facts remember answers to what they are asked: here several of those, and what
  // simplifying brings, are one answer.
  guard::AnswerMemo answers_;
  struct GivenAnswer {
    std::vector<Expr> given;
    guard::State state;
    int64_t steps;
    Known known;
  };
  absl::flat_hash_map<const Node*, std::vector<GivenAnswer>> given_answers_;
};

// An opaque integer that is a monotone function of one integer argument.
struct MonotoneTerm {
  const internal::Node* argument;
  bool decreasing;
  // The value as a double that is an integer; nullopt: not known.
  std::function<std::optional<double>(int64_t)> at;
};
std::optional<MonotoneTerm> monotone_term(const internal::Node* n,
                                          const OpaqueTable& opaques);

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_VIEW_H_
