// Random operator trees and recorded texts: the canonical form has the value of the text,
// and both printers write what their readers take for the same node.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <tuple>

#include "congrua/eval.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/eval.h"
#include "tests/base/soak.h"
#include "tests/expr/reference.h"

namespace congrua {
namespace {

using expr_test::parse_trees;
using expr_test::Reference;
using expr_test::text_of;
using expr_test::Tree;
using internal::Builder;
using internal::Node;
using Random = std::mt19937_64;

int64_t pick(Random& random, int64_t lo, int64_t hi) {
  return std::uniform_int_distribution<int64_t>(lo, hi)(random);
}

// ---- Random terms

Tree atom(std::string s) { return {std::move(s), {}, false}; }

std::string random_numeral(Random& random) {
  switch (pick(random, 0, 9)) {
    case 0: {  // near the ends of int64
      const Int base(pick(random, 0, 1) ? INT64_MAX : INT64_MIN);
      return (base + Int(pick(random, -2, 2))).to_string();
    }
    case 1:
      return (Int(INT64_MAX) * Int(pick(random, -3, 3)) + Int(pick(random, -9, 9)))
          .to_string();
    case 2:
      return std::to_string(int64_t{1} << pick(random, 0, 61));
    default:
      return std::to_string(pick(random, -9, 9));
  }
}

Tree random_boolean(Random& random, int depth);

Tree random_integer(Random& random, int depth) {
  if (depth == 0 || pick(random, 0, 7) == 0) {
    return atom(pick(random, 0, 3) == 0 ? random_numeral(random)
                                        : "s" + std::to_string(pick(random, 0, 3)));
  }
  static constexpr std::string_view kOps[] = {
      "add",      "add",      "sub",      "mul",       "mul",      "neg",
      "floordiv", "floordiv", "floormod", "floormod",  "ceildiv",  "min",
      "max",      "abs",      "select",   "truncdiv",  "truncmod", "modidx",
      "pow",      "identity", "wide",     "piecewise", "bitand"};
  const std::string op(kOps[static_cast<size_t>(pick(random, 0, std::size(kOps) - 1))]);
  const auto sub = [&] { return random_integer(random, depth - 1); };
  Tree t{op, {}, true};
  if (op == "wide") {  // products of such sums are not multiplied out
    t.head = "add";
    for (int i = 0; i < 9; ++i) {
      t.args.push_back({"mul",
                        {atom(std::to_string(pick(random, -3, 3))),
                         atom("s" + std::to_string(pick(random, 0, 15)))},
                        true});
    }
  } else if (op == "bitand" && pick(random, 0, 5) != 0) {
    return sub();  // rare: what holds an uninterpreted term is not evaluated
  } else if (op == "select") {
    t.args = {random_boolean(random, depth - 1), sub(), sub()};
  } else if (op == "piecewise") {
    t.args = {{"", {random_boolean(random, 1), sub()}, true},
              {"", {atom("true"), sub()}, true}};
  } else if (op == "neg" || op == "abs" || op == "identity") {
    t.args = {sub()};
  } else if (op == "pow") {
    t.args = {sub(), atom(std::to_string(pick(random, 0, 3)))};
  } else if (op == "modidx") {
    t.args = {sub(), sub(), sub()};
  } else if (op == "floordiv" || op == "floormod" || op == "ceildiv") {
    // Constant divisors are the common case.
    t.args = {sub(), pick(random, 0, 2) == 0 ? sub()
                                             : atom(std::to_string(pick(random, 1, 12)))};
  } else {
    const bool binary = op.starts_with("trunc") || op == "sub";
    for (int64_t n = binary ? 2 : pick(random, 2, 3); n != 0; --n)
      t.args.push_back(sub());
  }
  return t;
}

Tree random_boolean(Random& random, int depth) {
  if (depth == 0) {
    static constexpr std::string_view kLeaves[] = {"b0", "b1", "true", "false"};
    return atom(std::string(kLeaves[static_cast<size_t>(pick(random, 0, 3))]));
  }
  static constexpr std::string_view kOps[] = {"eq",  "ne", "lt",  "le",  "gt",    "ge",
                                              "and", "or", "not", "iff", "select"};
  std::string op(kOps[static_cast<size_t>(pick(random, 0, std::size(kOps) - 1))]);
  const auto sub = [&] { return random_boolean(random, depth - 1); };
  if (op == "not") return {op, {sub()}, true};
  if (op == "and" || op == "or") return {op, {sub(), sub(), sub()}, true};
  if (op == "select") return {op, {sub(), sub(), sub()}, true};
  if (op == "iff") return {"eq", {sub(), sub()}, true};
  return {
      op, {random_integer(random, depth - 1), random_integer(random, depth - 1)}, true};
}

Int random_value(Random& random) {
  switch (pick(random, 0, 11)) {
    case 0:
      return Int(INT64_MAX) - Int(pick(random, 0, 3));
    case 1:
      return Int(INT64_MIN) - Int(pick(random, -3, 3));
    case 2:
      return Int(INT64_MAX) * Int(pick(random, -9, 9)) + Int(pick(random, -5, 5));
    case 3:
      return Int(pick(random, -1'000'000, 1'000'000));
    default:
      return Int(pick(random, -7, 7));
  }
}

// ---- What is checked of each term

std::string status_text(const absl::Status& s) {
  return std::string(s.message().data(), s.message().size());
}

void expect_reads_back(ExprPool& pool, Expr e, const std::string& source,
                       Division division) {
  for (const size_t max_tree : {size_t{10'000}, size_t{2}}) {
    const PrintOptions print{division, max_tree};
    const ParseOptions parse{division, false};
    const std::string sexpr = to_sexpr(e, print);
    const absl::StatusOr<Expr> a = parse_sexpr(pool, sexpr, parse);
    ASSERT_TRUE(a.ok()) << source << "\nis written " << sexpr << "\n"
                        << status_text(a.status());
    EXPECT_EQ(*a, e) << source << "\nis written " << sexpr << "\nwhich reads as "
                     << to_sexpr(*a);
    const std::string infix = to_string(e, print);
    const absl::StatusOr<Expr> b = parse_infix(pool, infix, parse);
    ASSERT_TRUE(b.ok()) << source << "\nis written " << infix << "\n"
                        << status_text(b.status());
    EXPECT_EQ(*b, e) << source << "\nis written " << infix << "\nwhich reads as "
                     << to_string(*b);
  }
}

void expect_same_values(ExprPool& pool, Expr e, const Tree& t, Division division,
                        Random& random, int points) {
  std::set<std::string> names;
  expr_test::symbols_of(t, names);
  Reference reference(division == Division::kEuclid);
  internal::Assignment assignment;
  internal::Evaluator evaluator;
  for (int i = 0; i < points; ++i) {
    assignment.clear();
    for (const std::string& name : names) {
      const std::optional<Expr> s = pool.find_symbol(name);
      if (!s || s->sort() == Sort::kReal) continue;
      const Range range = s->range();
      Int v = s->is_bool() ? Int(pick(random, 0, 1)) : random_value(random);
      if (range.lo && v < Int(*range.lo)) v = Int(*range.lo + pick(random, 0, 9));
      if (range.hi && v > Int(*range.hi)) v = Int(*range.hi);
      assignment.set(Builder::node(*s), v);
      reference.point[name] = v;
    }
    const std::optional<Int> expected = reference.evaluate(t);
    if (!expected) continue;
    const std::optional<Int> got = evaluator.evaluate(Builder::node(e), assignment);
    std::string where;
    for (const auto& [name, value] : reference.point)
      where += " " + name + "=" + value.to_string();
    ASSERT_TRUE(got.has_value()) << text_of(t) << "\nis canonically " << to_sexpr(e)
                                 << "\nwhich has no value at" << where;
    ASSERT_EQ(got->to_string(), expected->to_string())
        << text_of(t) << "\nis canonically " << to_sexpr(e) << "\nat" << where;
  }
}

void declare_booleans(ExprPool& pool) {
  std::ignore = pool.symbol("b0", {.sort = Sort::kBool});
  std::ignore = pool.symbol("b1", {.sort = Sort::kBool});
}

// Of `t`, the smallest subterm that fails is the one to look at: operands first.
void check_subterms(ExprPool& pool, const Tree& t, Division division, Random& random,
                    uint64_t& terms) {
  for (const Tree& a : t.args) {
    if (!a.list || a.head.empty()) continue;  // an atom, or a pair of piecewise
    check_subterms(pool, a, division, random, terms);
    if (testing::Test::HasFailure()) return;
  }
  ++terms;
  const std::string text = text_of(t);
  const absl::StatusOr<Expr> e = parse_sexpr(pool, text, {.division = division});
  ASSERT_TRUE(e.ok()) << text << "\n" << status_text(e.status());
  expect_same_values(pool, *e, t, division, random, 12);
  expect_reads_back(pool, *e, text, division);
}

void fuzz(const char* name, uint64_t seed, Division division) {
  const Seeds seeds = soak_seeds(2'000, 400'000);
  uint64_t terms = 0;
  for (uint64_t i = seeds.begin; i < seeds.end; ++i) {
    Random random(seed + i);
    ExprPool pool;
    declare_booleans(pool);
    if (pick(random, 0, 1))
      std::ignore = pool.symbol("s0", {.range = {.lo = pick(random, -1, 3)}});
    if (pick(random, 0, 1))
      std::ignore = pool.symbol("s1", {.range = {.lo = 1, .hi = pick(random, 1, 9)}});
    const int depth = static_cast<int>(pick(random, 1, 5));
    const Tree t = pick(random, 0, 2) == 0 ? random_boolean(random, depth)
                                           : random_integer(random, depth);
    if (t.list) check_subterms(pool, t, division, random, terms);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << i;
  }
  soak_report(name, seeds, {{"terms", terms}, {"failures", 0}});
}

TEST(ExprFuzz, RandomTermsHaveTheirValuesAndReadBack) {
  fuzz("ExprFuzz, floor", 1, Division::kFloor);
}
TEST(ExprFuzz, RandomTermsUnderEuclideanDivision) {
  fuzz("ExprFuzz, Euclid", 1'000'000'007, Division::kEuclid);
}

// ---- Recorded texts

std::string data_folder() {
  const char* s = std::getenv("CONGRUA_DATA");
  return s == nullptr ? "" : s;
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

std::vector<std::filesystem::path> files(const std::string& folder,
                                         std::string_view extension) {
  std::vector<std::filesystem::path> out;
  for (const auto& f : std::filesystem::recursive_directory_iterator(folder)) {
    if (f.path().extension() == extension) out.push_back(f.path());
  }
  std::ranges::sort(out);
  return out;
}

// The JSON strings of a line. None of the recorded expressions holds an escape.
std::vector<std::string> strings_of(const std::string& line) {
  std::vector<std::string> out;
  for (size_t i = line.find('"'); i != std::string::npos; i = line.find('"', i + 1)) {
    std::string s;
    for (++i; i < line.size() && line[i] != '"'; ++i) {
      if (line[i] == '\\') ++i;
      s += line[i];
    }
    out.push_back(std::move(s));
  }
  return out;
}

bool is_expression(const std::string& s) {
  // Printed guards of other languages and questions that are no terms.
  return s.starts_with('(') && s.find("L[") == std::string::npos &&
         !s.starts_with("(solve ") && !s.starts_with("(lexmin ");
}

struct Corpus {
  size_t texts = 0, distinct = 0;
};

void check_text(ExprPool& pool, const std::string& text, Division division,
                Random& random, std::set<std::string>& seen, Corpus& corpus) {
  ++corpus.texts;
  if (!seen.insert(text).second) return;
  ++corpus.distinct;
  const absl::StatusOr<Expr> e = parse_sexpr(pool, text, {.division = division});
  ASSERT_TRUE(e.ok()) << text << "\n" << status_text(e.status());
  const std::vector<Tree> trees = parse_trees(text);
  ASSERT_EQ(trees.size(), 1u);
  expect_same_values(pool, *e, trees[0], division, random, 6);
  expect_reads_back(pool, *e, text, division);
}

TEST(RecordedTextFuzz, PeerSuites) {
  if (data_folder().empty())
    GTEST_SKIP() << "CONGRUA_DATA names no folder of recorded data";
  Random random(7);
  Corpus corpus;
  for (const auto& path : files(data_folder() + "/peer_suites", ".jsonl")) {
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      ExprPool pool;  // a record's variables are its own
      std::set<std::string> seen;
      const bool euclid = line.find("\"div\": \"euclid\"") != std::string::npos;
      const std::vector<std::string> strings = strings_of(line);
      for (size_t i = 0; i + 2 < strings.size(); ++i) {
        if (strings[i + 1] == "type" && strings[i + 2] == "bool") {
          std::ignore = pool.symbol(strings[i], {.sort = Sort::kBool});
        }
      }
      for (size_t i = 0; i < strings.size(); ++i) {
        if (!is_expression(strings[i])) continue;
        check_text(pool, strings[i], euclid ? Division::kEuclid : Division::kFloor,
                   random, seen, corpus);
        ASSERT_FALSE(HasFailure()) << path << "\n" << line.substr(0, 200);
      }
    }
  }
  EXPECT_GT(corpus.texts, 2'000u);
}

TEST(RecordedTextFuzz, TorchTraces) {
  if (data_folder().empty())
    GTEST_SKIP() << "CONGRUA_DATA names no folder of recorded data";
  Random random(8);
  Corpus corpus;
  for (const auto& path : files(data_folder() + "/torch_traces", ".jsonl")) {
    ExprPool pool;
    std::set<std::string> seen;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      const std::vector<std::string> strings = strings_of(line);
      if (line.find("\"kind\":\"float\"") != std::string::npos) {
        for (size_t i = 0; i + 1 < strings.size(); ++i) {
          if (strings[i] == "s")
            std::ignore = pool.symbol(strings[i + 1], {.sort = Sort::kReal});
        }
      }
      for (const std::string& s : strings) {
        if (!is_expression(s)) continue;
        check_text(pool, s, Division::kFloor, random, seen, corpus);
        ASSERT_FALSE(HasFailure()) << path << "\n" << line.substr(0, 200);
      }
    }
  }
  EXPECT_GT(corpus.distinct, 2'000u);
}

// Subterms of a record that are expressions: their heads are operators.
void collect(const Tree& t, std::vector<const Tree*>& out) {
  static const std::set<std::string> kOperators = {
      "add", "sub", "mul",    "neg", "floordiv", "floormod", "ceildiv",
      "min", "max", "select", "eq",  "ne",       "lt",       "le",
      "gt",  "ge",  "and",    "or",  "not"};
  if (t.list && kOperators.contains(t.head)) {
    out.push_back(&t);
    return;
  }
  for (const Tree& a : t.args) collect(a, out);
}

TEST(RecordedTextFuzz, Workloads) {
  if (data_folder().empty())
    GTEST_SKIP() << "CONGRUA_DATA names no folder of recorded data";
  Random random(9);
  Corpus corpus;
  for (const auto& path : files(data_folder() + "/workloads", ".sx")) {
    for (const Tree& record : parse_trees(contents(path))) {
      ExprPool pool;
      std::set<std::string> seen;
      std::vector<const Tree*> terms;
      collect(record, terms);
      for (const Tree* t : terms) {
        check_text(pool, text_of(*t), Division::kFloor, random, seen, corpus);
        ASSERT_FALSE(HasFailure()) << path;
      }
    }
  }
  EXPECT_GT(corpus.texts, 2'000u);
}

// Node tables: one operator a line, operands by line. Every root is written and read
// back.
TEST(RecordedTextFuzz, NodeTables) {
  if (data_folder().empty())
    GTEST_SKIP() << "CONGRUA_DATA names no folder of recorded data";
  for (const auto& path : files(data_folder() + "/workloads", ".dag")) {
    ExprPool pool;
    std::vector<Expr> nodes;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string op, word;
      words >> op;
      std::vector<std::string> operands;
      while (words >> word) operands.push_back(word);
      if (op == "sym") {
        nodes.push_back(pool.symbol(operands[0]));
        continue;
      }
      if (op == "const") {
        nodes.push_back(*pool.integer(operands[0]));
        continue;
      }
      const auto arg = [&](size_t i) { return nodes[std::stoul(operands[i])]; };
      if (op == "roots") {
        for (size_t i = 0; i < operands.size(); ++i) {
          const std::string text = to_sexpr(arg(i));
          const absl::StatusOr<Expr> back = parse_sexpr(pool, text);
          ASSERT_TRUE(back.ok()) << path << "\n" << status_text(back.status());
          EXPECT_EQ(*back, arg(i)) << path << "\n" << text.substr(0, 2'000);
          const absl::StatusOr<Expr> infix = parse_infix(pool, to_string(arg(i)));
          ASSERT_TRUE(infix.ok()) << path << "\n" << status_text(infix.status());
          EXPECT_EQ(*infix, arg(i)) << path;
          ASSERT_FALSE(HasFailure());
        }
        continue;
      }
      // A line names its operands by number: t0, t1 stand for them in the reader's table.
      if (op == "add")
        nodes.push_back(arg(0) + arg(1));
      else if (op == "sub")
        nodes.push_back(arg(0) - arg(1));
      else if (op == "mul")
        nodes.push_back(arg(0) * arg(1));
      else if (op == "neg")
        nodes.push_back(-arg(0));
      else if (op == "floordiv")
        nodes.push_back(floor_div(arg(0), arg(1)));
      else if (op == "floormod")
        nodes.push_back(floor_mod(arg(0), arg(1)));
      else if (op == "min")
        nodes.push_back(min(arg(0), arg(1)));
      else if (op == "max")
        nodes.push_back(max(arg(0), arg(1)));
      else
        FAIL() << path << ": " << line;
    }
  }
}

}  // namespace
}  // namespace congrua
