// Propositions in scope: to bounds of cells where they say nothing else, to cells
// otherwise; and which variables equalities define.
#include <algorithm>

#include "guard/search_engine.h"

namespace congrua::guard::search {

namespace {
// Cells looked at to see whether one variable depends on another.
constexpr size_t kMaxReach = 512;
// Variables of one equality that are tried.
constexpr int kMaxDefined = 64;
constexpr size_t kMaxNestedSums = 6;
}  // namespace

void Engine::require(const Node* proposition, bool value) {
  pending_.assign(1, {proposition, value});
  while (!pending_.empty()) {
    const Pending p = pending_.back();
    pending_.pop_back();
    // Cells are made active even after a contradiction: the model names their variables.
    if (!require_one(p.node, p.value)) failed_ = true;
  }
}

bool Engine::require_one(const Node* n, bool value) {
  switch (n->op) {
    case Op::kNot:
      pending_.push_back({internal::args_of(n)[0], !value});
      return true;
    case Op::kAnd:
      if (!value) break;
      for (const Node* a : internal::args_of(n)) pending_.push_back({a, true});
      return true;
    case Op::kGe: {
      const CellId p = program_.compile(internal::args_of(n)[0]);
      sync();
      return value ? require_cell(p, 0, kInf) : require_cell(p, -kInf, -1);
    }
    case Op::kEq: {
      const Node* arg = internal::args_of(n)[0];
      if (arg->sort != Sort::kInt) break;
      const CellId p = program_.compile(arg);
      sync();
      if (!value) return require_nonzero(p);
      if (!require_cell(p, 0, 0)) return false;
      define_from(p);
      return true;
    }
    default:
      break;
  }
  const CellId c = program_.compile(n);
  activate(c);
  return set_point(c, value ? 1 : 0);
}

void Engine::require_range(const Node* variable, int64_t lo, int64_t hi) {
  const CellId c = program_.compile(variable);
  activate(c);
  if (!set_lo(c, std::clamp(lo, -kInf, kInf)) ||
      !set_hi(c, std::clamp(hi, -kInf, kInf))) {
    failed_ = true;
  }
}

// c in [lo, hi], where a sum of one term is no cell to keep: its term takes the bounds.
bool Engine::require_cell(CellId c, int64_t lo, int64_t hi) {
  const Cell* x = &program_.cell(c);
  while (x->kind == Kind::kSum && x->n == 1 && !x->opaque) {
    const int64_t w = program_.weights(c)[0];
    const auto bound = [&](int64_t end, bool up) -> int64_t {
      // A lower end of kInf, or an upper one of -kInf, is a bound like others.
      const bool from_lo = up == (w > 0);
      if (from_lo ? end <= -kInf : end >= kInf) return up ? -kInf : kInf;
      const int128 t = static_cast<int128>(end) - x->constant;
      int128 q = t / w;
      if (q * w != t && ((t < 0) == (w < 0)) == up) q += up ? 1 : -1;
      return clamp128(q);
    };
    const int64_t new_lo = bound(w > 0 ? lo : hi, true);
    const int64_t new_hi = bound(w > 0 ? hi : lo, false);
    lo = new_lo;
    hi = new_hi;
    c = program_.args(c)[0];
    x = &program_.cell(c);
  }
  activate(c);
  return lo <= hi && set_lo(c, lo) && set_hi(c, hi);
}

bool Engine::require_nonzero(CellId c) {
  const Cell& x = program_.cell(c);
  if (x.kind == Kind::kSum && x.n == 1 && !x.opaque) {
    const CellId a = program_.args(c)[0];
    activate(a);
    const int64_t w = program_.weights(c)[0];
    const auto constant = static_cast<int128>(x.constant);  // INT64_MIN % -1 has no int64
    if (constant % w != 0) return true;
    const int128 v = -constant / w;
    if (v >= kInf || v <= -kInf) {  // no column holds it
      activate(c);
      return set_nonzero(c);
    }
    const auto hole = static_cast<int64_t>(v);
    const Dom& d = doms_[a];
    if (hole == 0) return set_nonzero(a);
    if (!d.contains(hole)) return true;
    if (d.lo == hole) return set_lo(a, hole + 1);
    if (d.hi == hole) return set_hi(a, hole - 1);
  }
  activate(c);
  return set_nonzero(c);
}

// Where the equality sum == 0 has a variable with coefficient 1 or -1 that its other
// terms do not depend on, that variable is determined by the others: the tree branches on
// it last.
void Engine::define_from(CellId sum) {
  if (program_.cell(sum).kind != Kind::kSum) return;
  definition_path_.assign(1, sum);
  int tries = kMaxDefined;
  define_along_path(&tries);
}

// As define_from, for the last part of the path: a long sum is a tree of sums.
bool Engine::define_along_path(int* tries) {
  const CellId sum = definition_path_.back();
  if (program_.cell(sum).opaque) return false;
  for (size_t i = program_.args(sum).size(); i-- > 0;) {
    const CellId v = program_.args(sum)[i];
    if (magnitude(program_.weights(sum)[i]) != 1) continue;
    if (program_.cell(v).kind == Kind::kSum) {
      if (definition_path_.size() == kMaxNestedSums) continue;
      definition_path_.push_back(v);
      const bool defined = define_along_path(tries);
      definition_path_.pop_back();
      if (defined) return true;
      continue;
    }
    if (!is_size(v) || is_defined(v)) continue;
    if (--*tries < 0) return false;
    if (reaches(v)) continue;
    flags_[v] |= kDefined;
    defined_by_[v] = definition_path_[0];
    definitions_.push_back(v);
    return true;
  }
  return false;
}

// Whether the terms of the sum at the head of the path, other than target itself at its
// end, depend on target, definitions included; true when there is too much to look at.
bool Engine::reaches(CellId target) {
  bool found = false;
  size_t seen = 0;
  stack_.clear();
  visited_.clear();
  const auto visit_operands = [&](CellId c, CellId but) {
    for (const CellId a : program_.args(c)) {
      if (a == but || (flags_[a] & kSeen)) continue;
      flags_[a] |= kSeen;
      visited_.push_back(a);
      stack_.push_back(a);
    }
  };
  for (size_t i = 0; i < definition_path_.size(); ++i) {
    const bool last = i + 1 == definition_path_.size();
    visit_operands(definition_path_[i], last ? target : definition_path_[i + 1]);
  }
  while (!stack_.empty() && !found) {
    const CellId c = stack_.back();
    stack_.pop_back();
    found = c == target || ++seen > kMaxReach;
    if (is_defined(c)) {
      visit_operands(defined_by_[c], c);
    } else {
      visit_operands(c, kNone);
    }
  }
  for (const CellId c : visited_) flags_[c] &= static_cast<uint8_t>(~kSeen);
  return found;
}

}  // namespace congrua::guard::search
