// Systems of facts and questions, with terms as trees: as text, and as terms of a pool.
#ifndef CONGRUA_TESTS_GUARD_SYSTEMS_H_
#define CONGRUA_TESTS_GUARD_SYSTEMS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "congrua/expr.h"

namespace congrua::guard_test {

enum class Kind : uint8_t {
  // Integers.
  kNumber,
  kSymbol,
  kAdd,
  kSub,
  kMul,
  kFloorDiv,
  kFloorMod,
  kCeilDiv,
  kMin,
  kMax,
  kAbs,
  kSelect,
  kOpaque,  // g(x), the same function everywhere
  // Propositions.
  kTruth,
  kFlag,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kNot,
  kAnd,
  kOr,
  kImplies,
  kIff,
  kXor,
  kIf,
};
inline bool is_proposition(Kind k) { return k >= Kind::kTruth; }

struct Tree {
  Kind kind;
  int64_t number = 0;  // kNumber, kTruth: the value; kSymbol, kFlag: which
  std::vector<Tree> args = {};
};

struct SymbolSpec {
  int64_t lo, hi;  // the box
  bool flag;       // a boolean
  Range birth;     // holds the box; as wide as the box, or wider
};

enum class Act : uint8_t { kFact, kAsk, kPush, kPop };
struct Step {
  Act act;
  Tree tree = {Kind::kTruth, 1};
};

struct System {
  std::vector<SymbolSpec> symbols;
  // The first `bounds` steps, with the birth ranges, keep every symbol in its box:
  // enumeration then decides.
  bool boxed = true;
  size_t bounds = 0;
  int64_t steps = 200'000;  // budget of a question
  std::vector<Step> script;
};

inline std::string name_of(const System& s, int64_t symbol) {
  return std::string(
      1, (s.symbols[static_cast<size_t>(symbol)].flag ? "pqrt" : "xyzw")[symbol]);
}

// ---- Text

inline std::string text_of(const System& s, const Tree& t) {
  const auto arg = [&](size_t i) { return text_of(s, t.args[i]); };
  const auto infix = [&](const char* op) {
    return "(" + arg(0) + " " + op + " " + arg(1) + ")";
  };
  const auto call = [&](const char* name) {
    std::string out = std::string(name) + "(";
    for (size_t i = 0; i < t.args.size(); ++i) out += (i == 0 ? "" : ", ") + arg(i);
    return out + ")";
  };
  switch (t.kind) {
    case Kind::kNumber:
      return std::to_string(t.number);
    case Kind::kSymbol:
    case Kind::kFlag:
      return name_of(s, t.number);
    case Kind::kAdd:
      return infix("+");
    case Kind::kSub:
      return infix("-");
    case Kind::kMul:
      return infix("*");
    case Kind::kFloorDiv:
      return call("floor_div");
    case Kind::kFloorMod:
      return call("floor_mod");
    case Kind::kCeilDiv:
      return call("ceil_div");
    case Kind::kMin:
      return call("min");
    case Kind::kMax:
      return call("max");
    case Kind::kAbs:
      return call("abs");
    case Kind::kSelect:
    case Kind::kIf:
      return call("select");
    case Kind::kOpaque:
      return call("g:int");
    case Kind::kTruth:
      return t.number != 0 ? "true" : "false";
    case Kind::kEq:
      return infix("==");
    case Kind::kNe:
      return infix("!=");
    case Kind::kLt:
      return infix("<");
    case Kind::kLe:
      return infix("<=");
    case Kind::kGt:
      return infix(">");
    case Kind::kGe:
      return infix(">=");
    case Kind::kNot:
      return "(not " + arg(0) + ")";
    case Kind::kAnd:
      return infix("and");
    case Kind::kOr:
      return infix("or");
    case Kind::kImplies:
      return "((not " + arg(0) + ") or " + arg(1) + ")";
    case Kind::kIff:
      return infix("==");
    case Kind::kXor:
      return infix("!=");
  }
  return "?";
}

inline std::string text_of(const System& s) {
  std::string out;
  for (size_t i = 0; i < s.symbols.size(); ++i) {
    const SymbolSpec& x = s.symbols[i];
    out += name_of(s, static_cast<int64_t>(i));
    if (!x.flag) {
      const auto end = [](std::optional<int64_t> v) {
        return v ? std::to_string(*v) : "inf";
      };
      out += " in [" + end(x.birth.lo) + ", " + end(x.birth.hi) + "], box [" +
             std::to_string(x.lo) + ", " + std::to_string(x.hi) + "]";
    }
    out += "; ";
  }
  out += (s.boxed ? "boxed, " : "unbounded, ") + std::to_string(s.steps) + " steps\n";
  for (const Step& step : s.script) {
    switch (step.act) {
      case Act::kFact:
        out += "  fact " + text_of(s, step.tree) + "\n";
        break;
      case Act::kAsk:
        out += "  ask  " + text_of(s, step.tree) + "\n";
        break;
      case Act::kPush:
        out += "  push\n";
        break;
      case Act::kPop:
        out += "  pop\n";
        break;
    }
  }
  return out;
}

// ---- Terms of a pool

inline Expr symbol_of(ExprPool& pool, const System& s, int64_t i) {
  const SymbolSpec& x = s.symbols[static_cast<size_t>(i)];
  return pool.symbol(name_of(s, i),
                     {.sort = x.flag ? Sort::kBool : Sort::kInt, .range = x.birth});
}

inline Expr build(ExprPool& pool, const System& s, const Tree& t) {
  std::vector<Expr> a;
  for (const Tree& x : t.args) a.push_back(build(pool, s, x));
  switch (t.kind) {
    case Kind::kNumber:
      return pool.constant(t.number);
    case Kind::kSymbol:
    case Kind::kFlag:
      return symbol_of(pool, s, t.number);
    case Kind::kAdd:
      return a[0] + a[1];
    case Kind::kSub:
      return a[0] - a[1];
    case Kind::kMul:
      return a[0] * a[1];
    case Kind::kFloorDiv:
      return floor_div(a[0], a[1]);
    case Kind::kFloorMod:
      return floor_mod(a[0], a[1]);
    case Kind::kCeilDiv:
      return ceil_div(a[0], a[1]);
    case Kind::kMin:
      return min(a[0], a[1]);
    case Kind::kMax:
      return max(a[0], a[1]);
    case Kind::kAbs:
      return abs(a[0]);
    case Kind::kSelect:
    case Kind::kIf:
      return select(a[0], a[1], a[2]);
    case Kind::kOpaque:
      return pool.opaque("g", a);
    case Kind::kTruth:
      return pool.boolean(t.number != 0);
    case Kind::kEq:
    case Kind::kIff:
      return eq(a[0], a[1]);
    case Kind::kNe:
    case Kind::kXor:
      return ne(a[0], a[1]);
    case Kind::kLt:
      return lt(a[0], a[1]);
    case Kind::kLe:
      return le(a[0], a[1]);
    case Kind::kGt:
      return gt(a[0], a[1]);
    case Kind::kGe:
      return ge(a[0], a[1]);
    case Kind::kNot:
      return !a[0];
    case Kind::kAnd:
      return logical_and(a[0], a[1]);
    case Kind::kOr:
      return logical_or(a[0], a[1]);
    case Kind::kImplies:
      return implies(a[0], a[1]);
  }
  return pool.boolean(true);
}

}  // namespace congrua::guard_test

#endif  // CONGRUA_TESTS_GUARD_SYSTEMS_H_
