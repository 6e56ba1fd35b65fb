// Random programs with fields of every kind, and hostile rows for them.
#ifndef CONGRUA_TESTS_CACHE_PROGRAMS_H_
#define CONGRUA_TESTS_CACHE_PROGRAMS_H_

#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "congrua/guard_program.h"
#include "tests/cache/oracle.h"

namespace congrua::cache_test {

// The fields of a World, two floats (IEEE, bits) and two tags.
class Programs {
 public:
  explicit Programs(uint64_t seed) : world_(5, 2, seed) {
    std::vector<cache::Field> fields;
    for (size_t i = 0; i < world_.schema().size(); ++i) {
      fields.push_back(world_.schema().field(i));
    }
    first_ = fields.size();
    fields.push_back({"f", cache::FieldKind::kFloat});
    fields.push_back({"g", cache::FieldKind::kFloat, cache::FloatEquality::kBits});
    fields.push_back({"t", cache::FieldKind::kTag});
    fields.push_back({"u", cache::FieldKind::kTag});
    schema_ = *cache::Schema::make(std::move(fields));
  }

  const cache::Schema& schema() const { return schema_; }
  World& world() { return world_; }

  int64_t size() {
    if (world_.below(3) != 0) return world_.value();
    const int bit = static_cast<int>(world_.below(64));
    return static_cast<int64_t>((uint64_t{1} << bit) +
                                static_cast<uint64_t>(world_.below(3) - 1));
  }
  double number() {
    static constexpr double kNumbers[] = {0.0,
                                          -0.0,
                                          1.5,
                                          -1.5,
                                          5e-324,
                                          std::numeric_limits<double>::infinity(),
                                          -std::numeric_limits<double>::infinity(),
                                          std::numeric_limits<double>::quiet_NaN(),
                                          -std::numeric_limits<double>::quiet_NaN()};
    return kNumbers[world_.below(std::ssize(kNumbers))];
  }
  std::vector<cache::Word> row() {
    std::vector<cache::Word> row = world_.row();
    for (size_t i = 0; i < first_; ++i) {
      if (schema_.field(i).kind == cache::FieldKind::kSize) {
        row[i] = cache::to_word(size());
      }
    }
    for (int i = 0; i < 2; ++i) row.push_back(cache::to_word(number()));
    for (int i = 0; i < 2; ++i) row.push_back(static_cast<uint64_t>(world_.below(5)));
    return row;
  }

  cache::GuardProgram program(int depth, const std::vector<cache::Word>& point) {
    cache::Guards guards;
    for (int64_t i = 1 + world_.below(5); i > 0; --i) {
      guards.conditions.push_back(world_.guard(depth, &point));
    }
    for (int64_t i = world_.below(3); i > 0; --i) {
      guards.floats.push_back({first_ + static_cast<size_t>(world_.below(2)),
                               static_cast<cache::Compare>(world_.below(6)), number()});
    }
    for (int64_t i = world_.below(3); i > 0; --i) {
      cache::TagTest t{first_ + 2 + static_cast<size_t>(world_.below(2)), {}};
      for (int64_t k = world_.below(5); k > 0; --k) {
        t.values.push_back(static_cast<uint64_t>(world_.below(5)));
      }
      t.negated = world_.below(3) == 0;
      guards.tags.push_back(std::move(t));
    }
    guards.positions = {"a.py:1", "b.py:2 */ hostile /*"};
    if (guards.conditions.size() + guards.floats.size() + guards.tags.size() < 2) {
      guards.positions.pop_back();
    }
    return *cache::GuardProgram::compile(schema_, guards);
  }

 private:
  World world_;
  size_t first_ = 0;
  cache::Schema schema_;
};

}  // namespace congrua::cache_test

#endif  // CONGRUA_TESTS_CACHE_PROGRAMS_H_
