// min, max and select in canonical form: common addends and common factors come out, and
// of a term and its negation one is the atom.
#include <algorithm>

#include "expr/builder.h"

namespace congrua::internal {

namespace {

// Extremes of more operands than this are not flattened into the next, so that a running
// maximum is not copied at each step.
constexpr uint32_t kMaxFlatten = 64;

Int content_of(const Node* n, const Int& seed) {
  const LinearView v(n);
  Int g = gcd(seed, v.constant());
  for (const Term& t : v.terms()) g = gcd(g, t.coef);
  return g;
}

// Terms with the same coefficient in all of args, and a constant (of max the least, of
// min the greatest, of select that of the second branch): what comes out.
Poly common_part(std::span<const Node* const> args, Op op) {
  Poly common;
  const LinearView first(args[0]);
  common.constant = first.constant();
  for (const Node* a : args.subspan(1)) {
    const LinearView v(a);
    // Negation turns min into max and has to turn this rule over, too.
    const bool better =
        op == Op::kSelect || (op == Op::kMax ? v.constant() < common.constant
                                             : v.constant() > common.constant);
    if (better) common.constant = v.constant();
  }
  for (const Term& t : first.terms()) {
    const bool everywhere = std::ranges::all_of(args.subspan(1), [&](const Node* a) {
      const LinearView v(a);
      return v.terms().coefficient_of(t.mono) == t.coef;
    });
    if (everywhere) common.terms.push_back(t);
  }
  return common;
}

// Sign of a set of terms that its negation flips: -1, 0 or 1.
int orientation(Builder& builder, std::span<const Node* const> args) {
  const Node* s = builder.sum(args);
  const LinearView v(s);
  if (!v.terms().empty()) return v.terms()[0].coef.sign();
  return v.constant().sign();
}

}  // namespace

// max(k*max(x, y) + c, z) = max(k*x + c, k*y + c, z) for k > 0, and with min inside for k
// < 0.
void Builder::flatten(const Node* n, Op op, std::vector<const Node*>& out) {
  const Op opposite = op == Op::kMax ? Op::kMin : Op::kMax;
  std::vector<const Node*> todo = {n};
  while (!todo.empty()) {
    const Node* a = todo.back();
    todo.pop_back();
    const LinearView v(a);
    const auto is_extreme = [&](const Term& t) {
      return t.mono->op == (t.coef.sign() > 0 ? op : opposite) &&
             arity(t.mono) <= kMaxFlatten;
    };
    if (v.terms().size() != 1 || !is_extreme(v.terms()[0])) {
      out.push_back(a);
      continue;
    }
    const Term single = v.terms()[0];
    for (const Node* x : args_of(single.mono)) {
      todo.push_back(add_const(scale(x, single.coef), v.constant()));
    }
  }
}

const Node* Builder::minmax(Op op, std::span<const Node* const> input) {
  std::vector<const Node*> args;
  for (const Node* a : input) flatten(a, op, args);
  // Of arguments that differ by a constant one wins.
  const auto drop_dominated = [&] {
    std::vector<const Node*> kept;
    for (const Node* a : args) {
      bool replaced = false;
      for (const Node*& k : kept) {
        if (term_pattern_equal(a, k)) {
          const bool greater = LinearView(a).constant() > LinearView(k).constant();
          if (greater == (op == Op::kMax)) k = a;
          replaced = true;
          break;
        }
      }
      if (!replaced) kept.push_back(a);
    }
    args = std::move(kept);
  };
  drop_dominated();
  if (args.size() == 1) return args[0];
  Poly common = common_part(args, op);
  const Node* addend = from_poly(common);
  for (const Node*& a : args) a = sub(a, addend);
  Int g;
  for (const Node* a : args) g = content_of(a, g);
  for (const Node*& a : args) a = divide_exact(a, g);
  // min(x..) = -max(-x..): of the two the one whose first coefficient is positive is the
  // atom, and max where the sum of the arguments does not tell (abs).
  const int sign = orientation(*this, args);
  if (sign < 0 || (sign == 0 && op == Op::kMin)) {
    op = op == Op::kMax ? Op::kMin : Op::kMax;
    for (const Node*& a : args) a = neg(a);
    g = -g;
  }
  // Nested extremes of the same kind may have appeared by shifting and dividing.
  std::vector<const Node*> flat;
  for (const Node* a : args) flatten(a, op, flat);
  if (flat.size() != args.size()) return add(addend, scale(minmax(op, flat), g));
  std::ranges::sort(args, structural_less);
  return add(addend, scale(intern_app(op, Sort::kInt, args), g));
}

bool Builder::term_pattern_equal(const Node* a, const Node* b) {
  const LinearView va(a);
  const LinearView vb(b);
  return std::ranges::equal(va.terms(), vb.terms(), [](const Term& x, const Term& y) {
    return x.mono == y.mono && x.coef == y.coef;
  });
}

const Node* Builder::select(const Node* c, const Node* a, const Node* b) {
  if (c->op == Op::kConst) return is_true(c) ? a : b;
  if (a == b) return a;
  if (c->op == Op::kNot) return select(args_of(c)[0], b, a);
  if (c->op == Op::kGe) {
    // p >= 0 and -p - 1 >= 0 are one condition: the one with a positive first
    // coefficient.
    const LinearView v(args_of(c)[0]);
    if (v.terms()[0].coef.sign() < 0) return select(logical_not(c), b, a);
  }
  if (a->sort == Sort::kBool) {
    const Node* yes[] = {c, a};
    const Node* no[] = {logical_not(c), b};
    const Node* either[] = {conjunction(yes), conjunction(no)};
    return disjunction(either);
  }
  if (a->sort != Sort::kInt) {
    const Node* args[] = {c, a, b};
    return intern_app(Op::kSelect, a->sort, args);
  }
  const Node* arms[] = {a, b};
  Poly common = common_part(arms, Op::kSelect);
  const Node* addend = from_poly(common);
  arms[0] = sub(a, addend);
  arms[1] = sub(b, addend);
  Int g = content_of(arms[1], content_of(arms[0], Int()));
  int sign = orientation(*this, arms);
  if (sign == 0) sign = orientation(*this, std::span<const Node* const>(arms, 1));
  if (sign < 0) g = -g;
  const Node* args[] = {c, divide_exact(arms[0], g), divide_exact(arms[1], g)};
  return add(addend, scale(intern_app(Op::kSelect, Sort::kInt, args), g));
}

}  // namespace congrua::internal
