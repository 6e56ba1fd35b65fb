// Forms that go back to the text they were read from.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "congrua/eval.h"
#include "congrua/simplify.h"
#include "congrua/text.h"

namespace congrua {
namespace {

std::string shortest(std::string_view text, const std::vector<std::string>& facts = {}) {
  ExprPool pool;
  Facts known(pool);
  for (const std::string& f : facts) {
    EXPECT_TRUE(known.add(parse_infix(pool, f).value()).ok());
  }
  Spellings spellings;
  const Expr e = parse_infix(pool, text, {.spellings = &spellings}).value();
  return simplest_form(known, e, spellings, {.truncation = spellings.has_truncation()})
      .to_string();
}

TEST(Spelled, GoesBackToTheTextWhereItIsShorter) {
  EXPECT_EQ(shortest("trunc_div(trunc_div(x, 2) + trunc_mod(y, z), 6)"),
            "trunc_div(trunc_div(x, 2) + trunc_mod(y, z), 6)");
  EXPECT_EQ(shortest("floor_mod(x + floor_div(floor_mod(y, 5), 2), 6)"),
            "floor_mod(x + floor_div(floor_mod(y, 5), 2), 6)");
}

TEST(Spelled, TakesWhatIsSimpler) {
  EXPECT_EQ(shortest("x + 0"), "x");
  EXPECT_EQ(shortest("-(-(x))"), "x");
  EXPECT_EQ(shortest("floor_div(8*x, 4)"), "2*x");
  EXPECT_EQ(shortest("trunc_div(x, 4)", {"x >= 0"}), "floor_div(x, 4)");
}

// What is known of its parts is used in what stays as it was written.
TEST(Spelled, SimplifiesParts) {
  const std::string left = "trunc_div(trunc_div(x, 2) + trunc_mod(y, z), 6)";
  EXPECT_EQ(shortest("trunc_div(trunc_div(x + 3*z - z - z - z, 2) + trunc_mod(y, z), 6)"),
            left);
  EXPECT_EQ(shortest("trunc_div(trunc_div(x + floor_mod(n, 4), z) + trunc_mod(y, z), 6)",
                     {"floor_mod(n, 8) == 0"}),
            "trunc_div(trunc_div(x, z) + trunc_mod(y, z), 6)");
}

// Operators without a view are passed over, and so are Euclidean divisions.
TEST(Spelled, KeepsOutWhatFormsDoNotHave) {
  ExprPool pool;
  Facts facts(pool);
  Spellings spellings;
  const Expr power = parse_infix(pool, "x**3", {.spellings = &spellings}).value();
  EXPECT_EQ(simplest_form(facts, power, spellings).to_string(),
            extract(facts, power).to_string());
  const Expr euclid =
      parse_sexpr(pool, "(floordiv (floormod x y) 3)",
                  {.division = Division::kEuclid, .spellings = &spellings})
          .value();
  EXPECT_EQ(
      simplest_form(facts, euclid, spellings, {.division = Division::kEuclid}).to_sexpr(),
      extract(facts, euclid, {.division = Division::kEuclid}).to_sexpr());
  const Expr bits =
      parse_infix(pool, "bitand(x, 3) + 1", {.spellings = &spellings}).value();
  EXPECT_EQ(simplest_form(facts, bits, spellings).to_string(),
            extract(facts, bits).to_string());
}

// A text whose divisions round down is nothing to a reader whose divisions do not.
TEST(Spelled, IsNotForOtherReaders) {
  for (const char* text : {"floor_div(x, -3)", "floor_mod(6, z)", "floor_mod(x, -5)"}) {
    ExprPool pool;
    Facts facts(pool);
    Spellings spellings;
    const Expr e = parse_infix(pool, text, {.spellings = &spellings}).value();
    const Form form = simplest_form(facts, e, spellings, {.division = Division::kEuclid});
    EXPECT_EQ(
        form.to_string(),
        extract(facts, simplify(facts, e), {.division = Division::kEuclid}).to_string());
  }
}

TEST(Spelled, WritesNoNestedSums) {
  EXPECT_EQ(shortest("x + y*trunc_mod(x, 3) + trunc_mod(trunc_div(y, 4), 5)"),
            "x + y*trunc_mod(x, 3) + trunc_mod(trunc_div(y, 4), 5)");
}

// Of texts whose operators cannot be counted on the tree the smaller DAG is taken.
TEST(Spelled, TextsOfSharedTerms) {
  std::string text;
  std::string t = "y";
  for (int i = 0; i < 70; ++i) {
    const std::string next = "t" + std::to_string(i);
    text += next + " = abs(" + t + " - y) + trunc_mod(" + t + ", " +
            std::to_string(i % 7 + 2) + "); ";
    t = next;
  }
  EXPECT_LT(shortest(text + t).size(), 4 * text.size());
}

// Text read by a text: a term that is a part of its own text elsewhere.
TEST(Spelled, TextsThatMentionEachOtherEnd) {
  ExprPool pool;
  Facts facts(pool);
  Spellings spellings;
  for (const char* text :
       {"floor_mod(x, 6)", "floor_mod(x, 6) + 0", "-(-floor_mod(x, 6))",
        "x - 6*floor_div(x, 6)", "floor_mod(x - 6*floor_div(x, 6), 6)"}) {
    const Expr e = parse_infix(pool, text, {.spellings = &spellings}).value();
    EXPECT_EQ(simplest_form(facts, e, spellings).to_string(), "floor_mod(x, 6)") << text;
  }
}

// Their canonical forms have twice the cases at each level, and ranges of their quotients
// that improve each other for a long time: it ends within the budget.
TEST(Spelled, NestedTruncation) {
  constexpr int kDepth = 12;
  std::string text;
  for (int i = 0; i < kDepth; ++i) text += "floor_mod(x + trunc_div(";
  text += "y";
  for (int i = 0; i < kDepth; ++i) {
    text += ", " + std::to_string(3 + i % 5) + "), " + std::to_string(6 + i % 7) + ")";
  }
  ExprPool pool;
  Facts facts(pool);
  Spellings spellings;
  const Expr e = parse_infix(pool, text, {.spellings = &spellings}).value();
  const Form form = simplest_form(facts, e, spellings, {.truncation = true});
  EXPECT_LE(form.operations(), 3u * kDepth);
}

int64_t truncated(int64_t a, int64_t b) { return a / b; }

// Random texts of truncated divisions, whose values C++ knows.
TEST(Spelled, TruncationAgreesWithC) {
  std::mt19937_64 rng(1);
  const auto upto = [&](uint64_t n) { return static_cast<int64_t>(rng() % n); };
  for (int round = 0; round < 300; ++round) {
    uint64_t operations = 0;
    using Value = std::function<int64_t(int64_t, int64_t)>;
    const std::function<std::pair<std::string, Value>(int)> term =
        [&](int depth) -> std::pair<std::string, Value> {
      if (depth == 0) {
        if (upto(3) == 0) {
          const int64_t c = upto(9) - 4;
          return {std::to_string(c), [c](int64_t, int64_t) { return c; }};
        }
        const bool x = upto(2) == 0;
        return {x ? "x" : "y", [x](int64_t a, int64_t b) { return x ? a : b; }};
      }
      ++operations;
      const auto [l, f] = term(depth - 1);
      const int64_t c = upto(2) == 0 ? upto(7) + 2 : -upto(7) - 2;
      const std::string number = std::to_string(c);
      switch (upto(5)) {
        case 0: {
          const auto [r, g] = term(depth - 1);
          return {"(add " + l + " " + r + ")",
                  [f, g](int64_t a, int64_t b) { return f(a, b) + g(a, b); }};
        }
        case 1:
          return {"(mul " + l + " " + number + ")",
                  [f, c](int64_t a, int64_t b) { return f(a, b) * c; }};
        case 2:
        case 3:
          return {"(truncdiv " + l + " " + number + ")",
                  [f, c](int64_t a, int64_t b) { return truncated(f(a, b), c); }};
        default:
          return {"(truncmod " + l + " " + number + ")",
                  [f, c](int64_t a, int64_t b) { return f(a, b) % c; }};
      }
    };
    const auto [text, value] = term(1 + static_cast<int>(upto(4)));
    ExprPool pool;
    Facts facts(pool);
    const Expr x = pool.symbol("x");
    const Expr y = pool.symbol("y");
    Spellings spellings;
    const Expr e = parse_sexpr(pool, text, {.spellings = &spellings}).value();
    const Form form = simplest_form(facts, e, spellings, {.truncation = true});
    EXPECT_LE(form.operations(), operations) << text << " as " << form.to_sexpr();
    const Expr back = parse_sexpr(pool, form.to_sexpr()).value();
    for (int64_t a = -40; a <= 40; a += 3) {
      for (int64_t b = -7; b <= 7; ++b) {
        const Binding at[] = {{x, a}, {y, b}};
        ASSERT_EQ(evaluate(back, at).value(), value(a, b))
            << text << " as " << form.to_sexpr() << " at " << a << ", " << b;
      }
    }
  }
}

}  // namespace
}  // namespace congrua
