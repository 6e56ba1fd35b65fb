#include "width/narrower.h"

#include <algorithm>
#include <array>
#include <bit>

#include "guard/facts_impl.h"
#include "width/checker.h"

namespace congrua::width {

using internal::Builder;

Narrower::Narrower(Facts& facts, IntType type, const WidthOptions& options)
    : facts_(facts),
      builder_(facts.impl().builder),
      range_(range_of(type)),
      options_(options) {}

// ---- Views

Narrower::Made Narrower::push(View v, const Node* node) {
  out_.views.push_back(v);
  return {static_cast<ViewId>(out_.views.size() - 1), node};
}

Narrower::Made Narrower::number(const Int& n) {
  View v{ViewOp::kInt};
  v.first = static_cast<uint32_t>(out_.ints.size());
  out_.ints.push_back(n);
  return push(v, builder_.constant(n));
}

Narrower::Made Narrower::app(ViewOp op, std::span<const Made> args, const Node* node) {
  View v{op};
  v.first = static_cast<uint32_t>(out_.args.size());
  v.count = static_cast<uint32_t>(args.size());
  for (const Made& a : args) out_.args.push_back(a.view);
  return push(v, node);
}

Narrower::Made Narrower::binary_product(const Made& a, const Made& b) {
  const Node* node = builder_.mul(a.node, b.node);
  // A constant is the coefficient of a sum of one term: "3*x".
  if (out_.views[a.view].op == ViewOp::kInt) {
    View v{ViewOp::kSum};
    v.first = static_cast<uint32_t>(out_.sums.size());
    v.count = 1;
    out_.sums.push_back({out_.ints[out_.views[a.view].first], b.view});
    return push(v, node);
  }
  View v{ViewOp::kProduct};
  v.first = static_cast<uint32_t>(out_.products.size());
  // A product on the left goes on: (a*b)*c is a*b*c.
  std::vector<internal::ProductItem> items;
  if (out_.views[a.view].op == ViewOp::kProduct) {
    const auto left = out_.product(out_.views[a.view]);
    items.assign(left.begin(), left.end());
  } else {
    items.push_back({a.view, 1});
  }
  items.push_back({b.view, 1});
  v.count = static_cast<uint32_t>(items.size());
  out_.products.insert(out_.products.end(), items.begin(), items.end());
  return push(v, node);
}

// a + b or a - b. A sum on the left goes on.
Narrower::Made Narrower::add(const Made& a, const Made& b, bool negated) {
  const Node* node =
      negated ? builder_.sub(a.node, b.node) : builder_.add(a.node, b.node);
  std::vector<internal::SumItem> items;
  const View& left = out_.views[a.view];
  if (left.op == ViewOp::kSum) {
    const auto terms = out_.sum(left);
    items.assign(terms.begin(), terms.end());
  } else if (left.op == ViewOp::kInt) {
    items.push_back({out_.ints[left.first], internal::kNoView});
  } else {
    items.push_back({Int(1), a.view});
  }
  const View& right = out_.views[b.view];
  const Int sign(negated ? -1 : 1);
  if (right.op == ViewOp::kInt) {
    items.push_back({sign * out_.ints[right.first], internal::kNoView});
  } else if (right.op == ViewOp::kSum && right.count == 1 &&
             out_.sum(right)[0].coef.sign() > 0 &&
             out_.sum(right)[0].body != internal::kNoView) {
    const internal::SumItem& term = out_.sum(right)[0];
    items.push_back({sign * term.coef, term.body});
  } else {
    items.push_back({sign, b.view});
  }
  View v{ViewOp::kSum};
  v.first = static_cast<uint32_t>(out_.sums.size());
  v.count = static_cast<uint32_t>(items.size());
  out_.sums.insert(out_.sums.end(), items.begin(), items.end());
  return push(v, node);
}

// ---- Ranges

bool Narrower::in_range(const Node* n) {
  const auto [it, fresh] = fits_.try_emplace(n, false);
  if (!fresh) return it->second;
  Facts::Impl& impl = facts_.impl();
  const Span s =
      span_of(impl.domain_of(n)).meet(span_of(impl.domain_of(impl.rewrite(n))));
  if (s.within(range_)) return it->second = true;
  if (s.disjoint(range_)) return false;
  const QuestionOptions o{
      .steps = options_.steps / 4, .cancel = options_.cancel, .explain = false};
  const auto holds = [&](const Node* p) {
    return facts_.decide(Builder::expr(p), o).truth == Truth::kTrue;
  };
  const bool inside =
      (s.lo >= range_.lo ||
       holds(builder_.ge(n, builder_.constant(Int::from_i128(range_.lo))))) &&
      (s.hi <= range_.hi ||
       holds(builder_.ge(builder_.constant(Int::from_i128(range_.hi)), n)));
  return fits_[n] = inside;
}

const Node* Narrower::value(const Part& p) {
  const Node* n = builder_.constant(Int(1));
  for (const Made& f : p.factors) n = builder_.mul(n, f.node);
  return builder_.scale(n, p.coef);
}

const Node* Narrower::value(const Parts& parts) {
  const Node* n = builder_.constant(Int());
  for (const Part& p : parts) n = builder_.add(n, value(p));
  return n;
}

// ---- Products and sums

// Left to right, in an order in which all partial products fit: over the sets of factors.
std::optional<Narrower::Made> Narrower::make_product(std::vector<Made> factors) {
  const size_t n = factors.size();
  if (n == 1) return factors[0];
  if (n == 0 || n > kMaxParts) return std::nullopt;
  std::vector<const Node*> nodes(size_t{1} << n);
  std::vector<int> last(nodes.size(), -1);  // the factor multiplied last
  nodes[0] = builder_.constant(Int(1));
  for (size_t set = 1; set < nodes.size(); ++set) {
    const auto low = static_cast<size_t>(std::countr_zero(set));
    nodes[set] = builder_.mul(nodes[set & (set - 1)], factors[low].node);
    if ((set & (set - 1)) == 0) {
      last[set] = static_cast<int>(low);
      continue;
    }
    // The order in which they are given is tried first.
    for (size_t i = n; i-- > 0 && last[set] < 0;) {
      const size_t rest = set & ~(size_t{1} << i);
      if (rest != set && last[rest] >= 0 && in_range(nodes[set]))
        last[set] = static_cast<int>(i);
    }
  }
  size_t set = nodes.size() - 1;
  if (last[set] < 0) return std::nullopt;
  std::vector<size_t> order;
  for (; set != 0; set &= ~(size_t{1} << order.back())) {
    order.push_back(static_cast<size_t>(last[set]));
  }
  std::ranges::reverse(order);
  Made product = factors[order[0]];
  for (size_t i = 1; i < order.size(); ++i) {
    // A constant can only stand first: "x*3" is written 3*x, the same product.
    product = out_.views[factors[order[i]].view].op == ViewOp::kInt
                  ? binary_product(factors[order[i]], product)
                  : binary_product(product, factors[order[i]]);
  }
  return product;
}

std::optional<Narrower::Made> Narrower::make_part(const Part& p) {
  if (p.factors.empty()) {
    if (!in_range(builder_.constant(p.coef))) return std::nullopt;
    return number(p.coef);
  }
  std::vector<Made> factors;
  if (!p.coef.is_one()) {
    if (!in_range(builder_.constant(p.coef))) return std::nullopt;
    factors.push_back(number(p.coef));
  }
  factors.insert(factors.end(), p.factors.begin(), p.factors.end());
  if (!in_range(value(p))) return std::nullopt;
  return make_product(std::move(factors));
}

// Every way to add the parts, as a tree over the sets of parts: a set is there (or its
// negation is) if it is one part, or the sum or difference of two sets that are there,
// and its value fits. Sets grow by one part first, so that what can be written without
// parentheses is.
std::optional<Narrower::Made> Narrower::in_order(const Parts& parts) {
  const size_t n = parts.size();
  if (n == 0) return number(Int());
  if (n > kMaxParts || --trials_ < 0) return std::nullopt;
  struct Way {
    bool there = false;
    size_t left = 0, right = 0;                // 0: a part
    bool left_neg = false, right_neg = false;  // of the set's own sign
  };
  // ways[set][1]: of the negation.
  std::vector<std::array<Way, 2>> ways(size_t{1} << n);
  std::vector<std::array<const Node*, 2>> nodes(ways.size());
  std::vector<std::array<std::optional<Made>, 2>> single(n);
  nodes[0] = {builder_.constant(Int()), builder_.constant(Int())};
  for (size_t set = 1; set < ways.size(); ++set) {
    const auto low = static_cast<size_t>(std::countr_zero(set));
    const size_t rest = set & (set - 1);
    nodes[set][0] = builder_.add(nodes[rest][0], value(parts[low]));
    nodes[set][1] = builder_.neg(nodes[set][0]);
    if (rest == 0) {
      // A negative coefficient is made of its magnitude and subtracted, if it may be.
      for (const size_t sign : {size_t{0}, size_t{1}}) {
        Part p = parts[low];
        if (sign == 1) p.coef = -p.coef;
        single[low][sign] = make_part(p);
        ways[set][sign].there = single[low][sign].has_value();
      }
      continue;
    }
    for (const size_t sign : {size_t{0}, size_t{1}}) {
      Way& way = ways[set][sign];
      if (!in_range(nodes[set][sign])) continue;
      const auto join = [&](size_t left, size_t right) {
        if (way.there) return;
        // left + right, left - (-right): left as it is counts.
        if (!ways[left][sign].there) return;
        // A part with a sign of its own is added or subtracted as it is written.
        const auto first = static_cast<size_t>(std::countr_zero(right));
        const bool positive = parts[first].coef.sign() > 0;
        const bool plus_first = std::popcount(right) > 1 || positive == (sign == 0);
        for (const bool opposite : {!plus_first, plus_first}) {
          if (!ways[right][opposite ? 1 - sign : sign].there) continue;
          way = {true, left, right, sign == 1, opposite ? sign == 0 : sign == 1};
          return;
        }
      };
      for (size_t i = n; i-- > 0;) {  // one part more
        const size_t one = size_t{1} << i;
        if ((set & one) != 0) join(set & ~one, one);
      }
      for (size_t left = (set - 1) & set; left != 0; left = (left - 1) & set) {
        if (std::popcount(set & ~left) > 1) join(left, set & ~left);
      }
    }
  }
  const size_t all = ways.size() - 1;
  if (!ways[all][0].there) return std::nullopt;
  struct Assembly {
    const std::vector<std::array<Way, 2>>& ways;
    const std::vector<std::array<std::optional<Made>, 2>>& single;
    Narrower& self;
    // At most kMaxParts deep.
    Made build(size_t set, size_t sign) const {
      const Way& w = ways[set][sign];
      if (w.left == 0) return *single[static_cast<size_t>(std::countr_zero(set))][sign];
      const Made left = build(w.left, w.left_neg ? 1 : 0);
      const size_t right_sign = w.right_neg ? 1 : 0;
      return self.add(left, build(w.right, right_sign), right_sign != sign);
    }
  };
  return Assembly{ways, single, *this}.build(all, 0);
}

// A factor, or a common divisor of coefficients, of at least two parts: q * x + rest.
std::optional<Narrower::Made> Narrower::take_out(const Parts& parts, int depth) {
  std::vector<const Node*> tried;
  const auto combine = [&](const Made& product, Parts rest) {
    rest.insert(rest.begin(), Part{Int(1), {product}});
    return make_sum(std::move(rest), depth + 1);
  };
  const auto times = [&](Parts inner, const Made& x) -> std::optional<Made> {
    const std::optional<Made> q = make_sum(std::move(inner), depth + 1);
    if (!q || !in_range(builder_.mul(q->node, x.node))) return std::nullopt;
    const bool constant = out_.views[x.view].op == ViewOp::kInt;
    return constant ? binary_product(x, *q) : binary_product(*q, x);
  };
  for (const Part& p : parts) {
    for (const Made& x : p.factors) {
      if (std::ranges::find(tried, x.node) != tried.end()) continue;
      tried.push_back(x.node);
      Parts inner;
      Parts rest;
      for (Part q : parts) {
        const auto at = std::ranges::find(q.factors, x.node, &Made::node);
        if (at == q.factors.end()) {
          rest.push_back(std::move(q));
          continue;
        }
        q.factors.erase(at);
        inner.push_back(std::move(q));
      }
      if (inner.size() < 2) continue;
      if (const auto product = times(std::move(inner), x)) {
        if (rest.empty()) return product;
        if (auto whole = combine(*product, std::move(rest))) return whole;
      }
    }
  }
  // Parts by the common divisor of their coefficients, largest first.
  std::vector<Int> divisors;
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t k = i + 1; k < parts.size(); ++k) {
      Int g = gcd(parts[i].coef, parts[k].coef);
      if (!g.is_one() && std::ranges::find(divisors, g) == divisors.end())
        divisors.push_back(std::move(g));
    }
  }
  std::ranges::sort(divisors, std::greater<>());
  for (const Int& g : divisors) {
    if (!in_range(builder_.constant(g))) continue;
    Parts inner;
    Parts rest;
    for (Part p : parts) {
      if (!floor_mod(p.coef, g).is_zero()) {
        rest.push_back(std::move(p));
        continue;
      }
      p.coef = floor_div(p.coef, g);
      inner.push_back(std::move(p));
    }
    if (inner.size() < 2) continue;
    if (const auto product = times(std::move(inner), number(g))) {
      if (rest.empty()) return product;
      if (auto whole = combine(*product, std::move(rest))) return whole;
    }
  }
  return std::nullopt;
}

std::optional<Narrower::Made> Narrower::make_sum(Parts parts, int depth) {
  // Like terms may meet where sums were opened, and cancel.
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto same = [&](const Part& a, const Part& b) {
      return std::ranges::is_permutation(a.factors, b.factors, {}, &Made::node,
                                         &Made::node);
    };
    for (size_t k = parts.size() - 1; k > i; --k) {
      if (!same(parts[i], parts[k])) continue;
      parts[i].coef += parts[k].coef;
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }
  std::erase_if(parts, [](const Part& p) { return p.coef.is_zero(); });
  if (!in_range(value(parts))) return std::nullopt;
  if (auto sum = in_order(parts)) return sum;
  if (depth >= kMaxTaken || parts.size() > 2 * kMaxParts) return std::nullopt;
  auto sum = take_out(parts, depth);
  if (sum) note(Narrowing::kFactored);
  return sum;
}

// ---- Quotients

// floor_div(sum of c*t, d) where the sum does not fit: with t = d*floor_div(t, d) +
// floor_mod(t, d) it is the sum of c*floor_div(t, d) and the quotient of the sum of
// c*floor_mod(t, d).
std::optional<Narrower::Made> Narrower::divided(Parts numerator, const Int& divisor) {
  if (divisor.sign() <= 0 || !in_range(builder_.constant(divisor))) return std::nullopt;
  const Made d = number(divisor);
  Parts whole;
  Parts rest;
  for (Part& p : numerator) {
    if (p.factors.empty()) {
      whole.push_back({floor_div(p.coef, divisor), {}});
      rest.push_back({floor_mod(p.coef, divisor), {}});
      continue;
    }
    const std::optional<Made> t = make_product(p.factors);
    if (!t || !in_range(t->node)) return std::nullopt;
    const Int high = floor_div(p.coef, divisor);
    const Int low = p.coef - high * divisor;
    if (!high.is_zero()) whole.push_back({high, {*t}});
    if (low.is_zero()) continue;
    const Made args[] = {*t, d};
    const Node* q = builder_.floor_div(t->node, d.node);
    const Node* r = builder_.floor_mod(t->node, d.node);
    whole.push_back({low, {app(ViewOp::kFloorDiv, args, q)}});
    rest.push_back({low, {app(ViewOp::kFloorMod, args, r)}});
  }
  const std::optional<Made> sum = make_sum(std::move(rest), 0);
  if (!sum) return std::nullopt;
  const Made args[] = {*sum, d};
  whole.push_back(
      {Int(1), {app(ViewOp::kFloorDiv, args, builder_.floor_div(sum->node, d.node))}});
  auto result = make_sum(std::move(whole), 0);
  if (result) note(Narrowing::kDivided);
  return result;
}

// ---- All views

std::optional<Narrower::Parts> Narrower::parts_of(const ViewDag& in, ViewId id,
                                                  bool open) {
  const View& v = in.views[id];
  Parts parts;
  if (v.op == ViewOp::kInt) {
    parts.push_back({in.ints[v.first], {}});
    return parts;
  }
  const auto factors_of = [&](ViewId body, Part& p) {
    const View& b = in.views[body];
    if (b.op != ViewOp::kProduct) {
      if (!done_[body]) return false;
      p.factors.push_back(*done_[body]);
      return true;
    }
    for (const internal::ProductItem& item : in.product(b)) {
      if (!done_[item.base] || item.exponent > kMaxParts) return false;
      p.factors.insert(p.factors.end(), item.exponent, *done_[item.base]);
    }
    return true;
  };
  if (v.op == ViewOp::kProduct) {
    Part p{Int(1), {}};
    if (!factors_of(id, p)) return std::nullopt;
    parts.push_back(std::move(p));
    return parts;
  }
  if (v.op != ViewOp::kSum) {
    if (!done_[id]) return std::nullopt;
    parts.push_back({Int(1), {*done_[id]}});
    return parts;
  }
  for (const internal::SumItem& s : in.sum(v)) {
    if (open && s.body != internal::kNoView && in.views[s.body].op == ViewOp::kSum) {
      auto inner = parts_of(in, s.body, false);
      if (!inner) return std::nullopt;
      for (Part& p : *inner) {
        p.coef *= s.coef;
        parts.push_back(std::move(p));
      }
      continue;
    }
    Part p{s.coef, {}};
    if (s.body != internal::kNoView && !factors_of(s.body, p)) return std::nullopt;
    parts.push_back(std::move(p));
  }
  return parts;
}

std::optional<Narrower::Made> Narrower::rewrite_quotient(const ViewDag& in,
                                                         const View& v) {
  const ViewId dividend = in.operands(v)[0];
  const View& divisor = in.views[in.operands(v)[1]];
  if (divisor.op != ViewOp::kInt) return std::nullopt;
  auto parts = parts_of(in, dividend, true);
  if (!parts) return std::nullopt;
  return divided(std::move(*parts), in.ints[divisor.first]);
}

std::optional<Narrower::Made> Narrower::rewrite(const ViewDag& in, ViewId id) {
  const View& v = in.views[id];
  const auto leaf = [&](const Node* n) -> std::optional<Made> {
    if (v.node->sort == Sort::kInt && !in_range(n)) return std::nullopt;
    View copy = v;
    copy.first = 0;
    copy.count = 0;
    return push(copy, n);
  };
  switch (v.op) {
    case ViewOp::kInt:
      if (!in_range(builder_.constant(in.ints[v.first]))) return std::nullopt;
      return number(in.ints[v.first]);
    case ViewOp::kTrue:
    case ViewOp::kFalse:
      return push(v, builder_.boolean(v.op == ViewOp::kTrue));
    case ViewOp::kSymbol:
      return leaf(v.node);
    case ViewOp::kSum:
    case ViewOp::kProduct: {
      for (const bool open : {false, true}) {
        auto parts = parts_of(in, id, open);
        if (!parts) continue;
        if (auto made = make_sum(std::move(*parts), 0)) return made;
      }
      return std::nullopt;
    }
    default:
      break;
  }
  std::vector<Made> args;
  bool all = true;
  for (const ViewId a : in.operands(v)) {
    all = all && done_[a].has_value();
    if (all) args.push_back(*done_[a]);
  }
  if (!all) {
    return v.op == ViewOp::kFloorDiv ? rewrite_quotient(in, v) : std::nullopt;
  }
  if (v.op == ViewOp::kOpaque) {
    if (v.node->sort == Sort::kInt && !in_range(v.node)) return std::nullopt;
    Made m = app(v.op, args, v.node);
    out_.views[m.view].node = v.node;
    return m;
  }
  // The value by the same code as everywhere: a program of one operator.
  ViewDag shape;
  for (const Made& a : args) {
    View symbol{ViewOp::kSymbol};
    symbol.node = a.node;
    shape.args.push_back(static_cast<ViewId>(shape.views.size()));
    shape.views.push_back(symbol);
  }
  View top{v.op};
  top.count = static_cast<uint32_t>(args.size());
  shape.views.push_back(top);
  shape.root = static_cast<ViewId>(shape.views.size() - 1);
  Numbers numbers;
  const Program program = compile(shape, Evaluation::kAll, numbers);
  Checker checker(facts_, program, IntType{}, options_);
  const Node* node = checker.value(program.root);
  if (node->sort == Sort::kInt && !in_range(node)) return std::nullopt;
  return app(v.op, args, node);
}

std::optional<ViewDag> Narrower::run(const ViewDag& in) {
  if (in.views.size() > kMaxViews) return std::nullopt;
  done_.assign(in.views.size(), std::nullopt);
  for (size_t i = 0; i < in.views.size(); ++i) {
    done_[i] = rewrite(in, static_cast<ViewId>(i));
    if (trials_ < 0) return std::nullopt;
  }
  if (!done_[in.root]) return std::nullopt;
  out_.root = done_[in.root]->view;
  return std::move(out_);
}

}  // namespace congrua::width
