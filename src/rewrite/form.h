// Forms from views.
#ifndef CONGRUA_REWRITE_FORM_H_
#define CONGRUA_REWRITE_FORM_H_

#include "congrua/simplify.h"
#include "expr/view.h"

namespace congrua::internal {

// The views must have been made for Language::kSexpr, which knows no `abs` and no powers:
// then both languages read back what is shown.
Form make_form(ViewDag dag);
// Of views of such a DAG.
Forms make_forms(ViewDag dag, std::vector<ViewId> roots, uint64_t weight);
// Lives as long as the form.
const ViewDag& dag_of(const Form& form);

}  // namespace congrua::internal

#endif  // CONGRUA_REWRITE_FORM_H_
