#include "smt2/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace congrua::smt2 {
namespace {

// A quarter of a second or so.
constexpr int64_t kStepsBeforeZ3 = 4'000'000;

class Stopwatch {
 public:
  double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() -
                                                     start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Checker::Checker(const Env& env, const SessionOptions& options)
    : env_(env), options_(options) {
  reset();
}
Checker::~Checker() = default;

void Checker::reset() {
  asserts_.clear();
  scopes_.clear();
  items_.clear();
  item_marks_.clear();
  translated_ = 0;
  translation_.reset();
  pool_ = std::make_unique<ExprPool>();
  translation_ = std::make_unique<Translation>(env_, *pool_);
  drop_z3();
  named_ = false;
}

void Checker::add(TermId assertion) { asserts_.push_back(assertion); }

void Checker::push() { scopes_.push_back(asserts_.size()); }

void Checker::pop() {
  asserts_.resize(scopes_.back());
  scopes_.pop_back();
  if (item_marks_.size() > scopes_.size()) {
    translation_->pop();
    items_.resize(item_marks_.back(), Item{pool_->boolean(true), kSide});
    item_marks_.pop_back();
  }
  translated_ = std::min(translated_, asserts_.size());
  if (z3_scopes_ > scopes_.size()) {
    --z3_scopes_;
    printer_->pop();
    z3_->pop(1);
  }
  sent_ = std::min(sent_, asserts_.size());
}

void Checker::phase(Phase p) {
  if (options_.on_phase) options_.on_phase(p);
}

void Checker::interrupt() {
  cancel_.store(true, std::memory_order_relaxed);
  const std::lock_guard lock(active_mutex_);
  if (active_ != nullptr) active_->interrupt();
}

CheckResult Checker::check(std::span<const TermId> assumptions, bool want_core) {
  CheckResult result;
  // Most of what the native engine can answer it answers soon; what is left is often easy
  // for Z3, and then it is the native engine's turn again.
  const bool both = options_.engine == Engine::kAuto && guard::z3_available();
  bool cut_short = false;
  cancel_.store(false, std::memory_order_relaxed);
  if (options_.engine != Engine::kZ3) {
    phase(Phase::kNative);
    {
      const Stopwatch watch;
      translate_new(assumptions);
      result.intern_ms = watch.ms();
    }
    const Stopwatch watch;
    cut_short = check_native(
        assumptions, want_core || !assumptions.empty(),
        both ? std::min(kStepsBeforeZ3, options_.native_steps) : options_.native_steps,
        &result);
    result.native_ms = watch.ms();
  }
  cut_short &= both && options_.native_steps > kStepsBeforeZ3 && !cancel_.load();
  if (result.answer == CheckAnswer::kUnknown && options_.engine != Engine::kNative) {
    if (guard::z3_available()) {
      phase(Phase::kZ3);
      const Stopwatch watch;
      // Half of its time where the native engine may still find the answer.
      const uint32_t limit = options_.z3_timeout_ms;
      check_z3(assumptions, want_core, cut_short && limit > 1 ? limit / 2 : limit,
               &result);
      result.z3_ms = watch.ms();
    } else if (options_.engine == Engine::kZ3) {
      result.reason = "built without Z3";
    }
  }
  if (result.answer == CheckAnswer::kUnknown && cut_short && !cancel_.load()) {
    phase(Phase::kNative);
    const Stopwatch watch;
    check_native(assumptions, want_core || !assumptions.empty(), options_.native_steps,
                 &result);
    result.native_ms += watch.ms();
  }
  if (options_.engine != Engine::kZ3) leave_assumptions(assumptions);
  if (result.answer != CheckAnswer::kSat) result.model.reset();
  phase(Phase::kDone);
  return result;
}

Verdict Checker::accept(Model model, std::span<const TermId> assumptions,
                        CheckResult* result) {
  Interpretation interpretation(std::move(model));
  std::vector<TermId> roots = asserts_;
  roots.insert(roots.end(), assumptions.begin(), assumptions.end());
  const Verdict verdict = interpretation.judge(env_.terms, roots);
  if (verdict == Verdict::kHolds) {
    result->answer = CheckAnswer::kSat;
    result->reason.clear();
  }
  // Kept in either case: the choices it met tell whether another attempt may help.
  result->model = std::move(interpretation);
  return verdict;
}

// ---- The native engine

void Checker::add_items(std::span<const TermId> terms, size_t first_origin) {
  const std::vector<Expr> exprs = translation_->assume_all(terms);
  for (size_t i = 0; i < exprs.size(); ++i)
    items_.push_back({exprs[i], first_origin + i});
  for (const Expr e : translation_->take_side_facts()) items_.push_back({e, kSide});
}

// Scopes below the top cannot grow, so each scope is translated once it is left or asked.
void Checker::translate_new(std::span<const TermId> assumptions) {
  const std::span<const TermId> all(asserts_);
  for (size_t level = item_marks_.size(); level <= scopes_.size(); ++level) {
    const size_t end = level < scopes_.size() ? scopes_[level] : all.size();
    add_items(all.subspan(translated_, end - translated_), translated_);
    translated_ = end;
    if (level < scopes_.size()) {
      translation_->push();
      item_marks_.push_back(items_.size());
    }
  }
  if (!assumptions.empty()) {
    translation_->push();
    item_marks_.push_back(items_.size());
    add_items(assumptions, asserts_.size());
  }
}

bool Checker::check_native(std::span<const TermId> assumptions, bool want_core,
                           int64_t steps, CheckResult* result) {
  std::vector<Expr> exprs;
  exprs.reserve(items_.size());
  for (const Item& i : items_) exprs.push_back(i.expr);
  Budget budget(steps, &cancel_);
  const guard::SolveResult found = guard::solve(*pool_, exprs, budget, want_core);
  switch (found.status) {
    case guard::Status::kUnsat:
      result->answer = CheckAnswer::kUnsat;
      result->layer = found.layer;
      native_core(found, result);
      break;
    case guard::Status::kSat:
      switch (accept(translation_->model(found.model), assumptions, result)) {
        case Verdict::kHolds:
          result->layer = found.layer;
          break;
        case Verdict::kRefuted:
          // What says less than its original may have models that the original has not.
          models_refuted_ += !translation_->approximate();
          result->reason = "incomplete";
          break;
        case Verdict::kNoValue:
          result->reason = "the model has values too large to check";
          break;
      }
      break;
    case guard::Status::kUnknown:
      result->reason = cancel_.load() ? "timeout" : std::string(found.reason);
      break;
  }
  return budget.spent();
}

void Checker::leave_assumptions(std::span<const TermId> assumptions) {
  if (assumptions.empty()) return;
  translation_->pop();
  items_.resize(item_marks_.back(), Item{pool_->boolean(true), kSide});
  item_marks_.pop_back();
}

void Checker::native_core(const guard::SolveResult& found, CheckResult* result) const {
  std::vector<size_t> origins;
  bool all = translation_->relied_on_scope() || found.core.empty();
  for (const size_t i : found.core) {
    // A side fact rests on asserts that are not recorded: any superset of a core is one.
    all |= items_[i].origin == kSide;
    origins.push_back(items_[i].origin);
  }
  if (all) {
    origins.clear();
    for (const Item& i : items_) {
      if (i.origin != kSide) origins.push_back(i.origin);
    }
  }
  std::sort(origins.begin(), origins.end());
  for (const size_t o : origins) {
    if (o < asserts_.size()) {
      result->core.push_back(o);
    } else {
      result->core_assumptions.push_back(o - asserts_.size());
    }
  }
}

// ---- Z3

void Checker::drop_z3() {
  z3_.reset();
  printer_.reset();
  z3_scopes_ = 0;
  sent_ = 0;
}

bool Checker::send_new(std::string* error) {
  if (z3_ == nullptr) {
    z3_ = std::make_unique<guard::Z3Session>();
    printer_ = std::make_unique<Printer>(env_);
  }
  for (;;) {
    const size_t end =
        z3_scopes_ < scopes_.size() ? scopes_[z3_scopes_] : asserts_.size();
    std::string text;
    for (; sent_ < end; ++sent_) {
      const std::string t = printer_->print(asserts_[sent_], &text);
      text += named_ ? fmt::format("(assert (! {} :named a{}))\n", t, sent_)
                     : fmt::format("(assert {})\n", t);
    }
    if (!text.empty() && !z3_->add_text(text, error)) return false;
    if (z3_scopes_ == scopes_.size()) return true;
    z3_->push();
    printer_->push();
    ++z3_scopes_;
  }
}

guard::Z3Result Checker::ask_z3(const std::vector<std::string>& assumptions,
                                bool want_core, const std::vector<std::string>& terms,
                                uint32_t timeout_ms) {
  {
    const std::lock_guard lock(active_mutex_);
    active_ = z3_.get();
  }
  const guard::Z3Limits limits{.rlimit = options_.z3_rlimit,
                               .timeout_ms = timeout_ms,
                               .watchdog_ms = 0,
                               .cancel = &cancel_};
  guard::Z3Result found =
      z3_->check(limits, assumptions, /*want_model=*/true, want_core, terms);
  const std::lock_guard lock(active_mutex_);
  active_ = nullptr;
  return found;
}

bool Checker::z3_model(const guard::Z3Result& found, Model* model) const {
  bool all = true;
  for (const auto& [name, text] : found.model) {
    const uint32_t d = printer_->declaration(name);
    if (d == kNoIndex) continue;
    if (auto v = parse_value(text)) {
      model->constants[d] = std::move(*v);
    } else {
      all = false;  // an algebraic number
    }
  }
  return all;
}

void Checker::check_z3(std::span<const TermId> assumptions, bool want_core,
                       uint32_t timeout_ms, CheckResult* result) {
  cancel_.store(false, std::memory_order_relaxed);
  const auto too_high = [this](TermId t) { return powers_.too_high(t); };
  if (std::ranges::any_of(asserts_, too_high) ||
      std::ranges::any_of(assumptions, too_high)) {
    result->reason = Powers::kReason;
    return;
  }
  if (want_core && !named_) drop_z3();
  named_ |= want_core;
  if (!send_new(&result->reason)) return drop_z3();
  z3_->push();
  printer_->push();
  std::string text;
  std::vector<std::string> literals;
  for (const TermId t : assumptions) literals.push_back(printer_->print(t, &text));
  if (z3_->add_text(text, &result->reason)) {
    const guard::Z3Result found =
        ask_z3(literals, want_core || !assumptions.empty(), {}, timeout_ms);
    read_z3(found, literals, assumptions, result);
  }
  z3_->pop(1);
  printer_->pop();
}

void Checker::read_z3(const guard::Z3Result& found,
                      const std::vector<std::string>& literals,
                      std::span<const TermId> assumptions, CheckResult* result) {
  if (found.status == guard::Status::kUnknown) {
    result->reason = cancel_.load() ? "timeout" : found.reason;
    return;
  }
  result->layer = Layer::kZ3;
  if (found.status == guard::Status::kUnsat) {
    result->answer = CheckAnswer::kUnsat;
    result->reason.clear();
    for (const std::string& name : found.core) {
      const auto at = std::find(literals.begin(), literals.end(), name);
      size_t i = 0;
      if (at != literals.end()) {
        result->core_assumptions.push_back(static_cast<size_t>(at - literals.begin()));
      } else if (name.size() > 1 && name[0] == 'a') {
        for (const char c : name.substr(1)) i = i * 10 + static_cast<size_t>(c - '0');
        if (i < asserts_.size()) result->core.push_back(i);
      }
    }
    std::sort(result->core.begin(), result->core.end());
    std::sort(result->core_assumptions.begin(), result->core_assumptions.end());
    return;
  }
  Model model;
  const bool rational = z3_model(found, &model);
  Verdict verdict = accept(std::move(model), assumptions, result);
  if (verdict == Verdict::kHolds) return;
  bool refuted = rational && verdict == Verdict::kRefuted;
  if (rational && !result->model->functions().empty()) {
    // The values that the standard leaves to the model are not in Z3's list of constants.
    model = {};
    refuted = z3_choices(assumptions, literals, &model);
    if (refuted) {
      verdict = accept(std::move(model), assumptions, result);
      if (verdict == Verdict::kHolds) return;
      refuted = verdict == Verdict::kRefuted;
    }
  }
  models_refuted_ += refuted;
  result->layer = Layer::kNone;
  result->reason = rational ? "incomplete" : "the model has irrational values";
}

// Asks again, for the values of the divisions and applications as well.
bool Checker::z3_choices(std::span<const TermId> assumptions,
                         const std::vector<std::string>& literals, Model* model) {
  const TermTable& terms = env_.terms;
  std::vector<TermId> roots = asserts_;
  roots.insert(roots.end(), assumptions.begin(), assumptions.end());
  std::vector<TermId> choices;
  std::vector<std::string> names;
  std::string text;
  for (const TermId t : terms.reachable(roots)) {
    const TermOp op = terms.op(t);
    const bool divides = op == TermOp::kDiv || op == TermOp::kMod || op == TermOp::kRatio;
    if (op != TermOp::kApply && !divides) continue;
    if (divides && terms.is_literal(terms.arg(t, 1)) &&
        !terms.literal(terms.arg(t, 1)).is_zero()) {
      continue;
    }
    choices.push_back(t);
    names.push_back(printer_->print(t, &text));
  }
  std::string error;
  if (!z3_->add_text(text, &error)) return false;
  const guard::Z3Result found =
      ask_z3(literals, /*want_core=*/false, names, options_.z3_timeout_ms);
  if (found.status != guard::Status::kSat || !z3_model(found, model)) return false;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (auto v = parse_value(found.values[i]))
      model->proposals[choices[i]] = std::move(*v);
  }
  return true;
}

}  // namespace congrua::smt2
