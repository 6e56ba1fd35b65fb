// Tokens of SMT-LIB text.
//
// Tokens are views of the text; nothing is copied. Positions are byte offsets: line and
// column are counted from the start of the text when a message needs them (see
// position_at).
#ifndef CONGRUA_SMT2_LEXER_H_
#define CONGRUA_SMT2_LEXER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace congrua::smt2 {

enum class Tok : uint8_t {
  kEnd,      // of the text
  kOpen,     // (
  kClose,    // )
  kSymbol,   // simple symbol, reserved words included
  kQuoted,   // |symbol|; text is what stands between the bars
  kKeyword,  // :name; text includes the colon
  kNumeral,
  kDecimal,
  kBits,    // #x.. or #b..
  kString,  // text is what stands between the quotes; "" is not yet one quote
  kBad,     // text is what could not be read, see Lexer::problem
};

struct Token {
  Tok kind = Tok::kEnd;
  std::string_view text;  // empty at the end, but its data() is a position
};

struct Position {
  uint32_t line = 1;
  uint32_t column = 1;  // in bytes, from 1
};

// The position of `at` in text that starts at `start`.
Position position_at(std::string_view text, const char* at, Position start = {});

namespace lex {
inline constexpr uint8_t kOther = 0, kSpace = 1, kSymbolChar = 2, kDigit = 4;
consteval std::array<uint8_t, 256> char_classes() {
  std::array<uint8_t, 256> t{};
  for (const char c : {' ', '\t', '\n', '\r'}) t[static_cast<size_t>(c)] = kSpace;
  for (size_t c = 'a'; c <= 'z'; ++c) t[c] = kSymbolChar;
  for (size_t c = 'A'; c <= 'Z'; ++c) t[c] = kSymbolChar;
  for (size_t c = '0'; c <= '9'; ++c) t[c] = kDigit;
  for (const char c : std::string_view("~!@$%^&*_-+=<>.?/")) {
    t[static_cast<size_t>(c)] = kSymbolChar;
  }
  return t;
}
inline constexpr std::array<uint8_t, 256> kCharClass = char_classes();
inline uint8_t char_class(char c) { return kCharClass[static_cast<unsigned char>(c)]; }
}  // namespace lex

class Lexer {
 public:
  explicit Lexer(std::string_view text)
      : begin_(text.data()), next_(text.data()), end_(text.data() + text.size()) {}

  Token next() {
    skip_blanks();
    if (next_ == end_) return {Tok::kEnd, {next_, 0}};
    const char* const at = next_;
    const char c = *at;
    const uint8_t cls = lex::char_class(c);
    if (cls == lex::kSymbolChar) {
      ++next_;
      skip_symbol_chars();
      return {Tok::kSymbol, view(at)};
    }
    if (c == '(') {
      ++next_;
      return {Tok::kOpen, {at, 1}};
    }
    if (c == ')') {
      ++next_;
      return {Tok::kClose, {at, 1}};
    }
    return next_slow();
  }

  // Where the next token starts, and its first byte (0 at the end).
  const char* start_of_next() {
    skip_blanks();
    return next_;
  }
  char peek() {
    skip_blanks();
    return next_ == end_ ? '\0' : *next_;
  }

  // Where the last token ended.
  const char* cursor() const { return next_; }
  void seek(const char* p) { next_ = p; }
  const char* begin() const { return begin_; }
  const char* end() const { return end_; }

  static constexpr std::string_view kUnexpectedByte = "unexpected byte";
  // After kBad: what is wrong.
  std::string_view problem() const { return problem_; }

 private:
  void skip_blanks() {
    while (next_ != end_) {
      if (lex::char_class(*next_) == lex::kSpace) {
        ++next_;
      } else if (*next_ == ';') {
        skip_comment();
      } else {
        return;
      }
    }
  }
  void skip_symbol_chars() {
    while (next_ != end_ && lex::char_class(*next_) >= lex::kSymbolChar) ++next_;
  }
  std::string_view view(const char* from) const {
    return {from, static_cast<size_t>(next_ - from)};
  }
  void skip_comment();
  Token next_slow();
  Token number(const char* at);
  Token string(const char* at);
  Token quoted(const char* at);
  Token bits(const char* at);
  Token bad(const char* at, std::string_view problem);

  const char* begin_;
  const char* next_;
  const char* end_;
  std::string_view problem_;
};

// Finds where top-level expressions of a stream end, so that each command can be run as
// soon as it is complete.
class CommandSplitter {
 public:
  // Reads on in `text`, which starts with what earlier calls have seen; returns the
  // length of the longest prefix that consists of whole expressions (and blanks).
  size_t complete(std::string_view text);
  // The first `n` bytes were taken away.
  void consumed(size_t n) {
    seen_ -= n;
    complete_ -= n;
  }

 private:
  enum class State : uint8_t { kPlain, kString, kQuoted, kComment };
  size_t seen_ = 0;
  size_t complete_ = 0;
  size_t depth_ = 0;
  State state_ = State::kPlain;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_LEXER_H_
