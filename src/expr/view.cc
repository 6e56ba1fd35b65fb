#include "expr/view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "expr/divisions.h"
#include "expr/order.h"
#include "expr/view_builder.h"

namespace congrua::internal {

namespace {

// A sum with none of these is written as it stands.
bool may_be_rewritten(const Poly& p) {
  const auto plain = [](const Factor& f) {
    return f.base->op != Op::kFloorDiv && f.base->op != Op::kMin &&
           f.base->op != Op::kMax && f.base->op != Op::kSelect;
  };
  return !std::ranges::all_of(p.terms, [&](const Term& t) {
    const FactorView view(t.mono);
    return std::ranges::all_of(view.factors(), plain);
  });
}

// True where b = -a.
bool opposite(const Node* a, const Node* b) {
  const LinearView x(a);
  const LinearView y(b);
  return x.terms().size() == y.terms().size() && x.constant() == -y.constant() &&
         std::ranges::equal(x.terms(), y.terms(), [](const Term& s, const Term& t) {
           return s.mono == t.mono && s.coef == -t.coef;
         });
}

}  // namespace

ViewDag ViewBuilder::build(const Node* root) {
  push(root);
  while (!tasks_.empty()) {
    Task& t = tasks_.back();
    if (is_shown(t)) {
      tasks_.pop_back();
    } else if (!t.opened) {
      t.opened = true;
      push_operands(Task(t));
    } else {
      const Task ready = t;
      tasks_.pop_back();
      show(ready);
    }
  }
  dag_.root = operand(root);
  return std::move(dag_);
}

bool ViewBuilder::is_shown(const Task& t) const {
  return (t.negated ? negations_ : values_).find(t.node) != nullptr;
}

void ViewBuilder::push(const Node* n, bool negated) {
  tasks_.push_back({n, negated, false});
}

// The factors of a sum's or a product's monomials.
void ViewBuilder::push_atoms(const Node* n) {
  const LinearView sum(n);
  for (const Term& t : sum.terms()) {
    const FactorView product(t.mono);
    for (const Factor& f : product.factors()) push(f.base);
  }
}

void ViewBuilder::push_operands(const Task& t) {
  switch (t.node->op) {
    case Op::kConst:
    case Op::kSymbol:
      return;
    case Op::kAdd:
    case Op::kMul:
      return push_atoms(t.node);
    case Op::kGe:
    case Op::kEq:
      return push_atoms(args_of(t.node)[0]);
    case Op::kNot:
      return push(args_of(t.node)[0], !t.negated);
    case Op::kAnd:
      for (const Node* a : args_of(t.node)) push(a, t.negated);
      return;
    default:
      for (const Node* a : args_of(t.node)) push(a);
  }
}

ViewId ViewBuilder::operand(const Node* n, bool negated) const {
  return *(negated ? negations_ : values_).find(n);
}

bool ViewBuilder::rounds_down(const Node* divisor) const {
  return division_ == Division::kFloor || is_positive(divisor);
}

void ViewBuilder::show(const Task& t) {
  if (t.node->sort == Sort::kBool) {
    (t.negated ? negations_ : values_).put(t.node, show_boolean(t.node, t.negated));
  } else {
    show_integer(t.node);
  }
}

// ---- Views

ViewId ViewBuilder::node_view(ViewOp op, std::span<const ViewId> args, const Node* node) {
  View v{op};
  v.first = static_cast<uint32_t>(dag_.args.size());
  v.count = static_cast<uint32_t>(args.size());
  v.node = node;
  dag_.args.insert(dag_.args.end(), args.begin(), args.end());
  dag_.views.push_back(v);
  return static_cast<ViewId>(dag_.views.size() - 1);
}

ViewId ViewBuilder::integer(Int value) {
  View v{ViewOp::kInt};
  v.first = static_cast<uint32_t>(dag_.ints.size());
  dag_.ints.push_back(std::move(value));
  dag_.views.push_back(v);
  return static_cast<ViewId>(dag_.views.size() - 1);
}

ViewId ViewBuilder::numerator_view(const Poly& p) {
  ShownSum s = shown(p, Freedom::kNumerator);
  return sum_view(s);
}

ShownSum ViewBuilder::shown(const Poly& p, Freedom freedom) {
  if (may_be_rewritten(p)) return shape_sum(*this, p, freedom);
  ShownSum s;
  s.constant = p.constant;
  for (const Term& t : p.terms) {
    ShownTerm term{t.coef, {}};
    const FactorView view(t.mono);
    for (const Factor& f : view.factors()) {
      term.factors.push_back({f.base, atom_view(f.base), f.exponent, false});
    }
    s.terms.push_back(std::move(term));
  }
  sort_for_reading(s);
  return s;
}

ViewId ViewBuilder::sum_view(ShownSum& s) {
  if (s.terms.empty()) return integer(s.constant);
  const auto positive =
      std::ranges::find_if(s.terms, [](const ShownTerm& t) { return t.coef.sign() > 0; });
  // "b - a" and "3 - a" read better than "-a + b" and "-a + 3".
  if (positive != s.terms.end()) std::rotate(s.terms.begin(), positive, positive + 1);
  const bool constant_first = positive == s.terms.end() && s.constant.sign() > 0;
  if (s.terms.size() == 1 && s.constant.is_zero() && s.terms[0].coef.is_one()) {
    return product_view(s.terms[0]);
  }
  std::vector<SumItem> items;
  if (constant_first) items.push_back({s.constant, kNoView});
  for (const ShownTerm& t : s.terms) items.push_back({t.coef, product_view(t)});
  if (!constant_first && !s.constant.is_zero()) items.push_back({s.constant, kNoView});
  View v{ViewOp::kSum};
  v.first = static_cast<uint32_t>(dag_.sums.size());
  v.count = static_cast<uint32_t>(items.size());
  std::ranges::move(items, std::back_inserter(dag_.sums));
  dag_.views.push_back(v);
  return static_cast<ViewId>(dag_.views.size() - 1);
}

ViewId ViewBuilder::product_of(std::span<const ProductItem> items) {
  if (items.size() == 1 && items[0].exponent == 1) return items[0].base;
  View v{ViewOp::kProduct};
  v.first = static_cast<uint32_t>(dag_.products.size());
  v.count = static_cast<uint32_t>(items.size());
  dag_.products.insert(dag_.products.end(), items.begin(), items.end());
  dag_.views.push_back(v);
  return static_cast<ViewId>(dag_.views.size() - 1);
}

// S-expressions have no power: a large one is written by repeated squaring. Infix has, up
// to the exponent that its reader takes.
ViewId ViewBuilder::power_view(ViewId base, uint64_t exponent) {
  const uint64_t limit = language_ == Language::kSexpr ? 4 : uint64_t{1} << 16;
  std::vector<uint64_t> exponents = {exponent};
  while (exponents.back() > limit) exponents.push_back(exponents.back() / 2);
  ViewId result =
      product_of(std::array{ProductItem{base, static_cast<uint32_t>(exponents.back())}});
  for (exponents.pop_back(); !exponents.empty(); exponents.pop_back()) {
    std::vector<ProductItem> items = {{result, 2}};
    if (exponents.back() % 2 == 1) items.push_back({base, 1});
    result = product_of(items);
  }
  return result;
}

// The factors of a term, its coefficient left out. Sums among them are frozen: the reader
// would multiply out a small one, so they are written in pairs, the largest with the
// smallest. Each pair was too large to be multiplied out, or there would be no such node.
ViewId ViewBuilder::product_view(const ShownTerm& t) {
  constexpr uint64_t kMaxPaired = 64;
  const uint64_t limit = language_ == Language::kSexpr ? 4 : uint64_t{1} << 16;
  std::vector<const ShownFactor*> sums;
  uint64_t num_sums = 0;
  const auto is_sum = [](const ShownFactor& f) {
    return f.key->op == Op::kAdd && !f.remainder;
  };
  for (const ShownFactor& f : t.factors) num_sums += is_sum(f) ? f.exponent : 0;
  std::vector<ProductItem> items;
  for (const ShownFactor& f : t.factors) {
    if (!is_sum(f)) continue;
    if (num_sums <= kMaxPaired) {
      sums.insert(sums.end(), f.exponent, &f);
      continue;
    }
    const ViewId square = product_of(std::array{ProductItem{f.view, 2}});
    items.push_back({power_view(square, f.exponent / 2), 1});
    if (f.exponent % 2 == 1) items.push_back({f.view, 1});
  }
  std::ranges::stable_sort(sums, std::greater<>(), [](const ShownFactor* f) {
    return terms_of(f->key).size() + !constant_of(f->key).is_zero();
  });
  if (sums.size() <= 2) {
    for (const ShownFactor* f : sums) items.push_back({f->view, 1});
  } else {
    for (size_t i = 0; i < sums.size() / 2; ++i) {
      const ProductItem pair[] = {{sums[i]->view, 1},
                                  {sums[sums.size() - 1 - i]->view, 1}};
      items.push_back({product_of(pair), 1});
    }
    if (sums.size() % 2 == 1) items.push_back({sums[sums.size() / 2]->view, 1});
  }
  for (const ShownFactor& f : t.factors) {
    if (is_sum(f)) continue;
    if (f.exponent <= limit) {
      items.push_back({f.view, f.exponent});
    } else {
      items.push_back({power_view(f.view, f.exponent), 1});
    }
  }
  return product_of(items);
}

// ---- Integers

void ViewBuilder::show_integer(const Node* n) {
  if (n->op == Op::kConst) {
    atoms_.put(n, values_.put(n, integer(const_value(n))));
    return;
  }
  if (n->op == Op::kAdd || n->op == Op::kMul) {
    ShownSum s = shown(poly_of(n), Freedom::kValue);
    atoms_.put(n, values_.put(n, sum_view(s)));
    return;
  }
  atoms_.put(n, show_atom(n));
  if (n->op == Op::kFloorDiv) {
    ShownSum s = shown(poly_of(n), Freedom::kValue);
    values_.put(n, sum_view(s));
  } else {
    values_.put(n, atom_view(n));
  }
}

ViewId ViewBuilder::show_atom(const Node* n) {
  switch (n->op) {
    case Op::kSymbol:
      return node_view(ViewOp::kSymbol, {}, n);
    case Op::kFloorDiv:
      return show_quotient(n);
    case Op::kMin:
    case Op::kMax:
      return show_extremum(n);
    default: {
      std::vector<ViewId> args;
      for (const Node* a : args_of(n)) args.push_back(operand(a));
      return node_view(n->op == Op::kSelect ? ViewOp::kSelect : ViewOp::kOpaque, args, n);
    }
  }
}

ViewId ViewBuilder::remainder_view(const Node* n) {
  if (const ViewId* v = remainders_.find(n)) return *v;
  const ViewId operands[] = {operand(args_of(n)[0]), operand(args_of(n)[1])};
  return remainders_.put(n, node_view(ViewOp::kFloorMod, operands));
}

ViewId ViewBuilder::show_quotient(const Node* n) {
  constexpr size_t kMaxRewritten = 16;  // longer numerators are shown as they are
  const Node* p = args_of(n)[0];
  const Node* q = args_of(n)[1];
  if (!rounds_down(q)) {
    // The text's division is another one: floor_div(p, q) = -ceil_div(-p, q).
    Poly negated = poly_of(p);
    for (Term& t : negated.terms) t.coef = -t.coef;
    negated.constant = -negated.constant;
    const ViewId operands[] = {numerator_view(negated), operand(q)};
    View v{ViewOp::kSum};
    v.first = static_cast<uint32_t>(dag_.sums.size());
    v.count = 1;
    dag_.sums.push_back({Int(-1), node_view(ViewOp::kCeilDiv, operands)});
    dag_.views.push_back(v);
    return static_cast<ViewId>(dag_.views.size() - 1);
  }
  ViewOp op = ViewOp::kFloorDiv;
  ViewId numerator = operand(p);
  if (is_const(q) && const_value(q).sign() > 0 && term_count(p) <= kMaxRewritten) {
    const Int last = const_value(q) - Int(1);
    Poly poly = poly_of(p);
    const bool rounds_up = poly.constant == last;
    // x mod c = (x - c*y) mod c, shown where it turns a coefficient c - 1 into -1.
    bool changed = false;
    for (Term& t : poly.terms) {
      if (last.is_one() || !(t.coef == last)) continue;
      t.coef = Int(-1);
      changed = true;
    }
    if (changed) {
      const ViewId operands[] = {numerator_view(poly), operand(q)};
      remainders_.put(n, node_view(ViewOp::kFloorMod, operands));
    }
    const ViewId mirrored[] = {numerator_view(mirrored_dividend(n)), operand(q)};
    mirrored_.put(n, node_view(ViewOp::kFloorMod, mirrored));
    if (rounds_up) {
      poly = poly_of(p);
      poly.constant = Int();
      op = ViewOp::kCeilDiv;
      numerator = numerator_view(poly);
    }
  }
  const ViewId operands[] = {numerator, operand(q)};
  return node_view(op, operands);
}

std::vector<const Node*> ViewBuilder::reading_order(const Node* n) {
  const auto args = args_of(n);
  std::vector<const Node*> sorted(args.begin(), args.end());
  if (n->op == Op::kMin || n->op == Op::kMax) std::ranges::sort(sorted, reading_less);
  return sorted;
}

ViewId ViewBuilder::show_extremum(const Node* n) {
  const std::vector<const Node*> sorted = reading_order(n);
  if (language_ == Language::kInfix && n->op == Op::kMax && sorted.size() == 2 &&
      opposite(sorted[0], sorted[1])) {
    const ViewId argument = operand(sorted[0]);
    return node_view(ViewOp::kAbs, std::array{argument});
  }
  std::vector<ViewId> args;
  for (const Node* a : sorted) args.push_back(operand(a));
  return node_view(n->op == Op::kMin ? ViewOp::kMin : ViewOp::kMax, args);
}

ViewDag view_of(const Node* root, Language language, Division division) {
  return ViewBuilder(language, division).build(root);
}

}  // namespace congrua::internal
