#include "cli/guards.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/input.h"
#include "congrua/eval.h"
#include "congrua/shape.h"
#include "smt2/script.h"
#include "smt2/translate.h"
#include "trace/replay.h"
#include "trace/trace.h"

namespace congrua::cli {
namespace {

using Json = nlohmann::ordered_json;
using shape::Env;

constexpr int kNoInput = 1, kBadInput = 2, kNotWritten = 3;

// One environment that was filled from a file.
struct Traced {
  std::string title;
  std::unique_ptr<ExprPool> pool;  // of a script; a trace's environment owns its pool
  std::unique_ptr<Env> env;
  std::vector<std::string> notes;
};

// The asserts of a script as entry guards, its constants as inputs.
absl::StatusOr<Traced> from_script(std::string_view text) {
  const smt2::Script script = smt2::read_script(text);
  if (!script.errors.empty()) return absl::InvalidArgumentError(script.errors.front());
  Traced t;
  t.title = "script";
  t.pool = std::make_unique<ExprPool>();
  t.env = std::make_unique<Env>(*t.pool);
  std::vector<smt2::TermId> terms;
  std::vector<uint32_t> lines;
  for (const smt2::ScriptCommand& c : script.commands) {
    if (c.kind == smt2::ScriptCommand::Kind::kPush ||
        c.kind == smt2::ScriptCommand::Kind::kPop ||
        c.kind == smt2::ScriptCommand::Kind::kResetAssertions) {
      return absl::InvalidArgumentError(fmt::format(
          "line {}: push, pop and reset leave no single set of guards", c.line));
    }
    if (c.kind != smt2::ScriptCommand::Kind::kAssert) continue;
    terms.push_back(c.term);
    lines.push_back(c.line);
  }
  smt2::Translation translation(*script.env, *t.pool);
  const std::vector<Expr> facts = translation.assume_all(terms);
  std::vector<Expr> all = facts;
  for (const Expr side : translation.take_side_facts()) all.push_back(side);
  for (const Expr fact : all) {
    for (const Expr s : free_symbols(fact)) {
      if (s.sort() != Sort::kReal) (void)t.env->declare(s, s.name());
    }
  }
  for (size_t i = 0; i < all.size(); ++i) {
    t.env->set_location(i < lines.size() ? fmt::format("line {}", lines[i])
                                         : "SMT-LIB's div");
    (void)t.env->guard(all[i]);  // contradictions are told by the results
  }
  if (translation.approximate()) {
    t.notes.push_back("some asserts hold real terms, of which only equality is known");
  }
  return t;
}

absl::StatusOr<std::vector<Traced>> read(const std::string& path) {
  const auto text = read_input(path);
  if (!text.ok()) return text.status();
  std::vector<Traced> all;
  const size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos || (*text)[first] != '{') {
    auto script = from_script(*text);
    if (!script.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}", path, std::string(script.status().message())));
    }
    all.push_back(*std::move(script));
    return all;
  }
  const auto fail = [&](const absl::Status& s) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", path, std::string(s.message())));
  };
  const auto trace = trace::read_trace(*text);
  if (!trace.ok()) return fail(trace.status());
  auto replayed = trace::replay(*trace);
  if (!replayed.ok()) return fail(replayed.status());
  for (auto& [number, env] : replayed->environments) {
    all.push_back({.title = fmt::format("{}, environment {}", trace->name, number),
                   .pool = nullptr,
                   .env = std::move(env),
                   .notes = {}});
  }
  return all;
}

std::string origin(const Env& env, shape::RecordId id) {
  const std::string& location = env.record(id).location;
  return location.empty() ? fmt::format("guard {}", id) : location;
}

int write(std::FILE* out, std::FILE* err, std::string_view command,
          const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), out) == text.size() &&
      std::fflush(out) == 0) {
    return 0;
  }
  fmt::print(err, "congrua {}: the answer could not be written\n", command);
  return kNotWritten;
}

int unreadable(std::FILE* err, std::string_view command, const absl::Status& s) {
  fmt::print(err, "congrua {}: {}\n", command, std::string(s.message()));
  return kBadInput;
}

}  // namespace

int run_guards(const GuardsOptions& options, std::FILE* out, std::FILE* err) {
  auto all = read(options.file);
  if (!all.ok()) return unreadable(err, "guards", all.status());
  std::string text;
  Json json = Json::array();
  for (const Traced& t : *all) {
    Env& env = *t.env;
    const shape::GuardSet set = env.guards();
    Json j;
    j["name"] = t.title;
    text += fmt::format("{}\n", t.title);
    for (const std::string& note : t.notes) text += fmt::format("  note: {}\n", note);
    for (const char* key : {"inputs", "sources", "domains", "guards", "dropped"}) {
      j[key] = Json::array();
    }
    const std::vector<shape::Input> inputs = env.inputs();
    text += fmt::format("  inputs: {}\n", inputs.size());
    for (const shape::Input& input : inputs) {
      const std::string& name = input.source;
      const Range birth = input.symbol.range();
      std::string range = name;
      if (birth.lo) range = fmt::format("{} <= {}", *birth.lo, range);
      if (birth.hi) range += fmt::format(" <= {}", *birth.hi);
      if (input.symbol.sort() == Sort::kReal && !input.may_be_nan) range += " is not NaN";
      text += fmt::format("    {}\n", range);
      j["inputs"].push_back(range);
    }
    if (!set.sources.empty()) text += fmt::format("  sources: {}\n", set.sources.size());
    for (const shape::SourceValue& s : set.sources) {
      const std::string condition = fmt::format("{} == {}", s.source, env.text(s.value));
      text += fmt::format("    {}\n", condition);
      j["sources"].push_back(condition);
    }
    text += fmt::format("  domains: {}\n", set.domains.size());
    for (const Expr d : set.domains) {
      text += fmt::format("    {}\n", env.text(d));
      j["domains"].push_back(env.text(d));
    }
    text += fmt::format("  guards: {}\n", set.guards.size());
    for (size_t i = 0; i < set.guards.size(); ++i) {
      text += fmt::format("    {}    [{}]\n", env.text(set.guards[i]),
                          origin(env, set.origins[i]));
      j["guards"].push_back(Json{{"guard", env.text(set.guards[i])},
                                 {"from", origin(env, set.origins[i])}});
    }
    if (options.dropped) {
      text += fmt::format("  dropped: {}\n", set.dropped.size());
      for (size_t i = 0; i < set.dropped.size(); ++i) {
        const shape::DroppedGuard& d = set.dropped[i];
        std::string because;
        Json reasons = Json::array();
        for (const Expr e : env.why_dropped(set, i)) {
          because += (because.empty() ? "" : "; ") + env.text(e);
          reasons.push_back(env.text(e));
        }
        text += fmt::format("    {}    [{}] by {}\n", env.text(d.condition),
                            origin(env, d.record),
                            because.empty() ? "the sizes' own ranges" : because);
        j["dropped"].push_back(Json{{"guard", env.text(d.condition)},
                                    {"from", origin(env, d.record)},
                                    {"because", std::move(reasons)}});
      }
    }
    json.push_back(std::move(j));
  }
  if (options.json)
    text = json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  return write(out, err, "guards", text);
}

int run_witness(const GuardsOptions& options, std::FILE* out, std::FILE* err) {
  auto all = read(options.file);
  if (!all.ok()) return unreadable(err, "witness", all.status());
  std::string text;
  Json json = Json::array();
  int code = 0;
  for (const Traced& t : *all) {
    Env& env = *t.env;
    const auto w = env.witness();
    Json j;
    j["name"] = t.title;
    text += fmt::format("{}\n", t.title);
    if (!w.ok()) {
      code = kNoInput;
      j["error"] = std::string(w.status().message());
      text += fmt::format("  {}\n", std::string(w.status().message()));
    } else {
      j["values"] = Json::object();
      for (const auto& [s, v] : w->sizes) {
        const std::string value =
            s.is_bool() ? (v != 0 ? "true" : "false") : fmt::format("{}", v);
        text += fmt::format("  {} = {}\n", env.source_of(s), value);
        j["values"][env.source_of(s)] = s.is_bool() ? Json(v != 0) : Json(v);
      }
      for (const auto& [s, v] : w->floats) {
        text += fmt::format("  {} = {}\n", env.source_of(s), v);
        j["values"][env.source_of(s)] = v;
      }
    }
    json.push_back(std::move(j));
  }
  if (options.json)
    text = json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  const int written = write(out, err, "witness", text);
  return written != 0 ? written : code;
}

void add_guards(CLI::App& app, int& exit_code) {
  const auto add = [&](const char* name, const char* about, bool guards) {
    CLI::App* sub = app.add_subcommand(name, about);
    auto options = std::make_shared<GuardsOptions>();
    sub->add_option(
           "FILE", options->file,
           "A recorded trace (.jsonl) or an SMT-LIB script; \"-\" is standard input")
        ->required()
        ->option_text(" ");
    sub->add_flag("--json", options->json, "Print one JSON array");
    if (guards) {
      sub->add_flag("!--no-dropped", options->dropped,
                    "Do not say which guards were dropped, and for what");
    }
    sub->callback([options, guards, &exit_code] {
      exit_code = guards ? run_guards(*options, stdout, stderr)
                         : run_witness(*options, stdout, stderr);
    });
  };
  add("guards", "The smallest set of conditions to test before compiled code is reused",
      true);
  add("witness", "Small sizes that reach the end of a traced program", false);
}

}  // namespace congrua::cli
