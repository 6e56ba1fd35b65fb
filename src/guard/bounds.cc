// The range of a term: intervals first, then its ends by proofs and points.
#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "expr/eval.h"
#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;
using internal::Builder;
using internal::Factor;
using internal::factors_of;
using internal::LinearView;
using internal::Node;
using internal::Term;

namespace {

// One question about an end: most take a few hundred steps.
constexpr int64_t kAskSteps = 12'000;
// Questions without an answer before the proved end is good enough.
constexpr int kMaxUnknown = 6;
constexpr int kMaxQuestions = 100;
// A value beyond it is taken for the sign of an end that is not there.
constexpr int64_t kFar = int64_t{1} << 40;

Bounds bounds_of(const Domain& d) {
  if (d.empty()) return {.lo = 1, .hi = 0};
  Bounds b{.modulus = d.mod(), .residue = d.rem()};
  if (d.lo() != kNegInf) b.lo = d.lo();
  if (d.hi() != kPosInf) b.hi = d.hi();
  return b;
}

// Bounds of one symbol, whatever their number: what the interval layer knows exactly.
bool bounds_one_symbol(const Node* fact) {
  if (fact->op == Op::kAnd) return std::ranges::all_of(args_of(fact), bounds_one_symbol);
  if (fact->op != Op::kGe) return false;
  const LinearView p(args_of(fact)[0]);
  return p.terms().size() == 1 && p.terms()[0].mono->op == Op::kSymbol;
}

// Does the interval layer give ends that are attained? So it does for a term that reads
// each symbol once, by operators that take their extremes at ends of their operands,
// over symbols that nothing ties to each other.
bool reads_once(const Node* e) {
  constexpr size_t kMaxNodes = 64;
  absl::InlinedVector<const Node*, 16> symbols;
  absl::InlinedVector<const Node*, 32> stack{e};
  for (size_t count = 0; !stack.empty(); ++count) {
    if (count == kMaxNodes) return false;
    const Node* n = stack.back();
    stack.pop_back();
    switch (n->op) {
      case Op::kConst:
        continue;
      case Op::kSymbol:
        if (std::ranges::find(symbols, n) != symbols.end()) return false;
        symbols.push_back(n);
        continue;
      case Op::kMul:
        for (const Factor& f : factors_of(n)) {
          if (f.exponent != 1) return false;
        }
        break;
      case Op::kFloorDiv:
        if (args_of(n)[1]->op != Op::kConst) return false;
        break;
      case Op::kAdd:
      case Op::kMin:
      case Op::kMax:
        break;
      default:
        return false;
    }
    internal::for_each_child(n, [&](const Node* c) { stack.push_back(c); });
  }
  return true;
}

bool interval_is_exact(const Facts::Impl& facts, const Node* e) {
  constexpr size_t kMaxFacts = 64;
  if (facts.facts.size() > kMaxFacts || !reads_once(e)) return false;
  return std::ranges::all_of(facts.facts, [e](const Node* fact) {
    return (fact->symbols() & e->symbols()) == 0 || bounds_one_symbol(fact);
  });
}

// The lower end of a term. The upper end is that of its negation.
//
// What is proved rises and what is attained falls until they meet, or until questions
// remain without an answer. An attained value is often the end, so that it is asked in
// turn with the middle.
class LowerEnd {
 public:
  LowerEnd(Facts::Impl& facts, const Node* e, const Domain& d, Budget& budget)
      : facts_(facts), e_(e), d_(d), budget_(budget) {}

  Domain find() {
    if (d_.empty() || d_.is_point() || !begin()) return d_;
    bool middle = false;
    for (int i = 0; i < kMaxQuestions && unknown_ < kMaxUnknown && !met(); ++i) {
      if (budget_.spent()) break;
      const int64_t v = next(middle);
      if (v <= Domain::kMinFinite) break;  // an int64 does not hold the end
      const Outcome outcome = ask(v);
      // A new attained value is asked after a middle; where there is none, halve on.
      middle = outcome == Outcome::kUnknown || (outcome == Outcome::kLower && !middle);
    }
    return d_;
  }

 private:
  enum class Outcome : uint8_t { kProved, kLower, kUnknown };

  bool bounded() const { return d_.lo() != kNegInf; }
  bool met() const { return d_.empty() || (bounded() && d_.lo() >= high_); }

  // The proved end itself, or what is far below; false: nothing is left to be found.
  bool begin() {
    if (bounded()) {
      if (d_.lo() >= Domain::kMaxFinite) return false;
      ask(d_.lo() + 1);
      high_ = std::min(high_, d_.hi());
      return !met();
    }
    const Outcome outcome = ask(-kFar);
    if (outcome == Outcome::kLower) return false;
    // An end is there, or not: it is looked for from 0.
    high_ = d_.hi();
    if (high_ > 0) ask(0);
    return !met();
  }

  int64_t next(bool middle) {
    if (high_ != kPosInf && !middle) return high_;
    step_ = std::min(step_ * 2, kFar);
    if (high_ == kPosInf) {  // nothing is known above: away from the end
      const int64_t from = bounded() ? d_.lo() : 0;
      return from > Domain::kMaxFinite - step_ ? Domain::kMaxFinite : from + step_;
    }
    if (!bounded())
      return high_ < Domain::kMinFinite + step_ ? Domain::kMinFinite : high_ - step_;
    const uint64_t half =
        (static_cast<uint64_t>(high_) - static_cast<uint64_t>(d_.lo())) / 2;
    return high_ - static_cast<int64_t>(std::min(half, static_cast<uint64_t>(step_)));
  }

  // e >= v without a quotient on top: for b > 0, a//b >= v is a >= v*b, and a//b <= v is
  // a < (v + 1)*b.
  const Node* at_least(Int v) const {
    Builder& b = facts_.builder;
    const Node* e = e_;
    while (true) {
      const LinearView view(e);
      if (view.terms().size() != 1 || view.terms()[0].mono->op != Op::kFloorDiv) break;
      const Node* q = view.terms()[0].mono;
      const Node* divisor = args_of(q)[1];
      const Domain range = facts_.domain_of(divisor);
      if (range.contains(0) || (range.lo() < 0 && range.hi() > 0)) break;
      const Int& coef = view.terms()[0].coef;
      const Int end = v - view.constant();
      // q >= ceil(end / coef), or q <= floor(end / coef); both sides times the sign of b.
      const bool below = coef.sign() < 0;
      const Int limit = below ? floor_div(end, coef) + Int(1) : ceil_div(end, coef);
      const Node* rest = b.sub(args_of(q)[0], b.scale(divisor, limit));
      e = range.lo() > 0 ? rest : b.neg(rest);
      v = Int(0);
      if (below) {
        e = b.neg(e);
        v = Int(1);
      }
    }
    return b.ge0(b.add_const(e, -v));
  }

  // Is e >= v?
  Outcome ask(int64_t v) {
    const Node* g = at_least(Int(v));
    const int64_t granted = std::min(budget_.left(), kAskSteps);
    Budget part(granted, budget_.cancel_flag());
    part.charge(1);
    Layer layer = Layer::kNone;
    const Truth truth = facts_.decide(g, part, true, &layer);
    budget_.charge(part.spent_of(granted));
    switch (truth) {
      case Truth::kTrue:
        d_ = d_.with_lo(v);
        return Outcome::kProved;
      case Truth::kUnknown:
        ++unknown_;
        high_ = std::min(high_, v - 1);
        return Outcome::kUnknown;
      case Truth::kFalse:
        d_ = d_.with_hi(v - 1);
        high_ = std::min(high_, v - 1);
        return Outcome::kLower;
      case Truth::kOpen:
        break;
    }
    high_ = std::min(high_, v - 1);
    const std::optional<Int> value =
        layer == Layer::kModel ? facts_.search.value_at_base(e_) : value_at_model();
    const std::optional<int64_t> small = value ? value->to_int64() : std::nullopt;
    if (small) high_ = std::min(high_, *small);
    return Outcome::kLower;
  }

  std::optional<Int> value_at_model() {
    point_.clear();
    for (const auto& [variable, value] : facts_.search.model()) {
      point_.set(variable, value);
    }
    return evaluator_.evaluate(e_, point_);
  }

  Facts::Impl& facts_;
  const Node* e_;
  Domain d_;  // what is proved
  Budget& budget_;
  int64_t high_ = kPosInf;  // the end is not above it, or cannot be proved to be
  int64_t step_ = 1;
  int unknown_ = 0;
  internal::Assignment point_;
  internal::Evaluator evaluator_;
};

}  // namespace

Bounds Facts::bounds(Expr e, const QuestionOptions& options) {
  impl_->check_pool();
  const internal::UseChild use(impl_->builder);
  if (impl_->contradictory) return bounds_of(Domain::none());
  if (!e.is_bool()) {
    const Node* n = Builder::node(e);
    const Node* rewritten = impl_->rewrite(n);
    Domain d = impl_->domain_of(n).meet(impl_->domain_of(rewritten));
    if (options.steps <= 0 || !e.is_int() || d.is_point() ||
        interval_is_exact(*impl_, n)) {
      return bounds_of(d);
    }
    d = d.meet(impl_->vertex_domain(rewritten));
    Budget budget(options.steps, options.cancel);
    d = LowerEnd(*impl_, n, d, budget).find();
    return bounds_of(neg(LowerEnd(*impl_, impl_->builder.neg(n), neg(d), budget).find()));
  }
  switch (decide(e, options).truth) {
    case Truth::kTrue:
      return bounds_of(Domain::point(1));
    case Truth::kFalse:
      return bounds_of(Domain::point(0));
    default:
      return bounds_of(Domain::interval(0, 1));
  }
}

}  // namespace congrua
