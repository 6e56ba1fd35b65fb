// Expressions of the workloads, read once and built many times: what is measured is
// building terms, not reading text.
#ifndef CONGRUA_BENCH_WORKLOADS_FORMULA_H_
#define CONGRUA_BENCH_WORKLOADS_FORMULA_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bench/workloads.h"
#include "congrua/expr.h"

namespace congrua::bench {

// "inf" and "-inf" are absent ends.
std::optional<int64_t> finite(std::string_view text);

// Operators of the workloads; an unknown one ends the program with a message.
enum class SxOp : uint8_t {
  kAdd,
  kSub,
  kMul,
  kNeg,
  kFloorDiv,
  kFloorMod,
  kCeilDiv,
  kMin,
  kMax,
  kSelect,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAnd,
  kOr,
  kNot,
};
SxOp sx_op(std::string_view name);
Expr apply(ExprPool& pool, SxOp op, std::span<const Expr> args);

// The symbols of a record, in the order of its ranges.
struct Symbols {
  std::vector<std::string_view> names;
  std::vector<Range> ranges;
  // From (ranges (NAME LO HI)...).
  static Symbols read(const Sx& record);
  std::vector<Expr> build(ExprPool& pool) const;
};

class Formula {
 public:
  Formula(const Sx& sx, const Symbols& symbols) { read(sx, symbols); }
  // `stack` is scratch.
  Expr build(ExprPool& pool, std::span<const Expr> symbols,
             std::vector<Expr>& stack) const;

 private:
  struct Step {
    enum Kind : uint8_t { kNumber, kSymbol, kApply } kind;
    SxOp op;
    int64_t value;  // the number, the symbol, or how many operands
  };
  void read(const Sx& sx, const Symbols& symbols);
  std::vector<Step> steps_;  // postfix
};

// From (facts F...); none where the record has none.
std::vector<Formula> read_facts(const Sx& record, const Symbols& symbols);

}  // namespace congrua::bench

#endif  // CONGRUA_BENCH_WORKLOADS_FORMULA_H_
