// Applies the rules of the tables to canonical nodes.
//
// Patterns are matched against what a node says, not how it is stored: a minimum is
// stored as a multiple of a maximum with what is common taken out, so `min(x, y)` inside
// a pattern matches any sum with such a term, k*max(a, b) + r being min(k*a + r, k*b + r)
// for k < 0. Of more than two operands one is matched and the others are one extreme. At
// the root of a rule `max`, `min`, `+` and `*` match any two operands, terms or factors,
// and the others stay beside the result.
//
// All ways of matching are tried, the condition last; nothing is built before the
// operators agree.
#ifndef CONGRUA_REWRITE_MATCHER_H_
#define CONGRUA_REWRITE_MATCHER_H_

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rewrite/extreme_view.h"
#include "rewrite/needs.h"
#include "rewrite/pattern.h"
#include "rewrite/simplifier.h"

namespace congrua::rewrite {

template <typename T>
inline constexpr bool kIsExtreme = false;
template <typename A, typename B>
inline constexpr bool kIsExtreme<pattern::Pat<pattern::Kind::kMin, A, B>> = true;
template <typename A, typename B>
inline constexpr bool kIsExtreme<pattern::Pat<pattern::Kind::kMax, A, B>> = true;
template <typename T>
inline constexpr bool kIsAtLeast = false;
template <typename A, typename B>
inline constexpr bool kIsAtLeast<pattern::Pat<pattern::Kind::kGe, A, B>> = true;

class Matcher {
 public:
  // For rules tried on n.
  Matcher(Simplifier& simplifier, const Node* n)
      : s_(simplifier), b_(simplifier.builder_), n_(n), below_(operators_below(n)) {}

  // What the rule makes of n; n where it does not apply.
  template <typename Left, typename Right, typename Condition>
  const Node* apply(Left left, Right right, Condition condition) {
    using L = decltype(pattern::of(left));
    if ((kNeeded<L> & ~below_) != 0) return n_;
    if (concluded_) {
      terms_ = {};
      props_ = {};
      has_constant_.reset();
      concluded_ = false;
    }
    return at_root(n_, pattern::of(left), pattern::of(right), pattern::of(condition));
  }

 private:
  using Kind = pattern::Kind;
  template <Kind kKind, typename A, typename B = pattern::Tag, typename C = pattern::Tag>
  using Pat = pattern::Pat<kKind, A, B, C>;
  static constexpr size_t kMaxOperands = 8;  // of an extreme inside a pattern

  // ---- Roots: one overload for each shape of a left side
  template <typename L, typename R, typename C>
  const Node* at_root(const Node* n, const L& left, const R& right, const C& condition) {
    const Node* result = n;
    match(left, n, [&] { return conclude(right, condition, &result); });
    return result;
  }
  template <Kind kKind, typename A, typename B, typename R, typename C>
  requires(kKind == Kind::kMin || kKind == Kind::kMax) const Node* at_root(
      const Node* n, const Pat<kKind, A, B>& left, const R& right, const C& condition);
  template <typename A, typename B, typename R, typename C>
  const Node* at_root(const Node* n, const Pat<Kind::kMul, A, B>& left, const R& right,
                      const C& condition);
  template <int kIndex, typename A, typename R, typename C>
  const Node* at_root(const Node* n,
                      const Pat<Kind::kMul, pattern::Const<kIndex>, A>& left,
                      const R& right, const C& condition);
  template <Kind kKind, int kFirst, typename A, int kSecond, typename B, typename R,
            typename C>
  requires(kKind == Kind::kAdd || kKind == Kind::kSub) const Node* at_root(
      const Node* n,
      const Pat<kKind, Pat<Kind::kMul, pattern::Const<kFirst>, A>,
                Pat<Kind::kMul, pattern::Const<kSecond>, B>>& left,
      const R& right, const C& condition);

  template <typename A, typename B, typename R, typename C>
  const Node* at_root(const Node* n, const Pat<Kind::kAnd, A, B>& left, const R& right,
                      const C& condition);

  template <typename R, typename C>
  bool conclude(const R& right, const C& condition, const Node** result) {
    if (!ask(condition)) return false;
    *result = build(right);
    concluded_ = true;
    return true;
  }

  // ---- Matching: calls then() for every way until it is true
  template <int kIndex, typename F>
  bool match(pattern::Var<kIndex>, const Node* n, F&& then) {
    if (is_bound(kIndex)) return value(kIndex) == n && then();
    terms_[kIndex] = {n, nullptr, 0};
    if (then()) return true;
    terms_[kIndex] = {};
    return false;
  }
  template <int kIndex, typename F>
  bool match(pattern::Prop<kIndex>, const Node* n, F&& then) {
    if (props_[kIndex] != nullptr) return props_[kIndex] == n && then();
    props_[kIndex] = n;
    if (then()) return true;
    props_[kIndex] = nullptr;
    return false;
  }
  template <int kIndex, typename F>
  bool match(pattern::Const<kIndex>, const Node* n, F&& then) {
    return n->op == Op::kConst && with_constant<kIndex>(internal::const_value(n), then);
  }
  template <typename F>
  bool match(pattern::Literal literal, const Node* n, F&& then) {
    return n->op == Op::kConst && internal::const_value(n) == Int(literal.value) &&
           then();
  }
  template <typename A, typename B, typename F>
  bool match(const Pat<Kind::kFloorDiv, A, B>& pat, const Node* n, F&& then) {
    if (n->op != Op::kFloorDiv) return false;
    const auto args = internal::args_of(n);
    return match(pat.b, args[1], [&] { return match(pat.a, args[0], then); });
  }
  template <typename P, typename A, typename B, typename F>
  bool match(const Pat<Kind::kSelect, P, A, B>& pat, const Node* n, F&& then);
  template <Kind kKind, typename A, typename B, typename F>
  requires(kKind == Kind::kMin ||
           kKind == Kind::kMax) bool match(const Pat<kKind, A, B>& pat, const Node* n,
                                           F&& then) {
    return match_extreme(pat, n, true, then);
  }
  // `alone`: no other minimum or maximum in the sum.
  template <Kind kKind, typename A, typename B, typename F>
  bool match_extreme(const Pat<kKind, A, B>& pat, const Node* n, bool alone, F&& then);
  // p >= 0 and p == 0.
  template <Kind kKind, typename A, typename F>
  requires(kKind == Kind::kGe ||
           kKind == Kind::kEq) bool match(const Pat<kKind, A, pattern::Literal>& pat,
                                          const Node* n, F&& then) {
    const Op op = kKind == Kind::kGe ? Op::kGe : Op::kEq;
    if (n->op != op || internal::args_of(n)[0]->sort != Sort::kInt) return false;
    if constexpr (kIsExtreme<A>) {
      return match_extreme(pat.a, internal::args_of(n)[0], false, then);
    } else {
      return match(pat.a, internal::args_of(n)[0], then);
    }
  }
  // x + c for a bound x.
  template <int kVar, int kConst, typename F>
  bool match(const Pat<Kind::kAdd, pattern::Var<kVar>, pattern::Const<kConst>>&,
             const Node* n, F&& then) {
    const internal::LinearView v(n);
    const internal::LinearView x(value(kVar));
    const auto same = [](const internal::Term& a, const internal::Term& b) {
      return a.mono == b.mono && a.coef == b.coef;
    };
    return std::ranges::equal(v.terms(), x.terms(), same) &&
           with_constant<kConst>(v.constant() - x.constant(), then);
  }
  // The negation of a bound x.
  template <int kVar, typename F>
  bool match(const Pat<Kind::kSub, pattern::Literal, pattern::Var<kVar>>&, const Node* n,
             F&& then) {
    const internal::LinearView v(n);
    const internal::LinearView x(value(kVar));
    const auto opposite = [](const internal::Term& a, const internal::Term& b) {
      return a.mono == b.mono && a.coef == -b.coef;
    };
    return v.constant() == -x.constant() &&
           std::ranges::equal(v.terms(), x.terms(), opposite) && then();
  }
  // A term with the coefficient 1 or -1, and the rest.
  template <typename A, int kIndex, typename F>
  bool match(const Pat<Kind::kAdd, A, pattern::Var<kIndex>>& pat, const Node* n,
             F&& then) {
    return match_term(pat.a, true, pat.b, n, then);
  }
  template <typename A, int kIndex, typename F>
  bool match(const Pat<Kind::kSub, pattern::Var<kIndex>, A>& pat, const Node* n,
             F&& then) {
    return match_term(pat.b, false, pat.a, n, then);
  }
  template <typename A, typename Rest, typename F>
  bool match_term(const A& head, bool plus, const Rest& others, const Node* n, F&& then);

  // ---- Bindings
  struct Value {
    const Node* node = nullptr;
    ExtremeView* view = nullptr;  // where node is not made yet: all operands but one
    size_t left_out = 0;
  };
  bool is_bound(int i) const {
    return terms_[static_cast<size_t>(i)].node != nullptr ||
           terms_[static_cast<size_t>(i)].view != nullptr;
  }
  const Node* value(int i) {
    Value& v = terms_[static_cast<size_t>(i)];
    if (v.node == nullptr) v.node = v.view->without(v.left_out);
    return v.node;
  }
  template <int kIndex, typename F>
  bool with_constant(const Int& c, F&& then) {
    if (has_constant_[kIndex]) return constants_[kIndex] == c && then();
    constants_[kIndex] = c;
    has_constant_[kIndex] = true;
    if (then()) return true;
    has_constant_[kIndex] = false;
    return false;
  }
  template <typename A, typename F>
  bool match_others(const A& pat, ExtremeView& view, size_t left_out, F&& then) {
    return match(pat, view.without(left_out), then);
  }
  template <int kIndex, typename F>
  bool match_others(pattern::Var<kIndex> pat, ExtremeView& view, size_t left_out,
                    F&& then) {
    if (is_bound(kIndex)) return match(pat, view.without(left_out), then);
    terms_[kIndex] = {nullptr, &view, left_out};
    if (then()) return true;
    terms_[kIndex] = {};
    return false;
  }

  // ---- Constants
  template <int kIndex>
  Int compute(pattern::Const<kIndex>) {
    return constants_[kIndex];
  }
  Int compute(pattern::Literal literal) { return Int(literal.value); }
  template <Kind kKind, typename A, typename B>
  Int compute(const Pat<kKind, A, B>& e) {
    const Int a = compute(e.a);
    const Int b = compute(e.b);
    if constexpr (kKind == Kind::kAdd) return a + b;
    if constexpr (kKind == Kind::kSub) return a - b;
    if constexpr (kKind == Kind::kMul) return a * b;
    if constexpr (kKind == Kind::kFloorDiv) return congrua::floor_div(a, b);
    if constexpr (kKind == Kind::kFloorMod) return congrua::floor_mod(a, b);
    if constexpr (kKind == Kind::kMin) return std::min(a, b);
    if constexpr (kKind == Kind::kMax) return std::max(a, b);
  }

  // ---- Building
  template <int kIndex>
  const Node* build(pattern::Var<kIndex>) {
    return value(kIndex);
  }
  template <int kIndex>
  const Node* build(pattern::Prop<kIndex>) {
    return props_[kIndex];
  }
  const Node* build(pattern::Truth truth) { return b_.boolean(truth.value); }
  template <typename T>
  requires pattern::kIsConstant<T>
  const Node* build(const T& e) { return b_.constant(compute(e)); }
  template <Kind kKind, typename A, typename B, typename C>
  requires(!pattern::kIsConstant<Pat<kKind, A, B, C>>) const Node* build(
      const Pat<kKind, A, B, C>& e);

  // ---- Conditions
  bool ask(pattern::Truth truth) { return truth.value; }
  template <Kind kKind, typename A, typename B>
  bool ask(const Pat<kKind, A, B>& e);
  // a >= b + gap, of one of them a constant.
  template <typename A, typename B>
  bool ask_range(const A& a, const B& b, int gap) {
    if constexpr (pattern::kIsConstant<B>) {
      const Domain d = s_.range(build(a));
      return d.lo() != kNegInf && Int(d.lo()) >= compute(b) + Int(gap);
    } else {
      const Domain d = s_.range(build(b));
      return d.hi() != kPosInf && Int(d.hi()) + Int(gap) <= compute(a);
    }
  }
  template <typename P, typename Q>
  bool ask_given(const P& condition, bool value, const Q& consequence);
  template <typename P, typename Q>
  bool ask_given(const Pat<Kind::kNot, P>& condition, bool value, const Q& consequence) {
    return ask_given(condition.a, !value, consequence);
  }

  Simplifier& s_;
  Builder& b_;
  const Node* const n_;
  const uint8_t below_;
  bool concluded_ = false;  // a rule held and left its bindings
  std::array<Value, 4> terms_;
  std::array<const Node*, 2> props_{};
  std::array<Int, 3> constants_;
  std::bitset<3> has_constant_;
};

template <typename P, typename A, typename B, typename F>
bool Matcher::match(const Pat<Kind::kSelect, P, A, B>& pat, const Node* n, F&& then) {
  if (n->op == Op::kSelect) {
    const auto args = internal::args_of(n);
    return match(pat.a, args[0], [&] {
      return match(pat.b, args[1], [&] { return match(pat.c, args[2], then); });
    });
  }
  if (n->op != Op::kAdd) return false;
  const internal::LinearView v(n);
  for (const internal::Term& t : v.terms()) {
    if (t.mono->op != Op::kSelect) continue;
    const auto args = internal::args_of(t.mono);
    const auto whole = [&](size_t arm) {
      return b_.add(n, b_.scale(b_.sub(args[arm], t.mono), t.coef));
    };
    const bool done = match(pat.a, args[0], [&] {
      return match(pat.b, whole(1), [&] { return match(pat.c, whole(2), then); });
    });
    if (done) return true;
  }
  return false;
}

template <pattern::Kind kKind, typename A, typename B, typename F>
bool Matcher::match_extreme(const Pat<kKind, A, B>& pat, const Node* n, bool alone,
                            F&& then) {
  const internal::LinearView v(n);
  const auto is_extreme = [](const internal::Term& t) {
    return ExtremeView::is_extreme(t.mono);
  };
  if (alone && std::ranges::count_if(v.terms(), is_extreme) != 1) return false;
  for (const internal::Term& t : v.terms()) {
    if (!is_extreme(t) || t.mono->short_size > kMaxOperands) continue;
    if (ExtremeView::seen(t) != (kKind == Kind::kMin ? Op::kMin : Op::kMax)) continue;
    ExtremeView view(b_, n, t);
    for (size_t i = 0; i < view.size(); ++i) {
      bool done;
      if constexpr (pattern::kIsVar<A> && !pattern::kIsVar<B>) {
        done = match(pat.b, view.whole(i),
                     [&] { return match_others(pat.a, view, i, then); });
      } else {
        done = match(pat.a, view.whole(i),
                     [&] { return match_others(pat.b, view, i, then); });
      }
      if (done) return true;
    }
  }
  return false;
}

template <typename A, typename Rest, typename F>
bool Matcher::match_term(const A& head, bool plus, const Rest& others, const Node* n,
                         F&& then) {
  const internal::LinearView v(n);
  for (const internal::Term& t : v.terms()) {
    if (!(plus ? t.coef : -t.coef).is_one()) continue;
    const bool done = match(head, t.mono, [&] {
      return match(others, plus ? b_.sub(n, t.mono) : b_.add(n, t.mono), then);
    });
    if (done) return true;
  }
  return false;
}

template <typename P, typename Q>
bool Matcher::ask_given(const P& condition, bool value, const Q& consequence) {
  const Node* c = build(condition);
  const Node* a = build(consequence.a);
  const Node* b = build(consequence.b);
  // Where one has no value everything holds, and the rule would bring it there.
  if (!s_.has_value_where(c, value, a) || !s_.has_value_where(c, value, b)) return false;
  const Node* d = b_.sub(a, b);
  if constexpr (kIsAtLeast<Q>) {
    return s_.nonnegative_where(c, value, d);
  } else {  // an equation
    return s_.simplify_under(c, value, d) == b_.constant(Int(0));
  }
}

}  // namespace congrua::rewrite

#include "rewrite/matcher_roots.h"  // IWYU pragma: keep

#endif  // CONGRUA_REWRITE_MATCHER_H_
