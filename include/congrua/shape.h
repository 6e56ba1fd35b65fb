// A shape environment: what a compiler's front end asks while it traces a program whose
// sizes are not known yet.
//
//   shape::Env env;
//   Expr b = env.size("x.size(0)", 8);               // a symbol, hint 8
//   Expr h = env.size("x.size(1)", 224);
//   env.evaluate(eq(floor_mod(h, 2), env.pool().constant(0)));  // true: a guard now
//   env.is_known(ge(2 * floor_div(h, 2), h)).truth   // kTrue: follows
//   env.guards().guards                              // {x.size(1) % 2 == 0}
//
// Symbols. A backed size has a hint, its value in the run that is traced, by which open
// questions are decided; the decision is recorded as an entry guard, to be tested again
// before compiled code is reused. An unbacked one comes from data: nobody decides it, and
// a question that depends on it has a default, or is an error.
//
// Facts carry their class, where they were stated and in which branch. Every question may
// say which classes it may rest on; an answer names the facts that it rests on.
//
//   class     stated by                  enforced
//   kBirth    size(), symbol options     at entry, by the domains that guards() returns
//   kGuard    evaluate, guard            at entry, by what guards() keeps
//   kPromise  promise                    by the operator that makes the value
//   kAssert   runtime_assert             where it stands in the program, by the check
//   kAssume   assume                     by nobody
//
// Ownership: expressions belong to the pool, which is the environment's or must outlive
// it. Thread safety: an environment is confined to one thread; environments that share no
// pool are independent, and so are the forks of a frozen one. Errors are absl::Status;
// arguments of the wrong sort are program errors (checked). Everything is deterministic:
// the same calls give the same answers, guards and texts in every run.
#ifndef CONGRUA_SHAPE_H_
#define CONGRUA_SHAPE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "congrua/expr.h"
#include "congrua/guard.h"
#include "congrua/index.h"
#include "congrua/layout.h"
#include "congrua/simplify.h"

namespace congrua::shape {

enum class FactClass : uint8_t { kBirth, kGuard, kPromise, kAssert, kAssume };
std::string_view class_name(FactClass c);

// A set of classes.
using Classes = uint8_t;
constexpr Classes only(FactClass c) {
  return static_cast<Classes>(1u << static_cast<unsigned>(c));
}
inline constexpr Classes kAllClasses = 31;
// What holds before the program begins: an entry guard may be dropped for these alone.
inline constexpr Classes kAtEntry = only(FactClass::kBirth) | only(FactClass::kGuard);
// What is enforced when it is stated: all but assumptions.
inline constexpr Classes kEnforced = kAllClasses & ~only(FactClass::kAssume);

using RecordId = uint32_t;

// A fact and where it comes from.
struct Record {
  Expr fact;
  FactClass fact_class;
  uint32_t position;     // of the program: the number of calls that stated facts before
  uint32_t branch;       // 0 outside of branches
  std::string location;  // as the host called it (set_location); may be empty
};

// How a size becomes a symbol or a constant.
enum class Policy : uint8_t {
  kStatic,   // the constant of its hint
  kDynamic,  // a symbol of its own; one that becomes a constant is reported
  kOwn,      // the same without a report
  kDuck,     // the symbol of an earlier kDuck size with the same hint, else a new one
};

struct SizeOptions {
  Policy policy = Policy::kDuck;
  // A hint of 0 or 1 becomes a constant, and other sizes are known to be at least 2.
  bool specialize_zero_one = true;
  // false: any integer (a number that is an argument); so for a hint that is negative.
  bool nonnegative = true;
  // What the user promises and wants kept general: inputs outside are refused, facts that
  // narrow it are reported by check_constraints(). The same holds of a size that shares a
  // symbol.
  Range range = {};
  int64_t multiple_of = 1;
  std::optional<Expr> equal_to = std::nullopt;
  std::string dimension = {};  // sizes of one name are equal
  std::string name = {};       // of the symbol; empty: s0, s1 ...
  // A narrower or specialized size is reported; kDynamic, range and multiple_of say so
  // too.
  bool constrained = false;
  bool may_guard = true;  // false: evaluate takes no guard on it, as if it had no hint
  std::optional<int64_t> typical =
      std::nullopt;  // what to optimise for; the hint if none
};

// How a tensor becomes symbols.
struct TensorOptions {
  std::vector<SizeOptions> sizes = {};  // one for each dimension; empty: all by default
};
struct Tensor {
  Layout layout;
  Expr offset;
};

struct UnbackedOptions {
  // Promised by the operator that makes the value.
  Range range = {.lo = 0, .hi = std::nullopt};
  // In size-oblivious questions it counts as at least 2.
  bool size_like = true;
  std::string name = {};  // empty: u0, u1 ...
  std::optional<int64_t> typical = std::nullopt;
};

struct FloatOptions {
  bool may_be_nan = false;  // false: NaN is refused at entry
  bool may_guard = true;
  std::string name = {};  // empty: f0, f1 ...
};

// What a host declares of an integer function that is known to it alone (checked: a range
// that is not empty, a multiple of at least 1).
struct OpaqueOptions {
  Range range = {};
  int64_t multiple_of = 1;
  // Argument that it does not decrease in (-1: none), all others being equal.
  int monotone_in = -1;
  // Values differ where arguments differ.
  bool injective = false;
  // Its value at constant arguments; nullptr: not known. Pure.
  std::optional<int64_t> (*eval)(std::span<const int64_t> args) = nullptr;
  // Cycles to compute; for the order of checks.
  int cost = 20;
};

struct Question {
  Classes classes = kAllClasses;
  // Unbacked sizes that are size_like count as at least 2. The answer is right for those
  // alone: a branch taken for it must be right for 0 and 1 as well. Where that is found
  // to contradict the facts, they count as what they are.
  bool size_oblivious = false;
  // Facts that hold for this question alone: ranges of loop variables.
  std::span<const Expr> given = {};
  int64_t steps = 5'000;     // budget in deterministic units
  bool certificate = false;  // for explain
};

struct Known {
  Truth truth = Truth::kUnknown;
  Layer layer = Layer::kNone;
};

// A known answer with its reasons.
struct Explanation {
  Known known;
  std::vector<RecordId> rests_on;                        // ascending
  std::vector<std::pair<Expr, int64_t>> counterexample;  // kOpen
  // Of the proposition (kTrue) or its negation (kFalse) from these facts: check() of
  // proof.h takes them.
  std::shared_ptr<const Certificate> certificate;
  std::vector<Expr> certificate_facts;
};

// How an answer was reached.
enum class How : uint8_t {
  kStatic,      // follows from the facts
  kGuard,       // by the hints; a guard was recorded
  kSuppressed,  // by the hints inside suppress_guards()
  kDefault,     // the caller's
};
struct Decision {
  int64_t value;  // propositions: 0 or 1
  How how;
};

enum class Typical : uint8_t { kTypical, kSmallest, kLargest };

// One source, `x.size(0)`, and what it was found to be: a symbol or a constant.
struct SourceValue {
  std::string source;
  Expr value;
  std::string location;
};

// A symbol that is read at entry.
struct Input {
  std::string source;
  Expr symbol;
  std::string location;
  bool may_be_nan = false;  // of a float: declared
};

// What has to be tested before compiled code is reused.
struct DroppedGuard {
  RecordId record;
  Expr condition;  // the conjunct of the record that was dropped
};
// Birth ranges (Expr::range of Env::inputs(), and that floats are no NaN where that was
// not declared) are part of the symbols and assumed by all conditions here: they are
// tested first.
struct GuardSet {
  // Sources that are constants, and second sources of symbols (source == value).
  std::vector<SourceValue> sources;
  // Bounds of single symbols beyond those of their birth. Those that the others imply are
  // left out.
  std::vector<Expr> domains;
  // The rest, in the order in which they have to be tested: a divisor is tested before it
  // is used, a float that becomes an integer to be a number. None follows from the other
  // guards and the domains. Of a guard that this run read without a divisor (in the branch
  // of a select that is not taken) all points are refused at which that divisor is 0,
  // unless it was 0 in this run.
  std::vector<Expr> guards;
  std::vector<RecordId> origins;  // of guards[i]
  std::vector<DroppedGuard> dropped;
};

// Inputs that satisfy every fact; those of unbacked symbols as well. By name of symbol.
struct Witness {
  std::vector<std::pair<Expr, int64_t>> sizes;  // booleans: 0 or 1
  std::vector<std::pair<Expr, double>> floats;
};

struct AssertSet {
  std::vector<RecordId> kept;  // in program order
  std::vector<RecordId> dropped;
};

class Env {
 public:
  Env();
  // Builds in a pool of the caller's.
  explicit Env(ExprPool& pool);
  ~Env();
  Env(Env&&) noexcept;
  Env& operator=(Env&&) noexcept;

  ExprPool& pool();

  // ---- Symbols. A source is read once at entry; asking for a known one again is an
  // error. So is a name of another symbol (unbacked and nested: checked).
  absl::StatusOr<Expr> size(std::string_view source, int64_t hint,
                            const SizeOptions& options = {});
  // The same for a source that is known to have the value of a term over inputs (the host
  // unified them) or to be a constant: recorded for guards(), which tests it at entry.
  // kInvalidArgument: a term that has no value there, since it reads what is no input
  // (sizes that come from data) or divides by the constant 0. Where another divisor is 0
  // the test fails.
  absl::Status unify(std::string_view source, Expr value);
  // The sizes, strides and storage offset of a tensor: "x.size(0)", "x.stride(0)",
  // "x.storage_offset()" where the source is "x". Strides of 0 and 1 are constants; one
  // that is a product of a size and its stride at the hints is that product from now on,
  // as in dense tensors of any order of dimensions; any other is a symbol (the smallest
  // first). Predicates of layouts: layout.h. An error leaves what came before the part
  // that it names.
  absl::StatusOr<Tensor> tensor(std::string_view source, std::span<const int64_t> sizes,
                                std::span<const int64_t> strides, int64_t offset = 0,
                                const TensorOptions& options = {});
  // Makes an integer or boolean symbol of the pool an input of the program.
  // kInvalidArgument: a hint outside of its birth range (booleans: other than 0 and 1).
  absl::Status declare(Expr symbol, std::string_view source,
                       std::optional<int64_t> hint = std::nullopt);
  Expr unbacked(const UnbackedOptions& options = {});
  absl::StatusOr<Expr> boolean(std::string_view source, bool hint, std::string name = "");
  absl::StatusOr<Expr> float64(std::string_view source, double hint,
                               const FloatOptions& options = {});
  // The size of a jagged dimension: at least 2, equal to itself alone, never guarded on.
  Expr nested(std::string_view source, std::string name = "");
  // The term name(args). The first call of a name declares it; later options are ignored.
  Expr opaque(std::string_view name, std::span<const Expr> args,
              const OpaqueOptions& options = {});

  // ---- Where the program is: kept with facts, used in messages.
  void set_location(std::string location);
  uint32_t position() const;

  // ---- Questions
  // Never records anything. A repeated question takes tens of nanoseconds.
  Known is_known(Expr proposition, const Question& question = {});
  // The value of an integer where the facts leave one.
  std::optional<int64_t> known_value(Expr e, const Question& question = {});
  // The number that a float is known to be.
  std::optional<double> known_float(Expr e);
  Explanation explain(Expr proposition, const Question& question = {});
  // By the facts, else by the hints, which records a guard. Without hints (unbacked
  // symbols, or ones that may not be guarded on) the default, else kFailedPrecondition
  // with a message that names the symbol, where it was born, and what assertion would
  // settle it.
  absl::StatusOr<Decision> evaluate(Expr e,
                                    std::optional<int64_t> otherwise = std::nullopt,
                                    const Question& question = {});
  // The same for a float; its guard compares with the value at the hints.
  absl::StatusOr<double> evaluate_float(Expr e);
  // The facts, else the default; never records.
  bool guard_or(Expr proposition, bool otherwise, const Question& question = {});
  // The value of e at the hints; nullopt with unbacked symbols, a divisor that is 0, or a
  // value outside int64.
  std::optional<int64_t> at_hints(Expr e);
  std::optional<double> float_at_hints(Expr e);
  bool is_unbacked(Expr symbol) const;
  // A number to optimise for, never to decide by: the value of e at a point that
  // satisfies all facts known, the same point for all answers of one kind until facts are
  // added; `otherwise` where no such point is found or e has no value there.
  int64_t optimization_hint(Expr e, int64_t otherwise, Typical which = Typical::kTypical);
  Expr simplify(Expr e);
  Bounds bounds(Expr e);
  // kTrue: a multiple at every point of the facts where the divisor is not 0.
  Known is_multiple_of(Expr e, Expr divisor, const Question& question = {});

  // Index expressions of loop nests (index.h), by all that is known.
  Form index_form(Expr e, std::span<const LoopVariable> loops);
  MergedLoops merge_loops(std::span<const LoopVariable> loops,
                          std::span<const Expr> indices);

  // While one lives, evaluate takes no guards (How::kSuppressed).
  class [[nodiscard]] SuppressGuards {
   public:
    explicit SuppressGuards(Env& env);
    ~SuppressGuards();
    SuppressGuards(const SuppressGuards&) = delete;
    SuppressGuards& operator=(const SuppressGuards&) = delete;

   private:
    Env& env_;
  };

  // ---- Constraints
  // Records an entry guard that the host decided. kFailedPrecondition where it
  // contradicts the facts (the guard is kept: no input passes, and all follows), or reads
  // an unbacked symbol.
  absl::Status guard(Expr proposition);
  // Must be proved here: kFailedPrecondition with a counter-example where it is not.
  absl::Status static_assert_(Expr proposition,
                              const Question& question = {.classes = kEnforced});
  // A check to run here where it is not proved from facts that are enforced;
  // kFailedPrecondition where it is refuted, or fails at the hints.
  absl::Status runtime_assert(Expr proposition, std::string message = "");
  // Taken on trust. kFailedPrecondition, and not taken, where it contradicts the facts:
  // the message names both.
  absl::Status assume(Expr proposition);
  // What an operator promises of a value it makes.
  absl::Status promise(Expr proposition);
  // kFailedPrecondition where a size declared general was specialized: which line forced
  // it, the chain of facts, and the constraint that would hold.
  absl::Status check_constraints();

  // ---- Branches of the program that are not taken on every path. Facts stated inside
  // hold inside, as does the condition (a kPromise); entry guards hold everywhere.
  void enter_branch(Expr condition);
  void leave_branch();

  // ---- Results
  size_t num_records() const;
  const Record& record(RecordId id) const;
  // Groups of guards that are tied by common symbols cost what they cost apart. Of more
  // than a hundred in one group each is asked about within fewer steps, and of hundreds of
  // domains only some: what is not shown to follow is kept.
  GuardSet guards();
  // Symbols by their first sources, in the order of birth, without nested ones. What a
  // GuardSet says rests on their birth: ranges, and floats that may not be NaN.
  std::vector<Input> inputs() const;
  // Domains and guards of the set that imply dropped[which].
  std::vector<Expr> why_dropped(const GuardSet& set, size_t which);
  // Sizes as small as can be found soon that reach the end of what was traced: every fact
  // was evaluated there, exactly. kNotFound where none is found within the budget,
  // kFailedPrecondition where the facts contradict each other.
  absl::StatusOr<Witness> witness(int64_t steps = 2'000'000);
  // "x.size(0)" for a symbol that was born with that source, else its name.
  std::string source_of(Expr symbol) const;
  // The text of e with sources in the place of symbols.
  std::string text(Expr e) const;
  // Runtime asserts that have to be checked. One is dropped for facts alone that are
  // enforced before it and without it.
  AssertSet asserts(bool keep_all = false);

  // ---- Snapshots: everything stated after push is taken back by pop: facts, symbols,
  // sources, the location, branches that were entered. What a host declared of opaque
  // functions stays. Cost of pop: linear in what was stated since; handles stay valid,
  // but a symbol that was taken back may be born again as another size.
  void push();
  void pop();

  // ---- Forks. A frozen environment states and answers no more (checked); any number of
  // threads may fork it and use a fork each. A fork has its facts, symbols, hints, names,
  // branches and declarations, of which it copies nothing (< 1 us), on a child of its
  // pool: terms that the host builds of the parent's handles alone need an
  // ExprPool::Use(fork.pool()). Facts are taken in at the first question. What is stated
  // in a fork is known there alone. The parent outlives its forks (checked).
  void freeze();
  bool frozen() const;
  Env fork() const;
  // A fork of the same parent, after two ways through the program: it knows the entry
  // guards of both (they are tested at entry, whichever way is gone), and what was stated
  // in one and follows in the other: as kAssume if it rests on an assumption in either,
  // else as kPromise, since each way enforces it before. Symbols that come from data in
  // one are not known there, nor are facts about them. kFailedPrecondition where the
  // guards of both contradict each other, where a source has two values, and where one
  // has sources of symbols of its own: sizes are made before the fork. Nobody uses the
  // two meanwhile.
  static absl::StatusOr<Env> merge(Env& a, Env& b);

  // ---- Text: symbols, hints, sources, declarations, records and open branches, as JSON.
  // The environment that is read answers as the one that was written; snapshots are not
  // kept. Functions are not text: the first opaque() of a name whose declaration had an
  // eval supplies it. Linear in what was stated. kInvalidArgument: a name or a location
  // that is not UTF-8.
  absl::StatusOr<std::string> to_json() const;
  // kInvalidArgument names what is wrong and where, also for text of a newer version; any
  // text is safe to read. Builds in a pool of its own or in the caller's.
  static absl::StatusOr<Env> from_json(std::string_view text);
  static absl::StatusOr<Env> from_json(std::string_view text, ExprPool& pool);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit Env(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace congrua::shape

#endif  // CONGRUA_SHAPE_H_
