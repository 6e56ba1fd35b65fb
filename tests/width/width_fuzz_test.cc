// fits, narrow, width_guard and extract_fitting against enumeration of small boxes in 8
// bits.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "congrua/simplify.h"
#include "congrua/text.h"
#include "congrua/width.h"
#include "tests/width/oracle.h"

namespace congrua::width_test {
namespace {

struct Case {
  ExprPool pool;
  Facts facts{pool};
  std::vector<Box> box;
  std::vector<Expr> symbols;
  IntType type;
  std::optional<Expr> e;
  std::string text;

  Case(uint64_t seed, int64_t widest) {
    std::mt19937_64 random(seed);
    const auto pick = [&](int64_t lo, int64_t hi) {
      return std::uniform_int_distribution<int64_t>(lo, hi)(random);
    };
    const int64_t count = pick(1, 3);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t lo = pick(0, 2) == 0 ? pick(-widest, widest / 2) : pick(0, 3);
      box.push_back({std::string(1, "ijk"[i]), lo, lo + pick(0, widest)});
      symbols.push_back(pool.symbol(box.back().name));
      (void)facts.add(ge(symbols.back(), pool.constant(box.back().lo)));
      (void)facts.add(le(symbols.back(), pool.constant(box.back().hi)));
    }
    type = pick(0, 2) == 0 ? kUInt8 : kInt8;
    Generator g(pool, random, symbols, 60);
    e = g.integer(static_cast<int>(pick(1, 4)));
    text =
        "seed " + std::to_string(seed) + ": " + to_string(*e) + " in " + to_string(type);
    for (const Box& b : box) {
      text += ", " + b.name + " in [" + std::to_string(b.lo) + ", " +
              std::to_string(b.hi) + "]";
    }
  }
};

struct Seen {
  bool all = true, none = true, any_point = false;
};
Seen enumerate(const Case& c, const Term& t, Evaluation e) {
  Seen s;
  Point p = first(c.box);
  do {
    // A divisor that is 0 anywhere takes the point out.
    Computation every(p);
    every.value(t);
    if (!every.has_value()) continue;
    Computation run(p, e);
    run.value(t);
    s.any_point = true;
    (run.within(limits(c.type)) ? s.none : s.all) = false;
  } while (next(c.box, &p));
  return s;
}

TEST(FitsFuzz, AgreesWithEnumeration) {
  int fit = 0, proved = 0, open = 0, found = 0, wrong = 0;
  for (uint64_t seed = 0; seed < soak(4000) && wrong < 3; ++seed) {
    Case c(seed, 12);
    const Term t = Reader(to_string(*c.e)).read();
    for (const Evaluation how : {Evaluation::kAll, Evaluation::kTaken}) {
      const Seen s = enumerate(c, t, how);
      if (!s.any_point) continue;
      const FitsAnswer a = fits(c.facts, *c.e, c.type, {.evaluation = how});
      bool right = true;
      if (a.truth == Truth::kTrue) right = s.all;
      if (a.truth == Truth::kFalse) right = s.none;
      if (a.truth == Truth::kOpen) {
        right = !s.all && !a.value.empty();
        for (const auto& [symbol, value] : a.point) {
          const auto b = std::ranges::find(c.box, symbol.name(), &Box::name);
          right = right && b != c.box.end() && b->lo <= value && value <= b->hi;
        }
      }
      if (!right) ++wrong;
      EXPECT_TRUE(right) << c.text << ": " << truth_name(a.truth);
      fit += s.all;
      proved += s.all && a.truth == Truth::kTrue;
      open += !s.all;
      found += !s.all && a.truth != Truth::kUnknown;
    }
  }
  RecordProperty("fit", fit);
  std::printf("fit %d proved %d; open %d found %d\n", fit, proved, open, found);
  EXPECT_GE(proved, fit - fit / 100);
  EXPECT_GE(found, open - open / 100);
}

TEST(NarrowFuzz, FormsAreEqualAndFit) {
  int asked = 0, narrowed = 0, wrong = 0;
  std::map<Narrowing, int> kinds;
  for (uint64_t seed = 0; seed < soak(1500) && wrong < 3; ++seed) {
    Case c(seed + 1'000'000, 10);
    const Term t = Reader(to_string(*c.e)).read();
    const std::vector<Expr> uniform = {c.symbols[0]};
    const auto n = narrow(c.facts, *c.e, c.type, uniform);
    const FittingForm f = extract_fitting(c.facts, *c.e, c.type);
    const bool fitted = fits(c.facts, *c.e, c.type).truth == Truth::kTrue;
    EXPECT_TRUE(!fitted || (f.fits && n && n->narrowing == Narrowing::kAsItIs)) << c.text;
    ++asked;
    if (!n) continue;
    ++narrowed;
    ++kinds[n->narrowing];
    EXPECT_EQ(n->base.has_value(), n->narrowing == Narrowing::kSplit);
    const std::string form = n->form.to_string();
    const Term s = Reader(form).read();
    const std::optional<Term> base =
        n->base ? std::optional(Reader(n->base->to_string()).read()) : std::nullopt;
    const Term shortest = Reader(f.form.to_string()).read();
    Point p = first(c.box);
    do {
      Computation exact(p);
      const Wide want = exact.value(t);
      if (!exact.has_value()) continue;
      Computation run(p);
      Wide got = run.value(s);
      bool right = run.within(limits(c.type));
      if (base) {
        Computation uniform_run(p);
        got += uniform_run.value(*base);
        right = right && uniform_run.within(limits(kInt64));
      }
      right = right && got == want;
      Computation other(p);
      right = right && other.value(shortest) == want;
      right = right && (!f.fits || other.within(limits(c.type)));
      if (right) continue;
      ++wrong;
      ADD_FAILURE() << c.text << ": " << form << " or " << f.form.to_string();
      break;
    } while (next(c.box, &p));
  }
  std::printf("asked %d narrowed %d:", asked, narrowed);
  for (const auto& [kind, count] : kinds) {
    std::printf(" %s %d", std::string(narrowing_name(kind)).c_str(), count);
  }
  std::printf("\n");
}

// Inputs n, m and loop variables 0 <= i < n, 0 <= j < m or constants.
TEST(WidthGuardFuzz, SufficesAndIsWeakest) {
  int guards = 0, exact = 0, refused = 0, wrong = 0;
  for (uint64_t seed = 0; seed < soak(1200) && wrong < 3; ++seed) {
    std::mt19937_64 random(seed);
    ExprPool pool;
    Facts facts(pool);
    const Expr n = pool.symbol("n"), m = pool.symbol("m"), i = pool.symbol("i"),
               j = pool.symbol("j");
    const auto pick = [&](int64_t lo, int64_t hi) {
      return std::uniform_int_distribution<int64_t>(lo, hi)(random);
    };
    const int64_t top_n = pick(3, 14), top_m = pick(3, 9);
    const int64_t end_j = pick(0, 2) == 0 ? 0 : pick(2, 5);  // 0: j < m; 1: j < i
    const bool triangle = pick(0, 4) == 0;
    const Expr limit_j = triangle ? i : end_j == 0 ? m : pool.constant(end_j);
    for (const Expr f :
         {ge(n, pool.constant(1)), le(n, pool.constant(top_n)), ge(m, pool.constant(-3)),
          le(m, pool.constant(top_m)), ge(i, pool.constant(0)), lt(i, n),
          ge(j, pool.constant(0)), lt(j, limit_j)}) {
      ASSERT_TRUE(facts.add(f).ok());
    }
    const IntType type = pick(0, 2) == 0 ? kUInt8 : kInt8;
    Generator g(pool, random, {n, m, i, j}, 40);
    const Expr e = g.integer(static_cast<int>(pick(1, 3)));
    const Expr loops[] = {i, j};
    const auto guard = width_guard(facts, e, type, loops);
    if (!guard.ok()) {
      ++refused;
      continue;
    }
    ++guards;
    exact += guard->exact;
    const Term t = Reader(to_string(e)).read();
    std::vector<Term> conjuncts;
    for (const Expr c : guard->conjuncts)
      conjuncts.push_back(Reader(to_string(c)).read());
    for (int64_t vn = 1; vn <= top_n; ++vn) {
      for (int64_t vm = -3; vm <= top_m; ++vm) {
        bool fit = true, any = false;
        for (int64_t vi = 0; vi < vn; ++vi) {
          for (int64_t vj = 0; vj < (triangle ? vi : end_j == 0 ? vm : end_j); ++vj) {
            const Point p{{"n", vn}, {"m", vm}, {"i", vi}, {"j", vj}};
            Computation r(p);
            r.value(t);
            if (!r.has_value()) continue;
            any = true;
            fit = fit && r.within(limits(type));
          }
        }
        if (!any) continue;
        bool holds = true, safe = true;
        for (const Term& c : conjuncts) {
          const Point p{{"n", vn}, {"m", vm}};
          Computation r(p);
          const bool value = r.value(c) != 0;
          safe = safe && r.has_value() && r.within(limits(kInt64));
          if (!value) {
            holds = false;
            break;
          }
        }
        const bool right = safe && (!holds || fit) && (!guard->exact || holds == fit);
        if (right) continue;
        ++wrong;
        ADD_FAILURE() << "seed " << seed << ": " << to_string(e) << " in "
                      << to_string(type) << " n=" << vn << " m=" << vm << " guard "
                      << to_string(guard->condition) << (guard->exact ? " exact" : "")
                      << " holds " << holds << " fits " << fit << " safe " << safe
                      << " j < " << to_string(limit_j) << " n <= " << top_n;
        vn = top_n + 1;
        break;
      }
    }
  }
  std::printf("guards %d, exact %d, refused %d\n", guards, exact, refused);
  EXPECT_GT(guards, refused);
}

}  // namespace
}  // namespace congrua::width_test
