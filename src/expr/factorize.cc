#include "expr/factorize.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "expr/monomials.h"

namespace congrua::internal {

namespace {

constexpr int kMaxSteps = 48;     // of one division
constexpr size_t kMaxPivots = 6;  // atoms that are tried
constexpr int kMaxRootTerms = 9;  // of a square root, its last step finds nothing left

class Factorizer {
 public:
  explicit Factorizer(Builder& b) : b_(b) {}

  // Takes the integer content out of p; the first coefficient becomes positive.
  const Node* primitive(const Node* p, Int* content) {
    const LinearView v(p);
    Int g = abs(v.constant());
    for (const Term& t : v.terms()) g = gcd(g, t.coef);
    if (g.is_zero()) return p;
    if (v.terms().empty()) {
      *content = *content * v.constant();
      return b_.constant(Int(1));
    }
    if (v.terms()[0].coef.sign() < 0) g = -g;
    if (g.is_one()) return p;
    *content = *content * g;
    Poly poly;
    poly.constant = divided(v.constant(), g);
    for (const Term& t : v.terms()) poly.terms.push_back({divided(t.coef, g), t.mono});
    return b_.from_poly(poly);
  }

  // p = a * (g*u + k) + r for an atom u that occurs with exponent 1 alone and an integer
  // r.
  bool split(const Node* p, bool with_rest, const Node** first, const Node** second,
             Int* rest) {
    struct Pivot {
      const Node* atom;
      size_t terms;
      bool linear;
    };
    std::vector<Pivot> pivots;
    const LinearView v(p);
    for (const Term& t : v.terms()) {
      for (const FactorView view(t.mono); const Factor& f : view.factors()) {
        const auto it = std::ranges::find(pivots, f.base, &Pivot::atom);
        if (it == pivots.end()) {
          pivots.push_back({f.base, 1, f.exponent == 1});
        } else {
          ++it->terms;
          it->linear &= f.exponent == 1;
        }
      }
    }
    std::erase_if(pivots, [](const Pivot& x) { return !x.linear || x.terms < 2; });
    // The fewer terms hold the atom, the cheaper the division.
    std::ranges::stable_sort(pivots, {}, &Pivot::terms);
    if (pivots.size() > kMaxPivots) pivots.resize(kMaxPivots);
    std::vector<Factor> left;
    for (const Pivot& pivot : pivots) {
      Poly with, without;
      without.constant = v.constant();
      for (const Term& t : v.terms()) {
        if (divide_factors(t.mono, pivot.atom, &left)) {
          if (left.empty()) {
            with.constant = with.constant + t.coef;
          } else {
            with.terms.push_back({t.coef, b_.monomial(left)});
          }
        } else {
          without.terms.push_back(t);
        }
      }
      if (with.terms.empty()) continue;
      Int content(1);
      const Node* a = primitive(b_.from_poly(with), &content);
      const Node* k = nullptr;
      if (!divide(b_.from_poly(without), a, &k, rest)) continue;
      if (!with_rest && !rest->is_zero()) continue;
      *first = a;
      *second = b_.add(b_.scale(pivot.atom, content), k);
      return true;
    }
    return false;
  }

  // p = root^2 + r with an integer r, by its greatest terms: they are those of the root
  // times twice its first.
  bool square(const Node* p, const Node** root, Int* r) {
    *root = b_.constant(Int(0));
    std::optional<Term> first;
    std::vector<Factor> left;
    for (int step = 0; step < kMaxRootTerms; ++step) {
      const LinearView v(p);
      if (v.terms().empty()) {
        *r = v.constant();
        return first.has_value();
      }
      if (v.terms().size() > kMaxFactorTerms) return false;
      const Term& top = *std::ranges::max_element(v.terms(), grlex_less, &Term::mono);
      const Node* next;
      if (!first) {
        for (const FactorView view(top.mono); const Factor& f : view.factors()) {
          if (f.exponent % 2 != 0) return false;
          left.push_back({f.base, f.exponent / 2});
        }
        const std::optional<Int> k = exact_root(top.coef);
        if (!k) return false;
        first = Term{*k, b_.monomial(left)};
        next = b_.scale(first->mono, *k);
      } else {
        const Int twice = first->coef + first->coef;
        if (!floor_mod(top.coef, twice).is_zero() ||
            !divide_factors(top.mono, first->mono, &left)) {
          return false;
        }
        const Int k = divided(top.coef, twice);
        next = left.empty() ? b_.constant(k) : b_.scale(b_.monomial(left), k);
      }
      // p - (root + next)^2 + root^2
      p = b_.sub(p, b_.mul(next, b_.add(b_.scale(*root, Int(2)), next)));
      *root = b_.add(*root, next);
    }
    return false;
  }

  // The same of p or -p; content changes its sign with it.
  bool signed_square(const Node* p, Int* content, const Node** root, Int* r) {
    if (square(p, root, r)) return true;
    if (!square(b_.neg(p), root, r)) return false;
    *content = -*content;
    return true;
  }

  void all(const Node* p, Factorization& out) {
    std::vector<const Node*> work{p};
    while (!work.empty()) {
      const Node* x = primitive(work.back(), &out.content);
      work.pop_back();
      if (x->op == Op::kConst) continue;
      const std::vector<Factor> common = common_factors(x);
      if (!common.empty()) {
        for (const Factor& f : common)
          out.factors.insert(out.factors.end(), f.exponent, f.base);
        std::vector<Factor> scratch = common;
        x = without(x, b_.monomial(scratch));
        if (x->op == Op::kConst) {
          out.content = out.content * const_value(x);
          continue;
        }
      }
      const Node* a = nullptr;
      const Node* c = nullptr;
      Int rest;
      if (x->op == Op::kAdd && terms_of(x).size() <= kMaxFactorTerms &&
          split(x, false, &a, &c, &rest)) {
        work.push_back(a);
        work.push_back(c);
        continue;
      }
      Int sign(1);
      if (x->op == Op::kAdd && signed_square(x, &sign, &a, &rest) && rest.is_zero()) {
        out.content = out.content * sign;
        work.push_back(a);
        work.push_back(a);
      } else {
        out.factors.push_back(x);
      }
    }
  }

 private:
  static Int divided(const Int& a, const Int& g) { return congrua::floor_div(a, g); }

  // The root of a square below 2^62.
  static std::optional<Int> exact_root(const Int& n) {
    const auto v = n.to_int64();
    if (!v || *v <= 0 || !n.is_small()) return std::nullopt;
    const auto root =
        static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(*v))));
    if (root * root != *v) return std::nullopt;
    return Int(root);
  }

  const Node* without(const Node* p, const Node* mono) {
    const LinearView v(p);
    std::vector<Factor> left;
    Poly poly;
    for (const Term& t : v.terms()) {
      divide_factors(t.mono, mono, &left);
      if (left.empty()) {
        poly.constant = poly.constant + t.coef;
      } else {
        poly.terms.push_back({t.coef, b_.monomial(left)});
      }
    }
    return b_.from_poly(poly);
  }

  // p = a*q + r with an integer r.
  bool divide(const Node* p, const Node* a, const Node** q, Int* r) {
    const LinearView va(a);
    const auto lead = std::ranges::max_element(va.terms(), grlex_less, &Term::mono);
    *q = b_.constant(Int(0));
    std::vector<Factor> left;
    for (int step = 0; step < kMaxSteps; ++step) {
      const LinearView v(p);
      if (v.terms().empty()) {
        *r = v.constant();
        return true;
      }
      if (v.terms().size() > kMaxFactorTerms) return false;
      // The greatest term must go, or none after it can take it away.
      const auto top = std::ranges::max_element(v.terms(), grlex_less, &Term::mono);
      if (!floor_mod(top->coef, lead->coef).is_zero() ||
          !divide_factors(top->mono, lead->mono, &left)) {
        return false;
      }
      const Int k = divided(top->coef, lead->coef);
      const Node* part = left.empty() ? b_.constant(k) : b_.scale(b_.monomial(left), k);
      *q = b_.add(*q, part);
      p = b_.sub(p, b_.mul(part, a));
    }
    return false;
  }

  Builder& b_;
};

}  // namespace

Factorization factorize(Builder& builder, const Node* p) {
  Factorization out;
  if (p->op != Op::kAdd || terms_of(p).size() > kMaxFactorTerms ||
      std::ranges::none_of(terms_of(p),
                           [](const Term& t) { return t.mono->op == Op::kMul; })) {
    return out;
  }
  Factorizer f(builder);
  const Node* a = nullptr;
  const Node* c = nullptr;
  if (!common_factors(p).empty()) {
    f.all(p, out);
  } else if (f.split(p, true, &a, &c, &out.rest)) {
    f.all(a, out);
    f.all(c, out);
  } else {
    // content * root^2 + rest: the constant may be of both.
    Int content(1);
    const Node* x =
        f.primitive(builder.add_const(p, -LinearView(p).constant()), &content);
    Int rest;
    if (!f.signed_square(x, &content, &a, &rest)) return out;
    out.rest = LinearView(p).constant() + content * rest;
    out.content = content;
    f.all(a, out);
    const std::vector<const Node*> once = out.factors;
    out.factors.insert(out.factors.end(), once.begin(), once.end());
    Int own = floor_div(out.content, content);
    out.content = out.content * own;
  }
  if (out.factors.size() < 2) return {};
  std::ranges::sort(out.factors, structural_less);
  return out;
}

}  // namespace congrua::internal
