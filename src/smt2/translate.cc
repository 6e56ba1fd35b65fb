#include "smt2/translate.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"

namespace congrua::smt2 {

using internal::Builder;

Translation::Translation(const Env& env, ExprPool& pool, Facts* facts)
    : env_(env),
      pool_(pool),
      builder_(Builder::of(pool)),
      signs_(builder_),
      facts_(facts),
      zero_(builder_.constant(Int(0))),
      one_(builder_.constant(Int(1))) {}

Expr Translation::expr(TermId term) {
  if (unresolved_at_ != knowledge_) forget_unresolved();
  const Expr e = Builder::expr(translate(term));
  settle();  // before anything is asked: without its axiom an opaque division could be
             // anything
  return e;
}

Expr Translation::assume(TermId term) {
  const Expr e = expr(term);
  learn(Builder::node(e));
  settle();
  return e;
}

// Asserts without symbolic divisors come first, then those whose divisors have known
// signs, round by round: each may settle the next. At last the others, with opaque
// divisions.
std::vector<Expr> Translation::assume_all(std::span<const TermId> terms) {
  std::vector<const Node*> out(terms.size());
  std::vector<size_t> open;
  const auto accept = [&](size_t i) {
    out[i] = translate(terms[i]);
    learn(out[i]);
  };
  deep_ = false;
  for (size_t i = 0; i < terms.size(); ++i) {
    if ((env_.terms[terms[i]].flags & kHasSymbolicDiv) == 0) {
      accept(i);
    } else {
      open.push_back(i);
    }
  }
  trying_ = true;
  for (const bool deep : {false, true}) {
    deep_ = deep;
    constexpr int kMaxRounds = 4;
    for (int round = 0; round < kMaxRounds && !open.empty(); ++round) {
      forget_unresolved();
      const size_t before = open.size();
      std::erase_if(open, [&](size_t i) {
        translate(terms[i]);
        if (of(terms[i]).unresolved) return false;
        accept(i);
        return true;
      });
      if (open.size() == before) break;
    }
  }
  trying_ = false;
  forget_unresolved();
  for (const size_t i : open) accept(i);
  settle();
  std::vector<Expr> exprs;
  exprs.reserve(out.size());
  for (const Node* n : out) exprs.push_back(Builder::expr(n));
  return exprs;
}

void Translation::learn(const Node* fact) {
  signs_.learn(fact);
  if (facts_ == nullptr) learned_.push_back(fact);
  ++knowledge_;
}

void Translation::tell(const Node* fact) {
  if (internal::is_true(fact) || !told_.insert(fact).second) return;
  if (!scopes_.empty()) trail_.push_back({Undo::Kind::kTold, 0, fact});
  side_.push_back(Builder::expr(fact));
  learn(fact);
}

std::vector<Expr> Translation::take_side_facts() { return std::exchange(side_, {}); }

// Axioms of the divisions in use, and what has become known of their divisors.
void Translation::settle() {
  for (size_t i = 0; i < free_.size(); ++i) {
    const auto at = static_cast<uint32_t>(i);
    if (!free_[i].used || free_[i].linked) continue;
    const bool deep = std::exchange(deep_, false);
    const unsigned mask = signs(free_[i].b);
    deep_ = deep;
    if ((mask & Signs::kZero) == 0) {
      free_[i].linked = true;
      if (!scopes_.empty()) trail_.push_back({Undo::Kind::kFreeLinked, at, nullptr});
      relied_signs(free_[i].b);
      link(free_[i], mask);
    } else if (!free_[i].told) {
      free_[i].told = true;
      if (!scopes_.empty()) trail_.push_back({Undo::Kind::kFreeTold, at, nullptr});
      tell_axiom(free_[i]);
    }
  }
}

void Translation::push() {
  CONGRUA_DCHECK(side_.empty(), "side facts belong to the scope they were made in");
  scopes_.push_back(trail_.size());
  learned_marks_.push_back(learned_.size());
  signs_.push();
}

void Translation::pop() {
  while (trail_.size() > scopes_.back()) {
    const Undo u = trail_.back();
    trail_.pop_back();
    switch (u.kind) {
      case Undo::Kind::kMemo:
        memo_[u.index] = {};
        break;
      case Undo::Kind::kTold:
        told_.erase(u.node);
        break;
      case Undo::Kind::kFreeUsed:
        free_[u.index].used = false;
        break;
      case Undo::Kind::kFreeTold:
        free_[u.index].told = false;
        break;
      case Undo::Kind::kFreeLinked:
        free_[u.index].linked = false;
        break;
    }
  }
  scopes_.pop_back();
  signs_.pop();
  learned_.resize(learned_marks_.back());
  learned_marks_.pop_back();
  given_ = std::min(given_, learned_.size());
  if (given_scopes_ > scopes_.size()) {
    --given_scopes_;
    own_facts_->pop();
  }
  side_.clear();
  ++knowledge_;
}

void Translation::forget_unresolved() {
  for (const TermId t : unresolved_) {
    if (memo_[t].unresolved) memo_[t] = {};
  }
  unresolved_.clear();
  unresolved_at_ = knowledge_;
}

Model Translation::model(const guard::Model& values) const {
  absl::flat_hash_map<const Node*, const Int*> by_node;
  for (const auto& [expr, value] : values) by_node[Builder::node(expr)] = &value;
  Model model;
  for (const auto& [term, node] : origin_) {
    const auto it = by_node.find(node);
    if (it == by_node.end()) continue;
    const Value value{*it->second, 1};
    if (env_.terms.op(term) == TermOp::kConst) {
      model.constants[env_.terms.payload(term)] = value;
    } else {
      model.proposals[term] = value;
    }
  }
  return model;
}

const Node* Translation::translate(TermId root) {
  if (memo_.size() < env_.terms.size()) memo_.resize(env_.terms.size());
  stack_.assign(1, root);
  while (!stack_.empty()) {
    const TermId t = stack_.back();
    if (memo_[t].done) {
      stack_.pop_back();
    } else {
      step(t);
    }
  }
  return node(root);
}

// True if all of these are translated; the others are put on the stack.
bool Translation::ask(std::initializer_list<TermId> terms) {
  bool all = true;
  for (const TermId t : terms) {
    if (t == kNoTerm || memo_[t].done) continue;
    stack_.push_back(t);
    all = false;
  }
  return all;
}

void Translation::step(TermId t) {
  if (env_.terms.op(t) == TermOp::kIte) return step_select(t);
  const std::span<const TermId> args = env_.terms.args(t);
  if (!memo_[t].opened) {
    memo_[t].opened = true;
    for (const TermId a : args) {
      if (!memo_[a].done) stack_.push_back(a);
    }
    if (stack_.back() != t) return;
  }
  Memo m = apply(t);
  for (const TermId a : args) m.unresolved |= of(a).unresolved;
  finish(t, m, {});
}

void Translation::finish(TermId t, Memo m, std::initializer_list<TermId> used) {
  for (const TermId a : used) m.unresolved |= a != kNoTerm && of(a).unresolved;
  m.done = true;
  memo_[t] = m;
  if (m.unresolved) unresolved_.push_back(t);
  // What divides symbolically depends on the scope.
  if (!scopes_.empty() && (env_.terms[t].flags & kHasSymbolicDiv) != 0) {
    trail_.push_back({Undo::Kind::kMemo, t, nullptr});
  }
}

void Translation::step_select(TermId t) {
  const std::span<const TermId> args = env_.terms.args(t);
  const TermId condition = args[0];
  const TermId then = args[1];
  const TermId otherwise = args[2];
  const bool scoped = (env_.terms[t].flags & kHasSymbolicDiv) != 0;
  if (const auto c = ceiling(t)) {
    if (!ask({c->a, c->b})) return;
    const Memo& a = of(c->a);
    const Node* divisor = c->b == kNoTerm ? den(a) : node(c->b);
    const bool real = c->b == kNoTerm;  // denominators are above 0
    if (a.num != nullptr && (real || relied_signs(divisor) == Signs::kPositive)) {
      return finish(t, {.num = builder_.ceil_div(a.num, divisor)}, {c->a, c->b});
    }
  }
  if (!ask({condition})) return;
  const Node* c = node(condition);
  if (scoped) {
    // The branch that the scope rules out may divide by what it may not.
    if (const auto truth = signs_.truth(c)) {
      const TermId live = *truth ? then : otherwise;
      if (!ask({live})) return;
      if (!internal::is_const(c)) {
        relied_on_scope_ = true;
        tell(*truth ? c : builder_.logical_not(c));
      }
      return finish(t, of(live), {live});
    }
    if (const auto p = python_division(t)) {
      if (!ask({p->sign_of, p->a, p->b, p->minus_a, p->minus_b})) return;
      const Node* a = node(p->a);
      const Node* b = node(p->b);
      if (b == node(p->sign_of) && node(p->minus_a) == builder_.neg(a) &&
          node(p->minus_b) == builder_.neg(b) && (relied_signs(b) & Signs::kZero) == 0) {
        const Node* n =
            p->remainder ? builder_.floor_mod(a, b) : builder_.floor_div(a, b);
        return finish(t, {.num = n}, {p->a, p->b});
      }
    }
  }
  if (!ask({then, otherwise})) return;
  Memo x = of(then);
  Memo y = of(otherwise);
  Memo m;
  if (x.num == nullptr || y.num == nullptr) {
    m = opaque_of(t);
  } else {
    to_common(&x, &y);
    m = {.num = builder_.select(c, x.num, y.num), .den = x.den};
  }
  finish(t, m, {condition, then, otherwise});
}

Translation::Memo Translation::apply(TermId t) {
  const Term& x = env_.terms[t];
  const std::span<const TermId> args = env_.terms.args(t);
  switch (x.op) {
    case TermOp::kBool:
      return {.num = builder_.boolean(t == TermTable::kTrue)};
    case TermOp::kInt:
      return {.num = builder_.constant(env_.terms.literal(t).num)};
    case TermOp::kRational: {
      const Value v = env_.terms.literal(t);
      return real(builder_.constant(v.num), builder_.constant(v.den));
    }
    case TermOp::kConst:
      return constant(t);
    case TermOp::kApply:
      return application(t);
    case TermOp::kNot:
    case TermOp::kAnd:
    case TermOp::kOr:
    case TermOp::kXor:
    case TermOp::kImplies:
      return connective(t);
    case TermOp::kEq:
    case TermOp::kLe:
    case TermOp::kLt:
      return comparison(t);
    case TermOp::kDistinct:
      return distinct(t);
    case TermOp::kDiv:
    case TermOp::kMod:
      return division(t);
    case TermOp::kAbs:
      return {.num = Builder::node(congrua::abs(Builder::expr(node(args[0]))))};
    default:
      return arithmetic(t);
  }
}

Translation::Memo Translation::constant(TermId t) {
  const Term& x = env_.terms[t];
  if (x.sort == Sort::kReal) return {};
  std::string name(env_.name(x.a));
  // A name may be declared again after a pop, with another sort.
  if (name.empty() || builder_.find_symbol(name) != nullptr)
    name += fmt::format("#{}", x.a);
  const Node* n = builder_.symbol(name, {.sort = x.sort});
  origin_[t] = n;
  return {.num = n};
}

Translation::Memo Translation::application(TermId t) {
  const Term& x = env_.terms[t];
  std::vector<const Node*> args;
  for (const TermId a : env_.terms.args(t)) {
    if (of(a).num == nullptr) return opaque_of(t);
    args.push_back(of(a).num);
    if (env_.terms.sort(a) == Sort::kReal) args.push_back(den(of(a)));
  }
  if (x.sort == Sort::kReal) return {};
  const Node* n =
      builder_.opaque(fmt::format("{}#{}", env_.name(x.b), x.b), args, x.sort);
  origin_[t] = n;
  return {.num = n};
}

Translation::Memo Translation::opaque_of(TermId t) {
  approximate_ = true;
  const Sort sort = env_.terms.sort(t);
  if (sort == Sort::kReal) return {};
  const Node* id = builder_.constant(Int(static_cast<int64_t>(t)));
  return {.num = builder_.opaque("real", std::array{id}, sort)};
}

Translation::Memo Translation::connective(TermId t) {
  std::vector<const Node*> args;
  for (const TermId a : env_.terms.args(t)) args.push_back(node(a));
  switch (env_.terms.op(t)) {
    case TermOp::kNot:
      return {.num = builder_.logical_not(args[0])};
    case TermOp::kAnd:
      return {.num = builder_.conjunction(args)};
    case TermOp::kOr:
      return {.num = builder_.disjunction(args)};
    case TermOp::kXor: {
      const Node* n = args[0];
      for (size_t i = 1; i < args.size(); ++i) {
        n = builder_.logical_not(builder_.iff(n, args[i]));
      }
      return {.num = n};
    }
    default:  // a => b => c is not a, or not b, or c
      for (size_t i = 0; i + 1 < args.size(); ++i)
        args[i] = builder_.logical_not(args[i]);
      return {.num = builder_.disjunction(args)};
  }
}

Translation::Memo Translation::comparison(TermId t) {
  const Term& x = env_.terms[t];
  Memo a = of(env_.terms.arg(t, 0));
  Memo b = of(env_.terms.arg(t, 1));
  if (a.num == nullptr || b.num == nullptr) return opaque_of(t);
  if (x.op == TermOp::kEq) return {.num = equal(a, b)};
  to_common(&a, &b);
  if (x.op == TermOp::kLe) return {.num = builder_.ge(b.num, a.num)};
  return {.num = builder_.ge0(builder_.add_const(builder_.sub(b.num, a.num), Int(-1)))};
}

const Node* Translation::equal(Memo x, Memo y) {
  to_common(&x, &y);
  return builder_.eq(x.num, y.num);
}

Translation::Memo Translation::distinct(TermId t) {
  constexpr size_t kMaxPairwise = 128;  // 8,128 pairs
  const std::span<const TermId> args = env_.terms.args(t);
  if (args.size() > kMaxPairwise) return opaque_of(t);
  std::vector<const Node*> pairs;
  for (size_t i = 0; i < args.size(); ++i) {
    if (of(args[i]).num == nullptr) return opaque_of(t);
    for (size_t j = 0; j < i; ++j) {
      pairs.push_back(builder_.logical_not(equal(of(args[i]), of(args[j]))));
    }
  }
  return {.num = builder_.conjunction(pairs)};
}

}  // namespace congrua::smt2
