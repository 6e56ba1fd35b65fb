#include "smt2/script.h"

#include <gtest/gtest.h>

namespace congrua::smt2 {
namespace {

using Kind = ScriptCommand::Kind;

TEST(Script, CommandsInOrder) {
  const Script s = read_script(
      "(set-info :example-x 4)(declare-const x Int)(set-info :example-x 4)\n"
      "(set-info :example-y 5)(set-info :example-b true)(assert (> x 1))(push 2)\n"
      "(set-info :status unsat)(check-sat)(pop)(check-sat-assuming ((= x 1) (= x 2)))\n"
      "(assert oops)(reset)(declare-const x Bool)(set-info :example-x 1)(assert "
      "x)(exit)(check-sat)");
  ASSERT_EQ(s.examples.size(), 1u);
  EXPECT_EQ(s.examples[0].value, Int(4));
  EXPECT_EQ(s.env->name(s.env->terms.payload(s.examples[0].constant)), "x");
  ASSERT_EQ(s.errors.size(), 1u);
  EXPECT_EQ(s.errors[0], "line 4 column 9: unknown constant 'oops'");
  ASSERT_EQ(s.commands.size(), 7u);
  const Kind kinds[] = {Kind::kAssert, Kind::kPush,  Kind::kCheck,
                        Kind::kPop,    Kind::kCheck, Kind::kResetAssertions,
                        Kind::kAssert};
  for (size_t i = 0; i < s.commands.size(); ++i) EXPECT_EQ(s.commands[i].kind, kinds[i]);
  EXPECT_EQ(s.commands[1].count, 2u);
  EXPECT_EQ(s.commands[2].expected, CheckAnswer::kUnsat);
  EXPECT_EQ(s.commands[2].line, 3u);
  EXPECT_EQ(s.commands[4].expected, std::nullopt);
  EXPECT_EQ(s.commands[4].assumptions.size(), 2u);
}

}  // namespace
}  // namespace congrua::smt2
