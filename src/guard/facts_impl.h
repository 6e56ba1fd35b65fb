// The state behind Facts: what is known, and how it is undone.
//
// Invariants
//   * substitution_[x] is null or a canonical term in which no substituted atom occurs,
//   so one
//     pass of rewriting suffices (triangular and compressed).
//   * known_[n] contains the value of n at every point of the facts; it is kept for atoms
//   and for
//     linear forms without constant whose first coefficient is positive.
//   * Every change to either is logged on the trail and undone by pop.
//   * A memo is valid while no bit of its node's symbol signature was touched after it
//   was made.
#ifndef CONGRUA_GUARD_FACTS_IMPL_H_
#define CONGRUA_GUARD_FACTS_IMPL_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/budget.h"
#include "base/check.h"
#include "congrua/guard.h"
#include "domain/domain.h"
#include "domain/linear_range.h"
#include "expr/builder.h"
#include "expr/factorize.h"
#include "expr/node.h"
#include "guard/answers.h"
#include "guard/search.h"
#include "guard/simplex.h"

namespace congrua::guard {

using internal::Builder;
using internal::Factor;
using internal::Node;
using internal::Term;

// Versions per bit of the symbol signature: a change to a symbol spoils the memos of
// terms that may hold it, and no others.
class Versions {
 public:
  void touch(uint64_t symbols) {
    ++now_;
    for (uint64_t s = symbols; s != 0; s &= s - 1) {
      last_[static_cast<size_t>(__builtin_ctzll(s))] = now_;
    }
  }
  void touch_all() { touch(~uint64_t{0}); }
  uint64_t now() const { return now_; }
  bool valid(uint64_t made, uint64_t symbols) const {
    if (made == now_) return true;
    for (uint64_t s = symbols; s != 0; s &= s - 1) {
      if (last_[static_cast<size_t>(__builtin_ctzll(s))] > made) return false;
    }
    return true;
  }

 private:
  uint64_t now_ = 1;
  std::array<uint64_t, 64> last_{};
};

// One value for each of some nodes, by id; of others a fresh one. A pool may have a
// million nodes, and a child of it asks about a few: ids that are a parent's have a
// table, those of the pool itself an array.
template <typename T>
class IdColumn {
 public:
  explicit IdColumn(uint32_t first_id) : first_(first_id) {}
  bool has(uint32_t id) const {
    return id - first_ < own_.size() || (id < first_ && below_.contains(id));
  }
  // Requires has(id).
  const T& operator[](uint32_t id) const {
    return id >= first_ ? own_[id - first_] : below_.find(id)->second;
  }
  T& operator[](uint32_t id) {
    return id >= first_ ? own_[id - first_] : below_.find(id)->second;
  }
  void reserve(uint32_t id) {
    if (id < first_) [[unlikely]] {
      below_.try_emplace(id);
      return;
    }
    const size_t i = id - first_;
    if (i >= own_.size()) own_.resize(std::max<size_t>({i + 1, own_.size() * 2, 64}));
  }

 private:
  uint32_t first_;
  std::vector<T> own_;
  absl::flat_hash_map<uint32_t, T> below_;
};

// Domains by node id, with the version at which each was computed; 0: never. The domains
// of what was never asked for are not even initialised. Ids of parents as in IdColumn.
class DomainMemo {
 public:
  explicit DomainMemo(uint32_t first_id) : first_(first_id) {}
  uint64_t made(uint32_t id) const {
    const uint32_t i = id - first_;
    if (i < made_.size()) return made_[i];
    if (id >= first_) return 0;
    const auto it = below_.find(id);
    return it == below_.end() ? 0 : it->second.first;
  }
  const Domain& operator[](uint32_t id) const {
    if (id < first_) [[unlikely]]
      return below_.find(id)->second.second;
    return reinterpret_cast<const Domain*>(values_.get())[id - first_];
  }
  // `expected`: how many ids there are.
  void put(uint32_t id, uint64_t version, const Domain& d, size_t expected) {
    if (id < first_) [[unlikely]] {
      below_.insert_or_assign(id, std::pair(version, d));
      return;
    }
    const uint32_t i = id - first_;
    if (i >= made_.size()) {
      grow(std::max<size_t>({64, i + size_t{1}, (expected - first_) * 2}));
    }
    made_[i] = version;
    std::construct_at(reinterpret_cast<Domain*>(values_.get()) + i, d);
  }

 private:
  static_assert(std::is_trivially_copyable_v<Domain> &&
                std::is_trivially_destructible_v<Domain> &&
                alignof(Domain) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  void grow(size_t size) {
    std::unique_ptr<std::byte[]> bigger(new std::byte[size * sizeof(Domain)]);
    if (!made_.empty())
      std::memcpy(bigger.get(), values_.get(), made_.size() * sizeof(Domain));
    values_ = std::move(bigger);
    made_.resize(size);
  }
  uint32_t first_;
  std::vector<uint64_t> made_;
  std::unique_ptr<std::byte[]> values_;
  absl::flat_hash_map<uint32_t, std::pair<uint64_t, Domain>> below_;
};

// Does `atom` occur in n? Where n is too large to tell: true.
bool occurs(const Node* atom, const Node* n);

// p seen as sign * (form) + constant, where form has no constant and a positive first
// coefficient. Forms are what facts are stored under: x - y >= 3 answers x - y >= 1.
Domain scaled(const Domain& d, const Int& c);  // of c * x for x in d
void add_scaled(LinearRange& sum, const Domain& d, const Int& c);

struct LinearForm {
  const Node* form;
  int64_t constant;
  bool negated;
  bool valid;  // false where the constant does not fit an int64
};

}  // namespace congrua::guard

namespace congrua {

struct Facts::Impl {
  using Node = internal::Node;
  using Builder = internal::Builder;

  explicit Impl(ExprPool& p)
      : pool(p),
        builder(Builder::of(p)),
        rollbacks(builder.rollbacks()),
        known_(builder.first_id()),
        substitution_(builder.first_id()),
        truth_(builder.first_id()),
        rewritten_(builder.first_id()),
        domains_(builder.first_id()),
        facts_of_term_(builder.first_id()) {
    facts.reserve(16);
    ge_facts.reserve(16);
    trail.reserve(16);
  }

  void push_scope();
  void pop_scope();

  // ---- rewrite.cc: canonical form modulo the known equalities
  const Node* rewrite(const Node* n);
  const Node* join_exact(const Node* monomial);
  void substitute(const Node* atom, const Node* by);

  // ---- ranges.cc: strided intervals
  Domain domain_of(const Node* n) {
    const uint64_t made = domains_.made(n->id);
    if (made == 0 || !range_versions.valid(made, n->symbols())) compute_domains(n);
    return domains_[n->id];
  }
  void compute_domains(const Node* n);
  Domain known(const Node* n) const {
    return known_.has(n->id) ? known_[n->id] : Domain::all();
  }
  // Was anything ever learned about the linear form of that sum? May say yes where not.
  bool may_be_known(const Node* sum) const { return sum_may_be_known(sum->symbols()); }
  bool sum_may_be_known(uint64_t symbols) const { return (symbols & ~known_sums_) == 0; }
  Domain sum_domain(const Node* sum);
  Domain div_elimination(const Node* sum);
  Domain remainder_elimination(const Node* sum);
  Domain compute_domain(const Node* n);
  Domain vertex_domain(const Node* p);  // vertices.cc
  guard::LinearForm linear_form(const Node* p);

  // ---- learn.cc: adding facts
  void add(const Node* fact);
  // What a proof of one clause may take; a few suffice for tables and intervals.
  static constexpr int64_t kClauseSteps = 2000;
  void add_without_models(const Node* fact, int64_t clause_steps = kClauseSteps);
  void learn(const Node* proposition, bool truth);
  void learn_atom(const Node* p, bool value);
  void learn_ge(const Node* p);
  void learn_ne(const Node* p);
  void meet_known(const Node* n, const Domain& d);
  void propagate(const Node* n);
  void revisit_clauses(int64_t steps);
  void contradict();

  // ---- equalities.cc: p = 0, solved for a term
  void learn_eq(const Node* p);
  bool orient(const Node* p);
  bool parametrize(const Node* p);
  void learn_exact_quotient(const Node* a, const Node* m, const Node* q);
  bool learn_exact_parts(const Node* p);
  void solve_for(const Node* atom, const Node* by);
  void learn_definition(const Node* n, const Node* value);

  // ---- decide.cc: the layers
  Truth decide(const Node* g, Budget& budget, bool search_point, Layer* layer);
  std::optional<bool> known_nonnegative(const Node* p);
  std::optional<bool> known_zero(const Node* p);
  std::optional<Truth> look_up(const Node* g, Layer* layer);
  Truth prove(const Node* g, Budget& budget, Layer* layer, int nesting = 0);
  bool prove_ge(const Node* p, Budget& budget, Layer* layer, int depth = 0);
  std::optional<bool> prove_eq(const Node* p, Budget& budget, Layer* layer);

  // ---- shift.cc
  bool shift_nonnegative(const Node* p);
  const Node* shifted(const Node* p);
  bool dominated(const Node* p, Budget& budget);

  // ---- quotients.cc
  Domain quotient_domain(const Node* quotient);
  bool quotient_nonnegative(const Node* p, Budget& budget, Layer* layer, int depth);

  // ---- products.cc
  struct Signs {
    bool negative = false;     // the product of the factors whose sign is known is <= 0
    bool may_be_zero = false;  // one of them may be 0
    bool open_may_be_zero = false;  // one of the others may be
    std::vector<const Node*> open;  // factors of unknown sign
  };
  enum class Relation : uint8_t { kNonNegative, kZero, kNotZero };
  const internal::Factorization& factored(const Node* p);
  Domain product_domain(const Node* sum);
  Signs signs_of(const internal::Factorization& f);
  bool product_nonnegative(const Node* p, Budget& budget, Layer* layer);
  std::optional<bool> product_zero(const Node* p, Budget& budget, Layer* layer);
  void learn_factors(const Node* p, Relation relation);
  static constexpr size_t kMaxMatched = 6;
  static constexpr size_t kMaxProductFacts = 24;
  struct ProductFact {
    size_t fact;  // in ge_facts
    internal::Factorization product;
  };
  std::optional<internal::Factorization> as_product(const Node* p);
  void note_product(size_t fact);
  void revisit_products();
  void make_positive(internal::Factorization& f);
  std::optional<Int> product_at_most(std::span<const Node* const> small,
                                     std::span<const Node* const> large, const Int& limit,
                                     const Int& wanted, Budget& budget);
  std::optional<Int> product_at_least(std::span<const Node* const> large,
                                      std::span<const Node* const> small,
                                      const Int& limit, Budget& budget);
  struct Matching {
    std::vector<std::pair<const Node*, const Node*>>
        pairs;                       // smaller, larger; not the same
    std::vector<const Node*> extra;  // larger ones without a partner
  };
  std::optional<Matching> match_factors(std::span<const Node* const> small,
                                        std::span<const Node* const> large,
                                        Budget& budget, bool related = true);
  bool products_ordered(const Node* p, Budget& budget);
  bool product_dominated(const Node* p, Budget& budget);

  // ---- linear.cc
  struct LinearProblem {
    struct Row {
      std::vector<std::pair<uint32_t, int64_t>> terms;
      int64_t lo;
      bool operator==(const Row&) const = default;
    };
    void clear() {
      monos.clear();
      index.clear();
      rows.clear();
      cut = false;
    }
    size_t max_variables = 0, max_rows = 0;
    bool cut = false;  // something was left out for its size
    std::vector<const Node*> monos;
    absl::flat_hash_map<const Node*, uint32_t> index;
    std::vector<Row> rows;
    guard::Simplex simplex;
  };
  void index_ge(size_t fact);
  void forget_ge(size_t count);
  bool linear_row(const Node* p);
  void linear_definition(const Node* n);
  void linear_quotients(const internal::FactorView& view);
  bool linear_nonnegative(const Node* p, Budget& budget, bool large = false);
  bool linear_attempt(const Node* p, Budget& budget);
  bool integer_infeasible(Budget& budget, int branches);

  // ---- refute.cc
  struct Cases {
    std::vector<const Node*> assumptions;  // at least one holds
    const Node* choice = nullptr;  // a term that has values[i] in case i; may be null
    std::vector<const Node*> values;
  };
  static constexpr int kMaxCaseDepth = 48;
  bool linear_contradiction(size_t first, Budget& budget);
  Cases cases_of_clause(Budget& budget);
  Cases cases_of_choice(const Node* goal, Budget& budget);
  Cases cases_of_difference();
  // Are the facts contradictory? The newest of them is what the others are thought to
  // refute.
  bool refute(Budget& budget, bool* split);
  // Facts from number `first` of ge_facts on are new in this case.
  bool refute_cases(const Node* goal, Budget& budget, size_t first, int depth,
                    bool* split);
  // Do they contradict g?
  bool refute_with(const Node* g, Budget& budget, Layer* layer);

  // ---- models.cc
  // p < 0 at a point of the facts: p >= 0 cannot be proved.
  bool negative_at_base(const Node* p);
  // *none: there is none, by exhaustion.
  bool find_counterexample(const Node* g, Budget& budget, int64_t steps, bool* none);

  // ---- explain.cc
  std::vector<FactId> minimal_reason(const Node* g);  // of g, or of the contradiction
  void explain(const Node* g, Answer* answer);
  void certify(const Node* g, const std::atomic<bool>* cancel, Answer* answer);

  // What these facts hold are terms of the pool as it was.
  void check_pool() const {
    CONGRUA_CHECK(rollbacks == builder.rollbacks(),
                  "the pool took back terms that these facts may hold");
  }

  ExprPool& pool;
  Builder& builder;
  uint64_t rollbacks;
  std::vector<const Node*> facts;     // as they were added
  std::vector<const Node*> ge_facts;  // p of facts p >= 0, rewritten when learnt
  std::vector<const Node*> clauses;   // disjunctions not yet decided
  // When each was looked at last, with the rewriting that it had then.
  struct ClauseVisit {
    uint64_t ranges = 0;
    const Node* rewritten = nullptr;
  };
  std::vector<ClauseVisit> clause_visits;
  int64_t add_steps = 0;              // what adding facts has cost
  std::vector<const Node*> ne_facts;  // p of facts p != 0 with p on both sides of 0
  std::vector<ProductFact> product_facts;
  bool contradictory = false;
  const Node* implied =
      nullptr;  // the last question, if its answer was yes and nothing changed since

  guard::StatePath states;
  guard::AnswerMemo answers;
  struct Simplified {
    guard::State state;
    int64_t steps, steps_per_node;  // of the options
    const Node* simple;
  };
  static constexpr size_t kMaxSimplified = size_t{1} << 16;
  absl::flat_hash_map<const Node*, Simplified> simplified;  // simplify.h

  struct Scope {
    size_t facts, ge_facts, clauses, ne_facts, trail;
    bool contradictory;
  };
  std::vector<Scope> scopes;

  struct Undo {
    const Node* node;
    enum Kind : uint8_t { kKnown, kSubstitution, kTruth } kind;
    Domain domain;
    const Node* by;
    int8_t truth;
  };
  std::vector<Undo> trail;

  guard::IdColumn<Domain> known_;
  uint64_t known_sums_ = 0;  // symbols of sums that known_ was ever told about
  guard::IdColumn<const Node*> substitution_;
  guard::IdColumn<int8_t> truth_;  // of boolean atoms: 1 true, -1 false, 0 not known
  guard::Versions substitution_versions;
  guard::Versions range_versions;

  struct Rewritten {
    uint64_t made = 0;
    const Node* value = nullptr;
    uint64_t symbols = 0;  // what it rests on
  };
  guard::IdColumn<Rewritten> rewritten_;
  guard::DomainMemo domains_;

  guard::Search search;
  // The symbols that parametrize made, and the quotients that they stand for, older
  // first.
  std::vector<std::pair<const Node*, const Node*>> quotients;
  uint64_t quotients_lent_at = 0;
  size_t quotients_lent = 0;
  bool base_prunes = false;  // the facts are those of the search's base
  // Facts learnt from facts learnt from facts: deep enough for real chains, and an end.
  static constexpr int kMaxLearnDepth = 24;
  int learn_depth = 0;
  // Solving for one term may let others be solved, and rules may feed each other for
  // ever: facts that one addition may say again.
  static constexpr int64_t kLearnQuota = 100;
  int64_t learn_quota = 0;
  // Better ranges that one proposition may hand to operands: recorded programs and solver
  // instances need up to 19. Among nested quotients of sums that share their symbols they
  // tend to a fixed point in tens of thousands, each of which looks at all the ranges
  // below anew.
  static constexpr int kMaxPropagated = 100;
  int propagated = 0;
  int64_t total_propagated = 0;  // since the facts were made
  LinearProblem linear_;
  guard::IdColumn<std::vector<uint32_t>>
      facts_of_term_;  // indices into ge_facts, by id of a monomial
  // Of sums; null: no product. Independent of the facts.
  absl::flat_hash_map<const Node*, std::unique_ptr<internal::Factorization>>
      factorizations;
};

}  // namespace congrua

#endif  // CONGRUA_GUARD_FACTS_IMPL_H_
