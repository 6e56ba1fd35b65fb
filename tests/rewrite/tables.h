// The rule tables, line by line.
#ifndef CONGRUA_TESTS_REWRITE_TABLES_H_
#define CONGRUA_TESTS_REWRITE_TABLES_H_

#include <string_view>

#include "rewrite/pattern.h"  // CONGRUA_COLUMN

namespace congrua::rules_test {

enum class Table { kRules, kConstruction, kLaws };

struct Line {
  Table table;
  std::string_view file, title;
  std::string_view name, left, right, condition;
  bool conditional() const { return condition != "true"; }
};

// Calls visit(line, left, right, condition) for every line, the columns being generic
// lambdas.
template <typename Visitor>
void for_each_line(Visitor&& visit) {
#define RULE(name, left, right, condition)                          \
  visit(Line{table, file, title, #name, #left, #right, #condition}, \
        CONGRUA_COLUMN(left), CONGRUA_COLUMN(right), CONGRUA_COLUMN(condition));
#define LAW RULE
  {
    constexpr Table table = Table::kRules;
    {
      constexpr std::string_view file = "src/rewrite/rules_div.inc";
      constexpr std::string_view title = "Divisions by terms";
#include "rewrite/rules_div.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_extremes.inc";
      constexpr std::string_view title = "Minima and maxima";
#include "rewrite/rules_extremes.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_term.inc";
      constexpr std::string_view title = "Terms of sums";
#include "rewrite/rules_term.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_sum.inc";
      constexpr std::string_view title = "Sums";
#include "rewrite/rules_sum.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_product.inc";
      constexpr std::string_view title = "Products";
#include "rewrite/rules_product.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_select.inc";
      constexpr std::string_view title = "Selections";
#include "rewrite/rules_select.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_quotient.inc";
      constexpr std::string_view title = "Comparisons of quotients";
#include "rewrite/rules_quotient.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_compare.inc";
      constexpr std::string_view title = "Comparisons";
#include "rewrite/rules_compare.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/rules_bool.inc";
      constexpr std::string_view title = "Conjunctions";
#include "rewrite/rules_bool.inc"
    }
  }
  {
    constexpr Table table = Table::kLaws;
    {
      constexpr std::string_view file = "src/rewrite/laws_div.inc";
      constexpr std::string_view title = "Divisions";
#include "rewrite/laws_div.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/laws_sum.inc";
      constexpr std::string_view title = "Sums, minima, maxima, selections";
#include "rewrite/laws_sum.inc"
    }
    {
      constexpr std::string_view file = "src/rewrite/laws_bool.inc";
      constexpr std::string_view title = "Propositions";
#include "rewrite/laws_bool.inc"
    }
  }
  {
    constexpr Table table = Table::kConstruction;
    {
      constexpr std::string_view file = "src/expr/laws_sum.inc";
      constexpr std::string_view title = "Sums and products";
#include "expr/laws_sum.inc"
    }
    {
      constexpr std::string_view file = "src/expr/laws_div.inc";
      constexpr std::string_view title = "Divisions";
#include "expr/laws_div.inc"
    }
    {
      constexpr std::string_view file = "src/expr/laws_select.inc";
      constexpr std::string_view title = "Minima, maxima, selections";
#include "expr/laws_select.inc"
    }
    {
      constexpr std::string_view file = "src/expr/laws_bool.inc";
      constexpr std::string_view title = "Propositions";
#include "expr/laws_bool.inc"
    }
  }
#undef LAW
#undef RULE
}

}  // namespace congrua::rules_test

#endif  // CONGRUA_TESTS_REWRITE_TABLES_H_
