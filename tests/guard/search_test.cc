#include "guard/search.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

#include "congrua/guard.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/eval.h"

namespace congrua::guard {
namespace {

using internal::Builder;
using Outcome = Search::Outcome;

const Node* node(Expr e) { return Builder::node(e); }

Expr parse(ExprPool& pool, std::string_view text) {
  auto e = parse_infix(pool, text);
  EXPECT_TRUE(e.ok()) << text << ": " << e.status().ToString();
  return *e;
}

bool holds(const std::vector<Expr>& constraints, const internal::Assignment& point) {
  internal::Evaluator evaluator;
  for (const Expr& c : constraints) {
    const auto v = evaluator.evaluate(node(c), point);
    if (!v.has_value() || v->is_zero()) return false;
  }
  return true;
}

internal::Assignment model_of(const Search& search) {
  internal::Assignment point;
  for (const auto& [variable, value] : search.model()) point.set(variable, value);
  return point;
}

int64_t sum_of(const Search& search) {
  int64_t sum = 0;
  for (const auto& [variable, value] : search.model()) {
    if (variable->sort == Sort::kInt) sum += std::abs(*value.to_int64());
  }
  return sum;
}

// ---- What is found, and how small

struct Case {
  std::string_view constraints;  // separated by ';'
  std::string_view expected;     // "sum N", "none"
};

constexpr Case kCases[] = {
    {"x >= 3", "sum 3"},
    {"x*y == 12; x >= 2; y >= 2", "sum 7"},
    {"x >= 0; y >= 0; x*y + x + y == 119", "sum 20"},  // (x + 1)*(y + 1) == 120
    {"floor_mod(x, 8) == 5; x >= 100", "sum 101"},
    {"floor_mod(x + 3, 128) == 0; x >= 0", "sum 125"},
    {"x == y*z; y >= 3; z >= 4", "sum 19"},
    {"x == 2*y; y == 3*z; z == 5*w; w >= 7", "sum 357"},
    {"floor_div(floor_div(x - 1, 2) - 1, 2) == 9; x >= 0", "sum 39"},
    {"floor_mod(c, g) == 0; c > 10; g > 1; g != 11; c >= g", "sum 14"},
    {"max(x, y) == 7; min(x, y) == 3", "sum 10"},
    {"abs(x) == 5; x < 0", "sum 5"},
    {"x*x == 144; x >= 0", "sum 12"},
    {"x*x*x == -27", "sum 3"},
    {"x != 0; x != 1; x >= 0; x != 2", "sum 3"},
    {"a == b or a == 1 or b == 1; a >= 2; b >= 3", "sum 6"},
    {"select(x > 5, y, z) == 9; x >= 6; y >= 0; z >= 0", "sum 15"},
    {"floor_div(x, y) == 4; y >= 3; x >= 0", "sum 15"},
    {"x >= 1000000; x <= 1000000", "sum 1000000"},
    {"2*x + 4*y == 7", "none"},
    {"x < y; y < x; x >= 0; y <= 500", "none"},
    {"x*y == 7; x >= 2; x <= 6", "none"},
    {"x >= 2; y >= 2; x*y < y", "none"},
    {"floor_mod(x, 4) == 1; floor_mod(x, 6) == 2", "none"},
    {"x >= 0; x <= 200; y >= 0; y <= 200; x*x - 2*y*y == 3", "none"},
    {"floor_mod(x*y*64, 16) == 3", "none"},
    {"x >= 1; x <= 512; floor_div(x - 1, 2) + 1 > x + 7", "none"},
    {"x == 5; x == 6", "none"},
};

TEST(Search, TableOfSmallestSums) {
  for (const Case& c : kCases) {
    ExprPool pool;
    Search search;
    std::vector<Expr> constraints;
    for (size_t from = 0; from <= c.constraints.size();) {
      const size_t to = std::min(c.constraints.find(';', from), c.constraints.size());
      constraints.push_back(parse(pool, c.constraints.substr(from, to - from)));
      search.add(node(constraints.back()));
      from = to + 1;
    }
    Budget budget(2'000'000);
    const Outcome outcome = search.find(budget);
    if (c.expected == "none") {
      EXPECT_EQ(outcome, Outcome::kNone) << c.constraints;
      continue;
    }
    ASSERT_EQ(outcome, Outcome::kFound) << c.constraints;
    EXPECT_TRUE(holds(constraints, model_of(search))) << c.constraints;
    EXPECT_EQ("sum " + std::to_string(sum_of(search)), c.expected) << c.constraints;
  }
}

// ---- Against enumeration

class Generator {
 public:
  Generator(ExprPool& pool, uint64_t seed, int vars, int64_t lo, int64_t hi, bool declare)
      : pool_(pool), rng_(seed) {
    for (int i = 0; i < vars; ++i) {
      SymbolOptions options;
      if (declare) options.range = {lo, hi};
      ints_.push_back(pool.symbol("x" + std::to_string(i), options));
    }
    bools_.push_back(pool.symbol("p", {.sort = Sort::kBool}));
  }
  const std::vector<Expr>& ints() const { return ints_; }
  const std::vector<Expr>& bools() const { return bools_; }

  Expr term(int depth) {
    if (depth == 0) return pick(4) == 0 ? pool_.constant(pick(11) - 5) : variable();
    const int d = depth - 1;
    switch (pick(10)) {
      case 0:
      case 1:
        return term(d) + term(d);
      case 2:
        return term(d) - term(d);
      case 3:
        return (pick(7) - 3) * term(d);
      case 4:
        return term(d) * term(d);
      case 5:
        return floor_div(term(d), divisor());
      case 6:
        return floor_mod(term(d), divisor());
      case 7:
        return pick(2) == 0 ? min(term(d), term(d)) : max(term(d), term(d));
      case 8:
        return select(proposition(d), term(d), term(d));
      default:
        return variable();
    }
  }
  Expr proposition(int depth) {
    switch (pick(depth == 0 ? 5 : 9)) {
      case 0:
        return eq(term(depth), term(0));
      case 1:
        return ne(term(depth), term(0));
      case 2:
        return le(term(depth), term(depth));
      case 3:
        return lt(term(depth), term(0));
      case 4:
        return bools_[0];
      case 5:
        return logical_or(proposition(depth - 1), proposition(depth - 1));
      case 6:
        return logical_and(proposition(depth - 1), proposition(depth - 1));
      case 7:
        return !proposition(depth - 1);
      default:
        return eq(proposition(depth - 1), proposition(depth - 1));
    }
  }
  int64_t pick(int64_t n) {
    return static_cast<int64_t>(rng_() % static_cast<uint64_t>(n));
  }

 private:
  Expr variable() {
    return ints_[static_cast<size_t>(pick(static_cast<int64_t>(ints_.size())))];
  }
  Expr divisor() {
    if (pick(3) == 0) return variable();
    const int64_t c = pick(11) - 5;
    return pool_.constant(c == 0 ? 6 : c);
  }
  ExprPool& pool_;
  std::mt19937_64 rng_;
  std::vector<Expr> ints_, bools_;
};

// Calls f(point) for each point of the box.
template <typename F>
void for_each_point(const Generator& g, int64_t lo, int64_t hi, F&& f) {
  std::vector<int64_t> at(g.ints().size(), lo);
  while (true) {
    for (int64_t p = 0; p < 2; ++p) {
      internal::Assignment point;
      for (size_t i = 0; i < at.size(); ++i) point.set(node(g.ints()[i]), Int(at[i]));
      point.set(node(g.bools()[0]), Int(p));
      f(point);
    }
    size_t i = 0;
    while (i < at.size() && at[i] == hi) at[i++] = lo;
    if (i == at.size()) return;
    ++at[i];
  }
}

// A point where some divisor is 0 answers no question: the finder may leave it out. Only
// points at which each divisor that occurs has a value other than 0 count as solutions.
bool divisors_nonzero(const std::vector<Expr>& constraints,
                      const internal::Assignment& point) {
  std::vector<const Node*> stack;
  for (const Expr& c : constraints) stack.push_back(node(c));
  internal::Evaluator evaluator;
  while (!stack.empty()) {
    const Node* n = stack.back();
    stack.pop_back();
    if (n->op == Op::kFloorDiv) {
      const auto v = evaluator.evaluate(internal::args_of(n)[1], point);
      if (!v.has_value() || v->is_zero()) return false;
    }
    internal::for_each_child(n, [&](const Node* x) { stack.push_back(x); });
  }
  return true;
}

int rounds(int full) {
  const char* percent = std::getenv("CONGRUA_SOAK");
  const int p = percent != nullptr ? std::atoi(percent) : 1;
  return std::max(full / 100 * std::max(p, 1), 1);
}

TEST(Search, AgreesWithEnumerationOfBoxes) {
  constexpr int64_t kLo = -3, kHi = 5;
  int sat = 0, unsat = 0;
  for (int seed = 0; seed < rounds(60'000); ++seed) {
    ExprPool pool;
    Generator g(pool, static_cast<uint64_t>(seed), 3, kLo, kHi, true);
    std::vector<Expr> constraints;
    Search search;
    for (const Expr& x : g.ints()) search.bound({node(x), kLo, kHi});
    const int64_t count = 1 + g.pick(5);
    for (int64_t i = 0; i < count; ++i) {
      constraints.push_back(g.proposition(2));
      search.add(node(constraints.back()));
    }
    bool possible = false;
    int64_t least = INT64_MAX;
    for_each_point(g, kLo, kHi, [&](const internal::Assignment& point) {
      if (!holds(constraints, point) || !divisors_nonzero(constraints, point)) return;
      possible = true;
      int64_t sum = 0;
      for (const Expr& x : g.ints()) sum += std::abs(*point.find(node(x))->to_int64());
      least = std::min(least, sum);
    });
    Budget budget(5'000'000);
    const Outcome outcome = search.find(budget);
    std::string text;
    for (const Expr& c : constraints) text += to_string(c) + "; ";
    ASSERT_EQ(outcome, possible ? Outcome::kFound : Outcome::kNone)
        << "seed " << seed << ": " << text;
    if (possible) {
      ++sat;
      ASSERT_TRUE(holds(constraints, model_of(search)))
          << "seed " << seed << ": " << text;
      ASSERT_EQ(sum_of(search), least) << "seed " << seed << ": " << text;
    } else {
      ++unsat;
    }
  }
  EXPECT_GT(sat, 0);
  EXPECT_GT(unsat, 0);
}

TEST(Search, NoneIsNeverWrongWithoutBounds) {
  for (int seed = 0; seed < rounds(40'000); ++seed) {
    ExprPool pool;
    Generator g(pool, static_cast<uint64_t>(seed) + 1'000'000, 3, 0, 0, false);
    std::vector<Expr> constraints;
    Search search;
    const int64_t count = 1 + g.pick(4);
    for (int64_t i = 0; i < count; ++i) {
      constraints.push_back(g.proposition(2));
      search.add(node(constraints.back()));
    }
    Budget budget(20'000);
    const Outcome outcome = search.find(budget);
    if (outcome == Outcome::kFound) {
      internal::Assignment point = model_of(search);
      for (const Expr& x : g.ints()) {
        if (point.find(node(x)) == nullptr) point.set(node(x), Int(0));
      }
      if (point.find(node(g.bools()[0])) == nullptr)
        point.set(node(g.bools()[0]), Int(0));
      ASSERT_TRUE(holds(constraints, point)) << "seed " << seed;
    } else if (outcome == Outcome::kNone) {
      for_each_point(g, -4, 6, [&](const internal::Assignment& point) {
        ASSERT_FALSE(holds(constraints, point) && divisors_nonzero(constraints, point))
            << "seed " << seed;
      });
    }
  }
}

// ---- Scopes and budgets

TEST(Search, ScopesAndOneMoreConstraint) {
  ExprPool pool;
  Search search;
  const auto add = [&](std::string_view text) { search.add(node(parse(pool, text))); };
  const auto ask = [&](std::string_view text) {
    Budget budget(1'000'000);
    return search.find_with(node(parse(pool, text)), budget);
  };
  const auto find = [&] {
    Budget budget(1'000'000);
    return search.find(budget);
  };
  add("x >= 2");
  add("y == 3*x");
  EXPECT_EQ(ask("y == 10"), Outcome::kNone);
  EXPECT_EQ(ask("y == 12"), Outcome::kFound);
  EXPECT_EQ(sum_of(search), 16);
  search.push();
  add("x < 2");
  EXPECT_EQ(find(), Outcome::kNone);
  search.push();
  EXPECT_EQ(find(), Outcome::kNone);
  search.pop();
  search.pop();
  EXPECT_EQ(find(), Outcome::kFound);
  EXPECT_EQ(sum_of(search), 8);
  search.push();
  add("x > 4");
  add("x != 5");
  EXPECT_EQ(find(), Outcome::kFound);
  EXPECT_EQ(sum_of(search), 24);
  EXPECT_EQ(ask("y <= 15"), Outcome::kNone);
  search.pop();
  EXPECT_EQ(ask("y <= 15"), Outcome::kFound);
}

TEST(Search, ScopesAnswerAsFreshOnes) {
  for (int seed = 0; seed < rounds(10'000); ++seed) {
    ExprPool pool;
    Generator g(pool, static_cast<uint64_t>(seed) + 2'000'000, 3, -3, 5, true);
    Search search;
    std::vector<Expr> constraints;
    std::vector<size_t> scopes;
    for (int step = 0; step < 12; ++step) {
      const int64_t what = g.pick(4);
      if (what == 0) {
        search.push();
        scopes.push_back(constraints.size());
      } else if (what == 1 && !scopes.empty()) {
        search.pop();
        constraints.erase(constraints.begin() + static_cast<ptrdiff_t>(scopes.back()),
                          constraints.end());
        scopes.pop_back();
      } else if (what == 2) {
        constraints.push_back(g.proposition(1));
        search.add(node(constraints.back()));
      } else {
        const Expr asked = g.proposition(2);
        Budget budget(3'000'000), fresh_budget(3'000'000);
        const Outcome outcome = search.find_with(node(asked), budget);
        Search fresh;
        for (const Expr& c : constraints) fresh.add(node(c));
        fresh.add(node(asked));
        ASSERT_EQ(outcome, fresh.find(fresh_budget))
            << "seed " << seed << " step " << step;
      }
    }
  }
}

TEST(Search, SpentBudgetLeavesAllValid) {
  ExprPool pool;
  Search search;
  // No cubes: Fermat. Hard enough for a small budget to run out at any place.
  search.add(node(parse(pool, "x >= 1 and y >= 1 and z >= 1 and x < y")));
  search.add(node(parse(pool, "x*x*x + y*y*y == z*z*z + 1 and x != 1 and y != 1")));
  for (int64_t steps = 0; steps < 4000; steps += 37) {
    Budget budget(steps);
    EXPECT_NE(search.find(budget), Outcome::kNone);
  }
  Budget enough(20'000'000);
  ASSERT_EQ(search.find(enough), Outcome::kFound);  // 9^3 + 10^3 == 12^3 + 1
  EXPECT_EQ(sum_of(search), 31);
}

TEST(Search, CancelStops) {
  ExprPool pool;
  Search search;
  search.add(node(parse(pool, "x >= 1 and y >= 1 and x*x*x == 2*y*y*y")));
  const std::atomic<bool> cancel = true;
  Budget budget(Budget::kUnlimited, &cancel);
  EXPECT_EQ(search.find(budget), Outcome::kExhausted);
}

TEST(Search, SameStepsInEveryRun) {
  int64_t spent[2];
  std::string models[2];
  for (int run = 0; run < 2; ++run) {
    ExprPool pool;
    if (run == 1) {
      EXPECT_EQ(parse(pool, "z - y - w*x").op(), Op::kAdd);  // other ids
    }
    Search search;
    search.add(node(parse(pool, "x*y == 360 and floor_mod(x, 4) == 2 and z == x + y")));
    Budget budget(1'000'000);
    ASSERT_EQ(search.find(budget), Outcome::kFound);
    spent[run] = budget.left();
    for (const auto& [variable, value] : search.model()) {
      models[run] += std::string(internal::as_symbol(variable)->name) + "=" +
                     value.to_string() + " ";
    }
  }
  EXPECT_EQ(spent[0], spent[1]);
  EXPECT_EQ(models[0], models[1]);
}

// ---- Size

// x0 < x1 < ... in both orders of asserting: a bound at one end reaches the other in two
// waves, whatever the order of the constraints is.
TEST(Search, ChainsOfComparisons) {
  for (const bool reversed : {false, true}) {
    ExprPool pool;
    std::vector<Expr> x;
    constexpr int kLength = 1000;
    for (int i = 0; i < kLength; ++i) x.push_back(pool.symbol(fmt::format("x{}", i)));
    Search search;
    for (int i = 0; i + 1 < kLength; ++i) {
      const size_t k = static_cast<size_t>(reversed ? kLength - 2 - i : i);
      search.add(node(lt(x[k], x[k + 1])));
    }
    Budget budget(10'000'000);
    EXPECT_EQ(search.find(budget), Outcome::kFound);
  }
}

TEST(Search, DeepChains) {
  ExprPool pool;
  Expr x = pool.symbol("x", {.range = {.lo = 0}});
  const Expr y = pool.symbol("y", {.range = {.lo = 0}});
  for (int i = 0; i < 50'000; ++i) x = floor_div(max(x, y) + (i % 5), 2);
  Search search;
  search.add(node(ge(x, pool.constant(0))));
  Expr p = pool.boolean(true);
  Expr b = pool.symbol("b", {.sort = Sort::kBool});
  for (int i = 0; i < 1'000; ++i) p = select(p, b, !p);
  search.add(node(logical_or(p, ge(x, pool.constant(7)))));
  Budget budget(Budget::kUnlimited);
  EXPECT_EQ(search.find(budget), Outcome::kFound);
}

// 2^(2^40) mod 7 is 2, which nobody computes: points without a value are no proof.
TEST(Search, ValuesThatAreTooLargeRefuteNothing) {
  ExprPool pool;
  const Expr x = pool.symbol("x");
  Expr power = x;
  for (int i = 0; i < 40; ++i) power = power * power;
  const Expr two = pool.constant(2);
  Expr constant = two;
  for (int i = 0; i < 40; ++i) constant = constant * constant;
  for (const Expr e : {power, constant}) {
    Search search;
    for (const Expr c : {ge(x, two), le(x, pool.constant(3))}) search.add(node(c));
    Budget budget(1'000'000);
    ASSERT_TRUE(search.holds_at_base(node(eq(x, two)), budget).has_value());
    const Expr open = eq(floor_mod(e, 7), two);
    EXPECT_EQ(search.holds_at_base(node(open), budget), std::nullopt);
    EXPECT_EQ(search.find_with(node(open), budget), Outcome::kExhausted);
    search.add(node(open));
    EXPECT_EQ(search.find(budget), Outcome::kExhausted);
    search.add(node(ge(x, pool.constant(4))));
    EXPECT_EQ(search.find(budget), Outcome::kNone);
  }
}

TEST(Search, NumbersBeyondColumns) {
  ExprPool pool;
  Search search;
  const Expr x = pool.symbol("x", {.range = {.lo = 0}});
  const Expr huge = *pool.integer("100000000000000000000000000");
  search.add(node(ne(x, pool.constant(INT64_MAX))));
  search.add(node(lt(x, huge)));
  search.add(node(ge(x * x, pool.constant(INT64_MAX))));
  Budget budget(100'000);
  ASSERT_NE(search.find(budget), Outcome::kNone);
  Budget other(100'000);
  EXPECT_NE(search.find_with(node(ge(x, huge - 5)), other), Outcome::kNone);
  Search one;
  one.add(node(eq(x, huge)));
  Budget third(100'000);
  EXPECT_NE(one.find(third), Outcome::kNone);
}

TEST(Search, FactorsAndRemaindersOfOneCellAreAdded) {
  struct Question {
    std::vector<const char*> facts;
    const char* question;  // fails at x = 9, y = 0, or at x = 3, y = 0
  };
  const Question cases[] = {
      {{}, "floor_mod(select(x >= y, x, y), 4) + floor_mod(max(x, y), 4) <= 3"},
      {{}, "floor_mod(select(x >= y, x, y), 4) + floor_mod(max(x, y), 4) != 6"},
      {{"x <= 9", "y <= 9"}, "select(x >= y, x, y)*max(x, y) + max(x, y)**2 <= 100"},
      {{"select(x >= y, x, y)*max(x, y) + max(x, y)**2 == 162"}, "x == 77"},
      {{"floor_mod(select(x >= y, x, y), 4) + floor_mod(max(x, y), 4) == 6"}, "x == 77"},
  };
  for (const Question& c : cases) {
    ExprPool pool;
    Facts facts(pool);
    for (const char* f : {"x >= 0", "y >= 0"}) {
      ASSERT_TRUE(facts.add(parse_infix(pool, f).value()).ok());
    }
    for (const char* f : c.facts) {
      ASSERT_TRUE(facts.add(parse_infix(pool, f).value()).ok());
    }
    EXPECT_NE(facts.decide(parse_infix(pool, c.question).value()).truth, Truth::kTrue)
        << c.question;
  }
}

// Of two selections that are one extreme each monomial counts.
TEST(Search, TermsOfOneCellAreAdded) {
  ExprPool pool;
  Facts facts(pool);
  for (const char* text :
       {"x >= 1", "x <= 3",
        "select(x > 1000, x - 1000, 0)*select(x >= 1000, 1000, x)"
        " + select(x > 1000, 1000, x) + 1000*select(x >= 1000, 1000, x) >= 1001"}) {
    ASSERT_TRUE(facts.add(parse_infix(pool, text).value()).ok());
  }
  for (const int64_t v : {1, 2, 3}) {
    const Expr x = pool.symbol("x");
    EXPECT_NE(facts.decide(ne(x, pool.constant(v))).truth, Truth::kTrue) << v;
  }
}

// The selection is the maximum, and the program's sum has neither.
TEST(Search, TermsThatCancelAreStillRead) {
  for (const char* text :
       {"x + select(x >= y, x, y) > max(x, y)", "select(x >= y, x, y) >= max(x, y)",
        "2*x + select(x >= y, x, y) != max(x, y)"}) {
    ExprPool pool;
    Facts facts(pool);
    ASSERT_TRUE(facts.add(parse_infix(pool, "x >= 0").value()).ok());
    (void)facts.add(parse_infix(pool, text).value());
    EXPECT_NE(facts.decide(parse_infix(pool, "x != 1").value()).truth, Truth::kTrue)
        << text;
    const Bounds b = facts.bounds(pool.symbol("x"));
    EXPECT_LE(b.lo.value_or(0), 1) << text;
  }
}

}  // namespace
}  // namespace congrua::guard
