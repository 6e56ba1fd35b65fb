// Figures over many rows.
#ifndef CONGRUA_CLI_STATS_H_
#define CONGRUA_CLI_STATS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/row.h"

namespace congrua::cli {

struct Stats {
  size_t files = 0, solved = 0, unknown = 0, wrong = 0;
  size_t timeout = 0, memory = 0, crash = 0, error = 0;
  // Seconds: parse and solve time of solved files, twice the limit for others; mean over
  // files.
  double par2_s = 0;
  // Parse and solve time of solved files, in milliseconds; 0 without any.
  double total_ms = 0, geomean_ms = 0, p50_ms = 0, p99_ms = 0;
  double geomean_solve_ms = 0;
  double parse_ms = 0, solve_ms = 0;       // sums over all rows
  double parse_mb_s = 0;                   // text per time of parsing
  std::map<std::string, uint64_t> layers;  // answers by layer
  uint64_t answers = 0;                    // sum of the layers

  // Entail mode: sums over the files; percentiles over all guards (within 3.1 %).
  EntailFigures entail;
  TruthFigures truth;
  PolicyFigures policy;
};
Stats summarize(const std::vector<const RunRow*>& rows);

// Time of a row as it is compared between engines: parsing and solving.
double row_ms(const RunRow& row);
// Times below this are not told apart by a ratio: a millisecond clock's last digit.
inline constexpr double kLeastMs = 0.001;
double geomean(const std::vector<double>& values);  // 0 for none

// One engine under one policy in one mode: a line of a table, a curve of a plot.
struct Series {
  std::string engine, mode, specialize;
  std::vector<const RunRow*> rows;
  std::string label() const;  // "native, duck"; a command is shortened to its program
};
// In the order of their first rows.
std::vector<Series> series(const std::vector<RunRow>& rows);
std::string short_engine(const std::string& engine);

// Pairs of rows of the same file, in the order of a; and those whose times can be
// compared: both solved, or in entail mode both reached every guard.
struct Pairing {
  std::vector<std::pair<const RunRow*, const RunRow*>> comparable, all;
  // Pairs whose times cannot be compared because only one of the two got there.
  size_t first_alone = 0, second_alone = 0;
};
Pairing pair_up(const Series& a, const Series& b);
// Geometric mean of time_b / time_a over the pairs: how many times faster a is. By solve
// time for sat rows, by the time to decide all guards for entail rows. 0 for no pairs.
double speedup(const std::vector<std::pair<const RunRow*, const RunRow*>>& pairs);
double compared_ms(const RunRow& row);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_STATS_H_
