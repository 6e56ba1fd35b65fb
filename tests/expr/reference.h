// The oracle of the expression tests: trees of operators as they stand in an
// s-expression, and their values by definition (docs/semantics.md), without any canonical
// form.
#ifndef CONGRUA_TESTS_EXPR_REFERENCE_H_
#define CONGRUA_TESTS_EXPR_REFERENCE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/int.h"
#include "tests/base/soak.h"

namespace congrua::expr_test {

struct Tree {
  std::string head;  // an atom, or the operator of a list
  std::vector<Tree> args;
  bool list = false;
};

// Well-formed text only.
inline std::vector<Tree> parse_trees(std::string_view text) {
  std::vector<Tree> out;
  std::vector<Tree> open;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++i;
    } else if (c == '(') {
      open.push_back({{}, {}, true});
      ++i;
    } else if (c == ')') {
      Tree t = std::move(open.back());
      open.pop_back();
      if (!t.args.empty() && !t.args[0].list) {
        t.head = t.args[0].head;
        t.args.erase(t.args.begin());
      }
      (open.empty() ? out : open.back().args).push_back(std::move(t));
      ++i;
    } else {
      const size_t end = std::min(text.find_first_of(" \n\t\r()", i), text.size());
      (open.empty() ? out : open.back().args)
          .push_back({std::string(text.substr(i, end - i)), {}, false});
      i = end;
    }
  }
  return out;
}

inline void write(const Tree& t, std::string& out) {
  if (!t.list) {
    out += t.head;
    return;
  }
  out += '(' + t.head;
  for (const Tree& a : t.args) {
    if (out.back() != '(') out += ' ';
    write(a, out);
  }
  out += ')';
}
inline std::string text_of(const Tree& t) {
  std::string out;
  write(t, out);
  return out;
}

inline bool is_numeral(std::string_view s) { return Int::parse(s).has_value(); }

inline void symbols_of(const Tree& t, std::set<std::string>& out) {
  if (!t.list && !is_numeral(t.head) && t.head != "true" && t.head != "false")
    out.insert(t.head);
  for (const Tree& a : t.args) symbols_of(a, out);
}

// The values of a tree at a point. Every operand is evaluated, that of a branch not taken
// too: so `defined` says that no divisor in the whole text is 0.
class Reference {
 public:
  explicit Reference(bool euclid = false) : euclid_(euclid) {}
  std::map<std::string, Int> point;

  // nullopt: some divisor is 0, or an operator is uninterpreted.
  std::optional<Int> evaluate(const Tree& t) {
    defined_ = true;
    Int v = value(t);
    return defined_ ? std::optional(std::move(v)) : std::nullopt;
  }

 private:
  Int value(const Tree& t) {
    if (!t.list) return leaf(t.head);
    if (t.head == "piecewise") {
      std::optional<Int> chosen;
      for (const Tree& pair : t.args) {
        const Int c = value(pair.args[0]);
        const Int v = value(pair.args[1]);
        if (!chosen && !c.is_zero()) chosen = v;
      }
      return chosen.value_or(Int());
    }
    std::vector<Int> a;
    for (const Tree& x : t.args) a.push_back(value(x));
    return apply(t.head, a);
  }

  Int leaf(const std::string& s) {
    if (s == "true") return 1;
    if (s == "false") return 0;
    if (std::optional<Int> v = Int::parse(s)) return *v;
    const auto it = point.find(s);
    if (it != point.end()) return it->second;
    defined_ = false;
    return 0;
  }

  static Int of(bool b) { return b ? 1 : 0; }

  Int floor(const Int& a, const Int& b) {
    if (b.is_zero()) {
      defined_ = false;
      return 0;
    }
    return floor_div(a, b);
  }
  Int quotient(const Int& a, const Int& b) {
    if (!euclid_) return floor(a, b);
    if (b.is_zero()) return 0;
    return b.sign() > 0 ? floor_div(a, b) : -floor_div(a, -b);
  }
  Int remainder(const Int& a, const Int& b) {
    if (euclid_) return b.is_zero() ? Int() : a - b * quotient(a, b);
    return a - b * quotient(a, b);
  }
  Int truncate(const Int& a, const Int& b) {
    const Int q = floor(abs(a), abs(b));
    return a.sign() * b.sign() < 0 ? -q : q;
  }
  Int to_even(const Int& a, const Int& b) {  // a/b rounded to the nearest integer
    const Int low = floor(a, b);
    if (!defined_) return 0;
    const Int twice = (a - b * low) * Int(2);  // between 0 and 2*b
    const bool up = b.sign() > 0 ? twice > b : twice < b;
    const bool tie = twice == b;
    return up || (tie && !low.is_even()) ? low + Int(1) : low;
  }

  Int apply(const std::string& op, const std::vector<Int>& a) {
    if (op == "add" || op == "mul" || op == "min" || op == "max" || op == "and" ||
        op == "or") {
      Int r = a[0];
      for (size_t i = 1; i < a.size(); ++i) {
        if (op == "add") r += a[i];
        if (op == "mul") r *= a[i];
        if (op == "min" ? a[i] < r : op == "max" && a[i] > r) r = a[i];
        if (op == "and") r = of(!r.is_zero() && !a[i].is_zero());
        if (op == "or") r = of(!r.is_zero() || !a[i].is_zero());
      }
      return r;
    }
    if (op == "sub") return a[0] - a[1];
    if (op == "neg") return -a[0];
    if (op == "abs") return abs(a[0]);
    if (op == "identity") return a[0];
    if (op == "floordiv" || op == "cleandiv") return quotient(a[0], a[1]);
    if (op == "floormod" || op == "mod" || op == "pymod") return remainder(a[0], a[1]);
    if (op == "modidx") return remainder(quotient(a[0], a[1]), a[2]);
    if (op == "ceildiv") return -floor(-a[0], a[1]);
    if (op == "truncdiv") return truncate(a[0], a[1]);
    if (op == "truncmod") return a[0] - a[1] * truncate(a[0], a[1]);
    if (op == "roundeven") return to_even(a[0], a[1]);  // of the tests alone
    if (op == "pow" || op == "pownat") {
      if (a[1].sign() < 0) return undefined();
      Int r(1);
      for (Int i; i < a[1]; i += Int(1)) r *= a[0];
      return r;
    }
    if (op == "select" || op == "where") return a[0].is_zero() ? a[2] : a[1];
    if (op == "eq") return of(a[0] == a[1]);
    if (op == "ne") return of(!(a[0] == a[1]));
    if (op == "lt") return of(a[0] < a[1]);
    if (op == "le") return of(a[0] <= a[1]);
    if (op == "gt") return of(a[0] > a[1]);
    if (op == "ge") return of(a[0] >= a[1]);
    if (op == "not") return of(a[0].is_zero());
    return undefined();
  }
  Int undefined() {
    defined_ = false;
    return 0;
  }

  const bool euclid_;
  bool defined_ = true;
};

// Percent of a full run, for tests that begin with the same seed each time.
inline int soak_percent() {
  const Seeds seeds = soak_seeds(1, 100);
  return static_cast<int>(seeds.count());
}

}  // namespace congrua::expr_test

#endif  // CONGRUA_TESTS_EXPR_REFERENCE_H_
