// What simplify and extract make of expressions, one case a line; and that simplifying
// the result changes nothing. The values are checked by simplify_fuzz_test.cc and by the
// suites of other simplifiers (tests/cli/cases_test.cc).
#include "congrua/simplify.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "congrua/text.h"

namespace congrua {
namespace {

struct Case {
  std::string_view facts, in, out;  // facts are separated by ';'
};

constexpr Case kCases[] = {
    {"", "floor_div(2*s0 + 4, 2)", "s0 + 2"},
    {"s0 >= 0; s0 < 8", "floor_mod(s0, 8)", "s0"},
    {"floor_mod(s0, 4) == 0", "floor_div(s0, 4)*4", "s0"},
    {"", "floor_div(s0, 4)*4", "4*floor_div(s0, 4)"},
    {"a >= 0; a <= 2; b >= 0; b <= 31; c >= 0; c <= 1",
     "floor_div(160*a + 5*b + 4*c + 3, 60)", "floor_div(32*a + b + c, 12)"},
    {"i >= 0; i < 3; j >= 0; j < 3", "floor_div(j + floor_div(i, 3), 3)", "0"},
    {"j >= 0; j < n; n >= 1", "floor_div(i*n + j, n)", "i"},
    {"j >= 0; j < m; k >= 0; k < l; m >= 1; l >= 1", "floor_div((i*m + j)*l + k, m*l)",
     "i"},
    {"", "floor_div(floor_mod(x, 16), 2)*2 + floor_mod(x, 2)", "floor_mod(x, 16)"},
    {"", "floor_mod(floor_div(x, 3), 4)*3 + floor_mod(x, 3)", "floor_mod(x, 12)"},
    {"", "min(x, y) - x", "min(y - x, 0)"},
    {"", "max(x, y) + min(x, y)", "x + y"},
    {"", "max(x, y)*min(x, y)", "x*y"},
    {"", "max(x + 63, y) - max(x, y - 3)", "max(min(x - y, -3) + 66, 3)"},
    {"", "x <= 3 and x >= 3", "x == 3"},
    {"x >= 0", "select(u >= 1, x, y) >= 0", "u >= 1 or y >= 0"},
    {"", "min(max(x, y), max(x, z), w)", "min(w, max(x, min(y, z)))"},
    {"", "min(x, max(x, y))", "x"},
    {"", "max(y, min(z, max(x, y)))", "max(y, min(x, z))"},
    {"", "min(max(x, y), max(x, z))", "max(x, min(y, z))"},
    {"", "min(floor_div(x, 4), floor_div(y, 4))", "floor_div(min(x, y), 4)"},
    {"", "max(min(x + 1, z), max(y, min(x - 1, z)))", "max(y, min(z, x + 1))"},
    {"x >= 3", "max(x, 2)", "x"},
    {"", "min(max(x, -4), -5)", "-5"},
    {"", "select(x >= y, x, y)", "max(x, y)"},
    {"", "select(x == 0, 0, x)", "x"},
    {"", "select(x >= 0, select(x >= -1, x, y), z)", "select(x >= 0, x, z)"},
    {"", "select(x < 2, a, 0) + select(x < 2, 0, a)", "a"},
    {"", "select(x == 16, x*y, x*z)", "select(x == 16, 16*y, x*z)"},
    {"", "x <= 18 and x >= 20", "false"},
    {"", "x > 1 and x > 2", "x >= 3"},
    {"", "x < y + 1 or x < y - 2", "y >= x"},
    {"", "floor_div(x, 4) <= 1", "x <= 7"},
    {"u >= 0; u <= 3", "u + 12*a < 268", "a <= 22"},
    {"a >= 0; b >= 0", "a + 2*b >= 1", "a + b != 0"},
    {"", "floor_mod(x, 8) > 0", "floor_mod(x, 8) != 0"},
    {"", "floor_div(x, 10) == 5 and floor_mod(x, 10) < 7", "x <= 56 and x >= 50"},
    {"", "max(y, z) < max(x, y)", "x > max(y, z)"},
    {"", "x*y + 10*x", "x*(y + 10)"},
    {"", "6*x + 6*y", "6*(x + y)"},
    {"", "x + 2*y + floor_div(x + 3, 5)", "x + 2*y + floor_div(x + 3, 5)"},
    {"", "floor_div(5*x, 2)", "floor_div(5*x, 2)"},
    {"max(a, b) == c", "max(a, b) + 1", "c + 1"},
    {"floor_mod(x, 3) == 1", "floor_div(x + 2, 3)", "floor_div(x, 3) + 1"},
    {"floor_div(d, 2) == a + 5", "floor_div(d, 2) + 1", "a + 6"},
    {"x >= 0; x <= 4", "floor_div(x, 8)", "0"},
    {"", "floor_mod(x, 8) - 8", "floor_mod(x, 8) - 8"},
    {"", "floor_div(floor_mod(5*x, 9) + 1, 36)", "0"},
    {"", "floor_div(64*x + floor_mod(5*y, 9), 32)", "2*x"},
    {"", "floor_div(floor_div(-a, 2) + 10, 2)", "5 - ceil_div(a, 4)"},
    {"3*a + b <= 7; a >= 0; a <= 3; b >= 0; b <= 3",
     "floor_mod(floor_div(3*a + b, 8) + 3*c + d, 4)", "floor_mod(d - c, 4)"},
};

class Question {
 public:
  explicit Question(std::string_view facts) : facts_(pool_) {
    while (!facts.empty()) {
      const size_t end = std::min(facts.find(';'), facts.size());
      EXPECT_TRUE(facts_.add(read(facts.substr(0, end))).ok()) << facts;
      facts.remove_prefix(std::min(end + 1, facts.size()));
    }
  }
  Expr read(std::string_view text) { return parse_infix(pool_, text).value(); }
  Expr simple(Expr e) { return simplify(facts_, e); }
  Facts& facts() { return facts_; }

 private:
  ExprPool pool_;
  Facts facts_;
};

TEST(Simplify, Table) {
  for (const Case& c : kCases) {
    Question q(c.facts);
    const Expr simple = q.simple(q.read(c.in));
    EXPECT_EQ(extract(q.facts(), simple).to_string(), c.out) << c.facts << " | " << c.in;
    EXPECT_EQ(q.simple(simple), simple) << c.in;
    EXPECT_EQ(q.simple(q.read(c.out)), simple) << c.in;
  }
}

// x - y is x under y == 0, and x may be 0 where x - y is not: a divisor stays where it is
// known not to be 0, or a question about the form asks about fewer points.
TEST(Simplify, BringsNoDivisorOutOfItsCondition) {
  Question q("x >= -2;x <= 1;y >= 0;y <= 1;floor_mod(x, floor_mod(y, x - 2)) == 0");
  const Expr e = q.read("x*y - x >= abs(select(floor_mod(2, x - y) == y, 3, -2))");
  EXPECT_FALSE(q.simple(e).is_true());
}

// Under z == 0 the divisor of the other arm is 0: that arm is not asked for, and the
// arm that is read has a value.
TEST(Simplify, AnArmWithoutAValueIsNotTaken) {
  Question q("x >= 0;y >= 0;z >= 0");
  const Expr e = q.read("select(z >= 1, floor_div(x*z + y, z), ceil_div(x*z + y, z))");
  EXPECT_EQ(to_string(q.simple(e)), "x + floor_div(y, z)");
}

// What is found under a condition is kept for the next term that is read there; that one
// of them has no value says nothing of the others, and of each that has none it is said.
TEST(Simplify, TermsUnderOneConditionAreToldApart) {
  Question q("z >= 0");
  EXPECT_EQ(to_string(q.simple(q.read("select(z >= 1, x, floor_div(w, z)) + select(z >= "
                                      "1, y, floor_div(w, z) + y)"))),
            "x + y");
  EXPECT_EQ(
      q.simple(q.read("select(z >= 1, x, floor_div(w, z)) + select(z >= 1, y, w + z)")),
      q.simple(q.read("x + select(z >= 1, y, w)")));
}

TEST(Simplify, ASpentBudgetLeavesTheValue) {
  Question q("");
  const Expr e = q.read("max(min(x + 1, z), max(y, min(x - 1, z)))");
  for (const int64_t steps : {0, 1, 5, 20, 100}) {
    EXPECT_EQ(q.simple(simplify(q.facts(), e, {.steps = steps})), q.simple(e)) << steps;
  }
}

}  // namespace
}  // namespace congrua
