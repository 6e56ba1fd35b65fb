#include "cli/scan.h"

#include <fmt/format.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace congrua::cli {
namespace {

constexpr std::string_view kBlank = " \t\r\n\f\v";

// The position after the token that starts at `at`: a comment, a string, a quoted symbol,
// a parenthesis or a plain word. At least at + 1.
size_t token_end(std::string_view s, size_t at) {
  const auto past = [&](size_t p) {
    return p == std::string_view::npos ? s.size() : p + 1;
  };
  switch (s[at]) {
    case ';':
      return past(s.find('\n', at));
    case '"':  // "" within a string is a quote: the string goes on as the next token
               // would
      return past(s.find('"', at + 1));
    case '|':
      return past(s.find('|', at + 1));
    case '(':
    case ')':
      return at + 1;
    default: {
      const size_t end = s.find_first_of(" \t\r\n\f\v();\"|", at + 1);
      return end == std::string_view::npos ? s.size() : end;
    }
  }
}

bool is_blank(char c) { return kBlank.find(c) != std::string_view::npos; }

// The position after the list that opens at `at`, or the end of the text.
size_t list_end(std::string_view s, size_t at) {
  size_t depth = 0;
  while (at < s.size()) {
    if (s[at] == '(') ++depth;
    if (s[at] == ')' && --depth == 0) return at + 1;
    at = token_end(s, at);
  }
  return s.size();
}

std::string_view unquoted(std::string_view symbol) {
  if (symbol.size() >= 2 && symbol.front() == '|' && symbol.back() == '|') {
    return symbol.substr(1, symbol.size() - 2);
  }
  return symbol;
}

// "12", "-1" or "(- 1)" as decimal text without leading zeros; empty for anything else.
std::string integer_text(std::string_view value) {
  bool negative = false;
  if (value.starts_with('(')) {
    const std::vector<std::string_view> parts = elements(value, 3);
    if (parts.size() != 2 || parts[0] != "-") return "";
    negative = true;
    value = parts[1];
  } else if (value.starts_with('-')) {
    negative = true;
    value.remove_prefix(1);
  }
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos)
    return "";
  while (value.size() > 1 && value.front() == '0') value.remove_prefix(1);
  return (negative && value != "0" ? "-" : "") + std::string(value);
}

// The name that a command declares as an integer constant; empty for other commands.
std::string_view declared_integer(const Command& c) {
  if (c.name == "declare-const") {
    const std::vector<std::string_view> parts = elements(c.text, 4);
    if (parts.size() == 3 && parts[2] == "Int") return parts[1];
  } else if (c.name == "declare-fun") {
    const std::vector<std::string_view> parts = elements(c.text, 5);
    if (parts.size() == 4 && parts[3] == "Int" && elements(parts[2], 1).empty())
      return parts[1];
  }
  return "";
}

absl::flat_hash_map<std::string, std::string> examples(std::string_view script) {
  constexpr std::string_view kKey = ":example-";
  absl::flat_hash_map<std::string, std::string> out;
  CommandScanner scanner(script);
  while (const std::optional<Command> c = scanner.next()) {
    if (c->name != "set-info") continue;
    const std::vector<std::string_view> parts = elements(c->text, 4);
    if (parts.size() != 3 || !parts[1].starts_with(kKey)) continue;
    std::string value = integer_text(parts[2]);
    if (!value.empty()) {
      out[std::string(unquoted(parts[1].substr(kKey.size())))] = std::move(value);
    }
  }
  return out;
}

int levels(const Command& c) {
  const std::vector<std::string_view> parts = elements(c.text, 3);
  if (parts.size() < 2) return 1;
  int n = 0;
  for (const char digit : parts[1].substr(0, 6)) {
    if (digit < '0' || digit > '9') return 0;
    n = 10 * n + (digit - '0');
  }
  return n;
}

// What a policy makes of one declaration after the other.
class Rewriter {
 public:
  Rewriter(Policy policy, Specialized* out) : policy_(policy), out_(out) {}

  void declaration(const Command& c, std::string_view name, const std::string& value) {
    const bool constants = policy_ == Policy::k01 || policy_ == Policy::kBoth;
    const bool duck = policy_ == Policy::kDuck || policy_ == Policy::kBoth;
    if (constants && (value == "0" || value == "1")) {
      ++out_->figures.constants;
      out_->text += fmt::format("(define-fun {} () Int {})", name, value);
      return;
    }
    if (duck) {
      const auto [it, first] = by_value_.try_emplace(value, name);
      if (!first) {
        ++out_->figures.shared;
        out_->text += fmt::format("(define-fun {} () Int {})", name, it->second);
        return;
      }
    }
    out_->text += c.text;
    if (constants && value[0] != '-') {
      ++out_->figures.at_least_two;
      out_->assumed.push_back(asserts);
      ++asserts;
      out_->text += fmt::format("\n(assert (>= {} 2))", name);
    }
  }

  size_t asserts = 0;

 private:
  Policy policy_;
  Specialized* out_;
  absl::flat_hash_map<std::string, std::string_view> by_value_;
};

}  // namespace

std::optional<Command> CommandScanner::next() {
  while (at_ < text_.size() && text_[at_] != '(') {
    at_ = is_blank(text_[at_]) ? at_ + 1 : token_end(text_, at_);
  }
  if (at_ >= text_.size()) return std::nullopt;
  const size_t begin = at_;
  at_ = list_end(text_, begin);
  Command c;
  c.text = text_.substr(begin, at_ - begin);
  const std::vector<std::string_view> first = elements(c.text, 1);
  if (!first.empty() && first[0][0] != '(') c.name = first[0];
  return c;
}

std::vector<std::string_view> elements(std::string_view command, size_t limit) {
  std::vector<std::string_view> out;
  for (size_t at = 1; at < command.size() && out.size() < limit;) {
    const char c = command[at];
    if (c == ')') break;
    const size_t end = c == '(' ? list_end(command, at) : token_end(command, at);
    if (is_blank(c)) {
      ++at;
      continue;
    }
    if (c == '|' && !out.empty() &&
        out.back().data() + out.back().size() == command.data() + at &&
        out.back().front() == ':') {
      // The quoted part of a keyword such as :example-|a b| belongs to it.
      out.back() = std::string_view(out.back().data(), out.back().size() + (end - at));
    } else if (c != ';') {
      out.push_back(command.substr(at, end - at));
    }
    at = end;
  }
  return out;
}

std::vector<std::string> expected_statuses(std::string_view script) {
  std::vector<std::string> out;
  std::string next;
  CommandScanner scanner(script);
  while (const std::optional<Command> c = scanner.next()) {
    if (c->name == "check-sat" || c->name == "check-sat-assuming") {
      out.push_back(std::exchange(next, ""));
    } else if (c->name == "exit") {
      break;
    } else if (c->name == "set-info") {
      const std::vector<std::string_view> parts = elements(c->text, 4);
      if (parts.size() == 3 && parts[1] == ":status") {
        next = parts[2] == "sat" || parts[2] == "unsat" ? std::string(parts[2]) : "";
      }
    }
  }
  return out;
}

std::string_view policy_name(Policy policy) {
  switch (policy) {
    case Policy::kNone:
      return "none";
    case Policy::k01:
      return "01";
    case Policy::kDuck:
      return "duck";
    case Policy::kBoth:
      break;
  }
  return "both";
}

std::optional<Policy> policy_from_name(std::string_view name) {
  for (const Policy p : {Policy::kNone, Policy::k01, Policy::kDuck, Policy::kBoth}) {
    if (name == policy_name(p)) return p;
  }
  return std::nullopt;
}

Specialized specialize(std::string_view script, Policy policy) {
  Specialized out;
  if (policy == Policy::kNone) {
    out.text = script;
    return out;
  }
  const absl::flat_hash_map<std::string, std::string> values = examples(script);
  absl::flat_hash_set<std::string> declared;
  Rewriter rewriter(policy, &out);
  CommandScanner scanner(script);
  int depth = 0;
  const char* copied = script.data();
  while (const std::optional<Command> c = scanner.next()) {
    out.text.append(copied, static_cast<size_t>(c->text.data() - copied));
    copied = c->text.data() + c->text.size();
    if (c->name == "push") depth += levels(*c);
    if (c->name == "pop") depth -= levels(*c);
    if (c->name == "assert") ++rewriter.asserts;
    const std::string_view name = depth == 0 ? declared_integer(*c) : "";
    const auto value = values.find(std::string(unquoted(name)));
    if (!name.empty() && value != values.end() && declared.insert(value->first).second) {
      rewriter.declaration(*c, name, value->second);
    } else {
      out.text += c->text;
    }
  }
  out.text.append(copied, static_cast<size_t>(script.data() + script.size() - copied));
  return out;
}

}  // namespace congrua::cli
