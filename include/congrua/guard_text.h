// Guards as code: what Env::guards() returned, printed as a function of C++ or Python.
//
//   GuardSet set = env.guards();
//   auto cpp = print_cpp(env, set, {.function = "fits_graph_7"});
//   cpp->code      // includes, helpers, fits_graph_7 and fits_graph_7_first_failing
//   cpp->ints      // {"x.size(0)", "x.size(1)"}: the order of the first argument
//   cpp->conditions[3].location   // what asked for the condition with that index
//
// The printed C++ (C++17 of g++ or clang, 64-bit; it needs no file of this library):
//
//   int NAME_first_failing(const int64_t* ints, const double* floats, const uint8_t*
//   bools); bool NAME(const int64_t* ints, const double* floats, const uint8_t* bools);
//
// and the printed Python (any Python 3), with sequences of int, float and bool:
//
//   def NAME_first_failing(ints, floats, bools): ...
//   def NAME(ints, floats, bools): ...
//
// An array that would be empty is not read and may be null or None. A byte of `bools`
// other than 0 is true. The first function returns the index in `conditions` of the first
// condition that fails, or -1; the second one whether there is none. Both languages have
// the same conditions in the same order: sources that are constants or equal to another
// source; ranges of inputs, with those they were born with, and excluded NaN; guards;
// sources whose values are computed. Each has a comment that says what asked for it.
//
// What a condition means. A condition holds where all terms in it have a value and it is
// true; else it fails. Integers are exact, whatever the size of intermediate values:
// there is no input for which the printed code overflows, wraps or traps. No value have
//   * a quotient or remainder by 0: a condition that the divisor is not 0 comes first
//     where it does not follow from the conditions before (kDivisor where the set has
//     none), and it fails also where a selection would not read the quotient;
//   * trunc, floor, ceil and round of a float that is NaN or has its value outside int64;
//   * an integer outside int64 that is converted to a float, compared with one, or
//     handed to a function of the host;
//   * float_div by 0, `truediv` also with an operand beyond 2^53 in size, and min and max
//     of a NaN.
// Floats are IEEE doubles, rounded to nearest; integers are compared with them exactly.
//
// How integers are computed (C++). Each intermediate is int64_t where its range under the
// conditions before says that it fits; else a 128-bit integer where that does; else a
// fixed number of 64-bit limbs that does, found from the ranges of what it is made of
// (three sizes of which nothing is known multiply in 192 bits, some ten nanoseconds).
//
// Errors: kInvalidArgument for a name that is no identifier, for a set of another
// environment; kFailedPrecondition for a condition that reads what is no input;
// kUnimplemented for a term that has no code: a function of the host without a name in
// `functions`, a real operation that floats.h does not have; kResourceExhausted where an
// integer would have more than 4096 bits, or the code more than 4 MB.
// Cost: a few questions to the facts for each condition. Thread safety: that of Env.
#ifndef CONGRUA_GUARD_TEXT_H_
#define CONGRUA_GUARD_TEXT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/shape.h"

namespace congrua::shape {

struct GuardTextOptions {
  std::string function = "guards_hold";  // NAME, an identifier
  // What opaque terms are called in the code, by their name in the environment: pure
  // functions of int64_t, double and bool that the code can see ("host::vscale"). An
  // integer function returns int64_t (in Python any int), others double or bool. Each
  // term calls its function once, also where a selection would not read the value.
  std::vector<std::pair<std::string, std::string>> functions = {};
  // Written before both C++ functions: "static", "extern \"C\"", "inline".
  std::string linkage = {};
};

enum class ConditionKind : uint8_t {
  kSource,   // a second source equals a symbol, or a source a constant
  kRange,    // bounds of one input
  kNumber,   // a float is not NaN
  kDivisor,  // not 0
  kGuard,
};
std::string_view kind_name(ConditionKind kind);

struct PrintedCondition {
  ConditionKind kind;
  std::string text;  // for people, with sources: "x.size(0) >= 4"
  // Where the program was when it was asked for, as set_location had it; several places
  // are separated by ", ".
  std::string location;
  std::optional<RecordId> record;  // the guard's origin
};

struct PrintedGuards {
  std::string code;
  // The sources of the arguments, by their index. Symbols come in the order of their
  // births, then sources with known values; a symbol without a source has its name here.
  std::vector<std::string> ints, floats, bools;
  std::vector<PrintedCondition> conditions;
};

absl::StatusOr<PrintedGuards> print_cpp(Env& env, const GuardSet& set,
                                        const GuardTextOptions& options = {});
absl::StatusOr<PrintedGuards> print_python(Env& env, const GuardSet& set,
                                           const GuardTextOptions& options = {});

}  // namespace congrua::shape

#endif  // CONGRUA_GUARD_TEXT_H_
