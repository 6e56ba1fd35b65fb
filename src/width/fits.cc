#include <charconv>
#include <string>
#include <utility>

#include "congrua/width.h"
#include "expr/builder.h"
#include "rewrite/form.h"
#include "width/checker.h"
#include "width/program.h"

namespace congrua {

using internal::Builder;

std::optional<IntType> parse_int_type(std::string_view text) {
  if (text.empty() || (text[0] != 'i' && text[0] != 'u')) return std::nullopt;
  IntType t{0, text[0] == 'i'};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 1, end, t.bits);
  const bool digits = text.size() > 1 && text[1] >= '1' && text[1] <= '9';
  if (!digits || error != std::errc() || stop != end || !width::is_valid(t))
    return std::nullopt;
  return t;
}

std::string to_string(IntType type) {
  return (type.is_signed ? "i" : "u") + std::to_string(type.bits);
}

Form form_of(Expr e) {
  return internal::make_form(
      internal::view_of(Builder::node(e), internal::Language::kInfix, Division::kFloor));
}

namespace {

FitsAnswer fits_dag(Facts& facts, const internal::ViewDag& dag, IntType type,
                    const WidthOptions& options) {
  if (!width::is_valid(type)) return {};
  width::Numbers numbers;
  const width::Program program = width::compile(dag, options.evaluation, numbers);
  return width::Checker(facts, program, type, options).run();
}

}  // namespace

FitsAnswer fits(Facts& facts, const Form& form, IntType type,
                const WidthOptions& options) {
  return fits_dag(facts, internal::dag_of(form), type, options);
}

FitsAnswer fits(Facts& facts, Expr e, IntType type, const WidthOptions& options) {
  return fits_dag(
      facts,
      internal::view_of(Builder::node(e), internal::Language::kInfix, Division::kFloor),
      type, options);
}

}  // namespace congrua
