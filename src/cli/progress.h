// One line on a terminal that says how far a long run is; nothing elsewhere.
#ifndef CONGRUA_CLI_PROGRESS_H_
#define CONGRUA_CLI_PROGRESS_H_

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace congrua::cli {

struct ProgressState {
  size_t done = 0, total = 0;  // of this run
  size_t skipped = 0;          // done by an earlier run
  size_t wrong = 0, unsolved = 0;
  double elapsed_s = 0;
  std::string current;  // what runs now
};

// "[#####.......] 42/120 35%  0:12, 0:22 left  1 wrong  FILE", at most `columns` wide.
std::string progress_line(const ProgressState& state, size_t columns);

class Progress {
 public:
  // Shows itself if `out` is a terminal.
  Progress(std::FILE* out, size_t total, size_t skipped);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  ProgressState state;

  // Redraws, ten times a second at most.
  void update();
  void clear();

 private:
  std::FILE* out_;
  bool shown_ = false, visible_;
  std::chrono::steady_clock::time_point started_, last_{};
};

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_PROGRESS_H_
