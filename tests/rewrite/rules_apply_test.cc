// The library does what the tables say: the sides of every law, and of every rule under
// its condition, become one node; where the condition is missing they do not; and the
// right side of a rule is smaller in the order of docs/rules.md.
#include <gtest/gtest.h>

#include <array>
#include <compare>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/simplify.h"
#include "congrua/text.h"
#include "expr/builder.h"
#include "tests/rewrite/columns.h"
#include "tests/rewrite/tables.h"

namespace congrua::rules_test {
namespace {

using internal::Builder;
using internal::Node;

// Expressions of the library, of one pool at a time.
struct Built {
  static inline ExprPool* pool = nullptr;
  using I = Expr;
  using B = Expr;
  static I constant(int v) { return pool->constant(v); }
  static B truth(bool v) { return pool->boolean(v); }
  static I add(I a, I b) { return a + b; }
  static I mul(I a, I b) { return a * b; }
  static I floor_div(I a, I b) { return congrua::floor_div(a, b); }
  static I least(I a, I b) { return congrua::min(a, b); }
  static I select(B p, I a, I b) { return congrua::select(p, a, b); }
  static B at_least(I a, I b) { return congrua::ge(a, b); }
  static B equal(I a, I b) { return congrua::eq(a, b); }
  static B negation(B a) { return !a; }
  static B conjunction(B a, B b) { return logical_and(a, b); }
};

constexpr int kLow = -3, kHigh = 4;  // constants of instances

// An instance of a line in a pool of its own.
class Instance {
 public:
  Instance() { Built::pool = &pool_; }
  Term<Built> term(const char* name) { return Term<Built>(pool_.symbol(name)); }
  Claim<Built> claim(const char* name) {
    return Claim<Built>(pool_.symbol(name, {.sort = Sort::kBool}));
  }
  Point<Built> point(std::array<int, 3> c) {
    return {term("x"),         term("y"),         term("z"),
            term("w"),         claim("p"),        claim("q"),
            Term<Built>(c[0]), Term<Built>(c[1]), Term<Built>(c[2])};
  }
  ExprPool& pool() { return pool_; }

 private:
  ExprPool pool_;
};

// Calls f(constants) for all of those that occur.
template <typename F>
void for_each_constants(uint32_t used, F&& f) {
  const auto from = [&](int bit) { return (used >> bit & 1) != 0 ? kLow : 0; };
  const auto to = [&](int bit) { return (used >> bit & 1) != 0 ? kHigh : 0; };
  for (int a = from(6); a <= to(6); ++a) {
    for (int b = from(7); b <= to(7); ++b) {
      for (int c = from(8); c <= to(8); ++c) f(std::array{a, b, c});
    }
  }
}

// What `given` speaks of has no consequences without a condition of its own: such a rule
// is tried with conditions and arms that are related.
std::vector<Point<Built>> related(const Point<Built>& at) {
  std::vector<Point<Built>> points;
  const auto with_condition = [&](Claim<Built> p) {
    points.push_back({at.x, at.y, at.z, at.w, p, at.q, at.c0, at.c1, at.c2});
  };
  const auto with_arm = [&](Term<Built> z) {
    points.push_back({at.x, at.y, z, at.w, at.p, at.q, at.c0, at.c1, at.c2});
  };
  with_condition(at.x >= at.y);
  with_condition(at.x <= at.y);
  with_arm(at.y + at.x);
  with_arm(at.y - at.x);
  with_arm(at.y + 2 * at.x);
  with_arm(at.y - 3 * at.x);
  return points;
}

bool has_given(const Line& line) {
  return line.condition.find("given") != std::string_view::npos;
}

// A rule for sums is tried with one.
Point<Built> shaped(const Line& line, const Point<Built>& at) {
  if (line.condition.find("is_sum") == std::string_view::npos) return at;
  return {at.x + at.y, at.y, at.z, at.w, at.p, at.q, at.c0, at.c1, at.c2};
}

struct Sides {
  Expr left, right, condition;
};
template <typename L, typename R, typename C>
Sides sides(const Point<Built>& at, L left, R right, C condition) {
  return {side<Built>(at(left)).v, side<Built>(at(right)).v,
          side<Built>(at(condition)).v};
}

std::string text_of(const Sides& s) {
  return to_string(s.left) + " | " + to_string(s.right) + " | " + to_string(s.condition);
}

TEST(Rules, TheSidesEndInOneNode) {
  for_each_line([&](const Line& line, auto left, auto right, auto condition) {
    const uint32_t used = Uses::of(left, right, condition);
    int applied = 0;
    for_each_constants(used, [&](std::array<int, 3> constants) {
      Instance instance;
      const Point<Built> at = instance.point(constants);
      const std::vector<Point<Built>> points =
          has_given(line) ? related(at) : std::vector{shaped(line, at)};
      for (const Point<Built>& point : points) {
        const Sides s = sides(point, left, right, condition);
        if (s.condition.is_false()) continue;
        Facts facts(instance.pool());
        if (!s.condition.is_true() && !facts.add(s.condition).ok()) continue;
        const bool one = line.table == Table::kConstruction
                             ? s.left == s.right
                             : simplify(facts, s.left) == simplify(facts, s.right);
        applied += one && (line.table == Table::kConstruction || s.left != s.right);
        if (has_given(line)) continue;
        EXPECT_TRUE(one) << line.name << ": " << text_of(s) << "\n"
                         << to_string(simplify(facts, s.left)) << "\n"
                         << to_string(simplify(facts, s.right));
      }
    });
    EXPECT_GT(applied, 0) << line.name;
  });
}

// Where nothing is known the rule leaves its left side: some instance is not the right
// one.
TEST(Rules, DoNotApplyWithoutTheirCondition) {
  for_each_line([&](const Line& line, auto left, auto right, auto condition) {
    if (!line.conditional()) return;
    int kept = 0;
    int tried = 0;
    for_each_constants(Uses::of(left, right, condition), [&](std::array<int, 3> c) {
      Instance instance;
      const Sides s = sides(shaped(line, instance.point(c)), left, right, condition);
      if (s.condition.is_true()) return;
      // A condition may just keep 0 from divisors.
      const Point<Checked> there = {1, 2, 3, 4, true, true, c[0], c[1], c[2]};
      tried += side<Checked>(there(left)).v.ok && side<Checked>(there(right)).v.ok;
      Facts facts(instance.pool());
      const Expr simple = simplify(facts, s.left);
      kept += simple != simplify(facts, s.right);
      // Whatever was made of it has its values.
      for (const int64_t step : {1, 3, 5}) {
        std::vector<Binding> point;
        int64_t v = -4;
        for (const Expr symbol : free_symbols(s.left)) {
          v += step;
          point.push_back({symbol, symbol.is_bool() ? v & 1 : v});
        }
        const auto before = evaluate(s.left, point);
        if (!before.ok()) continue;
        const auto after = evaluate(simple, point);
        EXPECT_TRUE(after.ok() && *after == *before) << line.name << ": " << text_of(s);
      }
    });
    EXPECT_TRUE(kept > 0 || tried == 0) << line.name << ": " << line.condition;
  });
}

// ---- Termination

// Counted on the tree; compared from the first to the last.
struct Size {
  int selections = 0, divisions = 0, extremes = 0, comparisons = 0, symbols = 0;
  auto operator<=>(const Size&) const = default;
};
void count(const Node* n, Size& size) {
  size.selections += n->op == Op::kSelect;
  size.divisions += n->op == Op::kFloorDiv;
  if (n->op == Op::kMin || n->op == Op::kMax)
    size.extremes += static_cast<int>(n->short_size) - 1;
  size.comparisons += n->op == Op::kGe;
  size.symbols += n->op == Op::kSymbol;
  internal::for_each_child(n, [&](const Node* c) { count(c, size); });
}

TEST(Rules, MakeTermsSmaller) {
  for_each_line([&](const Line& line, auto left, auto right, auto condition) {
    if (line.table != Table::kRules) return;
    int seen = 0;
    const uint32_t used = Uses::of(left, right, condition);
    const auto vanishes = [&](std::array<int, 3> c) {
      return ((used >> 6 & 1) != 0 && c[0] == 0) || ((used >> 7 & 1) != 0 && c[1] == 0);
    };
    for_each_constants(used, [&](std::array<int, 3> c) {
      if (vanishes(c)) return;  // no term of a sum has the coefficient 0
      Instance instance;
      const Sides s = sides(instance.point(c), left, right, condition);
      if (s.condition.is_false() || s.left == s.right) return;
      ++seen;
      Size before, after;
      count(Builder::node(s.left), before);
      count(Builder::node(s.right), after);
      EXPECT_LT(after, before) << line.name << ": " << text_of(s);
    });
    EXPECT_GT(seen, 0) << line.name;
  });
}

}  // namespace
}  // namespace congrua::rules_test
