// Commands of an SMT-LIB script.
//
// The reader carries out what declares, defines and scopes (on its Env) and hands every
// command out, so that a session can answer it and a bench can keep it. A command that
// fails leaves the Env as it was, and reading goes on behind its closing parenthesis.
//
// No recursion: terms may nest a million deep.
#ifndef CONGRUA_SMT2_READER_H_
#define CONGRUA_SMT2_READER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "smt2/env.h"
#include "smt2/lexer.h"

namespace congrua::smt2 {

struct Command {
  Word word = Word::kNone;
  const char* at = nullptr;  // its opening parenthesis

  TermId term = kNoTerm;      // assert
  SymbolId name = kNoSymbol;  // assert: of (! t :named n) on the outside
  uint64_t number = 1;        // push, pop: levels
  std::vector<TermId> terms;  // get-value, check-sat-assuming; simplify
  // get-value, check-sat-assuming: the terms as written; assert: its term.
  std::vector<std::string_view> texts;
  // set-option, set-info, get-option, get-info: the keyword; echo: the string's inside;
  // set-logic: the name.
  std::string_view text;
  Token value;  // set-option, set-info: what follows the keyword; kEnd if nothing does
  std::string_view value_text;  // the same, as written

  // What is wrong with the command; empty if nothing is. position: of the token in
  // question.
  std::string error;
  Position position;
  // Understood by the standard, not by this reader: answered `unsupported`.
  bool unsupported = false;
};

class Reader {
 public:
  // The text must outlive the reader and the views in its commands.
  Reader(Env& env, std::string_view text, Position start = {});
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // False at the end of the text. The command's error is set where it could not be read.
  bool next(Command& command);

  Position position(const char* at) const;

 private:
  enum class Kind : uint8_t {
    kApply,       // (f args...): `symbol`
    kDivisible,   // ((_ divisible k) x): `aux` is k's term
    kLet,         // (let (: `aux` is the size of pending_ at its opening
    kLetBody,     // bindings are in force: `aux` is the size of bound_ before them
    kBinding,     // (name term) of a let: `symbol`
    kAnnotation,  // (! term attributes...)
  };
  struct Frame {
    Kind kind;
    SymbolId symbol;
    uint32_t args;  // size of values_ at its opening
    uint32_t aux;
    const char* at;
  };
  struct Binding {
    SymbolId symbol;
    TermId term;  // what was bound: afterwards what the name stood for before
  };

  // reader.cc: commands
  bool read_command(Command& c);
  bool read_body(Command& c);
  bool declare(Command& c);
  bool define(Command& c);
  bool define_sort();
  bool levels(Command& c);
  bool option(Command& c, bool with_value);
  bool term_list(Command& c);
  bool read_sort(Sort* sort);
  // A sort as it may stand in a definition with these parameters.
  bool read_sort(const std::vector<SymbolId>& params, SortDefinition* sort);
  bool read_name(SymbolId* name, std::string_view what);
  bool expect(Tok kind, std::string_view what);
  bool skip_expression(Token first);
  void skip_command(const char* from);

  // reader_term.cc: terms
  TermId read_term();
  bool open_term(const Token& paren);
  bool open_qualified(const Token& paren);
  bool close_term(const Token& paren);
  bool close_application(const Frame& f);
  bool read_as();
  bool push_symbol(const Token& t);
  bool push_number(const Token& t, bool negative);
  bool push_atom(const Token& t);
  bool begin_binding();
  bool end_bindings(const Token& paren);
  bool read_attribute(const Token& keyword);
  void bind(SymbolId name, TermId term) {
    bound_.push_back({name, env_.bind_local(name, term)});
  }
  void unbind(size_t mark);

  bool fail(const Token& at, std::string message);
  bool fail_at(const char* at, std::string message);

  Env& env_;
  Lexer lexer_;
  std::string_view text_;
  Position start_;
  // position() counts lines on from here.
  mutable const char* counted_to_;
  mutable Position counted_;

  Command* command_ = nullptr;  // the one being read
  std::vector<Frame> frames_;
  std::vector<TermId> values_;
  std::vector<Binding> pending_;     // bindings of lets that still read theirs
  std::vector<Binding> bound_;       // bindings in force, innermost last
  SymbolId outer_name_ = kNoSymbol;  // of the annotation around the whole term
  std::string message_;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_READER_H_
