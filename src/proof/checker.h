// The checker of certificates, one step at a time.
//
// Invariants
//   * Take any point at which the facts hold, the goal fails and no divisor of them is 0,
//     and any function for floor_div(x, 0). Then every live row holds there, provided
//     that the assumptions of the open cases do.
//   * Each split's cases cover every such point. So when the last case is closed there is
//     no such point.
// A row made inside a case is dead once the case is closed.
#ifndef CONGRUA_PROOF_CHECKER_H_
#define CONGRUA_PROOF_CHECKER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "congrua/proof.h"
#include "proof/poly.h"

namespace congrua::proof {

struct Row {
  enum class Kind : uint8_t { kGe, kEq, kNe, kTruth };
  Kind kind;
  Poly p;                           // of p >= 0, p = 0, p != 0
  std::optional<Expr> proposition;  // kTruth: it has this value
  bool value = false;

  bool absurd() const;
  friend bool operator==(const Row&, const Row&) = default;
};

class Checker {
 public:
  static constexpr size_t kMaxSteps = size_t{1} << 20;
  static constexpr size_t kMaxTerms = 4096;  // of a row
  static constexpr size_t kMaxDegree = 64;
  static constexpr unsigned kMaxBits = 1 << 14;  // of a coefficient
  static constexpr size_t kMaxCases = 1 << 16;   // of a split

  Checker(std::span<const Expr> facts, Expr goal) : facts_(facts), goal_(goal) {}

  // After an error the checker is as it was before the step.
  absl::Status apply(const Step& step);
  bool finished() const { return finished_; }

  size_t num_steps() const { return rows_.size(); }
  // The row that a step made; null for a split, a closing, or a step of a closed case.
  const Row* row(uint32_t step) const {
    return step < rows_.size() && rows_[step] ? rows_[step].get() : nullptr;
  }
  size_t depth() const { return frames_.size(); }  // of open splits
  std::span<const Row> cases() const {             // of the innermost split
    if (frames_.empty()) return {};
    return *frames_.back().cases;
  }

  // The polynomial of an integer term; factors that are sums stay atoms.
  const Poly& poly(Expr e);
  Expr atom(Atom a) const { return atoms_[a]; }
  // What it says that a proposition holds, or fails.
  Row assume(Expr proposition, bool holds);

  // For an engine that tries: back to an earlier state, of which no case was closed
  // since.
  struct Frame {
    uint32_t split;
    std::shared_ptr<const std::vector<Row>> cases;
    std::vector<bool> closed;
    uint32_t current = 0;  // the open case
  };
  struct Mark {
    size_t steps;
    std::vector<Frame> frames;
    bool awaits_case;
  };
  Mark mark() const { return {rows_.size(), frames_, awaits_case_}; }
  void rewind(const Mark& mark);

 private:
  absl::StatusOr<Row> derive(const Step& s);
  absl::StatusOr<Row> quotient(const Step& s);
  absl::StatusOr<Row> branch(const Step& s);
  absl::StatusOr<Row> congruence(const Step& s);
  absl::StatusOr<Row> combine(const Step& s);
  absl::StatusOr<Row> divide(const Step& s);
  absl::StatusOr<Row> round(const Step& s);
  absl::StatusOr<std::vector<Row>> split(const Step& s);
  absl::Status close(const Step& s);

  // The truth that a row gives a proposition, if it speaks of it.
  std::optional<bool> says(const Row& row, Expr proposition);
  bool is_divisor(Expr e);
  Atom number(Expr e);
  Monomial monomial(const internal::Node* n);

  std::span<const Expr> facts_;
  Expr goal_;
  std::vector<std::shared_ptr<const Row>> rows_;  // by step
  std::vector<Frame> frames_;
  bool awaits_case_ = false;
  bool finished_ = false;
  std::vector<Expr> atoms_;
  absl::flat_hash_map<Expr, Atom> numbers_;
  absl::flat_hash_map<Expr, std::unique_ptr<Poly>> polys_;
  std::optional<absl::flat_hash_set<Expr>> divisors_;
};

std::string_view kind_name(StepKind kind);
std::string to_string(const Row& row, const Checker& checker);

}  // namespace congrua::proof

#endif  // CONGRUA_PROOF_CHECKER_H_
