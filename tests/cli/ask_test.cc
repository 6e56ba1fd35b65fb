#include "cli/ask.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "congrua/proof.h"
#include "congrua/text.h"
#include "tests/cli/run.h"

namespace congrua::cli {
namespace {

Ran run(int (*command)(const AskOptions&, std::FILE*, std::FILE*), AskOptions options) {
  return run<AskOptions>(command, options);
}

TEST(SimplifyCommand, AnswersInTheLanguageOfTheQuestion) {
  EXPECT_EQ(run(run_simplify, {"x + y - x", {}, false}).out, "y\n");
  EXPECT_EQ(run(run_simplify, {"(sub (add x y z) x)", {}, false}).out, "(add y z)\n");
  EXPECT_EQ(run(run_simplify, {"(x + 1)*2 - 2", {}, false}).out, "2*x\n");
  EXPECT_EQ(run(run_simplify, {"x + y", {"x == 3"}, true}).out,
            "{\"answer\":\"y + 3\",\"operations\":1}\n");
}

TEST(SimplifyCommand, WritesTemporariesByWeight) {
  AskOptions options{"floor_div(x, 12)*y + floor_mod(x, 12)*z"};
  options.by_weight = true;
  EXPECT_EQ(run(run_simplify, options).out,
            "t0 = floor_div(x, 12)\ny*t0 + z*(x - 12*t0)\n");
  options.json = true;
  EXPECT_EQ(run(run_simplify, options).out,
            "{\"answer\":\"y*t0 + z*(x - 12*t0)\",\"temporaries\":[{\"name\":\"t0\","
            "\"value\":\"floor_div(x, 12)\",\"conditional\":false}],\"weight\":17}\n");
  options = {"(add (floordiv (mul x y) z) (mul x y))"};
  options.by_weight = true;
  EXPECT_EQ(run(run_simplify, options).out, "t0 = (mul x y)\n(add t0 (floordiv t0 z))\n");
}

TEST(ProveCommand, Verdicts) {
  EXPECT_EQ(run(run_prove, {"n >= 3", {"k >= 1", "n >= 5"}, false}).out,
            "true\nlayer: fact_table\nfact: n >= 5\n");
  EXPECT_EQ(run(run_prove, {"n < 3", {"(ge n 5)"}, false}).out,
            "false\nlayer: fact_table\nfact: (ge n 5)\n");
  EXPECT_EQ(run(run_prove, {"n >= 8", {"n >= 5"}, false}).out,
            "unknown\nlayer: model\nfails at: n = 5\n");
}

TEST(ProveCommand, Json) {
  EXPECT_EQ(run(run_prove, {"n >= 3", {"n >= 5"}, true}).out,
            "{\"answer\":\"true\",\"layer\":\"fact_table\",\"facts\":[\"n >= 5\"],"
            "\"model\":null}\n");
  EXPECT_EQ(
      run(run_prove, {"n >= 8", {"n >= 5"}, true}).out,
      "{\"answer\":\"unknown\",\"layer\":\"model\",\"facts\":[],\"model\":{\"n\":5}}\n");
}

TEST(ProveCommand, ProofsInSteps) {
  const auto prove = [](std::string goal, std::vector<std::string> facts, bool json) {
    return run(run_prove, {std::move(goal), std::move(facts), json, true}).out;
  };
  EXPECT_EQ(prove("n >= 4", {"n >= 5"}, false),
            "true\nlayer: fact_table\nfact: n >= 5\nproof of the goal:\n"
            "0 goal  # -n + 3 >= 0\n1 fact #0  # n - 5 >= 0\n"
            "2 combine {1}*[0] + {1}*[1]  # -2 >= 0\n3 close [2]\n");
  EXPECT_NE(prove("n < 3", {"n >= 5"}, false).find("\nproof of the negation:\n0 goal"),
            std::string::npos);
  EXPECT_EQ(prove("n >= 8", {"n >= 5"}, false),
            "unknown\nlayer: model\nfails at: n = 5\n");
  EXPECT_NE(prove("n >= 8", {"n >= 5"}, true).find("\"proof\":null"), std::string::npos);
}

// What is printed is read back, and the checker accepts it.
TEST(ProveCommand, ProofsAreChecked) {
  struct Case {
    std::string goal;
    std::vector<std::string> facts;
    bool holds;
  };
  const Case cases[] = {
      {"n >= 8", {"floor_mod(n, 8) == 0", "n >= 1"}, true},
      {"n <= 7", {"floor_mod(n, 8) == 0", "n >= 1"}, false},
      {"floor_mod(2*n, 4) == 1", {}, false},
      {"n*m >= n", {"m >= 1", "n >= 1"}, true},
  };
  for (const Case& c : cases) {
    const Ran r = run(run_prove, {c.goal, c.facts, true, true});
    const auto j = nlohmann::json::parse(r.out);
    ASSERT_EQ(j.at("answer"), c.holds ? "true" : "false") << c.goal;
    ASSERT_TRUE(j.at("proof").is_string()) << c.goal;
    ExprPool pool;
    std::vector<Expr> facts;
    for (const std::string& f : c.facts) facts.push_back(parse_infix(pool, f).value());
    const Expr goal = parse_infix(pool, c.goal).value();
    const auto proof = parse_certificate(pool, j.at("proof").get<std::string>());
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(check(*proof, facts, c.holds ? goal : !goal).ok()) << c.goal;
    EXPECT_FALSE(check(*proof, facts, c.holds ? !goal : goal).ok()) << c.goal;
  }
}

TEST(ProveCommand, SaysThatFactsContradict) {
  const Ran r = run(run_prove, {"n > 1", {"n > 3", "n < 2"}, false});
  EXPECT_EQ(r.code, kAskOk);
  EXPECT_EQ(r.out.substr(0, 5), "true\n");
  EXPECT_EQ(r.err,
            "congrua prove: note: --assume n < 2: contradicts the facts before it\n");
}

TEST(BoundsCommand, RangeAndCongruence) {
  EXPECT_EQ(run(run_bounds, {"4*n + 1", {"n >= 0", "n < 8"}, false}).out,
            "[1, 29], 1 mod 4\n");
  EXPECT_EQ(run(run_bounds, {"-n", {"n >= 0"}, false}).out, "[-inf, 0]\n");
  EXPECT_EQ(run(run_bounds, {"(mul -4 n)", {"n >= 0"}, true}).out,
            "{\"answer\":{\"lo\":null,\"hi\":0},\"modulus\":4,\"residue\":0}\n");
}

TEST(Ask, WhatCannotBeReadIsExplained) {
  struct Case {
    AskOptions options;
    std::string err;
  };
  const Case cases[] = {
      {{"n +", {}, false}, "n +: 1:4: an operand is missing before the end of the text"},
      {{"(foo n 1)", {}, false}, "(foo n 1): 1:2: unknown operator foo"},
      {{"(ge n", {}, false},
       "(ge n: 1:6: ')' is missing: the list opened at 1:1 is not closed"},
      {{"((n + 1)*2 > 0", {}, false},
       "((n + 1)*2 > 0: 1:15: ')' is missing: the '(' at 1:1 is not closed"},
      {{"n + 1", {}, false}, "n + 1: a goal is a proposition"},
      {{"n > 1", {"n"}, false}, "--assume n: a fact is a proposition"},
      {{"n > 1", {"n >"}, false},
       "--assume n >: 1:4: an operand is missing before the end of the text"},
  };
  for (const Case& c : cases) {
    const Ran r = run(run_prove, c.options);
    EXPECT_EQ(r.code, kAskInput);
    EXPECT_EQ(r.out, "");
    EXPECT_EQ(r.err, "congrua prove: " + c.err + "\n");
  }
}

TEST(Ask, AnAnswerThatCannotBeWritten) {
  const File full(std::fopen("/dev/full", "w"), &std::fclose);
  const File err = temporary_file();
  EXPECT_EQ(run_simplify({"x", {}, false}, full.get(), err.get()), kAskOutput);
}

TEST(Ask, DecidesBothWays) {
  ExprPool pool;
  Facts facts(pool);
  const Expr x = pool.symbol("x");
  // It fails at the first point that is tried, and everywhere.
  const Expr never = eq(floor_mod(2 * x, 4), pool.constant(1));
  EXPECT_EQ(decide_both_ways(facts, never).answer.truth, Truth::kFalse);
  const BothWays open = decide_both_ways(facts, ge(x, pool.constant(0)));
  EXPECT_EQ(open.answer.truth, Truth::kOpen);
  EXPECT_TRUE(open.contingent);
}

// The program itself: how arguments are told from options.
using AskProgram = Program;

TEST_F(AskProgram, ExpressionsMayBeginWithAMinus) {
  EXPECT_EQ(call("simplify '-x + y'").second, "y - x\n");
  EXPECT_EQ(call("simplify -- '-h + y'").second, "y - h\n");
  EXPECT_EQ(call("simplify '-h + y' --assume '-y >= 0'").second, "y - h\n");
  EXPECT_EQ(call("bounds '-x' --assume 'x >= 0' --assume 'x <= 3'").second, "[-3, 0]\n");
}

TEST_F(AskProgram, WrongUse) {
  EXPECT_EQ(call("prove").first, kAskInput);
  EXPECT_EQ(call("prove 'x > 0' 'y > 0'").first, kAskInput);
  EXPECT_EQ(call("prove 'x > 0' --no-such-option").first, kAskInput);
  EXPECT_EQ(call("prove 'x > 0' --assume").first, kAskInput);
  const auto [code, out] = call("prvoe 'x > 0'");
  EXPECT_EQ(code, 2);
  EXPECT_TRUE(out.starts_with("congrua: no command 'prvoe': there are solve,")) << out;
  EXPECT_TRUE(call("cache bild").second.starts_with("congrua: no command 'bild'"));
  EXPECT_TRUE(call("--versio").second.starts_with("congrua: no option '--versio'"));
  EXPECT_EQ(call("cases").first, 2);
  EXPECT_EQ(call("cases --engine none x.jsonl").first, 2);
}

}  // namespace
}  // namespace congrua::cli
