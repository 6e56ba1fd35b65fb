#include "trace/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "congrua/text.h"
#include "shape/referee.h"
#include "trace/clock.h"
#include "trace/operations.h"
#include "trace/questions.h"
#include "trace/value.h"

namespace congrua::trace {

namespace {

using shape::Env;

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

  absl::Status step(size_t& k) {
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
        return again(k);
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
    Question q{.line = &line, .expr = expr(env, line.expr), .given = {}, .divisor = {}};
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
    asked_.ask(env, q);
    if (line.i >= 0) questions_.insert_or_assign(line.i, std::move(q));
    return absl::OkStatus();
  }

  // The repeats from line k on; k: the last line of them.
  absl::Status again(size_t& k) {
    std::vector<Questions::Repeat> repeats;
    for (;; ++k) {
      const Line& line = trace_.lines[k];
      const auto it = questions_.find(line.of);
      if (it != questions_.end()) {  // else: of no question
        repeats.insert(repeats.end(),
                       static_cast<size_t>(std::max<int64_t>(line.times, 0)),
                       {&env_of(*it->second.line), &it->second});
      }
      if (k + 1 == trace_.lines.size() || trace_.lines[k + 1].kind != LineKind::kAgain)
        break;
    }
    asked_.repeat(repeats);
    return absl::OkStatus();
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
  Questions asked_{options_, out_.counts};
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
