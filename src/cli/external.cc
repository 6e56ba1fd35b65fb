#include "cli/external.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/int.h"
#include "cli/jsonl.h"
#include "cli/paths.h"

namespace congrua::cli {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kPrefix = "cmd:";
constexpr size_t kMaxMessage = 500;

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void replace_all(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

double number_at(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number() ? it->get<double>() : 0;
}

std::string text_at(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_string() ? it->get<std::string>() : "";
}

uint64_t nanoseconds(double us) {
  return us > 0 ? static_cast<uint64_t>(std::llround(std::min(us, 1e15) * 1e3)) : 0;
}

std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  return valid_utf8(text.substr(0, kMaxMessage));
}

// The integers of a model. One beyond 64 bits was read as a float and has lost its
// digits: then nothing is told.
void read_model(const Json& model, RunRow& row) {
  Int max = 0, sum = 0;
  bool any = false;
  for (const auto& [name, value] : model.items()) {
    std::optional<Int> v;
    if (value.is_number_float()) return;
    if (value.is_number_integer()) v = Int::parse(value.dump());
    if (value.is_string()) v = Int::parse(value.get<std::string>());
    if (!v) continue;
    any = true;
    sum += *v;
    if (abs(*v) > max) max = abs(*v);
  }
  if (!any) return;
  row.model_max = max.to_string();
  row.model_sum = sum.to_string();
}

void read_verdicts(const RunRequest& request, const Json& j, RunRow& row) {
  const auto list = j.find("verdicts");
  if (list == j.end() || !list->is_array()) {
    row.status = "error";
    row.message = "the command printed no list \"verdicts\"";
    return;
  }
  const auto us = j.find("us");
  const bool timed = us != j.end() && us->is_array();
  const std::string layer = row.layer.empty() ? "external" : row.layer;
  std::vector<uint64_t> ns;
  for (size_t i = 0; i < list->size(); ++i) {
    if (std::binary_search(request.assumed.begin(), request.assumed.end(), i)) continue;
    const Json& item = (*list)[i];
    const std::optional<Verdict> v =
        item.is_string() ? verdict_from_name(item.get<std::string>()) : std::nullopt;
    if (!v) {
      row.status = "error";
      row.message = fmt::format("the command printed no verdict for assert {}", i);
      return;
    }
    row.verdicts.emplace_back(*v, layer);
    if (timed && i < us->size() && (*us)[i].is_number()) {
      ns.push_back(nanoseconds((*us)[i].get<double>()));
    }
  }
  const bool untimed = ns.empty();
  finish_entail(row, std::move(ns), nanoseconds(number_at(j, "add_us_total")));
  if (untimed) {
    row.entail->us_p50 = number_at(j, "us_p50");
    row.entail->us_p99 = number_at(j, "us_p99");
    row.entail->us_total = number_at(j, "us_total");
  }
  if (row.solve_ms == 0) {
    row.solve_ms = (row.entail->us_total + row.entail->add_us_total) / 1e3;
  }
}

void read_object(const RunRequest& request, const Json& j, RunRow& row) {
  row.parse_ms = number_at(j, "parse_ms");
  if (j.contains("solve_ms")) row.solve_ms = number_at(j, "solve_ms");
  row.version = text_at(j, "version");
  row.layer = text_at(j, "layer");
  if (row.layer.empty()) row.layer = text_at(j, "engine");
  row.message = text_at(j, "message");
  if (row.message.empty()) row.message = text_at(j, "reason");
  const std::string status = text_at(j, "status");
  for (const char* failure : {"error", "timeout", "memory", "crash"}) {
    if (status == failure) row.status = status;
  }
  if (row.status == "error" && row.message == "out of memory") row.status = "memory";
  if (row.status == "error" || row.status == "memory" || row.status == "crash") return;
  // An engine that stops by itself at its limit tells so in its reason.
  if (row.message == "timeout") row.status = "timeout";
  if (request.mode == RunMode::kEntail) {
    read_verdicts(request, j, row);
    return;
  }
  if (const auto it = j.find("answers"); it != j.end() && it->is_array()) {
    for (const Json& a : *it)
      row.answers.push_back(a.is_string() ? a.get<std::string>() : "");
  } else if (status == "sat" || status == "unsat" || status == "unknown") {
    row.answers.push_back(status);
  } else if (row.status.empty()) {
    row.status = "error";
    row.message = "the command printed neither an answer as \"status\" nor \"answers\"";
    return;
  }
  if (const auto it = j.find("model"); it != j.end() && it->is_object())
    read_model(*it, row);
  const bool unknown =
      std::any_of(row.answers.begin(), row.answers.end(),
                  [](const auto& a) { return a != "sat" && a != "unsat"; });
  if (row.status == "timeout" && !unknown) row.status.clear();  // it came just in time
  for (const std::string& a : row.answers) {
    if (a == "sat" || a == "unsat")
      ++row.layers[row.layer.empty() ? "external" : row.layer];
  }
}

// The signal that ended the command; a shell in between tells it as 128 + signal. 0:
// none.
int ending_signal(int wait_status) {
  if (WIFSIGNALED(wait_status)) return WTERMSIG(wait_status);
  const int code = WEXITSTATUS(wait_status);
  return code > 128 && code <= 128 + SIGSYS ? code - 128 : 0;
}

std::string exit_text(int wait_status) {
  if (const int signal = ending_signal(wait_status); signal != 0) {
    return fmt::format("the command was killed by signal {} ({})", signal,
                       ::strsignal(signal));
  }
  return fmt::format("the command ended with exit code {}", WEXITSTATUS(wait_status));
}

// The text in a file of the scratch folder, under the instance's own name.
std::optional<std::string> write_copy(const RunRequest& request, std::string* error) {
  std::string name(plain_name(request.path));
  if (!name.ends_with(".smt2")) name += ".smt2";
  std::string path = request.scratch + "/" + name;
  const absl::Status status = write_file(path, request.text);
  if (status.ok()) return path;
  *error = std::string(status.message());
  return std::nullopt;
}

}  // namespace

bool is_external(std::string_view engine) { return engine.starts_with(kPrefix); }

std::string external_command(const RunRequest& request, const std::string& file) {
  std::string command = request.engine.substr(kPrefix.size());
  const std::string mode(mode_name(request.mode));
  const std::string seconds = fmt::format("{}", request.timeout_s);
  if (command.find("{file}") == std::string::npos) {
    return fmt::format("{} {} {} {}", command, mode, shell_quoted(file), seconds);
  }
  replace_all(command, "{mode}", mode);
  // Solvers want whole seconds here.
  replace_all(command, "{timeout}",
              fmt::format("{}", std::max(1L, std::lround(request.timeout_s))));
  replace_all(command, "{file}", shell_quoted(file));
  return command;
}

RunRow row_from_output(const RunRequest& request, std::string_view output,
                       int wait_status) {
  RunRow row;
  std::string_view object;
  for (size_t at = 0; at < output.size();) {
    const size_t end = std::min(output.find('\n', at), output.size());
    const std::string_view line = output.substr(at, end - at);
    if (line.starts_with('{')) object = line;
    if (line == "sat" || line == "unsat" || line == "unknown")
      row.answers.emplace_back(line);
    at = end + 1;
  }
  const Json j = Json::parse(object, nullptr, /*allow_exceptions=*/false);
  if (j.is_object()) {
    row.answers.clear();
    read_object(request, j, row);
    if (request.mode == RunMode::kSat) finish_sat(row);
    return row;
  }
  if (ending_signal(wait_status) != 0) {
    row.status = "crash";
    row.message = exit_text(wait_status);
  } else if (row.answers.empty() || request.mode == RunMode::kEntail) {
    row.status = "error";
    row.answers.clear();
    row.message = exit_text(wait_status) + " and printed no row";
    if (const std::string line = first_line(output); !line.empty())
      row.message += ": " + line;
  } else {
    for (const std::string& a : row.answers)
      row.layers["external"] += a == "unknown" ? 0 : 1;
    finish_sat(row);
  }
  return row;
}

RunRow run_external(const RunRequest& request) {
  RunRow row;
  std::string error;
  std::optional<std::string> file = request.path;
  if (!request.plain_file) file = write_copy(request, &error);
  if (!file) {
    row.status = "error";
    row.message = error;
    return row;
  }
  ::setenv("CONGRUA_ENGINE_TIMES", "1", 1);
  const std::string command = external_command(request, *file);
  const auto started = std::chrono::steady_clock::now();
  std::FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) {
    row.status = "error";
    row.message = fmt::format("cannot run {}: {}", command, std::strerror(errno));
    return row;
  }
  std::string output;
  char buffer[1 << 16];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, n);
  const int wait_status = ::pclose(pipe);
  const auto wall = std::chrono::steady_clock::now() - started;
  row = row_from_output(request, output, wait_status);
  if (row.solve_ms == 0) {
    row.solve_ms = std::chrono::duration<double, std::milli>(wall).count();
  }
  return row;
}

}  // namespace congrua::cli
