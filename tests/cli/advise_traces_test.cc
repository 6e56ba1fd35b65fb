// Advice on simulated logs over guard sets: of the traces where CONGRUA_DATA names them,
// of an environment of the test's own in any case.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cli/input.h"
#include "congrua/cache_advise.h"
#include "congrua/entry.h"
#include "congrua/eval.h"
#include "congrua/text.h"
#include "trace/replay.h"
#include "trace/trace.h"

namespace congrua::cache {
namespace {

using Row = std::vector<Word>;
using Marks = std::vector<char>;  // dynamic fields

// A compiler whose program decides the guards of a set, each way.
class Compiler {
 public:
  Compiler(const shape::Env& env, const shape::GuardSet& set) {
    std::vector<Field> fields;
    for (const shape::Input& i : env.inputs()) {
      if (i.symbol.sort() != Sort::kInt) continue;
      fields.push_back({i.source});
      symbols_.push_back(i.symbol);
    }
    schema_ = *Schema::make(std::move(fields));
    for (const auto* part : {&set.domains, &set.guards}) {
      for (const Expr e : *part) {
        const std::vector<Expr> read = free_symbols(e);
        if (std::ranges::all_of(read, [&](Expr s) {
              return std::ranges::find(symbols_, s) != symbols_.end();
            })) {
          decisions_.push_back(e);
        }
      }
    }
  }
  const Schema& schema() const { return schema_; }
  const std::vector<Expr>& symbols() const { return symbols_; }

  // nullopt: a term of a decision is beyond programs.
  std::optional<GuardProgram> compile(const Row& row, const Marks& dynamic) const {
    Guards g;
    std::vector<Binding> point;
    for (size_t i = 0; i < symbols_.size(); ++i) {
      g.symbols.push_back({symbols_[i], i});
      point.emplace_back(symbols_[i], static_cast<int64_t>(row[i]));
      if (dynamic[i] == 0) {
        g.conditions.push_back(
            eq(symbols_[i], symbols_[i].pool().constant(point.back().second)));
      }
    }
    for (const Expr d : decisions_) {
      const bool hidden = std::ranges::all_of(free_symbols(d), [&](Expr s) {
        return dynamic[static_cast<size_t>(std::ranges::find(symbols_, s) -
                                           symbols_.begin())] == 0;
      });
      const auto v = evaluate(d, point);
      if (hidden || !v.ok()) continue;
      g.conditions.push_back(*v != 0 ? d : !d);
    }
    auto program = GuardProgram::compile(schema_, g);
    if (!program.ok()) return std::nullopt;
    return *program;
  }

 private:
  Schema schema_;
  std::vector<Expr> symbols_;
  std::vector<Expr> decisions_;
};

struct Policy {
  Marks dynamic;
  bool automatic = false;  // what changed since the last compilation becomes dynamic
};

// The entries that a log leads to; nullopt: one cannot be compiled.
std::optional<std::vector<AdviseEntry>> simulate(const Compiler& compiler,
                                                 const std::vector<Row>& log, Policy p) {
  std::vector<GuardProgram> programs;
  std::vector<AdviseEntry> entries;
  Row last;
  for (const Row& row : log) {
    if (std::ranges::any_of(programs, [&](const auto& q) { return q.check(row); })) {
      continue;
    }
    for (size_t i = 0; p.automatic && i < last.size(); ++i) {
      if (last[i] != row[i]) p.dynamic[i] = 1;
    }
    last = row;
    const auto program = compiler.compile(row, p.dynamic);
    if (!program || !program->check(row)) return std::nullopt;
    programs.push_back(*program);
    entries.push_back({entries.size() + 1, program->impl(), ""});
  }
  return entries;
}

struct Totals {
  size_t logs = 0, best = 0, advised = 0, recompiled = 0, automatic = 0;
};

void check_advice(const shape::Env& env, const shape::GuardSet& set,
                  const std::vector<int64_t>& hints, uint64_t seed, Totals& totals) {
  const Compiler compiler(env, set);
  const size_t n = compiler.symbols().size();
  if (n == 0 || n > 64) return;
  std::mt19937_64 random(seed);
  Row row;
  for (const int64_t h : hints) row.push_back(to_word(h));
  std::vector<Row> log = {row};
  std::vector<size_t> varying;
  for (size_t i = 0; i < 1 + seed % 3; ++i) varying.push_back(random() % n);
  for (int call = 0; call < 40; ++call) {
    const size_t i = varying[random() % varying.size()];
    const int64_t lo = compiler.symbols()[i].range().lo.value_or(2);
    static constexpr int64_t kFactors[] = {1, 2, 3, 4, 8};
    const int64_t v = hints[i] * kFactors[random() % 5] +
                      (random() % 3 == 0 ? static_cast<int64_t>(random() % 5) : 0);
    log.push_back(random() % 6 == 0 ? log[random() % log.size()] : log.back());
    log.back()[i] = to_word(std::max(v, lo));
  }
  const auto fixed = simulate(compiler, log, {Marks(n, 0)});
  const auto dynamic = simulate(compiler, log, {Marks(n, 1)});
  const auto automatic = simulate(compiler, log, {Marks(n, 0), true});
  if (!fixed || !dynamic || !automatic) return;
  const size_t best = std::min({fixed->size(), dynamic->size(), automatic->size()});
  ++totals.logs;
  totals.best += best;
  totals.automatic += automatic->size();
  for (const auto* entries : {&*automatic, &*dynamic, &*fixed}) {
    // Entailment is not what is asked here.
    const Advice a = advise(compiler.schema(), *entries, log, {.questions = 0});
    EXPECT_EQ(a.served, log.size());
    EXPECT_LE(a.versions.size(), best) << "seed " << seed;
    Marks marks(n, 0);
    for (const VersionAdvice& v : a.versions) {
      for (const FieldAdvice& f : v.fields) {
        const bool same = f.is_static && f.lowest == a.versions[0].fields[f.field].lowest;
        if (!same) marks[f.field] = 1;
      }
    }
    const auto again = simulate(compiler, log, {marks});
    ASSERT_TRUE(again);
    EXPECT_LE(again->size(), best) << "seed " << seed;
    if (entries == &*automatic) {
      totals.advised += a.versions.size();
      totals.recompiled += again->size();
    }
  }
}

TEST(AdviseOnLogs, NeverMoreVersionsThanTheBestPolicy) {
  Totals totals;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    shape::Env env;
    std::vector<int64_t> hints;
    std::vector<Expr> sizes;
    for (int i = 0; i < 4; ++i) {
      hints.push_back(8 + static_cast<int64_t>(seed * 7 % 5) * 4 + i * 3);
      sizes.push_back(*env.size("x" + std::to_string(i), hints.back()));
    }
    const auto c = [&](int64_t v) { return env.pool().constant(v); };
    for (const Expr e :
         {eq(floor_mod(sizes[0], 4), c(0)), le(sizes[1] * sizes[0], c(400)),
          le(sizes[1], sizes[2]), eq(floor_mod(sizes[2] + sizes[3], 2), c(0)),
          le(sizes[3], c(64))}) {
      (void)env.evaluate(e);
    }
    check_advice(env, env.guards(), hints, seed, totals);
  }
  EXPECT_GT(totals.logs, 20u);
}

TEST(AdviseOnLogs, OfTraces) {
  const char* data = std::getenv("CONGRUA_DATA");
  const std::string folder =
      std::string(data != nullptr ? data : "../shared/data") + "/torch_traces";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no traces at " << folder;
  std::vector<std::string> paths;
  for (const auto& f : std::filesystem::directory_iterator(folder)) {
    if (f.path().extension() == ".jsonl") paths.push_back(f.path().string());
  }
  std::ranges::sort(paths);
  Totals totals;
  for (size_t i = 0; i < paths.size(); ++i) {
    const auto trace = trace::read_trace(*cli::read_input(paths[i]));
    ASSERT_TRUE(trace.ok());
    const auto replayed = trace::replay(*trace);
    ASSERT_TRUE(replayed.ok());
    for (const auto& [number, set] : replayed->guards) {
      shape::Env& env = *replayed->environments.at(number);
      std::vector<int64_t> hints;
      for (const shape::Input& in : env.inputs()) {
        if (in.symbol.sort() == Sort::kInt) {
          hints.push_back(env.at_hints(in.symbol).value_or(2));
        }
      }
      for (uint64_t k = 0; k < 3; ++k) check_advice(env, set, hints, 3 * i + k, totals);
    }
  }
  std::printf(
      "advise: logs %zu, versions: automatic %zu, best policy %zu, advised %zu, "
      "compiled as advised %zu\n",
      totals.logs, totals.automatic, totals.best, totals.advised, totals.recompiled);
  EXPECT_GT(totals.logs, 50u);
}

}  // namespace
}  // namespace congrua::cache
