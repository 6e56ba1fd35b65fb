#include "smt2/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "smt2/theory.h"

namespace congrua::smt2 {

Reader::Reader(Env& env, std::string_view text, Position start)
    : env_(env),
      lexer_(text),
      text_(text),
      start_(start),
      counted_to_(text.data()),
      counted_(start) {
  env_.allow_expansion(text.size());
}

Position Reader::position(const char* at) const {
  if (at < counted_to_) {
    counted_to_ = text_.data();
    counted_ = start_;
  }
  const auto rest = static_cast<size_t>(text_.data() + text_.size() - counted_to_);
  counted_ = position_at({counted_to_, rest}, at, counted_);
  counted_to_ = at;
  return counted_;
}

bool Reader::fail_at(const char* at, std::string message) {
  command_->error = std::move(message);
  command_->position = position(at);
  return false;
}

bool Reader::fail(const Token& at, std::string message) {
  if (at.kind == Tok::kEnd) {
    const char* const open = command_->at;
    return fail_at(
        at.text.data(),
        fmt::format("{}, found the end of the text (the command starts in line {})",
                    message, position(open).line));
  }
  if (at.kind == Tok::kBad) {
    std::string problem(lexer_.problem());
    if (problem == Lexer::kUnexpectedByte) {
      problem += fmt::format(" 0x{:02x}", static_cast<unsigned char>(at.text.front()));
    }
    return fail_at(at.text.data(), std::move(problem));
  }
  // The text of these starts behind their opening mark.
  const bool marked = at.kind == Tok::kQuoted || at.kind == Tok::kString;
  return fail_at(at.text.data() - marked, std::move(message));
}

bool Reader::next(Command& c) {
  c.terms.clear();
  c.texts.clear();
  c.error.clear();
  c.unsupported = false;
  command_ = &c;
  const Token open = lexer_.next();
  if (open.kind == Tok::kEnd) return false;
  c.at = open.text.data();
  if (open.kind != Tok::kOpen) {
    c.word = Word::kNone;
    fail(open, "expected '(' before a command");
    // One message for whatever stands between commands.
    const size_t to =
        text_.find('(', static_cast<size_t>(lexer_.cursor() - text_.data()));
    lexer_.seek(to == std::string_view::npos ? lexer_.end() : text_.data() + to);
    return true;
  }
  if (read_command(c)) {
    env_.commit();
  } else {
    unbind(0);
    env_.roll_back();
    skip_command(c.at);
  }
  return true;
}

void Reader::skip_command(const char* from) {
  lexer_.seek(from);
  size_t depth = 0;
  do {
    const Token t = lexer_.next();
    if (t.kind == Tok::kEnd) return;
    depth += t.kind == Tok::kOpen;
    depth -= t.kind == Tok::kClose;
  } while (depth > 0);
}

bool Reader::skip_expression(Token t) {
  size_t depth = 0;
  for (;; t = lexer_.next()) {
    if (t.kind == Tok::kEnd || t.kind == Tok::kBad)
      return fail(t, "expected an expression");
    if (t.kind == Tok::kClose && depth == 0) return fail(t, "expected an expression");
    depth += t.kind == Tok::kOpen;
    depth -= t.kind == Tok::kClose;
    if (depth == 0) return true;
  }
}

bool Reader::expect(Tok kind, std::string_view what) {
  const Token t = lexer_.next();
  return t.kind == kind || fail(t, fmt::format("expected {}", what));
}

bool Reader::read_name(SymbolId* name, std::string_view what) {
  const Token t = lexer_.next();
  if (t.kind != Tok::kSymbol && t.kind != Tok::kQuoted) {
    return fail(t, fmt::format("expected {}", what));
  }
  *name = env_.symbols.intern(t.text);
  const Word w = env_.symbols[*name].word;
  const bool reserved =
      (w >= Word::kLet && w <= Word::kPar) || w == Word::kTrue || w == Word::kFalse;
  if (reserved && t.kind == Tok::kSymbol) {
    return fail(t, fmt::format("'{}' is a reserved word", t.text));
  }
  return true;
}

bool Reader::read_command(Command& c) {
  const Token head = lexer_.next();
  const SymbolId s = head.kind == Tok::kSymbol ? env_.symbols.find(head.text) : kNoSymbol;
  c.word = s == kNoSymbol ? Word::kNone : env_.symbols[s].word;
  if (c.word < Word::kAssert) {
    c.word = Word::kNone;
    return fail(head, head.kind == Tok::kSymbol
                          ? fmt::format("unknown command '{}'", head.text)
                          : "expected the name of a command");
  }
  if (!read_body(c)) return false;
  if (c.unsupported) {
    skip_command(c.at);
    return true;
  }
  if (!expect(Tok::kClose, "')' at the end of the command")) return false;
  switch (c.word) {  // only a whole command has an effect
    case Word::kPush:
      for (uint64_t i = 0; i < c.number; ++i) env_.push();
      break;
    case Word::kPop:
      for (uint64_t i = 0; i < c.number; ++i) env_.pop();
      break;
    case Word::kReset:
      env_.reset();
      break;
    case Word::kResetAssertions:
      env_.reset_assertions();
      break;
    case Word::kSetOption:
      if (c.text == ":global-declarations")
        env_.global_declarations = c.value.text == "true";
      break;
    default:
      break;
  }
  return true;
}

bool Reader::read_body(Command& c) {
  switch (c.word) {
    case Word::kAssert: {
      const char* const from = lexer_.start_of_next();
      c.term = read_term();
      if (c.term == kNoTerm) return false;
      c.texts.emplace_back(from, static_cast<size_t>(lexer_.cursor() - from));
      c.name = outer_name_;
      if (env_.terms.sort(c.term) == Sort::kBool) return true;
      return fail_at(from, fmt::format("'assert' takes a term of sort Bool, not {}",
                                       sort_name(env_.terms.sort(c.term))));
    }
    case Word::kDeclareConst:
    case Word::kDeclareFun:
      return declare(c);
    case Word::kDefineConst:
    case Word::kDefineFun:
      return define(c);
    case Word::kDefineSort:
      return define_sort();
    case Word::kPush:
    case Word::kPop:
      return levels(c);
    case Word::kSetOption:
    case Word::kSetInfo:
      return option(c, true);
    case Word::kGetOption:
    case Word::kGetInfo:
      return option(c, false);
    case Word::kGetValue:
    case Word::kCheckSatAssuming:
      return term_list(c);
    case Word::kSetLogic: {
      const Token t = lexer_.next();
      c.text = t.text;
      return t.kind == Tok::kSymbol || t.kind == Tok::kQuoted ||
             fail(t, "expected a logic");
    }
    case Word::kEcho: {
      const Token t = lexer_.next();
      c.text = t.text;
      return t.kind == Tok::kString || fail(t, "expected a string");
    }
    case Word::kCheckSat:
    case Word::kExit:
    case Word::kGetAssertions:
    case Word::kGetAssignment:
    case Word::kGetModel:
    case Word::kGetUnsatAssumptions:
    case Word::kGetUnsatCore:
    case Word::kReset:
    case Word::kResetAssertions:
      return true;
    default:
      c.unsupported = true;
      return true;
  }
}

bool Reader::declare(Command& c) {
  SymbolId name;
  const char* const at = lexer_.start_of_next();
  if (!read_name(&name, "a name")) return false;
  std::vector<Sort> params;
  Sort sort;
  if (c.word == Word::kDeclareFun) {
    if (!expect(Tok::kOpen, "'(' before the sorts of the parameters")) return false;
    while (lexer_.peek() != ')') {
      if (!read_sort(&sort)) return false;
      params.push_back(sort);
    }
    lexer_.next();
  }
  if (!read_sort(&sort)) return false;
  return env_.declare_function(name, std::move(params), sort) ||
         fail_at(at, fmt::format("'{}' is already declared", env_.symbols[name].name));
}

bool Reader::define(Command& c) {
  SymbolId name;
  const char* const at = lexer_.start_of_next();
  if (!read_name(&name, "a name")) return false;
  std::vector<Sort> params;
  const size_t mark = bound_.size();
  if (c.word == Word::kDefineFun) {
    if (!expect(Tok::kOpen, "'(' before the parameters")) return false;
    for (;;) {
      const Token t = lexer_.next();
      if (t.kind == Tok::kClose) break;
      SymbolId param;
      Sort sort;
      if (t.kind != Tok::kOpen) return fail(t, "expected a parameter (name sort)");
      if (!read_name(&param, "a parameter") || !read_sort(&sort) ||
          !expect(Tok::kClose, "')' after the sort of the parameter")) {
        return false;
      }
      bind(param, env_.terms.param(static_cast<uint32_t>(params.size()), sort));
      params.push_back(sort);
    }
  }
  Sort result;
  if (!read_sort(&result)) return false;
  const TermId body = read_term();
  if (body == kNoTerm) return false;
  unbind(mark);
  const TermId t = coerce(env_.terms, body, result);
  if (t == kNoTerm) {
    return fail_at(at, fmt::format("'{}' is defined by a term of sort {}, not {}",
                                   env_.symbols[name].name,
                                   sort_name(env_.terms.sort(body)), sort_name(result)));
  }
  return env_.define_function(name, std::move(params), result, t) ||
         fail_at(at, fmt::format("'{}' is already declared", env_.symbols[name].name));
}

bool Reader::define_sort() {
  SymbolId name;
  const char* const at = lexer_.start_of_next();
  if (!read_name(&name, "a name") || !expect(Tok::kOpen, "'(' before the parameters")) {
    return false;
  }
  std::vector<SymbolId> params;
  while (lexer_.peek() != ')') {
    SymbolId param;
    if (!read_name(&param, "a parameter")) return false;
    params.push_back(param);
  }
  lexer_.next();
  SortDefinition definition;
  if (!read_sort(params, &definition)) return false;
  definition.params = static_cast<uint32_t>(params.size());
  return env_.define_sort(name, definition) ||
         fail_at(at,
                 fmt::format("sort '{}' is already defined", env_.symbols[name].name));
}

bool Reader::read_sort(Sort* sort) {
  SortDefinition d;
  if (!read_sort({}, &d)) return false;
  *sort = d.sort;
  return true;
}

// All sorts are Bool, Int, Real or names for them, so an applied sort is its body or one
// of its arguments.
bool Reader::read_sort(const std::vector<SymbolId>& params, SortDefinition* sort) {
  struct Applied {
    SortDefinition definition;
    std::vector<SortDefinition> args;
  };
  std::vector<Applied> stack;
  for (;;) {
    Token t = lexer_.next();
    SortDefinition done;
    if (t.kind == Tok::kClose && !stack.empty()) {
      const Applied a = std::move(stack.back());
      stack.pop_back();
      if (a.args.size() != a.definition.params) {
        return fail(t, fmt::format("the sort takes {} arguments, {} given",
                                   a.definition.params, a.args.size()));
      }
      done = a.definition.is_param ? a.args[a.definition.param] : a.definition;
    } else {
      const bool applied = t.kind == Tok::kOpen;
      if (applied) t = lexer_.next();
      if (t.kind != Tok::kSymbol && t.kind != Tok::kQuoted)
        return fail(t, "expected a sort");
      const SymbolId s = env_.symbols.find(t.text);
      const auto at = std::find(params.begin(), params.end(), s);
      const SortDefinition* found = env_.find_sort(s);
      if (s != kNoSymbol && at != params.end() && !applied) {
        done = {.params = 0,
                .is_param = true,
                .param = static_cast<uint32_t>(at - params.begin())};
      } else if (found == nullptr || (found->params != 0) != applied) {
        return fail(t, fmt::format("unknown sort '{}'", t.text));
      } else if (applied) {
        stack.push_back({*found, {}});
        continue;
      } else {
        done = *found;
      }
    }
    if (stack.empty()) {
      *sort = done;
      return true;
    }
    stack.back().args.push_back(done);
  }
}

bool Reader::levels(Command& c) {
  constexpr uint64_t kMaxLevels = 1'000'000;
  c.number = 1;
  const char* const at = lexer_.start_of_next();
  if (lexer_.peek() != ')') {
    const Token t = lexer_.next();
    const auto n = t.kind == Tok::kNumeral ? Int::parse(t.text) : std::nullopt;
    if (!n) return fail(t, "expected the number of levels");
    const auto v = n->to_int64();
    c.number = v ? static_cast<uint64_t>(*v) : UINT64_MAX;
  }
  if (c.word == Word::kPop && c.number > env_.levels()) {
    return fail_at(
        at, fmt::format("pop of more levels than were pushed ({})", env_.levels()));
  }
  if (c.word == Word::kPush && c.number > kMaxLevels - env_.levels()) {
    return fail_at(at, "more than 1,000,000 levels");
  }
  return true;
}

bool Reader::option(Command& c, bool with_value) {
  const Token k = lexer_.next();
  if (k.kind != Tok::kKeyword) return fail(k, "expected a keyword");
  c.text = k.text;
  c.value = {};
  c.value_text = {};
  if (!with_value || lexer_.peek() == ')') return true;
  const char* const from = lexer_.start_of_next();
  c.value = lexer_.next();
  if (!skip_expression(c.value)) return false;
  c.value_text = {from, static_cast<size_t>(lexer_.cursor() - from)};
  return true;
}

bool Reader::term_list(Command& c) {
  if (!expect(Tok::kOpen, "'(' before the terms")) return false;
  while (lexer_.peek() != ')') {
    const char* const from = lexer_.start_of_next();
    const TermId t = read_term();
    if (t == kNoTerm) return false;
    if (c.word == Word::kCheckSatAssuming && env_.terms.sort(t) != Sort::kBool) {
      return fail_at(from, "an assumption must have sort Bool");
    }
    c.terms.push_back(t);
    c.texts.emplace_back(from, static_cast<size_t>(lexer_.cursor() - from));
  }
  lexer_.next();
  return true;
}

}  // namespace congrua::smt2
