// Sizes that are not known yet: equal or not, implied or not.
#include <cstdio>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/text.h"

int main() {
  congrua::ExprPool pool;
  congrua::Expr h = pool.symbol("h");
  // A convolution of stride 2, then one more: two spellings, one node.
  congrua::Expr twice = floor_div(floor_div(h + 1, 2) + 1, 2);
  std::printf("%s\n", to_string(twice).c_str());
  std::printf("same node: %s\n", twice == ceil_div(h, 4) ? "yes" : "no");

  congrua::Facts facts(pool);
  if (!facts.add(ge(h, pool.constant(16))).ok()) return 1;
  congrua::Answer answer = facts.decide(ne(twice, pool.constant(1)));
  std::printf("h >= 16 implies %s != 1: %s (%s)\n", to_string(twice).c_str(),
              std::string(truth_name(answer.truth)).c_str(),
              std::string(layer_name(answer.layer)).c_str());
  return 0;
}
