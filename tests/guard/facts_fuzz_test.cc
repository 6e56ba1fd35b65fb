// Random systems of facts, with scopes, against enumeration of the points of a small box.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "congrua/guard.h"
#include "congrua/proof.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "tests/base/soak.h"
#include "tests/guard/random_facts.h"

namespace congrua {
namespace {

using guard_test::Act;
using guard_test::Box;
using guard_test::Step;
using guard_test::System;
using guard_test::Table;
using internal::Builder;
using internal::Node;

// Not yet asked of a counterexample: that no divisor is 0 where it is not read, and that
// g has one value for equal arguments.
constexpr bool kUnreadDivisors = true;
constexpr bool kOpaqueTermsAreFunctions = true;

void collect(const Node* root, std::set<const Node*>& seen) {
  std::vector<const Node*> stack = {root};
  while (!stack.empty()) {
    const Node* n = stack.back();
    stack.pop_back();
    if (!seen.insert(n).second) continue;
    const Expr e = Builder::expr(n);
    for (size_t i = 0; i < e.num_args(); ++i) stack.push_back(Builder::node(e.arg(i)));
  }
}

// One run of a system. wrong() is empty where every answer agrees with the enumeration.
class Trial {
 public:
  explicit Trial(const System& system) : system_(system), box_(system), facts_(pool_) {
    for (const Step& step : system.script) {
      if (!wrong_.empty()) return;
      execute(step);
    }
  }
  const std::string& wrong() const { return wrong_; }
  int decided() const { return decided_; }
  uint64_t questions() const { return questions_; }
  int certified() const { return certified_; }

 private:
  struct Fact {
    Expr expr;
    Table table;
  };

  void fail(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  void execute(const Step& step) {
    switch (step.act) {
      case Act::kPush:
        facts_.push();
        marks_.push_back(known_.size());
        return;
      case Act::kPop:
        if (marks_.empty()) return;  // a reduced script
        facts_.pop();
        known_.erase(known_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                     known_.end());
        marks_.pop_back();
        return ask_again();
      case Act::kFact:
        add(step);
        return ask_again();
      case Act::kAsk:
        asked_.push_back(&step);
        return ask(step, true);
    }
  }

  // Old questions in a new state: the answers that are remembered.
  void ask_again() {
    constexpr size_t kLast = 2;
    for (size_t i = asked_.size(); i > 0 && asked_.size() - i < kLast; --i) {
      ask(*asked_[i - 1], false);
    }
  }

  void add(const Step& step) {
    const Expr e = guard_test::build(pool_, system_, step.tree);
    const bool before = facts_.contradictory();
    const absl::Status status = facts_.add(e);
    known_.push_back({e, box_.table(step.tree)});
    if (facts_.size() != known_.size()) fail("size() counts other facts");
    if (status.ok() == (!before && facts_.contradictory())) {
      fail("add's status and contradictory() differ");
    }
    if (!facts_.contradictory()) return;
    check_none(all(), nullptr, "contradictory() facts hold");
    check_none(facts_.conflict(), nullptr, "the facts of conflict() hold");
  }

  std::vector<FactId> all() const {
    std::vector<FactId> ids;
    for (size_t i = 0; i < known_.size(); ++i) ids.push_back(static_cast<FactId>(i));
    return ids;
  }

  // Fails where some point of the named facts has this value of the guard, if there is
  // one.
  void check_none(const std::vector<FactId>& ids, const Table* guard, const char* what,
                  bool value = false) {
    const std::optional<size_t> point = find(ids, guard, value);
    if (!point) return;
    std::string where;
    for (size_t i = 0; i < system_.symbols.size(); ++i) {
      where += " " + guard_test::name_of(system_, static_cast<int64_t>(i)) + "=" +
               std::to_string(box_.at(i, *point));
    }
    fail(std::string(what) + " at" + where);
  }

  std::optional<size_t> find(const std::vector<FactId>& ids, const Table* guard,
                             bool value) const {
    for (size_t p = 0; p < box_.size(); ++p) {
      bool holds =
          guard == nullptr || (guard->counts[p] != 0 && (guard->holds[p] != 0) == value);
      for (size_t i = 0; holds && i < system_.symbols.size(); ++i) {
        const Range& birth = system_.symbols[i].birth;
        holds = (!birth.lo || box_.at(i, p) >= *birth.lo) &&
                (!birth.hi || box_.at(i, p) <= *birth.hi);
      }
      for (size_t i = 0; holds && i < ids.size(); ++i) {
        const Table& t = known_[ids[i]].table;
        holds = t.counts[p] != 0 && t.holds[p] != 0;
      }
      if (holds) return p;
    }
    return std::nullopt;
  }

  void ask(const Step& step, bool certificate) {
    const Expr guard = guard_test::build(pool_, system_, step.tree);
    const Table table = box_.table(step.tree);
    const Answer a =
        facts_.decide(guard, {.steps = system_.steps, .certificate = certificate});
    ++questions_;
    if (certificate) decided_ += a.truth != Truth::kUnknown;
    const std::string by = "answered " + std::string(truth_name(a.truth)) + " by " +
                           std::string(layer_name(a.layer)) + ": ";
    for (const FactId id : a.rests_on) {
      if (id >= known_.size()) return fail(by + "rests_on names no fact");
    }
    check_certificate(guard, a, by);
    switch (a.truth) {
      case Truth::kTrue:
        check_none(all(), &table, (by + "the guard fails").c_str(), false);
        check_none(a.rests_on, &table, (by + "the guard fails under rests_on").c_str(),
                   false);
        return;
      case Truth::kFalse:
        check_none(all(), &table, (by + "the guard holds").c_str(), true);
        check_none(a.rests_on, &table, (by + "the guard holds under rests_on").c_str(),
                   true);
        return;
      case Truth::kOpen:
        check_counterexample(guard, table, a, by);
        return;
      case Truth::kUnknown:
        if (!a.rests_on.empty() || !a.counterexample.empty())
          fail(by + "yet reasons are given");
        return;
    }
  }

  void check_certificate(Expr guard, const Answer& a, const std::string& by) {
    if (a.certificate == nullptr) return;
    ++certified_;
    if (a.truth != Truth::kTrue && a.truth != Truth::kFalse) {
      return fail(by + "there is a certificate");
    }
    std::vector<Expr> facts;
    for (const Fact& f : known_) facts.push_back(f.expr);
    const absl::Status status =
        check(*a.certificate, facts, a.truth == Truth::kTrue ? guard : !guard);
    if (!status.ok()) fail(by + "the certificate is refused: " + status.ToString());
  }

  void check_counterexample(Expr guard, const Table& table, const Answer& a,
                            const std::string& by) {
    if (a.counterexample.empty()) {
      bool exact = system_.boxed && table.exact;
      for (const Fact& f : known_) exact &= f.table.exact;
      // Canonical terms may have dropped a divisor.
      if (exact && !find(all(), &table, false) && !divides()) {
        fail(by + "the guard fails nowhere");
      }
      return;
    }
    internal::Assignment point;
    std::string where;
    for (const auto& [variable, value] : a.counterexample) {
      const Range r = variable.range();
      if ((r.lo && value < *r.lo) || (r.hi && value > *r.hi)) {
        fail(by + "the counterexample leaves a birth range");
      }
      point.set(Builder::node(variable), Int(value));
      where += " " + std::string(variable.name()) + "=" + std::to_string(value);
    }
    fill_in(point);
    internal::Evaluator evaluator;
    const auto value = [&](const Node* n) { return evaluator.evaluate(n, point); };
    std::set<const Node*> seen;
    collect(Builder::node(guard), seen);
    const std::optional<Int> v = value(Builder::node(guard));
    if (!v || !v->is_zero()) fail(by + "the guard does not fail at" + where);
    for (size_t i = 0; i < known_.size(); ++i) {
      const Node* n = Builder::node(known_[i].expr);
      collect(n, seen);
      const std::optional<Int> holds = value(n);
      if (!holds || !holds->is_one()) {
        fail(by + "fact " + std::to_string(i) + " does not hold at" + where);
      }
    }
    std::map<std::string, std::string> function;
    for (const Node* n : seen) {
      const Expr e = Builder::expr(n);
      if (e.op() == Op::kFloorDiv && kUnreadDivisors) {
        const std::optional<Int> d = value(Builder::node(e.arg(1)));
        if (!d || d->is_zero()) fail(by + "a divisor is 0 at" + where);
      } else if (e.op() == Op::kOpaque && kOpaqueTermsAreFunctions) {
        const std::optional<Int> x = value(Builder::node(e.arg(0)));
        const std::optional<Int> y = value(n);
        if (!x || !y) continue;
        const auto [it, fresh] = function.emplace(x->to_string(), y->to_string());
        if (!fresh && it->second != y->to_string())
          fail(by + "g is no function at" + where);
      }
    }
  }

  // Symbols that do not matter: any value will do.
  void fill_in(internal::Assignment& point) {
    for (size_t i = 0; i < system_.symbols.size(); ++i) {
      const Node* n =
          Builder::node(guard_test::symbol_of(pool_, system_, static_cast<int64_t>(i)));
      if (point.find(n) == nullptr) point.set(n, Int(system_.symbols[i].lo));
    }
  }

  static bool divides(const guard_test::Tree& t) {
    using guard_test::Kind;
    if (t.kind == Kind::kFloorDiv || t.kind == Kind::kFloorMod ||
        t.kind == Kind::kCeilDiv) {
      return t.args[1].kind != Kind::kNumber;
    }
    return std::ranges::any_of(t.args, [](const auto& a) { return divides(a); });
  }
  bool divides() const {
    return std::ranges::any_of(system_.script,
                               [](const Step& s) { return divides(s.tree); });
  }

  const System& system_;
  Box box_;
  ExprPool pool_;
  std::vector<const Step*> asked_;  // of system_
  Facts facts_;
  std::vector<Fact> known_;
  std::vector<size_t> marks_;
  std::string wrong_;
  int decided_ = 0, certified_ = 0;
  uint64_t questions_ = 0;
};

TEST(FactsFuzz, RandomSystemsAgreeWithEnumeration) {
  const Seeds seeds = soak_seeds(1'000, 120'000);
  uint64_t decided = 0, certified = 0, questions = 0, failures = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end && failures < 40; ++seed) {
    const System system = guard_test::RandomSystem(seed).make();
    const Trial run(system);
    decided += static_cast<uint64_t>(run.decided());
    certified += static_cast<uint64_t>(run.certified());
    questions += run.questions();
    if (run.wrong().empty()) continue;
    ++failures;
    // To make it smaller may take long.
    std::printf("seed %llu: %s\n%s\n", static_cast<unsigned long long>(seed),
                run.wrong().c_str(), guard_test::text_of(system).c_str());
    std::fflush(stdout);
    const System small = guard_test::reduce(
        system, [](const System& s) { return !Trial(s).wrong().empty(); });
    ADD_FAILURE() << "seed " << seed << ": " << run.wrong()
                  << "\nreduced: " << Trial(small).wrong() << "\n"
                  << guard_test::text_of(small);
  }
  soak_report(
      "FactsFuzz", seeds,
      {{"questions", questions}, {"certificates", certified}, {"failures", failures}});
  EXPECT_GE(decided, seeds.count() / 2);
  EXPECT_GT(2 * certified, decided);  // the others are open
}

}  // namespace
}  // namespace congrua
