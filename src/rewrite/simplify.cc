#include "congrua/simplify.h"

#include "expr/builder.h"
#include "guard/facts_impl.h"
#include "rewrite/form.h"

namespace congrua {

using internal::Builder;

Expr simplify(Facts& facts, Expr e, const SimplifyOptions& options) {
  Facts::Impl& impl = facts.impl();
  if (impl.contradictory) return e;
  const Expr rewritten = Builder::expr(impl.rewrite(Builder::node(e)));
  if (!rewritten.is_bool() || rewritten.is_const()) return rewritten;
  const Answer answer = facts.decide(
      rewritten, {.steps = options.steps, .cancel = options.cancel, .explain = false});
  if (answer.truth == Truth::kTrue) return e.pool().boolean(true);
  if (answer.truth == Truth::kFalse) return e.pool().boolean(false);
  return rewritten;
}

Form extract(Facts& /*facts*/, Expr e, const ExtractOptions& /*options*/) {
  return internal::make_form(
      internal::view_of(Builder::node(e), internal::Language::kSexpr, Division::kFloor));
}

}  // namespace congrua
