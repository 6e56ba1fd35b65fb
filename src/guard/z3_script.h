// The text of a Z3 session: its commands by scope, and what each of them mentions.
//
// Z3 4.8.12 has no parser that keeps its declarations between calls, and its parser
// unfolds a 0-ary definition by walking its whole body at each use, which is quadratic on
// chains of definitions. So a piece of text for Z3 is put together from the new commands
// and, of the earlier ones, what they mention. A 0-ary definition `(define-fun y () S b)`
// is given as a constant k of our own, the equation `(= k b)` and `(define-fun y () S
// k)`: z3.cc takes b from the equation and puts it in the place of k.
#ifndef CONGRUA_GUARD_Z3_SCRIPT_H_
#define CONGRUA_GUARD_Z3_SCRIPT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace congrua::guard {

class Z3Script {
 public:
  enum class Kind : uint8_t {
    kDeclaration,  // of a constant, function or sort; definition of a function or sort
    kDefinition,   // of a constant: read as its equation
    kAssert,
  };
  // A name that occurs in a command, as introduced by an earlier one.
  struct Mention {
    uint32_t command;
    bool inside;  // the name is a `:named` subterm, not what the command declares
    friend bool operator==(const Mention&, const Mention&) = default;
  };
  struct Command {
    Kind kind;
    bool constant = false;  // kDeclaration of a 0-ary constant
    uint32_t depth = 0;     // nesting, definitions unfolded
    std::string name;       // what it declares, or the name of an assert; without bars
    std::string text;       // as Z3 reads it
    std::string declared;   // kDefinition: the same without the equation
    std::vector<std::string>
        inner_names;                // `:named` subterms (of an assert: its own name too)
    std::vector<Mention> mentions;  // each once
  };

  // Adds commands; all or none. False and a message where the text is not a list of
  // declarations, definitions and asserts.
  bool add(std::string_view text, std::string* error);
  // `(assert term)` over what was added, without adding it; nullopt where `term` is not
  // one term.
  std::optional<Command> assertion(std::string_view term) const;
  // As assertion, for a term of any sort: the equation of the term with itself.
  std::optional<Command> value_of(std::string_view term) const;

  void push() { scopes_.push_back(commands_.size()); }
  void pop();  // requires scopes() > 0
  void reset();
  size_t scopes() const { return scopes_.size(); }
  // Number of commands outside scope i: the first command inside it.
  size_t scope_begin(size_t i) const { return scopes_[i]; }

  std::span<const Command> commands() const { return commands_; }
  bool is_constant(std::string_view name) const;

  // Text for Z3's parser: `fresh` after all of `commands()` they need that is older than
  // commands()[first]. `fresh` is either commands() from `first` on, or not in the script
  // at all. Z3 answers with one formula for each kDefinition or kAssert in the text; the
  // first `context` of them belong to older commands.
  struct Piece {
    std::string text;
    size_t context = 0;
  };
  Piece piece(std::span<const Command> fresh, size_t first, uint32_t max_depth) const;
  // The definitions (indices into commands()) whose constants occur in the formula that
  // Z3 reads for this command.
  std::vector<uint32_t> definitions_in(const Command& c) const;

 private:
  bool read(std::string_view text, std::vector<Command>& out, std::string* error) const;
  void introduce(uint32_t index);
  void forget(size_t from);

  std::vector<Command> commands_;
  std::vector<size_t> scopes_;
  // By name, innermost last; several where a name is overloaded.
  absl::flat_hash_map<std::string, std::vector<Mention>> names_;
};

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_Z3_SCRIPT_H_
