// The state of a session, and its responses by kind of command.
#ifndef CONGRUA_SMT2_SESSION_H_
#define CONGRUA_SMT2_SESSION_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "congrua/smt2.h"
#include "smt2/check.h"
#include "smt2/env.h"
#include "smt2/reader.h"

namespace congrua::smt2 {

struct Session::Impl {
  Impl(Sink out, SessionOptions options);

  bool run(std::string_view text);

  // session.cc
  void execute(const Command& c);
  void start_over();
  void assert_term(const Command& c);
  void check(const Command& c);
  void line(std::string_view response);
  void success();
  void error(std::string_view message);
  void error_at(const Command& c, std::string_view message);
  void unsupported();

  // session_options.cc
  void set_option(const Command& c);
  void get_option(const Command& c);
  void set_info(const Command& c);
  void get_info(const Command& c);

  // session_answers.cc
  void get_model(const Command& c);
  void get_value(const Command& c);
  void get_assignment(const Command& c);
  void get_assertions(const Command& c);
  void get_unsat_core(const Command& c);
  void get_unsat_assumptions(const Command& c);
  bool need_model(const Command& c);
  // The model's largest absolute value and sum.
  void measure_model(Check* check) const;

  struct Assertion {
    SymbolId name;     // kNoSymbol: none
    std::string text;  // as written; kept with :produce-assertions only
  };

  Sink out;
  SessionOptions options;
  Env env;
  Checker checker;
  SessionStats stats;
  Position next_text;  // where the next text starts
  Position position;   // of the error being reported
  bool exited = false;
  const Reader* reader = nullptr;  // of the running text

  // Of the last check; answer is absent once the asserts have changed.
  std::optional<CheckAnswer> answer;
  CheckResult result;
  std::vector<std::string> assumptions;  // as written
  std::optional<CheckAnswer> expected;

  std::vector<Assertion> assertions;
  std::vector<size_t> assertion_marks;

  // Boolean options by name without the colon, other options as written.
  std::map<std::string, bool, std::less<>> flags;
  std::map<std::string, std::string, std::less<>> settings;
  Sink redirected;  // of :regular-output-channel; empty: out
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_SESSION_H_
