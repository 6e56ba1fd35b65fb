#include "rewrite/points.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"

namespace congrua::rewrite {

using internal::args_of;
using internal::Node;

namespace {

// The finalizer of SplitMix64: the points of one term are the same in every run.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

int64_t floor_quotient(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return q - static_cast<int64_t>(a % b != 0 && (a < 0) != (b < 0));
}

// How far from 0, or from the end of its range, a symbol lies at a point. Conditions hold
// at some points of each kind: small sizes, large ones, of one sign and of both.
constexpr std::array<int64_t, 16> kWidth = {3,   8,    8,   20,  20,    50,     50,  100,
                                            100, 1000, 400, 400, 10000, 100000, 200, 40};

}  // namespace

void Points::draw(const Node* symbol, Values& out) {
  out.known = 0;
  // The value of a symbol that stands for a quotient follows from others.
  const auto is_symbol = [&](const auto& q) { return q.first == symbol; };
  if (std::ranges::any_of(facts_.quotients, is_symbol)) return;
  const Domain d = facts_.domain_of(symbol);
  for (size_t i = 0; i < kCount; ++i) {
    const uint64_t random = mix(symbol->hash + i);
    const int64_t width = kWidth[i];
    if (symbol->sort == Sort::kBool) {
      out.at[i] = static_cast<int64_t>(random & 1);
      out.known |= Mask{1} << i;
      continue;
    }
    // Every second point has both signs, of the others half have one.
    const int64_t offset = static_cast<int64_t>(random % static_cast<uint64_t>(width));
    int64_t v = i % 2 == 0 ? 2 * offset - width : i % 4 == 1 ? offset : -offset;
    if (!d.contains(v)) {
      constexpr int64_t kFar = int64_t{1} << 40;
      const bool low = d.lo() > -kFar && d.lo() < kFar;
      const bool high = d.hi() > -kFar && d.hi() < kFar;
      if (low && high) {
        v = d.lo() + offset % (d.hi() - d.lo() + 1);
      } else if (low) {
        v = d.lo() + offset;
      } else if (high) {
        v = d.hi() - offset;
      }
    }
    if (d.mod() > 1) v += (d.rem() - v) % d.mod();
    out.at[i] = v;
    if (d.contains(v)) out.known |= Mask{1} << i;
  }
}

void Points::compute(const Node* n, Values& out) {
  const auto of = [&](const Node* x) -> const Values& { return *values_.find(x); };
  const auto each = [&](Mask where, auto f) {
    for (size_t i = 0; i < kCount; ++i) {
      if ((where >> i & 1) != 0 && !f(i)) out.known &= ~(Mask{1} << i);
    }
  };
  const auto drop = [&](size_t i) { out.known &= ~(Mask{1} << i); };
  out.known = kAll;
  switch (n->op) {
    case Op::kConst: {
      const std::optional<int64_t> v = internal::const_value(n).to_int64();
      out.at.fill(v.value_or(0));
      if (!v) out.known = 0;
      return;
    }
    case Op::kSymbol:
      return draw(n, out);
    case Op::kAdd: {
      const std::optional<int64_t> c = internal::constant_of(n).to_int64();
      out.at.fill(c.value_or(0));
      if (!c) out.known = 0;
      for (const internal::Term& t : internal::terms_of(n)) {
        const std::optional<int64_t> k = t.coef.to_int64();
        const Values& x = of(t.mono);
        out.known &= k ? x.known : 0;
        for (size_t i = 0; i < kCount && out.known != 0; ++i) {
          int64_t product;
          if ((out.known >> i & 1) == 0) continue;
          if (__builtin_mul_overflow(*k, x.at[i], &product) ||
              __builtin_add_overflow(out.at[i], product, &out.at[i])) {
            drop(i);
          }
        }
      }
      return;
    }
    case Op::kMul:
      out.at.fill(1);
      for (const internal::Factor& f : internal::factors_of(n)) {
        const Values& x = of(f.base);
        out.known &= x.known;
        for (uint32_t e = 0; e < f.exponent && out.known != 0; ++e) {
          each(out.known, [&](size_t i) {
            return e < 64 && !__builtin_mul_overflow(out.at[i], x.at[i], &out.at[i]);
          });
        }
      }
      return;
    case Op::kFloorDiv: {
      const Values& a = of(args_of(n)[0]);
      const Values& b = of(args_of(n)[1]);
      out.known = a.known & b.known;
      each(out.known, [&](size_t i) {
        if (b.at[i] == 0 || (a.at[i] == INT64_MIN && b.at[i] == -1)) return false;
        out.at[i] = floor_quotient(a.at[i], b.at[i]);
        return true;
      });
      return;
    }
    case Op::kMin:
    case Op::kMax:
      out = of(args_of(n)[0]);
      for (const Node* a : args_of(n).subspan(1)) {
        const Values& x = of(a);
        out.known &= x.known;
        for (size_t i = 0; i < kCount; ++i) {
          if ((out.known >> i & 1) == 0) continue;
          out.at[i] = n->op == Op::kMin ? std::min(out.at[i], x.at[i])
                                        : std::max(out.at[i], x.at[i]);
        }
      }
      return;
    case Op::kSelect: {
      const Values& c = of(args_of(n)[0]);
      out.known = c.known;
      each(out.known, [&](size_t i) {
        const Values& arm = of(args_of(n)[c.at[i] != 0 ? 1 : 2]);
        if ((arm.known >> i & 1) == 0) return false;
        out.at[i] = arm.at[i];
        return true;
      });
      return;
    }
    case Op::kGe:
    case Op::kEq:
    case Op::kNot: {
      const Values& x = of(args_of(n)[0]);
      out.known = x.known;
      each(out.known, [&](size_t i) {
        out.at[i] = n->op == Op::kGe ? x.at[i] >= 0 : x.at[i] == 0;
        return true;
      });
      return;
    }
    case Op::kAnd: {
      Mask no = 0;
      for (const Node* a : args_of(n)) {
        const Values& x = of(a);
        out.known &= x.known;
        for (size_t i = 0; i < kCount; ++i) {
          if ((x.known >> i & 1) != 0 && x.at[i] == 0) no |= Mask{1} << i;
        }
      }
      for (size_t i = 0; i < kCount; ++i) out.at[i] = (no >> i & 1) == 0;
      out.known |= no;
      return;
    }
    default:
      out.known = 0;
  }
}

const Points::Values* Points::values(const Node* root) {
  if (const Values* known = values_.find(root)) return known;
  absl::InlinedVector<const Node*, 32> stack{root};
  while (!stack.empty()) {
    const Node* n = stack.back();
    if (values_.find(n) != nullptr) {
      stack.pop_back();
      continue;
    }
    bool ready = true;
    if (n->op != Op::kOpaque && n->op != Op::kIff) {
      internal::for_each_child(n, [&](const Node* c) {
        if (values_.find(c) != nullptr) return;
        stack.push_back(c);
        ready = false;
      });
    }
    if (!ready) continue;
    if (++evaluated_ > kMaxNodes) return nullptr;
    Values v;
    compute(n, v);
    values_.put(n, v);
    stack.pop_back();
  }
  return values_.find(root);
}

Points::Mask Points::alive() {
  const size_t count = facts_.facts.size();
  if (alive_.size() > count + 1) alive_.resize(count + 1);
  if (alive_.empty()) alive_.emplace_back(facts_.states.number(0), kAll);
  size_t i = alive_.size() - 1;
  while (i > 0 && alive_[i].first != facts_.states.number(i)) --i;
  alive_.resize(i + 1);
  for (; i < count; ++i) {
    Mask mask = alive_[i].second;
    if (mask != 0) {
      const Values* v = values(facts_.facts[i]);
      for (size_t k = 0; k < kCount; ++k) {
        const bool holds = v != nullptr && (v->known >> k & 1) != 0 && v->at[k] != 0;
        if (!holds) mask &= ~(Mask{1} << k);
      }
    }
    alive_.emplace_back(facts_.states.number(i + 1), mask);
  }
  return alive_.back().second;
}

bool Points::refute_nonnegative(const Node* p) {
  const Mask where = alive();
  if (where == 0) return false;
  const Values* v = values(p);
  if (v == nullptr) return false;
  const Mask known = v->known & where;
  for (size_t k = 0; k < kCount; ++k) {
    if ((known >> k & 1) != 0 && v->at[k] < 0) return true;
  }
  return false;
}

}  // namespace congrua::rewrite
