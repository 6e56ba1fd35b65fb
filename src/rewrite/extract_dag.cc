#include "rewrite/extract_dag.h"

#include <algorithm>
#include <array>
#include <bit>

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::Factor;
using internal::FactorView;
using internal::LinearView;

std::vector<TermId> DagExtractor::extract(std::span<const Node* const> roots) {
  order_nodes(roots);
  import_tree(roots);
  std::vector<TermId> now;
  for (const Node* r : roots) now.push_back(*written_.find(r));
  consider(now);
  consider(plain(roots));
  if (roots.size() > 1) consider(alone(roots));
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    estimates_.clear();
    chosen_.clear();
    for (const Node* n : order_) choose(n);
    now.clear();
    for (const Node* r : roots) now.push_back(chosen(r));
    consider(now);
    std::vector<uint32_t> uses = terms_.uses(now);
    if (uses == uses_) break;
    uses_ = std::move(uses);
  }
  return lightest_;
}

// ---- What there is to write

void DagExtractor::order_nodes(std::span<const Node* const> roots) {
  internal::NodeColumn<bool> opened, done;
  std::vector<const Node*> stack;
  for (const Node* root : roots) {
    stack.push_back(root);
    while (!stack.empty()) {
      const Node* n = stack.back();
      if (done.find(n) != nullptr) {
        stack.pop_back();
        continue;
      }
      if (opened.find(n) != nullptr) {
        stack.pop_back();
        done.put(n, true);
        order_.push_back(n);
        continue;
      }
      opened.put(n, true);
      internal::for_each_child(n, [&](const Node* c) { stack.push_back(c); });
      if (n->op != Op::kAdd || n->degree <= 1 ||
          n->short_size > internal::kMaxFactorTerms ||
          factorizations_.size() >= kMaxFactorizations) {
        continue;
      }
      internal::Factorization f = internal::factorize(builder_, n);
      if (f.factors.empty()) continue;
      for (const Node* x : f.factors) stack.push_back(x);
      factorizations_.push_back(std::move(f));
      factored_.put(n, static_cast<uint32_t>(factorizations_.size()));
    }
  }
}

void DagExtractor::import_tree(std::span<const Node* const> roots) {
  for (const Node* r : roots) tree_.write(r);
  std::vector<ViewId> views;
  for (const Node* n : order_) {
    tree_.write(n);  // factors are below no root
    views.push_back(tree_.view_of(n));
  }
  const std::vector<TermId> terms = terms_.import(tree_.views(), views);
  for (size_t i = 0; i < order_.size(); ++i) written_.put(order_[i], terms[i]);
}

std::vector<TermId> DagExtractor::plain(std::span<const Node* const> roots) {
  std::vector<TermId> out;
  for (const Node* r : roots) {
    const ViewDag dag =
        internal::view_of(r, internal::Language::kSexpr, options_.division);
    out.push_back(terms_.import(dag, std::array{dag.root})[0]);
  }
  return out;
}

// As extract answers by default. Ties are broken by what was written before, so that a
// root alone may have another form.
std::vector<TermId> DagExtractor::alone(std::span<const Node* const> roots) {
  std::vector<TermId> out;
  for (const Node* r : roots) {
    const ViewDag dag = shortest_view(builder_, options_, r);
    out.push_back(terms_.import(dag, std::array{dag.root})[0]);
  }
  return out;
}

void DagExtractor::consider(std::vector<TermId> roots) {
  uint64_t weight = terms_.weight(roots);
  const auto keep = [&](std::vector<TermId> next) {
    const uint64_t w = terms_.weight(next);
    if (w > weight) return;
    weight = w;
    roots = std::move(next);
  };
  keep(terms_.share_quotients(roots));
  keep(terms_.flatten(roots));
  keep(terms_.share_pairs(roots));
  keep(terms_.share_multiples(roots));
  if (weight >= weight_ && !lightest_.empty()) return;
  weight_ = weight;
  lightest_ = std::move(roots);
}

// ---- Choices

double DagExtractor::estimate(TermId t) {
  // Parts stand before what is made of them.
  for (auto i = static_cast<TermId>(estimates_.size()); i <= t; ++i) {
    const Written& w = terms_[i];
    auto total = static_cast<double>(terms_.own_weight(i));
    if (w.op == ViewOp::kFloorMod) {
      // x - c*q where q is there.
      const TermId operands[] = {w.parts[0].term, w.parts[1].term};
      const auto q = terms_.find(ViewOp::kFloorDiv, operands);
      if (q && *q < uses_.size() && uses_[*q] > 0) total = std::min(total, 4.0);
    }
    for (const Part& p : w.parts) {
      if (p.term == kNoView) continue;
      const uint32_t uses = p.term < uses_.size() ? std::max(uses_[p.term], 1u) : 1;
      total += estimates_[p.term] / uses;
    }
    estimates_.push_back(total);
  }
  return estimates_[t];
}

void DagExtractor::offer(TermId t) {
  const double e = estimate(t);
  if (best_ && e >= best_estimate_) return;
  best_ = t;
  best_estimate_ = e;
}

void DagExtractor::choose(const Node* n) {
  best_.reset();
  offer(*written_.find(n));
  if (n->sort == Sort::kBool) {
    choose_proposition(n);
  } else {
    switch (n->op) {
      case Op::kAdd:
      case Op::kMul:
        choose_sum(n);
        break;
      case Op::kFloorDiv:
        choose_quotient(n);
        break;
      case Op::kMin:
      case Op::kMax:
      case Op::kSelect:
      case Op::kOpaque: {
        absl::InlinedVector<TermId, 4> args;
        for (const Node* a : args_of(n)) args.push_back(chosen(a));
        const bool opaque = n->op == Op::kOpaque;
        offer(terms_.add(opaque              ? ViewOp::kOpaque
                         : n->op == Op::kMin ? ViewOp::kMin
                         : n->op == Op::kMax ? ViewOp::kMax
                                             : ViewOp::kSelect,
                         args, opaque ? n : nullptr));
        break;
      }
      default:
        break;
    }
  }
  chosen_.put(n, *best_);
}

TermId DagExtractor::power(TermId base, uint32_t exponent) {
  TermId result = base;
  for (int bit = std::bit_width(exponent) - 2; bit >= 0; --bit) {
    result = terms_.add({ViewOp::kProduct, nullptr, {{Int(2), result}}});
    if ((exponent >> bit & 1) != 0) {
      const TermId factors[] = {result, base};
      result = terms_.add(ViewOp::kProduct, factors);
    }
  }
  return result;
}

TermId DagExtractor::monomial(const Node* mono) {
  if (mono->op != Op::kMul) return chosen(mono);
  Written w{ViewOp::kProduct, nullptr, {}};
  for (const Factor& f : internal::factors_of(mono)) {
    w.parts.push_back({Int(1), power(chosen(f.base), f.exponent)});
  }
  return terms_.add(std::move(w));
}

Parts DagExtractor::parts_of(const Node* n) {
  Parts parts;
  const LinearView v(n);
  for (const internal::Term& t : v.terms()) parts.push_back({t.coef, monomial(t.mono)});
  if (!v.constant().is_zero()) parts.push_back({v.constant(), kNoView});
  return parts;
}

void DagExtractor::choose_sum(const Node* n) {
  if (n->op == Op::kMul) return offer(monomial(n));
  offer(terms_.add({ViewOp::kSum, nullptr, parts_of(n)}));
  // k*m*(a//m) = k*a - k*(a%m)
  Poly p = poly_of(n);
  Parts remainders;
  for (const internal::Term& t : poly_of(n).terms) {
    const Int* m = t.mono->op == Op::kFloorDiv ? constant_divisor(t.mono) : nullptr;
    if (m == nullptr || !floor_mod(t.coef, *m).is_zero()) continue;
    const Node* numerator = args_of(t.mono)[0];
    const Int k = floor_div(t.coef, *m);
    add_term(p, t.mono, -t.coef);
    add_poly(p, poly_of(numerator), k);
    const TermId operands[] = {chosen(numerator), terms_.integer(*m)};
    remainders.push_back({-k, terms_.add(ViewOp::kFloorMod, operands)});
  }
  if (!remainders.empty()) {
    Written w{ViewOp::kSum, nullptr, std::move(remainders)};
    for (const internal::Term& t : p.terms) w.parts.push_back({t.coef, monomial(t.mono)});
    if (!p.constant.is_zero()) w.parts.push_back({p.constant, kNoView});
    offer(terms_.add(std::move(w)));
  }
  if (const uint32_t* i = factored_.find(n)) {
    const internal::Factorization& f = factorizations_[*i - 1];
    Written product{ViewOp::kProduct, nullptr, {}};
    for (const Node* x : f.factors) product.parts.push_back({Int(1), chosen(x)});
    Written w{ViewOp::kSum, nullptr, {{f.content, terms_.add(std::move(product))}}};
    if (!f.rest.is_zero()) w.parts.push_back({f.rest, kNoView});
    offer(terms_.add(std::move(w)));
  }
}

void DagExtractor::choose_quotient(const Node* n) {
  // Elsewhere the reader's division is another one, which the extractor writes.
  if (options_.division != Division::kFloor && constant_divisor(n) == nullptr) return;
  const TermId operands[] = {chosen(args_of(n)[0]), chosen(args_of(n)[1])};
  offer(terms_.add(ViewOp::kFloorDiv, operands));
}

void DagExtractor::choose_proposition(const Node* n) {
  switch (n->op) {
    case Op::kNot: {
      const TermId operand[] = {chosen(args_of(n)[0])};
      return offer(terms_.add(ViewOp::kNot, operand));
    }
    case Op::kAnd:
    case Op::kIff:
    case Op::kSelect:
    case Op::kOpaque: {
      absl::InlinedVector<TermId, 4> args;
      for (const Node* a : args_of(n)) args.push_back(chosen(a));
      return offer(terms_.add(n->op == Op::kAnd      ? ViewOp::kAnd
                              : n->op == Op::kIff    ? ViewOp::kEq
                              : n->op == Op::kSelect ? ViewOp::kSelect
                                                     : ViewOp::kOpaque,
                              args, n->op == Op::kOpaque ? n : nullptr));
    }
    case Op::kGe:
      return offer(comparison(args_of(n)[0], ViewOp::kGe));
    case Op::kEq:
      return offer(comparison(args_of(n)[0], ViewOp::kEq));
    default:
      return;
  }
}

// p op 0 as the positive parts against the others; see Extractor::comparison.
TermId DagExtractor::comparison(const Node* p, ViewOp op) {
  Written left{ViewOp::kSum, nullptr, {}}, right = left;
  Int constant;
  for (Part& part : parts_of(p)) {
    if (part.term == kNoView) {
      constant = part.coef;
    } else if (part.coef.sign() > 0) {
      left.parts.push_back(std::move(part));
    } else {
      right.parts.push_back({-part.coef, part.term});
    }
  }
  const bool both = !left.parts.empty() && !right.parts.empty();
  const bool swap = left.parts.empty();
  if (op == ViewOp::kGe && constant == Int(-1) && both) {
    op = ViewOp::kGt;
  } else if (swap || (both && constant.sign() > 0)) {
    left.parts.push_back({constant, kNoView});
  } else {
    right.parts.push_back({-constant, kNoView});
  }
  TermId x = terms_.add(std::move(left));
  TermId y = terms_.add(std::move(right));
  if (swap) {
    std::swap(x, y);
    if (op == ViewOp::kGe) op = ViewOp::kLe;
  }
  const TermId operands[] = {x, y};
  return terms_.add(op, operands);
}

}  // namespace congrua::rewrite
