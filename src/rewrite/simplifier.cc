#include "rewrite/simplifier.h"

#include <algorithm>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "congrua/eval.h"
#include "expr/view.h"
#include "expr/walk.h"
#include "rewrite/form.h"

namespace congrua::rewrite {

using internal::args_of;

namespace {
// Conditions assumed inside each other.
constexpr int kMaxNesting = 4;
constexpr int64_t kProofSteps = 400;
constexpr size_t kMaxEqualities = 8;  // facts looked at for shorter equal terms
constexpr int kMaxDepth = 3;          // of extremes looked into for a sign
constexpr uint32_t kMaxOperands = 8;  // of these
constexpr size_t kMaxAnswers = 32;    // of one kind that are kept for a condition
bool is_linear_in_symbols(const Node* p) {
  const internal::LinearView v(p);
  return std::ranges::all_of(
      v.terms(), [](const internal::Term& t) { return t.mono->op == Op::kSymbol; });
}

bool divides_by_zero(const Node* n) {
  return n->op == Op::kFloorDiv && args_of(n)[1]->op == Op::kConst &&
         internal::const_value(args_of(n)[1]).is_zero();
}

// A node met for the first time while it is on the stack, and not done.
const Node* const kOpen = nullptr;
}  // namespace

const Node* Simplifier::run(const Node* root) {
  if (const Node* const* done = memo_.find(root); done != nullptr && *done != kOpen) {
    return *done;
  }
  const size_t base = stack_.size();
  absl::InlinedVector<const Node*, 16> children;
  stack_.push_back(root);
  while (stack_.size() > base) {
    const Node* n = stack_.back();
    const Node* const* have = memo_.find(n);
    if (have != nullptr && *have != kOpen) {
      stack_.pop_back();
      continue;
    }
    if (!budget_.charge(4)) {
      memo_.put(n, n);
      stack_.pop_back();
      continue;
    }
    if (have == nullptr) {
      // What the condition says nothing about is what it was without it.
      const Node* const* before = outer_ != nullptr && (n->symbols() & reach_) == 0
                                      ? outer_->memo_.find(n)
                                      : nullptr;
      if (before != nullptr && *before != kOpen) {
        memo_.put(n, *before);
        stack_.pop_back();
        continue;
      }
      memo_.put(n, kOpen);
    }
    bool ready = true;
    bool changed = false;
    children.clear();
    internal::for_each_child(n, [&](const Node* c) {
      const Node* const* r = memo_.find(c);
      if (r == nullptr) {
        stack_.push_back(c);
        ready = false;
        return;
      }
      // A child that is being simplified further up is taken as it is.
      const Node* simple = *r == kOpen ? c : *r;
      changed |= simple != c;
      children.push_back(simple);
    });
    if (!ready) continue;
    // Each of a chain of sums may hold all of those before; one that changes is sorted.
    const auto size = static_cast<int64_t>(children.size());
    budget_.charge(changed ? size : size / 4);
    const Node* next = changed ? builder_.rebuild(n, children) : n;
    no_value_ |= next != n && divides_by_zero(next);
    if (next == n) next = step(n);
    if (next != n) {
      const Node* const* r = memo_.find(next);
      if (r == nullptr) {
        stack_.push_back(next);
        continue;
      }
      // Met again while it is on the way: a circle of rules ends here.
      next = *r == kOpen ? n : *r;
    }
    memo_.put(n, next);
    stack_.pop_back();
  }
  const Node* const* done = memo_.find(root);
  return *done == kOpen ? root : *done;
}

const Node* Simplifier::step(const Node* n) {
  if (n->sort == Sort::kInt && n->op != Op::kConst) {
    const Domain d = range(n);
    if (d.is_point()) return builder_.constant(Int(d.lo()));
  }
  switch (n->op) {
    case Op::kAdd:
      return sum_step(n);
    case Op::kMul:
      return product_rules(n);
    case Op::kFloorDiv:
      return division_step(n);
    case Op::kMin:
    case Op::kMax:
      return extreme_step(n);
    case Op::kSelect:
      return select_step(n);
    case Op::kGe:
    case Op::kEq:
      return comparison_step(n);
    case Op::kAnd:
      return and_step(n);
    case Op::kSymbol:
    case Op::kOpaque:
    case Op::kIff:
      if (n->sort == Sort::kBool) {
        if (const std::optional<bool> v = decided(n)) return builder_.boolean(*v);
      }
      return n;
    default:
      return n;
  }
}

uint64_t Simplifier::tied_symbols() {
  const uint64_t state = facts_.states.current().number;
  if (tied_at_ == state) return tied_;
  tied_at_ = state;
  tied_ = 0;
  for (const Node* f : facts_.ge_facts) {
    // A bound of one symbol is part of its interval.
    const bool bound =
        f->op == Op::kSymbol || (f->op == Op::kAdd && f->short_size == 1 &&
                                 internal::terms_of(f).mono(0)->op == Op::kSymbol);
    if (!bound) tied_ |= f->symbols();
  }
  return tied_;
}

bool Simplifier::is_settled(const Node* p) {
  return (p->symbols() & tied_symbols()) == 0 && is_linear_in_symbols(p);
}

bool Simplifier::refuted(const Node* p) {
  // Without facts about sums there is little to ask, and points cost more.
  if (facts_.ge_facts.empty()) return false;
  if (root_.points_ == nullptr) root_.points_ = std::make_unique<Points>(facts_);
  return root_.points_->refute_nonnegative(p);
}

bool Simplifier::at_least(const Node* a, const Node* b) {
  if (a == b) return true;
  budget_.charge(2);
  const uint64_t symbols = a->symbols() | b->symbols();
  if ((a->symbols() & b->symbols()) == 0 && !facts_.sum_may_be_known(symbols)) {
    // Most pairs have nothing in common, and their intervals say all that there is.
    const Node* x = facts_.rewrite(a);
    const Node* y = facts_.rewrite(b);
    const int64_t lo = facts_.domain_of(x).lo();
    const int64_t hi = facts_.domain_of(y).hi();
    if (lo != kNegInf && hi != kPosInf && lo >= hi) return true;
    if (x == a && y == b && is_settled(a) && is_settled(b)) return false;
  }
  return nonnegative_by_cases(builder_.sub(a, b));
}

bool Simplifier::nonnegative(const Node* p) {
  p = facts_.rewrite(p);
  if (p->op == Op::kConst) return internal::const_value(p).sign() >= 0;
  if (facts_.known_nonnegative(p) == true) return true;
  const Domain d = facts_.domain_of(p);
  if (d.lo() >= 0) return true;
  if (d.hi() < 0) return false;
  budget_.charge(6);
  if (is_settled(p) || refuted(p)) return false;
  if (facts_.shift_nonnegative(p)) return true;
  if (facts_.ge_facts.empty()) return false;
  Budget budget(std::min(kProofSteps, budget_.left()), budget_.cancel_flag());
  Layer layer;
  const bool proved = facts_.prove_ge(p, budget, &layer);
  // A proof walks over the sum several times: one over hundreds of sizes that come from
  // data took as many steps as one over three and ten times as long.
  const auto terms = static_cast<int64_t>(internal::LinearView(p).terms().size());
  budget_.charge(std::max<int64_t>(16, 4 * terms));
  return proved;
}

bool Simplifier::nonnegative_by_cases(const Node* p, int depth) {
  // What is left of the loops around, and of rules over pairs of terms, costs nothing
  // where no step is left.
  if (budget_.spent()) return false;
  if (nonnegative(p)) return true;
  if (depth >= kMaxDepth || refuted(p)) return false;
  const internal::LinearView v(p);
  if (!budget_.charge(4 * static_cast<int64_t>(v.terms().size()))) return false;
  for (const internal::Term& t : v.terms()) {
    const Op op = t.mono->op;
    if ((op != Op::kMin && op != Op::kMax) || t.mono->short_size > kMaxOperands) continue;
    const auto with = [&](const Node* operand) {
      const Node* change = builder_.sub(operand, t.mono);
      return nonnegative_by_cases(builder_.add(p, builder_.scale(change, t.coef)),
                                  depth + 1);
    };
    // k*max(a, b) + r is the larger of k*a + r and k*b + r for k > 0, else the smaller.
    const bool larger = (op == Op::kMax) == (t.coef.sign() > 0);
    const auto operands = args_of(t.mono);
    if (larger ? std::ranges::any_of(operands, with)
               : std::ranges::all_of(operands, with)) {
      return true;
    }
  }
  return false;
}

bool Simplifier::nonnegative_where(const Node* condition, bool value, const Node* p) {
  if (p->op == Op::kConst) return internal::const_value(p).sign() >= 0;
  if (condition->op != Op::kGe || (condition->symbols() & p->symbols()) == 0)
    return false;
  // p = k*q + e with k, e >= 0 where the condition is q >= 0.
  const Node* premise = value ? condition : builder_.logical_not(condition);
  {
    const internal::LinearView vp(p);
    const internal::LinearView vq(args_of(premise)[0]);
    // A condition has no common factor: k is a whole number.
    const Int k = floor_div(vp.terms()[0].coef, vq.terms()[0].coef);
    const auto multiple = [&](const internal::Term& a, const internal::Term& b) {
      return a.mono == b.mono && a.coef == k * b.coef;
    };
    if (k.sign() > 0 && std::ranges::equal(vp.terms(), vq.terms(), multiple) &&
        (vp.constant() - k * vq.constant()).sign() >= 0) {
      return true;
    }
  }
  if (nesting_ > 1) return false;
  Simplifier& inner = where(condition, value);
  if (const bool* known = find_answer(inner.nonnegative_, p)) return *known;
  bool result = false;
  under(inner, [&] {
    result = nonnegative(p);
    if (result || !value) return;
    // The next rule asks, and the scope is open.
    const Node* opposite = builder_.neg(p);
    inner.nonnegative_.emplace_back(opposite, nonnegative(opposite));
  });
  if (inner.nonnegative_.size() >= kMaxAnswers) inner.nonnegative_.clear();
  inner.nonnegative_.emplace_back(p, result);
  return result;
}

const bool* Simplifier::find_answer(const Answers& answers, const Node* question) {
  const auto it = std::ranges::find(answers, question, &Answers::value_type::first);
  return it == answers.end() ? nullptr : &it->second;
}

Simplifier& Simplifier::where(const Node* condition, bool value) {
  std::unique_ptr<Simplifier>& inner = inner_[{condition, value}];
  if (inner != nullptr) return *inner;
  inner.reset(new Simplifier(facts_, budget_, this));
  inner->assumed_ = value ? condition : builder_.logical_not(condition);
  // Its symbols, and those that facts tie to them.
  uint64_t reach = condition->symbols();
  for (uint64_t before = 0; before != reach;) {
    before = reach;
    const auto look = [&](const Node* f) {
      if ((f->symbols() & reach) != 0) reach |= f->symbols();
    };
    std::ranges::for_each(facts_.facts, look);
    for (const Simplifier* s = this; s->assumed_ != nullptr; s = s->outer_) {
      look(s->assumed_);  // which need not be among the facts at the moment
    }
  }
  inner->reach_ = reach;
  return *inner;
}

// A divisor that is not 0 where a condition holds may be 0 elsewhere, and everything is
// asked about the points where no divisor is 0: a form must not bring a new one out of
// its condition.
bool Simplifier::keeps_divisors(const Node* simple, const Node* original) {
  if (!simple->partial || simple == original) return true;
  const std::vector<const Node*> before = internal::open_divisors(original);
  for (const Node* d : internal::open_divisors(simple)) {
    const bool fresh = std::ranges::find(before, d) == before.end();
    if (fresh && range(d).contains(0)) return false;
  }
  return true;
}

bool Simplifier::has_value_where(const Node* condition, bool value, const Node* n) {
  if (!n->partial) return true;
  const std::vector<const Node*> divisors = internal::open_divisors(n);
  bool always = true;
  const auto look = [&] {
    for (const Node* d : divisors) always = always && !range(d).contains(0);
  };
  look();
  if (always) return true;
  if (nesting_ >= kMaxNesting) return false;
  Simplifier& inner = where(condition, value);
  if (const bool* known = find_answer(inner.has_value_, n)) return *known;
  always = true;
  under(inner, look);
  if (inner.has_value_.size() >= kMaxAnswers) inner.has_value_.clear();
  inner.has_value_.emplace_back(n, always);
  return always;
}

void Simplifier::assume(const Node* fact) {
  // A condition is assumed for a few questions, and the clauses of all around it are
  // looked at again: they take a third of the time where they are proved in full.
  constexpr int64_t kClauseSteps = 40;
  const int64_t before = facts_.total_propagated;
  facts_.add_without_models(fact, kClauseSteps);
  // A step is some 60 ns. Few ranges are cheap; where there are many, each is over large
  // sums.
  const int64_t propagated = facts_.total_propagated - before;
  budget_.charge(64 + propagated * propagated / 2);
}

const Node* Simplifier::simplify_under(const Node* condition, bool value, const Node* n) {
  if (n->op == Op::kConst || nesting_ >= kMaxNesting) return n;
  if ((n->symbols() & condition->symbols()) == 0) return n;
  const Node* result = run_under(where(condition, value), n);
  return result == nullptr || keeps_divisors(result, n) ? result : n;
}

const Node* Simplifier::run_under(Simplifier& inner, const Node* n) {
  if (const Node* const* known = inner.memo_.find(n); known != nullptr) return *known;
  const auto& without = inner.without_value_;
  if (std::ranges::find(without, n) != without.end()) return nullptr;
  const Node* result = nullptr;
  under(inner, [&] { result = inner.run(n); });
  if (inner.no_value_) {
    // Of another term that holds the same division nobody would notice.
    inner.memo_.clear();
    inner.no_value_ = false;
    inner.without_value_.push_back(n);
    return nullptr;
  }
  return result;
}

uint64_t Simplifier::cost(const Node* n) {
  if (const uint64_t* known = costs_.find(n)) return *known;
  budget_.charge(16);
  const uint64_t operations =
      internal::make_form(
          internal::view_of(n, internal::Language::kSexpr, Division::kFloor))
          .operations();
  return costs_.put(n, operations);
}

const Node* Simplifier::by_equal_terms(const Node* n) {
  size_t looked_at = 0;
  for (const Node* fact : facts_.facts) {
    if (fact->op != Op::kEq || args_of(fact)[0]->sort != Sort::kInt) continue;
    if (++looked_at > kMaxEqualities) break;
    const Node* p = args_of(fact)[0];
    const internal::LinearView v(p);
    for (const internal::Term& t : v.terms()) {
      const bool plus = t.coef.is_one();
      if ((!plus && !(-t.coef).is_one()) || t.mono->op == Op::kSymbol) continue;
      if ((n->symbols() & t.mono->symbols()) != t.mono->symbols()) continue;
      const Node* rest = builder_.sub(builder_.scale(t.mono, t.coef), p);
      const std::pair<Expr, Expr> exchange[] = {
          {Builder::expr(t.mono), Builder::expr(plus ? rest : builder_.neg(rest))}};
      const Node* other = Builder::node(substitute(Builder::expr(n), exchange));
      if (other != n) n = cheaper(n, run(other));
    }
  }
  return n;
}

std::optional<bool> Simplifier::decided(const Node* proposition) {
  const Node* g = facts_.rewrite(proposition);
  if (g->op == Op::kConst) return internal::is_true(g);
  Layer layer;
  if (const std::optional<Truth> t = facts_.look_up(g, &layer)) return *t == Truth::kTrue;
  if (g->op == Op::kNot) {
    const std::optional<bool> v = decided(args_of(g)[0]);
    return v ? std::optional<bool>(!*v) : std::nullopt;
  }
  if (g->op == Op::kGe) {
    const Node* p = args_of(g)[0];
    if (is_settled(p)) {
      const Domain d = facts_.domain_of(p);
      if (d.lo() >= 0) return true;
      return d.hi() < 0 ? std::optional<bool>(false) : std::nullopt;
    }
    if (nonnegative_by_cases(p)) return true;
    if (nonnegative_by_cases(args_of(builder_.logical_not(g))[0])) return false;
    return std::nullopt;
  }
  if (g->op == Op::kEq && args_of(g)[0]->sort == Sort::kInt) {
    const Node* p = args_of(g)[0];
    const Domain d = facts_.domain_of(p);
    if (d.empty() || !d.contains(0)) return false;
    if (d.is_point()) return true;
    if (is_settled(p)) return std::nullopt;
    if (nonnegative(builder_.add_const(p, Int(-1))) ||
        nonnegative(builder_.add_const(builder_.neg(p), Int(-1)))) {
      return false;
    }
    if (nonnegative(p) && nonnegative(builder_.neg(p))) return true;
  }
  return std::nullopt;
}

}  // namespace congrua::rewrite
