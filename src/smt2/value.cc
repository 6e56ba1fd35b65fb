#include "smt2/value.h"

#include <vector>

#include "smt2/lexer.h"

namespace congrua::smt2 {

std::string_view sort_name(Sort s) {
  switch (s) {
    case Sort::kBool:
      return "Bool";
    case Sort::kInt:
      return "Int";
    default:
      return "Real";
  }
}

Value Value::ratio(const Int& num, const Int& den) {
  const Int g = gcd(num, den);
  Int n = floor_div(num, g);
  Int d = floor_div(den, g);
  if (d.sign() < 0) {
    n = -n;
    d = -d;
  }
  return {std::move(n), std::move(d)};
}

Value operator+(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) return {a.num + b.num, 1};
  return Value::ratio(a.num * b.den + b.num * a.den, a.den * b.den);
}
Value operator-(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) return {a.num - b.num, 1};
  return Value::ratio(a.num * b.den - b.num * a.den, a.den * b.den);
}
Value operator*(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) return {a.num * b.num, 1};
  return Value::ratio(a.num * b.num, a.den * b.den);
}
Value operator/(const Value& a, const Value& b) {
  return Value::ratio(a.num * b.den, a.den * b.num);
}
bool less(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) return a.num < b.num;
  return a.num * b.den < b.num * a.den;
}

// floor(a / b) leaves a remainder in [0, b) for b > 0. For b < 0: a = (-q)(-b)... with q'
// = -q and |b| = -b the remainder of floor(a / |b|) lies in [0, |b|).
Int euclid_div(const Int& a, const Int& b) {
  return b.sign() > 0 ? floor_div(a, b) : -floor_div(a, -b);
}
Int euclid_mod(const Int& a, const Int& b) { return floor_mod(a, abs(b)); }

namespace {

// Newton's iteration from above: decreases until it reaches floor(sqrt(n)).
std::optional<Int> exact_sqrt(const Int& n) {
  if (n.sign() < 0) return std::nullopt;
  if (n.is_zero()) return Int(0);
  Int x = 1;
  for (unsigned i = 0; i < n.bit_length() / 2 + 1; ++i) x = x + x;
  for (;;) {
    Int y = floor_div(x + floor_div(n, x), Int(2));
    if (y >= x) break;
    x = std::move(y);
  }
  if (x * x != n) return std::nullopt;
  return x;
}

}  // namespace

std::optional<Value> exact_sqrt(const Value& a) {
  auto n = exact_sqrt(a.num);
  auto d = exact_sqrt(a.den);
  if (!n || !d) return std::nullopt;
  return Value{std::move(*n), std::move(*d)};
}

std::string to_smtlib(const Value& v, Sort sort) {
  if (sort == Sort::kBool) return v.is_true() ? "true" : "false";
  const bool negative = v.num.sign() < 0;
  std::string s = abs(v.num).to_string();
  if (sort == Sort::kReal) {
    s += ".0";
    if (!v.is_integer()) s = "(/ " + s + " " + v.den.to_string() + ".0)";
  }
  return negative ? "(- " + s + ")" : s;
}

std::optional<Value> parse_decimal(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    auto n = Int::parse(text);
    if (!n) return std::nullopt;
    return Value{std::move(*n), 1};
  }
  std::string digits(text.substr(0, dot));
  digits += text.substr(dot + 1);
  auto n = Int::parse(digits);
  auto d = Int::parse("1" + std::string(text.size() - dot - 1, '0'));
  if (!n || !d) return std::nullopt;
  return Value::ratio(*n, *d);
}

// A stack machine over the tokens: values nest as (- v) and (/ v v) only.
std::optional<Value> parse_value(std::string_view text) {
  struct Frame {
    char op;
    std::vector<Value> args;
  };
  std::vector<Frame> stack;
  std::optional<Value> result;
  Lexer lexer(text);
  for (;;) {
    const Token t = lexer.next();
    std::optional<Value> v;
    switch (t.kind) {
      case Tok::kEnd:
        return stack.empty() ? result : std::nullopt;
      case Tok::kOpen: {
        const Token op = lexer.next();
        if (op.text != "-" && op.text != "/") return std::nullopt;
        stack.push_back({op.text[0], {}});
        continue;
      }
      case Tok::kClose: {
        if (stack.empty()) return std::nullopt;
        const Frame f = std::move(stack.back());
        stack.pop_back();
        if (f.op == '-' && f.args.size() == 1) {
          v = Value{-f.args[0].num, f.args[0].den};
        } else if (f.op == '/' && f.args.size() == 2 && !f.args[1].is_zero()) {
          v = f.args[0] / f.args[1];
        } else {
          return std::nullopt;
        }
        break;
      }
      case Tok::kNumeral:
      case Tok::kDecimal:
        v = parse_decimal(t.text);
        break;
      case Tok::kSymbol:
        if (t.text == "true") {
          v = Value::of(true);
        } else if (t.text == "false") {
          v = Value::of(false);
        } else if (t.text.front() == '-' && t.text.size() > 1) {
          v = parse_decimal(t.text.substr(1));
          if (v) v->num = -v->num;
        }
        break;
      default:
        break;
    }
    if (!v) return std::nullopt;
    if (!stack.empty()) {
      stack.back().args.push_back(std::move(*v));
    } else if (result) {
      return std::nullopt;
    } else {
      result = std::move(v);
    }
  }
}

}  // namespace congrua::smt2
