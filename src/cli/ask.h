// `congrua simplify`, `congrua prove` and `congrua bounds`: one question on the command
// line.
#ifndef CONGRUA_CLI_ASK_H_
#define CONGRUA_CLI_ASK_H_

#include <cstdio>
#include <string>
#include <vector>

#include "congrua/guard.h"

namespace congrua::cli {

// Exit codes.
inline constexpr int kAskOk = 0;      // answered; `unknown` is an answer
inline constexpr int kAskInput = 2;   // wrong use, or an expression that cannot be read
inline constexpr int kAskOutput = 3;  // the answer could not be written

struct AskOptions {
  // Infix, or an s-expression: that is what begins with '(' and reads as one.
  std::string question;
  std::vector<std::string> facts = {};
  bool json = false;
  bool proof = false;      // prove: with the certificate
  bool by_weight = false;  // simplify: the form that costs least to compute
};

int run_simplify(const AskOptions& options, std::FILE* out, std::FILE* err);
int run_prove(const AskOptions& options, std::FILE* out, std::FILE* err);
int run_bounds(const AskOptions& options, std::FILE* out, std::FILE* err);

// Does the guard hold always (kTrue) or never (kFalse)?
struct BothWays {
  Answer answer;
  // A point where it holds and one where it fails are known: there is nothing to prove.
  bool contingent = false;
};
// Where decide leaves the guard open, its negation is asked as well.
BothWays decide_both_ways(Facts& facts, Expr guard, const QuestionOptions& options = {});

}  // namespace congrua::cli

#endif  // CONGRUA_CLI_ASK_H_
