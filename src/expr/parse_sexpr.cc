#include <array>
#include <utility>

#include "expr/reader.h"

namespace congrua {
namespace internal {
namespace {

// One list that is open. The operands read so far stand on the value stack from `first`.
struct Frame {
  enum class Kind : uint8_t {
    kApply,      // (op a b ...)
    kOpaque,     // ((as name sort) a b ...)
    kPiecewise,  // (piecewise (c v) ...)
    kPair,       // (c v)
    kLet,        // (let (bindings) body)
    kBindings,   // ((name value) ...)
    kBinding,    // (name value)
  };
  Kind kind;
  Sort sort = Sort::kInt;            // kOpaque
  const TextOpInfo* info = nullptr;  // kApply
  std::string_view name;             // kOpaque, kBinding, kApply
  size_t at;                         // offset of the '('
  size_t op_at;                      // offset of the operator
  size_t first;
  size_t bound = 0;   // kLet: number of local names outside
  bool body = false;  // kLet: the bindings are read
};

class SexprReader : private Reader {
 public:
  SexprReader(Builder& builder, std::string_view text, const ParseOptions& options)
      : Reader(builder, text, options) {}

  absl::StatusOr<const Node*> read() {
    for (;;) {
      skip_space(true);
      if (frames_.empty() && !values_.empty()) break;
      absl::Status s = at_end() ? unfinished() : read_one();
      if (!s.ok()) return s;
    }
    if (!at_end())
      return error(pos_, "unexpected " + describe_here() + " after the expression");
    return values_.back();
  }

 private:
  using Kind = Frame::Kind;

  absl::Status unfinished() const {
    if (frames_.empty()) return error(pos_, "an expression is missing");
    return error(pos_, "')' is missing: the list opened at " +
                           position(frames_.back().at) + " is not closed");
  }

  absl::Status read_one() {
    const char c = peek();
    if (c == ')') return close();
    const Kind kind = frames_.empty() ? Kind::kApply : frames_.back().kind;
    if (kind == Kind::kPiecewise) return open_pair();
    if (kind == Kind::kBindings) return open_binding();
    if (kind == Kind::kLet && !frames_.back().body) return open_bindings();
    return c == '(' ? open() : atom();
  }

  void push(Kind kind, size_t at) {
    Frame f{};
    f.kind = kind;
    f.at = f.op_at = at;
    f.first = values_.size();
    frames_.push_back(f);
  }

  absl::Status atom() {
    const size_t at = pos_;
    const char c = peek();
    absl::StatusOr<const Node*> value = nullptr;
    if ((c >= '0' && c <= '9') || c == '-') {
      value = read_number();
    } else if (is_name_start(c) || c == '|') {
      absl::StatusOr<std::string_view> name = read_name();
      if (!name.ok()) return name.status();
      value = c == '|' ? resolve(*name, at) : word(*name, at);
    } else {
      return error(at, "unexpected " + describe_here());
    }
    if (!value.ok()) return value.status();
    values_.push_back(*value);
    return absl::OkStatus();
  }

  absl::StatusOr<const Node*> word(std::string_view name, size_t at) {
    if (name == "true" || name == "false") return b_.boolean(name == "true");
    if (name == "oo") return literal(name);
    return resolve(name, at);
  }

  // A name at pos_, or an error that says what was wanted.
  absl::StatusOr<std::string_view> expect_name(std::string_view what) {
    skip_space(true);
    if (!is_name_start(peek()) && peek() != '|') {
      return error(pos_, std::string(what) + " expected, not " + describe_here());
    }
    return read_name();
  }

  // What follows "as": name sort ')'.
  absl::StatusOr<std::pair<std::string_view, Sort>> read_as() {
    absl::StatusOr<std::string_view> name = as_name();
    if (!name.ok()) return name.status();
    skip_space(true);
    const size_t at = pos_;
    absl::StatusOr<std::string_view> sort = expect_name("a sort");
    if (!sort.ok()) return sort.status();
    const std::optional<Sort> s = sort_of_name(*sort);
    if (!s) return error(at, "int, bool or real expected");
    skip_space(true);
    if (peek() != ')') return error(pos_, "')' expected, not " + describe_here());
    ++pos_;
    return std::pair(*name, *s);
  }
  absl::StatusOr<std::string_view> as_name() { return expect_name("a name"); }

  absl::Status open() {
    const size_t at = pos_++;
    skip_space(true);
    const size_t op_at = pos_;
    if (peek() == '(') {
      ++pos_;
      absl::StatusOr<std::string_view> as = expect_name("'as'");
      if (!as.ok()) return as.status();
      if (*as != "as")
        return error(op_at, "an operator or ((as NAME SORT) ...) expected");
      auto head = read_as();
      if (!head.ok()) return head.status();
      push(Kind::kOpaque, at);
      std::tie(frames_.back().name, frames_.back().sort) = *head;
      return absl::OkStatus();
    }
    const bool quoted = peek() == '|';
    absl::StatusOr<std::string_view> name = expect_name("an operator");
    if (!name.ok()) return name.status();
    if (!quoted && *name == "as") {
      auto head = read_as();
      if (!head.ok()) return head.status();
      values_.push_back(b_.opaque(head->first, {}, head->second));
      return absl::OkStatus();
    }
    if (!quoted && (*name == "let" || *name == "piecewise")) {
      push(*name == "let" ? Kind::kLet : Kind::kPiecewise, at);
      frames_.back().bound = num_bound();
      return absl::OkStatus();
    }
    const TextOpInfo* info = quoted ? nullptr : find_text_op(*name);
    if (info == nullptr) {
      return error(op_at, "unknown operator " + std::string(name->substr(0, 80)));
    }
    push(Kind::kApply, at);
    frames_.back().info = info;
    frames_.back().name = *name;
    frames_.back().op_at = op_at;
    return absl::OkStatus();
  }

  absl::Status open_pair() {
    if (peek() != '(') return error(pos_, "piecewise takes pairs (condition value)");
    push(Kind::kPair, pos_++);
    return absl::OkStatus();
  }

  absl::Status open_bindings() {
    if (peek() != '(') return error(pos_, "let takes a list of (name value)");
    frames_.back().body = true;  // what follows the bindings
    push(Kind::kBindings, pos_++);
    return absl::OkStatus();
  }

  absl::Status open_binding() {
    if (peek() != '(') return error(pos_, "let takes a list of (name value)");
    const size_t at = pos_++;
    absl::StatusOr<std::string_view> name = expect_name("a name");
    if (!name.ok()) return name.status();
    push(Kind::kBinding, at);
    frames_.back().name = *name;
    return absl::OkStatus();
  }

  absl::Status close() {
    if (frames_.empty()) return error(pos_, "unexpected ')'");
    ++pos_;
    const Frame f = frames_.back();
    const std::span<const Node* const> args = std::span(values_).subspan(f.first);
    absl::StatusOr<const Node*> result = nullptr;
    switch (f.kind) {
      case Kind::kApply:
        result = apply(*f.info, f.name, args, f.op_at);
        break;
      case Kind::kOpaque:
        result = b_.opaque(f.name, args, f.sort);
        break;
      case Kind::kPiecewise:
        result = piecewise(args, f.at);
        break;
      case Kind::kLet:
        if (args.size() != 1)
          return error(f.at, "let takes a list of (name value) and one term");
        unbind_to(f.bound);
        result = args[0];
        break;
      case Kind::kPair:
        if (args.size() != 2)
          return error(f.at, "piecewise takes pairs (condition value)");
        frames_.pop_back();
        return absl::OkStatus();
      case Kind::kBinding:
        if (args.size() != 1) return error(f.at, "let takes a list of (name value)");
        bind(f.name, args[0]);
        values_.pop_back();
        frames_.pop_back();
        return absl::OkStatus();
      case Kind::kBindings:
        frames_.pop_back();
        return absl::OkStatus();
    }
    if (!result.ok()) return result.status();
    frames_.pop_back();
    values_.resize(f.first);
    values_.push_back(*result);
    return absl::OkStatus();
  }

  // Pairs of condition and value; the last condition is true, so that there always is a
  // value.
  absl::StatusOr<const Node*> piecewise(std::span<const Node* const> args, size_t at) {
    if (args.empty() || !is_true(args[args.size() - 2])) {
      return error(at, "the last condition of piecewise has to be true");
    }
    static const TextOpInfo& select = *find_text_op("select");
    const Node* result = args.back();
    for (size_t i = args.size() - 2; i != 0; i -= 2) {
      absl::StatusOr<const Node*> r =
          apply(select, select.name, std::array{args[i - 2], args[i - 1], result}, at);
      if (!r.ok()) return r;
      result = *r;
    }
    return result;
  }

  std::vector<Frame> frames_;
  std::vector<const Node*> values_;
};

}  // namespace
}  // namespace internal

absl::StatusOr<Expr> parse_sexpr(ExprPool& pool, std::string_view text,
                                 const ParseOptions& options) {
  absl::StatusOr<const internal::Node*> n =
      internal::SexprReader(internal::Builder::of(pool), text, options).read();
  if (!n.ok()) return n.status();
  return internal::Builder::expr(*n);
}

}  // namespace congrua
