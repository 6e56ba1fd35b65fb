// Canonical propositions as text for a Z3Session.
//
// Symbols and opaque functions get names by the order of their first occurrence, since
// their own may hold what SMT-LIB cannot quote; every other node with operands becomes a
// definition, so that a shared node is written once.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "expr/builder.h"
#include "expr/column.h"
#include "expr/eval.h"
#include "fmt/format.h"
#include "guard/z3.h"

namespace congrua::guard {

namespace {

using internal::Node;

// Products of a higher degree keep Z3's normalization busy beyond all its limits, and so
// do powers of a smaller one (measured in smt2/powers.cc).
constexpr uint64_t kMaxDegree = 64;
constexpr uint64_t kMaxPower = 20;
constexpr size_t kMaxNodes = 200'000;

class ScriptWriter {
 public:
  // The next assert. False where a term is not for Z3: see reason().
  bool add(const Node* root);
  std::string_view reason() const { return reason_; }

  const std::string& text() const { return text_; }
  // The name or literal that stands for a node that was written.
  const std::string& name(const Node* n) const { return places_.find(n)->name; }
  // Symbols and opaque terms in the order of their first occurrence.
  const std::vector<const Node*>& variables() const { return variables_; }
  // For each assert `:named o0`, `o1`, ... that a divisor is not 0: the first assert,
  // counted by calls of add, that brings it in.
  const std::vector<size_t>& obligations() const { return obligations_; }

 private:
  struct Place {
    std::string name;
    uint64_t degree = 0;  // of the polynomial that Z3 may expand it to
    uint32_t depth = 0;   // longest way down to a leaf
  };
  struct Frame {
    const Node* node;
    bool opened;
  };

  bool refuse(std::string_view reason) {
    reason_ = reason;
    return false;
  }
  void oblige(std::string_view proposition) {
    print("(assert (! {} :named o{}))\n", proposition, obligations_.size());
    obligations_.push_back(asserts_ - 1);
  }
  std::string fresh(char kind) { return fmt::format("{}{}", kind, count_++); }
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  static std::string integer(const Int& v) {
    return v.sign() < 0 ? fmt::format("(- {})", (-v).to_string()) : v.to_string();
  }
  std::string_view sort_name(Sort s);
  uint64_t degree_of(const Node* n) const;
  uint64_t power_of(const Node* n) const;  // the highest of a factor
  std::string write(const Node* n);
  std::string write_symbol(const internal::SymbolNode* s);
  std::string write_opaque(const internal::OpaqueNode* o);
  std::string write_quotient(const Node* dividend, const Node* divisor);
  std::string body(const Node* n);
  std::string joined(std::string_view op, std::span<const Node* const> args) const;

  std::string text_;
  size_t count_ = 0;
  size_t asserts_ = 0;
  std::vector<size_t> obligations_;
  bool has_real_sort_ = false;
  internal::NodeColumn<Place> places_;
  absl::flat_hash_map<std::string, std::string> functions_;  // by name and signature
  std::vector<const Node*> variables_;
  std::vector<Frame> stack_;
  std::string_view reason_;
};

bool ScriptWriter::add(const Node* root) {
  ++asserts_;
  stack_.push_back({root, false});
  while (!stack_.empty()) {
    const auto [n, opened] = stack_.back();
    if (places_.find(n) != nullptr) {
      stack_.pop_back();
    } else if (!opened) {
      stack_.back().opened = true;
      // The first operand on top: what is written first stands first.
      const size_t top = stack_.size();
      internal::for_each_child(n, [&](const Node* c) { stack_.push_back({c, false}); });
      std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(top), stack_.end());
    } else {
      stack_.pop_back();
      uint32_t depth = 0;
      internal::for_each_child(
          n, [&](const Node* c) { depth = std::max(depth, places_.find(c)->depth + 1); });
      if (depth > kZ3MaxDepth) return refuse("terms nested too deeply for Z3");
      const uint64_t degree = degree_of(n);
      if (degree > kMaxDegree || power_of(n) > kMaxPower)
        return refuse("a product of too many factors for Z3");
      if (count_ >= kMaxNodes) return refuse("too many terms for Z3");
      std::string written = write(n);
      places_.put(n, {std::move(written), degree, depth});
    }
  }
  return true;
}

uint64_t ScriptWriter::degree_of(const Node* n) const {
  uint64_t degree = n->op == Op::kConst ? 0 : 1;
  if (n->op == Op::kAdd) {
    for (const internal::Term& t : internal::terms_of(n)) {
      degree = std::max(degree, places_.find(t.mono)->degree);
    }
  } else if (n->op == Op::kMul) {
    degree = 0;
    for (const internal::Factor& f : internal::factors_of(n)) {
      degree += uint64_t{f.exponent} * places_.find(f.base)->degree;
    }
  }
  return degree;
}

uint64_t ScriptWriter::power_of(const Node* n) const {
  uint64_t power = 0;
  if (n->op == Op::kMul) {
    for (const internal::Factor& f : internal::factors_of(n))
      power = std::max(power, f.exponent * places_.find(f.base)->degree);
  }
  return power;
}

std::string_view ScriptWriter::sort_name(Sort s) {
  if (s != Sort::kReal) return s == Sort::kInt ? "Int" : "Bool";
  // Of real terms nothing is known: a sort of their own.
  if (!std::exchange(has_real_sort_, true)) print("(declare-sort Opaque 0)\n");
  return "Opaque";
}

std::string ScriptWriter::write(const Node* n) {
  switch (n->op) {
    case Op::kConst:
      return n->sort != Sort::kBool               ? integer(internal::const_value(n))
             : internal::const_value(n).is_zero() ? "false"
                                                  : "true";
    case Op::kSymbol:
      return write_symbol(internal::as_symbol(n));
    case Op::kOpaque:
      return write_opaque(static_cast<const internal::OpaqueNode*>(n));
    default: {
      const std::string value = body(n);
      const std::string_view sort = sort_name(n->sort);
      std::string name = fresh('t');
      print("(define-fun {} () {} {})\n", name, sort, value);
      return name;
    }
  }
}

std::string ScriptWriter::write_symbol(const internal::SymbolNode* s) {
  variables_.push_back(s);
  const std::string_view sort = sort_name(s->sort);
  std::string name = fresh('s');
  print("(declare-fun {} () {})\n", name, sort);
  if (s->sort == Sort::kInt) {
    if (s->lo != INT64_MIN) print("(assert (>= {} {}))\n", name, integer(Int(s->lo)));
    if (s->hi != INT64_MAX) print("(assert (<= {} {}))\n", name, integer(Int(s->hi)));
  }
  return name;
}

std::string ScriptWriter::write_opaque(const internal::OpaqueNode* o) {
  variables_.push_back(o);
  std::string domain, arguments;
  for (const Node* a : internal::args_of(o)) {
    fmt::format_to(std::back_inserter(domain), "{} ", sort_name(a->sort));
    fmt::format_to(std::back_inserter(arguments), " {}", name(a));
  }
  const std::string_view sort = sort_name(o->sort);
  // A space before the name: no sort begins with it.
  std::string& function = functions_[fmt::format("{}{} {}", domain, sort, o->name)];
  if (function.empty()) {
    function = fresh('f');
    print("(declare-fun {} ({}) {})\n", function, domain, sort);
  }
  if (arguments.empty()) return function;
  const std::string applied = fmt::format("({}{})", function, arguments);
  std::string name = fresh('t');
  print("(define-fun {} () {} {})\n", name, sort, applied);
  return name;
}

std::string ScriptWriter::joined(std::string_view op,
                                 std::span<const Node* const> args) const {
  std::string s = fmt::format("({}", op);
  for (const Node* a : args) fmt::format_to(std::back_inserter(s), " {}", name(a));
  return s + ")";
}

// SMT-LIB's div rounds down for a positive divisor, and floor_div(a, b) = floor_div(-a,
// -b).
std::string ScriptWriter::write_quotient(const Node* dividend, const Node* divisor) {
  const std::string& a = name(dividend);
  const std::string& b = name(divisor);
  if (divisor->op == Op::kConst) {
    const Int& c = internal::const_value(divisor);
    if (c.is_zero()) oblige("false");
    return c.sign() > 0 ? fmt::format("(div {} {})", a, b)
                        : fmt::format("(div (- {}) {})", a, (-c).to_string());
  }
  if (divisor->op == Op::kSymbol && internal::as_symbol(divisor)->lo >= 1) {
    return fmt::format("(div {} {})", a, b);
  }
  oblige(fmt::format("(not (= {} 0))", b));
  return fmt::format("(ite (> {1} 0) (div {0} {1}) (div (- {0}) (- {1})))", a, b);
}

std::string ScriptWriter::body(const Node* n) {
  const auto args = internal::args_of(n);
  switch (n->op) {
    case Op::kAdd: {
      std::string s;
      for (const internal::Term& t : internal::terms_of(n)) {
        if (t.coef.is_one()) {
          fmt::format_to(std::back_inserter(s), " {}", name(t.mono));
        } else {
          fmt::format_to(std::back_inserter(s), " (* {} {})", integer(t.coef),
                         name(t.mono));
        }
      }
      const Int& constant = internal::constant_of(n);
      if (constant.is_zero() && internal::terms_of(n).size() == 1) return s;
      if (!constant.is_zero())
        fmt::format_to(std::back_inserter(s), " {}", integer(constant));
      return fmt::format("(+{})", s);
    }
    case Op::kMul: {
      std::string s = "(*";
      for (const internal::Factor& f : internal::factors_of(n)) {
        for (uint32_t i = 0; i < f.exponent; ++i) {
          fmt::format_to(std::back_inserter(s), " {}", name(f.base));
        }
      }
      return s + ")";
    }
    case Op::kFloorDiv:
      return write_quotient(args[0], args[1]);
    case Op::kMin:
    case Op::kMax: {
      // Each step has a name, so that it is written once though it occurs twice.
      std::string best = name(args[0]);
      for (size_t i = 1; i < args.size(); ++i) {
        if (i > 1) {
          const std::string before = fresh('t');
          print("(define-fun {} () Int {})\n", before, best);
          best = before;
        }
        best = fmt::format("(ite ({0} {1} {2}) {1} {2})",
                           n->op == Op::kMin ? "<=" : ">=", best, name(args[i]));
      }
      return best;
    }
    case Op::kSelect:
      return joined("ite", args);
    case Op::kGe:
      return fmt::format("(>= {} 0)", name(args[0]));
    case Op::kEq:
      return fmt::format("(= {} 0)", name(args[0]));
    case Op::kNot:
      return joined("not", args);
    case Op::kIff:
      return joined("=", args);
    case Op::kAnd:
      return joined("and", args);
    case Op::kConst:
    case Op::kSymbol:
    case Op::kOpaque:
      break;  // no definitions
  }
  return {};
}

// "5", "(- 3)", "true".
std::optional<Int> value_of(std::string_view text) {
  if (text == "true") return Int(1);
  if (text == "false") return Int(0);
  const bool negative = text.starts_with("(- ") && text.ends_with(")");
  std::optional<Int> v = Int::parse(negative ? text.substr(3, text.size() - 4) : text);
  if (v && negative) v = -*v;
  return v;
}

bool in_birth_range(const Node* n, const Int& v) {
  if (n->op != Op::kSymbol || n->sort != Sort::kInt) return true;
  const internal::SymbolNode* s = internal::as_symbol(n);
  return (s->lo == INT64_MIN || v >= Int(s->lo)) &&
         (s->hi == INT64_MAX || v <= Int(s->hi));
}

// The values as a model of the asserts, if they are one.
std::optional<Model> checked_model(std::span<const Node* const> variables,
                                   std::span<const std::string> values,
                                   std::span<const Expr> asserts) {
  Model model;
  internal::Assignment point;
  for (size_t i = 0; i < variables.size(); ++i) {
    const std::optional<Int> v = value_of(values[i]);
    if (!v || !in_birth_range(variables[i], *v)) return std::nullopt;
    point.set(variables[i], *v);
    model.emplace_back(internal::Builder::expr(variables[i]), *v);
  }
  internal::Evaluator evaluator;
  for (const Expr e : asserts) {
    const std::optional<Int> v = evaluator.evaluate(internal::Builder::node(e), point);
    if (!v || !v->is_one()) return std::nullopt;
  }
  return model;
}

// The asserts that a core names, or whose divisors it says are not 0.
std::vector<bool> used_asserts(const std::vector<std::string>& core,
                               const ScriptWriter& writer, size_t n) {
  std::vector<bool> used(n);
  for (const std::string& name : core) {
    size_t index = 0;
    std::from_chars(name.data() + 1, name.data() + name.size(), index);
    used[name[0] == 'o' ? writer.obligations()[index] : index] = true;
  }
  return used;
}

SolveResult unknown(std::string_view reason) {
  SolveResult result;
  result.layer = Layer::kZ3;
  result.reason = reason;
  return result;
}

}  // namespace

SolveResult z3_solve(ExprPool&, std::span<const Expr> asserts, const Z3Limits& limits,
                     bool want_core) {
  if (!z3_available()) return unknown("this build has no Z3");
  ScriptWriter writer;
  for (const Expr e : asserts) {
    if (!writer.add(internal::Builder::node(e))) return unknown(writer.reason());
  }
  std::string text = writer.text();
  for (size_t i = 0; i < asserts.size(); ++i) {
    fmt::format_to(std::back_inserter(text), "(assert (! {} :named c{}))\n",
                   writer.name(internal::Builder::node(asserts[i])), i);
  }
  std::vector<const Node*> variables;
  std::vector<std::string> names;
  for (const Node* n : writer.variables()) {
    if (n->sort == Sort::kReal) continue;
    variables.push_back(n);
    names.push_back(writer.name(n));
  }

  Z3Session session;
  if (!session.add_text(text, nullptr)) return unknown("Z3 refused the text");
  const Z3Result answer = session.check(limits, {}, false, false, names);
  SolveResult result;
  result.layer = Layer::kZ3;
  result.status = answer.status;
  switch (answer.status) {
    case Status::kSat: {
      std::optional<Model> model = checked_model(variables, answer.values, asserts);
      if (!model) return unknown("Z3's model failed the exact check");
      result.model = *std::move(model);
      return result;
    }
    case Status::kUnsat: {
      std::vector<bool> used(asserts.size(), true);
      if (want_core) {
        const Z3Result again = session.check(limits, {}, false, true);
        if (again.status == Status::kUnsat)
          used = used_asserts(again.core, writer, asserts.size());
      }
      for (size_t i = 0; i < asserts.size(); ++i) {
        if (used[i]) result.core.push_back(i);
      }
      return result;
    }
    case Status::kUnknown:
      break;
  }
  if (answer.reason == "cancelled") return unknown("cancelled");
  return unknown(answer.reason.find("incomplete") != std::string::npos
                     ? "Z3 is incomplete here"
                     : "Z3 reached a limit");
}

}  // namespace congrua::guard
