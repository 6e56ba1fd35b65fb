// Facts and entailment: does a guard follow from what is known?
//
//   Facts facts(pool);
//   Expr s = pool.symbol("s");
//   facts.add(ge(s, pool.constant(2)));
//   facts.decide(ne(s, pool.constant(1))).truth == Truth::kTrue
//
// Answers are sound: kTrue, kFalse and kOpen are proved; what is not decided is kUnknown.
// A question is asked about the points where every divisor occurring in it and in the
// facts is not 0 (docs/semantics.md).
//
// Ownership: a Facts refers to its pool, which must outlive it. Thread safety: confined
// to one thread, the pool's. Cost: a question is answered by the cheapest layer that can;
// see Layer.
#ifndef CONGRUA_GUARD_H_
#define CONGRUA_GUARD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "congrua/expr.h"
#include "congrua/proof.h"

namespace congrua {

enum class Truth : uint8_t {
  kFalse,    // holds at no point of the facts
  kTrue,     // holds at every point of the facts
  kOpen,     // a point of the facts is known where it fails, and not shown to fail
             // everywhere
  kUnknown,  // not decided within the budget
};

// What gave the answer, cheapest first.
enum class Layer : uint8_t {
  kNone,        // no answer
  kNormalForm,  // the canonical form alone
  kEqualities,  // canonical after the known equalities were substituted
  kFactTable,   // a fact about the same linear form
  kInterval,    // strided intervals
  kModel,       // points of the facts at which it holds and fails
  kShift,       // signs of coefficients after shifting symbols to their bounds
  kLinear,      // combination of linear facts
  kProduct,     // products of facts
  kSplit,       // case splits
  kSearch,      // a search for a point
  kZ3,          // the SMT solver
};
std::string_view layer_name(Layer layer);
std::string_view truth_name(Truth truth);

// Facts are numbered from 0 in the order of add; pop takes the numbers back.
using FactId = uint32_t;

struct Answer {
  Truth truth = Truth::kUnknown;
  Layer layer = Layer::kNone;
  std::vector<FactId> rests_on;  // facts used, ascending; empty for kOpen and kUnknown
  // kOpen: a point of the facts at which the guard fails, for the symbols that matter.
  std::vector<std::pair<Expr, int64_t>> counterexample;
  // When asked for: a proof of the guard (kTrue) or of its negation (kFalse) from the
  // facts by their numbers, accepted by check() of proof.h. Null where none was found.
  std::shared_ptr<const Certificate> certificate = nullptr;
};

struct QuestionOptions {
  int64_t steps = 200'000;                    // budget in deterministic units
  const std::atomic<bool>* cancel = nullptr;  // looked at while working
  bool explain = true;                        // fill rests_on and counterexample
  // Look for a point where the guard fails. False: kOpen is answered only where one is at
  // hand, and what an exhausted search would prove stays kUnknown; open questions are
  // then answered several times as fast.
  bool search = true;
  // Fill Answer::certificate. It is looked for after the answer, off the hot path, and
  // takes milliseconds; `steps` does not count it.
  bool certificate = false;
};

// What is known of a term's values: lo <= v <= hi and v = residue modulo modulus.
struct Bounds {
  // Absent: unbounded, or beyond int64.
  std::optional<int64_t> lo = std::nullopt;
  std::optional<int64_t> hi = std::nullopt;
  // >= 0; 1: nothing is known; 0: the single value residue. 0 <= residue < modulus if >
  // 0.
  int64_t modulus = 1, residue = 0;
  friend bool operator==(const Bounds&, const Bounds&) = default;
};

class Facts {
 public:
  explicit Facts(ExprPool& pool);
  ~Facts();
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  // Adds a proposition. kFailedPrecondition when it is found to contradict earlier facts
  // (the message names them); the facts stay contradictory until popped: every question
  // is then kTrue.
  absl::Status add(Expr fact);
  void push();
  void pop();

  // Is the guard implied, contradicted or open?
  Answer decide(Expr guard, const QuestionOptions& options = {});

  // The range and congruence of an integer under the facts, or of a proposition as 0
  // or 1. Facts that are known to contradict each other leave no value: lo 1, hi 0.
  //
  // Intervals first; where they do not say that their ends are attained, ends are proved,
  // and points looked for at which they are attained, within `steps`: tens of
  // microseconds for most terms, a millisecond for a few. An end whose question stays
  // open is sound and may be wide; 0 steps is the interval layer alone, a microsecond.
  Bounds bounds(Expr e, const QuestionOptions& options = {});

  // True when a contradiction among the facts is known; conflict() lists facts that
  // clash.
  bool contradictory() const;
  std::vector<FactId> conflict() const;

  size_t size() const;
  Expr fact(FactId id) const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace congrua

#endif  // CONGRUA_GUARD_H_
