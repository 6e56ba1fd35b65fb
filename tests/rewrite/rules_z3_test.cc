// Every line of the rule tables by Z3, over unbounded terms: with the constants fixed,
// and with constants that are symbols. What Z3 leaves open is recorded in rules_open.inc
// and shown in docs/rules.md; a counter-example is a failure.
#include <gtest/gtest.h>
#include <z3++.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <string>
#include <vector>

#include "tests/rewrite/columns.h"
#include "tests/rewrite/tables.h"

namespace congrua::rules_test {
namespace {

constexpr unsigned kSteps = 300'000;  // Z3's rlimit for a question
constexpr int kReach = 8;             // constants in the exhaustive test
constexpr int kShortReach = 3;

// A quotient by what is no numeral is a fresh integer that the definition of floor_div
// ties to its operands where the divisor is not 0.
struct Solved {
  static inline z3::context* context = nullptr;
  static inline std::vector<z3::expr>* definitions = nullptr;
  static inline std::vector<z3::expr>* dividends = nullptr;
  static inline std::vector<z3::expr>* divisors = nullptr;
  static inline std::vector<z3::expr>* quotients = nullptr;
  using I = z3::expr;
  struct B {
    z3::expr e;
  };
  static I constant(int v) { return context->int_val(v); }
  static B truth(bool v) { return {context->bool_val(v)}; }
  static I add(const I& a, const I& b) { return (a + b).simplify(); }
  static I mul(const I& a, const I& b) { return (a * b).simplify(); }
  static I floor_div(const I& a, const I& b) {
    int64_t v = 0;
    if (b.is_numeral_i64(v) && v != 0) {
      // SMT-LIB's div is floor_div for positive divisors.
      const int64_t magnitude = v < 0 ? -v : v;
      return z3::expr(*context, Z3_mk_div(*context, (v < 0 ? -a : a).simplify(),
                                          context->int_val(magnitude)))
          .simplify();
    }
    for (size_t i = 0; i < quotients->size(); ++i) {
      if (z3::eq((*dividends)[i], a) && z3::eq((*divisors)[i], b)) return (*quotients)[i];
    }
    const std::string name = "q" + std::to_string(definitions->size());
    const z3::expr q = context->int_const(name.c_str());
    const z3::expr r = a - b * q;
    definitions->push_back(z3::implies(b > 0, r >= 0 && r < b) &&
                           z3::implies(b < 0, r <= 0 && r > b));
    dividends->push_back(a);
    divisors->push_back(b);
    quotients->push_back(q);
    return q;
  }
  static I least(const I& a, const I& b) { return z3::ite(a <= b, a, b); }
  static I select(const B& p, const I& a, const I& b) { return z3::ite(p.e, a, b); }
  static B at_least(const I& a, const I& b) { return {(a >= b).simplify()}; }
  static B equal(const I& a, const I& b) { return {(a == b).simplify()}; }
  static B negation(const B& a) { return {!a.e}; }
  static B conjunction(const B& a, const B& b) { return {a.e && b.e}; }
};

enum class Outcome { kProved, kOpen, kRefuted };

class Prover {
 public:
  Prover() : solver_(context_) {
    z3::params p(context_);
    p.set("rlimit", kSteps);
    p.set("ctrl_c", false);
    solver_.set(p);
    Solved::context = &context_;
    Solved::definitions = &definitions_;
    Solved::dividends = &dividends_;
    Solved::divisors = &divisors_;
    Solved::quotients = &quotients_;
  }

  // Constants are those values; nullptr: symbols.
  template <typename L, typename R, typename C>
  Outcome prove(L left, R right, C condition, const std::array<int, 3>* constants) {
    definitions_.clear();
    dividends_.clear();
    divisors_.clear();
    quotients_.clear();
    const auto term = [&](const char* name) {
      return Term<Solved>(context_.int_const(name));
    };
    const auto claim = [&](const char* name) {
      return Claim<Solved>(Solved::B{context_.bool_const(name)});
    };
    const auto constant = [&](const char* name, size_t i) {
      return constants == nullptr ? term(name) : Term<Solved>((*constants)[i]);
    };
    const Point<Solved> at = {term("x"),         term("y"),         term("z"),
                              term("w"),         claim("p"),        claim("q"),
                              constant("c0", 0), constant("c1", 1), constant("c2", 2)};
    const z3::expr c = side<Solved>(at(condition)).v.e.simplify();
    if (c.is_false()) return Outcome::kProved;
    const size_t of_condition = divisors_.size();
    const auto l = side<Solved>(at(left));
    const size_t of_left = divisors_.size();
    const auto r = side<Solved>(at(right));
    z3::expr wrong = !same<Solved>(l, r).v.e;
    for (size_t i = 0; i < divisors_.size(); ++i) {
      // A division by 0 is outside the domain of the left side; the right one has none.
      if (i >= of_left) wrong = wrong || divisors_[i] == 0;
    }
    solver_.push();
    for (const z3::expr& d : definitions_) solver_.add(d);
    for (size_t i = of_condition; i < of_left; ++i) solver_.add(divisors_[i] != 0);
    solver_.add(c);
    solver_.add(wrong.simplify());
    z3::check_result result = solver_.check();
    if (result == z3::unknown && !quotients_.empty()) {
      std::vector<z3::expr> terms = quotients_;
      for (const auto& v : {at.x, at.y, at.z, at.w}) {
        terms.push_back(v.v);
        terms.push_back(-v.v);
      }
      if constexpr (std::same_as<decltype(l), const Term<Solved>>) {
        terms.push_back(l.v);
        terms.push_back(r.v);
      }
      for (const z3::expr& t : terms) add_monotony(t);
      result = solver_.check();
    }
    if (result == z3::sat) {
      counter_example_ = Z3_model_to_string(context_, solver_.get_model());
    }
    solver_.pop();
    return result == z3::unsat ? Outcome::kProved
           : result == z3::sat ? Outcome::kRefuted
                               : Outcome::kOpen;
  }
  // Products are monotone: what Z3 knows but does not find. For t beside each quotient q
  // by b > 0: t <= q gives t*b <= q*b, and t > q gives t*b >= q*b + b.
  void add_monotony(const z3::expr& t) {
    for (size_t i = 0; i < quotients_.size(); ++i) {
      const z3::expr& q = quotients_[i];
      const z3::expr& b = divisors_[i];
      const z3::expr gap = (t * b - q * b).simplify();
      solver_.add(z3::implies(b > 0 && t <= q, gap <= 0));
      solver_.add(z3::implies(b > 0 && t > q, gap >= b));
      solver_.add(z3::implies(b < 0 && t <= q, gap >= 0));
      solver_.add(z3::implies(b < 0 && t > q, gap <= b));
    }
  }
  const std::string& counter_example() const { return counter_example_; }

 private:
  z3::context context_;
  z3::solver solver_;
  std::vector<z3::expr> definitions_;
  std::vector<z3::expr> dividends_;
  std::vector<z3::expr> divisors_;
  std::vector<z3::expr> quotients_;
  std::string counter_example_;
};

// What is recorded was found with this version; another one may know more or less.
bool is_recorded_version() {
  unsigned major = 0, minor = 0, build = 0, revision = 0;
  Z3_get_version(&major, &minor, &build, &revision);
  return major == 4 && minor == 8;
}

const std::vector<std::string_view> kOpenFixed = {
#define OPEN_FIXED(name) #name,
#define OPEN_SYMBOLIC(name)
#include "tests/rewrite/rules_open.inc"
#undef OPEN_FIXED
#undef OPEN_SYMBOLIC
};
const std::vector<std::string_view> kOpenSymbolic = {
#define OPEN_FIXED(name)
#define OPEN_SYMBOLIC(name) #name,
#include "tests/rewrite/rules_open.inc"
#undef OPEN_FIXED
#undef OPEN_SYMBOLIC
};

void expect(const Line& line, Outcome outcome, std::string_view kind,
            const std::vector<std::string_view>& open, const Prover& prover) {
  EXPECT_NE(outcome, Outcome::kRefuted) << line.name << ":\n" << prover.counter_example();
  if (!is_recorded_version()) return;
  EXPECT_EQ(outcome == Outcome::kOpen, std::ranges::count(open, line.name) > 0)
      << kind << "(" << line.name << ")";
}

// Constants up to `reach`, but those up to `less`.
void check_fixed(int reach, int less) {
  for_each_line([&](const Line& line, auto left, auto right, auto condition) {
    const uint32_t used = Uses::of(left, right, condition);
    if ((used >> 6) == 0 && less > 0) return;  // the unit test has done it
    Prover prover;
    Outcome worst = Outcome::kProved;
    const auto to = [&](int bit) { return (used >> bit & 1) != 0 ? reach : 0; };
    for (int a = -to(6); a <= to(6); ++a) {
      for (int b = -to(7); b <= to(7); ++b) {
        for (int c = -to(8); c <= to(8); ++c) {
          if (std::max({abs(a), abs(b), abs(c)}) <= less && less > 0) continue;
          const std::array constants = {a, b, c};
          worst = std::max(worst, prover.prove(left, right, condition, &constants));
          if (worst == Outcome::kRefuted) a = b = c = reach;
        }
      }
    }
    expect(line, worst, "OPEN_FIXED", kOpenFixed, prover);
  });
}

TEST(RulesZ3, HoldForFixedConstants) { check_fixed(kShortReach, 0); }
TEST(RulesZ3, HoldForFixedConstantsExhaustive) { check_fixed(kReach, kShortReach); }

TEST(RulesZ3, HoldForSymbolicConstants) {
  for_each_line([&](const Line& line, auto left, auto right, auto condition) {
    const uint32_t used = Uses::of(left, right, condition);
    if ((used >> 6) == 0) return;
    Prover prover;
    expect(line, prover.prove(left, right, condition, nullptr), "OPEN_SYMBOLIC",
           kOpenSymbolic, prover);
  });
}

TEST(RulesZ3, WrongOnesAreRefuted) {
  Prover prover;
  const std::array constants = {2, -7, 0};
  EXPECT_EQ(prover.prove(CONGRUA_COLUMN(floor_div(floor_div(x, c0), c1)),
                         CONGRUA_COLUMN(floor_div(x, c0 * c1)),
                         CONGRUA_COLUMN(c0 != 0 && c1 != 0), &constants),
            Outcome::kRefuted);
}

}  // namespace
}  // namespace congrua::rules_test
