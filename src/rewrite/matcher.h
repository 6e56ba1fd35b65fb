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

#include "rewrite/pattern.h"
#include "rewrite/simplifier.h"

namespace congrua::rewrite {

// A sum n with a term k*max(a, ...) (or min), seen as the extreme of k*a + r, ...
class ExtremeView {
 public:
  ExtremeView(Builder& builder, const Node* n, const internal::Term& t);
  static bool is_extreme(const Node* n) { return n->op == Op::kMin || n->op == Op::kMax; }
  // Of n seen so: the other one where the term is negative.
  static Op seen(const internal::Term& t) {
    return (t.mono->op == Op::kMin) == (t.coef.sign() > 0) ? Op::kMin : Op::kMax;
  }
  size_t size() const { return args_.size(); }
  const Node* whole(size_t i);
  const Node* without(size_t i);  // the extreme of the others

 private:
  Builder& builder_;
  std::span<const Node* const> args_;
  const Op op_;
  const Int* coef_ = nullptr;  // null: n is the extreme itself
  const Node* rest_ = nullptr;
  absl::InlinedVector<const Node*, 4> wholes_;
};

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

// Operators below the root, seen through sums: most rules fail for want of one, which is
// seen at once for all of a table.
inline constexpr uint8_t kQuotientBelow = 1;
inline constexpr uint8_t kExtremeBelow = 2;
inline constexpr uint8_t kSelectBelow = 4;
uint8_t operators_below(const Node* n);
// Without which a left side matches nothing, as an operand and at the root.
template <typename T>
inline constexpr uint8_t kNeededInside = 0;
template <pattern::Kind kKind, typename A, typename B, typename C>
inline constexpr uint8_t kNeededInside<pattern::Pat<kKind, A, B, C>> =
    kKind == pattern::Kind::kFloorDiv                              ? kQuotientBelow
    : kKind == pattern::Kind::kMin || kKind == pattern::Kind::kMax ? kExtremeBelow
    : kKind == pattern::Kind::kSelect                              ? kSelectBelow
    : kKind == pattern::Kind::kAdd || kKind == pattern::Kind::kSub ||
            kKind == pattern::Kind::kMul
        ? uint8_t{kNeededInside<A> | kNeededInside<B>}
        : uint8_t{0};
template <typename T>
inline constexpr uint8_t kNeeded = 0;
template <pattern::Kind kKind, typename A, typename B, typename C>
inline constexpr uint8_t kNeeded<pattern::Pat<kKind, A, B, C>> =
    kNeededInside<A> | kNeededInside<B> | kNeededInside<C>;

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

template <pattern::Kind kKind, typename A, typename B, typename R, typename C>
requires(kKind == pattern::Kind::kMin || kKind == pattern::Kind::kMax)
    const Node* Matcher::at_root(const Node* n, const Pat<kKind, A, B>& left,
                                 const R& right, const C& condition) {
  if (n->op != (kKind == Kind::kMin ? Op::kMin : Op::kMax)) return n;
  Simplifier::Nodes kept(internal::args_of(n).begin(), internal::args_of(n).end());
  for (size_t j = 0; j < kept.size(); ++j) {
    for (size_t i = 0; i < kept.size(); ++i) {
      if (i == j) continue;
      const Node* result = nullptr;
      match(left.a, kept[i], [&] {
        return match(left.b, kept[j],
                     [&] { return conclude(right, condition, &result); });
      });
      if (result == nullptr) continue;
      terms_ = {};
      props_ = {};
      has_constant_.reset();
      if constexpr (pattern::kIsVar<R>) {
        // One of the two: the next pair is looked at without building.
        static_assert(pattern::kIsVar<A> && pattern::kIsVar<B>);
        kept.erase(kept.begin() + static_cast<ptrdiff_t>(result == kept[i] ? j : i));
        --j;
        break;
      } else {
        kept.erase(kept.begin() + static_cast<ptrdiff_t>(std::max(i, j)));
        kept[std::min(i, j)] = result;
        return b_.minmax(n->op, kept);
      }
    }
  }
  return kept.size() == internal::arity(n) ? n : b_.minmax(n->op, kept);
}

template <typename A, typename B, typename R, typename C>
const Node* Matcher::at_root(const Node* n, const Pat<Kind::kAnd, A, B>& left,
                             const R& right, const C& condition) {
  if (n->op != Op::kAnd) return n;
  const auto parts = internal::args_of(n);
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t j = 0; j < parts.size(); ++j) {
      if (i == j) continue;
      const Node* result = nullptr;
      match(left.a, parts[i], [&] {
        return match(left.b, parts[j],
                     [&] { return conclude(right, condition, &result); });
      });
      if (result == nullptr) continue;
      Simplifier::Nodes kept(parts.begin(), parts.end());
      kept[i] = result;
      kept.erase(kept.begin() + static_cast<ptrdiff_t>(j));
      return b_.conjunction(kept);
    }
  }
  return n;
}

template <typename A, typename B, typename R, typename C>
const Node* Matcher::at_root(const Node* n, const Pat<Kind::kMul, A, B>& left,
                             const R& right, const C& condition) {
  if (n->op != Op::kMul) return n;
  const auto factors = internal::factors_of(n);
  const Node* result = nullptr;
  for (const internal::Factor& f : factors) {
    match(left.a, f.base, [&] {
      for (const internal::Factor& g : factors) {
        if (&f == &g) continue;
        const bool done =
            match(left.b, g.base, [&] { return conclude(right, condition, &result); });
        if (!done) continue;
        std::vector<internal::Factor> rest(factors.begin(), factors.end());
        for (internal::Factor& h : rest)
          h.exponent -= h.base == f.base || h.base == g.base;
        std::erase_if(rest, [](const internal::Factor& h) { return h.exponent == 0; });
        result = b_.mul(result, b_.monomial(rest));
        return true;
      }
      return false;
    });
    if (result != nullptr) return result;
  }
  return n;
}

template <int kIndex, typename A, typename R, typename C>
const Node* Matcher::at_root(const Node* n,
                             const Pat<Kind::kMul, pattern::Const<kIndex>, A>& left,
                             const R& right, const C& condition) {
  const internal::LinearView v(n);
  for (const internal::Term& t : v.terms()) {
    const Node* result = nullptr;
    match(left.b, t.mono, [&] {
      return with_constant<kIndex>(t.coef,
                                   [&] { return conclude(right, condition, &result); });
    });
    if (result == nullptr) continue;
    return b_.add(b_.sub(n, b_.scale(t.mono, t.coef)), result);
  }
  return n;
}

template <pattern::Kind kKind, int kFirst, typename A, int kSecond, typename B,
          typename R, typename C>
requires(kKind == pattern::Kind::kAdd || kKind == pattern::Kind::kSub) const
    Node* Matcher::at_root(const Node* n,
                           const Pat<kKind, Pat<Kind::kMul, pattern::Const<kFirst>, A>,
                                     Pat<Kind::kMul, pattern::Const<kSecond>, B>>& left,
                           const R& right, const C& condition) {
  const internal::LinearView v(n);
  const Node* result = nullptr;
  std::optional<internal::Term> second;
  for (const internal::Term& s : v.terms()) {
    match(left.a.b, s.mono, [&] {
      return with_constant<kFirst>(s.coef, [&] {
        for (const internal::Term& t : v.terms()) {
          if (s.mono == t.mono) continue;
          const bool done = match(left.b.b, t.mono, [&] {
            return with_constant<kSecond>(kKind == Kind::kAdd ? t.coef : -t.coef, [&] {
              return conclude(right, condition, &result);
            });
          });
          if (!done) continue;
          second = t;
          return true;
        }
        return false;
      });
    });
    if (result == nullptr) continue;
    const Node* rest = b_.sub(n, b_.scale(s.mono, s.coef));
    return b_.add(b_.sub(rest, b_.scale(second->mono, second->coef)), result);
  }
  return n;
}

template <pattern::Kind kKind, typename A, typename B, typename C>
requires(!pattern::kIsConstant<pattern::Pat<kKind, A, B, C>>) const Node* Matcher::build(
    const Pat<kKind, A, B, C>& e) {
  const Node* a = build(e.a);
  if constexpr (kKind == Kind::kNot) {
    return b_.logical_not(a);
  } else {
    const Node* b = build(e.b);
    const Node* both[] = {a, b};
    if constexpr (kKind == Kind::kAdd) return b_.add(a, b);
    if constexpr (kKind == Kind::kSub) return b_.sub(a, b);
    if constexpr (kKind == Kind::kMul) return b_.mul(a, b);
    if constexpr (kKind == Kind::kFloorDiv) return b_.floor_div(a, b);
    if constexpr (kKind == Kind::kMin) return b_.minmax(Op::kMin, both);
    if constexpr (kKind == Kind::kMax) return b_.minmax(Op::kMax, both);
    if constexpr (kKind == Kind::kSelect) return b_.select(a, b, build(e.c));
    if constexpr (kKind == Kind::kGe) return b_.ge(a, b);
    if constexpr (kKind == Kind::kGt) return b_.ge(a, b_.add_const(b, Int(1)));
    if constexpr (kKind == Kind::kEq) return b_.eq(a, b);
    if constexpr (kKind == Kind::kAnd) return b_.conjunction(both);
    if constexpr (kKind == Kind::kOr) return b_.disjunction(both);
  }
}

template <pattern::Kind kKind, typename A, typename B>
bool Matcher::ask(const Pat<kKind, A, B>& e) {
  if constexpr (kKind == Kind::kAnd) {
    return ask(e.a) && ask(e.b);
  } else if constexpr (kKind == Kind::kByRange) {
    return ask_range(e.a.a, e.a.b, kIsAtLeast<decltype(e.a)> ? 0 : 1);
  } else if constexpr (kKind == Kind::kFewTerms) {
    const Node* a = build(e.a);
    return a->op != Op::kAdd || internal::terms_of(a).size() <= 2;
  } else if constexpr (kKind == Kind::kIsSum) {
    const internal::LinearView v(build(e.a));
    return v.terms().size() > 1;
  } else if constexpr (kKind == Kind::kKnown) {
    // Of a remainder by a constant.
    const std::optional<int64_t> m = compute(e.a.b).to_int64();
    if (!m) return false;
    const Domain r = congrua::floor_mod(s_.range(build(e.a.a)), Domain::point(*m));
    return r.is_point() && match(e.b, b_.constant(Int(r.lo())), [] { return true; });
  } else if constexpr (kKind == Kind::kGiven) {
    return ask_given(e.a, true, e.b);
  } else if constexpr (pattern::kIsConstant<A> && pattern::kIsConstant<B>) {
    const Int a = compute(e.a);
    const Int b = compute(e.b);
    if constexpr (kKind == Kind::kGe) return a >= b;
    if constexpr (kKind == Kind::kGt) return a > b;
    if constexpr (kKind == Kind::kEq) return a == b;
  } else {
    const Node* a = build(e.a);
    const Node* b = build(e.b);
    if constexpr (kKind == Kind::kGe) return s_.at_least(a, b);
    if constexpr (kKind == Kind::kGt) return s_.at_least(a, b_.add_const(b, Int(1)));
  }
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

#endif  // CONGRUA_REWRITE_MATCHER_H_
