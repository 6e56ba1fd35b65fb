// A thread that acts once the time is over.
#ifndef CONGRUA_CLI_DEADLINE_H_
#define CONGRUA_CLI_DEADLINE_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace congrua::cli {

// Lives as long as the work that it limits. Calls `stop` from its own thread after that
// many seconds, and again and again from then on: work may miss it between two steps.
class Deadline {
 public:
  Deadline(double seconds, std::function<void()> stop)
      : end_(Clock::now() +
             std::chrono::duration_cast<Clock::duration>(
                 std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e9)))),
        stop_(std::move(stop)),
        thread_([this] { run(); }) {}
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  bool passed() const { return passed_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kAgain{20};

  void run() {
    std::unique_lock lock(mutex_);
    const auto done = [this] { return done_; };
    if (wake_.wait_until(lock, end_, done)) return;
    passed_.store(true, std::memory_order_relaxed);
    do {
      stop_();
    } while (!wake_.wait_for(lock, kAgain, done));
  }

  const Clock::time_point end_;
  const std::function<void()> stop_;
  std::atomic<bool> passed_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_DEADLINE_H_
