// Propositions in canonical form. `or` is the negation of a conjunction, so that negation
// is O(1) and no formula is pushed through; p < 0 is -p - 1 >= 0, so that comparisons
// carry no kNot.
#include <algorithm>

#include "base/check.h"
#include "expr/builder.h"

namespace congrua::internal {

namespace {
// Operands of a conjunction that are conjunctions of more parts than this are not
// flattened, so that a running conjunction is not copied at each step.
constexpr uint32_t kMaxFlatten = 64;
// Complements among the parts are looked for up to this many.
constexpr size_t kMaxComplements = 256;
}  // namespace

const Node* Builder::ge0(const Node* p) {
  const LinearView v(p);
  if (v.terms().empty()) return boolean(v.constant().sign() >= 0);
  Int g;
  for (const Term& t : v.terms()) g = gcd(g, t.coef);
  const Node* arg = p;
  if (!g.is_one()) {
    // g*q + k >= 0 exactly when q + k//g >= 0 over the integers.
    TermList out;
    for (const Term& t : v.terms())
      out.push_back({congrua::floor_div(t.coef, g), t.mono});
    arg = intern_sum(congrua::floor_div(v.constant(), g), out);
  }
  const Node* args[] = {arg};
  return intern_app(Op::kGe, Sort::kBool, args);
}

const Node* Builder::eq0(const Node* p) {
  const LinearView v(p);
  if (v.terms().empty()) return boolean(v.constant().is_zero());
  Int g;
  for (const Term& t : v.terms()) g = gcd(g, t.coef);
  if (!congrua::floor_mod(v.constant(), g).is_zero()) return false_;
  if (v.terms()[0].coef.sign() < 0) g = -g;
  const Node* args[] = {divide_exact(p, g)};
  return intern_app(Op::kEq, Sort::kBool, args);
}

const Node* Builder::eq(const Node* a, const Node* b) {
  if (a == b) return true_;
  switch (a->sort) {
    case Sort::kInt:
      return eq0(sub(a, b));
    case Sort::kBool:
      return iff(a, b);
    case Sort::kReal: {
      const Node* args[] = {a, b};
      if (structural_less(b, a)) std::swap(args[0], args[1]);
      return opaque("eq", args, Sort::kBool);
    }
  }
  return nullptr;
}

const Node* Builder::logical_not(const Node* a) {
  switch (a->op) {
    case Op::kConst:
      return boolean(!is_true(a));
    case Op::kNot:
      return args_of(a)[0];
    case Op::kGe:
      return ge0(add_const(neg(args_of(a)[0]), Int(-1)));
    default: {
      const Node* args[] = {a};
      return intern_app(Op::kNot, Sort::kBool, args);
    }
  }
}

const Node* Builder::iff(const Node* a, const Node* b) {
  if (a == b) return true_;
  bool negate = false;
  const auto strip = [&](const Node* x) {
    if (x->op == Op::kNot) {
      negate = !negate;
      return args_of(x)[0];
    }
    if (x->op == Op::kGe && LinearView(args_of(x)[0]).terms()[0].coef.sign() < 0) {
      negate = !negate;
      return logical_not(x);
    }
    return x;
  };
  a = strip(a);
  b = strip(b);
  const Node* result = nullptr;
  if (a == b) {
    result = true_;
  } else if (a->op == Op::kConst) {
    result = is_true(a) ? b : logical_not(b);
  } else if (b->op == Op::kConst) {
    result = is_true(b) ? a : logical_not(a);
  } else {
    const Node* args[] = {a, b};
    if (structural_less(b, a)) std::swap(args[0], args[1]);
    result = intern_app(Op::kIff, Sort::kBool, args);
  }
  return negate ? logical_not(result) : result;
}

const Node* Builder::conjunction(std::span<const Node* const> input) {
  std::vector<const Node*> parts;
  for (const Node* p : input) {
    CONGRUA_DCHECK(p->sort == Sort::kBool, "conjunction of propositions");
    if (is_false(p)) return false_;
    if (is_true(p)) continue;
    if (p->op == Op::kAnd && p->short_size <= kMaxFlatten) {
      parts.insert(parts.end(), args_of(p).begin(), args_of(p).end());
    } else {
      parts.push_back(p);
    }
  }
  const auto normalise = [&] {
    std::ranges::sort(parts, structural_less);
    parts.erase(std::unique(parts.begin(), parts.end()),
                parts.end());  // clang 14 lacks subrange
  };
  normalise();
  const auto has = [&](const Node* p) {
    return std::ranges::binary_search(parts, p, structural_less);
  };
  if (parts.size() <= kMaxComplements && parts.size() > 1) {
    for (const Node* p : parts) {
      if ((p->op == Op::kNot || p->op == Op::kGe) && has(logical_not(p))) return false_;
    }
    // A disjunction among the parts: not(and(ys)). A y that is false here satisfies it
    // (absorption); a y that is true here drops out of it (unit resolution).
    bool changed = false;
    for (size_t i = 0; i < parts.size(); ++i) {
      const Node* p = parts[i];
      if (p->op != Op::kNot || args_of(p)[0]->op != Op::kAnd) continue;
      std::vector<const Node*> left;
      bool satisfied = false;
      for (const Node* y : args_of(args_of(p)[0])) {
        if (y->short_size <= kMaxFlatten && has(logical_not(y))) satisfied = true;
        if (!has(y)) left.push_back(y);
      }
      if (satisfied) {
        parts[i] = true_;
        changed = true;
      } else if (left.size() != args_of(args_of(p)[0]).size()) {
        parts[i] = logical_not(conjunction(left));
        changed = true;
      }
      if (changed) break;
    }
    if (changed)
      return conjunction(parts);  // each round removes or shortens a disjunction
  }
  if (parts.empty()) return true_;
  if (parts.size() == 1) return parts[0];
  return intern_app(Op::kAnd, Sort::kBool, parts);
}

const Node* Builder::disjunction(std::span<const Node* const> parts) {
  std::vector<const Node*> negated;
  for (const Node* p : parts) negated.push_back(logical_not(p));
  return logical_not(conjunction(negated));
}

const Node* Builder::rebuild(const Node* n, std::span<const Node* const> children) {
  switch (n->op) {
    case Op::kConst:
    case Op::kSymbol:
      return n;
    case Op::kAdd: {
      Poly p;
      p.constant = constant_of(n);
      const auto terms = terms_of(n);
      for (size_t i = 0; i < terms.size(); ++i) {
        const LinearView v(children[i]);
        p.constant += terms[i].coef * v.constant();
        for (const Term& t : v.terms())
          p.terms.push_back({terms[i].coef * t.coef, t.mono});
      }
      return from_poly(p);
    }
    case Op::kMul: {
      const Node* result = one_;
      for (uint32_t i = 0; i < arity(n); ++i) {
        const Node* power = children[i];
        // Square and multiply.
        const Node* factor = one_;
        for (uint32_t e = factors_of(n)[i].exponent; e != 0; e >>= 1) {
          if (e & 1) factor = mul(factor, power);
          if (e > 1) power = mul(power, power);
        }
        result = mul(result, factor);
      }
      return result;
    }
    case Op::kFloorDiv:
      return floor_div(children[0], children[1]);
    case Op::kMin:
    case Op::kMax:
      return minmax(n->op, children);
    case Op::kSelect:
      return select(children[0], children[1], children[2]);
    case Op::kGe:
      return ge0(children[0]);
    case Op::kEq:
      return eq0(children[0]);
    case Op::kNot:
      return logical_not(children[0]);
    case Op::kAnd:
      return conjunction(children);
    case Op::kIff:
      return iff(children[0], children[1]);
    case Op::kOpaque:
      return opaque(static_cast<const OpaqueNode*>(n)->name, children, n->sort);
  }
  return n;
}

}  // namespace congrua::internal
