// Quotients and remainders rounded to 0, and those of them.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bench/families.h"
#include "congrua/eval.h"
#include "congrua/guard.h"
#include "congrua/simplify.h"
#include "congrua/text.h"
#include "tests/base/soak.h"

namespace congrua {
namespace {

class TruncationTest : public ::testing::Test {
 protected:
  Expr read(const std::string& text) { return parse_infix(pool, text).value(); }
  std::string shown(const std::string& text) {
    Facts facts(pool);
    const Expr e = simplify(facts, read(text));
    return extract(facts, e, {.truncation = true}).to_string();
  }
  ExprPool pool;
};

TEST_F(TruncationTest, NestedOnesAreOne) {
  EXPECT_EQ(read("trunc_div(trunc_div(x, 2), 3)"), read("trunc_div(x, 6)"));
  EXPECT_EQ(read("trunc_div(trunc_div(x + 3*y, 4), -5)"),
            read("trunc_div(x + 3*y, -20)"));
  EXPECT_EQ(shown("trunc_mod(trunc_mod(x, 12), 4)"), "trunc_mod(x, 4)");
  EXPECT_EQ(shown("trunc_div(2*trunc_div(trunc_mod(x, 16), 2), 4)"),
            "trunc_div(trunc_mod(x, 16), 4)");
  EXPECT_EQ(shown("trunc_mod(2*trunc_div(trunc_mod(x, 20), 2), 4)"),
            "2*trunc_mod(trunc_div(x, 2), 2)");
}

TEST_F(TruncationTest, DividendsThatAreTruncatedAreShown) {
  for (const char* text :
       {"trunc_mod(trunc_div(x, 3), 5)", "y + trunc_mod(trunc_div(x, 3), 5)",
        "trunc_div(trunc_mod(x, 16), 6)", "trunc_div(x, 2) - 2*trunc_div(x, 7)",
        "trunc_div(y - x, 5)", "trunc_div(x, -5)"}) {
    EXPECT_EQ(shown(text), text);
  }
}

// With a sign of its own at each level a ladder would have twice the cases.
TEST_F(TruncationTest, LaddersStaySmall) {
  std::string text = "x";
  std::vector<size_t> sizes;
  for (int level = 0; level < 24; ++level) {
    text =
        level % 2 == 0 ? "trunc_mod(3*" + text + ", 1001)" : "trunc_div(" + text + ", 5)";
    sizes.push_back(bench::dag_size(read(text)));
  }
  EXPECT_LE(sizes[23], 4 * sizes[11]) << sizes[11];
}

// A text, and its value as C computes it.
struct Tree {
  std::string text;
  std::function<int64_t(int64_t x, int64_t y)> value;
};

class RandomTrees {
 public:
  explicit RandomTrees(uint64_t seed) : random_(seed) {}
  int64_t below(int64_t n) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(n));
  }
  Tree tree(int depth) {
    if (depth == 0) {
      switch (below(6)) {
        case 0:
          return {"(x + 3)", [](int64_t x, int64_t) { return x + 3; }};
        case 1:
          return {"(x - y)", [](int64_t x, int64_t y) { return x - y; }};
        case 2:
          return {"(-x)", [](int64_t x, int64_t) { return -x; }};
        default:
          return {"x", [](int64_t x, int64_t) { return x; }};
      }
    }
    const Tree a = tree(depth - 1);
    const int64_t n = (below(5) == 0 ? -1 : 1) * (2 + below(12));
    const std::string by = std::to_string(n);
    switch (below(6)) {
      case 0:
        return {"(" + a.text + "*" + by + ")",
                [=](int64_t x, int64_t y) { return a.value(x, y) * n; }};
      case 1: {
        const Tree b = below(2) == 0 ? tree(depth - 1)
                                     : Tree{by, [=](int64_t, int64_t) { return n; }};
        return {"(" + a.text + " + " + b.text + ")",
                [=](int64_t x, int64_t y) { return a.value(x, y) + b.value(x, y); }};
      }
      case 2:
      case 3:
        return {"trunc_mod(" + a.text + ", " + by + ")",
                [=](int64_t x, int64_t y) { return a.value(x, y) % n; }};
      default:
        return {"trunc_div(" + a.text + ", " + by + ")",
                [=](int64_t x, int64_t y) { return a.value(x, y) / n; }};
    }
  }

 private:
  std::mt19937_64 random_;
};

TEST(TruncationFuzz, FormsHaveTheValuesOfTheText) {
  const Seeds seeds = soak_seeds(1'500, 500'000);
  uint64_t written = 0;
  for (uint64_t seed = seeds.begin; seed < seeds.end; ++seed) {
    RandomTrees random(seed);
    const Tree tree = random.tree(1 + static_cast<int>(random.below(5)));
    ExprPool pool;
    const Expr e = parse_infix(pool, tree.text).value();
    Facts facts(pool);
    const Expr simple = simplify(facts, e);
    const Form form = extract(facts, simple, {.truncation = true});
    const Expr back = parse_infix(pool, form.to_string()).value();
    written += form.to_string().find("trunc") != std::string::npos ? 1 : 0;
    for (int i = 0; i < 60; ++i) {
      const int64_t x = i < 30 ? i - 15 : random.below(4'000) - 2'000;
      const int64_t y = random.below(40) - 20;
      const std::vector<Binding> at = {{pool.symbol("x"), x}, {pool.symbol("y"), y}};
      const int64_t value = tree.value(x, y);
      const auto same = [&](Expr term) {
        const auto v = evaluate(term, at);
        return v.ok() && *v == value;
      };
      ASSERT_TRUE(same(e)) << "seed " << seed << ": " << tree.text << " read as "
                           << to_string(e) << " at " << x << " " << y;
      ASSERT_TRUE(same(simple))
          << "seed " << seed << ": " << tree.text << " simplified to "
          << to_string(simple) << " at " << x << " " << y;
      ASSERT_TRUE(same(back)) << "seed " << seed << ": " << tree.text << " shown as "
                              << form.to_string() << " at " << x << " " << y;
    }
  }
  EXPECT_GT(written, seeds.count() / 4);
  soak_report("Truncation", seeds, {{"written", written}});
}

}  // namespace
}  // namespace congrua
