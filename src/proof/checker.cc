#include "proof/checker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "expr/builder.h"
#include "proof/rows.h"

namespace congrua::proof {

using internal::Builder;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;
using internal::Node;

namespace {

// How many rows and terms a step takes; combine and congruence look for themselves.
struct Shape {
  size_t rows, terms;
};
std::optional<Shape> shape_of(const Step& s) {
  switch (s.kind) {
    case StepKind::kFact:
    case StepKind::kGoal:
    case StepKind::kCase:
      return Shape{0, 0};
    case StepKind::kDivisor:
    case StepKind::kRange:
    case StepKind::kExtreme:
    case StepKind::kSplit:
    case StepKind::kAttained:
      return Shape{0, 1};
    case StepKind::kQuotient:
      return Shape{s.rows.size() > 1 ? 1 : s.rows.size(), 1};
    case StepKind::kBranch:
      return Shape{1, 1};
    case StepKind::kPart:
    case StepKind::kCases:
      return Shape{1, 0};
    case StepKind::kIff:
    case StepKind::kProduct:
    case StepKind::kEqual:
    case StepKind::kValues:
      return Shape{2, 0};
    case StepKind::kDivide:
      return Shape{1, 1};
    case StepKind::kRound:
      return Shape{3, 2};
    case StepKind::kClose:
      return Shape{s.rows.size() == 2 ? size_t{2} : size_t{1}, 0};
    case StepKind::kCombine:
    case StepKind::kCongruence:
      return std::nullopt;
  }
  return Shape{0, 0};
}

bool small(const Row& row) {
  if (row.p.terms().size() > Checker::kMaxTerms) return false;
  return std::ranges::all_of(row.p.terms(), [](const Poly::Term& t) {
    return t.mono.size() <= Checker::kMaxDegree &&
           t.coef.bit_length() <= Checker::kMaxBits;
  });
}

}  // namespace

bool Row::absurd() const {
  switch (kind) {
    case Kind::kGe:
      return p.is_constant() && p.constant().sign() < 0;
    case Kind::kEq:
      return p.is_constant() && !p.is_zero();
    case Kind::kNe:
      return p.is_zero();
    case Kind::kTruth:
      return value ? proposition->is_false() : proposition->is_true();
  }
  return false;
}

Atom Checker::number(Expr e) {
  const auto [it, fresh] = numbers_.try_emplace(e, static_cast<Atom>(atoms_.size()));
  if (fresh) atoms_.push_back(e);
  return it->second;
}

Monomial Checker::monomial(const Node* n) {
  Monomial mono;
  for (const FactorView view(n); const Factor& f : view.factors()) {
    // Any term may be an atom, of which less is known.
    if (f.exponent > kMaxDegree) return Monomial{number(Builder::expr(n))};
    mono.insert(mono.end(), f.exponent, number(Builder::expr(f.base)));
  }
  std::ranges::sort(mono);
  return mono;
}

const Poly& Checker::poly(Expr e) {
  std::unique_ptr<Poly>& slot = polys_[e];
  if (slot != nullptr) return *slot;
  auto p = std::make_unique<Poly>();
  const Node* n = Builder::node(e);
  if (n->op == Op::kConst) {
    p->add(Monomial(), internal::const_value(n));
  } else {
    const LinearView sum(n);
    p->add(Monomial(), sum.constant());
    for (const internal::Term& t : sum.terms()) {
      p->add(monomial(t.mono), t.coef);
    }
  }
  return *(polys_[e] = std::move(p));
}

Row Checker::assume(Expr e, bool holds) {
  for (; e.op() == Op::kNot; e = e.arg(0)) holds = !holds;
  if (e.op() == Op::kGe) {
    const Poly& p = poly(e.arg(0));
    return ge(holds ? p : -p - 1);
  }
  if (e.op() == Op::kEq) return holds ? eq(poly(e.arg(0))) : ne(poly(e.arg(0)));
  return {Row::Kind::kTruth, Poly(), e, holds};
}

std::optional<bool> Checker::says(const Row& row, Expr proposition) {
  for (const bool holds : {true, false}) {
    const Row assumed = assume(proposition, holds);
    if (row == assumed) return holds;
    if (row.kind == assumed.kind &&
        (row.kind == Row::Kind::kEq || row.kind == Row::Kind::kNe) &&
        opposite(row.p, assumed.p)) {
      return holds;
    }
  }
  return std::nullopt;
}

bool Checker::is_divisor(Expr e) {
  if (!divisors_) {
    divisors_.emplace();
    absl::flat_hash_set<Expr> seen;
    std::vector<Expr> stack(facts_.begin(), facts_.end());
    stack.push_back(goal_);
    while (!stack.empty()) {
      const Expr x = stack.back();
      stack.pop_back();
      if (!seen.insert(x).second) continue;
      if (x.op() == Op::kFloorDiv) divisors_->insert(x.arg(1));
      for (size_t i = 0; i < x.num_args(); ++i) stack.push_back(x.arg(i));
    }
  }
  return divisors_->contains(e);
}

absl::Status Checker::apply(const Step& s) {
  if (finished_) return refuse("a step after the end");
  if (rows_.size() >= kMaxSteps) return absl::ResourceExhaustedError("too many steps");
  if ((s.kind == StepKind::kCase) != awaits_case_) {
    return refuse(awaits_case_ ? "a case has to be opened" : "no split waits for a case");
  }
  const std::optional<Shape> shape = shape_of(s);
  if (shape && (s.rows.size() != shape->rows || s.terms.size() != shape->terms)) {
    return refuse("another number of rows or terms than the step takes");
  }
  for (const uint32_t r : s.rows) {
    if (row(r) == nullptr) return refuse(absl::StrCat("no row ", r, " here"));
  }
  if (s.kind == StepKind::kClose) return close(s);
  if (s.kind == StepKind::kSplit || s.kind == StepKind::kCases ||
      s.kind == StepKind::kValues || s.kind == StepKind::kAttained) {
    absl::StatusOr<std::vector<Row>> cases = split(s);
    if (!cases.ok()) return cases.status();
    const size_t count = cases->size();
    frames_.push_back({static_cast<uint32_t>(rows_.size()),
                       std::make_shared<const std::vector<Row>>(*std::move(cases)),
                       std::vector<bool>(count)});
    awaits_case_ = true;
    rows_.push_back(nullptr);
    return absl::OkStatus();
  }
  absl::StatusOr<Row> made = derive(s);
  if (!made.ok()) return made.status();
  if (!small(*made)) return absl::ResourceExhaustedError("a row is too large");
  rows_.push_back(std::make_shared<const Row>(*std::move(made)));
  awaits_case_ = false;
  return absl::OkStatus();
}

absl::Status Checker::close(const Step& s) {
  const Row& a = *row(s.rows[0]);
  if (s.rows.size() == 1) {
    if (!a.absurd()) return refuse("the row may hold");
  } else {
    const Row& b = *row(s.rows[1]);
    const bool clash = a.kind == Row::Kind::kTruth
                           ? b.kind == Row::Kind::kTruth &&
                                 a.proposition == b.proposition && a.value != b.value
                           : a.kind == Row::Kind::kEq && b.kind == Row::Kind::kNe &&
                                 (a.p == b.p || opposite(a.p, b.p));
    if (!clash) return refuse("the rows may both hold");
  }
  rows_.push_back(nullptr);
  while (!frames_.empty()) {
    Frame& f = frames_.back();
    f.closed[f.current] = true;
    std::fill(rows_.begin() + static_cast<std::ptrdiff_t>(f.split), rows_.end(), nullptr);
    if (std::ranges::find(f.closed, false) != f.closed.end()) {
      awaits_case_ = true;
      return absl::OkStatus();
    }
    frames_.pop_back();
  }
  finished_ = true;
  return absl::OkStatus();
}

void Checker::rewind(const Mark& mark) {
  rows_.resize(mark.steps);
  frames_ = mark.frames;
  awaits_case_ = mark.awaits_case;
  finished_ = false;
}

}  // namespace congrua::proof

namespace congrua {

absl::Status check(const Certificate& certificate, std::span<const Expr> facts,
                   Expr goal) {
  if (!goal.is_bool() || !std::ranges::all_of(facts, &Expr::is_bool)) {
    return proof::refuse("facts and goal are propositions");
  }
  proof::Checker checker(facts, goal);
  for (const Step& s : certificate.steps) {
    if (const absl::Status status = checker.apply(s); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat("step ", checker.num_steps(), ": ",
                                                      status.message()));
    }
  }
  if (!checker.finished()) return proof::refuse("a case is left open");
  return absl::OkStatus();
}

}  // namespace congrua
