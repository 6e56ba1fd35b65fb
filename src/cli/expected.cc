#include "cli/expected.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

#include "cli/paths.h"

namespace congrua::cli {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)),
                     std::istreambuf_iterator<char>());
}

std::optional<size_t> column(const std::vector<std::string>& header,
                             std::string_view name) {
  const auto it = std::find(header.begin(), header.end(), name);
  if (it == header.end()) return std::nullopt;
  return static_cast<size_t>(it - header.begin());
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

bool decided(const std::string& answer) { return answer == "sat" || answer == "unsat"; }

}  // namespace

std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row(1);
  bool quoted = false;
  const auto end_row = [&] {
    if (row.size() > 1 || !row[0].empty()) rows.push_back(std::move(row));
    row.assign(1, "");
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        row.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        row.back() += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      row.back() += c;
    }
  }
  end_row();
  return rows;
}

std::string csv_field(std::string_view field) {
  if (field.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(field);
  std::string out = "\"";
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

const Expectations::Folder& Expectations::folder(std::string_view path) {
  const std::string name(folder_of(path));
  const auto [it, fresh] = folders_.try_emplace(name);
  Folder& f = it->second;
  if (!fresh) return f;
  const auto expected = parse_csv(slurp(name + "/EXPECTED.csv"));
  if (!expected.empty()) {
    const auto file = column(expected[0], "file");
    const auto answers = column(expected[0], "check_sat_results");
    for (size_t i = 1; file && answers && i < expected.size(); ++i) {
      const std::vector<std::string>& row = expected[i];
      if (row.size() > std::max(*file, *answers))
        f.answers[row[*file]] = words(row[*answers]);
    }
  }
  const auto redundant = parse_csv(slurp(name + "/REDUNDANT.csv"));
  if (!redundant.empty()) {
    const auto file = column(redundant[0], "file");
    const auto index = column(redundant[0], "index");
    const auto verdict = column(redundant[0], "verdict");
    for (size_t i = 1; file && index && verdict && i < redundant.size(); ++i) {
      const std::vector<std::string>& row = redundant[i];
      if (row.size() <= std::max({*file, *index, *verdict})) continue;
      size_t n = 0;
      const std::string& digits = row[*index];
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), n);
      const std::optional<Verdict> v = verdict_from_name(row[*verdict]);
      if (error == std::errc() && v) f.verdicts[row[*file]].emplace_back(n, *v);
    }
  }
  return f;
}

void Expectations::judge(RunRow& row, const std::string& path,
                         std::vector<std::string> statuses) {
  row.correct.reset();
  if (row.mode == "sat") {
    judge_checks(row, path, std::move(statuses));
  } else {
    judge_verdicts(row, path);
  }
}

void Expectations::judge_checks(RunRow& row, const std::string& path,
                                std::vector<std::string> statuses) {
  const auto& table = folder(path).answers;
  if (const auto it = table.find(std::string(plain_name(path)));
      it != table.end() && it->second.size() == statuses.size()) {
    for (size_t i = 0; i < statuses.size(); ++i) {
      if (statuses[i].empty() && decided(it->second[i])) statuses[i] = it->second[i];
    }
  }
  const bool policy = !row.specialize.empty() && row.specialize != "none";
  for (std::string& s : statuses) {
    if (policy && s == "sat") s.clear();
  }
  for (size_t i = 0; i < std::min(statuses.size(), row.answers.size()); ++i) {
    if (statuses[i].empty()) continue;
    const bool contradicts = decided(row.answers[i]) && row.answers[i] != statuses[i];
    row.correct = row.correct.value_or(true) && !contradicts;
  }
  row.expected = std::move(statuses);
}

void Expectations::judge_verdicts(RunRow& row, const std::string& path) {
  const auto& table = folder(path).verdicts;
  const auto it = table.find(std::string(plain_name(path)));
  if (it == table.end() || row.verdicts.empty()) return;
  const bool policy = !row.specialize.empty() && row.specialize != "none";
  TruthFigures& t = row.truth.emplace();
  for (const auto& [index, truth] : it->second) {
    if (index >= row.verdicts.size() || truth == Verdict::kUnknown) continue;
    if (policy && truth == Verdict::kNeeded) continue;
    const Verdict verdict = row.verdicts[index].first;
    const bool found = verdict == truth;
    if (truth == Verdict::kRedundant) {
      ++t.redundant;
      t.redundant_found += found ? 1 : 0;
    } else {
      ++t.needed;
      t.needed_found += found ? 1 : 0;
    }
    if (!found && verdict != Verdict::kUnknown) ++t.wrong;
  }
  if (t.redundant + t.needed > 0) row.correct = t.wrong == 0;
}

}  // namespace congrua::cli
