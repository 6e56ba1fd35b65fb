// Transfer functions on operands as they occur for sizes: mostly plain intervals with one
// infinite end, some with a congruence, some with a hole. Each iteration is one call on
// operands that the compiler cannot see through.
//
//   build/release/bin/congrua_domain_bench
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "domain/domain.h"

namespace congrua {
namespace {

constexpr size_t kCount = 16;  // operands per kind, a power of two
using Operands = std::array<Domain, kCount>;

Operands sizes() {
  Operands d;
  for (size_t i = 0; i < kCount; ++i) {
    const int64_t v = static_cast<int64_t>(i);
    d[i] = i % 4 == 0 ? Domain::interval(v, 64 * v + 9)
                      : Domain::interval(1 + v % 3, kPosInf);
  }
  return d;
}

Operands multiples() {
  Operands d;
  for (size_t i = 0; i < kCount; ++i) {
    const int64_t m = int64_t{1} << (1 + i % 6);
    d[i] = Domain::make(1, kPosInf, m, static_cast<int64_t>(i) % m);
  }
  return d;
}

Operands with_holes() {
  Operands d;
  for (size_t i = 0; i < kCount; ++i) {
    d[i] = Domain::interval(0, kPosInf).without(1 + static_cast<int64_t>(i));
  }
  return d;
}

template <typename F>
void run(benchmark::State& state, const Operands& a, const Operands& b, F f) {
  size_t i = 0;
  for (auto _ : state) {
    const Domain d = f(a[i % kCount], b[(i * 5 + 3) % kCount]);
    benchmark::DoNotOptimize(d);
    ++i;
  }
}

#define CONGRUA_DOMAIN_BENCH(name, a, b, expression)                             \
  void name(benchmark::State& state) {                                           \
    run(state, a, b,                                                             \
        []([[maybe_unused]] const Domain& x, [[maybe_unused]] const Domain& y) { \
          return expression;                                                     \
        });                                                                      \
  }                                                                              \
  BENCHMARK(name)

CONGRUA_DOMAIN_BENCH(copy, sizes(), sizes(), x);
CONGRUA_DOMAIN_BENCH(with_lo, sizes(), sizes(), x.with_lo(y.lo()));
CONGRUA_DOMAIN_BENCH(without, with_holes(), sizes(), x.without(y.lo()));
CONGRUA_DOMAIN_BENCH(add_sizes, sizes(), sizes(), add(x, y));
CONGRUA_DOMAIN_BENCH(add_multiples, multiples(), multiples(), add(x, y));
CONGRUA_DOMAIN_BENCH(add_const_sizes, sizes(), sizes(), add_const(x, 7));
CONGRUA_DOMAIN_BENCH(scale_sizes, sizes(), sizes(), scale(x, 8));
CONGRUA_DOMAIN_BENCH(scale_multiples, multiples(), sizes(), scale(x, -3));
CONGRUA_DOMAIN_BENCH(mul_sizes, sizes(), sizes(), mul(x, y));
CONGRUA_DOMAIN_BENCH(mul_multiples, multiples(), multiples(), mul(x, y));
CONGRUA_DOMAIN_BENCH(floor_div_by_const, sizes(), sizes(),
                     floor_div(x, Domain::point(16)));
CONGRUA_DOMAIN_BENCH(floor_div_sizes, sizes(), sizes(), floor_div(x, y));
CONGRUA_DOMAIN_BENCH(floor_mod_by_const, sizes(), sizes(),
                     floor_mod(x, Domain::point(16)));
CONGRUA_DOMAIN_BENCH(floor_mod_multiples, multiples(), sizes(),
                     floor_mod(x, Domain::point(12)));
CONGRUA_DOMAIN_BENCH(min_sizes, sizes(), sizes(), min(x, y));
CONGRUA_DOMAIN_BENCH(max_multiples, multiples(), sizes(), max(x, y));
CONGRUA_DOMAIN_BENCH(meet_sizes, sizes(), sizes(), x.meet(y));
CONGRUA_DOMAIN_BENCH(meet_multiples, multiples(), multiples(), x.meet(y));
CONGRUA_DOMAIN_BENCH(join_sizes, sizes(), sizes(), x.join(y));
CONGRUA_DOMAIN_BENCH(back_mul_sizes, sizes(), sizes(),
                     back_mul(x, Domain::point(4096), y));
CONGRUA_DOMAIN_BENCH(back_floor_div_by_const, sizes(), sizes(),
                     back_floor_div(x, y, Domain::point(16)));

#undef CONGRUA_DOMAIN_BENCH

}  // namespace
}  // namespace congrua
