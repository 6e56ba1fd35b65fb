// 32-bit indices for a row-major matrix of any size, behind the guard under which they
// are right.
#include <cstdio>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/text.h"
#include "congrua/width.h"

using namespace congrua;

int main() {
  ExprPool pool;
  Facts facts(pool);
  const Expr rows = pool.symbol("rows"), columns = pool.symbol("columns");
  const Expr i = pool.symbol("i"), j = pool.symbol("j");
  for (const Expr f :
       {ge(rows, pool.constant(1)), ge(columns, pool.constant(1)),
        ge(i, pool.constant(0)), lt(i, rows), ge(j, pool.constant(0)), lt(j, columns)}) {
    if (!facts.add(f).ok()) return 1;
  }
  const Expr index = i * columns + j;
  const FitsAnswer answer = fits(facts, index, kInt32);
  std::printf("%s in i32: %s, %s may be %s\n", to_string(index).c_str(),
              std::string(truth_name(answer.truth)).c_str(),
              to_string(*answer.intermediate).c_str(), answer.value.c_str());

  // Tested once, before the loops: whether the kernel with 32-bit indices may run.
  const Expr loops[] = {i, j};
  const auto guard = width_guard(facts, index, kInt32, loops);
  if (!guard.ok()) return 1;
  std::printf("guard%s:\n", guard->exact ? ", exact" : "");
  for (const Expr c : guard->conjuncts) std::printf("  %s\n", to_string(c).c_str());

  // In that kernel the guard is a fact, and the code needs no other one.
  if (!facts.add(guard->condition).ok()) return 1;
  const auto code = lower(facts, form_of(index), kInt32, {.function = "at"});
  std::printf("%s", code.ok() ? code->code.c_str()
                              : (std::string(code.status().message()) + "\n").c_str());
  return code.ok() ? 0 : 1;
}
