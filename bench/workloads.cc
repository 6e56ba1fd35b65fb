// congrua_workloads WORKLOAD FILE REPS: runs one of the symbolic workloads and prints one
// JSON object per line. Every repetition uses a pool of its own, so that no memo helps
// the next one. The workload `scaling` takes a family's name (bench/families.h) or `all`
// in place of a file.
#include "bench/workloads.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace congrua::bench {

const Sx* Sx::get(std::string_view head) const {
  for (const Sx& x : items) {
    if (x.is_list && !x.items.empty() && x.items[0].text == head) return &x;
  }
  return nullptr;
}

std::vector<Sx> read_sx(std::string_view text) {
  std::vector<Sx> done;
  std::vector<Sx> open;
  const auto close = [&](Sx x) {
    (open.empty() ? done : open.back().items).push_back(std::move(x));
  };
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == ';') {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (c == '(') {
      open.push_back({text.substr(i), {}, true});
      ++i;
    } else if (c == ')') {
      ++i;
      if (open.empty()) break;
      Sx x = std::move(open.back());
      open.pop_back();
      x.text = x.text.substr(0, static_cast<size_t>(text.data() + i - x.text.data()));
      close(std::move(x));
    } else if (std::strchr(" \t\r\n", c) != nullptr) {
      ++i;
    } else {
      const size_t from = i;
      while (i < text.size() && std::strchr(" \t\r\n();", text[i]) == nullptr) ++i;
      close({text.substr(from, i - from), {}, false});
    }
  }
  if (i < text.size() || !open.empty()) {
    std::fprintf(stderr, "unbalanced parentheses at byte %zu\n", i);
    std::exit(2);
  }
  return done;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double now_seconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace congrua::bench

int main(int argc, char** argv) {
  const std::string_view workload = argc > 1 ? argv[1] : "";
  const int reps = argc > 3 ? std::atoi(argv[3]) : 1;
  if (argc < 3 || argc > 4 || reps < 1) {
    std::fprintf(stderr, "usage: congrua_workloads WORKLOAD FILE [REPS]\n");
    return 2;
  }
  struct Workload {
    std::string_view name;
    int (*run)(const std::string& path, int reps);
  };
  static constexpr Workload kWorkloads[] = {
      {"w1", congrua::bench::run_w1},     {"w2", congrua::bench::run_w2},
      {"w3", congrua::bench::run_w3},     {"w4", congrua::bench::run_w4},
      {"w5", congrua::bench::run_w5},     {"w6", congrua::bench::run_w6},
      {"fits", congrua::bench::run_fits}, {"scaling", congrua::bench::run_scaling}};
  for (const Workload& w : kWorkloads) {
    if (w.name == workload) return w.run(argv[2], reps);
  }
  std::fprintf(stderr, "unknown workload %s; there are: w1 w2 w3 w4 w5 w6 fits scaling\n",
               argv[1]);
  return 2;
}
