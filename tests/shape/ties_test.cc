#include "shape/ties.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "congrua/float64.h"
#include "congrua/shape.h"
#include "congrua/text.h"
#include "expr/builder.h"

namespace congrua::shape {
namespace {

using internal::Builder;

TEST(Ties, AreAsFactsTieSymbols) {
  ExprPool pool;
  const Expr x = pool.symbol("x"), y = pool.symbol("y"), z = pool.symbol("z");
  const auto last = [](const Ties& ties, Expr e) { return ties.last(Builder::node(e)); };
  Ties ties;
  EXPECT_EQ(last(ties, x), 0u);
  ties.add(Builder::node(ge(x, pool.constant(2))), 1);
  ties.add(Builder::node(ge(y, pool.constant(2))), 2);
  EXPECT_EQ(last(ties, ge(x, pool.constant(5))), 1u);
  EXPECT_EQ(last(ties, ge(y, x)), 2u);
  EXPECT_EQ(last(ties, z), 0u);
  ties.add(Builder::node(ge(x, z)), 3);
  ties.add(Builder::node(ge(z, y)), 4);
  EXPECT_EQ(last(ties, x), 4u);
  ties.add(Builder::node(ge(pool.symbol("w"), x)), 5);
  EXPECT_EQ(last(ties, y), 5u);
}

// Equal arguments have equal values, whichever symbols they read.
TEST(Ties, OpaqueTermsAreTiedToEachOther) {
  Env env;
  const Expr x = env.unbacked(), y = env.unbacked(), z = env.unbacked();
  const std::array of_x = {x}, of_y = {y};
  const Expr f_x = env.opaque("f", of_x), g_y = env.opaque("g", of_y);
  Ties ties;
  ties.add(Builder::node(ge(f_x, z)), 1);
  ties.add(Builder::node(ge(g_y, env.pool().constant(2))), 2);
  EXPECT_EQ(ties.last(Builder::node(x)), 2u);
  EXPECT_EQ(ties.last(Builder::node(z)), 2u);
  const Expr a = *env.float64("a", 0.5), b = *env.float64("b", 0.5);
  ties.add(Builder::node(float_lt(a, float_constant(env.pool(), 2))), 3);
  EXPECT_EQ(ties.last(Builder::node(b)), 3u);
}

// It reads nothing, and does not make one group of all.
TEST(Ties, AGuardThatIsTrueChangesNothing) {
  const auto guards = [](bool with) {
    Env env;
    if (with) (void)env.guard(env.pool().boolean(true));
    for (int i = 0; i < 4; ++i) {
      SizeOptions own;
      own.policy = Policy::kDynamic;
      const Expr e = *env.size("x.size(" + std::to_string(i) + ")", 8 + i, own);
      (void)env.guard(ge(e * e, env.pool().constant(20)));
      (void)env.guard(ge(e, env.pool().constant(3)));
    }
    std::string text;
    const GuardSet set = env.guards();
    for (const Expr d : set.domains) text += to_string(d) + "; ";
    for (const Expr g : set.guards) text += to_string(g) + "; ";
    return text;
  };
  EXPECT_EQ(guards(true), guards(false));
  EXPECT_NE(guards(false), "");
}

// Against sets of symbols that are joined, with scopes.
TEST(TiesFuzz, AgreesWithSets) {
  std::mt19937_64 random(11);
  ExprPool pool;
  std::vector<Expr> symbols;
  for (int i = 0; i < 12; ++i) symbols.push_back(pool.symbol("s" + std::to_string(i)));
  const auto any = [&] { return random() % symbols.size(); };
  for (int run = 0; run < 200; ++run) {
    Ties ties;
    struct Fact {
      std::set<size_t> reads;
      size_t number;
    };
    std::vector<Fact> facts;
    struct Scope {
      size_t facts, mark;
    };
    std::vector<Scope> scopes;
    for (int step = 0; step < 60; ++step) {
      const uint64_t what = random() % 8;
      if (what == 0) {
        scopes.push_back({facts.size(), ties.mark()});
        ties.push();
      } else if (what == 1 && !scopes.empty()) {
        ties.pop(scopes.back().mark);
        facts.resize(scopes.back().facts);
        scopes.pop_back();
      } else {
        // The same fact again now and then, under another number.
        static size_t a = 0, b = 0;
        if (what != 2) {
          a = any();
          b = random() % 2 == 0 ? a : any();
        }
        const size_t number = facts.size() + 1;
        facts.push_back({{a, b}, number});
        ties.add(Builder::node(ge(symbols[a] + 2 * symbols[b], pool.constant(3))),
                 number);
      }
      for (size_t s = 0; s < symbols.size(); ++s) {
        std::set<size_t> tied = {s};
        size_t last = 0;
        for (size_t before = 0; before != tied.size();) {
          before = tied.size();
          for (const Fact& f : facts) {
            if (!std::ranges::any_of(f.reads, [&](size_t r) { return tied.contains(r); }))
              continue;
            tied.insert(f.reads.begin(), f.reads.end());
            last = std::max(last, f.number);
          }
        }
        ASSERT_EQ(ties.last(Builder::node(symbols[s])), last) << "run " << run;
      }
    }
  }
}

class KeptAnswers : public ::testing::Test {
 protected:
  Truth ask(Expr e) { return env.is_known(e).truth; }
  // Whether a question is decided anew, which makes terms.
  bool anew(Expr e) {
    const size_t before = env.pool().num_nodes();
    (void)ask(e);
    return env.pool().num_nodes() != before;
  }
  Expr c(int64_t v) { return env.pool().constant(v); }
  Env env;
};

TEST_F(KeptAnswers, UnknownStaysUntilAFactBearsOnIt) {
  const Expr x = env.unbacked(), y = env.unbacked(), z = env.unbacked(),
             w = env.unbacked();
  ASSERT_TRUE(env.assume(ge(max(x, y), c(3))).ok());
  const Expr open = ge(floor_div(min(x, 2 * y), 3), -y + min(x, c(7)));
  ASSERT_EQ(ask(open), Truth::kUnknown);
  ASSERT_TRUE(env.assume(ge(max(z, 2 * w), c(4))).ok());
  EXPECT_FALSE(anew(open));
  EXPECT_EQ(ask(open), Truth::kUnknown);
  env.enter_branch(ge(z, c(5)));
  EXPECT_FALSE(anew(open));
  env.leave_branch();
  EXPECT_FALSE(anew(open));
  ASSERT_TRUE(env.assume(ge(w, y)).ok());  // ties them
  EXPECT_TRUE(anew(open));
  ASSERT_TRUE(env.assume(ge(c(2), w)).ok());
  EXPECT_TRUE(anew(open));
  ASSERT_TRUE(env.assume(eq(w, c(0))).ok());
  EXPECT_EQ(ask(ge(c(0), y)), Truth::kTrue);
}

TEST_F(KeptAnswers, AllFollowsFromAContradictionElsewhere) {
  const Expr x = env.unbacked(), y = env.unbacked();
  const Expr open = ge(floor_div(min(x, c(7)), 3), min(x, c(2)));
  ASSERT_EQ(ask(open), Truth::kUnknown);
  const Expr given[] = {ge(y, c(3)), le(y, c(2))};
  EXPECT_EQ(env.is_known(open, {.given = given}).truth, Truth::kTrue);
  EXPECT_EQ(ask(open), Truth::kUnknown);
}

// What is settled where all is asked anew is settled where answers are kept.
TEST_F(KeptAnswers, NothingIsLostFuzz) {
  std::mt19937_64 random(5);
  size_t settled = 0, unsettled = 0;
  for (int run = 0; run < 40; ++run) {
    Env kept;
    ExprPool& pool = kept.pool();
    std::vector<Expr> sizes;
    for (int i = 0; i < 6; ++i) {
      sizes.push_back(kept.unbacked({.range = {.lo = 0, .hi = 40}}));
    }
    const auto any = [&] { return sizes[random() % sizes.size()]; };
    const auto small = [&] { return static_cast<int64_t>(random() % 9); };
    const auto term = [&]() -> Expr {
      const Expr a = any(), b = random() % 2 == 0 ? a : any();
      switch (random() % 5) {
        case 0:
          return floor_div(a, small() + 2);
        case 1:
          return floor_mod(a, small() + 2);
        case 2:
          return min(a, b + small());
        case 3:
          return a - b;
        default:
          return a;
      }
    };
    std::vector<Expr> questions, facts;
    for (int i = 0; i < 8; ++i) questions.push_back(ge(term(), term() + small()));
    for (int step = 0; step < 8; ++step) {
      const Expr fact = ge(term() + small(), term());
      if (!kept.assume(fact).ok()) continue;
      facts.push_back(fact);
      Env fresh(pool);
      for (size_t i = 0; i < sizes.size(); ++i) {
        (void)fresh.assume(ge(sizes[i], pool.constant(0)));
        (void)fresh.assume(le(sizes[i], pool.constant(40)));
      }
      for (const Expr f : facts) (void)fresh.assume(f);
      for (const Expr q : questions) {
        const Truth anew = fresh.is_known(q).truth, was = kept.is_known(q).truth;
        if (anew == Truth::kTrue || anew == Truth::kFalse) {
          ++settled;
          EXPECT_EQ(was, anew) << "run " << run;
        } else {
          ++unsettled;
          EXPECT_TRUE(was != Truth::kTrue && was != Truth::kFalse) << "run " << run;
        }
      }
    }
  }
  EXPECT_GT(settled, 100u);
  EXPECT_GT(unsettled, 100u);
}

}  // namespace
}  // namespace congrua::shape
