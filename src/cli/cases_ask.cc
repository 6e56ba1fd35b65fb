#include "cli/cases_ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/budget.h"
#include "cli/ask.h"
#include "congrua/simplify.h"
#include "congrua/text.h"
#include "guard/solve.h"
#include "guard/z3.h"

namespace congrua::cli {
namespace {

constexpr int64_t kSolveSteps = 1'000'000;
constexpr int kRepetitions = 5;
constexpr double kEnoughUs = 20'000;  // spent on a case: no further repetition
// Other programs read the text, and have no names for shared terms.
constexpr size_t kMaxTree = 1'000'000;
constexpr guard::Z3Limits kZ3Limits{.rlimit = 20'000'000, .watchdog_ms = 10'000};

using Clock = std::chrono::steady_clock;

class Stopwatch {
 public:
  double us() const {
    return std::chrono::duration<double, std::micro>(Clock::now() - start_).count();
  }

 private:
  Clock::time_point start_ = Clock::now();
};

// One repetition: a pool with the expressions of the case.
class Question {
 public:
  explicit Question(const Case& c)
      : case_(c), division_(c.euclid ? Division::kEuclid : Division::kFloor) {}

  absl::Status read() {
    for (const CaseVariable& v : case_.variables) {
      if (v.is_bool) {
        (void)pool_.symbol(v.name, {.sort = Sort::kBool});
        booleans_.push_back(v.name);
        continue;
      }
      const bool none = v.lo && v.hi && *v.lo > *v.hi;
      const Expr symbol =
          pool_.symbol(v.name, {.range = none ? Range{} : Range{v.lo, v.hi}});
      if (!none) continue;
      assumed_.push_back(ge(symbol, pool_.constant(*v.lo)));
      assumed_.push_back(le(symbol, pool_.constant(*v.hi)));
    }
    for (const CaseText& a : case_.assume) {
      absl::StatusOr<Expr> e = parse(a, "assume");
      if (!e.ok()) return e.status();
      if (!e->is_bool())
        return absl::InvalidArgumentError("assume: a fact is a proposition");
      assumed_.push_back(*e);
    }
    const Stopwatch watch;
    absl::StatusOr<Expr> e = parse(case_.expr, "expr", &spellings_);
    read_us_ = watch.us();
    if (!e.ok()) return e.status();
    const bool proposition = !case_.word.empty();
    if (proposition && !e->is_bool()) {
      return absl::InvalidArgumentError("expr: the question is no proposition");
    }
    expr_ = *e;
    return absl::OkStatus();
  }

  // `first`: what takes no part in the times is asked too.
  absl::Status ask(CaseEngine engine, bool first, CaseAnswer& answer) {
    answer.read_us = read_us_;
    if (case_.kind == CaseKind::kEmptiness) {
      const Stopwatch watch;
      answer.text = emptiness(engine, answer.layer);
      answer.us = watch.us();
      return absl::OkStatus();
    }
    facts_.emplace(pool_);
    {
      const Stopwatch watch;
      for (const Expr e : assumed_)
        (void)facts_->add(e);  // contradictions are facts, too
      answer.facts_us = watch.us();
    }
    if (case_.form) return simplify_case(first, answer);
    const Stopwatch watch;
    if (!case_.word.empty()) {
      answer.text = verdict(engine, answer.layer);
    } else {
      QuestionOptions options{.explain = false};
      if (case_.kind == CaseKind::kModular) options.steps = 0;  // no ends are asked for
      answer.bounds = facts_->bounds(*expr_, options);
    }
    answer.us = watch.us();
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Expr> parse(const CaseText& t, std::string_view name,
                             Spellings* spellings = nullptr) {
    const std::optional<std::string> sorted = t.term.sorted_text(booleans_);
    absl::StatusOr<Expr> e = parse_sexpr(
        pool_, sorted ? *sorted : t.text,
        {.division = division_, .declare_symbols = false, .spellings = spellings});
    if (e.ok()) return e;
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", name, std::string(e.status().message())));
  }

  absl::Status simplify_case(bool first, CaseAnswer& answer) {
    const Stopwatch watch;
    const Expr simplified = simplify(*facts_, *expr_);
    answer.simplify_us = watch.us();
    const Form form = simplest_form(*facts_, *expr_, spellings_,
                                    {.division = division_, .truncation = true});
    answer.us = watch.us();
    if (!first) return absl::OkStatus();
    answer.text = form.to_sexpr(kMaxTree);
    answer.operations = form.operations();
    absl::StatusOr<Expr> expected = parse(*case_.form, "expected");
    if (!expected.ok()) return expected.status();
    const Expr other = simplify(*facts_, *expected);
    answer.same_node = simplified == other;
    if (case_.kind == CaseKind::kConfluence) {
      answer.expected_text =
          extract(*facts_, other, {.division = division_, .truncation = true})
              .to_sexpr(kMaxTree);
    }
    return absl::OkStatus();
  }

  bool contradicted_by_z3(Expr e) {
    std::vector<Expr> asserts = assumed_;
    asserts.push_back(e);
    return guard::z3_solve(pool_, asserts, kZ3Limits).status == guard::Status::kUnsat;
  }

  std::string verdict(CaseEngine engine, Layer& layer) {
    if (engine != CaseEngine::kZ3) {
      const auto [answer, contingent] =
          decide_both_ways(*facts_, *expr_, {.explain = false});
      layer = answer.layer;
      if (answer.truth == Truth::kTrue) return "true";
      if (answer.truth == Truth::kFalse) return "false";
      if (engine == CaseEngine::kNative || contingent) return "unknown";
    }
    layer = Layer::kZ3;
    if (contradicted_by_z3(!*expr_)) return "true";
    if (contradicted_by_z3(*expr_)) return "false";
    layer = Layer::kNone;
    return "unknown";
  }

  std::string emptiness(CaseEngine engine, Layer& layer) {
    std::vector<Expr> asserts = assumed_;
    asserts.push_back(*expr_);
    guard::SolveResult result;
    if (engine != CaseEngine::kZ3) {
      Budget budget(kSolveSteps, nullptr);
      result = guard::solve(pool_, asserts, budget, false);
    }
    if (engine != CaseEngine::kNative && result.status == guard::Status::kUnknown) {
      result = guard::z3_solve(pool_, asserts, kZ3Limits);
    }
    layer = result.layer;
    switch (result.status) {
      case guard::Status::kSat:
        return "nonempty";
      case guard::Status::kUnsat:
        return "empty";
      default:
        return "unknown";
    }
  }

  const Case& case_;
  const Division division_;
  ExprPool pool_;
  std::vector<std::string> booleans_;
  std::vector<Expr> assumed_;
  std::optional<Expr> expr_;
  Spellings spellings_;
  double read_us_ = 0;
  std::optional<Facts> facts_;
};

}  // namespace

absl::StatusOr<CaseAnswer> ask_case(const Case& c, CaseEngine engine) {
  CaseAnswer answer;
  const Stopwatch watch;
  for (int i = 0; i < kRepetitions; ++i) {
    Question question(c);
    if (absl::Status s = question.read(); !s.ok()) return s;
    CaseAnswer again;
    const bool first = i == 0;
    if (absl::Status s = question.ask(engine, first, again); !s.ok()) return s;
    if (first) {
      answer = std::move(again);
    } else {
      answer.us = std::min(answer.us, again.us);
      answer.simplify_us = std::min(answer.simplify_us, again.simplify_us);
      answer.read_us = std::min(answer.read_us, again.read_us);
      answer.facts_us = std::min(answer.facts_us, again.facts_us);
    }
    if (engine != CaseEngine::kNative || watch.us() > kEnoughUs) break;
  }
  return answer;
}

}  // namespace congrua::cli
