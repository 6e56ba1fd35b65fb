// The operators of the text languages: one table of names for both readers, one function
// that builds, and the rule which terms stay uninterpreted, which the printers share.
#ifndef CONGRUA_EXPR_TEXT_OPS_H_
#define CONGRUA_EXPR_TEXT_OPS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "congrua/text.h"
#include "expr/builder.h"

namespace congrua::internal {

enum class TextOp : uint8_t {
  kAbs,
  kAdd,
  kAnd,
  kBitwise,
  kCeilDiv,
  kCeilToInt,
  kEq,
  kFloorDiv,
  kFloorMod,
  kFloorToInt,
  kGe,
  kGt,
  kIdentity,
  kLe,
  kLt,
  kMax,
  kMin,
  kModIdx,
  kMul,
  kNe,
  kNeg,
  kNonOverlapDense,
  kNot,
  kOpaque,
  kOr,
  kPow,
  kPowNat,
  kReal,
  kRoundToInt,
  kSelect,
  kSub,
  kTruncDiv,
  kTruncMod,
  kTruncToInt,
};

inline constexpr uint8_t kAnyNumber = 255;

struct TextOpInfo {
  std::string_view name;       // as read
  std::string_view canonical;  // as an uninterpreted term of this operator is called
  TextOp op;
  uint8_t min_args;
  uint8_t max_args;  // kAnyNumber: no limit
};

// The operator of that name; null for none. Names that begin with "opaque_" are all
// operators.
const TextOpInfo* find_text_op(std::string_view name);

// The term name(args). `name` matters for the opaque_ family alone. Errors (sorts, number
// of arguments, exponents) carry no position.
absl::StatusOr<const Node*> apply_text_op(Builder& b, const TextOpInfo& info,
                                          std::string_view name,
                                          std::span<const Node* const> args,
                                          Division division);

// True where a reader makes an uninterpreted term of exactly this name and sort from the
// bare text name(args): elsewhere a printer has to write the sort.
bool reads_as_opaque(std::string_view name, std::span<const Node* const> args, Sort sort);

// A decimal fraction or power ("1.5", "-2e-05"), "oo" or "-oo": a real of which nothing
// is known.
bool is_real_literal(std::string_view text);
// A name that needs no quotes: a letter or _, then letters, digits and any of _ . $ @ [
// ], and no reserved word, no operator.
bool is_plain_name(std::string_view text);
bool is_name_start(char c);
bool is_name_char(char c);

std::string_view sort_name(Sort sort);
std::optional<Sort> sort_of_name(std::string_view text);

}  // namespace congrua::internal

#endif  // CONGRUA_EXPR_TEXT_OPS_H_
