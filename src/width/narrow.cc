#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "congrua/eval.h"
#include "congrua/width.h"
#include "expr/builder.h"
#include "guard/facts_impl.h"
#include "rewrite/form.h"
#include "width/checker.h"
#include "width/narrower.h"
#include "width/program.h"

namespace congrua {

using internal::Builder;
using internal::Node;

std::string_view narrowing_name(Narrowing narrowing) {
  switch (narrowing) {
    case Narrowing::kAsItIs:
      return "as_it_is";
    case Narrowing::kSimplified:
      return "simplified";
    case Narrowing::kReassociated:
      return "reassociated";
    case Narrowing::kFactored:
      return "factored";
    case Narrowing::kDivided:
      return "divided";
    case Narrowing::kSplit:
      return "split";
  }
  return "";
}

namespace {

bool form_fits(Facts& facts, const Form& form, IntType type, const WidthOptions& o) {
  return fits(facts, form, type, o).truth == Truth::kTrue;
}

// What the form computes, as a canonical node.
const Node* value_of(Facts& facts, const internal::ViewDag& dag) {
  width::Numbers numbers;
  const width::Program program = width::compile(dag, Evaluation::kAll, numbers);
  const WidthOptions options;
  return width::Checker(facts, program, IntType{}, options).value(program.root);
}

bool equal(Facts& facts, const Node* a, const Node* b) {
  return a == b ||
         facts.decide(eq(Builder::expr(a), Builder::expr(b)), {.explain = false}).truth ==
             Truth::kTrue;
}

// All ways but kSplit, until `accept` takes one.
template <typename Accept>
void narrowed_forms(Facts& facts, Expr e, IntType type, const WidthOptions& options,
                    Accept&& accept) {
  Form plain = form_of(e);
  if (form_fits(facts, plain, type, options) &&
      accept(Narrowed{Narrowing::kAsItIs, plain})) {
    return;
  }
  const Expr simple =
      simplify(facts, e, {.steps = options.steps, .cancel = options.cancel});
  std::vector<Form> forms = {extract(facts, simple), extract(facts, e)};
  if (simple != e) forms.push_back(form_of(simple));
  for (const Form& f : forms) {
    if (form_fits(facts, f, type, options) &&
        accept(Narrowed{Narrowing::kSimplified, f})) {
      return;
    }
  }
  forms.insert(forms.begin(), std::move(plain));
  for (const Form& f : forms) {
    width::Narrower narrower(facts, type, options);
    const internal::ViewDag& dag = internal::dag_of(f);
    std::optional<internal::ViewDag> out = narrower.run(dag);
    if (!out || !equal(facts, value_of(facts, dag), value_of(facts, *out))) continue;
    Form form = internal::make_form(std::move(*out));
    if (form_fits(facts, form, type, options) &&
        accept(Narrowed{narrower.used(), std::move(form)})) {
      return;
    }
  }
}

std::optional<Narrowed> first_narrowed(Facts& facts, Expr e, IntType type,
                                       const WidthOptions& options) {
  std::optional<Narrowed> found;
  narrowed_forms(facts, e, type, options, [&](Narrowed n) {
    found = std::move(n);
    return true;
  });
  return found;
}

// e = base + offset, where the base takes the terms that read uniform symbols alone.
std::optional<Narrowed> split(Facts& facts, Expr e, IntType type,
                              std::span<const Expr> uniform,
                              const WidthOptions& options) {
  Builder& b = facts.impl().builder;
  const internal::LinearView sum(Builder::node(e));
  const Node* base = b.constant(sum.constant());
  for (const internal::Term& t : sum.terms()) {
    const std::vector<Expr> symbols = free_symbols(Builder::expr(t.mono));
    const bool fixed = std::ranges::all_of(
        symbols, [&](Expr s) { return std::ranges::find(uniform, s) != uniform.end(); });
    if (fixed) base = b.add(base, b.scale(t.mono, t.coef));
  }
  const Node* offset = b.sub(Builder::node(e), base);
  if (internal::is_const(base) && internal::const_value(base).is_zero())
    return std::nullopt;
  std::optional<Narrowed> whole =
      first_narrowed(facts, Builder::expr(base), kInt64, options);
  if (!whole) return std::nullopt;
  std::optional<Narrowed> varying =
      first_narrowed(facts, Builder::expr(offset), type, options);
  if (!varying) return std::nullopt;
  // The last addition, in 64 bits.
  const Bounds range =
      facts.bounds(e, {.steps = options.steps, .cancel = options.cancel});
  if (!range.lo || !range.hi) return std::nullopt;
  return Narrowed{Narrowing::kSplit, std::move(varying->form), std::move(whole->form)};
}

}  // namespace

std::optional<Narrowed> narrow(Facts& facts, Expr e, IntType type,
                               std::span<const Expr> uniform,
                               const WidthOptions& options) {
  if (!width::is_valid(type) || !e.is_int()) return std::nullopt;
  std::optional<Narrowed> found = first_narrowed(facts, e, type, options);
  if (found || uniform.empty() || type.bits == 64) return found;
  found = split(facts, e, type, uniform, options);
  if (found) return found;
  const Expr simple = simplify(facts, e);
  return simple == e ? std::nullopt : split(facts, simple, type, uniform, options);
}

FittingForm extract_fitting(Facts& facts, Expr e, IntType type,
                            const WidthOptions& options) {
  Form best = extract(facts, e);
  bool found = width::is_valid(type) && form_fits(facts, best, type, options);
  if (!width::is_valid(type) || !e.is_int() || found) return {std::move(best), found};
  narrowed_forms(facts, e, type, options, [&](Narrowed n) {
    if (!found || n.form.operations() < best.operations()) best = std::move(n.form);
    found = true;
    return false;
  });
  return {std::move(best), found};
}

}  // namespace congrua
