// What the version of an entry costs for a call: of the versions that hold, a cache made
// with Choice::kLeastCost serves the cheapest.
//
//   cache.insert(program_up_to(64), kernel64, {.cost = 64});          // buckets: the
//   cache.insert(program_up_to(256), kernel256, {.cost = 256});       // smallest that
//   fits cache.insert(tiled, kernel, {.cost = *Cost::of(schema, 128 * ceil_div(n,
//   128))});
//
// A cost is compared exactly, in unbounded integers. One that divides by zero has no
// value and counts as greater than all others.
//
// Ownership: a value; it holds no Expr. Thread safety: const methods from any thread.
// Cost: of() takes microseconds. Constants add nothing to a look-up. Terms are evaluated
// for each entry that holds and may still be cheaper than the best found so far, some
// 20 ns each; while a cache has any, its look-ups scan entries one by one.
#ifndef CONGRUA_CACHE_COST_H_
#define CONGRUA_CACHE_COST_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "congrua/guard_program.h"

namespace congrua::cache {

class Cost {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): constants are written as numbers.
  Cost(int64_t constant = 0) : constant_(constant) {}
  // Of an integer term over fields of the schema, named as in conditions. Errors: those
  // of GuardProgram::compile.
  static absl::StatusOr<Cost> of(const Schema& schema, Expr term);

  // Of what impl(), constant() and schema_hash() gave.
  static Cost from_impl(std::shared_ptr<const internal::Program> program,
                        int64_t constant, uint64_t schema_hash) {
    Cost out(constant);
    out.program_ = std::move(program);
    out.schema_hash_ = schema_hash;
    return out;
  }
  // nullptr: a constant.
  const std::shared_ptr<const internal::Program>& impl() const { return program_; }
  int64_t constant() const { return constant_; }
  uint64_t schema_hash() const { return schema_hash_; }

 private:
  int64_t constant_ = 0;
  uint64_t schema_hash_ = 0;
  std::shared_ptr<const internal::Program> program_ = nullptr;
};

}  // namespace congrua::cache

#endif  // CONGRUA_CACHE_COST_H_
