// What the workloads of congrua_workloads share: the s-expressions of their files, and
// JSON lines.
#ifndef CONGRUA_BENCH_WORKLOADS_H_
#define CONGRUA_BENCH_WORKLOADS_H_

#include <string>
#include <string_view>
#include <vector>

namespace congrua::bench {

// An s-expression: an atom or a list; `text` is its source. Views into the file's text.
struct Sx {
  std::string_view text;
  std::vector<Sx> items;  // of a list
  bool is_list = false;

  // The first item that is a list starting with this atom; nullptr: none.
  const Sx* get(std::string_view head) const;
};

// All expressions of a text, comments (';' to the end of the line) left out. An
// unbalanced text ends the program with a message. The text must outlive the result.
std::vector<Sx> read_sx(std::string_view text);
std::string read_file(const std::string& path);

double median(std::vector<double> values);
double now_seconds();

// One function per workload; each prints the JSON lines of its protocol.
int run_w1(const std::string& path, int reps);
int run_w2(const std::string& path, int reps);
int run_w3(const std::string& path, int reps);
int run_w4(const std::string& path, int reps);
int run_w5(const std::string& path, int reps);
int run_w6(const std::string& path, int reps);
int run_fits(const std::string& path, int reps);
int run_scaling(const std::string& family, int reps);

}  // namespace congrua::bench

#endif  // CONGRUA_BENCH_WORKLOADS_H_
