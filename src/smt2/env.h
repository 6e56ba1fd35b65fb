// What names mean: declarations, definitions and sorts, with scopes.
//
// Every change is recorded on a trail, so that a scope (push and pop) or a command that
// failed half-way is taken back exactly.
#ifndef CONGRUA_SMT2_ENV_H_
#define CONGRUA_SMT2_ENV_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "smt2/symbols.h"
#include "smt2/term.h"

namespace congrua::smt2 {

// A declared constant (no parameters) or function.
struct Declaration {
  SymbolId symbol;
  Sort sort;
  std::vector<Sort> params;
};

// A function with parameters: declared, or defined by a body.
struct Function {
  std::vector<Sort> params;
  Sort result;
  uint32_t declaration = kNoIndex;  // of a declared one
  TermId body = kNoTerm;            // of a defined one
  // The body's subterms that mention parameters, in ascending order, and for each
  // argument of each of them in turn: its place in `open`, or where it mentions none, the
  // term plus kClosed.
  std::vector<TermId> open;
  std::vector<uint32_t> links;
  uint32_t next = kNoIndex;  // of the same name and another number of parameters
};

// A sort by name: one of the three, or a parameter of its definition.
struct SortDefinition {
  uint32_t params = 0;
  bool is_param = false;
  uint32_t param = 0;
  Sort sort = Sort::kInt;
};

class Env {
 public:
  Env();
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;

  TermTable terms;
  SymbolTable symbols;
  bool global_declarations = false;

  // Definitions with parameters are copied where they are applied, so that forty lines
  // can ask for 2^40 terms. All copies together may have so many terms: a fixed number,
  // and some for each byte of the texts that are read.
  void allow_expansion(size_t text_bytes);

  // Each returns false where the name is taken in the current scope or an outer one.
  bool declare_constant(SymbolId name, Sort sort);
  bool declare_function(SymbolId name, std::vector<Sort> params, Sort result);
  bool define_constant(SymbolId name, TermId body);
  bool define_function(SymbolId name, std::vector<Sort> params, Sort result, TermId body);
  bool define_sort(SymbolId name, const SortDefinition& definition);
  // A formula named by (! t :named n): a definition that get-assignment lists.
  bool name_term(SymbolId name, TermId term);

  const SortDefinition* find_sort(SymbolId name) const;
  // The function of that name and number of parameters; null if there is none.
  const Function* find_function(SymbolId name, size_t arity) const;
  // args have the sorts of the parameters. Where they mention parameters themselves (in
  // the body of another definition), the application stays one until that is expanded, so
  // that definitions take as much room as their text. kNoTerm where there are too many
  // terms.
  TermId expand(const Function& f, std::span<const TermId> args);

  // Bindings of let and of parameters; the caller unbinds in the opposite order.
  TermId bind_local(SymbolId name, TermId term) {
    return std::exchange(symbols[name].local, term);
  }

  void push();
  void pop();  // requires levels() > 0
  size_t levels() const { return scopes_.size(); }
  // Drops everything but terms: what refers to terms stays valid.
  void reset();
  // Drops all scopes, and all declarations unless they are global.
  void reset_assertions();

  // The end of a command: what it did stays, or is taken back.
  void commit();
  void roll_back();

  const Declaration& declaration(uint32_t i) const { return declarations_[i]; }
  size_t num_declarations() const { return declarations_.size(); }
  std::string_view name(uint32_t declaration) const {
    return symbols[declarations_[declaration].symbol].name;
  }
  // Constants and functions in scope, in the order of declaration.
  std::span<const uint32_t> declared() const { return declared_; }
  std::span<const std::pair<SymbolId, TermId>> named() const { return named_; }

 private:
  enum class Change : uint8_t { kValue, kFunction, kSort, kDeclared, kNamed };
  struct Undo {
    Change change;
    SymbolId symbol;
    uint32_t old;
  };
  void record(Change change, SymbolId symbol, uint32_t old) {
    trail_.push_back({change, symbol, old});
  }
  void undo_to(size_t mark);
  bool add_function(SymbolId name, Function f);

  std::vector<Declaration> declarations_;
  std::vector<Function> functions_;
  std::vector<SortDefinition> sorts_;
  std::vector<uint32_t> declared_;
  std::vector<std::pair<SymbolId, TermId>> named_;
  std::vector<Undo> trail_;
  std::vector<size_t> scopes_;  // size of the trail at each push
  size_t committed_ = 0;        // size of the trail at the end of the last command
  TermId copy_body(const Function& f, std::span<const TermId> args);

  uint64_t expansion_left_;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_ENV_H_
