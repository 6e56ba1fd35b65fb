#include "smt2/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace congrua::smt2 {
namespace {

constexpr size_t kMaxInline = 160;  // bytes of a subterm without a name

uint64_t term_key(TermId t) { return t; }
uint64_t declaration_key(uint32_t d) { return uint64_t{1} << 32 | d; }

std::string_view op_text(TermOp op) {
  switch (op) {
    case TermOp::kNot:
      return "not";
    case TermOp::kAnd:
      return "and";
    case TermOp::kOr:
      return "or";
    case TermOp::kXor:
      return "xor";
    case TermOp::kImplies:
      return "=>";
    case TermOp::kIte:
      return "ite";
    case TermOp::kEq:
      return "=";
    case TermOp::kDistinct:
      return "distinct";
    case TermOp::kLe:
      return "<=";
    case TermOp::kLt:
      return "<";
    case TermOp::kAdd:
      return "+";
    case TermOp::kSub:
    case TermOp::kNeg:
      return "-";
    case TermOp::kMul:
      return "*";
    case TermOp::kDiv:
      return "div";
    case TermOp::kMod:
      return "mod";
    case TermOp::kAbs:
      return "abs";
    case TermOp::kRatio:
      return "/";
    case TermOp::kToReal:
      return "to_real";
    case TermOp::kToInt:
      return "to_int";
    case TermOp::kIsInt:
      return "is_int";
    case TermOp::kPow:
      return "^";
    default:
      return "";
  }
}

}  // namespace

uint32_t Printer::declaration(std::string_view name) const {
  const auto it = constants_.find(std::string(name));
  return it == constants_.end() ? kNoIndex : it->second;
}

void Printer::name(uint64_t key, std::string name) {
  names_[key] = std::move(name);
  trail_.push_back(key);
}

void Printer::pop() {
  ++generation_;
  while (trail_.size() > scopes_.back()) {
    const auto it = names_.find(trail_.back());
    constants_.erase(it->second);
    names_.erase(it);
    trail_.pop_back();
  }
  scopes_.pop_back();
}

std::string Printer::declared_name(uint32_t d, std::string* preamble) {
  if (const auto it = names_.find(declaration_key(d)); it != names_.end())
    return it->second;
  const Declaration& decl = env_.declaration(d);
  std::string own =
      fmt::format("{}{}.{}", decl.params.empty() ? 'x' : 'f', d, generation_);
  std::string params;
  for (const Sort s : decl.params) params += fmt::format("{} ", sort_name(s));
  *preamble +=
      fmt::format("(declare-fun {} ({}) {})\n", own, params, sort_name(decl.sort));
  if (decl.params.empty()) constants_[own] = d;
  name(declaration_key(d), own);
  return own;
}

std::string Printer::print(TermId term, std::string* preamble) {
  const TermTable& terms = env_.terms;
  // Terms not yet named, children first, and how often each is used.
  std::vector<TermId> order;
  absl::flat_hash_map<TermId, uint32_t> uses;
  std::vector<TermId> stack = {term};
  uses[term] = 1;
  while (!stack.empty()) {
    const TermId t = stack.back();
    stack.pop_back();
    if (names_.contains(term_key(t))) continue;
    order.push_back(t);
    for (const TermId a : terms.args(t)) {
      if (uses[a]++ == 0) stack.push_back(a);
    }
  }
  std::sort(order.begin(), order.end());
  absl::flat_hash_map<TermId, std::string> texts;  // of those that got no name
  std::string text;
  const auto append = [&](TermId a) {
    if (const auto it = names_.find(term_key(a)); it != names_.end()) {
      text += it->second;
    } else {
      text += texts.find(a)->second;
    }
  };
  for (const TermId t : order) {
    const Term& x = terms[t];
    const std::span<const TermId> args = terms.args(t);
    if (terms.is_literal(t)) {
      texts[t] = to_smtlib(terms.literal(t), x.sort);
      continue;
    }
    if (x.op == TermOp::kConst) {
      texts[t] = declared_name(x.a, preamble);
      continue;
    }
    text = "(";
    if (x.op == TermOp::kApply) {
      text += declared_name(x.b, preamble);
    } else {
      text += op_text(x.op);
    }
    for (const TermId a : args) {
      text += ' ';
      append(a);
    }
    text += ')';
    if (t != term && (uses[t] > 1 || text.size() > kMaxInline)) {
      std::string own = fmt::format("t{}.{}", t, generation_);
      fmt::format_to(std::back_inserter(*preamble), "(define-fun {} () {} {})\n", own,
                     sort_name(x.sort), text);
      name(term_key(t), std::move(own));
    } else {
      texts[t] = std::move(text);
    }
  }
  text.clear();
  append(term);
  return text;
}

}  // namespace congrua::smt2
