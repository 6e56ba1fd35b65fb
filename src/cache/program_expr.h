// Tests as propositions again: for people, and for questions to the engine.
#ifndef CONGRUA_CACHE_PROGRAM_EXPR_H_
#define CONGRUA_CACHE_PROGRAM_EXPR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/test.h"
#include "congrua/expr.h"
#include "congrua/guard_program.h"

namespace congrua::cache::internal {

// Whether a test divides by what may be 0: the proposition then says nothing of rows
// where it is.
bool is_partial(const Test& test, const Program& program);

// The symbol of a size or a boolean is its name; a tag is the signed number of its bits.
// Of a float there are two: its key (test.h) and its bits. That they belong together is
// not said, so that what follows from the propositions follows from the tests.
class Translator {
 public:
  Translator(const Schema& schema, ExprPool& pool) : schema_(schema), pool_(pool) {}

  // nullopt: a boolean field is compared with a word other than 0.
  std::optional<Expr> test(const Program& program, const Test& test);

  // Writes into a row the field of a symbol that test() made; false: it is no such value.
  bool set(std::vector<Word>& row, Expr symbol, int64_t value) const;

 private:
  Expr symbol(uint16_t field, bool key = false);
  Expr code(const Program& program, const Test& test);

  const Schema& schema_;
  ExprPool& pool_;
};

}  // namespace congrua::cache::internal

#endif  // CONGRUA_CACHE_PROGRAM_EXPR_H_
