// Does a tiled loop stay inside its buffer? A proof that a reader can follow and the
// checker accepts; and a counter-example where one guard was forgotten.
#include <cstdio>
#include <vector>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/proof.h"
#include "congrua/text.h"

using namespace congrua;

int main() {
  ExprPool pool;
  const auto read = [&](const char* text) { return parse_infix(pool, text).value(); };
  // for (tile = 0; tile < ceil_div(n, 32); ++tile)
  //   for (i = 0; i < 32; ++i) ... a[32*tile + i], in a buffer padded to whole tiles
  std::vector<Expr> assumed = {read("tile >= 0"), read("tile < ceil_div(n, 32)"),
                               read("i >= 0"), read("i < 32")};
  Facts facts(pool);
  for (const Expr f : assumed) {
    if (!facts.add(f).ok()) return 1;
  }
  const Expr padded = read("32*tile + i < 32*ceil_div(n, 32)");
  const Answer yes = facts.decide(padded, {.certificate = true});
  std::printf("%s: %s\n", to_string(padded).c_str(),
              std::string(truth_name(yes.truth)).c_str());
  if (yes.truth != Truth::kTrue || yes.certificate == nullptr) return 1;
  std::printf("%s", to_string(*yes.certificate, assumed, padded).c_str());
  // The checker shares no code with the engine that found the proof.
  const bool accepted = check(*yes.certificate, assumed, padded).ok();
  std::printf("checked: %s\n", accepted ? "accepted" : "refused");

  // Without the padding the last tile may not be whole: the answer says where.
  const Expr unpadded = read("32*tile + 32 <= n");
  const Answer open = facts.decide(unpadded);
  std::printf("%s: %s, fails at", to_string(unpadded).c_str(),
              std::string(truth_name(open.truth)).c_str());
  for (const auto& [symbol, value] : open.counterexample) {
    std::printf(" %s = %lld", to_string(symbol).c_str(), static_cast<long long>(value));
  }
  std::printf("\n");
  return accepted && open.truth == Truth::kOpen ? 0 : 1;
}
