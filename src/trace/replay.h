// A trace, asked again: drives a shape environment as a recorded front end drove another,
// and compares the answers.
#ifndef CONGRUA_TRACE_REPLAY_H_
#define CONGRUA_TRACE_REPLAY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "congrua/shape.h"
#include "trace/trace.h"

namespace congrua::trace {

enum class Verdict : uint8_t {
  kAgree,     // the same answer, or neither side settles it
  kStronger,  // settled here only
  kWeaker,    // settled there only
  kConflict,  // settled here against a settled answer or the hints
};
std::string_view verdict_name(Verdict v);

struct Counts {
  std::string name;
  uint64_t questions = 0, agree = 0, stronger = 0, weaker = 0, conflict = 0;
  uint64_t guards_taken = 0;  // recorded here; what follows is not taken again
  uint64_t guards_torch = 0;  // what the recorded front end kept
  uint64_t guards_kept = 0, domains_kept = 0, asserts_kept = 0;
  uint64_t idx = 0, idx_modidx = 0, idx_modidx_gone = 0;
  uint64_t unread = 0;  // questions whose text cannot be read: they count as not settled
  double us = 0;        // of the questions
  double us_torch = 0;  // recorded, of the same lines
  double us_slowest = 0;  // the slowest question
  double us_again = 0;    // of the repeats; part of us
  uint64_t again = 0;
  double us_guards = 0;     // of minimal guards
  uint64_t idx_longer = 0;  // answers with more operators than the recorded one
  uint64_t loops = 0, axes = 0, axes_torch = 0, axes_left = 0;  // of loop nests
  double us_idx = 0, us_idx_torch = 0, us_idx_slowest = 0;      // indices and loops
  // Z3: questions that it was asked for being open, those of them that it settled; native
  // answers that it was asked to check, those of them that it came to as well, and of
  // these the ones that the record does not settle; its answers against native ones,
  // recorded settled ones or the hints.
  uint64_t asked_z3 = 0, settled_z3 = 0, checked_z3 = 0, confirmed_z3 = 0,
           stronger_z3 = 0, conflict_z3 = 0;
  double us_z3 = 0;        // no part of us
  uint64_t guards_z3 = 0;  // what a greedy minimum by Z3 leaves
};

// One question, for who looks closer.
struct Asked {
  const Line* line;
  Verdict verdict;
  std::string answer;  // empty: not settled
  double us;
  std::string z3;  // Z3's answer; empty: not asked, or not settled
};

// One index request.
struct Indexed {
  const Line* line;
  std::string answer;
  bool modular;  // the request holds a ModularIndexing
  bool gone;     // the answer holds no remainder
  bool longer;   // than the recorded answer
  double us;
};

struct Options {
  // Ask Z3 what is left open, repeats apart. What is stated follows the record all the
  // same.
  bool z3 = false;
  // Ask Z3 about every so-many-th native answer; 0: about none.
  uint64_t check_every = 0;
  // Count the guards that Z3 leaves (Referee::fewest_guards): minutes.
  bool fewest_guards = false;
  std::function<void(const Asked&)> asked = nullptr;
  std::function<void(const Indexed&)> indexed = nullptr;
};

// The environments as the trace left them, in the order of their first lines.
struct Replayed {
  Counts counts;
  std::map<int, std::unique_ptr<shape::Env>> environments;
  std::map<int, shape::GuardSet> guards;  // of those that produced guards
};

// kInvalidArgument for lines that contradict each other (symbols used before they are
// born, sources with other values than their hints).
absl::StatusOr<Replayed> replay(const Trace& trace, const Options& options = {});

}  // namespace congrua::trace

#endif  // CONGRUA_TRACE_REPLAY_H_
