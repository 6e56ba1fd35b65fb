// Every rule of the checker against enumeration: whatever it accepts, the row that a step
// makes holds at each point of a box at which the facts hold, the goal fails, no divisor
// is 0 and the assumptions of the open cases hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "congrua/proof.h"
#include "congrua/text.h"
#include "proof/checker.h"
#include "tests/expr/reference.h"
#include "tests/guard/random_facts.h"
#include "tests/proof/points.h"

namespace congrua {
namespace {

using guard_test::System;
using proof::Checker;
using proof::Row;
using proof_test::admits;
using proof_test::collect;
using proof_test::Point;
using proof_test::points_of;

// Applies steps and looks at what is accepted.
class Witnessed {
 public:
  Witnessed(std::vector<Expr> facts, Expr goal, std::vector<Point> points)
      : facts_(std::move(facts)), checker_(facts_, goal) {
    open_.push_back(std::move(points));
  }

  bool apply(const Step& step) {
    const size_t depth = checker_.depth();
    if (!checker_.apply(step).ok()) return false;
    const std::string what(proof::kind_name(step.kind));
    if (checker_.depth() > depth) {  // a split
      for (const Point& p : open_.back()) {
        bool covered = false;
        for (const Row& c : checker_.cases()) covered |= p.holds(c, checker_);
        EXPECT_TRUE(covered) << what << ": no case at a point";
      }
    } else if (step.kind == StepKind::kCase) {
      open_.resize(depth);
      const Row& row = *checker_.row(last());
      std::vector<Point> within;
      for (const Point& p : open_.back()) {
        if (p.holds(row, checker_)) within.push_back(p);
      }
      open_.push_back(std::move(within));
    } else if (step.kind == StepKind::kClose) {
      EXPECT_TRUE(open_.back().empty()) << "a case with points was closed";
    } else {
      const Row& row = *checker_.row(last());
      for (const Point& p : open_.back()) {
        if (p.holds(row, checker_)) continue;
        ADD_FAILURE() << what << " made " << proof::to_string(row, checker_);
        break;
      }
    }
    ++accepted_[step.kind];
    return true;
  }

  Checker& checker() { return checker_; }
  const std::map<StepKind, int>& accepted() const { return accepted_; }
  size_t points() const { return open_.back().size(); }

 private:
  uint32_t last() const { return static_cast<uint32_t>(checker_.num_steps() - 1); }

  std::vector<Expr> facts_;
  Checker checker_;
  std::vector<std::vector<Point>> open_;  // the points of each open case
  std::map<StepKind, int> accepted_;
};

Expr read(ExprPool& pool, std::string_view text) {
  const absl::StatusOr<Expr> e = parse_infix(pool, text);
  EXPECT_TRUE(e.ok()) << text << ": " << e.status().message();
  return e.ok() ? *e : pool.boolean(true);
}

// Each rule with its conditions as facts over symbols of their own.
struct Axiom {
  const char* facts;
  const char* steps;
};
constexpr Axiom kAxioms[] = {
    {"x//b >= -100; b >= 1",
     "0 fact #1\n1 quotient #0 {floor_div(x, b)} [0]\n"
     "2 quotient #1 {floor_div(x, b)} [0]"},
    {"x//b >= -100; b <= -1",
     "0 fact #1\n1 quotient #0 {floor_div(x, b)} [0]\n"
     "2 quotient #1 {floor_div(x, b)} [0]"},
    {"x//3 >= -100", "0 quotient #0 {floor_div(x, 3)}\n1 quotient #1 {floor_div(x, 3)}"},
    {"x//b >= -100",
     "0 divisor {b}\n1 cases [0]\n2 case #0\n"
     "3 quotient #0 {floor_div(x, b)} [2]"},
    {"max(x, y, z) <= 100",
     "0 extreme #0 {max(x, y, z)}\n1 extreme #1 {max(x, y, z)}\n"
     "2 extreme #2 {max(x, y, z)}\n3 attained {max(x, y, z)}"},
    {"min(x, y, z) <= 100",
     "0 extreme #0 {min(x, y, z)}\n1 extreme #1 {min(x, y, z)}\n"
     "2 extreme #2 {min(x, y, z)}\n3 attained {min(x, y, z)}"},
    {"select(x > y, 2*z, y) <= 100; x > y",
     "0 fact #1\n1 branch {select(x > y, 2*z, y)} [0]"},
    {"select(x > y, 2*z, y) <= 100; x <= y",
     "0 fact #1\n1 branch {select(x > y, 2*z, y)} [0]"},
    {"select(x == y, 2*z, y) <= 100; x != y",
     "0 fact #1\n1 branch {select(x == y, 2*z, y)} [0]"},
    {"x > y and z == 2 and x != z",
     "0 fact #0\n1 part #0 [0]\n2 part #1 [0]\n"
     "3 part #2 [0]"},
    {"(x > y) == (z == 2); x > y", "0 fact #0\n1 fact #1\n2 iff #1 [0] [1]"},
    {"(x > y) != (z == 2); z != 2", "0 fact #0\n1 fact #1\n2 iff #0 [0] [1]"},
    {"x >= y; x != z; x == 2*y + z; z >= 1",
     "0 fact #0\n1 fact #1\n2 fact #2\n3 fact #3\n4 combine {2}*[0] + {3}*[3] + {7}\n"
     "5 combine {x - z}*[2] + {1}*[0]\n6 combine {-2}*[1] + {x*y}*[2]\n"
     "7 combine {y}*[2]\n8 combine {y}*[2] + {3}\n9 product [0] [3]\n"
     "10 product [4] [4]"},
    {"6*x - 4*y == 2*z", "0 fact #0\n1 divide {1} [0]"},
    {"b >= 1; r <= b - 1; b*z + r >= 0",
     "0 fact #0\n1 fact #1\n2 fact #2\n3 round {b} {z} [2] [0] [1]"},
    {"x >= y; y >= x", "0 fact #0\n1 fact #1\n2 equal [0] [1]"},
    {"x + y >= 1; x + y <= 4", "0 fact #0\n1 fact #1\n2 values [0] [1]"},
    {"x <= 5*y", "0 split {x*y - 3}\n1 case #1"},
    {"x <= 5*y", "0 split {x == y}\n1 case #1"},
    {"not (x > y and z == 2)", "0 fact #0\n1 cases [0]\n2 case #0"},
    {"x != 2*y", "0 fact #0\n1 cases [0]\n2 case #1"},
    {"x//y >= -100; z//y >= -100; x == z",
     "0 fact #2\n1 congruence {floor_div(x, y)} {floor_div(z, y)} [0]"},
};

TEST(Soundness, EachRuleHoldsAtEveryPoint) {
  for (const Axiom& a : kAxioms) {
    ExprPool pool;
    std::vector<Expr> facts;
    std::string_view list = a.facts;
    while (!list.empty()) {
      const size_t end = std::min(list.find(';'), list.size());
      facts.push_back(read(pool, list.substr(0, end)));
      list.remove_prefix(std::min(end + 1, list.size()));
    }
    const absl::StatusOr<Certificate> steps = parse_certificate(pool, a.steps);
    ASSERT_TRUE(steps.ok()) << steps.status();
    Witnessed w(facts, pool.boolean(false), points_of(facts, -6, 6));
    EXPECT_GT(w.points(), 5u) << a.facts;
    for (const Step& s : steps->steps) {
      EXPECT_TRUE(w.apply(s)) << a.facts << "\n"
                              << to_string(*steps, facts, pool.boolean(false));
    }
  }
}

// Random steps over random questions.
class RandomSteps {
 public:
  RandomSteps(uint64_t seed, ExprPool& pool, std::vector<Expr> facts, Expr goal)
      : rng_(seed), pool_(pool), facts_(std::move(facts)) {
    std::vector<Expr> seen;
    collect(goal, seen);
    for (const Expr f : facts_) collect(f, seen);
    for (const Expr e : seen) (e.is_bool() ? bools_ : ints_).push_back(e);
    for (int64_t c = -2; c <= 3; ++c) ints_.push_back(pool.constant(c));
  }

  Step next(Checker& checker) {
    std::vector<uint32_t> live;
    for (uint32_t i = 0; i < checker.num_steps(); ++i) {
      if (checker.row(i) != nullptr) live.push_back(i);
    }
    const auto row = [&] { return live.empty() ? 0 : live[below(live.size())]; };
    Step s{.kind =
               static_cast<StepKind>(below(static_cast<size_t>(StepKind::kClose) + 1))};
    s.index = static_cast<uint32_t>(below(3));
    switch (s.kind) {
      case StepKind::kFact:
      case StepKind::kGoal:
      case StepKind::kCase:
        break;
      case StepKind::kSplit:
        s.terms = {one_in(3) ? integer() : proposition()};
        break;
      case StepKind::kDivisor:
      case StepKind::kRange:
      case StepKind::kExtreme:
      case StepKind::kAttained:
        s.terms = {integer()};
        break;
      case StepKind::kQuotient:
        s.terms = {of(Op::kFloorDiv)};
        if (one_in(2)) s.rows = {row()};
        break;
      case StepKind::kBranch:
        s.terms = {of(Op::kSelect)};
        s.rows = {row()};
        break;
      case StepKind::kCongruence:
        s.terms = {integer(), integer()};
        for (size_t n = below(3); n > 0; --n) s.rows.push_back(row());
        break;
      case StepKind::kPart:
      case StepKind::kCases:
        s.rows = {row()};
        break;
      case StepKind::kIff:
      case StepKind::kProduct:
      case StepKind::kEqual:
      case StepKind::kValues:
        s.rows = {row(), row()};
        break;
      case StepKind::kCombine:
        for (size_t n = 1 + below(3); n > 0; --n) {
          s.rows.push_back(row());
          s.terms.push_back(one_in(3) ? integer() : pool_.constant(pick(-1, 3)));
        }
        if (one_in(3)) s.terms.push_back(pool_.constant(pick(-1, 3)));
        break;
      case StepKind::kDivide:
        s.rows = {row()};
        s.terms = {pool_.constant(pick(-1, 6))};
        break;
      case StepKind::kRound:
        s.rows = {row(), row(), row()};
        s.terms = {integer(), integer()};
        break;
      case StepKind::kClose:
        s.rows = {row()};
        if (one_in(2)) s.rows.push_back(row());
        break;
    }
    return s;
  }

 private:
  size_t below(size_t n) { return rng_() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  int64_t pick(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(below(static_cast<size_t>(hi - lo + 1)));
  }
  Expr integer() {
    const Expr e = ints_[below(ints_.size())];
    return one_in(4) ? e - 1 : e;
  }
  // One of this operator, if there is one.
  Expr of(Op op) {
    for (size_t tries = 0; tries < 20; ++tries) {
      const Expr e = integer();
      if (e.op() == op) return e;
    }
    return integer();
  }
  Expr proposition() {
    return bools_.empty() ? pool_.boolean(true) : bools_[below(bools_.size())];
  }

  std::mt19937_64 rng_;
  ExprPool& pool_;
  std::vector<Expr> facts_;
  std::vector<Expr> ints_, bools_;
};

bool has_opaque(const guard_test::Tree& t) {
  if (t.kind == guard_test::Kind::kOpaque) return true;
  return std::ranges::any_of(t.args, [](const auto& a) { return has_opaque(a); });
}

TEST(Soundness, FuzzRandomStepsMakeRowsThatHold) {
  std::map<StepKind, int> accepted;
  const auto rounds = static_cast<uint64_t>(4'000 * expr_test::soak_percent());
  for (uint64_t seed = 0; seed < rounds && !::testing::Test::HasFailure(); ++seed) {
    const System system = guard_test::RandomSystem(seed).make();
    ExprPool pool;
    std::vector<guard_test::Tree> trees;
    for (size_t i = system.bounds; i < system.script.size() && trees.size() < 4; ++i) {
      const guard_test::Step& step = system.script[i];
      if (step.act != guard_test::Act::kFact && step.act != guard_test::Act::kAsk)
        continue;
      if (!has_opaque(step.tree)) trees.push_back(step.tree);
    }
    if (trees.empty()) continue;
    const guard_test::Box box(system);
    if (box.size() > 2'000) continue;
    std::vector<Expr> facts;
    for (const guard_test::Tree& t : trees) {
      facts.push_back(guard_test::build(pool, system, t));
    }
    const Expr goal = facts.back();
    facts.pop_back();
    std::vector<Expr> all = facts;
    all.push_back(!goal);
    std::vector<Expr> symbols;
    for (size_t i = 0; i < system.symbols.size(); ++i) {
      symbols.push_back(guard_test::symbol_of(pool, system, static_cast<int64_t>(i)));
    }
    // Wild boxes are far from 0: the points come from the box of the system.
    std::vector<Expr> terms;
    for (const Expr e : all) collect(e, terms);
    std::vector<Point> points;
    for (size_t i = 0; i < box.size(); ++i) {
      Point p;
      bool good = true;
      for (size_t j = 0; j < symbols.size(); ++j) {
        p.set(symbols[j], box.at(j, i));
        const Range r = symbols[j].range();
        good &= (!r.lo || box.at(j, i) >= *r.lo) && (!r.hi || box.at(j, i) <= *r.hi);
      }
      if (good && admits(p, all, terms)) points.push_back(std::move(p));
    }
    if (points.empty()) continue;
    if (points.size() > 60) points.resize(60);
    Witnessed w(facts, goal, points);
    RandomSteps random(seed, pool, facts, goal);
    for (int i = 0; i < 1500 && w.checker().num_steps() < 80; ++i) {
      w.apply(random.next(w.checker()));
      ASSERT_FALSE(w.checker().finished())
          << "seed " << seed << ": a proof of what fails";
    }
    for (const auto& [kind, n] : w.accepted()) accepted[kind] += n;
    EXPECT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
  for (uint32_t k = 0; k <= static_cast<uint32_t>(StepKind::kClose); ++k) {
    const auto kind = static_cast<StepKind>(k);
    if (kind == StepKind::kRound) continue;  // in the table above
    EXPECT_GT(accepted[kind], 0) << proof::kind_name(kind);
  }
}

}  // namespace
}  // namespace congrua
