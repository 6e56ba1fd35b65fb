// A 3x3 convolution with padding 1 over h rows of w columns, in tiles of 8 rows: loop
// bounds, the condition of the padding, and the index arithmetic of its kernel.
#include <cstdio>
#include <vector>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/simplify.h"
#include "congrua/text.h"

using namespace congrua;

int main() {
  ExprPool pool;
  Facts facts(pool);
  const auto read = [&](const char* text) { return parse_infix(pool, text).value(); };
  const auto assume = [&](const char* text) { return facts.add(read(text)).ok(); };
  const auto shown = [&](Expr e) {
    return extract(facts, simplify(facts, e)).to_string();
  };

  // Sizes, and the loops over tiles (t), rows of a tile (r), columns (x) and taps (ky,
  // kx).
  for (const char* fact : {"h >= 1", "w >= 1", "t >= 0", "t < ceil_div(h, 8)", "r >= 0",
                           "x >= 0", "x < w", "ky >= 0", "ky < 3", "kx >= 0", "kx < 3"}) {
    if (!assume(fact)) return 1;
  }
  // The last tile is a tail: its loop over rows ends at a minimum. Tiles before it are
  // full, and where 8 divides h all are.
  const Expr rows = read("min(8, h - 8*t)");
  std::printf("rows of a tile: %s\n", shown(rows).c_str());
  facts.push();
  if (!assume("t < ceil_div(h, 8) - 1")) return 1;
  std::printf("  before the last: %s\n", shown(rows).c_str());
  facts.pop();
  facts.push();
  if (!assume("floor_mod(h, 8) == 0")) return 1;
  std::printf("  8 divides h: %s\n", shown(rows).c_str());
  facts.pop();

  // The tile loop is gone from the output's index: row y of the output is t, r again.
  if (!facts.add(lt(pool.symbol("r"), rows)).ok()) return 1;
  const Expr out = read("floor_div(8*t + r, 8)*(8*w) + floor_mod(8*t + r, 8)*w + x");
  std::printf("output index: %s\n", shown(out).c_str());

  // The padding: tap (ky, kx) reads row y and column z of the input where it has them.
  // The facts leave of four comparisons what can fail, and for inner rows only columns.
  const Expr inside = read(
      "8*t + r + ky - 1 >= 0 and 8*t + r + ky - 1 < h and x + kx - 1 >= 0 and "
      "x + kx - 1 < w");
  std::printf("inside: %s\n", shown(inside).c_str());
  facts.push();
  if (!assume("ky == 1") || !assume("kx == 1")) return 1;
  std::printf("  middle tap: %s\n", shown(inside).c_str());
  facts.pop();
  facts.push();
  if (!assume("t >= 1") || !assume("t < ceil_div(h, 8) - 1")) return 1;
  std::printf("  inner rows of tiles: %s\n", shown(inside).c_str());
  facts.pop();

  // What the kernel computes: both indices and the condition, with what they share once.
  std::vector<Expr> roots = {
      simplify(facts, out),
      simplify(facts, read("(8*t + r + ky - 1)*w + x + kx - 1")),
      simplify(facts, inside),
  };
  const Forms code = extract(facts, roots, {.cost = Cost::kWeightOnDag});
  const Forms apart = extract(facts, roots);
  const Forms::Listing listing = code.listing();
  std::printf("kernel, weight %llu (%llu as shown above):\n",
              static_cast<unsigned long long>(code.weight()),
              static_cast<unsigned long long>(apart.weight()));
  for (const auto& t : listing.temporaries)
    std::printf("  %s = %s\n", t.name.c_str(), t.value.infix.c_str());
  const char* names[] = {"out", "in", "inside"};
  for (size_t i = 0; i < roots.size(); ++i)
    std::printf("  %s = %s\n", names[i], listing.results[i].infix.c_str());
  return 0;
}
