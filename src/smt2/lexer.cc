#include "smt2/lexer.h"

#include <algorithm>
#include <cstring>

namespace congrua::smt2 {

using lex::char_class;
using lex::kDigit;

Position position_at(std::string_view text, const char* at, Position start) {
  Position p = start;
  const char* line = text.data();
  for (;;) {
    const auto* nl =
        static_cast<const char*>(std::memchr(line, '\n', static_cast<size_t>(at - line)));
    if (nl == nullptr) break;
    ++p.line;
    p.column = 1;
    line = nl + 1;
  }
  p.column += static_cast<uint32_t>(at - line);
  return p;
}

void Lexer::skip_comment() {
  const auto* nl = static_cast<const char*>(
      std::memchr(next_, '\n', static_cast<size_t>(end_ - next_)));
  next_ = nl == nullptr ? end_ : nl + 1;
}

Token Lexer::bad(const char* at, std::string_view problem) {
  problem_ = problem;
  return {Tok::kBad, view(at)};
}

Token Lexer::next_slow() {
  const char* const at = next_;
  const char c = *next_++;
  if (char_class(c) == kDigit) return number(at);
  switch (c) {
    case '"':
      return string(at);
    case '|':
      return quoted(at);
    case '#':
      return bits(at);
    case ':':
      skip_symbol_chars();
      return next_ - at > 1 ? Token{Tok::kKeyword, view(at)}
                            : bad(at, "':' without a name");
    default:
      return bad(at, kUnexpectedByte);
  }
}

Token Lexer::number(const char* at) {
  const auto digits = [&] {
    while (next_ != end_ && char_class(*next_) == kDigit) ++next_;
  };
  digits();
  Tok kind = Tok::kNumeral;
  if (next_ != end_ && *next_ == '.') {
    ++next_;
    const char* const fraction = next_;
    digits();
    if (next_ == fraction) return bad(at, "decimal without digits after the point");
    kind = Tok::kDecimal;
  }
  if (next_ != end_ && char_class(*next_) >= lex::kSymbolChar) {
    skip_symbol_chars();
    return bad(at, "a symbol cannot start with a digit");
  }
  return {kind, view(at)};
}

Token Lexer::string(const char* at) {
  for (;;) {
    const auto* q = static_cast<const char*>(
        std::memchr(next_, '"', static_cast<size_t>(end_ - next_)));
    if (q == nullptr) {
      next_ = end_;
      return bad(at, "string without an end");
    }
    next_ = q + 1;
    if (next_ == end_ || *next_ != '"') {
      return {Tok::kString, {at + 1, static_cast<size_t>(q - at - 1)}};
    }
    ++next_;
  }
}

Token Lexer::quoted(const char* at) {
  const auto* q = static_cast<const char*>(
      std::memchr(next_, '|', static_cast<size_t>(end_ - next_)));
  if (q == nullptr) {
    next_ = end_;
    return bad(at, "quoted symbol without an end");
  }
  next_ = q + 1;
  const std::string_view text(at + 1, static_cast<size_t>(q - at - 1));
  if (text.find('\\') != std::string_view::npos)
    return bad(at, "'\\' in a quoted symbol");
  return {Tok::kQuoted, text};
}

Token Lexer::bits(const char* at) {
  skip_symbol_chars();
  const std::string_view text = view(at);
  const auto all_of = [&](std::string_view allowed) {
    return text.size() > 2 &&
           text.find_first_not_of(allowed, 2) == std::string_view::npos;
  };
  const bool ok =
      text.size() > 2 && ((text[1] == 'x' && all_of("0123456789abcdefABCDEF")) ||
                          (text[1] == 'b' && all_of("01")));
  return ok ? Token{Tok::kBits, text}
            : bad(at, "'#' without a hexadecimal or binary constant");
}

size_t CommandSplitter::complete(std::string_view text) {
  for (; seen_ < text.size(); ++seen_) {
    const char c = text[seen_];
    switch (state_) {
      case State::kPlain:
        if (c == '(') {
          ++depth_;
        } else if (c == ')') {
          if (depth_ > 0) --depth_;
          if (depth_ == 0) complete_ = seen_ + 1;
        } else if (c == '"') {
          state_ = State::kString;
        } else if (c == '|') {
          state_ = State::kQuoted;
        } else if (c == ';') {
          state_ = State::kComment;
        }
        break;
      case State::kString:  // "" leaves and enters again, which comes to the same
        if (c == '"') state_ = State::kPlain;
        break;
      case State::kQuoted:
        if (c == '|') state_ = State::kPlain;
        break;
      case State::kComment:
        if (c == '\n') state_ = State::kPlain;
        break;
    }
  }
  return complete_;
}

}  // namespace congrua::smt2
