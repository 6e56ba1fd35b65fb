// Walks a small convolutional network, a transformer block and a U-Net through a shape
// environment, as a tracing front end does: prints what has to be tested before compiled
// code is reused, and the smallest sizes that take the same path.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "congrua/shape.h"

using congrua::Expr;
using congrua::shape::Env;

namespace {

// Errors of a trace end the example: a front end would tell its user.
void check(const absl::Status& s) {
  if (s.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(s.message()).c_str());
  std::exit(1);
}

template <typename T>
T value(absl::StatusOr<T> v) {
  check(v.status());
  return *std::move(v);
}

// A program with the helpers that a front end has.
class Tracer {
 public:
  Env env;

  Expr size(const char* source, int64_t hint) { return value(env.size(source, hint)); }
  Expr number(int64_t v) { return env.pool().constant(v); }
  void at(const char* line) { env.set_location(line); }
  // A branch of the compiler: decided by what is known, else by the sizes of this run.
  bool decide(Expr condition) { return value(env.evaluate(condition)).value != 0; }
  // What an operator requires of its inputs.
  void require(Expr condition) {
    if (!decide(condition)) check(absl::InvalidArgumentError("shapes do not fit"));
  }

  // A window of `kernel` that moves by `stride` over n padded elements.
  Expr windows(Expr n, int64_t kernel, int64_t stride, int64_t padding) {
    const Expr out = floor_div(n + (2 * padding - kernel), stride) + 1;
    require(ge(out, number(1)));
    // Compilers ask whether a dimension is broadcast.
    decide(eq(out, number(1)));
    return out;
  }

  void report(const char* name) {
    const congrua::shape::GuardSet set = env.guards();
    std::printf("%s: %zu conditions asked, %zu tested\n", name,
                set.guards.size() + set.dropped.size(),
                set.domains.size() + set.guards.size());
    for (const auto& s : set.sources) {
      std::printf("  %s == %s\n", s.source.c_str(), env.text(s.value).c_str());
    }
    for (const Expr d : set.domains) std::printf("  %s\n", env.text(d).c_str());
    for (size_t i = 0; i < set.guards.size(); ++i) {
      std::printf("  %s    (%s)\n", env.text(set.guards[i]).c_str(),
                  env.record(set.origins[i]).location.c_str());
    }
    std::printf("  small:");
    const congrua::shape::Witness small = value(env.witness());
    for (const auto& [symbol, v] : small.sizes) {
      std::printf(" %s = %lld", env.source_of(symbol).c_str(), static_cast<long long>(v));
    }
    std::printf("\n");
  }
};

void convolutional_network() {
  Tracer t;
  t.at("cnn.py: input");
  const Expr n = t.size("image.size(0)", 8);
  Expr h = t.size("image.size(2)", 224), w = t.size("image.size(3)", 192);
  for (const char* stage : {"cnn.py: stem", "cnn.py: stage 1", "cnn.py: stage 2"}) {
    t.at(stage);
    h = t.windows(t.windows(h, 3, 2, 1), 3, 1, 1);
    w = t.windows(t.windows(w, 3, 2, 1), 3, 1, 1);
  }
  t.at("cnn.py: pool");
  h = t.windows(h, 2, 2, 0);
  w = t.windows(w, 2, 2, 0);
  t.at("cnn.py: flatten");
  // The features of a flattened image: no copy is needed where it is contiguous.
  t.decide(eq(64 * h * w * n, n * (64 * (h * w))));
  t.decide(ge(n * h * w, t.number(1)));
  t.report("convolutional network");
}

void transformer_block() {
  Tracer t;
  t.at("block.py: input");
  const Expr b = t.size("tokens.size(0)", 4), s = t.size("tokens.size(1)", 128),
             d = t.size("weight.size(0)", 512);
  t.at("block.py: mask");
  const Expr masked = t.size("mask.size(1)", 128);  // the same hint: one symbol
  t.require(eq(masked, s));
  t.at("block.py: heads");
  t.require(eq(floor_mod(d, 8), t.number(0)));
  const Expr head = floor_div(d, 8);
  t.require(eq(8 * head, d));
  t.require(eq(b * s * 8 * head, b * s * d));
  t.at("block.py: attention");
  t.decide(eq(s, t.number(1)));
  t.require(le(s, t.number(1024)));  // the table of positions
  t.decide(le(s * s, t.number(1024 * 1024)));
  t.at("block.py: tiles of 16");
  if (t.decide(eq(floor_mod(s, 16), t.number(0)))) {
    t.require(eq(16 * floor_div(s, 16), s));
    t.decide(eq(floor_mod(s, 4), t.number(0)));
  }
  t.report("transformer block");
}

void u_net() {
  Tracer t;
  t.at("unet.py: input");
  Expr h = t.size("image.size(2)", 96), w = t.size("image.size(3)", 64);
  std::vector<std::pair<Expr, Expr>> skipped;
  t.at("unet.py: down");
  for (int level = 0; level < 3; ++level) {
    skipped.emplace_back(h, w);
    h = t.windows(h, 2, 2, 0);
    w = t.windows(w, 2, 2, 0);
  }
  t.at("unet.py: up");
  while (!skipped.empty()) {
    h = 2 * h;
    w = 2 * w;
    // Concatenation with what was skipped: the sizes must be equal.
    t.require(eq(h, skipped.back().first));
    t.require(eq(w, skipped.back().second));
    skipped.pop_back();
  }
  t.report("U-Net");
}

}  // namespace

int main() {
  convolutional_network();
  transformer_block();
  u_net();
}
