// Cells and their interning; nodes to cells. Factoring: search_factor.cc.
#include "guard/search_program.h"

#include <algorithm>

#include "guard/search_domain.h"

namespace congrua::guard::search {

using internal::args_of;
using internal::constant_of;
using internal::Factor;
using internal::factors_of;
using internal::FactorView;
using internal::LinearView;
using internal::Term;
using internal::terms_of;

namespace {

uint32_t mix(uint32_t h, uint64_t v) {
  const uint64_t x = (h ^ v) * 0x9e3779b97f4a7c15u;
  return static_cast<uint32_t>(x ^ (x >> 32));
}

// A lazy sum whose terms nobody has read yet.
bool is_lazy(const Node* n) {
  return n->is_long && static_cast<const internal::LongSum*>(n)->terms.load(
                           std::memory_order_acquire) == nullptr;
}

// A sum of more terms is a tree of sums of kSumPart terms each: the propagation of one
// changed term then touches a path of the tree and not all terms. The bounds that a tree
// of sums propagates are those of the sum, as no term occurs twice.
constexpr size_t kLongSum = 64;
constexpr size_t kSumPart = 16;
constexpr size_t kSumSteps = 63;

bool is_leaf_for_us(const Node* n) {
  return n->op == Op::kSymbol || n->op == Op::kConst || n->sort == Sort::kReal;
}

}  // namespace

Program::Program() : table_(256) {}

void Program::grow_table() {
  std::vector<uint32_t> bigger(table_.size() * 2);
  for (CellId c = 0; c < cells_.size(); ++c) {
    if (cells_[c].kind == Kind::kVar) continue;
    size_t i = hashes_[c] & (bigger.size() - 1);
    while (bigger[i] != 0) i = (i + 1) & (bigger.size() - 1);
    bigger[i] = c + 1;
  }
  table_ = std::move(bigger);
}

CellId Program::intern(Kind kind, bool boolean, bool opaque,
                       std::span<const CellId> operands,
                       std::span<const int64_t> operand_weights, int64_t constant) {
  uint32_t h = mix(static_cast<uint32_t>(kind), static_cast<uint64_t>(constant));
  for (size_t i = 0; i < operands.size(); ++i) {
    h = mix(h, operands[i]);
    h = mix(h, static_cast<uint64_t>(operand_weights.empty() ? 0 : operand_weights[i]));
  }
  size_t i = h & (table_.size() - 1);
  for (; table_[i] != 0; i = (i + 1) & (table_.size() - 1)) {
    const CellId c = table_[i] - 1;
    const Cell& x = cells_[c];
    // Opaque cells differ by constants that they do not hold.
    if (hashes_[c] == h && x.kind == kind && !x.opaque && !opaque &&
        x.boolean == boolean && x.constant == constant &&
        std::ranges::equal(args(c), operands) &&
        (operand_weights.empty() || std::ranges::equal(weights(c), operand_weights))) {
      return c;
    }
  }
  const auto c = static_cast<CellId>(cells_.size());
  table_[i] = c + 1;
  hashes_.push_back(h);
  cells_.push_back({kind, boolean, opaque, static_cast<uint32_t>(operands.size()),
                    static_cast<SlotId>(args_.size()), constant, nullptr});
  for (size_t k = 0; k < operands.size(); ++k) {
    args_.push_back(operands[k]);
    weights_.push_back(operand_weights.empty() ? 0 : operand_weights[k]);
    owner_.push_back(c);
  }
  if (cells_.size() * 2 > table_.size()) grow_table();
  return c;
}

CellId Program::constant_cell(int64_t v) {
  return intern(Kind::kConst, false, false, {}, {}, v);
}

// Variables are found by their node, not by content. The arguments of an opaque term are
// its operands only in that they occur with it.
CellId Program::variable_cell(const Node* n) {
  const auto c = static_cast<CellId>(cells_.size());
  const auto first = static_cast<SlotId>(args_.size());
  for (const Node* a : args_of(n)) {
    if (const CellId* cell = by_node_.find(a)) {
      args_.push_back(*cell);
      weights_.push_back(0);
      owner_.push_back(c);
    }
  }
  hashes_.push_back(0);
  cells_.push_back({Kind::kVar, n->sort == Sort::kBool, false,
                    static_cast<uint32_t>(args_.size()) - first, first, 0, n});
  return c;
}

CellId Program::compile(const Node* root) {
  if (const CellId* c = by_node_.find(root)) return *c;
  stack_.assign(1, root);
  while (!stack_.empty()) {
    const Node* n = stack_.back();
    if (by_node_.find(n) != nullptr) {
      stack_.pop_back();
    } else if (!push_operands(n)) {
      by_node_.put(n, build(n));
      stack_.pop_back();
    }
  }
  return *by_node_.find(root);
}

// A sum as a product: factors take values and bounds better than the terms that they were
// multiplied out to. Null where it is none.
const internal::Factorization* Program::factored(const Node* sum) {
  if (sum->degree < 2 || terms_of(sum).size() < 2) return nullptr;
  const auto [it, added] = factored_.try_emplace(sum);
  if (added) {
    internal::Factorization f =
        internal::factorize(internal::Builder::building(sum), sum);
    if (f.content.to_int64().has_value() && f.rest.to_int64().has_value()) {
      it->second = std::move(f);
    }
  }
  return it->second.factors.empty() ? nullptr : &it->second;
}

// Calls with the differences that lead to a lazy sum from an earlier one, which it
// returns: one that has a cell already, or many steps earlier. A chain of n sums that
// nobody else reads is then not as deep as it is long.
const Node* Program::for_each_step(const Node* sum,
                                   absl::FunctionRef<void(const Node*)> visit) const {
  size_t steps = 0;
  do {
    const auto* s = static_cast<const internal::LongSum*>(sum);
    visit(s->diff);
    sum = s->prev;
  } while (++steps < kSumSteps && is_lazy(sum) && by_node_.find(sum) == nullptr);
  return sum;
}

// Pushes the operands of n that have no cell yet; false when there is none.
bool Program::push_operands(const Node* n) {
  const size_t before = stack_.size();
  const auto want = [&](const Node* x) {
    if (by_node_.find(x) == nullptr) stack_.push_back(x);
  };
  const auto want_factors = [&](const Node* mono) {
    const FactorView view(mono);
    for (const Factor& f : view.factors()) want(f.base);
  };
  if (is_leaf_for_us(n)) return false;
  if (is_lazy(n)) {
    want(for_each_step(n, want));
  } else if (n->op == Op::kAdd) {
    if (const internal::Factorization* f = factored(n)) {
      for (const Node* x : f->factors) want(x);
    } else {
      for (const Term& t : terms_of(n)) want_factors(t.mono);
    }
  } else if (n->op == Op::kMul) {
    want_factors(n);
  } else {
    for (const Node* a : args_of(n)) {
      if (a->sort != Sort::kReal) want(a);
    }
  }
  return stack_.size() > before;
}

CellId Program::build(const Node* n) {
  switch (n->op) {
    case Op::kConst: {
      const auto v = internal::const_value(n).to_int64();
      if (v.has_value()) return constant_cell(*v);
      return sum_cell({}, 0, true);
    }
    case Op::kSymbol:
    case Op::kOpaque:
      return variable_cell(n);
    case Op::kAdd:
      return build_sum(n);
    case Op::kMul: {
      Factors factors;
      for (const Factor& f : factors_of(n)) {
        factors.emplace_back(*by_node_.find(f.base), f.exponent);
      }
      return product_cell(std::move(factors));
    }
    default:
      return build_app(n);
  }
}

// A selection that orders its arms has the bounds of an extreme, which say more.
Kind selection_kind(const Node* n) {
  const Node* condition = args_of(n)[0];
  if (condition->op != Op::kGe || n->sort != Sort::kInt) return Kind::kSelect;
  internal::Builder& b = internal::Builder::building(n);
  const Node* less = b.sub(args_of(n)[2], args_of(n)[1]);
  const Node* p = args_of(condition)[0];
  if (p == less || p == b.add_const(less, Int(-1))) return Kind::kMin;
  const Node* more = b.neg(less);
  if (p == more || p == b.add_const(more, Int(-1))) return Kind::kMax;
  return Kind::kSelect;
}

CellId Program::build_app(const Node* n) {
  auto operands = args_of(n);
  Kind kind;
  switch (n->op) {
    case Op::kFloorDiv:
      kind = Kind::kDiv;
      break;
    case Op::kMin:
      kind = Kind::kMin;
      break;
    case Op::kMax:
      kind = Kind::kMax;
      break;
    case Op::kSelect:
      kind = selection_kind(n);
      if (kind != Kind::kSelect) operands = operands.subspan(1);
      break;
    case Op::kGe:
      kind = Kind::kGe;
      break;
    case Op::kEq:
      kind = Kind::kEq;
      break;
    case Op::kNot:
      kind = Kind::kNot;
      break;
    case Op::kAnd:
      kind = Kind::kAnd;
      break;
    case Op::kIff:
      kind = Kind::kIff;
      break;
    default:
      return variable_cell(n);
  }
  // A comparison of reals is decided by nothing here: a free truth value.
  if (std::ranges::any_of(operands,
                          [](const Node* a) { return a->sort == Sort::kReal; })) {
    return variable_cell(n);
  }
  absl::InlinedVector<CellId, 8> cells;
  for (const Node* a : operands) cells.push_back(*by_node_.find(a));
  return intern(kind, n->sort == Sort::kBool, false, cells, {}, 0);
}

CellId Program::build_sum(const Node* n) {
  if (is_lazy(n)) {
    Summands sum;
    const auto take = [&](const Node* x) { sum.emplace_back(1, *by_node_.find(x)); };
    take(for_each_step(n, take));
    return sum_cell(std::move(sum), 0, false);
  }
  if (const internal::Factorization* f = factored(n)) {
    Factors factors;
    for (const Node* x : f->factors) factors.emplace_back(*by_node_.find(x), 1);
    return sum_cell({{*f->content.to_int64(), product_cell(std::move(factors))}},
                    *f->rest.to_int64(), false);
  }
  // Distinct atoms have nothing to factor, and no remainder is without a quotient.
  const internal::Terms terms = terms_of(n);
  const bool plain = std::ranges::all_of(terms, [](const Term& t) {
    return t.mono->op != Op::kMul && t.mono->op != Op::kFloorDiv &&
           t.coef.to_int64().has_value();
  });
  const auto constant = constant_of(n).to_int64();
  if (plain && constant.has_value()) {
    Summands sum;
    for (const Term& t : terms)
      sum.emplace_back(*t.coef.to_int64(), *by_node_.find(t.mono));
    return sum_cell(std::move(sum), *constant, false);
  }
  return poly_cell(to_poly(terms, constant_of(n)), 0);
}

CellId Program::product_cell(Factors factors) {
  // Factors of factors, so that a product is one cell whatever way it was made.
  absl::InlinedVector<std::pair<CellId, uint32_t>, 8> flat;
  for (const auto& [c, e] : factors) {
    if (cells_[c].kind != Kind::kProduct) {
      flat.emplace_back(c, e);
      continue;
    }
    for (uint32_t i = 0; i < cells_[c].n; ++i) {
      flat.emplace_back(args(c)[i], tame(static_cast<uint64_t>(weights(c)[i]) * e));
    }
  }
  std::ranges::sort(flat);
  absl::InlinedVector<CellId, 8> cells;
  absl::InlinedVector<int64_t, 8> exponents;
  for (const auto& [c, e] : flat) {
    if (!cells.empty() && cells.back() == c) {
      exponents.back() = tame(static_cast<uint64_t>(exponents.back()) + e);
    } else {
      cells.push_back(c);
      exponents.push_back(e);
    }
  }
  if (cells.size() == 1 && exponents[0] == 1) return cells[0];
  return intern(Kind::kProduct, false, false, cells, exponents, 0);
}

CellId Program::sum_cell(Summands terms, int64_t constant, bool opaque) {
  std::ranges::sort(terms, {}, &std::pair<int64_t, CellId>::second);
  absl::InlinedVector<CellId, 8> cells;
  absl::InlinedVector<int64_t, 8> coefs;
  int128 size = 0;
  for (const auto& [coef, c] : terms) {
    if (!cells.empty() && cells.back() == c) {
      opaque |= __builtin_add_overflow(coefs.back(), coef, &coefs.back());
    } else {
      cells.push_back(c);
      coefs.push_back(coef);
    }
    size += static_cast<int128>(magnitude(coef));
  }
  // Terms that are one cell only here (a selection that is an extreme) and cancel: what
  // they read would be no part of the program and have no value at any of its points.
  opaque |= std::ranges::find(coefs, 0) != coefs.end();
  size_t out = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (coefs[i] == 0 && !opaque) continue;
    cells[out] = cells[i];
    coefs[out++] = coefs[i];
  }
  cells.resize(out);
  coefs.resize(out);
  // So that 128 bits hold every sum of coefficient times end.
  opaque |= size > (int128{1} << 63);
  if (out == 0 && !opaque) return constant_cell(constant);
  if (out == 1 && coefs[0] == 1 && constant == 0 && !opaque) return cells[0];
  if (!opaque) {
    while (cells.size() > kLongSum) {
      // Parts of equal length, in the order of the terms.
      out = 0;
      for (size_t i = 0; i < cells.size(); i += kSumPart) {
        const size_t n = std::min(kSumPart, cells.size() - i);
        cells[out] = n == 1 && coefs[i] == 1 ? cells[i]
                                             : intern(Kind::kSum, false, false,
                                                      {&cells[i], n}, {&coefs[i], n}, 0);
        coefs[out++] = 1;
      }
      cells.resize(out);
      coefs.resize(out);
    }
  }
  return intern(Kind::kSum, false, opaque, cells, coefs, constant);
}

}  // namespace congrua::guard::search
