#include "guard/z3.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "congrua/eval.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "guard/interrupt.h"

namespace congrua::guard {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A sum of three cubes that nobody has found small: no solver settles it.
constexpr std::string_view kHard =
    "(declare-fun x () Int)(declare-fun y () Int)(declare-fun z () Int)\n"
    "(assert (= (+ (* x x x) (* y y y) (* z z z)) 114))\n";

Z3Limits steps(uint64_t rlimit) { return {.rlimit = rlimit}; }

class Z3Test : public testing::Test {
 protected:
  void SetUp() override {
    if (!z3_available()) GTEST_SKIP() << "no Z3 in this build";
  }
  void add(std::string_view text) {
    std::string error;
    ASSERT_TRUE(session_.add_text(text, &error)) << error;
  }
  Z3Result check() { return session_.check(steps(2'000'000)); }
  static std::string value(const Z3Result& r, std::string_view name) {
    for (const auto& [n, v] : r.model) {
      if (n == name) return v;
    }
    return "none";
  }

  Z3Session session_;
};

TEST(Z3, WithoutZ3NothingIsAnswered) {
  if (z3_available()) {
    EXPECT_FALSE(z3_version().empty());
    return;
  }
  EXPECT_EQ(z3_version(), "");
  Z3Session session;
  std::string error;
  EXPECT_FALSE(session.add_text("(declare-fun x () Int)", &error));
  EXPECT_FALSE(error.empty());
  session.push();
  session.pop(1);
  session.interrupt();
  EXPECT_EQ(session.check({}).status, Status::kUnknown);
  session.reset();
  ExprPool pool;
  const Expr asserts[] = {ge(pool.symbol("x"), pool.constant(1))};
  const SolveResult r = z3_solve(pool, asserts, {});
  EXPECT_EQ(r.status, Status::kUnknown);
  EXPECT_FALSE(r.reason.empty());
}

TEST_F(Z3Test, SatWithModel) {
  add("(declare-fun x () Int)(declare-const |a b| Int)(declare-fun p () Bool)"
      "(declare-fun r () Real)(declare-fun f (Int) Int)(define-fun two () Int 2)"
      "(assert (= x (- (* two 4) 11)))(assert (= |a b| (f x)))(assert (= (f x) 7))"
      "(assert (= (* 3 r) (- 2)))(assert (not p))");
  const Z3Result r = check();
  ASSERT_EQ(r.status, Status::kSat) << r.reason;
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a b", "7"}, {"p", "false"}, {"r", "(- (/ 2.0 3.0))"}, {"x", "(- 3)"}};
  EXPECT_EQ(r.model, expected);
}

TEST_F(Z3Test, ValuesOfTerms) {
  add("(declare-fun x () Int)(declare-fun f (Int) Int)(define-fun d () Int (+ x x))"
      "(assert (= x 4))(assert (= (f x) 9))(assert (= (div x 0) 5))");
  const Z3Result r =
      session_.check(steps(2'000'000), {}, false, false,
                     {"d", "(f (f x))", "(div x 0)", "(> x 3)", "(/ 1.0 2)"});
  ASSERT_EQ(r.status, Status::kSat) << r.reason;
  ASSERT_EQ(r.values.size(), 5u);
  EXPECT_EQ(r.values[0], "8");
  EXPECT_NE(r.values[1], "");
  EXPECT_EQ(r.values[2], "5");
  EXPECT_EQ(r.values[3], "true");
  EXPECT_EQ(r.values[4], "(/ 1.0 2.0)");
  EXPECT_TRUE(r.model.empty());
  EXPECT_EQ(session_.check({}, {}, false, false, {"x) (assert false"}).status,
            Status::kUnknown);
}

TEST_F(Z3Test, UnsatWithCore) {
  add("(declare-fun x () Int)(assert (! (> x 3) :named a))(assert (! (> x 1) :named |b "
      "c|))"
      "(assert (> x 0))(assert (! (< x 2) :named c))(assert (! (< x 90) :named d))");
  const Z3Result r = session_.check(steps(2'000'000), {"(= x x)"}, true, true);
  ASSERT_EQ(r.status, Status::kUnsat) << r.reason;
  EXPECT_EQ(r.core, (std::vector<std::string>{"a", "c"}));
  EXPECT_TRUE(check().core.empty());
}

TEST_F(Z3Test, AssumptionsAreForOneCheck) {
  add("(declare-fun x () Int)(assert (! (> x 3) :named a))(define-fun y () Int (- x 5))");
  const std::vector<std::string> assumptions = {"(> x 0) ; said twice", "(< y (- 2))",
                                                "(> x 1)"};
  const Z3Result r = session_.check(steps(2'000'000), assumptions, true, true);
  ASSERT_EQ(r.status, Status::kUnsat) << r.reason;
  EXPECT_EQ(r.core, (std::vector<std::string>{"a", "(< y (- 2))"}));
  EXPECT_EQ(session_.check(steps(2'000'000), {"(< y 0)"}).status, Status::kSat);
  EXPECT_EQ(check().status, Status::kSat);
  EXPECT_EQ(session_.check({}, {"(< y 0)) (assert false"}).status, Status::kUnknown);
  EXPECT_EQ(session_.check({}, {"(< nobody 0)"}).status, Status::kUnknown);
  EXPECT_EQ(session_.check({}, {"x"}).status, Status::kUnknown) << "not Bool";
  EXPECT_EQ(check().status, Status::kSat);
}

TEST_F(Z3Test, ScopesForgetTextAndNames) {
  add("(declare-fun x () Int)(assert (> x 3))");
  EXPECT_EQ(check().status, Status::kSat);
  session_.push();
  add("(declare-fun y () Int)(define-fun z () Int (+ x y))(assert (< z 0))(assert (> y "
      "0))");
  EXPECT_EQ(check().status, Status::kUnsat);
  session_.pop(1);
  EXPECT_EQ(check().status, Status::kSat);
  session_.push();
  add("(declare-fun y () Bool)(define-fun z () Bool (and y (= x 9)))");
  session_.push();
  add("(assert z)");
  Z3Result r = check();
  ASSERT_EQ(r.status, Status::kSat) << r.reason;
  EXPECT_EQ(value(r, "x"), "9");
  EXPECT_EQ(value(r, "y"), "true");
  session_.pop(7);  // as many as there are
  r = check();
  ASSERT_EQ(r.status, Status::kSat);
  EXPECT_EQ(value(r, "y"), "none");
  session_.reset();
  EXPECT_EQ(check().status, Status::kSat);
  add("(declare-fun x () Bool)(assert x)(assert (not x))");
  EXPECT_EQ(check().status, Status::kUnsat);
}

// The same commands one by one, with a check after each, and in one piece: later pieces
// must find what earlier ones defined.
TEST_F(Z3Test, PiecesMeanWhatTheWholeMeans) {
  const std::vector<std::string> commands = {
      "(declare-fun a () Int)",
      "(declare-fun b () Int)",
      "(define-fun mod () Int (mod a b))",  // a constant named as an operator
      "(declare-fun ceil (Int) Int)",
      "(define-fun ceil () Int (ceil 3))",  // overloaded by arity
      "(define-fun min2 ((p Int) (q Int)) Int (ite (< p q) p (+ q (* 0 mod))))",
      "(define-fun deep () Int (min2 a (min2 b ceil)))",
      "(assert (! (and (! (= b 7) :named inner) (> a 20)) :named outer))",
      "(assert (= mod 5))",
      "(assert (let ((deep 3)) (= deep 3)))",  // shadows the definition
      "(define-sort Size () Int)",
      "(declare-fun n () Size)",
      "(define-fun m () Size (+ n deep))",
      "(declare-sort Thing 0)",
      "(declare-fun t () Thing)",
      "(declare-fun size (Thing) Int)",
      "(define-fun same () Thing t)",
      "(assert (= (size same) m))",
      "(assert (and inner outer))",
      "(assert (= deep (- 4)))",
      "(assert (= n 11))",
      "(assert (= (size t) 7))",
      "(assert (not (= (size same) 8)))",
      "(assert (=> inner (not (= (+ (mod a b) mod) 10))))",
  };
  std::string whole;
  for (const std::string& c : commands) {
    whole += c + "\n";
    add(c);
    Z3Session once;
    ASSERT_TRUE(once.add_text(whole, nullptr));
    const Z3Result r = check();
    EXPECT_EQ(r.reason, "") << c;
    EXPECT_EQ(r.status, once.check(steps(2'000'000)).status) << c;
    EXPECT_EQ(r.status, &c == &commands.back() ? Status::kUnsat : Status::kSat) << c;
  }
}

TEST_F(Z3Test, RefusesWhatIsNoDeclarationDefinitionOrAssert) {
  for (const std::string_view text :
       {"(assert true", "(check-sat)", "x", "(assert true))", "(assert)",
        "(assert true false)", "()", "(declare-fun x Int)", "(define-fun x () Int)",
        "(assert (= \"a b) true))", "(declare-fun |x () Int)",
        "(define-fun-rec f ((x Int)) Int (f x))", "(push 1)", "((assert true))",
        "(declare-fun y () Int)(assert"}) {
    std::string error;
    EXPECT_FALSE(session_.add_text(text, &error)) << text;
    EXPECT_FALSE(error.empty()) << text;
  }
  std::string error;
  EXPECT_FALSE(session_.add_text(std::string_view("(assert\0 true)", 14), &error));
  // Nothing of it was added.
  add("(declare-fun y () Bool)(assert y) ; a comment with (\n");
  EXPECT_EQ(check().status, Status::kSat);
}

TEST_F(Z3Test, ErrorsOfTheParserLastUntilTheyArePopped) {
  add("(declare-fun x () Int)(assert (> x 0))");
  EXPECT_EQ(check().status, Status::kSat);
  for (const std::string_view bad :
       {"(assert (> nobody 0))", "(assert (and x 3))", "(declare-fun x () Int)",
        "(assert x)", "(assert (f x))", "(define-fun w () Bool 3)",
        "(define-fun w () Int 2.5)", "(declare-fun q () Color)",
        "(assert (> x 1) (> x 2))", "(assert ((_ foo 1) x))",
        "(declare-fun |x| () Int)"}) {
    session_.push();
    std::string error;
    if (session_.add_text(bad, &error)) {
      EXPECT_FALSE(session_.parse(&error)) << bad;
      const Z3Result r = check();
      EXPECT_EQ(r.status, Status::kUnknown) << bad;
      EXPECT_FALSE(r.reason.empty()) << bad;
    }
    EXPECT_FALSE(error.empty()) << bad;
    session_.pop(1);
    EXPECT_TRUE(session_.parse(&error)) << bad << error;
    EXPECT_EQ(check().status, Status::kSat) << bad;
  }
}

TEST_F(Z3Test, StepLimitIsKeptAndTheSessionGoesOn) {
  add(kHard);
  const auto before = Clock::now();
  const Z3Result r = session_.check(steps(200'000));
  EXPECT_EQ(r.status, Status::kUnknown);
  EXPECT_FALSE(r.reason.empty());
  EXPECT_LT(Clock::now() - before, milliseconds(60'000));
  session_.push();
  add("(assert (> x 0))(assert (< x 0))");
  EXPECT_EQ(session_.check(steps(200'000)).status, Status::kUnsat);
  session_.pop(1);
  EXPECT_EQ(session_.check(steps(200'000)).status, Status::kUnknown);
}

TEST_F(Z3Test, TimeLimitIsKeptAndTheSessionGoesOn) {
  add("(declare-fun w () Int)(assert (= w 5))");
  session_.push();
  add(kHard);
  const auto before = Clock::now();
  EXPECT_EQ(session_.check({.timeout_ms = 100}).reason, "timeout");
  EXPECT_LT(Clock::now() - before, milliseconds(20'000));
  session_.pop(1);
  EXPECT_EQ(value(check(), "w"), "5");
}

TEST_F(Z3Test, WatchdogAndCancelEndACheck) {
  add("(declare-fun w () Int)(assert (= w 5))");
  EXPECT_EQ(session_.check({.watchdog_ms = 60'000}).status, Status::kSat);
  session_.push();
  add(kHard);
  const auto before = Clock::now();
  const Z3Result r = session_.check({.watchdog_ms = 100});
  EXPECT_EQ(r.status, Status::kUnknown);
  EXPECT_EQ(r.reason, "timeout");
  std::atomic<bool> cancel = false;
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(100));
    cancel = true;
  });
  EXPECT_EQ(session_.check({.watchdog_ms = 600'000, .cancel = &cancel}).reason,
            "interrupted");
  later.join();
  EXPECT_EQ(session_.check({.cancel = &cancel}).reason, "cancelled");
  EXPECT_LT(Clock::now() - before, milliseconds(20'000));
  session_.pop(1);
  EXPECT_EQ(value(check(), "w"), "5");
}

TEST_F(Z3Test, InterruptFromAnotherThread) {
  session_.interrupt();  // nothing is asked: no effect
  add(kHard);
  for (int round = 0; round < 3; ++round) {
    std::thread other([&] {
      std::this_thread::sleep_for(milliseconds(100 * round));
      // Before the check began it would be lost.
      for (int i = 0; i < 20; ++i) {
        session_.interrupt();
        std::this_thread::sleep_for(milliseconds(10));
      }
    });
    const Z3Result r = session_.check({});
    other.join();
    EXPECT_EQ(r.status, Status::kUnknown);
    EXPECT_EQ(r.reason, "interrupted");
  }
  session_.push();
  add("(assert (> x 0))(assert (< x 0))");
  EXPECT_EQ(check().status, Status::kUnsat);
}

TEST_F(Z3Test, LeavesSignalHandlersAlone) {
  struct sigaction before = {};
  ASSERT_EQ(sigaction(SIGINT, nullptr, &before), 0);
  add(kHard);
  bool same = true;
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(milliseconds(10));
      struct sigaction now = {};
      sigaction(SIGINT, nullptr, &now);
      same = same && now.sa_handler == before.sa_handler;
    }
    session_.interrupt();
  });
  EXPECT_EQ(session_.check({}).reason, "interrupted");
  other.join();
  EXPECT_TRUE(same);
}

TEST_F(Z3Test, SameQuestionsSameAnswers) {
  const auto transcript = [] {
    Z3Session s;
    std::string out;
    EXPECT_TRUE(
        s.add_text("(declare-fun a () Int)(declare-fun b () Int)(declare-fun c () Int)"
                   "(assert (> (* a b) (+ c 17)))(assert (= (mod c 5) 3))",
                   nullptr));
    for (int i = 0; i < 12; ++i) {
      s.push();
      EXPECT_TRUE(s.add_text(
          fmt::format("(assert (> (mod (+ a b) 7) {}))(assert (> c {}))", i % 6, i * i),
          nullptr));
      const Z3Result r = s.check(steps(100'000));
      out += fmt::format("{} {}\n", static_cast<int>(r.status), r.reason);
      for (const auto& [name, v] : r.model) out += fmt::format("{}={} ", name, v);
      if (i % 3 == 0) s.pop(1);
    }
    return out;
  };
  const std::string first = transcript();
  EXPECT_EQ(transcript(), first);
}

TEST_F(Z3Test, ManyPiecesAreLinear) {
  // Chained definitions and asserts, checked now and then; quadratic behaviour would take
  // minutes.
  add("(declare-fun t0 () Int)(assert (> t0 0))");
  constexpr int kLinks = 3000;
  for (int i = 1; i <= kLinks; ++i) {
    add(fmt::format("(define-fun t{} () Int (+ t{} {}))(assert (> t{} 0))", i, i - 1,
                    i % 7, i));
    if (i % 100 == 0) {
      std::string error;
      ASSERT_TRUE(session_.parse(&error)) << error;
    }
  }
  EXPECT_EQ(check().status, Status::kSat);
  session_.push();
  add(fmt::format("(assert (< t{} 0))", kLinks));
  EXPECT_EQ(check().status, Status::kUnsat);
}

TEST_F(Z3Test, TooDeepTermsAreNotGivenToZ3) {
  constexpr int kDeep = 1'000'000;
  add("(declare-fun p () Bool)(declare-fun q () Bool)");
  session_.push();
  std::string text = "(assert ";
  for (int i = 0; i < kDeep; ++i) text += "(not ";
  text += "p" + std::string(kDeep, ')') + ")";
  add(text);
  EXPECT_EQ(check().status, Status::kUnknown);
  add("(assert q)(assert (not q))");
  EXPECT_EQ(check().status, Status::kUnsat) << "without it already";
  session_.pop(1);
  EXPECT_EQ(check().status, Status::kSat);
  // The same through definitions.
  add("(define-fun d0 () Bool p)");
  for (uint32_t i = 1; i <= kZ3MaxDepth + 10; ++i) {
    add(fmt::format("(define-fun d{} () Bool (not d{}))", i, i - 1));
  }
  EXPECT_EQ(check().status, Status::kSat) << "a definition alone";
  EXPECT_EQ(session_.check({}, {fmt::format("d{}", kZ3MaxDepth + 10)}).status,
            Status::kUnknown);
  add(fmt::format("(assert d{})", kZ3MaxDepth - 10));
  EXPECT_EQ(check().status, Status::kSat);
}

// Unknown incrementally, known in one piece: the span of a contiguous tensor.
TEST_F(Z3Test, FreshAttemptAfterAnIncrementalUnknown) {
  add("(declare-fun b () Int)(declare-fun c () Int)(declare-fun h () Int)(declare-fun w "
      "() Int)"
      "(assert (>= b 1))(assert (>= c 1))(assert (>= h 1))(assert (>= w 1))");
  EXPECT_EQ(check().status, Status::kSat);
  session_.push();
  add("(assert (not (= (mod (* b c h w) (* h w)) 0)))");
  const Z3Result r = session_.check(steps(1'000'000));
  EXPECT_NE(r.status, Status::kSat);
  if (r.status == Status::kUnknown) {
    EXPECT_FALSE(r.reason.empty());
  }
}

class Z3SolveTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!z3_available()) GTEST_SKIP() << "no Z3 in this build";
  }
  Expr symbol(std::string_view name, Range range = {}) {
    return pool_.symbol(name, {.range = range});
  }
  Expr num(int64_t v) { return pool_.constant(v); }
  SolveResult solve(std::vector<Expr> asserts, uint64_t rlimit = 1'000'000) {
    return z3_solve(pool_, asserts, steps(rlimit), true);
  }
  static Int value(const SolveResult& r, Expr e) {
    for (const auto& [variable, v] : r.model) {
      if (variable == e) return v;
    }
    return Int(-999'999);
  }

  ExprPool pool_;
};

TEST_F(Z3SolveTest, SatUnsatAndCore) {
  const Expr x = symbol("x"), y = symbol("a name| with \\ in it");
  SolveResult r = solve({eq(x + y, num(7)), eq(floor_mod(x, 5), num(3)), lt(x, num(0))});
  ASSERT_EQ(r.status, Status::kSat) << r.reason;
  EXPECT_EQ(r.layer, Layer::kZ3);
  EXPECT_EQ(r.model.size(), 2u);
  EXPECT_EQ(value(r, x) + value(r, y), Int(7));
  r = solve(
      {ge(y, num(0)), gt(2 * x, num(8)), eq(y, y + x - x), lt(x, num(5)), gt(y, x)});
  ASSERT_EQ(r.status, Status::kUnsat) << r.reason;
  EXPECT_EQ(r.core, (std::vector<size_t>{1, 3}));
  EXPECT_EQ(solve({}).status, Status::kSat);
  EXPECT_EQ(solve({pool_.boolean(false)}).status, Status::kUnsat);
}

TEST_F(Z3SolveTest, BirthRangesAndObligations) {
  const Expr s = symbol("s", {.lo = 2, .hi = 9}), d = symbol("d"), x = symbol("x");
  EXPECT_EQ(solve({eq(s, num(1))}).status, Status::kUnsat);
  EXPECT_EQ(solve({gt(s * x, num(8)), lt(x, num(1))}).status, Status::kUnsat);
  // d != 0 is part of the question.
  EXPECT_EQ(solve({eq(floor_div(x, d), num(3)), eq(d, num(0))}).status, Status::kUnsat);
  EXPECT_EQ(solve({eq(floor_div(x, num(0)), num(3))}).status, Status::kUnsat);
  SolveResult r = solve({eq(floor_div(x, d), num(-4)), eq(x, num(7)), lt(d, num(0))});
  ASSERT_EQ(r.status, Status::kSat) << r.reason;
  EXPECT_EQ(value(r, d), Int(-2));
}

// By what quotients of long sums are bounded.
TEST_F(Z3SolveTest, AQuotientIsNotMoreThanWhatItDivides) {
  const Expr a = symbol("a"), rest = symbol("rest");
  for (const int64_t k : {1, 2, 3, 8}) {
    for (const int64_t c : {1, 3}) {
      const Expr p = rest - c * floor_div(a, k), undivided = k * rest - c * a;
      EXPECT_EQ(solve({ge(undivided, num(0)), lt(p, num(0))}).status, Status::kUnsat);
      if (k > 1) {  // not the other way round
        EXPECT_EQ(solve({lt(undivided, num(0)), ge(p, num(0))}).status, Status::kSat);
      }
    }
  }
}

TEST_F(Z3SolveTest, OpaqueTermsAreKnownByCongruence) {
  const Expr x = symbol("x"), y = symbol("y");
  const auto f = [&](std::string_view name, std::vector<Expr> args,
                     Sort sort = Sort::kInt) { return pool_.opaque(name, args, sort); };
  EXPECT_EQ(solve({eq(x, y), ne(f("f", {x}), f("f", {y}))}).status, Status::kUnsat);
  EXPECT_EQ(solve({eq(x, y), ne(f("f", {x}), f("g", {y}))}).status, Status::kSat);
  EXPECT_EQ(solve({eq(x, y), ne(f("f", {x}), f("f", {y, y}))}).status, Status::kSat);
  const Expr rx = f("r", {x}, Sort::kReal), ry = f("r", {y}, Sort::kReal);
  EXPECT_EQ(solve({eq(x, y), ne(f("f", {rx}), f("f", {ry}))}).status, Status::kUnsat);
  EXPECT_EQ(
      solve({eq(x, y), f("p", {rx}, Sort::kBool), !f("p", {ry}, Sort::kBool)}).status,
      Status::kUnsat);
  // A symbol and a function of no arguments do not meet, nor do functions of other sorts.
  EXPECT_EQ(solve({ne(x, f("x", {}))}).status, Status::kSat);
  const SolveResult r = solve({eq(f("f", {x}), num(3)), f("f", {x}, Sort::kBool)});
  ASSERT_EQ(r.status, Status::kSat);
  EXPECT_EQ(value(r, f("f", {x})), Int(3));
  EXPECT_EQ(value(r, f("f", {x}, Sort::kBool)), Int(1));
}

TEST_F(Z3SolveTest, EveryOperator) {
  const Expr x = symbol("x"), y = symbol("y"), z = symbol("z");
  const Expr p = pool_.symbol("p", {.sort = Sort::kBool});
  const Expr extreme[] = {x, y, z};
  const SolveResult r = solve(
      {eq(pool_.maximum(extreme) - pool_.minimum(extreme), num(5)), eq(min(x, y), num(3)),
       eq(max(y, z), num(8)), eq(eq(x, y), p), !p, eq(select(p, x, y), num(4)),
       logical_or(p, gt(x * x, z)), eq(abs(x - z), num(5))});
  ASSERT_EQ(r.status, Status::kSat) << r.reason;
  EXPECT_EQ(value(r, x), Int(3));
  EXPECT_EQ(value(r, y), Int(4));
  EXPECT_EQ(value(r, z), Int(8));
  EXPECT_EQ(value(r, p), Int(0));
  const Expr big = *pool_.integer("123456789012345678901234567890");
  EXPECT_EQ(value(solve({eq(x + big, num(0))}), x),
            *Int::parse("-123456789012345678901234567890"));
}

TEST_F(Z3SolveTest, WhatIsTooMuchIsUnknown) {
  const Expr x = symbol("x"), y = symbol("y");
  Expr deep = x;
  for (int i = 0; i < 100'000; ++i) deep = max(floor_div(deep, 3), y - i);
  EXPECT_EQ(solve({eq(deep, num(3))}).status, Status::kUnknown);
  Expr power = x + y;
  for (int i = 0; i < 10; ++i) power = power * power;
  EXPECT_EQ(solve({eq(power, num(3))}).status, Status::kUnknown);
  const Expr cubes = x * x * x + y * y * y + symbol("z") * symbol("z") * symbol("z");
  const SolveResult r = solve({eq(cubes, num(114))}, 100'000);
  EXPECT_EQ(r.status, Status::kUnknown);
  EXPECT_FALSE(r.reason.empty());
  EXPECT_EQ(z3_solve(pool_, std::vector<Expr>{eq(cubes, num(114))}, {.watchdog_ms = 100})
                .status,
            Status::kUnknown);
  std::atomic<bool> cancel = true;
  EXPECT_EQ(z3_solve(pool_, {}, {.cancel = &cancel}).reason, "cancelled");
}

// A DAG of 2^200 paths: written as a tree it would never reach Z3.
TEST_F(Z3SolveTest, SharedTermsAreWrittenOnce) {
  const Expr x = symbol("x"), y = symbol("y");
  Expr a = x, b = y;
  for (int i = 0; i < 200; ++i) {
    const Expr as[] = {a, a + i}, bs[] = {b, b + i};
    a = pool_.opaque("f", as);
    b = pool_.opaque("f", bs);
  }
  EXPECT_EQ(solve({eq(x, y), ne(a, b)}).status, Status::kUnsat);
}

// Random conjunctions over two symbols of a small range, against enumeration.
TEST_F(Z3SolveTest, AgreesWithEnumeration) {
  std::mt19937 random(7);
  const auto below = [&](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  const Expr x = symbol("x", {.lo = -4, .hi = 5}), y = symbol("y", {.lo = -3, .hi = 4});
  const std::function<Expr(int)> term = [&](int depth) -> Expr {
    if (depth == 0) return below(3) == 0 ? num(below(7) - 3) : below(2) == 0 ? x : y;
    const Expr a = term(depth - 1), b = term(depth - 1);
    switch (below(8)) {
      case 0:
        return a + b;
      case 1:
        return a - b;
      case 2:
        return a * b;
      case 3:
        return floor_div(a, below(6) + 1);
      case 4:
        return floor_mod(a, -below(3) - 2);
      case 5:
        return below(2) == 0 ? min(a, b) : max(a, b);
      case 6:
        return floor_div(a, b.is_const() ? x : b);
      default:
        return select(ge(a, b), a, b - 1);
    }
  };
  int sat = 0, unsat = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<Expr> asserts;
    for (int i = 0; i < 3; ++i) {
      const Expr a = term(2), b = term(1);
      asserts.push_back(below(3) == 0 ? eq(a, b) : below(2) == 0 ? lt(a, b) : ne(a, b));
    }
    bool possible = false;
    for (int64_t vx = -4; vx <= 5; ++vx) {
      for (int64_t vy = -3; vy <= 4; ++vy) {
        const Binding point[] = {{x, vx}, {y, vy}};
        bool all = true;
        for (const Expr e : asserts) {
          const auto v = evaluate(e, point);
          all = all && v.ok() && *v == 1;
        }
        possible = possible || all;
      }
    }
    const SolveResult r = solve(asserts);
    ASSERT_NE(r.status, Status::kUnknown) << round << " " << r.reason;
    // A divisor that no assert reads at a point still has to differ from 0.
    if (r.status == Status::kSat) {
      EXPECT_TRUE(possible) << round;
    }
    if (!possible) {
      EXPECT_EQ(r.status, Status::kUnsat) << round;
    }
    if (r.status == Status::kUnsat) {
      std::vector<Expr> core;
      for (const size_t i : r.core) core.push_back(asserts[i]);
      EXPECT_EQ(solve(core).status, Status::kUnsat) << round;
    }
    ++(r.status == Status::kSat ? sat : unsat);
  }
  EXPECT_GT(sat, 5);
  EXPECT_GT(unsat, 5);
}

TEST(StopSwitchTest, StopsOnlyWhileAsked) {
  StopSwitch power;
  int stops = 0;
  power.connect([&] { ++stops; });
  power.press(Stop::kUser);
  EXPECT_EQ(stops, 0);
  power.begin_question();
  EXPECT_EQ(power.pressed(), Stop::kNone);
  power.press(Stop::kTime);
  EXPECT_EQ(stops, 1);
  EXPECT_EQ(power.pressed(), Stop::kTime);
  power.connect([&] { stops += 10; });  // a new worker is stopped at once
  EXPECT_EQ(stops, 11);
  power.begin_attempt();
  EXPECT_EQ(power.pressed(), Stop::kNone);
  power.connect([&] { stops += 100; });
  EXPECT_EQ(stops, 11);
  power.press(Stop::kUser);
  power.press(Stop::kTime);
  power.begin_attempt();
  EXPECT_EQ(power.pressed(), Stop::kUser) << "for the whole question";
  EXPECT_EQ(stops, 211);
  power.end_question();
  power.press(Stop::kUser);
  EXPECT_EQ(stops, 211);
  power.begin_question();
  EXPECT_EQ(power.pressed(), Stop::kNone);
  power.connect(nullptr);
  power.press(Stop::kUser);
  EXPECT_EQ(stops, 211);
}

}  // namespace
}  // namespace congrua::guard
