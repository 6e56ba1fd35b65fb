#include "width/checker.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "congrua/eval.h"
#include "expr/divisions.h"
#include "guard/facts_impl.h"
#include "width/extremes.h"

namespace congrua::width {

using internal::Builder;

namespace {

// The operands of step s as the node functions of Builder take them.
const Node* value_of(Builder& b, const Step& s, std::span<const Node* const> v) {
  const auto comparison = [&](const Node* larger, const Node* smaller) {
    return b.ge(larger, smaller);
  };
  switch (s.op) {
    case StepOp::kConst:
      return b.constant(*s.number);
    case StepOp::kTruth:
      return b.boolean(s.a != 0);
    case StepOp::kNeg:
      return b.neg(v[0]);
    case StepOp::kAdd:
      return b.add(v[0], v[1]);
    case StepOp::kSub:
      return b.sub(v[0], v[1]);
    case StepOp::kMul:
      return b.mul(v[0], v[1]);
    case StepOp::kFloorDiv:
      return b.floor_div(v[0], v[1]);
    case StepOp::kFloorMod:
      return b.floor_mod(v[0], v[1]);
    case StepOp::kCeilDiv:
      return b.ceil_div(v[0], v[1]);
    case StepOp::kTruncDiv:
      return internal::trunc_div(b, v[0], v[1]);
    case StepOp::kTruncMod:
      return b.sub(v[0], b.mul(v[1], internal::trunc_div(b, v[0], v[1])));
    case StepOp::kMin:
    case StepOp::kMax:
      return b.minmax(s.op == StepOp::kMin ? Op::kMin : Op::kMax, v);
    case StepOp::kAbs: {
      const Node* both[] = {v[0], b.neg(v[0])};
      return b.minmax(Op::kMax, both);
    }
    case StepOp::kEq:
      return b.eq(v[0], v[1]);
    case StepOp::kNe:
      return b.logical_not(b.eq(v[0], v[1]));
    case StepOp::kLt:
      return b.logical_not(comparison(v[0], v[1]));
    case StepOp::kLe:
      return comparison(v[1], v[0]);
    case StepOp::kGt:
      return b.logical_not(comparison(v[1], v[0]));
    case StepOp::kGe:
      return comparison(v[0], v[1]);
    case StepOp::kNot:
      return b.logical_not(v[0]);
    case StepOp::kAnd:
      return b.conjunction(v);
    case StepOp::kOr:
      return b.disjunction(v);
    case StepOp::kSelect:
      return b.select(v[0], v[1], v[2]);
    default:
      return s.node;
  }
}

bool divides(StepOp op) {
  return op == StepOp::kFloorDiv || op == StepOp::kFloorMod || op == StepOp::kCeilDiv ||
         op == StepOp::kTruncDiv || op == StepOp::kTruncMod;
}

}  // namespace

Checker::Checker(Facts& facts, const Program& program, IntType type,
                 const WidthOptions& options)
    : facts_(facts),
      builder_(facts.impl().builder),
      program_(program),
      range_(range_of(type)),
      options_(options),
      spans_(program.steps.size()),
      values_(program.steps.size(), nullptr) {}

Span Checker::compute(const Step& s) const {
  const auto a = [&]() -> const Span& { return spans_[s.a]; };
  const auto b = [&]() -> const Span& { return spans_[s.b]; };
  switch (s.op) {
    case StepOp::kConst:
      return span_of(*s.number);
    case StepOp::kSymbol:
    case StepOp::kOpaque:
      return span_of(facts_.impl().domain_of(s.node));
    case StepOp::kNeg:
      return neg(a());
    case StepOp::kAdd:
      return add(a(), b());
    case StepOp::kSub:
      return sub(a(), b());
    case StepOp::kMul:
      return mul(a(), b());
    case StepOp::kFloorDiv:
      return floor_div(a(), b());
    case StepOp::kFloorMod:
      return floor_mod(a(), b());
    case StepOp::kCeilDiv:
      return ceil_div(a(), b());
    case StepOp::kTruncDiv:
      return trunc_div(a(), b());
    case StepOp::kTruncMod:
      return trunc_mod(a(), b());
    case StepOp::kMin:
      return min(a(), b());
    case StepOp::kMax:
      return max(a(), b());
    case StepOp::kAbs:
      return abs(a());
    case StepOp::kSelect:
      return b().join(spans_[s.c]);
    default:
      return {0, 1};
  }
}

const Node* Checker::value(StepId root) {
  if (values_[root] != nullptr) return values_[root];
  absl::InlinedVector<StepId, 16> stack{root};
  absl::InlinedVector<const Node*, 3> operands;
  while (!stack.empty()) {
    const StepId id = stack.back();
    const Step& s = program_.steps[id];
    const StepId args[] = {s.a, s.b, s.c};
    bool ready = true;
    operands.clear();
    for (int i = 0; i < arity(s.op); ++i) {
      const Node* v = values_[args[i]];
      if (v == nullptr) {
        stack.push_back(args[i]);
        ready = false;
      }
      operands.push_back(v);
    }
    if (!ready) continue;
    stack.pop_back();
    if (values_[id] == nullptr) values_[id] = value_of(builder_, s, operands);
  }
  return values_[root];
}

const Node* Checker::path(uint32_t block) {
  absl::InlinedVector<const Node*, 8> parts;
  for (; block != 0; block = program_.blocks[block - 1].parent) {
    const Block& b = program_.blocks[block - 1];
    const Node* c = value(b.condition);
    parts.push_back(b.truth ? c : builder_.logical_not(c));
  }
  return parts.empty() ? builder_.boolean(true) : builder_.conjunction(parts);
}

Span Checker::by_node(const Node* n) {
  Facts::Impl& impl = facts_.impl();
  return span_of(impl.domain_of(n)).meet(span_of(impl.domain_of(impl.rewrite(n))));
}

// A question about the whole is asked where no divisor of it is 0; a question about one
// step says nothing of the other ones.
const std::vector<const Node*>& Checker::zero_divisors() {
  if (zero_divisors_) return *zero_divisors_;
  zero_divisors_.emplace();
  for (const Step& s : program_.steps) {
    if (!divides(s.op) || !spans_[s.b].contains(0)) continue;
    const Node* zero = builder_.eq(value(s.b), builder_.constant(Int(0)));
    if (internal::is_false(zero)) continue;
    if (std::ranges::find(*zero_divisors_, zero) == zero_divisors_->end()) {
      zero_divisors_->push_back(zero);
    }
  }
  return *zero_divisors_;
}

const Node* Checker::implied(const Node* condition, const Node* proposition) {
  const Node* both[] = {builder_.logical_not(condition), proposition};
  return builder_.disjunction(both);
}

bool Checker::always(const Node* proposition, uint32_t block) {
  const QuestionOptions options{
      .steps = options_.steps, .cancel = options_.cancel, .explain = false};
  const Node* where = path(block);
  const Truth truth =
      facts_.decide(Builder::expr(implied(where, proposition)), options).truth;
  if (truth != Truth::kUnknown || block == 0) return truth == Truth::kTrue;
  facts_.push();
  const bool inside =
      !facts_.add(Builder::expr(where)).ok() ||  // nobody comes here
      facts_.decide(Builder::expr(proposition), options).truth == Truth::kTrue;
  facts_.pop();
  return inside;
}

Truth Checker::ask(const Node* proposition, uint32_t block, Answer* answer) {
  if (always(proposition, block)) return Truth::kTrue;
  const Node* whole = implied(path(block), proposition);
  for (const Node* zero : zero_divisors()) {
    const Node* both[] = {whole, zero};
    whole = builder_.disjunction(both);
  }
  Answer said = facts_.decide(
      Builder::expr(whole),
      {.steps = options_.steps, .cancel = options_.cancel, .explain = answer != nullptr});
  const Truth truth = said.truth;
  if (answer != nullptr) *answer = std::move(said);
  return truth;
}

// The sides of the range that are still open.
const Node* Checker::in_range(const Node* v, const Span& known) {
  absl::InlinedVector<const Node*, 2> sides;
  const auto constant = [&](int128 x) { return builder_.constant(Int::from_i128(x)); };
  if (known.lo < range_.lo) sides.push_back(builder_.ge(v, constant(range_.lo)));
  if (known.hi > range_.hi) sides.push_back(builder_.ge(constant(range_.hi), v));
  return builder_.conjunction(sides);
}

// v at the extreme values of one of its symbols, or of two: "i*n" with i < m is at most
// m*n - n, which a fact about m*n bounds.
bool Checker::bounded(const Node* v, const Span& known) {
  const auto side = [&](bool low) {
    const Node* limit = builder_.constant(Int::from_i128(low ? range_.lo : range_.hi));
    const std::function<bool(const Node*, int)> holds = [&](const Node* n, int depth) {
      const Node* goal = low ? builder_.ge(n, limit) : builder_.ge(limit, n);
      if (depth > 0 && always(goal, 0)) return true;
      if (depth == 2) return false;
      const std::vector<Expr> symbols = free_symbols(Builder::expr(n));
      if (symbols.size() > kMaxReplaced) return false;
      return std::ranges::any_of(symbols, [&](const Expr& s) {
        Extremes extremes(facts_, std::span(&s, 1), options_);
        const auto ends = extremes.of(n, low);
        return ends && std::ranges::all_of(*ends, [&](const Node* end) {
                 return end != n && holds(end, depth + 1);
               });
      });
    };
    return holds(v, 0);
  };
  return (known.lo >= range_.lo || side(true)) && (known.hi <= range_.hi || side(false));
}

// Points with all symbols at ends of their ranges: where values of 64 bits are needed, a
// search for small ones finds none.
std::optional<Answer> Checker::try_corners(const Node* v, uint32_t block) {
  std::vector<Expr> asked = {Builder::expr(v), Builder::expr(path(block))};
  for (const Node* zero : zero_divisors()) asked.push_back(Builder::expr(zero));
  for (FactId i = 0; i < facts_.size(); ++i) asked.push_back(facts_.fact(i));
  std::vector<Expr> symbols;
  for (const Expr e : asked) {
    for (const Expr s : free_symbols(e)) {
      if (std::ranges::find(symbols, s) == symbols.end()) symbols.push_back(s);
    }
  }
  if (symbols.size() > kMaxCornerSymbols) return std::nullopt;
  std::vector<std::array<int64_t, 2>> ends;
  for (const Expr s : symbols) {
    const Span range = s.is_bool() ? Span{0, 1} : by_node(Builder::node(s));
    const auto clip = [](int128 x) {
      return static_cast<int64_t>(std::clamp<int128>(x, INT64_MIN, INT64_MAX));
    };
    ends.push_back({clip(range.lo), clip(range.hi)});
  }
  Answer answer;
  for (size_t corner = size_t{1} << symbols.size(); corner-- > 0;) {
    answer.counterexample.clear();
    for (size_t k = 0; k < symbols.size(); ++k) {
      answer.counterexample.emplace_back(symbols[k], ends[k][(corner >> k) & 1]);
    }
    const auto is = [&](const Expr& e, int64_t wanted) {
      const auto value = evaluate(e, answer.counterexample);
      return value.ok() && *value == wanted;
    };
    if (!is(asked[1], 1)) continue;
    const auto zeros = std::span(asked).subspan(2, zero_divisors().size());
    const auto given = std::span(asked).subspan(2 + zeros.size());
    if (!std::ranges::all_of(zeros, [&](const Expr& e) { return is(e, 0); })) continue;
    if (!std::ranges::all_of(given, [&](const Expr& e) { return is(e, 1); })) continue;
    const auto value = evaluate_text(asked[0], answer.counterexample);
    const std::optional<Int> exact = value.ok() ? Int::parse(*value) : std::nullopt;
    if (exact && span_of(*exact).disjoint(range_)) return answer;
  }
  return std::nullopt;
}

FitsAnswer Checker::decide(StepId s) {
  const Node* v = value(s);
  FitsAnswer answer;
  if (internal::deeper_than(v, kMaxDepth)) {
    answer.intermediate = Builder::expr(v);
    return answer;
  }
  const Node* open = in_range(v, spans_[s]);
  const uint32_t block = program_.steps[s].block;
  Answer said;
  answer.truth = ask(open, block, &said);
  answer.layer = std::max(Layer::kInterval, said.layer);
  if (answer.truth == Truth::kUnknown) {
    if (bounded(v, spans_[s])) {
      answer.truth = Truth::kTrue;
      answer.layer = Layer::kSplit;
    } else if (std::optional<Answer> corner = try_corners(v, block)) {
      answer.truth = Truth::kOpen;
      answer.layer = Layer::kModel;
      said = std::move(*corner);
    }
  }
  if (answer.truth == Truth::kTrue) return answer;
  answer.intermediate = Builder::expr(v);
  if (answer.truth == Truth::kOpen) {
    answer.point = std::move(said.counterexample);
    auto text = evaluate_text(*answer.intermediate, answer.point);
    if (text.ok()) answer.value = std::move(*text);
  }
  return answer;
}

FitsAnswer Checker::run() {
  FitsAnswer worst;
  worst.truth = Truth::kTrue;
  int undecided = 0;
  if (facts_.contradictory()) return worst;
  const auto severity = [](Truth t) {
    return t == Truth::kTrue ? 0 : t == Truth::kUnknown ? 1 : t == Truth::kOpen ? 2 : 3;
  };
  for (StepId i = 0; i < program_.steps.size(); ++i) {
    const Step& s = program_.steps[i];
    if (s.sort != Sort::kInt || !has_value(s.op)) continue;
    Span& span = spans_[i];
    span = compute(s);
    if (span.within(range_)) continue;
    if (s.op != StepOp::kConst) {
      span = span.meet(by_node(value(i)));
      if (span.within(range_)) continue;
    }
    FitsAnswer answer;
    if (span.disjoint(range_) && s.block == 0) {
      answer.truth = Truth::kFalse;
      answer.intermediate = Builder::expr(value(i));
    } else if (s.op == StepOp::kConst ||
               (worst.truth != Truth::kOpen && undecided < kMaxUndecided)) {
      answer = decide(i);
    } else {
      continue;  // the answer is no longer kTrue, and points are dear
    }
    undecided += answer.truth == Truth::kUnknown;
    worst.layer = std::max(worst.layer, answer.layer);
    if (answer.truth == Truth::kTrue) span = span.meet(range_);
    if (severity(answer.truth) > severity(worst.truth)) {
      answer.layer = worst.layer;
      worst = std::move(answer);
    }
    if (worst.truth == Truth::kFalse) break;
  }
  if (program_.cut && worst.truth == Truth::kTrue) worst.truth = Truth::kUnknown;
  if (program_.approximate && worst.truth != Truth::kTrue) {
    worst.truth = Truth::kUnknown;
    worst.point.clear();
    worst.value.clear();
  }
  return worst;
}

std::vector<Checker::Open> Checker::open_sides() {
  std::vector<Open> open;
  for (StepId i = 0; i < program_.steps.size(); ++i) {
    const Step& s = program_.steps[i];
    if (s.sort != Sort::kInt || !has_value(s.op)) continue;
    Span& span = spans_[i];
    span = compute(s);
    if (!span.within(range_)) span = span.meet(by_node(value(i)));
    const auto side = [&](bool is_open, Span limits) {
      if (!is_open || internal::deeper_than(value(i), kMaxDepth)) return is_open;
      return ask(in_range(value(i), limits), s.block) != Truth::kTrue &&
             !bounded(value(i), limits);
    };
    const bool low = side(span.lo < range_.lo, {.lo = -Span::kInf, .hi = range_.hi});
    const bool high = side(span.hi > range_.hi, {.lo = range_.lo, .hi = Span::kInf});
    if (low || high) open.push_back({i, low, high});
    if (!span.disjoint(range_)) span = span.meet(range_);
  }
  return open;
}

void Checker::assume_fitting() {
  for (StepId i = 0; i < program_.steps.size(); ++i) {
    const Step& s = program_.steps[i];
    if (s.sort != Sort::kInt || !has_value(s.op)) continue;
    spans_[i] = compute(s).meet(range_);
    if (s.op != StepOp::kConst && s.op != StepOp::kSymbol) {
      spans_[i] = spans_[i].meet(by_node(value(i)));
    }
  }
}

}  // namespace congrua::width
