#include "smt2/translate.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "congrua/text.h"
#include "expr/eval.h"
#include "smt2/reader.h"
#include "tests/smt2/random_terms.h"

namespace congrua::smt2 {
namespace {

using internal::Builder;

// A conjunction of canonical propositions at a point. Opaque divisions have the
// standard's values, or `wrong` ones where that is set.
class Canonical {
 public:
  Canonical(ExprPool& pool, Model& point, const Env& env) : builder_(Builder::of(pool)) {
    for (const uint32_t d : env.declared()) {
      const Node* s = builder_.find_symbol(env.name(d));
      if (s != nullptr) point_.set(s, point.constants[d].num);
    }
  }
  // The chosen value of a / 0 and a mod 0.
  static Int choice(const Int& a, bool remainder) {
    return floor_mod(a * Int(3) + Int(remainder ? 1 : 2), Int(5));
  }
  // wrong: added to the standard's value of the quotient (even) and remainder.
  void set_divisions(const Int& wrong) {
    for (const Node* n : builder_.all_nodes()) {
      if (n->op != Op::kOpaque) continue;
      const bool remainder = static_cast<const internal::OpaqueNode*>(n)->name == "mod";
      const auto a = evaluator_.evaluate(internal::args_of(n)[0], point_);
      const auto b = evaluator_.evaluate(internal::args_of(n)[1], point_);
      Int v = 0;
      if (a && b) {
        v = b->is_zero() ? choice(*a, remainder)
            : remainder  ? euclid_mod(*a, *b)
                         : euclid_div(*a, *b);
        if (!b->is_zero()) v = v + wrong;
      }
      point_.set(n, v);
    }
  }
  // Fails where no part is false and one has no value.
  bool holds(std::span<const Expr> parts) {
    bool undefined = false;
    for (const Expr e : parts) {
      const auto v = evaluator_.evaluate(Builder::node(e), point_);
      if (!v) {
        undefined = true;
      } else if (v->is_zero()) {
        return false;
      }
    }
    EXPECT_FALSE(undefined);
    return !undefined;
  }

 private:
  Builder& builder_;
  internal::Assignment point_;
  internal::Evaluator evaluator_;
};

// Every point of a small box.
template <typename F>
void for_each_point(const Env& env, F&& f) {
  constexpr int64_t kLow = -2, kHigh = 3;
  Model m;
  for (int64_t x = kLow; x <= kHigh; ++x) {
    for (int64_t y = kLow; y <= kHigh; ++y) {
      for (int64_t z = kLow; z <= kHigh; ++z) {
        for (int p = 0; p < 4; ++p) {
          const int64_t ints[] = {x, y, z};
          size_t i = 0;
          int bit = 0;
          for (const uint32_t d : env.declared()) {
            m.constants[d] = env.declaration(d).sort == Sort::kInt
                                 ? Value{ints[i++ % 3], 1}
                                 : Value::of((p >> bit++ & 1) != 0);
          }
          f(m);
        }
      }
    }
  }
}

// With the same choices for divisions by 0.
Interpretation interpretation(const Env& env, const Model& point,
                              std::span<const TermId> roots) {
  Model m = point;
  Interpretation plain(point);
  std::vector<TermId> divisions;
  for (const TermId t : env.terms.reachable(roots)) {
    if (env.terms.op(t) == TermOp::kDiv || env.terms.op(t) == TermOp::kMod)
      divisions.push_back(t);
  }
  // Choices may depend on inner ones: children have smaller ids, so one by one.
  for (const TermId t : divisions) {
    Interpretation inner(m);
    const TermId dividend = env.terms.arg(t, 0);
    const auto a = inner.evaluate(env.terms, std::span(&dividend, 1))[0];
    m.proposals[t] = {Canonical::choice(a->num, env.terms.op(t) == TermOp::kMod), 1};
  }
  return Interpretation(m);
}

bool all_true(Interpretation i, const Env& env, std::span<const TermId> terms) {
  for (const auto& v : i.evaluate(env.terms, terms)) {
    if (!v || !v->is_true()) return false;
  }
  return true;
}

TEST(Translation, ConstantDivisionAndQuotientsAgreeAtEveryPoint) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 rng(seed);
    Env env;
    RandomTerms random(env, rng, {.quotients = true});
    ExprPool pool;
    Translation translation(env, pool);
    std::vector<TermId> terms;
    for (int i = 0; i < 4; ++i) terms.push_back(random.boolean(4));
    std::vector<Expr> exprs;
    for (const TermId t : terms) exprs.push_back(translation.expr(t));
    EXPECT_FALSE(translation.approximate());
    EXPECT_TRUE(translation.take_side_facts().empty());
    for_each_point(env, [&](Model& m) {
      Interpretation i(m);
      const auto values = i.evaluate(env.terms, terms);
      Canonical canonical(pool, m, env);
      for (size_t k = 0; k < terms.size(); ++k) {
        ASSERT_EQ(canonical.holds(std::span(&exprs[k], 1)), values[k]->is_true())
            << seed << " " << to_string(exprs[k]);
      }
    });
  }
}

// What was assumed and told, together, holds where the originals hold, and nowhere else.
void expect_equivalent(const Env& env, ExprPool& pool, std::span<const TermId> terms,
                       std::span<const Expr> exprs, uint32_t seed) {
  for_each_point(env, [&](Model& m) {
    const bool original = all_true(interpretation(env, m, terms), env, terms);
    Canonical canonical(pool, m, env);
    canonical.set_divisions(Int(0));
    ASSERT_EQ(canonical.holds(exprs), original) << seed;
    if (original) return;
    // Other values of the opaque divisions are refused or do not matter.
    for (const int wrong : {-1, 1}) {
      canonical.set_divisions(Int(wrong));
      ASSERT_FALSE(canonical.holds(exprs)) << seed;
    }
  });
}

TEST(Translation, SymbolicDivisionAgreesWithTheOriginalsAtEveryPoint) {
  for (uint32_t seed = 0; seed < 150; ++seed) {
    std::mt19937 rng(seed);
    Env env;
    RandomTerms random(env, rng, {.symbolic_division = true});
    ExprPool pool;
    Translation translation(env, pool);
    std::vector<TermId> terms;
    std::vector<Expr> exprs;
    const auto add = [&](TermId t) {
      terms.push_back(t);
      exprs.push_back(translation.assume(t));
      for (const Expr e : translation.take_side_facts()) exprs.push_back(e);
    };
    const auto add_all = [&](const std::vector<TermId>& more) {
      terms.insert(terms.end(), more.begin(), more.end());
      for (const Expr e : translation.assume_all(more)) exprs.push_back(e);
      for (const Expr e : translation.take_side_facts()) exprs.push_back(e);
    };
    // Divisors with a sign, without one, or that may be 0.
    std::vector<TermId> signs;
    for (uint32_t d = 0; d < 3; ++d) {
      const TermId x = env.terms.constant(d, Sort::kInt);
      std::string error;
      std::array args = {x, env.terms.integer(0)};
      const Word relations[] = {Word::kGt, Word::kLt, Word::kDistinct};
      const uint32_t choice = (seed / (d == 0 ? 1 : d == 1 ? 4 : 16)) % 4;
      if (choice < 3)
        signs.push_back(apply_theory(env.terms, relations[choice], args, &error));
    }
    if (seed % 3 == 0) {
      add_all(signs);
    } else {
      for (const TermId t : signs) add(t);
    }
    if (seed % 2 == 0) {
      add(random.boolean(3));
      add(random.boolean(2));
    } else {
      add_all({random.boolean(3), random.boolean(2)});
    }
    expect_equivalent(env, pool, terms, exprs, seed);
    const auto before = std::pair(terms, exprs);
    translation.push();
    add_all({random.boolean(2), random.boolean(3)});
    expect_equivalent(env, pool, terms, exprs, seed);
    translation.pop();
    std::tie(terms, exprs) = before;
    add(random.boolean(3));
    expect_equivalent(env, pool, terms, exprs, seed);
    if (testing::Test::HasFailure()) return;
  }
}

// ---- The form of translations

struct Fixture {
  explicit Fixture(std::string_view text) : translation(env, pool) {
    Reader reader(env, text);
    Command c;
    while (reader.next(c)) {
      EXPECT_EQ(c.error, "");
      if (c.word == Word::kAssert) asserts.push_back(c.term);
    }
  }
  std::vector<std::string> one_by_one() {
    std::vector<std::string> out;
    for (const TermId t : asserts) out.push_back(to_string(translation.assume(t)));
    return out;
  }
  std::vector<std::string> at_once() {
    std::vector<std::string> out;
    for (const Expr e : translation.assume_all(asserts)) out.push_back(to_string(e));
    return out;
  }
  Env env;
  ExprPool pool;
  Translation translation;
  std::vector<TermId> asserts;
};

std::string last_of(std::string_view asserts) {
  Fixture f(
      "(declare-const a Int)(declare-const b Int)(declare-const c Int)"
      "(define-fun ceil ((x Real)) Int (ite (= (to_int x) x) (to_int x) (+ (to_int x) "
      "1)))"
      "(define-fun pydiv ((a Int) (b Int)) Int (ite (> b 0) (div a b) (div (- a) (- b))))"
      "(define-fun pymod ((a Int) (b Int)) Int (ite (> b 0) (mod a b) (- (mod (- a) (- "
      "b)))))" +
      std::string(asserts));
  return f.at_once().back();
}

// Both sides are one canonical proposition.
TEST(Translation, Forms) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      // Signs from asserts, in whatever order they come.
      {"(assert (> b 0))(assert (= (div a b) c))", "floor_div(a, b) == c"},
      {"(assert (>= b 0))(assert (not (= b 0)))(assert (= (div a b) c))",
       "floor_div(a, b) == c"},
      {"(assert (< b 0))(assert (= (div a b) c))", "-floor_div(a, -b) == c"},
      {"(assert (< b 0))(assert (= (mod a b) c))", "floor_mod(a, -b) == c"},
      {"(assert (>= b 2))(assert (= (mod a (* b b)) c))", "floor_mod(a, b*b) == c"},
      {"(assert (and (> b 0) (> c 1)))(assert (= (div a (- (* b c) 1)) c))",
       "floor_div(a, b*c - 1) == c"},
      {"(assert (= b c))(assert (> c 0))(assert (= (mod a b) 1))",
       "floor_mod(a, b) == 1"},
      // Rounded quotients.
      {"(assert (= (to_int (/ a 3)) c))", "floor_div(a, 3) == c"},
      {"(assert (= (ceil (/ a 3)) c))", "ceil_div(a, 3) == c"},
      {"(assert (> b 0))(assert (= (ceil (/ a b)) c))", "ceil_div(a, b) == c"},
      {"(assert (= (- (to_int (- (/ a 3)))) c))", "ceil_div(a, 3) == c"},
      {"(assert (= (to_int (/ (* 2.5 a) 3)) c))", "floor_div(5*a, 6) == c"},
      {"(assert (= (ite (= (mod a 4) 0) (div a 4) (+ 1 (div a 4))) c))",
       "ceil_div(a, 4) == c"},
      {"(assert (is_int (/ a 4)))", "floor_mod(a, 4) == 0"},
      {"(assert (< (/ a 2) (/ c 3)))", "3*a < 2*c"},
      {"(assert (= (/ a 2) 1.5))", "a == 3"},
      {"(assert (= (^ (to_real (* a a)) 0.5) c))", "abs(a) == c"},
      // Python's division.
      {"(assert (not (= b 0)))(assert (= (pydiv a b) c))", "floor_div(a, b) == c"},
      {"(assert (not (= b 0)))(assert (= (pymod a b) c))", "floor_mod(a, b) == c"},
      {"(assert (> b 0))(assert (= (pymod a b) c))", "floor_mod(a, b) == c"},
  };
  for (const auto& [asserts, expected] : cases) {
    const std::string found = last_of(asserts);
    ExprPool pool;
    const auto x = parse_infix(pool, found);
    const auto y = parse_infix(pool, expected);
    ASSERT_TRUE(x.ok() && y.ok()) << found << "  " << expected;
    EXPECT_EQ(*x, *y) << asserts << "\n  " << found;
  }
}

TEST(Translation, LaterKnowledgeLinksEarlierDivisions) {
  Fixture f(
      "(declare-const a Int)(declare-const b Int)(assert (= (div a b) 2))(assert (> b "
      "0))");
  std::ignore = f.translation.assume(f.asserts[0]);
  EXPECT_FALSE(f.translation.take_side_facts().empty());  // the axiom
  f.translation.push();
  std::ignore = f.translation.assume(f.asserts[1]);
  std::vector<std::string> told;
  for (const Expr e : f.translation.take_side_facts()) told.push_back(to_string(e));
  EXPECT_NE(std::find_if(told.begin(), told.end(),
                         [](const std::string& s) {
                           return s.find("floor_div(a, b)") != std::string::npos;
                         }),
            told.end());
  EXPECT_EQ(to_string(f.translation.expr(f.asserts[0])), "floor_div(a, b) == 2");
  f.translation.pop();
  EXPECT_NE(to_string(f.translation.expr(f.asserts[0])), "floor_div(a, b) == 2");
}

TEST(Translation, TrulyRealTermsAreOpaque) {
  Fixture f(
      "(declare-const a Int)(declare-const r Real)(assert (or (> a 0) (< r 1.5)))"
      "(assert (< r 1.5))(assert (= (to_int r) a))(assert (= (/ a a) 1.0))");
  const auto exprs = f.one_by_one();
  EXPECT_TRUE(f.translation.approximate());
  EXPECT_NE(exprs[0].find("a >= 1"), std::string::npos) << exprs[0];
}

TEST(Translation, DeepTermsAndLongSums) {
  std::string text =
      "(declare-const x Int)(declare-const p Bool)(define-fun d0 () Int x)";
  for (int i = 1; i <= 30'000; ++i) {
    text += "(define-fun d" + std::to_string(i) + " () Int (+ d" + std::to_string(i - 1) +
            " x))";
  }
  text += "(assert (= d30000 30001))(assert ";
  for (int i = 0; i < 100'001; ++i) text += "(not ";
  text += "p" + std::string(100'001, ')') + ")";
  Fixture f(text);
  const auto exprs = f.at_once();
  EXPECT_EQ(exprs[0], "x == 1");
  EXPECT_EQ(exprs[1], "not p");
}

}  // namespace
}  // namespace congrua::smt2
