// Every line of the rule tables over small integers: it holds, and brings no division by
// 0.
#include <gtest/gtest.h>

#include <iostream>
#include <string>

#include "tests/rewrite/columns.h"
#include "tests/rewrite/tables.h"

namespace congrua::rules_test {
namespace {

// Calls f(point) for all points with the used variables in [-reach, reach].
template <typename F>
void for_each_point(uint32_t used, int reach, F&& f) {
  const auto end = [&](int bit, int value) { return (used >> bit & 1) != 0 ? value : 0; };
  const auto loop = [&](int bit, auto&& body) {
    const int to = end(bit, reach);
    for (int v = -to; v <= to; ++v) body(Term<Checked>(v));
  };
  const auto choose = [&](int bit, auto&& body) {
    for (int v = 0; v <= end(bit, 1); ++v) body(Claim<Checked>(v != 0));
  };
  loop(6, [&](auto c0) {
    loop(7, [&](auto c1) {
      loop(8, [&](auto c2) {
        choose(4, [&](auto p) {
          choose(5, [&](auto q) {
            loop(0, [&](auto x) {
              loop(1, [&](auto y) {
                loop(2, [&](auto z) {
                  loop(3, [&](auto w) {
                    f(Point<Checked>{x, y, z, w, p, q, c0, c1, c2});
                  });
                });
              });
            });
          });
        });
      });
    });
  });
}

std::string text_of(const Point<Checked>& at) {
  std::string text;
  const auto add = [&](const char* name, int64_t v) {
    text += std::string(" ") + name + "=" + std::to_string(v);
  };
  add("x", at.x.v.v), add("y", at.y.v.v), add("z", at.z.v.v), add("w", at.w.v.v);
  add("p", at.p.v.v), add("q", at.q.v.v);
  add("c0", at.c0.v.v), add("c1", at.c1.v.v), add("c2", at.c2.v.v);
  return text;
}

constexpr int kReach = 6;

// How many points fail; *met counts those where the condition holds.
template <typename L, typename R, typename C>
int check(const Line& line, L left, R right, C condition, int64_t* met) {
  int wrong = 0;
  std::string where;
  for_each_point(Uses::of(left, right, condition), kReach, [&](const Point<Checked>& at) {
    const auto c = side<Checked>(at(condition)).v;
    if (!c.ok || !c.v) return;
    const auto l = side<Checked>(at(left));
    if (!l.v.ok) return;
    ++*met;
    const auto r = side<Checked>(at(right));
    if (r.v.ok && r.v.v == l.v.v) return;
    if (++wrong == 1) where = text_of(at);
  });
  if (wrong > 0 && !line.file.empty()) {
    std::cerr << line.file << ": " << line.name << " fails at" << where << "\n";
  }
  return wrong;
}

TEST(Rules, HoldOverSmallIntegers) {
  for_each_line([&](const Line& line, auto left, auto right, auto condition) {
    int64_t met = 0;
    EXPECT_EQ(check(line, left, right, condition, &met), 0) << line.name;
    EXPECT_GT(met, 0) << line.name << ": no point has the condition";
  });
}

// The box is large enough to see what is wrong here.
TEST(Rules, WrongOnesAreFound) {
  int64_t met = 0;
  const auto wrong = [&](const char* name, auto left, auto right, auto condition) {
    const Line line = {Table::kRules, "", "", name, "", "", ""};
    EXPECT_GT(check(line, left, right, condition, &met), 0) << name;
  };
  wrong("div_nested", CONGRUA_COLUMN(floor_div(floor_div(x, c0), c1)),
        CONGRUA_COLUMN(floor_div(x, c0 * c1)), CONGRUA_COLUMN(c0 != 0 && c1 != 0));
  wrong("div_exact", CONGRUA_COLUMN(c0 * floor_div(x, c0)), CONGRUA_COLUMN(x),
        CONGRUA_COLUMN(c0 > 0));
  wrong("a division that was not there", CONGRUA_COLUMN(x - x),
        CONGRUA_COLUMN(x - y * floor_div(x, y) - floor_mod(x, y)), CONGRUA_COLUMN(true));
  wrong("clamp_order", CONGRUA_COLUMN(min(max(x, y), z)),
        CONGRUA_COLUMN(max(min(x, z), y)), CONGRUA_COLUMN(y <= z + 1));
}

}  // namespace
}  // namespace congrua::rules_test
