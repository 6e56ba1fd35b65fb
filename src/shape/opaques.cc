// What is known of integers that are opaque to the algebra: roundings of real terms, and
// functions that a host declared.
#include <algorithm>
#include <cmath>
#include <limits>

#include "expr/builder.h"
#include "shape/view.h"

namespace congrua::shape {

using internal::args_of;
using internal::Builder;
using internal::Node;
using internal::OpaqueNode;

namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: integers below are doubles
bool is_exact(int64_t v) {  // asked of the integer: as a double 2^53 + 1 is 2^53
  return v >= -(int64_t{1} << 53) && v <= int64_t{1} << 53;
}
constexpr size_t kMaxRelated = 32;        // applications of one name
constexpr int64_t kDivisorSteps = 2'000;  // whether a divisor may be 0

std::string_view name_of(const Node* n) {
  return static_cast<const OpaqueNode*>(n)->name;
}

// A real term that is monotone in the one integer it reads.
struct RealChain {
  const Node* integer;
  bool decreasing;
};

std::optional<RealChain> real_chain(const Node* n, int depth = 0) {
  constexpr int kMaxDepth = 16;
  if (depth > kMaxDepth || n->op != Op::kOpaque) return std::nullopt;
  const auto args = args_of(n);
  const std::string_view name = name_of(n);
  if (args.size() == 1 && name == "tofloat" && args[0]->sort == Sort::kInt) {
    return RealChain{args[0], false};
  }
  if (args.size() == 1 && name == "neg") {
    std::optional<RealChain> c = real_chain(args[0], depth + 1);
    if (c) c->decreasing = !c->decreasing;
    return c;
  }
  if (args.size() != 2) return std::nullopt;
  const auto literal = [](const Node* a) -> std::optional<double> {
    if (a->op == Op::kOpaque && args_of(a).empty()) return float_literal(name_of(a));
    if (a->op == Op::kConst && a->sort == Sort::kInt) {
      const std::optional<int64_t> v = internal::const_value(a).to_int64();
      if (v && is_exact(*v)) return static_cast<double>(*v);
    }
    return std::nullopt;
  };
  for (const size_t which : {0, 1}) {
    const std::optional<double> c = literal(args[which]);
    if (!c || !std::isfinite(*c)) continue;
    const Node* other = args[1 - which];
    std::optional<RealChain> chain =
        other->sort == Sort::kReal ? real_chain(other, depth + 1)
        : other->sort == Sort::kInt && other->op != Op::kConst
            ? std::optional(RealChain{other, false})
            : std::nullopt;
    if (!chain) continue;
    if (name == "add") return chain;
    if (name == "sub") {
      if (which == 0) chain->decreasing = !chain->decreasing;
      return chain;
    }
    const bool scales = name == "mul" || (name == "ftruediv" && which == 1);
    if (!scales || *c == 0) return std::nullopt;
    if (*c < 0) chain->decreasing = !chain->decreasing;
    return chain;
  }
  return std::nullopt;
}

}  // namespace

std::optional<MonotoneTerm> monotone_term(const Node* n, const OpaqueTable& opaques) {
  if (is_rounding(n)) {
    const Node* real = args_of(n)[0];
    const std::optional<RealChain> chain = real_chain(real);
    if (!chain) return std::nullopt;
    const Node* integer = chain->integer;
    return MonotoneTerm{
        integer, chain->decreasing,
        [real, integer, operation = name_of(n)](int64_t v) -> std::optional<double> {
          const std::optional<double> x = evaluate_float(
              real, [](const Node*) { return std::optional<double>(); },
              [&](const Node* i) -> std::optional<int64_t> {
                if (i == integer) return v;
                return i->op == Op::kConst ? internal::const_value(i).to_int64()
                                           : std::nullopt;
              });
          if (!x || *x != *x) return std::nullopt;
          if (std::abs(*x) >= kExact) return *x;  // an integer already
          const std::optional<int64_t> r = rounded(operation, *x);
          if (!r) return std::nullopt;
          return static_cast<double>(*r);
        }};
  }
  if (n->op != Op::kOpaque || n->sort != Sort::kInt) return std::nullopt;
  const OpaqueOptions* declared = opaques.find(std::string(name_of(n)));
  if (declared == nullptr || declared->eval == nullptr || declared->monotone_in < 0) {
    return std::nullopt;
  }
  const auto args = args_of(n);
  const auto at = static_cast<size_t>(declared->monotone_in);
  if (at >= args.size() || args[at]->sort != Sort::kInt) return std::nullopt;
  std::vector<int64_t> values(args.size());
  for (size_t i = 0; i < args.size(); ++i) {
    if (i == at) continue;
    if (args[i]->op != Op::kConst) return std::nullopt;
    const std::optional<int64_t> v = internal::const_value(args[i]).to_int64();
    if (!v) return std::nullopt;
    values[i] = *v;
  }
  return MonotoneTerm{
      args[at], false,
      [eval = declared->eval, values, at](int64_t v) mutable -> std::optional<double> {
        values[at] = v;
        const std::optional<int64_t> r = eval(values);
        if (!r) return std::nullopt;
        return static_cast<double>(*r);  // rounding is monotone
      }};
}

// `c + k*o >= 0` or `== 0` for one monotone o, as a proposition about its argument.
const Node* View::threshold(const Node* comparison) {
  const internal::LinearView p(args_of(comparison)[0]);
  if (p.terms().size() != 1) return nullptr;
  const internal::Term t = *p.terms().begin();
  const std::optional<int64_t> k = t.coef.to_int64(), c = p.constant().to_int64();
  if (!k || !c || t.mono->op != Op::kOpaque) return nullptr;
  if (!is_exact(*k) || !is_exact(*c)) return nullptr;
  const std::optional<MonotoneTerm> m = monotone_term(t.mono, opaques_);
  if (!m) return nullptr;
  const Bounds range = int_bounds(m->argument);
  const int64_t first = range.lo.value_or(std::numeric_limits<int64_t>::min());
  const int64_t last = range.hi.value_or(std::numeric_limits<int64_t>::max());
  if (first > last) return nullptr;
  Builder& b = Builder::of(pool_);
  // o >= value, in terms of the argument.
  const auto at_least = [&](int64_t value) -> const Node* {
    if (!is_exact(value)) return nullptr;
    const auto reaches = [&](int64_t v) -> std::optional<bool> {
      const std::optional<double> r = m->at(v);
      if (!r) return std::nullopt;
      return *r >= static_cast<double>(value);
    };
    const int64_t low = m->decreasing ? last : first, high = m->decreasing ? first : last;
    const std::optional<bool> at_low = reaches(low), at_high = reaches(high);
    if (!at_low || !at_high) return nullptr;
    if (*at_low) {
      // Beyond int64 the function is larger still, or there is nothing beyond.
      return m->decreasing ? (range.hi ? b.boolean(true) : nullptr)
                           : (range.lo ? b.boolean(true) : nullptr);
    }
    if (!*at_high) {
      return m->decreasing ? (range.lo ? b.boolean(false) : nullptr)
                           : (range.hi ? b.boolean(false) : nullptr);
    }
    int64_t no = low, yes = high;  // reaches at `yes`, not at `no`
    for (;;) {
      const auto from = static_cast<uint64_t>(no), to = static_cast<uint64_t>(yes);
      const uint64_t gap = m->decreasing ? from - to : to - from;
      if (gap <= 1) break;
      const auto middle =
          static_cast<int64_t>(m->decreasing ? from - gap / 2 : from + gap / 2);
      const std::optional<bool> r = reaches(middle);
      if (!r) return nullptr;
      (*r ? yes : no) = middle;
    }
    const Node* bound = b.constant(Int(yes));
    return m->decreasing ? b.ge(bound, m->argument) : b.ge(m->argument, bound);
  };
  const auto floor_quotient = [](int64_t a, int64_t d) {
    return a / d - ((a % d != 0 && (a < 0) != (d < 0)) ? 1 : 0);
  };
  if (comparison->op == Op::kGe) {
    if (*k > 0) return at_least(-floor_quotient(*c, *k));       // o >= ceil(-c/k)
    const Node* above = at_least(floor_quotient(*c, -*k) + 1);  // not o > floor(c/-k)
    return above != nullptr ? b.logical_not(above) : nullptr;
  }
  if (*c % *k != 0) return b.boolean(false);
  const int64_t value = -(*c / *k);
  const Node* low = at_least(value);
  const Node* high = at_least(value + 1);
  if (low == nullptr || high == nullptr) return nullptr;
  return b.conjunction(std::vector<const Node*>{low, b.logical_not(high)});
}

void View::derive(Expr fact) {
  (void)facts_.add(fact);
  owner_of_.push_back(kDerived);
}

// lo <= opaque <= hi, where that is news.
void View::state(const Node* opaque, std::optional<int64_t> lo,
                 std::optional<int64_t> hi) {
  Stated& s = stated_[opaque];
  const bool up = lo && (!s.lo || *lo > *s.lo);
  const bool down = hi && (!s.hi || *hi < *s.hi);
  if (!up && !down) return;
  stated_trail_.emplace_back(opaque, s);
  const Expr o = Builder::expr(opaque);
  if (up) s.lo = lo;
  if (down) s.hi = hi;
  if (up) derive(ge(o, pool_.constant(*lo)));
  if (down) derive(le(o, pool_.constant(*hi)));
}

// What is stated of a term asserts that its divisors are not 0, which is no news only
// where that is known: a question may not make it so for those that follow.
bool View::may_describe(const Node* n) {
  return std::ranges::all_of(terms_.open_divisors(n), [&](const Node* d) {
    const QuestionOptions options{
        .steps = kDivisorSteps, .explain = false, .search = false};
    return facts_.decide(ne(Builder::expr(d), pool_.constant(0)), options).truth ==
           Truth::kTrue;
  });
}

void View::describe(const Node* n) {
  if (n->sort != Sort::kInt || !may_describe(n)) return;
  if (is_rounding(n)) return describe_rounding(n);
  if (const OpaqueOptions* declared = opaques_.find(std::string(name_of(n)))) {
    describe_declared(n, *declared);
  }
}

void View::describe_rounding(const Node* n) {
  const FloatHull h = floats_.hull(args_of(n)[0], ints());
  if (h.nan) return;  // its value where it has one is in the hull all the same
  const std::string_view operation = name_of(n);
  state(n, rounded(operation, h.lo), rounded(operation, h.hi));
}

void View::describe_declared(const Node* n, const OpaqueOptions& options) {
  if (!stated_[n].declared) {
    stated_trail_.emplace_back(n, stated_[n]);
    stated_[n].declared = true;
    state(n, options.range.lo, options.range.hi);
    const Expr o = Builder::expr(n);
    if (options.multiple_of > 1) {
      derive(eq(floor_mod(o, options.multiple_of), pool_.constant(0)));
    }
    relate(n, options);
  }
  if (const std::optional<MonotoneTerm> m = monotone_term(n, opaques_)) {
    const Bounds b = int_bounds(m->argument);
    const auto value = [&](std::optional<int64_t> at) -> std::optional<int64_t> {
      if (!at) return std::nullopt;
      const std::optional<double> v = m->at(*at);
      if (!v || std::abs(*v) > kExact) return std::nullopt;
      return static_cast<int64_t>(*v);
    };
    state(n, value(b.lo), value(b.hi));
  }
}

// To the other applications of the same function.
void View::relate(const Node* n, const OpaqueOptions& options) {
  std::vector<const Node*>& others = applications_[std::string(name_of(n))];
  const auto args = args_of(n);
  for (const Node* other : others) {
    if (other == n) continue;
    const auto theirs = args_of(other);
    if (theirs.size() != args.size() || !may_describe(other)) continue;
    const Expr a = Builder::expr(n), b = Builder::expr(other);
    std::vector<Expr> equal;
    bool integers = true;
    size_t different = 0;
    for (size_t i = 0; i < args.size(); ++i) {
      integers &= args[i]->sort == Sort::kInt && theirs[i]->sort == Sort::kInt;
      if (args[i] == theirs[i]) continue;
      ++different;
      if (integers) equal.push_back(eq(Builder::expr(args[i]), Builder::expr(theirs[i])));
    }
    if (!integers) continue;
    if (options.injective) derive(implies(eq(a, b), pool_.conjunction(equal)));
    const auto m = static_cast<size_t>(options.monotone_in);
    if (options.monotone_in < 0 || m >= args.size() || different != 1 ||
        args[m] == theirs[m]) {
      continue;
    }
    const Expr x = Builder::expr(args[m]), y = Builder::expr(theirs[m]);
    derive(implies(ge(x, y), ge(a, b)));
    derive(implies(le(x, y), le(a, b)));
  }
  if (std::ranges::find(others, n) == others.end() && others.size() < kMaxRelated) {
    others.push_back(n);
  }
}

}  // namespace congrua::shape
