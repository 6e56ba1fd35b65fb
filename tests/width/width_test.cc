#include "congrua/width.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "congrua/text.h"

namespace congrua {
namespace {

using Texts = std::vector<std::string_view>;

// Facts and an expression in infix.
struct Question {
  ExprPool pool;
  Facts facts{pool};
  Expr e;
  Question(std::string_view text, const Texts& given)
      : e(parse_infix(pool, text).value()) {
    for (const std::string_view f : given) {
      EXPECT_TRUE(facts.add(parse_infix(pool, f).value()).ok()) << f;
    }
  }
  std::vector<Expr> symbols(const Texts& names) {
    std::vector<Expr> all;
    for (const std::string_view n : names) all.push_back(pool.symbol(n));
    return all;
  }
};

TEST(IntTypeText, ReadAndWritten) {
  EXPECT_EQ(parse_int_type("i32"), kInt32);
  EXPECT_EQ(parse_int_type("u8"), kUInt8);
  EXPECT_EQ(parse_int_type("i12"), (IntType{12, true}));
  for (const std::string_view bad : {"", "i", "32", "i7", "i65", "i032", "i-8", "i32 "}) {
    EXPECT_FALSE(parse_int_type(bad)) << bad;
  }
  EXPECT_EQ(to_string(kUInt64), "u64");
}

struct FitsCase {
  std::string_view text;
  Texts facts;
  IntType type;
  Truth truth;
  std::string_view intermediate = {};
  std::string_view value = {};
};

TEST(Fits, NamedCases) {
  const Texts small = {"i >= 0", "i < 4"};
  const FitsCase cases[] = {
      // The limit itself.
      {"x", {"x >= 0", "x <= 2147483647"}, kInt32, Truth::kTrue},
      {"x", {"x >= 0", "x <= 2147483648"}, kInt32, Truth::kOpen, "x", "2147483648"},
      {"x", {"x >= -2147483648", "x <= 0"}, kInt32, Truth::kTrue},
      {"-x", {"x >= -2147483648", "x <= 0"}, kInt32, Truth::kOpen, "-x", "2147483648"},
      {"x", {"x >= 0", "x <= 4294967295"}, kUInt32, Truth::kTrue},
      {"x", {"x >= 0", "x <= 9223372036854775807"}, kInt64, Truth::kTrue},
      {"x + 1",
       {"x >= 0", "x <= 9223372036854775807"},
       kInt64,
       Truth::kOpen,
       "x + 1",
       "9223372036854775808"},
      {"2*x + 1", {"x >= 0", "x <= 9223372036854775807"}, kUInt64, Truth::kTrue},
      {"2*x + 2",
       {"x >= 0", "x <= 9223372036854775807"},
       kUInt64,
       Truth::kOpen,
       "2*x + 2",
       "18446744073709551616"},
      {"x", {}, kInt32, Truth::kOpen, "x"},
      // Constants are intermediates.
      {"2147483648*z", {"z == 0"}, kInt32, Truth::kFalse, "2147483648"},
      {"2147483648*z", {"z == 0"}, kInt64, Truth::kTrue},
      // A buffer of 2^31 elements.
      {"c + V*x0 + i",
       {"c >= 0", "c < 64", "V == 65536", "x0 >= 0", "x0 < 32768", "i >= 0", "i < V"},
       kInt32,
       Truth::kOpen},
      {"c + V*x0 + i",
       {"c == 0", "V == 65536", "x0 >= 0", "x0 < 32768", "i >= 0", "i < V"},
       kInt32,
       Truth::kTrue},
      {"c + V*x0 + i",
       {"c >= 0", "V >= 1", "n >= 1", "V*n >= 2147483648", "x0 >= 0", "x0 < n", "i >= 0",
        "i < V", "V < 100000", "n < 100000", "c < 9"},
       kInt32,
       Truth::kOpen},
      // A huge stride on a dimension of size 1.
      {"2000000000*z + i", {"z == 0", "i >= 0", "i < 100000000"}, kInt32, Truth::kTrue},
      {"s*z + i",
       {"z >= 0", "z < 1", "s >= 0", "s < 2147483648", "i >= 0", "i < 2147483648"},
       kInt32,
       Truth::kTrue},
      // Scaling.
      {"600000000*i", small, kInt32, Truth::kTrue},
      {"1200000000*i", small, kInt32, Truth::kOpen, "1200000000*i"},
      {"1200000000*i", small, kUInt32, Truth::kTrue},
      {"2*(600000000*i)", small, kInt32, Truth::kOpen},
      {"floor_div(1200000000*i, 4294967291)", small, kInt64, Truth::kTrue},
      // No negative intermediate in an unsigned type, whatever the result.
      {"x - y", {"x >= 0", "x < 9", "y >= 0", "y <= x"}, kUInt32, Truth::kTrue},
      {"x - y", {"x >= 0", "x < 9", "y >= 0", "y < 9"}, kUInt32, Truth::kOpen, "x - y"},
      {"max(x - y, 0)", {"x >= 0", "x < 9", "y >= 0", "y < 9"}, kUInt32, Truth::kOpen},
      // Negative strides.
      {"-600000000*i + 1800000000", small, kInt32, Truth::kTrue},
      {"-600000000*i + 1800000000", small, kUInt32, Truth::kTrue},
      {"-600000000*i + n",
       {"i >= 0", "i < 4", "n >= 2000000000", "n <= 2100000000"},
       kUInt32,
       Truth::kTrue},
      {"-3*x", {"x == 0"}, kUInt32, Truth::kFalse, "-3"},
      // The result fits, a partial sum does not.
      {"x + y - z",
       {"x >= 0", "y >= 0", "z >= 0", "x <= 2000000000", "y <= 2000000000",
        "z <= 2000000000", "x + y - z <= 2000000000", "x + y - z >= 0"},
       kInt32,
       Truth::kOpen,
       "x + y"},
      // Products beyond 64 bits.
      {"a*b",
       {"a >= 0", "a <= 4294967296", "b >= 0", "b <= 4294967296"},
       kInt64,
       Truth::kOpen,
       "a*b"},
      {"a*b",
       {"a >= 0", "a <= 3037000499", "b >= 0", "b <= 3037000499"},
       kInt64,
       Truth::kTrue},
      {"a*b*c",
       {"a >= 1", "b >= 1", "c >= 1", "a <= 65536", "b <= 65536", "c <= 65536",
        "a*b*c <= 2147483647"},
       kInt32,
       Truth::kTrue},
      // What only the facts together say.
      {"i*n + j",
       {"i >= 0", "i < m", "j >= 0", "j < n", "n >= 1", "m >= 1", "m*n <= 2147483648",
        "m <= 2147483647", "n <= 2147483647"},
       kInt32,
       Truth::kTrue},
      // The least value divided by -1.
      {"floor_div(x, y)",
       {"x >= -2147483648", "x < 9", "y >= -3", "y < 0"},
       kInt32,
       Truth::kOpen},
      {"floor_mod(x, y)",
       {"x >= -2147483648", "x < 9", "y >= -3", "y < 0"},
       kInt32,
       Truth::kTrue},
      // Uninterpreted terms are values like symbols.
      {"g:int(x)",
       {"x >= 0", "x < 5", "g:int(x) >= 0", "g:int(x) < 7"},
       kInt8,
       Truth::kTrue},
      {"g:int(x)",
       {"x >= 0", "x < 500", "g:int(x) >= 0", "g:int(x) < 7"},
       kInt8,
       Truth::kOpen,
       "x"},
      // A proposition computes its operands.
      {"2*x < 300", {"x >= 0", "x < 64"}, kInt8, Truth::kFalse},
      {"2*x < 100", {"x >= 0", "x < 63"}, kInt8, Truth::kTrue},
  };
  for (const FitsCase& c : cases) {
    Question q(c.text, c.facts);
    const FitsAnswer a = fits(q.facts, q.e, c.type);
    EXPECT_EQ(a.truth, c.truth)
        << to_string(q.e) << " " << to_string(c.type) << " " << truth_name(a.truth)
        << (a.intermediate ? " " + to_string(*a.intermediate) : "");
    EXPECT_EQ(a.intermediate.has_value(), a.truth != Truth::kTrue);
    if (!c.intermediate.empty() && a.intermediate) {
      EXPECT_EQ(to_string(*a.intermediate), c.intermediate) << c.text;
    }
    if (!c.value.empty()) {
      EXPECT_EQ(a.value, c.value) << c.text;
    }
    EXPECT_EQ(a.value.empty(), a.truth != Truth::kOpen) << c.text;
  }
}

TEST(Fits, ArmsThatAreNotTaken) {
  Question q("select(x < 10, 10*x, x)", {"x >= 0", "x <= 100"});
  EXPECT_EQ(fits(q.facts, q.e, kInt8).truth, Truth::kOpen);
  EXPECT_EQ(fits(q.facts, q.e, kInt8, {.evaluation = Evaluation::kTaken}).truth,
            Truth::kTrue);
  EXPECT_EQ(q.facts.size(), 2u);
}

TEST(Fits, DividesByNothing) {
  // Where y is 0 nobody asks.
  Question q("100*x + floor_div(5, y)",
             {"x >= 1", "x <= 2", "y >= -9", "y <= 9", "x == 1 or y == 0"});
  EXPECT_EQ(fits(q.facts, q.e, kInt8).truth, Truth::kTrue);
}

TEST(Fits, ContradictionsAndWrongTypes) {
  Question q("x", {"x >= 0"});
  EXPECT_EQ(fits(q.facts, q.e, {7, true}).truth, Truth::kUnknown);
  EXPECT_EQ(fits(q.facts, q.e, {65, false}).truth, Truth::kUnknown);
  q.facts.push();
  EXPECT_FALSE(q.facts.add(lt(q.e, q.pool.constant(0))).ok());
  EXPECT_EQ(fits(q.facts, q.e, kInt8).truth, Truth::kTrue);
  q.facts.pop();
  EXPECT_EQ(fits(q.facts, q.e, kInt8).truth, Truth::kOpen);
}

TEST(Fits, LongAndDeepExpressions) {
  ExprPool pool;
  Facts facts(pool);
  const Expr x = pool.symbol("x", {.range = {.lo = 0, .hi = 3}});
  Expr deep = x;
  for (int i = 0; i < 20'000; ++i) deep = floor_div(deep + x + 1, 2);
  EXPECT_EQ(fits(facts, deep, kInt32).truth, Truth::kTrue);
  Expr nested = x;
  for (int i = 0; i < 100; ++i) {
    nested = select(lt(nested, pool.constant(i % 3)), floor_mod(nested + x, 5), nested);
  }
  for (const Evaluation how : {Evaluation::kAll, Evaluation::kTaken}) {
    const Truth truth = fits(facts, nested, kInt64, {.evaluation = how}).truth;
    EXPECT_TRUE(truth == Truth::kTrue || truth == Truth::kUnknown);
  }
  Expr power = x;
  for (int i = 0; i < 12; ++i) power = power * power;
  EXPECT_NE(fits(facts, power, kInt64).truth, Truth::kTrue);
}

struct NarrowCase {
  std::string_view text;
  Texts facts;
  IntType type;
  std::optional<Narrowing> narrowing;
  std::string_view form = {}, base = {};
};

TEST(Narrow, NamedCases) {
  const NarrowCase cases[] = {
      {"x + 1", {"x >= 0", "x < 9"}, kInt8, Narrowing::kAsItIs, "x + 1"},
      {"4294967296*z + i",
       {"z >= 0", "z < 1", "i >= 0", "i < 9"},
       kInt32,
       Narrowing::kSimplified,
       "i"},
      {"a + b - c",
       {"a >= 0", "b >= 0", "c >= 0", "a <= 100", "b <= 100", "c <= 100",
        "a + b - c <= 100", "b <= c"},
       kInt8,
       Narrowing::kReassociated,
       "a - c + b"},
      {"a + b - c - d",
       {"a >= 0", "b >= 0", "c >= 0", "d >= 0", "a <= 200", "b <= 200", "c <= b",
        "d <= a", "a + b - c - d <= 200"},
       kUInt8,
       Narrowing::kReassociated},
      {"a + b + c - d - e",
       {"a >= 0", "b >= 0", "c >= 0", "d >= 0", "e >= 0", "a <= 100", "b <= 100",
        "c <= 20", "d <= 100", "e <= 100"},
       kInt8,
       std::nullopt},
      {"a*b*z",
       {"a >= 0", "b >= 0", "a < 100", "b < 100", "z >= 0", "z < 2", "a*z <= 1"},
       kInt8,
       Narrowing::kReassociated},
      {"a*c - b*c",
       {"a >= 0", "b >= 0", "c >= 0", "a < 100", "b < 100", "c < 50", "a - b <= 2",
        "a - b >= -2"},
       kInt8,
       Narrowing::kSimplified,
       "c*(a - b)"},
      {"floor_div(3*x + 1, 7)", {"x >= 0", "x <= 127"}, kInt8, Narrowing::kDivided},
      {"c + V*x0 + i",
       {"c >= 0", "c < 64", "V >= 1", "V <= 65536", "x0 >= 0", "x0 < 100000", "i >= 0",
        "i < V"},
       kInt32,
       Narrowing::kSplit,
       "i",
       "V*x0 + c"},
      {"x", {"x >= 0"}, kInt32, std::nullopt},
  };
  for (const NarrowCase& c : cases) {
    Question q(c.text, c.facts);
    const std::vector<Expr> uniform = q.symbols({"c", "V", "x0"});
    const bool split = c.narrowing == Narrowing::kSplit;
    const auto n =
        narrow(q.facts, q.e, c.type,
               split ? std::span<const Expr>(uniform) : std::span<const Expr>());
    ASSERT_EQ(n.has_value(), c.narrowing.has_value())
        << c.text << (n ? " " + n->form.to_string() : "");
    if (!n) continue;
    EXPECT_EQ(n->narrowing, *c.narrowing)
        << c.text << " " << n->form.to_string() << narrowing_name(n->narrowing);
    EXPECT_EQ(fits(q.facts, n->form, c.type).truth, Truth::kTrue);
    if (!c.form.empty()) {
      EXPECT_EQ(n->form.to_string(), c.form);
    }
    if (!c.base.empty()) {
      EXPECT_EQ(n->base->to_string(), c.base);
    }
  }
}

TEST(ExtractFitting, NeverWorsens) {
  Question q("a*c - b*c",
             {"a >= 0", "b >= 0", "c >= 0", "a <= 10", "b <= 10", "c <= 12"});
  const FittingForm f = extract_fitting(q.facts, q.e, kInt8);
  EXPECT_TRUE(f.fits);
  EXPECT_EQ(fits(q.facts, f.form, kInt8).truth, Truth::kTrue);
  const FittingForm none = extract_fitting(q.facts, 300 * q.e, kInt8);
  EXPECT_FALSE(none.fits);
}

struct GuardCase {
  std::string_view text;
  Texts facts, loops;
  IntType type;
  std::string_view guard;  // or the beginning of the error
  bool exact = true;
};

TEST(WidthGuard, NamedCases) {
  const Texts loop = {"i >= 0", "i < n", "n >= 1"};
  const GuardCase cases[] = {
      {"4*i + 3", loop, {"i"}, kInt32, "n <= 536870912"},
      {"x + 1", {"x >= 0", "x < 9"}, {}, kInt32, "true"},
      {"x", {}, {}, kInt32, "x >= -2147483648 and x <= 2147483647"},
      {"s*i",
       {"i >= 0", "i < n", "n >= 1", "n <= 100000", "s >= 0", "s < 100000"},
       {"i"},
       kInt32,
       "n*s <= s + 2147483647"},
      {"V*x + i",
       {"x >= 0", "x < n", "n >= 1", "V >= 1", "i >= 0", "i < V"},
       {"x", "i"},
       kInt32,
       "V <= 2147483647 and n <= 2147483648 and V*n <= 2147483648"},
      {"c + V*x + i",
       {"c >= 0", "c < 64", "x >= 0", "x < n", "n >= 1", "V >= 1", "i >= 0", "i < V"},
       {"x", "i"},
       kInt32,
       "V <= 2147483647 and n <= 2147483648 and V*n + c <= 2147483648"},
      {"5000000000 + i", loop, {"i"}, kInt32, "width guard: no inputs"},
      {"i", {"i >= 0"}, {"i"}, kInt32, "width guard: no bound above i"},
      {"a*b", {"a >= 1", "b >= 1"}, {}, kInt64, "a <= floor_div(9223372036854775807, b)"},
  };
  for (const GuardCase& c : cases) {
    Question q(c.text, c.facts);
    const std::vector<Expr> loops = q.symbols(c.loops);
    const auto g = width_guard(q.facts, q.e, c.type, loops);
    if (!g.ok()) {
      EXPECT_EQ(std::string(g.status().message()).substr(0, c.guard.size()), c.guard);
      EXPECT_FALSE(c.guard.empty()) << g.status();
      continue;
    }
    if (!c.guard.empty()) {
      std::string conjuncts;
      for (const Expr x : g->conjuncts) {
        conjuncts += (conjuncts.empty() ? "" : " and ") + to_string(x);
      }
      EXPECT_EQ(conjuncts.empty() ? "true" : conjuncts, c.guard) << c.text;
    }
    EXPECT_EQ(g->exact, c.exact) << c.text;
    // The guard does what it says.
    ASSERT_TRUE(q.facts.add(g->condition).ok());
    const bool divides = to_string(g->condition).find("div") != std::string::npos;
    if (!divides) {
      EXPECT_EQ(fits(q.facts, q.e, c.type).truth, Truth::kTrue) << c.text;
    }
  }
}

}  // namespace
}  // namespace congrua
