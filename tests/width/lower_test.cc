// What lower writes, compiled with the sanitizer for undefined behaviour and compared
// with the exact values.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "congrua/eval.h"
#include "congrua/simplify.h"
#include "congrua/text.h"
#include "congrua/width.h"
#include "tests/width/oracle.h"

namespace congrua::width_test {
namespace {

std::string code_of(std::string_view text, std::vector<std::string_view> facts_text,
                    IntType type, Evaluation evaluation = Evaluation::kAll) {
  ExprPool pool;
  Facts facts(pool);
  for (const std::string_view f : facts_text) {
    EXPECT_TRUE(facts.add(parse_infix(pool, f).value()).ok());
  }
  const Expr e = parse_infix(pool, text).value();
  const auto code =
      lower(facts, extract(facts, e), type, {.width = {.evaluation = evaluation}});
  return code.ok() ? code->code : std::string(code.status().message());
}

TEST(Lower, PicksTheCheapestDivision) {
  struct Row {
    std::string_view text;
    std::vector<std::string_view> facts;
    IntType type;
    std::string_view expected;
  };
  const Row rows[] = {
      {"floor_div(x, 8)", {"x >= 0", "x < 99"}, kInt32, "return x >> 3;"},
      {"floor_mod(x, 8)", {"x >= -9", "x < 99"}, kInt32, "return x & 7;"},
      {"floor_div(x, 8)",
       {"x >= -9", "x < 99"},
       kInt32,
       "return x < 0 ? ~(~x >> 3) : x >> 3;"},
      {"floor_div(x, 7)", {"x >= 0", "x < 99"}, kInt32, "return x / 7;"},
      {"floor_mod(x, 7)", {"x >= 0", "x < 99"}, kInt32, "return x % 7;"},
      {"floor_div(x, 7)",
       {"x >= -9", "x < 99"},
       kInt32,
       "return x < 0 ? ~(~x / 7) : x / 7;"},
      {"floor_div(x, 7)",
       {"x >= -90", "x < 99", "floor_mod(x, 7) == 0"},
       kInt32,
       "return x / 7;"},
      {"floor_div(x, y)",
       {"x >= 0", "x < 99", "y > 0", "y < 9"},
       kInt32,
       "return x / y;"},
      {"floor_div(x, y)",
       {"x >= -99", "x <= 0", "y < 0", "y > -9"},
       kInt32,
       "return x / y;"},
      {"floor_div(x, 7)", {"x >= 0", "x <= 4294967295"}, kUInt32, "return x / 7u;"},
      {"ceil_div(x, 7)",
       {"x >= 0", "x < 99"},
       kInt64,
       "return x / 7ll + (x % 7ll != 0);"},
      {"min(x, 5)", {"x >= 0", "x < 99"}, kInt32, "return x < 5 ? x : 5;"},
      {"x - 2147483648", {"x >= 0", "x < 99"}, kInt64, "return x - 2147483648ll;"},
  };
  for (const Row& r : rows) {
    EXPECT_NE(code_of(r.text, r.facts, r.type).find(r.expected), std::string::npos)
        << code_of(r.text, r.facts, r.type);
  }
}

TEST(Lower, AbsoluteValue) {
  ExprPool pool;
  Facts facts(pool);
  const Expr x = pool.symbol("x");
  ASSERT_TRUE(
      facts.add(logical_and(ge(x, pool.constant(-9)), le(x, pool.constant(9)))).ok());
  EXPECT_EQ(
      lower(facts, form_of(abs(x)), kInt8)->code,
      "static inline int8_t f(int8_t x) {\n  return (int8_t)(x < 0 ? -x : x);\n}\n");
}

TEST(Lower, Refuses) {
  EXPECT_EQ(code_of("2*x", {"x >= 0"}, kInt32), "lower: x is not known to fit i32");
  EXPECT_EQ(code_of("floor_div(x, y)", {"x >= 0", "x < 9", "y >= 0", "y < 9"}, kInt32),
            "lower: the divisor y may be 0");
  EXPECT_EQ(code_of("g:int(x)", {"x == 0", "g:int(x) >= 0", "g:int(x) < 5"}, kInt32),
            "lower: an uninterpreted term has no code: g:int(x)");
  EXPECT_EQ(code_of("x", {"x == 0"}, {12, true}), "lower: no type of C is called i12");
}

TEST(Lower, NamesAreNamesOfC) {
  const std::string code =
      code_of("int + |a b| + t0 + x0 + f",
              {"int == 1", "|a b| == 1", "t0 == 1", "x0 == 1", "f == 1"}, kInt32);
  EXPECT_NE(code.find("f(int32_t x1, int32_t x2, int32_t x3, int32_t x4, int32_t x0)"),
            std::string::npos)
      << code;
}

// Shared scratch: one folder, one compilation.
std::string scratch() {
  std::string name = testing::TempDir() + "/congrua_lower_XXXXXX";
  return mkdtemp(name.data()) == nullptr ? "" : name;
}

int run_command(const std::string& command) {
  const int status = std::system(command.c_str());  // NOLINT: our own words
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

__extension__ typedef unsigned __int128 UnsignedWide;
std::string text_of(Wide v) {
  const bool negative = v < 0;
  std::string digits;
  for (auto u = static_cast<UnsignedWide>(negative ? -v : v); u != 0 || digits.empty();
       u /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(u % 10)));
  }
  return (negative ? "-" : "") + digits;
}

// Random indices over boxes near the ends of their types; each is called at all corners
// and at random points, and what it returns is compared with the exact value.
TEST(LowerFuzz, CompiledCodeIsExactAndClean) {
  if (run_command("command -v c++ >/dev/null 2>&1") != 0) GTEST_SKIP() << "no c++";
  const std::string folder = scratch();
  ASSERT_FALSE(folder.empty());
  std::ostringstream source;
  source << "#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
            "static void check(int which, __int128 got, __int128 want) {\n"
            "  if (got == want) return;\n"
            "  printf(\"function %d: %lld, not %lld\\n\", which, (long long)got, "
            "(long long)want);\n  exit(1);\n}\n";
  std::ostringstream calls;
  int functions = 0, points = 0;
  std::map<int, std::string> texts;
  for (uint64_t seed = 0; seed < soak(1200); ++seed) {
    std::mt19937_64 random(seed);
    ExprPool pool;
    Facts facts(pool);
    const auto pick = [&](int64_t lo, int64_t hi) {
      return std::uniform_int_distribution<int64_t>(lo, hi)(random);
    };
    static constexpr IntType kTypes[] = {kInt8,  kInt16,  kInt32,  kInt64,
                                         kUInt8, kUInt16, kUInt32, kUInt64};
    const IntType type = kTypes[pick(0, 7)];
    const Limits l = limits(type);
    const auto most = static_cast<int64_t>(std::min<Wide>(l.hi, INT64_MAX));
    const auto least = static_cast<int64_t>(l.lo);
    std::vector<Box> box;
    std::vector<Expr> symbols;
    for (int64_t k = pick(1, 3); k-- > 0;) {
      Box b{std::string(1, "xyz"[k]), 0, 0};
      switch (pick(0, 4)) {
        case 0:  // the whole type
          b.lo = least, b.hi = most;
          break;
        case 1:  // its lower end
          b.lo = least, b.hi = least + pick(0, 9);
          break;
        case 2:  // its upper end
          b.hi = most, b.lo = most - pick(0, 9);
          break;
        case 3:
          b.lo = std::max(least, pick(-9, 4)), b.hi = b.lo + pick(0, 12);
          break;
        default:
          b.lo = std::max(least, -pick(0, most / 5)), b.hi = pick(0, most / 5);
          break;
      }
      const Expr s = pool.symbol(b.name);
      ASSERT_TRUE(facts.add(ge(s, pool.constant(b.lo))).ok());
      ASSERT_TRUE(facts.add(le(s, pool.constant(b.hi))).ok());
      if (pick(0, 3) == 0 && b.lo <= 0 && b.hi >= 0 && b.lo < b.hi) {
        (void)facts.add(ne(s, pool.constant(0)));
      }
      box.push_back(b);
      symbols.push_back(s);
    }
    Generator g(pool, random, symbols, 100);
    const bool truth = pick(0, 5) == 0;
    const int depth = static_cast<int>(pick(1, 4));
    const Expr e = truth ? g.proposition(depth) : g.integer(depth);
    const bool taken = pick(0, 1) != 0;
    const LowerOptions options{
        .width = {.evaluation = taken ? Evaluation::kTaken : Evaluation::kAll},
        .function = "f" + std::to_string(functions)};
    const Form form = pick(0, 1) == 0 ? form_of(e) : extract(facts, e);
    const auto code = lower(facts, form, type, options);
    if (!code.ok()) continue;
    const Term t = Reader(form.to_string()).read();
    source << code->code;
    texts[functions] =
        "seed " + std::to_string(seed) + ": " + form.to_string() + "\n" + code->code;
    std::ostringstream rows;
    for (int64_t k = 0; k < 40; ++k) {
      Point p;
      for (size_t i = 0; i < box.size(); ++i) {
        const Box& b = box[i];
        int64_t& v = p[b.name];
        // First the corners, then their neighbours, then anything.
        if (k < 8) {
          v = ((k >> i) & 1) != 0 ? b.hi : b.lo;
        } else if (k < 20) {
          v = std::clamp<int64_t>(
              pick(0, 1) != 0 ? b.lo + pick(0, std::min<int64_t>(3, b.hi / 2 - b.lo / 2))
                              : pick(-3, 3),
              b.lo, b.hi);
        } else {
          v = pick(b.lo, b.hi);
        }
      }
      std::vector<Binding> bindings;
      bool counts = true;
      for (size_t i = 0; i < facts.size() && counts; ++i) {
        bindings.clear();
        for (size_t s = 0; s < box.size(); ++s) {
          bindings.emplace_back(symbols[s], p[box[s].name]);
        }
        counts = evaluate(facts.fact(static_cast<FactId>(i)), bindings).value() == 1;
      }
      if (!counts) continue;
      Computation exact(p);
      const Wide want = exact.value(t);
      ASSERT_TRUE(exact.has_value());
      ++points;
      rows << "  {";
      for (const Expr x : code->parameters) {
        const int64_t v = p[std::string(x.name())];
        rows << (v == INT64_MIN ? "INT64_MIN" : std::to_string(v) + "LL") << ", ";
      }
      // 128 bits in halves of 60.
      const Wide high = floor_div_wide(want, Wide{1} << 60);
      rows << text_of(high) << ", " << text_of(want - high * (Wide{1} << 60)) << "LL},\n";
    }
    const size_t arity = code->parameters.size();
    source << "static const long long d" << functions << "[][" << arity + 2 << "] = {\n"
           << rows.str() << "};\nstatic void test" << functions
           << "() {\n  for (const auto& r : d" << functions << ") check(" << functions
           << ", f" << functions << "(";
    for (size_t i = 0; i < arity; ++i) source << (i == 0 ? "" : ", ") << "r[" << i << "]";
    source << "), (__int128)r[" << arity << "] * ((__int128)1 << 60) + r[" << arity + 1
           << "]);\n}\n";
    calls << "  test" << functions << "();\n";
    ++functions;
  }
  source << "int main(void) {\n" << calls.str() << "  return 0;\n}\n";
  const std::string file = folder + "/lowered.cc";
  std::ofstream(file) << source.str();
  const std::string program = folder + "/lowered";
  ASSERT_EQ(run_command("c++ -std=c++17 -O0 -w -fsanitize=undefined "
                        "-fno-sanitize-recover=all -o " +
                        program + " " + file),
            0)
      << file;
  const std::string log = folder + "/log";
  const int code = run_command(program + " >" + log + " 2>&1");
  std::ostringstream said;
  said << std::ifstream(log).rdbuf();
  EXPECT_EQ(code, 0) << file << "\n" << said.str();
  std::printf("functions %d, points %d\n", functions, points);
  EXPECT_GT(functions, 300);
  if (code == 0) std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace congrua::width_test
