// Time per node of families that grow: building, simplifying under facts with cold
// memos, writing the cheapest form and the text. The least of the repetitions. Simplify
// has the steps that its defaults grant to a node, or N with CONGRUA_STEPS=N in the
// environment.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/budget.h"
#include "bench/families.h"
#include "bench/workloads.h"
#include "congrua/simplify.h"
#include "congrua/text.h"

namespace congrua::bench {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

// ns a node, but for the counts.
struct Row {
  size_t nodes = 0, size = 0;
  uint64_t operations = 0;
  double build = kNever, facts = kNever, simplify = kNever, extract = kNever,
         text = kNever;
};

void measure(const FamilyOf& family, size_t size, const SimplifyOptions& options,
             Row& row) {
  ExprPool pool;
  const double start = now_seconds();
  const Instance in = family.make(pool, size);
  const double built = now_seconds();
  Facts facts(pool);
  for (const Expr f : in.facts) (void)facts.add(f);
  const double known = now_seconds();
  const Expr simple = simplify(facts, in.term, options);
  const double simplified = now_seconds();
  const Form form = extract(facts, simple);
  const double extracted = now_seconds();
  const std::string text = to_string(simple);
  const double written = now_seconds();
  row.nodes = in.nodes;
  row.size = dag_size(in.term);
  row.operations = form.operations();
  const auto keep = [&](double& least, double from, double until) {
    least = std::min(least, (until - from) * 1e9 / static_cast<double>(in.nodes));
  };
  keep(row.build, start, built);
  keep(row.facts, built, known);
  keep(row.simplify, known, simplified);
  keep(row.extract, simplified, extracted);
  keep(row.text, extracted, written);
}

}  // namespace

int run_scaling(const std::string& only, int reps) {
  static constexpr size_t kSizes[] = {64, 256, 1024, 4096};
  static constexpr size_t kDepths[] = {16, 64, 250, 1000};
  const char* limit = std::getenv("CONGRUA_STEPS");
  const char* one = std::getenv("CONGRUA_SIZE");
  bool found = false;
  for (const FamilyOf& family : kFamilies) {
    if (only != "all" && only != family.name) continue;
    found = true;
    const bool flat = family.name == "thirds";  // a quadratic DAG
    SimplifyOptions options;
    if (limit != nullptr) {
      options.steps = options.steps_per_node = std::strtoll(limit, nullptr, 10);
    } else if (!flat) {
      options.steps = Budget::kUnlimited;
    }
    for (const size_t size : family.deep ? kDepths : kSizes) {
      if (flat && size > 64 && one == nullptr) continue;
      if (one != nullptr && std::strtoull(one, nullptr, 10) != size) continue;
      Row r;
      for (int i = 0; i < reps; ++i) measure(family, size, options, r);
      std::printf(
          "{\"family\":\"%s\",\"size\":%zu,\"nodes\":%zu,\"dag\":%zu,"
          "\"operations\":%llu,\"build_ns\":%.1f,\"facts_ns\":%.1f,"
          "\"simplify_ns\":%.1f,\"extract_ns\":%.1f,\"text_ns\":%.1f}\n",
          std::string(family.name).c_str(), size, r.nodes, r.size,
          static_cast<unsigned long long>(r.operations), r.build, r.facts, r.simplify,
          r.extract, r.text);
      std::fflush(stdout);
    }
  }
  if (!found) std::fprintf(stderr, "unknown family %s\n", only.c_str());
  return found ? 0 : 2;
}

}  // namespace congrua::bench
