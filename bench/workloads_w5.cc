// W5, index simplification: loop indices under ranges and facts. us: adding the facts,
// simplifying and extracting a built term.
#include <cstdio>

#include "bench/workloads_formula.h"
#include "congrua/simplify.h"

namespace congrua::bench {

namespace {

constexpr size_t kMaxTree = 1'000'000;  // the checker has no names for shared terms

double simplify_once(const Symbols& symbols, const std::vector<Formula>& facts,
                     const Formula& index, std::string* out) {
  ExprPool pool;
  std::vector<Expr> stack;
  std::vector<Expr> assumed;
  const std::vector<Expr> vars = symbols.build(pool);
  for (const Formula& f : facts) assumed.push_back(f.build(pool, vars, stack));
  const Expr e = index.build(pool, vars, stack);
  const double start = now_seconds();
  Facts known(pool);
  for (const Expr f : assumed) (void)known.add(f);
  const Form form = extract(known, simplify(known, e));
  const double us = (now_seconds() - start) * 1e6;
  *out = form.to_sexpr(kMaxTree);
  return us;
}

}  // namespace

int run_w5(const std::string& path, int reps) {
  const std::string text = read_file(path);
  for (const Sx& record : read_sx(text)) {
    const Symbols symbols = Symbols::read(record);
    const std::vector<Formula> facts = read_facts(record, symbols);
    const Formula index(record.items.back(), symbols);
    std::vector<double> us;
    std::string out;
    for (int i = 0; i < reps; ++i) {
      us.push_back(simplify_once(symbols, facts, index, &out));
    }
    std::printf("{\"id\":%s,\"cls\":\"%s\",\"us\":%.3f,\"out\":\"%s\"}\n",
                std::string(record.items[1].text).c_str(),
                std::string(record.items[2].text).c_str(), median(us), out.c_str());
  }
  return 0;
}

}  // namespace congrua::bench
