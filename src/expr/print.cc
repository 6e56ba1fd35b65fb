// The two printers: views written out with an explicit stack.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "congrua/text.h"
#include "expr/builder.h"
#include "expr/text_ops.h"
#include "expr/view_names.h"

namespace congrua {
namespace internal {
namespace {

std::string_view operator_name(ViewOp op, Language language) {
  const bool sexpr = language == Language::kSexpr;
  switch (op) {
    case ViewOp::kFloorDiv:
      return sexpr ? "floordiv" : "floor_div";
    case ViewOp::kFloorMod:
      return sexpr ? "floormod" : "floor_mod";
    case ViewOp::kCeilDiv:
      return sexpr ? "ceildiv" : "ceil_div";
    case ViewOp::kTruncDiv:
      return sexpr ? "truncdiv" : "trunc_div";
    case ViewOp::kTruncMod:
      return sexpr ? "truncmod" : "trunc_mod";
    case ViewOp::kMin:
      return "min";
    case ViewOp::kMax:
      return "max";
    case ViewOp::kAbs:
      return "abs";
    case ViewOp::kSelect:
      return "select";
    case ViewOp::kEq:
      return sexpr ? "eq" : " == ";
    case ViewOp::kNe:
      return sexpr ? "ne" : " != ";
    case ViewOp::kLt:
      return sexpr ? "lt" : " < ";
    case ViewOp::kLe:
      return sexpr ? "le" : " <= ";
    case ViewOp::kGt:
      return sexpr ? "gt" : " > ";
    case ViewOp::kGe:
      return sexpr ? "ge" : " >= ";
    case ViewOp::kAnd:
      return sexpr ? "and" : " and ";
    case ViewOp::kOr:
      return sexpr ? "or" : " or ";
    case ViewOp::kNot:
      return sexpr ? "not" : "not ";
    default:
      return {};
  }
}

// Operands bind at least this strongly, or get parentheses.
enum Strength : uint8_t {
  kAny,
  kLogic,
  kNegation,
  kComparison,
  kSum,
  kProduct,
  kPower,
  kAtom
};

class Printer {
 public:
  Printer(const ViewDag& dag, Language language, size_t max_tree)
      : dag_(dag), language_(language), names_(dag_, language, max_tree) {}

  std::string print() {
    if (!names_.any()) {
      write(dag_.root);
    } else if (sexpr()) {
      print_let();
    } else {
      print_definitions();
    }
    return std::move(out_);
  }

 private:
  // What is still to be written, last first: a view, or text.
  struct Item {
    ViewId view;
    Strength strength;
    std::string text;
  };

  bool sexpr() const { return language_ == Language::kSexpr; }

  void print_let() {
    out_ += "(let (";
    bool first = true;
    for (ViewId v = 0; v < dag_.views.size(); ++v) {
      if (!names_.has(v)) continue;
      if (!first) out_ += ' ';
      first = false;
      out_ += '(';
      out_ += names_.of(v);
      out_ += ' ';
      write(v);
      out_ += ')';
    }
    out_ += ") ";
    write(dag_.root);
    out_ += ')';
  }

  void print_definitions() {
    for (ViewId v = 0; v < dag_.views.size(); ++v) {
      if (!names_.has(v)) continue;
      out_ += names_.of(v);
      out_ += " = ";
      write(v);
      out_ += "; ";
    }
    write(dag_.root);
  }

  // Writes a view in full, its named operands by name.
  void write(ViewId top) {
    open(top, kAny);
    while (!stack_.empty()) {
      const Item i = std::move(stack_.back());
      stack_.pop_back();
      if (i.view == kNoView) {
        out_ += i.text;
      } else if (names_.has(i.view)) {
        out_ += names_.of(i.view);
      } else {
        open(i.view, i.strength);
      }
    }
  }

  void text(std::string_view t) { items_.push_back({kNoView, kAny, std::string(t)}); }
  void operand(ViewId v, Strength s) { items_.push_back({v, s, {}}); }
  void number(const Int& n) { items_.push_back({kNoView, kAny, n.to_string()}); }

  // Writes a leaf, or puts the parts of a view on the stack.
  void open(ViewId id, Strength strength) {
    const View& v = dag_.views[id];
    items_.clear();
    if (v.op == ViewOp::kSymbol) {
      write_quoted(as_symbol(v.node)->name);
    } else if (v.op == ViewOp::kTrue || v.op == ViewOp::kFalse) {
      out_ += v.op == ViewOp::kTrue ? "true" : "false";
    } else if (v.op == ViewOp::kInt) {
      const Int& n = dag_.ints[v.first];
      const bool parentheses = !sexpr() && n.sign() < 0 && strength > kSum;
      if (parentheses) out_ += '(';
      out_ += n.to_string();
      if (parentheses) out_ += ')';
    } else if (v.op == ViewOp::kOpaque) {
      open_opaque(v);
    } else if (sexpr()) {
      open_list(v);
    } else {
      const bool parentheses = strength_of(v) < strength;
      if (parentheses) text("(");
      open_infix(v);
      if (parentheses) text(")");
    }
    stack_.insert(stack_.end(), std::move_iterator(items_.rbegin()),
                  std::move_iterator(items_.rend()));
  }

  void write_quoted(std::string_view name) {
    if (is_plain_name(name)) {
      out_ += name;
      return;
    }
    out_ += '|';
    for (const char c : name) {
      if (c == '|' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '|';
  }

  // ---- Uninterpreted terms: by their name where a reader takes it for what it is.

  void open_opaque(const View& v) {
    const auto* n = static_cast<const OpaqueNode*>(v.node);
    const bool literal =
        v.count == 0 && n->sort == Sort::kReal && is_real_literal(n->name);
    const bool bare = literal || reads_as_opaque(n->name, args_of(n), n->sort);
    if (sexpr() && !literal && (bare || v.count != 0)) out_ += '(';
    if (bare) {
      out_ += n->name;
    } else if (sexpr()) {
      out_ += "(as ";
      write_quoted(n->name);
      out_ += ' ';
      out_ += sort_name(n->sort);
      out_ += ')';
    } else {
      write_quoted(n->name);
      out_ += ':';
      out_ += sort_name(n->sort);
    }
    if (sexpr()) {
      for (const ViewId a : dag_.operands(v)) {
        text(" ");
        operand(a, kAny);
      }
      if (!literal && (bare || v.count != 0)) text(")");
    } else if (!literal) {
      arguments(v);
    }
  }

  // ---- S-expressions

  void open_list(const View& v) {
    if (v.op == ViewOp::kSum) {
      open_sum_list(dag_.sum(v));
    } else if (v.op == ViewOp::kProduct) {
      text("(mul");
      factors(v);
      text(")");
    } else {
      text("(");
      text(operator_name(v.op, language_));
      for (const ViewId a : dag_.operands(v)) {
        text(" ");
        operand(a, kAny);
      }
      text(")");
    }
  }

  // Each view times its exponent.
  void factors(const View& product) {
    for (const ProductItem& p : dag_.product(product)) {
      for (uint32_t i = 0; i < p.exponent; ++i) {
        text(" ");
        operand(p.base, kAny);
      }
    }
  }

  static bool is_minus_one(const SumItem& s) {
    return s.body != kNoView && s.coef == Int(-1);
  }

  // Terms with the coefficient -1 are subtracted together: (sub (add a b) (add c d)).
  void open_sum_list(std::span<const SumItem> items) {
    const auto subtracted =
        static_cast<size_t>(std::ranges::count_if(items, is_minus_one));
    if (subtracted == items.size()) {
      text("(neg ");
      add_list(items, true, subtracted);
      text(")");
    } else if (subtracted == 0) {
      add_list(items, false, items.size());
    } else {
      text("(sub ");
      add_list(items, false, items.size() - subtracted);
      text(" ");
      add_list(items, true, subtracted);
      text(")");
    }
  }

  void add_list(std::span<const SumItem> items, bool minus_ones, size_t count) {
    if (count > 1) text("(add");
    for (const SumItem& s : items) {
      if (is_minus_one(s) != minus_ones) continue;
      if (count > 1) text(" ");
      if (s.body == kNoView) {
        number(s.coef);
      } else if (minus_ones || s.coef.is_one()) {
        operand(s.body, kAny);
      } else {
        text("(mul ");
        number(s.coef);
        const View& body = dag_.views[s.body];
        if (body.op == ViewOp::kProduct && !names_.has(s.body)) {
          factors(body);
        } else {
          text(" ");
          operand(s.body, kAny);
        }
        text(")");
      }
    }
    if (count > 1) text(")");
  }

  // ---- Infix

  Strength strength_of(const View& v) const {
    switch (v.op) {
      case ViewOp::kSum:
        return kSum;
      case ViewOp::kProduct:
        return v.count == 1 ? kPower : kProduct;
      case ViewOp::kEq:
      case ViewOp::kNe:
      case ViewOp::kLt:
      case ViewOp::kLe:
      case ViewOp::kGt:
      case ViewOp::kGe:
        return kComparison;
      case ViewOp::kNot:
        return kNegation;
      case ViewOp::kAnd:
      case ViewOp::kOr:
        return kLogic;
      default:
        return kAtom;
    }
  }

  void arguments(const View& v) {
    text("(");
    bool first = true;
    for (const ViewId a : dag_.operands(v)) {
      if (!first) text(", ");
      first = false;
      operand(a, kAny);
    }
    text(")");
  }

  void open_infix(const View& v) {
    switch (v.op) {
      case ViewOp::kSum:
        return open_infix_sum(dag_.sum(v));
      case ViewOp::kProduct: {
        bool first = true;
        for (const ProductItem& p : dag_.product(v)) {
          if (!first) text("*");
          first = false;
          operand(p.base, p.exponent == 1 ? kPower : kAtom);
          if (p.exponent != 1) {
            text("**" + std::to_string(p.exponent));
          }
        }
        return;
      }
      case ViewOp::kNot:
        text(operator_name(v.op, language_));
        return operand(dag_.operands(v)[0], kAtom);
      case ViewOp::kEq:
      case ViewOp::kNe:
      case ViewOp::kLt:
      case ViewOp::kLe:
      case ViewOp::kGt:
      case ViewOp::kGe:
        operand(dag_.operands(v)[0], kSum);
        text(operator_name(v.op, language_));
        return operand(dag_.operands(v)[1], kSum);
      case ViewOp::kAnd:
      case ViewOp::kOr: {
        bool first = true;
        for (const ViewId a : dag_.operands(v)) {
          if (!first) text(operator_name(v.op, language_));
          first = false;
          operand(a, kNegation);
        }
        return;
      }
      default:
        text(operator_name(v.op, language_));
        return arguments(v);
    }
  }

  void open_infix_sum(std::span<const SumItem> items) {
    bool first = true;
    for (const SumItem& s : items) {
      const bool minus = s.coef.sign() < 0;
      text(first ? (minus ? "-" : "") : (minus ? " - " : " + "));
      first = false;
      const Int magnitude = abs(s.coef);
      const bool written = s.body == kNoView || !magnitude.is_one();
      if (written) number(magnitude);
      if (s.body == kNoView) continue;
      if (written) text("*");
      operand(s.body, kProduct);
    }
  }

  const ViewDag& dag_;
  const Language language_;
  const ViewNames names_;
  std::string out_;
  std::vector<Item> stack_;
  std::vector<Item> items_;  // parts of the view that is opened, in order
};

}  // namespace

std::string print_view(const ViewDag& dag, Language language, size_t max_tree) {
  return Printer(dag, language, max_tree).print();
}

}  // namespace internal

std::string to_string(Expr e, const PrintOptions& options) {
  constexpr auto kLanguage = internal::Language::kInfix;
  return internal::print_view(
      internal::view_of(internal::Builder::node(e), kLanguage, options.division),
      kLanguage, options.max_tree);
}

std::string to_sexpr(Expr e, const PrintOptions& options) {
  constexpr auto kLanguage = internal::Language::kSexpr;
  return internal::print_view(
      internal::view_of(internal::Builder::node(e), kLanguage, options.division),
      kLanguage, options.max_tree);
}

}  // namespace congrua
