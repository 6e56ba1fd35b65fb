// What a host pays for a pool and its facts: time to make and drop them, and memory in
// between (the counter bytes: what the allocator has handed out, its own headers
// included).
//
//   build/release/bin/congrua_embedding_bench
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstddef>

#include "congrua/expr.h"
#include "congrua/guard.h"

namespace congrua {
namespace {

size_t bytes_in_use() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

void check(bool ok, benchmark::State& state) {
  if (!ok) state.SkipWithError("a fact was refused");
}

// A traced program in small: sizes of a batch of images, bounds, a multiple, a product.
bool add_facts(ExprPool& pool, Facts& facts) {
  const Expr n = pool.symbol("n"), c = pool.symbol("c"), h = pool.symbol("h"),
             w = pool.symbol("w");
  const Expr two = pool.constant(2);
  bool ok = true;
  for (const Expr s : {n, c, h, w}) ok = ok && facts.add(ge(s, two)).ok();
  return ok && facts.add(eq(floor_mod(c, 8), pool.constant(0))).ok() &&
         facts.add(ne(floor_div(h - 1, 2) + 1, pool.constant(1))).ok() &&
         facts.add(eq(h, w)).ok() &&
         facts.add(le(n * c * h * w, pool.constant(1 << 30))).ok();
}

void BM_empty(benchmark::State& state) {
  for (auto _ : state) {
    ExprPool pool;
    Facts facts(pool);
    benchmark::DoNotOptimize(facts.size());
  }
  const size_t before = bytes_in_use();
  ExprPool pool;
  Facts facts(pool);
  state.counters["bytes"] = static_cast<double>(bytes_in_use() - before);
}
BENCHMARK(BM_empty);

void BM_eight_facts(benchmark::State& state) {
  for (auto _ : state) {
    ExprPool pool;
    Facts facts(pool);
    check(add_facts(pool, facts), state);
  }
  const size_t before = bytes_in_use();
  ExprPool pool;
  Facts facts(pool);
  check(add_facts(pool, facts), state);
  state.counters["bytes"] = static_cast<double>(bytes_in_use() - before);
}
BENCHMARK(BM_eight_facts);

}  // namespace
}  // namespace congrua
