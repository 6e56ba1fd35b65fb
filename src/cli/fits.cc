#include "cli/fits.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/asked.h"
#include "cli/command.h"
#include "congrua/eval.h"
#include "congrua/text.h"
#include "congrua/width.h"

namespace congrua::cli {
namespace {

std::string joined(const std::vector<Expr>& conjuncts, const Asked& asked) {
  std::string text;
  for (const Expr c : conjuncts) {
    text += (text.empty() ? "" : " and ") + asked.text(c);
  }
  return text.empty() ? "true" : text;
}

// The answers asked for beside the first, as lines and as JSON.
class Report {
 public:
  Report(Asked& asked, const FitsOptions& options, IntType type, std::vector<Expr> loops)
      : asked_(asked), options_(options), type_(type), loops_(std::move(loops)) {
    width_.evaluation = options.taken ? Evaluation::kTaken : Evaluation::kAll;
  }

  void fits() {
    const FitsAnswer a = congrua::fits(asked_.facts(), asked_.expr(), type_, width_);
    const bool always = a.truth == Truth::kTrue;
    const std::string_view verdict =
        always || a.truth == Truth::kFalse ? truth_name(a.truth) : "unknown";
    text_ = fmt::format("{}\n", verdict);
    json_["answer"] = verdict;
    json_["layer"] = layer_name(a.layer);
    json_["intermediate"] = nullptr;
    json_["value"] = nullptr;
    json_["model"] = nullptr;
    if (!a.intermediate) return;
    const std::string outside = asked_.text(*a.intermediate);
    json_["intermediate"] = outside;
    text_ += fmt::format(
        "{}: {}\n", a.truth == Truth::kUnknown ? "not decided" : "does not fit", outside);
    if (a.truth != Truth::kOpen) return;
    json_["value"] = a.value;
    std::string point;
    Json model = Json::object();
    for (const auto& [term, value] : a.point) {
      model[asked_.text(term)] = value;
      point +=
          fmt::format("{}{} = {}", point.empty() ? "" : ", ", asked_.text(term), value);
    }
    json_["model"] = std::move(model);
    text_ += fmt::format("is {} at: {}\n", a.value, point);
  }

  void guard() {
    const auto g = width_guard(asked_.facts(), asked_.expr(), type_, loops_, width_);
    if (!g.ok()) {
      json_["guard"] = nullptr;
      json_["guard_error"] = std::string(g.status().message());
      text_ += fmt::format("guard: none: {}\n", std::string(g.status().message()));
      return;
    }
    Json conjuncts = Json::array();
    for (const Expr c : g->conjuncts) conjuncts.push_back(asked_.text(c));
    json_["guard"] = std::move(conjuncts);
    json_["guard_exact"] = g->exact;
    text_ += fmt::format("guard: {}{}\n", joined(g->conjuncts, asked_),
                         g->exact ? "" : " (suffices)");
  }

  void narrow() {
    std::vector<Expr> uniform;
    for (const Expr s : free_symbols(asked_.expr())) {
      if (std::ranges::find(loops_, s) == loops_.end()) uniform.push_back(s);
    }
    // Without loop variables nothing varies: there is no sense in a base.
    if (loops_.empty()) uniform.clear();
    narrowed_ = congrua::narrow(asked_.facts(), asked_.expr(), type_, uniform, width_);
    json_["narrow"] = nullptr;
    if (!narrowed_) {
      text_ += "narrow: no form is found\n";
      return;
    }
    const std::string_view how = narrowing_name(narrowed_->narrowing);
    json_["narrow"] = {{"how", how}, {"form", narrowed_->form.to_string()}};
    text_ += fmt::format("narrow: {}: {}", how, narrowed_->form.to_string());
    if (narrowed_->base) {
      json_["narrow"]["base"] = narrowed_->base->to_string();
      text_ += fmt::format(", on the 64-bit base {}", narrowed_->base->to_string());
    }
    text_ += '\n';
  }

  void lower() {
    const Form form =
        narrowed_ ? narrowed_->form
                  : extract_fitting(asked_.facts(), asked_.expr(), type_, width_).form;
    const auto code = congrua::lower(asked_.facts(), form, type_, {.width = width_});
    json_["code"] = nullptr;
    if (!code.ok()) {
      json_["code_error"] = std::string(code.status().message());
      text_ += fmt::format("code: none: {}\n", std::string(code.status().message()));
      return;
    }
    json_["code"] = code->code;
    text_ += code->code;
  }

  const std::string& text() const { return text_; }
  const Json& json() const { return json_; }

 private:
  Asked& asked_;
  const FitsOptions& options_;
  const IntType type_;
  const std::vector<Expr> loops_;
  WidthOptions width_;
  std::optional<Narrowed> narrowed_;
  std::string text_;
  Json json_;
};

}  // namespace

int run_fits(const FitsOptions& options, std::FILE* out, std::FILE* err) {
  const std::optional<IntType> type = parse_int_type(options.type);
  if (!type) {
    fmt::print(err, "congrua fits: --type {}: a type is i8 to i64 or u8 to u64\n",
               options.type);
    return kAskInput;
  }
  Asked asked;
  if (!asked.read_all(options.ask, "fits", false, err)) return kAskInput;
  std::vector<Expr> loops;
  for (const std::string& name : options.loops) {
    const std::optional<Expr> s = asked.pool().find_symbol(name);
    if (!s || !s->is_int()) {
      fmt::print(err, "congrua fits: --loop {}: no symbol of the expression or a fact\n",
                 name);
      return kAskInput;
    }
    loops.push_back(*s);
  }
  Report report(asked, options, *type, std::move(loops));
  report.fits();
  if (options.guard) report.guard();
  if (options.narrow) report.narrow();
  if (options.lower) report.lower();
  return write(options.ask.json ? line(report.json()) : report.text(), "fits", out, err);
}

void add_fits(CLI::App& app, int& exit_code) {
  CLI::App* sub = app.add_subcommand(
      "fits", "Does an expression fit a machine integer, every intermediate included?");
  auto options = std::make_shared<FitsOptions>();
  // As in ask.cc: an expression may begin with a minus.
  sub->set_help_flag("--help", "Print this help message and exit");
  sub->allow_extras();
  sub->add_option("EXPR", options->ask.question, "Infix or s-expression")
      ->option_text(" ");
  sub->add_option("--assume", options->ask.facts, "A fact; may be given several times")
      ->allow_extra_args(false)
      ->option_text("FACT");
  sub->add_option("--type", options->type, "i8 to i64 or u8 to u64 (default: i32)")
      ->option_text("TYPE");
  sub->add_option("--loop", options->loops,
                  "A loop variable; may be given several times. Guards are free of them, "
                  "and bases that --narrow splits off")
      ->allow_extra_args(false)
      ->option_text("SYM");
  sub->add_flag("--taken", options->taken,
                "Arms of a select are computed only where they are taken");
  sub->add_flag("--guard", options->guard, "Print a condition under which it fits");
  sub->add_flag("--narrow", options->narrow, "Print an equal form that fits");
  sub->add_flag("--lower", options->lower, "Print a function of C that computes it");
  sub->add_flag("--json", options->ask.json, "Print one JSON object");
  sub->footer(
      R"~(The expression is computed from left to right as its infix text reads; symbols and constants count.

Exit codes: 0 answered (unknown is an answer); 2 wrong use, or an expression cannot be read; 3 the
answer could not be written.)~");
  sub->callback([options, sub, &exit_code] {
    std::vector<std::string> rest = sub->remaining();
    std::erase(rest, "--");
    if (sub->count("EXPR") == 0) {
      if (rest.empty()) throw CLI::RequiredError("EXPR");
      options->ask.question = std::move(rest.front());
      rest.erase(rest.begin());
    }
    if (!rest.empty()) throw CLI::ExtrasError(std::move(rest));
    exit_code = run_fits(*options, stdout, stderr);
  });
}

}  // namespace congrua::cli
