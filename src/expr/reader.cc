#include "expr/reader.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "expr/spellings.h"

namespace congrua::internal {

namespace {
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
}  // namespace

void Reader::skip_space(bool comments) {
  while (!at_end()) {
    if (is_space(text_[pos_])) {
      ++pos_;
    } else if (comments && text_[pos_] == ';') {
      pos_ = std::min(text_.find('\n', pos_), text_.size());
    } else {
      return;
    }
  }
}

std::string Reader::position(size_t offset) const {
  const std::string_view before = text_.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? offset + 1 : offset - newline;
  return std::to_string(line) + ":" + std::to_string(column);
}

absl::Status Reader::error(size_t offset, std::string_view message) const {
  return absl::InvalidArgumentError(position(offset) + ": " + std::string(message));
}

std::string Reader::describe_here() const {
  if (at_end()) return "the end of the text";
  const auto c = static_cast<unsigned char>(text_[pos_]);
  if (c >= 0x21 && c < 0x7f) return std::string("'") + static_cast<char>(c) + "'";
  constexpr std::string_view kHex = "0123456789abcdef";
  return std::string("the byte 0x") + kHex[c >> 4] + kHex[c & 15];
}

absl::StatusOr<std::string_view> Reader::read_name() {
  const size_t begin = pos_;
  if (peek() != '|') {
    while (is_name_char(peek())) ++pos_;
    return text_.substr(begin, pos_ - begin);
  }
  std::string name;
  bool escaped = false;
  for (++pos_; peek() != '|' || at_end(); ++pos_) {
    if (peek() == '\\') {
      ++pos_;
      escaped = true;
    }
    if (at_end()) return error(begin, "the quoted name has no closing '|'");
    name.push_back(text_[pos_]);
  }
  ++pos_;
  if (!escaped) return text_.substr(begin + 1, name.size());
  return unescaped_.emplace_back(std::move(name));
}

absl::StatusOr<const Node*> Reader::read_number() {
  const size_t begin = pos_;
  if (peek() == '-') ++pos_;
  const bool digits = is_digit(peek());
  while (is_name_char(peek())) {
    const bool exponent = digits && (peek() == 'e' || peek() == 'E');
    ++pos_;
    if (exponent && (peek() == '-' || peek() == '+') && is_digit(peek(1))) ++pos_;
  }
  const std::string_view token = text_.substr(begin, pos_ - begin);
  if (const std::optional<Int> value = Int::parse(token)) return b_.constant(*value);
  if (is_real_literal(token)) return literal(token);
  return error(begin, "bad numeral " + std::string(token.substr(0, 40)));
}

absl::StatusOr<const Node*> Reader::resolve(std::string_view name, size_t offset) {
  if (!bound_.empty()) {
    const auto it = locals_.find(name);
    if (it != locals_.end() && !it->second.empty()) return it->second.back();
  }
  if (const Node* n = b_.find_symbol(name)) return n;
  if (!options_.declare_symbols) {
    return error(offset, "unknown symbol " + std::string(name.substr(0, 80)));
  }
  return b_.symbol(name, {});
}

absl::StatusOr<const Node*> Reader::apply(const TextOpInfo& info, std::string_view name,
                                          std::span<const Node* const> args,
                                          size_t offset) {
  absl::StatusOr<const Node*> n = apply_text_op(b_, info, name, args, options_.division);
  if (n.ok()) {
    if (options_.spellings != nullptr && options_.division == Division::kFloor) {
      SpellingTable::of(*options_.spellings).record(*n, info.op, args);
    }
    return n;
  }
  const absl::string_view message = n.status().message();
  return error(offset, {message.data(), message.size()});
}

void Reader::bind(std::string_view name, const Node* value) {
  locals_[name].push_back(value);
  bound_.push_back(name);
}

void Reader::unbind_to(size_t count) {
  for (; bound_.size() > count; bound_.pop_back()) locals_[bound_.back()].pop_back();
}

}  // namespace congrua::internal
