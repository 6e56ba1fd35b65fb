// Bounds of random terms under random facts, against enumeration of the points of a small
// box: every value is inside, and most ends are values.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "congrua/guard.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/guard/random_facts.h"

namespace congrua {
namespace {

using guard_test::Act;
using guard_test::Box;
using guard_test::Kind;
using guard_test::Step;
using guard_test::System;
using guard_test::Table;
using guard_test::Tree;
using guard_test::Wide;

bool has_opaque(const Tree& t) {
  return t.kind == Kind::kOpaque || std::ranges::any_of(t.args, has_opaque);
}

// One system: its facts are added, the parts of its questions are bounded.
class Trial {
 public:
  explicit Trial(const System& system) : system_(system), box_(system), facts_(pool_) {
    holds_.assign(box_.size(), 1);
    for (size_t i = 0; i < system.symbols.size(); ++i) {
      const Range& birth = system.symbols[i].birth;
      for (size_t p = 0; p < box_.size(); ++p) {
        holds_[p] = holds_[p] != 0 && (!birth.lo || box_.at(i, p) >= *birth.lo) &&
                    (!birth.hi || box_.at(i, p) <= *birth.hi);
      }
    }
    for (const Step& step : system.script) {
      if (step.act != Act::kFact || has_opaque(step.tree)) continue;
      (void)facts_.add(guard_test::build(pool_, system, step.tree));
      const Table t = box_.table(step.tree);
      exact_ &= t.exact;
      for (size_t p = 0; p < box_.size(); ++p) {
        holds_[p] = holds_[p] != 0 && t.counts[p] != 0 && t.holds[p] != 0;
      }
    }
    if (facts_.contradictory()) return;
    for (const Step& step : system.script) {
      if (step.act == Act::kAsk && !has_opaque(step.tree)) check_all(step.tree);
    }
  }
  const std::string& wrong() const { return wrong_; }
  int ends() const { return ends_; }
  uint64_t terms() const { return terms_; }
  int tight() const { return tight_; }

 private:
  void check_all(const Tree& t) {
    for (const Tree& a : t.args) check_all(a);
    if (wrong_.empty() && !t.args.empty()) check(t);
  }

  void check(const Tree& t) {
    Table where;
    const std::vector<Wide> values = box_.column(t, where);
    const Expr e = guard_test::build(pool_, system_, t);
    const Bounds b = facts_.bounds(e, {.steps = system_.steps});
    ++terms_;
    std::optional<Wide> least, greatest;
    for (size_t p = 0; p < box_.size(); ++p) {
      if (holds_[p] == 0 || where.counts[p] == 0) continue;
      const Wide v = values[p];
      least = least ? std::min(*least, v) : v;
      greatest = greatest ? std::max(*greatest, v) : v;
      const bool in_class =
          b.modulus == 0 ? v == b.residue : (v - b.residue) % b.modulus == 0;
      if (in_class && (!b.lo || v >= *b.lo) && (!b.hi || v <= *b.hi)) continue;
      wrong_ = to_string(e) + " in [" + (b.lo ? std::to_string(*b.lo) : "-inf") + ", " +
               (b.hi ? std::to_string(*b.hi) : "inf") + "], " +
               std::to_string(b.residue) + " mod " + std::to_string(b.modulus) +
               ", but it can be " + std::to_string(static_cast<int64_t>(v));
      return;
    }
    if (!system_.boxed || !exact_ || !where.exact || !least) return;
    ends_ += 2;
    tight_ += (b.lo && Wide{*b.lo} == *least) + (b.hi && Wide{*b.hi} == *greatest);
  }

  const System& system_;
  Box box_;
  ExprPool pool_;
  Facts facts_;
  std::vector<uint8_t> holds_;
  bool exact_ = true;
  std::string wrong_;
  int ends_ = 0, tight_ = 0;
  uint64_t terms_ = 0;
};

TEST(BoundsFuzz, EveryValueIsInsideAndMostEndsAreValues) {
  const Seeds seeds = soak_seeds(500, 50'000);
  int64_t ends = 0, tight = 0;
  uint64_t terms = 0, failures = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end && failures < 20; ++seed) {
    const System system = guard_test::RandomSystem(seed).make();
    const Trial run(system);
    ends += run.ends();
    tight += run.tight();
    terms += run.terms();
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
  RecordProperty("ends", static_cast<int>(ends));
  RecordProperty("tight", static_cast<int>(tight));
  soak_report("BoundsFuzz", seeds, {{"terms", terms}, {"failures", failures}});
  EXPECT_GE(ends, 0);
  // What is left: ends that the budget of the system does not reach.
  if (seeds.count() >= 100) {
    EXPECT_GE(tight * 100, ends * 90) << tight << " of " << ends << " ends are attained";
  }
  if (std::getenv("CONGRUA_MISSES") != nullptr) {
    std::printf("%lld of %lld ends are attained\n", static_cast<long long>(tight),
                static_cast<long long>(ends));
  }
}

}  // namespace
}  // namespace congrua
