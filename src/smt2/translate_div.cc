// div and mod as floor divisions, where the sign of the divisor is known.
#include <array>

#include "smt2/translate.h"

namespace congrua::smt2 {

using internal::Builder;

Translation::Memo Translation::division(TermId t) {
  const std::span<const TermId> args = env_.terms.args(t);
  const Node* a = node(args[0]);
  const Node* b = node(args[1]);
  const bool remainder = env_.terms.op(t) == TermOp::kMod;
  const unsigned mask = relied_signs(b);
  if ((mask & Signs::kZero) == 0) {
    // The remainder lies in [0, |b|).
    if (remainder && mask == Signs::kPositive) return {.num = builder_.floor_mod(a, b)};
    if (remainder && mask == Signs::kNegative) {
      return {.num = builder_.floor_mod(a, builder_.neg(b))};
    }
    const Node* q = euclid_quotient(a, b, mask);
    return {.num = remainder ? builder_.sub(a, builder_.mul(b, q)) : q};
  }
  const uint32_t i = free_division(a, b);
  const Node* n = remainder ? free_[i].remainder : free_[i].quotient;
  origin_[t] = n;
  return {.num = n, .unresolved = true};
}

// floor(a / b) for b > 0, -floor(a / -b) for b < 0.
const Node* Translation::euclid_quotient(const Node* a, const Node* b, unsigned signs) {
  if (signs == Signs::kPositive) return builder_.floor_div(a, b);
  const Node* negative = builder_.neg(builder_.floor_div(a, builder_.neg(b)));
  if (signs == Signs::kNegative) return negative;
  return builder_.select(builder_.ge0(builder_.add_const(b, Int(-1))),
                         builder_.floor_div(a, b), negative);
}

// What the asserts in scope leave of the signs of b.
unsigned Translation::signs(const Node* b) {
  if (b->op == Op::kConst) {
    const int s = internal::const_value(b).sign();
    return s == 0 ? Signs::kZero : s > 0 ? Signs::kPositive : Signs::kNegative;
  }
  const auto it = asked_.find(b);
  if (it != asked_.end() && it->second.knowledge == knowledge_ &&
      (it->second.deep || !deep_)) {
    return it->second.mask;
  }
  unsigned mask = signs_.possible(b);
  const bool ask_facts = deep_ && (mask & Signs::kZero) != 0;
  if (ask_facts) mask = deep_signs(b, mask);
  asked_[b] = {mask, knowledge_, deep_};
  return mask;
}

// The same, for a translation that will hold only because of it.
unsigned Translation::relied_signs(const Node* b) {
  const unsigned mask = signs(b);
  if (b->op == Op::kConst) return mask;
  const Node* fact = nullptr;
  switch (mask) {
    case Signs::kPositive:
      fact = builder_.ge0(builder_.add_const(b, Int(-1)));
      break;
    case Signs::kNegative:
      fact = builder_.ge0(builder_.add_const(builder_.neg(b), Int(-1)));
      break;
    case Signs::kNegative | Signs::kPositive:
      fact = builder_.logical_not(builder_.eq0(b));
      break;
    default:
      return mask;
  }
  if (!internal::is_true(fact)) {
    relied_on_scope_ = true;
    tell(fact);
    // Told facts follow from what is known: the answer stays.
    asked_[b] = {mask, knowledge_, deep_};
  }
  return mask;
}

unsigned Translation::deep_signs(const Node* b, unsigned mask) {
  Facts* facts = facts_;
  if (facts == nullptr) {
    if (own_facts_ == nullptr) own_facts_ = std::make_unique<Facts>(pool_);
    facts = own_facts_.get();
    const auto push_due = [&] {
      while (given_scopes_ < learned_marks_.size() &&
             learned_marks_[given_scopes_] <= given_) {
        facts->push();
        ++given_scopes_;
      }
    };
    for (push_due(); given_ < learned_.size(); push_due()) {
      // A contradiction makes every answer right.
      facts->add(Builder::expr(learned_[given_++])).IgnoreError();
    }
  }
  const QuestionOptions options{.steps = 5'000, .cancel = nullptr, .explain = false};
  const auto holds = [&](const Node* n) {
    return facts->decide(Builder::expr(n), options).truth == Truth::kTrue;
  };
  if (holds(builder_.ge0(builder_.add_const(b, Int(-1))))) return Signs::kPositive;
  if ((mask & Signs::kNegative) == 0) return mask;
  if (holds(builder_.ge0(builder_.add_const(builder_.neg(b), Int(-1)))))
    return Signs::kNegative;
  if (holds(builder_.logical_not(builder_.eq0(b)))) return mask & ~Signs::kZero;
  return mask;
}

uint32_t Translation::free_division(const Node* a, const Node* b) {
  const auto [it, added] =
      free_index_.try_emplace(std::pair(a, b), static_cast<uint32_t>(free_.size()));
  if (added) {
    const std::array args = {a, b};
    free_.push_back({.a = a,
                     .b = b,
                     .quotient = builder_.opaque("div", args, Sort::kInt),
                     .remainder = builder_.opaque("mod", args, Sort::kInt)});
  }
  Free& f = free_[it->second];
  if (!trying_ && !f.used) {
    f.used = true;
    if (!scopes_.empty()) trail_.push_back({Undo::Kind::kFreeUsed, it->second, nullptr});
  }
  return it->second;
}

// 0 <= a - b*q <= |b| - 1 and r = a - b*q, for each sign that b may have.
void Translation::tell_axiom(const Free& f) {
  if (f.b->op == Op::kConst) return;  // 0: nothing is known
  const Node* rest = builder_.sub(f.a, builder_.mul(f.b, f.quotient));
  const unsigned mask = signs(f.b);
  const Node* equal = builder_.eq(f.remainder, rest);
  for (const bool positive : {true, false}) {
    if ((mask & (positive ? Signs::kPositive : Signs::kNegative)) == 0) continue;
    const Node* size = positive ? f.b : builder_.neg(f.b);
    const Node* below =
        builder_.ge0(builder_.add_const(builder_.sub(size, rest), Int(-1)));
    const std::array parts = {builder_.ge0(rest), below, equal};
    const Node* not_that_sign = builder_.ge0(builder_.neg(size));
    tell(builder_.disjunction(std::array{not_that_sign, builder_.conjunction(parts)}));
  }
}

void Translation::link(const Free& f, unsigned signs) {
  const Node* q = euclid_quotient(f.a, f.b, signs);
  tell(builder_.eq(f.quotient, q));
  tell(builder_.eq(f.remainder, builder_.sub(f.a, builder_.mul(f.b, q))));
}

namespace {

// Is t the literal v?
bool is_integer(const TermTable& terms, TermId t, int64_t v) {
  return terms.op(t) == TermOp::kInt && terms.literal(t).num == Int(v);
}

// -x as (- x), (- 0 x) or (* -1 x): x, else kNoTerm.
TermId negated(const TermTable& terms, TermId t) {
  const std::span<const TermId> args = terms.args(t);
  if (terms.op(t) == TermOp::kNeg) return args[0];
  if (args.size() != 2) return kNoTerm;
  if (terms.op(t) == TermOp::kSub && is_integer(terms, args[0], 0)) return args[1];
  if (terms.op(t) != TermOp::kMul) return kNoTerm;
  if (is_integer(terms, args[0], -1)) return args[1];
  return is_integer(terms, args[1], -1) ? args[0] : kNoTerm;
}

// x + 1: x, else kNoTerm.
TermId decremented(const TermTable& terms, TermId t) {
  const std::span<const TermId> args = terms.args(t);
  if (terms.op(t) != TermOp::kAdd || args.size() != 2) return kNoTerm;
  if (is_integer(terms, args[1], 1)) return args[0];
  return is_integer(terms, args[0], 1) ? args[1] : kNoTerm;
}

}  // namespace

// Python's division written with SMT-LIB's:
//   (ite (> b 0) (div a b) (div (- a) (- b)))  and  (ite (> b 0) (mod a b) (- (mod (- a)
//   (- b))))
// For b > 0 both are floor(a / b) and its remainder by definition. For b < 0, -b > 0, so
// the other branch is floor(-a / -b) = floor(a / b), and minus the remainder of -a by -b,
// which is a - b*floor(a / b).
std::optional<Translation::PythonDivision> Translation::python_division(TermId t) const {
  const TermTable& terms = env_.terms;
  const std::span<const TermId> args = terms.args(t);
  const TermId c = args[0];
  if (terms.op(c) != TermOp::kLt && terms.op(c) != TermOp::kLe) return std::nullopt;
  const TermId low = terms.arg(c, 0);
  const TermId high = terms.arg(c, 1);
  PythonDivision p{};
  TermId positive = args[1];
  TermId negative = args[2];
  if (is_integer(terms, low, 0) ||
      (is_integer(terms, low, 1) && terms.op(c) == TermOp::kLe)) {
    p.sign_of = high;  // 0 < b, 0 <= b, 1 <= b
  } else if (is_integer(terms, high, 0)) {
    p.sign_of = low;  // b < 0, b <= 0
    std::swap(positive, negative);
  } else {
    return std::nullopt;
  }
  p.remainder = terms.op(positive) == TermOp::kMod;
  if (p.remainder) negative = negated(terms, negative);
  if (negative == kNoTerm || terms.op(positive) != terms.op(negative))
    return std::nullopt;
  if (!p.remainder && terms.op(positive) != TermOp::kDiv) return std::nullopt;
  p.a = terms.arg(positive, 0);
  p.b = terms.arg(positive, 1);
  p.minus_a = terms.arg(negative, 0);
  p.minus_b = terms.arg(negative, 1);
  return p;
}

// ceil(x) as (ite (= (to_int x) x) (to_int x) (+ (to_int x) 1)), with is_int for the
// condition, and (ite (= (mod a b) 0) (div a b) (+ (div a b) 1)).
std::optional<Translation::Ceiling> Translation::ceiling(TermId t) const {
  const TermTable& terms = env_.terms;
  const std::span<const TermId> args = terms.args(t);
  const TermId c = args[0];
  if (decremented(terms, args[2]) != args[1]) return std::nullopt;
  const TermOp then = terms.op(args[1]);
  if (then == TermOp::kToInt) {
    const TermId x = terms.arg(args[1], 0);
    if (terms.op(c) == TermOp::kIsInt && terms.arg(c, 0) == x) return Ceiling{x, kNoTerm};
    if (terms.op(c) != TermOp::kEq) return std::nullopt;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      const TermId rounded = terms.arg(c, side);
      if (terms.arg(c, 1 - side) == x && terms.op(rounded) == TermOp::kToReal &&
          terms.arg(rounded, 0) == args[1]) {
        return Ceiling{x, kNoTerm};
      }
    }
  }
  if (then == TermOp::kDiv && terms.op(c) == TermOp::kEq) {
    for (const size_t side : {size_t{0}, size_t{1}}) {
      const TermId mod = terms.arg(c, side);
      if (is_integer(terms, terms.arg(c, 1 - side), 0) && terms.op(mod) == TermOp::kMod &&
          terms.arg(mod, 0) == terms.arg(args[1], 0) &&
          terms.arg(mod, 1) == terms.arg(args[1], 1)) {
        return Ceiling{terms.arg(mod, 0), terms.arg(mod, 1)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace congrua::smt2
