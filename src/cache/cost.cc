#include "cache/cost.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "cache/compile.h"
#include "congrua/cache_cost.h"
#include "expr/builder.h"

namespace congrua::cache::internal {

namespace {

std::span<const CodeStep> steps_of(const Program& cost) { return cost.code; }

// Ends of the values of a step, wherever it has one.
struct Hull {
  Int lo, hi;
};

Hull hull_of(Int a, Int b) {
  if (b < a) std::swap(a, b);
  return {std::move(a), std::move(b)};
}
Hull join(const Hull& a, const Hull& b) {
  return {b.lo < a.lo ? b.lo : a.lo, a.hi < b.hi ? b.hi : a.hi};
}

// The corners of a function that is monotone in each operand, in either direction.
template <typename F>
Hull corners(const Hull& a, const Hull& b, F f) {
  return join(hull_of(f(a.lo, b.lo), f(a.lo, b.hi)),
              hull_of(f(a.hi, b.lo), f(a.hi, b.hi)));
}

}  // namespace

bool is_cost(const Program& program) {
  return program.num_tests == 1 && !program.code.empty() &&
         program.all_of([&](const Test& t) {
           return t.kind == TestKind::kCode && t.a == 0 && t.d == program.code.size();
         });
}

std::optional<Int> cost_at(const Program& cost, const Word* row) {
  return code_value(steps_of(cost), cost.bigs, row);
}

// A quotient whose divisor may be 0 is bounded by its dividend: |floor(a/b)| <= max(|a|,
// 1) for every b but 0. What has no value is greater than all.
int64_t cost_bound(const Program& cost, const Lanes& lanes) {
  absl::flat_hash_map<uint16_t, std::pair<int64_t, int64_t>> known;
  lanes.for_each_interval([&](uint16_t field, int64_t lo, int64_t hi) {
    known[field] = {lo, hi};
  });
  const Int zero(0);
  const Int one(1);
  const Hull truth = {zero, one};
  std::vector<Hull> v;
  for (const CodeStep& s : steps_of(cost)) {
    switch (s.op) {
      case CodeOp::kConst:
        v.push_back({Int(s.imm), Int(s.imm)});
        break;
      case CodeOp::kBigConst: {
        const Int& big = cost.bigs[static_cast<size_t>(s.imm)];
        v.push_back({big, big});
        break;
      }
      case CodeOp::kField: {
        const auto at = known.find(static_cast<uint16_t>(s.imm));
        v.push_back(at == known.end()
                        ? Hull{Int(INT64_MIN), Int(INT64_MAX)}
                        : Hull{Int(at->second.first), Int(at->second.second)});
        break;
      }
      case CodeOp::kAdd:
        v.push_back({v[s.a].lo + v[s.b].lo, v[s.a].hi + v[s.b].hi});
        break;
      case CodeOp::kAddConst:
        v.push_back({v[s.a].lo + Int(s.imm), v[s.a].hi + Int(s.imm)});
        break;
      case CodeOp::kMul:
        v.push_back(
            corners(v[s.a], v[s.b], [](const Int& a, const Int& b) { return a * b; }));
        break;
      case CodeOp::kMulConst:
        v.push_back(hull_of(v[s.a].lo * Int(s.imm), v[s.a].hi * Int(s.imm)));
        break;
      case CodeOp::kFloorDiv:
        if (v[s.b].lo.sign() > 0 || v[s.b].hi.sign() < 0) {
          v.push_back(corners(v[s.a], v[s.b], [](const Int& a, const Int& b) {
            return floor_div(a, b);
          }));
        } else {
          const Int a = abs(v[s.a].lo);
          const Int b = abs(v[s.a].hi);
          const Int most = std::max(one, a < b ? b : a);
          v.push_back({-most, most});
        }
        break;
      case CodeOp::kMin:
      case CodeOp::kMax: {
        const Hull& a = v[s.a];
        const Hull& b = v[s.b];
        v.push_back(s.op == CodeOp::kMin
                        ? Hull{b.lo < a.lo ? b.lo : a.lo, b.hi < a.hi ? b.hi : a.hi}
                        : Hull{a.lo < b.lo ? b.lo : a.lo, a.hi < b.hi ? b.hi : a.hi});
        break;
      }
      case CodeOp::kSelect:
        v.push_back(join(v[s.b], v[s.c]));
        break;
      case CodeOp::kBool:
      case CodeOp::kGe:
      case CodeOp::kEq:
      case CodeOp::kAnd:
      case CodeOp::kIff:
        v.push_back(truth);
        break;
    }
  }
  const Int& least = v.back().lo;
  if (const std::optional<int64_t> small = least.to_int64()) return *small;
  return least.sign() < 0 ? INT64_MIN : INT64_MAX;
}

}  // namespace congrua::cache::internal

namespace congrua::cache {

absl::StatusOr<Cost> Cost::of(const Schema& schema, Expr term) {
  if (!term.is_int()) return absl::InvalidArgumentError("a cost is an integer term");
  if (const std::optional<int64_t> constant = term.as_const()) return Cost(*constant);
  auto program = std::make_shared<internal::Program>();
  internal::Compiler compiler(schema, *program);
  absl::Status s = compiler.cost(congrua::internal::Builder::node(term));
  if (!s.ok()) return s;
  program->num_guards = 1;
  Cost out;
  out.schema_hash_ = schema.hash();
  out.program_ = std::move(program);
  return out;
}

}  // namespace congrua::cache
