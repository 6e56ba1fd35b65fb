#include "smt2/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace congrua::smt2 {
namespace {

struct Expected {
  Tok kind;
  std::string_view text;
};

struct Case {
  std::string_view in;
  std::vector<Expected> tokens;
};

TEST(Lexer, Tokens) {
  const Case cases[] = {
      {"", {}},
      {" \t\r\n; comment\n", {}},
      {"; comment without an end", {}},
      {"(x)", {{Tok::kOpen, "("}, {Tok::kSymbol, "x"}, {Tok::kClose, ")"}}},
      {"a-b!$ ~x*", {{Tok::kSymbol, "a-b!$"}, {Tok::kSymbol, "~x*"}}},
      {"|a b|c", {{Tok::kQuoted, "a b"}, {Tok::kSymbol, "c"}}},
      {"||", {{Tok::kQuoted, ""}}},
      {"|;\n\"|", {{Tok::kQuoted, ";\n\""}}},
      {":named :a.b", {{Tok::kKeyword, ":named"}, {Tok::kKeyword, ":a.b"}}},
      {"0 12 1.50",
       {{Tok::kNumeral, "0"}, {Tok::kNumeral, "12"}, {Tok::kDecimal, "1.50"}}},
      {"-1 -1.5", {{Tok::kSymbol, "-1"}, {Tok::kSymbol, "-1.5"}}},
      {"#xfF #b01", {{Tok::kBits, "#xfF"}, {Tok::kBits, "#b01"}}},
      {"\"a\"\"b\" \"\"", {{Tok::kString, "a\"\"b"}, {Tok::kString, ""}}},
      {"\"\xff\x01\"", {{Tok::kString, "\xff\x01"}}},
      {"x;y\nz", {{Tok::kSymbol, "x"}, {Tok::kSymbol, "z"}}},
  };
  for (const Case& c : cases) {
    Lexer lexer(c.in);
    for (const Expected& e : c.tokens) {
      const Token t = lexer.next();
      EXPECT_EQ(t.kind, e.kind) << c.in;
      EXPECT_EQ(t.text, e.text) << c.in;
    }
    EXPECT_EQ(lexer.next().kind, Tok::kEnd) << c.in;
    EXPECT_EQ(lexer.next().kind, Tok::kEnd) << c.in;
  }
}

TEST(Lexer, WhatCannotBeReadIsOneTokenAndReadingGoesOn) {
  struct BadCase {
    std::string_view in, bad, problem;
  };
  const BadCase cases[] = {
      {"1x ok", "1x", "a symbol cannot start with a digit"},
      {"1. ok", "1.", "decimal without digits after the point"},
      {": ok", ":", "':' without a name"},
      {"#q ok", "#q", "'#' without a hexadecimal or binary constant"},
      {"#x ok", "#x", "'#' without a hexadecimal or binary constant"},
      {"#b012 ok", "#b012", "'#' without a hexadecimal or binary constant"},
      {"\x80 ok", "\x80", "unexpected byte"},
      {"{ ok", "{", "unexpected byte"},
      {"|a\\b| ok", "|a\\b|", "'\\' in a quoted symbol"},
      {"\"open", "\"open", "string without an end"},
      {"|open", "|open", "quoted symbol without an end"},
  };
  for (const BadCase& c : cases) {
    Lexer lexer(c.in);
    const Token t = lexer.next();
    EXPECT_EQ(t.kind, Tok::kBad) << c.in;
    EXPECT_EQ(t.text, c.bad);
    EXPECT_EQ(lexer.problem(), c.problem) << c.in;
    const bool rest = c.in.ends_with(" ok");
    EXPECT_EQ(lexer.next().kind, rest ? Tok::kSymbol : Tok::kEnd) << c.in;
  }
  const std::string zero("\0x", 2);
  EXPECT_EQ(Lexer(zero).next().kind, Tok::kBad);
}

TEST(Lexer, Positions) {
  const std::string_view text = "ab\n  cd\n\nef";
  const auto at = [&](size_t i) { return position_at(text, text.data() + i); };
  EXPECT_EQ(at(0).line, 1u);
  EXPECT_EQ(at(0).column, 1u);
  EXPECT_EQ(at(5).line, 2u);
  EXPECT_EQ(at(5).column, 3u);
  EXPECT_EQ(at(11).line, 4u);
  EXPECT_EQ(at(11).column, 3u);
  EXPECT_EQ(position_at(text, text.data() + 1, {7, 5}).column, 6u);
  EXPECT_EQ(position_at(text, text.data() + 3, {7, 5}).column, 1u);
}

// Cut anywhere, a stream gives the same commands.
TEST(CommandSplitter, AnyCutGivesTheSameCommands) {
  const std::string text = "(a (b |)| \")\") ) ; (\n (c \"x\"\"(\" ) (d)\n) (e ; )\n )";
  const size_t whole = CommandSplitter().complete(text);
  EXPECT_EQ(text.substr(0, whole), text);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    CommandSplitter splitter;
    std::string buffer = text.substr(0, cut);
    const size_t first = splitter.complete(buffer);
    std::string seen = buffer.substr(0, first);
    buffer.erase(0, first);
    splitter.consumed(first);
    buffer += text.substr(cut);
    const size_t second = splitter.complete(buffer);
    EXPECT_EQ(seen + buffer.substr(0, second), text) << cut;
    EXPECT_TRUE(first == 0 || text[first - 1] == ')') << cut;
  }
}

}  // namespace
}  // namespace congrua::smt2
