// A smallest user of the installed library; what it prints is checked by install_test.py.
#include <cstdio>

#include "congrua/expr.h"
#include "congrua/text.h"

int main() {
  congrua::ExprPool pool;
  const congrua::Expr s0 = pool.symbol("s0");
  std::puts(to_string(floor_div(2 * s0 + 4, 2)).c_str());
}
