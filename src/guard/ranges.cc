// Strided intervals of terms under the facts (DESIGN.md, layer 1).
#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "guard/facts_impl.h"

namespace congrua {

using internal::args_of;
using internal::const_value;
using internal::constant_of;
using internal::factors_of;
using internal::LinearView;
using internal::terms_of;

namespace {

Domain point_of(const Int& v) {
  const std::optional<int64_t> x = v.to_int64();
  if (x && *x != kNegInf && *x != kPosInf) return Domain::point(*x);
  return v.sign() > 0 ? Domain::interval(kPosInf - 1, kPosInf)
                      : Domain::interval(kNegInf, kNegInf + 1);
}

}  // namespace

void guard::add_scaled(LinearRange& sum, const Domain& d, const Int& c) {
  const std::optional<int64_t> x = c.to_int64();
  if (x && *x != kNegInf && *x != kPosInf) return sum.add(d, *x);
  sum.add_long(mul(d, point_of(c)));
}

Domain guard::scaled(const Domain& d, const Int& c) {
  const std::optional<int64_t> x = c.to_int64();
  if (x && *x != kNegInf && *x != kPosInf) return scale(d, *x);
  return mul(d, point_of(c));
}

guard::LinearForm Facts::Impl::linear_form(const Node* p) {
  guard::LinearForm f{p, 0, false, true};
  if (p->op != Op::kAdd) return f;
  const Int& c = constant_of(p);
  const std::optional<int64_t> small = c.to_int64();
  if (!small || *small <= kNegInf + 2 || *small >= kPosInf - 2)
    return {p, 0, false, false};
  f.negated = terms_of(p)[0].coef.sign() < 0;
  f.constant = *small;
  if (const internal::Term& t = terms_of(p)[0];
      terms_of(p).size() == 1 && (t.coef.is_one() || (-t.coef).is_one())) {
    f.form = t.mono;
    return f;
  }
  const Node* form = c.is_zero() ? p : builder.add_const(p, -c);
  f.form = f.negated ? builder.neg(form) : form;
  return f;
}

// For a sum e = A + k*(p//c), c > 0 constant, p = c*(p//c) + r with 0 <= r < c:
//   c*e = c*A + k*p - k*r.
// The right side has no quotient, and where it is tighter than the sum of the parts (a
// remainder x - 32*(x//32), a rounding-up s - (s + 3)//4) its interval is that of e.
Domain Facts::Impl::div_elimination(const Node* sum) {
  Domain best = Domain::all();
  int tried = 0;
  for (const internal::Term& t : terms_of(sum)) {
    if (t.mono->op != Op::kFloorDiv || args_of(t.mono)[1]->op != Op::kConst) continue;
    const Int& c = const_value(args_of(t.mono)[1]);
    if (c.sign() <= 0 || !c.is_small() || ++tried > 4) continue;
    // c*(sum - t) + t.coef*p, term by term; no node is made of it.
    const LinearView p(args_of(t.mono)[0]);
    const auto cancels = [&](const internal::Term& y) {
      return y.mono != t.mono && !terms_of(sum).coefficient_of(y.mono).is_zero();
    };
    if (std::ranges::none_of(p.terms(), cancels)) continue;
    absl::InlinedVector<std::pair<const Node*, Int>, 8> numerator;
    const auto take = [&](const Node* mono, const Int& coef) {
      if (!coef.is_zero()) numerator.emplace_back(mono, coef);
    };
    for (const internal::Term& x : terms_of(sum)) {
      if (x.mono == t.mono) continue;
      Int coef = c * x.coef;
      for (const internal::Term& y : p.terms()) {
        if (y.mono == x.mono) coef += t.coef * y.coef;
      }
      take(x.mono, coef);
    }
    for (const internal::Term& y : p.terms()) {
      const bool met = std::ranges::any_of(terms_of(sum), [&](const internal::Term& x) {
        return x.mono == y.mono && x.mono != t.mono;
      });
      if (!met) take(y.mono, t.coef * y.coef);
    }
    // Only where something cancels: otherwise it is the sum again.
    const size_t others = terms_of(sum).size() - 1;
    if (numerator.size() > std::max<size_t>(others, 1)) continue;
    LinearRange parts(point_of(c * constant_of(sum) + t.coef * p.constant()));
    for (const auto& [mono, coef] : numerator) {
      guard::add_scaled(parts, domain_of(mono), coef);
    }
    // The remainder may be known better: p modulo c.
    const Domain r = congrua::floor_mod(domain_of(args_of(t.mono)[0]), point_of(c));
    const Domain numerator_range = congrua::sub(parts.get(), guard::scaled(r, t.coef));
    best = best.meet(congrua::floor_div(numerator_range, point_of(c)));
  }
  return best;
}

// For a sum e = A + k*(p - b*(p//b)) with a term b that is no constant and not 0, written
// as one monomial: the remainder has b's sign and is smaller than b.
Domain Facts::Impl::remainder_elimination(const Node* sum) {
  Domain best = Domain::all();
  for (const internal::Term& t : terms_of(sum)) {
    if (t.mono->op != Op::kMul) continue;
    const auto factors = factors_of(t.mono);
    const Node* quotient = nullptr;
    const Node* divisor = nullptr;
    for (const internal::Factor& f : factors) {
      if (f.base->op != Op::kFloorDiv || f.exponent != 1) continue;
      const Node* b = args_of(f.base)[1];
      if (b->op == Op::kConst) continue;
      const LinearView vb(b);
      if (vb.terms().size() != 1 || !vb.constant().is_zero()) continue;
      // The other factors are those of the divisor.
      const internal::FactorView vf(vb.terms()[0].mono);
      size_t i = 0;
      const bool all = std::ranges::all_of(factors, [&](const internal::Factor& x) {
        if (x.base == f.base) return true;
        return i < vf.factors().size() && vf.factors()[i].base == x.base &&
               vf.factors()[i++].exponent == x.exponent;
      });
      if (!all || i != vf.factors().size()) continue;
      if (!floor_mod(t.coef, vb.terms()[0].coef).is_zero()) continue;
      quotient = f.base;
      divisor = b;
    }
    if (quotient == nullptr) continue;
    const Domain b = domain_of(divisor);
    if (b.empty() || (b.lo() <= 0 && b.hi() >= 0)) continue;
    const Int k = -floor_div(t.coef, LinearView(divisor).terms()[0].coef);
    const LinearView p(args_of(quotient)[0]);
    // A, term by term, where p cancels.
    Domain d = point_of(constant_of(sum) - k * p.constant());
    size_t met = 0;
    for (const internal::Term& x : terms_of(sum)) {
      if (x.mono == t.mono) continue;
      const Int have = p.terms().coefficient_of(x.mono);
      met += !have.is_zero();
      const Int coef = x.coef - k * have;
      if (!coef.is_zero()) d = congrua::add(d, guard::scaled(domain_of(x.mono), coef));
    }
    if (met != p.terms().size()) continue;
    const Domain r = b.lo() > 0
                         ? Domain::interval(0, b.hi() == kPosInf ? kPosInf : b.hi() - 1)
                         : Domain::interval(b.lo() == kNegInf ? kNegInf : b.lo() + 1, 0);
    best = best.meet(congrua::add(d, guard::scaled(r, k)));
  }
  return best;
}

Domain Facts::Impl::sum_domain(const Node* sum) {
  LinearRange parts(point_of(constant_of(sum)));
  bool any_quotient = false;
  bool any_product = false;
  for (const internal::Term& t : terms_of(sum)) {
    guard::add_scaled(parts, domains_[t.mono->id], t.coef);
    any_quotient |= t.mono->op == Op::kFloorDiv;
    any_product |= t.mono->op == Op::kMul;
  }
  Domain d = parts.get();
  if (may_be_known(sum)) {
    const guard::LinearForm f = linear_form(sum);
    if (f.valid && f.form != sum) {
      const Domain k = known(f.form);
      if (!k.is_all()) d = d.meet(congrua::add_const(f.negated ? neg(k) : k, f.constant));
    }
  }
  if (any_quotient && terms_of(sum).size() > 1 && terms_of(sum).size() <= 16) {
    d = d.meet(div_elimination(sum));
  }
  if (any_product && terms_of(sum).size() > 1) {
    if (terms_of(sum).size() <= 16) d = d.meet(remainder_elimination(sum));
    d = d.meet(product_domain(sum));
  }
  return d;
}

// The domain of n from those of its operands, which are in domains_.
Domain Facts::Impl::compute_domain(const Node* n) {
  const auto of = [&](const Node* x) -> const Domain& { return domains_[x->id]; };
  switch (n->op) {
    case Op::kConst:
      return point_of(const_value(n));
    case Op::kSymbol: {
      const auto* s = internal::as_symbol(n);
      return Domain::interval(s->lo, s->hi);
    }
    case Op::kAdd:
      return sum_domain(n);
    case Op::kMul: {
      Domain d = Domain::point(1);
      for (const internal::Factor& f : factors_of(n)) {
        d = congrua::mul(
            d, f.exponent == 1 ? of(f.base) : congrua::pow(of(f.base), f.exponent));
      }
      return d;
    }
    case Op::kFloorDiv:
      return congrua::floor_div(of(args_of(n)[0]), of(args_of(n)[1]))
          .meet(quotient_domain(n));
    case Op::kMin:
    case Op::kMax: {
      Domain d = of(args_of(n)[0]);
      for (const Node* a : args_of(n).subspan(1)) {
        d = n->op == Op::kMin ? congrua::min(d, of(a)) : congrua::max(d, of(a));
      }
      return d;
    }
    case Op::kSelect: {
      const Node* c = args_of(n)[0];
      const int8_t truth = truth_.has(c->id) ? truth_[c->id] : int8_t{0};
      if (truth > 0) return of(args_of(n)[1]);
      if (truth < 0) return of(args_of(n)[2]);
      return of(args_of(n)[1]).join(of(args_of(n)[2]));
    }
    default:
      return Domain::all();
  }
}

void Facts::Impl::compute_domains(const Node* n) {
  const auto valid = [&](const Node* x) {
    const uint64_t made = domains_.made(x->id);
    return made != 0 && range_versions.valid(made, x->symbols());
  };
  absl::InlinedVector<const Node*, 32> stack{n};
  while (!stack.empty()) {
    const Node* x = stack.back();
    if (valid(x)) {
      stack.pop_back();
      continue;
    }
    bool ready = true;
    if (x->sort == Sort::kInt && x->op != Op::kOpaque) {
      for_each_child(x, [&](const Node* c) {
        if (c->sort == Sort::kInt && !valid(c)) {
          stack.push_back(c);
          ready = false;
        }
      });
    }
    if (!ready) continue;
    Domain d = compute_domain(x);
    if (const Domain k = known(x); !k.is_all()) d = d.meet(k);
    domains_.put(x->id, range_versions.now(), d, builder.num_nodes());
    stack.pop_back();
  }
}

}  // namespace congrua
