// The identities of the canonical form against Z3 and enumeration.
//
// A tree of operators is written for Z3 as docs/semantics.md defines each operator,
// without any canonical form; its canonical term is written node by node. Where Z3 finds
// a point at which the two differ, the canonical form is wrong.
#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "congrua/text.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "guard/z3.h"
#include "tests/expr/reference.h"

namespace congrua::guard {
namespace {

using expr_test::Tree;

std::string floor_div_smt(const std::string& a, const std::string& b) {
  return fmt::format("(ite (> {1} 0) (div {0} {1}) (div (- {0}) (- {1})))", a, b);
}

std::string numeral_smt(std::string_view digits) {
  return digits.starts_with('-') ? fmt::format("(- {})", digits.substr(1))
                                 : std::string(digits);
}

// An operator tree; adds the divisors in it.
std::string smt_of(const Tree& t, std::set<std::string>& divisors) {
  if (!t.list) return expr_test::is_numeral(t.head) ? numeral_smt(t.head) : t.head;
  std::vector<std::string> a;
  for (const Tree& x : t.args) a.push_back(smt_of(x, divisors));
  const auto join = [&](std::string_view op) {
    return fmt::format("({} {})", op, fmt::join(a, " "));
  };
  if (t.head == "add") return join("+");
  if (t.head == "sub" || t.head == "neg") return join("-");
  if (t.head == "mul") return join("*");
  if (t.head == "floordiv" || t.head == "floormod" || t.head == "ceildiv")
    divisors.insert(a[1]);
  if (t.head == "floordiv") return floor_div_smt(a[0], a[1]);
  if (t.head == "floormod") {
    return fmt::format("(- {} (* {} {}))", a[0], a[1], floor_div_smt(a[0], a[1]));
  }
  if (t.head == "ceildiv") {
    return fmt::format("(- {})", floor_div_smt(fmt::format("(- {})", a[0]), a[1]));
  }
  if (t.head == "abs") return fmt::format("(ite (>= {0} 0) {0} (- {0}))", a[0]);
  if (t.head == "min" || t.head == "max") {
    std::string best = a[0];
    for (size_t i = 1; i < a.size(); ++i) {
      best = fmt::format("(ite ({0} {1} {2}) {1} {2})",
                         t.head == "min" ? "<=" : ">=", best, a[i]);
    }
    return best;
  }
  if (t.head == "select") return join("ite");
  if (t.head == "eq") return join("=");
  if (t.head == "ne") return fmt::format("(not {})", join("="));
  if (t.head == "lt") return join("<");
  if (t.head == "le") return join("<=");
  if (t.head == "gt") return join(">");
  if (t.head == "ge") return join(">=");
  return join(t.head);  // and, or, not
}

// A canonical term.
std::string smt_of(Expr e) {
  std::vector<std::string> a;
  for (size_t i = 0; i < e.num_args(); ++i) a.push_back(smt_of(e.arg(i)));
  const auto join = [&](std::string_view op) {
    return fmt::format("({} {})", op, fmt::join(a, " "));
  };
  switch (e.op()) {
    case Op::kConst:
      return e.is_bool() ? (e.is_true() ? "true" : "false") : numeral_smt(to_sexpr(e));
    case Op::kSymbol:
      return std::string(e.name());
    case Op::kAdd: {
      std::string sum = "(+ " + numeral_smt(fmt::to_string(*e.constant_term()));
      for (size_t i = 0; i < a.size(); ++i) {
        sum += fmt::format(" (* {} {})", numeral_smt(fmt::to_string(*e.coefficient(i))),
                           a[i]);
      }
      return sum + ")";
    }
    case Op::kMul:
      return join("*");
    case Op::kFloorDiv:
      return floor_div_smt(a[0], a[1]);
    case Op::kMin:
    case Op::kMax: {
      std::string best = a[0];
      for (size_t i = 1; i < a.size(); ++i) {
        best = fmt::format("(ite ({0} {1} {2}) {1} {2})", e.op() == Op::kMin ? "<" : ">",
                           best, a[i]);
      }
      return best;
    }
    case Op::kSelect:
      return join("ite");
    case Op::kGe:
      return fmt::format("(>= {} 0)", a[0]);
    case Op::kEq:
      return fmt::format("(= {} 0)", a[0]);
    case Op::kNot:
      return join("not");
    case Op::kAnd:
      return join("and");
    case Op::kIff:
      return join("=");
    case Op::kOpaque:
      break;  // not made here
  }
  return "?";
}

// ---- Random trees

class Trees {
 public:
  explicit Trees(uint32_t seed) : random_(seed) {}

  std::string integer(int depth) {
    if (depth == 0) return below(4) == 0 ? number(-7, 9) : symbol();
    const auto pair = [&](std::string_view op) {
      const std::string a = integer(depth - 1);
      return fmt::format("({} {} {})", op, a, integer(below(2) == 0 ? 0 : depth - 1));
    };
    switch (below(12)) {
      case 0:
      case 1:
        return pair("add");
      case 2:
        return pair("sub");
      case 3:
        return fmt::format("(mul {} {})", number(-4, 5), integer(depth - 1));
      case 4:
        return below(3) == 0 ? pair("mul") : fmt::format("(neg {})", integer(depth - 1));
      case 5:
        return pair("min");
      case 6:
        return pair("max");
      case 7:
        return fmt::format("(select {} {} {})", proposition(depth - 1),
                           integer(depth - 1), integer(0));
      case 8:
        return fmt::format("(abs {})", integer(depth - 1));
      default: {
        constexpr std::string_view kDivisions[] = {"floordiv", "floormod", "ceildiv"};
        // Mostly by constants: by symbols Z3 soon knows nothing.
        const std::string by =
            below(6) == 0 ? symbol() : number(below(4) == 0 ? -4 : 1, 8);
        return fmt::format("({} {} {})", kDivisions[below(3)], integer(depth - 1),
                           by == "0" ? "3" : by);
      }
    }
  }
  std::string proposition(int depth) {
    if (depth > 0 && below(3) == 0) {
      if (below(4) == 0) return fmt::format("(not {})", proposition(depth - 1));
      return fmt::format("({} {} {})", below(2) == 0 ? "and" : "or",
                         proposition(depth - 1), proposition(depth - 1));
    }
    constexpr std::string_view kComparisons[] = {"eq", "ne", "lt", "le", "gt", "ge"};
    const std::string a = integer(depth);
    return fmt::format("({} {} {})", kComparisons[below(6)], a, integer(depth / 2));
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  std::string symbol() { return fmt::format("s{}", below(3)); }
  std::string number(int lo, int hi) { return fmt::to_string(lo + below(hi - lo + 1)); }

  std::mt19937 random_;
};

constexpr std::string_view kDeclarations =
    "(declare-fun s0 () Int)(declare-fun s1 () Int)(declare-fun s2 () Int)";

// Is a point known to Z3 where the text and its canonical form differ?
Status difference(Z3Session& session, const std::string& text, std::string* point) {
  ExprPool pool;
  const absl::StatusOr<Expr> canonical = parse_sexpr(pool, text);
  EXPECT_TRUE(canonical.ok()) << text << ": " << canonical.status();
  if (!canonical.ok()) return Status::kUnknown;
  std::set<std::string> divisors;
  const std::string direct = smt_of(expr_test::parse_trees(text)[0], divisors);
  std::string question;
  for (const std::string& d : divisors)
    question += fmt::format("(assert (not (= {} 0)))\n", d);
  question += fmt::format("(assert (not (= {} {})))\n", direct, smt_of(*canonical));
  session.push();
  std::string error;
  EXPECT_TRUE(session.add_text(question, &error)) << text << ": " << error;
  // The time is a safety net: 4.8.12 does not count all its steps.
  const Z3Result r = session.check({.rlimit = 100'000, .watchdog_ms = 5'000});
  session.pop(1);
  for (const auto& [name, value] : r.model)
    *point += fmt::format(" {} = {}", name, value);
  *point += fmt::format("; canonical form {}", to_string(*canonical));
  return r.status;
}

void compare_random_trees(uint32_t first_seed, int count, int depth) {
  Z3Session session;
  ASSERT_TRUE(session.add_text(kDeclarations, nullptr));
  int equal = 0;
  for (int i = 0; i < count; ++i) {
    const uint32_t seed = first_seed + static_cast<uint32_t>(i);
    Trees trees(seed);
    const std::string text = i % 3 == 0 ? trees.proposition(depth) : trees.integer(depth);
    std::string point;
    const Status s = difference(session, text, &point);
    ASSERT_NE(s, Status::kSat) << "seed " << seed << ": " << text << " at" << point;
    equal += s == Status::kUnsat;
  }
  EXPECT_GT(equal * 10, count * 6) << "Z3 decides most of them";
}

TEST(NormalFormZ3, RandomTrees) {
  if (!z3_available()) GTEST_SKIP() << "no Z3 in this build";
  compare_random_trees(1, 300, 2);
  compare_random_trees(1'000, 200, 3);
}

TEST(NormalFormZ3, RandomTreesSoak) {
  if (!z3_available()) GTEST_SKIP() << "no Z3 in this build";
  compare_random_trees(10'000, 100 * expr_test::soak_percent(), 3);
  compare_random_trees(1'000'000, 30 * expr_test::soak_percent(), 4);
}

// ---- The identities one by one

// Over variables (lower case) and constants (upper case): lhs = rhs wherever the side
// condition on the constants holds and no divisor is 0.
struct Rule {
  std::string_view name, side, lhs, rhs;
  int box = 6;        // variables and constants from -box to box
  int constants = 8;  // constants for Z3 from -constants to constants
};

constexpr Rule kRules[] = {
    // builder_div.cc, a constant divisor
    {"whole multiples come out", "(gt C 0)", "(floordiv (add (mul C T x) y) C)",
     "(add (mul T x) (floordiv y C))"},
    {"common factors go", "(and (gt C 0) (gt G 0))",
     "(floordiv (add (mul G p) K) (mul G C))", "(floordiv (add p (floordiv K G)) C)"},
    {"nested divisions fuse", "(and (gt C 0) (gt D 0))",
     "(floordiv (add (floordiv p D) y) C)", "(floordiv (add p (mul D y)) (mul D C))"},
    {"a negated division is one rounded up", "(gt C 0)", "(add (neg (floordiv p C)) y)",
     "(floordiv (add (mul C y) (neg p) (sub C 1)) C)"},
    {"negated nested divisions fuse", "(and (gt C 1) (gt D 0))",
     "(floordiv (sub y (floordiv p D)) C)",
     "(floordiv (add (mul D y) (neg p) (sub D 1)) (mul D C))"},
    {"the numerator flips", "(and (ge K 0) (lt K C) (ge M 0) (lt M C))",
     "(floordiv (add (mul K x) (mul L y) M) C)",
     "(sub (add x y) (floordiv (add (mul (sub C K) x) (mul (sub C L) y) (sub (sub C 1) "
     "M)) C))",
     3, 4},
    {"a negative divisor", "(gt C 0)", "(floordiv p (neg C))", "(floordiv (neg p) C)"},
    {"rounding up", "(gt C 0)", "(ceildiv p C)", "(floordiv (add p (sub C 1)) C)"},
    {"rounding up by one less", "(gt C 0)", "(ceildiv p C)",
     "(add (floordiv (sub p 1) C) 1)"},
    {"remainder", "(ne C 0)", "(add (mul C (floordiv p C)) (floormod p C))", "p"},
    {"remainder of a multiple", "(ne C 0)", "(floormod (add p (mul C y)) C)",
     "(floormod p C)"},
    {"the other sign of a remainder", "(gt C 0)", "(floormod p (neg C))",
     "(neg (floormod (neg p) C))"},
    // builder_div.cc, any divisor
    {"whole multiples of a symbol", "true", "(floordiv (add (mul b x) r) b)",
     "(add x (floordiv r b))"},
    {"a part of a coefficient", "(and (gt K 0) (ge M 0) (lt M K))",
     "(floordiv (add (mul (add (mul Q K) M) b x) r) (mul K b))",
     "(add (mul Q x) (floordiv (add (mul M b x) r) (mul K b)))", 2, 3},
    {"common content", "(gt G 0)", "(floordiv (mul G a) (mul G b))", "(floordiv a b)"},
    {"common content of any sign", "(ne G 0)", "(floordiv (mul G a) (mul G b))",
     "(floordiv a b)"},
    {"common factors", "true", "(floordiv (mul f a) (mul f b))", "(floordiv a b)"},
    {"the sign of a divisor", "true", "(floordiv a (neg b))", "(floordiv (neg a) b)"},
    {"nothing by anything", "true", "(floordiv 0 b)", "0"},
    {"a term by itself", "true", "(floordiv (add a b) (add b a))", "1"},
    {"multiples of a sum", "true", "(floordiv (add (mul a x) (mul b x) r) (add a b))",
     "(add x (floordiv r (add a b)))"},
    {"remainder of a product", "true", "(floormod (mul a b x) (mul b a))", "0"},
    // builder_select.cc
    {"common addends of min", "true", "(min (add x t) (add y t))", "(add t (min x y))"},
    {"common addends of max", "true", "(max (add x t K) (add y t K))",
     "(add t K (max x y))"},
    {"common factors of min", "(ge G 0)", "(min (mul G x) (mul G y))",
     "(mul G (min x y))"},
    {"negative factors swap", "(le G 0)", "(max (mul G x) (mul G y))",
     "(mul G (min x y))"},
    {"min is a negated max", "true", "(min x y)", "(neg (max (neg x) (neg y)))"},
    {"one constant wins", "true", "(max (add x K) y (add x L))",
     "(max (add x (max K L)) y)"},
    {"nested max", "true", "(max x (max y z))", "(max (max z x) y)"},
    {"abs", "true", "(abs (sub x y))", "(abs (sub y x))"},
    {"abs is max", "true", "(abs x)", "(max x (neg x))"},
    {"common addends of select", "true", "(select (ge c d) (add x t) (add y t))",
     "(add t (select (ge c d) x y))"},
    {"common factors of select", "true", "(select (eq c 0) (mul G x) (mul G y))",
     "(mul G (select (eq c 0) x y))"},
    {"a negated condition", "true", "(select (lt c d) x y)", "(select (ge c d) y x)"},
    {"another negated condition", "true", "(select (ne c d) x y)",
     "(select (eq d c) y x)"},
    {"one value", "true", "(select (eq c d) (add x 1) (add 1 x))", "(add x 1)"},
    {"a select of propositions", "true", "(select (gt c 0) (gt x 0) (gt y 0))",
     "(or (and (gt c 0) (gt x 0)) (and (le c 0) (gt y 0)))"},
    // builder_bool.cc
    {"content of >=", "(gt G 0)", "(ge (add (mul G q) K) 0)",
     "(ge (add q (floordiv K G)) 0)"},
    {"content of ==", "(ne G 0)", "(eq (add (mul G q) (mul G K)) 0)", "(eq q (neg K))"},
    {"what does not divide", "(ne (floormod K G) 0)", "(eq (add (mul G q) K) 0)",
     "false"},
    {"the sign of ==", "true", "(eq x y)", "(eq (neg x) (neg y))"},
    {"not >=", "true", "(not (ge p 0))", "(ge (sub (neg p) 1) 0)"},
    {"absorption", "true", "(and (ge x 0) (or (ge x 0) (eq y 1)))", "(ge x 0)"},
    {"unit resolution", "true", "(and (ge x 0) (or (lt x 0) (eq y 1)))",
     "(and (ge x 0) (eq y 1))"},
    {"contradiction", "true", "(and (ge x 0) (eq y 1) (lt x 0))", "false"},
    {"either", "true", "(or (eq x y) (ne x y))", "true"},
    {"equivalence of negations", "true", "(eq (lt x 0) (eq y 0))",
     "(ne (ge x 0) (eq y 0))"},
};

bool is_constant(std::string_view name) { return name[0] >= 'A' && name[0] <= 'Z'; }

// Calls f for all values from -size to size of the names.
template <typename F>
void for_each_point(std::span<const std::string> names, int size,
                    std::map<std::string, Int>& point, F&& f) {
  if (names.empty()) return f();
  for (int v = -size; v <= size; ++v) {
    point[names[0]] = Int(v);
    for_each_point(names.subspan(1), size, point, f);
  }
}

struct ReadRule {
  explicit ReadRule(const Rule& r)
      : side(expr_test::parse_trees(r.side)[0]),
        lhs(expr_test::parse_trees(r.lhs)[0]),
        rhs(expr_test::parse_trees(r.rhs)[0]) {
    std::set<std::string> names;
    for (const Tree* t : {&side, &lhs, &rhs}) expr_test::symbols_of(*t, names);
    for (const std::string& n : names)
      (is_constant(n) ? constants : variables).push_back(n);
  }
  Tree side, lhs, rhs;
  std::vector<std::string> constants, variables;
};

// t with the constants replaced by their values.
Tree instance(const Tree& t, const std::map<std::string, Int>& point) {
  Tree out = t;
  if (!t.list && is_constant(t.head)) out.head = point.at(t.head).to_string();
  for (Tree& a : out.args) a = instance(a, point);
  return out;
}

TEST(NormalFormRules, HoldInABoxExhaustive) {
  for (const Rule& rule : kRules) {
    const ReadRule r(rule);
    expr_test::Reference at;
    int checked = 0;
    const auto check = [&] {
      const auto lhs = at.evaluate(r.lhs);
      const auto rhs = at.evaluate(r.rhs);
      if (!lhs || !rhs) return;
      ++checked;
      if (*lhs == *rhs) return;
      std::string where;
      for (const auto& [n, v] : at.point)
        where += fmt::format(" {}={}", n, v.to_string());
      FAIL() << rule.name << " at" << where;
    };
    for_each_point(r.constants, rule.box, at.point, [&] {
      if (::testing::Test::HasFatalFailure()) return;
      const auto side = at.evaluate(r.side);
      if (side && !side->is_zero())
        for_each_point(r.variables, rule.box, at.point, check);
    });
    if (HasFatalFailure()) return;
    EXPECT_GT(checked, 5) << rule.name;
  }
}

TEST(NormalFormRules, AreWhatTheBuilderDoes) {
  for (const Rule& rule : kRules) {
    const ReadRule r(rule);
    expr_test::Reference at;
    for_each_point(r.constants, std::min(rule.constants, 4), at.point, [&] {
      const auto side = at.evaluate(r.side);
      if (!side || side->is_zero()) return;
      ExprPool pool;
      const std::string lhs = expr_test::text_of(instance(r.lhs, at.point));
      const std::string rhs = expr_test::text_of(instance(r.rhs, at.point));
      const auto a = parse_sexpr(pool, lhs);
      const auto b = parse_sexpr(pool, rhs);
      ASSERT_TRUE(a.ok() && b.ok()) << lhs << " " << rhs;
      EXPECT_EQ(*a, *b) << rule.name << ": " << lhs << " is " << to_string(*a) << ", "
                        << rhs << " is " << to_string(*b);
    });
  }
}

TEST(NormalFormRules, Z3FindsNoCounterexampleExhaustive) {
  if (!z3_available()) GTEST_SKIP() << "no Z3 in this build";
  for (const Rule& rule : kRules) {
    const ReadRule r(rule);
    Z3Session session;
    std::string text;
    for (const std::string& v : r.variables)
      text += fmt::format("(declare-fun {} () Int)", v);
    ASSERT_TRUE(session.add_text(text, nullptr));
    expr_test::Reference at;
    int proved = 0, asked = 0;
    for_each_point(r.constants, rule.constants, at.point, [&] {
      const auto side = at.evaluate(r.side);
      if (!side || side->is_zero()) return;
      std::set<std::string> divisors;
      const std::string lhs = smt_of(instance(r.lhs, at.point), divisors);
      const std::string rhs = smt_of(instance(r.rhs, at.point), divisors);
      std::string question = fmt::format("(assert (not (= {} {})))", lhs, rhs);
      for (const std::string& d : divisors)
        question += fmt::format("(assert (not (= {} 0)))", d);
      session.push();
      std::string error;
      EXPECT_TRUE(session.add_text(question, &error)) << question << error;
      const Z3Result result = session.check({.rlimit = 50'000, .watchdog_ms = 5'000});
      session.pop(1);
      EXPECT_NE(result.status, Status::kSat) << rule.name << ": " << question;
      ++asked;
      proved += result.status == Status::kUnsat;
    });
    EXPECT_GT(asked, 0) << rule.name;
    RecordProperty(std::string(rule.name), fmt::format("{} of {}", proved, asked));
  }
}

}  // namespace
}  // namespace congrua::guard
