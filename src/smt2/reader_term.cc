#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "smt2/reader.h"
#include "smt2/theory.h"

namespace congrua::smt2 {

// Opening parentheses push a frame, closing ones reduce the values above it.
TermId Reader::read_term() {
  frames_.clear();
  values_.clear();
  pending_.clear();
  outer_name_ = kNoSymbol;
  do {
    const Token t = lexer_.next();
    const bool in_bindings = !frames_.empty() && frames_.back().kind == Kind::kLet;
    bool ok;
    switch (t.kind) {
      case Tok::kOpen:
        ok = in_bindings ? begin_binding() : open_term(t);
        break;
      case Tok::kClose:
        ok = close_term(t);
        break;
      case Tok::kKeyword:
        ok = !frames_.empty() && frames_.back().kind == Kind::kAnnotation
                 ? read_attribute(t)
                 : fail(t, "an attribute stands only in (! term ...)");
        break;
      default:
        ok = in_bindings ? fail(t, "expected a binding (name term)") : push_atom(t);
        break;
    }
    if (!ok) return kNoTerm;
  } while (!frames_.empty());
  return values_.back();
}

bool Reader::open_term(const Token& paren) {
  const Token head = lexer_.next();
  const auto frame = [&](Kind kind, SymbolId symbol, size_t aux) {
    frames_.push_back({kind, symbol, static_cast<uint32_t>(values_.size()),
                       static_cast<uint32_t>(aux), paren.text.data()});
    return true;
  };
  if (head.kind == Tok::kOpen) return open_qualified(paren);
  if (head.kind != Tok::kSymbol && head.kind != Tok::kQuoted) {
    return fail(head, "expected the name of a function");
  }
  const SymbolId s = env_.symbols.find(head.text);
  if (s == kNoSymbol) return fail(head, fmt::format("unknown function '{}'", head.text));
  const Symbol& symbol = env_.symbols[s];
  if (head.kind == Tok::kSymbol) {
    switch (symbol.word) {
      case Word::kLet:
        if (!expect(Tok::kOpen, "'(' before the bindings of 'let'")) return false;
        return frame(Kind::kLet, s, pending_.size());
      case Word::kBang:
        return frame(Kind::kAnnotation, s, 0);
      case Word::kAs:
        return read_as() && expect(Tok::kClose, "')' after (as name sort");
      case Word::kForall:
      case Word::kExists:
        return fail(head, "quantifiers are not supported");
      case Word::kUnderscore:
      case Word::kMatch:
      case Word::kLambda:
      case Word::kPar:
        return fail(head, fmt::format("terms with '{}' are not supported", head.text));
      default:
        break;
    }
  }
  const bool theory = symbol.word > Word::kFalse && symbol.word <= Word::kLastTheory;
  if (!theory && symbol.function == kNoIndex) {
    const bool constant = symbol.local != kNoTerm || symbol.value != kNoTerm;
    return fail(head, constant
                          ? fmt::format("'{}' is a constant, not a function", head.text)
                          : fmt::format("unknown function '{}'", head.text));
  }
  return frame(Kind::kApply, s, 0);
}

// Behind "((": an indexed or a qualified function.
bool Reader::open_qualified(const Token& paren) {
  const Token word = lexer_.next();
  const SymbolId w = word.kind == Tok::kSymbol ? env_.symbols.find(word.text) : kNoSymbol;
  const Word code = w == kNoSymbol ? Word::kNone : env_.symbols[w].word;
  const Token name = lexer_.next();
  const SymbolId s = name.kind == Tok::kSymbol || name.kind == Tok::kQuoted
                         ? env_.symbols.find(name.text)
                         : kNoSymbol;
  const auto args = static_cast<uint32_t>(values_.size());
  if (code == Word::kUnderscore) {
    if (s == kNoSymbol || env_.symbols[s].word != Word::kDivisible) {
      return fail(name, "the only indexed function is (_ divisible k)");
    }
    const Token index = lexer_.next();
    const auto k = index.kind == Tok::kNumeral ? Int::parse(index.text) : std::nullopt;
    if (!k) return fail(index, "expected a numeral");
    frames_.push_back(
        {Kind::kDivisible, s, args, env_.terms.integer(*k), paren.text.data()});
    return expect(Tok::kClose, "')' after the index");
  }
  if (code == Word::kAs) {
    if (s == kNoSymbol || env_.symbols[s].function == kNoIndex) {
      return fail(name, fmt::format("unknown function '{}'", name.text));
    }
    Sort sort;
    frames_.push_back({Kind::kApply, s, args, 0, paren.text.data()});
    return read_sort(&sort) && expect(Tok::kClose, "')' after the sort");
  }
  return fail(word, "expected the name of a function, (_ divisible k) or (as f sort)");
}

// Behind "(as": a constant and its sort.
bool Reader::read_as() {
  const Token name = lexer_.next();
  if (!push_atom(name)) return false;
  Sort sort;
  if (!read_sort(&sort)) return false;
  const TermId t = coerce(env_.terms, values_.back(), sort);
  if (t == kNoTerm) {
    return fail(name,
                fmt::format("'{}' has sort {}, not {}", name.text,
                            sort_name(env_.terms.sort(values_.back())), sort_name(sort)));
  }
  values_.back() = t;
  return true;
}

bool Reader::close_term(const Token& paren) {
  if (frames_.empty()) return fail(paren, "expected a term");
  const Frame f = frames_.back();
  if (f.kind == Kind::kLet) return end_bindings(paren);
  frames_.pop_back();
  if (f.kind == Kind::kApply) return close_application(f);
  if (values_.size() != f.args + size_t{1}) {
    return fail(paren,
                values_.size() == f.args ? "expected a term" : "more than one term");
  }
  switch (f.kind) {
    case Kind::kDivisible: {
      TermId args[2] = {values_.back(), f.aux};
      values_.back() = apply_theory(env_.terms, Word::kDivisible, args, &message_);
      return values_.back() != kNoTerm || fail_at(f.at, std::move(message_));
    }
    case Kind::kBinding:
      pending_.push_back({f.symbol, values_.back()});
      values_.pop_back();
      return true;
    case Kind::kLetBody:
      unbind(f.aux);
      return true;
    default:
      return true;
  }
}

bool Reader::close_application(const Frame& f) {
  if (env_.terms.full()) return fail_at(f.at, "too many terms");
  const std::span<TermId> args(values_.data() + f.args, values_.size() - f.args);
  const Symbol& symbol = env_.symbols[f.symbol];
  TermId result;
  if (const Function* fun = env_.find_function(f.symbol, args.size())) {
    for (size_t i = 0; i < args.size(); ++i) {
      const TermId a = coerce(env_.terms, args[i], fun->params[i]);
      if (a == kNoTerm) {
        return fail_at(f.at, fmt::format("argument {} of '{}' has sort {}, not {}", i + 1,
                                         symbol.name, sort_name(env_.terms.sort(args[i])),
                                         sort_name(fun->params[i])));
      }
      args[i] = a;
    }
    result = env_.expand(*fun, args);
    if (result == kNoTerm) {
      return fail_at(f.at, fmt::format("'{}' expands to too many terms", symbol.name));
    }
  } else if (symbol.word > Word::kFalse && symbol.word < Word::kDivisible) {
    result = apply_theory(env_.terms, symbol.word, args, &message_);
    if (result == kNoTerm) return fail_at(f.at, std::move(message_));
  } else {
    return fail_at(f.at, fmt::format("no function '{}' takes {} argument{}", symbol.name,
                                     args.size(), args.size() == 1 ? "" : "s"));
  }
  values_.resize(f.args);
  values_.push_back(result);
  return true;
}

bool Reader::push_atom(const Token& t) {
  switch (t.kind) {
    case Tok::kSymbol:
    case Tok::kQuoted:
      return push_symbol(t);
    case Tok::kNumeral:
    case Tok::kDecimal:
      return push_number(t, false);
    case Tok::kBits:
      return fail(t, "bit vectors are not supported");
    case Tok::kString:
      return fail(t, "strings are not supported in terms");
    default:
      return fail(t, "expected a term");
  }
}

bool Reader::push_symbol(const Token& t) {
  const SymbolId s = env_.symbols.find(t.text);
  if (s != kNoSymbol) {
    const Symbol& symbol = env_.symbols[s];
    const TermId value = symbol.local != kNoTerm ? symbol.local : symbol.value;
    if (value != kNoTerm) {
      values_.push_back(value);
      return true;
    }
    if (symbol.word == Word::kTrue || symbol.word == Word::kFalse) {
      values_.push_back(env_.terms.boolean(symbol.word == Word::kTrue));
      return true;
    }
    if (symbol.function != kNoIndex || symbol.word != Word::kNone) {
      return fail(t, fmt::format("'{}' is not a constant", t.text));
    }
  }
  // A symbol to the standard, a number to the writers of such files.
  if (t.kind == Tok::kSymbol && t.text.size() > 1 && t.text[0] == '-' &&
      lex::char_class(t.text[1]) == lex::kDigit) {
    return push_number(t, true);
  }
  return fail(t, fmt::format("unknown constant '{}'", t.text));
}

bool Reader::push_number(const Token& t, bool negative) {
  constexpr size_t kMaxDigits = 1'000'000;  // conversion is not linear
  const std::string_view digits = negative ? t.text.substr(1) : t.text;
  if (digits.size() > kMaxDigits) return fail(t, "numeral of more than 1,000,000 digits");
  if (digits.size() <= 18 && (t.kind == Tok::kNumeral || negative)) {
    int64_t v = 0;
    bool plain = true;
    for (const char c : digits) {
      plain &= lex::char_class(c) == lex::kDigit;
      v = v * 10 + (c - '0');
    }
    if (plain) {
      values_.push_back(env_.terms.integer(Int(negative ? -v : v)));
      return true;
    }
  }
  const size_t dot = digits.find('.');
  // "-.5", "-1.", "-1a" reach this as symbols.
  auto v = dot == 0 || dot + 1 == digits.size() ? std::nullopt : parse_decimal(digits);
  if (!v) return fail(t, fmt::format("unknown constant '{}'", t.text));
  if (negative) v->num = -v->num;
  values_.push_back(dot == std::string_view::npos ? env_.terms.integer(v->num)
                                                  : env_.terms.rational(*v));
  return true;
}

bool Reader::begin_binding() {
  SymbolId name;
  const char* const at = lexer_.cursor() - 1;
  if (!read_name(&name, "a variable")) return false;
  frames_.push_back({Kind::kBinding, name, static_cast<uint32_t>(values_.size()), 0, at});
  return true;
}

// All terms of a let are read before any of its names means something else.
bool Reader::end_bindings(const Token& paren) {
  Frame& f = frames_.back();
  if (pending_.size() == f.aux) return fail(paren, "'let' without bindings");
  const auto first = pending_.begin() + static_cast<std::ptrdiff_t>(f.aux);
  const auto mark = static_cast<uint32_t>(bound_.size());
  for (auto it = first; it != pending_.end(); ++it) bind(it->symbol, it->term);
  pending_.erase(first, pending_.end());
  f.kind = Kind::kLetBody;
  f.aux = mark;
  return true;
}

void Reader::unbind(size_t mark) {
  while (bound_.size() > mark) {
    env_.bind_local(bound_.back().symbol, bound_.back().term);
    bound_.pop_back();
  }
}

bool Reader::read_attribute(const Token& keyword) {
  const Frame& f = frames_.back();
  if (values_.size() != f.args + size_t{1})
    return fail(keyword, "attributes follow one term");
  if (keyword.text != ":named") {
    const char* const here = lexer_.cursor();
    const Token t = lexer_.next();
    if (t.kind == Tok::kKeyword || t.kind == Tok::kClose) {
      lexer_.seek(here);
      return true;
    }
    return skip_expression(t);
  }
  SymbolId name;
  if (!read_name(&name, "a name")) return false;
  const TermId term = values_.back();
  if ((env_.terms[term].flags & kHasParam) != 0) {
    return fail(keyword, "a named term cannot mention parameters");
  }
  if (!env_.name_term(name, term)) {
    return fail(keyword,
                fmt::format("'{}' is already declared", env_.symbols[name].name));
  }
  if (frames_.size() == 1) outer_name_ = name;
  return true;
}

}  // namespace congrua::smt2
