#include "trace/questions.h"

#include <algorithm>

#include "congrua/float64.h"
#include "shape/referee.h"
#include "trace/clock.h"

namespace congrua::trace {

using shape::Env;

namespace {

// What is known without the hints.
std::optional<Value> known(Env& env, const Question& q, const shape::Question& how) {
  if (!q.expr) return std::nullopt;
  const Expr e = *q.expr;
  if (q.divisor) {
    const Truth t = env.is_multiple_of(e, *q.divisor, how).truth;
    if (t == Truth::kTrue) return Value{Value::Kind::kBool, 1, 0};
    if (t == Truth::kFalse) return Value{Value::Kind::kBool, 0, 0};
    return std::nullopt;
  }
  if (e.sort() == Sort::kReal) {
    const std::optional<double> d = env.known_float(e);
    if (!d) return std::nullopt;
    return Value{Value::Kind::kFloat, 0, *d};
  }
  const std::optional<int64_t> v = env.known_value(e, how);
  if (!v) return std::nullopt;
  return Value{e.is_bool() ? Value::Kind::kBool : Value::Kind::kInt, *v, 0};
}

std::optional<Value> at_hints(Env& env, const Question& q) {
  if (!q.expr || q.divisor) return std::nullopt;
  if (q.expr->sort() == Sort::kReal) {
    const std::optional<double> d = env.float_at_hints(*q.expr);
    if (!d) return std::nullopt;
    return Value{Value::Kind::kFloat, 0, *d};
  }
  const std::optional<int64_t> v = env.at_hints(*q.expr);
  if (!v) return std::nullopt;
  return Value{q.expr->is_bool() ? Value::Kind::kBool : Value::Kind::kInt, *v, 0};
}

std::optional<Value> or_hints(Env& env, const Question& q,
                              const std::optional<Value>& known) {
  return known || !q.line->hints_allowed ? known : at_hints(env, q);
}

std::optional<Value> recorded_of(const Question& q) {
  return q.line->result ? value_of(*q.line->result) : std::nullopt;
}

shape::Question how_of(const Question& q) {
  return {.size_oblivious = q.line->size_oblivious, .given = q.given};
}

std::string text_of(const std::optional<Value>& v) { return v ? v->text() : ""; }

bool asks_z3(const Question& q) { return q.expr && q.expr->sort() != Sort::kReal; }
// The term whose value is asked for.
Expr asked(Env& env, const Question& q) {
  return q.divisor ? eq(floor_mod(*q.expr, *q.divisor), env.pool().constant(0)) : *q.expr;
}

Verdict verdict_of(Env& env, const Question& q, const std::optional<Value>& answer,
                   const std::optional<Value>& recorded, bool repeat) {
  const Line& line = *q.line;
  const Value there = recorded.value_or(Value{});
  const bool settled_there =
      recorded && (line.kind == LineKind::kStat ? true
                   : line.kind == LineKind::kMultiple
                       ? there.number != 0
                       : line.how == "static" ||
                             (repeat && (line.how == "guard" || line.how == "deferred")));
  if (!answer) return settled_there ? Verdict::kWeaker : Verdict::kAgree;
  if (settled_there) return same(*answer, there) ? Verdict::kAgree : Verdict::kConflict;
  // "No" of a multiple means that it is not known to be one.
  if (line.kind == LineKind::kMultiple) {
    return answer->number == 0 ? Verdict::kAgree : Verdict::kStronger;
  }
  // Settled here only: the hints must say the same where they decide.
  if (q.given.empty()) {
    const std::optional<Value> hinted = at_hints(env, q);
    if (hinted && !same(*hinted, *answer)) return Verdict::kConflict;
  }
  if (line.how == "guard" && recorded && !same(*answer, there)) {
    return Verdict::kConflict;
  }
  return Verdict::kStronger;
}

}  // namespace

void Questions::ask(Env& env, const Question& q) {
  const Line& line = *q.line;
  const std::optional<Value> recorded = recorded_of(q);
  const shape::Question how = how_of(q);
  const Clock clock;
  const std::optional<Value> native = known(env, q, how);
  const std::optional<Value> answer = or_hints(env, q, native);
  double us = clock.us();
  const std::optional<Value> z3 =
      native ? check_by_z3(env, q, how, *native) : from_z3(env, q, how, recorded);
  // The path follows the recorded answers.
  bool right_path = true;
  if (!answer && recorded && (line.how == "guard" || line.how == "deferred")) {
    const Clock stating;
    right_path = follow(env, q, *recorded);
    us += stating.us();
  }
  const Verdict verdict =
      right_path ? verdict_of(env, q, answer, recorded, false) : Verdict::kConflict;
  if (native && z3 && verdict == Verdict::kStronger) ++counts_.stronger_z3;
  count(q, verdict, us);
  counts_.us_torch += line.us;
  if (options_.asked) {
    options_.asked({&line, verdict, text_of(answer), us, text_of(z3)});
  }
}

void Questions::repeat(std::span<const Repeat> repeats) {
  constexpr double kStandsOut = 1;  // us
  struct Answered {
    std::optional<Value> answer;
    double us = 0;
  };
  std::vector<Answered> answered(repeats.size());
  const Clock clock;
  Laps laps;
  for (size_t i = 0; i < repeats.size(); ++i) {
    const auto& [env, q] = repeats[i];
    answered[i].answer = or_hints(*env, *q, known(*env, *q, how_of(*q)));
    answered[i].us = laps.next_us();
  }
  const double all_us = clock.us();
  for (size_t i = 0; i < repeats.size(); ++i) {
    const auto& [env, q] = repeats[i];
    const std::optional<Value>& answer = answered[i].answer;
    const double us = std::min(answered[i].us, all_us);
    const Verdict verdict = verdict_of(*env, *q, answer, recorded_of(*q), true);
    count(*q, verdict, us);
    ++counts_.again;
    counts_.us_again += us;
    if (options_.asked && (verdict != Verdict::kAgree || us >= kStandsOut)) {
      options_.asked({q->line, verdict, text_of(answer), us, ""});
    }
  }
}

void Questions::count(const Question& q, Verdict verdict, double us) {
  Counts& c = counts_;
  ++c.questions;
  ++(verdict == Verdict::kAgree      ? c.agree
     : verdict == Verdict::kStronger ? c.stronger
     : verdict == Verdict::kWeaker   ? c.weaker
                                     : c.conflict);
  if (!q.expr) ++c.unread;
  c.us += us;
  c.us_slowest = std::max(c.us_slowest, us);
}

// What Z3 says of a question that is open here.
std::optional<Value> Questions::from_z3(Env& env, const Question& q,
                                        const shape::Question& how,
                                        const std::optional<Value>& recorded) {
  if (!options_.z3 || !asks_z3(q)) return std::nullopt;
  Counts& c = counts_;
  const Clock clock;
  const Expr e = asked(env, q);
  const std::optional<int64_t> v = shape::Referee(env).known_value(e, how);
  c.us_z3 += clock.us();
  ++c.asked_z3;
  if (!v) return std::nullopt;
  ++c.settled_z3;
  const Value z3{e.is_bool() ? Value::Kind::kBool : Value::Kind::kInt, *v, 0};
  if (verdict_of(env, q, z3, recorded, false) == Verdict::kConflict) ++c.conflict_z3;
  return z3;
}

// Holds a native answer against Z3.
std::optional<Value> Questions::check_by_z3(Env& env, const Question& q,
                                            const shape::Question& how,
                                            const Value& native) {
  const uint64_t n = options_.check_every;
  if (n == 0 || !asks_z3(q) || native_answers_++ % n != 0) return std::nullopt;
  Counts& c = counts_;
  const Clock clock;
  const Truth t = shape::Referee(env).check(asked(env, q), native.number, how);
  c.us_z3 += clock.us();
  ++c.checked_z3;
  if (t == Truth::kOpen) ++c.conflict_z3;
  if (t != Truth::kTrue) return std::nullopt;
  ++c.confirmed_z3;
  return native;
}

// States the recorded answer of a question that is open here. False: the hints say
// otherwise.
bool Questions::follow(Env& env, const Question& q, const Value& recorded) {
  const Line& line = *q.line;
  if (!q.expr) return true;
  const Expr e = *q.expr;
  ExprPool& pool = env.pool();
  Expr condition = pool.boolean(true);
  if (e.is_bool()) {
    condition = recorded.number != 0 ? e : !e;
  } else if (e.is_int()) {
    condition = eq(e, pool.constant(recorded.number));
  } else {
    const double v = recorded.kind == Value::Kind::kFloat
                         ? recorded.real
                         : static_cast<double>(recorded.number);
    condition = float_eq(e, float_constant(pool, v));
  }
  if (line.how == "guard") {
    const std::optional<Value> hinted = at_hints(env, q);
    if (hinted && !same(*hinted, recorded)) return false;
    if (env.guard(condition).ok()) {
      ++counts_.guards_taken;
      return true;
    }
  }
  return env.runtime_assert(condition).ok();
}

}  // namespace congrua::trace
