// The code of docs/shape_env.md, in its order.
#include <array>
#include <cstdio>
#include <string>

#include "congrua/float64.h"
#include "congrua/layout.h"
#include "congrua/shape.h"
#include "congrua/text.h"

using namespace congrua;

namespace {
void show(const char* what, const std::string& text) {
  std::printf("%-14s %s\n", what, text.c_str());
}
std::string message(const absl::Status& s) { return std::string(s.message()); }
}  // namespace

int main() {
  shape::Env env;
  const auto number = [&](int64_t v) { return env.pool().constant(v); };

  // -- Symbols
  env.set_location("model.py:1");
  const Expr batch = *env.size("x.size(0)", 8);
  const Expr height = *env.size("x.size(1)", 96);
  const Expr width = *env.size("x.size(2)", 64);
  const Expr again = *env.size("y.size(1)", 96);  // the same hint: the same symbol
  show("duck", again == height ? "y.size(1) is x.size(1)" : "two symbols");
  const Expr one = *env.size("x.size(3)", 1);  // 0 and 1 become constants
  show("constant", to_string(one));

  // -- Questions
  show("known", std::string(truth_name(env.is_known(ge(height, number(2))).truth)));
  env.set_location("model.py:12");
  const auto even = env.evaluate(eq(floor_mod(height, 8), number(0)));
  show("decided", even->value != 0 ? "by the hint: a guard" : "no");
  show("follows",
       std::string(truth_name(env.is_known(eq(8 * floor_div(height, 8), height)).truth)));
  const Expr i = env.pool().symbol("i");
  const std::array loop = {ge(i, number(0)), lt(i, height)};
  show("in a loop",
       std::string(truth_name(env.is_known(lt(i, 2 * height), {.given = loop}).truth)));

  // -- Sizes that come from data
  env.set_location("model.py:20");
  const Expr count = env.unbacked();
  env.set_location("model.py:21");
  const auto open = env.evaluate(le(count, batch));
  show("error", message(open.status()));
  show("default", env.guard_or(le(count, batch), false) ? "true" : "false");
  (void)env.runtime_assert(le(count, batch));
  show("asserted", env.guard_or(le(count, batch), false) ? "true" : "false");

  // -- Floats
  const Expr scale = *env.float64("self.scale", 1.5);
  (void)env.evaluate_float(scale);
  const Expr larger = trunc_to_int(float_mul(scale, to_float(width)));
  show("float", std::string(truth_name(env.is_known(ge(larger, number(3))).truth)));

  // -- Constraints
  show("static", message(env.static_assert_(le(width, number(4096)))));
  (void)env.assume(le(width, number(4096)));
  shape::SizeOptions general;
  general.range = {.lo = 16, .hi = 64};
  const Expr rows = *env.size("z.size(0)", 32, general);
  env.set_location("model.py:30");
  (void)env.evaluate(eq(floor_mod(rows, 8), number(0)));
  show("narrowed", message(env.check_constraints()));

  // -- What has to be tested
  const shape::GuardSet set = env.guards();
  for (const shape::Input& in : env.inputs()) {
    if (const Range birth = in.symbol.range(); birth.lo) {
      show("input", std::to_string(*birth.lo) + " <= " + in.source);
    }
  }
  for (const auto& s : set.sources) show("source", s.source + " == " + env.text(s.value));
  for (const Expr d : set.domains) show("domain", env.text(d));
  for (const Expr g : set.guards) show("guard", env.text(g));
  for (const shape::RecordId id : env.asserts().kept) {
    show("assert", env.text(env.record(id).fact) + " at " + env.record(id).location);
  }

  // -- A small run
  const auto witness = env.witness();
  if (!witness.ok()) return 1;
  for (const auto& [symbol, v] : witness->sizes) {
    show("small", env.source_of(symbol) + " = " + std::to_string(v));
  }

  // -- Tensors
  shape::Env other;
  const std::array<int64_t, 4> sizes = {8, 3, 32, 48}, strides = {4608, 1, 144, 3};
  const shape::Tensor image = *other.tensor("image", sizes, strides);
  for (const Expr s : image.layout.strides) show("stride", other.text(s));
  const Expr pixels = is_channels_last(other.pool(), image.layout);
  show("pixels", std::string(truth_name(other.is_known(pixels).truth)));
  const std::array<int64_t, 2> few = {6, 16}, apart = {32, 1};
  const shape::Tensor rows_of = *other.tensor("rows", few, apart, 5);
  const auto packed = other.evaluate(is_contiguous(other.pool(), rows_of.layout));
  show("packed", packed->value != 0 ? "yes" : "no: a guard");
  for (const Expr g : other.guards().guards) show("guard", other.text(g));
  const Expr storage = storage_size(other.pool(), rows_of.layout, rows_of.offset);
  show("storage", other.text(other.simplify(storage)));
}
