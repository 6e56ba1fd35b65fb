#include "smt2/script.h"

#include <fmt/format.h>

#include <chrono>

#include "smt2/reader.h"

namespace congrua::smt2 {
namespace {

std::optional<CheckAnswer> status_of(std::string_view text) {
  if (text == "sat") return CheckAnswer::kSat;
  if (text == "unsat") return CheckAnswer::kUnsat;
  return std::nullopt;
}

}  // namespace

Script read_script(std::string_view text) {
  const auto start = std::chrono::steady_clock::now();
  Script script{
      .env = std::make_unique<Env>(), .commands = {}, .examples = {}, .errors = {}};
  Env& env = *script.env;
  Reader reader(env, text);
  Command c;
  std::optional<CheckAnswer> expected;
  using Kind = ScriptCommand::Kind;
  const auto add = [&](Kind kind) -> ScriptCommand& {
    script.commands.push_back({.kind = kind, .assumptions = {}, .expected = {}});
    script.commands.back().line = reader.position(c.at).line;
    return script.commands.back();
  };
  constexpr std::string_view kExample = ":example-";
  while (reader.next(c)) {
    if (!c.error.empty()) {
      if (script.errors.empty()) script.commands_before_error = script.commands.size();
      script.errors.push_back(fmt::format("line {} column {}: {}", c.position.line,
                                          c.position.column, c.error));
      continue;
    }
    if (c.word == Word::kExit) break;
    switch (c.word) {
      case Word::kAssert:
        add(Kind::kAssert).term = c.term;
        break;
      case Word::kCheckSat:
      case Word::kCheckSatAssuming: {
        ScriptCommand& check = add(Kind::kCheck);
        check.assumptions = c.terms;
        check.expected = std::exchange(expected, std::nullopt);
        break;
      }
      case Word::kPush:
        add(Kind::kPush).count = c.number;
        break;
      case Word::kPop:
        add(Kind::kPop).count = c.number;
        break;
      case Word::kReset:
      case Word::kResetAssertions:
        add(Kind::kResetAssertions);
        break;
      case Word::kSetInfo:
        if (c.text == ":status") {
          expected = status_of(c.value.text);
        } else if (c.text.starts_with(kExample)) {
          const SymbolId s = env.symbols.find(c.text.substr(kExample.size()));
          const TermId t = s == kNoSymbol ? kNoTerm : env.symbols[s].value;
          const auto v = parse_value(c.value_text);
          const bool constant = t != kNoTerm && env.terms.op(t) == TermOp::kConst &&
                                env.terms.sort(t) == Sort::kInt;
          if (constant && v && v->is_integer()) script.examples.push_back({t, v->num});
        }
        break;
      default:
        break;
    }
  }
  script.read_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
          .count();
  return script;
}

}  // namespace congrua::smt2
