// The rule tables as functions, one for each operator at the root of their patterns.
#include "rewrite/matcher.h"

#define RULE(name, left, right, condition)                                       \
  if (const Node* r = matcher.apply(CONGRUA_COLUMN(left), CONGRUA_COLUMN(right), \
                                    CONGRUA_COLUMN(condition));                  \
      r != n) {                                                                  \
    return r;                                                                    \
  }

namespace congrua::rewrite {

const Node* Simplifier::division_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_div.inc"
  return n;
}

const Node* Simplifier::extreme_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_extremes.inc"
  return n;
}

const Node* Simplifier::term_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_term.inc"
  return n;
}

const Node* Simplifier::sum_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_sum.inc"
  return n;
}

const Node* Simplifier::product_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_product.inc"
  return n;
}

const Node* Simplifier::select_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_select.inc"
  return n;
}

const Node* Simplifier::quotient_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_quotient.inc"
  return n;
}

const Node* Simplifier::comparison_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_compare.inc"
  return n;
}

const Node* Simplifier::conjunction_rules(const Node* n) {
  Matcher matcher(*this, n);
#include "rewrite/rules_bool.inc"
  return n;
}

}  // namespace congrua::rewrite
