#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/cases.h"
#include "cli/report_text.h"

namespace congrua::cli {
namespace {

struct Tally {
  std::string suite, kind;
  std::array<size_t, 5> verdicts{};
  size_t cases = 0;
  uint64_t in = 0, out = 0, expected = 0;
  size_t forms = 0, pairs = 0, same = 0, tight_asked = 0, tight = 0;
  std::vector<double> us;

  void add(const CaseRow& row) {
    ++cases;
    ++verdicts[static_cast<size_t>(row.verdict)];
    if (row.kind == CaseKind::kSimplify) {
      ++forms;
      in += *row.cost_in;
      // What is not right saves nothing.
      out += row.sound() ? row.cost_out.value_or(*row.cost_in) : *row.cost_in;
      expected += *row.expected_cost;
    }
    if (row.answer.same_node) {
      ++pairs;
      same += *row.answer.same_node ? 1 : 0;
    }
    if (row.tight) {
      ++tight_asked;
      tight += *row.tight ? 1 : 0;
    }
    if (row.has_answer) us.push_back(row.answer.us);
  }

  std::vector<std::string> cells() {
    const auto count = [&](CaseVerdict v) {
      return std::to_string(verdicts[static_cast<size_t>(v)]);
    };
    const auto share = [](size_t part, size_t whole) {
      return whole == 0 ? std::string("-")
                        : fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) /
                                                     static_cast<double>(whole));
    };
    std::ranges::sort(us);
    const auto at = [&](double q) {
      if (us.empty()) return std::string("-");
      const auto i = static_cast<size_t>(q * static_cast<double>(us.size()));
      return fmt::format("{:.2f}", us[std::min(i, us.size() - 1)]);
    };
    const auto operators = [&](uint64_t n) {
      return forms == 0 ? std::string("-") : std::to_string(n);
    };
    return {suite,
            kind,
            std::to_string(cases),
            count(CaseVerdict::kOk),
            count(CaseVerdict::kPartial),
            count(CaseVerdict::kMiss),
            count(CaseVerdict::kUnsound),
            count(CaseVerdict::kUnsupported),
            operators(in),
            operators(out),
            operators(expected),
            share(same, pairs),
            share(tight, tight_asked),
            at(0.5),
            at(0.99)};
  }
};

}  // namespace

std::string case_summary(const std::vector<CaseRow>& rows) {
  std::vector<Tally> tallies;  // by suite and kind, each in the order of their first rows
  std::vector<std::string> suites;
  const auto tally = [&](const std::string& suite, const std::string& kind) -> Tally& {
    const auto it = std::ranges::find_if(
        tallies, [&](const Tally& t) { return t.suite == suite && t.kind == kind; });
    if (it != tallies.end()) return *it;
    tallies.emplace_back().suite = suite;
    tallies.back().kind = kind;
    return tallies.back();
  };
  static constexpr const char* kAll = "all";
  for (const CaseRow& row : rows) {
    if (std::ranges::find(suites, row.suite) == suites.end()) suites.push_back(row.suite);
    tally(row.suite, row.kind_name).add(row);
    tally(row.suite, kAll).add(row);
  }
  TextTable table(
      {"suite", "kind", "cases", "ok", "partial", "miss", "unsound", "unsupported",
       "ops in", "out", "expected", "same node", "tight", "us p50", "p99"},
      2);
  for (const std::string& suite : suites) {
    for (Tally& t : tallies) {
      if (t.suite == suite && t.kind != kAll) table.add(t.cells());
    }
    table.add(tally(suite, kAll).cells());
  }
  return table.text();
}

}  // namespace congrua::cli
