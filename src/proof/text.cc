// Certificates as text: "number kind #index [row] {term}", a multiplier before its row,
// then "# " and the row that the step makes. Words between are for people.
#include "congrua/text.h"

#include <array>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "proof/checker.h"

namespace congrua::proof {

namespace {
struct Kind {
  StepKind kind;
  std::string_view name;
  bool indexed;
};
constexpr std::array kKinds = {
    Kind{StepKind::kFact, "fact", true},
    Kind{StepKind::kGoal, "goal", false},
    Kind{StepKind::kDivisor, "divisor", false},
    Kind{StepKind::kRange, "range", true},
    Kind{StepKind::kQuotient, "quotient", true},
    Kind{StepKind::kExtreme, "extreme", true},
    Kind{StepKind::kBranch, "branch", false},
    Kind{StepKind::kCongruence, "congruence", false},
    Kind{StepKind::kPart, "part", true},
    Kind{StepKind::kIff, "iff", true},
    Kind{StepKind::kCombine, "combine", false},
    Kind{StepKind::kProduct, "product", false},
    Kind{StepKind::kDivide, "divide", false},
    Kind{StepKind::kRound, "round", false},
    Kind{StepKind::kEqual, "equal", false},
    Kind{StepKind::kSplit, "split", false},
    Kind{StepKind::kCases, "cases", false},
    Kind{StepKind::kValues, "values", false},
    Kind{StepKind::kAttained, "attained", false},
    Kind{StepKind::kCase, "case", true},
    Kind{StepKind::kClose, "close", false},
};

const Kind* find_kind(StepKind kind) {
  for (const Kind& k : kKinds) {
    if (k.kind == kind) return &k;
  }
  return nullptr;
}

PrintOptions unshared() {
  PrintOptions options;
  options.max_tree = SIZE_MAX;  // a term is read back by itself
  return options;
}

std::string term_text(Expr e) { return "{" + congrua::to_string(e, unshared()) + "}"; }

// Atoms are shown as people write them: floor_div(-n, t) is -ceil_div(n, t).
bool is_one_factor(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '|') quoted = !quoted;
    if (quoted) continue;
    depth += (c == '(') - (c == ')');
    if (depth == 0 && (c == ' ' || c == '-' || c == '*')) return false;
  }
  return true;
}

std::string poly_text(const Poly& p, const Checker& checker) {
  std::string out;
  const auto term = [&](const Int& coef, std::string_view mono) {
    const Int size = abs(coef);
    absl::StrAppend(&out, out.empty() ? (coef.sign() < 0 ? "-" : "")
                                      : (coef.sign() < 0 ? " - " : " + "));
    if (mono.empty() || !size.is_one()) absl::StrAppend(&out, size.to_string());
    if (!mono.empty() && !size.is_one()) out += "*";
    out += mono;
  };
  for (const Poly::Term& t : p.without_constant()) {
    std::string mono;
    for (const Atom a : t.mono) {
      const std::string atom = congrua::to_string(checker.atom(a), unshared());
      if (!mono.empty()) mono += "*";
      mono += is_one_factor(atom) ? atom : "(" + atom + ")";
    }
    term(t.coef, mono);
  }
  if (!p.constant().is_zero() || out.empty()) term(p.constant(), "");
  return out;
}

// Reads "number kind #index {term} [row] ... # anything".
class LineReader {
 public:
  LineReader(ExprPool& pool, std::string_view text) : pool_(pool), text_(text) {}

  absl::StatusOr<Step> read(size_t expected) {
    if (const auto n = number(); !n || *n != expected) return bad("the step's number");
    const std::string_view name = word();
    const Kind* kind = nullptr;
    for (const Kind& k : kKinds) {
      if (k.name == name) kind = &k;
    }
    if (kind == nullptr) return bad("the kind of a step");
    Step s{.kind = kind->kind};
    while (skip(), pos_ < text_.size() && !starts("# ")) {
      const char c = text_[pos_];
      if (c == '[' || c == '#') {
        ++pos_;
        const std::optional<uint32_t> n = number();
        if (!n || (c == '[' && !take(']'))) return bad("a number");
        c == '#' ? void(s.index = *n) : s.rows.push_back(*n);
      } else if (c == '{') {
        const size_t end = closing();
        if (end == std::string_view::npos) return bad("'}'");
        absl::StatusOr<Expr> e =
            parse_infix(pool_, text_.substr(pos_ + 1, end - pos_ - 1));
        if (!e.ok()) return e.status();
        s.terms.push_back(*e);
        pos_ = end + 1;
      } else {
        return bad("a row, a term or an index");
      }
    }
    return s;
  }

 private:
  absl::Status bad(std::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("column ", pos_ + 1, ": expected ", std::string(what)));
  }
  bool starts(std::string_view s) const { return text_.substr(pos_).starts_with(s); }
  bool take(char c) {
    if (pos_ >= text_.size() || text_[pos_] != c) return false;
    ++pos_;
    return true;
  }
  void skip() {
    while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '*' ||
                                   text_[pos_] == '+' || text_[pos_] == ',')) {
      ++pos_;
    }
  }
  std::optional<uint32_t> number() {
    skip();
    uint32_t n = 0;
    const char* first = text_.data() + pos_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), n);
    if (error != std::errc() || end == first) return std::nullopt;
    pos_ += static_cast<size_t>(end - first);
    return n;
  }
  std::string_view word() {
    skip();
    const size_t from = pos_;
    while (pos_ < text_.size() && text_[pos_] >= 'a' && text_[pos_] <= 'z') ++pos_;
    return text_.substr(from, pos_ - from);
  }
  // Of the brace here; a name between bars may hold any character.
  size_t closing() const {
    bool quoted = false;
    for (size_t i = pos_; i < text_.size(); ++i) {
      if (text_[i] == '|') quoted = !quoted;
      if (text_[i] == '\\' && quoted)
        ++i;
      else if (text_[i] == '}' && !quoted)
        return i;
    }
    return std::string_view::npos;
  }

  ExprPool& pool_;
  std::string_view text_;
  size_t pos_ = 0;
};

}  // namespace

std::string_view kind_name(StepKind kind) {
  const Kind* k = find_kind(kind);
  return k == nullptr ? "unknown" : k->name;
}

std::string to_string(const Row& row, const Checker& checker) {
  switch (row.kind) {
    case Row::Kind::kGe:
      return poly_text(row.p, checker) + " >= 0";
    case Row::Kind::kEq:
      return poly_text(row.p, checker) + " == 0";
    case Row::Kind::kNe:
      return poly_text(row.p, checker) + " != 0";
    case Row::Kind::kTruth:
      return congrua::to_string(*row.proposition, unshared()) +
             (row.value ? " holds" : " fails");
  }
  return "";
}

}  // namespace congrua::proof

namespace congrua {

std::string to_string(const Certificate& certificate, std::span<const Expr> facts,
                      Expr goal) {
  proof::Checker checker(facts, goal);
  bool valid = true;
  std::string out;
  for (size_t i = 0; i < certificate.steps.size(); ++i) {
    const Step& s = certificate.steps[i];
    const size_t depth = checker.depth();
    if (valid) valid = checker.apply(s).ok();
    const proof::Kind* kind = proof::find_kind(s.kind);
    std::string line = absl::StrCat(
        std::string(2 * (s.kind == StepKind::kCase ? depth - (depth > 0) : depth), ' '),
        i, " ", std::string(proof::kind_name(s.kind)));
    if (kind != nullptr && kind->indexed) absl::StrAppend(&line, " #", s.index);
    if (s.kind == StepKind::kCombine) {
      for (size_t j = 0; j < std::max(s.rows.size(), s.terms.size()); ++j) {
        if (j > 0) line += " +";
        if (j < s.terms.size()) line += " " + proof::term_text(s.terms[j]);
        if (j < s.rows.size()) absl::StrAppend(&line, "*[", s.rows[j], "]");
      }
    } else {
      for (const Expr t : s.terms) line += " " + proof::term_text(t);
      for (const uint32_t r : s.rows) absl::StrAppend(&line, " [", r, "]");
    }
    if (const proof::Row* row = checker.row(static_cast<uint32_t>(i));
        valid && row != nullptr) {
      absl::StrAppend(&line, "  # ", proof::to_string(*row, checker));
    }
    out += line + "\n";
  }
  return out;
}

absl::StatusOr<Certificate> parse_certificate(ExprPool& pool, std::string_view text) {
  Certificate c;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view here = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (here.find_first_not_of(' ') == std::string_view::npos) continue;
    absl::StatusOr<Step> s = proof::LineReader(pool, here).read(c.steps.size());
    if (!s.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line, ": ", s.status().message()));
    }
    c.steps.push_back(*std::move(s));
  }
  return c;
}

}  // namespace congrua
