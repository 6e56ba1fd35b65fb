#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "congrua/smt2.h"
#include "guard/z3.h"

namespace congrua::smt2 {
namespace {

std::string responses(std::string_view text, SessionOptions options = {}) {
  std::string out;
  Session session([&](std::string_view s) { out += s; }, std::move(options));
  session.run(text);
  return out;
}

struct Case {
  std::string_view script, out;
};

void expect_all(std::span<const Case> cases) {
  for (const Case& c : cases) EXPECT_EQ(responses(c.script), c.out) << c.script;
}

TEST(Session, Answers) {
  const Case cases[] = {
      {"", ""},
      {"(check-sat)", "sat\n"},
      {"(assert false)(check-sat)", "unsat\n"},
      {"(declare-const x Int)(assert (> (* x x) 8))(check-sat)", "sat\n"},
      {"(declare-const x Int)(assert (> x 1))(push)(assert (< x "
       "1))(check-sat)(pop)(check-sat)",
       "unsat\nsat\n"},
      {"(declare-const x Int)(assert (> x 1))(check-sat-assuming ((< x 1)))(check-sat)",
       "unsat\nsat\n"},
      {"(check-sat)(exit)(check-sat)(foo", "sat\n"},
      {"(assert false)(reset-assertions)(check-sat)", "sat\n"},
      {"(declare-const x Int)(assert (< x x))(check-sat)(reset)(declare-const x "
       "Bool)(assert x)"
       "(check-sat)",
       "unsat\nsat\n"},
      {"(push 3)(assert false)(pop 2)(check-sat)", "sat\n"},
      {"(push 1)(assert false)(push 2)(check-sat)(pop 3)(check-sat)", "unsat\nsat\n"},
      // The same name with two sorts, one after the other.
      {"(push)(declare-const x Int)(assert (= x 3))(check-sat)(pop)(declare-const x "
       "Bool)(assert x)"
       "(check-sat)(get-model)",
       "sat\nsat\n(\n  (define-fun x () Bool true)\n)\n"},
  };
  expect_all(cases);
}

TEST(Session, ValuesAndModels) {
  const Case cases[] = {
      {"(declare-const x Int)(declare-const |a b| Bool)(declare-const r Real)"
       "(assert (and (= x -7) |a b| (= (* 2 r) 3)))",
       ""},
      {"(declare-const x Int)(declare-const |a b| Bool)(assert (= x -7))(assert |a "
       "b|)(check-sat)"
       "(get-model)(get-value (x (+ x\n ; comment\n 1) (= |x| 7) |a b| (/ x 2)))",
       "sat\n(\n  (define-fun x () Int (- 7))\n  (define-fun |a b| () Bool true)\n)\n"
       "((x (- 7)) ((+ x 1) (- 6)) ((= x 7) false) (|a b| true) ((/ x 2) (- (/ 7.0 "
       "2.0))))\n"},
      {"(declare-const x Int)(assert (= (div x 0) 17))(assert (= x "
       "3))(check-sat)(get-value ((div x "
       "0) (div 3 0) (mod 3 2)))(get-model)",
       "sat\n(((div x 0) 17) ((div 3 0) 17) ((mod 3 2) 1))\n(\n  (define-fun x () Int "
       "3)\n  "
       "(define-fun div0 ((x!0 Int)) Int (ite (= x!0 3) 17 0))\n)\n"},
      {"(get-model)",
       "(error \"line 1 column 1: there is no model: the last command that changes "
       "the state was not a check that answered sat\")\n"},
      {"(check-sat)(assert true)(get-value (true))",
       "sat\n(error \"line 1 column 25: there is no model: the last command that changes "
       "the state "
       "was not a check that answered sat\")\n"},
      {"(set-option :produce-models false)(check-sat)(get-model)",
       "sat\n(error \"line 1 column 46: models are off: set the option :produce-models "
       "to true\")\n"},
  };
  expect_all(cases);
}

TEST(Session, CoresAssumptionsAssignmentsAssertions) {
  const Case cases[] = {
      {"(set-option :produce-unsat-cores true)(declare-const x Int)(declare-const y Int)"
       "(assert (! (> x 2) :named |big x|))(assert (! (> y 2) :named other))"
       "(assert (! (< x 0) :named small))(check-sat)(get-unsat-core)",
       "unsat\n(|big x| small)\n"},
      {"(assert false)(check-sat)(get-unsat-core)",
       "unsat\n(error \"line 1 column 26: cores are off: set the option "
       ":produce-unsat-cores to "
       "true\")\n"},
      {"(set-option :produce-unsat-cores true)(check-sat)(get-unsat-core)",
       "sat\n(error \"line 1 column 50: the last check was not unsat\")\n"},
      {"(set-option :produce-unsat-assumptions true)(declare-const p Bool)(declare-const "
       "q Bool)"
       "(declare-const r Bool)(assert (=> p (not q)))(check-sat-assuming (r p q (not "
       "(not p))))"
       "(check-sat-assuming ( (not  p ) p))(get-unsat-assumptions)",
       "unsat\nunsat\n((not p) p)\n"},
      {"(set-option :produce-assignments true)(declare-const p Bool)(assert (! p :named "
       "a))"
       "(assert (or (! (not p) :named |b c|) true))(check-sat)(get-assignment)",
       "sat\n((a true) (|b c| false))\n"},
      {"(set-option :produce-assertions true)(declare-const x Int)(assert (> x  1) "
       ")(push)"
       "(assert (! (< |x| 5) ; five\n :named n))(get-assertions)(pop)(get-assertions)",
       "((> x 1)\n(! (< x 5) :named n))\n((> x 1))\n"},
  };
  expect_all(cases);
}

TEST(Session, InfoAndOptions) {
  const Case cases[] = {
      {"(get-info :name)", "(:name \"congrua\")\n"},
      {"(get-info :error-behavior)", "(:error-behavior continued-execution)\n"},
      {"(push 2)(get-info :assertion-stack-levels)", "(:assertion-stack-levels 2)\n"},
      {"(get-info :nothing)", "unsupported\n"},
      {"(check-sat)(get-info :reason-unknown)",
       "sat\n(error \"line 1 column 12: the last check was not unknown\")\n"},
      {"(get-option :produce-models)(get-option :random-seed)(get-option :verbosity)",
       "true\n0\n0\n"},
      {"(set-option :random-seed 7)(get-option :random-seed)", "7\n"},
      {"(set-option :random-seed x)",
       "(error \"line 1 column 1: option :random-seed takes a numeral\")\n"},
      {"(set-option :print-success 1)",
       "(error \"line 1 column 1: option :print-success takes true or false\")\n"},
      {"(set-option :no-such-option 1)(get-option :no-such-option)",
       "unsupported\nunsupported\n"},
      {"(get-option :regular-output-channel)", "\"stdout\"\n"},
      {"(set-option :regular-output-channel \"stdout\")(echo \"a \"\"b\"\"\")",
       "\"a \"\"b\"\"\"\n"},
      {"(set-option :regular-output-channel \"/no\")", "unsupported\n"},
      {"(set-logic QF_LIA)(set-info :x)(set-info :y (a (b) \"c\"))", ""},
      {"(set-option :print-success true)(declare-const x Int)(define-fun f ((a Int)) Int "
       "a)"
       "(define-sort S () Int)(assert (= x 1))(push 1)(pop 1)(set-info :a "
       "b)(check-sat)(exit)",
       "success\nsuccess\nsuccess\nsuccess\nsuccess\nsuccess\nsuccess\nsuccess\nsat\nsucc"
       "ess\n"},
      {"(define-fun-rec f ((x Int)) Int (f x))(declare-datatypes () ())(get-proof)",
       "unsupported\nunsupported\nunsupported\n"},
      {"(assert\n  (> 1 \"a\"\"b\"))(check-sat)",
       "(error \"line 2 column 8: strings are not supported in terms\")\nsat\n"},
      {"(assert |\x01\"|)", "(error \"line 1 column 9: unknown constant '?\"\"'\")\n"},
  };
  expect_all(cases);
}

TEST(Session, PositionsGoOnFromTextToText) {
  std::string out;
  Session session([&](std::string_view s) { out += s; });
  EXPECT_TRUE(session.run("(declare-const x Int)\n(assert (= x 1))"));
  EXPECT_TRUE(session.run(" (assert y)\n"));
  EXPECT_TRUE(session.run("(assert z)(check-sat)"));
  EXPECT_EQ(out,
            "(error \"line 2 column 26: unknown constant 'y'\")\n"
            "(error \"line 3 column 9: unknown constant 'z'\")\nsat\n");
  EXPECT_FALSE(session.run("(exit)"));
  EXPECT_FALSE(session.run("(check-sat)"));
  EXPECT_EQ(session.stats().errors, 2u);
  EXPECT_EQ(session.stats().checks.size(), 1u);
}

TEST(Session, StatusAndStatistics) {
  std::string out;
  Session session([&](std::string_view s) { out += s; });
  session.run(
      "(declare-const x Int)(declare-const y Int)(assert (= x -5))(assert (= y 2))"
      "(set-info :status sat)(check-sat)(check-sat)(set-info :status unsat)(assert false)"
      "(check-sat)");
  const SessionStats& stats = session.stats();
  ASSERT_EQ(stats.checks.size(), 3u);
  EXPECT_EQ(stats.checks[0].expected, CheckAnswer::kSat);
  EXPECT_EQ(stats.checks[0].model_max, "5");
  EXPECT_EQ(stats.checks[0].model_sum, "-3");
  EXPECT_EQ(stats.checks[0].asserts_checked, 2u);
  EXPECT_EQ(stats.checks[1].expected, std::nullopt);
  EXPECT_EQ(stats.checks[2].expected, CheckAnswer::kUnsat);
  EXPECT_EQ(stats.checks[2].answer, CheckAnswer::kUnsat);
  EXPECT_EQ(stats.asserts, 3u);
  EXPECT_EQ(stats.models_refuted, 0u);
}

// The translation drops what is multiplied by 0 or reduced modulo 0, so that nothing is
// proposed for it; it stands before a term that has the same arguments and a proposal.
TEST(Session, ProposalsCountMoreThanDefaults) {
  for (const std::string_view script : {
           "(declare-const x Int)(declare-const y Int)(assert (distinct x 0))"
           "(assert (>= (div (mod (mod x 0) 1) 3) y))"
           "(assert (>= y (+ (mod y x) (mod x y) (+ y x))))(check-sat)",
           "(declare-const x Int)(declare-const z Int)(declare-fun f (Int) Int)"
           "(declare-fun g (Int Int) Int)(assert (distinct (* 0 (f z)) (* 100 x)))"
           "(assert (< (f (f 5)) (- (g x z))))(check-sat)",
       }) {
    std::string out;
    SessionOptions options;
    options.engine = Engine::kNative;
    Session session([&](std::string_view s) { out += s; }, options);
    session.run(script);
    EXPECT_EQ(out, "sat\n") << script;
    EXPECT_EQ(session.stats().models_refuted, 0u) << script;
  }
}

// Forty squares of x, of a constant, of what a fact makes one, of a fraction: whatever
// multiplies has to stop. What has no value is no wrong model.
TEST(Session, ValuesTooLargeToCheckRefuteNothing) {
  for (const std::string_view declarations : {
           "(declare-const x Int)",
           "(define-fun x () Int 3)",
           "(declare-const x Int)(assert (= x 3))",
           "(declare-const y Int)(define-fun x () Int (* 3 y))",
           "(declare-const x Int)(assert (< x 9))",
           "(define-fun x () Real 1.5)",
           "(declare-const x Real)(assert (= x 1.5))",
       }) {
    for (const int squares : {20, 40}) {
      for (const std::string_view square : {"(* x x)", "(/ x (/ 1 x))"}) {
        std::string script(declarations);
        script += "(assert (> ";
        for (int i = 0; i < squares; ++i) script += fmt::format("(let ((x {})) ", square);
        script += "x" + std::string(static_cast<size_t>(squares), ')') + " 5))";
        std::string out;
        SessionOptions options;
        options.engine = Engine::kNative;
        Session session([&](std::string_view s) { out += s; }, options);
        session.run(script + "(check-sat)");
        EXPECT_EQ(out, "unknown\n") << script;
        EXPECT_EQ(session.stats().models_refuted, 0u) << script;
      }
    }
  }
}

// Values that no column of the search holds, where equalities leave no other.
TEST(Session, ValuesBeyondTheSearch) {
  struct Script {
    std::string_view asserts, value;  // of x; "" where it is not found
  };
  constexpr Script cases[] = {
      {"(assert (= x 4611686018427387903))", "4611686018427387903"},
      {"(assert (= x (- 10000000000000000000000)))", "(- 10000000000000000000000)"},
      {"(assert (= x (* 3 y)))(assert (= y 9223372036854775807))(assert (> x y))",
       "27670116110564327421"},
      {"(assert (= (* 2 x) 100000000000000000000))", "50000000000000000000"},
      {"(assert (= x (ite p 9223372036854775808 1)))(assert p)", "9223372036854775808"},
      {"(assert (= y 9223372036854775808))(assert (= (+ x y) (* y y)))",
       "85070591730234615856620279821087277056"},
      {"(assert (= y 9223372036854775808))(assert (= x (* y y)))(assert (< x y))", ""},
      {"(assert (= y 9223372036854775808))(assert (= x (div y z)))(assert (= z 0))", "0"},
  };
  for (const Script& c : cases) {
    std::string out;
    SessionOptions options;
    options.engine = Engine::kNative;
    options.native_steps = 200'000;
    Session session([&](std::string_view s) { out += s; }, options);
    session.run(
        "(declare-const x Int)(declare-const y Int)(declare-const z Int)"
        "(declare-const p Bool)" +
        std::string(c.asserts) + "(check-sat)(get-value (x))");
    if (c.value.empty()) {
      EXPECT_FALSE(out.starts_with("sat")) << c.asserts << out;
    } else {
      EXPECT_EQ(out, "sat\n((x " + std::string(c.value) + "))\n") << c.asserts;
    }
    EXPECT_EQ(session.stats().models_refuted, 0u) << c.asserts;
  }
}

// Powers on which Z3 does not look at its limits are not given to it: x^32 did not come
// back, whatever writes it.
TEST(Session, Z3IsNotAskedForHighPowers) {
  if (!guard::z3_available()) GTEST_SKIP() << "built without Z3";
  std::string factors;
  for (int i = 0; i < 32; ++i) factors += " x";
  for (const std::string& power :
       {"(* " + factors + ")", std::string("(^ x 32)"),
        std::string(
            "(let ((y (* x x x x)) (z (+ x 1))) (* y y y y (+ z y) (* 2 z z z)))"),
        std::string("(mod (^ (ite (> x 2) x 1) 40) 7)")}) {
    std::string out;
    SessionOptions options;
    options.engine = Engine::kZ3;
    options.z3_timeout_ms = 1'000;
    Session session([&](std::string_view s) { out += s; }, options);
    session.run("(declare-const x Int)(push 1)(assert (> " + power +
                " 5))(check-sat)(get-info :reason-unknown)(pop 1)(assert (> x 4))"
                "(check-sat)(check-sat-assuming ((> " +
                power + " x)))");
    EXPECT_EQ(out,
              "unknown\n(:reason-unknown \"a power is too high for Z3\")\nsat\nunknown\n")
        << power;
  }
  // Products of many constants are no powers.
  std::string script, product;
  for (int i = 0; i < 40; ++i) {
    script += fmt::format("(declare-const x{0} Int)(assert (> x{0} 0))", i);
    product += fmt::format(" x{}", i);
  }
  std::string out;
  SessionOptions options;
  options.engine = Engine::kZ3;
  Session session([&](std::string_view s) { out += s; }, options);
  session.run(script + "(assert (> (*" + product + ") 1))(check-sat)");
  EXPECT_EQ(out, "sat\n");
}

TEST(Session, RedirectedOutput) {
  std::string out, file;
  SessionOptions options;
  options.open_channel = [&](std::string_view name) -> std::optional<Sink> {
    EXPECT_EQ(name, "a \"b\"");
    return [&](std::string_view s) { file += s; };
  };
  Session session([&](std::string_view s) { out += s; }, options);
  session.run(
      "(check-sat)(set-option :regular-output-channel \"a \"\"b\"\"\")(check-sat)"
      "(set-option :regular-output-channel \"stdout\")(echo \"x\")");
  EXPECT_EQ(out, "sat\n\"x\"\n");
  EXPECT_EQ(file, "sat\n");
}

// Divisions by what may be 0 are free there and follow the standard elsewhere.
TEST(Session, DivisionByWhatMayBeZero) {
  const Case cases[] = {
      {"(declare-const x Int)(declare-const z Int)(assert (= (div x z) 17))(assert (= x "
       "1))"
       "(check-sat)(assert (distinct z 0))(check-sat)",
       "sat\nunsat\n"},
      // A function of x: equal dividends, equal quotients.
      {"(declare-const x Int)(declare-const y Int)(assert (= x y))(assert (distinct (mod "
       "x 0) (mod y "
       "0)))(check-sat)",
       "unsat\n"},
      // The divisor's sign becomes known after the division was used.
      {"(declare-const a Int)(declare-const b Int)(assert (= (div a b) 3))(assert (= a "
       "7))(push)"
       "(assert (> b 2))(check-sat)(pop)(assert (> b 1))(check-sat)(get-value (b))",
       "unsat\nsat\n((b 2))\n"},
      {"(declare-const a Int)(declare-const b Int)(assert (= (mod a b) 4))(assert (= b "
       "-3))"
       "(check-sat)",
       "unsat\n"},
  };
  expect_all(cases);
}

TEST(Session, NativeEngineIsNeverWrongAboutReals) {
  SessionOptions options;
  options.engine = Engine::kNative;
  // Unsatisfiable for a reason that has nothing to do with reals.
  EXPECT_EQ(
      responses(
          "(declare-const x Int)(declare-const r Real)(assert (< r 1.5))(assert (> x 1))"
          "(assert (< x 1))(check-sat)",
          options),
      "unsat\n");
  // Rounded quotients are integers.
  EXPECT_EQ(
      responses(
          "(declare-const x Int)(assert (= (to_int (/ x 2)) 3))(assert (is_int (/ x 2)))"
          "(check-sat)(get-value (x))",
          options),
      "sat\n((x 6))\n");
  const std::string real = responses(
      "(declare-const r Real)(assert (= (* r r) 2.0))(check-sat)(get-info "
      ":reason-unknown)",
      options);
  EXPECT_TRUE(real.starts_with("unknown\n(:reason-unknown ")) << real;
}

TEST(Session, EngineZ3) {
  SessionOptions options;
  options.engine = Engine::kZ3;
  const std::string out = responses(
      "(set-option :produce-unsat-cores true)(declare-const mod Int)(declare-fun f (Int) "
      "Int)"
      "(assert (! (= (mod mod 7) 3) :named a))(assert (! (= (f mod) 5) :named "
      "b))(check-sat)"
      "(get-value ((f mod) (mod mod 7)))(push)(assert (! (< mod 0) :named c))"
      "(assert (! (> mod 0) :named d))(check-sat)(get-unsat-core)(pop)"
      "(check-sat-assuming ((= mod 4)))(check-sat)",
      options);
  if (guard::z3_available()) {
    EXPECT_EQ(out, "sat\n(((f mod) 5) ((mod mod 7) 3))\nunsat\n(c d)\nunsat\nsat\n");
  } else {
    EXPECT_TRUE(out.starts_with("unknown\n")) << out;
  }
}

TEST(Session, PhasesAreReported) {
  std::vector<Phase> phases;
  SessionOptions options;
  options.on_phase = [&](Phase p) { phases.push_back(p); };
  responses("(check-sat)", options);
  EXPECT_EQ(phases, (std::vector{Phase::kNative, Phase::kDone}));
}

}  // namespace
}  // namespace congrua::smt2
