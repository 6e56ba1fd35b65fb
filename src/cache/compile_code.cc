// Register programs: what is no canonical test.
#include <algorithm>
#include <optional>
#include <span>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "cache/compile.h"

namespace congrua::cache::internal {

using congrua::internal::args_of;
using congrua::internal::const_value;
using congrua::internal::Factor;
using congrua::internal::factors_of;
using congrua::internal::for_each_child;
using congrua::internal::LinearView;
using congrua::internal::Term;
uint16_t Compiler::step(CodeStep s) {
  program_.code.push_back(s);
  return static_cast<uint16_t>(program_.code.size() - 1 - first_step_);
}

uint16_t Compiler::constant(const Int& value) {
  if (const std::optional<int64_t> small = value.to_int64()) {
    return step({.op = CodeOp::kConst, .imm = *small});
  }
  program_.bigs.push_back(value);
  return step(
      {.op = CodeOp::kBigConst, .imm = static_cast<int64_t>(program_.bigs.size() - 1)});
}

absl::Status Compiler::emit(const Node* n) {
  const auto reg = [&](const Node* c) {
    return std::ranges::find(registers_, c, &std::pair<const Node*, uint16_t>::first)
        ->second;
  };
  uint16_t r = 0;
  switch (n->op) {
    case Op::kConst:
      r = constant(const_value(n));
      break;
    case Op::kSymbol:
      r = step({.op = n->sort == Sort::kBool ? CodeOp::kBool : CodeOp::kField,
                .imm = field(n)});
      break;
    case Op::kAdd: {
      const LinearView sum(n);
      bool first = true;
      for (const Term& t : sum.terms()) {
        uint16_t v = reg(t.mono);
        if (const std::optional<int64_t> c = t.coef.to_int64()) {
          if (*c != 1) v = step({.op = CodeOp::kMulConst, .a = v, .imm = *c});
        } else {
          const uint16_t big = constant(t.coef);
          v = step({.op = CodeOp::kMul, .a = v, .b = big});
        }
        r = first ? v : step({.op = CodeOp::kAdd, .a = r, .b = v});
        first = false;
      }
      if (const std::optional<int64_t> c = sum.constant().to_int64()) {
        if (*c != 0) r = step({.op = CodeOp::kAddConst, .a = r, .imm = *c});
      } else {
        const uint16_t big = constant(sum.constant());
        r = step({.op = CodeOp::kAdd, .a = r, .b = big});
      }
      break;
    }
    case Op::kMul: {
      bool first = true;
      for (const Factor& f : factors_of(n)) {
        if (f.exponent > kMaxSteps) {
          return absl::ResourceExhaustedError("a power is too high for a guard program");
        }
        for (uint32_t i = 0; i < f.exponent; ++i) {
          const uint16_t base = reg(f.base);
          r = first ? base : step({.op = CodeOp::kMul, .a = r, .b = base});
          first = false;
        }
      }
      break;
    }
    case Op::kAnd:
    case Op::kMin:
    case Op::kMax: {
      const CodeOp op = n->op == Op::kAnd   ? CodeOp::kAnd
                        : n->op == Op::kMin ? CodeOp::kMin
                                            : CodeOp::kMax;
      const auto args = args_of(n);
      r = reg(args[0]);
      for (const Node* a : args.subspan(1)) r = step({.op = op, .a = r, .b = reg(a)});
      break;
    }
    case Op::kFloorDiv:
      r = step(
          {.op = CodeOp::kFloorDiv, .a = reg(args_of(n)[0]), .b = reg(args_of(n)[1])});
      break;
    case Op::kIff:
      r = step({.op = CodeOp::kIff, .a = reg(args_of(n)[0]), .b = reg(args_of(n)[1])});
      break;
    case Op::kSelect: {
      const auto args = args_of(n);
      r = step({.op = CodeOp::kSelect,
                .a = reg(args[0]),
                .b = reg(args[1]),
                .c = reg(args[2])});
      break;
    }
    case Op::kGe:
      r = step({.op = CodeOp::kGe, .a = reg(args_of(n)[0])});
      break;
    case Op::kEq:
    case Op::kNot:
      r = step({.op = CodeOp::kEq, .a = reg(args_of(n)[0])});
      break;
    case Op::kOpaque:
      return absl::InternalError("opaque terms were refused before");
  }
  registers_.emplace_back(n, r);
  return absl::OkStatus();
}

absl::Status Compiler::cost(const Node* term) {
  births_ = false;
  if (absl::Status s = bind_symbols(term); !s.ok()) return s;
  return code(term);
}

void Compiler::begin_code() {
  first_step_ = static_cast<uint32_t>(program_.code.size());
  registers_.clear();
}

absl::Status Compiler::code(const Node* root) {
  begin_code();
  if (absl::Status s = emit_all(root); !s.ok()) return s;
  // The value may be that of an earlier step (a conjunction of one part).
  const auto last = static_cast<uint16_t>(program_.code.size() - 1 - first_step_);
  if (registers_.back().second != last) {
    step({.op = CodeOp::kAddConst, .a = registers_.back().second});
  }
  return finish_code();
}

// The value of the root is the last of registers_.
absl::Status Compiler::emit_all(const Node* root) {
  absl::flat_hash_set<const Node*> done;
  absl::flat_hash_set<const Node*> open;
  stack_.assign(1, root);
  while (!stack_.empty()) {
    const Node* n = stack_.back();
    if (done.contains(n)) {
      stack_.pop_back();
    } else if (open.insert(n).second) {
      for_each_child(n, [&](const Node* c) {
        if (!done.contains(c)) stack_.push_back(c);
      });
    } else {
      stack_.pop_back();
      if (absl::Status s = emit(n); !s.ok()) return s;
      done.insert(n);
    }
    if (program_.code.size() - first_step_ > kMaxSteps) {
      return absl::ResourceExhaustedError("a condition is too long for a guard program");
    }
  }
  return absl::OkStatus();
}

absl::Status Compiler::finish_code() {
  const std::span<const CodeStep> steps = std::span(program_.code).subspan(first_step_);
  if (steps.size() > kMaxSteps) {
    return absl::ResourceExhaustedError("a condition is too long for a guard program");
  }
  std::vector<uint16_t> bits;
  for (const CodeStep& s : steps) {
    const unsigned n = step_bits(s, program_.bigs, bits);
    if (n > kMaxBits) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a condition computes numbers of more than ", kMaxBits, " bits"));
    }
    bits.push_back(static_cast<uint16_t>(n));
  }
  push({TestKind::kCode, Relation::kGe, 0, 0, 0, first_step_, 0, 0, steps.size()});
  return absl::OkStatus();
}

}  // namespace congrua::cache::internal
