#include "rewrite/form.h"

#include "rewrite/extract_terms.h"

namespace congrua {

Form internal::make_form(ViewDag dag) {
  const uint64_t operations = count_operations(dag);
  return {std::make_shared<const ViewDag>(std::move(dag)), operations};
}

const internal::ViewDag& internal::dag_of(const Form& form) { return *form.dag_; }

std::string Form::to_string(size_t max_tree) const {
  return internal::print_view(*dag_, internal::Language::kInfix, max_tree);
}

std::string Form::to_sexpr(size_t max_tree) const {
  return internal::print_view(*dag_, internal::Language::kSexpr, max_tree);
}

uint64_t Form::weight() const {
  rewrite::Terms terms;
  return terms.weight(terms.import(*dag_, std::span(&dag_->root, 1)));
}

}  // namespace congrua
