// fits against Z3's bit vectors, so wide that nothing wraps: is there a point of the
// facts at which an intermediate is outside?
#include <gtest/gtest.h>
#include <z3++.h>

#include <random>
#include <string>
#include <vector>

#include "congrua/text.h"
#include "congrua/width.h"
#include "tests/width/oracle.h"

namespace congrua::width_test {
namespace {

// An upper bound of the size of every intermediate, in bits.
class Size {
 public:
  explicit Size(const std::vector<Box>& box) : box_(box) {}
  double of(const Term& t) {  // log2 of the largest absolute value
    double r = 1;
    std::vector<double> a;
    for (const Term& x : t.args) a.push_back(of(x));
    if (t.op == "number") {
      r = bits(t.number);
    } else if (t.args.empty()) {
      const auto b = std::ranges::find(box_, t.op, &Box::name);
      if (b != box_.end()) r = std::max(bits(b->lo), bits(b->hi));
    } else if (t.op == "mul") {
      r = a[0] + a[1];
    } else {
      r = *std::ranges::max_element(a) + 1;
    }
    most_ = std::max(most_, r);
    return r;
  }
  unsigned width() const { return static_cast<unsigned>(most_) + 4; }

 private:
  static double bits(Wide v) {
    double r = 0;
    for (Wide u = v < 0 ? -v : v; u != 0; u /= 2) ++r;
    return r;
  }
  const std::vector<Box>& box_;
  double most_ = 8;
};

class Bits {
 public:
  Bits(z3::context& c, unsigned width, IntType type)
      : c_(c),
        width_(width),
        type_(type),
        outside_(c.bool_val(false)),
        divides_(c.bool_val(true)) {}

  z3::expr constant(Wide v) {
    const bool negative = v < 0;
    std::string digits;
    for (Wide u = negative ? -v : v; u != 0 || digits.empty(); u /= 10) {
      digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(u % 10)));
    }
    const z3::expr e = c_.bv_val(digits.c_str(), width_);
    return negative ? -e : e;
  }
  z3::expr value(const Term& t) {
    if (t.op == "number") return note(constant(t.number));
    if (t.op == "true" || t.op == "false") return c_.bool_val(t.op == "true");
    if (t.args.empty()) return note(c_.bv_const(t.op.c_str(), width_));
    std::vector<z3::expr> a;
    for (const Term& x : t.args) a.push_back(value(x));
    if (t.op == "select()") return z3::ite(a[0], a[1], a[2]);
    if (t.op == "not") return !a[0];
    if (t.op == "and") return a[0] && a[1];
    if (t.op == "or") return a[0] || a[1];
    if (t.op == "eq") return a[0] == a[1];
    if (t.op == "ne") return a[0] != a[1];
    if (t.op == "lt") return z3::slt(a[0], a[1]);
    if (t.op == "le") return z3::sle(a[0], a[1]);
    if (t.op == "gt") return z3::sgt(a[0], a[1]);
    if (t.op == "ge") return z3::sge(a[0], a[1]);
    if (t.op == "neg") return note(-a[0]);
    if (t.op == "add") return note(a[0] + a[1]);
    if (t.op == "sub") return note(a[0] - a[1]);
    if (t.op == "mul") return note(a[0] * a[1]);
    if (t.op == "min") return z3::ite(z3::slt(a[0], a[1]), a[0], a[1]);
    if (t.op == "max") return z3::ite(z3::sgt(a[0], a[1]), a[0], a[1]);
    if (t.op == "abs()") return note(z3::ite(z3::slt(a[0], constant(0)), -a[0], a[0]));
    const z3::expr zero = constant(0);
    divides_ = divides_ && a[1] != zero;
    const bool ceil = t.op == "ceil_div()";
    const z3::expr x = ceil ? -a[0] : a[0];
    const z3::expr mod = z3::smod(x, a[1]);  // the divisor's sign
    const z3::expr quotient = (x - mod) / a[1];
    if (t.op == "floor_mod()") return note(mod);
    return note(ceil ? -quotient : quotient);
  }
  const z3::expr& outside() const { return outside_; }
  const z3::expr& divides() const { return divides_; }

 private:
  z3::expr note(const z3::expr& e) {
    const Limits l = limits(type_);
    outside_ = outside_ || z3::slt(e, constant(l.lo)) || z3::sgt(e, constant(l.hi));
    return e;
  }
  z3::context& c_;
  const unsigned width_;
  const IntType type_;
  z3::expr outside_, divides_;
};

TEST(FitsZ3Fuzz, AgreesWithBitVectors) {
  int fit = 0, proved = 0, open = 0, found = 0, hard = 0, wrong = 0;
  for (uint64_t seed = 0; seed < soak(80) && wrong < 3; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](int64_t lo, int64_t hi) {
      return std::uniform_int_distribution<int64_t>(lo, hi)(random);
    };
    ExprPool pool;
    Facts facts(pool);
    std::vector<Box> box;
    std::vector<Expr> symbols;
    std::vector<Expr> all;
    static constexpr int64_t kTops[] = {2, 4, 8, 64, 128, 1000, 4096, 65536, 1 << 20};
    const auto bound = [&](std::string name, int64_t lo, int64_t hi) {
      box.push_back({name, lo, hi});
      symbols.push_back(pool.symbol(name));
      all.push_back(ge(symbols.back(), pool.constant(lo)));
      all.push_back(le(symbols.back(), pool.constant(hi)));
    };
    for (int64_t k = pick(2, 4); k-- > 0;) {
      bound(std::string(1, "ijkn"[k]), pick(0, 4) == 0 ? -pick(0, 100) : pick(0, 1),
            kTops[pick(0, 8)] - pick(0, 1));
    }
    if (pick(0, 2) == 0) all.push_back(lt(symbols[1], symbols[0]));
    if (pick(0, 3) == 0) {
      all.push_back(le(symbols[0] * symbols[1], pool.constant(kTops[pick(4, 8)])));
    }
    bool possible = true;
    for (const Expr f : all) possible = possible && facts.add(f).ok();
    if (!possible) continue;
    const IntType type = pick(0, 3) == 0 ? kUInt32 : pick(0, 3) == 0 ? kInt64 : kInt32;
    Generator g(pool, random, symbols, int64_t{1} << pick(8, 24));
    const Expr e = g.integer(static_cast<int>(pick(1, 4)));
    const Term t = Reader(to_string(e)).read();
    Size size(box);
    size.of(t);
    std::vector<Term> terms;
    for (const Expr f : all) {
      terms.push_back(Reader(to_string(f)).read());
      size.of(terms.back());
    }
    if (size.width() > 256) continue;
    z3::context c;
    z3::solver solver(c, "QF_BV");
    z3::params p(c);
    p.set("timeout", 500u);
    p.set("max_memory", 1024u);
    solver.set(p);
    Bits bits(c, std::max(72u, size.width()), type);
    for (const Term& f : terms) {
      Bits fact(c, std::max(72u, size.width()), type);
      solver.add(fact.value(f));
    }
    bits.value(t);
    solver.add(bits.divides());
    solver.push();
    solver.add(bits.outside());
    const z3::check_result leaves = solver.check();
    const FitsAnswer a = fits(facts, e, type);
    std::string text = "seed " + std::to_string(seed) + ": " + to_string(e) + " in " +
                       to_string(type) + " is " + std::string(truth_name(a.truth)) + ";";
    for (const Expr f : all) text += " " + to_string(f) + ",";
    if (leaves == z3::unknown) {
      ++hard;
      continue;
    }
    const bool always = leaves == z3::unsat;
    bool right = always ? a.truth == Truth::kTrue || a.truth == Truth::kUnknown
                        : a.truth != Truth::kTrue;
    if (always && !right) {  // unless there is no point
      solver.pop();
      right = solver.check() == z3::unsat;
    }
    wrong += !right;
    EXPECT_TRUE(right) << text;
    fit += always;
    proved += always && a.truth == Truth::kTrue;
    if (always && a.truth != Truth::kTrue) std::printf("missed %s\n", text.c_str());
    open += !always;
    found += !always && a.truth != Truth::kUnknown;
  }
  std::printf("fit %d proved %d; open %d found %d; Z3 undecided %d\n", fit, proved, open,
              found, hard);
  EXPECT_GE(proved * 100, fit * 99);
}

}  // namespace
}  // namespace congrua::width_test
