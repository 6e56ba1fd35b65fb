#include "congrua/simplify.h"

#include "congrua/eval.h"
#include "expr/builder.h"
#include "guard/facts_impl.h"
#include "rewrite/form.h"

namespace congrua {

using internal::Builder;

namespace {

// The equalities made symbols for quotients (guard/equalities.cc); nobody else knows
// these. Later ones may stand for quotients that hold earlier ones.
Expr without_quotient_symbols(const Facts::Impl& impl, Expr e) {
  for (size_t i = impl.quotients.size(); i-- > 0;) {
    const auto& [symbol, quotient] = impl.quotients[i];
    const std::pair<Expr, Expr> back[] = {
        {Builder::expr(symbol), Builder::expr(quotient)}};
    e = substitute(e, back);
  }
  return e;
}

}  // namespace

Expr simplify(Facts& facts, Expr e, const SimplifyOptions& options) {
  Facts::Impl& impl = facts.impl();
  if (impl.contradictory) return e;
  const Expr rewritten =
      without_quotient_symbols(impl, Builder::expr(impl.rewrite(Builder::node(e))));
  if (!rewritten.is_bool() || rewritten.is_const()) return rewritten;
  const Answer answer = facts.decide(
      rewritten, {.steps = options.steps, .cancel = options.cancel, .explain = false});
  if (answer.truth == Truth::kTrue) return e.pool().boolean(true);
  if (answer.truth == Truth::kFalse) return e.pool().boolean(false);
  return rewritten;
}

Form extract(Facts& /*facts*/, Expr e, const ExtractOptions& options) {
  return internal::make_form(
      internal::view_of(Builder::node(e), internal::Language::kSexpr, options.division));
}

}  // namespace congrua
