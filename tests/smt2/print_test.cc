#include "smt2/print.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "smt2/model.h"
#include "smt2/reader.h"
#include "tests/smt2/random_terms.h"

namespace congrua::smt2 {
namespace {

// What was printed is read back and has the same values.
TEST(Printer, RandomTermsSurviveTheRoundTrip) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 rng(seed);
    Env env;
    RandomTerms random(env, rng, {.symbolic_division = true, .reals = true});
    Printer printer(env);
    std::string text;
    std::vector<TermId> terms;
    for (int i = 0; i < 6; ++i) {
      terms.push_back(random.boolean(4));
      const std::string printed = printer.print(terms.back(), &text);
      text += "(assert " + printed + ")";
    }
    Env copy;
    Reader reader(copy, text);
    Command c;
    std::vector<TermId> copies;
    while (reader.next(c)) {
      ASSERT_EQ(c.error, "") << seed << "\n" << text;
      if (c.word == Word::kAssert) copies.push_back(c.term);
    }
    ASSERT_EQ(copies.size(), terms.size());
    for (int point = 0; point < 20; ++point) {
      Model m;
      for (const uint32_t d : env.declared())
        m.constants[d] = random.value(env.declaration(d).sort);
      Model n;
      for (const uint32_t d : copy.declared()) {
        n.constants[d] = m.constants[printer.declaration(copy.name(d))];
      }
      EXPECT_EQ(Interpretation(m).evaluate(env.terms, terms),
                Interpretation(n).evaluate(copy.terms, copies))
          << seed << "\n"
          << text;
    }
  }
}

TEST(Printer, SharedTermsArePrintedOnce) {
  Env env;
  std::string script = "(declare-const mod Int)(define-fun d0 () Int mod)";
  for (int i = 1; i <= 1000; ++i) {
    const std::string old = "d" + std::to_string(i - 1);
    script += "(define-fun d" + std::to_string(i) + " () Int (+ " + old + " (* 2 " + old +
              ")))";
  }
  script += "(assert (= d1000 (mod mod 3)))";
  Reader reader(env, script);
  Command c;
  do {
    reader.next(c);
  } while (c.word != Word::kAssert);
  Printer printer(env);
  std::string text;
  const std::string term = printer.print(c.term, &text);
  EXPECT_LT(text.size() + term.size(), 60'000u);
  EXPECT_EQ(printer.declaration("x0.0"), 0u);
  // Nothing is declared twice.
  std::string more;
  EXPECT_EQ(printer.print(c.term, &more), term);
  EXPECT_EQ(more, "");
}

TEST(Printer, ScopesForgetNamesAndDoNotUseThemAgain) {
  Env env;
  env.declare_constant(env.symbols.intern("x"), Sort::kInt);
  const TermId x = env.terms.constant(0, Sort::kInt);
  Printer printer(env);
  std::string first, second;
  printer.push();
  const std::string name = printer.print(x, &first);
  printer.pop();
  EXPECT_EQ(printer.declaration(name), kNoIndex);
  EXPECT_NE(printer.print(x, &second), name);
  EXPECT_NE(second, "");
}

}  // namespace
}  // namespace congrua::smt2
