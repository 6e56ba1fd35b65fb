// What is known, and decisions.
#include <array>

#include "base/check.h"
#include "congrua/float64.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "shape/env_impl.h"

namespace congrua::shape {

using internal::Builder;

namespace {

bool settled(Truth t) { return t == Truth::kTrue || t == Truth::kFalse; }

// Intervals are asked first; a search for ends is worth that many steps.
constexpr int64_t kBoundSteps = 2'000;

}  // namespace

Known Env::is_known(Expr proposition, const Question& q) {
  CONGRUA_CHECK(proposition.is_bool(), "a question is a proposition");
  const internal::UseChild use(Builder::of(impl_->pool));
  return impl_->view(q).decide_given(proposition, q.given, q.steps);
}

std::optional<int64_t> Env::known_value(Expr e, const Question& q) {
  if (e.is_bool()) {
    const Known k = is_known(e, q);
    if (!settled(k.truth)) return std::nullopt;
    return k.truth == Truth::kTrue ? 1 : 0;
  }
  if (!e.is_int()) return std::nullopt;
  if (const std::optional<int64_t> v = e.as_const()) return v;
  const internal::UseChild use(Builder::of(impl_->pool));
  View& view = impl_->view(q);
  const Bounds b = view.bounds(e, 0);
  if (b.lo && b.lo == b.hi) return b.lo;
  // Where the hints say what the value would be, that is the question.
  if (const std::optional<int64_t> v = at_hints(e)) {
    const Known k = is_known(eq(e, impl_->pool.constant(*v)), q);
    return k.truth == Truth::kTrue ? v : std::nullopt;
  }
  const Bounds tight = view.bounds(e, kBoundSteps);
  return tight.lo && tight.lo == tight.hi ? tight.lo : std::nullopt;
}

std::optional<double> Env::known_float(Expr e) {
  const internal::UseChild use(Builder::of(impl_->pool));
  const FloatHull h = impl_->view(kAllClasses).hull(internal::Builder::node(e));
  return h.lo == h.hi && !h.nan ? std::optional(h.lo) : std::nullopt;
}

Explanation Env::explain(Expr proposition, const Question& q) {
  CONGRUA_CHECK(proposition.is_bool(), "a question is a proposition");
  const internal::UseChild use(Builder::of(impl_->pool));
  return impl_->view(q).explain_given(proposition, q.given, q.steps, q.certificate);
}

absl::StatusOr<Decision> Env::evaluate(Expr e, std::optional<int64_t> otherwise,
                                       const Question& q) {
  CONGRUA_CHECK(e.is_bool() || e.is_int(), "evaluate takes an integer or a proposition");
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  if (const std::optional<int64_t> v = known_value(e, q)) {
    return Decision{*v, How::kStatic};
  }
  const SymbolInfo* culprit = m.without_hint(e);
  std::optional<int64_t> v;
  if (culprit == nullptr) v = at_hints(e);
  if (!v) {
    if (otherwise) return Decision{*otherwise, How::kDefault};
    if (culprit != nullptr) {
      return absl::FailedPreconditionError(m.undecided_message(e, *culprit));
    }
    return absl::FailedPreconditionError(
        cat(m.with_sources(e),
            " has no value at the hints: it divides by 0 or exceeds int64"));
  }
  if (m.suppressed > 0) return Decision{*v, How::kSuppressed};
  const Expr condition = e.is_bool() ? (*v != 0 ? e : !e) : eq(e, m.pool.constant(*v));
  if (absl::Status s = guard(condition); !s.ok()) return s;
  return Decision{*v, How::kGuard};
}

absl::StatusOr<double> Env::evaluate_float(Expr e) {
  CONGRUA_CHECK(e.sort() == Sort::kReal, "evaluate_float takes a float");
  Impl& m = *impl_;
  const internal::UseChild use(Builder::of(m.pool));
  if (const std::optional<double> v = known_float(e)) return *v;
  if (const SymbolInfo* culprit = m.without_hint(e)) {
    return absl::FailedPreconditionError(m.undecided_message(e, *culprit));
  }
  const std::optional<double> v = m.float_value_at_hints(e);
  if (!v) {
    return absl::FailedPreconditionError(
        cat(m.with_sources(e), " has no value at the hints"));
  }
  if (m.suppressed > 0) return *v;
  const Expr condition =
      *v == *v ? float_eq(e, float_constant(m.pool, *v)) : float_ne(e, e);
  if (absl::Status s = guard(condition); !s.ok()) return s;
  return *v;
}

bool Env::guard_or(Expr proposition, bool otherwise, const Question& q) {
  const Known k = is_known(proposition, q);
  return settled(k.truth) ? k.truth == Truth::kTrue : otherwise;
}

Expr Env::simplify(Expr e) {
  const internal::UseChild use(Builder::of(impl_->pool));
  return impl_->view(kAllClasses).simplify(e);
}

Bounds Env::bounds(Expr e) {
  const internal::UseChild use(Builder::of(impl_->pool));
  return impl_->view(kAllClasses).bounds(e, 200'000);
}

Form Env::index_form(Expr e, std::span<const LoopVariable> loops) {
  const internal::UseChild use(Builder::of(impl_->pool));
  return congrua::index_form(impl_->view(kAllClasses).facts(), e, loops);
}

MergedLoops Env::merge_loops(std::span<const LoopVariable> loops,
                             std::span<const Expr> indices) {
  const internal::UseChild use(Builder::of(impl_->pool));
  return congrua::merge_loops(impl_->view(kAllClasses).facts(), loops, indices);
}

Known Env::is_multiple_of(Expr e, Expr divisor, const Question& q) {
  const internal::UseChild use(Builder::of(impl_->pool));
  return is_known(eq(floor_mod(e, divisor), impl_->pool.constant(0)), q);
}

}  // namespace congrua::shape
