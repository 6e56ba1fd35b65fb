#include "rewrite/extractor.h"

#include <algorithm>

#include "expr/factorize.h"
#include "expr/order.h"
#include "rewrite/form.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::const_value;
using internal::LinearView;
using internal::ProductItem;
using internal::SumItem;

namespace {

uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * 0x9e3779b97f4a7c15u + (v >> 29); }

constexpr int kMaxCompared = 4;       // levels that decide an order
constexpr uint32_t kMaxOperands = 8;  // and operands on each

}  // namespace

// ---- Views

int Extractor::compare(ViewId a, ViewId b, int depth) const {
  if (a == b) return 0;
  const View& x = dag_.views[a];
  const View& y = dag_.views[b];
  const auto rank = [](const View& v) {
    return v.op == ViewOp::kSymbol ? 0 : v.op == ViewOp::kInt ? 2 : 1;
  };
  if (rank(x) != rank(y)) return rank(x) - rank(y);
  if (x.op == ViewOp::kSymbol) return internal::reading_compare(x.node, y.node);
  if (depth < kMaxCompared) {
    const auto operand = [&](const View& v, uint32_t i) {
      switch (v.op) {
        case ViewOp::kSum:
          return dag_.sum(v)[i].body;
        case ViewOp::kProduct:
          return dag_.product(v)[i].base;
        case ViewOp::kInt:
          return internal::kNoView;
        default:
          return dag_.operands(v)[i];
      }
    };
    for (uint32_t i = 0; i < std::min({x.count, y.count, kMaxOperands}); ++i) {
      const ViewId p = operand(x, i);
      const ViewId q = operand(y, i);
      if (p == internal::kNoView || q == internal::kNoView) break;
      if (const int c = compare(p, q, depth + 1); c != 0) return c;
    }
  }
  if (x.op != y.op) return static_cast<int>(x.op) - static_cast<int>(y.op);
  return a < b ? -1 : 1;
}

bool Extractor::less(const Item& a, const Item& b) const {
  if (a.factors.size() != b.factors.size()) return a.factors.size() > b.factors.size();
  for (size_t i = 0; i < a.factors.size(); ++i) {
    if (const int c = compare(a.factors[i], b.factors[i]); c != 0) return c < 0;
  }
  return false;
}

ViewId Extractor::push(const View& v, uint64_t cost) {
  dag_.views.push_back(v);
  cost_.push_back(cost);
  return static_cast<ViewId>(dag_.views.size() - 1);
}

template <typename Same, typename Make>
ViewId Extractor::intern(uint64_t hash, Same&& same, Make&& make) {
  const auto slot = [&](uint64_t h) {
    return static_cast<size_t>(h ^ (h >> 32)) & (table_.size() - 1);
  };
  size_t i = slot(hash);
  for (; table_[i] != 0; i = (i + 1) & (table_.size() - 1)) {
    const ViewId v = table_[i] - 1;
    if (hashes_[v] == hash && same(dag_.views[v])) return v;
  }
  const ViewId v = make();
  hashes_.push_back(hash);
  table_[i] = v + 1;
  if (dag_.views.size() * 2 > table_.size()) {
    table_.assign(table_.size() * 2, 0);
    for (ViewId x = 0; x < dag_.views.size(); ++x) {
      size_t k = slot(hashes_[x]);
      while (table_[k] != 0) k = (k + 1) & (table_.size() - 1);
      table_[k] = x + 1;
    }
  }
  return v;
}

ViewId Extractor::leaf(ViewOp op, const Node* n) {
  const uint64_t h = mix(static_cast<uint64_t>(op), reinterpret_cast<uintptr_t>(n));
  return intern(
      h, [&](const View& v) { return v.op == op && v.node == n && v.count == 0; },
      [&] {
        return push({op, 0, 0, n}, 0);
      });
}

ViewId Extractor::integer(const Int& value) {
  const auto small = value.to_int64();
  return intern(
      mix(0x696e74, small ? static_cast<uint64_t>(*small) : 0x626967),
      [&](const View& v) { return v.op == ViewOp::kInt && dag_.ints[v.first] == value; },
      [&] {
        View v{ViewOp::kInt};
        v.first = static_cast<uint32_t>(dag_.ints.size());
        v.count = 1;
        dag_.ints.push_back(value);
        return push(v, 0);
      });
}

ViewId Extractor::app(ViewOp op, std::span<const ViewId> input, const Node* n) {
  absl::InlinedVector<ViewId, 8> args(input.begin(), input.end());
  uint64_t total = 1;
  switch (op) {
    case ViewOp::kMin:
    case ViewOp::kMax:
    case ViewOp::kAnd:
    case ViewOp::kOr:
      std::ranges::sort(args, [&](ViewId a, ViewId b) { return compare(a, b) < 0; });
      total = std::max<uint64_t>(args.size(), 2) - 1;
      break;
    case ViewOp::kOpaque:
      total = args.empty() ? 0 : 1;
      break;
    default:
      break;
  }
  uint64_t h = mix(static_cast<uint64_t>(op) + 0x617070, reinterpret_cast<uintptr_t>(n));
  for (const ViewId a : args) h = mix(h, a);
  return intern(
      h,
      [&](const View& v) {
        return v.op == op && v.node == n && std::ranges::equal(dag_.operands(v), args);
      },
      [&] {
        View v{op};
        v.node = n;
        v.first = static_cast<uint32_t>(dag_.args.size());
        v.count = static_cast<uint32_t>(args.size());
        for (const ViewId a : args) {
          dag_.args.push_back(a);
          total = add_costs(total, cost_[a]);
        }
        return push(v, total);
      });
}

ViewId Extractor::product(std::span<const ViewId> input) {
  if (input.size() == 1) return input[0];
  absl::InlinedVector<ViewId, 4> factors(input.begin(), input.end());
  std::ranges::sort(factors, [&](ViewId a, ViewId b) { return compare(a, b) < 0; });
  uint64_t h = 0x6d756c;
  absl::InlinedVector<ProductItem, 4> items;
  for (const ViewId f : factors) {
    h = mix(h, f);
    if (!items.empty() && items.back().base == f) {
      ++items.back().exponent;
    } else {
      items.push_back({f, 1});
    }
  }
  return intern(
      h,
      [&](const View& v) {
        return v.op == ViewOp::kProduct &&
               std::ranges::equal(dag_.product(v), items,
                                  [](const ProductItem& a, const ProductItem& b) {
                                    return a.base == b.base && a.exponent == b.exponent;
                                  });
      },
      [&] {
        View v{ViewOp::kProduct};
        v.first = static_cast<uint32_t>(dag_.products.size());
        v.count = static_cast<uint32_t>(items.size());
        dag_.products.insert(dag_.products.end(), items.begin(), items.end());
        uint64_t total = factors.size() - 1;
        for (const ViewId f : factors) total = add_costs(total, cost_[f]);
        return push(v, total);
      });
}

// Terms in their order, the first positive one ahead; the constant last.
ViewId Extractor::sum(std::span<const Item> items, const Int& constant) {
  if (items.empty()) return integer(constant);
  if (items.size() == 1 && constant.is_zero() && items[0].coef.is_one()) {
    return product(items[0].factors);
  }
  absl::InlinedVector<const Item*, 8> sorted;
  for (const Item& i : items) sorted.push_back(&i);
  std::ranges::sort(sorted, [&](const Item* a, const Item* b) { return less(*a, *b); });
  absl::InlinedVector<SumItem, 8> list;
  for (const Item* i : sorted) list.push_back({i->coef, product(i->factors)});
  const auto positive =
      std::ranges::find_if(list, [](const SumItem& s) { return s.coef.sign() > 0; });
  const bool constant_first = positive == list.end() && constant.sign() > 0;
  if (positive != list.end()) std::rotate(list.begin(), positive, positive + 1);
  if (constant_first) list.insert(list.begin(), {constant, internal::kNoView});
  if (!constant_first && !constant.is_zero())
    list.push_back({constant, internal::kNoView});
  uint64_t h = 0x73756d;
  for (const SumItem& s : list) {
    h = mix(h, s.body);
    h = mix(h, static_cast<uint64_t>(s.coef.to_int64().value_or(0)));
  }
  return intern(
      h,
      [&](const View& v) {
        return v.op == ViewOp::kSum &&
               std::ranges::equal(dag_.sum(v), list,
                                  [](const SumItem& a, const SumItem& b) {
                                    return a.body == b.body && a.coef == b.coef;
                                  });
      },
      [&] {
        View v{ViewOp::kSum};
        v.first = static_cast<uint32_t>(dag_.sums.size());
        v.count = static_cast<uint32_t>(list.size());
        uint64_t total = list.size() - 1;
        bool all_subtracted = true;
        for (SumItem& s : list) {
          const bool subtracted = s.body != internal::kNoView && s.coef == Int(-1);
          all_subtracted &= subtracted;
          if (s.body != internal::kNoView) {
            total = add_costs(total, cost_[s.body]);
            if (!subtracted && !s.coef.is_one()) total = add_costs(total, 1);
          }
          dag_.sums.push_back(std::move(s));
        }
        return push(v, add_costs(total, all_subtracted));
      });
}

// ---- Nodes

ViewDag Extractor::extract(const Node* root) {
  write(root);
  dag_.root = *values_.find(root);
  return std::move(dag_);
}

void Extractor::write(const Node* root) {
  trials_ = kTrials;
  // Operands first: chains may be a million nodes deep.
  stack_.assign(1, root);
  absl::InlinedVector<const Node*, 16> open;
  while (!stack_.empty()) {
    const Node* n = stack_.back();
    if (values_.find(n) != nullptr) {
      stack_.pop_back();
      continue;
    }
    const size_t before = stack_.size();
    internal::for_each_child(n, [&](const Node* c) {
      if (values_.find(c) == nullptr) stack_.push_back(c);
    });
    if (stack_.size() > before) continue;
    stack_.pop_back();
    values_.put(n, show(n));
  }
}

ViewId Extractor::value(const Node* n) {
  if (const ViewId* v = values_.find(n)) return *v;
  const ViewId v = show(n);
  return values_.put(n, v);
}

ViewId Extractor::show(const Node* n) {
  if (n->sort == Sort::kBool) return proposition(n, false);
  switch (n->op) {
    case Op::kConst:
      return integer(const_value(n));
    case Op::kSymbol:
      return leaf(ViewOp::kSymbol, n);
    default:
      break;
  }
  if (n->sort != Sort::kInt) return atom(n);
  const ViewId plain = poly_view(poly_of(n));
  return n->op == Op::kAdd && n->degree > 1 ? factored(n, plain) : plain;
}

ViewId Extractor::factored(const Node* n, ViewId plain) {
  if (trials_ <= 0 || depth_ > kMaxDepth || n->short_size > internal::kMaxFactorTerms)
    return plain;
  trials_ -= 8;
  const internal::Factorization f = internal::factorize(builder_, n);
  if (f.factors.empty()) return plain;
  ++depth_;
  Item item{f.content, {}};
  for (const Node* x : f.factors) {
    // Of either sign: -x is shorter where x is a remainder taken off.
    const ViewId plain_factor = value(x);
    const ViewId negated = value(builder_.neg(x));
    const bool turned = cost(negated) < cost(plain_factor);
    item.factors.push_back(turned ? negated : plain_factor);
    if (turned) item.coef = -item.coef;
  }
  --depth_;
  std::ranges::sort(item.factors);
  const ViewId v = sum(std::span(&item, 1), f.rest);
  return cost(v) < cost(plain) ? v : plain;
}

size_t Extractor::PolyHash::operator()(const Poly& p) const {
  size_t h = absl::HashOf(p.constant);
  for (const Term& t : p.terms) h = absl::HashOf(h, t.mono, t.coef);
  return h;
}

bool Extractor::PolyEqual::operator()(const Poly& a, const Poly& b) const {
  return a.constant == b.constant &&
         std::ranges::equal(a.terms, b.terms, [](const Term& x, const Term& y) {
           return x.mono == y.mono && x.coef == y.coef;
         });
}

ViewId Extractor::poly_view(Poly p) {
  if (!can_settle(p)) return finish(items_of({p, {}}), p.constant);
  std::ranges::sort(p.terms, {}, [](const Term& t) { return t.mono->id; });
  // What was written inside fewer rewritings had more of them to try.
  const auto known = poly_views_.find(p);
  if (known != poly_views_.end() && known->second.depth <= depth_)
    return known->second.view;
  const Sum s = settle(p);
  const ViewId v = finish(items_of(s), s.open.constant);
  // Nothing more is tried when the trials are spent.
  poly_views_.insert_or_assign(std::move(p), PolyView{v, trials_ > 0 ? depth_ : 0});
  return v;
}

// Trials end, and the plain view knows ways to write a node that the extractor does not
// try: what is shown is never longer than it.
ViewDag shortest_view(Builder& builder, const ExtractOptions& options, const Node* n) {
  Extractor extractor(builder, options);
  ViewDag dag = extractor.extract(n);
  const uint64_t operations = internal::count_operations(dag);
  if (operations <= Extractor::fewest_operators(operations, poly_of(n))) return dag;
  ViewDag plain = internal::view_of(n, internal::Language::kSexpr, options.division);
  if (internal::count_operations(plain) < operations) return plain;
  return dag;
}

}  // namespace congrua::rewrite
