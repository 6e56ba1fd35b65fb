// Quotients, minima, maxima and selects get the operands that read best beside the sum.
#include <algorithm>
#include <utility>

#include "expr/sum_shape.h"

namespace congrua::internal {

namespace {

// Operands of more terms, and more operands, are shown as they are.
constexpr size_t kMaxShifted = 16;

// What a coefficient of a sum's term costs a reader, and that of a numerator's.
int outer_cost(const Int& c) {
  if (c.is_zero()) return 0;
  return c.is_one() || c == Int(-1) ? 2 : 4;
}
int inner_cost(const Int& c) {
  if (c.is_one()) return 0;
  return c == Int(-1) ? 1 : c.sign() > 0 ? 2 : 3;
}

bool all_negative(const Poly& p) {
  return !p.terms.empty() &&
         std::ranges::all_of(p.terms, [](const Term& t) { return t.coef.sign() < 0; });
}

}  // namespace

void SumShape::shift_quotients() {
  for (size_t i = 0; i < works_.size(); ++i) {
    const Work& w = works_[i];
    if (w.coef.is_zero() || !w.shown.empty() || w.mono.size() != 1) continue;
    const auto [quotient, exponent] = w.mono[0];
    if (quotient->op != Op::kFloorDiv || exponent != 1) continue;
    if (!views_.rounds_down(divisor_of(quotient))) continue;
    Poly p = poly_of(dividend_of(quotient));
    if (p.terms.size() > kMaxShifted) continue;
    if (const Int* c = constant_divisor(quotient)) {
      show_by_constant(i, quotient, std::move(p), *c);
    } else if (p.constant.sign() <= 0 && all_negative(p)) {
      show_ceiling(i, quotient, p);
    }
  }
}

// floor_div(p + c*t, c) = floor_div(p, c) + t: moves whole multiples of c between the
// numerator and the sum so that the coefficients of both get small.
void SumShape::show_by_constant(size_t i, const Node* quotient, Poly p, const Int& c) {
  const Int m = works_[i].coef;
  bool changed = false;
  for (Term& t : p.terms) {
    const Mono mono = mono_of(t.mono);
    const Int outside = coefficient(mono);
    const Int low = t.coef - c;
    if (outer_cost(outside + m) + inner_cost(low) <
        outer_cost(outside) + inner_cost(t.coef)) {
      change(mono, m);
      t.coef = low;
      changed = true;
    }
  }
  if (all_negative(p)) {
    // -floor_div(-p, c) = ceil_div(p, c).
    show_ceiling(i, quotient, p);
    return;
  }
  const std::optional<Int> steps = exact_quotient(constant_, m);
  const bool last = p.constant == c - Int(1);
  if (freedom_ == Freedom::kValue && steps && !steps->is_zero() &&
      !p.constant.is_zero() && (!last || *steps == Int(-1))) {
    // floor_div(p, c) + k = floor_div(p + k*c, c).
    p.constant += c * *steps;
    constant_ = Int();
    replace(i, works_[i].coef, quotient, quotient_view(ViewOp::kFloorDiv, quotient, p));
  } else if (changed) {
    const ViewOp op = last ? ViewOp::kCeilDiv : ViewOp::kFloorDiv;
    if (last) p.constant = Int();
    replace(i, works_[i].coef, quotient, quotient_view(op, quotient, p));
  }
}

void SumShape::show_ceiling(size_t i, const Node* quotient, Poly p) {
  for (Term& t : p.terms) t.coef = -t.coef;
  p.constant = -p.constant;
  replace(i, -works_[i].coef, quotient, quotient_view(ViewOp::kCeilDiv, quotient, p));
}

ViewId SumShape::quotient_view(ViewOp op, const Node* quotient, const Poly& p) {
  const ViewId operands[] = {views_.numerator_view(p),
                             views_.value_view(divisor_of(quotient))};
  return views_.node_view(op, operands);
}

// min(a - 3, b - 3, 0) + 3 is min(a, b, 3); max and select likewise.
void SumShape::shift_choices() {
  for (size_t i = 0; i < works_.size(); ++i) {
    const Work& w = works_[i];
    if (w.coef.is_zero() || !w.shown.empty() || w.mono.size() != 1 ||
        w.mono[0].second != 1) {
      continue;
    }
    const Node* choice = w.mono[0].first;
    if (choice->op == Op::kMin || choice->op == Op::kMax || choice->op == Op::kSelect) {
      shift_choice(i, choice);
    }
  }
}

void SumShape::shift_choice(size_t i, const Node* choice) {
  const auto args = args_of(choice).subspan(choice->op == Op::kSelect ? 1 : 0);
  if (args.size() > kMaxShifted) return;
  const Int m = works_[i].coef;
  // Additions that are written if the arguments grow by `by`. A comparison's constant has
  // the other side to go to.
  const auto additions = [&](const Int& by) {
    size_t n = constant_ == m * by || freedom_ == Freedom::kComparison ? 0 : 1;
    for (const Node* a : args) {
      n += !is_const(a) && !(LinearView(a).constant() + by).is_zero();
    }
    return n;
  };
  Int best;
  size_t least = additions(best);
  const auto consider = [&](const Int& by) {
    const size_t n = additions(by);
    if (n >= least) return;
    least = n;
    best = by;
  };
  if (const std::optional<Int> all = exact_quotient(constant_, m)) consider(*all);
  for (const Node* a : args) {
    if (!is_const(a)) consider(-LinearView(a).constant());
  }
  if (best.is_zero()) return;
  if (std::ranges::any_of(args, [](const Node* a) {
        return LinearView(a).terms().size() > kMaxShifted;
      })) {
    return;
  }
  std::vector<ViewId> operands;
  for (const Node* a : views_.reading_order(choice)) {
    if (a->sort == Sort::kBool) {
      operands.push_back(views_.value_view(a));
      continue;
    }
    Poly p = poly_of(a);
    p.constant += best;
    operands.push_back(views_.numerator_view(p));
  }
  constant_ -= m * best;
  const ViewOp op = choice->op == Op::kMin   ? ViewOp::kMin
                    : choice->op == Op::kMax ? ViewOp::kMax
                                             : ViewOp::kSelect;
  replace(i, m, choice, views_.node_view(op, operands));
}

void SumShape::replace(size_t i, Int coef, const Node* key, ViewId view) {
  works_[i].coef = Int();
  works_.push_back({std::move(coef), {}, {{key, view, 1, false}}});
}

}  // namespace congrua::internal
