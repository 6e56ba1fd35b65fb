#include "cli/cases_judge.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cli/cases_points.h"

namespace congrua::cli {
namespace {

std::string shown(const Case& c, const CasePoint& p) {
  std::string out;
  for (size_t i = 0; i < p.size(); ++i) {
    out += fmt::format("{}{} = {}", i == 0 ? "" : ", ", c.variables[i].name, p[i]);
  }
  return out.empty() ? "the only point" : out;
}

class Judge {
 public:
  Judge(const Case& c, const CaseAnswer& answer) : case_(c) {
    row_.id = c.id;
    row_.suite = c.suite;
    row_.kind_name = c.kind_name;
    row_.kind = c.kind;
    row_.answer = answer;
    row_.has_answer = true;
  }

  CaseRow judge() {
    row_.verdict = CaseVerdict::kMiss;
    if (case_.kind == CaseKind::kEmptiness) {
      emptiness();
      return std::move(row_);
    }
    if (case_.form) {
      row_.cost_in = case_.expr.term.operations();
      row_.expected_cost = case_.form->term.operations();
    }
    if (!sample()) return std::move(row_);
    if (case_.form) {
      form();
    } else if (!case_.word.empty()) {
      proposition();
    } else if (case_.kind == CaseKind::kBound) {
      bound();
    } else {
      congruence();
    }
    return std::move(row_);
  }

 private:
  void unsound(std::string why) {
    row_.verdict = CaseVerdict::kUnsound;
    row_.why = std::move(why);
  }

  // The points and the values of expr where it has one and no divisor in it is 0.
  bool sample() {
    order_ = variable_order(case_);
    auto points = case_points(case_);
    auto expr = TermFunction::make(case_.expr.term, order_, case_.euclid);
    if (!points.ok() || !expr.ok()) {
      row_.why = std::string((points.ok() ? expr.status() : points.status()).message());
      return false;
    }
    for (CasePoint& p : points->points) {
      const Int* v = expr->at(p);
      if (v == nullptr || expr->divided_by_zero()) continue;
      values_.emplace_back(std::move(p), *v);
    }
    row_.points = values_.size();
    return true;
  }

  // The point at which the text is not what expr is; false also where it cannot be read.
  bool equals_expr(const std::string& text, uint64_t* operations) {
    absl::StatusOr<Term> term = Term::parse(text);
    if (!term.ok()) {
      row_.why = "the answer: " + std::string(term.status().message());
      return false;
    }
    *operations = term->operations();
    auto f = TermFunction::make(*std::move(term), order_, case_.euclid);
    if (!f.ok()) {
      unsound(std::string(f.status().message()));
      return false;
    }
    for (const auto& [point, value] : values_) {
      const Int* v = f->at(point);
      if (v != nullptr && *v == value) continue;
      unsound(fmt::format("{}: {}, not {}", shown(case_, point),
                          v == nullptr ? "no value" : v->to_string(), value.to_string()));
      return false;
    }
    return true;
  }

  void form() {
    uint64_t operations = 0;
    if (!equals_expr(row_.answer.text, &operations)) return;
    row_.cost_out = operations;
    if (case_.kind == CaseKind::kConfluence) {
      uint64_t other = 0;
      if (!equals_expr(row_.answer.expected_text, &other)) return;
      if (row_.answer.same_node == true) row_.verdict = CaseVerdict::kOk;
    } else if (operations <= *row_.expected_cost) {
      row_.verdict = CaseVerdict::kOk;
    } else if (operations < *row_.cost_in) {
      row_.verdict = CaseVerdict::kPartial;
    }
  }

  void proposition() {
    const std::string& got = row_.answer.text;
    const bool decided = case_.word == "true" || case_.word == "false";
    if (got == "unknown") {
      if (!decided) row_.verdict = CaseVerdict::kOk;
      return;
    }
    for (const auto& [point, value] : values_) {
      if (value.is_zero() == (got == "true")) {
        return unsound(fmt::format("{}, but not at {}", got, shown(case_, point)));
      }
    }
    if (decided && got != case_.word) {
      return unsound(fmt::format("{}, but known as {}", got, case_.word));
    }
    if (case_.word == "unprovable" && got == "true") {
      return unsound("true, but a counterexample is known");
    }
    if (got == case_.word) row_.verdict = CaseVerdict::kOk;
  }

  void emptiness() {
    const std::string& got = row_.answer.text;
    if (got == "unknown") {
      if (case_.word == "unknown") row_.verdict = CaseVerdict::kOk;
      return;
    }
    if (got == "empty") {
      auto members = case_points(case_, &case_.expr.term);
      if (!members.ok()) {
        row_.why = std::string(members.status().message());
        return;
      }
      row_.points = members->points.size();
      if (!members->points.empty()) {
        return unsound("empty, but has " + shown(case_, members->points[0]));
      }
    }
    if (case_.word != "unknown" && got != case_.word) {
      return unsound(fmt::format("{}, but known as {}", got, case_.word));
    }
    if (got == case_.word) row_.verdict = CaseVerdict::kOk;
  }

  void bound() {
    const Bounds& b = row_.answer.bounds;
    CaseInterval got;
    if (b.lo) got.lo = Int(*b.lo);
    if (b.hi) got.hi = Int(*b.hi);
    const auto outside = [&](const Int& v) {
      return (got.lo && v < *got.lo) || (got.hi && v > *got.hi);
    };
    for (const auto& [point, value] : values_) {
      if (!outside(value)) continue;
      return unsound(fmt::format("{} at {}", value.to_string(), shown(case_, point)));
    }
    const CaseInterval& want = *case_.bound;
    std::vector<std::optional<Int>> reached;
    if (case_.reaches_lo) reached.push_back(want.lo);
    if (case_.reaches_hi) reached.push_back(want.hi);
    if (case_.tight) {
      if (case_.tight->lo != want.lo) reached.push_back(case_.tight->lo);
      if (case_.tight->hi != want.hi) reached.push_back(case_.tight->hi);
      row_.tight = got.within(*case_.tight);
    }
    for (const std::optional<Int>& end : reached) {
      if (!end || !outside(*end)) continue;
      return unsound(fmt::format("{} is known to be reached", end->to_string()));
    }
    const bool lo = CaseInterval{got.lo, {}}.within({want.lo, {}});
    const bool hi = CaseInterval{{}, got.hi}.within({{}, want.hi});
    if (lo && hi) {
      row_.verdict = CaseVerdict::kOk;
    } else if ((lo && want.lo) || (hi && want.hi)) {
      row_.verdict = CaseVerdict::kPartial;
    }
  }

  void congruence() {
    const Int coeff(row_.answer.bounds.modulus);
    const Int base(row_.answer.bounds.residue);
    for (const auto& [point, value] : values_) {
      const Int off = value - base;
      if (coeff.is_zero() ? off.is_zero() : floor_mod(off, coeff).is_zero()) continue;
      return unsound(fmt::format("{} at {}", value.to_string(), shown(case_, point)));
    }
    const Int off = base - *case_.base;
    const bool implied = case_.coeff->is_zero()
                             ? coeff.is_zero() && off.is_zero()
                             : floor_mod(coeff, *case_.coeff).is_zero() &&
                                   floor_mod(off, *case_.coeff).is_zero();
    if (implied) {
      row_.verdict = CaseVerdict::kOk;
    } else if (!coeff.is_one()) {
      row_.verdict = CaseVerdict::kPartial;
    }
  }

  const Case& case_;
  CaseRow row_;
  std::vector<std::string> order_;
  std::vector<std::pair<CasePoint, Int>> values_;
};

}  // namespace

std::string_view verdict_name(CaseVerdict v) {
  switch (v) {
    case CaseVerdict::kOk:
      return "ok";
    case CaseVerdict::kPartial:
      return "partial";
    case CaseVerdict::kMiss:
      return "miss";
    case CaseVerdict::kUnsound:
      return "unsound";
    case CaseVerdict::kUnsupported:
      return "unsupported";
  }
  return "unsupported";
}

CaseRow judge_case(const Case& c, const CaseAnswer& answer) {
  return Judge(c, answer).judge();
}

}  // namespace congrua::cli
