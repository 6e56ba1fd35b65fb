#include "smt2/signs.h"

#include <span>

namespace congrua::smt2 {
namespace {

using internal::LinearView;
using internal::Term;

// Depth and work of one question are bounded, so recursion is.
constexpr int kMaxDepth = 8;
constexpr int kFuel = 256;

Domain point(const Int& v) {
  const auto i = v.to_int64();
  if (i && *i != kNegInf && *i != kPosInf) return Domain::point(*i);
  return v.sign() > 0 ? Domain::interval(kPosInf - 1, kPosInf)
                      : Domain::interval(kNegInf, kNegInf + 1);
}

Domain plus(const Domain& d, const Int& c) {
  const auto i = c.to_int64();
  return i && *i != kNegInf && *i != kPosInf ? add_const(d, *i) : add(d, point(c));
}

Domain times(const Domain& d, const Int& c) {
  const auto i = c.to_int64();
  return i && *i != kNegInf && *i != kPosInf ? scale(d, *i) : mul(d, point(c));
}

bool always_at_least(const Domain& d, int64_t v) { return !d.empty() && d.lo() >= v; }
bool always_at_most(const Domain& d, int64_t v) { return !d.empty() && d.hi() <= v; }

}  // namespace

Signs::Form Signs::form_of(const Node* n) {
  if (n->op != Op::kAdd) return {n, 1, Int(0)};
  const internal::Terms terms = internal::terms_of(n);
  const Int& c = internal::constant_of(n);
  const int sign = terms.front().coef.sign();
  const Node* form = c.is_zero() ? n : builder_.add_const(n, -c);
  if (sign < 0) form = builder_.neg(form);
  return {form, sign, c};
}

Domain Signs::known(const Node* n) const {
  const auto it = bounds_.find(n);
  return it == bounds_.end() ? Domain::all() : it->second;
}

void Signs::narrow(const Node* form, const Domain& d) {
  const auto [it, added] = bounds_.try_emplace(form, Domain::all());
  const Domain old = it->second;
  const Domain met = old.meet(d);
  if (met == old) {
    if (added) bounds_.erase(it);
    return;
  }
  it->second = met;
  trail_.push_back({form, false, !added, old, nullptr});
  ++version_;
}

void Signs::alias(const Node* equation) {
  if (equation->op != Op::kAdd) return;
  const internal::Terms terms = internal::terms_of(equation);
  constexpr size_t kMaxTerms = 8;
  if (terms.size() > kMaxTerms) return;
  for (const Term& t : terms) {
    if (t.coef != Int(1) && t.coef != Int(-1)) continue;
    if (aliases_.contains(t.mono)) continue;
    // equation = coef * mono + rest = 0, so mono = -coef * rest.
    const Node* rest = builder_.sub(equation, builder_.scale(t.mono, t.coef));
    aliases_[t.mono] = builder_.scale(rest, -t.coef);
    trail_.push_back({t.mono, true, false, {}, nullptr});
    ++version_;
    return;
  }
}

void Signs::learn(const Node* proposition) {
  // A conjunction is opened one level: parts of conjunctions are none.
  if (proposition->op == Op::kAnd) {
    for (const Node* part : internal::args_of(proposition)) learn_atom(part, true);
  } else {
    learn_atom(proposition, true);
  }
}

void Signs::learn_atom(const Node* p, bool holds) {
  if (p->op == Op::kNot) {
    p = internal::args_of(p)[0];
    holds = !holds;
  }
  if (p->op != Op::kGe && p->op != Op::kEq) return;
  const Node* n = internal::args_of(p)[0];
  if (n->op == Op::kConst || n->sort != Sort::kInt) return;
  const bool equality = p->op == Op::kEq;
  // n's domain as far as the atom tells it.
  const Domain d = equality ? (holds ? Domain::point(0) : Domain::all().without(0))
                   : holds  ? Domain::interval(0, kPosInf)
                            : Domain::interval(kNegInf, -1);
  const Form f = form_of(n);
  // n = sign * form + constant.
  const Domain of_form = scale(plus(d, -f.constant), f.sign);
  if (n->op == Op::kAdd && internal::terms_of(n).size() == 1) {
    // One monomial: form = k * mono, k > 0.
    const Term& t = internal::terms_of(n)[0];
    const auto k = abs(t.coef).to_int64();
    if (k == 1) {
      narrow(t.mono, of_form);
    } else if (k) {
      narrow(t.mono, back_mul(known(t.mono), of_form, Domain::point(*k)));
    }
  } else {
    narrow(f.form, of_form);
  }
  if (equality && holds) alias(n);
}

void Signs::pop() {
  while (trail_.size() > scopes_.back()) {
    const Undo& u = trail_.back();
    if (u.alias) {
      aliases_.erase(u.node);
    } else if (u.had) {
      bounds_[u.node] = u.domain;
    } else {
      bounds_.erase(u.node);
    }
    trail_.pop_back();
  }
  scopes_.pop_back();
  ++version_;
}

Domain Signs::domain(const Node* n, int depth) {
  if (n->op == Op::kConst) return point(internal::const_value(n));
  if (depth >= kMaxDepth || --fuel_ < 0) return Domain::all();
  Domain d = Domain::all();
  const std::span<const Node* const> args = internal::args_of(n);
  const auto arg = [&](size_t i) { return domain(args[i], depth + 1); };
  switch (n->op) {
    case Op::kAdd: {
      const Form f = form_of(n);
      d = plus(scale(known(f.form), f.sign), f.constant);
      Domain total = point(f.constant);
      for (const Term& t : internal::terms_of(n)) {
        total = congrua::add(total, times(domain(t.mono, depth + 1), t.coef));
        if (total.is_all()) break;
      }
      return d.meet(total);
    }
    case Op::kSymbol: {
      const auto* s = internal::as_symbol(n);
      d = Domain::interval(s->lo, s->hi);
      break;
    }
    case Op::kMul: {
      d = Domain::point(1);
      for (const internal::Factor& f : internal::factors_of(n)) {
        d = mul(d, pow(domain(f.base, depth + 1), f.exponent));
      }
      break;
    }
    case Op::kFloorDiv:
      d = floor_div(arg(0), arg(1));
      break;
    case Op::kMin:
    case Op::kMax:
      d = arg(0);
      for (size_t i = 1; i < args.size(); ++i) {
        d = n->op == Op::kMin ? congrua::min(d, arg(i)) : congrua::max(d, arg(i));
      }
      break;
    case Op::kSelect:
      d = arg(1).join(arg(2));
      break;
    default:
      break;
  }
  d = d.meet(known(n));
  if (const auto it = aliases_.find(n); it != aliases_.end()) {
    d = d.meet(domain(it->second, depth + 1));
  }
  return d;
}

unsigned Signs::possible(const Node* n) {
  fuel_ = kFuel;
  const Domain d = domain(n, 0);
  // Contradictory facts: every answer is right; the cautious one keeps the term as it is.
  if (d.empty()) return kAny;
  unsigned mask = 0;
  if (d.lo() < 0) mask |= kNegative;
  if (d.hi() > 0) mask |= kPositive;
  if (d.contains(0)) mask |= kZero;
  return mask;
}

std::optional<bool> Signs::truth(const Node* p) {
  bool positive = true;
  if (p->op == Op::kNot) {
    p = internal::args_of(p)[0];
    positive = false;
  }
  if (p->op == Op::kConst) return internal::is_true(p) == positive;
  if (p->op != Op::kGe && p->op != Op::kEq) return std::nullopt;
  fuel_ = kFuel;
  const Domain d = domain(internal::args_of(p)[0], 0);
  if (d.empty()) return std::nullopt;
  if (p->op == Op::kGe) {
    if (always_at_least(d, 0)) return positive;
    if (always_at_most(d, -1)) return !positive;
  } else {
    if (!d.contains(0)) return !positive;
    if (d.is_point()) return positive;
  }
  return std::nullopt;
}

}  // namespace congrua::smt2
