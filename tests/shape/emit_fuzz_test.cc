// Printed guards of random programs, on hostile inputs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "congrua/float64.h"
#include "congrua/guard_text.h"
#include "congrua/text.h"
#include "tests/base/soak.h"
#include "tests/shape/guard_oracle.h"
#include "tests/shape/printed.h"
#include "tests/shape/random_programs.h"

namespace congrua::shape {
namespace {

struct Argument {
  Expr symbol;
  int64_t hint = 0;
  double float_hint = 0;
  bool nan = false;
};

class Hostile {
 public:
  explicit Hostile(uint64_t seed) : terms_(env.pool(), seed * 2 + 1) {
    terms_.reals = true;
    const size_t ints = 2 + below(3);
    for (size_t i = 0; i < ints; ++i) {
      SizeOptions o{.policy = Policy::kDynamic};
      int64_t hint = 2 + static_cast<int64_t>(below(40));
      if (below(2) == 0) o.specialize_zero_one = false;
      if (below(4) == 0) o.specialize_zero_one = o.nonnegative = false;
      if (!o.nonnegative && below(2) == 0) hint = -hint;
      if (below(4) == 0) o.range = {.lo = hint - 5, .hi = hint + 1000};
      if (o.nonnegative && o.range.lo) o.range.lo = std::max<int64_t>(*o.range.lo, 2);
      if (below(4) == 0) o.multiple_of = 1 + std::abs(hint) / 2;
      if (hint % o.multiple_of != 0) o.multiple_of = 1;
      arguments_.push_back({*env.size("x" + std::to_string(i), hint, o), hint});
      terms_.ints.push_back(arguments_.back().symbol);
    }
    if (below(2) == 0) {
      const bool nan = below(2) == 0;
      double hint = static_cast<double>(below(400)) / 16 - 3;
      if (below(8) == 0) hint = 0x1p53 + 2 * static_cast<double>(below(4));
      const Expr f = *env.float64("f", hint, {.may_be_nan = nan});
      arguments_.push_back({f, 0, hint, nan});
      terms_.floats.push_back(f);
    }
    if (below(2) == 0) {
      const bool hint = below(2) == 0;
      arguments_.push_back({*env.boolean("b", hint), hint});
      terms_.bools.push_back(arguments_.back().symbol);
    }
    if (below(3) == 0) (void)env.unify("y0", terms_.ints[0]);
    if (below(3) == 0) (void)env.unify("y1", constant(3));
    if (below(4) == 0) {
      const Expr a = terms_.ints[0], b = terms_.ints[1];
      (void)env.unify("y2", 2 * a - floor_div(b, a));
    }
    const size_t conditions = 2 + below(8);
    for (size_t i = 0; i < conditions; ++i) {
      const Expr e = terms_.condition();
      if (env.at_hints(e)) (void)env.evaluate(e);
    }
    set_ = env.guards();
  }

  const GuardSet& set() const { return set_; }

  Arguments point(GuardOracle& oracle) {
    Arguments a;
    const bool near = below(2) == 0;
    for (const Argument& x : arguments_) {
      if (x.symbol.sort() == Sort::kReal) {
        a.floats.push_back(float_value(x.float_hint));
        oracle.set_float(x.symbol, a.floats.back());
      } else if (x.symbol.is_bool()) {
        a.bools.push_back(below(2) == 0 ? 1 : 0);
        oracle.set(x.symbol, a.bools.back());
      } else {
        a.ints.push_back(value(x.hint, near));
        oracle.set(x.symbol, a.ints.back());
      }
    }
    for (const SourceValue& s : set_.sources) {
      const std::optional<int64_t> v = oracle.value(s.value);
      a.ints.push_back(v && below(8) != 0 ? *v : value(3, false));
    }
    return a;
  }

  // kAll, kBefore (a source, range or NaN), the number of the guard that fails first, or
  // the number of guards where that is a source with a computed value.
  static constexpr int64_t kAll = -1, kBefore = -2;
  int64_t first_failing(GuardOracle& oracle, const Arguments& a) const {
    size_t next = 0;
    for (const Argument& x : arguments_) {
      if (x.symbol.sort() == Sort::kReal) {
        if (!x.nan && std::isnan(*oracle.real(x.symbol))) return kBefore;
      } else if (x.symbol.is_int()) {
        const int64_t v = a.ints[next++];
        const Range r = x.symbol.range();
        if ((r.lo && v < *r.lo) || (r.hi && v > *r.hi)) return kBefore;
      }
    }
    bool computed = true;
    for (const SourceValue& s : set_.sources) {
      const std::optional<int64_t> v = oracle.value(s.value);
      const int64_t given = a.ints[next++];
      if (v && *v == given) continue;
      if (s.value.is_const() || s.value.op() == Op::kSymbol) return kBefore;
      computed = false;
    }
    for (const Expr d : set_.domains) {
      if (!oracle.holds(d)) return kBefore;
    }
    for (size_t i = 0; i < set_.guards.size(); ++i) {
      if (!oracle.holds(set_.guards[i])) return static_cast<int64_t>(i);
    }
    return computed ? kAll : static_cast<int64_t>(set_.guards.size());
  }

  Env env;

 private:
  uint64_t below(uint64_t n) { return terms_.below(n); }
  Expr constant(int64_t v) { return env.pool().constant(v); }

  int64_t value(int64_t hint, bool near) {
    const uint64_t how = below(near ? 4 : 12);
    if (how == 0) return hint;
    if (how < 3) return hint + static_cast<int64_t>(below(7)) - 3;
    if (how < 4) return hint + static_cast<int64_t>(below(2000)) - 100;
    if (how == 5) return 0;
    if (how == 6) return -1;
    if (how == 7) return INT64_MIN + static_cast<int64_t>(below(2));
    if (how == 8) return INT64_MAX - static_cast<int64_t>(below(2));
    if (how == 9) return static_cast<int64_t>(terms_.any());
    const uint64_t power = (uint64_t{1} << below(64)) + below(3) - 1;
    return static_cast<int64_t>(below(2) == 0 ? power : ~power + 1);
  }

  double float_value(double hint) {
    constexpr double kValues[] = {0.0,   -0.0,   1.0,      0x1p53,   0x1p53 + 2, -0x1p53,
                                  1e300, -1e300, 0x1p63,   -0x1p63,  5e-324,     0.5,
                                  -0.5,  2.5,    INFINITY, -INFINITY};
    switch (below(5)) {
      case 0:
        return kValues[below(std::size(kValues))];
      case 1:
        return below(2) == 0 ? std::nan("") : std::nextafter(hint, 1e9);
      case 2:
        return hint + static_cast<double>(below(64)) / 16 - 2;
      default:
        return hint;
    }
  }

  RandomTerms terms_;
  std::vector<Argument> arguments_;
  GuardSet set_;
};

// Of conditions that are dropped, too, and those that divide or convert a real.
TEST(EmitFuzz, WhatIsAcceptedHasThePathsValues) {
  const Seeds seeds = soak_seeds(300, 30'000);
  uint64_t accepted = 0, facts = 0, large = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    Hostile program(seed);
    for (int i = 0; i < 100; ++i) {
      GuardOracle oracle;
      const Arguments at = program.point(oracle);
      if (program.first_failing(oracle, at) != Hostile::kAll) continue;
      ++accepted;
      for (RecordId id = 0; id < program.env.num_records(); ++id) {
        const Expr fact = program.env.record(id).fact;
        const bool holds = oracle.holds(fact);
        ++facts;
        large += !holds && oracle.too_large() ? 1 : 0;
        if (holds || oracle.too_large()) continue;
        std::string text = to_string(fact) + "\n";
        for (const Expr d : program.set().domains)
          text += "domain " + to_string(d) + "\n";
        for (const Expr g : program.set().guards) text += "guard " + to_string(g) + "\n";
        for (const int64_t v : at.ints) text += std::to_string(v) + " ";
        for (const double v : at.floats) text += std::to_string(v) + " ";
        for (const int v : at.bools) text += std::to_string(v) + " ";
        FAIL() << "seed " << seed << ": " << text;
      }
    }
  }
  EXPECT_GT(accepted, 1000u);
  EXPECT_LT(large, facts / 10);
  soak_report("paths", seeds,
              {{"accepted", accepted}, {"facts", facts}, {"large", large}});
}

// Integers of several limbs: one function for each condition, that about every other
// input satisfies.
TEST(EmitFuzz, WideIntegersAreExact) {
  if (!have_cpp()) GTEST_SKIP() << "no C++ compiler";
  const Seeds seeds = soak_seeds(1, 40);
  uint64_t inputs = 0, accepted = 0, wide = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    PrintedBatch batch;
    std::vector<std::vector<bool>> right;
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return random() % n; };
    for (int which = 0; which < 24; ++which) {
      Env env;
      std::vector<Expr> x;
      for (int i = 0; i < 3; ++i) {
        x.push_back(*env.size("x" + std::to_string(i),
                              static_cast<int64_t>(below(30)) - 12,
                              {.policy = Policy::kDynamic,
                               .specialize_zero_one = false,
                               .nonnegative = false}));
      }
      const Expr big = *env.pool().integer("-123456789012345678901234567890"),
                 huge =
                     *env.pool().integer("98765432109876543210987654321098765432109876");
      const Expr terms[] = {x[0] * x[1] * x[2],
                            floor_div(x[0] * x[1] * x[2] - big, x[1] * x[1] + 1),
                            ceil_div(x[0] * x[0] * x[1] + huge, x[1] * x[2] - 5),
                            floor_mod(huge - x[2], x[0] * x[1] * x[1] + big),
                            max(big * x[0], x[1] * x[2] * x[2] - 7),
                            abs(x[0] * x[1]) - min(big, x[2]),
                            floor_mod(x[0], x[1]) * floor_div(x[1], x[2]),
                            floor_div(floor_mod(x[0] * x[1], big), x[2])};
      const Expr t = terms[which % 8];
      const Expr condition = which < 8 ? ge(t, env.pool().constant(0))
                             : which < 16
                                 ? eq(floor_mod(t, 2), env.pool().constant(0))
                                 : lt(floor_mod(t, 1000003), env.pool().constant(500000));
      if (!env.at_hints(condition)) continue;
      ASSERT_TRUE(env.evaluate(condition).ok());
      const GuardSet set = env.guards();
      const auto cpp = print_cpp(env, set, {.function = batch.name()});
      const auto python = print_python(env, set, {.function = batch.name()});
      ASSERT_TRUE(cpp.ok() && python.ok()) << cpp.status();
      wide += cpp->code.find("cg::wide<") != std::string::npos ? 1 : 0;
      std::vector<Arguments> at;
      right.emplace_back();
      for (int i = 0; i < 500; ++i) {
        GuardOracle oracle;
        at.emplace_back();
        for (const Expr& e : x) {
          const uint64_t power = (uint64_t{1} << below(64)) + below(3) - 1;
          const int64_t v = below(4) == 0   ? static_cast<int64_t>(random())
                            : below(2) == 0 ? static_cast<int64_t>(power)
                                            : static_cast<int64_t>(~power);
          at.back().ints.push_back(v);
          oracle.set(e, v);
        }
        const auto holds = [&](Expr e) { return oracle.holds(e); };
        right.back().push_back(std::ranges::all_of(set.domains, holds) &&
                               std::ranges::all_of(set.guards, holds));
        accepted += right.back().back() ? 1 : 0;
        ++inputs;
      }
      batch.add(*cpp, python->code, std::move(at));
    }
    const auto answers = batch.run_cpp();
    ASSERT_TRUE(answers) << seed;
    for (size_t f = 0; f < batch.size(); ++f) {
      for (size_t i = 0; i < right[f].size(); ++i) {
        const auto& v = batch.points(f)[i].ints;
        ASSERT_EQ((*answers)[f][i] < 0, right[f][i])
            << seed << ": " << v[0] << " " << v[1] << " " << v[2] << "\n"
            << batch.printed(f).code.substr(batch.printed(f).code.rfind("#endif"));
      }
    }
    if (have_python()) {
      EXPECT_EQ(answers, batch.run_python());
    }
  }
  EXPECT_GT(wide, 0u);
  soak_report("printed_wide", seeds,
              {{"inputs", inputs}, {"accepted", accepted}, {"wide", wide}});
}

// The C++ and the Python give the verdict of exact evaluation on every input.
TEST(EmitFuzz, PrintedGuardsAreTheGuards) {
  if (!have_cpp()) GTEST_SKIP() << "no C++ compiler";
  const bool python = have_python();
  constexpr uint64_t kBatch = 100;
  constexpr uint64_t kQuick = 40;
  const Seeds seeds = soak_seeds(kQuick, 2'500);  // of 1.25 million inputs
  const size_t points = seeds.count() > kQuick ? 500 : 200;
  uint64_t inputs = 0, accepted = 0, conditions = 0, divisors = 0, wide = 0;
  for (uint64_t begin = seeds.begin; begin < seeds.end; begin += kBatch) {
    PrintedBatch batch;
    std::vector<std::vector<int64_t>> right;
    for (uint64_t seed = begin; seed < std::min(begin + kBatch, seeds.end); ++seed) {
      Hostile program(seed);
      const auto cpp = print_cpp(program.env, program.set(), {.function = batch.name()});
      const auto py =
          print_python(program.env, program.set(), {.function = batch.name()});
      ASSERT_TRUE(cpp.ok()) << "seed " << seed << " " << cpp.status();
      ASSERT_TRUE(py.ok()) << "seed " << seed << " " << py.status();
      conditions += cpp->conditions.size();
      for (const PrintedCondition& c : cpp->conditions) {
        divisors += c.kind == ConditionKind::kDivisor ? 1 : 0;
      }
      wide += cpp->code.rfind("cg::wide<") != std::string::npos ? 1 : 0;
      std::vector<Arguments> at;
      right.emplace_back();
      for (size_t i = 0; i < points; ++i) {
        GuardOracle oracle;
        at.push_back(program.point(oracle));
        right.back().push_back(program.first_failing(oracle, at.back()));
      }
      batch.add(*cpp, py->code, std::move(at));
    }
    const auto answers = batch.run_cpp();
    ASSERT_TRUE(answers) << "seeds from " << begin;
    for (size_t f = 0; f < batch.size(); ++f) {
      for (size_t i = 0; i < right[f].size(); ++i) {
        std::string at;
        for (const int64_t v : batch.points(f)[i].ints) at += std::to_string(v) + " ";
        for (const double v : batch.points(f)[i].floats) at += std::to_string(v) + " ";
        for (const int v : batch.points(f)[i].bools) at += std::to_string(v) + " ";
        const int64_t said = (*answers)[f][i];
        const int64_t expected = right[f][i];
        const auto& shown = batch.printed(f).conditions;
        const auto is = [&](ConditionKind k) {
          return said >= 0 && shown[static_cast<size_t>(said)].kind == k;
        };
        bool same = (said < 0) == (expected == Hostile::kAll);
        if (is(ConditionKind::kRange) || is(ConditionKind::kNumber)) {
          same = same && expected == Hostile::kBefore;
        }
        if (is(ConditionKind::kGuard) || is(ConditionKind::kDivisor)) {
          const auto before = std::count_if(
              shown.begin(), shown.begin() + said,
              [](const auto& c) { return c.kind == ConditionKind::kGuard; });
          same = same && expected == before;
        }
        ASSERT_TRUE(same) << "seed " << begin + f << " at " << at << "\n"
                          << said << " and not " << expected << "\n"
                          << batch.printed(f).code.substr(
                                 batch.printed(f).code.rfind("#endif"));
        ++inputs;
        accepted += expected == Hostile::kAll ? 1 : 0;
      }
    }
    if (python) {
      const auto again = batch.run_python();
      ASSERT_TRUE(again) << "seeds from " << begin;
      for (size_t f = 0; f < batch.size(); ++f) {
        ASSERT_EQ((*answers)[f], (*again)[f]) << "seed " << begin + f;
      }
    }
  }
  EXPECT_GT(accepted, 0u);
  EXPECT_GT(inputs, 2 * accepted);
  soak_report("printed_guards", seeds,
              {{"inputs", inputs},
               {"accepted", accepted},
               {"conditions", conditions},
               {"divisors", divisors},
               {"wide", wide}});
}

}  // namespace
}  // namespace congrua::shape
