// The pool, the facts and the question of one call of `congrua simplify` and its
// siblings.
#ifndef CONGRUA_CLI_ASKED_H_
#define CONGRUA_CLI_ASKED_H_

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/ask.h"
#include "congrua/guard.h"
#include "congrua/text.h"

namespace congrua::cli {

using Json = nlohmann::ordered_json;

struct Read {
  Expr expr;
  bool sexpr;
};

// Infix may begin with '(' as well: what reads as neither is explained in the language
// that it looks like.
absl::StatusOr<Read> read(ExprPool& pool, std::string_view text,
                          Spellings* spellings = nullptr);

class Asked {
 public:
  // Says what is wrong, and answers false, where something cannot be read.
  bool read_all(const AskOptions& o, std::string_view command, bool proposition,
                std::FILE* err);

  ExprPool& pool() { return pool_; }
  Facts& facts() { return facts_; }
  Expr expr() const { return question_->expr; }
  bool sexpr() const { return question_->sexpr; }
  const Spellings& spellings() const { return spellings_; }  // of the question
  std::string text(Expr e) const { return sexpr() ? to_sexpr(e) : to_string(e); }

 private:
  ExprPool pool_;
  Facts facts_{pool_};
  std::optional<Read> question_;
  Spellings spellings_;
};

// Answers an exit code of ask.h; says where the output could not be written.
int write(const std::string& text, std::string_view command, std::FILE* out,
          std::FILE* err);
// One line of JSON.
std::string line(const Json& j);

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_ASKED_H_
