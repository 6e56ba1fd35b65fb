// Forms of least weight: what is shared, what it weighs, and that the order in which
// terms were built is not seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "congrua/simplify.h"
#include "congrua/text.h"

namespace congrua {
namespace {

std::vector<Expr> read(ExprPool& pool, std::string_view list) {
  std::vector<Expr> out;
  while (!list.empty()) {
    const size_t end = std::min(list.find(';'), list.size());
    out.push_back(parse_infix(pool, list.substr(0, end)).value());
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

Forms lightest(ExprPool& pool, std::string_view list) {
  Facts facts(pool);
  return extract(facts, read(pool, list), {.cost = Cost::kWeightOnDag});
}

struct Case {
  std::string_view in, out;
  uint64_t weight;
};
constexpr Case kCases[] = {
    {"x", "x", 0},
    {"5*x", "5*x", 3},
    {"8*x", "8*x", 1},
    {"-x", "-x", 1},
    {"floor_mod(x, 12)", "floor_mod(x, 12)", 10},
    {"floor_mod(x, 8)", "floor_mod(x, 8)", 1},
    // A quotient that is there.
    {"floor_div(x, 12); floor_mod(x, 12)", "t0 = floor_div(x, 12); t0; x - 12*t0", 10},
    {"floor_div(x, y); floor_mod(x, y)", "t0 = floor_div(x, y); t0; x - y*t0", 24},
    {"floor_div(x, 8); floor_mod(x, 8)", "floor_div(x, 8); floor_mod(x, 8)", 2},
    // Factored, and not where the product is there.
    {"a*b + a*c", "a*(b + c)", 4},
    {"a*b + a*c; a*b; a*c", "t0 = a*b; t1 = a*c; t0 + t1; t0; t1", 7},
    // Parts of sums, also of multiples.
    {"x + y + z; x + y + w", "t0 = x + y; t0 + z; w + t0", 3},
    {"28*i + j; 56*i + 2*j + k", "t0 = 28*i + j; t0; 2*t0 + k", 6},
    {"3*x + y; 3*x + z", "t0 = 3*x; t0 + y; t0 + z", 5},
    {"min(x, y, z); min(x, y, w)", "t0 = min(x, y); min(t0, z); min(w, t0)", 3},
};

TEST(Forms, ShareWhatTheyCompute) {
  for (const Case& c : kCases) {
    ExprPool pool;
    const Forms forms = lightest(pool, c.in);
    EXPECT_EQ(forms.to_string(), c.out) << c.in;
    EXPECT_EQ(forms.weight(), c.weight) << c.in;
  }
}

TEST(Forms, WeighAsTheirFormsWhereNothingIsShared) {
  ExprPool pool;
  Facts facts(pool);
  const Expr e = parse_infix(pool, "a*b + floor_div(a*b + 3, c)").value();
  const Form form = extract(facts, e, {.cost = Cost::kWeightOnDag});
  EXPECT_EQ(form.weight(), 3u + 1u + 20u + 1u);
  EXPECT_EQ(form.to_string(0), "t0 = a*b; t0 + floor_div(t0 + 3, c)");
  const Expr list[] = {e, pool.symbol("d") * 3};
  const Forms forms = extract(facts, list, {.cost = Cost::kWeightOnDag});
  EXPECT_EQ(forms.weight(), form.weight() + forms.form(1).weight());
  EXPECT_EQ(forms.form(0).to_string(), form.to_string());
}

TEST(Forms, NameNothingAsASymbolIsNamed) {
  ExprPool pool;
  const Forms forms = lightest(pool, "t0*t1; t0*t1 + 1");
  EXPECT_EQ(forms.to_string(), "t_0 = t0*t1; t_0; t_0 + 1");
}

TEST(Forms, TellWhatMayNotBeComputedAhead) {
  ExprPool pool;
  const Forms forms =
      lightest(pool, "select(n != 0, floor_div(x, n) + max(floor_div(x, n), y), 0)");
  const Forms::Listing listing = forms.listing();
  ASSERT_EQ(listing.temporaries.size(), 1u);
  EXPECT_TRUE(listing.temporaries[0].conditional);
  const Forms always = lightest(pool, "floor_div(x, n) + max(floor_div(x, n), y)");
  ASSERT_EQ(always.listing().temporaries.size(), 1u);
  EXPECT_FALSE(always.listing().temporaries[0].conditional);
}

TEST(Forms, OfNothingAndOfEqualTerms) {
  ExprPool pool;
  Facts facts(pool);
  EXPECT_EQ(extract(facts, std::span<const Expr>()).size(), 0u);
  EXPECT_EQ(lightest(pool, "").listing().results.size(), 0u);
  EXPECT_EQ(lightest(pool, "x*y; y*x").to_string(), "t0 = x*y; t0; t0");
}

TEST(Forms, KeepTheOrderOfOperationsByDefault) {
  ExprPool pool;
  Facts facts(pool);
  const Forms forms = extract(facts, read(pool, "floor_div(x, 12); floor_mod(x, 12)"));
  EXPECT_EQ(forms.to_string(), "floor_div(x, 12); floor_mod(x, 12)");
  EXPECT_EQ(forms.weight(), 16u);
}

TEST(Forms, DoNotSeeTheOrderOfConstruction) {
  constexpr std::string_view kList =
      "28*i + j + floor_div(k, 12); a*b + a*c + floor_mod(k, 12); "
      "select(a*b <= j, max(28*i + j, k), min(a*c, k)); a*b*floor_div(28*i + j, 6)";
  ExprPool first, second;
  (void)read(second,
             "floor_div(28*i + j, 6); a*c; k; select(j >= a*b, 0, 1); j; a*b; i + c*b");
  EXPECT_EQ(lightest(first, kList).to_string(), lightest(second, kList).to_string());
}

TEST(Forms, AreLinearInTheDag) {
  ExprPool pool;
  Facts facts(pool);
  Expr e = pool.symbol("x");
  for (int i = 0; i < 1000; ++i) e = max(floor_div(e, 3), e * e);
  const Form form = extract(facts, e, {.cost = Cost::kWeightOnDag});
  EXPECT_EQ(form.weight(), 1000u * (6 + 3 + 1));
  EXPECT_EQ(parse_sexpr(pool, form.to_sexpr()).value(), e);
}

TEST(Forms, WriteTheDivisionOfTheirReader) {
  ExprPool pool;
  Facts facts(pool);
  const Expr list[] = {parse_infix(pool, "floor_div(x, y)").value(),
                       parse_infix(pool, "floor_mod(x, y) + floor_div(x, 12)").value()};
  for (const bool both : {false, true}) {
    const Forms forms =
        extract(facts, std::span(list).first(both ? 2 : 1),
                {.division = Division::kEuclid, .cost = Cost::kWeightOnDag});
    for (size_t i = 0; i < forms.size(); ++i) {
      const ParseOptions euclid = {.division = Division::kEuclid};
      EXPECT_EQ(parse_sexpr(pool, forms.form(i).to_sexpr(), euclid).value(), list[i]);
    }
  }
}

}  // namespace
}  // namespace congrua
