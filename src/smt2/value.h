// Exact values of SMT-LIB terms: booleans, integers and rationals.
#ifndef CONGRUA_SMT2_VALUE_H_
#define CONGRUA_SMT2_VALUE_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/int.h"
#include "congrua/expr.h"

namespace congrua::smt2 {

std::string_view sort_name(Sort s);

// num / den in lowest terms, den > 0. Integers have den 1, booleans are 0 or 1.
struct Value {
  Int num;
  Int den = 1;

  static Value of(bool b) { return {Int(b ? 1 : 0), 1}; }
  static Value ratio(const Int& num, const Int& den);  // den != 0
  bool is_zero() const { return num.is_zero(); }
  bool is_true() const { return !num.is_zero(); }
  bool is_integer() const { return den.is_one(); }
  friend bool operator==(const Value&, const Value&) = default;
};

Value operator+(const Value& a, const Value& b);
Value operator-(const Value& a, const Value& b);
Value operator*(const Value& a, const Value& b);
Value operator/(const Value& a, const Value& b);  // b != 0
bool less(const Value& a, const Value& b);
inline bool operator<(const Value& a, const Value& b) { return less(a, b); }
// SMT-LIB's integer division: the remainder lies in [0, |b|). Requires b != 0.
Int euclid_div(const Int& a, const Int& b);
Int euclid_mod(const Int& a, const Int& b);
// The non-negative square root, where it is rational.
std::optional<Value> exact_sqrt(const Value& a);

// SMT-LIB text: "(- 3)", "2.0", "(/ 1.0 3.0)", "true".
std::string to_smtlib(const Value& v, Sort sort);
// Reads what to_smtlib or Z3 prints for a value; nullopt for anything else (algebraic
// numbers).
std::optional<Value> parse_value(std::string_view text);
// "12.50" or "7".
std::optional<Value> parse_decimal(std::string_view text);

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_VALUE_H_
