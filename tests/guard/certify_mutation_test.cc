// Valid certificates, changed in every number and index, and turned on statements that do
// not hold: nothing false is ever accepted.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "congrua/guard.h"
#include "congrua/proof.h"
#include "congrua/text.h"
#include "tests/expr/reference.h"
#include "tests/guard/fact_tables.h"
#include "tests/guard/random_facts.h"
#include "tests/proof/points.h"

namespace congrua {
namespace {

struct Statement {
  std::vector<Expr> facts;
  Expr goal;
};

// Every certificate that differs from c in one place.
void for_each_mutant(const Certificate& c, const std::function<void(Certificate)>& use) {
  const auto changed = [&](size_t i, const std::function<void(Step&)>& change) {
    Certificate m = c;
    change(m.steps[i]);
    if (m != c) use(std::move(m));
  };
  for (size_t i = 0; i < c.steps.size(); ++i) {
    const Step& s = c.steps[i];
    for (const int by : {-1, 1}) {
      changed(i, [&](Step& m) { m.index += static_cast<uint32_t>(by); });
      for (size_t k = 0; k < s.rows.size(); ++k) {
        changed(i, [&](Step& m) { m.rows[k] += static_cast<uint32_t>(by); });
      }
      for (size_t k = 0; k < s.terms.size(); ++k) {
        if (s.terms[k].is_int())
          changed(i, [&](Step& m) { m.terms[k] = m.terms[k] + by; });
      }
    }
    for (size_t k = 0; k < s.rows.size(); ++k) {
      changed(i, [&](Step& m) { m.rows.erase(m.rows.begin() + static_cast<int>(k)); });
      changed(i, [&](Step& m) { m.rows[k] = m.rows[0]; });
    }
    for (size_t k = 0; k < s.terms.size(); ++k) {
      changed(i, [&](Step& m) { m.terms.erase(m.terms.begin() + static_cast<int>(k)); });
      changed(i, [&](Step& m) { m.terms[k] = m.terms[0]; });
      if (s.terms[k].is_int()) {
        changed(i, [&](Step& m) { m.terms[k] = -m.terms[k]; });
      } else if (s.terms[k].is_bool()) {
        changed(i, [&](Step& m) { m.terms[k] = !m.terms[k]; });
      }
    }
    for (const StepKind kind : {StepKind::kProduct, StepKind::kEqual, StepKind::kFact,
                                StepKind::kClose, StepKind::kCombine}) {
      changed(i, [&](Step& m) { m.kind = kind; });
    }
    Certificate without = c;
    without.steps.erase(without.steps.begin() + static_cast<int>(i));
    use(std::move(without));
  }
}

// Statements near a true one; some do not hold.
std::vector<Statement> neighbours(const Statement& s) {
  std::vector<Statement> out;
  out.push_back({s.facts, !s.goal});
  const auto moved = [](Expr e, int by) -> std::optional<Expr> {
    if (e.op() != Op::kGe && e.op() != Op::kEq) return std::nullopt;
    const Expr p = e.arg(0) + by;
    const Expr zero = p.pool().constant(0);
    return e.op() == Op::kGe ? ge(p, zero) : eq(p, zero);
  };
  for (const int by : {-2, -1, 1}) {
    if (const auto goal = moved(s.goal, by)) out.push_back({s.facts, *goal});
  }
  for (size_t i = 0; i < s.facts.size(); ++i) {
    Statement fewer = s;
    fewer.facts[i] = s.goal.pool().boolean(true);
    out.push_back(fewer);
    for (const int by : {1, 2}) {
      Statement weaker = s;
      if (const auto fact = moved(s.facts[i], by)) {
        weaker.facts[i] = *fact;
        out.push_back(weaker);
      }
    }
  }
  return out;
}

class Mutations {
 public:
  void add(const Statement& s, const Certificate& c, int64_t lo, int64_t hi) {
    ++certificates_;
    for_each_mutant(c, [&](const Certificate& m) {
      ++mutants_;
      rejected_ += !check(m, s.facts, s.goal).ok();
    });
    for (const Statement& n : neighbours(s)) {
      if (check(c, n.facts, n.goal).ok()) {
        EXPECT_FALSE(refuted(n, lo, hi)) << text(n, c);
        continue;
      }
      if (!refuted(n, lo, hi)) continue;
      ++false_statements_;
      for_each_mutant(c, [&](const Certificate& m) {
        ++attacks_;
        EXPECT_FALSE(check(m, n.facts, n.goal).ok()) << text(n, m);
      });
    }
  }

  void report(size_t certificates) const {
    std::printf(
        "%zu certificates, %zu mutants, %zu rejected; %zu false statements, "
        "%zu attacks\n",
        certificates_, mutants_, rejected_, false_statements_, attacks_);
    EXPECT_GE(certificates_, certificates);
    EXPECT_GE(false_statements_, certificates);
    // What is accepted proves the same statement in another way.
    EXPECT_GE(10 * rejected_, 8 * mutants_);
  }

 private:
  static bool refuted(const Statement& s, int64_t lo, int64_t hi) {
    std::vector<Expr> all = s.facts;
    all.push_back(!s.goal);
    return !proof_test::points_of(all, lo, hi).empty();
  }
  static std::string text(const Statement& s, const Certificate& c) {
    std::string out;
    for (const Expr f : s.facts) out += to_string(f) + "; ";
    return out + "|- " + to_string(s.goal) + "\n" + to_string(c, s.facts, s.goal);
  }

  size_t certificates_ = 0, mutants_ = 0, rejected_ = 0;
  size_t false_statements_ = 0, attacks_ = 0;
};

TEST(CertifyMutation, OfTheTables) {
  Mutations mutations;
  const auto add = [&](const char* list, const char* guard) {
    ExprPool pool;
    Facts facts(pool);
    Statement s{{}, *parse_infix(pool, guard)};
    for (absl::string_view f : absl::StrSplit(list, ';', absl::SkipWhitespace())) {
      s.facts.push_back(*parse_infix(pool, std::string(f)));
      facts.add(s.facts.back()).IgnoreError();
    }
    const Answer a = facts.decide(s.goal, {.certificate = true});
    if (a.certificate == nullptr || a.certificate->steps.size() > 60) return;
    if (a.truth == Truth::kFalse) s.goal = !s.goal;
    mutations.add(s, *a.certificate, -3, 12);
  };
  for (const guard_test::Case& c : guard_test::kCases) add(c.facts, c.guard);
  for (const guard_test::LayerCase& c : guard_test::kLayerCases) add(c.facts, c.guard);
  mutations.report(20);
}

TEST(CertifyMutation, FuzzRandomSystems) {
  Mutations mutations;
  const auto rounds = static_cast<uint64_t>(60 * expr_test::soak_percent());
  for (uint64_t seed = 0; seed < rounds && !HasFailure(); ++seed) {
    const guard_test::System system = guard_test::RandomSystem(seed).make();
    if (guard_test::Box(system).size() > 300) continue;
    int64_t lo = 0;
    int64_t hi = 0;
    for (const guard_test::SymbolSpec& x : system.symbols) {
      lo = std::min(lo, x.lo);
      hi = std::max(hi, x.hi);
    }
    if (hi - lo > 30) continue;
    ExprPool pool;
    Facts facts(pool);
    Statement s{{}, pool.boolean(true)};
    for (const guard_test::Step& step : system.script) {
      if (step.act == guard_test::Act::kFact) {
        s.facts.push_back(guard_test::build(pool, system, step.tree));
        facts.add(s.facts.back()).IgnoreError();
      } else if (step.act == guard_test::Act::kAsk) {
        s.goal = guard_test::build(pool, system, step.tree);
        const Answer a = facts.decide(s.goal, {.certificate = true});
        if (a.certificate == nullptr || a.certificate->steps.size() < 3 ||
            a.certificate->steps.size() > 40) {
          continue;
        }
        if (a.truth == Truth::kFalse) s.goal = !s.goal;
        mutations.add(s, *a.certificate, lo, hi);
      }
    }
  }
  mutations.report(20);
}

}  // namespace
}  // namespace congrua
