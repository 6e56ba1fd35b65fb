// Left sides at the root of a rule: the second half of matcher.h, for it alone.
#ifndef CONGRUA_REWRITE_MATCHER_ROOTS_H_
#define CONGRUA_REWRITE_MATCHER_ROOTS_H_

#include "rewrite/matcher.h"

namespace congrua::rewrite {

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

}  // namespace congrua::rewrite

#endif  // CONGRUA_REWRITE_MATCHER_ROOTS_H_
