#include <utility>

#include "expr/reader.h"

namespace congrua {
namespace internal {
namespace {

// Binding strength; what binds tighter is larger.
enum Precedence : uint8_t {
  kOr = 1,
  kAnd,
  kNot,
  kCompare,
  kSum,
  kProduct,
  kSign,
  kPower
};

struct Operator {
  std::string_view text;  // longest first where one begins another
  std::string_view op;
  Precedence precedence;
};
constexpr Operator kOperators[] = {
    {"==", "eq", kCompare}, {"!=", "ne", kCompare},
    {"<=", "le", kCompare}, {">=", "ge", kCompare},
    {"<", "lt", kCompare},  {">", "gt", kCompare},
    {"**", "pow", kPower},  {"//", "floordiv", kProduct},
    {"*", "mul", kProduct}, {"%", "floormod", kProduct},
    {"+", "add", kSum},     {"-", "sub", kSum},
    {"&&", "and", kAnd},    {"||", "or", kOr},
    {"and", "and", kAnd},   {"or", "or", kOr},
};

// An operator that waits for its right operand, or a bracket that is open. The operands
// read so far stand on the value stack.
struct Entry {
  enum class Kind : uint8_t { kOperator, kParenthesis, kCall, kOpaqueCall };
  Kind kind;
  uint8_t precedence = 0;
  Sort sort = Sort::kInt;            // kOpaqueCall
  const TextOpInfo* info = nullptr;  // kOperator, kCall
  std::string_view name;             // kCall, kOpaqueCall
  size_t at;
  size_t bracket;  // where '(' is; at, for an operator
  size_t first;    // its first operand on the value stack
};

class InfixReader : private Reader {
 public:
  InfixReader(Builder& builder, std::string_view text, const ParseOptions& options)
      : Reader(builder, text, options) {}

  // { name "=" expression ";" } expression
  absl::StatusOr<const Node*> read() {
    for (;;) {
      std::string_view name;
      absl::Status s = read_binding_head(&name);
      if (s.ok()) s = read_expression();
      if (!s.ok()) return s;
      const Node* value = values_.back();
      values_.clear();
      if (peek() == ';') {
        if (name.empty()) return error(pos_, "';' ends a definition: name = expression;");
        ++pos_;
        bind(name, value);
        continue;
      }
      if (name.empty()) return value;
      return error(pos_, "';' expected after the definition of " + std::string(name));
    }
  }

 private:
  using Kind = Entry::Kind;

  // "name =" at pos_, if it stands there.
  absl::Status read_binding_head(std::string_view* name) {
    skip_space(false);
    const size_t begin = pos_;
    if (!is_name_start(peek()) && peek() != '|') return absl::OkStatus();
    const bool quoted = peek() == '|';
    absl::StatusOr<std::string_view> n = read_name();
    if (!n.ok()) return n.status();
    skip_space(false);
    if (peek() != '=' || peek(1) == '=') {
      pos_ = begin;
      return absl::OkStatus();
    }
    if (!quoted && !is_plain_name(*n)) {
      return error(begin, std::string(*n) + " cannot be defined: the name has a meaning");
    }
    ++pos_;
    *name = *n;
    return absl::OkStatus();
  }

  // Up to the end of the text or a ';' outside brackets.
  absl::Status read_expression() {
    bool operand_next = true;
    for (;;) {
      skip_space(false);
      if (at_end() || (peek() == ';' && !operand_next)) break;
      absl::Status s =
          operand_next ? read_operand(&operand_next) : read_operator(&operand_next);
      if (!s.ok()) return s;
    }
    if (operand_next) return missing_operand();
    absl::Status s = reduce(0);
    if (!s.ok()) return s;
    if (!entries_.empty()) {
      return error(pos_, "')' is missing: the '(' at " +
                             position(entries_.back().bracket) + " is not closed");
    }
    return absl::OkStatus();
  }

  absl::Status missing_operand() const {
    return error(pos_, "an operand is missing before " + describe_here());
  }

  void push(Kind kind, size_t at) { push(kind, at, at); }
  void push(Kind kind, size_t at, size_t bracket) {
    Entry e{};
    e.kind = kind;
    e.at = at;
    e.bracket = bracket;
    e.first = values_.size();
    entries_.push_back(e);
  }

  void push_operator(std::string_view op, Precedence precedence, size_t at,
                     size_t first) {
    push(Kind::kOperator, at);
    entries_.back().info = find_text_op(op);
    entries_.back().precedence = precedence;
    entries_.back().first = first;
  }

  // ---- Where an operand is wanted

  absl::Status read_operand(bool* operand_next) {
    const size_t at = pos_;
    const char c = peek();
    if (c == '(') {
      ++pos_;
      push(Kind::kParenthesis, at);
      return absl::OkStatus();
    }
    if (c == ')' && is_call(values_.size())) return close(operand_next);
    if (c == '!' && peek(1) != '=') {
      ++pos_;
      push_operator("not", kSign, at, values_.size());
      return absl::OkStatus();
    }
    if (c == '-' && !negative_literal()) {
      ++pos_;
      push_operator("neg", kSign, at, values_.size());
      return absl::OkStatus();
    }
    if ((c >= '0' && c <= '9') || c == '-') {
      absl::StatusOr<const Node*> value = read_number();
      if (!value.ok()) return value.status();
      values_.push_back(*value);
      *operand_next = false;
      return absl::OkStatus();
    }
    if (is_name_start(c) || c == '|') return read_word(operand_next);
    return missing_operand();
  }

  // A negative float or -oo is one term; "-5" is the negation of 5.
  bool negative_literal() const {
    size_t end = pos_ + 1;
    while (end < text_.size() && is_name_char(text_[end])) {
      const bool exponent = text_[end] == 'e' || text_[end] == 'E';
      ++end;
      if (exponent && end < text_.size() && (text_[end] == '-' || text_[end] == '+'))
        ++end;
    }
    return is_real_literal(text_.substr(pos_, end - pos_));
  }

  // An empty argument list: a call was opened and nothing stands in it.
  bool is_call(size_t num_values) const {
    return !entries_.empty() && entries_.back().first == num_values &&
           (entries_.back().kind == Kind::kCall ||
            entries_.back().kind == Kind::kOpaqueCall);
  }

  absl::Status read_word(bool* operand_next) {
    const size_t at = pos_;
    const bool quoted = peek() == '|';
    absl::StatusOr<std::string_view> name = read_name();
    if (!name.ok()) return name.status();
    if (!quoted && *name == "not") {
      push_operator("not", kNot, at, values_.size());
      return absl::OkStatus();
    }
    skip_space(false);
    if (peek() == ':') return open_opaque(*name, at);
    if (peek() == '(') {
      const TextOpInfo* info = quoted ? nullptr : find_text_op(*name);
      if (info == nullptr)
        return error(at, "unknown function " + std::string(name->substr(0, 80)));
      push(Kind::kCall, at, pos_++);
      entries_.back().info = info;
      entries_.back().name = *name;
      return absl::OkStatus();
    }
    absl::StatusOr<const Node*> value = nullptr;
    if (!quoted && (*name == "true" || *name == "false")) {
      value = b_.boolean(*name == "true");
    } else if (!quoted && *name == "oo") {
      value = literal(*name);
    } else if (!quoted && (*name == "and" || *name == "or")) {
      return error(at, "an operand is missing before " + std::string(*name));
    } else {
      value = resolve(*name, at);
    }
    if (!value.ok()) return value.status();
    values_.push_back(*value);
    *operand_next = false;
    return absl::OkStatus();
  }

  // name:sort(
  absl::Status open_opaque(std::string_view name, size_t at) {
    ++pos_;
    skip_space(false);
    const size_t sort_at = pos_;
    absl::StatusOr<std::string_view> sort = read_name();
    if (!sort.ok()) return sort.status();
    const std::optional<Sort> s = sort_of_name(*sort);
    if (!s) return error(sort_at, "int, bool or real expected");
    skip_space(false);
    if (peek() != '(') return error(pos_, "'(' expected, not " + describe_here());
    push(Kind::kOpaqueCall, at, pos_++);
    entries_.back().name = name;
    entries_.back().sort = *s;
    return absl::OkStatus();
  }

  // ---- Where an operator is wanted

  absl::Status read_operator(bool* operand_next) {
    const size_t at = pos_;
    if (peek() == ')') return close(operand_next);
    if (peek() == ',') return next_argument(operand_next);
    const Operator* found = nullptr;
    for (const Operator& o : kOperators) {
      const bool word = is_name_start(o.text[0]);
      if (text_.substr(pos_).starts_with(o.text) &&
          !(word && is_name_char(peek(o.text.size())))) {
        found = &o;
        break;
      }
    }
    if (found == nullptr) {
      if (peek() == '/')
        return error(at, "'/' is no operator: write a // b or floor_div(a, b)");
      if (peek() == '^') return error(at, "'^' is no operator: write a**n");
      if (peek() == '=') return error(at, "'=' compares nothing: write ==");
      return error(at, "an operator is expected, not " + describe_here());
    }
    const Precedence p = found->precedence;
    // A power binds to the right; what else is as strong is applied first.
    absl::Status s = reduce(p == kPower ? p + 1 : p == kAnd || p == kOr ? p + 1 : p);
    if (!s.ok()) return s;
    pos_ += found->text.size();
    *operand_next = true;
    if ((p == kAnd || p == kOr) && !entries_.empty() &&
        entries_.back().kind == Kind::kOperator && entries_.back().precedence == p) {
      return absl::OkStatus();  // one connective of many parts
    }
    push_operator(found->op, p, at, values_.size() - 1);
    return absl::OkStatus();
  }

  // Applies waiting operators at least as strong as `precedence`, down to the innermost
  // bracket.
  absl::Status reduce(int precedence) {
    while (!entries_.empty() && entries_.back().kind == Kind::kOperator &&
           entries_.back().precedence >= precedence) {
      const Entry e = entries_.back();
      if (e.precedence == kCompare && precedence == kCompare) {
        return error(pos_, "comparisons do not chain: join them by 'and'");
      }
      entries_.pop_back();
      absl::Status s = finish(e);
      if (!s.ok()) return s;
    }
    return absl::OkStatus();
  }

  // Replaces the operands of e by its value.
  absl::Status finish(const Entry& e) {
    const std::span<const Node* const> args = std::span(values_).subspan(e.first);
    absl::StatusOr<const Node*> value =
        e.kind == Kind::kOpaqueCall
            ? b_.opaque(e.name, args, e.sort)
            : apply(*e.info, e.kind == Kind::kCall ? e.name : e.info->name, args, e.at);
    if (!value.ok()) return value.status();
    values_.resize(e.first);
    values_.push_back(*value);
    return absl::OkStatus();
  }

  absl::Status close(bool* operand_next) {
    absl::Status s = reduce(0);
    if (!s.ok()) return s;
    if (entries_.empty()) return error(pos_, "unexpected ')'");
    ++pos_;
    const Entry e = entries_.back();
    entries_.pop_back();
    *operand_next = false;
    return e.kind == Kind::kParenthesis ? absl::OkStatus() : finish(e);
  }

  absl::Status next_argument(bool* operand_next) {
    absl::Status s = reduce(0);
    if (!s.ok()) return s;
    if (entries_.empty() || entries_.back().kind == Kind::kParenthesis) {
      return error(pos_, "unexpected ','");
    }
    ++pos_;
    *operand_next = true;
    return absl::OkStatus();
  }

  std::vector<Entry> entries_;
  std::vector<const Node*> values_;
};

}  // namespace
}  // namespace internal

absl::StatusOr<Expr> parse_infix(ExprPool& pool, std::string_view text,
                                 const ParseOptions& options) {
  absl::StatusOr<const internal::Node*> n =
      internal::InfixReader(internal::Builder::of(pool), text, options).read();
  if (!n.ok()) return n.status();
  return internal::Builder::expr(*n);
}

}  // namespace congrua
