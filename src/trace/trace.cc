#include "trace/trace.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"

namespace congrua::trace {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<std::string_view, LineKind> kKinds[] = {
    {"program", LineKind::kProgram}, {"env", LineKind::kEnv},
    {"sym", LineKind::kSymbol},      {"duck", LineKind::kDuck},
    {"spec01", LineKind::kConstant}, {"eval", LineKind::kEval},
    {"stat", LineKind::kStat},       {"assert", LineKind::kAssert},
    {"simp", LineKind::kSimplify},   {"repl", LineKind::kReplace},
    {"range", LineKind::kRange},     {"div", LineKind::kDivisible},
    {"guards", LineKind::kGuards},   {"idx", LineKind::kIndex},
    {"loops", LineKind::kLoops},     {"mult", LineKind::kMultiple},
    {"again", LineKind::kAgain},     {"summary", LineKind::kSummary}};

// A number, a truth value or a text, as text.
std::string text_of(const Json& j) {
  return j.is_string() ? j.get<std::string>() : j.dump();
}

class LineReader {
 public:
  LineReader(const Json& j, Line& line) : j_(j), line_(line) {}

  absl::Status read() {
    line_.env = static_cast<int>(integer("env", 0));
    line_.i = integer("i", -1);
    line_.us = number("us");
    switch (line_.kind) {
      case LineKind::kProgram:
        return text("name", line_.name);
      case LineKind::kSymbol:
        return symbol();
      case LineKind::kDuck:
        return all({text("s", line_.name), text("src", line_.source)});
      case LineKind::kConstant:
        return all({text("val", line_.expr), text("src", line_.source)});
      case LineKind::kEval:
      case LineKind::kAssert:
      case LineKind::kStat:
        return question();
      case LineKind::kMultiple:
        result();
        return all({text("e", line_.expr), text("d", line_.name)});
      case LineKind::kSimplify:
        result();
        return text("e", line_.expr);
      case LineKind::kRange:
        return all({text("s", line_.name), range(member("range"), line_.range)});
      case LineKind::kIndex:
        result();
        return all({text("e", line_.expr), sizes()});
      case LineKind::kLoops:
        return loops();
      case LineKind::kGuards:
        return guards();
      case LineKind::kAgain:
        line_.of = integer("of", -1);
        line_.times = integer("n", 1);
        return line_.times >= 1 ? absl::OkStatus() : wrong("n", "at least 1");
      default:
        return absl::OkStatus();
    }
  }

 private:
  static absl::Status wrong(std::string_view key, std::string_view wanted) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is not {}", key, wanted));
  }
  static absl::Status all(std::initializer_list<absl::Status> parts) {
    for (const absl::Status& s : parts) {
      if (!s.ok()) return s;
    }
    return absl::OkStatus();
  }
  const Json* member(const char* key) const {
    const auto it = j_.find(key);
    return it == j_.end() || it->is_null() ? nullptr : &*it;
  }
  int64_t integer(const char* key, int64_t otherwise) const {
    const Json* m = member(key);
    return m != nullptr && m->is_number_integer() ? m->get<int64_t>() : otherwise;
  }
  double number(const char* key) const {
    const Json* m = member(key);
    return m != nullptr && m->is_number() ? m->get<double>() : 0;
  }
  bool flag(const char* key) const {
    const Json* m = member(key);
    return m != nullptr && ((m->is_boolean() && m->get<bool>()) ||
                            (m->is_number_integer() && m->get<int64_t>() != 0));
  }
  absl::Status text(const char* key, std::string& to) const {
    const Json* m = member(key);
    if (m == nullptr || m->is_object() || m->is_array()) return wrong(key, "there");
    to = text_of(*m);
    return absl::OkStatus();
  }
  void optional_text(const char* key, std::string& to) const {
    if (const Json* m = member(key)) to = text_of(*m);
  }
  void result() {
    if (const Json* m = member("r")) line_.result = text_of(*m);
  }
  static absl::Status range(const Json* m, TextRange& to) {
    if (m == nullptr || !m->is_array() || m->size() != 2) {
      return wrong("range", "a pair of ends");
    }
    to = {text_of((*m)[0]), text_of((*m)[1])};
    return absl::OkStatus();
  }
  absl::Status symbol() {
    optional_text("hint", line_.hint);
    optional_text("src", line_.source);
    optional_text("dyn", line_.policy);
    return all({text("s", line_.name), text("kind", line_.symbol_kind),
                range(member("range"), line_.range)});
  }
  absl::Status question() {
    result();
    optional_text("how", line_.how);
    if (const Json* m = member("fb"); m != nullptr && m->is_boolean()) {
      line_.otherwise = m->get<bool>();
    }
    line_.hints_allowed = flag("hint");
    line_.size_oblivious = flag("so");
    if (const Json* m = member("vars"); m != nullptr && m->is_object()) {
      for (const auto& [name, ends] : m->items()) {
        line_.ranges.emplace_back(name, TextRange{});
        if (absl::Status s = range(&ends, line_.ranges.back().second); !s.ok()) return s;
      }
    }
    if (absl::Status s = texts("ax", line_.axioms); !s.ok()) return s;
    return text("e", line_.expr);
  }
  absl::Status texts(const char* key, std::vector<std::string>& to) const {
    const Json* m = member(key);
    if (m == nullptr) return absl::OkStatus();
    if (!m->is_array()) return wrong(key, "a list");
    for (const Json& item : *m) to.push_back(text_of(item));
    return absl::OkStatus();
  }
  absl::Status sizes() {
    const Json* m = member("vars");
    if (m == nullptr || !m->is_object()) return wrong("vars", "an object");
    for (const auto& [name, size] : m->items())
      line_.sizes.emplace_back(name, text_of(size));
    return absl::OkStatus();
  }
  absl::Status loops() {
    std::vector<std::string> variables, extents;
    if (absl::Status s = all({texts("vars", variables), texts("sizes", extents),
                              texts("idx", line_.indices), texts("out", line_.out)});
        !s.ok()) {
      return s;
    }
    if (variables.size() != extents.size()) return wrong("sizes", "as long as \"vars\"");
    for (size_t i = 0; i < variables.size(); ++i) {
      line_.sizes.emplace_back(variables[i], extents[i]);
    }
    return absl::OkStatus();
  }
  absl::Status guards() {
    const Json* m = member("list");
    if (m == nullptr || !m->is_array()) return wrong("list", "a list");
    for (const Json& g : *m) {
      const auto kept = g.find("kept");
      line_.kept += kept != g.end() && kept->is_boolean() && kept->get<bool>() ? 1 : 0;
    }
    return absl::OkStatus();
  }

  const Json& j_;
  Line& line_;
};

}  // namespace

absl::StatusOr<Trace> read_trace(std::string_view text) {
  Trace trace;
  absl::flat_hash_set<int64_t> events;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Json j = Json::parse(one, nullptr, false);
    const auto kind_of = j.is_object() ? j.find("t") : j.end();
    if (!j.is_object() || kind_of == j.end() || !kind_of->is_string()) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: no JSON object with a text \"t\"", number));
    }
    Line line{.kind = LineKind::kSummary, .number = number};
    const auto wanted = kind_of->get<std::string>();
    bool known = false;
    for (const auto& [name, kind] : kKinds) {
      if (name != wanted) continue;
      line.kind = kind;
      known = true;
    }
    if (!known) continue;  // a newer recorder's
    absl::Status s = LineReader(j, line).read();
    if (s.ok() && line.kind == LineKind::kAgain && !events.contains(line.of)) {
      s = absl::InvalidArgumentError(
          fmt::format("no earlier line has \"i\" {}", line.of));
    }
    if (!s.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("line {} ({}): {}", number, wanted, std::string(s.message())));
    }
    if (line.i >= 0) events.insert(line.i);
    if (line.kind == LineKind::kProgram) trace.name = line.name;
    trace.lines.push_back(std::move(line));
  }
  return trace;
}

}  // namespace congrua::trace
