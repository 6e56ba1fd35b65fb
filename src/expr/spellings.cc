#include "expr/spellings.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/saturating.h"
#include "congrua/text.h"

namespace congrua {

namespace internal {

namespace {

// The operators of op(n arguments) itself; 0 where forms do not have it.
uint64_t own_operations(TextOp op, std::span<const Node* const> args) {
  switch (op) {
    case TextOp::kAdd:
    case TextOp::kMul:
    case TextOp::kAnd:
    case TextOp::kOr:
      return args.size() - 1;
    case TextOp::kMin:
    case TextOp::kMax:
      return args[0]->sort == Sort::kInt ? args.size() - 1 : 0;
    case TextOp::kAbs:
    case TextOp::kCeilDiv:
    case TextOp::kFloorDiv:
    case TextOp::kFloorMod:
    case TextOp::kTruncDiv:
    case TextOp::kTruncMod:
    case TextOp::kNeg:
    case TextOp::kNot:
    case TextOp::kSub:
    case TextOp::kSelect:
    case TextOp::kEq:
    case TextOp::kNe:
    case TextOp::kGe:
    case TextOp::kGt:
    case TextOp::kLe:
    case TextOp::kLt:
      return 1;
    default:
      return 0;
  }
}

bool is_leaf(const Node* n) { return n->op == Op::kConst || n->op == Op::kSymbol; }

}  // namespace

void SpellingTable::record(const Node* n, TextOp op, std::span<const Node* const> args) {
  if (is_leaf(n)) return;
  const bool real =
      n->sort == Sort::kReal ||
      std::ranges::any_of(args, [](const Node* a) { return a->sort == Sort::kReal; });
  uint64_t operations = real ? 0 : own_operations(op, args);
  if (operations == 0) return;
  for (const Node* a : args) {
    if (is_leaf(a)) continue;
    // What is read from here on may not be written by means of what it is part of.
    const auto [it, unknown] =
        table_.try_emplace(a, Spelling{TextOp::kIdentity, 0, 0, 0});
    operations = add_saturating(operations, it->second.operations);
  }
  const auto [it, added] = table_.try_emplace(n);
  if (!added && it->second.operations <= operations) return;
  has_truncation_ |= op == TextOp::kTruncDiv || op == TextOp::kTruncMod;
  it->second = {op, operations, static_cast<uint32_t>(args_.size()),
                static_cast<uint32_t>(args.size())};
  args_.insert(args_.end(), args.begin(), args.end());
}

SpellingTable& SpellingTable::of(Spellings& s) { return *s.table_; }
const SpellingTable& SpellingTable::of(const Spellings& s) { return *s.table_; }

}  // namespace internal

Spellings::Spellings() : table_(std::make_unique<internal::SpellingTable>()) {}
Spellings::Spellings(Spellings&&) noexcept = default;
Spellings& Spellings::operator=(Spellings&&) noexcept = default;
Spellings::~Spellings() = default;
bool Spellings::has_truncation() const { return table_->has_truncation(); }

}  // namespace congrua
