#include "bench/workloads_formula.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace congrua::bench {

namespace {

constexpr std::string_view kOps[] = {
    "add", "sub", "mul", "neg", "floordiv", "floormod", "ceildiv", "min", "max", "select",
    "eq",  "ne",  "lt",  "le",  "gt",       "ge",       "and",     "or",  "not"};

[[noreturn]] void die(std::string_view what, std::string_view text) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(std::min<size_t>(text.size(), 80)), text.data());
  std::exit(2);
}

}  // namespace

std::optional<int64_t> finite(std::string_view text) {
  int64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

SxOp sx_op(std::string_view name) {
  const auto* at = std::ranges::find(kOps, name);
  if (at == std::end(kOps)) die("unknown operator", name);
  return static_cast<SxOp>(at - kOps);
}

Expr apply(ExprPool& pool, SxOp op, std::span<const Expr> a) {
  switch (op) {
    case SxOp::kAdd:
      return a.size() == 2 ? a[0] + a[1] : pool.sum(a);
    case SxOp::kSub:
      return a[0] - a[1];
    case SxOp::kMul:
      return a.size() == 2 ? a[0] * a[1] : pool.product(a);
    case SxOp::kNeg:
      return -a[0];
    case SxOp::kFloorDiv:
      return floor_div(a[0], a[1]);
    case SxOp::kFloorMod:
      return floor_mod(a[0], a[1]);
    case SxOp::kCeilDiv:
      return ceil_div(a[0], a[1]);
    case SxOp::kMin:
      return pool.minimum(a);
    case SxOp::kMax:
      return pool.maximum(a);
    case SxOp::kSelect:
      return select(a[0], a[1], a[2]);
    case SxOp::kEq:
      return eq(a[0], a[1]);
    case SxOp::kNe:
      return ne(a[0], a[1]);
    case SxOp::kLt:
      return lt(a[0], a[1]);
    case SxOp::kLe:
      return le(a[0], a[1]);
    case SxOp::kGt:
      return gt(a[0], a[1]);
    case SxOp::kGe:
      return ge(a[0], a[1]);
    case SxOp::kAnd:
      return pool.conjunction(a);
    case SxOp::kOr:
      return pool.disjunction(a);
    case SxOp::kNot:
      return !a[0];
  }
  std::abort();
}

Symbols Symbols::read(const Sx& record) {
  Symbols s;
  const Sx* ranges = record.get("ranges");
  if (ranges == nullptr) die("no ranges", record.text);
  for (size_t i = 1; i < ranges->items.size(); ++i) {
    const auto& r = ranges->items[i].items;
    s.names.push_back(r[0].text);
    s.ranges.push_back({finite(r[1].text), finite(r[2].text)});
  }
  return s;
}

std::vector<Expr> Symbols::build(ExprPool& pool) const {
  std::vector<Expr> out;
  out.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    out.push_back(pool.symbol(names[i], {.range = ranges[i]}));
  }
  return out;
}

void Formula::read(const Sx& sx, const Symbols& symbols) {
  if (sx.is_list) {
    for (size_t i = 1; i < sx.items.size(); ++i) read(sx.items[i], symbols);
    steps_.push_back({Step::kApply, sx_op(sx.items[0].text),
                      static_cast<int64_t>(sx.items.size() - 1)});
    return;
  }
  if (const std::optional<int64_t> v = finite(sx.text)) {
    steps_.push_back({Step::kNumber, SxOp::kAdd, *v});
    return;
  }
  const auto at = std::ranges::find(symbols.names, sx.text);
  if (at == symbols.names.end()) die("unknown symbol", sx.text);
  steps_.push_back({Step::kSymbol, SxOp::kAdd, at - symbols.names.begin()});
}

Expr Formula::build(ExprPool& pool, std::span<const Expr> symbols,
                    std::vector<Expr>& stack) const {
  stack.clear();
  for (const Step& s : steps_) {
    switch (s.kind) {
      case Step::kNumber:
        stack.push_back(pool.constant(s.value));
        break;
      case Step::kSymbol:
        stack.push_back(symbols[static_cast<size_t>(s.value)]);
        break;
      case Step::kApply: {
        const size_t from = stack.size() - static_cast<size_t>(s.value);
        const Expr e = apply(pool, s.op, std::span(stack).subspan(from));
        stack.erase(stack.begin() + static_cast<std::ptrdiff_t>(from), stack.end());
        stack.push_back(e);
        break;
      }
    }
  }
  return stack.back();
}

std::vector<Formula> read_facts(const Sx& record, const Symbols& symbols) {
  std::vector<Formula> facts;
  if (const Sx* list = record.get("facts")) {
    for (size_t i = 1; i < list->items.size(); ++i)
      facts.emplace_back(list->items[i], symbols);
  }
  return facts;
}

}  // namespace congrua::bench
