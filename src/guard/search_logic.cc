// Propagation of min, max, select, comparisons and boolean operators.
#include "guard/search_engine.h"

namespace congrua::guard::search {

// Both cells have one value.
bool Engine::merge(CellId a, CellId b) {
  if (!set_range(a, range(b)) || !set_range(b, range(a))) return false;
  if (doms_[a].excludes_zero() && !set_nonzero(b)) return false;
  if (doms_[b].excludes_zero() && !set_nonzero(a)) return false;
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
    const Dom& d = doms_[from];
    if (!d.fixed() && d.mod > 1 && !set_congruence(to, {d.mod, d.rem})) return false;
  }
  return true;
}

// The greatest operand for sign 1; for sign -1 the same of the negated values: the least.
bool Engine::run_extreme(CellId c, int64_t sign) {
  const auto operands = program_.args(c);
  const auto low = [&](CellId x) { return sign > 0 ? doms_[x].lo : -doms_[x].hi; };
  const auto high = [&](CellId x) { return sign > 0 ? doms_[x].hi : -doms_[x].lo; };
  const auto at_least = [&](CellId x, int64_t v) {
    return sign > 0 ? set_lo(x, v) : set_hi(x, -v);
  };
  const auto at_most = [&](CellId x, int64_t v) {
    return sign > 0 ? set_hi(x, v) : set_lo(x, -v);
  };
  int64_t least = -kInf, most = -kInf;
  for (const CellId x : operands) {
    least = std::max(least, low(x));
    most = std::max(most, high(x));
  }
  if (!at_least(c, least) || !at_most(c, most)) return false;
  CellId reaching = kNone;
  uint32_t count = 0;
  for (const CellId x : operands) {
    if (!at_most(x, high(c))) return false;
    if (high(x) >= low(c)) {
      reaching = x;
      ++count;
    }
  }
  if (count == 0) return false;
  return count > 1 || merge(c, reaching);
}

bool Engine::run_select(CellId c) {
  const CellId condition = program_.args(c)[0];
  const CellId then = program_.args(c)[1], otherwise = program_.args(c)[2];
  const auto disjoint = [&](CellId x) {
    return doms_[x].lo > doms_[c].hi || doms_[x].hi < doms_[c].lo;
  };
  if (!doms_[condition].fixed()) {
    if (disjoint(then) && !set_point(condition, 0)) return false;
    if (disjoint(otherwise) && !set_point(condition, 1)) return false;
  }
  if (doms_[condition].fixed())
    return merge(c, doms_[condition].lo != 0 ? then : otherwise);
  return set_range(c, {std::min(doms_[then].lo, doms_[otherwise].lo),
                       std::max(doms_[then].hi, doms_[otherwise].hi)});
}

bool Engine::run_and(CellId c) {
  CellId undecided = kNone;
  uint32_t count = 0;
  for (const CellId x : program_.args(c)) {
    if (doms_[x].hi == 0) return set_point(c, 0);
    if (doms_[x].lo == 0) {
      undecided = x;
      ++count;
    }
  }
  if (count == 0) return set_point(c, 1);
  if (doms_[c].lo == 1) {
    for (const CellId x : program_.args(c)) {
      if (!set_lo(x, 1)) return false;
    }
  } else if (doms_[c].hi == 0 && count == 1) {
    return set_point(undecided, 0);
  }
  return true;
}

bool Engine::run_logic(CellId c) {
  const CellId a = program_.args(c)[0];
  const Dom& r = doms_[c];
  const Dom& x = doms_[a];
  switch (program_.cell(c).kind) {
    case Kind::kGe:
      if (r.fixed()) return r.lo == 1 ? set_lo(a, 0) : set_hi(a, -1);
      if (x.lo >= 0) return set_point(c, 1);
      return x.hi >= 0 || set_point(c, 0);
    case Kind::kEq:
      if (x.excludes_zero()) return set_point(c, 0);
      if (r.fixed()) return r.lo == 1 ? set_point(a, 0) : set_nonzero(a);
      return !x.fixed() || set_point(c, 1);
    case Kind::kNot:
      return set_range(c, {1 - x.hi, 1 - x.lo}) && set_range(a, {1 - r.hi, 1 - r.lo});
    case Kind::kIff: {
      const CellId b = program_.args(c)[1];
      if (r.fixed() && r.lo == 1) return merge(a, b);
      if (r.fixed()) {
        return set_range(a, {1 - doms_[b].hi, 1 - doms_[b].lo}) &&
               set_range(b, {1 - doms_[a].hi, 1 - doms_[a].lo});
      }
      if (x.fixed() && doms_[b].fixed()) return set_point(c, x.lo == doms_[b].lo ? 1 : 0);
      return true;
    }
    default:
      return true;
  }
}

}  // namespace congrua::guard::search
