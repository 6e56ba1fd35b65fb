// What a column of a rule table means over an algebra: integers, Z3's terms, expressions
// of the library. An algebra has the types I and B and the operations below as static
// members.
#ifndef CONGRUA_TESTS_REWRITE_COLUMNS_H_
#define CONGRUA_TESTS_REWRITE_COLUMNS_H_

#include <concepts>
#include <cstdint>

namespace congrua::rules_test {

template <typename A>
struct Term;

template <typename A>
struct Claim {
  typename A::B v;
  Claim(typename A::B value) : v(value) {}  // NOLINT: values are terms
  Claim(bool value)                         // NOLINT
      requires(!std::same_as<typename A::B, bool>)
      : v(A::truth(value)) {}

  friend Claim operator!(Claim a) { return A::negation(a.v); }
  friend Claim operator&&(Claim a, Claim b) { return A::conjunction(a.v, b.v); }
  friend Claim operator||(Claim a, Claim b) { return !(!a && !b); }
  // In conditions.
  friend Claim given(Claim a, Claim b) { return !a || b; }
  friend Claim by_range(Claim a) { return a; }
};

template <typename A>
struct Term {
  typename A::I v;
  Term(typename A::I value) : v(value) {}     // NOLINT: values are terms
  Term(int value) : v(A::constant(value)) {}  // NOLINT

  friend Term operator+(Term a, Term b) { return A::add(a.v, b.v); }
  friend Term operator-(Term a, Term b) { return A::add(a.v, A::mul(Term(-1).v, b.v)); }
  friend Term operator-(Term a) { return A::mul(Term(-1).v, a.v); }
  friend Term operator*(Term a, Term b) { return A::mul(a.v, b.v); }
  friend Term floor_div(Term a, Term b) { return A::floor_div(a.v, b.v); }
  friend Term floor_mod(Term a, Term b) { return a - b * floor_div(a, b); }
  friend Term min(Term a, Term b) { return A::least(a.v, b.v); }
  friend Term max(Term a, Term b) { return -min(-a, -b); }
  friend Term select(Claim<A> p, Term a, Term b) { return A::select(p.v, a.v, b.v); }
  friend Claim<A> operator>=(Term a, Term b) { return A::at_least(a.v, b.v); }
  friend Claim<A> operator<=(Term a, Term b) { return b >= a; }
  friend Claim<A> operator>(Term a, Term b) { return a >= b + 1; }
  friend Claim<A> operator<(Term a, Term b) { return b >= a + 1; }
  friend Claim<A> operator==(Term a, Term b) { return A::equal(a.v, b.v); }
  friend Claim<A> operator!=(Term a, Term b) { return !(a == b); }
  // In conditions. The last two weigh forms and claim nothing.
  friend Claim<A> known(Term a, Term b) { return a == b; }
  friend Claim<A> few_terms(Term) { return Claim<A>(true); }
  friend Claim<A> is_sum(Term) { return Claim<A>(true); }
};

// The values of the variables; a column is called with them.
template <typename A>
struct Point {
  Term<A> x, y, z, w;
  Claim<A> p, q;
  Term<A> c0, c1, c2;
  template <typename Column>
  auto operator()(Column column) const {
    return column(x, y, z, w, p, q, c0, c1, c2);
  }
};

template <typename A, typename T>
Claim<A> same(T a, T b) {
  if constexpr (std::same_as<T, Term<A>>) {
    return a == b;
  } else {
    return !(a && !b) && !(b && !a);
  }
}

// A side may be a literal.
template <typename A>
Term<A> side(Term<A> t) {
  return t;
}
template <typename A>
Term<A> side(int v) {
  return Term<A>(v);
}
template <typename A>
Claim<A> side(Claim<A> t) {
  return t;
}
template <typename A>
Claim<A> side(bool v) {
  return Claim<A>(v);
}

// ---- Integers. Whatever holds a division by 0 has no value; a conjunction with a false
// part is false.
struct Wide {
  int64_t v;
  bool ok = true;
};
struct Checked {
  using I = Wide;
  struct B {
    bool v;
    bool ok = true;
  };
  static I constant(int v) { return {v}; }
  static B truth(bool v) { return {v}; }
  static I add(I a, I b) { return {a.v + b.v, a.ok && b.ok}; }
  static I mul(I a, I b) { return {a.v * b.v, a.ok && b.ok}; }
  static I floor_div(I a, I b) {
    if (!a.ok || !b.ok || b.v == 0) return {0, false};
    const int64_t q = a.v / b.v;
    return {q - ((a.v % b.v != 0) && ((a.v < 0) != (b.v < 0)))};
  }
  static I least(I a, I b) { return {a.v < b.v ? a.v : b.v, a.ok && b.ok}; }
  static I select(B p, I a, I b) { return {p.v ? a.v : b.v, p.ok && a.ok && b.ok}; }
  static B at_least(I a, I b) { return {a.v >= b.v, a.ok && b.ok}; }
  static B equal(I a, I b) { return {a.v == b.v, a.ok && b.ok}; }
  static B negation(B a) { return {!a.v, a.ok}; }
  static B conjunction(B a, B b) {
    if ((a.ok && !a.v) || (b.ok && !b.v)) return {false};
    return {a.v && b.v, a.ok && b.ok};
  }
};

// ---- Which variables occur: bit 0 for x and so on, in the order of Point.
struct Uses {
  using I = uint32_t;
  struct B {
    uint32_t bits;
  };
  static I constant(int) { return 0; }
  static B truth(bool) { return {0}; }
  static I add(I a, I b) { return a | b; }
  static I mul(I a, I b) { return a | b; }
  static I floor_div(I a, I b) { return a | b; }
  static I least(I a, I b) { return a | b; }
  static I select(B p, I a, I b) { return p.bits | a | b; }
  static B at_least(I a, I b) { return {a | b}; }
  static B equal(I a, I b) { return {a | b}; }
  static B negation(B a) { return a; }
  static B conjunction(B a, B b) { return {a.bits | b.bits}; }

  template <typename... Columns>
  static uint32_t of(Columns... columns) {
    const Point<Uses> bits = {bit(0),     bit(1), bit(2), bit(3), B{1u << 4},
                              B{1u << 5}, bit(6), bit(7), bit(8)};
    const auto bits_of = [](auto t) -> uint32_t {
      if constexpr (requires { t.v.bits; }) {
        return t.v.bits;
      } else {
        return t.v;
      }
    };
    return (bits_of(side<Uses>(bits(columns))) | ...);
  }

 private:
  static Term<Uses> bit(int i) { return Term<Uses>(uint32_t{1} << i); }
};

}  // namespace congrua::rules_test

#endif  // CONGRUA_TESTS_REWRITE_COLUMNS_H_
