#include "shape/referee.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using guard::Status;
using internal::Builder;

namespace {

// The facts of one question, in a pool of their own: which terms there are, and in which
// order they were made, may decide what the native engine finds in time.
class Case {
 public:
  Case(Env& env, const Question& q, const guard::Z3Limits& limits)
      : view_(pool_, env.impl().opaques, terms_), limits_(limits) {
    Env::Impl& m = env.impl();
    const bool at_least_two = q.size_oblivious && &m.view(q) == &m.view(q.classes, true);
    for (size_t i = 0; i < m.symbols.size(); ++i) {
      const SymbolInfo& s = m.symbols[i];
      const Expr symbol = term(s.symbol);
      if (s.kind == Kind::kFloat && !s.may_be_nan) {
        FloatHull number;
        number.nan = false;
        view_.add_hull(Builder::node(symbol), number);
      }
      if (at_least_two && s.at_least_two) {
        view_.add(ge(symbol, pool_.constant(2)), kGiven);
      }
    }
    for (RecordId id = 0; id < m.records.size(); ++id) {
      if (m.holds_here(m.records[id], q.classes)) view_.add(term(m.records[id].fact), id);
    }
    for (const Expr g : q.given) view_.add(term(g), kGiven);
  }
  // The births of the symbols and these facts.
  Case(Env& env, std::span<const Expr> facts, const guard::Z3Limits& limits)
      : Case(env, Question{.classes = 0, .given = facts}, limits) {}

  ExprPool& pool() { return pool_; }
  Expr term(Expr e) {
    const std::optional<Expr> here = pool_.import(e);
    CONGRUA_CHECK(here, "symbols are what they are in the environment's pool");
    return *here;
  }

  guard::SolveResult with(Expr proposition) {
    // States what is known of opaque terms in it.
    const Expr plain = view_.plain(proposition);
    std::vector<Expr> asserts;
    for (FactId id = 0; id < view_.facts().size(); ++id) {
      asserts.push_back(view_.facts().fact(id));
    }
    asserts.push_back(proposition);
    if (plain != proposition) asserts.push_back(plain);
    return guard::z3_solve(pool_, asserts, limits_);
  }

  // A proposition that follows and whose negation does is one of contradictory facts.
  std::optional<int64_t> decide(Expr proposition) {
    const bool never = with(proposition).status == Status::kUnsat;
    const bool always = with(!proposition).status == Status::kUnsat;
    if (never == always) return std::nullopt;
    return always ? 1 : 0;
  }

 private:
  ExprPool pool_;
  OpaqueTerms terms_;
  View view_;
  guard::Z3Limits limits_;
};

}  // namespace

std::optional<int64_t> Referee::known_value(Expr e, const Question& q) {
  if (e.sort() == Sort::kReal) return std::nullopt;
  Case facts(env_, q, limits_);
  const Expr asked = facts.term(e);
  if (e.is_bool()) return facts.decide(asked);
  // The value at one point, then whether there is another. A term that nothing is known
  // of takes the value, whichever form e has.
  const Expr value = facts.pool().opaque("value asked for", {});
  const guard::SolveResult point = facts.with(eq(value, asked));
  for (const auto& [term, v] : point.model) {
    const std::optional<int64_t> found = v.to_int64();
    if (term != value || !found) continue;
    const Expr other = ne(asked, facts.pool().constant(*found));
    return facts.with(other).status == Status::kUnsat ? found : std::nullopt;
  }
  return std::nullopt;
}

Truth Referee::check(Expr e, int64_t value, const Question& q) {
  if (e.sort() == Sort::kReal) return Truth::kUnknown;
  Case facts(env_, q, limits_);
  const Expr asked = facts.term(e);
  const Expr other = e.is_int()   ? ne(asked, facts.pool().constant(value))
                     : value != 0 ? !asked
                                  : asked;
  const guard::SolveResult r = facts.with(other);
  if (r.status == Status::kUnsat) return Truth::kTrue;
  const bool exact = std::ranges::none_of(
      r.model, [](const auto& given) { return given.first.op() == Op::kOpaque; });
  return r.status == Status::kSat && exact ? Truth::kOpen : Truth::kUnknown;
}

size_t Referee::left_of(std::vector<Expr> conditions, const GuardSet& set) {
  std::ranges::reverse(conditions);
  std::ranges::stable_sort(conditions, std::greater<>(),
                           [](Expr e) { return form_of(e).weight(); });
  for (size_t i = 0; i < conditions.size();) {
    std::vector<Expr> rest = set.domains;
    rest.insert(rest.end(), conditions.begin(), conditions.end());
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(set.domains.size() + i));
    Case others(env_, rest, limits_);
    if (others.with(!others.term(conditions[i])).status == Status::kUnsat) {
      conditions.erase(conditions.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  return conditions.size();
}

size_t Referee::fewest_guards(const GuardSet& set) {
  std::vector<Expr> path;
  absl::flat_hash_set<Expr> seen;
  for (RecordId id = 0; id < env_.num_records(); ++id) {
    const Record& r = env_.record(id);
    if ((only(r.fact_class) & kAtEntry) == 0) continue;
    std::vector<Expr> open{r.fact};
    while (!open.empty()) {
      const Expr e = open.back();
      open.pop_back();
      if (e.op() == Op::kAnd) {
        for (size_t i = e.num_args(); i-- > 0;) open.push_back(e.arg(i));
      } else if (seen.insert(e).second) {
        path.push_back(e);
      }
    }
  }
  return std::min(left_of(std::move(path), set), left_of(set.guards, set));
}

}  // namespace congrua::shape
