// Does an index fit 32 bits, every intermediate included? The indices are those of W5.
// us: one question with cold memos, about the simplified form that code would be made of
// (`us`), and about the term as it was built (`us_expr`, with its text's order worked
// out). Adding the facts is left out.
#include <cstdio>
#include <map>

#include "bench/workloads_formula.h"
#include "congrua/simplify.h"
#include "congrua/width.h"

namespace congrua::bench {

namespace {

struct Asked {
  double us_form, us_expr;
  Truth truth;
};

Asked ask_once(const Symbols& symbols, const std::vector<Formula>& facts,
               const Formula& index) {
  ExprPool pool;
  std::vector<Expr> stack;
  const std::vector<Expr> vars = symbols.build(pool);
  const Expr e = index.build(pool, vars, stack);
  Facts known(pool), fresh(pool), other(pool);
  for (const Formula& f : facts) {
    const Expr fact = f.build(pool, vars, stack);
    for (Facts* k : {&known, &fresh, &other}) (void)k->add(fact);
  }
  const Form form = extract(known, simplify(known, e));
  const double start = now_seconds();
  const FitsAnswer answer = fits(fresh, form, kInt32);
  const double middle = now_seconds();
  (void)fits(other, e, kInt32);
  const double end = now_seconds();
  return {(middle - start) * 1e6, (end - middle) * 1e6, answer.truth};
}

}  // namespace

int run_fits(const std::string& path, int reps) {
  const std::string text = read_file(path);
  std::vector<double> forms, exprs;
  std::map<Truth, int> answers;
  for (const Sx& record : read_sx(text)) {
    const Symbols symbols = Symbols::read(record);
    const std::vector<Formula> facts = read_facts(record, symbols);
    const Formula index(record.items.back(), symbols);
    std::vector<double> us_form, us_expr;
    Truth truth = Truth::kUnknown;
    for (int i = 0; i < reps; ++i) {
      const Asked a = ask_once(symbols, facts, index);
      us_form.push_back(a.us_form);
      us_expr.push_back(a.us_expr);
      truth = a.truth;
    }
    forms.push_back(median(us_form));
    exprs.push_back(median(us_expr));
    ++answers[truth];
    std::printf("{\"id\":%s,\"fits\":\"%s\",\"us\":%.3f,\"us_expr\":%.3f}\n",
                std::string(record.items[1].text).c_str(),
                std::string(truth_name(truth)).c_str(), forms.back(), exprs.back());
  }
  std::printf(
      "{\"indices\":%zu,\"true\":%d,\"open\":%d,\"unknown\":%d,"
      "\"us_p50\":%.3f,\"us_expr_p50\":%.3f}\n",
      forms.size(), answers[Truth::kTrue], answers[Truth::kOpen],
      answers[Truth::kUnknown], median(forms), median(exprs));
  return 0;
}

}  // namespace congrua::bench
