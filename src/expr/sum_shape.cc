#include "expr/sum_shape.h"

#include <algorithm>
#include <utility>

#include "expr/order.h"

namespace congrua::internal {

Mono mono_of(const Node* n) {
  Mono m;
  const FactorView view(n);
  for (const Factor& f : view.factors()) m.emplace_back(f.base, f.exponent);
  std::ranges::sort(m, {}, [](const auto& f) { return f.first->id; });
  return m;
}

Mono times(const Mono& a, const Mono& b) {
  Mono out;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].first->id < b[j].first->id)) {
      out.push_back(a[i++]);
    } else if (i == a.size() || b[j].first->id < a[i].first->id) {
      out.push_back(b[j++]);
    } else {
      out.emplace_back(a[i].first, a[i].second + b[j].second);
      ++i, ++j;
    }
  }
  return out;
}

std::optional<Mono> divide(const Mono& a, const Mono& b) {
  Mono out;
  size_t j = 0;
  for (const auto& [base, exponent] : a) {
    uint32_t e = exponent;
    if (j < b.size() && b[j].first == base) {
      if (b[j].second > e) return std::nullopt;
      e -= b[j++].second;
    }
    if (e != 0) out.emplace_back(base, e);
  }
  if (j != b.size()) return std::nullopt;
  return out;
}

// a / b where b divides a.
std::optional<Int> exact_quotient(const Int& a, const Int& b) {
  if (b.is_zero() || !floor_mod(a, b).is_zero()) return std::nullopt;
  return floor_div(a, b);
}

const Int* constant_divisor(const Node* quotient) {
  const Node* q = divisor_of(quotient);
  return is_const(q) && const_value(q).sign() > 0 ? &const_value(q) : nullptr;
}

SumShape::SumShape(ViewBuilder& views, const Poly& p, Freedom freedom)
    : views_(views), freedom_(freedom), constant_(p.constant) {
  for (const Term& t : p.terms) change(mono_of(t.mono), t.coef);
  budget_ = 64 * (works_.size() + 1);
  pairs_left_ = kPairs * (works_.size() + 1);
}

ShownSum SumShape::finish() {
  find_remainders();
  if (freedom_ != Freedom::kNumerator) {
    shift_quotients();
    shift_choices();
  }
  ShownSum out;
  out.constant = constant_;
  for (Work& w : works_) {
    if (w.coef.is_zero()) continue;
    ShownTerm t{w.coef, std::move(w.shown)};
    for (const auto& [base, exponent] : w.mono) {
      t.factors.push_back({base, views_.atom_view(base), exponent, false});
    }
    out.terms.push_back(std::move(t));
  }
  return out;
}

// Adds c * m.
void SumShape::change(const Mono& m, const Int& c) {
  if (m.empty()) {
    constant_ += c;
    return;
  }
  const auto [it, inserted] = index_.try_emplace(m, works_.size());
  if (inserted) {
    works_.push_back({c, m, {}});
  } else {
    works_[it->second].coef += c;
  }
}

Int SumShape::coefficient(const Mono& m) const {
  if (m.empty()) return constant_;
  const auto it = index_.find(m);
  return it == index_.end() ? Int() : works_[it->second].coef;
}

bool SumShape::charge(size_t steps) {
  budget_ -= std::min(budget_, steps);
  return budget_ != 0;
}

namespace {

uint64_t degree(const ShownTerm& t) {
  uint64_t d = 0;
  for (const ShownFactor& f : t.factors) d += f.exponent;
  return d;
}

int compare_factors(const ShownFactor& a, const ShownFactor& b) {
  if (const int c = reading_compare(a.key, b.key); c != 0) return c;
  return static_cast<int>(a.remainder) - static_cast<int>(b.remainder);
}

bool term_less(const ShownTerm& a, const ShownTerm& b) {
  const uint64_t da = degree(a);
  const uint64_t db = degree(b);
  if (da != db) return da > db;
  for (size_t i = 0; i < std::min(a.factors.size(), b.factors.size()); ++i) {
    if (const int c = compare_factors(a.factors[i], b.factors[i]); c != 0) return c < 0;
    if (a.factors[i].exponent != b.factors[i].exponent) {
      return a.factors[i].exponent > b.factors[i].exponent;
    }
  }
  return a.factors.size() < b.factors.size();
}

}  // namespace

Poly poly_of(const Node* n) {
  const LinearView view(n);
  Poly p;
  p.constant = view.constant();
  view.terms().append_to(p.terms);
  return p;
}

void sort_for_reading(ShownSum& s) {
  for (ShownTerm& t : s.terms) {
    std::ranges::sort(t.factors, [](const ShownFactor& a, const ShownFactor& b) {
      return compare_factors(a, b) < 0;
    });
  }
  std::ranges::stable_sort(s.terms, term_less);
}

// floor_div(p, c) = -floor_div(c - 1 - p, c).
Poly mirrored_dividend(const Node* quotient) {
  Poly p = poly_of(dividend_of(quotient));
  for (Term& t : p.terms) t.coef = -t.coef;
  p.constant = const_value(divisor_of(quotient)) - Int(1) - p.constant;
  return p;
}

ShownSum shape_sum(ViewBuilder& views, const Poly& p, Freedom freedom) {
  ShownSum s = SumShape(views, p, freedom).finish();
  sort_for_reading(s);
  return s;
}

}  // namespace congrua::internal
