// min and max under facts.
#include <algorithm>

#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {
constexpr size_t kMaxCompared = 12;  // operands compared with each other
}  // namespace

// In max(y, E) with E = min(z, max(x, y)): y adds nothing to the inner max, since
// min(z, max(x, y)) = max(min(z, x), min(z, y)) and min(z, y) <= y. E without it.
const Node* Simplifier::absorb(const Node* arg, const Node* other, Op outer) {
  const std::optional<Extreme> x = as_extreme(arg);
  if (!x || x->op == outer) return arg;
  bool changed = false;
  Nodes wholes = x->wholes;
  for (const Node*& w : wholes) {
    const std::optional<Extreme> inner = as_extreme(w);
    if (!inner || inner->op != outer) continue;
    Nodes kept;
    for (const Node* i : inner->wholes) {
      const bool beaten = outer == Op::kMax ? at_least(other, i) : at_least(i, other);
      if (!beaten) kept.push_back(i);
    }
    if (kept.empty() || kept.size() == inner->wholes.size()) continue;
    w = builder_.minmax(outer, kept);
    changed = true;
  }
  return changed ? builder_.minmax(x->op, wholes) : arg;
}

// min(max(x, y), max(x, z)) = max(x, min(y, z))
const Node* Simplifier::common_arguments(const Node* n) {
  const Op inner = n->op == Op::kMin ? Op::kMax : Op::kMin;
  absl::InlinedVector<Extreme, 4> parts;
  for (const Node* a : args_of(n)) {
    std::optional<Extreme> x = as_extreme(a);
    if (!x || x->op != inner) return n;
    parts.push_back(std::move(*x));
  }
  Nodes common;
  for (const Node* w : parts[0].wholes) {
    const bool everywhere = std::ranges::all_of(parts, [&](const Extreme& x) {
      return std::ranges::find(x.wholes, w) != x.wholes.end();
    });
    if (everywhere) common.push_back(w);
  }
  if (common.empty()) return n;
  Nodes rests;
  for (const Extreme& x : parts) {
    Nodes rest;
    for (const Node* w : x.wholes) {
      if (std::ranges::find(common, w) == common.end()) rest.push_back(w);
    }
    // Nothing but the common part: it absorbs the others.
    if (rest.empty()) return builder_.minmax(inner, common);
    rests.push_back(builder_.minmax(inner, rest));
  }
  common.push_back(builder_.minmax(n->op, rests));
  return builder_.minmax(inner, common);
}

// min(max(a, y), z) = max(min(a, z), y) where y <= z: of the two, which are each other's
// negation as often as not, the one whose fingerprint is smaller.
const Node* Simplifier::order_clamp(const Node* n) {
  if (n->short_size != 2) return n;
  const Op inner = n->op == Op::kMin ? Op::kMax : Op::kMin;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const std::optional<Extreme> x = as_extreme(args_of(n)[i]);
    const Node* z = args_of(n)[1 - i];
    if (!x || x->op != inner || x->wholes.size() != 2) continue;
    for (const size_t j : {size_t{0}, size_t{1}}) {
      const Node* y = x->wholes[j];
      if (!(inner == Op::kMax ? at_least(z, y) : at_least(y, z))) continue;
      const Node* low[] = {x->wholes[1 - j], z};
      const Node* high[] = {builder_.minmax(n->op, low), y};
      const Node* other = builder_.minmax(inner, high);
      const LinearView v(other);
      if (v.terms().size() != 1 || v.terms()[0].mono->short_size != 2) continue;
      if (v.terms()[0].mono->hash < n->hash) return other;
    }
  }
  return n;
}

// max(select(c, a, b), select(c, d, e)) = select(c, max(a, d), max(b, e)); with one
// selection alone where that is simpler.
const Node* Simplifier::hoist_selects(const Node* n) {
  const Node* condition = nullptr;
  size_t count = 0;
  for (const Node* a : args_of(n)) {
    const LinearView v(a);
    for (const internal::Term& t : v.terms()) {
      if (t.mono->op != Op::kSelect) continue;
      if (condition == nullptr) condition = args_of(t.mono)[0];
      if (args_of(t.mono)[0] == condition) ++count;
    }
  }
  if (condition == nullptr) return n;
  Nodes arms[2];
  for (const Node* a : args_of(n)) {
    const Node* whole[2] = {a, a};
    const LinearView v(a);
    for (const internal::Term& t : v.terms()) {
      if (t.mono->op != Op::kSelect || args_of(t.mono)[0] != condition) continue;
      for (size_t i = 0; i < 2; ++i) {
        const Node* change = builder_.sub(args_of(t.mono)[i + 1], t.mono);
        whole[i] = builder_.add(whole[i], builder_.scale(change, t.coef));
      }
    }
    arms[0].push_back(whole[0]);
    arms[1].push_back(whole[1]);
  }
  const Node* hoisted = builder_.select(condition, builder_.minmax(n->op, arms[0]),
                                        builder_.minmax(n->op, arms[1]));
  if (count > 1) return hoisted;
  if (nesting_ > 2) return n;
  const Node* simple = run(hoisted);
  return cost(simple) < cost(n) ? simple : n;
}

// min(a//c, b//c) = min(a, b)//c for c > 0, x counting as (c*x)//c.
const Node* Simplifier::common_quotient(const Node* n) {
  const Node* divisor = nullptr;
  for (const Node* a : args_of(n)) {
    const LinearView v(a);
    for (const internal::Term& t : v.terms()) {
      if (t.mono->op != Op::kFloorDiv || !t.coef.is_one()) continue;
      const Node* c = args_of(t.mono)[1];
      if (c->op != Op::kConst) continue;
      if (divisor == nullptr) divisor = c;
      if (c != divisor) return n;
    }
  }
  if (divisor == nullptr || internal::const_value(divisor).sign() <= 0) return n;
  const Int& c = internal::const_value(divisor);
  Nodes numerators;
  for (const Node* a : args_of(n)) {
    const LinearView v(a);
    const Node* quotient = nullptr;
    for (const internal::Term& t : v.terms()) {
      if (t.mono->op == Op::kFloorDiv && t.coef.is_one() && args_of(t.mono)[1] == divisor)
        quotient = t.mono;
    }
    if (quotient == nullptr) {
      numerators.push_back(builder_.scale(a, c));
    } else {
      numerators.push_back(builder_.add(args_of(quotient)[0],
                                        builder_.scale(builder_.sub(a, quotient), c)));
    }
  }
  return builder_.floor_div(builder_.minmax(n->op, numerators), divisor);
}

const Node* Simplifier::extreme_step(const Node* n) {
  const auto args = args_of(n);
  if (args.size() <= kMaxCompared) {
    Nodes kept(args.begin(), args.end());
    for (size_t i = 0; i < kept.size();) {
      bool dropped = false;
      for (size_t j = 0; j < kept.size() && !dropped; ++j) {
        if (i == j) continue;
        dropped =
            n->op == Op::kMax ? at_least(kept[j], kept[i]) : at_least(kept[i], kept[j]);
      }
      if (dropped) {
        kept.erase(kept.begin() + static_cast<ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    if (kept.size() < args.size()) return builder_.minmax(n->op, kept);
    for (size_t i = 0; i < kept.size(); ++i) {
      for (size_t j = 0; j < kept.size(); ++j) {
        if (i == j) continue;
        const Node* less = absorb(kept[i], kept[j], n->op);
        if (less == kept[i]) continue;
        kept[i] = less;
        return builder_.minmax(n->op, kept);
      }
    }
    if (const Node* r = common_arguments(n); r != n) return r;
    if (const Node* r = common_quotient(n); r != n) return r;
    if (const Node* r = order_clamp(n); r != n) return r;
  }
  return hoist_selects(n);
}

}  // namespace congrua::rewrite
