#include "guard/z3_script.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "fmt/format.h"

namespace congrua::guard {

namespace {

absl::string_view key(std::string_view s) { return {s.data(), s.size()}; }

struct Token {
  enum Kind : uint8_t { kOpen, kClose, kAtom, kString, kEnd, kBad } kind;
  size_t begin, end;
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}
  // Where the next token begins.
  size_t position() {
    skip_space();
    return at_;
  }
  Token next() {
    skip_space();
    const size_t begin = at_;
    if (at_ == text_.size()) return {Token::kEnd, begin, begin};
    const char c = text_[at_++];
    if (c == '(') return {Token::kOpen, begin, at_};
    if (c == ')') return {Token::kClose, begin, at_};
    if (c == '|') return until('|', Token::kAtom, begin);
    if (c == '"') {
      Token t = until('"', Token::kString, begin);
      while (t.kind == Token::kString && at_ < text_.size() && text_[at_] == '"') {
        ++at_;  // "" within a string
        t = until('"', Token::kString, begin);
      }
      return t;
    }
    while (at_ < text_.size() && !is_end(text_[at_])) ++at_;
    return {Token::kAtom, begin, at_};
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
  static bool is_end(char c) {
    return is_space(c) || c == '(' || c == ')' || c == ';' || c == '"' || c == '|';
  }
  void skip_space() {
    while (at_ < text_.size()) {
      if (text_[at_] == ';') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (is_space(text_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }
  Token until(char quote, Token::Kind kind, size_t begin) {
    const size_t close = text_.find(quote, at_);
    if (close == std::string_view::npos) return {Token::kBad, begin, text_.size()};
    at_ = close + 1;
    return {kind, begin, at_};
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string_view unquoted(std::string_view symbol) {
  return symbol.size() >= 2 && symbol.front() == '|' ? symbol.substr(1, symbol.size() - 2)
                                                     : symbol;
}

// How the constants begin that stand for definitions.
constexpr std::string_view kReserved = "congrua! ";

using Command = Z3Script::Command;
using Kind = Z3Script::Kind;

// What stands where in one command.
struct Shape {
  std::string_view text;
  std::vector<std::pair<size_t, size_t>> items;  // of the outermost list
  std::vector<std::pair<std::string_view, uint32_t>>
      atoms;                            // and their depth; not the head
  std::vector<std::string_view> named;  // `:named` symbols
  std::string_view label;               // of the whole second item
  uint32_t depth = 0;                   // of terms: the command's own list does not count

  std::string_view item(size_t i) const {
    return text.substr(items[i].first, items[i].second - items[i].first);
  }
};

bool is_empty_list(std::string_view text) {
  Tokens tokens(text);
  return tokens.next().kind == Token::kOpen && tokens.next().kind == Token::kClose;
}

// The index is that of the command in the script. Empty, or what is wrong.
std::string_view make_command(const Shape& s, size_t index, Command& c) {
  constexpr std::string_view kMalformed = "malformed command";
  const std::string_view head = s.items.empty() ? "" : s.item(0);
  const size_t n = s.items.size();
  const auto name = [&] { return std::string(unquoted(s.item(1))); };
  const auto definition = [&](std::string_view sort, std::string_view body) {
    c.kind = Kind::kDefinition;
    c.name = name();
    const std::string proxy = fmt::format("|{}{}|", kReserved, index);
    const std::string declaration = fmt::format("(declare-fun {} () {})\n", proxy, sort);
    const std::string alias =
        fmt::format("(define-fun {} () {} {})\n", s.item(1), sort, proxy);
    c.declared = declaration + alias;
    c.text = fmt::format("{}(assert (= {} {}\n))\n{}", declaration, proxy, body, alias);
  };
  if (head == "assert") {
    if (n != 2) return kMalformed;
    c.kind = Kind::kAssert;
    c.name = std::string(unquoted(s.label));
  } else if (head == "declare-fun" || head == "declare-const") {
    if (n != (head == "declare-fun" ? 4 : 3)) return kMalformed;
    c.kind = Kind::kDeclaration;
    c.constant = n == 3 || is_empty_list(s.item(2));
    c.name = name();
  } else if (head == "define-fun") {
    if (n != 5) return kMalformed;
    c.kind = Kind::kDeclaration;
    c.name = name();
    if (is_empty_list(s.item(2))) definition(s.item(3), s.item(4));
  } else if (head == "define-const") {
    if (n != 4) return kMalformed;
    definition(s.item(2), s.item(3));
  } else if (head == "declare-sort" || head == "define-sort") {
    if (n < 2) return kMalformed;
    c.kind = Kind::kDeclaration;
    c.name = name();
  } else {
    return "no declaration, definition or assert";
  }
  if (c.text.empty()) c.text = fmt::format("{}\n", s.text);
  for (const std::string_view inner : s.named)
    c.inner_names.emplace_back(unquoted(inner));
  const auto reserved = [](const std::string& x) { return x.starts_with(kReserved); };
  if (reserved(c.name) || std::ranges::any_of(c.inner_names, reserved))
    return "reserved name";
  return "";
}

// The next command of the text; an empty list of items at its end.
std::string_view next_shape(Tokens& tokens, std::string_view text, Shape& s) {
  const Token first = tokens.next();
  if (first.kind == Token::kEnd) return "";
  if (first.kind != Token::kOpen) return "a command begins with '('";
  uint32_t depth = 1;
  bool name_follows = false;
  size_t item = 0;
  while (depth > 0) {
    const Token t = tokens.next();
    if (t.kind == Token::kEnd || t.kind == Token::kBad) return "a command does not end";
    if (depth == 1 && t.kind != Token::kClose) item = t.begin;
    if (t.kind == Token::kOpen)
      s.depth = std::max(s.depth, depth++);  // less the command's list
    if (t.kind == Token::kClose && --depth == 0) {
      s.text = text.substr(first.begin, t.end - first.begin);
      for (auto& [begin, end] : s.items) begin -= first.begin, end -= first.begin;
      break;
    }
    if (t.kind == Token::kAtom) {
      const std::string_view atom = text.substr(t.begin, t.end - t.begin);
      if (name_follows) {
        s.named.push_back(atom);
        if (depth == 2) s.label = atom;
      } else if (!s.items.empty()) {
        s.atoms.emplace_back(atom, depth - 1);
      }
      name_follows = atom == ":named";
    }
    if (depth == 1) s.items.emplace_back(item, t.end);
  }
  return "";
}

}  // namespace

// Fills the mentions and the depth of c, whose shape is s.
static void resolve(
    const Shape& s,
    const absl::flat_hash_map<std::string, std::vector<Z3Script::Mention>>& names,
    std::span<const Command> commands, Command& c) {
  absl::flat_hash_set<std::string_view> seen;
  c.depth = s.depth;
  for (const auto& [atom, depth] : s.atoms) {
    const std::string_view name = unquoted(atom);
    const auto it = names.find(key(name));
    if (it == names.end()) continue;
    const bool is_new = seen.insert(name).second;
    for (const Z3Script::Mention& m : it->second) {
      if (is_new) c.mentions.push_back(m);
      c.depth = std::max(c.depth, depth + commands[m.command].depth);
    }
  }
}

bool Z3Script::add(std::string_view text, std::string* error) {
  const size_t before = commands_.size();
  const auto refuse = [&](std::string_view why, size_t at) {
    forget(before);
    if (error != nullptr) *error = fmt::format("{}: {}", why, text.substr(at, 60));
    return false;
  };
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return refuse("a zero byte", nul + 1);
  }
  Tokens tokens(text);
  for (;;) {
    Shape s;
    Command c{};
    const size_t at = tokens.position();
    if (const auto why = next_shape(tokens, text, s); !why.empty())
      return refuse(why, at);
    if (s.text.empty()) return true;
    if (const auto why = make_command(s, commands_.size(), c); !why.empty())
      return refuse(why, at);
    resolve(s, names_, commands_, c);
    commands_.push_back(std::move(c));
    introduce(static_cast<uint32_t>(commands_.size() - 1));
  }
}

std::optional<Command> Z3Script::assertion(std::string_view term) const {
  if (term.find('\0') != std::string_view::npos) return std::nullopt;
  // The line's end closes a comment.
  const std::string text = fmt::format("(assert {}\n)", term);
  Tokens tokens(text);
  Shape s;
  Command c{};
  if (!next_shape(tokens, text, s).empty() || s.items.size() != 2) return std::nullopt;
  if (tokens.next().kind != Token::kEnd || !make_command(s, 0, c).empty())
    return std::nullopt;
  resolve(s, names_, commands_, c);
  return c;
}

std::optional<Command> Z3Script::value_of(std::string_view term) const {
  if (!assertion(term)) return std::nullopt;  // so that it is one term
  return assertion(fmt::format("(= {0}\n {0}\n)", term));
}

void Z3Script::introduce(uint32_t index) {
  const Command& c = commands_[index];
  if (c.kind != Kind::kAssert) names_[c.name].push_back({index, false});
  for (const std::string& n : c.inner_names) names_[n].push_back({index, true});
}

void Z3Script::forget(size_t from) {
  while (commands_.size() > from) {
    const Command& c = commands_.back();
    const auto drop = [&](const std::string& name) {
      const auto it = names_.find(name);
      it->second.pop_back();
      if (it->second.empty()) names_.erase(it);
    };
    if (c.kind != Kind::kAssert) drop(c.name);
    for (const std::string& n : c.inner_names) drop(n);
    commands_.pop_back();
  }
}

void Z3Script::pop() {
  forget(scopes_.back());
  scopes_.pop_back();
}

void Z3Script::reset() {
  commands_.clear();
  scopes_.clear();
  names_.clear();
}

bool Z3Script::is_constant(std::string_view name) const {
  const auto it = names_.find(key(name));
  if (it == names_.end()) return false;
  return std::ranges::any_of(it->second, [&](const Mention& m) {
    return !m.inside && commands_[m.command].constant;
  });
}

Z3Script::Piece Z3Script::piece(std::span<const Command> fresh, size_t first,
                                uint32_t max_depth) const {
  // The older commands that are needed; true: whole, false: what they declare.
  absl::flat_hash_map<uint32_t, bool> needed;
  std::vector<Mention> todo;
  const auto mention = [&](std::span<const Mention> mentions) {
    for (const Mention& m : mentions) {
      if (m.command < first) todo.push_back(m);
    }
  };
  for (const Command& c : fresh) {
    if (c.depth <= max_depth) mention(c.mentions);
  }
  while (!todo.empty()) {
    const Mention m = todo.back();
    todo.pop_back();
    const Command& c = commands_[m.command];
    const bool whole = c.kind != Kind::kDefinition || m.inside;
    const auto [it, is_new] = needed.try_emplace(m.command, whole);
    if (!is_new && (it->second || !whole)) continue;
    it->second = whole;
    if (whole) {
      mention(c.mentions);
      continue;
    }
    Tokens tokens(c.declared);  // its sort may be a declared one
    for (Token t = tokens.next(); t.kind != Token::kEnd; t = tokens.next()) {
      const auto name =
          unquoted(std::string_view(c.declared).substr(t.begin, t.end - t.begin));
      const auto found = names_.find(key(name));
      if (t.kind != Token::kAtom || found == names_.end() || name == c.name) continue;
      mention(found->second);
    }
  }
  std::vector<std::pair<uint32_t, bool>> order(needed.begin(), needed.end());
  std::ranges::sort(order);
  Piece piece;
  for (const auto& [index, whole] : order) {
    const Command& c = commands_[index];
    piece.text += whole ? c.text : c.declared;
    piece.context += whole && c.kind != Kind::kDeclaration;
  }
  for (const Command& c : fresh) {
    if (c.depth <= max_depth) piece.text += c.text;
  }
  return piece;
}

std::vector<uint32_t> Z3Script::definitions_in(const Command& c) const {
  std::vector<uint32_t> found;
  absl::flat_hash_set<uint64_t> seen;
  std::vector<Mention> todo(c.mentions.rbegin(), c.mentions.rend());
  while (!todo.empty()) {
    const Mention m = todo.back();
    todo.pop_back();
    if (!seen.insert(uint64_t{m.command} << 1 | (m.inside ? 1 : 0)).second) continue;
    const Command& other = commands_[m.command];
    if (other.kind == Kind::kDefinition && !m.inside) {
      found.push_back(m.command);
    } else {
      todo.insert(todo.end(), other.mentions.rbegin(), other.mentions.rend());
    }
  }
  return found;
}

}  // namespace congrua::guard
