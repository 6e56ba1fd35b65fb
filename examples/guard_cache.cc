// A just-in-time compiler in miniature: a function of a matrix is compiled for the sizes
// that are met with, under guards that say which other sizes the version serves, too.
#include <cstdio>
#include <functional>
#include <numeric>
#include <vector>

#include "congrua/cache.h"
#include "congrua/text.h"

using namespace congrua;
using namespace congrua::cache;

using Kernel = std::function<double(const std::vector<double>&, int64_t, int64_t)>;

int main() {
  ExprPool pool;
  const Expr rows = pool.symbol("rows"), columns = pool.symbol("columns");
  const Schema schema = *Schema::make({{"rows"}, {"columns"}});
  GuardCache<Kernel> versions(schema);

  // What "compiling" for a matrix of these sizes gives: the body, and when it is right.
  const auto compile = [&](int64_t m, int64_t n) {
    Guards guards;
    guards.conditions = {ge(rows, pool.constant(1)), ge(columns, pool.constant(1))};
    guards.positions = {"sum.py:1", "sum.py:1", "sum.py:2"};
    const bool vector = n % 4 == 0, small = m * n <= 64;
    if (vector) {
      guards.conditions.push_back(eq(floor_mod(columns, 4), pool.constant(0)));
    } else if (small) {
      guards.conditions.push_back(le(rows * columns, pool.constant(64)));
    }
    if (!vector && !small) guards.positions.pop_back();
    std::printf("compiling for %s\n", vector ? "vectors" : small ? "small" : "any");
    const Kernel kernel = [vector](const std::vector<double>& a, int64_t, int64_t) {
      double lanes[4] = {};
      for (size_t i = 0; i < a.size(); ++i) lanes[vector ? i % 4 : 0] += a[i];
      return std::accumulate(lanes, lanes + 4, 0.0);
    };
    const auto id = versions.insert(*GuardProgram::compile(schema, guards), kernel);
    return id.ok();
  };

  GuardCache<Kernel>::Reader reader(versions);  // one per thread
  for (const auto [m, n] : {std::pair(3, 8), {7, 12}, {3, 5}, {4, 6}, {100, 3}}) {
    const Word row[] = {to_word(int64_t{m}), to_word(int64_t{n})};
    Hit<Kernel> hit = reader.lookup(row);
    if (!hit) {
      std::printf("%d x %d: %s", m, n, versions.explain(row).to_string().c_str());
      if (!compile(m, n)) return 1;
      hit = reader.lookup(row);
    }
    const std::vector<double> a(static_cast<size_t>(m * n), 1.0);
    std::printf("%d x %d: version %d gives %g\n", m, n, static_cast<int>(hit.id()),
                (*hit)(a, m, n));
  }
}
