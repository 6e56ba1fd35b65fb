#include "cli/replay.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/input.h"
#include "cli/jsonl.h"
#include "cli/paths.h"
#include "cli/progress.h"
#include "guard/z3.h"
#include "trace/replay.h"
#include "trace/trace.h"

namespace congrua::cli {
namespace {

using Json = nlohmann::ordered_json;
using trace::Counts;

constexpr int kConflicts = 1, kBadInput = 2, kNotWritten = 3;

// Tenths of a microsecond are noise already.
double rounded(double us) {
  return static_cast<double>(static_cast<int64_t>(us * 10)) / 10;
}

Json json_of(const Counts& c) {
  Json j;
  j["name"] = c.name;
  j["questions"] = c.questions;
  j["agree"] = c.agree;
  j["stronger"] = c.stronger;
  j["weaker"] = c.weaker;
  j["conflict"] = c.conflict;
  j["guards_taken"] = c.guards_taken;
  j["guards_torch"] = c.guards_torch;
  j["guards_kept"] = c.guards_kept;
  j["domains_kept"] = c.domains_kept;
  j["asserts_kept"] = c.asserts_kept;
  j["idx"] = c.idx;
  j["idx_modidx"] = c.idx_modidx;
  j["idx_modidx_gone"] = c.idx_modidx_gone;
  j["idx_longer"] = c.idx_longer;
  j["loops"] = c.loops;
  j["axes"] = c.axes;
  j["axes_torch"] = c.axes_torch;
  j["axes_left"] = c.axes_left;
  j["us_idx"] = rounded(c.us_idx);
  j["us_idx_torch"] = c.us_idx_torch;
  j["us"] = rounded(c.us);
  j["us_torch"] = c.us_torch;
  j["us_slowest"] = rounded(c.us_slowest);
  j["us_guards"] = rounded(c.us_guards);
  j["again"] = c.again;
  j["us_again"] = rounded(c.us_again);
  j["asked_z3"] = c.asked_z3;
  j["settled_z3"] = c.settled_z3;
  j["checked_z3"] = c.checked_z3;
  j["confirmed_z3"] = c.confirmed_z3;
  j["stronger_z3"] = c.stronger_z3;
  j["conflict_z3"] = c.conflict_z3;
  j["us_z3"] = rounded(c.us_z3);
  j["guards_z3"] = c.guards_z3;
  return j;
}

void add_to(Counts& sum, const Counts& c) {
  sum.questions += c.questions;
  sum.agree += c.agree;
  sum.stronger += c.stronger;
  sum.weaker += c.weaker;
  sum.conflict += c.conflict;
  sum.guards_taken += c.guards_taken;
  sum.guards_torch += c.guards_torch;
  sum.guards_kept += c.guards_kept;
  sum.domains_kept += c.domains_kept;
  sum.asserts_kept += c.asserts_kept;
  sum.idx += c.idx;
  sum.idx_modidx += c.idx_modidx;
  sum.idx_modidx_gone += c.idx_modidx_gone;
  sum.idx_longer += c.idx_longer;
  sum.loops += c.loops;
  sum.axes += c.axes;
  sum.axes_torch += c.axes_torch;
  sum.axes_left += c.axes_left;
  sum.us_idx += c.us_idx;
  sum.us_idx_torch += c.us_idx_torch;
  sum.us_idx_slowest = std::max(sum.us_idx_slowest, c.us_idx_slowest);
  sum.unread += c.unread;
  sum.us += c.us;
  sum.us_torch += c.us_torch;
  sum.us_slowest = std::max(sum.us_slowest, c.us_slowest);
  sum.us_guards += c.us_guards;
  sum.again += c.again;
  sum.us_again += c.us_again;
  sum.asked_z3 += c.asked_z3;
  sum.settled_z3 += c.settled_z3;
  sum.checked_z3 += c.checked_z3;
  sum.confirmed_z3 += c.confirmed_z3;
  sum.stronger_z3 += c.stronger_z3;
  sum.conflict_z3 += c.conflict_z3;
  sum.us_z3 += c.us_z3;
  sum.guards_z3 += c.guards_z3;
}

std::string line_of(const Counts& c) {
  return fmt::format(
      "{:<34}{:>8}{:>8}{:>7}{:>7}{:>6}{:>5}{:>8}{:>7}{:>6}{:>10.0f}{:>9.0f}x\n",
      c.name.substr(0, 33), c.questions, c.agree, c.stronger, c.weaker, c.conflict,
      c.asked_z3 > 0 ? fmt::format("{}", c.settled_z3) : "-", c.guards_torch,
      c.guards_kept, c.guards_taken, c.us, c.us > 0 ? c.us_torch / c.us : 0);
}

// What Z3 was asked for; empty: nothing.
std::string z3_lines(const ReplayOptions& options, const Counts& sum) {
  const bool asked = options.engine == "auto" || options.check_every > 0;
  if (!asked && !options.fewest_guards) return {};
  if (!guard::z3_available()) return "Z3 was not asked: this build has none\n";
  const std::string z3 = fmt::format("Z3 {} ", guard::z3_version());
  std::string text;
  if (asked) {
    text +=
        z3 + fmt::format(
                 "settled {} of {} open questions and confirmed {} of {} native answers; "
                 "{} conflicts; {:.0f} s\n",
                 sum.settled_z3, sum.asked_z3, sum.confirmed_z3, sum.checked_z3,
                 sum.conflict_z3, sum.us_z3 / 1e6);
  }
  if (options.engine == "auto" && options.check_every == 1) {
    text +=
        z3 +
        fmt::format(
            "settles {} that the record leaves open: {} of them are settled natively\n",
            sum.stronger_z3 + sum.settled_z3, sum.stronger_z3);
  }
  if (options.fewest_guards) {
    text += z3 + fmt::format("leaves {} guards by a greedy minimum, {} are kept\n",
                             sum.guards_z3, sum.guards_kept);
  }
  return text;
}

Json json_of(const trace::Asked& a, const std::string& name) {
  Json j;
  j["name"] = name;
  j["line"] = a.line->number;
  j["verdict"] = trace::verdict_name(a.verdict);
  j["how"] = a.line->how;
  j["e"] = a.line->expr;
  j["recorded"] = a.line->result ? Json(*a.line->result) : Json();
  j["answer"] = a.answer.empty() ? Json() : Json(a.answer);
  j["z3"] = a.z3.empty() ? Json() : Json(a.z3);
  j["us"] = rounded(a.us);
  j["us_torch"] = a.line->us;
  return j;
}

Json json_of(const trace::Indexed& x, const std::string& name) {
  Json j;
  j["name"] = name;
  j["line"] = x.line->number;
  j["e"] = x.line->expr;
  j["vars"] = x.line->sizes;
  j["recorded"] = x.line->result ? Json(*x.line->result) : Json();
  j["answer"] = x.answer;
  j["modidx"] = x.modular;
  j["gone"] = x.gone;
  j["longer"] = x.longer;
  j["us"] = rounded(x.us);
  return j;
}

void print_heading(std::FILE* out) {
  fmt::print(out, "{:<34}{:>8}{:>8}{:>7}{:>7}{:>6}{:>5}{:>8}{:>7}{:>6}{:>10}{:>10}\n",
             "program", "asked", "agree", "strong", "weak", "conf", "z3", "g torch",
             "kept", "taken", "us", "faster");
}

}  // namespace

int run_replay(const ReplayOptions& options, std::FILE* out, std::FILE* err) {
  Json all = Json::array();
  std::string questions;
  Counts sum;
  sum.name = "all";
  Progress progress(err, options.traces.size(), 0);
  for (const std::string& path : options.traces) {
    progress.state.current = path;
    progress.update();
    const auto fail = [&](const absl::Status& s) {
      progress.clear();
      fmt::print(err, "congrua replay: {}: {}\n", path, std::string(s.message()));
      return kBadInput;
    };
    const auto text = read_input(path);
    if (!text.ok()) {
      progress.clear();
      fmt::print(err, "congrua replay: {}\n", std::string(text.status().message()));
      return kBadInput;
    }
    auto trace = trace::read_trace(*text);
    if (!trace.ok()) return fail(trace.status());
    if (trace->name.empty()) trace->name = path;
    trace::Options how;
    how.z3 = options.engine == "auto" && guard::z3_available();
    how.fewest_guards = options.fewest_guards && guard::z3_available();
    how.check_every = guard::z3_available() ? options.check_every : 0;
    if (!options.questions.empty()) {
      how.indexed = [&](const trace::Indexed& x) {
        questions +=
            json_of(x, trace->name).dump(-1, ' ', false, Json::error_handler_t::replace) +
            "\n";
      };
      how.asked = [&](const trace::Asked& a) {
        questions +=
            json_of(a, trace->name).dump(-1, ' ', false, Json::error_handler_t::replace) +
            "\n";
      };
    }
    const auto replayed = trace::replay(*trace, how);
    if (!replayed.ok()) return fail(replayed.status());
    const Counts& c = replayed->counts;
    add_to(sum, c);
    all.push_back(json_of(c));
    progress.clear();
    if (all.size() == 1) print_heading(out);
    fmt::print(out, "{}", line_of(c));
    ++progress.state.done;
    progress.state.wrong += c.conflict;
  }
  progress.clear();
  if (options.traces.size() > 1) fmt::print(out, "{}", line_of(sum));
  fmt::print(out,
             "slowest question {:.0f} us; {} repeats, {:.0f} ns each; minimal guards "
             "{:.0f} us\n",
             sum.us_slowest, sum.again,
             sum.again > 0 ? sum.us_again * 1000 / static_cast<double>(sum.again) : 0,
             sum.us_guards);
  fmt::print(out,
             "indices {}: {} with ModularIndexing, gone in {}; {} longer than recorded; "
             "loop nests {}: "
             "{} axes, {} left ({} recorded); {:.0f} us ({:.0f}x), slowest {:.0f} us\n",
             sum.idx, sum.idx_modidx, sum.idx_modidx_gone, sum.idx_longer, sum.loops,
             sum.axes, sum.axes_left, sum.axes_torch, sum.us_idx,
             sum.us_idx > 0 ? sum.us_idx_torch / sum.us_idx : 0, sum.us_idx_slowest);
  fmt::print(out, "{}", z3_lines(options, sum));
  for (const auto& [path, contents] :
       {std::pair(options.json,
                  all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"),
        std::pair(options.questions, questions)}) {
    if (path.empty()) continue;
    if (absl::Status s = write_file(path, contents); !s.ok()) {
      fmt::print(err, "congrua replay: {}\n", std::string(s.message()));
      return kNotWritten;
    }
  }
  return sum.conflict == 0 && sum.conflict_z3 == 0 ? 0 : kConflicts;
}

void add_replay(CLI::App& app, int& exit_code) {
  CLI::App* sub = app.add_subcommand(
      "replay", "Ask the questions of recorded traces again and compare the answers");
  auto options = std::make_shared<ReplayOptions>();
  sub->add_option("TRACE", options->traces, "Traces (.jsonl, also packed)")
      ->required()
      ->option_text("...");
  sub->add_option("--engine", options->engine,
                  "native; auto: Z3 is asked what is left open")
      ->check(CLI::IsMember({"native", "auto"}))
      ->option_text("ENGINE");
  sub->add_option("--check-every", options->check_every,
                  "Ask Z3 about every N-th native answer; 0: about none")
      ->option_text("N");
  sub->add_flag(
      "--fewest-guards", options->fewest_guards,
      "Also count the guards that are left when Z3 drops them one by one: minutes");
  sub->add_option("--json", options->json, "Write an array with an object per program")
      ->option_text("OUT");
  sub->add_option(
         "--questions", options->questions,
         "Write a line of JSON for each question (repeats: those that stand out)")
      ->option_text("OUT");
  sub->callback(
      [options, &exit_code] { exit_code = run_replay(*options, stdout, stderr); });
}

}  // namespace congrua::cli
