#include "cli/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "cli/paths.h"
#include "congrua/guard.h"

namespace congrua::cli {
namespace {

constexpr size_t kMaxListed = 20;  // rows of one kind that are named below the tables

std::string count(uint64_t n) { return fmt::format("{}", n); }
// What nobody hopes for stands out where it is there.
std::string rare(uint64_t n) { return n == 0 ? "-" : count(n); }

std::string percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  const double share = 100 * static_cast<double>(part) / static_cast<double>(whole);
  return part != 0 && share < 0.05 ? "<0.1%" : fmt::format("{:.1f}%", share);
}

// Columns of rare things that did not happen only take room.
TextTable without_empty(const TextTable& full) {
  const auto& rows = full.rows();
  std::vector<std::vector<std::string>> kept(rows.size());
  for (size_t i = 0; i < rows[0].size(); ++i) {
    const bool empty = std::all_of(rows.begin() + 1, rows.end(),
                                   [&](const auto& row) { return row[i] == "-"; });
    if (empty) continue;
    for (size_t r = 0; r < rows.size(); ++r) kept[r].push_back(rows[r][i]);
  }
  TextTable t(kept[0], full.left());
  for (size_t r = 1; r < kept.size(); ++r) t.add(kept[r]);
  return t;
}

std::vector<std::string> layer_order(const std::vector<FamilyStats>& stats) {
  std::map<std::string, uint64_t> all;
  for (const FamilyStats& f : stats) {
    for (const auto& [layer, n] : f.stats.layers) all[layer] += n;
  }
  std::vector<std::string> out;
  for (int i = 0; i <= static_cast<int>(Layer::kZ3); ++i) {
    const std::string name(layer_name(static_cast<Layer>(i)));
    if (all.erase(name) > 0) out.push_back(name);
  }
  for (const auto& [layer, n] : all) out.push_back(layer);
  return out;
}

size_t width(std::string_view text) {  // code points: file names may hold any
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<Series> series_of(const std::vector<RunRow>& rows, std::string_view mode) {
  std::vector<Series> out = series(rows);
  std::erase_if(out, [&](const Series& s) { return s.mode != mode; });
  return out;
}

// Which family each row is in.
class FamilyNames {
 public:
  FamilyNames(const std::vector<RunRow>& rows, std::string_view mode) {
    std::vector<std::string> files;
    for (const RunRow& row : rows) files.push_back(row.file);
    const std::vector<std::string> names = families(files);
    for (size_t i = 0; i < rows.size(); ++i) {
      family_of_[&rows[i]] = names[i];
      if (rows[i].mode != mode) continue;
      if (std::find(order_.begin(), order_.end(), names[i]) == order_.end())
        order_.push_back(names[i]);
    }
  }
  // Those with rows of the mode, by their first rows.
  const std::vector<std::string>& order() const { return order_; }
  // The series with the rows of that family alone.
  Series members(const Series& s, const std::string& family) const {
    Series out = {s.engine, s.mode, s.specialize, {}};
    for (const RunRow* row : s.rows) {
      if (family_of_.at(row) == family) out.rows.push_back(row);
    }
    return out;
  }

 private:
  std::unordered_map<const RunRow*, std::string> family_of_;
  std::vector<std::string> order_;
};

void list_rows(std::string& out, const std::vector<RunRow>& rows, std::string_view title,
               bool (*wanted)(const RunRow&)) {
  size_t n = 0;
  for (const RunRow& row : rows) {
    if (!wanted(row)) continue;
    if (n++ == 0) out += fmt::format("\n{}\n", title);
    if (n > kMaxListed) continue;
    out += fmt::format("  {} [{}{}{}, {}] {}", row.file, short_engine(row.engine),
                       row.specialize.empty() ? "" : ", ", row.specialize, row.mode,
                       row.status);
    if (row.correct && !*row.correct) {
      if (row.truth) {
        out += fmt::format(": {} verdicts contradict REDUNDANT.csv", row.truth->wrong);
      } else {
        for (size_t i = 0; i < std::min(row.answers.size(), row.expected.size()); ++i) {
          if (row.expected[i].empty() || row.answers[i] == row.expected[i]) continue;
          out += fmt::format(": check {} answered {}, expected {}", i + 1, row.answers[i],
                             row.expected[i]);
          break;
        }
      }
    }
    if (row.entail && row.entail->unknown > 0 && row.message.empty()) {
      out += fmt::format(": {} of {} guards", row.entail->unknown, row.entail->guards);
    }
    if (!row.message.empty()) out += ": " + row.message;
    out += "\n";
  }
  if (n > kMaxListed) out += fmt::format("  and {} more\n", n - kMaxListed);
}

}  // namespace

std::string TextTable::text() const {
  if (rows_.size() < 2) return "";
  std::vector<size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - width(row[i]), ' ');
      if (i > 0) line += "  ";
      line += i < left_ ? row[i] + pad : pad + row[i];
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  }
  return out;
}

std::string short_number(double v) {
  const double a = std::abs(v);
  if (a == 0) return "0";
  if (a >= 99.95) return fmt::format("{:.0f}", v);
  if (a >= 9.995) return fmt::format("{:.1f}", v);
  if (a >= 0.9995) return fmt::format("{:.2f}", v);
  if (a >= 0.0995) return fmt::format("{:.3f}", v);
  return fmt::format("{:.2g}", v);
}

std::vector<FamilyStats> family_stats(const std::vector<RunRow>& rows,
                                      std::string_view mode) {
  const FamilyNames names(rows, mode);
  const std::vector<Series> all = series_of(rows, mode);
  std::vector<FamilyStats> out;
  for (const std::string& family : names.order()) {
    for (const Series& s : all) {
      const Series members = names.members(s, family);
      if (!members.rows.empty())
        out.push_back({family, s.label(), summarize(members.rows)});
    }
  }
  if (names.order().size() > 1) {
    for (const Series& s : all) out.push_back({"all", s.label(), summarize(s.rows)});
  }
  return out;
}

TextTable solved_table(const std::vector<FamilyStats>& stats) {
  TextTable t({"family", "engine", "files", "solved", "unknown", "timeout", "memory",
               "crash", "error", "wrong", "PAR-2 s", "geomean ms", "p50 ms", "p99 ms",
               "parse ms", "MB/s", "solve ms"},
              2);
  for (const FamilyStats& f : stats) {
    const Stats& s = f.stats;
    const auto time = [&](double ms) { return s.solved == 0 ? "-" : short_number(ms); };
    t.add({f.family, f.series, count(s.files), count(s.solved), rare(s.unknown),
           rare(s.timeout), rare(s.memory), rare(s.crash), rare(s.error), count(s.wrong),
           short_number(s.par2_s), time(s.geomean_ms), time(s.p50_ms), time(s.p99_ms),
           short_number(s.parse_ms), s.parse_mb_s > 0 ? short_number(s.parse_mb_s) : "-",
           short_number(s.solve_ms)});
  }
  return without_empty(t);
}

TextTable guards_table(const std::vector<FamilyStats>& stats) {
  const bool truth = std::any_of(stats.begin(), stats.end(), [](const FamilyStats& f) {
    return f.stats.truth.redundant + f.stats.truth.needed > 0;
  });
  std::vector<std::string> header = {"family",   "engine",  "guards", "redundant",
                                     "needed",   "unknown", "us p50", "us p99",
                                     "total ms", "add ms"};
  if (truth) {
    header.insert(header.end(), {"redundant found", "needed found", "contradicted"});
  }
  TextTable t(header, 2);
  for (const FamilyStats& f : stats) {
    const EntailFigures& e = f.stats.entail;
    if (e.guards == 0) continue;
    std::vector<std::string> row = {f.family,
                                    f.series,
                                    count(e.guards),
                                    count(e.redundant),
                                    count(e.needed),
                                    rare(e.unknown),
                                    short_number(e.us_p50),
                                    short_number(e.us_p99),
                                    short_number(e.us_total / 1e3),
                                    short_number(e.add_us_total / 1e3)};
    if (truth) {
      const TruthFigures& k = f.stats.truth;
      const auto found = [](uint64_t n, uint64_t of) {
        return of == 0 ? "-" : fmt::format("{} of {}", n, of);
      };
      row.insert(row.end(), {found(k.redundant_found, k.redundant),
                             found(k.needed_found, k.needed), rare(k.wrong)});
    }
    t.add(std::move(row));
  }
  return t;
}

TextTable layers_table(const std::vector<FamilyStats>& stats) {
  std::vector<std::string> header = {"family", "engine", "answers"};
  const std::vector<std::string> layers = layer_order(stats);
  header.insert(header.end(), layers.begin(), layers.end());
  TextTable t(header, 2);
  for (const FamilyStats& f : stats) {
    if (f.stats.answers == 0) continue;
    std::vector<std::string> row = {f.family, f.series, count(f.stats.answers)};
    for (const std::string& layer : layers) {
      const auto it = f.stats.layers.find(layer);
      row.push_back(
          percent(it == f.stats.layers.end() ? 0 : it->second, f.stats.answers));
      if (row.back() == "0.0%") row.back() = "-";
    }
    t.add(std::move(row));
  }
  return t;
}

TextTable policy_table(const std::vector<RunRow>& rows, std::string_view mode) {
  const bool entail = mode == "entail";
  std::vector<std::string> header = {
      "engine",   "policy",     "files",     "solved", "wrong",       "geomean ms",
      "solve ms", "= constant", "= another", ">= 2",   "added guards"};
  if (entail) {
    header.insert(header.end(),
                  {"guards", "redundant", "needed", "unknown", "to be tested"});
  }
  TextTable t(header, 2);
  for (const Series& s : series_of(rows, mode)) {
    if (s.specialize.empty()) continue;
    const Stats st = summarize(s.rows);
    const PolicyFigures& p = st.policy;
    std::vector<std::string> row = {
        short_engine(s.engine),    s.specialize,      count(st.files),
        count(st.solved),          count(st.wrong),   short_number(st.geomean_ms),
        short_number(st.solve_ms), rare(p.constants), rare(p.shared),
        rare(p.at_least_two),      rare(p.guards())};
    if (entail) {
      const EntailFigures& e = st.entail;
      row.insert(row.end(), {count(e.guards), count(e.redundant), count(e.needed),
                             rare(e.unknown), count(e.needed + e.unknown + p.guards())});
    }
    t.add(std::move(row));
  }
  return t;
}

TextTable ratio_table(const std::vector<RunRow>& rows, std::string_view mode) {
  const bool entail = mode == "entail";
  std::vector<std::string> header = {"family", "engine", "against",    "files",
                                     "both",   "alone",  "other alone"};
  if (entail) {
    header.insert(header.end(),
                  {"total us", "against us", "total ratio", "geomean ratio"});
  } else {
    header.insert(header.end(), {"geomean ms", "against ms", "geomean ratio", "total ms",
                                 "against ms", "total ratio"});
  }
  TextTable t(header, 3);
  const std::vector<Series> all = series_of(rows, mode);
  const FamilyNames names(rows, mode);
  for (size_t i = 1; i < all.size(); ++i) {
    // With the first engine under the same policy: what a policy saves is in its own
    // table.
    const auto first = std::find_if(all.begin(), all.end(), [&](const Series& s) {
      return s.specialize == all[i].specialize;
    });
    if (&*first == &all[i]) continue;
    const auto add = [&](std::string_view family, const Series& a, const Series& b) {
      const Pairing pairs = pair_up(a, b);
      if (pairs.all.empty()) return;
      std::vector<double> times_a, times_b;
      double sum_a = 0, sum_b = 0;
      for (const auto& [x, y] : pairs.comparable) {
        times_a.push_back(compared_ms(*x));
        times_b.push_back(compared_ms(*y));
        sum_a += times_a.back();
        sum_b += times_b.back();
      }
      const bool any = !pairs.comparable.empty();
      const auto figure = [&](double v) { return any ? short_number(v) : "-"; };
      const std::string geomean_ratio = figure(speedup(pairs.comparable));
      const std::string total_ratio = sum_a > 0 ? short_number(sum_b / sum_a) : "-";
      std::vector<std::string> row = {std::string(family),
                                      a.label(),
                                      b.label(),
                                      count(pairs.all.size()),
                                      count(pairs.comparable.size()),
                                      rare(pairs.first_alone),
                                      rare(pairs.second_alone)};
      if (entail) {
        row.insert(row.end(), {figure(sum_a * 1e3), figure(sum_b * 1e3), total_ratio,
                               geomean_ratio});
      } else {
        row.insert(row.end(), {figure(geomean(times_a)), figure(geomean(times_b)),
                               geomean_ratio, figure(sum_a), figure(sum_b), total_ratio});
      }
      t.add(std::move(row));
    };
    for (const std::string& family : names.order()) {
      add(family, names.members(*first, family), names.members(all[i], family));
    }
    if (names.order().size() > 1) add("all", *first, all[i]);
  }
  return without_empty(t);
}

std::string text_report(const std::vector<RunRow>& rows) {
  std::string out;
  const auto add = [&](std::string_view title, const TextTable& table) {
    const std::string text = table.text();
    if (!text.empty()) out += fmt::format("\n{}\n{}", title, text);
  };
  for (const std::string_view mode : {"sat", "entail"}) {
    const std::vector<FamilyStats> stats = family_stats(rows, mode);
    if (stats.empty()) continue;
    add(mode == "sat" ? "sat: find sizes"
                      : "entail: which asserts follow from earlier ones",
        solved_table(stats));
    if (mode == "entail")
      add("guards (us: one guard; found: of those that REDUNDANT.csv knows)",
          guards_table(stats));
    add("share decided by each layer", layers_table(stats));
    add("specialization by example values", policy_table(rows, mode));
  }
  std::map<std::string, std::string> versions;
  for (const RunRow& row : rows) {
    if (!row.version.empty()) versions[short_engine(row.engine)] = row.version;
  }
  if (!versions.empty()) out += "\n";
  for (const auto& [engine, version] : versions) {
    out += fmt::format("{}: version {}\n", engine, version);
  }
  list_rows(out, rows, "WRONG ANSWERS",
            [](const RunRow& r) { return r.correct.has_value() && !*r.correct; });
  list_rows(out, rows, "crashes", [](const RunRow& r) { return r.status == "crash"; });
  list_rows(out, rows, "errors", [](const RunRow& r) { return r.status == "error"; });
  list_rows(out, rows, "over the limits", [](const RunRow& r) {
    return r.status == "timeout" || r.status == "memory";
  });
  list_rows(out, rows, "unknown", [](const RunRow& r) { return r.status == "unknown"; });
  // At the end, where it is seen: what a run of several engines is made for.
  add("ratio in sat mode: solving time on the files that both solved",
      ratio_table(rows, "sat"));
  add("ratio in entail mode: time of all decisions on the files that both went through",
      ratio_table(rows, "entail"));
  if (!out.empty() && out.front() == '\n') out.erase(0, 1);
  return out;
}

}  // namespace congrua::cli
