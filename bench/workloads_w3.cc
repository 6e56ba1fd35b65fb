// W3, entailment: queries against a context of guards. Each query is asked once in a
// repetition, and every repetition sets the context up anew. setup_us: the guards as
// terms and as facts; build_us: the query as a term; us: the decision.
#include <cstdio>

#include "bench/workloads_formula.h"
#include "congrua/guard.h"

namespace congrua::bench {

namespace {

struct Query {
  std::string_view id, expect, cls;
  Formula formula;
  int answer = -1;
  std::vector<double> us = {}, build_us = {};
};

struct Context {
  Symbols symbols;
  std::vector<Formula> guards;
  std::vector<Query> queries;
};

Context read_context(const Sx& record) {
  Context c{Symbols::read(record), {}, {}};
  const Sx* guards = record.get("guards");
  for (size_t i = 1; i < guards->items.size(); ++i) {
    c.guards.emplace_back(guards->items[i], c.symbols);
  }
  const Sx* queries = record.get("queries");
  for (size_t i = 1; i < queries->items.size(); ++i) {
    const auto& q = queries->items[i].items;
    c.queries.push_back({q[0].text, q[1].text, q[2].text, Formula(q[3], c.symbols)});
  }
  return c;
}

int answer_of(Truth truth) {
  switch (truth) {
    case Truth::kTrue:
      return 1;
    case Truth::kFalse:
    case Truth::kOpen:
      return 0;
    case Truth::kUnknown:
      break;
  }
  return -1;
}

double run_once(Context& c) {
  std::vector<Expr> stack;
  ExprPool pool;
  Facts facts(pool);
  const double start = now_seconds();
  const std::vector<Expr> symbols = c.symbols.build(pool);
  for (const Formula& g : c.guards) (void)facts.add(g.build(pool, symbols, stack));
  const double setup = now_seconds() - start;
  for (Query& q : c.queries) {
    const double before = now_seconds();
    const Expr e = q.formula.build(pool, symbols, stack);
    const double built = now_seconds();
    q.answer = answer_of(facts.decide(e, {.explain = false}).truth);
    q.us.push_back((now_seconds() - built) * 1e6);
    q.build_us.push_back((built - before) * 1e6);
  }
  return setup * 1e6;
}

}  // namespace

int run_w3(const std::string& path, int reps) {
  const std::string text = read_file(path);
  for (const Sx& record : read_sx(text)) {
    Context context = read_context(record);
    const std::string id(record.items[1].text);
    std::vector<double> setup;
    for (int i = 0; i < reps; ++i) setup.push_back(run_once(context));
    std::printf("{\"ctx\":\"%s\",\"setup_us\":%.3f,\"nguards\":%zu}\n", id.c_str(),
                median(setup), context.guards.size());
    for (const Query& q : context.queries) {
      std::printf(
          "{\"ctx\":\"%s\",\"id\":%s,\"cls\":\"%s\",\"expect\":%s,\"ans\":%d,"
          "\"us\":%.3f,\"build_us\":%.3f}\n",
          id.c_str(), std::string(q.id).c_str(), std::string(q.cls).c_str(),
          std::string(q.expect).c_str(), q.answer, median(q.us), median(q.build_us));
    }
  }
  return 0;
}

}  // namespace congrua::bench
