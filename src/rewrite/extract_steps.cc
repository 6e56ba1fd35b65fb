// Quotients of remainders as step functions: the canonical form fuses (x%c)//d into other
// quotients, and a shorter quotient may take the same steps.
#include <algorithm>
#include <optional>
#include <utility>

#include "rewrite/extractor.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;

namespace {

constexpr size_t kMaxNumerator = 12;
constexpr int64_t kMaxPeriod = 1'024;  // whose steps are looked at one by one
constexpr int64_t kMaxDivisor = 1'000'000;
constexpr size_t kMaxConstants = 3;

// 1/a modulo m, if there is one.
std::optional<int64_t> inverse_modulo(int64_t a, int64_t m) {
  int64_t r = m, next_r = a % m, v = 0, next_v = 1;
  while (next_r != 0) {
    const int64_t q = r / next_r;
    r = std::exchange(next_r, r - q * next_r);
    v = std::exchange(next_v, v - q * next_v);
  }
  if (r != 1) return std::nullopt;
  return v < 0 ? v + m : v;
}

// (r + shift)//divisor + base
struct Steps {
  int64_t divisor, shift, base;
};

// A shorter quotient that is (a*r + b)//m for all r in [0, last]: with the distance of
// the first two steps as divisor, or where there is one step, the least that has no
// other.
std::optional<Steps> same_steps(int64_t a, int64_t b, int64_t m, int64_t last) {
  const auto value = [&](int64_t r) { return (a * r + b) / m; };  // a, b >= 0
  const int64_t base = value(0);
  int64_t first = 0, second = 0;
  for (int64_t r = 1; r <= last; ++r) {
    const int64_t steps = value(r) - base;
    if (steps > (first == 0 ? 0 : 1)) (first == 0 ? first : second) = r;
    if (second != 0) break;
  }
  if (first == 0) return std::nullopt;
  const int64_t divisor =
      second != 0 ? second - first : std::max(first, last + 1 - first);
  const int64_t shift = divisor - first;
  if (shift < 0 || divisor >= m) return std::nullopt;
  for (int64_t r = 0; r <= last; ++r) {
    if (value(r) - base != (r + shift) / divisor) return std::nullopt;
  }
  return Steps{divisor, shift, base};
}

}  // namespace

// (a*x + b)//m = a*(x//m) + (a*(x%m) + b)//m, and of x%m a shorter quotient may take the
// same steps: (x + 1)//5 = x//5 + (x%5)//4. Where the sum has other quotients by m, what
// comes out may meet them.
void Extractor::try_steps(const Sum& s, size_t i, Best& best) {
  const Term t = s.open.terms[i];
  const Int* m = constant_divisor(t.mono);
  if (m == nullptr) return;
  const std::optional<int64_t> period = m->to_int64();
  const Poly own = poly_of(args_of(t.mono)[0]);
  if (!period || *period > kMaxPeriod || own.terms.size() > kMaxNumerator) return;
  absl::InlinedVector<Int, 4> constants;
  for (const Term& x : s.open.terms) {
    if (x.mono == t.mono || x.mono->op != Op::kFloorDiv) continue;
    const Int* c = constant_divisor(x.mono);
    if (c == nullptr || !(*c == *m)) continue;
    const Int k = LinearView(args_of(x.mono)[0]).constant();
    if (std::ranges::find(constants, k) == constants.end()) constants.push_back(k);
  }
  if (constants.empty()) return;
  if (constants.size() > kMaxConstants) constants.resize(kMaxConstants);
  Sum without = s;
  erase_term(without.open, i);
  absl::InlinedVector<Int, 4> slopes;
  for (const Term& x : own.terms) {
    if (std::ranges::find(slopes, x.coef) == slopes.end()) slopes.push_back(x.coef);
  }
  for (const Int& slope : slopes) {
    const std::optional<int64_t> inverse = inverse_modulo(*slope.to_int64(), *period);
    if (!inverse || trials_ <= 0) continue;
    // own = slope*x + constant + m*whole
    Poly x, whole;
    for (const Term& y : own.terms) {
      Int k = floor_mod(y.coef * Int(*inverse), *m);
      if (k + k > *m) k -= *m;
      add_term(x, y.mono, k);
      add_term(whole, y.mono, floor_div(y.coef - slope * k, *m));
    }
    for (const Int& constant : constants) {
      if (trials_ <= 0) break;
      x.constant = constant;
      // slope*x + offset
      const Int offset = own.constant - slope * constant;
      const std::optional<Steps> steps = same_steps(
          *slope.to_int64(), *floor_mod(offset, *m).to_int64(), *period, *period - 1);
      if (!steps) continue;
      const Node* quotient =
          builder_.floor_div(node_of(builder_, x), builder_.constant(*m));
      Sum base = without;
      add_poly(base.open, poly_of(quotient), t.coef * slope);
      add_poly(base.open, whole, t.coef);
      base.open.constant += t.coef * (Int(steps->base) + floor_div(offset, *m));
      // The quotients may still become remainders.
      if (!base.open.terms.empty() && estimate(base.open) > best.price + 1) continue;
      // R = x%m as a sum, and R//d or what its remainder leaves.
      Poly remainder = x;
      add_poly(remainder, poly_of(quotient), -*m);
      remainder.constant += Int(steps->shift);
      const Int d(steps->divisor);
      const ViewId args[] = {poly_view(remainder), integer(d)};
      Sum next = base;
      next.items.push_back({t.coef, {app(ViewOp::kFloorDiv, args)}});
      improve_rest(next, best);
      if (!floor_mod(t.coef, d).is_zero()) continue;
      const Int k = floor_div(t.coef, d);
      add_poly(base.open, remainder, k);
      base.items.push_back({-k, {app(ViewOp::kFloorMod, args)}});
      improve_rest(base, best);
    }
  }
}

// Keeps the sum, or what it becomes when its quotients are turned into remainders.
void Extractor::improve_rest(Sum next, Best& best) {
  Best rest(price(next));
  for (size_t i = 0; i < next.open.terms.size() && trials_ > 0; ++i) {
    try_remainder(next, i, rest);
    if (!rest.sum) continue;
    next = std::move(*rest.sum);
    rest = Best(rest.price);
    i = SIZE_MAX;
  }
  keep(std::move(next), best);
}

// p//m where p = k*(A%c) + b, as numerator//divisor + base.
std::optional<Extractor::Stepped> Extractor::shortest_steps(const Poly& p, const Int& m) {
  const std::optional<int64_t> divisor = m.to_int64();
  if (!divisor || *divisor > kMaxDivisor) return std::nullopt;
  for (const Term& q : p.terms) {
    if (q.mono->op != Op::kFloorDiv || constant_divisor(q.mono) == nullptr) continue;
    const Int& c = *constant_divisor(q.mono);
    if (!floor_mod(q.coef, c).is_zero() || c > Int(kMaxPeriod)) continue;
    Int k = -floor_div(q.coef, c);
    Poly remainder = poly_of(args_of(q.mono)[0]);
    add_term(remainder, q.mono, -c);
    Poly rest = p;
    add_poly(rest, remainder, -k);
    if (!rest.terms.empty()) continue;
    // Of the mirrored remainder c - 1 - A%c where it falls.
    if (k.sign() < 0) {
      remainder = scaled(remainder, Int(-1));
      remainder.constant += c - Int(1);
      rest.constant += k * (c - Int(1));
      k = -k;
    }
    if (k > Int(kMaxDivisor)) return std::nullopt;
    const std::optional<Steps> steps =
        same_steps(*k.to_int64(), *floor_mod(rest.constant, m).to_int64(), *divisor,
                   *c.to_int64() - 1);
    if (!steps) return std::nullopt;
    remainder.constant += Int(steps->shift);
    return Stepped{std::move(remainder), Int(steps->divisor),
                   Int(steps->base) + floor_div(rest.constant, m)};
  }
  return std::nullopt;
}

}  // namespace congrua::rewrite
