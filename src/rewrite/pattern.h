// Expression templates of the rule tables (rules_*.inc, laws_*.inc).
//
// A column of a table is an expression over the variables of CONGRUA_COLUMN, made a
// generic lambda. Here its values are types: over the variables of this file a column is
// a tree that the compiler knows, read by the matcher. Over integers, Z3's terms or
// expressions of the library the same column is computed (tests/rewrite/columns.h).
#ifndef CONGRUA_REWRITE_PATTERN_H_
#define CONGRUA_REWRITE_PATTERN_H_

#include <concepts>
#include <cstdint>
#include <type_traits>

// x y z w: terms; p q: propositions; c0 c1 c2: constants.
#define CONGRUA_COLUMN(...)                                                     \
  []([[maybe_unused]] auto x, [[maybe_unused]] auto y, [[maybe_unused]] auto z, \
     [[maybe_unused]] auto w, [[maybe_unused]] auto p, [[maybe_unused]] auto q, \
     [[maybe_unused]] auto c0, [[maybe_unused]] auto c1,                        \
     [[maybe_unused]] auto c2) constexpr {                                      \
    return (__VA_ARGS__);                                                       \
  }

namespace congrua::rewrite::pattern {

enum class Kind : uint8_t {
  kAdd,
  kSub,
  kMul,
  kFloorDiv,
  kFloorMod,
  kMin,
  kMax,
  kSelect,
  kGe,
  kGt,
  kEq,
  kNot,
  kAnd,
  kOr,
  // Conditions alone.
  kGiven,    // b holds wherever a does
  kKnown,    // the facts give a one value: b
  kByRange,  // a is asked of the interval of its sides alone
  kFewTerms,
  kIsSum,
};

struct Tag {};
template <typename T>
concept Pattern = std::derived_from<T, Tag>;

template <int kIndex>
struct Var : Tag {};  // any term
template <int kIndex>
struct Prop : Tag {};  // any proposition
template <int kIndex>
struct Const : Tag {};  // an integer constant
struct Literal : Tag {
  int64_t value;
};
struct Truth : Tag {
  bool value;
};
template <Kind kKindOf, typename A, typename B = Tag, typename C = Tag>
struct Pat : Tag {
  A a;
  B b;
  C c;
};

constexpr Literal lift(int v) { return {{}, v}; }
constexpr Truth lift(bool v) { return {{}, v}; }
template <Pattern T>
constexpr T lift(T t) {
  return t;
}
template <typename T>
using Lifted = decltype(lift(std::declval<T>()));

template <Kind kKindOf, typename A, typename B = Tag, typename C = Tag>
constexpr auto make(A a, B b = {}, C c = {}) {
  return Pat<kKindOf, Lifted<A>, Lifted<B>, Lifted<C>>{{}, lift(a), lift(b), lift(c)};
}

template <typename A, typename B>
concept OnePattern = Pattern<A> || Pattern<B>;

#define CONGRUA_PATTERN_BINARY(name, kind, first, second) \
  template <typename A, typename B>                       \
  requires OnePattern<A, B>                               \
  constexpr auto name(A a, B b) { return make<Kind::kind>(first, second); }
CONGRUA_PATTERN_BINARY(operator+, kAdd, a, b)
CONGRUA_PATTERN_BINARY(operator-, kSub, a, b)
CONGRUA_PATTERN_BINARY(operator*, kMul, a, b)
CONGRUA_PATTERN_BINARY(floor_div, kFloorDiv, a, b)
CONGRUA_PATTERN_BINARY(floor_mod, kFloorMod, a, b)
CONGRUA_PATTERN_BINARY(min, kMin, a, b)
CONGRUA_PATTERN_BINARY(max, kMax, a, b)
CONGRUA_PATTERN_BINARY(operator>=, kGe, a, b)
CONGRUA_PATTERN_BINARY(operator<=, kGe, b, a)
CONGRUA_PATTERN_BINARY(operator>, kGt, a, b)
CONGRUA_PATTERN_BINARY(operator<, kGt, b, a)
CONGRUA_PATTERN_BINARY(operator==, kEq, a, b)
CONGRUA_PATTERN_BINARY(operator&&, kAnd, a, b)
CONGRUA_PATTERN_BINARY(operator||, kOr, a, b)
CONGRUA_PATTERN_BINARY(given, kGiven, a, b)
CONGRUA_PATTERN_BINARY(known, kKnown, a, b)
#undef CONGRUA_PATTERN_BINARY

template <Pattern A>
constexpr auto operator-(A a) {
  return make<Kind::kSub>(0, a);
}
template <Pattern A>
constexpr auto operator!(A a) {
  return make<Kind::kNot>(a);
}
template <Pattern P, typename A, typename B>
constexpr auto select(P p, A a, B b) {
  return make<Kind::kSelect>(p, a, b);
}
template <Pattern A>
constexpr auto by_range(A a) {
  return make<Kind::kByRange>(a);
}
template <Pattern A>
constexpr auto few_terms(A a) {
  return make<Kind::kFewTerms>(a);
}
template <Pattern A>
constexpr auto is_sum(A a) {
  return make<Kind::kIsSum>(a);
}

// A column as a pattern.
template <typename Column>
constexpr auto of(Column column) {
  return lift(column(Var<0>{}, Var<1>{}, Var<2>{}, Var<3>{}, Prop<0>{}, Prop<1>{},
                     Const<0>{}, Const<1>{}, Const<2>{}));
}

template <typename T>
struct IsVar : std::false_type {};
template <int kIndex>
struct IsVar<Var<kIndex>> : std::true_type {};
template <typename T>
inline constexpr bool kIsVar = IsVar<T>::value;

// Made of constants alone: computed exactly, without a question to the facts.
template <typename T>
struct IsConstant : std::false_type {};
template <int kIndex>
struct IsConstant<Const<kIndex>> : std::true_type {};
template <>
struct IsConstant<Literal> : std::true_type {};
template <Kind kKindOf, typename A, typename B, typename C>
struct IsConstant<Pat<kKindOf, A, B, C>>
    : std::bool_constant<IsConstant<A>::value && IsConstant<B>::value> {};
template <typename T>
inline constexpr bool kIsConstant = IsConstant<T>::value;

}  // namespace congrua::rewrite::pattern

#endif  // CONGRUA_REWRITE_PATTERN_H_
