// A whole script as a list of commands over one term table, for those who ask their own
// questions about it (session.cc answers a script as it stands).
//
// Asking each assert under the earlier ones:
//
//   Script script = read_script(text);
//   ExprPool pool;
//   Facts facts(pool);
//   Translation translation(*script.env, pool, &facts);
//   for (const ScriptCommand& c : script.commands) {
//     switch (c.kind) {
//       case ScriptCommand::Kind::kPush:  ... facts.push(), translation.push() c.count
//       times case ScriptCommand::Kind::kAssert: {
//         Expr guard = translation.expr(c.term);
//         for (Expr side : translation.take_side_facts()) facts.add(side);
//         ... facts.decide(guard), then facts.add(guard), translation.assume(c.term), and
//         the side facts again
#ifndef CONGRUA_SMT2_SCRIPT_H_
#define CONGRUA_SMT2_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "congrua/smt2.h"
#include "smt2/env.h"

namespace congrua::smt2 {

struct ScriptCommand {
  enum class Kind : uint8_t {
    kAssert,
    kCheck,            // check-sat or check-sat-assuming
    kPush,             // count levels
    kPop,              // count levels
    kResetAssertions,  // also (reset)
  };
  Kind kind;
  TermId term = kNoTerm;                // kAssert
  uint64_t count = 0;                   // kPush, kPop
  std::vector<TermId> assumptions;      // kCheck
  std::optional<CheckAnswer> expected;  // kCheck: of the (set-info :status ...) before it
  uint32_t line = 0;
};

struct Script {
  std::unique_ptr<Env> env;
  std::vector<ScriptCommand> commands;  // up to (exit)
  // (set-info :example-NAME VALUE) of integer constants in scope there.
  struct Example {
    TermId constant;
    Int value;
  };
  std::vector<Example> examples;
  std::vector<std::string> errors;   // "line 3 column 9: ..."; the commands are left out
  size_t commands_before_error = 0;  // where there is one: before the first
  double read_ms = 0;
};

// Cost: linear in the text.
Script read_script(std::string_view text);

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_SCRIPT_H_
