// The condition under which a form fits: each side of the range at which a step is open,
// at the extreme values of the loop variables; then without what follows from the rest.
#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "congrua/eval.h"
#include "congrua/text.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "guard/facts_impl.h"
#include "rewrite/form.h"
#include "width/checker.h"
#include "width/extremes.h"
#include "width/program.h"

namespace congrua {
namespace width {
namespace {

class GuardMaker {
 public:
  GuardMaker(Facts& facts, std::span<const Expr> loops, const WidthOptions& options)
      : facts_(facts),
        builder_(facts.impl().builder),
        loops_(loops),
        options_(options),
        extremes_(facts, loops, options) {}

  absl::StatusOr<WidthGuard> run(const Program& program, IntType type) {
    if (program.cut)
      return absl::ResourceExhaustedError("width guard: a power is too high");
    Checker checker(facts_, program, type, options_);
    const Span range = range_of(type);
    for (const Checker::Open& open : checker.open_sides()) {
      const Node* v = checker.value(open.step);
      // Its condition is left out: it then has to fit wherever its block is not run.
      if (program.steps[open.step].block != 0) extremes_.give_up_exactness();
      for (const bool low : {true, false}) {
        if (!(low ? open.low : open.high)) continue;
        const auto ends = extremes_.of(v, low);
        if (!ends) return no_bound(v, low);
        const Node* limit = builder_.constant(Int::from_i128(low ? range.lo : range.hi));
        for (const Node* end : *ends) {
          add(low ? builder_.ge(end, limit) : builder_.ge(limit, end));
        }
      }
      if (conditions_.size() > kMaxConditions) {
        return absl::ResourceExhaustedError("width guard: too many conditions");
      }
    }
    return finish(program.approximate);
  }

 private:
  static constexpr size_t kMaxConditions = 64;

  absl::Status no_bound(const Node* v, bool low) const {
    std::string why = "width guard: no bound " + std::string(low ? "below " : "above ") +
                      to_string(Builder::expr(v)) + " without loop variables is found";
    if (extremes_.unbounded() != nullptr) {
      why += ": " + to_string(Builder::expr(extremes_.unbounded())) + " has no range";
    }
    return absl::FailedPreconditionError(why);
  }

  void add(const Node* c) {
    const Expr simple =
        simplify(facts_, Builder::expr(c),
                 {.steps = options_.steps / 4, .cancel = options_.cancel});
    // Facts about loop variables may bring them in.
    const bool free = std::ranges::none_of(free_symbols(simple), [&](Expr s) {
      return std::ranges::find(loops_, s) != loops_.end();
    });
    const Expr e = free ? simple : Builder::expr(c);
    if (e.is_true() || std::ranges::find(conditions_, e) != conditions_.end()) return;
    conditions_.push_back(e);
  }

  bool follows(Expr c) {
    return facts_
               .decide(c, {.steps = options_.steps / 4,
                           .cancel = options_.cancel,
                           .explain = false})
               .truth == Truth::kTrue;
  }

  // The conditions that do not follow from the facts and those before them; false where
  // they contradict each other.
  bool forward(std::vector<Expr>* kept) {
    facts_.push();
    bool possible = true;
    for (const Expr c : conditions_) {
      if (follows(c)) continue;
      kept->push_back(c);
      possible = possible && facts_.add(c).ok() && !facts_.contradictory();
      if (!possible) break;
    }
    facts_.pop();
    return possible;
  }

  // Those that do not follow from all others either, `safe` as the others are.
  std::vector<Expr> minimal(std::vector<Expr> kept, bool safe) {
    for (size_t i = 0; i < kept.size() && kept.size() > 1;) {
      facts_.push();
      for (size_t k = 0; k < kept.size(); ++k) {
        if (k != i) (void)facts_.add(kept[k]);
      }
      bool drop = follows(kept[i]);
      facts_.pop();
      if (drop && safe) {
        std::vector<Expr> others = kept;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        drop = make_safe(&others, false);
      }
      if (drop) {
        kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
    return kept;
  }

  // a*b*... <= k as a <= floor_div(floor_div(k, b), ...), where b, ... are positive.
  std::optional<Expr> by_division(Facts& known, Expr c) {
    const Node* n = Builder::node(c);
    if (n->op != Op::kGe) return std::nullopt;
    const internal::LinearView sum(internal::args_of(n)[0]);
    if (sum.terms().size() != 1 || sum.terms()[0].coef.sign() > 0) return std::nullopt;
    const internal::FactorView product(sum.terms()[0].mono);
    std::vector<const Node*> factors;
    for (const internal::Factor& f : product.factors()) {
      if (f.exponent > 8) return std::nullopt;
      factors.insert(factors.end(), f.exponent, f.base);
    }
    const Node* limit =
        builder_.constant(floor_div(sum.constant(), -sum.terms()[0].coef));
    const Node* first = nullptr;
    for (const Node* f : factors) {
      const Expr positive = ge(Builder::expr(f), builder_.pool().constant(1));
      if (known.decide(positive, {.explain = false}).truth == Truth::kTrue &&
          (first != nullptr || f != factors.back())) {
        limit = builder_.floor_div(limit, f);
      } else if (first == nullptr) {
        first = f;
      } else {
        return std::nullopt;
      }
    }
    return Builder::expr(builder_.ge(limit, first));
  }

  // Is the conjunct computed in 64 bits, without dividing by 0, where the facts hold?
  bool is_safe(Facts& known, Expr c) {
    if (fits(known, c, kInt64, options_).truth != Truth::kTrue) return false;
    Numbers numbers;
    const Form form = form_of(c);
    const Program program = compile(internal::dag_of(form), Evaluation::kAll, numbers);
    Checker checker(known, program, kInt64, options_);
    return std::ranges::all_of(program.steps, [&](const Step& s) {
      if (s.op < StepOp::kFloorDiv || s.op > StepOp::kTruncMod) return true;
      const Node* zero = builder_.eq(checker.value(s.b), builder_.constant(Int()));
      return internal::is_false(zero) || checker.always(builder_.logical_not(zero), 0);
    });
  }

  // Are all conjuncts safe, each after those before it? Those that hold for all int64
  // values are left out, and some put another way where they may `divide`.
  bool make_safe(std::vector<Expr>* conjuncts, bool divide) {
    Facts known(builder_.pool());
    for (FactId id = 0; id < facts_.size(); ++id) {
      const Expr f = facts_.fact(id);
      const bool input = std::ranges::none_of(free_symbols(f), [&](Expr s) {
        return std::ranges::find(loops_, s) != loops_.end();
      });
      if (input) (void)known.add(f);
    }
    for (const Expr c : *conjuncts) {
      for (const Expr s : free_symbols(c)) {
        if (!s.is_int()) continue;
        (void)known.add(ge(s, builder_.pool().constant(INT64_MIN)));
        (void)known.add(le(s, builder_.pool().constant(INT64_MAX)));
      }
    }
    std::vector<Expr> safe;
    for (Expr c : *conjuncts) {
      if (known.decide(c, {.explain = false}).truth == Truth::kTrue) continue;
      if (!is_safe(known, c)) {
        const std::optional<Expr> other =
            divide ? by_division(known, c) : std::optional<Expr>();
        if (!other || !is_safe(known, *other)) {
          unsafe_ = c;
          return false;
        }
        c = *other;
      }
      (void)known.add(c);
      safe.push_back(c);
    }
    *conjuncts = std::move(safe);
    return true;
  }

  absl::StatusOr<WidthGuard> finish(bool approximate) {
    // Bounds of single symbols first: they are safe, and make others so.
    std::ranges::stable_sort(conditions_, {},
                             [](Expr c) { return measure(c).dag_nodes; });
    std::vector<Expr> kept;
    if (!forward(&kept)) {
      return absl::FailedPreconditionError(
          "width guard: no inputs that the facts allow fit");
    }
    std::vector<Expr> chosen = minimal(kept, false);
    if (!make_safe(&chosen, false)) {
      // What follows from the facts about loop variables, or from later conjuncts, may be
      // what makes these safe.
      for (const Node* c : extremes_.nonempty()) {
        if (!internal::is_const(c)) kept.insert(kept.begin(), Builder::expr(c));
      }
      bool safe = false;
      for (const bool divide : {false, true}) {
        if (safe) break;
        chosen = kept;
        safe = make_safe(&chosen, divide);
      }
      if (!safe) {
        return absl::OutOfRangeError("width guard: " + to_string(*unsafe_) +
                                     " is not known to be computed in 64 bits");
      }
      chosen = minimal(std::move(chosen), true);
    }
    const Expr all = builder_.pool().conjunction(chosen);
    return WidthGuard{std::move(chosen), all, extremes_.exact() && !approximate};
  }

  Facts& facts_;
  Builder& builder_;
  std::span<const Expr> loops_;
  const WidthOptions& options_;
  Extremes extremes_;
  std::vector<Expr> conditions_;
  std::optional<Expr> unsafe_;
};

}  // namespace
}  // namespace width

absl::StatusOr<WidthGuard> width_guard(Facts& facts, const Form& form, IntType type,
                                       std::span<const Expr> loops,
                                       const WidthOptions& options) {
  if (!width::is_valid(type)) {
    return absl::InvalidArgumentError("width guard: no integer type: " + to_string(type));
  }
  for (const Expr s : loops) {
    if (s.op() != Op::kSymbol || !s.is_int()) {
      return absl::InvalidArgumentError("width guard: no loop variable: " + to_string(s));
    }
  }
  width::Numbers numbers;
  const width::Program program =
      width::compile(internal::dag_of(form), options.evaluation, numbers);
  return width::GuardMaker(facts, loops, options).run(program, type);
}

absl::StatusOr<WidthGuard> width_guard(Facts& facts, Expr e, IntType type,
                                       std::span<const Expr> loops,
                                       const WidthOptions& options) {
  return width_guard(facts, form_of(e), type, loops, options);
}

}  // namespace congrua
