#include "cli/cases_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "cli/input.h"

namespace congrua::cli {
namespace {

using Json = nlohmann::json;

absl::Status wrong(std::string_view what) {
  return absl::InvalidArgumentError(absl::string_view(what.data(), what.size()));
}

CaseKind kind_of(std::string_view name) {
  if (name == "simplify") return CaseKind::kSimplify;
  if (name == "confluence") return CaseKind::kConfluence;
  if (name == "prove") return CaseKind::kProve;
  if (name == "bound") return CaseKind::kBound;
  if (name == "modular") return CaseKind::kModular;
  if (name == "emptiness") return CaseKind::kEmptiness;
  return CaseKind::kOther;
}

const Json* member(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it == j.end() || it->is_null() ? nullptr : &*it;
}

absl::StatusOr<std::string> text_member(const Json& j, const char* key) {
  const Json* m = member(j, key);
  if (m == nullptr) return wrong(fmt::format("{} is missing", key));
  if (m->is_string()) return m->get<std::string>();
  if (m->is_boolean() || m->is_number_integer()) return m->dump();
  return wrong(fmt::format("{} is no text", key));
}

// An integer, as a number or as digits.
absl::StatusOr<Int> integer(const Json& j, std::string_view name) {
  std::optional<Int> value;
  if (j.is_number_integer()) value = Int::parse(j.dump());
  if (j.is_string()) value = Int::parse(j.get<std::string>());
  if (!value) return wrong(fmt::format("{} is no integer", name));
  return *std::move(value);
}

// An end of an interval: absent for null, inf and -inf.
absl::StatusOr<std::optional<Int>> end_of(const Json* j, std::string_view name) {
  if (j == nullptr) return std::nullopt;
  if (j->is_string()) {
    const auto text = j->get<std::string>();
    if (text == "inf" || text == "-inf" || text == "+inf" || text == "null") {
      return std::nullopt;
    }
  }
  absl::StatusOr<Int> value = integer(*j, name);
  if (!value.ok()) return value.status();
  return *std::move(value);
}

// {"lo": .., "hi": ..} or "[lo, hi]".
absl::StatusOr<CaseInterval> interval(const Json& j, std::string_view name) {
  Json ends = j;
  if (j.is_string()) {
    std::string text = j.get<std::string>();
    std::erase(text, ' ');
    const size_t comma = text.find(',');
    if (!text.starts_with('[') || !text.ends_with(']') || comma == std::string::npos) {
      return wrong(fmt::format("{} is no interval", name));
    }
    ends = Json{{"lo", text.substr(1, comma - 1)},
                {"hi", text.substr(comma + 1, text.size() - comma - 2)}};
  }
  if (!ends.is_object()) return wrong(fmt::format("{} is no interval", name));
  auto lo = end_of(member(ends, "lo"), name);
  auto hi = end_of(member(ends, "hi"), name);
  if (!lo.ok()) return lo.status();
  if (!hi.ok()) return hi.status();
  return CaseInterval{*std::move(lo), *std::move(hi)};
}

absl::StatusOr<CaseText> expression(std::string text, std::string_view name) {
  absl::StatusOr<Term> term = Term::parse(text);
  if (!term.ok()) {
    return wrong(fmt::format("{}: {}", name, std::string(term.status().message())));
  }
  return CaseText{std::move(text), *std::move(term)};
}

absl::Status read_variables(const Json& j, Case& c) {
  const Json* vars = member(j, "vars");
  if (vars == nullptr || !vars->is_object()) return wrong("vars is no object");
  for (const auto& item : vars->items()) {
    const std::string& name = item.key();
    const Json& range = item.value();
    if (!range.is_object()) return wrong(fmt::format("vars: {} is no object", name));
    CaseVariable v{name, range.value("type", Json()) == "bool", {}, {}};
    auto ends = interval(range, "vars: " + name);
    if (!ends.ok()) return ends.status();
    if (!v.is_bool) {
      // An end beyond a word is a fact of its own.
      const auto end = [&](const std::optional<Int>& from, std::optional<int64_t>& to,
                           const char* relation) -> absl::Status {
        if (!from) return absl::OkStatus();
        to = from->to_int64();
        if (to) return absl::OkStatus();
        auto fact = expression(
            fmt::format("({} {} {})", relation, name, from->to_string()), "vars");
        if (!fact.ok()) return fact.status();
        c.assume.push_back(*std::move(fact));
        return absl::OkStatus();
      };
      if (absl::Status s = end(ends->lo, v.lo, "ge"); !s.ok()) return s;
      if (absl::Status s = end(ends->hi, v.hi, "le"); !s.ok()) return s;
    }
    c.variables.push_back(std::move(v));
  }
  return absl::OkStatus();
}

absl::Status read_bound(const Json& j, Case& c) {
  auto bound = interval(*member(j, "expected"), "expected");
  if (!bound.ok()) return bound.status();
  const Json* known = member(j, "attained");
  const std::string attained =
      known != nullptr && known->is_string() ? known->get<std::string>() : "";
  c.reaches_lo = attained == "lo" || attained == "lohi";
  c.reaches_hi = attained == "hi" || attained == "lohi";
  if (const Json* t = member(j, "tight")) {
    auto tight = interval(*t, "tight");
    if (!tight.ok()) return tight.status();
    c.tight = *std::move(tight);
  }
  // The limits of a peer's data type are no bound.
  const Int low(INT32_MIN), high(INT32_MAX);
  if (attained == "none" && bound->lo == low && bound->hi == high) bound = CaseInterval{};
  c.bound = *std::move(bound);
  return absl::OkStatus();
}

absl::Status read_expected(const Json& j, Case& c) {
  const Json* expected = member(j, "expected");
  if (expected == nullptr) return wrong("expected is missing");
  if (c.kind == CaseKind::kBound) return read_bound(j, c);
  if (c.kind == CaseKind::kModular && expected->is_object()) {
    const Json* coeff = member(*expected, "coeff");
    const Json* base = member(*expected, "base");
    if (coeff == nullptr || base == nullptr) return wrong("expected is no congruence");
    auto x = integer(*coeff, "coeff");
    auto y = integer(*base, "base");
    if (!x.ok()) return x.status();
    if (!y.ok()) return y.status();
    c.coeff = abs(*x);
    c.base = *y;
    return absl::OkStatus();
  }
  auto text = text_member(j, "expected");
  if (!text.ok()) return text.status();
  if (c.kind == CaseKind::kSimplify || c.kind == CaseKind::kConfluence) {
    auto form = expression(*std::move(text), "expected");
    if (!form.ok()) return form.status();
    c.form = *std::move(form);
    return absl::OkStatus();
  }
  c.word = *std::move(text);
  const bool emptiness = c.kind == CaseKind::kEmptiness;
  const bool known =
      emptiness ? c.word == "empty" || c.word == "nonempty"
                : c.word == "true" || c.word == "false" || c.word == "unprovable";
  if (!known && c.word != "unknown") {
    return wrong(fmt::format("expected: {} is no verdict", c.word.substr(0, 40)));
  }
  return absl::OkStatus();
}

// Variables that are read must be declared.
absl::Status check_names(const Case& c) {
  const auto check = [&](const CaseText& t) -> absl::Status {
    for (const std::string& name : t.term.variables()) {
      if (std::ranges::find(c.variables, name, &CaseVariable::name) ==
          c.variables.end()) {
        return wrong(fmt::format("{} is not in vars", name));
      }
    }
    return absl::OkStatus();
  };
  for (const CaseText& a : c.assume) {
    if (absl::Status s = check(a); !s.ok()) return s;
  }
  if (c.form) {
    if (absl::Status s = check(*c.form); !s.ok()) return s;
  }
  return check(c.expr);
}

}  // namespace

absl::StatusOr<Case> parse_case(std::string_view line, std::string_view suite) {
  const Json j = Json::parse(line, nullptr, false);
  if (j.is_discarded()) return wrong("no JSON");
  if (!j.is_object()) return wrong("no JSON object");
  Case c;
  c.suite = suite;
  auto id = text_member(j, "id");
  auto kind = text_member(j, "kind");
  if (!id.ok()) return id.status();
  if (!kind.ok()) return kind.status();
  c.id = *std::move(id);
  c.kind_name = *std::move(kind);
  c.kind = kind_of(c.kind_name);
  if (c.kind == CaseKind::kOther) return c;

  if (const Json* div = member(j, "div")) {
    if (*div != "floor" && *div != "trunc" && *div != "euclid") {
      return wrong("div is not floor, trunc or euclid");
    }
    c.euclid = *div == "euclid";
  }
  if (absl::Status s = read_variables(j, c); !s.ok()) return s;
  if (const Json* assume = member(j, "assume")) {
    if (!assume->is_array()) return wrong("assume is no list");
    for (const Json& a : *assume) {
      if (!a.is_string()) return wrong("assume: a fact is no text");
      auto fact = expression(a.get<std::string>(), "assume");
      if (!fact.ok()) return fact.status();
      c.assume.push_back(*std::move(fact));
    }
  }
  auto text = text_member(j, "expr");
  if (!text.ok()) return text.status();
  auto expr = expression(*std::move(text), "expr");
  if (!expr.ok()) return expr.status();
  c.expr = *std::move(expr);
  if (absl::Status s = read_expected(j, c); !s.ok()) return s;
  if (absl::Status s = check_names(c); !s.ok()) return s;
  return c;
}

absl::StatusOr<CaseFile> read_cases(const std::string& path) {
  absl::StatusOr<std::string> text = read_input(path);
  if (!text.ok()) return text.status();
  namespace fs = std::filesystem;
  const std::string folder = fs::absolute(path).parent_path().filename().string();
  const std::string suite =
      folder.empty() || path == "-" ? fs::path(path).stem().string() : folder;
  CaseFile file;
  size_t number = 0;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    const std::string_view line = std::string_view(*text).substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    absl::StatusOr<Case> c = parse_case(line, suite);
    if (c.ok()) {
      file.cases.push_back(*std::move(c));
    } else {
      file.errors.push_back(
          fmt::format("{}:{}: {}", path, number, std::string(c.status().message())));
    }
  }
  return file;
}

}  // namespace congrua::cli
