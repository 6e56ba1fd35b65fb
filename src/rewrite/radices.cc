// Sums of quotients of one term by several divisors, divided by a constant: what index
// arithmetic over tiles in tiles leaves.
//
// Where k*c = -q modulo m, the term q*(p//c) of a sum is k*(p%c) - k*p modulo m, and p%c
// is small. p may be a quotient itself: (p//c)//d is p//(c*d). With the right k for each
// quotient the multiples of p go, and a division by m takes off the remainders that are
// left where they stay below m together. Which k is right is searched for: modulo m there
// are few, and most of their remainders alone are too large.
//
// A quotient u//m in the sum need not be one of them: where u is m*A and a rest that is a
// little larger than m may be, it is A + e with a small e >= 0.
#include <algorithm>
#include <utility>

#include "rewrite/polynomials.h"
#include "rewrite/simplifier.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::LinearView;
using internal::Term;

namespace {

constexpr size_t kMaxQuotients = 6;
constexpr size_t kMaxTerms = 12;
constexpr size_t kMaxMultiples = 6;
constexpr int kMaxTried = 60;  // multiples of remainders, of one division
constexpr int64_t kMaxModulus = int64_t{1} << 31;  // products of two fit

// The least k >= 0 with c*k = q modulo m, and the distance of the next; 0 <= c, q < m.
struct Congruence {
  int64_t k, step;
};
std::optional<Congruence> solve(int64_t c, int64_t q, int64_t m) {
  int64_t g = c, next = m;  // Euclid: x*c = g modulo m
  int64_t x = 1, next_x = 0;
  while (next != 0) {
    const int64_t whole = g / next;
    g = std::exchange(next, g - whole * next);
    x = std::exchange(next_x, x - whole * next_x);
  }
  if (q % g != 0) return std::nullopt;
  const int64_t step = m / g;
  // |x| <= m and q/g < m: below 2^62.
  int64_t k = x * (q / g) % step;
  if (k < 0) k += step;
  return Congruence{k, step};
}

// Of what a quotient by c may be a quotient: p itself, or p//d for a d that divides c.
struct Base {
  const Node* node;
  int64_t by;  // node//by is the quotient
};

bool is_quotient(const Term& t) {
  return t.mono->op == Op::kFloorDiv && constant_divisor(t.mono) != nullptr;
}

size_t quotients_in(const Node* n) {
  const LinearView v(n);
  return static_cast<size_t>(std::ranges::count_if(v.terms(), is_quotient));
}

}  // namespace

// One division of a sum by m.
class Simplifier::Radices {
 public:
  // `loose`: what is left may reach over a few periods of m.
  Radices(Simplifier& s, const Int& m, bool loose)
      : s_(s), m_(m), modulus_(m.to_int64().value_or(0)), loose_(loose) {}

  // p + sum(parts) = m * quotient + r with 0 <= r < m; null: none is found.
  const Node* divide(const Poly& p, const Parts& parts) {
    if (modulus_ <= 1 || modulus_ > kMaxModulus) return nullptr;
    for (const Term& t : p.terms) {
      if (!is_quotient(t)) continue;
      const std::optional<int64_t> c = constant_divisor(t.mono)->to_int64();
      if (c && *c <= kMaxModulus) quotients_.emplace_back(*c, t.mono);
    }
    if (quotients_.empty() || quotients_.size() > kMaxQuotients) return nullptr;
    // What is a quotient of another comes before it.
    std::ranges::sort(quotients_, [](const auto& x, const auto& y) {
      return x.first != y.first ? x.first > y.first : structural_less(x.second, y.second);
    });
    return search(p, parts, 0, Int(0)) ? quotient_ : nullptr;
  }
  int64_t gap() const { return gap_; }

 private:
  // Remainders so far, that are `width` together, and quotients from `next` on.
  bool search(const Poly& p, const Parts& parts, size_t next, const Int& width) {
    while (next < quotients_.size() && residue(p, next) == 0 && !matters(p, next)) ++next;
    if (next == quotients_.size()) return fold(p, parts);
    const auto& [c, quotient] = quotients_[next];
    const int64_t wanted = (modulus_ - residue(p, next)) % modulus_;
    for (const Base& b : bases(next)) {
      const auto solution = solve(b.by % modulus_, wanted, modulus_);
      const LinearView view(b.node);
      if (!solution || view.terms().empty()) continue;
      const Term& leading = view.terms()[0];
      const Int have = coefficient(p, leading.mono);
      const Node* remainder =
          s_.builder_.sub(b.node, s_.builder_.scale(quotient, Int(b.by)));
      const Domain range = s_.range(remainder).meet(Domain::interval(0, b.by - 1));
      if (range.empty()) continue;
      const Int size(range.hi() - range.lo());
      for (const Int& k : multiples(*solution, leading, have, size)) {
        if (--left_ < 0 || !s_.budget_.charge(16)) return false;
        const Int more = width + abs(k) * size;
        if (more >= (loose_ ? m_ + m_ : m_)) continue;
        Poly rest = p;
        add_poly(rest, poly_of(remainder), -k);
        Parts all = parts;
        if (!k.is_zero()) all.push_back({k, remainder, range});
        if (search(rest, all, next + 1, more)) return true;
      }
    }
    return false;
  }

  int64_t residue(const Poly& p, size_t i) const {
    return *floor_mod(coefficient(p, quotients_[i].second), m_).to_int64();
  }
  // A quotient with a multiple of m may still make a remainder with what it is of.
  bool matters(const Poly& p, size_t i) const {
    return std::ranges::any_of(bases(i), [&](const Base& b) {
      const LinearView view(b.node);
      return !view.terms().empty() &&
             !floor_mod(coefficient(p, view.terms()[0].mono), m_).is_zero();
    });
  }
  absl::InlinedVector<Base, 4> bases(size_t i) const {
    const auto& [c, quotient] = quotients_[i];
    const Node* dividend = args_of(quotient)[0];
    absl::InlinedVector<Base, 4> out;
    for (const auto& [d, other] : quotients_) {
      if (d < c && c % d == 0 && args_of(other)[0] == dividend)
        out.push_back({other, c / d});
    }
    out.push_back({dividend, c});
    return out;
  }

  // The solutions whose remainders, that are `width` large, stay below m: the one that
  // takes off what is there of the base, and then the smallest.
  absl::InlinedVector<Int, 8> multiples(const Congruence& s, const Term& base,
                                        const Int& there, const Int& width) const {
    absl::InlinedVector<Int, 8> out;
    const Int step(s.step);
    const Int reach = width.is_zero() ? m_ : floor_div(loose_ ? m_ + m_ : m_, width);
    const auto add = [&](const Int& k) {
      if (abs(k) > reach || out.size() == kMaxMultiples) return;
      if (std::ranges::find(out, k) == out.end()) out.push_back(k);
    };
    const Int whole = floor_div(floor_mod(there, m_), base.coef);
    for (const Int& k : {whole, whole - m_}) {
      if (floor_mod(k - Int(s.k), step).is_zero()) add(k);
    }
    Int below = Int(s.k) - step, above(s.k);
    while (out.size() < kMaxMultiples && (abs(below) <= reach || above <= reach)) {
      add(abs(below) < above ? std::exchange(below, below - step)
                             : std::exchange(above, above + step));
    }
    return out;
  }

  bool fold(const Poly& p, Parts parts) {
    for (const Term& t : p.terms) parts.push_back({t.coef, t.mono, s_.range(t.mono)});
    return s_.fold(parts, p.constant, m_, &quotient_, loose_ ? &gap_ : nullptr);
  }

  Simplifier& s_;
  const Int& m_;
  const int64_t modulus_;
  const bool loose_;
  int left_ = kMaxTried;
  absl::InlinedVector<std::pair<int64_t, const Node*>, 8> quotients_;
  const Node* quotient_ = nullptr;
  int64_t gap_ = 0;
};

// Exchanges quotients in p that are nearly shorter ones for these and small parts.
void Simplifier::nearly(Poly& p, Parts& parts) {
  const auto terms = p.terms;
  for (const Term& t : terms) {
    if (!is_quotient(t) || quotients_in(args_of(t.mono)[0]) == 0) continue;
    Radices inner(*this, *constant_divisor(t.mono), true);
    const Node* near = inner.divide(poly_of(args_of(t.mono)[0]), {});
    if (near == nullptr) continue;
    add_term(p, t.mono, -t.coef);
    add_poly(p, poly_of(near), t.coef);
    const Domain small = Domain::interval(0, inner.gap());
    parts.push_back({t.coef, builder_.sub(t.mono, near), small});
  }
}

// `more`: quotients that stand beside the division, with their coefficients in a.
const Node* Simplifier::divide_radices(const Node* a, const Int& c, const Poly& more) {
  Poly p = poly_of(a);
  if (p.terms.size() > kMaxTerms) return nullptr;
  Parts parts;
  nearly(p, parts);
  add_poly(p, more, c);
  if (const Node* r = Radices(*this, c, false).divide(p, parts)) return r;
  if (!parts.empty()) return nullptr;
  // The canonical form of ((x + d)//b + r)//m is (x + d + b*r)//(b*m): with x//b seen.
  for (const Term& t : p.terms) {
    if (is_quotient(t)) continue;
    for (const int sign : {1, -1}) {
      Int b = gcd(t.coef - Int(sign), c);
      for (const Term& x : p.terms) {
        if (x.mono != t.mono) b = gcd(b, x.coef);
      }
      if (b <= Int(1) || b == c) continue;
      const Node* x =
          builder_.add_const(builder_.scale(t.mono, Int(sign)), floor_mod(p.constant, b));
      Poly q = poly_of(divided(x, b));
      q.constant += floor_div(p.constant, b);
      for (const Term& y : p.terms) {
        const Int rest = y.mono == t.mono ? y.coef - Int(sign) : y.coef;
        add_term(q, y.mono, floor_div(rest, b));
      }
      if (const Node* r = Radices(*this, floor_div(c, b), false).divide(q, {})) return r;
    }
  }
  return nullptr;
}

// In the canonical form a multiple of c stands beside the division by c: without what
// makes remainders with it the sum inside is none of these.
const Node* Simplifier::join_radices(const Node* n) {
  const LinearView v(n);
  if (v.terms().size() > kMaxTerms) return n;
  for (const Term& t : v.terms()) {
    if (!is_quotient(t)) continue;
    const Node* a = args_of(t.mono)[0];
    if (LinearView(a).terms().size() < 2) continue;
    Poly beside;
    for (const Term& x : v.terms()) {
      if (x.mono == t.mono || !is_quotient(x) || !floor_mod(x.coef, t.coef).is_zero() ||
          (x.mono->symbols() & a->symbols()) == 0) {
        continue;
      }
      add_term(beside, x.mono, floor_div(x.coef, t.coef));
    }
    if (beside.terms.empty()) continue;
    const Node* whole = divide_radices(a, *constant_divisor(t.mono), beside);
    if (whole == nullptr) continue;
    const Node* rest = builder_.sub(n, builder_.scale(t.mono, t.coef));
    rest = builder_.sub(rest, builder_.scale(node_of(builder_, beside), t.coef));
    return builder_.add(rest, builder_.scale(whole, t.coef));
  }
  return n;
}

}  // namespace congrua::rewrite
