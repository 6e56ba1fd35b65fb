// What each step makes of earlier rows, and the cases of a split.
#include "proof/rows.h"

namespace congrua::proof {

absl::StatusOr<Row> Checker::derive(const Step& s) {
  const auto given = [&](size_t i) -> const Row& { return *row(s.rows[i]); };
  switch (s.kind) {
    case StepKind::kFact:
      if (s.index >= facts_.size()) return refuse("no such fact");
      return assume(facts_[s.index], true);
    case StepKind::kGoal:
      return assume(goal_, false);
    case StepKind::kDivisor:
      if (!is_divisor(s.terms[0])) return refuse("no divisor of the question");
      return ne(poly(s.terms[0]));
    case StepKind::kRange: {
      const Range range = s.terms[0].range();
      if (!s.terms[0].is_int() || s.index > 1 || !(s.index == 0 ? range.lo : range.hi)) {
        return refuse("the range has no such end");
      }
      const Poly& x = poly(s.terms[0]);
      return ge(s.index == 0 ? x - *range.lo : -x + *range.hi);
    }
    case StepKind::kQuotient:
      return quotient(s);
    case StepKind::kExtreme: {
      const Expr t = s.terms[0];
      if (t.op() != Op::kMin && t.op() != Op::kMax)
        return refuse("no minimum or maximum");
      if (s.index >= t.num_args()) return refuse("no such argument");
      const Poly p = poly(t.arg(s.index)) - poly(t);
      return ge(t.op() == Op::kMin ? p : -p);
    }
    case StepKind::kBranch:
      return branch(s);
    case StepKind::kCongruence:
      return congruence(s);
    case StepKind::kPart: {
      const Row& r = given(0);
      if (r.kind != Row::Kind::kTruth || !r.value || r.proposition->op() != Op::kAnd ||
          s.index >= r.proposition->num_args()) {
        return refuse("no such part of a conjunction that holds");
      }
      return assume(r.proposition->arg(s.index), true);
    }
    case StepKind::kIff: {
      const Row& r = given(0);
      if (r.kind != Row::Kind::kTruth || r.proposition->op() != Op::kIff || s.index > 1) {
        return refuse("no equality of propositions");
      }
      const std::optional<bool> side = says(given(1), r.proposition->arg(s.index));
      if (!side) return refuse("the second row does not speak of that side");
      return assume(r.proposition->arg(1 - s.index), *side == r.value);
    }
    case StepKind::kCombine:
      return combine(s);
    case StepKind::kProduct: {
      if (given(0).kind != Row::Kind::kGe || given(1).kind != Row::Kind::kGe) {
        return refuse("a factor is no p >= 0");
      }
      const Poly& a = given(0).p;
      const Poly& b = given(1).p;
      if (a.terms().size() * b.terms().size() > kMaxTerms) {
        return absl::ResourceExhaustedError("a product is too large");
      }
      return ge(a * b);
    }
    case StepKind::kDivide:
      return divide(s);
    case StepKind::kRound:
      return round(s);
    case StepKind::kEqual:
      if (given(0).kind != Row::Kind::kGe || given(1).kind != Row::Kind::kGe ||
          !opposite(given(0).p, given(1).p)) {
        return refuse("the rows are no p >= 0 and -p >= 0");
      }
      return eq(given(0).p);
    case StepKind::kCase: {
      Frame& f = frames_.back();
      if (s.index >= f.cases->size() || f.closed[s.index]) return refuse("no such case");
      f.current = s.index;
      return (*f.cases)[s.index];
    }
    default:
      return refuse("an unknown step");
  }
}

absl::StatusOr<Row> Checker::quotient(const Step& s) {
  const Expr t = s.terms[0];
  if (t.op() != Op::kFloorDiv) return refuse("no quotient");
  if (s.index > 1) return refuse("a quotient has two rows");
  const Poly& a = poly(t.arg(0));
  const Poly& b = poly(t.arg(1));
  int sign = 0;
  if (s.rows.empty()) {
    if (b.is_constant()) sign = b.constant().sign();
  } else if (const Row& r = *row(s.rows[0]); r.kind == Row::Kind::kGe) {
    sign = r.p == b - 1 ? 1 : r.p == -b - 1 ? -1 : 0;
  }
  if (sign == 0) return refuse("the sign of the divisor is not shown");
  const Poly rest = a - b * poly(t);
  // sign * rest is between 0 and |b| - 1.
  if (sign > 0) return ge(s.index == 0 ? rest : b - 1 - rest);
  return ge(s.index == 0 ? -rest : rest - b - 1);
}

absl::StatusOr<Row> Checker::branch(const Step& s) {
  const Expr t = s.terms[0];
  if (t.op() != Op::kSelect || !t.is_int()) return refuse("no selection of integers");
  const std::optional<bool> condition = says(*row(s.rows[0]), t.arg(0));
  if (!condition) return refuse("the row does not speak of the condition");
  return eq(poly(t) - poly(t.arg(*condition ? 1 : 2)));
}

absl::StatusOr<Row> Checker::congruence(const Step& s) {
  if (s.terms.size() != 2) return refuse("two terms are compared");
  const Expr t = s.terms[0];
  const Expr u = s.terms[1];
  switch (t.op()) {
    case Op::kFloorDiv:
    case Op::kMin:
    case Op::kMax:
    case Op::kSelect:
    case Op::kOpaque:
      break;
    default:
      return refuse("no operator of which congruence is known");
  }
  if (t.op() != u.op() || t.sort() != u.sort() || t.name() != u.name() ||
      t.num_args() != u.num_args() || t.sort() == Sort::kReal) {
    return refuse("two operators");
  }
  size_t used = 0;
  std::optional<bool> value;
  if (t.is_bool()) {
    if (!s.rows.empty()) value = says(*row(s.rows[used++]), t);
    if (!value) return refuse("the first row does not speak of the first term");
  }
  for (size_t i = 0; i < t.num_args(); ++i) {
    const Expr a = t.arg(i);
    const Expr b = u.arg(i);
    if (a == b) continue;
    if (!a.is_int() || !b.is_int() || used == s.rows.size()) {
      return refuse("arguments are not shown to be equal");
    }
    const Row& r = *row(s.rows[used++]);
    const Poly difference = poly(a) - poly(b);
    if (r.kind != Row::Kind::kEq || (r.p != difference && !opposite(r.p, difference))) {
      return refuse("a row does not say that two arguments are equal");
    }
  }
  if (used != s.rows.size()) return refuse("too many rows");
  if (t.is_bool()) return assume(u, *value);
  return eq(poly(t) - poly(u));
}

absl::StatusOr<Row> Checker::combine(const Step& s) {
  const size_t n = s.rows.size();
  if (n == 0 || s.terms.size() < n || s.terms.size() > n + 1) {
    return refuse("as many terms as rows, or a constant more");
  }
  Row sum = eq(Poly());
  for (size_t i = 0; i < n; ++i) {
    if (!s.terms[i].is_int()) return refuse("a multiplier is no integer");
    const Row& r = *row(s.rows[i]);
    const Poly& factor = poly(s.terms[i]);
    if (r.kind == Row::Kind::kGe) {
      if (!factor.is_constant() || factor.constant().sign() < 0) {
        return refuse("an inequality takes a constant >= 0");
      }
      if (sum.kind == Row::Kind::kNe) return refuse("p != 0 beside an inequality");
      sum.kind = Row::Kind::kGe;
    } else if (r.kind == Row::Kind::kNe) {
      if (!factor.is_constant() || factor.is_zero()) {
        return refuse("p != 0 takes a constant other than 0");
      }
      if (sum.kind != Row::Kind::kEq) return refuse("p != 0 beside an inequality");
      sum.kind = Row::Kind::kNe;
    } else if (r.kind != Row::Kind::kEq) {
      return refuse("a proposition is no summand");
    }
    if (factor.terms().size() * r.p.terms().size() > kMaxTerms) {
      return absl::ResourceExhaustedError("a product is too large");
    }
    if (factor.is_constant()) {
      sum.p.add_scaled(r.p, factor.constant());
    } else {
      sum.p.add_scaled(factor * r.p, Int(1));
    }
  }
  if (s.terms.size() > n) {
    if (!s.terms[n].is_int()) return refuse("a constant is no integer");
    const Poly& c = poly(s.terms[n]);
    if (!c.is_constant() || c.constant().sign() < 0 || sum.kind == Row::Kind::kNe) {
      return refuse("what is added is a constant >= 0");
    }
    sum.kind = Row::Kind::kGe;
    sum.p.add_scaled(c, Int(1));
  }
  return sum;
}

absl::StatusOr<Row> Checker::divide(const Step& s) {
  const Row& r = *row(s.rows[0]);
  if (!s.terms[0].is_int()) return refuse("the divisor is no integer");
  const Poly& g = poly(s.terms[0]);
  if (!g.is_constant() || g.constant().sign() <= 0) {
    return refuse("the divisor is no constant > 0");
  }
  for (const Poly::Term& t : r.p.without_constant()) {
    if (!congrua::floor_mod(t.coef, g.constant()).is_zero()) {
      return refuse("a coefficient is not divided");
    }
  }
  if (r.kind == Row::Kind::kGe) return ge(r.p.divided(g.constant()));
  if (r.kind != Row::Kind::kEq) return refuse("only p >= 0 and p = 0 are divided");
  if (!congrua::floor_mod(r.p.constant(), g.constant()).is_zero()) {
    return eq(Poly(Int(1)));  // absurd
  }
  return eq(r.p.divided(g.constant()));
}

// b*z >= -r >= 1 - b > -b, so z > -1.
absl::StatusOr<Row> Checker::round(const Step& s) {
  if (!s.terms[0].is_int() || !s.terms[1].is_int()) return refuse("no integers");
  const Poly& b = poly(s.terms[0]);
  const Poly& z = poly(s.terms[1]);
  if (b.terms().size() * z.terms().size() > kMaxTerms) {
    return absl::ResourceExhaustedError("a product is too large");
  }
  for (const uint32_t r : s.rows) {
    if (row(r)->kind != Row::Kind::kGe) return refuse("a row is no p >= 0");
  }
  const Poly r = row(s.rows[0])->p - b * z;
  if (row(s.rows[1])->p != b - 1) return refuse("the second row is not b - 1 >= 0");
  if (row(s.rows[2])->p != b - 1 - r)
    return refuse("the third row is not b - 1 - r >= 0");
  return ge(z);
}

absl::StatusOr<std::vector<Row>> Checker::split(const Step& s) {
  std::vector<Row> cases;
  if (s.kind == StepKind::kSplit) {
    const Expr t = s.terms[0];
    if (t.is_bool()) return std::vector<Row>{assume(t, true), assume(t, false)};
    if (!t.is_int()) return refuse("no integer and no proposition");
    return std::vector<Row>{ge(poly(t)), ge(-poly(t) - 1)};
  }
  if (s.kind == StepKind::kAttained) {
    const Expr t = s.terms[0];
    if (t.op() != Op::kMin && t.op() != Op::kMax) return refuse("no minimum or maximum");
    for (size_t i = 0; i < t.num_args(); ++i) {
      cases.push_back(eq(poly(t) - poly(t.arg(i))));
    }
    return cases;
  }
  const Row& r = *row(s.rows[0]);
  if (s.kind == StepKind::kCases) {
    if (r.kind == Row::Kind::kNe) return std::vector<Row>{ge(r.p - 1), ge(-r.p - 1)};
    if (r.kind != Row::Kind::kTruth || r.value || r.proposition->op() != Op::kAnd) {
      return refuse("no p != 0 and no conjunction that fails");
    }
    for (size_t i = 0; i < r.proposition->num_args(); ++i) {
      cases.push_back(assume(r.proposition->arg(i), false));
    }
    return cases;
  }
  const Row& other = *row(s.rows[1]);
  if (r.kind != Row::Kind::kGe || other.kind != Row::Kind::kGe) {
    return refuse("the rows are no bounds");
  }
  const Poly width = r.p + other.p;
  const std::optional<int64_t> n = width.constant().to_int64();
  if (!width.is_constant() || !n || *n < 0) return refuse("no range of values");
  if (*n >= static_cast<int64_t>(kMaxCases)) {
    return absl::ResourceExhaustedError("too many cases");
  }
  for (int64_t k = 0; k <= *n; ++k) cases.push_back(eq(r.p - k));
  return cases;
}

}  // namespace congrua::proof
