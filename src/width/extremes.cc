#include "width/extremes.h"

#include <algorithm>

#include "congrua/eval.h"
#include "guard/facts_impl.h"

namespace congrua::width {

using internal::args_of;
using internal::LinearView;

Extremes::Extremes(Facts& facts, std::span<const Expr> loops, const WidthOptions& options)
    : facts_(facts), builder_(facts.impl().builder), options_(options) {
  for (const Expr e : loops) loops_.push_back(Builder::node(e));
}

bool Extremes::reads(const Node* n, const Node* symbol) const {
  if ((n->symbols() & symbol->symbols()) != symbol->symbols()) return false;
  return std::ranges::any_of(free_symbols(Builder::expr(n)),
                             [&](Expr s) { return Builder::node(s) == symbol; });
}

bool Extremes::holds(const Node* proposition) {
  return facts_
             .decide(
                 Builder::expr(proposition),
                 {.steps = options_.steps, .cancel = options_.cancel, .explain = false})
             .truth == Truth::kTrue;
}

const Node* Extremes::replace(const Node* v, const Node* loop, const Node* end) {
  const std::pair<Expr, Expr> by[] = {{Builder::expr(loop), Builder::expr(end)}};
  return Builder::node(substitute(Builder::expr(v), by));
}

// ---- Ranges of loop variables

// Of several ends the one that is known to be the tightest, else their max or min.
const Node* Extremes::tightest(std::vector<const Node*> ends, bool low) {
  for (size_t i = 0; i < ends.size(); ++i) {
    for (size_t k = ends.size(); k-- > 0;) {
      if (k == i) continue;
      const Node* better =
          low ? builder_.ge(ends[i], ends[k]) : builder_.ge(ends[k], ends[i]);
      if (!holds(better)) continue;
      ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(k));
      if (k < i) --i;
    }
  }
  if (ends.empty()) return nullptr;
  return ends.size() == 1 ? ends[0] : builder_.minmax(low ? Op::kMax : Op::kMin, ends);
}

const Extremes::Range& Extremes::range(const Node* loop) {
  if (const auto it = ranges_.find(loop); it != ranges_.end()) return it->second;
  std::vector<const Node*> lows;
  std::vector<const Node*> highs;
  const auto* symbol = internal::as_symbol(loop);
  if (symbol->lo != INT64_MIN) lows.push_back(builder_.constant(Int(symbol->lo)));
  if (symbol->hi != INT64_MAX) highs.push_back(builder_.constant(Int(symbol->hi)));
  std::vector<const Node*> open;
  for (FactId id = 0; id < facts_.size(); ++id) {
    open.push_back(Builder::node(facts_.fact(id)));
  }
  while (!open.empty()) {
    const Node* f = open.back();
    open.pop_back();
    if (!reads(f, loop)) continue;
    if (f->op == Op::kAnd) {
      open.insert(open.end(), args_of(f).begin(), args_of(f).end());
      continue;
    }
    const bool equality = f->op == Op::kEq && args_of(f)[0]->sort == Sort::kInt;
    const Node* p = f->op == Op::kGe || equality ? args_of(f)[0] : nullptr;
    Int slope;
    if (p != nullptr) slope = LinearView(p).terms().coefficient_of(loop);
    const Node* rest =
        slope.is_zero() ? nullptr : builder_.sub(p, builder_.scale(loop, slope));
    if (rest == nullptr || reads(rest, loop)) {
      exact_ = false;  // it may forbid an end
      continue;
    }
    for (const Node* other : loops_) exact_ &= !reads(rest, other);
    // slope*i + rest >= 0, or = 0
    if (equality) {
      const Node* end = builder_.floor_div(builder_.neg(rest), builder_.constant(slope));
      lows.push_back(end);
      highs.push_back(end);
      exact_ = exact_ && abs(slope).is_one();  // else it divides, or there is no point
    } else if (slope.sign() > 0) {
      lows.push_back(builder_.ceil_div(builder_.neg(rest), builder_.constant(slope)));
    } else {
      highs.push_back(builder_.floor_div(rest, builder_.constant(-slope)));
    }
  }
  const auto bound = [&](std::vector<const Node*> ends, bool low) {
    if (const Node* end = tightest(std::move(ends), low)) return end;
    exact_ = false;
    return constant_bound(loop, low);
  };
  const Range r{bound(std::move(lows), true), bound(std::move(highs), false)};
  if (r.lo == nullptr || r.hi == nullptr) unbounded_ = loop;
  return ranges_[loop] = r;
}

std::vector<const Node*> Extremes::nonempty() const {
  std::vector<const Node*> conditions;
  for (const Node* loop : loops_) {
    const auto it = ranges_.find(loop);
    if (it == ranges_.end() || it->second.lo == nullptr || it->second.hi == nullptr) {
      continue;
    }
    const Node* c = builder_.ge(it->second.hi, it->second.lo);
    if (std::ranges::none_of(loops_, [&](const Node* i) { return reads(c, i); })) {
      conditions.push_back(c);
    }
  }
  return conditions;
}

const Node* Extremes::choose(const Node* v) {
  std::vector<const Node*> present;
  for (const Expr s : free_symbols(Builder::expr(v))) {
    const Node* n = Builder::node(s);
    if (std::ranges::find(loops_, n) != loops_.end()) present.push_back(n);
  }
  for (const Node* i : present) {
    const bool inner = std::ranges::none_of(present, [&](const Node* other) {
      if (other == i) return false;
      const Range r = range(other);
      return (r.lo != nullptr && reads(r.lo, i)) || (r.hi != nullptr && reads(r.hi, i));
    });
    if (inner) return i;
  }
  return present.empty() ? nullptr : present[0];
}

// ---- Trends

// Of slope * i + rest, both free of i; kUnknown: v is not of that form.
Extremes::Trend Extremes::affine(const Node* v, const Node* loop) {
  const LinearView sum(v);
  const Node* slope = builder_.constant(Int());
  for (const internal::Term& t : sum.terms()) {
    if (!reads(t.mono, loop)) continue;
    const Node* others = builder_.constant(t.coef);
    const internal::FactorView product(t.mono);
    for (const internal::Factor& f : product.factors()) {
      if (f.base == loop && f.exponent == 1) continue;
      if (reads(f.base, loop)) return Trend::kUnknown;
      for (uint32_t k = 0; k < f.exponent; ++k) others = builder_.mul(others, f.base);
    }
    slope = builder_.add(slope, others);
  }
  if (holds(builder_.ge0(slope))) return Trend::kUp;
  if (holds(builder_.ge0(builder_.neg(slope)))) return Trend::kDown;
  return Trend::kEnds;
}

Extremes::Trend Extremes::trend(const Node* v, const Node* loop, int depth) {
  constexpr int kMaxDepth = 8;
  if (!reads(v, loop)) return Trend::kNone;
  if (depth > kMaxDepth || v->sort != Sort::kInt) return Trend::kUnknown;
  const auto flip = [](Trend t) {
    return t == Trend::kUp ? Trend::kDown : t == Trend::kDown ? Trend::kUp : t;
  };
  switch (v->op) {
    case Op::kSymbol:
      return Trend::kUp;
    case Op::kAdd:
    case Op::kMul: {
      if (const Trend t = affine(v, loop); t != Trend::kUnknown) return t;
      Trend all = Trend::kNone;
      const LinearView sum(v);
      for (const internal::Term& t : sum.terms()) {
        if (!reads(t.mono, loop)) continue;
        // The one factor that reads it, and the product of the others.
        const Node* base = nullptr;
        const Node* others = builder_.constant(t.coef);
        const internal::FactorView product(t.mono);
        for (const internal::Factor& f : product.factors()) {
          if (reads(f.base, loop)) {
            if (base != nullptr || f.exponent != 1) return Trend::kUnknown;
            base = f.base;
          } else {
            for (uint32_t k = 0; k < f.exponent; ++k)
              others = builder_.mul(others, f.base);
          }
        }
        Trend one = trend(base, loop, depth + 1);
        if (one == Trend::kUnknown) return one;
        if (holds(builder_.ge0(builder_.neg(others)))) {
          one = flip(one);
        } else if (!holds(builder_.ge0(others))) {
          one = Trend::kEnds;
        }
        if (all != Trend::kNone && (all != one || one == Trend::kEnds)) {
          return Trend::kUnknown;
        }
        all = one;
      }
      return all;
    }
    case Op::kFloorDiv: {
      const Node* divisor = args_of(v)[1];
      if (reads(divisor, loop)) return Trend::kUnknown;
      const Trend t = trend(args_of(v)[0], loop, depth + 1);
      if (holds(builder_.ge0(divisor))) return t;
      return holds(builder_.ge0(builder_.neg(divisor))) ? flip(t) : Trend::kUnknown;
    }
    case Op::kMin:
    case Op::kMax: {
      Trend all = Trend::kNone;
      for (const Node* a : args_of(v)) {
        const Trend t = trend(a, loop, depth + 1);
        if (t == Trend::kNone) continue;
        if (t == Trend::kUnknown ||
            (all != Trend::kNone && (all != t || t == Trend::kEnds)))
          return Trend::kUnknown;
        all = t;
      }
      return all;
    }
    default:
      return Trend::kUnknown;
  }
}

// ---- Ends

const Node* Extremes::constant_bound(const Node* v, bool low) {
  const Bounds b = facts_.bounds(
      Builder::expr(v), {.steps = options_.steps / 4, .cancel = options_.cancel});
  const std::optional<int64_t> end = low ? b.lo : b.hi;
  return end ? builder_.constant(Int(*end)) : nullptr;
}

// A sum term by term, each at its own end: no point need attain it.
const Node* Extremes::bound_parts(const Node* v, const Node* loop, bool low) {
  exact_ = false;
  const Range r = range(loop);
  const LinearView sum(v);
  const Node* total = builder_.constant(sum.constant());
  for (const internal::Term& t : sum.terms()) {
    const Node* part = builder_.scale(t.mono, t.coef);
    const Trend trend_of_part = trend(part, loop, 0);
    const Node* end = nullptr;
    switch (trend_of_part) {
      case Trend::kNone:
        end = part;
        break;
      case Trend::kUp:
      case Trend::kDown: {
        const Node* at = (trend_of_part == Trend::kUp) == low ? r.lo : r.hi;
        if (at != nullptr) end = replace(part, loop, at);
        break;
      }
      case Trend::kEnds:
        if (r.lo != nullptr && r.hi != nullptr) {
          const Node* both[] = {replace(part, loop, r.lo), replace(part, loop, r.hi)};
          end = builder_.minmax(low ? Op::kMin : Op::kMax, both);
        }
        break;
      case Trend::kUnknown:
        break;
    }
    if (end == nullptr) end = constant_bound(part, low);
    if (end == nullptr) return nullptr;
    total = builder_.add(total, end);
  }
  return total;
}

std::optional<std::vector<const Node*>> Extremes::of(const Node* v, bool low) {
  std::vector<const Node*> open = {v};
  std::vector<const Node*> done;
  for (int steps = 0; !open.empty(); ++steps) {
    if (steps == kMaxSteps || open.size() + done.size() > kMaxTerms) return std::nullopt;
    const Node* n = open.back();
    open.pop_back();
    const Node* loop = choose(n);
    if (loop == nullptr) {
      if (std::ranges::find(done, n) == done.end()) done.push_back(n);
      continue;
    }
    const Range r = range(loop);
    const Trend t = trend(n, loop, 0);
    const auto put = [&](const Node* end) {
      if (end != nullptr) open.push_back(replace(n, loop, end));
      return end != nullptr;
    };
    bool found = false;
    switch (t) {
      case Trend::kNone:
        return std::nullopt;  // it reads the symbol
      case Trend::kUp:
      case Trend::kDown:
        found = put((t == Trend::kUp) == low ? r.lo : r.hi);
        break;
      case Trend::kEnds:
        found = put(r.lo) && put(r.hi);
        break;
      case Trend::kUnknown:
        if (const Node* end = bound_parts(n, loop, low)) {
          open.push_back(end);
          found = true;
        }
        break;
    }
    if (!found) {
      const Node* end = constant_bound(n, low);
      if (end == nullptr) return std::nullopt;
      exact_ = false;
      done.push_back(end);
    }
  }
  return done;
}

}  // namespace congrua::width
