// Work in child processes, with limits: a crash, a hang or a runaway ends the child
// alone.
//
// Each child is a fork of this process and leads a process group of its own; whatever
// ends it ends the group, so commands that it started go too. Children die with the
// parent. Thread safety: a process has at most one SignalGate and one Children, and no
// other threads while they are used (fork).
#ifndef CONGRUA_CLI_CHILD_H_
#define CONGRUA_CLI_CHILD_H_

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace congrua::cli {

// While alive, SIGINT, SIGTERM and SIGHUP are noted instead of ending the process. They
// are blocked except while Children::wait sleeps, so none is lost between a look and a
// sleep.
class SignalGate {
 public:
  SignalGate();
  ~SignalGate();
  SignalGate(const SignalGate&) = delete;
  SignalGate& operator=(const SignalGate&) = delete;

  int signal() const;  // the last one that came, 0 if none
  // The signals of the process as they were before, for a child.
  void restore_in_child() const;
  const sigset_t& before() const { return mask_before_; }

 private:
  sigset_t mask_before_;
  struct sigaction action_before_[3];
};

struct ChildLimits {
  double timeout_s = 10;  // wall clock
  // Of address space (setrlimit), and of resident memory beyond what the process that
  // starts it holds; 0: no limit.
  uint64_t memory_bytes = 0;
};

struct ChildEnd {
  enum class How : uint8_t {
    kDone,     // the body returned
    kExited,   // the process ended otherwise: `code` is its exit status
    kSignal,   // `code` is the signal
    kTimeout,  // killed at the limit
    kMemory,   // over its memory
  };
  size_t id = 0;
  How how = How::kDone;
  int code = 0;
  std::string output;      // what the body wrote to its descriptor
  std::string error_text;  // the last 4 KB of its stderr
  double wall_ms = 0, peak_mb = 0;
};
// "killed by signal 11 (Segmentation fault)"; with the last line of stderr, if there is
// one.
std::string describe(const ChildEnd& end);

class Children {
 public:
  explicit Children(const SignalGate& gate) : gate_(gate) {}
  ~Children() { kill_all(); }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // Runs the body in a child; it writes its result to the descriptor. Its stdin and
  // stdout are /dev/null. An exception that leaves the body is like a crash. kUnavailable
  // when no process can be made.
  absl::Status start(size_t id, const ChildLimits& limits,
                     const std::function<void(int fd)>& body);
  size_t running() const { return children_.size(); }

  // Sleeps until a child has ended, a signal came or `longest` has passed, and returns
  // the children that ended since.
  std::vector<ChildEnd> wait(std::chrono::milliseconds longest);
  // Ends all children, and waits for that.
  void kill_all();

 private:
  using Clock = std::chrono::steady_clock;
  struct Child {
    size_t id;
    pid_t pid;
    int output_fd, error_fd;
    uint64_t memory_bytes;  // 0: no limit
    // A child holds its parent's memory as well, but for mapped files, from the start.
    uint64_t inherited;
    Clock::time_point started, deadline;
    std::string output, error_text;
    bool over_time = false, over_memory = false;
  };
  ChildEnd reap(Child& child);
  void enforce(Child& child, Clock::time_point now);

  const SignalGate& gate_;
  std::vector<Child> children_;
  Clock::time_point memory_looked_at_{};
};

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_CHILD_H_
