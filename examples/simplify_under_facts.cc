// A buffer of rows padded to multiples of 16 elements, read by a vectorized loop: what
// the facts about the loop leave of its index arithmetic.
#include <cstdio>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/simplify.h"
#include "congrua/text.h"

using namespace congrua;

int main() {
  ExprPool pool;
  Facts facts(pool);
  const auto read = [&](const char* text) { return parse_infix(pool, text).value(); };
  for (const char* fact : {"width >= 1", "row >= 0", "lane >= 0", "lane < 4", "0 <= v",
                           "v < ceil_div(width, 16)*4"}) {
    if (!facts.add(read(fact)).ok()) return 1;
  }
  const Expr pitch = 16 * ceil_div(pool.symbol("width"), 16);
  const Expr at = pool.symbol("row") * pitch + 4 * pool.symbol("v") + pool.symbol("lane");
  const struct {
    const char* what;
    Expr expr;
  } kTerms[] = {
      {"row", floor_div(at, pitch)},
      {"column", floor_mod(at, pitch)},
      {"vector", floor_div(at, 4)},
      {"lane", floor_mod(at, 4)},
      {"aligned", eq(floor_mod(pitch, 4), pool.constant(0))},
      {"in range", lt(floor_mod(at, pitch), pitch)},
  };
  for (const auto& [what, expr] : kTerms) {
    // simplify answers with a canonical node, extract with the form to show.
    const Form form = extract(facts, simplify(facts, expr));
    std::printf("%-9s %s\n", what, form.to_string().c_str());
  }
  // A fact for one kernel alone: the width is a multiple of 16.
  facts.push();
  if (!facts.add(read("floor_mod(width, 16) == 0")).ok()) return 1;
  std::printf("pitch     %s", extract(facts, simplify(facts, pitch)).to_string().c_str());
  facts.pop();
  std::printf(", else %s\n", extract(facts, simplify(facts, pitch)).to_string().c_str());
  return 0;
}
