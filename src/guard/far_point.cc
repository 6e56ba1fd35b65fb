#include "guard/far_point.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "expr/view.h"

namespace congrua::guard {

namespace {

using internal::args_of;
using internal::Builder;
using internal::const_value;
using internal::Node;

constexpr size_t kRounds = 8;  // over all asserts
constexpr size_t kMaxAsserts = 4'096;

class FarPoint {
 public:
  using Point = std::vector<std::pair<const Node*, Int>>;

  FarPoint(std::span<const Expr> asserts, Budget& budget) : budget_(budget) {
    for (const Expr a : asserts) asserts_.push_back(Builder::node(a));
  }

  std::optional<Point> find() {
    start();
    for (size_t round = 0; round < kRounds; ++round) {
      bool all = true;
      for (const Node* a : asserts_) {
        if (!budget_.charge(1 + nodes_ / static_cast<int64_t>(asserts_.size()))) {
          return std::nullopt;
        }
        const std::optional<Int> v = value(a);
        if (v && v->is_one()) continue;
        all = false;
        if (!v || !repair(a, round)) return std::nullopt;
      }
      if (!all) continue;
      Point found;
      for (const Node* v : variables_) found.emplace_back(v, *point_.find(v));
      return found;
    }
    return std::nullopt;
  }

 private:
  struct Range {
    std::optional<Int> lo, hi;  // nullopt: unbounded
  };

  // All variables as near to 0 as they may be.
  void start() {
    absl::flat_hash_set<const Node*> seen;
    std::vector<const Node*> stack;
    const auto visit = [&](const Node* n) {
      if (seen.insert(n).second) stack.push_back(n);
    };
    for (const Node* a : asserts_) visit(a);
    while (!stack.empty()) {
      const Node* n = stack.back();
      stack.pop_back();
      if (n->op == Op::kSymbol || n->op == Op::kOpaque) {
        variables_.push_back(n);
        point_.set(n, n->op == Op::kSymbol ? nearest(n, {}) : Int(0));
      }
      internal::for_each_child(n, visit);
    }
    nodes_ = static_cast<int64_t>(seen.size());
  }

  std::optional<Int> value(const Node* n) { return evaluator_.evaluate(n, point_); }

  // The value of least magnitude in the range and in the symbol's birth range.
  static Int nearest(const Node* symbol, Range r) {
    const auto* s = internal::as_symbol(symbol);
    if (s->lo != INT64_MIN && (!r.lo || *r.lo < Int(s->lo))) r.lo = Int(s->lo);
    if (s->hi != INT64_MAX && (!r.hi || *r.hi > Int(s->hi))) r.hi = Int(s->hi);
    if (r.lo && r.lo->sign() > 0) return *r.lo;
    if (r.hi && r.hi->sign() < 0) return *r.hi;
    return Int(0);
  }

  // Makes the proposition true by another value of one variable; the number of the
  // attempt chooses which.
  bool repair(const Node* n, size_t attempt) {
    bool truth = true;
    for (;;) {
      if (n->op == Op::kNot) {
        truth = !truth;
        n = args_of(n)[0];
      } else if (n->op == Op::kAnd) {
        const auto parts = args_of(n);
        const auto wrong = [&](const Node* x) {
          const std::optional<Int> v = value(x);
          return v && v->is_one() != truth;
        };
        const auto it =
            truth ? std::ranges::find_if(parts, wrong)
                  : parts.begin() + static_cast<std::ptrdiff_t>(attempt % parts.size());
        if (it == parts.end()) return false;
        n = *it;
      } else {
        break;
      }
    }
    if (n->op == Op::kGe) {
      return truth ? solve(args_of(n)[0], {Int(0), std::nullopt}, attempt)
                   : solve(args_of(n)[0], {std::nullopt, Int(-1)}, attempt);
    }
    if (n->op == Op::kEq && args_of(n)[0]->sort == Sort::kInt) {
      return truth ? solve(args_of(n)[0], {Int(0), Int(0)}, attempt)
                   : solve(args_of(n)[0], {Int(1), std::nullopt}, attempt);
    }
    if (n->op != Op::kSymbol) return false;
    point_.set(n, Int(truth ? 1 : 0));
    return true;
  }

  // Gives one variable of n a value that puts n into the range.
  bool solve(const Node* n, Range r, size_t attempt) {
    for (;;) {
      if (!budget_.charge(1)) return false;
      switch (n->op) {
        case Op::kSymbol:
          point_.set(n, nearest(n, r));
          return true;
        case Op::kAdd: {
          const internal::LinearView v(n);
          const internal::Term& t = v.terms()[attempt % v.terms().size()];
          const std::optional<Int> whole = value(n), part = value(t.mono);
          if (!whole || !part) return false;
          r = divided(shifted(r, *whole - t.coef * *part), t.coef);
          n = t.mono;
          break;
        }
        case Op::kMul: {
          const internal::FactorView v(n);
          const internal::Factor& f = v.factors()[attempt % v.factors().size()];
          if (f.exponent != 1) return false;
          Int others(1);
          for (const internal::Factor& g : v.factors()) {
            if (g.base == f.base) continue;
            const std::optional<Int> x = value(g.base);
            if (!x || g.exponent != 1) return false;
            others = others * *x;
          }
          if (others.is_zero()) return false;
          r = divided(r, others);
          n = f.base;
          break;
        }
        case Op::kFloorDiv: {
          const Node* divisor = args_of(n)[1];
          if (divisor->op != Op::kConst || const_value(divisor).sign() <= 0) return false;
          const Int& c = const_value(divisor);
          if (r.lo) r.lo = *r.lo * c;
          if (r.hi) r.hi = *r.hi * c + c - Int(1);
          n = args_of(n)[0];
          break;
        }
        case Op::kMin:
        case Op::kMax:
          n = args_of(n)[attempt % args_of(n).size()];
          break;
        case Op::kSelect: {
          const std::optional<Int> c = value(args_of(n)[0]);
          if (!c) return false;
          n = args_of(n)[c->is_one() ? 1 : 2];
          break;
        }
        default:
          return false;
      }
      if (r.lo && r.hi && *r.lo > *r.hi) return false;
    }
  }

  static Range shifted(Range r, const Int& by) {
    if (r.lo) r.lo = *r.lo - by;
    if (r.hi) r.hi = *r.hi - by;
    return r;
  }
  // { x : by * x in r }
  static Range divided(Range r, const Int& by) {
    if (by.sign() < 0) {
      std::swap(r.lo, r.hi);
    }
    if (r.lo) r.lo = ceil_div(*r.lo, by);
    if (r.hi) r.hi = floor_div(*r.hi, by);
    return r;
  }

  Budget& budget_;
  std::vector<const Node*> asserts_;
  std::vector<const Node*> variables_;
  int64_t nodes_ = 0;
  internal::Assignment point_;
  internal::Evaluator evaluator_;
};

}  // namespace

std::optional<std::vector<std::pair<const Node*, Int>>> far_point(
    std::span<const Expr> asserts, Budget& budget) {
  if (asserts.empty() || asserts.size() > kMaxAsserts) return std::nullopt;
  return FarPoint(asserts, budget).find();
}

}  // namespace congrua::guard
