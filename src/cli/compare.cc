#include "cli/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "cli/report_text.h"
#include "cli/stats.h"

namespace congrua::cli {
namespace {

constexpr size_t kMaxListed = 10;
constexpr double kChange = 1.25;  // times that differ by less are taken as equal
constexpr double kNoiseMs = 0.1;

struct SeriesPair {
  const Series* a;
  const Series* b;
};

std::vector<SeriesPair> pair_series(const std::vector<Series>& a,
                                    const std::vector<Series>& b) {
  std::vector<SeriesPair> out;
  std::vector<const Series*> left_a, left_b;
  for (const Series& s : b) left_b.push_back(&s);
  for (const Series& s : a) {
    const auto same = std::find_if(left_b.begin(), left_b.end(), [&](const Series* t) {
      return t->mode == s.mode && t->engine == s.engine && t->specialize == s.specialize;
    });
    if (same == left_b.end()) {
      left_a.push_back(&s);
    } else {
      out.push_back({&s, *same});
      left_b.erase(same);
    }
  }
  for (const Series* s : left_a) {
    const auto same_mode = [&](const Series* t) { return t->mode == s->mode; };
    if (std::count_if(left_a.begin(), left_a.end(), same_mode) == 1 &&
        std::count_if(left_b.begin(), left_b.end(), same_mode) == 1) {
      out.push_back({s, *std::find_if(left_b.begin(), left_b.end(), same_mode)});
    }
  }
  return out;
}

bool contradicts(const RunRow& a, const RunRow& b) {
  for (size_t i = 0; i < std::min(a.answers.size(), b.answers.size()); ++i) {
    const std::string& x = a.answers[i];
    const std::string& y = b.answers[i];
    if ((x == "sat" && y == "unsat") || (x == "unsat" && y == "sat")) return true;
  }
  return false;
}

using RowPair = std::pair<const RunRow*, const RunRow*>;

void list(std::string& out, std::string_view title, const std::vector<RowPair>& pairs,
          std::string (*detail)(const RowPair&)) {
  if (pairs.empty()) return;
  out += fmt::format("\n{}: {}\n", title, pairs.size());
  for (size_t i = 0; i < std::min(pairs.size(), kMaxListed); ++i) {
    out += fmt::format("  {}: {}\n", pairs[i].first->file, detail(pairs[i]));
  }
  if (pairs.size() > kMaxListed)
    out += fmt::format("  and {} more\n", pairs.size() - kMaxListed);
}

std::string statuses(const RowPair& p) {
  return fmt::format("{} -> {}{}{}", p.first->status, p.second->status,
                     p.second->message.empty() ? "" : ": ", p.second->message);
}

std::string times(const RowPair& p) {
  const double a = compared_ms(*p.first), b = compared_ms(*p.second);
  return fmt::format("{} ms -> {} ms", short_number(a), short_number(b));
}

double ratio(const RowPair& p) {
  return std::max(compared_ms(*p.second), kLeastMs) /
         std::max(compared_ms(*p.first), kLeastMs);
}

void add_row(TextTable& t, std::string_view name, const Series& s,
             const std::vector<const RunRow*>& rows) {
  const Stats st = summarize(rows);
  const auto n = [](uint64_t v) { return fmt::format("{}", v); };
  std::vector<std::string> row = {std::string(name),
                                  s.label(),
                                  n(st.files),
                                  n(st.solved),
                                  n(st.unknown),
                                  n(st.timeout + st.memory),
                                  n(st.crash + st.error),
                                  n(st.wrong),
                                  short_number(st.par2_s),
                                  short_number(st.geomean_solve_ms)};
  if (s.mode == "entail") {
    const EntailFigures& e = st.entail;
    for (const uint64_t v : {e.guards, e.redundant, e.needed, e.unknown})
      row.push_back(n(v));
    for (const double v : {e.us_p50, e.us_p99, e.us_total / 1e3})
      row.push_back(short_number(v));
  }
  t.add(std::move(row));
}

void compare_pair(const SeriesPair& series, std::string_view name_a,
                  std::string_view name_b, Comparison& result) {
  std::string& out = result.text;
  const Pairing pairs = pair_up(*series.a, *series.b);
  out += fmt::format("{}mode {}: {} rows in {}, {} in {}, {} files in both\n",
                     out.empty() ? "" : "\n", series.a->mode, series.a->rows.size(),
                     name_a, series.b->rows.size(), name_b, pairs.all.size());
  if (pairs.all.empty()) return;
  std::vector<const RunRow*> rows_a, rows_b;
  std::vector<RowPair> gained, lost, contradicting, faster, slower;
  for (const RowPair& p : pairs.all) {
    rows_a.push_back(p.first);
    rows_b.push_back(p.second);
    if (!p.first->solved() && p.second->solved()) gained.push_back(p);
    if (p.first->solved() && !p.second->solved()) lost.push_back(p);
    if (p.first->specialize == p.second->specialize && contradicts(*p.first, *p.second)) {
      contradicting.push_back(p);
    }
  }
  for (const RowPair& p : pairs.comparable) {
    const double a = compared_ms(*p.first), b = compared_ms(*p.second);
    if (std::max(a, b) < kNoiseMs) continue;
    if (ratio(p) > kChange) slower.push_back(p);
    if (ratio(p) < 1 / kChange) faster.push_back(p);
  }
  const auto by_ratio = [](const RowPair& x, const RowPair& y) {
    return ratio(x) > ratio(y);
  };
  std::stable_sort(slower.begin(), slower.end(), by_ratio);
  std::stable_sort(faster.rbegin(), faster.rend(), by_ratio);

  std::vector<std::string> header = {"log",     "engine",          "files",  "solved",
                                     "unknown", "limits",          "failed", "wrong",
                                     "PAR-2 s", "geomean solve ms"};
  if (series.a->mode == "entail") {
    header.insert(header.end(), {"guards", "redundant", "needed", "unknown guards",
                                 "us p50", "us p99", "total ms"});
  }
  TextTable table(header, 2);
  add_row(table, name_a, *series.a, rows_a);
  add_row(table, name_b, *series.b, rows_b);
  out += table.text();
  if (!pairs.comparable.empty()) {
    double a = 0, b = 0;
    for (const auto& [x, y] : pairs.comparable) {
      a += compared_ms(*x);
      b += compared_ms(*y);
    }
    out += fmt::format(
        "{} files answered in both: time of the second over the first {} (geomean), {} "
        "(sum: {} ms, "
        "{} ms)\n",
        pairs.comparable.size(), short_number(speedup(pairs.comparable)),
        a > 0 ? short_number(b / a) : "-", short_number(a), short_number(b));
  }
  list(out, "CONTRADICTIONS", contradicting, statuses);
  list(out, "solved in the second alone", gained, statuses);
  list(out, "solved in the first alone", lost, statuses);
  list(out, "slower in the second", slower, times);
  list(out, "faster in the second", faster, times);
  result.contradictions += contradicting.size();
}

}  // namespace

Comparison compare(const std::vector<RunRow>& a, const std::vector<RunRow>& b,
                   std::string_view name_a, std::string_view name_b) {
  Comparison result;
  const std::vector<Series> series_a = series(a), series_b = series(b);
  const std::vector<SeriesPair> pairs = pair_series(series_a, series_b);
  for (const SeriesPair& p : pairs) compare_pair(p, name_a, name_b, result);
  if (pairs.empty()) result.text = "the logs have no mode and engine to compare\n";
  for (const auto* rows : {&a, &b}) {
    for (const RunRow& row : *rows) result.wrong += row.correct && !*row.correct ? 1 : 0;
  }
  if (result.wrong > 0) {
    result.text += fmt::format("\n{} wrong answers in the two logs\n", result.wrong);
  }
  return result;
}

}  // namespace congrua::cli
