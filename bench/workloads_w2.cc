// W2, equality: are two sizes equal under facts? One node after simplification, or else a
// guard to be decided. build_us: both sides and the facts as terms; us: adding the facts
// and deciding.
#include <cstdio>

#include "bench/workloads_formula.h"
#include "congrua/guard.h"
#include "congrua/simplify.h"

namespace congrua::bench {

namespace {

struct Pair {
  Symbols symbols;
  std::vector<Formula> facts;
  Formula left, right;
};

Pair read_pair(const Sx& record) {
  Symbols symbols = Symbols::read(record);
  std::vector<Formula> facts = read_facts(record, symbols);
  const size_t n = record.items.size();
  Formula left(record.items[n - 2], symbols);
  Formula right(record.items[n - 1], symbols);
  return {std::move(symbols), std::move(facts), std::move(left), std::move(right)};
}

int ask(const Pair& pair, double* build_us, double* us) {
  ExprPool pool;
  std::vector<Expr> stack;
  std::vector<Expr> assumed;
  const double start = now_seconds();
  const std::vector<Expr> symbols = pair.symbols.build(pool);
  for (const Formula& f : pair.facts) assumed.push_back(f.build(pool, symbols, stack));
  const Expr left = pair.left.build(pool, symbols, stack);
  const Expr right = pair.right.build(pool, symbols, stack);
  const double built = now_seconds();
  int answer = left == right ? 1 : -1;
  if (answer < 0) {
    Facts facts(pool);
    for (const Expr f : assumed) (void)facts.add(f);
    if (simplify(facts, left) == simplify(facts, right)) {
      answer = 1;
    } else {
      switch (facts.decide(eq(left, right), {.explain = false}).truth) {
        case Truth::kTrue:
          answer = 1;
          break;
        case Truth::kFalse:
        case Truth::kOpen:
          answer = 0;
          break;
        case Truth::kUnknown:
          break;
      }
    }
  }
  *us = (now_seconds() - built) * 1e6;
  *build_us = (built - start) * 1e6;
  return answer;
}

}  // namespace

int run_w2(const std::string& path, int reps) {
  const std::string text = read_file(path);
  for (const Sx& record : read_sx(text)) {
    const Pair pair = read_pair(record);
    std::vector<double> us, build_us;
    int answer = -1;
    for (int i = 0; i < reps; ++i) {
      us.emplace_back();
      build_us.emplace_back();
      answer = ask(pair, &build_us.back(), &us.back());
    }
    std::printf(
        "{\"id\":%s,\"cls\":\"%s\",\"expect\":%s,\"ans\":%d,\"us\":%.3f,"
        "\"build_us\":%.3f}\n",
        std::string(record.items[1].text).c_str(),
        std::string(record.items[2].text).c_str(),
        std::string(record.items[3].text).c_str(), answer, median(us), median(build_us));
  }
  return 0;
}

}  // namespace congrua::bench
