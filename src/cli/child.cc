#include "cli/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "cli/jsonl.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONGRUA_CLI_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONGRUA_CLI_SHADOW_MEMORY 1
#endif
#endif

namespace congrua::cli {
namespace {

constexpr int kSignals[3] = {SIGINT, SIGTERM, SIGHUP};
volatile sig_atomic_t noted_signal = 0;
extern "C" void note_signal(int number) { noted_signal = number; }

// Exit codes of a child of ours, out of the way of those of programs.
constexpr int kExitMemory = 86;
constexpr int kExitException = 87;

constexpr size_t kErrorTail = 4096;
constexpr auto kMemoryPeriod = std::chrono::milliseconds(20);

double milliseconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

[[noreturn]] void out_of_memory() { ::_exit(kExitMemory); }

// AddressSanitizer reserves terabytes of address space: there the resident memory alone
// is limited, by the parent.
void limit_memory(uint64_t bytes) {
#ifndef CONGRUA_CLI_SHADOW_MEMORY
  if (bytes != 0) {
    const struct rlimit limit = {bytes, bytes};
    ::setrlimit(RLIMIT_AS, &limit);
  }
#else
  static_cast<void>(bytes);
#endif
  const struct rlimit no_core = {0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

[[noreturn]] void run_child(const SignalGate& gate, const ChildLimits& limits,
                            pid_t parent, int output_fd, int error_fd,
                            const std::function<void(int)>& body) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it went before prctl
  gate.restore_in_child();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(error_fd, STDERR_FILENO);
  limit_memory(limits.memory_bytes);
  std::set_new_handler(out_of_memory);
  try {
    body(output_fd);
  } catch (const std::bad_alloc&) {
    ::_exit(kExitMemory);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "exception: %s\n", e.what());
    ::_exit(kExitException);
  } catch (...) {
    std::fputs("exception of unknown type\n", stderr);
    ::_exit(kExitException);
  }
  ::_exit(0);
}

// Takes what is there; false at the end of the stream.
bool drain(int fd, std::string* text, size_t keep) {
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n > 0) {
      text->append(buffer, static_cast<size_t>(n));
      if (text->size() > keep) text->erase(0, text->size() - keep);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    return n < 0 && errno == EAGAIN;
  }
}

struct Resident {
  uint64_t all = 0;
  uint64_t own = 0;  // without mapped files and shared memory
};
Resident resident_bytes(pid_t pid) {
  std::FILE* f = std::fopen(fmt::format("/proc/{}/statm", pid).c_str(), "re");
  if (f == nullptr) return {};
  unsigned long total = 0, resident = 0, shared = 0;
  const int n = std::fscanf(f, "%lu %lu %lu", &total, &resident, &shared);
  std::fclose(f);
  if (n != 3 || shared > resident) return {};
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return {resident * page, (resident - shared) * page};
}

bool make_pipe(int fds[2]) {
  if (::pipe2(fds, O_CLOEXEC) != 0) return false;
  ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return true;
}

}  // namespace

SignalGate::SignalGate() {
  noted_signal = 0;
  struct sigaction action = {};
  action.sa_handler = note_signal;
  sigset_t mask;
  sigemptyset(&mask);
  for (int i = 0; i < 3; ++i) {
    sigaddset(&mask, kSignals[i]);
    ::sigaction(kSignals[i], &action, &action_before_[i]);
  }
  ::sigprocmask(SIG_BLOCK, &mask, &mask_before_);
}

SignalGate::~SignalGate() {
  // A signal that is pending still is delivered to our handler, not to the one from
  // before.
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  for (int i = 0; i < 3; ++i) ::sigaction(kSignals[i], &action_before_[i], nullptr);
}

int SignalGate::signal() const { return noted_signal; }

void SignalGate::restore_in_child() const {
  for (int i = 0; i < 3; ++i) ::sigaction(kSignals[i], &action_before_[i], nullptr);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::string describe(const ChildEnd& end) {
  std::string text;
  switch (end.how) {
    case ChildEnd::How::kDone:
      break;
    case ChildEnd::How::kExited:
      text = end.code == kExitException ? "" : fmt::format("exit code {}", end.code);
      break;
    case ChildEnd::How::kSignal:
      text = fmt::format("killed by signal {} ({})", end.code, ::strsignal(end.code));
      break;
    case ChildEnd::How::kTimeout:
      text = "stopped at the time limit";
      break;
    case ChildEnd::How::kMemory:
      text = "stopped at the memory limit";
      break;
  }
  std::string_view tail = end.error_text;
  while (!tail.empty() && tail.back() == '\n') tail.remove_suffix(1);
  if (const size_t newline = tail.rfind('\n'); newline != std::string_view::npos) {
    tail.remove_prefix(newline + 1);
  }
  if (!tail.empty())
    text += fmt::format("{}{}", text.empty() ? "" : ": ", tail.substr(0, 500));
  return text;
}

absl::Status Children::start(size_t id, const ChildLimits& limits,
                             const std::function<void(int)>& body) {
  int output[2], error[2];
  const auto failed = [](const char* what) {
    return absl::UnavailableError(fmt::format("{}: {}", what, std::strerror(errno)));
  };
  if (!make_pipe(output)) return failed("cannot make a pipe");
  if (!make_pipe(error)) {
    const absl::Status status = failed("cannot make a pipe");
    ::close(output[0]), ::close(output[1]);
    return status;
  }
  std::fflush(nullptr);  // else the child holds a copy of what is not written yet
  const Clock::time_point now = Clock::now();
  const pid_t parent = ::getpid();
  const uint64_t inherited = limits.memory_bytes == 0 ? 0 : resident_bytes(parent).own;
  const pid_t pid = ::fork();
  if (pid == 0) run_child(gate_, limits, parent, output[1], error[1], body);
  const absl::Status status =
      pid < 0 ? failed("cannot start a process") : absl::OkStatus();
  ::close(output[1]), ::close(error[1]);
  if (!status.ok()) {
    ::close(output[0]), ::close(error[0]);
    return status;
  }
  ::setpgid(pid, pid);  // in both processes: neither order of events leaves a gap
  const auto limit = std::chrono::duration<double>(std::min(limits.timeout_s, 1e9));
  children_.push_back({id, pid, output[0], error[0], limits.memory_bytes, inherited, now,
                       now + std::chrono::duration_cast<Clock::duration>(limit), "", ""});
  return absl::OkStatus();
}

void Children::enforce(Child& child, Clock::time_point now) {
  if (child.over_time || child.over_memory) return;
  if (now >= child.deadline) {
    child.over_time = true;
  } else if (child.memory_bytes != 0 && now - memory_looked_at_ >= kMemoryPeriod &&
             resident_bytes(child.pid).all > child.inherited + child.memory_bytes) {
    child.over_memory = true;
  }
  if (child.over_time || child.over_memory) ::kill(-child.pid, SIGKILL);
}

ChildEnd Children::reap(Child& child) {
  // The group goes while its leader is still there as a zombie, so that its number cannot
  // have been given to others.
  siginfo_t info = {};
  while (::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  ::kill(-child.pid, SIGKILL);
  int status = 0;
  struct rusage usage = {};
  while (::wait4(child.pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  drain(child.output_fd, &child.output, SIZE_MAX);
  drain(child.error_fd, &child.error_text, kErrorTail);
  ::close(child.output_fd), ::close(child.error_fd);

  ChildEnd end;
  end.id = child.id;
  end.output = std::move(child.output);
  end.error_text = std::move(child.error_text);
  end.wall_ms = milliseconds(Clock::now() - child.started);
  end.peak_mb = static_cast<double>(usage.ru_maxrss) / 1024;
  if (child.over_time) {
    end.how = ChildEnd::How::kTimeout;
  } else if (child.over_memory ||
             (WIFEXITED(status) && WEXITSTATUS(status) == kExitMemory)) {
    end.how = ChildEnd::How::kMemory;
  } else if (WIFSIGNALED(status)) {
    // Code that does not look at what malloc gave it dies of it.
    const bool full =
        child.memory_bytes != 0 &&
        end.peak_mb * (1 << 20) >= static_cast<double>(child.inherited) +
                                       0.9 * static_cast<double>(child.memory_bytes);
    end.how = full ? ChildEnd::How::kMemory : ChildEnd::How::kSignal;
    end.code = WTERMSIG(status);
  } else if (WEXITSTATUS(status) != 0) {
    end.how = ChildEnd::How::kExited;
    end.code = WEXITSTATUS(status);
  }
  return end;
}

std::vector<ChildEnd> Children::wait(std::chrono::milliseconds longest) {
  std::vector<ChildEnd> ended;
  std::vector<struct pollfd> polled;
  auto sleep = std::chrono::nanoseconds(longest);
  const Clock::time_point before = Clock::now();
  for (const Child& child : children_) {
    polled.push_back({child.output_fd, POLLIN, 0});
    polled.push_back({child.error_fd, POLLIN, 0});
    sleep = std::min<std::chrono::nanoseconds>(sleep, child.deadline - before);
    if (child.memory_bytes != 0)
      sleep = std::min<std::chrono::nanoseconds>(sleep, kMemoryPeriod);
  }
  sleep = std::max(sleep, std::chrono::nanoseconds(0));
  const struct timespec timeout = {static_cast<time_t>(sleep.count() / 1'000'000'000),
                                   static_cast<long>(sleep.count() % 1'000'000'000)};
  ::ppoll(polled.data(), polled.size(), &timeout, &gate_.before());

  const Clock::time_point now = Clock::now();
  for (size_t i = 0; i < children_.size();) {
    Child& child = children_[i];
    drain(child.error_fd, &child.error_text, kErrorTail);
    if (drain(child.output_fd, &child.output, SIZE_MAX)) {
      enforce(child, now);
      ++i;
      continue;
    }
    // It closed its end, so it is about to be gone, or was told to go.
    ended.push_back(reap(child));
    std::swap(child, children_.back());
    children_.pop_back();
  }
  if (now - memory_looked_at_ >= kMemoryPeriod) memory_looked_at_ = now;
  return ended;
}

void Children::kill_all() {
  for (Child& child : children_) ::kill(-child.pid, SIGKILL);
  for (Child& child : children_) static_cast<void>(reap(child));
  children_.clear();
}

}  // namespace congrua::cli
