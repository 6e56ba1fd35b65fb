#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "congrua/float64.h"
#include "congrua/shape.h"
#include "congrua/text.h"

namespace congrua::shape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string message(const absl::Status& s) { return std::string(s.message()); }

class EnvTest : public ::testing::Test {
 protected:
  Expr size(std::string_view source, int64_t hint, SizeOptions o = {}) {
    const auto s = env.size(source, hint, o);
    EXPECT_TRUE(s.ok()) << message(s.status());
    return *s;
  }
  Expr c(int64_t v) { return env.pool().constant(v); }
  Truth ask(Expr e, const Question& q = {}) { return env.is_known(e, q).truth; }
  Decision decide(Expr e) {
    const auto d = env.evaluate(e);
    EXPECT_TRUE(d.ok()) << message(d.status());
    return *d;
  }
  Env env;
};

TEST_F(EnvTest, SizesAreAtLeastTwo) {
  const Expr s = size("x.size(0)", 8);
  EXPECT_EQ(s.op(), Op::kSymbol);
  EXPECT_EQ(ask(ge(s, c(2))), Truth::kTrue);
  EXPECT_EQ(ask(eq(s, c(1))), Truth::kFalse);
  EXPECT_NE(ask(ge(s, c(3))), Truth::kTrue);
}

TEST_F(EnvTest, ZeroAndOneAreConstants) {
  EXPECT_EQ(size("x.size(0)", 1).as_const(), 1);
  EXPECT_EQ(size("x.size(1)", 0).as_const(), 0);
  SizeOptions general;
  general.specialize_zero_one = false;
  const Expr s = size("x.size(2)", 1, general);
  EXPECT_EQ(s.op(), Op::kSymbol);
  EXPECT_EQ(ask(ge(s, c(0))), Truth::kTrue);
  EXPECT_NE(ask(ge(s, c(1))), Truth::kTrue);
  const GuardSet g = env.guards();
  ASSERT_EQ(g.sources.size(), 2u);
  EXPECT_EQ(g.sources[0].source, "x.size(0)");
}

TEST_F(EnvTest, EqualHintsShareASymbolByPolicy) {
  const Expr a = size("x.size(0)", 8), b = size("y.size(0)", 8);
  EXPECT_EQ(a, b);
  EXPECT_NE(size("z.size(0)", 8, {.policy = Policy::kDynamic}), a);
  EXPECT_EQ(size("w.size(0)", 8, {.policy = Policy::kStatic}).as_const(), 8);
  const GuardSet g = env.guards();
  ASSERT_EQ(g.sources.size(), 2u);  // y.size(0) == x.size(0), w.size(0) == 8
  EXPECT_EQ(g.sources[0].value, a);
}

TEST_F(EnvTest, DeclaredSizes) {
  SizeOptions o{.policy = Policy::kDynamic};
  o.range = {.lo = 8, .hi = 64};
  o.multiple_of = 8;
  const Expr s = size("x.size(0)", 16, o);
  EXPECT_EQ(ask(le(s, c(64))), Truth::kTrue);
  EXPECT_EQ(ask(eq(floor_mod(s, 4), c(0))), Truth::kTrue);
  EXPECT_THAT(message(env.size("y.size(0)", 12, o).status()), HasSubstr("multiple of 8"));
  EXPECT_THAT(message(env.size("y.size(0)", 72, o).status()), HasSubstr("8 to 64"));
  SizeOptions same{.policy = Policy::kDynamic};
  same.equal_to = 2 * s;
  const Expr t = size("z.size(0)", 32, same);
  EXPECT_EQ(ask(eq(floor_mod(t, 16), c(0))), Truth::kTrue);
  EXPECT_THAT(message(env.size("v.size(0)", 33, same).status()),
              HasSubstr("which is 32"));
  EXPECT_FALSE(env.size("x.size(0)", 16).ok());  // known already
}

TEST_F(EnvTest, NamedDimensionsAreEqual) {
  SizeOptions o{.policy = Policy::kDynamic};
  o.dimension = "batch";
  const Expr a = size("x.size(0)", 8, o), b = size("y.size(0)", 8, o);
  EXPECT_EQ(a, b);
  EXPECT_THAT(message(env.size("z.size(0)", 9, o).status()),
              HasSubstr("dimension batch is 8"));
}

// What is declared of a size holds of the symbol that it shares.
TEST_F(EnvTest, DeclarationsOfSharedSizesHold) {
  const Expr s = size("x.size(0)", 16);
  SizeOptions o;
  o.range = {.lo = 8, .hi = 64};
  o.multiple_of = 8;
  EXPECT_EQ(size("y.size(0)", 16, o), s);
  EXPECT_EQ(ask(le(s, c(64))), Truth::kTrue);
  EXPECT_EQ(ask(eq(floor_mod(s, 8), c(0))), Truth::kTrue);
  std::vector<std::string> tested;
  const GuardSet set = env.guards();
  for (const Expr e : set.domains) tested.push_back(env.text(e));
  for (const Expr e : set.guards) tested.push_back(env.text(e));
  EXPECT_THAT(tested,
              UnorderedElementsAre("x.size(0) <= 64", "floor_mod(x.size(0), 8) == 0"));
  const Expr t = size("z.size(0)", 32);
  SizeOptions twice;
  twice.equal_to = 2 * s;
  EXPECT_EQ(size("w.size(0)", 32, twice), t);
  EXPECT_EQ(ask(eq(t, 2 * s)), Truth::kTrue);
}

TEST_F(EnvTest, SizesEqualInputsOnly) {
  const Expr u = env.unbacked();
  const Expr s = size("x.size(0)", 16);
  SizeOptions o;
  o.equal_to = u;
  EXPECT_THAT(message(env.size("y.size(0)", 16, o).status()), HasSubstr("from data"));
  o.equal_to = floor_div(s, s - s);
  EXPECT_THAT(message(env.size("y.size(0)", 16, o).status()), HasSubstr("divides by 0"));
  EXPECT_TRUE(env.size("y.size(0)", 16).ok());  // a refused source is not known
}

// A dimension may be named by a constant, or by a size that shares a symbol.
TEST_F(EnvTest, NamesOfDimensionsAreNotForgotten) {
  SizeOptions fixed{.policy = Policy::kStatic}, own{.policy = Policy::kDynamic}, duck;
  fixed.dimension = own.dimension = "batch";
  (void)size("a", 8, fixed);
  EXPECT_EQ(size("b", 8, own), c(8));
  own.dimension = duck.dimension = fixed.dimension = "height";
  const Expr s = size("c", 16);
  EXPECT_EQ(size("d", 16, duck), s);
  EXPECT_EQ(size("e", 16, own), s);
  EXPECT_EQ(ask(eq(s, c(16))), Truth::kUnknown);
  (void)size("f", 16, fixed);
  EXPECT_EQ(ask(eq(s, c(16))), Truth::kTrue);
}

TEST_F(EnvTest, TermsOfAnotherPoolAreRefused) {
  ExprPool other;
  const Expr x = other.symbol("x");
  EXPECT_DEATH((void)env.is_known(ge(x, other.constant(0))), "another pool");
  EXPECT_DEATH((void)env.runtime_assert(ge(x, other.constant(0))), "another pool");
  EXPECT_DEATH((void)env.unify("y", x), "another pool");
  EXPECT_DEATH((void)env.simplify(x + 1), "another pool");
}

TEST_F(EnvTest, OpenQuestionsAreDecidedByHintsAndGuarded) {
  const Expr s = size("x.size(0)", 8);
  const Expr even = eq(floor_mod(s, 2), c(0));
  const Decision first = decide(even);
  EXPECT_EQ(first.value, 1);
  EXPECT_EQ(first.how, How::kGuard);
  EXPECT_EQ(decide(even).how, How::kStatic);
  EXPECT_EQ(decide(eq(2 * floor_div(s, 2), s)).how, How::kStatic);
  EXPECT_EQ(env.num_records(), 1u);
  const Decision value = decide(floor_div(s, 4));
  EXPECT_EQ(value.value, 2);
  EXPECT_EQ(value.how, How::kGuard);
  EXPECT_EQ(env.known_value(floor_div(s, 4)), 2);
  EXPECT_EQ(decide(s + c(0)).value, 8);
}

TEST_F(EnvTest, SuppressedGuardsAreNoFacts) {
  const Expr s = size("x.size(0)", 8);
  {
    const Env::SuppressGuards off(env);
    EXPECT_EQ(decide(ge(s, c(5))).how, How::kSuppressed);
  }
  EXPECT_NE(ask(ge(s, c(5))), Truth::kTrue);
  EXPECT_EQ(env.num_records(), 0u);
}

TEST_F(EnvTest, DataDependentQuestions) {
  env.set_location("model.py:3");
  const Expr u = env.unbacked();
  EXPECT_EQ(ask(ge(u, c(0))), Truth::kTrue);  // promised
  env.set_location("model.py:9");
  const auto d = env.evaluate(eq(u, c(1)));
  ASSERT_FALSE(d.ok());
  EXPECT_THAT(message(d.status()), HasSubstr("u0 comes from data, born at model.py:3"));
  EXPECT_THAT(message(d.status()), HasSubstr("runtime_assert(u0 == 1)"));
  EXPECT_THAT(message(d.status()), HasSubstr("at model.py:9"));
  const auto fallback = env.evaluate(eq(u, c(1)), 0);
  ASSERT_TRUE(fallback.ok());
  EXPECT_EQ(fallback->value, 0);
  EXPECT_EQ(fallback->how, How::kDefault);
  EXPECT_TRUE(env.guard_or(eq(u, c(1)), true));
  EXPECT_FALSE(env.guard(eq(u, c(1))).ok());  // cannot be tested at entry
}

TEST_F(EnvTest, SizeObliviousQuestions) {
  const Expr u = env.unbacked(), v = env.unbacked({.size_like = false});
  const Question oblivious{.size_oblivious = true};
  EXPECT_EQ(ask(eq(u, c(1)), oblivious), Truth::kFalse);
  EXPECT_EQ(ask(eq(u * u, c(1)), oblivious), Truth::kFalse);
  EXPECT_NE(ask(eq(v, c(1)), oblivious), Truth::kFalse);
  EXPECT_NE(ask(eq(u, c(1))), Truth::kFalse);
}

// Where a size is known to be less than 2, nothing follows from its being more.
TEST_F(EnvTest, SizeObliviousQuestionsOfSmallSizes) {
  const Expr u = env.unbacked({.range = {.lo = 0, .hi = 1}});
  const Question q{.size_oblivious = true};
  EXPECT_EQ(env.is_known(le(u, c(1)), q).truth, Truth::kTrue);
  EXPECT_EQ(env.is_known(ge(u, c(2)), q).truth, Truth::kFalse);
  EXPECT_EQ(env.is_known(eq(u, c(77)), q).truth, Truth::kFalse);
}

TEST_F(EnvTest, FactsOfOneQuestion) {
  const Expr s = size("x.size(0)", 8);
  const Expr i = env.pool().symbol("i");
  const std::array given = {ge(i, c(0)), lt(i, s)};
  const Question loop{.given = given};
  for (int repeat = 0; repeat < 3; ++repeat) {
    EXPECT_EQ(ask(lt(i, 2 * s), loop), Truth::kTrue);
    EXPECT_EQ(ask(eq(floor_div(i, s), c(0)), loop), Truth::kTrue);
    EXPECT_NE(ask(ge(i, c(0))), Truth::kTrue);
  }
  const std::array impossible = {lt(s, c(2))};
  EXPECT_EQ(ask(ge(i, c(7)), {.given = impossible}), Truth::kTrue);
  EXPECT_NE(ask(ge(i, c(7))), Truth::kTrue);
}

TEST_F(EnvTest, ClassesThatAnAnswerMayRestOn) {
  const Expr s = size("x.size(0)", 8), u = env.unbacked();
  ASSERT_TRUE(env.assume(ge(s, c(4))).ok());
  ASSERT_TRUE(env.runtime_assert(ge(u, c(3))).ok());
  ASSERT_TRUE(env.guard(le(s, c(100))).ok());
  EXPECT_EQ(ask(ge(s, c(4))), Truth::kTrue);
  EXPECT_NE(ask(ge(s, c(4)), {.classes = kEnforced}), Truth::kTrue);
  EXPECT_EQ(ask(ge(u, c(3)), {.classes = kEnforced}), Truth::kTrue);
  EXPECT_NE(ask(ge(u, c(3)), {.classes = kAtEntry}), Truth::kTrue);
  EXPECT_EQ(ask(le(s, c(100)), {.classes = kAtEntry}), Truth::kTrue);
  EXPECT_NE(ask(le(s, c(100)), {.classes = only(FactClass::kBirth)}), Truth::kTrue);
}

TEST_F(EnvTest, AnswersNameTheirFacts) {
  const Expr s = size("x.size(0)", 8), t = size("x.size(1)", 9);
  env.set_location("model.py:1");
  ASSERT_TRUE(env.guard(ge(t, c(4))).ok());
  env.set_location("model.py:2");
  ASSERT_TRUE(env.guard(ge(s, t)).ok() || true);
  const Explanation e = env.explain(ge(s + t, c(8)));
  EXPECT_EQ(e.known.truth, Truth::kTrue);
  EXPECT_THAT(e.rests_on, ElementsAre(0, 1));
  EXPECT_EQ(env.record(1).location, "model.py:2");
  EXPECT_EQ(env.record(1).position, 2u);
}

TEST_F(EnvTest, PushAndPop) {
  const Expr s = size("x.size(0)", 8);
  env.push();
  const Expr t = size("y.size(0)", 9);
  decide(ge(s, c(5)));
  EXPECT_EQ(ask(ge(s, c(5))), Truth::kTrue);
  EXPECT_EQ(ask(ge(t, c(2))), Truth::kTrue);
  env.pop();
  EXPECT_NE(ask(ge(s, c(5))), Truth::kTrue);
  EXPECT_EQ(env.num_records(), 0u);
  EXPECT_EQ(size("y.size(0)", 8), s);  // the source is free again, and 9 is no duck
}

TEST_F(EnvTest, FactsOfABranchHoldInside) {
  const Expr u = env.unbacked(), s = size("x.size(0)", 8);
  env.enter_branch(ge(u, c(10)));
  EXPECT_EQ(ask(ge(u, c(9))), Truth::kTrue);
  decide(ge(s, c(4)));  // an entry guard, wherever it is taken
  ASSERT_TRUE(env.runtime_assert(le(u, c(20))).ok());
  EXPECT_EQ(ask(le(u, c(20))), Truth::kTrue);
  env.leave_branch();
  EXPECT_NE(ask(ge(u, c(9))), Truth::kTrue);
  EXPECT_NE(ask(le(u, c(20))), Truth::kTrue);
  EXPECT_EQ(ask(ge(s, c(4))), Truth::kTrue);
}

TEST_F(EnvTest, HintsToOptimiseForComeFromOnePoint) {
  const Expr s = size("x.size(0)", 8), t = size("x.size(1)", 6);
  const Expr u = env.unbacked();
  decide(eq(floor_mod(s, 4), c(0)));
  ASSERT_TRUE(env.runtime_assert(le(u, s)).ok());
  ASSERT_TRUE(env.runtime_assert(ge(u, c(5))).ok());
  EXPECT_EQ(env.optimization_hint(s * t, -1), 48);
  for (const Typical which : {Typical::kTypical, Typical::kSmallest, Typical::kLargest}) {
    const int64_t vs = env.optimization_hint(s, -1, which);
    const int64_t vu = env.optimization_hint(u, -1, which);
    EXPECT_EQ(vs % 4, 0);
    EXPECT_GE(vu, 5);
    EXPECT_LE(vu, vs);
    EXPECT_EQ(env.optimization_hint(s + u, -1, which), vs + vu);
  }
  EXPECT_EQ(env.optimization_hint(s, -1, Typical::kSmallest), 8);
  EXPECT_GE(env.optimization_hint(s, -1, Typical::kLargest), 1024);
  EXPECT_EQ(env.num_records(), 4u);  // with the promise of u: nothing was recorded
}

TEST_F(EnvTest, JaggedSizes) {
  const Expr j = env.nested("x.offsets"), k = env.nested("y.offsets");
  EXPECT_EQ(ask(eq(j, j)), Truth::kTrue);
  EXPECT_EQ(ask(eq(3 * j, 2 * j)), Truth::kFalse);
  EXPECT_NE(ask(eq(j, k)), Truth::kTrue);
  const Expr s = size("x.size(0)", 8), t = size("x.size(1)", 9);
  EXPECT_TRUE(env.guard(eq(s * j, t * j)).ok());
  EXPECT_EQ(ask(eq(s, t)), Truth::kTrue);
  EXPECT_FALSE(env.evaluate(eq(j, k)).ok());
}

std::optional<int64_t> half(std::span<const int64_t> args) { return args[0] / 2; }

TEST_F(EnvTest, OpaqueIntegers) {
  const Expr s = size("x.size(0)", 8), t = size("x.size(1)", 12);
  OpaqueOptions o;
  o.range = {.lo = 1, .hi = 16};
  o.multiple_of = 1;
  const Expr v = env.opaque("vscale", {}, o);
  EXPECT_EQ(v, env.opaque("vscale", {}));
  EXPECT_EQ(ask(ge(4 * v, c(4))), Truth::kTrue);
  EXPECT_NE(ask(ge(v, c(2))), Truth::kTrue);
  OpaqueOptions m;
  m.multiple_of = 64;
  m.monotone_in = 0;
  const Expr a = env.opaque("padded", std::array{s}, m),
             b = env.opaque("padded", std::array{t}, m);
  EXPECT_EQ(ask(eq(floor_mod(a, 32), c(0))), Truth::kTrue);
  EXPECT_NE(ask(le(a, b)), Truth::kTrue);
  decide(le(s, t));
  EXPECT_EQ(ask(le(a, b)), Truth::kTrue);
  OpaqueOptions e;
  e.monotone_in = 0;
  e.eval = half;
  const Expr h = env.opaque("half", std::array{s}, e);
  EXPECT_EQ(ask(ge(h, c(1))), Truth::kTrue);                       // half(2) = 1
  EXPECT_EQ(ask(ge(h, c(1) + floor_div(s, 2))), Truth::kUnknown);  // nothing is known
  EXPECT_NE(ask(ge(h, c(3))), Truth::kTrue);
  // half(s) >= 3 exactly where s >= 6.
  const std::array large = {ge(h, c(3))}, six = {ge(s, c(6))}, five = {le(s, c(5))};
  EXPECT_EQ(ask(ge(s, c(6)), {.given = large}), Truth::kTrue);
  EXPECT_EQ(ask(ge(h, c(3)), {.given = six}), Truth::kTrue);
  EXPECT_EQ(ask(ge(h, c(3)), {.given = five}), Truth::kFalse);
  decide(ge(s, c(6)));
  EXPECT_EQ(ask(ge(h, c(3))), Truth::kTrue);
  EXPECT_EQ(decide(h).value, 4);
  OpaqueOptions i;
  i.injective = true;
  const Expr x = env.opaque("id", std::array{s}, i),
             y = env.opaque("id", std::array{t}, i);
  const std::array equal = {eq(x, y)};
  const Question same{.given = equal};
  EXPECT_EQ(ask(eq(s, t), same), Truth::kTrue);
}

TEST_F(EnvTest, SymbolsMayNotBeGuardedOn) {
  SizeOptions o{.policy = Policy::kDynamic};
  o.may_guard = false;
  const Expr s = size("x.size(0)", 8, o);
  const auto d = env.evaluate(ge(s, c(4)));
  ASSERT_FALSE(d.ok());
  EXPECT_THAT(message(d.status()), HasSubstr("x.size(0) may not be guarded on"));
}

TEST_F(EnvTest, BooleansAreStoredAndAskedLater) {
  const Expr b = *env.boolean("flag", true);
  const Expr s = size("x.size(0)", 8);
  const Expr n = select(b, s, 2 * s);
  EXPECT_EQ(ask(ge(n, c(2))), Truth::kTrue);
  EXPECT_EQ(env.num_records(), 0u);
  EXPECT_EQ(decide(n).value, 8);
}

TEST_F(EnvTest, ManyEnvironmentsInOnePool) {
  ExprPool pool;
  Env a(pool), b(pool);
  const Expr x = *a.size("x", 8), y = *b.size("x", 9);
  EXPECT_NE(x, y);  // names are fresh in the pool
  EXPECT_THAT(std::string(x.name()), "s0");
  EXPECT_THAT(std::string(y.name()), "s1");
  ASSERT_TRUE(a.evaluate(ge(x, pool.constant(4))).ok());
  EXPECT_NE(b.is_known(ge(x, pool.constant(4))).truth, Truth::kTrue);
}

TEST_F(EnvTest, NoTwoInputsShareAName) {
  ASSERT_TRUE(env.boolean("p", true, "n").ok());
  EXPECT_EQ(env.boolean("q", false, "n").status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(env.float64("f", 1.5, {.name = "n"}).status().code(),
            absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(env.float64("f", 1.5, {.name = "scale"}).ok());
  EXPECT_FALSE(env.float64("g", 2.5, {.name = "scale"}).ok());
  ASSERT_TRUE(env.boolean("q", false).ok());  // a refused source is not known
  (void)env.unbacked({.name = "u"});
  EXPECT_DEATH((void)env.unbacked({.name = "u"}), "is known");
}

TEST_F(EnvTest, HintsOfDeclaredSymbolsAreInTheirRanges) {
  const Expr s = env.pool().symbol("s", {.range = {.lo = 0, .hi = 5}});
  const Expr p = env.pool().symbol("p", {.sort = Sort::kBool});
  EXPECT_EQ(env.declare(s, "x", 9).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(env.declare(p, "p", 7).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(env.declare(s, "x", 5).ok());
  EXPECT_TRUE(env.declare(p, "p", 1).ok());
}

TEST_F(EnvTest, MessagesKnowThatValuesMayBeLarge) {
  const Expr s = size("x", INT64_MAX);
  EXPECT_THAT(message(env.evaluate(s * s).status()), HasSubstr("exceeds int64"));
}

// Steps are charged by the length of what they walk over: terms built are the measure.
TEST_F(EnvTest, QuestionsOverHundredsOfSizesStayShort) {
  Expr sum = c(0);
  for (int i = 0; i < 90; ++i) {
    const Expr u = env.unbacked({.range = {.lo = 0, .hi = 24'000}});
    sum = sum + 4 * min(u, c(300));
  }
  const size_t before = env.pool().num_nodes();
  EXPECT_FALSE(env.known_value(gt(sum, c(4000))).has_value());
  EXPECT_LT(env.pool().num_nodes() - before, 2000u);
}

// Pins are tried together; one that cannot be kept does not cost the others theirs.
TEST(Env, TypicalPointsOfManySizes) {
  Env env;
  std::vector<Expr> sizes;
  for (int64_t i = 0; i < 300; ++i) {
    SizeOptions o{.policy = Policy::kOwn};
    if (i == 7 || i == 200) o.typical = 3;  // less than is known of them
    if (i == 8) o.typical = 1'000;
    sizes.push_back(*env.size("x" + std::to_string(i), 10 + i, o));
    EXPECT_EQ(sizes.back().name(), "s" + std::to_string(i));
  }
  for (const Expr s : sizes) {
    ASSERT_TRUE(env.guard(ge(s, env.pool().constant(5))).ok());
  }
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    ASSERT_TRUE(env.guard(ge(sizes[i + 1] + 2'000, sizes[i])).ok());
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(env.optimization_hint(sizes[i], -1),
              i == 8 ? 1'000 : 10 + static_cast<int64_t>(i));
  }
}

}  // namespace
}  // namespace congrua::shape
