#include "cli/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "cli/deadline.h"
#include "cli/engine_entail.h"
#include "cli/external.h"
#include "congrua/smt2.h"
#include "guard/z3.h"

namespace congrua::cli {
namespace {

using smt2::CheckAnswer;

// The errors among a session's responses.
class Errors {
 public:
  void look_at(std::string_view response) {
    constexpr std::string_view kOpen = "(error \"", kClose = "\")";
    if (!response.starts_with(kOpen)) return;
    response.remove_prefix(kOpen.size());
    response = response.substr(0, response.rfind(kClose));
    // Scripts ask for a model or a core whatever the answer was: that tells nothing of
    // its own.
    for (const std::string_view consequence :
         {"there is no model", "the last check was not"}) {
      if (response.find(consequence) != std::string_view::npos) return;
    }
    if (count_++ == 0) first_ = response;
  }
  size_t count() const { return count_; }
  std::string text() const { return and_more_errors(first_, count_ - 1); }

 private:
  size_t count_ = 0;
  std::string first_;
};

RunRow run_sat(const RunRequest& request, smt2::Engine engine) {
  smt2::SessionOptions options;
  options.engine = engine;
  options.z3_timeout_ms =
      static_cast<uint32_t>(std::clamp(request.timeout_s * 1e3, 1.0, 1e9));
  Errors errors;
  smt2::Session session([&](std::string_view response) { errors.look_at(response); },
                        options);
  bool late = false;
  {
    const Deadline deadline(request.timeout_s, [&] { session.interrupt(); });
    session.run(request.text);
    late = deadline.passed();
  }

  RunRow row;
  const smt2::SessionStats& stats = session.stats();
  row.parse_ms = stats.parse_ms;
  std::string reason;
  for (const smt2::Check& check : stats.checks) {
    if (check.unread_before > 0) break;
    row.solve_ms += check.ms;
    row.answers.emplace_back(smt2::answer_name(check.answer));
    if (check.answer == CheckAnswer::kUnknown) {
      if (reason.empty()) reason = check.reason;
      continue;
    }
    ++row.layers[std::string(layer_name(check.layer))];
    if (check.answer == CheckAnswer::kSat) {
      row.model_max = check.model_max;
      row.model_sum = check.model_sum;
    }
  }
  const bool unknown = std::ranges::count(row.answers, "unknown") > 0;
  row.message = reason;
  if (stats.unread > 0) {
    row.status = "error";
    row.message = and_more_errors(stats.first_unread, stats.unread - 1);
  } else if (late && unknown) {
    row.status = "timeout";
    row.message = "stopped at the time limit";
  } else if (unknown && reason.find("memory") != std::string::npos) {
    row.status = "memory";
  }
  if (stats.unread == 0 && errors.count() > 0) {
    row.message += (row.message.empty() ? "" : "; ") + errors.text();
  }
  if (stats.models_refuted > 0) {
    row.message += fmt::format("{}{} models refuted by the original text",
                               row.message.empty() ? "" : "; ", stats.models_refuted);
  }
  finish_sat(row);
  return row;
}

// Solves a small script before the clock is looked at: a file runs in a process of its
// own, whose first steps would pay for pages of code and memory that a compiler's process
// has long touched. The baseline of Z3 does the same (bench/baselines/z3_engine.py).
void warm_up() {
  std::string text;
  std::string product = "1";
  for (int i = 0; i < 24; ++i) {
    text += fmt::format(
        "(declare-const s{0} Int)(define-fun h{0} () Int (div (+ s{0} 3) 4))"
        "(assert (>= s{0} 2))(assert (not (= (mod s{0} {1}) 1)))"
        "(assert (<= (* s{0} h{0}) {2}))\n",
        i, i + 3, 100'000 + i);
    product = fmt::format("(* s{} {})", i, i % 6 == 0 ? "1" : product);
    text += fmt::format("(assert (>= {} (ite (= s{} h{}) 2 h{})))\n", product, i, i, i);
  }
  smt2::SessionOptions options;
  options.engine = smt2::Engine::kNative;
  smt2::Session([](std::string_view) {}, options).run(text + "(check-sat)");
}

}  // namespace

RunRow run_file(const RunRequest& request) {
  if (is_external(request.engine)) return run_external(request);
  smt2::Engine engine = smt2::Engine::kAuto;
  if (request.engine == "native") engine = smt2::Engine::kNative;
  if (request.engine == "z3") engine = smt2::Engine::kZ3;
  if (engine == smt2::Engine::kZ3 && !guard::z3_available()) {
    RunRow row;
    row.status = "error";
    row.message = "built without Z3";
    return row;
  }
  if (engine != smt2::Engine::kZ3) warm_up();
  RunRow row = request.mode == RunMode::kSat ? run_sat(request, engine)
                                             : run_entail(request, engine);
  if (engine != smt2::Engine::kNative) row.version = guard::z3_version();
  return row;
}

}  // namespace congrua::cli
