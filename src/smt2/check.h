// Satisfiability of asserts as they were written: the native engine on their translation,
// then Z3 on their text. Every model is evaluated on the originals.
#ifndef CONGRUA_SMT2_CHECK_H_
#define CONGRUA_SMT2_CHECK_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "congrua/smt2.h"
#include "guard/z3.h"
#include "smt2/env.h"
#include "smt2/model.h"
#include "smt2/powers.h"
#include "smt2/print.h"
#include "smt2/translate.h"

namespace congrua::smt2 {

struct CheckResult {
  CheckAnswer answer = CheckAnswer::kUnknown;
  Layer layer = Layer::kNone;
  std::string reason;
  std::optional<Interpretation> model;   // kSat
  std::vector<size_t> core;              // kUnsat: indices of asserts, ascending
  std::vector<size_t> core_assumptions;  // kUnsat: indices of assumptions, ascending
  double intern_ms = 0;  // asserts to canonical terms, for the native engine
  double native_ms = 0, z3_ms = 0;
};

class Checker {
 public:
  Checker(const Env& env, const SessionOptions& options);
  ~Checker();
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  // Forgets all asserts and scopes.
  void reset();
  void add(TermId assertion);
  void push();
  void pop();
  std::span<const TermId> asserts() const { return asserts_; }

  CheckResult check(std::span<const TermId> assumptions, bool want_core);
  void interrupt();
  uint64_t models_refuted() const { return models_refuted_; }

 private:
  static constexpr size_t kSide = SIZE_MAX;
  struct Item {  // a constraint of the native problem
    Expr expr;
    size_t origin;  // an assert, an assumption counted on from the asserts, or kSide
  };

  // True where it was cut short by the budget.
  bool check_native(std::span<const TermId> assumptions, bool want_core, int64_t steps,
                    CheckResult* result);
  void leave_assumptions(std::span<const TermId> assumptions);
  void translate_new(std::span<const TermId> assumptions);
  void add_items(std::span<const TermId> terms, size_t first_origin);
  void native_core(const guard::SolveResult& found, CheckResult* result) const;

  void check_z3(std::span<const TermId> assumptions, bool want_core, uint32_t timeout_ms,
                CheckResult* result);
  bool send_new(std::string* error);
  void drop_z3();
  guard::Z3Result ask_z3(const std::vector<std::string>& assumptions, bool want_core,
                         const std::vector<std::string>& terms, uint32_t timeout_ms);
  void read_z3(const guard::Z3Result& found, const std::vector<std::string>& literals,
               std::span<const TermId> assumptions, CheckResult* result);
  // False where a constant has no rational value.
  bool z3_model(const guard::Z3Result& found, Model* model) const;
  bool z3_choices(std::span<const TermId> assumptions,
                  const std::vector<std::string>& literals, Model* model);

  // Evaluates everything at the model and keeps it in the result.
  Verdict accept(Model model, std::span<const TermId> assumptions, CheckResult* result);
  void phase(Phase p);

  const Env& env_;
  const SessionOptions& options_;
  std::vector<TermId> asserts_;
  std::vector<size_t> scopes_;  // number of asserts at each push

  std::unique_ptr<ExprPool> pool_;
  std::unique_ptr<Translation> translation_;
  std::vector<Item> items_;
  std::vector<size_t> item_marks_;  // number of items at each push of the translation
  size_t translated_ = 0;           // asserts

  Powers powers_{env_.terms};
  std::unique_ptr<guard::Z3Session> z3_;
  std::unique_ptr<Printer> printer_;
  size_t z3_scopes_ = 0;
  size_t sent_ = 0;  // asserts
  bool named_ = false;

  std::atomic<bool> cancel_{false};
  std::mutex active_mutex_;  // of active_: interrupt comes from another thread
  guard::Z3Session* active_ = nullptr;
  uint64_t models_refuted_ = 0;
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_CHECK_H_
