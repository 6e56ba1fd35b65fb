#include "cli/cases.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "cli/command.h"

namespace congrua::cli {
namespace {

constexpr size_t kMaxErrors = 10;  // of one file that are shown

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& v) {
  return v ? Json(*v) : Json(nullptr);
}

Json answer_json(const CaseRow& row) {
  const CaseAnswer& a = row.answer;
  if (!row.has_answer) return nullptr;
  if (!a.text.empty()) return a.text;
  if (row.kind == CaseKind::kBound) {
    return {{"lo", or_null(a.bounds.lo)}, {"hi", or_null(a.bounds.hi)}};
  }
  return {{"coeff", a.bounds.modulus}, {"base", a.bounds.residue}};
}

std::optional<CaseEngine> engine_from_name(std::string_view name) {
  if (name == "native") return CaseEngine::kNative;
  if (name == "auto") return CaseEngine::kAuto;
  if (name == "z3") return CaseEngine::kZ3;
  return std::nullopt;
}

struct Closer {
  void operator()(std::FILE* f) const { std::fclose(f); }
};

}  // namespace

absl::StatusOr<CaseRow> run_case(const Case& c, CaseEngine engine) {
  if (c.kind == CaseKind::kOther) {
    CaseRow row;
    row.id = c.id;
    row.suite = c.suite;
    row.kind_name = c.kind_name;
    return row;
  }
  absl::StatusOr<CaseAnswer> answer = ask_case(c, engine);
  if (!answer.ok()) return answer.status();
  return judge_case(c, *answer);
}

std::string case_row_json(const CaseRow& row) {
  Json j;
  j["id"] = row.id;
  j["suite"] = row.suite;
  j["kind"] = row.kind_name;
  j["verdict"] = verdict_name(row.verdict);
  j["answer"] = answer_json(row);
  if (row.kind == CaseKind::kConfluence) j["answer_expected"] = row.answer.expected_text;
  if (row.answer.same_node) j["same_node"] = *row.answer.same_node;
  j["cost_in"] = or_null(row.cost_in);
  j["cost_out"] = or_null(row.cost_out);
  j["expected_cost"] = or_null(row.expected_cost);
  j["sound"] = row.has_answer ? Json(row.sound()) : Json(nullptr);
  const auto rounded = [](double us) { return std::round(us * 1e3) / 1e3; };
  j["us"] = row.has_answer ? Json(rounded(row.answer.us)) : Json(nullptr);
  if (row.has_answer) {
    if (row.cost_in) j["simplify_us"] = rounded(row.answer.simplify_us);
    j["read_us"] = rounded(row.answer.read_us);
    j["facts_us"] = rounded(row.answer.facts_us);
    j["points"] = row.points;
  }
  if (row.answer.layer != Layer::kNone) j["layer"] = layer_name(row.answer.layer);
  if (row.tight) j["tight"] = *row.tight;
  if (!row.why.empty()) j["why"] = row.why;
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int run_cases(const CasesOptions& options, std::FILE* out, std::FILE* err) {
  std::unique_ptr<std::FILE, Closer> file;
  const bool to_out = options.jsonl.empty() || options.jsonl == "-";
  if (!to_out) {
    file.reset(std::fopen(options.jsonl.c_str(), "w"));
    if (!file) {
      fmt::print(err, "congrua cases: {}: cannot be written\n", options.jsonl);
      return kCasesOutput;
    }
  }
  std::FILE* rows_to = to_out ? out : file.get();
  std::FILE* summary_to = to_out ? err : out;

  bool unreadable = false;
  bool unsound = false;
  bool written = true;
  const auto complain = [&](std::string_view what) {
    unreadable = true;
    fmt::print(err, "congrua cases: {}\n", what);
  };
  std::vector<CaseRow> rows;
  for (const std::string& path : options.paths) {
    absl::StatusOr<CaseFile> cases = read_cases(path);
    if (!cases.ok()) {
      complain(std::string(cases.status().message()));
      continue;
    }
    // A file of another kind has an error a line.
    const size_t errors = cases->errors.size();
    const size_t shown = errors > kMaxErrors + 1 ? kMaxErrors : errors;
    for (size_t i = 0; i < shown; ++i) complain(cases->errors[i]);
    if (shown < errors) {
      complain(fmt::format("{}: {} more lines cannot be read", path, errors - shown));
    }
    for (const Case& c : cases->cases) {
      absl::StatusOr<CaseRow> row = run_case(c, options.engine);
      if (!row.ok()) {
        complain(
            fmt::format("{}: {}: {}", path, c.id, std::string(row.status().message())));
        continue;
      }
      if (!row->sound()) {
        unsound = true;
        fmt::print(err, "congrua cases: {}: {}: unsound: {}\n", path, c.id, row->why);
      }
      const std::string line = case_row_json(*row) + "\n";
      written &= std::fwrite(line.data(), 1, line.size(), rows_to) == line.size();
      rows.push_back(*std::move(row));
    }
  }
  written &= std::fflush(rows_to) == 0;
  const std::string summary = case_summary(rows);
  std::fputs(summary.c_str(), summary_to);
  written &= std::fflush(summary_to) == 0;
  if (!written) {
    fmt::print(err, "congrua cases: a row could not be written\n");
    return kCasesOutput;
  }
  return unsound ? kCasesUnsound : unreadable ? kCasesInput : kCasesOk;
}

void add_cases(CLI::App& app, int& exit_code) {
  static constexpr std::string_view kFooter =
      R"(FILE holds one JSON object a line; tests/data/peer_suites/README.md defines them. Each answer is
checked by evaluating the text of the case, which the library has no part in. Rows go to standard
output and the summary to standard error; with --jsonl rows go to OUT and the summary to standard output.

Exit codes: 0 no answer is wrong, whatever the credit; 1 a wrong answer; 2 wrong use, or a file or
line that cannot be read (the others are run); 3 a row could not be written.)";
  CLI::App* sub = app.add_subcommand("cases", "Run simplify, prove and bound cases");
  auto options = std::make_shared<CasesOptions>();
  sub->add_option("FILE", options->paths, "Case files")->required()->option_text("...");
  sub->add_option_function<std::string>(
         "--engine",
         [options](const std::string& name) {
           const auto engine = engine_from_name(name);
           if (!engine)
             throw CLI::ValidationError("--engine " + name, "not native, auto or z3");
           options->engine = *engine;
         },
         "native, auto (Z3 for verdicts that the native engine leaves open) or z3\n"
         "(verdicts by Z3 alone); forms and bounds are native in each")
      ->option_text("ENGINE [native]");
  sub->add_option("--jsonl", options->jsonl, "Write the rows to this file")
      ->option_text("OUT");
  sub->footer(std::string(kFooter));
  sub->callback(
      [options, &exit_code] { exit_code = run_cases(*options, stdout, stderr); });
}

}  // namespace congrua::cli
