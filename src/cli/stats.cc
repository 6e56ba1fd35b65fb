#include "cli/stats.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "cli/external.h"

namespace congrua::cli {
namespace {

// By nearest rank, as row.h's percentile.
double rank(std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double r = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[r < 1 ? 0 : static_cast<size_t>(r) - 1];
}

double histogram_rank(const std::map<uint64_t, uint64_t>& histogram, double share) {
  uint64_t total = 0;
  for (const auto& [ns, count] : histogram) total += count;
  const double wanted = std::max(1.0, std::ceil(share * static_cast<double>(total)));
  uint64_t seen = 0;
  for (const auto& [ns, count] : histogram) {
    seen += count;
    if (static_cast<double>(seen) >= wanted) return static_cast<double>(ns) / 1e3;
  }
  return 0;
}

void add_entail(EntailFigures& sum, const EntailFigures& f) {
  sum.guards += f.guards;
  sum.redundant += f.redundant;
  sum.needed += f.needed;
  sum.unknown += f.unknown;
  sum.us_total += f.us_total;
  sum.add_us_total += f.add_us_total;
  for (const auto& [ns, count] : f.histogram) sum.histogram[ns] += count;
}

}  // namespace

double row_ms(const RunRow& row) { return row.parse_ms + row.solve_ms; }

double geomean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  double logs = 0;
  for (const double v : values) logs += std::log(std::max(v, kLeastMs));
  return std::exp(logs / static_cast<double>(values.size()));
}

Stats summarize(const std::vector<const RunRow*>& rows) {
  Stats s;
  std::vector<double> times, solve_times;
  uint64_t parsed_bytes = 0;
  for (const RunRow* row : rows) {
    ++s.files;
    s.parse_ms += row->parse_ms;
    if (row->parse_ms > 0) parsed_bytes += row->bytes;
    s.solve_ms += row->solve_ms;
    if (row->correct && !*row->correct) ++s.wrong;
    if (row->solved()) {
      ++s.solved;
      times.push_back(row_ms(*row));
      solve_times.push_back(row->solve_ms);
      s.par2_s += row_ms(*row) / 1e3;
    } else {
      s.par2_s += 2 * row->timeout_s;
      size_t& count = row->status == "timeout"  ? s.timeout
                      : row->status == "memory" ? s.memory
                      : row->status == "crash"  ? s.crash
                      : row->status == "error"  ? s.error
                                                : s.unknown;
      ++count;
    }
    for (const auto& [layer, count] : row->layers) {
      s.layers[layer] += count;
      s.answers += count;
    }
    if (row->entail) add_entail(s.entail, *row->entail);
    if (row->truth) {
      s.truth.redundant += row->truth->redundant;
      s.truth.redundant_found += row->truth->redundant_found;
      s.truth.needed += row->truth->needed;
      s.truth.needed_found += row->truth->needed_found;
      s.truth.wrong += row->truth->wrong;
    }
    if (row->policy) {
      s.policy.constants += row->policy->constants;
      s.policy.shared += row->policy->shared;
      s.policy.at_least_two += row->policy->at_least_two;
    }
  }
  if (s.parse_ms > 0) s.parse_mb_s = static_cast<double>(parsed_bytes) / 1e3 / s.parse_ms;
  if (s.files > 0) s.par2_s /= static_cast<double>(s.files);
  std::sort(times.begin(), times.end());
  for (const double t : times) s.total_ms += t;
  s.geomean_ms = geomean(times);
  s.geomean_solve_ms = geomean(solve_times);
  s.p50_ms = rank(times, 0.50);
  s.p99_ms = rank(times, 0.99);
  s.entail.us_p50 = histogram_rank(s.entail.histogram, 0.50);
  s.entail.us_p99 = histogram_rank(s.entail.histogram, 0.99);
  return s;
}

std::string short_engine(const std::string& engine) {
  if (!is_external(engine)) return engine;
  // The last word of the command that looks like a program: "cmd:python3 bench/x.py" is
  // x.py.
  std::string best;
  for (size_t at = 4; at < engine.size();) {
    const size_t end = std::min(engine.find(' ', at), engine.size());
    std::string word = engine.substr(at, end - at);
    at = end + 1;
    if (word.empty() || word[0] == '-' || word.find('{') != std::string::npos) continue;
    if (const size_t slash = word.rfind('/'); slash != std::string::npos) {
      word = word.substr(slash + 1);
    }
    if (best.empty() || best.starts_with("python") || best == "env") best = word;
  }
  return "cmd:" + best;
}

std::string Series::label() const {
  return specialize.empty() ? short_engine(engine)
                            : short_engine(engine) + ", " + specialize;
}

std::vector<Series> series(const std::vector<RunRow>& rows) {
  std::vector<Series> out;
  for (const RunRow& row : rows) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const Series& s) {
      return s.engine == row.engine && s.mode == row.mode &&
             s.specialize == row.specialize;
    });
    if (same != out.end()) {
      same->rows.push_back(&row);
    } else {
      out.push_back({row.engine, row.mode, row.specialize, {&row}});
    }
  }
  return out;
}

Pairing pair_up(const Series& a, const Series& b) {
  std::unordered_map<std::string_view, const RunRow*> of_b;
  for (const RunRow* row : b.rows) of_b[row->file] = row;
  Pairing out;
  for (const RunRow* row : a.rows) {
    const auto it = of_b.find(row->file);
    if (it == of_b.end()) continue;
    out.all.emplace_back(row, it->second);
    const auto comparable = [](const RunRow& r) {
      return r.entail ? r.entail->guards > 0 && !r.failed() : r.solved();
    };
    const bool first = comparable(*row), second = comparable(*it->second);
    if (first && second) out.comparable.emplace_back(out.all.back());
    if (first && !second) ++out.first_alone;
    if (!first && second) ++out.second_alone;
  }
  return out;
}

double compared_ms(const RunRow& row) {
  return row.entail ? row.entail->us_total / 1e3 : row.solve_ms;
}

double speedup(const std::vector<std::pair<const RunRow*, const RunRow*>>& pairs) {
  std::vector<double> a, b;
  for (const auto& [x, y] : pairs) {
    a.push_back(compared_ms(*x));
    b.push_back(compared_ms(*y));
  }
  return pairs.empty() ? 0 : geomean(b) / geomean(a);
}

}  // namespace congrua::cli
