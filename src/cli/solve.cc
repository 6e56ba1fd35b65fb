#include "cli/solve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cli/between.h"
#include "cli/command.h"
#include "cli/input.h"
#include "guard/z3.h"
#include "smt2/lexer.h"

namespace congrua::cli {
namespace {

using Clock = std::chrono::steady_clock;

// Interrupts a check that takes too long. The native engine gets half of the time where
// Z3 comes after it.
class Watchdog {
 public:
  Watchdog(double limit_s, bool two_engines)
      : limit_(std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(limit_s))),
        two_engines_(two_engines) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void watch(smt2::Session* session) {
    session_ = session;
    thread_ = std::thread([this] { run(); });
  }
  void phase(smt2::Phase p) {
    {
      const std::lock_guard lock(mutex_);
      const Clock::time_point now = Clock::now();
      if (!deadline_) start_ = now;
      if (p == smt2::Phase::kDone) {
        deadline_.reset();
      } else if (p == smt2::Phase::kNative && two_engines_) {
        deadline_ = start_ + limit_ / 2;
      } else {
        deadline_ = start_ + limit_;
      }
    }
    wake_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
      if (!deadline_) {
        wake_.wait(lock);
      } else if (Clock::now() < *deadline_) {
        const Clock::time_point until = *deadline_;
        wake_.wait_until(lock, until);
      } else {
        // Under the lock, so that it cannot hit a later phase. Again and again: an
        // interrupt between two steps of Z3 is lost.
        session_->interrupt();
        wake_.wait_for(lock, std::chrono::milliseconds(20));
      }
    }
  }

  const Clock::duration limit_;
  const bool two_engines_;
  smt2::Session* session_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  Clock::time_point start_;
  std::optional<Clock::time_point> deadline_;
  std::thread thread_;
};

// Runs commands of a stream as soon as they are complete.
absl::Status run_stream(smt2::Session& session) {
  std::string text;
  smt2::CommandSplitter splitter;
  std::array<char, 1 << 16> buffer;
  bool first = true;
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::UnavailableError(std::strerror(errno));
    text.append(buffer.data(), static_cast<size_t>(n));
    if (first && is_packed(text)) {
      auto rest = read_input("-");
      if (!rest.ok()) return rest.status();
      auto unpacked = unpack(text + *rest, "standard input");
      if (!unpacked.ok()) return unpacked.status();
      session.run(*unpacked);
      return absl::OkStatus();
    }
    first = false;
    const size_t complete = n == 0 ? text.size() : splitter.complete(text);
    if (complete > 0) {
      if (!session.run(std::string_view(text).substr(0, complete)))
        return absl::OkStatus();
      text.erase(0, complete);
      if (n > 0) splitter.consumed(complete);
    }
    if (n == 0) return absl::OkStatus();
  }
}

// One S-expression of (:key value) pairs, as Z3 and others print their statistics.
std::string statistics(const smt2::SessionStats& stats) {
  uint64_t sat = 0;
  uint64_t unsat = 0;
  uint64_t by_z3 = 0;
  double native_ms = 0;
  double z3_ms = 0;
  std::vector<std::pair<Layer, uint64_t>> layers;
  for (const smt2::Check& c : stats.checks) {
    sat += c.answer == smt2::CheckAnswer::kSat;
    unsat += c.answer == smt2::CheckAnswer::kUnsat;
    by_z3 += c.layer == Layer::kZ3;
    native_ms += c.native_ms;
    z3_ms += c.z3_ms;
    if (c.layer == Layer::kNone) continue;
    const auto at = std::find_if(layers.begin(), layers.end(),
                                 [&](const auto& l) { return l.first == c.layer; });
    if (at == layers.end()) {
      layers.emplace_back(c.layer, 1);
    } else {
      ++at->second;
    }
  }
  std::string out = fmt::format(
      "(:commands {}\n :errors {}\n :asserts {}\n :checks {}\n :sat {}\n :unsat {}\n "
      ":unknown {}\n"
      " :answered-by-z3 {}\n :models-refuted {}\n :parse-ms {:.3f}\n :native-ms {:.3f}\n"
      " :z3-ms {:.3f}",
      stats.commands, stats.errors, stats.asserts, stats.checks.size(), sat, unsat,
      stats.checks.size() - sat - unsat, by_z3, stats.models_refuted, stats.parse_ms,
      native_ms, z3_ms);
  std::sort(layers.begin(), layers.end());
  for (const auto& [layer, count] : layers) {
    out += fmt::format("\n :layer-{} {}", layer_name(layer), count);
  }
  return out + ")\n";
}

std::optional<smt2::Engine> engine_from_name(std::string_view name) {
  if (name == "auto") return smt2::Engine::kAuto;
  if (name == "native") return smt2::Engine::kNative;
  if (name == "z3") return smt2::Engine::kZ3;
  return std::nullopt;
}

}  // namespace

int run_solve(const SolveOptions& options, std::FILE* out, std::FILE* err) {
  bool written = true;
  std::vector<std::unique_ptr<std::FILE, int (*)(std::FILE*)>> channels;
  const auto sink = [&](std::FILE* to) {
    return [&written, to](std::string_view s) {
      written &=
          std::fwrite(s.data(), 1, s.size(), to) == s.size() && std::fflush(to) == 0;
    };
  };
  const bool two_engines = options.engine == smt2::Engine::kAuto && guard::z3_available();
  std::optional<Watchdog> watchdog;
  smt2::SessionOptions session_options;
  session_options.engine = options.engine;
  if (options.timeout_s > 0) {
    watchdog.emplace(options.timeout_s, two_engines);
    session_options.on_phase = [&](smt2::Phase p) { watchdog->phase(p); };
  }
  session_options.open_channel = [&](std::string_view name) -> std::optional<smt2::Sink> {
    if (name == "stderr") return sink(err);
    std::FILE* f = std::fopen(std::string(name).c_str(), "a");
    if (f == nullptr) return std::nullopt;
    channels.emplace_back(f, &std::fclose);
    return sink(f);
  };
  smt2::Session session(sink(out), session_options);
  if (watchdog) watchdog->watch(&session);

  absl::Status status;
  if (options.path == "-") {
    status = run_stream(session);
  } else {
    auto text = read_input(options.path);
    status = text.status();
    if (text.ok()) session.run(*text);
  }
  watchdog.reset();
  if (!status.ok()) {
    fmt::print(err, "congrua solve: {}\n", std::string(status.message()));
    return kSolveInput;
  }

  const smt2::SessionStats& stats = session.stats();
  bool wrong = stats.models_refuted > 0;
  for (size_t i = 0; i < stats.checks.size(); ++i) {
    const smt2::Check& c = stats.checks[i];
    if (c.answer != smt2::CheckAnswer::kUnknown && c.expected &&
        *c.expected != c.answer) {
      wrong = true;
      fmt::print(err, "congrua solve: check {} answered {}, :status is {}\n", i + 1,
                 smt2::answer_name(c.answer), smt2::answer_name(*c.expected));
    }
    if (options.check_model && c.answer == smt2::CheckAnswer::kSat) {
      fmt::print(err, "check {}: the model satisfies all {} asserts\n", i + 1,
                 c.asserts_checked);
    }
  }
  if (stats.models_refuted > 0) {
    fmt::print(err, "congrua solve: {} models were refuted by the text and not used\n",
               stats.models_refuted);
  }
  if (options.stats) fmt::print(err, "{}", statistics(stats));
  if (!written) {
    fmt::print(err, "congrua solve: a response could not be written\n");
    return kSolveOutput;
  }
  if (wrong) return kSolveWrong;
  return stats.errors > 0 ? kSolveErrors : kSolveOk;
}

void add_solve(CLI::App& app, int& exit_code) {
  static constexpr std::string_view kFooter =
      R"(FILE is an SMT-LIB 2.6 script over Int, Real and Bool, also packed by gzip or xz; - is standard
input, where each command is answered as soon as it is complete. Responses go to standard output:
one line sat, unsat or unknown for each check, and what other commands ask for.

Exit codes: 0 all commands were carried out; 1 some were answered by (error ...); 2 wrong use, or
the input cannot be read; 3 a response could not be written; 4 an answer contradicts
(set-info :status ...), or an engine proposed a model that its asserts refute.)";
  CLI::App* sub = app.add_subcommand("solve", "Run an SMT-LIB session");
  auto options = std::make_shared<SolveOptions>();
  // The texts stand for CLI11's own, which print ranges and types.
  sub->add_option("FILE", options->path, "Script, or - for standard input")
      ->required()
      ->option_text(" ");
  sub->add_option_function<std::string>(
         "--engine",
         [options](const std::string& name) {
           const auto engine = engine_from_name(name);
           if (!engine)
             throw CLI::ValidationError("--engine " + name, "not auto, native or z3");
           options->engine = *engine;
         },
         "auto (native, then Z3), native or z3")
      ->option_text("ENGINE [auto]");
  sub->add_option("--timeout", options->timeout_s, "Seconds for a check; 0 is no limit")
      ->check(between(0.0, 1e6))
      ->option_text("SECONDS [0]");
  sub->add_flag("--check-model", options->check_model,
                "Say on standard error for each sat how many asserts its model was\n"
                "evaluated on (it always is)");
  sub->add_flag("--stats", options->stats, "Print statistics to standard error");
  sub->footer(std::string(kFooter));
  sub->callback(
      [options, &exit_code] { exit_code = run_solve(*options, stdout, stderr); });
}

}  // namespace congrua::cli
