#include "trace/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/int.h"
#include "congrua/float64.h"
#include "congrua/text.h"
#include "shape/referee.h"
#include "trace/operations.h"

namespace congrua::trace {

namespace {

using shape::Env;
using shape::FactClass;

// CPU time. The clock of the thread costs a system call; what takes less than it is worth
// is measured by the clock of the machine.
class Clock {
 public:
  Clock() : cpu_(cpu_us()), start_(std::chrono::steady_clock::now()) {}
  double us() const {
    constexpr double kShort = 5;
    const double wall = std::chrono::duration<double, std::micro>(
                            std::chrono::steady_clock::now() - start_)
                            .count();
    return wall < kShort ? wall : std::min(wall, cpu_us() - cpu_);
  }

 private:
  static double cpu_us() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
  }
  double cpu_;
  std::chrono::steady_clock::time_point start_;
};

std::optional<int64_t> int_of(std::string_view text) {
  const std::optional<Int> v = Int::parse(text);
  return v ? v->to_int64() : std::nullopt;
}

// An answer as the recorder writes it: true, false, digits, or a float.
struct Value {
  enum class Kind : uint8_t { kBool, kInt, kFloat };
  Kind kind = Kind::kBool;
  int64_t number = 0;
  double real = 0;
  friend bool operator==(const Value&, const Value&) = default;
  std::string text() const {
    if (kind == Kind::kBool) return number != 0 ? "true" : "false";
    return kind == Kind::kInt ? fmt::format("{}", number) : fmt::format("{}", real);
  }
};

std::optional<Value> value_of(std::string_view text) {
  if (text == "true" || text == "false")
    return Value{Value::Kind::kBool, text == "true", 0};
  if (const auto v = int_of(text)) return Value{Value::Kind::kInt, *v, 0};
  ExprPool pool;
  const auto e = parse_sexpr(pool, text);
  if (!e.ok()) return std::nullopt;
  const std::optional<double> d = as_float(*e);
  if (!d) return std::nullopt;
  return Value{Value::Kind::kFloat, 0, *d};
}

// What one question became, for its repeats.
struct Question {
  const Line* line;
  int env;
  std::optional<Expr> expr;
  std::vector<Expr> given;
  std::optional<Expr> divisor;
};

class Replayer {
 public:
  Replayer(const Trace& trace, const Options& options)
      : trace_(trace), options_(options) {
    out_.counts.name = trace.name;
  }

  absl::StatusOr<Replayed> run() {
    for (size_t k = 0; k < trace_.lines.size(); ++k) {
      if (absl::Status s = step(k); !s.ok()) {
        return absl::InvalidArgumentError(
            fmt::format("line {}: {}", trace_.lines[k].number, std::string(s.message())));
      }
    }
    return std::move(out_);
  }

 private:
  Env& env_of(const Line& line) {
    auto& env = out_.environments[line.env];
    if (env == nullptr) env = std::make_unique<Env>();
    return *env;
  }

  absl::StatusOr<Expr> read(Env& env, std::string_view text) {
    return parse_sexpr(env.pool(), text);
  }

  absl::Status step(size_t k) {
    const Line& line = trace_.lines[k];
    switch (line.kind) {
      case LineKind::kEnv:
        env_of(line);
        return absl::OkStatus();
      case LineKind::kSymbol:
        return symbol(line);
      case LineKind::kDuck:
      case LineKind::kConstant:
        return source(line);
      case LineKind::kRange:
        return range(line, k);
      case LineKind::kEval:
      case LineKind::kStat:
      case LineKind::kAssert:
      case LineKind::kMultiple:
        return question(line);
      case LineKind::kAgain:
        return again(line);
      case LineKind::kGuards:
        return guards(line);
      case LineKind::kIndex:
        return index(line);
      case LineKind::kLoops:
        return loops(line);
      default:
        return absl::OkStatus();
    }
  }

  // ---- Symbols

  static Range range_of(const TextRange& r) { return {int_of(r.lo), int_of(r.hi)}; }

  absl::Status symbol(const Line& line) {
    Env& env = env_of(line);
    env.set_location(fmt::format("line {}", line.number));
    const Range birth = range_of(line.range);
    if (line.symbol_kind == "unbacked") {
      (void)env.unbacked({.range = birth, .size_like = true, .name = line.name});
      return absl::OkStatus();
    }
    if (line.symbol_kind == "nested_int") {
      (void)env.nested(line.source, line.name);
      return absl::OkStatus();
    }
    if (line.symbol_kind == "float") {
      const std::optional<Value> hint = value_of(line.hint);
      if (!hint) return absl::InvalidArgumentError("a float without a hint");
      const double v = hint->kind == Value::Kind::kFloat
                           ? hint->real
                           : static_cast<double>(hint->number);
      return env.float64(line.source, v, {.may_be_nan = std::isnan(v), .name = line.name})
          .status();
    }
    const std::optional<int64_t> hint = int_of(line.hint);
    if (!hint) return absl::InvalidArgumentError("a size without a hint");
    shape::SizeOptions o;
    o.policy = shape::Policy::kDynamic;
    o.name = line.name;
    o.specialize_zero_one = false;
    o.nonnegative = false;
    o.range = birth;
    o.constrained = false;
    return env.size(line.source, *hint, o).status();
  }

  absl::Status source(const Line& line) {
    Env& env = env_of(line);
    const auto value = read(env, line.kind == LineKind::kDuck ? line.name : line.expr);
    if (!value.ok()) return value.status();
    // A source may be read again by a later frame.
    (void)env.unify(line.source, *value);
    return absl::OkStatus();
  }

  // Ranges that an assert or a guard narrows are what that line says; others are promised
  // by the operator that made the value.
  absl::Status range(const Line& line, size_t k) {
    Env& env = env_of(line);
    const std::optional<Expr> s = env.pool().find_symbol(line.name);
    if (!s) return absl::InvalidArgumentError("a range of no symbol");
    if (!env.is_unbacked(*s)) return absl::OkStatus();
    for (size_t next = k + 1; next < trace_.lines.size(); ++next) {
      const Line& n = trace_.lines[next];
      if (n.kind == LineKind::kAgain || n.kind == LineKind::kRange ||
          n.kind == LineKind::kReplace) {
        continue;
      }
      if ((n.kind == LineKind::kAssert || n.kind == LineKind::kEval) &&
          (n.how == "deferred" || n.how == "guard")) {
        return absl::OkStatus();
      }
      break;
    }
    const Range r = range_of(line.range);
    if (r.lo) (void)env.promise(ge(*s, env.pool().constant(*r.lo)));
    if (r.hi) (void)env.promise(le(*s, env.pool().constant(*r.hi)));
    return absl::OkStatus();
  }

  // ---- Questions

  std::optional<Expr> expr(Env& env, const std::string& text) {
    auto e = read(env, text);
    if (!e.ok()) return std::nullopt;
    return *e;
  }

  absl::Status question(const Line& line) {
    Env& env = env_of(line);
    env.set_location(fmt::format("line {}", line.number));
    Question q{.line = &line,
               .env = line.env,
               .expr = expr(env, line.expr),
               .given = {},
               .divisor = {}};
    for (const auto& [name, ends] : line.ranges) {
      const auto v = read(env, name);
      if (!v.ok() || !v->is_int()) continue;
      const Range r = range_of(ends);
      if (r.lo) q.given.push_back(ge(*v, env.pool().constant(*r.lo)));
      if (r.hi) q.given.push_back(le(*v, env.pool().constant(*r.hi)));
    }
    for (const std::string& axiom : line.axioms) {
      const std::optional<Expr> a = expr(env, axiom);
      if (a && a->is_bool()) q.given.push_back(*a);
    }
    if (line.kind == LineKind::kMultiple) q.divisor = expr(env, line.name);
    ask(env, q, /*repeat=*/false);
    if (line.i >= 0) questions_.insert_or_assign(line.i, std::move(q));
    return absl::OkStatus();
  }

  absl::Status again(const Line& line) {
    const auto it = questions_.find(line.of);
    if (it == questions_.end()) return absl::OkStatus();  // of no question
    for (int64_t n = 0; n < line.times; ++n) {
      ask(env_of(*it->second.line), it->second, /*repeat=*/true);
    }
    return absl::OkStatus();
  }

  // What is known without the hints.
  static std::optional<Value> known(Env& env, const Question& q,
                                    const shape::Question& how) {
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

  void ask(Env& env, const Question& q, bool repeat) {
    const Line& line = *q.line;
    const std::optional<Value> recorded =
        line.result ? value_of(*line.result) : std::nullopt;
    const shape::Question how{.size_oblivious = line.size_oblivious, .given = q.given};
    const Clock clock;
    std::optional<Value> answer = known(env, q, how);
    const std::optional<Value> native = answer;
    if (!answer && line.hints_allowed) answer = at_hints(env, q);
    const double asked_us = clock.us();
    std::optional<Value> z3;
    if (!repeat) {
      z3 = native ? check_by_z3(env, q, how, *native) : from_z3(env, q, how, recorded);
    }
    // The path follows the recorded answers.
    const bool follow =
        !repeat && !answer && recorded && (line.how == "guard" || line.how == "deferred");
    bool right_path = true;
    double us = asked_us;
    if (follow) {
      const Clock stating;
      right_path = this->follow(env, q, *recorded);
      us += stating.us();
    }

    Verdict verdict = verdict_of(env, q, answer, recorded, repeat);
    if (!right_path) verdict = Verdict::kConflict;
    Counts& c = out_.counts;
    if (native && z3 && verdict == Verdict::kStronger) ++c.stronger_z3;
    ++c.questions;
    ++(verdict == Verdict::kAgree      ? c.agree
       : verdict == Verdict::kStronger ? c.stronger
       : verdict == Verdict::kWeaker   ? c.weaker
                                       : c.conflict);
    if (!q.expr) ++c.unread;
    c.us += us;
    if (!repeat) c.us_torch += line.us;
    c.us_slowest = std::max(c.us_slowest, us);
    if (repeat) {
      ++c.again;
      c.us_again += us;
    }
    if (options_.asked && !(repeat && verdict == Verdict::kAgree && us < 1)) {
      options_.asked(
          {&line, verdict, answer ? answer->text() : "", us, z3 ? z3->text() : ""});
    }
  }

  static bool asks_z3(const Question& q) {
    return q.expr && q.expr->sort() != Sort::kReal;
  }
  // The term whose value is asked for.
  static Expr asked(Env& env, const Question& q) {
    return q.divisor ? eq(floor_mod(*q.expr, *q.divisor), env.pool().constant(0))
                     : *q.expr;
  }

  // What Z3 says of a question that is open here.
  std::optional<Value> from_z3(Env& env, const Question& q, const shape::Question& how,
                               const std::optional<Value>& recorded) {
    if (!options_.z3 || !asks_z3(q)) return std::nullopt;
    Counts& c = out_.counts;
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
  std::optional<Value> check_by_z3(Env& env, const Question& q,
                                   const shape::Question& how, const Value& native) {
    const uint64_t n = options_.check_every;
    if (n == 0 || !asks_z3(q) || native_answers_++ % n != 0) return std::nullopt;
    Counts& c = out_.counts;
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
  bool follow(Env& env, const Question& q, const Value& recorded) {
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
        ++out_.counts.guards_taken;
        return true;
      }
    }
    return env.runtime_assert(condition).ok();
  }

  static bool same(const Value& a, const Value& b) {
    if (a.kind == b.kind) return a == b;
    const auto real = [](const Value& v) {
      return v.kind == Value::Kind::kFloat ? v.real : static_cast<double>(v.number);
    };
    return real(a) == real(b);
  }

  Verdict verdict_of(Env& env, const Question& q, const std::optional<Value>& answer,
                     const std::optional<Value>& recorded, bool repeat) {
    const Line& line = *q.line;
    const Value there = recorded.value_or(Value{});
    const bool settled_there =
        recorded && (line.kind == LineKind::kStat ? true
                     : line.kind == LineKind::kMultiple
                         ? there.number != 0
                         : line.how == "static" || (repeat && (line.how == "guard" ||
                                                               line.how == "deferred")));
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

  // ---- Results

  absl::Status guards(const Line& line) {
    Env& env = env_of(line);
    out_.counts.guards_torch += line.kept;
    const Clock clock;
    shape::GuardSet set = env.guards();
    const shape::AssertSet asserts = env.asserts();
    out_.counts.us_guards += clock.us();
    out_.counts.guards_kept += set.guards.size();
    if (options_.fewest_guards) {
      out_.counts.guards_z3 += shape::Referee(env).fewest_guards(set);
    }
    out_.counts.domains_kept += set.domains.size();
    out_.counts.asserts_kept += asserts.kept.size();
    out_.guards.insert_or_assign(line.env, std::move(set));
    return absl::OkStatus();
  }

  // The loops of a line; nullopt where one cannot be read.
  std::optional<std::vector<LoopVariable>> loops_of(Env& env, const Line& line) {
    std::vector<LoopVariable> loops;
    for (const auto& [name, size] : line.sizes) {
      const std::optional<Expr> v = expr(env, name), n = expr(env, size);
      if (!v || !n || !v->is_int() || !n->is_int()) return std::nullopt;
      loops.push_back({*v, *n});
    }
    return loops;
  }

  void took(double us, const Line& line) {
    Counts& c = out_.counts;
    c.us_idx += us;
    c.us_idx_torch += line.us;
    c.us_idx_slowest = std::max(c.us_idx_slowest, us);
  }

  absl::Status index(const Line& line) {
    Counts& c = out_.counts;
    ++c.idx;
    const bool has = line.expr.find("(modidx ") != std::string::npos;
    if (has) ++c.idx_modidx;
    Env& env = env_of(line);
    const std::optional<Expr> e = expr(env, line.expr);
    const auto loops = loops_of(env, line);
    if (!e || !e->is_int() || !loops) return absl::OkStatus();
    const Clock clock;
    const Form form = env.index_form(*e, *loops);
    const double us = clock.us();
    took(us, line);
    const std::string text = form.to_sexpr();
    const bool gone = !has_remainder_of(text, line.sizes);
    if (has && gone) ++c.idx_modidx_gone;
    const std::optional<uint64_t> theirs =
        line.result ? count_operations(*line.result) : std::nullopt;
    const bool longer = theirs && form.operations() > *theirs;
    if (longer) ++c.idx_longer;
    if (options_.indexed) options_.indexed({&line, text, has, gone, longer, us});
    return absl::OkStatus();
  }

  absl::Status loops(const Line& line) {
    Env& env = env_of(line);
    const auto loops = loops_of(env, line);
    std::vector<Expr> indices;
    for (const std::string& text : line.indices) {
      const std::optional<Expr> e = expr(env, text);
      if (!e || e->sort() == Sort::kReal) return absl::OkStatus();
      indices.push_back(*e);
    }
    if (!loops) return absl::OkStatus();
    const Clock clock;
    const MergedLoops merged = env.merge_loops(*loops, indices);
    took(clock.us(), line);
    Counts& c = out_.counts;
    ++c.loops;
    c.axes += loops->size();
    c.axes_torch += line.out.size();
    c.axes_left += merged.loops.size();
    return absl::OkStatus();
  }

  const Trace& trace_;
  const Options& options_;
  Replayed out_;
  absl::flat_hash_map<int64_t, Question> questions_;
  uint64_t native_answers_ = 0;  // of which check_every takes some
};

}  // namespace

std::string_view verdict_name(Verdict v) {
  switch (v) {
    case Verdict::kAgree:
      return "agree";
    case Verdict::kStronger:
      return "stronger";
    case Verdict::kWeaker:
      return "weaker";
    case Verdict::kConflict:
      return "conflict";
  }
  return "agree";
}

absl::StatusOr<Replayed> replay(const Trace& trace, const Options& options) {
  return Replayer(trace, options).run();
}

}  // namespace congrua::trace
