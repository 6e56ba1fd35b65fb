// Random SMT-LIB scripts over a few constants, for tests that compare engines, and their
// reduction.
#ifndef CONGRUA_TESTS_SMT2_RANDOM_SCRIPT_H_
#define CONGRUA_TESTS_SMT2_RANDOM_SCRIPT_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace congrua::smt2 {

struct ScriptLine {
  enum class Kind : uint8_t { kAssert, kPush, kPop, kCheck, kCheckAssuming };
  Kind kind;
  std::string term = {};                   // kAssert
  std::vector<std::string> literals = {};  // kCheckAssuming
};

inline constexpr std::string_view kRandomDeclarations =
    "(declare-const x Int)(declare-const y Int)(declare-const z Int)(declare-const p "
    "Bool)"
    "(declare-const q Bool)(declare-const r Real)(declare-fun f (Int) Int)\n";

// Asserts are named a0, a1 ... by their line.
inline std::string script_text(const std::vector<ScriptLine>& lines) {
  std::string out(kRandomDeclarations);
  for (size_t i = 0; i < lines.size(); ++i) {
    const ScriptLine& l = lines[i];
    switch (l.kind) {
      case ScriptLine::Kind::kAssert:
        out += "(assert (! " + l.term + " :named a" + std::to_string(i) + "))\n";
        break;
      case ScriptLine::Kind::kPush:
        out += "(push)\n";
        break;
      case ScriptLine::Kind::kPop:
        out += "(pop)\n";
        break;
      case ScriptLine::Kind::kCheck:
        out += "(check-sat)\n";
        break;
      case ScriptLine::Kind::kCheckAssuming:
        out += "(check-sat-assuming (";
        for (const std::string& s : l.literals) out += s + " ";
        out += "))\n";
        break;
    }
  }
  return out;
}

class RandomScript {
 public:
  // Plain remainders: the distributions of <random> differ between libraries.
  explicit RandomScript(uint64_t seed) : rng_(seed * 0x9E3779B97F4A7C15u + 7) {
    reals_ = one_in(4);
    functions_ = one_in(6);
    products_ = one_in(3);
    symbolic_ = one_in(2);
  }

  std::vector<ScriptLine> make() {
    using Kind = ScriptLine::Kind;
    std::vector<ScriptLine> out;
    int depth = 0;
    if (!one_in(3)) {
      for (const char* v : {"x", "y", "z"}) {
        if (one_in(4)) continue;
        const int64_t lo = pick(-3, 2);
        out.push_back({Kind::kAssert, app("<=", number(lo), v)});
        if (!one_in(3))
          out.push_back({Kind::kAssert, app("<", v, number(lo + pick(1, 9)))});
      }
    }
    for (size_t n = 2 + below(9); n > 0; --n) {
      switch (below(8)) {
        case 0:
          out.push_back({Kind::kPush});
          ++depth;
          break;
        case 1:
          if (depth-- > 0) {
            out.push_back({Kind::kPop});
          } else {
            depth = 0;
          }
          break;
        case 2: {
          ScriptLine l{Kind::kCheckAssuming};
          for (size_t i = 1 + below(3); i > 0; --i)
            l.literals.push_back(boolean(below(2)));
          out.push_back(l);
          break;
        }
        case 3:
          out.push_back({Kind::kCheck});
          break;
        default:
          out.push_back({Kind::kAssert, boolean(1 + below(3))});
      }
    }
    out.push_back({Kind::kCheck});
    return out;
  }

 private:
  size_t below(size_t n) { return rng_() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  int64_t pick(int64_t lo, int64_t hi) {
    return lo + static_cast<int64_t>(below(static_cast<size_t>(hi - lo) + 1));
  }
  static std::string number(int64_t v) {
    return v < 0 ? "(- " + std::to_string(-v) + ")" : std::to_string(v);
  }
  static std::string app(std::string_view op, std::string_view a, std::string_view b = {},
                         std::string_view c = {}) {
    std::string out = "(" + std::string(op);
    for (const std::string_view s : {a, b, c}) {
      if (!s.empty()) (out += ' ') += s;
    }
    return out + ")";
  }

  std::string literal() { return number(one_in(6) ? pick(-40, 40) : pick(-4, 8)); }
  std::string divisor() {
    if (symbolic_ && one_in(2)) return one_in(3) ? integer(1) : integer(0);
    return one_in(12) ? "0" : number(one_in(4) ? pick(-5, -1) : pick(1, 8));
  }
  std::string symbol() { return std::string(1, "xyz"[below(3)]); }

  std::string integer(size_t depth) {
    if (depth == 0 || one_in(5)) return one_in(4) ? literal() : symbol();
    const auto sub = [&] { return integer(depth - 1); };
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
        return app("+", sub(), sub(), one_in(3) ? literal() : "");
      case 3:
      case 4:
        return app("-", sub(), sub());
      case 5:
        return app("-", sub());
      case 6:
        return app("*", literal(), sub());
      case 7:
        return products_ ? app("*", sub(), sub()) : app("*", literal(), sub());
      case 8:
        return app("div", sub(), divisor());
      case 9:
      case 10:
        return app("mod", sub(), divisor());
      case 11:
        return app("ite", boolean(depth - 1), sub(), sub());
      case 12:
        if (reals_) return app("to_int", real(depth - 1));
        return app("abs", sub());
      default:
        if (functions_) return app("f", sub());
        return app("abs", sub());
    }
  }
  std::string real(size_t depth) {
    if (depth == 0) {
      return one_in(4)   ? "r"
             : one_in(2) ? "(/ " + symbol() + " " + number(pick(1, 5)) + ")"
                         : "1.5";
    }
    const auto sub = [&] { return real(depth - 1); };
    switch (below(7)) {
      case 0:
        return app("+", sub(), sub());
      case 1:
        return app("-", sub(), sub());
      case 2:
        return app("*", "2.5", sub());
      case 3:
        return app("to_real", integer(depth - 1));
      default:
        return app("/", integer(depth - 1), divisor());
    }
  }
  std::string boolean(size_t depth) {
    if (depth == 0) {
      if (one_in(4)) return one_in(2) ? "p" : "(not q)";
      return compare(1);
    }
    const auto sub = [&] { return boolean(depth - 1); };
    switch (below(14)) {
      case 0:
        return app("not", sub());
      case 1:
        return app("and", sub(), sub(), one_in(2) ? sub() : "");
      case 2:
      case 3:
        return app("or", sub(), sub(), one_in(2) ? sub() : "");
      case 4:
        return app("=>", sub(), sub());
      case 5:
        return app("xor", sub(), sub());
      case 6:
        return app("=", sub(), sub());
      case 7:
        return app("ite", sub(), sub(), sub());
      case 8:
        return app("distinct", integer(1), integer(1), integer(0));
      case 9:
        return app("=", app("mod", integer(depth), divisor()), number(pick(0, 2)));
      case 10:
        if (reals_) {
          return one_in(4) ? app("is_int", real(depth - 1))
                           : app(op(), real(depth - 1), real(0));
        }
        [[fallthrough]];
      default:
        return compare(depth);
    }
  }
  std::string_view op() {
    static constexpr std::string_view kOps[] = {"=", "=", "<", "<=", ">", ">="};
    return kOps[below(6)];
  }
  std::string compare(size_t depth) {
    return app(op(), integer(depth), integer(one_in(2) ? 0 : depth));
  }

  std::mt19937_64 rng_;
  bool reals_, functions_, products_, symbolic_;
};

// The end of the term that starts at `at`.
inline size_t term_end(std::string_view text, size_t at) {
  int depth = 0;
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    const bool ends = i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == ')';
    if (depth == 0 && ends) return i + 1;
  }
  return text.size();
}

// The smallest script found that still fails; `fails` is false for what cannot be read.
inline std::vector<ScriptLine> reduce(
    std::vector<ScriptLine> lines,
    const std::function<bool(const std::vector<ScriptLine>&)>& fails) {
  const auto attempt = [&](std::vector<ScriptLine> candidate) {
    if (!fails(candidate)) return false;
    lines = std::move(candidate);
    return true;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < lines.size() && !changed; ++i) {
      std::vector<ScriptLine> c = lines;
      c.erase(c.begin() + static_cast<std::ptrdiff_t>(i));
      changed = attempt(std::move(c));
    }
    // Each subterm becomes one of its own, or a leaf.
    for (size_t i = 0; i < lines.size() && !changed; ++i) {
      const std::string term = lines[i].term;
      for (size_t at = 0; at < term.size() && !changed; ++at) {
        if (term[at] != '(') continue;
        const size_t end = term_end(term, at);
        std::vector<std::string> with = {"true", "false", "0", "1", "x", "y"};
        for (size_t k = term.find(' ', at); k < end; k = term.find(' ', k + 1)) {
          if (with.size() > 200) break;
          with.push_back(term.substr(k + 1, term_end(term, k + 1) - k - 1));
        }
        for (const std::string& w : with) {
          if (w.size() >= end - at) continue;
          std::vector<ScriptLine> c = lines;
          c[i].term = term.substr(0, at) + w + term.substr(end);
          if ((changed = attempt(std::move(c)))) break;
        }
      }
    }
  }
  return lines;
}

}  // namespace congrua::smt2

#endif  // CONGRUA_TESTS_SMT2_RANDOM_SCRIPT_H_
