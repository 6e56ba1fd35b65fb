// SMT-LIB 2.6 sessions over Int, Real and Bool: text in, responses out.
//
//   std::string out;
//   smt2::Session session([&](std::string_view s) { out += s; });
//   session.run("(declare-const x Int)(assert (> (* x x) 8))(check-sat)");  // out ==
//   "sat\n"
//
// Every command of the standard is understood; define-fun-rec, datatypes, quantifiers and
// sorts beside the three are answered `unsupported` or by an error. An error is answered
// (error "line L column C: ...") and the session goes on, as the standard says.
//
// A `sat` is printed only after its model was evaluated, with exact numbers, on every
// assert as it was written. `unsat` comes from the native engine's proof or from Z3.
//
// Thread safety: a session is confined to one thread; interrupt alone may be called from
// others. The library starts no thread and reads no environment. Cost: reading is linear
// in the text; neither reading nor solving recurses over terms.
#ifndef CONGRUA_SMT2_H_
#define CONGRUA_SMT2_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "congrua/guard.h"

namespace congrua::smt2 {

enum class Engine : uint8_t {
  kAuto,    // native, then Z3 for what is left
  kNative,  // without Z3
  kZ3,      // Z3 alone; unknown where the build has none
};

enum class CheckAnswer : uint8_t { kSat, kUnsat, kUnknown };
std::string_view answer_name(CheckAnswer answer);  // "sat"

// What a check is doing: for callers that keep a clock and interrupt.
enum class Phase : uint8_t { kNative, kZ3, kDone };

using Sink = std::function<void(std::string_view)>;

struct SessionOptions {
  Engine engine = Engine::kAuto;
  // Work for one check of the native engine, in deterministic units.
  int64_t native_steps = 50'000'000;
  // For Z3, per check; 0 is no limit. Its time limit depends on the machine.
  uint64_t z3_rlimit = 0;
  uint32_t z3_timeout_ms = 0;
  // Called at the start of each phase of a check and at its end.
  std::function<void(Phase)> on_phase;
  // Opens the file of :regular-output-channel; without it only "stdout" is accepted.
  std::function<std::optional<Sink>(std::string_view name)> open_channel;
};

// One check-sat or check-sat-assuming.
struct Check {
  CheckAnswer answer = CheckAnswer::kUnknown;
  std::optional<CheckAnswer> expected;  // of (set-info :status ...) before it
  Layer layer = Layer::kNone;           // what answered
  std::string reason;                   // kUnknown: why
  double ms = 0, native_ms = 0, z3_ms = 0;
  // kSat: the largest absolute value and the sum of the Int constants, in decimal digits.
  std::string model_max, model_sum;
  uint64_t asserts_checked = 0;  // kSat: evaluated at the model
  uint64_t unread_before = 0;    // commands before it that could not be read
};

struct SessionStats {
  uint64_t commands = 0, errors = 0, unsupported = 0, asserts = 0;
  // Errors of commands that could not be read: what follows them is another script.
  uint64_t unread = 0;
  std::string first_unread;  // "line 3 column 9: ..."
  // Models that an engine proposed and the original text refuted: errors of the engine.
  uint64_t models_refuted = 0;
  double parse_ms = 0;  // reading and interning: all time outside checks and responses
  std::vector<Check> checks;
};

class Session {
 public:
  // Responses go to `out`, each ending in a newline.
  explicit Session(Sink out, SessionOptions options = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs the commands of `text`; positions of errors go on from the end of earlier texts.
  // False after (exit): later commands are not run. A command must not be split over two
  // texts.
  bool run(std::string_view text);

  // Makes the running check answer unknown soon. From any thread.
  void interrupt();

  const SessionStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_H_
