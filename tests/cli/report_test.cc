#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cli/compare.h"
#include "cli/plot.h"
#include "cli/progress.h"
#include "cli/report_html.h"
#include "cli/report_text.h"
#include "cli/stats.h"

namespace congrua::cli {
namespace {

RunRow sat_row(const std::string& file, const std::string& engine,
               const std::string& status, double solve_ms) {
  RunRow row;
  row.file = file;
  row.engine = engine;
  row.mode = "sat";
  row.status = status;
  row.solve_ms = solve_ms;
  row.timeout_s = 10;
  if (status == "sat" || status == "unsat") {
    row.answers = {status};
    row.layers["search"] = 1;
  }
  return row;
}

RunRow entail_row(const std::string& file, const std::string& engine, uint64_t ns,
                  int n) {
  RunRow row;
  row.file = file;
  row.engine = engine;
  row.mode = "entail";
  row.timeout_s = 10;
  std::vector<uint64_t> times;
  for (int i = 0; i < n; ++i) {
    row.verdicts.emplace_back(i % 4 == 0 ? Verdict::kNeeded : Verdict::kRedundant,
                              i % 4 == 0 ? "model" : "interval");
    times.push_back(ns);
  }
  finish_entail(row, times, 1000);
  return row;
}

TEST(Stats, FiguresOfAFamily) {
  std::vector<RunRow> rows = {
      sat_row("a", "n", "sat", 1), sat_row("b", "n", "unsat", 100),
      sat_row("c", "n", "timeout", 0), sat_row("d", "n", "unknown", 5)};
  rows[1].correct = false;
  rows[0].parse_ms = 0.5;
  rows[0].bytes = 20'000;
  rows[2].bytes = 10'000;  // never read
  std::vector<const RunRow*> p;
  for (const RunRow& r : rows) p.push_back(&r);
  const Stats s = summarize(p);
  EXPECT_EQ(s.files, 4u);
  EXPECT_EQ(s.solved, 2u);
  EXPECT_EQ(s.unknown, 1u);
  EXPECT_EQ(s.timeout, 1u);
  EXPECT_EQ(s.wrong, 1u);
  EXPECT_NEAR(s.par2_s, (0.1015 + 40) / 4, 1e-9);
  EXPECT_NEAR(s.geomean_ms, std::sqrt(150), 1e-9);
  EXPECT_DOUBLE_EQ(s.p50_ms, 1.5);
  EXPECT_DOUBLE_EQ(s.parse_mb_s, 40);
  EXPECT_DOUBLE_EQ(s.p99_ms, 100);
  EXPECT_EQ(s.answers, 2u);
  EXPECT_EQ(summarize({}).files, 0u);
}

TEST(Stats, GuardPercentilesOverFiles) {
  // 99 guards of 1 us and one of 50 us, in files that alone would tell otherwise.
  const std::vector<RunRow> rows = {entail_row("a", "n", 1000, 99),
                                    entail_row("b", "n", 50'000, 1)};
  const Stats s = summarize({&rows[0], &rows[1]});
  EXPECT_EQ(s.entail.guards, 100u);
  EXPECT_NEAR(s.entail.us_p50, 1, 0.032);
  EXPECT_NEAR(s.entail.us_p99, 1, 0.032);
  const Stats t = summarize({&rows[1]});
  EXPECT_NEAR(t.entail.us_p99, 50, 50 * 0.032);
}

TEST(Stats, EnginesInShort) {
  EXPECT_EQ(short_engine("native"), "native");
  EXPECT_EQ(short_engine("cmd:python3 bench/baselines/sympy_engine.py"),
            "cmd:sympy_engine.py");
  EXPECT_EQ(short_engine("cmd:/usr/bin/z3 -T:{timeout} {file}"), "cmd:z3");
  EXPECT_EQ(short_engine("cmd:env python3 -u x.py"), "cmd:x.py");
}

TEST(Stats, SpeedupIsOverCommonFiles) {
  const std::vector<RunRow> rows = {
      sat_row("a", "native", "sat", 1), sat_row("a", "z3", "sat", 10),
      sat_row("b", "native", "sat", 1), sat_row("b", "z3", "sat", 1000),
      sat_row("c", "native", "sat", 1), sat_row("c", "z3", "timeout", 0)};
  const auto all = series(rows);
  ASSERT_EQ(all.size(), 2u);
  const Pairing p = pair_up(all[0], all[1]);
  EXPECT_EQ(p.all.size(), 3u);
  EXPECT_EQ(p.comparable.size(), 2u);
  EXPECT_NEAR(speedup(p.comparable), 100, 1e-6);
}

TEST(ReportText, Numbers) {
  const struct {
    double v;
    const char* text;
  } cases[] = {{0, "0"},         {0.01234, "0.012"}, {0.1234, "0.123"},
               {1.005, "1.00"},  {9.999, "10.0"},    {99.97, "100"},
               {1234.5, "1234"}, {0.00001, "1e-05"}};
  for (const auto& c : cases) EXPECT_EQ(short_number(c.v), c.text);
}

TEST(ReportText, TableIsAligned) {
  TextTable t({"name", "n"}, 1);
  t.add({"ä", "10"});
  t.add({"longer", "7"});
  EXPECT_EQ(t.text(),
            "name     n\n"
            "ä       10\n"
            "longer   7\n");
  EXPECT_EQ(TextTable({"a"}, 1).text(), "");
}

TEST(ReportText, FamiliesTotalsAndLists) {
  std::vector<RunRow> rows = {sat_row("d/cnn_1.smt2", "native", "sat", 1),
                              sat_row("d/unet_1.smt2", "native", "crash", 0)};
  rows[0].correct = false;
  rows[0].expected = {"unsat"};
  rows[1].message = "killed by signal 11";
  const std::string text = text_report(rows);
  for (const char* part :
       {"d/cnn", "d/unet", "all ", "WRONG ANSWERS",
        "check 1 answered sat, expected unsat", "killed by signal 11", "100.0%"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text_report({}), "");
}

TEST(ReportText, RatioByFamily) {
  const std::vector<RunRow> rows = {
      sat_row("d/cnn_1.smt2", "native", "sat", 1),
      sat_row("d/cnn_1.smt2", "z3", "sat", 10),
      sat_row("d/cnn_2.smt2", "native", "sat", 1),
      sat_row("d/cnn_2.smt2", "z3", "sat", 1000),
      sat_row("d/unet_1.smt2", "native", "sat", 2),
      sat_row("d/unet_1.smt2", "z3", "timeout", 9000),
      sat_row("d/unet_2.smt2", "native", "unknown", 2),
      sat_row("d/unet_2.smt2", "z3", "sat", 9000),
  };
  EXPECT_EQ(
      ratio_table(rows, "sat").text(),
      "family  engine  against  files  both  alone  other alone  geomean ms  against ms  "
      "geomean ratio  total ms  against ms  total ratio\n"
      "d/cnn   native  z3           2     2      -            -        1.00         100  "
      "          100      2.00        1010          505\n"
      "d/unet  native  z3           2     0      1            1           -           -  "
      "            -         -           -            -\n"
      "all     native  z3           4     2      1            1        1.00         100  "
      "          100      2.00        1010          505\n");
  // The bottom line of the report.
  EXPECT_TRUE(text_report(rows).ends_with(ratio_table(rows, "sat").text()));
  EXPECT_EQ(ratio_table(rows, "entail").text(), "");
  EXPECT_EQ(ratio_table({rows[0], rows[2]}, "sat").text(), "");
}

TEST(ReportText, RatioOfStreams) {
  // A file without guards and one that was not gone through tell nothing.
  std::vector<RunRow> rows = {
      entail_row("d/f_a.smt2", "native", 1000, 10),
      entail_row("d/f_a.smt2", "z3", 200'000, 10),
      entail_row("d/f_b.smt2", "native", 3000, 10),
      entail_row("d/f_b.smt2", "z3", 100'000, 10),
      entail_row("d/f_c.smt2", "native", 1000, 10),
      entail_row("d/f_c.smt2", "z3", 1000, 5),
      entail_row("d/f_d.smt2", "native", 0, 0),
      entail_row("d/f_d.smt2", "z3", 0, 0),
  };
  rows[5].status = "timeout";
  EXPECT_EQ(ratio_table(rows, "entail").text(),
            "family  engine  against  files  both  alone  total us  against us  total "
            "ratio  geomean ratio\n"
            "d/f     native  z3           4     2      1      40.0        3000         "
            "75.0           81.6\n");
}

TEST(ReportText, LongListsAreCut) {
  std::vector<RunRow> rows;
  for (int i = 0; i < 50; ++i)
    rows.push_back(sat_row("f" + std::to_string(i), "n", "error", 0));
  EXPECT_NE(text_report(rows).find("and 30 more"), std::string::npos);
}

TEST(ReportHtml, IsSelfContainedAndEscaped) {
  std::vector<RunRow> rows;
  for (int i = 0; i < 30; ++i) {
    rows.push_back(
        sat_row("f" + std::to_string(i) + "<x>", "native", "sat", 0.01 * (i + 1)));
    rows.push_back(sat_row("f" + std::to_string(i) + "<x>", "z3",
                           i % 7 == 0 ? "timeout" : "sat", i * i));
    rows.push_back(entail_row("f" + std::to_string(i) + "<x>", "native", 500, 20));
  }
  const std::string page = html_report(rows, "bench \"a\" & b");
  EXPECT_NE(page.find("&lt;x&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<x>"), std::string::npos);
  EXPECT_NE(page.find("bench &quot;a&quot; &amp; b"), std::string::npos);
  for (const char* part :
       {"http:", "https:", "<script", "<link", "src=", "nan", "inf\""}) {
    EXPECT_EQ(page.find(part), std::string::npos) << part;
  }
  EXPECT_NE(html_report({}, "").find("</html>"), std::string::npos);
}

TEST(Plot, OddData) {
  EXPECT_EQ(curve_plot({}, "x", "y"), "");
  EXPECT_EQ(curve_plot({{"a", {}}}, "x", "y"), "");
  EXPECT_EQ(dot_plot({{-1, -1, "a"}}, "x", "y"), "");
  for (const std::string& svg : {curve_plot({{"a", {{1, 5}}}}, "x", "y"),
                                 curve_plot({{"a", {{1, 1e-6}, {2, 1e6}}}}, "x", "y"),
                                 dot_plot({{1, 1, "a"}}, "x", "y"),
                                 dot_plot({{-1, 3, "a"}, {3, -1, "b"}}, "x", "y")}) {
    EXPECT_TRUE(svg.starts_with("<svg"));
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
  }
}

TEST(Compare, GainsLossesAndContradictions) {
  const std::vector<RunRow> a = {
      sat_row("a", "native", "sat", 10), sat_row("b", "native", "unknown", 1),
      sat_row("c", "native", "sat", 1), sat_row("d", "native", "sat", 1),
      sat_row("only-a", "native", "sat", 1)};
  const std::vector<RunRow> b = {
      sat_row("a", "native", "sat", 1), sat_row("b", "native", "sat", 1),
      sat_row("c", "native", "timeout", 0), sat_row("d", "native", "unsat", 8)};
  const Comparison c = compare(a, b, "a.jsonl", "b.jsonl");
  EXPECT_EQ(c.contradictions, 1u);
  for (const char* part : {"4 files in both", "CONTRADICTIONS: 1\n  d: sat -> unsat",
                           "solved in the second alone: 1\n  b: unknown -> sat",
                           "solved in the first alone: 1\n  c: sat -> timeout",
                           "slower in the second: 1\n  d: 1.00 ms -> 8.00 ms",
                           "faster in the second: 1\n  a: 10.0 ms -> 1.00 ms"}) {
    EXPECT_NE(c.text.find(part), std::string::npos) << part << "\n" << c.text;
  }
}

TEST(Compare, DifferentEnginesOfTwoLogs) {
  const std::vector<RunRow> a = {sat_row("a", "native", "sat", 1)},
                            b = {sat_row("a", "z3", "sat", 50)};
  const Comparison c = compare(a, b, "x", "y");
  EXPECT_NE(c.text.find("50.0 (geomean)"), std::string::npos) << c.text;
  EXPECT_EQ(c.contradictions, 0u);
  EXPECT_NE(compare(a, {entail_row("a", "z3", 5, 1)}, "x", "y").text.find("no mode"),
            std::string::npos);
}

TEST(Progress, Line) {
  ProgressState s;
  s.total = 120;
  EXPECT_EQ(progress_line(s, 80), "[........................] 0/120 0%  0:00");
  s.done = 60;
  s.elapsed_s = 75;
  s.wrong = 1;
  s.current = "some/long/folder/name/with/a/file.smt2";
  EXPECT_EQ(progress_line(s, 90),
            "[############............] 60/120 50%  1:15, 1:15 left  1 WRONG  "
            ".../name/with/a/file.smt2");
  for (size_t columns = 1; columns < 120; ++columns) {
    EXPECT_LE(progress_line(s, columns).size(), columns);
  }
  s.elapsed_s = 7322;
  EXPECT_NE(progress_line(s, 90).find("2:02:02"), std::string::npos);
  s.done = s.total = 0;
  EXPECT_NE(progress_line(s, 90).find("0/0 100%"), std::string::npos);
}

}  // namespace
}  // namespace congrua::cli
