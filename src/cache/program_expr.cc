#include "cache/program_expr.h"

#include <limits>

#include "base/check.h"

namespace congrua::cache::internal {

namespace {

constexpr char kKeyMark = '\x01';  // before the name of a field

Expr related(ExprPool& pool, Expr e, Relation relation) {
  const Expr zero = pool.constant(0);
  switch (relation) {
    case Relation::kGe:
      return ge(e, zero);
    case Relation::kEq:
      return eq(e, zero);
    case Relation::kNe:
      break;
  }
  return ne(e, zero);
}

Expr as_bool(ExprPool& pool, Expr e) { return e.is_bool() ? e : ne(e, pool.constant(0)); }
Expr as_int(ExprPool& pool, Expr e) {
  return e.is_int() ? e : select(e, pool.constant(1), pool.constant(0));
}

Expr integer(ExprPool& pool, const Int& v) { return *pool.integer(v.to_string()); }

}  // namespace

bool is_partial(const Test& t, const Program& program) {
  if (t.kind != TestKind::kCode) return false;
  const auto steps = std::span(program.code).subspan(static_cast<size_t>(t.a), t.d);
  for (const CodeStep& s : steps) {
    if (s.op != CodeOp::kFloorDiv) continue;
    const CodeStep& divisor = steps[s.b];
    const bool nonzero = (divisor.op == CodeOp::kConst && divisor.imm != 0) ||
                         (divisor.op == CodeOp::kBigConst &&
                          !program.bigs[static_cast<size_t>(divisor.imm)].is_zero());
    if (!nonzero) return true;
  }
  return false;
}

Expr Translator::symbol(uint16_t field, bool key) {
  const Field& f = schema_.field(field);
  if (f.kind == FieldKind::kBool) return pool_.symbol(f.name, {.sort = Sort::kBool});
  return pool_.symbol(key ? kKeyMark + f.name : f.name);
}

bool Translator::set(std::vector<Word>& row, Expr symbol, int64_t value) const {
  std::string_view name = symbol.name();
  const bool key = !name.empty() && name[0] == kKeyMark && !schema_.find(name);
  if (key) name.remove_prefix(1);
  const std::optional<size_t> field = schema_.find(name);
  if (!field) return false;
  row[*field] = static_cast<Word>(value);
  if (!key) return true;
  const uint64_t magnitude =
      value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  row[*field] = value == kNanKey ? to_word(kNan)
                : value < 0      ? magnitude | uint64_t{1} << 63
                                 : magnitude;
  return float_key(std::bit_cast<double>(row[*field])) == value;
}

std::optional<Expr> Translator::test(const Program& program, const Test& t) {
  const auto constant = [this](int64_t v) { return pool_.constant(v); };
  switch (t.kind) {
    case TestKind::kFalse:
      return pool_.boolean(false);
    case TestKind::kRange:
    case TestKind::kFloat: {
      const auto last = static_cast<int64_t>(static_cast<uint64_t>(t.a) + t.d);
      if (schema_.field(t.x).kind == FieldKind::kBool) {
        if (t.a == 0 && t.d == 0) return !symbol(t.x);
        if (t.a == 1 && t.d == UINT64_MAX - 1) return symbol(t.x);
        return std::nullopt;
      }
      const Expr x = symbol(t.x, t.kind == TestKind::kFloat);
      if (last < t.a) return ne(x, constant(last + 1));
      if (t.d == 0) return eq(x, constant(last));
      if (t.a == INT64_MIN && last == INT64_MAX) return pool_.boolean(true);
      if (t.a == INT64_MIN) return le(x, constant(last));
      if (last == INT64_MAX) return ge(x, constant(t.a));
      return logical_and(ge(x, constant(t.a)), le(x, constant(last)));
    }
    case TestKind::kMod:
      return eq(floor_mod(symbol(t.x), static_cast<int64_t>(t.d)), constant(t.a));
    case TestKind::kLinear:
      return related(pool_, symbol(t.x) * t.a + symbol(t.y) * t.b + constant(t.c),
                     t.relation);
    case TestKind::kProduct:
      return related(pool_, symbol(t.x) * symbol(t.y) * t.a + constant(t.c), t.relation);
    case TestKind::kSet: {
      std::vector<Expr> parts;
      for (uint64_t i = 0; i < t.d; ++i) {
        const uint64_t word = program.sets[static_cast<size_t>(t.a) + i];
        parts.push_back(eq(symbol(t.x), constant(static_cast<int64_t>(word))));
      }
      const Expr any = pool_.disjunction(parts);
      return t.b == 0 ? any : !any;
    }
    case TestKind::kCode:
      return code(program, t);
  }
  return std::nullopt;
}

Expr Translator::code(const Program& program, const Test& t) {
  std::vector<Expr> v;
  for (uint64_t i = 0; i < t.d; ++i) {
    const CodeStep& s = program.code[static_cast<size_t>(t.a) + i];
    const auto number = [&](uint16_t r) { return as_int(pool_, v[r]); };
    const auto truth = [&](uint16_t r) { return as_bool(pool_, v[r]); };
    switch (s.op) {
      case CodeOp::kConst:
        v.push_back(pool_.constant(s.imm));
        break;
      case CodeOp::kBigConst:
        v.push_back(integer(pool_, program.bigs[static_cast<size_t>(s.imm)]));
        break;
      case CodeOp::kField:
        v.push_back(as_int(pool_, symbol(static_cast<uint16_t>(s.imm))));
        break;
      case CodeOp::kBool:
        v.push_back(as_bool(pool_, symbol(static_cast<uint16_t>(s.imm))));
        break;
      case CodeOp::kAdd:
        v.push_back(number(s.a) + number(s.b));
        break;
      case CodeOp::kAddConst:
        v.push_back(s.imm == 0 ? v[s.a] : number(s.a) + s.imm);
        break;
      case CodeOp::kMul:
        v.push_back(number(s.a) * number(s.b));
        break;
      case CodeOp::kMulConst:
        v.push_back(number(s.a) * s.imm);
        break;
      case CodeOp::kFloorDiv:
        v.push_back(floor_div(number(s.a), number(s.b)));
        break;
      case CodeOp::kMin:
        v.push_back(min(number(s.a), number(s.b)));
        break;
      case CodeOp::kMax:
        v.push_back(max(number(s.a), number(s.b)));
        break;
      case CodeOp::kSelect:
        v.push_back(v[s.b].is_bool() && v[s.c].is_bool()
                        ? select(truth(s.a), v[s.b], v[s.c])
                        : select(truth(s.a), number(s.b), number(s.c)));
        break;
      case CodeOp::kGe:
        v.push_back(ge(number(s.a), pool_.constant(0)));
        break;
      case CodeOp::kEq:
        v.push_back(v[s.a].is_bool() ? !v[s.a] : eq(v[s.a], pool_.constant(0)));
        break;
      case CodeOp::kAnd:
        v.push_back(logical_and(truth(s.a), truth(s.b)));
        break;
      case CodeOp::kIff:
        v.push_back(v[s.a].is_bool() && v[s.b].is_bool() ? eq(v[s.a], v[s.b])
                                                         : eq(number(s.a), number(s.b)));
        break;
    }
  }
  CONGRUA_CHECK(!v.empty(), "a program has steps");
  return as_bool(pool_, v.back());
}

}  // namespace congrua::cache::internal
