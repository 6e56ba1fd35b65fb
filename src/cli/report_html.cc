#include "cli/report_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "cli/plot.h"
#include "cli/report_text.h"
#include "cli/stats.h"

namespace congrua::cli {
namespace {

constexpr size_t kSlowest = 30;
constexpr size_t kMaxProblems = 200;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5a6370; --paper: #fff; --rule: #d8dde3;
  --faint: #eef1f4; --bad: #b3261e;
  --c0: #0072b2; --c1: #d55e00; --c2: #00875f; --c3: #a64d86; --c4: #8a6d00; --c5: #3a86c8;
  --c6: #6b4fbb; --c7: #5f5f5f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a3acb8; --paper: #15181c;
  --rule: #3a424c; --faint: #23282e; --bad: #ff8a80;
  --c0: #5ab4f0; --c1: #ff9a4d; --c2: #3ecfa0; --c3: #e49cc9; --c4: #e0c14a; --c5: #8cc8ff;
  --c6: #b7a2ff; --c7: #b5b5b5; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 2rem auto; padding: 0 1.5rem; max-width: 1240px; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .bad { color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--rule); }
td { border-bottom: 1px solid var(--faint); }
th.l, td.l { text-align: left; }
td.long { white-space: normal; overflow-wrap: anywhere; min-width: 20rem; max-width: 30rem; }
tr.all td { font-weight: 600; border-top: 1px solid var(--rule); }
tr:hover td { background: var(--faint); }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: .3rem; }
svg { max-width: 100%; height: auto; }
.label { font: 12px system-ui, sans-serif; fill: var(--ink); }
.axis { stroke: var(--soft); } .grid { stroke: var(--rule); } .grid.minor { stroke: var(--faint); }
.diagonal { stroke: var(--soft); stroke-dasharray: 5 4; }
.curve { fill: none; stroke-width: 2; }
.dot { fill: var(--c0); fill-opacity: .55; } .dot.unsolved { fill: var(--bad); }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); stroke-dasharray: 8 3; }
.s2 { stroke: var(--c2); stroke-dasharray: 3 3; } .s3 { stroke: var(--c3); }
.s4 { stroke: var(--c4); stroke-dasharray: 8 3; } .s5 { stroke: var(--c5); }
.s6 { stroke: var(--c6); stroke-dasharray: 3 3; } .s7 { stroke: var(--c7); }
)";

constexpr size_t kLong = 48;  // a text beyond that is broken into lines

std::string cells(const std::vector<std::string>& row, std::string_view tag,
                  size_t left) {
  std::string out = row[0] == "all" ? "<tr class=\"all\">" : "<tr>";
  for (size_t i = 0; i < row.size(); ++i) {
    std::string cls = i < left ? "l" : "";
    if (i < left && row[i].size() > kLong) cls += " long";
    out += fmt::format("<{0}{1}>{2}</{0}>", tag,
                       cls.empty() ? "" : fmt::format(" class=\"{}\"", cls),
                       html_escape(row[i]));
  }
  return out + "</tr>\n";
}

// A table without a line below its header is left out.
void add_table(std::string& out, std::string_view title, const TextTable& table) {
  const auto& rows = table.rows();
  if (rows.size() < 2) return;
  out += fmt::format("<h3>{}</h3>\n<div class=\"scroll\"><table>\n", html_escape(title));
  for (size_t i = 0; i < rows.size(); ++i) {
    out += cells(rows[i], i == 0 ? "th" : "td", table.left());
  }
  out += "</table></div>\n";
}

void add_figure(std::string& out, std::string_view title, const std::string& svg) {
  if (svg.empty()) return;
  out += fmt::format("<figure><figcaption>{}</figcaption>\n{}</figure>\n",
                     html_escape(title), svg);
}

// How many files are solved within which time each.
std::string cactus(const std::vector<Series>& all) {
  std::vector<Curve> curves;
  for (const Series& s : all) {
    std::vector<double> times;
    for (const RunRow* row : s.rows) {
      if (row->solved()) times.push_back(std::max(row_ms(*row), kLeastMs));
    }
    std::sort(times.begin(), times.end());
    Curve c = {s.label(), {}};
    for (size_t i = 0; i < times.size(); ++i) {
      c.points.emplace_back(static_cast<double>(i + 1), times[i]);
    }
    curves.push_back(std::move(c));
  }
  return curve_plot(curves, "files solved", "time of a file, parsing included");
}

// How many guards took at most which time each, answered or not.
std::string guard_cactus(const std::vector<Series>& all) {
  std::vector<Curve> curves;
  for (const Series& s : all) {
    const Stats stats = summarize(s.rows);
    Curve c = {s.label(), {}};
    double seen = 0;
    for (const auto& [ns, count] : stats.entail.histogram) {
      seen += static_cast<double>(count);
      c.points.emplace_back(seen, std::max<double>(static_cast<double>(ns), 1) / 1e6);
    }
    curves.push_back(std::move(c));
  }
  return curve_plot(curves, "guards asked", "time of a guard");
}

// Negative where there is no time to show.
double dot_ms(const RunRow& row) {
  return row.solved() || (row.entail && !row.failed())
             ? std::max(compared_ms(row), kLeastMs)
             : -1;
}

// Engine against engine; with one engine alone, reading against solving.
void add_scatters(std::string& out, const std::vector<Series>& all) {
  for (size_t i = 1; i < all.size(); ++i) {
    std::vector<Dot> dots;
    for (const auto& [a, b] : pair_up(all[0], all[i]).all) {
      const bool empty = a->entail && a->entail->guards == 0;
      if (!empty && (dot_ms(*a) >= 0 || dot_ms(*b) >= 0)) {
        dots.push_back({dot_ms(*a), dot_ms(*b), a->file});
      }
    }
    add_figure(
        out, fmt::format("{} against {}, one dot a file", all[i].label(), all[0].label()),
        dot_plot(dots, all[0].label(), all[i].label()));
  }
  if (all.size() != 1) return;
  std::vector<Dot> dots;
  for (const RunRow* row : all[0].rows) {
    if (row->solved()) {
      dots.push_back({std::max(row->parse_ms, kLeastMs), dot_ms(*row), row->file});
    }
  }
  add_figure(out, "Solving against reading, one dot a file",
             dot_plot(dots, "reading", "solving"));
}

// "unsat"; of several checks "3 sat, 2 unsat, 1 open".
std::string expected_text(const std::vector<std::string>& expected) {
  if (expected.size() == 1) return expected[0];
  std::map<std::string, size_t> counts;
  for (const std::string& e : expected) ++counts[e.empty() ? "open" : e];
  std::string out;
  for (const char* answer : {"sat", "unsat", "unknown", "open"}) {
    if (const auto it = counts.find(answer); it != counts.end()) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", it->second, answer);
    }
  }
  return out;
}

TextTable row_table(const std::vector<const RunRow*>& rows) {
  TextTable t({"file", "engine", "mode", "status", "message", "expected", "layer",
               "parse ms", "solve ms", "wall ms", "peak MB", "largest size"},
              7);
  for (const RunRow* row : rows) {
    t.add({row->file,
           short_engine(row->engine) +
               (row->specialize.empty() ? "" : ", " + row->specialize),
           row->mode,
           row->correct && !*row->correct ? row->status + " (wrong)" : row->status,
           row->message, expected_text(row->expected), row->layer,
           short_number(row->parse_ms), short_number(row->solve_ms),
           short_number(row->wall_ms), short_number(row->peak_mb),
           row->model_max.size() > 24 ? fmt::format("{} digits", row->model_max.size())
                                      : row->model_max});
  }
  return t;
}

void add_mode(std::string& out, const std::vector<RunRow>& rows, std::string_view mode) {
  const std::vector<FamilyStats> stats = family_stats(rows, mode);
  if (stats.empty()) return;
  std::vector<Series> all = series(rows);
  std::erase_if(all, [&](const Series& s) { return s.mode != mode; });
  const bool entail = mode == "entail";
  out += entail ? "<h2>entail: which asserts follow from earlier ones</h2>\n"
                : "<h2>sat: find sizes</h2>\n";
  out += "<div class=\"plots\">\n";
  add_figure(out, "Files solved by time", cactus(all));
  if (entail) add_figure(out, "Guards by time", guard_cactus(all));
  add_scatters(out, all);
  out += "</div>\n";
  add_table(out,
            entail ? "Ratio: time of all decisions on the files that both went through"
                   : "Ratio: solving time on the files that both solved",
            ratio_table(rows, mode));
  add_table(out, "By family", solved_table(stats));
  if (entail) add_table(out, "Guards (µs: one guard)", guards_table(stats));
  add_table(out, "Share decided by each layer", layers_table(stats));
  add_table(out, "Specialization by example values", policy_table(rows, mode));
}

}  // namespace

std::string html_report(const std::vector<RunRow>& rows, std::string_view command) {
  size_t wrong = 0;
  std::map<std::string, std::string> versions;
  std::vector<const RunRow*> problems, slowest;
  for (const RunRow& row : rows) {
    const bool is_wrong = row.correct && !*row.correct;
    wrong += is_wrong ? 1 : 0;
    if (!row.version.empty()) versions[short_engine(row.engine)] = row.version;
    if (is_wrong || row.failed()) problems.push_back(&row);
    slowest.push_back(&row);
  }
  // What is wrong comes first, and is not cut off.
  std::stable_partition(problems.begin(), problems.end(),
                        [](const RunRow* row) { return row->correct && !*row->correct; });
  const size_t problem_count = problems.size();
  problems.resize(std::min(problem_count, std::max(kMaxProblems, wrong)));
  std::stable_sort(slowest.begin(), slowest.end(), [](const RunRow* a, const RunRow* b) {
    return std::max(row_ms(*a), a->wall_ms) > std::max(row_ms(*b), b->wall_ms);
  });
  if (slowest.size() > kSlowest) slowest.resize(kSlowest);

  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>congrua bench</title>\n<style>";
  out += kStyle;
  out += "</style></head>\n<body>\n<h1>congrua bench</h1>\n";
  out += fmt::format("<p class=\"soft\"><code>{}</code></p>\n<p>{} rows. ",
                     html_escape(command), rows.size());
  out += wrong == 0 ? std::string("No answer contradicts what is expected.")
                    : fmt::format("<span class=\"bad\">{} wrong.</span>", wrong);
  for (const auto& [engine, version] : versions) {
    out += fmt::format(" {}: version {}.", html_escape(engine), html_escape(version));
  }
  out += "</p>\n";
  add_mode(out, rows, "sat");
  add_mode(out, rows, "entail");
  if (!problems.empty()) {
    out += "<h2>Wrong answers and failures</h2>\n";
    std::string title = fmt::format("{} rows", problem_count);
    if (problem_count > problems.size())
      title += fmt::format(", {} of them here", problems.size());
    add_table(out, title, row_table(problems));
  }
  if (!slowest.empty()) {
    out += "<h2>Slowest</h2>\n";
    add_table(out, fmt::format("{} rows", slowest.size()), row_table(slowest));
  }
  return out + "</body></html>\n";
}

}  // namespace congrua::cli
