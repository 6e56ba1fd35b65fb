// Which form an integer or a proposition is computed as, and in which ranges its steps
// lie.
//
// The interval of a step comes from those of its operands, narrowed by what the facts say
// of its value where it does not fit int64, or where the sign of an operand of a division
// is open.
#include <algorithm>

#include "congrua/simplify.h"
#include "congrua/text.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "rewrite/form.h"
#include "shape/emit.h"
#include "width/checker.h"

namespace congrua::shape::emit {

using internal::Builder;
using width::Program;
using width::StepOp;

namespace {

constexpr int64_t kBoundSteps = 2'000;
constexpr int64_t kAskSteps = 20'000;
constexpr unsigned kMaxBits = 4096;
const Int kLow64(INT64_MIN), kHigh64(INT64_MAX);

bool fits64(const Interval& v) { return v.lo >= kLow64 && v.hi <= kHigh64; }

unsigned bits_of(const Interval& v) {
  return std::max(v.lo.bit_length(), v.hi.bit_length()) + 1;
}

Interval hull(std::initializer_list<Int> corners) {
  Interval r{*corners.begin(), *corners.begin()};
  for (const Int& c : corners) {
    r.lo = std::min(r.lo, c);
    r.hi = std::max(r.hi, c);
  }
  return r;
}

Interval join(const Interval& a, const Interval& b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

// Of the members of b other than 0; a quotient is monotone in each operand where the
// divisor keeps its sign.
template <typename Divide>
Interval quotient(const Interval& a, const Interval& b, Divide divide) {
  std::optional<Interval> r;
  const auto part = [&](const Int& lo, const Int& hi) {
    if (lo > hi) return;
    const Interval q =
        hull({divide(a.lo, lo), divide(a.lo, hi), divide(a.hi, lo), divide(a.hi, hi)});
    r = r ? join(*r, q) : q;
  };
  part(std::max(b.lo, Int(1)), b.hi);
  part(b.lo, std::min(b.hi, Int(-1)));
  return r.value_or(Interval{});
}

Interval remainder(const Interval& a, const Interval& b) {
  std::optional<Interval> r;
  if (b.hi > Int(0)) {
    const bool as_it_is = a.lo >= Int(0) && b.lo > Int(0) && a.hi < b.lo;
    r = as_it_is ? a : Interval{Int(0), b.hi - Int(1)};
  }
  if (b.lo < Int(0)) {
    const Interval down{b.lo + Int(1), Int(0)};
    r = r ? join(*r, down) : down;
  }
  return r.value_or(Interval{});
}

bool is_division(StepOp op) {
  return op == StepOp::kFloorDiv || op == StepOp::kFloorMod || op == StepOp::kCeilDiv;
}

}  // namespace

Width width_of(const Interval& v) {
  if (fits64(v)) return Width::k64;
  return bits_of(v) <= 128 ? Width::k128 : Width::kLimbs;
}

absl::StatusOr<Value> Writer::integer(Expr e) {
  // The shortest form under what was tested, the term as it is, and integers in an order
  // that fits: the first of the narrowest ones.
  const Expr simple = congrua::simplify(facts_, e, {.steps = kAskSteps});
  std::vector<Form> forms = {extract(facts_, simple), form_of(e)};
  std::optional<Ranges> best;
  std::optional<Program> program;
  width::Numbers numbers;
  const auto look_at = [&](const Form& f) {
    Program p = width::compile(internal::dag_of(f), Evaluation::kAll, numbers);
    std::optional<Ranges> r = usable(p);
    if (!r || (best && best->widest <= r->widest)) return;
    best = std::move(r);
    program = std::move(p);
  };
  for (size_t i = 0; i < forms.size(); ++i) {
    look_at(forms[i]);
    if (best && best->widest == Width::k64) break;
    if (i != 1 || !cpp() || !e.is_int()) continue;
    if (std::optional<Narrowed> n =
            narrow(facts_, simple, kInt64, {}, {.steps = kAskSteps})) {
      forms.push_back(std::move(n->form));
    }
  }
  if (!best) {
    return absl::ResourceExhaustedError(
        cat("guard_text: ", m_.with_sources(e), " has no code"));
  }
  if (best->bits > kMaxBits) {
    return absl::ResourceExhaustedError(cat("guard_text: ", m_.with_sources(e),
                                            " has integers of ", best->bits, " bits"));
  }
  return steps(*program, *best);
}

// What the root reads: operands of opaque terms are steps as well, but were written with
// their term.
std::vector<bool> Writer::read_steps(const Program& p) {
  std::vector<bool> read(p.steps.size());
  read[p.root] = true;
  for (StepId i = p.root + 1; i-- > 0;) {
    if (!read[i]) continue;
    const StepId args[] = {p.steps[i].a, p.steps[i].b, p.steps[i].c};
    for (int k = 0; k < width::arity(p.steps[i].op); ++k) read[args[k]] = true;
  }
  return read;
}

// nullopt: it divides by what is not known to be other than 0, or reads a term that was
// not written.
std::optional<Ranges> Writer::usable(const Program& p) {
  if (p.cut) return std::nullopt;
  const std::vector<bool> read = read_steps(p);
  for (StepId i = 0; i < p.steps.size(); ++i) {
    const Step& s = p.steps[i];
    if (!read[i]) continue;
    if ((s.op == StepOp::kSymbol || s.op == StepOp::kOpaque) &&
        (!written_.contains(s.node) || s.sort == Sort::kReal)) {
      return std::nullopt;
    }
    if (s.op == StepOp::kTruncDiv || s.op == StepOp::kTruncMod) return std::nullopt;
  }
  const WidthOptions options{.steps = kAskSteps};
  width::Checker checker(facts_, p, kInt64, options);
  for (StepId i = 0; i < p.steps.size(); ++i) {
    const Step& s = p.steps[i];
    if (read[i] && is_division(s.op) && !is_nonzero(facts_, checker.value(s.b)))
      return std::nullopt;
  }
  return ranges_of(p, checker);
}

Ranges Writer::ranges_of(const Program& p, width::Checker& checker) {
  Ranges ranges;
  ranges.of.resize(p.steps.size());
  if (!cpp()) return ranges;
  const std::vector<bool> read = read_steps(p);
  std::vector<bool> sign_matters(p.steps.size());
  for (const Step& s : p.steps) {
    if (is_division(s.op)) sign_matters[s.a] = sign_matters[s.b] = true;
  }
  const auto holds = [&](Expr e) {
    return facts_.decide(e, {.steps = kAskSteps, .explain = false, .search = false})
               .truth == Truth::kTrue;
  };
  for (StepId i = 0; i < p.steps.size(); ++i) {
    const Step& s = p.steps[i];
    if (!read[i] || s.sort != Sort::kInt) continue;
    Interval r;
    const auto at = [&](StepId x) -> const Interval& { return ranges.of[x]; };
    switch (s.op) {
      case StepOp::kConst:
        r = {*s.number, *s.number};
        break;
      case StepOp::kSymbol:
      case StepOp::kOpaque:
        r = {kLow64, kHigh64};
        break;
      case StepOp::kNeg:
        r = {-at(s.a).hi, -at(s.a).lo};
        break;
      case StepOp::kAdd:
        r = {at(s.a).lo + at(s.b).lo, at(s.a).hi + at(s.b).hi};
        break;
      case StepOp::kSub:
        r = {at(s.a).lo - at(s.b).hi, at(s.a).hi - at(s.b).lo};
        break;
      case StepOp::kMul:
        r = hull({at(s.a).lo * at(s.b).lo, at(s.a).lo * at(s.b).hi,
                  at(s.a).hi * at(s.b).lo, at(s.a).hi * at(s.b).hi});
        break;
      case StepOp::kFloorDiv:
        r = quotient(at(s.a), at(s.b),
                     [](const Int& a, const Int& b) { return floor_div(a, b); });
        break;
      case StepOp::kCeilDiv:
        r = quotient(at(s.a), at(s.b),
                     [](const Int& a, const Int& b) { return ceil_div(a, b); });
        break;
      case StepOp::kFloorMod:
        r = remainder(at(s.a), at(s.b));
        break;
      case StepOp::kMin:
        r = {std::min(at(s.a).lo, at(s.b).lo), std::min(at(s.a).hi, at(s.b).hi)};
        break;
      case StepOp::kMax:
        r = {std::max(at(s.a).lo, at(s.b).lo), std::max(at(s.a).hi, at(s.b).hi)};
        break;
      case StepOp::kAbs:
        r = join(at(s.a), {-at(s.a).hi, -at(s.a).lo});
        r.lo = at(s.a).lo.sign() > 0 ? at(s.a).lo : Int(0);
        break;
      default:  // kSelect
        r = join(at(s.b), at(s.c));
    }
    const bool leaf = s.op == StepOp::kSymbol || s.op == StepOp::kOpaque;
    const bool signs = sign_matters[i] && r.lo.sign() < 0 && r.hi.sign() > 0;
    if (s.op != StepOp::kConst && (leaf || signs || !fits64(r))) {
      // What the facts say of the value holds at every point that comes here.
      const Expr value = Builder::expr(checker.value(i));
      const Bounds b =
          facts_.bounds(value, {.steps = leaf ? 0 : kBoundSteps, .explain = false});
      if (b.lo) r.lo = std::max(r.lo, Int(*b.lo));
      if (b.hi) r.hi = std::min(r.hi, Int(*b.hi));
      const auto c = [&](int64_t v) { return env_.pool().constant(v); };
      if (r.lo < kLow64 && holds(ge(value, c(INT64_MIN)))) r.lo = kLow64;
      if (r.hi > kHigh64 && holds(le(value, c(INT64_MAX)))) r.hi = kHigh64;
      if (signs && r.lo.sign() < 0 && r.hi.sign() > 0) {
        if (holds(ge(value, c(0)))) {
          r.lo = Int(0);
        } else if (holds(le(value, c(0)))) {
          r.hi = Int(0);
        }
      }
      // Facts that contradict each other: nobody comes here.
      if (r.lo > r.hi) r = {Int(0), Int(0)};
    }
    ranges.widest = std::max(ranges.widest, width_of(r));
    ranges.bits = std::max(ranges.bits, bits_of(r));
    ranges.of[i] = std::move(r);
  }
  return ranges;
}

}  // namespace congrua::shape::emit
