#include "cli/bench_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "cli/child.h"
#include "cli/expected.h"
#include "cli/external.h"
#include "cli/input.h"
#include "cli/jsonl.h"
#include "cli/paths.h"
#include "cli/progress.h"
#include "cli/report_html.h"
#include "cli/report_text.h"
#include "cli/verdicts.h"

namespace congrua::cli {
namespace {

using Json = nlohmann::json;

// Between the moment when an engine of ours has to stop and its end by force: time to
// tell how far it came.
constexpr double kGrace = 0.5;

struct Task {
  std::string path;
  std::string engine;
  RunMode mode;
  std::optional<Policy> policy;
};

bool say(std::FILE* to, const std::string& text) {
  return std::fputs(text.c_str(), to) >= 0 && std::fflush(to) == 0;
}

RunRow empty_row(const Task& task, const BenchOptions& options) {
  RunRow row;
  row.file = valid_utf8(task.path);
  row.engine = task.engine;
  row.mode = mode_name(task.mode);
  if (task.policy) row.specialize = policy_name(*task.policy);
  row.timeout_s = options.timeout_s;
  if (task.mode == RunMode::kEntail) row.entail.emplace();
  return row;
}

// What a child does: it writes two lines, what is expected and what came out. The first
// is there even if the engine takes the process with it.
void ask(const Task& task, const BenchOptions& options, const std::string& scratch,
         Runner runner, int fd) {
  RunRow row;
  absl::StatusOr<std::string> text = read_input(task.path);
  if (!text.ok()) {
    row.status = "error";
    row.message = std::string(text.status().message());
    static_cast<void>(write_all(fd, "{}\n" + row_to_json(row) + "\n"));
    return;
  }
  RunRequest request;
  request.path = task.path;
  request.plain_file =
      plain_name(task.path) == std::filesystem::path(task.path).filename();
  request.mode = task.mode;
  request.engine = task.engine;
  request.timeout_s = options.timeout_s;
  request.scratch = scratch;
  Json first = {{"statuses", expected_statuses(*text)}};
  if (task.policy && *task.policy != Policy::kNone) {
    Specialized s = specialize(*text, *task.policy);
    first["policy"] = {s.figures.constants, s.figures.shared, s.figures.at_least_two};
    request.text = std::move(s.text);
    request.assumed = std::move(s.assumed);
    request.plain_file = false;
  } else {
    request.text = *std::move(text);
  }
  static_cast<void>(write_all(fd, first.dump() + "\n"));
  row = runner(request);
  row.bytes = request.text.size();
  row.mode = mode_name(task.mode);
  static_cast<void>(write_all(fd, row_to_json(row, /*with_verdicts=*/true) + "\n"));
}

// Puts together what the child sent and how it ended.
RunRow row_of(const Task& task, const BenchOptions& options, const ChildEnd& end,
              Expectations& expectations) {
  const RunRow names = empty_row(task, options);
  RunRow row = names;
  const size_t newline = end.output.find('\n');
  const Json first = newline == std::string::npos
                         ? Json()
                         : Json::parse(end.output.substr(0, newline), nullptr, false);
  bool answered = false;
  if (newline != std::string::npos && end.output.back() == '\n' &&
      newline + 1 < end.output.size()) {
    absl::StatusOr<RunRow> sent =
        row_from_json(std::string_view(end.output).substr(newline + 1));
    if (sent.ok()) {
      row = *std::move(sent);
      row.file = names.file;
      row.engine = names.engine;
      row.mode = names.mode;
      row.specialize = names.specialize;
      row.timeout_s = names.timeout_s;
      if (!row.entail) row.entail = names.entail;
      answered = true;
    }
  }
  if (!answered) {
    switch (end.how) {
      case ChildEnd::How::kTimeout:
        row.status = "timeout";
        break;
      case ChildEnd::How::kMemory:
        row.status = "memory";
        break;
      default:
        row.status = "crash";
    }
    row.message = valid_utf8(describe(end));
    if (row.message.empty()) row.message = "the process ended without an answer";
  }
  row.wall_ms = end.wall_ms;
  row.peak_mb = end.peak_mb;
  std::vector<std::string> statuses;
  if (first.is_object() && first.contains("statuses")) {
    statuses = first["statuses"].get<std::vector<std::string>>();
  }
  if (task.policy) {
    PolicyFigures& figures = row.policy.emplace();
    if (first.is_object() && first.contains("policy")) {
      figures.constants = first["policy"][0].get<uint64_t>();
      figures.shared = first["policy"][1].get<uint64_t>();
      figures.at_least_two = first["policy"][2].get<uint64_t>();
    }
  }
  expectations.judge(row, task.path, std::move(statuses));
  return row;
}

// A folder that goes with its owner.
class ScratchFolder {
 public:
  absl::Status make() {
    const char* base = std::getenv("TMPDIR");
    std::string name =
        fmt::format("{}/congrua-bench-XXXXXX", base == nullptr ? "/tmp" : base);
    if (::mkdtemp(name.data()) == nullptr) {
      return absl::UnavailableError(
          fmt::format("cannot make the folder {}: {}", name, std::strerror(errno)));
    }
    path_ = name;
    return absl::OkStatus();
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  // A new folder for a task; empty without make().
  std::string for_task(size_t id) const {
    if (path_.empty()) return "";
    std::error_code ignored;
    std::string folder = fmt::format("{}/{}", path_, id);
    std::filesystem::create_directory(folder, ignored);
    return folder;
  }
  void drop(size_t id) const {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(fmt::format("{}/{}", path_, id), ignored);
  }

 private:
  std::string path_;
};

class Bench {
 public:
  Bench(const BenchOptions& options, Runner runner, std::FILE* out, std::FILE* err)
      : o_(options), runner_(runner), out_(out), err_(err) {}

  int run() {
    if (!prepare()) return failure_;
    measure();
    return finish();
  }

 private:
  bool fail(int code, const absl::Status& status) {
    say(err_, fmt::format("congrua bench: {}\n", std::string(status.message())));
    failure_ = code;
    return false;
  }

  bool prepare() {
    files_ = sample(expand_paths(o_.paths), o_.sample);
    if (files_.empty()) {
      return fail(kExitNothing, absl::NotFoundError("no .smt2 files in the paths given"));
    }
    for (const std::string& file : files_) {
      for (const RunMode mode : o_.modes) {
        for (const std::string& engine : o_.engines) {
          if (o_.policies.empty()) tasks_.push_back({file, engine, mode, std::nullopt});
          for (const Policy p : o_.policies) tasks_.push_back({file, engine, mode, p});
        }
      }
    }
    results_.resize(tasks_.size());
    LogContents earlier;
    if (!o_.jsonl.empty()) {
      const absl::Status status = log_.open(o_.jsonl, &earlier);
      if (!status.ok()) return fail(kExitOutput, status);
      if (!earlier.torn.empty()) {
        say(err_, fmt::format("{}: cut off an unfinished last line\n", o_.jsonl));
      }
    }
    if (o_.resume && !o_.verdicts.empty()) {
      const absl::Status status = verdicts_.load(o_.verdicts);
      if (!status.ok()) return fail(kExitOutput, status);
    }
    if (o_.resume) take_over(std::move(earlier.rows));
    for (const std::string& engine : o_.engines) {
      if (!is_external(engine)) continue;
      const absl::Status status = scratch_.make();
      if (!status.ok()) return fail(kExitOutput, status);
      break;
    }
    return true;
  }

  // Takes the rows of an earlier run for tasks of this one.
  void take_over(std::vector<RunRow> rows) {
    std::unordered_map<std::string, RunRow*> by_key;
    for (RunRow& row : rows) by_key[row_key(row)] = &row;
    for (size_t i = 0; i < tasks_.size(); ++i) {
      const auto it = by_key.find(row_key(empty_row(tasks_[i], o_)));
      if (it == by_key.end()) continue;
      const RunRow& row = *it->second;
      // A run that was ended by force has rows whose verdicts were not written yet.
      const bool verdicts_missing = !o_.verdicts.empty() && row.entail &&
                                    row.entail->guards > 0 && !verdicts_.has(row.file);
      if (verdicts_missing) continue;
      results_[i] = row;
      ++resumed_;
    }
  }

  void measure() {
    const SignalGate gate;
    Children children(gate);
    Progress progress(err_, tasks_.size() - resumed_, resumed_);
    size_t next = 0;
    while (gate.signal() == 0 && failure_ == kExitOk) {
      while (next < tasks_.size() && children.running() < o_.jobs) {
        if (results_[next] || start(children, next)) {
          if (!results_[next]) progress.state.current = tasks_[next].path;
          ++next;
        } else if (children.running() > 0) {
          break;  // no more processes for now
        } else {
          record(next, progress, row_without_process(next));
          ++next;
        }
      }
      if (children.running() == 0) {
        if (next >= tasks_.size()) break;
        continue;
      }
      progress.update();
      for (const ChildEnd& end : children.wait(std::chrono::milliseconds(100))) {
        record(end.id, progress, row_of(tasks_[end.id], o_, end, expectations_));
        scratch_.drop(end.id);
      }
    }
    signal_ = gate.signal();
    children.kill_all();
  }

  bool start(Children& children, size_t id) {
    const Task& task = tasks_[id];
    const std::string folder = is_external(task.engine) ? scratch_.for_task(id) : "";
    const double grace = is_external(task.engine) ? kExternalGrace : kGrace;
    start_status_ = children.start(id, {o_.timeout_s + grace, o_.memory_bytes},
                                   [&](int fd) { ask(task, o_, folder, runner_, fd); });
    return start_status_.ok();
  }

  RunRow row_without_process(size_t id) const {
    RunRow row = empty_row(tasks_[id], o_);
    row.status = "error";
    row.message = std::string(start_status_.message());
    return row;
  }

  void record(size_t id, Progress& progress, RunRow row) {
    if (row.correct && !*row.correct) ++progress.state.wrong;
    if (!row.solved()) ++progress.state.unsolved;
    ++progress.state.done;
    if (!o_.verdicts.empty() && tasks_[id].mode == RunMode::kEntail) {
      verdicts_.set(row.file, row);
    }
    row.verdicts = {};
    if (log_.is_open()) {
      const absl::Status status = log_.append(row);
      if (!status.ok()) {
        progress.clear();
        fail(kExitOutput, status);
      }
    }
    results_[id] = std::move(row);
  }

  int finish() {
    std::vector<RunRow> rows;
    bool wrong = false, any = false;
    for (std::optional<RunRow>& row : results_) {
      if (!row) continue;
      wrong = wrong || (row->correct && !*row->correct);
      any = any || row->status != "error";
      rows.push_back(*std::move(row));
    }
    const auto keep = [&](const absl::Status& status) {
      if (!status.ok()) fail(kExitOutput, status);
    };
    keep(log_.close());
    if (!o_.verdicts.empty()) {
      std::vector<std::string> names;
      for (const std::string& file : files_) names.push_back(valid_utf8(file));
      keep(verdicts_.write(o_.verdicts, names));
    }
    if (!o_.html.empty()) keep(write_file(o_.html, html_report(rows, o_.command_line)));
    // A table of nothing would hide what went wrong.
    if (!any && !rows.empty() && signal_ == 0) {
      say_errors(rows);
    } else if (!say(out_, text_report(rows))) {
      keep(absl::UnavailableError(
          fmt::format("cannot write the summary: {}", std::strerror(errno))));
    }
    if (signal_ != 0) {
      say(err_,
          fmt::format("congrua bench: stopped by {}: {} of {} rows are done{}\n",
                      ::strsignal(signal_), rows.size(), tasks_.size(),
                      o_.jsonl.empty() ? "" : "; --resume goes on from " + o_.jsonl));
      return kExitSignal + signal_;
    }
    if (failure_ != kExitOk) return failure_;
    if (wrong) return kExitWrong;
    return any ? kExitOk : kExitNothing;
  }

  void say_errors(const std::vector<RunRow>& rows) {
    constexpr size_t kMaxListed = 20;
    for (size_t i = 0; i < std::min(rows.size(), kMaxListed); ++i) {
      const RunRow& row = rows[i];
      const bool named = row.message.starts_with(row.file);
      say(err_, fmt::format("congrua bench: {}{}{}\n", named ? "" : row.file,
                            named ? "" : ": ", row.message));
    }
    if (rows.size() > kMaxListed)
      say(err_, fmt::format("congrua bench: and {} more\n", rows.size() - kMaxListed));
  }

  const BenchOptions& o_;
  Runner runner_;
  std::FILE* out_;
  std::FILE* err_;
  std::vector<std::string> files_;
  std::vector<Task> tasks_;
  std::vector<std::optional<RunRow>> results_;
  size_t resumed_ = 0;
  Expectations expectations_;
  RowLog log_;
  VerdictTable verdicts_;
  ScratchFolder scratch_;
  absl::Status start_status_;
  int failure_ = kExitOk;
  int signal_ = 0;
};

}  // namespace

int run_bench(const BenchOptions& options, Runner runner, std::FILE* out,
              std::FILE* err) {
  return Bench(options, runner, out, err).run();
}

}  // namespace congrua::cli
