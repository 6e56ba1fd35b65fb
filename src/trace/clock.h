// CPU time of what is replayed.
#ifndef CONGRUA_TRACE_CLOCK_H_
#define CONGRUA_TRACE_CLOCK_H_

#include <algorithm>
#include <chrono>
#include <ctime>

namespace congrua::trace {

// CPU time. The clock of the thread costs a system call; what takes less than it is worth
// is measured by the clock of the machine.
class Clock {
 public:
  Clock() : cpu_(cpu_us()), start_(std::chrono::steady_clock::now()) {}
  double us() const {
    constexpr double kShort = 5;
    const double wall = std::chrono::duration<double, std::micro>(
                            std::chrono::steady_clock::now() - start_)
                            .count();
    return wall < kShort ? wall : std::min(wall, cpu_us() - cpu_);
  }

 private:
  static double cpu_us() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
  }
  double cpu_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace congrua::trace

#endif  // CONGRUA_TRACE_CLOCK_H_
