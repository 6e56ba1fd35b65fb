// Stopping a solver from outside: a switch that another thread may press, and a watchdog
// thread that presses it when the time is over.
#ifndef CONGRUA_GUARD_INTERRUPT_H_
#define CONGRUA_GUARD_INTERRUPT_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace congrua::guard {

enum class Stop : unsigned char {
  kNone,
  kTime,  // ends the attempt that is under way
  kUser,  // ends the question
};

// Pressed, it stops whatever works while a question is asked; between questions it does
// nothing.
class StopSwitch {
 public:
  void begin_question() {
    const std::lock_guard lock(mutex_);
    why_ = Stop::kNone;
    asking_ = true;
  }
  void end_question() {
    const std::lock_guard lock(mutex_);
    asking_ = false;
  }
  // Time may be over again.
  void begin_attempt() {
    const std::lock_guard lock(mutex_);
    if (why_ == Stop::kTime) why_ = Stop::kNone;
  }
  // What stops the worker; called with the switch locked, from any thread. An empty one
  // must be set before the worker dies.
  void connect(std::function<void()> stop) {
    const std::lock_guard lock(mutex_);
    stop_ = std::move(stop);
    if (stop_ && asking_ && why_ != Stop::kNone) stop_();
  }
  void press(Stop why) {
    const std::lock_guard lock(mutex_);
    if (!asking_) return;
    why_ = std::max(why_, why);
    if (stop_) stop_();
  }
  // Why it was pressed during this attempt or question.
  Stop pressed() const {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  mutable std::mutex mutex_;
  bool asking_ = false;
  Stop why_ = Stop::kNone;
  std::function<void()> stop_;
};

// A thread that lives as long as this object. Presses the switch at the given time, or
// soon after *cancel is set, and again and again from then on: a worker may miss it
// between two phases.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  // Throws std::system_error where no thread can be had.
  Watchdog(Clock::time_point end, const std::atomic<bool>* cancel, StopSwitch& target)
      : end_(end), cancel_(cancel), target_(target), thread_([this] { run(); }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  static constexpr std::chrono::milliseconds kPoll{5};
  static constexpr std::chrono::milliseconds kAgain{50};

  void run() {
    std::unique_lock lock(mutex_);
    const auto done = [&] { return done_; };
    Stop why = Stop::kNone;
    while (why == Stop::kNone) {
      const auto until = cancel_ == nullptr ? end_ : std::min(end_, Clock::now() + kPoll);
      if (wake_.wait_until(lock, until, done)) return;
      if (Clock::now() >= end_) why = Stop::kTime;
      if (cancel_ != nullptr && cancel_->load(std::memory_order_relaxed))
        why = Stop::kUser;
    }
    do {
      target_.press(why);
    } while (!wake_.wait_for(lock, kAgain, done));
  }

  const Clock::time_point end_;
  const std::atomic<bool>* const cancel_;
  StopSwitch& target_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_INTERRUPT_H_
