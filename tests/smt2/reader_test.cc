#include "smt2/reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "smt2/model.h"

namespace congrua::smt2 {
namespace {

// Messages of a script, as "LINE:COLUMN message".
std::vector<std::string> errors(std::string_view text) {
  Env env;
  Reader reader(env, text);
  Command c;
  std::vector<std::string> out;
  while (reader.next(c)) {
    if (c.error.empty()) continue;
    out.push_back(std::to_string(c.position.line) + ":" +
                  std::to_string(c.position.column) + " " + c.error);
  }
  return out;
}

// The value of a term where a = 7, b = -3, p = true, r = 5/2 and all else is 0.
std::string value(std::string_view term) {
  Env env;
  const std::string text =
      "(declare-const a Int)(declare-const b Int)(declare-const p Bool)(declare-const r "
      "Real)"
      "(define-fun min2 ((x Int) (y Int)) Int (ite (< x y) x y))"
      "(define-fun ceil ((x Real)) Int (ite (= (to_int x) x) (to_int x) (+ (to_int x) "
      "1)))"
      "(declare-fun f (Int) Int)(get-value (" +
      std::string(term) + "))";
  Reader reader(env, text);
  Command c;
  do {
    reader.next(c);
    if (!c.error.empty()) return c.error;
  } while (c.word != Word::kGetValue);
  Model model;
  model.constants[0] = {7, 1};
  model.constants[1] = {-3, 1};
  model.constants[2] = Value::of(true);
  model.constants[3] = Value::ratio(5, 2);
  const auto v = Interpretation(model).evaluate(env.terms, c.terms)[0];
  return v ? to_smtlib(*v, env.terms.sort(c.terms[0])) : "no value";
}

TEST(Reader, TermsMeanWhatTheStandardSays) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"(+ a b 1)", "5"},
      {"(- a b 1)", "9"},
      {"(- a)", "(- 7)"},
      {"-5", "(- 5)"},
      {"-2.5", "(- (/ 5.0 2.0))"},
      {"(* a b 2)", "(- 42)"},
      {"(div a b)", "(- 2)"},
      {"(div b a)", "(- 1)"},
      {"(div (- a) b)", "3"},
      {"(div 100 a 2)", "7"},
      {"(mod a b)", "1"},
      {"(mod b a)", "4"},
      {"(mod (- a) b)", "2"},
      {"(div a 0)", "0"},
      {"(abs b)", "3"},
      {"(abs (- r))", "(/ 5.0 2.0)"},
      {"(/ a 2)", "(/ 7.0 2.0)"},
      {"(/ a b 2)", "(- (/ 7.0 6.0))"},
      {"(/ 1 4)", "(/ 1.0 4.0)"},
      {"(to_real a)", "7.0"},
      {"(to_int (- r))", "(- 3)"},
      {"(to_int r)", "2"},
      {"(is_int r)", "false"},
      {"(is_int (* 2 r))", "true"},
      {"(+ a r)", "(/ 19.0 2.0)"},
      {"(= a 7.0)", "true"},
      {"((_ divisible 7) a)", "true"},
      {"((_ divisible 3) a)", "false"},
      {"(< b 0 a 8)", "true"},
      {"(< b 0 a 7)", "false"},
      {"(> a 0 b)", "true"},
      {"(>= a 7 7 b)", "true"},
      {"(<= a 7 b)", "false"},
      {"(= a 7 7)", "true"},
      {"(distinct a b 7)", "false"},
      {"(distinct a b 1)", "true"},
      {"(=> p false p)", "true"},  // p => (false => p)
      {"(=> p p false)", "false"},
      {"(xor p p p)", "true"},
      {"(and p p (not p))", "false"},
      {"(or (not p) p)", "true"},
      {"(ite p a r)", "7.0"},
      {"(ite (not p) 1 2)", "2"},
      {"(let ((a (+ a 1))) (let ((a (* 2 a))) a))", "16"},
      {"(let ((a b) (b a)) (- a b))", "(- 10)"},
      {"(let ((x 1)) (+ (let ((x 2)) x) x))", "3"},
      {"(! a :named n)", "7"},
      {"(! a :pattern (a b) :foo)", "7"},
      {"|a|", "7"},
      {"(|+| a 1)", "8"},
      {"(as a Int)", "7"},
      {"(as a Real)", "7.0"},
      {"(min2 a b)", "(- 3)"},
      {"(ceil r)", "3"},
      {"(ceil a)", "7"},
      {"(ceil (- r))", "(- 2)"},
      {"(min2 (min2 9 8) (min2 a 10))", "7"},
      {"(f 3)", "0"},
      {"(^ a 2)", "49"},
      {"(^ (* 2.0 2.0) 0.5)", "2.0"},
      {"(^ 2.0 0.5)", "no value"},
      {"(^ r -2)", "(/ 4.0 25.0)"},
      {"18446744073709551616", "18446744073709551616"},
      {"(* 18446744073709551616 18446744073709551616)",
       "340282366920938463463374607431768211456"},
      {"0012", "12"},
  };
  for (const auto& [term, expected] : cases) EXPECT_EQ(value(term), expected) << term;
}

TEST(Reader, ErrorsNameThePositionAndReadingGoesOn) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"(assert x)", "1:9 unknown constant 'x'"},
      {"\n (assert\n  (+ 1 y))", "3:8 unknown constant 'y'"},
      {"(assert (foo 1))", "1:10 unknown function 'foo'"},
      {"(assert 1)", "1:9 'assert' takes a term of sort Bool, not Int"},
      {"(assert (not 1))", "1:9 argument 1 of 'not' has sort Int, not Bool"},
      {"(assert (< 1 true))", "1:9 argument 2 of '<' has sort Bool, not Int or Real"},
      {"(assert (= 1 true))", "1:9 argument 2 of '=' has sort Bool, not Int or Real"},
      {"(assert (ite 1 true true))", "1:9 argument 1 of 'ite' has sort Int, not Bool"},
      {"(assert (ite true 1 false))",
       "1:9 argument 3 of 'ite' has sort Bool, not Int or Real"},
      {"(assert (= (mod 1 2 3) 1))", "1:12 'mod' takes 2 arguments, 3 given"},
      {"(assert (= (mod 1.0 2) 1))", "1:12 argument 1 of 'mod' has sort Real, not Int"},
      {"(assert (=))", "1:9 '=' takes at least 2 arguments, 0 given"},
      {"(assert ())", "1:10 expected the name of a function"},
      {"(assert )", "1:9 expected a term"},
      {"(assert true true)", "1:14 expected ')' at the end of the command"},
      {"(assert true",
       "1:13 expected ')' at the end of the command, found the end of the text (the "
       "command starts in line 1)"},
      {"(assert (and true",
       "1:18 expected a term, found the end of the text (the command starts in "
       "line 1)"},
      {"(assert (forall ((x Int)) true))", "1:10 quantifiers are not supported"},
      {"(assert (= #x0f 1))", "1:12 bit vectors are not supported"},
      {"(assert (= \"a\" 1))", "1:12 strings are not supported in terms"},
      {"(assert ((_ extract 1 2) 1))",
       "1:13 the only indexed function is (_ divisible k)"},
      {"(assert ((_ divisible 0) 1))", "1:9 'divisible' needs an index above 0"},
      {"(assert ((_ divisible x) 1))", "1:23 expected a numeral"},
      {"(assert (let () true))", "1:15 'let' without bindings"},
      {"(assert (let ((x)) true))", "1:17 expected a term"},
      {"(assert (let ((x 1 2)) true))", "1:21 more than one term"},
      {"(assert (let (x) true))", "1:15 expected a binding (name term)"},
      {"(assert (let ((x true)) x x))", "1:28 more than one term"},
      {"(assert (! true :named))", "1:23 expected a name"},
      {"(assert :named)", "1:9 an attribute stands only in (! term ...)"},
      {"(assert (! :named x))", "1:12 attributes follow one term"},
      {"(assert (^ 2 3 4))", "1:9 '^' takes 2 arguments, 3 given"},
      {"(declare-const x Foo)", "1:18 unknown sort 'Foo'"},
      {"(declare-const let Int)", "1:16 'let' is a reserved word"},
      {"(declare-const 5 Int)", "1:16 expected a name"},
      {"(declare-const true Int)", "1:16 'true' is a reserved word"},
      {"(declare-const x Int)(declare-const x Bool)", "1:37 'x' is already declared"},
      {"(declare-fun f (Int) Int)(declare-fun f (Bool) Int)",
       "1:39 'f' is already declared"},
      {"(declare-fun f (Int) Int)(assert (= (f 1 2) 1))",
       "1:37 no function 'f' takes 2 arguments"},
      {"(declare-fun f (Int) Int)(assert (= f 1))", "1:37 'f' is not a constant"},
      {"(declare-const c Int)(assert (= (c 1) 1))",
       "1:34 'c' is a constant, not a function"},
      {"(define-fun f ((x Int)) Bool x)",
       "1:13 'f' is defined by a term of sort Int, not Bool"},
      {"(define-fun f ((x Int)) Int (! x :named y))",
       "1:34 a named term cannot mention parameters"},
      {"(define-fun f ((x Bool)) Bool x)(assert (f 1))",
       "1:41 argument 1 of 'f' has sort Int, not Bool"},
      {"(pop)", "1:5 pop of more levels than were pushed (0)"},
      {"(push)(pop 2)", "1:12 pop of more levels than were pushed (1)"},
      {"(push x)", "1:7 expected the number of levels"},
      {"(push 99999999999999999999999)", "1:7 more than 1,000,000 levels"},
      {"(foo)", "1:2 unknown command 'foo'"},
      {"(and)", "1:2 unknown command 'and'"},
      {"(5)", "1:2 expected the name of a command"},
      {"()", "1:2 expected the name of a command"},
      {"x y z", "1:1 expected '(' before a command"},
      {") (exit)", "1:1 expected '(' before a command"},
      {"(set-option x 1)", "1:13 expected a keyword"},
      {"(echo x)", "1:7 expected a string"},
      {"(echo \"x)", "1:7 string without an end"},
      {"(assert |x)", "1:9 quoted symbol without an end"},
      {"(assert \x01)", "1:9 unexpected byte 0x01"},
      {"(check-sat-assuming (1))", "1:22 an assumption must have sort Bool"},
      {"(get-value 1)", "1:12 expected '(' before the terms"},
  };
  for (const auto& [text, expected] : cases) {
    const std::vector<std::string> found = errors(std::string(text) + "\n(assert ok)");
    // Text without an end swallows what follows.
    const bool open = expected.find("end of the text") != std::string_view::npos ||
                      expected.find("without an end") != std::string_view::npos;
    if (!open) {
      ASSERT_EQ(found.size(), 2u) << text;
      EXPECT_TRUE(found[1].ends_with("unknown constant 'ok'")) << found[1];
      EXPECT_EQ(found[0], expected) << text;
    }
    EXPECT_EQ(errors(text), std::vector<std::string>{std::string(expected)}) << text;
  }
}

TEST(Reader, AFailedCommandLeavesNothingBehind) {
  // The let, the parameters and the name of the failed commands are gone.
  EXPECT_EQ(errors("(define-fun f ((x Int)) Int (let ((y x)) (+ y z)))(assert (= x "
                   "1))(assert (= y 1))"
                   "(assert (and (! true :named n) q))(assert n)(define-fun f () Int 1)")
                .size(),
            5u);
}

TEST(Reader, QuirksOfRealFiles) {
  EXPECT_EQ(
      errors(
          "(declare-const a Int)(define-fun mod () Int (mod a 3))(define-fun mod_1 () "
          "Int "
          "(mod mod 2))(assert (= mod (mod mod mod)))"
          "(define-fun ceil ((x Real)) Int (to_int x))(define-fun ceil () Int (ceil 2.5))"
          "(define-fun floor () Int (to_int (/ a 2)))(assert (= ceil floor -1))"
          "(define-fun sqrt ((x Real)) Real (^ x 0.5))"),
      std::vector<std::string>{});
}

TEST(Reader, ScopesTakeDeclarationsBack) {
  const std::string_view scoped =
      "(push 1)(declare-const x Int)(define-fun f ((y Int)) Int y)(define-sort S () "
      "Int)(pop 1)";
  EXPECT_EQ(errors(std::string(scoped) +
                   "(assert (= x 1))(assert (= (f 1) 1))(declare-const s S)")
                .size(),
            3u);
  EXPECT_EQ(
      errors("(set-option :global-declarations true)" + std::string(scoped) +
             "(assert (= x 1))(assert (= (f 1) 1))(declare-const s S)(reset-assertions)"
             "(assert (= x 1))")
          .size(),
      0u);
  EXPECT_EQ(
      errors(
          "(declare-const x Int)(reset-assertions)(declare-const x Bool)(assert x)(reset)"
          "(declare-const x Int)(assert (= x 1))")
          .size(),
      0u);
}

TEST(Reader, SortDefinitions) {
  EXPECT_EQ(
      errors("(define-sort Size () Int)(define-sort Second (A B) B)"
             "(define-sort Nested (A) (Second Bool (Second A A)))"
             "(declare-const x (Nested (Second Bool Size)))(assert (= (mod x 2) 1))"),
      std::vector<std::string>{});
  EXPECT_EQ(errors("(define-sort Second (A B) B)(declare-const x (Second Int))").size(),
            1u);
  EXPECT_EQ(errors("(define-sort Second (A B) B)(declare-const x Second)").size(), 1u);
}

TEST(Reader, UnsupportedCommandsAreMarked) {
  Env env;
  Reader reader(
      env,
      "(define-fun-rec f ((x Int)) Int (f x))(declare-datatypes ((L 0)) (((nil))))"
      "(declare-sort U 0)(get-proof)(check-sat)");
  Command c;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(reader.next(c));
    EXPECT_TRUE(c.error.empty()) << c.error;
    EXPECT_TRUE(c.unsupported);
  }
  ASSERT_TRUE(reader.next(c));
  EXPECT_EQ(c.word, Word::kCheckSat);
  EXPECT_FALSE(c.unsupported);
  EXPECT_FALSE(reader.next(c));
}

// ---- Size

constexpr size_t kDepth = 1'000'000;

TEST(Reader, NestingOfAMillion) {
  const auto nested = [](std::string_view open, std::string_view inside,
                         std::string_view close, size_t depth = kDepth) {
    std::string s = "(declare-const x Int)(declare-const p Bool)(assert ";
    for (size_t i = 0; i < depth; ++i) s += open;
    s += inside;
    for (size_t i = 0; i < depth; ++i) s += close;
    return s + ")";
  };
  EXPECT_EQ(errors(nested("(not ", "p", ")")), std::vector<std::string>{});
  EXPECT_EQ(errors(nested("(let ((x (+ x 1))) ", "p", ")")), std::vector<std::string>{});
  EXPECT_EQ(errors(nested("(! ", "p", " :foo (a b))", 100'000)),
            std::vector<std::string>{});
  EXPECT_EQ(errors(nested("(and p ", "p", ")", 100'000)), std::vector<std::string>{});
  EXPECT_EQ(errors(nested("(", "", ")")).size(), 1u);
  EXPECT_EQ(errors(nested("(", "", "")).size(), 1u);
  EXPECT_EQ(errors("(declare-const x " + std::string(kDepth, '(') + ")").size(), 1u);
  EXPECT_EQ(
      errors("(set-info :x " + std::string(kDepth, '(') + std::string(kDepth, ')') + ")")
          .size(),
      0u);
}

TEST(Reader, ChainsOfDefinitions) {
  std::string s =
      "(declare-const x Int)(define-fun d0 () Int x)(define-fun f0 ((y Int)) Int y)";
  for (int i = 1; i <= 32'000; ++i) {
    const std::string n = std::to_string(i), o = std::to_string(i - 1);
    s += "(define-fun d" + n + " () Int (+ d" + o + " (* d" + o + " 2)))";
  }
  for (int i = 1; i <= 60; ++i) {
    const std::string n = std::to_string(i), o = std::to_string(i - 1);
    s += "(define-fun f" + n + " ((y Int)) Int (+ (f" + o + " y) (f" + o + " (* 2 y))))";
  }
  EXPECT_EQ(errors(s + "(assert (= d32000 0))"), std::vector<std::string>{});
}

// What definitions copy: applied to one another they are as large as they say, shared
// where they can be, and refused beyond some millions of terms.
TEST(Reader, CopiesOfDefinitions) {
  const auto chain = [](int n, std::string_view body) {
    std::string s = "(declare-const x Int)(define-fun f0 ((a Int)) Int (+ a 1))";
    for (int i = 1; i <= n; ++i) {
      s += fmt::format("(define-fun f{} ((a Int)) Int {})", i,
                       fmt::format(fmt::runtime(body), fmt::arg("f", i - 1)));
    }
    return s;
  };
  const auto asked = [](int n) { return fmt::format("(assert (> (f{} x) 5))", n); };
  EXPECT_EQ(errors(chain(15, "(f{f} (f{f} a))") + asked(15)), std::vector<std::string>{});
  const std::vector<std::string> wrong =
      errors(chain(40, "(f{f} (f{f} a))") + asked(40) + "(assert (> (f3 x) 5))");
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_NE(wrong[0].find("'f40' expands to too many terms"), std::string::npos);
  // Linear: a chain, and what is shared.
  EXPECT_EQ(errors(chain(32'000, "(f{f} (+ a 1))") + asked(32'000)),
            std::vector<std::string>{});
  EXPECT_EQ(errors(chain(60, "(+ (f{f} a) (f{f} (* 2 a)))") + asked(60)),
            std::vector<std::string>{});
  EXPECT_EQ(errors(chain(200, "(* (f{f} a) (+ (f{f} a) a))") + asked(200)),
            std::vector<std::string>{});
  // What a copy holds is what it would hold if it were written out.
  Env env;
  Reader reader(env,
                "(declare-const z Int)(define-fun f ((a Int) (b Int)) Int (- (* 2 a) b))"
                "(define-fun g ((b Int) (a Int)) Int (f (f a 1) (ite (> a b) (f b a) 7)))"
                "(define-fun h ((a Int)) Int (g a (g 3 z)))(get-value ((h 5)"
                "(let ((y (- (* 2 (- (* 2 z) 1)) (ite (> z 3) (- (* 2 3) z) 7))))"
                "(- (* 2 (- (* 2 y) 1)) (ite (> y 5) (- (* 2 5) y) 7)))))");
  Command c;
  while (c.word != Word::kGetValue) ASSERT_TRUE(reader.next(c) && c.error.empty());
  EXPECT_EQ(c.terms[0], c.terms[1]);
}

TEST(Reader, NumeralsOfTenThousandDigits) {
  const std::string digits(10'000, '7');
  EXPECT_EQ(value(digits), digits);
  EXPECT_EQ(value("(- " + digits + ")"), "(- " + digits + ")");
  EXPECT_EQ(value("(= " + digits + " (+ (* 10 (div " + digits + " 10)) 7))"), "true");
  EXPECT_EQ(value("(< 0." + digits + " 1)"), "true");
  EXPECT_EQ(errors("(assert (= 0 " + std::string(1'000'001, '1') + "))"),
            std::vector<std::string>{"1:14 numeral of more than 1,000,000 digits"});
}

TEST(Reader, BinaryAndEmptyInput) {
  EXPECT_EQ(errors(""), std::vector<std::string>{});
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>((i * 2654435761u) >> 13);
  EXPECT_FALSE(errors(bytes).empty());
  for (size_t n = 0; n < 300; ++n) errors(bytes.substr(n));
}

// Every prefix of a script is read without a crash, and complains at most once.
TEST(Reader, Prefixes) {
  const std::string text =
      "(set-info :status |x y|)(declare-fun f ((a Int)) Int)(define-fun g ((x Int) (y "
      "Real)) Bool "
      "(let ((z (+ x 1))) (! (< z y) :named n :p (q))))(push 2)(check-sat-assuming (true "
      "(not "
      "false)))(get-value ((as a Int) ((_ divisible 3) 4)))(echo \"a\"\"b\")(pop)";
  for (size_t n = 0; n <= text.size(); ++n) errors(text.substr(0, n));
}

TEST(TermTable, EqualTermsAreOneTerm) {
  Env env;
  const std::string_view text =
      "(declare-const x Int)(assert (= (+ x 1) 2))(assert (= (+ x 1) 2))(assert (= (+ 1 "
      "x) 2))"
      "(assert (= 2 (+ x 1)))";
  Reader reader(env, text);
  Command c;
  std::vector<TermId> asserts;
  while (reader.next(c)) {
    if (c.word == Word::kAssert) asserts.push_back(c.term);
  }
  ASSERT_EQ(asserts.size(), 4u);
  EXPECT_EQ(asserts[0], asserts[1]);
  EXPECT_NE(asserts[0], asserts[2]);
  EXPECT_NE(asserts[0], asserts[3]);
  for (TermId t = 0; t < env.terms.size(); ++t) {
    for (const TermId a : env.terms.args(t)) EXPECT_LT(a, t);
  }
}

}  // namespace
}  // namespace congrua::smt2
