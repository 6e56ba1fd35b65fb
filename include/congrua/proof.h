// Certificates: proofs that a goal follows from facts, checked without the engine.
//
// A certificate refutes: it takes the facts for true and the goal for false, and derives
// rows until one of them is absurd. A row is p >= 0, p = 0 or p != 0 for a polynomial p
// with integer coefficients over atoms (symbols, quotients, minima ...), or a proposition
// that holds or fails. Each step makes one row out of earlier ones, opens cases, or
// closes one; docs/proofs.md lists the steps with an example.
//
//   Answer a = facts.decide(goal, {.certificate = true});
//   if (a.truth == Truth::kTrue && a.certificate != nullptr) {
//     check(*a.certificate, all_facts, goal).ok()  // for kFalse: check(..., !goal)
//   }
//
// What is checked: the goal holds at every point of the facts at which no divisor that
// occurs in the facts or in the goal is 0. What is trusted: this checker (src/proof), the
// exact integers, and the canonical form of terms, in which facts and goal arrive;
// nothing of the engine that found the proof.
//
// Ownership: a certificate holds handles and lives no longer than their pool. Thread
// safety: as for const methods of Expr; parse_certificate builds. Cost: about linear in
// the sizes of the rows; a certificate whose rows grow beyond fixed limits is refused.
#ifndef CONGRUA_PROOF_H_
#define CONGRUA_PROOF_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "congrua/expr.h"

namespace congrua {

// `term`, `index` and `rows` are the fields of the Step. A proposition that is a
// comparison makes a row about its polynomial; any other makes a row of its truth.
enum class StepKind : uint8_t {
  // Rows from the question.
  kFact,     // fact number index holds
  kGoal,     // the goal fails
  kDivisor,  // term != 0, a divisor that occurs in the facts or the goal
  // Rows from definitions.
  kRange,       // the symbol's birth range: term >= lo (index 0), term <= hi (1)
  kQuotient,    // term = floor_div(a, b): 0 <= a - b*term (index 0), a - b*term <= b - 1
                // (1) where b is a constant > 0 or a row says b - 1 >= 0; for a constant
                // b < 0 or a row -b - 1 >= 0: a - b*term <= 0 (0), >= b + 1 (1)
  kExtreme,     // term = min(..): argument index - term >= 0; max: term - argument >= 0
  kBranch,      // term = select(c, a, b), a row on c: term = a, or term = b
  kCongruence,  // terms t, u of one operator: t = u, arguments alike or equal by a row
                // each, in their order; propositions: the first row is on t, u has its
                // truth
  // Rows from propositions.
  kPart,  // of a conjunction that holds: part number index holds
  kIff,   // a row on a == b, a row on its argument number index: the other argument
  // Rows from arithmetic.
  kCombine,  // sum of terms[i] * rows[i]: a constant >= 0 on p >= 0, anything on p = 0;
             // one row may be p != 0, with a constant that is not 0 and p = 0 beside it.
             // A term too many is a constant >= 0, which makes p = 0 an inequality
  kProduct,  // of two rows p >= 0
  kDivide,   // by a constant term > 0 that divides all coefficients; the constant of
             // p >= 0 is rounded down; in p = 0 it must divide too, else absurd
  kRound,    // terms b, z; rows b*z + r >= 0, b - 1 >= 0, b - 1 - r >= 0: z >= 0
  kEqual,    // rows p >= 0 and -p >= 0: p = 0
  // Cases: each is opened by kCase, in any order, and closed on its own.
  kSplit,     // a term: term >= 0, -term - 1 >= 0; a proposition: it holds, it fails
  kCases,     // of a row: a conjunction fails: each part; p != 0: p - 1 >= 0, -p - 1 >= 0
  kValues,    // rows p >= 0 and n - p >= 0: p = 0, ..., p = n
  kAttained,  // term = min(..) or max(..): term = argument 0, ...
  kCase,      // case number index of the innermost split
  kClose,     // an absurd row, or two that contradict each other
};

struct Step {
  StepKind kind;
  uint32_t index = 0;
  std::vector<uint32_t> rows = {};  // numbers of earlier steps
  std::vector<Expr> terms = {};
  friend bool operator==(const Step&, const Step&) = default;
};

struct Certificate {
  std::vector<Step> steps;
  friend bool operator==(const Certificate&, const Certificate&) = default;
};

// kInvalidArgument names the first step that does not hold; kResourceExhausted a row that
// is too large.
absl::Status check(const Certificate& certificate, std::span<const Expr> facts,
                   Expr goal);

// One step a line, each with the row it makes; what is read back is the certificate.
std::string to_string(const Certificate& certificate, std::span<const Expr> facts,
                      Expr goal);
absl::StatusOr<Certificate> parse_certificate(ExprPool& pool, std::string_view text);

}  // namespace congrua

#endif  // CONGRUA_PROOF_H_
