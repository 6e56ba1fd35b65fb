// `congrua bench`: its command line.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/bench_options.h"
#include "cli/bench_run.h"
#include "cli/between.h"
#include "cli/command.h"
#include "cli/compare.h"
#include "cli/jsonl.h"

namespace congrua::cli {
namespace {

struct Arguments {
  BenchOptions bench;
  std::string mode = "sat", memory = "4G";
  std::vector<std::string> engines = {"auto"}, policies, compare;
};

constexpr std::string_view kFooter =
    R"(PATH is a .smt2 file (also .xz, .gz), a folder, a pattern, or a list of paths: @LIST or a .txt file.

Exit codes: 0 no answer contradicts what is expected; 1 a wrong answer, or logs that contradict each
other; 2 wrong use, or nothing could be asked (no file, or none readable); 3 a result could not be
written; 130 interrupted (128 + the signal), with what was measured kept.)";

int refuse(const absl::Status& status, int code) {
  std::fprintf(stderr, "congrua bench: %s\n", std::string(status.message()).c_str());
  return code;
}

int run_compare(const std::vector<std::string>& paths) {
  std::vector<std::vector<RunRow>> rows;
  for (const std::string& path : paths) {
    absl::StatusOr<LogContents> log = read_log(path);
    if (!log.ok()) return refuse(log.status(), kExitNothing);
    rows.push_back(std::move(log->rows));
  }
  const Comparison c = compare(rows[0], rows[1], paths[0], paths[1]);
  if (std::fputs(c.text.c_str(), stdout) < 0 || std::fflush(stdout) != 0)
    return kExitOutput;
  return c.contradictions + c.wrong > 0 ? kExitWrong : kExitOk;
}

// How this process was called, to be shown on the page.
std::string command_line() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::string out;
  for (std::string word; std::getline(in, word, '\0');) {
    const bool plain =
        !word.empty() && word.find_first_of(" '\"$*?[;|&<>(){}#\\") == word.npos;
    out += (out.empty() ? "" : " ") + (plain ? word : "'" + word + "'");
  }
  return out;
}

int run(Arguments a) {
  const auto refuse_use = [](std::string_view what) {
    return refuse(absl::InvalidArgumentError(absl::string_view(what.data(), what.size())),
                  kExitNothing);
  };
  if (!a.compare.empty()) return run_compare(a.compare);
  BenchOptions& o = a.bench;
  auto modes = parse_modes(a.mode);
  auto engines = parse_engines(a.engines);
  auto policies = parse_policies(a.policies);
  for (const absl::Status& s : {modes.status(), engines.status(), policies.status()}) {
    if (!s.ok()) return refuse(s, kExitNothing);
  }
  o.modes = *std::move(modes);
  o.engines = *std::move(engines);
  o.policies = *std::move(policies);
  const std::optional<uint64_t> memory = parse_bytes(a.memory);
  if (!memory) return refuse_use("--memory: not a size such as 4G, 512M or 0 (no limit)");
  o.memory_bytes = *memory;
  if (o.paths.empty()) return refuse_use("PATH is missing (see --help)");
  if (o.resume && o.jsonl.empty()) return refuse_use("--resume needs --jsonl");
  if (!o.verdicts.empty()) {
    if (a.mode == "sat") return refuse_use("--verdicts needs --mode entail or both");
    // The table has no column that would tell them apart.
    if (o.engines.size() > 1 || o.policies.size() > 1) {
      return refuse_use("--verdicts takes one engine and one policy");
    }
  }
  o.command_line = command_line();
  return run_bench(o, run_file, stdout, stderr);
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  CLI::App* sub = app.add_subcommand("bench", "Run many instances and compare engines");
  auto a = std::make_shared<Arguments>();
  BenchOptions& o = a->bench;
  // The texts stand for CLI11's own, which print ranges and types.
  sub->add_option("PATH", o.paths, "Files, folders, patterns, lists")->option_text("...");
  sub->add_option("--mode", a->mode,
                  "sat: find sizes; entail: which asserts follow from earlier ones; both")
      ->option_text("MODE [sat]");
  sub->add_option("--engine", a->engines,
                  "auto, native, z3 or cmd:COMMAND; several, by commas or repeated.\n"
                  "COMMAND is run as COMMAND MODE FILE TIMEOUT, or with {mode}, {file}\n"
                  "and {timeout} filled in")
      ->allow_extra_args(false)
      ->option_text("ENGINES [auto]");
  sub->add_option("--specialize", a->policies,
                  "none, 01, duck, both or all, by commas: rewrite each file by its\n"
                  ":example values first; several policies are shown side by side")
      ->allow_extra_args(false)
      ->option_text("POLICIES");
  sub->add_option("-j,--jobs", o.jobs, "Files at a time")
      ->check(between(size_t{1}, size_t{1024}))
      ->option_text("N [1]");
  sub->add_option("--timeout", o.timeout_s, "Seconds for a file")
      ->check(between(0.001, 1e6))
      ->option_text("SECONDS [10]");
  sub->add_option("--memory", a->memory, "Memory for a file: 4G, 512M; 0 is no limit")
      ->option_text("SIZE [4G]");
  sub->add_option("--sample", o.sample, "Every N-th file alone")
      ->check(between(size_t{1}, size_t{1} << 40))
      ->option_text("N [1]");
  sub->add_option("--jsonl", o.jsonl, "Append a JSON line for each file and engine")
      ->option_text("FILE");
  sub->add_flag("--resume", o.resume, "Skip what the --jsonl file holds already");
  sub->add_option("--verdicts", o.verdicts,
                  "Write file,assert_index,verdict,layer (entail mode)")
      ->option_text("FILE");
  sub->add_option("--html", o.html, "Write a page with plots and tables")
      ->option_text("FILE");
  sub->add_option("--compare", a->compare, "Compare two --jsonl files instead of running")
      ->expected(2)
      ->option_text("A B");
  sub->footer(std::string(kFooter));
  sub->callback([a, &exit_code] { exit_code = run(*a); });
}

}  // namespace congrua::cli
