// Z3 as a fallback. z3.cc is the one place that sees Z3; without Z3 in the build nothing
// is available and every question is kUnknown.
//
// Determinism: a context of its own per session (per call of z3_solve), text handed over
// in the caller's order, Z3's default seeds, rlimit before time. After whatever cuts a
// question short (interrupt, time, rlimit, an exception of Z3) the context is thrown away
// and rebuilt from the logged text before further use: Z3 has hung in pop after a
// cancelled check.
//
// The library touches no signal handler, and starts a thread only where the caller sets a
// time: a watchdog that lives inside the question alone. Z3's own timer is not used:
// in 4.8.12 it deadlocks where a tactic sets another one. Z3 can ignore rlimit and
// interrupts for long (products of a high degree): who must be safe from that runs it in
// a child process.
//
// Terms nested deeper than kZ3MaxDepth are not given to Z3, which recurses on them; a
// question that needs them is kUnknown.
#ifndef CONGRUA_GUARD_Z3_H_
#define CONGRUA_GUARD_Z3_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "guard/solve.h"

namespace congrua::guard {

bool z3_available();
std::string z3_version();  // "4.8.12"; empty without Z3

// Four times what real programs reach (definitions unfolded: 1,170); Z3 4.8.12 and 5.4
// were seen to survive it on a stack of 8 MB, and half of it on 2 MB.
inline constexpr uint32_t kZ3MaxDepth = 4000;

struct Z3Limits {
  uint64_t rlimit = 0;      // Z3's reproducible steps; 0: none
  unsigned timeout_ms = 0;  // for each attempt; 0: none
  unsigned watchdog_ms =
      0;  // for the question; of two attempts the first has half; 0: none
  // Set by another thread: looked at before each attempt, and every few milliseconds
  // where there is one of the times.
  const std::atomic<bool>* cancel = nullptr;
};

struct Z3Result {
  Status status = Status::kUnknown;
  // kSat: name (without bars) of each 0-ary constant of the script that Z3 gave a value,
  // and the value as an SMT-LIB term ("5", "(- 3)", "true", "(/ 1.0 3.0)", "2.0"; Z3's
  // own text where it is no rational); sorted by name. Functions (also Z3's div0 ...) are
  // left out: ask for `terms`.
  std::vector<std::pair<std::string, std::string>> model;
  // kSat: the value of each of the `terms` asked for, in their order; empty text where Z3
  // has none.
  std::vector<std::string> values;
  // kUnsat with cores on: names of asserts, then assumptions as given; each in the order
  // of entry.
  std::vector<std::string> core;
  // kUnknown: "timeout", "interrupted", "cancelled", Z3's reason, or the text of its
  // error.
  std::string reason;
};

// One incremental session of SMT-LIB text. Confined to one thread at a time, but for
// interrupt. Cost: text is read by Z3 once, in one piece for all that was added since the
// last check; a later piece brings along the declarations it mentions, so the whole is
// linear in the text.
class Z3Session {
 public:
  Z3Session();
  ~Z3Session();
  Z3Session(const Z3Session&) = delete;
  Z3Session& operator=(const Z3Session&) = delete;

  // Declarations, definitions, asserts (`:named` too). False and a message, and nothing
  // is added, where the text is not a list of such commands. What only Z3's parser
  // objects to (sorts, unknown names) is found by parse() or the next check, which is
  // then kUnknown until the text is popped.
  bool add_text(std::string_view smtlib, std::string* error);
  // Lets Z3 read what was added. False and Z3's message where it objects.
  bool parse(std::string* error);
  void push();
  // Leaves min(n, scopes) scopes.
  void pop(unsigned n);
  void reset();

  // Is what was added satisfiable together with the assumptions (Bool terms in SMT-LIB
  // text over what was declared)? After an incremental kUnknown a fresh one-shot solver
  // is tried with the same limits.
  Z3Result check(const Z3Limits& limits, const std::vector<std::string>& assumptions = {},
                 bool want_model = true, bool want_core = false,
                 const std::vector<std::string>& terms = {});
  // May be called from another thread while check runs: check then returns kUnknown soon.
  // Has no effect on later checks.
  void interrupt();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// Canonical propositions instead of text: is the conjunction satisfiable at a point where
// no divisor in it is 0 and every symbol is in its birth range? Models hold the symbols
// and opaque terms that occur (integers and booleans) and were checked by exact
// evaluation. With want_core the core is the asserts that Z3 names; else all of them.
SolveResult z3_solve(ExprPool& pool, std::span<const Expr> asserts,
                     const Z3Limits& limits, bool want_core = false);

}  // namespace congrua::guard

#endif  // CONGRUA_GUARD_Z3_H_
