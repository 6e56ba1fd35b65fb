// CPU time of what is replayed.
#ifndef CONGRUA_TRACE_CLOCK_H_
#define CONGRUA_TRACE_CLOCK_H_

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

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

// Times of things done one after another, by one reading of the machine's clock each.
// What a reading takes by itself (20 ns, more than a remembered answer) is taken off.
class Laps {
 public:
  Laps() : reading_(reading()), last_(Time::now()) {}
  double next_us() {
    const Time::time_point now = Time::now();
    return std::max(us_between(std::exchange(last_, now), now) - reading_, 0.0);
  }

 private:
  using Time = std::chrono::steady_clock;
  static double us_between(Time::time_point a, Time::time_point b) {
    return std::chrono::duration<double, std::micro>(b - a).count();
  }
  static double reading() {
    static const double least = [] {
      double us = 1;
      for (int i = 0; i < 1'000; ++i) {
        const Time::time_point before = Time::now();
        us = std::min(us, us_between(before, Time::now()));
      }
      return us;
    }();
    return least;
  }

  double reading_;
  Time::time_point last_;
};

}  // namespace congrua::trace

#endif  // CONGRUA_TRACE_CLOCK_H_
