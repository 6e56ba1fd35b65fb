// The range of a polynomial over a box, by the ends of its variables.
//
// Where p is affine in x, p at any x of [lo, hi] lies between p at lo and p at hi: the
// hull of the two, each with x fixed, is the range of p. So a sum of products whose
// factors occur once in each of them has the exact range over the box of its factors,
// where intervals add the products as if they had nothing in common:
// 8*a + 8*b - a*b is 64 - (8 - a)*(8 - b). Factors may be any terms; what ties them
// together is left out, which is sound.
#include <algorithm>
#include <vector>

#include "guard/facts_impl.h"

namespace congrua {

using internal::Factor;
using internal::LinearView;
using internal::Node;

namespace {

constexpr size_t kMaxTerms = 12;
constexpr int kMaxFixed = 6;  // variables: 64 vertices

struct Monomial {
  Int coef;
  std::vector<Factor> factors;
};
using Polynomial = std::vector<Monomial>;

class Vertices {
 public:
  explicit Vertices(Facts::Impl& facts) : facts_(facts) {}

  Domain range(const Polynomial& p, int fixed) {
    const Node* x = fixed < kMaxFixed ? choose(p) : nullptr;
    if (x == nullptr) return plain(p);
    const Domain d = facts_.domain_of(x);
    const Domain low = range(at(p, x, d.lo()), fixed + 1);
    return d.is_point() ? low : hull(low, range(at(p, x, d.hi()), fixed + 1));
  }

 private:
  // Values between the ends are taken too: no congruence, no holes.
  static Domain hull(const Domain& a, const Domain& b) {
    if (a.empty() || b.empty()) return Domain::all();
    return Domain::interval(std::min(a.lo(), b.lo()), std::max(a.hi(), b.hi()));
  }

  // A factor of bounded range in which p is affine, and which stands in a product.
  const Node* choose(const Polynomial& p) {
    for (const Monomial& m : p) {
      if (m.factors.size() < 2) continue;
      for (const Factor& f : m.factors) {
        const Domain d = facts_.domain_of(f.base);
        if (d.empty() || d.lo() == kNegInf || d.hi() == kPosInf) continue;
        if (std::ranges::all_of(p, [&](const Monomial& other) {
              return std::ranges::all_of(other.factors, [&](const Factor& g) {
                return g.base != f.base || g.exponent == 1;
              });
            })) {
          return f.base;
        }
      }
    }
    return nullptr;
  }

  static Polynomial at(const Polynomial& p, const Node* x, int64_t value) {
    Polynomial out;
    for (const Monomial& m : p) {
      Monomial next{m.coef, {}};
      for (const Factor& f : m.factors) {
        if (f.base == x) {
          next.coef *= Int(value);
        } else {
          next.factors.push_back(f);
        }
      }
      const auto same = std::ranges::find_if(out, [&](const Monomial& o) {
        return std::ranges::equal(o.factors, next.factors,
                                  [](const Factor& a, const Factor& b) {
                                    return a.base == b.base && a.exponent == b.exponent;
                                  });
      });
      if (same != out.end()) {
        same->coef += next.coef;
      } else {
        out.push_back(std::move(next));
      }
    }
    return out;
  }

  Domain plain(const Polynomial& p) {
    Domain sum = Domain::point(0);
    for (const Monomial& m : p) {
      if (m.coef.is_zero()) continue;
      Domain d = Domain::point(1);
      for (const Factor& f : m.factors) {
        const Domain base = facts_.domain_of(f.base);
        d = mul(d, f.exponent == 1 ? base : pow(base, f.exponent));
      }
      sum = add(sum, guard::scaled(d, m.coef));
    }
    return sum;
  }

  Facts::Impl& facts_;
};

}  // namespace

Domain Facts::Impl::vertex_domain(const Node* p) {
  const LinearView view(p);
  if (p->op != Op::kAdd || view.terms().size() > kMaxTerms) return Domain::all();
  Polynomial polynomial;
  bool product = false;
  polynomial.push_back({view.constant(), {}});
  for (const internal::Term& t : view.terms()) {
    const internal::FactorView factors(t.mono);
    product |= factors.factors().size() > 1;
    polynomial.push_back({t.coef, {factors.factors().begin(), factors.factors().end()}});
  }
  return product ? Vertices(*this).range(polynomial, 0) : Domain::all();
}

}  // namespace congrua
