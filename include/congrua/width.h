// Machine integers: does every intermediate value fit, and what to do where one does not.
//
//   Facts facts(pool);                        // i >= 0, i < n, n >= 1
//   Expr e = 4 * i + 3;
//   fits(facts, e, kInt32).truth              // kOpen: n may be large
//   width_guard(facts, e, kInt32, {{i}})      // n <= 536870912
//   lower(facts, form, kInt32)                // "int32_t f(int32_t i) { return ..."
//
// The algebra of this library has unbounded integers. Code has not: here an expression is
// asked together with the order in which it is computed.
//
// Order of evaluation. A Form is computed as its infix text (Form::to_string) reads, from
// left to right:
//   * every symbol, every uninterpreted term and every constant is an intermediate value;
//   * a product multiplies its factors one after another, the coefficient of a term
//     first (3*x*y is (3*x)*y); a power is its base written out;
//   * a sum adds its terms one after another (a - 3*b + c is (a - 3*b) + c). What is
//     subtracted is computed as a positive multiple; a first term that is subtracted is
//     its negation (-x) or has a negative constant (-3*x);
//   * divisions, remainders, min, max and abs compute their operands, then their value;
//     propositions are 0 and 1 and always fit, their integer operands count;
//   * a term that occurs several times is computed as often, with the same values.
// An Expr is computed as to_string of it reads. The order of Form::to_sexpr, which moves
// subtracted terms to the end, is another one.
//
// Which operands are computed is WidthOptions::evaluation. Questions are asked about the
// points of the facts where no divisor in the expression or in the facts is 0. Facts that
// contradict each other leave no point: everything fits.
//
// Ownership: results hold handles of the pool, which must outlive them. Thread safety: as
// Facts. No function changes the facts. Errors: an IntType of other widths than 8 to 64
// and a proposition or a real where an integer is wanted are kInvalidArgument, or
// kUnknown where the answer is a Truth.
#ifndef CONGRUA_WIDTH_H_
#define CONGRUA_WIDTH_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/simplify.h"

namespace congrua {

// Two's complement, or unsigned, of 8 to 64 bits.
struct IntType {
  int bits = 32;
  bool is_signed = true;
  friend bool operator==(const IntType&, const IntType&) = default;
};
inline constexpr IntType kInt8{8, true}, kInt16{16, true}, kInt32{32, true},
    kInt64{64, true}, kUInt8{8, false}, kUInt16{16, false}, kUInt32{32, false},
    kUInt64{64, false};
// "i8" to "i64" and "u8" to "u64", of any width between; nullopt for other text.
std::optional<IntType> parse_int_type(std::string_view text);
std::string to_string(IntType type);

enum class Evaluation : uint8_t {
  // Every operand of every operator, both arms of a select too: what vectorized code and
  // hoisting do. What fits so fits in every other way.
  kAll,
  // The arm of a select is computed where its condition says so; all else as in kAll.
  kTaken,
};

struct WidthOptions {
  Evaluation evaluation = Evaluation::kAll;
  int64_t steps = 200'000;  // budget of each question that intervals leave open
  const std::atomic<bool>* cancel = nullptr;  // looked at while working
};

struct FitsAnswer {
  // kTrue: every intermediate is in the range of the type at every point of the facts.
  // kFalse: one of them is outside at every point. kOpen: a point is known at which one
  // is outside. kUnknown: not decided.
  Truth truth = Truth::kUnknown;
  // The costliest layer that was needed; kInterval where intervals alone answered.
  Layer layer = Layer::kInterval;
  // The first that is outside (kFalse, kOpen) or not decided, else none.
  std::optional<Expr> intermediate = std::nullopt;
  // kOpen: a point of the facts at which it is outside, for the symbols that matter, and
  // its value there in decimal digits.
  std::vector<std::pair<Expr, int64_t>> point = {};
  std::string value = {};
};

// Does all of e fit? Cost: linear in the form, under a microsecond for most indices;
// where intervals do not suffice, questions to the facts about the first intermediates
// that are open. About terms nested more than 64 deep only intervals are asked.
FitsAnswer fits(Facts& facts, const Form& form, IntType type,
                const WidthOptions& options = {});
FitsAnswer fits(Facts& facts, Expr e, IntType type, const WidthOptions& options = {});

// An Expr as the form that its text shows, without rewriting.
Form form_of(Expr e);

enum class Narrowing : uint8_t {
  kAsItIs,        // e fits
  kSimplified,    // simplified under the facts, or the shortest form
  kReassociated,  // terms of a sum or factors of a product in another order
  kFactored,      // common factors taken out, as in Horner's scheme
  kDivided,       // a long dividend replaced by quotients and remainders of its terms
  kSplit,         // a 64-bit base, the same in all iterations, plus this form
};
std::string_view narrowing_name(Narrowing narrowing);

struct Narrowed {
  Narrowing narrowing;
  // All of it fits the type. Equal to e, but for kSplit: there e = base + form.
  Form form;
  // kSplit: reads uniform symbols alone, and all of it and of base + form fits int64.
  std::optional<Form> base = std::nullopt;
};

// A form equal to e at the points of the facts, all of which fits: e as it is where that
// fits, else the first that is found, in the order of Narrowing. Every answer has been
// checked by fits. `uniform`: symbols that have one value for all iterations, which may
// be part of a base; empty, or a type of 64 bits: no split. nullopt: none was found.
// Cost: tens of microseconds to some milliseconds.
std::optional<Narrowed> narrow(Facts& facts, Expr e, IntType type,
                               std::span<const Expr> uniform = {},
                               const WidthOptions& options = {});

// The form with the fewest operations that is found among those that fit, where
// form_of(e) or one that narrow finds does; else extract(facts, e), and fits is false. So
// what fits is never replaced by what does not.
struct FittingForm {
  Form form;
  bool fits;
};
FittingForm extract_fitting(Facts& facts, Expr e, IntType type,
                            const WidthOptions& options = {});

struct WidthGuard {
  // To be tested in this order, up to the first that fails. Where the inputs are int64
  // values that respect the facts and those before it hold, a conjunct is computed in
  // int64 without overflow, in the order of its text. Empty: nothing is to be tested.
  std::vector<Expr> conjuncts;
  // Their conjunction; `true` where e fits already.
  Expr condition;
  // For inputs that are int64 values: e fits, for all values that the facts allow for the
  // loop variables, if and only if the condition holds. Else the condition suffices, and
  // may ask for more than is needed.
  bool exact;
};

// A condition on the symbols other than `loops` under which all of e fits. Loop variables
// are replaced by their extreme values under the facts, where e is monotone or affine in
// them; other parts that read them by their bounds. Without what the facts imply.
// Errors: kFailedPrecondition where no condition is found (a loop variable without a
// bound, a guard that contradicts the facts), kOutOfRange where it cannot be computed in
// int64, kResourceExhausted where it has too many parts.
absl::StatusOr<WidthGuard> width_guard(Facts& facts, const Form& form, IntType type,
                                       std::span<const Expr> loops = {},
                                       const WidthOptions& options = {});
absl::StatusOr<WidthGuard> width_guard(Facts& facts, Expr e, IntType type,
                                       std::span<const Expr> loops = {},
                                       const WidthOptions& options = {});

struct LowerOptions {
  WidthOptions width = {};
  std::string function = "f";  // a name of C
};

struct Lowered {
  // A function of C99, C++ and CUDA: "static inline int32_t f(int32_t i, bool p) {...}".
  std::string code;
  std::vector<Expr> parameters;  // in order; symbols, integers of the type or bool
};

// The form as code without undefined or implementation-defined behaviour at the points of
// the facts (intN_t is two's complement by definition; right shifts are made of values
// that are not negative). Divisions: `>>` and `&` for powers of 2, `/` and `%` where
// signs or divisibility make them agree with the floor, else a sequence that rounds down.
// The type of the result is `type`, bool for a proposition. Errors: kFailedPrecondition
// where fits does not say kTrue or a divisor may be 0, kUnimplemented for uninterpreted
// terms and widths other than 8, 16, 32 and 64, kResourceExhausted for code that is too
// long.
absl::StatusOr<Lowered> lower(Facts& facts, const Form& form, IntType type,
                              const LowerOptions& options = {});

}  // namespace congrua

#endif  // CONGRUA_WIDTH_H_
