#include "cli/child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/jsonl.h"

namespace congrua::cli {
namespace {

using How = ChildEnd::How;
using Body = std::function<void(int)>;

ChildEnd run_one(const ChildLimits& limits, const Body& body) {
  const SignalGate gate;
  Children children(gate);
  EXPECT_TRUE(children.start(7, limits, body).ok());
  std::vector<ChildEnd> ended;
  while (ended.empty()) ended = children.wait(std::chrono::milliseconds(50));
  EXPECT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].id, 7u);
  EXPECT_EQ(children.running(), 0u);
  return ended[0];
}

// Memory that the compiler cannot take away and that is really used.
void eat_memory(size_t mega_bytes) {
  for (size_t i = 0; i < mega_bytes; ++i) {
    auto* p = new std::vector<char>(1 << 20, 'x');
    asm volatile("" : : "r"(p->data()) : "memory");
  }
}

TEST(Child, Output) {
  const std::string big(300'000, 'x');  // more than a pipe holds
  const ChildEnd end =
      run_one({}, [&](int fd) { static_cast<void>(write_all(fd, big + "end")); });
  EXPECT_EQ(end.how, How::kDone);
  EXPECT_EQ(end.output, big + "end");
  EXPECT_EQ(describe(end), "");
  EXPECT_GT(end.peak_mb, 0);
}

TEST(Child, CrashTellsSignalAndLastLineOfStderr) {
  const ChildEnd end = run_one({}, [](int fd) {
    static_cast<void>(write_all(fd, "begun"));
    std::fputs("first\nCHECK failed: x > 0\n", stderr);
    ::signal(SIGABRT, SIG_DFL);
    std::abort();
  });
  EXPECT_EQ(end.how, How::kSignal);
  EXPECT_EQ(end.code, SIGABRT);
  EXPECT_EQ(end.output, "begun");
  EXPECT_EQ(describe(end), "killed by signal 6 (Aborted): CHECK failed: x > 0");
}

TEST(Child, ExitCodeAndException) {
  const ChildEnd exited = run_one({}, [](int) { ::_exit(9); });
  EXPECT_EQ(exited.how, How::kExited);
  EXPECT_EQ(describe(exited), "exit code 9");
  const ChildEnd thrown =
      run_one({}, [](int) { throw std::runtime_error("what happened"); });
  EXPECT_EQ(thrown.how, How::kExited);
  EXPECT_EQ(describe(thrown), "exception: what happened");
}

TEST(Child, TimeoutEndsTheWholeGroup) {
  ChildLimits limits;
  limits.timeout_s = 2;  // the grandchild's number must be out by then, on any machine
  const ChildEnd end = run_one(limits, [](int fd) {
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      ::sleep(60);
      ::_exit(0);
    }
    static_cast<void>(write_all(fd, std::to_string(grandchild)));
    ::sleep(60);
  });
  EXPECT_EQ(end.how, How::kTimeout);
  EXPECT_GE(end.wall_ms, 2'000);
  ASSERT_FALSE(end.output.empty());
  // Orphans are reaped by another process, which may take a moment.
  const pid_t grandchild = static_cast<pid_t>(std::stol(end.output));
  bool gone = false;
  for (int i = 0; i < 200 && !gone; ++i) {
    std::FILE* f =
        std::fopen(("/proc/" + std::to_string(grandchild) + "/stat").c_str(), "r");
    char state = 'Z';
    if (f != nullptr) {
      if (std::fscanf(f, "%*d (%*[^)]) %c", &state) != 1) state = 'Z';
      std::fclose(f);
    }
    gone = state == 'Z' || state == 'X';
    if (!gone) ::usleep(10'000);
  }
  EXPECT_TRUE(gone);
}

TEST(Child, RunawayMemory) {
  ChildLimits limits;
  limits.memory_bytes = uint64_t{256} << 20;
  const ChildEnd end = run_one(limits, [](int) { eat_memory(1 << 16); });
  EXPECT_EQ(end.how, How::kMemory);
  EXPECT_EQ(describe(end), "stopped at the memory limit");
}

TEST(Child, CrashOfCodeThatGetsNoMemory) {
  ChildLimits limits;
  limits.memory_bytes = uint64_t{256} << 20;
  const ChildEnd end = run_one(limits, [](int) {
    eat_memory(245);
    ::raise(SIGKILL);
  });
  EXPECT_EQ(end.how, How::kMemory);
}

TEST(Child, ManyAtOnceKeepTheirOutputsApart) {
  const SignalGate gate;
  Children children(gate);
  constexpr size_t kCount = 12;
  for (size_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(children
                    .start(i, {},
                           [i](int fd) {
                             ::usleep(static_cast<useconds_t>((kCount - i) * 3000));
                             static_cast<void>(
                                 write_all(fd, "child " + std::to_string(i)));
                           })
                    .ok());
  }
  std::vector<bool> seen(kCount);
  while (children.running() > 0) {
    for (const ChildEnd& end : children.wait(std::chrono::milliseconds(100))) {
      EXPECT_EQ(end.output, "child " + std::to_string(end.id));
      seen[end.id] = true;
    }
  }
  EXPECT_EQ(seen, std::vector<bool>(kCount, true));
}

TEST(Child, SignalsAreNotedAndChildrenHaveTheDefault) {
  {
    const SignalGate gate;
    EXPECT_EQ(gate.signal(), 0);
    ::kill(::getpid(), SIGINT);
    EXPECT_EQ(gate.signal(), 0);  // blocked until somebody waits
    Children children(gate);
    ASSERT_TRUE(children.start(0, {}, [](int) { ::sleep(60); }).ok());
    children.wait(std::chrono::milliseconds(1000));
    EXPECT_EQ(gate.signal(), SIGINT);
    children.kill_all();
    EXPECT_EQ(children.running(), 0u);
  }
  const ChildEnd end = run_one({}, [](int) {
    ::kill(::getpid(), SIGTERM);
    ::sleep(60);
  });
  EXPECT_EQ(end.how, How::kSignal);
  EXPECT_EQ(end.code, SIGTERM);
}

TEST(Child, NothingIsReadFromOrWrittenToTheTerminal) {
  const ChildEnd end = run_one({}, [](int fd) {
    std::puts("this goes nowhere");
    std::fflush(stdout);
    static_cast<void>(write_all(fd, std::getchar() == EOF ? "eof" : "input"));
  });
  EXPECT_EQ(end.output, "eof");
}

}  // namespace
}  // namespace congrua::cli
