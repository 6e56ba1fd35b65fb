#include "cli/scan.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace congrua::cli {
namespace {

using Texts = std::vector<std::string>;

Texts names(std::string_view script) {
  Texts out;
  CommandScanner scanner(script);
  while (const auto c = scanner.next()) out.emplace_back(c->name);
  return out;
}

TEST(Scan, CommandsWithCommentsStringsAndQuotedSymbols) {
  EXPECT_EQ(
      names(
          "; (assert x)\n(set-logic ALL)(declare-const |a)b;| Int)\n"
          "(echo \"(check-sat) \"\" |\")\n(assert (= |a)b;| 1)) ; (pop 1)\n(check-sat)"),
      (Texts{"set-logic", "declare-const", "echo", "assert", "check-sat"}));
}

TEST(Scan, OddTexts) {
  EXPECT_EQ(names(""), Texts{});
  EXPECT_EQ(names(")))"), Texts{});
  EXPECT_EQ(names("junk (assert"), Texts{"assert"});
  EXPECT_EQ(names("() ((a)) ( ; c\n x)"), (Texts{"", "", "x"}));
  EXPECT_EQ(names("(echo \"open"), Texts{"echo"});
  EXPECT_EQ(names("(echo |open"), Texts{"echo"});
  EXPECT_EQ(names(std::string("(a \0\xff) (b)", 10)), (Texts{"a", "b"}));
  EXPECT_EQ(names(std::string(1'000'000, '(')), Texts{""});
}

TEST(Scan, StatusStandsForTheNextCheck) {
  EXPECT_EQ(expected_statuses("(set-info :status sat)(check-sat)"), Texts{"sat"});
  EXPECT_EQ(expected_statuses("(check-sat)(set-info :status unsat)(check-sat)"
                              "(check-sat-assuming (a))"),
            (Texts{"", "unsat", ""}));
  EXPECT_EQ(
      expected_statuses("(set-info :status sat)(set-info :status unknown)(check-sat)"),
      Texts{""});
  EXPECT_EQ(expected_statuses("(set-info :status sat)(check-sat)(exit)(check-sat)"),
            Texts{"sat"});
  EXPECT_EQ(expected_statuses("(echo \"(check-sat)\")"), Texts{});
}

constexpr std::string_view kScript =
    "(declare-const a Int)\n(set-info :example-a 0)\n"
    "(declare-fun b () Int)\n(set-info :example-b 1)\n"
    "(declare-const c Int)\n(set-info :example-c 8)\n"
    "(declare-const |d e| Int)\n(set-info :example-|d e| 8)\n"
    "(declare-const f Int)\n(set-info :example-f (- 3))\n"
    "(declare-const g Int)\n"
    "(assert (> c a))\n(check-sat)\n";

TEST(Specialize, None) {
  const Specialized s = specialize(kScript, Policy::kNone);
  EXPECT_EQ(s.text, kScript);
  EXPECT_TRUE(s.assumed.empty());
  EXPECT_EQ(s.figures.guards(), 0u);
}

TEST(Specialize, ZeroOne) {
  const Specialized s = specialize(kScript, Policy::k01);
  EXPECT_EQ(
      s.text,
      "(define-fun a () Int 0)\n(set-info :example-a 0)\n"
      "(define-fun b () Int 1)\n(set-info :example-b 1)\n"
      "(declare-const c Int)\n(assert (>= c 2))\n(set-info :example-c 8)\n"
      "(declare-const |d e| Int)\n(assert (>= |d e| 2))\n(set-info :example-|d e| 8)\n"
      "(declare-const f Int)\n(set-info :example-f (- 3))\n"
      "(declare-const g Int)\n"
      "(assert (> c a))\n(check-sat)\n");
  EXPECT_EQ(s.assumed, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(s.figures.constants, 2u);
  EXPECT_EQ(s.figures.shared, 0u);
  EXPECT_EQ(s.figures.at_least_two, 2u);
}

TEST(Specialize, Duck) {
  const Specialized s = specialize(kScript, Policy::kDuck);
  EXPECT_NE(s.text.find("(define-fun |d e| () Int c)"), std::string::npos);
  EXPECT_NE(s.text.find("(declare-const a Int)"), std::string::npos);
  EXPECT_TRUE(s.assumed.empty());
  EXPECT_EQ(s.figures.constants, 0u);
  EXPECT_EQ(s.figures.shared, 1u);
}

TEST(Specialize, BothBoundsEachSharedSymbolOnce) {
  const Specialized s = specialize(kScript, Policy::kBoth);
  EXPECT_EQ(s.figures.constants, 2u);
  EXPECT_EQ(s.figures.shared, 1u);
  EXPECT_EQ(s.figures.at_least_two, 1u);
  EXPECT_EQ(s.assumed, std::vector<size_t>{0});
}

TEST(Specialize, AssertsAreNumberedAsInTheNewText) {
  const Specialized s = specialize(
      "(assert true)(declare-const c Int)(set-info :example-c 5)(assert (> c 1))",
      Policy::k01);
  EXPECT_EQ(s.text,
            "(assert true)(declare-const c Int)\n(assert (>= c 2))(set-info :example-c 5)"
            "(assert (> c 1))");
  EXPECT_EQ(s.assumed, std::vector<size_t>{1});
}

TEST(Specialize, LeavesOtherDeclarationsAlone) {
  const std::string texts[] = {
      "(push 1)(declare-const c Int)(set-info :example-c 0)(pop 1)",  // a scope of its
                                                                      // own
      "(declare-const c Real)(set-info :example-c 0)",
      "(declare-fun c (Int) Int)(set-info :example-c 0)",
      "(declare-const c Int)(set-info :example-c 0.5)",
      "(declare-const c Int)(set-info :example-c)",
      "(declare-const c Int)(set-info :example-d 0)",
  };
  for (const std::string& text : texts) {
    EXPECT_EQ(specialize(text, Policy::kBoth).text, text);
  }
}

TEST(Specialize, PolicyNames) {
  for (const Policy p : {Policy::kNone, Policy::k01, Policy::kDuck, Policy::kBoth}) {
    EXPECT_EQ(policy_from_name(policy_name(p)), p);
  }
  EXPECT_FALSE(policy_from_name("0").has_value());
}

}  // namespace
}  // namespace congrua::cli
