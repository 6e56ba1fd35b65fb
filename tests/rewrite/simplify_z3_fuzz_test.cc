// Random terms under random facts: that a term and what it is simplified to differ at a
// point of the facts is refuted by Z3, over all integers and not over a box. Both are
// written to Z3 without the canonical form: the term as the tree it was made from, the
// answer as its text.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "congrua/simplify.h"
#include "congrua/text.h"
#include "guard/z3.h"
#include "tests/base/soak.h"
#include "tests/expr/reference.h"
#include "tests/guard/random_facts.h"

namespace congrua {
namespace {

using guard_test::Act;
using guard_test::Kind;
using guard_test::Step;
using guard_test::System;
using guard_test::Tree;
using Text = expr_test::Tree;

bool has_opaque(const Tree& t) {
  return t.kind == Kind::kOpaque || std::ranges::any_of(t.args, has_opaque);
}

// The tree and its parts, but for leaves.
void collect(const Tree& t, std::vector<const Tree*>& out) {
  for (const Tree& a : t.args) collect(a, out);
  if (!t.args.empty()) out.push_back(&t);
}

Text text_tree(const System& s, const Tree& t) {
  static constexpr std::string_view kNames[] = {
      "",        "",    "add", "sub",     "mul",    "floordiv", "floormod",
      "ceildiv", "min", "max", "abs",     "select", "",         "",
      "",        "eq",  "ne",  "lt",      "le",     "gt",       "ge",
      "not",     "and", "or",  "implies", "eq",     "ne",       "select"};
  if (t.kind == Kind::kNumber) return {std::to_string(t.number), {}, false};
  if (t.kind == Kind::kTruth) return {t.number != 0 ? "true" : "false", {}, false};
  if (t.args.empty()) return {guard_test::name_of(s, t.number), {}, false};
  Text out{std::string(kNames[static_cast<size_t>(t.kind)]), {}, true};
  for (const Tree& a : t.args) out.args.push_back(text_tree(s, a));
  return out;
}

// SMT-LIB by definition (docs/semantics.md); every divisor met is put to `divisors`.
class Writer {
 public:
  explicit Writer(std::vector<std::string>* divisors) : divisors_(divisors) {}

  std::string write(const Text& t) {
    if (!t.list) return t.head[0] == '-' ? "(- " + t.head.substr(1) + ")" : t.head;
    std::vector<std::string> a;
    for (const Text& x : t.args) a.push_back(write(x));
    if (t.head == "floordiv" || t.head == "floormod" || t.head == "ceildiv") {
      if (divisors_ != nullptr) divisors_->push_back(a[1]);
      if (t.head == "floordiv") return quotient(a[0], a[1]);
      if (t.head == "ceildiv") return "(- " + quotient("(- " + a[0] + ")", a[1]) + ")";
      return "(- " + a[0] + " (* " + a[1] + " " + quotient(a[0], a[1]) + "))";
    }
    if (t.head == "min" || t.head == "max") {
      const std::string op = t.head == "min" ? "<=" : ">=";
      std::string out = a[0];
      for (size_t i = 1; i < a.size(); ++i) {
        out = "(ite (" + op + " " + out + " " + a[i] + ") " + out + " " + a[i] + ")";
      }
      return out;
    }
    static constexpr std::pair<std::string_view, std::string_view> kOps[] = {
        {"add", "+"},       {"sub", "-"},      {"neg", "-"},   {"mul", "*"},
        {"abs", "abs"},     {"eq", "="},       {"le", "<="},   {"lt", "<"},
        {"ne", "distinct"}, {"select", "ite"}, {"ge", ">="},   {"gt", ">"},
        {"and", "and"},     {"or", "or"},      {"not", "not"}, {"implies", "=>"}};
    for (const auto& [name, op] : kOps) {
      if (name != t.head) continue;
      std::string out = "(" + std::string(op);
      for (const std::string& x : a) out += " " + x;
      return out + ")";
    }
    ADD_FAILURE() << "no SMT-LIB for " << t.head;
    return "0";
  }

 private:
  static std::string quotient(const std::string& a, const std::string& b) {
    if (b.find_first_not_of("0123456789") == std::string::npos) {
      return "(div " + a + " " + b + ")";
    }
    return "(ite (> " + b + " 0) (div " + a + " " + b + ") (div (- " + a + ") (- " + b +
           ")))";
  }
  std::vector<std::string>* divisors_;
};

struct Counts {
  uint64_t terms = 0, proved = 0;
};

// What is wrong with a system's simplified questions; empty if nothing is found.
std::string wrong(const System& s, Counts& counts) {
  ExprPool pool;
  Facts facts(pool);
  std::string script;
  const auto assert_all = [](const std::string& term,
                             const std::vector<std::string>& nonzero) {
    std::string out = "(assert " + term + ")\n";
    for (const std::string& d : nonzero) out += "(assert (distinct " + d + " 0))\n";
    return out;
  };
  for (size_t i = 0; i < s.symbols.size(); ++i) {
    const std::string name = guard_test::name_of(s, static_cast<int64_t>(i));
    script += "(declare-const " + name + (s.symbols[i].flag ? " Bool)\n" : " Int)\n");
    const auto bound = [&](const char* op, const std::optional<int64_t>& end) {
      if (end) {
        const Text number{std::to_string(*end), {}, false};
        script += "(assert (" + std::string(op) + " " + name + " " +
                  Writer(nullptr).write(number) + "))\n";
      }
    };
    bound(">=", s.symbols[i].birth.lo);
    bound("<=", s.symbols[i].birth.hi);
  }
  for (const Step& step : s.script) {
    if (step.act != Act::kFact || has_opaque(step.tree)) continue;
    (void)facts.add(guard_test::build(pool, s, step.tree));
    std::vector<std::string> divisors;
    const std::string term = Writer(&divisors).write(text_tree(s, step.tree));
    script += assert_all(term, divisors);
  }
  if (facts.contradictory()) return "";
  guard::Z3Session z3;
  std::string error;
  if (!z3.add_text(script, &error)) return error;
  std::vector<const Tree*> questions;
  for (const Step& step : s.script) {
    if (step.act == Act::kAsk && !has_opaque(step.tree)) collect(step.tree, questions);
  }
  for (const Tree* t : questions) {
    const Expr e = guard_test::build(pool, s, *t);
    const Expr simple = simplify(facts, e, {.steps = s.steps});
    const std::vector<Text> read =
        expr_test::parse_trees(to_sexpr(simple, PrintOptions{.max_tree = 1'000'000}));
    if (read.size() != 1) return "no text";
    std::vector<std::string> divisors;
    const std::string before = Writer(&divisors).write(text_tree(s, *t));
    const std::string after = Writer(nullptr).write(read[0]);
    ++counts.terms;
    z3.push();
    std::string why;
    if (!z3.add_text(assert_all("(distinct " + before + " " + after + ")", divisors),
                     &why)) {
      return why;
    }
    const guard::Z3Result r = z3.check({.rlimit = 300'000}, {}, false);
    z3.pop(1);
    if (r.status == guard::Status::kSat) {
      return to_string(e) + " is not " + to_string(simple);
    }
    counts.proved += r.status == guard::Status::kUnsat;
  }
  return "";
}

TEST(SimplifyZ3Fuzz, NoPointTellsTheTermFromItsSimplification) {
  if (!guard::z3_available()) GTEST_SKIP() << "built without Z3";
  const Seeds seeds = soak_seeds(10, 4'000);
  Counts counts;
  uint64_t failures = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end && failures < 20; ++seed) {
    const System system = guard_test::RandomSystem(seed).make();
    const std::string what = wrong(system, counts);
    if (what.empty()) continue;
    ++failures;
    Counts ignored;
    const System small = guard_test::reduce(
        system, [&](const System& s) { return !wrong(s, ignored).empty(); });
    ADD_FAILURE() << "seed " << seed << ": " << what
                  << "\nreduced: " << wrong(small, ignored) << "\n"
                  << guard_test::text_of(small);
  }
  soak_report(
      "SimplifyZ3Fuzz", seeds,
      {{"terms", counts.terms}, {"by Z3", counts.proved}, {"failures", failures}});
}

}  // namespace
}  // namespace congrua
