#include "cli/engine_entail.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/deadline.h"
#include "congrua/guard.h"
#include "guard/z3.h"
#include "smt2/powers.h"
#include "smt2/print.h"
#include "smt2/script.h"
#include "smt2/translate.h"

namespace congrua::cli {
namespace {

using Clock = std::chrono::steady_clock;
using smt2::ScriptCommand;
using smt2::TermId;
using Kind = ScriptCommand::Kind;

// A guard gets this share of the file's time from Z3, so that one of them does not take
// it all.
constexpr double kShareOfGuard = 0.1;

uint64_t nanoseconds(Clock::duration d) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(d).count());
}

// The native engine's view of the asserts in scope.
class Native {
 public:
  Native(const smt2::Env& env, const std::atomic<bool>& cancel)
      : env_(env), cancel_(cancel) {
    start_over();
  }
  void start_over() {
    translation_.reset();
    facts_ = std::make_unique<Facts>(pool_);
    translation_ = std::make_unique<smt2::Translation>(env_, pool_, facts_.get());
  }
  void push() {
    facts_->push();
    translation_->push();
  }
  void pop() {
    translation_->pop();
    facts_->pop();
  }
  Expr intern(TermId term) { return translation_->expr(term); }
  // What the translation relies on or left open, as facts.
  void add_side_facts() {
    // A contradiction is no error of the caller: from then on every guard follows.
    for (const Expr side : translation_->take_side_facts())
      facts_->add(side).IgnoreError();
  }
  std::pair<Verdict, Layer> ask(Expr guard) {
    QuestionOptions options;
    options.cancel = &cancel_;
    options.explain = false;
    const Answer answer = facts_->decide(guard, options);
    switch (answer.truth) {
      case Truth::kTrue:
        return {Verdict::kRedundant, answer.layer};
      case Truth::kFalse: {
        // Facts without a point imply it all the same. A proposition of which nothing is
        // known (no name of SMT-LIB holds a bar) is open exactly where they have one.
        const Expr any = pool_.symbol("|", {.sort = Sort::kBool});
        const Truth some = facts_->decide(any, options).truth;
        if (some == Truth::kTrue) return {Verdict::kRedundant, answer.layer};
        if (some == Truth::kOpen && exact()) return {Verdict::kNeeded, answer.layer};
        break;
      }
      case Truth::kOpen:
        if (exact()) return {Verdict::kNeeded, answer.layer};
        break;
      case Truth::kUnknown:
        break;
    }
    return {Verdict::kUnknown, Layer::kNone};
  }
  void add(TermId term, Expr guard) {
    facts_->add(guard).IgnoreError();
    static_cast<void>(translation_->assume(term));
    add_side_facts();
  }

 private:
  // A translation that says less than its original has points that the original has not.
  bool exact() const { return !translation_->approximate(); }

  const smt2::Env& env_;
  const std::atomic<bool>& cancel_;
  ExprPool pool_;
  std::unique_ptr<Facts> facts_;
  std::unique_ptr<smt2::Translation> translation_;
};

// Z3's view, in text, kept up to date only when it is asked.
class Solver {
 public:
  Solver(const smt2::Env& env, double guard_s, const std::atomic<bool>& cancel)
      : env_(env), cancel_(cancel) {
    limits_.timeout_ms = static_cast<unsigned>(std::clamp(guard_s * 1e3, 1.0, 1e9));
    limits_.cancel = &cancel_;
  }
  void note(Kind kind, TermId term = smt2::kNoTerm) {
    log_.push_back({kind, term});
    if (kind == Kind::kAssert && !refused_ && powers_.too_high(term)) refused_ = scopes_;
    if (kind == Kind::kPush) ++scopes_;
    if (kind == Kind::kPop && refused_ == scopes_--) refused_.reset();
    if (kind == Kind::kResetAssertions) {
      scopes_ = 0;
      refused_.reset();
    }
  }
  // Sends what it has not seen and the guard; Z3 reads it. False where Z3 cannot take it.
  bool prepare(TermId guard, std::string* literal) {
    if (refused_ || powers_.too_high(guard)) return false;
    send_log();
    std::string text;
    *literal = printer_->print(guard, &text);
    return (text.empty() || session_->add_text(text, &error_)) &&
           session_->parse(&error_);
  }
  Verdict ask(const std::string& literal) {
    const guard::Z3Result found = session_->check(
        limits_, {fmt::format("(not {})", literal)}, /*want_model=*/false);
    if (found.status == guard::Status::kUnsat) return Verdict::kRedundant;
    return found.status == guard::Status::kSat ? Verdict::kNeeded : Verdict::kUnknown;
  }
  void interrupt() { session_->interrupt(); }

 private:
  struct Step {
    Kind kind;
    TermId term;
  };
  void send_log() {
    for (; sent_ < log_.size(); ++sent_) {
      const Step& step = log_[sent_];
      std::string text;
      switch (step.kind) {
        case Kind::kAssert: {
          const std::string literal = printer_->print(step.term, &text);
          text += fmt::format("(assert {})\n", literal);
          session_->add_text(text, &error_);
          break;
        }
        case Kind::kPush:
          session_->push();
          printer_->push();
          break;
        case Kind::kPop:
          session_->pop(1);
          printer_->pop();
          break;
        case Kind::kResetAssertions:
          session_->reset();
          printer_ = std::make_unique<smt2::Printer>(env_);
          break;
        case Kind::kCheck:
          break;
      }
    }
  }

  const smt2::Env& env_;
  const std::atomic<bool>& cancel_;
  guard::Z3Limits limits_;
  std::unique_ptr<guard::Z3Session> session_ = std::make_unique<guard::Z3Session>();
  std::unique_ptr<smt2::Printer> printer_ = std::make_unique<smt2::Printer>(env_);
  smt2::Powers powers_{env_.terms};
  size_t scopes_ = 0;
  std::optional<size_t> refused_;  // scopes around an assert that Z3 must not see
  std::vector<Step> log_;
  size_t sent_ = 0;
  std::string error_;
};

class Entail {
 public:
  Entail(const RunRequest& request, smt2::Engine engine)
      : request_(request), script_(smt2::read_script(request.text)) {
    intern_ = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double, std::milli>(script_.read_ms));
    if (engine != smt2::Engine::kZ3)
      native_ = std::make_unique<Native>(*script_.env, cancel_);
    if (engine != smt2::Engine::kNative && guard::z3_available()) {
      solver_ = std::make_unique<Solver>(*script_.env, request.timeout_s * kShareOfGuard,
                                         cancel_);
    }
  }

  RunRow run() {
    {
      const Deadline deadline(request_.timeout_s, [this] {
        cancel_ = true;
        if (solver_ != nullptr) solver_->interrupt();
      });
      for (const ScriptCommand& c : commands()) {
        if (cancel_) break;
        step(c);
      }
    }
    return finish();
  }

 private:
  void step(const ScriptCommand& c) {
    switch (c.kind) {
      case Kind::kAssert:
        return guard(c.term);
      case Kind::kPush:
      case Kind::kPop:
        for (uint64_t i = 0; i < c.count; ++i) {
          if (native_ != nullptr)
            c.kind == Kind::kPush ? native_->push() : native_->pop();
          if (solver_ != nullptr) solver_->note(c.kind);
        }
        return;
      case Kind::kResetAssertions:
        if (native_ != nullptr) native_->start_over();
        if (solver_ != nullptr) solver_->note(c.kind);
        return;
      case Kind::kCheck:
        return;
    }
  }

  void guard(TermId term) {
    const bool assumed = std::binary_search(request_.assumed.begin(),
                                            request_.assumed.end(), next_assert_);
    ++next_assert_;
    const Clock::time_point start = Clock::now();
    if (native_ != nullptr) {
      const Expr expr = native_->intern(term);
      const Clock::time_point interned = Clock::now();
      native_->add_side_facts();
      const Clock::time_point asked = Clock::now();
      std::pair<Verdict, Layer> answer = {Verdict::kUnknown, Layer::kNone};
      if (!assumed) {
        answer = native_->ask(expr);
        if (answer.first == Verdict::kUnknown && solver_ != nullptr && !cancel_) {
          answer = {ask_solver(term), Layer::kZ3};
        }
      }
      const Clock::time_point answered = Clock::now();
      native_->add(term, expr);
      const Clock::time_point added = Clock::now();
      intern_ += interned - start;
      add_ += (asked - interned) + (added - answered);
      if (!assumed) record(answer, answered - asked);
    } else if (!assumed) {
      std::string literal;
      const bool ready = solver_->prepare(term, &literal);
      const Clock::time_point asked = Clock::now();
      const Verdict verdict = ready ? solver_->ask(literal) : Verdict::kUnknown;
      const Clock::time_point answered = Clock::now();
      intern_ += asked - start;
      record({verdict, Layer::kZ3}, answered - asked);
    }
    if (solver_ != nullptr) solver_->note(Kind::kAssert, term);
  }

  Verdict ask_solver(TermId term) {
    std::string literal;
    return solver_->prepare(term, &literal) ? solver_->ask(literal) : Verdict::kUnknown;
  }

  void record(std::pair<Verdict, Layer> answer, Clock::duration time) {
    if (answer.first == Verdict::kUnknown) answer.second = Layer::kNone;
    row_.verdicts.emplace_back(answer.first, std::string(layer_name(answer.second)));
    ns_.push_back(nanoseconds(time));
  }

  // Behind a command that was not carried out the script is another one.
  std::span<const ScriptCommand> commands() const {
    return std::span(script_.commands)
        .first(script_.errors.empty() ? script_.commands.size()
                                      : script_.commands_before_error);
  }

  RunRow finish() {
    const auto total = static_cast<size_t>(std::ranges::count_if(
        commands(), [](const ScriptCommand& c) { return c.kind == Kind::kAssert; }));
    const size_t guards = total - std::min(total, request_.assumed.size());
    if (script_.errors.empty() && cancel_) {
      row_.status = "timeout";
      row_.message = fmt::format("stopped at the time limit after {} of {} guards",
                                 ns_.size(), guards);
      row_.verdicts.resize(std::max(guards, row_.verdicts.size()),
                           {Verdict::kUnknown, std::string(layer_name(Layer::kNone))});
    } else if (!script_.errors.empty()) {
      row_.status = "error";
      row_.message = and_more_errors(script_.errors[0], script_.errors.size() - 1);
    }
    row_.parse_ms = static_cast<double>(nanoseconds(intern_)) / 1e6;
    finish_entail(row_, std::move(ns_), nanoseconds(add_));
    row_.solve_ms = (row_.entail->us_total + row_.entail->add_us_total) / 1e3;
    return std::move(row_);
  }

  const RunRequest& request_;
  smt2::Script script_;
  std::atomic<bool> cancel_{false};
  std::unique_ptr<Native> native_;
  std::unique_ptr<Solver> solver_;
  size_t next_assert_ = 0;
  Clock::duration intern_{}, add_{};
  std::vector<uint64_t> ns_;
  RunRow row_;
};

}  // namespace

RunRow run_entail(const RunRequest& request, smt2::Engine engine) {
  return Entail(request, engine).run();
}

}  // namespace congrua::cli
