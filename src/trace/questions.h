// Questions of a trace, asked of an environment, and what their answers are beside the
// recorded ones.
#ifndef CONGRUA_TRACE_QUESTIONS_H_
#define CONGRUA_TRACE_QUESTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "congrua/shape.h"
#include "trace/replay.h"
#include "trace/trace.h"
#include "trace/value.h"

namespace congrua::trace {

// What one line became, for its repeats.
struct Question {
  const Line* line;
  std::optional<Expr> expr;  // nullopt: it cannot be read
  std::vector<Expr> given;
  std::optional<Expr> divisor;
};

class Questions {
 public:
  // Counts in `counts`; both are referred to.
  Questions(const Options& options, Counts& counts)
      : options_(options), counts_(counts) {}

  // Asks, compares and counts. What is open and was decided in the recorded run is stated
  // as it was there.
  void ask(shape::Env& env, const Question& q);

  // Asks again what was asked before, one after another: nothing is stated.
  struct Repeat {
    shape::Env* env;
    const Question* question;
  };
  void repeat(std::span<const Repeat> repeats);

 private:
  void count(const Question& q, Verdict verdict, double us);
  std::optional<Value> from_z3(shape::Env& env, const Question& q,
                               const shape::Question& how,
                               const std::optional<Value>& recorded);
  std::optional<Value> check_by_z3(shape::Env& env, const Question& q,
                                   const shape::Question& how, const Value& native);
  bool follow(shape::Env& env, const Question& q, const Value& recorded);

  const Options& options_;
  Counts& counts_;
  uint64_t native_answers_ = 0;  // of which check_every takes some
};

}  // namespace congrua::trace

#endif  // CONGRUA_TRACE_QUESTIONS_H_
