// Ranges whose ends are 128 bits wide: intervals of intermediate values of 64 bits.
//
// Beyond kInf in size there is no bound. Ends never wrap: what leaves 128 bits widens
// outward.
#ifndef CONGRUA_WIDTH_SPAN_H_
#define CONGRUA_WIDTH_SPAN_H_

#include <algorithm>
#include <cstdint>

#include "base/int.h"
#include "congrua/width.h"
#include "domain/domain.h"

namespace congrua::width {

struct Span {
  static constexpr int128 kInf = int128{1} << 126;
  int128 lo = -kInf, hi = kInf;

  bool within(const Span& o) const { return o.lo <= lo && hi <= o.hi; }
  bool disjoint(const Span& o) const { return hi < o.lo || o.hi < lo; }
  bool contains(int128 v) const { return lo <= v && v <= hi; }
  Span meet(const Span& o) const { return {std::max(lo, o.lo), std::min(hi, o.hi)}; }
  Span join(const Span& o) const { return {std::min(lo, o.lo), std::max(hi, o.hi)}; }
  friend bool operator==(const Span&, const Span&) = default;
};

inline Span range_of(IntType t) {
  const int128 top = int128{1} << (t.is_signed ? t.bits - 1 : t.bits);
  return {t.is_signed ? -top : 0, top - 1};
}
inline bool is_valid(IntType t) { return t.bits >= 8 && t.bits <= 64; }

Span span_of(const Domain& d);
Span span_of(const Int& v);

Span add(const Span& a, const Span& b);
Span neg(const Span& a);
inline Span sub(const Span& a, const Span& b) { return add(a, neg(b)); }
Span mul(const Span& a, const Span& b);
// Of members of b other than 0; unbounded where there are none.
Span floor_div(const Span& a, const Span& b);
Span floor_mod(const Span& a, const Span& b);
Span trunc_div(const Span& a, const Span& b);
Span trunc_mod(const Span& a, const Span& b);
inline Span ceil_div(const Span& a, const Span& b) { return neg(floor_div(neg(a), b)); }
inline Span min(const Span& a, const Span& b) {
  return {std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
}
inline Span max(const Span& a, const Span& b) {
  return {std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
}
inline Span abs(const Span& a) {
  if (a.lo >= 0) return a;
  return a.hi <= 0 ? neg(a) : Span{0, std::max(-a.lo, a.hi)};
}

}  // namespace congrua::width

#endif  // CONGRUA_WIDTH_SPAN_H_
