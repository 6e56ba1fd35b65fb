// The oracle of the tests of widths: the text of a form is read by a parser of its own
// and computed from left to right as congrua/width.h says, in 128 bits, with a look at
// every intermediate value. Nothing of the library takes part but the text.
#ifndef CONGRUA_TESTS_WIDTH_ORACLE_H_
#define CONGRUA_TESTS_WIDTH_ORACLE_H_

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/width.h"

namespace congrua::width_test {

__extension__ typedef __int128 Wide;

struct Limits {
  Wide lo, hi;
};
inline Limits limits(IntType t) {
  const Wide top = Wide{1} << (t.is_signed ? t.bits - 1 : t.bits);
  return {t.is_signed ? -top : 0, top - 1};
}

using Point = std::map<std::string, int64_t, std::less<>>;

// op: a number, a name, or "neg add sub mul eq ne lt le gt ge and or not" and functions.
struct Term {
  std::string op;
  Wide number = 0;
  std::vector<Term> args = {};
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  Term read() {
    Term t = disjunction();
    if (at_ != text_.size()) fail();
    return t;
  }

 private:
  [[noreturn]] void fail() const {
    std::fprintf(stderr, "oracle: cannot read %s at %zu\n", std::string(text_).c_str(),
                 at_);
    std::abort();
  }
  bool take(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  Term disjunction() {
    Term t = conjunction();
    while (take(" or ")) t = {"or", 0, {t, conjunction()}};
    return t;
  }
  Term conjunction() {
    Term t = negation();
    while (take(" and ")) t = {"and", 0, {t, negation()}};
    return t;
  }
  Term negation() {
    if (take("not ")) return {"not", 0, {negation()}};
    Term t = sum();
    static constexpr std::pair<std::string_view, std::string_view> kOps[] = {
        {" == ", "eq"}, {" != ", "ne"}, {" <= ", "le"},
        {" >= ", "ge"}, {" < ", "lt"},  {" > ", "gt"}};
    for (const auto& [token, op] : kOps) {
      if (take(token)) return {std::string(op), 0, {t, sum()}};
    }
    return t;
  }
  Term sum() {
    const bool minus = take("-");
    const bool number = minus && at_ < text_.size() && std::isdigit(text_[at_]) != 0;
    Term t = product(number);
    if (minus && !number) t = {"neg", 0, {t}};
    while (true) {
      if (take(" + ")) {
        t = {"add", 0, {t, product(false)}};
      } else if (take(" - ")) {
        t = {"sub", 0, {t, product(false)}};
      } else {
        return t;
      }
    }
  }
  Term product(bool negative) {
    std::optional<Term> t;
    do {
      Term base = atom();
      if (negative && !t) base.number = -base.number;
      long power = 1;
      if (take("**")) {
        char* end = nullptr;
        power = std::strtol(text_.data() + at_, &end, 10);
        at_ = static_cast<size_t>(end - text_.data());
      }
      for (; power > 0; --power) t = t ? Term{"mul", 0, {*t, base}} : base;
    } while (take("*"));
    return *t;
  }
  Term atom() {
    if (take("(")) {
      Term t = disjunction();
      if (!take(")")) fail();
      return t;
    }
    if (at_ < text_.size() && (std::isdigit(text_[at_]) != 0 || text_[at_] == '-')) {
      const bool minus = take("-");
      Wide v = 0;
      while (at_ < text_.size() && std::isdigit(text_[at_]) != 0) {
        v = v * 10 + (text_[at_++] - '0');
      }
      return {"number", minus ? -v : v};
    }
    std::string name;
    while (at_ < text_.size() && (std::isalnum(text_[at_]) != 0 || text_[at_] == '_')) {
      name += text_[at_++];
    }
    if (name.empty()) fail();
    if (!take("(")) return {name};
    Term t{name};
    do t.args.push_back(disjunction());
    while (take(", "));
    if (!take(")")) fail();
    // Several operands: one after the other.
    if (name == "min" || name == "max") {
      Term all = t.args[0];
      for (size_t i = 1; i < t.args.size(); ++i) all = {name, 0, {all, t.args[i]}};
      return all;
    }
    t.op = name + "()";
    return t;
  }

  std::string_view text_;
  size_t at_ = 0;
};

inline Wide floor_div_wide(Wide a, Wide b) {
  return a / b - static_cast<int>(a % b != 0 && (a < 0) != (b < 0));
}

// The value at a point; the least and the largest intermediate are kept.
class Computation {
 public:
  explicit Computation(const Point& point, Evaluation e = Evaluation::kAll)
      : point_(point), evaluation_(e) {}

  Wide value(const Term& t) {
    if (t.op == "number") return note(t.number);
    if (t.op == "true" || t.op == "false") return t.op == "true";
    if (t.args.empty()) return note(point_.find(t.op)->second);
    if (t.op == "select()") {
      const bool c = value(t.args[0]) != 0;
      if (evaluation_ == Evaluation::kTaken) return value(t.args[c ? 1 : 2]);
      const Wide a = value(t.args[1]);
      const Wide b = value(t.args[2]);
      return c ? a : b;
    }
    const Wide a = value(t.args[0]);
    const Wide b = t.args.size() > 1 ? value(t.args[1]) : 0;
    if (t.op == "not") return a == 0;
    if (t.op == "and") return a != 0 && b != 0;
    if (t.op == "or") return a != 0 || b != 0;
    if (t.op == "eq") return a == b;
    if (t.op == "ne") return a != b;
    if (t.op == "lt") return a < b;
    if (t.op == "le") return a <= b;
    if (t.op == "gt") return a > b;
    if (t.op == "ge") return a >= b;
    if (t.op == "neg") return note(-a);
    if (t.op == "add") return note(a + b);
    if (t.op == "sub") return note(a - b);
    if (t.op == "mul") return note(a * b);
    if (t.op == "min") return std::min(a, b);
    if (t.op == "max") return std::max(a, b);
    if (t.op == "abs()") return note(a < 0 ? -a : a);
    if (b == 0) {
      no_value_ = true;
      return 0;
    }
    if (t.op == "floor_div()") return note(floor_div_wide(a, b));
    if (t.op == "floor_mod()") return note(a - b * floor_div_wide(a, b));
    if (t.op == "ceil_div()") return note(-floor_div_wide(-a, b));
    std::fprintf(stderr, "oracle: unknown operator %s\n", t.op.c_str());
    std::abort();
  }
  bool within(Limits l) const { return l.lo <= least_ && most_ <= l.hi; }
  bool has_value() const { return !no_value_; }

 private:
  Wide note(Wide v) {
    least_ = std::min(least_, v);
    most_ = std::max(most_, v);
    return v;
  }
  const Point& point_;
  const Evaluation evaluation_;
  Wide least_ = Wide{1} << 120, most_ = -(Wide{1} << 120);
  bool no_value_ = false;
};

// ---- Random questions

struct Box {
  std::string name;
  int64_t lo, hi;
};

inline bool next(const std::vector<Box>& box, Point* p) {
  for (const Box& b : box) {
    int64_t& v = (*p)[b.name];
    if (v < b.hi) {
      ++v;
      return true;
    }
    v = b.lo;
  }
  return false;
}
inline Point first(const std::vector<Box>& box) {
  Point p;
  for (const Box& b : box) p[b.name] = b.lo;
  return p;
}

// Index expressions: sums of strides times indices, quotients and remainders by
// constants, extremes, selections.
class Generator {
 public:
  Generator(ExprPool& pool, std::mt19937_64& random, std::vector<Expr> symbols,
            int64_t largest)
      : pool_(pool), random_(random), symbols_(std::move(symbols)), largest_(largest) {}

  Expr integer(int depth) {
    const int64_t kind = pick(0, depth <= 0 ? 2 : 13);
    if (kind == 0) return number();
    if (kind <= 2) return symbols_[static_cast<size_t>(pick(0, size() - 1))];
    const auto sub = [&] { return integer(depth - 1); };
    switch (kind) {
      case 3:
      case 4:
        return sub() + sub();
      case 5:
        return sub() - sub();
      case 6:
        return number() * sub() + number();
      case 7:
        return sub() * sub();
      case 8:
        return floor_div(sub(), divisor());
      case 9:
        return floor_mod(sub(), divisor());
      case 10:
        return pick(0, 1) != 0 ? min(sub(), sub()) : max(sub(), sub());
      case 11:
        return ceil_div(sub(), divisor());
      case 12:
        return select(proposition(depth - 1), sub(), sub());
      default:
        return number() * sub() + number() * sub() + number() * sub();
    }
  }
  Expr proposition(int depth) {
    const Expr a = integer(depth - 1);
    const Expr b = integer(depth - 1);
    switch (pick(0, 4)) {
      case 0:
        return eq(a, b);
      case 1:
        return logical_and(le(a, b), ge(integer(depth - 1), number()));
      case 2:
        return logical_or(le(a, b), ne(integer(depth - 1), number()));
      default:
        return lt(a, b);
    }
  }
  int64_t pick(int64_t lo, int64_t hi) {
    return std::uniform_int_distribution<int64_t>(lo, hi)(random_);
  }

 private:
  int64_t size() const { return static_cast<int64_t>(symbols_.size()); }
  Expr number() {
    const int64_t scale = pick(0, 3) == 0 ? largest_ : 6;
    return pool_.constant(pick(-scale, scale));
  }
  Expr divisor() {
    const int64_t d = pick(0, 9);
    if (d == 0) return pool_.constant(-pick(1, 5));
    if (d == 1) return symbols_[static_cast<size_t>(pick(0, size() - 1))];
    return pool_.constant(d < 5 ? int64_t{1} << pick(0, 4) : pick(1, 9));
  }

  ExprPool& pool_;
  std::mt19937_64& random_;
  std::vector<Expr> symbols_;
  int64_t largest_;
};

inline uint64_t soak(uint64_t few) {
  const char* percent = std::getenv("CONGRUA_SOAK");
  return few *
         static_cast<uint64_t>(percent == nullptr ? 1 : std::max(1, std::atoi(percent)));
}

}  // namespace congrua::width_test

#endif  // CONGRUA_TESTS_WIDTH_ORACLE_H_
