// W6, model finding: sizes that satisfy a traced program's asserts, or that there are
// none. "ms" runs from the interned asserts to the checked model: compiling, searching,
// minimising.
#include <cstdio>
#include <cstdlib>

#include "bench/workloads_formula.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "guard/search.h"

namespace congrua::bench {

namespace {

// Enough for every problem of the generator; a spent budget prints "unknown".
constexpr int64_t kSteps = 20'000'000;

struct Problem {
  std::string_view id, cls, expect;
  std::vector<std::pair<std::string_view, Range>> vars;
  std::vector<std::string_view> asserts;
};

Problem read_problem(const Sx& record) {
  Problem p{record.items[1].text, record.items[2].text, record.items[3].text, {}, {}};
  const Sx* vars = record.get("vars");
  for (size_t i = 1; i < vars->items.size(); ++i) {
    const auto& v = vars->items[i].items;
    p.vars.push_back({v[0].text, {finite(v[1].text), finite(v[2].text)}});
  }
  const Sx* asserts = record.get("asserts");
  for (size_t i = 1; i < asserts->items.size(); ++i)
    p.asserts.push_back(asserts->items[i].text);
  return p;
}

// Milliseconds; writes the model as JSON.
double solve_once(const Problem& problem, std::string* model) {
  ExprPool pool;
  std::vector<Expr> vars;
  for (const auto& [name, range] : problem.vars) {
    vars.push_back(pool.symbol(name, {.range = range}));
  }
  std::vector<Expr> asserts;
  for (const std::string_view text : problem.asserts) {
    auto e = parse_sexpr(pool, text);
    if (!e.ok()) {
      std::fprintf(stderr, "problem %.*s: %s\n", static_cast<int>(problem.id.size()),
                   problem.id.data(), e.status().ToString().c_str());
      std::exit(2);
    }
    asserts.push_back(*e);
  }
  const double start = now_seconds();
  guard::Search search;
  // All variables in their order, also those that no assert mentions.
  for (const Expr& v : vars)
    search.bound({internal::Builder::node(v), INT64_MIN, INT64_MAX});
  for (const Expr& e : asserts) search.add(internal::Builder::node(e));
  Budget budget(kSteps);
  const auto outcome = search.find(budget);
  const double ms = (now_seconds() - start) * 1e3;
  if (outcome == guard::Search::Outcome::kNone) {
    *model = "\"unsat\"";
  } else if (outcome == guard::Search::Outcome::kExhausted) {
    *model = "\"unknown\"";
  } else {
    *model = "{";
    for (const auto& [node, value] : search.model()) {
      if (model->size() > 1) *model += ",";
      *model +=
          "\"" + std::string(internal::as_symbol(node)->name) + "\":" + value.to_string();
    }
    *model += "}";
  }
  return ms;
}

}  // namespace

int run_w6(const std::string& path, int reps) {
  const std::string text = read_file(path);
  for (const Sx& record : read_sx(text)) {
    const Problem problem = read_problem(record);
    std::vector<double> ms;
    std::string model;
    for (int i = 0; i < reps; ++i) ms.push_back(solve_once(problem, &model));
    std::printf("{\"id\":%s,\"cls\":\"%s\",\"expect\":%s,\"ms\":%.4f,\"model\":%s}\n",
                std::string(problem.id).c_str(), std::string(problem.cls).c_str(),
                std::string(problem.expect).c_str(), median(ms), model.c_str());
  }
  return 0;
}

}  // namespace congrua::bench
