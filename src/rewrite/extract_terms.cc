#include "rewrite/extract_terms.h"

#include <algorithm>

#include "base/saturating.h"

namespace congrua::rewrite {

using internal::ProductItem;
using internal::SumItem;
using internal::View;

namespace {

// In cycles of latency, rounded, of 64-bit integers on x86-64 cores of the last ten
// years: add, and, shift, compare, cmov 1; imul 3; idiv 10 to 18 (Ice Lake, Zen 2 and
// later) or 40 to 90 (Skylake and before): A. Fog, "Instruction tables". Division by a
// constant is a multiplication that yields the high word, a shift and two corrections (T.
// Granlund, P. Montgomery, "Division by invariant integers using multiplication", 1994).
constexpr uint64_t kSimple = 1;
constexpr uint64_t kMultiply = 3;
constexpr uint64_t kByConstant = 6;
constexpr uint64_t kDivide = 20;

// 1, 2, 4 ... or the negative of one.
bool is_power_of_2(const Int& n) {
  const auto v = abs(n).to_int64();
  return v && *v > 0 && (*v & (*v - 1)) == 0;
}

uint64_t multiple_weight(const Int& coef) {
  if (coef.is_one() || coef == Int(-1)) return 0;
  return is_power_of_2(coef) ? kSimple : kMultiply;
}

bool is_idempotent(ViewOp op) {
  return op == ViewOp::kMin || op == ViewOp::kMax || op == ViewOp::kAnd ||
         op == ViewOp::kOr;
}

bool is_commutative(ViewOp op) {
  return is_idempotent(op) || op == ViewOp::kSum || op == ViewOp::kProduct;
}

}  // namespace

// ---- Terms

std::string Terms::key_of(const Written& w) {
  Parts parts = w.parts;
  if (is_commutative(w.op)) std::ranges::sort(parts, {}, &Part::term);
  std::string key(1, static_cast<char>(w.op));
  const auto bytes = [&](const auto& v) {
    key.append(reinterpret_cast<const char*>(&v), sizeof v);
  };
  bytes(w.node);
  for (const Part& p : parts) {
    bytes(p.term);
    if (!p.coef.is_one()) key += p.coef.to_string();
    key += ';';
  }
  return key;
}

void Terms::normalize(Written& w) {
  const bool joins = w.op == ViewOp::kSum || w.op == ViewOp::kProduct;
  constexpr size_t kFew = 16;  // are looked through; of more an index is made
  absl::flat_hash_map<TermId, size_t> places;
  Parts parts;
  for (Part& p : w.parts) {
    size_t place = parts.size();
    if (w.parts.size() > kFew) {
      place = places.try_emplace(p.term, place).first->second;
    } else {
      place = static_cast<size_t>(std::ranges::find(parts, p.term, &Part::term) -
                                  parts.begin());
    }
    if (place == parts.size()) {
      parts.push_back(std::move(p));
    } else if (joins) {
      parts[place].coef += p.coef;
    }
  }
  if (joins) {
    parts.erase(std::remove_if(parts.begin(), parts.end(),
                               [](const Part& p) { return p.coef.is_zero(); }),
                parts.end());
  }
  w.parts = std::move(parts);
}

TermId Terms::add(Written w) {
  if (w.op == ViewOp::kSum) {
    for (Part& p : w.parts) {  // numbers are the constant
      if (p.term == kNoView || terms_[p.term].op != ViewOp::kInt) continue;
      p = {p.coef * terms_[p.term].parts[0].coef, kNoView};
    }
  }
  if (is_commutative(w.op)) {
    normalize(w);
    if (w.op == ViewOp::kSum &&
        (w.parts.empty() || (w.parts.size() == 1 && w.parts[0].term == kNoView))) {
      return integer(w.parts.empty() ? Int(0) : w.parts[0].coef);
    }
    if (w.parts.size() == 1 && w.parts[0].coef.is_one()) return w.parts[0].term;
  }
  const auto [it, fresh] =
      index_.try_emplace(key_of(w), static_cast<TermId>(terms_.size()));
  if (fresh) terms_.push_back(std::move(w));
  return it->second;
}

TermId Terms::add(ViewOp op, std::span<const TermId> operands, const Node* node) {
  Written w{op, node, {}};
  for (const TermId t : operands) w.parts.push_back({Int(1), t});
  return add(std::move(w));
}

TermId Terms::integer(const Int& value) {
  return add({ViewOp::kInt, nullptr, {{value, kNoView}}});
}

std::optional<TermId> Terms::find(ViewOp op, std::span<const TermId> operands) const {
  Written w{op, nullptr, {}};
  for (const TermId t : operands) w.parts.push_back({Int(1), t});
  const auto it = index_.find(key_of(w));
  return it == index_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<TermId> Terms::import(const ViewDag& dag, std::span<const ViewId> views) {
  std::vector<bool> wanted(dag.views.size());
  for (const ViewId v : views) wanted[v] = true;
  for (size_t i = dag.views.size(); i-- > 0;) {  // users stand after what they use
    if (!wanted[i]) continue;
    const View& v = dag.views[i];
    switch (v.op) {
      case ViewOp::kInt:
        break;
      case ViewOp::kSum:
        for (const SumItem& s : dag.sum(v)) {
          if (s.body != kNoView) wanted[s.body] = true;
        }
        break;
      case ViewOp::kProduct:
        for (const ProductItem& p : dag.product(v)) wanted[p.base] = true;
        break;
      default:
        for (const ViewId o : dag.operands(v)) wanted[o] = true;
    }
  }
  std::vector<TermId> out(dag.views.size(), kNoView);
  for (ViewId i = 0; i < dag.views.size(); ++i) {
    if (!wanted[i]) continue;
    const View& v = dag.views[i];
    Written w{v.op, v.node, {}};
    switch (v.op) {
      case ViewOp::kInt:
        w.parts.push_back({dag.ints[v.first], kNoView});
        break;
      case ViewOp::kSum:
        for (const SumItem& s : dag.sum(v)) {
          w.parts.push_back({s.coef, s.body == kNoView ? kNoView : out[s.body]});
        }
        break;
      case ViewOp::kProduct:
        for (const ProductItem& p : dag.product(v)) {
          w.parts.push_back({Int(static_cast<int64_t>(p.exponent)), out[p.base]});
        }
        break;
      default:
        for (const ViewId o : dag.operands(v)) w.parts.push_back({Int(1), out[o]});
    }
    out[i] = add(std::move(w));
  }
  std::vector<TermId> terms;
  for (const ViewId v : views) terms.push_back(out[v]);
  return terms;
}

// ---- Weights

uint64_t Terms::division_weight(ViewOp op, TermId divisor) const {
  const bool remainder = op == ViewOp::kFloorMod || op == ViewOp::kTruncMod;
  const uint64_t rounding = op == ViewOp::kCeilDiv ? kSimple : 0;
  const Written& by = terms_[divisor];
  if (by.op != ViewOp::kInt) return kDivide + rounding;  // idiv gives the remainder, too
  if (is_power_of_2(by.parts[0].coef)) return kSimple + rounding;
  return kByConstant + rounding + (remainder ? kMultiply + kSimple : 0);
}

uint64_t Terms::weight_of(const Written& w) const {
  switch (w.op) {
    case ViewOp::kInt:
    case ViewOp::kTrue:
    case ViewOp::kFalse:
    case ViewOp::kSymbol:
      return 0;
    case ViewOp::kOpaque:
      return w.parts.empty() ? 0 : kSimple;
    case ViewOp::kSum: {
      uint64_t total = (w.parts.size() - 1) * kSimple;
      // A positive part, a constant or a multiplication by a negative number can stand
      // ahead; else a sign is an operator of its own.
      bool ahead = false;
      for (const Part& p : w.parts) {
        if (p.term != kNoView) total += multiple_weight(p.coef);
        ahead |= p.coef.sign() > 0 || p.term == kNoView || !is_power_of_2(p.coef);
      }
      return total + (ahead ? 0 : kSimple);
    }
    case ViewOp::kProduct: {
      Int factors;
      for (const Part& p : w.parts) factors += p.coef;
      const auto n = factors.to_int64();
      return n && *n < (int64_t{1} << 40) ? static_cast<uint64_t>(*n - 1) * kMultiply
                                          : UINT64_MAX;
    }
    case ViewOp::kFloorDiv:
    case ViewOp::kFloorMod:
    case ViewOp::kCeilDiv:
    case ViewOp::kTruncDiv:
    case ViewOp::kTruncMod:
      return division_weight(w.op, w.parts[1].term);
    case ViewOp::kMin:
    case ViewOp::kMax:
    case ViewOp::kAnd:
    case ViewOp::kOr:
      return std::max<uint64_t>(w.parts.size(), 2) - 1;
    default:
      return kSimple;
  }
}

uint64_t Terms::own_weight(TermId t) const { return weight_of(terms_[t]); }

std::vector<bool> Terms::reached(std::span<const TermId> roots) const {
  std::vector<bool> out(terms_.size());
  for (const TermId r : roots) out[r] = true;
  for (size_t i = terms_.size(); i-- > 0;) {  // users stand after what they use
    if (!out[i]) continue;
    for (const Part& p : terms_[i].parts) {
      if (p.term != kNoView) out[p.term] = true;
    }
  }
  return out;
}

uint64_t Terms::weight(std::span<const TermId> roots) const {
  const std::vector<bool> in = reached(roots);
  uint64_t total = 0;
  for (size_t i = 0; i < terms_.size(); ++i) {
    if (in[i]) total = add_saturating(total, weight_of(terms_[i]));
  }
  return total;
}

std::vector<uint32_t> Terms::uses(std::span<const TermId> roots) const {
  const std::vector<bool> in = reached(roots);
  std::vector<uint32_t> out(terms_.size());
  for (const TermId r : roots) ++out[r];
  for (size_t i = 0; i < terms_.size(); ++i) {
    if (!in[i]) continue;
    for (const Part& p : terms_[i].parts) {
      if (p.term != kNoView) ++out[p.term];
    }
  }
  return out;
}

// ---- Back to views

std::pair<ViewDag, std::vector<ViewId>> Terms::to_views(
    std::span<const TermId> roots) const {
  const std::vector<bool> in = reached(roots);
  std::vector<ViewId> ids(terms_.size(), kNoView);
  ViewDag dag;
  for (size_t i = 0; i < terms_.size(); ++i) {
    if (!in[i]) continue;
    const Written& w = terms_[i];
    View v{w.op};
    v.node = w.node;
    v.count = static_cast<uint32_t>(w.parts.size());
    switch (w.op) {
      case ViewOp::kInt:
        v.first = static_cast<uint32_t>(dag.ints.size());
        dag.ints.push_back(w.parts[0].coef);
        break;
      case ViewOp::kSum: {
        // A positive term ahead, a constant last: see Extractor::sum.
        v.first = static_cast<uint32_t>(dag.sums.size());
        const auto positive = std::ranges::find_if(w.parts, [](const Part& p) {
          return p.term != kNoView && p.coef.sign() > 0;
        });
        const auto constant = std::ranges::find(w.parts, kNoView, &Part::term);
        const bool constant_first =
            positive == w.parts.end() && constant != w.parts.end();
        if (constant_first) dag.sums.push_back({constant->coef, kNoView});
        if (positive != w.parts.end())
          dag.sums.push_back({positive->coef, ids[positive->term]});
        for (auto p = w.parts.begin(); p != w.parts.end(); ++p) {
          if (p != positive && p != constant) dag.sums.push_back({p->coef, ids[p->term]});
        }
        if (!constant_first && constant != w.parts.end())
          dag.sums.push_back({constant->coef, kNoView});
        break;
      }
      case ViewOp::kProduct:
        v.first = static_cast<uint32_t>(dag.products.size());
        for (const Part& p : w.parts) {
          dag.products.push_back(
              {ids[p.term], static_cast<uint32_t>(p.coef.to_int64().value())});
        }
        break;
      default:
        v.first = static_cast<uint32_t>(dag.args.size());
        for (const Part& p : w.parts) dag.args.push_back(ids[p.term]);
    }
    ids[i] = static_cast<ViewId>(dag.views.size());
    dag.views.push_back(v);
  }
  std::vector<ViewId> out;
  for (const TermId r : roots) out.push_back(ids[r]);
  if (!out.empty()) dag.root = out.back();
  return {std::move(dag), std::move(out)};
}

}  // namespace congrua::rewrite
