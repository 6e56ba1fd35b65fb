// The kinds of constraint, and what users declared.
#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/check.h"
#include "congrua/eval.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;

namespace {

// The facts by which something is so, each with its line of the program.
std::string chain(const Env::Impl& m, std::span<const RecordId> ids) {
  std::string text;
  for (const RecordId id : ids) {
    append(text, text.empty() ? "" : "; ", m.describe(m.records[id]));
  }
  return text.empty() ? "the sizes' own ranges" : text;
}

std::string counterexample(const Env::Impl& m,
                           std::span<const std::pair<Expr, int64_t>> point) {
  std::string text;
  for (const auto& [symbol, value] : point) {
    append(text, text.empty() ? "" : ", ", m.with_sources(symbol), " = ", value);
  }
  return text;
}

}  // namespace

absl::Status Env::guard(Expr proposition) {
  CONGRUA_CHECK(proposition.is_bool(), "a guard is a proposition");
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  if (!m.only_inputs(proposition)) {
    return absl::FailedPreconditionError(
        cat(m.with_sources(proposition),
            " reads a value that comes from data: it cannot be tested at entry"));
  }
  const bool clashed = m.view(kAllClasses).contradictory();
  bool possible = true;
  for (const Expr condition : m.as_read(proposition)) {
    possible = m.state(condition, FactClass::kGuard);
  }
  if (!possible && !clashed) {
    return absl::FailedPreconditionError(
        cat("the guard ", m.with_sources(proposition),
            " contradicts what is known: ", chain(m, m.view(kAllClasses).conflict())));
  }
  return absl::OkStatus();
}

absl::Status Env::static_assert_(Expr proposition, const Question& q) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  const Known known = is_known(proposition, q);
  if (known.truth == Truth::kTrue) return absl::OkStatus();
  const Explanation e = m.view(q).explain_given(proposition, q.given, q.steps, false);
  std::string text = cat(m.with_sources(proposition), " is not proved");
  if (!m.location.empty()) append(text, " at ", m.location);
  if (known.truth == Truth::kFalse) {
    append(text, ": it is false by ", chain(m, e.rests_on));
  } else if (!e.counterexample.empty()) {
    append(text, ": it fails for ", counterexample(m, e.counterexample));
  }
  return absl::FailedPreconditionError(text);
}

absl::Status Env::runtime_assert(Expr proposition, std::string message) {
  CONGRUA_CHECK(proposition.is_bool(), "an assert is a proposition");
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  const Question enforced{.classes = kEnforced};
  const Known known = is_known(proposition, enforced);
  if (known.truth == Truth::kFalse) {
    const Explanation e = explain(proposition, enforced);
    return absl::FailedPreconditionError(
        cat("the assert ", m.with_sources(proposition),
            message.empty() ? "" : cat(" (", message, ")"), " always fails: by ",
            chain(m, e.rests_on)));
  }
  if (m.without_hint(proposition) == nullptr) {
    const std::optional<int64_t> v = at_hints(proposition);
    if (v && *v == 0) {
      return absl::FailedPreconditionError(
          cat("the assert ", m.with_sources(proposition),
              message.empty() ? "" : cat(" (", message, ")"), " fails in this run"));
    }
  }
  m.state(proposition, FactClass::kAssert);
  return absl::OkStatus();
}

absl::Status Env::assume(Expr proposition) {
  CONGRUA_CHECK(proposition.is_bool(), "an assumption is a proposition");
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  if (is_known(proposition).truth == Truth::kFalse) {
    return absl::FailedPreconditionError(cat("the assumption ",
                                             m.with_sources(proposition), " contradicts ",
                                             chain(m, explain(proposition).rests_on)));
  }
  push();
  const bool possible = m.state(proposition, FactClass::kAssume);
  const std::vector<RecordId> clash =
      possible ? std::vector<RecordId>() : m.view(kAllClasses).conflict();
  std::string text;
  if (!possible) {
    std::vector<RecordId> others;
    for (const RecordId id : clash) {
      if (id + 1 != m.records.size()) others.push_back(id);
    }
    text = cat("the assumption ", m.with_sources(proposition), " contradicts ",
               chain(m, others));
  }
  pop();
  if (!possible) return absl::FailedPreconditionError(text);
  m.state(proposition, FactClass::kAssume);
  return absl::OkStatus();
}

absl::Status Env::promise(Expr proposition) {
  CONGRUA_CHECK(proposition.is_bool(), "a promise is a proposition");
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  const bool clashed = m.view(kAllClasses).contradictory();
  if (m.state(proposition, FactClass::kPromise) || clashed) return absl::OkStatus();
  return absl::FailedPreconditionError(cat("the promise ", m.with_sources(proposition),
                                           " contradicts ",
                                           chain(m, m.view(kAllClasses).conflict())));
}

namespace {

// "batch = 8*k, 16 <= batch <= 64"
std::string constraint_text(const std::string& name, const Bounds& b) {
  std::string text;
  if (b.lo && b.lo == b.hi) return cat(name, " = ", *b.lo);
  if (b.modulus > 1) {
    append(text, name, " = ", b.modulus, "*k");
    if (b.residue != 0) append(text, " + ", b.residue);
  }
  if (!b.lo && !b.hi) return text.empty() ? cat(name, " unbounded") : text;
  if (!text.empty()) append(text, ", ");
  if (b.lo && b.hi) return cat(text, *b.lo, " <= ", name, " <= ", *b.hi);
  return b.lo ? cat(text, *b.lo, " <= ", name) : cat(text, name, " <= ", *b.hi);
}

}  // namespace

absl::Status Env::check_constraints() {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  const Question at_entry{.classes = kAtEntry};
  std::vector<std::string> problems;
  for (const SymbolInfo& s : m.symbols) {
    if (!s.constrained) continue;
    const Bounds b = m.view(kAtEntry).bounds(s.symbol, 20'000);
    const Range birth = s.symbol.range();
    std::vector<Expr> narrower;
    const Expr simple = m.view(kAtEntry).simplify(s.symbol);
    const bool tied = simple != s.symbol && !simple.is_const();
    if (tied) {
      narrower.push_back(eq(s.symbol, simple));
    } else if (b.lo && b.lo == b.hi) {
      narrower.push_back(eq(s.symbol, m.pool.constant(*b.lo)));
    } else {
      if (b.lo && (!birth.lo || *b.lo > *birth.lo)) {
        narrower.push_back(ge(s.symbol, m.pool.constant(*b.lo)));
      }
      if (b.hi && (!birth.hi || *b.hi < *birth.hi)) {
        narrower.push_back(le(s.symbol, m.pool.constant(*b.hi)));
      }
      if (b.modulus > 1 && s.multiple_of % b.modulus != 0) {
        narrower.push_back(
            eq(floor_mod(s.symbol, b.modulus), m.pool.constant(b.residue)));
      }
    }
    // A lower end that the declared multiple alone brings is no narrowing.
    std::erase_if(narrower, [&](Expr n) {
      const Known k = is_known(n, {.classes = only(FactClass::kBirth)});
      return k.truth == Truth::kTrue;
    });
    if (narrower.empty()) continue;
    const std::string name = s.source.empty() ? std::string(s.symbol.name()) : s.source;
    std::string text = cat(name, " was declared general");
    if (!s.location.empty()) append(text, " at ", s.location);
    for (const Expr n : narrower) {
      append(text, ", but ", m.with_sources(n), " is forced by ",
             chain(m, explain(n, at_entry).rests_on));
    }
    std::string holds = tied ? m.with_sources(narrower[0]) : constraint_text(name, b);
    // An equality with other sizes says more than the range and the multiple it leaves.
    for (const Expr n : narrower) {
      for (const RecordId id : explain(n, at_entry).rests_on) {
        const Expr fact = m.records[id].fact;
        const std::vector<Expr> read = free_symbols(fact);
        if (!tied && fact.op() == Op::kEq && read.size() > 1 &&
            std::ranges::find(read, s.symbol) != read.end()) {
          holds = m.with_sources(fact);
        }
      }
    }
    append(text, "; the constraint that would hold: ", holds);
    problems.push_back(std::move(text));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(problems, "\n"));
}

}  // namespace congrua::shape
