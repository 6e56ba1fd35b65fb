// Environments as text: what is written reads back the same, and no text is harmful.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "congrua/float64.h"
#include "congrua/shape.h"
#include "congrua/text.h"

namespace congrua::shape {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

std::optional<int64_t> twice(std::span<const int64_t> args) { return 2 * args[0]; }

// Something of everything.
Env full() {
  Env env;
  const auto c = [&](int64_t v) { return env.pool().constant(v); };
  env.set_location("model.py:1");
  SizeOptions declared{.policy = Policy::kDynamic};
  declared.range = {.lo = 8, .hi = 64};
  declared.multiple_of = 8;
  declared.dimension = "batch";
  declared.typical = 32;
  const Expr b = *env.size("x.size(0)", 16, declared);
  const Expr s = *env.size("x.size(1)", 24), t = *env.size("y.size(0)", 24);
  EXPECT_EQ(s, t);
  EXPECT_TRUE(env.size("z.size(0)", 1).ok());
  const Expr odd = *env.size("odd", 5, {.name = "a name | with \\ signs"});
  const Expr u = env.unbacked({.range = {.lo = 0, .hi = 100}});
  const Expr flag = *env.boolean("flag", true);
  const Expr f = *env.float64("scale", 0.1);
  EXPECT_TRUE(env.float64("nan", std::nan(""), {.may_be_nan = true}).ok());
  EXPECT_TRUE(env.float64("inf", -INFINITY).ok());
  const Expr j = env.nested("nt.size(1)");
  const Expr args[] = {b};
  const Expr v =
      env.opaque("vscale", args, {.range = {.lo = 16}, .multiple_of = 2, .eval = twice});
  (void)env.opaque("lanes", {}, {.range = {.lo = 1, .hi = 16}});
  const Expr i = env.pool().symbol("i", {.range = {.lo = 0}});
  env.set_location("model.py:\"2\"");
  EXPECT_TRUE(env.guard(eq(floor_mod(s, 4), c(0))).ok());
  EXPECT_TRUE(env.guard(logical_or(!flag, ge(s + odd, c(9)))).ok());
  EXPECT_TRUE(env.guard(float_eq(f, float_constant(env.pool(), 0.1))).ok());
  EXPECT_TRUE(env.runtime_assert(le(u, floor_div(b, 2) + 1000)).ok());
  EXPECT_TRUE(env.promise(ge(max(u, s), c(3))).ok());
  EXPECT_TRUE(env.assume(lt(i, j)).ok());
  EXPECT_TRUE(env.assume(ge(v, b)).ok());
  env.enter_branch(ge(u, c(7)));
  EXPECT_TRUE(env.runtime_assert(le(u, c(90))).ok());
  env.enter_branch(le(u, c(80)));
  env.leave_branch();
  env.enter_branch(ne(u, c(8)));
  return env;
}

std::string text_of(const Env& env) {
  const auto text = env.to_json();
  EXPECT_TRUE(text.ok()) << text.status().message();
  return *text;
}

std::string guards_of(Env& env) {
  std::string out;
  const GuardSet g = env.guards();
  for (const SourceValue& s : g.sources) {
    out += s.source + " = " + to_string(s.value) + " " + s.location + "\n";
  }
  for (const Expr e : g.domains) out += to_string(e) + "\n";
  for (const Expr e : g.guards) out += to_string(e) + "\n";
  for (const RecordId id : env.asserts(true).kept) out += "assert " + std::to_string(id);
  return out;
}

TEST(Json, ReadsBackTheSame) {
  Env env = full();
  const std::string text = text_of(env);
  absl::StatusOr<Env> back = Env::from_json(text);
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(text_of(*back), text);
  EXPECT_EQ(guards_of(*back), guards_of(env));
  ASSERT_EQ(back->num_records(), env.num_records());
  for (RecordId id = 0; id < env.num_records(); ++id) {
    const Record &a = env.record(id), &b = back->record(id);
    EXPECT_EQ(to_sexpr(a.fact), to_sexpr(b.fact));
    EXPECT_EQ(a.fact_class, b.fact_class);
    EXPECT_EQ(a.position, b.position);
    EXPECT_EQ(a.branch, b.branch);
    EXPECT_EQ(a.location, b.location);
  }
  for (const std::string_view question :
       {"u0 >= 7", "u0 <= 90", "u0 == 8", "floor_mod(s1, 4) == 0",
        "floor_mod(s0, 8) == 0", "s0 <= 64", "s1 >= 3", "j0 >= 2", "b0", "i >= 0",
        "u0 <= 80", "s0*s1 >= 16"}) {
    const Expr a = *parse_infix(env.pool(), question),
               b = *parse_infix(back->pool(), question);
    EXPECT_EQ(env.is_known(a).truth, back->is_known(b).truth) << question;
    EXPECT_EQ(env.at_hints(a), back->at_hints(b)) << question;
    EXPECT_EQ(env.optimization_hint(a, -1), back->optimization_hint(b, -1)) << question;
  }
  // Sources, duck sizes and dimensions are known, and branches can be left.
  EXPECT_FALSE(back->size("x.size(1)", 24).ok());
  EXPECT_EQ(to_string(*back->size("w.size(0)", 24)), "s1");
  EXPECT_FALSE(back->size("v.size(0)", 9, {.dimension = "batch"}).ok());
  back->leave_branch();
  back->leave_branch();
  const Expr u = *back->pool().find_symbol("u0");
  EXPECT_NE(back->is_known(ge(u, back->pool().constant(7))).truth, Truth::kTrue);
}

TEST(Json, FunctionsAreSuppliedAgain) {
  Env env = full();
  absl::StatusOr<Env> back = Env::from_json(text_of(env));
  ASSERT_TRUE(back.ok());
  const Expr args[] = {back->pool().constant(21)};
  const Expr v = back->opaque("vscale", args);
  EXPECT_EQ(back->at_hints(v), std::nullopt);
  EXPECT_EQ(back->opaque("vscale", args, {.eval = twice}), v);
  EXPECT_EQ(back->at_hints(v), 42);
}

TEST(Json, AnotherPool) {
  Env env = full();
  const std::string text = text_of(env);
  EXPECT_TRUE(Env::from_json(text, env.pool()).ok());
  ExprPool pool;
  (void)pool.symbol("s1", {.range = {.lo = 3}});
  const auto refused = Env::from_json(text, pool);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("symbols[1]: the pool has another symbol s1"));
}

TEST(Json, SaysWhatIsWrong) {
  const Json good = Json::parse(text_of(full()));
  struct Case {
    std::string_view where, value, message;
  };
  constexpr Case kCases[] = {
      {"/version", "2", "version: written by a newer program: 2, and this one reads 1"},
      {"/version", "\"1\"", "version: an integer of 64 bits is expected"},
      {"/format", "\"x\"", "the text is no environment"},
      {"/symbols", "3", "symbols: a list is expected"},
      {"/symbols/0/kind", "\"sze\"", "symbols[0].kind: \"sze\" is unknown"},
      {"/symbols/0/hint", "7", "symbols[0]: the hint is out of the range"},
      {"/symbols/0/hint", "16.5", "symbols[0].hint: an integer of 64 bits is expected"},
      {"/symbols/0/hint", "18446744073709551615", "an integer of 64 bits is expected"},
      {"/symbols/0/multiple_of", "0", "symbols[0].multiple_of: 0 is not in 1 to"},
      {"/symbols/1/name", "\"s0\"", "symbols[1]: the symbol s0 is there twice"},
      {"/symbols/1/name", "\"\\u0001quotient\"", "one of the engine's own"},
      {"/symbols/1/range", "[3, 2]", "symbols[1].range: is empty"},
      {"/symbols/1/range", "[3]", "symbols[1].range: a list of two ends"},
      {"/records/0/class", "null", "records[0].class: a string is expected"},
      {"/records/1/fact", "\"(add s0\"", "records[1].fact: 1:8: ')' is missing"},
      {"/records/1/fact", "\"(ge s77 0)\"", "unknown symbol s77"},
      {"/records/1/fact", "\"s0\"", "records[1].fact: a proposition is expected"},
      {"/records/1/branch", "9", "records[1].branch: 9 is not in 0 to 3"},
      {"/records/1/position", "-1", "records[1].position: -1 is not in"},
      {"/branches/0/number", "2", "branches[0]"},
      {"/branches/1/records", "99", "branches[1].records: 99 is not in"},
      {"/duck/0/1", "\"u0\"", "duck[0]: u0 is no size of that hint"},
      {"/known_sources/1", "\"x.size(0)\"", "is there twice"},
      {"/opaques/0/monotone_in", "-2", "opaques[0].monotone_in: -2 is not in"},
  };
  for (const Case& c : kCases) {
    Json bad = good;
    bad[Json::json_pointer(std::string(c.where))] = Json::parse(c.value);
    const auto read = Env::from_json(bad.dump());
    ASSERT_FALSE(read.ok()) << c.where;
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(std::string(c.message)));
  }
  for (const std::string_view text : {"", "{", "[]", "null", "3", "{\"format\": 1}"}) {
    EXPECT_FALSE(Env::from_json(text).ok()) << text;
  }
}

TEST(Json, NamesThatAreNoUtf8AreRefused) {
  Env env;
  env.set_location("\xff");
  (void)env.unbacked();
  EXPECT_EQ(env.to_json().status().code(), absl::StatusCode::kInvalidArgument);
}

// Texts that are damaged somewhere are refused, or are environments like others.
TEST(Json, DamageFuzz) {
  const std::string text = text_of(full());
  std::mt19937 random(1);
  const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
  constexpr std::string_view kSigns = "0123456789-\"[]{},:abeghinostu_() |\\\x01";
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = text;
    for (size_t i = 0; i <= pick(3); ++i) {
      const size_t at = pick(damaged.size());
      switch (pick(4)) {
        case 0:
          damaged[at] = kSigns[pick(kSigns.size())];
          break;
        case 1:
          damaged.erase(at, 1 + pick(8));
          break;
        case 2:
          damaged.insert(at, damaged.substr(pick(damaged.size()), pick(12)));
          break;
        default:
          if (pick(20) == 0) damaged.resize(at);
      }
    }
    absl::StatusOr<Env> env = Env::from_json(damaged);
    if (!env.ok()) continue;
    ++accepted;
    if (accepted % 16 != 0) continue;
    (void)env->to_json();
    (void)env->asserts();
    (void)env->check_constraints();
  }
  EXPECT_GT(accepted, 20);
}

}  // namespace
}  // namespace congrua::shape
