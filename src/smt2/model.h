// Models, and exact evaluation of terms as they were written.
#ifndef CONGRUA_SMT2_MODEL_H_
#define CONGRUA_SMT2_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "smt2/env.h"

namespace congrua::smt2 {

// Functions whose values a model chooses: declared ones by their declaration, and
// division by 0.
enum : uint32_t { kDivByZero = 0xfffffff0, kModByZero, kRatioByZero };

// Values chosen by an engine. What is not mentioned is 0 or false.
struct Model {
  absl::flat_hash_map<uint32_t, Value> constants;  // by declaration
  // Values proposed for applications of declared functions and for divisions: used where
  // the standard leaves the value to the model.
  absl::flat_hash_map<TermId, Value> proposals;
};

// kNoValue: nothing is false, but something has no value that can be written down (a huge
// power).
enum class Verdict : unsigned char { kHolds, kRefuted, kNoValue };

// A model together with the functions it chose. A function is a function: of two
// proposals for equal arguments the one of the older term counts, and any of them counts
// more than the default of a term for which nothing is proposed.
class Interpretation {
 public:
  explicit Interpretation(Model model) : model_(std::move(model)) {}

  // The value of each root. nullopt where it is not a rational number (a square root, a
  // power of more than 2^20 bits) or rests on such a value. Linear in the DAG; integers
  // of any size.
  std::vector<std::optional<Value>> evaluate(const TermTable& terms,
                                             std::span<const TermId> roots);
  // Whether every root has the value true.
  Verdict judge(const TermTable& terms, std::span<const TermId> roots);

  Value constant(uint32_t declaration) const {
    const auto it = model_.constants.find(declaration);
    return it == model_.constants.end() ? Value{} : it->second;
  }
  // What was chosen so far, by function and arguments.
  const std::map<std::pair<uint32_t, std::vector<Value>>, Value>& functions() const {
    return functions_;
  }

 private:
  const Value& chosen(uint32_t function, std::vector<Value> args, TermId term);
  void evaluate_all(const TermTable& terms, std::span<const TermId> roots);
  Value apply(const TermTable& terms, TermId t);
  const Value& of(TermId t) const { return values_[rank_[t]]; }

  using Functions = std::map<std::pair<uint32_t, std::vector<Value>>, Value>;
  // One pass over the terms, in their order.
  void apply_all(const TermTable& terms, std::span<const TermId> order);

  Model model_;
  Functions functions_;
  // Proposals that came too late, after a default for the same arguments: the first
  // evaluation is then repeated with these. Later ones keep to what was chosen.
  Functions late_;
  absl::flat_hash_set<const Value*> defaults_;  // those of functions_ nobody proposed
  bool settled_ = false;
  std::vector<uint32_t> rank_;  // of terms in the current evaluation
  std::vector<Value> values_;   // by rank; den 0: no value
};

}  // namespace congrua::smt2

#endif  // CONGRUA_SMT2_MODEL_H_
