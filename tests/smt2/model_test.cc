#include "smt2/model.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "smt2/reader.h"

namespace congrua::smt2 {
namespace {

struct Script {
  explicit Script(std::string_view text) {
    Reader reader(env, text);
    Command c;
    while (reader.next(c)) {
      EXPECT_EQ(c.error, "");
      if (c.word == Word::kAssert) asserts.push_back(c.term);
    }
  }
  std::vector<std::string> values(Interpretation& m) const {
    std::vector<std::string> out;
    for (const auto& v : m.evaluate(env.terms, asserts)) {
      out.push_back(v ? to_smtlib(*v, Sort::kBool) : "none");
    }
    return out;
  }
  Env env;
  std::vector<TermId> asserts;
};

using Values = std::vector<std::string>;

TEST(Interpretation, DivisionByZeroIsAFunctionOfTheDividend) {
  const Script s(
      "(declare-const x Int)(declare-const y Int)(declare-const z Int)"
      "(assert (= (div x z) 17))(assert (= (div y z) 17))(assert (= (div y z) (div x 0)))"
      "(assert (= (mod x z) 17))(assert (= (/ x z) 17.0))");
  // x = 1, y = 2, z = 0.
  Model m;
  m.constants[0] = {1, 1};
  m.constants[1] = {2, 1};
  Interpretation zero(m);
  EXPECT_EQ(s.values(zero), (Values{"false", "false", "true", "false", "false"}));
  // 17 is proposed for (div x z); (div x 0) has the same value, (div y z) its own.
  m.proposals[s.env.terms.arg(s.asserts[0], 0)] = {17, 1};
  Interpretation proposed(m);
  EXPECT_EQ(s.values(proposed), (Values{"true", "false", "false", "false", "false"}));
  // Equal dividends: one function value, whatever is proposed for the younger term.
  m.constants[1] = {1, 1};
  m.proposals[s.env.terms.arg(s.asserts[1], 0)] = {18, 1};
  Interpretation equal(m);
  EXPECT_EQ(s.values(equal), (Values{"true", "true", "true", "false", "false"}));
  EXPECT_EQ(equal.functions().size(), 3u);
  // A divisor that is not 0: proposals do not count.
  m.constants[2] = {1, 1};
  Interpretation nonzero(m);
  EXPECT_EQ(s.values(nonzero)[0], "false");
}

TEST(Interpretation, DeclaredFunctionsAreFunctions) {
  const Script s(
      "(declare-const x Int)(declare-const y Int)(declare-fun f (Int Int) Int)"
      "(assert (= (f x y) 5))(assert (= (f y x) 5))(assert (= (f x x) (f y y)))");
  Model m;
  m.proposals[s.env.terms.arg(s.asserts[0], 0)] = {5, 1};
  Interpretation equal(m);
  EXPECT_EQ(s.values(equal), (Values{"true", "true", "true"}));
  m.constants[0] = {1, 1};
  Interpretation different(m);
  EXPECT_EQ(s.values(different), (Values{"true", "false", "true"}));
}

TEST(Interpretation, IrrationalValuesCountOnlyWhereTheyAreRead) {
  const Script s(
      "(declare-const r Real)(define-fun sqrt ((x Real)) Real (^ x 0.5))"
      "(assert (= (sqrt r) 1.0))(assert (ite true true (= (sqrt r) 1.0)))"
      "(assert (or (= (sqrt r) 1.0) true))(assert (and (= (sqrt r) 1.0) false))"
      "(assert (and (= (sqrt r) 1.0) true))(assert (= (sqrt (* r r)) r))");
  Model m;
  m.constants[0] = {2, 1};
  Interpretation two(m);
  EXPECT_EQ(s.values(two), (Values{"none", "true", "true", "false", "none", "true"}));
}

TEST(Interpretation, HugeValuesGiveUpInsteadOfFillingMemory) {
  std::string text = "(declare-const x Int)(define-fun d0 () Int x)";
  for (int i = 1; i <= 64; ++i) {
    const std::string old = "d" + std::to_string(i - 1);
    text += "(define-fun d" + std::to_string(i) + " () Int (* " + old + " " + old + "))";
  }
  const Script s(text +
                 "(assert (= d64 0))(assert (= d3 256))(assert (> (^ x 999999999) 0))");
  Model m;
  m.constants[0] = {2, 1};
  Interpretation two(m);
  EXPECT_EQ(s.values(two), (Values{"none", "true", "none"}));
}

TEST(Interpretation, LongChains) {
  std::string text = "(declare-const x Int)(define-fun d0 () Int x)";
  for (int i = 1; i <= 30'000; ++i) {
    text += "(define-fun d" + std::to_string(i) + " () Int (+ d" + std::to_string(i - 1) +
            " 1))";
  }
  const Script s(text + "(assert (= d30000 30005))");
  Model m;
  m.constants[0] = {5, 1};
  Interpretation five(m);
  EXPECT_EQ(s.values(five), (Values{"true"}));
}

}  // namespace
}  // namespace congrua::smt2
