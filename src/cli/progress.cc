#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace congrua::cli {
namespace {

constexpr size_t kBar = 24;
constexpr auto kPeriod = std::chrono::milliseconds(100);

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(std::max(0.0, seconds) + 0.5);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

size_t columns_of(std::FILE* out) {
  struct winsize size = {};
  if (::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

// The last `columns` characters with printable ones alone: a path's end says most.
std::string fitting_end(std::string_view text, size_t columns) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte >= 0x7F ? '?' : c;
  }
  if (out.size() <= columns) return out;
  return columns < 8 ? "" : "..." + out.substr(out.size() - columns + 3);
}

}  // namespace

std::string progress_line(const ProgressState& s, size_t columns) {
  const double share =
      s.total == 0 ? 1 : static_cast<double>(s.done) / static_cast<double>(s.total);
  const auto filled = static_cast<size_t>(share * kBar);
  std::string line = fmt::format("[{}{}] {}/{} {:.0f}%  {}", std::string(filled, '#'),
                                 std::string(kBar - filled, '.'), s.done, s.total,
                                 100 * share, clock_text(s.elapsed_s));
  if (s.done > 0 && s.done < s.total) {
    line += fmt::format(", {} left", clock_text(s.elapsed_s * (1 / share - 1)));
  }
  if (s.skipped > 0) line += fmt::format("  {} resumed", s.skipped);
  if (s.wrong > 0) line += fmt::format("  {} WRONG", s.wrong);
  if (s.unsolved > 0) line += fmt::format("  {} unsolved", s.unsolved);
  if (!s.current.empty() && line.size() + 2 < columns) {
    line += "  " + fitting_end(s.current, columns - line.size() - 2);
  }
  return line.substr(0, columns);
}

Progress::Progress(std::FILE* out, size_t total, size_t skipped)
    : out_(out), started_(std::chrono::steady_clock::now()) {
  const char* term = std::getenv("TERM");
  visible_ =
      ::isatty(::fileno(out)) != 0 && (term == nullptr || std::strcmp(term, "dumb") != 0);
  state.total = total;
  state.skipped = skipped;
}

void Progress::update() {
  if (!visible_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kPeriod) return;
  last_ = now;
  state.elapsed_s = std::chrono::duration<double>(now - started_).count();
  // One column short: a full line would wrap on some terminals.
  const std::string line =
      progress_line(state, std::max<size_t>(columns_of(out_), 2) - 1);
  std::fprintf(out_, "\r\x1b[K%s", line.c_str());
  std::fflush(out_);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", out_);
  std::fflush(out_);
  shown_ = false;
}

}  // namespace congrua::cli
