// Values at the hints, and points to optimise for.
#include <algorithm>
#include <array>

#include "base/budget.h"
#include "congrua/eval.h"
#include "expr/builder.h"
#include "expr/walk.h"
#include "guard/solve.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::args_of;
using internal::Builder;
using internal::Node;

const SymbolInfo* Env::Impl::without_hint(Expr e) {
  const SymbolInfo* found = nullptr;
  const Node* first = nullptr;
  for (const Node* n : internal::symbols_below(Builder::node(e))) {
    const SymbolInfo* info = info_of(n);
    if (info != nullptr && info->has_hint && info->may_guard) continue;
    if (first != nullptr && !internal::structural_less(n, first)) continue;
    first = n;
    found = info;
  }
  if (first != nullptr && found == nullptr) {
    // A symbol of the pool that is not of this environment.
    static thread_local std::optional<SymbolInfo> foreign;
    foreign.emplace(SymbolInfo{.symbol = Builder::expr(first),
                               .kind = Kind::kUnbacked,
                               .source = {},
                               .location = {}});
    return &*foreign;
  }
  return found;
}

bool Env::Impl::only_inputs(Expr e) {
  return std::ranges::all_of(internal::symbols_below(Builder::node(e)),
                             [&](const Node* n) {
                               const SymbolInfo* info = info_of(n);
                               return info != nullptr && info->kind != Kind::kUnbacked;
                             });
}

Env::Impl::FloatOf Env::Impl::float_hints() const {
  return [this](const Node* s) -> std::optional<double> {
    const SymbolInfo* info = info_of(s);
    if (info == nullptr || !info->has_hint) return std::nullopt;
    return info->float_hint;
  };
}

void Env::Impl::bind_opaque(const Node* n, const FloatOf& symbol,
                            internal::Assignment& point) {
  const auto integer = [&](const Node* i) -> std::optional<int64_t> {
    internal::Evaluator inner;
    const std::optional<Int> v = inner.evaluate(i, point);
    return v ? v->to_int64() : std::nullopt;
  };
  if (const auto c = float_comparison(n)) {
    // An integer is compared exactly; as a double it would be rounded beyond 2^53.
    constexpr int64_t kExact = int64_t{1} << 53;
    for (const Node* side : {c->left, c->right}) {
      if (side->sort != Sort::kInt) continue;
      const std::optional<int64_t> v = integer(side);
      if (!v || *v > kExact || *v < -kExact) return;
    }
    const std::optional<double> a = shape::evaluate_float(c->left, symbol, integer),
                                b = shape::evaluate_float(c->right, symbol, integer);
    if (!a || !b) return;
    const uint8_t outcome = *a < *b    ? kLess
                            : *a == *b ? kEqual
                            : *a > *b  ? kGreater
                                       : kUnordered;
    point.set(n, Int((c->set & outcome) != 0 ? 1 : 0));
    return;
  }
  const std::string_view name = static_cast<const internal::OpaqueNode*>(n)->name;
  if (is_rounding(n)) {
    const std::optional<double> v = shape::evaluate_float(args_of(n)[0], symbol, integer);
    if (!v) return;
    if (const std::optional<int64_t> r = rounded(name, *v)) point.set(n, Int(*r));
    return;
  }
  const OpaqueOptions* declared = opaques.find(std::string(name));
  if (declared == nullptr || declared->eval == nullptr) return;
  std::vector<int64_t> args;
  for (const Node* a : args_of(n)) {
    const std::optional<int64_t> v = a->sort == Sort::kReal ? std::nullopt : integer(a);
    if (!v) return;
    args.push_back(*v);
  }
  if (const std::optional<int64_t> v = declared->eval(args)) point.set(n, Int(*v));
}

std::optional<Int> Env::Impl::value_at_hints(Expr e) {
  const Node* n = Builder::node(e);
  if (n->partial) {
    for (const Node* o : terms.below(n)) bind_opaque(o, float_hints(), hints);
  }
  return evaluator.evaluate(n, hints);
}

std::optional<double> Env::Impl::float_value_at_hints(Expr e) {
  return shape::evaluate_float(
      Builder::node(e), float_hints(), [&](const Node* i) -> std::optional<int64_t> {
        const std::optional<Int> v = value_at_hints(Builder::expr(i));
        return v ? v->to_int64() : std::nullopt;
      });
}

namespace {

struct Reading {
  Expr of;     // a select or a conjunction
  Expr value;  // what was read of it
  Expr where;  // this holds
};

}  // namespace

// A guard holds in the run that is traced, though a divisor may be 0 there of which
// nothing is read, or a real that becomes an integer no number. The guard as it was read,
// after the conditions by which it is read like that, and after what else it needs of
// what it does not read: all of which hold in this run.
std::vector<Expr> Env::Impl::as_read(Expr fact) {
  std::vector<Expr> conditions;
  const auto fails = [&](const Need& need) {
    const std::optional<Int> v = value_at_hints(need.condition);
    return !v || v->is_zero();
  };
  const auto fails_below = [&](const Node* n) {
    return std::ranges::any_of(needs(n), fails);
  };
  // The outermost term of which a part without a value was not read.
  const auto reading = [&](Expr e) {
    std::optional<Reading> found;
    for (const Node* n : internal::nodes_below(
             Builder::node(e), [](const Node* m) { return m->partial; },
             [](const Node* m) { return m->op == Op::kSelect || m->op == Op::kAnd; })) {
      const auto args = args_of(n);
      if (n->op == Op::kSelect) {
        const Expr c = Builder::expr(args[0]);
        const std::optional<Int> v = value_at_hints(c);
        if (!v || !fails_below(args[v->is_zero() ? 1 : 2])) continue;
        found = {Builder::expr(n), Builder::expr(args[v->is_zero() ? 2 : 1]),
                 v->is_zero() ? !c : c};
      } else if (fails_below(n)) {
        for (const Node* part : args) {
          const std::optional<Int> v = value_at_hints(Builder::expr(part));
          if (!v || !v->is_zero()) continue;
          found = {Builder::expr(n), pool.boolean(false), !Builder::expr(part)};
          break;
        }
      }
    }
    return found;
  };
  while (std::ranges::any_of(unread_needs(Builder::node(fact)), fails)) {
    const std::optional<Reading> r = reading(fact);
    if (!r) break;
    for (const Expr c : as_read(r->where)) conditions.push_back(c);
    const std::vector<Need> before = needs(Builder::node(fact));
    fact = substitute(fact, std::vector{std::pair(r->of, r->value)});
    // What is left may be shorter: a*b//(a*b) is 1, and needed a*b != 0.
    const std::vector<Need> left = needs(Builder::node(fact));
    for (const Need& need : before) {
      if (std::ranges::find(left, need.condition, &Need::condition) == left.end() &&
          !fails(need)) {
        conditions.push_back(need.condition);
      }
    }
  }
  for (const Need& need : unread_needs(Builder::node(fact))) {
    if (!fails(need)) conditions.push_back(need.condition);
  }
  conditions.push_back(fact);
  return conditions;
}

std::optional<int64_t> Env::Impl::int64_at_hints(Expr e) {
  if (e.sort() == Sort::kReal) return std::nullopt;
  const std::optional<Int> v = value_at_hints(e);
  return v ? v->to_int64() : std::nullopt;
}

std::optional<int64_t> Env::at_hints(Expr e) { return impl_->int64_at_hints(e); }

std::optional<double> Env::float_at_hints(Expr e) {
  return impl_->float_value_at_hints(e);
}

}  // namespace congrua::shape

namespace congrua::shape {

namespace {

constexpr int64_t kPointSteps = 200'000;
constexpr int64_t kAllPinSteps = 4'000'000;   // of all pins together
constexpr int64_t kLarge = int64_t{1} << 20;  // where nothing bounds a size from above

// Pins on single symbols, each kept where the facts with it and with those before it
// still have a point. Most are kept: all of a block are tried at once, then its halves.
class Pins {
 public:
  Pins(ExprPool& pool, std::vector<Expr> facts) : pool_(pool), all_(std::move(facts)) {}

  // The first of the choices that can be kept.
  void want(std::vector<Expr> choices) {
    if (!choices.empty()) wanted_.push_back(std::move(choices));
  }
  // The facts, and the pins that were kept.
  std::vector<Expr> keep() && {
    keep(0, wanted_.size());
    return std::move(all_);
  }

 private:
  void keep(size_t first, size_t last) {
    if (first == last || left_ <= 0) return;
    const size_t before = all_.size();
    for (size_t i = first; i < last; ++i) all_.push_back(wanted_[i][0]);
    if (has_point()) return;
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(before), all_.end());
    if (last - first > 1) {
      const size_t middle = first + (last - first) / 2;
      keep(first, middle);
      keep(middle, last);
      return;
    }
    for (size_t choice = 1; choice < wanted_[first].size() && left_ > 0; ++choice) {
      all_.push_back(wanted_[first][choice]);
      if (has_point()) return;
      all_.pop_back();
    }
  }
  bool has_point() {
    const int64_t granted = std::min(left_, kPointSteps);
    Budget budget(granted);
    const bool found =
        guard::solve(pool_, all_, budget, false).status == guard::Status::kSat;
    left_ -= budget.spent_of(granted) + static_cast<int64_t>(all_.size());
    return found;
  }

  ExprPool& pool_;
  std::vector<Expr> all_;
  std::vector<std::vector<Expr>> wanted_;
  int64_t left_ = kAllPinSteps;
};

}  // namespace

// A point that satisfies every fact.
const internal::Assignment* Env::Impl::point(Typical which) {
  Point& p = points[static_cast<size_t>(which)];
  if (p.made && p.records == records.size() && p.symbols == symbols.size() &&
      p.position == position) {
    return p.found ? &p.values : nullptr;
  }
  p.made = true;
  p.records = records.size();
  p.symbols = symbols.size();
  p.position = position;
  p.values.clear();
  std::vector<Expr> facts;
  for (const Record& r : records) {
    if (holds_here(r, kAllClasses)) facts.push_back(r.fact);
  }
  Pins pins(pool, std::move(facts));
  for (const SymbolInfo& s : symbols) {
    if (s.kind == Kind::kFloat) continue;
    std::vector<int64_t> wanted;
    if (which == Typical::kTypical) {
      if (s.typical) wanted.push_back(*s.typical);
      if (s.has_hint) wanted.push_back(s.hint);
    } else if (which == Typical::kLargest && s.kind != Kind::kBool) {
      const Bounds b = view(kAllClasses).bounds(s.symbol, 2'000);
      if (b.hi) wanted.push_back(*b.hi);
      for (int64_t large = kLarge; large >= 64; large /= 4) wanted.push_back(large);
    }
    std::vector<Expr> choices;
    for (const int64_t v : wanted) {
      choices.push_back(s.symbol.is_bool() ? (v != 0 ? s.symbol : !s.symbol)
                                           : eq(s.symbol, pool.constant(v)));
    }
    pins.want(std::move(choices));
  }
  facts = std::move(pins).keep();
  Budget budget(kPointSteps);
  const guard::SolveResult r = guard::solve(pool, facts, budget, false);
  p.found = r.status == guard::Status::kSat;
  if (!p.found) return nullptr;
  for (const auto& [term, value] : r.model) p.values.set(Builder::node(term), value);
  // A symbol that no fact reads has the least value of its range.
  for (const SymbolInfo& s : symbols) {
    const Node* n = Builder::node(s.symbol);
    if (p.values.find(n) == nullptr && s.kind != Kind::kFloat) {
      p.values.set(n, Int(s.symbol.range().lo.value_or(s.kind == Kind::kBool ? 0 : 2)));
    }
  }
  return &p.values;
}

int64_t Env::optimization_hint(Expr e, int64_t otherwise, Typical which) {
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  const internal::Assignment* point = m.point(which);
  if (point == nullptr || e.sort() == Sort::kReal) return otherwise;
  const std::optional<Int> v = m.evaluator.evaluate(Builder::node(e), *point);
  const std::optional<int64_t> value = v ? v->to_int64() : std::nullopt;
  return value.value_or(otherwise);
}

}  // namespace congrua::shape
