#include "cli/asked.h"

#include <fmt/format.h>

#include "absl/status/status.h"

namespace congrua::cli {

absl::StatusOr<Read> read(ExprPool& pool, std::string_view text, Spellings* spellings) {
  const ParseOptions options{.spellings = spellings};
  const size_t start = text.find_first_not_of(" \t\r\n");
  const bool parenthesis = start != std::string_view::npos && text[start] == '(';
  absl::Status as_list;
  if (parenthesis) {
    absl::StatusOr<Expr> e = parse_sexpr(pool, text, options);
    if (e.ok()) return Read{*e, true};
    as_list = e.status();
  }
  absl::StatusOr<Expr> e = parse_infix(pool, text, options);
  if (e.ok()) return Read{*e, false};
  const bool looks_infix = text.find_first_of("+*/%<>=,") != std::string_view::npos;
  return parenthesis && !looks_infix ? as_list : e.status();
}

bool Asked::read_all(const AskOptions& o, std::string_view command, bool proposition,
                     std::FILE* err) {
  const auto refuse = [&](std::string_view what, std::string_view why) {
    fmt::print(err, "congrua {}: {}: {}\n", command, what, why);
    return false;
  };
  for (const std::string& text : o.facts) {
    const std::string name = "--assume " + text;
    absl::StatusOr<Read> fact = read(pool_, text);
    if (!fact.ok()) return refuse(name, std::string(fact.status().message()));
    if (!fact->expr.is_bool()) return refuse(name, "a fact is a proposition");
    const bool before = facts_.contradictory();
    if (!facts_.add(fact->expr).ok() && !before) {
      fmt::print(err, "congrua {}: note: {}: contradicts the facts before it\n", command,
                 name);
    }
  }
  absl::StatusOr<Read> question = read(pool_, o.question, &spellings_);
  if (!question.ok()) return refuse(o.question, std::string(question.status().message()));
  if (proposition && !question->expr.is_bool()) {
    return refuse(o.question, "a goal is a proposition");
  }
  question_ = *question;
  return true;
}

int write(const std::string& text, std::string_view command, std::FILE* out,
          std::FILE* err) {
  if (std::fwrite(text.data(), 1, text.size(), out) == text.size() &&
      std::fflush(out) == 0) {
    return kAskOk;
  }
  fmt::print(err, "congrua {}: the answer could not be written\n", command);
  return kAskOutput;
}

std::string line(const Json& j) {
  return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace congrua::cli
